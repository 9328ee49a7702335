/* SPDX-License-Identifier: MPL-2.0 */
/* list -- the rows of the list's table and the rules of its own, on the manager's machine. What CPython has is compared
 * with CPython at length in tests/conformance; here are errors, handles and what CPython lacks. */
#include "bed.h"

static void
test_items(void **state)
{
    uint64_t list = bed_new(*state, "list", "[[1, \"a\", null, true, 1.0]]");
    BED_STEPS(*state, list, {"repr", "[]", "\"[1, 'a', None, True, 1.0]\""}, {"len", "[]", "5"},
              {"getitem", "[0]", "1"}, {"getitem", "[-1]", "1.0"}, {"getitem", "[true]", "'a'"},
              {"getitem", "[5]", "IndexError: list index out of range"},
              {"getitem", "[-6]", "IndexError: list index out of range"},
              {"getitem", "[\"x\"]", "TypeError: list indices must be integers or slices, not str"},
              {"getitem", "[1.0]", "TypeError: list indices must be integers or slices, not float"},
              {"getitem", "[{\"$int\": \"18446744073709551615\"}]",
               "IndexError: cannot fit 'int' into an index-sized integer"},
              {"setitem", "[1, [2, 3]]", "None"},
              {"setitem", "[9, 0]", "IndexError: list assignment index out of range"},
              {"delitem", "[2]", "None"},
              {"delitem", "[9]", "IndexError: list assignment index out of range"},
              {"append", "[{\"k\": 1}]", "None"}, {"insert", "[-100, 0]", "None"},
              {"insert", "[100, \"end\"]", "None"},
              {"getvalue", "[]", "[0, 1, [2, 3], True, 1.0, {'k': 1}, 'end']"},
              {"pop", "[]", "'end'"}, {"pop", "[0]", "0"},
              {"pop", "[9]", "IndexError: pop index out of range"}, {"clear", "[]", "None"},
              {"pop", "[]", "IndexError: pop from empty list"}, {"getvalue", "[]", "[]"});
}

static void
test_search(void **state)
{
    uint64_t list =
        bed_new(*state, "list", "[[1, 1.0, true, \"a\", [1, 2], {\"$float\": \"nan\"}]]");
    BED_STEPS(*state, list, {"count", "[1]", "3"}, {"contains", "[[1.0, 2]]", "True"},
              {"contains", "[{\"$float\": \"nan\"}]", "False"}, {"index", "[\"a\"]", "3"},
              {"index", "[1, 1]", "1"}, {"index", "[1, -4, -1]", "2"},
              {"index", "[\"b\"]", "ValueError: 'b' is not in list"},
              {"index", "[1, 3]", "ValueError: 1 is not in list"},
              {"index", "[1, 0.5]",
               "TypeError: slice indices must be integers or have an __index__ method"},
              {"remove", "[true]", "None"},
              {"remove", "[2]", "ValueError: list.remove(x): x not in list"},
              {"getvalue", "[]", "[1.0, True, 'a', [1, 2], nan]"});
}

static void
test_slices(void **state)
{
    uint64_t list = bed_new(*state, "list", "[[0, 1, 2, 3, 4, 5]]");
    BED_STEPS(
        *state, list, {"getitem", "[{\"slice\": [1, 4, null]}]", "[1, 2, 3]"},
        {"getitem", "[{\"slice\": [null, null, -2]}]", "[5, 3, 1]"},
        {"getitem", "[{\"slice\": [-100, 100, 3]}]", "[0, 3]"},
        {"getitem", "[{\"slice\": [0, 1, 0]}]", "ValueError: slice step cannot be zero"},
        {"getitem", "[{\"slice\": [0, \"x\", 1]}]",
         "TypeError: slice indices must be integers or None or have an __index__ method"},
        {"getitem", "[{\"slice\": [0, 1]}]",
         "TypeError: list indices must be integers or slices, not dict"},
        {"setitem", "[{\"slice\": [1, 3, null]}, \"xyz\"]", "None"},
        {"getvalue", "[]", "[0, 'x', 'y', 'z', 3, 4, 5]"},
        {"setitem", "[{\"slice\": [null, null, 3]}, [7, 8, 9]]", "None"},
        {"getvalue", "[]", "[7, 'x', 'y', 8, 3, 4, 9]"},
        {"setitem", "[{\"slice\": [null, null, 3]}, [7]]",
         "ValueError: attempt to assign sequence of size 1 to extended slice of size 3"},
        {"setitem", "[{\"slice\": [0, 1, null]}, 5]", "TypeError: can only assign an iterable"},
        {"setitem", "[{\"slice\": [0, 3, 2]}, 5]",
         "TypeError: must assign iterable to extended slice"},
        {"delitem", "[{\"slice\": [null, null, 2]}]", "None"}, {"getvalue", "[]", "['x', 8, 4]"},
        {"delitem", "[{\"slice\": [1, null, null]}]", "None"},
        {"setitem", "[{\"slice\": [0, 0, null]}, {\"k\": 1, \"l\": 2}]", "None"},
        {"setitem", "[{\"slice\": [5, 2, null]}, {\"$bytes\": \"AP8=\"}]", "None"},
        {"getvalue", "[]", "['k', 'l', 'x', 0, 255]"});
}

