/* SPDX-License-Identifier: MPL-2.0 */
/* config -- what a file may say, and where it is told that it may not. */
#define _GNU_SOURCE
#include "shell_test.h"

#include <sys/resource.h>
#include <unistd.h>

#include <base/span.h>
#include <shell/ceiling.h>
#include <shell/config.h>
#include <value/json.h>
#include <value/value.h>
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

/* Each complaint on a line, without the folder: "holdfastd.conf:3: …". */
static void
say_all(const hfi_complaints_t *complaints, char *said, size_t room)
{
    said[0] = '\0';
    for (size_t k = 0; k < hfi_complaints_kept(complaints); k++) {
        char line[512];
        hfi_complaints_write(complaints, k, line, sizeof line);
        assert_null(strchr(line, '\n'));
        const char *at = complaints->at[k].line == 0 ? line : line + strlen(folder) + 1;
        (void)snprintf(said + strlen(said), room - strlen(said), "%s\n", at);
    }
}

/* Reads `text` as a file; NULL: it was refused with what is then in why. */
static hfi_settings_t *
settings_of(const char *text, char *why, size_t why_room)
{
    static hfi_complaints_t complaints;
    hfi_settings_t *settings = hfi_settings_new();
    assert_non_null(settings);
    shell_test_write(file, text);
    complaints.file = file;
    complaints.n = 0;
    if (!hfi_settings_read(settings, &complaints))
        hfi_settings_destroy(&settings);
    say_all(&complaints, why, why_room);
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
    assert_int_equal(s->deployment.n_sections, 1);
    hfi_settings_destroy(&s);
    assert_null(s);
}

/* The text is refused, with this behind the file's name. */
static void
refused(const char *text, const char *expected)
{
    char why[2048];
    hfi_settings_t *s = settings_of(text, why, sizeof why);
    if (s != NULL)
        fail_msg("taken: %s", text);
    if (strncmp(why, "holdfastd.conf", 14) != 0 || strstr(why, expected) == NULL)
        fail_msg("%s: said '%s', not '%s'", text, why, expected);
    assert_ptr_equal(strchr(why, '\n'), why + strlen(why) - 1); /* one */
}

/* The text is refused with all of these, a line each. */
static void
refused_with(const char *text, const char *expected)
{
    char why[8192];
    assert_null(settings_of(text, why, sizeof why));
    assert_string_equal(why, expected);
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
    refused("types\n    list\n        hide = x\n    list\n        hide = y\n",
            ":4: types/list is given twice");
    refused("types\n    list = x\n        hide = y\n", ":2: list is a section");
    refused("types = x\n", ":1: types is a section");
    refused("roles\n    a\nroles\n    b\n", ":3: roles is given twice");
    refused("roles\n    a\n        grant = x\n    a\n        grant = y\n",
            ":4: roles/a is given twice");
    refused("types\n    list\n        is = a\n        is = b\n",
            ":4: types/list/is is given twice");
    refused("users\n    nobody-of-that-name = a\n",
            ":2: this computer has no user 'nobody-of-that-name'");
    refused("bind\n    x = 1\n", ":1: bind is a key, not a section");
    refused("bind =\n", ":1: there is nothing behind =");
    refused("log = info\n    x = 1\n", ":1: log is a key, not a section");
    refused("bind = http://x\n", ":1: 'http://x' is no endpoint");
    refused("bind = tcp://127.0.0.1\n", ":1: 'tcp://127.0.0.1' names no address and port");
    refused("endpoints = tcp://*:5570\n", ":1: 'tcp://*:5570' is no endpoint");
    refused("run_dir =\n", ":1: there is nothing behind =");
}

