/* SPDX-License-Identifier: MPL-2.0 */
/* offload -- see offload.h
 *
 * Life of an offloaded call
 *
 *   begun      its arguments are bound to values that last, JOB "offload" goes out, the call is ASKED; its referent
 *              stands still (stall.h)
 *   running    `work` on a thread of the pool, which knows nothing of the machine (work.h). A replay never runs it
 *   given up   cancelled, late, or its session ends: it is answered and gone at once, hf_is_cancelled becomes true.
 *              The referent stands still as before, until the job is done
 *   done       JOB_DONE: the referent may be changed again; `finish` runs before anything that waited, in this very
 *              event, so that it sees what `work` saw. Then what waited gets its turn, before all others
 */
#include "offload.h"

#include <base/check.h>
#include <stream/handle.h>
#include <value/admit.h>
#include <value/value.h>
#include <value/writer.h>

#include "parking.h"
#include "scan.h"
#include "work.h"

/* ---- begun ------------------------------------------------------------------------------ */

static hf_err_t
offload_begin(hfi_call_t *self)
{
    hfi_state_t *state = self->state;
    const hfi_machine_limits_t *limits = &state->boot.limits;
    if (state->stalls.live >= limits->offload_queue)
        return hfi_answer_raise(self, "Overloaded", NULL,
                                "as many offloaded calls run or wait for a thread as may");
    if (!hfi_call_require_record(self))
        return HF_RAISED;
    hfi_parked_t *record = self->record;
    if (!hfi_call_bind(self, self->method->signature, self->name, &record->args, &record->kwargs))
        return HF_RAISED;
    hfi_work_terms_t terms = {
        .function = self->method->row->work,
        .self = hfi_referent_self(self->referent),
        .typeid_ = self->type->row->name,
        .method = self->name,
        .client = self->session == NULL ? NULL : self->session->client,
        .is_sensitive = (self->method->row->flags & HF_SENSITIVE) != 0,
        .signature = self->method->signature,
        .object = self->referent->number,
        .row = self->head.row,
        .max_bytes = limits->offload_memory,
        .key = &state->secrets_key,
        .args = &record->args,
        .kwargs = &record->kwargs,
        .bound = &self->bound,
    };
    hfi_work_t *work = hfi_work_new(&terms);
    if (!hfi_account_take(&state->account, hfi_work_memory(work))) {
        hfi_work_destroy(&work);
        return hfi_answer_raise(self, "LimitExceeded", NULL,
                                "the manager's memory is at its limit");
    }
    record->method = self->head.row;
    record->returns = self->returns;
    record->park_due_ns = INT64_MAX;
    record->state = HFI_PARKED_ASKED;
    record->job = hfi_jobs_add(&state->jobs, record->place, self->referent->number);
    hfi_record_arm(state, record);
    hfi_stall_open(state, self->referent, record->job, &work);
    hfi_state_output(state, &(hfi_output_t){.kind = HFI_OUTPUT_JOB,
                                            .number = record->job,
                                            .text = hfi_span_of("offload")});
    self->stage = HFI_STAGE_PARKED;
    return HF_PARKED;
}

/* ---- finished ---------------------------------------------------------------------------- */

static bool
offload_text(hf_cursor_t *items, char *to, size_t room)
{
    hf_value_t item = {.raw = {0}};
    size_t len = 0;
    const char *text = hf_next(items, &item) ? hf_as_str(&item, &len) : NULL;
    if (text != NULL)
        (void)snprintf(to, room, "%.*s", (int)(len < room ? len : room - 1), text);
    return text != NULL;
}

/* What `work` raised, as JOB_DONE brought it: from outside, so it may be anything. */
static hf_err_t
offload_raise(hfi_call_t *self, const hf_value_t *error)
{
    char kind[sizeof self->failure.kind];
    char text[sizeof self->failure.text];
    hf_cursor_t items;
    hf_value_t data = {.raw = {0}};
    hf_open(&items, error);
    if (!offload_text(&items, kind, sizeof kind) || !offload_text(&items, text, sizeof text))
        return hfi_answer_fault(self, "its `work` failed, and nobody knows how");
    (void)hf_next(&items, &data);
    return hfi_answer_raise(self, kind, &data, "%s", text);
}

