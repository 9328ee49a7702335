/* SPDX-License-Identifier: MPL-2.0 */
/* inspect -- object 0's rows that only look: types, objects, figures. */
#ifndef HFI_INSPECT_H
#define HFI_INSPECT_H

#include <holdfast/plugin.h>

hf_method_f hfi_inspect_types;
hf_method_f hfi_inspect_describe;
hf_method_f hfi_inspect_number_of_objects;
hf_method_f hfi_inspect_objects;
hf_method_f hfi_inspect_debug_info;
hf_method_f hfi_inspect_sessions;
hf_method_f hfi_inspect_stats;

#endif
