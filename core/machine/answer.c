/* SPDX-License-Identifier: MPL-2.0 */
/* answer -- see answer.h
 *
 * Where an answer goes
 *
 * A RESULT is written straight into the session's outbox, behind its own head. When it is whole it is looked at (one
 * value, of the signature's type, with handles of referents that exist) and its handles are counted to the session;
 * nothing is final until the function has returned: then it gets its number. Whatever is wrong with it rolls it back
 * and an ERROR goes in its place. An error is only noted, in `failure`, until then. So the last word of a function
 * counts, and a function that breaks a rule has said nothing else.
 */
#include "answer.h"

#include <stdio.h>

#include <base/check.h>
#include <value/admit.h>
#include <value/value.h>

#include "scan.h"
#include "stub.h"

enum {
    ANSWER_TEXT = HFI_FAILURE_TEXT,
    ANSWER_SMALL = 4096, /* a shorter one is never refused for want of memory */
    ANSWER_IS_ERROR = 1, /* of a kept message's flags */
    ANSWER_BLAME = 128,
};

hfi_call_t *
hfi_call_new(hfi_state_t *state)
{
    hfi_call_t *self = hfi_need(sizeof *self);
    self->head.host = state->host;
    self->state = state;
    return self;
}

void
hfi_call_give_buffers(hfi_call_t *self)
{
    while (self->writing != NULL) {
        hfi_buffer_t *buffer = self->writing;
        self->writing = buffer->next;
        hfi_state_return(self->state, &buffer);
    }
    if (self->buffer != NULL)
        hfi_state_return(self->state, &self->buffer);
}

static bool
answer_is_in(hfi_referent_t *home, const void *at, size_t size)
{
    uintptr_t from = (uintptr_t)hfi_referent_self(home);
    uint64_t room = home->type->row->self_size;
    return (uintptr_t)at >= from && room >= size && (uintptr_t)at - from <= room - size;
}

hfi_referent_t *
hfi_call_home(const hfi_call_t *self, const void *at, size_t size)
{
    if (self->referent != NULL && answer_is_in(self->referent, at, size))
        return self->referent;
    for (uint32_t i = 0; i < self->n_homes; i++) {
        if (answer_is_in(self->homes[i], at, size))
            return self->homes[i];
    }
    return NULL;
}

/* ---- handles to a session ------------------------------------------------------------- */

/* Takes back the first `n` handles' references. */
static void
answer_uncount(hfi_state_t *state, hfi_session_t *session, const hf_value_t *value, uint64_t n)
{
    hfi_scan_t scan;
    hf_value_t item;
    hfi_scan_open(&scan, value);
    while (n > 0 && hfi_scan_next(&scan, &item)) {
        uint64_t object = 0;
        if (hf_kind(&item) != HF_HANDLE || !hfi_handle_number(&item, &object) || object == 0)
            continue;
        (void)hfi_session_give(session, &state->referents, object, 1);
        n--;
    }
}

/* Why the handles of a value cannot be given to the session; NULL: each is now one reference of it more. */
static const char *
answer_count(hfi_state_t *state, hfi_session_t *session, const hf_value_t *value,
             bool *ret_is_limit)
{
    /* WALK reference 3/8: read back, it is counted for the session that gets it */
    hfi_scan_t scan;
    hf_value_t item;
    uint64_t n = 0;
    *ret_is_limit = false;
    hfi_scan_open(&scan, value);
    while (hfi_scan_next(&scan, &item)) {
        uint64_t object = 0;
        if (hf_kind(&item) != HF_HANDLE || !hfi_handle_number(&item, &object) || object == 0)
            continue;
        hfi_referent_t *referent = hfi_referents_find(&state->referents, object);
        bool is_new = hfi_session_holds(session, object) == NULL;
        *ret_is_limit =
            referent != NULL && is_new && session->held.live >= state->boot.limits.holdings;
        if (referent == NULL || *ret_is_limit) {
            answer_uncount(state, session, value, n);
            return referent == NULL ? "it answered with a handle of nothing"
                                    : "the session holds as many referents as it may";
        }
        if (!hfi_session_take(session, &state->account, referent)) {
            answer_uncount(state, session, value, n);
            *ret_is_limit = true;
            return "the manager's memory is at its limit";
        }
        n++;
    }
    return NULL;
}

