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
#include <stream/frame.h>

typedef struct hfi_scan {
    const uint8_t *at;
    const uint8_t *end;
} hfi_scan_t;

/* Borrows the value, which must not move (an inline one lies in the struct itself). */
void hfi_scan_open(hfi_scan_t *self, const hf_value_t *value);

/* The next handle or promise, as a view; false: there is none left. */
bool hfi_scan_next(hfi_scan_t *self, hf_value_t *ret_item);

/* The object of this manager's that a handle names by its number: the referent's own, or the stub's where it has one.
 * False: another manager's, without a stub. */
bool hfi_handle_number(const hf_value_t *handle, uint64_t *ret_number);

/* A handle that says where its referent is: five elements, or six. */
typedef struct hfi_handle {
    uint64_t object;
    hf_value_t typeid_; /* views into the handle */
    hf_value_t endpoints;
    hfi_secret_t secret;
    hfi_secret_t manager;
    uint64_t stub;
    bool has_stub;
} hfi_handle_t;

/* False: it is one of [object] or [object, typeid]. The handle must not move meanwhile. */
bool hfi_handle_read(const hf_value_t *handle, hfi_handle_t *ret_handle);

/* Writes what stands in for a handle or promise. */
typedef void(hfi_replace_f)(void *context, const hf_value_t *item, hf_writer_t *w);

/* Writes the value with each handle and promise replaced. */
void hfi_scan_rewrite(const hf_value_t *value, hf_writer_t *w, hfi_replace_f *replace,
                      void *context);

#endif
