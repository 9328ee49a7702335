/* SPDX-License-Identifier: MPL-2.0 */
/* park -- parked calls: their order, their six exits, and every pair of exits that can be due at once. */
#include "rig.h"
#include "trial.h"

/* A gate, #1, that both clients hold: a by its create, b by its name. */
static rig_pair_t
opened(const char *settings)
{
    rig_pair_t t = rig_pair_open(&hf_plugin, settings, "[\"Gate\"]");
    assert_string_equal(rig_call(&t.a, 0, "bind", "[\"gate\", {\"$handle\": [1]}]"), "2: None\n");
    assert_string_equal(rig_call(&t.b, 0, "lookup", "[\"gate\"]"), "1: <Gate #1>\n");
    return t;
}

static void
woken_in_order(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 1, "get", "[]"), ""); /* 3 */
    assert_string_equal(rig_call(&t.b, 1, "get", "[]"), ""); /* 2 */
    assert_string_equal(rig_call(&t.a, 1, "get", "[]"), ""); /* 4 */
    assert_int_equal(rig_parked(t.rig), 3);
    assert_string_equal(rig_call(&t.b, 1, "put", "[\"x\"]"), "3: None\n");
    assert_string_equal(rig_answers(&t.a), "3: 'x'\n");
    assert_string_equal(rig_call(&t.a, 1, "put", "[\"y\"]"), "5: None\n");
    assert_string_equal(rig_answers(&t.b), "2: 'y'\n");
    assert_string_equal(rig_call(&t.b, 1, "put", "[\"z\"]"), "4: None\n");
    assert_string_equal(rig_answers(&t.a), "4: 'z'\n");
    assert_int_equal(rig_parked(t.rig), 0);
    rig_pair_close(&t);
}

/* Who is woken in vain stays before those who came later. */
static void
a_retry_keeps_its_place(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 1, "get_when", "[2]"), "");
    assert_string_equal(rig_call(&t.b, 1, "get_when", "[1]"), "");
    assert_string_equal(rig_call(&t.a, 1, "put", "[\"x\"]"),
                        "4: None\n"); /* wakes a: one is not enough */
    assert_string_equal(rig_answers(&t.b), "");
    assert_string_equal(rig_call(&t.a, 1, "counts", "[]"), "5: [2, 0, 1, 3]\n");
    assert_string_equal(rig_call(&t.b, 1, "put", "[\"y\"]"), "3: None\n");
    assert_string_equal(rig_answers(&t.a), "3: 'x'\n"); /* and not b */
    assert_string_equal(rig_call(&t.a, 1, "wake", "[]"), "6: 1\n");
    assert_string_equal(rig_answers(&t.b), "2: 'y'\n");
    rig_pair_close(&t);
}

/* All are woken, all park again: in their order, and behind them who comes now. */
static void
a_vain_wake_of_all(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(rig_call(&t.a, 1, "get", "[]"), "");
        assert_string_equal(rig_call(&t.b, 1, "get", "[]"), "");
    }
    for (int i = 0; i < 4; i++)
        (void)rig_call(&t.a, 1, "wake", "[]");
    assert_string_equal(rig_call(&t.b, 1, "counts", "[]"), "5: [6, 0, 0, 30]\n");
    for (int i = 0; i < 3; i++) {
        (void)rig_call(&t.b, 1, "put", "[1]");
        (void)rig_call(&t.b, 1, "put", "[2]");
    }
    assert_string_equal(rig_answers(&t.a), "3: 1\n4: 1\n5: 1\n");
    rig_pair_close(&t);
}

/* Nobody barges in: what comes between a wake and the woken call's run waits behind it. */
static void
nobody_barges_in(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 1, "get", "[]"), "");
    (void)rig_put_call(&t.b, 1, "put", "[\"x\"]", NULL);
    (void)rig_put_call(&t.b, 1, "get", "[0]", NULL);
    rig_send(&t.b);
    assert_string_equal(rig_answers(&t.b), "2: None\n");
    assert_string_equal(rig_answers(&t.a), "3: 'x'\n");
    rig_pass(t.rig, 0.01);
    assert_string_equal(rig_answers(&t.b), "3! Empty: nothing came\n");
    rig_pair_close(&t);
}

