/* SPDX-License-Identifier: MPL-2.0 */
/* queue -- the state of a queue of any kind, and who hands what to whom.
 *
 * Who waits where
 *
 *   getters   wait for an item: then there is none and no putter waits
 *   putters   wait for room, first come first served
 *   front     at most one put_many, before all putters, some of whose items may have been taken in
 *   joiners   wait until every item that was put has had its task_done
 *
 * Between two calls there is never an item and a getter, nor room and a putter: whoever makes one possible serves the
 * other at once, by answering it. A put_many in front that has not been looked at since it parked is the one exception
 * (a method that parks must have changed nothing), so as long as one is there the queue counts as full: it has more
 * items than there is room.
 *
 * A put_many for whose items there is room, or a getter each, puts them all before anyone is served; one that waits puts
 * them one by one. (Of a LifoQueue or a PriorityQueue other items are got then.)
 *
 * Why hf_wake in the hooks. Items that come back when a session ends come one by one, the last first; waiters served at
 * once would get them in that order. Woken calls run after all of them are back, the first waiter first.
 */
#ifndef HFI_QUEUE_H
#define HFI_QUEUE_H

#include <common/walk.h>
#include <holdfast/plugin.h>

#include "store.h"

typedef struct hfi_queue {
    hfi_store_t store;
    int64_t maxsize; /* below 1: no bound */
    uint64_t unfinished;
    hf_waiters_t getters;
    hf_waiters_t putters;
    hf_waiters_t front;
    hf_waiters_t joiners;
    hfi_walk_t
        front_items; /* what the front putter has to put; plain is kept, HF_NONE: not looked at yet */
    uint32_t front_passed; /* how many of them are taken in */
    bool is_shut;
} hfi_queue_t;

/* Items that are in. */
static inline uint32_t
hfi_queue_count(const hfi_queue_t *self)
{
    return self->store.ring.count;
}

/* Items that may be put now. */
uint64_t hfi_queue_room(const hfi_queue_t *self);

/* Whether a putter waits: then who comes now comes behind it. */
static inline bool
hfi_queue_has_putters(const hfi_queue_t *self)
{
    return hf_n_parked(&self->front) > 0 || hf_n_parked(&self->putters) > 0;
}

/* Gives items to getters, then lets putters in, as long as there are both. */
void hfi_queue_settle(hf_call_t *call, hfi_queue_t *self);

/* Lets putters in as if there were `more` room than there is. Before the call's own answer: it may raise on it. */
void hfi_queue_fill(hf_call_t *call, hfi_queue_t *self, uint64_t more);

/* Runs waiting getters again, as many as there are items. */
void hfi_queue_wake(hf_call_t *call, hfi_queue_t *self);

/* Forgets a front putter that is gone. */
void hfi_queue_tidy(hf_call_t *call, hfi_queue_t *self);

/* Answers `other`, a get or a get_many, with the next items; there is one. HF_RAISED: it has an error instead, they stay. */
hf_err_t hfi_queue_serve(hf_call_t *call, hfi_queue_t *self, hf_call_t *other);

/* Answers the first getter with an item that is not kept, as if it had been put; false: there is no getter. */
bool hfi_queue_give(hf_call_t *call, hfi_queue_t *self, const hf_value_t *item);

/* Answers everyone on the list with ShutDown. */
void hfi_queue_refuse(hf_call_t *call, hf_waiters_t *waiters);

/* A timeout: seconds, or HF_FOREVER. Raises ValueError where it is NaN or, if `is_strict`, below 0. */
hf_err_t hfi_queue_timeout(hf_call_t *call, const hf_value_t *timeout, bool is_strict,
                           double *ret_seconds);

/* Rows that are told apart when they are parked, and what times out. */
hf_err_t hfi_queue_get_many(hf_call_t *call, void *state);
hf_err_t hfi_queue_put_many(hf_call_t *call, void *state);

/* The other rows. */
hf_err_t hfi_queue_get(hf_call_t *call, void *state);
hf_err_t hfi_queue_get_nowait(hf_call_t *call, void *state);
hf_err_t hfi_queue_get_timed_out(hf_call_t *call, void *state);
hf_err_t hfi_queue_put(hf_call_t *call, void *state);
hf_err_t hfi_queue_put_nowait(hf_call_t *call, void *state);
hf_err_t hfi_queue_put_timed_out(hf_call_t *call, void *state);

/* Puts back what a session never acknowledged. */
void hfi_queue_undelivered(hf_call_t *call, void *state, const hf_value_t *value, uint64_t cookie);

/* The rows that all kinds of queues have. */
extern const hf_method_t hfi_queue_methods[];

#endif
