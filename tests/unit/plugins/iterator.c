/* SPDX-License-Identifier: MPL-2.0 */
/* iterator -- what next, send, take, throw and close do, live over a list or dict that changes meanwhile. */
#include "bed.h"

static uint64_t
over(bed_t *bed, uint64_t container, const char *method)
{
    assert_string_equal(bed_call(bed, container, method, "[]"), "<Iterator>");
    return bed->handle;
}

static void
test_list(void **state)
{
    uint64_t list = bed_new(*state, "list", "[[1, 2, 3]]");
    uint64_t it = over(*state, list, "iter");
    BED_STEPS(*state, it, {"next", "[]", "1"}, {"send", "[null]", "2"},
              {"send", "[1]", "TypeError: can't send non-None value to a just-started generator"});
    BED_STEPS(*state, list, {"append", "[4]", "None"}, {"delitem", "[0]", "None"});
    BED_STEPS(*state, it, {"getvalue", "[]", "[4]"}, {"next", "[]", "4"},
              {"next", "[]", "StopIteration: "});
    BED_STEPS(*state, list, {"append", "[5]", "None"});
    BED_STEPS(*state, it, {"next", "[]", "StopIteration: "}, {"take", "[3]", "[]"},
              {"take", "[-1]", "ValueError: n must not be negative"});
}

static void
test_list_back(void **state)
{
    uint64_t list = bed_new(*state, "list", "[[1, 2, 3, 4]]");
    uint64_t it = over(*state, list, "reversed");
    BED_STEPS(*state, it, {"next", "[]", "4"});
    BED_STEPS(*state, list, {"insert", "[0, 0]", "None"}, {"append", "[5]", "None"});
    BED_STEPS(*state, it, {"next", "[]", "2"}, {"take", "[1]", "[1]"}, {"take", "[9]", "[0]"},
              {"next", "[]", "StopIteration: "});
    it = over(*state, list, "reversed");
    BED_STEPS(*state, list, {"clear", "[]", "None"});
    BED_STEPS(*state, it, {"next", "[]", "StopIteration: "});
}

static void
test_dict(void **state)
{
    uint64_t dict = bed_new(*state, "dict", "[{\"a\": 1, \"b\": 2, \"c\": 3}]");
    uint64_t it = over(*state, dict, "iter");
    uint64_t back = over(*state, dict, "reversed");
    BED_STEPS(*state, it, {"next", "[]", "'a'"});
    BED_STEPS(*state, back, {"take", "[2]", "['c', 'b']"});
    BED_STEPS(*state, dict, {"setitem", "[\"b\", 9]", "None"});
    BED_STEPS(*state, it, {"next", "[]", "'b'"}, {"getvalue", "[]", "['c']"});
    BED_STEPS(*state, dict, {"setitem", "[\"d\", 4]", "None"});
    BED_STEPS(*state, it, {"next", "[]", "RuntimeError: dictionary changed size during iteration"},
              {"take", "[1]", "RuntimeError: dictionary changed size during iteration"});
    BED_STEPS(*state, dict, {"delitem", "[\"d\"]", "None"});
    BED_STEPS(*state, it, {"next", "[]", "RuntimeError: dictionary changed size during iteration"},
              {"close", "[]", "None"}, {"next", "[]", "StopIteration: "});
    BED_STEPS(*state, back, {"next", "[]", "'a'"}, {"next", "[]", "StopIteration: "});
    const char *const typeids[] = {"dict", "set"};
    for (size_t k = 0; k < 2; k++) { /* what is empty is not changed by clear */
        uint64_t empty = bed_new(*state, typeids[k], "[]");
        it = over(*state, empty, "iter");
        BED_STEPS(*state, empty, {"clear", "[]", "None"});
        BED_STEPS(*state, it, {"next", "[]", "StopIteration: "});
    }
}

/* It holds its container until its end, whatever that end is. */
static void
test_holding(void **state)
{
    static const bed_step_t ends[] = {
        {"take", "[9]", "[1]"},
        {"close", "[]", "None"},
        {"throw", "[\"KeyError\", \"why\"]", "KeyError: why"},
        {"throw", "[\"MyError\"]", "MyError: "},
    };
    uint64_t before = hf_testing_referents(((bed_t *)*state)->manager);
    for (size_t k = 0; k < sizeof ends / sizeof ends[0]; k++) {
        uint64_t list = bed_new(*state, "list", "[[1]]");
        uint64_t it = over(*state, list, "iter");
        hf_testing_release(((bed_t *)*state)->session[0], list);
        assert_int_equal(hf_testing_referents(((bed_t *)*state)->manager), before + 2);
        bed_run(*state, it, &ends[k], 1);
        assert_int_equal(hf_testing_referents(((bed_t *)*state)->manager), before + 1);
        BED_STEPS(*state, it, {"next", "[]", "StopIteration: "});
        hf_testing_release(((bed_t *)*state)->session[0], it);
        assert_int_equal(hf_testing_referents(((bed_t *)*state)->manager), before);
    }
    uint64_t list = bed_new(*state, "list", "[[1]]");
    uint64_t it = over(*state, list, "iter");
    BED_STEPS(
        *state, it, {"throw", "[\"\"]", "ValueError: an error's kind has 1 to 47 characters"},
        {"throw", "[\"My Error\"]", "ValueError: an error's kind has no blanks, and ASCII only"},
        {"throw", "[\"\\u00e9\"]", "ValueError: an error's kind has no blanks, and ASCII only"},
        {"throw", "[\"\\u0000\"]", "ValueError: an error's kind has no blanks, and ASCII only"},
        {"next", "[]", "1"});
}

static void
test_made_by_others_only(void **state)
{
    assert_string_equal(bed_refusal(*state, "Iterator", "[[1], 4]"),
                        "NoSuchType: no type 'Iterator'");
    char text[64];
    uint64_t list = bed_new(*state, "list", "[]");
    uint64_t it = over(*state, list, "iter");
    (void)snprintf(text, sizeof text, "'<Iterator #%llu>'", (unsigned long long)it);
    assert_string_equal(bed_call(*state, it, "repr", "[]"), text);
}

/* An Iterator is an iterable too: what it has still to give. */
static void
test_as_iterable(void **state)
{
    char args[64];
    uint64_t list = bed_new(*state, "list", "[[1, 2, 3]]");
    uint64_t it = over(*state, list, "iter");
    assert_string_equal(bed_call(*state, it, "next", "[]"), "1");
    (void)snprintf(args, sizeof args, "[{\"$handle\": [%llu]}]", (unsigned long long)it);
    BED_STEPS(*state, list, {"extend", args, "None"}, {"getvalue", "[]", "[1, 2, 3, 2, 3]"});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_list, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_list_back, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_dict, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_holding, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_made_by_others_only, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_as_iterable, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
