/* SPDX-License-Identifier: MPL-2.0 */
/* wait -- see wait.h
 *
 * A call waits where a promise in it is not known yet, a handle of another manager is not adopted yet, or an earlier call of its session to the same target waits.
 * The session's waiting list is in the calls' order. What happens to a waiting call:
 *
 *   a promise is answered     its value is copied into the record, with its handles held (the client may acknowledge
 *                             the answer while another promise is still open)
 *   … with an error           it fails the same way
 *   an adoption ends          a handle of another manager is a promise of its stub while it is adopted there (stub.h)
 *   all are known, and no     promises are replaced by what they gave, and the whole passes the door again (depth,
 *   earlier one waits for     keys, length); then it is queued, and its turn comes with the next run
 *   the same target
 *   its time is up, CANCEL    as for every record
 *
 * What is answered is noted in a list, and looked at between two runs: an answer never starts a call from inside.
 */
#include "wait.h"

#include <base/check.h>
#include <value/admit.h>
#include <value/value.h>

#include "pass.h"
#include "scan.h"
#include "stub.h"

enum { WAIT_PROMISE_BYTES = 48 };

static bool
wait_limit(hfi_failure_t *ret_failure, const char *what)
{
    return hfi_fail(ret_failure, "LimitExceeded", "%s", what);
}

/* ---- handles and promises in a message ------------------------------------------------- */

/* Notes the promises in the value; each must be of an earlier call whose answer is not acknowledged. */
static bool
wait_collect(hfi_state_t *state, hfi_request_t *request, uint64_t call, hfi_failure_t *ret_failure)
{
    hfi_kept_t kept;
    hfi_session_t *session = request->session;
    const hfi_parked_t *pending = hfi_record_find(state, session, call);
    bool is_known = pending == NULL && call != 0 && call < request->number &&
                    hfi_outbox_find(&session->stream.outbox, call, &kept);
    if (!is_known && (pending == NULL || pending->is_oneway))
        return hfi_fail(
            ret_failure, "BadRequest",
            "a promise of call %llu, which is none whose answer is to come or to be acknowledged",
            (unsigned long long)call);
    if (request->promises == NULL)
        request->promises = hfi_promises_new();
    hfi_promises_add(request->promises, call);
    return true;
}

static bool
wait_collect_in(hfi_state_t *state, hfi_request_t *request, const hf_value_t *value,
                hfi_failure_t *ret_failure)
{
    hfi_scan_t scan;
    hf_value_t item;
    if ((value->raw[15] & HF_TAG_PROMISES) == 0)
        return true;
    hfi_scan_open(&scan, value);
    while (hfi_scan_next(&scan, &item)) {
        if (hf_kind(&item) == HF_PROMISE &&
            !wait_collect(state, request, hf_as_promise(&item), ret_failure))
            return false;
    }
    return true;
}

/* Takes in what the call gave, where it is answered. False: it failed, or gave what cannot be used. */
static bool
wait_learn(hfi_state_t *state, hfi_session_t *session, hfi_promises_t *promises, uint64_t call,
           hfi_failure_t *ret_failure)
{
    hfi_kept_t kept;
    hf_value_t value;
    uint64_t n_foreign = 0;
    if (!hfi_promises_wants(promises, call) ||
        !hfi_outbox_find(&session->stream.outbox, call, &kept))
        return true;
    if (!hfi_answer_read(&kept, &value, ret_failure) ||
        !hfi_pass_check(state, session, &value, &n_foreign, ret_failure))
        return false;
    if (n_foreign != 0) /* an answer's have a stub here, which the session has given back since */
        return hfi_fail(ret_failure, "NoSuchObject", "what was promised is not held any more");
    hfi_buffer_t *buffer = hfi_state_borrow(state, UINT32_MAX);
    if (hf_has_handles(&value) && hfi_stub_is_any(state)) {
        hfi_stub_rewrite(state, &value, true, &buffer->w);
        value = hfi_buffer_view(buffer);
    }
    bool is_kept = hfi_record_keep(state, &value, &value);
    hfi_state_return(state, &buffer);
    if (!is_kept)
        return wait_limit(ret_failure, "the manager's memory is at its limit");
    hfi_promises_set(promises, call, &value);
    return true;
}

