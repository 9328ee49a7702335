/* SPDX-License-Identifier: MPL-2.0 */
/* stream -- each rule of PROTOCOL.md, section 2, that one end can keep or break, by its name. */
#include "support.h"

#include <stdlib.h>

#include <stream/stream.h>

#define MS INT64_C(1000000)

typedef struct fixture {
    hfi_chunks_t chunks;
    hfi_limits_t limits;
    hfi_stream_t stream;
} fixture_t;

static int
open_stream(void **state)
{
    static fixture_t f;
    f = (fixture_t){
        .limits = {.frame_bytes = 1 << 16, .depth = 8, .window = 8, .window_bytes = 800}};
    hfi_stream_open(&f.stream, &f.chunks, &f.limits);
    *state = &f;
    return 0;
}

static int
close_stream(void **state)
{
    fixture_t *f = *state;
    hfi_stream_close(&f->stream);
    assert_int_equal(f->chunks.lent_bytes, 0);
    hfi_chunks_close(&f->chunks);
    return 0;
}

static void
put(hfi_stream_t *s, size_t len)
{
    static const uint8_t zeros[8192];
    hfi_begun_t begun;
    uint64_t number = hfi_stream_last(s) + 1;
    assert_true(hfi_stream_begin(s, &begun));
    hfi_write_raw(&begun.w, zeros, len);
    assert_int_equal(hfi_outbox_commit(&begun, NULL), number);
}

static void
put_n(hfi_stream_t *s, size_t n)
{
    while (n-- > 0)
        put(s, 10);
}

/* Takes a DATA frame of `n` messages of 10 bytes; how many of them were new. */
static uint64_t
take(hfi_stream_t *s, uint64_t seq, uint64_t n, int64_t now_ns)
{
    uint64_t n_new = 0;
    assert_int_equal(hfi_stream_on_data(s, seq, 0), HFI_STREAM_OK);
    for (; n > 0; n--)
        n_new += hfi_stream_take(s, &seq, 10, now_ns);
    return n_new;
}

/* ---- receiver ------------------------------------------------------------------------- */

static void
messages_had_before_are_dropped_the_rest_of_their_frame_is_not(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    assert_int_equal(take(s, 1, 3, 0), 3);
    assert_int_equal(take(s, 1, 3, 0), 0);
    assert_int_equal(take(s, 2, 4, 0), 2);
    assert_int_equal(s->received, 5);
}

static void
data_above_the_next_number_is_a_gap(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    assert_int_equal(hfi_stream_on_data(s, 1, 0), HFI_STREAM_OK);
    assert_int_equal(hfi_stream_on_data(s, 2, 0), HFI_STREAM_GAP);
    assert_int_equal(hfi_stream_on_data(s, UINT64_MAX, 0), HFI_STREAM_GAP);
    (void)take(s, 1, 4, 0);
    assert_int_equal(hfi_stream_on_data(s, 5, 0), HFI_STREAM_OK);
    assert_int_equal(hfi_stream_on_data(s, 6, 0), HFI_STREAM_GAP);
}

static void
a_gap_makes_every_ack_ignored(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    put_n(s, 3);
    assert_int_equal(hfi_stream_on_data(s, 2, 99), HFI_STREAM_GAP); /* not even looked at */
    assert_int_equal(hfi_stream_on_ping(s, 2, 1, NULL, NULL), HFI_STREAM_GAP);
    assert_int_equal(s->outbox.n_messages, 3);
    assert_int_equal(hfi_stream_on_ping(s, 2, 0, NULL, NULL), HFI_STREAM_OK);
    assert_int_equal(s->outbox.n_messages, 1);
}

static void
ping_and_pong_show_a_lost_tail(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    (void)take(s, 1, 2, 0);
    assert_int_equal(hfi_stream_on_ping(s, 0, 2, NULL, NULL), HFI_STREAM_OK);
    assert_int_equal(hfi_stream_on_ping(s, 0, 1, NULL, NULL), HFI_STREAM_OK);
    assert_int_equal(hfi_stream_on_ping(s, 0, 3, NULL, NULL), HFI_STREAM_GAP);
}

