/* SPDX-License-Identifier: MPL-2.0 */
/* wait -- records of calls that do not run: made and freed; and those that wait for a promise or for their turn. */
#ifndef HFI_WAIT_H
#define HFI_WAIT_H

#include "answer.h"

/* What a record is made from; all borrowed but `promises`. */
typedef struct hfi_request {
    hfi_session_t *session;
    uint64_t number;
    uint64_t thread;
    int64_t call_due_ns; /* CALL's timeout; INT64_MAX: none */
    bool is_oneway;
    hfi_referent_t *referent; /* NULL: a promise not known yet, `target` */
    uint64_t target;
    hfi_span_t method;
    hf_value_t args;
    hf_value_t kwargs;
    hfi_promises_t *promises; /* takes, also on failure; NULL: none. Its values' handles are held */
} hfi_request_t;

/* A record that keeps and holds what the request names, pending in its session, in state RUNNING; NULL: a limit,
 * ret_failure says which. */
hfi_parked_t *hfi_record_new(hfi_state_t *state, hfi_request_t *request,
                             hfi_failure_t *ret_failure);

/* Its session, which goes on or ends, has it no more. */
void hfi_record_leave(hfi_state_t *state, hfi_parked_t *record);

/* Keeps a value for a record, its handles held, whatever the memory limit; and lets it go. */
void hfi_record_keep_forced(hfi_state_t *state, const hf_value_t *value, hf_value_t *ret_kept);
void hfi_record_drop(hfi_state_t *state, hf_value_t *value);

/* Frees the record and lets go what it held. It is in no list. */
void hfi_record_free(hfi_state_t *state, hfi_parked_t *record);

/* Arms its alarm for the sooner of its two times. */
void hfi_record_arm(hfi_state_t *state, hfi_parked_t *record);

/* Takes it out of whatever list its state says, to state RUNNING; stops its alarm. */
void hfi_record_unlist(hfi_state_t *state, hfi_parked_t *record);

/* Lets go of the arguments of a record that runs no more from the top. */
void hfi_record_forget_arguments(hfi_state_t *state, hfi_parked_t *record);

/* Puts it behind the calls whose turn comes. */
void hfi_record_queue(hfi_state_t *state, hfi_parked_t *record);

/* The session's pending call of that number; NULL: it is answered, or never was. */
hfi_parked_t *hfi_record_find(const hfi_state_t *state, const hfi_session_t *session,
                              uint64_t call);

/* A message with promises or handles, of a busy target or of a session that has others waiting. True: it can run
 * now, *request has its target and its arguments, settled (they last as long as the arena's mark). False: it was
 * refused, or waits. */
bool hfi_wait_receive(hfi_state_t *state, hfi_request_t *request, const hfi_message_t *message);

/* Some of the session's waiting calls may have got their turn. */
void hfi_wait_start_ready(hfi_state_t *state, hfi_session_t *session);

/* Tells the waiting calls what was answered since. */
void hfi_wait_settle(hfi_state_t *state);

#endif
