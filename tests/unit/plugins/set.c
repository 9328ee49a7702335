/* SPDX-License-Identifier: MPL-2.0 */
/* set -- the rows of the set's table and the rules of its own, on the manager's machine. Results of operations are
 * compared with CPython's in tests/conformance; here are errors, reprs, handles and the order that elements came in. */
#include "bed.h"

static void
test_elements(void **state)
{
    uint64_t set = bed_new(*state, "set", "[[3, 1, 3.0, [1, [2]], \"a\"]]");
    BED_STEPS(*state, set, {"len", "[]", "4"}, {"repr", "[]", "\"{3, 1, (1, (2,)), 'a'}\""},
              {"getvalue", "[]", "[3, 1, [1, [2]], 'a']"}, {"contains", "[[1, [2.0]]]", "True"},
              {"contains", "[[1, 2]]", "False"}, {"add", "[true]", "None"},
              {"add", "[null]", "None"}, {"add", "[{}]", "TypeError: unhashable type: 'dict'"},
              {"contains", "[[{}]]", "TypeError: unhashable type: 'dict'"},
              {"discard", "[9]", "None"}, {"remove", "[9]", "KeyError: 9"},
              {"remove", "[[7, 8]]", "KeyError: (7, 8)"}, {"remove", "[1.0]", "None"},
              {"discard", "[\"a\"]", "None"}, {"pop", "[]", "3"}, {"take", "[1]", "[[1, [2]]]"},
              {"take", "[-1]", "ValueError: n must not be negative"}, {"copy", "[]", "[None]"},
              {"clear", "[]", "None"}, {"pop", "[]", "KeyError: 'pop from an empty set'"},
              {"repr", "[]", "'set()'"});
    bed_data(*state, set, "remove", "[[7, 8]]", "[7, 8]");
    assert_string_equal(bed_refusal(*state, "set", "[5]"),
                        "TypeError: 'int' object is not iterable");
    assert_string_equal(bed_refusal(*state, "set", "[[{}]]"), "TypeError: unhashable type: 'dict'");
}

static void
test_operators(void **state)
{
    uint64_t set = bed_new(*state, "set", "[[1, 2, 3]]");
    BED_STEPS(*state, set, {"and", "[[3, 4, 1]]", "[1, 3]"}, {"or", "[[3, 4]]", "[1, 2, 3, 4]"},
              {"sub", "[[3, 4]]", "[1, 2]"}, {"rsub", "[[3, 4]]", "[4]"},
              {"xor", "[[3, 4]]", "[1, 2, 4]"}, {"rand", "[[2]]", "[2]"},
              {"ror", "[[2]]", "[1, 2, 3]"}, {"rxor", "[[2]]", "[1, 3]"},
              {"and", "[5]", "TypeError: unsupported operand type(s) for &: 'set' and 'int'"},
              {"rsub", "[\"ab\"]", "TypeError: unsupported operand type(s) for -: 'str' and 'set'"},
              {"ior", "[{}]", "TypeError: unsupported operand type(s) for |=: 'set' and 'dict'"},
              {"le", "[5]", "TypeError: '<=' not supported between instances of 'set' and 'int'"},
              {"or", "[[{}]]", "TypeError: unhashable type: 'dict'"}, {"le", "[[1, 2, 3]]", "True"},
              {"lt", "[[1, 2, 3]]", "False"}, {"lt", "[[1, 2, 3, 4]]", "True"},
              {"ge", "[[1]]", "True"}, {"gt", "[[1, 2, 3]]", "False"}, {"gt", "[[1, 9]]", "False"},
              {"issubset", "[\"abc\"]", "False"},
              {"issuperset", "[{\"$map\": [[1, 0], [2, 0]]}]", "True"},
              {"isdisjoint", "[[4, 5]]", "True"}, {"isdisjoint", "[[4, 3]]", "False"},
              {"isdisjoint", "[5]", "TypeError: 'int' object is not iterable"});
}

