/* SPDX-License-Identifier: MPL-2.0 */
/* link -- connections: HELLO and what follows it, frames, leases, acknowledgements. */
#ifndef HFI_LINK_H
#define HFI_LINK_H

#include "reap.h"

void hfi_link_up(hfi_state_t *state, uint64_t number, const hfi_peer_t *peer);
void hfi_link_down(hfi_state_t *state, uint64_t number, bool is_certain);

/* Called between two messages: what they left to be done. */
typedef void(hfi_settle_f)(hfi_state_t *state);

void hfi_link_frame(hfi_state_t *state, uint64_t number, hfi_span_t bytes, hfi_settle_f *settle);

/* The session's alarm went off: it expires, or is probed. */
void hfi_link_lease(hfi_state_t *state, hfi_session_t *session);

/* What it owes an acknowledgement for has waited long enough. */
void hfi_link_acknowledge(hfi_state_t *state, hfi_session_t *session);

#endif
