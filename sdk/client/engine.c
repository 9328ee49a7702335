/* SPDX-License-Identifier: MPL-2.0 */
/* engine -- the client without threads and sockets: a session's calls, answers and references.
 *
 * Life of a call
 *   put        its message is committed to the stream, a record of it goes to the pending ones
 *   fill       it travels, perhaps several times: the stream keeps it until it is acknowledged
 *   receive    its answer: the record goes, its end is put on the list of done ones
 *   take_done  the driver has it
 * or its deadline comes, or nobody waits any more: the record becomes a tombstone, which the answer still finds, so
 * that the references which came with it are given back. Or the session ends: what is pending ends as LOST.
 * Room on the list of done ones is made at the put, so an answer never fails for want of memory.
 *
 * What waits for the next frame. Releases and cancellations become messages only when the next call is put or a frame
 * is built: behind every call that was put before, in front of every later one, with as much taken together as there
 * is, and only while the window has room.
 *
 * Promises and acknowledgements. A promise may name a call until we have acknowledged its answer. The answer may come
 * after a dependent call was put and before that was received; so from the put of a call with promises until its
 * acknowledgement nothing is acknowledged that was not received at the put (hfi_stream_t.ack_limit).
 *
 * One bad message ends the session, and what came before it in its frame counts: unlike the manager's, these messages
 * run nothing that could not stand alone.
 */
#include "engine_state.h"

#include <stdio.h>

#include <base/check.h>
#include <base/mutant.h>
#include <value/admit.h>
#include <value/value.h>

enum {
    ENGINE_DEPTH_SPARE = 64,
};

#define ENGINE_MS INT64_C(1000000)

/* ---- birth and end -------------------------------------------------------------------- */

/* HELLO's free text: UTF-8, cut at a character's border; none where it is no UTF-8. */
static void
engine_name(char *to, const char *client)
{
    size_t all = client == NULL ? 0 : strlen(client);
    size_t n = all < ENGINE_CLIENT_MAX ? all : ENGINE_CLIENT_MAX;
    while (n < all && n > 0 && ((unsigned char)client[n] & 0xc0) == 0x80)
        n--;
    if (n > 0 && hfi_is_utf8(client, n))
        memcpy(to, client, n);
    else
        n = 0;
    to[n] = '\0';
}

void
hfi_engine_open_session(hfi_engine_t *self, const hfi_engine_setup_t *setup, int64_t now_ns)
{
    engine_name(self->client, setup->client);
    self->is_far = setup->is_far;
    hfi_secret_t secret;
    memcpy(secret.bytes, setup->session, sizeof secret.bytes);
    hfi_dial_open(&self->dial, &secret, (uint64_t)(setup->lease_ns / ENGINE_MS),
                  hfi_span_of(self->client), now_ns);
    hfi_stream_open(&self->stream, &self->chunks, &self->dial.limits);
}

hfi_engine_t *
hfi_engine_new(const hfi_engine_setup_t *setup, int64_t now_ns)
{
    hfi_engine_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->deadlines = hfi_deadlines_new();
    if (self->deadlines == NULL) {
        free(self);
        return NULL;
    }
    self->magic = ENGINE_MAGIC;
    hfi_engine_open_session(self, setup, now_ns);
    hfi_entries_open(&self->entries);
    hfi_pendings_open(&self->pendings);
    return self;
}

void
hfi_engine_destroy(hfi_engine_t **self_p)
{
    hfi_engine_t *self = *self_p;
    *self_p = NULL;
    if (self == NULL)
        return;
    HF_CHECK(self, ENGINE_MAGIC);
    for (; self->n_done > 0; self->n_done--)
        hfi_value_drop(&self->done[self->done_first++ & self->done_mask].value);
    free(self->done);
    free(self->cancels);
    hfi_engine_drop_owed(self);
    free(self->owed);
    hfi_stream_close(&self->stream);
    hfi_chunks_close(&self->chunks);
    hfi_deadlines_destroy(&self->deadlines);
    hfi_pendings_close(&self->pendings);
    hfi_entries_close(&self->entries);
    hfi_bytes_close(&self->scratch);
    hfi_value_drop(&self->endpoints);
    HF_BURY(self);
    free(self);
}

/* For good. The first reason stays. */
void
hfi_engine_end(hfi_engine_t *self, const char *kind, const char *text)
{
    if (self->is_ended)
        return;
    self->is_ended = true;
    bool is_lost = self->is_far && strcmp(kind, "SessionLost") == 0;
    (void)hfi_fail(&self->reason, is_lost ? "ReferentLost" : kind, "%s", text);
    if (self->dial.state != HFI_DIAL_ENDED)
        hfi_dial_end(&self->dial, HFI_REJECT_SESSION_EXPIRED);
}

