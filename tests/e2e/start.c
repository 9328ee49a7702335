/* SPDX-License-Identifier: MPL-2.0 */
/* start -- managers that begin and end well, and every way of not beginning. */
#define _GNU_SOURCE
#include "harness.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "raw.h"

static int64_t
count_objects(const e2e_t *self)
{
    raw_t client;
    raw_answer_t answer;
    raw_open(&client, self->endpoint, 77);
    (void)raw_begin(&client, false);
    raw_answer(&client, raw_call(&client, 0, "number_of_objects", ""), &answer);
    int64_t n = raw_int_of(&answer);
    raw_bye(&client);
    raw_close(&client);
    return n;
}

static void
it_serves_at_the_default_endpoint_and_drains(void **state)
{
    e2e_t *self = *state;
    struct stat at;
    E2E_START(self, NULL);
    char expected[128];
    (void)snprintf(expected, sizeof expected, "ipc://%s/holdfast/manager.sock", self->folder);
    assert_string_equal(self->endpoint, expected);
    assert_int_equal(stat(e2e_path(self, "holdfast"), &at), 0);
    assert_int_equal(at.st_mode & 07777, 0700);
    assert_int_equal(stat(e2e_path(self, "holdfast/manager.sock"), &at), 0);
    assert_int_equal(at.st_mode & 077, 0);
    e2e_await_log(self, "serves on ipc://");
    assert_int_equal(count_objects(self), 0);
    assert_int_equal(e2e_stop(self), 0);
    e2e_await_log(self, "stopped");
}

static void
the_default_endpoint_needs_no_default_run_dir(void **state)
{
    e2e_t *self = *state;
    char config[256];
    (void)snprintf(config, sizeof config, "run_dir = \"%s\"\n", e2e_path(self, "elsewhere"));
    e2e_start_configured(self, config);
    assert_non_null(strstr(self->endpoint, "/holdfast/manager.sock"));
    assert_int_equal(access(e2e_path(self, "elsewhere/plugins"), F_OK), 0);
    assert_int_not_equal(access(e2e_path(self, "holdfast/plugins"), F_OK), 0);
    assert_int_equal(count_objects(self), 0);
}

static void
sigint_drains_too(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    assert_int_equal(kill(self->pid, SIGINT), 0);
    assert_int_equal(e2e_await_end(self), 0);
}

static void
it_serves_at_several_endpoints(void **state)
{
    e2e_t *self = *state;
    char second[128];
    (void)snprintf(second, sizeof second, "ipc://%s", e2e_path(self, "second.sock"));
    E2E_START(self, "--bind", "tcp://127.0.0.1:*", "--bind", second);
    assert_int_equal(strncmp(self->endpoint, "tcp://127.0.0.1:", 16), 0);
    assert_int_equal(count_objects(self), 0);
    (void)snprintf(self->endpoint, sizeof self->endpoint, "%s", second);
    assert_int_equal(count_objects(self), 0);
    assert_int_equal(e2e_stop(self), 0);
}

static void
a_killed_managers_socket_is_taken_over(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    E2E_START(self, NULL);
    raw_open(&client, self->endpoint, 1);
    (void)raw_begin(&client, false);
    e2e_kill(self);
    E2E_START(self, NULL);
    assert_int_equal(count_objects(self), 0);
    raw_hello(&client, true); /* a session of the dead one */
    char reason[64];
    do
        assert_true(raw_receive(&client, raw_patience_ms()));
    while (client.kind != RAW_REJECT);
    raw_reason(&client, reason, sizeof reason);
    assert_string_equal(reason, "session_expired");
    raw_close(&client);
}

static void
a_second_manager_is_refused(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    const e2e_result_t *second = E2E_HOLDFASTD(self, NULL);
    assert_int_equal(second->status, 1);
    assert_non_null(strstr(second->err, "another manager serves there"));
    assert_int_equal(count_objects(self), 0); /* the first one has not noticed */
}

/* Exit 1 with one line, which has `expected` in it. */
static void
refused(e2e_t *self, const char *expected, const char *const *args)
{
    const e2e_result_t *result = e2e_holdfastd(self, args);
    const char *end = strchr(result->err, '\n');
    if (result->status != 1 || strncmp(result->err, "holdfastd: ", 11) != 0 ||
        strstr(result->err, expected) == NULL || end == NULL || end[1] != '\0' ||
        result->out[0] != '\0')
        fail_msg("expected 1 and '%s', got %d, stdout '%s', stderr '%s'", expected, result->status,
                 result->out, result->err);
}

#define REFUSED(self_, expected_, ...)                                                             \
    refused((self_), (expected_), (const char *const[]){__VA_ARGS__, NULL})

static void
refused_config(e2e_t *self, const char *expected, const char *config)
{
    char path[192];
    (void)snprintf(path, sizeof path, "%s", e2e_path(self, "bad.conf"));
    e2e_write(self, "bad.conf", config);
    REFUSED(self, expected, "-c", path);
    REFUSED(self, expected, "-c", path, "--check");
}

static void
a_bad_configuration_is_refused_in_one_line(void **state)
{
    e2e_t *self = *state;
    REFUSED(self, "/nowhere.conf: No such file or directory", "-c", "/nowhere.conf");
    refused_config(self, "bad.conf:2: there is no key 'lese'", "grace = 1\nlese = 3\n");
    refused_config(self, "bad.conf:1: lease is a number", "lease = x\n");
    refused_config(self, "bad.conf:1: ", "this is no configuration\n");
    refused_config(self, "bad.conf:3: there is no limit 'windo'",
                   "limits\n    depth = 5\n    windo = 3\n");
    refused_config(self, "'lst'", "types\n    lst\n        hide = append\n");
    refused_config(self, "'apend'", "types\n    list\n        hide = apend\n");
    refused_config(self, "bad.conf:1: /nowhere/missing.so: No such file",
                   "plugin = /nowhere/missing.so\n");
    refused_config(self, "bad.conf:2: tcp://0.0.0.0:0 can be reached",
                   "grace = 1\nbind = \"tcp://0.0.0.0:0\"\n");
}

