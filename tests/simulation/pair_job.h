/* SPDX-License-Identifier: MPL-2.0 */
/* pair_job -- a pair's calls: what a user does by one call or two, put and ended. */
#ifndef SIM_PAIR_JOB_H
#define SIM_PAIR_JOB_H

#include "pair.h"

pair_side_t *sim_pair_side(sim_pair_t *self, const pair_job_t *job);

/* A free one; NULL: all are under way. */
pair_job_t *sim_pair_job(sim_pair_t *self);

/* The side that something is about is the one that it was begun with, and its session lives. */
bool sim_pair_is_same(const sim_pair_t *self, uint32_t user, uint32_t at, uint64_t session);

/* Puts its call, now or when there is room; ends it where it cannot be put. */
void sim_pair_put(sim_pair_t *self, pair_job_t *job);

/* It is over; what it held on to is let go. */
void sim_pair_end_job(sim_pair_t *self, pair_job_t *job);

#endif
