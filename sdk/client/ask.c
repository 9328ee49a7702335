/* SPDX-License-Identifier: MPL-2.0 */
/* ask -- one call, from the program's arguments to its answer: the one road that every call takes.
 *
 * encode (no lock) → put (mutex) → wait (lead.c) → take the answer (mutex) → read it (no lock).
 *
 * Arguments are encoded into the thread's own bytes before the mutex is taken. A promise among them may be answered
 * between the two: the engine sees it (HFI_PUT_STALE) and the arguments are encoded again, now with the value.
 */
#define _POSIX_C_SOURCE 200809L
#include "ask.h"

#include <base/check.h>
#include <value/picture.h>
#include <value/value.h>
#include <value/writer.h>

#include "error.h"
#include "inherit.h"
#include "keeper.h"
#include "proxy.h"

/* ---- encoding ------------------------------------------------------------------------- */

/* Arguments as they go into the call: views into the thread's bytes, or the caller's values. */
typedef struct ask_args {
    hf_value_t args;
    hf_value_t kwargs;
    bool has_kwargs;
} ask_args_t;

static const hf_value_t ask_nothing = {.raw = {0x90, [15] = 1}}; /* [] */

/* The list that the picture wrote behind `from` becomes the rest of one that begins with `n_first` items already
 * written: its head goes. */
static void
ask_splice(hf_writer_t *w, size_t from)
{
    hf_head_t head;
    if (w->failed)
        return;
    hf_read_head(w->at + from, &head);
    memmove(w->at + from, w->at + from + head.size, w->len - from - head.size);
    w->len -= head.size;
}

static bool
ask_write_args(const hfi_ask_t *ask, hf_writer_t *w, size_t *ret_args_len,
               const hfi_picture_t *picture, hfi_failure_t *failure)
{
    hfi_picture_hooks_t hooks;
    hfi_proxy_hooks(&hooks, ask->client);
    uint32_t n_strs = ask->first[0] == NULL ? 0 : ask->first[1] == NULL ? 1 : 2;
    uint32_t n_first = n_strs + (ask->lead != NULL);
    if (n_first > 0)
        hf_write_list(w, picture->n_args + n_first);
    for (uint32_t i = 0; i < n_strs; i++)
        hf_write_str(w, ask->first[i], strlen(ask->first[i]));
    if (ask->lead != NULL)
        hf_write_value(w, ask->lead);
    size_t from = w->len;
    if (!hfi_picture_write_args(picture, ask->args, &hooks, w, failure))
        return false;
    if (n_first > 0)
        ask_splice(w, from);
    *ret_args_len = w->len;
    return picture->n_kwargs == 0 ||
           hfi_picture_write_kwargs(picture, ask->args, &hooks, w, failure);
}

static bool
ask_encode_picture(const hfi_ask_t *ask, ask_args_t *ret_args, hfi_failure_t *failure)
{
    hfi_picture_t picture;
    hfi_bytes_writer_t out;
    size_t args_len = 0;
    bool is_empty = ask->picture == NULL || ask->picture[0] == '\0';
    ret_args->has_kwargs = ask->kwargs != NULL;
    if (ask->kwargs != NULL)
        ret_args->kwargs = *ask->kwargs;
    if (is_empty && ask->first[0] == NULL && ask->lead == NULL) {
        ret_args->args = ask_nothing;
        return true;
    }
    if (!hfi_picture_open(&picture, ask->picture == NULL ? "" : ask->picture, failure))
        return false;
    if (picture.n_kwargs > 0 && ask->kwargs != NULL)
        return hfi_fail(failure, "ValueError", "picture: no keyword has a place here: %.40s",
                        picture.kwargs);
    hfi_bytes_t *bytes = hfi_thread_scratch();
    hfi_bytes_writer_open(&out, bytes);
    bool is_written = ask_write_args(ask, &out.w, &args_len, &picture, failure);
    uint8_t tag = out.w.tag;
    if (!hfi_bytes_writer_close(&out) && is_written)
        return hfi_fail(failure, "LimitExceeded", "there is no memory for the arguments");
    if (!is_written)
        return false;
    ret_args->args = hfi_value_view((hfi_span_t){bytes->at, args_len}, tag);
    if (bytes->len > args_len) {
        ret_args->has_kwargs = true;
        ret_args->kwargs =
            hfi_value_view((hfi_span_t){bytes->at + args_len, bytes->len - args_len}, tag);
    }
    return true;
}

