/* SPDX-License-Identifier: MPL-2.0 */
/* heap -- Python's heapq on a ring of kept values. */
#include "heap.h"

#include <common/words.h>

static uint32_t
heap_parent(uint32_t place)
{
    return (place - 1) / 2;
}

/* Whether a < b; false where they have no order. */
static bool
heap_is_less(hf_call_t *call, const hf_value_t *a, const hf_value_t *b)
{
    int order = 0;
    return hf_compare(call, a, b, &order) && order < 0;
}

/* The place that a value rises to from `place`: behind the first parent that is not greater. */
static hf_err_t
heap_rise(hf_call_t *call, const hfi_ring_t *self, const hf_value_t *value, bool is_lenient,
          uint32_t *place)
{
    for (; *place > 0; *place = heap_parent(*place)) {
        const hf_value_t *parent = hfi_ring_at(self, heap_parent(*place));
        int order = 0;
        if (!hf_compare(call, value, parent, &order) && !is_lenient)
            return hfi_raise_unordered(call, value, parent);
        if (order >= 0)
            return HF_OK;
    }
    return HF_OK;
}

/* Puts a value at `to`, which is `from` or above it, and what stood between one step down. `from` is free. */
static void
heap_lift(hfi_ring_t *self, uint32_t from, uint32_t to, hf_value_t value)
{
    for (; from != to; from = heap_parent(from))
        *hfi_ring_at(self, from) = *hfi_ring_at(self, heap_parent(from));
    *hfi_ring_at(self, to) = value;
}

hf_err_t
hfi_heap_find(hf_call_t *call, const hfi_ring_t *self, const hf_value_t *value, bool is_lenient,
              uint32_t *ret_place)
{
    *ret_place = self->count;
    return heap_rise(call, self, value, is_lenient, ret_place);
}

void
hfi_heap_put(hfi_ring_t *self, uint32_t place, hf_value_t kept)
{
    self->count++;
    heap_lift(self, self->count - 1, place, kept);
}

hf_value_t
hfi_heap_undo(hfi_ring_t *self, uint32_t place)
{
    uint32_t at = self->count - 1;
    hf_value_t value = *hfi_ring_at(self, at);
    while (at != place) { /* each of those between goes one step up again */
        at = heap_parent(at);
        hf_value_t above = *hfi_ring_at(self, at);
        *hfi_ring_at(self, at) = value;
        value = above;
    }
    self->count--;
    return value;
}

hf_value_t
hfi_heap_pop(hf_call_t *call, hfi_ring_t *self)
{
    hf_value_t least = *hfi_ring_at(self, 0);
    hf_value_t last = *hfi_ring_at(self, self->count - 1);
    uint32_t place = 0;
    self->count--;
    if (self->count == 0)
        return least;
    /* As heapq: the lesser children move up to the bottom, and the last value rises from there. */
    for (uint32_t child = 1; child < self->count; child = 2 * place + 1) {
        if (child + 1 < self->count &&
            !heap_is_less(call, hfi_ring_at(self, child), hfi_ring_at(self, child + 1)))
            child++;
        *hfi_ring_at(self, place) = *hfi_ring_at(self, child);
        place = child;
    }
    uint32_t to = place;
    (void)heap_rise(call, self, &last, true, &to);
    heap_lift(self, place, to, last);
    return least;
}
