/* SPDX-License-Identifier: MPL-2.0 */
/* repr -- see repr.h */
#include "repr.h"

#include <inttypes.h>

#include <base/check.h>

#include "admit.h"

enum {
    DIGITS_MAX = 17,              /* of a double, always enough */
    NEST_MAX = HFI_DEPTH_MAX + 64 /* deeper than what is admitted: a program's own making */
};

static bool
put(hfi_bytes_t *out, const char *text)
{
    return hfi_bytes_append(out, text, strlen(text));
}

/* ---- floats --------------------------------------------------------------------------- */

/* The decimal number digits × 10^exponent. */
typedef struct decimal {
    uint64_t digits;
    int exponent;
} decimal_t;

/* Without a point in the text neither printf's nor strtod's locale matters. */
static double
decimal_value(decimal_t decimal)
{
    char text[48];
    (void)snprintf(text, sizeof text, "%" PRIu64 "e%d", decimal.digits, decimal.exponent);
    return strtod(text, NULL);
}

static decimal_t
decimal_round(double number, int n_digits)
{
    char text[48];
    decimal_t decimal = {0};
    (void)snprintf(text, sizeof text, "%.*e", n_digits - 1, number);
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (*at >= '0' && *at <= '9')
            decimal.digits = decimal.digits * 10 + (uint64_t)(*at - '0');
    }
    decimal.exponent = (int)strtol(at + 1, NULL, 10) - (n_digits - 1);
    return decimal;
}

/* The nearest decimal of so many digits, if it reads back. At a power of two the doubles below are
 * denser, so there the next decimal above may read back where the nearest does not. */
static bool
decimal_try(double number, int n_digits, decimal_t *ret_decimal)
{
    decimal_t decimal = decimal_round(number, n_digits);
    for (int i = 0; i < 2; i++, decimal.digits++) {
        if (decimal_value(decimal) == number) {
            *ret_decimal = decimal;
            return true;
        }
    }
    return false;
}

static decimal_t
decimal_shortest(double number)
{
    decimal_t decimal = {0};
    /* 15 digits always survive, so 15 that read back are the shortest once their zeros are gone; but
     * numbers near zero have fewer bits and may need fewer digits. */
    int first = number < 1e-290 ? 1 : 15;
    for (int n = first; n <= DIGITS_MAX; n++) {
        if (decimal_try(number, n, &decimal))
            break;
    }
    while (decimal.digits % 10 == 0) {
        decimal.digits /= 10;
        decimal.exponent++;
    }
    return decimal;
}

/* Python's rule: an exponent below -4 or from 16 on is written as one. */
static size_t
decimal_text(decimal_t decimal, char *to, size_t room)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, decimal.digits);
    int point = n + decimal.exponent; /* digits before the point */
    int len;
    if (point - 1 < -4 || point - 1 >= 16)
        len = snprintf(to, room, "%c%s%se%c%02d", digits[0], n > 1 ? "." : "", digits + 1,
                       point - 1 < 0 ? '-' : '+', abs(point - 1));
    else if (point <= 0)
        len = snprintf(to, room, "0.%.*s%s", -point, "0000", digits);
    else if (point >= n)
        len = snprintf(to, room, "%s%.*s.0", digits, point - n, "0000000000000000");
    else
        len = snprintf(to, room, "%.*s.%s", point, digits, digits + point);
    HF_ASSERT(len > 0 && (size_t)len < room);
    return (size_t)len;
}

size_t
hfi_float_text(double number, char to[HFI_FLOAT_TEXT])
{
    if (number != number)
        return (size_t)snprintf(to, HFI_FLOAT_TEXT, "nan");
    size_t sign = 0;
    if (__builtin_signbit(number)) {
        to[sign++] = '-';
        number = -number;
    }
    if (number > 1.7976931348623157e308)
        return sign + (size_t)snprintf(to + sign, HFI_FLOAT_TEXT - sign, "inf");
    if (number <= 0.0)
        return sign + (size_t)snprintf(to + sign, HFI_FLOAT_TEXT - sign, "0.0");
    return sign + decimal_text(decimal_shortest(number), to + sign, HFI_FLOAT_TEXT - sign);
}

