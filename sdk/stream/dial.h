/* SPDX-License-Identifier: MPL-2.0 */
/* dial -- the connecting end of a session: HELLO, resume, PING, lease. It says what to send and when;
 * it sends nothing itself.
 *
 * | state   | it is                              | left by                                          |
 * | IDLE    | zeroed                             | hfi_dial_open                                    |
 * | WAITING | there is no connection             | hfi_dial_on_up → ASKED                           |
 * | ASKED   | HELLO sent or due, not answered    | WELCOME → OPEN, REJECT → ENDED, on_down → WAITING |
 * | OPEN    | welcomed: messages flow            | `no_session` → ASKED, REJECT → ENDED, on_down    |
 * | ENDED   | the session is over, see `reason`  | hfi_dial_open, on a new connection               |
 *
 * The owner loops: hfi_dial_step until NOTHING, then waits for a frame, the transport, or
 * hfi_dial_due_ns. It tells of each frame heard (on_heard first, whatever it is) and sent (on_sent).
 * While the state is not OPEN, DATA, RESYNC, PING and PONG that come are dropped unread: they are an
 * older connection's, and what they carried is sent again behind WELCOME.
 *
 * The lease, as seen from here: it has run out when nothing was heard for a whole lease since the
 * first unanswered asking (a HELLO, a PING, a message). So a program that was stopped for an hour
 * asks before it gives up, and only the manager says that the session has expired.
 *
 * Thread: one at a time.
 */
#ifndef HFI_DIAL_H
#define HFI_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "stream.h"

typedef enum hfi_dial_state {
    HFI_DIAL_IDLE = 0,
    HFI_DIAL_WAITING,
    HFI_DIAL_ASKED,
    HFI_DIAL_OPEN,
    HFI_DIAL_ENDED,
} hfi_dial_state_t;

typedef enum hfi_dial_step {
    HFI_DIAL_NOTHING = 0,
    HFI_DIAL_SEND_HELLO, /* send what hfi_dial_hello gives */
    HFI_DIAL_SEND_PING,  /* send PING (stream's received and sent), then on_sent */
    HFI_DIAL_RECONNECT,  /* drop the connection, if any, and make a new one; then on_up */
    HFI_DIAL_LOST,       /* told once: the state is ENDED, `reason` SESSION_EXPIRED */
} hfi_dial_step_t;

typedef struct hfi_dial {
    hfi_dial_state_t state;
    hfi_reject_t reason; /* in ENDED */
    hfi_secret_t session;
    hfi_secret_t manager; /* once welcomed: the object space */
    hfi_span_t client;    /* borrowed */
    hfi_limits_t limits;  /* WELCOME's: the stream may borrow them from here */
    uint64_t attempt;     /* of the last HELLO */
    uint64_t lease_ms;    /* wished for, then granted */
    uint64_t grace_ms;
    bool was_welcomed;
    bool is_hello_due;   /* in ASKED: at once */
    bool is_reconnected; /* since the connection fell silent */
    uint32_t n_hellos;   /* unanswered, on this connection */
    int64_t hello_ns;    /* when the last HELLO left */
    int64_t sent_ns;     /* when the last frame left */
    int64_t asked_ns;    /* of the first frame that wants an answer and has none; INT64_MAX: none */
} hfi_dial_t;

/* Begins a session that does not exist yet. `session`: 16 bytes of a CSPRNG. `client` borrowed; must
 * outlive it. `limits` lets one small message through until WELCOME grants more. Begins in WAITING. */
void hfi_dial_open(hfi_dial_t *self, const hfi_secret_t *session, uint64_t lease_ms,
                   hfi_span_t client, int64_t now_ns);

/* The transport has a new connection, or has none. A transport that cannot tell says on_up once. */
void hfi_dial_on_up(hfi_dial_t *self, int64_t now_ns);
void hfi_dial_on_down(hfi_dial_t *self, int64_t now_ns);

/* What is to be done now; ask until NOTHING. */
hfi_dial_step_t hfi_dial_step(hfi_dial_t *self, int64_t now_ns);
/* When to ask next, if nothing else happens; INT64_MAX: never. */
int64_t hfi_dial_due_ns(const hfi_dial_t *self);

/* The HELLO to send now: counts the attempt and notes it as sent. `received`: the stream's. */
void hfi_dial_hello(hfi_dial_t *self, uint64_t received, int64_t now_ns, hfi_hello_t *ret_hello);

/* Any frame came from the manager; any frame left. `asks`: it wants an answer (PING, messages). */
void hfi_dial_on_heard(hfi_dial_t *self);
void hfi_dial_on_sent(hfi_dial_t *self, bool asks, int64_t now_ns);

/* WELCOME came. True: the state is OPEN, and `stream` is attached: it sends again what the manager
 * lacks. False: it is an echo to be ignored, or the streams no longer fit (the state is ENDED). */
bool hfi_dial_on_welcome(hfi_dial_t *self, const hfi_welcome_t *welcome, hfi_stream_t *stream,
                         int64_t now_ns);

/* REJECT came. True: the session is over (the state is ENDED). False: the session goes on, it was
 * `no_session` or an echo. */
bool hfi_dial_on_reject(hfi_dial_t *self, hfi_reject_t reason);

/* The owner itself ends it (BYE sent, or the manager broke the protocol: BAD_FRAME). */
void hfi_dial_end(hfi_dial_t *self, hfi_reject_t reason);

#endif
