/* SPDX-License-Identifier: MPL-2.0 */
/* dict -- the rows of the dict's table and the rules of its own, on the manager's machine. What CPython has is compared
 * with CPython at length in tests/conformance; here are errors, handles and what CPython lacks. */
#include "bed.h"

static void
test_keys(void **state)
{
    uint64_t dict = bed_new(*state, "dict", "[{\"a\": 1}]");
    BED_STEPS(
        *state, dict, {"setitem", "[1, \"one\"]", "None"}, {"setitem", "[1.0, \"float\"]", "None"},
        {"setitem", "[true, \"bool\"]", "None"}, {"setitem", "[[1, [2]], 3]", "None"},
        {"setitem", "[null, {}]", "None"}, {"setitem", "[{\"$bytes\": \"eA==\"}, []]", "None"},
        {"repr", "[]", "\"{'a': 1, 1: 'bool', (1, (2,)): 3, None: {}, b'x': []}\""},
        {"getitem", "[[1, [2]]]", "3"}, {"getitem", "[[1, [3]]]", "KeyError: (1, (3,))"},
        {"getitem", "[\"b\"]", "KeyError: 'b'"}, {"delitem", "[2]", "KeyError: 2"},
        {"getitem", "[{}]", "TypeError: unhashable type: 'dict'"},
        {"setitem", "[[{}], 1]", "TypeError: unhashable type: 'dict'"},
        {"contains", "[{}]", "TypeError: unhashable type: 'dict'"}, {"contains", "[true]", "True"},
        {"contains", "[false]", "False"}, {"delitem", "[\"a\"]", "None"},
        {"setitem", "[\"a\", 2]", "None"}, {"keys", "[]", "[1, [1, [2]], None, b'x', 'a']"},
        {"values", "[]", "['bool', 3, {}, [], 2]"},
        {"items", "[]", "[[1, 'bool'], [[1, [2]], 3], [None, {}], [b'x', []], ['a', 2]]"},
        {"len", "[]", "5"}, {"clear", "[]", "None"}, {"getvalue", "[]", "{}"});
}

/* NaN equals nothing, itself included: a new key each time. */
static void
test_nan(void **state)
{
    uint64_t dict = bed_new(*state, "dict", "[]");
    BED_STEPS(*state, dict, {"setitem", "[{\"$float\": \"nan\"}, 1]", "None"},
              {"setitem", "[{\"$float\": \"nan\"}, 2]", "None"},
              {"contains", "[{\"$float\": \"nan\"}]", "False"},
              {"getitem", "[{\"$float\": \"nan\"}]", "KeyError: nan"},
              {"repr", "[]", "'{nan: 1, nan: 2}'"}, {"popitem", "[]", "[nan, 2]"},
              {"len", "[]", "1"});
}

static void
test_defaults(void **state)
{
    uint64_t dict = bed_new(*state, "dict", "[]");
    BED_STEPS(*state, dict, {"get", "[1]", "None"}, {"get", "[1, 2]", "2"},
              {"pop", "[1, null]", "None"}, {"pop", "[1]", "KeyError: 1"},
              {"setdefault", "[1]", "None"}, {"setdefault", "[1, 5]", "None"},
              {"setdefault", "[2, [3]]", "[3]"}, {"pop", "[2]", "[3]"},
              {"popitem", "[]", "[1, None]"},
              {"popitem", "[]", "KeyError: 'popitem(): dictionary is empty'"},
              {"pop", "[{}]", "KeyError: {}"}, {"pop", "[{}, 1]", "1"},
              {"delitem", "[{}]", "TypeError: unhashable type: 'dict'"},
              {"setdefault", "[{}, 1]", "TypeError: unhashable type: 'dict'"},
              {"get", "[{}]", "TypeError: unhashable type: 'dict'"});
    bed_data(*state, dict, "getitem", "[[1, 2]]", "[1, 2]"); /* KeyError carries the key */
    bed_data(*state, dict, "popitem", "[]", "\"popitem(): dictionary is empty\"");
}

