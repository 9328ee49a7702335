/* SPDX-License-Identifier: MPL-2.0 */
/* library -- libholdfast over a real socket, against a manager that the test holds in its hand: threads, interrupts,
 * late answers, cut connections, a manager that begins anew, releases, fork. */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <holdfast/holdfast.h>

#include "server.h"

enum { THREADS = 32, CALLS = 200, PATIENCE_S = 20 };

typedef struct fixture {
    char endpoint[64];
    server_t *server;
    hf_client_t *client;
    hf_proxy_t *thing;
} fixture_t;

static int
setup(void **state)
{
    fixture_t *self = calloc(1, sizeof *self);
    assert_non_null(self);
    (void)snprintf(self->endpoint, sizeof self->endpoint, "ipc:///tmp/holdfast-test-%ld.sock",
                   (long)getpid());
    self->server = server_start(self->endpoint);
    self->client = hf_connect(self->endpoint, NULL);
    if (self->client == NULL)
        fail_msg("%s: %s", hf_errkind(), hf_errmsg());
    self->thing = hf_create(self->client, "thing", "");
    assert_non_null(self->thing);
    *state = self;
    return 0;
}

static void
no_offence(peer_t *peer, void *context)
{
    const char **offence = context;
    *offence = peer->offence;
}

static int
teardown(void **state)
{
    fixture_t *self = *state;
    const char *offence = NULL;
    hf_release(&self->thing);
    hf_disconnect(&self->client);
    if (server_n_sessions(self->server) > 0)
        server_with(self->server, 0, no_offence, &offence);
    if (offence != NULL)
        fail_msg("the peer says: %s", offence);
    server_stop(&self->server);
    free(self);
    return 0;
}

/* Waits until the peer says so; the server's own loop is the clock. */
typedef struct expectation {
    bool (*is_met)(const peer_t *peer, uint64_t number);
    uint64_t number;
    bool is;
} expectation_t;

static void
look(peer_t *peer, void *context)
{
    expectation_t *self = context;
    self->is = self->is_met(peer, self->number);
}

static void
await_peer(fixture_t *f, bool (*is_met)(const peer_t *, uint64_t), uint64_t number)
{
    expectation_t e = {is_met, number, false};
    time_t end = time(NULL) + PATIENCE_S;
    while (!e.is) {
        assert_true(time(NULL) < end);
        server_with(f->server, 0, look, &e);
    }
}

static bool
has_parked(const peer_t *peer, uint64_t n)
{
    return peer->n_parked == n;
}

static bool
holds_only(const peer_t *peer, uint64_t n)
{
    return peer->held.live == n;
}

static bool
has_pings(const peer_t *peer, uint64_t n)
{
    return peer->pings >= n;
}

/* ---- calls ---------------------------------------------------------------------------- */

static void
test_call_and_read(void **state)
{
    fixture_t *f = *state;
    int64_t n = 0;
    double d = 0;
    bool b = false;
    char *s = NULL;
    assert_string_equal(hf_proxy_typeid(f->thing), "thing");
    assert_int_equal(hf_call_into(f->thing, "echo", "ifbs", (int64_t)-5, 1.5, 1, "four", "[ifbs]",
                                  &n, &d, &b, &s),
                     0);
    assert_int_equal(n, -5);
    assert_true(d > 1.4 && d < 1.6 && b);
    assert_string_equal(s, "four");
    assert_string_equal(hf_errkind(), "");
    free(s);
    assert_int_equal(hf_call_into(f->thing, "echo", "s", "x", "[i]", &n), -1);
    assert_string_equal(hf_errkind(), "TypeError");
    assert_int_equal(n, -5); /* untouched */
}