static bool
ask_encode_values(const hfi_ask_t *ask, ask_args_t *ret_args, hfi_failure_t *failure)
{
    if (ask->values != NULL && hf_kind(ask->values) != HF_LIST)
        return hfi_fail(failure, "TypeError", "the arguments are no list");
    if (ask->kwargs != NULL && hf_kind(ask->kwargs) != HF_MAP)
        return hfi_fail(failure, "TypeError", "the keyword arguments are no map");
    ret_args->has_kwargs = ask->kwargs != NULL;
    ret_args->args = ask->values != NULL ? *ask->values : ask_nothing;
    if (ret_args->has_kwargs)
        ret_args->kwargs = *ask->kwargs;
    return true;
}

static bool
ask_encode(const hfi_ask_t *ask, ask_args_t *ret_args, hfi_failure_t *failure)
{
    *ret_args = (ask_args_t){0};
    if (ask->args == NULL)
        return ask_encode_values(ask, ret_args, failure);
    return ask_encode_picture(ask, ret_args, failure);
}

/* ---- putting -------------------------------------------------------------------------- */

const char *
hfi_wait_text(hfi_wait_end_t end)
{
    return end == HFI_WAIT_INTERRUPTED ? "hf_interrupt" : "the manager has not answered in time";
}

const char *
hfi_wait_kind(hfi_wait_end_t end)
{
    return end == HFI_WAIT_INTERRUPTED ? "Interrupted" : "TimeoutError";
}

/* Waits until something of what is under way was acknowledged. */
static bool
ask_wait_window(hf_client_t *client, int64_t due_ns, hfi_failure_t *failure)
{
    hfi_waiter_t w = {.what = HFI_WAIT_ACK, .number = hfi_engine_acknowledged(client->engine) + 1};
    hfi_wait_end_t end = hfi_lead_wait(client, &w, due_ns);
    if (end == HFI_WAIT_READY)
        return true;
    return hfi_fail(failure, hfi_wait_kind(end), "the window stayed full: %s", hfi_wait_text(end));
}

/* Encodes again: an answer came for one of its promises. The mutex is let go meanwhile. */
static bool
ask_encode_again(const hfi_ask_t *ask, va_list *start, ask_args_t *args, hfi_failure_t *failure)
{
    if (ask->args == NULL)
        return hfi_fail(failure, "BadRequest", "a promise in the arguments is answered already");
    hfi_client_unlock(ask->client);
    va_end(*ask->args);
    va_copy(*ask->args, *start);
    bool is_encoded = ask_encode(ask, args, failure);
    hfi_client_lock(ask->client);
    return is_encoded;
}

/* Until the engine has taken it, or never will. Under the mutex, which is let go while it waits. */
static bool
ask_put(const hfi_ask_t *ask, hfi_engine_call_t *call, va_list *start, ask_args_t *args,
        hfi_failure_t *failure)
{
    int64_t wait_due_ns = call->due_ns;
    for (;;) {
        hfi_client_drain(ask->client);
        if (ask->proxy != NULL && !hfi_proxy_target(ask->proxy, call, failure))
            return false;
        call->args = &args->args;
        call->kwargs = args->has_kwargs ? &args->kwargs : NULL;
        uint64_t number;
        switch (hfi_engine_put(ask->client->engine, call, &number, failure)) {
        case HFI_PUT_OK:
            if (call->cookie != NULL)
                ((hf_future_t *)call->cookie)->call = number;
            return true;
        case HFI_PUT_WINDOW:
            if (!ask_wait_window(ask->client, wait_due_ns, failure))
                return false;
            break;
        case HFI_PUT_STALE:
            if (!ask_encode_again(ask, start, args, failure))
                return false;
            break;
        case HFI_PUT_FAILED:
            return false;
        }
    }
}

/* Encodes, locks, puts. True: the mutex is held, and *ret_future is the call's (NULL where it is oneway). */
static bool
ask_begin(const hfi_ask_t *ask, int64_t due_ns, hf_future_t **ret_future, hfi_failure_t *failure)
{
    va_list start;
    ask_args_t args;
    if (ask->args != NULL)
        va_copy(start, *ask->args);
    bool is_put = ask_encode(ask, &args, failure);
    if (is_put) {
        hfi_engine_call_t call = {
            .method = hfi_span_of(ask->method),
            .timeout = -1.0,
            .due_ns = due_ns,
            .thread = hfi_thread_number(),
            .is_oneway = ask->is_oneway,
        };
        hfi_client_lock(ask->client);
        *ret_future = ask->is_oneway ? NULL : hfi_future_new(ask->client);
        call.cookie = *ret_future;
        if (!ask->is_oneway && call.cookie == NULL)
            is_put = hfi_fail(failure, "LimitExceeded", "there is no memory for the call");
        else
            is_put = ask_put(ask, &call, &start, &args, failure);
        if (!is_put && *ret_future != NULL)
            hfi_future_recycle(*ret_future);
        if (!is_put)
            hfi_client_unlock(ask->client);
    }
    if (ask->args != NULL)
        va_end(start);
    return is_put;
}