/* All of it in one reading, and found again where lines have moved. */
static void
every_mistake_is_told_with_its_line(void **state)
{
    (void)state;
    static const char text[] = "lease = soon\n"
                               "limits\n"
                               "    windo = 3\n"
                               "        x = 1\n"
                               "    window = many\n"
                               "types\n"
                               "    list\n"
                               "        hide = x\n"
                               "            deeper = 1\n"
                               "  grace = 5\n"
                               "shipped = maybe\n"
                               "    x = 1\n"
                               "color = red\n"
                               "    of = x\n"
                               "        y = z\n"
                               "probe = never\n";
    static const char expected[] =
        "holdfastd.conf:%d: lease is a number of seconds up to a million, not 'soon'\n"
        "holdfastd.conf:%d: there is no limit 'windo' (see --help-config)\n"
        "holdfastd.conf:%d: window is a number (K, M or G may follow), not 'many'\n"
        "holdfastd.conf:%d: hide is a section: what is in it stands below, four spaces in\n"
        "holdfastd.conf:%d: indent 4 spaces at once\n"
        "holdfastd.conf:%d: shipped is a key, not a section\n"
        "holdfastd.conf:%d: there is no key 'color' (see --help-config)\n"
        "holdfastd.conf:%d: probe is a number of seconds up to a million, not 'never'\n";
    char want[2048];
    char moved[2048];
    (void)snprintf(want, sizeof want, expected, 1, 3, 5, 8, 10, 11, 13, 16);
    refused_with(text, want);
    (void)snprintf(moved, sizeof moved, "# a comment\n\n%s", text);
    (void)snprintf(want, sizeof want, expected, 3, 5, 7, 10, 12, 13, 15, 18);
    refused_with(moved, want);
}

static void
there_are_no_more_complaints_than_fit(void **state)
{
    (void)state;
    char text[4096] = "";
    hfi_complaints_t complaints = {.file = file};
    hfi_settings_t *s = hfi_settings_new();
    for (int k = 0; k < 100; k++)
        (void)strcat(text, "nonsense = 1\n");
    shell_test_write(file, text);
    assert_false(hfi_settings_read(s, &complaints));
    assert_int_equal(complaints.n, 100);
    assert_int_equal(hfi_complaints_kept(&complaints), HFI_COMPLAINTS);
    hfi_settings_destroy(&s);
}

