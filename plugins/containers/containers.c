/* SPDX-License-Identifier: MPL-2.0 */
/* containers -- the plugin of Python's containers: list, dict, set and the Iterator that they make. */
#include "containers.h"

HF_PLUGIN("containers", "1.0.0", &hfi_list_type, &hfi_dict_type, &hfi_set_type, &hfi_iterator_type);
