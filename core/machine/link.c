/* SPDX-License-Identifier: MPL-2.0 */
/* link -- see link.h
 *
 * A connection carries one session, a session has one connection. HELLO puts the two together and takes both from
 * whatever they had; everything else on a connection without a session is answered no_session. All that is said here
 * leaves as unnumbered frames, so nothing of it is kept.
 */
#include "link.h"

#include <stdlib.h>

#include <base/check.h>
#include <base/mutant.h>
#include <stream/handle.h>
#include <value/value.h>

#include "scan.h"

enum {
    LINK_CLIENT_BYTES = 127, /* of HELLO's free text are kept */
    LINK_SMALL_FRAME = 256,  /* any of ours but WELCOME */
    LINK_STEP = 4,           /* messages between two steps of the look-ahead */
    LINK_FEW = 1024,         /* so few holdings are in the cache anyway */
};

/* ---- frames of ours ---------------------------------------------------------------------- */

typedef struct link_frame {
    uint8_t raw[LINK_SMALL_FRAME];
    hf_writer_t w;
} link_frame_t;

static hf_writer_t *
link_open(link_frame_t *self)
{
    self->w = (hf_writer_t){.at = self->raw, .room = sizeof self->raw, .grow = hfi_grow_never};
    return &self->w;
}

/* `session` NULL: nothing has to go before it. */
static void
link_put(hfi_state_t *state, uint64_t link, hfi_session_t *session, link_frame_t *frame)
{
    HF_ASSERT(!frame->w.failed);
    uint64_t after = session == NULL ? 0 : hfi_stream_last(&session->stream);
    hfi_state_control(state, link, session, after, (hfi_span_t){frame->w.at, frame->w.len});
}

static void
link_reject(hfi_state_t *state, uint64_t link, hfi_reject_t reason, const char *text)
{
    link_frame_t frame;
    hfi_frame_write_reject(link_open(&frame), reason, hfi_span_of(text));
    link_put(state, link, NULL, &frame);
}

/* ---- alarms ------------------------------------------------------------------------------ */

static void
link_arm(hfi_state_t *state, hfi_session_t *session)
{
    hfi_state_arm(state, &session->alarm,
                  hfi_session_due_ns(session, state->boot.grace_ns, state->boot.probe_ns));
}

/* After anything that may have made it owe an acknowledgement. */
static void
link_owe(hfi_state_t *state, hfi_session_t *session)
{
    if (session->link == 0)
        return;
    if (session->is_send_out) /* the frame that is to leave says it */
        hfi_stream_ack_told(&session->stream);
    int64_t due = hfi_stream_ack_due_ns(&session->stream);
    if (due == INT64_MIN)
        hfi_link_acknowledge(state, session);
    else if (due != INT64_MAX && session->ack_alarm.deadline.place == 0)
        hfi_state_arm(state, &session->ack_alarm, due);
}

void
hfi_link_acknowledge(hfi_state_t *state, hfi_session_t *session)
{
    int64_t due = hfi_stream_ack_due_ns(&session->stream);
    if (due == INT64_MAX || session->link == 0)
        return;
    if (due > state->now_ns) {
        hfi_state_arm(state, &session->ack_alarm, due);
        return;
    }
    link_frame_t frame;
    hfi_stream_write_ack(&session->stream, link_open(&frame), hfi_stream_last(&session->stream));
    link_put(state, session->link, session, &frame);
    hfi_stream_ack_told(&session->stream);
}

static void
link_ping(hfi_state_t *state, hfi_session_t *session)
{
    link_frame_t frame;
    hfi_frame_write_ping(link_open(&frame), session->stream.received,
                         hfi_stream_last(&session->stream));
    link_put(state, session->link, session, &frame);
    hfi_stream_ack_told(&session->stream);
    session->pinged_ns = state->now_ns;
}

/* As if it had been heard just now; for mutants alone. */
static void
link_renew(hfi_state_t *state, hfi_session_t *session)
{
    session->heard_ns = state->now_ns;
    session->detached_ns = state->now_ns;
    link_arm(state, session);
}

