/* SPDX-License-Identifier: MPL-2.0 */
/* pair -- two ends over a wire that loses, repeats and cuts: every message exactly once, in order.
 *
 * The client is a stream and a dial; the manager a stream and the few rules of HELLO. The wire keeps
 * the order of one connection; a cut loses the end of what is under way in each direction, and what is
 * left of an old connection still arrives at the manager between the frames of the new one.
 * `pair SEED` runs one seed and tells what happened.
 */
#include "support.h"

#include <stdlib.h>

#include <base/check.h>
#include <stream/dial.h>
#include <stream/frame.h>
#include <stream/message.h>
#include <stream/stream.h>

enum { N_SEEDS = 150, N_MESSAGES = 400, WIRE_ROOM = 4096, N_STEPS = 400000, ROOM = 1 << 16 };

#define MS INT64_C(1000000)

typedef struct packet {
    uint64_t link;
    uint8_t *at;
    size_t len;
} packet_t;

typedef struct wire {
    packet_t packets[WIRE_ROOM];
    size_t n;
} wire_t;

typedef struct end {
    hfi_stream_t stream;
    hfi_chunks_t chunks;
    uint64_t made; /* messages committed */
    uint64_t ran;  /* messages taken */
    const char *name;
} end_t;

typedef struct pair {
    uint64_t seed;
    int64_t now_ns;
    hfi_limits_t limits;
    wire_t up;     /* to the manager */
    wire_t down;   /* to the client */
    uint64_t link; /* the present connection */
    bool is_up;
    end_t client;
    hfi_dial_t dial;
    end_t manager;
    bool has_session;
    hfi_secret_t session;
    uint64_t attempt;
    uint64_t session_link; /* 0: detached */
    int64_t heard_ns;
    bool is_calm; /* no more faults */
    bool is_told;
    hfi_bytes_t scratch;
    uint64_t n_cuts, n_lost, n_repeated, n_resyncs, n_dropped_late, n_resumed;
} pair_t;

static const hfi_secret_t space = {{1, 2, 3}};

static void
tell(const pair_t *p, const char *what, uint64_t a, uint64_t b)
{
    if (p->is_told)
        (void)printf("%10.3f ms %-28s %llu %llu\n", (double)p->now_ns / 1e6, what,
                     (unsigned long long)a, (unsigned long long)b);
}

/* ---- the wire ------------------------------------------------------------------------- */

static void
wire_add(wire_t *wire, uint64_t link, const uint8_t *at, size_t len)
{
    assert_true(wire->n < WIRE_ROOM);
    packet_t *packet = &wire->packets[wire->n++];
    *packet = (packet_t){link, malloc(len), len};
    assert_non_null(packet->at);
    memcpy(packet->at, at, len);
}

static packet_t
wire_take(wire_t *wire, size_t i)
{
    packet_t packet = wire->packets[i];
    wire->n--;
    memmove(&wire->packets[i], &wire->packets[i + 1], (wire->n - i) * sizeof packet);
    return packet;
}

/* Loses the end of what is under way on one connection. */
static void
wire_cut(pair_t *p, wire_t *wire, uint64_t link)
{
    while (wire->n > 0 && below(&p->seed, 4) != 0) {
        size_t last = wire->n;
        while (last > 0 && wire->packets[last - 1].link != link)
            last--;
        if (last == 0)
            return;
        free(wire_take(wire, last - 1).at);
        p->n_lost++;
    }
}

/* A frame leaves: it may be lost on its own, or be there twice. */
static void
wire_send(pair_t *p, wire_t *wire, uint64_t link, hf_writer_t *w)
{
    assert_false(w->failed);
    uint64_t luck = p->is_calm ? 99 : below(&p->seed, 100);
    uint8_t kind = w->at[1];
    if (luck < 3 || !p->is_up) {
        p->n_lost++;
        return;
    }
    wire_add(wire, link, w->at, w->len);
    if (luck < 6 && (kind == HFI_FRAME_DATA || kind == HFI_FRAME_HELLO || kind == HFI_FRAME_PING)) {
        wire_add(wire, link, w->at, w->len);
        p->n_repeated++;
    }
}

