/* SPDX-License-Identifier: MPL-2.0 */
/* parking -- see parking.h */
#include "parking.h"

#include <base/check.h>
#include <value/value.h>

#include "wait.h"

bool
hfi_call_require_record(hfi_call_t *self)
{
    if (self->record != NULL)
        return true;
    hfi_failure_t failure;
    hfi_request_t request = {.session = self->session,
                             .number = self->number,
                             .thread = self->thread,
                             .call_due_ns = self->call_due_ns,
                             .is_oneway = self->sink == HFI_SINK_DROP,
                             .referent = self->referent,
                             .args = self->args,
                             .kwargs = self->kwargs};
    self->record = hfi_record_new(self->state, &request, &failure);
    if (self->record == NULL)
        (void)hfi_answer_pass_on(self, &failure);
    return self->record != NULL;
}

/* Why the call may not park now; NULL: it may. */
static const char *
parking_objection(const hfi_call_t *self)
{
    if (self->session == NULL || self->sink == HFI_SINK_NONE || self->sink == HFI_SINK_INNER)
        return "it parked, and is no method";
    if (!self->may_park)
        return "it parked, and its row has no HF_PARKS";
    if (self->stage == HFI_STAGE_PARKED)
        return "it parked a second time";
    if (self->has_changed || self->stage == HFI_STAGE_WRITING || self->stage == HFI_STAGE_ANSWERED)
        return "it parked after it had changed something";
    if (hfi_call_has_changed_state(self))
        return "it parked after it had changed its own state";
    return NULL;
}

/* The record holds whose state its waiters are in, where that is not its own target, which it holds anyway. */
static void
parking_set_home(hfi_state_t *state, hfi_parked_t *record, hfi_referent_t *home)
{
    hfi_referent_t *former = record->home;
    record->home = home;
    if (home == former)
        return;
    if (home != record->referent)
        hfi_referents_hold(home, HFI_HOLDER_CALL);
    if (former != NULL && former != record->referent)
        (void)hfi_referents_unhold(&state->referents, former, HFI_HOLDER_CALL);
}

hf_err_t
hfi_call_park(hfi_call_t *self, hf_waiters_t *waiters, double seconds)
{
    /* WALK park 2/6: may it? then it becomes a record, and its deadlines are armed */
    if (self->is_faulty || self->stage == HFI_STAGE_DONE)
        return HF_RAISED;
    const char *why = parking_objection(self);
    hfi_referent_t *home = why == NULL ? hfi_call_home(self, waiters, sizeof *waiters) : NULL;
    if (why == NULL && home == NULL)
        why = "it parked on waiters that lie in no referent's state";
    if (why == NULL && !hfi_waiters_are_sound(&self->state->parks, waiters))
        why = "it parked on waiters that it has written to";
    if (why != NULL)
        return hfi_answer_fault(self, "%s", why);
    if (!hfi_call_require_record(self))
        return HF_RAISED;
    hfi_parked_t *record = self->record;
    uint32_t at = (uint32_t)((uint8_t *)waiters - (uint8_t *)hfi_referent_self(home));
    int64_t due = hfi_state_due_in(self->state, seconds);
    bool is_same = record->home == home && record->waiters == at && record->order != 0;
    if (is_same && self->is_retry && record->park_due_ns < due)
        due =
            record
                ->park_due_ns; /* a run from the top says its seconds again: they count from the first */
    parking_set_home(self->state, record, home);
    record->waiters = at;
    record->method = self->head.row;
    record->returns = self->returns;
    record->note = self->head.note;
    record->park_due_ns = due;
    record->state = HFI_PARKED_PARKED;
    if (!is_same)
        record->order = ++self->state->parks.last_order;
    hfi_waiters_insert(&self->state->parks, waiters, record);
    hfi_record_arm(self->state, record);
    self->stage = HFI_STAGE_PARKED;
    return HF_PARKED;
}

uint32_t
hfi_call_wake(hfi_call_t *self, hf_waiters_t *waiters, uint32_t n)
{
    hfi_state_t *state = self->state;
    if (!hfi_waiters_are_sound(&state->parks, waiters)) {
        (void)hfi_answer_fault(self, "it woke waiters that it has written to");
        return 0;
    }
    uint32_t woken = 0;
    for (; woken < n && waiters->count != 0; woken++) {
        hfi_parked_t *record = hfi_parks_at(&state->parks, waiters->first);
        if (hfi_parked_waiters(record) != waiters) {
            (void)hfi_answer_fault(self, "it woke waiters that are not where they parked");
            return woken;
        }
        hfi_record_unlist(state, record);
        hfi_call_wake_record(state, record);
    }
    self->has_changed = self->has_changed || woken != 0;
    return woken;
}

hfi_call_t *
hfi_call_take_parked(hfi_call_t *self, hf_waiters_t *waiters)
{
    /* WALK park 5/6: the record leaves its list: no other exit finds it */
    hfi_state_t *state = self->state;
    hfi_call_t *running = state->running;
    if (!hfi_waiters_are_sound(&state->parks, waiters)) {
        (void)hfi_answer_fault(self, "it took from waiters that it has written to");
        return NULL;
    }
    if (waiters->count == 0 || running == NULL)
        return NULL;
    hfi_call_settle_taken(running, false);
    hfi_parked_t *record = hfi_parks_at(&state->parks, waiters->first);
    if (hfi_parked_waiters(record) != waiters) {
        (void)hfi_answer_fault(self, "it took from waiters that are not where they parked");
        return NULL;
    }
    hfi_record_unlist(state, record);
    hfi_call_t *other = hfi_call_of_record(state, record);
    other->next = running->taken;
    running->taken = other;
    self->has_changed = true;
    running->has_changed = true;
    if (hfi_call_resume(other)) {
        other->is_retry = true;
        return other;
    }
    return hfi_call_take_parked(
        self, waiters); /* its arguments bind no more: it has its error; the next one */
}

hf_err_t
hfi_call_suspend(hfi_call_t *self, hfi_parked_state_t as)
{
    const char *why = parking_objection(self);
    if (why != NULL)
        return hfi_answer_fault(self, "%s", why);
    if (!hfi_call_require_record(self))
        return HF_RAISED;
    self->record->method = self->head.row;
    self->record->returns = self->returns;
    self->record->park_due_ns = INT64_MAX;
    self->record->state = as;
    hfi_record_arm(self->state, self->record);
    self->stage = HFI_STAGE_PARKED;
    return HF_PARKED;
}

hf_err_t
hfi_call_ask(hfi_call_t *self, const char *kind, const hf_value_t *value)
{
    if (hfi_call_suspend(self, HFI_PARKED_ASKED) != HF_PARKED)
        return HF_RAISED;
    hfi_parked_t *record = self->record;
    record->job = hfi_jobs_add(&self->state->jobs, record->place, 0);
    hfi_state_output(self->state, &(hfi_output_t){.kind = HFI_OUTPUT_JOB,
                                                  .number = record->job,
                                                  .text = hfi_span_of(kind),
                                                  .bytes = hfi_value_span(value)});
    return HF_PARKED;
}
