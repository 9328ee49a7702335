/* SPDX-License-Identifier: MPL-2.0 */
/* peer -- a manager of one session, as small as a test wants it: bytes in, bytes out, made of sdk/stream.
 *
 * It counts what the session holds as PROTOCOL.md says, and notes each offence of the client's as a sentence.
 * Methods, on any target:
 *   create (typeid, …)   handle of a new object     echo (…)        its arguments, as a list
 *   many (n)             n handles of new objects   again (h)       the same handle
 *   raise (kind, text, data)                        park ()         waits; CANCEL ends it, wake answers it
 *   late ()              waits, CANCEL or not        wake ()         answers all that wait: a new handle each
 *   count ()             calls executed so far       slow (n)       bytes of length n
 *   export ([h, …], …)   oneway; each must be held
 */
#ifndef CLIENT_PEER_H
#define CLIENT_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include <base/idtable.h>
#include <base/span.h>
#include <stream/message.h>
#include <stream/stream.h>

enum { PEER_PARKED_MAX = 512, PEER_CONTROL_MAX = 16 };

typedef struct peer_parked {
    uint64_t call;
    bool is_late; /* CANCEL does not reach it */
} peer_parked_t;

typedef struct peer_held {
    uint64_t object;
    uint64_t count;
} peer_held_t;

typedef struct peer {
    hfi_limits_t limits;
    hfi_chunks_t chunks;
    hfi_stream_t stream;
    hfi_bytes_t scratch;
    hfi_idtable_t held; /* peer_held_t */
    hfi_secret_t session;
    hfi_secret_t manager;
    uint64_t lease_ms;
    uint64_t attempt;
    bool is_known;    /* a session was opened */
    bool is_attached; /* on this connection */
    bool is_ended;    /* by BYE */
    uint64_t next_object;
    uint64_t executed;
    uint64_t oneways;
    uint64_t pings;
    peer_parked_t parked[PEER_PARKED_MAX];
    uint32_t n_parked;
    hfi_bytes_t control[PEER_CONTROL_MAX];
    uint32_t n_control;
    const char *offence; /* the client's first; NULL: none */
} peer_t;

void peer_open(peer_t *self, const hfi_limits_t *limits);
void peer_close(peer_t *self);

/* A frame from the client. */
void peer_receive(peer_t *self, hfi_span_t bytes, int64_t now_ns);

/* The next frame for it; 0: none. */
size_t peer_fill(peer_t *self, int64_t now_ns, uint8_t *to, size_t room);

/* The connection is gone; or the manager was started anew and knows nothing. */
void peer_cut(peer_t *self);
void peer_forget(peer_t *self);

/* What the session holds. */
uint64_t peer_held(const peer_t *self, uint64_t object);

#endif
