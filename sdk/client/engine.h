/* SPDX-License-Identifier: MPL-2.0 */
/* engine -- the client without threads and sockets: a session's calls, answers and references.
 *
 * Frames go in, frames come out, time is a parameter, the secret is handed in. What drives it (a socket and the
 * thread that leads, or the simulation) does three things in any order, as often as it likes:
 *
 *     hfi_engine_receive (frame)          what came; then hfi_engine_take_done until there is none
 *     hfi_engine_fill                     what is to be sent; until there is none
 *     hfi_engine_tick (now)               at hfi_engine_due_ns or later
 *
 * References. A handle in an answer gives the session one more reference to that referent; the engine counts what it
 * received in an entry. Beside it stand the holds of this program: one for each proxy and one for each handle in an
 * answer that was taken and not let go of. When the last hold goes, the whole received count is given back by a
 * RELEASE, which travels in the same stream behind every call that names the referent.
 *
 * An answer that nobody waits for any more (hfi_engine_abandon) lets go of its handles by itself.
 *
 * Thread: owned by one thread at a time; not shared. Never blocks.
 */
#ifndef HFI_ENGINE_H
#define HFI_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/span.h>
#include <holdfast/value.h>
#include <stream/frame.h>
#include <value/failure.h>

typedef struct hfi_engine hfi_engine_t;

#define HFI_ENGINE_NEVER INT64_MAX

/* Bytes that frames aim at: what gathers before it is sent in any case. */
enum { HFI_ENGINE_ROOM = 8192 };

typedef struct hfi_engine_setup {
    uint8_t session[16]; /* the session's secret, from a CSPRNG */
    const char *client;  /* free text for WELCOME's other side; borrows, copied */
    int64_t lease_ns;    /* wished for; 0: the manager's default */
    bool is_far;         /* what is lost with the session is ReferentLost, and no SessionLost */
} hfi_engine_setup_t;

/* Where the session stands. */
typedef enum hfi_engine_state {
    HFI_ENGINE_OPENING,  /* no WELCOME yet */
    HFI_ENGINE_ATTACHED, /* on a connection */
    HFI_ENGINE_DETACHED, /* the connection is gone; it is resumed with the next one */
    HFI_ENGINE_ENDED,    /* lost, refused, or ended by BYE; for good */
} hfi_engine_state_t;

/* One call. `args` and `kwargs` are admitted values (views will do), copied before the function returns. */
typedef struct hfi_engine_call {
    uint64_t object;          /* the target, where `promise` is 0; 0 is the manager */
    uint64_t promise;         /* the target is what this earlier call will have given */
    hfi_span_t method;        /* borrows */
    const hf_value_t *args;   /* borrows a list; NULL: none */
    const hf_value_t *kwargs; /* borrows a map whose keys are str; NULL: none */
    double timeout;  /* seconds it may stay parked, told to the manager; < 0: as long as it likes */
    int64_t due_ns;  /* when it fails here with TimeoutError; HFI_ENGINE_NEVER: never */
    uint64_t thread; /* which of the program's threads calls; 0: the first */
    bool is_oneway;  /* no answer, not even an error; it gets no hfi_engine_done_t */
    void *cookie;    /* given back with the answer */
} hfi_engine_call_t;

typedef enum hfi_engine_put {
    HFI_PUT_OK,     /* queued; it has a number */
    HFI_PUT_WINDOW, /* as much is unacknowledged as the manager allows: receive first, then again */
    HFI_PUT_STALE,  /* names a promise whose answer is here already: put its value in its place */
    HFI_PUT_FAILED, /* the failure says why: LimitExceeded, SessionLost */
} hfi_engine_put_t;

typedef enum hfi_engine_how {
    HFI_DONE_RESULT,
    HFI_DONE_ERROR,   /* the manager answered ERROR */
    HFI_DONE_TIMEOUT, /* due_ns came; a late answer is dropped */
    HFI_DONE_LOST,    /* the session ended first; see hfi_engine_reason */
    HFI_DONE_LEFT,    /* it is the parent's call: this is a fork's child */
} hfi_engine_how_t;

/* A call's end, told once. */
typedef struct hfi_engine_done {
    uint64_t call;
    void *cookie;
    hfi_engine_how_t how;
    /* RESULT: the result. ERROR: a list [kind, text] or [kind, text, data]. Else HF_NONE.
     * Gives: to be dropped; where hf_has_handles, after hfi_engine_let_go_value. */
    hf_value_t value;
} hfi_engine_done_t;

/* Gives an engine whose first connection is still to come, or NULL where there is no memory. */
hfi_engine_t *hfi_engine_new(const hfi_engine_setup_t *setup, int64_t now_ns);

/* Takes *self_p and nulls it; NULL is fine. Answers not taken are dropped. */
void hfi_engine_destroy(hfi_engine_t **self_p);

/* ---- the connection ---- */

/* A new connection stands: HELLO is the next frame. */
void hfi_engine_link_up(hfi_engine_t *self, int64_t now_ns);

/* The connection is gone, or a frame could not be sent on it; what it held is sent again after the next one. */
void hfi_engine_link_down(hfi_engine_t *self, int64_t now_ns);

/* A frame from the manager; borrows. Nothing in it is trusted. */
void hfi_engine_receive(hfi_engine_t *self, hfi_span_t bytes, int64_t now_ns);

/* Writes the next frame, which counts as sent, and returns its bytes; 0: nothing is to be sent now. `room` is at
 * least HFI_ENGINE_ROOM; > room: the next message is longer, so much is needed, nothing was written. */
size_t hfi_engine_fill(hfi_engine_t *self, int64_t now_ns, uint8_t *to, size_t room);

