/* SPDX-License-Identifier: MPL-2.0 */
/* stopped -- SIGSTOP and SIGCONT: within its lease a program goes on as if nothing had happened; past it, it is told.
 *
 *     test.fault.stopped worker ENDPOINT LEASE      counts and holds a lock until it gets an item, or is told
 */
#define _GNU_SOURCE
#include "rig.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

enum { STOPS = 3, WELL = 0, LOST = 3, ITEM = 7 };

static const double long_lease = 4.0, brief_lease = 1.0; /* leases, in seconds */

/* ---- the worker --------------------------------------------------------------------------- */

static void
must_be_lost(const char *what, bool has_failed)
{
    if (!has_failed || strcmp(hf_errkind(), "SessionLost") != 0)
        rig_die(what);
}

/* Whatever it tries now, it is told the same: nothing opens a session behind its back. */
static _Noreturn void
worker_is_told(hf_client_t *client, hf_proxy_t *counter, hf_future_t *item)
{
    for (int k = 0; k < 3; k++) {
        int64_t count = 0;
        must_be_lost("add", hf_call_into(counter, "add", "", "i", &count) != 0);
        must_be_lost("create", hf_create(client, "list", "") == NULL);
        must_be_lost("lookup", hf_lookup(client, "counter") == NULL);
        must_be_lost("async", hf_call_async(counter, "add", "") == NULL);
        must_be_lost("oneway", hf_call_oneway(counter, "add", "") != 0);
        if (hf_flush(client, e2e_patience(1.0)) !=
            0) /* 0: all that was sent had been received before it was lost */
            must_be_lost("flush", true);
        must_be_lost("get", hf_await(item, e2e_patience(1.0)) != 0);
    }
    hf_future_destroy(&item);
    hf_release(&counter);
    hf_disconnect(&client);
    _exit(LOST);
}

static _Noreturn void
worker_main(const char *endpoint, double lease)
{
    uint64_t fence = 0;
    uint64_t fence_now = 0;
    int64_t last = 0;
    int64_t count = 0;
    int64_t item = 0;
    hf_client_t *client = rig_enter(endpoint, lease);
    hf_proxy_t *counter = rig_find(client, "counter");
    hf_proxy_t *lock = rig_find(client, "lock");
    hf_future_t *future = hf_call_async(rig_find(client, "queue"), "get", "");
    if (future == NULL || hf_call(lock, "acquire", "") != 0 ||
        hf_call_into(lock, "fence", "", "u", &fence) != 0 ||
        hf_call(rig_find(client, "ready"), "release", "") != 0)
        rig_die("the beginning");
    while (!hf_future_is_done(future)) {
        if (hf_call_into(counter, "add", "", "i", &count) != 0) {
            must_be_lost("the first call that failed", true);
            worker_is_told(client, counter, future);
        }
        if (count != ++last)
            rig_die("the count");
    }
    if (hf_await_into(future, 0.0, "i", &item) != 0) {
        must_be_lost("the first wait that failed", true);
        worker_is_told(client, counter, future);
    }
    if (item != ITEM || hf_call_into(lock, "fence", "", "u", &fence_now) != 0 ||
        fence_now != fence || hf_call(lock, "release", "") != 0)
        rig_die("the end");
    hf_future_destroy(&future);
    hf_disconnect(&client);
    _exit(WELL);
}

/* ---- the test ------------------------------------------------------------------------------ */

typedef struct field {
    hf_client_t *client;
    hf_proxy_t *counter, *lock, *queue, *ready;
    uint64_t chance;
    pid_t worker;
    int life; /* e2e_life */
} field_t;

static void
field_open(field_t *self, e2e_t *e2e, uint64_t seed, double lease)
{
    char config[512];
    char text[16];
    (void)snprintf(config, sizeof config, "%splugin = \"%s\"\n",
                   seed % 2 == 0 ? "bind = \"tcp://127.0.0.1:*\"\n" : "", E2E_COUNTER);
    e2e_start_configured(e2e, config);
    *self = (field_t){.client = rig_connect(e2e), .chance = seed};
    self->counter = rig_new(self->client, "counter", "Counter", "", 0);
    self->lock = rig_new(self->client, "lock", "Lock", "", 0);
    self->queue = rig_new(self->client, "queue", "Queue", "", 0);
    self->ready = rig_new(self->client, "ready", "Semaphore", "i", 0);
    (void)snprintf(text, sizeof text, "%g", lease);
    self->worker = e2e_spawn(
        e2e, (const char *const[]){"/proc/self/exe", "worker", e2e->endpoint, text, NULL});
    self->life = e2e_life(self->worker);
    rig_await_lock(self->ready);
}

/* So long it lives on, moving or not. */
static void
field_let_live(const field_t *self, int ms)
{
    struct pollfd life = {.fd = self->life, .events = POLLIN};
    assert_int_equal(poll(&life, 1, ms), 0);
}

static void
field_stop(field_t *self)
{
    field_let_live(self, (int)rig_below(&self->chance, 100));
    assert_int_equal(kill(self->worker, SIGSTOP), 0);
}

static int64_t
field_count(const field_t *self)
{
    int64_t count = 0;
    assert_int_equal(hf_call_into(self->counter, "add", "i", (int64_t)0, "i", &count), 0);
    return count;
}

static void
field_close(field_t *self)
{
    rig_await_lock(self->lock);
    (void)close(self->life);
    hf_release(&self->counter);
    hf_release(&self->lock);
    hf_release(&self->queue);
    hf_release(&self->ready);
    rig_expect_nothing_left(self->client);
    hf_disconnect(&self->client);
}

static void
within_the_lease_nothing_has_happened(e2e_t *e2e, uint64_t seed)
{
    field_t field;
    field_open(&field, e2e, seed, long_lease);
    uint64_t lease_ms = (uint64_t)(e2e_patience(long_lease) * 1e3);
    for (int k = 0; k < STOPS; k++) {
        field_stop(&field);
        field_let_live(&field, (int)(lease_ms / 10 + rig_below(&field.chance, lease_ms / 4)));
        if (k == STOPS - 1)
            assert_int_equal(hf_call(field.queue, "put", "i", (int64_t)ITEM), 0);
        assert_int_equal(kill(field.worker, SIGCONT), 0);
    }
    assert_int_equal(e2e_join(field.worker), WELL);
    print_message("it counted to %lld\n", (long long)field_count(&field));
    field_close(&field);
}

static void
past_the_lease_it_is_told(e2e_t *e2e, uint64_t seed)
{
    field_t field;
    field_open(&field, e2e, seed, brief_lease);
    field_stop(&field);
    rig_await_lock(field.lock); /* so the session has ended */
    assert_int_equal(hf_call(field.lock, "release", ""), 0);
    assert_int_equal(e2e_figure(field.client, "sessions"), 1);
    int64_t count = field_count(&field);
    field_let_live(&field, (int)rig_below(&field.chance, 500));
    assert_int_equal(kill(field.worker, SIGCONT), 0);
    assert_int_equal(e2e_join(field.worker), LOST);
    assert_int_equal(field_count(&field), count);
    field_close(&field);
}

int
main(int argc, char **argv)
{
    static const rig_test_t tests[] = {
        {"within the lease nothing has happened", within_the_lease_nothing_has_happened},
        {"past the lease it is told", past_the_lease_it_is_told},
    };
    if (argc == 4 && strcmp(argv[1], "worker") == 0)
        worker_main(argv[2], strtod(argv[3], NULL));
    return rig_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
