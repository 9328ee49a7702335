/* SPDX-License-Identifier: MPL-2.0 */
/* reap -- see reap.h
 *
 * A session ends in this order, whatever ended it:
 *   its parked and waiting calls are cancelled, in the order they parked; nobody is answered
 *   what answers that it never acknowledged had given is taken back, the last first
 *   what its threads own is released
 *   its references go, in the order it took them
 */
#include "reap.h"

#include <base/check.h>
#include <value/value.h>

#include "hook.h"
#include "stall.h"
#include "stub.h"
#include "timer.h"
#include "watch.h"

enum { REAP_FRAME_BYTES = 512 };

/* ---- referents ------------------------------------------------------------------------- */

static void
reap_referent(hfi_state_t *state, hfi_referent_t *referent)
{
    /* WALK reference 8/8: destroyed between two calls, in a loop, not a recursion */
    /* WALK plugin 7/8: its last holder is gone: `destroy` */
    hfi_timer_clear(state, referent);
    hfi_pins_forget_of(&state->pins, referent);
    hfi_watch_tell(state, referent, "unreferenced");
    if (!referent->is_stillborn && referent->type->row->destroy != NULL) {
        hfi_call_t *call = hfi_hook_borrow(state, referent, "destroy", HFI_SINK_NONE);
        hfi_call_enter(call);
        referent->type->row->destroy(&call->head, hfi_referent_self(referent));
        hfi_call_leave(call);
        hfi_call_close(call, HF_OK);
    }
    hfi_referents_bury(&state->referents, &referent);
    state->figures.referents = state->referents.table.live;
}

void
hfi_reap_dead(hfi_state_t *state)
{
    HF_ASSERT(state->running == NULL);
    for (hfi_referent_t *dead = hfi_referents_take_dead(&state->referents); dead != NULL;
         dead = hfi_referents_take_dead(&state->referents))
        reap_referent(state, dead);
}

void
hfi_reap_garbage(hfi_state_t *state, uint64_t number)
{
    HF_ASSERT(state->running == NULL);
    hfi_referent_t *referent = hfi_state_find(state, number);
    if (referent == NULL || referent->is_listed) /* its holders are gone meanwhile: reap_dead's */
        return;
    referent->is_dying = 1;
    reap_referent(state, referent);
}

void
hfi_reap_all(hfi_state_t *state)
{
    hfi_pins_forget_all(&state->pins);
    hfi_reap_dead(state);
    for (hfi_referent_t *next = hfi_referents_next(&state->referents, 0); next != NULL;
         next = hfi_referents_next(&state->referents, 0)) {
        next->is_dying = 1;
        reap_referent(state, next);
        hfi_reap_dead(state);
    }
}

/* ---- sessions -------------------------------------------------------------------------- */

static void
reap_pending(hfi_state_t *state, hfi_session_t *session)
{
    for (hfi_pending_t *row = hfi_idtable_next(&session->pending, NULL); row != NULL;
         row = hfi_idtable_next(&session->pending, NULL))
        hfi_call_abandon(state, hfi_parks_at(&state->parks, row->record));
}

/* What an answer gave, as the referent gave it; it lasts as long as the call. */
static hf_value_t
reap_taken_back(hfi_state_t *state, const hf_value_t *given)
{
    if (!hf_has_handles(given) || !hfi_stub_is_any(state))
        return hfi_arena_copy(&state->arena, given);
    hfi_buffer_t *buffer = hfi_state_borrow(state, UINT32_MAX);
    hfi_stub_rewrite(state, given, true, &buffer->w);
    hf_value_t value = hfi_buffer_view(buffer);
    value = hfi_arena_copy(&state->arena, &value);
    hfi_state_return(state, &buffer);
    return value;
}

static void
reap_undelivered(hfi_state_t *state, hfi_session_t *session)
{
    hfi_kept_t kept;
    while (hfi_outbox_take_last(&session->stream.outbox, &kept)) {
        hfi_failure_t failure;
        hf_value_t value;
        hfi_referent_t *referent = kept.is_minded ? hfi_state_find(state, kept.referent) : NULL;
        if (referent == NULL || referent->type->row->undelivered == NULL)
            continue;
        hfi_arena_mark_t mark = hfi_arena_mark(&state->arena);
        if (!hfi_answer_read(&kept, &value, &failure))
            continue;
        value = reap_taken_back(state, &value);
        if (hfi_stall_undelivered(state, referent, &value, kept.cookie)) {
            hfi_arena_release(&state->arena, mark);
            continue;
        }
        hfi_call_t *call = hfi_hook_borrow(state, referent, "undelivered", HFI_SINK_NONE);
        hfi_call_enter(call);
        referent->type->row->undelivered(&call->head, hfi_referent_self(referent), &value,
                                         kept.cookie);
        hfi_call_leave(call);
        hfi_call_close(call, HF_OK);
        hfi_arena_release(&state->arena, mark);
    }
}

