/* SPDX-License-Identifier: MPL-2.0 */
/* call -- one call: target, method, bind, run, answer; and its second runs. */
#ifndef HFI_CALL_H
#define HFI_CALL_H

#include "answer.h"
#include "wait.h"

/* ---- what clients send ---------------------------------------------------------------- */

/* Runs a CALL, or refuses it, or keeps it for later. */
void hfi_call_receive(hfi_state_t *state, hfi_session_t *session, const hfi_message_t *message,
                      uint64_t number);

/* Cancels what is pending under that number; nothing where nothing is. */
void hfi_call_cancel(hfi_state_t *state, hfi_session_t *session, uint64_t number);

/* ---- later runs ----------------------------------------------------------------------- */

/* Runs the call of a record in state RUNNING: it starts, or runs again from the top. */
void hfi_call_run_record(hfi_state_t *state, hfi_parked_t *record);

/* A record in state RUNNING runs with the next run. */
void hfi_call_wake_record(hfi_state_t *state, hfi_parked_t *record);

/* One of the record's two times is up. */
void hfi_call_time_up(hfi_state_t *state, hfi_parked_t *record);

/* What was asked of the world is there: kept in the record, which is then in state RUNNING. */
void hfi_call_take_job(hfi_state_t *state, hfi_parked_t *record, int32_t status,
                       const hf_value_t *value);

/* A call for a record in state RUNNING. */
hfi_call_t *hfi_call_of_record(hfi_state_t *state, hfi_parked_t *record);
/* The call again, with its method and its arguments as they were. False: raised. */
bool hfi_call_resume(hfi_call_t *self);

/* The type hears of a call that had started and will not be answered by it. Record in state RUNNING. */
void hfi_call_tell_gone(hfi_state_t *state, hfi_parked_t *record);

/* Nobody waits for it any more: its session ends. */
void hfi_call_abandon(hfi_state_t *state, hfi_parked_t *record);

/* ---- around a plugin's function ------------------------------------------------------- */

/* Whose function it is. */
static inline void
hfi_call_set_referent(hfi_call_t *self, hfi_referent_t *referent)
{
    self->referent = referent;
    self->type = referent->type;
    self->plugin = referent->type->plugin;
}

/* Tells the probe that a plugin's function begins. */
void hfi_call_probe(const hfi_call_t *self);

/* Around the plugin's function. */
static inline void
hfi_call_enter(hfi_call_t *self)
{
    hfi_state_t *state = self->state;
    self->outer = state->running;
    state->running = self;
    state->depth++;
    if (state->world.probe.begin != NULL)
        hfi_call_probe(self);
}

static inline void
hfi_call_leave(hfi_call_t *self)
{
    hfi_state_t *state = self->state;
    HF_ASSERT(state->running == self);
    if (state->world.probe.end != NULL)
        state->world.probe.end(state->world.probe.context, self);
    state->running = self->outer;
    state->depth--;
}

/* What it returned is looked at, what it said goes, what it had in hand is settled. A call with sink INNER is still
 * there afterwards, to be read and given back by hfi_call_return; all others are gone. */
void hfi_call_close(hfi_call_t *self, hf_err_t err);

/* Whether the function has written to its referent's state. */
bool hfi_call_has_changed_state(const hfi_call_t *self);

/* What the function returned against what it did. */
void hfi_call_judge(hfi_call_t *self, hf_err_t err);

/* Gives back those of the taken calls that are answered or parked; `all`: the others too, with an error. */
void hfi_call_settle_taken(hfi_call_t *self, bool all);

/* Binds arguments to self->bound, and head to them. False: raised. */
bool hfi_call_bind(hfi_call_t *self, const hfi_signature_t *signature, const char *function,
                   const hf_value_t *args, const hf_value_t *kwargs);

#endif
