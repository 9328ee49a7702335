/* SPDX-License-Identifier: MPL-2.0 */
/* host -- see host.h
 *
 * Each function takes what a plugin hands it as a mistake may have made it: what a function may not do where it is
 * called from is refused, named and logged, and the call ends in RemoteError.
 */
#include "host.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include <base/check.h>
#include <value/admit.h>
#include <value/compare.h>
#include <value/picture.h>
#include <value/repr.h>
#include <value/value.h>

#include "cycle.h"
#include "extension.h"
#include "heap.h"
#include "hook.h"
#include "parking.h"
#include "scan.h"
#include "stub.h"
#include "timer.h"

/* ---- answering ------------------------------------------------------------------------- */

/* the answer is written straight into the session's outbox */
static hf_err_t
host_return_nil(hf_call_t *call)
{
    hfi_call_t *self = hfi_call_of(call);
    hf_writer_t *w = hfi_answer_begin(self);
    if (w == NULL)
        return HF_RAISED;
    hf_write_nil(w);
    return hfi_answer_end(self);
}

static hf_err_t
host_return_bool(hf_call_t *call, bool value)
{
    hfi_call_t *self = hfi_call_of(call);
    hf_writer_t *w = hfi_answer_begin(self);
    if (w == NULL)
        return HF_RAISED;
    hf_write_bool(w, value);
    return hfi_answer_end(self);
}

static hf_err_t
host_return_int(hf_call_t *call, int64_t value)
{
    hfi_call_t *self = hfi_call_of(call);
    hf_writer_t *w = hfi_answer_begin(self);
    if (w == NULL)
        return HF_RAISED;
    hf_write_int(w, value);
    return hfi_answer_end(self);
}

static hf_err_t
host_return_uint(hf_call_t *call, uint64_t value)
{
    hfi_call_t *self = hfi_call_of(call);
    hf_writer_t *w = hfi_answer_begin(self);
    if (w == NULL)
        return HF_RAISED;
    hf_write_uint(w, value);
    return hfi_answer_end(self);
}

static hf_err_t
host_return_float(hf_call_t *call, double value)
{
    hfi_call_t *self = hfi_call_of(call);
    hf_writer_t *w = hfi_answer_begin(self);
    if (w == NULL)
        return HF_RAISED;
    hf_write_float(w, value);
    return hfi_answer_end(self);
}

static hf_err_t
host_return_str(hf_call_t *call, const char *text, size_t len)
{
    hfi_call_t *self = hfi_call_of(call);
    if (!hfi_is_utf8(text, len))
        return hfi_answer_fault(self, "it answered with a str that is no UTF-8");
    hf_writer_t *w = hfi_answer_begin(self);
    if (w == NULL)
        return HF_RAISED;
    hf_write_str(w, text, len);
    return hfi_answer_end(self);
}

static hf_err_t
host_return_bytes(hf_call_t *call, const void *at, size_t len)
{
    hfi_call_t *self = hfi_call_of(call);
    hf_writer_t *w = hfi_answer_begin(self);
    if (w == NULL)
        return HF_RAISED;
    hf_write_bytes(w, at, len);
    return hfi_answer_end(self);
}

static hf_err_t
host_return_value(hf_call_t *call, const hf_value_t *value)
{
    hfi_call_t *self = hfi_call_of(call);
    hf_writer_t *w = hfi_answer_begin(self);
    if (w == NULL)
        return HF_RAISED;
    if (hf_kind(value) != HF_NONE) /* none: it is told that it answered with no value */
        hf_write_value(w, value);
    return hfi_answer_end(self);
}

static hf_writer_t *
host_return_writer(hf_call_t *call)
{
    return hfi_answer_begin(hfi_call_of(call));
}

static hf_err_t
host_return_written(hf_call_t *call)
{
    return hfi_answer_end_checked(hfi_call_of(call));
}

static hf_err_t host_raise(hf_call_t *call, const char *kind, const hf_value_t *data,
                           const char *format, ...) HF_FORMAT(4, 5);

static hf_err_t
host_raise(hf_call_t *call, const char *kind, const hf_value_t *data, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)hfi_answer_raisev(hfi_call_of(call), kind, data, format, args);
    va_end(args);
    return HF_RAISED;
}