/* ---- saying --------------------------------------------------------------------------- */

static inline hfi_span_t
answer_item(const hfi_call_t *self)
{
    return (hfi_span_t){self->w->at + self->value_at, self->w->len - self->value_at};
}

static hf_value_t
answer_value(const hfi_call_t *self)
{
    return hfi_value_view(answer_item(self), self->w->tag);
}

void
hfi_answer_unsay(hfi_call_t *self)
{
    if (self->stage == HFI_STAGE_DONE)
        return;
    bool has_value = self->stage == HFI_STAGE_WRITING || self->stage == HFI_STAGE_ANSWERED;
    if (self->is_counted) {
        hf_value_t value = answer_value(self);
        answer_uncount(self->state, self->session, &value, UINT64_MAX);
        self->is_counted = false;
    }
    if (has_value && self->sink == HFI_SINK_SESSION)
        hfi_outbox_rollback(&self->begun);
    if (has_value && self->buffer != NULL)
        self->buffer->w.len = 0;
    self->w = NULL;
    self->stage = HFI_STAGE_OPEN;
}

static hf_writer_t *
answer_open_sink(hfi_call_t *self)
{
    hfi_state_t *state = self->state;
    if (self->sink == HFI_SINK_SESSION) {
        if (!hfi_stream_begin(&self->session->stream, &self->begun))
            HF_BUG("no memory");
        hfi_message_write_result(&self->begun.w, self->number);
        return &self->begun.w;
    }
    uint64_t max_bytes = self->sink == HFI_SINK_DROP ? state->boot.limits.frame : UINT32_MAX;
    if (self->buffer == NULL)
        self->buffer = hfi_state_borrow(state, max_bytes);
    self->buffer->w.len = 0;
    self->buffer->w.tag = 0;
    self->buffer->w.failed = false;
    return &self->buffer->w;
}

/* It may not answer now. */
static void
answer_refuse_to_begin(hfi_call_t *self)
{
    hfi_call_t *running = self->state->running;
    bool is_kept = self->type == NULL && self->stage == HFI_STAGE_DONE;
    if (is_kept && running != NULL && running != self) {
        (void)hfi_answer_fault(running, "it answered a call that it had kept beyond its end");
        return;
    }
    if (self->sink == HFI_SINK_NONE)
        (void)hfi_answer_fault(self, "it answered, and is no method");
    else
        (void)hfi_answer_fault(self, self->stage == HFI_STAGE_PARKED
                                         ? "it answered after it had parked"
                                         : "it answered a second time");
}

hf_writer_t *
hfi_answer_begin(hfi_call_t *self)
{
    if (self->is_faulty)
        return NULL;
    if (self->sink == HFI_SINK_NONE ||
        (self->stage != HFI_STAGE_OPEN && self->stage != HFI_STAGE_RAISED)) {
        answer_refuse_to_begin(self);
        return NULL;
    }
    self->w = answer_open_sink(self);
    self->value_at = self->w->len;
    self->stage = HFI_STAGE_WRITING;
    return self->w;
}

static bool
answer_is_too_long(const hfi_call_t *self)
{
    return self->sink == HFI_SINK_SESSION ? self->begun.is_too_long : self->buffer->is_too_long;
}

/* Whether what was written surely may be: it is small, has no handle or promise inside, and fits by its kind. */
static inline bool
answer_is_plain(const hfi_call_t *self)
{
    hfi_span_t item = answer_item(self);
    return item.len <= ANSWER_SMALL && self->w->tag == 0 &&
           (self->method == NULL || hfi_signature_takes(self->method->signature, item.at));
}

