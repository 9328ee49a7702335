/* SPDX-License-Identifier: MPL-2.0 */
/* speech -- see speech.h */
#include "speech.h"

#include <base/check.h>
#include <value/writer.h>

#include "stub.h"

/* ---- what is said ----------------------------------------------------------------------- */

bool
hfi_speech_has_room(hfi_far_t *far)
{
    return far->dial.state == HFI_DIAL_OPEN && hfi_stream_has_room(&far->stream, HFI_SPEECH_CALL);
}

static void
speech_begin(hfi_far_t *far, hfi_begun_t *begun)
{
    if (!hfi_stream_begin(&far->stream, begun))
        HF_BUG("no memory");
}

static uint64_t
speech_commit(hfi_begun_t *begun)
{
    uint64_t number = hfi_outbox_commit(begun, NULL);
    HF_ASSERT(number != 0); /* no message of ours is too long for a frame that may be */
    return number;
}

uint64_t
hfi_speech_call(hfi_far_t *far, const char *method, bool is_oneway,
                void (*write)(hf_writer_t *w, const void *what), const void *what)
{
    hfi_begun_t begun;
    speech_begin(far, &begun);
    hfi_message_write_call(&begun.w, is_oneway ? 6 : 4, 0, false, hfi_span_of(method));
    write(&begun.w, what);
    if (is_oneway) {
        hf_write_nil(&begun.w);
        hfi_message_write_options(&begun.w, INT64_MAX, 0, true);
    }
    return speech_commit(&begun);
}

void
hfi_speech_owe(hfi_far_t *far, const hfi_owed_t *owed)
{
    if (far->n_owed == far->owed_room) {
        far->owed_room = far->owed_room == 0 ? 16 : 2 * far->owed_room;
        far->owed = hfi_need_more(far->owed, far->owed_room * sizeof *far->owed);
    }
    far->owed[far->n_owed++] = *owed;
}

static void
speech_write_secret(hf_writer_t *w, const void *what)
{
    const hfi_secret_t *secret = what;
    hf_write_list(w, 1);
    hf_write_bytes(w, secret->bytes, sizeof secret->bytes);
}

static void
speech_give_back(hfi_far_t *far, uint64_t object)
{
    hfi_begun_t begun;
    speech_begin(far, &begun);
    hfi_message_write_release(&begun.w, 1);
    hf_write_uint(&begun.w, object);
    hf_write_uint(&begun.w, 1);
    (void)speech_commit(&begun);
}

void
hfi_speech_say_owed(hfi_far_t *far)
{
    while (far->owed_at < far->n_owed && hfi_speech_has_room(far)) {
        hfi_owed_t *owed = &far->owed[far->owed_at];
        if (owed->has_token) {
            (void)hfi_speech_call(far, "revoke", true, speech_write_secret, &owed->secret);
            owed->has_token = false;
            continue;
        }
        if (owed->has_reference && owed->object != 0) /* the manager itself is held by nobody */
            speech_give_back(far, owed->object);
        far->owed_at++;
    }
    if (far->owed_at == far->n_owed)
        far->owed_at = far->n_owed = 0;
}

static size_t
speech_write_control(hfi_state_t *state, hfi_far_t *far, hf_writer_t *w)
{
    uint64_t ack = hfi_stream_ack(&far->stream);
    if (far->wants_resync) {
        far->wants_resync = false;
        hfi_frame_write_resync(w, far->stream.received + 1);
        hfi_dial_on_sent(&far->dial, true, state->now_ns);
        return w->len;
    }
    bool is_ack = hfi_stream_ack_due_ns(&far->stream) <= state->now_ns;
    if (far->wants_pong)
        hfi_frame_write_pong(w, ack, far->stream.sent);
    else if (far->wants_ping)
        hfi_frame_write_ping(w, ack, far->stream.sent);
    else if (is_ack)
        hfi_stream_write_ack(&far->stream, w, far->stream.sent);
    else
        return 0;
    hfi_stream_ack_told(&far->stream);
    hfi_dial_on_sent(&far->dial, !far->wants_pong && far->wants_ping, state->now_ns);
    if (far->wants_pong)
        far->wants_pong = false;
    else
        far->wants_ping = false;
    return w->len;
}

