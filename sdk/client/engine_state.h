/* SPDX-License-Identifier: MPL-2.0 */
/* engine_state -- the engine's struct, and what its files do for each other: engine (frames, time, the session),
 * engine_call (calls, answers, references) and engine_fork (what a child takes over).
 *
 * Thread: the engine's.
 */
#ifndef HFI_ENGINE_STATE_H
#define HFI_ENGINE_STATE_H

#include "engine.h"

#include <base/deadline.h>
#include <stream/dial.h>
#include <stream/message.h>
#include <stream/stream.h>

#include "entry.h"
#include "pending.h"

enum {
    ENGINE_MAGIC = 0x48464e47, /* "HFNG" */
    ENGINE_CLIENT_MAX = 200,   /* bytes of free text in HELLO */
};

struct hfi_engine {
    uint32_t magic;
    bool wants_reconnect;
    bool wants_resync;
    bool wants_ping;
    bool wants_pong;
    bool wants_bye;
    bool is_ended;
    bool is_far;
    bool is_left; /* and ended: it is the parent's, and this is a child */
    hfi_dial_t dial;
    hfi_stream_t stream;
    hf_value_t endpoints; /* kept */
    hfi_chunks_t chunks;
    hfi_bytes_t scratch;
    char client[ENGINE_CLIENT_MAX + 1];
    hfi_entries_t entries;
    hfi_pendings_t pendings;
    hfi_deadlines_t *deadlines;
    hfi_engine_done_t *done; /* a ring */
    uint32_t done_mask;
    uint32_t done_first;
    uint32_t n_done;
    hf_value_t *owed; /* arguments of exports that wait for room in the window */
    uint32_t n_owed;
    uint32_t owed_room;
    uint64_t *cancels; /* calls to be cancelled */
    uint32_t n_cancels;
    uint32_t cancels_room;
    uint32_t lost_hint;
    size_t gathered;       /* bytes put since the last DATA frame */
    uint64_t last_promise; /* the last message that has promises in it */
    uint64_t gap_end;      /* of the gap for which wants_resync is set */
    uint64_t last_release;
    uint64_t drifts;
    hfi_failure_t reason;
};

/* Ends the session for good; the first reason stays. */
void hfi_engine_end(hfi_engine_t *self, const char *kind, const char *text);

/* The end of a pending call onto the list of done ones, which has room for it; takes the value. */
void hfi_engine_put_done(hfi_engine_t *self, const hfi_pending_t *pending, hfi_engine_how_t how,
                         const hf_value_t *value);

/* A RESULT, ERROR or EVENT that was taken from the stream. */
void hfi_engine_answer(hfi_engine_t *self, const hfi_message_t *m);

/* Puts a call of no answer that has no promises. False: *failure. */
bool hfi_engine_commit_oneway(hfi_engine_t *self, const char *method, const hf_value_t *args,
                              hfi_failure_t *ret_failure);

/* Puts the exports that wait for room. False: some still do. */
bool hfi_engine_send_owed(hfi_engine_t *self);

/* Lets go of what has not got into the stream. */
void hfi_engine_drop_owed(hfi_engine_t *self);

/* Dial and stream of a session that is still to be opened. */
void hfi_engine_open_session(hfi_engine_t *self, const hfi_engine_setup_t *setup, int64_t now_ns);

/* Puts what waited for a frame into the stream: cancellations, exports, then releases. */
void hfi_engine_gather(hfi_engine_t *self);

#endif
