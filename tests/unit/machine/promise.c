/* SPDX-License-Identifier: MPL-2.0 */
/* promise -- results that are not there yet, as targets and inside arguments. */
#include <stdio.h>

#include "rig.h"
#include "trial.h"

/* A gate, #1: what is got from it comes when it is put; a cell, #2. */
static rig_alone_t
gate_and_cell(const char *settings)
{
    rig_alone_t t = rig_alone_open(&hf_plugin, settings);
    assert_string_equal(rig_call(&t.a, 0, "create", "[\"Gate\"]"), "1: <Gate #1>\n");
    assert_string_equal(rig_call(&t.a, 0, "create", "[\"Cell\", 0]"), "2: <Cell #2>\n");
    return t;
}

/* The text with the promise of call `k` where it has a `%s`. */
static const char *
promise(const char *text, uint64_t k)
{
    static char out[256];
    const char *hole = strstr(text, "%s");
    assert_non_null(hole);
    (void)snprintf(out, sizeof out, "%.*s{\"$promise\": %llu}%s", (int)(hole - text), text,
                   (unsigned long long)k, hole + 2);
    return out;
}

static void
known_at_once(void **state)
{
    (void)state;
    rig_alone_t t = gate_and_cell(NULL);
    uint64_t cell = rig_put_call(&t.a, 0, "create", "[\"Cell\", [1]]", NULL);
    (void)rig_put_promised(&t.a, cell, "get", NULL);
    (void)rig_put_promised(&t.a, cell, "set", "[7]");
    uint64_t got = rig_put_promised(&t.a, cell, "get", NULL);
    (void)rig_put_call(&t.a, 2, "set", promise("[[%s, 8]]", got), NULL);
    (void)rig_put_call(&t.a, 2, "get", NULL, NULL);
    rig_send(&t.a);
    assert_string_equal(rig_answers(&t.a),
                        "3: <Cell #3>\n4: [1]\n5: None\n6: 7\n7: None\n8: [7, 8]\n");
    rig_alone_close(&t);
}

static void
waits_for_an_argument(void **state)
{
    (void)state;
    rig_alone_t t = gate_and_cell(NULL);
    uint64_t got = rig_put_call(&t.a, 1, "get", NULL, NULL); /* 3 parks */
    (void)rig_put_call(&t.a, 2, "set", promise("[{\"a\": [%s]}]", got), NULL);
    (void)rig_put_call(&t.a, 2, "get", NULL, NULL); /* 5 waits behind it: the same target */
    (void)rig_put_call(&t.a, 1, "counts", NULL, NULL);
    rig_send(&t.a);
    assert_string_equal(rig_answers(&t.a), "6: [1, 0, 0, 1]\n");
    assert_string_equal(rig_call(&t.a, 1, "put", "[\"x\"]"),
                        "7: None\n3: 'x'\n4: None\n5: {'a': ['x']}\n");
    assert_int_equal(rig_parked(t.rig), 0);
    rig_alone_close(&t);
}

static void
waits_for_its_target(void **state)
{
    (void)state;
    rig_alone_t t = gate_and_cell(NULL);
    uint64_t got = rig_put_call(&t.a, 1, "get", NULL, NULL);
    (void)rig_put_promised(&t.a, got, "set", "[1]");
    (void)rig_put_promised(&t.a, got, "get", NULL);
    (void)rig_put_call(&t.a, 2, "get", NULL,
                       NULL); /* the same cell, under its own name: another target so far */
    rig_send(&t.a);
    assert_string_equal(rig_answers(&t.a), "6: 0\n");
    assert_string_equal(rig_call(&t.a, 1, "put", "[{\"$handle\": [2]}]"),
                        "7: None\n3: <Cell #2>\n4: None\n5: 1\n");
    rig_alone_close(&t);
}

