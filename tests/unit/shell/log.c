/* SPDX-License-Identifier: MPL-2.0 */
/* log -- lines come out whole; a blocked reader or a full disk costs lines, never time. */
#define _GNU_SOURCE
#include "shell_test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <shell/log.h>

/* Everything that was written to the file so far, as text. */
static const char *
slurp(int fd)
{
    static char text[64 * 1024];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    assert_true(n >= 0);
    text[n] = '\0';
    return text;
}

static void
a_line_has_time_level_blame_and_no_colour_in_a_file(void **state)
{
    (void)state;
    int fd = memfd_create("log", MFD_CLOEXEC);
    hfi_log_t *log = hfi_log_new(fd, HFI_LOG_INFO);
    assert_non_null(log);
    hfi_log_put(log, HFI_LOG_INFO, "server", "it has %d ears", 2);
    hfi_log_put(log, HFI_LOG_DEBUG, "server", "not wanted");
    hfi_log_put(log, HFI_LOG_ERROR, "plugin x", "broken");
    hfi_log_destroy(&log);
    assert_null(log);
    const char *text = slurp(fd);
    assert_non_null(strstr(text, "Z info server: it has 2 ears\n"));
    assert_non_null(strstr(text, "Z error plugin x: broken\n"));
    assert_null(strstr(text, "not wanted"));
    assert_null(strchr(text, '\033'));
    assert_int_equal(text[10], 'T');
    (void)close(fd);
}

static void
what_peers_write_cannot_reach_the_terminal(void **state)
{
    (void)state;
    int fd = memfd_create("log", MFD_CLOEXEC);
    hfi_log_t *log = hfi_log_new(fd, HFI_LOG_INFO);
    static const char bad[] = "a\033[2J\nb\xff\xc2\x80\xc3\xa4\xe2\x82\xac\xed\xa0\x80\x7f";
    hfi_log_span(log, HFI_LOG_INFO, hfi_span_of("peer"), hfi_span_of(bad));
    hfi_log_destroy(&log);
    const char *text = slurp(fd);
    assert_non_null(strstr(
        text, "peer: a\\x1b[2J\\x0ab\\xff\\xc2\\x80\xc3\xa4\xe2\x82\xac\\xed\\xa0\\x80\\x7f\n"));
    (void)close(fd);
}

static void
a_long_line_is_cut(void **state)
{
    (void)state;
    int fd = memfd_create("log", MFD_CLOEXEC);
    hfi_log_t *log = hfi_log_new(fd, HFI_LOG_INFO);
    char line[5000];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    hfi_log_put(log, HFI_LOG_INFO, "server", "%s", line);
    hfi_log_span(log, HFI_LOG_INFO, hfi_span_of(line), hfi_span_of(line));
    hfi_log_destroy(&log);
    const char *text = slurp(fd);
    const char *first = strchr(text, '\n');
    assert_non_null(first);
    assert_true(first - text > 900 && first - text < 1024);
    const char *second = strchr(first + 1, '\n');
    assert_non_null(second);
    assert_true(second - first > 900 && second - first <= 1024);
    (void)close(fd);
}

static void
a_blocked_pipe_drops_lines_and_counts_them(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    hfi_log_t *log = hfi_log_new(ends[1], HFI_LOG_INFO);
    char line[901];
    memset(line, 'y', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    for (int k = 0; k < 2000; k++) /* 1.8 MB: more than pipe, ring and writer hold */
        hfi_log_put(log, HFI_LOG_INFO, "server", "%s", line);
    assert_true(hfi_log_read(log).dropped > 0);
    hfi_log_destroy(&log); /* comes back, though nobody reads */
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void
what_was_lost_is_said_when_it_can_be(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    hfi_log_t *log = hfi_log_new(ends[1], HFI_LOG_INFO);
    char line[901];
    memset(line, 'z', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    for (int k = 0; k < 2000; k++)
        hfi_log_put(log, HFI_LOG_INFO, "server", "%s", line);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    hfi_log_put(log, HFI_LOG_INFO, "server", "the end");
    static char text[4 * 1024 * 1024];
    size_t used = 0;
    bool is_said = false;
    while (!is_said && used < sizeof text - 4097) { /* the reader wakes up */
        ssize_t n = read(ends[0], text + used, 4096);
        if (n > 0)
            used += (size_t)n;
        text[used] = '\0';
        is_said = strstr(text, "lines were lost: the reader was blocked") != NULL;
        if (n < 0 && !is_said)
            hfi_log_put(log, HFI_LOG_INFO, "server", "more");
    }
    assert_true(is_said);
    hfi_log_destroy(&log);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void
a_full_disk_is_outlived(void **state)
{
    (void)state;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    hfi_log_t *log = hfi_log_new(fd, HFI_LOG_INFO);
    hfi_log_put(log, HFI_LOG_INFO, "server", "goes nowhere");
    while (hfi_log_read(log).dropped == 0) /* ends by the test's own time limit */
        continue;
    assert_int_equal(hfi_log_read(log).written, 0);
    hfi_log_put(log, HFI_LOG_INFO, "server", "nor this");
    hfi_log_destroy(&log);
    (void)close(fd);
}

static void
levels_have_names(void **state)
{
    (void)state;
    hfi_log_level_t level;
    assert_true(hfi_log_level_of("warning", &level));
    assert_int_equal(level, HFI_LOG_WARNING);
    assert_false(hfi_log_level_of("loud", &level));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_level_blame_and_no_colour_in_a_file),
        cmocka_unit_test(what_peers_write_cannot_reach_the_terminal),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(a_blocked_pipe_drops_lines_and_counts_them),
        cmocka_unit_test(what_was_lost_is_said_when_it_can_be),
        cmocka_unit_test(a_full_disk_is_outlived),
        cmocka_unit_test(levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