/* ---- texts ---------------------------------------------------------------------------- */

/* Python takes the double quote only where that saves escaping. */
static char
quote_for(const uint8_t *at, size_t len)
{
    bool has_single = len != 0 && memchr(at, '\'', len) != NULL;
    bool has_double = len != 0 && memchr(at, '"', len) != NULL;
    return has_single && !has_double ? '"' : '\'';
}

/* How one byte is written, or NULL: as it is. */
static const char *
escape_for(uint8_t byte, char quote, bool is_str, char buffer[8])
{
    if (byte == '\\' || byte == (uint8_t)quote)
        (void)snprintf(buffer, 8, "\\%c", byte);
    else if (byte == '\n' || byte == '\r' || byte == '\t')
        (void)snprintf(buffer, 8, "\\%c", byte == '\n' ? 'n' : byte == '\r' ? 'r' : 't');
    else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !is_str))
        (void)snprintf(buffer, 8, "\\x%02x", byte);
    else
        return NULL;
    return buffer;
}

/* U+0080 … U+00A0 and U+00AD, which Python does not print; in UTF-8 they begin with 0xc2. */
static bool
is_hidden(const uint8_t *at, size_t len)
{
    return len >= 2 && at[0] == 0xc2 && (at[1] <= 0xa0 || at[1] == 0xad);
}

static bool
put_quoted(hfi_bytes_t *out, const uint8_t *at, size_t len, bool is_str)
{
    char quote = quote_for(at, len);
    bool is_fine = hfi_bytes_append(out, &quote, 1);
    size_t plain = 0; /* bytes before `i` not yet written */
    for (size_t i = 0; i < len && is_fine; i++) {
        char buffer[8];
        bool hidden = is_str && is_hidden(at + i, len - i);
        const char *escape =
            escape_for(hidden ? at[i + 1] : at[i], quote, is_str && !hidden, buffer);
        if (escape == NULL)
            continue;
        is_fine = hfi_bytes_append(out, at + plain, i - plain) && put(out, escape);
        i += hidden;
        plain = i + 1;
    }
    return is_fine && hfi_bytes_append(out, at + plain, len - plain) &&
           hfi_bytes_append(out, &quote, 1);
}

bool
hfi_repr_str(const char *text, size_t len, hfi_bytes_t *out)
{
    return put_quoted(out, (const uint8_t *)text, len, true);
}

/* ---- items ---------------------------------------------------------------------------- */

static bool repr_item(const uint8_t **at_p, bool is_tuple, uint32_t nest, hfi_bytes_t *out);

static bool
repr_int(const hf_head_t *head, hfi_bytes_t *out)
{
    char text[24];
    if (head->is_negative)
        (void)snprintf(text, sizeof text, "%" PRId64, (int64_t)head->bits);
    else
        (void)snprintf(text, sizeof text, "%" PRIu64, head->bits);
    return put(out, text);
}

static bool
repr_float(const hf_head_t *head, hfi_bytes_t *out)
{
    char text[HFI_FLOAT_TEXT];
    double number;
    memcpy(&number, &head->bits, sizeof number);
    return hfi_bytes_append(out, text, hfi_float_text(number, text));
}

static bool
repr_list(const uint8_t **at_p, uint32_t n, bool is_tuple, uint32_t nest, hfi_bytes_t *out)
{
    if (!put(out, is_tuple ? "(" : "["))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if ((i > 0 && !put(out, ", ")) || !repr_item(at_p, is_tuple, nest, out))
            return false;
    }
    return put(out, !is_tuple ? "]" : n == 1 ? ",)" : ")");
}

