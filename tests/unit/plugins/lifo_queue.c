/* SPDX-License-Identifier: MPL-2.0 */
/* lifo_queue -- a LifoQueue's order: the last item in is the first out, also past waiting putters and lost answers. */
#include "bed.h"

static void
test_order(void **state)
{
    uint64_t queue = bed_new(*state, "LifoQueue", "[]");
    BED_STEPS(*state, queue, {"put", "[1]", "None"}, {"put", "[2]", "None"}, {"get", "[]", "2"},
              {"put_many", "[[3, 4, 5]]", "None"}, {"qsize", "[]", "4"}, {"get", "[]", "5"},
              {"get_many", "[2]", "[4, 3]"}, {"get_nowait", "[]", "1"},
              {"get_nowait", "[]", "Empty: "}, {"get_many", "[1, 0]", "Empty: "},
              {"put", "[6, true, -1]", "None"}, {"empty", "[]", "False"});
    uint64_t bounded = bed_new(*state, "LifoQueue", "[2]");
    BED_STEPS(*state, bounded, {"put_many", "[[1, 2]]", "None"}, {"full", "[]", "True"},
              {"put_nowait", "[3]", "Full: "}, {"get_many", "[9]", "[2, 1]"},
              {"put", "[3, true, -1]", "ValueError: 'timeout' must be a non-negative number"});
    assert_memory_equal(bed_call(*state, queue, "getvalue", "[]"), "Unserializable: ", 16);
}

/* Putters come in behind the item that a get makes room by. */
static void
test_putters(void **state)
{
    uint64_t queue = bed_new(*state, "LifoQueue", "[2]");
    BED_STEPS(*state, queue, {"put_many", "[[1, 2]]", "None"});
    uint64_t a = bed_begin(*state, 0, queue, "put", "[3]");
    uint64_t b = bed_begin(*state, 0, queue, "put", "[4]");
    BED_STEPS(*state, queue, {"get", "[]", "2"});
    assert_string_equal(bed_answer(*state, 0, a), "None");
    assert_string_equal(bed_answer(*state, 0, b), "parked");
    BED_STEPS(*state, queue, {"qsize", "[]", "2"}, {"get_many", "[9]", "[3, 1]"},
              {"get_many", "[9]", "[4]"});
    assert_string_equal(bed_answer(*state, 0, b), "None");
}

/* More than there is room for: what has room counts as put, so its last item is the next. */
static void
test_put_many_piecemeal(void **state)
{
    uint64_t queue = bed_new(*state, "LifoQueue", "[3]");
    BED_STEPS(*state, queue, {"put", "[0]", "None"});
    uint64_t many = bed_begin(*state, 0, queue, "put_many", "[[1, 2, 3, 4]]");
    BED_STEPS(*state, queue, {"full", "[]", "True"}, {"get", "[]", "2"}, {"get", "[]", "3"});
    assert_string_equal(bed_answer(*state, 0, many), "None");
    BED_STEPS(*state, queue, {"get_many", "[9]", "[4, 1, 0]"});
}

static void
test_getters(void **state)
{
    uint64_t queue = bed_new(*state, "LifoQueue", "[]");
    uint64_t a = bed_begin(*state, 0, queue, "get", "[]");
    uint64_t b = bed_begin(*state, 0, queue, "get_many", "[2]");
    uint64_t c = bed_begin(*state, 0, queue, "get", "[]");
    BED_STEPS(*state, queue, {"put", "[1]", "None"});
    assert_string_equal(bed_answer(*state, 0, a), "1");
    BED_STEPS(*state, queue, {"put_many", "[[2, 3, 4, 5]]", "None"});
    assert_string_equal(bed_answer(*state, 0, b), "[5, 4]");
    assert_string_equal(bed_answer(*state, 0, c), "3");
    BED_STEPS(*state, queue, {"get", "[]", "2"});
}

