/* SPDX-License-Identifier: MPL-2.0 */
/* dial -- the table of states in dial.h, row by row, and the times. */
#include "support.h"

#include <stream/dial.h>

#define MS INT64_C(1000000)

static const hfi_secret_t secret = {{9, 9, 9}};

typedef struct fixture {
    hfi_chunks_t chunks;
    hfi_dial_t dial;
    hfi_stream_t stream;
    int64_t now_ns;
} fixture_t;

static int
open_dial(void **state)
{
    static fixture_t f;
    f = (fixture_t){.now_ns = 1000 * MS};
    hfi_dial_open(&f.dial, &secret, 6000, hfi_span_of("test"), f.now_ns);
    hfi_stream_open(&f.stream, &f.chunks, &f.dial.limits);
    *state = &f;
    return 0;
}

static int
close_dial(void **state)
{
    fixture_t *f = *state;
    hfi_stream_close(&f->stream);
    hfi_chunks_close(&f->chunks);
    return 0;
}

static hfi_hello_t
say_hello(fixture_t *f)
{
    hfi_hello_t hello;
    assert_int_equal(hfi_dial_step(&f->dial, f->now_ns), HFI_DIAL_SEND_HELLO);
    hfi_dial_hello(&f->dial, f->stream.received, f->now_ns, &hello);
    return hello;
}

static hfi_welcome_t
good_welcome(void)
{
    return (hfi_welcome_t){.manager = {{4, 4}},
                           .lease_ms = 6000,
                           .grace_ms = 2000,
                           .limits = {1 << 16, 8, 100, 10000}};
}

static void
reach_open(fixture_t *f)
{
    hfi_welcome_t welcome = good_welcome();
    hfi_dial_on_up(&f->dial, f->now_ns);
    (void)say_hello(f);
    assert_true(hfi_dial_on_welcome(&f->dial, &welcome, &f->stream, f->now_ns));
    assert_int_equal(f->dial.state, HFI_DIAL_OPEN);
}

static hfi_dial_step_t
step_at(fixture_t *f, int64_t after_ms)
{
    return hfi_dial_step(&f->dial, f->now_ns + after_ms * MS);
}

/* ---- the states ----------------------------------------------------------------------- */

static void
a_zeroed_dial_wants_nothing(void **state)
{
    (void)state;
    hfi_dial_t dial = {0};
    assert_int_equal(hfi_dial_step(&dial, INT64_MAX), HFI_DIAL_NOTHING);
    assert_int_equal(hfi_dial_due_ns(&dial), INT64_MAX);
    hfi_dial_on_up(&dial, 0);
    hfi_dial_on_down(&dial, 0);
    assert_false(hfi_dial_on_reject(&dial, HFI_REJECT_LIMIT));
    assert_int_equal(dial.state, HFI_DIAL_IDLE);
}

static void
waiting_wants_nothing_until_there_is_a_connection(void **state)
{
    fixture_t *f = *state;
    assert_int_equal(step_at(f, 1000000), HFI_DIAL_NOTHING);
    assert_int_equal(hfi_dial_due_ns(&f->dial), INT64_MAX);
    hfi_dial_on_up(&f->dial, f->now_ns);
    assert_true(hfi_dial_due_ns(&f->dial) <= f->now_ns);
    hfi_hello_t hello = say_hello(f);
    assert_true(!hello.resume && !hello.has_manager && hello.attempt == 1 && hello.received == 0);
    assert_int_equal(hello.lease_ms, 6000);
    assert_memory_equal(&hello.session, &secret, sizeof secret);
    assert_int_equal(step_at(f, 0), HFI_DIAL_NOTHING);
}

