/* SPDX-License-Identifier: MPL-2.0 */
/* proxy -- see proxy.h */
#define _POSIX_C_SOURCE 200809L
#include "proxy.h"

#include <base/check.h>
#include <value/value.h>

#include "ask.h"
#include "error.h"
#include "far.h"
#include "future.h"
#include "held.h"
#include "keeper.h"

struct hf_proxy {
    hfi_released_t released; /* first: the link of hf_release */
    uint32_t magic;
    uint64_t object;
    hf_client_t *client;
    hf_future_t *future;           /* NULL: `object` is known */
    _Atomic(char *) promised;      /* the typeid of what the future gave, once it was asked for */
    _Atomic(hf_proxy_t *) settled; /* what it promised, where that is another manager's referent */
    atomic_uint_least64_t locked;  /* lock.c's */
    char typeid_[];
};

/* ---- birth and end -------------------------------------------------------------------- */

/* Takes one hold of the object, or one reference of the future. */
static hf_proxy_t *
proxy_new(hf_client_t *client, uint64_t object, hf_future_t *future, hfi_span_t typeid_)
{
    hf_proxy_t *self = malloc(sizeof *self + typeid_.len + 1);
    if (self == NULL)
        return NULL;
    *self = (hf_proxy_t){
        .magic = HFI_PROXY_MAGIC, .object = object, .client = client, .future = future};
    if (typeid_.len > 0)
        memcpy(self->typeid_, typeid_.at, typeid_.len);
    self->typeid_[typeid_.len] = '\0';
    hfi_client_ref(client);
    return self;
}

atomic_uint_least64_t *
hfi_proxy_locked(const hf_proxy_t *self)
{
    void *memory; /* const to its users; what a lock's proxy counts changes nothing for them */
    const void *lent = &self->locked;
    memcpy(&memory, &lent, sizeof memory);
    return memory;
}

static hfi_span_t
proxy_typeid_of(const hf_value_t *handle)
{
    size_t len;
    const char *typeid_ = hf_handle_typeid(handle, &len);
    return (hfi_span_t){(const uint8_t *)typeid_, len};
}

static bool
proxy_no_memory(hfi_failure_t *ret_failure)
{
    return hfi_fail(ret_failure, "LimitExceeded", "there is no memory for a proxy");
}

static bool
proxy_is_handle(const hf_value_t *value, hfi_failure_t *ret_failure)
{
    return hf_kind(value) == HF_HANDLE ||
           hfi_fail(ret_failure, "TypeError", "the result is no handle");
}

hf_proxy_t *
hfi_proxy_from(hf_client_t *client, const hf_value_t *handle, hfi_failure_t *ret_failure)
{
    if (!proxy_is_handle(handle, ret_failure))
        return NULL;
    if (hfi_far_is(handle))
        return hfi_far_proxy(client, handle, ret_failure);
    uint64_t object = hf_as_handle(handle);
    hf_proxy_t *self = proxy_new(client, object, NULL, proxy_typeid_of(handle));
    if (self == NULL) {
        (void)proxy_no_memory(ret_failure);
        return NULL;
    }
    hfi_client_lock(client);
    bool is_held = hfi_engine_hold(client->engine, object);
    hfi_client_unlock(client);
    if (is_held)
        return self;
    (void)hfi_fail(ret_failure, "NoSuchObject", "nothing here holds that referent any more");
    HF_BURY(self);
    free(self);
    hfi_client_unref(client);
    return NULL;
}

hf_proxy_t *
hfi_proxy_take(hf_client_t *client, hf_value_t *answer)
{
    hfi_failure_t failure = {0};
    hf_proxy_t *self = NULL;
    bool is_handle = proxy_is_handle(answer, &failure);
    if (is_handle && hfi_far_is(answer)) {
        self = hfi_far_proxy(client, answer, &failure);
        hfi_answer_done(client, answer); /* the stub, now that it is held there */
        if (self == NULL)
            (void)hfi_error_take(&failure);
        return self;
    }
    if (is_handle) {
        self = proxy_new(client, hf_as_handle(answer), NULL, proxy_typeid_of(answer));
        if (self == NULL)
            (void)proxy_no_memory(&failure);
    }
    if (self != NULL) {
        hfi_value_drop(answer);
        return self;
    }
    hfi_answer_done(client, answer);
    (void)hfi_error_take(&failure);
    return NULL;
}

