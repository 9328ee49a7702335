/* SPDX-License-Identifier: MPL-2.0 */
/* joinable_queue -- a JoinableQueue is a Queue, and its tasks are counted also where they are put many at a time. */
#include "bed.h"

static const hf_type_t *
type_of(const char *name)
{
    const hf_type_t *type = NULL;
    for (uint32_t k = 0; (type = bed_type(k)) != NULL; k++) {
        if (strcmp(type->name, name) == 0)
            return type;
    }
    fail_msg("there is no %s", name);
    return NULL;
}

/* All kinds of queues have the same rows. */
static void
test_rows(void **state)
{
    static const char *const names[] = {"JoinableQueue", "LifoQueue", "PriorityQueue"};
    const hf_type_t *queue = type_of("Queue");
    (void)state;
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        const hf_type_t *type = type_of(names[k]);
        assert_int_equal(type->n_methods, queue->n_methods);
        for (uint32_t m = 0; m < type->n_methods; m++) {
            assert_string_equal(type->methods[m].name, queue->methods[m].name);
            assert_string_equal(type->methods[m].signature, queue->methods[m].signature);
        }
    }
}

static void
test_tasks(void **state)
{
    uint64_t queue = bed_new(*state, "JoinableQueue", "[3]");
    BED_STEPS(*state, queue, {"join", "[]", "None"},
              {"task_done", "[]", "ValueError: task_done() called too many times"},
              {"put_many", "[[1, 2]]", "None"}, {"put", "[3]", "None"});
    uint64_t late = bed_begin(*state, 0, queue, "put_many", "[[4, 5]]");
    uint64_t join = bed_begin(*state, 0, queue, "join", "[]");
    BED_STEPS(*state, queue, {"get_many", "[9]", "[1, 2, 3]"}, {"task_done", "[]", "None"},
              {"task_done", "[]", "None"}, {"task_done", "[]", "None"});
    assert_string_equal(bed_answer(*state, 0, late), "None");
    assert_string_equal(bed_answer(*state, 0, join), "parked");
    BED_STEPS(*state, queue, {"task_done", "[]", "None"}, {"task_done", "[]", "None"});
    assert_string_equal(bed_answer(*state, 0, join), "None");
    BED_STEPS(*state, queue, {"get_many", "[9]", "[4, 5]"});
}

/* An item given straight to a getter is a task too; one that comes back is none more. */
static void
test_tasks_of_getters(void **state)
{
    bed_t *bed = *state;
    uint64_t queue = bed_new(bed, "JoinableQueue", "[]");
    uint32_t other = bed_session(bed);
    bed_share(bed, queue, other);
    hf_testing_set_acknowledging(bed->session[other], false);
    (void)bed_begin(bed, other, queue, "get", "[]");
    BED_STEPS(bed, queue, {"put", "[1]", "None"});
    uint64_t join = bed_begin(bed, 0, queue, "join", "[]");
    hf_testing_die(bed->session[other]);
    assert_string_equal(bed_answer(bed, 0, join), "parked");
    BED_STEPS(bed, queue, {"get", "[]", "1"}, {"task_done", "[]", "None"});
    assert_string_equal(bed_answer(bed, 0, join), "None");
    BED_STEPS(bed, queue, {"task_done", "[]", "ValueError: task_done() called too many times"});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_tasks, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_tasks_of_getters, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