static void
hello_is_said_again_later_and_later(void **state)
{
    fixture_t *f = *state;
    static const int64_t waits[] = {250, 500, 1000};
    hfi_dial_on_up(&f->dial, f->now_ns);
    (void)say_hello(f);
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(step_at(f, waits[i] - 1), HFI_DIAL_NOTHING);
        assert_int_equal(hfi_dial_due_ns(&f->dial), f->now_ns + waits[i] * MS);
        f->now_ns += waits[i] * MS;
        assert_int_equal(say_hello(f).attempt, i + 2);
    }
    assert_int_equal(step_at(f, 1999), HFI_DIAL_NOTHING);
    assert_int_equal(step_at(f, 2000), HFI_DIAL_RECONNECT);
    assert_int_equal(f->dial.state, HFI_DIAL_WAITING);
    hfi_dial_on_up(&f->dial, f->now_ns);
    assert_int_equal(say_hello(f).attempt, 5); /* attempts never go back */
}

static void
a_session_never_welcomed_is_never_lost(void **state)
{
    fixture_t *f = *state;
    hfi_dial_on_up(&f->dial, f->now_ns);
    (void)say_hello(f);
    f->now_ns += INT64_C(3600000) * MS;
    (void)say_hello(f);
}

static void
welcome_opens_and_grants(void **state)
{
    fixture_t *f = *state;
    reach_open(f);
    assert_int_equal(f->dial.lease_ms, 6000);
    assert_int_equal(f->dial.limits.window, 100);
    assert_int_equal(f->stream.limits->window_bytes, 10000);
    hfi_dial_on_down(&f->dial, f->now_ns);
    assert_int_equal(f->dial.state, HFI_DIAL_WAITING);
    hfi_dial_on_up(&f->dial, f->now_ns);
    f->stream.received = 5;
    hfi_hello_t hello = say_hello(f);
    hfi_welcome_t welcome = good_welcome();
    assert_true(hello.resume && hello.has_manager && hello.attempt == 2 && hello.received == 5);
    assert_memory_equal(&hello.manager, &welcome.manager, sizeof hello.manager);
}

static void
no_session_means_hello_once(void **state)
{
    fixture_t *f = *state;
    reach_open(f);
    assert_false(hfi_dial_on_reject(&f->dial, HFI_REJECT_NO_SESSION));
    assert_int_equal(f->dial.state, HFI_DIAL_ASKED);
    (void)say_hello(f);
    assert_false(hfi_dial_on_reject(&f->dial, HFI_REJECT_NO_SESSION)); /* an echo */
    assert_int_equal(step_at(f, 0), HFI_DIAL_NOTHING);
}

static void
every_other_reject_ends_it(void **state)
{
    fixture_t *f = *state;
    for (hfi_reject_t reason = HFI_REJECT_SESSION_EXPIRED; reason <= HFI_REJECT_UNKNOWN; reason++) {
        hfi_dial_open(&f->dial, &secret, 6000, hfi_span_of("test"), f->now_ns);
        reach_open(f);
        assert_true(hfi_dial_on_reject(&f->dial, reason));
        assert_true(f->dial.state == HFI_DIAL_ENDED && f->dial.reason == reason);
        assert_int_equal(step_at(f, 1000000), HFI_DIAL_NOTHING);
        assert_int_equal(hfi_dial_due_ns(&f->dial), INT64_MAX);
        assert_false(hfi_dial_on_reject(&f->dial, reason)); /* told once */
    }
}

static void
session_expired_before_any_welcome_is_an_echo(void **state)
{
    fixture_t *f = *state;
    hfi_dial_on_up(&f->dial, f->now_ns);
    (void)say_hello(f);
    assert_false(hfi_dial_on_reject(&f->dial, HFI_REJECT_SESSION_EXPIRED));
    assert_int_equal(f->dial.state, HFI_DIAL_ASKED);
}

/* ---- WELCOME -------------------------------------------------------------------------- */

static void
a_welcome_nobody_asked_for_is_ignored(void **state)
{
    fixture_t *f = *state;
    hfi_welcome_t welcome = good_welcome();
    assert_false(hfi_dial_on_welcome(&f->dial, &welcome, &f->stream, f->now_ns));
    hfi_dial_on_up(&f->dial, f->now_ns); /* HELLO is due, not yet said */
    assert_false(hfi_dial_on_welcome(&f->dial, &welcome, &f->stream, f->now_ns));
    assert_int_equal(f->dial.state, HFI_DIAL_ASKED);
}

