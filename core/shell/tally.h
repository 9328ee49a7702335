/* SPDX-License-Identifier: MPL-2.0 */
/* tally -- what the machine puts out, as numbers: how a record and its replay are compared.
 *
 * Each output becomes one entry. A SEND's stands for the bytes of the session's messages that are new since its
 * last entry, however they were packed into frames; the others' for their members and bytes.
 *
 * Thread: one at a time.
 */
#ifndef HFI_TALLY_H
#define HFI_TALLY_H

#include <machine/machine.h>

typedef struct hfi_tally_entry {
    uint32_t kind;   /* of the output */
    uint64_t id;     /* session (SEND, REWIND), else link */
    uint64_t number; /* SEND: the session's last message */
    uint64_t hash;
} hfi_tally_entry_t;

/* One session, as a whole. */
typedef struct hfi_tally_session {
    uint64_t session;
    uint64_t messages;
    uint64_t bytes;
    uint64_t hash;
} hfi_tally_session_t;

typedef struct hfi_tally hfi_tally_t;

/* NULL: no memory. */
hfi_tally_t *hfi_tally_new(void);
void hfi_tally_destroy(hfi_tally_t **self_p);

/* Counts the output and gives its entry. False: no memory. */
bool hfi_tally_count(hfi_tally_t *self, hfi_machine_t *machine, const hfi_output_t *output,
                     hfi_tally_entry_t *ret_entry);

/* The sessions in the order they came; NULL: the first; NULL at the end. */
const hfi_tally_session_t *hfi_tally_next(const hfi_tally_t *self,
                                          const hfi_tally_session_t *session);

bool hfi_tally_equal(const hfi_tally_entry_t *a, const hfi_tally_entry_t *b);

#endif
