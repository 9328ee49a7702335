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
pair_keep(pair_side_t *side, uint64_t object)
{
    if (side->n_proxies == PAIR_PROXIES || !hfi_engine_hold(side->engine, object))
        return;
    side->proxies[side->n_proxies++] = object;
}

void
sim_pair_drop_proxy(pair_side_t *side, uint32_t place)
{
    hfi_engine_let_go(side->engine, side->proxies[place]);
    side->proxies[place] = side->proxies[--side->n_proxies];
}

/* ---- answers ----------------------------------------------------------------------------- */

/* A list there that may hold it without ever holding itself; 0: none. */
static uint64_t
pair_older(const sim_pair_t *self, const pair_side_t *side, uint32_t at, uint64_t serial)
{
    for (uint32_t i = side->n_proxies; i > 0; i--)
        if (sim_pair_serial(self, at, side->proxies[i - 1]) < serial)
            return side->proxies[i - 1];
    return 0;
}

/* Hands a stub on, into another list where it stands. */
static void
pair_relay(sim_pair_t *self, const pair_job_t *job, const hfi_handle_t *far, uint64_t serial)
{
    pair_side_t *side = sim_pair_side(self, job);
    pair_job_t *next = sim_pair_job(self);
    uint64_t target = pair_older(self, side, job->at, serial);
    if (next == NULL || target == 0 || !hfi_engine_hold(side->engine, far->stub) ||
        !hfi_engine_hold(side->engine, target))
        return;
    *next = (pair_job_t){.step = PAIR_STORE,
                         .user = job->user,
                         .at = job->at,
                         .from = job->at,
                         .held_session = side->n_sessions,
                         .object = far->stub,
                         .target = target,
                         .to = job->at,
                         .to_session = side->n_sessions,
                         .has_target = true,
                         .is_store = true,
                         .is_relay = true};
    sim_pair_put(self, next);
}

static void
pair_adopt(sim_pair_t *self, const pair_job_t *job, const hfi_handle_t *far)
{
    pair_side_t *side = sim_pair_side(self, job);
    pair_job_t *next = sim_pair_job(self);
    if (next == NULL || !hfi_engine_hold(side->engine, far->stub))
        return;
    *next = (pair_job_t){.step = PAIR_ADOPT,
                         .user = job->user,
                         .at = 1 - job->at,
                         .from = job->at,
                         .held_session = side->n_sessions,
                         .object = far->object,
                         .stub = far->stub,
                         .n_restarts = self->n_restarts[0] + self->n_restarts[1]};
    memcpy(next->secret, far->secret.bytes, sizeof next->secret);
    sim_pair_put(self, next);
}

/* A handle was taken out of a list: one's own manager's, or the other's, which is adopted there first, or handed on. */
static void
pair_taken(sim_pair_t *self, pair_job_t *job, const hf_value_t *value)
{
    hfi_handle_t far;
    if (hf_kind(value) != HF_HANDLE)
        return;
    if (!hfi_handle_read(value, &far)) {
        pair_keep(sim_pair_side(self, job), hf_as_handle(value));
        return;
    }
    uint32_t there = 1 - job->at;
    bool is_there = sim_pair_is_space(&self->managers[there], &far.manager);
    if (!far.has_stub)
        sim_fail(&self->sim, SIM_CHECK_ANSWER, "a far handle was handed out without a stub");
    else if (!is_there)
        pair_relay(self, job, &far, UINT64_MAX); /* what is gone holds nothing */
    else if (sim_below(&self->sim, 3) == 0)
        pair_relay(self, job, &far, sim_pair_serial(self, there, far.object));
    else if (self->users[job->user].sides[there].engine != NULL)
        pair_adopt(self, job, &far);
}

static void
pair_exported(sim_pair_t *self, pair_job_t *job)
{
    uint32_t there = 1 - job->at;
    job->from = job->at;
    job->held_session = job->session;
    job->at = there;
    job->step = job->is_store ? PAIR_STORE : PAIR_COUNT;
    if (sim_pair_is_same(self, job->user, job->to, job->to_session))
        sim_pair_put(self, job);
    else
        sim_pair_end_job(self, job); /* the list was of a session that is lost */
}

