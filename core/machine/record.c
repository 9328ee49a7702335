/* SPDX-License-Identifier: MPL-2.0 */
/* record -- see record.h */
#include "record.h"

#include <base/check.h>
#include <base/mutant.h>
#include <registry/text.h>
#include <value/value.h>

#include "pass.h"
#include "scan.h"
#include "work.h"

enum { RECORD_BYTES = 320 };

/* ---- what records hold ---------------------------------------------------------------- */

static void
record_hold(hfi_state_t *state, const hf_value_t *value)
{
    hfi_scan_t scan;
    hf_value_t item;
    if (!hf_has_handles(value) || HFI_MUTANT(m03_pin_running_call))
        return;
    hfi_scan_open(&scan, value);
    while (hfi_scan_next(&scan, &item)) {
        hfi_referent_t *referent = hfi_pass_named(state, &item);
        if (referent != NULL)
            hfi_referents_hold(referent, HFI_HOLDER_CALL);
    }
}

static void
record_unhold(hfi_state_t *state, const hf_value_t *value)
{
    hfi_scan_t scan;
    hf_value_t item;
    if (!hf_has_handles(value) || HFI_MUTANT(m03_pin_running_call))
        return;
    hfi_scan_open(&scan, value);
    while (hfi_scan_next(&scan, &item)) {
        hfi_referent_t *referent = hfi_pass_named(state, &item);
        if (referent != NULL)
            (void)hfi_referents_unhold(&state->referents, referent, HFI_HOLDER_CALL);
    }
}

bool
hfi_record_keep(hfi_state_t *state, const hf_value_t *value, hf_value_t *ret_kept)
{
    hf_value_t kept;
    uint64_t size = hfi_value_memory(value);
    if (!hfi_account_take(&state->account, size))
        return false;
    if (!hfi_value_keep(value, &kept))
        HF_BUG("no memory");
    record_hold(state, &kept);
    *ret_kept = kept;
    return true;
}

void
hfi_record_keep_forced(hfi_state_t *state, const hf_value_t *value, hf_value_t *ret_kept)
{
    if (!hfi_value_keep(value, ret_kept))
        HF_BUG("no memory");
    hfi_account_force(&state->account, hfi_value_memory(ret_kept));
    record_hold(state, ret_kept);
}

void
hfi_record_drop(hfi_state_t *state, hf_value_t *value)
{
    record_unhold(state, value);
    hfi_account_give(&state->account, hfi_value_memory(value));
    hfi_value_drop(value);
}

void
hfi_record_free_promises(hfi_state_t *state, hfi_promises_t **promises_p)
{
    hfi_promises_t *promises = *promises_p;
    if (promises == NULL)
        return;
    for (uint64_t call = hfi_promises_next(promises, 0); call != 0;
         call = hfi_promises_next(promises, call)) {
        const hf_value_t *value = hfi_promises_find(promises, call);
        if (value != NULL) {
            record_unhold(state, value);
            hfi_account_give(&state->account, hfi_value_memory(value));
        }
    }
    hfi_promises_destroy(promises_p);
}

static bool
record_limit(hfi_failure_t *ret_failure, const char *what)
{
    return hfi_fail(ret_failure, "LimitExceeded", "%s", what);
}

/* ---- made and freed ------------------------------------------------------------------- */

/* Whether a record more may be, and its memory taken. */
static bool
record_admit(hfi_state_t *state, const hfi_request_t *request, hfi_failure_t *ret_failure)
{
    const hfi_machine_limits_t *limits = &state->boot.limits;
    if (request->session->pending.live >= limits->parked)
        return record_limit(ret_failure, "the session has as many parked calls as it may");
    if (request->referent != NULL &&
        request->referent->holders[HFI_HOLDER_CALL] >= limits->parked_referent)
        return record_limit(ret_failure, "the referent has as many parked calls as it may");
    if (!hfi_account_take(&state->account, RECORD_BYTES))
        return record_limit(ret_failure, "the manager's memory is at its limit");
    return true;
}