void
hfi_proxy_reap(hf_client_t *client, hfi_released_t *released)
{
    hf_proxy_t *self = (hf_proxy_t *)released;
    HF_CHECK(self, HFI_PROXY_MAGIC);
    if (self->future != NULL)
        hfi_future_unref(self->future);
    else
        hfi_engine_let_go(client->engine, self->object);
    free(atomic_load_explicit(&self->promised, memory_order_acquire));
    HF_BURY(self);
    free(self);
}

void
hf_release(hf_proxy_t **proxy_p)
{
    hf_proxy_t *self = *proxy_p;
    *proxy_p = NULL;
    if (self == NULL)
        return;
    HF_CHECK(self, HFI_PROXY_MAGIC);
    hf_proxy_t *settled = atomic_exchange_explicit(&self->settled, NULL, memory_order_acq_rel);
    hfi_client_push(self->client, &self->released);
    if (settled != NULL) /* itself it promises nothing */
        hf_release(&settled);
}

void
hf_auto_release(hf_proxy_t **proxy_p)
{
    hf_release(proxy_p);
}

/* ---- what it names -------------------------------------------------------------------- */

/* The handle that its future gave; HF_NONE: it has given none. */
static void
proxy_given(const hf_proxy_t *self, hf_value_t *ret_handle)
{
    *ret_handle = (hf_value_t){0};
    if (atomic_load_explicit(&self->future->state, memory_order_acquire) == HFI_FUTURE_RESULT &&
        hf_kind(&self->future->value) == HF_HANDLE)
        *ret_handle = self->future->value;
}

bool
hfi_proxy_target(const hf_proxy_t *self, hfi_engine_call_t *call, hfi_failure_t *ret_failure)
{
    hf_value_t handle;
    call->promise = 0;
    call->object = self->object;
    if (self->future == NULL)
        return true;
    if (!hfi_future_is_done(self->future)) {
        call->promise = self->future->call;
        return true;
    }
    proxy_given(self, &handle);
    call->object = hf_as_handle(&handle);
    if (hf_kind(&handle) == HF_HANDLE)
        return true;
    if (atomic_load_explicit(&self->future->state, memory_order_acquire) == HFI_FUTURE_RESULT)
        return hfi_fail(ret_failure, "BadRequest", "the promised target is no handle");
    hfi_future_failure(self->future, ret_failure);
    return false;
}

static bool
proxy_write(const hf_proxy_t *self, hf_writer_t *w, hfi_failure_t *ret_failure)
{
    if (self->future != NULL)
        return hfi_future_write(self->future, w, ret_failure);
    hf_write_handle(w, self->object, NULL, 0);
    return true;
}

uint64_t
hf_proxy_object(const hf_proxy_t *self)
{
    hf_value_t handle;
    if (self == NULL || self->future == NULL)
        return self == NULL ? 0 : self->object;
    proxy_given(self, &handle);
    return hf_as_handle(&handle);
}

const char *
hf_proxy_typeid(const hf_proxy_t *self)
{
    if (self == NULL || self->future == NULL)
        return self == NULL ? "" : self->typeid_;
    hf_value_t handle;
    proxy_given(self, &handle);
    hfi_span_t typeid_ = proxy_typeid_of(&handle);
    void *memory; /* the proxy is const to its users; what it has learned meanwhile is not */
    const void *lent = &self->promised;
    memcpy(&memory, &lent, sizeof memory);
    _Atomic(char *) *promised = memory;
    char *text = atomic_load_explicit(promised, memory_order_acquire);
    if (text != NULL || typeid_.at == NULL)
        return text == NULL ? "" : text;
    char *copy = calloc(1, typeid_.len + 1);
    if (copy == NULL)
        return "";
    memcpy(copy, typeid_.at, typeid_.len);
    if (atomic_compare_exchange_strong(promised, &text, copy))
        return copy;
    free(copy);
    return text;
}

hf_client_t *
hf_proxy_client(const hf_proxy_t *self)
{
    return self == NULL ? NULL : self->client;
}

bool
hf_proxy_equal(const hf_proxy_t *a, const hf_proxy_t *b)
{
    if (a == NULL || b == NULL || a->client != b->client)
        return a == b;
    bool is_a_open = a->future != NULL && !hfi_future_is_done(a->future);
    bool is_b_open = b->future != NULL && !hfi_future_is_done(b->future);
    if (is_a_open || is_b_open)
        return a->future == b->future;
    return hf_proxy_object(a) == hf_proxy_object(b);
}

/* ---- pictures ------------------------------------------------------------------------- */