static void
pair_handed_on(sim_pair_t *self, const pair_job_t *job)
{
    self->n.stored += job->step == PAIR_STORE && !job->is_relay;
    self->n.relayed += job->is_relay;
    if (job->from != job->at && !self->may[job->at])
        sim_fail(&self->sim, SIM_CHECK_SESSION,
                 "P7: manager %u took a handle of the one that it may not connect to", job->at);
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
        self->makers[job->at][object] = job->user + 1;
        pair_keep(side, object);
        break;
    case PAIR_SHARE:
        self->shared[job->at] = object;
        pair_keep(side, object);
        break;
    case PAIR_EXPORT:
        pair_exported(self, job);
        return;
    case PAIR_STORE:
    case PAIR_COUNT:
        pair_handed_on(self, job);
        break;
    case PAIR_TAKE:
        pair_taken(self, job, value);
        break;
    case PAIR_ADOPT:
        self->n.adopted++;
        self->n.met += self->makers[job->at][job->object] != job->user + 1;
        if (hf_kind(value) != HF_HANDLE || object != job->object)
            sim_fail(&self->sim, SIM_CHECK_ANSWER, "another referent was adopted");
        pair_keep(side, object);
        break;
    case PAIR_CLEAN:
        self->is_clean[job->at] = true;
        break;
    case PAIR_FREE:
        break;
    }
    sim_pair_end_job(self, job);
}

/* What was adopted in vain must be gone, or the session that held it. */
static void
pair_missed(sim_pair_t *self, const pair_job_t *job)
{
    const sim_manager_t *from = &self->managers[job->from];
    self->n.missed++;
    bool is_held = sim_pair_is_same(self, job->user, job->from, job->held_session) &&
                   job->n_restarts == self->n_restarts[0] + self->n_restarts[1];
    if (is_held && sim_pair_has_stub(from, job->stub) &&
        sim_pair_holds(from, &self->managers[job->at], job->object))
        sim_fail(&self->sim, SIM_CHECK_PINS, "P3: what was handed out could not be adopted");
}

/* The other manager's handle was refused. */
static void
pair_refused(sim_pair_t *self, const pair_job_t *job, bool is_lost)
{
    self->n.refused++;
    self->n.forbidden += !job->is_relay && !self->may[job->at];
    self->n.mourned += job->is_relay;
    if (!is_lost)
        sim_fail(&self->sim, SIM_CHECK_ANSWER, "P3: refused, and not as ReferentLost");
    if (job->is_relay && sim_pair_is_same(self, job->user, job->at, job->session) &&
        sim_pair_has_stub(&self->managers[job->at], job->object))
        sim_fail(&self->sim, SIM_CHECK_PINS, "P3: what was handed out could not be handed on");
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
    bool is_lost =
        hfi_span_equal((hfi_span_t){(const uint8_t *)word, len}, hfi_span_of("ReferentLost"));
    sim_trace(&self->sim, "user %u: step %d at %u: %.*s", job->user, (int)job->step, job->at,
              (int)len, word);
    bool is_handing = job->step == PAIR_STORE || job->step == PAIR_COUNT;
    bool is_far = is_handing && (job->from != job->at || job->is_relay);
    bool is_of_list = job->step == PAIR_TAKE || job->step == PAIR_CLEAN;
    bool is_forbidden = is_far && !job->is_relay && !self->may[job->at];
    if (self->is_quiet && !is_of_list && !is_forbidden)
        sim_fail(&self->sim, SIM_CHECK_ANSWER, "step %d failed in a quiet world: %.*s",
                 (int)job->step, (int)len, word);
    if (is_far)
        pair_refused(self, job, is_lost);
    if (job->step == PAIR_CLEAN)
        self->is_clean[job->at] = true;
    if (job->step == PAIR_ADOPT)
        pair_missed(self, job);
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
