/* SPDX-License-Identifier: MPL-2.0 */
/* engine -- the client's engine against a peer, over a wire that loses, delays and cuts, under many seeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <client/engine.h>
#include <value/picture.h>
#include <value/value.h>

#include "peer.h"

enum { ROOM = 1 << 20, WIRE = 256, CALLS = 4096, STEPS = 3000, SEEDS = 300 };

#define MS INT64_C(1000000)

static uint64_t
chance(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* ---- a wire --------------------------------------------------------------------------- */

typedef struct wire {
    hfi_bytes_t frames[WIRE];
    unsigned first;
    unsigned n;
} wire_t;

static void
wire_put(wire_t *self, const uint8_t *at, size_t len)
{
    assert_true(self->n < WIRE);
    hfi_bytes_t *frame = &self->frames[(self->first + self->n++) % WIRE];
    frame->len = 0;
    assert_true(hfi_bytes_append(frame, at, len));
}

static bool
wire_take(wire_t *self, hfi_span_t *ret_frame)
{
    if (self->n == 0)
        return false;
    *ret_frame = hfi_bytes_span(&self->frames[self->first]);
    self->first = (self->first + 1) % WIRE;
    self->n--;
    return true;
}

static void
wire_close(wire_t *self)
{
    for (unsigned i = 0; i < WIRE; i++)
        hfi_bytes_close(&self->frames[i]);
}

/* ---- a world -------------------------------------------------------------------------- */

typedef struct record {
    uint64_t call;
    bool is_waited;
    bool is_done;
} record_t;

typedef struct world {
    hfi_engine_t *engine;
    peer_t peer;
    wire_t up;   /* to the peer */
    wire_t down; /* to the engine */
    bool is_linked;
    int64_t now_ns;
    uint64_t seed;
    uint64_t first_seed;
    uint64_t puts;
    record_t records[CALLS];
    unsigned n_records;
    uint64_t held[CALLS]; /* objects, one entry a hold */
    unsigned n_held;
    uint64_t last_answer; /* a call whose answer was taken */
} world_t;

static const hfi_limits_t small = {
    .frame_bytes = 1 << 16, .depth = 64, .window = 64, .window_bytes = 1 << 16};

static world_t *
world_new(uint64_t seed)
{
    world_t *self = calloc(1, sizeof *self);
    assert_non_null(self);
    self->seed = self->first_seed = seed;
    hfi_engine_setup_t setup = {.client = "test", .lease_ns = 10000 * MS};
    memset(setup.session, 1, sizeof setup.session);
    self->engine = hfi_engine_new(&setup, 0);
    assert_non_null(self->engine);
    peer_open(&self->peer, &small);
    return self;
}

static void
world_destroy(world_t *self)
{
    hfi_engine_destroy(&self->engine);
    peer_close(&self->peer);
    wire_close(&self->up);
    wire_close(&self->down);
    free(self);
}

static void
world_cut(world_t *self)
{
    self->is_linked = false;
    self->up.n = self->down.n = 0;
    peer_cut(&self->peer);
    hfi_engine_link_down(self->engine, self->now_ns);
}

static void
world_link(world_t *self)
{
    self->is_linked = true;
    hfi_engine_link_up(self->engine, self->now_ns);
}

/* What both ends have to say goes onto the wires. */
static void
world_send(world_t *self)
{
    static uint8_t room[ROOM];
    size_t len;
    while (self->up.n < WIRE - 1 &&
           (len = hfi_engine_fill(self->engine, self->now_ns, room, sizeof room)) > 0) {
        assert_true(len <= sizeof room);
        if (self->is_linked)
            wire_put(&self->up, room, len);
    }
    while (self->down.n < WIRE - 1 &&
           (len = peer_fill(&self->peer, self->now_ns, room, sizeof room)) > 0) {
        if (self->is_linked)
            wire_put(&self->down, room, len);
    }
}

static bool
hold_each(void *context, const hf_value_t *value)
{
    world_t *self = context;
    hf_cursor_t cursor;
    hf_value_t item;
    if (hf_kind(value) == HF_HANDLE && hf_as_handle(value) != 0 && self->n_held < CALLS) {
        assert_true(hfi_engine_hold(self->engine, hf_as_handle(value)));
        self->held[self->n_held++] = hf_as_handle(value);
    }
    if (hf_kind(value) != HF_LIST)
        return true;
    hf_open(&cursor, value);
    while (hf_next(&cursor, &item))
        (void)hold_each(self, &item);
    return true;
}

