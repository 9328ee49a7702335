/* SPDX-License-Identifier: MPL-2.0 */
/* namespace -- a Namespace's attributes, their order where they are shown, and the names that are refused. */
#include "bed.h"

static void
test_attributes(void **state)
{
    uint64_t ns = bed_new_named(*state, "Namespace", "[]", "{\"b\": 2, \"a\": \"one\"}");
    BED_STEPS(*state, ns, {"getattr", "[\"a\"]", "'one'"}, {"setattr", "[\"a\", [1]]", "None"},
              {"getattr", "[\"a\"]", "[1]"}, {"setattr", "[\"c d\", null]", "None"},
              {"dir", "[]", "['a', 'b', 'c d']"}, {"delattr", "[\"b\"]", "None"},
              {"getattr", "[\"b\"]", "AttributeError: 'Namespace' object has no attribute 'b'"},
              {"delattr", "[\"b\"]", "AttributeError: 'Namespace' object has no attribute 'b'"},
              {"getvalue", "[]", "{'a': [1], 'c d': None}"}, {"setattr", "[\"\", 0]", "None"},
              {"getattr", "[\"\"]", "0"}, {"dir", "[]", "['', 'a', 'c d']"},
              {"setattr", "[1, 0]", "TypeError: setattr() argument 'name' must be str, not int"});
    uint64_t empty = bed_new(*state, "Namespace", "[]");
    BED_STEPS(*state, empty, {"repr", "[]", "'Namespace()'"}, {"dir", "[]", "[]"},
              {"getvalue", "[]", "{}"}, {"setattr", "[\"\", 0]", "None"}, {"dir", "[]", "['']"},
              {"repr", "[]", "'Namespace(=0)'"});
    assert_string_equal(bed_refusal(*state, "Namespace", "[1]"),
                        "TypeError: Namespace() takes 0 positional arguments but 1 was given");
}

/* What begins with _ belongs to a proxy. */
static void
test_own_names(void **state)
{
    uint64_t ns = bed_new(*state, "Namespace", "[]");
    BED_STEPS(
        *state, ns,
        {"setattr", "[\"_a\", 1]", "AttributeError: 'Namespace' object has no attribute '_a'"},
        {"getattr", "[\"__dict__\"]",
         "AttributeError: 'Namespace' object has no attribute '__dict__'"},
        {"delattr", "[\"_\"]", "AttributeError: 'Namespace' object has no attribute '_'"},
        {"setattr", "[\"a_\", 1]", "None"}, {"repr", "[]", "'Namespace(a_=1)'"});
    bed_t *bed = *state;
    hf_value_t value = hf_int(1);
    assert_int_equal(hf_testing_create(bed->session[0], "Namespace", "a=v _b=v", &value, &value),
                     0);
    assert_string_equal(bed_answer(bed, 0, hf_testing_last(bed->session[0])),
                        "AttributeError: 'Namespace' object has no attribute '_b'");
}

/* As CPython sorts: what is shown, "a1=" before "a=". */
static void
test_order(void **state)
{
    uint64_t ns = bed_new_named(*state, "Namespace", "[]",
                                "{\"b\": \"x\", \"a\": 1.0, \"a1\": {\"k\": null}, \"Z\": true}");
    BED_STEPS(*state, ns, {"repr", "[]", "\"Namespace(Z=True, a1={'k': None}, a=1.0, b='x')\""},
              {"str", "[]", "\"Namespace(Z=True, a1={'k': None}, a=1.0, b='x')\""},
              {"dir", "[]", "['Z', 'a', 'a1', 'b']"}, {"setattr", "[\"\\u00e9\", 1]", "None"},
              {"setattr", "[\"z\", 1]", "None"},
              {"dir", "[]", "['Z', 'a', 'a1', 'b', 'z', '\xc3\xa9']"});
}

/* Many, put in backwards, are sorted and found. */
static void
test_many(void **state)
{
    enum { MANY = 300 };
    static char expected[9 * MANY];
    char args[32];
    size_t len = 0;
    uint64_t ns = bed_new(*state, "Namespace", "[]");
    for (int k = 0; k < MANY; k++) {
        (void)snprintf(args, sizeof args, "[\"n%03d\", %d]", (k * 7) % MANY, k);
        assert_string_equal(bed_call(*state, ns, "setattr", args), "None");
        len += (size_t)snprintf(expected + len, sizeof expected - len, "%s'n%03d'",
                                k == 0 ? "[" : ", ", k);
    }
    (void)snprintf(expected + len, sizeof expected - len, "]");
    assert_string_equal(bed_call(*state, ns, "dir", "[]"), expected);
    assert_string_equal(bed_call(*state, ns, "getattr", "[\"n007\"]"), "1");
}

/* A handle inside keeps its referent, and a Namespace's own handle makes a cycle that lives. */
static void
test_handles(void **state)
{
    bed_t *bed = *state;
    char args[64];
    uint64_t before = hf_testing_referents(bed->manager);
    uint64_t list = bed_new(bed, "list", "[[1]]");
    uint64_t ns = bed_new(bed, "Namespace", "[]");
    (void)snprintf(args, sizeof args, "[\"l\", {\"$handle\": [%llu]}]", (unsigned long long)list);
    assert_string_equal(bed_call(bed, ns, "setattr", args), "None");
    hf_testing_release(bed->session[0], list);
    assert_int_equal(hf_testing_referents(bed->manager), before + 2);
    assert_string_equal(bed_call(bed, ns, "getattr", "[\"l\"]"), "<list>");
    hf_testing_release(bed->session[0], list);
    assert_string_equal(bed_call(bed, ns, "delattr", "[\"l\"]"), "None");
    assert_int_equal(hf_testing_referents(bed->manager), before + 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_attributes, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_own_names, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_order, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_many, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_handles, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
