/* SPDX-License-Identifier: MPL-2.0 */
/* engine_call -- the engine's calls, their ends, and the references that came with them; see engine.c. */
#include "engine_state.h"

#include <inttypes.h>

#include <base/check.h>
#include <base/mutant.h>
#include <value/value.h>

enum {
    ENGINE_RELEASE_PAIRS = 256, /* in one RELEASE; shorter than a frame must be able to be */
    ENGINE_CALL_OVERHEAD = 128, /* of a CALL beside method, args and kwargs, at most */
    ENGINE_DONE_FIRST = 64,
};

/* ---- ends ----------------------------------------------------------------------------- */

void
hfi_engine_put_done(hfi_engine_t *self, const hfi_pending_t *pending, hfi_engine_how_t how,
                    const hf_value_t *value)
{
    HF_ASSERT(self->done != NULL && self->n_done <= self->done_mask);
    self->done[(self->done_first + self->n_done) & self->done_mask] = (hfi_engine_done_t){
        .call = pending->call, .cookie = pending->cookie, .how = how, .value = *value};
    self->n_done++;
}

/* Room for the end of every call that is pending, and one more. */
static bool
engine_reserve_done(hfi_engine_t *self)
{
    uint32_t slots = self->done == NULL ? 0 : self->done_mask + 1;
    if (self->n_done + self->pendings.n < slots)
        return true;
    uint32_t room = slots == 0 ? ENGINE_DONE_FIRST : 2 * slots;
    hfi_engine_done_t *done = calloc(room, sizeof *done);
    if (done == NULL)
        return false;
    HF_ASSERT(self->done != NULL || self->n_done == 0);
    for (uint32_t i = 0; i < self->n_done; i++)
        done[i] = self->done[(self->done_first + i) & self->done_mask];
    free(self->done);
    self->done = done;
    self->done_mask = room - 1;
    self->done_first = 0;
    return true;
}

/* ---- answers -------------------------------------------------------------------------- */

typedef struct engine_taker {
    hfi_engine_t *self;
    bool is_held;
} engine_taker_t;

static bool
engine_receive_handle(void *context, uint64_t object, bool is_promise)
{
    const engine_taker_t *taker = context;
    return is_promise || hfi_entries_receive(&taker->self->entries, object, taker->is_held);
}

/* Counts the references that came with a value. */
static void
engine_count(hfi_engine_t *self, const hf_value_t *value, bool is_held)
{
    engine_taker_t taker = {self, is_held};
    if (hf_has_handles(value) && !hfi_each_named(value, engine_receive_handle, &taker))
        hfi_engine_end(self, "SessionLost", "there was no memory to count a reference");
}

/* ERROR as a value, [kind, text] or [kind, text, data]. */
static bool
engine_error_value(const hfi_message_t *m, hf_value_t *ret_value)
{
    bool has_data = m->value.raw[15] != 0;
    size_t room = m->error_kind.len + m->text.len + hf_len_of(&m->value) + 16;
    uint8_t *at = hfi_blob_new(room);
    if (at == NULL)
        return false;
    hf_writer_t w = {.at = at, .room = room, .grow = hfi_grow_never};
    hf_write_list(&w, has_data ? 3 : 2);
    hf_write_str(&w, (const char *)m->error_kind.at, m->error_kind.len);
    hf_write_str(&w, (const char *)m->text.at, m->text.len);
    if (has_data)
        hf_write_value(&w, &m->value);
    HF_ASSERT(!w.failed);
    hfi_blob_finish(at, w.len, w.tag, ret_value);
    return true;
}

static bool
engine_local_error(const char *kind, const char *text, hf_value_t *ret_value)
{
    hfi_message_t m = {.error_kind = hfi_span_of(kind), .text = hfi_span_of(text)};
    return engine_error_value(&m, ret_value);
}

/* What the driver gets of an answer. An error without a value says that there was no memory for it. */
static hfi_engine_how_t
engine_outcome(const hfi_message_t *m, hf_value_t *ret_value)
{
    *ret_value = (hf_value_t){0};
    if (m->bad_request != NULL) {
        (void)engine_local_error("RemoteError", m->bad_request, ret_value);
        return HFI_DONE_ERROR;
    }
    if (m->kind == HFI_MESSAGE_ERROR) {
        (void)engine_error_value(m, ret_value);
        return HFI_DONE_ERROR;
    }
    return hfi_value_keep(&m->value, ret_value) ? HFI_DONE_RESULT : HFI_DONE_ERROR;
}

