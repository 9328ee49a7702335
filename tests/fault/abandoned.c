/* SPDX-License-Identifier: MPL-2.0 */
/* abandoned -- sessions by the thousand that nobody ever ends: all that they had is given back, the memory too.
 *
 *     test.fault.abandoned --seed N              here N is how many thousands
 *     test.fault.abandoned crowd ENDPOINT N      a process that opens N sessions, says so, and waits to be killed
 *
 * They come in rounds. What is compared: after WARM_UPS rounds, when all sessions are gone, and after the last round,
 * `memory` of stats() (what referents and sessions take) and the process's resident set; neither may have grown by more
 * than 5 %. (The first rounds teach malloc what will be wanted: libzmq takes some 50 KiB a connection, and what is free
 * between blocks that are not stays resident.) number_of_objects is what it was, exactly.
 */
#define _GNU_SOURCE
#include "rig.h"

#include <signal.h>
#include <unistd.h>

enum {
    THOUSAND = E2E_IS_SANITIZED ? 200 : 1000,
    CROWDS = 2, /* at a time */
    CROWD = E2E_IS_SANITIZED ? 50 : 250,
    CROWD_OVER_TCP = 25,
    WARM_UPS = E2E_IS_SANITIZED ? 1 : 8,
    PERCENT = 5,
};

/* ---- the crowd ---------------------------------------------------------------------------- */

/* Something of each kind that a session can have. */
static void
session_takes_place(const char *endpoint)
{
    hf_client_t *client = rig_enter(endpoint, 10.0);
    hf_proxy_t *list = hf_create(client, "list", "");
    hf_proxy_t *queue = hf_create(client, "Queue", "");
    hf_proxy_t *lock = hf_create(client, "Lock", "");
    if (list == NULL || queue == NULL || lock == NULL ||
        hf_call(list, "append", "s", "as long as it takes for a block of its own") != 0 ||
        hf_call(list, "append", "h", queue) != 0 || hf_call(lock, "acquire", "") != 0 ||
        hf_call_async(queue, "get", "") == NULL ||
        hf_flush(client, e2e_patience(RIG_PATIENCE_S)) != 0)
        rig_die("a session");
    hf_release(&queue); /* the list has it */
}

static _Noreturn void
crowd_main(const char *endpoint, unsigned n)
{
    for (unsigned k = 1; k < n; k++)
        session_takes_place(endpoint);
    hf_client_t *client = rig_enter(endpoint, 10.0);
    if (hf_call(rig_find(client, "ready"), "release", "") != 0)
        rig_die("ready");
    (void)hf_call(rig_find(client, "never"), "wait", "");
    rig_die("never");
}

/* ---- the test ------------------------------------------------------------------------------ */

typedef struct field {
    e2e_t *e2e;
    hf_client_t *client;
    hf_proxy_t *ready, *never;
} field_t;

typedef struct figures {
    int64_t objects;
    int64_t memory;
    int64_t resident; /* bytes */
} figures_t;

static void
field_open(field_t *self, e2e_t *e2e)
{
    *self = (field_t){.e2e = e2e, .client = rig_connect(e2e)};
    self->ready = rig_new(self->client, "ready", "Semaphore", "i", 0);
    self->never = rig_new(self->client, "never", "Event", "", 0);
}

static void
field_close(field_t *self)
{
    hf_release(&self->ready);
    hf_release(&self->never);
    rig_expect_nothing_left(self->client);
    hf_disconnect(&self->client);
}

static int64_t
resident_of(pid_t pid)
{
    char path[64];
    long long pages = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    FILE *from = fopen(path, "re");
    assert_non_null(from);
    assert_int_equal(fscanf(from, "%*s %lld", &pages), 1); /* NOLINT(cert-err34-c): the kernel's */
    assert_int_equal(fclose(from), 0);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

/* Behind a rest in which the manager gives its memory back. */
static figures_t
field_read(const field_t *self, const char *when)
{
    assert_int_equal(hf_call(self->never, "wait", "f", 1.5), 0);
    figures_t now = {.objects = e2e_count_objects(self->client),
                     .memory = e2e_figure(self->client, "memory"),
                     .resident = resident_of(self->e2e->pid)};
    print_message("%s: %lld objects, %lld bytes, %lld KiB resident\n", when, (long long)now.objects,
                  (long long)now.memory, (long long)now.resident / 1024);
    return now;
}

/* One round: all are there at once, then none. */
static void
field_play(field_t *self, int crowd)
{
    char n[16];
    pid_t pid[CROWDS];
    (void)snprintf(n, sizeof n, "%d", crowd);
    for (int k = 0; k < CROWDS; k++)
        pid[k] = e2e_spawn(self->e2e, (const char *const[]){"/proc/self/exe", "crowd",
                                                            self->e2e->endpoint, n, NULL});
    for (int k = 0; k < CROWDS; k++)
        rig_await_lock(self->ready);
    assert_int_equal(e2e_figure(self->client, "sessions"), 1 + CROWDS * crowd);
    for (int k = 0; k < CROWDS; k++) {
        assert_int_equal(kill(pid[k], SIGKILL), 0);
        assert_int_equal(e2e_join(pid[k]), 128 + SIGKILL);
    }
    rig_await_sessions(self->client, 1);
}

static void
expect_as_before(int64_t now, int64_t before)
{
    assert_true(now <= before + before * PERCENT / 100);
}

static void
play(field_t *self, int crowd, uint64_t sessions)
{
    for (int n = 0; n < WARM_UPS; n++)
        field_play(self, crowd);
    figures_t before = field_read(self, "before");
    for (uint64_t n = 0; n < sessions; n += (uint64_t)(CROWDS * crowd))
        field_play(self, crowd);
    figures_t after = field_read(self, "after");
    assert_int_equal(after.objects, before.objects);
    expect_as_before(after.memory, before.memory);
    if (!E2E_IS_SANITIZED) /* these keep what was freed */
        expect_as_before(after.resident, before.resident);
}

/* On the same computer, where each death is seen. */
static void
thousands_leave_nothing(e2e_t *e2e, uint64_t thousands)
{
    field_t field;
    E2E_START(e2e, NULL);
    field_open(&field, e2e);
    play(&field, CROWD, thousands * THOUSAND);
    field_close(&field);
}

/* By the network, where each takes its grace. */
static void
hundreds_leave_nothing_over_tcp(e2e_t *e2e, uint64_t thousands)
{
    field_t field;
    e2e_start_configured(e2e, "bind = \"tcp://127.0.0.1:*\"\nprobe = 0.2\ngrace = 0.2\n");
    field_open(&field, e2e);
    play(&field, CROWD_OVER_TCP, thousands * THOUSAND / 10);
    field_close(&field);
}

int
main(int argc, char **argv)
{
    static const rig_test_t tests[] = {
        {"thousands leave nothing", thousands_leave_nothing},
        {"hundreds leave nothing over tcp", hundreds_leave_nothing_over_tcp},
    };
    if (argc == 4 && strcmp(argv[1], "crowd") == 0)
        crowd_main(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
    return rig_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
