/* SPDX-License-Identifier: MPL-2.0 */
/* load CONTENDER ENDPOINT WORK CLIENTS N SECONDS -- puts a load on a server and prints operations a second.
 *
 *   call           one small call after the other
 *   pipe           small calls, N of them under way all the time
 *   churn          N objects made and let go at a time
 *   big            1 MiB stored and read back
 *
 * The clients are processes that all start at once; the figure is the sum of theirs.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "contender.h"

enum { MAX_CLIENTS = 64, BETWEEN_LOOKS = 32 };

static const struct contender *const contenders[] = {&contender_echo, &contender_redis,
                                                     &contender_holdfast};

void
contender_fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

static double
now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct work {
    const struct contender *contender;
    const char *endpoint;
    const char *name;
    uint32_t n;
    double seconds;
};

/* One round of the work; gives how many operations it was. */
static uint64_t
work_once(const struct work *work, void *client)
{
    const struct contender *c = work->contender;
    if (strcmp(work->name, "churn") == 0) {
        c->churn(client, work->n);
        return work->n;
    }
    if (strcmp(work->name, "big") == 0) {
        c->big(client);
        return 1;
    }
    for (int i = 0; i < BETWEEN_LOOKS; i++) {
        if (strcmp(work->name, "pipe") == 0) {
            c->receive(client);
            c->send(client);
        } else {
            c->call(client);
        }
    }
    return BETWEEN_LOOKS;
}

static double
work_for(const struct work *work, void *client, double seconds)
{
    uint64_t operations = 0;
    double start = now(), passed = 0;
    while (passed < seconds) {
        operations += work_once(work, client);
        passed = now() - start;
    }
    return (double)operations / passed;
}

/* A client process: opens, warms up, says that it is ready, waits for the start, reports its rate. */
static _Noreturn void
client_run(const struct work *work, int ready, int start, int result)
{
    void *client = work->contender->open(work->endpoint);
    if (strcmp(work->name, "pipe") == 0) {
        for (uint32_t i = 0; i < work->n; i++)
            work->contender->send(client);
    }
    (void)work_for(work, client, work->seconds / 5);
    char byte = 1;
    if (write(ready, &byte, 1) != 1 || read(start, &byte, 1) < 0)
        contender_fail("load", "the parent is gone");
    double rate = work_for(work, client, work->seconds);
    if (write(result, &rate, sizeof rate) != sizeof rate)
        contender_fail("load", "the parent is gone");
    if (strcmp(work->name, "pipe") == 0) {
        for (uint32_t i = 0; i < work->n; i++)
            work->contender->receive(client);
    }
    work->contender->close(client);
    exit(0);
}

static double
run_clients(const struct work *work, int n_clients)
{
    int ready[2], start[2], result[2];
    if (pipe(ready) != 0 || pipe(start) != 0 || pipe(result) != 0)
        contender_fail("load", "no pipe");
    for (int i = 0; i < n_clients; i++) {
        pid_t pid = fork();
        if (pid < 0)
            contender_fail("load", "no process");
        if (pid == 0) {
            (void)close(start[1]);
            client_run(work, ready[1], start[0], result[1]);
        }
    }
    (void)close(ready[1]);
    (void)close(result[1]);
    char byte;
    for (int i = 0; i < n_clients; i++) {
        if (read(ready[0], &byte, 1) != 1)
            contender_fail("load", "a client did not start");
    }
    (void)close(start[1]);
    double sum = 0;
    for (int i = 0; i < n_clients; i++) {
        double rate;
        if (read(result[0], &rate, sizeof rate) != sizeof rate)
            contender_fail("load", "a client failed");
        sum += rate;
    }
    while (wait(NULL) > 0) {
    }
    return sum;
}

int
main(int argc, char **argv)
{
    if (argc != 7) {
        (void)fprintf(
            stderr, "usage: bench.load CONTENDER ENDPOINT call|pipe|churn|big CLIENTS N SECONDS\n");
        return 2;
    }
    struct work work = {
        .endpoint = argv[2], .name = argv[3], .n = (uint32_t)strtoul(argv[5], NULL, 10)};
    work.seconds = strtod(argv[6], NULL);
    for (size_t i = 0; i < sizeof contenders / sizeof contenders[0]; i++) {
        if (strcmp(contenders[i]->name, argv[1]) == 0)
            work.contender = contenders[i];
    }
    int n_clients = (int)strtol(argv[4], NULL, 10);
    if (work.contender == NULL || n_clients < 1 || n_clients > MAX_CLIENTS || work.seconds <= 0)
        contender_fail(argv[1], "no such contender, or a number out of range");
    (void)printf("%.1f\n", run_clients(&work, n_clients));
    return 0;
}