static void
test_error_is_the_callers(void **state)
{
    fixture_t *f = *state;
    assert_int_equal(hf_call(f->thing, "raise", "ssi", "KeyError", "no such key", (int64_t)7), -1);
    assert_string_equal(hf_errkind(), "KeyError");
    assert_string_equal(hf_errmsg(), "no such key");
    assert_non_null(hf_errdata());
    assert_int_equal(hf_as_int(hf_errdata()), 7);
    assert_int_equal(hf_call(f->thing, "count", ""), 0);
    assert_string_equal(hf_errkind(), "");
    assert_null(hf_errdata());
}

static void
test_misuse_is_an_error(void **state)
{
    fixture_t *f = *state;
    hf_proxy_t *nothing = NULL;
    assert_int_equal(hf_call(NULL, "count", ""), -1);
    assert_string_equal(hf_errkind(), "ValueError");
    assert_null(hf_create(NULL, "thing", ""));
    assert_string_equal(hf_errkind(), "ValueError");
    assert_int_equal(hf_call(f->thing, "echo", "[i", (int64_t)1), -1);
    assert_string_equal(hf_errkind(), "ValueError");
    assert_int_equal(hf_call(f->thing, "echo", "h", nothing), -1);
    assert_string_equal(hf_errkind(), "ValueError");
    assert_int_equal(hf_call(f->thing, NULL, ""), -1);
    assert_string_equal(hf_errkind(), "ValueError");
    hf_value_t value = hf_int(3);
    assert_int_equal(hf_call_value(f->thing, "echo", &value, NULL, HF_FOREVER, NULL), -1);
    assert_string_equal(hf_errkind(), "TypeError");
    assert_null(hf_call_proxy(f->thing, "count", ""));
    assert_string_equal(hf_errkind(), "TypeError");
    assert_int_equal(hf_await(NULL, 0), -1);
    hf_release(&nothing);
    hf_future_t *none = NULL;
    hf_future_destroy(&none);
}

static void
test_long_values(void **state)
{
    fixture_t *f = *state;
    size_t len = 1 << 20;
    uint8_t *bytes = calloc(1, 9 << 20);
    assert_non_null(bytes);
    memset(bytes, 'x', len);
    void *back = NULL;
    size_t back_len = 0;
    assert_int_equal(hf_call_into(f->thing, "echo", "B", bytes, len, "[B]", &back, &back_len), 0);
    assert_int_equal(back_len, len);
    assert_memory_equal(back, bytes, len);
    free(back);
    assert_int_equal(hf_call(f->thing, "echo", "B", bytes, (size_t)9 << 20), -1);
    assert_string_equal(hf_errkind(), "LimitExceeded");
    assert_int_equal(hf_call(f->thing, "count", ""), 0); /* and the session lives on */
    free(bytes);
}

/* ---- references ----------------------------------------------------------------------- */

static void
test_handles_in_a_value_live_as_long_as_it(void **state)
{
    fixture_t *f = *state;
    hf_value_t answer;
    hf_value_t copy;
    hf_value_t item;
    hf_cursor_t cursor;
    hf_value_t args;
    assert_int_equal(hf_build(NULL, &args, "[i]", (int64_t)3), HF_OK);
    assert_int_equal(hf_call_value(f->thing, "many", &args, NULL, HF_FOREVER, &answer), 0);
    await_peer(f, holds_only, 4);
    hf_open(&cursor, &answer);
    assert_true(hf_next(&cursor, &item));
    hf_proxy_t *kept = hf_proxy_of(f->client, &item);
    assert_non_null(kept);
    assert_int_equal(hf_keep(NULL, &answer, &copy), HF_OK);
    hf_drop(NULL, &answer);
    assert_int_equal(hf_flush(f->client, HF_FOREVER), 0);
    await_peer(f, holds_only, 4); /* the copy shares what the answer held */
    hf_drop(NULL, &copy);
    await_peer(f, holds_only, 2); /* the thing, and the one that was kept */
    assert_int_equal(hf_call(kept, "count", ""), 0);
    hf_proxy_t *same = hf_dup(kept);
    assert_true(hf_proxy_equal(same, kept));
    hf_release(&kept);
    assert_int_equal(hf_flush(f->client, HF_FOREVER), 0);
    assert_int_equal(hf_call(same, "count", ""), 0);
    hf_release(&same);
    await_peer(f, holds_only, 1);
    hf_drop(NULL, &args);
}

