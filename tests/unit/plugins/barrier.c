/* SPDX-License-Identifier: MPL-2.0 */
/* barrier -- Barrier: parties that meet, are late, are sent away, or die. */
#include "bed.h"

static void
test_meeting(void **state)
{
    bed_t *bed = *state;
    uint64_t barrier = bed_new(bed, "Barrier", "[3]");
    for (int round = 0; round < 3; round++) {
        uint64_t a = bed_begin(bed, 0, barrier, "wait", "[]");
        uint64_t b = bed_begin(bed, 0, barrier, "wait", "[9]");
        BED_STEPS(bed, barrier, {"n_waiting", "[]", "2"}, {"wait", "[0]", "2"},
                  {"n_waiting", "[]", "0"});
        assert_string_equal(bed_answer(bed, 0, a), "0");
        assert_string_equal(bed_answer(bed, 0, b), "1");
    }
    BED_STEPS(bed, barrier, {"parties", "[]", "3"}, {"broken", "[]", "False"});
    uint64_t alone = bed_new(bed, "Barrier", "[1]");
    BED_STEPS(bed, alone, {"wait", "[]", "0"}, {"wait", "[0]", "0"});
    assert_string_equal(bed_refusal(bed, "Barrier", "[0]"), "ValueError: parties must be >= 1");
    assert_string_equal(bed_refusal(bed, "Barrier", "[2, {\"$float\": \"nan\"}]"),
                        "ValueError: Invalid value NaN (not a number)");
}

static void
test_late(void **state)
{
    bed_t *bed = *state;
    uint64_t barrier = bed_new(bed, "Barrier", "[3, 5]"); /* a wait that says none waits 5 s */
    uint64_t a = bed_begin(bed, 0, barrier, "wait", "[]");
    uint64_t b = bed_begin(bed, 0, barrier, "wait", "[99]");
    hf_testing_pass(bed->manager, 5.5);
    assert_string_equal(bed_answer(bed, 0, a), "BrokenBarrierError: ");
    assert_string_equal(bed_answer(bed, 0, b), "BrokenBarrierError: ");
    BED_STEPS(bed, barrier, {"broken", "[]", "True"}, {"wait", "[]", "BrokenBarrierError: "},
              {"reset", "[]", "None"}, {"broken", "[]", "False"},
              {"wait", "[-1]", "BrokenBarrierError: "}, {"broken", "[]", "True"});
}

static void
test_sent_away(void **state)
{
    bed_t *bed = *state;
    uint64_t barrier = bed_new(bed, "Barrier", "[2]");
    uint64_t a = bed_begin(bed, 0, barrier, "wait", "[]");
    BED_STEPS(bed, barrier, {"reset", "[]", "None"}, {"broken", "[]", "False"},
              {"n_waiting", "[]", "0"});
    assert_string_equal(bed_answer(bed, 0, a), "BrokenBarrierError: ");
    a = bed_begin(bed, 0, barrier, "wait", "[]");
    BED_STEPS(bed, barrier, {"abort", "[]", "None"}, {"broken", "[]", "True"});
    assert_string_equal(bed_answer(bed, 0, a), "BrokenBarrierError: ");
    BED_STEPS(bed, barrier, {"reset", "[]", "None"});
    a = bed_begin(bed, 0, barrier, "wait", "[]");
    BED_STEPS(bed, barrier, {"wait", "[]", "1"});
    assert_string_equal(bed_answer(bed, 0, a), "0");
}

/* A party that dies or is cancelled leaves without breaking the barrier. */
static void
test_withdrawn(void **state)
{
    bed_t *bed = *state;
    uint64_t barrier = bed_new(bed, "Barrier", "[3]");
    uint32_t other = bed_session(bed);
    bed_share(bed, barrier, other);
    (void)bed_begin(bed, other, barrier, "wait", "[]");
    uint64_t a = bed_begin(bed, 0, barrier, "wait", "[]");
    hf_testing_die(bed->session[other]);
    BED_STEPS(bed, barrier, {"n_waiting", "[]", "1"}, {"broken", "[]", "False"});
    uint64_t b = bed_begin(bed, 0, barrier, "wait", "[]");
    hf_testing_cancel(bed->session[0], a);
    a = bed_begin(bed, 0, barrier, "wait", "[]");
    BED_STEPS(bed, barrier, {"wait", "[]", "2"});
    assert_string_equal(bed_answer(bed, 0, b), "0");
    assert_string_equal(bed_answer(bed, 0, a), "1");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_meeting, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_late, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_sent_away, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_withdrawn, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