static void
answered_by_another(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 1, "take", "[]"), "");
    assert_string_equal(rig_call(&t.b, 1, "take", "[]"), "");
    assert_string_equal(rig_call(&t.a, 1, "take", "[]"), "");
    /* the answers of one's own session stand beside one's own answer */
    assert_string_equal(rig_call(&t.a, 1, "hand", "[[1, 2]]"), "3: [1, 2]\n4: [1, 2]\n5: 3\n");
    assert_string_equal(rig_answers(&t.b), "2: [1, 2]\n");
    assert_int_equal(rig_parked(t.rig), 0);
    assert_string_equal(rig_call(&t.a, 1, "hand", "[1]"), "6: 0\n");
    rig_pair_close(&t);
}

static void
diverted(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 1, "take", "[]"), "");
    assert_string_equal(rig_call(&t.b, 1, "get", "[]"), "");
    assert_string_equal(rig_call(&t.b, 1, "divert", "[]"), "3: True\n");
    assert_string_equal(rig_call(&t.b, 1, "counts", "[]"), "4: [2, 0, 0, 1]\n");
    (void)rig_call(&t.b, 1, "put", "[\"x\"]");
    rig_pass(t.rig, 0.001);
    (void)rig_call(&t.b, 1, "wake",
                   "[]"); /* the taker, run again from its top, parks where it was first */
    assert_string_equal(rig_call(&t.b, 1, "counts", "[]"), "7: [0, 1, 0, 2]\n");
    rig_pair_close(&t);
}

static void
answers_of_others_stand(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 1, "take", "[]"), "");
    assert_string_equal(rig_call(&t.a, 1, "raise_to", "[]"),
                        "3! Sent: by another\n4! Failed: after it had answered another\n");
    rig_pair_close(&t);
}

static void
times_out(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 1, "get", "[0.5]"), ""); /* the row's own timed_out */
    assert_string_equal(rig_call(&t.a, 1, "get_when", "[5, 0.5]"), "");
    rig_pass(t.rig, 0.49);
    assert_string_equal(rig_answers(&t.a), "");
    rig_pass(t.rig, 0.02);
    assert_string_equal(rig_answers(&t.a), "3! Empty: nothing came\n4! TimeoutError: timed out\n");
    assert_string_equal(rig_call(&t.a, 1, "notes", "[]"), "5: 'timed_out gone'\n");
    assert_int_equal(rig_parked(t.rig), 0);
    /* CALL's own timeout, the sooner of the two */
    (void)rig_put_call(&t.a, 1, "get", "[5]", "{\"timeout\": 0.5}");
    rig_send(&t.a);
    rig_pass(t.rig, 0.51);
    assert_string_equal(rig_answers(&t.a), "6! TimeoutError: the call's time is up\n");
    assert_string_equal(rig_call(&t.a, 1, "notes", "[]"), "7: 'gone'\n");
    rig_pair_close(&t);
}

/* Each call has a note of its own, which goes with it through every park, and is 0 in the next call. */
static void
a_note_stays_with_its_call(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 1, "count_parks", "[]"), "");
    (void)rig_call(&t.b, 1, "wake", "[]");
    assert_string_equal(rig_call(&t.a, 1, "count_parks", "[1.0]"), "");
    assert_string_equal(rig_call(&t.a, 1, "count_parks", "[]"), "");
    (void)rig_call(&t.b, 1, "wake", "[]");
    rig_pass(t.rig, 1.1);
    assert_string_equal(rig_answers(&t.a), "4: -2\n");
    (void)rig_call(&t.b, 1, "put", "[1, 2]");
    assert_string_equal(rig_answers(&t.a), "3: 3\n5: 2\n");
    assert_string_equal(rig_call(&t.a, 1, "count_parks", "[]"), "6: 0\n");
    rig_pair_close(&t);
}

