/* SPDX-License-Identifier: MPL-2.0 */
/* config -- what a file may say, and where it is told that it may not. */
#define _GNU_SOURCE
#include "shell_test.h"

#include <sys/resource.h>
#include <unistd.h>

#include <base/span.h>
#include <shell/ceiling.h>
#include <shell/config.h>
#include <value/writer.h>

static char folder[64];
static char file[128];

static int
make_folder(void **state)
{
    (void)state;
    shell_test_folder(folder, sizeof folder);
    (void)snprintf(file, sizeof file, "%s/holdfastd.conf", folder);
    return 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    (void)unlink(file);
    return rmdir(folder);
}

/* Reads `text` as a file; NULL: it was refused with what is then in why. */
static hfi_settings_t *
settings_of(const char *text, char *why, size_t why_room)
{
    hfi_settings_t *settings = hfi_settings_new();
    assert_non_null(settings);
    shell_test_write(file, text);
    why[0] = '\0';
    if (!hfi_settings_read(settings, file, why, why_room))
        hfi_settings_destroy(&settings);
    return settings;
}

static void
every_key_is_taken(void **state)
{
    (void)state;
    char why[512];
    hfi_settings_t *s = settings_of("# a comment\n"
                                    "\n"
                                    "bind = \"ipc:///tmp/a.sock\"\n"
                                    "bind = tcp://127.0.0.1:5570\n"
                                    "plugin = ./counter.so\n"
                                    "shipped = 0\n"
                                    "insecure = 1\n"
                                    "endpoints = tcp://db.internal:5570\n"
                                    "endpoints = ipc:///tmp/a.sock\n"
                                    "far = 0\n"
                                    "far_allow = tcp://10.1.\n"
                                    "far_timeout = 2\n"
                                    "run_dir = /tmp/run\n"
                                    "placement = free\n"
                                    "spin = 0\n"
                                    "log = debug\n"
                                    "lease = 20\n"
                                    "grace = 2.5\n"
                                    "probe = 0.5\n"
                                    "drain = 1\n"
                                    "slow = 0\n"
                                    "memory_limit = 3G\n"
                                    "limits\n"
                                    "    window = 100\n"
                                    "    frame = 64K\n"
                                    "types\n"
                                    "    list\n"
                                    "        expose = \"append pop, len\"\n"
                                    "        expose = get\n"
                                    "    dict\n"
                                    "        hide = clear\n"
                                    "    Queue\n"
                                    "        expose = \"\"\n",
                                    why, sizeof why);
    assert_string_equal(why, "");
    assert_non_null(s);
    assert_int_equal(s->binds.n, 2);
    assert_string_equal(s->binds.at[0], "ipc:///tmp/a.sock");
    assert_string_equal(s->binds.at[1], "tcp://127.0.0.1:5570");
    assert_int_equal(s->plugins.n, 1);
    assert_false(s->is_shipped);
    assert_true(s->is_insecure);
    assert_int_equal(s->endpoints.n, 2);
    assert_string_equal(s->endpoints.at[0], "tcp://db.internal:5570");
    assert_false(s->is_far);
    assert_int_equal(s->far_allow.n, 1);
    assert_string_equal(s->far_allow.at[0], "tcp://10.1.");
    assert_int_equal(s->far_timeout_ms, 2000);
    assert_string_equal(s->run_dir, "/tmp/run");
    assert_int_equal(s->placement, HFI_PLACEMENT_FREE);
    assert_false(s->may_spin);
    assert_int_equal(s->log_level, HFI_LOG_DEBUG);
    assert_int_equal(s->lease_ms, 20000);
    assert_int_equal(s->grace_ms, 2500);
    assert_int_equal(s->probe_ms, 500);
    assert_int_equal(s->drain_ms, 1000);
    assert_int_equal(s->slow_ms, 0);
    assert_int_equal(s->memory_limit, UINT64_C(3) << 30);
    assert_int_equal(s->limits.window, 100);
    assert_int_equal(s->limits.frame, 65536);
    assert_int_equal(s->limits.depth, 64);
    assert_int_equal(s->n_types, 3);
    assert_string_equal(s->types[0].typeid_, "list");
    assert_int_equal(s->types[0].expose.n, 4);
    assert_string_equal(s->types[0].expose.at[2], "len");
    assert_int_equal(s->types[1].hide.n, 1);
    assert_false(s->types[1].has_expose);
    assert_true(s->types[2].has_expose);
    assert_int_equal(s->types[2].expose.n, 0);
    hfi_settings_destroy(&s);
    assert_null(s);
}

