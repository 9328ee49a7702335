/* SPDX-License-Identifier: MPL-2.0 */
/* promise -- what a waiting call's promises are, as far as they are known. */
#ifndef HFI_PROMISE_H
#define HFI_PROMISE_H

#include <stdbool.h>
#include <stdint.h>

#include <base/idtable.h>
#include <holdfast/value.h>

typedef struct hfi_promises {
    hfi_idtable_t table; /* call, value (kept; HF_NONE: not known yet); in the order met */
    uint32_t n_unknown;
} hfi_promises_t;

/* Gives an empty one. */
hfi_promises_t *hfi_promises_new(void);
/* Takes; drops the values. */
void hfi_promises_destroy(hfi_promises_t **self_p);

/* Notes the promise of that call; again changes nothing. */
void hfi_promises_add(hfi_promises_t *self, uint64_t call);

/* The one behind `after` (0: the first) in the order met; 0: none is left. */
uint64_t hfi_promises_next(const hfi_promises_t *self, uint64_t after);

/* Whether that call's result is still waited for. */
bool hfi_promises_wants(const hfi_promises_t *self, uint64_t call);

/* Notes what it gave; takes the kept value and zeroes it. */
void hfi_promises_set(hfi_promises_t *self, uint64_t call, hf_value_t *value);

/* What it gave; NULL: not known yet. */
const hf_value_t *hfi_promises_find(const hfi_promises_t *self, uint64_t call);

#endif
