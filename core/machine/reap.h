/* SPDX-License-Identifier: MPL-2.0 */
/* reap -- ends: of referents that nobody holds, of sessions, of everything. */
#ifndef HFI_REAP_H
#define HFI_REAP_H

#include "call.h"

/* Destroys all that nobody holds, and what falls with it. No function of a plugin is on the stack. */
void hfi_reap_dead(hfi_state_t *state);

/* Destroys one that only holds itself, with others of its kind; nothing where it is gone, or will be by reap_dead. */
void hfi_reap_garbage(hfi_state_t *state, uint64_t number);

/* Ends the session: takes it. `reason` NONE: nothing is said on its connection. */
void hfi_reap_session(hfi_state_t *state, hfi_session_t *session, hfi_reject_t reason,
                      const char *text);

/* Ends the sessions on the list of those to be ended. */
void hfi_reap_ending(hfi_state_t *state);

/* Begins to stop: no session is opened any more, and after `drain_s` the others end. */
void hfi_reap_stop(hfi_state_t *state, double drain_s);

/* Whether nothing is on its way any more: all answered, all answers acknowledged. */
bool hfi_reap_is_drained(const hfi_state_t *state);

/* Ends all sessions with `shutdown`. */
void hfi_reap_sessions(hfi_state_t *state);

/* Destroys every referent, whoever holds it: the manager's own end. No session is left. */
void hfi_reap_all(hfi_state_t *state);

#endif
