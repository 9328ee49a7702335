/* SPDX-License-Identifier: MPL-2.0 */
/* pair_job -- see pair_job.h */
#include "pair_job.h"

#include <string.h>

#include <base/check.h>
#include <stream/handle.h>
#include <value/value.h>
#include <value/writer.h>

enum { PAIR_ARGS = 512 };

pair_side_t *
sim_pair_side(sim_pair_t *self, const pair_job_t *job)
{
    return &self->users[job->user].sides[job->at];
}

pair_job_t *
sim_pair_job(sim_pair_t *self)
{
    for (uint32_t i = 0; i < PAIR_JOBS; i++)
        if (self->jobs[i].step == PAIR_FREE)
            return &self->jobs[i];
    return NULL;
}

/* The side that it is about is the one that it was begun with, and its session lives. */
bool
sim_pair_is_same(const sim_pair_t *self, uint32_t user, uint32_t at, uint64_t session)
{
    const pair_side_t *side = &self->users[user].sides[at];
    return side->engine != NULL && side->n_sessions == session;
}

static void
pair_let_go_of(sim_pair_t *self, uint32_t user, uint32_t at, uint64_t session, uint64_t object)
{
    if (object != 0 && sim_pair_is_same(self, user, at, session))
        hfi_engine_let_go(self->users[user].sides[at].engine, object);
}

/* It is over; what it held on to is let go. */
void
sim_pair_end_job(sim_pair_t *self, pair_job_t *job)
{
    uint32_t holder = job->step == PAIR_EXPORT ? job->at : job->from;
    uint64_t session = job->step == PAIR_EXPORT ? job->session : job->held_session;
    if (job->step == PAIR_EXPORT || job->step == PAIR_STORE || job->step == PAIR_COUNT)
        pair_let_go_of(self, job->user, holder, session, job->object);
    if (job->has_target)
        pair_let_go_of(self, job->user, job->to, job->to_session, job->target);
    if (job->step == PAIR_ADOPT)
        pair_let_go_of(self, job->user, job->from, job->held_session, job->stub);
    *job = (pair_job_t){0};
}

/* Another manager's, or one's own list, as an argument. */
static void
pair_write_handle(const sim_pair_t *self, const pair_job_t *job, hf_writer_t *w)
{
    if (job->from == job->at) {
        hf_write_handle(w, job->object, NULL, 0);
        return;
    }
    const char *endpoint = self->managers[job->from].site.endpoint;
    size_t mark = hfi_ext_begin(w);
    hf_write_list(w, 5);
    hf_write_uint(w, job->object);
    hf_write_str(w, "list", 4);
    hf_write_bytes(w, job->secret, sizeof job->secret);
    hf_write_bytes(w, job->space.bytes, sizeof job->space.bytes);
    hf_write_list(w, 1);
    hf_write_str(w, endpoint, strlen(endpoint));
    hfi_ext_end(w, mark, 1);
}

static const char *
pair_write_args(const sim_pair_t *self, const pair_job_t *job, hf_writer_t *w)
{
    switch (job->step) {
    case PAIR_CREATE:
        hf_write_list(w, 1);
        hf_write_str(w, "list", 4);
        return "create";
    case PAIR_SHARE:
        hf_write_list(w, 2);
        hf_write_str(w, "shared", 6);
        hf_write_str(w, "list", 4);
        return "get_or_create";
    case PAIR_EXPORT:
        hf_write_list(w, 4);
        hf_write_handle(w, job->object, NULL, 0);
        hf_write_float(w, 5.0);
        hf_write_int(w, 1);
        hf_write_bytes(w, job->secret, sizeof job->secret);
        return "export";
    case PAIR_STORE:
    case PAIR_COUNT:
        hf_write_list(w, 1);
        pair_write_handle(self, job, w);
        return job->step == PAIR_STORE ? "append" : "count";
    case PAIR_TAKE:
        hf_write_list(w, job->is_store ? 1 : 0);
        if (job->is_store)
            hf_write_int(w, 0);
        return job->is_store ? "getitem" : "pop";
    case PAIR_ADOPT:
        hf_write_list(w, 1);
        hf_write_bytes(w, job->secret, sizeof job->secret);
        return "adopt";
    case PAIR_CLEAN:
        hf_write_list(w, 1);
        hf_write_str(w, "shared", 6);
        return "unbind";
    case PAIR_FREE:
        break;
    }
    HF_BUG("a job that is none");
}

void
sim_pair_put(sim_pair_t *self, pair_job_t *job)
{
    uint8_t raw[PAIR_ARGS];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    pair_side_t *side = sim_pair_side(self, job);
    const char *method = pair_write_args(self, job, &w);
    hf_value_t args = hfi_value_view((hfi_span_t){raw, w.len}, w.tag);
    bool is_list = job->step == PAIR_STORE || job->step == PAIR_COUNT || job->step == PAIR_TAKE;
    hfi_engine_call_t call = {.object = is_list ? job->target : 0,
                              .method = hfi_span_of(method),
                              .args = &args,
                              .timeout = -1.0,
                              .due_ns = HFI_ENGINE_NEVER,
                              .cookie = job};
    hfi_failure_t failure;
    if (side->engine == NULL) {
        sim_pair_end_job(self, job);
        return;
    }
    job->session = side->n_sessions;
    hfi_engine_put_t put = hfi_engine_put(side->engine, &call, &job->call, &failure);
    job->is_waiting = put == HFI_PUT_WINDOW;
    if (put == HFI_PUT_FAILED)
        sim_pair_end_job(self, job);
}