static void *
release_many(void *context)
{
    fixture_t *f = context;
    for (int i = 0; i < CALLS; i++) {
        hf_proxy_t *one = hf_dup(f->thing);
        HF_AUTO_PROXY hf_proxy_t *two = hf_create(f->client, "thing", "");
        assert_non_null(one);
        assert_non_null(two);
        hf_release(&one);
    }
    return NULL;
}

static void
in_threads(fixture_t *f, int n, void *(*work)(void *))
{
    pthread_t threads[THREADS];
    for (int i = 0; i < n; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, f), 0);
    for (int i = 0; i < n; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void
test_release_from_any_thread(void **state)
{
    fixture_t *f = *state;
    in_threads(f, 8, release_many);
    await_peer(f, holds_only, 1);
}

/* ---- threads -------------------------------------------------------------------------- */

static void *
echo_many(void *context)
{
    fixture_t *f = context;
    for (int64_t i = 0; i < CALLS; i++) {
        int64_t tag = (int64_t)pthread_self() ^ i;
        int64_t back = 0;
        if (hf_call_into(f->thing, "echo", "i", tag, "[i]", &back) != 0)
            (void)fprintf(stderr, "%s: %s\n", hf_errkind(), hf_errmsg());
        assert_int_equal(back, tag);
        if (i % 50 == 0) {
            assert_int_equal(hf_call(f->thing, "raise", "ssi", "ValueError", "mine", tag), -1);
            assert_int_equal(hf_as_int(hf_errdata()), tag); /* each thread its own error */
        }
    }
    return NULL;
}

static void
test_many_threads_share_a_client(void **state)
{
    fixture_t *f = *state;
    in_threads(f, THREADS, echo_many);
}

static void *
cut_at_times(void *context)
{
    fixture_t *f = context;
    for (int i = 0; i < 6; i++) {
        server_cut(f->server);
        assert_int_equal(hf_call(f->thing, "count", ""), 0); /* it is back */
    }
    return NULL;
}

static void
test_resume_loses_and_doubles_nothing(void **state)
{
    fixture_t *f = *state;
    pthread_t cutter;
    assert_int_equal(pthread_create(&cutter, NULL, cut_at_times, f), 0);
    in_threads(f, 4, echo_many);
    assert_int_equal(pthread_join(cutter, NULL), 0);
    /* create, 4 × (echoes and raises), 6 counts and this one: each ran once */
    int64_t n = 0;
    assert_int_equal(hf_call_into(f->thing, "count", "", "i", &n), 0);
    assert_int_equal(n, 1 + 4 * (CALLS + CALLS / 50) + 6 + 1);
}

/* ---- waits that end otherwise --------------------------------------------------------- */

static void *
wait_for_interrupt(void *context)
{
    fixture_t *f = context;
    assert_int_equal(hf_call(f->thing, "late", ""), -1);
    assert_string_equal(hf_errkind(), "Interrupted");
    return NULL;
}

static void
test_interrupt(void **state)
{
    fixture_t *f = *state;
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_for_interrupt, f), 0);
    await_peer(f, has_parked, 3);
    hf_interrupt(f->client);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(hf_call(f->thing, "wake", ""), 0); /* three late answers with a handle each */
    await_peer(f, holds_only, 1);
    assert_int_equal(hf_call(f->thing, "count", ""), 0);
}

