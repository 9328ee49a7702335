/* SPDX-License-Identifier: MPL-2.0 */
/* probed -- what a probe may ask of the call at whose end it is: texts for people, which decide nothing. */
#ifndef HFI_PROBED_H
#define HFI_PROBED_H

#include <stdbool.h>

#include <base/span.h>
#include <holdfast/value.h>

/* Who calls, as it names itself; borrowed for the moment. NULL: nobody, it is a hook. */
const char *hfi_probed_client(const void *call);

/* Appends the arguments as a call in Python shows them, "(1, 'x', by=2)"; long ones as their sizes, and those of a
 * method flagged HF_SENSITIVE not at all: "(...)". False: no memory. */
bool hfi_probed_arguments(const void *call, hfi_bytes_t *to);

/* The same of arguments as they were given, of a method that is sensitive or not. */
bool hfi_probed_show(const hf_value_t *args, const hf_value_t *kwargs, bool is_sensitive,
                     hfi_bytes_t *to);

#endif