static void
reap_owned(hfi_state_t *state, hfi_session_t *session)
{
    for (const hfi_owning_t *row = hfi_idtable_next(&session->owned, NULL); row != NULL;
         row = hfi_idtable_next(&session->owned, NULL)) {
        hfi_referent_t *referent = hfi_state_find(state, row->object);
        hfi_session_disown(session, &state->account, row->object);
        if (referent == NULL || referent->type->row->session_died == NULL)
            continue;
        if (hfi_stall_died(state, referent, session->number))
            continue;
        hfi_call_t *call = hfi_hook_borrow(state, referent, "session_died", HFI_SINK_NONE);
        hfi_call_enter(call);
        referent->type->row->session_died(&call->head, hfi_referent_self(referent),
                                          session->number);
        hfi_call_leave(call);
        hfi_call_close(call, HF_OK);
    }
}

static void
reap_reject(hfi_state_t *state, uint64_t link, hfi_reject_t reason, const char *text)
{
    uint8_t raw[REAP_FRAME_BYTES];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    hfi_frame_write_reject(&w, reason, hfi_span_of(text));
    HF_ASSERT(!w.failed);
    hfi_state_control(state, link, NULL, 0, (hfi_span_t){raw, w.len});
}

void
hfi_reap_session(hfi_state_t *state, hfi_session_t *session, hfi_reject_t reason, const char *text)
{
    HF_ASSERT(state->running == NULL && !session->is_ended);
    uint64_t number = session->link;
    session->is_ended = true;
    session->link = 0;
    hfi_link_t *link = number == 0 ? NULL : hfi_state_link(state, number);
    if (link != NULL)
        link->session = NULL;
    if (link != NULL && reason != HFI_REJECT_NONE)
        reap_reject(state, number, reason, text);
    reap_pending(state, session);
    reap_undelivered(state, session);
    reap_owned(state, session);
    hfi_session_give_all(session, &state->referents);
    hfi_state_close_session(state, session);
}

static const char *
reap_reason(hfi_reject_t reason)
{
    return reason == HFI_REJECT_LIMIT       ? "too much is unacknowledged"
           : reason == HFI_REJECT_BAD_FRAME ? "a message that has no meaning"
           : reason == HFI_REJECT_SHUTDOWN  ? "the manager stops"
                                            : "the session has ended";
}

void
hfi_reap_ending(hfi_state_t *state)
{
    for (uint32_t i = 0; i < state->n_ending; i++) { /* ends may put more on the list */
        hfi_session_t *session = hfi_state_session(state, state->ending[i]);
        if (session == NULL || session->is_ended)
            continue;
        uint64_t link = session->link;
        hfi_reject_t reason = session->ending;
        hfi_state_log(state, HF_LOG_WARNING, "peer", "session %llu ends: %s: %s",
                      (unsigned long long)session->number, hfi_reject_name(reason),
                      reap_reason(reason));
        hfi_reap_session(state, session, reason, reap_reason(reason));
        if (reason == HFI_REJECT_LIMIT && link != 0)
            hfi_state_output(state, &(hfi_output_t){.kind = HFI_OUTPUT_KICK, .link = link});
    }
    state->n_ending = 0;
}

/* ---- the manager's own end -------------------------------------------------------------- */

void
hfi_reap_stop(hfi_state_t *state, double drain_s)
{
    int64_t due = hfi_state_due_in(state, drain_s);
    bool is_sooner =
        state->drain_alarm.deadline.place == 0 || due < state->drain_alarm.deadline.due_ns;
    state->is_stopping = true;
    hfi_watch_tell_all(state, "shutdown"); /* now, while they can still be told */
    if (is_sooner && !state->is_stopped)
        hfi_state_arm(state, &state->drain_alarm, due);
}

bool
hfi_reap_is_drained(const hfi_state_t *state)
{
    if (state->parks.n != 0 || state->stalls.live != 0)
        return false;
    for (const hfi_session_row_t *row = hfi_idtable_next(&state->sessions, NULL); row != NULL;
         row = hfi_idtable_next(&state->sessions, row)) {
        if (row->session->stream.outbox.n_messages != 0)
            return false;
    }
    return true;
}

void
hfi_reap_sessions(hfi_state_t *state)
{
    for (const hfi_session_row_t *row = hfi_idtable_next(&state->sessions, NULL); row != NULL;
         row = hfi_idtable_next(&state->sessions, NULL))
        hfi_reap_session(state, row->session, HFI_REJECT_SHUTDOWN,
                         reap_reason(HFI_REJECT_SHUTDOWN));
}