static void
resume(fixture_t *f, hfi_welcome_t *welcome)
{
    reach_open(f);
    hfi_dial_on_down(&f->dial, f->now_ns);
    hfi_dial_on_up(&f->dial, f->now_ns);
    (void)say_hello(f);
    *welcome = good_welcome();
    welcome->resumed = true;
}

static void
another_space_is_another_session(void **state)
{
    fixture_t *f = *state;
    hfi_welcome_t welcome;
    resume(f, &welcome);
    welcome.manager.bytes[0] = 5;
    assert_false(hfi_dial_on_welcome(&f->dial, &welcome, &f->stream, f->now_ns));
    assert_int_equal(f->dial.reason, HFI_REJECT_SESSION_EXPIRED);
}

static void
a_resume_that_did_not_resume_is_a_lost_session(void **state)
{
    fixture_t *f = *state;
    hfi_welcome_t welcome;
    resume(f, &welcome);
    welcome.resumed = false;
    assert_false(hfi_dial_on_welcome(&f->dial, &welcome, &f->stream, f->now_ns));
    assert_int_equal(f->dial.state, HFI_DIAL_ENDED);
}

static void
a_welcome_that_does_not_fit_is_a_lost_session(void **state)
{
    fixture_t *f = *state;
    hfi_welcome_t welcome;
    resume(f, &welcome);
    welcome.received = 1; /* nothing was ever sent */
    assert_false(hfi_dial_on_welcome(&f->dial, &welcome, &f->stream, f->now_ns));
    assert_true(f->dial.state == HFI_DIAL_ENDED && f->dial.reason == HFI_REJECT_SESSION_EXPIRED);
}

static void
a_welcome_that_grants_nothing_is_refused(void **state)
{
    fixture_t *f = *state;
    for (int i = 0; i < 5; i++) {
        hfi_welcome_t welcome;
        hfi_dial_open(&f->dial, &secret, 6000, hfi_span_of("test"), f->now_ns);
        resume(f, &welcome);
        uint64_t *const figures[] = {&welcome.lease_ms, &welcome.limits.window,
                                     &welcome.limits.window_bytes, &welcome.limits.depth,
                                     &welcome.limits.frame_bytes};
        *figures[i] = 0;
        assert_false(hfi_dial_on_welcome(&f->dial, &welcome, &f->stream, f->now_ns));
        assert_true(f->dial.state == HFI_DIAL_ENDED && f->dial.reason == HFI_REJECT_BAD_FRAME);
    }
}

static void
a_second_welcome_attaches_again(void **state)
{
    fixture_t *f = *state;
    hfi_welcome_t welcome;
    resume(f, &welcome);
    assert_true(hfi_dial_on_welcome(&f->dial, &welcome, &f->stream, f->now_ns));
    f->stream.sent = 0;
    assert_true(hfi_dial_on_welcome(&f->dial, &welcome, &f->stream, f->now_ns));
    assert_int_equal(f->dial.state, HFI_DIAL_OPEN);
}

/* ---- times ---------------------------------------------------------------------------- */

static void
silence_of_a_third_of_the_lease_asks_for_a_ping(void **state)
{
    fixture_t *f = *state;
    reach_open(f);
    assert_int_equal(hfi_dial_due_ns(&f->dial), f->now_ns + 2000 * MS);
    assert_int_equal(step_at(f, 1999), HFI_DIAL_NOTHING);
    assert_int_equal(step_at(f, 2000), HFI_DIAL_SEND_PING);
    hfi_dial_on_sent(&f->dial, false,
                     f->now_ns + 500 * MS); /* an acknowledgement keeps it alive too */
    assert_int_equal(step_at(f, 2499), HFI_DIAL_NOTHING);
    assert_int_equal(step_at(f, 2500), HFI_DIAL_SEND_PING);
}

