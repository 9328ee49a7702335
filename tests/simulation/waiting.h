/* SPDX-License-Identifier: MPL-2.0 */
/* waiting -- what calls that wait in the manager must hold, by what users put and heard, never by the machine's records.
 *
 * | a call of a living session that its user waits for     | holds                                            |
 * | the manager has not taken it yet                       | nothing                                          |
 * | taken, and no answer of it is kept for its user        | its target, and each handle in its arguments     |
 * | its answer is on its way                               | nothing                                          |
 *
 * And a referent whose work runs is held by that. Others may hold more than this: what users have given up, oneway calls,
 * hooks; so it is the least that there must be.
 */
#ifndef SIM_WAITING_H
#define SIM_WAITING_H

#include "manager.h"
#include "user.h"

/* Counts the calls found behind one whose work is under way into manager->n_behind. */
void sim_audit_calls(sim_t *sim, sim_manager_t *manager, const sim_user_t *users);

#endif
