/* SPDX-License-Identifier: MPL-2.0 */
/* semaphore -- Semaphore and BoundedSemaphore: units, who waits for them, and whose they are. */
#include "bed.h"

static void
test_plain(void **state)
{
    bed_t *bed = *state;
    uint64_t semaphore = bed_new(bed, "Semaphore", "[2]");
    BED_STEPS(
        bed, semaphore, {"get_value", "[]", "2"}, {"acquire", "[]", "True"},
        {"acquire", "[false]", "True"}, {"acquire", "[false]", "False"},
        {"acquire", "[true, 0]", "False"}, {"acquire", "[true, -1]", "False"},
        {"acquire", "[false, 1]", "ValueError: can't specify timeout for non-blocking acquire"},
        {"acquire", "[true, {\"$float\": \"nan\"}]",
         "ValueError: Invalid value NaN (not a number)"},
        {"release", "[0]", "ValueError: n must be one or more"}, {"release", "[5]", "None"},
        {"get_value", "[]", "5"},
        {"release", "[9223372036854775807]",
         "OverflowError: the semaphore's value leaves 64 bits"});
    assert_string_equal(bed_refusal(bed, "Semaphore", "[-1]"),
                        "ValueError: semaphore initial value must be >= 0");
    uint64_t one = bed_new(bed, "Semaphore", "[]");
    BED_STEPS(bed, one, {"get_value", "[]", "1"});
}

static void
test_bounded(void **state)
{
    bed_t *bed = *state;
    uint64_t semaphore = bed_new(bed, "BoundedSemaphore", "[2]");
    BED_STEPS(bed, semaphore, {"release", "[]", "ValueError: Semaphore released too many times"},
              {"acquire", "[]", "True"},
              {"release", "[2]", "ValueError: Semaphore released too many times"},
              {"get_value", "[]", "1"}, {"release", "[]", "None"}, {"get_value", "[]", "2"});
}

static void
test_order(void **state)
{
    bed_t *bed = *state;
    uint64_t call[4];
    uint64_t semaphore = bed_new(bed, "Semaphore", "[0]");
    for (int k = 0; k < 4; k++)
        call[k] = bed_begin(bed, 0, semaphore, "acquire", k == 1 ? "[true, 2]" : "[]");
    hf_testing_pass(bed->manager, 2.5);
    assert_string_equal(bed_answer(bed, 0, call[1]), "False");
    BED_STEPS(bed, semaphore, {"release", "[2]", "None"}, {"get_value", "[]", "0"});
    assert_string_equal(bed_answer(bed, 0, call[0]), "True");
    assert_string_equal(bed_answer(bed, 0, call[2]), "True");
    assert_string_equal(bed_answer(bed, 0, call[3]), "parked");
    BED_STEPS(bed, semaphore, {"release", "[3]", "None"}, {"get_value", "[]", "2"});
    assert_string_equal(bed_answer(bed, 0, call[3]), "True");
}

/* A unit that is released is the releasing session's own, else of the session that has held one longest; what a dead
 * session held comes back, once. */
static void
test_whose(void **state)
{
    bed_t *bed = *state;
    uint64_t semaphore = bed_new(bed, "BoundedSemaphore", "[5]");
    uint32_t a = bed_session(bed);
    uint32_t b = bed_session(bed);
    bed_share(bed, semaphore, a);
    bed_share(bed, semaphore, b);
    (void)bed_begin(bed, a, semaphore, "acquire", "[]");
    (void)bed_begin(bed, b, semaphore, "acquire", "[]");
    (void)bed_begin(bed, a, semaphore, "acquire", "[]");
    (void)bed_begin(bed, b, semaphore, "acquire", "[]");
    BED_STEPS(bed, semaphore, {"acquire", "[]", "True"}, {"get_value", "[]", "0"},
              {"release", "[]", "None"}, /* its own */
              {"release", "[]", "None"}, /* one of a's */
              {"get_value", "[]", "2"});
    hf_testing_die(bed->session[a]); /* had one left */
    BED_STEPS(bed, semaphore, {"get_value", "[]", "3"});
    uint64_t waits = 0;
    for (int k = 0; k < 4; k++)
        waits = bed_begin(bed, 0, semaphore, "acquire", "[]");
    assert_string_equal(bed_answer(bed, 0, waits), "parked");
    hf_testing_bye(bed->session[b]); /* had two */
    assert_string_equal(bed_answer(bed, 0, waits), "True");
    BED_STEPS(bed, semaphore, {"get_value", "[]", "1"}, {"release", "[4]", "None"},
              {"get_value", "[]", "5"});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_bounded, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_order, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_whose, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
