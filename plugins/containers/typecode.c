/* SPDX-License-Identifier: MPL-2.0 */
/* typecode -- the letters of Python's array and ctypes. */
#include "typecode.h"

#include <string.h>

#include <common/words.h>

static const hfi_range_t range_long = {INT64_MIN, INT64_MAX,
                                       "Python int too large to convert to C long",
                                       "Python int too large to convert to C long"};
static const hfi_range_t range_short = {INT16_MIN, INT16_MAX,
                                        "signed short integer is less than minimum",
                                        "signed short integer is greater than maximum"};
static const hfi_range_t range_int = {INT32_MIN, INT32_MAX, "signed integer is less than minimum",
                                      "signed integer is greater than maximum"};
static const hfi_range_t range_char = {INT8_MIN, INT8_MAX, "signed char is less than minimum",
                                       "signed char is greater than maximum"};
static const hfi_range_t range_byte = {0, UINT8_MAX, "unsigned byte integer is less than minimum",
                                       "unsigned byte integer is greater than maximum"};
static const hfi_range_t range_unsigned_short = {
    0, UINT16_MAX, "unsigned short is less than minimum", "unsigned short is greater than maximum"};
static const hfi_range_t range_unsigned = {0, UINT32_MAX,
                                           "can't convert negative value to unsigned int",
                                           "unsigned int is greater than maximum"};
static const hfi_range_t range_unsigned_long = {
    0, UINT64_MAX, "can't convert negative value to unsigned int",
    "Python int too large to convert to C unsigned long"};
static const hfi_range_t range_quad = {INT64_MIN, INT64_MAX, "int too big to convert",
                                       "int too big to convert"};
static const hfi_range_t range_unsigned_quad = {
    0, UINT64_MAX, "can't convert negative int to unsigned", "int too big to convert"};

static const hfi_typecode_t typecodes[] = {
    {'b', 1, HFI_ITEM_SIGNED, {&range_long, &range_short, &range_char}},
    {'B', 1, HFI_ITEM_UNSIGNED, {&range_long, &range_byte, NULL}},
    {'u', 4, HFI_ITEM_CHARACTER, {NULL, NULL, NULL}},
    {'c', 1, HFI_ITEM_BYTE, {NULL, NULL, NULL}},
    {'h', 2, HFI_ITEM_SIGNED, {&range_long, &range_short, NULL}},
    {'H', 2, HFI_ITEM_UNSIGNED, {&range_long, &range_int, &range_unsigned_short}},
    {'i', 4, HFI_ITEM_SIGNED, {&range_long, &range_int, NULL}},
    {'I', 4, HFI_ITEM_UNSIGNED, {&range_unsigned_long, &range_unsigned, NULL}},
    {'l', 8, HFI_ITEM_SIGNED, {&range_long, NULL, NULL}},
    {'L', 8, HFI_ITEM_UNSIGNED, {&range_unsigned_long, NULL, NULL}},
    {'q', 8, HFI_ITEM_SIGNED, {&range_quad, NULL, NULL}},
    {'Q', 8, HFI_ITEM_UNSIGNED, {&range_unsigned_quad, NULL, NULL}},
    {'f', 4, HFI_ITEM_FLOAT, {NULL, NULL, NULL}},
    {'d', 8, HFI_ITEM_FLOAT, {NULL, NULL, NULL}},
};

enum { N_TYPECODES = sizeof typecodes / sizeof typecodes[0] };

/* ---- packed items ---------------------------------------------------------------------- */

uint64_t
hfi_item_load(const uint8_t *at, uint8_t size)
{
    uint64_t bits = 0;
    for (uint8_t k = size; k > 0; k--)
        bits = bits << 8 | at[k - 1];
    return bits;
}

void
hfi_item_store(uint8_t *at, uint8_t size, uint64_t bits)
{
    for (uint8_t k = 0; k < size; k++)
        at[k] = (uint8_t)(bits >> (8 * k) & 0xff);
}

/* ---- characters ------------------------------------------------------------------------ */

/* The code point of a str that has exactly one; false: it has not. */
static bool
typecode_character(const hf_value_t *value, uint64_t *ret_point)
{
    size_t len = 0;
    const uint8_t *at = (const uint8_t *)hf_as_str(value, &len);
    if (at == NULL || len == 0)
        return false;
    size_t size = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (len != size)
        return false;
    uint64_t point = size == 1 ? at[0] : at[0] & (0x7fu >> size);
    for (size_t k = 1; k < size; k++)
        point = point << 6 | (at[k] & 0x3fu);
    *ret_point = point;
    return true;
}

