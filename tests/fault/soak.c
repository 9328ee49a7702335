/* SPDX-License-Identifier: MPL-2.0 */
/* soak -- an hour of an ordinary program's calls, at full speed: what the manager holds stays what it was.
 *
 *     test.fault.soak [--minutes N] [--calls N] [--seed N]
 *     test.fault.soak worker ENDPOINT FILE NUMBER CHANCE      a process that works until the minute is over
 *
 * A minute is so many calls (60,000: a thousand a second), however soon they are done. Meanwhile processes create, call,
 * park, export and adopt, tie rings, let go, disconnect and connect again, are cut off and are killed; another takes
 * each one's place. Then all of them end, one by one in every way there is, and with nobody there a sample is taken.
 *
 * What must hold, from the end of the warm-up (a tenth of the minutes) on:
 *   referents, sessions, parked calls   the same in each sample
 *   memory, as the manager counts it    the last within 5 % of the first
 *   resident memory                     no slope: a line through the samples rises over all of them by less than
 *                                       SLOPE_PERCENT of where it begins. Pages come and go with the heap's holes;
 *                                       a true leak of one small block in each 100th call, or of 300 bytes in each
 *                                       session, passes that bound within the hour.
 * A short run has too few samples for a slope and leaves that out.
 */
#define _GNU_SOURCE
#include "relay.h"
#include "rig.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

enum {
    PLACES = 4,
    KILL_EVERY = 4000, /* calls */
    CUT_EVERY = 3000,
    BATCH = 64,
    RING = 4,
    MINUTES = 60,
    CALLS = 60000,
    WARM_UP_PART = 10,
    MEMORY_PERCENT = 5,
    SLOPE_PERCENT = 5,
    SLOPE_SAMPLES = 20, /* fewer: no line is drawn */
    MAX_MINUTES = 24 * 60,
    LOST = 3, /* exit status */
};

typedef struct ledger {
    atomic_ullong n_calls;
    atomic_ullong n_sessions;
    atomic_bool is_over; /* the minute */
} ledger_t;

/* ---- a worker ----------------------------------------------------------------------------- */

typedef struct worker {
    const char *endpoint;
    ledger_t *ledger;
    hf_client_t *client;
    uint64_t chance;
    hf_proxy_t *pool, *tokens, *queue;
} worker_t;

/* Who could not come back within the grace, as others had the CPUs, begins anew; all else is a defect. */
static _Noreturn void
worker_fails(const char *what)
{
    if (strcmp(hf_errkind(), "SessionLost") == 0)
        _exit(LOST);
    rig_die(what);
}

static void
worker_enter(worker_t *self)
{
    self->client = rig_enter(self->endpoint, 5.0);
    self->pool = rig_find(self->client, "pool");
    self->tokens = rig_find(self->client, "tokens");
    self->queue = rig_find(self->client, "queue");
    atomic_fetch_add(&self->ledger->n_sessions, 1);
}

static void
worker_leave(worker_t *self)
{
    hf_release(&self->pool);
    hf_release(&self->tokens);
    hf_release(&self->queue);
    hf_disconnect(&self->client);
}

static unsigned
worker_reconnects(worker_t *self)
{
    worker_leave(self);
    worker_enter(self);
    return 3;
}

/* Many calls of which nobody awaits the last before the first has left. */
static unsigned
worker_calls(worker_t *self)
{
    HF_AUTO_PROXY hf_proxy_t *list = hf_create(self->client, "list", "");
    hf_future_t *last = NULL;
    if (list == NULL)
        worker_fails("a list");
    for (int k = 0; k < BATCH; k++) {
        hf_future_destroy(&last);
        last = hf_call_async(list, "append", "s", "twenty bytes or more of text");
        if (last == NULL)
            worker_fails("append");
    }
    if (hf_await(last, HF_FOREVER) != 0)
        worker_fails("the last append");
    hf_future_destroy(&last);
    return BATCH + 1;
}

static unsigned
worker_makes(worker_t *self)
{
    hf_future_t *future[BATCH];
    for (int k = 0; k < BATCH; k++) {
        future[k] = hf_create_async(self->client, "dict", "");
        if (future[k] == NULL)
            worker_fails("a dict");
    }
    for (int k = 0; k < BATCH; k++) {
        HF_AUTO_PROXY hf_proxy_t *dict = hf_await_proxy(future[k], HF_FOREVER);
        if (dict == NULL || hf_call_oneway(dict, "setitem", "sh", "pool", self->pool) != 0)
            worker_fails("the dict");
        hf_future_destroy(&future[k]);
    }
    return 2 * BATCH;
}

