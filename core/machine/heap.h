/* SPDX-License-Identifier: MPL-2.0 */
/* heap -- memory that outlives the call, in the books of the account, the type and the referent. */
#ifndef HFI_HEAP_H
#define HFI_HEAP_H

#include "answer.h"

/* False: the memory limit, raised. */
bool hfi_heap_charge(hfi_call_t *self, uint64_t bytes);
void hfi_heap_uncharge(hfi_call_t *self, uint64_t bytes);

/* hf_alloc, hf_realloc, hf_free. */
void *hfi_heap_alloc(hf_call_t *call, size_t n);
void *hfi_heap_realloc(hf_call_t *call, void *at, size_t n);
void hfi_heap_free(hf_call_t *call, void *at);

#endif
