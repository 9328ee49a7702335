/* SPDX-License-Identifier: MPL-2.0 */
/* message -- CALL, CANCEL, RELEASE, RESULT, ERROR, EVENT: from the bytes behind a header, and back.
 *
 * A frame's messages are all read before the first of them runs: keep the structs in an array, they
 * borrow from the frame (or from `scratch`). What is no message at all is the frame's fault
 * (HFI_REJECT_BAD_FRAME); what is a message but no value or option is that call's alone: the
 * message is given with `bad_request` set to a sentence, a literal.
 *
 * Thread: [any]; no state.
 */
#ifndef HFI_MESSAGE_H
#define HFI_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <base/span.h>
#include <holdfast/value.h>

#include "frame.h"

typedef enum hfi_message_kind {
    HFI_MESSAGE_CALL = 1,
    HFI_MESSAGE_CANCEL = 2,
    HFI_MESSAGE_RELEASE = 3,
    HFI_MESSAGE_RESULT = 11, /* 1, 2, 3 on the wire, from the manager */
    HFI_MESSAGE_ERROR = 12,
    HFI_MESSAGE_EVENT = 13,
} hfi_message_kind_t;

typedef struct hfi_message {
    hfi_message_kind_t kind;
    bool is_promise; /* CALL: the target is a promise */
    bool oneway;     /* CALL */
    uint8_t tag;     /* HF_TAG_HANDLES, HF_TAG_PROMISES of args, kwargs (CALL) or value, data */
    uint32_t len;    /* bytes of the message as it came: what a window counts */
    const char *bad_request; /* CALL, or an answer whose value is none; NULL: sound */
    uint64_t target;         /* CALL: object, or the promised call's number */
    uint64_t call;           /* CANCEL, RESULT, ERROR; EVENT: subscription */
    hfi_span_t method;       /* CALL: UTF-8 */
    hf_value_t args;         /* CALL: a list */
    hf_value_t kwargs;       /* CALL: a map of str, or HF_NONE */
    int64_t timeout_ns;      /* CALL: at least 0; INT64_MAX: none */
    uint64_t thread;         /* CALL */
    hf_value_t value; /* RESULT, EVENT: the value; ERROR: data, or HF_NONE; RELEASE: its pairs */
    hfi_span_t error_kind; /* ERROR */
    hfi_span_t text;       /* ERROR */
} hfi_message_t;

/* Where a frame's messages are read from. Zeroed is a legal, empty one. */
typedef struct hfi_messages {
    hfi_span_t rest;
    uint64_t max_depth;
    hfi_bytes_t *scratch; /* borrowed: where what was not in shortest form is written again */
    bool from_manager;
} hfi_messages_t;

/* Begins at the messages of a DATA frame. `scratch` must not be used for anything else as long as the
 * messages are; its room is reserved here, so that it does not move. False: no memory. */
bool hfi_messages_open(hfi_messages_t *self, hfi_span_t messages, uint64_t max_depth,
                       bool from_manager, hfi_bytes_t *scratch);

/* The messages are done with: lets go what a large frame made `scratch` grow by. */
void hfi_messages_close(hfi_messages_t *self);

/* Reads the next message. HFI_REJECT_NONE: read, or at the end (*ret_is_end); else BAD_FRAME, or LIMIT:
 * no memory. */
hfi_reject_t hfi_messages_next(hfi_messages_t *self, hfi_message_t *ret_message, bool *ret_is_end);

/* RELEASE's pairs, from its `value`: hf_open, then by turns. False: at the end. Counts are at least 1. */
bool hfi_release_next(hf_cursor_t *pairs, uint64_t *ret_object, uint64_t *ret_count);

/* ---- writing: each is one message ----------------------------------------------------- */

/* A call's head; behind it the caller writes `n_items - 3` items: args (a list), kwargs (a map or
 * nil), options (hfi_message_write_options). */
void hfi_message_write_call(hf_writer_t *w, unsigned n_items, uint64_t target, bool is_promise,
                            hfi_span_t method);
/* timeout_ns INT64_MAX: none. Writes nil where there is nothing to say. */
void hfi_message_write_options(hf_writer_t *w, int64_t timeout_ns, uint64_t thread, bool oneway);
void hfi_message_write_cancel(hf_writer_t *w, uint64_t call);
/* Behind it: `n_pairs` times hf_write_uint object, hf_write_uint count. */
void hfi_message_write_release(hf_writer_t *w, uint32_t n_pairs);
/* Behind it: one value. */
void hfi_message_write_result(hf_writer_t *w, uint64_t call);
/* data NULL or HF_NONE: left out. */
void hfi_message_write_error(hf_writer_t *w, uint64_t call, hfi_span_t kind, hfi_span_t text,
                             const hf_value_t *data);
/* Behind it: one value. */
void hfi_message_write_event(hf_writer_t *w, uint64_t subscription);

#endif