/* Waits in vain, gives up waiting, and waits for what comes. */
static unsigned
worker_parks(worker_t *self)
{
    hf_future_t *vain = hf_call_async(self->queue, "get", "bf", 1, 0.002);
    hf_future_t *given_up = hf_call_async(self->queue, "get", "");
    HF_AUTO_PROXY hf_proxy_t *queue = hf_create(self->client, "Queue", "");
    hf_future_t *get = queue == NULL ? NULL : hf_call_async(queue, "get", "");
    if (vain == NULL || given_up == NULL || get == NULL || hf_cancel(given_up) != 0 ||
        hf_call(queue, "put", "h", self->pool) != 0 || hf_await(get, HF_FOREVER) != 0)
        worker_fails("a queue");
    (void)hf_await(vain, HF_FOREVER);
    (void)hf_await(given_up, HF_FOREVER);
    hf_future_destroy(&vain);
    hf_future_destroy(&given_up);
    hf_future_destroy(&get);
    return 5;
}

/* A token goes to whoever takes it; some are never taken, and some taken by two. */
static unsigned
worker_passes_on(worker_t *self)
{
    HF_AUTO_PROXY hf_proxy_t *list = hf_create(self->client, "list", "");
    char *token = list == NULL ? NULL : hf_export(list, 0.5);
    char *other = NULL;
    if (token == NULL || hf_call(self->tokens, "put", "s", token) != 0)
        worker_fails("a token");
    free(token);
    if (rig_below(&self->chance, 8) != 0 &&
        hf_call_into(self->tokens, "get_nowait", "", "s", &other) == 0) {
        HF_AUTO_PROXY hf_proxy_t *adopted = hf_adopt(self->client, other);
        if (adopted == NULL && strcmp(hf_errkind(), "NoSuchObject") != 0)
            worker_fails(other);
        free(other);
    }
    return 5;
}

static unsigned
worker_ties(worker_t *self)
{
    hf_proxy_t *ring[RING];
    unsigned n = 1 + (unsigned)rig_below(&self->chance, RING);
    for (unsigned k = 0; k < n; k++) {
        ring[k] = hf_create(self->client, "list", "");
        if (ring[k] == NULL)
            worker_fails("a ring");
    }
    for (unsigned k = 0; k < n; k++) {
        if (hf_call_oneway(ring[k], "append", "h", ring[(k + 1) % n]) != 0)
            worker_fails("a tie");
    }
    for (unsigned k = 0; k < n; k++)
        hf_release(&ring[k]);
    return 2 * n;
}

/* The pool has the latest few of all, and what they hold. */
static unsigned
worker_stores(worker_t *self)
{
    HF_AUTO_PROXY hf_proxy_t *dict = hf_create(self->client, "dict", "");
    if (dict == NULL || hf_call(dict, "setitem", "sh", "tokens", self->tokens) != 0 ||
        hf_call(self->pool, "append", "h", dict) != 0)
        worker_fails("the pool");
    if (hf_call_oneway(self->pool, "pop", "i", (int64_t)0) != 0)
        worker_fails("the pool's oldest");
    return 4;
}

static _Noreturn void
worker_main(char **argv)
{
    static unsigned (*const kinds[])(worker_t *) = {
        worker_calls, worker_calls, worker_calls,     worker_makes,  worker_makes, worker_parks,
        worker_parks, worker_ties,  worker_passes_on, worker_stores, worker_stores};
    uint64_t number = strtoull(argv[2], NULL, 10);
    worker_t self = {.endpoint = argv[0],
                     .ledger = rig_share(argv[1], sizeof(ledger_t)),
                     .chance = strtoull(argv[3], NULL, 10)};
    if (self.ledger == NULL)
        rig_die(argv[1]);
    worker_enter(&self);
    while (!atomic_load(&self.ledger->is_over)) {
        bool is_new = rig_below(&self.chance, 64) == 0;
        unsigned n = is_new ? worker_reconnects(&self)
                            : kinds[rig_below(&self.chance, sizeof kinds / sizeof *kinds)](&self);
        atomic_fetch_add(&self.ledger->n_calls, n);
    }
    if (number % 3 == 0)
        worker_leave(&self);
    if (number % 3 == 1)
        (void)raise(SIGKILL);
    _exit(0); /* without a word */
}

