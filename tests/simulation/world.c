/* SPDX-License-Identifier: MPL-2.0 */
/* world -- one machine, eight users, their wires and the clock, under one seed.
 *
 * A run: users act while the wire loses, cuts and delays, in some worlds the manager dies and another begins; then it is calm, and what was begun comes to an end;
 * then one user looks through all that was shared, the referee judges, everybody lets go and leaves, and nothing
 * may be left. An audit of the reference counts runs all the while.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include <base/check.h>

#include "op.h"
#include "replay.h"
#include "token.h"
#include "waiting.h"
#include "witness.h"

enum {
    WORLD_STEPS = 60000,       /* of one run's wild part; more: it hangs */
    WORLD_CALM_STEPS = 150000, /* of each calm part */
    WORLD_RESTART_EVERY = 6000,
    WORLD_AGAIN = 300, /* steps to a second restart, while sessions begin */
    WORLD_AUDIT_EVERY = 97,
    WORLD_NAMES = 6 + SIM_TYPES,
};

/* ---- steps ---------------------------------------------------------------------------- */

/* Frames of one link arrive at the manager, or the end of one. */
static void
world_deliver_up(sim_world_t *self)
{
    sim_t *sim = &self->sim;
    if (self->wire.n_links == 0)
        return;
    sim_link_t *link = self->wire.links;
    for (uint64_t n = sim_below(sim, self->wire.n_links); n > 0; n--)
        link = link->next;
    if (link->late_ns > sim->now_ns)
        return;
    sim_user_t *user = &self->users[link->user];
    for (uint64_t n = 1 + sim_below(sim, 4); n > 0; n--) {
        sim_frame_t *frame = sim_wire_take(&link->up);
        if (frame == NULL)
            break;
        if (frame->len > 2 && frame->at[1] == HFI_FRAME_HELLO)
            sim_tamper_resume(sim, &self->manager, user);
        sim_manager_frame(&self->manager, link, frame);
        if (sim_audit_is_attached(&self->manager, user, link->number))
            sim_user_arrived(user);
        free(frame);
    }
    if (link->is_cut && sim_below(sim, 4) == 0)
        sim_manager_link_down(&self->manager, link, link->up.n == 0 && link->is_dead);
    if (sim_below(sim, 2) == 0)
        sim_manager_flush(&self->manager);
    sim_wire_sweep(&self->wire);
}

/* Frames arrive at a user: those of an older link first, as they wait in its socket. */
static void
world_deliver_down(sim_world_t *self, sim_user_t *user)
{
    sim_link_t *link = self->wire.links;
    while (link != NULL && (link->user != user->index || link->down.n == 0))
        link = link->next;
    if (link == NULL)
        return;
    if (!self->sim.is_calm && sim_user_is_adopting(user) && sim_below(&self->sim, 40) == 0) {
        sim_user_crash(user); /* in the hand-over: what it would have read now may be the handle */
        return;
    }
    for (uint64_t n = 1 + sim_below(&self->sim, 4); n > 0; n--) {
        sim_frame_t *frame = sim_wire_take(&link->down);
        if (frame == NULL)
            break;
        if (link->number > user->before)
            sim_user_receive(user, frame);
        free(frame);
    }
}

static void
world_advance(sim_world_t *self, int64_t by_ns)
{
    self->sim.now_ns += by_ns;
    sim_manager_tick(&self->manager);
    for (uint32_t i = 0; i < SIM_USERS; i++)
        sim_user_tick(&self->users[i]);
    sim_manager_flush(&self->manager);
}

static void
world_let_time_pass(sim_world_t *self)
{
    sim_t *sim = &self->sim;
    uint64_t luck = sim_below(sim, 1000);
    int64_t by_ns = (int64_t)sim_below(sim, 4000) * (SIM_MS / 1000);
    if (luck < 100)
        by_ns = (int64_t)sim_below(sim, 120) * SIM_MS;
    else if (luck < 101 && !sim->is_calm)
        by_ns = self->manager.lease_ns / 2 + (int64_t)sim_below(sim, 1000) * SIM_MS;
    world_advance(self, by_ns);
}

static void
world_disturb(sim_world_t *self, sim_user_t *user)
{
    sim_t *sim = &self->sim;
    uint64_t luck = sim_below(sim, 100);
    if (user->link == 0)
        return;
    if (luck < 2) {
        sim_user_crash(user);
        user->away_ns = sim->now_ns + (int64_t)sim_below(sim, 3000) * SIM_MS;
    } else if (luck < 40) {
        sim_user_disconnect(user, sim_below(sim, 2) == 0);
        bool is_long = sim_below(sim, 20) == 0;
        user->away_ns = sim->now_ns + (int64_t)sim_below(sim, is_long ? 12000 : 100) * SIM_MS;
    }
}

/* What it says first may be what comes last: behind all that it says on its next connection. */
static void
world_pump(sim_world_t *self, sim_user_t *user)
{
    sim_user_pump(user);
    if (!self->sim.is_calm && user->link != 0 && !user->has_space && sim_below(&self->sim, 16) == 0)
        sim_user_disconnect(user, true);
}