/* No type has a method with a longer name, so a longer one is cut, and not found just as well. */
static hf_value_t
record_method_name(hfi_state_t *state, hfi_span_t method)
{
    hf_value_t kept;
    hfi_buffer_t *buffer = hfi_state_borrow(state, UINT32_MAX);
    size_t len = method.len > HFI_MAX_NAME_BYTES + 1 ? HFI_MAX_NAME_BYTES + 1 : method.len;
    hf_write_str(&buffer->w, (const char *)method.at, len);
    hf_value_t name = hfi_buffer_view(buffer);
    if (!hfi_value_keep(&name, &kept))
        HF_BUG("no memory");
    hfi_account_force(&state->account, hfi_value_memory(&kept));
    hfi_state_return(state, &buffer);
    return kept;
}

hfi_parked_t *
hfi_record_new(hfi_state_t *state, hfi_request_t *request, hfi_failure_t *ret_failure)
{
    hf_value_t args;
    hf_value_t kwargs;
    if (!record_admit(state, request, ret_failure)) {
        hfi_record_free_promises(state, &request->promises);
        return NULL;
    }
    if (!hfi_record_keep(state, &request->args, &args)) {
        hfi_account_give(&state->account, RECORD_BYTES);
        hfi_record_free_promises(state, &request->promises);
        (void)record_limit(ret_failure, "the manager's memory is at its limit");
        return NULL;
    }
    if (!hfi_record_keep(state, &request->kwargs, &kwargs)) {
        hfi_account_give(&state->account, RECORD_BYTES);
        hfi_record_drop(state, &args);
        hfi_record_free_promises(state, &request->promises);
        (void)record_limit(ret_failure, "the manager's memory is at its limit");
        return NULL;
    }
    hfi_parked_t *record = hfi_parks_take(&state->parks);
    record->state = HFI_PARKED_RUNNING;
    record->session = request->session;
    record->number = request->number;
    record->thread = request->thread;
    record->call_due_ns = request->call_due_ns;
    record->park_due_ns = INT64_MAX;
    record->is_oneway = request->is_oneway;
    record->target = request->target;
    record->referent = request->referent;
    record->args = args;
    record->kwargs = kwargs;
    record->promises = request->promises;
    request->promises = NULL;
    if (request->method.len != 0)
        record->method_name = record_method_name(state, request->method);
    if (record->referent != NULL)
        hfi_referents_hold(record->referent, HFI_HOLDER_CALL);
    hfi_pending_t *row = hfi_idtable_add(&record->session->pending, record->number);
    if (row == NULL)
        HF_BUG("no memory");
    row->record = record->place;
    record->session->n_parked++;
    state->figures.parked++;
    return record;
}

void
hfi_record_leave(hfi_state_t *state, hfi_parked_t *record)
{
    hfi_session_t *session = record->session;
    session->asked_ns = state->now_ns; /* until now it waited, and was not idle */
    hfi_idtable_remove(&session->pending, hfi_idtable_find(&session->pending, record->number));
    session->n_parked--;
    state->figures.parked--;
    record->owner = session->number;
    record->session = NULL;
}

/* What it asked of the world is not wanted any more. */
static void
record_forget_job(hfi_state_t *state, uint64_t job)
{
    uint64_t object = hfi_jobs_forget(&state->jobs, job);
    hfi_stall_t *stall = object == 0 ? NULL : hfi_idtable_find(&state->stalls, object);
    if (stall != NULL)
        hfi_work_cancel(stall->work);
}

