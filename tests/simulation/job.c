/* SPDX-License-Identifier: MPL-2.0 */
/* job -- the pool of threads as the machine sees it. */
#include "job.h"

#include <base/check.h>
#include <machine/state.h>
#include <machine/work.h>

enum { JOB_SOON = 200, JOB_LATE = 2500, JOB_CALM = 40 }; /* turns */

static uint64_t
job_delay(sim_t *sim)
{
    uint64_t luck = sim_below(sim, 100);
    if (luck < 30)
        return 0;
    if (sim->is_calm)
        return sim_below(sim, JOB_CALM);
    return sim_below(sim, luck < 90 ? JOB_SOON : JOB_LATE);
}

static void
job_run(sim_job_t *self, hfi_machine_t *machine)
{
    hfi_work_t *work = hfi_machine_work(machine, self->number);
    HF_ASSERT(work != NULL && !self->is_run);
    self->status = hfi_work_run(work, &self->value);
    self->is_run = true;
}

/* The bytes of the state that the work reads; it is held, so it is there. */
static hfi_span_t
job_state(hfi_machine_t *machine, uint64_t object)
{
    hfi_referent_t *referent = hfi_referents_find(&hfi_machine_state(machine)->referents, object);
    HF_ASSERT(referent != NULL);
    return (hfi_span_t){hfi_referent_self(referent), (size_t)referent->type->row->self_size};
}

static void
job_look(const sim_job_t *self, sim_t *sim, hfi_machine_t *machine)
{
    if (!hfi_span_equal(hfi_bytes_span(&self->state), job_state(machine, self->object)))
        sim_fail(sim, SIM_CHECK_STILL, "referent %llu changed before job %llu was done",
                 (unsigned long long)self->object, (unsigned long long)self->number);
}

bool
sim_jobs_begin(sim_jobs_t *self, sim_t *sim, hfi_machine_t *machine, uint64_t number,
               sim_job_t *ret_done)
{
    uint64_t delay = job_delay(sim);
    const hfi_work_t *work = hfi_machine_work(machine, number);
    HF_ASSERT(work != NULL);
    sim_job_t job = {.number = number, .object = hfi_work_object(work), .due = self->turn + delay};
    hfi_span_t state = job_state(machine, job.object);
    HF_ASSERT(hfi_bytes_append(&job.state, state.at, state.len));
    bool is_done = delay == 0 || self->n == SIM_MAX_JOBS;
    self->n_begun++;
    self->n_late += is_done ? 0 : 1;
    if (is_done || sim_below(sim, 2) == 0)
        job_run(&job, machine);
    if (is_done)
        *ret_done = job;
    else
        self->jobs[self->n++] = job;
    return is_done;
}

bool
sim_jobs_turn(sim_jobs_t *self, sim_t *sim, hfi_machine_t *machine, sim_job_t *ret_done)
{
    self->turn++;
    if (self->n == 0)
        return false;
    sim_job_t *job = &self->jobs[sim_below(sim, self->n)];
    if (job->due > self->turn && !(sim->is_calm && job->due > self->turn + JOB_CALM))
        return false;
    job_look(job, sim, machine);
    if (!job->is_run)
        job_run(job, machine);
    *ret_done = *job;
    *job = self->jobs[--self->n];
    return true;
}

void
sim_job_drop(sim_job_t *self)
{
    hfi_bytes_close(&self->value);
    hfi_bytes_close(&self->state);
}

void
sim_jobs_close(sim_jobs_t *self)
{
    while (self->n > 0)
        sim_job_drop(&self->jobs[--self->n]);
}
