/* SPDX-License-Identifier: MPL-2.0 */
/* limiter -- RateLimiter: what is there at once, what comes with time, and whose turn it is. */
#include "bed.h"

static void
test_at_once(void **state)
{
    bed_t *bed = *state;
    uint64_t limiter = bed_new(bed, "RateLimiter", "[10, 3]");
    BED_STEPS(bed, limiter, {"level", "[]", "3.0"}, {"try_acquire", "[]", "True"},
              {"try_acquire", "[2]", "True"}, {"try_acquire", "[0.5]", "False"},
              {"acquire", "[1, 0]", "False"}, {"acquire", "[1, -1]", "False"},
              {"try_acquire", "[4]", "ValueError: n must be above 0 and at most 3"},
              {"acquire", "[0]", "ValueError: n must be above 0 and at most 3"});
    hf_testing_pass(bed->manager, 0.2);
    BED_STEPS(bed, limiter, {"try_acquire", "[2.5]", "False"}, {"try_acquire", "[1.5]", "True"});
    hf_testing_pass(bed->manager, 100);
    BED_STEPS(bed, limiter, {"level", "[]", "3.0"});
}

static void
test_refused(void **state)
{
    static const char *const args[] = {"[0, 1]", "[-1, 1]", "[1, 0]", "[1, {\"$float\": \"nan\"}]",
                                       "[{\"$float\": \"inf\"}, 1]"};
    for (size_t k = 0; k < sizeof args / sizeof args[0]; k++)
        assert_string_equal(bed_refusal(*state, "RateLimiter", args[k]),
                            "ValueError: rate and burst must be numbers above 0");
}

/* First come, first served, however little the second wants. */
static void
test_turns(void **state)
{
    bed_t *bed = *state;
    uint64_t limiter = bed_new(bed, "RateLimiter", "[1, 5]");
    BED_STEPS(bed, limiter, {"acquire", "[5]", "True"});
    uint64_t large = bed_begin(bed, 0, limiter, "acquire", "[4]");
    uint64_t small = bed_begin(bed, 0, limiter, "acquire", "[1]");
    BED_STEPS(bed, limiter, {"waiting", "[]", "2"});
    hf_testing_pass(bed->manager, 3.5);
    assert_string_equal(bed_answer(bed, 0, large), "parked");
    assert_string_equal(bed_answer(bed, 0, small), "parked");
    BED_STEPS(bed, limiter, {"try_acquire", "[1]", "False"}); /* nobody passes those who wait */
    hf_testing_pass(bed->manager, 0.75);
    assert_string_equal(bed_answer(bed, 0, large), "True");
    assert_string_equal(bed_answer(bed, 0, small), "parked");
    hf_testing_pass(bed->manager, 0.8);
    assert_string_equal(bed_answer(bed, 0, small), "True");
    BED_STEPS(bed, limiter, {"waiting", "[]", "0"}, {"try_acquire", "[0.5]", "False"});
}

/* The next has its turn when the first gives up, is cancelled or dies. */
static void
test_leavers(void **state)
{
    bed_t *bed = *state;
    uint32_t other = bed_session(bed);
    uint64_t limiter = bed_new(bed, "RateLimiter", "[1, 10]");
    bed_share(bed, limiter, other);
    BED_STEPS(bed, limiter, {"acquire", "[9]", "True"});
    uint64_t impatient = bed_begin(bed, 0, limiter, "acquire", "[10, 0.5]");
    uint64_t cancelled = bed_begin(bed, 0, limiter, "acquire", "[10]");
    (void)bed_begin(bed, other, limiter, "acquire", "[10]");
    uint64_t last = bed_begin(bed, 0, limiter, "acquire", "[1, 30]");
    hf_testing_pass(bed->manager, 1);
    assert_string_equal(bed_answer(bed, 0, impatient), "False");
    hf_testing_cancel(bed->session[0], cancelled);
    assert_memory_equal(bed_answer(bed, 0, cancelled), "Cancelled", 9);
    assert_string_equal(bed_answer(bed, 0, last), "parked");
    hf_testing_die(bed->session[other]);
    assert_string_equal(bed_answer(bed, 0, last), "True");
}

/* Woken too early for what it wants, a call keeps its place and its time. */
static void
test_time_kept(void **state)
{
    bed_t *bed = *state;
    uint64_t limiter = bed_new(bed, "RateLimiter", "[1, 10]");
    BED_STEPS(bed, limiter, {"acquire", "[10]", "True"});
    uint64_t first = bed_begin(bed, 0, limiter, "acquire", "[2]");
    uint64_t second = bed_begin(bed, 0, limiter, "acquire", "[10, 4]");
    hf_testing_pass(bed->manager, 3);
    assert_string_equal(bed_answer(bed, 0, first), "True");
    assert_string_equal(bed_answer(bed, 0, second), "parked");
    hf_testing_pass(bed->manager, 0.9);
    assert_string_equal(bed_answer(bed, 0, second), "parked");
    hf_testing_pass(bed->manager, 0.2);
    assert_string_equal(bed_answer(bed, 0, second), "False");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_at_once, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_refused, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_turns, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_leavers, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_time_kept, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
