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

/* Starts the loads that a later find will wait for; changes nothing. */
void hfi_idtable_prefetch(const hfi_idtable_t *self, uint64_t number);

/* A new zeroed row with that number, which must not be there yet; NULL: no memory. */
void *hfi_idtable_add(hfi_idtable_t *self, uint64_t number);

/* Removes a row; the others keep their order. Invalidates no pointer until the next add. */
void hfi_idtable_remove(hfi_idtable_t *self, void *row);

/* The row behind `row` (NULL: the first) in insertion order, NULL at the end. Rows may be removed during a walk. */
void *hfi_idtable_next(const hfi_idtable_t *self, const void *row);

/* Bytes it has allocated. */
size_t hfi_idtable_memory(const hfi_idtable_t *self);

#endif
