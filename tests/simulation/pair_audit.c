/* SPDX-License-Identifier: MPL-2.0 */
/* pair_audit -- see pair_audit.h */
#include "pair_audit.h"

#include <stdio.h>
#include <string.h>

#include <machine/far.h>
#include <machine/state.h>
#include <machine/stub.h>

#include "audit.h"
#include "counts.h"

enum { PAIR_ANSWERS = 2 /* to the two calls of an adoption */ };

const hfi_secret_t *
sim_pair_space(const sim_manager_t *manager)
{
    return &hfi_machine_state(manager->machine)->boot.space;
}

bool
sim_pair_is_space(const sim_manager_t *manager, const hfi_secret_t *space)
{
    return memcmp(sim_pair_space(manager)->bytes, space->bytes, sizeof space->bytes) == 0;
}

bool
sim_pair_has_stub(const sim_manager_t *manager, uint64_t number)
{
    const hfi_state_t *state = hfi_machine_state(manager->machine);
    hfi_referent_t *referent = hfi_referents_find(&state->referents, number);
    const hfi_stub_t *stub = referent == NULL ? NULL : hfi_stub_of(state, referent);
    return stub != NULL && stub->far != 0;
}

hfi_session_t *
sim_pair_session(const hfi_far_t *far, const sim_manager_t *to)
{
    const hfi_state_t *state = hfi_machine_state(to->machine);
    if (!far->dial.was_welcomed || far->is_ended || !sim_pair_is_space(to, &far->space))
        return NULL;
    hfi_session_t *session = hfi_state_find_secret(state, &far->dial.session);
    return session == NULL || session->is_ended ? NULL : session;
}

bool
sim_pair_holds(const sim_manager_t *from, const sim_manager_t *to, uint64_t object)
{
    const hfi_idtable_t *table = &hfi_machine_state(from->machine)->fars->table;
    for (const hfi_far_row_t *row = hfi_idtable_next(table, NULL); row != NULL;
         row = hfi_idtable_next(table, row)) {
        const hfi_session_t *session = sim_pair_session(row->far, to);
        if (session != NULL && hfi_idtable_find(&row->far->stubs, object + 1) != NULL)
            return true;
    }
    return false;
}

/* ---- P1, P2 ------------------------------------------------------------------------------ */

/* What the manager has got there and not said that it gives back, by its own books. */
static void
pair_count_books(sim_counts_t *counts, const hfi_state_t *state, const hfi_far_t *far)
{
    for (const hfi_far_stub_t *row = NULL; (row = hfi_idtable_next(&far->stubs, row)) != NULL;)
        sim_counts_add(counts, row->key - 1, 0, 1);
    for (const hfi_adoption_row_t *row = NULL;
         (row = hfi_idtable_next(&state->fars->adoptions, row)) != NULL;) {
        const hfi_adoption_t *adoption = row->adoption;
        if (adoption->far == far && adoption->is_adopted && adoption->n_answered < PAIR_ANSWERS)
            sim_counts_add(counts, adoption->object, 0, 1);
    }
    for (uint32_t i = far->owed_at; i < far->n_owed; i++)
        if (far->owed[i].has_reference)
            sim_counts_add(counts, far->owed[i].object, 0, 1);
}

static void
pair_audit_far(sim_pair_t *self, uint32_t from, hfi_far_t *far, hfi_session_t *session)
{
    char who[32];
    const hfi_state_t *there = hfi_machine_state(self->managers[1 - from].machine);
    for (const hfi_far_stub_t *row = NULL; (row = hfi_idtable_next(&far->stubs, row)) != NULL;) {
        uint64_t object = row->key - 1;
        self->n.stubs++;
        if (hfi_session_holds(session, object) == NULL ||
            hfi_referents_find(&there->referents, object) == NULL)
            sim_fail(&self->sim, SIM_CHECK_HOLDERS,
                     "P1: stub %llu stands for object %llu, which its session does not hold",
                     (unsigned long long)row->referent->number, (unsigned long long)object);
    }
    sim_counts_t *counts = sim_counts_begin();
    pair_count_books(counts, hfi_machine_state(self->managers[from].machine), far);
    sim_counts_under_way(counts, &session->stream, &far->stream, true);
    sim_counts_under_way(counts, &far->stream, &session->stream, false);
    (void)snprintf(who, sizeof who, "P2: manager %u", from);
    sim_counts_compare(&self->sim, counts, session, who);
}