/* ---- messages: their number is in them ------------------------------------------------ */

static void
end_make(pair_t *p, end_t *end)
{
    hfi_begun_t begun;
    size_t len = below(&p->seed, 20) == 0 ? below(&p->seed, 3000) : below(&p->seed, 60);
    if (end->made == N_MESSAGES || hfi_stream_is_full(&end->stream))
        return;
    if (!hfi_stream_begin(&end->stream, &begun))
        fail();
    uint8_t text[3000];
    memset(text, (int)(end->made & 0xff), sizeof text);
    hf_write_list(&begun.w, 3);
    hf_write_uint(&begun.w, 1);
    hf_write_uint(&begun.w, end->made + 1);
    hf_write_bytes(&begun.w, text, len);
    if (!hfi_stream_has_room(&end->stream, begun.w.len)) {
        hfi_outbox_rollback(&begun);
        return;
    }
    assert_int_equal(hfi_outbox_commit(&begun, NULL), ++end->made);
}

static void
end_run(end_t *end, const hfi_message_t *m)
{
    size_t len;
    const uint8_t *text = hf_as_bytes(&m->value, &len);
    end->ran++;
    assert_non_null(text);
    assert_int_equal(m->call, end->ran);
    assert_int_equal(m->call, end->stream.received);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(text[i], (m->call - 1) & 0xff);
}

/* ---- what both ends do with a frame --------------------------------------------------- */

static void
end_send_small(pair_t *p, end_t *end, uint8_t kind)
{
    uint8_t raw[HFI_FRAME_HEADER_MAX];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    bool is_client = end == &p->client;
    if (kind == HFI_FRAME_DATA)
        hfi_stream_write_ack(&end->stream, &w, end->stream.sent);
    else if (kind == HFI_FRAME_PING)
        hfi_frame_write_ping(&w, end->stream.received, end->stream.sent);
    else if (kind == HFI_FRAME_PONG)
        hfi_frame_write_pong(&w, end->stream.received, end->stream.sent);
    else
        hfi_frame_write_resync(&w, end->stream.received + 1);
    if (kind != HFI_FRAME_RESYNC)
        hfi_stream_ack_told(&end->stream);
    if (is_client)
        hfi_dial_on_sent(&p->dial, kind == HFI_FRAME_PING, p->now_ns);
    wire_send(p, is_client ? &p->up : &p->down, is_client ? p->link : p->session_link, &w);
}

static void
end_on_gap(pair_t *p, end_t *end)
{
    if (!hfi_stream_wants_resync(&end->stream, p->now_ns))
        return;
    p->n_resyncs++;
    tell(p, end->name, end->stream.received + 1, 0);
    end_send_small(p, end, HFI_FRAME_RESYNC);
}

static hfi_verdict_t
end_on_data(pair_t *p, end_t *end, const hfi_frame_t *frame)
{
    hfi_verdict_t verdict = hfi_stream_on_data(&end->stream, frame->seq, frame->ack);
    if (verdict != HFI_STREAM_OK)
        return verdict;
    hfi_messages_t messages;
    hfi_message_t m;
    bool is_end;
    uint64_t number = frame->seq;
    assert_true(hfi_messages_open(&messages, frame->messages, 16, true, &p->scratch));
    while (hfi_messages_next(&messages, &m, &is_end) == HFI_REJECT_NONE && !is_end)
        if (hfi_stream_take(&end->stream, &number, m.len, p->now_ns))
            end_run(end, &m);
    assert_true(is_end);
    assert_false(hfi_stream_is_flooding(&end->stream));
    hfi_stream_on_ack(&end->stream, frame->ack, NULL, NULL);
    return HFI_STREAM_OK;
}

