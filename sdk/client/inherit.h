/* SPDX-License-Identifier: MPL-2.0 */
/* inherit -- what a fork's child takes over: a session of its own that holds what the parent held; see inherit.c.
 *
 * Thread: as each says.
 */
#ifndef HFI_INHERIT_H
#define HFI_INHERIT_H

#include "client.h"

/* ---- around fork; fork.c calls them, with every mutex held where nothing else is said ---- */

/* Before: queues the exports of what is held. True: there are any. Never waits. */
bool hfi_inherit_export(hf_client_t *client);

/* Behind it, in the parent: the claims are the child's alone. */
void hfi_inherit_keep(hf_client_t *client);

/* Sees to it that the manager has the exports, or that they are on the wire. No mutex is held. */
void hfi_inherit_hand_over(hf_client_t *client);

/* In the child: nobody leads, nobody waits; pending calls end, the session is left. */
void hfi_inherit_take(hf_client_t *client);

/* ---- in the child ---- */

/* Whether this client has a session of its own still to be opened. [any] */
static inline bool
hfi_inherit_is_due(const hf_client_t *client)
{
    return atomic_load_explicit(&client->is_inherited, memory_order_acquire);
}

/* Opens it and adopts, until due_ns. False: *failure; SessionLost is for good, after another the next use tries again.
 * The mutex is not held. [any] */
bool hfi_inherit(hf_client_t *client, int64_t due_ns, hfi_failure_t *ret_failure);

/* It is being disconnected: none is opened any more, and none is being opened. The mutex is not held. */
void hfi_inherit_withdraw(hf_client_t *client);

#endif
