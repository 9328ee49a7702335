/* SPDX-License-Identifier: MPL-2.0 */
/* queue -- a Queue's rows, who is served when, and that nothing is lost, on the manager's machine. */
#include "bed.h"

static void
test_plain(void **state)
{
    uint64_t queue = bed_new(*state, "Queue", "[2]");
    BED_STEPS(
        *state, queue, {"empty", "[]", "True"}, {"put", "[1]", "None"},
        {"put_nowait", "[[2]]", "None"}, {"full", "[]", "True"}, {"qsize", "[]", "2"},
        {"put_nowait", "[3]", "Full: "}, {"put", "[3, false]", "Full: "},
        {"put", "[3, true, 0]", "Full: "}, {"put", "[3, 0, -1]", "Full: "},
        {"put", "[3, true, -1]", "ValueError: 'timeout' must be a non-negative number"},
        {"put", "[3, true, {\"$float\": \"nan\"}]", "ValueError: Invalid value NaN (not a number)"},
        {"get", "[]", "1"}, {"get_nowait", "[]", "[2]"}, {"get_nowait", "[]", "Empty: "},
        {"get", "[false]", "Empty: "}, {"get", "[true, 0]", "Empty: "},
        {"get", "[true, -0.5]", "ValueError: 'timeout' must be a non-negative number"},
        {"get", "[false, -1]", "Empty: "}, {"put_many", "[\"ab\"]", "None"},
        {"get_many", "[5]", "['a', 'b']"}, {"get_many", "[5, 0]", "Empty: "},
        {"get_many", "[0]", "ValueError: n must be at least 1"},
        {"put_many", "[5]", "TypeError: 'int' object is not iterable"}, {"full", "[]", "False"});
    uint64_t unbounded = bed_new(*state, "Queue", "[-1]");
    BED_STEPS(*state, unbounded, {"put", "[1, true, -1]", "None"}, {"full", "[]", "False"},
              {"put_many", "[[2, 3, 4]]", "None"}, {"get_many", "[3]", "[1, 2, 3]"},
              {"qsize", "[]", "1"});
    assert_memory_equal(bed_call(*state, unbounded, "getvalue", "[]"), "Unserializable: ", 16);
}

static void
test_getters_in_order(void **state)
{
    uint64_t queue = bed_new(*state, "Queue", "[]");
    uint64_t a = bed_begin(*state, 0, queue, "get", "[]");
    uint64_t b = bed_begin(*state, 0, queue, "get_many", "[3]");
    uint64_t c = bed_begin(*state, 0, queue, "get", "[true, 5]");
    assert_string_equal(bed_answer(*state, 0, a), "parked");
    BED_STEPS(*state, queue, {"put", "[1]", "None"}, {"qsize", "[]", "0"});
    assert_string_equal(bed_answer(*state, 0, a), "1");
    assert_string_equal(bed_answer(*state, 0, b), "parked");
    BED_STEPS(*state, queue, {"put_many", "[[2, 3]]", "None"});
    assert_string_equal(bed_answer(*state, 0, b), "[2, 3]");
    assert_string_equal(bed_answer(*state, 0, c), "parked");
    hf_testing_pass(((bed_t *)*state)->manager, 4.9);
    assert_string_equal(bed_answer(*state, 0, c), "parked");
    hf_testing_pass(((bed_t *)*state)->manager, 0.2);
    assert_string_equal(bed_answer(*state, 0, c), "Empty: ");
    BED_STEPS(*state, queue, {"put", "[4]", "None"}, {"qsize", "[]", "1"});
}

static void
test_putters_in_order(void **state)
{
    uint64_t queue = bed_new(*state, "Queue", "[1]");
    BED_STEPS(*state, queue, {"put", "[0]", "None"});
    uint64_t a = bed_begin(*state, 0, queue, "put", "[1]");
    uint64_t b = bed_begin(*state, 0, queue, "put", "[2, true, 1]");
    uint64_t c = bed_begin(*state, 0, queue, "put", "[3]");
    BED_STEPS(*state, queue, {"put_nowait", "[9]", "Full: "}, {"get", "[]", "0"});
    assert_string_equal(bed_answer(*state, 0, a), "None");
    hf_testing_pass(((bed_t *)*state)->manager, 1.5);
    assert_string_equal(bed_answer(*state, 0, b), "Full: ");
    assert_string_equal(bed_answer(*state, 0, c), "parked");
    hf_testing_cancel(((bed_t *)*state)->session[0], c);
    assert_string_equal(bed_answer(*state, 0, c), "Cancelled: the call was cancelled");
    uint64_t d = bed_begin(*state, 0, queue, "put", "[4]");
    BED_STEPS(*state, queue, {"get_many", "[9]", "[1]"}, {"get", "[]", "4"},
              {"empty", "[]", "True"});
    assert_string_equal(bed_answer(*state, 0, d), "None");
}

