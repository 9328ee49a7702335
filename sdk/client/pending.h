/* SPDX-License-Identifier: MPL-2.0 */
/* pending -- calls that wait for their answer, by number; the records stay and are used again.
 *
 * Numbers grow and answers come mostly in their order: a ring by number finds them, and one that is still unanswered
 * when the ring comes round to it (a parked call) moves to a table of old ones. Nothing is allocated once as many calls
 * have been under way at once as ever are.
 *
 * Thread: owned by one thread at a time; not shared.
 */
#ifndef HFI_PENDING_H
#define HFI_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/deadline.h>
#include <base/idtable.h>

typedef struct hfi_pending hfi_pending_t;

struct hfi_pending {
    hfi_deadline_t deadline; /* first: a deadline that is due is its call */
    uint64_t call;
    void *cookie;
    hfi_pending_t *next; /* of the free ones */
    bool is_abandoned;   /* a tombstone: the answer's handles go back */
};

typedef struct hfi_pending_block hfi_pending_block_t;

typedef struct hfi_pendings {
    hfi_pending_t **ring; /* by the number's low bits; NULL: a free place */
    uint32_t mask;        /* places - 1 */
    uint32_t n;           /* of all */
    uint32_t n_abandoned;
    hfi_idtable_t old; /* those whose place the ring needed */
    hfi_pending_t *free;
    hfi_pending_block_t *blocks;
} hfi_pendings_t;

void hfi_pendings_open(hfi_pendings_t *self);
/* Frees all records; their deadlines are idle or their heap is gone. */
void hfi_pendings_close(hfi_pendings_t *self);

/* Room for that call, so that its add does not fail. False: no memory. */
bool hfi_pendings_reserve(hfi_pendings_t *self, uint64_t call);

/* A new record under that number, after hfi_pendings_reserve. */
hfi_pending_t *hfi_pendings_add(hfi_pendings_t *self, uint64_t call, void *cookie);

/* The record, abandoned or not; NULL: that call is answered, or never was. */
hfi_pending_t *hfi_pendings_find(const hfi_pendings_t *self, uint64_t call);

/* Removes it; its deadline is idle. */
void hfi_pendings_remove(hfi_pendings_t *self, hfi_pending_t *pending);

/* Any record, NULL: there is none. *hint_p begins at 0 and makes it quick to ask
 * again and again. */
hfi_pending_t *hfi_pendings_any(const hfi_pendings_t *self, uint32_t *hint_p);

#endif