static const hf_value_t *
host_no_arg(hf_call_t *call, uint32_t k)
{
    static const hf_value_t none = {.raw = {0}};
    hfi_call_t *self = hfi_call_of(call);
    (void)hfi_answer_fault(self, "it asked for argument %u of %u", k, self->head.n_arg);
    return &none;
}

/* ---- parking --------------------------------------------------------------------------- */

static hf_err_t
host_park(hf_call_t *call, hf_waiters_t *waiters, double seconds)
{
    hfi_call_t *self = hfi_call_of(call);
    if (isnan(seconds))
        return hfi_answer_raise(self, "ValueError", NULL, "a timeout that is no number");
    return hfi_call_park(self, waiters, seconds);
}

static uint32_t
host_wake(hf_call_t *call, hf_waiters_t *waiters, uint32_t n)
{
    return hfi_call_wake(hfi_call_of(call), waiters, n);
}

static hf_call_t *
host_take_parked(hf_call_t *call, hf_waiters_t *waiters)
{
    hfi_call_t *other = hfi_call_take_parked(hfi_call_of(call), waiters);
    return other == NULL ? NULL : &other->head;
}

/* ---- values ---------------------------------------------------------------------------- */

/* Lets the first `n` handles of the value go. */
static void
host_let_go(hfi_call_t *self, const hf_value_t *value, uint64_t n)
{
    hfi_scan_t scan;
    hf_value_t item;
    hfi_scan_open(&scan, value);
    for (; n > 0 && hfi_scan_next(&scan, &item); n--) {
        hfi_referent_t *referent = hfi_state_find(self->state, hf_as_handle(&item));
        if (referent == NULL) /* it dies in this round too, or the manager does */
            continue;
        if (!hfi_referents_unhold(&self->state->referents, referent, HFI_HOLDER_REFERENT))
            (void)hfi_answer_fault(self, "it let go of #%llu, which it did not hold",
                                   (unsigned long long)referent->number);
    }
}

static hf_err_t
host_hold(hf_call_t *call, const hf_value_t *value)
{
    /* WALK reference 2/8: the referent that keeps it becomes a holder */
    hfi_scan_t scan;
    hf_value_t item;
    uint64_t n = 0;
    hfi_call_t *self = hfi_call_of(call);
    self->has_changed = true;
    if (!hf_has_handles(value))
        return HF_OK;
    hfi_scan_open(&scan, value);
    for (; hfi_scan_next(&scan, &item); n++) {
        hfi_referent_t *referent = hfi_state_find(self->state, hf_as_handle(&item));
        bool is_full = referent != NULL && referent->holders[HFI_HOLDER_REFERENT] == UINT32_MAX;
        bool is_lost = referent != NULL && hfi_stub_is_lost(self->state, referent);
        if (referent != NULL && !is_full && !is_lost) {
            hfi_referents_hold(referent, HFI_HOLDER_REFERENT);
            continue;
        }
        host_let_go(self, value, n);
        if (is_lost)
            return hfi_answer_lost(self, referent);
        if (is_full)
            return hfi_answer_raise(self, "LimitExceeded", NULL, "#%llu is held too often",
                                    (unsigned long long)referent->number);
        return hfi_answer_raise(self, "NoSuchObject", NULL, "no object %llu",
                                (unsigned long long)hf_as_handle(&item));
    }
    return HF_OK;
}

static void
host_unhold(hf_call_t *call, const hf_value_t *value)
{
    hfi_call_t *self = hfi_call_of(call);
    self->has_changed = true;
    if (hf_has_handles(value))
        host_let_go(self, value, UINT64_MAX);
}

static hf_err_t
host_keep(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_kept)
{
    hf_value_t kept;
    hfi_call_t *self = hfi_call_of(call);
    uint64_t bytes = hfi_value_memory(value);
    if (!hfi_heap_charge(self, bytes))
        return HF_RAISED;
    if (host_hold(call, value) != HF_OK) {
        hfi_heap_uncharge(self, bytes);
        return HF_RAISED;
    }
    if (!hfi_value_keep(value, &kept))
        HF_BUG("no memory");
    *ret_kept = kept;
    return HF_OK;
}