/* The seconds of a call that is run again count from its first park. */
static void
a_vain_wake_gives_no_more_time(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 1, "get", "[1.0]"), "");
    rig_pass(t.rig, 0.8);
    (void)rig_call(&t.b, 1, "wake", "[]");
    rig_pass(t.rig, 0.19);
    assert_string_equal(rig_answers(&t.a), "");
    rig_pass(t.rig, 0.02);
    assert_string_equal(rig_answers(&t.a), "3! Empty: nothing came\n");
    rig_pair_close(&t);
}

static void
cancelled(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 1, "get", "[]"), "");
    (void)rig_put_cancel(&t.b, 3); /* another session's number is not mine */
    (void)rig_put_cancel(&t.b, 99);
    rig_send(&t.b);
    (void)rig_put_cancel(&t.a, 2); /* answered long ago */
    rig_send(&t.a);
    assert_int_equal(rig_parked(t.rig), 1);
    (void)rig_put_cancel(&t.a, 3);
    rig_send(&t.a);
    assert_string_equal(rig_answers(&t.a), "3! Cancelled: the call was cancelled\n");
    (void)rig_put_cancel(&t.a, 3);
    rig_send(&t.a);
    assert_string_equal(rig_call(&t.a, 1, "notes", "[]"), "7: 'gone'\n");
    (void)rig_call(&t.a, 1, "put", "[1]");
    assert_string_equal(rig_call(&t.a, 1, "get", "[]"), "9: 1\n");
    rig_pair_close(&t);
}

static void
a_dead_sessions_calls_go(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 1, "get", "[]"), "");
    assert_string_equal(rig_call(&t.a, 1, "take", "[]"), "");
    rig_down(t.rig, 1, true);
    assert_int_equal(rig_parked(t.rig), 0);
    assert_string_equal(rig_call(&t.b, 1, "notes", "[]"), "2: 'gone gone'\n");
    assert_string_equal(rig_call(&t.b, 1, "hand", "[1]"), "3: 0\n");
    assert_string_equal(rig_call(&t.b, 1, "wake", "[]"), "4: 0\n");
    rig_pair_close(&t);
}

/* A parked call holds what it is parked on. */
static void
a_parked_call_holds(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    (void)rig_call(&t.a, 0, "unbind", "[\"gate\"]");
    (void)rig_put_release(&t.b, 1, 1);
    rig_send(&t.b);
    assert_string_equal(rig_call(&t.a, 1, "get", "[1.0]"), "");
    (void)rig_put_release(&t.a, 1, 1);
    rig_send(&t.a);
    assert_int_equal(rig_referents(t.rig), 1);
    rig_pass(t.rig, 1.01);
    assert_string_equal(rig_answers(&t.a), "4! Empty: nothing came\n");
    assert_int_equal(rig_referents(t.rig), 0);
    rig_pair_close(&t);
}

static void
a_oneway_call_parks_too(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    (void)rig_put_call(&t.a, 1, "get", "[]", "{\"oneway\": true}");
    rig_send(&t.a);
    assert_int_equal(rig_parked(t.rig), 1);
    assert_string_equal(rig_call(&t.b, 1, "put", "[1]"), "2: None\n");
    assert_string_equal(rig_answers(&t.a), "");
    assert_string_equal(rig_call(&t.b, 1, "counts", "[]"), "3: [0, 0, 0, 2]\n");
    rig_pair_close(&t);
}

