/* SPDX-License-Identifier: MPL-2.0 */
/* far -- see far.h
 *
 * A handle of another manager's referent says where it is and how to adopt it there. Its proxy is one at the owner:
 * calls go there straight, the manager that gave the handle has no part in them. So the proxy is of another client, a
 * session with the owner: the program's own, where it has one with that manager, else one that is opened here.
 *
 * Life of a client that is opened here (is_far)
 *   met      a handle of a manager that no client of the process is with: its endpoints are tried in turn, until one is
 *            of a manager with that very object space; an endpoint is only where to look
 *   owned    by each client of the program's through which its manager was met, directly or by another far one
 *   ended    with the last of them; or lost, and then the next handle of that manager opens another one
 *
 * In between it is a client like any other: visited by the keeper, resumed, inherited by a fork's child. What is lost
 * with it is ReferentLost to the program, whose own session is well.
 *
 * Order. The referent is adopted at its owner first, then the caller lets go of the stub: so somebody holds it all the
 * time. Handing on is the other way about: the owner knows the token before the call that carries it leaves.
 *
 * Locking: owners are under fork.c's mutex, as the list of clients is; it is not held while anything waits.
 */
#define _GNU_SOURCE
#include "far.h"

#include <sys/random.h>

#include <base/check.h>
#include <base/endpoint.h>
#include <os/clock.h>
#include <stream/handle.h>
#include <value/value.h>
#include <value/writer.h>

#include "ask.h"
#include "error.h"
#include "fork.h"
#include "inherit.h"
#include "options.h"
#include "proxy.h"

enum { FAR_ENDPOINTS = 8, FAR_ENDPOINT = 256, FAR_CODE = 1 /* of ext, a handle */ };

#define FAR_TTL_S                                                                                  \
    60.0 /* for the other manager to adopt: the call that carries the token waits for that */

/* ---- which client --------------------------------------------------------------------- */

bool
hfi_far_is(const hf_value_t *handle)
{
    hfi_handle_t far;
    return hf_kind(handle) == HF_HANDLE && hfi_handle_read(handle, &far);
}

/* Whether the client is one with that manager, and not at its end. */
static bool
far_is_with(hf_client_t *c, const hfi_secret_t *manager)
{
    hfi_secret_t its;
    hfi_client_lock(c);
    bool is_alive = hfi_engine_state(c->engine) != HFI_ENGINE_ENDED || hfi_inherit_is_due(c);
    bool is_with = is_alive && !c->is_closed && hfi_engine_manager(c->engine, &its) &&
                   memcmp(its.bytes, manager->bytes, sizeof its.bytes) == 0;
    hfi_client_unlock(c);
    return is_with;
}

static bool
far_add_owner(hf_client_t *c, hf_client_t *owner)
{
    for (uint32_t i = 0; i < c->n_owners; i++) {
        if (c->owners[i] == owner)
            return true;
    }
    hf_client_t **owners = realloc(c->owners, (c->n_owners + 1) * sizeof(hf_client_t *));
    if (owners == NULL)
        return false;
    c->owners = owners;
    c->owners[c->n_owners++] = owner;
    return true;
}

/* It was met through `through`, and is owned from now on by whom that is owned by, or is. Under the list's mutex.
 * False: nobody is left to own it. */
static bool
far_own(hf_client_t *c, hf_client_t *through)
{
    if (!c->is_far || c == through)
        return true;
    bool is_owned = !through->is_far && !through->has_left && far_add_owner(c, through);
    for (uint32_t i = 0; through->is_far && i < through->n_owners; i++)
        is_owned = far_add_owner(c, through->owners[i]) || is_owned;
    return is_owned;
}