static void
test_operators(void **state)
{
    uint64_t list = bed_new(*state, "list", "[\"ab\"]");
    BED_STEPS(
        *state, list, {"add", "[[1]]", "['a', 'b', 1]"},
        {"add", "[\"c\"]", "TypeError: can only concatenate list (not \"str\") to list"},
        {"mul", "[2]", "['a', 'b', 'a', 'b']"}, {"rmul", "[-1]", "[]"},
        {"mul", "[9223372036854775807]", "LimitExceeded: more than 1073741824 items in one place"},
        {"imul", "[3]", "None"}, {"len", "[]", "6"}, {"imul", "[0]", "None"},
        {"iadd", "[[3, 1, 2]]", "None"},
        {"extend", "[5]", "TypeError: 'int' object is not iterable"},
        {"extend", "[null]", "TypeError: 'NoneType' object is not iterable"},
        {"reverse", "[]", "None"}, {"getvalue", "[]", "[2, 1, 3]"}, {"copy", "[]", "[2, 1, 3]"});
}

static void
test_sort(void **state)
{
    uint64_t list = bed_new(*state, "list", "[[3, 1.0, 1, true, 2, -7]]");
    BED_STEPS(*state, list, {"sort", "[]", "None"}, {"getvalue", "[]", "[-7, 1.0, 1, True, 2, 3]"},
              {"reverse", "[]", "None"}, {"append", "[\"x\"]", "None"},
              {"sort", "[]", "TypeError: '<' not supported between instances of 'str' and 'int'"},
              {"getvalue", "[]", "[3, 2, True, 1, 1.0, -7, 'x']"}, {"pop", "[]", "'x'"});
    uint64_t pairs = bed_new(*state, "list", "[[[2, \"a\"], [1, \"b\"], [1, \"a\"], [1]]]");
    BED_STEPS(
        *state, pairs, {"sort", "[]", "None"},
        {"getvalue", "[]", "[[1], [1, 'a'], [1, 'b'], [2, 'a']]"},
        {"append", "[[1, null]]", "None"},
        {"sort", "[]", "TypeError: '<' not supported between instances of 'NoneType' and 'str'"});
    uint64_t same = bed_new(*state, "list", "[[1, 2.0, true, 2, 0]]");
    assert_string_equal(bed_call_named(*state, same, "sort", "[]", "{\"reverse\": true}"), "None");
    BED_STEPS(*state, same, {"getvalue", "[]", "[2.0, 2, 1, True, 0]"});
}

static void
test_beyond(void **state)
{
    uint64_t list = bed_new(*state, "list", "[[0, 1, 2, 3, 4]]");
    BED_STEPS(
        *state, list, {"getitems", "[[0, -1, 0]]", "[0, 4, 0]"},
        {"getitems", "[[0, 9]]", "IndexError: list index out of range"},
        {"setitems", "[[[0, \"a\"], [-1, \"z\"]]]", "None"},
        {"setitems", "[[[1, \"lost\"], [9, 0]]]", "IndexError: list assignment index out of range"},
        {"setitems", "[[[1, 2, 3]]]", "ValueError: an [index, value] has 2 items, not 3"},
        {"setitems", "[[[1, \"b\"], [1, \"c\"]]]", "None"},
        {"getvalue", "[]", "['a', 'c', 2, 3, 'z']"}, {"take", "[2]", "['a', 'c']"},
        {"take", "[-1]", "ValueError: n must not be negative"}, {"take", "[100]", "[2, 3, 'z']"},
        {"take", "[1]", "[]"});
}