static const char *
engine_say(hfi_reject_t reason)
{
    switch (reason) {
    case HFI_REJECT_SESSION_EXPIRED:
        return "the manager knows this session no more: its lease ran out, or the manager began "
               "anew";
    case HFI_REJECT_BAD_FRAME:
        return "one end sent what the other could not read";
    case HFI_REJECT_BAD_VERSION:
        return "the manager speaks another version of the protocol";
    case HFI_REJECT_DENIED:
        return "the manager denies this user the session";
    case HFI_REJECT_LIMIT:
        return "the manager ended the session at a limit";
    case HFI_REJECT_SHUTDOWN:
        return "the manager shuts down";
    case HFI_REJECT_NONE:
    case HFI_REJECT_NO_SESSION:
    case HFI_REJECT_UNKNOWN:
        break;
    }
    return "the manager ended the session";
}

/* The manager's own words behind ours, where it has some. */
static void
engine_reject(hfi_engine_t *self, hfi_reject_t reason, hfi_span_t text)
{
    char sentence[HFI_FAILURE_TEXT];
    int len = text.len < HFI_FAILURE_TEXT ? (int)text.len : HFI_FAILURE_TEXT;
    (void)snprintf(sentence, sizeof sentence, len == 0 ? "%s%.*s" : "%s (%.*s)", engine_say(reason),
                   len, len == 0 ? "" : (const char *)text.at);
    hfi_engine_end(self, self->dial.was_welcomed ? "SessionLost" : "ConnectionError", sentence);
}

static void
engine_break(hfi_engine_t *self, hfi_reject_t reason)
{
    hfi_dial_end(&self->dial, reason);
    engine_reject(self, reason, (hfi_span_t){NULL, 0});
}

/* ---- what time brings ----------------------------------------------------------------- */

/* Asks the dial until it has nothing to say; what it wants sent waits for fill. True: HELLO is to be sent now. */
static bool
engine_step(hfi_engine_t *self, int64_t now_ns)
{
    for (;;) {
        switch (hfi_dial_step(&self->dial, now_ns)) {
        case HFI_DIAL_NOTHING:
            return false;
        case HFI_DIAL_SEND_HELLO:
            return true;
        case HFI_DIAL_SEND_PING:
            self->wants_ping = true;
            return false; /* it says so until the PING has left */
        case HFI_DIAL_RECONNECT:
            self->wants_reconnect = true;
            break;
        case HFI_DIAL_LOST:
            hfi_engine_end(self, self->dial.was_welcomed ? "SessionLost" : "ConnectionError",
                           "the manager has not answered for a whole lease");
            return false;
        }
    }
}

void
hfi_engine_tick(hfi_engine_t *self, int64_t now_ns)
{
    HF_CHECK(self, ENGINE_MAGIC);
    static const hf_value_t none;
    hfi_deadline_t *due;
    while (!self->is_ended && (due = hfi_deadlines_take_due(self->deadlines, now_ns)) != NULL) {
        hfi_pending_t *pending = (hfi_pending_t *)due;
        hfi_engine_put_done(self, pending, HFI_DONE_TIMEOUT, &none);
        hfi_engine_abandon(self, pending->call, true);
    }
    (void)engine_step(self, now_ns);
}

int64_t
hfi_engine_due_ns(const hfi_engine_t *self)
{
    HF_CHECK(self, ENGINE_MAGIC);
    if (self->is_ended)
        return HFI_ENGINE_NEVER;
    int64_t due = hfi_dial_due_ns(&self->dial);
    int64_t ack =
        self->dial.state == HFI_DIAL_OPEN ? hfi_stream_ack_due_ns(&self->stream) : INT64_MAX;
    int64_t call = hfi_deadlines_wait_ns(self->deadlines, 0);
    due = ack < due ? ack : due;
    return call >= 0 && call < due ? call : due;
}

/* ---- receiving: answers --------------------------------------------------------------- */

/* How deep an answer may be: it may wrap what a call could carry. */
static uint64_t
engine_depth(const hfi_engine_t *self)
{
    uint64_t depth = self->dial.limits.depth;
    return depth < HFI_DEPTH_MAX - ENGINE_DEPTH_SPARE ? depth + ENGINE_DEPTH_SPARE : HFI_DEPTH_MAX;
}