/* Once the promise is known, it is the object that it gave. */
static void
a_known_promise_is_its_object(void **state)
{
    (void)state;
    rig_alone_t t = gate_and_cell(NULL);
    uint64_t target = rig_put_call(&t.a, 1, "get", NULL, NULL);          /* 3 */
    uint64_t value = rig_put_call(&t.a, 1, "take", NULL, NULL);          /* 4 */
    (void)rig_put_promised(&t.a, target, "set", promise("[%s]", value)); /* 5 waits for both */
    rig_send(&t.a);
    assert_string_equal(rig_call(&t.a, 1, "put", "[{\"$handle\": [2]}]"),
                        "6: None\n3: <Cell #2>\n");
    assert_string_equal(rig_call(&t.a, 2, "get", NULL), ""); /* 7 waits behind 5 now */
    assert_string_equal(rig_call(&t.a, 1, "hand", "[\"late\"]"),
                        "4: 'late'\n8: 1\n5: None\n7: 'late'\n");
    rig_alone_close(&t);
}

static void
fails_the_same_way(void **state)
{
    (void)state;
    rig_alone_t t = gate_and_cell(NULL);
    uint64_t failed = rig_put_call(&t.a, 2, "fail", "[\"k\"]", NULL);
    (void)rig_put_call(&t.a, 2, "set", promise("[%s]", failed), NULL);
    (void)rig_put_promised(&t.a, failed, "get", NULL);
    uint64_t got = rig_put_call(&t.a, 1, "get", NULL, NULL); /* 6 */
    uint64_t next = rig_put_call(&t.a, 2, "set", promise("[%s]", got), NULL);
    (void)rig_put_call(&t.a, 2, "set", promise("[%s]", next), NULL);
    (void)rig_put_call(&t.a, 2, "get", NULL, NULL);
    (void)rig_put_cancel(&t.a, got);
    rig_send(&t.a);
    assert_string_equal(rig_answers(&t.a),
                        "3! KeyError: no such key\n4! KeyError: no such key\n"
                        "5! KeyError: no such key\n6! Cancelled: the call was cancelled\n"
                        "7! Cancelled: the call was cancelled\n"
                        "8! Cancelled: the call was cancelled\n9: 0\n");
    rig_alone_close(&t);
}

static void
of_no_earlier_call(void **state)
{
    (void)state;
    rig_alone_t t = gate_and_cell(NULL);
    static const char bad[] = "BadRequest: a promise of call";
    const char *says;
    says = rig_call(&t.a, 2, "set", promise("[%s]", 3)); /* its own number */
    assert_non_null(strstr(says, bad));
    says = rig_call(&t.a, 2, "set", promise("[%s]", 99));
    assert_non_null(strstr(says, bad));
    says = rig_call(&t.a, 2, "set", promise("[%s]", 1)); /* acknowledged by now */
    assert_non_null(strstr(says, bad));
    uint64_t oneway = rig_put_call(&t.a, 2, "get", NULL, "{\"oneway\": true}");
    (void)rig_put_call(&t.a, 2, "set", promise("[%s]", oneway), NULL);
    uint64_t release = rig_put_release(&t.a, 1, 1);
    (void)rig_put_promised(&t.a, release, "get", NULL);
    rig_send(&t.a);
    says = rig_answers(&t.a);
    assert_non_null(strstr(says, bad));
    assert_non_null(strstr(strstr(says, bad) + 1, bad));
    /* a oneway call that is parked cannot be promised either */
    rig_alone_close(&t);
}

static void
of_a_oneway_call_that_is_parked(void **state)
{
    (void)state;
    rig_alone_t t = gate_and_cell(NULL);
    uint64_t oneway = rig_put_call(&t.a, 1, "get", NULL, "{\"oneway\": true}");
    (void)rig_put_call(&t.a, 2, "set", promise("[%s]", oneway), NULL);
    rig_send(&t.a);
    assert_non_null(strstr(rig_answers(&t.a), "BadRequest"));
    rig_alone_close(&t);
}

