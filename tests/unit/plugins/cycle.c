/* SPDX-License-Identifier: MPL-2.0 */
/* cycle -- containers that hold each other: what nobody can reach goes, with all that it held; all else stays. */
#include "bed.h"

/* The search comes 100 ms after the last holder that was no referent, a step at a time. */
#define SOON 0.2

static uint64_t
referents(const bed_t *bed)
{
    return hf_testing_referents(bed->manager);
}

/* The call's answer, with handles among its arguments. */
static const char *
put(bed_t *bed, uint64_t object, const char *method, uint64_t other)
{
    hf_value_t handle = hf_testing_handle(other);
    return hf_testing_call(bed->session[0], object, method, "v", &handle);
}

static void
release(bed_t *bed, uint64_t object)
{
    hf_testing_release(bed->session[0], object);
}

static void
test_a_list_in_itself(void **state)
{
    bed_t *bed = *state;
    uint64_t list = bed_new(bed, "list", "[]");
    put(bed, list, "append", list);
    put(bed, list, "append", list);
    hf_testing_pass(bed->manager, SOON);
    assert_int_equal(referents(bed), 1);
    assert_string_equal(bed_call(bed, list, "len", "[]"), "2");
    release(bed, list);
    assert_int_equal(referents(bed), 1);
    hf_testing_pass(bed->manager, SOON);
    assert_int_equal(referents(bed), 0);
}

/* A token's pin is a holder from outside; a token without one is none. */
static void
test_a_pin_keeps_a_ring(void **state)
{
    bed_t *bed = *state;
    uint64_t list = bed_new(bed, "list", "[]");
    hf_value_t handle = hf_testing_handle(list);
    put(bed, list, "append", list);
    hf_testing_call(bed->session[0], 0, "export", "vf", &handle, 5.0);
    hf_testing_call(bed->session[0], 0, "export", "vf", &handle, 0.0);
    release(bed, list);
    hf_testing_pass(bed->manager, SOON);
    assert_int_equal(referents(bed), 1);
    hf_testing_pass(bed->manager, 5.0);
    assert_int_equal(referents(bed), 0);
}

/* a -> b -> c -> a, and c holds a queue that holds a set. */
static uint64_t
ring_with_a_tail(bed_t *bed)
{
    uint64_t a = bed_new(bed, "list", "[]");
    uint64_t b = bed_new(bed, "list", "[]");
    uint64_t c = bed_new(bed, "list", "[]");
    uint64_t queue = bed_new(bed, "Queue", "[]");
    uint64_t set = bed_new(bed, "set", "[[1]]");
    put(bed, a, "append", b);
    put(bed, b, "append", c);
    put(bed, c, "append", a);
    put(bed, c, "append", queue);
    put(bed, queue, "put", set);
    release(bed, set);
    release(bed, queue);
    release(bed, c);
    release(bed, b);
    return a;
}

static void
test_a_ring_goes_with_its_tail(void **state)
{
    bed_t *bed = *state;
    uint64_t a = ring_with_a_tail(bed);
    hf_testing_pass(bed->manager, SOON);
    assert_int_equal(referents(bed), 5);
    release(bed, a);
    hf_testing_pass(bed->manager, SOON);
    assert_int_equal(referents(bed), 0);
}

static void
test_what_is_held_from_outside_stays(void **state)
{
    bed_t *bed = *state;
    uint64_t a = ring_with_a_tail(bed);
    uint64_t outside = bed_new(bed, "list", "[]");
    put(bed, outside, "append", a);
    release(bed, a);
    hf_testing_pass(bed->manager, SOON);
    assert_int_equal(referents(bed), 6);
    assert_string_equal(bed_call(bed, outside, "len", "[]"), "1");
    bed_call(bed, outside, "clear", "[]");
    hf_testing_pass(bed->manager, SOON);
    assert_int_equal(referents(bed), 1);
}

static void
test_a_ring_lets_go_of_what_lives(void **state)
{
    bed_t *bed = *state;
    uint64_t list = bed_new(bed, "list", "[]");
    uint64_t living = bed_new(bed, "dict", "[]");
    put(bed, list, "append", list);
    put(bed, list, "append", living);
    release(bed, list);
    hf_testing_pass(bed->manager, SOON);
    assert_int_equal(referents(bed), 1);
    assert_string_equal(bed_call(bed, living, "len", "[]"), "0");
    release(bed, living);
    assert_int_equal(referents(bed), 0);
}

