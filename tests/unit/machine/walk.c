/* SPDX-License-Identifier: MPL-2.0 */
/* walk -- the first way through the machine: create, call, park, wake, release. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <holdfast/plugin.h>
#include <holdfast/testing.h>

extern const hf_plugin_t hf_plugin_counter;

static void
counts(void **state)
{
    (void)state;
    hf_testing_t *manager = hf_testing_new(&hf_plugin_counter);
    hf_testing_session_t *a = hf_testing_open(manager);
    uint64_t counter = hf_testing_create(a, "Counter", "i", (int64_t)40);
    assert_int_equal(counter, 1);
    assert_string_equal(hf_testing_call(a, counter, "add", "by=i", (int64_t)2), "42");
    assert_string_equal(hf_testing_call(a, counter, "add", ""), "43");
    assert_string_equal(hf_testing_call(a, counter, "nonsense", ""),
                        "NoSuchMethod: Counter has no method 'nonsense'");
    assert_string_equal(hf_testing_call(a, 99, "add", ""), "NoSuchObject: no object 99");
    assert_int_equal(hf_testing_referents(manager), 1);
    hf_testing_release(a, counter);
    assert_int_equal(hf_testing_referents(manager), 0);
    assert_string_equal(hf_testing_log(manager), "");
    hf_testing_destroy(&manager);
    assert_null(manager);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
