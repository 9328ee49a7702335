/* SPDX-License-Identifier: MPL-2.0 */
/* dict_merge -- many pairs at once: update and the constructor, all or nothing; and plain maps made from several.
 *
 * All pairs are read, and their keys hashed, before any is kept; all are kept before any is put in.
 */
#include "containers.h"

#include <common/walk.h>
#include <common/words.h>

/* Pairs as they were read: views, until `n_kept` of them are kept. */
typedef struct merge {
    hfi_entry_t *pairs;
    uint32_t n;
    uint32_t n_kept;
} merge_t;

/* ---- reading --------------------------------------------------------------------------- */

static hf_err_t
merge_read_map(hf_call_t *call, merge_t *self, const hf_value_t *map)
{
    hf_cursor_t cursor;
    hf_open(&cursor, map);
    for (hfi_entry_t *pair = &self->pairs[self->n]; hf_next(&cursor, &pair->key); pair++) {
        if (!hf_next(&cursor, &pair->value) || hfi_hash_key(call, &pair->key, &pair->hash) != HF_OK)
            return HF_RAISED;
        self->n++;
    }
    return HF_OK;
}

/* The number-th item of what was given must itself have two items. */
static hf_err_t
merge_read_pair(hf_call_t *call, hfi_entry_t *pair, const hf_value_t *item, uint32_t number)
{
    hfi_walk_t walk;
    hf_value_t plain = {.raw = {0}};
    if (hfi_plain(call, item, &plain) != HF_OK)
        return HF_RAISED;
    hf_kind_t kind = hf_kind(&plain);
    if (kind != HF_LIST && kind != HF_MAP && kind != HF_STR && kind != HF_BYTES)
        return HF_RAISE(call, "TypeError",
                        "cannot convert dictionary update sequence element #%u to a sequence",
                        (unsigned)number);
    if (hfi_walk_open(call, &plain, &walk) != HF_OK)
        return HF_RAISED;
    if (walk.left != 2)
        return HF_RAISE(call, "ValueError",
                        "dictionary update sequence element #%u has length %u; 2 is required",
                        (unsigned)number, (unsigned)walk.left);
    (void)hfi_walk_next(&walk, &pair->key);
    (void)hfi_walk_next(&walk, &pair->value);
    return hfi_hash_key(call, &pair->key, &pair->hash);
}

static hf_err_t
merge_read_pairs(hf_call_t *call, merge_t *self, hfi_walk_t *walk)
{
    hf_value_t item = {.raw = {0}};
    for (uint32_t number = 0; hfi_walk_next(walk, &item); number++) {
        if (merge_read_pair(call, &self->pairs[self->n], &item, number) != HF_OK)
            return HF_RAISED;
        self->n++;
    }
    return HF_OK;
}

/* Reads pairs (a map, or what iterates as pairs; HF_NONE: none), then the map `named` (NULL: none). */
static hf_err_t
merge_read(hf_call_t *call, merge_t *self, const hf_value_t *pairs, const hf_value_t *named)
{
    hfi_walk_t walk;
    bool has_pairs = hf_kind(pairs) != HF_NONE;
    *self = (merge_t){NULL, 0, 0};
    if (has_pairs && hfi_walk_open(call, pairs, &walk) != HF_OK)
        return HF_RAISED;
    uint64_t most = (has_pairs ? walk.left : 0) + (uint64_t)(named == NULL ? 0 : hf_count(named));
    if (most == 0)
        return HF_OK;
    self->pairs = hf_alloc(call, most * sizeof *self->pairs);
    if (self->pairs == NULL)
        return HF_RAISED;
    hf_err_t err = HF_OK;
    if (has_pairs)
        err = walk.kind == HF_MAP ? merge_read_map(call, self, &walk.plain)
                                  : merge_read_pairs(call, self, &walk);
    if (err == HF_OK && named != NULL)
        err = merge_read_map(call, self, named);
    return err;
}

/* ---- keeping, putting in --------------------------------------------------------------- */

static hf_err_t
merge_keep(hf_call_t *call, merge_t *self)
{
    for (; self->n_kept < self->n; self->n_kept++) {
        hfi_entry_t *pair = &self->pairs[self->n_kept];
        hf_value_t key;
        hf_value_t value;
        if (hf_keep(call, &pair->key, &key) != HF_OK)
            return HF_RAISED;
        if (hf_keep(call, &pair->value, &value) != HF_OK) {
            hf_drop(call, &key);
            return HF_RAISED;
        }
        pair->key = key;
        pair->value = value;
    }
    return HF_OK;
}

/* How many entries more there may be. Where it is 0 no place may move: iterators go on over changed values. */
static uint32_t
merge_n_new(hf_call_t *call, const merge_t *self, const hfi_table_t *table)
{
    uint32_t n = 0;
    for (uint32_t k = 0; k < self->n; k++)
        n += hfi_table_find(call, table, &self->pairs[k].key, self->pairs[k].hash) == HFI_NO_PLACE;
    return n;
}

/* Puts the pairs in; there is room. The first key's form stays, the last value goes in. */
static void
merge_put(hf_call_t *call, merge_t *self, hfi_table_t *table, bool is_kept)
{
    for (uint32_t k = 0; k < self->n; k++) {
        hfi_entry_t *pair = &self->pairs[k];
        uint32_t place = hfi_table_find(call, table, &pair->key, pair->hash);
        if (place == HFI_NO_PLACE) {
            hfi_table_add(table, pair->hash, pair->key, pair->value);
            continue;
        }
        if (is_kept) {
            hf_drop(call, &pair->key);
            hf_drop(call, &table->entries[place].value);
        }
        table->entries[place].value = pair->value;
    }
    self->n = 0;
    self->n_kept = 0;
}