/* ---- samples ------------------------------------------------------------------------------ */

typedef struct sample {
    int64_t referents, sessions, parked, memory;
    int64_t resident, peak; /* KiB */
} sample_t;

/* A line of /proc/PID/status, in KiB. */
static int64_t
status_of(pid_t pid, const char *name)
{
    char path[64];
    char line[256];
    int64_t n = -1;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *from = fopen(path, "re");
    assert_non_null(from);
    while (fgets(line, sizeof line, from) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            n = strtoll(line + strlen(name), NULL, 10);
    assert_int_equal(fclose(from), 0);
    assert_true(n >= 0);
    return n;
}

/* From now on the peak is counted anew. */
static void
forget_peak(pid_t pid)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/clear_refs", (int)pid);
    FILE *to = fopen(path, "we");
    assert_non_null(to);
    assert_true(fputs("5", to) >= 0);
    assert_int_equal(fclose(to), 0);
}

static void
expect_the_same(const sample_t *first, const sample_t *last)
{
    assert_int_equal(last->referents, first->referents);
    assert_int_equal(last->sessions, first->sessions);
    assert_int_equal(last->parked, first->parked);
}

/* By how many KiB a line through the samples rises from the first to the last; *ret_start is where it begins. */
static double
rise_of(const sample_t *samples, unsigned n, double *ret_start)
{
    double mean_x = ((double)n - 1) / 2;
    double mean_y = 0;
    double above = 0;
    double below = 0;
    for (unsigned k = 0; k < n; k++)
        mean_y += (double)samples[k].resident / n;
    for (unsigned k = 0; k < n; k++) {
        above += ((double)k - mean_x) * ((double)samples[k].resident - mean_y);
        below += ((double)k - mean_x) * ((double)k - mean_x);
    }
    double slope = below > 0 ? above / below : 0;
    *ret_start = mean_y - slope * mean_x;
    return slope * ((double)n - 1);
}

static void
expect_flat(const sample_t *samples, unsigned n, uint64_t calls)
{
    double start = 0;
    double rise = rise_of(samples, n, &start);
    const sample_t *last = &samples[n - 1];
    int64_t more = last->memory - samples[0].memory;
    for (unsigned k = 1; k < n; k++)
        expect_the_same(&samples[0], &samples[k]);
    print_message(
        "memory %lld bytes, %+lld since the warm-up; resident %+.0f KiB by a line through "
        "%u samples, %+.3f bytes a call\n",
        (long long)last->memory, (long long)more, rise, n, rise * 1024 / (double)calls / (double)n);
    assert_true((more < 0 ? -more : more) <= samples[0].memory * MEMORY_PERCENT / 100);
    if (n >= SLOPE_SAMPLES && !E2E_IS_SANITIZED) /* these keep what was freed */
        assert_true(rise <= start * SLOPE_PERCENT / 100);
}

/* ---- the test ------------------------------------------------------------------------------ */

static struct {
    uint64_t minutes, calls, seed;
} given = {MINUTES, CALLS, 1};

typedef struct field {
    e2e_t *e2e;
    hf_client_t *client;
    relay_t *relay;
    ledger_t *ledger;
    char path[192];
    uint64_t chance;
    unsigned n_born, n_lost;
    hf_proxy_t *pool, *tokens, *queue;
    pid_t pid[PLACES];
    int life[PLACES]; /* e2e_life */
    struct timespec began;
} field_t;

/* The places alternate between the near way and that by TCP, which is cut. */
static void
field_bear(field_t *self, unsigned place)
{
    char number[16];
    char chance[32];
    const char *way = place % 2 == 0 ? self->e2e->endpoint : relay_endpoint(self->relay);
    (void)snprintf(number, sizeof number, "%u", self->n_born++);
    (void)snprintf(chance, sizeof chance, "%llu", (unsigned long long)rig_random(&self->chance));
    self->pid[place] =
        e2e_spawn(self->e2e, (const char *const[]){"/proc/self/exe", "worker", way, self->path,
                                                   number, chance, NULL});
    self->life[place] = e2e_life(self->pid[place]);
}

