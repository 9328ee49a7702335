/* SPDX-License-Identifier: MPL-2.0 */
/* future -- a call under way, and what became of it.
 *
 * Records of calls come from a list of the client's and go back to it: a call allocates nothing once as many are
 * under way at once as ever are.
 */
#define _POSIX_C_SOURCE 200809L
#include "future.h"

#include <base/check.h>
#include <value/picture.h>
#include <value/value.h>

#include "ask.h"
#include "error.h"
#include "held.h"
#include "keeper.h"
#include "lead.h"
#include "proxy.h"

/* ---- records -------------------------------------------------------------------------- */

hf_future_t *
hfi_future_new(hf_client_t *client)
{
    hf_future_t *self = client->free_futures;
    if (self == NULL)
        self = atomic_exchange_explicit(&client->pushed_futures, NULL, memory_order_acquire);
    if (self != NULL) {
        client->free_futures = self->next;
    } else {
        self = calloc(1, sizeof *self);
        if (self == NULL)
            return NULL;
        self->magic = HFI_FUTURE_MAGIC;
    }
    self->call = 0;
    self->client = client;
    self->next = NULL;
    atomic_store_explicit(&self->refs, 1, memory_order_relaxed);
    atomic_store_explicit(&self->state, HFI_FUTURE_PENDING, memory_order_relaxed);
    return self;
}

void
hfi_future_recycle(hf_future_t *self)
{
    HF_ASSERT(self->value.raw[15] == 0);
    self->next = self->client->free_futures;
    self->client->free_futures = self;
}

void
hfi_future_finish(hf_future_t *self, const hfi_engine_done_t *done)
{
    static const hfi_future_state_t states[] = {
        [HFI_DONE_RESULT] = HFI_FUTURE_RESULT,   [HFI_DONE_ERROR] = HFI_FUTURE_ERROR,
        [HFI_DONE_TIMEOUT] = HFI_FUTURE_TIMEOUT, [HFI_DONE_LOST] = HFI_FUTURE_LOST,
        [HFI_DONE_LEFT] = HFI_FUTURE_LEFT,
    };
    HF_CHECK(self, HFI_FUTURE_MAGIC);
    HF_ASSERT(self->call == done->call);
    self->value = done->value;
    atomic_store_explicit(&self->state, states[done->how], memory_order_release);
}

void
hfi_future_ref(hf_future_t *self)
{
    (void)atomic_fetch_add_explicit(&self->refs, 1, memory_order_relaxed);
}