static void
half_a_lease_without_an_answer_replaces_the_connection_once(void **state)
{
    fixture_t *f = *state;
    reach_open(f);
    hfi_dial_on_sent(&f->dial, true, f->now_ns);
    hfi_dial_on_sent(&f->dial, true, f->now_ns + 2900 * MS); /* the first counts */
    assert_int_equal(step_at(f, 2999), HFI_DIAL_NOTHING);
    assert_int_equal(step_at(f, 3000), HFI_DIAL_RECONNECT);
    hfi_dial_on_up(&f->dial, f->now_ns + 3000 * MS);
    assert_int_equal(step_at(f, 3000), HFI_DIAL_SEND_HELLO);
}

static void
a_frame_heard_ends_the_asking(void **state)
{
    fixture_t *f = *state;
    reach_open(f);
    hfi_dial_on_sent(&f->dial, true, f->now_ns);
    hfi_dial_on_heard(&f->dial);
    hfi_dial_on_sent(&f->dial, false, f->now_ns + 2900 * MS);
    assert_int_equal(step_at(f, 3000), HFI_DIAL_NOTHING);
}

static void
a_whole_lease_without_an_answer_is_a_lost_session(void **state)
{
    fixture_t *f = *state;
    reach_open(f);
    hfi_dial_on_down(&f->dial, f->now_ns);
    assert_int_equal(hfi_dial_due_ns(&f->dial), f->now_ns + 6000 * MS);
    assert_int_equal(step_at(f, 5999), HFI_DIAL_NOTHING);
    assert_int_equal(step_at(f, 6000), HFI_DIAL_LOST);
    assert_true(f->dial.state == HFI_DIAL_ENDED && f->dial.reason == HFI_REJECT_SESSION_EXPIRED);
    assert_int_equal(step_at(f, 6000), HFI_DIAL_NOTHING);
}

static void
a_program_stopped_for_an_hour_asks_before_it_gives_up(void **state)
{
    fixture_t *f = *state;
    reach_open(f);
    f->now_ns += INT64_C(3600000) * MS;
    assert_int_equal(step_at(f, 0), HFI_DIAL_SEND_PING);
    hfi_dial_on_sent(&f->dial, true, f->now_ns);
    assert_int_equal(step_at(f, 0), HFI_DIAL_NOTHING);
    assert_true(hfi_dial_on_reject(&f->dial, HFI_REJECT_SESSION_EXPIRED));
}

#define ROW(name_) cmocka_unit_test_setup_teardown(name_, open_dial, close_dial)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(a_zeroed_dial_wants_nothing),
        ROW(waiting_wants_nothing_until_there_is_a_connection),
        ROW(hello_is_said_again_later_and_later),
        ROW(a_session_never_welcomed_is_never_lost),
        ROW(welcome_opens_and_grants),
        ROW(no_session_means_hello_once),
        ROW(every_other_reject_ends_it),
        ROW(session_expired_before_any_welcome_is_an_echo),
        ROW(a_welcome_nobody_asked_for_is_ignored),
        ROW(another_space_is_another_session),
        ROW(a_resume_that_did_not_resume_is_a_lost_session),
        ROW(a_welcome_that_does_not_fit_is_a_lost_session),
        ROW(a_welcome_that_grants_nothing_is_refused),
        ROW(a_second_welcome_attaches_again),
        ROW(silence_of_a_third_of_the_lease_asks_for_a_ping),
        ROW(half_a_lease_without_an_answer_replaces_the_connection_once),
        ROW(a_frame_heard_ends_the_asking),
        ROW(a_whole_lease_without_an_answer_is_a_lost_session),
        ROW(a_program_stopped_for_an_hour_asks_before_it_gives_up),
    };
    return cmocka_run_group_tests_name("dial", tests, NULL, NULL);
}
