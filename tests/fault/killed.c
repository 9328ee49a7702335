/* SPDX-License-Identifier: MPL-2.0 */
/* killed -- kill -9 at any moment of processes that create, call, hold locks and wait in queues: nothing of them stays.
 *
 *     test.fault.killed worker ENDPOINT FILE NUMBER CHANCE      a process that works until it is killed
 *
 * A worker is killed when a time that the seed gives has passed; another one takes its place. In the end every lock is
 * free, what holds only itself is found, number_of_objects is what names hold, and no item is given to two that lived,
 * nor one that was never put.
 */
#define _GNU_SOURCE
#include "rig.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

enum {
    PLACES = 4,
    KILLS = E2E_IS_SANITIZED ? 12 : 40,
    PERIOD_MS = 30, /* between two kills, at most */
    ROOM = PLACES + KILLS + 1,
    ITEMS = 4096, /* of one worker */
    LOCKS = 4,
    RING = 5,
};

static const char *const lock_types[LOCKS] = {"Lock", "RLock", "Condition", "Semaphore"};

typedef enum mark { UNTRIED, TRIED, DONE } mark_t;

typedef struct ledger {
    atomic_bool is_killed[ROOM];
    atomic_uint n_turns[ROOM];
    atomic_uchar put[ROOM][ITEMS]; /* mark_t */
    atomic_uint got[ROOM][ITEMS];  /* 0: by nobody; else by worker number; ROOM: by the test */
    atomic_uint n_faults;
} ledger_t;

/* ---- a worker ----------------------------------------------------------------------------- */

typedef struct worker {
    hf_client_t *client;
    ledger_t *ledger;
    unsigned number;
    uint64_t chance;
    unsigned n_put;
    hf_proxy_t *queue, *babies, *pool, *full, *locks[LOCKS];
} worker_t;

/* Somebody has an item. Whoever had it before must be dead: it got it and could not say so any more. */
static void
ledger_got(ledger_t *self, int64_t item, unsigned by)
{
    uint64_t worker = (uint64_t)item / ITEMS;
    uint64_t n = (uint64_t)item % ITEMS;
    bool is_known = item >= 0 && worker < ROOM && atomic_load(&self->put[worker][n]) != UNTRIED;
    unsigned before = is_known ? atomic_exchange(&self->got[worker][n], by) : 0;
    if (!is_known || (before != 0 && !atomic_load(&self->is_killed[before % ROOM])))
        atomic_fetch_add(&self->n_faults, 1);
}

static void
worker_puts(worker_t *self)
{
    unsigned n = self->n_put++ % ITEMS;
    if (self->n_put > ITEMS)
        return;
    atomic_store(&self->ledger->put[self->number][n], TRIED);
    if (hf_call(self->queue, "put", "i", (int64_t)self->number * ITEMS + (int64_t)n) != 0)
        rig_die("put");
    atomic_store(&self->ledger->put[self->number][n], DONE);
}

/* Waits where there may be nothing for long. */
static void
worker_gets(worker_t *self)
{
    int64_t item = -1;
    double timeout = (double)rig_below(&self->chance, 20) * 1e-3;
    if (hf_call_into(self->queue, "get", "bf", 1, timeout, "i", &item) == 0)
        ledger_got(self->ledger, item, self->number);
    else if (strcmp(hf_errkind(), "Empty") != 0)
        rig_die("get");
}

/* Waits where there is no room, with a referent in its arguments. */
static void
worker_puts_in_vain(worker_t *self)
{
    HF_AUTO_PROXY hf_proxy_t *list = hf_create(self->client, "list", "");
    if (list == NULL)
        rig_die("a list to put");
    if (hf_call(self->full, "put", "hbf", list, 1, 0.01) == 0 || strcmp(hf_errkind(), "Full") != 0)
        rig_die("a full queue");
}

/* A list with a list in it. */
static void
worker_passes_on(worker_t *self)
{
    HF_AUTO_PROXY hf_proxy_t *inner = hf_create(self->client, "list", "");
    HF_AUTO_PROXY hf_proxy_t *baby = hf_create(self->client, "list", "");
    if (inner == NULL || baby == NULL || hf_call_oneway(baby, "append", "h", inner) != 0 ||
        hf_call_oneway(self->babies, "put", "h", baby) != 0)
        rig_die("a list to pass on");
}

static void
worker_adopts(worker_t *self)
{
    HF_AUTO_PROXY hf_proxy_t *baby = hf_call_proxy(self->babies, "get", "bf", 1, 0.005);
    if (baby == NULL ? strcmp(hf_errkind(), "Empty") != 0
                     : hf_call(self->pool, "append", "h", baby) != 0)
        rig_die("a list that was passed on");
}

/* Many at once, and all let go of. */
static void
worker_makes(worker_t *self)
{
    hf_future_t *future[16];
    for (int k = 0; k < 16; k++) {
        future[k] = hf_create_async(self->client, "dict", "");
        if (future[k] == NULL)
            rig_die("a dict");
    }
    for (int k = 0; k < 16; k++) {
        HF_AUTO_PROXY hf_proxy_t *dict = hf_await_proxy(future[k], HF_FOREVER);
        if (dict == NULL || hf_call_oneway(dict, "setitem", "sh", "pool", self->pool) != 0)
            rig_die("the dict");
        hf_future_destroy(&future[k]);
    }
}