/* Takes what has ended; each call once, each one that was waited for. */
static void
world_take(world_t *self)
{
    hfi_engine_done_t done;
    while (hfi_engine_take_done(self->engine, &done)) {
        record_t *record = done.cookie;
        assert_non_null(record);
        assert_int_equal(record->call, done.call);
        assert_true(record->is_waited);
        assert_false(record->is_done);
        record->is_done = true;
        self->last_answer = done.call;
        if (done.how == HFI_DONE_RESULT)
            (void)hold_each(self, &done.value);
        hfi_engine_let_go_value(self->engine, &done.value);
        hfi_value_drop(&done.value);
    }
}

static void
world_deliver(world_t *self, bool is_up)
{
    hfi_span_t frame;
    if (!wire_take(is_up ? &self->up : &self->down, &frame))
        return;
    if (is_up)
        peer_receive(&self->peer, frame, self->now_ns);
    else
        hfi_engine_receive(self->engine, frame, self->now_ns);
    world_take(self);
}

static void
build(hf_value_t *ret_value, const char *picture, ...)
{
    hfi_failure_t failure;
    va_list args;
    va_start(args, picture);
    assert_true(hfi_picture_build(picture, &args, NULL, ret_value, &failure));
    va_end(args);
}

/* [bytes] */
static void
build_bytes(hf_value_t *ret_value, const uint8_t *at, size_t len)
{
    build(ret_value, "[B]", at, len);
}

static hfi_engine_put_t
world_put(world_t *self, hfi_engine_call_t *call, const char *method, const hf_value_t *args)
{
    hfi_failure_t failure = {0};
    if (self->n_records == CALLS)
        return HFI_PUT_WINDOW;
    record_t *record = &self->records[self->n_records];
    call->method = hfi_span_of(method);
    call->args = args;
    call->cookie = record;
    hfi_engine_put_t put = hfi_engine_put(self->engine, call, &record->call, &failure);
    if (put != HFI_PUT_OK)
        return put;
    self->puts++;
    if (call->is_oneway)
        return put;
    record->is_waited = true;
    self->n_records++;
    return put;
}

static uint64_t
world_object(world_t *self)
{
    return self->n_held == 0 ? 0 : self->held[chance(&self->seed) % self->n_held];
}

static void
world_call(world_t *self)
{
    static const char *const methods[] = {"create", "echo", "many", "again", "raise",
                                          "park",   "late", "wake", "count"};
    hfi_engine_call_t call = {.timeout = -1.0, .due_ns = HFI_ENGINE_NEVER};
    const char *method = methods[chance(&self->seed) % 9];
    hf_value_t args = {0};
    static uint8_t raw[8192];
    static const uint8_t payload[6000];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    size_t n = chance(&self->seed) % 8 == 0 ? chance(&self->seed) % sizeof payload : 0;
    call.object = world_object(self);
    if (chance(&self->seed) % 8 == 0)
        call.due_ns = self->now_ns + (int64_t)(chance(&self->seed) % 300) * MS;
    if (chance(&self->seed) % 10 == 0)
        call.is_oneway = true;
    if (self->n_records > 0 && chance(&self->seed) % 6 == 0)
        call.promise = self->records[chance(&self->seed) % self->n_records].call;
    if (strcmp(method, "raise") == 0) {
        build(&args, "[ssi]", "KeyError", "no", (int64_t)7);
    } else if (strcmp(method, "many") == 0) {
        build(&args, "[i]", (int64_t)(chance(&self->seed) % 5));
    } else {
        hf_write_list(&w, 2);
        hf_write_bytes(&w, payload, n);
        if (self->n_records > 0 && chance(&self->seed) % 3 == 0)
            hf_write_promise(&w, self->records[self->n_records - 1].call);
        else
            hf_write_handle(&w, world_object(self), NULL, 0);
        hfi_view(&args, w.at, w.len, w.tag);
    }
    (void)world_put(self, &call, method, &args);
    hfi_value_drop(&args);
}

