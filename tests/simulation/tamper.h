/* SPDX-License-Identifier: MPL-2.0 */
/* tamper -- the seeded faults: what a sound world never does, done once in a while, so that each check is seen
 * to fail.
 *
 * Faults of the wire change a frame past the stream's knowledge: numbers stay, so no stream can mend it. Faults
 * of state reach into the machine's tables.
 */
#ifndef SIM_TAMPER_H
#define SIM_TAMPER_H

#include <base/span.h>
#include <machine/machine.h>

#include "sim.h"

/* True: `changed` has the frame that goes instead. */
bool sim_tamper_up(sim_t *sim, const hfi_span_t *frame, hfi_bytes_t *changed);
/* What a manager says to another. */
bool sim_tamper_far(sim_t *sim, const hfi_span_t *frame, hfi_bytes_t *changed);
bool sim_tamper_down(sim_t *sim, const hfi_span_t *frame, hfi_bytes_t *changed);

#endif
