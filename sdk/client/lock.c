/* SPDX-License-Identifier: MPL-2.0 */
/* lock -- locks that a scope holds, and a Condition's wait_for.
 *
 * Who gives up waiting must not own the lock afterwards, and the manager may have given it away just then. So it is the
 * manager that keeps the time, and the call has no deadline of the client's; where the wait is interrupted, the call is
 * cancelled and its last word waited for: what was given all the same is given back. Whatever is done on the way out
 * leaves this thread's error as it was.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>

#include <base/check.h>
#include <holdfast/holdfast.h>
#include <os/clock.h>

#include "ask.h"
#include "error.h"
#include "fork.h"
#include "proxy.h"

#define LOCK_LAST_WORD_S 1.0 /* that an answer is late where the connection is well */

/* ---- calls that are seen through ----------------------------------------------------------- */

/* Puts a call, of the client's deadline or of none. NULL: this thread's error. */
static hf_future_t *
lock_put(const hf_proxy_t *proxy, const char *method, const hf_value_t *args, bool is_patient)
{
    bool is_put = false;
    if (!hfi_proxy_settle(&proxy))
        return NULL;
    hfi_ask_t ask = {.client = hf_proxy_client(proxy),
                     .proxy = proxy,
                     .method = method,
                     .values = args,
                     .is_patient = is_patient};
    return hfi_ask_async(&ask, &is_put);
}

static bool
lock_is_interrupted(void)
{
    return strcmp(hf_errkind(), "Interrupted") == 0;
}

/* Waits for the last word of a call whose wait was given up. True: it has a result all the same. */
static bool
lock_withdraw(hf_future_t *future, bool *ret_result)
{
    int64_t due_ns = hfi_due_ns(LOCK_LAST_WORD_S);
    bool may_wait = hf_cancel(future) == 0;
    while (may_wait && hf_await(future, LOCK_LAST_WORD_S) != 0)
        may_wait = lock_is_interrupted() && hfi_now_ns() < due_ns;
    return hf_await_into(future, 0.0, "b", ret_result) == 0;
}

/* ---- locks --------------------------------------------------------------------------------- */

/* How often this process has acquired by this proxy and not released yet: 31 bits; above them, whether its parent had
 * when it forked; above that, whose count it is: 1 + the process's generation, 0: nobody's. */
#define LOCK_COUNT     UINT64_C(0x7fffffff)
#define LOCK_INHERITED UINT64_C(0x80000000)

static uint64_t
lock_word(void)
{
    return ((uint64_t)hfi_fork_generation() + 1) << 32;
}

static void
lock_note_acquired(const hf_proxy_t *lock)
{
    atomic_uint_least64_t *word = hfi_proxy_locked(lock);
    uint64_t before = atomic_load(word);
    uint64_t after;
    do {
        bool is_ours = before >> 32 == lock_word() >> 32;
        bool is_inherited = !is_ours && (before & (LOCK_COUNT | LOCK_INHERITED)) != 0;
        after = is_ours ? before + 1 : lock_word() + 1 + (is_inherited ? LOCK_INHERITED : 0);
    } while (!atomic_compare_exchange_weak(word, &before, after));
}

/* False: it was the parent that acquired it. One that was acquired by a call of its own is not counted here. */
static bool
lock_note_released(const hf_proxy_t *lock)
{
    atomic_uint_least64_t *word = hfi_proxy_locked(lock);
    uint64_t before = atomic_load(word);
    for (;;) {
        bool is_ours = before >> 32 == lock_word() >> 32;
        if (is_ours && (before & LOCK_COUNT) == 0)
            return (before & LOCK_INHERITED) == 0;
        if (!is_ours)
            return (before & (LOCK_COUNT | LOCK_INHERITED)) == 0;
        if (atomic_compare_exchange_weak(word, &before, before - 1))
            return true;
    }
}

/* Gives it back, and is not kept from it by a signal. 0 or -1. */
static int
lock_release(const hf_proxy_t *lock)
{
    hf_future_t *future = lock_put(lock, "release", NULL, false);
    while (future == NULL && lock_is_interrupted())
        future = lock_put(lock, "release", NULL, false);
    if (future == NULL)
        return -1;
    int rc = hf_await(future, HF_FOREVER);
    if (rc != 0 && !hfi_future_is_done(future)) { /* interrupted: it is on its way */
        hfi_error_clear();
        rc = 0;
    }
    hf_future_destroy(&future);
    return rc;
}

