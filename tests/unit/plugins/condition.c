/* SPDX-License-Identifier: MPL-2.0 */
/* condition -- waits that are notified, late, cancelled or dead, over each kind of lock. */
#include "bed.h"

/* A Condition over a lock of that type, made here and given in *ret_lock; NULL: over its own. */
static uint64_t
new_condition(bed_t *bed, const char *typeid_, uint64_t *ret_lock)
{
    char args[64] = "[]";
    if (typeid_ != NULL) {
        *ret_lock = bed_new(bed, typeid_, "[]");
        (void)snprintf(args, sizeof args, "[{\"$handle\": [%llu]}]", (unsigned long long)*ret_lock);
    }
    return bed_new(bed, "Condition", args);
}

static uint64_t
begin(bed_t *bed, uint64_t thread, uint64_t object, const char *method, const char *args)
{
    hf_testing_set_thread(bed->session[0], thread);
    return bed_begin(bed, 0, object, method, args);
}

static void
expect(bed_t *bed, uint64_t thread, uint64_t object, const char *method, const char *args,
       const char *answer)
{
    hf_testing_set_thread(bed->session[0], thread);
    assert_string_equal(bed_call(bed, object, method, args), answer);
}

static void
test_unowned(void **state)
{
    bed_t *bed = *state;
    uint64_t lock = 0;
    static const char *const types[] = {NULL, "RLock", "Lock"};
    for (int k = 0; k < 3; k++) {
        uint64_t condition = new_condition(bed, types[k], &lock);
        BED_STEPS(bed, condition, {"wait", "[]", "RuntimeError: cannot wait on un-acquired lock"},
                  {"notify", "[]", "RuntimeError: cannot notify on un-acquired lock"},
                  {"notify_all", "[]", "RuntimeError: cannot notify on un-acquired lock"},
                  {"release", "[]",
                   k == 2 ? "RuntimeError: release unlocked lock"
                          : "RuntimeError: cannot release un-acquired lock"},
                  {"locked", "[]", "False"});
    }
    uint64_t list = bed_new(bed, "list", "[]");
    char args[64];
    (void)snprintf(args, sizeof args, "[{\"$handle\": [%llu]}]", (unsigned long long)list);
    assert_string_equal(bed_refusal(bed, "Condition", args),
                        "TypeError: a handle of Lock is wanted, not of list");
}

/* Two wait; each goes on when it is notified and the lock is free, the first first. */
static void
test_notify(void **state)
{
    bed_t *bed = *state;
    uint64_t lock = 0;
    static const char *const types[] = {NULL, "RLock", "Lock"};
    for (int k = 0; k < 3; k++) {
        uint64_t condition = new_condition(bed, types[k], &lock);
        expect(bed, 1, condition, "acquire", "[]", "True");
        uint64_t one = begin(bed, 1, condition, "wait", "[]");
        expect(bed, 2, condition, "acquire", "[]", "True"); /* the wait let it go */
        uint64_t two = begin(bed, 2, condition, "wait", "[10]");
        expect(bed, 3, condition, "acquire", "[]", "True");
        expect(bed, 3, condition, "notify", "[]", "None");
        assert_string_equal(bed_answer(bed, 0, one), "parked"); /* the lock is not free */
        expect(bed, 3, condition, "notify", "[0]", "None");
        expect(bed, 3, condition, "release", "[]", "None");
        assert_string_equal(bed_answer(bed, 0, one), "True");
        assert_string_equal(bed_answer(bed, 0, two), "parked");
        expect(bed, 1, condition, "notify_all", "[]", "None");
        expect(bed, 4, condition, "acquire", "[false]", "False");
        expect(bed, 1, types[k] == NULL ? condition : lock, "release", "[]", "None");
        assert_string_equal(bed_answer(bed, 0, two), "True");
        expect(bed, 2, condition, "release", "[]", "None");
        expect(bed, 2, condition, "locked", "[]", "False");
    }
}

/* A wait whose time is up has the lock again before it says so. */
static void
test_late(void **state)
{
    bed_t *bed = *state;
    uint64_t condition = new_condition(bed, NULL, NULL);
    expect(bed, 1, condition, "acquire", "[]", "True");
    uint64_t wait = begin(bed, 1, condition, "wait", "[1]");
    hf_testing_pass(bed->manager, 1.5);
    assert_string_equal(bed_answer(bed, 0, wait), "False");
    expect(bed, 2, condition, "acquire", "[false]", "False");
    expect(bed, 1, condition, "wait", "[{\"$float\": \"nan\"}]",
           "ValueError: Invalid value NaN (not a number)");
    wait = begin(bed, 1, condition, "wait", "[1]");
    expect(bed, 2, condition, "acquire", "[]", "True");
    hf_testing_pass(bed->manager, 1.5);
    assert_string_equal(bed_answer(bed, 0, wait), "parked"); /* another has the lock */
    expect(bed, 2, condition, "notify", "[]", "None");       /* too late for it */
    expect(bed, 2, condition, "release", "[]", "None");
    assert_string_equal(bed_answer(bed, 0, wait), "False");
    wait = begin(bed, 1, condition, "wait", "[-1]"); /* counts as 0 */
    hf_testing_pass(bed->manager, 0.1);
    assert_string_equal(bed_answer(bed, 0, wait), "False");
    expect(bed, 1, condition, "release", "[]", "None");
}

