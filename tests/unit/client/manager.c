/* SPDX-License-Identifier: MPL-2.0 */
/* manager -- libholdfast against a real holdfastd (argv[1]): many threads, interrupts, time-outs, a connection that is
 * cut under way, a manager that is killed, fork. */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <holdfast/holdfast.h>

#include "wire.h"

enum { THREADS = 32, CALLS = 100, PATIENCE_S = 20 };

static const char *holdfastd;

typedef struct fixture {
    char folder[64];
    char endpoint[128];
    pid_t manager;
    hf_client_t *client;
} fixture_t;

static void
start_manager(fixture_t *f)
{
    f->manager = fork();
    if (f->manager == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that aborts leaves nobody behind */
        (void)execl(holdfastd, holdfastd, "--bind", f->endpoint, (char *)NULL);
        _exit(127);
    }
    assert_true(f->manager > 0);
}

static hf_client_t *
connect_to(const char *endpoint)
{
    hf_options_t *options = hf_options_new();
    assert_int_equal(hf_options_set(options, "wait", "20"), 0);
    assert_int_equal(hf_options_set(options, "connect_timeout", "20"), 0);
    hf_client_t *client = hf_connect(endpoint, options);
    if (client == NULL)
        fail_msg("%s: %s", hf_errkind(), hf_errmsg());
    hf_options_destroy(&options);
    return client;
}

static int
setup(void **state)
{
    fixture_t *f = calloc(1, sizeof *f);
    assert_non_null(f);
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/holdfast-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->endpoint, sizeof f->endpoint, "ipc://%s/manager.sock", f->folder);
    start_manager(f);
    f->client = connect_to(f->endpoint);
    *state = f;
    return 0;
}

static void
stop_manager(fixture_t *f, int signal, int expected)
{
    int status = -1;
    assert_int_equal(kill(f->manager, signal), 0);
    assert_int_equal(waitpid(f->manager, &status, 0), f->manager);
    if (signal == SIGTERM) {
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), expected);
    }
}

