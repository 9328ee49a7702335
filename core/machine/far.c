/* SPDX-License-Identifier: MPL-2.0 */
/* far -- see far.h
 *
 * Why a far has one session and not one for each of our clients. What is held there is held for this manager: a list
 * that outlives the client who filled it goes on holding. So all stubs of a manager live and die with one lease.
 *
 * Why it is found by its object space and not by where it serves. A client names both, and may lie: an endpoint is only
 * where to look, and the session counts once WELCOME has named the space that was looked for.
 */
#include "far.h"

#include <stdlib.h>
#include <string.h>

#include <base/check.h>
#include <base/endpoint.h>
#include <value/admit.h>
#include <value/value.h>

#include "speech.h"
#include "stub.h"

enum {
    FAR_ENDPOINT = 256,   /* bytes of an endpoint that is worth a try */
    FAR_ENDPOINTS = 2048, /* bytes of a WELCOME's endpoints that are worth keeping */
    FAR_BYTES = 2048,     /* what one is charged with */
};

#define FAR_MS INT64_C(1000000)
#define FAR_TRY_NS                                                                                 \
    (1000 * FAR_MS) /* an endpoint that does not answer has so long before the next is tried */
#define FAR_IDLE_NS  (5000 * FAR_MS) /* with nothing held there the session is kept so long */
#define FAR_AGAIN_NS FAR_MS          /* no alarm sooner: what is due at once has been done */

/* ---- tables ----------------------------------------------------------------------------- */

void
hfi_far_open(hfi_state_t *state, hfi_type_t *type)
{
    hfi_fars_t *self = hfi_need(sizeof *self);
    self->type = type;
    hfi_idtable_open(&self->table, sizeof(hfi_far_row_t));
    hfi_idtable_open(&self->adoptions, 2 * sizeof(uint64_t));
    state->fars = self;
}

hfi_far_t *
hfi_far_at(const hfi_state_t *state, uint64_t number)
{
    const hfi_far_row_t *row = hfi_idtable_find(&state->fars->table, number);
    return row == NULL ? NULL : row->far;
}

static hfi_far_t *
far_of_space(const hfi_state_t *state, const hfi_secret_t *space)
{
    const hfi_idtable_t *table = &state->fars->table;
    for (const hfi_far_row_t *row = hfi_idtable_next(table, NULL); row != NULL;
         row = hfi_idtable_next(table, row)) {
        if (!row->far->is_ended &&
            memcmp(row->far->space.bytes, space->bytes, sizeof space->bytes) == 0)
            return row->far;
    }
    return NULL;
}

static hfi_far_t *
far_of_link(const hfi_state_t *state, uint64_t link)
{
    const hfi_idtable_t *table = &state->fars->table;
    for (const hfi_far_row_t *row = hfi_idtable_next(table, NULL); row != NULL && link != 0;
         row = hfi_idtable_next(table, row)) {
        if (row->far->link == link)
            return row->far;
    }
    return NULL;
}

static void
far_bury(hfi_state_t *state, hfi_far_t *far)
{
    hfi_state_arm(state, &far->alarm, INT64_MAX);
    hfi_idtable_remove(&state->fars->table, hfi_idtable_find(&state->fars->table, far->number));
    if (far->stream.limits != NULL)
        hfi_stream_close(&far->stream);
    for (uint32_t i = 0; i < far->n_tried; i++)
        hfi_value_drop(&far->tried[i]);
    free(far->tried);
    hfi_value_drop(&far->endpoints);
    hfi_idtable_close(&far->stubs);
    hfi_idtable_close(&far->asked);
    free(far->owed);
    free(far);
    hfi_account_give(&state->account, FAR_BYTES);
}

/* ---- the connection --------------------------------------------------------------------- */

static void
far_output(hfi_state_t *state, hfi_output_kind_t kind, const hfi_far_t *far, hfi_span_t text,
           hfi_span_t bytes)
{
    hfi_state_output(
        state, &(hfi_output_t){.kind = kind, .link = far->link, .text = text, .bytes = bytes});
}

