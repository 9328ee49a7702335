/* SPDX-License-Identifier: MPL-2.0 */
/* holders -- object 0's rows that tell who holds what: refs, leaks. */
#ifndef HFI_HOLDERS_H
#define HFI_HOLDERS_H

#include <holdfast/plugin.h>

hf_method_f hfi_holders_refs;
hf_method_f hfi_holders_leaks;

#endif
