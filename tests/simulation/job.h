/* SPDX-License-Identifier: MPL-2.0 */
/* job -- the pool of threads as the machine sees it: an offloaded call's work is done at once, soon, or much later, in
 * any order among those of several referents. What the work reads stands still from its begin to its end, so it may run
 * at either; whether it did stand still is looked at.
 */
#ifndef SIM_JOB_H
#define SIM_JOB_H

#include <machine/machine.h>

#include "sim.h"

enum { SIM_MAX_JOBS = 256 };

typedef struct sim_job {
    uint64_t number;
    uint64_t object;   /* whose state its work reads */
    hfi_bytes_t state; /* … as it was at the begin */
    uint64_t due;      /* the turn from which on it may end */
    bool is_run;       /* with this answer, which waits: */
    int32_t status;
    hfi_bytes_t value;
} sim_job_t;

typedef struct sim_jobs {
    sim_job_t jobs[SIM_MAX_JOBS];
    uint32_t n;
    uint64_t turn;
    uint64_t n_begun, n_late; /* ever, and those of them that were not done at once */
} sim_jobs_t;

/* A job is begun. True: it is done at once, and `ret_done` is to be told to the machine, then dropped. */
bool sim_jobs_begin(sim_jobs_t *self, sim_t *sim, hfi_machine_t *machine, uint64_t number,
                    sim_job_t *ret_done);

/* The next turn. True: one is done. */
bool sim_jobs_turn(sim_jobs_t *self, sim_t *sim, hfi_machine_t *machine, sim_job_t *ret_done);

void sim_job_drop(sim_job_t *self);

/* The pool is gone, with all that it was to do. */
void sim_jobs_close(sim_jobs_t *self);

#endif
