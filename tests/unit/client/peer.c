/* SPDX-License-Identifier: MPL-2.0 */
/* peer -- see peer.h */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

#include <value/writer.h>

static void
peer_blame(peer_t *self, const char *offence)
{
    if (self->offence == NULL)
        self->offence = offence;
}

void
peer_open(peer_t *self, const hfi_limits_t *limits)
{
    *self = (peer_t){.limits = *limits, .lease_ms = 10000, .next_object = 1};
    memset(self->manager.bytes, 7, sizeof self->manager.bytes);
    hfi_stream_open(&self->stream, &self->chunks, &self->limits);
    hfi_idtable_open(&self->held, sizeof(peer_held_t));
}

void
peer_close(peer_t *self)
{
    hfi_stream_close(&self->stream);
    hfi_chunks_close(&self->chunks);
    hfi_idtable_close(&self->held);
    hfi_bytes_close(&self->scratch);
    for (uint32_t i = 0; i < PEER_CONTROL_MAX; i++)
        hfi_bytes_close(&self->control[i]);
}

void
peer_cut(peer_t *self)
{
    self->is_attached = false;
    self->n_control = 0;
}

void
peer_forget(peer_t *self)
{
    hfi_limits_t limits = self->limits;
    uint64_t next_object = self->next_object;
    peer_close(self);
    peer_open(self, &limits);
    self->next_object = next_object;
    self->manager.bytes[0]++;
}

uint64_t
peer_held(const peer_t *self, uint64_t object)
{
    const peer_held_t *held = hfi_idtable_find(&self->held, object);
    return held == NULL ? 0 : held->count;
}

/* ---- control frames ------------------------------------------------------------------- */

/* A frame to be written; `begin` gives its writer. Too many at once: the oldest is not sent, as HWM would. */
static hfi_bytes_t *
peer_control(peer_t *self)
{
    if (self->n_control == PEER_CONTROL_MAX)
        self->n_control--;
    hfi_bytes_t *bytes = &self->control[self->n_control++];
    bytes->len = 0;
    return bytes;
}

static void
peer_reject(peer_t *self, hfi_reject_t reason)
{
    hfi_bytes_writer_t out;
    hfi_bytes_writer_open(&out, peer_control(self));
    hfi_frame_write_reject(&out.w, reason, hfi_span_of("says the peer"));
    (void)hfi_bytes_writer_close(&out);
}

static void
peer_welcome(peer_t *self, bool is_resumed)
{
    hfi_bytes_writer_t out;
    hfi_welcome_t welcome = {.manager = self->manager,
                             .received = self->stream.received,
                             .lease_ms = self->lease_ms,
                             .grace_ms = 5000,
                             .limits = self->limits,
                             .server = hfi_span_of("peer"),
                             .resumed = is_resumed};
    hfi_bytes_writer_open(&out, peer_control(self));
    hfi_frame_write_welcome(&out.w, &welcome);
    (void)hfi_bytes_writer_close(&out);
}

static void
peer_pong(peer_t *self)
{
    uint64_t digest = 0;
    for (const peer_held_t *held = NULL; (held = hfi_idtable_next(&self->held, held)) != NULL;)
        digest ^= hfi_digest_of(held->object, held->count);
    hfi_bytes_writer_t out;
    hfi_bytes_writer_open(&out, peer_control(self));
    hfi_frame_write_pong_figures(&out.w, self->stream.received, self->stream.sent, self->held.live,
                                 digest);
    (void)hfi_bytes_writer_close(&out);
}

static void
peer_hello(peer_t *self, const hfi_hello_t *hello, int64_t now_ns)
{
    bool is_same =
        self->is_known && memcmp(&self->session, &hello->session, sizeof self->session) == 0;
    if (is_same && hello->attempt <= self->attempt)
        return;
    if (!is_same && hello->resume) {
        peer_reject(self, HFI_REJECT_SESSION_EXPIRED);
        return;
    }
    if (!is_same) {
        self->session = hello->session;
        self->is_known = true;
        self->lease_ms = hello->lease_ms;
    } else if (!hfi_stream_fits(&self->stream, hello->received)) {
        peer_blame(self, "HELLO's received does not fit");
        return;
    }
    if (hello->resume && memcmp(&self->manager, &hello->manager, sizeof self->manager) != 0)
        peer_blame(self, "HELLO names another manager");
    self->attempt = hello->attempt;
    self->is_attached = true;
    hfi_stream_attach(&self->stream, is_same ? hello->received : 0, now_ns);
    peer_welcome(self, is_same);
}

/* ---- answers -------------------------------------------------------------------------- */

