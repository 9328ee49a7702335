/* SPDX-License-Identifier: MPL-2.0 */
/* lock -- Lock and RLock: who has it next, and what becomes of it when its owner dies. */
#include "bed.h"

static void
test_lock(void **state)
{
    bed_t *bed = *state;
    uint64_t lock = bed_new(bed, "Lock", "[]");
    BED_STEPS(
        bed, lock, {"locked", "[]", "False"}, {"holder", "[]", "None"}, {"fence", "[]", "0"},
        {"release", "[]", "RuntimeError: release unlocked lock"}, {"acquire", "[]", "True"},
        {"acquire", "[false]", "False"}, {"acquire", "[true, 0]", "False"},
        {"acquire", "[false, 1]", "ValueError: can't specify a timeout for a non-blocking call"},
        {"acquire", "[false, -1]", "False"},
        {"acquire", "[true, -2]", "ValueError: timeout value must be a non-negative number"},
        {"acquire", "[true, {\"$float\": \"nan\"}]",
         "ValueError: Invalid value NaN (not a number)"},
        {"holder", "[]", "{'client': 'testing', 'thread': 0}"}, {"fence", "[]", "1"},
        {"locked", "[]", "True"}, {"release", "[]", "None"}, {"acquire", "[1]", "True"},
        {"fence", "[]", "2"}, {"release", "[]", "None"}, {"deaths", "[]", "0"});
}

static void
test_order(void **state)
{
    bed_t *bed = *state;
    uint64_t lock = bed_new(bed, "Lock", "[]");
    BED_STEPS(bed, lock, {"acquire", "[]", "True"});
    uint64_t a = bed_begin(bed, 0, lock, "acquire", "[]");
    uint64_t b = bed_begin(bed, 0, lock, "acquire", "[true, 1]");
    uint64_t c = bed_begin(bed, 0, lock, "acquire", "[true, -1]");
    uint64_t d = bed_begin(bed, 0, lock, "acquire", "[]");
    hf_testing_pass(bed->manager, 1.1);
    assert_string_equal(bed_answer(bed, 0, b), "False");
    hf_testing_cancel(bed->session[0], c);
    BED_STEPS(bed, lock, {"release", "[]", "None"}, {"locked", "[]", "True"});
    assert_string_equal(bed_answer(bed, 0, a), "True");
    assert_string_equal(bed_answer(bed, 0, d), "parked");
    BED_STEPS(bed, lock, {"release", "[]", "None"});
    assert_string_equal(bed_answer(bed, 0, d), "True");
    BED_STEPS(bed, lock, {"release", "[]", "None"}, {"locked", "[]", "False"},
              {"fence", "[]", "3"});
}

/* Any client may release a Lock; the one who waits has it, and is its holder. */
static void
test_lock_of_another(void **state)
{
    bed_t *bed = *state;
    uint64_t lock = bed_new(bed, "Lock", "[]");
    uint32_t other = bed_session(bed);
    bed_share(bed, lock, other);
    BED_STEPS(bed, lock, {"acquire", "[]", "True"});
    assert_string_equal(hf_testing_call(bed->session[other], lock, "release", ""), "None");
    hf_testing_set_thread(bed->session[other], 7);
    assert_string_equal(hf_testing_call(bed->session[other], lock, "acquire", ""), "True");
    BED_STEPS(bed, lock, {"holder", "[]", "{'client': 'testing', 'thread': 7}"});
    uint64_t mine = bed_begin(bed, 0, lock, "acquire", "[]");
    hf_testing_die(bed->session[other]);
    assert_string_equal(bed_answer(bed, 0, mine), "True");
    BED_STEPS(bed, lock, {"deaths", "[]", "1"}, {"fence", "[]", "3"},
              {"holder", "[]", "{'client': 'testing', 'thread': 0}"}, {"release", "[]", "None"});
}

static void
test_rlock(void **state)
{
    bed_t *bed = *state;
    hf_testing_session_t *session = bed->session[0];
    uint64_t lock = bed_new(bed, "RLock", "[]");
    BED_STEPS(bed, lock, {"release", "[]", "RuntimeError: cannot release un-acquired lock"},
              {"acquire", "[]", "True"}, {"acquire", "[]", "True"}, {"acquire", "[false]", "True"},
              {"fence", "[]", "1"});
    hf_testing_set_thread(session, 1);
    BED_STEPS(bed, lock, {"release", "[]", "RuntimeError: cannot release un-acquired lock"},
              {"acquire", "[false]", "False"}, {"locked", "[]", "True"});
    uint64_t waits = bed_begin(bed, 0, lock, "acquire", "[]");
    hf_testing_set_thread(session, 0);
    BED_STEPS(bed, lock, {"release", "[]", "None"}, {"release", "[]", "None"});
    assert_string_equal(bed_answer(bed, 0, waits), "parked");
    BED_STEPS(bed, lock, {"release", "[]", "None"},
              {"release", "[]", "RuntimeError: cannot release un-acquired lock"});
    assert_string_equal(bed_answer(bed, 0, waits), "True");
    hf_testing_set_thread(session, 1);
    BED_STEPS(bed, lock, {"holder", "[]", "{'client': 'testing', 'thread': 1}"},
              {"release", "[]", "None"}, {"locked", "[]", "False"});
}

/* A dead owner's RLock is free at once, however deep; a dead waiter never gets it. */
static void
test_deaths(void **state)
{
    bed_t *bed = *state;
    uint64_t lock = bed_new(bed, "RLock", "[]");
    uint32_t owner = bed_session(bed);
    uint32_t waiter = bed_session(bed);
    bed_share(bed, lock, owner);
    bed_share(bed, lock, waiter);
    (void)bed_begin(bed, owner, lock, "acquire", "[]");
    (void)bed_begin(bed, owner, lock, "acquire", "[]");
    (void)bed_begin(bed, waiter, lock, "acquire", "[]");
    uint64_t mine = bed_begin(bed, 0, lock, "acquire", "[]");
    hf_testing_die(bed->session[waiter]);
    assert_string_equal(bed_answer(bed, 0, mine), "parked");
    hf_testing_bye(bed->session[owner]);
    assert_string_equal(bed_answer(bed, 0, mine), "True");
    BED_STEPS(bed, lock, {"deaths", "[]", "1"}, {"release", "[]", "None"},
              {"locked", "[]", "False"});
}

/* A lock that a session was just given, and whose answer it never saw, goes on to the next. */
static void
test_unseen_answer(void **state)
{
    bed_t *bed = *state;
    uint64_t lock = bed_new(bed, "Lock", "[]");
    uint32_t other = bed_session(bed);
    bed_share(bed, lock, other);
    hf_testing_set_acknowledging(bed->session[other], false);
    BED_STEPS(bed, lock, {"acquire", "[]", "True"});
    (void)bed_begin(bed, other, lock, "acquire", "[]");
    BED_STEPS(bed, lock, {"release", "[]", "None"}, {"acquire", "[false]", "False"});
    hf_testing_die(bed->session[other]);
    BED_STEPS(bed, lock, {"acquire", "[false]", "True"}, {"release", "[]", "None"});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lock, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_order, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_lock_of_another, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_rlock, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_deaths, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_unseen_answer, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