/* One that there is, with a reference; NULL: none. `made`: but that one, unless there is no other. */
static hf_client_t *
far_find(const hfi_secret_t *manager, hf_client_t *through, hf_client_t *made)
{
    hf_client_t *found = NULL;
    hfi_fork_lock();
    for (hf_client_t *c = hfi_fork_first(); c != NULL && found == NULL; c = c->fork_next) {
        if (c != made && far_is_with(c, manager) && far_own(c, through) && hfi_client_ref_live(c))
            found = c;
    }
    if (found == NULL && made != NULL && far_own(made, through)) {
        hfi_client_ref(made);
        found = made;
    }
    hfi_fork_unlock();
    return found;
}

/* ---- opening one ---------------------------------------------------------------------- */

/* Copies an endpoint that may be connected to. */
static bool
far_may(const hf_client_t *through, const hf_value_t *endpoint, char to[FAR_ENDPOINT],
        hfi_failure_t *failure)
{
    size_t len;
    const char *text = hf_as_str(endpoint, &len);
    hfi_far_mode_t mode = hfi_options_far(through->options);
    if (text == NULL || len >= FAR_ENDPOINT || !hfi_endpoint_is_sound(text, len))
        return hfi_fail(failure, "ReferentLost", "its manager's endpoint is none");
    if (mode == HFI_FAR_NONE || (mode == HFI_FAR_NEAR && !hfi_endpoint_is_near(text, len)))
        return hfi_fail(failure, "ReferentLost",
                        "its manager serves at %.*s, where option \"far\" lets nobody connect to",
                        (int)len, text);
    memcpy(to, text, len);
    to[len] = '\0';
    return true;
}

/* A session with the manager of that space at one endpoint; NULL: *failure. */
static hf_client_t *
far_try(hf_client_t *through, const char *endpoint, const hfi_secret_t *manager,
        hfi_failure_t *failure)
{
    hfi_failure_t why = {0};
    hf_client_t *c = hfi_client_connect(endpoint, through->options, true, &why);
    if (c == NULL) {
        (void)hfi_fail(failure, strcmp(why.kind, "Interrupted") == 0 ? why.kind : "ReferentLost",
                       "%s", why.text);
        return NULL;
    }
    int64_t timeout_ns = atomic_load_explicit(&through->timeout_ns, memory_order_relaxed);
    atomic_store_explicit(&c->timeout_ns, timeout_ns, memory_order_relaxed);
    if (far_is_with(c, manager))
        return c;
    hfi_client_end(&c);
    (void)hfi_fail(failure, "ReferentLost", "another manager than its own serves at %s now",
                   endpoint);
    return NULL;
}

static hf_client_t *
far_connect(hf_client_t *through, const hfi_handle_t *far, int64_t due_ns, hfi_failure_t *failure)
{
    hf_cursor_t endpoints;
    hf_value_t endpoint;
    char text[FAR_ENDPOINT];
    (void)hfi_fail(failure, "ReferentLost", "its manager serves nowhere");
    hf_open(&endpoints, &far->endpoints);
    for (int n = 0; n < FAR_ENDPOINTS && hf_next(&endpoints, &endpoint); n++) {
        hf_client_t *made = far_may(through, &endpoint, text, failure)
                                ? far_try(through, text, &far->manager, failure)
                                : NULL;
        if (made != NULL)
            return made;
        if (strcmp(failure->kind, "Interrupted") == 0 || hfi_now_ns() >= due_ns)
            break;
    }
    return NULL;
}

/* The client with that manager, found or opened, with a reference. NULL: *failure. */
static hf_client_t *
far_require(hf_client_t *through, const hfi_handle_t *far, int64_t due_ns, hfi_failure_t *failure)
{
    hf_client_t *found = far_find(&far->manager, through, NULL);
    if (found != NULL)
        return found;
    hf_client_t *made = far_connect(through, far, due_ns, failure);
    if (made == NULL)
        return NULL;
    found = far_find(&far->manager, through, made); /* another thread may have met it too */
    if (found != made)
        hfi_client_end(&made);
    if (found == NULL)
        (void)hfi_fail(failure, "ReferentLost", "the client was disconnected");
    return found;
}

/* ---- adopting there ------------------------------------------------------------------- */

