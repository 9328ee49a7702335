/* SPDX-License-Identifier: MPL-2.0 */
/* server -- peers behind a real ROUTER, in a thread of the test: what libholdfast talks to where a test must hold
 * answers back, cut connections or begin anew.
 *
 * Thread: [any]; `server_with` runs a function in the server's thread, between two frames.
 */
#ifndef CLIENT_SERVER_H
#define CLIENT_SERVER_H

#include "peer.h"

enum { SERVER_SESSIONS_MAX = 8 };

typedef struct server server_t;

/* Binds `endpoint` (ipc) and serves; aborts where that cannot be. */
server_t *server_start(const char *endpoint);
void server_stop(server_t **self_p);

/* Runs `work` on the peer of the k-th session and waits for its end. */
void server_with(server_t *self, unsigned k, void (*work)(peer_t *peer, void *context),
                 void *context);

/* Shuts every connection down; the sessions stay. */
void server_cut(server_t *self);

/* Knows no session any more, as a manager that was started anew; connections are cut too. */
void server_forget(server_t *self);

/* Reads nothing until it is let go again. */
void server_hold(server_t *self, bool is_held);

unsigned server_n_sessions(server_t *self);
/* Connections that ever said something. */
unsigned server_n_links(server_t *self);

#endif
