/* SPDX-License-Identifier: MPL-2.0 */
/* pending -- calls that wait for their answer, by number; the records stay and are used again.
 *
 * Numbers grow, answers come mostly in their order: the index is open addressing by the number itself, so neighbours
 * in time are neighbours in memory. Nothing is allocated once as many calls have been under way at once as ever are.
 *
 * Thread: owned by one thread at a time; not shared.
 */
#ifndef HFI_PENDING_H
#define HFI_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/deadline.h>

typedef struct hfi_pending hfi_pending_t;

struct hfi_pending {
    hfi_deadline_t deadline; /* first: a deadline that is due is its call */
    uint64_t call;
    void *cookie;
    hfi_pending_t *next; /* of the free ones */
    bool is_abandoned;   /* a tombstone: the answer's handles go back */
};

typedef struct hfi_pending_block hfi_pending_block_t;

/* Zeroed is empty and legal. */
typedef struct hfi_pendings {
    hfi_pending_t **index; /* NULL: an empty slot */
    uint32_t mask;         /* slots - 1 */
    uint32_t n;
    uint32_t n_abandoned;
    hfi_pending_t *free;
    hfi_pending_block_t *blocks;
} hfi_pendings_t;

/* Frees all records; their deadlines are idle or their heap is gone. */
void hfi_pendings_close(hfi_pendings_t *self);

/* Room for one more, so that the next add does not fail. False: no memory. */
bool hfi_pendings_reserve(hfi_pendings_t *self);

/* A new record under that number, after hfi_pendings_reserve. */
hfi_pending_t *hfi_pendings_add(hfi_pendings_t *self, uint64_t call, void *cookie);

/* The record, abandoned or not; NULL: that call is answered, or never was. */
hfi_pending_t *hfi_pendings_find(const hfi_pendings_t *self, uint64_t call);

/* Removes it; its deadline is idle. */
void hfi_pendings_remove(hfi_pendings_t *self, hfi_pending_t *pending);

/* The next record of a walk in no order, NULL at the end; *slot_p begins at 0. Nothing may be added or removed. */
hfi_pending_t *hfi_pendings_next(const hfi_pendings_t *self, uint32_t *slot_p);

#endif