/* The text is refused, with this behind the file's name. */
static void
refused(const char *text, const char *expected)
{
    char why[512];
    hfi_settings_t *s = settings_of(text, why, sizeof why);
    if (s != NULL)
        fail_msg("taken: %s", text);
    if (strncmp(why, file, strlen(file)) != 0 || strstr(why, expected) == NULL)
        fail_msg("%s: said '%s', not '%s'", text, why, expected);
    assert_null(strchr(why, '\n'));
}

static void
what_is_wrong_is_told_with_its_line(void **state)
{
    (void)state;
    refused("# one\n\nbnd = 3\n", ":3: there is no key 'bnd'");
    refused("lease = 10\nlease = 11\n", ":2: lease is given twice");
    refused("lease = soon\n", ":1: lease is a number of seconds");
    refused("lease = -1\n", ":1: lease is");
    refused("lease = 1e9\n", ":1: lease is");
    refused("lease = nan\n", ":1: lease is");
    refused("lease = 2000000\n", ":1: lease is");
    refused("shipped = maybe\n", ":1: shipped is 0 or 1, not 'maybe'");
    refused("placement = corner\n", ":1: placement is shared or free");
    refused("log = loud\n", ":1: log is error");
    refused("memory_limit = 3T\n", ":1: memory_limit is a number");
    refused("memory_limit = 99999999999G\n", ":1: memory_limit is a number");
    refused("memory_limit = 99999999999999999999\n", ":1: memory_limit is a number");
    refused("memory_limit = -5\n", ":1: memory_limit is a number");
    refused("limits\n    windo = 3\n", ":2: there is no limit 'windo'");
    refused("limits\n    window = 0\n", ":2: limits/window is at least 1");
    refused("limits\n    window = 1\n    window = 2\n", ":3: limits/window is given twice");
    refused("limits = 3\n", ":1: limits is a section");
    refused("limits\n    window = 1\nlimits\n    depth = 2\n", ":3: limits is given twice");
    refused("types\n    list\n        show = x\n",
            ":3: a type has `expose` and `hide`, not 'show'");
    refused("types\n    list\n        hide = x\n    list\n        hide = y\n",
            ":4: types/list is given twice");
    refused("types\n    list = x\n", ":2: a type is a section");
    refused("bind\n    x = 1\n", ":1: bind is a key, not a section");
    refused("bind =\n", ":1: there is nothing behind =");
    refused("log = info\n    x = 1\n", ":1: log is a key, not a section");
    refused("bind = http://x\n", ":1: 'http://x' is no endpoint");
    refused("bind = tcp://127.0.0.1\n", ":1: 'tcp://127.0.0.1' names no address and port");
    refused("endpoints = tcp://*:5570\n", ":1: 'tcp://*:5570' is no endpoint");
    refused("run_dir =\n", ":1: there is nothing behind =");
}

static void
what_zconfig_cannot_read_is_told_with_its_line(void **state)
{
    (void)state;
    refused("lease = 10\ngrace = \"5\n", ":2: missing \"");
    refused("lease = 10\n  grace = 5\n", ":2: ");
    refused("limits\n        window = 3\n", ":2: indentation error");
    refused("one two three\n", ":1: ");
}

static void
a_file_that_cannot_be_read_is_told(void **state)
{
    (void)state;
    char why[512];
    hfi_settings_t *s = hfi_settings_new();
    assert_false(hfi_settings_read(s, "/nowhere/at all", why, sizeof why));
    assert_string_equal(why, "/nowhere/at all: No such file or directory");
    assert_false(hfi_settings_read(s, "/tmp", why, sizeof why));
    assert_string_equal(why, "/tmp: Is a directory");
    assert_false(hfi_settings_read(s, "/dev/zero", why, sizeof why));
    assert_string_equal(why, "/dev/zero is longer than 1048576 bytes");
    hfi_settings_destroy(&s);
}