static void
test_update(void **state)
{
    uint64_t dict = bed_new(*state, "dict", "[[[\"a\", 1], \"bc\", [\"a\", 2]]]");
    BED_STEPS(
        *state, dict, {"getvalue", "[]", "{'a': 2, 'b': 'c'}"}, {"update", "[]", "None"},
        {"update", "[5]", "TypeError: 'int' object is not iterable"},
        {"update", "[null]", "TypeError: 'NoneType' object is not iterable"},
        {"update", "[[[\"x\", 1], 5]]",
         "TypeError: cannot convert dictionary update sequence element #1 to a sequence"},
        {"update", "[[[\"x\", 1], [1, 2, 3]]]",
         "ValueError: dictionary update sequence element #1 has length 3; 2 is required"},
        {"update", "[[[\"x\", 1], [{}, 2]]]", "TypeError: unhashable type: 'dict'"},
        {"getvalue", "[]", "{'a': 2, 'b': 'c'}"}, {"ior", "[{\"c\": 3}]", "None"},
        {"or", "[{\"a\": 0, \"d\": 4}]", "{'a': 0, 'b': 'c', 'c': 3, 'd': 4}"},
        {"ror", "[{\"a\": 0, \"d\": 4}]", "{'a': 2, 'd': 4, 'b': 'c', 'c': 3}"},
        {"or", "[[[1, 2]]]", "TypeError: unsupported operand type(s) for |: 'dict' and 'list'"},
        {"ror", "[5]", "TypeError: unsupported operand type(s) for |: 'int' and 'dict'"},
        {"fromkeys", "[\"aba\", 0]", "{'a': 0, 'b': 0}"},
        {"fromkeys", "[[[1, 2]]]", "{(1, 2): None}"},
        {"fromkeys", "[5]", "TypeError: 'int' object is not iterable"},
        {"copy", "[]", "{'a': 2, 'b': 'c', 'c': 3}"});
    assert_string_equal(
        bed_call_named(*state, dict, "update", "[{\"z\": 1}]", "{\"y\": 2, \"a\": 9}"), "None");
    assert_string_equal(bed_call(*state, dict, "getvalue", "[]"),
                        "{'a': 9, 'b': 'c', 'c': 3, 'z': 1, 'y': 2}");
    uint64_t named = bed_new_named(*state, "dict", "[[[\"a\", 1]]]", "{\"b\": 2}");
    assert_string_equal(bed_call(*state, named, "getvalue", "[]"), "{'a': 1, 'b': 2}");
    assert_string_equal(bed_refusal(*state, "dict", "[5]"),
                        "TypeError: 'int' object is not iterable");
}

static void
test_beyond(void **state)
{
    uint64_t dict = bed_new(*state, "dict", "[{\"a\": 1, \"b\": {\"n\": [1]}, \"c\": 3}]");
    BED_STEPS(
        *state, dict, {"getitems", "[[\"c\", \"a\"]]", "[3, 1]"},
        {"getitems", "[[\"c\", \"x\"]]", "KeyError: 'x'"},
        {"setitems", "[[[\"a\", 0], [\"e\", 5]]]", "None"},
        {"setitems", "[[[\"a\", 9], [{}, 5]]]", "TypeError: unhashable type: 'dict'"},
        {"update_at", "[[\"b\", \"n\"], \"append\", 2]", "None"},
        {"update_at", "[[\"b\"], \"setitem\", \"m\", null]", "None"},
        {"update_at", "[[\"x\"], \"len\"]", "KeyError: 'x'"},
        {"update_at", "[[\"a\"], \"len\"]", "AttributeError: 'int' object has no attribute 'len'"},
        {"update_at", "[[\"b\", \"n\", \"k\"], \"len\"]",
         "TypeError: list indices must be integers or slices, not str"},
        {"update_at", "[[], \"clear\"]", "ValueError: the path is empty"},
        {"getvalue", "[]", "{'a': 0, 'b': {'n': [1, 2], 'm': None}, 'c': 3, 'e': 5}"},
        {"take", "[2]", "[['a', 0], ['b', {'n': [1, 2], 'm': None}]]"},
        {"take", "[-1]", "ValueError: n must not be negative"},
        {"take", "[9]", "[['c', 3], ['e', 5]]"}, {"take", "[1]", "[]"});
}