static void
host_drop(hf_call_t *call, hf_value_t *value)
{
    hfi_call_t *self = hfi_call_of(call);
    host_unhold(call, value);
    hfi_heap_uncharge(self, hfi_value_memory(value));
    hfi_value_drop(value);
}

static bool
host_equal(hf_call_t *call, const hf_value_t *a, const hf_value_t *b)
{
    (void)call;
    return hfi_equal(a, b);
}

static bool
host_hash(hf_call_t *call, const hf_value_t *value, uint64_t *ret_hash)
{
    return hfi_hash(&hfi_call_of(call)->state->secrets_key, value, ret_hash);
}

static bool
host_compare(hf_call_t *call, const hf_value_t *a, const hf_value_t *b, int *ret_order)
{
    (void)call;
    return hfi_compare(a, b, ret_order);
}

static uint64_t
host_room(const hfi_call_t *self)
{
    const hfi_account_t *account = &self->state->account;
    return account->used < account->limit ? account->limit - account->used : 0;
}

static hf_err_t
host_repr(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_str)
{
    hfi_bytes_t text = {0};
    hfi_call_t *self = hfi_call_of(call);
    if (!hfi_repr(value, &text))
        HF_BUG("no memory");
    hfi_buffer_t *buffer = hfi_state_borrow(self->state, UINT32_MAX);
    hf_write_str(&buffer->w, (const char *)text.at, text.len);
    hfi_bytes_close(&text);
    bool is_written = !buffer->w.failed && buffer->w.len <= host_room(self);
    if (is_written) {
        hf_value_t view = hfi_buffer_view(buffer);
        *ret_str = hfi_arena_copy(&self->state->arena, &view);
    }
    hfi_state_return(self->state, &buffer);
    return is_written ? HF_OK
                      : hfi_answer_raise(self, "LimitExceeded", NULL, "the repr is too long");
}

/* What was written into the buffer, as a value for the call's life; gives the buffer back. */
static hf_err_t
host_take_written(hfi_call_t *self, hfi_buffer_t *buffer, hf_value_t *ret_value)
{
    const char *why = NULL;
    hf_value_t value;
    hfi_bytes_t scratch = {0};
    hf_err_t err = HF_OK;
    if (buffer->w.failed)
        err = buffer->is_too_long
                  ? hfi_answer_raise(self, "LimitExceeded", NULL, "a value longer than may be")
                  : hfi_answer_fault(self, "it wrote what cannot be written");
    else if (hfi_admit_value((hfi_span_t){buffer->w.at, buffer->w.len}, HFI_DEPTH_MAX, &scratch,
                             &value, &why) != HFI_ADMIT_OK)
        err = hfi_answer_fault(self, "what it wrote is no value: %s", why == NULL ? "?" : why);
    else
        *ret_value = hfi_arena_copy(&self->state->arena, &value);
    hfi_bytes_close(&scratch);
    hfi_state_return(self->state, &buffer);
    return err;
}

static hf_writer_t *
host_writer(hf_call_t *call)
{
    hfi_call_t *self = hfi_call_of(call);
    hfi_buffer_t *buffer = hfi_state_borrow(self->state, host_room(self));
    buffer->next = self->writing;
    self->writing = buffer;
    return &buffer->w;
}

static hf_err_t
host_written(hf_call_t *call, hf_writer_t *writer, hf_value_t *ret_value)
{
    hfi_call_t *self = hfi_call_of(call);
    hfi_buffer_t **at = &self->writing;
    while (*at != NULL && &(*at)->w != writer)
        at = &(*at)->next;
    hfi_buffer_t *buffer = *at;
    if (buffer == NULL)
        return hfi_answer_fault(self, "it finished a writer that it had not begun");
    *at = buffer->next;
    return host_take_written(self, buffer, ret_value);
}

static hf_err_t
host_build(hf_call_t *call, hf_value_t *ret_value, const char *picture, ...)
{
    va_list args;
    hfi_failure_t failure;
    hfi_call_t *self = hfi_call_of(call);
    hfi_buffer_t *buffer = hfi_state_borrow(self->state, host_room(self));
    va_start(args, picture);
    bool is_written = hfi_picture_write_value(picture, &args, NULL, &buffer->w, &failure);
    va_end(args);
    if (is_written)
        return host_take_written(self, buffer, ret_value);
    hfi_state_return(self->state, &buffer);
    return hfi_answer_pass_on(self, &failure);
}

