/* SPDX-License-Identifier: MPL-2.0 */
/* put -- a queue's put, put_nowait and put_many. */
#include "queue.h"

/* Takes the item in: there is room, or a getter. */
static hf_err_t
put_now(hf_call_t *call, hfi_queue_t *self, const hf_value_t *item)
{
    uint32_t place = 0;
    if (hfi_queue_count(self) == 0 && hfi_queue_give(call, self, item))
        return hf_return_nil(call);
    if (hfi_store_find(call, &self->store, item, &place) != HF_OK ||
        hfi_store_put(call, &self->store, place, item) != HF_OK)
        return HF_RAISED;
    self->unfinished++;
    return hf_return_nil(call);
}

static hf_err_t
put_or_park(hf_call_t *call, hfi_queue_t *self, bool is_blocking, double seconds)
{
    if (self->is_shut)
        return HF_RAISE(call, "ShutDown", "%s", "");
    if (hfi_queue_room(self) > 0 && !hfi_queue_has_putters(self))
        return put_now(call, self, hf_arg(call, 0));
    if (!is_blocking || seconds == 0.0)
        return HF_RAISE(call, "Full", "%s", "");
    return hf_park(call, &self->putters, seconds);
}

hf_err_t
hfi_queue_put(hf_call_t *call, void *state)
{
    const hfi_queue_t *self = state;
    double seconds = HF_FOREVER;
    bool is_blocking = hf_arg_int(call, 1) != 0;
    if (is_blocking && !self->is_shut && self->maxsize > 0 &&
        hfi_queue_timeout(call, hf_arg(call, 2), true, &seconds) != HF_OK)
        return HF_RAISED;
    return put_or_park(call, state, is_blocking, seconds);
}

hf_err_t
hfi_queue_put_nowait(hf_call_t *call, void *state)
{
    return put_or_park(call, state, false, 0.0);
}

hf_err_t
hfi_queue_put_timed_out(hf_call_t *call, void *state)
{
    (void)state;
    return HF_RAISE(call, "Full", "%s", "");
}

/* Takes all items in: all or nothing. */
static hf_err_t
put_all(hf_call_t *call, hfi_queue_t *self, hfi_walk_t *walk)
{
    uint32_t n = walk->left;
    if (hfi_store_put_all(call, &self->store, walk) != HF_OK)
        return HF_RAISED;
    self->unfinished += n;
    hf_err_t err = hf_return_nil(call);
    hfi_queue_settle(call, self);
    return err;
}

/* Parks in front, and only then gives one item to each getter, straight from the arguments: what parks must have
 * changed nothing. More items are left than there is room. */
static hf_err_t
put_in_front(hf_call_t *call, hfi_queue_t *self, hfi_walk_t *walk)
{
    hf_value_t item = {.raw = {0}};
    hfi_queue_tidy(call, self);
    hf_err_t err = hf_park(call, &self->front, HF_FOREVER);
    if (err != HF_PARKED)
        return err;
    while (hf_n_parked(&self->getters) > 0 && hfi_walk_next(walk, &item)) {
        if (!hfi_queue_give(call, self, &item))
            break;
        self->front_passed++;
    }
    return err;
}

hf_err_t
hfi_queue_put_many(hf_call_t *call, void *state)
{
    hfi_queue_t *self = state;
    hfi_walk_t walk;
    if (self->is_shut)
        return HF_RAISE(call, "ShutDown", "%s", "");
    if (hfi_walk_open(call, hf_arg(call, 0), &walk) != HF_OK)
        return HF_RAISED;
    if (hfi_queue_has_putters(self))
        return hf_park(call, &self->putters, HF_FOREVER);
    uint64_t room = hfi_queue_room(self);
    uint32_t n_getters = hf_n_parked(&self->getters);
    if (walk.left <= room || walk.left - room <= n_getters)
        return put_all(call, self, &walk);
    return put_in_front(call, self, &walk);
}