void
hfi_link_lease(hfi_state_t *state, hfi_session_t *session)
{
    bool is_expired = hfi_session_is_expired(session, state->now_ns, state->boot.grace_ns);
    if (is_expired && HFI_MUTANT(m12_no_resurrect) && session->held.live != 0) {
        hfi_session_give_all(session, &state->referents); /* and it may come back, with nothing */
        link_renew(state, session);
        return;
    }
    if (is_expired && HFI_MUTANT(m18_leases)) {
        link_renew(state, session);
        return;
    }
    if (is_expired) {
        hfi_state_log(state, HF_LOG_INFO, "peer", "session %llu has expired",
                      (unsigned long long)session->number);
        hfi_reap_session(state, session, HFI_REJECT_SESSION_EXPIRED, "the lease has run out");
        return;
    }
    if (session->link != 0 &&
        hfi_session_due_ns(session, state->boot.grace_ns, state->boot.probe_ns) <= state->now_ns)
        link_ping(state, session);
    link_arm(state, session);
}

/* ---- links ------------------------------------------------------------------------------- */

void
hfi_link_up(hfi_state_t *state, uint64_t number, const hfi_peer_t *peer)
{
    if (number == 0 || hfi_state_link(state, number) != NULL)
        return;
    if (state->links.live >= state->boot.limits.links) {
        link_reject(state, number, HFI_REJECT_LIMIT,
                    "the manager has as many connections as it may");
        hfi_state_output(state, &(hfi_output_t){.kind = HFI_OUTPUT_KICK, .link = number});
        return;
    }
    hfi_link_t *link = hfi_idtable_add(&state->links, number);
    if (link == NULL)
        HF_BUG("no memory");
    link->uid = peer->uid;
    link->pid = peer->pid;
    if (peer->user.len != 0) {
        link->user = hfi_need(peer->user.len + 1);
        memcpy(link->user, peer->user.at, peer->user.len);
    }
}

static void
link_detach(hfi_state_t *state, hfi_session_t *session)
{
    session->link = 0;
    session->detached_ns = state->now_ns;
    link_arm(state, session);
}

void
hfi_link_down(hfi_state_t *state, uint64_t number, bool is_certain)
{
    hfi_link_t *link = hfi_state_link(state, number);
    if (link == NULL)
        return;
    hfi_session_t *session = link->session;
    free(link->user);
    hfi_idtable_remove(&state->links, link);
    if (session == NULL)
        return;
    link_detach(state, session);
    if (is_certain || HFI_MUTANT(m13_disconnect_is_not_death))
        hfi_reap_session(state, session, HFI_REJECT_NONE, "");
}

/* ---- HELLO ------------------------------------------------------------------------------- */

static int64_t
link_lease_ns(const hfi_boot_t *boot, uint64_t wish_ms)
{
    if (wish_ms == 0)
        return boot->lease_ns;
    int64_t wish = wish_ms > INT64_MAX / 1000000 ? INT64_MAX : (int64_t)wish_ms * 1000000;
    if (wish < boot->lease_min_ns)
        return boot->lease_min_ns;
    return wish > boot->lease_max_ns ? boot->lease_max_ns : wish;
}

static hfi_span_t
link_text(const hf_value_t *value)
{
    hfi_span_t span;
    span.at = (const uint8_t *)hf_as_str(value, &span.len);
    return span.at == NULL ? hfi_span_of("") : span;
}

static void
link_welcome(hfi_state_t *state, hfi_session_t *session, bool is_resumed)
{
    hfi_welcome_t welcome = {.manager = state->boot.space,
                             .received = session->stream.received,
                             .lease_ms = (uint64_t)(session->lease_ns / 1000000),
                             .grace_ms = (uint64_t)(state->boot.grace_ns / 1000000),
                             .limits = state->wire,
                             .endpoints = state->boot.endpoints,
                             .server = link_text(&state->boot.server),
                             .resumed = is_resumed};
    hfi_buffer_t *buffer = hfi_state_borrow(state, UINT32_MAX);
    hfi_frame_write_welcome(&buffer->w, &welcome);
    hfi_state_control(state, session->link, NULL, 0, (hfi_span_t){buffer->w.at, buffer->w.len});
    hfi_state_return(state, &buffer);
}

