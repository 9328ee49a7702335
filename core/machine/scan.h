/* SPDX-License-Identifier: MPL-2.0 */
/* scan -- the handles and promises inside a value, at any depth, and the value written again with others.
 *
 * Items lie one behind the other, so a scan steps into lists, maps and errors without a stack.
 */
#ifndef HFI_SCAN_H
#define HFI_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include <holdfast/value.h>

typedef struct hfi_scan {
    const uint8_t *at;
    const uint8_t *end;
} hfi_scan_t;

/* Borrows the value, which must not move (an inline one lies in the struct itself). */
void hfi_scan_open(hfi_scan_t *self, const hf_value_t *value);

/* The next handle or promise, as a view; false: there is none left. */
bool hfi_scan_next(hfi_scan_t *self, hf_value_t *ret_item);

/* Writes what stands in for a handle or promise. */
typedef void(hfi_replace_f)(void *context, const hf_value_t *item, hf_writer_t *w);

/* Writes the value with each handle and promise replaced. */
void hfi_scan_rewrite(const hf_value_t *value, hf_writer_t *w, hfi_replace_f *replace,
                      void *context);

#endif