/* An RLock that was acquired three times is let go wholly, and is as deep again afterwards. */
static void
test_depth(void **state)
{
    bed_t *bed = *state;
    uint64_t lock = 0;
    uint64_t condition = new_condition(bed, "RLock", &lock);
    expect(bed, 1, condition, "acquire", "[]", "True");
    expect(bed, 1, lock, "acquire", "[]", "True");
    expect(bed, 1, lock, "acquire", "[]", "True");
    uint64_t wait = begin(bed, 1, condition, "wait", "[]");
    expect(bed, 2, lock, "acquire", "[false]", "True");
    expect(bed, 2, condition, "notify", "[]", "None");
    expect(bed, 2, lock, "release", "[]", "None");
    assert_string_equal(bed_answer(bed, 0, wait), "True");
    for (int k = 0; k < 3; k++)
        expect(bed, 1, lock, "release", "[]", "None");
    expect(bed, 1, lock, "release", "[]", "RuntimeError: cannot release un-acquired lock");
    expect(bed, 1, lock, "acquire", "[]", "True");
    expect(bed, 1, lock, "acquire", "[]", "True");
    wait = begin(bed, 1, condition, "wait", "[1]");
    hf_testing_pass(bed->manager, 1.5);
    assert_string_equal(bed_answer(bed, 0, wait), "False");
    expect(bed, 1, lock, "release", "[]", "None");
    expect(bed, 1, lock, "locked", "[]", "True");
    expect(bed, 1, lock, "release", "[]", "None");
}

/* A wait that is cancelled, notified or not, is withdrawn and does not own the lock. */
static void
test_cancelled(void **state)
{
    bed_t *bed = *state;
    uint64_t lock = 0;
    uint64_t condition = new_condition(bed, "RLock", &lock);
    for (int is_notified = 0; is_notified < 2; is_notified++) {
        expect(bed, 1, lock, "acquire", "[]", "True");
        expect(bed, 1, lock, "acquire", "[]", "True");
        uint64_t wait = begin(bed, 1, condition, "wait", "[]");
        expect(bed, 2, lock, "acquire", "[]", "True");
        if (is_notified == 1)
            expect(bed, 2, condition, "notify", "[]", "None");
        hf_testing_cancel(bed->session[0], wait);
        assert_string_equal(bed_answer(bed, 0, wait), "Cancelled: the call was cancelled");
        expect(bed, 2, condition, "notify_all", "[]", "None");
        expect(bed, 2, lock, "release", "[]", "None");
        expect(bed, 2, lock, "locked", "[]", "False");
    }
    expect(bed, 1, lock, "acquire", "[]",
           "True"); /* once is once: nothing was left of the depth of two */
    uint64_t wait = begin(bed, 1, condition, "wait", "[0]");
    hf_testing_pass(bed->manager, 0.1);
    assert_string_equal(bed_answer(bed, 0, wait), "False");
    expect(bed, 1, lock, "release", "[]", "None");
    expect(bed, 1, lock, "locked", "[]", "False");
}

/* Who dies holding the lock through the condition lets it go; who dies waiting is not there any more. */
static void
test_deaths(void **state)
{
    bed_t *bed = *state;
    uint64_t lock = 0;
    static const char *const types[] = {"RLock", "Lock"};
    for (int k = 0; k < 2; k++) {
        uint64_t condition = new_condition(bed, types[k], &lock);
        uint32_t owner = bed_session(bed);
        uint32_t waiter = bed_session(bed);
        bed_share(bed, condition, owner);
        bed_share(bed, condition, waiter);
        (void)bed_begin(bed, waiter, condition, "acquire", "[]");
        (void)bed_begin(bed, waiter, condition, "wait", "[]");
        expect(bed, 0, condition, "acquire", "[]", "True");
        uint64_t wait = bed_begin(bed, 0, condition, "wait", "[]");
        hf_testing_die(bed->session[waiter]);
        (void)bed_begin(bed, owner, condition, "acquire", "[]");
        assert_string_equal(hf_testing_call(bed->session[owner], condition, "notify", ""), "None");
        assert_string_equal(bed_answer(bed, 0, wait), "parked");
        hf_testing_die(bed->session[owner]);
        assert_string_equal(bed_answer(bed, 0, wait), "True");
        expect(bed, 0, lock, "deaths", "[]", "1");
        expect(bed, 0, lock, "release", "[]", "None");
    }
}

