/* SPDX-License-Identifier: MPL-2.0 */
/* wait -- calls that wait for a promise, for another manager or for their turn. */
#ifndef HFI_WAIT_H
#define HFI_WAIT_H

#include "record.h"

/* A message with promises or handles, of a busy target or of a session that has others waiting. True: it can run
 * now, *request has its target and its arguments, settled (they last as long as the arena's mark). False: it was
 * refused, or waits. */
bool hfi_wait_receive(hfi_state_t *state, hfi_request_t *request, const hfi_message_t *message);

/* Some of the session's waiting calls may have got their turn. */
void hfi_wait_start_ready(hfi_state_t *state, hfi_session_t *session);

/* Tells the waiting calls what was answered since. */
void hfi_wait_settle(hfi_state_t *state);

#endif
