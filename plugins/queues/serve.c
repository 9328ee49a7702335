/* SPDX-License-Identifier: MPL-2.0 */
/* serve -- who hands what to whom: items to getters, room to putters, all in the order they came. */
#include <math.h>

#include "queue.h"

enum {
    SERVE_BATCH_BYTES =
        4 * 1024 * 1024, /* get_many gives fewer items rather than a longer answer */
    SERVE_ONE = 1,       /* cookies: an answer is one item, or a list of them */
    SERVE_MANY = 2,
};

/* Whether a call, this one or a parked one, is of that row. */
static bool
serve_is(const hf_call_t *other, hf_method_f run)
{
    return hfi_queue_type.methods[other->row].run == run;
}

uint64_t
hfi_queue_room(const hfi_queue_t *self)
{
    if (self->maxsize <= 0)
        return UINT64_MAX;
    return (uint64_t)self->maxsize > self->ring.count ? (uint64_t)self->maxsize - self->ring.count
                                                      : 0;
}

bool
hfi_queue_has_putters(const hfi_queue_t *self)
{
    return hf_n_parked(&self->front) > 0 || hf_n_parked(&self->putters) > 0;
}

hf_err_t
hfi_queue_timeout(hf_call_t *call, const hf_value_t *timeout, bool is_strict, double *ret_seconds)
{
    double seconds = hf_as_float(timeout);
    *ret_seconds = HF_FOREVER;
    if (hf_kind(timeout) == HF_NIL)
        return HF_OK;
    if (isnan(seconds))
        return HF_RAISE(call, "ValueError", "Invalid value NaN (not a number)");
    if (seconds < 0.0 && is_strict)
        return HF_RAISE(call, "ValueError", "'timeout' must be a non-negative number");
    *ret_seconds = seconds < 0.0 ? 0.0 : seconds;
    return HF_OK;
}

/* ---- items to getters ------------------------------------------------------------------ */

uint32_t
hfi_queue_batch(const hfi_queue_t *self, hf_call_t *other)
{
    int64_t most = serve_is(other, hfi_queue_get_many) ? hf_arg_int(other, 0) : 1;
    size_t bytes = 0;
    uint32_t n = 0;
    while (n < self->ring.count && n < most) {
        bytes += hf_len_of(hfi_ring_at(&self->ring, n));
        if (n > 0 && bytes > SERVE_BATCH_BYTES)
            break;
        n++;
    }
    return n;
}

/* Answers a get with the item, a get_many with a list of it and those behind it. */
static hf_err_t
serve_answer(hf_call_t *other, const hf_value_t *item, const hfi_ring_t *ring, uint32_t n)
{
    if (!serve_is(other, hfi_queue_get_many)) {
        hf_mind(other, SERVE_ONE);
        return hf_return_value(other, item);
    }
    hf_mind(other, SERVE_MANY);
    hf_writer_t *w = hf_return_writer(other);
    if (w == NULL)
        return HF_RAISED;
    if (ring != NULL) {
        hfi_ring_write(ring, 0, n, w);
    } else {
        hf_write_list(w, 1);
        hf_write_value(w, item);
    }
    return hf_return_written(other);
}

hf_err_t
hfi_queue_hand_out(hf_call_t *call, hfi_queue_t *self, hf_call_t *other, uint32_t n)
{
    if (serve_answer(other, hfi_ring_at(&self->ring, 0), &self->ring, n) != HF_OK)
        return HF_RAISED;
    hfi_ring_drop(call, &self->ring, 0, n);
    return HF_OK;
}

bool
hfi_queue_give(hf_call_t *call, hfi_queue_t *self, const hf_value_t *item)
{
    /* WALK park 4/6: somebody puts: the first that waits is taken and answered */
    hf_call_t *other;
    while (hf_take_parked(call, &self->getters, &other)) {
        if (serve_answer(other, item, NULL, 1) != HF_OK)
            continue; /* it has an error instead */
        self->unfinished++;
        return true;
    }
    return false;
}

static void
serve_getters(hf_call_t *call, hfi_queue_t *self)
{
    hf_call_t *other;
    while (self->ring.count > 0 && hf_take_parked(call, &self->getters, &other))
        (void)hfi_queue_hand_out(call, self, other, hfi_queue_batch(self, other));
}

void
hfi_queue_wake(hf_call_t *call, hfi_queue_t *self)
{
    uint32_t n = hf_n_parked(&self->getters);
    (void)hf_wake(call, &self->getters, n < self->ring.count ? n : self->ring.count);
}

/* ---- room to putters ------------------------------------------------------------------- */

void
hfi_queue_tidy(hf_call_t *call, hfi_queue_t *self)
{
    if (hf_n_parked(&self->front) > 0)
        return;
    hf_drop(call, &self->front_items.plain);
    self->front_passed = 0;
}

static void
serve_no_memory(hf_call_t *other)
{
    (void)HF_RAISE(other, "LimitExceeded", "the queue has no memory for the item");
}

