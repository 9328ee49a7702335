/* SPDX-License-Identifier: MPL-2.0 */
/* record -- what went into machines and what came out, as bytes; and others that must do the same.
 *
 * Events are written by hfi_event_write and read back by hfi_event_read: the encoding that a manager's --record
 * has is what the second machine lives on.
 */
#ifndef SIM_RECORD_H
#define SIM_RECORD_H

#include <stdio.h>

#include <base/span.h>
#include <machine/machine.h>

#include "sim.h"

/* One machine's life. */
typedef struct sim_record {
    struct sim_record *next;
    hfi_bytes_t bytes;
} sim_record_t;

/* All lives of a world's managers, in the order in which they began. Zeroed means none. */
typedef struct sim_records {
    sim_record_t *first;
    sim_record_t *last;
} sim_records_t;

/* Another life begins; borrowed until the close. */
sim_record_t *sim_records_begin(sim_records_t *self);
void sim_records_close(sim_records_t *self);

/* To a file, and back; false: it could not be written, or is none. */
bool sim_records_write(const sim_records_t *self, FILE *file);
bool sim_records_read(sim_records_t *self, FILE *file);

void sim_record_event(sim_record_t *self, const hfi_event_t *event);
/* NULL: there was none left. */
void sim_record_output(sim_record_t *self, const hfi_output_t *output);
void sim_record_fill(sim_record_t *self, uint64_t session, uint64_t after, uint64_t room,
                     const uint8_t *at, size_t len);

/* Feeds the events to `machine`, which is new, and fails the check where it says anything else. */
void sim_record_replay(const sim_record_t *self, sim_t *sim, hfi_machine_t *machine);

#endif
