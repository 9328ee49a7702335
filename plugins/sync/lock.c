/* SPDX-License-Identifier: MPL-2.0 */
/* lock -- the lock that Lock, RLock and Condition have in common: owner, depth, waiters, and what its owners' deaths do. */
#include <math.h>

#include "sync.h"

bool
hfi_lock_is_held(hf_call_t *call, const hfi_lock_t *self)
{
    hf_caller_t caller = hf_caller(call);
    if (!self->is_recursive || self->depth == 0)
        return self->depth > 0;
    return self->owner.session == caller.session && self->owner.thread == caller.thread;
}

/* acquire's arguments: how long it may wait. */
static hf_err_t
lock_patience(hf_call_t *call, double *ret_seconds)
{
    const hf_value_t *timeout = hf_arg(call, 1);
    bool is_blocking = hf_arg_int(call, 0) != 0;
    double seconds = hf_as_float(timeout);
    bool is_forever = hf_kind(timeout) == HF_NIL || seconds == -1.0; /* as CPython's */
    if (!is_forever && isnan(seconds))
        return HF_RAISE(call, "ValueError", "Invalid value NaN (not a number)");
    if (!is_forever && !is_blocking)
        return HF_RAISE(call, "ValueError", "can't specify a timeout for a non-blocking call");
    if (!is_forever && seconds < 0.0)
        return HF_RAISE(call, "ValueError", "timeout value must be a non-negative number");
    *ret_seconds = !is_blocking ? 0.0 : is_forever ? HF_FOREVER : seconds;
    return HF_OK;
}

hf_err_t
hfi_lock_give(hf_call_t *call, hfi_lock_t *self)
{
    uint32_t depth = (uint32_t)call->note;
    if (hf_own(call, self) != HF_OK)
        return HF_RAISED;
    self->owner = hf_caller(call);
    self->depth = depth == 0 ? 1 : depth;
    self->fence++;
    return hf_return_bool(call, (call->note & HFI_WAIT_IS_LATE) == 0);
}

hf_err_t
hfi_lock_acquire(hf_call_t *call, void *lock)
{
    hfi_lock_t *self = lock;
    double seconds = 0.0;
    if (lock_patience(call, &seconds) != HF_OK)
        return HF_RAISED;
    if (self->depth == 0)
        return hfi_lock_give(call, self);
    if (self->is_recursive && hfi_lock_is_held(call, self)) {
        if (self->depth == UINT32_MAX)
            return HF_RAISE(call, "OverflowError", "Internal lock count overflowed");
        self->depth++;
        return hf_return_bool(call, true);
    }
    return seconds == 0.0 ? hf_return_bool(call, false) : hf_park(call, &self->waiters, seconds);
}

hf_err_t
hfi_lock_timed_out(hf_call_t *call, void *lock)
{
    (void)lock;
    return hf_return_bool(call, false);
}

void
hfi_lock_pass_on(hf_call_t *call, hfi_lock_t *self)
{
    hf_call_t *other = NULL;
    hf_disown(call, self, self->owner.session);
    self->depth = 0;
    while (self->depth == 0 && hf_take_parked(call, &self->waiters, &other))
        (void)hfi_lock_give(other, self);
}

hf_err_t
hfi_lock_release(hf_call_t *call, void *lock)
{
    hfi_lock_t *self = lock;
    if (!hfi_lock_is_held(call, self))
        return HF_RAISE(call, "RuntimeError",
                        self->is_recursive ? "cannot release un-acquired lock"
                                           : "release unlocked lock");
    if (self->depth > 1)
        self->depth--;
    else
        hfi_lock_pass_on(call, self);
    return hf_return_nil(call);
}

void
hfi_lock_died(hf_call_t *call, hfi_lock_t *self, uint64_t session)
{
    if (self->depth == 0 || self->owner.session != session)
        return;
    self->deaths++;
    hfi_lock_pass_on(call, self);
}

hf_err_t
hfi_lock_locked(hf_call_t *call, void *lock)
{
    const hfi_lock_t *self = lock;
    return hf_return_bool(call, self->depth > 0);
}

hf_err_t
hfi_lock_deaths(hf_call_t *call, void *lock)
{
    const hfi_lock_t *self = lock;
    return hf_return_uint(call, self->deaths);
}

hf_err_t
hfi_lock_fence(hf_call_t *call, void *lock)
{
    const hfi_lock_t *self = lock;
    return hf_return_uint(call, self->fence);
}

hf_err_t
hfi_lock_holder(hf_call_t *call, void *lock)
{
    const hfi_lock_t *self = lock;
    hf_value_t client = {.raw = {0}};
    if (self->depth == 0)
        return hf_return_nil(call);
    if (hf_client(call, self->owner.session, &client) != HF_OK)
        return HF_RAISED;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_map(w, 2);
    hf_write_str(w, "client", 6);
    hf_write_value(w, &client);
    hf_write_str(w, "thread", 6);
    hf_write_uint(w, self->owner.thread);
    return hf_return_written(call);
}

void
hfi_lock_save(const hfi_lock_t *self, hf_writer_t *out)
{
    hf_write_list(out, 7);
    hf_write_uint(out, self->owner.session);
    hf_write_uint(out, self->owner.thread);
    hf_write_uint(out, self->depth);
    hf_write_uint(out, self->fence);
    hf_write_uint(out, self->deaths);
    hf_write_bool(out, self->is_recursive);
    hf_save_waiters(out, &self->waiters);
}

bool
hfi_lock_load(const hf_value_t *saved, hfi_lock_t *ret_lock)
{
    enum { PARTS = 7 };
    hf_value_t part[PARTS] = {{.raw = {0}}};
    if (!hfi_sync_parts(saved, part, PARTS))
        return false;
    ret_lock->owner.session = hf_as_uint(&part[0]);
    ret_lock->owner.thread = hf_as_uint(&part[1]);
    ret_lock->depth = (uint32_t)hf_as_uint(&part[2]);
    ret_lock->fence = hf_as_uint(&part[3]);
    ret_lock->deaths = hf_as_uint(&part[4]);
    ret_lock->is_recursive = hf_as_bool(&part[5]);
    hf_load_waiters(&part[6], &ret_lock->waiters);
    return true;
}
