/* SPDX-License-Identifier: MPL-2.0 */
/* held -- values that were given to the program and hold referents: an answer with handles inside.
 *
 * Such a value lies in a block of its own, which hf_keep shares and whose last hf_drop lets the referents go, by the
 * same lock-free push as hf_release. `spare[0]` of the value tells it from others.
 *
 * Thread: [any], but where the client's mutex is asked for.
 */
#ifndef HFI_HELD_H
#define HFI_HELD_H

#include "client.h"

/* A copy of an answer of this client for the program: plain, or held where it has handles. False: *failure. */
bool hfi_held_copy(hf_client_t *client, const hf_value_t *value, hf_value_t *ret_copy,
                   hfi_failure_t *ret_failure);

/* Lets go of any value of the program's: held or plain; zeroes it. */
void hfi_held_drop(hf_value_t *value);

/* One that was pushed. Under the mutex. */
void hfi_held_reap(hf_client_t *client, hfi_released_t *released);

#endif
