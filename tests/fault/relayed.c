/* SPDX-License-Identifier: MPL-2.0 */
/* relayed -- clients at work through a connection that is cut, halved, swallowed and late: everything happens once.
 *
 *     test.fault.relayed worker ENDPOINT FILE NUMBER SEED      one of the clients
 *
 * The workers note in memory that all share what they set out to do and what they know to be done; then the test, which
 * has a connection of its own, compares that with what the manager has. A call that a worker gave up may have been done
 * or not. All others are done exactly once, and no worker ever notices that its connection was lost.
 */
#define _GNU_SOURCE
#include "rig.h"

#include <stdatomic.h>
#include <unistd.h>

#include "relay.h"

enum {
    WORKERS = 4,
    TURNS = E2E_IS_SANITIZED ? 150 : 500,
    BURST = 16,
    ITEMS = TURNS * 4, /* at most, of one worker */
    BABY = 1000,       /* what a counter that is passed on begins with */
};

typedef enum mark { UNTRIED, TRIED, DONE } mark_t;

typedef struct ledger {
    atomic_uint_fast64_t added;       /* and known to be */
    atomic_uint_fast64_t maybe;       /* added, or not */
    atomic_uchar put[WORKERS][ITEMS]; /* mark_t, in the queue */
    atomic_uchar got[WORKERS][ITEMS]; /* how often */
    atomic_uchar appended[WORKERS][ITEMS];
} ledger_t;

/* ---- a worker ----------------------------------------------------------------------------- */

typedef struct worker {
    hf_client_t *client;
    ledger_t *ledger;
    unsigned number;
    uint64_t chance;
    int64_t next; /* item */
    int64_t last; /* count seen */
    hf_proxy_t *counter, *queue, *babies, *list, *lock;
} worker_t;

static int64_t
item_of(unsigned worker, int64_t n)
{
    return (int64_t)worker * ITEMS + n;
}

/* A count that was answered: it is above what was seen before. */
static void
worker_counts(worker_t *self, int64_t count)
{
    if (count <= self->last)
        rig_die("the count went back");
    self->last = count;
    atomic_fetch_add(&self->ledger->added, 1);
}

static void
worker_adds(worker_t *self)
{
    int64_t count = 0;
    if (hf_call_into(self->counter, "add", "", "i", &count) != 0)
        rig_die("add");
    worker_counts(self, count);
}

/* Gives up early: then nobody knows. */
static void
worker_adds_in_haste(worker_t *self)
{
    hf_value_t value = {.raw = {0}};
    double haste = (double)rig_below(&self->chance, 1000) * 1e-6;
    if (hf_call_value(self->counter, "add", NULL, NULL, haste, &value) == 0) {
        worker_counts(self, hf_as_int(&value));
        hf_drop(NULL, &value);
    } else if (strcmp(hf_errkind(), "TimeoutError") == 0) {
        atomic_fetch_add(&self->ledger->maybe, 1);
    } else {
        rig_die("add in haste");
    }
}

static void
worker_adds_many(worker_t *self)
{
    hf_future_t *future[BURST];
    for (int k = 0; k < BURST; k++) {
        future[k] = hf_call_async(self->counter, "add", "");
        if (future[k] == NULL)
            rig_die("add, later");
    }
    for (int k = 0; k < BURST; k++) {
        int64_t count = 0;
        if (hf_await_into(future[k], HF_FOREVER, "i", &count) != 0)
            rig_die("what was added");
        worker_counts(self, count);
        hf_future_destroy(&future[k]);
    }
}

static void
worker_adds_unheard(worker_t *self)
{
    for (int k = 0; k < 4; k++) {
        if (hf_call_oneway(self->counter, "add", "") != 0)
            rig_die("add, oneway");
        atomic_fetch_add(&self->ledger->added, 1); /* by the time of the last flush */
    }
}

static void
worker_puts(worker_t *self)
{
    int64_t n = self->next++;
    atomic_store(&self->ledger->put[self->number][n], TRIED);
    if (hf_call(self->queue, "put", "i", item_of(self->number, n)) != 0)
        rig_die("put");
    atomic_store(&self->ledger->put[self->number][n], DONE);
}

static void
worker_gets(worker_t *self)
{
    int64_t item = -1;
    if (hf_call_into(self->queue, "get", "bf", 1, 0.005, "i", &item) == 0)
        atomic_fetch_add(&self->ledger->got[item / ITEMS][item % ITEMS], 1);
    else if (strcmp(hf_errkind(), "Empty") != 0)
        rig_die("get");
}

static void
worker_appends(worker_t *self)
{
    int64_t n = self->next++;
    if (hf_call(self->list, "append", "i", item_of(self->number, n)) != 0)
        rig_die("append");
    atomic_store(&self->ledger->appended[self->number][n], DONE);
}

/* A new counter, let go of as soon as it is in the queue. */
static void
worker_passes_on(worker_t *self)
{
    hf_proxy_t *baby = hf_create(self->client, "Counter", "i", (int64_t)BABY);
    if (baby == NULL || hf_call_oneway(self->babies, "put", "h", baby) != 0)
        rig_die("a counter to pass on");
    hf_release(&baby);
}

