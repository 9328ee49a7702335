/* SPDX-License-Identifier: MPL-2.0 */
/* waits ENDPOINT WORK CLIENTS SECONDS -- measures what processes wait for from each other, and going through a list.
 *
 *   lock      acquire and release of one lock by all clients: pairs a second
 *   handover  items put by one process and got by another, and answered the same way: items a second
 *   stream    items put by one process as fast as it can and got by another: items a second
 *   event     one over the median of the seconds from before `set` in one process to the end of `wait` in another
 *   iterate   items of a list of 10,000 a second
 *
 * cpython.py does the same with CPython's managers.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <holdfast/holdfast.h>
#include <holdfast/types.h>

enum { ITEMS = 10000, CHUNK = 1000, ROOM = 1000, MOST_CLIENTS = 16, MOST_WAKES = 100000 };

/* What the processes of one run share. */
struct run {
    const char *endpoint;
    double seconds;
    long pid; /* names of this run's referents end in it */
    int to_setter[2];
    _Atomic bool *is_over;
};

static void
fail(const char *what)
{
    (void)fprintf(stderr, "bench: %s: %s\n", what, hf_errmsg());
    exit(1);
}

static double
now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool
is_time_left(const struct run *run, double start)
{
    return now() - start < run->seconds;
}

static hf_proxy_t *
named(const struct run *run, hf_client_t *client, const char *name, const char *typeid_,
      int64_t argument)
{
    char whole[64];
    (void)snprintf(whole, sizeof whole, "bench.%s.%ld", name, run->pid);
    hf_proxy_t *proxy = argument < 0 ? hf_get_or_create(client, whole, typeid_, "")
                                     : hf_get_or_create(client, whole, typeid_, "i", argument);
    if (proxy == NULL)
        fail(whole);
    return proxy;
}

/* ---- the works: each process runs one, with its role, and gives its share of the figure -------- */

static double
work_lock(const struct run *run, hf_client_t *client, int role)
{
    uint64_t n = 0;
    hf_proxy_t *lock = named(run, client, "lock", "Lock", -1);
    (void)role;
    double start = now();
    for (; is_time_left(run, start); n++) {
        if (hf_call(lock, "acquire", "") != 0 || hf_call(lock, "release", "") != 0)
            fail("lock");
    }
    double rate = (double)n / (now() - start);
    hf_release(&lock);
    return rate;
}

static void
queue_put(hf_proxy_t *queue, int64_t item)
{
    if (hf_call(queue, "put", "i", item) != 0)
        fail("put");
}

static int64_t
queue_get(hf_proxy_t *queue)
{
    int64_t item;
    if (hf_call_into(queue, "get", "", "i", &item) != 0)
        fail("get");
    return item;
}

/* Role 0 puts there and gets back; an item below 0 is the last. */
static double
work_handover(const struct run *run, hf_client_t *client, int role)
{
    uint64_t n = 0;
    hf_proxy_t *there = named(run, client, "there", "Queue", 0);
    hf_proxy_t *back = named(run, client, "back", "Queue", 0);
    double rate = 0, start = now();
    if (role == 0) {
        for (; is_time_left(run, start); n += 2) {
            queue_put(there, 1);
            (void)queue_get(back);
        }
        rate = (double)n / (now() - start);
        queue_put(there, -1);
    } else {
        while (queue_get(there) >= 0)
            queue_put(back, 1);
    }
    hf_release(&there);
    hf_release(&back);
    return rate;
}

/* Role 0 gets for as long as it is measured, then all that is left; role 1 puts till then. */
static double
work_stream(const struct run *run, hf_client_t *client, int role)
{
    uint64_t n = 0;
    hf_proxy_t *queue = named(run, client, "stream", "Queue", ROOM);
    double rate = 0, start = now();
    if (role == 0) {
        for (; is_time_left(run, start); n++)
            (void)queue_get(queue);
        rate = (double)n / (now() - start);
        atomic_store(run->is_over, true);
        while (queue_get(queue) >= 0) {
        }
    } else {
        while (!atomic_load(run->is_over))
            queue_put(queue, 1);
        queue_put(queue, -1);
    }
    hf_release(&queue);
    return rate;
}

