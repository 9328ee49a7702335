/* SPDX-License-Identifier: MPL-2.0 */
/* recent -- see recent.h */
#include "recent.h"

#include <math.h>

#include "words.h"

/* An item's end, and its value. */
static double
recent_read(const hf_value_t *pair, hf_value_t *ret_value)
{
    hf_cursor_t cursor;
    hf_value_t end = hf_nil();
    hf_open(&cursor, pair);
    (void)(hf_next(&cursor, &end) && hf_next(&cursor, ret_value));
    return hf_as_float(&end);
}

static void
recent_note_end(hfi_recent_t *self, double end)
{
    if (end < self->soonest)
        self->soonest = end;
}

/* Gives the place of what has not ended, HFI_NO_PLACE where there is none. */
static hf_err_t
recent_find(hf_call_t *call, hfi_recent_t *self, const hf_value_t *key, uint64_t *ret_hash,
            uint32_t *ret_place)
{
    hf_value_t value;
    if (hfi_hash_key(call, key, ret_hash) != HF_OK)
        return HF_RAISED;
    *ret_place = hfi_table_find(call, &self->items, key, *ret_hash);
    if (*ret_place == HFI_NO_PLACE ||
        recent_read(&self->items.entries[*ret_place].value, &value) > hf_now(call))
        return HF_OK;
    self->expired++;
    hfi_table_drop(call, &self->items, *ret_place);
    *ret_place = HFI_NO_PLACE;
    return HF_OK;
}

hf_err_t
hfi_recent_use(hf_call_t *call, hfi_recent_t *self, const hf_value_t *key, hf_value_t *ret_value)
{
    uint64_t hash;
    uint32_t place;
    *ret_value = (hf_value_t){.raw = {0}};
    if (hfi_table_reserve(call, &self->items, 1) != HF_OK ||
        recent_find(call, self, key, &hash, &place) != HF_OK)
        return HF_RAISED;
    if (place == HFI_NO_PLACE) {
        self->misses++;
        return HF_OK;
    }
    self->hits++;
    hfi_entry_t *entry = &self->items.entries[place];
    hfi_entry_t taken = *entry;
    entry->key = (hf_value_t){.raw = {0}}; /* taken out, not dropped */
    entry->value = (hf_value_t){.raw = {0}};
    hfi_table_drop(call, &self->items, place);
    hfi_table_add(&self->items, hash, taken.key, taken.value);
    (void)recent_read(&self->items.entries[self->items.used - 1].value, ret_value);
    return HF_OK;
}

/* Makes room for an item and keeps its two parts. */
static hf_err_t
recent_keep(hf_call_t *call, hfi_recent_t *self, const hf_value_t *key, const hf_value_t *pair,
            hf_value_t ret_kept[2])
{
    if (hfi_table_reserve(call, &self->items, 1) != HF_OK ||
        hf_keep(call, key, &ret_kept[0]) != HF_OK)
        return HF_RAISED;
    if (hf_keep(call, pair, &ret_kept[1]) == HF_OK)
        return HF_OK;
    hf_drop(call, &ret_kept[0]);
    return HF_RAISED;
}

hf_err_t
hfi_recent_put(hf_call_t *call, hfi_recent_t *self, const hf_value_t *key, const hf_value_t *value,
               double end)
{
    uint64_t hash;
    uint32_t place;
    hf_value_t pair;
    hf_value_t kept[2];
    if (hfi_hash_key(call, key, &hash) != HF_OK ||
        hf_build(call, &pair, "[fv]", end, value) != HF_OK ||
        recent_keep(call, self, key, &pair, kept) != HF_OK ||
        recent_find(call, self, key, &hash, &place) != HF_OK)
        return HF_RAISED;
    if (place == HFI_NO_PLACE && self->items.count >= self->capacity) {
        place = hfi_table_from(&self->items, 0);
        self->evicted++;
    }
    if (place != HFI_NO_PLACE)
        hfi_table_drop(call, &self->items, place);
    hfi_table_add(&self->items, hash, kept[0], kept[1]);
    recent_note_end(self, end);
    return HF_OK;
}