/* The target, where it was a promise and is known now. */
static bool
wait_learn_target(hfi_state_t *state, const hfi_session_t *session, const hfi_promises_t *promises,
                  uint64_t call, hfi_referent_t **ret_referent, hfi_failure_t *ret_failure)
{
    const hf_value_t *value = hfi_promises_find(promises, call);
    *ret_referent = NULL;
    if (value == NULL)
        return true;
    if (hf_kind(value) != HF_HANDLE)
        return hfi_fail(ret_failure, "BadRequest", "the promised target is no handle");
    *ret_referent = hfi_state_held(state, session, hf_as_handle(value)); /* of one form here */
    if (*ret_referent == NULL)
        return hfi_fail(ret_failure, "NoSuchObject", "no object %llu",
                        (unsigned long long)hf_as_handle(value));
    return true;
}

/* ---- settled arguments ---------------------------------------------------------------- */

typedef struct wait_replacing {
    hfi_state_t *state;
    const hfi_promises_t *promises; /* those that are known; NULL: none are */
    hfi_request_t
        *request; /* whose handles of other managers become promises of it; NULL: has none */
    hfi_failure_t *failure;
    bool has_failed;
} wait_replacing_t;

/* Begins to adopt it; what stands in for it is the promise of a stub. */
static void
wait_adopt(wait_replacing_t *self, const hf_value_t *handle, hf_writer_t *w)
{
    hfi_handle_t far;
    hfi_request_t *request = self->request;
    uint64_t adoption = 0;
    if (!self->has_failed && hfi_handle_read(handle, &far))
        adoption = hfi_stub_adopt(self->state, &far, request->session->number, self->failure);
    self->has_failed = adoption == 0;
    if (self->has_failed)
        return;
    if (request->promises == NULL)
        request->promises = hfi_promises_new();
    hfi_promises_add(request->promises, adoption | HFI_STUB_PROMISE);
    hf_write_promise(w, adoption | HFI_STUB_PROMISE);
}

/* A promise becomes what it gave, where that is known; a handle says its referent's own typeid, whatever the
 * client wrote there. */
static void
wait_replace(void *context, const hf_value_t *item, hf_writer_t *w)
{
    wait_replacing_t *self = context;
    if (hf_kind(item) == HF_PROMISE) {
        const hf_value_t *value =
            self->promises == NULL ? NULL : hfi_promises_find(self->promises, hf_as_promise(item));
        hf_write_value(w, value == NULL ? item : value);
        return;
    }
    if (self->request != NULL && hfi_pass_is_foreign(self->state, self->request->session, item)) {
        wait_adopt(self, item, w);
        return;
    }
    const hfi_referent_t *referent = hfi_pass_take(self->state, item);
    HF_ASSERT(referent != NULL); /* all were found to be held */
    const char *name = referent->type->row->name;
    hf_write_handle(w, referent->number, name, strlen(name));
}

/* The settled value passes the door again. */
static bool
wait_admit(hfi_state_t *state, const hf_value_t *settled, hfi_failure_t *ret_failure)
{
    const char *why = NULL;
    hf_value_t admitted;
    hfi_bytes_t scratch = {0};
    uint64_t depth = state->wire.depth - 1; /* the message's own array is 1 */
    bool is_sound =
        hfi_admit_value(hfi_value_span(settled), depth, &scratch, &admitted, &why) == HFI_ADMIT_OK;
    hfi_bytes_close(&scratch);
    return is_sound || hfi_fail(ret_failure, "BadRequest", "with what was promised: %s",
                                why == NULL ? "?" : why);
}

/* Replaces what is in the value; the new one lasts as long as the arena's mark. Promises where `promises` has them,
 * handles of other managers by promises of the request's where there is one. */
