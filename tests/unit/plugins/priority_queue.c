/* SPDX-License-Identifier: MPL-2.0 */
/* priority_queue -- a PriorityQueue's order, what has none, and that an item that comes back finds its place. */
#include "bed.h"

static void
test_order(void **state)
{
    uint64_t queue = bed_new(*state, "PriorityQueue", "[]");
    BED_STEPS(*state, queue, {"put_many", "[[5, 1, 4, 2.5, true]]", "None"}, {"put", "[3]", "None"},
              {"qsize", "[]", "6"}, {"get_many", "[2]", "[1, True]"}, {"get", "[]", "2.5"},
              {"put", "[0]", "None"}, {"get_nowait", "[]", "0"}, {"get_many", "[9]", "[3, 4, 5]"},
              {"get_nowait", "[]", "Empty: "});
    BED_STEPS(*state, queue, {"put_many", "[[[2, \"b\"], [1, \"z\"], [2, \"a\"], [1]]]", "None"},
              {"get_many", "[9]", "[[1], [1, 'z'], [2, 'a'], [2, 'b']]"},
              {"put_many", "[\"heap\"]", "None"}, {"get_many", "[9]", "['a', 'e', 'h', 'p']"});
    assert_memory_equal(bed_call(*state, queue, "getvalue", "[]"), "Unserializable: ", 16);
}

/* As many as make a deep heap, put and got by turns: always the least of those that are in. */
static void
test_many(void **state)
{
    enum { MANY = 3000, RANGE = 701 };
    unsigned in[RANGE] = {0};
    char args[32];
    char text[32];
    uint64_t queue = bed_new(*state, "PriorityQueue", "[]");
    unsigned random = 1;
    for (int k = 0; k < 2 * MANY; k++) {
        random = random * 1103515245u + 12345u;
        bool is_put = k < MANY ? (random >> 16) % 4 != 0 : (random >> 16) % 4 == 0;
        if (is_put) {
            unsigned item = (random >> 20) % RANGE;
            in[item]++;
            (void)snprintf(args, sizeof args, "[%u]", item);
            assert_string_equal(bed_call(*state, queue, "put", args), "None");
            continue;
        }
        unsigned least = 0;
        while (least < RANGE && in[least] == 0)
            least++;
        (void)snprintf(text, sizeof text, "%u", least);
        if (least < RANGE)
            in[least]--;
        assert_string_equal(bed_call(*state, queue, "get_nowait", "[]"),
                            least < RANGE ? text : "Empty: ");
    }
}

/* What has no order with what is there is refused, and nothing of it is in. */
static void
test_unordered(void **state)
{
    uint64_t queue = bed_new(*state, "PriorityQueue", "[]");
    BED_STEPS(
        *state, queue, {"put_many", "[[3, 1, 2]]", "None"},
        {"put", "[\"a\"]", "TypeError: '<' not supported between instances of 'str' and 'int'"},
        {"put", "[null]", "TypeError: '<' not supported between instances of 'NoneType' and 'int'"},
        {"put", "[{}]", "TypeError: '<' not supported between instances of 'dict' and 'int'"},
        {"put_many", "[[0, 4, -1, \"x\", 5]]",
         "TypeError: '<' not supported between instances of 'str' and 'int'"},
        {"qsize", "[]", "3"}, {"get_many", "[9]", "[1, 2, 3]"},
        {"put_many", "[[[1, 2], [1, \"a\"]]]",
         "TypeError: '<' not supported between instances of 'str' and 'int'"},
        {"empty", "[]", "True"}, {"put", "[{\"a\": 1}]", "None"}, {"get", "[]", "{'a': 1}"},
        {"task_done", "[]", "None"});
    char args[64];
    uint64_t list = bed_new(*state, "list", "[]");
    (void)snprintf(args, sizeof args, "[{\"$handle\": [%llu]}]", (unsigned long long)list);
    BED_STEPS(*state, queue, {"put", "[1]", "None"},
              {"put", args, "TypeError: '<' not supported between instances of 'list' and 'int'"});
}

