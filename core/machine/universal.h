/* SPDX-License-Identifier: MPL-2.0 */
/* universal -- str, repr and getvalue of every referent, by its type's hooks. */
#ifndef HFI_UNIVERSAL_H
#define HFI_UNIVERSAL_H

#include <holdfast/plugin.h>

/* By hfi_universal_t; a constant of the process. */
extern hf_method_f *const hfi_universals[];

#endif
