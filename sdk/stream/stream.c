/* SPDX-License-Identifier: MPL-2.0 */
/* stream -- one end of a session: its numbers, windows, gaps and acknowledgements.
 *
 * Why it can lose nothing: a message stays in the outbox until the peer's ack covers it, an ack covers
 * only what was taken in order, and whatever shows that something is missing (a DATA that begins too
 * high, a PING that counts further) is ignored but for the RESYNC that it provokes. Why nothing runs
 * twice: `received` moves by one for each message taken, and lower numbers are dropped.
 *
 * A window is the sender's: what lies in its outbox. The receiver sees the same window as what it took
 * behind its last ack, which is never more; so twice the window there is the peer's doing.
 */
#include "stream.h"

#include <string.h>

#include <base/check.h>

_Static_assert(sizeof(hfi_stream_t) < 200, "an idle session is small");

static uint64_t
stream_acked(const hfi_stream_t *self)
{
    return self->outbox.first - 1;
}

void
hfi_stream_open(hfi_stream_t *self, hfi_chunks_t *chunks, const hfi_limits_t *limits)
{
    *self = (hfi_stream_t){.limits = limits, .owed_since_ns = INT64_MAX, .ack_limit = UINT64_MAX};
    hfi_outbox_open(&self->outbox, chunks);
}

void
hfi_stream_close(hfi_stream_t *self)
{
    hfi_outbox_close(&self->outbox);
}

/* ---- a new connection ----------------------------------------------------------------- */

bool
hfi_stream_fits(const hfi_stream_t *self, uint64_t peer_received)
{
    return peer_received >= stream_acked(self) && peer_received <= hfi_stream_last(self);
}

void
hfi_stream_attach(hfi_stream_t *self, uint64_t peer_received, int64_t now_ns)
{
    HF_ASSERT(hfi_stream_fits(self, peer_received));
    self->sent = peer_received;
    self->gap_at = 0;
    if (self->received != 0 && self->owed_since_ns == INT64_MAX)
        self->owed_since_ns = now_ns;
}

/* ---- receiving ------------------------------------------------------------------------ */

hfi_verdict_t
hfi_stream_on_data(hfi_stream_t *self, uint64_t seq, uint64_t ack)
{
    /* WALK call 3/9: what came before is dropped, a gap is seen */
    if (seq == 0)
        return HFI_STREAM_BAD_FRAME;
    if (seq - 1 > self->received)
        return HFI_STREAM_GAP;
    if (ack > hfi_stream_last(self))
        return HFI_STREAM_BAD_FRAME;
    self->ack_seen = ack;
    return HFI_STREAM_OK;
}

void
hfi_stream_on_ack(hfi_stream_t *self, uint64_t ack, hfi_dropped_f *dropped, void *context)
{
    hfi_outbox_acknowledge(&self->outbox, ack, dropped, context);
    if (self->sent < stream_acked(self))
        self->sent = stream_acked(self);
}

hfi_verdict_t
hfi_stream_on_bye(hfi_stream_t *self, uint64_t ack, hfi_dropped_f *dropped, void *context)
{
    if (ack > hfi_stream_last(self))
        return HFI_STREAM_BAD_FRAME;
    hfi_stream_on_ack(self, ack, dropped, context);
    return HFI_STREAM_OK;
}

hfi_verdict_t
hfi_stream_on_ping(hfi_stream_t *self, uint64_t ack, uint64_t sent, hfi_dropped_f *dropped,
                   void *context)
{
    if (sent > self->received)
        return HFI_STREAM_GAP;
    return hfi_stream_on_bye(self, ack, dropped, context);
}

hfi_verdict_t
hfi_stream_on_resync(hfi_stream_t *self, uint64_t expected, uint64_t *ret_after)
{
    if (expected <= stream_acked(self) || expected > hfi_stream_last(self))
        return HFI_STREAM_BAD_FRAME;
    *ret_after = expected - 1;
    if (self->sent > *ret_after)
        self->sent = *ret_after;
    return HFI_STREAM_OK;
}

bool
hfi_stream_wants_resync(hfi_stream_t *self, int64_t now_ns)
{
    uint64_t expected = self->received + 1;
    if (self->gap_at == expected && now_ns - self->gap_ns < HFI_RESYNC_AGAIN_NS)
        return false;
    self->gap_at = expected;
    self->gap_ns = now_ns;
    return true;
}

