/* SPDX-License-Identifier: MPL-2.0 */
/* pair -- two managers that are clients of each other; see pair.h. */
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/check.h>
#include <stream/handle.h>
#include <value/value.h>
#include <value/writer.h>

#include "inside.h"
#include "pair_audit.h"
#include "peer.h"

enum {
    PAIR_STEPS = 60000,
    PAIR_CALM_STEPS = 60000,
    PAIR_AUDIT_EVERY = 61,
    PAIR_RESTART_EVERY = 4000,
    PAIR_ARGS = 512,
    PAIR_ROOM = 1 << 17,
};

/* ---- calls ------------------------------------------------------------------------------- */

static pair_side_t *
pair_side(sim_pair_t *self, const pair_job_t *job)
{
    return &self->users[job->user].sides[job->at];
}

static pair_job_t *
pair_job(sim_pair_t *self)
{
    for (uint32_t i = 0; i < PAIR_JOBS; i++)
        if (self->jobs[i].step == PAIR_FREE)
            return &self->jobs[i];
    return NULL;
}

/* The side that it is about is the one that it was begun with, and its session lives. */
static bool
pair_is_same(const sim_pair_t *self, uint32_t user, uint32_t at, uint64_t session)
{
    const pair_side_t *side = &self->users[user].sides[at];
    return side->engine != NULL && side->n_sessions == session;
}

static void
pair_let_go_of(sim_pair_t *self, uint32_t user, uint32_t at, uint64_t session, uint64_t object)
{
    if (object != 0 && pair_is_same(self, user, at, session))
        hfi_engine_let_go(self->users[user].sides[at].engine, object);
}

/* It is over; what it held on to is let go. */
static void
pair_end_job(sim_pair_t *self, pair_job_t *job)
{
    uint32_t holder = job->step == PAIR_EXPORT ? job->at : job->from;
    uint64_t session = job->step == PAIR_EXPORT ? job->session : job->held_session;
    if (job->step == PAIR_EXPORT || job->step == PAIR_STORE || job->step == PAIR_COUNT)
        pair_let_go_of(self, job->user, holder, session, job->object);
    if (job->has_target)
        pair_let_go_of(self, job->user, job->to, job->to_session, job->target);
    if (job->step == PAIR_ADOPT)
        pair_let_go_of(self, job->user, job->from, job->held_session, job->stub);
    *job = (pair_job_t){0};
}

/* Another manager's, or one's own list, as an argument. */
static void
pair_write_handle(const sim_pair_t *self, const pair_job_t *job, hf_writer_t *w)
{
    if (job->from == job->at) {
        hf_write_handle(w, job->object, NULL, 0);
        return;
    }
    const hfi_secret_t *space = sim_pair_space(&self->managers[job->from]);
    size_t mark = hfi_ext_begin(w);
    hf_write_list(w, 5);
    hf_write_uint(w, job->object);
    hf_write_str(w, "list", 4);
    hf_write_bytes(w, job->secret, sizeof job->secret);
    hf_write_bytes(w, space->bytes, sizeof space->bytes);
    hf_write_list(w, 1);
    hf_write_str(w, sim_pair_endpoints[job->from], strlen(sim_pair_endpoints[job->from]));
    hfi_ext_end(w, mark, 1);
}

static const char *
pair_write_args(const sim_pair_t *self, const pair_job_t *job, hf_writer_t *w)
{
    switch (job->step) {
    case PAIR_CREATE:
        hf_write_list(w, 1);
        hf_write_str(w, "list", 4);
        return "create";
    case PAIR_SHARE:
        hf_write_list(w, 2);
        hf_write_str(w, "shared", 6);
        hf_write_str(w, "list", 4);
        return "get_or_create";
    case PAIR_EXPORT:
        hf_write_list(w, 4);
        hf_write_handle(w, job->object, NULL, 0);
        hf_write_float(w, 5.0);
        hf_write_int(w, 1);
        hf_write_bytes(w, job->secret, sizeof job->secret);
        return "export";
    case PAIR_STORE:
    case PAIR_COUNT:
        hf_write_list(w, 1);
        pair_write_handle(self, job, w);
        return job->step == PAIR_STORE ? "append" : "count";
    case PAIR_TAKE:
        hf_write_list(w, job->is_store ? 1 : 0);
        if (job->is_store)
            hf_write_int(w, 0);
        return job->is_store ? "getitem" : "pop";
    case PAIR_ADOPT:
        hf_write_list(w, 1);
        hf_write_bytes(w, job->secret, sizeof job->secret);
        return "adopt";
    case PAIR_CLEAN:
        hf_write_list(w, 1);
        hf_write_str(w, "shared", 6);
        return "unbind";
    case PAIR_FREE:
        break;
    }
    HF_BUG("a job that is none");
}

