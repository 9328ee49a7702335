/* SPDX-License-Identifier: MPL-2.0 */
/* condition -- the type Condition, over a lock of its own or another referent's.
 *
 * The life of a wait
 *
 *   wait        the caller holds the lock: the call notes how deep, parks here, then lets the lock go wholly
 *   notify      it goes to the end of those who wait for the lock
 *   its time is up   the same, and it notes that it is late
 *   the lock comes to it   as to an acquire, but as deep as before; it is told whether it was notified in time
 *
 * A wait that is cancelled or whose session ends is withdrawn from wherever it is, and does not own the lock. All that
 * it has to remember is in its call's note.
 *
 * The lock tells sessions' ends by itself, whoever acquired it through whichever Condition: what is owned is the lock.
 */
#include "sync.h"

#include <string.h>

typedef struct condition {
    hf_value_t other; /* handle of the lock; HF_NONE: its own */
    hfi_lock_t own;
    hf_waiters_t waiters; /* that have not been notified */
    bool is_over_rlock;   /* what `other` is */
} condition_t;

/* The lock, in the hands of that call, which may then park on it; NULL: raised. */
static hfi_lock_t *
condition_lock(hf_call_t *call, condition_t *self)
{
    if (hf_kind(&self->other) == HF_NONE)
        return &self->own;
    return hf_deref(call, &self->other, self->is_over_rlock ? &hfi_rlock_type : &hfi_lock_type);
}

/* The same where the caller holds it. */
static hfi_lock_t *
condition_held_lock(hf_call_t *call, condition_t *self, const char *what)
{
    hfi_lock_t *lock = condition_lock(call, self);
    if (lock == NULL || hfi_lock_is_held(call, lock))
        return lock;
    (void)HF_RAISE(call, "RuntimeError", "cannot %s on un-acquired lock", what);
    return NULL;
}

/* ---- waiting, notifying ----------------------------------------------------------------- */

static hf_err_t
condition_wait(hf_call_t *call, void *state)
{
    condition_t *self = state;
    double seconds = 0.0;
    hfi_lock_t *lock = condition_held_lock(call, self, "wait");
    if (lock == NULL || hfi_sync_timeout(call, hf_arg(call, 0), &seconds) != HF_OK)
        return HF_RAISED;
    call->note = lock->depth;
    hf_err_t err = hf_park(call, &self->waiters, seconds);
    if (err == HF_PARKED)
        hfi_lock_pass_on(call, lock);
    return err;
}

/* A wait's time is up: it needs the lock before it may go on. */
static hf_err_t
condition_wait_timed_out(hf_call_t *call, void *state)
{
    hfi_lock_t *lock = condition_lock(call, state);
    if (lock == NULL)
        return HF_RAISED;
    call->note |= HFI_WAIT_IS_LATE;
    return lock->depth == 0 ? hfi_lock_give(call, lock) : hf_park(call, &lock->waiters, HF_FOREVER);
}

static hf_err_t
condition_notify_some(hf_call_t *call, condition_t *self, int64_t n)
{
    hf_call_t *other = NULL;
    hfi_lock_t *lock = condition_held_lock(call, self, "notify");
    if (lock == NULL)
        return HF_RAISED;
    for (; n > 0 && hf_take_parked(call, &self->waiters, &other); n--) {
        if (condition_lock(other, self) != NULL)
            (void)hf_park(other, &lock->waiters, HF_FOREVER);
    }
    return hf_return_nil(call);
}

static hf_err_t
condition_notify(hf_call_t *call, void *state)
{
    return condition_notify_some(call, state, hf_arg_int(call, 0));
}

static hf_err_t
condition_notify_all(hf_call_t *call, void *state)
{
    return condition_notify_some(call, state, INT64_MAX);
}

/* ---- the lock --------------------------------------------------------------------------- */

/* Its lock's answer. */
static hf_err_t
condition_of_lock(hf_call_t *call, condition_t *self, hf_method_f *method)
{
    hfi_lock_t *lock = condition_lock(call, self);
    return lock == NULL ? HF_RAISED : method(call, lock);
}

static hf_err_t
condition_acquire(hf_call_t *call, void *state)
{
    return condition_of_lock(call, state, hfi_lock_acquire);
}

static hf_err_t
condition_release(hf_call_t *call, void *state)
{
    return condition_of_lock(call, state, hfi_lock_release);
}

static hf_err_t
condition_locked(hf_call_t *call, void *state)
{
    return condition_of_lock(call, state, hfi_lock_locked);
}

static hf_err_t
condition_holder(hf_call_t *call, void *state)
{
    return condition_of_lock(call, state, hfi_lock_holder);
}

