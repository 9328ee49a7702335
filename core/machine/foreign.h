/* SPDX-License-Identifier: MPL-2.0 */
/* foreign -- the typeid of stubs: what stands here for another manager's referent has no methods but str and repr. */
#ifndef HFI_FOREIGN_H
#define HFI_FOREIGN_H

#include "state.h"

/* Puts the typeid and the table of other managers in place. */
void hfi_foreign_open(hfi_state_t *state);

#endif