static hfi_referent_t *
host_referent(hfi_call_t *self, const hf_value_t *handle)
{
    if (hf_kind(handle) != HF_HANDLE) {
        (void)hfi_answer_raise(self, "TypeError", NULL, "a handle is wanted");
        return NULL;
    }
    hfi_referent_t *referent = hfi_state_find(self->state, hf_as_handle(handle));
    if (referent == NULL)
        (void)hfi_answer_raise(self, "NoSuchObject", NULL, "no object %llu",
                               (unsigned long long)hf_as_handle(handle));
    return referent;
}

static hf_err_t
host_value_of(hf_call_t *call, const hf_value_t *handle, hf_value_t *ret_value)
{
    hfi_call_t *self = hfi_call_of(call);
    hfi_referent_t *referent = host_referent(self, handle);
    if (referent == NULL || !hfi_hook_value_for(self, referent, ret_value))
        return HF_RAISED;
    return HF_OK;
}

static void *
host_deref(hf_call_t *call, const hf_value_t *handle, const hf_type_t *type)
{
    hfi_call_t *self = hfi_call_of(call);
    hfi_referent_t *referent = host_referent(self, handle);
    if (referent == NULL)
        return NULL;
    if (referent->type->declared != type) {
        (void)hfi_answer_raise(self, "TypeError", NULL, "a handle of %s is wanted, not of %s",
                               type == NULL ? "nothing" : type->name, referent->type->row->name);
        return NULL;
    }
    if (referent->is_offloading) {
        (void)hfi_answer_raise(self, "RuntimeError", NULL, "#%llu has an offloaded call under way",
                               (unsigned long long)referent->number);
        return NULL;
    }
    bool is_home = hfi_call_home(self, hfi_referent_self(referent), 0) != NULL;
    if (!is_home && self->n_homes < HFI_CALL_HOMES)
        self->homes[self->n_homes++] = referent;
    return hfi_referent_self(referent);
}

static hf_err_t
host_self(hf_call_t *call, hf_value_t *ret_handle)
{
    hfi_call_t *self = hfi_call_of(call);
    if (self->referent == NULL)
        return hfi_answer_fault(self, "it asked for a referent, and there is none");
    const char *name = self->type->row->name;
    hfi_buffer_t *buffer = hfi_state_borrow(self->state, UINT32_MAX);
    hf_write_handle(&buffer->w, self->referent->number, name, strlen(name));
    hf_value_t view = hfi_buffer_view(buffer);
    *ret_handle = hfi_arena_copy(&self->state->arena, &view);
    hfi_state_return(self->state, &buffer);
    return HF_OK;
}

/* The arguments of a picture, as a list and a map for the call's life. False: raised. */
static bool
host_picture(hfi_call_t *self, const char *text, va_list *args, hf_value_t *ret_args,
             hf_value_t *ret_kwargs)
{
    hfi_failure_t failure;
    hfi_picture_t picture;
    hfi_state_t *state = self->state;
    if (!hfi_picture_open(&picture, text == NULL ? "" : text, &failure)) {
        (void)hfi_answer_pass_on(self, &failure);
        return false;
    }
    hfi_buffer_t *list = hfi_state_borrow(state, host_room(self));
    hfi_buffer_t *map = hfi_state_borrow(state, host_room(self));
    bool is_written = hfi_picture_write_args(&picture, args, NULL, &list->w, &failure) &&
                      hfi_picture_write_kwargs(&picture, args, NULL, &map->w, &failure);
    if (!is_written)
        (void)hfi_answer_pass_on(self, &failure);
    else if (list->w.failed || map->w.failed)
        (void)hfi_answer_raise(self, "LimitExceeded", NULL, "a value longer than may be");
    is_written = is_written && !list->w.failed && !map->w.failed;
    if (is_written) {
        hf_value_t view = hfi_buffer_view(list);
        *ret_args = hfi_arena_copy(&state->arena, &view);
        view = hfi_buffer_view(map);
        *ret_kwargs = hfi_arena_copy(&state->arena, &view);
    }
    hfi_state_return(state, &list);
    hfi_state_return(state, &map);
    return is_written;
}

