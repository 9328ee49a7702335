/* SPDX-License-Identifier: MPL-2.0 */
/* call -- see call.h
 *
 * Life of a call
 *
 *   received   it has its number. What can be wrong before its target is known is answered here, in PROTOCOL.md's
 *              order; a message with handles or promises, or whose target is busy, takes the longer way of `wait`
 *   run        method by the type's view, arguments bound, then the plugin's function, on a hfi_call_t that is lent
 *              and allocates nothing
 *   finished   what the function returned must be what it did: HF_OK with at most one answer, HF_RAISED with an
 *              error, HF_PARKED with a record. Anything else is RemoteError, and a line in the log
 *   again      a parked call has a record (park.h); woken, it runs from the top with the same arguments, and its
 *              answer or its next park is an ordinary one
 *
 * Between two functions of plugins nothing of a plugin is on the stack, and only there do referents die, woken calls
 * run, sessions end. A running call needs no hold on its target: whoever lets it go meanwhile only puts it on a list.
 *
 * Why not call waiters at once. A method that wakes others would find its own state changed under its hands; so a
 * wake is a note, and the woken run when the stack is empty.
 */
#include "call.h"

#include <base/check.h>
#include <registry/text.h>
#include <value/value.h>

#include "hook.h"
#include "scan.h"
#include "stall.h"
#include "stub.h"

/* ---- around a plugin's function --------------------------------------------------------- */

void
hfi_call_probe(const hfi_call_t *self)
{
    const hfi_probe_t *probe = &self->state->world.probe;
    probe->begin(probe->context, self->type == NULL ? self->plugin : self->type->row->name,
                 self->name, self->referent == NULL ? 0 : self->referent->number);
}

/* Notes what the state is, so that a park can be told from one after a change. */
static void
call_look(hfi_call_t *self)
{
    uint64_t size = self->type->row->self_size;
    if (size == 0)
        return;
    self->before = hfi_arena_take(&self->state->arena, size);
    memcpy(self->before, hfi_referent_self(self->referent), size);
}

bool
hfi_call_has_changed_state(const hfi_call_t *self)
{
    return self->before != NULL &&
           memcmp(self->before, hfi_referent_self(self->referent), self->type->row->self_size) != 0;
}

void
hfi_call_judge(hfi_call_t *self, hf_err_t err)
{
    if (self->is_faulty)
        return;
    if (self->stage == HFI_STAGE_WRITING) {
        (void)hfi_answer_fault(self, "it left its answer half written");
    } else if (err == HF_PARKED) {
        if (self->stage != HFI_STAGE_PARKED)
            (void)hfi_answer_fault(self, "it returned HF_PARKED and had not parked");
    } else if (err == HF_RAISED) {
        if (self->stage != HFI_STAGE_RAISED)
            (void)hfi_answer_fault(self, "it returned HF_RAISED and had raised nothing");
    } else if (err != HF_OK) {
        (void)hfi_answer_fault(self, "it returned %d, which is nothing", (int)err);
    } else if (self->stage == HFI_STAGE_PARKED) {
        (void)hfi_answer_fault(self, "it returned HF_OK and had parked");
    } else if (self->stage == HFI_STAGE_RAISED) {
        (void)hfi_answer_fault(self, "it returned HF_OK and had raised %s", self->failure.kind);
    } else if (self->stage == HFI_STAGE_OPEN && self->sink != HFI_SINK_NONE) {
        hf_writer_t *w = hfi_answer_begin(self);
        hf_write_nil(w);
        (void)hfi_answer_end(self);
    }
}

/* A call whose function is done, or that its taker has settled: its word goes out, its record goes. */
static void
call_settle(hfi_call_t *self)
{
    hfi_parked_t *record = self->record;
    if (self->stage == HFI_STAGE_PARKED)
        return;
    if (self->returns != NULL && self->stage == HFI_STAGE_ANSWERED)
        hfi_hook_return_proxy(self);
    hfi_answer_commit(self);
    if (record == NULL)
        return;
    if (record->state != HFI_PARKED_RUNNING) /* it parked and broke a rule then */
        hfi_record_unlist(self->state, record);
    self->record = NULL;
    hfi_record_free(self->state, record);
}

