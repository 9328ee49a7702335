/* SPDX-License-Identifier: MPL-2.0 */
/* allowance -- see allowance.h */
#include "allowance.h"

#include <stdlib.h>

#include <base/span.h>

enum { ALLOWANCE_FIRST = 256 };

#define ALLOWANCE_MAGIC UINT64_C(0x776f726b626c6f63)

/* What lies before a block. */
typedef struct allowance_block {
    _Alignas(16) struct allowance_block *next;
    struct allowance_block *prev;
    uint64_t bytes;
    uint64_t magic;
} allowance_block_t;

static bool
allowance_charge(hfi_allowance_t *self, uint64_t bytes)
{
    if (bytes > self->max_bytes || self->used > self->max_bytes - bytes)
        return false;
    self->used += bytes;
    return true;
}

void
hfi_allowance_close(hfi_allowance_t *self)
{
    while (self->blocks != NULL) {
        allowance_block_t *block = self->blocks;
        self->blocks = block->next;
        free(block);
    }
}

void *
hfi_allowance_alloc(hfi_allowance_t *self, size_t n)
{
    allowance_block_t *block = NULL;
    if (n > self->max_bytes || !allowance_charge(self, n + sizeof *block))
        return NULL;
    block = calloc(1, n + sizeof *block);
    if (block == NULL) {
        self->used -= n + sizeof *block;
        return NULL;
    }
    block->bytes = n + sizeof *block;
    block->magic = ALLOWANCE_MAGIC;
    block->next = self->blocks;
    if (block->next != NULL)
        block->next->prev = block;
    self->blocks = block;
    return block + 1;
}

bool
hfi_allowance_size(const void *at, size_t *ret_n)
{
    const allowance_block_t *block = (const allowance_block_t *)at - 1;
    if (block->magic != ALLOWANCE_MAGIC)
        return false;
    *ret_n = block->bytes - sizeof *block;
    return true;
}

void
hfi_allowance_free(hfi_allowance_t *self, void *at)
{
    allowance_block_t *block = (allowance_block_t *)at - 1;
    if (block->next != NULL)
        block->next->prev = block->prev;
    if (block->prev != NULL)
        block->prev->next = block->next;
    else
        self->blocks = block->next;
    self->used -= block->bytes;
    block->magic = 0;
    free(block);
}

static bool
allowance_grow(hf_writer_t *w, size_t more)
{
    hfi_allowance_writer_t *self = (hfi_allowance_writer_t *)(void *)w;
    size_t need;
    if (!hfi_add_size(w->len, more, &need) || need > UINT32_MAX)
        need = SIZE_MAX;
    size_t room = w->room < ALLOWANCE_FIRST ? ALLOWANCE_FIRST : w->room;
    while (room < need && room <= UINT32_MAX)
        room = 2 * room;
    bool is_room = need != SIZE_MAX && allowance_charge(self->allowance, room - w->room);
    uint8_t *at = is_room ? realloc(w->at, room) : NULL;
    if (at == NULL) {
        self->allowance->used -= is_room ? room - w->room : 0;
        self->is_too_long = true;
        return false;
    }
    w->at = at;
    w->room = room;
    return true;
}

void
hfi_allowance_writer_open(hfi_allowance_writer_t *self, hfi_allowance_t *allowance)
{
    *self = (hfi_allowance_writer_t){.w = {.grow = allowance_grow}, .allowance = allowance};
}

void
hfi_allowance_writer_close(hfi_allowance_writer_t *self)
{
    self->allowance->used -= self->w.room;
    free(self->w.at);
    self->w = (hf_writer_t){.grow = allowance_grow};
}