static void
peer_give(peer_t *self, uint64_t object)
{
    if (object == 0)
        return;
    peer_held_t *held = hfi_idtable_find(&self->held, object);
    if (held == NULL)
        held = hfi_idtable_add(&self->held, object);
    if (held != NULL)
        held->count++;
}

typedef struct peer_answer {
    hfi_begun_t begun;
    uint64_t call;
} peer_answer_t;

static hf_writer_t *
peer_begin(peer_t *self, uint64_t call, peer_answer_t *answer)
{
    answer->call = call;
    if (!hfi_stream_begin(&self->stream, &answer->begun))
        abort();
    hfi_message_write_result(&answer->begun.w, call);
    return &answer->begun.w;
}

static void
peer_commit(peer_answer_t *answer)
{
    hfi_label_t label = {.call = answer->call};
    if (hfi_outbox_commit(&answer->begun, &label) == 0)
        abort();
}

static void
peer_write_new(peer_t *self, hf_writer_t *w)
{
    uint64_t object = self->next_object++;
    hf_write_handle(w, object, "thing", 5);
    peer_give(self, object);
}

static void
peer_error(peer_t *self, uint64_t call, const char *kind, const char *text, const hf_value_t *data)
{
    peer_answer_t answer = {.call = call};
    if (!hfi_stream_begin(&self->stream, &answer.begun))
        abort();
    hfi_message_write_error(&answer.begun.w, call, hfi_span_of(kind), hfi_span_of(text), data);
    peer_commit(&answer);
}

/* ---- promises ------------------------------------------------------------------------- */

static bool
peer_is_parked(const peer_t *self, uint64_t call)
{
    for (uint32_t i = 0; i < self->n_parked; i++) {
        if (self->parked[i].call == call)
            return true;
    }
    return false;
}

/* The answer of an earlier call, out of the outbox. False: it failed, or is still to come; or it is acknowledged,
 * and then the client may not name it any more. */
static bool
peer_promised(peer_t *self, uint64_t call, hf_value_t *ret_value)
{
    hfi_kept_t kept;
    if (!hfi_outbox_find(&self->stream.outbox, call, &kept)) {
        if (!peer_is_parked(self, call))
            peer_blame(self, "a promise names a call whose answer is acknowledged");
        return false;
    }
    hf_value_t message;
    hfi_view(&message, kept.bytes.at, kept.bytes.len, HF_TAG_HANDLES);
    hf_cursor_t cursor;
    hf_value_t item = {0};
    hf_open(&cursor, &message);
    (void)hf_next(&cursor, &item);
    bool is_result = hf_as_int(&item) == 1;
    (void)hf_next(&cursor, &item);
    return is_result && hf_next(&cursor, ret_value);
}

/* A copy of a value with its promises resolved and its handles counted. */
static void
peer_write_resolved(peer_t *self, hf_writer_t *w, const hf_value_t *value)
{
    hf_value_t given;
    hf_cursor_t cursor;
    hf_value_t item;
    switch (hf_kind(value)) {
    case HF_LIST:
        hf_write_list(w, hf_count(value));
        hf_open(&cursor, value);
        while (hf_next(&cursor, &item))
            peer_write_resolved(self, w, &item);
        break;
    case HF_HANDLE:
        if (hf_as_handle(value) != 0 && peer_held(self, hf_as_handle(value)) == 0)
            peer_blame(self, "an argument's handle is not held");
        hf_write_handle(w, hf_as_handle(value), "thing", 5);
        peer_give(self, hf_as_handle(value));
        break;
    case HF_PROMISE:
        if (peer_promised(self, hf_as_promise(value), &given))
            peer_write_resolved(self, w, &given);
        else
            hf_write_nil(w);
        break;
    default:
        hf_write_value(w, value);
        break;
    }
}

/* ---- calls ---------------------------------------------------------------------------- */

static bool
peer_is(const hfi_message_t *m, const char *method)
{
    return hfi_span_equal(m->method, hfi_span_of(method));
}

static void
peer_wake(peer_t *self, uint64_t call)
{
    peer_answer_t answer;
    for (uint32_t i = 0; i < self->n_parked; i++) {
        peer_write_new(self, peer_begin(self, self->parked[i].call, &answer));
        peer_commit(&answer);
    }
    self->n_parked = 0;
    hf_write_nil(peer_begin(self, call, &answer));
    peer_commit(&answer);
}

