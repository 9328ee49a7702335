/* SPDX-License-Identifier: MPL-2.0 */
/* pair_step -- one thing that happens in a pair's world: a delivery, a call, a fault, time. */
#ifndef SIM_PAIR_STEP_H
#define SIM_PAIR_STEP_H

#include "pair.h"

void sim_pair_step(sim_pair_t *self);

/* Time passes for all. */
void sim_pair_advance(sim_pair_t *self, int64_t by_ns);

#endif