static void
engine_apply_ack(hfi_engine_t *self, uint64_t ack)
{
    hfi_stream_on_ack(&self->stream, ack, NULL, NULL);
    if (hfi_engine_acknowledged(self) >= self->last_promise)
        self->stream.ack_limit = UINT64_MAX;
}

/* `sent`: the manager has sent messages up to there. */
static void
engine_on_gap(hfi_engine_t *self, uint64_t sent, int64_t now_ns)
{
    if (hfi_stream_wants_resync(&self->stream, now_ns)) {
        self->wants_resync = true;
        self->gap_end = sent;
    }
}

/* Takes the messages of a frame. HFI_REJECT_NONE, or what ends the session. */
static hfi_reject_t
engine_take_messages(hfi_engine_t *self, hfi_messages_t *messages, uint64_t number, int64_t now_ns)
{
    for (;;) {
        hfi_message_t m;
        bool is_end;
        hfi_reject_t bad = hfi_messages_next(messages, &m, &is_end);
        if (bad != HFI_REJECT_NONE || is_end)
            return bad;
        if (hfi_stream_take(&self->stream, &number, m.len, now_ns) || HFI_MUTANT(m07_count_once))
            hfi_engine_answer(self, &m);
    }
}

static void
engine_on_data(hfi_engine_t *self, const hfi_frame_t *frame, int64_t now_ns)
{
    hfi_verdict_t verdict = hfi_stream_on_data(&self->stream, frame->seq, frame->ack);
    if (verdict == HFI_STREAM_GAP) {
        engine_on_gap(self, frame->seq - 1, now_ns);
        return;
    }
    if (verdict != HFI_STREAM_OK) {
        engine_break(self, HFI_REJECT_BAD_FRAME);
        return;
    }
    hfi_messages_t messages = {0};
    hfi_reject_t bad = HFI_REJECT_LIMIT;
    if (hfi_messages_open(&messages, frame->messages, engine_depth(self), true, &self->scratch)) {
        bad = engine_take_messages(self, &messages, frame->seq, now_ns);
        hfi_messages_close(&messages);
    }
    if (bad == HFI_REJECT_LIMIT)
        hfi_engine_end(self, "SessionLost", "there was no memory for an answer");
    else if (bad != HFI_REJECT_NONE)
        engine_break(self, bad);
    else
        engine_apply_ack(self, frame->ack);
}

/* ---- receiving: the rest -------------------------------------------------------------- */

/* Only where both ends stand at the same moment can their figures be compared. */
static void
engine_compare_figures(hfi_engine_t *self, const hfi_frame_t *frame)
{
    if (!frame->has_figures || frame->sent != self->stream.received ||
        frame->ack < self->last_release)
        return;
    uint64_t count = self->entries.table.live - self->entries.n_missing;
    if (frame->count != count || frame->digest != self->entries.digest)
        self->drifts++;
}

static void
engine_on_ping(hfi_engine_t *self, const hfi_frame_t *frame, int64_t now_ns)
{
    if (frame->kind == HFI_FRAME_PING)
        self->wants_pong = true;
    hfi_verdict_t verdict = hfi_stream_on_ping(&self->stream, frame->ack, frame->sent, NULL, NULL);
    if (verdict == HFI_STREAM_GAP) {
        engine_on_gap(self, frame->sent, now_ns);
    } else if (verdict != HFI_STREAM_OK) {
        engine_break(self, HFI_REJECT_BAD_FRAME);
    } else {
        engine_apply_ack(self, frame->ack);
        engine_compare_figures(self, frame);
    }
}

static void
engine_on_open_frame(hfi_engine_t *self, const hfi_frame_t *frame, int64_t now_ns)
{
    uint64_t after;
    switch (frame->kind) {
    case HFI_FRAME_DATA:
        engine_on_data(self, frame, now_ns);
        return;
    case HFI_FRAME_PING:
    case HFI_FRAME_PONG:
        engine_on_ping(self, frame, now_ns);
        return;
    case HFI_FRAME_RESYNC:
        if (hfi_stream_on_resync(&self->stream, frame->expected, &after) == HFI_STREAM_OK)
            return;
        break;
    case HFI_FRAME_HELLO:
    case HFI_FRAME_WELCOME:
    case HFI_FRAME_REJECT:
    case HFI_FRAME_BYE:
        break;
    }
    engine_break(self, HFI_REJECT_BAD_FRAME);
}

/* Without memory for them it has said none. */
static void
engine_keep_endpoints(hfi_engine_t *self, const hf_value_t *endpoints)
{
    hfi_value_drop(&self->endpoints);
    if (hf_kind(endpoints) == HF_LIST)
        (void)hfi_value_keep(endpoints, &self->endpoints);
}