static int
teardown(void **state)
{
    fixture_t *f = *state;
    char path[160];
    hf_disconnect(&f->client);
    stop_manager(f, SIGTERM, 0);
    (void)snprintf(path, sizeof path, "%s/manager.sock", f->folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/wire.sock", f->folder);
    (void)unlink(path);
    (void)rmdir(f->folder);
    free(f);
    return 0;
}

static int64_t
n_objects(hf_client_t *client)
{
    int64_t n = -1;
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    assert_int_equal(hf_call_into(manager, "number_of_objects", "", "i", &n), 0);
    return n;
}

/* ---- the page's program --------------------------------------------------------------- */

static void
test_program(void **state)
{
    fixture_t *f = *state;
    int64_t n = 0;
    int64_t before = n_objects(f->client);
    hf_proxy_t *list = hf_create(f->client, "list", "[iii]", (int64_t)1, (int64_t)2, (int64_t)3);
    assert_non_null(list);
    assert_int_equal(hf_call(list, "append", "s", "four"), 0);
    assert_int_equal(hf_call_into(list, "len", "", "i", &n), 0);
    assert_int_equal(n, 4);
    hf_future_t *popped = hf_call_async(list, "pop", "i", (int64_t)0);
    assert_int_equal(hf_await_into(popped, HF_FOREVER, "i", &n), 0);
    assert_int_equal(n, 1);
    hf_future_destroy(&popped);
    assert_int_equal(hf_bind(f->client, "todo", list, false), 0);
    hf_proxy_t *scoped = hf_lookup(f->client, "todo");
    assert_true(hf_proxy_equal(scoped, list));
    hf_release(&scoped);
    assert_int_equal(hf_unbind(f->client, "todo"), 0);
    assert_null(hf_lookup(f->client, "todo"));
    assert_string_equal(hf_errkind(), "KeyError");
    assert_null(hf_create(f->client, "nosuch", ""));
    assert_string_equal(hf_errkind(), "NoSuchType");
    assert_int_equal(hf_call(list, "nosuch", ""), -1);
    assert_string_equal(hf_errkind(), "NoSuchMethod");
    hf_release(&list);
    assert_int_equal(n_objects(f->client), before);
}

/* ---- threads -------------------------------------------------------------------------- */

typedef struct crew {
    hf_client_t *client;
    hf_proxy_t *list;
} crew_t;

static void *
append_many(void *context)
{
    crew_t *crew = context;
    for (int64_t i = 0; i < CALLS; i++) {
        HF_AUTO_PROXY hf_proxy_t *mine = hf_create(crew->client, "list", "[i]", i);
        assert_int_equal(hf_call(crew->list, "append", "h", mine), 0);
    }
    return NULL;
}

static void
in_threads(crew_t *crew, int n, void *(*work)(void *))
{
    pthread_t threads[THREADS];
    for (int i = 0; i < n; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, crew), 0);
    for (int i = 0; i < n; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void
test_threads_share_a_client(void **state)
{
    fixture_t *f = *state;
    int64_t before = n_objects(f->client);
    crew_t crew = {f->client, hf_create(f->client, "list", "")};
    in_threads(&crew, THREADS, append_many);
    int64_t n = 0;
    assert_int_equal(hf_call_into(crew.list, "len", "", "i", &n), 0);
    assert_int_equal(n, THREADS * CALLS);
    assert_int_equal(n_objects(f->client), before + 1 + n); /* the list holds them */
    hf_release(&crew.list);
    assert_int_equal(n_objects(f->client), before);
}

/* ---- waits that end otherwise --------------------------------------------------------- */

static void *
get_interrupted(void *context)
{
    crew_t *crew = context;
    assert_int_equal(hf_call(crew->list, "get", ""), -1);
    assert_string_equal(hf_errkind(), "Interrupted");
    return NULL;
}

/* Waits until the manager has `n` parked calls beside this one's own, which waits for the shell's figures. */
static void
await_parked(hf_client_t *client, int64_t n)
{
    time_t end = time(NULL) + PATIENCE_S;
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    int64_t parked = -1;
    while (parked != n + 1) {
        assert_true(time(NULL) < end);
        hf_value_t stats;
        assert_int_equal(hf_call_value(manager, "stats", NULL, NULL, HF_FOREVER, &stats), 0);
        hf_cursor_t cursor;
        hf_value_t key;
        hf_value_t value;
        hf_open(&cursor, &stats);
        while (hf_next(&cursor, &key) && hf_next(&cursor, &value)) {
            size_t len;
            const char *name = hf_as_str(&key, &len);
            if (name != NULL && len == 6 && memcmp(name, "parked", 6) == 0)
                parked = hf_as_int(&value);
        }
        hf_drop(NULL, &stats);
    }
}

static void
test_given_up_gets_take_nothing(void **state)
{
    fixture_t *f = *state;
    int64_t n = 0;
    crew_t crew = {f->client, hf_create(f->client, "Queue", "")};
    hf_client_t *other = connect_to(f->endpoint);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, get_interrupted, &crew), 0);
    await_parked(other, 1);
    hf_interrupt(f->client);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(hf_call_value(crew.list, "get", NULL, NULL, 0.03, NULL), -1);
    assert_string_equal(hf_errkind(), "TimeoutError");
    assert_int_equal(hf_call(crew.list, "get", "timeout=f", 0.01), -1);
    assert_string_equal(hf_errkind(), "Empty");
    await_parked(other, 0);
    assert_int_equal(hf_call(crew.list, "put", "i", (int64_t)7), 0);
    assert_int_equal(hf_call_into(crew.list, "get", "", "i", &n), 0);
    assert_int_equal(n, 7);
    hf_release(&crew.list);
    hf_disconnect(&other);
}