static void
peer_raise(peer_t *self, const hfi_message_t *m, uint64_t call)
{
    hf_cursor_t cursor;
    hf_value_t kind = {0};
    hf_value_t text = {0};
    hf_value_t data = {0};
    char words[2][64] = {{0}};
    size_t len;
    hf_open(&cursor, &m->args);
    (void)hf_next(&cursor, &kind);
    (void)hf_next(&cursor, &text);
    (void)hf_next(&cursor, &data);
    const char *at = hf_as_str(&kind, &len);
    if (at != NULL && len < sizeof words[0])
        memcpy(words[0], at, len);
    at = hf_as_str(&text, &len);
    if (at != NULL && len < sizeof words[1])
        memcpy(words[1], at, len);
    if (hf_kind(&data) == HF_HANDLE)
        peer_give(self, hf_as_handle(&data));
    peer_error(self, call, words[0], words[1], &data);
}

/* The first argument, as a number. */
static uint64_t
peer_number(const hfi_message_t *m)
{
    hf_cursor_t cursor;
    hf_value_t item = {0};
    hf_open(&cursor, &m->args);
    return hf_next(&cursor, &item) ? hf_as_uint(&item) : 0;
}

static void
peer_answer(peer_t *self, const hfi_message_t *m, uint64_t call)
{
    peer_answer_t answer;
    hf_writer_t *w = peer_begin(self, call, &answer);
    if (peer_is(m, "create")) {
        peer_write_new(self, w);
    } else if (peer_is(m, "many")) {
        hf_write_list(w, peer_number(m));
        for (uint64_t i = peer_number(m); i > 0; i--)
            peer_write_new(self, w);
    } else if (peer_is(m, "again")) {
        hf_value_t item = {0};
        hf_cursor_t cursor;
        hf_open(&cursor, &m->args);
        (void)hf_next(&cursor, &item);
        peer_write_resolved(self, w, &item);
    } else if (peer_is(m, "echo")) {
        peer_write_resolved(self, w, &m->args);
    } else if (peer_is(m, "slow")) {
        size_t n = (size_t)peer_number(m);
        uint8_t *bytes = calloc(1, n + 1);
        hf_write_bytes(w, bytes, n);
        free(bytes);
    } else {
        hf_write_uint(w, self->executed);
    }
    peer_commit(&answer);
}

/* Whether the target is held; a promise is resolved first. */
static bool
peer_has_target(peer_t *self, const hfi_message_t *m)
{
    hf_value_t given;
    if (!m->is_promise)
        return m->target == 0 || peer_held(self, m->target) > 0;
    if (peer_promised(self, m->target, &given))
        return hf_kind(&given) == HF_HANDLE && peer_held(self, hf_as_handle(&given)) > 0;
    return false;
}

/* What is exported is held by then. */
static void
peer_export(peer_t *self, const hfi_message_t *m)
{
    hf_cursor_t cursor;
    hf_value_t item = {0};
    hf_open(&cursor, &m->args);
    (void)hf_next(&cursor, &item);
    hf_open(&cursor, &item);
    while (hf_next(&cursor, &item)) {
        if (peer_held(self, hf_as_handle(&item)) == 0)
            peer_blame(self, "what is exported is not held");
    }
}

static void
peer_call(peer_t *self, const hfi_message_t *m, uint64_t call)
{
    self->executed++;
    if (m->oneway) {
        self->oneways++;
        if (peer_is(m, "export"))
            peer_export(self, m);
        return;
    }
    bool is_late = peer_is(m, "late");
    if (m->bad_request != NULL) {
        peer_error(self, call, "BadRequest", m->bad_request, NULL);
    } else if (!peer_has_target(self, m)) {
        if (!m->is_promise)
            peer_blame(self, "a call's target is not held");
        peer_error(self, call, "NoSuchObject", "no such object", NULL);
    } else if (is_late || peer_is(m, "park")) {
        if (self->n_parked == PEER_PARKED_MAX)
            peer_error(self, call, "LimitExceeded", "too many", NULL);
        else
            self->parked[self->n_parked++] = (peer_parked_t){call, is_late};
    } else if (peer_is(m, "wake")) {
        peer_wake(self, call);
    } else if (peer_is(m, "raise")) {
        peer_raise(self, m, call);
    } else {
        peer_answer(self, m, call);
    }
}

static void
peer_cancel(peer_t *self, uint64_t call)
{
    for (uint32_t i = 0; i < self->n_parked; i++) {
        if (self->parked[i].call != call || self->parked[i].is_late)
            continue;
        self->parked[i] = self->parked[--self->n_parked];
        peer_error(self, call, "Cancelled", "it was cancelled", NULL);
        return;
    }
}

