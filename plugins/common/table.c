/* SPDX-License-Identifier: MPL-2.0 */
/* table -- keys to values in the order the keys came. */
#include "table.h"

#include <string.h>

enum { TABLE_SMALL = 8, TABLE_SPARSE = 64, TABLE_MOST = 0x20000000 };

static bool
table_is_hole(const hfi_entry_t *entry)
{
    return entry->key.raw[15] == 0;
}

/* ---- the index: open addressing, one slot after the other, no tombstones ---------------- */

static void
table_index_add(hfi_table_t *self, uint64_t hash, uint32_t place)
{
    uint32_t mask = self->n_slots - 1;
    uint32_t slot = (uint32_t)hash & mask;
    while (self->slots[slot] != 0)
        slot = (slot + 1) & mask;
    self->slots[slot] = place + 1;
}

/* Frees the slot of a place, and moves those behind it that may now stand nearer to where their hash says. */
static void
table_index_remove(hfi_table_t *self, uint32_t place)
{
    uint32_t mask = self->n_slots - 1;
    uint32_t hole = (uint32_t)self->entries[place].hash & mask;
    while (self->slots[hole] != place + 1)
        hole = (hole + 1) & mask;
    for (uint32_t slot = (hole + 1) & mask; self->slots[slot] != 0; slot = (slot + 1) & mask) {
        uint32_t home = (uint32_t)self->entries[self->slots[slot] - 1].hash & mask;
        if (((slot - home) & mask) < ((slot - hole) & mask))
            continue;
        self->slots[hole] = self->slots[slot];
        hole = slot;
    }
    self->slots[hole] = 0;
}

/* Closes the holes among the entries and writes the index anew, in the memory there is. */
static void
table_tidy(hfi_table_t *self)
{
    uint32_t to = 0;
    for (uint32_t k = self->first; k < self->used; k++) {
        if (!table_is_hole(&self->entries[k]))
            self->entries[to++] = self->entries[k];
    }
    self->epoch += to != self->used;
    self->first = 0;
    self->used = to;
    if (self->slots == NULL)
        return;
    memset(self->slots, 0, self->n_slots * sizeof *self->slots);
    for (uint32_t k = 0; k < to; k++)
        table_index_add(self, self->entries[k].hash, k);
}

/* ---- finding --------------------------------------------------------------------------- */

static bool
table_is_at(hf_call_t *call, const hfi_table_t *self, uint32_t place, const hf_value_t *key,
            uint64_t hash)
{
    const hfi_entry_t *entry = &self->entries[place];
    return entry->hash == hash && !table_is_hole(entry) && hf_equal(call, &entry->key, key);
}

uint32_t
hfi_table_find(hf_call_t *call, const hfi_table_t *self, const hf_value_t *key, uint64_t hash)
{
    if (self->slots == NULL) {
        for (uint32_t k = self->first; k < self->used; k++) {
            if (table_is_at(call, self, k, key, hash))
                return k;
        }
        return HFI_NO_PLACE;
    }
    uint32_t mask = self->n_slots - 1;
    for (uint32_t slot = (uint32_t)hash & mask; self->slots[slot] != 0; slot = (slot + 1) & mask) {
        if (table_is_at(call, self, self->slots[slot] - 1, key, hash))
            return self->slots[slot] - 1;
    }
    return HFI_NO_PLACE;
}

uint32_t
hfi_table_from(const hfi_table_t *self, uint32_t place)
{
    for (uint32_t k = place < self->first ? self->first : place; k < self->used; k++) {
        if (!table_is_hole(&self->entries[k]))
            return k;
    }
    return HFI_NO_PLACE;
}

uint32_t
hfi_table_before(const hfi_table_t *self, uint32_t place)
{
    for (uint32_t k = place < self->used ? place : self->used; k > self->first; k--) {
        if (!table_is_hole(&self->entries[k - 1]))
            return k - 1;
    }
    return HFI_NO_PLACE;
}

/* ---- growing --------------------------------------------------------------------------- */

/* Slots for so many entries: at most every other one is taken. */
static uint32_t
table_slots_for(uint32_t room)
{
    return room <= TABLE_SMALL ? 0 : room * 2;
}