void
hfi_engine_receive(hfi_engine_t *self, hfi_span_t bytes, int64_t now_ns)
{
    HF_CHECK(self, ENGINE_MAGIC);
    if (self->is_ended)
        return;
    hfi_frame_t frame;
    hfi_reject_t bad =
        hfi_frame_read(bytes, self->dial.limits.depth + ENGINE_DEPTH_SPARE, &self->scratch, &frame);
    hfi_dial_on_heard(&self->dial);
    if (bad != HFI_REJECT_NONE) {
        engine_break(self, bad);
    } else if (frame.kind == HFI_FRAME_REJECT) {
        if (hfi_dial_on_reject(&self->dial, frame.reason))
            engine_reject(self, frame.reason, frame.text);
    } else if (frame.kind == HFI_FRAME_WELCOME) {
        if (hfi_dial_on_welcome(&self->dial, &frame.welcome, &self->stream, now_ns))
            engine_keep_endpoints(self, &frame.welcome.endpoints);
        else if (self->dial.state == HFI_DIAL_ENDED)
            engine_reject(self, self->dial.reason, (hfi_span_t){NULL, 0});
    } else if (self->dial.state == HFI_DIAL_OPEN) {
        engine_on_open_frame(self, &frame, now_ns);
    }
}

void
hfi_engine_link_up(hfi_engine_t *self, int64_t now_ns)
{
    HF_CHECK(self, ENGINE_MAGIC);
    self->wants_resync = self->wants_pong = self->wants_ping = false;
    hfi_dial_on_up(&self->dial, now_ns);
}

void
hfi_engine_link_down(hfi_engine_t *self, int64_t now_ns)
{
    HF_CHECK(self, ENGINE_MAGIC);
    hfi_dial_on_down(&self->dial, now_ns);
}

bool
hfi_engine_wants_reconnect(hfi_engine_t *self)
{
    HF_CHECK(self, ENGINE_MAGIC);
    bool wants = self->wants_reconnect && !self->is_ended;
    self->wants_reconnect = false;
    return wants;
}

/* ---- sending -------------------------------------------------------------------------- */

static size_t
engine_write_hello(hfi_engine_t *self, int64_t now_ns, hf_writer_t *w)
{
    hfi_hello_t hello;
    hfi_dial_hello(&self->dial, self->stream.received, now_ns, &hello);
    hfi_frame_write_hello(w, &hello);
    HF_ASSERT(!w->failed);
    return w->len;
}

/* DATA with messages; 0: there are none to send. */
static size_t
engine_write_data(hfi_engine_t *self, int64_t now_ns, uint8_t *to, size_t room)
{
    hfi_engine_gather(self);
    size_t len = hfi_stream_next_frame(&self->stream, to, room);
    if (len == 0 || len > room)
        return len;
    if (self->stream.sent == hfi_stream_last(&self->stream))
        self->gathered = 0;
    hfi_dial_on_sent(&self->dial, true, now_ns);
    return len;
}

/* What no message carries: PONG, PING, a bare acknowledgement, BYE. */
static size_t
engine_write_control(hfi_engine_t *self, int64_t now_ns, hf_writer_t *w)
{
    uint64_t ack = hfi_stream_ack(&self->stream);
    if (self->wants_pong || self->wants_ping) {
        bool is_pong = self->wants_pong;
        if (is_pong)
            hfi_frame_write_pong(w, ack, self->stream.sent);
        else
            hfi_frame_write_ping(w, ack, self->stream.sent);
        self->wants_pong = false;
        self->wants_ping = is_pong && self->wants_ping;
        hfi_stream_ack_told(&self->stream);
        hfi_dial_on_sent(&self->dial, !is_pong, now_ns);
    } else if (self->wants_bye) {
        hfi_frame_write_bye(w, ack);
        hfi_dial_end(&self->dial, HFI_REJECT_NONE);
        hfi_engine_end(self, "SessionLost", "the client was disconnected");
    } else if (hfi_stream_ack_due_ns(&self->stream) <= now_ns) {
        hfi_stream_write_ack(&self->stream, w, self->stream.sent);
        hfi_stream_ack_told(&self->stream);
        hfi_dial_on_sent(&self->dial, false, now_ns);
    }
    HF_ASSERT(!w->failed);
    return w->len;
}