void
hfi_call_settle_taken(hfi_call_t *self, bool all)
{
    hfi_call_t *open = NULL;
    hfi_call_t *oldest = NULL;
    while (self->taken !=
           NULL) { /* newest first: turned round, so that answers leave as they were taken */
        hfi_call_t *other = self->taken;
        self->taken = other->next;
        other->next = oldest;
        oldest = other;
    }
    while (oldest != NULL) {
        hfi_call_t *other = oldest;
        oldest = other->next;
        if (all && (other->stage == HFI_STAGE_OPEN || other->stage == HFI_STAGE_WRITING))
            (void)hfi_answer_fault(other, "it was taken by %s and not answered", self->name);
        if (other->stage == HFI_STAGE_OPEN || other->stage == HFI_STAGE_WRITING) {
            other->next = open;
            open = other;
            continue;
        }
        call_settle(other);
        hfi_call_return(&other);
    }
    self->taken = open;
}

void
hfi_call_close(hfi_call_t *self, hf_err_t err)
{
    hfi_state_t *state = self->state;
    bool is_outermost = self->outer == NULL;
    hfi_arena_mark_t mark = self->mark;
    if (err != HF_OK || self->stage != HFI_STAGE_ANSWERED)
        hfi_call_judge(self, err);
    if (self->is_faulty && self->record != NULL && self->record->state != HFI_PARKED_RUNNING)
        hfi_record_unlist(state, self->record);
    if (self->taken != NULL)
        hfi_call_settle_taken(self, true);
    call_settle(self);
    if (self->sink != HFI_SINK_INNER)
        hfi_call_return(&self);
    if (is_outermost)
        hfi_arena_release(&state->arena, mark);
}

/* ---- method and arguments --------------------------------------------------------------- */

bool
hfi_call_bind(hfi_call_t *self, const hfi_signature_t *signature, const char *function,
              const hf_value_t *args, const hf_value_t *kwargs)
{
    hfi_binder_t *binder = &self->state->binder;
    if (!hfi_bind(binder, signature, function, args, kwargs, &self->bound)) {
        (void)hfi_answer_pass_on(self, &binder->failure);
        return false;
    }
    if (signature->has_rest ||
        signature->has_named) { /* they lie in the binder, which the next call uses */
        for (uint32_t i = 0; i < self->bound.n; i++) {
            hfi_parameter_kind_t kind = signature->parameters[i].kind;
            if (kind == HFI_REST || kind == HFI_NAMED)
                self->bound.arg[i] = hfi_arena_copy(&self->state->arena, &self->bound.arg[i]);
        }
    }
    self->head.arg = self->bound.arg;
    self->head.n_arg = self->bound.n;
    return true;
}

static void
call_set_method(hfi_call_t *self, const hfi_method_t *method)
{
    self->method = method;
    self->name = method->row->name;
    self->head.row = method->number;
    self->may_park = (method->row->flags & HF_PARKS) != 0;
}

