/* SPDX-License-Identifier: MPL-2.0 */
/* text -- see text.h */
#include "text.h"

#include <stddef.h>
#include <stdint.h>

bool
hfi_text_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool
hfi_text_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool
hfi_text_is_name(const char *text)
{
    if (text == NULL || !hfi_text_is_letter(text[0]))
        return false;
    size_t len = 1;
    while (len <= HFI_MAX_NAME_BYTES &&
           (hfi_text_is_letter(text[len]) || hfi_text_is_digit(text[len])))
        len++;
    return len <= HFI_MAX_NAME_BYTES && text[len] == '\0';
}

bool
hfi_text_is_label(const char *text)
{
    size_t len = 0;
    if (text == NULL)
        return false;
    for (; len <= HFI_MAX_NAME_BYTES && text[len] != '\0'; len++) {
        char c = text[len];
        if (!hfi_text_is_letter(c) && !hfi_text_is_digit(c) && c != '.' && c != '-' && c != '+')
            return false;
    }
    return len > 0 && len <= HFI_MAX_NAME_BYTES;
}

/* Bytes behind a first byte, and the least code point that needs so many; false: no first byte. */
static bool
utf8_head(uint8_t first, int *ret_more, uint32_t *ret_least, uint32_t *ret_bits)
{
    if (first < 0x80) {
        *ret_more = 0;
        *ret_least = 0;
        *ret_bits = first;
    } else if ((first & 0xe0) == 0xc0) {
        *ret_more = 1;
        *ret_least = 0x80;
        *ret_bits = first & 0x1fu;
    } else if ((first & 0xf0) == 0xe0) {
        *ret_more = 2;
        *ret_least = 0x800;
        *ret_bits = first & 0x0fu;
    } else if ((first & 0xf8) == 0xf0) {
        *ret_more = 3;
        *ret_least = 0x10000;
        *ret_bits = first & 0x07u;
    } else {
        return false;
    }
    return true;
}

bool
hfi_text_is_utf8(const char *text)
{
    for (const uint8_t *at = (const uint8_t *)text; *at != 0;) {
        int more;
        uint32_t least;
        uint32_t bits;
        if (!utf8_head(*at++, &more, &least, &bits))
            return false;
        for (; more > 0; more--, at++) {
            if ((*at & 0xc0) != 0x80)
                return false;
            bits = bits << 6 | (*at & 0x3fu);
        }
        if (bits < least || bits > 0x10ffff || (bits >= 0xd800 && bits <= 0xdfff))
            return false;
    }
    return true;
}

int
hfi_text_shown(const char *text, size_t len)
{
    enum { MOST = 100 };
    if (len <= MOST)
        return (int)len;
    len = MOST;
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return (int)len;
}