/* Somebody's counter, which nobody else has. */
static void
worker_adopts(worker_t *self)
{
    int64_t count = 0;
    hf_proxy_t *baby = hf_call_proxy(self->babies, "get", "bf", 1, 0.005);
    if (baby == NULL && strcmp(hf_errkind(), "Empty") == 0)
        return;
    if (baby == NULL || hf_call_into(baby, "add", "", "i", &count) != 0 || count != BABY + 1)
        rig_die("a counter that was passed on");
    hf_release(&baby);
}

/* Calls on a referent before it is known to be there. */
static void
worker_makes(worker_t *self)
{
    int64_t len = 0;
    hf_future_t *future = hf_create_async(self->client, "list", "");
    hf_proxy_t *list = future == NULL ? NULL : hf_future_proxy(future);
    for (int k = 0; list != NULL && k < 3; k++) {
        if (hf_call_oneway(list, "append", "i", (int64_t)k) != 0)
            rig_die("a list of its own");
    }
    if (list == NULL || hf_call_into(list, "len", "", "i", &len) != 0 || len != 3)
        rig_die("the list's length");
    hf_release(&list);
    hf_future_destroy(&future);
}

static void
worker_locks(worker_t *self)
{
    HF_AUTO_LOCK const hf_proxy_t *held = hf_lock(self->lock, HF_FOREVER);
    if (held == NULL)
        rig_die("lock");
    worker_adds(self);
}

static _Noreturn void
worker_main(char **argv)
{
    static void (*const kinds[])(worker_t *) = {
        worker_adds,      worker_adds_in_haste, worker_adds_many, worker_adds_unheard,
        worker_puts,      worker_puts,          worker_gets,      worker_appends,
        worker_passes_on, worker_adopts,        worker_makes,     worker_locks};
    char life[16];
    worker_t self = {.number = (unsigned)strtoul(argv[2], NULL, 10),
                     .ledger = rig_share(argv[1], sizeof(ledger_t)),
                     .client = rig_enter(argv[0], 10.0)};
    if (self.ledger == NULL)
        rig_die(argv[1]);
    self.chance = strtoull(argv[3], NULL, 10) * WORKERS + self.number;
    self.counter = rig_find(self.client, "counter");
    self.queue = rig_find(self.client, "queue");
    self.babies = rig_find(self.client, "babies");
    self.list = rig_find(self.client, "list");
    self.lock = rig_find(self.client, "lock");
    (void)snprintf(life, sizeof life, "life%u", self.number);
    if (hf_call(rig_find(self.client, life), "acquire", "") != 0)
        rig_die(life);
    for (int n = 0; n < TURNS; n++)
        kinds[rig_below(&self.chance, sizeof kinds / sizeof *kinds)](&self);
    if (hf_flush(self.client, HF_FOREVER) != 0 ||
        hf_call(rig_find(self.client, "done"), "release", "") != 0 ||
        hf_call(rig_find(self.client, "home"), "wait", "") != 0)
        rig_die("the end");
    hf_disconnect(&self.client); /* with whatever it still holds */
    _exit(0);
}

/* ---- the test ------------------------------------------------------------------------------ */

typedef struct field {
    hf_client_t *client;
    ledger_t *ledger;
    relay_t *relay;
    char path[192];
    hf_proxy_t *counter, *queue, *babies, *list, *lock, *done, *home;
    hf_proxy_t *life[WORKERS];
    pid_t pid[WORKERS];
} field_t;

static void
field_open(field_t *self, e2e_t *e2e, uint64_t seed)
{
    char number[16];
    char chance[32];
    char plugin[512];
    (void)snprintf(plugin, sizeof plugin,
                   "bind = \"tcp://127.0.0.1:*\"\nplugin = \"%s\"\nprobe = 0.3\n", E2E_COUNTER);
    e2e_start_configured(e2e, plugin);
    *self = (field_t){.client = rig_connect(e2e), .relay = relay_new(e2e->endpoint, seed)};
    (void)snprintf(self->path, sizeof self->path, "%s", e2e_path(e2e, "ledger"));
    self->ledger = rig_share(self->path, sizeof(ledger_t));
    assert_non_null(self->ledger);
    self->counter = rig_new(self->client, "counter", "Counter", "", 0);
    self->queue = rig_new(self->client, "queue", "Queue", "", 0);
    self->babies = rig_new(self->client, "babies", "Queue", "", 0);
    self->list = rig_new(self->client, "list", "list", "", 0);
    self->lock = rig_new(self->client, "lock", "Lock", "", 0);
    self->done = rig_new(self->client, "done", "Semaphore", "i", 0);
    self->home = rig_new(self->client, "home", "Event", "", 0);
    for (unsigned k = 0; k < WORKERS; k++) {
        char life[16];
        (void)snprintf(life, sizeof life, "life%u", k);
        self->life[k] = rig_new(self->client, life, "Lock", "", 0);
        (void)snprintf(number, sizeof number, "%u", k);
        (void)snprintf(chance, sizeof chance, "%llu", (unsigned long long)seed);
        self->pid[k] = e2e_spawn(e2e, (const char *const[]){"/proc/self/exe", "worker",
                                                            relay_endpoint(self->relay), self->path,
                                                            number, chance, NULL});
    }
}

