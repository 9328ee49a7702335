/* SPDX-License-Identifier: MPL-2.0 */
/* store -- a queue's items, by kind: what is put where, what is got next. */
#include "store.h"

#include "heap.h"

enum {
    STORE_BATCH_BYTES = 4 * 1024 * 1024, /* several items are fewer rather than more bytes */
};

/* ---- putting --------------------------------------------------------------------------- */

hf_err_t
hfi_store_find(hf_call_t *putter, const hfi_store_t *self, const hf_value_t *item,
               uint32_t *ret_place)
{
    *ret_place = self->ring.count;
    return self->kind == HFI_LEAST_OUT ? hfi_heap_find(putter, &self->ring, item, false, ret_place)
                                       : HF_OK;
}

static void
store_put_at(hfi_store_t *self, uint32_t place, hf_value_t kept)
{
    if (self->kind == HFI_LEAST_OUT)
        hfi_heap_put(&self->ring, place, kept);
    else
        hfi_ring_push(&self->ring, kept);
}

hf_err_t
hfi_store_put(hf_call_t *call, hfi_store_t *self, uint32_t place, const hf_value_t *item)
{
    hf_value_t kept = {.raw = {0}};
    if (hfi_ring_reserve(call, &self->ring, 1) != HF_OK || hf_keep(call, item, &kept) != HF_OK)
        return HF_RAISED;
    store_put_at(self, place, kept);
    return HF_OK;
}

/* Takes the last `n` items that were put out again; out of a heap by their places. */
static void
store_undo(hf_call_t *call, hfi_store_t *self, const uint32_t *places, uint32_t n)
{
    if (places == NULL) {
        hfi_ring_drop(call, &self->ring, self->ring.count - n, n);
        return;
    }
    for (uint32_t k = n; k > 0; k--) {
        hf_value_t item = hfi_heap_undo(&self->ring, places[k - 1]);
        hf_drop(call, &item);
    }
}

hf_err_t
hfi_store_put_all(hf_call_t *call, hfi_store_t *self, hfi_walk_t *walk)
{
    uint32_t *places = NULL; /* of the items put so far: a heap needs them to undo it */
    hf_value_t item = {.raw = {0}};
    hf_value_t kept = {.raw = {0}};
    hf_err_t err = hfi_ring_reserve(call, &self->ring, walk->left);
    uint32_t n = 0;
    if (err == HF_OK && self->kind == HFI_LEAST_OUT && walk->left > 0) {
        places = hf_alloc(call, walk->left * sizeof *places);
        err = places == NULL ? HF_RAISED : HF_OK;
    }
    while (err == HF_OK && hfi_walk_next(walk, &item)) {
        uint32_t place = 0;
        err = hfi_store_find(call, self, &item, &place);
        if (err == HF_OK)
            err = hf_keep(call, &item, &kept);
        if (err != HF_OK)
            break;
        store_put_at(self, place, kept);
        if (places != NULL)
            places[n] = place;
        n++;
    }
    if (err != HF_OK)
        store_undo(call, self, places, n);
    if (places != NULL)
        hf_free(call, places);
    return err;
}

/* ---- putting back ---------------------------------------------------------------------- */

/* Takes a kept item back into its place; there must be room. */
static void
store_return(hf_call_t *call, hfi_store_t *self, hf_value_t kept)
{
    uint32_t place = 0;
    if (self->kind == HFI_FIRST_OUT) {
        hfi_ring_push_first(&self->ring, kept);
    } else if (self->kind == HFI_LAST_OUT) {
        hfi_ring_push(&self->ring, kept);
    } else {
        (void)hfi_heap_find(call, &self->ring, &kept, true, &place);
        hfi_heap_put(&self->ring, place, kept);
    }
}

