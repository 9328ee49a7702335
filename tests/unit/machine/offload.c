/* SPDX-License-Identifier: MPL-2.0 */
/* offload -- offloaded calls: begun, finished, given up; what waits for them; what `work` may not do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <holdfast/testing.h>

extern const hf_plugin_t hf_plugin_offload;

enum { FORBIDDEN = 22 };

typedef struct bed {
    hf_testing_t *manager;
    hf_testing_session_t *a;
    hf_testing_session_t *b;
    uint64_t one;
    uint64_t two;
} bed_t;

static bed_t
bed_open_with(const char *settings)
{
    bed_t bed = {.manager = hf_testing_boot(&hf_plugin_offload, settings)};
    bed.a = hf_testing_open(bed.manager);
    bed.b = hf_testing_open(bed.manager);
    bed.one = hf_testing_create(bed.a, "Bench", "");
    bed.two = hf_testing_create(bed.a, "Bench", "");
    hf_value_t handle = hf_testing_handle(bed.one);
    assert_string_equal(hf_testing_call(bed.a, 0, "bind", "sv", "one", &handle), "None");
    assert_string_equal(hf_testing_call(bed.b, 0, "lookup", "s", "one"), "<Bench #1>");
    hf_testing_set_late(bed.manager, true);
    return bed;
}

static bed_t
bed_open(void)
{
    return bed_open_with("{}");
}

static void
bed_close(bed_t *bed)
{
    (void)hf_testing_run_jobs(bed->manager, UINT32_MAX);
    assert_int_equal(hf_testing_parked(bed->manager), 0);
    hf_testing_destroy(&bed->manager);
}

static void
assert_begins(const char *text, const char *with)
{
    if (strncmp(text, with, strlen(with)) != 0)
        fail_msg("'%s' does not begin with '%s'", text, with);
}

/* ---- one call ---------------------------------------------------------------------------- */

static void
early_it_is_as_any_other(void **state)
{
    (void)state;
    bed_t t = bed_open();
    hf_testing_set_late(t.manager, false);
    assert_string_equal(hf_testing_call(t.a, t.one, "hash", "si", "abc", (int64_t)1),
                        "8327104087692716965");
    assert_string_equal(hf_testing_call(t.a, t.one, "sort", "[ifi]", (int64_t)3, 1.5, (int64_t)2),
                        "[1.5, 2, 3]");
    assert_string_equal(hf_testing_call(t.a, t.one, "sort", "[is]", (int64_t)3, "a"),
                        "TypeError: the items have no order");
    assert_string_equal(
        hf_testing_call(t.a, t.one, "echo", "is k=s", (int64_t)1, "a text of many bytes", "named"),
        "\"[[1, 'a text of many bytes'], {'k': 'named'}]\"");
    assert_string_equal(hf_testing_call(t.a, t.one, "nothing", ""), "None");
    assert_begins(hf_testing_call(t.a, t.one, "hash", "s", "abc"), "TypeError: ");
    bed_close(&t);
}

static void
errors_and_finish(void **state)
{
    (void)state;
    bed_t t = bed_open();
    hf_testing_set_late(t.manager, false);
    assert_string_equal(hf_testing_call(t.a, t.one, "fail", "s", "a text of more than 15 bytes"),
                        "ValueError: no good");
    size_t len;
    const hf_value_t *data = hf_testing_data(t.a, hf_testing_last(t.a));
    assert_non_null(data);
    assert_non_null(hf_as_str(data, &len));
    assert_int_equal(len, 28);
    assert_string_equal(hf_testing_call(t.a, t.one, "refuse", ""), "LookupError: not 7");
    const char *sum = hf_testing_call(t.a, t.one, "add", "si", "abc", (int64_t)1);
    assert_string_equal(sum, hf_testing_call(t.a, t.one, "total", ""));
    assert_string_equal(hf_testing_call(t.a, t.one, "seen", ""), "[1]");
    bed_close(&t);
}

/* ---- what waits -------------------------------------------------------------------------- */

