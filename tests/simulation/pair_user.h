/* SPDX-License-Identifier: MPL-2.0 */
/* pair_user -- a pair's users: their sessions at both managers, and what they do there. */
#ifndef SIM_PAIR_USER_H
#define SIM_PAIR_USER_H

#include "pair.h"

/* A connection of that user to that manager, with a session where there is none. */
void sim_pair_connect(sim_pair_t *self, uint32_t user, uint32_t at);
void sim_pair_disconnect(sim_pair_t *self, uint32_t at, pair_side_t *side);

/* The session is over, one way or the other: so are its jobs. */
void sim_pair_drop_side(sim_pair_t *self, uint32_t user, uint32_t at);

/* Sends what its engine has. */
void sim_pair_pump(sim_pair_t *self, uint32_t user, uint32_t at);

/* Makes a call, or lets go: whatever chance says. */
void sim_pair_act(sim_pair_t *self, uint32_t user);

#endif