static void
far_send(hfi_state_t *state, const hfi_far_t *far, const uint8_t *at, size_t len)
{
    state->figures.bytes_out += len;
    far_output(state, HFI_OUTPUT_FAR_SEND, far, (hfi_span_t){NULL, 0}, (hfi_span_t){at, len});
}

static void
far_unlink(hfi_state_t *state, hfi_far_t *far)
{
    const hfi_span_t none = {NULL, 0};
    if (far->link != 0)
        far_output(state, HFI_OUTPUT_FAR_CLOSE, far, none, none);
    far->link = 0;
}

/* A new connection to the endpoint that is tried. */
static void
far_connect(hfi_state_t *state, hfi_far_t *far)
{
    hfi_span_t endpoint;
    far_unlink(state, far);
    far->link = ++state->fars->last_link;
    far->tried_ns = state->now_ns;
    far->wants_ping = far->wants_pong = far->wants_resync = false;
    endpoint.at = (const uint8_t *)hf_as_str(&far->tried[far->at], &endpoint.len);
    far_output(state, HFI_OUTPUT_FAR_OPEN, far, endpoint, (hfi_span_t){NULL, 0});
}

/* Begins a session: what an earlier one said was said to somebody else. */
static void
far_dial(hfi_state_t *state, hfi_far_t *far)
{
    hfi_secret_t session;
    hfi_state_draw(state, session.bytes, sizeof session.bytes);
    if (far->stream.limits != NULL)
        hfi_stream_close(&far->stream);
    hfi_dial_open(&far->dial, &session, 0, hfi_span_of(far->own_name), state->now_ns);
    hfi_stream_open(&far->stream, &state->chunks, &far->dial.limits);
    far_connect(state, far);
}

static void
far_end(hfi_state_t *state, hfi_far_t *far, const char *why)
{
    if (far->is_ended)
        return;
    far->is_ended = true;
    if (far->dial.was_welcomed || far->n_adoptions != 0)
        hfi_state_log(state, HF_LOG_WARNING, "peer", "%s: %s", far->name, why);
    far_unlink(state, far);
    hfi_stub_lose(state, far, why);
}

/* The endpoint is not the one that was looked for: on to the next, unless all have failed. */
static void
far_next(hfi_state_t *state, hfi_far_t *far, const char *why)
{
    if (++far->n_failed >= far->n_tried) {
        far_end(state, far, why);
        return;
    }
    far->at = (far->at + 1) % far->n_tried;
    far_dial(state, far);
}

/* ---- making one ------------------------------------------------------------------------- */

/* Whether the configuration lets this manager connect there. */
static bool
far_may_dial(const hfi_boot_t *boot, const char *text, size_t len)
{
    hf_cursor_t items;
    hf_value_t item;
    if (!boot->is_far || len > FAR_ENDPOINT || !hfi_endpoint_is_sound(text, len))
        return false;
    if (hfi_endpoint_is_near(text, len))
        return true;
    if (hf_kind(&boot->far_allow) != HF_LIST)
        return false;
    hf_open(&items, &boot->far_allow);
    while (hf_next(&items, &item)) {
        size_t n;
        const char *prefix = hf_as_str(&item, &n);
        if (prefix != NULL && hfi_endpoint_is_under(text, len, prefix, n))
            return true;
    }
    return false;
}

static bool
far_tries(const hfi_far_t *far, const hf_value_t *endpoint)
{
    hfi_span_t wanted = hfi_value_span(endpoint);
    for (uint32_t i = 0; i < far->n_tried; i++) {
        if (hfi_span_equal(hfi_value_span(&far->tried[i]), wanted))
            return true;
    }
    return false;
}

/* Adds those of the endpoints that may be tried and are not yet, as many as may be. */
static void
far_add_endpoints(const hfi_state_t *state, hfi_far_t *far, const hf_value_t *endpoints)
{
    hf_cursor_t items;
    hf_value_t item;
    hf_open(&items, endpoints);
    while (far->n_tried < state->boot.limits.far_endpoints && hf_next(&items, &item)) {
        size_t len;
        const char *text = hf_as_str(&item, &len);
        if (!far_may_dial(&state->boot, text, len) || far_tries(far, &item))
            continue;
        far->tried = hfi_need_more(far->tried, (far->n_tried + 1) * sizeof *far->tried);
        if (!hfi_value_keep(&item, &far->tried[far->n_tried++]))
            HF_BUG("no memory");
    }
}

