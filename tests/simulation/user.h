/* SPDX-License-Identifier: MPL-2.0 */
/* user -- a program with an engine and a script of chance: it makes calls, keeps proxies, lets go, crashes. */
#ifndef SIM_USER_H
#define SIM_USER_H

#include <client/engine.h>
#include <stream/frame.h>

#include "referee.h"
#include "sim.h"
#include "wire.h"

enum { SIM_MAX_PROXIES = 24, SIM_MAX_PENDING = 48 };

typedef struct sim_proxy {
    uint64_t object;
    sim_type_t type;
    bool is_shared; /* kept to the end */
} sim_proxy_t;

typedef struct sim_user {
    sim_t *sim;
    sim_wire_t *wire;
    sim_referee_t *referee;
    uint32_t index;
    hfi_engine_t *engine; /* NULL: crashed, or gone */
    hfi_secret_t secret;
    uint64_t session; /* the referee's number */
    uint64_t link;    /* 0: none */
    uint64_t before;  /* links up to this one were of sockets of earlier sessions */
    int64_t away_ns;  /* not to connect before that */
    sim_proxy_t proxies[SIM_MAX_PROXIES];
    uint32_t n_proxies;
    sim_op_t *pending[SIM_MAX_PENDING];
    uint32_t n_pending;
    uint32_t ops_left;
    uint32_t shared_asked; /* shared referents asked for in this session */
    bool has_space;        /* it was welcomed: */
    hfi_secret_t space;    /* by the manager of this object space */
    bool is_orphaned;      /* the manager that it was welcomed by is gone */
    bool is_closing;       /* BYE was said, or is about to be */
    int64_t up_ns;         /* a frame of it arrived last */
    int64_t down_ns;       /* … or for it */
    int64_t gap_ns;        /* the longest time between two */
    uint64_t n_sessions;
} sim_user_t;

void sim_user_open(sim_user_t *self, sim_t *sim, sim_wire_t *wire, sim_referee_t *referee,
                   uint32_t index);
void sim_user_close(sim_user_t *self);

/* A new session with a new engine. */
void sim_user_begin(sim_user_t *self);

/* The manager is gone. */
void sim_user_restarted(sim_user_t *self);

/* The program dies where it stands. */
void sim_user_crash(sim_user_t *self);

/* Whether an adoption of it is on its way. */
bool sim_user_is_adopting(const sim_user_t *self);

/* The connection: a new one (told or not), or its end. */
void sim_user_connect(sim_user_t *self, bool is_told);
void sim_user_disconnect(sim_user_t *self, bool is_told);

/* Makes some calls, or lets go, or gives up: whatever the script's chance says. */
void sim_user_act(sim_user_t *self);

/* Sends what the engine has. */
void sim_user_pump(sim_user_t *self);

/* A frame for it arrives. */
void sim_user_receive(sim_user_t *self, const sim_frame_t *frame);

/* Time has passed. */
void sim_user_tick(sim_user_t *self);

/* A frame of it reached the manager. */
void sim_user_arrived(sim_user_t *self);

/* Says BYE once everything is answered, after letting go of everything. */
void sim_user_leave(sim_user_t *self);

/* What it holds of that type: a random one; NULL: none. */
const sim_proxy_t *sim_user_pick(sim_user_t *self, sim_type_t type);
const sim_proxy_t *sim_user_shared(const sim_user_t *self, sim_type_t type);

/* A proxy's end; its place is taken by the last one. */
void sim_user_let_go(sim_user_t *self, uint32_t place);

#endif
