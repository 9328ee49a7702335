/* SPDX-License-Identifier: MPL-2.0 */
/* save -- what `save` writes `load` reads: a type of the test's own, on the same machine, saves the state of another
 * referent, loads it into a state of its own and saves that: the same bytes, and what `traverse` visits is held.
 */
#include "bed.h"

static const hf_type_t *
find_type(const char *name, size_t len)
{
    const hf_type_t *type = NULL;
    for (uint32_t k = 0; (type = bed_type(k)) != NULL; k++) {
        if (strlen(type->name) == len && memcmp(type->name, name, len) == 0)
            return type;
    }
    for (uint32_t k = 0; (type = bed_example(k)) != NULL; k++) {
        if (strlen(type->name) == len && memcmp(type->name, name, len) == 0)
            return type;
    }
    return NULL;
}

static hf_err_t
saver_save(hf_call_t *call, const hf_type_t *type, const void *state, hf_value_t *ret_saved)
{
    hf_writer_t *w = hf_writer(call);
    if (w == NULL)
        return HF_RAISED;
    if (type->save(call, state, w) != HF_OK)
        return HF_RAISED;
    return hf_written(call, w, ret_saved);
}

/* round_trip(typeid, handle): what was saved, where it was saved again as the same bytes. */
static hf_err_t
saver_round_trip(hf_call_t *call, void *self)
{
    size_t len = 0;
    hf_value_t first = {.raw = {0}};
    hf_value_t second = {.raw = {0}};
    const char *name = hf_arg_str(call, 0, &len);
    const hf_type_t *type = find_type(name, len);
    (void)self;
    const void *state = hf_deref(call, hf_arg(call, 1), type);
    if (state == NULL || saver_save(call, type, state, &first) != HF_OK)
        return HF_RAISED;
    void *copy = hf_alloc(call, type->self_size);
    if (copy == NULL)
        return HF_RAISED;
    hf_err_t err = type->load(call, copy, &first, type->save_version);
    if (err == HF_OK)
        err = saver_save(call, type, copy, &second);
    if (type->destroy != NULL)
        type->destroy(call, copy);
    hf_free(call, copy);
    if (err != HF_OK)
        return err;
    if (hf_len_of(&first) != hf_len_of(&second) ||
        memcmp(hf_bytes_of(&first), hf_bytes_of(&second), hf_len_of(&first)) != 0)
        return hf_return_str(call, "another", 7);
    return hf_return_value(call, &first);
}

/* load(typeid, saved): whether that can be loaded. */
static hf_err_t
saver_load(hf_call_t *call, void *self)
{
    size_t len = 0;
    const char *name = hf_arg_str(call, 0, &len);
    const hf_type_t *type = find_type(name, len);
    (void)self;
    void *state = hf_alloc(call, type->self_size);
    if (state == NULL)
        return HF_RAISED;
    hf_err_t err = type->load(call, state, hf_arg(call, 1), type->save_version);
    if (type->destroy != NULL)
        type->destroy(call, state);
    hf_free(call, state);
    return err == HF_OK ? hf_return_nil(call) : err;
}

static const hf_method_t saver_methods[] = {
    HF_METHOD("round_trip", "typeid: str, of: handle -> any", saver_round_trip, HF_WRITES,
              "Save, load and save again."),
    HF_METHOD("load", "typeid: str, saved: any", saver_load, HF_WRITES, "Load."),
};

static const hf_type_t saver_type = {
    HF_TYPE("Saver", uint64_t, saver_methods, "Saves the state of others."),
};

HF_PLUGIN("saver", "1.0.0", &saver_type);

static const char *
round_trip(bed_t *bed, uint64_t saver, const char *typeid_, uint64_t object)
{
    hf_value_t handle = hf_testing_handle(object);
    return hf_testing_call(bed->session[0], saver, "round_trip", "sv", typeid_, &handle);
}

static uint64_t
new_saver(bed_t *bed)
{
    uint64_t before = hf_testing_memory(bed->manager);
    assert_true(hf_testing_add(bed->manager, &hf_plugin));
    bed->start += hf_testing_memory(bed->manager) - before;
    return bed_new(bed, "Saver", "[]");
}