/* Lists and dicts that hold each other in a ring, each with something else; the pool has some of the rings. */
static void
worker_ties(worker_t *self)
{
    static const char *const types[] = {"list", "dict"};
    hf_proxy_t *ring[RING];
    unsigned first = (unsigned)rig_below(&self->chance, 2);
    unsigned n = 1 + (unsigned)rig_below(&self->chance, RING);
    for (unsigned k = 0; k < n; k++) {
        ring[k] = hf_create(self->client, types[(first + k) % 2], "");
        if (ring[k] == NULL)
            rig_die("a ring");
    }
    for (unsigned k = 0; k < n; k++) {
        hf_proxy_t *next = ring[(k + 1) % n];
        HF_AUTO_PROXY hf_proxy_t *hung = hf_create(self->client, "list", "");
        int failed = (first + k) % 2 == 0
                         ? hf_call_oneway(ring[k], "append", "h", next) |
                               hf_call_oneway(ring[k], "append", "h", hung)
                         : hf_call_oneway(ring[k], "setitem", "sh", "next", next) |
                               hf_call_oneway(ring[k], "setitem", "sh", "hung", hung);
        if (hung == NULL || failed != 0)
            rig_die("a tie");
    }
    if (rig_below(&self->chance, 4) == 0 && hf_call(self->pool, "append", "h", ring[0]) != 0)
        rig_die("a ring in the pool");
    for (unsigned k = 0; k < n; k++)
        hf_release(&ring[k]);
}

/* A search that must not find what others have in their hands. */
static void
worker_collects(worker_t *self)
{
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(self->client);
    if (hf_call(manager, "collect", "") != 0)
        rig_die("collect");
}

static void
worker_locks(worker_t *self)
{
    HF_AUTO_LOCK const hf_proxy_t *held =
        hf_lock(self->locks[rig_below(&self->chance, LOCKS)], HF_FOREVER);
    if (held == NULL || hf_call(self->pool, "len", "") != 0)
        rig_die("a lock");
}

static _Noreturn void
worker_main(char **argv)
{
    static void (*const kinds[])(worker_t *) = {
        worker_puts,         worker_puts,      worker_gets,   worker_gets,
        worker_puts_in_vain, worker_passes_on, worker_adopts, worker_makes,
        worker_locks,        worker_ties,      worker_ties,   worker_collects};
    worker_t self = {.number = (unsigned)strtoul(argv[2], NULL, 10),
                     .ledger = rig_share(argv[1], sizeof(ledger_t)),
                     .client = rig_enter(argv[0], 10.0),
                     .chance = strtoull(argv[3], NULL, 10)};
    if (self.ledger == NULL)
        rig_die(argv[1]);
    self.queue = rig_find(self.client, "queue");
    self.babies = rig_find(self.client, "babies");
    self.pool = rig_find(self.client, "pool");
    self.full = rig_find(self.client, "full");
    for (int k = 0; k < LOCKS; k++)
        self.locks[k] = rig_find(self.client, lock_types[k]);
    for (;;) {
        kinds[rig_below(&self.chance, sizeof kinds / sizeof *kinds)](&self);
        atomic_fetch_add(&self.ledger->n_turns[self.number], 1);
    }
}

/* ---- the test ------------------------------------------------------------------------------ */

typedef struct field {
    e2e_t *e2e;
    hf_client_t *client;
    ledger_t *ledger;
    char path[192];
    uint64_t chance;
    unsigned n_born;
    hf_proxy_t *queue, *babies, *pool, *full, *locks[LOCKS];
    pid_t pid[PLACES];
    unsigned number[PLACES];
} field_t;

static void
field_bear(field_t *self, unsigned place)
{
    char number[16];
    char chance[32];
    self->number[place] = ++self->n_born;
    assert_true(self->n_born < ROOM);
    (void)snprintf(number, sizeof number, "%u", self->n_born);
    (void)snprintf(chance, sizeof chance, "%llu", (unsigned long long)rig_random(&self->chance));
    self->pid[place] =
        e2e_spawn(self->e2e, (const char *const[]){"/proc/self/exe", "worker", self->e2e->endpoint,
                                                   self->path, number, chance, NULL});
}

/* Kills a worker when it has lived that much longer. One that ends by itself has found something wrong. */
static void
field_kill(field_t *self, unsigned place, int after_ms)
{
    struct pollfd life = {.fd = e2e_life(self->pid[place]), .events = POLLIN};
    assert_int_equal(poll(&life, 1, after_ms), 0);
    (void)close(life.fd);
    atomic_store(&self->ledger->is_killed[self->number[place]], true);
    assert_int_equal(kill(self->pid[place], SIGKILL), 0);
    assert_int_equal(e2e_join(self->pid[place]), 128 + SIGKILL);
}