static void
test_timeout_drops_the_late_answer(void **state)
{
    fixture_t *f = *state;
    assert_int_equal(hf_call_value(f->thing, "late", NULL, NULL, 0.05, NULL), -1);
    assert_string_equal(hf_errkind(), "TimeoutError");
    hf_set_timeout(f->client, 0.05);
    assert_int_equal(hf_call(f->thing, "park", ""), -1);
    assert_string_equal(hf_errkind(), "TimeoutError");
    await_peer(f, has_parked, 1); /* the park was cancelled, the late one cannot be */
    hf_future_t *future = hf_call_async(f->thing, "late", "");
    assert_non_null(future);
    assert_int_equal(hf_await(future, HF_FOREVER), -1);
    assert_string_equal(hf_errkind(), "TimeoutError");
    assert_true(hf_future_is_done(future));
    hf_future_destroy(&future);
    hf_set_timeout(f->client, HF_FOREVER);
    assert_int_equal(hf_call(f->thing, "wake", ""), 0);
    await_peer(f, holds_only, 1);
}

static void *
wait_for_the_end(void *context)
{
    fixture_t *f = context;
    assert_int_equal(hf_call(f->thing, "park", ""), -1);
    assert_string_equal(hf_errkind(), "SessionLost");
    return NULL;
}

static void
test_manager_that_begins_anew(void **state)
{
    fixture_t *f = *state;
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_for_the_end, f), 0);
    await_peer(f, has_parked, 3);
    hf_future_t *future = hf_call_async(f->thing, "park", "");
    server_forget(f->server);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(hf_await(future, HF_FOREVER), -1);
    assert_string_equal(hf_errkind(), "SessionLost");
    hf_future_destroy(&future);
    assert_int_equal(hf_call(f->thing, "count", ""), -1);
    assert_string_equal(hf_errkind(), "SessionLost");
    assert_null(hf_create(f->client, "thing", ""));
    hf_client_t *other = hf_connect(f->endpoint, NULL);
    assert_non_null(other);
    hf_proxy_t *thing = hf_create(other, "thing", "");
    assert_int_equal(hf_call(thing, "count", ""), 0);
    assert_int_equal(hf_call(thing, "echo", "h", f->thing), -1); /* the lost one's */
    assert_string_equal(hf_errkind(), "SessionLost");
    hf_release(&thing);
    hf_disconnect(&other);
}

static void *
wait_for_disconnect(void *context)
{
    fixture_t *f = context;
    hf_proxy_t *mine = hf_dup(f->thing);
    assert_int_equal(hf_call(mine, "park", ""), -1);
    assert_string_equal(hf_errkind(), "SessionLost");
    hf_release(&mine);
    return NULL;
}

static void
test_disconnect_ends_every_wait(void **state)
{
    fixture_t *f = *state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_for_disconnect, f), 0);
    await_peer(f, has_parked, 4);
    hf_future_t *future = hf_call_async(f->thing, "count", "");
    assert_int_equal(hf_await(future, HF_FOREVER), 0);
    hf_disconnect(&f->client);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    int64_t n;
    assert_int_equal(hf_await_into(future, 0, "i", &n), 0); /* what is here stays */
    hf_future_destroy(&future);
    assert_int_equal(hf_call(f->thing, "count", ""), -1);
    assert_string_equal(hf_errkind(), "SessionLost");
}

/* ---- calls that nobody waits for ------------------------------------------------------ */

static void
test_pipelined_past_the_window(void **state)
{
    fixture_t *f = *state;
    enum { N = 5000 };
    hf_future_t **futures = calloc(N, sizeof(hf_future_t *));
    assert_non_null(futures);
    for (int64_t i = 0; i < N; i++) {
        futures[i] = hf_call_async(f->thing, "echo", "i", i);
        assert_non_null(futures[i]);
    }
    for (int64_t i = N - 1; i >= 0; i--) {
        int64_t back = -1;
        assert_int_equal(hf_await_into(futures[i], HF_FOREVER, "[i]", &back), 0);
        assert_int_equal(back, i);
        hf_future_destroy(&futures[i]);
    }
    free(futures);
}

