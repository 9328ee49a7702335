/* SPDX-License-Identifier: MPL-2.0 */
/* user -- a program with an engine and a script of chance. */
#include "user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/check.h>
#include <value/value.h>

#include "inside.h"
#include "op.h"
#include "tamper.h"
#include "token.h"

enum { USER_ROOM = 1 << 17, USER_BURST = 6, USER_SHARED_TRIES = 40 };

void
sim_user_open(sim_user_t *self, sim_t *sim, sim_wire_t *wire, sim_referee_t *referee,
              uint32_t index)
{
    *self = (sim_user_t){
        .sim = sim, .wire = wire, .referee = referee, .index = index, .ops_left = SIM_OPS};
}

void
sim_user_close(sim_user_t *self)
{
    hfi_engine_destroy(&self->engine);
}

void
sim_user_begin(sim_user_t *self)
{
    char client[32];
    hfi_engine_setup_t setup = {.client = client};
    for (size_t i = 0; i < sizeof self->secret.bytes; i++)
        self->secret.bytes[i] = (uint8_t)(sim_chance(self->sim) & 0xff);
    memcpy(setup.session, self->secret.bytes, sizeof setup.session);
    (void)snprintf(client, sizeof client, "user %u", self->index);
    HF_ASSERT(self->engine == NULL);
    self->engine = hfi_engine_new(&setup, self->sim->now_ns);
    HF_ASSERT(self->engine != NULL);
    HF_ASSERT(self->referee->n_sessions + 1 < SIM_MAX_REF_SESSIONS);
    self->session = ++self->referee->n_sessions;
    self->n_sessions++;
    self->before = self->wire->last;
    self->n_proxies = 0;
    self->shared_asked = 0;
    self->is_closing = false;
    self->has_space = false;
    self->is_orphaned = false;
    self->up_ns = self->down_ns = self->sim->now_ns;
    self->gap_ns = 0;
    sim_trace(self->sim, "user %u begins session %llu", self->index,
              (unsigned long long)self->session);
}

/* ---- ends ----------------------------------------------------------------------------- */

static void
user_gap(sim_user_t *self, int64_t *since_ns)
{
    int64_t gap_ns = self->sim->now_ns - *since_ns;
    if (gap_ns > self->gap_ns)
        self->gap_ns = gap_ns;
    *since_ns = self->sim->now_ns;
}

static void
user_lose(sim_user_t *self, sim_op_t *op)
{
    op->end = SIM_LOST;
    sim_token_lost(self->referee, op);
}

static void
user_forget_pending(sim_user_t *self)
{
    for (uint32_t i = 0; i < self->n_pending; i++)
        user_lose(self, self->pending[i]);
    self->referee->n_lost += self->n_pending;
    self->n_pending = 0;
}

static void
user_drop_session(sim_user_t *self)
{
    user_forget_pending(self);
    if (!self->is_closing)
        sim_referee_lost(self->referee, self->session);
    hfi_engine_destroy(&self->engine);
    self->n_proxies = 0;
}

void
sim_user_crash(sim_user_t *self)
{
    sim_trace(self->sim, "user %u crashes", self->index);
    self->is_closing = false;
    sim_link_t *link = sim_wire_find(self->wire, self->link);
    if (link != NULL)
        link->is_dead = true;
    user_drop_session(self);
    sim_user_disconnect(self, false);
}

/* The engine says that its session is over: whether that may be, and a new one. */
static void
user_on_ended(sim_user_t *self)
{
    hfi_failure_t failure = {.kind = "none"};
    (void)hfi_engine_reason(self->engine, &failure);
    user_gap(self, &self->up_ns);
    user_gap(self, &self->down_ns);
    int64_t grace_ns = hfi_engine_grace_ns(self->engine);
    if (!self->is_closing && !self->is_orphaned && self->gap_ns < grace_ns)
        sim_fail(self->sim, SIM_CHECK_SESSION, "user %u: session %llu ended: %s: %s", self->index,
                 (unsigned long long)self->session, failure.kind, failure.text);
    sim_trace(self->sim, "user %u: session %llu ended: %s: %s", self->index,
              (unsigned long long)self->session, failure.kind, failure.text);
    if (hfi_engine_drifts(self->engine) != 0)
        sim_fail(self->sim, SIM_CHECK_DRIFT, "user %u saw a drift", self->index);
    user_drop_session(self);
    sim_user_disconnect(self, false);
}

/* ---- the connection ------------------------------------------------------------------- */

void
sim_user_connect(sim_user_t *self, bool is_told)
{
    HF_ASSERT(self->link == 0);
    self->link = sim_wire_connect(self->wire, self->index)->number;
    sim_trace(self->sim, "user %u has link %llu%s", self->index, (unsigned long long)self->link,
              is_told ? "" : ", unnoticed");
    if (self->engine != NULL && is_told)
        hfi_engine_link_up(self->engine, self->sim->now_ns);
}