size_t
hfi_engine_fill(hfi_engine_t *self, int64_t now_ns, uint8_t *to, size_t room)
{
    HF_CHECK(self, ENGINE_MAGIC);
    HF_ASSERT(room >= HFI_ENGINE_ROOM);
    hf_writer_t w = {.at = to, .room = room, .grow = hfi_grow_never};
    if (self->is_ended)
        return 0;
    if (engine_step(self, now_ns))
        return engine_write_hello(self, now_ns, &w);
    if (self->is_ended || self->dial.state != HFI_DIAL_OPEN)
        return 0;
    bool is_gap = self->stream.received < self->gap_end; /* what was missing may have come since */
    if (self->wants_resync && is_gap) {
        self->wants_resync = false;
        hfi_frame_write_resync(&w, self->stream.received + 1);
        hfi_dial_on_sent(&self->dial, true, now_ns);
        return w.len;
    }
    size_t len = engine_write_data(self, now_ns, to, room);
    return len > 0 || self->is_ended ? len : engine_write_control(self, now_ns, &w);
}

/* ---- the session ---------------------------------------------------------------------- */

hfi_engine_state_t
hfi_engine_state(const hfi_engine_t *self)
{
    HF_CHECK(self, ENGINE_MAGIC);
    if (self->is_ended)
        return HFI_ENGINE_ENDED;
    if (self->dial.state == HFI_DIAL_OPEN)
        return HFI_ENGINE_ATTACHED;
    return self->dial.was_welcomed ? HFI_ENGINE_DETACHED : HFI_ENGINE_OPENING;
}

bool
hfi_engine_reason(const hfi_engine_t *self, hfi_failure_t *ret_failure)
{
    HF_CHECK(self, ENGINE_MAGIC);
    if (self->is_ended)
        *ret_failure = self->reason;
    return self->is_ended;
}

bool
hfi_engine_manager(const hfi_engine_t *self, hfi_secret_t *ret_manager)
{
    HF_CHECK(self, ENGINE_MAGIC);
    *ret_manager = self->dial.manager;
    return self->dial.was_welcomed;
}

const hf_value_t *
hfi_engine_endpoints(const hfi_engine_t *self)
{
    HF_CHECK(self, ENGINE_MAGIC);
    return &self->endpoints;
}

int64_t
hfi_engine_lease_ns(const hfi_engine_t *self)
{
    return self->dial.was_welcomed ? (int64_t)self->dial.lease_ms * ENGINE_MS : 0;
}

int64_t
hfi_engine_grace_ns(const hfi_engine_t *self)
{
    int64_t lease_ns = hfi_engine_lease_ns(self);
    bool is_less = self->dial.grace_ms < self->dial.lease_ms; /* also: it cannot overflow */
    return is_less ? (int64_t)self->dial.grace_ms * ENGINE_MS : lease_ns;
}

void
hfi_engine_bye(hfi_engine_t *self, int64_t now_ns)
{
    HF_CHECK(self, ENGINE_MAGIC);
    (void)now_ns;
    self->wants_bye = true;
    if (self->dial.state != HFI_DIAL_OPEN)
        hfi_engine_end(self, "SessionLost", "the client was disconnected");
}

void
hfi_engine_give_up(hfi_engine_t *self, const char *kind, const char *text)
{
    HF_CHECK(self, ENGINE_MAGIC);
    if (self->is_left) /* nobody will take it over */
        self->is_ended = self->is_left = false;
    hfi_engine_end(self, kind, text);
}

uint64_t
hfi_engine_last(const hfi_engine_t *self)
{
    return hfi_stream_last(&self->stream);
}

uint64_t
hfi_engine_acknowledged(const hfi_engine_t *self)
{
    return self->stream.outbox.first - 1;
}

uint64_t
hfi_engine_probe(hfi_engine_t *self)
{
    HF_CHECK(self, ENGINE_MAGIC);
    if (!self->is_ended)
        hfi_engine_gather(self);
    self->wants_ping = true;
    return hfi_engine_last(self);
}

size_t
hfi_engine_unsent(const hfi_engine_t *self)
{
    if (self->stream.sent < hfi_stream_last(&self->stream))
        return self->gathered > 0 ? self->gathered : 1;
    bool is_owing =
        hfi_entries_has_unheld(&self->entries) || self->n_cancels > 0 || self->n_owed > 0;
    return is_owing ? 1 : 0;
}

bool
hfi_engine_is_waiting(const hfi_engine_t *self)
{
    return self->stream.sent > hfi_engine_acknowledged(self);
}

uint64_t
hfi_engine_drifts(const hfi_engine_t *self)
{
    return self->drifts;
}
