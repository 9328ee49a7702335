/* SPDX-License-Identifier: MPL-2.0 */
/* words -- Python's names for the kinds of values, and the errors that more than one type raises. */
#ifndef HFI_WORDS_H
#define HFI_WORDS_H

#include <holdfast/plugin.h>

/* A name to be printed with "%.*s": borrows from the value, or a literal. */
typedef struct hfi_word {
    const char *at;
    int len;
} hfi_word_t;

/* "int", "NoneType", "dict", or a handle's typeid: what Python would call the value's type. */
hfi_word_t hfi_word_of(const hf_value_t *value);

/* Whether the value is an int or a bool; gives it clipped to what int64 holds. */
bool hfi_is_index(const hf_value_t *value, int64_t *ret_index);

/* The value itself, or what the container has whose handle it is, for the call's life; HF_NONE where the
 * handle's type has no value form. */
hf_err_t hfi_plain(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_plain);

/* Gives the repr of a value as it is where it is hashed: an array as a tuple. For the call's life; not NUL-terminated. */
hf_err_t hfi_key_text(hf_call_t *call, const hf_value_t *key, hf_value_t *ret_room,
                      hfi_word_t *ret_text);

/* Raises KeyError with the key as data and its repr, as a key's, for text. */
hf_err_t hfi_raise_key(hf_call_t *call, const hf_value_t *key);

/* Gives the hash of a key; raises TypeError where it cannot be one. */
hf_err_t hfi_hash_key(hf_call_t *call, const hf_value_t *key, uint64_t *ret_hash);

/* Raises TypeError, naming what could not be compared: inside two lists, the first pair that differs. */
hf_err_t hfi_raise_unordered(hf_call_t *call, const hf_value_t *a, const hf_value_t *b);

#endif
