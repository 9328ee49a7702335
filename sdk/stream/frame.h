/* SPDX-License-Identifier: MPL-2.0 */
/* frame -- the header that every frame begins with: hostile bytes to a checked struct, and back.
 *
 * Reading borrows: every span points into the frame (or into `scratch`, where a map was not in
 * shortest form). Writing goes through a hf_writer_t; a header needs HFI_FRAME_HEADER_MAX bytes at
 * most, except HELLO, WELCOME and REJECT, which hold texts.
 *
 * Thread: [any]; no state.
 */
#ifndef HFI_FRAME_H
#define HFI_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include <base/span.h>
#include <holdfast/value.h>

enum {
    HFI_SECRET_BYTES = 16,
    HFI_FRAME_HEADER_MAX = 40, /* of DATA, RESYNC, PING, PONG and BYE */
    HFI_PROTOCOL_VERSION = 1,
};

typedef enum hfi_frame_kind {
    HFI_FRAME_DATA = 0,
    HFI_FRAME_HELLO = 1,
    HFI_FRAME_WELCOME = 2,
    HFI_FRAME_REJECT = 3,
    HFI_FRAME_RESYNC = 4,
    HFI_FRAME_PING = 5,
    HFI_FRAME_PONG = 6,
    HFI_FRAME_BYE = 7,
} hfi_frame_kind_t;

/* Why a session is refused or ended; hfi_reject_name gives the word on the wire. */
typedef enum hfi_reject {
    HFI_REJECT_NONE = 0, /* nothing wrong */
    HFI_REJECT_NO_SESSION,
    HFI_REJECT_SESSION_EXPIRED,
    HFI_REJECT_BAD_FRAME,
    HFI_REJECT_BAD_VERSION,
    HFI_REJECT_DENIED,
    HFI_REJECT_LIMIT,
    HFI_REJECT_SHUTDOWN,
    HFI_REJECT_UNKNOWN, /* read: a reason of a later version */
} hfi_reject_t;

typedef struct hfi_secret {
    uint8_t bytes[HFI_SECRET_BYTES];
} hfi_secret_t;

/* Whether `value` is bytes of a secret's length; then they are copied. */
bool hfi_secret_read(const hf_value_t *value, hfi_secret_t *ret_secret);

typedef struct hfi_hello {
    hfi_secret_t session;
    hfi_secret_t manager; /* where has_manager */
    hfi_secret_t from;    /* where has_from: the client is a manager, this is its object space */
    uint64_t attempt;
    uint64_t received;
    uint64_t lease_ms; /* 0: no wish */
    hfi_span_t client; /* UTF-8, for people; may be empty */
    bool has_manager;  /* always, where it resumes */
    bool has_from;
    bool resume;
} hfi_hello_t;

/* What WELCOME's `limits` grants; the manager's defaults come from its configuration. */
typedef struct hfi_limits {
    uint64_t frame_bytes;
    uint64_t depth;
    uint64_t window; /* messages */
    uint64_t window_bytes;
} hfi_limits_t;

typedef struct hfi_welcome {
    hfi_secret_t manager;
    uint64_t received;
    uint64_t lease_ms;
    uint64_t grace_ms;
    hfi_limits_t limits;
    hf_value_t endpoints; /* a list of str; HF_NONE where it was left out */
    hfi_span_t server;
    bool resumed;
} hfi_welcome_t;

typedef struct hfi_frame {
    hfi_frame_kind_t kind;
    uint64_t seq;      /* DATA */
    uint64_t ack;      /* DATA, PING, PONG, BYE */
    uint64_t sent;     /* PING, PONG */
    uint64_t expected; /* RESYNC */
    uint64_t count;    /* PONG, where has_figures */
    uint64_t digest;   /* PONG, where has_figures */
    bool has_figures;
    hfi_reject_t reason; /* REJECT */
    hfi_span_t text;     /* REJECT, for people */
    hfi_span_t
        messages; /* what follows the header: DATA's messages, not looked at yet; else empty */
    hfi_hello_t hello;
    hfi_welcome_t welcome;
} hfi_frame_t;

/* Reads the header of the frame `bytes`. `scratch` borrows: emptied and grown at need (HELLO, WELCOME alone).
 * Returns HFI_REJECT_NONE; HFI_REJECT_BAD_FRAME; HFI_REJECT_BAD_VERSION for a HELLO or WELCOME of
 * another protocol or version, whatever else is wrong in it; HFI_REJECT_LIMIT: no memory. Only on
 * NONE may *ret_frame be used, and of it only what its kind has. */
hfi_reject_t hfi_frame_read(hfi_span_t bytes, uint64_t max_depth, hfi_bytes_t *scratch,
                            hfi_frame_t *ret_frame);

/* Write one header at the end of what `w` holds. */
void hfi_frame_write_data(hf_writer_t *w, uint64_t seq, uint64_t ack);
void hfi_frame_write_resync(hf_writer_t *w, uint64_t expected);
void hfi_frame_write_ping(hf_writer_t *w, uint64_t ack, uint64_t sent);
void hfi_frame_write_pong(hf_writer_t *w, uint64_t ack, uint64_t sent); /* a client's */
void hfi_frame_write_pong_figures(hf_writer_t *w, uint64_t ack, uint64_t sent, uint64_t count,
                                  uint64_t digest); /* a manager's */
void hfi_frame_write_bye(hf_writer_t *w, uint64_t ack);
void hfi_frame_write_reject(hf_writer_t *w, hfi_reject_t reason, hfi_span_t text);
void hfi_frame_write_hello(hf_writer_t *w, const hfi_hello_t *hello);
void hfi_frame_write_welcome(hf_writer_t *w, const hfi_welcome_t *welcome);

/* The word on the wire: "no_session" …; a literal. */
const char *hfi_reject_name(hfi_reject_t reason);

/* PONG's figures: what one object adds (by xor) to the digest, where `n` references to it are held. */
uint64_t hfi_digest_of(uint64_t object, uint64_t n);

#endif
