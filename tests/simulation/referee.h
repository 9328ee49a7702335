/* SPDX-License-Identifier: MPL-2.0 */
/* referee -- every call that a user has made, what became of it, and whether that is right.
 *
 * | the call's end, as its user saw it        | its effect in the manager |
 * | RESULT                                    | exactly once              |
 * | oneway, and the session lived             | exactly once              |
 * | ERROR                                     | none (Witness.fail: once) |
 * | timed out here, abandoned                 | at most once              |
 * | the session was lost                      | at most once              |
 */
#ifndef SIM_REFEREE_H
#define SIM_REFEREE_H

#include <holdfast/value.h>

#include "sim.h"

enum {
    SIM_MAX_OPS = 8192,
    SIM_MAX_OBJECTS = 32768,
    SIM_MAX_REF_SESSIONS = 512,
    SIM_MARKS = 8192,
    SIM_MAX_GETTERS = 4,
    SIM_MAX_TOKENS = 1024,
    SIM_TOKEN_OBJECTS = 2,
    SIM_OP_HANDLES = 2,
};

#define SIM_ITEM INT64_C(1000000000) /* items are ints above it: this and the op that put them */

typedef enum sim_type {
    SIM_COUNTER = 0,
    SIM_LIST,
    SIM_DICT,
    SIM_QUEUE,
    SIM_WITNESS,
    SIM_TYPES, /* those that users create */
    SIM_OTHER,
} sim_type_t;

/* Where the effect of a call is looked for. */
typedef enum sim_effect {
    SIM_NO_EFFECT = 0,
    SIM_RAN,       /* the witness heard of it */
    SIM_RAN_RAISE, /* … and it raises, having run */
    SIM_IN_LIST,   /* its item is in the shared list */
    SIM_IN_DICT,
    SIM_IN_QUEUE, /* its item was got from the shared queue, or is in it */
    SIM_ADDED,    /* the shared counter */
} sim_effect_t;

typedef enum sim_end {
    SIM_PENDING = 0,
    SIM_RESULT,
    SIM_ERROR,
    SIM_ONEWAY,
    SIM_TIMED_OUT,
    SIM_ABANDONED,
    SIM_LOST,
} sim_end_t;

typedef struct sim_token {
    uint64_t op; /* its export's number */
    uint64_t objects[SIM_TOKEN_OBJECTS];
    uint32_t n;
    int64_t put_ns;
    double ttl; /* seconds */
    uint64_t uses;
    uint64_t n_adopts;    /* that may have been acknowledged, or may yet be */
    struct sim_op *first; /* export, adoptions, revocations, the latest first */
    bool is_exported;     /* the exporter has its answer */
    bool is_revoking;     /* somebody has asked for its end */
    bool is_revoked;      /* … and was answered */
} sim_token_t;

typedef struct sim_op {
    uint64_t id; /* its place, from 1 */
    uint32_t kind;
    uint32_t user;
    uint64_t session; /* the referee's number for it */
    uint64_t call;
    uint64_t object; /* 0: the manager, or a promise */
    sim_type_t type; /* created, or of the target */
    sim_effect_t effect;
    sim_end_t end;
    bool is_cancelled;
    bool is_left; /* given up without a CANCEL: it may stay parked */
    bool has_timeout;
    bool is_promised;
    bool is_ordered; /* one of those that start in the order they were put */
    bool is_after;   /* an export that was answered before this was put */
    bool is_refused; /* an adoption behind a revocation: it must fail */
    bool is_counted; /* takes an item that must not go astray: nobody gives up waiting for it */
    uint64_t handles[SIM_OP_HANDLES]; /* in its arguments */
    uint8_t n_handles;
    sim_token_t *token; /* exported, adopted, revoked by it */
    struct sim_op *next_of_token;
    int64_t answered_ns;
    uint64_t answered_by; /* its answer's number is not above this */
    bool is_acknowledged; /* the manager knows that its answer has come */
    uint8_t ran;
    uint8_t seen;                     /* times its item was found in the end */
    uint8_t n_got;                    /* … or got */
    uint64_t got_by[SIM_MAX_GETTERS]; /* by these sessions */
} sim_op_t;

typedef struct sim_mark {
    uint64_t session;
    uint64_t object;
    uint64_t call; /* the last that started */
} sim_mark_t;

typedef struct sim_referee {
    sim_t *sim;
    sim_op_t ops[SIM_MAX_OPS + 1];
    uint64_t n_ops;
    bool is_made[SIM_MAX_OBJECTS];
    bool is_lost[SIM_MAX_REF_SESSIONS]; /* the session ended without having been closed */
    uint64_t n_sessions;
    uint64_t shared[SIM_TYPES];
    sim_mark_t marks[SIM_MARKS];
    uint64_t counter_sum; /* what the shared counter says in the end */
    bool is_sum_known;
    sim_token_t tokens[SIM_MAX_TOKENS];
    uint64_t n_tokens;
    uint64_t n_pins, n_pins_unsure; /* that audits found, and of which they cannot say */
    uint64_t n_results, n_errors, n_lost;
} sim_referee_t;

void sim_referee_open(sim_referee_t *self, sim_t *sim);

/* A new op; taken back as long as it is the last. */
sim_op_t *sim_referee_add(sim_referee_t *self);
void sim_referee_take_back(sim_referee_t *self, sim_op_t *op);

/* The witness heard op run. For sim_witness_listen. */
void sim_referee_heard(void *context, uint64_t id);

/* A referent was made with that number. */
void sim_referee_made(sim_referee_t *self, uint64_t object);

/* An item was got by a session, or seen in the end. */
void sim_referee_got(sim_referee_t *self, const sim_op_t *getter, int64_t item);
void sim_referee_seen(sim_referee_t *self, int64_t item);

/* That session is lost: what it got and had not acknowledged may be got again. */
void sim_referee_lost(sim_referee_t *self, uint64_t session);

/* The manager is gone with all that it kept; what was done to it is not to be found any more. */
void sim_referee_restarted(sim_referee_t *self);

/* Whether the session's call may still be with the manager when all is quiet. */
bool sim_referee_is_left(const sim_referee_t *self, uint64_t session, uint64_t call);

/* When all is done and everything shared was looked through. */
void sim_referee_judge(sim_referee_t *self);

#endif