static void
end_on_frame(pair_t *p, end_t *end, const hfi_frame_t *frame)
{
    uint64_t after;
    hfi_verdict_t verdict = HFI_STREAM_OK;
    if (frame->kind == HFI_FRAME_DATA)
        verdict = end_on_data(p, end, frame);
    else if (frame->kind == HFI_FRAME_PING || frame->kind == HFI_FRAME_PONG)
        verdict = hfi_stream_on_ping(&end->stream, frame->ack, frame->sent, NULL, NULL);
    else if (frame->kind == HFI_FRAME_RESYNC)
        verdict = hfi_stream_on_resync(&end->stream, frame->expected, &after);
    else
        fail_msg("%s got a frame of kind %d", end->name, (int)frame->kind);
    assert_int_not_equal(verdict, HFI_STREAM_BAD_FRAME);
    if (frame->kind == HFI_FRAME_PING)
        end_send_small(p, end, HFI_FRAME_PONG);
    if (verdict == HFI_STREAM_GAP)
        end_on_gap(p, end);
}

static void
end_send(pair_t *p, end_t *end)
{
    static uint8_t frame[ROOM];
    bool is_client = end == &p->client;
    size_t room = below(&p->seed, 3) == 0 ? sizeof frame : 3100;
    size_t len = hfi_stream_next_frame(&end->stream, frame, room);
    assert_true(len <= room);
    if (len > 0) {
        hf_writer_t w = {.at = frame, .len = len, .room = sizeof frame};
        if (is_client)
            hfi_dial_on_sent(&p->dial, true, p->now_ns);
        wire_send(p, is_client ? &p->up : &p->down, is_client ? p->link : p->session_link, &w);
    } else if (p->now_ns >= hfi_stream_ack_due_ns(&end->stream)) {
        end_send_small(p, end, HFI_FRAME_DATA);
    }
}

/* ---- the client ----------------------------------------------------------------------- */

static void
client_say_hello(pair_t *p)
{
    uint8_t raw[512];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    hfi_hello_t hello;
    hfi_dial_hello(&p->dial, p->client.stream.received, p->now_ns, &hello);
    hfi_frame_write_hello(&w, &hello);
    tell(p, "HELLO", hello.attempt, hello.received);
    wire_send(p, &p->up, p->link, &w);
}

static void
client_on_packet(pair_t *p, packet_t packet)
{
    hfi_frame_t frame;
    assert_int_equal(hfi_frame_read((hfi_span_t){packet.at, packet.len}, 16, &p->scratch, &frame),
                     HFI_REJECT_NONE);
    hfi_dial_on_heard(&p->dial);
    if (frame.kind == HFI_FRAME_WELCOME) {
        tell(p, "WELCOME", frame.welcome.received, frame.welcome.resumed);
        (void)hfi_dial_on_welcome(&p->dial, &frame.welcome, &p->client.stream, p->now_ns);
    } else if (frame.kind == HFI_FRAME_REJECT) {
        assert_int_equal(frame.reason, HFI_REJECT_NO_SESSION);
        assert_false(hfi_dial_on_reject(&p->dial, frame.reason));
    } else if (p->dial.state == HFI_DIAL_OPEN) {
        end_on_frame(p, &p->client, &frame);
    } else {
        p->n_dropped_late++;
    }
    assert_int_not_equal(p->dial.state, HFI_DIAL_ENDED);
}

static void
client_step(pair_t *p)
{
    switch (hfi_dial_step(&p->dial, p->now_ns)) {
    case HFI_DIAL_SEND_HELLO:
        client_say_hello(p);
        break;
    case HFI_DIAL_SEND_PING:
        end_send_small(p, &p->client, HFI_FRAME_PING);
        break;
    case HFI_DIAL_RECONNECT:
        p->is_up = false;
        break;
    case HFI_DIAL_LOST:
        fail_msg("the session was lost");
        break;
    case HFI_DIAL_NOTHING:
        if (p->dial.state == HFI_DIAL_OPEN)
            end_send(p, &p->client);
        break;
    }
}

/* ---- the manager ---------------------------------------------------------------------- */

