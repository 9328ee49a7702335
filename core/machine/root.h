/* SPDX-License-Identifier: MPL-2.0 */
/* root -- object 0, the manager as a referent: create, names, shutdown; describing itself is in `inspect`. */
#ifndef HFI_ROOT_H
#define HFI_ROOT_H

#include "state.h"

/* Puts object 0 in place. */
void hfi_root_open(hfi_state_t *state);

#endif