static hf_err_t
host_return_new(hf_call_t *call, const hf_type_t *type, const char *picture, ...)
{
    va_list args;
    hf_value_t list;
    hf_value_t map;
    hfi_call_t *self = hfi_call_of(call);
    hfi_type_t *known = type == NULL ? NULL : hfi_plugins_find_row(self->state->plugins, type);
    if (known == NULL)
        return hfi_answer_fault(self, "it made a referent of a type that is not its plugin's");
    if (self->sink == HFI_SINK_NONE)
        return hfi_answer_fault(self, "it answered, and is no method");
    va_start(args, picture);
    bool is_built = host_picture(self, picture, &args, &list, &map);
    va_end(args);
    if (!is_built)
        return HF_RAISED;
    hfi_referent_t *referent = hfi_hook_birth(self, known, &list, &map);
    if (referent == NULL)
        return HF_RAISED;
    hf_writer_t *w = hfi_answer_begin(self);
    if (w == NULL)
        return HF_RAISED;
    hf_write_handle(w, referent->number, known->row->name, strlen(known->row->name));
    return hfi_answer_end(self);
}

static hf_err_t
host_run(hf_call_t *call, const hf_type_t *type, uint32_t row, void *state, const hf_value_t *args)
{
    hfi_call_t *self = hfi_call_of(call);
    hfi_type_t *known = type == NULL ? NULL : hfi_plugins_find_row(self->state->plugins, type);
    if (known == NULL || row >= known->row->n_methods)
        return hfi_answer_fault(self, "it ran a row of no type of its plugin's");
    const hfi_method_t *method = &known->methods[row];
    if (method->row->run == NULL)
        return hfi_answer_fault(self, "it ran %s, which is offloaded", method->row->name);
    hf_call_t head = self->head;
    bool may_park = self->may_park;
    hf_err_t err = HF_RAISED;
    hfi_bound_t *bound = hfi_arena_take(&self->state->arena, sizeof *bound);
    *bound = self->bound;
    self->may_park = false;
    if (hfi_call_bind(self, method->signature, method->row->name, args, NULL)) {
        self->head.row = row;
        err = method->row->run(&self->head, state);
    }
    self->bound = *bound;
    self->head.arg = head.arg;
    self->head.n_arg = head.n_arg;
    self->head.row = head.row;
    self->may_park = may_park;
    return err;
}

static void
host_visit(hf_visit_t *visit, const hf_value_t *value)
{
    hfi_cycle_visit(visit, value);
}

/* ---- delivery, owners, world ------------------------------------------------------------ */

static void
host_mind(hf_call_t *call, uint64_t cookie)
{
    hfi_call_t *self = hfi_call_of(call);
    if (self->sink == HFI_SINK_NONE || self->type == NULL || self->type->row->undelivered == NULL) {
        (void)hfi_answer_fault(self, "it minds an answer, and its type has no `undelivered`");
        return;
    }
    hfi_answer_mind(self, cookie);
}

static hf_caller_t
host_caller(hf_call_t *call)
{
    const hfi_call_t *self = hfi_call_of(call);
    uint64_t left =
        self->record == NULL ? 0 : self->record->owner; /* `gone`, of an ended session */
    return (hf_caller_t){self->session == NULL ? left : self->session->number, self->thread};
}

static hf_err_t
host_client(hf_call_t *call, uint64_t session, hf_value_t *ret_text)
{
    const hfi_session_t *of = hfi_state_session(hfi_call_of(call)->state, session);
    return host_build(call, ret_text, "s", of == NULL || of->client == NULL ? "" : of->client);
}