/* Counts the handles in all that is sent once more; for a mutant alone. */
static void
link_count_again(hfi_state_t *state, hfi_session_t *session, uint64_t after)
{
    hfi_kept_t kept;
    for (uint64_t number = after + 1; hfi_outbox_get(&session->stream.outbox, number, &kept);
         number++) {
        hfi_failure_t failure;
        hfi_scan_t scan;
        hf_value_t value;
        hf_value_t item;
        if (!hfi_answer_read(&kept, &value, &failure) || !hf_has_handles(&value))
            continue;
        hfi_scan_open(&scan, &value);
        while (hfi_scan_next(&scan, &item)) {
            uint64_t object = 0;
            bool is_handle = hf_kind(&item) == HF_HANDLE && hfi_handle_number(&item, &object);
            hfi_referent_t *referent = is_handle ? hfi_state_find(state, object) : NULL;
            if (referent != NULL && referent->number != 0)
                (void)hfi_session_take(session, &state->account, referent);
        }
    }
}

/* Puts session and connection together, and says so. */
static void
link_attach(hfi_state_t *state, hfi_link_t *link, hfi_session_t *session, const hfi_hello_t *hello,
            bool is_resumed)
{
    if (session->link != 0 && session->link != link->number) {
        hfi_link_t *former = hfi_state_link(state, session->link);
        if (former != NULL)
            former->session = NULL;
    }
    if (link->session != NULL && link->session != session)
        link_detach(state, link->session);
    link->session = session;
    session->link = link->number;
    session->attempt = hello->attempt;
    session->heard_ns = state->now_ns;
    session->pinged_ns = state->now_ns;
    session->lease_ns = link_lease_ns(&state->boot, hello->lease_ms);
    session->is_send_out = false;
    hfi_stream_attach(&session->stream, hello->received, state->now_ns);
    if (HFI_MUTANT(m05_reply_kept))
        hfi_stream_on_ack(&session->stream, hfi_stream_last(&session->stream), NULL, NULL);
    if (HFI_MUTANT(m06_resend_uncounted))
        link_count_again(state, session, hello->received);
    link_welcome(state, session, is_resumed);
    hfi_state_output(state, &(hfi_output_t){.kind = HFI_OUTPUT_REWIND,
                                            .session = session->number,
                                            .link = link->number,
                                            .after = hello->received});
    if (link->pid > 0)
        hfi_state_output(state, &(hfi_output_t){.kind = HFI_OUTPUT_WATCH,
                                                .link = link->number,
                                                .number = (uint64_t)link->pid});
    link_arm(state, session);
    link_owe(state,
             session); /* WELCOME's `received` acknowledges nothing, and the last ack may be lost */
}

static void
link_open_session(hfi_state_t *state, hfi_link_t *link, const hfi_hello_t *hello)
{
    if (state->is_stopping) {
        link_reject(state, link->number, HFI_REJECT_SHUTDOWN, "the manager stops");
        return;
    }
    if (hello->received != 0) {
        link_reject(state, link->number, HFI_REJECT_SESSION_EXPIRED,
                    "a new session has received nothing");
        return;
    }
    hfi_session_t *session = hfi_state_open_session(state, &hello->session);
    if (session == NULL) {
        link_reject(state, link->number, HFI_REJECT_LIMIT,
                    "the manager has as many sessions as it may");
        return;
    }
    session->uid = link->uid;
    session->pid = link->pid;
    session->from = hello->from;
    session->is_manager = hello->has_from;
    session->opened_ns = state->now_ns;
    session->asked_ns = state->now_ns;
    size_t len = hello->client.len < LINK_CLIENT_BYTES ? hello->client.len : LINK_CLIENT_BYTES;
    while (len < hello->client.len && len > 0 && (hello->client.at[len] & 0xc0) == 0x80)
        len--; /* not inside a character */
    session->client = hfi_need(len + 1);
    if (len != 0)
        memcpy(session->client, hello->client.at, len);
    if (link->user != NULL) {
        session->user = hfi_need(strlen(link->user) + 1);
        memcpy(session->user, link->user, strlen(link->user));
    }
    hfi_session_set_roles(session, state->policy);
    link_attach(state, link, session, hello, false);
}