/* What another client's call gave, or will give. */
static bool
proxy_write_far_result(const hf_future_t *future, hf_writer_t *w, hfi_failure_t *failure)
{
    if (!hfi_far_await(future, failure))
        return false;
    const hf_value_t *value = &future->value;
    if (!hf_has_handles(value)) {
        hf_write_value(w, value);
        return true;
    }
    if (hf_kind(value) != HF_HANDLE)
        return hfi_fail(failure, "ValueError",
                        "a future in the arguments is another client's, with referents inside");
    hf_proxy_t *proxy = hfi_proxy_from(future->client, value, failure);
    if (proxy == NULL)
        return false;
    bool is_written =
        hfi_far_write(proxy->client, proxy->object, hfi_span_of(proxy->typeid_), w, failure);
    hf_release(&proxy);
    return is_written;
}

/* A proxy of another client: of another manager, or of another session with this one. */
static bool
proxy_write_far(const hf_proxy_t *proxy, hf_writer_t *w, hfi_failure_t *failure)
{
    if (proxy->future != NULL)
        return proxy_write_far_result(proxy->future, w, failure);
    return hfi_far_write(proxy->client, proxy->object, hfi_span_of(proxy->typeid_), w, failure);
}

static bool
proxy_write_h(hf_client_t *client, const hf_proxy_t *proxy, hf_writer_t *w, hfi_failure_t *failure)
{
    if (proxy == NULL)
        return hfi_fail(failure, "ValueError", "a proxy in the arguments is NULL");
    HF_CHECK(proxy, HFI_PROXY_MAGIC);
    if (client != NULL && proxy->client != client)
        return proxy_write_far(proxy, w, failure);
    if (client == NULL && proxy->future != NULL && !hfi_future_is_done(proxy->future))
        return hfi_fail(failure, "ValueError", "a proxy in the value is only promised yet");
    return proxy_write(proxy, w, failure);
}

static bool
proxy_write_p(hf_client_t *client, const hf_future_t *future, hf_writer_t *w,
              hfi_failure_t *failure)
{
    if (future == NULL)
        return hfi_fail(failure, "ValueError", "a future in the arguments is NULL");
    HF_CHECK(future, HFI_FUTURE_MAGIC);
    if (client != NULL && future->client != client)
        return proxy_write_far_result(future, w, failure);
    if (client == NULL && !hfi_future_is_done(future))
        return hfi_fail(failure, "ValueError", "a future in the value has no result yet");
    return hfi_future_write(future, w, failure);
}

static bool
proxy_hook_write(void *context, char letter, const void *argument, hf_writer_t *w,
                 hfi_failure_t *failure)
{
    return letter == 'h' ? proxy_write_h(context, argument, w, failure)
                         : proxy_write_p(context, argument, w, failure);
}

static bool
proxy_hook_read(void *context, const hf_value_t *handle, void **ret_proxy, hfi_failure_t *failure)
{
    hf_proxy_t *proxy = hfi_proxy_from(context, handle, failure);
    if (proxy != NULL)
        *ret_proxy = proxy;
    return proxy != NULL;
}

static void
proxy_hook_undo(void *context, void **proxy_p)
{
    (void)context;
    hf_proxy_t *proxy = *proxy_p;
    *proxy_p = NULL;
    hf_release(&proxy);
}

static bool
proxy_hook_keep(void *context, const hf_value_t *value, hf_value_t *ret_kept,
                hfi_failure_t *failure)
{
    return hfi_held_copy(context, value, ret_kept, failure);
}

static void
proxy_hook_drop(void *context, hf_value_t *value)
{
    (void)context;
    hfi_held_drop(value);
}

void
hfi_proxy_hooks(hfi_picture_hooks_t *ret_hooks, hf_client_t *client)
{
    *ret_hooks = (hfi_picture_hooks_t){.context = client, .write = proxy_hook_write};
    if (client != NULL) {
        ret_hooks->read = proxy_hook_read;
        ret_hooks->undo = proxy_hook_undo;
        ret_hooks->keep = proxy_hook_keep;
        ret_hooks->drop = proxy_hook_drop;
    }
}

int
hfi_proxy_read(hf_client_t *client, hf_value_t *answer, const char *picture, va_list *outs)
{
    hfi_failure_t failure = {0};
    hfi_picture_hooks_t hooks;
    hfi_proxy_hooks(&hooks, client);
    bool is_read = hfi_picture_read(picture == NULL ? "" : picture, answer, outs, &hooks, &failure);
    hfi_answer_done(client, answer);
    return is_read ? 0 : hfi_error_take(&failure);
}