static hf_value_t
typecode_str(uint64_t point)
{
    uint8_t item[5];
    uint8_t n = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    hf_value_t value = {.raw = {0}};
    for (uint8_t k = n; k > 1; k--) {
        item[k] = (uint8_t)(0x80u | (point & 0x3fu));
        point >>= 6;
    }
    item[0] = (uint8_t)(0xa0u | n);
    item[1] = (uint8_t)(n == 1 ? point : (0xf00u >> n & 0xffu) | point);
    hfi_view(&value, item, n + 1u, 0);
    return value;
}

/* ---- floats ---------------------------------------------------------------------------- */

/* Rounded to a float where the letter is f: past its range it is inf, as the array module has it. */
static uint64_t
typecode_round(const hfi_typecode_t *code, double number)
{
    uint64_t bits = 0;
    if (code->size == sizeof number) {
        memcpy(&bits, &number, sizeof bits);
        return bits;
    }
    float rounded = (float)number;
    uint32_t half;
    memcpy(&half, &rounded, sizeof half);
    return half;
}

static double
typecode_double(const hfi_typecode_t *code, uint64_t bits)
{
    double number;
    float rounded;
    if (code->size == sizeof number) {
        memcpy(&number, &bits, sizeof number);
        return number;
    }
    uint32_t half = (uint32_t)bits;
    memcpy(&rounded, &half, sizeof rounded);
    return (double)rounded;
}

/* ---- ints ------------------------------------------------------------------------------ */

static bool
typecode_is_int(const hf_value_t *value)
{
    return hf_kind(value) == HF_INT || hf_kind(value) == HF_BOOL;
}

static hf_err_t
typecode_not_int(hf_call_t *call, const hf_value_t *value)
{
    hfi_word_t word = hfi_word_of(value);
    return HF_RAISE(call, "TypeError", "'%.*s' object cannot be interpreted as an integer",
                    word.len, word.at);
}

/* Looks whether the letter holds the int, whose bits are a uint64's unless it is negative. */
static hf_err_t
typecode_check(hf_call_t *call, const hfi_typecode_t *code, uint64_t bits, bool is_negative)
{
    for (int k = 0; k < HFI_MAX_RANGES && code->range[k] != NULL; k++) {
        const hfi_range_t *range = code->range[k];
        if (is_negative && (int64_t)bits < range->low)
            return HF_RAISE(call, "OverflowError", "%s", range->below);
        if (!is_negative && bits > range->high)
            return HF_RAISE(call, "OverflowError", "%s", range->above);
    }
    return HF_OK;
}

/* The sum where the letter is unsigned: below 0 it is a negative int64. */
static hf_err_t
typecode_add_unsigned(hf_call_t *call, const hfi_typecode_t *code, uint64_t before,
                      const hf_value_t *n, uint64_t *ret_bits)
{
    if (hf_int_fits(n) && hf_as_int(n) < 0) {
        uint64_t less = 0 - (uint64_t)hf_as_int(n);
        *ret_bits = before - less;
        return typecode_check(call, code, *ret_bits, before < less);
    }
    if (__builtin_add_overflow(before, hf_as_uint(n), ret_bits))
        return HF_RAISE(call, "OverflowError", "%s", code->range[0]->above);
    return typecode_check(call, code, *ret_bits, false);
}

static hf_err_t
typecode_add_signed(hf_call_t *call, const hfi_typecode_t *code, int64_t before,
                    const hf_value_t *n, uint64_t *ret_bits)
{
    int64_t sum = 0;
    bool is_less = hf_int_fits(n) && hf_as_int(n) < 0;
    bool has_left = is_less ? __builtin_add_overflow(before, hf_as_int(n), &sum)
                            : __builtin_add_overflow(before, hf_as_uint(n), &sum);
    if (has_left) /* what has no 64 bits is told by the widest range */
        return HF_RAISE(call, "OverflowError", "%s",
                        is_less ? code->range[0]->below : code->range[0]->above);
    *ret_bits = (uint64_t)sum;
    return typecode_check(call, code, *ret_bits, sum < 0);
}

/* ---- items ----------------------------------------------------------------------------- */