static hf_err_t
table_grow(hf_call_t *call, hfi_table_t *self, uint32_t room)
{
    uint32_t n_slots = table_slots_for(room);
    uint32_t *slots = NULL;
    if (n_slots > 0) {
        slots = hf_alloc(call, n_slots * sizeof *slots);
        if (slots == NULL)
            return HF_RAISED;
    }
    hfi_entry_t *entries = hf_realloc(call, self->entries, room * sizeof *entries);
    if (entries == NULL) {
        if (slots != NULL)
            hf_free(call, slots);
        return HF_RAISED;
    }
    if (self->slots != NULL)
        hf_free(call, self->slots);
    self->entries = entries;
    self->slots = slots;
    self->n_slots = n_slots;
    self->room = room;
    table_tidy(self);
    return HF_OK;
}

hf_err_t
hfi_table_reserve(hf_call_t *call, hfi_table_t *self, uint64_t more)
{
    if (more <= self->room - self->used)
        return HF_OK;
    if (more > TABLE_MOST - self->count)
        return HF_RAISE(call, "LimitExceeded", "more than %d keys in one place", (int)TABLE_MOST);
    uint32_t need = self->count + (uint32_t)more;
    if (need <= self->room - self->room / 4) { /* a quarter are holes: no need to grow */
        table_tidy(self);
        return HF_OK;
    }
    uint32_t room = self->room < TABLE_SMALL ? TABLE_SMALL / 2 : self->room;
    while (room < need)
        room *= 2;
    if (room == self->room)
        room *= 2;
    return table_grow(call, self, room);
}

/* ---- changing -------------------------------------------------------------------------- */

void
hfi_table_add(hfi_table_t *self, uint64_t hash, hf_value_t key, hf_value_t value)
{
    self->entries[self->used] = (hfi_entry_t){hash, key, value};
    if (self->slots != NULL)
        table_index_add(self, hash, self->used);
    self->used++;
    self->count++;
}

/* Where few are left of many, makes the table a quarter as large. A smaller block is not refused; if it is, the
 * larger one serves. */
static void
table_give_back(hf_call_t *call, hfi_table_t *self)
{
    if (self->room <= TABLE_SPARSE || self->count > self->room / 8)
        return;
    self->room /= 4;
    self->n_slots = table_slots_for(self->room);
    table_tidy(self);
    hfi_entry_t *entries = hf_realloc(call, self->entries, self->room * sizeof *entries);
    if (entries != NULL)
        self->entries = entries;
    uint32_t *slots = hf_realloc(call, self->slots, self->n_slots * sizeof *slots);
    if (slots != NULL)
        self->slots = slots;
}

void
hfi_table_drop(hf_call_t *call, hfi_table_t *self, uint32_t place)
{
    hfi_entry_t *entry = &self->entries[place];
    if (self->slots != NULL)
        table_index_remove(self, place);
    hf_drop(call, &entry->key);
    hf_drop(call, &entry->value);
    self->count--;
    while (self->first < self->used && table_is_hole(&self->entries[self->first]))
        self->first++;
    table_give_back(call, self);
}

void
hfi_table_drop_last(hf_call_t *call, hfi_table_t *self)
{
    uint32_t place = hfi_table_before(self, self->used);
    if (place == HFI_NO_PLACE)
        return;
    self->used = place + 1;
    hfi_table_drop(call, self, place);
    if (self->used == place + 1)
        self->used = place;
    if (self->first > self->used)
        self->first = self->used;
}

void
hfi_table_clear(hf_call_t *call, hfi_table_t *self)
{
    for (uint32_t k = self->first; k < self->used; k++) {
        hf_drop(call, &self->entries[k].key);
        hf_drop(call, &self->entries[k].value);
    }
    hfi_table_forget(call, self);
}

void
hfi_table_forget(hf_call_t *call, hfi_table_t *self)
{
    uint32_t epoch = self->epoch + 1;
    if (self->slots != NULL)
        hf_free(call, self->slots);
    if (self->entries != NULL)
        hf_free(call, self->entries);
    *self = (hfi_table_t){.epoch = epoch};
}