/* Counts the answer's handles to the session, and writes it again with those of stubs as they are handed out. NULL,
 * or why not. */
static const char *
answer_hand_out(hfi_call_t *self, const hf_value_t *value, bool *ret_is_limit)
{
    hfi_state_t *state = self->state;
    hfi_buffer_t *buffer = hfi_state_borrow(state, UINT32_MAX);
    hfi_stub_rewrite(state, value, false, &buffer->w);
    hf_value_t handed = hfi_buffer_view(buffer);
    const char *why = answer_count(state, self->session, &handed, ret_is_limit);
    if (why == NULL) {
        self->w->len = self->value_at;
        hfi_write_raw(self->w, buffer->w.at, buffer->w.len);
    }
    if (why == NULL && self->w->failed) {
        why = "the answer is longer than a frame may be";
        *ret_is_limit = true;
        answer_uncount(state, self->session, &handed, UINT64_MAX);
    }
    hfi_state_return(state, &buffer);
    return why;
}

/* Why it may not be what this method answers; NULL: it may, and its handles are counted to the session. */
static const char *
answer_objection(hfi_call_t *self, bool *ret_is_limit)
{
    hfi_state_t *state = self->state;
    hf_value_t view = answer_value(self);
    const hf_value_t *value = &view;
    *ret_is_limit = false;
    if (self->method != NULL && !hfi_signature_returns(self->method->signature, value))
        return "its answer is not of the type that its signature promises";
    if ((self->w->tag & HF_TAG_PROMISES) != 0)
        return "there is a promise in its answer";
    const hfi_account_t *account = &state->account;
    uint64_t left = account->used < account->limit ? account->limit - account->used : 0;
    *ret_is_limit = hf_len_of(value) > ANSWER_SMALL && hf_len_of(value) > left;
    if (*ret_is_limit)
        return "the manager's memory is at its limit";
    if (self->sink != HFI_SINK_SESSION || (self->w->tag & HF_TAG_HANDLES) == 0)
        return NULL;
    if (hfi_stub_is_any(state))
        return answer_hand_out(self, value, ret_is_limit);
    return answer_count(state, self->session, value, ret_is_limit);
}

/* Now, and not when the function has returned: what it takes away once it has answered (an item that it pops) must
 * not be lost to an answer that is refused after all. */
static hf_err_t
answer_accept(hfi_call_t *self)
{
    bool is_limit = false;
    const char *why = answer_is_plain(self) ? NULL : answer_objection(self, &is_limit);
    self->stage = HFI_STAGE_ANSWERED;
    self->value_end = self->w->len;
    self->has_changed = true;
    if (why == NULL) {
        self->is_counted = self->sink == HFI_SINK_SESSION && (self->w->tag & HF_TAG_HANDLES) != 0;
        return HF_OK;
    }
    if (is_limit)
        return hfi_answer_raise(self, "LimitExceeded", NULL, "%s", why);
    return hfi_answer_fault(self, "%s", why);
}

/* A line in the log that names plugin, type, method and referent. */
static void
answer_blame(hfi_call_t *self, int32_t level, const char *what)
{
    char blame[ANSWER_BLAME];
    const char *typeid_ = self->type == NULL ? "" : self->type->row->name;
    (void)snprintf(blame, sizeof blame, "plugin %s", self->plugin);
    hfi_state_log(self->state, level, blame, "%s%s%s of #%llu: %s", typeid_,
                  typeid_[0] == '\0' ? "" : ".", self->name,
                  (unsigned long long)(self->referent == NULL ? 0 : self->referent->number), what);
}

hf_err_t
hfi_answer_end(hfi_call_t *self)
{
    if (self->stage != HFI_STAGE_WRITING)
        return self->is_faulty ? HF_RAISED
                               : hfi_answer_fault(self, "it ended an answer that it had not begun");
    if (!self->w->failed && self->w->len > self->value_at)
        return answer_accept(self);
    bool is_empty = !self->w->failed;
    bool is_too_long = answer_is_too_long(self);
    if (is_empty)
        return hfi_answer_fault(self, "it answered with no value");
    if (is_too_long) {
        answer_blame(self, HF_LOG_WARNING, "the answer is longer than a frame may be");
        return hfi_answer_raise(self, "LimitExceeded", NULL,
                                "the answer is longer than a frame may be");
    }
    return hfi_answer_fault(self, "its answer could not be written");
}