static void
its_referent_waits_and_others_go_on(void **state)
{
    (void)state;
    bed_t t = bed_open();
    assert_string_equal(hf_testing_call(t.a, t.one, "add", "si", "abc", (int64_t)1), "parked");
    uint64_t add = hf_testing_last(t.a);
    assert_string_equal(hf_testing_call(t.b, t.one, "total", ""), "parked");
    uint64_t total = hf_testing_last(t.b);
    assert_string_equal(hf_testing_call(t.b, t.one, "add", "si", "abc", (int64_t)1), "parked");
    uint64_t again = hf_testing_last(t.b);
    assert_string_equal(hf_testing_call(t.b, t.one, "total", ""), "parked");
    uint64_t last = hf_testing_last(t.b);
    assert_string_equal(hf_testing_call(t.a, t.two, "total", ""), "0");
    assert_int_equal(hf_testing_run_jobs(t.manager, 1), 1);
    assert_string_equal(hf_testing_answer(t.a, add), "165");
    assert_string_equal(hf_testing_answer(t.b, total), "165");
    assert_string_equal(hf_testing_answer(t.b, again), "parked"); /* the second `work` */
    assert_string_equal(hf_testing_answer(t.b, last), "parked");
    assert_int_equal(hf_testing_run_jobs(t.manager, 1), 1);
    const char *sum = hf_testing_answer(t.b, again);
    assert_string_equal(hf_testing_answer(t.b, last), sum);
    assert_int_equal(hf_testing_run_jobs(t.manager, 1), 0);
    bed_close(&t);
}

static void
jobs_end_in_any_order(void **state)
{
    (void)state;
    bed_t t = bed_open();
    assert_string_equal(hf_testing_call(t.a, t.one, "hash", "si", "abc", (int64_t)1), "parked");
    uint64_t one = hf_testing_last(t.a);
    hf_testing_set_late(t.manager, false);
    assert_string_equal(hf_testing_call(t.a, t.two, "hash", "si", "abc", (int64_t)1),
                        "8327104087692716965");
    assert_string_equal(hf_testing_answer(t.a, one), "parked");
    assert_int_equal(hf_testing_run_jobs(t.manager, 9), 1);
    assert_string_equal(hf_testing_answer(t.a, one), "8327104087692716965");
    bed_close(&t);
}

/* A timer, an end of a session that owned, an answer that was never acknowledged, two parked calls of which one ends
 * and one is late: all of it after finish, in the order in which it came. */
static void
hooks_wait_in_order(void **state)
{
    (void)state;
    bed_t t = bed_open();
    hf_testing_set_acknowledging(t.b, false);
    assert_string_equal(hf_testing_call(t.b, t.one, "minded", ""),
                        "'an answer that is longer than fifteen bytes'");
    assert_string_equal(hf_testing_call(t.b, t.one, "own", ""), "None");
    assert_string_equal(hf_testing_call(t.a, t.one, "arm", "f", 1.0), "None");
    assert_string_equal(hf_testing_call(t.a, t.one, "wait", "f", 2.0), "parked");
    uint64_t late = hf_testing_last(t.a);
    assert_string_equal(hf_testing_call(t.a, t.one, "wait", ""), "parked");
    uint64_t cancelled = hf_testing_last(t.a);
    assert_string_equal(hf_testing_call(t.b, t.one, "wait", ""), "parked");
    assert_string_equal(hf_testing_call(t.a, t.one, "hash", "si", "abc", (int64_t)1), "parked");
    hf_testing_pass(t.manager, 3.0);
    hf_testing_cancel(t.a, cancelled);
    assert_string_equal(hf_testing_answer(t.a, cancelled), "Cancelled: the call was cancelled");
    assert_string_equal(hf_testing_answer(t.a, late), "parked");
    hf_testing_die(t.b);
    assert_string_equal(hf_testing_call(t.a, t.one, "seen", ""), "parked");
    uint64_t seen = hf_testing_last(t.a);
    assert_int_equal(hf_testing_run_jobs(t.manager, 9), 1);
    assert_string_equal(hf_testing_answer(t.a, late), "'late'");
    assert_string_equal(hf_testing_answer(t.a, seen), "[2, 5, 4, 4, 6, 3]");
    bed_close(&t);
}

/* finish wakes one that parked before; it runs behind finish and before what came meanwhile. */
static void
finish_wakes(void **state)
{
    (void)state;
    bed_t t = bed_open();
    assert_string_equal(hf_testing_call(t.b, t.one, "wait", ""), "parked");
    uint64_t wait = hf_testing_last(t.b);
    assert_string_equal(hf_testing_call(t.a, t.one, "add", "si", "abc", (int64_t)1), "parked");
    assert_int_equal(hf_testing_run_jobs(t.manager, 9), 1);
    assert_string_equal(hf_testing_answer(t.b, wait), "165");
    bed_close(&t);
}

