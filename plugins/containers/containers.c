/* SPDX-License-Identifier: MPL-2.0 */
/* containers -- the plugin of Python's containers: list, dict, set, Namespace, Value, Array, and the Iterator that they
 * make. */
#include "containers.h"

HF_PLUGIN("containers", "1.0.0", &hfi_list_type, &hfi_dict_type, &hfi_set_type, &hfi_namespace_type,
          &hfi_value_type, &hfi_array_type, &hfi_iterator_type);
