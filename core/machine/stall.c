/* SPDX-License-Identifier: MPL-2.0 */
/* stall -- see stall.h
 *
 * Why nothing may touch the referent
 *
 * A thread of the pool reads its state. So not only its methods wait, but whatever else would run a function on it or
 * write to it: session_died, timers, undelivered answers, the end of a call that is parked in its waiters (these lie in
 * its state). Each of them becomes a record of its own, a hook, in one list with the calls. A call that ends while it is
 * parked there is answered at once and leaves its session; its record stays where it is until the list is its turn's.
 */
#include "stall.h"

#include <base/check.h>
#include <base/mutant.h>
#include <value/value.h>

#include "pass.h"
#include "scan.h"
#include "work.h"

enum { STALL_RECORD_BYTES = 320 };

hfi_stall_t *
hfi_stall_find(const hfi_state_t *state, const hfi_referent_t *referent)
{
    return referent->is_offloading ? hfi_idtable_find(&state->stalls, referent->number) : NULL;
}

void
hfi_stall_open(hfi_state_t *state, hfi_referent_t *referent, uint64_t job, hfi_work_t **work_p)
{
    HF_ASSERT(!referent->is_offloading && referent->number != 0);
    hfi_stall_t *stall = hfi_idtable_add(&state->stalls, referent->number);
    if (stall == NULL)
        HF_BUG("no memory");
    stall->referent = referent;
    stall->job = job;
    stall->work = *work_p;
    *work_p = NULL;
    referent->is_offloading = 1;
    referent->busy++;
    hfi_referents_hold(referent, HFI_HOLDER_CALL);
}

void
hfi_stall_loosen(hfi_state_t *state, hfi_stall_t *stall)
{
    for (uint32_t at = stall->calls.first; at != 0;) {
        const hfi_parked_t *hook = hfi_parks_at(&state->parks, at);
        if (hook->hook == HFI_HOOK_GONE)
            hfi_record_unlist(state, hfi_parks_at(&state->parks, hook->other));
        at = hook->next;
    }
    hfi_account_give(&state->account, hfi_work_memory(stall->work));
    hfi_work_destroy(&stall->work);
    stall->referent->is_offloading = 0;
    stall->referent->busy--;
}

void
hfi_stall_close(hfi_state_t *state, uint64_t object)
{
    hfi_stall_t *stall = hfi_idtable_find(&state->stalls, object);
    HF_ASSERT(stall != NULL && stall->work == NULL);
    hfi_referent_t *referent = stall->referent;
    while (stall->calls.count != 0) {
        hfi_parked_t *record = hfi_parks_at(&state->parks, stall->calls.last);
        hfi_waiters_remove(&state->parks, &stall->calls, record);
        record->state = HFI_PARKED_QUEUED; /* it is counted as busy already */
        hfi_waiters_prepend(&state->parks, &state->queued, record);
    }
    hfi_idtable_remove(&state->stalls, stall);
    (void)hfi_referents_unhold(&state->referents, referent, HFI_HOLDER_CALL);
}

/* In state RUNNING, in no list. */
static void
stall_append(hfi_state_t *state, hfi_stall_t *stall, hfi_parked_t *record)
{
    record->state = HFI_PARKED_STALLED;
    stall->referent->busy++;
    hfi_waiters_append(&state->parks, &stall->calls, record);
}

/* Its arguments hold nothing any more; for a mutant alone. */
static void
stall_let_go(hfi_state_t *state, const hfi_parked_t *record)
{
    hfi_scan_t scan;
    hf_value_t item;
    if (!hf_has_handles(&record->args))
        return;
    hfi_scan_open(&scan, &record->args);
    while (hfi_scan_next(&scan, &item)) {
        hfi_referent_t *referent = hfi_pass_named(state, &item);
        if (referent != NULL)
            (void)hfi_referents_unhold(&state->referents, referent, HFI_HOLDER_CALL);
    }
}

void
hfi_stall_add(hfi_state_t *state, hfi_parked_t *record)
{
    hfi_stall_t *stall = hfi_stall_find(state, record->referent);
    HF_ASSERT(stall != NULL);
    hfi_record_unlist(state, record);
    if (HFI_MUTANT(m25_stall_holds))
        stall_let_go(state, record);
    stall_append(state, stall, record);
    hfi_state_arm(state, &record->alarm, record->call_due_ns);
}

/* ---- hooks ------------------------------------------------------------------------------ */

static hfi_parked_t *
stall_hook(hfi_state_t *state, hfi_referent_t *referent, hfi_hook_kind_t kind)
{
    hfi_stall_t *stall = hfi_stall_find(state, referent);
    HF_ASSERT(stall != NULL);
    hfi_account_force(&state->account, STALL_RECORD_BYTES);
    hfi_parked_t *hook = hfi_parks_take(&state->parks);
    hook->hook = kind;
    hook->referent = referent;
    hook->call_due_ns = INT64_MAX;
    hook->park_due_ns = INT64_MAX;
    hfi_referents_hold(referent, HFI_HOLDER_CALL);
    stall_append(state, stall, hook);
    return hook;
}

bool
hfi_stall_timer(hfi_state_t *state, hfi_referent_t *referent, uint32_t number)
{
    if (!referent->is_offloading)
        return false;
    stall_hook(state, referent, HFI_HOOK_TIMER)->number = number;
    return true;
}

bool
hfi_stall_died(hfi_state_t *state, hfi_referent_t *referent, uint64_t session)
{
    if (!referent->is_offloading)
        return false;
    stall_hook(state, referent, HFI_HOOK_DIED)->number = session;
    return true;
}

bool
hfi_stall_undelivered(hfi_state_t *state, hfi_referent_t *referent, const hf_value_t *value,
                      uint64_t cookie)
{
    if (!referent->is_offloading)
        return false;
    hfi_parked_t *hook = stall_hook(state, referent, HFI_HOOK_UNDELIVERED);
    hook->note = cookie;
    hfi_record_keep_forced(state, value, &hook->args);
    return true;
}

/* The one that stands still of the two that a parked call has to do with; NULL: neither. */
static hfi_referent_t *
stall_of(const hfi_parked_t *record)
{
    bool is_in_waiters = record->state == HFI_PARKED_PARKED;
    if (is_in_waiters && record->home->is_offloading)
        return record->home;
    return record->referent != NULL && record->referent->is_offloading ? record->referent : NULL;
}

bool
hfi_stall_late(hfi_state_t *state, hfi_parked_t *record)
{
    hfi_referent_t *referent = stall_of(record);
    if (referent == NULL)
        return false;
    hfi_state_arm(state, &record->alarm, record->call_due_ns);
    record->is_late = true;
    stall_hook(state, referent, HFI_HOOK_LATE)->other = record->place;
    return true;
}

bool
hfi_stall_gone(hfi_state_t *state, hfi_parked_t *record)
{
    hfi_referent_t *referent = stall_of(record);
    bool is_in_waiters = record->state == HFI_PARKED_PARKED && referent == record->home;
    if (referent == NULL || record->job != 0)
        return false;
    if (!is_in_waiters && (referent->type->row->gone == NULL || !hfi_record_has_started(record)))
        return false;
    if (is_in_waiters)
        hfi_state_arm(state, &record->alarm, INT64_MAX);
    else
        hfi_record_unlist(state, record);
    record->is_late = false;
    hfi_record_leave(state, record);
    stall_hook(state, referent, HFI_HOOK_GONE)->other = record->place;
    return true;
}