/* Until both wires are empty; no time passes. */
static void
world_exchange(world_t *self)
{
    world_send(self);
    while (self->up.n > 0 || self->down.n > 0) {
        world_deliver(self, true);
        world_deliver(self, false);
        world_send(self);
    }
}

static void
world_let_go(world_t *self)
{
    if (self->n_held == 0)
        return;
    unsigned i = (unsigned)(chance(&self->seed) % self->n_held);
    hfi_engine_let_go(self->engine, self->held[i]);
    self->held[i] = self->held[--self->n_held];
}

static void
world_give_up_call(world_t *self)
{
    if (self->n_records == 0)
        return;
    record_t *record = &self->records[chance(&self->seed) % self->n_records];
    if (record->is_done)
        return;
    if (chance(&self->seed) % 2 == 0) {
        hfi_engine_cancel(self->engine, record->call);
        return;
    }
    hfi_engine_abandon(self->engine, record->call, chance(&self->seed) % 2 == 0);
    record->is_waited = false;
}

static void
world_pass(world_t *self, int64_t ns)
{
    self->now_ns += ns;
    hfi_engine_tick(self->engine, self->now_ns);
    if (hfi_engine_wants_reconnect(self->engine)) {
        world_cut(self);
        world_link(self);
    }
    world_take(self);
}

static void
world_is_sound(const world_t *self)
{
    if (self->peer.offence != NULL)
        fail_msg("seed %llu: %s", (unsigned long long)self->first_seed, self->peer.offence);
}

static void
world_step(world_t *self)
{
    hfi_span_t lost;
    switch (chance(&self->seed) % 16) {
    case 0:
        if (!self->is_linked)
            world_link(self);
        else if (chance(&self->seed) % 8 == 0)
            world_cut(self);
        break;
    case 1:
        if (chance(&self->seed) % 6 == 0)
            (void)wire_take(chance(&self->seed) % 2 == 0 ? &self->up : &self->down, &lost);
        break;
    case 2:
    case 3:
        world_pass(self, (int64_t)(chance(&self->seed) % 40) * MS);
        break;
    case 4:
    case 5:
        world_let_go(self);
        break;
    case 6:
        world_give_up_call(self);
        break;
    case 7:
    case 8:
    case 9:
        world_call(self);
        break;
    case 10:
    case 11:
    case 12:
        world_deliver(self, true);
        break;
    default:
        world_deliver(self, false);
        break;
    }
    if (chance(&self->seed) % 4 == 0)
        world_send(self);
    world_is_sound(self);
}

/* Until nothing is under way any more. */
static void
world_settle(world_t *self)
{
    hfi_engine_call_t wake = {.timeout = -1.0, .due_ns = HFI_ENGINE_NEVER};
    if (!self->is_linked)
        world_link(self);
    for (int round = 0; round < 400; round++) {
        if (self->n_records == CALLS)
            self->n_records--; /* room for the wake */
        if (round % 50 == 20 && self->peer.n_parked > 0)
            (void)world_put(self, &wake, "wake", NULL);
        world_pass(self, 20 * MS);
        world_exchange(self);
    }
    world_is_sound(self);
}

/* I1: what the engine counted is what the peer counted. */
static void
world_audit(world_t *self)
{
    uint64_t object = 0;
    uint64_t received;
    uint64_t holds;
    unsigned n = 0;
    while (hfi_engine_next_entry(self->engine, &object, &received, &holds)) {
        assert_int_equal(peer_held(&self->peer, object), received);
        assert_int_not_equal(holds, 0);
        n++;
    }
    assert_int_equal(self->peer.held.live, n);
}

static void
test_seeds(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        world_t *self = world_new(seed);
        for (int step = 0; step < STEPS; step++)
            world_step(self);
        world_settle(self);
        assert_int_equal(hfi_engine_state(self->engine), HFI_ENGINE_ATTACHED);
        for (unsigned i = 0; i < self->n_records; i++)
            assert_true(self->records[i].is_done || !self->records[i].is_waited);
        assert_int_equal(self->peer.executed, self->puts);
        assert_int_equal(hfi_engine_n_pending(self->engine), 0);
        world_audit(self);
        while (self->n_held > 0)
            world_let_go(self);
        world_settle(self);
        assert_int_equal(self->peer.held.live, 0);
        (void)hfi_engine_probe(self->engine);
        world_settle(self);
        assert_int_equal(hfi_engine_drifts(self->engine), 0);
        world_destroy(self);
    }
}