static void
test_update_at(void **state)
{
    uint64_t list = bed_new(*state, "list", "[[[1, {\"k\": [5, 6]}], {\"d\": {}}]]");
    BED_STEPS(
        *state, list, {"update_at", "[[0, 1, \"k\"], \"append\", 7]", "None"},
        {"update_at", "[[0, 1, \"k\"], \"pop\", 0]", "5"},
        {"update_at", "[[-1, \"d\"], \"setdefault\", [1, 2], \"v\"]", "'v'"},
        {"update_at", "[[1, \"d\"], \"update\", {\"w\": 1}]", "None"},
        {"update_at", "[[0, 1], \"len\"]", "1"}, {"update_at", "[[1], \"keys\"]", "['d']"},
        {"getvalue", "[]", "[[1, {'k': [6, 7]}], {'d': {(1, 2): 'v', 'w': 1}}]"},
        {"update_at", "[[], \"append\", 1]", "ValueError: the path is empty"},
        {"update_at", "[[0, 1, \"x\"], \"len\"]", "KeyError: 'x'"},
        {"update_at", "[[0, 7], \"len\"]", "IndexError: list index out of range"},
        {"update_at", "[[0, 0, 0], \"len\"]", "TypeError: 'int' object is not subscriptable"},
        {"update_at", "[[0, 0], \"len\"]", "AttributeError: 'int' object has no attribute 'len'"},
        {"update_at", "[[0], \"keys\"]", "AttributeError: 'list' object has no attribute 'keys'"},
        {"update_at", "[[0], \"update_at\", [0], \"len\"]",
         "AttributeError: 'list' object has no attribute 'update_at'"},
        {"update_at", "[[0, 1, \"k\"], \"pop\", 9]", "IndexError: pop index out of range"},
        {"update_at", "[[0, 1, \"k\"], \"extend\", 9]", "TypeError: 'int' object is not iterable"},
        {"update_at", "[[0, 1, \"k\"], \"sort\"]", "None"},
        {"update_at", "[[0, 1, \"k\"], \"append\"]",
         "TypeError: append() missing 1 required positional argument: 'item'"},
        {"getvalue", "[]", "[[1, {'k': [6, 7]}], {'d': {(1, 2): 'v', 'w': 1}}]"});
    assert_string_equal(bed_call(*state, list, "update_at", "[[0, 1, \"k\"], \"reversed\"]"),
                        "<Iterator>");
    uint64_t iterator = ((bed_t *)*state)->handle;
    BED_STEPS(*state, iterator, {"next", "[]", "7"}, {"take", "[5]", "[6]"},
              {"next", "[]", "StopIteration: "});
}

static void
test_update_at_depth(void **state)
{
    uint64_t list = bed_new(*state, "list", "[[[]]]");
    char path[256] = "[0";
    char args[320];
    const char *answer = "None";
    uint32_t depth = 1;
    for (; depth < 100 && strcmp(answer, "None") == 0; depth++) {
        (void)snprintf(args, sizeof args, "[%s], \"append\", []]", path);
        (void)snprintf(args, sizeof args, "[%s], \"append\", []]", path);
        answer = bed_call(*state, list, "update_at", args);
        (void)snprintf(path + strlen(path), sizeof path - strlen(path), ", 0");
    }
    assert_string_equal(answer,
                        "LimitExceeded: lists and dicts inside each other more than 60 deep");
    assert_int_equal(depth, 61);
}