static void
world_connect(sim_world_t *self, sim_user_t *user)
{
    if (user->link != 0 || user->away_ns > self->sim.now_ns)
        return;
    if (user->engine == NULL)
        sim_user_begin(user);
    /* a new engine is always told; an old one may have to find out by `no_session` */
    bool is_told =
        hfi_engine_state(user->engine) != HFI_ENGINE_ATTACHED || sim_below(&self->sim, 2) == 0;
    sim_user_connect(user, is_told);
}

static void
world_restart(sim_world_t *self)
{
    sim_t *sim = &self->sim;
    bool is_due = self->restart_at != 0 ? self->n_steps == self->restart_at
                                        : sim_below(sim, WORLD_RESTART_EVERY) == 0;
    if (!is_due)
        return;
    self->restart_at = sim_below(sim, 3) == 0 ? 0 : self->n_steps + 1 + sim_below(sim, WORLD_AGAIN);
    sim_trace(sim, "the manager dies, and another begins");
    for (uint32_t i = 0; i < SIM_USERS; i++)
        sim_user_restarted(&self->users[i]);
    sim_wire_reset(&self->wire);
    sim_manager_restart(&self->manager);
    sim_referee_restarted(&self->referee);
}

static void
world_step(sim_world_t *self)
{
    sim_t *sim = &self->sim;
    sim_user_t *user = &self->users[sim_below(sim, SIM_USERS)];
    uint64_t luck = sim_below(sim, 1000);
    self->n_steps++;
    if (sim->has_restarts && !sim->is_calm)
        world_restart(self);
    sim_manager_work(&self->manager);
    if (luck < 250)
        world_deliver_up(self);
    else if (luck < 500)
        world_deliver_down(self, user);
    else if (luck < 700)
        world_pump(self, user);
    else if (luck < 800 && !sim->is_calm)
        sim_user_act(user);
    else if (luck < 850)
        sim_manager_flush(&self->manager);
    else if (luck < 950)
        world_let_time_pass(self);
    else if (luck < 960 && !sim->is_calm)
        world_disturb(self, user);
    else
        world_connect(self, user);
    if (self->n_steps % WORLD_AUDIT_EVERY == 0) {
        sim_tamper_state(sim, &self->manager);
        sim_audit_calls(sim, &self->manager, self->users);
        sim_audit(sim, &self->manager, self->users);
        self->n_audits++;
    }
}

/* ---- the parts of a run --------------------------------------------------------------- */

static bool
world_has_ops_left(const sim_world_t *self)
{
    for (uint32_t i = 0; i < SIM_USERS; i++)
        if (self->users[i].ops_left > 0)
            return true;
    return false;
}

static void
world_be_wild(sim_world_t *self)
{
    uint64_t last = self->n_steps + WORLD_STEPS;
    while (!self->sim.has_failed && world_has_ops_left(self)) {
        world_step(self);
        if (self->n_steps > last)
            sim_fail(&self->sim, SIM_CHECK_DONE, "the users do not come to their end");
    }
}

static bool
world_is_quiet(const sim_world_t *self)
{
    for (uint32_t i = 0; i < SIM_USERS; i++) {
        const sim_user_t *user = &self->users[i];
        if (user->engine != NULL && (user->n_pending > 0 || user->link == 0 ||
                                     hfi_engine_state(user->engine) != HFI_ENGINE_ATTACHED ||
                                     !sim_audit_is_attached(&self->manager, user, user->link) ||
                                     sim_audit_has_left(&self->manager, user)))
            return false;
    }
    return true;
}

static void
world_cancel_all(sim_world_t *self)
{
    for (uint32_t i = 0; i < SIM_USERS; i++) {
        sim_user_t *user = &self->users[i];
        for (uint32_t k = 0; k < user->n_pending; k++) {
            user->pending[k]->is_cancelled = true;
            hfi_engine_cancel(user->engine, user->pending[k]->call);
        }
    }
}

/* No more faults of the transport; all that waits is cancelled in the end. */
static void
world_settle(sim_world_t *self, const char *what)
{
    uint64_t n = 0;
    sim_trace(&self->sim, "it is calm: %s", what);
    self->sim.is_calm = true;
    while (!self->sim.has_failed && !world_is_quiet(self)) {
        if (n % 4096 == 2048)
            world_cancel_all(self);
        world_step(self);
        if (++n > WORLD_CALM_STEPS)
            sim_fail(&self->sim, SIM_CHECK_DONE, "%s: calls are left without an end", what);
    }
}

/* One call of the examiner, to its end. */
static const sim_op_t *
world_ask(sim_world_t *self, sim_user_t *user, sim_op_kind_t kind, uint64_t which)
{
    uint64_t n = 0;
    if (self->sim.has_failed)
        return NULL;
    while (user->engine == NULL || !sim_op_put_with(user, kind, which)) {
        world_step(self);
        if (self->sim.has_failed || user->engine == NULL || ++n > WORLD_CALM_STEPS) {
            sim_fail(&self->sim, SIM_CHECK_DONE, "the examiner cannot ask");
            return NULL;
        }
    }
    const sim_op_t *op = &self->referee.ops[self->referee.n_ops];
    world_settle(self, sim_op_word(op));
    return op;
}