static void
merge_close(hf_call_t *call, merge_t *self)
{
    for (uint32_t k = 0; k < self->n_kept; k++) {
        hf_drop(call, &self->pairs[k].key);
        hf_drop(call, &self->pairs[k].value);
    }
    if (self->pairs != NULL)
        hf_free(call, self->pairs);
}

hf_err_t
hfi_dict_merge(hf_call_t *call, hfi_table_t *table, const hf_value_t *pairs,
               const hf_value_t *named)
{
    merge_t merge;
    hf_err_t err = merge_read(call, &merge, pairs, named);
    if (err == HF_OK)
        err = hfi_table_reserve(call, table, merge_n_new(call, &merge, table));
    if (err == HF_OK)
        err = merge_keep(call, &merge);
    if (err == HF_OK)
        merge_put(call, &merge, table, true);
    merge_close(call, &merge);
    return err;
}

/* ---- plain maps ------------------------------------------------------------------------ */

/* Adds what is read from `pairs` to a table of views. */
static hf_err_t
merge_view(hf_call_t *call, hfi_table_t *views, const hf_value_t *pairs)
{
    merge_t merge;
    hf_err_t err = merge_read(call, &merge, pairs, NULL);
    if (err == HF_OK)
        err = hfi_table_reserve(call, views, merge.n);
    if (err == HF_OK)
        merge_put(call, &merge, views, false);
    merge_close(call, &merge);
    return err;
}

static hf_err_t
merge_view_table(hf_call_t *call, hfi_table_t *views, const hfi_table_t *from)
{
    if (hfi_table_reserve(call, views, from->count) != HF_OK)
        return HF_RAISED;
    for (uint32_t k = hfi_table_from(from, 0); k != HFI_NO_PLACE; k = hfi_table_from(from, k + 1)) {
        const hfi_entry_t *entry = &from->entries[k];
        uint32_t place = hfi_table_find(call, views, &entry->key, entry->hash);
        if (place == HFI_NO_PLACE)
            hfi_table_add(views, entry->hash, entry->key, entry->value);
        else
            views->entries[place].value = entry->value;
    }
    return HF_OK;
}

static hf_err_t
merge_return(hf_call_t *call, const hfi_table_t *views)
{
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_map(w, views->count);
    for (uint32_t k = 0; k < views->used; k++) {
        hf_write_value(w, &views->entries[k].key);
        hf_write_value(w, &views->entries[k].value);
    }
    return hf_return_written(call);
}

/* The operand of | as a map; raises TypeError where it is none. */
static hf_err_t
merge_operand(hf_call_t *call, bool is_right, hf_value_t *ret_map)
{
    const hf_value_t *other = hf_arg(call, 0);
    if (hfi_plain(call, other, ret_map) != HF_OK)
        return HF_RAISED;
    if (hf_kind(ret_map) == HF_MAP)
        return HF_OK;
    hfi_word_t word = hfi_word_of(other);
    if (is_right)
        return HF_RAISE(call, "TypeError", "unsupported operand type(s) for |: 'dict' and '%.*s'",
                        word.len, word.at);
    return HF_RAISE(call, "TypeError", "unsupported operand type(s) for |: '%.*s' and 'dict'",
                    word.len, word.at);
}

hf_err_t
hfi_dict_or(hf_call_t *call, void *state)
{
    const hfi_dict_t *self = state;
    hf_value_t other = {.raw = {0}};
    hfi_table_t views = {.epoch = 0};
    hf_err_t err = merge_operand(call, true, &other);
    if (err == HF_OK)
        err = merge_view_table(call, &views, &self->table);
    if (err == HF_OK)
        err = merge_view(call, &views, &other);
    if (err == HF_OK)
        err = merge_return(call, &views);
    hfi_table_forget(call, &views);
    return err;
}

hf_err_t
hfi_dict_ror(hf_call_t *call, void *state)
{
    const hfi_dict_t *self = state;
    hf_value_t other = {.raw = {0}};
    hfi_table_t views = {.epoch = 0};
    hf_err_t err = merge_operand(call, false, &other);
    if (err == HF_OK)
        err = merge_view(call, &views, &other);
    if (err == HF_OK)
        err = merge_view_table(call, &views, &self->table);
    if (err == HF_OK)
        err = merge_return(call, &views);
    hfi_table_forget(call, &views);
    return err;
}

hf_err_t
hfi_dict_fromkeys(hf_call_t *call, void *state)
{
    hfi_walk_t walk;
    hf_value_t key = {.raw = {0}};
    hfi_table_t views = {.epoch = 0};
    (void)state;
    hf_err_t err = hfi_walk_open(call, hf_arg(call, 0), &walk);
    if (err == HF_OK)
        err = hfi_table_reserve(call, &views, walk.left);
    while (err == HF_OK && hfi_walk_next(&walk, &key)) {
        uint64_t hash;
        err = hfi_hash_key(call, &key, &hash);
        if (err == HF_OK && hfi_table_find(call, &views, &key, hash) == HFI_NO_PLACE)
            hfi_table_add(&views, hash, key, *hf_arg(call, 1));
    }
    if (err == HF_OK)
        err = merge_return(call, &views);
    hfi_table_forget(call, &views);
    return err;
}