static void
pair_put(sim_pair_t *self, pair_job_t *job)
{
    uint8_t raw[PAIR_ARGS];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    pair_side_t *side = pair_side(self, job);
    const char *method = pair_write_args(self, job, &w);
    hf_value_t args = hfi_value_view((hfi_span_t){raw, w.len}, w.tag);
    bool is_list = job->step == PAIR_STORE || job->step == PAIR_COUNT || job->step == PAIR_TAKE;
    hfi_engine_call_t call = {.object = is_list ? job->target : 0,
                              .method = hfi_span_of(method),
                              .args = &args,
                              .timeout = -1.0,
                              .due_ns = HFI_ENGINE_NEVER,
                              .cookie = job};
    hfi_failure_t failure;
    if (side->engine == NULL) {
        pair_end_job(self, job);
        return;
    }
    job->session = side->n_sessions;
    hfi_engine_put_t put = hfi_engine_put(side->engine, &call, &job->call, &failure);
    job->is_waiting = put == HFI_PUT_WINDOW;
    if (put == HFI_PUT_FAILED)
        pair_end_job(self, job);
}

/* ---- proxies ----------------------------------------------------------------------------- */

static uint64_t
pair_serial(const sim_pair_t *self, uint32_t at, uint64_t object)
{
    return object < PAIR_OBJECTS ? self->serials[at][object] : 0;
}

static void
pair_keep(sim_pair_t *self, pair_side_t *side, uint64_t object)
{
    if (side->n_proxies == PAIR_PROXIES || !hfi_engine_hold(side->engine, object))
        return;
    (void)self;
    side->proxies[side->n_proxies++] = object;
}

static void
pair_drop_proxy(pair_side_t *side, uint32_t place)
{
    hfi_engine_let_go(side->engine, side->proxies[place]);
    side->proxies[place] = side->proxies[--side->n_proxies];
}

/* ---- answers ----------------------------------------------------------------------------- */

/* A handle was taken out of a list: one's own manager's, or the other's, which is adopted there first. */
static void
pair_taken(sim_pair_t *self, pair_job_t *job, const hf_value_t *value)
{
    hfi_handle_t far;
    pair_side_t *side = pair_side(self, job);
    pair_job_t *next = pair_job(self);
    if (hf_kind(value) != HF_HANDLE)
        return;
    if (!hfi_handle_read(value, &far)) {
        pair_keep(self, side, hf_as_handle(value));
        return;
    }
    uint32_t there = 1 - job->at;
    const hfi_secret_t *space = sim_pair_space(&self->managers[there]);
    bool is_there = memcmp(space->bytes, far.manager.bytes, sizeof far.manager.bytes) == 0;
    if (!far.has_stub)
        sim_fail(&self->sim, SIM_CHECK_ANSWER, "a far handle was handed out without a stub");
    if (!is_there || next == NULL || self->users[job->user].sides[there].engine == NULL ||
        !hfi_engine_hold(side->engine, far.stub))
        return;
    *next = (pair_job_t){.step = PAIR_ADOPT,
                         .user = job->user,
                         .at = there,
                         .from = job->at,
                         .held_session = side->n_sessions,
                         .object = far.object,
                         .stub = far.stub,
                         .n_restarts = self->n_restarts[0] + self->n_restarts[1]};
    memcpy(next->secret, far.secret.bytes, sizeof next->secret);
    pair_put(self, next);
}

static void
pair_exported(sim_pair_t *self, pair_job_t *job)
{
    uint32_t there = 1 - job->at;
    job->from = job->at;
    job->held_session = job->session;
    job->at = there;
    job->step = job->is_store ? PAIR_STORE : PAIR_COUNT;
    pair_put(self, job);
}