static bool
stream_is_above_twice(uint64_t n, uint64_t limit)
{
    return n > limit && n - limit > limit;
}

bool
hfi_stream_is_flooding(const hfi_stream_t *self)
{
    uint64_t n = self->received - self->ack_sent;
    return stream_is_above_twice(n, self->limits->window) ||
           (n > 1 && stream_is_above_twice(self->owed_bytes, self->limits->window_bytes));
}

/* ---- sending -------------------------------------------------------------------------- */

bool
hfi_stream_begin(hfi_stream_t *self, hfi_begun_t *ret_begun)
{
    uint64_t frame_bytes = self->limits->frame_bytes;
    size_t max_bytes = frame_bytes > HFI_FRAME_HEADER_MAX ? frame_bytes - HFI_FRAME_HEADER_MAX : 0;
    return hfi_outbox_begin(&self->outbox, max_bytes, ret_begun);
}

bool
hfi_stream_has_room(const hfi_stream_t *self, size_t len)
{
    const hfi_outbox_t *outbox = &self->outbox;
    if (outbox->n_messages == 0)
        return true;
    return outbox->n_messages < self->limits->window &&
           outbox->n_bytes < self->limits->window_bytes &&
           len <= self->limits->window_bytes - outbox->n_bytes;
}

bool
hfi_stream_fills(hfi_stream_t *self, uint64_t times, uint64_t spared)
{
    const hfi_limits_t *limits = self->limits;
    uint64_t seen = self->ack_seen > stream_acked(self) ? self->ack_seen : stream_acked(self);
    uint64_t n = hfi_stream_last(self) - seen;
    if (n < times)
        return false;
    return (n > spared && (n - spared) / times >= limits->window) ||
           hfi_outbox_bytes_after(&self->outbox, seen) / times >= limits->window_bytes;
}

size_t
hfi_stream_fill(hfi_stream_t *self, uint64_t after, uint8_t *to, size_t room, uint64_t *ret_last)
{
    uint64_t behind = after > stream_acked(self) ? after : stream_acked(self);
    *ret_last = after;
    if (behind >= hfi_stream_last(self))
        return 0;
    uint8_t raw[HFI_FRAME_HEADER_MAX];
    hf_writer_t header = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    hfi_frame_write_data(&header, behind + 1, hfi_stream_ack(self));
    HF_ASSERT(!header.failed);
    size_t left = room > header.len ? room - header.len : 0;
    uint64_t last;
    size_t len = hfi_outbox_copy(&self->outbox, behind, to + header.len, left, &last);
    if (len > left)
        return header.len + len;
    memcpy(to, raw, header.len);
    *ret_last = last;
    return header.len + len;
}

size_t
hfi_stream_next_frame(hfi_stream_t *self, uint8_t *to, size_t room)
{
    uint64_t last;
    size_t len = hfi_stream_fill(self, self->sent, to, room, &last);
    if (len == 0 || len > room)
        return len;
    self->sent = last;
    hfi_stream_ack_told(self);
    return len;
}

void
hfi_stream_write_ack(const hfi_stream_t *self, hf_writer_t *w, uint64_t after)
{
    hfi_frame_write_data(w, after + 1, hfi_stream_ack(self));
}

void
hfi_stream_ack_told(hfi_stream_t *self)
{
    self->ack_sent = hfi_stream_ack(self);
    if (self->ack_sent != self->received)
        return; /* the rest stays owed, since then */
    self->owed_bytes = 0;
    self->owed_since_ns = INT64_MAX;
}

int64_t
hfi_stream_ack_due_ns(const hfi_stream_t *self)
{
    bool is_held = self->received != self->ack_sent && hfi_stream_ack(self) <= self->ack_sent;
    if (self->owed_since_ns == INT64_MAX || is_held)
        return INT64_MAX;
    uint64_t n = self->received - self->ack_sent;
    if (n != 0 &&
        (n >= self->limits->window / 4 || self->owed_bytes >= self->limits->window_bytes / 4))
        return INT64_MIN;
    return self->owed_since_ns + HFI_ACK_DELAY_NS;
}
