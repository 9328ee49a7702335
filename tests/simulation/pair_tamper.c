/* SPDX-License-Identifier: MPL-2.0 */
/* pair_tamper -- see pair_tamper.h */
#include "pair_tamper.h"

#include <machine/far.h>
#include <machine/reap.h>
#include <machine/speech.h>
#include <machine/state.h>
#include <machine/stub.h>

#include "audit.h"
#include "pair_audit.h"

enum { TAMPER_FAULTS = 3, TAMPER_DEAF_MS = 1 << 30 };

/* A stub's reference at the other manager is counted once more, or not any more. */
static bool
tamper_count(hfi_state_t *there, hfi_session_t *session, const hfi_far_t *far, bool is_more)
{
    const hfi_far_stub_t *row = hfi_idtable_next(&far->stubs, NULL);
    hfi_referent_t *referent = row == NULL ? NULL : hfi_session_holds(session, row->key - 1);
    if (referent == NULL)
        return false;
    if (is_more)
        return hfi_session_take(session, &there->account, referent);
    return hfi_session_give(session, &there->referents, referent->number, 1);
}

/* The far session says what only a stub's end should make it say. */
static bool
tamper_owe(hfi_state_t *state, hfi_far_t *far, bool is_token)
{
    const hfi_far_stub_t *row = hfi_idtable_next(&far->stubs, NULL);
    if (row == NULL)
        return false;
    const hfi_stub_t *stub = hfi_referent_self(row->referent);
    hfi_owed_t owed = {.object = stub->object,
                       .secret = stub->secret,
                       .has_token = is_token,
                       .has_reference = !is_token};
    hfi_speech_owe(far, &owed);
    hfi_far_later(state, far);
    return true;
}

/* A stub that lists alone hold ends. */
static bool
tamper_stub(hfi_state_t *state, const hfi_far_t *far)
{
    for (const hfi_far_stub_t *row = NULL; (row = hfi_idtable_next(&far->stubs, row)) != NULL;) {
        if (!hfi_referent_is_only_held_by_referents(row->referent))
            continue;
        hfi_referent_t *stub = row->referent;
        while (hfi_referents_unhold(&state->referents, stub, HFI_HOLDER_REFERENT)) {
        }
        hfi_reap_dead(state);
        return true;
    }
    return false;
}

static bool
tamper_far(sim_pair_t *self, uint32_t from, hfi_far_t *far)
{
    hfi_state_t *state = hfi_machine_state(self->managers[from].machine);
    hfi_state_t *there = hfi_machine_state(self->managers[1 - from].machine);
    hfi_session_t *session = sim_pair_session(far, &self->managers[1 - from]);
    sim_fault_t fault = self->sim.fault;
    if (session == NULL)
        return false;
    if (fault == SIM_FAULT_FAR_TWICE || fault == SIM_FAULT_FAR_UNCOUNTED)
        return tamper_count(there, session, far, fault == SIM_FAULT_FAR_TWICE);
    if (fault == SIM_FAULT_FAR_EARLY || fault == SIM_FAULT_TOKEN_EARLY)
        return tamper_owe(state, far, fault == SIM_FAULT_TOKEN_EARLY);
    if (fault == SIM_FAULT_STUB_EARLY)
        return tamper_stub(state, far);
    if (fault == SIM_FAULT_DEAF)
        far->dial.lease_ms = TAMPER_DEAF_MS;
    return false;
}

static bool
tamper_waiting(hfi_state_t *state)
{
    for (const hfi_adoption_row_t *row = NULL;
         (row = hfi_idtable_next(&state->fars->adoptions, row)) != NULL;) {
        if (row->adoption->is_told)
            continue;
        hfi_state_arm(state, &row->adoption->alarm, INT64_MAX);
        return true;
    }
    return false;
}

static bool
tamper_manager(sim_pair_t *self, uint32_t from)
{
    hfi_state_t *state = hfi_machine_state(self->managers[from].machine);
    if (self->sim.fault == SIM_FAULT_UNTIMED)
        return tamper_waiting(state);
    if (self->sim.fault == SIM_FAULT_FAR_ALLOW) {
        state->boot.is_far = true;
        return false; /* again, where another one begins */
    }
    for (const hfi_far_row_t *row = NULL;
         (row = hfi_idtable_next(&state->fars->table, row)) != NULL;)
        if (tamper_far(self, from, row->far))
            return true;
    return false;
}

void
sim_pair_tamper(sim_pair_t *self)
{
    sim_t *sim = &self->sim;
    if (sim->fault == SIM_FAULT_NONE || sim->n_faults >= TAMPER_FAULTS)
        return;
    for (uint32_t from = 0; from < PAIR_MANAGERS; from++) {
        sim_tamper_state(sim, &self->managers[from]);
        if (!tamper_manager(self, from))
            continue;
        sim->n_faults++;
        sim_trace(sim, "TAMPERED with manager %u", from);
    }
}

bool
sim_pair_is_deaf(const sim_pair_t *self, const pair_peer_t *peer)
{
    const hfi_state_t *state = hfi_machine_state(self->managers[peer->from].machine);
    const sim_manager_t *to = &self->managers[peer->to];
    bool has_died = true;
    for (const hfi_far_row_t *row = NULL;
         (row = hfi_idtable_next(&state->fars->table, row)) != NULL;)
        if (row->far->link == peer->far && sim_pair_is_space(to, &row->far->space))
            has_died = false;
    return self->sim.fault == SIM_FAULT_DEAF && has_died;
}