static bool
wait_settle_value(hfi_state_t *state, const hfi_promises_t *promises, hfi_request_t *request,
                  hf_value_t *value, hfi_failure_t *ret_failure)
{
    if ((value->raw[15] & (HF_TAG_HANDLES | HF_TAG_PROMISES)) == 0)
        return true;
    bool has_promises = promises != NULL && (value->raw[15] & HF_TAG_PROMISES) != 0;
    hfi_buffer_t *buffer = hfi_state_borrow(state, state->boot.limits.frame);
    wait_replacing_t replacing = {
        .state = state, .promises = promises, .request = request, .failure = ret_failure};
    hfi_scan_rewrite(value, &buffer->w, wait_replace, &replacing);
    bool is_sound = !replacing.has_failed;
    if (is_sound && buffer->w.failed)
        is_sound = wait_limit(
            ret_failure, "the arguments with what was promised are longer than a frame may be");
    hf_value_t settled = hfi_buffer_view(buffer);
    if (is_sound && has_promises)
        is_sound = wait_admit(state, &settled, ret_failure);
    if (is_sound)
        *value = hfi_arena_copy(&state->arena, &settled);
    hfi_state_return(state, &buffer);
    return is_sound;
}

/* ---- a message comes ------------------------------------------------------------------ */

static bool
wait_same_target(const hfi_parked_t *record, const hfi_referent_t *referent, uint64_t target)
{
    if (record->referent != NULL || referent != NULL)
        return record->referent == referent;
    return record->target == target;
}

static bool
wait_is_behind(const hfi_state_t *state, const hfi_request_t *request)
{
    for (uint32_t at = request->session->waiting.first; at != 0;) {
        const hfi_parked_t *record = hfi_parks_at(&state->parks, at);
        if (wait_same_target(record, request->referent, request->target))
            return true;
        at = record->next;
    }
    return false;
}

/* All that can be wrong with it before it starts, in PROTOCOL.md's order. */
static bool
wait_examine(hfi_state_t *state, hfi_request_t *request, const hfi_message_t *message,
             uint64_t *n_foreign, hfi_failure_t *ret_failure)
{
    hfi_session_t *session = request->session;
    if (message->is_promise && !wait_collect(state, request, message->target, ret_failure))
        return false;
    if (!wait_collect_in(state, request, &request->args, ret_failure) ||
        !wait_collect_in(state, request, &request->kwargs, ret_failure))
        return false;
    if (!message->is_promise) {
        request->referent = hfi_state_held(state, session, message->target);
        if (request->referent == NULL)
            return hfi_fail(ret_failure, "NoSuchObject", "no object %llu",
                            (unsigned long long)message->target);
    }
    if (!hfi_pass_check(state, session, &request->args, n_foreign, ret_failure) ||
        !hfi_pass_check(state, session, &request->kwargs, n_foreign, ret_failure))
        return false;
    if (request->promises == NULL)
        return true;
    for (uint64_t call = hfi_promises_next(request->promises, 0); call != 0;
         call = hfi_promises_next(request->promises, call)) {
        if (!wait_learn(state, session, request->promises, call, ret_failure))
            return false;
    }
    return !message->is_promise ||
           wait_learn_target(state, session, request->promises, message->target, &request->referent,
                             ret_failure);
}

/* Makes a record of it that waits, or whose turn comes. */
static bool
wait_enlist(hfi_state_t *state, hfi_request_t *request, bool must_wait, hfi_failure_t *ret_failure)
{
    hfi_session_t *session = request->session;
    if (must_wait && session->waiting.count >= state->boot.limits.waiting)
        return wait_limit(ret_failure, "the session has as many waiting calls as it may");
    hfi_parked_t *record = hfi_record_new(state, request, ret_failure);
    if (record == NULL)
        return false;
    if (!must_wait) {
        hfi_record_queue(state, record);
        return true;
    }
    record->state = HFI_PARKED_WAITING;
    hfi_waiters_append(&state->parks, &session->waiting, record);
    hfi_record_arm(state, record);
    return true;
}