static void
pair_result(sim_pair_t *self, pair_job_t *job, const hf_value_t *value)
{
    pair_side_t *side = pair_side(self, job);
    uint64_t object = hf_as_handle(value);
    switch (job->step) {
    case PAIR_CREATE:
        HF_ASSERT(object < PAIR_OBJECTS);
        self->serials[job->at][object] = ++self->last_serial;
        pair_keep(self, side, object);
        break;
    case PAIR_SHARE:
        self->shared[job->at] = object;
        pair_keep(self, side, object);
        break;
    case PAIR_EXPORT:
        pair_exported(self, job);
        return;
    case PAIR_STORE:
        self->n_stored++;
        break;
    case PAIR_TAKE:
        pair_taken(self, job, value);
        break;
    case PAIR_ADOPT:
        self->n_adopted++;
        if (hf_kind(value) != HF_HANDLE || object != job->object)
            sim_fail(&self->sim, SIM_CHECK_ANSWER, "another referent was adopted");
        pair_keep(self, side, object);
        break;
    case PAIR_CLEAN:
        self->is_clean[job->at] = true;
        break;
    case PAIR_COUNT:
    case PAIR_FREE:
        break;
    }
    pair_end_job(self, job);
}

/* An error: which of them must not be? */
static void
pair_error(sim_pair_t *self, pair_job_t *job, const hf_value_t *value)
{
    size_t len;
    hf_cursor_t items;
    hf_value_t kind;
    hf_open(&items, value);
    (void)hf_next(&items, &kind);
    const char *word = hf_as_str(&kind, &len);
    sim_trace(&self->sim, "user %u: step %d at %u: %.*s", job->user, (int)job->step, job->at,
              (int)len, word);
    bool is_of_list = job->step == PAIR_TAKE || job->step == PAIR_CLEAN;
    if (self->is_quiet && !is_of_list)
        sim_fail(&self->sim, SIM_CHECK_ANSWER, "step %d failed in a quiet world: %.*s",
                 (int)job->step, (int)len, word);
    if (job->step == PAIR_STORE)
        self->n_refused++;
    if (job->step == PAIR_CLEAN)
        self->is_clean[job->at] = true;
    if (job->step == PAIR_ADOPT) {
        self->n_missed++;
        bool is_held = pair_is_same(self, job->user, job->from, job->held_session) &&
                       job->n_restarts == self->n_restarts[0] + self->n_restarts[1];
        if (is_held && sim_pair_has_stub(&self->managers[job->from], job->stub) &&
            sim_pair_holds(&self->managers[job->from], &self->managers[job->at], job->object))
            sim_fail(&self->sim, SIM_CHECK_PINS, "what was handed out could not be adopted");
    }
    pair_end_job(self, job);
}

static void
pair_take_done(sim_pair_t *self, pair_side_t *side)
{
    hfi_engine_done_t done;
    while (side->engine != NULL && hfi_engine_take_done(side->engine, &done)) {
        pair_job_t *job = done.cookie;
        hfi_engine_t *engine = side->engine;
        if (job->step == PAIR_FREE || job->call != done.call)
            sim_fail(&self->sim, SIM_CHECK_DONE, "a call ended that is no job's");
        else if (done.how == HFI_DONE_RESULT)
            pair_result(self, job, &done.value);
        else if (done.how == HFI_DONE_ERROR)
            pair_error(self, job, &done.value);
        else
            pair_end_job(self, job);
        if (hf_has_handles(&done.value))
            hfi_engine_let_go_value(engine, &done.value);
        hfi_value_drop(&done.value);
    }
}

/* ---- a user's sessions ------------------------------------------------------------------- */

static void
pair_begin(sim_pair_t *self, uint32_t user, uint32_t at)
{
    char client[32];
    pair_side_t *side = &self->users[user].sides[at];
    hfi_engine_setup_t setup = {.client = client};
    for (size_t i = 0; i < sizeof setup.session; i++)
        setup.session[i] = (uint8_t)(sim_chance(&self->sim) & 0xff);
    (void)snprintf(client, sizeof client, "user %u", user);
    side->engine = hfi_engine_new(&setup, self->sim.now_ns);
    HF_ASSERT(side->engine != NULL);
    side->n_sessions++;
    side->before = self->wires[at].last;
    side->n_proxies = 0;
    side->is_closing = false;
}

