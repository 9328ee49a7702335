/* SPDX-License-Identifier: MPL-2.0 */
/* raw -- a client written from PROTOCOL.md alone, with libzmq and msgpack-c: it shares no code with either end.
 *
 * It is as small as a test needs: it keeps no stream of its own, resends nothing by itself, and lets a test send
 * what no honest client would.
 */
#ifndef E2E_RAW_H
#define E2E_RAW_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <msgpack.h>

enum { RAW_SECRET = 16 };

enum { RAW_DATA, RAW_HELLO, RAW_WELCOME, RAW_REJECT, RAW_RESYNC, RAW_PING, RAW_PONG, RAW_BYE };

typedef struct raw {
    void *context;
    void *socket;
    uint8_t secret[RAW_SECRET];
    uint8_t manager[RAW_SECRET]; /* WELCOME's */
    uint64_t attempt;
    uint64_t next;          /* number of the next message to be sent */
    uint64_t received;      /* the last one in order */
    msgpack_unpacked frame; /* the last frame's header; kind below */
    int kind;               /* RAW_DATA … */
    bool is_unread;
    uint8_t *bytes; /* of the last frame */
    size_t len;
    size_t at;       /* where the next message of it begins */
    uint64_t number; /* that message's number */
    msgpack_unpacked message;
} raw_t;

/* An answer; spans borrow from the frame until the next one is received. */
typedef struct raw_answer {
    uint64_t call;
    bool is_error;
    char kind[64];
    char text[256];
    msgpack_object value; /* RESULT's, or ERROR's data (nil: none) */
} raw_answer_t;

/* Connects; nothing is sent. `seed` is the first byte of the session's secret, the rest is drawn. */
void raw_open(raw_t *self, const char *endpoint, uint8_t seed);
void raw_close(raw_t *self);

/* The same, for one that will not read: what it is sent piles up at the manager. */
void raw_open_unread(raw_t *self, const char *endpoint, uint8_t seed);

/* Drops the connection and makes a new one; the session stays. */
void raw_reconnect(raw_t *self, const char *endpoint);

/* Sends bytes as one frame, or a frame of one packed buffer. */
void raw_send(raw_t *self, const void *at, size_t len);

/* Sends HELLO; `resume` names the manager. */
void raw_hello(raw_t *self, bool resume);

/* How long an answer may take. */
int raw_patience_ms(void);

/* Receives one frame and reads its header into self->kind and self->frame. False: none came within the time. */
bool raw_receive(raw_t *self, int timeout_ms);

/* Receives until a frame of that kind comes (PINGs of the manager are answered on the way); fails at the deadline. */
void raw_await(raw_t *self, int kind);

/* HELLO and WELCOME. Returns WELCOME's `received`. */
uint64_t raw_begin(raw_t *self, bool resume);

/* Packs and sends one CALL. The picture has a letter an argument: i int64_t, f double, s char *, n nothing (nil),
 * h uint64_t (a handle), p uint64_t (a promise), b uint32_t (that many zero bytes), 0 an empty list, x
 * msgpack_sbuffer * (an item packed already). Returns its number. */
uint64_t raw_call(raw_t *self, uint64_t target, const char *method, const char *picture, ...);

/* Packs a call into `to` without sending or numbering it. */
void raw_pack_call(msgpack_sbuffer *to, uint64_t target, const char *method, const char *picture,
                   va_list args);

/* Sends [0, seq, ack] and the messages in `messages`. */
void raw_data(raw_t *self, uint64_t seq, const void *messages, size_t len);

/* Sends CANCEL, RELEASE of one object, BYE, PING. */
void raw_cancel(raw_t *self, uint64_t call);
void raw_release(raw_t *self, uint64_t object, uint64_t count);
void raw_bye(raw_t *self);
void raw_ping(raw_t *self);

/* The next message in order; fails at the deadline. */
void raw_next_answer(raw_t *self, raw_answer_t *ret_answer);

/* The answer of that call, what comes before is dropped; fails at the deadline. */
void raw_answer(raw_t *self, uint64_t call, raw_answer_t *ret_answer);

/* Calls and waits: the object of the handle that it gave; an int; fails where it is another thing. */
uint64_t raw_handle_of(const raw_answer_t *answer);
int64_t raw_int_of(const raw_answer_t *answer);

/* REJECT's reason, of the frame at hand. */
void raw_reason(const raw_t *self, char *to, size_t room);

#endif