static int
field_bury(field_t *self, unsigned place)
{
    (void)close(self->life[place]);
    return e2e_join(self->pid[place]);
}

static void
field_kill(field_t *self, unsigned place)
{
    assert_int_equal(kill(self->pid[place], SIGKILL), 0);
    int status = field_bury(self, place);
    assert_true(status == 128 + SIGKILL || status == LOST);
    field_bear(self, place);
}

static void
field_open(field_t *self, e2e_t *e2e)
{
    char config[512];
    char near[128];
    e2e->has_no_record = true;
    (void)snprintf(near, sizeof near, "ipc://%s", e2e_path(e2e, "near.sock"));
    (void)snprintf(config, sizeof config,
                   "bind = \"tcp://127.0.0.1:*\"\nbind = \"%s\"\nprobe = 0.3\ngrace = 1\n", near);
    e2e_start_configured(e2e, config);
    *self =
        (field_t){.e2e = e2e, .relay = relay_new(e2e->endpoint, given.seed), .chance = given.seed};
    (void)snprintf(e2e->endpoint, sizeof e2e->endpoint, "%s", near);
    relay_calm(self->relay);
    self->client = rig_connect(e2e);
    (void)snprintf(self->path, sizeof self->path, "%s", e2e_path(e2e, "ledger"));
    self->ledger = rig_share(self->path, sizeof(ledger_t));
    assert_non_null(self->ledger);
    self->pool = rig_new(self->client, "pool", "list", "", 0);
    self->tokens = rig_new(self->client, "tokens", "Queue", "", 0);
    self->queue = rig_new(self->client, "queue", "Queue", "", 0);
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &self->began), 0);
}

/* Waits a little; who ends by itself has lost its session, or found something wrong. */
static void
field_watch(field_t *self)
{
    struct pollfd lives[PLACES];
    for (unsigned k = 0; k < PLACES; k++)
        lives[k] = (struct pollfd){.fd = self->life[k], .events = POLLIN};
    if (poll(lives, PLACES, 5) == 0)
        return;
    for (unsigned k = 0; k < PLACES; k++) {
        if (lives[k].revents == 0)
            continue;
        assert_int_equal(field_bury(self, k), LOST);
        field_bear(self, k);
        self->n_lost++;
    }
}

/* One minute's calls. */
static void
field_work(field_t *self)
{
    uint64_t from = atomic_load(&self->ledger->n_calls);
    uint64_t next_kill = from + rig_below(&self->chance, KILL_EVERY);
    uint64_t next_cut = from + rig_below(&self->chance, CUT_EVERY);
    atomic_store(&self->ledger->is_over, false);
    forget_peak(self->e2e->pid);
    for (unsigned k = 0; k < PLACES; k++)
        field_bear(self, k);
    for (uint64_t now = from; now - from < given.calls; now = atomic_load(&self->ledger->n_calls)) {
        field_watch(self);
        if (now >= next_kill) {
            field_kill(self, (unsigned)rig_below(&self->chance, PLACES));
            next_kill = now + rig_below(&self->chance, UINT64_C(2) * KILL_EVERY);
        }
        if (now >= next_cut) {
            relay_cut(self->relay);
            next_cut = now + rig_below(&self->chance, UINT64_C(2) * CUT_EVERY);
        }
    }
    atomic_store(&self->ledger->is_over, true);
    for (unsigned k = 0; k < PLACES; k++) {
        int status = field_bury(self, k);
        assert_true(status == 0 || status == 128 + SIGKILL || status == LOST);
    }
}

/* Waits until nothing is left but what names hold: pins run out, the dead are buried, rings are found. */
static void
field_rest(field_t *self)
{
    char *token = NULL;
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(self->client);
    HF_AUTO_PROXY hf_proxy_t *never = hf_create(self->client, "Event", "");
    assert_non_null(never);
    rig_await_sessions(self->client, 1);
    while (hf_call_into(self->tokens, "get_nowait", "", "s", &token) == 0)
        free(token);
    assert_string_equal(hf_errkind(), "Empty");
    assert_int_equal(hf_call(self->pool, "clear", ""), 0);
    assert_int_equal(hf_call(manager, "collect", ""), 0);
    for (int k = 0; e2e_count_objects(self->client) > e2e_count_names(self->client) + 1; k++) {
        if (k > e2e_patience(RIG_PATIENCE_S) * 50)
            fail_msg("%lld referents are left", (long long)e2e_count_objects(self->client));
        assert_int_equal(hf_call(never, "wait", "f", 0.02), 0); /* the manager's own clock */
    }
}