static hf_err_t
offload_finish(hfi_call_t *self)
{
    const hfi_parked_t *record = self->record;
    hf_finish_f *finish = self->method->row->finish;
    hf_value_t value = record->job_value;
    size_t len = 0;
    const char *text = hf_as_str(&value, &len);
    switch (record->job_status) {
    case HFI_WORK_DONE:
        break;
    case HFI_WORK_RAISED:
        return offload_raise(self, &value);
    case HFI_WORK_FAULT:
        return hfi_answer_fault(self, "%.*s", (int)(len < HFI_FAILURE_TEXT ? len : 0),
                                text == NULL ? "" : text);
    default:
        return hfi_answer_raise(self, "RemoteError", NULL, "the manager could not run it");
    }
    hf_err_t err =
        finish == NULL ? HF_OK : finish(&self->head, hfi_referent_self(self->referent), &value);
    if (err != HF_OK || self->stage != HFI_STAGE_OPEN)
        return err;
    return self->head.host->return_value(&self->head, &value);
}

hf_err_t
hfi_offload_run(hf_call_t *call, void *self)
{
    (void)self;
    hfi_call_t *me = hfi_call_of(call);
    if (me->record != NULL && me->record->is_job_done)
        return offload_finish(me);
    return offload_begin(me);
}

/* ---- done -------------------------------------------------------------------------------- */

/* What names nothing must not be kept: its record would hold nothing, and let go what has that number by then. */
static const char *
offload_objection(const hfi_state_t *state, const hf_value_t *value)
{
    hfi_scan_t scan;
    hf_value_t item;
    if ((value->raw[15] & (HF_TAG_HANDLES | HF_TAG_PROMISES)) == 0)
        return NULL;
    hfi_scan_open(&scan, value);
    while (hfi_scan_next(&scan, &item)) {
        uint64_t object = 0;
        if (hf_kind(&item) != HF_HANDLE)
            return "there is a promise in its answer";
        if (hfi_handle_number(&item, &object) && hfi_state_find(state, object) == NULL)
            return "it answered with a handle of nothing";
    }
    return NULL;
}

/* A str that says it, in scratch. */
static hf_value_t
offload_complaint(const char *why, hfi_bytes_t *scratch)
{
    hfi_bytes_writer_t out;
    scratch->len = 0;
    hfi_bytes_writer_open(&out, scratch);
    hf_write_str(&out.w, why, strlen(why));
    if (!hfi_bytes_writer_close(&out))
        HF_BUG("no memory");
    return hfi_value_view(hfi_bytes_span(scratch), 0);
}

static void
offload_end(hfi_state_t *state, const hfi_job_t *job, int32_t status, const hf_value_t *value)
{
    if (job->object != 0)
        hfi_stall_loosen(state, hfi_idtable_find(&state->stalls, job->object));
    if (job->record != 0) {
        hfi_parked_t *record = hfi_parks_at(&state->parks, job->record);
        HF_ASSERT(record->state == HFI_PARKED_ASKED && record->job == job->number);
        hfi_call_take_job(state, record, status, value);
        if (job->object == 0)
            hfi_call_wake_record(state, record);
        else
            hfi_call_run_record(state, record);
    }
    if (job->object != 0)
        hfi_stall_close(state, job->object);
}

void
hfi_offload_done(hfi_state_t *state, uint64_t number, int32_t status, hfi_span_t bytes)
{
    hfi_job_t job;
    hf_value_t value;
    hfi_bytes_t scratch = {0};
    char text[HFI_FAILURE_TEXT];
    const char *why = NULL;
    if (!hfi_jobs_take(&state->jobs, number, &job))
        return;
    if (hfi_admit_value(bytes, HFI_DEPTH_MAX, &scratch, &value, &why) != HFI_ADMIT_OK) {
        (void)snprintf(text, sizeof text, "what it wrote is no value: %s", why == NULL ? "?" : why);
        why = text;
    } else {
        why = offload_objection(state, &value);
    }
    if (why != NULL) {
        value = offload_complaint(why, &scratch);
        if (status == HFI_WORK_DONE || (status == HFI_WORK_RAISED && job.object != 0))
            status = HFI_WORK_FAULT;
    }
    offload_end(state, &job, status, &value);
    hfi_bytes_close(&scratch);
}

