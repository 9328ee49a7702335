/* SPDX-License-Identifier: MPL-2.0 */
/* pace -- the machine's time, made of the world's: it starts at 0 and never leaps.
 *
 * In a round it passes the wake-up that was planned by at most 250 ms. So after a stop (a debugger, a laptop's
 * lid, one slow method) it catches up round by round, and what waited in the sockets is read before a lease is
 * counted.
 *
 * Thread: the loop's.
 */
#ifndef HFI_PACE_H
#define HFI_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define HFI_PACE_LEAP_NS INT64_C(250000000)

typedef struct hfi_pace {
    int64_t begun_ns; /* the world's time at the machine's 0 */
    int64_t now_ns;   /* the machine's time */
    int64_t
        planned_ns; /* the machine's time at which the last round meant to wake; at least now_ns */
} hfi_pace_t;

/* Begins at 0; `world_ns` is a monotonic clock. */
void hfi_pace_open(hfi_pace_t *self, int64_t world_ns);

/* Notes that the loop sleeps until then (INT64_MAX: until something comes). Returns how long that is, seen from
 * world_ns: 0 while time has to be caught up; INT64_MAX: for ever. */
int64_t hfi_pace_plan(hfi_pace_t *self, int64_t due_ns, int64_t world_ns);

/* The next TICK's time. */
int64_t hfi_pace_tick(hfi_pace_t *self, int64_t world_ns);

#endif