/* More than there is room for is let in piece by piece, before all who came later. */
static void
test_put_many_piecemeal(void **state)
{
    uint64_t queue = bed_new(*state, "Queue", "[2]");
    uint64_t many = bed_begin(*state, 0, queue, "put_many", "[[1, 2, 3, 4, 5]]");
    uint64_t late = bed_begin(*state, 0, queue, "put", "[6]");
    assert_string_equal(bed_answer(*state, 0, many), "parked");
    BED_STEPS(*state, queue, {"qsize", "[]", "2"}, {"full", "[]", "True"}, {"empty", "[]", "False"},
              {"put_nowait", "[9]", "Full: "}, {"get", "[]", "1"}, {"get", "[]", "2"});
    assert_string_equal(bed_answer(*state, 0, many), "parked");
    BED_STEPS(*state, queue, {"get", "[]", "3"});
    assert_string_equal(bed_answer(*state, 0, many), "None");
    assert_string_equal(bed_answer(*state, 0, late), "parked");
    BED_STEPS(*state, queue, {"get_many", "[9]", "[4, 5]"}, {"get", "[]", "6"});
    assert_string_equal(bed_answer(*state, 0, late), "None");
    queue = bed_new(*state, "Queue", "[3]");
    BED_STEPS(*state, queue, {"put", "[0]", "None"});
    many = bed_begin(*state, 0, queue, "put_many", "[[1, 2, 3]]");
    BED_STEPS(*state, queue, {"qsize", "[]", "3"}, {"get_many", "[9]", "[0, 1, 2]"});
    assert_string_equal(bed_answer(*state, 0, many), "None");
}

/* A put_many that is withdrawn takes back what was not yet taken in, and those behind it go on. */
static void
test_put_many_withdrawn(void **state)
{
    uint64_t queue = bed_new(*state, "Queue", "[2]");
    uint64_t many = bed_begin(*state, 0, queue, "put_many", "[[1, 2, 3, 4, 5]]");
    BED_STEPS(*state, queue, {"get", "[]", "1"});
    uint64_t late = bed_begin(*state, 0, queue, "put", "[6]");
    hf_testing_cancel(((bed_t *)*state)->session[0], many);
    assert_string_equal(bed_answer(*state, 0, many), "Cancelled: the call was cancelled");
    assert_string_equal(bed_answer(*state, 0, late), "parked");
    BED_STEPS(*state, queue, {"get", "[]", "2"}, {"get", "[]", "3"}, {"get", "[]", "6"},
              {"empty", "[]", "True"});
    many = bed_begin(*state, 0, queue, "put_many", "[[1, 2, 3]]");
    late = bed_begin(*state, 0, queue, "put_many", "[[7, 8]]");
    hf_testing_cancel(((bed_t *)*state)->session[0],
                      many); /* it had parked in front of an empty queue */
    assert_string_equal(bed_answer(*state, 0, late), "None");
    BED_STEPS(*state, queue, {"get_many", "[9]", "[7, 8]"});
}

static void
test_put_many_to_getters(void **state)
{
    uint64_t queue = bed_new(*state, "Queue", "[1]");
    uint64_t get[3];
    for (int k = 0; k < 3; k++)
        get[k] = bed_begin(*state, 0, queue, k == 1 ? "get_many" : "get", k == 1 ? "[2]" : "[]");
    uint64_t many = bed_begin(*state, 0, queue, "put_many", "[[1, 2, 3, 4, 5, 6]]");
    assert_string_equal(bed_answer(*state, 0, get[0]), "1");
    assert_string_equal(bed_answer(*state, 0, get[1]), "[2]");
    assert_string_equal(bed_answer(*state, 0, get[2]), "3");
    assert_string_equal(bed_answer(*state, 0, many), "parked");
    BED_STEPS(*state, queue, {"get", "[]", "4"}, {"get", "[]", "5"}, {"get", "[]", "6"});
    assert_string_equal(bed_answer(*state, 0, many), "None");
    uint64_t one = bed_begin(*state, 0, queue, "get", "[]");
    uint64_t two = bed_begin(*state, 0, queue, "get", "[]");
    BED_STEPS(*state, queue, {"put_many", "[\"abc\"]", "None"}, {"get_nowait", "[]", "'c'"});
    assert_string_equal(bed_answer(*state, 0, one), "'a'");
    assert_string_equal(bed_answer(*state, 0, two), "'b'");
}

