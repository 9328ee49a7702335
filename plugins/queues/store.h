/* SPDX-License-Identifier: MPL-2.0 */
/* store -- a queue's items, by kind: what is put where, what is got next.
 *
 * Items of a Queue are got from the front of the ring, those of a LifoQueue from its end; the ring of a PriorityQueue is
 * a heap. Getting has two steps, since an answer can fail and putters are let in before it: first items are picked, then
 * they are taken, or left where they were.
 */
#ifndef HFI_STORE_H
#define HFI_STORE_H

#include <common/ring.h>
#include <common/walk.h>
#include <holdfast/plugin.h>

typedef enum hfi_store_kind {
    HFI_FIRST_OUT = 0, /* the first in */
    HFI_LAST_OUT,
    HFI_LEAST_OUT,
} hfi_store_kind_t;

typedef struct hfi_store {
    hfi_ring_t ring;
    hfi_store_kind_t kind;
} hfi_store_t;

/* Gives the place where an item is to go; raises TypeError on `putter` where it has no order with one it meets. */
hf_err_t hfi_store_find(hf_call_t *putter, const hfi_store_t *self, const hf_value_t *item,
                        uint32_t *ret_place);

/* Puts an item in at its place. */
hf_err_t hfi_store_put(hf_call_t *call, hfi_store_t *self, uint32_t place, const hf_value_t *item);

/* Puts in all that the walk gives: all or nothing. */
hf_err_t hfi_store_put_all(hf_call_t *call, hfi_store_t *self, hfi_walk_t *walk);

/* Puts back an item that was got, or a list of such: they are the next ones, or where their order says. */
hf_err_t hfi_store_put_back(hf_call_t *call, hfi_store_t *self, const hf_value_t *items,
                            bool is_list);

/* Items that were picked. */
typedef struct hfi_pick {
    uint32_t n;
    uint32_t place;  /* where they lie in the ring */
    hfi_ring_t heap; /* those of a PriorityQueue have been popped: several */
    hf_value_t one;  /* or one */
} hfi_pick_t;

/* Picks the next items: at least one, at most `most`, fewer where they are long. There must be one. `has_putters`:
 * others may be put in before these are taken or left. Raises LimitExceeded on `getter`. */
hf_err_t hfi_store_pick(hf_call_t *getter, hfi_store_t *self, int64_t most, bool has_putters,
                        hfi_pick_t *ret_pick);

/* The k-th picked item. */
const hf_value_t *hfi_store_picked(const hfi_store_t *self, const hfi_pick_t *pick, uint32_t k);

/* Drops the picked items; leaves them in. */
void hfi_store_take(hf_call_t *call, hfi_store_t *self, hfi_pick_t *pick);
void hfi_store_leave(hf_call_t *call, hfi_store_t *self, hfi_pick_t *pick);

#endif