hfi_work_t *
hfi_offload_work(const hfi_state_t *state, uint64_t number)
{
    const hfi_job_t *job = hfi_jobs_find(&state->jobs, number);
    const hfi_stall_t *stall =
        job == NULL || job->object == 0 ? NULL : hfi_idtable_find(&state->stalls, job->object);
    return stall == NULL ? NULL : stall->work;
}

/* ---- what runs between two messages ------------------------------------------------------ */

/* Runs a record's hook, other than those about another record. */
static void
offload_run_function(hfi_state_t *state, const hfi_parked_t *hook)
{
    hfi_referent_t *referent = hook->referent;
    const hf_type_t *type = referent->type->row;
    const char *name = hook->hook == HFI_HOOK_TIMER  ? "timer"
                       : hook->hook == HFI_HOOK_DIED ? "session_died"
                                                     : "undelivered";
    hfi_call_t *call = hfi_hook_borrow(state, referent, name, HFI_SINK_NONE);
    void *self = hfi_referent_self(referent);
    hfi_call_enter(call);
    if (hook->hook == HFI_HOOK_TIMER)
        type->timer(&call->head, self, (uint32_t)hook->number);
    else if (hook->hook == HFI_HOOK_DIED)
        type->session_died(&call->head, self, hook->number);
    else
        type->undelivered(&call->head, self, &hook->args, hook->note);
    hfi_call_leave(call);
    hfi_call_close(call, HF_OK);
}

/* The record of a call that has ended: its type hears of it, as soon as its own referent may be touched. */
static void
offload_run_gone(hfi_state_t *state, uint32_t place)
{
    hfi_parked_t *record = hfi_parks_at(&state->parks, place);
    HF_ASSERT(record->state == HFI_PARKED_RUNNING && record->session == NULL);
    hfi_call_tell_gone(state, record);
    hfi_record_free(state, record);
}

/* Where the function of a hook about another record runs. */
static hfi_referent_t *
offload_target(const hfi_state_t *state, const hfi_parked_t *hook)
{
    if (hook->hook != HFI_HOOK_GONE)
        return hook->referent;
    return hfi_parks_at(&state->parks, hook->other)->referent;
}

static void
offload_run_hook(hfi_state_t *state, hfi_parked_t *hook)
{
    hfi_referent_t *target = offload_target(state, hook);
    hfi_record_unlist(state, hook);
    if (target->is_offloading) { /* not the one that it waited for, but another */
        hfi_referents_hold(target, HFI_HOLDER_CALL);
        (void)hfi_referents_unhold(&state->referents, hook->referent, HFI_HOLDER_CALL);
        hook->referent = target;
        hfi_stall_add(state, hook);
        return;
    }
    if (hook->hook == HFI_HOOK_GONE) {
        offload_run_gone(state, hook->other);
    } else if (hook->hook == HFI_HOOK_LATE) {
        hfi_parked_t *record = hfi_parks_at(&state->parks, hook->other);
        bool is_late = record->is_late && record->state == HFI_PARKED_PARKED;
        record->is_late = false;
        if (is_late)
            hfi_call_time_up(state, record);
    } else {
        offload_run_function(state, hook);
    }
    hfi_record_free(state, hook);
}

bool
hfi_offload_run_next(hfi_state_t *state)
{
    uint32_t place = state->woken.count != 0 ? state->woken.first : state->queued.first;
    if (place == 0)
        return false;
    hfi_parked_t *record = hfi_parks_at(&state->parks, place);
    if (record->referent->is_offloading) {
        hfi_stall_add(state, record);
    } else if (record->hook != HFI_HOOK_NONE) {
        offload_run_hook(state, record);
    } else {
        hfi_record_unlist(state, record);
        hfi_call_run_record(state, record);
    }
    return true;
}

static void
offload_abandon_job(hfi_state_t *state, uint64_t number)
{
    hfi_job_t job;
    hf_value_t nothing = hf_nil();
    if (hfi_jobs_take(&state->jobs, number, &job))
        offload_end(state, &job, HFI_WORK_RAISED, &nothing);
}

void
hfi_offload_abandon(hfi_state_t *state)
{
    for (const hfi_stall_t *stall = hfi_idtable_next(&state->stalls, NULL); stall != NULL;
         stall = hfi_idtable_next(&state->stalls, NULL))
        offload_abandon_job(state, stall->job);
    while (hfi_offload_run_next(state))
        continue;
}
