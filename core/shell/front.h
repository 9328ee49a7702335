/* SPDX-License-Identifier: MPL-2.0 */
/* front -- the ROUTER: frames in as events, outputs out as frames, connections that come and go.
 *
 * Thread: the loop's.
 */
#ifndef HFI_FRONT_H
#define HFI_FRONT_H

#include <machine/machine.h>

#include "log.h"

enum {
    HFI_FRONT_FRAMES = 64, /* taken from the socket in a round */
    HFI_BATCH_MAX = 512,   /* events of a round: frames, twice at most, and what else there is */
};

/* A round's events; what they borrow lasts until the round is over. */
typedef struct hfi_batch {
    size_t n;
    hfi_event_t at[HFI_BATCH_MAX];
} hfi_batch_t;

/* A zeroed event of that kind behind the others; NULL: the batch is full. */
hfi_event_t *hfi_batch_add(hfi_batch_t *self, hfi_event_kind_t kind);

/* Plain counters. */
typedef struct hfi_front_figures {
    uint64_t links; /* now */
    uint64_t links_ever;
    uint64_t frames_in;
    uint64_t frames_out;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t
        ignored; /* messages of more than two parts, or under a routing id of the peer's own choosing */
    uint64_t lost; /* control frames to peers that do not read */
} hfi_front_figures_t;

typedef struct hfi_front hfi_front_t;

/* Makes the socket in `context` (libzmq's, borrowed). frame_bytes: a longer frame ends its connection. NULL with
 * why. */
hfi_front_t *hfi_front_new(void *context, uint64_t frame_bytes, hfi_log_t *log, char *why,
                           size_t why_room);
void hfi_front_destroy(hfi_front_t **self_p);

/* Serves at the endpoint too; `folder` is the default endpoint's, made at need. False with why. */
bool hfi_front_bind(hfi_front_t *self, const char *endpoint, const char *folder, char *why,
                    size_t why_room);

/* Where it serves, in order, with ports as they are; NULL past the last. */
const char *hfi_front_endpoint(const hfi_front_t *self, size_t k);

/* What to wait for: a descriptor that tells that something has changed at the socket, -1 without one, and one that
 * tells of dead processes. Before a wait the socket itself is to be asked whether there is something to read. */
int hfi_front_fd(const hfi_front_t *self);
int hfi_front_peers_fd(const hfi_front_t *self);
bool hfi_front_is_readable(const hfi_front_t *self);

/* The descriptor has told: ends the connections of dead processes; a child of such a one may still have them. */
void hfi_front_bury_dead(hfi_front_t *self, int64_t now_ns);

/* Puts LINK_UP, FRAME and LINK_DOWN events of this round into the batch. True: more is waiting. */
bool hfi_front_gather(hfi_front_t *self, hfi_batch_t *batch, int64_t now_ns);

/* The batch has been applied: its frames go. */
void hfi_front_drop_frames(hfi_front_t *self);

/* Takes SEND, CONTROL, REWIND, WATCH and KICK. */
void hfi_front_take(hfi_front_t *self, const hfi_output_t *output, int64_t now_ns);

/* Sends what there is to send, as far as the peers' pipes take it. True: more could be sent at once. */
bool hfi_front_flush(hfi_front_t *self, hfi_machine_t *machine, int64_t now_ns);

/* When it wants a round even if nothing comes, by the clock of now_ns; INT64_MAX: never. */
int64_t hfi_front_due_ns(const hfi_front_t *self);

/* Whether frames wait for a peer that reads slowly. */
bool hfi_front_has_waiting(const hfi_front_t *self);

/* Copies the figures. */
void hfi_front_read(const hfi_front_t *self, hfi_front_figures_t *ret_figures);

#endif