/* Two waits of one thread, as a client that does not wait for answers can have them: each remembers its own depth, and
 * whether its own time was up. */
static void
test_two_of_one_thread(void **state)
{
    bed_t *bed = *state;
    uint64_t condition = new_condition(bed, NULL, NULL);
    expect(bed, 1, condition, "acquire", "[]", "True");
    uint64_t once = begin(bed, 1, condition, "wait", "[]");
    expect(bed, 1, condition, "acquire", "[]", "True");
    expect(bed, 1, condition, "acquire", "[]", "True");
    uint64_t twice = begin(bed, 1, condition, "wait", "[1]");
    expect(bed, 2, condition, "acquire", "[]", "True");
    hf_testing_pass(bed->manager, 1.5); /* the second is the first that wants the lock */
    expect(bed, 2, condition, "notify", "[]", "None");
    expect(bed, 2, condition, "release", "[]", "None");
    assert_string_equal(bed_answer(bed, 0, twice), "False");
    assert_string_equal(bed_answer(bed, 0, once), "parked");
    expect(bed, 1, condition, "release", "[]", "None");
    assert_string_equal(bed_answer(bed, 0, once), "parked");
    expect(bed, 1, condition, "release", "[]", "None");
    assert_string_equal(bed_answer(bed, 0, once), "True");
    expect(bed, 1, condition, "release", "[]", "None");
    expect(bed, 1, condition, "locked", "[]", "False");
}

/* A lock that was acquired through a condition which is no more is let go when its owner dies. */
static void
test_condition_gone(void **state)
{
    bed_t *bed = *state;
    uint64_t lock = 0;
    static const char *const types[] = {"RLock", "Lock"};
    for (int k = 0; k < 2; k++) {
        uint64_t condition = new_condition(bed, types[k], &lock);
        uint32_t owner = bed_session(bed);
        bed_share(bed, condition, owner);
        assert_string_equal(hf_testing_call(bed->session[owner], condition, "acquire", ""), "True");
        uint64_t waits = begin(bed, 0, condition, "acquire", "[]");
        hf_testing_release(bed->session[owner], condition);
        uint64_t next = begin(bed, 0, lock, "acquire", "[]");
        hf_testing_cancel(bed->session[0], waits);
        hf_testing_release(bed->session[0], condition);
        assert_string_equal(bed_answer(bed, 0, next), "parked");
        hf_testing_die(bed->session[owner]);
        assert_string_equal(bed_answer(bed, 0, next), "True");
        expect(bed, 0, lock, "deaths", "[]", "1");
        expect(bed, 0, lock, "release", "[]", "None");
    }
}

static void
test_whose(void **state)
{
    bed_t *bed = *state;
    uint64_t lock = 0;
    static const char *const types[] = {NULL, "RLock", "Lock"};
    for (int k = 0; k < 3; k++) {
        uint64_t condition = new_condition(bed, types[k], &lock);
        expect(bed, 3, condition, "holder", "[]", "None");
        expect(bed, 3, condition, "acquire", "[]", "True");
        expect(bed, 4, condition, "holder", "[]", "{'client': 'testing', 'thread': 3}");
        expect(bed, 4, condition, "fence", "[]", "1");
        uint64_t wait = begin(bed, 3, condition, "wait", "[0]");
        hf_testing_pass(bed->manager, 0.1);
        assert_string_equal(bed_answer(bed, 0, wait), "False");
        expect(bed, 4, condition, "fence", "[]", "2"); /* it came back by way of nobody */
        expect(bed, 4, condition, "deaths", "[]", "0");
        expect(bed, 3, condition, "release", "[]", "None");
    }
}

/* The lock lives as long as the condition. */
static void
test_holding(void **state)
{
    bed_t *bed = *state;
    uint64_t lock = 0;
    uint64_t condition = new_condition(bed, "Lock", &lock);
    hf_testing_release(bed->session[0], lock);
    assert_int_equal(hf_testing_referents(bed->manager), 2);
    expect(bed, 0, condition, "acquire", "[]", "True");
    hf_testing_release(bed->session[0], condition);
    assert_int_equal(hf_testing_referents(bed->manager), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_unowned, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_notify, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_late, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_depth, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_cancelled, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_deaths, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_two_of_one_thread, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_condition_gone, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_whose, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_holding, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
