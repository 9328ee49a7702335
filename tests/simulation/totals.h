/* SPDX-License-Identifier: MPL-2.0 */
/* totals -- what all seeds of a run together have seen. */
#ifndef SIM_TOTALS_H
#define SIM_TOTALS_H

#include "pair.h"
#include "world.h"

typedef struct sim_totals {
    uint64_t n_seeds, n_steps, n_audits, n_events, n_frames, n_lost_frames, n_cuts;
    uint64_t n_results, n_errors, n_lost, n_sessions;
    uint64_t n_pins, n_pins_unsure;
    uint64_t n_jobs, n_late, n_behind;
    uint64_t n_pairs;
    pair_counts_t pairs;
} sim_totals_t;

void sim_totals_add_world(sim_totals_t *self, const sim_world_t *world);
void sim_totals_add_pair(sim_totals_t *self, const sim_pair_t *pair);

/* A line. False: something that must come up never did. */
bool sim_totals_print(const sim_totals_t *self);

#endif