/* ---- one rule each -------------------------------------------------------------------- */

static const hfi_engine_call_t plain = {.timeout = -1.0, .due_ns = HFI_ENGINE_NEVER};

/* A world whose session is open. */
static world_t *
world_open(void)
{
    world_t *self = world_new(1);
    world_settle(self);
    assert_int_equal(hfi_engine_state(self->engine), HFI_ENGINE_ATTACHED);
    return self;
}

static record_t *
put(world_t *self, const char *method, const hf_value_t *args)
{
    hfi_engine_call_t call = plain;
    assert_int_equal(world_put(self, &call, method, args), HFI_PUT_OK);
    return &self->records[self->n_records - 1];
}

/* The answer is here and would be acknowledged by the first of two frames; the promise is in the second. */
static void
test_no_acknowledgement_overtakes_a_promise(void **state)
{
    (void)state;
    static const uint8_t payload[8000];
    world_t *self = world_open();
    record_t *first = put(self, "create", NULL);
    world_send(self);
    world_deliver(self, true);
    world_send(self); /* the answer is on the wire */
    hf_value_t bytes;
    build_bytes(&bytes, payload, sizeof payload);
    (void)put(self, "echo", &bytes);
    hfi_engine_call_t call = plain;
    call.promise = first->call;
    assert_int_equal(world_put(self, &call, "count", NULL), HFI_PUT_OK);
    world_deliver(self, false);
    assert_true(first->is_done);
    world_settle(self);
    assert_true(self->records[self->n_records - 1].is_done);
    assert_null(self->peer.offence);
    hfi_value_drop(&bytes);
    world_destroy(self);
}

static void
test_abandoned_call_is_cancelled(void **state)
{
    (void)state;
    world_t *self = world_open();
    record_t *parked = put(self, "park", NULL);
    world_exchange(self);
    assert_int_equal(self->peer.n_parked, 1);
    parked->is_waited = false;
    hfi_engine_abandon(self->engine, parked->call, true);
    assert_int_equal(hfi_engine_n_pending(self->engine), 0);
    world_exchange(self);
    assert_int_equal(self->peer.n_parked, 0);
    world_destroy(self);
}

static void
test_late_answer_gives_its_references_back(void **state)
{
    (void)state;
    world_t *self = world_open();
    hfi_engine_call_t call = plain;
    call.due_ns = self->now_ns + 50 * MS;
    assert_int_equal(world_put(self, &call, "late", NULL), HFI_PUT_OK);
    record_t *late = &self->records[0];
    for (int i = 0; i < 10 && !late->is_done; i++) {
        world_send(self);
        world_deliver(self, true);
        world_deliver(self, false);
        world_pass(self, 10 * MS);
    }
    assert_true(late->is_done); /* TimeoutError, told once */
    assert_int_equal(self->peer.n_parked, 1);
    uint64_t object = self->peer.next_object;
    (void)put(self, "wake", NULL);
    world_settle(self);
    assert_int_equal(self->peer.next_object, object + 1);
    assert_int_equal(peer_held(&self->peer, object), 0);
    world_audit(self);
    world_destroy(self);
}

static void
test_lost_session_is_told_to_all(void **state)
{
    (void)state;
    world_t *self = world_open();
    hfi_failure_t failure;
    (void)put(self, "park", NULL);
    (void)put(self, "park", NULL);
    world_send(self);
    world_cut(self);
    peer_forget(&self->peer);
    world_link(self);
    world_settle(self);
    assert_true(self->records[0].is_done && self->records[1].is_done);
    assert_int_equal(hfi_engine_state(self->engine), HFI_ENGINE_ENDED);
    assert_true(hfi_engine_reason(self->engine, &failure));
    assert_string_equal(failure.kind, "SessionLost");
    hfi_engine_call_t call = plain;
    assert_int_equal(world_put(self, &call, "echo", NULL), HFI_PUT_FAILED);
    assert_int_equal(self->peer.executed,
                     0); /* nothing of the old session ran in the new manager */
    assert_int_equal(hfi_engine_due_ns(self->engine), HFI_ENGINE_NEVER);
    world_destroy(self);
}

