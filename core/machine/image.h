/* SPDX-License-Identifier: MPL-2.0 */
/* image -- plugins come: at the beginning, and while the manager serves. */
#ifndef HFI_IMAGE_H
#define HFI_IMAGE_H

#include <base/span.h>

#include "state.h"

/* Takes in the plugin of that hash, which the world has mapped; one that is in already is fine. False with a sentence in
 * why: the world has none, the registry refuses it, or its `open` raised. */
bool hfi_image_take(hfi_state_t *state, hfi_span_t hash, char *why, size_t why_room);

/* The manager ends: each plugin's `close`. */
void hfi_image_close_all(hfi_state_t *state);

/* The root's load_plugin. */
hf_err_t hfi_image_load(hf_call_t *call, void *self);

#endif