static void
resync_is_sent_once_per_gap_and_again_after_100_ms(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    assert_true(hfi_stream_wants_resync(s, 0));
    assert_false(hfi_stream_wants_resync(s, 0));
    assert_false(hfi_stream_wants_resync(s, 100 * MS - 1));
    assert_true(hfi_stream_wants_resync(s, 100 * MS));
    assert_false(hfi_stream_wants_resync(s, 101 * MS));
    (void)take(s, 1, 1, 0);
    assert_true(hfi_stream_wants_resync(s, 102 * MS)); /* another gap */
    hfi_stream_attach(s, 0, 102 * MS);
    assert_true(hfi_stream_wants_resync(s, 102 * MS)); /* another connection */
}

/* ---- ack, RESYNC, seq: the bounds ----------------------------------------------------- */

static void
seq_0_is_bad_frame(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    assert_int_equal(hfi_stream_on_data(s, 0, 0), HFI_STREAM_BAD_FRAME);
}

static void
an_ack_above_what_was_sent_is_bad_frame(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    assert_int_equal(hfi_stream_on_data(s, 1, 1), HFI_STREAM_BAD_FRAME);
    put_n(s, 3);
    assert_int_equal(hfi_stream_on_data(s, 1, 3), HFI_STREAM_OK);
    assert_int_equal(hfi_stream_on_data(s, 1, 4), HFI_STREAM_BAD_FRAME);
    assert_int_equal(hfi_stream_on_data(s, 1, UINT64_MAX), HFI_STREAM_BAD_FRAME);
    assert_int_equal(hfi_stream_on_ping(s, 4, 0, NULL, NULL), HFI_STREAM_BAD_FRAME);
    assert_int_equal(hfi_stream_on_bye(s, 4, NULL, NULL), HFI_STREAM_BAD_FRAME);
    assert_int_equal(s->outbox.n_messages, 3);
}

static void
a_lower_ack_is_nothing(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    put_n(s, 3);
    hfi_stream_on_ack(s, 2, NULL, NULL);
    hfi_stream_on_ack(s, 1, NULL, NULL);
    hfi_stream_on_ack(s, 0, NULL, NULL);
    assert_int_equal(s->outbox.n_messages, 1);
    assert_int_equal(hfi_stream_on_data(s, 1, 1), HFI_STREAM_OK);
}

static void
resync_for_what_was_acknowledged_or_never_sent_is_bad_frame(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    uint64_t after = 77;
    assert_int_equal(hfi_stream_on_resync(s, 0, &after), HFI_STREAM_BAD_FRAME);
    assert_int_equal(hfi_stream_on_resync(s, 1, &after), HFI_STREAM_BAD_FRAME);
    put_n(s, 5);
    hfi_stream_on_ack(s, 2, NULL, NULL);
    assert_int_equal(hfi_stream_on_resync(s, 2, &after), HFI_STREAM_BAD_FRAME);
    assert_int_equal(hfi_stream_on_resync(s, 6, &after), HFI_STREAM_BAD_FRAME);
    assert_int_equal(hfi_stream_on_resync(s, UINT64_MAX, &after), HFI_STREAM_BAD_FRAME);
    assert_int_equal(after, 77);
    s->sent = 5;
    assert_int_equal(hfi_stream_on_resync(s, 3, &after), HFI_STREAM_OK);
    assert_true(after == 2 && s->sent == 2);
    assert_int_equal(s->outbox.n_messages, 3); /* it does not acknowledge */
    assert_int_equal(hfi_stream_on_resync(s, 5, &after), HFI_STREAM_OK);
    assert_true(after == 4 && s->sent == 2); /* and never skips */
}

/* ---- acknowledging -------------------------------------------------------------------- */

