/* SPDX-License-Identifier: MPL-2.0 */
/* sender -- what the links are sent: control frames, and each session's messages as far as its pipe takes them.
 *
 * Thread: the loop's.
 */
#ifndef HFI_SENDER_H
#define HFI_SENDER_H

#include <machine/machine.h>

#include "link.h"

typedef struct hfi_sender_figures {
    uint64_t frames;
    uint64_t bytes;
    uint64_t lost; /* control frames to peers that do not read */
} hfi_sender_figures_t;

typedef struct hfi_sender hfi_sender_t;

/* Both borrowed: a ROUTER of libzmq's, and the links that it has. NULL: no memory. */
hfi_sender_t *hfi_sender_new(void *socket, hfi_links_t *links);
void hfi_sender_destroy(hfi_sender_t **self_p);

/* Takes SEND, CONTROL or REWIND for that link. */
void hfi_sender_take(hfi_sender_t *self, const hfi_output_t *output, hfi_link_t *link);

/* Sends what there is to send. True: more could be sent at once. */
bool hfi_sender_flush(hfi_sender_t *self, hfi_machine_t *machine, int64_t now_ns);

/* Whether frames wait for a peer that reads slowly. */
bool hfi_sender_has_waiting(const hfi_sender_t *self);

/* Lets go what it keeps at a link that is about to be removed. */
void hfi_sender_forget(hfi_link_t *link);

const hfi_sender_figures_t *hfi_sender_figures(const hfi_sender_t *self);

#endif
