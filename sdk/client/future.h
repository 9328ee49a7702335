/* SPDX-License-Identifier: MPL-2.0 */
/* future -- a call under way, and what became of it.
 *
 * Thread: [any], but where the client's mutex is asked for.
 */
#ifndef HFI_FUTURE_H
#define HFI_FUTURE_H

#include "client.h"

typedef enum hfi_future_state {
    HFI_FUTURE_PENDING,
    HFI_FUTURE_RESULT,
    HFI_FUTURE_ERROR,
    HFI_FUTURE_TIMEOUT,
    HFI_FUTURE_LOST,
    HFI_FUTURE_LEFT, /* made before the fork, by the parent */
} hfi_future_state_t;

struct hf_future {
    uint32_t magic;
    atomic_uint refs;
    atomic_uint state; /* written last, with release: then `value` stands */
    uint64_t call;
    hf_client_t *client; /* holds one reference of it */
    hf_value_t value;    /* its handles are held by the future */
    hf_future_t *next;   /* of the free ones */
};

static inline bool
hfi_future_is_done(const hf_future_t *self)
{
    return atomic_load_explicit(&self->state, memory_order_acquire) != HFI_FUTURE_PENDING;
}

/* A record of a call about to be put; NULL: no memory. Its reference of the client is counted where the program gets
 * it. Under the mutex. */
hf_future_t *hfi_future_new(hf_client_t *client);
/* Takes a record whose value was taken, for the next call. Under the mutex. */
void hfi_future_recycle(hf_future_t *self);

/* The engine's word on a call; takes the value. Under the mutex. */
void hfi_future_finish(hf_future_t *self, const hfi_engine_done_t *done);

/* One more holder. */
void hfi_future_ref(hf_future_t *self);
/* Takes a reference; with the last one the answer is let go, or its call abandoned. Under the mutex. */
void hfi_future_unref(hf_future_t *self);

/* Writes what a future stands for: its result, or a promise of it. Under the mutex or where it is done; a state that
 * changes meanwhile is seen by the engine. False: it failed, and so does whoever asked. */
bool hfi_future_write(const hf_future_t *self, hf_writer_t *w, hfi_failure_t *failure);

/* Tells a future's failure as this thread's error, -1; 0 where it has a result. It is done. */
int hfi_future_error(const hf_future_t *self);
void hfi_future_failure(const hf_future_t *self, hfi_failure_t *ret_failure);

#endif
