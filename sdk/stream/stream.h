/* SPDX-License-Identifier: MPL-2.0 */
/* stream -- one end of a session: its numbers, windows, gaps and acknowledgements.
 *
 * Life of a frame. hfi_frame_read has made a struct of it; then
 *   DATA    hfi_stream_on_data: the verdict, before anything of it runs. On OK the owner reads all
 *           its messages; if one is bad, none runs. For each message hfi_stream_take: false means
 *           "had before, drop", true that it is number self->received now: run it. At the end
 *           hfi_stream_on_ack applies the frame's ack.
 *   PING    hfi_stream_on_ping, then answer PONG whatever it says. PONG: hfi_stream_on_ping as well.
 *   BYE     hfi_stream_on_bye.
 *   RESYNC  hfi_stream_on_resync: go on sending behind *ret_after.
 * A verdict of GAP: nothing of the frame counts; ask hfi_stream_wants_resync whether to say so.
 * Both ends use the same code. Only one with which the session itself is moved to another
 * connection knows it: hfi_stream_attach.
 *
 * Thread: one at a time.
 */
#ifndef HFI_STREAM_H
#define HFI_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "outbox.h"

#define HFI_ACK_DELAY_NS    INT64_C(100000000)
#define HFI_RESYNC_AGAIN_NS INT64_C(100000000)

typedef enum hfi_verdict {
    HFI_STREAM_OK = 0,
    HFI_STREAM_GAP,       /* ignore the frame */
    HFI_STREAM_BAD_FRAME, /* the session ends */
} hfi_verdict_t;

/* Under 200 bytes; no heap while nothing is unacknowledged. */
typedef struct hfi_stream {
    hfi_outbox_t outbox;
    const hfi_limits_t *limits; /* borrowed: window, window_bytes, frame_bytes */
    uint64_t ack_seen;     /* the peer has received so much: an ack that is still to be applied */
    uint64_t received;     /* number of the last message taken from the peer */
    uint64_t ack_sent;     /* the last ack told to the peer */
    uint64_t owed_bytes;   /* of messages behind ack_sent */
    uint64_t sent;         /* the last message handed to the transport, where the owner sends by
                                   hfi_stream_next_frame; the machine's shell keeps its own */
    uint64_t gap_at;       /* RESYNC was last asked from here; 0: never on this connection */
    int64_t gap_ns;        /* … at this time */
    int64_t owed_since_ns; /* an ack is owed since then; INT64_MAX: none is */
    uint64_t ack_limit;    /* no ack above it is told; UINT64_MAX: no limit. The owner's: a client
                              sets it while a promise names a call whose answer may be here */
} hfi_stream_t;

/* Both are borrowed and must outlive it. */
void hfi_stream_open(hfi_stream_t *self, hfi_chunks_t *chunks, const hfi_limits_t *limits);
void hfi_stream_close(hfi_stream_t *self);

/* ---- a new connection ----------------------------------------------------------------- */

/* Whether the peer's `received` (HELLO's or WELCOME's) fits what we keep; if not, the session ends. */
bool hfi_stream_fits(const hfi_stream_t *self, uint64_t peer_received);

/* The session is on a new connection, whose peer has `peer_received` (it fits): sending goes on behind
 * it; an ack is owed, as the last one may be lost. It does not acknowledge. */
void hfi_stream_attach(hfi_stream_t *self, uint64_t peer_received, int64_t now_ns);

/* ---- receiving ------------------------------------------------------------------------ */

/* On OK the frame's ack counts for the windows from now on, as the peer does read; it drops nothing yet. */
hfi_verdict_t hfi_stream_on_data(hfi_stream_t *self, uint64_t seq, uint64_t ack);

/* The next message of a DATA frame: *number_p begins as the frame's seq and counts on. */
static inline bool
hfi_stream_take(hfi_stream_t *self, uint64_t *number_p, size_t len, int64_t now_ns)
{
    uint64_t number = (*number_p)++;
    if (number != self->received + 1)
        return false; /* had before: no frame with a gap comes here */
    self->received = number;
    self->owed_bytes += len;
    if (self->owed_since_ns == INT64_MAX)
        self->owed_since_ns = now_ns;
    return true;
}