/* All work is done; all have gone home; nothing is held by anybody. */
static void
field_end_work(field_t *self)
{
    for (int k = 0; k < WORKERS; k++)
        rig_await_lock(self->done);
    relay_calm(self->relay);
    assert_int_equal(hf_call(self->home, "set", ""), 0);
    for (int k = 0; k < WORKERS; k++) {
        assert_int_equal(e2e_join(self->pid[k]), 0);
        rig_await_lock(self->life[k]);
    }
    print_message("%u connections:", relay_n_connections(self->relay));
    for (unsigned k = 0; k < RELAY_FAULTS; k++)
        print_message(" %s %u", relay_fault_name((relay_fault_t)k),
                      relay_n_faults(self->relay, (relay_fault_t)k));
    print_message("\n");
    assert_true(relay_n_connections(self->relay) > WORKERS); /* some have been resumed */
}

static void
field_check_count(const field_t *self)
{
    int64_t count = 0;
    int64_t added = (int64_t)atomic_load(&self->ledger->added);
    int64_t maybe = (int64_t)atomic_load(&self->ledger->maybe);
    assert_int_equal(hf_call_into(self->counter, "add", "i", (int64_t)0, "i", &count), 0);
    print_message("counted to %lld; %lld were answered or flushed, %lld given up\n",
                  (long long)count, (long long)added, (long long)maybe);
    assert_true(count >= added && count <= added + maybe);
}

static void
field_check_items(const field_t *self)
{
    int64_t item = 0;
    while (hf_call_into(self->queue, "get_nowait", "", "i", &item) == 0)
        atomic_fetch_add(&self->ledger->got[item / ITEMS][item % ITEMS], 1);
    assert_string_equal(hf_errkind(), "Empty");
    for (int w = 0; w < WORKERS; w++) {
        for (int n = 0; n < ITEMS; n++) {
            unsigned times = atomic_load(&self->ledger->got[w][n]);
            if (times != (atomic_load(&self->ledger->put[w][n]) == DONE ? 1 : 0))
                fail_msg("item %d of worker %d was delivered %u times", n, w, times);
        }
    }
}

/* Each appended once, those of one worker in their order. */
static void
field_check_list(const field_t *self)
{
    hf_cursor_t cursor;
    hf_value_t items = {.raw = {0}};
    hf_value_t item = {.raw = {0}};
    int64_t last[WORKERS] = {-1, -1, -1, -1};
    size_t n_appended = 0;
    size_t n_seen = 0;
    assert_int_equal(hf_call_value(self->list, "getvalue", NULL, NULL, e2e_patience(20.0), &items),
                     0);
    for (hf_open(&cursor, &items); hf_next(&cursor, &item); n_seen++) {
        int64_t w = hf_as_int(&item) / ITEMS;
        int64_t n = hf_as_int(&item) % ITEMS;
        assert_int_equal(atomic_load(&self->ledger->appended[w][n]), DONE);
        assert_true(n > last[w]);
        last[w] = n;
    }
    for (int w = 0; w < WORKERS; w++) {
        for (int n = 0; n < ITEMS; n++)
            n_appended += atomic_load(&self->ledger->appended[w][n]) == DONE ? 1 : 0;
    }
    assert_int_equal(n_seen, n_appended);
    hf_drop(NULL, &items);
}

static void
field_close(field_t *self)
{
    assert_int_equal(hf_call(self->lock, "acquire", "b", 0), 0);
    for (hf_proxy_t *baby = hf_call_proxy(self->babies, "get_nowait", ""); baby != NULL;
         baby = hf_call_proxy(self->babies, "get_nowait", ""))
        hf_release(&baby);
    assert_string_equal(hf_errkind(), "Empty");
    for (int k = 0; k < WORKERS; k++)
        hf_release(&self->life[k]);
    hf_proxy_t **all[] = {&self->counter, &self->queue, &self->babies, &self->list,
                          &self->lock,    &self->done,  &self->home};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        hf_release(all[k]);
    rig_expect_nothing_left(self->client);
    hf_disconnect(&self->client);
    relay_destroy(&self->relay);
}

static void
everything_happens_once(e2e_t *e2e, uint64_t seed)
{
    field_t field;
    field_open(&field, e2e, seed);
    field_end_work(&field);
    field_check_count(&field);
    field_check_items(&field);
    field_check_list(&field);
    field_close(&field);
}

int
main(int argc, char **argv)
{
    static const rig_test_t tests[] = {{"everything happens once", everything_happens_once}};
    if (argc == 6 && strcmp(argv[1], "worker") == 0)
        worker_main(argv + 2);
    return rig_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
