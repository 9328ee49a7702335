/* SPDX-License-Identifier: MPL-2.0 */
/* relay -- a stretch of TCP between clients and a manager on which everything goes wrong that can, by a seed.
 *
 * After a number of bytes, drawn anew each time, a connection
 *   is cut        closed both ways, orderly or by a reset, in the middle of whatever is under way
 *   is halved     one direction is ended, the other one goes on for a while
 *   has a hole    what comes is swallowed, one way or both, until it is cut: as behind a firewall that forgot it
 *   is late       nothing goes on for a while, then all of it
 *   trickles      a few bytes at a time
 *   loses frames  whole ZMTP messages, one to three of them, one way: as at a high-water mark
 * Single bytes are never taken out of a stream that goes on: TCP does not do that.
 */
#ifndef FAULT_RELAY_H
#define FAULT_RELAY_H

#include <stdint.h>

typedef struct relay relay_t;

typedef enum relay_fault {
    RELAY_CUT,
    RELAY_RESET,
    RELAY_HALF_UP,
    RELAY_HALF_DOWN,
    RELAY_HOLE_UP,
    RELAY_HOLE_DOWN,
    RELAY_HOLE_BOTH,
    RELAY_LATE,
    RELAY_TRICKLE,
    RELAY_LOSE_UP,
    RELAY_LOSE_DOWN,
    RELAY_FAULTS,
} relay_fault_t;

/* Listens on 127.0.0.1 and relays to `to`, "tcp://127.0.0.1:PORT", by a thread of its own. The test fails where it
 * cannot. */
relay_t *relay_new(const char *to, uint64_t seed);
void relay_destroy(relay_t **self_p);

/* Where clients connect; good as long as the relay. */
const char *relay_endpoint(const relay_t *self);

/* From now on all goes well: what has a hole or is halved is cut, nothing else happens. */
void relay_calm(relay_t *self);

/* Cuts all connections there are. */
void relay_cut(relay_t *self);

/* How many connections there have been, and how often a fault has happened. */
unsigned relay_n_connections(const relay_t *self);
unsigned relay_n_faults(const relay_t *self, relay_fault_t fault);
const char *relay_fault_name(relay_fault_t fault);

#endif