static void
pair_disconnect(sim_pair_t *self, uint32_t at, pair_side_t *side)
{
    sim_link_t *link = sim_wire_find(&self->wires[at], side->link);
    if (link != NULL)
        sim_wire_cut(&self->wires[at], link, false);
    side->link = 0;
    if (side->engine != NULL)
        hfi_engine_link_down(side->engine, self->sim.now_ns);
}

/* The session is over, one way or the other: so are its jobs. */
static void
pair_drop_side(sim_pair_t *self, uint32_t user, uint32_t at)
{
    pair_side_t *side = &self->users[user].sides[at];
    for (uint32_t i = 0; i < PAIR_JOBS; i++) {
        pair_job_t *job = &self->jobs[i];
        if (job->step != PAIR_FREE && job->user == user && job->at == at)
            pair_end_job(self, job);
    }
    hfi_engine_destroy(&side->engine);
    side->n_proxies = 0;
    pair_disconnect(self, at, side);
}

static void
pair_pump(sim_pair_t *self, uint32_t user, uint32_t at)
{
    static uint8_t frame[PAIR_ROOM];
    pair_side_t *side = &self->users[user].sides[at];
    if (side->engine == NULL)
        return;
    for (;;) {
        size_t len = hfi_engine_fill(side->engine, self->sim.now_ns, frame, sizeof frame);
        if (len == 0)
            break;
        sim_link_t *link = sim_wire_find(&self->wires[at], side->link);
        if (link != NULL)
            (void)sim_wire_send_up(&self->wires[at], link, frame, len);
    }
    if (hfi_engine_wants_reconnect(side->engine))
        pair_disconnect(self, at, side);
    if (hfi_engine_state(side->engine) == HFI_ENGINE_ENDED) {
        pair_take_done(self, side);
        pair_drop_side(self, user, at);
    }
}

static void
pair_connect(sim_pair_t *self, uint32_t user, uint32_t at)
{
    pair_side_t *side = &self->users[user].sides[at];
    if (side->link != 0 || (side->engine == NULL && self->is_over))
        return;
    if (side->engine == NULL)
        pair_begin(self, user, at);
    side->link = sim_wire_connect(&self->wires[at], user)->number;
    hfi_engine_link_up(side->engine, self->sim.now_ns);
}

/* ---- what users do ----------------------------------------------------------------------- */

/* Hands a list on: into an older one, or only as an argument. */
static void
pair_hand_on(sim_pair_t *self, uint32_t user, pair_job_t *job)
{
    pair_side_t *from = &self->users[user].sides[sim_below(&self->sim, 2)];
    uint32_t there = (uint32_t)(from - self->users[user].sides);
    uint32_t to = sim_below(&self->sim, 4) == 0 ? there : 1 - there;
    pair_side_t *side = &self->users[user].sides[to];
    if (from->engine == NULL || side->engine == NULL || from->n_proxies == 0 ||
        side->n_proxies == 0)
        return;
    uint64_t object = from->proxies[sim_below(&self->sim, from->n_proxies)];
    uint64_t target = side->proxies[sim_below(&self->sim, side->n_proxies)];
    bool is_younger = pair_serial(self, there, object) > pair_serial(self, to, target);
    if (!is_younger || !hfi_engine_hold(from->engine, object) ||
        !hfi_engine_hold(side->engine, target))
        return;
    *job = (pair_job_t){.step = there == to ? PAIR_STORE : PAIR_EXPORT,
                        .user = user,
                        .at = there,
                        .from = there,
                        .held_session = from->n_sessions,
                        .object = object,
                        .target = target,
                        .to = to,
                        .to_session = side->n_sessions,
                        .has_target = true,
                        .number = ++self->n_secrets,
                        .is_store = sim_below(&self->sim, 4) != 0};
    for (size_t i = 0; i < 8; i++) {
        job->secret[i] = (uint8_t)(job->number >> (8 * i) & 0xff);
        job->secret[8 + i] = (uint8_t)(self->sim.seed >> (8 * i) & 0xff);
    }
    pair_put(self, job);
}