bool
hfi_wait_receive(hfi_state_t *state, hfi_request_t *request, const hfi_message_t *message)
{
    hfi_failure_t failure;
    request->target = message->target;
    uint64_t n_foreign = 0;
    bool is_sound = wait_examine(state, request, message, &n_foreign, &failure);
    bool must_wait =
        is_sound &&
        (n_foreign != 0 || (request->promises != NULL && request->promises->n_unknown != 0) ||
         wait_is_behind(state, request));
    if (is_sound && !must_wait) {
        is_sound = wait_settle_value(state, request->promises, NULL, &request->args, &failure) &&
                   wait_settle_value(state, request->promises, NULL, &request->kwargs, &failure);
        hfi_record_free_promises(state, &request->promises);
    } else if (is_sound) { /* handles in their one form; the promises later */
        is_sound = wait_settle_value(state, NULL, request, &request->args, &failure) &&
                   wait_settle_value(state, NULL, request, &request->kwargs, &failure);
    }
    if (is_sound && !must_wait && request->referent->busy == 0)
        return true;
    if (is_sound)
        is_sound = wait_enlist(state, request, must_wait, &failure);
    hfi_record_free_promises(state, &request->promises);
    if (!is_sound) {
        state->figures.errors += request->is_oneway ? 1 : 0;
        if (!request->is_oneway)
            hfi_answer_refuse(state, request->session, request->number, &failure);
    }
    return false;
}

/* ---- what was promised comes ----------------------------------------------------------- */

static void
wait_fail(hfi_state_t *state, hfi_parked_t *record, const hfi_failure_t *failure)
{
    hfi_record_unlist(state, record);
    hfi_session_t *session = record->session;
    uint64_t number = record->number;
    bool is_oneway = record->is_oneway;
    hfi_record_free(state, record);
    state->figures.errors += is_oneway ? 1 : 0;
    if (!is_oneway)
        hfi_answer_refuse(state, session, number, failure);
}

/* The record's arguments with what its promises gave, kept in place of the former. */
static bool
wait_settle_record(hfi_state_t *state, hfi_parked_t *record, hfi_failure_t *ret_failure)
{
    hf_value_t args = record->args;
    hf_value_t kwargs = record->kwargs;
    hf_value_t kept;
    if (!wait_settle_value(state, record->promises, NULL, &args, ret_failure) ||
        !wait_settle_value(state, record->promises, NULL, &kwargs, ret_failure))
        return false;
    if (!hfi_record_keep(state, &args, &kept))
        return wait_limit(ret_failure, "the manager's memory is at its limit");
    hfi_record_drop(state, &record->args);
    record->args = kept;
    if (!hfi_record_keep(state, &kwargs, &kept))
        return wait_limit(ret_failure, "the manager's memory is at its limit");
    hfi_record_drop(state, &record->kwargs);
    record->kwargs = kept;
    hfi_record_free_promises(state, &record->promises);
    return true;
}

/* Its promises are known: its turn comes, or it fails. */
static void
wait_start(hfi_state_t *state, hfi_parked_t *record)
{
    hfi_failure_t failure;
    hfi_arena_mark_t mark = hfi_arena_mark(&state->arena);
    bool is_sound = wait_settle_record(state, record, &failure);
    if (is_sound) {
        hfi_record_unlist(state, record);
        hfi_record_queue(state, record);
    } else {
        wait_fail(state, record, &failure);
    }
    hfi_arena_release(&state->arena, mark);
}

void
hfi_wait_start_ready(hfi_state_t *state, hfi_session_t *session)
{
    hfi_idtable_t objects; /* targets that an earlier one still waits for */
    hfi_idtable_t promises;
    hfi_idtable_open(&objects, sizeof(uint64_t));
    hfi_idtable_open(&promises, sizeof(uint64_t));
    for (uint32_t at = session->waiting.first; at != 0;) {
        hfi_parked_t *record = hfi_parks_at(&state->parks, at);
        at = record->next;
        /* the root's number is 0, which no table takes: + 1 */
        uint64_t key = record->referent != NULL ? record->referent->number + 1 : record->target;
        hfi_idtable_t *targets = record->referent != NULL ? &objects : &promises;
        bool is_behind = hfi_idtable_find(targets, key) != NULL;
        bool is_known = record->promises == NULL || record->promises->n_unknown == 0;
        if (is_known && !is_behind)
            wait_start(state, record);
        else if (!is_behind && hfi_idtable_add(targets, key) == NULL)
            HF_BUG("no memory");
    }
    hfi_idtable_close(&objects);
    hfi_idtable_close(&promises);
}

