/* SPDX-License-Identifier: MPL-2.0 */
/* rig -- what the fault tests have in common: chance from a seed, one run a seed, memory that processes share.
 *
 *     test.fault.NAME                 the seeds that it was built for
 *     test.fault.NAME --seed N        one seed
 *     test.fault.NAME --seeds A-B     these seeds
 *
 * Each seed has a folder and a manager of its own. One that fails prints the command that runs it again.
 */
#ifndef FAULT_RIG_H
#define FAULT_RIG_H

#include <e2e/figure.h>
#include <e2e/harness.h>

enum { RIG_PATIENCE_S = 25 };

/* The next number of a sequence that `state` has come from, and one below n (n > 0). */
uint64_t rig_random(uint64_t *state);
uint64_t rig_below(uint64_t *state, uint64_t n);

/* Zeroed memory in a file that all who open it share; NULL where it cannot be had. Never unmapped. */
void *rig_share(const char *path, size_t size);

/* Makes a referent and binds it to the name; the test fails where it cannot. `start` is the constructor's argument. */
hf_proxy_t *rig_new(hf_client_t *client, const char *name, const char *typeid_, const char *picture,
                    int64_t start);

/* Connects to the manager; the test fails where it cannot. */
hf_client_t *rig_connect(const e2e_t *e2e);

/* Waits until a Lock is ours: its holder's session has ended. */
void rig_await_lock(const hf_proxy_t *lock);

/* Waits until there are only so many sessions; the test fails where it takes too long. */
void rig_await_sessions(hf_client_t *client, int64_t n);

/* Nothing is left but what names hold, and no session but ours. */
void rig_expect_nothing_left(hf_client_t *client);

/* In a process of a test: says what went wrong by the library's last error, and ends it. */
_Noreturn void rig_die(const char *what);

/* In a process of a test: connects, with that lease in seconds (e2e_patience is applied here), and keeps trying where
 * the first connection breaks. */
hf_client_t *rig_enter(const char *endpoint, double lease);

/* In a process of a test: what a name is bound to. */
hf_proxy_t *rig_find(hf_client_t *client, const char *name);

typedef struct rig_test {
    const char *name;
    void (*run)(e2e_t *e2e, uint64_t seed);
} rig_test_t;

/* A test program's main: every test with every seed. */
int rig_main(int argc, char **argv, const rig_test_t *tests, size_t n_tests);

#endif
