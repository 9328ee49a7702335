/* SPDX-License-Identifier: MPL-2.0 */
/* record -- records of calls that do not run: made, listed and freed, and what they hold meanwhile. */
#ifndef HFI_RECORD_H
#define HFI_RECORD_H

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

/* Keeps a value for a record, charged, its handles held. False: the memory limit. */
bool hfi_record_keep(hfi_state_t *state, const hf_value_t *value, hf_value_t *ret_kept);
/* The same whatever the limit; and lets it go. */
void hfi_record_keep_forced(hfi_state_t *state, const hf_value_t *value, hf_value_t *ret_kept);
void hfi_record_drop(hfi_state_t *state, hf_value_t *value);

/* Frees what promises gave, held for a record, and nulls; NULL is fine. */
void hfi_record_free_promises(hfi_state_t *state, hfi_promises_t **promises_p);

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

#endif