void
hfi_engine_answer(hfi_engine_t *self, const hfi_message_t *m)
{
    bool is_event = m->kind == HFI_MESSAGE_EVENT; /* nothing here watches yet */
    hfi_pending_t *pending = is_event ? NULL : hfi_pendings_find(&self->pendings, m->call);
    if (pending == NULL || pending->is_abandoned) {
        if (!HFI_MUTANT(m15_cancel_confirmed))
            engine_count(self, &m->value, false);
        if (pending != NULL)
            hfi_pendings_remove(&self->pendings, pending);
        return;
    }
    hf_value_t value;
    hfi_engine_how_t how = engine_outcome(m, &value);
    engine_count(self, &m->value, hf_has_handles(&value));
    hfi_deadlines_cancel(self->deadlines, &pending->deadline);
    hfi_engine_put_done(self, pending, how, &value);
    hfi_pendings_remove(&self->pendings, pending);
}

/* ---- what waits for a frame ----------------------------------------------------------- */

/* One RELEASE of as many as are there; false: no room in the window, or no memory. */
static bool
engine_release(hfi_engine_t *self)
{
    hfi_begun_t begun;
    if (!hfi_stream_has_room(&self->stream, ENGINE_CALL_OVERHEAD) ||
        !hfi_stream_begin(&self->stream, &begun))
        return false;
    uint64_t objects[ENGINE_RELEASE_PAIRS];
    uint64_t counts[ENGINE_RELEASE_PAIRS];
    uint32_t n = 0;
    while (n < ENGINE_RELEASE_PAIRS &&
           hfi_entries_take_unheld(&self->entries, &objects[n], &counts[n]))
        n++;
    if (n == 0) {
        hfi_outbox_rollback(&begun);
        return true;
    }
    hfi_message_write_release(&begun.w, n);
    for (uint32_t i = 0; i < n; i++) {
        hf_write_uint(&begun.w, objects[i]);
        hf_write_uint(&begun.w, counts[i]);
    }
    uint64_t number = hfi_outbox_commit(&begun, NULL);
    if (number == 0)
        hfi_engine_end(self, "SessionLost", "there was no memory to give a reference back");
    else
        self->last_release = number;
    return number != 0;
}

static bool
engine_send_cancel(hfi_engine_t *self, uint64_t call)
{
    hfi_begun_t begun;
    if (!hfi_stream_has_room(&self->stream, ENGINE_CALL_OVERHEAD) ||
        !hfi_stream_begin(&self->stream, &begun))
        return false;
    hfi_message_write_cancel(&begun.w, call);
    return hfi_outbox_commit(&begun, NULL) != 0;
}

/* Puts what waited for a frame into the stream. */
void
hfi_engine_gather(hfi_engine_t *self)
{
    uint32_t n = 0;
    while (n < self->n_cancels && (hfi_pendings_find(&self->pendings, self->cancels[n]) == NULL ||
                                   engine_send_cancel(self, self->cancels[n])))
        n++;
    if (n > 0) {
        self->n_cancels -= n;
        memmove(self->cancels, self->cancels + n, self->n_cancels * sizeof *self->cancels);
    }
    if (!hfi_engine_send_owed(self))
        return; /* what is exported must not be released before */
    while (hfi_entries_has_unheld(&self->entries) && engine_release(self)) {
    }
}

/* ---- calls ---------------------------------------------------------------------------- */

static bool
engine_knows_promise(void *context, uint64_t number, bool is_promise)
{
    const hfi_engine_t *self = context;
    return !is_promise || hfi_pendings_find(&self->pendings, number) != NULL;
}

static bool
engine_has_promises(const hf_value_t *value)
{
    return value != NULL && (value->raw[15] & HF_TAG_PROMISES) != 0;
}

/* False: it names a call that is answered. */
static bool
engine_promises_stand(hfi_engine_t *self, const hfi_engine_call_t *call, bool *ret_has_promises)
{
    *ret_has_promises =
        call->promise != 0 || engine_has_promises(call->args) || engine_has_promises(call->kwargs);
    if (call->promise != 0 && hfi_pendings_find(&self->pendings, call->promise) == NULL)
        return false;
    if (engine_has_promises(call->args) && !hfi_each_named(call->args, engine_knows_promise, self))
        return false;
    return !engine_has_promises(call->kwargs) ||
           hfi_each_named(call->kwargs, engine_knows_promise, self);
}