static sample_t
field_sample(const field_t *self)
{
    sample_t now = {.referents = e2e_count_objects(self->client),
                    .sessions = e2e_figure(self->client, "sessions"),
                    .parked = e2e_figure(self->client, "parked"),
                    .memory = e2e_figure(self->client, "memory"),
                    .resident = status_of(self->e2e->pid, "VmRSS:"),
                    .peak = status_of(self->e2e->pid, "VmHWM:")};
    return now;
}

static double
field_seconds(const field_t *self)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (double)(now.tv_sec - self->began.tv_sec) +
           (double)(now.tv_nsec - self->began.tv_nsec) * 1e-9;
}

static void
field_tell(const field_t *self, uint64_t minute, const sample_t *sample)
{
    static bool is_begun;
    if (!is_begun)
        (void)printf(
            "minute      calls  calls/s  sessions    born  lost  referents  parked   memory  "
            "resident      peak\n");
    is_begun = true;
    double seconds = field_seconds(self);
    uint64_t n_calls = atomic_load(&self->ledger->n_calls);
    (void)printf("%6llu %10llu %8.0f %9lld %7llu %5u %10lld %7lld %8lld %5lld KiB %5lld KiB\n",
                 (unsigned long long)minute, (unsigned long long)n_calls, (double)n_calls / seconds,
                 (long long)sample->sessions,
                 (unsigned long long)atomic_load(&self->ledger->n_sessions), self->n_lost,
                 (long long)sample->referents, (long long)sample->parked, (long long)sample->memory,
                 (long long)sample->resident, (long long)sample->peak);
    (void)fflush(stdout);
}

/* On a terminal: how far it is, on a line that the next row takes the place of. */
static void
field_show(const field_t *self, uint64_t minute)
{
    static const char bar[] = "##############################..............................";
    if (!isatty(STDERR_FILENO))
        return;
    int done = (int)(30 * minute / given.minutes);
    double left =
        minute == 0 ? 0 : field_seconds(self) / (double)minute * (double)(given.minutes - minute);
    (void)fprintf(stderr, "[%.30s] minute %llu of %llu, %.0f s left \r", bar + 30 - done,
                  (unsigned long long)minute, (unsigned long long)given.minutes, left);
}

static void
field_close(field_t *self)
{
    hf_release(&self->pool);
    hf_release(&self->tokens);
    hf_release(&self->queue);
    rig_expect_nothing_left(self->client);
    hf_disconnect(&self->client);
    relay_destroy(&self->relay);
    assert_int_equal(e2e_stop(self->e2e), 0);
}

static void
an_hour(void **state)
{
    static sample_t samples[MAX_MINUTES];
    field_t field;
    uint64_t warm = given.minutes / WARM_UP_PART + 1;
    field_open(&field, *state);
    for (uint64_t k = 0; k < given.minutes; k++) {
        field_show(&field, k);
        field_work(&field);
        field_rest(&field);
        samples[k] = field_sample(&field);
        field_tell(&field, k + 1, &samples[k]);
    }
    expect_flat(samples + warm, (unsigned)(given.minutes - warm), given.calls);
    field_close(&field);
}

static bool
read_given(int argc, char **argv)
{
    for (int k = 1; k < argc; k += 2) {
        char *end = NULL;
        uint64_t n = k + 1 < argc ? strtoull(argv[k + 1], &end, 10) : 0;
        uint64_t *to = strcmp(argv[k], "--minutes") == 0 ? &given.minutes
                       : strcmp(argv[k], "--calls") == 0 ? &given.calls
                       : strcmp(argv[k], "--seed") == 0  ? &given.seed
                                                         : NULL;
        if (to == NULL || end == NULL || *end != '\0' || n == 0)
            return false;
        *to = n;
    }
    return given.minutes >= 3 && given.minutes <= MAX_MINUTES;
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_hour, e2e_open, e2e_close)};
    if (argc == 6 && strcmp(argv[1], "worker") == 0)
        worker_main(argv + 2);
    if (!read_given(argc, argv)) {
        (void)fprintf(stderr, "usage: %s [--minutes 3…%d] [--calls N, of a minute] [--seed N]\n",
                      argv[0], MAX_MINUTES);
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
