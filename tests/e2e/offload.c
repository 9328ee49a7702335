/* SPDX-License-Identifier: MPL-2.0 */
/* offload -- work that takes seconds on threads of the pool: others are answered meanwhile, whoever dies is let go, and
 * a manager that stops drains or abandons it. Each run is replayed without a thread.
 *
 *     test.e2e.offload                    the tests
 *     test.e2e.offload victim ENDPOINT    a process that has work done without end, and says that it is begun
 */
#define _GNU_SOURCE
#include "harness.h"

#include <signal.h>
#include <time.h>

#include <holdfast/holdfast.h>

#include "figure.h"

enum { CALLS = 300, SORTED = 20000 };

#define LONG_ROUNDS    (INT64_C(60000000) / (E2E_IS_SANITIZED ? 8 : 1)) /* about a second */
#define ENDLESS_ROUNDS (INT64_C(1) << 60)

static double
now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static hf_client_t *
connected(const char *endpoint)
{
    hf_client_t *client = e2e_connect(endpoint);
    if (client == NULL)
        fail_msg("%s: %s", hf_errkind(), hf_errmsg());
    return client;
}

static void
begin(e2e_t *t, const char *config)
{
    char text[512];
    (void)snprintf(text, sizeof text, "plugin = %s\noffload_threads = 2\n%s", E2E_OFFLOAD, config);
    e2e_start_configured(t, text);
}

/* A manager with a pool, a client of it and its Bench. */
typedef struct scene {
    e2e_t *t;
    hf_client_t *client;
    hf_proxy_t *bench;
} scene_t;

static scene_t
open_scene(void **state, const char *config)
{
    scene_t s = {.t = *state};
    begin(s.t, config);
    s.client = connected(s.t->endpoint);
    s.bench = hf_create(s.client, "Bench", "");
    assert_non_null(s.bench);
    return s;
}

static void
leave(scene_t *s)
{
    hf_release(&s->bench);
    hf_disconnect(&s->client);
}

/* And the manager stops well. */
static void
close_scene(scene_t *s)
{
    leave(s);
    assert_int_equal(e2e_stop(s->t), 0);
}

static hf_future_t *
hash(const hf_proxy_t *bench, int64_t rounds)
{
    hf_future_t *future = hf_call_async(bench, "hash", "si", "abc", rounds);
    assert_non_null(future);
    assert_int_equal(hf_flush(hf_proxy_client(bench), e2e_patience(10.0)), 0);
    return future;
}

/* ---- others go on ------------------------------------------------------------------------ */

static void
others_are_answered_meanwhile(void **state)
{
    scene_t s = open_scene(state, "");
    HF_AUTO_PROXY hf_proxy_t *two = hf_create(s.client, "Bench", "");
    hf_future_t *long_one = hash(s.bench, ENDLESS_ROUNDS);
    hf_future_t *behind = hf_call_async(s.bench, "total", "");
    int64_t total = 0;
    double slowest = 0.0;
    int during = 0;
    for (int i = 0; i < CALLS; i++) {
        double from = now_s();
        assert_int_equal(hf_call_into(two, "total", "", "i", &total), 0);
        double took = now_s() - from;
        slowest = took > slowest ? took : slowest;
        during += hf_future_is_done(long_one) ? 0 : 1;
    }
    assert_int_equal(during, CALLS); /* all of them while the hash was computed */
    assert_false(hf_future_is_done(behind));
    int64_t value = 0;
    assert_int_equal(hf_cancel(long_one), 0);
    assert_int_equal(hf_await_into(behind, e2e_patience(60.0), "i", &total), 0);
    assert_int_equal(hf_call_into(s.bench, "hash", "si", "abc", INT64_C(1), "i", &value), 0);
    assert_int_equal(value, INT64_C(8327104087692716965));
    print_message("%d calls beside it, the slowest took %.1f ms\n", during, slowest * 1e3);
    hf_future_destroy(&long_one);
    hf_future_destroy(&behind);
    close_scene(&s);
}

static void
a_large_list_is_sorted(void **state)
{
    hf_value_t list = {.raw = {0}};
    hf_value_t sorted = {.raw = {0}};
    scene_t s = open_scene(state, "");
    hf_writer_t *w = hf_writer(NULL);
    assert_non_null(w);
    hf_write_list(w, 1);
    hf_write_list(w, SORTED);
    for (int64_t i = 0; i < SORTED; i++)
        hf_write_int(w, i * 7919 % SORTED);
    assert_int_equal(hf_written(NULL, w, &list), HF_OK);
    assert_int_equal(hf_call_value(s.bench, "sort", &list, NULL, HF_FOREVER, &sorted), 0);
    hf_cursor_t items;
    hf_value_t item;
    int64_t next = 0;
    for (hf_open(&items, &sorted); hf_next(&items, &item); next++)
        assert_int_equal(hf_as_int(&item), next);
    assert_int_equal(next, SORTED);
    hf_drop(NULL, &list);
    hf_drop(NULL, &sorted);
    close_scene(&s);
}