static void
manager_on_hello(pair_t *p, uint64_t link, const hfi_hello_t *hello)
{
    bool is_known = p->has_session && memcmp(&p->session, &hello->session, 16) == 0;
    if (is_known && hello->attempt <= p->attempt)
        return;
    assert_true(is_known || !hello->resume);
    assert_true(hfi_stream_fits(&p->manager.stream, hello->received));
    p->has_session = true;
    p->session = hello->session;
    p->attempt = hello->attempt;
    p->session_link = link;
    p->n_resumed += is_known;
    uint8_t raw[512];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    hfi_frame_write_welcome(&w, &(hfi_welcome_t){.manager = space,
                                                 .resumed = is_known,
                                                 .received = p->manager.stream.received,
                                                 .lease_ms = 10000,
                                                 .grace_ms = 5000,
                                                 .limits = p->limits,
                                                 .server = hfi_span_of("a test")});
    hfi_stream_attach(&p->manager.stream, hello->received, p->now_ns);
    wire_send(p, &p->down, link, &w);
}

static void
manager_on_packet(pair_t *p, packet_t packet)
{
    hfi_frame_t frame;
    assert_int_equal(hfi_frame_read((hfi_span_t){packet.at, packet.len}, 16, &p->scratch, &frame),
                     HFI_REJECT_NONE);
    if (frame.kind == HFI_FRAME_HELLO) {
        manager_on_hello(p, packet.link, &frame.hello);
    } else if (packet.link == p->session_link) {
        p->heard_ns = p->now_ns;
        end_on_frame(p, &p->manager, &frame);
    } else if (packet.link == p->link) { /* an answer on a dead connection goes nowhere */
        uint8_t raw[64];
        hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
        hfi_frame_write_reject(&w, HFI_REJECT_NO_SESSION, hfi_span_of("say HELLO"));
        wire_send(p, &p->down, packet.link, &w);
    }
}

static void
manager_step(pair_t *p)
{
    if (p->session_link == 0 || p->session_link != p->link || !p->is_up)
        return;
    if (p->now_ns - p->heard_ns > 1000 * MS) {
        p->heard_ns = p->now_ns;
        end_send_small(p, &p->manager, HFI_FRAME_PING);
        return;
    }
    end_send(p, &p->manager);
}

/* ---- the run -------------------------------------------------------------------------- */

static void
pair_cut(pair_t *p)
{
    if (!p->is_up)
        return;
    p->is_up = false;
    p->n_cuts++;
    wire_cut(p, &p->up, p->link);
    wire_cut(p, &p->down, p->link);
    tell(p, "cut", p->link, p->up.n + p->down.n);
    if (below(&p->seed, 2) == 0) /* else it goes unnoticed, and `no_session` tells */
        hfi_dial_on_down(&p->dial, p->now_ns);
}

static void
pair_connect(pair_t *p)
{
    if (p->is_up)
        return;
    p->is_up = true;
    p->link++;
    if (p->dial.state == HFI_DIAL_WAITING || below(&p->seed, 2) == 0)
        hfi_dial_on_up(&p->dial, p->now_ns);
}

static void
pair_deliver_up(pair_t *p)
{
    if (p->up.n == 0)
        return;
    size_t i = 0;
    if (below(&p->seed, 2) == 0) /* the present connection's first, before an older one's rest */
        while (i + 1 < p->up.n && p->up.packets[i].link != p->link)
            i++;
    packet_t packet = wire_take(&p->up, i);
    manager_on_packet(p, packet);
    free(packet.at);
}

static void
pair_deliver_down(pair_t *p)
{
    if (p->down.n == 0)
        return;
    packet_t packet = wire_take(&p->down, 0);
    client_on_packet(p, packet);
    free(packet.at);
}

static bool
pair_is_done(const pair_t *p)
{
    return p->client.ran == N_MESSAGES && p->manager.ran == N_MESSAGES &&
           p->client.stream.outbox.n_messages == 0 && p->manager.stream.outbox.n_messages == 0;
}