hf_err_t
hfi_answer_end_checked(hfi_call_t *self)
{
    if (self->stage == HFI_STAGE_WRITING && !self->w->failed && self->w->len > self->value_at) {
        hf_value_t value;
        const char *why = NULL;
        hfi_span_t item = {self->w->at + self->value_at, self->w->len - self->value_at};
        hfi_bytes_t scratch = {0};
        hfi_admitted_t admitted = hfi_admit_value(item, HFI_DEPTH_MAX, &scratch, &value, &why);
        hfi_bytes_close(&scratch);
        if (admitted != HFI_ADMIT_OK)
            return hfi_answer_fault(self, "what it wrote is no value: %s", why == NULL ? "?" : why);
        self->w->tag = value.raw[15] & (HF_TAG_HANDLES | HF_TAG_PROMISES);
    }
    return hfi_answer_end(self);
}

void
hfi_answer_as_arguments(hfi_call_t *self, hf_value_t *ret_args)
{
    HF_ASSERT(self->stage == HFI_STAGE_ANSWERED);
    hfi_state_t *state = self->state;
    hfi_buffer_t *buffer = hfi_state_borrow(state, UINT32_MAX);
    hf_value_t value = answer_value(self);
    hf_write_list(&buffer->w, 1);
    hf_write_value(&buffer->w, &value);
    hf_value_t view = hfi_buffer_view(buffer);
    *ret_args = hfi_arena_copy(&state->arena, &view);
    hfi_state_return(state, &buffer);
    hfi_answer_unsay(self);
}

hf_err_t
hfi_answer_handle(hfi_call_t *self, const hfi_referent_t *referent)
{
    const char *name = referent->type->row->name;
    hf_writer_t *w = hfi_answer_begin(self);
    if (w == NULL)
        return HF_RAISED;
    hf_write_handle(w, referent->number, name, strlen(name));
    return hfi_answer_end(self);
}

/* ---- failing -------------------------------------------------------------------------- */

static void
answer_fail(hfi_call_t *self, const char *kind, const char *text, const hf_value_t *data)
{
    hf_value_t copy = {.raw = {0}};
    if (data != NULL && hf_kind(data) != HF_NONE)
        copy = hfi_arena_copy(&self->state->arena, data);
    hfi_answer_unsay(self);
    (void)hfi_fail(&self->failure, kind, "%s", text);
    self->failure.data = copy;
    self->stage = HFI_STAGE_RAISED;
}

hf_err_t
hfi_answer_raisev(hfi_call_t *self, const char *kind, const hf_value_t *data, const char *format,
                  va_list args)
{
    char text[ANSWER_TEXT];
    if (self->is_faulty || self->stage == HFI_STAGE_DONE)
        return HF_RAISED;
    if (!hfi_is_kind(kind))
        return hfi_answer_fault(self, "it raised an error of no kind");
    hfi_format_sentence(text, sizeof text, format, args);
    answer_fail(self, kind, text, data);
    return HF_RAISED;
}

hf_err_t
hfi_answer_raise(hfi_call_t *self, const char *kind, const hf_value_t *data, const char *format,
                 ...)
{
    va_list args;
    va_start(args, format);
    (void)hfi_answer_raisev(self, kind, data, format, args);
    va_end(args);
    return HF_RAISED;
}

hf_err_t
hfi_answer_lost(hfi_call_t *self, const hfi_referent_t *stub)
{
    return hfi_answer_raise(self, "ReferentLost", NULL,
                            "#%llu stands for another manager's referent, which is lost",
                            (unsigned long long)stub->number);
}