static void
far_name(char *to, const hfi_secret_t *space)
{
    static const char digits[] = "0123456789abcdef";
    static const char name[] = "manager ";
    size_t len = sizeof name - 1;
    memcpy(to, name, len);
    for (size_t i = 0; i < sizeof space->bytes; i++) {
        to[len++] = digits[space->bytes[i] >> 4];
        to[len++] = digits[space->bytes[i] & 15];
    }
    to[len] = '\0';
}

static hfi_far_t *
far_new(hfi_state_t *state, const hfi_secret_t *space, const hf_value_t *endpoints)
{
    hfi_far_t *far = hfi_need(sizeof *far);
    far->space = *space;
    far->alarm.kind = HFI_ALARM_FAR;
    far->idle_ns = INT64_MAX;
    hfi_idtable_open(&far->stubs, sizeof(hfi_far_stub_t));
    hfi_idtable_open(&far->asked, 2 * sizeof(uint64_t));
    far_name(far->own_name, &state->boot.space);
    far_name(far->name, space);
    far_add_endpoints(state, far, endpoints);
    return far;
}

hfi_far_t *
hfi_far_require(hfi_state_t *state, const hfi_secret_t *space, const hf_value_t *endpoints,
                hfi_failure_t *ret_failure)
{
    hfi_fars_t *fars = state->fars;
    hfi_far_t *far = far_of_space(state, space);
    if (far != NULL) {
        if (!far->dial.was_welcomed)
            far_add_endpoints(state, far, endpoints);
        return far;
    }
    const char *limit = NULL;
    if (fars->table.live >= state->boot.limits.far_managers)
        limit = "the manager is a client of as many others as it may";
    else if (!hfi_account_take(&state->account, FAR_BYTES))
        limit = "the manager's memory is at its limit";
    if (limit != NULL) {
        (void)hfi_fail(ret_failure, "LimitExceeded", "%s", limit);
        return NULL;
    }
    far = far_new(state, space, endpoints);
    far->number = ++fars->last;
    hfi_far_row_t *row = hfi_idtable_add(&fars->table, far->number);
    if (row == NULL)
        HF_BUG("no memory");
    row->far = far;
    if (far->n_tried == 0) {
        far->is_ended = true;
        far_bury(state, far);
        (void)hfi_fail(ret_failure, "ReferentLost",
                       "a handle of another manager, none of whose endpoints this one may connect "
                       "to (far, far_allow)");
        return NULL;
    }
    far_dial(state, far);
    return far;
}

void
hfi_far_later(hfi_state_t *state, hfi_far_t *far)
{
    hfi_state_arm(state, &far->alarm, state->now_ns);
}

/* ---- its session, in time ----------------------------------------------------------------- */

static void
far_hello(hfi_state_t *state, hfi_far_t *far, uint8_t *to)
{
    hfi_hello_t hello;
    hf_writer_t w = {.at = to, .room = HFI_SPEECH_FRAME, .grow = hfi_grow_never};
    hfi_dial_hello(&far->dial, far->stream.received, state->now_ns, &hello);
    hello.from = state->boot.space;
    hello.has_from = true;
    hfi_frame_write_hello(&w, &hello);
    HF_ASSERT(!w.failed);
    far_send(state, far, to, w.len);
}

/* What the dial wants done. */
static void
far_step(hfi_state_t *state, hfi_far_t *far, uint8_t *to)
{
    for (;;) {
        switch (hfi_dial_step(&far->dial, state->now_ns)) {
        case HFI_DIAL_NOTHING:
            return;
        case HFI_DIAL_SEND_HELLO:
            far_hello(state, far, to);
            break;
        case HFI_DIAL_SEND_PING:
            far->wants_ping = true;
            return;
        case HFI_DIAL_RECONNECT:
            far_connect(state, far);
            break;
        case HFI_DIAL_LOST:
            far_end(state, far, "it has not answered for a whole lease");
            return;
        }
    }
}

