/* SPDX-License-Identifier: MPL-2.0 */
/* dealer -- the DEALERs: connections to other managers, made and dropped as the machine says; what comes is events.
 *
 * Each has a monitor, which tells when a connection stands. libzmq makes it again by itself, and nothing is queued for
 * one that is not there: the stream sends again what was lost.
 *
 * Thread: the loop's.
 */
#ifndef HFI_DEALER_H
#define HFI_DEALER_H

#include "front.h"

typedef struct hfi_dealers hfi_dealers_t;

/* None are open. `context` is libzmq's; both are borrowed. NULL with why. */
hfi_dealers_t *hfi_dealers_new(void *context, hfi_log_t *log, char *why, size_t why_room);
void hfi_dealers_destroy(hfi_dealers_t **self_p);

/* What to wait for; tells of changes only: before a wait the sockets themselves are to be asked. */
int hfi_dealers_fd(const hfi_dealers_t *self);
bool hfi_dealers_is_readable(const hfi_dealers_t *self);

/* Puts FAR_UP, FAR_FRAME and FAR_DOWN events of this round into the batch. True: more may be waiting. */
bool hfi_dealers_gather(hfi_dealers_t *self, hfi_batch_t *batch);

/* The batch has been applied: its frames go. */
void hfi_dealers_drop_frames(hfi_dealers_t *self);

/* Takes FAR_OPEN, FAR_SEND and FAR_CLOSE. */
void hfi_dealers_take(hfi_dealers_t *self, const hfi_output_t *output);

/* How many are open. */
size_t hfi_dealers_count(const hfi_dealers_t *self);

#endif
