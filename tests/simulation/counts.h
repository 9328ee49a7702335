/* SPDX-License-Identifier: MPL-2.0 */
/* counts -- sums of references by object, as the audit makes them from the clients' side, to be held against a session's.
 */
#ifndef SIM_COUNTS_H
#define SIM_COUNTS_H

#include <machine/state.h>
#include <stream/stream.h>

#include "referee.h"

/* object -> sums; by number, as a run makes few */
typedef struct sim_counts {
    int64_t n[SIM_MAX_OBJECTS][HFI_HOLDERS];
    bool is_touched[SIM_MAX_OBJECTS];
    uint64_t touched[SIM_MAX_OBJECTS];
    size_t n_touched;
} sim_counts_t;

/* The one table, empty: good until the next begin. */
sim_counts_t *sim_counts_begin(void);

/* `by` is a kind of holder, or 0. Object 0 is not counted. */
void sim_counts_add(sim_counts_t *self, uint64_t object, size_t by, int64_t n);

/* One for each handle in it. */
void sim_counts_value(sim_counts_t *self, const hf_value_t *value, size_t by);
/* The same, of those that are there. */
void sim_counts_living(sim_counts_t *self, const hfi_state_t *state, const hf_value_t *value,
                       size_t by);

/* Handles and RELEASEs in messages of one end that the other has not taken. */
void sim_counts_under_way(sim_counts_t *self, hfi_stream_t *from, const hfi_stream_t *to,
                          bool from_manager);

/* Fails I1 where the session holds anything else than the sums say. */
void sim_counts_compare(sim_t *sim, const sim_counts_t *self, const hfi_session_t *session,
                        const char *who);

#endif