static void
its_destruction_waits(void **state)
{
    (void)state;
    bed_t t = bed_open();
    assert_string_equal(hf_testing_call(t.a, t.two, "hash", "si", "abc", (int64_t)1), "parked");
    uint64_t call = hf_testing_last(t.a);
    hf_testing_release(t.a, t.two);
    assert_int_equal(hf_testing_referents(t.manager), 2);
    assert_int_equal(hf_testing_run_jobs(t.manager, 9), 1);
    assert_string_equal(hf_testing_answer(t.a, call), "8327104087692716965");
    assert_int_equal(hf_testing_referents(t.manager), 1);
    bed_close(&t);
}

static void
others_may_not_look_into_it(void **state)
{
    (void)state;
    bed_t t = bed_open();
    hf_value_t one = hf_testing_handle(t.one);
    assert_string_equal(hf_testing_call(t.a, t.two, "look_at", "v", &one), "0");
    assert_string_equal(hf_testing_call(t.a, t.one, "hash", "si", "abc", (int64_t)1), "parked");
    assert_string_equal(hf_testing_call(t.a, t.two, "look_at", "v", &one),
                        "RuntimeError: #1 has an offloaded call under way");
    assert_string_equal(hf_testing_call(t.a, t.two, "reach", "v", &one),
                        "RuntimeError: #1 has an offloaded call under way");
    assert_non_null(strstr(hf_testing_call(t.a, 0, "debug_info", ""), "?"));
    assert_int_equal(hf_testing_run_jobs(t.manager, 9), 1);
    assert_string_equal(hf_testing_call(t.a, t.two, "reach", "v", &one), "0");
    assert_begins(hf_testing_call(t.a, t.two, "run_offloaded", "i", (int64_t)0),
                  "RemoteError: plugin offload: Bench.run_offloaded: it ran hash, which is "
                  "offloaded");
    bed_close(&t);
}

/* ---- given up ---------------------------------------------------------------------------- */

static void
cancelled_late_or_abandoned(void **state)
{
    (void)state;
    bed_t t = bed_open();
    uint64_t before = hf_testing_memory(t.manager);
    assert_string_equal(hf_testing_call(t.a, t.one, "add", "si", "abc", (int64_t)1), "parked");
    uint64_t call = hf_testing_last(t.a);
    hf_testing_cancel(t.a, call);
    assert_string_equal(hf_testing_answer(t.a, call), "Cancelled: the call was cancelled");
    assert_string_equal(hf_testing_call(t.a, t.one, "total", ""), "parked");
    uint64_t total = hf_testing_last(t.a);
    assert_int_equal(hf_testing_run_jobs(t.manager, 9), 1);
    assert_string_equal(hf_testing_answer(t.a, total), "0"); /* finish did not run */
    hf_testing_set_timeout(t.a, 1.0);
    assert_string_equal(hf_testing_call(t.a, t.one, "add", "si", "abc", (int64_t)1), "parked");
    call = hf_testing_last(t.a);
    assert_string_equal(hf_testing_call(t.a, t.one, "total", ""), "parked");
    total = hf_testing_last(t.a);
    hf_testing_pass(t.manager, 2.0);
    assert_string_equal(hf_testing_answer(t.a, call), "TimeoutError: the call's time is up");
    assert_string_equal(hf_testing_answer(t.a, total), "TimeoutError: the call's time is up");
    assert_int_equal(hf_testing_run_jobs(t.manager, 9), 1);
    hf_testing_set_timeout(t.a, HF_FOREVER);
    assert_string_equal(hf_testing_call(t.b, t.one, "add", "si", "abc", (int64_t)1), "parked");
    assert_string_equal(hf_testing_call(t.b, t.one, "total", ""), "parked");
    hf_testing_die(t.b);
    assert_string_equal(hf_testing_call(t.a, t.one, "total", ""), "parked");
    total = hf_testing_last(t.a);
    assert_int_equal(hf_testing_run_jobs(t.manager, 9), 1);
    assert_string_equal(hf_testing_answer(t.a, total), "0");
    assert_true(hf_testing_memory(t.manager) <= before);
    bed_close(&t);
}

/* The manager ends while jobs are open and hooks wait: nothing leaks (ASan), nothing runs that should not. */
static void
the_manager_ends_meanwhile(void **state)
{
    (void)state;
    bed_t t = bed_open();
    assert_string_equal(hf_testing_call(t.b, t.one, "own", ""), "None");
    assert_string_equal(hf_testing_call(t.b, t.one, "wait", ""), "parked");
    assert_string_equal(hf_testing_call(t.a, t.one, "wait", "f", 1.0), "parked");
    assert_string_equal(
        hf_testing_call(t.a, t.one, "add", "si", "a long text, not inline", (int64_t)1), "parked");
    assert_string_equal(hf_testing_call(t.a, t.one, "total", ""), "parked");
    hf_testing_pass(t.manager, 2.0);
    hf_testing_die(t.b);
    hf_testing_destroy(&t.manager);
}