static void
pair_act(sim_pair_t *self, uint32_t user)
{
    pair_job_t *job = pair_job(self);
    uint32_t at = (uint32_t)sim_below(&self->sim, 2);
    pair_side_t *side = &self->users[user].sides[at];
    uint64_t luck = sim_below(&self->sim, 100);
    if (job == NULL || side->engine == NULL || self->users[user].ops_left == 0 ||
        hfi_engine_n_pending(side->engine) > 8)
        return;
    self->users[user].ops_left--;
    if (luck < 15 && side->n_proxies > 0) {
        pair_drop_proxy(side, (uint32_t)sim_below(&self->sim, side->n_proxies));
    } else if (luck < 35) {
        *job = (pair_job_t){.step = luck < 22 ? PAIR_SHARE : PAIR_CREATE, .user = user, .at = at};
        pair_put(self, job);
    } else if (luck < 70) {
        pair_hand_on(self, user, job);
    } else if (side->n_proxies > 0) {
        *job = (pair_job_t){.step = PAIR_TAKE,
                            .user = user,
                            .at = at,
                            .target = side->proxies[sim_below(&self->sim, side->n_proxies)],
                            .is_store = sim_below(&self->sim, 2) == 0};
        pair_put(self, job);
    }
}

/* ---- steps ------------------------------------------------------------------------------- */

static void
pair_deliver_up(sim_pair_t *self, uint32_t at)
{
    sim_wire_t *wire = &self->wires[at];
    if (wire->n_links == 0)
        return;
    sim_link_t *link = wire->links;
    for (uint64_t n = sim_below(&self->sim, wire->n_links); n > 0; n--)
        link = link->next;
    for (uint64_t n = 1 + sim_below(&self->sim, 4); n > 0; n--) {
        sim_frame_t *frame = sim_wire_take(&link->up);
        if (frame == NULL)
            break;
        sim_manager_frame(&self->managers[at], link, frame);
        free(frame);
    }
    if (link->is_cut && link->up.n == 0)
        sim_manager_link_down(&self->managers[at], link, false);
    if (sim_below(&self->sim, 2) == 0)
        sim_manager_flush(&self->managers[at]);
    sim_wire_sweep(wire);
}

static void
pair_receive(sim_pair_t *self, uint32_t at, const sim_link_t *link, const sim_frame_t *frame)
{
    hfi_span_t bytes = {frame->at, frame->len};
    if (link->user == PAIR_PEER) {
        const pair_peer_t *peer = sim_peer_of_link(self, at, link->number);
        if (peer != NULL)
            sim_manager_apply(
                &self->managers[peer->from],
                &(hfi_event_t){.kind = HFI_EVENT_FAR_FRAME, .link = peer->far, .bytes = bytes});
        return;
    }
    pair_side_t *side = &self->users[link->user].sides[at];
    if (side->engine == NULL || link->number <= side->before)
        return;
    hfi_engine_receive(side->engine, bytes, self->sim.now_ns);
    pair_take_done(self, side);
    if (hfi_engine_drifts(side->engine) != 0)
        sim_fail(&self->sim, SIM_CHECK_DRIFT, "user %u sees a drift", link->user);
}

static void
pair_deliver_down(sim_pair_t *self, uint32_t at)
{
    sim_wire_t *wire = &self->wires[at];
    sim_link_t *link = wire->links;
    for (uint64_t n = wire->n_links == 0 ? 0 : sim_below(&self->sim, wire->n_links); n > 0; n--)
        link = link->next;
    if (link == NULL)
        return;
    for (uint64_t n = 1 + sim_below(&self->sim, 4); n > 0; n--) {
        sim_frame_t *frame = sim_wire_take(&link->down);
        if (frame == NULL)
            break;
        pair_receive(self, at, link, frame);
        free(frame);
    }
}

static void
pair_advance(sim_pair_t *self, int64_t by_ns)
{
    self->sim.now_ns += by_ns;
    for (uint32_t at = 0; at < PAIR_MANAGERS; at++) {
        sim_manager_tick(&self->managers[at]);
        sim_manager_flush(&self->managers[at]);
        for (uint32_t user = 0; user < PAIR_USERS; user++) {
            pair_side_t *side = &self->users[user].sides[at];
            if (side->engine == NULL)
                continue;
            hfi_engine_tick(side->engine, self->sim.now_ns);
            pair_take_done(self, side);
        }
    }
}