/* A call that had to wait before it started parks, and is late, like any other. */
static void
r2_parks_after_it_has_waited(void **state)
{
    (void)state;
    rig_alone_t t = gate_and_cell(NULL);
    assert_string_equal(rig_call(&t.a, 0, "create", "[\"Gate\"]"), "3: <Gate #3>\n");
    uint64_t got = rig_put_call(&t.a, 1, "get", NULL, NULL);
    (void)rig_put_call(&t.a, 3, "hand", promise("[%s, 0]", got), NULL);
    (void)rig_put_call(&t.a, 3, "get", "[0.5]", NULL); /* 6 waits behind 5 */
    rig_send(&t.a);
    assert_string_equal(rig_call(&t.a, 1, "put", "[\"x\"]"), "7: None\n4: 'x'\n5: 0\n");
    rig_pass(t.rig, 0.51);
    assert_string_equal(rig_answers(&t.a), "6! Empty: nothing came\n");
    assert_string_equal(rig_call(&t.a, 3, "notes", "[]"), "8: 'timed_out'\n");
    rig_alone_close(&t);
}

/* The client may acknowledge the answer while the call that names it still waits for another. */
static void
outlives_its_acknowledgement(void **state)
{
    (void)state;
    rig_alone_t t = gate_and_cell(NULL);
    uint64_t early = rig_put_call(&t.a, 1, "get", NULL, NULL);
    uint64_t late = rig_put_call(&t.a, 1, "take", NULL, NULL);
    char args[128];
    (void)snprintf(args, sizeof args, "[[{\"$promise\": %d}, {\"$promise\": %d}]]", (int)early,
                   (int)late);
    (void)rig_put_call(&t.a, 2, "set", args, NULL);
    rig_send(&t.a);
    assert_string_equal(rig_call(&t.a, 1, "put", "[\"early\"]"), "6: None\n3: 'early'\n");
    rig_acknowledge(&t.a);
    assert_string_equal(rig_call(&t.a, 1, "hand", "[\"late\"]"), "4: 'late'\n7: 1\n5: None\n");
    assert_string_equal(rig_call(&t.a, 2, "get", NULL), "8: ['early', 'late']\n");
    rig_alone_close(&t);
}

static void
is_held_to_the_rules(void **state)
{
    (void)state;
    rig_alone_t t = gate_and_cell("{\"limits\": {\"depth\": 8}}");
    uint64_t number = rig_put_call(&t.a, 2, "get", NULL, NULL);
    (void)rig_put_promised(&t.a, number, "get", NULL); /* a target that is no handle */
    uint64_t cell = rig_put_call(&t.a, 0, "create", "[\"Cell\", 1]", NULL); /* 5, #3 */
    (void)rig_put_release(&t.a, 3, 1);
    (void)rig_put_promised(&t.a, cell, "get", NULL); /* released meanwhile */
    (void)rig_put_call(&t.a, 2, "set", promise("[%s]", cell), NULL);
    uint64_t deep = rig_put_call(&t.a, 2, "echo", "[[[[[1]]]]]", NULL);    /* 9 */
    (void)rig_put_call(&t.a, 2, "set", promise("[[[[%s]]]]", deep), NULL); /* with it too deep */
    rig_send(&t.a);
    const char *says = rig_answers(&t.a);
    assert_non_null(strstr(says, "4! BadRequest: the promised target is no handle\n"));
    assert_non_null(strstr(says, "7! NoSuchObject: no object 3\n"));
    assert_non_null(strstr(says, "8! NoSuchObject: no object 3\n"));
    assert_non_null(strstr(says, "10! BadRequest: with what was promised: "));
    rig_alone_close(&t);
}

/* What many promises give together is no longer than a frame may be. */
static void
does_not_blow_up(void **state)
{
    (void)state;
    rig_alone_t t = gate_and_cell("{\"limits\": {\"frame\": 4096}}");
    char args[256];
    uint64_t last = rig_put_call(&t.a, 2, "echo",
                                 "[\"0123456789abcdef0123456789abcdef0123456789abcdef\"]", NULL);
    for (int i = 0; i < 12; i++) {
        int p = (int)last;
        (void)snprintf(args, sizeof args, "[[{\"$promise\": %d}, {\"$promise\": %d}]]", p, p);
        last = rig_put_call(&t.a, 2, "echo", args, NULL);
    }
    rig_send(&t.a);
    assert_non_null(strstr(rig_answers(&t.a), "! LimitExceeded: "));
    assert_string_equal(t.rig->log, "");
    rig_alone_close(&t);
}