/* Finds the row in what the session sees of the type. False: raised. */
static bool
call_find_method(hfi_call_t *self, hfi_span_t name)
{
    const hfi_view_entry_t *entry =
        hfi_view_find(hfi_roles_view(self->session->roles, self->type), name.at, name.len);
    if (entry != NULL && entry->access == HFI_CALLABLE) {
        call_set_method(self, entry->method);
        self->type->figures[entry->method->number].calls++;
        self->name = entry->name;
        self->returns = entry->returns;
        return true;
    }
    int len = name.len > HFI_MAX_NAME_BYTES ? HFI_MAX_NAME_BYTES : (int)name.len;
    self->name = "?";
    if (hfi_stub_is_lost(self->state, self->referent))
        (void)hfi_answer_lost(self, self->referent);
    else if (entry == NULL)
        (void)hfi_answer_raise(self, "NoSuchMethod", NULL, "%s has no method '%.*s'",
                               self->type->row->name, len, (const char *)name.at);
    else if (entry->access == HFI_HIDDEN)
        (void)hfi_answer_raise(self, "NotExposed", NULL, "'%.*s' of %s is not exposed here", len,
                               (const char *)name.at, self->type->row->name);
    else
        (void)hfi_answer_raise(self, "PermissionDenied", NULL,
                               "no role of this user grants %s.%.*s", self->type->row->name, len,
                               (const char *)name.at);
    return false;
}

/* the row's function runs on the referent's state */
static hf_err_t
call_run(hfi_call_t *self, hf_method_f *run)
{
    if (self->may_park && self->state->world.is_strict)
        call_look(self);
    hfi_call_enter(self);
    hf_err_t err = run(&self->head, hfi_referent_self(self->referent));
    hfi_call_leave(self);
    return err;
}

static hf_method_f *
call_function(const hfi_call_t *self)
{
    return self->method->universal == HFI_OWN ? self->method->row->run
                                              : self->state->universals[self->method->universal];
}

/* Runs the method from the top, with its arguments bound anew. */
static void
call_run_method(hfi_call_t *self)
{
    hf_err_t err = HF_RAISED;
    if (hfi_call_bind(self, self->method->signature, self->name, &self->args, &self->kwargs))
        err = call_run(self, call_function(self));
    hfi_call_close(self, err);
}

/* ---- what clients send ----------------------------------------------------------------- */

/* Runs the method of that name, or says that there is none. */
static void
call_run_named(hfi_call_t *self, hfi_span_t name)
{
    self->referent->type->calls++;
    if (call_find_method(self, name))
        call_run_method(self);
    else
        hfi_call_close(self, HF_RAISED);
}

static void
call_start(hfi_state_t *state, const hfi_request_t *request)
{
    hfi_call_t *self = hfi_call_borrow(state);
    hfi_call_set_referent(self, request->referent);
    self->mark = hfi_arena_mark(&state->arena);
    self->session = request->session;
    self->number = request->number;
    self->thread = request->thread;
    self->call_due_ns = request->call_due_ns;
    self->sink = request->is_oneway ? HFI_SINK_DROP : HFI_SINK_SESSION;
    self->args = request->args;
    self->kwargs = request->kwargs;
    call_run_named(self, request->method);
}

/* When the message's call must be answered at the latest. */
static inline int64_t
call_due(const hfi_state_t *state, const hfi_message_t *message)
{
    return message->timeout_ns < INT64_MAX - state->now_ns ? state->now_ns + message->timeout_ns
                                                           : INT64_MAX;
}

/* What most calls are: to a referent held and not busy, with nothing to wait for, nothing to refuse and no request to
 * be made of it. False: it is not, and nothing is done. */
static bool
call_start_plain(hfi_state_t *state, hfi_session_t *session, const hfi_message_t *message,
                 uint64_t number)
{
    if (message->tag != 0 || message->is_promise || message->oneway ||
        message->bad_request != NULL || session->waiting.count != 0 ||
        hfi_stream_is_full(&session->stream))
        return false;
    hfi_referent_t *referent = hfi_state_held(state, session, message->target);
    if (referent == NULL || referent->busy != 0)
        return false;
    hfi_call_t *self = hfi_call_borrow(state);
    hfi_call_set_referent(self, referent);
    self->mark = hfi_arena_mark(&state->arena);
    self->session = session;
    self->number = number;
    self->thread = message->thread;
    self->call_due_ns = call_due(state, message);
    self->sink = HFI_SINK_SESSION;
    self->args = message->args;
    self->kwargs = message->kwargs;
    call_run_named(self, message->method);
    return true;
}

