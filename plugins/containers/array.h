/* SPDX-License-Identifier: MPL-2.0 */
/* array -- the state of an Array, which Iterators go through too. */
#ifndef HFI_ARRAY_H
#define HFI_ARRAY_H

#include "typecode.h"

/* Its items are packed, code->size bytes each. */
typedef struct hfi_array {
    const hfi_typecode_t *code;
    uint8_t *items; /* NULL where there are none */
    uint32_t count;
} hfi_array_t;

/* The item at a place, which must be below `count`; always inline. */
static inline hf_value_t
hfi_array_at(const hfi_array_t *self, uint32_t place)
{
    const hfi_typecode_t *code = self->code;
    return hfi_typecode_value(code,
                              hfi_item_load(self->items + (size_t)place * code->size, code->size));
}

#endif
