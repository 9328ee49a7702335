/* SPDX-License-Identifier: MPL-2.0 */
/* types -- the common types' methods as functions: each is one call, made as hf_call makes it.
 *
 * Arguments are taken off the caller's own list; what a function adds to them stands before them (`lead`) or beside
 * them (`kwargs`).
 */
#define _POSIX_C_SOURCE 200809L
#include <holdfast/types.h>

#include <base/check.h>

#include "ask.h"
#include "error.h"
#include "proxy.h"

/* ---- calls ----------------------------------------------------------------------------- */

/* What differs from one function to the other, beside the picture. */
typedef struct types_how {
    const char *method;
    const hf_value_t *lead;   /* before the picture's arguments; NULL: none */
    const hf_value_t *kwargs; /* NULL: none */
} types_how_t;

/* Asks, by the client's deadline. 0: *ret_answer is to be given back. */
static int
types_ask(const hf_proxy_t *proxy, const types_how_t *how, const char *picture, va_list *args,
          hf_value_t *ret_answer)
{
    if (!hfi_proxy_settle(&proxy))
        return -1;
    hf_client_t *client = hf_proxy_client(proxy);
    if (!hfi_client_is_usable(client))
        return -1;
    hfi_ask_t ask = {.client = client,
                     .proxy = proxy,
                     .method = how->method,
                     .lead = how->lead,
                     .picture = picture,
                     .args = args,
                     .kwargs = how->kwargs};
    return hfi_ask(&ask, hfi_client_due_ns(client), ret_answer);
}

/* Asks and drops the answer. */
static int
types_do(const hf_proxy_t *proxy, const types_how_t *how, const char *picture, va_list *args)
{
    hf_value_t answer;
    int rc = types_ask(proxy, how, picture, args, &answer);
    if (rc == 0)
        hfi_answer_done(hf_proxy_client(proxy), &answer);
    return rc;
}

/* Asks by a picture and reads the answer by the one that comes next of the arguments. */
static int
types_into(const hf_proxy_t *proxy, const types_how_t *how, const char *picture, va_list *args)
{
    hf_value_t answer;
    if (types_ask(proxy, how, picture, args, &answer) != 0)
        return -1;
    const char *ret_picture = va_arg(*args, const char *);
    return hfi_proxy_read(hf_proxy_client(proxy), &answer, ret_picture, args);
}

/* Asks with no arguments of the caller's, and reads the answer. */
static int
types_read(const hf_proxy_t *proxy, const types_how_t *how, const char *ret_picture, va_list *outs)
{
    hf_value_t answer;
    int rc = types_ask(proxy, how, "", outs, &answer);
    return rc == 0 ? hfi_proxy_read(hf_proxy_client(proxy), &answer, ret_picture, outs) : -1;
}

/* Asks and reads a bool: 1 or 0; -1. */
static int
types_whether(const hf_proxy_t *proxy, const types_how_t *how, const char *picture, va_list *args)
{
    hf_value_t answer;
    if (types_ask(proxy, how, picture, args, &answer) != 0)
        return -1;
    bool is_bool = hf_kind(&answer) == HF_BOOL;
    int whether = hf_as_bool(&answer);
    hfi_answer_done(hf_proxy_client(proxy), &answer);
    return is_bool ? whether : hfi_error_set("TypeError", "the result is no bool");
}

static int64_t
types_count(const hf_proxy_t *proxy, const char *method)
{
    int64_t n;
    return hf_call_into(proxy, method, "", "i", &n) == 0 ? n : -1;
}

/* ---- list -------------------------------------------------------------------------------- */

int64_t
hf_list_len(const hf_proxy_t *list)
{
    return types_count(list, "len");
}

int
hf_list_append(const hf_proxy_t *list, const char *picture, ...)
{
    va_list args;
    va_start(args, picture);
    int rc = types_do(list, &(types_how_t){.method = "append"}, picture, &args);
    va_end(args);
    return rc;
}

int
hf_list_insert(const hf_proxy_t *list, int64_t index, const char *picture, ...)
{
    va_list args;
    hf_value_t lead = hf_int(index);
    types_how_t how = {.method = "insert", .lead = &lead};
    va_start(args, picture);
    int rc = types_do(list, &how, picture, &args);
    va_end(args);
    return rc;
}

int
hf_list_get(const hf_proxy_t *list, int64_t index, const char *ret_picture, ...)
{
    va_list args;
    hf_value_t lead = hf_int(index);
    types_how_t how = {.method = "getitem", .lead = &lead};
    va_start(args, ret_picture);
    int rc = types_read(list, &how, ret_picture, &args);
    va_end(args);
    return rc;
}

int
hf_list_set(const hf_proxy_t *list, int64_t index, const char *picture, ...)
{
    va_list args;
    hf_value_t lead = hf_int(index);
    types_how_t how = {.method = "setitem", .lead = &lead};
    va_start(args, picture);
    int rc = types_do(list, &how, picture, &args);
    va_end(args);
    return rc;
}

int
hf_list_pop(const hf_proxy_t *list, int64_t index, const char *ret_picture, ...)
{
    va_list args;
    hf_value_t lead = hf_int(index);
    types_how_t how = {.method = "pop", .lead = &lead};
    va_start(args, ret_picture);
    int rc = types_read(list, &how, ret_picture, &args);
    va_end(args);
    return rc;
}