static void
an_acknowledgement_is_owed_within_100_ms(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    assert_int_equal(hfi_stream_ack_due_ns(s), INT64_MAX);
    (void)take(s, 1, 1, 5 * MS);
    assert_int_equal(hfi_stream_ack_due_ns(s), 105 * MS);
    assert_int_equal(take(s, 1, 1, 50 * MS), 0);
    assert_int_equal(hfi_stream_ack_due_ns(s), 105 * MS);
    hfi_stream_ack_told(s);
    assert_int_equal(hfi_stream_ack_due_ns(s), INT64_MAX);
}

static void
a_quarter_of_the_window_is_acknowledged_at_once(void **state)
{
    fixture_t *f = *state;
    hfi_stream_t *s = &f->stream;
    (void)take(s, 1, 1, 0);
    assert_int_equal(hfi_stream_ack_due_ns(s), 100 * MS);
    (void)take(s, 2, 1, 0);
    assert_int_equal(hfi_stream_ack_due_ns(s), INT64_MIN); /* 2 of 8 messages */
    hfi_stream_ack_told(s);
    uint64_t number = 3;
    assert_true(hfi_stream_take(s, &number, 199, 0));
    assert_int_equal(hfi_stream_ack_due_ns(s), 100 * MS);
    hfi_stream_ack_told(s);
    assert_true(hfi_stream_take(s, &number, 200, 0));
    assert_int_equal(hfi_stream_ack_due_ns(s), INT64_MIN); /* 200 of 800 bytes */
}

static void
the_acknowledging_frame_is_empty_and_numbered_as_the_next(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    uint8_t raw[HFI_FRAME_HEADER_MAX];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    hfi_frame_t frame;
    hfi_bytes_t scratch = {0};
    put_n(s, 3);
    (void)take(s, 1, 2, 0);
    hfi_stream_write_ack(s, &w, 3);
    assert_int_equal(hfi_frame_read((hfi_span_t){raw, w.len}, 4, &scratch, &frame),
                     HFI_REJECT_NONE);
    assert_true(frame.kind == HFI_FRAME_DATA && frame.seq == 4 && frame.ack == 2);
    assert_int_equal(frame.messages.len, 0);
}

static void
an_empty_frame_is_never_acknowledged(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    assert_int_equal(take(s, 1, 0, 0), 0);
    assert_int_equal(hfi_stream_ack_due_ns(s), INT64_MAX);
}

/* ---- windows -------------------------------------------------------------------------- */

static void
a_window_counts_messages(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    put_n(s, 7);
    assert_true(hfi_stream_has_room(s, 10));
    assert_false(hfi_stream_is_full(s));
    put(s, 10);
    assert_false(hfi_stream_has_room(s, 1));
    assert_true(hfi_stream_is_full(s));
    put_n(s, 7);
    assert_false(hfi_stream_is_twice_full(s, 0));
    put(s, 10);
    assert_true(hfi_stream_is_twice_full(s, 0));
    hfi_stream_on_ack(s, 16, NULL, NULL);
    assert_false(hfi_stream_is_full(s));
}

static void
a_window_counts_bytes(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    put(s, 700);
    assert_true(hfi_stream_has_room(s, 100));
    assert_false(hfi_stream_has_room(s, 101));
    put(s, 100);
    assert_true(hfi_stream_is_full(s));
    put(s, 799);
    assert_false(hfi_stream_is_twice_full(s, 0));
    put(s, 1);
    assert_true(hfi_stream_is_twice_full(s, 0));
}

/* A client that says in one frame "I have all your answers" and puts a window of calls is one that reads. */
static void
an_ack_counts_for_the_window_before_its_frames_messages(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    put_n(s, 8);
    assert_true(hfi_stream_is_full(s));
    assert_int_equal(hfi_stream_on_data(s, 1, 8), HFI_STREAM_OK);
    assert_false(hfi_stream_is_full(s));
    assert_int_equal(s->outbox.n_messages, 8); /* nothing is dropped yet */
    put_n(s, 7);
    assert_false(hfi_stream_is_full(s));
    put(s, 10);
    assert_true(hfi_stream_is_full(s));
    assert_false(hfi_stream_is_twice_full(s, 0));
    hfi_stream_on_ack(s, 8, NULL, NULL);
    put(s, 600);
    assert_false(hfi_stream_is_twice_full(s, 0));
    put_n(s, 7);
    assert_true(hfi_stream_is_twice_full(s, 0));
}