void
sim_user_disconnect(sim_user_t *self, bool is_told)
{
    sim_link_t *link = sim_wire_find(self->wire, self->link);
    if (link != NULL)
        sim_wire_cut(self->wire, link, false);
    self->link = 0;
    if (self->engine != NULL && is_told)
        hfi_engine_link_down(self->engine, self->sim->now_ns);
}

void
sim_user_pump(sim_user_t *self)
{
    static uint8_t frame[USER_ROOM];
    if (self->engine == NULL)
        return;
    for (;;) {
        size_t len = hfi_engine_fill(self->engine, self->sim->now_ns, frame, sizeof frame);
        HF_ASSERT(len <= sizeof frame);
        if (len == 0)
            break;
        sim_link_t *link = sim_wire_find(self->wire, self->link);
        if (link == NULL)
            continue; /* lost: it has not noticed yet */
        hfi_span_t sent = {frame, len};
        hfi_bytes_t changed = {0};
        if (sim_tamper_up(self->sim, &sent, &changed))
            sent = hfi_bytes_span(&changed);
        (void)sim_wire_send_up(self->wire, link, sent.at, sent.len);
        hfi_bytes_close(&changed);
    }
    if (hfi_engine_wants_reconnect(self->engine))
        sim_user_disconnect(self, true);
    if (hfi_engine_state(self->engine) == HFI_ENGINE_ENDED)
        user_on_ended(self);
}

void
sim_user_restarted(sim_user_t *self)
{
    if (self->link != 0)
        sim_user_disconnect(self, sim_below(self->sim, 2) == 0);
    self->is_orphaned = self->has_space;
}

/* ---- what comes ----------------------------------------------------------------------- */

/* A handle that came as an answer becomes a proxy, if there is room for one. */
static void
user_adopt(sim_user_t *self, const hf_value_t *value)
{
    size_t len;
    if (hf_kind(value) != HF_HANDLE || self->n_proxies == SIM_MAX_PROXIES)
        return;
    uint64_t object = hf_as_handle(value);
    const char *typeid_ = hf_handle_typeid(value, &len);
    if (object == 0)
        return;
    if (!hfi_engine_hold(self->engine, object)) {
        sim_fail(self->sim, SIM_CHECK_COUNTS, "user %u was given %llu and does not hold it",
                 self->index, (unsigned long long)object);
        return;
    }
    bool is_shared = false;
    sim_type_t type = typeid_ == NULL ? SIM_OTHER : sim_type_of(typeid_, len);
    if (type < SIM_TYPES)
        is_shared = self->referee->shared[type] == object && sim_user_shared(self, type) == NULL;
    self->proxies[self->n_proxies++] = (sim_proxy_t){object, type, is_shared};
}

/* Its own proxies go: what it has exported is the token's now. */
static void
user_leave_to(sim_user_t *self, const sim_token_t *token)
{
    for (uint32_t i = self->n_proxies; i > 0; i--) {
        const sim_proxy_t *proxy = &self->proxies[i - 1];
        bool is_exported =
            proxy->object == token->objects[0] || proxy->object == token->objects[token->n - 1];
        if (is_exported && !proxy->is_shared)
            sim_user_let_go(self, i - 1);
    }
}

bool
sim_user_is_adopting(const sim_user_t *self)
{
    for (uint32_t i = 0; i < self->n_pending; i++)
        if (self->pending[i]->kind == SIM_OP_ADOPT)
            return true;
    return false;
}

static void
user_on_done(sim_user_t *self, hfi_engine_done_t *done)
{
    sim_op_t *op = done->cookie;
    uint32_t place = 0;
    while (place < self->n_pending && self->pending[place] != op)
        place++;
    if (place == self->n_pending || op->call != done->call) {
        sim_fail(self->sim, SIM_CHECK_DONE, "user %u: call %llu ended, which is not pending",
                 self->index, (unsigned long long)done->call);
    } else {
        self->pending[place] = self->pending[--self->n_pending];
        if (done->how == HFI_DONE_RESULT) {
            op->end = SIM_RESULT;
            op->answered_ns = self->sim->now_ns;
            op->answered_by = sim_engine_stream(self->engine)->received;
            self->referee->n_results++;
            sim_op_result(self, op, &done->value);
            if (op->kind == SIM_OP_EXPORT && sim_below(self->sim, 2) == 0)
                user_leave_to(self, op->token);
            user_adopt(self, &done->value);
        } else if (done->how == HFI_DONE_ERROR) {
            op->end = SIM_ERROR;
            self->referee->n_errors++;
            sim_op_error(self, op, &done->value);
        } else {
            op->end = done->how == HFI_DONE_TIMEOUT ? SIM_TIMED_OUT : SIM_LOST;
            if (op->end == SIM_LOST)
                user_lose(self, op);
            if (op->end == SIM_TIMED_OUT && !op->has_timeout)
                sim_fail(self->sim, SIM_CHECK_ANSWER, "op %llu had no time to run out",
                         (unsigned long long)op->id);
        }
    }
    if (hf_has_handles(&done->value))
        hfi_engine_let_go_value(self->engine, &done->value);
    hfi_value_drop(&done->value);
}