static void
test_refused_session_is_a_connection_error(void **state)
{
    (void)state;
    world_t *self = world_new(1);
    uint8_t raw[256];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    hfi_failure_t failure;
    world_link(self);
    world_send(self);
    hfi_frame_write_reject(&w, HFI_REJECT_DENIED, hfi_span_of("not you"));
    hfi_engine_receive(self->engine, (hfi_span_t){raw, w.len}, 0);
    assert_true(hfi_engine_reason(self->engine, &failure));
    assert_string_equal(failure.kind, "ConnectionError");
    assert_non_null(strstr(failure.text, "not you"));
    world_destroy(self);
}

static void
test_bye_is_behind_everything(void **state)
{
    (void)state;
    world_t *self = world_open();
    hfi_engine_call_t call = plain;
    call.is_oneway = true;
    assert_int_equal(world_put(self, &call, "echo", NULL), HFI_PUT_OK);
    hfi_engine_bye(self->engine, self->now_ns);
    world_send(self);
    while (self->up.n > 0)
        world_deliver(self, true);
    assert_int_equal(self->peer.oneways, 1);
    assert_true(self->peer.is_ended);
    assert_int_equal(hfi_engine_state(self->engine), HFI_ENGINE_ENDED);
    world_destroy(self);
}

static void
test_drift_is_detected(void **state)
{
    (void)state;
    world_t *self = world_open();
    (void)put(self, "create", NULL);
    world_settle(self);
    (void)hfi_engine_probe(self->engine);
    world_settle(self);
    assert_int_equal(hfi_engine_drifts(self->engine), 0);
    peer_held_t *held = hfi_idtable_find(&self->peer.held, self->held[0]);
    assert_non_null(held);
    held->count++;
    (void)hfi_engine_probe(self->engine);
    world_send(self);
    world_deliver(self, true);
    world_send(self);
    world_deliver(self, false);
    assert_int_equal(hfi_engine_drifts(self->engine), 1);
    world_destroy(self);
}

static void
test_window_is_kept(void **state)
{
    (void)state;
    world_t *self = world_open();
    hfi_engine_call_t call = plain;
    uint64_t n = 0;
    while (world_put(self, &call, "count", NULL) == HFI_PUT_OK)
        n++;
    assert_int_equal(n, small.window);
    world_settle(self);
    assert_int_equal(world_put(self, &call, "count", NULL), HFI_PUT_OK);
    world_destroy(self);
}

/* What a fork exports goes in front of the release of it, wherever it had to wait. */
static void
test_export_waits_for_room_and_goes_before_releases(void **state)
{
    (void)state;
    static const uint8_t secret[16] = {7};
    world_t *self = world_open();
    hfi_failure_t failure = {0};
    hfi_engine_call_t call = plain;
    uint64_t object = 0;
    assert_int_equal(hfi_engine_export(self->engine, secret, &object, &failure), 0);
    (void)put(self, "create", NULL);
    world_settle(self);
    while (world_put(self, &call, "count", NULL) == HFI_PUT_OK)
        continue;
    assert_int_equal(hfi_engine_export(self->engine, secret, &object, &failure), 1);
    assert_int_equal(hfi_engine_export(self->engine, secret, &object, &failure), 0);
    hfi_engine_let_go(self->engine, self->held[--self->n_held]);
    world_settle(self);
    assert_int_equal(self->peer.oneways, 1);
    assert_int_equal(peer_held(&self->peer, object), 0);
    world_audit(self); /* no offence */
    world_destroy(self);
}

