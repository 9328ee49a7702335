/* SPDX-License-Identifier: MPL-2.0 */
/* array -- an Array's items, its slices, and that what is refused has changed nothing. */
#include "bed.h"

static void
test_items(void **state)
{
    uint64_t array = bed_new(*state, "Array", "[\"i\", [1, 2, 3]]");
    BED_STEPS(
        *state, array, {"len", "[]", "3"}, {"getitem", "[0]", "1"}, {"getitem", "[-1]", "3"},
        {"getitem", "[true]", "2"}, {"setitem", "[-3, 10]", "None"},
        {"getvalue", "[]", "[10, 2, 3]"}, {"repr", "[]", "\"Array('i', [10, 2, 3])\""},
        {"getitem", "[3]", "IndexError: array index out of range"},
        {"getitem", "[-4]", "IndexError: array index out of range"},
        {"setitem", "[3, 1]", "IndexError: array assignment index out of range"},
        {"getitem", "[\"0\"]", "TypeError: array indices must be integers"},
        {"getitem", "[0.0]", "TypeError: array indices must be integers"},
        {"getitem", "[{\"$int\": \"18446744073709551615\"}]",
         "IndexError: cannot fit 'int' into an index-sized integer"},
        {"setitem", "[0, 1.5]", "TypeError: 'float' object cannot be interpreted as an integer"},
        {"setitem", "[0, 2147483648]", "OverflowError: signed integer is greater than maximum"},
        {"add", "[1, 5]", "7"}, {"add", "[-1, -4]", "-1"},
        {"add", "[3, 1]", "IndexError: array index out of range"},
        {"add", "[0, 2147483647]", "OverflowError: signed integer is greater than maximum"},
        {"cas", "[0, 10, 11]", "True"}, {"cas", "[0, 10, 12]", "False"},
        {"cas", "[9, 10, 12]", "IndexError: array index out of range"},
        {"getvalue", "[]", "[11, 7, -1]"});
}

static void
test_slices(void **state)
{
    uint64_t array = bed_new(*state, "Array", "[\"h\", [0, 1, 2, 3, 4, 5]]");
    BED_STEPS(
        *state, array, {"getitem", "[{\"slice\": [1, 4, null]}]", "[1, 2, 3]"},
        {"getitem", "[{\"slice\": [null, null, -2]}]", "[5, 3, 1]"},
        {"getitem", "[{\"slice\": [9, null, null]}]", "[]"},
        {"getitem", "[{\"slice\": [null, null, 0]}]", "ValueError: slice step cannot be zero"},
        {"setitem", "[{\"slice\": [0, 2, null]}, [7, 8]]", "None"},
        {"setitem", "[{\"slice\": [null, null, -3]}, [9, 10]]", "None"},
        {"getvalue", "[]", "[7, 8, 10, 3, 4, 9]"},
        {"setitem", "[{\"slice\": [0, 2, null]}, [1]]",
         "ValueError: Can only assign sequence of same size"},
        {"setitem", "[{\"slice\": [0, 1, null]}, [1, 2]]",
         "ValueError: Can only assign sequence of same size"},
        {"setitem", "[{\"slice\": [0, 2, null]}, [1, 40000]]",
         "OverflowError: signed short integer is greater than maximum"},
        {"setitem", "[{\"slice\": [0, 2, null]}, [1, null]]",
         "TypeError: 'NoneType' object cannot be interpreted as an integer"},
        {"setitem", "[{\"slice\": [0, 2, null]}, 5]", "TypeError: 'int' object is not iterable"},
        {"setitem", "[{\"slice\": [3, 3, null]}, []]", "None"},
        {"getvalue", "[]", "[7, 8, 10, 3, 4, 9]"});
    char args[96];
    (void)snprintf(args, sizeof args, "[{\"slice\": [null, null, -1]}, {\"$handle\": [%llu]}]",
                   (unsigned long long)array); /* of itself, reversed */
    BED_STEPS(*state, array, {"setitem", args, "None"}, {"getvalue", "[]", "[9, 4, 3, 10, 8, 7]"});
}