static void
call_refuse_with(hfi_state_t *state, const hfi_request_t *request, const hfi_failure_t *failure)
{
    if (request->is_oneway)
        state->figures.errors++;
    else
        hfi_answer_refuse(state, request->session, request->number, failure);
}

static void
call_refuse(hfi_state_t *state, const hfi_request_t *request, const char *kind, const char *text)
{
    hfi_failure_t failure;
    (void)hfi_fail(&failure, kind, "%s", text);
    call_refuse_with(state, request, &failure);
}

static void
call_refuse_target(hfi_state_t *state, const hfi_request_t *request, uint64_t object)
{
    hfi_failure_t failure;
    (void)hfi_fail(&failure, "NoSuchObject", "no object %llu", (unsigned long long)object);
    call_refuse_with(state, request, &failure);
}

/* what the manager finds wrong first is the answer */
void
hfi_call_receive(hfi_state_t *state, hfi_session_t *session, const hfi_message_t *message,
                 uint64_t number)
{
    /* WALK call 5/9: target, limits, turn; then method, exposure, arguments, run */
    state->figures.calls++;
    if (call_start_plain(state, session, message, number))
        return;
    hfi_request_t request = {.session = session,
                             .number = number,
                             .thread = message->thread,
                             .call_due_ns = call_due(state, message),
                             .is_oneway = message->oneway,
                             .method = message->method,
                             .args = message->args,
                             .kwargs = message->kwargs};
    if (hfi_stream_is_full(&session->stream) && !message->oneway) {
        call_refuse(state, &request, "Overloaded", "the client does not read its answers");
        return;
    }
    if (message->bad_request != NULL) {
        call_refuse(state, &request, "BadRequest", message->bad_request);
        return;
    }
    bool is_plain = message->tag == 0 && !message->is_promise && session->waiting.count == 0;
    if (is_plain) {
        request.referent = hfi_state_held(state, session, message->target);
        if (request.referent == NULL) {
            call_refuse_target(state, &request, message->target);
            return;
        }
        if (request.referent->busy == 0) {
            call_start(state, &request);
            return;
        }
    }
    hfi_arena_mark_t mark = hfi_arena_mark(&state->arena);
    if (hfi_wait_receive(state, &request, message))
        call_start(state, &request);
    hfi_arena_release(&state->arena, mark);
}

/* ---- records: runs, ends --------------------------------------------------------------- */

hfi_call_t *
hfi_call_of_record(hfi_state_t *state, hfi_parked_t *record)
{
    hfi_call_t *self = hfi_call_borrow(state);
    hfi_call_set_referent(self, record->referent);
    self->mark = hfi_arena_mark(&state->arena);
    self->session = record->session;
    self->number = record->number;
    self->thread = record->thread;
    self->call_due_ns = record->call_due_ns;
    self->record = record;
    self->sink = record->is_oneway ? HFI_SINK_DROP : HFI_SINK_SESSION;
    self->args = record->args;
    self->kwargs = record->kwargs;
    self->returns = record->returns;
    self->head.note = record->note;
    bool is_elsewhere = record->home != NULL && record->home != record->referent;
    if (is_elsewhere)
        self->homes[self->n_homes++] = record->home;
    return self;
}

bool
hfi_call_resume(hfi_call_t *self)
{
    call_set_method(self, &self->type->methods[self->record->method]);
    return hfi_call_bind(self, self->method->signature, self->name, &self->args, &self->kwargs);
}

void
hfi_call_run_record(hfi_state_t *state, hfi_parked_t *record)
{
    hfi_call_t *self = hfi_call_of_record(state, record);
    if (hfi_record_has_started(record)) {
        self->is_retry = true;
        call_set_method(self, &self->type->methods[record->method]);
        call_run_method(self);
        return;
    }
    size_t len;
    hf_value_t name = record->method_name;
    const char *text = hf_as_str(&name, &len);
    /* it has started: it parks, is late and goes like any other */
    record->method_name = (hf_value_t){0};
    call_run_named(self, (hfi_span_t){(const uint8_t *)text, len});
    hfi_account_give(&state->account, hfi_value_memory(&name));
    hfi_value_drop(&name);
}