/* What a container has is put when it is looked at. */
static void
test_put_many_of_a_container(void **state)
{
    char args[64];
    uint64_t list = bed_new(*state, "list", "[[1, 2, 3]]");
    uint64_t queue = bed_new(*state, "Queue", "[1]");
    (void)snprintf(args, sizeof args, "[{\"$handle\": [%llu]}]", (unsigned long long)list);
    uint64_t get = bed_begin(*state, 0, queue, "get", "[]");
    uint64_t many = bed_begin(*state, 0, queue, "put_many", args);
    assert_string_equal(bed_answer(*state, 0, get), "1");
    BED_STEPS(*state, queue, {"get", "[]", "2"});
    assert_string_equal(bed_answer(*state, 0, many), "None");
    BED_STEPS(*state, queue, {"get", "[]", "3"});
    (void)snprintf(args, sizeof args, "[{\"$handle\": [%llu]}]", (unsigned long long)queue);
    BED_STEPS(*state, queue, {"put_many", args, "TypeError: 'Queue' object is not iterable"});
}

static void
test_tasks(void **state)
{
    uint64_t queue = bed_new(*state, "Queue", "[]");
    BED_STEPS(*state, queue, {"join", "[]", "None"},
              {"task_done", "[]", "ValueError: task_done() called too many times"},
              {"put_many", "[[1, 2]]", "None"});
    uint64_t a = bed_begin(*state, 0, queue, "join", "[]");
    uint64_t b = bed_begin(*state, 0, queue, "join", "[]");
    BED_STEPS(*state, queue, {"get", "[]", "1"}, {"task_done", "[]", "None"});
    assert_string_equal(bed_answer(*state, 0, a), "parked");
    BED_STEPS(*state, queue, {"task_done", "[]", "None"});
    assert_string_equal(bed_answer(*state, 0, a), "None");
    assert_string_equal(bed_answer(*state, 0, b), "None");
    BED_STEPS(*state, queue, {"task_done", "[]", "ValueError: task_done() called too many times"});
}

/* As CPython 3.13's. */
static void
test_shutdown(void **state)
{
    uint64_t queue = bed_new(*state, "Queue", "[1]");
    BED_STEPS(*state, queue, {"put", "[1]", "None"});
    uint64_t put = bed_begin(*state, 0, queue, "put", "[2]");
    uint64_t join = bed_begin(*state, 0, queue, "join", "[]");
    BED_STEPS(*state, queue, {"shutdown", "[]", "None"}, {"put", "[3]", "ShutDown: "},
              {"put_many", "[[3]]", "ShutDown: "}, {"put", "[3, true, -1]", "ShutDown: "},
              {"get", "[]", "1"}, {"get", "[]", "ShutDown: "}, {"get_nowait", "[]", "ShutDown: "},
              {"get_many", "[1]", "ShutDown: "}, {"qsize", "[]", "0"});
    assert_string_equal(bed_answer(*state, 0, put), "ShutDown: ");
    assert_string_equal(bed_answer(*state, 0, join), "parked");
    BED_STEPS(*state, queue, {"task_done", "[]", "None"});
    assert_string_equal(bed_answer(*state, 0, join), "None");

    uint64_t other = bed_new(*state, "Queue", "[2]");
    uint64_t get = bed_begin(*state, 0, other, "get", "[]");
    BED_STEPS(*state, other, {"shutdown", "[]", "None"});
    assert_string_equal(bed_answer(*state, 0, get), "ShutDown: ");

    uint64_t third = bed_new(*state, "Queue", "[2]");
    uint64_t many = bed_begin(*state, 0, third, "put_many", "[[1, 2, 3, 4]]");
    join = bed_begin(*state, 0, third, "join", "[]");
    BED_STEPS(*state, third, {"get", "[]", "1"}, {"task_done", "[]", "None"},
              {"shutdown", "[true]", "None"}, {"get", "[]", "ShutDown: "});
    assert_string_equal(bed_answer(*state, 0, many), "ShutDown: ");
    assert_string_equal(bed_answer(*state, 0, join), "None");
}

/* What a dead session was given and never acknowledged is back at the head, in its order, and served in it. */
static void
test_undelivered(void **state)
{
    uint64_t queue = bed_new(*state, "Queue", "[3]");
    uint32_t other = bed_session(*state);
    bed_share(*state, queue, other);
    hf_testing_set_acknowledging(((bed_t *)*state)->session[other], false);
    BED_STEPS(*state, queue, {"put_many", "[[1, 2, 3]]", "None"});
    (void)bed_begin(*state, other, queue, "get", "[]");
    (void)bed_begin(*state, other, queue, "get_many", "[9]");
    BED_STEPS(*state, queue, {"put_many", "[[4, 5]]", "None"}, {"qsize", "[]", "2"});
    hf_testing_die(((bed_t *)*state)->session[other]);
    BED_STEPS(*state, queue, {"qsize", "[]", "5"}, {"put_nowait", "[9]", "Full: "},
              {"get_many", "[9]", "[1, 2, 3, 4, 5]"});
}