/* What comes before a call is encoded: it can be meant, and there is a session for it. */
static bool
ask_is_sound(const hfi_ask_t *ask, int64_t due_ns)
{
    if (!hfi_client_is_usable(ask->client))
        return false;
    if (ask->method == NULL || (ask->first[0] == NULL && ask->first[1] != NULL)) {
        (void)hfi_error_set("ValueError", "a name is NULL");
        return false;
    }
    hfi_failure_t failure;
    failure.kind[0] = '\0';
    return !hfi_inherit_is_due(ask->client) || hfi_inherit(ask->client, due_ns, &failure) ||
           hfi_error_take(&failure) == 0;
}

hf_future_t *
hfi_ask_async(const hfi_ask_t *ask, bool *ret_is_put)
{
    hf_future_t *future;
    hfi_failure_t failure;
    failure.kind[0] = '\0'; /* the rest only counts where it failed, and is slow to zero */
    *ret_is_put = false;
    if (!hfi_client_is_usable(ask->client))
        return NULL;
    int64_t due_ns = ask->is_patient ? INT64_MAX : hfi_client_due_ns(ask->client);
    if (!ask_is_sound(ask, due_ns))
        return NULL;
    if (!ask_begin(ask, due_ns, &future, &failure)) {
        (void)hfi_error_take(&failure);
        return NULL;
    }
    if (future != NULL)
        hfi_client_ref(ask->client);
    hfi_lead_put(ask->client);
    hfi_client_unlock(ask->client);
    hfi_error_clear();
    *ret_is_put = true;
    return future;
}

/* The answer is the caller's now. Under the mutex. */
static hfi_future_state_t
ask_take(hf_future_t *future, hf_value_t *ret_value)
{
    hfi_future_state_t state =
        (hfi_future_state_t)atomic_load_explicit(&future->state, memory_order_relaxed);
    *ret_value = future->value;
    future->value = (hf_value_t){0};
    hfi_future_recycle(future);
    return state;
}

/* How a wait ended, as the caller's error or as its result; takes an error's value. */
static int
ask_tell(hf_client_t *client, hfi_future_state_t state, hfi_wait_end_t end, hf_value_t *value,
         hfi_failure_t *lost)
{
    switch (state) {
    case HFI_FUTURE_RESULT:
        hfi_error_clear();
        return 0;
    case HFI_FUTURE_ERROR:
        (void)hfi_error_read(value);
        hfi_answer_done(client, value);
        return -1;
    case HFI_FUTURE_LOST:
        return hfi_error_take(lost);
    case HFI_FUTURE_LEFT:
        break; /* its thread is not in this process */
    case HFI_FUTURE_TIMEOUT:
        return hfi_error_set("TimeoutError", "the manager has not answered in time");
    case HFI_FUTURE_PENDING:
        break;
    }
    return hfi_error_set(hfi_wait_kind(end), "%s", hfi_wait_text(end));
}

int
hfi_ask(const hfi_ask_t *ask, int64_t due_ns, hf_value_t *ret_value)
{
    hf_future_t *future;
    hfi_failure_t failure;
    failure.kind[0] = '\0'; /* the rest only counts where it failed, and is slow to zero */
    hf_client_t *client = ask->client;
    if (!ask_is_sound(ask, due_ns))
        return -1;
    if (!ask_begin(ask, due_ns, &future, &failure))
        return hfi_error_take(&failure);
    HF_ASSERT(future != NULL);
    hfi_client_ref(client); /* it outlives a disconnect while somebody waits */
    hfi_waiter_t w = {.what = HFI_WAIT_FUTURE, .future = future};
    hfi_wait_end_t end = hfi_lead_wait(client, &w, due_ns);
    hf_value_t value = {0};
    hfi_future_state_t state = HFI_FUTURE_PENDING;
    if (end == HFI_WAIT_READY) {
        state = ask_take(future, &value);
    } else {
        hfi_engine_abandon(client->engine, future->call, true);
        hfi_future_recycle(future);
        hfi_keeper_poke(client);
    }
    if (state == HFI_FUTURE_LOST)
        (void)hfi_engine_reason(client->engine, &failure);
    hfi_client_unlock(client);
    int rc = ask_tell(client, state, end, &value, &failure);
    if (rc == 0)
        *ret_value = value;
    hfi_client_unref(client);
    return rc;
}

void
hfi_answer_done(hf_client_t *client, hf_value_t *value)
{
    if (hf_has_handles(value)) {
        hfi_client_lock(client);
        hfi_engine_let_go_value(client->engine, value);
        hfi_client_unlock(client);
        hfi_keeper_poke(client);
    }
    hfi_value_drop(value);
}
