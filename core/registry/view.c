/* SPDX-License-Identifier: MPL-2.0 */
/* view -- see view.h
 *
 * What the hash sees of a name is its length and its first 8 bytes, two numbers; a multiplier is
 * searched, in a fixed order, for which no two methods of the type fall on one place. Names that agree in both (or a
 * table for which none was found) share a place and are told apart by a chain, so that the search is only about
 * speed. The whole name is compared either way.
 */
#include "view.h"

#include <base/check.h>

enum {
    MULTIPLIERS = 2048, /* to try */
    NO_SLOT = UINT16_MAX,
};

typedef struct view_slot {
    hfi_view_entry_t entry; /* first: what find gives */
    uint64_t head;          /* of the name */
    uint32_t len;
    uint16_t next; /* of the same place, or NO_SLOT */
} view_slot_t;

struct hfi_view {
    uint64_t multiplier;
    uint32_t shift;
    uint32_t n;
    uint16_t *places; /* 1 << (64 - shift) of them: the first slot, or NO_SLOT */
    hfi_access_t create;
    view_slot_t slots[];
};

/* The first 8 bytes as one number, or fewer so that no two names of one length give the same. */
static inline uint64_t
view_head(const uint8_t *name, size_t len)
{
    uint64_t head = 0;
    if (len >= 8) {
        memcpy(&head, name, 8);
    } else if (len >= 4) {
        uint32_t first;
        uint32_t last;
        memcpy(&first, name, 4);
        memcpy(&last, name + len - 4, 4);
        head = (uint64_t)last << 32 | first;
    } else if (len > 0) {
        head = name[0] | (uint64_t)name[len / 2] << 8 | (uint64_t)name[len - 1] << 16;
    }
    return head;
}

static inline uint64_t
view_place(uint64_t head, size_t len, uint64_t multiplier, uint32_t shift)
{
    uint64_t key = head ^ (uint64_t)len * UINT64_C(0x9e3779b97f4a7c15);
    key ^= key >> 32;
    return (key * multiplier) >> shift;
}

static inline bool
slot_is(const view_slot_t *slot, const uint8_t *name, size_t len, uint64_t head)
{
    return slot->head == head && slot->len == len &&
           (len <= 8 || memcmp(slot->entry.name, name, len) == 0);
}

/* Puts every slot on its place; gives how many places are shared by names that the hash could tell apart. */
static uint32_t
view_settle(hfi_view_t *self, uint64_t multiplier)
{
    uint32_t shared = 0;
    self->multiplier = multiplier;
    memset(self->places, 0xff, sizeof *self->places << (64 - self->shift));
    for (uint32_t k = 0; k < self->n; k++) {
        view_slot_t *slot = &self->slots[k];
        uint16_t *place = &self->places[view_place(slot->head, slot->len, multiplier, self->shift)];
        if (*place != NO_SLOT)
            shared +=
                self->slots[*place].head != slot->head || self->slots[*place].len != slot->len;
        slot->next = *place;
        *place = (uint16_t)k;
    }
    return shared;
}

/* The first multiplier of a fixed sequence that shares no place, else the one that shares fewest. */
static void
view_search(hfi_view_t *self)
{
    uint64_t multiplier = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t best = multiplier;
    uint32_t fewest = UINT32_MAX;
    for (int k = 0; k < MULTIPLIERS && fewest > 0; k++) {
        uint32_t shared = view_settle(self, multiplier | 1);
        if (shared < fewest) {
            fewest = shared;
            best = multiplier | 1;
        }
        multiplier = multiplier * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    }
    (void)view_settle(self, best);
}

hfi_view_t *
hfi_view_new(const hfi_view_entry_t *entries, uint32_t n, hfi_access_t create)
{
    HF_ASSERT(n <= HFI_MAX_ENTRIES);
    uint32_t bits = 2;
    while ((UINT32_C(1) << bits) < 4 * n)
        bits++;
    hfi_view_t *self = calloc(1, sizeof *self + n * sizeof self->slots[0]);
    uint16_t *places = calloc((size_t)1 << bits, sizeof *places);
    if (self == NULL || places == NULL)
        HF_BUG("no memory for a type's view");
    self->places = places;
    self->shift = 64 - bits;
    self->create = create;
    for (uint32_t k = 0; k < n; k++) {
        if (entries[k].name == NULL)
            continue;
        view_slot_t *slot = &self->slots[self->n++];
        slot->entry = entries[k];
        slot->len = (uint32_t)strlen(entries[k].name);
        slot->head = view_head((const uint8_t *)entries[k].name, slot->len);
    }
    view_search(self);
    return self;
}

void
hfi_view_destroy(hfi_view_t **self_p)
{
    hfi_view_t *self = *self_p;
    *self_p = NULL;
    if (self != NULL)
        free(self->places);
    free(self);
}

const hfi_view_entry_t *
hfi_view_find(const hfi_view_t *self, const uint8_t *name, size_t len)
{
    uint64_t head = view_head(name, len);
    uint16_t k = self->places[view_place(head, len, self->multiplier, self->shift)];
    while (k != NO_SLOT) {
        const view_slot_t *slot = &self->slots[k];
        if (slot_is(slot, name, len, head))
            return &slot->entry;
        k = slot->next;
    }
    return NULL;
}

const hfi_view_entry_t *
hfi_view_at(const hfi_view_t *self, uint32_t k)
{
    return k < self->n ? &self->slots[k].entry : NULL;
}

hfi_access_t
hfi_view_create(const hfi_view_t *self)
{
    return self->create;
}
