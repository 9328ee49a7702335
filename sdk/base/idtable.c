/* SPDX-License-Identifier: MPL-2.0 */
/* idtable -- see idtable.h
 *
 * Rows lie one behind the other in the order they came; a removed one leaves a hole, its number 0.
 * The index is open addressing with linear probing; a slot holds a row's place + 1, 0 where empty.
 * Removal shifts the slots behind it back, so there are no tombstones. Holes go when an add finds no
 * room: the rows are then moved together, in place where half of them are holes, else to twice the room.
 */
#include "idtable.h"

#include <stdbool.h>

#include "check.h"
#include "span.h"

enum {
    IDTABLE_FIRST = 4,    /* rows at the start */
    IDTABLE_LINEAR = 8,   /* up to here a walk over the rows is the index */
    IDTABLE_KEEP_MAX = 64 /* an emptied table larger than this gives its memory back */
};

/* The slot that holds `number`, or the empty one where it would go. */
static uint32_t
idtable_slot(const hfi_idtable_t *self, uint64_t number)
{
    uint32_t slot = hfi_idtable_home(self, number);
    while (self->index[slot] != 0 && hfi_idtable_number(self, self->index[slot] - 1) != number)
        slot = (slot + 1) & self->mask;
    return slot;
}

/* Empties `slot` and closes the gap: each slot behind it moves up unless that would pass its home. */
static void
idtable_unslot(hfi_idtable_t *self, uint32_t slot)
{
    uint32_t gap = slot;
    for (uint32_t i = (slot + 1) & self->mask; self->index[i] != 0; i = (i + 1) & self->mask) {
        uint32_t home = hfi_idtable_home(self, hfi_idtable_number(self, self->index[i] - 1));
        if (((i - home) & self->mask) >= ((i - gap) & self->mask)) {
            self->index[gap] = self->index[i];
            gap = i;
        }
    }
    self->index[gap] = 0;
}

static void
idtable_fill_index(hfi_idtable_t *self)
{
    memset(self->index, 0, ((size_t)self->mask + 1) * sizeof *self->index);
    for (uint32_t place = 0; place < self->used; place++) {
        uint64_t number = hfi_idtable_number(self, place);
        if (number != 0)
            self->index[idtable_slot(self, number)] = place + 1;
    }
}

/* Moves the rows of `self` together at `to`, which is self->rows or has room for them. */
static void
idtable_pack(hfi_idtable_t *self, uint8_t *to)
{
    uint32_t n = 0;
    for (uint32_t place = 0; place < self->used; place++) {
        if (hfi_idtable_number(self, place) == 0)
            continue;
        uint8_t *row = to + (size_t)n * self->row_size;
        if (row != hfi_idtable_row(self, place))
            memcpy(row, hfi_idtable_row(self, place), self->row_size);
        n++;
    }
    HF_ASSERT(n == self->live);
    self->used = n;
    self->first = 0;
}

/* New rows and a new index, for `room` rows; false: no memory, nothing changed. */
static bool
idtable_resize(hfi_idtable_t *self, uint32_t room)
{
    size_t size;
    if (!hfi_mul_size(room, self->row_size, &size))
        return false;
    uint32_t slots = room > IDTABLE_LINEAR ? 2 * room : 0;
    uint32_t *index = slots == 0 ? NULL : malloc((size_t)slots * sizeof *index);
    uint8_t *rows = malloc(size);
    if (rows == NULL || (slots != 0 && index == NULL)) {
        free(index);
        free(rows);
        return false;
    }
    idtable_pack(self, rows);
    free(self->rows);
    free(self->index);
    self->rows = rows;
    self->index = index;
    self->room = room;
    self->mask = slots == 0 ? 0 : slots - 1;
    if (index != NULL)
        idtable_fill_index(self);
    return true;
}

/* Room for one more row. */
static bool
idtable_require(hfi_idtable_t *self)
{
    if (self->live == 0 && self->room > IDTABLE_KEEP_MAX)
        hfi_idtable_close(self);
    if (self->used < self->room)
        return true;
    if (self->room == 0)
        return idtable_resize(self, IDTABLE_FIRST);
    if (self->live > self->room / 2) {
        return self->room <= UINT32_MAX / 4 && idtable_resize(self, 2 * self->room);
    }
    idtable_pack(self, self->rows);
    if (self->index != NULL)
        idtable_fill_index(self);
    return true;
}

void
hfi_idtable_open(hfi_idtable_t *self, size_t row_size)
{
    HF_ASSERT(self != NULL && row_size >= sizeof(uint64_t) && row_size % 8 == 0 &&
              row_size <= UINT32_MAX);
    memset(self, 0, sizeof *self);
    self->row_size = (uint32_t)row_size;
}

void
hfi_idtable_close(hfi_idtable_t *self)
{
    HF_ASSERT(self != NULL);
    free(self->rows);
    free(self->index);
    hfi_idtable_open(self, self->row_size);
}

void *
hfi_idtable_find(const hfi_idtable_t *self, uint64_t number)
{
    if (number == 0)
        return NULL;
    if (self->index != NULL) {
        uint32_t place = self->index[idtable_slot(self, number)];
        return place == 0 ? NULL : hfi_idtable_row(self, place - 1);
    }
    for (uint32_t place = self->first; place < self->used; place++) {
        if (hfi_idtable_number(self, place) == number)
            return hfi_idtable_row(self, place);
    }
    return NULL;
}

void *
hfi_idtable_add(hfi_idtable_t *self, uint64_t number)
{
    HF_ASSERT(number != 0);
    if (!idtable_require(self))
        return NULL;
    uint32_t place = self->used++;
    uint8_t *row = hfi_idtable_row(self, place);
    memset(row, 0, self->row_size);
    memcpy(row, &number, sizeof number);
    self->live++;
    if (self->index == NULL)
        return row;
    uint32_t slot = idtable_slot(self, number);
    HF_ASSERT(self->index[slot] == 0);
    self->index[slot] = place + 1;
    return row;
}

void
hfi_idtable_remove(hfi_idtable_t *self, void *row)
{
    size_t offset = (size_t)((uint8_t *)row - self->rows);
    uint32_t place = (uint32_t)(offset / self->row_size);
    HF_ASSERT(offset % self->row_size == 0 && place < self->used &&
              hfi_idtable_number(self, place) != 0);
    if (self->index != NULL)
        idtable_unslot(self, idtable_slot(self, hfi_idtable_number(self, place)));
    memset(row, 0, sizeof(uint64_t));
    self->live--;
    while (self->first < self->used && hfi_idtable_number(self, self->first) == 0)
        self->first++;
}

void *
hfi_idtable_next(const hfi_idtable_t *self, const void *row)
{
    uint32_t place = self->first;
    if (row != NULL)
        place = (uint32_t)((size_t)((const uint8_t *)row - self->rows) / self->row_size) + 1;
    for (; place < self->used; place++) {
        if (hfi_idtable_number(self, place) != 0)
            return hfi_idtable_row(self, place);
    }
    return NULL;
}

size_t
hfi_idtable_memory(const hfi_idtable_t *self)
{
    size_t slots = self->index == NULL ? 0 : (size_t)self->mask + 1;
    return (size_t)self->room * self->row_size + slots * sizeof *self->index;
}
