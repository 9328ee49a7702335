/* SPDX-License-Identifier: MPL-2.0 */
/* audit -- reference counts, recomputed from the clients' side and from what holds what, against the machine's. */
#ifndef SIM_AUDIT_H
#define SIM_AUDIT_H

#include <machine/state.h>

#include "manager.h"
#include "user.h"

/* I1 and I2, between any two steps. */
void sim_audit(sim_t *sim, const sim_manager_t *manager, const sim_user_t *users);

/* I1 for one session: what its engine counts. */
void sim_audit_session(sim_t *sim, hfi_session_t *session, hfi_engine_t *engine, uint32_t index);

/* I2 for one manager. */
void sim_audit_holders(sim_t *sim, const hfi_state_t *state);

/* Whether the user's session is on that link, for the manager. */
bool sim_audit_is_attached(const sim_manager_t *manager, const sim_user_t *user, uint64_t link);

/* Whether the manager has calls of the user that nobody waits for, though they were cancelled. */
bool sim_audit_has_left(const sim_manager_t *manager, const sim_user_t *user);

/* Whether the manager has a session that is no user's any more. */
bool sim_audit_has_dead(const sim_manager_t *manager, const sim_user_t *users);

/* I7: everybody has gone; nothing is left. */
void sim_audit_empty(sim_t *sim, const sim_manager_t *manager);

/* Faults of state: reach into the machine's tables, once in a while. */
void sim_tamper_state(sim_t *sim, const sim_manager_t *manager);

/* Faults of state just before the manager reads a HELLO of that user. */
void sim_tamper_resume(sim_t *sim, const sim_manager_t *manager, const sim_user_t *user);

#endif