/* A call may park on the waiters of another referent of its plugin; the record holds that one too. */
static void
parked_elsewhere(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 0, "create", "[\"Gate\"]"), "3: <Gate #2>\n");
    assert_string_equal(rig_call(&t.a, 2, "watch", "[{\"$handle\": [1]}]"), "");
    assert_string_equal(rig_call(&t.b, 1, "counts", NULL), "2: [1, 0, 0, 0]\n");
    (void)rig_put_call(&t.b, 1, "put", "[\"x\"]", NULL);
    (void)rig_put_call(&t.b, 1, "counts", NULL, NULL);
    rig_send(&t.b);
    assert_string_equal(rig_answers(&t.b), "3: None\n4: [0, 0, 1, 0]\n");
    assert_string_equal(rig_answers(&t.a), "4: 'x'\n");
    (void)rig_call(&t.b, 1, "get", NULL);
    assert_string_equal(rig_call(&t.a, 2, "watch", "[{\"$handle\": [1]}]"), "");
    (void)rig_put_release(&t.a, 1, 1);
    (void)rig_put_release(&t.a, 2, 1);
    rig_send(&t.a);
    (void)rig_put_call(&t.b, 0, "unbind", "[\"gate\"]", NULL);
    (void)rig_put_release(&t.b, 1, 1);
    rig_send(&t.b);
    assert_int_equal(rig_referents(t.rig), 2); /* held by the parked call alone */
    (void)rig_put_cancel(&t.a, 5);
    rig_send(&t.a);
    assert_int_equal(rig_referents(t.rig), 0);
    rig_pair_close(&t);
}

static void
parked_nowhere(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_non_null(strstr(
        rig_call(&t.a, 1, "park_nowhere", NULL),
        "3! RemoteError: plugin trial: Gate.park_nowhere: it parked on waiters that lie in no"));
    assert_int_equal(rig_parked(t.rig), 0);
    rig_pair_close(&t);
}

/* ---- two exits at once: the first wins, and there is one answer -------------------------- */

static void
wake_then_cancel(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 1, "get", "[]"), "");
    (void)rig_put_call(&t.a, 1, "put", "[1]", NULL);
    (void)rig_put_cancel(&t.a, 3);
    rig_send(&t.a);
    assert_string_equal(rig_answers(&t.a), "4: None\n3: 1\n");
    rig_pair_close(&t);
}

static void
cancel_then_wake(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 1, "get", "[]"), "");
    (void)rig_put_cancel(&t.a, 3);
    (void)rig_put_call(&t.a, 1, "put", "[1]", NULL);
    rig_send(&t.a);
    assert_string_equal(rig_answers(&t.a), "3! Cancelled: the call was cancelled\n5: None\n");
    rig_pair_close(&t);
}

static void
two_times_at_once(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    (void)rig_put_call(&t.a, 1, "get", "[0.5]", "{\"timeout\": 0.5}");
    rig_send(&t.a);
    rig_pass(t.rig, 1.0);
    assert_string_equal(rig_answers(&t.a), "3! TimeoutError: the call's time is up\n");
    rig_pair_close(&t);
}

/* Time and session's end in one TICK: the lease runs out in the moment in which the time is up. */
static void
time_and_sessions_end(void **state)
{
    (void)state;
    rig_pair_t t = opened("{\"lease_ms\": 2000}");
    assert_string_equal(rig_call(&t.a, 1, "get", "[2.0]"), "");
    t.rig->now_ns = 3000000000;
    rig_apply(t.rig, &(hfi_event_t){.kind = HFI_EVENT_TICK, .now_ns = t.rig->now_ns});
    assert_int_equal(rig_parked(t.rig), 0);
    assert_int_equal(hfi_machine_figures(t.rig->machine)->sessions, 0);
    rig_pair_close(&t);
}

static void
time_after_wake(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 1, "get", "[0.5]"), "");
    rig_pass(t.rig, 0.4);
    (void)rig_call(&t.b, 1, "put", "[1]");
    rig_pass(t.rig, 0.4);
    assert_string_equal(rig_answers(&t.a), "3: 1\n");
    rig_pair_close(&t);
}

static void
cancel_and_sessions_end(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 1, "get", "[]"), "");
    (void)rig_put_cancel(&t.a, 3);
    rig_send(&t.a);
    rig_down(t.rig, 1, true);
    assert_string_equal(rig_call(&t.b, 1, "notes", "[]"), "2: 'gone'\n");
    rig_pair_close(&t);
}

