/* SPDX-License-Identifier: MPL-2.0 */
/* journal -- the record: every batch of events, kept before what it causes leaves.
 *
 * File: the 8 bytes "HFRECORD", then blocks: length (4 bytes, least first), SipHash of the content under the zero
 * key (8 bytes), content. Content is MessagePack items:
 *   "head"    map: version, server, plugins [[name, version, hash, path]…]        the first block
 *   "events"  uint n, then n events in the machine's one encoding
 *   "outputs" uint n, then n times four uints: a tally's entries of the batch before
 * A block that is cut off or does not fit its hash ends the record: what a crash leaves is still good up to there.
 *
 * One that cannot be written (a full disk) stops for good, is said once, and holds nobody up.
 *
 * Thread: the loop's.
 */
#ifndef HFI_JOURNAL_H
#define HFI_JOURNAL_H

#include <holdfast/value.h>

#include "loader.h"
#include "tally.h"

#define HFI_JOURNAL_MAGIC "HFRECORD"

enum { HFI_JOURNAL_VERSION = 1, HFI_JOURNAL_PREFIX = 12 /* bytes before a block's content */ };

typedef struct hfi_journal hfi_journal_t;

/* Begins the record in `file`, which is made anew, mode 0600. Borrows the loader for the head. NULL with why. */
hfi_journal_t *hfi_journal_new(const char *file, const hfi_loader_t *loader, char *why,
                               size_t why_room);

/* Writes what is left; takes *self_p and nulls it. */
void hfi_journal_destroy(hfi_journal_t **self_p);

/* A plugin that was loaded while serving, before the event that names it. */
void hfi_journal_plugin(hfi_journal_t *self, const hfi_image_t *image);

/* Puts a batch into the record; it is kept once it is committed. */
void hfi_journal_append(hfi_journal_t *self, const hfi_event_t *events, size_t n);

/* Puts an output of the batch into the record; it is kept with the next commit. */
void hfi_journal_output(hfi_journal_t *self, hfi_machine_t *machine, const hfi_output_t *output);

/* Keeps what was appended. False: the record has stopped here, once: `why` says it. */
bool hfi_journal_commit(hfi_journal_t *self, char *why, size_t why_room);

/* Whether all so far has been kept. */
bool hfi_journal_is_whole(const hfi_journal_t *self);

/* The hash of a block's content, for who reads one. */
uint64_t hfi_journal_hash(hfi_span_t content);

#endif
