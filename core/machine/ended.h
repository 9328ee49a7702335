/* SPDX-License-Identifier: MPL-2.0 */
/* ended -- sessions that ended lately: a HELLO of one that was under way all the while opens nothing.
 *
 * As TCP keeps a closed connection's ports for a while: what a lost connection delivers late may be a HELLO that would
 * open the session anew, with the calls behind it, which then ran twice. A row is kept for the session's lease, or the
 * default one where that is longer; where there are more than the limit, the oldest goes first.
 */
#ifndef HFI_ENDED_H
#define HFI_ENDED_H

#include <stdbool.h>
#include <stdint.h>

#include <base/idtable.h>

typedef struct hfi_ended {
    hfi_idtable_t rows; /* by the secret's hash, in the order they ended */
} hfi_ended_t;

void hfi_ended_open(hfi_ended_t *self);
void hfi_ended_close(hfi_ended_t *self);

/* A session with that secret's hash has ended; `attempt` is its highest. At most `max` rows are kept. */
void hfi_ended_note(hfi_ended_t *self, uint64_t hash, uint64_t attempt, int64_t forget_ns,
                    uint64_t max);

/* Whether such a session is remembered to have seen that attempt or a later one. */
bool hfi_ended_has_seen(const hfi_ended_t *self, uint64_t hash, uint64_t attempt);

/* Forgets those whose time is up, as far as no older one is before them. */
void hfi_ended_forget(hfi_ended_t *self, int64_t now_ns);

#endif