/* Sessions of those who crashed run out, and what they had got comes back: only then can anything be missing. */
static void
world_outlive_the_dead(sim_world_t *self)
{
    for (uint64_t n = 1; n < WORLD_CALM_STEPS && !self->sim.has_failed; n++) {
        if (!sim_audit_has_dead(&self->manager, self->users))
            return;
        world_step(self);
        if (n % 128 == 0)
            world_advance(self, self->manager.lease_ns / 32);
    }
    sim_fail(&self->sim, SIM_CHECK_EMPTY, "sessions of the dead are left");
}

/* The shared referents as they are now; then their names go. */
static void
world_examine(sim_world_t *self)
{
    sim_user_t *user = &self->users[0];
    while (!self->sim.has_failed && user->engine == NULL)
        world_step(self);
    world_settle(self, "the examiner is there");
    world_outlive_the_dead(self);
    for (uint32_t i = user->n_proxies; i > 0; i--) /* room for the shared ones */
        if (!user->proxies[i - 1].is_shared)
            sim_user_let_go(user, i - 1);
    for (uint64_t type = 0; type < SIM_TYPES && !self->sim.has_failed; type++)
        if (sim_user_shared(user, (sim_type_t)type) == NULL)
            (void)world_ask(self, user, SIM_OP_SHARE, type);
    (void)world_ask(self, user, SIM_OP_SUM, 0);
    (void)world_ask(self, user, SIM_OP_LIST_VALUE, 0);
    (void)world_ask(self, user, SIM_OP_DICT_VALUE, 0);
    while (!self->sim.has_failed) {
        const sim_op_t *op = world_ask(self, user, SIM_OP_DRAIN, 0);
        if (op == NULL || op->end != SIM_RESULT)
            break;
    }
    for (uint64_t name = 0; name < WORLD_NAMES && !self->sim.has_failed; name++)
        (void)world_ask(self, user, SIM_OP_CLEAN, name);
    for (uint64_t k = 0; !self->sim.has_failed && sim_token_endless(&self->referee, k) != NULL; k++)
        (void)world_ask(self, user, SIM_OP_UNPIN, k);
}

static bool
world_is_empty(const sim_world_t *self)
{
    for (uint32_t i = 0; i < SIM_USERS; i++)
        if (self->users[i].engine != NULL || self->users[i].link != 0)
            return false;
    return self->wire.n_links == 0 && self->manager.jobs.n == 0;
}

/* Everybody lets go of everything and says BYE; leases of those who crashed run out. */
static void
world_leave(sim_world_t *self)
{
    sim_trace(&self->sim, "everybody leaves");
    for (uint64_t n = 0; n < WORLD_CALM_STEPS && !self->sim.has_failed && !world_is_empty(self);
         n++) {
        sim_user_t *user = &self->users[sim_below(&self->sim, SIM_USERS)];
        user->away_ns = user->engine == NULL ? INT64_MAX : 0; /* who is gone stays away */
        if (user->engine == NULL && user->link != 0)
            sim_user_disconnect(user, false);
        sim_user_leave(user);
        world_step(self);
    }
    for (int i = 0; i < 8; i++)
        world_advance(self, self->manager.lease_ns / 4);
    sim_audit(&self->sim, &self->manager, self->users);
    if (!self->sim.has_failed)
        sim_audit_empty(&self->sim, &self->manager);
}

bool
sim_world_run(sim_world_t *self, uint64_t seed, const sim_settings_t *settings)
{
    memset(self, 0, sizeof *self);
    self->sim = (sim_t){.seed = seed,
                        .chance = seed * UINT64_C(0xD1342543DE82EF95),
                        .is_traced = settings->is_traced,
                        .fault = settings->fault};
    self->sim.has_cycles = sim_below(&self->sim, 4) == 0;
    self->sim.has_restarts = settings->fault == SIM_FAULT_NONE && sim_below(&self->sim, 4) == 0;
    sim_wire_open(&self->wire, &self->sim);
    sim_referee_open(&self->referee, &self->sim);
    sim_witness_listen(sim_referee_heard, &self->referee);
    sim_manager_open(&self->manager, &self->sim, &self->wire, settings->plugins,
                     settings->is_recorded ? &self->records : NULL);
    self->wire.late_ns = self->manager.lease_ns;
    for (uint32_t i = 0; i < SIM_USERS; i++)
        sim_user_open(&self->users[i], &self->sim, &self->wire, &self->referee, i);
    world_be_wild(self);
    world_settle(self, "what was begun ends");
    world_examine(self);
    if (!self->sim.has_failed)
        sim_referee_judge(&self->referee);
    world_leave(self);
    if (settings->is_recorded && !self->sim.has_failed)
        sim_replay_elsewhere(&self->sim, &self->records, settings->mutant);
    for (uint32_t i = 0; i < SIM_USERS; i++)
        sim_user_close(&self->users[i]);
    sim_manager_close(&self->manager);
    sim_wire_close(&self->wire);
    sim_records_close(&self->records);
    sim_witness_listen(NULL, NULL);
    return !self->sim.has_failed;
}