hf_err_t
hfi_answer_pass_on(hfi_call_t *self, const hfi_failure_t *failure)
{
    if (self->is_faulty || self->stage == HFI_STAGE_DONE)
        return HF_RAISED;
    answer_fail(self, failure->kind, failure->text, &failure->data);
    return HF_RAISED;
}

hf_err_t
hfi_answer_fault(hfi_call_t *self, const char *format, ...)
{
    if (self->is_faulty || self->stage == HFI_STAGE_DONE)
        return HF_RAISED;
    char what[ANSWER_TEXT / 2];
    char text[ANSWER_TEXT];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    const char *typeid_ = self->type == NULL ? "" : self->type->row->name;
    (void)snprintf(text, sizeof text, "plugin %s: %s%s%s: %s", self->plugin, typeid_,
                   typeid_[0] == '\0' ? "" : ".", self->name, what);
    answer_blame(self, HF_LOG_ERROR, what);
    answer_fail(self, "RemoteError", text, NULL);
    self->is_faulty = true;
    return HF_RAISED;
}

/* ---- going ---------------------------------------------------------------------------- */

/* How many of the answers that it has not acknowledged may be to calls that had waited: those are as many at most as may
 * wait, and their burst is not the client's doing. An answer to what has just come has that number. */
static uint64_t
answer_spared(hfi_session_t *session, uint64_t call)
{
    if (call != session->stream.received)
        session->n_late++;
    else if (!hfi_stream_is_full(&session->stream))
        session->n_late = 0;
    return session->n_late;
}

/* What must be true of a session's message once it has its number. */
static void
answer_sent(hfi_state_t *state, hfi_session_t *session, uint64_t call, size_t len)
{
    state->figures.bytes_out += len;
    hfi_state_send(state, session);
    if (session->waiting.count != 0)
        hfi_state_settled(state, session->number, call);
    if (hfi_stream_is_twice_full(&session->stream, answer_spared(session, call)))
        hfi_state_end_later(state, session, HFI_REJECT_LIMIT);
}

static void
answer_refuse_as(hfi_state_t *state, hfi_session_t *session, uint64_t number,
                 const hfi_failure_t *failure)
{
    hfi_begun_t begun;
    bool is_limit;
    const hf_value_t *data = hf_kind(&failure->data) == HF_NONE ? NULL : &failure->data;
    if (data != NULL && hf_has_handles(data) &&
        answer_count(state, session, data, &is_limit) != NULL)
        data = NULL;
    if (!hfi_stream_begin(&session->stream, &begun))
        HF_BUG("no memory");
    hfi_message_write_error(&begun.w, number, hfi_span_of(failure->kind),
                            hfi_span_of(failure->text), data);
    if (begun.w.failed && data != NULL) { /* too long with it */
        hfi_outbox_rollback(&begun);
        answer_uncount(state, session, data, hf_has_handles(data) ? UINT64_MAX : 0);
        hfi_failure_t bare = *failure;
        bare.data = (hf_value_t){.raw = {0}};
        answer_refuse_as(state, session, number, &bare);
        return;
    }
    size_t len = begun.w.len;
    if (hfi_outbox_commit(&begun, &(hfi_label_t){.call = number, .flags = ANSWER_IS_ERROR}) == 0)
        HF_BUG("no memory");
    state->figures.errors++;
    answer_sent(state, session, number, len);
}

void
hfi_answer_refuse(hfi_state_t *state, hfi_session_t *session, uint64_t number,
                  const hfi_failure_t *failure)
{
    if (hf_kind(&failure->data) == HF_NONE || !hf_has_handles(&failure->data) ||
        !hfi_stub_is_any(state)) {
        answer_refuse_as(state, session, number, failure);
        return;
    }
    hfi_failure_t handed_out = *failure;
    hfi_buffer_t *buffer = hfi_state_borrow(state, UINT32_MAX);
    hfi_stub_rewrite(state, &failure->data, false, &buffer->w);
    handed_out.data = hfi_buffer_view(buffer);
    answer_refuse_as(state, session, number, &handed_out);
    hfi_state_return(state, &buffer);
}