static void
an_unusable_endpoint_is_refused_in_one_line(void **state)
{
    e2e_t *self = *state;
    REFUSED(self, "'here' is no endpoint", "--bind", "here");
    REFUSED(self, "insecure = 1", "--bind", "tcp://*:5570");
    REFUSED(self, "/nowhere/x.sock: No such file or directory", "--bind", "ipc:///nowhere/x.sock");
    REFUSED(self, "'tcp://127.0.0.1:99999' names no address and port", "--bind",
            "tcp://127.0.0.1:99999");
    char path[192];
    char endpoint[208];
    (void)snprintf(path, sizeof path, "%s", e2e_path(self, "file"));
    e2e_write(self, "file", "precious");
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s", path);
    REFUSED(self, "something that is no socket stands there", "--bind", endpoint);
    E2E_START(self, "--bind", "tcp://127.0.0.1:*");
    char taken[128];
    (void)snprintf(taken, sizeof taken, "%s", self->endpoint);
    REFUSED(self, "Address already in use", "--bind", taken);
}

static void
a_bad_plugin_is_refused_in_one_line(void **state)
{
    e2e_t *self = *state;
    char path[192];
    (void)snprintf(path, sizeof path, "%s", e2e_path(self, "text.so"));
    e2e_write(self, "text.so", "this is no library\n");
    REFUSED(self, "text.so cannot be mapped", "--plugin", path);
    assert_int_equal(chmod(path, 0666), 0);
    REFUSED(self, "text.so can be written by others (mode 0666)", "--plugin", path);
    REFUSED(self, "it exports no hf_plugin", "--plugin", "/lib/x86_64-linux-gnu/libm.so.6");
    REFUSED(self, "text.so", "--check", "--plugin", path);
}

static void
wrong_usage_is_2(void **state)
{
    e2e_t *self = *state;
    assert_int_equal(E2E_HOLDFASTD(self, "--nonsense")->status, 2);
    assert_non_null(strstr(self->result.err, "--nonsense"));
    assert_int_equal(E2E_HOLDFASTD(self, "--bind")->status, 2);
    assert_int_equal(E2E_HOLDFASTD(self, "--ready-fd", "x")->status, 2);
    assert_int_equal(E2E_HOLDFASTD(self, "--ready-fd", "77")->status, 2);
    assert_int_equal(E2E_HOLDFASTD(self, "file")->status, 2);
}

static void
what_only_prints_is_0(void **state)
{
    e2e_t *self = *state;
    assert_int_equal(E2E_HOLDFASTD(self, "--version")->status, 0);
    assert_string_equal(self->result.out, "holdfastd " HF_VERSION "\n");
    assert_int_equal(E2E_HOLDFASTD(self, "--help")->status, 0);
    assert_non_null(strstr(self->result.out, "--record FILE"));
    assert_int_equal(E2E_HOLDFASTD(self, "--help-config")->status, 0);
    assert_non_null(strstr(self->result.out, "memory_limit"));
    assert_non_null(strstr(self->result.out, "window_bytes"));
    assert_int_equal(E2E_HOLDFASTD(self, "--check")->status, 0);
}

static void
the_shipped_configurations_are_fine(void **state)
{
    e2e_t *self = *state;
    assert_int_equal(E2E_HOLDFASTD(self, "--check", "-c", E2E_CONF "/local.conf")->status, 0);
    assert_int_equal(E2E_HOLDFASTD(self, "--check", "-c", E2E_CONF "/full.conf")->status, 0);
}

static void
insecure_says_so_and_serves(void **state)
{
    e2e_t *self = *state;
    e2e_start_configured(self, "bind = \"tcp://0.0.0.0:*\"\ninsecure = 1\n");
    e2e_await_log(self, "insecure = 1: whoever reaches a tcp endpoint may do everything");
}

static void
systemd_is_told(void **state)
{
    e2e_t *self = *state;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s/notify", self->folder);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    (void)snprintf(self->notify, sizeof self->notify, "%s", at.sun_path);
    E2E_START(self, NULL);
    char text[64];
    struct timeval wait = {.tv_sec = 20};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
    ssize_t n = recv(fd, text, sizeof text - 1, 0);
    assert_int_equal(n, 7);
    assert_memory_equal(text, "READY=1", 7);
    (void)close(fd);
}

int
main(void)
{
#define IT(name_) cmocka_unit_test_setup_teardown(name_, e2e_open, e2e_close)
    const struct CMUnitTest tests[] = {
        IT(it_serves_at_the_default_endpoint_and_drains),
        IT(the_default_endpoint_needs_no_default_run_dir),
        IT(sigint_drains_too),
        IT(it_serves_at_several_endpoints),
        IT(a_killed_managers_socket_is_taken_over),
        IT(a_second_manager_is_refused),
        IT(a_bad_configuration_is_refused_in_one_line),
        IT(an_unusable_endpoint_is_refused_in_one_line),
        IT(a_bad_plugin_is_refused_in_one_line),
        IT(wrong_usage_is_2),
        IT(what_only_prints_is_0),
        IT(the_shipped_configurations_are_fine),
        IT(insecure_says_so_and_serves),
        IT(systemd_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
