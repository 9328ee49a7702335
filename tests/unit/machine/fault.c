/* SPDX-License-Identifier: MPL-2.0 */
/* fault -- a plugin that breaks every rule: each is named, answered, logged, and the manager goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <holdfast/testing.h>

extern const hf_plugin_t hf_plugin_fault;

typedef struct broken {
    const char *method;
    const char *picture; /* of one int argument, or none */
    const char *answer;  /* how it begins */
    bool is_logged;
} broken_t;

static const broken_t broken[] = {
    {"answers_twice", "",
     "RemoteError: plugin fault: Fault.answers_twice: it answered a second time", true},
    {"answers_nothing", "",
     "RemoteError: plugin fault: Fault.answers_nothing: its answer is not of the type", true},
    {"answers_then_raises", "", "ValueError: after an answer", false},
    {"answers_then_says_raised", "",
     "RemoteError: plugin fault: Fault.answers_then_says_raised: it returned HF_RAISED and had "
     "raised nothing",
     true},
    {"raises_then_says_ok", "",
     "RemoteError: plugin fault: Fault.raises_then_says_ok: it returned HF_OK and had raised "
     "ValueError",
     true},
    {"says_raised", "",
     "RemoteError: plugin fault: Fault.says_raised: it returned HF_RAISED and had raised nothing",
     true},
    {"says_parked", "",
     "RemoteError: plugin fault: Fault.says_parked: it returned HF_PARKED and had not parked",
     true},
    {"unknown_code", "", "RemoteError: plugin fault: Fault.unknown_code: it returned 77", true},
    {"owns_astray", "",
     "RemoteError: plugin fault: Fault.owns_astray: it disowns with what lies in no referent's "
     "state",
     true},
    {"raises_null_kind", "",
     "RemoteError: plugin fault: Fault.raises_null_kind: it raised an error of no kind", true},
    {"raises_odd_kind", "",
     "RemoteError: plugin fault: Fault.raises_odd_kind: it raised an error of no kind", true},
    {"raises_long_text", "", "ValueError: 0000", false},
    {"wrong_result", "",
     "RemoteError: plugin fault: Fault.wrong_result: its answer is not of the type", true},
    {"huge_value", "i", "LimitExceeded: the answer is longer", true},
    {"bad_utf8", "",
     "RemoteError: plugin fault: Fault.bad_utf8: it answered with a str that is no UTF-8", true},
    {"too_few_items", "",
     "RemoteError: plugin fault: Fault.too_few_items: what it wrote is no value", true},
    {"too_many_items", "",
     "RemoteError: plugin fault: Fault.too_many_items: what it wrote is no value", true},
    {"nothing_written", "",
     "RemoteError: plugin fault: Fault.nothing_written: it answered with no value", true},
    {"writer_forgotten", "",
     "RemoteError: plugin fault: Fault.writer_forgotten: it left its answer half written", true},
    {"foreign_handle", "",
     "RemoteError: plugin fault: Fault.foreign_handle: it answered with a handle of nothing", true},
    {"return_none", "", "RemoteError: plugin fault: Fault.return_none: it answered with no value",
     true},
    {"wrong_index", "",
     "RemoteError: plugin fault: Fault.wrong_index: it asked for argument 9 of 0", true},
    {"new_stranger", "",
     "RemoteError: plugin fault: Fault.new_stranger: it made a referent of a type that is not",
     true},
    {"bad_picture", "", "ValueError: ", false},
    {"deref_nothing", "i", "TypeError: a handle is wanted", false},
    {"alloc", "", "LimitExceeded: ", false},
    {"park_unflagged", "",
     "RemoteError: plugin fault: Fault.park_unflagged: it parked, and its row has no HF_PARKS",
     true},
    {"park_twice", "", "RemoteError: plugin fault: Fault.park_twice: it parked a second time",
     true},
    {"park_then_ok", "",
     "RemoteError: plugin fault: Fault.park_then_ok: it returned HF_OK and had parked", true},
    {"park_then_answer", "",
     "RemoteError: plugin fault: Fault.park_then_answer: it answered after it had parked", true},
    {"park_nan", "", "ValueError: a timeout that is no number", false},
    {"park_after_answer", "",
     "RemoteError: plugin fault: Fault.park_after_answer: it parked after it had changed something",
     true},
    {"writes_on", "",
     "RemoteError: plugin fault: Fault.writes_on: it wrote to its answer after it had ended it",
     true},
    {"answers_then_changes", "",
     "RemoteError: plugin fault: Fault.answers_then_changes: it "
     "answered with no value",
     true},
    {"keep_call", "", "None", false},
    {"use_call", "",
     "RemoteError: plugin fault: Fault.use_call: it answered a call that it had kept beyond its "
     "end",
     true},
    {"park_after_change", "",
     "RemoteError: plugin fault: Fault.park_after_change: it parked after it had changed its own "
     "state",
     true},
};

