/* SPDX-License-Identifier: MPL-2.0 */
/* poll -- waits for descriptors: an epoll set, made once and waited for often.
 *
 * Why not poll: it enters and leaves the queue of every descriptor at each wait, a microsecond or two of a round trip.
 *
 * Why it looks before it sleeps. A CPU with nothing to do halts, and to wake it takes longer than a call: 40 to 50 us in
 * a virtual machine, twice a call where program and manager are on two CPUs. Answers come sooner than that, so a wait
 * looks for HFI_POLL_SPIN_NS first and lets others run between two looks. Where that was in vain several times in a row,
 * as with a call that parks, some waits sleep at once. They become ever more where others took the time between the
 * looks, as with many clients on few CPUs: no CPU halts then. Alone on one CPU it never looks.
 *
 * Thread: [one at a time] for a set.
 */
#ifndef HFI_POLL_H
#define HFI_POLL_H

#include <stdbool.h>
#include <stdint.h>

#define HFI_POLL_SPIN_NS INT64_C(50000)

/* Descriptors that one set waits for, at most. */
enum { HFI_POLL_ROOM = 8 };

typedef struct hfi_poll {
    int fd; /* -1: not open */
    bool spins;
    unsigned vain;    /* waits in a row that looked and found nothing */
    unsigned crowded; /* of these, with others taking the time */
    unsigned pause;   /* waits that sleep at once */
    unsigned rest;    /* how long the next pause will be */
} hfi_poll_t;

/* A set that is not open yet. */
#define HFI_POLL_NONE ((hfi_poll_t){.fd = -1})

/* Makes an empty set. may_spin: whether it looks before it sleeps, where there are two CPUs. False with errno. */
bool hfi_poll_open(hfi_poll_t *self, bool may_spin);

/* Nothing where it is not open. */
void hfi_poll_close(hfi_poll_t *self);

/* Waits for `fd` too, as long as it is open: readable, it is told as `bit`. False with errno. */
bool hfi_poll_add(const hfi_poll_t *self, int fd, uint32_t bit);

/* Waits for `fd` no more: to be said before it is closed, where something else may still have it open. */
void hfi_poll_remove(const hfi_poll_t *self, int fd);

/* Draws from a look before a sleep how long none is worth it: hfi_poll_wait's, and its test's. */
void hfi_poll_note(hfi_poll_t *self, bool has_found, unsigned n_looks);

/* Waits until one is readable, for wait_ns (INT64_MAX: for ever; whole milliseconds, rounded up), or until a signal
 * came. Returns the bits of what is readable. */
uint32_t hfi_poll_wait(hfi_poll_t *self, int64_t wait_ns);

#endif