/* This thread's error, as what the program is told. */
static bool
far_fail(hfi_failure_t *failure)
{
    bool is_own =
        strcmp(hf_errkind(), "Interrupted") == 0 || strcmp(hf_errkind(), "LimitExceeded") == 0;
    return hfi_fail(failure, is_own ? hf_errkind() : "ReferentLost", "its manager: %s",
                    hf_errmsg());
}

/* By the program's own deadline, and in any case some time: nothing hangs. */
static int64_t
far_due_ns(hf_client_t *c)
{
    int64_t due_ns = hfi_client_due_ns(c);
    int64_t latest_ns = hfi_now_ns() + hfi_options_connect_ns(c->options);
    return due_ns < latest_ns ? due_ns : latest_ns;
}

static hf_proxy_t *
far_adopt(hf_client_t *owner, const hfi_handle_t *far, int64_t due_ns, hfi_failure_t *failure)
{
    uint8_t room[32];
    hf_value_t answer;
    hf_writer_t w = {.at = room, .room = sizeof room, .grow = hfi_grow_never};
    hf_write_list(&w, 1);
    hf_write_bytes(&w, far->secret.bytes, sizeof far->secret.bytes);
    hf_value_t args = hfi_value_view((hfi_span_t){room, w.len}, 0);
    hfi_ask_t ask = {.client = owner, .method = "adopt", .values = &args};
    if (hfi_ask(&ask, due_ns, &answer) != 0) {
        (void)far_fail(failure);
        return NULL;
    }
    bool is_it = hf_kind(&answer) == HF_HANDLE && !hfi_far_is(&answer) &&
                 hf_as_handle(&answer) == far->object;
    hf_proxy_t *proxy = is_it ? hfi_proxy_from(owner, &answer, failure) : NULL;
    if (!is_it)
        (void)hfi_fail(failure, "ReferentLost", "its manager has given another referent");
    hfi_answer_done(owner, &answer);
    return proxy;
}

hf_proxy_t *
hfi_far_proxy(hf_client_t *client, const hf_value_t *handle, hfi_failure_t *ret_failure)
{
    hfi_handle_t far;
    if (!hfi_handle_read(handle, &far))
        HF_BUG("it is another manager's");
    int64_t due_ns = far_due_ns(client);
    hf_client_t *owner = far_require(client, &far, due_ns, ret_failure);
    if (owner == NULL)
        return NULL;
    ret_failure->kind[0] = '\0';
    hf_proxy_t *proxy = far_adopt(owner, &far, due_ns, ret_failure);
    hfi_client_unref(owner);
    return proxy;
}

/* ---- handing on ----------------------------------------------------------------------- */

/* [handle, ttl, 1, secret] */
static int
far_export(hf_client_t *holder, uint64_t object, const hfi_secret_t *secret, hf_value_t *ret_token)
{
    uint8_t room[64];
    hf_writer_t w = {.at = room, .room = sizeof room, .grow = hfi_grow_never};
    hf_write_list(&w, 4);
    hf_write_handle(&w, object, NULL, 0);
    hf_write_float(&w, FAR_TTL_S);
    hf_write_uint(&w, 1);
    hf_write_bytes(&w, secret->bytes, sizeof secret->bytes);
    HF_ASSERT(!w.failed);
    hf_value_t args = hfi_value_view((hfi_span_t){room, w.len}, HF_TAG_HANDLES);
    hfi_ask_t ask = {.client = holder, .method = "export", .values = &args};
    return hfi_ask(&ask, far_due_ns(holder), ret_token);
}

/* The endpoints that its manager has told, else the one that it is reached at from here. */
static bool
far_endpoints(hf_client_t *holder, hfi_handle_t *far, hf_value_t *ret_kept)
{
    bool is_kept = false;
    hfi_client_lock(holder);
    if (hfi_engine_manager(holder->engine, &far->manager))
        is_kept = hfi_value_keep(hfi_engine_endpoints(holder->engine), ret_kept);
    hfi_client_unlock(holder);
    if (!is_kept || (hf_kind(ret_kept) == HF_LIST && hf_count(ret_kept) > 0))
        return is_kept;
    hfi_value_drop(ret_kept);
    return hf_build(NULL, ret_kept, "[s]", holder->endpoint) == HF_OK;
}