static void
user_take_done(sim_user_t *self)
{
    hfi_engine_done_t done;
    while (self->engine != NULL && hfi_engine_take_done(self->engine, &done))
        user_on_done(self, &done);
    if (self->engine != NULL && hfi_engine_state(self->engine) == HFI_ENGINE_ENDED)
        user_on_ended(self);
}

void
sim_user_receive(sim_user_t *self, const sim_frame_t *frame)
{
    if (self->engine == NULL)
        return;
    user_gap(self, &self->down_ns);
    hfi_engine_receive(self->engine, (hfi_span_t){frame->at, frame->len}, self->sim->now_ns);
    if (!self->has_space)
        self->has_space = sim_engine_space(self->engine, &self->space);
    user_take_done(self);
    if (self->engine != NULL && hfi_engine_drifts(self->engine) != 0)
        sim_fail(self->sim, SIM_CHECK_DRIFT, "user %u sees a drift", self->index);
}

void
sim_user_tick(sim_user_t *self)
{
    if (self->engine == NULL || hfi_engine_due_ns(self->engine) > self->sim->now_ns)
        return;
    hfi_engine_tick(self->engine, self->sim->now_ns);
    user_take_done(self);
}

void
sim_user_arrived(sim_user_t *self)
{
    user_gap(self, &self->up_ns);
}

/* ---- proxies -------------------------------------------------------------------------- */

const sim_proxy_t *
sim_user_pick(sim_user_t *self, sim_type_t type)
{
    uint32_t start = self->n_proxies == 0 ? 0 : (uint32_t)sim_below(self->sim, self->n_proxies);
    for (uint32_t i = 0; i < self->n_proxies; i++) {
        const sim_proxy_t *proxy = &self->proxies[(start + i) % self->n_proxies];
        if (proxy->type == type)
            return proxy;
    }
    return NULL;
}

const sim_proxy_t *
sim_user_shared(const sim_user_t *self, sim_type_t type)
{
    for (uint32_t i = 0; i < self->n_proxies; i++)
        if (self->proxies[i].is_shared && self->proxies[i].type == type)
            return &self->proxies[i];
    return NULL;
}

void
sim_user_let_go(sim_user_t *self, uint32_t place)
{
    hfi_engine_let_go(self->engine, self->proxies[place].object);
    self->proxies[place] = self->proxies[--self->n_proxies];
}

/* ---- the script ----------------------------------------------------------------------- */

static void
user_give_up_one(sim_user_t *self)
{
    if (self->n_pending == 0)
        return;
    uint32_t place = (uint32_t)sim_below(self->sim, self->n_pending);
    sim_op_t *op = self->pending[place];
    op->is_cancelled = true;
    if (op->is_counted || sim_below(self->sim, 3) != 0) {
        hfi_engine_cancel(self->engine, op->call);
        return;
    }
    /* what others may wait behind is not left waiting for ever */
    bool is_waited_for = op->kind == SIM_OP_PARK || op->kind == SIM_OP_AFTER;
    op->is_left = !is_waited_for && sim_below(self->sim, 2) != 0;
    hfi_engine_abandon(self->engine, op->call, !op->is_left);
    op->end = SIM_ABANDONED;
    self->pending[place] = self->pending[--self->n_pending];
}

static void
user_let_go_one(sim_user_t *self)
{
    if (self->n_proxies == 0)
        return;
    uint32_t place = (uint32_t)sim_below(self->sim, self->n_proxies);
    if (!self->proxies[place].is_shared)
        sim_user_let_go(self, place);
}

/* The shared referents come first in each session. */
static bool
user_ask_shared(sim_user_t *self)
{
    if (self->shared_asked == SIM_TYPES)
        return false;
    if (sim_op_put_with(self, SIM_OP_SHARE, self->shared_asked))
        self->shared_asked++;
    return true;
}

void
sim_user_act(sim_user_t *self)
{
    if (self->engine == NULL || self->is_closing ||
        hfi_engine_state(self->engine) == HFI_ENGINE_ENDED)
        return;
    for (uint64_t n = 1 + sim_below(self->sim, USER_BURST); n > 0 && self->ops_left > 0; n--) {
        if (user_ask_shared(self))
            continue;
        uint64_t what = sim_below(self->sim, 100);
        if (what < 5)
            user_give_up_one(self);
        else if (what < 17)
            user_let_go_one(self);
        else if (self->n_pending < SIM_MAX_PENDING - 4 &&
                 sim_op_put(self, sim_op_choose(self->sim)))
            self->ops_left--;
    }
}

void
sim_user_leave(sim_user_t *self)
{
    if (self->engine == NULL || self->is_closing || self->n_pending > 0)
        return;
    while (self->n_proxies > 0)
        sim_user_let_go(self, self->n_proxies - 1);
    if (hfi_engine_acknowledged(self->engine) < hfi_engine_last(self->engine))
        return; /* whoever wants its last calls done waits before BYE */
    self->is_closing = true;
    sim_trace(self->sim, "user %u says BYE", self->index);
    hfi_engine_bye(self->engine, self->sim->now_ns);
}
