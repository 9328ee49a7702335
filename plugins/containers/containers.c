/* SPDX-License-Identifier: MPL-2.0 */
/* containers -- the plugin of Python's containers: list, dict and the Iterator that they make. */
#include "containers.h"

HF_PLUGIN("containers", "1.0.0", &hfi_list_type, &hfi_dict_type, &hfi_iterator_type);