static void
engine_write_call(hf_writer_t *w, const hfi_engine_call_t *call)
{
    bool has_options = call->thread != 0 || call->is_oneway || call->timeout >= 0;
    bool has_kwargs = call->kwargs != NULL;
    unsigned n_items = has_options ? 6 : has_kwargs ? 5 : 4;
    bool is_promise = call->promise != 0;
    hfi_message_write_call(w, n_items, is_promise ? call->promise : call->object, is_promise,
                           call->method);
    if (call->args != NULL)
        hf_write_value(w, call->args);
    else
        hf_write_list(w, 0);
    if (has_kwargs)
        hf_write_value(w, call->kwargs);
    else if (has_options)
        hf_write_nil(w);
    if (has_options) {
        bool has_timeout = call->timeout >= 0 && call->timeout < 9e9;
        hfi_message_write_options(w, has_timeout ? (int64_t)(call->timeout * 1e9) : INT64_MAX,
                                  call->thread, call->is_oneway);
    }
}

static size_t
engine_call_len(const hfi_engine_call_t *call)
{
    size_t len = ENGINE_CALL_OVERHEAD + call->method.len;
    len += call->args == NULL ? 0 : hf_len_of(call->args);
    return len + (call->kwargs == NULL ? 0 : hf_len_of(call->kwargs));
}

/* Everything that can fail for want of memory, before the message has its number. */
static bool
engine_reserve(hfi_engine_t *self, const hfi_engine_call_t *call)
{
    return call->is_oneway || (hfi_pendings_reserve(&self->pendings, hfi_engine_last(self) + 1) &&
                               engine_reserve_done(self));
}

static bool
engine_commit(hfi_engine_t *self, const hfi_engine_call_t *call, uint64_t *ret_call,
              hfi_failure_t *ret_failure)
{
    hfi_begun_t begun;
    if (!engine_reserve(self, call) || !hfi_stream_begin(&self->stream, &begun))
        return hfi_fail(ret_failure, "LimitExceeded", "there is no memory for the call");
    engine_write_call(&begun.w, call);
    size_t len = begun.w.len;
    bool is_too_long = begun.is_too_long;
    uint64_t number = hfi_outbox_commit(&begun, NULL);
    if (number == 0 && (is_too_long || begun.is_too_long))
        return hfi_fail(ret_failure, "LimitExceeded",
                        "the call is longer than one frame of %" PRIu64 " bytes may be",
                        self->dial.limits.frame_bytes);
    if (number == 0)
        return hfi_fail(ret_failure, "LimitExceeded", "there is no memory for the call");
    self->gathered += len;
    *ret_call = number;
    return true;
}

bool
hfi_engine_commit_oneway(hfi_engine_t *self, const char *method, const hf_value_t *args,
                         hfi_failure_t *ret_failure)
{
    uint64_t number;
    hfi_engine_call_t call = {
        .method = hfi_span_of(method), .args = args, .timeout = -1.0, .is_oneway = true};
    return engine_commit(self, &call, &number, ret_failure);
}

hfi_engine_put_t
hfi_engine_put(hfi_engine_t *self, const hfi_engine_call_t *call, uint64_t *ret_call,
               hfi_failure_t *ret_failure)
{
    HF_CHECK(self, ENGINE_MAGIC);
    bool has_promises;
    if (self->is_ended || self->wants_bye) {
        if (!hfi_engine_reason(self, ret_failure))
            (void)hfi_fail(ret_failure, "SessionLost", "the client is being disconnected");
        return HFI_PUT_FAILED;
    }
    if (!engine_promises_stand(self, call, &has_promises))
        return HFI_PUT_STALE;
    if (hfi_entries_has_unheld(&self->entries) || self->n_owed > 0)
        hfi_engine_gather(self); /* what was let go before the call is given back before it */
    size_t len = engine_call_len(call);
    if (len - ENGINE_CALL_OVERHEAD > self->dial.limits.frame_bytes) {
        (void)hfi_fail(ret_failure, "LimitExceeded", "the call is longer than one frame may be");
        return HFI_PUT_FAILED;
    }
    if (self->n_owed > 0 || !hfi_stream_has_room(&self->stream, len))
        return HFI_PUT_WINDOW;
    uint64_t number = 0;
    if (!engine_commit(self, call, &number, ret_failure))
        return HFI_PUT_FAILED;
    if (has_promises) {
        if (hfi_engine_acknowledged(self) >= self->last_promise)
            self->stream.ack_limit = self->stream.received;
        self->last_promise = number;
    }
    *ret_call = number;
    if (call->is_oneway)
        return HFI_PUT_OK;
    hfi_pending_t *pending = hfi_pendings_add(&self->pendings, number, call->cookie);
    /* Without memory for its deadline the call has none here; whoever waits for it has one of his own. */
    if (call->due_ns != HFI_ENGINE_NEVER)
        (void)hfi_deadlines_arm(self->deadlines, &pending->deadline, call->due_ns);
    return HFI_PUT_OK;
}