static void
one_message_may_always_be_under_way(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    assert_true(hfi_stream_has_room(s, 5000));
    put(s, 5000);
    assert_false(hfi_stream_has_room(s, 1));
    assert_false(hfi_stream_is_twice_full(s, 0));
    uint64_t number = 1;
    assert_true(hfi_stream_take(s, &number, 5000, 0));
    assert_false(hfi_stream_is_flooding(s));
}

static void
more_than_twice_the_window_behind_our_ack_is_flooding(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    (void)take(s, 1, 16, 0);
    assert_false(hfi_stream_is_flooding(s));
    (void)take(s, 17, 1, 0);
    assert_true(hfi_stream_is_flooding(s));
    hfi_stream_ack_told(s);
    assert_false(hfi_stream_is_flooding(s));
    uint64_t number = 18;
    assert_true(hfi_stream_take(s, &number, 800, 0));
    assert_true(hfi_stream_take(s, &number, 800, 0));
    assert_false(hfi_stream_is_flooding(s));
    assert_true(hfi_stream_take(s, &number, 1, 0));
    assert_true(hfi_stream_is_flooding(s));
}

static void
a_message_no_frame_can_carry_is_too_long(void **state)
{
    fixture_t *f = *state;
    hfi_begun_t begun;
    static const uint8_t zeros[1 << 16];
    assert_true(hfi_stream_begin(&f->stream, &begun));
    hfi_write_raw(&begun.w, zeros, sizeof zeros - HFI_FRAME_HEADER_MAX);
    assert_false(begun.w.failed);
    hfi_write_byte(&begun.w, 0xc0);
    assert_true(begun.w.failed && begun.is_too_long);
    hfi_outbox_rollback(&begun);
}

/* ---- sending -------------------------------------------------------------------------- */

static void
fill_ends_at_a_message_and_tells_what_it_needs(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    uint8_t frame[256];
    uint64_t last = 0;
    assert_int_equal(hfi_stream_fill(s, 0, frame, sizeof frame, &last), 0);
    put_n(s, 5);
    size_t whole = hfi_stream_fill(s, 0, frame, sizeof frame, &last);
    assert_int_equal(last, 5);
    assert_int_equal(whole, 4 + 50);
    assert_int_equal(hfi_stream_fill(s, 0, frame, 4 + 29, &last), 4 + 20);
    assert_int_equal(last, 2);
    assert_int_equal(hfi_stream_fill(s, 2, frame, 4 + 9, &last), 4 + 10); /* needed */
    assert_int_equal(last, 2);
    assert_int_equal(hfi_stream_fill(s, 2, frame, 0, &last), 4 + 10);
    assert_int_equal(hfi_stream_fill(s, 5, frame, sizeof frame, &last), 0);
    assert_int_equal(last, 5);
}

static void
fill_begins_behind_what_is_acknowledged(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    hfi_frame_t frame;
    hfi_bytes_t scratch = {0};
    uint8_t to[256];
    uint64_t last;
    put_n(s, 5);
    hfi_stream_on_ack(s, 3, NULL, NULL);
    size_t len =
        hfi_stream_fill(s, 1, to, sizeof to, &last); /* a position that is behind its time */
    assert_int_equal(len, 4 + 20);
    assert_int_equal(hfi_frame_read((hfi_span_t){to, 4}, 4, &scratch, &frame), HFI_REJECT_NONE);
    assert_int_equal(frame.seq, 4);
    assert_int_equal(last, 5);
}

static void
the_next_frame_moves_on_and_acknowledges(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    uint8_t to[64];
    put_n(s, 8);
    (void)take(s, 1, 1, 0);
    assert_int_equal(hfi_stream_next_frame(s, to, sizeof to), 4 + 60);
    assert_true(s->sent == 6 && s->ack_sent == 1);
    assert_int_equal(hfi_stream_next_frame(s, to, sizeof to), 4 + 20);
    assert_int_equal(s->sent, 8);
    assert_int_equal(hfi_stream_next_frame(s, to, sizeof to), 0);
    assert_int_equal(s->outbox.n_messages, 8);
}

