/* SPDX-License-Identifier: MPL-2.0 */
/* fork -- see fork.h
 *
 * prepare takes every mutex of the library, none of which is ever held for long (never while polling), so that the
 * child finds memory whole; under them it queues the exports of what is held. The child lets go of the mutexes, forgets
 * keeper, context and lead, whose threads it has not, and counts one generation up; the parent's sockets stay open in
 * it and are never touched. The parent lets go of them too, and then hands the exports over to the manager: only then
 * does fork return to its program, which may end at once (a daemon's first process does).
 *
 * Locking: the keeper's mutexes, then fork_mutex, then the clients'.
 */
#define _POSIX_C_SOURCE 200809L
#include "fork.h"

#include <stdlib.h>

#include "inherit.h"
#include "keeper.h"
#include "link.h"

static pthread_once_t fork_once = PTHREAD_ONCE_INIT;
static atomic_uint fork_generation;
static pthread_mutex_t fork_mutex = PTHREAD_MUTEX_INITIALIZER;
static hf_client_t *fork_first;

/* Clients with exports to be handed over, each held by a reference. */
typedef struct fork_told {
    hf_client_t **clients;
    size_t n;
} fork_told_t;

static fork_told_t fork_told;

static void
fork_tell(hf_client_t *client)
{
    size_t size = (fork_told.n + 1) * sizeof(hf_client_t *);
    hf_client_t **clients = realloc(fork_told.clients, size);
    if (clients == NULL)
        return; /* the keeper sends them, within 100 ms */
    fork_told.clients = clients;
    fork_told.clients[fork_told.n++] = client;
    hfi_client_ref(client);
}

static void
fork_prepare(void)
{
    hfi_keeper_lock_all();
    (void)pthread_mutex_lock(&fork_mutex);
    for (hf_client_t *c = fork_first; c != NULL; c = c->fork_next)
        hfi_client_lock(c);
    for (hf_client_t *c = fork_first; c != NULL; c = c->fork_next) {
        if (hfi_inherit_export(c))
            fork_tell(c);
    }
}

/* Lets go of what prepare took. */
static fork_told_t
fork_unlock(void)
{
    fork_told_t told = fork_told;
    fork_told = (fork_told_t){0};
    for (hf_client_t *c = fork_first; c != NULL; c = c->fork_next)
        hfi_client_unlock(c);
    (void)pthread_mutex_unlock(&fork_mutex);
    hfi_keeper_unlock_all();
    return told;
}

static void
fork_parent(void)
{
    for (hf_client_t *c = fork_first; c != NULL; c = c->fork_next)
        hfi_inherit_keep(c);
    fork_told_t told = fork_unlock();
    for (size_t i = 0; i < told.n; i++) {
        hfi_inherit_hand_over(told.clients[i]);
        hfi_client_unref(told.clients[i]);
    }
    free(told.clients);
}

static void
fork_child(void)
{
    atomic_fetch_add_explicit(&fork_generation, 1, memory_order_relaxed);
    for (hf_client_t *c = fork_first; c != NULL; c = c->fork_next)
        hfi_inherit_take(c);
    hfi_keeper_forget_all();
    hfi_link_forget_all();
    fork_told_t told = fork_unlock();
    for (size_t i = 0; i < told.n; i++)
        hfi_client_unref(told.clients[i]);
    free(told.clients);
}

static void
fork_register(void)
{
    (void)pthread_atfork(fork_prepare, fork_parent, fork_child);
}

void
hfi_fork_watch(void)
{
    (void)pthread_once(&fork_once, fork_register);
}

uint32_t
hfi_fork_generation(void)
{
    return atomic_load_explicit(&fork_generation, memory_order_relaxed);
}

void
hfi_fork_add(hf_client_t *client)
{
    (void)pthread_mutex_lock(&fork_mutex);
    client->fork_next = fork_first;
    client->fork_previous_next = &fork_first;
    if (fork_first != NULL)
        fork_first->fork_previous_next = &client->fork_next;
    fork_first = client;
    (void)pthread_mutex_unlock(&fork_mutex);
}

void
hfi_fork_remove(hf_client_t *client)
{
    (void)pthread_mutex_lock(&fork_mutex);
    *client->fork_previous_next = client->fork_next;
    if (client->fork_next != NULL)
        client->fork_next->fork_previous_next = client->fork_previous_next;
    (void)pthread_mutex_unlock(&fork_mutex);
}

void
hfi_fork_lock(void)
{
    (void)pthread_mutex_lock(&fork_mutex);
}

void
hfi_fork_unlock(void)
{
    (void)pthread_mutex_unlock(&fork_mutex);
}

hf_client_t *
hfi_fork_first(void)
{
    return fork_first;
}
