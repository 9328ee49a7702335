/* SPDX-License-Identifier: MPL-2.0 */
/* ring -- a growing ring of kept values. */
#include "ring.h"

#include <string.h>

enum { RING_FIRST_ROOM = 4, RING_SPARSE_ROOM = 64 };

/* Brings the values to the beginning of a block that is at least twice as large as what they need. */
static void
ring_straighten(hfi_ring_t *self)
{
    uint32_t behind = self->room - self->first; /* slots up to the block's end */
    if (self->count <= behind) {
        memmove(self->at, self->at + self->first, self->count * sizeof *self->at);
    } else {
        memmove(self->at + behind, self->at, (self->count - behind) * sizeof *self->at);
        memcpy(self->at, self->at + self->first, behind * sizeof *self->at);
    }
    self->first = 0;
}

hf_err_t
hfi_ring_reserve(hf_call_t *call, hfi_ring_t *self, uint64_t more)
{
    if (more > HFI_RING_MOST - self->count)
        return HF_RAISE(call, "LimitExceeded", "more than %d items in one place",
                        (int)HFI_RING_MOST);
    uint32_t need = self->count + (uint32_t)more;
    uint32_t room = self->room < RING_FIRST_ROOM ? RING_FIRST_ROOM : self->room;
    while (room < need)
        room *= 2;
    if (need <= self->room)
        return HF_OK;
    hf_value_t *at = hf_realloc(call, self->at, room * sizeof *at);
    if (at == NULL)
        return HF_RAISED;
    self->at = at;
    uint32_t behind = self->room - self->first;
    if (self->count >
        behind) { /* what was before the old end stays, what had wrapped goes behind it */
        uint32_t wrapped = self->count - behind;
        memcpy(at + self->room, at, wrapped * sizeof *at);
    }
    self->room = room;
    return HF_OK;
}

void
hfi_ring_fit(hf_call_t *call, hfi_ring_t *self)
{
    if (self->room <= RING_SPARSE_ROOM || self->count > self->room / 4)
        return;
    ring_straighten(self);
    hf_value_t *at = hf_realloc(call, self->at, self->room / 2 * sizeof *at);
    if (at == NULL) /* a smaller block is not refused; if it is, the larger one serves */
        return;
    self->at = at;
    self->room /= 2;
}

void
hfi_ring_push(hfi_ring_t *self, hf_value_t kept)
{
    self->count++;
    *hfi_ring_at(self, self->count - 1) = kept;
}

void
hfi_ring_push_first(hfi_ring_t *self, hf_value_t kept)
{
    self->first = (self->first - 1) & (self->room - 1);
    self->count++;
    *hfi_ring_at(self, 0) = kept;
}

void
hfi_ring_open_gap(hfi_ring_t *self, uint32_t place, uint32_t n)
{
    uint32_t behind = self->count - place;
    self->count += n;
    if (place < behind) {
        self->first = (self->first - n) & (self->room - 1);
        for (uint32_t k = 0; k < place; k++)
            *hfi_ring_at(self, k) = *hfi_ring_at(self, k + n);
        return;
    }
    for (uint32_t k = self->count; k > place + n; k--)
        *hfi_ring_at(self, k - 1) = *hfi_ring_at(self, k - 1 - n);
}

void
hfi_ring_close_gap(hf_call_t *call, hfi_ring_t *self, uint32_t place, uint32_t n)
{
    uint32_t behind = self->count - place - n;
    if (n == 0)
        return;
    if (place < behind) {
        for (uint32_t k = place; k > 0; k--)
            *hfi_ring_at(self, k - 1 + n) = *hfi_ring_at(self, k - 1);
        self->first = (self->first + n) & (self->room - 1);
    } else {
        for (uint32_t k = place; k < place + behind; k++)
            *hfi_ring_at(self, k) = *hfi_ring_at(self, k + n);
    }
    self->count -= n;
    hfi_ring_fit(call, self);
}

void
hfi_ring_drop(hf_call_t *call, hfi_ring_t *self, uint32_t place, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        hf_drop(call, hfi_ring_at(self, place + k));
    hfi_ring_close_gap(call, self, place, n);
}

void
hfi_ring_clear(hf_call_t *call, hfi_ring_t *self)
{
    for (uint32_t k = 0; k < self->count; k++)
        hf_drop(call, hfi_ring_at(self, k));
    if (self->at != NULL)
        hf_free(call, self->at);
    *self = (hfi_ring_t){NULL, 0, 0, 0};
}

void
hfi_ring_write(const hfi_ring_t *self, uint32_t place, uint32_t n, hf_writer_t *out)
{
    hf_write_list(out, n);
    for (uint32_t k = 0; k < n; k++)
        hf_write_value(out, hfi_ring_at(self, place + k));
}

hf_err_t
hfi_ring_load(hf_call_t *call, hfi_ring_t *self, const hf_value_t *values)
{
    hf_cursor_t cursor;
    hf_value_t item = {.raw = {0}};
    uint32_t before = self->count;
    hf_err_t err = hfi_ring_reserve(call, self, hf_count(values));
    hf_open(&cursor, values);
    while (err == HF_OK && hf_next(&cursor, &item)) {
        hf_value_t kept;
        err = hf_keep(call, &item, &kept);
        if (err == HF_OK)
            hfi_ring_push(self, kept);
    }
    if (err != HF_OK)
        hfi_ring_drop(call, self, before, self->count - before);
    return err;
}

void
hfi_ring_visit(hf_call_t *call, const hfi_ring_t *self, hf_visit_t *visit)
{
    for (uint32_t k = 0; k < self->count; k++)
        hf_visit_value(call, visit, hfi_ring_at(self, k));
}