hf_err_t
hfi_typecode_find(hf_call_t *call, const hf_value_t *letter, const hfi_typecode_t **ret_code)
{
    uint64_t point = 0;
    if (!typecode_character(letter, &point)) {
        hfi_word_t word = hfi_word_of(letter);
        return HF_RAISE(call, "TypeError", "a typecode must be a unicode character, not %.*s",
                        word.len, word.at);
    }
    for (int k = 0; k < N_TYPECODES; k++) {
        if ((uint64_t)typecodes[k].letter == point) {
            *ret_code = &typecodes[k];
            return HF_OK;
        }
    }
    return HF_RAISE(call, "ValueError",
                    "bad typecode (must be b, B, u, c, h, H, i, I, l, L, q, Q, f or d)");
}

hf_err_t
hfi_typecode_pack(hf_call_t *call, const hfi_typecode_t *code, const hf_value_t *value,
                  uint64_t *ret_bits)
{
    hf_kind_t kind = hf_kind(value);
    hfi_word_t word = hfi_word_of(value);
    size_t len = 0;
    const uint8_t *at;
    switch (code->kind) {
    case HFI_ITEM_SIGNED:
    case HFI_ITEM_UNSIGNED: {
        if (!typecode_is_int(value))
            return typecode_not_int(call, value);
        bool is_negative = hf_int_fits(value) && hf_as_int(value) < 0;
        *ret_bits = is_negative ? (uint64_t)hf_as_int(value) : hf_as_uint(value);
        return typecode_check(call, code, *ret_bits, is_negative);
    }
    case HFI_ITEM_FLOAT:
        if (kind != HF_FLOAT && !typecode_is_int(value))
            return HF_RAISE(call, "TypeError", "must be real number, not %.*s", word.len, word.at);
        *ret_bits = typecode_round(code, hf_as_float(value));
        return HF_OK;
    case HFI_ITEM_BYTE:
        at = hf_as_bytes(value, &len);
        if (at == NULL || len != 1)
            return HF_RAISE(call, "TypeError", "array item must be a bytes of length 1");
        *ret_bits = at[0];
        return HF_OK;
    case HFI_ITEM_CHARACTER:
        if (!typecode_character(value, ret_bits))
            return HF_RAISE(call, "TypeError", "array item must be unicode character");
        return HF_OK;
    }
    return HF_RAISE(call, "TypeError", "there is no such item"); /* no letter is of another kind */
}

hf_value_t
hfi_typecode_value(const hfi_typecode_t *code, uint64_t bits)
{
    if (code->kind == HFI_ITEM_FLOAT)
        return hf_float(typecode_double(code, bits));
    if (code->kind == HFI_ITEM_CHARACTER)
        return typecode_str(bits);
    if (code->kind == HFI_ITEM_BYTE) {
        const uint8_t item[3] = {0xc4, 1, (uint8_t)(bits & 0xff)};
        hf_value_t value = {.raw = {0}};
        hfi_view(&value, item, sizeof item, 0);
        return value;
    }
    if (code->kind == HFI_ITEM_UNSIGNED)
        return hf_uint(bits & (UINT64_MAX >> (64 - 8 * code->size)));
    uint64_t sign = (uint64_t)1 << (8 * code->size - 1);
    bits &= UINT64_MAX >> (64 - 8 * code->size);
    return hf_int((int64_t)((bits ^ sign) - sign));
}

hf_err_t
hfi_typecode_add(hf_call_t *call, const hfi_typecode_t *code, uint64_t bits, const hf_value_t *n,
                 uint64_t *ret_bits)
{
    if (code->kind == HFI_ITEM_BYTE || code->kind == HFI_ITEM_CHARACTER)
        return HF_RAISE(call, "TypeError", "nothing can be added to an item of typecode '%c'",
                        code->letter);
    if (code->kind == HFI_ITEM_FLOAT) {
        *ret_bits = typecode_round(code, typecode_double(code, bits) + hf_as_float(n));
        return HF_OK;
    }
    if (!typecode_is_int(n))
        return typecode_not_int(call, n);
    const hf_value_t before = hfi_typecode_value(code, bits);
    return code->kind == HFI_ITEM_SIGNED
               ? typecode_add_signed(call, code, hf_as_int(&before), n, ret_bits)
               : typecode_add_unsigned(call, code, hf_as_uint(&before), n, ret_bits);
}

bool
hfi_typecode_is(hf_call_t *call, const hfi_typecode_t *code, uint64_t bits,
                const hf_value_t *expected)
{
    hf_value_t now = hfi_typecode_value(code, bits);
    hf_value_t other = *expected;
    if (code->kind == HFI_ITEM_FLOAT && hf_kind(expected) == HF_FLOAT)
        other = hfi_typecode_value(code, typecode_round(code, hf_as_float(expected)));
    return hf_equal(call, &now, &other);
}
