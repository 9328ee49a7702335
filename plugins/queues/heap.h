/* SPDX-License-Identifier: MPL-2.0 */
/* heap -- Python's heapq, step by step the same, on a ring of kept values: the least is at place 0. */
#ifndef HFI_HEAP_H
#define HFI_HEAP_H

#include <common/ring.h>
#include <holdfast/plugin.h>

/* Gives the place where a value is to go in. Raises TypeError where it has no order with one that it meets, which
 * counts as equal if `is_lenient`. */
hf_err_t hfi_heap_find(hf_call_t *call, const hfi_ring_t *self, const hf_value_t *value,
                       bool is_lenient, uint32_t *ret_place);

/* Takes the kept value in at the place found; there must be room. */
void hfi_heap_put(hfi_ring_t *self, uint32_t place, hf_value_t kept);

/* Gives back what was put last, at `place`: the heap is as it was before. */
hf_value_t hfi_heap_undo(hfi_ring_t *self, uint32_t place);

/* Gives the least; there must be one. What has no order counts as equal; its room stays. */
hf_value_t hfi_heap_pop(hf_call_t *call, hfi_ring_t *self);

#endif