/* What a dead session was given is on top again, in the order in which it was. */
static void
test_undelivered(void **state)
{
    bed_t *bed = *state;
    uint64_t queue = bed_new(bed, "LifoQueue", "[5]");
    uint32_t other = bed_session(bed);
    bed_share(bed, queue, other);
    hf_testing_set_acknowledging(bed->session[other], false);
    BED_STEPS(bed, queue, {"put_many", "[[1, 2, 3, 4, 5]]", "None"});
    (void)bed_begin(bed, other, queue, "get", "[]");
    (void)bed_begin(bed, other, queue, "get_many", "[2]");
    (void)bed_begin(bed, other, queue, "get", "[]");
    BED_STEPS(bed, queue, {"put_many", "[[6, 7]]", "None"}, {"qsize", "[]", "3"});
    hf_testing_die(bed->session[other]);
    BED_STEPS(bed, queue, {"qsize", "[]", "7"}, {"put_nowait", "[9]", "Full: "},
              {"get_many", "[9]", "[5, 4, 3, 2, 7, 6, 1]"});
    for (int k = 0; k < 7; k++) /* the count of tasks stayed as it was */
        BED_STEPS(bed, queue, {"task_done", "[]", "None"});
    BED_STEPS(bed, queue, {"task_done", "[]", "ValueError: task_done() called too many times"});
}

/* Below what comes back lie the items that a waiting put_many had room for. */
static void
test_undelivered_over_putters(void **state)
{
    bed_t *bed = *state;
    uint64_t queue = bed_new(bed, "LifoQueue", "[3]");
    uint32_t other = bed_session(bed);
    bed_share(bed, queue, other);
    hf_testing_set_acknowledging(bed->session[other], false);
    BED_STEPS(bed, queue, {"put_many", "[[1, 2]]", "None"});
    (void)bed_begin(bed, other, queue, "get", "[]");
    uint64_t many = bed_begin(bed, 0, queue, "put_many", "[[3, 4, 5]]");
    assert_string_equal(bed_answer(bed, 0, many), "parked");
    hf_testing_die(bed->session[other]);
    BED_STEPS(bed, queue, {"qsize", "[]", "4"}, {"get_many", "[9]", "[2, 4, 3, 1]"});
    assert_string_equal(bed_answer(bed, 0, many), "None");
    BED_STEPS(bed, queue, {"get", "[]", "5"}, {"empty", "[]", "True"});
}

static void
test_undelivered_to_waiters(void **state)
{
    bed_t *bed = *state;
    uint64_t queue = bed_new(bed, "LifoQueue", "[]");
    uint32_t other = bed_session(bed);
    bed_share(bed, queue, other);
    hf_testing_set_acknowledging(bed->session[other], false);
    BED_STEPS(bed, queue, {"put_many", "[[1, 2, 3]]", "None"});
    for (int k = 0; k < 3; k++)
        (void)bed_begin(bed, other, queue, "get", "[]");
    uint64_t a = bed_begin(bed, 0, queue, "get", "[]");
    uint64_t b = bed_begin(bed, 0, queue, "get", "[]");
    hf_testing_die(bed->session[other]);
    assert_string_equal(bed_answer(bed, 0, a), "3");
    assert_string_equal(bed_answer(bed, 0, b), "2");
    BED_STEPS(bed, queue, {"get_nowait", "[]", "1"}, {"get_nowait", "[]", "Empty: "});
}

static void
test_shutdown(void **state)
{
    uint64_t queue = bed_new(*state, "LifoQueue", "[2]");
    BED_STEPS(*state, queue, {"put_many", "[[1, 2]]", "None"});
    uint64_t put = bed_begin(*state, 0, queue, "put", "[3]");
    uint64_t join = bed_begin(*state, 0, queue, "join", "[]");
    BED_STEPS(*state, queue, {"shutdown", "[]", "None"}, {"put", "[4]", "ShutDown: "},
              {"get", "[]", "2"}, {"shutdown", "[true]", "None"}, {"get", "[]", "ShutDown: "});
    assert_string_equal(bed_answer(*state, 0, put), "ShutDown: ");
    assert_string_equal(bed_answer(*state, 0, join), "parked");
    BED_STEPS(*state, queue, {"task_done", "[]", "None"});
    assert_string_equal(bed_answer(*state, 0, join), "None");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_putters, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_put_many_piecemeal, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_getters, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_undelivered, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_undelivered_over_putters, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_undelivered_to_waiters, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_shutdown, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
