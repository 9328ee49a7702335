/* SPDX-License-Identifier: MPL-2.0 */
/* pending -- see pending.h */
#include "pending.h"

#include <base/check.h>

enum { PENDING_BLOCK = 64, PENDING_FIRST = 64 };

struct hfi_pending_block {
    hfi_pending_block_t *next;
    hfi_pending_t records[PENDING_BLOCK];
};

/* Numbers come one after the other: put at their own places they would lie in one long run, which each removal would
 * have to walk through. */
static uint32_t
pending_home(const hfi_pendings_t *self, uint64_t call)
{
    return (uint32_t)((call * 0x9e3779b97f4a7c15u) >> 32) & self->mask;
}

static uint32_t
pending_slot(const hfi_pendings_t *self, uint64_t call)
{
    uint32_t slot = pending_home(self, call);
    while (self->index[slot] != NULL && self->index[slot]->call != call)
        slot = (slot + 1) & self->mask;
    return slot;
}

/* Half of the slots at most are taken, so that every look ends soon. */
static bool
pending_widen(hfi_pendings_t *self)
{
    uint32_t old_slots = self->index == NULL ? 0 : self->mask + 1;
    if (self->n < old_slots / 2)
        return true;
    uint32_t slots = old_slots == 0 ? PENDING_FIRST : 2 * old_slots;
    hfi_pending_t **index = calloc(slots, sizeof(hfi_pending_t *));
    if (index == NULL)
        return false;
    hfi_pending_t **old = self->index;
    self->index = index;
    self->mask = slots - 1;
    for (uint32_t i = 0; i < old_slots; i++) {
        if (old[i] != NULL)
            self->index[pending_slot(self, old[i]->call)] = old[i];
    }
    free(old);
    return true;
}

static bool
pending_stock(hfi_pendings_t *self)
{
    hfi_pending_block_t *block = calloc(1, sizeof *block);
    if (block == NULL)
        return false;
    block->next = self->blocks;
    self->blocks = block;
    for (int i = PENDING_BLOCK - 1; i >= 0; i--) {
        block->records[i].next = self->free;
        self->free = &block->records[i];
    }
    return true;
}

void
hfi_pendings_close(hfi_pendings_t *self)
{
    while (self->blocks != NULL) {
        hfi_pending_block_t *block = self->blocks;
        self->blocks = block->next;
        free(block);
    }
    free(self->index);
    *self = (hfi_pendings_t){0};
}

bool
hfi_pendings_reserve(hfi_pendings_t *self)
{
    return pending_widen(self) && (self->free != NULL || pending_stock(self));
}

hfi_pending_t *
hfi_pendings_add(hfi_pendings_t *self, uint64_t call, void *cookie)
{
    HF_ASSERT(self->free != NULL && call != 0);
    uint32_t slot = pending_slot(self, call);
    HF_ASSERT(self->index[slot] == NULL);
    hfi_pending_t *pending = self->free;
    self->free = pending->next;
    pending->call = call;
    pending->cookie = cookie;
    pending->next = NULL;
    pending->is_abandoned = false;
    self->index[slot] = pending;
    self->n++;
    return pending;
}

hfi_pending_t *
hfi_pendings_find(const hfi_pendings_t *self, uint64_t call)
{
    return self->n == 0 ? NULL : self->index[pending_slot(self, call)];
}

void
hfi_pendings_remove(hfi_pendings_t *self, hfi_pending_t *pending)
{
    uint32_t gap = pending_slot(self, pending->call);
    HF_ASSERT(self->index[gap] == pending && pending->deadline.place == 0);
    for (uint32_t i = (gap + 1) & self->mask; self->index[i] != NULL; i = (i + 1) & self->mask) {
        uint32_t home = pending_home(self, self->index[i]->call);
        if (((i - home) & self->mask) >= ((i - gap) & self->mask)) {
            self->index[gap] = self->index[i];
            gap = i;
        }
    }
    self->index[gap] = NULL;
    self->n--;
    self->n_abandoned -= pending->is_abandoned ? 1 : 0;
    pending->next = self->free;
    self->free = pending;
}

hfi_pending_t *
hfi_pendings_next(const hfi_pendings_t *self, uint32_t *slot_p)
{
    uint32_t slots = self->index == NULL ? 0 : self->mask + 1;
    while (*slot_p < slots) {
        hfi_pending_t *pending = self->index[(*slot_p)++];
        if (pending != NULL)
            return pending;
    }
    return NULL;
}