/* ---- who dies ---------------------------------------------------------------------------- */

static int
victim(const char *endpoint)
{
    hf_client_t *client = e2e_connect(endpoint);
    hf_proxy_t *bench = client == NULL ? NULL : hf_lookup(client, "bench");
    hf_proxy_t *ready = client == NULL ? NULL : hf_lookup(client, "ready");
    if (bench == NULL || ready == NULL)
        return 9;
    hf_future_t *future = hf_call_async(bench, "add", "si", "abc", ENDLESS_ROUNDS);
    if (future == NULL || hf_call(ready, "set", "") != 0)
        return 9;
    return hf_await(future, HF_FOREVER);
}

static void
a_client_killed_meanwhile_is_let_go(void **state)
{
    scene_t s = open_scene(state, "");
    HF_AUTO_PROXY hf_proxy_t *ready = hf_create(s.client, "Event", "");
    assert_int_equal(hf_bind(s.client, "bench", s.bench, false), 0);
    assert_int_equal(hf_bind(s.client, "ready", ready, false), 0);
    pid_t pid =
        e2e_spawn(s.t, (const char *const[]){"/proc/self/exe", "victim", s.t->endpoint, NULL});
    assert_int_equal(hf_call(ready, "wait", ""), 0);
    hf_future_t *total = hf_call_async(s.bench, "total", "");
    assert_int_equal(hf_flush(s.client, e2e_patience(10.0)), 0);
    assert_false(hf_future_is_done(total));
    double from = now_s();
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(e2e_join(pid), 128 + SIGKILL);
    int64_t value = -1;
    assert_int_equal(hf_await_into(total, e2e_patience(30.0), "i", &value), 0);
    assert_int_equal(value, 0); /* finish has not run */
    print_message("%.0f ms from kill -9 to the next call's answer\n", (now_s() - from) * 1e3);
    hf_future_destroy(&total);
    close_scene(&s);
}

static void
a_cancelled_call_frees_its_referent(void **state)
{
    scene_t s = open_scene(state, "");
    hf_future_t *future = hash(s.bench, ENDLESS_ROUNDS);
    assert_int_equal(hf_cancel(future), 0);
    int64_t total = -1;
    assert_int_equal(hf_call_into(s.bench, "total", "", "i", &total), 0);
    assert_int_equal(hf_await(future, e2e_patience(30.0)), -1);
    assert_string_equal(hf_errkind(), "Cancelled");
    hf_future_destroy(&future);
    close_scene(&s);
}

/* ---- the manager stops ------------------------------------------------------------------- */

static void
sigterm_waits_for_what_is_under_way(void **state)
{
    scene_t s = open_scene(state, "drain = 30\n");
    hf_future_t *future = hash(s.bench, LONG_ROUNDS);
    int64_t value = 0;
    assert_int_equal(e2e_stop(s.t), 0);
    assert_int_equal(hf_await_into(future, e2e_patience(10.0), "i", &value), 0);
    assert_true(value > 0);
    hf_future_destroy(&future);
    leave(&s);
}

static void
sigterm_gives_up_in_time(void **state, const char *method, const char *picture, bool is_abandoned)
{
    scene_t s = open_scene(state, "drain = 0.5\n");
    hf_future_t *future = picture[0] == 's'
                              ? hf_call_async(s.bench, method, picture, "abc", ENDLESS_ROUNDS)
                              : hf_call_async(s.bench, method, picture, ENDLESS_ROUNDS);
    assert_non_null(future);
    HF_AUTO_PROXY hf_proxy_t *other = hf_create(s.client, "Bench", ""); /* so it has begun */
    assert_non_null(other);
    double from = now_s();
    assert_int_equal(e2e_stop(s.t), 0);
    assert_true(now_s() - from < e2e_patience(E2E_IS_SANITIZED ? 20.0 : 5.0));
    assert_int_equal(e2e_has_logged(s.t, "is abandoned"), is_abandoned);
    assert_int_equal(hf_await(future, 0.0), -1);
    hf_future_destroy(&future);
    leave(&s);
}

static void
sigterm_cancels_at_its_drain_time(void **state)
{
    sigterm_gives_up_in_time(state, "hash", "si", false);
}

static void
sigterm_abandons_what_does_not_heed_it(void **state)
{
    if (E2E_IS_SANITIZED || e2e_has_valgrind())
        skip(); /* LeakSanitizer would wait for the thread that is left alone; it keeps the machine */
    sigterm_gives_up_in_time(state, "stubborn", "i", true);
}