void
hfi_answer_tell(hfi_state_t *state, hfi_session_t *session, uint64_t number,
                const hf_value_t *value)
{
    hfi_begun_t begun;
    if (!hfi_stream_begin(&session->stream, &begun))
        HF_BUG("no memory");
    hfi_message_write_result(&begun.w, number);
    hf_write_value(&begun.w, value);
    size_t len = begun.w.len;
    if (hfi_outbox_commit(&begun, &(hfi_label_t){.call = number}) == 0)
        HF_BUG("no memory");
    answer_sent(state, session, number, len);
}

/* The value that was written becomes the answer. */
static void
answer_commit_value(hfi_call_t *self)
{
    if (self->w->len != self->value_end) {
        self->w->len = self->value_end;
        (void)hfi_answer_fault(self, "it wrote to its answer after it had ended it");
        return;
    }
    if (self->sink != HFI_SINK_SESSION)
        return;
    hfi_label_t label = {.call = self->number,
                         .referent = self->is_minded ? self->referent->number : 0,
                         .cookie = self->cookie,
                         .is_minded = self->is_minded,
                         .flags = self->w->tag & HF_TAG_HANDLES};
    size_t len = self->w->len;
    if (hfi_outbox_commit(&self->begun, &label) == 0)
        HF_BUG("no memory");
    self->stage = HFI_STAGE_DONE;
    self->is_counted = false;
    answer_sent(self->state, self->session, self->number, len);
}

void
hfi_answer_commit(hfi_call_t *self)
{
    /* WALK call 8/9: the result into the stream of its session */
    if (self->stage == HFI_STAGE_ANSWERED)
        answer_commit_value(self);
    if (self->stage != HFI_STAGE_RAISED)
        return;
    if (self->referent != NULL)
        self->referent->type->errors++;
    if (self->method != NULL)
        self->type->figures[self->method->number].errors++;
    if (self->sink == HFI_SINK_INNER || self->sink == HFI_SINK_NONE)
        return;
    if (self->sink == HFI_SINK_SESSION)
        hfi_answer_refuse(self->state, self->session, self->number, &self->failure);
    else
        self->state->figures.errors++;
    self->stage = HFI_STAGE_DONE;
}

hf_value_t
hfi_answer_inner(const hfi_call_t *self)
{
    HF_ASSERT(self->stage == HFI_STAGE_ANSWERED && self->sink == HFI_SINK_INNER);
    return answer_value(self);
}

/* ---- reading back --------------------------------------------------------------------- */

bool
hfi_answer_read(const hfi_kept_t *kept, hf_value_t *ret_value, hfi_failure_t *ret_failure)
{
    hf_cursor_t items;
    hf_value_t message = hfi_value_view(kept->bytes, HF_TAG_HANDLES);
    hf_value_t item = {.raw = {0}};
    hf_open(&items, &message);
    (void)hf_next(&items, &item); /* the message's kind */
    (void)hf_next(&items, &item); /* the call */
    if ((kept->flags & ANSWER_IS_ERROR) == 0) {
        const uint8_t *end = hf_bytes_of(&message) + hf_len_of(&message);
        *ret_value = hfi_value_view((hfi_span_t){items.at, (size_t)(end - items.at)},
                                    kept->flags & HF_TAG_HANDLES);
        return true;
    }
    size_t len;
    hf_value_t text = {.raw = {0}};
    (void)hf_next(&items, &item);
    (void)hf_next(&items, &text);
    char kind[sizeof ret_failure->kind];
    const char *word = hf_as_str(&item, &len);
    (void)snprintf(kind, sizeof kind, "%.*s", (int)len, word);
    word = hf_as_str(&text, &len);
    (void)hfi_fail(ret_failure, kind, "%.*s", (int)len, word);
    ret_failure->data = (hf_value_t){.raw = {0}};
    if (hf_next(&items, &item))
        ret_failure->data = item;
    return false;
}