static void
test_promises(void **state)
{
    fixture_t *f = *state;
    hf_future_t *made = hf_create_async(f->client, "thing", "");
    hf_proxy_t *promised = hf_future_proxy(made);
    assert_non_null(promised);
    hf_future_t *first = hf_call_async(promised, "echo", "i", (int64_t)1);
    hf_future_t *second = hf_call_async(f->thing, "echo", "p", first);
    int64_t back = 0;
    assert_int_equal(hf_await_into(second, HF_FOREVER, "[[i]]", &back), 0);
    assert_int_equal(back, 1);
    assert_int_equal(hf_call_into(f->thing, "echo", "p", first, "[[i]]", &back),
                     0); /* by value now */
    assert_string_equal(hf_proxy_typeid(promised), "thing");
    assert_int_not_equal(hf_proxy_object(promised), 0);
    hf_proxy_t *real = hf_await_proxy(made, HF_FOREVER);
    assert_true(hf_proxy_equal(real, promised));
    hf_future_destroy(&made);
    assert_int_equal(hf_call(promised, "count", ""), 0);
    hf_release(&promised);
    hf_release(&real);
    hf_future_destroy(&first);
    hf_future_destroy(&second);
    hf_future_t *bad = hf_call_async(f->thing, "raise", "ssn", "KeyError", "it failed");
    assert_int_equal(hf_await(bad, HF_FOREVER), -1);
    assert_int_equal(hf_call(f->thing, "echo", "p", bad), -1);
    assert_string_equal(hf_errkind(), "KeyError");
    hf_future_destroy(&bad);
    await_peer(f, holds_only, 1);
}

static void
test_cancel(void **state)
{
    fixture_t *f = *state;
    hf_future_t *future = hf_call_async(f->thing, "park", "");
    await_peer(f, has_parked, 1);
    assert_int_equal(hf_await(future, 0), -1);
    assert_string_equal(hf_errkind(), "TimeoutError");
    assert_false(hf_future_is_done(future));
    assert_int_equal(hf_cancel(future), 0);
    assert_int_equal(hf_await(future, HF_FOREVER), -1);
    assert_string_equal(hf_errkind(), "Cancelled");
    hf_future_destroy(&future);
}

static void
test_abandoned_future_gives_back(void **state)
{
    fixture_t *f = *state;
    hf_future_t *future = hf_create_async(f->client, "thing", "");
    hf_future_destroy(&future);
    for (int i = 0; i < 100; i++) {
        future = hf_call_async(f->thing, "many", "i", (int64_t)5);
        hf_future_destroy(&future);
    }
    await_peer(f, holds_only, 1);
}

static void
get_oneways(peer_t *peer, void *context)
{
    uint64_t *n = context;
    *n = peer->is_ended ? peer->oneways : 0;
}

static void
test_what_was_called_before_a_disconnect_is_not_lost(void **state)
{
    fixture_t *f = *state;
    for (int64_t i = 0; i < 3000; i++)
        assert_int_equal(hf_call_oneway(f->thing, "echo", "i", i), 0);
    hf_disconnect(&f->client);
    uint64_t n = 0;
    time_t end = time(NULL) + PATIENCE_S;
    while (n == 0 && time(NULL) < end)
        server_with(f->server, 0, get_oneways, &n);
    assert_int_equal(n, 3000);
}

/* A program that computes: nobody calls, and the session lives on. */
static void
test_keeper_keeps_the_session(void **state)
{
    fixture_t *f = *state;
    hf_options_t *options = hf_options_new();
    assert_int_equal(hf_options_set(options, "lease", "1"), 0);
    assert_int_equal(hf_options_set(options, "lease", "soon"), -1);
    assert_string_equal(hf_errkind(), "ValueError");
    assert_int_equal(hf_options_set(options, "spin", "fast"), -1);
    assert_string_equal(hf_errkind(), "ValueError");
    assert_int_equal(hf_options_set(options, "spin", "0"), 0);
    assert_int_equal(hf_options_set(options, "speed", "1"), -1);
    assert_string_equal(hf_errkind(), "KeyError");
    hf_disconnect(&f->client);
    server_forget(f->server);
    f->client = hf_connect(f->endpoint, options);
    assert_non_null(f->client);
    hf_options_destroy(&options);
    await_peer(f, has_pings, 2);
}