hf_err_t
hfi_store_put_back(hf_call_t *call, hfi_store_t *self, const hf_value_t *items, bool is_list)
{
    hfi_ring_t back = {NULL, 0, 0, 0};
    hf_value_t one = {.raw = {0}};
    hf_err_t err = is_list ? hfi_ring_load(call, &back, items) : hf_keep(call, items, &one);
    if (err == HF_OK)
        err = hfi_ring_reserve(call, &self->ring, is_list ? back.count : 1);
    if (err == HF_OK && !is_list)
        store_return(call, self, one);
    else if (err == HF_OK) /* the last first, so that the first is the next to be got */
        for (; back.count > 0; back.count--)
            store_return(call, self, *hfi_ring_at(&back, back.count - 1));
    else if (!is_list)
        hf_drop(call, &one);
    hfi_ring_clear(call, &back);
    return err;
}

/* ---- picking --------------------------------------------------------------------------- */

/* Counts the items that go into one answer, from the front or from the end. */
static uint32_t
store_batch(const hfi_store_t *self, uint32_t most)
{
    const hfi_ring_t *ring = &self->ring;
    size_t bytes = 0;
    uint32_t n = 0;
    for (; n < most; n++) {
        bytes +=
            hf_len_of(hfi_ring_at(ring, self->kind == HFI_FIRST_OUT ? n : ring->count - 1 - n));
        if (n > 0 && bytes > STORE_BATCH_BYTES)
            break;
    }
    return n;
}

/* Pops several into a ring of their own. */
static hf_err_t
store_pop(hf_call_t *getter, hfi_store_t *self, uint32_t most, hfi_pick_t *pick)
{
    size_t bytes = 0;
    while (pick->n < most) {
        bytes += hf_len_of(hfi_ring_at(&self->ring, 0));
        if (pick->n > 0 && bytes > STORE_BATCH_BYTES)
            break;
        if (hfi_ring_reserve(getter, &pick->heap, 1) != HF_OK) {
            hfi_store_leave(getter, self, pick);
            return HF_RAISED;
        }
        hfi_ring_push(&pick->heap, hfi_heap_pop(getter, &self->ring));
        pick->n++;
    }
    return HF_OK;
}

hf_err_t
hfi_store_pick(hf_call_t *getter, hfi_store_t *self, int64_t most, bool has_putters,
               hfi_pick_t *ret_pick)
{
    uint32_t n = most < self->ring.count ? (uint32_t)most : self->ring.count;
    *ret_pick = (hfi_pick_t){.n = 0};
    if (self->kind == HFI_LEAST_OUT) {
        /* Putters let in take the popped items' room, which these need where they are left after all. */
        if (has_putters && hfi_ring_reserve(getter, &self->ring, n) != HF_OK)
            return HF_RAISED;
        if (most > 1)
            return store_pop(getter, self, n, ret_pick);
        ret_pick->one = hfi_heap_pop(getter, &self->ring);
        ret_pick->n = 1;
        return HF_OK;
    }
    ret_pick->n = store_batch(self, n);
    ret_pick->place = self->kind == HFI_FIRST_OUT ? 0 : self->ring.count - ret_pick->n;
    return HF_OK;
}

const hf_value_t *
hfi_store_picked(const hfi_store_t *self, const hfi_pick_t *pick, uint32_t k)
{
    if (self->kind == HFI_LEAST_OUT)
        return pick->heap.count > 0 ? hfi_ring_at(&pick->heap, k) : &pick->one;
    return hfi_ring_at(&self->ring,
                       self->kind == HFI_FIRST_OUT ? k : pick->place + pick->n - 1 - k);
}

void
hfi_store_take(hf_call_t *call, hfi_store_t *self, hfi_pick_t *pick)
{
    if (self->kind != HFI_LEAST_OUT) {
        hfi_ring_drop(call, &self->ring, pick->place, pick->n);
        return;
    }
    hf_drop(call, &pick->one);
    hfi_ring_clear(call, &pick->heap);
    hfi_ring_fit(call, &self->ring);
}

void
hfi_store_leave(hf_call_t *call, hfi_store_t *self, hfi_pick_t *pick)
{
    if (self->kind != HFI_LEAST_OUT)
        return;
    for (; pick->heap.count > 0; pick->heap.count--)
        store_return(call, self, *hfi_ring_at(&pick->heap, pick->heap.count - 1));
    if (hf_kind(&pick->one) != HF_NONE)
        store_return(call, self, pick->one);
    pick->one = (hf_value_t){.raw = {0}};
    hfi_ring_clear(call, &pick->heap);
}