void
hfi_future_unref(hf_future_t *self)
{
    HF_CHECK(self, HFI_FUTURE_MAGIC);
    if (atomic_fetch_sub_explicit(&self->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (hfi_future_is_done(self)) {
        hfi_engine_let_go_value(self->client->engine, &self->value);
        hfi_value_drop(&self->value);
    } else {
        hfi_engine_abandon(self->client->engine, self->call, false);
    }
    hfi_future_recycle(self);
}

/* ---- what became of it ---------------------------------------------------------------- */

/* Why the session ended, as this thread's error; the mutex is not held. */
static int
future_lost(hf_client_t *client)
{
    hfi_failure_t failure = {0};
    hfi_client_lock(client);
    if (!hfi_engine_reason(client->engine, &failure))
        HF_BUG("a session that lost a call has ended");
    hfi_client_unlock(client);
    return hfi_error_take(&failure);
}

int
hfi_future_error(const hf_future_t *self)
{
    switch ((hfi_future_state_t)atomic_load_explicit(&self->state, memory_order_acquire)) {
    case HFI_FUTURE_PENDING:
    case HFI_FUTURE_RESULT:
        break;
    case HFI_FUTURE_ERROR:
        return hfi_error_read(&self->value);
    case HFI_FUTURE_TIMEOUT:
        return hfi_error_set("TimeoutError", "the manager has not answered in time");
    case HFI_FUTURE_LOST:
        return future_lost(self->client);
    case HFI_FUTURE_LEFT:
        return hfi_error_set("SessionLost", "the call was made before the fork");
    }
    return 0;
}

static void
future_copy_error(const hf_value_t *error, hfi_failure_t *ret_failure)
{
    hf_cursor_t cursor;
    hf_value_t kind = {0};
    hf_value_t text = {0};
    hf_value_t data = {0};
    hf_open(&cursor, error);
    if (hf_next(&cursor, &kind) && hf_next(&cursor, &text) && hf_next(&cursor, &data))
        (void)hfi_value_keep(&data, &ret_failure->data);
    size_t kind_len;
    size_t text_len;
    const char *kind_at = hf_as_str(&kind, &kind_len);
    const char *text_at = hf_as_str(&text, &text_len);
    if (kind_at == NULL || text_at == NULL) {
        (void)hfi_fail(ret_failure, "LimitExceeded", "there was no memory for the answer");
        return;
    }
    char name[sizeof ret_failure->kind];
    (void)snprintf(name, sizeof name, "%.*s", (int)kind_len, kind_at);
    (void)hfi_fail(ret_failure, name, "%.*s", (int)text_len, text_at);
}

void
hfi_future_failure(const hf_future_t *self, hfi_failure_t *ret_failure)
{
    switch ((hfi_future_state_t)atomic_load_explicit(&self->state, memory_order_acquire)) {
    case HFI_FUTURE_PENDING:
    case HFI_FUTURE_RESULT:
        break;
    case HFI_FUTURE_ERROR:
        future_copy_error(&self->value, ret_failure);
        break;
    case HFI_FUTURE_TIMEOUT:
        (void)hfi_fail(ret_failure, "TimeoutError", "the call that was promised timed out");
        break;
    case HFI_FUTURE_LOST:
        (void)hfi_fail(ret_failure, "SessionLost", "the call that was promised was lost");
        break;
    case HFI_FUTURE_LEFT:
        (void)hfi_fail(ret_failure, "SessionLost",
                       "the call that was promised was made before the fork");
        break;
    }
}

bool
hfi_future_write(const hf_future_t *self, hf_writer_t *w, hfi_failure_t *failure)
{
    switch ((hfi_future_state_t)atomic_load_explicit(&self->state, memory_order_acquire)) {
    case HFI_FUTURE_PENDING:
        hf_write_promise(w, self->call);
        return true;
    case HFI_FUTURE_RESULT:
        hf_write_value(w, &self->value);
        return true;
    case HFI_FUTURE_ERROR:
    case HFI_FUTURE_TIMEOUT:
    case HFI_FUTURE_LOST:
    case HFI_FUTURE_LEFT:
        break;
    }
    hfi_future_failure(self, failure);
    return false;
}

/* ---- public --------------------------------------------------------------------------- */

bool
hf_future_is_done(const hf_future_t *self)
{
    return self != NULL && hfi_future_is_done(self);
}

/* Waits for the answer; 0: it is a result. */
static int
future_await(hf_future_t *self, double timeout)
{
    if (self == NULL)
        return hfi_error_set("ValueError", "the future is NULL: its call had failed");
    HF_CHECK(self, HFI_FUTURE_MAGIC);
    if (!hfi_future_is_done(self)) {
        hf_client_t *client = self->client;
        if (!hfi_client_is_usable(client))
            return -1;
        int64_t due_ns = hfi_due_ns(timeout);
        hfi_waiter_t w = {.what = HFI_WAIT_FUTURE, .future = self};
        hfi_client_lock(client);
        hfi_wait_end_t end = hfi_lead_wait(client, &w, due_ns);
        hfi_client_unlock(client);
        if (end != HFI_WAIT_READY)
            return hfi_error_set(hfi_wait_kind(end), "%s", hfi_wait_text(end));
    }
    int rc = hfi_future_error(self);
    if (rc == 0)
        hfi_error_clear();
    return rc;
}

int
hf_await(hf_future_t *self, double timeout)
{
    return future_await(self, timeout);
}

int
hf_await_into(hf_future_t *self, double timeout, const char *ret_picture, ...)
{
    if (future_await(self, timeout) != 0)
        return -1;
    va_list outs;
    hfi_failure_t failure = {0};
    hfi_picture_hooks_t hooks;
    hfi_proxy_hooks(&hooks, self->client);
    va_start(outs, ret_picture);
    bool is_read = hfi_picture_read(ret_picture, &self->value, &outs, &hooks, &failure);
    va_end(outs);
    return is_read ? 0 : hfi_error_take(&failure);
}

int
hf_await_value(hf_future_t *self, double timeout, hf_value_t *ret_value)
{
    hfi_failure_t failure = {0};
    if (future_await(self, timeout) != 0)
        return -1;
    if (!hfi_held_copy(self->client, &self->value, ret_value, &failure))
        return hfi_error_take(&failure);
    return 0;
}

hf_proxy_t *
hf_await_proxy(hf_future_t *self, double timeout)
{
    hfi_failure_t failure = {0};
    if (future_await(self, timeout) != 0)
        return NULL;
    hf_proxy_t *proxy = hfi_proxy_from(self->client, &self->value, &failure);
    if (proxy == NULL)
        (void)hfi_error_take(&failure);
    return proxy;
}

int
hf_cancel(hf_future_t *self)
{
    if (self == NULL)
        return hfi_error_set("ValueError", "the future is NULL: its call had failed");
    if (!hfi_client_is_usable(self->client))
        return -1;
    hfi_failure_t failure = {0};
    hfi_client_lock(self->client);
    bool is_ended = hfi_engine_reason(self->client->engine, &failure);
    if (!is_ended && !hfi_future_is_done(self)) {
        hfi_engine_cancel(self->client->engine, self->call);
        hfi_lead_send(self->client);
    }
    hfi_client_unlock(self->client);
    if (is_ended)
        return hfi_error_take(&failure);
    hfi_error_clear();
    return 0;
}

/* Most futures are done, hold nothing and are nobody else's: they go back without the mutex. */
static bool
future_push(hf_future_t *self)
{
    hf_client_t *client = self->client;
    if (!hfi_future_is_done(self) || hf_has_handles(&self->value) ||
        atomic_load_explicit(&self->refs, memory_order_acquire) != 1)
        return false;
    hfi_value_drop(&self->value);
    hf_future_t *first = atomic_load_explicit(&client->pushed_futures, memory_order_relaxed);
    do {
        self->next = first;
    } while (!atomic_compare_exchange_weak_explicit(&client->pushed_futures, &first, self,
                                                    memory_order_release, memory_order_relaxed));
    return true;
}

void
hf_future_destroy(hf_future_t **self_p)
{
    hf_future_t *self = *self_p;
    *self_p = NULL;
    if (self == NULL)
        return;
    HF_CHECK(self, HFI_FUTURE_MAGIC);
    hf_client_t *client = self->client;
    if (!future_push(self)) {
        hfi_client_lock(client);
        hfi_future_unref(self);
        hfi_client_unlock(client);
        hfi_keeper_poke(client);
    }
    hfi_client_unref(client);
}
