/* SPDX-License-Identifier: MPL-2.0 */
/* durations -- what is told of how long methods took is what was counted. */
#define _GNU_SOURCE
#include "shell_test.h"

#include <shell/durations.h>

static void
quantiles_are_buckets_ends(void **state)
{
    (void)state;
    static const char list[] = "list";
    static const char get[] = "get";
    static const char sort[] = "sort";
    hfi_durations_t *self = hfi_durations_new();
    assert_non_null(self);
    for (int k = 0; k < 90; k++)
        hfi_durations_count(self, list, get, 1000); /* 512 to 1,023 is bucket 9 */
    for (int k = 0; k < 10; k++)
        hfi_durations_count(self, list, get, 5000000);
    hfi_durations_count(self, list, sort, -1);
    hfi_durations_count(self, list, sort, INT64_MAX);
    const hfi_method_durations_t *of = hfi_durations_at(self, 0);
    assert_ptr_equal(of->method, get);
    assert_int_equal(of->sampled, 100);
    assert_int_equal(of->bucket[9], 90);
    assert_int_equal(of->longest_ns, 5000000);
    assert_int_equal(hfi_durations_quantile_ns(of, 0.5), 1023);
    assert_int_equal(hfi_durations_quantile_ns(of, 0.9), 1023);
    assert_int_equal(hfi_durations_quantile_ns(of, 0.99), 5000000);
    of = hfi_durations_at(self, 1);
    assert_int_equal(of->bucket[0], 1);
    assert_int_equal(of->bucket[HFI_DURATION_BUCKETS - 1], 1);
    assert_null(hfi_durations_at(self, 2));
    static const hfi_method_durations_t none;
    assert_int_equal(hfi_durations_quantile_ns(&none, 0.5), 0);
    hfi_durations_destroy(&self);
    assert_null(self);
}

static void
the_latest_slow_runs_are_kept(void **state)
{
    (void)state;
    const hfi_slow_run_t *slow[HFI_SLOW_RUNS];
    hfi_durations_t *self = hfi_durations_new();
    assert_int_equal(hfi_durations_slow(self, slow, HFI_SLOW_RUNS), 0);
    for (int k = 0; k < HFI_SLOW_RUNS + 10; k++)
        hfi_durations_add_slow(self)->took_ns = k == 5 ? 1000000 : k;
    assert_int_equal(hfi_durations_slow(self, slow, HFI_SLOW_RUNS), HFI_SLOW_RUNS);
    assert_int_equal(slow[0]->took_ns,
                     HFI_SLOW_RUNS + 9); /* the one of 1,000,000 was among the first */
    assert_int_equal(slow[HFI_SLOW_RUNS - 1]->took_ns, 10);
    assert_int_equal(hfi_durations_slow(self, slow, 3), 3);
    assert_int_equal(slow[2]->took_ns, HFI_SLOW_RUNS + 7);
    hfi_durations_destroy(&self);
}

static void
texts_are_cut_between_characters(void **state)
{
    (void)state;
    char to[6];
    hfi_durations_text(to, sizeof to, "abc", 3);
    assert_string_equal(to, "abc");
    hfi_durations_text(to, sizeof to, "abcdefgh", 8);
    assert_string_equal(to, "abcde");
    hfi_durations_text(to, sizeof to, "ab\xe2\x82\xac\xe2\x82\xac", 8);
    assert_string_equal(to, "ab\xe2\x82\xac");
    hfi_durations_text(to, sizeof to, "abcd\xe2\x82\xac", 7);
    assert_string_equal(to, "abcd");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_buckets_ends),
        cmocka_unit_test(the_latest_slow_runs_are_kept),
        cmocka_unit_test(texts_are_cut_between_characters),
    };
    return cmocka_run_group_tests_name("durations", tests, NULL, NULL);
}