/* What meets its like only on the way out counts as equal: no get fails by what another has put. */
static void
test_unordered_inside(void **state)
{
    uint64_t queue = bed_new(*state, "PriorityQueue", "[]");
    BED_STEPS(*state, queue, {"put_many", "[[[0], [1, 2], [1, \"x\"], [3]]]", "None"},
              {"get", "[]", "[0]"}, {"qsize", "[]", "3"});
    assert_memory_equal(bed_call(*state, queue, "get", "[]"), "[1, ", 4);
    assert_memory_equal(bed_call(*state, queue, "get", "[]"), "[1, ", 4);
    BED_STEPS(*state, queue, {"get", "[]", "[3]"}, {"empty", "[]", "True"});
}

/* A get gives the least of those that are in, and only then come putters. */
static void
test_putters(void **state)
{
    uint64_t queue = bed_new(*state, "PriorityQueue", "[2]");
    BED_STEPS(*state, queue, {"put_many", "[[5, 6]]", "None"}, {"put_nowait", "[1]", "Full: "});
    uint64_t a = bed_begin(*state, 0, queue, "put", "[1]");
    uint64_t b = bed_begin(*state, 0, queue, "put", "[\"x\"]");
    uint64_t c = bed_begin(*state, 0, queue, "put", "[2]");
    BED_STEPS(*state, queue, {"get", "[]", "5"});
    assert_string_equal(bed_answer(*state, 0, a), "None");
    assert_string_equal(bed_answer(*state, 0, b), "parked");
    BED_STEPS(*state, queue, {"get_many", "[2]", "[1, 6]"});
    assert_string_equal(bed_answer(*state, 0, b),
                        "None"); /* alone, it has nothing to be compared with */
    assert_memory_equal(bed_answer(*state, 0, c), "TypeError: '<' not supported between", 36);
    BED_STEPS(*state, queue, {"get", "[]", "'x'"}, {"empty", "[]", "True"});
}

/* A put_many that waits puts one by one, as there is room; an item without order ends it there. */
static void
test_put_many_piecemeal(void **state)
{
    uint64_t queue = bed_new(*state, "PriorityQueue", "[2]");
    uint64_t many = bed_begin(*state, 0, queue, "put_many", "[[4, 3, 2, 1]]");
    BED_STEPS(*state, queue, {"full", "[]", "True"}, {"get", "[]", "3"}, {"get", "[]", "2"});
    assert_string_equal(bed_answer(*state, 0, many), "None");
    BED_STEPS(*state, queue, {"get_many", "[9]", "[1, 4]"});
    many = bed_begin(*state, 0, queue, "put_many", "[[4, 3, \"x\", 1]]");
    uint64_t late = bed_begin(*state, 0, queue, "put", "[9]");
    BED_STEPS(*state, queue, {"get", "[]", "3"});
    assert_string_equal(bed_answer(*state, 0, many),
                        "TypeError: '<' not supported between instances of 'str' and 'int'");
    assert_string_equal(bed_answer(*state, 0, late), "None");
    BED_STEPS(*state, queue, {"get_many", "[9]", "[4, 9]"});
}

static void
test_getters(void **state)
{
    uint64_t queue = bed_new(*state, "PriorityQueue", "[]");
    uint64_t a = bed_begin(*state, 0, queue, "get", "[]");
    uint64_t b = bed_begin(*state, 0, queue, "get_many", "[2]");
    BED_STEPS(*state, queue, {"put_many", "[[3, 1, 4, 2]]", "None"});
    assert_string_equal(bed_answer(*state, 0, a), "1");
    assert_string_equal(bed_answer(*state, 0, b), "[2, 3]");
    BED_STEPS(*state, queue, {"get", "[]", "4"});
}