static void
a_tcp_address_for_others_needs_insecure(void **state)
{
    (void)state;
    char why[512];
    static const char *const open[] = {
        "tcp://0.0.0.0:5570",        "tcp://*:5570",      "tcp://eth0:5570",
        "tcp://192.0.2.1:1",         "tcp://[::]:5570",   "tcp://[2001:db8::1]:5570",
        "tcp://localhost.example:1", "tcp://128.0.0.1:1", "tcp://127.0.0.1.example.org:1"};
    static const char *const own[] = {"tcp://127.0.0.1:5570", "tcp://127.9.9.9:*",
                                      "tcp://[::1]:5570",     "tcp://lo:1",
                                      "ipc:///tmp/x",         "ipc://@abstract"};
    static const char *const wrong[] = {"tcp://",
                                        "tcp://:1",
                                        "tcp://127.0.0.1:",
                                        "tcp://127.0.0.1:http",
                                        "tcp://127.0.0.1:65536",
                                        "tcp://127.0.0.1:99999999999",
                                        "ipc://",
                                        "udp://127.0.0.1:1",
                                        "inproc://x",
                                        "pgm://x",
                                        "",
                                        "tcp"};
    for (size_t k = 0; k < sizeof open / sizeof open[0]; k++) {
        assert_false(hfi_settings_check_endpoint(open[k], false, why, sizeof why));
        assert_non_null(strstr(why, "insecure = 1"));
        assert_true(hfi_settings_check_endpoint(open[k], true, why, sizeof why));
    }
    for (size_t k = 0; k < sizeof own / sizeof own[0]; k++)
        assert_true(hfi_settings_check_endpoint(own[k], false, why, sizeof why));
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++)
        assert_false(hfi_settings_check_endpoint(wrong[k], true, why, sizeof why));
    char path[200] = "ipc:///";
    memset(path + 7, 'p', 150);
    assert_false(hfi_settings_check_endpoint(path, false, why, sizeof why));
}

static void
what_nobody_said_is_filled_in(void **state)
{
    (void)state;
    char why[512];
    assert_int_equal(setenv("XDG_RUNTIME_DIR", folder, 1), 0);
    hfi_settings_t *s = hfi_settings_new();
    assert_true(hfi_settings_complete(s, why, sizeof why));
    char expected[128];
    (void)snprintf(expected, sizeof expected, "ipc://%s/holdfast/manager.sock", folder);
    assert_int_equal(s->binds.n, 1);
    assert_string_equal(s->binds.at[0], expected);
    (void)snprintf(expected, sizeof expected, "%s/holdfast", folder);
    assert_string_equal(s->run_dir, expected);
    assert_int_equal(s->memory_limit, hfi_ceiling() / 5 * 4);
    hfi_settings_drop_binds(s);
    assert_true(hfi_settings_add_bind(s, "tcp://0.0.0.0:1"));
    assert_false(hfi_settings_complete(s, why, sizeof why));
    hfi_settings_destroy(&s);
}

static void
the_policy_is_the_registrys_value(void **state)
{
    (void)state;
    char why[512];
    hfi_settings_t *s = settings_of(
        "types\n    list\n        expose = \"append len\"\n    dict\n        hide = clear\n", why,
        sizeof why);
    hfi_bytes_t bytes = {0};
    hfi_bytes_writer_t out;
    hfi_bytes_writer_open(&out, &bytes);
    hfi_settings_policy(s, &out.w);
    assert_true(hfi_bytes_writer_close(&out));
    static const char expected[] = "\x81\xa5types\x82\xa4list\x82\xa6"
                                   "expose\x92\xa6"
                                   "append\xa3len\xa4hide\x90"
                                   "\xa4"
                                   "dict\x81\xa4hide\x91\xa5"
                                   "clear";
    assert_int_equal(bytes.len, sizeof expected - 1);
    assert_memory_equal(bytes.at, expected, bytes.len);
    hfi_bytes_close(&bytes);
    hfi_settings_destroy(&s);
}

static void
the_ceiling_heeds_rlimit_as(void **state)
{
    (void)state;
    struct rlimit before;
    uint64_t all = hfi_ceiling();
    assert_true(all >= UINT64_C(16) << 20);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    struct rlimit less = {.rlim_cur = (rlim_t)300 << 20, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_AS, &less), 0);
    uint64_t now = hfi_ceiling();
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_true(now < less.rlim_cur && now <= all);
#else
    (void)before;
#endif
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_taken),
        cmocka_unit_test(what_is_wrong_is_told_with_its_line),
        cmocka_unit_test(what_zconfig_cannot_read_is_told_with_its_line),
        cmocka_unit_test(a_file_that_cannot_be_read_is_told),
        cmocka_unit_test(a_tcp_address_for_others_needs_insecure),
        cmocka_unit_test(what_nobody_said_is_filled_in),
        cmocka_unit_test(the_policy_is_the_registrys_value),
        cmocka_unit_test(the_ceiling_heeds_rlimit_as),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
