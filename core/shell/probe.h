/* SPDX-License-Identifier: MPL-2.0 */
/* probe -- how long methods take, seen from outside the machine: sampled durations, slow runs, and a watchdog.
 *
 * The machine calls begin and end around each of a plugin's functions and reads nothing back, so a replay
 * does not depend on them. Most calls cost two plain stores; one in about 64 reads the clock. While the machine is
 * busy a watchdog looks every 10 ms: a run that it meets is timed as well, and one that holds the machine longer
 * than the limit is named in the log, once, while it still runs. Runs of 1 ms and more that were timed are listed, so
 * that none of 11 ms is missed.
 *
 * What threads of the pool run is watched just as well: each begins and ends its work here, and one that runs longer than
 * the limit is named, once.
 *
 * Thread: begin_work and end_work are [any]; the others belong to the machine's thread; the watchdog has its own.
 */
#ifndef HFI_PROBE_H
#define HFI_PROBE_H

#include <machine/machine.h>
#include <machine/work.h>

#include "durations.h"
#include "log.h"

typedef struct hfi_watch hfi_watch_t;

typedef struct hfi_probe_figures {
    uint64_t runs;
    uint64_t sampled;
    uint64_t slow; /* runs that the watchdog has named, a pool's thread's too */
} hfi_probe_figures_t;

/* A thread's work as it runs; the thread's to keep, the watch's to write. */
typedef struct hfi_watched_work {
    struct hfi_watched_work *next;
    struct hfi_watched_work **self_p;
    const hfi_work_t *work;
    int64_t begun_ns;
    bool is_named;
} hfi_watched_work_t;

/* Gives a started watchdog; limit_ms 0: no watchdog, durations only. Borrows the log. NULL: no memory, no thread. */
hfi_watch_t *hfi_watch_new(hfi_log_t *log, int64_t limit_ms);
void hfi_watch_destroy(hfi_watch_t **self_p);

/* Ends the watchdog, and nothing else: work may still begin and end. */
void hfi_watch_stop(hfi_watch_t *self);

/* What the machine is lent. */
hfi_probe_t hfi_watch_probe(hfi_watch_t *self);

/* The loop is about to sleep (true) or has woken: the watchdog sleeps as well. */
void hfi_watch_rest(hfi_watch_t *self, bool is_resting);

/* [any] The work is about to run; borrows both until its end. */
void hfi_watch_begin_work(hfi_watch_t *self, hfi_watched_work_t *place, const hfi_work_t *work);
/* [any] It has run for so many nanoseconds. */
int64_t hfi_watch_end_work(hfi_watch_t *self, hfi_watched_work_t *place);

/* Puts a work that has run on the list of the slow, if it was. */
void hfi_watch_list_work(hfi_watch_t *self, const hfi_work_t *work, int64_t took_ns);

/* The durations, borrowed. */
const hfi_durations_t *hfi_watch_durations(const hfi_watch_t *self);

/* Copies the figures. */
void hfi_watch_read(const hfi_watch_t *self, hfi_probe_figures_t *ret_figures);

#endif
