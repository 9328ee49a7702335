/* SPDX-License-Identifier: MPL-2.0 */
/* options -- what hf_connect may be told; NULL options are the defaults.
 *
 * Thread: one at a time; read by hf_connect.
 */
#ifndef HFI_OPTIONS_H
#define HFI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <holdfast/holdfast.h>

/* Which endpoints a handle may lead to. */
typedef enum hfi_far_mode {
    HFI_FAR_NONE,
    HFI_FAR_NEAR, /* on this computer */
    HFI_FAR_ANY,
} hfi_far_mode_t;

hfi_far_mode_t hfi_options_far(const hf_options_t *self);

/* Gives a copy, to be destroyed; NULL: no memory. */
hf_options_t *hfi_options_copy(const hf_options_t *self);

const char *hfi_options_name(const hf_options_t *self); /* borrows; NULL: not set */
int64_t hfi_options_lease_ns(const hf_options_t *self);
int64_t hfi_options_connect_ns(const hf_options_t *self);
int64_t hfi_options_wait_ns(const hf_options_t *self);
bool hfi_options_may_spin(const hf_options_t *self);
bool hfi_options_is_inherited(const hf_options_t *self);

#endif