/* Applies an ack that on_data has let pass, after the frame's messages. */
void hfi_stream_on_ack(hfi_stream_t *self, uint64_t ack, hfi_dropped_f *dropped, void *context);

/* PING or PONG: applies its ack where it is OK. */
hfi_verdict_t hfi_stream_on_ping(hfi_stream_t *self, uint64_t ack, uint64_t sent,
                                 hfi_dropped_f *dropped, void *context);
hfi_verdict_t hfi_stream_on_bye(hfi_stream_t *self, uint64_t ack, hfi_dropped_f *dropped,
                                void *context);
/* Also sets self->sent. */
hfi_verdict_t hfi_stream_on_resync(hfi_stream_t *self, uint64_t expected, uint64_t *ret_after);

/* After a GAP: whether a RESYNC for received + 1 is to be sent now. True notes that it is. */
bool hfi_stream_wants_resync(hfi_stream_t *self, int64_t now_ns);

/* The peer has sent more than twice the window past our last ack: REJECT `limit`. */
bool hfi_stream_is_flooding(const hfi_stream_t *self);

/* ---- sending -------------------------------------------------------------------------- */

/* Begins a message for the peer; hfi_outbox_commit or _rollback ends it. Its limit is what one frame
 * can carry: begun.is_too_long tells that from no memory. */
bool hfi_stream_begin(hfi_stream_t *self, hfi_begun_t *ret_begun);

/* Number of the last message that has one. */
static inline uint64_t
hfi_stream_last(const hfi_stream_t *self)
{
    return hfi_outbox_last(&self->outbox);
}

/* A message of `len` more may be sent: the window has room, or nothing else is under way. */
bool hfi_stream_has_room(const hfi_stream_t *self, size_t len);
/* Whether what the peer has not received fills `times` windows, so many messages not counted; one message alone never
 * does. Counts the bytes: only where all that is kept would. */
bool hfi_stream_fills(hfi_stream_t *self, uint64_t times, uint64_t spared);

/* Window full: the manager answers Overloaded. Twice full, beside the messages that are spared: it ends the session. */
static inline bool
hfi_stream_is_full(hfi_stream_t *self)
{
    const hfi_outbox_t *outbox = &self->outbox;
    return (outbox->n_messages >= self->limits->window ||
            outbox->n_bytes >= self->limits->window_bytes) &&
           hfi_stream_fills(self, 1, 0);
}

static inline bool
hfi_stream_is_twice_full(hfi_stream_t *self, uint64_t spared)
{
    const hfi_outbox_t *outbox = &self->outbox;
    uint64_t n = outbox->n_messages > spared ? outbox->n_messages - spared : 0;
    return (n / 2 >= self->limits->window || outbox->n_bytes / 2 >= self->limits->window_bytes) &&
           hfi_stream_fills(self, 2, spared);
}

/* What a header's ack may say now: `received`, or the owner's limit. */
static inline uint64_t
hfi_stream_ack(const hfi_stream_t *self)
{
    return self->received < self->ack_limit ? self->received : self->ack_limit;
}

/* Writes one DATA frame of the messages behind `after` to `to`, at most `room` bytes: at least one
 * message where there is one. Returns its length; 0: nothing is behind `after`; > room: so much is
 * needed for the first, nothing written. Decides nothing: see hfi_stream_ack_told. */
size_t hfi_stream_fill(hfi_stream_t *self, uint64_t after, uint8_t *to, size_t room,
                       uint64_t *ret_last);

/* The same from self->sent on, moves it on, and counts the ack in the header as told. */
size_t hfi_stream_next_frame(hfi_stream_t *self, uint8_t *to, size_t room);

/* Writes the frame that only acknowledges: DATA without messages, numbered as the next message that the
 * owner has not sent (`after` + 1). */
void hfi_stream_write_ack(const hfi_stream_t *self, hf_writer_t *w, uint64_t after);

/* A frame with hfi_stream_ack in it is on its way: nothing is owed but what the limit held back. */
void hfi_stream_ack_told(hfi_stream_t *self);

/* When an acknowledgement must leave, if nothing else carries it: INT64_MIN: at once (a quarter of
 * the window is owed), INT64_MAX: none is owed. */
int64_t hfi_stream_ack_due_ns(const hfi_stream_t *self);

#endif
