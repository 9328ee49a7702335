/* SPDX-License-Identifier: MPL-2.0 */
/* event -- Event: a flag, and who waits for it. */
#include "bed.h"

static void
test_event(void **state)
{
    bed_t *bed = *state;
    uint64_t event = bed_new(bed, "Event", "[]");
    BED_STEPS(bed, event, {"is_set", "[]", "False"}, {"wait", "[0]", "False"},
              {"wait", "[-1]", "False"},
              {"wait", "[{\"$float\": \"nan\"}]", "ValueError: Invalid value NaN (not a number)"});
    uint64_t a = bed_begin(bed, 0, event, "wait", "[]");
    uint64_t b = bed_begin(bed, 0, event, "wait", "[1]");
    uint64_t c = bed_begin(bed, 0, event, "wait", "[5]");
    hf_testing_pass(bed->manager, 1.1);
    assert_string_equal(bed_answer(bed, 0, b), "False");
    BED_STEPS(bed, event, {"set", "[]", "None"}, {"is_set", "[]", "True"}, {"wait", "[]", "True"},
              {"clear", "[]", "None"}, {"wait", "[0]", "False"});
    assert_string_equal(bed_answer(bed, 0, a), "True");
    assert_string_equal(bed_answer(bed, 0, c), "True");
}

/* A waiter that dies or is cancelled is not there when the flag becomes true. */
static void
test_withdrawn(void **state)
{
    bed_t *bed = *state;
    uint64_t event = bed_new(bed, "Event", "[]");
    uint32_t other = bed_session(bed);
    bed_share(bed, event, other);
    (void)bed_begin(bed, other, event, "wait", "[]");
    uint64_t mine = bed_begin(bed, 0, event, "wait", "[]");
    hf_testing_cancel(bed->session[0], mine);
    hf_testing_die(bed->session[other]);
    assert_int_equal(hf_testing_parked(bed->manager), 0);
    BED_STEPS(bed, event, {"set", "[]", "None"});
}

/* More than run in one round, and the flag is made false behind them at once: all were told that it was true. */
static void
test_many(void **state)
{
    enum { MANY = 3000 };
    static uint64_t call[MANY];
    bed_t *bed = *state;
    uint64_t event = bed_new(bed, "Event", "[]");
    for (int k = 0; k < MANY; k++)
        call[k] = bed_begin(bed, 0, event, "wait", "[]");
    uint64_t set = bed_begin(bed, 0, event, "set", "[]");
    uint64_t clear = bed_begin(bed, 0, event, "clear", "[]");
    hf_testing_pass(bed->manager, 0.1);
    assert_string_equal(bed_answer(bed, 0, set), "None");
    assert_string_equal(bed_answer(bed, 0, clear), "None");
    for (int k = 0; k < MANY; k++)
        assert_string_equal(bed_answer(bed, 0, call[k]), "True");
    BED_STEPS(bed, event, {"is_set", "[]", "False"});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_event, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_withdrawn, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_many, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