static void
test_containers(void **state)
{
    bed_t *bed = *state;
    char args[96];
    char text[160];
    uint64_t saver = new_saver(bed);
    uint64_t list = bed_new(bed, "list", "[[1, \"a long enough text\", [2]]]");
    uint64_t dict = bed_new(bed, "dict", "[{\"a\": 1}]");
    uint64_t set = bed_new(bed, "set", "[[3, [1, 2]]]");
    (void)snprintf(args, sizeof args, "[[1, 2], {\"$handle\": [%llu, \"list\"]}]",
                   (unsigned long long)list);
    assert_string_equal(bed_call(bed, dict, "setitem", args), "None");
    assert_string_equal(round_trip(bed, saver, "list", list), "[1, 'a long enough text', [2]]");
    assert_string_equal(round_trip(bed, saver, "set", set), "[3, [1, 2]]");
    uint64_t ns = bed_new_named(bed, "Namespace", "[]", "{\"b\": [1], \"a\": null}");
    assert_string_equal(round_trip(bed, saver, "Namespace", ns), "{'b': [1], 'a': None}");
    hf_testing_release(bed->session[0], ns);
    (void)snprintf(text, sizeof text, "{'a': 1, (1, 2): <list #%llu>}", (unsigned long long)list);
    assert_string_equal(round_trip(bed, saver, "dict", dict), text);
    hf_testing_release(bed->session[0], list);
    hf_testing_release(bed->session[0], list); /* the answer gave it once more */
    assert_int_equal(hf_testing_referents(bed->manager), 4);
    BED_STEPS(bed, dict, {"clear", "[]", "None"}); /* what was loaded was let go again */
    assert_int_equal(hf_testing_referents(bed->manager), 3);
}

static void
test_typed(void **state)
{
    bed_t *bed = *state;
    uint64_t saver = new_saver(bed);
    uint64_t value = bed_new(bed, "Value", "[\"h\", -3]");
    uint64_t rounded = bed_new(bed, "Value", "[\"f\", 0.1]");
    uint64_t array = bed_new(bed, "Array", "[\"u\", \"a\\u20ac\"]");
    assert_string_equal(round_trip(bed, saver, "Value", value), "['h', -3]");
    assert_string_equal(round_trip(bed, saver, "Value", rounded), "['f', 0.10000000149011612]");
    assert_string_equal(round_trip(bed, saver, "Array", array), "['u', ['a', '\xe2\x82\xac']]");
    array = bed_new(bed, "Array", "[\"Q\", 2]");
    assert_string_equal(round_trip(bed, saver, "Array", array), "['Q', [0, 0]]");
    BED_STEPS(
        bed, saver, {"load", "[\"Value\", [\"i\"]]", "ValueError: this is not what a Value saves"},
        {"load", "[\"Value\", [\"b\", 500]]", "OverflowError: signed char is greater than maximum"},
        {"load", "[\"Array\", 1]", "ValueError: this is not what an Array saves"},
        {"load", "[\"Array\", [\"u\", [\"a\", 1]]]",
         "TypeError: array item must be unicode character"});
}

static void
test_iterators(void **state)
{
    bed_t *bed = *state;
    char text[160];
    uint64_t saver = new_saver(bed);
    uint64_t dict = bed_new(bed, "dict", "[{\"a\": 1, \"b\": 2}]");
    assert_string_equal(bed_call(bed, dict, "reversed", "[]"), "<Iterator>");
    uint64_t it = bed->handle;
    BED_STEPS(bed, it, {"next", "[]", "'b'"});
    (void)snprintf(text, sizeof text, "[<dict #%llu>, 3, 1, 1, 2, 0, False]",
                   (unsigned long long)dict);
    assert_string_equal(round_trip(bed, saver, "Iterator", it), text);
    BED_STEPS(bed, it, {"close", "[]", "None"});
    assert_string_equal(round_trip(bed, saver, "Iterator", it), "[None, 3, 1, 1, 2, 0, False]");
    BED_STEPS(bed, saver,
              {"load", "[\"Iterator\", [1, 2]]", "ValueError: this is not what an Iterator saves"});
}

/* With calls parked in each list, and a put_many that is half in. */
static void
test_queue(void **state)
{
    bed_t *bed = *state;
    uint64_t saver = new_saver(bed);
    uint64_t queue = bed_new(bed, "Queue", "[2]");
    assert_string_equal(round_trip(bed, saver, "Queue", queue),
                        "[2, 0, False, [], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], 0, None]");
    uint64_t many = bed_begin(bed, 0, queue, "put_many", "[[\"a\", \"b\", \"c\", \"d\", \"e\"]]");
    BED_STEPS(bed, queue, {"get", "[]", "'a'"});
    uint64_t put = bed_begin(bed, 0, queue, "put", "[\"f\"]");
    uint64_t join = bed_begin(bed, 0, queue, "join", "[]");
    const char *saved = round_trip(bed, saver, "Queue", queue);
    assert_memory_equal(saved, "[2, 3, False, ['b', 'c'], [0, 0, 0], [", 38);
    assert_non_null(strstr(saved, ", 3, ['a', 'b', 'c', 'd', 'e']]"));
    BED_STEPS(bed, queue, {"get_many", "[9]", "['b', 'c']"}, {"get_many", "[9]", "['d', 'e']"},
              {"get", "[]", "'f'"});
    assert_string_equal(bed_answer(bed, 0, many), "None");
    assert_string_equal(bed_answer(bed, 0, put), "None");
    for (int k = 0; k < 6; k++)
        BED_STEPS(bed, queue, {"task_done", "[]", "None"});
    assert_string_equal(bed_answer(bed, 0, join), "None");
    BED_STEPS(bed, saver,
              {"load", "[\"Queue\", [1, 2]]", "ValueError: this is not what a queue saves"});
}

