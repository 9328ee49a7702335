/* SPDX-License-Identifier: MPL-2.0 */
/* pending -- see pending.h */
#include "pending.h"

#include <base/check.h>

enum { PENDING_BLOCK = 64, PENDING_FIRST = 64 };

struct hfi_pending_block {
    hfi_pending_block_t *next;
    hfi_pending_t records[PENDING_BLOCK];
};

typedef struct pending_old {
    uint64_t call; /* first: hfi_idtable's */
    hfi_pending_t *pending;
} pending_old_t;

static hfi_pending_t **
pending_place(const hfi_pendings_t *self, uint64_t call)
{
    return &self->ring[call & self->mask];
}

static bool
pending_age(hfi_pendings_t *self, hfi_pending_t *pending)
{
    pending_old_t *old = hfi_idtable_add(&self->old, pending->call);
    if (old != NULL)
        old->pending = pending;
    return old != NULL;
}

/* Twice the places: what is in the ring has places of its own there too, as its low bits told it apart before. */
static bool
pending_widen(hfi_pendings_t *self)
{
    uint32_t places = self->ring == NULL ? 0 : self->mask + 1;
    uint32_t more = places == 0 ? PENDING_FIRST : 2 * places;
    hfi_pending_t **ring = calloc(more, sizeof(hfi_pending_t *));
    if (ring == NULL)
        return false;
    hfi_pending_t **before = self->ring;
    self->ring = ring;
    self->mask = more - 1;
    for (uint32_t i = 0; i < places; i++) {
        if (before[i] != NULL)
            *pending_place(self, before[i]->call) = before[i];
    }
    free(before);
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
hfi_pendings_open(hfi_pendings_t *self)
{
    *self = (hfi_pendings_t){0};
    hfi_idtable_open(&self->old, sizeof(pending_old_t));
}

void
hfi_pendings_close(hfi_pendings_t *self)
{
    while (self->blocks != NULL) {
        hfi_pending_block_t *block = self->blocks;
        self->blocks = block->next;
        free(block);
    }
    free(self->ring);
    hfi_idtable_close(&self->old);
    *self = (hfi_pendings_t){0};
}

bool
hfi_pendings_reserve(hfi_pendings_t *self, uint64_t call)
{
    if (self->free == NULL && !pending_stock(self))
        return false;
    if (self->ring == NULL && !pending_widen(self))
        return false;
    /* Many under way: a wider ring. A few old ones: they make room. */
    while (*pending_place(self, call) != NULL && self->n > self->mask / 2) {
        if (!pending_widen(self))
            return false;
    }
    hfi_pending_t **place = pending_place(self, call);
    if (*place != NULL && !pending_age(self, *place))
        return false;
    *place = NULL;
    return true;
}

hfi_pending_t *
hfi_pendings_add(hfi_pendings_t *self, uint64_t call, void *cookie)
{
    hfi_pending_t **place = pending_place(self, call);
    hfi_pending_t *pending = self->free;
    HF_ASSERT(pending != NULL && *place == NULL && call != 0);
    self->free = pending->next;
    pending->call = call;
    pending->cookie = cookie;
    pending->next = NULL;
    pending->is_abandoned = false;
    *place = pending;
    self->n++;
    return pending;
}

hfi_pending_t *
hfi_pendings_find(const hfi_pendings_t *self, uint64_t call)
{
    if (self->n == 0)
        return NULL;
    hfi_pending_t *pending = *pending_place(self, call);
    if (pending != NULL && pending->call == call)
        return pending;
    const pending_old_t *old = self->old.live == 0 ? NULL : hfi_idtable_find(&self->old, call);
    return old == NULL ? NULL : old->pending;
}

void
hfi_pendings_remove(hfi_pendings_t *self, hfi_pending_t *pending)
{
    HF_ASSERT(pending->deadline.place == 0);
    hfi_pending_t **place = pending_place(self, pending->call);
    if (*place == pending) {
        *place = NULL;
    } else {
        void *old = hfi_idtable_find(&self->old, pending->call);
        HF_ASSERT(old != NULL);
        hfi_idtable_remove(&self->old, old);
    }
    self->n--;
    self->n_abandoned -= pending->is_abandoned ? 1 : 0;
    pending->next = self->free;
    self->free = pending;
}

hfi_pending_t *
hfi_pendings_any(const hfi_pendings_t *self, uint32_t *hint_p)
{
    const pending_old_t *old = hfi_idtable_next(&self->old, NULL);
    if (old != NULL)
        return old->pending;
    uint32_t places = self->ring == NULL ? 0 : self->mask + 1;
    for (; *hint_p < places; (*hint_p)++) {
        if (self->ring[*hint_p] != NULL)
            return self->ring[*hint_p];
    }
    return NULL;
}