static void
far_bye(hfi_state_t *state, hfi_far_t *far)
{
    uint8_t raw[HFI_SPEECH_CALL];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    if (far->dial.state == HFI_DIAL_OPEN) {
        hfi_frame_write_bye(&w, hfi_stream_ack(&far->stream));
        far_send(state, far, raw, w.len);
    }
    far->is_ended = true;
    far_unlink(state, far);
    hfi_stub_lose(state, far, "this manager has left it");
}

/* Leaves where nothing is held or asked for a while; what is not welcomed yet, at once. */
static void
far_rest(hfi_state_t *state, hfi_far_t *far)
{
    bool is_idle = far->stubs.live == 0 && far->n_adoptions == 0;
    if (!is_idle)
        far->idle_ns = INT64_MAX;
    else if (far->idle_ns == INT64_MAX)
        far->idle_ns = state->now_ns;
    if (!is_idle || far->is_ended)
        return;
    bool is_silent = far->n_owed == 0 && far->stream.outbox.n_messages == 0;
    if (!far->dial.was_welcomed || (state->now_ns - far->idle_ns >= FAR_IDLE_NS &&
                                    (is_silent || far->dial.state != HFI_DIAL_OPEN)))
        far_bye(state, far);
}

/* Another endpoint, where the present one has been silent for long enough. */
static void
far_try(hfi_state_t *state, hfi_far_t *far)
{
    if (!far->dial.was_welcomed && far->n_tried > 1 &&
        state->now_ns - far->tried_ns >= FAR_TRY_NS) {
        far->at = (far->at + 1) % far->n_tried;
        far_dial(state, far);
    }
}

static int64_t
far_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t
far_due(const hfi_state_t *state, const hfi_far_t *far)
{
    int64_t due = hfi_dial_due_ns(&far->dial);
    if (far->dial.state == HFI_DIAL_OPEN)
        due = far_least(due, hfi_stream_ack_due_ns(&far->stream));
    if (!far->dial.was_welcomed && far->n_tried > 1)
        due = far_least(due, far->tried_ns + FAR_TRY_NS);
    if (far->idle_ns != INT64_MAX && state->now_ns - far->idle_ns < FAR_IDLE_NS)
        due = far_least(due, far->idle_ns + FAR_IDLE_NS);
    else if (far->idle_ns != INT64_MAX)
        due = far_least(due, state->now_ns + HFI_ACK_DELAY_NS);
    return due > state->now_ns + FAR_AGAIN_NS ? due : state->now_ns + FAR_AGAIN_NS;
}

/* Sends all that is to be said. */
static void
far_speak(hfi_state_t *state, hfi_far_t *far, uint8_t *to)
{
    size_t len = hfi_speech_write(state, far, to);
    for (; len != 0 && len <= HFI_SPEECH_FRAME; len = hfi_speech_write(state, far, to))
        far_send(state, far, to, len);
    if (len > HFI_SPEECH_FRAME)
        far_end(state, far, "its frames are too short");
}

void
hfi_far_settle(hfi_state_t *state, hfi_far_t *far)
{
    uint8_t frame[HFI_SPEECH_FRAME];
    if (!far->is_ended)
        far_try(state, far);
    if (!far->is_ended)
        far_step(state, far, frame);
    if (!far->is_ended && far->dial.state == HFI_DIAL_OPEN) {
        hfi_stub_ask(state, far);
        hfi_speech_say_owed(far);
        far_speak(state, far, frame);
    }
    far_rest(state, far);
    if (far->is_ended)
        far_bury(state, far);
    else
        hfi_state_arm(state, &far->alarm, far_due(state, far));
}

/* ---- what it hears ---------------------------------------------------------------------- */

/* Its own word on where it is reached; else where it was found. */
static void
far_keep_endpoints(hfi_state_t *state, hfi_far_t *far, const hf_value_t *said)
{
    hf_value_t endpoints = *said;
    hfi_buffer_t *buffer = hfi_state_borrow(state, UINT32_MAX);
    if (hf_kind(said) != HF_LIST || hf_count(said) == 0 || hf_len_of(said) > FAR_ENDPOINTS) {
        hf_write_list(&buffer->w, 1);
        hf_write_value(&buffer->w, &far->tried[far->at]);
        endpoints = hfi_buffer_view(buffer);
    }
    hfi_value_drop(&far->endpoints);
    if (!hfi_value_keep(&endpoints, &far->endpoints))
        HF_BUG("no memory");
    hfi_state_return(state, &buffer);
}

