/* SPDX-License-Identifier: MPL-2.0 */
/* stall -- what waits while a referent's offloaded call is on its way: calls and hooks, in the order they came. */
#ifndef HFI_STALL_H
#define HFI_STALL_H

#include "wait.h"

/* The referent stands still for that job from now on; takes the work. */
void hfi_stall_open(hfi_state_t *state, hfi_referent_t *referent, uint64_t job,
                    hfi_work_t **work_p);

/* NULL: no offloaded call of it is on its way. */
hfi_stall_t *hfi_stall_find(const hfi_state_t *state, const hfi_referent_t *referent);

/* The referent may be changed again: the work is freed, its calls that have ended leave its waiters. What waits
 * still waits. */
void hfi_stall_loosen(hfi_state_t *state, hfi_stall_t *stall);

/* What waits gets its turn, before all others. */
void hfi_stall_close(hfi_state_t *state, uint64_t object);

/* A record in a list of those to run, of a referent that stands still, waits for it. */
void hfi_stall_add(hfi_state_t *state, hfi_parked_t *record);

/* These give true where the referent stands still: the hook runs later. */
bool hfi_stall_timer(hfi_state_t *state, hfi_referent_t *referent, uint32_t number);
bool hfi_stall_died(hfi_state_t *state, hfi_referent_t *referent, uint64_t session);
bool hfi_stall_undelivered(hfi_state_t *state, hfi_referent_t *referent, const hf_value_t *value,
                           uint64_t cookie);
/* The same of a parked call whose own time is up. */
bool hfi_stall_late(hfi_state_t *state, hfi_parked_t *record);
/* The same of one that ends: takes the record, which its session has no more. */
bool hfi_stall_gone(hfi_state_t *state, hfi_parked_t *record);

/* Whether the call has run before. */
static inline bool
hfi_record_has_started(const hfi_parked_t *record)
{
    return hf_kind(&record->method_name) == HF_NONE;
}

#endif