static void
shutdown_ends_the_parked(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 1, "get", "[]"), "");
    rig_apply(t.rig, &(hfi_event_t){.kind = HFI_EVENT_STOP, .drain_s = 0.5});
    assert_false(t.rig->is_stopped);
    rig_pass(t.rig, 0.51);
    assert_true(t.rig->is_stopped);
    assert_string_equal(rig_said(t.rig, 1), "ACK seq=3 ack=3\nREJECT shutdown\n");
    assert_int_equal(rig_parked(t.rig), 0);
    rig_pair_close(&t);
}

/* ---- undelivered ------------------------------------------------------------------------- */

static void
undelivered_last_first(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    for (int i = 1; i <= 3; i++)
        (void)rig_call(&t.a, 1, "put", i == 1 ? "[\"one\"]" : i == 2 ? "[\"two\"]" : "[\"three\"]");
    rig_acknowledge(&t.a);
    (void)rig_call(&t.a, 1, "get", "[]");
    (void)rig_call(&t.a, 1, "get", "[]");
    (void)rig_call(&t.a, 1, "get", "[]");
    rig_down(t.rig, 1, true); /* its last frame acknowledged the second get */
    assert_string_equal(rig_call(&t.b, 1, "notes", "[]"), "2: 'undelivered7'\n");
    assert_string_equal(rig_call(&t.b, 1, "get", "[]"), "3: 'three'\n");
    rig_pair_close(&t);
}

static void
undelivered_serves_who_waits(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    (void)rig_call(&t.a, 1, "take", "[]");
    (void)rig_call(&t.b, 1, "hand", "[\"it\"]");
    assert_string_equal(rig_call(&t.b, 1, "get", "[]"), "");
    rig_down(t.rig, 1, true);
    assert_string_equal(rig_answers(&t.b), "3: 'it'\n");
    rig_pair_close(&t);
}

static void
delivered_is_forgotten(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    (void)rig_call(&t.a, 1, "put", "[1]");
    (void)rig_call(&t.a, 1, "get", "[]");
    rig_acknowledge(&t.a);
    rig_down(t.rig, 1, true);
    assert_string_equal(rig_call(&t.b, 1, "notes", "[]"), "2: ''\n");
    rig_pair_close(&t);
}

/* ---- owners, timers ---------------------------------------------------------------------- */

static void
owners(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    assert_string_equal(rig_call(&t.a, 1, "own", "[]"), "3: 1\n");
    assert_string_equal(rig_call(&t.a, 1, "own", "[]"), "4: 1\n");
    assert_string_equal(rig_call(&t.b, 1, "own", "[]"), "2: 2\n");
    assert_string_equal(rig_call(&t.b, 1, "disown", "[]"), "3: 0\n");
    rig_bye(&t.a);
    assert_string_equal(rig_call(&t.b, 1, "notes", "[]"), "4: 'session_died'\n");
    rig_pair_close(&t);
}

static void
timers(void **state)
{
    (void)state;
    rig_pair_t t = opened(NULL);
    (void)rig_call(&t.a, 1, "timer", "[1, 0.5]");
    (void)rig_call(&t.a, 1, "timer", "[2, 0.3]");
    (void)rig_call(&t.a, 1, "timer", "[1, 0.2]"); /* moved */
    (void)rig_call(&t.a, 1, "timer", "[3, 0.1]");
    (void)rig_call(&t.a, 1, "timer", "[3, -1]"); /* stopped */
    rig_pass(t.rig, 0.25);
    assert_string_equal(rig_call(&t.a, 1, "notes", "[]"), "8: 'timer1'\n");
    rig_pass(t.rig, 0.25);
    assert_string_equal(rig_call(&t.a, 1, "notes", "[]"), "9: 'timer2'\n");
    (void)rig_call(&t.a, 1, "timer", "[1, 0.1]");
    (void)rig_call(&t.a, 0, "unbind", "[\"gate\"]");
    rig_bye(&t.a);
    rig_bye(&t.b); /* a referent's end stops its timers */
    assert_int_equal(rig_referents(t.rig), 0);
    rig_pass(t.rig, 0.2);
    rig_pair_close(&t);
}