static void
so_many_at_once_and_no_more(void **state)
{
    scene_t s = open_scene(state, "limits\n    offload_queue = 2\n");
    HF_AUTO_PROXY hf_proxy_t *two = hf_create(s.client, "Bench", "");
    HF_AUTO_PROXY hf_proxy_t *three = hf_create(s.client, "Bench", "");
    hf_future_t *first = hash(s.bench, ENDLESS_ROUNDS);
    hf_future_t *second = hash(two, ENDLESS_ROUNDS);
    assert_int_equal(hf_call(three, "nothing", ""), -1);
    assert_string_equal(hf_errkind(), "Overloaded");
    assert_int_equal(hf_cancel(first), 0);
    assert_int_equal(hf_call(s.bench, "total", ""), 0); /* its job has ended */
    assert_int_equal(hf_call(three, "nothing", ""), 0);
    assert_int_equal(hf_cancel(second), 0);
    hf_future_destroy(&first);
    hf_future_destroy(&second);
    close_scene(&s);
}

/* ---- the watchdog ------------------------------------------------------------------------ */

/* The member of a map, a view. */
static hf_value_t
member(const hf_value_t *map, const char *name)
{
    hf_cursor_t cursor;
    hf_value_t key;
    hf_value_t value;
    hf_open(&cursor, map);
    while (hf_next(&cursor, &key) && hf_next(&cursor, &value)) {
        size_t len;
        const char *text = hf_as_str(&key, &len);
        if (text != NULL && len == strlen(name) && memcmp(text, name, len) == 0)
            return value;
    }
    fail_msg("no %s", name);
    return hf_nil();
}

static bool
says(const hf_value_t *map, const char *name, const char *what)
{
    size_t len;
    hf_value_t value = member(map, name);
    const char *text = hf_as_str(&value, &len);
    return text != NULL && len >= strlen(what) && memcmp(text, what, strlen(what)) == 0;
}

static size_t
times_logged(e2e_t *t, const char *text)
{
    size_t n = 0;
    (void)e2e_has_logged(t, text); /* reads what there is */
    for (const char *at = t->logged; (at = strstr(at, text)) != NULL; at++)
        n++;
    return n;
}

/* While the manager itself has nothing to do, and once for each call. */
static void
long_work_is_named_once_and_listed(void **state)
{
    e2e_t *t = *state;
    begin(t, "slow = 0.05\n");
    hf_options_t *options = hf_options_new();
    assert_int_equal(hf_options_set(options, "name", "hasher"), 0);
    hf_client_t *client = hf_connect(t->endpoint, options);
    assert_non_null(client);
    hf_options_destroy(&options);
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    HF_AUTO_PROXY hf_proxy_t *one = hf_create(client, "Bench", "");
    HF_AUTO_PROXY hf_proxy_t *two = hf_create(client, "Bench", "");
    hf_future_t *first = hash(one, ENDLESS_ROUNDS);
    e2e_await_log(t, "Bench.hash of object 1 has run on a thread of the pool for ");
    hf_future_t *second = hash(two, ENDLESS_ROUNDS);
    e2e_await_log(t, "Bench.hash of object 2 has run on a thread of the pool for ");
    assert_int_equal(hf_cancel(first), 0);
    assert_int_equal(hf_cancel(second), 0);
    assert_int_equal(hf_call(one, "total", ""), 0); /* their jobs have ended */
    assert_int_equal(hf_call(two, "total", ""), 0);
    assert_int_equal(times_logged(t, "Bench.hash of object 1 has run on"), 1);
    assert_int_equal(times_logged(t, "Bench.hash of object 2 has run on"), 1);
    hf_value_t stats;
    hf_value_t calls;
    assert_int_equal(hf_call_into(manager, "stats", "", "v", &stats), 0);
    hf_value_t slow = member(&stats, "slow_methods");
    assert_true(hf_as_uint(&slow) >= 2);
    assert_int_equal(hf_call_into(manager, "slow_calls", "", "v", &calls), 0);
    hf_cursor_t cursor;
    hf_value_t call;
    int n = 0;
    for (hf_open(&cursor, &calls); hf_next(&cursor, &call);) {
        hf_value_t seconds = member(&call, "seconds");
        n += says(&call, "typeid", "Bench") && says(&call, "method", "hash") &&
             says(&call, "client", "hasher") &&
             says(&call, "arguments", "('abc', 1152921504606846976)") &&
             hf_as_float(&seconds) >= 0.05;
    }
    assert_int_equal(n, 2);
    hf_drop(NULL, &stats);
    hf_drop(NULL, &calls);
    hf_future_destroy(&first);
    hf_future_destroy(&second);
    hf_disconnect(&client);
    assert_int_equal(e2e_stop(t), 0);
}

int
main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "victim") == 0)
        return victim(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(others_are_answered_meanwhile, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(a_large_list_is_sorted, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(a_client_killed_meanwhile_is_let_go, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(a_cancelled_call_frees_its_referent, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(sigterm_waits_for_what_is_under_way, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(sigterm_cancels_at_its_drain_time, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(sigterm_abandons_what_does_not_heed_it, e2e_open,
                                        e2e_close),
        cmocka_unit_test_setup_teardown(so_many_at_once_and_no_more, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(long_work_is_named_once_and_listed, e2e_open, e2e_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
