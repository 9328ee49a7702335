/* SPDX-License-Identifier: MPL-2.0 */
/* loop -- the manager at work: wait, gather, record, apply, keep, flush; again.
 *
 * Thread: new, run and destroy in one thread; it is the machine's thread while it runs.
 */
#ifndef HFI_LOOP_H
#define HFI_LOOP_H

#include "config.h"
#include "loader.h"
#include "log.h"

typedef struct hfi_loop hfi_loop_t;

/* All borrowed; must outlive the loop. */
typedef struct hfi_loop_world {
    const hfi_settings_t *settings; /* complete */
    hfi_loader_t *loader;           /* with the plugins loaded */
    hfi_log_t *log;
    const char *record; /* the file to record to, NULL: none */
    const char *config; /* the file that SIGHUP reads again, NULL: none, and SIGHUP stops */
    const hfi_settings_t *configured; /* what it gave at the start, and nothing else did */
    int signals; /* a signalfd of what stops the manager and of SIGHUP, -1: none */
} hfi_loop_world_t;

/* Binds the endpoints and boots the machine. NULL with why. */
hfi_loop_t *hfi_loop_new(const hfi_loop_world_t *world, char *why, size_t why_room);
void hfi_loop_destroy(hfi_loop_t **self_p);

/* Where it serves, in order; NULL past the last. */
const char *hfi_loop_endpoint(const hfi_loop_t *self, size_t k);

/* Serves until the machine has stopped; returns the exit status. */
int hfi_loop_run(hfi_loop_t *self);

#endif
