/* SPDX-License-Identifier: MPL-2.0 */
/* probe -- how long methods take, seen from outside the machine: sampled durations, slow runs, and a watchdog.
 *
 * The machine calls begin and end around each of a plugin's functions and reads nothing back, so a replay
 * does not depend on them. Most calls cost two plain stores; one in about 64 reads the clock. While the machine is
 * busy a watchdog looks every 10 ms: a run that it meets is timed as well, and one that holds the machine longer
 * than the limit is named in the log, once, while it still runs. Runs of 1 ms and more that were timed are listed, so
 * that none of 11 ms is missed.
 *
 * Thread: begin, end, rest and read belong to the machine's thread; the watchdog has its own.
 */
#ifndef HFI_PROBE_H
#define HFI_PROBE_H

#include <machine/machine.h>

#include "durations.h"
#include "log.h"

typedef struct hfi_watch hfi_watch_t;

typedef struct hfi_probe_figures {
    uint64_t runs;
    uint64_t sampled;
    uint64_t slow; /* runs that the watchdog has named */
} hfi_probe_figures_t;

/* Gives a started watchdog; limit_ms 0: no watchdog, durations only. Borrows the log. NULL: no memory, no thread. */
hfi_watch_t *hfi_watch_new(hfi_log_t *log, int64_t limit_ms);
void hfi_watch_destroy(hfi_watch_t **self_p);

/* What the machine is lent. */
hfi_probe_t hfi_watch_probe(hfi_watch_t *self);

/* The loop is about to sleep (true) or has woken: the watchdog sleeps as well. */
void hfi_watch_rest(hfi_watch_t *self, bool is_resting);

/* The durations, borrowed. */
const hfi_durations_t *hfi_watch_durations(const hfi_watch_t *self);

/* Copies the figures. */
void hfi_watch_read(const hfi_watch_t *self, hfi_probe_figures_t *ret_figures);

#endif