static void
test_handles(void **state)
{
    uint64_t inner = bed_new(*state, "list", "[[1]]");
    uint64_t outer = bed_new(*state, "list", "[]");
    char args[64];
    char text[96];
    (void)snprintf(args, sizeof args, "[{\"$handle\": [%llu]}]", (unsigned long long)inner);
    assert_string_equal(bed_call(*state, outer, "append", args), "None");
    assert_string_equal(bed_call(*state, outer, "contains", args), "True");
    (void)snprintf(text, sizeof text, "'[<list #%llu>]'", (unsigned long long)inner);
    assert_string_equal(bed_call(*state, outer, "repr", "[]"), text);
    assert_string_equal(bed_call(*state, outer, "extend", args), "None"); /* as its value */
    (void)snprintf(text, sizeof text, "'[<list #%llu>, 1]'", (unsigned long long)inner);
    assert_string_equal(bed_call(*state, outer, "repr", "[]"), text);
    assert_string_equal(bed_call(*state, inner, "add", args), "[1, 1]");
    assert_string_equal(bed_call(*state, inner, "extend", args), "None"); /* itself */
    assert_string_equal(bed_call(*state, inner, "getvalue", "[]"), "[1, 1]");
    assert_string_equal(bed_call(*state, outer, "sort", "[]"),
                        "TypeError: '<' not supported between instances of 'int' and 'list'");
    assert_string_equal(bed_call(*state, outer, "update_at", "[[0, 0], \"len\"]"),
                        "TypeError: the path goes through a handle");
    assert_string_equal(bed_call(*state, outer, "update_at", "[[0], \"len\"]"),
                        "TypeError: the path leads to a handle: call that");
}

/* What is in a list lives as long as it is in there. */
static void
test_holding(void **state)
{
    uint64_t before = hf_testing_referents(((bed_t *)*state)->manager);
    uint64_t inner = bed_new(*state, "list", "[[1]]");
    uint64_t outer = bed_new(*state, "list", "[]");
    char args[64];
    (void)snprintf(args, sizeof args, "[[{\"$handle\": [%llu]}, 5]]", (unsigned long long)inner);
    assert_string_equal(bed_call(*state, outer, "append", args), "None");
    assert_string_equal(bed_call(*state, outer, "imul", "[3]"), "None");
    hf_testing_release(((bed_t *)*state)->session[0], inner);
    assert_int_equal(hf_testing_referents(((bed_t *)*state)->manager), before + 2);
    assert_string_equal(bed_call(*state, outer, "update_at", "[[0], \"pop\", 0]"), "<list>");
    hf_testing_release(((bed_t *)*state)->session[0], inner);
    assert_string_equal(bed_call(*state, outer, "delitem", "[1]"), "None");
    assert_int_equal(hf_testing_referents(((bed_t *)*state)->manager), before + 2);
    assert_string_equal(bed_call(*state, outer, "setitem", "[1, 0]"), "None");
    assert_int_equal(hf_testing_referents(((bed_t *)*state)->manager), before + 1);
    hf_testing_release(((bed_t *)*state)->session[0], outer);
    assert_int_equal(hf_testing_referents(((bed_t *)*state)->manager), before);
}

/* The ring's ends meet, it grows while they do, and gives its memory back. */
static void
test_ring(void **state)
{
    uint64_t list = bed_new(*state, "list", "[]");
    uint64_t memory = hf_testing_memory(((bed_t *)*state)->manager);
    char args[64];
    char text[64];
    for (int k = 0; k < 5000; k++) {
        (void)snprintf(args, sizeof args, "[\"number %d is here\"]", k);
        assert_string_equal(bed_call(*state, list, "append", args), "None");
        if (k % 3 == 0)
            continue;
        (void)snprintf(text, sizeof text, "'number %d is here'", k / 3 * 2 + k % 3 - 1);
        assert_string_equal(bed_call(*state, list, "pop", "[0]"), text);
    }
    assert_string_equal(bed_call(*state, list, "len", "[]"), "1667");
    assert_string_equal(bed_call(*state, list, "getitem", "[-1]"), "'number 4999 is here'");
    for (int k = 0; k < 1667; k++)
        (void)bed_call(*state, list, "pop", k % 2 == 0 ? "[]" : "[0]");
    assert_string_equal(bed_call(*state, list, "getvalue", "[]"), "[]");
    assert_in_range(hf_testing_memory(((bed_t *)*state)->manager), memory, memory + 4096);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_items, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_search, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_slices, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_operators, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_sort, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_beyond, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_update_at, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_update_at_depth, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_handles, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_holding, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_ring, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