static void
test_undelivered_to_waiters(void **state)
{
    uint64_t queue = bed_new(*state, "Queue", "[]");
    uint32_t other = bed_session(*state);
    bed_share(*state, queue, other);
    hf_testing_set_acknowledging(((bed_t *)*state)->session[other], false);
    BED_STEPS(*state, queue, {"put_many", "[[1, 2, 3]]", "None"});
    for (int k = 0; k < 3; k++)
        (void)bed_begin(*state, other, queue, "get", "[]");
    uint64_t a = bed_begin(*state, 0, queue, "get", "[]");
    uint64_t b = bed_begin(*state, 0, queue, "get", "[]");
    assert_string_equal(bed_answer(*state, 0, a), "parked");
    hf_testing_die(((bed_t *)*state)->session[other]);
    assert_string_equal(bed_answer(*state, 0, a), "1");
    assert_string_equal(bed_answer(*state, 0, b), "2");
    BED_STEPS(*state, queue, {"get_nowait", "[]", "3"}, {"get_nowait", "[]", "Empty: "});
}

/* Waiters of a session that ends are withdrawn: the item goes to the next one. */
static void
test_dead_waiters(void **state)
{
    uint64_t queue = bed_new(*state, "Queue", "[1]");
    uint32_t other = bed_session(*state);
    bed_share(*state, queue, other);
    (void)bed_begin(*state, other, queue, "get", "[]");
    uint64_t mine = bed_begin(*state, 0, queue, "get", "[]");
    hf_testing_die(((bed_t *)*state)->session[other]);
    BED_STEPS(*state, queue, {"put", "[1]", "None"});
    assert_string_equal(bed_answer(*state, 0, mine), "1");
    other = bed_session(*state);
    bed_share(*state, queue, other);
    BED_STEPS(*state, queue, {"put", "[2]", "None"});
    (void)bed_begin(*state, other, queue, "put", "[3]");
    uint64_t put = bed_begin(*state, 0, queue, "put", "[4]");
    hf_testing_die(((bed_t *)*state)->session[other]);
    BED_STEPS(*state, queue, {"get", "[]", "2"}, {"get", "[]", "4"}, {"empty", "[]", "True"});
    assert_string_equal(bed_answer(*state, 0, put), "None");
}

static void
test_many_waiters(void **state)
{
    enum { MANY = 2000 };
    static uint64_t call[MANY];
    char args[32];
    char text[32];
    uint64_t queue = bed_new(*state, "Queue", "[]");
    for (int k = 0; k < MANY; k++)
        call[k] = bed_begin(*state, 0, queue, "get", "[]");
    for (int k = 0; k < MANY; k += 2)
        hf_testing_cancel(((bed_t *)*state)->session[0], call[k]);
    for (int k = 1; k < MANY; k += 2) {
        (void)snprintf(args, sizeof args, "[%d]", k);
        assert_string_equal(bed_call(*state, queue, "put", args), "None");
    }
    for (int k = 1; k < MANY; k += 2) {
        (void)snprintf(text, sizeof text, "%d", k);
        assert_string_equal(bed_answer(*state, 0, call[k]), text);
    }
}

static void
test_handles(void **state)
{
    char args[64];
    uint64_t before = hf_testing_referents(((bed_t *)*state)->manager);
    uint64_t list = bed_new(*state, "list", "[]");
    uint64_t queue = bed_new(*state, "Queue", "[1]");
    (void)snprintf(args, sizeof args, "[{\"$handle\": [%llu]}]", (unsigned long long)list);
    assert_string_equal(bed_call(*state, queue, "put", args), "None");
    uint64_t put = bed_begin(*state, 0, queue, "put", args);
    hf_testing_release(((bed_t *)*state)->session[0], list);
    assert_int_equal(hf_testing_referents(((bed_t *)*state)->manager), before + 2);
    assert_string_equal(bed_call(*state, queue, "get", "[]"), "<list>");
    hf_testing_release(((bed_t *)*state)->session[0], list);
    assert_string_equal(bed_answer(*state, 0, put), "None");
    assert_int_equal(hf_testing_referents(((bed_t *)*state)->manager), before + 2);
    assert_string_equal(bed_call(*state, queue, "shutdown", "[true]"), "None");
    assert_int_equal(hf_testing_referents(((bed_t *)*state)->manager), before + 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_getters_in_order, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_putters_in_order, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_put_many_piecemeal, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_put_many_withdrawn, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_put_many_to_getters, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_put_many_of_a_container, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_tasks, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_shutdown, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_undelivered, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_undelivered_to_waiters, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_dead_waiters, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_many_waiters, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_handles, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
