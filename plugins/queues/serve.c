/* SPDX-License-Identifier: MPL-2.0 */
/* serve -- who hands what to whom: items to getters, room to putters, all in the order they came. */
#include <math.h>

#include "queue.h"

enum {
    SERVE_ONE = 1, /* cookies: an answer is one item, or a list of them */
    SERVE_MANY = 2,
};

/* Whether a call, this one or a parked one, is of that row. */
static bool
serve_is(const hf_call_t *other, hf_method_f run)
{
    return hfi_queue_methods[other->row].run == run;
}

uint64_t
hfi_queue_room(const hfi_queue_t *self)
{
    if (self->maxsize <= 0)
        return UINT64_MAX;
    uint64_t count = hfi_queue_count(self);
    return (uint64_t)self->maxsize > count ? (uint64_t)self->maxsize - count : 0;
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

/* Answers a get with an item that is not kept, a get_many with a list of it. */
static hf_err_t
serve_answer(hf_call_t *other, const hf_value_t *item)
{
    if (!serve_is(other, hfi_queue_get_many)) {
        hf_mind(other, SERVE_ONE);
        return hf_return_value(other, item);
    }
    hf_mind(other, SERVE_MANY);
    hf_writer_t *w = hf_return_writer(other);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, 1);
    hf_write_value(w, item);
    return hf_return_written(other);
}

/* The same with what was picked. */
static hf_err_t
serve_picked(hf_call_t *other, const hfi_store_t *store, const hfi_pick_t *pick)
{
    if (!serve_is(other, hfi_queue_get_many))
        return serve_answer(other, hfi_store_picked(store, pick, 0));
    hf_mind(other, SERVE_MANY);
    hf_writer_t *w = hf_return_writer(other);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, pick->n);
    for (uint32_t k = 0; k < pick->n; k++)
        hf_write_value(w, hfi_store_picked(store, pick, k));
    return hf_return_written(other);
}

hf_err_t
hfi_queue_serve(hf_call_t *call, hfi_queue_t *self, hf_call_t *other)
{
    hfi_pick_t pick;
    hfi_store_t *store = &self->store;
    uint32_t before = hfi_queue_count(self);
    int64_t most = serve_is(other, hfi_queue_get_many) ? hf_arg_int(other, 0) : 1;
    bool has_putters = hfi_queue_has_putters(self);
    if (hfi_store_pick(other, store, most, has_putters, &pick) != HF_OK)
        return HF_RAISED;
    if (has_putters) /* they come in as if the items were taken: past its answer a call cannot fail any more */
        hfi_queue_fill(call, self, pick.n - (before - hfi_queue_count(self)));
    hf_err_t err = serve_picked(other, store, &pick);
    if (err == HF_OK)
        hfi_store_take(call, store, &pick);
    else
        hfi_store_leave(call, store, &pick);
    return err;
}

bool
hfi_queue_give(hf_call_t *call, hfi_queue_t *self, const hf_value_t *item)
{
    /* WALK park 4/6: somebody puts: the first that waits is taken and answered */
    hf_call_t *other;
    while (hf_take_parked(call, &self->getters, &other)) {
        if (serve_answer(other, item) != HF_OK)
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
    while (hfi_queue_count(self) > 0 && hf_take_parked(call, &self->getters, &other))
        (void)hfi_queue_serve(call, self, other);
}

void
hfi_queue_wake(hf_call_t *call, hfi_queue_t *self)
{
    uint32_t n = hf_n_parked(&self->getters);
    uint32_t count = hfi_queue_count(self);
    (void)hf_wake(call, &self->getters, n < count ? n : count);
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

/* Takes one item of a putter's in; false: it could not be, and the putter has its error. */
static bool
serve_take_in(hf_call_t *call, hfi_queue_t *self, hf_call_t *other, const hf_value_t *item)
{
    uint32_t place = 0;
    if (hfi_store_find(other, &self->store, item, &place) != HF_OK)
        return false;
    if (hfi_store_put(call, &self->store, place, item) != HF_OK) {
        serve_no_memory(other);
        return false;
    }
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
    if (!is_well)
        serve_no_memory(other);
    for (; is_well && room > 0 && hfi_walk_next(&self->front_items, &item); room--) {
        is_well = serve_take_in(call, self, other, &item);
        self->front_passed++;
    }
    if (is_well && self->front_items.left > 0) {
        (void)hf_park(other, &self->front, HF_FOREVER);
        return;
    }
    if (is_well)
        (void)hf_return_nil(other);
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
        uint64_t count = hfi_queue_count(self);
        uint64_t over = self->maxsize > 0 && count > (uint64_t)self->maxsize
                            ? count - (uint64_t)self->maxsize
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
        else if (serve_take_in(call, self, other, hf_arg(other, 0)))
            (void)hf_return_nil(other);
    }
}

void
hfi_queue_settle(hf_call_t *call, hfi_queue_t *self)
{
    do {
        serve_getters(call, self);
        hfi_queue_fill(call, self, 0);
    } while (hfi_queue_count(self) > 0 && hf_n_parked(&self->getters) > 0);
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
    if (self->store.kind == HFI_LAST_OUT)
        hfi_queue_fill(call, self, 0); /* what a putter has in hand lies below what comes back */
    if (hfi_store_put_back(call, &self->store, value, cookie == SERVE_MANY) != HF_OK)
        hf_log(call, HF_LOG_ERROR, "no memory to put back what a session was given and lost");
    hfi_queue_wake(call, self);
}