static void
test_named_operations(void **state)
{
    uint64_t set = bed_new(*state, "set", "[[1, 2, 3]]");
    BED_STEPS(
        *state, set, {"union", "[]", "[1, 2, 3]"}, {"union", "[[4], \"a\"]", "[1, 2, 3, 4, 'a']"},
        {"intersection", "[[1, 2], [2, 3]]", "[2]"}, {"intersection", "[]", "[1, 2, 3]"},
        {"difference", "[[1], [2]]", "[3]"}, {"symmetric_difference", "[[3, 4]]", "[1, 2, 4]"},
        {"update", "[[4], {\"k\": 1}]", "None"}, {"getvalue", "[]", "[1, 2, 3, 4, 'k']"},
        {"update", "[[5], 5]", "TypeError: 'int' object is not iterable"},
        {"update", "[[5, {}]]", "TypeError: unhashable type: 'dict'"},
        {"difference_update", "[[1], [\"k\"]]", "None"}, {"getvalue", "[]", "[2, 3, 4]"},
        {"intersection_update", "[[2, 3, 9], [3, 2]]", "None"}, {"getvalue", "[]", "[2, 3]"},
        {"intersection_update", "[[2], 5]", "TypeError: 'int' object is not iterable"},
        {"symmetric_difference_update", "[[3, 4]]", "None"}, {"getvalue", "[]", "[2, 4]"},
        {"ixor", "[[4, 5, 6]]", "None"}, {"ior", "[[7]]", "None"}, {"isub", "[[5]]", "None"},
        {"iand", "[[7, 6, 1]]", "None"}, {"getvalue", "[]", "[6, 7]"});
}

/* A set of the manager's is an operand as its value, itself too. */
static void
test_handles(void **state)
{
    bed_t *bed = *state;
    char args[64];
    uint64_t set = bed_new(bed, "set", "[[1, 2]]");
    uint64_t list = bed_new(bed, "list", "[]");
    (void)snprintf(args, sizeof args, "[{\"$handle\": [%llu]}]", (unsigned long long)set);
    BED_STEPS(bed, set, {"isub", args, "None"}, {"len", "[]", "0"}, {"update", "[\"ab\"]", "None"},
              {"xor", args, "[]"}, {"iand", args, "None"}, {"issuperset", args, "True"});
    BED_STEPS(bed, list, {"extend", args, "None"}, {"getvalue", "[]", "['a', 'b']"});
    (void)snprintf(args, sizeof args, "[{\"$handle\": [%llu]}]", (unsigned long long)list);
    assert_string_equal(bed_call(bed, set, "add", args), "None"); /* as an element */
    hf_testing_release(bed->session[0], list);
    assert_int_equal(hf_testing_referents(bed->manager), 2);
    BED_STEPS(bed, set, {"isub", "[[\"a\", \"b\"]]", "None"}, {"len", "[]", "1"},
              {"clear", "[]", "None"});
    assert_int_equal(hf_testing_referents(bed->manager), 1);
}

static void
test_iterating(void **state)
{
    bed_t *bed = *state;
    uint64_t set = bed_new(bed, "set", "[[1, 2, 3]]");
    assert_string_equal(bed_call(bed, set, "iter", "[]"), "<Iterator>");
    uint64_t it = bed->handle;
    BED_STEPS(bed, it, {"next", "[]", "1"});
    BED_STEPS(bed, set, {"add", "[2]", "None"});
    BED_STEPS(bed, it, {"next", "[]", "2"});
    BED_STEPS(bed, set, {"add", "[4]", "None"});
    BED_STEPS(bed, it, {"next", "[]", "RuntimeError: Set changed size during iteration"},
              {"take", "[9]", "RuntimeError: Set changed size during iteration"});
}

/* In place on many elements: the table is made anew under the operation's feet. */
static void
test_many(void **state)
{
    static char args[40000];
    uint64_t set = bed_new(*state, "set", "[]");
    size_t at = 2;
    memcpy(args, "[[", 3);
    for (int k = 0; k < 4000; k++)
        at += (size_t)snprintf(args + at, sizeof args - at, "%s%d", k > 0 ? ", " : "", k);
    memcpy(args + at, "]]", 3);
    BED_STEPS(*state, set, {"update", args, "None"}, {"len", "[]", "4000"},
              {"iand", "[[17, 3999, -1, 0]]", "None"}, {"getvalue", "[]", "[0, 17, 3999]"},
              {"symmetric_difference_update", args, "None"}, {"len", "[]", "3997"},
              {"contains", "[17]", "False"}, {"difference_update", args, "None"},
              {"getvalue", "[]", "[]"});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_elements, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_operators, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_named_operations, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_handles, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_iterating, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_many, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
