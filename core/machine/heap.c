/* SPDX-License-Identifier: MPL-2.0 */
/* heap -- see heap.h. What one referent allocated another may free, so the figures of the two are only kept from going
 * below 0. */
#include "heap.h"

#include <stdlib.h>

#include <base/check.h>

/* What lies before a block of hf_alloc's. */
typedef struct heap_block {
    _Alignas(16) uint64_t bytes;
    uint64_t magic;
} heap_block_t;

#define HEAP_BLOCK_MAGIC UINT64_C(0x686f6c6466617374)
#define HEAP_BLOCK_MAX   (UINT64_C(1) << 40) /* bytes that no block has, whatever the memory limit */

bool
hfi_heap_charge(hfi_call_t *self, uint64_t bytes)
{
    bool is_full = self->referent != NULL && !hfi_type_has_room(self->referent->type, bytes);
    if (is_full || !hfi_account_take(&self->state->account, bytes)) {
        (void)hfi_answer_raise(self, "LimitExceeded", NULL, "%s's memory is at its limit",
                               is_full ? self->type->row->name : "the manager");
        return false;
    }
    if (self->referent != NULL) {
        self->referent->memory_bytes += bytes;
        self->referent->type->memory_bytes += bytes;
    }
    return true;
}

static void
heap_take_off(uint64_t *figure, uint64_t bytes)
{
    *figure -= bytes < *figure ? bytes : *figure;
}

void
hfi_heap_uncharge(hfi_call_t *self, uint64_t bytes)
{
    hfi_account_give(&self->state->account, bytes);
    if (self->referent != NULL) {
        heap_take_off(&self->referent->memory_bytes, bytes);
        heap_take_off(&self->referent->type->memory_bytes, bytes);
    }
}

/* Bytes of the whole block; false: raised. */
static bool
heap_block_bytes(hfi_call_t *self, size_t n, size_t *ret_bytes)
{
    if (n <= HEAP_BLOCK_MAX) {
        *ret_bytes = n + sizeof(heap_block_t);
        return true;
    }
    (void)hfi_answer_raise(self, "LimitExceeded", NULL, "a block of %zu bytes", n);
    return false;
}

void *
hfi_heap_alloc(hf_call_t *call, size_t n)
{
    hfi_call_t *self = hfi_call_of(call);
    size_t bytes;
    if (!heap_block_bytes(self, n, &bytes) || !hfi_heap_charge(self, bytes))
        return NULL;
    heap_block_t *block = hfi_need(bytes);
    block->bytes = bytes;
    block->magic = HEAP_BLOCK_MAGIC;
    return block + 1;
}

static heap_block_t *
heap_block_of(hfi_call_t *self, void *at)
{
    heap_block_t *block = (heap_block_t *)at - 1;
    if (block->magic == HEAP_BLOCK_MAGIC)
        return block;
    (void)hfi_answer_fault(self, "it freed a block that is not hf_alloc's");
    return NULL;
}

void
hfi_heap_free(hf_call_t *call, void *at)
{
    hfi_call_t *self = hfi_call_of(call);
    heap_block_t *block = at == NULL ? NULL : heap_block_of(self, at);
    if (block == NULL)
        return;
    hfi_heap_uncharge(self, block->bytes);
    block->magic = 0;
    free(block);
}

void *
hfi_heap_realloc(hf_call_t *call, void *at, size_t n)
{
    hfi_call_t *self = hfi_call_of(call);
    if (at == NULL)
        return hfi_heap_alloc(call, n);
    size_t bytes;
    heap_block_t *block = heap_block_of(self, at);
    if (block == NULL || !heap_block_bytes(self, n, &bytes))
        return NULL;
    if (bytes > block->bytes && !hfi_heap_charge(self, bytes - block->bytes))
        return NULL;
    if (bytes < block->bytes)
        hfi_heap_uncharge(self, block->bytes - bytes);
    block = hfi_need_more(block, bytes);
    block->bytes = bytes;
    return block + 1;
}
