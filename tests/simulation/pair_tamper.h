/* SPDX-License-Identifier: MPL-2.0 */
/* pair_tamper -- the seeded faults between two managers: in their tables, so that no check of theirs is asked. */
#ifndef SIM_PAIR_TAMPER_H
#define SIM_PAIR_TAMPER_H

#include "pair.h"

/* Once in a while, before an audit. */
void sim_pair_tamper(sim_pair_t *self);

/* Whether what comes on that connection is not heard: it would tell of the other one's death. */
bool sim_pair_is_deaf(const sim_pair_t *self, const pair_peer_t *peer);

#endif
