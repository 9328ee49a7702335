/* SPDX-License-Identifier: MPL-2.0 */
/* waiting -- what calls that wait in the manager must hold, by what users put and heard. */
#include "waiting.h"

#include <string.h>

#include <base/check.h>
#include <machine/state.h>

#include "op.h"

/* object -> how often it is held */
typedef struct waiting {
    uint32_t n[SIM_MAX_OBJECTS];
} waiting_t;

static bool
waiting_is_stalled(const sim_jobs_t *jobs, uint64_t object)
{
    uint32_t i = 0;
    while (i < jobs->n && jobs->jobs[i].object != object)
        i++;
    return i < jobs->n;
}

static void
waiting_add(waiting_t *self, uint64_t object)
{
    HF_ASSERT(object < SIM_MAX_OBJECTS);
    self->n[object] += object != 0;
}

static void
waiting_add_user(waiting_t *self, sim_t *sim, sim_manager_t *manager, const sim_user_t *user,
                 hfi_session_t *session)
{
    hfi_kept_t kept;
    for (uint32_t i = 0; i < user->n_pending; i++) {
        const sim_op_t *op = user->pending[i];
        if (op->call > session->stream.received ||
            hfi_outbox_find(&session->stream.outbox, op->call, &kept))
            continue;
        if (hfi_idtable_find(&session->pending, op->call) == NULL)
            sim_fail(sim, SIM_CHECK_DONE,
                     "op %llu (%s, call %llu of session %llu) was taken, and neither waits nor is "
                     "answered",
                     (unsigned long long)op->id, sim_op_word(op), (unsigned long long)op->call,
                     (unsigned long long)op->session);
        waiting_add(self, op->object);
        for (uint8_t k = 0; k < op->n_handles; k++)
            waiting_add(self, op->handles[k]);
        manager->n_behind += op->object != 0 && waiting_is_stalled(&manager->jobs, op->object);
    }
}

void
sim_audit_calls(sim_t *sim, sim_manager_t *manager, const sim_user_t *users)
{
    static waiting_t waiting;
    const hfi_state_t *state = hfi_machine_state(manager->machine);
    memset(&waiting, 0, sizeof waiting);
    for (uint32_t i = 0; i < manager->jobs.n; i++)
        waiting_add(&waiting, manager->jobs.jobs[i].object);
    for (uint32_t i = 0; i < SIM_USERS; i++) {
        const sim_user_t *user = &users[i];
        if (user->engine == NULL || hfi_engine_state(user->engine) == HFI_ENGINE_ENDED)
            continue;
        hfi_session_t *session = hfi_state_find_secret(state, &user->secret);
        if (session != NULL && !session->is_ended && !session->is_ending)
            waiting_add_user(&waiting, sim, manager, user, session);
    }
    for (uint64_t object = 1; object < SIM_MAX_OBJECTS; object++) {
        if (waiting.n[object] == 0)
            continue;
        const hfi_referent_t *referent = hfi_referents_find(&state->referents, object);
        uint32_t n = referent == NULL ? 0 : referent->holders[HFI_HOLDER_CALL];
        if (n < waiting.n[object])
            sim_fail(
                sim, SIM_CHECK_HOLDERS,
                "referent %llu is held by %u calls, and by what users wait for it must be %u%s",
                (unsigned long long)object, n, waiting.n[object],
                waiting_is_stalled(&manager->jobs, object) ? " (its work is under way)" : "");
    }
}
