/* SPDX-License-Identifier: MPL-2.0 */
/* pair_user -- see pair_user.h */
#include "pair_user.h"

#include <stdio.h>
#include <string.h>

#include <base/check.h>

#include "pair_answer.h"
#include "pair_audit.h"
#include "pair_job.h"

enum { PAIR_ROOM = 1 << 17 };

/* ---- a user's sessions ------------------------------------------------------------------- */

static void
pair_begin(sim_pair_t *self, uint32_t user, uint32_t at)
{
    char client[32];
    pair_side_t *side = &self->users[user].sides[at];
    hfi_engine_setup_t setup = {.client = client};
    _Static_assert(sizeof setup.session == sizeof side->secret.bytes, "a session's secret");
    for (size_t i = 0; i < sizeof setup.session; i++)
        setup.session[i] = (uint8_t)(sim_chance(&self->sim) & 0xff);
    memcpy(side->secret.bytes, setup.session, sizeof setup.session);
    (void)snprintf(client, sizeof client, "user %u", user);
    side->engine = hfi_engine_new(&setup, self->sim.now_ns);
    HF_ASSERT(side->engine != NULL);
    side->n_sessions++;
    side->before = self->wires[at].last;
    side->n_proxies = 0;
    side->is_closing = false;
}

void
sim_pair_disconnect(sim_pair_t *self, uint32_t at, pair_side_t *side)
{
    sim_link_t *link = sim_wire_find(&self->wires[at], side->link);
    if (link != NULL)
        sim_wire_cut(&self->wires[at], link, false);
    side->link = 0;
    if (side->engine != NULL)
        hfi_engine_link_down(side->engine, self->sim.now_ns);
}

/* The session is over, one way or the other: so are its jobs. */
void
sim_pair_drop_side(sim_pair_t *self, uint32_t user, uint32_t at)
{
    pair_side_t *side = &self->users[user].sides[at];
    for (uint32_t i = 0; i < PAIR_JOBS; i++) {
        pair_job_t *job = &self->jobs[i];
        if (job->step != PAIR_FREE && job->user == user && job->at == at)
            sim_pair_end_job(self, job);
    }
    hfi_engine_destroy(&side->engine);
    side->n_proxies = 0;
    sim_pair_disconnect(self, at, side);
}

void
sim_pair_pump(sim_pair_t *self, uint32_t user, uint32_t at)
{
    static uint8_t frame[PAIR_ROOM];
    pair_side_t *side = &self->users[user].sides[at];
    if (side->engine == NULL)
        return;
    for (;;) {
        size_t len = hfi_engine_fill(side->engine, self->sim.now_ns, frame, sizeof frame);
        if (len == 0)
            break;
        sim_link_t *link = sim_wire_find(&self->wires[at], side->link);
        if (link != NULL)
            (void)sim_wire_send_up(&self->wires[at], link, frame, len);
    }
    if (hfi_engine_wants_reconnect(side->engine))
        sim_pair_disconnect(self, at, side);
    if (hfi_engine_state(side->engine) == HFI_ENGINE_ENDED) {
        sim_pair_take_done(self, side);
        sim_pair_drop_side(self, user, at);
    }
}

void
sim_pair_connect(sim_pair_t *self, uint32_t user, uint32_t at)
{
    pair_side_t *side = &self->users[user].sides[at];
    if (side->link != 0 || (side->engine == NULL && self->is_over))
        return;
    if (side->engine == NULL)
        pair_begin(self, user, at);
    side->link = sim_wire_connect(&self->wires[at], user)->number;
    hfi_engine_link_up(side->engine, self->sim.now_ns);
}

/* ---- what users do ----------------------------------------------------------------------- */

/* Hands a list on: into an older one, or only as an argument. */
static void
pair_hand_on(sim_pair_t *self, uint32_t user, pair_job_t *job)
{
    pair_side_t *from = &self->users[user].sides[sim_below(&self->sim, 2)];
    uint32_t there = (uint32_t)(from - self->users[user].sides);
    uint32_t to = sim_below(&self->sim, 4) == 0 ? there : 1 - there;
    pair_side_t *side = &self->users[user].sides[to];
    if (from->engine == NULL || side->engine == NULL || from->n_proxies == 0 ||
        side->n_proxies == 0)
        return;
    uint64_t object = from->proxies[sim_below(&self->sim, from->n_proxies)];
    uint64_t target = side->proxies[sim_below(&self->sim, side->n_proxies)];
    bool is_younger = sim_pair_serial(self, there, object) > sim_pair_serial(self, to, target);
    if (!is_younger || !hfi_engine_hold(from->engine, object) ||
        !hfi_engine_hold(side->engine, target))
        return;
    *job = (pair_job_t){.step = there == to ? PAIR_STORE : PAIR_EXPORT,
                        .user = user,
                        .at = there,
                        .from = there,
                        .held_session = from->n_sessions,
                        .object = object,
                        .target = target,
                        .to = to,
                        .to_session = side->n_sessions,
                        .has_target = true,
                        .space = *sim_pair_space(&self->managers[there]),
                        .number = ++self->n_secrets,
                        .is_store = sim_below(&self->sim, 4) != 0};
    for (size_t i = 0; i < 8; i++) {
        job->secret[i] = (uint8_t)(job->number >> (8 * i) & 0xff);
        job->secret[8 + i] = (uint8_t)(self->sim.seed >> (8 * i) & 0xff);
    }
    sim_pair_put(self, job);
}

void
sim_pair_act(sim_pair_t *self, uint32_t user)
{
    pair_job_t *job = sim_pair_job(self);
    uint32_t at = (uint32_t)sim_below(&self->sim, 2);
    pair_side_t *side = &self->users[user].sides[at];
    uint64_t luck = sim_below(&self->sim, 100);
    if (job == NULL || side->engine == NULL || self->users[user].ops_left == 0 ||
        hfi_engine_n_pending(side->engine) > 8)
        return;
    self->users[user].ops_left--;
    if (luck < 15 && side->n_proxies > 0) {
        sim_pair_drop_proxy(side, (uint32_t)sim_below(&self->sim, side->n_proxies));
    } else if (luck < 35) {
        *job = (pair_job_t){.step = luck < 22 ? PAIR_SHARE : PAIR_CREATE, .user = user, .at = at};
        sim_pair_put(self, job);
    } else if (luck < 70) {
        pair_hand_on(self, user, job);
    } else if (side->n_proxies > 0) {
        *job = (pair_job_t){.step = PAIR_TAKE,
                            .user = user,
                            .at = at,
                            .target = side->proxies[sim_below(&self->sim, side->n_proxies)],
                            .is_store = sim_below(&self->sim, 2) == 0};
        sim_pair_put(self, job);
    }
}