/* Takes one item in; false: it could not be kept. */
static bool
serve_take_in(hf_call_t *call, hfi_queue_t *self, const hf_value_t *item)
{
    hf_value_t kept = {.raw = {0}};
    if (hfi_ring_reserve(call, &self->ring, 1) != HF_OK || hf_keep(call, item, &kept) != HF_OK)
        return false;
    hfi_ring_push(&self->ring, kept);
    self->unfinished++;
    return true;
}

/* Looks at what the front putter puts: keeps it, so that it can be gone through in several goes. */
static bool
serve_open_front(hf_call_t *call, hfi_queue_t *self, hf_call_t *other)
{
    hf_value_t plain = {.raw = {0}};
    hf_value_t kept = {.raw = {0}};
    hf_value_t passed = {.raw = {0}};
    if (hf_kind(&self->front_items.plain) != HF_NONE)
        return true;
    if (hfi_walk_open(call, hf_arg(other, 0), &self->front_items) != HF_OK)
        return false;
    plain = self->front_items.plain;
    self->front_items.plain = (hf_value_t){.raw = {0}};
    if (hf_keep(call, &plain, &kept) != HF_OK)
        return false;
    (void)hfi_walk_open(call, &kept, &self->front_items);
    for (uint32_t k = 0; k < self->front_passed; k++)
        (void)hfi_walk_next(&self->front_items, &passed);
    return true;
}

/* Lets as many of the front putter's items in as there is room for: it is answered, or goes on waiting. */
static void
serve_front(hf_call_t *call, hfi_queue_t *self, hf_call_t *other, uint64_t room)
{
    hf_value_t item = {.raw = {0}};
    bool is_well = serve_open_front(call, self, other);
    for (; is_well && room > 0 && self->front_items.left > 0; room--) {
        is_well = hfi_walk_next(&self->front_items, &item) && serve_take_in(call, self, &item);
        self->front_passed++;
    }
    if (is_well && self->front_items.left > 0) {
        (void)hf_park(other, &self->front, HF_FOREVER);
        return;
    }
    if (is_well)
        (void)hf_return_nil(other);
    else
        serve_no_memory(other);
    hfi_queue_tidy(call, self);
}

void
hfi_queue_fill(hf_call_t *call, hfi_queue_t *self, uint64_t more)
{
    hf_call_t *other;
    hfi_queue_tidy(call, self);
    while (hfi_queue_has_putters(self)) {
        uint64_t room = hfi_queue_room(self);
        room = more > UINT64_MAX - room ? UINT64_MAX : room + more;
        /* Items beyond maxsize use up the room that is lent. */
        uint64_t over = self->maxsize > 0 && self->ring.count > (uint64_t)self->maxsize
                            ? self->ring.count - (uint64_t)self->maxsize
                            : 0;
        room = room > over ? room - over : 0;
        if (room == 0)
            return;
        if (hf_take_parked(call, &self->front, &other)) {
            serve_front(call, self, other, room);
            continue;
        }
        if (!hf_take_parked(call, &self->putters, &other))
            return;
        if (serve_is(other, hfi_queue_put_many))
            serve_front(call, self, other, room);
        else if (serve_take_in(call, self, hf_arg(other, 0)))
            (void)hf_return_nil(other);
        else
            serve_no_memory(other);
    }
}

void
hfi_queue_settle(hf_call_t *call, hfi_queue_t *self)
{
    do {
        serve_getters(call, self);
        hfi_queue_fill(call, self, 0);
    } while (self->ring.count > 0 && hf_n_parked(&self->getters) > 0);
}

void
hfi_queue_refuse(hf_call_t *call, hf_waiters_t *waiters)
{
    hf_call_t *other;
    while (hf_take_parked(call, waiters, &other))
        (void)HF_RAISE(other, "ShutDown", "%s", "");
}

/* ---- items that come back -------------------------------------------------------------- */

void
hfi_queue_undelivered(hf_call_t *call, void *state, const hf_value_t *value, uint64_t cookie)
{
    hfi_queue_t *self = state;
    hfi_ring_t back = {NULL, 0, 0, 0};
    hf_value_t one = {.raw = {0}};
    if (cookie == SERVE_ONE) {
        if (hfi_ring_reserve(call, &back, 1) == HF_OK && hf_keep(call, value, &one) == HF_OK)
            hfi_ring_push(&back, one);
    } else {
        (void)hfi_ring_load(call, &back, value);
    }
    if (back.count == 0 || hfi_ring_reserve(call, &self->ring, back.count) != HF_OK)
        hf_log(call, HF_LOG_ERROR, "no memory to put back what a session was given and lost");
    else
        for (; back.count > 0; back.count--)
            hfi_ring_push_first(&self->ring, *hfi_ring_at(&back, back.count - 1));
    hfi_ring_clear(call, &back);
    hfi_queue_wake(call, self);
}
