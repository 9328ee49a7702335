/* SPDX-License-Identifier: MPL-2.0 */
/* trim -- gives the heap's free pages back to the kernel: when the manager rests, and much has gone since.
 *
 * The heap keeps what was freed below what is still used, and a crowd's connections (64 KiB each with libzmq's buffers)
 * leave much of that. It takes a while, so it is done for much alone, in a rest, and a second after: what libzmq has of a
 * connection goes a little later than the session.
 *
 * Thread: the loop's.
 */
#ifndef HFI_TRIM_H
#define HFI_TRIM_H

#include <stdint.h>

#define HFI_TRIM_DELAY_NS INT64_C(1000000000)

enum { HFI_TRIM_BYTES = 8 << 20, HFI_TRIM_SESSION_BYTES = 64 << 10 };

/* Zeroed: nothing has been used yet. */
typedef struct hfi_trim {
    uint64_t most;  /* bytes in use at once, since the last time */
    int64_t due_ns; /* 0: not enough has gone */
} hfi_trim_t;

/* Notes what is in use: bytes that the machine counts, and sessions. Returns from when on a rest is wanted for it;
 * INT64_MAX: not. */
int64_t hfi_trim_note(hfi_trim_t *self, uint64_t memory_bytes, uint64_t n_sessions, int64_t now_ns);

/* Gives back, and begins anew. */
void hfi_trim_rest(hfi_trim_t *self);

#endif
