/* SPDX-License-Identifier: MPL-2.0 */
/* pair -- two managers that are clients of each other; see pair.h. */
#include "pair.h"

#include <string.h>

#include <base/check.h>

#include "pair_answer.h"
#include "pair_audit.h"
#include "pair_job.h"
#include "pair_step.h"
#include "peer.h"
#include "replay.h"

enum { PAIR_STEPS = 60000, PAIR_CALM_STEPS = 60000 };

static bool
pair_is_wild(const sim_pair_t *self)
{
    for (uint32_t i = 0; i < PAIR_USERS; i++)
        if (self->users[i].ops_left > 0)
            return true;
    return false;
}

static bool
pair_is_busy(const sim_pair_t *self)
{
    for (uint32_t i = 0; i < PAIR_JOBS; i++)
        if (self->jobs[i].step != PAIR_FREE)
            return true;
    return false;
}

static void
pair_until_quiet(sim_pair_t *self, const char *what)
{
    for (uint64_t n = 0; pair_is_busy(self) && !self->sim.has_failed; n++) {
        sim_pair_step(self);
        if (n > PAIR_CALM_STEPS)
            sim_fail(&self->sim, SIM_CHECK_DONE, "%s: calls are left without an end", what);
    }
}

/* The names that hold the shared lists go; by another session where one is lost meanwhile. */
static void
pair_clean(sim_pair_t *self)
{
    for (uint64_t n = 0; n < PAIR_CALM_STEPS && !self->sim.has_failed; n++) {
        uint32_t at = self->is_clean[0] ? 1 : 0;
        if (self->is_clean[at])
            return;
        if (self->users[0].sides[at].engine != NULL) {
            pair_job_t *job = sim_pair_job(self);
            HF_ASSERT(job != NULL); /* nothing else is under way */
            *job = (pair_job_t){.step = PAIR_CLEAN, .user = 0, .at = at};
            sim_pair_put(self, job);
            pair_until_quiet(self, "the names go");
        }
        sim_pair_step(self);
    }
    sim_fail(&self->sim, SIM_CHECK_DONE, "the names do not go");
}

/* All let go and say BYE; the managers leave each other when nothing is held there any more. */
static void
pair_leave(sim_pair_t *self)
{
    self->is_over = true;
    for (uint32_t k = 0; k < PAIR_MANAGERS * PAIR_USERS; k++) {
        pair_side_t *side = &self->users[k / 2].sides[k % 2];
        while (side->engine != NULL && side->n_proxies > 0)
            sim_pair_drop_proxy(side, 0);
        if (side->engine != NULL)
            hfi_engine_bye(side->engine, self->sim.now_ns);
    }
    for (uint64_t n = 0; n < PAIR_CALM_STEPS / 4; n++) {
        sim_pair_step(self);
        if (n % 64 == 0)
            sim_pair_advance(self, 200 * SIM_MS);
    }
    for (uint32_t at = 0; at < PAIR_MANAGERS; at++)
        sim_pair_audit_empty(&self->sim, &self->managers[at]);
}

/* Where the two serve, and whether the first may connect to the second. */
static void
pair_choose_sites(sim_pair_t *self)
{
    static const char *const near[PAIR_MANAGERS] = {"ipc:///manager/0", "ipc:///manager/1"};
    uint64_t luck = sim_below(&self->sim, 8);
    for (uint32_t at = 0; at < PAIR_MANAGERS; at++) {
        self->managers[at].site =
            (sim_site_t){.endpoint = near[at], .on_far = sim_peer_on_far, .context = self};
        self->may[at] = true;
    }
    if (luck < 3)
        self->managers[1].site.endpoint = "tcp://10.1.2.3:7000";
    if (luck == 1)
        self->managers[0].site.far_allow = "tcp://10.1.";
    if (luck == 2)
        self->managers[0].site.far_allow = "tcp://10.2.";
    if (luck == 3)
        self->managers[0].site.is_alone = true;
    self->may[0] = luck == 1 || luck > 3;
}

static void
pair_open(sim_pair_t *self, uint64_t seed, const sim_settings_t *settings)
{
    memset(self, 0, sizeof *self);
    self->sim = (sim_t){.seed = seed,
                        .chance = seed * UINT64_C(0xD1342543DE82EF95) + 1,
                        .is_traced = settings->is_traced,
                        .fault = settings->fault};
    self->is_quiet = sim_below(&self->sim, 4) == 0;
    self->sim.is_calm = self->is_quiet;
    self->sim.has_restarts = sim_below(&self->sim, 2) == 0;
    pair_choose_sites(self);
    for (uint32_t at = 0; at < PAIR_MANAGERS; at++) {
        sim_wire_open(&self->wires[at], &self->sim);
        sim_manager_open(&self->managers[at], &self->sim, &self->wires[at], settings->plugins,
                         settings->is_recorded ? &self->records : NULL);
        self->wires[at].late_ns = 1;
    }
    for (uint32_t i = 0; i < PAIR_USERS; i++)
        self->users[i].ops_left = PAIR_OPS;
}

bool
sim_pair_run(sim_pair_t *self, uint64_t seed, const sim_settings_t *settings)
{
    pair_open(self, seed, settings);
    for (uint64_t n = 0; pair_is_wild(self) && !self->sim.has_failed; n++) {
        sim_pair_step(self);
        if (n > PAIR_STEPS)
            sim_fail(&self->sim, SIM_CHECK_DONE, "the users do not come to their end");
    }
    self->sim.is_calm = true;
    pair_until_quiet(self, "what was begun ends");
    if (!self->sim.has_failed)
        pair_clean(self);
    if (!self->sim.has_failed)
        pair_leave(self);
    for (uint32_t k = 0; k < PAIR_MANAGERS * PAIR_USERS; k++)
        hfi_engine_destroy(&self->users[k / 2].sides[k % 2].engine);
    for (uint32_t at = 0; at < PAIR_MANAGERS; at++)
        self->managers[at].site.on_far = NULL;
    for (uint32_t at = 0; at < PAIR_MANAGERS; at++)
        sim_manager_close(&self->managers[at]);
    if (settings->is_recorded && !self->sim.has_failed)
        sim_replay_elsewhere(&self->sim, &self->records, settings->mutant);
    sim_records_close(&self->records);
    for (uint32_t at = 0; at < PAIR_MANAGERS; at++)
        sim_wire_close(&self->wires[at]);
    return !self->sim.has_failed;
}