static void
test_collect_says_how_many(void **state)
{
    bed_t *bed = *state;
    uint64_t a = ring_with_a_tail(bed);
    uint64_t b = ring_with_a_tail(bed);
    assert_string_equal(bed_call(bed, 0, "collect", "[]"), "0");
    release(bed, a);
    assert_string_equal(bed_call(bed, 0, "collect", "[]"), "5");
    assert_int_equal(referents(bed), 5);
    release(bed, b);
    assert_string_equal(bed_call(bed, 0, "collect", "[]"), "5");
    assert_string_equal(bed_call(bed, 0, "collect", "[]"), "0");
    assert_int_equal(referents(bed), 0);
}

/* A parked call holds its target, whoever else does. */
static void
test_a_parked_call_keeps_its_ring(void **state)
{
    bed_t *bed = *state;
    uint32_t other = bed_session(bed);
    uint64_t queue = bed_new(bed, "Queue", "[]");
    uint64_t list = bed_new(bed, "list", "[]");
    put(bed, list, "append", queue);
    put(bed, list, "append", list);
    bed_share(bed, queue, other);
    uint64_t get = bed_begin(bed, other, queue, "get", "[]");
    hf_testing_release(bed->session[other], queue);
    release(bed, queue);
    release(bed, list);
    hf_testing_pass(bed->manager, SOON);
    assert_int_equal(referents(bed), 1); /* the list is gone, the queue waits with its getter */
    hf_testing_cancel(bed->session[other], get);
    assert_int_equal(referents(bed), 0);
}

/* More than a step looks into, over many steps, with calls between them. */
static void
test_many_in_steps(void **state)
{
    enum { RINGS = 3000 };
    bed_t *bed = *state;
    uint64_t hub = bed_new(bed, "list", "[]");
    uint64_t living = bed_new(bed, "list", "[]");
    put(bed, hub, "append", hub);
    for (int k = 0; k < RINGS; k++) {
        uint64_t list = bed_new(bed, "list", "[]");
        put(bed, hub, "append", list);
        put(bed, list, "append", hub);
        put(bed, list, "append", living);
        release(bed, list);
    }
    release(bed, hub);
    for (int k = 0; k < 50; k++) {
        hf_testing_pass(bed->manager, 0.01);
        put(bed, living, "append", living);
        bed_call(bed, living, "pop", "[]");
    }
    assert_int_equal(referents(bed), 1);
    assert_string_equal(bed_call(bed, living, "len", "[]"), "0");
}

/* A search of several steps has counted a referent in a list; then it goes from there into another, which lives. */
static void
test_moved_under_the_search(void **state)
{
    enum { LONG = 3500, AT = 5 };
    bed_t *bed = *state;
    uint64_t keeper = bed_new(bed, "list", "[]");
    uint64_t other = bed_new(bed, "list", "[]");
    uint64_t hub = bed_new(bed, "list", "[]");
    uint64_t jewel = 0;
    put(bed, keeper, "append", hub);
    for (int k = 0; k < LONG; k++) {
        uint64_t list = bed_new(bed, "list", "[[7]]");
        put(bed, hub, "append", list);
        put(bed, list, "append", hub);
        release(bed, list);
        jewel = k == AT ? list : jewel;
    }
    release(bed, hub);
    hf_testing_pass(bed->manager,
                    0.1); /* the suspects before; then hub, and the first of the long list */
    hf_testing_pass(bed->manager, 0.001);
    assert_string_equal(bed_call(bed, keeper, "getitem", "[0]"), "<list>");
    assert_string_equal(bed_call(bed, hub, "pop", "[5]"), "<list>");
    assert_int_equal(bed->handle, jewel);
    put(bed, other, "append", jewel);
    release(bed, jewel);
    release(bed, hub);
    hf_testing_pass(bed->manager, SOON);
    assert_int_equal(referents(bed), 3 + LONG);
    assert_string_equal(bed_call(bed, other, "pop", "[]"), "<list>");
    assert_string_equal(bed_call(bed, jewel, "getitem", "[0]"), "7");
    bed_call(bed, jewel, "clear", "[]");
    bed_call(bed, keeper, "clear", "[]");
    hf_testing_pass(bed->manager, SOON);
    assert_int_equal(referents(bed), 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_list_in_itself, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_a_pin_keeps_a_ring, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_a_ring_goes_with_its_tail, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_held_from_outside_stays, bed_setup,
                                        bed_teardown),
        cmocka_unit_test_setup_teardown(test_a_ring_lets_go_of_what_lives, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_collect_says_how_many, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_a_parked_call_keeps_its_ring, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_many_in_steps, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_moved_under_the_search, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests_name("plugins.cycle", tests, NULL, NULL);
}