/* ---- another in its place ------------------------------------------------------------- */

/* Makes the proxy at the owner, once. NULL: *failure. */
static const hf_proxy_t *
proxy_settled(const hf_proxy_t *self, const hf_value_t *handle, hfi_failure_t *ret_failure)
{
    void *memory; /* const to its users; what it has learned meanwhile is not */
    const void *lent = &self->settled;
    memcpy(&memory, &lent, sizeof memory);
    _Atomic(hf_proxy_t *) *settled = memory;
    hf_proxy_t *there = atomic_load_explicit(settled, memory_order_acquire);
    if (there != NULL)
        return there;
    hf_proxy_t *made = hfi_far_proxy(self->client, handle, ret_failure);
    if (made == NULL || atomic_compare_exchange_strong(settled, &there, made))
        return made;
    hf_release(&made); /* another thread's was first */
    return there;
}

/* The same as hfi_proxy_settle, with the failure. */
static const hf_proxy_t *
proxy_settle(const hf_proxy_t *self, hfi_failure_t *ret_failure)
{
    hf_value_t handle;
    HF_CHECK(self, HFI_PROXY_MAGIC);
    if (self->future == NULL)
        return self;
    proxy_given(self, &handle);
    return hfi_far_is(&handle) ? proxy_settled(self, &handle, ret_failure) : self;
}

bool
hfi_proxy_settle(const hf_proxy_t **self_p)
{
    hfi_failure_t failure;
    failure.kind[0] = '\0';
    if (*self_p == NULL) {
        (void)hfi_error_set("ValueError", "the proxy is NULL: what should have made it had failed");
        return false;
    }
    const hf_proxy_t *settled = proxy_settle(*self_p, &failure);
    if (settled == NULL)
        return hfi_error_take(&failure) == 0;
    *self_p = settled;
    return true;
}

/* ---- more proxies --------------------------------------------------------------------- */

hf_proxy_t *
hf_manager(hf_client_t *client)
{
    static const char typeid_[] = "manager";
    if (!hfi_client_is_usable(client))
        return NULL;
    hf_proxy_t *self = proxy_new(client, 0, NULL, hfi_span_of(typeid_));
    if (self == NULL)
        (void)hfi_error_set("LimitExceeded", "there is no memory for a proxy");
    else
        hfi_error_clear();
    return self;
}

hf_proxy_t *
hf_dup(const hf_proxy_t *proxy)
{
    if (!hfi_proxy_settle(&proxy) || !hfi_client_is_usable(proxy->client))
        return NULL;
    hf_proxy_t *self =
        proxy_new(proxy->client, proxy->object, proxy->future, hfi_span_of(proxy->typeid_));
    if (self == NULL) {
        (void)hfi_error_set("LimitExceeded", "there is no memory for a proxy");
        return NULL;
    }
    if (self->future != NULL) {
        hfi_future_ref(self->future);
    } else {
        hfi_client_lock(self->client);
        bool is_held = hfi_engine_hold(self->client->engine, self->object);
        hfi_client_unlock(self->client);
        HF_ASSERT(is_held); /* by the proxy that was given */
    }
    hfi_error_clear();
    return self;
}

hf_proxy_t *
hf_proxy_of(hf_client_t *client, const hf_value_t *handle)
{
    hfi_failure_t failure = {0};
    if (!hfi_client_is_usable(client))
        return NULL;
    hf_proxy_t *self = handle == NULL ? NULL : hfi_proxy_from(client, handle, &failure);
    if (handle == NULL)
        (void)hfi_error_set("ValueError", "the handle is NULL");
    else if (self == NULL)
        (void)hfi_error_take(&failure);
    else
        hfi_error_clear();
    return self;
}

hf_proxy_t *
hf_future_proxy(const hf_future_t *future)
{
    if (future == NULL) {
        (void)hfi_error_set("ValueError", "the future is NULL: its call had failed");
        return NULL;
    }
    HF_CHECK(future, HFI_FUTURE_MAGIC);
    void *memory; /* const to its users; to count its holders changes nothing for them */
    const void *lent = future;
    memcpy(&memory, &lent, sizeof memory);
    hf_future_t *held = memory;
    hf_proxy_t *self = proxy_new(held->client, 0, held, (hfi_span_t){NULL, 0});
    if (self == NULL) {
        (void)hfi_error_set("LimitExceeded", "there is no memory for a proxy");
        return NULL;
    }
    hfi_future_ref(held);
    hfi_error_clear();
    return self;
}
