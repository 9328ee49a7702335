/* SPDX-License-Identifier: MPL-2.0 */
/* text -- see text.h */
#include "text.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* Compares the words up to the next dot, and steps behind them: numbers as numbers, before any other word. */
static int
version_compare_word(const char **a_p, const char **b_p, const char *ends)
{
    const char *a = *a_p;
    const char *b = *b_p;
    size_t a_len = strcspn(a, ends);
    size_t b_len = strcspn(b, ends);
    *a_p = a + a_len + (a[a_len] == '.');
    *b_p = b + b_len + (b[b_len] == '.');
    bool is_number = strspn(a, "0123456789") >= a_len;
    if (is_number != (strspn(b, "0123456789") >= b_len))
        return is_number ? -1 : 1;
    for (; is_number && a_len > 0 && *a == '0'; a_len--)
        a++;
    for (; is_number && b_len > 0 && *b == '0'; b_len--)
        b++;
    if (is_number && a_len != b_len)
        return a_len < b_len ? -1 : 1;
    int order = strncmp(a, b, a_len < b_len ? a_len : b_len);
    return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

int
hfi_text_compare_versions(const char *a, const char *b)
{
    while (strchr("-+", *a) == NULL || strchr("-+", *b) == NULL) {
        int order = version_compare_word(&a, &b, ".-+"); /* none there: 0 */
        if (order != 0)
            return order;
    }
    if (*a != '-' || *b != '-')
        return (*b == '-') - (*a == '-');
    for (a++, b++; strchr("+", *a) == NULL && strchr("+", *b) == NULL;) {
        int order = version_compare_word(&a, &b, ".+");
        if (order != 0)
            return order;
    }
    return (strchr("+", *a) == NULL) - (strchr("+", *b) == NULL);
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
