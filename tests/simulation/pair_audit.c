/* SPDX-License-Identifier: MPL-2.0 */
/* pair_audit -- see pair_audit.h */
#include "pair_audit.h"

#include <string.h>

#include <machine/far.h>
#include <machine/state.h>
#include <machine/stub.h>

#include "audit.h"

const hfi_secret_t *
sim_pair_space(const sim_manager_t *manager)
{
    return &hfi_machine_state(manager->machine)->boot.space;
}

bool
sim_pair_has_stub(const sim_manager_t *manager, uint64_t number)
{
    const hfi_state_t *state = hfi_machine_state(manager->machine);
    hfi_referent_t *referent = hfi_referents_find(&state->referents, number);
    const hfi_stub_t *stub = referent == NULL ? NULL : hfi_stub_of(state, referent);
    return stub != NULL && stub->far != 0;
}

/* The session that `far` has at the other manager; NULL: none that lives. */
static const hfi_session_t *
pair_session(const hfi_far_t *far, const sim_manager_t *to)
{
    const hfi_state_t *state = hfi_machine_state(to->machine);
    if (!far->dial.was_welcomed || far->is_ended ||
        memcmp(far->space.bytes, state->boot.space.bytes, sizeof far->space.bytes) != 0)
        return NULL;
    const hfi_session_t *session = hfi_state_find_secret(state, &far->dial.session);
    return session == NULL || session->is_ended ? NULL : session;
}

bool
sim_pair_holds(const sim_manager_t *from, const sim_manager_t *to, uint64_t object)
{
    const hfi_idtable_t *table = &hfi_machine_state(from->machine)->fars->table;
    for (const hfi_far_row_t *row = hfi_idtable_next(table, NULL); row != NULL;
         row = hfi_idtable_next(table, row)) {
        const hfi_session_t *session = pair_session(row->far, to);
        if (session != NULL && hfi_idtable_find(&row->far->stubs, object + 1) != NULL)
            return true;
    }
    return false;
}

/* Nothing of it is on its way or to be said. */
static bool
pair_is_still(const hfi_far_t *far, const hfi_session_t *session)
{
    return far->n_adoptions == 0 && far->n_owed == 0 && far->stream.outbox.n_messages == 0 &&
           session->stream.outbox.n_messages == 0;
}

static uint64_t
pair_audit_far(sim_t *sim, const hfi_far_t *far, const hfi_session_t *session,
               const sim_manager_t *to)
{
    uint64_t n = 0;
    const hfi_state_t *there = hfi_machine_state(to->machine);
    for (const hfi_far_stub_t *row = hfi_idtable_next(&far->stubs, NULL); row != NULL;
         row = hfi_idtable_next(&far->stubs, row), n++) {
        uint64_t object = row->key - 1;
        if (hfi_session_holds(session, object) == NULL ||
            hfi_referents_find(&there->referents, object) == NULL)
            sim_fail(sim, SIM_CHECK_HOLDERS,
                     "P1: stub %llu stands for object %llu, which its session does not hold",
                     (unsigned long long)row->referent->number, (unsigned long long)object);
    }
    if (!pair_is_still(far, session))
        return n;
    for (const hfi_holding_t *held = hfi_idtable_next(&session->held, NULL); held != NULL;
         held = hfi_idtable_next(&session->held, held)) {
        if (held->count != 1 || hfi_idtable_find(&far->stubs, held->number + 1) == NULL)
            sim_fail(sim, SIM_CHECK_COUNTS,
                     "P2: object %llu is held %llu times by a manager that has %s stub of it",
                     (unsigned long long)held->number, (unsigned long long)held->count,
                     hfi_idtable_find(&far->stubs, held->number + 1) == NULL ? "no" : "a");
    }
    return n;
}

uint64_t
sim_pair_audit(sim_t *sim, const sim_manager_t *from, const sim_manager_t *to)
{
    uint64_t n = 0;
    const hfi_idtable_t *table = &hfi_machine_state(from->machine)->fars->table;
    for (const hfi_far_row_t *row = hfi_idtable_next(table, NULL); row != NULL;
         row = hfi_idtable_next(table, row)) {
        const hfi_session_t *session = pair_session(row->far, to);
        if (session != NULL)
            n += pair_audit_far(sim, row->far, session, to);
    }
    return n;
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