static void
test_handles(void **state)
{
    uint64_t before = hf_testing_referents(((bed_t *)*state)->manager);
    uint64_t pairs = bed_new(*state, "list", "[[[\"a\", 1], [\"b\", 2]]]");
    uint64_t dict = bed_new(*state, "dict", "[{\"b\": 0}]");
    char args[64];
    char text[96];
    (void)snprintf(args, sizeof args, "[{\"$handle\": [%llu]}]", (unsigned long long)pairs);
    assert_string_equal(bed_call(*state, dict, "update", args), "None");
    assert_string_equal(bed_call(*state, dict, "getvalue", "[]"), "{'b': 2, 'a': 1}");
    (void)snprintf(args, sizeof args, "[{\"$handle\": [%llu]}, 7]", (unsigned long long)pairs);
    assert_string_equal(bed_call(*state, dict, "setitem", args),
                        "None"); /* a handle is a key by which referent */
    assert_string_equal(bed_call(*state, dict, "getitem", args),
                        "TypeError: getitem() takes 1 positional argument but 2 were given");
    (void)snprintf(args, sizeof args, "[{\"$handle\": [%llu]}]", (unsigned long long)pairs);
    assert_string_equal(bed_call(*state, dict, "getitem", args), "7");
    (void)snprintf(text, sizeof text, "\"{'b': 2, 'a': 1, <list #%llu>: 7}\"",
                   (unsigned long long)pairs);
    assert_string_equal(bed_call(*state, dict, "repr", "[]"), text);
    hf_testing_release(((bed_t *)*state)->session[0], pairs);
    assert_int_equal(hf_testing_referents(((bed_t *)*state)->manager), before + 2);
    assert_string_equal(bed_call(*state, dict, "take", "[2]"), "[['b', 2], ['a', 1]]");
    assert_string_equal(bed_call(*state, dict, "clear", "[]"), "None");
    assert_int_equal(hf_testing_referents(((bed_t *)*state)->manager), before + 1);
}

/* Many keys: the index, the holes, the order; and the memory comes back. */
static void
test_many(void **state)
{
    enum { MANY = 3000 };
    uint64_t dict = bed_new(*state, "dict", "[]");
    uint64_t memory = hf_testing_memory(((bed_t *)*state)->manager);
    char args[64];
    char text[64];
    for (int k = 0; k < MANY; k++) {
        (void)snprintf(args, sizeof args, "[\"key %d\", %d]", k, k);
        assert_string_equal(bed_call(*state, dict, "setitem", args), "None");
        if (k % 2 == 0)
            continue;
        (void)snprintf(args, sizeof args, "[\"key %d\"]", k / 2);
        (void)snprintf(text, sizeof text, "%d", k / 2);
        assert_string_equal(bed_call(*state, dict, "pop", args), text);
    }
    for (int k = 0; k < MANY; k++) {
        (void)snprintf(args, sizeof args, "[\"key %d\", -1]", k);
        (void)snprintf(text, sizeof text, "%d", k < MANY / 2 ? -1 : k);
        assert_string_equal(bed_call(*state, dict, "get", args), text);
    }
    assert_string_equal(bed_call(*state, dict, "take", "[1]"), "[['key 1500', 1500]]");
    for (int k = 0; k < MANY / 2 - 1; k++)
        (void)bed_call(*state, dict, k % 2 == 0 ? "popitem" : "take", k % 2 == 0 ? "[]" : "[1]");
    assert_string_equal(bed_call(*state, dict, "getvalue", "[]"), "{}");
    assert_in_range(hf_testing_memory(((bed_t *)*state)->manager), memory, memory + 8192);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keys, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_nan, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_defaults, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_update, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_beyond, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_handles, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_many, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
