/* SPDX-License-Identifier: MPL-2.0 */
/* get -- a queue's get, get_nowait and get_many. */
#include "queue.h"

/* Answers with what is there, or parks. */
static hf_err_t
get_or_park(hf_call_t *call, hfi_queue_t *self, bool is_blocking, double seconds)
{
    if (hfi_queue_has_putters(self)) /* what a put_many in front has room for is there to be got */
        hfi_queue_fill(call, self, 0);
    if (hfi_queue_count(self) > 0)
        return hfi_queue_serve(call, self, call);
    if (self->is_shut)
        return HF_RAISE(call, "ShutDown", "%s", "");
    if (!is_blocking || seconds == 0.0)
        return HF_RAISE(call, "Empty", "%s", "");
    /* WALK park 1/6: there is nothing to get: the call parks */
    return hf_park(call, &self->getters, seconds);
}

hf_err_t
hfi_queue_get(hf_call_t *call, void *state)
{
    double seconds = HF_FOREVER;
    bool is_blocking = hf_arg_int(call, 0) != 0;
    const hfi_queue_t *self = state;
    if (is_blocking && !(self->is_shut && hfi_queue_count(self) == 0) &&
        hfi_queue_timeout(call, hf_arg(call, 1), true, &seconds) != HF_OK)
        return HF_RAISED;
    return get_or_park(call, state, is_blocking, seconds);
}

hf_err_t
hfi_queue_get_nowait(hf_call_t *call, void *state)
{
    return get_or_park(call, state, false, 0.0);
}

hf_err_t
hfi_queue_get_many(hf_call_t *call, void *state)
{
    double seconds;
    if (hf_arg_int(call, 0) < 1)
        return HF_RAISE(call, "ValueError", "n must be at least 1");
    if (hfi_queue_timeout(call, hf_arg(call, 1), false, &seconds) != HF_OK)
        return HF_RAISED;
    return get_or_park(call, state, true, seconds);
}

hf_err_t
hfi_queue_get_timed_out(hf_call_t *call, void *state)
{
    hfi_queue_wake(call, state);
    return HF_RAISE(call, "Empty", "%s", "");
}