void
hfi_record_free(hfi_state_t *state, hfi_parked_t *record)
{
    HF_ASSERT(record->state == HFI_PARKED_RUNNING);
    hfi_state_arm(state, &record->alarm, INT64_MAX);
    if (record->session != NULL)
        hfi_record_leave(state, record);
    if (record->job != 0)
        record_forget_job(state, record->job);
    hfi_record_drop(state, &record->args);
    hfi_record_drop(state, &record->kwargs);
    hfi_record_drop(state, &record->method_name);
    hfi_record_drop(state, &record->job_value);
    hfi_record_free_promises(state, &record->promises);
    if (record->home != NULL && record->home != record->referent)
        (void)hfi_referents_unhold(&state->referents, record->home, HFI_HOLDER_CALL);
    if (record->referent != NULL)
        (void)hfi_referents_unhold(&state->referents, record->referent, HFI_HOLDER_CALL);
    hfi_account_give(&state->account, RECORD_BYTES);
    hfi_parks_give(&state->parks, record);
}

/* ---- their lists and alarms ------------------------------------------------------------ */

void
hfi_record_arm(hfi_state_t *state, hfi_parked_t *record)
{
    int64_t due =
        record->call_due_ns < record->park_due_ns ? record->call_due_ns : record->park_due_ns;
    hfi_state_arm(state, &record->alarm, due);
}

void
hfi_record_forget_arguments(hfi_state_t *state, hfi_parked_t *record)
{
    hfi_record_drop(state, &record->args);
    hfi_record_drop(state, &record->kwargs);
}

/* Takes it off the calls that watch a referent; the last one's row goes with it. */
static void
record_unwatch(hfi_state_t *state, hfi_parked_t *record)
{
    hfi_watched_t *row = hfi_idtable_find(&state->watched, record->note);
    HF_ASSERT(row != NULL);
    hfi_waiters_remove(&state->parks, &row->calls, record);
    if (row->calls.count != 0)
        return;
    row->referent->is_watched = 0;
    hfi_idtable_remove(&state->watched, row);
}

/* The list is that of its referent, which stands still. */
static void
record_unstall(hfi_state_t *state, hfi_parked_t *record)
{
    HF_ASSERT(record->referent != NULL);
    hfi_stall_t *stall = hfi_idtable_find(&state->stalls, record->referent->number);
    HF_ASSERT(stall != NULL);
    hfi_waiters_remove(&state->parks, &stall->calls, record);
    record->referent->busy--;
}

void
hfi_record_unlist(hfi_state_t *state, hfi_parked_t *record)
{
    record->is_late = false;
    switch (record->state) {
    case HFI_PARKED_WAITING:
        hfi_waiters_remove(&state->parks, &record->session->waiting, record);
        break;
    case HFI_PARKED_QUEUED:
        hfi_waiters_remove(&state->parks, &state->queued, record);
        record->referent->busy--;
        break;
    case HFI_PARKED_WOKEN:
        hfi_waiters_remove(&state->parks, &state->woken, record);
        record->referent->busy--;
        break;
    case HFI_PARKED_STALLED:
        record_unstall(state, record);
        break;
    case HFI_PARKED_PARKED:
        hfi_waiters_remove(&state->parks, hfi_parked_waiters(record), record);
        break;
    case HFI_PARKED_WATCHING:
        record_unwatch(state, record);
        break;
    case HFI_PARKED_ASKED:
    case HFI_PARKED_RUNNING:
        break;
    case HFI_PARKED_FREE:
        HF_BUG("a free record was used");
    }
    hfi_state_arm(state, &record->alarm, INT64_MAX);
    record->state = HFI_PARKED_RUNNING;
}

void
hfi_record_queue(hfi_state_t *state, hfi_parked_t *record)
{
    record->state = HFI_PARKED_QUEUED;
    record->referent->busy++;
    hfi_waiters_append(&state->parks, &state->queued, record);
    hfi_record_arm(state, record);
}

hfi_parked_t *
hfi_record_find(const hfi_state_t *state, const hfi_session_t *session, uint64_t call)
{
    const hfi_pending_t *row = hfi_idtable_find(&session->pending, call);
    return row == NULL ? NULL : hfi_parks_at(&state->parks, row->record);
}
