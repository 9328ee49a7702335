/* SPDX-License-Identifier: MPL-2.0 */
/* sim -- what every part of a simulated world shares: its seed, its clock, its faults, and how a check fails.
 *
 * All chance comes from the one seed, in the order it is asked for: the same seed gives the same run.
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_MS     INT64_C(1000000)
#define SIM_SECOND INT64_C(1000000000)

enum { SIM_USERS = 8, SIM_OPS = 200 };

/* The checks; each has been seen to fail by one of the faults below. */
#define SIM_CHECKS(X)                                                                              \
    X(ONCE, "once", "a call ran more than once")                                                   \
    X(DONE, "done", "a call of a living session was not executed and answered exactly once")       \
    X(ORDER, "order", "calls of one session to one referent started out of order")                 \
    X(ANSWER, "answer", "an answer is not its call's")                                             \
    X(ITEMS, "items", "an item of a queue, a list or a dict is lost or there twice")               \
    X(COUNTS, "counts", "I1: what a session holds is not what its client received")                \
    X(HOLDERS, "holders", "I2: a referent's holders are not those that hold it")                   \
    X(PINS, "pins", "a token holds too little, or was adopted after its end")                      \
    X(STILL, "still", "a referent changed while its work was under way")                           \
    X(NUMBERS, "numbers", "I6: a number denotes two referents")                                    \
    X(EMPTY, "empty", "I7: something is left after everybody has gone")                            \
    X(SESSION, "session", "a session is there, ended, or was refused, without a reason")           \
    X(DRIFT, "drift", "PONG's figures differ from the client's")                                   \
    X(REPLAY, "replay", "the recorded events gave other outputs")                                  \
    X(REPEAT, "repeat", "the same seed gave another run")

typedef enum sim_check {
#define SIM_CHECK(name_, word_, text_) SIM_CHECK_##name_,
    SIM_CHECKS(SIM_CHECK)
#undef SIM_CHECK
        SIM_N_CHECKS,
} sim_check_t;

/* Seeded faults: what the world does wrong, and the check that must see it. */
#define SIM_FAULTS(X)                                                                              \
    X(LOSE_CALL, "lose-call", DONE, "a CALL becomes a CANCEL of nothing on the wire")              \
    X(LOSE_ANSWER, "lose-answer", DONE, "a RESULT becomes one of no call on the wire")             \
    X(LOSE_AT_RESUME, "lose-at-resume", DONE, "the manager's `received` is one too high")          \
    X(TWICE_AT_RESUME, "twice-at-resume", ONCE, "the manager's `received` is one too low")         \
    X(TWICE, "twice", ONCE, "a oneway CALL takes the place of the message behind it")              \
    X(SWAP_CALLS, "swap-calls", ORDER, "two CALLs change places in their frame")                   \
    X(SWAP_ANSWERS, "swap-answers", ANSWER, "two RESULTs change their calls")                      \
    X(LOSE_ITEM, "lose-item", ITEMS, "an item of a queue becomes nil in its answer")               \
    X(SUM, "sum", DONE, "a Counter's add() becomes add(7)")                                        \
    X(OTHER_ITEM, "other-item", ITEMS, "a queue's answer names another item")                      \
    X(DROP_RELEASE, "drop-release", COUNTS, "a RELEASE becomes a CANCEL of nothing on the wire")   \
    X(OTHER_HANDLE, "other-handle", ANSWER, "a handle in a RESULT names another referent")         \
    X(MISCOUNT, "miscount", COUNTS, "the manager counts one reference too many")                   \
    X(HOLD, "hold", HOLDERS, "a referent has one name more than names")                            \
    X(PIN, "pin", PINS, "a referent has one pin more than tokens")                                 \
    X(UNPIN, "unpin", PINS, "pins that alone hold something end at once")                          \
    X(STIR, "stir", STILL, "a byte of a referent is turned while its work is under way")           \
    X(REUSE, "reuse", NUMBERS, "a dead referent's number is given again")                          \
    X(LEAK, "leak", EMPTY, "a session's lease never ends")                                         \
    X(BAD_FRAME, "bad-frame", SESSION, "a frame's last byte is cut off")                           \
    X(DIGEST, "digest", DRIFT, "a bit of PONG's digest is turned")                                 \
    X(LOSE_FAR_RELEASE, "lose-far-release", COUNTS,                                                \
      "of two managers: a RELEASE of one at the other becomes a CANCEL of nothing")                \
    X(FAR_TWICE, "far-twice", COUNTS, "of two: what a stub stands for is counted twice")           \
    X(FAR_UNCOUNTED, "far-uncounted", HOLDERS, "of two: what a stub stands for is not counted")    \
    X(FAR_EARLY, "far-early", COUNTS, "of two: it is given back while the stub stands")            \
    X(STUB_EARLY, "stub-early", HOLDERS, "of two: a stub ends while a list holds it")              \
    X(TOKEN_EARLY, "token-early", PINS, "of two: a stub's token is revoked while it stands")       \
    X(NO_STUB, "no-stub", ANSWER, "of two: a far handle is handed out without its stub")           \
    X(OTHER_FAR, "other-far", ANSWER, "of two: a far handle names another referent")               \
    X(UNTIMED, "untimed", DONE, "of two: a call waits for the other without an end")               \
    X(DEAF, "deaf", DONE, "of two: one does not hear that the other has died")                     \
    X(FAR_ALLOW, "far-allow", SESSION, "of two: one connects to where it may not")                 \
    X(RECORD, "record", REPLAY, "a byte of the record is turned")                                  \
    X(CHANCE, "chance", REPEAT, "the second run sees another clock")

typedef enum sim_fault {
    SIM_FAULT_NONE = 0,
#define SIM_FAULT(name_, word_, check_, text_) SIM_FAULT_##name_,
    SIM_FAULTS(SIM_FAULT)
#undef SIM_FAULT
        SIM_N_FAULTS,
} sim_fault_t;

typedef struct sim {
    uint64_t seed;
    uint64_t chance;
    int64_t now_ns;
    bool is_traced;
    bool
        has_cycles; /* users may store handles wherever they like; what then only holds itself goes */
    bool has_restarts; /* the manager dies now and then, and another begins with nothing */
    bool is_calm;      /* no faults of the transport any more */
    sim_fault_t fault;
    uint64_t n_faults; /* done */
    bool has_failed;
    sim_check_t failed;
    char failure[512];
} sim_t;

uint64_t sim_chance(sim_t *self);
uint64_t sim_below(sim_t *self, uint64_t n);

/* The first one stays; the run ends at the end of its step. */
void sim_fail(sim_t *self, sim_check_t check, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A line of --trace. */
void sim_trace(const sim_t *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

const char *sim_check_word(sim_check_t check);

#endif
