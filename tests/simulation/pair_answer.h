/* SPDX-License-Identifier: MPL-2.0 */
/* pair_answer -- what a pair's users make of their answers, and which must not be. */
#ifndef SIM_PAIR_ANSWER_H
#define SIM_PAIR_ANSWER_H

#include "pair.h"

/* When that list was made; 0: not known, or shared. */
uint64_t sim_pair_serial(const sim_pair_t *self, uint32_t at, uint64_t object);

/* Lets go of a proxy; the last one takes its place. */
void sim_pair_drop_proxy(pair_side_t *side, uint32_t place);

/* All that has come. */
void sim_pair_take_done(sim_pair_t *self, pair_side_t *side);

#endif
