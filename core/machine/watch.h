/* SPDX-License-Identifier: MPL-2.0 */
/* watch -- calls that wait for a referent's end, and do not hold it. */
#ifndef HFI_WATCH_H
#define HFI_WATCH_H

#include "call.h"

/* Object 0's row: watch(handle). */
hf_method_f hfi_watch;

/* The referent is gone: answers the calls that watch it with `why`, in the order they came. */
void hfi_watch_tell(hfi_state_t *state, hfi_referent_t *referent, const char *why);

/* Answers all that watch anything. */
void hfi_watch_tell_all(hfi_state_t *state, const char *why);

#endif
