/* SPDX-License-Identifier: MPL-2.0 */
/* link -- the DEALER socket of one client and the monitor that tells of its connections; the only zmq.h here.
 *
 * Nothing here blocks but hfi_link_wait. What it hears of frames are changes only: it tells the truth after
 * hfi_link_receive has said "nothing" since the last send.
 *
 * Thread: whoever leads the client, one at a time; hand-over is the client's mutex.
 */
#ifndef HFI_LINK_H
#define HFI_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/span.h>
#include <value/failure.h>

typedef struct hfi_link hfi_link_t;

typedef enum hfi_link_event {
    HFI_LINK_NOTHING,
    HFI_LINK_UP,      /* a connection stands and frames may be sent */
    HFI_LINK_DOWN,    /* it is gone */
    HFI_LINK_REFUSED, /* an attempt to connect failed; libzmq tries again */
} hfi_link_event_t;

/* What a wait has found. */
enum { HFI_LINK_FRAMES = 1, HFI_LINK_EVENTS = 2, HFI_LINK_WOKEN = 4 };

/* Gives a link that begins to connect; NULL with the failure: ValueError, no such endpoint; LimitExceeded. wake_fd:
 * readable when a wait is to end; borrowed until the link is closed. may_spin: whether
 * a wait may look for a while before it sleeps. */
hfi_link_t *hfi_link_open(const char *endpoint, int wake_fd, bool may_spin,
                          hfi_failure_t *ret_failure);

/* Takes *self_p and nulls it; what was sent has `linger_ms` to leave. The last link of the process waits for that. */
void hfi_link_close(hfi_link_t **self_p, int linger_ms);

/* After fork, in the child: the parent's context is not ours. */
void hfi_link_forget_all(void);

/* In a fork's child takes the parent's link, and nulls it: memory goes, its sockets are left alone. NULL is fine. */
void hfi_link_forget(hfi_link_t **self_p);

/* Sends a copy. False: there is no connection; the frame is lost. */
bool hfi_link_send(hfi_link_t *self, hfi_span_t frame);

/* The same without a copy: the room for a frame of `len` bytes, to be written and sent. NULL: no memory. */
uint8_t *hfi_link_begin(hfi_link_t *self, size_t len);
bool hfi_link_send_begun(hfi_link_t *self);

/* The next frame, borrowed until the next one; false: nothing is there. */
bool hfi_link_receive(hfi_link_t *self, hfi_span_t *ret_frame);

/* What happened to the connection, in order. */
hfi_link_event_t hfi_link_next_event(hfi_link_t *self);

/* Sleeps until there is a frame or an event, until wake_fd is readable, for wait_ns (INT64_MAX: for ever) or a
 * millisecond more, or until a signal came. Returns the bits of what there is. */
unsigned hfi_link_wait(hfi_link_t *self, int64_t wait_ns);

/* Drops the connection and makes a new one. */
void hfi_link_reconnect(hfi_link_t *self);

#endif
