/* SPDX-License-Identifier: MPL-2.0 */
/* pair -- two managers that are clients of each other, and users with a session at both, under one seed.
 *
 * Users make lists, put lists of one manager into lists of the other, take them out again, hand on what they took out,
 * and let go. It all goes as PROTOCOL.md, section 4 has it: exported and written with five elements; received with six,
 * adopted there or handed on here as it is, given back here. A list goes only into an older one, so that nothing ever
 * holds itself by way of the other manager. Connections break, between managers for longer than a lease too; in some
 * worlds managers die, and others begin where they served; in some the first may not connect to the second.
 *
 *   P1  while a stub stands at one manager and its session with the other lives, the other has the referent, and that
 *       session holds it
 *   P2  that session holds what there are stubs of, each once, what adoptions have got, what is still to be given back,
 *       what is under way, and no more
 *   P3  who was handed a handle adopts it, or hands it on, as long as both managers and the sessions between them live;
 *       else it is ReferentLost
 *   P4  every call ends; and when all have let go, both managers are as empty as they began
 *   P5  no call waits for the other manager longer than far_timeout
 *   P6  a manager sees that the other has died, two leases later at the latest
 *   P7  a manager connects to none that it may not connect to, and takes nothing of it
 *
 * I1 and I2 (audit.h) hold at both managers as well.
 */
#ifndef SIM_PAIR_H
#define SIM_PAIR_H

#include <client/engine.h>

#include "manager.h"
#include "sim.h"

enum {
    PAIR_MANAGERS = 2,
    PAIR_USERS = 4,
    PAIR_OPS = 40,
    PAIR_PROXIES = 10,
    PAIR_JOBS = 64,
    PAIR_PEERS = 8,
    PAIR_OBJECTS = 8192,
};

/* What is counted: its name, and whether enough worlds must have come to it. */
#define PAIR_COUNTS(X)                                                                             \
    X(steps, "steps", true)                                                                        \
    X(audits, "audits", true)                                                                      \
    X(stubs, "stubs audited", true)                                                                \
    X(stored, "stored", true)                                                                      \
    X(refused, "refused", true)                                                                    \
    X(forbidden, "forbidden", true)                                                                \
    X(adopted, "adopted", true)                                                                    \
    X(met, "of others", true)                                                                      \
    X(missed, "missed", false)                                                                     \
    X(relayed, "handed on", true)                                                                  \
    X(mourned, "handed on in vain", true)                                                          \
    X(timed_out, "stubs timed out", true)                                                          \
    X(restarts, "restarts", true)

typedef struct pair_counts {
#define PAIR_COUNT(name_, word_, must_) uint64_t name_;
    PAIR_COUNTS(PAIR_COUNT)
#undef PAIR_COUNT
} pair_counts_t;

/* A user's session at one manager. */
typedef struct pair_side {
    hfi_engine_t *engine;
    hfi_secret_t secret;
    uint64_t link; /* 0: none */
    uint64_t before;
    uint64_t n_sessions;
    uint64_t proxies[PAIR_PROXIES];
    uint32_t n_proxies;
    bool is_closing;
} pair_side_t;

typedef enum pair_step {
    PAIR_FREE = 0,
    PAIR_CREATE,
    PAIR_SHARE,
    PAIR_EXPORT, /* then STORE or COUNT with what was exported */
    PAIR_STORE,
    PAIR_COUNT,
    PAIR_TAKE,
    PAIR_ADOPT, /* what was taken */
    PAIR_CLEAN,
} pair_step_t;

/* What a user does by one call or two. */
typedef struct pair_job {
    pair_step_t step;
    bool is_waiting; /* its next call found no room */
    uint32_t user;
    uint32_t at;   /* the manager that is asked */
    uint32_t from; /* the manager of what is handed on; of what is adopted: that handed it out */
    uint64_t call;
    uint64_t session;      /* n_sessions of the side that asks */
    uint64_t held_session; /* … and of the other one */
    uint64_t object;       /* handed on, or adopted */
    uint64_t target;       /* the list */
    uint32_t to;           /* the manager of the target, where it is held for this */
    uint64_t to_session;
    bool has_target;
    uint64_t stub;       /* of what is adopted */
    uint64_t n_restarts; /* of both, when it was handed on */
    uint64_t number;     /* of its secret */
    bool is_store;
    bool is_relay; /* the object is a stub, handed on where it was handed out */
    uint8_t secret[16];
    hfi_secret_t space; /* of `from`, when it was begun */
} pair_job_t;

typedef struct pair_user {
    pair_side_t sides[PAIR_MANAGERS];
    uint32_t ops_left;
} pair_user_t;

/* A connection of one manager to the other, as FAR_OPEN asked for it. */
typedef struct pair_peer {
    uint64_t far; /* the opener's number; 0: none */
    uint32_t from;
    uint32_t to;
    uint64_t link; /* on the wire; 0: it does not stand */
    int64_t away_ns;
} pair_peer_t;

typedef struct sim_pair {
    sim_t sim;
    sim_wire_t wires[PAIR_MANAGERS];
    sim_manager_t managers[PAIR_MANAGERS];
    sim_records_t records;
    pair_user_t users[PAIR_USERS];
    pair_job_t jobs[PAIR_JOBS];
    pair_peer_t peers[PAIR_PEERS];
    uint64_t serials[PAIR_MANAGERS][PAIR_OBJECTS]; /* in the order made; 0: not known, or shared */
    uint32_t makers[PAIR_MANAGERS][PAIR_OBJECTS];  /* the user who made it, and 1; 0: not known */
    uint64_t last_serial;
    uint64_t shared[PAIR_MANAGERS];
    uint64_t n_restarts[PAIR_MANAGERS];
    int64_t
        seen_by_ns[PAIR_MANAGERS]; /* of the last one that died: when the other must have seen it */
    bool may[PAIR_MANAGERS];       /* connect to the other */
    uint64_t n_secrets;
    bool is_clean[PAIR_MANAGERS]; /* the name that held its shared list is gone */
    bool is_quiet;                /* no fault at all in this world */
    bool is_over;                 /* users only let go */
    pair_counts_t n;
} sim_pair_t;

/* Runs one seed to its end. False: a check failed; see self->sim.failure. */
bool sim_pair_run(sim_pair_t *self, uint64_t seed, const sim_settings_t *settings);

#endif
