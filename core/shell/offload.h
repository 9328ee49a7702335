/* SPDX-License-Identifier: MPL-2.0 */
/* offload -- the pool of threads that runs offloaded calls' work, and puts what they answer among the finished jobs.
 *
 * Threads are started as they are needed, up to a number, and stay. How many jobs may wait is the machine's to bound
 * (limit offload_queue).
 *
 * Thread: the loop; the threads themselves touch nothing but the queue, their work and the finished jobs.
 */
#ifndef HFI_OFFLOAD_POOL_H
#define HFI_OFFLOAD_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <machine/work.h>

#include "done.h"
#include "probe.h"

enum { HFI_OFFLOAD_POOL_THREADS_MAX = 256 };

typedef struct hfi_offload_pool hfi_offload_pool_t;

/* NULL: no memory. Borrows the dones and the watch. `threads` 0: one a CPU that the caller may use; they run wherever it
 * may now, whatever it is bound to later. */
hfi_offload_pool_t *hfi_offload_pool_new(hfi_dones_t *dones, hfi_watch_t *watch, size_t threads);

/* Queues a job; borrows the work until it is among the finished jobs. False: no memory, or no thread. */
bool hfi_offload_pool_put(hfi_offload_pool_t *self, uint64_t job, hfi_work_t *work);

/* Forgets what is queued, tells what runs that it is cancelled, and waits so long for it. False: some still runs, and
 * what it borrows must stay; the pool stays, too. */
bool hfi_offload_pool_close(hfi_offload_pool_t **self_p, int64_t wait_ns);

#endif