/* acquire's arguments, [block, timeout]. */
static bool
lock_args(double timeout, hf_value_t *ret_args)
{
    bool is_waiting = timeout > 0.0 || timeout < 0.0;
    if (isnan(timeout))
        return hfi_error_set("ValueError", "a timeout that is no number") == 0;
    if (timeout > 0.0)
        return hf_build(NULL, ret_args, "[bf]", 1, timeout) == HF_OK;
    return hf_build(NULL, ret_args, "[b]", (int)is_waiting) == HF_OK;
}

const hf_proxy_t *
hf_lock(const hf_proxy_t *lock, double timeout)
{
    bool is_ours = false;
    hf_value_t args = {.raw = {0}};
    hfi_error_t error;
    if (!lock_args(timeout, &args))
        return NULL;
    hf_future_t *future = lock_put(lock, "acquire", &args, true);
    hf_drop(NULL, &args);
    if (future == NULL)
        return NULL;
    double late = timeout < 0.0 ? HF_FOREVER : timeout + LOCK_LAST_WORD_S;
    int rc = hf_await_into(future, late, "b", &is_ours);
    if (rc != 0 && !hfi_future_is_done(future)) {
        hfi_error_put_aside(&error);
        if (lock_withdraw(future, &is_ours) && is_ours)
            (void)lock_release(lock);
        rc = hfi_error_put_back(&error);
    }
    hf_future_destroy(&future);
    if (rc == 0 && !is_ours)
        (void)hfi_error_set("TimeoutError", "the lock was not to be had in time");
    if (rc != 0 || !is_ours)
        return NULL;
    lock_note_acquired(lock);
    return lock;
}

int
hf_unlock(const hf_proxy_t **lock_p)
{
    const hf_proxy_t *lock = *lock_p;
    *lock_p = NULL;
    if (lock == NULL) {
        hfi_error_clear();
        return 0;
    }
    if (!hfi_proxy_settle(&lock))
        return -1;
    if (!lock_note_released(lock))
        return hfi_error_set(
            "RuntimeError", "it was acquired before the fork: the parent has it, not this process");
    return lock_release(lock);
}

void
hf_auto_unlock(const hf_proxy_t **lock_p)
{
    hfi_error_t error;
    if (*lock_p == NULL)
        return;
    hfi_error_put_aside(&error);
    (void)hf_unlock(lock_p);
    (void)hfi_error_put_back(&error);
}

/* ---- conditions ---------------------------------------------------------------------------- */

/* Waits for the lock again, after a wait that was withdrawn; nothing keeps it from it but the session's end. */
static void
lock_again(const hf_proxy_t *condition)
{
    const hf_proxy_t *held = hf_lock(condition, HF_FOREVER);
    while (held == NULL && lock_is_interrupted())
        held = hf_lock(condition, HF_FOREVER);
}

/* One wait of at most so many seconds; below 0: for ever. -1: this thread's error. */
static int
lock_wait(const hf_proxy_t *condition, double seconds)
{
    bool is_notified = false;
    hfi_error_t error;
    hf_value_t args = {.raw = {0}};
    hf_err_t err =
        seconds < 0.0 ? hf_build(NULL, &args, "[n]") : hf_build(NULL, &args, "[f]", seconds);
    if (err != HF_OK)
        return -1;
    hf_future_t *future = lock_put(condition, "wait", &args, true);
    hf_drop(NULL, &args);
    if (future == NULL)
        return -1;
    int rc = hf_await(future, HF_FOREVER);
    if (rc != 0 && !hfi_future_is_done(future)) {
        hfi_error_put_aside(&error);
        if (!lock_withdraw(future, &is_notified))
            lock_again(condition);
        rc = hfi_error_put_back(&error);
    }
    hf_future_destroy(&future);
    return rc;
}

int
hf_condition_wait_for(const hf_proxy_t *condition, hf_predicate_f *predicate, void *context,
                      double timeout)
{
    if (predicate == NULL || isnan(timeout))
        return hfi_error_set("ValueError", predicate == NULL ? "the predicate is NULL"
                                                             : "a timeout that is no number");
    int64_t due_ns = hfi_due_ns(timeout);
    int result = predicate(context);
    while (result == 0) {
        double left = timeout < 0.0 ? -1.0 : (double)(due_ns - hfi_now_ns()) / 1e9;
        if (timeout >= 0.0 && left <= 0.0)
            break;
        if (lock_wait(condition, left) != 0)
            return -1;
        result = predicate(context);
    }
    if (result >= 0)
        hfi_error_clear();
    return result;
}