static bool
repr_map(const uint8_t **at_p, uint32_t n, uint32_t nest, hfi_bytes_t *out)
{
    if (!put(out, "{"))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if ((i > 0 && !put(out, ", ")) || !repr_item(at_p, true, nest, out) || !put(out, ": ") ||
            !repr_item(at_p, false, nest, out))
            return false;
    }
    return put(out, "}");
}

static bool
repr_handle(const hf_value_t *handle, hfi_bytes_t *out)
{
    char number[32];
    size_t len;
    const char *typeid_ = hf_handle_typeid(handle, &len);
    (void)snprintf(number, sizeof number, " #%" PRIu64 ">", hf_as_handle(handle));
    if (typeid_ == NULL)
        return put(out, "<referent") && put(out, number);
    return put(out, "<") && hfi_bytes_append(out, typeid_, len) && put(out, number);
}

static bool
repr_ext(const hf_head_t *head, const uint8_t *at, const uint8_t *payload, hfi_bytes_t *out)
{
    char text[32];
    hf_value_t value;
    hf_value_t part[2];
    hf_cursor_t cursor;
    size_t len[2];
    hfi_view(&value, at, (size_t)head->size + head->len, 0);
    if (head->kind == HF_HANDLE)
        return repr_handle(&value, out);
    if (head->kind == HF_EXT) {
        (void)snprintf(text, sizeof text, "<ext %u b", (unsigned)head->bits);
        return put(out, text) && put_quoted(out, payload, head->len, false) && put(out, ">");
    }
    if (head->kind == HF_PROMISE) {
        (void)snprintf(text, sizeof text, "<promise #%" PRIu64 ">", hf_as_promise(&value));
        return put(out, text);
    }
    hf_open(&cursor, &value);
    if (!hf_next(&cursor, &part[0]) || !hf_next(&cursor, &part[1]))
        return put(out, "<error>");
    const char *kind = hf_as_str(&part[0], &len[0]);
    const char *why = hf_as_str(&part[1], &len[1]);
    return put(out, "<error ") && hfi_bytes_append(out, kind, len[0]) && put(out, ": ") &&
           hfi_bytes_append(out, why, len[1]) && put(out, ">");
}

/* Writes the item at *at_p and moves behind it. */
static bool
repr_item(const uint8_t **at_p, bool is_tuple, uint32_t nest, hfi_bytes_t *out)
{
    hf_head_t head;
    const uint8_t *at = *at_p;
    hf_read_head(at, &head);
    const uint8_t *payload = at + head.size;
    *at_p = payload + head.len;
    switch (head.kind) {
    case HF_NONE:
        return put(out, "<nothing>");
    case HF_NIL:
        return put(out, "None");
    case HF_BOOL:
        return put(out, head.bits != 0 ? "True" : "False");
    case HF_INT:
        return repr_int(&head, out);
    case HF_FLOAT:
        return repr_float(&head, out);
    case HF_STR:
        return put_quoted(out, payload, head.len, true);
    case HF_BYTES:
        return put(out, "b") && put_quoted(out, payload, head.len, false);
    case HF_LIST:
    case HF_MAP:
        if (nest == 0) {
            *at_p = at + hf_skip(at, NULL);
            return put(out, head.kind == HF_LIST ? "[...]" : "{...}");
        }
        if (head.kind == HF_MAP)
            return repr_map(at_p, head.items / 2, nest - 1, out);
        return repr_list(at_p, head.items, is_tuple, nest - 1, out);
    default:
        return repr_ext(&head, at, payload, out);
    }
}

bool
hfi_repr(const hf_value_t *value, hfi_bytes_t *out)
{
    static const uint8_t none = 0xc1;
    const uint8_t *at = value->raw[15] == 0 ? &none : hf_bytes_of(value);
    return repr_item(&at, false, NEST_MAX, out);
}

bool
hfi_str(const hf_value_t *value, hfi_bytes_t *out)
{
    size_t len;
    const char *text = hf_as_str(value, &len);
    return text == NULL ? hfi_repr(value, out) : hfi_bytes_append(out, text, len);
}