/* A fork's child: what is pending is the parent's, what is held is missing until it is adopted. */
static void
test_engine_begins_anew(void **state)
{
    (void)state;
    world_t *self = world_open();
    hfi_engine_done_t done;
    hfi_engine_setup_t setup = {.client = "child", .lease_ns = 10000 * MS};
    memset(setup.session, 2, sizeof setup.session);
    (void)put(self, "create", NULL);
    world_settle(self);
    record_t *parked = put(self, "park", NULL);
    hfi_engine_leave(self->engine);
    assert_true(hfi_engine_is_left(self->engine));
    assert_true(hfi_engine_take_done(self->engine, &done));
    assert_ptr_equal(done.cookie, parked);
    assert_int_equal(done.how, HFI_DONE_LEFT);
    assert_false(hfi_engine_take_done(self->engine, &done));
    self->n_records--;
    world_cut(self);
    peer_forget(&self->peer);
    self->peer.next_object = self->held[0]; /* what the peer gives next stands for an adoption */
    hfi_engine_begin_anew(self->engine, &setup, self->now_ns);
    assert_int_equal(hfi_engine_n_missing(self->engine), 1);
    world_link(self);
    (void)put(self, "create", NULL);
    world_settle(self);
    assert_int_equal(hfi_engine_n_missing(self->engine), 0);
    (void)hfi_engine_probe(self->engine);
    world_settle(self);
    assert_int_equal(hfi_engine_drifts(self->engine), 0);
    world_audit(self);
    world_destroy(self);
}

static void
test_call_longer_than_a_frame_is_refused(void **state)
{
    (void)state;
    world_t *self = world_open();
    hfi_failure_t failure;
    uint64_t number;
    uint8_t *payload = calloc(1, small.frame_bytes);
    assert_non_null(payload);
    hf_value_t bytes;
    for (size_t less = 0; less < 64; less++) { /* around the limit, and far from it */
        build_bytes(&bytes, payload, small.frame_bytes - less);
        hfi_engine_call_t call = plain;
        call.method = hfi_span_of("echo");
        call.args = &bytes;
        call.is_oneway = true;
        hfi_engine_put_t put = hfi_engine_put(self->engine, &call, &number, &failure);
        assert_int_not_equal(put, HFI_PUT_STALE);
        if (put == HFI_PUT_FAILED)
            assert_string_equal(failure.kind, "LimitExceeded");
        else
            assert_true(less > 40);
        hfi_value_drop(&bytes);
        world_settle(self);
    }
    free(payload);
    world_destroy(self);
}

/* Whatever comes instead of a frame, the engine stands: it goes on, or says that the session is over. */
static void
test_hostile_frames(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        world_t *self = world_open();
        self->seed = seed;
        (void)put(self, "create", NULL);
        (void)put(self, "raise", NULL);
        (void)put(self, "park", NULL);
        world_send(self);
        while (self->up.n > 0)
            world_deliver(self, true);
        world_send(self);
        hfi_span_t frame;
        while (wire_take(&self->down, &frame)) {
            hfi_bytes_t copy = {0};
            assert_true(hfi_bytes_append(&copy, frame.at, frame.len));
            for (int i = 0; i < 3; i++)
                copy.at[chance(&self->seed) % copy.len] = (uint8_t)chance(&self->seed);
            size_t len = chance(&self->seed) % 4 == 0 ? chance(&self->seed) % copy.len : copy.len;
            hfi_engine_receive(self->engine, (hfi_span_t){copy.at, len}, self->now_ns);
            hfi_bytes_close(&copy);
            hfi_engine_done_t done;
            while (hfi_engine_take_done(self->engine, &done)) {
                hfi_engine_let_go_value(self->engine, &done.value);
                hfi_value_drop(&done.value);
            }
        }
        world_destroy(self);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_no_acknowledgement_overtakes_a_promise),
        cmocka_unit_test(test_abandoned_call_is_cancelled),
        cmocka_unit_test(test_late_answer_gives_its_references_back),
        cmocka_unit_test(test_lost_session_is_told_to_all),
        cmocka_unit_test(test_refused_session_is_a_connection_error),
        cmocka_unit_test(test_bye_is_behind_everything),
        cmocka_unit_test(test_drift_is_detected),
        cmocka_unit_test(test_window_is_kept),
        cmocka_unit_test(test_export_waits_for_room_and_goes_before_releases),
        cmocka_unit_test(test_engine_begins_anew),
        cmocka_unit_test(test_call_longer_than_a_frame_is_refused),
        cmocka_unit_test(test_hostile_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