/* From its receipt to its answer a call holds what it names: nothing is taken from under it. */
static void
holds_what_it_names(void **state)
{
    (void)state;
    rig_alone_t t = gate_and_cell(NULL);
    uint64_t got = rig_put_call(&t.a, 1, "get", NULL, NULL);
    char args[128];
    (void)snprintf(args, sizeof args, "[[{\"$handle\": [2]}, {\"$promise\": %d}]]", (int)got);
    uint64_t cell = rig_put_call(&t.a, 0, "create", "[\"Cell\", 1]", NULL); /* #3 */
    (void)cell;
    (void)rig_put_call(&t.a, 3, "echo", args, NULL); /* 5: target 3, argument 2 */
    (void)rig_put_release(&t.a, 3, 1);
    (void)rig_put_release(&t.a, 2, 1);
    rig_send(&t.a);
    (void)rig_answers(&t.a);
    assert_int_equal(rig_referents(t.rig), 3);
    assert_string_equal(rig_call(&t.a, 2, "get", NULL), "8! NoSuchObject: no object 2\n");
    assert_string_equal(rig_call(&t.a, 1, "put", "[9]"),
                        "9: None\n3: 9\n5: [[[<Cell #2>, 9]], {}]\n");
    assert_int_equal(rig_referents(t.rig), 2); /* 2 was given back to us, 3 is gone */
    rig_alone_close(&t);
}

static void
waiting_calls_have_a_limit(void **state)
{
    (void)state;
    rig_alone_t t = gate_and_cell("{\"limits\": {\"waiting\": 3}}");
    uint64_t got = rig_put_call(&t.a, 1, "get", NULL, NULL);
    for (int i = 0; i < 4; i++)
        (void)rig_put_call(&t.a, 2, "set", promise("[%s]", got), NULL);
    rig_send(&t.a);
    assert_string_equal(rig_answers(&t.a),
                        "7! LimitExceeded: the session has as many waiting calls as it may\n");
    (void)rig_put_cancel(&t.a, 5);
    rig_send(&t.a);
    assert_string_equal(rig_answers(&t.a), "5! Cancelled: the call was cancelled\n");
    rig_bye(&t.a);
    assert_int_equal(rig_parked(t.rig), 0);
    assert_int_equal(rig_referents(t.rig), 0);
    rig_alone_close(&t);
}

static void
time_is_up_while_waiting(void **state)
{
    (void)state;
    rig_alone_t t = gate_and_cell(NULL);
    uint64_t got = rig_put_call(&t.a, 1, "get", NULL, NULL);
    (void)rig_put_call(&t.a, 2, "set", promise("[%s]", got), "{\"timeout\": 0.2}");
    (void)rig_put_call(&t.a, 2, "get", NULL, NULL);
    rig_send(&t.a);
    rig_pass(t.rig, 0.25);
    assert_string_equal(rig_answers(&t.a), "4! TimeoutError: the call's time is up\n5: 0\n");
    rig_alone_close(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_at_once),
        cmocka_unit_test(waits_for_an_argument),
        cmocka_unit_test(waits_for_its_target),
        cmocka_unit_test(a_known_promise_is_its_object),
        cmocka_unit_test(fails_the_same_way),
        cmocka_unit_test(of_no_earlier_call),
        cmocka_unit_test(of_a_oneway_call_that_is_parked),
        cmocka_unit_test(r2_parks_after_it_has_waited),
        cmocka_unit_test(outlives_its_acknowledgement),
        cmocka_unit_test(is_held_to_the_rules),
        cmocka_unit_test(does_not_blow_up),
        cmocka_unit_test(holds_what_it_names),
        cmocka_unit_test(waiting_calls_have_a_limit),
        cmocka_unit_test(time_is_up_while_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