static void
no_ack_above_the_owners_limit_is_told(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    (void)take(s, 1, 3, 0);
    s->ack_limit = 1;
    assert_int_equal(hfi_stream_ack(s), 1);
    hfi_stream_ack_told(s);
    assert_int_equal(hfi_stream_ack_due_ns(s), INT64_MAX); /* nothing more may be told */
    s->ack_limit = UINT64_MAX;
    assert_int_equal(hfi_stream_ack_due_ns(s), INT64_MIN); /* 2 of 8 are owed */
    hfi_stream_ack_told(s);
    assert_int_equal(s->ack_sent, 3);
    assert_int_equal(hfi_stream_ack_due_ns(s), INT64_MAX);
}

/* ---- a new connection ----------------------------------------------------------------- */

static void
received_must_fit_what_is_kept(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    assert_true(hfi_stream_fits(s, 0));
    assert_false(hfi_stream_fits(s, 1));
    put_n(s, 5);
    hfi_stream_on_ack(s, 2, NULL, NULL);
    assert_false(hfi_stream_fits(s, 1));
    assert_true(hfi_stream_fits(s, 2));
    assert_true(hfi_stream_fits(s, 5));
    assert_false(hfi_stream_fits(s, 6));
    assert_false(hfi_stream_fits(s, UINT64_MAX));
}

static void
attaching_sends_again_from_received_and_does_not_acknowledge(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    put_n(s, 5);
    s->sent = 5;
    hfi_stream_attach(s, 3, 0);
    assert_int_equal(s->sent, 3);
    assert_int_equal(s->outbox.n_messages, 5);
    assert_int_equal(hfi_stream_ack_due_ns(s), INT64_MAX); /* nothing was ever received */
}

static void
attaching_owes_the_ack_that_may_be_lost(void **state)
{
    hfi_stream_t *s = &((fixture_t *)*state)->stream;
    (void)take(s, 1, 1, 0);
    hfi_stream_ack_told(s);
    hfi_stream_attach(s, 0, 7 * MS);
    assert_int_equal(hfi_stream_ack_due_ns(s), 107 * MS);
}

#define RULE(name_) cmocka_unit_test_setup_teardown(name_, open_stream, close_stream)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(messages_had_before_are_dropped_the_rest_of_their_frame_is_not),
        RULE(data_above_the_next_number_is_a_gap),
        RULE(a_gap_makes_every_ack_ignored),
        RULE(ping_and_pong_show_a_lost_tail),
        RULE(resync_is_sent_once_per_gap_and_again_after_100_ms),
        RULE(seq_0_is_bad_frame),
        RULE(an_ack_above_what_was_sent_is_bad_frame),
        RULE(a_lower_ack_is_nothing),
        RULE(resync_for_what_was_acknowledged_or_never_sent_is_bad_frame),
        RULE(an_acknowledgement_is_owed_within_100_ms),
        RULE(a_quarter_of_the_window_is_acknowledged_at_once),
        RULE(the_acknowledging_frame_is_empty_and_numbered_as_the_next),
        RULE(an_empty_frame_is_never_acknowledged),
        RULE(a_window_counts_messages),
        RULE(a_window_counts_bytes),
        RULE(an_ack_counts_for_the_window_before_its_frames_messages),
        RULE(one_message_may_always_be_under_way),
        RULE(more_than_twice_the_window_behind_our_ack_is_flooding),
        RULE(a_message_no_frame_can_carry_is_too_long),
        RULE(fill_ends_at_a_message_and_tells_what_it_needs),
        RULE(fill_begins_behind_what_is_acknowledged),
        RULE(the_next_frame_moves_on_and_acknowledges),
        RULE(no_ack_above_the_owners_limit_is_told),
        RULE(received_must_fit_what_is_kept),
        RULE(attaching_sends_again_from_received_and_does_not_acknowledge),
        RULE(attaching_owes_the_ack_that_may_be_lost),
    };
    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