hf_err_t
hfi_recent_remove(hf_call_t *call, hfi_recent_t *self, const hf_value_t *key, bool *ret_was)
{
    uint64_t hash;
    uint32_t place;
    if (recent_find(call, self, key, &hash, &place) != HF_OK)
        return HF_RAISED;
    *ret_was = place != HFI_NO_PLACE;
    if (*ret_was)
        hfi_table_drop(call, &self->items, place);
    return HF_OK;
}

void
hfi_recent_sweep(hf_call_t *call, hfi_recent_t *self)
{
    hf_value_t value;
    double now = hf_now(call);
    uint32_t k = 0;
    if (now < self->soonest)
        return;
    self->soonest = (double)INFINITY;
    while ((k = hfi_table_from(&self->items, k)) != HFI_NO_PLACE) {
        uint32_t epoch = self->items.epoch;
        double end = recent_read(&self->items.entries[k].value, &value);
        k++;
        if (end > now) {
            recent_note_end(self, end);
            continue;
        }
        self->expired++;
        hfi_table_drop(call, &self->items, k - 1);
        if (self->items.epoch != epoch) /* places have moved: from the beginning again */
            k = 0;
    }
}

void
hfi_recent_visit(hf_call_t *call, const hfi_recent_t *self, hf_visit_t *visit)
{
    for (uint32_t k = 0; (k = hfi_table_from(&self->items, k)) != HFI_NO_PLACE; k++) {
        hf_visit_value(call, visit, &self->items.entries[k].key);
        hf_visit_value(call, visit, &self->items.entries[k].value);
    }
}

void
hfi_recent_save(const hfi_recent_t *self, hf_writer_t *out)
{
    hf_write_list(out, 7);
    hf_write_float(out, self->ttl);
    hf_write_uint(out, self->capacity);
    hf_write_uint(out, self->hits);
    hf_write_uint(out, self->misses);
    hf_write_uint(out, self->evicted);
    hf_write_uint(out, self->expired);
    hf_write_map(out, self->items.count);
    for (uint32_t k = 0; (k = hfi_table_from(&self->items, k)) != HFI_NO_PLACE; k++) {
        hf_write_value(out, &self->items.entries[k].key);
        hf_write_value(out, &self->items.entries[k].value);
    }
}

static hf_err_t
recent_load_item(hf_call_t *call, hfi_recent_t *self, const hf_value_t *key, const hf_value_t *pair)
{
    uint64_t hash;
    hf_value_t kept[2];
    hf_value_t value = {.raw = {0}};
    double end = hf_kind(pair) == HF_LIST ? recent_read(pair, &value) : 0;
    if (hf_kind(&value) == HF_NONE || self->items.count >= self->capacity)
        return HF_RAISE(call, "ValueError", "that was not saved here");
    if (hfi_hash_key(call, key, &hash) != HF_OK ||
        recent_keep(call, self, key, pair, kept) != HF_OK)
        return HF_RAISED;
    hfi_table_add(&self->items, hash, kept[0], kept[1]);
    recent_note_end(self, end);
    return HF_OK;
}

hf_err_t
hfi_recent_load(hf_call_t *call, hfi_recent_t *self, const hf_value_t *saved)
{
    hf_cursor_t cursor;
    hf_value_t key;
    hf_value_t item = {.raw = {0}};
    uint64_t *figures[] = {&self->capacity, &self->hits, &self->misses, &self->evicted,
                           &self->expired};
    if (hf_kind(saved) != HF_LIST)
        return HF_RAISE(call, "ValueError", "that was not saved here");
    self->soonest = (double)INFINITY;
    hf_open(&cursor, saved);
    if (hf_next(&cursor, &item))
        self->ttl = hf_as_float(&item);
    for (size_t k = 0; k < sizeof figures / sizeof figures[0] && hf_next(&cursor, &item); k++)
        *figures[k] = hf_as_uint(&item);
    if (!hf_next(&cursor, &item) || hf_kind(&item) != HF_MAP)
        return HF_RAISE(call, "ValueError", "that was not saved here");
    hf_open(&cursor, &item);
    while (hf_next(&cursor, &key) && hf_next(&cursor, &item)) {
        if (recent_load_item(call, self, &key, &item) != HF_OK)
            return HF_RAISED;
    }
    return HF_OK;
}
