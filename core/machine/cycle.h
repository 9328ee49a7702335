/* SPDX-License-Identifier: MPL-2.0 */
/* cycle -- finds referents that only hold each other, by trial deletion over their types' traverse.
 *
 * A referent whose holders fall to referents alone is a suspect. From the suspects on, all that they hold is counted:
 * how many of a referent's holders are among those counted. Who has others beside these is alive, and all that it
 * holds; what is left holds only itself, and is destroyed.
 *
 * A type without traverse shows nothing of what it holds, so all of that is alive for as long as it lives.
 */
#ifndef HFI_CYCLE_H
#define HFI_CYCLE_H

#include "call.h"

/* What traverse reports to. */
typedef void(hfi_found_f)(hf_visit_t *visit, uint64_t number);

struct hf_visit {
    hfi_state_t *state;
    hfi_found_f *found; /* a handle, as often as it is there */
};

/* Tells of one value that a referent keeps: each handle inside it. */
void hfi_cycle_visit(hf_visit_t *visit, const hf_value_t *value);

/* Runs the referent's traverse, where its type has one. */
void hfi_cycle_look_into(hfi_referent_t *referent, hf_visit_t *visit);

/* After each event: where there are suspects, a step will follow soon. */
void hfi_cycle_watch(hfi_state_t *state);

/* One bounded step; what it finds goes to the garbage. */
void hfi_cycle_step(hfi_state_t *state);

/* All at once, whoever is suspect or not; may be inside a call. Returns how many were found, now garbage. */
uint32_t hfi_cycle_collect(hfi_state_t *state);

/* Destroys the garbage. No function of a plugin is on the stack. */
void hfi_cycle_free(hfi_state_t *state);

#endif
