/* SPDX-License-Identifier: MPL-2.0 */
/* peer -- a pair's managers as clients of each other: their connections, made and dropped as they say. */
#ifndef SIM_PEER_H
#define SIM_PEER_H

#include "pair.h"

enum { PAIR_PEER = 1000 /* the user that a link of a manager's has */ };

/* What a manager asks the shell for, of its connections to others; `context` is the pair. */
void sim_peer_on_far(void *context, sim_manager_t *manager, const hfi_output_t *output);

/* The connection to manager `to` that is that link of its wire; NULL: none is. */
pair_peer_t *sim_peer_of_link(sim_pair_t *self, uint32_t to, uint64_t link);

/* It stands (again), where it may: the opener hears of it. */
void sim_peer_connect(sim_pair_t *self, pair_peer_t *peer);

/* It breaks, and is not made again before that time; the opener hears of it. */
void sim_peer_lose(sim_pair_t *self, pair_peer_t *peer, int64_t away_ns);

/* The same without a word. */
void sim_peer_cut(sim_pair_t *self, pair_peer_t *peer);

#endif