static void
assert_begins(const char *text, const char *with)
{
    if (strncmp(text, with, strlen(with)) != 0)
        fail_msg("'%s' does not begin with '%s'", text, with);
}

/* The one line: what was answered, and of which referent. */
static void
assert_logged(const char *log, const char *method, const char *answer)
{
    char want[512];
    const char *what = strstr(answer, ": ");
    if (strncmp(answer, "RemoteError: plugin fault: Fault.", 33) == 0)
        what = answer + 33 + strlen(method);
    assert_non_null(what);
    (void)snprintf(want, sizeof want, "plugin fault: Fault.%s of #1%s\n", method, what);
    assert_string_equal(log, want);
}

static void
every_rule(void **state)
{
    (void)state;
    hf_testing_t *manager = hf_testing_new(&hf_plugin_fault);
    hf_testing_session_t *a = hf_testing_open(manager);
    uint64_t object = hf_testing_create(a, "Fault", "");
    assert_int_not_equal(object, 0);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        const broken_t *row = &broken[i];
        size_t said = strlen(hf_testing_log(manager));
        assert_begins(hf_testing_call(a, object, row->method, row->picture, (int64_t)1000000),
                      row->answer);
        const char *log = hf_testing_log(manager) + said;
        if (row->is_logged)
            assert_logged(log, row->method, hf_testing_answer(a, hf_testing_last(a)));
        else
            assert_string_equal(log, "");
        assert_int_equal(hf_testing_parked(manager), 0);
    }
    assert_begins(
        hf_testing_call(a, object, "park_after_hold", "s", "a text that is kept in a blob"),
        "RemoteError: plugin fault: Fault.park_after_hold: it parked after it had changed "
        "something");
    /* the type still works */
    assert_string_equal(hf_testing_call(a, object, "getvalue", ""), "1");
    hf_testing_destroy(&manager);
}

static void
a_long_error_is_cut(void **state)
{
    (void)state;
    hf_testing_t *manager = hf_testing_new(&hf_plugin_fault);
    hf_testing_session_t *a = hf_testing_open(manager);
    uint64_t object = hf_testing_create(a, "Fault", "");
    assert_true(strlen(hf_testing_call(a, object, "raises_long_text", "")) < 300);
    hf_testing_destroy(&manager);
}

static void
births_that_fail(void **state)
{
    (void)state;
    hf_testing_t *manager = hf_testing_new(&hf_plugin_fault);
    hf_testing_session_t *a = hf_testing_open(manager);
    uint64_t before = hf_testing_memory(manager);
    assert_string_equal(hf_testing_call(a, 0, "create", "ss", "Fault", "raises"),
                        "ValueError: not born");
    assert_begins(hf_testing_call(a, 0, "create", "ss", "Fault", "parks"),
                  "RemoteError: plugin fault: Fault.create: it parked, and is no method");
    assert_begins(hf_testing_call(a, 0, "create", "ss", "Fault", "answers"),
                  "RemoteError: plugin fault: Fault.create: it answered, and is no method");
    assert_begins(hf_testing_call(a, 0, "create", "ss", "Fault", "unknown"),
                  "RemoteError: plugin fault: Fault.create: it returned 77");
    assert_begins(hf_testing_call(a, 0, "create", "si", "Fault", (int64_t)1), "TypeError: ");
    assert_int_equal(hf_testing_referents(manager), 0);
    assert_int_equal(hf_testing_memory(manager), before);
    hf_testing_destroy(&manager);
}

static void
destroy_answers_nobody(void **state)
{
    (void)state;
    hf_testing_t *manager = hf_testing_new(&hf_plugin_fault);
    hf_testing_session_t *a = hf_testing_open(manager);
    uint64_t object = hf_testing_create(a, "Fault", "");
    hf_testing_release(a, object);
    assert_non_null(
        strstr(hf_testing_log(manager), "Fault.destroy of #1: it answered, and is no method"));
    assert_int_equal(hf_testing_referents(manager), 0);
    hf_testing_destroy(&manager);
}

static void
a_repr_that_is_no_str(void **state)
{
    (void)state;
    hf_testing_t *manager = hf_testing_new(&hf_plugin_fault);
    hf_testing_session_t *a = hf_testing_open(manager);
    uint64_t object = hf_testing_create(a, "Fault", "");
    assert_begins(hf_testing_call(a, object, "repr", ""),
                  "RemoteError: plugin fault: Fault.repr: ");
    assert_begins(hf_testing_call(a, 0, "debug_info", ""), "'  1:       refcount=1");
    hf_testing_destroy(&manager);
}