static void
pair_restart(sim_pair_t *self, uint32_t at)
{
    sim_trace(&self->sim, "manager %u dies, and another begins", at);
    self->n_restarts[at]++;
    for (uint32_t i = 0; i < PAIR_PEERS; i++) {
        pair_peer_t *peer = &self->peers[i];
        if (peer->far != 0 && peer->from == at) {
            sim_peer_cut(self, peer);
            *peer = (pair_peer_t){0};
        } else if (peer->far != 0) {
            sim_peer_lose(self, peer, 0);
        }
    }
    for (uint32_t user = 0; user < PAIR_USERS; user++)
        if (self->users[user].sides[at].link != 0)
            pair_disconnect(self, at, &self->users[user].sides[at]);
    sim_wire_reset(&self->wires[at]);
    memset(self->serials[at], 0, sizeof self->serials[at]);
    sim_manager_restart(&self->managers[at]);
}

static void
pair_disturb(sim_pair_t *self, uint32_t user, uint32_t at)
{
    sim_t *sim = &self->sim;
    uint64_t luck = sim_below(sim, 100);
    bool is_long = sim_below(sim, 20) == 0;
    int64_t away_ns = (int64_t)sim_below(sim, is_long ? 20000 : 200) * SIM_MS;
    if (luck < 2)
        pair_drop_side(self, user, at);
    else if (luck < 30 && self->users[user].sides[at].link != 0)
        pair_disconnect(self, at, &self->users[user].sides[at]);
    else if (luck < 60)
        sim_peer_lose(self, &self->peers[sim_below(sim, PAIR_PEERS)], away_ns);
    if (sim->has_restarts && sim_below(sim, PAIR_RESTART_EVERY / 100) == 0)
        pair_restart(self, at);
}

static void
pair_retry(sim_pair_t *self)
{
    pair_job_t *job = &self->jobs[sim_below(&self->sim, PAIR_JOBS)];
    if (job->step != PAIR_FREE && job->is_waiting)
        pair_put(self, job);
}

static void
pair_step(sim_pair_t *self)
{
    sim_t *sim = &self->sim;
    uint64_t luck = sim_below(sim, 1000);
    uint32_t at = (uint32_t)sim_below(sim, PAIR_MANAGERS);
    uint32_t user = (uint32_t)sim_below(sim, PAIR_USERS);
    self->n_steps++;
    if (luck < 300)
        pair_deliver_up(self, at);
    else if (luck < 600)
        pair_deliver_down(self, at);
    else if (luck < 750)
        pair_pump(self, user, at);
    else if (luck < 800)
        pair_act(self, user);
    else if (luck < 850)
        sim_manager_flush(&self->managers[at]);
    else if (luck < 920)
        pair_advance(self, (int64_t)sim_below(sim, 20000) * (SIM_MS / 1000));
    else if (luck < 930)
        pair_retry(self);
    else if (luck < 940 && !sim->is_calm)
        pair_disturb(self, user, at);
    else if (luck < 970)
        sim_peer_connect(self, &self->peers[sim_below(sim, PAIR_PEERS)]);
    else
        pair_connect(self, user, at);
    if (self->n_steps % PAIR_AUDIT_EVERY == 0) {
        self->n_audits++;
        for (uint32_t from = 0; from < PAIR_MANAGERS; from++)
            self->n_stubs += sim_pair_audit(sim, &self->managers[from], &self->managers[1 - from]);
    }
}

/* ---- a run ------------------------------------------------------------------------------- */

static bool
pair_is_wild(const sim_pair_t *self)
{
    for (uint32_t i = 0; i < PAIR_USERS; i++)
        if (self->users[i].ops_left > 0)
            return true;
    return false;
}

static bool
pair_is_busy(const sim_pair_t *self)
{
    for (uint32_t i = 0; i < PAIR_JOBS; i++)
        if (self->jobs[i].step != PAIR_FREE)
            return true;
    return false;
}

static void
pair_until_quiet(sim_pair_t *self, const char *what)
{
    for (uint64_t n = 0; pair_is_busy(self) && !self->sim.has_failed; n++) {
        pair_step(self);
        if (n > PAIR_CALM_STEPS)
            sim_fail(&self->sim, SIM_CHECK_DONE, "%s: calls are left without an end", what);
    }
}