/* Deeper than anything that a configuration has. */
static void
what_is_too_deep_is_told(void **state)
{
    (void)state;
    char text[4096] = "types\n";
    char why[4096];
    for (int k = 1; k < 30; k++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%*sx\n", 4 * k, "");
    (void)strcat(text, "lease = x\n");
    hfi_settings_t *s = settings_of(text, why, sizeof why);
    assert_null(s);
    assert_string_equal(why, "holdfastd.conf:9: it is too deep inside\n"
                             "holdfastd.conf:31: lease is a number of seconds up to a million, not "
                             "'x'\n");
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
    static const char *const files[] = {"/nowhere/at all", "/tmp", "/dev/zero"};
    static const char *const wants[] = {"/nowhere/at all: No such file or directory\n",
                                        "/tmp: Is a directory\n",
                                        "/dev/zero is longer than 1048576 bytes\n"};
    for (int k = 0; k < 3; k++) {
        char why[512];
        hfi_complaints_t complaints = {.file = files[k]};
        hfi_settings_t *s = hfi_settings_new();
        assert_false(hfi_settings_read(s, &complaints));
        say_all(&complaints, why, sizeof why);
        assert_string_equal(why, wants[k]);
        hfi_settings_destroy(&s);
    }
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
    static hfi_complaints_t complaints;
    assert_int_equal(setenv("XDG_RUNTIME_DIR", folder, 1), 0);
    hfi_settings_t *s = hfi_settings_new();
    assert_true(hfi_settings_complete(s, &complaints));
    char expected[128];
    (void)snprintf(expected, sizeof expected, "ipc://%s/holdfast/manager.sock", folder);
    assert_int_equal(s->binds.n, 1);
    assert_string_equal(s->binds.at[0], expected);
    (void)snprintf(expected, sizeof expected, "%s/holdfast", folder);
    assert_string_equal(s->run_dir, expected);
    assert_int_equal(s->memory_limit, hfi_ceiling() / 5 * 4);
    hfi_settings_drop_binds(s);
    assert_true(hfi_settings_add_bind(s, "tcp://0.0.0.0:1"));
    assert_false(hfi_settings_complete(s, &complaints));
    assert_int_equal(complaints.n, 1);
    assert_int_equal(complaints.at[0].line, 0);
    hfi_settings_destroy(&s);
}

/* What POLICY is to carry, as JSON; the limits, which are last, cut off. */
static const char *
policy_of(const hfi_settings_t *settings)
{
    static char text[4096];
    hfi_bytes_t bytes = {0};
    hfi_bytes_t json = {0};
    hfi_bytes_writer_t out;
    hfi_bytes_writer_open(&out, &bytes);
    hfi_settings_policy(settings, &out.w);
    assert_true(hfi_bytes_writer_close(&out));
    hf_value_t value = hfi_value_view(hfi_bytes_span(&bytes), 0);
    assert_true(hfi_json_write(&value, &json));
    (void)snprintf(text, sizeof text, "%.*s", (int)json.len, (const char *)json.at);
    char *limits = strstr(text, "\"limits\": {\"frame\"");
    assert_non_null(limits);
    *limits = '\0';
    hfi_bytes_close(&bytes);
    hfi_bytes_close(&json);
    return text;
}

static void
the_policy_is_the_registrys_value(void **state)
{
    (void)state;
    char why[512];
    hfi_settings_t *s = settings_of("types\n"
                                    "    list\n"
                                    "        expose = \"append pop, len\"\n"
                                    "        hide = \"\"\n"
                                    "        expose = get\n"
                                    "        rename\n"
                                    "            get = fetch\n"
                                    "        defaults\n"
                                    "    dict\n"
                                    "roles\n"
                                    "    r\n"
                                    "        grant = a.b\n"
                                    "    empty\n"
                                    "users\n"
                                    "    root = r\n"
                                    "    1000 = \"r empty\"\n"
                                    "others\n",
                                    why, sizeof why);
    assert_string_equal(why, "");
    assert_string_equal(
        policy_of(s),
        "{\"types\": {\"list\": {\"expose\": [\"append pop, len\", \"get\"], \"hide\": \"\", "
        "\"rename\": {\"get\": \"fetch\"}, \"defaults\": {}}, \"dict\": {}}, \"roles\": {\"r\": "
        "{\"grant\": \"a.b\"}, \"empty\": {}}, \"users\": {\"0\": \"r\", \"1000\": \"r empty\"}, "
        "\"others\": {}, ");
    assert_int_equal(hfi_deployment_line(&s->deployment, "types/list/expose[0]"), 3);
    assert_int_equal(hfi_deployment_line(&s->deployment, "types/list/expose[1]"), 5);
    assert_int_equal(hfi_deployment_line(&s->deployment, "types/list/expose"), 3);
    assert_int_equal(hfi_deployment_line(&s->deployment, "types/list/rename/get"), 7);
    assert_int_equal(hfi_deployment_line(&s->deployment, "types/list/rename/put"), 6);
    assert_int_equal(hfi_deployment_line(&s->deployment, "types/dict"), 9);
    assert_int_equal(hfi_deployment_line(&s->deployment, "users/0"), 15);
    assert_int_equal(hfi_deployment_line(&s->deployment, "others/ipc"), 17);
    assert_int_equal(hfi_deployment_line(&s->deployment, "nowhere"), 0);
    hfi_settings_destroy(&s);
}

static void
note_key(void *context, const char *key)
{
    char *keys = context;
    (void)snprintf(keys + strlen(keys), 256 - strlen(keys), "%s;", key);
}

static void
what_differs_is_named(void **state)
{
    (void)state;
    char why[512];
    char keys[256] = "";
    hfi_settings_t *a = settings_of("bind = tcp://127.0.0.1:1\nrun_dir = /a\nlimits\n    names = "
                                    "5\n",
                                    why, sizeof why);
    hfi_settings_t *b = settings_of("bind = tcp://127.0.0.1:1\nrun_dir = /a\nlimits\n    names = "
                                    "6\ntypes\n    x\n",
                                    why, sizeof why);
    hfi_settings_compare(a, b, note_key, keys);
    assert_string_equal(keys, "");
    hfi_settings_destroy(&b);
    b = settings_of("bind = tcp://127.0.0.1:2\nspin = 0\nplacement = free\nlog = debug\nlease = "
                    "7\nmemory_limit = 1G\nlimits\n    window = 5\n",
                    why, sizeof why);
    hfi_settings_compare(a, b, note_key, keys);
    assert_string_equal(keys, "bind;run_dir;placement;spin;log;lease;memory_limit;limits (frame, "
                              "depth, window, window_bytes);");
    hfi_settings_destroy(&a);
    hfi_settings_destroy(&b);
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
        cmocka_unit_test(every_mistake_is_told_with_its_line),
        cmocka_unit_test(there_are_no_more_complaints_than_fit),
        cmocka_unit_test(what_is_too_deep_is_told),
        cmocka_unit_test(what_differs_is_named),
        cmocka_unit_test(what_zconfig_cannot_read_is_told_with_its_line),
        cmocka_unit_test(a_file_that_cannot_be_read_is_told),
        cmocka_unit_test(a_tcp_address_for_others_needs_insecure),
        cmocka_unit_test(what_nobody_said_is_filled_in),
        cmocka_unit_test(the_policy_is_the_registrys_value),
        cmocka_unit_test(the_ceiling_heeds_rlimit_as),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
