/* SPDX-License-Identifier: MPL-2.0 */
/* extension -- what this manager has beyond its table, by name. */
#ifndef HFI_EXTENSION_H
#define HFI_EXTENSION_H

#include "answer.h"

/* NULL: there is none of that name. */
const void *hfi_extension_find(hf_call_t *call, const char *name);

#endif
