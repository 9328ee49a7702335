/* SPDX-License-Identifier: MPL-2.0 */
/* text -- a text that grows, for a repr that is put together.
 *
 * Zeroed it is empty. What raises leaves it to be closed.
 */
#ifndef HFI_TEXT_H
#define HFI_TEXT_H

#include <holdfast/plugin.h>

typedef struct hfi_text {
    char *at;
    size_t len;
    size_t room;
} hfi_text_t;

hf_err_t hfi_text_add(hf_call_t *call, hfi_text_t *self, const char *at, size_t len);

/* Adds the repr of a value; of a key, as it shows where it is hashed. */
hf_err_t hfi_text_add_repr(hf_call_t *call, hfi_text_t *self, const hf_value_t *value);
hf_err_t hfi_text_add_key(hf_call_t *call, hfi_text_t *self, const hf_value_t *key);

/* Answers with it, or with what went wrong, and closes it. */
hf_err_t hfi_text_return(hf_call_t *call, hfi_text_t *self, hf_err_t err);

#endif