static hf_err_t
host_own(hf_call_t *call, const void *state)
{
    hfi_call_t *self = hfi_call_of(call);
    const hfi_referent_t *home = hfi_call_home(self, state, 0);
    if (home == NULL)
        return hfi_answer_fault(self, "it owns with what lies in no referent's state");
    if (self->session == NULL || home->type->row->session_died == NULL)
        return hfi_answer_fault(
            self, "it owns, and there is no caller or its type has no `session_died`");
    if (hfi_session_own(self->session, &self->state->referents, &self->state->account,
                        home->number))
        return HF_OK;
    return hfi_answer_raise(self, "LimitExceeded", NULL, "the manager's memory is at its limit");
}

static void
host_disown(hf_call_t *call, const void *state, uint64_t session)
{
    hfi_call_t *self = hfi_call_of(call);
    hfi_session_t *owner = hfi_state_session(self->state, session);
    const hfi_referent_t *home = hfi_call_home(self, state, 0);
    if (home == NULL)
        (void)hfi_answer_fault(self, "it disowns with what lies in no referent's state");
    else if (owner != NULL)
        hfi_session_disown(owner, &self->state->account, home->number);
}

static double
host_now(hf_call_t *call)
{
    return (double)hfi_call_of(call)->state->now_ns / 1e9;
}

static uint64_t
host_random(hf_call_t *call)
{
    uint64_t bits;
    hfi_state_draw(hfi_call_of(call)->state, &bits, sizeof bits);
    return bits;
}

static hf_err_t
host_timer(hf_call_t *call, uint32_t number, double seconds)
{
    hfi_call_t *self = hfi_call_of(call);
    if (self->referent == NULL || self->type->row->timer == NULL)
        return hfi_answer_fault(self, "it armed a timer, and its type has no `timer`");
    if (isnan(seconds))
        return hfi_answer_raise(self, "ValueError", NULL, "a time that is no number");
    if (self->referent->is_dying)
        return HF_OK; /* there will be no such time for it */
    if (hfi_timer_set(self->state, self->referent, number, hfi_state_due_in(self->state, seconds)))
        return HF_OK;
    return hfi_answer_raise(self, "LimitExceeded", NULL,
                            "the referent has as many timers as it may");
}

static void host_log(hf_call_t *call, int32_t level, const char *format, ...) HF_FORMAT(3, 4);

static void
host_log(hf_call_t *call, int32_t level, const char *format, ...)
{
    char blame[128];
    va_list args;
    hfi_call_t *self = hfi_call_of(call);
    (void)snprintf(blame, sizeof blame, "plugin %s", self->plugin);
    va_start(args, format);
    hfi_state_logv(self->state, level < HF_LOG_ERROR || level > HF_LOG_DEBUG ? HF_LOG_INFO : level,
                   blame, format, args);
    va_end(args);
}

/* In the machine a call that nobody waits for any more is never run. */
static bool
host_is_cancelled(hf_call_t *call)
{
    (void)call;
    return false;
}

const hf_host_t hfi_host = {
    .size = sizeof(hf_host_t),
    .get_extension = hfi_extension_find,
    .return_nil = host_return_nil,
    .return_bool = host_return_bool,
    .return_int = host_return_int,
    .return_uint = host_return_uint,
    .return_float = host_return_float,
    .return_str = host_return_str,
    .return_bytes = host_return_bytes,
    .return_value = host_return_value,
    .return_writer = host_return_writer,
    .return_written = host_return_written,
    .return_new = host_return_new,
    .raise = host_raise,
    .no_arg = host_no_arg,
    .park = host_park,
    .wake = host_wake,
    .take_parked = host_take_parked,
    .keep = host_keep,
    .drop = host_drop,
    .hold = host_hold,
    .unhold = host_unhold,
    .equal = host_equal,
    .hash = host_hash,
    .compare = host_compare,
    .repr = host_repr,
    .build = host_build,
    .writer = host_writer,
    .written = host_written,
    .value_of = host_value_of,
    .deref = host_deref,
    .self = host_self,
    .run = host_run,
    .visit = host_visit,
    .alloc = hfi_heap_alloc,
    .realloc = hfi_heap_realloc,
    .free = hfi_heap_free,
    .mind = host_mind,
    .caller = host_caller,
    .own = host_own,
    .disown = host_disown,
    .now = host_now,
    .random = host_random,
    .timer = host_timer,
    .log = host_log,
    .client = host_client,
    .is_cancelled = host_is_cancelled,
};