static void
link_resume_session(hfi_state_t *state, hfi_link_t *link, hfi_session_t *session,
                    const hfi_hello_t *hello)
{
    hfi_span_t user = link->user == NULL ? (hfi_span_t){NULL, 0} : hfi_span_of(link->user);
    if (!hfi_session_is_for(session, user, link->uid)) {
        link_reject(state, link->number, HFI_REJECT_DENIED, "the session is another peer's");
        return;
    }
    if (hello->attempt <= session->attempt && !HFI_MUTANT(m16_attempt))
        return;
    if (!hfi_stream_fits(&session->stream, hello->received)) {
        link_reject(state, link->number, HFI_REJECT_SESSION_EXPIRED, "the two streams do not fit");
        hfi_reap_session(state, session, HFI_REJECT_SESSION_EXPIRED, "the two streams do not fit");
        return;
    }
    link_attach(state, link, session, hello, true);
}

static bool
link_is_other_space(const hfi_state_t *state, const hfi_hello_t *hello)
{
    return hello->has_manager &&
           memcmp(hello->manager.bytes, state->boot.space.bytes, sizeof hello->manager.bytes) != 0;
}

static void
link_hello(hfi_state_t *state, hfi_link_t *link, const hfi_hello_t *hello)
{
    bool is_foreign = hello->resume && link_is_other_space(state, hello);
    if (is_foreign && !HFI_MUTANT(m11_epoch)) {
        link_reject(state, link->number, HFI_REJECT_SESSION_EXPIRED, "another manager's session");
        return;
    }
    hfi_session_t *session = hfi_state_find_secret(state, &hello->session);
    if (session != NULL)
        link_resume_session(state, link, session, hello);
    else if (hello->resume && !is_foreign)
        link_reject(state, link->number, HFI_REJECT_SESSION_EXPIRED, "no such session");
    else if (!hfi_state_has_ended(state, &hello->session, hello->attempt))
        link_open_session(state, link, hello);
}

/* An answer that was minded is the client's for good: where it was object 0's, an adoption counts. */
static void
link_acknowledged(void *context, const hfi_kept_t *kept)
{
    hfi_state_t *state = context;
    if (kept->referent == 0)
        hfi_pins_count_use(&state->pins, kept->cookie);
}

/* ---- DATA -------------------------------------------------------------------------------- */

static void
link_end(hfi_state_t *state, hfi_session_t *session, hfi_reject_t reason, const char *text)
{
    uint64_t link = session->link;
    hfi_state_log(state, HF_LOG_WARNING, "peer", "session %llu ends: %s: %s",
                  (unsigned long long)session->number, hfi_reject_name(reason), text);
    hfi_reap_session(state, session, reason, text);
    if (reason == HFI_REJECT_LIMIT)
        hfi_state_output(state, &(hfi_output_t){.kind = HFI_OUTPUT_KICK, .link = link});
}

static void
link_resync(hfi_state_t *state, hfi_session_t *session)
{
    if (!hfi_stream_wants_resync(&session->stream, state->now_ns))
        return;
    link_frame_t frame;
    hfi_frame_write_resync(link_open(&frame), session->stream.received + 1);
    link_put(state, session->link, NULL, &frame);
}

/* Reads all messages of a frame into state->messages; false: one of them is none. */
static bool
link_read_messages(hfi_state_t *state, hfi_span_t bytes, uint32_t *ret_n)
{
    hfi_messages_t messages;
    uint32_t n = 0;
    state->message_scratch.len = 0;
    if (!hfi_messages_open(&messages, bytes, state->wire.depth, false, &state->message_scratch))
        HF_BUG("no memory");
    for (;; n++) {
        if (n == state->messages_room) {
            uint32_t room = n == 0 ? 256 : 2 * n;
            state->messages =
                hfi_need_more(state->messages, (size_t)room * sizeof *state->messages);
            state->messages_room = room;
        }
        bool is_end = false;
        if (hfi_messages_next(&messages, &state->messages[n], &is_end) != HFI_REJECT_NONE)
            return false;
        if (is_end)
            break;
    }
    *ret_n = n;
    return true;
}

