/* SPDX-License-Identifier: MPL-2.0 */
/* fork -- see fork.h
 *
 * prepare takes every mutex of the library, none of which is ever held for long (never while polling), so that the
 * child finds memory whole. The child lets go of them, forgets the keeper and the context, whose threads it has not,
 * and counts one generation up; the parent's sockets stay open in it and are never touched.
 */
#define _POSIX_C_SOURCE 200809L
#include "fork.h"

#include <pthread.h>
#include <stdatomic.h>

#include "keeper.h"
#include "link.h"

static pthread_once_t fork_once = PTHREAD_ONCE_INIT;
static atomic_uint fork_generation;

static void
fork_child(void)
{
    hfi_keeper_unlock_all();
    hfi_keeper_forget_all();
    hfi_link_forget_all();
    atomic_fetch_add_explicit(&fork_generation, 1, memory_order_relaxed);
}

static void
fork_register(void)
{
    (void)pthread_atfork(hfi_keeper_lock_all, hfi_keeper_unlock_all, fork_child);
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