static void *
get_lost(void *context)
{
    crew_t *crew = context;
    assert_int_equal(hf_call(crew->list, "get", ""), -1);
    assert_string_equal(hf_errkind(), "SessionLost");
    return NULL;
}

static void
test_killed_manager(void **state)
{
    fixture_t *f = *state;
    crew_t crew = {f->client, hf_create(f->client, "Queue", "")};
    hf_client_t *other = connect_to(f->endpoint);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, get_lost, &crew), 0);
    await_parked(other, 1);
    stop_manager(f, SIGKILL, 0);
    start_manager(f);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(hf_call(crew.list, "qsize", ""), -1);
    assert_string_equal(hf_errkind(), "SessionLost");
    hf_release(&crew.list);
    hf_disconnect(&other);
    hf_disconnect(&f->client);
    f->client = connect_to(f->endpoint);
    assert_true(n_objects(f->client) >= 0);
}

/* ---- a connection that is cut --------------------------------------------------------- */

typedef struct cutting {
    wire_t *wire;
    hf_proxy_t *list;
} cutting_t;

static void *
cut_at_times(void *context)
{
    cutting_t *self = context;
    for (int i = 0; i < 5; i++) {
        wire_cut(self->wire);
        assert_int_equal(hf_call(self->list, "len", ""), 0); /* it is back */
    }
    return NULL;
}

static void
test_cut_connection_loses_and_doubles_nothing(void **state)
{
    fixture_t *f = *state;
    char from[160];
    char to[160];
    char endpoint[176];
    (void)snprintf(from, sizeof from, "%s/wire.sock", f->folder);
    (void)snprintf(to, sizeof to, "%s/manager.sock", f->folder);
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s", from);
    wire_t *wire = wire_open(from, to);
    int64_t before = n_objects(f->client);
    crew_t crew = {connect_to(endpoint), NULL};
    crew.list = hf_create(crew.client, "list", "");
    cutting_t cutting = {wire, crew.list};
    pthread_t cutter;
    assert_int_equal(pthread_create(&cutter, NULL, cut_at_times, &cutting), 0);
    in_threads(&crew, 4, append_many);
    assert_int_equal(pthread_join(cutter, NULL), 0);
    int64_t n = 0;
    assert_int_equal(hf_call_into(crew.list, "len", "", "i", &n), 0);
    assert_int_equal(n, 4 * CALLS);
    hf_release(&crew.list);
    assert_int_equal(n_objects(crew.client), before);
    hf_disconnect(&crew.client);
    wire_close(&wire);
}

/* ---- fork ----------------------------------------------------------------------------- */

static int
child_of(fixture_t *f, hf_proxy_t *list)
{
    if (hf_call(list, "len", "") != 0)
        return 1;
    hf_client_t *mine = hf_connect(f->endpoint, NULL);
    hf_proxy_t *same = hf_lookup(mine, "shared");
    if (same == NULL || hf_call(same, "append", "s", "child") != 0)
        return 2;
    hf_release(&same);
    hf_release(&list);
    hf_disconnect(&mine);
    hf_disconnect(&f->client);
    return 0;
}

static void
test_fork(void **state)
{
    fixture_t *f = *state;
    hf_proxy_t *list = hf_create(f->client, "list", "");
    assert_int_equal(hf_bind(f->client, "shared", list, false), 0);
    pid_t pids[4];
    for (int i = 0; i < 4; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            _exit(child_of(f, list));
    }
    for (int i = 0; i < 4; i++) {
        int status = -1;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    int64_t n = 0;
    assert_int_equal(hf_call_into(list, "len", "", "i", &n), 0);
    assert_int_equal(n, 4);
    hf_release(&list);
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s HOLDFASTD\n", argv[0]);
        return 2;
    }
    holdfastd = argv[1];
#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_program),
        TEST(test_threads_share_a_client),
        TEST(test_given_up_gets_take_nothing),
        TEST(test_killed_manager),
        TEST(test_cut_connection_loses_and_doubles_nothing),
        TEST(test_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