static void
far_on_welcome(hfi_state_t *state, hfi_far_t *far, const hfi_welcome_t *welcome)
{
    bool was_welcomed = far->dial.was_welcomed;
    bool is_it = memcmp(welcome->manager.bytes, far->space.bytes, sizeof far->space.bytes) == 0;
    if (!was_welcomed && !is_it) {
        far_next(state, far, "another manager answers at its endpoints");
        return;
    }
    if (!hfi_dial_on_welcome(&far->dial, welcome, &far->stream, state->now_ns)) {
        if (far->dial.state == HFI_DIAL_ENDED)
            far_end(state, far, "it knows this session no more");
        return;
    }
    if (!was_welcomed)
        far_keep_endpoints(state, far, &welcome->endpoints);
}

static void
far_receive(hfi_state_t *state, hfi_far_t *far, hfi_span_t bytes)
{
    hfi_frame_t frame;
    hfi_reject_t bad =
        hfi_frame_read(bytes, hfi_speech_depth(state), &state->frame_scratch, &frame);
    hfi_dial_on_heard(&far->dial);
    if (bad != HFI_REJECT_NONE) {
        if (far->dial.was_welcomed)
            far_end(state, far, "it sent what is no frame");
        else
            far_next(state, far, "what answers at its endpoints is no manager");
    } else if (frame.kind == HFI_FRAME_WELCOME) {
        far_on_welcome(state, far, &frame.welcome);
    } else if (frame.kind == HFI_FRAME_REJECT) {
        bool was_welcomed = far->dial.was_welcomed;
        if (hfi_dial_on_reject(&far->dial, frame.reason) && was_welcomed)
            far_end(state, far, "it has ended the session");
        else if (far->dial.state == HFI_DIAL_ENDED)
            far_next(state, far, "it has refused the session");
    } else if (far->dial.state == HFI_DIAL_OPEN && !hfi_speech_hear(state, far, &frame)) {
        far_end(state, far, "it broke the protocol");
    }
}

/* ---- events ----------------------------------------------------------------------------- */

void
hfi_far_up(hfi_state_t *state, uint64_t link)
{
    hfi_far_t *far = far_of_link(state, link);
    if (far == NULL)
        return;
    hfi_dial_on_up(&far->dial, state->now_ns);
    hfi_far_settle(state, far);
}

void
hfi_far_down(hfi_state_t *state, uint64_t link, bool is_refused)
{
    hfi_far_t *far = far_of_link(state, link);
    if (far == NULL)
        return;
    hfi_dial_on_down(&far->dial, state->now_ns);
    bool is_next = is_refused && !far->dial.was_welcomed && far->n_failed + 1 < far->n_tried;
    if (is_next)
        far_next(state, far, "");
    hfi_far_settle(state, far);
}

void
hfi_far_frame(hfi_state_t *state, uint64_t link, hfi_span_t bytes)
{
    hfi_far_t *far = far_of_link(state, link);
    state->figures.bytes_in += bytes.len;
    if (far == NULL)
        return;
    far_receive(state, far, bytes);
    hfi_far_settle(state, far);
}

void
hfi_far_time(hfi_state_t *state, hfi_far_t *far)
{
    hfi_far_settle(state, far);
}

void
hfi_far_leave(hfi_state_t *state)
{
    const hfi_idtable_t *table = &state->fars->table;
    for (const hfi_far_row_t *row = hfi_idtable_next(table, NULL); row != NULL;
         row = hfi_idtable_next(table, NULL)) {
        hfi_far_t *far = row->far;
        far_bye(state, far);
        far_bury(state, far);
    }
}

void
hfi_far_close(hfi_state_t *state)
{
    hfi_fars_t *self = state->fars;
    hfi_far_leave(state);
    hfi_stub_close(state);
    hfi_idtable_close(&self->table);
    hfi_idtable_close(&self->adoptions);
    free(self);
    state->fars = NULL;
}
