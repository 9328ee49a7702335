/* SPDX-License-Identifier: MPL-2.0 */
/* pace -- the machine's time never leaps, and never lags for good. */
#define _GNU_SOURCE
#include "shell_test.h"

#include <shell/pace.h>

#define MS INT64_C(1000000)
#define T0 INT64_C(777000000000)

static void
time_begins_at_0_and_follows_the_clock(void **state)
{
    (void)state;
    hfi_pace_t pace;
    hfi_pace_open(&pace, T0);
    assert_int_equal(hfi_pace_tick(&pace, T0), 0);
    assert_int_equal(hfi_pace_plan(&pace, 100 * MS, T0), 100 * MS);
    assert_int_equal(hfi_pace_tick(&pace, T0 + 40 * MS), 40 * MS);
    assert_int_equal(hfi_pace_plan(&pace, 100 * MS, T0 + 40 * MS), 60 * MS);
    assert_int_equal(hfi_pace_tick(&pace, T0 + 101 * MS), 101 * MS);
}

static void
a_wake_up_is_passed_by_250_ms_at_most(void **state)
{
    (void)state;
    hfi_pace_t pace;
    hfi_pace_open(&pace, T0);
    assert_int_equal(hfi_pace_tick(&pace, T0), 0);
    (void)hfi_pace_plan(&pace, 1000 * MS, T0);
    int64_t world = T0 + 60000 * MS; /* stopped for a minute */
    int64_t now = hfi_pace_tick(&pace, world);
    assert_int_equal(now, 1250 * MS);
    int rounds = 0;
    while (now < 60000 * MS) {
        assert_int_equal(hfi_pace_plan(&pace, now + 5 * MS, world),
                         0); /* no sleep until it has caught up */
        int64_t next = hfi_pace_tick(&pace, world);
        assert_true(next > now && next <= now + 255 * MS);
        now = next;
        rounds++;
    }
    assert_int_equal(now, 60000 * MS);
    assert_true(rounds >= 230);
}

static void
a_slow_round_counts_as_nothing_planned(void **state)
{
    (void)state;
    hfi_pace_t pace;
    hfi_pace_open(&pace, T0);
    (void)hfi_pace_tick(&pace, T0);
    assert_int_equal(hfi_pace_plan(&pace, 0, T0), 0); /* work was left */
    assert_int_equal(hfi_pace_tick(&pace, T0 + 3000 * MS), 250 * MS);
    assert_int_equal(hfi_pace_tick(&pace, T0 + 3000 * MS), 500 * MS);
}

static void
nothing_planned_means_no_limit(void **state)
{
    (void)state;
    hfi_pace_t pace;
    hfi_pace_open(&pace, T0);
    assert_int_equal(hfi_pace_plan(&pace, INT64_MAX, T0), INT64_MAX);
    assert_int_equal(hfi_pace_tick(&pace, T0 + 3600000 * MS), 3600000 * MS);
}

static void
a_clock_that_goes_back_stops_time(void **state)
{
    (void)state;
    hfi_pace_t pace;
    hfi_pace_open(&pace, T0);
    (void)hfi_pace_plan(&pace, 10 * MS, T0);
    assert_int_equal(hfi_pace_tick(&pace, T0 + 10 * MS), 10 * MS);
    assert_int_equal(hfi_pace_tick(&pace, T0 - 10 * MS), 10 * MS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_begins_at_0_and_follows_the_clock),
        cmocka_unit_test(a_wake_up_is_passed_by_250_ms_at_most),
        cmocka_unit_test(a_slow_round_counts_as_nothing_planned),
        cmocka_unit_test(nothing_planned_means_no_limit),
        cmocka_unit_test(a_clock_that_goes_back_stops_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
