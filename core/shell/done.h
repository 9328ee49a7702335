/* SPDX-License-Identifier: MPL-2.0 */
/* done -- finished jobs, handed to the loop by whichever thread has done them: a queue and an eventfd.
 *
 * Thread: [any] puts; the loop takes.
 */
#ifndef HFI_DONE_H
#define HFI_DONE_H

#include <stdbool.h>
#include <stdint.h>

#include <base/span.h>

/* A finished job, as JOB_DONE carries it. */
typedef struct hfi_done {
    uint64_t job;
    int32_t status;
    int64_t took_ns;   /* on a thread of the pool; 0: it was done elsewhere */
    hfi_bytes_t value; /* one value */
} hfi_done_t;

typedef struct hfi_dones hfi_dones_t;

/* NULL: no memory or no descriptor. */
hfi_dones_t *hfi_dones_new(void);
void hfi_dones_destroy(hfi_dones_t **self_p);

/* Polls readable while there is something to take. */
int hfi_dones_fd(const hfi_dones_t *self);

/* Takes the value, also on failure, and zeroes it. False: no memory. */
bool hfi_dones_put(hfi_dones_t *self, hfi_done_t *done);

/* Gives the oldest; its value is the caller's to close. False: none is there. */
bool hfi_dones_take(hfi_dones_t *self, hfi_done_t *ret_done);

#endif
