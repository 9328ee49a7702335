/* SPDX-License-Identifier: MPL-2.0 */
/* replay -- a record run through a fresh machine, and what comes out compared with what came out then.
 *
 * Thread: one at a time.
 */
#ifndef HFI_REPLAY_H
#define HFI_REPLAY_H

#include <stdio.h>

#include "loader.h"

/* Replays `file`. The recorded plugins are taken from `loader` by name where it has them, else loaded from where
 * they were. Writes a line per session to `to` (its messages, their bytes, their hash), and one for the whole.
 * Returns 0; 1 with why: the record cannot be read, a plugin is missing, or the outputs differ (the first
 * difference is named). */
int hfi_replay(const char *file, hfi_loader_t *loader, FILE *to, char *why, size_t why_room);

#endif
