/* SPDX-License-Identifier: MPL-2.0 */
/* idtable -- number to row: dense rows in insertion order, an index of 32-bit places, none below 9 rows.
 *
 * Numbers are never 0. Rows are of one size, begin with their number (uint64_t) and may move when one is added:
 * keep numbers, not pointers. A walk meets the rows in the order they were added, whatever was removed.
 *
 * Thread: owned by one thread; not shared.
 */
#ifndef HFI_IDTABLE_H
#define HFI_IDTABLE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "check.h"

typedef struct hfi_idtable {
    uint8_t *rows; /* a row whose number is 0 is a hole */
    uint32_t
        *index; /* NULL below 9 rows: a linear look is faster, and an idle table costs nothing */
    uint32_t row_size; /* bytes, a multiple of 8 */
    uint32_t used;     /* rows and holes */
    uint32_t live;     /* rows */
    uint32_t first;    /* nothing but holes before it */
    uint32_t room;
    uint32_t mask; /* slots of the index - 1 */
} hfi_idtable_t;

void hfi_idtable_open(hfi_idtable_t *self, size_t row_size);
void hfi_idtable_close(hfi_idtable_t *self);

/* The row, or NULL. */
void *hfi_idtable_find(const hfi_idtable_t *self, uint64_t number);

/* ---- look-ahead: starts the loads that a later find will wait for, one step each; changes nothing */

static inline uint8_t *
hfi_idtable_row(const hfi_idtable_t *self, uint32_t place)
{
    return self->rows + (size_t)place * self->row_size;
}

static inline uint64_t
hfi_idtable_number(const hfi_idtable_t *self, uint32_t place)
{
    uint64_t number;
    memcpy(&number, hfi_idtable_row(self, place), sizeof number);
    return number;
}

/* Numbers come mostly one after the other. Their multiples of the golden ratio, cut to the highest bits, then lie so
 * evenly that hardly two share a slot; others are at least mixed. The second product cuts to the index's size. */
static inline uint32_t
hfi_idtable_home(const hfi_idtable_t *self, uint64_t number)
{
    uint64_t high = (number * UINT64_C(0x9e3779b97f4a7c15)) >> 32;
    return (uint32_t)((high * ((uint64_t)self->mask + 1)) >> 32);
}

/* Step 1: the number's slot in the index. */
HF_LOOK_AHEAD void
hfi_idtable_prefetch_slot(const hfi_idtable_t *self, uint64_t number)
{
    if (self->index != NULL)
        __builtin_prefetch(&self->index[hfi_idtable_home(self, number)]);
}

/* Step 2, when the slot is there: the row. */
HF_LOOK_AHEAD void
hfi_idtable_prefetch_row(const hfi_idtable_t *self, uint64_t number)
{
    uint32_t place = self->index == NULL ? 0 : self->index[hfi_idtable_home(self, number)];
    if (place != 0)
        __builtin_prefetch(hfi_idtable_row(self, place - 1));
}

/* Step 3, when the row is there: borrows it where it is the first that a find would look at, else NULL. */
static inline const void *
hfi_idtable_peek(const hfi_idtable_t *self, uint64_t number)
{
    uint32_t place = self->index == NULL ? 0 : self->index[hfi_idtable_home(self, number)];
    return place != 0 && hfi_idtable_number(self, place - 1) == number
               ? hfi_idtable_row(self, place - 1)
               : NULL;
}

/* A new zeroed row with that number, which must not be there yet; NULL: no memory. */
void *hfi_idtable_add(hfi_idtable_t *self, uint64_t number);

/* Removes a row; the others keep their order. Invalidates no pointer until the next add. */
void hfi_idtable_remove(hfi_idtable_t *self, void *row);

/* The row behind `row` (NULL: the first) in insertion order, NULL at the end. Rows may be removed during a walk. */
void *hfi_idtable_next(const hfi_idtable_t *self, const void *row);

/* Bytes it has allocated. */
size_t hfi_idtable_memory(const hfi_idtable_t *self);

#endif
