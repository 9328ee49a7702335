/* SPDX-License-Identifier: MPL-2.0 */
/* machine -- the whole manager as one pure function: events in, outputs out.
 *
 * No clock, no I/O, no chance, no threads, no order by address: all of it comes in with the event.
 * The shell, the simulation, a replay and holdfast/testing.h drive it alike.
 *
 * Thread: one at a time.
 */
#ifndef HFI_MACHINE_H
#define HFI_MACHINE_H

#include <base/span.h>
#include <holdfast/plugin.h>

#include <registry/policy.h>

#include "event.h"
#include "world.h"

typedef struct hfi_machine hfi_machine_t;
typedef struct hfi_work hfi_work_t;

hfi_machine_t *hfi_machine_new(const hfi_machine_world_t *world);
void hfi_machine_destroy(hfi_machine_t **self_p);

/* Runs the event to its end; never blocks, never fails. Borrows it. */
void hfi_machine_apply(hfi_machine_t *self, const hfi_event_t *event);

/* Gives the next output, in order; false: none is left. */
bool hfi_machine_take_output(hfi_machine_t *self, hfi_output_t *ret_output);

/* When it wants the next TICK, in its own time; the present time if work is left; INT64_MAX: never. */
int64_t hfi_machine_due_ns(const hfi_machine_t *self);

/* A BOOT must be followed by ENTROPY; later the machine asks when it wants more. */
bool hfi_machine_wants_entropy(const hfi_machine_t *self);

/* Writes one DATA frame of the session's messages numbered above `after` to `to`: as many as fit in `room`,
 * at least one where there is one (the bytes needed are told when `room` is too small for it: returned > room,
 * nothing written). Returns its length, 0 where there is nothing to send; *ret_last is the last number in it.
 * Changes nothing that decides: the shell keeps how far it has sent. */
size_t hfi_machine_fill(hfi_machine_t *self, uint64_t session, uint64_t after, uint8_t *to,
                        size_t room, uint64_t *ret_last);

/* What a JOB "offload" is to run (work.h), on whatever thread; lent until its JOB_DONE is applied. NULL: it is another
 * kind of job. */
hfi_work_t *hfi_machine_work(const hfi_machine_t *self, uint64_t job);

/* Borrows the policy in force, to be read and to be asked whether settings would do. */
hfi_policy_t *hfi_machine_policy(hfi_machine_t *self);

/* Borrows the figures. */
const hfi_machine_figures_t *hfi_machine_figures(const hfi_machine_t *self);

#endif