/* False: below zero. */
static bool
link_release(hfi_state_t *state, hfi_session_t *session, const hfi_message_t *message)
{
    /* WALK reference 5/8: RELEASE gives so many back */
    hf_cursor_t pairs;
    uint64_t object;
    uint64_t count;
    hf_open(&pairs, &message->value);
    while (hfi_release_next(&pairs, &object, &count)) {
        if (!hfi_session_give(session, &state->referents, object, count))
            return false;
    }
    return true;
}

/* False: the session must end here. */
static bool
link_run(hfi_state_t *state, hfi_session_t *session, const hfi_message_t *message, uint64_t number)
{
    switch (message->kind) {
    case HFI_MESSAGE_CALL:
        hfi_call_receive(state, session, message, number);
        return true;
    case HFI_MESSAGE_CANCEL:
        hfi_call_cancel(state, session, message->call);
        return true;
    case HFI_MESSAGE_RELEASE:
        return link_release(state, session, message);
    case HFI_MESSAGE_RESULT:
    case HFI_MESSAGE_ERROR:
    case HFI_MESSAGE_EVENT:
        break;
    }
    return false;
}

/* Look-ahead: where a session holds much, each call would wait for memory four times one after the other: index, row,
 * referent, state. So the message that runs LINK_STEP, 2 and 3 times LINK_STEP later has one of these loads started
 * now. What it looks at may change until then: it only ever starts a load. */
HF_LOOK_AHEAD void
link_look_ahead(const hfi_session_t *session, const hfi_message_t *messages, uint32_t n, uint32_t i)
{
    const hfi_idtable_t *held = &session->held;
    if (i + 3 * LINK_STEP < n)
        hfi_idtable_prefetch_slot(held, messages[i + 3 * LINK_STEP].target);
    if (i + 2 * LINK_STEP < n)
        hfi_idtable_prefetch_row(held, messages[i + 2 * LINK_STEP].target);
    if (i + LINK_STEP >= n)
        return;
    const hfi_holding_t *row = hfi_idtable_peek(held, messages[i + LINK_STEP].target);
    if (row == NULL)
        return;
    __builtin_prefetch(row->referent);
    __builtin_prefetch(row->referent + 1, 1);
}

/* Runs the frame's messages. False: the session has ended. */
static bool
link_run_messages(hfi_state_t *state, hfi_session_t *session, uint64_t seq, uint32_t n,
                  hfi_settle_f *settle)
{
    uint64_t n_ends = state->n_ends;
    uint64_t me = session->number;
    for (uint32_t i = 0; i < n; i++) {
        const hfi_message_t *message = &state->messages[i];
        if (session->held.live > LINK_FEW)
            link_look_ahead(session, state->messages, n, i);
        uint64_t number = seq;
        if (!hfi_stream_take(&session->stream, &seq, message->len, state->now_ns) &&
            !HFI_MUTANT(m04_dedupe))
            continue;
        if (!link_run(state, session, message, number)) {
            link_end(state, session, HFI_REJECT_BAD_FRAME,
                     "more references given back than there are");
            return false;
        }
        if (hfi_state_has_chores(state))
            settle(state);
        if (state->n_ends != n_ends && hfi_state_session(state, me) == NULL)
            return false;
    }
    return true;
}

/* the frame's messages, all admitted, run in their order */
static void
link_data(hfi_state_t *state, hfi_session_t *session, const hfi_frame_t *frame,
          hfi_settle_f *settle)
{
    /* WALK call 2/9: a DATA frame: numbered messages of one session */
    uint32_t n;
    hfi_verdict_t verdict = hfi_stream_on_data(&session->stream, frame->seq, frame->ack);
    if (verdict == HFI_STREAM_GAP) {
        link_resync(state, session);
        return;
    }
    if (verdict == HFI_STREAM_BAD_FRAME || !link_read_messages(state, frame->messages, &n)) {
        link_end(state, session, HFI_REJECT_BAD_FRAME, "a frame that has no meaning");
        return;
    }
    if (n != 0)
        session->asked_ns = state->now_ns;
    if (!link_run_messages(state, session, frame->seq, n, settle))
        return;
    hfi_stream_on_ack(&session->stream, frame->ack, link_acknowledged, state);
    if (hfi_stream_is_flooding(&session->stream)) {
        link_end(state, session, HFI_REJECT_LIMIT, "more than twice the window is unacknowledged");
        return;
    }
    link_owe(state, session);
}