void
hfi_call_tell_gone(hfi_state_t *state, hfi_parked_t *record)
{
    bool is_offloaded = record->job != 0; /* it never parked */
    if (is_offloaded || !hfi_record_has_started(record) ||
        record->referent->type->row->gone == NULL)
        return;
    hfi_call_t *self = hfi_call_of_record(state, record);
    self->sink = HFI_SINK_NONE;
    if (hfi_call_resume(self)) {
        self->name = "gone";
        self->may_park = false;
        hfi_call_enter(self);
        self->type->row->gone(&self->head, hfi_referent_self(self->referent));
        hfi_call_leave(self);
    }
    self->record = NULL; /* it is whoever ends it that frees it */
    hfi_call_close(self, HF_OK);
}

/* The record goes, and its type hears of it: now, or as soon as it can. */
static void
call_let_go(hfi_state_t *state, hfi_parked_t *record)
{
    if (hfi_stall_gone(state, record))
        return;
    hfi_record_unlist(state, record);
    hfi_call_tell_gone(state, record);
    hfi_record_free(state, record);
}

/* Ends a record with an error of the manager's. */
static void
call_end_record(hfi_state_t *state, hfi_parked_t *record, const char *kind, const char *text)
{
    hfi_request_t request = {
        .session = record->session, .number = record->number, .is_oneway = record->is_oneway};
    bool was_waiting = !hfi_record_has_started(record);
    hfi_session_t *session = record->session;
    call_let_go(state, record);
    call_refuse(state, &request, kind, text);
    if (was_waiting && session->waiting.count != 0)
        hfi_wait_start_ready(state, session);
}

void
hfi_call_cancel(hfi_state_t *state, hfi_session_t *session, uint64_t number)
{
    hfi_parked_t *record = hfi_record_find(state, session, number);
    if (record == NULL || record->state == HFI_PARKED_RUNNING)
        return;
    call_end_record(state, record, "Cancelled", "the call was cancelled");
}

void
hfi_call_time_up(hfi_state_t *state, hfi_parked_t *record)
{
    /* WALK park 6/6: or its time is up, or it is cancelled, or its session ends */
    bool is_calls = record->call_due_ns <= record->park_due_ns || record->is_late ||
                    record->state == HFI_PARKED_STALLED;
    if (is_calls || !hfi_record_has_started(record)) {
        call_end_record(state, record, "TimeoutError", "the call's time is up");
        return;
    }
    const hfi_method_t *method = &record->referent->type->methods[record->method];
    if (method->row->timed_out == NULL) {
        call_end_record(state, record, "TimeoutError", "timed out");
        return;
    }
    if (hfi_stall_late(state, record))
        return;
    hfi_record_unlist(state, record);
    hfi_call_t *self = hfi_call_of_record(state, record);
    record->park_due_ns = INT64_MAX;
    hf_err_t err = HF_RAISED;
    if (hfi_call_resume(self))
        err = call_run(self, method->row->timed_out);
    hfi_call_close(self, err);
}

void
hfi_call_take_job(hfi_state_t *state, hfi_parked_t *record, int32_t status, const hf_value_t *value)
{
    hfi_record_unlist(state, record);
    record->job = 0;
    record->job_status = status;
    record->is_job_done = true;
    hfi_record_keep_forced(state, value, &record->job_value);
}

void
hfi_call_wake_record(hfi_state_t *state, hfi_parked_t *record)
{
    record->state = HFI_PARKED_WOKEN;
    record->referent->busy++;
    hfi_waiters_append(&state->parks, &state->woken, record);
}

void
hfi_call_abandon(hfi_state_t *state, hfi_parked_t *record)
{
    call_let_go(state, record);
}