static void
test_undelivered(void **state)
{
    bed_t *bed = *state;
    uint64_t queue = bed_new(bed, "PriorityQueue", "[4]");
    uint32_t other = bed_session(bed);
    bed_share(bed, queue, other);
    hf_testing_set_acknowledging(bed->session[other], false);
    BED_STEPS(bed, queue, {"put_many", "[[3, 5, 7, 9]]", "None"});
    (void)bed_begin(bed, other, queue, "get", "[]");
    (void)bed_begin(bed, other, queue, "get_many", "[2]");
    BED_STEPS(bed, queue, {"put_many", "[[4, 8, 1]]", "None"}, {"qsize", "[]", "4"});
    hf_testing_die(bed->session[other]);
    BED_STEPS(bed, queue, {"qsize", "[]", "7"}, {"put_nowait", "[2]", "Full: "},
              {"get_many", "[9]", "[1, 3, 4, 5, 7, 8, 9]"});
}

/* Nothing is lost, also what by now has no order with the rest. */
static void
test_undelivered_unordered(void **state)
{
    bed_t *bed = *state;
    uint64_t queue = bed_new(bed, "PriorityQueue", "[]");
    uint32_t other = bed_session(bed);
    bed_share(bed, queue, other);
    hf_testing_set_acknowledging(bed->session[other], false);
    BED_STEPS(bed, queue, {"put", "[\"a\"]", "None"});
    (void)bed_begin(bed, other, queue, "get", "[]");
    BED_STEPS(bed, queue, {"put_many", "[[2, 1]]", "None"});
    hf_testing_die(bed->session[other]);
    BED_STEPS(bed, queue, {"qsize", "[]", "3"}, {"get_many", "[9]", "[1, 2, 'a']"});
}

/* An answer that cannot be given leaves the items where they were. */
static void
test_refused_answer(void **state)
{
    char args[64];
    (void)state;
    bed_t *bed = bed_open("{\"limits\": {\"holdings\": 2}}");
    uint64_t item = bed_new(bed, "list", "[]");
    uint64_t queue = bed_new(bed, "PriorityQueue", "[2]");
    for (int k = 2; k > 0; k--) {
        (void)snprintf(args, sizeof args, "[[%d, {\"$handle\": [%llu]}]]", k,
                       (unsigned long long)item);
        BED_STEPS(bed, queue, {"put", args, "None"});
    }
    uint64_t put = bed_begin(bed, 0, queue, "put", "[[0]]");
    hf_testing_release(bed->session[0], item);
    uint64_t filler = bed_new(bed, "list", "[]");
    BED_STEPS(bed, queue,
              {"get", "[]", "LimitExceeded: the session holds as many referents as it may"});
    assert_string_equal(bed_answer(bed, 0, put), "None"); /* as if there had been room */
    BED_STEPS(bed, queue,
              {"get_many", "[3]", "LimitExceeded: the session holds as many referents as it may"},
              {"qsize", "[]", "3"}, {"get", "[]", "[0]"});
    hf_testing_release(bed->session[0], filler);
    assert_memory_equal(bed_call(bed, queue, "get", "[]"), "[1, <list", 9);
    assert_memory_equal(bed_call(bed, queue, "get_many", "[3]"), "[[2, <list", 10);
    bed_close(&bed);
}

static void
test_shutdown(void **state)
{
    uint64_t queue = bed_new(*state, "PriorityQueue", "[]");
    BED_STEPS(*state, queue, {"put_many", "[[2, 1]]", "None"}, {"shutdown", "[]", "None"},
              {"put", "[3]", "ShutDown: "}, {"get", "[]", "1"}, {"get", "[]", "2"},
              {"get", "[]", "ShutDown: "});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_many, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_unordered, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_unordered_inside, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_putters, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_put_many_piecemeal, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_getters, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_undelivered, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_undelivered_unordered, bed_setup, bed_teardown),
        cmocka_unit_test(test_refused_answer),
        cmocka_unit_test_setup_teardown(test_shutdown, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
