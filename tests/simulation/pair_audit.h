/* SPDX-License-Identifier: MPL-2.0 */
/* pair_audit -- what one manager holds at the other, by the tables of both; pair.h says the rules. */
#ifndef SIM_PAIR_AUDIT_H
#define SIM_PAIR_AUDIT_H

#include <machine/far.h>

#include "pair.h"

const hfi_secret_t *sim_pair_space(const sim_manager_t *manager);

/* Whether that is the object space of the one that serves there now. */
bool sim_pair_is_space(const sim_manager_t *manager, const hfi_secret_t *space);

/* The session that `far` has at the other manager; NULL: none that lives. */
hfi_session_t *sim_pair_session(const hfi_far_t *far, const sim_manager_t *to);

/* Whether it has a stub of that number whose manager is not lost. */
bool sim_pair_has_stub(const sim_manager_t *manager, uint64_t number);

/* Whether a session of `from` lives at `to`, and holds that object. */
bool sim_pair_holds(const sim_manager_t *from, const sim_manager_t *to, uint64_t object);

/* P1, P2, P5, P6, I1, I2; between any two steps. */
void sim_pair_audit(sim_pair_t *self);

/* P4: everybody has gone. */
void sim_pair_audit_empty(sim_t *sim, const sim_manager_t *manager);

#endif