/* The connection is of no use any more: drop it and make a new one (link_down, link_up). Told once. */
bool hfi_engine_wants_reconnect(hfi_engine_t *self);

/* When hfi_engine_tick is wanted; HFI_ENGINE_NEVER: not before something happens. */
int64_t hfi_engine_due_ns(const hfi_engine_t *self);

/* Deadlines, acknowledgements, PING, the lease: all that time brings. */
void hfi_engine_tick(hfi_engine_t *self, int64_t now_ns);

/* ---- the session ---- */

hfi_engine_state_t hfi_engine_state(const hfi_engine_t *self);

/* Why it ended: kind (ConnectionError before the first WELCOME, SessionLost after it) and sentence. False: it has not. */
bool hfi_engine_reason(const hfi_engine_t *self, hfi_failure_t *ret_failure);

/* The object space of the manager, and where others can reach it (a list of str, lent; HF_NONE: it has not said).
 * False: no WELCOME yet. */
bool hfi_engine_manager(const hfi_engine_t *self, hfi_secret_t *ret_manager);
const hf_value_t *hfi_engine_endpoints(const hfi_engine_t *self);

/* The granted lease and grace, 0 before the first WELCOME. */
int64_t hfi_engine_lease_ns(const hfi_engine_t *self);
int64_t hfi_engine_grace_ns(const hfi_engine_t *self);

/* Ends the session: BYE behind all that is queued, then HFI_ENGINE_ENDED. Pending calls end as LOST. */
void hfi_engine_bye(hfi_engine_t *self, int64_t now_ns);

/* Ends it without a word, as where the library gives up. The reason is the caller's. */
void hfi_engine_give_up(hfi_engine_t *self, const char *kind, const char *text);

/* ---- over fork (engine_fork.c) ---- */

/* Queues a oneway `export`, under a secret of the caller's choosing, of what is held and received: of the entries
 * behind *object_p (0: of all), as many as go into one; *object_p becomes the last of them. It goes in front of every
 * later RELEASE, and waits here where the window has no room for it. Returns how many; 0: none is left; -1: *failure. */
int hfi_engine_export(hfi_engine_t *self, const uint8_t secret[16], uint64_t *object_p,
                      hfi_failure_t *ret_failure);

/* In a fork's child: the session is the parent's. What is pending ends as LEFT; the holds stay, to be counted on. */
void hfi_engine_leave(hfi_engine_t *self);
bool hfi_engine_is_left(const hfi_engine_t *self);

/* A session of its own, in place of the one that was left; what is held is missing until it is adopted. */
void hfi_engine_begin_anew(hfi_engine_t *self, const hfi_engine_setup_t *setup, int64_t now_ns);

/* Referents that are held and of which nothing was received in this session. */
uint64_t hfi_engine_n_missing(const hfi_engine_t *self);

/* ---- the stream ---- */

/* Number of the last message put into the stream, and of the last that the manager has acknowledged. */
uint64_t hfi_engine_last(const hfi_engine_t *self);
uint64_t hfi_engine_acknowledged(const hfi_engine_t *self);

/* Asks for an acknowledgement at once, by a PING behind all that is queued, releases too. Returns the number of the
 * last message of it. */
uint64_t hfi_engine_probe(hfi_engine_t *self);

/* Bytes queued and not yet sent; and whether anything sent is still unanswered and unacknowledged. */
size_t hfi_engine_unsent(const hfi_engine_t *self);
bool hfi_engine_is_waiting(const hfi_engine_t *self);

/* PONGs whose figures differed from ours: a reference was lost or counted twice. 0 in a sound world. */
uint64_t hfi_engine_drifts(const hfi_engine_t *self);

/* ---- calls ---- */

/* Queues a call. On HFI_PUT_OK *ret_call is its number, which names it from then on and in promises. */
hfi_engine_put_t hfi_engine_put(hfi_engine_t *self, const hfi_engine_call_t *call,
                                uint64_t *ret_call, hfi_failure_t *ret_failure);

/* The next call that has ended; false: none. */
bool hfi_engine_take_done(hfi_engine_t *self, hfi_engine_done_t *ret_done);

/* Asks the manager to cancel a pending call; it ends all the same, with Cancelled or with its answer. */
void hfi_engine_cancel(hfi_engine_t *self, uint64_t call);

/* Nobody waits for this call any more: no hfi_engine_done_t; the handles of a late answer are released. With
 * `is_cancelled` the manager is asked to cancel it too. Unknown or ended is fine. */
void hfi_engine_abandon(hfi_engine_t *self, uint64_t call, bool is_cancelled);

/* Calls without an answer yet, abandoned ones not counted. */
size_t hfi_engine_n_pending(const hfi_engine_t *self);

/* ---- references ---- */

/* One more hold of a referent that is held; false where it is not (object 0 always is). */
bool hfi_engine_hold(hfi_engine_t *self, uint64_t object);

/* One hold fewer; with the last one the references are given back. */
void hfi_engine_let_go(hfi_engine_t *self, uint64_t object);

/* The same for each handle in a value that came from this engine, at any depth. */
void hfi_engine_let_go_value(hfi_engine_t *self, const hf_value_t *value);

/* References that this session has to a referent by its own count (what was received and not yet given back), and a
 * walk over them in the order they were first received: `object` 0 begins; false at the end. */
uint64_t hfi_engine_received(const hfi_engine_t *self, uint64_t object);
bool hfi_engine_next_entry(const hfi_engine_t *self, uint64_t *object, uint64_t *ret_received,
                           uint64_t *ret_holds);

#endif
