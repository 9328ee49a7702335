/* SPDX-License-Identifier: MPL-2.0 */
/* fork -- all clients of the process, and what is done with them around a fork; see inherit.h.
 *
 * Thread: [any]; no client's mutex is held by who calls.
 */
#ifndef HFI_FORK_H
#define HFI_FORK_H

#include <stdint.h>

#include "client.h"

/* Makes fork known to the library; before the first client. */
void hfi_fork_watch(void);

/* Counts forks on the way to this process; links and threads are good where they were made. */
uint32_t hfi_fork_generation(void);

/* One that no process has come to. */
#define HFI_NO_GENERATION UINT32_MAX

/* All clients, in a list by fork_next, under a mutex that is taken before any client's. */
void hfi_fork_lock(void);
void hfi_fork_unlock(void);
hf_client_t *hfi_fork_first(void);

/* As long as there is anything of it a client is known here: a child must find its mutex open. */
void hfi_fork_add(hf_client_t *client);
void hfi_fork_remove(hf_client_t *client);

#endif