/* Tells one waiting call of one answer. */
static void
wait_tell(hfi_state_t *state, hfi_parked_t *record, uint64_t call)
{
    hfi_failure_t failure;
    hfi_session_t *session = record->session;
    bool is_sound = wait_learn(state, session, record->promises, call, &failure);
    if (is_sound && record->referent == NULL && record->target == call) {
        is_sound =
            wait_learn_target(state, session, record->promises, call, &record->referent, &failure);
        if (record->referent != NULL)
            hfi_referents_hold(record->referent, HFI_HOLDER_CALL);
    }
    if (!is_sound)
        wait_fail(state, record, &failure);
}

/* Whether the record still waits for that call or adoption. */
static bool
wait_wants(const hfi_parked_t *record, uint64_t call)
{
    return record->promises != NULL && hfi_promises_wants(record->promises, call);
}

/* Tells the call that waits for an adoption what has become of it. */
static void
wait_tell_adoption(hfi_state_t *state, hfi_parked_t *record, uint64_t adoption,
                   const hfi_referent_t *stub, const hfi_failure_t *failure)
{
    hf_value_t handle;
    hfi_failure_t limit;
    if (stub == NULL) {
        wait_fail(state, record, failure);
        return;
    }
    hfi_buffer_t *buffer = hfi_state_borrow(state, UINT32_MAX);
    hf_write_handle(&buffer->w, stub->number, stub->type->row->name, strlen(stub->type->row->name));
    handle = hfi_buffer_view(buffer);
    if (hfi_record_keep(state, &handle, &handle)) {
        hfi_promises_set(record->promises, adoption, &handle);
    } else {
        (void)wait_limit(&limit, "the manager's memory is at its limit");
        wait_fail(state, record, &limit);
    }
    hfi_state_return(state, &buffer);
}

static void
wait_settle_adoption(hfi_state_t *state, uint64_t adoption)
{
    uint64_t number;
    hfi_failure_t failure;
    const hfi_referent_t *stub = hfi_stub_outcome(state, adoption, &number, &failure);
    hfi_session_t *session = hfi_state_session(state, number);
    bool is_there = session != NULL && !session->is_ended;
    for (uint32_t at = is_there ? session->waiting.first : 0; at != 0;) {
        hfi_parked_t *record = hfi_parks_at(&state->parks, at);
        at = record->next;
        if (!wait_wants(record, adoption))
            continue;
        wait_tell_adoption(state, record, adoption, stub, &failure);
        break;
    }
    hfi_stub_forget(state, adoption);
    if (is_there)
        hfi_wait_start_ready(state, session);
}

void
hfi_wait_settle(hfi_state_t *state)
{
    while (state->settled_at < state->n_settled) {
        hfi_settled_t settled = state->settled[state->settled_at++];
        if (settled.call >= HFI_STUB_PROMISE) {
            wait_settle_adoption(state, settled.call);
            continue;
        }
        hfi_session_t *session = hfi_state_session(state, settled.session);
        if (session == NULL || session->is_ended)
            continue;
        bool is_told = false;
        for (uint32_t at = session->waiting.first; at != 0;) {
            hfi_parked_t *record = hfi_parks_at(&state->parks, at);
            at = record->next;
            if (!wait_wants(record, settled.call))
                continue;
            wait_tell(state, record, settled.call);
            is_told = true;
        }
        if (is_told)
            hfi_wait_start_ready(state, session);
    }
    state->settled_at = 0;
    state->n_settled = 0;
}
