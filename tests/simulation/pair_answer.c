/* SPDX-License-Identifier: MPL-2.0 */
/* pair_answer -- see pair_answer.h */
#include "pair_answer.h"

#include <string.h>

#include <base/check.h>
#include <stream/handle.h>
#include <value/value.h>

#include "pair_audit.h"
#include "pair_job.h"

/* ---- proxies ----------------------------------------------------------------------------- */

uint64_t
sim_pair_serial(const sim_pair_t *self, uint32_t at, uint64_t object)
{
    return object < PAIR_OBJECTS ? self->serials[at][object] : 0;
}

static void
pair_keep(sim_pair_t *self, pair_side_t *side, uint64_t object)
{
    if (side->n_proxies == PAIR_PROXIES || !hfi_engine_hold(side->engine, object))
        return;
    (void)self;
    side->proxies[side->n_proxies++] = object;
}

void
sim_pair_drop_proxy(pair_side_t *side, uint32_t place)
{
    hfi_engine_let_go(side->engine, side->proxies[place]);
    side->proxies[place] = side->proxies[--side->n_proxies];
}

/* ---- answers ----------------------------------------------------------------------------- */

/* A handle was taken out of a list: one's own manager's, or the other's, which is adopted there first. */
static void
pair_taken(sim_pair_t *self, pair_job_t *job, const hf_value_t *value)
{
    hfi_handle_t far;
    pair_side_t *side = sim_pair_side(self, job);
    pair_job_t *next = sim_pair_job(self);
    if (hf_kind(value) != HF_HANDLE)
        return;
    if (!hfi_handle_read(value, &far)) {
        pair_keep(self, side, hf_as_handle(value));
        return;
    }
    uint32_t there = 1 - job->at;
    const hfi_secret_t *space = sim_pair_space(&self->managers[there]);
    bool is_there = memcmp(space->bytes, far.manager.bytes, sizeof far.manager.bytes) == 0;
    if (!far.has_stub)
        sim_fail(&self->sim, SIM_CHECK_ANSWER, "a far handle was handed out without a stub");
    if (!is_there || next == NULL || self->users[job->user].sides[there].engine == NULL ||
        !hfi_engine_hold(side->engine, far.stub))
        return;
    *next = (pair_job_t){.step = PAIR_ADOPT,
                         .user = job->user,
                         .at = there,
                         .from = job->at,
                         .held_session = side->n_sessions,
                         .object = far.object,
                         .stub = far.stub,
                         .n_restarts = self->n_restarts[0] + self->n_restarts[1]};
    memcpy(next->secret, far.secret.bytes, sizeof next->secret);
    sim_pair_put(self, next);
}

static void
pair_exported(sim_pair_t *self, pair_job_t *job)
{
    uint32_t there = 1 - job->at;
    job->from = job->at;
    job->held_session = job->session;
    job->at = there;
    job->step = job->is_store ? PAIR_STORE : PAIR_COUNT;
    sim_pair_put(self, job);
}

static void
pair_result(sim_pair_t *self, pair_job_t *job, const hf_value_t *value)
{
    pair_side_t *side = sim_pair_side(self, job);
    uint64_t object = hf_as_handle(value);
    switch (job->step) {
    case PAIR_CREATE:
        HF_ASSERT(object < PAIR_OBJECTS);
        self->serials[job->at][object] = ++self->last_serial;
        pair_keep(self, side, object);
        break;
    case PAIR_SHARE:
        self->shared[job->at] = object;
        pair_keep(self, side, object);
        break;
    case PAIR_EXPORT:
        pair_exported(self, job);
        return;
    case PAIR_STORE:
        self->n_stored++;
        break;
    case PAIR_TAKE:
        pair_taken(self, job, value);
        break;
    case PAIR_ADOPT:
        self->n_adopted++;
        if (hf_kind(value) != HF_HANDLE || object != job->object)
            sim_fail(&self->sim, SIM_CHECK_ANSWER, "another referent was adopted");
        pair_keep(self, side, object);
        break;
    case PAIR_CLEAN:
        self->is_clean[job->at] = true;
        break;
    case PAIR_COUNT:
    case PAIR_FREE:
        break;
    }
    sim_pair_end_job(self, job);
}

/* An error: which of them must not be? */
static void
pair_error(sim_pair_t *self, pair_job_t *job, const hf_value_t *value)
{
    size_t len;
    hf_cursor_t items;
    hf_value_t kind;
    hf_open(&items, value);
    (void)hf_next(&items, &kind);
    const char *word = hf_as_str(&kind, &len);
    sim_trace(&self->sim, "user %u: step %d at %u: %.*s", job->user, (int)job->step, job->at,
              (int)len, word);
    bool is_of_list = job->step == PAIR_TAKE || job->step == PAIR_CLEAN;
    if (self->is_quiet && !is_of_list)
        sim_fail(&self->sim, SIM_CHECK_ANSWER, "step %d failed in a quiet world: %.*s",
                 (int)job->step, (int)len, word);
    if (job->step == PAIR_STORE)
        self->n_refused++;
    if (job->step == PAIR_CLEAN)
        self->is_clean[job->at] = true;
    if (job->step == PAIR_ADOPT) {
        self->n_missed++;
        bool is_held = sim_pair_is_same(self, job->user, job->from, job->held_session) &&
                       job->n_restarts == self->n_restarts[0] + self->n_restarts[1];
        if (is_held && sim_pair_has_stub(&self->managers[job->from], job->stub) &&
            sim_pair_holds(&self->managers[job->from], &self->managers[job->at], job->object))
            sim_fail(&self->sim, SIM_CHECK_PINS, "what was handed out could not be adopted");
    }
    sim_pair_end_job(self, job);
}

void
sim_pair_take_done(sim_pair_t *self, pair_side_t *side)
{
    hfi_engine_done_t done;
    while (side->engine != NULL && hfi_engine_take_done(side->engine, &done)) {
        pair_job_t *job = done.cookie;
        hfi_engine_t *engine = side->engine;
        if (job->step == PAIR_FREE || job->call != done.call)
            sim_fail(&self->sim, SIM_CHECK_DONE, "a call ended that is no job's");
        else if (done.how == HFI_DONE_RESULT)
            pair_result(self, job, &done.value);
        else if (done.how == HFI_DONE_ERROR)
            pair_error(self, job, &done.value);
        else
            sim_pair_end_job(self, job);
        if (hf_has_handles(&done.value))
            hfi_engine_let_go_value(engine, &done.value);
        hfi_value_drop(&done.value);
    }
}
