/* SPDX-License-Identifier: MPL-2.0 */
/* call -- the functions that call: methods of the manager, methods of a referent, and those that do not wait.
 *
 * Each turns its arguments into an ask (ask.h), and the answer into what it returns.
 */
#define _POSIX_C_SOURCE 200809L
#include <holdfast/holdfast.h>

#include "ask.h"
#include "error.h"
#include "held.h"
#include "proxy.h"

/* ---- asking ---------------------------------------------------------------------------- */

/* A method of a referent, by a picture. */
static hfi_ask_t
call_of(const hf_proxy_t *proxy, const char *method, const char *picture, va_list *args)
{
    return (hfi_ask_t){.client = hf_proxy_client(proxy),
                       .proxy = proxy,
                       .method = method,
                       .picture = picture,
                       .args = args};
}

/* A new one of a type, by a picture. */
static hfi_ask_t
call_create(hf_client_t *client, const char *typeid_, const char *picture, va_list *args)
{
    return (hfi_ask_t){.client = client,
                       .method = "create",
                       .first = {typeid_ == NULL ? "" : typeid_, NULL},
                       .picture = picture,
                       .args = args};
}

/* Asks and drops the answer; 0 or -1. */
static int
call_ask(const hfi_ask_t *ask)
{
    hf_value_t answer;
    if (!hfi_client_is_usable(ask->client))
        return -1;
    if (hfi_ask(ask, hfi_client_due_ns(ask->client), &answer) != 0)
        return -1;
    hfi_answer_done(ask->client, &answer);
    return 0;
}

/* Asks for a handle. */
static hf_proxy_t *
call_ask_proxy(const hfi_ask_t *ask)
{
    hf_value_t answer;
    if (!hfi_client_is_usable(ask->client))
        return NULL;
    if (hfi_ask(ask, hfi_client_due_ns(ask->client), &answer) != 0)
        return NULL;
    return hfi_proxy_take(ask->client, &answer);
}

/* ---- calls of the manager ------------------------------------------------------------- */

/* A method of the manager, by a picture; the answer is of no interest. */
static int
call_manager(hf_client_t *client, const char *method, const char *picture, ...)
{
    va_list args;
    va_start(args, picture);
    hfi_ask_t ask = {.client = client, .method = method, .picture = picture, .args = &args};
    int rc = call_ask(&ask);
    va_end(args);
    return rc;
}

hf_proxy_t *
hf_create(hf_client_t *client, const char *typeid_, const char *picture, ...)
{
    va_list args;
    va_start(args, picture);
    hfi_ask_t ask = call_create(client, typeid_, picture, &args);
    hf_proxy_t *proxy = call_ask_proxy(&ask);
    va_end(args);
    return proxy;
}

hf_proxy_t *
hf_get_or_create(hf_client_t *client, const char *name, const char *typeid_, const char *picture,
                 ...)
{
    va_list args;
    va_start(args, picture);
    hfi_ask_t ask = {.client = client,
                     .method = "get_or_create",
                     .first = {name == NULL ? "" : name, typeid_ == NULL ? "" : typeid_},
                     .picture = picture,
                     .args = &args};
    hf_proxy_t *proxy = call_ask_proxy(&ask);
    va_end(args);
    return proxy;
}

static hf_proxy_t *
call_lookup(hf_client_t *client, const char *picture, ...)
{
    va_list args;
    va_start(args, picture);
    hfi_ask_t ask = {.client = client, .method = "lookup", .picture = picture, .args = &args};
    hf_proxy_t *proxy = call_ask_proxy(&ask);
    va_end(args);
    return proxy;
}

hf_proxy_t *
hf_lookup(hf_client_t *client, const char *name)
{
    return call_lookup(client, "s", name == NULL ? "" : name);
}

int
hf_bind(hf_client_t *client, const char *name, const hf_proxy_t *proxy, bool replace)
{
    return call_manager(client, "bind", "shb", name == NULL ? "" : name, proxy, (int)replace);
}

int
hf_unbind(hf_client_t *client, const char *name)
{
    return call_manager(client, "unbind", "s", name == NULL ? "" : name);
}

/* ---- calls of a referent -------------------------------------------------------------- */

