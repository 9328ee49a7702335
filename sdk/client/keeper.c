/* SPDX-License-Identifier: MPL-2.0 */
/* keeper -- the one background thread of the process: it keeps sessions alive while the program computes.
 *
 * Without it a program that computes past its lease would lose its locks. It sleeps on one word, wakes at most every
 * 25 ms and visits the clients whose time has come: one that owes something (poked) within 100 ms, an idle one every
 * third of its lease. A visit never waits: where somebody leads, that thread does all of it.
 *
 * Locks: `keeper_life` is held while the thread starts or ends, `keeper_mutex` guards the list; neither is held during
 * a visit. A client's mutex is never held by who takes one of these.
 */
#define _GNU_SOURCE
#include "keeper.h"

#include <base/check.h>
#include <os/clock.h>
#include <os/thread.h>

#include "futex.h"
#include "lead.h"

#define KEEPER_POKED_NS (75 * HFI_MS)
#define KEEPER_GRID_NS  (25 * HFI_MS)

static pthread_mutex_t keeper_life = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t keeper_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t keeper_visited = PTHREAD_COND_INITIALIZER;
static hf_client_t *keeper_first;
static pthread_t keeper_thread;
static bool keeper_runs;
static bool keeper_ends;
static atomic_uint keeper_word;

static void
keeper_wake(void)
{
    atomic_fetch_add_explicit(&keeper_word, 1, memory_order_release);
    hfi_futex_wake(&keeper_word);
}

/* The mutex is let go during the visit; the client stays in the list that long. */
static void
keeper_visit(hf_client_t *client)
{
    client->is_visited = true;
    (void)pthread_mutex_unlock(&keeper_mutex);
    atomic_store_explicit(&client->is_poked, false, memory_order_relaxed);
    bool is_owing;
    (void)pthread_mutex_lock(&client->mutex);
    int64_t due = hfi_lead_visit(client, &is_owing);
    hfi_client_unlock(client);
    if (is_owing)
        atomic_store_explicit(&client->is_poked, true, memory_order_relaxed);
    (void)pthread_mutex_lock(&keeper_mutex);
    client->visit_ns = due;
    client->is_visited = false;
    (void)pthread_cond_broadcast(&keeper_visited);
}

/* Visits who is due; returns when the next one is. Under keeper_mutex. */
static int64_t
keeper_round(void)
{
    int64_t now = hfi_now_ns();
    int64_t soonest = INT64_MAX;
    for (hf_client_t *c = keeper_first; c != NULL; c = c->next) {
        bool is_poked = atomic_load_explicit(&c->is_poked, memory_order_relaxed);
        if (is_poked && c->visit_ns > now + KEEPER_POKED_NS)
            c->visit_ns = now + KEEPER_POKED_NS;
        if (c->visit_ns <= now)
            keeper_visit(c);
        if (c->visit_ns < soonest)
            soonest = c->visit_ns;
    }
    return soonest;
}

static void *
keeper_main(void *unused)
{
    (void)unused;
    (void)pthread_mutex_lock(&keeper_mutex);
    while (!keeper_ends) {
        unsigned word = atomic_load_explicit(&keeper_word, memory_order_acquire);
        int64_t due = keeper_round();
        bool ends = keeper_ends;
        (void)pthread_mutex_unlock(&keeper_mutex);
        /* On a grid, so that many clients are visited together. */
        if (due < INT64_MAX - KEEPER_GRID_NS)
            due = (due / KEEPER_GRID_NS + 1) * KEEPER_GRID_NS;
        if (!ends)
            hfi_futex_wait(&keeper_word, word, due);
        (void)pthread_mutex_lock(&keeper_mutex);
    }
    (void)pthread_mutex_unlock(&keeper_mutex);
    return NULL;
}

/* Under keeper_life. */
static bool
keeper_start(void)
{
    keeper_ends = false;
    keeper_runs = hfi_thread_start(&keeper_thread, 0, keeper_main, NULL) == 0;
    return keeper_runs;
}

bool
hfi_keeper_add(hf_client_t *client)
{
    (void)pthread_mutex_lock(&keeper_life);
    bool is_there = keeper_runs || keeper_start();
    if (is_there) {
        (void)pthread_mutex_lock(&keeper_mutex);
        client->visit_ns = hfi_now_ns() + KEEPER_POKED_NS;
        client->next = keeper_first;
        client->previous_next = &keeper_first;
        if (keeper_first != NULL)
            keeper_first->previous_next = &client->next;
        keeper_first = client;
        (void)pthread_mutex_unlock(&keeper_mutex);
        keeper_wake();
    }
    (void)pthread_mutex_unlock(&keeper_life);
    return is_there;
}

void
hfi_keeper_remove(hf_client_t *client)
{
    (void)pthread_mutex_lock(&keeper_life);
    (void)pthread_mutex_lock(&keeper_mutex);
    while (client->is_visited)
        (void)pthread_cond_wait(&keeper_visited, &keeper_mutex);
    *client->previous_next = client->next;
    if (client->next != NULL)
        client->next->previous_next = client->previous_next;
    bool is_last = keeper_first == NULL;
    keeper_ends = is_last;
    (void)pthread_mutex_unlock(&keeper_mutex);
    if (is_last) {
        keeper_wake();
        (void)pthread_join(keeper_thread, NULL);
        keeper_runs = false;
    }
    (void)pthread_mutex_unlock(&keeper_life);
}

void
hfi_keeper_poke(hf_client_t *client)
{
    if (!atomic_load_explicit(&client->is_poked, memory_order_relaxed) &&
        !atomic_exchange_explicit(&client->is_poked, true, memory_order_relaxed))
        keeper_wake();
}

void
hfi_keeper_lock_all(void)
{
    (void)pthread_mutex_lock(&keeper_life);
    (void)pthread_mutex_lock(&keeper_mutex);
}

void
hfi_keeper_unlock_all(void)
{
    (void)pthread_mutex_unlock(&keeper_mutex);
    (void)pthread_mutex_unlock(&keeper_life);
}

void
hfi_keeper_forget_all(void)
{
    for (hf_client_t *c = keeper_first; c != NULL; c = c->next) {
        c->is_visited = false;
        atomic_store_explicit(&c->is_poked, false, memory_order_relaxed);
    }
    (void)pthread_cond_init(&keeper_visited, NULL); /* who waited on it is not here */
    keeper_first = NULL;
    keeper_runs = false;
    keeper_ends = false;
}
