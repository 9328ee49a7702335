/* SPDX-License-Identifier: MPL-2.0 */
/* speech -- what is said in an open session with another manager, and heard there: calls, what is owed, answers.
 *
 * It is a client's part of PROTOCOL.md, section 2: numbered messages, acknowledgements, gaps. Whether there is a session
 * to speak in, and when, is far's.
 */
#ifndef HFI_SPEECH_H
#define HFI_SPEECH_H

#include "far.h"

enum {
    HFI_SPEECH_FRAME = 8192,  /* what a frame of ours aims at */
    HFI_SPEECH_CALL = 512,    /* no call of ours is longer */
    HFI_SPEECH_WRAPPING = 64, /* an answer may wrap what a call could carry */
};

/* How deep its frames may be. */
static inline uint64_t
hfi_speech_depth(const hfi_state_t *state)
{
    return state->wire.depth + HFI_SPEECH_WRAPPING;
}

/* Calls are put while this gives true. */
bool hfi_speech_has_room(hfi_far_t *far);

/* Puts a oneway or answered call of object 0 there; behind it the caller has the list of arguments written by `write`.
 * Returns its number. */
uint64_t hfi_speech_call(hfi_far_t *far, const char *method, bool is_oneway,
                         void (*write)(hf_writer_t *w, const void *what), const void *what);

/* Notes what it must say sometime. */
void hfi_speech_owe(hfi_far_t *far, const hfi_owed_t *owed);

/* Puts what is owed, as far as there is room: first the token, then the reference, as nobody adopts what is not held. */
void hfi_speech_say_owed(hfi_far_t *far);

/* Writes one frame, at most HFI_SPEECH_FRAME bytes, and gives its length; 0: there is nothing to say; more than that:
 * the other manager takes none so long as the next message. */
size_t hfi_speech_write(hfi_state_t *state, hfi_far_t *far, uint8_t *to);

/* Takes a frame of the open session. False: it broke the protocol. */
bool hfi_speech_hear(hfi_state_t *state, hfi_far_t *far, const hfi_frame_t *frame);

#endif