/* ---- the rest ---------------------------------------------------------------------------- */

static void
link_pong(hfi_state_t *state, hfi_session_t *session)
{
    link_frame_t frame;
    hfi_frame_write_pong_figures(link_open(&frame), session->stream.received,
                                 hfi_stream_last(&session->stream), session->held.live,
                                 session->digest);
    link_put(state, session->link, session, &frame);
    hfi_stream_ack_told(&session->stream);
}

static void
link_ping_or_pong(hfi_state_t *state, hfi_session_t *session, const hfi_frame_t *frame)
{
    hfi_verdict_t verdict =
        hfi_stream_on_ping(&session->stream, frame->ack, frame->sent, link_acknowledged, state);
    if (verdict == HFI_STREAM_BAD_FRAME) {
        link_end(state, session, HFI_REJECT_BAD_FRAME, "an acknowledgement of what was never sent");
        return;
    }
    if (verdict == HFI_STREAM_GAP)
        link_resync(state, session);
    if (frame->kind == HFI_FRAME_PING)
        link_pong(state, session);
}

static void
link_on_resync(hfi_state_t *state, hfi_session_t *session, const hfi_frame_t *frame)
{
    uint64_t after;
    if (hfi_stream_on_resync(&session->stream, frame->expected, &after) != HFI_STREAM_OK) {
        link_end(state, session, HFI_REJECT_BAD_FRAME, "a retransmission of what there is not");
        return;
    }
    if (HFI_MUTANT(m06_resend_uncounted))
        link_count_again(state, session, after);
    hfi_state_output(state, &(hfi_output_t){.kind = HFI_OUTPUT_REWIND,
                                            .session = session->number,
                                            .link = session->link,
                                            .after = after});
}

static void
link_bye(hfi_state_t *state, hfi_session_t *session, const hfi_frame_t *frame)
{
    if (hfi_stream_on_bye(&session->stream, frame->ack, link_acknowledged, state) == HFI_STREAM_OK)
        hfi_reap_session(state, session, HFI_REJECT_NONE, "");
    else
        link_end(state, session, HFI_REJECT_BAD_FRAME, "an acknowledgement of what was never sent");
}

static void
link_serve(hfi_state_t *state, hfi_session_t *session, const hfi_frame_t *frame,
           hfi_settle_f *settle)
{
    session->heard_ns = state->now_ns;
    switch (frame->kind) {
    case HFI_FRAME_DATA:
        link_data(state, session, frame, settle);
        return;
    case HFI_FRAME_PING:
    case HFI_FRAME_PONG:
        link_ping_or_pong(state, session, frame);
        return;
    case HFI_FRAME_RESYNC:
        link_on_resync(state, session, frame);
        return;
    case HFI_FRAME_BYE:
        link_bye(state, session, frame);
        return;
    case HFI_FRAME_HELLO:
    case HFI_FRAME_WELCOME:
    case HFI_FRAME_REJECT:
        break;
    }
    link_end(state, session, HFI_REJECT_BAD_FRAME, "a frame that is the manager's to send");
}

void
hfi_link_frame(hfi_state_t *state, uint64_t number, hfi_span_t bytes, hfi_settle_f *settle)
{
    hfi_frame_t frame;
    state->figures.frames_in++;
    state->figures.bytes_in += bytes.len;
    hfi_link_t *link = hfi_state_link(state, number);
    if (link == NULL)
        return;
    hfi_reject_t wrong =
        bytes.len > state->wire.frame_bytes
            ? HFI_REJECT_BAD_FRAME
            : hfi_frame_read(bytes, state->wire.depth, &state->frame_scratch, &frame);
    if (wrong == HFI_REJECT_NONE && frame.kind == HFI_FRAME_HELLO)
        link_hello(state, link, &frame.hello);
    else if (wrong != HFI_REJECT_NONE && link->session != NULL)
        link_end(state, link->session, wrong, "a frame that has no meaning");
    else if (wrong != HFI_REJECT_NONE)
        link_reject(state, number, wrong, "a frame that has no meaning");
    else if (link->session == NULL)
        link_reject(state, number, HFI_REJECT_NO_SESSION, "this connection has said no HELLO");
    else
        link_serve(state, link->session, &frame, settle);
}
