/* SPDX-License-Identifier: MPL-2.0 */
/* literal -- see literal.h */
#include "literal.h"

#include "text.h"

/* 'text', with \' and \\. */
static bool
parse_text(hfi_parser_t *p, hf_writer_t *out)
{
    char text[HFI_MAX_SIGNATURE_BYTES];
    size_t len = 0;
    while (p->text[p->at] != '\'') {
        if (p->text[p->at] == '\\') {
            p->at++;
            if (p->text[p->at] != '\'' && p->text[p->at] != '\\')
                return hfi_parser_refuse(p, "behind a backslash ' or \\ is expected");
        }
        if (p->text[p->at] == '\0')
            return hfi_parser_refuse(p, "the text has no end");
        text[len++] = p->text[p->at++];
    }
    p->at++;
    hf_write_str(out, text, len);
    return true;
}

/* What a number's text says, digit by digit: no locale, and exact or refused. */
typedef struct literal_number {
    uint64_t digits;
    int32_t exponent; /* of ten */
    bool is_negative;
    bool is_float;
} literal_number_t;

static bool
take_digits(hfi_parser_t *p, literal_number_t *number, int32_t step)
{
    if (!hfi_text_is_digit(p->text[p->at]))
        return hfi_parser_refuse(p, "a digit is expected");
    for (; hfi_text_is_digit(p->text[p->at]); p->at++) {
        uint64_t digit = (uint64_t)(p->text[p->at] - '0');
        if (number->digits > (UINT64_MAX - digit) / 10)
            return hfi_parser_refuse(p, "that number has too many digits");
        number->digits = number->digits * 10 + digit;
        number->exponent += step;
    }
    return true;
}

static bool
take_exponent(hfi_parser_t *p, literal_number_t *number)
{
    bool is_negative = p->text[p->at] == '-';
    if (p->text[p->at] == '-' || p->text[p->at] == '+')
        p->at++;
    literal_number_t exponent = {0};
    if (!take_digits(p, &exponent, 0))
        return false;
    if (exponent.digits > 99)
        return hfi_parser_refuse(p, "that exponent is too large");
    number->exponent += is_negative ? -(int32_t)exponent.digits : (int32_t)exponent.digits;
    return true;
}

static bool
write_number(hfi_parser_t *p, const literal_number_t *number, hf_writer_t *out)
{
    if (!number->is_float) {
        if (!number->is_negative)
            hf_write_uint(out, number->digits);
        else if (number->digits <= (uint64_t)INT64_MAX + 1)
            hf_write_int(out, (int64_t)(0 - number->digits));
        else
            return hfi_parser_refuse(p, "that int is below 64 bits");
        return true;
    }
    /* Both are exact in a double, so that their product or quotient is the nearest one. */
    int32_t n = number->exponent < 0 ? -number->exponent : number->exponent;
    if (number->digits > (UINT64_C(1) << 53) || n > 22)
        return hfi_parser_refuse(p, "that float has too many digits");
    double value = (double)number->digits;
    double power = 1.0;
    for (int32_t k = 0; k < n; k++)
        power *= 10.0;
    value = number->exponent < 0 ? value / power : value * power;
    hf_write_float(out, number->is_negative ? -value : value);
    return true;
}

static bool
parse_number(hfi_parser_t *p, hf_writer_t *out)
{
    literal_number_t number = {0};
    number.is_negative = hfi_parser_mark(p, "-");
    if (!take_digits(p, &number, 0))
        return false;
    if (p->text[p->at] == '.') {
        p->at++;
        number.is_float = true;
        if (!take_digits(p, &number, -1))
            return false;
    }
    if (p->text[p->at] == 'e' || p->text[p->at] == 'E') {
        p->at++;
        number.is_float = true;
        if (!take_exponent(p, &number))
            return false;
    }
    return write_number(p, &number, out);
}

bool
hfi_literal_parse(hfi_parser_t *p, hf_writer_t *out)
{
    size_t start = p->at;
    hfi_span_t name = hfi_parser_name(p);
    if (hfi_parser_is(name, "nil")) {
        hf_write_nil(out);
        return true;
    }
    if (hfi_parser_is(name, "true") || hfi_parser_is(name, "false")) {
        hf_write_bool(out, hfi_parser_is(name, "true"));
        return true;
    }
    if (name.len > 0) {
        p->at = start;
        hfi_parser_skip(p);
        return hfi_parser_refuse(p, "that is no default");
    }
    if (hfi_parser_mark(p, "'"))
        return parse_text(p, out);
    if (hfi_parser_mark(p, "[")) {
        hf_write_list(out, 0);
        return hfi_parser_mark(p, "]") ||
               hfi_parser_refuse(p, "']' is expected: only [] is a default");
    }
    if (hfi_parser_mark(p, "{")) {
        hf_write_map(out, 0);
        return hfi_parser_mark(p, "}") ||
               hfi_parser_refuse(p, "'}' is expected: only {} is a default");
    }
    if (p->text[p->at] == '-' || hfi_text_is_digit(p->text[p->at]))
        return parse_number(p, out);
    return hfi_parser_refuse(p, "a default is expected");
}