static void
peer_release(peer_t *self, const hfi_message_t *m)
{
    hf_cursor_t pairs;
    uint64_t object;
    uint64_t count;
    hf_open(&pairs, &m->value);
    while (hfi_release_next(&pairs, &object, &count)) {
        peer_held_t *held = hfi_idtable_find(&self->held, object);
        if (held == NULL || held->count < count) {
            peer_blame(self, "a RELEASE goes below zero");
            continue;
        }
        held->count -= count;
        if (held->count == 0)
            hfi_idtable_remove(&self->held, held);
    }
}

static void
peer_data(peer_t *self, const hfi_frame_t *frame, int64_t now_ns)
{
    hfi_verdict_t verdict = hfi_stream_on_data(&self->stream, frame->seq, frame->ack);
    if (verdict == HFI_STREAM_BAD_FRAME)
        peer_blame(self, "DATA's numbers cannot be");
    if (verdict == HFI_STREAM_GAP && hfi_stream_wants_resync(&self->stream, now_ns)) {
        hfi_bytes_writer_t out;
        hfi_bytes_writer_open(&out, peer_control(self));
        hfi_frame_write_resync(&out.w, self->stream.received + 1);
        (void)hfi_bytes_writer_close(&out);
    }
    hfi_messages_t messages = {0};
    if (verdict != HFI_STREAM_OK ||
        !hfi_messages_open(&messages, frame->messages, 64, false, &self->scratch))
        return;
    uint64_t number = frame->seq;
    for (;;) {
        hfi_message_t m;
        bool is_end;
        if (hfi_messages_next(&messages, &m, &is_end) != HFI_REJECT_NONE) {
            peer_blame(self, "a message is none");
            break;
        }
        if (is_end)
            break;
        if (!hfi_stream_take(&self->stream, &number, m.len, now_ns))
            continue;
        if (hfi_stream_is_flooding(&self->stream))
            peer_blame(self, "the client floods");
        if (m.kind == HFI_MESSAGE_CALL)
            peer_call(self, &m, self->stream.received);
        else if (m.kind == HFI_MESSAGE_CANCEL)
            peer_cancel(self, m.call);
        else
            peer_release(self, &m);
    }
    hfi_messages_close(&messages);
    hfi_stream_on_ack(&self->stream, frame->ack, NULL, NULL);
}

void
peer_receive(peer_t *self, hfi_span_t bytes, int64_t now_ns)
{
    hfi_frame_t frame;
    if (hfi_frame_read(bytes, 64, &self->scratch, &frame) != HFI_REJECT_NONE) {
        peer_blame(self, "a frame is none");
        return;
    }
    if (frame.kind == HFI_FRAME_HELLO) {
        peer_hello(self, &frame.hello, now_ns);
        return;
    }
    if (!self->is_attached) {
        peer_reject(self, HFI_REJECT_NO_SESSION);
        return;
    }
    uint64_t after;
    switch (frame.kind) {
    case HFI_FRAME_DATA:
        peer_data(self, &frame, now_ns);
        break;
    case HFI_FRAME_PING:
        self->pings++;
        (void)hfi_stream_on_ping(&self->stream, frame.ack, frame.sent, NULL, NULL);
        peer_pong(self);
        break;
    case HFI_FRAME_PONG:
        (void)hfi_stream_on_ping(&self->stream, frame.ack, frame.sent, NULL, NULL);
        break;
    case HFI_FRAME_RESYNC:
        if (hfi_stream_on_resync(&self->stream, frame.expected, &after) != HFI_STREAM_OK)
            peer_blame(self, "a RESYNC for what cannot be");
        break;
    case HFI_FRAME_BYE:
        self->is_ended = true;
        break;
    case HFI_FRAME_HELLO:
    case HFI_FRAME_WELCOME:
    case HFI_FRAME_REJECT:
        peer_blame(self, "a client does not send this frame");
        break;
    }
}

size_t
peer_fill(peer_t *self, int64_t now_ns, uint8_t *to, size_t room)
{
    if (self->n_control > 0) {
        hfi_bytes_t *first = &self->control[0];
        size_t len = first->len;
        memcpy(to, first->at, len);
        hfi_bytes_t spare = *first;
        memmove(first, first + 1, (PEER_CONTROL_MAX - 1) * sizeof *first);
        self->control[PEER_CONTROL_MAX - 1] = spare;
        self->n_control--;
        return len;
    }
    if (!self->is_attached)
        return 0;
    size_t len = hfi_stream_next_frame(&self->stream, to, room);
    if (len == 0 && hfi_stream_ack_due_ns(&self->stream) <= now_ns) {
        hf_writer_t w = {.at = to, .room = room, .grow = hfi_grow_never};
        hfi_stream_write_ack(&self->stream, &w, self->stream.sent);
        hfi_stream_ack_told(&self->stream);
        len = w.len;
    }
    return len;
}
