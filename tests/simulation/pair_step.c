/* SPDX-License-Identifier: MPL-2.0 */
/* pair_step -- see pair_step.h */
#include "pair_step.h"

#include <stdlib.h>
#include <string.h>

#include "pair_answer.h"
#include "pair_audit.h"
#include "pair_job.h"
#include "pair_tamper.h"
#include "pair_user.h"
#include "peer.h"

enum { PAIR_AUDIT_EVERY = 61, PAIR_RESTART_EVERY = 4000 };

static void
pair_deliver_up(sim_pair_t *self, uint32_t at)
{
    sim_wire_t *wire = &self->wires[at];
    if (wire->n_links == 0)
        return;
    sim_link_t *link = wire->links;
    for (uint64_t n = sim_below(&self->sim, wire->n_links); n > 0; n--)
        link = link->next;
    for (uint64_t n = 1 + sim_below(&self->sim, 4); n > 0; n--) {
        sim_frame_t *frame = sim_wire_take(&link->up);
        if (frame == NULL)
            break;
        sim_manager_frame(&self->managers[at], link, frame);
        free(frame);
    }
    if (link->is_cut && link->up.n == 0)
        sim_manager_link_down(&self->managers[at], link, false);
    if (sim_below(&self->sim, 2) == 0)
        sim_manager_flush(&self->managers[at]);
    sim_wire_sweep(wire);
}

static void
pair_receive(sim_pair_t *self, uint32_t at, const sim_link_t *link, const sim_frame_t *frame)
{
    hfi_span_t bytes = {frame->at, frame->len};
    if (link->user == PAIR_PEER) {
        const pair_peer_t *peer = sim_peer_of_link(self, at, link->number);
        if (peer != NULL && !sim_pair_is_deaf(self, peer))
            sim_manager_apply(
                &self->managers[peer->from],
                &(hfi_event_t){.kind = HFI_EVENT_FAR_FRAME, .link = peer->far, .bytes = bytes});
        return;
    }
    pair_side_t *side = &self->users[link->user].sides[at];
    if (side->engine == NULL || link->number <= side->before)
        return;
    hfi_engine_receive(side->engine, bytes, self->sim.now_ns);
    sim_pair_take_done(self, side);
    if (hfi_engine_drifts(side->engine) != 0)
        sim_fail(&self->sim, SIM_CHECK_DRIFT, "user %u sees a drift", link->user);
}

static void
pair_deliver_down(sim_pair_t *self, uint32_t at)
{
    sim_wire_t *wire = &self->wires[at];
    sim_link_t *link = wire->links;
    for (uint64_t n = wire->n_links == 0 ? 0 : sim_below(&self->sim, wire->n_links); n > 0; n--)
        link = link->next;
    if (link == NULL)
        return;
    for (uint64_t n = 1 + sim_below(&self->sim, 4); n > 0; n--) {
        sim_frame_t *frame = sim_wire_take(&link->down);
        if (frame == NULL)
            break;
        pair_receive(self, at, link, frame);
        free(frame);
    }
}

void
sim_pair_advance(sim_pair_t *self, int64_t by_ns)
{
    self->sim.now_ns += by_ns;
    for (uint32_t at = 0; at < PAIR_MANAGERS; at++) {
        sim_manager_tick(&self->managers[at]);
        sim_manager_flush(&self->managers[at]);
        for (uint32_t user = 0; user < PAIR_USERS; user++) {
            pair_side_t *side = &self->users[user].sides[at];
            if (side->engine == NULL)
                continue;
            hfi_engine_tick(side->engine, self->sim.now_ns);
            sim_pair_take_done(self, side);
        }
    }
}

static void
pair_restart(sim_pair_t *self, uint32_t at)
{
    sim_trace(&self->sim, "manager %u dies, and another begins", at);
    self->n_restarts[at]++;
    for (uint32_t i = 0; i < PAIR_PEERS; i++) {
        pair_peer_t *peer = &self->peers[i];
        if (peer->far != 0 && peer->from == at) {
            sim_peer_cut(self, peer);
            *peer = (pair_peer_t){0};
        } else if (peer->far != 0) {
            sim_peer_lose(self, peer, 0);
        }
    }
    for (uint32_t user = 0; user < PAIR_USERS; user++)
        if (self->users[user].sides[at].link != 0)
            sim_pair_disconnect(self, at, &self->users[user].sides[at]);
    sim_wire_reset(&self->wires[at]);
    memset(self->serials[at], 0, sizeof self->serials[at]);
    memset(self->makers[at], 0, sizeof self->makers[at]);
    self->seen_by_ns[at] = self->sim.now_ns + 2 * self->managers[at].lease_ns + 2 * SIM_SECOND;
    self->n.restarts++;
    sim_manager_restart(&self->managers[at]);
}

static void
pair_disturb(sim_pair_t *self, uint32_t user, uint32_t at)
{
    sim_t *sim = &self->sim;
    uint64_t luck = sim_below(sim, 100);
    bool is_long = sim_below(sim, 20) == 0;
    int64_t away_ns = (int64_t)sim_below(sim, is_long ? 20000 : 200) * SIM_MS;
    if (luck < 2)
        sim_pair_drop_side(self, user, at);
    else if (luck < 30 && self->users[user].sides[at].link != 0)
        sim_pair_disconnect(self, at, &self->users[user].sides[at]);
    else if (luck < 60)
        sim_peer_lose(self, &self->peers[sim_below(sim, PAIR_PEERS)], away_ns);
    if (sim->has_restarts && sim_below(sim, PAIR_RESTART_EVERY / 100) == 0)
        pair_restart(self, at);
}

static void
pair_retry(sim_pair_t *self)
{
    pair_job_t *job = &self->jobs[sim_below(&self->sim, PAIR_JOBS)];
    if (job->step != PAIR_FREE && job->is_waiting)
        sim_pair_put(self, job);
}

void
sim_pair_step(sim_pair_t *self)
{
    sim_t *sim = &self->sim;
    uint64_t luck = sim_below(sim, 1000);
    uint32_t at = (uint32_t)sim_below(sim, PAIR_MANAGERS);
    uint32_t user = (uint32_t)sim_below(sim, PAIR_USERS);
    self->n.steps++;
    if (luck < 300)
        pair_deliver_up(self, at);
    else if (luck < 600)
        pair_deliver_down(self, at);
    else if (luck < 750)
        sim_pair_pump(self, user, at);
    else if (luck < 800)
        sim_pair_act(self, user);
    else if (luck < 850)
        sim_manager_flush(&self->managers[at]);
    else if (luck < 920)
        sim_pair_advance(self, (int64_t)sim_below(sim, 20000) * (SIM_MS / 1000));
    else if (luck < 930)
        pair_retry(self);
    else if (luck < 940 && !sim->is_calm)
        pair_disturb(self, user, at);
    else if (luck < 970)
        sim_peer_connect(self, &self->peers[sim_below(sim, PAIR_PEERS)]);
    else
        sim_pair_connect(self, user, at);
    if (self->n.steps % PAIR_AUDIT_EVERY == 0) {
        sim_pair_tamper(self);
        sim_pair_audit(self);
    }
}