static void
taken_and_forgotten(void **state)
{
    (void)state;
    hf_testing_t *manager = hf_testing_new(&hf_plugin_fault);
    hf_testing_session_t *a = hf_testing_open(manager);
    uint64_t object = hf_testing_create(a, "Fault", "");
    assert_string_equal(hf_testing_call(a, object, "take_and_forget", ""), "False");
    assert_string_equal(hf_testing_call(a, object, "park", ""), "parked");
    uint64_t parked = hf_testing_last(a);
    assert_string_equal(hf_testing_call(a, object, "take_and_forget", ""), "True");
    assert_begins(
        hf_testing_answer(a, parked),
        "RemoteError: plugin fault: Fault.park: it was taken by take_and_forget and not answered");
    assert_string_equal(hf_testing_call(a, object, "park", ""), "parked");
    parked = hf_testing_last(a);
    assert_string_equal(hf_testing_call(a, object, "take_and_answer_twice", ""), "True");
    assert_begins(hf_testing_answer(a, parked),
                  "RemoteError: plugin fault: Fault.park: it answered a second time");
    assert_int_equal(hf_testing_parked(manager), 0);
    hf_testing_destroy(&manager);
}

/* Parked, and the list lost: each still ends by itself. And a list that only looks like one wakes nobody. */
static void
forgotten_and_copied(void **state)
{
    (void)state;
    hf_testing_t *manager = hf_testing_new(&hf_plugin_fault);
    hf_testing_session_t *a = hf_testing_open(manager);
    uint64_t object = hf_testing_create(a, "Fault", "");
    assert_string_equal(hf_testing_call(a, object, "park", "f", 2.0), "parked");
    uint64_t parked = hf_testing_last(a);
    assert_begins(hf_testing_call(a, object, "wake_copy", ""),
                  "RemoteError: plugin fault: Fault.wake_copy: it woke waiters that are not where "
                  "they parked");
    assert_begins(hf_testing_call(a, object, "take_copy", ""),
                  "RemoteError: plugin fault: Fault.take_copy: it took from waiters that are not "
                  "where they parked");
    assert_string_equal(hf_testing_log(manager),
                        "plugin fault: Fault.wake_copy of #1: it woke waiters that are not where "
                        "they parked\n"
                        "plugin fault: Fault.take_copy of #1: it took from waiters that are not "
                        "where they parked\n");
    assert_string_equal(hf_testing_call(a, object, "forget_waiters", ""), "None");
    assert_string_equal(hf_testing_call(a, object, "wake", ""), "0");
    hf_testing_pass(manager, 3.0);
    assert_string_equal(hf_testing_answer(a, parked), "TimeoutError: timed out");
    assert_int_equal(hf_testing_parked(manager), 0);
    hf_testing_destroy(&manager);
}

/* Whoever writes over its list has lost who waits there; each of them still ends by itself. */
static void
spoilt_waiters(void **state)
{
    (void)state;
    hf_testing_t *manager = hf_testing_new(&hf_plugin_fault);
    hf_testing_session_t *a = hf_testing_open(manager);
    hf_testing_session_t *b = hf_testing_open(manager);
    uint64_t object = hf_testing_create(a, "Fault", "");
    assert_string_equal(hf_testing_call(a, object, "park", "f", 2.0), "parked");
    uint64_t first = hf_testing_last(a);
    assert_string_equal(hf_testing_call(a, object, "park", ""), "parked");
    uint64_t second = hf_testing_last(a);
    hf_value_t handle = hf_testing_handle(object);
    assert_string_equal(hf_testing_call(a, 0, "bind", "sv", "it", &handle), "None");
    assert_string_equal(hf_testing_call(b, 0, "lookup", "s", "it"), "<Fault #1>");
    assert_string_equal(hf_testing_call(b, object, "park", ""), "parked");
    assert_string_equal(hf_testing_call(a, object, "spoil_waiters", ""), "None");
    assert_begins(hf_testing_call(a, object, "wake", ""),
                  "RemoteError: plugin fault: Fault.wake: it woke waiters that it has written to");
    assert_begins(hf_testing_call(a, object, "take_and_forget", ""), "RemoteError: ");
    assert_begins(hf_testing_call(a, object, "park", ""), "RemoteError: ");
    hf_testing_pass(manager, 3.0);
    assert_begins(hf_testing_answer(a, first), "TimeoutError: ");
    hf_testing_cancel(a, second);
    assert_string_equal(hf_testing_answer(a, second), "Cancelled: the call was cancelled");
    hf_testing_die(b);
    assert_int_equal(hf_testing_parked(manager), 0);
    hf_testing_destroy(&manager);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule),
        cmocka_unit_test(a_long_error_is_cut),
        cmocka_unit_test(births_that_fail),
        cmocka_unit_test(destroy_answers_nobody),
        cmocka_unit_test(a_repr_that_is_no_str),
        cmocka_unit_test(taken_and_forgotten),
        cmocka_unit_test(forgotten_and_copied),
        cmocka_unit_test(spoilt_waiters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
