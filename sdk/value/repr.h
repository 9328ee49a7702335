/* SPDX-License-Identifier: MPL-2.0 */
/* repr -- Python's repr of encoded values (TYPES.md says which).
 *
 * Thread: [any]; no state.
 */
#ifndef HFI_REPR_H
#define HFI_REPR_H

#include <stdbool.h>
#include <stddef.h>

#include <base/span.h>
#include <holdfast/value.h>

/* Appends the repr, UTF-8. False: no memory; then some of it may have been appended. */
bool hfi_repr(const hf_value_t *value, hfi_bytes_t *out);

/* Appends the repr of a str with that text. */
bool hfi_repr_str(const char *text, size_t len, hfi_bytes_t *out);

/* Appends what Python's str() makes of it: a str's own text, the repr of everything else. */
bool hfi_str(const hf_value_t *value, hfi_bytes_t *out);

/* The shortest form of a float that reads back, as Python writes it, NUL-terminated; whatever the locale. */
enum { HFI_FLOAT_TEXT = 32 };
size_t hfi_float_text(double number, char to[HFI_FLOAT_TEXT]);

#endif
