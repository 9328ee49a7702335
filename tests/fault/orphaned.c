/* SPDX-License-Identifier: MPL-2.0 */
/* orphaned -- kill -9 of the manager: its clients are told, and never get an answer that is not theirs.
 *
 *     test.fault.orphaned worker ENDPOINT HEIR      counts until it is told; HEIR 1: there will be another manager
 *
 * The other manager serves at the same endpoint and has the same referents under the same numbers, but its counter
 * begins where the first one's never gets: a call that was meant for the first would be seen.
 */
#define _GNU_SOURCE
#include "rig.h"

#include <unistd.h>

enum { WORKERS = 3, BURST = 8, LOST = 3, HEIRS = 1000000, CALLS = 200 };

/* Closed until the other manager has all its referents, whoever comes first. */
static hf_proxy_t *
heir_gate(hf_client_t *client)
{
    hf_proxy_t *gate = hf_get_or_create(client, "gate", "Semaphore", "i", INT64_C(0));
    if (gate == NULL)
        rig_die("gate");
    return gate;
}

/* ---- a worker ----------------------------------------------------------------------------- */

/* It is told why there is no answer. */
static void
must_be_lost(void)
{
    if (strcmp(hf_errkind(), "SessionLost") != 0)
        rig_die("a call that failed");
}

/* One answer of the first manager's, or the end of all; a call that is NULL was not even made. */
static bool
is_answered(hf_future_t *future)
{
    int64_t count = 0;
    if (future == NULL)
        return false;
    if (hf_await_into(future, HF_FOREVER, "i", &count) != 0) {
        must_be_lost();
        return false;
    }
    if (count <= 0 || count >= HEIRS)
        rig_die("an answer of another manager's");
    return true;
}

/* Keeps the wire busy both ways until a call fails, and then all do. */
static void
worker_counts(hf_proxy_t *counter)
{
    bool is_told = false;
    while (!is_told) {
        hf_future_t *future[BURST];
        for (int k = 0; k < BURST; k++) {
            future[k] = hf_call_async(counter, "add", "");
            if (future[k] == NULL)
                must_be_lost();
        }
        for (int k = 0; k < BURST; k++) {
            bool is_here = is_answered(future[k]);
            if (is_here && is_told)
                rig_die("an answer behind the end");
            is_told = !is_here;
            hf_future_destroy(&future[k]);
        }
    }
    for (int k = 0; k < 3; k++) {
        if (hf_call(counter, "add", "") == 0)
            rig_die("a call behind the end");
        must_be_lost();
    }
}

static _Noreturn void
worker_main(const char *endpoint, bool has_heir)
{
    int64_t count = 0;
    hf_client_t *client = rig_enter(endpoint, 1.0);
    hf_proxy_t *counter = rig_find(client, "counter");
    if (hf_call(rig_find(client, "ready"), "release", "") != 0)
        rig_die("ready");
    worker_counts(counter);
    hf_release(&counter);
    hf_disconnect(&client);
    if (has_heir) { /* its own doing, and a session of its own */
        client = rig_enter(endpoint, 1.0);
        hf_proxy_t *gate = heir_gate(client);
        if (hf_call(gate, "acquire", "") != 0)
            rig_die("the gate");
        counter = rig_find(client, "counter");
        if (hf_call_into(counter, "add", "", "i", &count) != 0 || count <= HEIRS)
            rig_die("the other manager's counter");
        hf_release(&gate);
        hf_release(&counter);
        hf_disconnect(&client);
    } else if (hf_connect(endpoint, NULL) != NULL || strcmp(hf_errkind(), "ConnectionError") != 0) {
        rig_die("a manager where there is none");
    }
    _exit(LOST);
}

/* ---- the test ------------------------------------------------------------------------------ */

typedef struct field {
    hf_client_t *client;
    hf_proxy_t *counter, *ready;
} field_t;

/* A manager at that endpoint ("": where it serves by default), with the referents that all of them have. */
static void
field_open(field_t *self, e2e_t *e2e, const char *endpoint, int64_t start)
{
    char config[512];
    (void)snprintf(config, sizeof config, "%s%s%splugin = \"%s\"\n",
                   *endpoint == '\0' ? "" : "bind = \"", endpoint, *endpoint == '\0' ? "" : "\"\n",
                   E2E_COUNTER);
    e2e_start_configured(e2e, config);
    self->client = rig_connect(e2e);
    self->counter = rig_new(self->client, "counter", "Counter", "i", start);
    self->ready = rig_new(self->client, "ready", "Semaphore", "i", 0);
}

static void
field_close(field_t *self)
{
    hf_release(&self->counter);
    hf_release(&self->ready);
    hf_disconnect(&self->client);
}

/* Kills the manager in the midst of the workers' calls. Where it serves is in `endpoint`. */
static void
orphan(e2e_t *e2e, uint64_t seed, bool has_heir, pid_t *workers, char *endpoint)
{
    field_t field;
    uint64_t chance = seed;
    field_open(&field, e2e, seed % 2 == 0 ? "tcp://127.0.0.1:*" : "", 0);
    memcpy(endpoint, e2e->endpoint, sizeof e2e->endpoint);
    for (int k = 0; k < WORKERS; k++)
        workers[k] = e2e_spawn(e2e, (const char *const[]){"/proc/self/exe", "worker", endpoint,
                                                          has_heir ? "1" : "0", NULL});
    for (int k = 0; k < WORKERS; k++)
        rig_await_lock(field.ready);
    int64_t count = 0;
    for (uint64_t n = rig_below(&chance, CALLS); n > 0; n--)
        assert_int_equal(hf_call_into(field.counter, "add", "i", (int64_t)0, "i", &count), 0);
    e2e_kill(e2e);
    print_message("killed at %lld\n", (long long)count);
    field_close(&field);
}

static void
they_are_told(e2e_t *e2e, uint64_t seed)
{
    pid_t workers[WORKERS];
    char endpoint[sizeof e2e->endpoint];
    orphan(e2e, seed, false, workers, endpoint);
    for (int k = 0; k < WORKERS; k++)
        assert_int_equal(e2e_join(workers[k]), LOST);
}

static void
another_manager_answers_nobody_else(e2e_t *e2e, uint64_t seed)
{
    field_t heir;
    int64_t count = 0;
    pid_t workers[WORKERS];
    char endpoint[sizeof e2e->endpoint];
    orphan(e2e, seed, true, workers, endpoint);
    field_open(&heir, e2e, seed % 2 == 0 ? endpoint : "", HEIRS);
    assert_string_equal(e2e->endpoint, endpoint);
    hf_proxy_t *gate = heir_gate(heir.client);
    assert_int_equal(hf_call(gate, "release", "i", (int64_t)WORKERS), 0);
    for (int k = 0; k < WORKERS; k++)
        assert_int_equal(e2e_join(workers[k]), LOST);
    assert_int_equal(hf_call_into(heir.counter, "add", "i", (int64_t)0, "i", &count), 0);
    assert_int_equal(count, HEIRS + WORKERS);
    hf_release(&gate);
    rig_expect_nothing_left(heir.client);
    field_close(&heir);
}

int
main(int argc, char **argv)
{
    static const rig_test_t tests[] = {
        {"they are told", they_are_told},
        {"another manager answers nobody else", another_manager_answers_nobody_else},
    };
    if (argc == 4 && strcmp(argv[1], "worker") == 0)
        worker_main(argv[2], argv[3][0] == '1');
    return rig_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