static void
pair_step(pair_t *p)
{
    uint64_t what = below(&p->seed, 1000);
    if (what < 300)
        pair_deliver_up(p);
    else if (what < 600)
        pair_deliver_down(p);
    else if (what < 700)
        client_step(p);
    else if (what < 800)
        manager_step(p);
    else if (what < 850)
        end_make(p, &p->client);
    else if (what < 900)
        end_make(p, &p->manager);
    else if (what < 990)
        p->now_ns += (int64_t)below(&p->seed, 20) * MS;
    else if (what < 993 && !p->is_calm)
        pair_cut(p);
    else
        pair_connect(p);
}

static void
pair_open(pair_t *p, uint64_t seed)
{
    *p = (pair_t){.seed = seed, .is_told = p->is_told};
    p->limits = (hfi_limits_t){ROOM, 16, 3 + below(&p->seed, 60), 3200 + below(&p->seed, 20000)};
    p->client.name = "the client asks RESYNC";
    p->manager.name = "the manager asks RESYNC";
    hfi_dial_open(&p->dial, &(hfi_secret_t){{(uint8_t)seed, 7}}, 10000, hfi_span_of("pair"), 0);
    hfi_stream_open(&p->client.stream, &p->client.chunks, &p->dial.limits);
    hfi_stream_open(&p->manager.stream, &p->manager.chunks, &p->limits);
}

static void
pair_close(pair_t *p)
{
    while (p->up.n > 0)
        free(wire_take(&p->up, 0).at);
    while (p->down.n > 0)
        free(wire_take(&p->down, 0).at);
    hfi_stream_close(&p->client.stream);
    hfi_stream_close(&p->manager.stream);
    assert_int_equal(p->client.chunks.lent_bytes, 0);
    assert_int_equal(p->manager.chunks.lent_bytes, 0);
    hfi_chunks_close(&p->client.chunks);
    hfi_chunks_close(&p->manager.chunks);
    hfi_bytes_close(&p->scratch);
}

static pair_t pair;

static void
pair_run(uint64_t seed)
{
    static char note[64];
    (void)snprintf(note, sizeof note, "pair %llu", (unsigned long long)seed);
    hfi_crash_note(note);
    pair_open(&pair, seed);
    int i = 0;
    while (!pair_is_done(&pair) && i++ < N_STEPS) {
        pair.is_calm = i > N_STEPS * 3 / 4;
        pair_step(&pair);
    }
    if (!pair_is_done(&pair))
        fail_msg("seed %llu: %llu and %llu of %d after %d steps", (unsigned long long)seed,
                 (unsigned long long)pair.client.ran, (unsigned long long)pair.manager.ran,
                 N_MESSAGES, N_STEPS);
}

static void
exactly_once_and_in_order(void **state)
{
    (void)state;
    uint64_t n_cuts = 0, n_lost = 0, n_repeated = 0, n_resyncs = 0, n_late = 0, n_resumed = 0;
    for (uint64_t seed = 1; seed <= N_SEEDS; seed++) {
        pair_run(seed);
        n_cuts += pair.n_cuts;
        n_lost += pair.n_lost;
        n_repeated += pair.n_repeated;
        n_resyncs += pair.n_resyncs;
        n_late += pair.n_dropped_late;
        n_resumed += pair.n_resumed;
        pair_close(&pair);
    }
    (void)printf("%d messages; cuts %llu, frames lost %llu, repeated %llu, late %llu, RESYNC %llu, "
                 "resumed %llu\n",
                 2 * N_SEEDS * N_MESSAGES, (unsigned long long)n_cuts, (unsigned long long)n_lost,
                 (unsigned long long)n_repeated, (unsigned long long)n_late,
                 (unsigned long long)n_resyncs, (unsigned long long)n_resumed);
    assert_true(n_cuts > 100 && n_lost > 1000 && n_repeated > 1000); /* the faults did happen */
    assert_true(n_resyncs > 100 && n_late > 0 && n_resumed > 100);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(exactly_once_and_in_order)};
    if (argc == 2) {
        pair.is_told = true;
        pair_run(strtoull(argv[1], NULL, 10));
        pair_close(&pair);
        return 0;
    }
    return cmocka_run_group_tests_name("pair", tests, NULL, NULL);
}