/* ---- P5, P6 ------------------------------------------------------------------------------ */

static void
pair_audit_waiting(sim_pair_t *self, uint32_t from)
{
    const hfi_state_t *state = hfi_machine_state(self->managers[from].machine);
    for (const hfi_adoption_row_t *row = NULL;
         (row = hfi_idtable_next(&state->fars->adoptions, row)) != NULL;) {
        const hfi_deadline_t *deadline = &row->adoption->alarm.deadline;
        bool is_late = deadline->place == 0 || deadline->due_ns < state->now_ns;
        if (!row->adoption->is_told && is_late)
            sim_fail(&self->sim, SIM_CHECK_DONE,
                     "P5: a call waits for manager %u for longer than it may", 1 - from);
    }
}

static void
pair_audit_dead(sim_pair_t *self, uint32_t from, const hfi_far_t *far)
{
    bool is_alive = sim_pair_is_space(&self->managers[1 - from], &far->space);
    if (!is_alive && far->dial.was_welcomed && self->sim.now_ns > self->seen_by_ns[1 - from])
        sim_fail(&self->sim, SIM_CHECK_DONE, "P6: manager %u does not see that the other died",
                 from);
}

/* Stubs that are lost though their manager lives: the session with it has timed out. */
static void
pair_count_lost(sim_pair_t *self, uint32_t from)
{
    const sim_manager_t *to = &self->managers[1 - from];
    const hfi_state_t *state = hfi_machine_state(self->managers[from].machine);
    if (!hfi_stub_is_any(state))
        return;
    for (hfi_referent_t *r = NULL;
         (r = hfi_referents_next(&state->referents, r == NULL ? 0 : r->number)) != NULL;)
        self->n.timed_out +=
            hfi_stub_is_lost(state, r) && sim_pair_is_space(to, &hfi_stub_of(state, r)->space);
}

/* ---- all of it --------------------------------------------------------------------------- */

static void
pair_audit_users(sim_pair_t *self, uint32_t at)
{
    const hfi_state_t *state = hfi_machine_state(self->managers[at].machine);
    for (uint32_t user = 0; user < PAIR_USERS; user++) {
        const pair_side_t *side = &self->users[user].sides[at];
        if (side->engine == NULL || hfi_engine_state(side->engine) == HFI_ENGINE_ENDED)
            continue;
        hfi_session_t *session = hfi_state_find_secret(state, &side->secret);
        if (session != NULL && !session->is_ended && !session->is_ending)
            sim_audit_session(&self->sim, session, side->engine, user);
    }
}

void
sim_pair_audit(sim_pair_t *self)
{
    self->n.audits++;
    for (uint32_t from = 0; from < PAIR_MANAGERS; from++) {
        const sim_manager_t *to = &self->managers[1 - from];
        const hfi_state_t *state = hfi_machine_state(self->managers[from].machine);
        for (const hfi_far_row_t *row = NULL;
             (row = hfi_idtable_next(&state->fars->table, row)) != NULL;) {
            hfi_session_t *session = sim_pair_session(row->far, to);
            if (session != NULL)
                pair_audit_far(self, from, row->far, session);
            pair_audit_dead(self, from, row->far);
        }
        pair_audit_waiting(self, from);
        pair_count_lost(self, from);
        pair_audit_users(self, from);
        sim_audit_holders(&self->sim, state);
    }
}

void
sim_pair_audit_empty(sim_t *sim, const sim_manager_t *manager)
{
    const hfi_state_t *state = hfi_machine_state(manager->machine);
    if (state->fars->table.live != 0 || state->fars->adoptions.live != 0)
        sim_fail(sim, SIM_CHECK_EMPTY, "%u other managers and %u adoptions are left",
                 state->fars->table.live, state->fars->adoptions.live);
    sim_audit_empty(sim, manager);
}
