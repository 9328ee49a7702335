/* SPDX-License-Identifier: MPL-2.0 */
/* lead -- which thread drives the socket, and how the others wait; see the essay in lead.c.
 *
 * Thread: [any]; the client's mutex is held at every call and at every return, and let go in between.
 */
#ifndef HFI_LEAD_H
#define HFI_LEAD_H

#include "client.h"

typedef enum hfi_wait_for {
    HFI_WAIT_FUTURE,   /* it is done */
    HFI_WAIT_ACK,      /* the manager has acknowledged `number`, or the session has ended */
    HFI_WAIT_ATTACHED, /* the session is open, ended, or nobody serves there (unless is_patient) */
    HFI_WAIT_ENDED,    /* the session has ended */
    HFI_WAIT_LEAD,     /* this thread leads */
} hfi_wait_for_t;

struct hfi_waiter {
    hfi_wait_for_t what;
    const hf_future_t *future;
    uint64_t number;
    bool is_patient;
    uint32_t interrupts; /* of the client's, when the wait began */
    atomic_uint word;    /* the futex */
    hfi_waiter_t *next;
    hfi_waiter_t *previous;
    bool is_enlisted;
};

typedef enum hfi_wait_end {
    HFI_WAIT_READY,
    HFI_WAIT_TIMEOUT,
    HFI_WAIT_INTERRUPTED,
} hfi_wait_end_t;

/* Waits until it is ready; sends what is queued meanwhile. The waiter is the caller's, filled in but for its links. */
hfi_wait_end_t hfi_lead_wait(hf_client_t *client, hfi_waiter_t *waiter, int64_t due_ns);

/* A call was put that nobody waits for yet: sends it, or lets it gather. */
void hfi_lead_put(hf_client_t *client);

/* Sends what is queued now, whatever it is; or has it sent by who leads. */
void hfi_lead_send(hf_client_t *client);

/* The keeper's visit: does what is due if nobody leads, never waits. Returns when the next one is due, and whether
 * that is because something is owed. */
int64_t hfi_lead_visit(hf_client_t *client, bool *ret_is_owing);

/* In a fork's child: the threads that led and waited are not here. */
void hfi_lead_forget(hf_client_t *client);

/* Takes the lead for good: no thread touches the link any more. */
void hfi_lead_retire(hf_client_t *client);

#endif