/* ---- many --------------------------------------------------------------------------------- */

/* At most 1,024 woken calls run in one apply; meanwhile others go on, and who comes to this referent waits. */
static void
many_woken(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    rig_pair_t t = opened(NULL);
    for (int i = 0; i < MANY; i++)
        (void)rig_put_call(&t.a, 1, "get", "[]", NULL);
    rig_send(&t.a);
    (void)rig_call(&t.b, 0, "create", "[\"Cell\", 5]");
    assert_int_equal(rig_parked(t.rig), MANY);
    (void)rig_put_call(&t.b, 1, "wake", "[]", NULL);
    rig_send(&t.b);
    assert_string_equal(rig_answers(&t.b), "3: 3000\n");
    assert_int_equal(hfi_machine_due_ns(t.rig->machine), t.rig->now_ns);
    rig_apply(t.rig, &(hfi_event_t){.kind = HFI_EVENT_TICK, .now_ns = t.rig->now_ns});
    rig_apply(t.rig, &(hfi_event_t){.kind = HFI_EVENT_TICK, .now_ns = t.rig->now_ns});
    assert_string_equal(rig_call(&t.b, 1, "counts", "[]"), "4: [3000, 0, 0, 6000]\n");
    /* and with work left over: another referent answers, this one in its turn */
    (void)rig_put_call(&t.b, 1, "wake", "[]", NULL);
    (void)rig_put_call(&t.b, 1, "counts", "[]", NULL);
    (void)rig_put_call(&t.b, 2, "get", "[]", NULL);
    (void)rig_put_cancel(&t.b, 99);
    rig_send(&t.b);
    assert_string_equal(rig_answers(&t.b), "5: 3000\n7: 5\n");
    while (hfi_machine_due_ns(t.rig->machine) <= t.rig->now_ns)
        rig_apply(t.rig, &(hfi_event_t){.kind = HFI_EVENT_TICK, .now_ns = t.rig->now_ns});
    assert_string_equal(rig_answers(&t.b), "6: [3000, 0, 0, 9000]\n");
    /* woken calls of a session that ends before they run are gone */
    (void)rig_call(&t.b, 1, "wake", "[]");
    rig_down(t.rig, 1, true);
    assert_int_equal(rig_parked(t.rig), 0);
    rig_pair_close(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(woken_in_order),
        cmocka_unit_test(a_retry_keeps_its_place),
        cmocka_unit_test(a_vain_wake_of_all),
        cmocka_unit_test(nobody_barges_in),
        cmocka_unit_test(answered_by_another),
        cmocka_unit_test(diverted),
        cmocka_unit_test(answers_of_others_stand),
        cmocka_unit_test(times_out),
        cmocka_unit_test(a_note_stays_with_its_call),
        cmocka_unit_test(a_vain_wake_gives_no_more_time),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(a_dead_sessions_calls_go),
        cmocka_unit_test(a_parked_call_holds),
        cmocka_unit_test(a_oneway_call_parks_too),
        cmocka_unit_test(parked_elsewhere),
        cmocka_unit_test(parked_nowhere),
        cmocka_unit_test(wake_then_cancel),
        cmocka_unit_test(cancel_then_wake),
        cmocka_unit_test(two_times_at_once),
        cmocka_unit_test(time_and_sessions_end),
        cmocka_unit_test(time_after_wake),
        cmocka_unit_test(cancel_and_sessions_end),
        cmocka_unit_test(shutdown_ends_the_parked),
        cmocka_unit_test(undelivered_last_first),
        cmocka_unit_test(undelivered_serves_who_waits),
        cmocka_unit_test(delivered_is_forgotten),
        cmocka_unit_test(owners),
        cmocka_unit_test(timers),
        cmocka_unit_test(many_woken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