static void
so_many_and_no_more(void **state)
{
    (void)state;
    bed_t t = bed_open_with("{\"limits\": {\"offload_queue\": 1, \"offload_memory\": 4194304}}");
    assert_string_equal(hf_testing_call(t.a, t.one, "nothing", ""), "parked");
    assert_string_equal(hf_testing_call(t.a, t.two, "nothing", ""),
                        "Overloaded: as many offloaded calls run or wait for a thread as may");
    assert_int_equal(hf_testing_run_jobs(t.manager, 9), 1);
    hf_testing_set_late(t.manager, false);
    assert_string_equal(hf_testing_call(t.a, t.two, "nothing", ""), "None");
    assert_string_equal(hf_testing_call(t.a, t.two, "hungry", ""),
                        "LimitExceeded: it needs more than 4194304 bytes (offload_memory)");
    bed_close(&t);
}

/* ---- rules ------------------------------------------------------------------------------- */

typedef struct broken {
    const char *method;
    const char *what; /* behind "Bench.METHOD of #1: " in the log */
} broken_t;

static const broken_t broken[] = {
    {"wrong", "its answer is not of the type that its signature promises"},
    {"twice", "it answered a second time"},
    {"code", "it returned 77, which is nothing"},
    {"parked", "it returned HF_PARKED and had not parked"},
    {"half", "it left its answer half written"},
    {"short", "what it wrote is no value: "},
    {"garbled", "what it wrote is no value: "},
    {"deep", "what it wrote is no value: "},
    {"lying", "what it wrote is no value: "},
    {"lying_error", "what it wrote is no value: "},
    {"stray", "it answered with a handle of nothing"},
    {"promised", "there is a promise in its answer"},
    {"writes", "its `work` changed the state of its referent"},
};

static void
rules_of_work(void **state)
{
    (void)state;
    char want[256];
    bed_t t = bed_open();
    hf_testing_set_late(t.manager, false);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        size_t said = strlen(hf_testing_log(t.manager));
        (void)snprintf(want, sizeof want, "RemoteError: plugin offload: Bench.%s: %s",
                       broken[i].method, broken[i].what);
        assert_begins(hf_testing_call(t.a, t.one, broken[i].method, ""), want);
        (void)snprintf(want, sizeof want, "plugin offload: Bench.%s of #1: %s", broken[i].method,
                       broken[i].what);
        assert_begins(hf_testing_log(t.manager) + said, want);
    }
    for (int64_t which = 0; which < FORBIDDEN; which++) {
        size_t said = strlen(hf_testing_log(t.manager));
        const char *answer = hf_testing_call(t.a, t.one, "forbidden", "i", which);
        assert_begins(answer, "RemoteError: plugin offload: Bench.forbidden: it called hf_");
        assert_non_null(strstr(answer, " in `work`, where only values may be had"));
        assert_begins(hf_testing_log(t.manager) + said,
                      "plugin offload: Bench.forbidden of #1: it called hf_");
    }
    assert_string_equal(hf_testing_call(t.a, t.one, "forbidden", "i", (int64_t)FORBIDDEN), "None");
    assert_string_equal(hf_testing_call(t.a, t.one, "total", ""), "0");
    bed_close(&t);
}

static void
extensions(void **state)
{
    (void)state;
    bed_t t = bed_open();
    assert_string_equal(hf_testing_call(t.a, t.one, "memory", ""), "[True, True]");
    (void)hf_testing_call(t.a, 0, "stats", "");
    assert_non_null(strstr(hf_testing_answer(t.a, hf_testing_last(t.a)),
                           "'about': {'summary': 'Works long, on a thread of the pool.', 'author': "
                           "'the Holdfast authors', 'licence': 'MPL-2.0'}"));
    bed_close(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(early_it_is_as_any_other),
        cmocka_unit_test(errors_and_finish),
        cmocka_unit_test(its_referent_waits_and_others_go_on),
        cmocka_unit_test(jobs_end_in_any_order),
        cmocka_unit_test(hooks_wait_in_order),
        cmocka_unit_test(finish_wakes),
        cmocka_unit_test(its_destruction_waits),
        cmocka_unit_test(others_may_not_look_into_it),
        cmocka_unit_test(cancelled_late_or_abandoned),
        cmocka_unit_test(the_manager_ends_meanwhile),
        cmocka_unit_test(so_many_and_no_more),
        cmocka_unit_test(rules_of_work),
        cmocka_unit_test(extensions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