/* ---- dict -------------------------------------------------------------------------------- */

int64_t
hf_dict_len(const hf_proxy_t *dict)
{
    return types_count(dict, "len");
}

int
hf_dict_set(const hf_proxy_t *dict, const char *picture, ...)
{
    va_list args;
    va_start(args, picture);
    int rc = types_do(dict, &(types_how_t){.method = "setitem"}, picture, &args);
    va_end(args);
    return rc;
}

int
hf_dict_get(const hf_proxy_t *dict, const char *picture, ...)
{
    va_list args;
    va_start(args, picture);
    int rc = types_into(dict, &(types_how_t){.method = "getitem"}, picture, &args);
    va_end(args);
    return rc;
}

int
hf_dict_has(const hf_proxy_t *dict, const char *picture, ...)
{
    va_list args;
    va_start(args, picture);
    int rc = types_whether(dict, &(types_how_t){.method = "contains"}, picture, &args);
    va_end(args);
    return rc;
}

int
hf_dict_pop(const hf_proxy_t *dict, const char *picture, ...)
{
    va_list args;
    va_start(args, picture);
    int rc = types_into(dict, &(types_how_t){.method = "pop"}, picture, &args);
    va_end(args);
    return rc;
}

/* ---- set --------------------------------------------------------------------------------- */

int64_t
hf_set_len(const hf_proxy_t *set)
{
    return types_count(set, "len");
}

int
hf_set_add(const hf_proxy_t *set, const char *picture, ...)
{
    va_list args;
    va_start(args, picture);
    int rc = types_do(set, &(types_how_t){.method = "add"}, picture, &args);
    va_end(args);
    return rc;
}

int
hf_set_discard(const hf_proxy_t *set, const char *picture, ...)
{
    va_list args;
    va_start(args, picture);
    int rc = types_do(set, &(types_how_t){.method = "discard"}, picture, &args);
    va_end(args);
    return rc;
}

int
hf_set_has(const hf_proxy_t *set, const char *picture, ...)
{
    va_list args;
    va_start(args, picture);
    int rc = types_whether(set, &(types_how_t){.method = "contains"}, picture, &args);
    va_end(args);
    return rc;
}

/* ---- queues ------------------------------------------------------------------------------ */

/* How long to wait, as a method's name and keyword: none for ever, another method for not at all. */
typedef struct types_wait {
    types_how_t how;
    hf_value_t kwargs;
    uint8_t room[32];
} types_wait_t;

static const types_how_t *
types_wait(types_wait_t *self, double timeout, const char *method, const char *nowait)
{
    bool is_bounded = !(timeout < 0); /* no number is the manager's to refuse */
    *self = (types_wait_t){.how = {.method = is_bounded && timeout <= 0 ? nowait : method}};
    if (is_bounded && !(timeout <= 0)) {
        hf_writer_t w = {.at = self->room, .room = sizeof self->room, .grow = hfi_grow_never};
        hf_write_map(&w, 1);
        hf_write_str(&w, "timeout", 7);
        hf_write_float(&w, timeout);
        hfi_view(&self->kwargs, self->room, w.len, 0);
        self->how.kwargs = &self->kwargs;
    }
    return &self->how;
}

int64_t
hf_queue_len(const hf_proxy_t *queue)
{
    return types_count(queue, "qsize");
}

int
hf_queue_put(const hf_proxy_t *queue, double timeout, const char *picture, ...)
{
    va_list args;
    types_wait_t wait;
    va_start(args, picture);
    int rc = types_do(queue, types_wait(&wait, timeout, "put", "put_nowait"), picture, &args);
    va_end(args);
    return rc;
}

int
hf_queue_get(const hf_proxy_t *queue, double timeout, const char *ret_picture, ...)
{
    va_list args;
    types_wait_t wait;
    va_start(args, ret_picture);
    int rc = types_read(queue, types_wait(&wait, timeout, "get", "get_nowait"), ret_picture, &args);
    va_end(args);
    return rc;
}

int
hf_queue_task_done(const hf_proxy_t *queue)
{
    return hf_call(queue, "task_done", "");
}

int
hf_queue_join(const hf_proxy_t *queue, double timeout)
{
    return hf_call_value(queue, "join", NULL, NULL, timeout, NULL);
}

/* ---- Value ------------------------------------------------------------------------------- */

int
hf_value_get(const hf_proxy_t *value, const char *ret_picture, ...)
{
    va_list args;
    va_start(args, ret_picture);
    int rc = types_read(value, &(types_how_t){.method = "get"}, ret_picture, &args);
    va_end(args);
    return rc;
}

int
hf_value_set(const hf_proxy_t *value, const char *picture, ...)
{
    va_list args;
    va_start(args, picture);
    int rc = types_do(value, &(types_how_t){.method = "set"}, picture, &args);
    va_end(args);
    return rc;
}

int
hf_value_add(const hf_proxy_t *value, int64_t by, int64_t *ret_new)
{
    int64_t sum;
    return hf_call_into(value, "add", "i", by, "i", ret_new == NULL ? &sum : ret_new);
}

int
hf_value_cas(const hf_proxy_t *value, int64_t expected, int64_t wanted)
{
    bool is_written;
    int rc = hf_call_into(value, "cas", "ii", expected, wanted, "b", &is_written);
    return rc == 0 ? is_written : -1;
}