/* A heap stays the heap that it was. */
static void
test_other_queues(void **state)
{
    bed_t *bed = *state;
    static const char *const names[] = {"JoinableQueue", "LifoQueue", "PriorityQueue"};
    uint64_t saver = new_saver(bed);
    for (int k = 0; k < 3; k++) {
        uint64_t queue = bed_new(bed, names[k], "[9]");
        BED_STEPS(bed, queue, {"put_many", "[[3, 2, 1]]", "None"});
        assert_string_equal(
            round_trip(bed, saver, names[k], queue),
            k == 2
                ? "[9, 3, False, [1, 3, 2], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], 0, None]"
                : "[9, 3, False, [3, 2, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], 0, None]");
    }
}

/* Each type of sync's, with somebody waiting where there is somewhere to wait. */
static void
test_sync(void **state)
{
    bed_t *bed = *state;
    static const struct {
        const char *typeid_, *args, *wait, *saved;
    } rows[] = {
        {"Lock", "[]", "acquire", "[1, 0, 1, 1, 0, False, [0, 0, 0]]"},
        {"RLock", "[]", "acquire", "[1, 0, 1, 1, 0, True, [0, 0, 0]]"},
        {"Semaphore", "[2]", "acquire", "[1, 2, False, [0, 0, 0], {1: 1}]"},
        {"BoundedSemaphore", "[1]", "acquire", "[0, 1, True, [0, 0, 0], {1: 1}]"},
        {"Condition", "[]", "acquire",
         "[None, False, [1, 0, 1, 1, 0, True, [0, 0, 0]], [0, 0, 0]]"},
        {"Event", "[]", "set", "[True, [0, 0, 0]]"},
        {"Barrier", "[1, 2.5]", "wait", "[1, 2.5, False, [0, 0, 0]]"},
    };
    uint64_t saver = new_saver(bed);
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        char args[64];
        char text[96];
        uint64_t object = bed_new(bed, rows[k].typeid_, rows[k].args);
        (void)bed_call(bed, object, rows[k].wait, "[]");
        assert_string_equal(round_trip(bed, saver, rows[k].typeid_, object), rows[k].saved);
        (void)snprintf(args, sizeof args, "[\"%s\", []]", rows[k].typeid_);
        (void)snprintf(text, sizeof text, "ValueError: this is not what a");
        assert_memory_equal(bed_call(bed, saver, "load", args), text, strlen(text));
    }
}

static void
test_examples(void **state)
{
    bed_t *bed = *state;
    char text[128];
    uint64_t saver = new_saver(bed);
    uint64_t list = bed_new(bed, "list", "[]");
    uint64_t cache = bed_new(bed, "Cache", "[2, 60]");
    hf_value_t handle = hf_testing_handle(list);
    (void)hf_testing_call(bed->session[0], cache, "set", "svf", "a list", &handle, 5.5);
    BED_STEPS(bed, cache, {"set", "[[1], 2]", "None"}, {"get", "[\"a list\"]", "<list>"},
              {"get", "[\"no\"]", "None"});
    (void)snprintf(text, sizeof text,
                   "[60.0, 2, 1, 1, 0, 0, {(1,): [60.0, 2], 'a list': [5.5, <list #%llu>]}]",
                   (unsigned long long)list);
    assert_string_equal(round_trip(bed, saver, "Cache", cache), text);
    uint64_t board = bed_new(bed, "Leaderboard", "[]");
    BED_STEPS(bed, board, {"add", "[\"b\", 2]", "True"}, {"add", "[\"a\", 2]", "True"},
              {"add", "[\"a name of its own\", 3.5]", "True"});
    assert_string_equal(round_trip(bed, saver, "Leaderboard", board),
                        "[['a name of its own', 3.5], ['a', 2.0], ['b', 2.0]]");
    BED_STEPS(bed, saver, {"load", "[\"Cache\", [1.0]]", "ValueError: that was not saved here"},
              {"load", "[\"Cache\", 1]", "ValueError: that was not saved here"},
              {"load", "[\"Leaderboard\", 1]", "ValueError: that was not saved here"},
              {"load", "[\"Leaderboard\", [[1, 2]]]", "ValueError: that was not saved here"});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_containers, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_typed, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_iterators, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_sync, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_other_queues, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_examples, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_queue, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
