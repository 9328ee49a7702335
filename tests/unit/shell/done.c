/* SPDX-License-Identifier: MPL-2.0 */
/* done -- finished jobs cross threads in order, and the descriptor tells of them. */
#define _GNU_SOURCE
#include "shell_test.h"

#include <poll.h>
#include <pthread.h>

#include <shell/done.h>

enum { JOBS = 2000 };

static bool
is_readable(const hfi_dones_t *dones)
{
    struct pollfd item = {.fd = hfi_dones_fd(dones), .events = POLLIN};
    return poll(&item, 1, 0) == 1;
}

static void
jobs_come_in_the_order_they_were_put(void **state)
{
    (void)state;
    hfi_dones_t *dones = hfi_dones_new();
    hfi_done_t done;
    assert_non_null(dones);
    assert_false(is_readable(dones));
    assert_false(hfi_dones_take(dones, &done));
    for (uint64_t k = 1; k <= 3; k++) {
        hfi_bytes_t value = {0};
        assert_true(hfi_bytes_append(&value, &k, sizeof k));
        done =
            (hfi_done_t){.job = k, .status = (int32_t)k - 2, .took_ns = (int64_t)k, .value = value};
        assert_true(hfi_dones_put(dones, &done));
        assert_null(done.value.at); /* taken */
    }
    for (uint64_t k = 1; k <= 3; k++) {
        assert_true(is_readable(dones));
        assert_true(hfi_dones_take(dones, &done));
        assert_int_equal(done.job, k);
        assert_int_equal(done.status, (int32_t)k - 2);
        assert_int_equal(done.took_ns, k);
        assert_int_equal(done.value.len, sizeof k);
        hfi_bytes_close(&done.value);
    }
    assert_false(is_readable(dones));
    hfi_done_t left = {.job = 4};
    assert_true(hfi_bytes_append(&left.value, "x", 1));
    assert_true(hfi_dones_put(dones, &left));
    hfi_dones_destroy(&dones); /* frees what nobody took */
    assert_null(dones);
    hfi_dones_destroy(&dones);
}

static void *
putter(void *arg)
{
    hfi_dones_t *dones = arg;
    for (uint64_t k = 1; k <= JOBS; k++) {
        hfi_done_t done = {.job = k};
        if (!hfi_bytes_append(&done.value, &k, sizeof k) || !hfi_dones_put(dones, &done))
            return dones;
    }
    return NULL;
}

static void
a_reader_that_sleeps_on_the_descriptor_misses_none(void **state)
{
    (void)state;
    hfi_dones_t *dones = hfi_dones_new();
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, putter, dones), 0);
    for (uint64_t k = 1; k <= JOBS;) {
        struct pollfd item = {.fd = hfi_dones_fd(dones), .events = POLLIN};
        assert_int_equal(poll(&item, 1, 10000), 1);
        hfi_done_t done;
        while (hfi_dones_take(dones, &done)) {
            assert_int_equal(done.job, k++);
            hfi_bytes_close(&done.value);
        }
    }
    void *failed;
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    hfi_dones_destroy(&dones);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_come_in_the_order_they_were_put),
        cmocka_unit_test(a_reader_that_sleeps_on_the_descriptor_misses_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