static void
far_write_five(const hfi_handle_t *far, hf_writer_t *w)
{
    size_t mark = hfi_ext_begin(w);
    hf_write_list(w, 5);
    hf_write_uint(w, far->object);
    hf_write_value(w, &far->typeid_);
    hf_write_bytes(w, far->secret.bytes, sizeof far->secret.bytes);
    hf_write_bytes(w, far->manager.bytes, sizeof far->manager.bytes);
    hf_write_value(w, &far->endpoints);
    hfi_ext_end(w, mark, FAR_CODE);
}

bool
hfi_far_write(hf_client_t *holder, uint64_t object, hfi_span_t typeid_, hf_writer_t *w,
              hfi_failure_t *ret_failure)
{
    hf_value_t token = {0};
    hf_value_t endpoints = {0};
    hf_value_t name = {0};
    hfi_handle_t far = {.object = object};
    if (getrandom(far.secret.bytes, sizeof far.secret.bytes, 0) != (ssize_t)sizeof far.secret.bytes)
        return hfi_fail(ret_failure, "LimitExceeded", "there is no chance for a token");
    if (far_export(holder, object, &far.secret, &token) != 0)
        return hfi_fail(ret_failure, hf_errkind(), "to hand it on: %s", hf_errmsg());
    hfi_answer_done(holder, &token);
    bool is_built = far_endpoints(holder, &far, &endpoints) &&
                    hf_build(NULL, &name, "S", (const char *)typeid_.at, typeid_.len) == HF_OK;
    if (is_built) {
        far.endpoints = endpoints;
        far.typeid_ = name;
        far_write_five(&far, w);
    }
    hfi_value_drop(&endpoints);
    hfi_value_drop(&name);
    return is_built || hfi_fail(ret_failure, "LimitExceeded", "there is no memory for a handle");
}

bool
hfi_far_await(const hf_future_t *future, hfi_failure_t *ret_failure)
{
    hf_client_t *client = future->client;
    hfi_waiter_t w = {.what = HFI_WAIT_FUTURE, .future = future};
    hfi_wait_end_t end = HFI_WAIT_READY;
    if (!hfi_future_is_done(future)) {
        int64_t due_ns = hfi_client_due_ns(client);
        hfi_client_lock(client);
        end = hfi_lead_wait(client, &w, due_ns);
        hfi_client_unlock(client);
    }
    if (end != HFI_WAIT_READY)
        return hfi_fail(ret_failure, hfi_wait_kind(end), "%s", hfi_wait_text(end));
    if (atomic_load_explicit(&future->state, memory_order_acquire) == HFI_FUTURE_RESULT)
        return true;
    hfi_future_failure(future, ret_failure);
    return false;
}

/* ---- the end -------------------------------------------------------------------------- */

/* Takes the owner from one that it is the last of; NULL: there is none. Under the list's mutex. */
static hf_client_t *
far_take_orphan(const hf_client_t *owner)
{
    for (hf_client_t *c = hfi_fork_first(); c != NULL; c = c->fork_next) {
        uint32_t before = c->n_owners;
        for (uint32_t i = 0; i < c->n_owners; i++) {
            if (c->owners[i] == owner)
                c->owners[i] = c->owners[--c->n_owners];
        }
        if (before > 0 && c->n_owners == 0)
            return c;
    }
    return NULL;
}

void
hfi_far_leave(hf_client_t *client)
{
    for (;;) {
        hfi_fork_lock();
        client->has_left = true;
        hf_client_t *orphan = far_take_orphan(client);
        hfi_fork_unlock();
        if (orphan == NULL)
            return;
        hfi_client_end(&orphan);
    }
}