static void
test_making(void **state)
{
    bed_t *bed = *state;
    char args[96];
    assert_string_equal(bed_call(bed, bed_new(bed, "Array", "[\"d\", 3]"), "repr", "[]"),
                        "\"Array('d', [0.0, 0.0, 0.0])\"");
    assert_string_equal(bed_call(bed, bed_new(bed, "Array", "[\"c\", 2]"), "repr", "[]"),
                        "\"Array('c', [b'\\\\x00', b'\\\\x00'])\"");
    assert_string_equal(bed_call(bed, bed_new(bed, "Array", "[\"i\", 0]"), "repr", "[]"),
                        "\"Array('i')\"");
    assert_string_equal(
        bed_call(bed, bed_new(bed, "Array", "[\"u\", \"a\\u00e9'\"]"), "repr", "[]"),
        "'Array(\\'u\\', \"a\xc3\xa9\\'\")'");
    assert_string_equal(
        bed_call(bed, bed_new(bed, "Array", "[\"u\", [\"a\", \"b\"]]"), "getvalue", "[]"),
        "['a', 'b']");
    assert_string_equal(
        bed_call(bed, bed_new(bed, "Array", "[\"c\", {\"$bytes\": \"YWI=\"}]"), "getvalue", "[]"),
        "[b'a', b'b']");
    assert_string_equal(bed_call(bed, bed_new(bed, "Array", "[\"h\", {\"$bytes\": \"AQD//w==\"}]"),
                                 "getvalue", "[]"),
                        "[1, -1]");
    assert_string_equal(bed_call(bed, bed_new(bed, "Array", "[\"f\", [0.1, 1]]"), "getvalue", "[]"),
                        "[0.10000000149011612, 1.0]");
    uint64_t list = bed_new(bed, "list", "[[1, 2]]");
    (void)snprintf(args, sizeof args, "[\"B\", {\"$handle\": [%llu]}]", (unsigned long long)list);
    assert_string_equal(bed_call(bed, bed_new(bed, "Array", args), "getvalue", "[]"), "[1, 2]");
    assert_string_equal(bed_refusal(bed, "Array", "[\"i\", -1]"),
                        "ValueError: Array length must be >= 0, not -1");
    assert_string_equal(bed_refusal(bed, "Array", "[\"i\", {\"$int\": \"18446744073709551615\"}]"),
                        "LimitExceeded: more than 1073741824 items in one place");
    assert_string_equal(bed_refusal(bed, "Array", "[\"i\", \"ab\"]"),
                        "TypeError: cannot use a str to initialize an array with typecode 'i'");
    assert_string_equal(bed_refusal(bed, "Array", "[\"i\", {\"$bytes\": \"YWI=\"}]"),
                        "ValueError: bytes length not a multiple of item size");
    assert_string_equal(bed_refusal(bed, "Array", "[\"i\", 1.0]"),
                        "TypeError: 'float' object is not iterable");
    assert_string_equal(bed_refusal(bed, "Array", "[\"b\", [1, 2, 300]]"),
                        "OverflowError: signed char is greater than maximum");
    assert_string_equal(
        bed_refusal(bed, "Array", "[\"y\", 1]"),
        "ValueError: bad typecode (must be b, B, u, c, h, H, i, I, l, L, q, Q, f or d)");
}

/* Each item costs its typecode's bytes. */
static void
test_packed(void **state)
{
    bed_t *bed = *state;
    (void)bed_new(bed, "Array", "[\"b\", 1]"); /* what the first one of a type costs is paid */
    uint64_t before = hf_testing_memory(bed->manager);
    uint64_t small = bed_new(bed, "Array", "[\"b\", 100000]");
    uint64_t one = hf_testing_memory(bed->manager) - before;
    hf_testing_release(bed->session[0], small);
    (void)bed_new(bed, "Array", "[\"i\", 100000]");
    uint64_t other = hf_testing_memory(bed->manager) - before;
    assert_in_range(one, 100000, 101000);
    assert_int_equal(other - one, 300000);
}

static void
test_iter(void **state)
{
    bed_t *bed = *state;
    uint64_t array = bed_new(bed, "Array", "[\"i\", [1, 2, 3, 4]]");
    assert_string_equal(bed_call(bed, array, "iter", "[]"), "<Iterator>");
    uint64_t it = bed->handle;
    BED_STEPS(bed, it, {"next", "[]", "1"});
    BED_STEPS(bed, array, {"setitem", "[1, 20]", "None"});
    hf_testing_release(bed->session[0], array);
    BED_STEPS(bed, it, {"next", "[]", "20"}, {"getvalue", "[]", "[3, 4]"},
              {"take", "[9]", "[3, 4]"}, {"take", "[9]", "[]"}, {"next", "[]", "StopIteration: "});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_items, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_slices, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_making, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_packed, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_iter, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