/* What is pending when the session has ended, one after the other. */
static bool
engine_take_lost(hfi_engine_t *self, hfi_engine_done_t *ret_done)
{
    hfi_pending_t *pending;
    while ((pending = hfi_pendings_any(&self->pendings, &self->lost_hint)) != NULL) {
        hfi_deadlines_cancel(self->deadlines, &pending->deadline);
        bool is_told = !pending->is_abandoned;
        *ret_done = (hfi_engine_done_t){.call = pending->call,
                                        .cookie = pending->cookie,
                                        .how = self->is_left ? HFI_DONE_LEFT : HFI_DONE_LOST};
        hfi_pendings_remove(&self->pendings, pending);
        if (is_told)
            return true;
    }
    return false;
}

bool
hfi_engine_take_done(hfi_engine_t *self, hfi_engine_done_t *ret_done)
{
    HF_CHECK(self, ENGINE_MAGIC);
    if (self->n_done == 0)
        return self->is_ended && engine_take_lost(self, ret_done);
    *ret_done = self->done[self->done_first & self->done_mask];
    self->done_first = (self->done_first + 1) & self->done_mask;
    self->n_done--;
    return true;
}

void
hfi_engine_cancel(hfi_engine_t *self, uint64_t call)
{
    HF_CHECK(self, ENGINE_MAGIC);
    if (self->is_ended || hfi_pendings_find(&self->pendings, call) == NULL)
        return;
    if (self->n_cancels == self->cancels_room) {
        uint32_t room = self->cancels_room == 0 ? 16 : 2 * self->cancels_room;
        uint64_t *cancels = realloc(self->cancels, room * sizeof *cancels);
        if (cancels == NULL)
            return; /* it runs on: to cancel was never more than a wish */
        self->cancels = cancels;
        self->cancels_room = room;
    }
    self->cancels[self->n_cancels++] = call;
}

void
hfi_engine_abandon(hfi_engine_t *self, uint64_t call, bool is_cancelled)
{
    HF_CHECK(self, ENGINE_MAGIC);
    hfi_pending_t *pending = hfi_pendings_find(&self->pendings, call);
    if (pending == NULL || pending->is_abandoned)
        return;
    hfi_deadlines_cancel(self->deadlines, &pending->deadline);
    pending->is_abandoned = true;
    pending->cookie = NULL;
    self->pendings.n_abandoned++;
    if (is_cancelled && !HFI_MUTANT(m14_cancel_on_give_up))
        hfi_engine_cancel(self, call);
}

size_t
hfi_engine_n_pending(const hfi_engine_t *self)
{
    return self->pendings.n - self->pendings.n_abandoned;
}

/* ---- references ----------------------------------------------------------------------- */

bool
hfi_engine_hold(hfi_engine_t *self, uint64_t object)
{
    HF_CHECK(self, ENGINE_MAGIC);
    return hfi_entries_hold(&self->entries, object);
}

void
hfi_engine_let_go(hfi_engine_t *self, uint64_t object)
{
    HF_CHECK(self, ENGINE_MAGIC);
    hfi_entries_let_go(&self->entries, object);
}

static bool
engine_let_go_named(void *context, uint64_t number, bool is_promise)
{
    hfi_engine_t *self = context;
    if (!is_promise)
        hfi_entries_let_go(&self->entries, number);
    return true;
}

void
hfi_engine_let_go_value(hfi_engine_t *self, const hf_value_t *value)
{
    HF_CHECK(self, ENGINE_MAGIC);
    if (hf_has_handles(value))
        (void)hfi_each_named(value, engine_let_go_named, self);
}

uint64_t
hfi_engine_received(const hfi_engine_t *self, uint64_t object)
{
    const hfi_entry_t *entry = hfi_idtable_find(&self->entries.table, object);
    return entry == NULL ? 0 : entry->received;
}

bool
hfi_engine_next_entry(const hfi_engine_t *self, uint64_t *object, uint64_t *ret_received,
                      uint64_t *ret_holds)
{
    const hfi_entry_t *at = *object == 0 ? NULL : hfi_idtable_find(&self->entries.table, *object);
    const hfi_entry_t *entry = hfi_idtable_next(&self->entries.table, at);
    if (entry == NULL)
        return false;
    *object = entry->object;
    *ret_received = entry->received;
    *ret_holds = entry->holds;
    return true;
}