int
hf_call(const hf_proxy_t *proxy, const char *method, const char *picture, ...)
{
    if (!hfi_proxy_settle(&proxy))
        return -1;
    va_list args;
    va_start(args, picture);
    hfi_ask_t ask = call_of(proxy, method, picture, &args);
    int rc = call_ask(&ask);
    va_end(args);
    return rc;
}

int
hf_call_into(const hf_proxy_t *proxy, const char *method, const char *picture, ...)
{
    if (!hfi_proxy_settle(&proxy))
        return -1;
    va_list args;
    hf_value_t answer;
    va_start(args, picture);
    hfi_ask_t ask = call_of(proxy, method, picture, &args);
    int rc = -1;
    if (hfi_client_is_usable(ask.client))
        rc = hfi_ask(&ask, hfi_client_due_ns(ask.client), &answer);
    if (rc == 0) {
        picture = va_arg(args, const char *);
        rc = hfi_proxy_read(ask.client, &answer, picture, &args);
    }
    va_end(args);
    return rc;
}

hf_proxy_t *
hf_call_proxy(const hf_proxy_t *proxy, const char *method, const char *picture, ...)
{
    if (!hfi_proxy_settle(&proxy))
        return NULL;
    va_list args;
    va_start(args, picture);
    hfi_ask_t ask = call_of(proxy, method, picture, &args);
    hf_proxy_t *result = call_ask_proxy(&ask);
    va_end(args);
    return result;
}

int
hf_call_value(const hf_proxy_t *proxy, const char *method, const hf_value_t *args,
              const hf_value_t *kwargs, double timeout, hf_value_t *ret_value)
{
    if (!hfi_proxy_settle(&proxy))
        return -1;
    hf_value_t answer;
    hfi_failure_t failure = {0};
    hf_client_t *client = hf_proxy_client(proxy);
    hfi_ask_t ask = {
        .client = client, .proxy = proxy, .method = method, .values = args, .kwargs = kwargs};
    if (hfi_ask(&ask, hfi_due_ns(timeout), &answer) != 0)
        return -1;
    bool is_given = true;
    if (ret_value != NULL && !hf_has_handles(&answer)) {
        *ret_value = answer;
        return 0;
    }
    if (ret_value != NULL)
        is_given = hfi_held_copy(client, &answer, ret_value, &failure);
    hfi_answer_done(client, &answer);
    return is_given ? 0 : hfi_error_take(&failure);
}

int
hf_call_oneway(const hf_proxy_t *proxy, const char *method, const char *picture, ...)
{
    if (!hfi_proxy_settle(&proxy))
        return -1;
    va_list args;
    bool is_put;
    va_start(args, picture);
    hfi_ask_t ask = call_of(proxy, method, picture, &args);
    ask.is_oneway = true;
    (void)hfi_ask_async(&ask, &is_put);
    va_end(args);
    return is_put ? 0 : -1;
}

/* ---- calls that nobody waits for yet --------------------------------------------------- */

hf_future_t *
hf_call_async(const hf_proxy_t *proxy, const char *method, const char *picture, ...)
{
    if (!hfi_proxy_settle(&proxy))
        return NULL;
    va_list args;
    bool is_put;
    va_start(args, picture);
    hfi_ask_t ask = call_of(proxy, method, picture, &args);
    hf_future_t *future = hfi_ask_async(&ask, &is_put);
    va_end(args);
    return future;
}

hf_future_t *
hf_call_async_value(const hf_proxy_t *proxy, const char *method, const hf_value_t *args,
                    const hf_value_t *kwargs)
{
    if (!hfi_proxy_settle(&proxy))
        return NULL;
    bool is_put;
    hfi_ask_t ask = {.client = hf_proxy_client(proxy),
                     .proxy = proxy,
                     .method = method,
                     .values = args,
                     .kwargs = kwargs};
    return hfi_ask_async(&ask, &is_put);
}

hf_future_t *
hf_create_async(hf_client_t *client, const char *typeid_, const char *picture, ...)
{
    va_list args;
    bool is_put;
    va_start(args, picture);
    hfi_ask_t ask = call_create(client, typeid_, picture, &args);
    hf_future_t *future = hfi_ask_async(&ask, &is_put);
    va_end(args);
    return future;
}
