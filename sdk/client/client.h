/* SPDX-License-Identifier: MPL-2.0 */
/* client -- what a client is inside, and what its modules share.
 *
 * Who owns what: `mutex` guards everything but what is marked atomic and what is marked as the leader's. It is a
 * leaf: nothing is polled, sent or received under it, and no code of the program's runs. hf_client_t lives as long
 * as hf_disconnect has not come, and after that as long as a proxy or future of it does.
 */
#ifndef HFI_CLIENT_H
#define HFI_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <base/span.h>
#include <holdfast/holdfast.h>
#include <value/failure.h>

#include "engine.h"
#include "link.h"

enum {
    HFI_CLIENT_MAGIC = 0x4846434c, /* "HFCL" */
    HFI_PROXY_MAGIC = 0x48465058,  /* "HFPX" */
    HFI_FUTURE_MAGIC = 0x48464655, /* "HFFU" */
    HFI_WAKES_MAX = 64,
};

#define HFI_MS INT64_C(1000000)

typedef struct hfi_waiter hfi_waiter_t;

/* What a parent exported for its child: the secret, and when it will have run out. */
typedef struct hfi_claim {
    uint8_t secret[16];
    int64_t due_ns;
} hfi_claim_t;

/* What is given back without a lock: a proxy, or an answer's value that held referents. */
typedef struct hfi_released {
    struct hfi_released *next;
    bool is_value;
} hfi_released_t;

struct hf_client {
    uint32_t magic;
    atomic_uint
        generation; /* the process that link, wake_fd and visits are of, by hfi_fork_generation */
    atomic_uint refs;
    pthread_mutex_t mutex;
    hfi_engine_t *engine;
    hf_future_t *free_futures;
    char *endpoint;
    hf_options_t *options; /* what it was connected with */

    /* the lead */
    bool is_led;
    bool is_asleep;           /* the leader polls, or is about to */
    bool is_woken;            /* and was written to */
    bool is_closed;           /* the link is gone, nobody leads any more */
    bool is_refused;          /* an attempt to connect failed, and none has gone well */
    bool is_far;              /* opened for another manager's handle: far.c */
    bool is_inheriting;       /* over fork: a thread opens the child's session */
    atomic_bool is_inherited; /* a fork's child, and it has no session of its own yet */
    hfi_waiter_t *first_waiter;
    hfi_waiter_t *last_waiter;
    hfi_link_t *link; /* the leader's */
    uint8_t *buffer;  /* the leader's: HFI_ENGINE_ROOM bytes */
    uint32_t n_wakes; /* the leader's: threads to be woken when the mutex is let go */
    atomic_uint *wakes[HFI_WAKES_MAX];
    atomic_int wake_fd;
    uint32_t interrupts_seen;
    atomic_uint interrupts;

    /* lock-free */
    _Atomic(hfi_released_t *) released;
    _Atomic(hf_future_t *) pushed_futures; /* free ones, taken all at once */
    atomic_bool is_poked;                  /* the keeper comes within 100 ms */
    _Atomic int64_t timeout_ns;            /* of calls; INT64_MAX: none */

    /* over fork: inherit.c */
    hfi_claim_t *claims;     /* by which what it holds is to be adopted */
    atomic_uint inheritings; /* attempts that have ended; a futex */
    uint32_t n_claims;
    uint32_t n_claims_before; /* the fork that is under way */
    uint32_t claims_room;

    /* fork.c's and far.c's, under fork.c's mutex */
    hf_client_t **owners; /* of one that was opened for another manager's handle */
    uint32_t n_owners;
    bool has_left; /* it is being disconnected: it owns none any more */
    hf_client_t *fork_next;
    hf_client_t **fork_previous_next;

    /* the keeper's, under its mutex */
    hf_client_t *next;
    hf_client_t **previous_next;
    int64_t visit_ns;
    bool is_visited;
};

static inline void
hfi_client_lock(hf_client_t *self)
{
    (void)pthread_mutex_lock(&self->mutex);
}

/* Wakes whom the lead has let go, too. */
void hfi_client_unlock(hf_client_t *self);

/* now + seconds; INT64_MAX where they are below 0, no number, or past all time. */
int64_t hfi_due_ns(double seconds);

void hfi_client_ref(hf_client_t *self);
/* The same where it may be being freed; then false. Under fork.c's mutex. */
bool hfi_client_ref_live(hf_client_t *self);
/* Takes a reference; with the last one memory is freed. Never blocks. */
void hfi_client_unref(hf_client_t *self);

/* Opens a client and waits for its session; is_far: for another manager's handle, and not patiently. NULL: *failure. */
hf_client_t *hfi_client_connect(const char *endpoint, const hf_options_t *options, bool is_far,
                                hfi_failure_t *ret_failure);

/* Takes one: ends its session as hf_disconnect does. */
void hfi_client_end(hf_client_t **client_p);

/* What a client has of the process it is in: link, wake_fd, the keeper's visits, and a session that is still to be
 * opened. False: *failure, and it has none. The mutex is not held. */
bool hfi_client_start(hf_client_t *self, hfi_failure_t *ret_failure);

/* One wait for the session; true: it is decided, and *ret_failure says how where it failed. Under the mutex. */
bool hfi_client_attach(hf_client_t *self, int64_t due_ns, hfi_failure_t *ret_failure);

/* False: it is NULL, and this thread's error says so. */
bool hfi_client_is_usable(const hf_client_t *self);

/* Whether its link and its visits are this process's. */
bool hfi_client_is_here(const hf_client_t *self);

/* When a call made now is due by the client's default. */
int64_t hfi_client_due_ns(hf_client_t *self);

/* Lock-free; from any thread, any finalizer. Takes `released` and one reference of the client. */
void hfi_client_push(hf_client_t *self, hfi_released_t *released);
/* Gives back what was pushed. Under the mutex. */
void hfi_client_drain(hf_client_t *self);

#endif
