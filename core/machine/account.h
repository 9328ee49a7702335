/* SPDX-License-Identifier: MPL-2.0 */
/* account -- memory and counts against limits: counted, never felt, so that a replay meets the same ones. */
#ifndef HFI_ACCOUNT_H
#define HFI_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/span.h>

/* limit.def's values in force. */
typedef struct hfi_machine_limits {
#define HFI_LIMIT(name_, default_, text_) uint64_t name_;
#include "limit.def"
#undef HFI_LIMIT
} hfi_machine_limits_t;

void hfi_machine_limits_default(hfi_machine_limits_t *self);

/* Sets one by its name; false: there is none of that name, or the value is 0. */
bool hfi_machine_limits_set(hfi_machine_limits_t *self, hfi_span_t name, uint64_t value);

/* Bytes that were asked for, against the bytes that may be. */
typedef struct hfi_account {
    uint64_t used;
    uint64_t limit; /* UINT64_MAX: none */
} hfi_account_t;

/* Counts the bytes in; false: they would pass the limit, nothing is counted. */
bool hfi_account_take(hfi_account_t *self, uint64_t bytes);

/* Counts them in whatever the limit says: for what cannot be refused any more. */
void hfi_account_force(hfi_account_t *self, uint64_t bytes);

/* Counts them out again. */
void hfi_account_give(hfi_account_t *self, uint64_t bytes);

/* malloc's, calloc's and realloc's for state that decides: the end of the process where there is no memory,
 * since an apply that failed here and not in a replay could not be replayed. Gives; free() it. */
void *hfi_need(size_t bytes);
void *hfi_need_more(void *block, size_t bytes);

#endif
