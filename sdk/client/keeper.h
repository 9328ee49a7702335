/* SPDX-License-Identifier: MPL-2.0 */
/* keeper -- the one background thread of the process: it keeps sessions alive while the program computes.
 *
 * Thread: [any].
 */
#ifndef HFI_KEEPER_H
#define HFI_KEEPER_H

#include "client.h"

/* From now on the client is visited; the first one starts the thread. False: there is none to be had. */
bool hfi_keeper_add(hf_client_t *client);

/* It is not visited any more, nor is it being visited; the last one ends the thread. */
void hfi_keeper_remove(hf_client_t *client);

/* Something is owed: come within 100 ms. Lock-free; costs a system call only where the keeper sleeps for longer. */
void hfi_keeper_poke(hf_client_t *client);

/* Around fork: the locks that a child must find open. */
void hfi_keeper_lock_all(void);
void hfi_keeper_unlock_all(void);
/* In the child, with them held: there is no thread, and no client of this process yet. */
void hfi_keeper_forget_all(void);

#endif
