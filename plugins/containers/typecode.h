/* SPDX-License-Identifier: MPL-2.0 */
/* typecode -- the letters of Python's array and ctypes: an item to the bits that are stored, and back.
 *
 * Texts of errors are the array module's. Bits are the item's own, in the low bytes of a word: two's complement, a
 * float's or a double's, a byte, a code point.
 */
#ifndef HFI_TYPECODE_H
#define HFI_TYPECODE_H

#include <holdfast/plugin.h>

typedef enum hfi_item_kind {
    HFI_ITEM_SIGNED = 0,
    HFI_ITEM_UNSIGNED,
    HFI_ITEM_FLOAT,
    HFI_ITEM_BYTE,
    HFI_ITEM_CHARACTER,
} hfi_item_kind_t;

/* Ints from low to high, and what is said of the others. */
typedef struct hfi_range {
    int64_t low;
    uint64_t high;
    const char *below;
    const char *above;
} hfi_range_t;

enum { HFI_MAX_RANGES = 3 };

typedef struct hfi_typecode {
    char letter;
    uint8_t size; /* bytes of a stored item */
    hfi_item_kind_t kind;
    const hfi_range_t *range[HFI_MAX_RANGES]; /* of an int: looked at one after the other */
} hfi_typecode_t;

/* Gives the row of a letter (a str); raises ValueError, TypeError. */
hf_err_t hfi_typecode_find(hf_call_t *call, const hf_value_t *letter,
                           const hfi_typecode_t **ret_code);

/* Gives the bits of a value; raises OverflowError, TypeError. */
hf_err_t hfi_typecode_pack(hf_call_t *call, const hfi_typecode_t *code, const hf_value_t *value,
                           uint64_t *ret_bits);

/* The value of stored bits: always inline. */
hf_value_t hfi_typecode_value(const hfi_typecode_t *code, uint64_t bits);

/* Gives the bits of the sum; raises OverflowError, TypeError. */
hf_err_t hfi_typecode_add(hf_call_t *call, const hfi_typecode_t *code, uint64_t bits,
                          const hf_value_t *n, uint64_t *ret_bits);

/* Whether the stored bits are what was expected, seen as it would be stored: 0.1 is the float 0.1. */
bool hfi_typecode_is(hf_call_t *call, const hfi_typecode_t *code, uint64_t bits,
                     const hf_value_t *expected);

/* An item among packed ones, the lowest byte first. */
uint64_t hfi_item_load(const uint8_t *at, uint8_t size);
void hfi_item_store(uint8_t *at, uint8_t size, uint64_t bits);

#endif
