/* SPDX-License-Identifier: MPL-2.0 */
/* pair_audit -- what one manager holds at the other, by the tables of both; pair.h says the rules. */
#ifndef SIM_PAIR_AUDIT_H
#define SIM_PAIR_AUDIT_H

#include <stream/frame.h>

#include "manager.h"

const hfi_secret_t *sim_pair_space(const sim_manager_t *manager);

/* Whether it has a stub of that number whose manager is not lost. */
bool sim_pair_has_stub(const sim_manager_t *manager, uint64_t number);

/* Whether a session of `from` lives at `to`, and holds that object. */
bool sim_pair_holds(const sim_manager_t *from, const sim_manager_t *to, uint64_t object);

/* P1, P2. Returns how many stubs were looked at. */
uint64_t sim_pair_audit(sim_t *sim, const sim_manager_t *from, const sim_manager_t *to);

/* P4: everybody has gone. */
void sim_pair_audit_empty(sim_t *sim, const sim_manager_t *manager);

#endif