static int
double_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Role 1 waits and says when it is about to and when it has woken; role 0 sets. */
static double
event_set(const struct run *run, hf_proxy_t *event)
{
    static double wake[MOST_WAKES];
    size_t n = 0;
    double woken, start = now();
    while (n < MOST_WAKES && is_time_left(run, start)) {
        if (read(run->to_setter[0], &woken, sizeof woken) != sizeof woken)
            fail("event");
        (void)poll(NULL, 0, 1); /* what is measured is a wait that has begun to wait */
        double set = now();
        if (hf_call(event, "set", "") != 0 ||
            read(run->to_setter[0], &woken, sizeof woken) != sizeof woken)
            fail("set");
        wake[n++] = woken - set;
    }
    atomic_store(run->is_over, true);
    if (read(run->to_setter[0], &woken, sizeof woken) != sizeof woken ||
        hf_call(event, "set", "") != 0)
        fail("set");
    qsort(wake, n, sizeof wake[0], double_compare);
    return 1 / wake[n / 2];
}

static double
work_event(const struct run *run, hf_client_t *client, int role)
{
    hf_proxy_t *event = named(run, client, "event", "Event", -1);
    double rate = 0;
    if (role == 0)
        rate = event_set(run, event);
    while (role == 1) {
        double woken = 0;
        if (hf_call(event, "clear", "") != 0 ||
            write(run->to_setter[1], &woken, sizeof woken) != sizeof woken ||
            hf_call(event, "wait", "") != 0)
            fail("wait");
        woken = now();
        if (atomic_load(run->is_over))
            break;
        if (write(run->to_setter[1], &woken, sizeof woken) != sizeof woken)
            fail("event");
    }
    hf_release(&event);
    return rate;
}

static double
work_iterate(const struct run *run, hf_client_t *client, int role)
{
    uint64_t n = 0;
    hf_proxy_t *list = named(run, client, "items", "list", -1);
    (void)role;
    if (hf_call(list, "extend", "[i]", (int64_t)7) != 0 ||
        hf_call(list, "imul", "i", (int64_t)ITEMS) != 0)
        fail("list");
    double start = now();
    while (is_time_left(run, start)) {
        int64_t item;
        int got;
        hf_iter_t *items = hf_iter_new(list, CHUNK);
        if (items == NULL)
            fail("iterate");
        while ((got = hf_iter_next_into(items, "i", &item)) == 1)
            n++;
        hf_iter_destroy(&items);
        if (got != 0)
            fail("iterate");
    }
    double rate = (double)n / (now() - start);
    hf_release(&list);
    return rate;
}

/* ---- processes ------------------------------------------------------------------------------ */

static const struct work {
    const char *name;
    double (*run)(const struct run *run, hf_client_t *client, int role);
    int least, most; /* clients */
} works[] = {
    {"lock", work_lock, 1, MOST_CLIENTS}, {"handover", work_handover, 2, 2},
    {"stream", work_stream, 2, 2},        {"event", work_event, 2, 2},
    {"iterate", work_iterate, 1, 1},
};

static _Noreturn void
client_run(const struct work *work, const struct run *run, int role, int result)
{
    hf_client_t *client = hf_connect(run->endpoint, NULL);
    if (client == NULL)
        fail("connect");
    double rate = work->run(run, client, role);
    hf_disconnect(&client);
    if (write(result, &rate, sizeof rate) != sizeof rate)
        fail("result");
    exit(0);
}

/* The sum of what the clients give. */
static double
run_clients(const struct work *work, struct run *run, int n_clients)
{
    int result[2];
    double sum = 0, rate;
    run->is_over =
        mmap(NULL, sizeof *run->is_over, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (run->is_over == MAP_FAILED || pipe(result) != 0 || pipe(run->to_setter) != 0)
        fail("no memory or pipe");
    for (int role = 0; role < n_clients; role++) {
        pid_t pid = fork();
        if (pid < 0)
            fail("no process");
        if (pid == 0)
            client_run(work, run, role, result[1]);
    }
    (void)close(result[1]);
    for (int k = 0; k < n_clients; k++) {
        if (read(result[0], &rate, sizeof rate) != sizeof rate)
            exit(1); /* it has said why */
        sum += rate;
    }
    while (wait(NULL) > 0) {
    }
    return sum;
}

int
main(int argc, char **argv)
{
    const struct work *work = NULL;
    for (size_t k = 0; argc == 5 && k < sizeof works / sizeof works[0]; k++) {
        if (strcmp(works[k].name, argv[2]) == 0)
            work = &works[k];
    }
    int n_clients = work == NULL ? 0 : (int)strtol(argv[3], NULL, 10);
    if (work == NULL || n_clients < work->least || n_clients > work->most) {
        (void)fprintf(stderr, "usage: bench.waits ENDPOINT lock|handover|stream|event|iterate "
                              "CLIENTS SECONDS\n");
        return 2;
    }
    struct run run = {.endpoint = argv[1], .seconds = strtod(argv[4], NULL), .pid = (long)getpid()};
    (void)printf("%.1f\n", run_clients(work, &run, n_clients));
    return 0;
}
