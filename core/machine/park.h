/* SPDX-License-Identifier: MPL-2.0 */
/* park -- the records of calls that are neither running nor answered: a slab, and lists of its indices. */
#ifndef HFI_PARK_H
#define HFI_PARK_H

#include <stdbool.h>
#include <stdint.h>

#include <holdfast/plugin.h>

#include "alarm.h"
#include "promise.h"
#include "referent.h"
#include "session.h"

typedef enum hfi_parked_state {
    HFI_PARKED_FREE = 0,
    HFI_PARKED_WAITING, /* for a promise, or behind an earlier call to the same target: has not started */
    HFI_PARKED_QUEUED, /* its turn comes with the next run: has not started */
    HFI_PARKED_PARKED, /* in a referent's waiters */
    HFI_PARKED_WOKEN,  /* runs again with the next run */
    HFI_PARKED_STALLED, /* its referent stands still for an offloaded call: its turn comes afterwards */
    HFI_PARKED_ASKED, /* waits for a JOB_DONE */
    HFI_PARKED_WATCHING, /* waits for a referent's end, which it does not hold: `note` is its key in `watched` */
    HFI_PARKED_RUNNING, /* its function runs, or a waker has it in hand */
} hfi_parked_state_t;

/* What a record is that is no call: a function of the referent's, that waits for an offloaded call of it. */
typedef enum hfi_hook_kind {
    HFI_HOOK_NONE = 0,    /* a call */
    HFI_HOOK_TIMER,       /* `number` */
    HFI_HOOK_DIED,        /* session `number` */
    HFI_HOOK_UNDELIVERED, /* `args` the value, `note` the cookie */
    HFI_HOOK_LATE,        /* record `other` is parked and its time is up */
    HFI_HOOK_GONE,        /* record `other` has ended and left its session */
} hfi_hook_kind_t;

typedef struct hfi_parked {
    hfi_alarm_t alarm; /* the sooner of the two times below */
    uint32_t place;    /* of this record in the slab */
    uint32_t next;     /* in the one list that it is in; 0: none */
    uint32_t prev;
    uint32_t method; /* row, once the target is known and the call has started */
    hfi_parked_state_t state;
    hfi_hook_kind_t hook;
    uint32_t other; /* a hook's record */
    bool is_oneway;
    bool is_job_done;
    bool is_late; /* parked, its time is up, and its home stands still */
    hfi_session_t
        *session;    /* that ends no later than this record; NULL: a hook, or it has left it */
    uint64_t owner;  /* number of the session that it has left */
    uint64_t number; /* of the call */
    uint64_t thread;
    hfi_referent_t *referent; /* held; NULL: a promise that is not known yet, `target` */
    uint64_t target;
    hfi_type_t *returns;  /* as hfi_call_t.returns, from when it started */
    hfi_referent_t *home; /* whose state the waiters are in; held where it is not `referent` */
    uint32_t waiters;     /* bytes from the beginning of that state */
    int32_t job_status;
    uint64_t note;  /* the method's own */
    uint64_t order; /* its place among those parked on the same thing: kept when it parks again */
    int64_t call_due_ns; /* CALL's timeout; INT64_MAX: none */
    int64_t park_due_ns; /* hf_park's */
    uint64_t job;        /* asked; 0: none */
    hf_value_t args;     /* kept; the handles inside are held */
    hf_value_t kwargs;
    hf_value_t method_name;   /* kept while it has not started */
    hf_value_t job_value;     /* kept */
    hfi_promises_t *promises; /* what it waits for; NULL: nothing */
} hfi_parked_t;

enum { HFI_PARKS_CHUNK = 256 };

typedef struct hfi_parks {
    hfi_parked_t **chunks; /* of HFI_PARKS_CHUNK records each, which never move */
    uint32_t n_chunks;
    uint32_t free; /* first of the free records, linked by next; 0: none */
    uint32_t n;    /* records in use */
    uint64_t last_order;
} hfi_parks_t;

void hfi_parks_open(hfi_parks_t *self);
/* All records are free. */
void hfi_parks_close(hfi_parks_t *self);

/* A zeroed record; its place is not 0. */
hfi_parked_t *hfi_parks_take(hfi_parks_t *self);
/* The record goes back; it is in no list and its alarm is idle. */
void hfi_parks_give(hfi_parks_t *self, hfi_parked_t *record);

static inline hfi_parked_t *
hfi_parks_at(const hfi_parks_t *self, uint32_t place)
{
    return &self->chunks[(place - 1) / HFI_PARKS_CHUNK][(place - 1) % HFI_PARKS_CHUNK];
}

/* ---- lists: hf_waiters_t, whether a plugin's or ours ----------------------------------- */

/* False: a list that a plugin has scribbled on. */
bool hfi_waiters_are_sound(const hfi_parks_t *self, const hf_waiters_t *list);

void hfi_waiters_append(hfi_parks_t *self, hf_waiters_t *list, hfi_parked_t *record);
void hfi_waiters_prepend(hfi_parks_t *self, hf_waiters_t *list, hfi_parked_t *record);
/* By record->order: before the first whose order is higher. */
void hfi_waiters_insert(hfi_parks_t *self, hf_waiters_t *list, hfi_parked_t *record);
void hfi_waiters_remove(hfi_parks_t *self, hf_waiters_t *list, hfi_parked_t *record);
/* The first, taken off; NULL: none. */
hfi_parked_t *hfi_waiters_take(hfi_parks_t *self, hf_waiters_t *list);

/* The list that a parked record is in. */
hf_waiters_t *hfi_parked_waiters(const hfi_parked_t *self);

#endif