static void
field_open(field_t *self, e2e_t *e2e, uint64_t seed)
{
    *self = (field_t){.e2e = e2e, .client = rig_connect(e2e), .chance = seed};
    (void)snprintf(self->path, sizeof self->path, "%s", e2e_path(e2e, "ledger"));
    self->ledger = rig_share(self->path, sizeof(ledger_t));
    assert_non_null(self->ledger);
    self->queue = rig_new(self->client, "queue", "Queue", "", 0);
    self->babies = rig_new(self->client, "babies", "Queue", "", 0);
    self->pool = rig_new(self->client, "pool", "list", "", 0);
    self->full = rig_new(self->client, "full", "Queue", "i", 1);
    assert_int_equal(hf_call(self->full, "put", "i", (int64_t)0), 0);
    for (int k = 0; k < LOCKS; k++)
        self->locks[k] = rig_new(self->client, lock_types[k], lock_types[k], "", 0);
    for (unsigned k = 0; k < PLACES; k++)
        field_bear(self, k);
}

/* Every lock is to be had, and then the last of the dead has been buried. */
static void
field_await_burial(field_t *self)
{
    for (int k = 0; k < LOCKS; k++) {
        rig_await_lock(self->locks[k]);
        assert_int_equal(hf_call(self->locks[k], "release", ""), 0);
    }
    rig_await_sessions(self->client, 1);
}

static void
field_check_items(field_t *self)
{
    int64_t item = 0;
    unsigned n_turns = 0;
    unsigned n_unseen = 0;
    while (hf_call_into(self->queue, "get_nowait", "", "i", &item) == 0)
        ledger_got(self->ledger, item, ROOM);
    assert_string_equal(hf_errkind(), "Empty");
    for (unsigned w = 0; w < ROOM; w++) {
        n_turns += atomic_load(&self->ledger->n_turns[w]);
        for (unsigned n = 0; n < ITEMS; n++)
            n_unseen += atomic_load(&self->ledger->put[w][n]) == DONE &&
                                atomic_load(&self->ledger->got[w][n]) == 0
                            ? 1
                            : 0;
    }
    print_message("%u turns of %u workers; %u items went with who had just got them\n", n_turns,
                  self->n_born, n_unseen);
    assert_int_equal(atomic_load(&self->ledger->n_faults), 0);
    assert_true(n_unseen <= self->n_born); /* a worker gets one at a time */
    assert_true(n_turns > 0);
}

/* What is left beside what names hold only holds itself. */
static void
field_collect(const field_t *self)
{
    int64_t n_found = -1;
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(self->client);
    int64_t n_left = e2e_count_objects(self->client) - e2e_count_names(self->client);
    assert_int_equal(hf_call_into(manager, "collect", "", "i", &n_found), 0);
    print_message("%lld referents in rings were left, %lld are collected\n", (long long)n_left,
                  (long long)n_found);
    assert_true(n_found <= n_left);
}

static void
field_close(field_t *self)
{
    assert_int_equal(hf_call(self->pool, "clear", ""), 0);
    for (hf_proxy_t *baby = hf_call_proxy(self->babies, "get_nowait", ""); baby != NULL;
         baby = hf_call_proxy(self->babies, "get_nowait", ""))
        hf_release(&baby);
    assert_string_equal(hf_errkind(), "Empty");
    for (int k = 0; k < LOCKS; k++)
        hf_release(&self->locks[k]);
    hf_release(&self->queue);
    hf_release(&self->babies);
    hf_release(&self->pool);
    hf_release(&self->full);
    field_collect(self);
    rig_expect_nothing_left(self->client);
    hf_disconnect(&self->client);
}

/* Until the next kill. */
static int
field_period_ms(field_t *self)
{
    return (int)rig_below(&self->chance, (uint64_t)e2e_patience(PERIOD_MS));
}

static void
play(e2e_t *e2e, uint64_t seed)
{
    field_t field;
    field_open(&field, e2e, seed);
    for (int n = e2e_rounds(KILLS); n > 0; n--) {
        unsigned place = (unsigned)rig_below(&field.chance, PLACES);
        field_kill(&field, place, field_period_ms(&field));
        field_bear(&field, place);
    }
    for (unsigned k = 0; k < PLACES; k++)
        field_kill(&field, k, field_period_ms(&field));
    field_await_burial(&field);
    field_check_items(&field);
    field_close(&field);
}

/* On the same computer, where a death is seen. */
static void
nothing_stays_of_the_killed(e2e_t *e2e, uint64_t seed)
{
    E2E_START(e2e, NULL);
    play(e2e, seed);
}

/* By the network, where it takes the grace. */
static void
nothing_stays_over_tcp(e2e_t *e2e, uint64_t seed)
{
    e2e_start_configured(e2e, "bind = \"tcp://127.0.0.1:*\"\nprobe = 0.2\ngrace = 0.2\n");
    play(e2e, seed);
}

int
main(int argc, char **argv)
{
    static const rig_test_t tests[] = {
        {"nothing stays of the killed", nothing_stays_of_the_killed},
        {"nothing stays over tcp", nothing_stays_over_tcp},
    };
    if (argc == 6 && strcmp(argv[1], "worker") == 0)
        worker_main(argv + 2);
    return rig_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