static hf_err_t
condition_deaths(hf_call_t *call, void *state)
{
    return condition_of_lock(call, state, hfi_lock_deaths);
}

static hf_err_t
condition_fence(hf_call_t *call, void *state)
{
    return condition_of_lock(call, state, hfi_lock_fence);
}

/* ---- the type --------------------------------------------------------------------------- */

static hf_err_t
condition_create(hf_call_t *call, void *state)
{
    condition_t *self = state;
    const hf_value_t *lock = hf_arg(call, 0);
    size_t len = 0;
    self->own.is_recursive = true;
    if (hf_kind(lock) == HF_NIL)
        return HF_OK;
    const char *name = hf_handle_typeid(lock, &len);
    self->is_over_rlock = name != NULL && len == 5 && memcmp(name, "RLock", 5) == 0;
    if (hf_deref(call, lock, self->is_over_rlock ? &hfi_rlock_type : &hfi_lock_type) == NULL)
        return HF_RAISED;
    return hf_keep(call, lock, &self->other);
}

static void
condition_destroy(hf_call_t *call, void *state)
{
    condition_t *self = state;
    hf_drop(call, &self->other);
}

static void
condition_traverse(hf_call_t *call, const void *state, hf_visit_t *visit)
{
    const condition_t *self = state;
    hf_visit_value(call, visit, &self->other);
}

static void
condition_session_died(hf_call_t *call, void *state, uint64_t session)
{
    condition_t *self = state;
    hfi_lock_died(call, &self->own, session);
}

static hf_err_t
condition_save(hf_call_t *call, const void *state, hf_writer_t *out)
{
    const condition_t *self = state;
    (void)call;
    hf_write_list(out, 4);
    if (hf_kind(&self->other) == HF_NONE)
        hf_write_nil(out);
    else
        hf_write_value(out, &self->other);
    hf_write_bool(out, self->is_over_rlock);
    hfi_lock_save(&self->own, out);
    hf_save_waiters(out, &self->waiters);
    return HF_OK;
}

static hf_err_t
condition_load(hf_call_t *call, void *state, const hf_value_t *saved, uint32_t save_version)
{
    enum { PARTS = 4 };
    condition_t *self = state;
    hf_value_t part[PARTS] = {{.raw = {0}}};
    (void)save_version;
    if (!hfi_sync_parts(saved, part, PARTS) || !hfi_lock_load(&part[2], &self->own))
        return HF_RAISE(call, "ValueError", "this is not what a Condition saves");
    self->is_over_rlock = hf_as_bool(&part[1]);
    hf_load_waiters(&part[3], &self->waiters);
    return hf_kind(&part[0]) == HF_NIL ? HF_OK : hf_keep(call, &part[0], &self->other);
}

static const hf_method_t condition_methods[] = {
    HF_METHOD_PARKS(
        "acquire", "block: int = true, timeout: number? = nil -> bool", condition_acquire,
        hfi_lock_timed_out, HF_WRITES,
        "Acquire the lock, waiting for it if need be; false where it was not to be had in time."),
    HF_METHOD("deaths", "-> int", condition_deaths, HF_READS,
              "Tell how many owners died holding the lock."),
    HF_METHOD("fence", "-> int", condition_fence, HF_READS,
              "Give the number of the present or last ownership: a token against a stale owner."),
    HF_METHOD("holder", "-> map?", condition_holder, HF_READS, "Tell who holds the lock."),
    HF_METHOD("locked", "-> bool", condition_locked, HF_READS,
              "Tell whether somebody holds the lock."),
    HF_METHOD("notify", "n: int = 1", condition_notify, HF_WRITES,
              "Let the first n that wait go on, each as soon as it has the lock."),
    HF_METHOD("notify_all", "", condition_notify_all, HF_WRITES,
              "Let all that wait go on, each as soon as it has the lock."),
    HF_METHOD("release", "", condition_release, HF_WRITES,
              "Release the lock: the first who waits has it."),
    HF_METHOD_PARKS(
        "wait", "timeout: number? = nil -> bool", condition_wait, condition_wait_timed_out,
        HF_WRITES,
        "Let the lock go, wait to be notified, and have the lock again; false where time was up."),
};

const hf_type_t hfi_condition_type = {
    HF_TYPE("Condition", condition_t, condition_methods,
            "Python's Condition, over an RLock of its own, a Lock or an RLock."),
    .signature = "lock: handle? = nil",
    .save_version = 1,
    .create = condition_create,
    .destroy = condition_destroy,
    .traverse = condition_traverse,
    .save = condition_save,
    .load = condition_load,
    .session_died = condition_session_died,
};
