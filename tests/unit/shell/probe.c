/* SPDX-License-Identifier: MPL-2.0 */
/* probe -- durations are sampled, and a method that holds the machine is named while it does. */
#define _GNU_SOURCE
#include "shell_test.h"

#include <poll.h>
#include <unistd.h>

#include <shell/probe.h>

static void
one_run_in_about_64_is_timed(void **state)
{
    (void)state;
    hfi_log_t *log = hfi_log_new(STDERR_FILENO, HFI_LOG_ERROR);
    hfi_watch_t *watch = hfi_watch_new(log, 0);
    assert_non_null(watch);
    hfi_probe_t probe = hfi_watch_probe(watch);
    static const char list[] = "list";
    static const char *const methods[] = {"append", "pop"};
    for (int k = 0; k < 6400; k++) {
        probe.begin(probe.context, list, methods[k % 2], 7);
        probe.begin(probe.context, list, "repr", 8); /* a hook inside does not count */
        probe.end(probe.context, NULL);
        probe.end(probe.context, NULL);
    }
    hfi_probe_figures_t figures;
    hfi_watch_read(watch, &figures);
    assert_int_equal(figures.runs, 6400);
    assert_in_range(figures.sampled, 67, 200); /* gaps are 32 to 95 */
    const hfi_durations_t *durations = hfi_watch_durations(watch);
    uint64_t sampled = 0;
    for (size_t k = 0; k < 2; k++) {
        const hfi_method_durations_t *method = hfi_durations_at(durations, k);
        assert_non_null(method);
        assert_string_equal(method->typeid_, "list");
        assert_true(method->sampled > figures.sampled / 4); /* though the two take turns */
        sampled += method->sampled;
    }
    assert_null(hfi_durations_at(durations, 2));
    assert_int_equal(sampled, figures.sampled);
    hfi_watch_destroy(&watch);
    assert_null(watch);
    hfi_log_destroy(&log);
}

/* Waits until the log has written something that has `what` in it. */
static void
await_line(int fd, const char *what)
{
    char text[4096];
    size_t used = 0;
    for (;;) {
        struct pollfd item = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&item, 1, 20000), 1);
        ssize_t n = read(fd, text + used, sizeof text - 1 - used);
        assert_true(n > 0);
        used += (size_t)n;
        text[used] = '\0';
        if (strstr(text, what) != NULL)
            return;
    }
}

static void
a_method_that_holds_the_machine_is_named(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    hfi_log_t *log = hfi_log_new(ends[1], HFI_LOG_INFO);
    hfi_watch_t *watch = hfi_watch_new(log, 20);
    hfi_probe_t probe = hfi_watch_probe(watch);
    for (int k = 0; k < 2; k++) {
        hfi_watch_rest(watch, true); /* the watchdog may sleep, and must be woken */
        hfi_watch_rest(watch, false);
        probe.begin(probe.context, "list", "sort", 12);
        await_line(ends[0], "list.sort of object 12 has held the machine for ");
        probe.end(probe.context, NULL);
    }
    const hfi_slow_run_t *slow[3];
    assert_int_equal(hfi_durations_slow(hfi_watch_durations(watch), slow, 3), 2);
    assert_true(slow[0]->took_ns >= slow[1]->took_ns && slow[1]->took_ns >= INT64_C(20000000));
    assert_string_equal(slow[0]->typeid_, "list");
    assert_string_equal(slow[1]->method, "sort");
    assert_int_equal(slow[0]->object, 12);
    assert_string_equal(slow[0]->client, "");
    hfi_probe_figures_t figures;
    hfi_watch_read(watch, &figures);
    assert_int_equal(figures.slow, 2);
    hfi_watch_destroy(&watch);
    hfi_log_destroy(&log);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_run_in_about_64_is_timed),
        cmocka_unit_test(a_method_that_holds_the_machine_is_named),
    };
    return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
