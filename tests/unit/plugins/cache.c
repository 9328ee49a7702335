/* SPDX-License-Identifier: MPL-2.0 */
/* cache -- Cache: the one used longest ago makes room, items end in their time, and what is dropped is let go. */
#include "bed.h"

static void
test_recent(void **state)
{
    bed_t *bed = *state;
    uint64_t cache = bed_new(bed, "Cache", "[3]");
    BED_STEPS(bed, cache, {"set", "[\"a\", 1]", "None"}, {"set", "[\"b\", 2]", "None"},
              {"set", "[\"c\", [3]]", "None"}, {"get", "[\"a\"]", "1"},
              {"set", "[\"d\", 4]", "None"}, {"get", "[\"b\"]", "None"},
              {"get", "[\"b\", \"none\"]", "'none'"}, {"get", "[\"c\"]", "[3]"}, {"len", "[]", "3"},
              {"set", "[\"a\", 10]", "None"}, {"set", "[\"e\", 5]", "None"},
              {"get", "[\"d\"]", "None"}, {"get", "[\"a\"]", "10"}, {"len", "[]", "3"},
              {"delete", "[\"a\"]", "True"}, {"delete", "[\"a\"]", "False"}, {"len", "[]", "2"},
              {"stats", "[]", "{'hits': 3, 'misses': 3, 'evicted': 2, 'expired': 0}"},
              {"get", "[{}]", "TypeError: unhashable type: 'dict'"},
              {"set", "[1, 1, 0]", "ValueError: ttl must be above 0"});
}

static void
test_time(void **state)
{
    bed_t *bed = *state;
    uint64_t cache = bed_new(bed, "Cache", "[100, 10]");
    BED_STEPS(bed, cache, {"set", "[1, 1]", "None"}, {"set", "[2, 2, 1.5]", "None"},
              {"set", "[3, 3, {\"$float\": \"inf\"}]", "None"}, {"set", "[4, 4, 1.5]", "None"});
    hf_testing_pass(bed->manager, 1.4);
    BED_STEPS(bed, cache, {"get", "[2]", "2"}, {"len", "[]", "4"});
    hf_testing_pass(bed->manager, 0.1);
    BED_STEPS(bed, cache, {"get", "[2]", "None"}, {"delete", "[4]", "False"}, {"len", "[]", "2"});
    hf_testing_pass(bed->manager, 9);
    BED_STEPS(bed, cache, {"len", "[]", "1"}, {"get", "[3]", "3"},
              {"stats", "[]", "{'hits': 2, 'misses': 1, 'evicted': 0, 'expired': 3}"});
}

/* What nobody asks for any more is let go all the same. */
static void
test_let_go(void **state)
{
    bed_t *bed = *state;
    uint64_t cache = bed_new(bed, "Cache", "[100]");
    for (int k = 0; k < 3; k++) {
        uint64_t list = bed_new(bed, "list", "[]");
        hf_value_t handle = hf_testing_handle(list);
        const double ttl[] = {0.25, 5, 60};
        (void)hf_testing_call(bed->session[0], cache, "set", "ivf", (int64_t)k, &handle, ttl[k]);
        hf_testing_release(bed->session[0], list);
    }
    assert_int_equal(hf_testing_referents(bed->manager), 4);
    hf_testing_pass(bed->manager, 1.1);
    assert_int_equal(hf_testing_referents(bed->manager), 3);
    hf_testing_pass(bed->manager, 4);
    assert_int_equal(hf_testing_referents(bed->manager), 2);
    hf_testing_release(bed->session[0], cache);
    assert_int_equal(hf_testing_referents(bed->manager), 0);
}

/* A cache that holds itself is found and freed. */
static void
test_cycle(void **state)
{
    bed_t *bed = *state;
    uint64_t cache = bed_new(bed, "Cache", "[1]");
    hf_value_t handle = hf_testing_handle(cache);
    assert_string_equal(hf_testing_call(bed->session[0], cache, "set", "sv", "me", &handle),
                        "None");
    hf_testing_release(bed->session[0], cache);
    (void)hf_testing_call(bed->session[0], 0, "collect", "");
    assert_int_equal(hf_testing_referents(bed->manager), 0);
}

static void
test_many(void **state)
{
    bed_t *bed = *state;
    uint64_t cache = bed_new(bed, "Cache", "[500, 3]");
    for (int64_t k = 0; k < 3000; k++) {
        (void)hf_testing_call(bed->session[0], cache, "set", "iif", k, k * k,
                              k % 3 == 0 ? 1.0 : 50.0);
        if (k % 7 == 0)
            (void)hf_testing_call(bed->session[0], cache, "get", "i", k / 2);
    }
    BED_STEPS(bed, cache, {"len", "[]", "500"}, {"get", "[2999]", "8994001"});
    hf_testing_pass(bed->manager, 2);
    BED_STEPS(bed, cache, {"len", "[]", "334"});
    hf_testing_pass(bed->manager, 50);
    BED_STEPS(bed, cache, {"len", "[]", "0"});
    assert_string_equal(bed_refusal(bed, "Cache", "[0]"),
                        "ValueError: capacity and ttl must be above 0");
    assert_string_equal(bed_refusal(bed, "Cache", "[1, {\"$float\": \"nan\"}]"),
                        "ValueError: capacity and ttl must be above 0");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_recent, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_time, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_let_go, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_cycle, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_many, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
