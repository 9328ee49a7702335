/* SPDX-License-Identifier: MPL-2.0 */
/* futex -- one word to sleep on: what a waiting thread costs. The includer defines _GNU_SOURCE.
 *
 * Hand-over is the word itself, written with release and read with acquire; the system call only sleeps and wakes.
 */
#ifndef HFI_FUTEX_H
#define HFI_FUTEX_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Sleeps while the word is `expected`, until it is woken, a signal came or CLOCK_MONOTONIC is at due_ns (INT64_MAX:
 * never). Whoever returns looks for himself why. */
static inline void
hfi_futex_wait(atomic_uint *word, unsigned expected, int64_t due_ns)
{
    struct timespec due = {.tv_sec = (time_t)(due_ns / 1000000000),
                           .tv_nsec = (long)(due_ns % 1000000000)};
    if (atomic_load_explicit(word, memory_order_acquire) == expected)
        (void)syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected,
                      due_ns == INT64_MAX ? NULL : &due, NULL, FUTEX_BITSET_MATCH_ANY);
}

/* Wakes all who sleep on it. */
static inline void
hfi_futex_wake_all(atomic_uint *word)
{
    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

/* Wakes who sleeps on it; the word may be gone already. */
static inline void
hfi_futex_wake(atomic_uint *word)
{
    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

#endif