/* The names that hold the shared lists go; by another session where one is lost meanwhile. */
static void
pair_clean(sim_pair_t *self)
{
    for (uint64_t n = 0; n < PAIR_CALM_STEPS && !self->sim.has_failed; n++) {
        uint32_t at = self->is_clean[0] ? 1 : 0;
        if (self->is_clean[at])
            return;
        if (self->users[0].sides[at].engine != NULL) {
            pair_job_t *job = pair_job(self);
            HF_ASSERT(job != NULL); /* nothing else is under way */
            *job = (pair_job_t){.step = PAIR_CLEAN, .user = 0, .at = at};
            pair_put(self, job);
            pair_until_quiet(self, "the names go");
        }
        pair_step(self);
    }
    sim_fail(&self->sim, SIM_CHECK_DONE, "the names do not go");
}

/* All let go and say BYE; the managers leave each other when nothing is held there any more. */
static void
pair_leave(sim_pair_t *self)
{
    self->is_over = true;
    for (uint32_t k = 0; k < PAIR_MANAGERS * PAIR_USERS; k++) {
        pair_side_t *side = &self->users[k / 2].sides[k % 2];
        while (side->engine != NULL && side->n_proxies > 0)
            pair_drop_proxy(side, 0);
        if (side->engine != NULL)
            hfi_engine_bye(side->engine, self->sim.now_ns);
    }
    for (uint64_t n = 0; n < PAIR_CALM_STEPS / 4; n++) {
        pair_step(self);
        if (n % 64 == 0)
            pair_advance(self, 200 * SIM_MS);
    }
    for (uint32_t at = 0; at < PAIR_MANAGERS; at++)
        sim_pair_audit_empty(&self->sim, &self->managers[at]);
}

static void
pair_open(sim_pair_t *self, uint64_t seed, const sim_plugins_t *plugins, bool is_traced)
{
    memset(self, 0, sizeof *self);
    self->sim = (sim_t){
        .seed = seed, .chance = seed * UINT64_C(0xD1342543DE82EF95) + 1, .is_traced = is_traced};
    self->is_quiet = sim_below(&self->sim, 4) == 0;
    self->sim.is_calm = self->is_quiet;
    self->sim.has_restarts = sim_below(&self->sim, 2) == 0;
    for (uint32_t at = 0; at < PAIR_MANAGERS; at++) {
        sim_wire_open(&self->wires[at], &self->sim);
        self->managers[at].endpoint = sim_pair_endpoints[at];
        self->managers[at].on_far = sim_peer_on_far;
        self->managers[at].context = self;
        sim_manager_open(&self->managers[at], &self->sim, &self->wires[at], plugins, NULL);
        self->wires[at].late_ns = 1;
    }
    for (uint32_t i = 0; i < PAIR_USERS; i++)
        self->users[i].ops_left = PAIR_OPS;
}

bool
sim_pair_run(sim_pair_t *self, uint64_t seed, const sim_plugins_t *plugins, bool is_traced)
{
    pair_open(self, seed, plugins, is_traced);
    for (uint64_t n = 0; pair_is_wild(self) && !self->sim.has_failed; n++) {
        pair_step(self);
        if (n > PAIR_STEPS)
            sim_fail(&self->sim, SIM_CHECK_DONE, "the users do not come to their end");
    }
    self->sim.is_calm = true;
    pair_until_quiet(self, "what was begun ends");
    if (!self->sim.has_failed)
        pair_clean(self);
    if (!self->sim.has_failed)
        pair_leave(self);
    for (uint32_t k = 0; k < PAIR_MANAGERS * PAIR_USERS; k++)
        hfi_engine_destroy(&self->users[k / 2].sides[k % 2].engine);
    for (uint32_t at = 0; at < PAIR_MANAGERS; at++)
        self->managers[at].on_far = NULL;
    for (uint32_t at = 0; at < PAIR_MANAGERS; at++)
        sim_manager_close(&self->managers[at]);
    for (uint32_t at = 0; at < PAIR_MANAGERS; at++)
        sim_wire_close(&self->wires[at]);
    return !self->sim.has_failed;
}