static void
has_let_time_pass(fixture_t *f, double seconds)
{
    struct timespec from;
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    do {
        (void)server_n_sessions(f->server);
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((double)(now.tv_sec - from.tv_sec) + (double)(now.tv_nsec - from.tv_nsec) / 1e9 <
             seconds);
}

static void *
count_once(void *context)
{
    fixture_t *f = context;
    assert_int_equal(hf_call(f->thing, "count", ""), 0);
    return NULL;
}

/* Half a lease without an answer: the connection is replaced, and the call still runs once. */
static void
test_silent_manager_gets_a_new_connection(void **state)
{
    fixture_t *f = *state;
    hf_options_t *options = hf_options_new();
    hf_release(&f->thing);
    hf_disconnect(&f->client);
    server_forget(f->server);
    assert_int_equal(hf_options_set(options, "lease", "3"), 0);
    f->client = hf_connect(f->endpoint, options);
    hf_options_destroy(&options);
    f->thing = hf_create(f->client, "thing", "");
    unsigned links = server_n_links(f->server);
    server_hold(f->server, true);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, count_once, f), 0);
    has_let_time_pass(f, 1.8);
    server_hold(f->server, false);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(server_n_links(f->server) > links);
    int64_t n = 0;
    assert_int_equal(hf_call_into(f->thing, "count", "", "i", &n), 0);
    assert_int_equal(n, 3); /* create, count, count */
}

/* ---- fork ----------------------------------------------------------------------------- */

/* This manager answers `adopt` with something else: then nothing is inherited, and nothing begun in its name. */
static int
child_of(fixture_t *f, hf_future_t *future)
{
    if (hf_call(f->thing, "count", "") != -1 || strcmp(hf_errkind(), "SessionLost") != 0)
        return 1;
    if (hf_await(future, HF_FOREVER) != -1 || strcmp(hf_errkind(), "SessionLost") != 0)
        return 2;
    if (hf_create(f->client, "thing", "") != NULL)
        return 3;
    hf_client_t *mine = hf_connect(f->endpoint, NULL);
    hf_proxy_t *thing = hf_create(mine, "thing", "");
    if (hf_call(thing, "count", "") != 0)
        return 4;
    hf_release(&thing);
    hf_disconnect(&mine);
    hf_future_destroy(&future);
    hf_release(&f->thing);
    hf_disconnect(&f->client);
    return 0;
}

static void
test_fork(void **state)
{
    fixture_t *f = *state;
    hf_future_t *future = hf_call_async(f->thing, "park", "");
    await_peer(f, has_parked, 1);
    pid_t pid = fork();
    if (pid == 0)
        _exit(child_of(f, future));
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(hf_call(f->thing, "wake", ""), 0);
    assert_int_equal(hf_await(future, HF_FOREVER), 0); /* the parent's session is as it was */
    hf_future_destroy(&future);
    await_peer(f, holds_only, 1);
}

int
main(void)
{
#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_call_and_read),
        TEST(test_error_is_the_callers),
        TEST(test_misuse_is_an_error),
        TEST(test_long_values),
        TEST(test_handles_in_a_value_live_as_long_as_it),
        TEST(test_release_from_any_thread),
        TEST(test_many_threads_share_a_client),
        TEST(test_resume_loses_and_doubles_nothing),
        TEST(test_interrupt),
        TEST(test_timeout_drops_the_late_answer),
        TEST(test_manager_that_begins_anew),
        TEST(test_disconnect_ends_every_wait),
        TEST(test_pipelined_past_the_window),
        TEST(test_promises),
        TEST(test_cancel),
        TEST(test_abandoned_future_gives_back),
        TEST(test_what_was_called_before_a_disconnect_is_not_lost),
        TEST(test_keeper_keeps_the_session),
        TEST(test_silent_manager_gets_a_new_connection),
        TEST(test_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