size_t
hfi_speech_write(hfi_state_t *state, hfi_far_t *far, uint8_t *to)
{
    uint64_t frame_bytes = far->dial.limits.frame_bytes;
    size_t room = frame_bytes < HFI_SPEECH_FRAME ? (size_t)frame_bytes : HFI_SPEECH_FRAME;
    hf_writer_t w = {.at = to, .room = HFI_SPEECH_FRAME, .grow = hfi_grow_never};
    size_t len = far->wants_resync ? 0 : hfi_stream_next_frame(&far->stream, to, room);
    if (len == 0)
        return speech_write_control(state, far, &w);
    if (len > room)
        return HFI_SPEECH_FRAME + 1;
    hfi_dial_on_sent(&far->dial, true, state->now_ns);
    return len;
}

/* ---- what is heard ---------------------------------------------------------------------- */

/* Finds the adoption that a call was asked for; 0: there is none. */
static uint64_t
speech_take_asked(hfi_far_t *far, uint64_t call)
{
    const uint64_t *row = hfi_idtable_find(&far->asked, call);
    if (row == NULL)
        return 0;
    uint64_t adoption = row[1];
    hfi_idtable_remove(&far->asked, hfi_idtable_find(&far->asked, call));
    return adoption;
}

/* False: the session must end. */
static bool
speech_take(hfi_state_t *state, hfi_far_t *far, const hfi_message_t *message)
{
    if (message->kind == HFI_MESSAGE_EVENT)
        return true;
    uint64_t adoption = speech_take_asked(far, message->call);
    if (adoption == 0 || message->bad_request != NULL)
        return false;
    hfi_stub_answer(state, far, adoption, message);
    return true;
}

/* All of a frame's messages; false: one of them is none, or answers nothing. */
static bool
speech_take_all(hfi_state_t *state, hfi_far_t *far, const hfi_frame_t *frame)
{
    hfi_messages_t messages = {0};
    uint64_t number = frame->seq;
    uint64_t depth = hfi_speech_depth(state);
    if (!hfi_messages_open(&messages, frame->messages, depth, true, &state->message_scratch))
        HF_BUG("no memory");
    for (;;) {
        hfi_message_t message;
        bool is_end;
        if (hfi_messages_next(&messages, &message, &is_end) != HFI_REJECT_NONE)
            return false;
        if (is_end)
            break;
        if (hfi_stream_take(&far->stream, &number, message.len, state->now_ns) &&
            !speech_take(state, far, &message))
            return false;
    }
    hfi_messages_close(&messages);
    return true;
}

static void
speech_gap(hfi_state_t *state, hfi_far_t *far)
{
    if (hfi_stream_wants_resync(&far->stream, state->now_ns))
        far->wants_resync = true;
}

bool
hfi_speech_hear(hfi_state_t *state, hfi_far_t *far, const hfi_frame_t *frame)
{
    uint64_t after;
    hfi_verdict_t verdict = HFI_STREAM_BAD_FRAME;
    if (frame->kind == HFI_FRAME_DATA) {
        verdict = hfi_stream_on_data(&far->stream, frame->seq, frame->ack);
        if (verdict == HFI_STREAM_OK && !speech_take_all(state, far, frame))
            return false;
        if (verdict == HFI_STREAM_OK)
            hfi_stream_on_ack(&far->stream, frame->ack, NULL, NULL);
    } else if (frame->kind == HFI_FRAME_PING || frame->kind == HFI_FRAME_PONG) {
        far->wants_pong = far->wants_pong || frame->kind == HFI_FRAME_PING;
        verdict = hfi_stream_on_ping(&far->stream, frame->ack, frame->sent, NULL, NULL);
    } else if (frame->kind == HFI_FRAME_RESYNC) {
        verdict = hfi_stream_on_resync(&far->stream, frame->expected, &after);
    }
    if (verdict == HFI_STREAM_GAP)
        speech_gap(state, far);
    return verdict != HFI_STREAM_BAD_FRAME;
}
