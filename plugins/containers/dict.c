/* SPDX-License-Identifier: MPL-2.0 */
/* dict -- Python's dict: its methods, on a table that keeps the order in which keys came.
 *
 * A method that raises has changed nothing: what can fail (memory, an answer too long) comes first.
 */
#include "containers.h"

#include <common/walk.h>
#include <common/words.h>

/* ---- one key --------------------------------------------------------------------------- */

hf_err_t
hfi_dict_place(hf_call_t *call, const hfi_table_t *table, const hf_value_t *key,
               uint32_t *ret_place)
{
    uint64_t hash = 0;
    if (hfi_hash_key(call, key, &hash) != HF_OK)
        return HF_RAISED;
    *ret_place = hfi_table_find(call, table, key, hash);
    return *ret_place == HFI_NO_PLACE ? hfi_raise_key(call, key) : HF_OK;
}

/* The place of the first argument, or HFI_NO_PLACE; raises where it is unhashable. */
static hf_err_t
dict_look(hf_call_t *call, const hfi_dict_t *self, uint64_t *ret_hash, uint32_t *ret_place)
{
    const hf_value_t *key = hf_arg(call, 0);
    if (hfi_hash_key(call, key, ret_hash) != HF_OK)
        return HF_RAISED;
    *ret_place = hfi_table_find(call, &self->table, key, *ret_hash);
    return HF_OK;
}

/* Keeps the pair behind all others; its key must not be there. */
static hf_err_t
dict_add(hf_call_t *call, hfi_table_t *table, uint64_t hash, const hf_value_t *key,
         const hf_value_t *value)
{
    hf_value_t kept_key;
    hf_value_t kept = {.raw = {0}};
    if (hfi_table_reserve(call, table, 1) != HF_OK || hf_keep(call, key, &kept_key) != HF_OK)
        return HF_RAISED;
    if (hf_keep(call, value, &kept) != HF_OK) {
        hf_drop(call, &kept_key);
        return HF_RAISED;
    }
    hfi_table_add(table, hash, kept_key, kept);
    return HF_OK;
}

hf_err_t
hfi_dict_set(hf_call_t *call, hfi_table_t *table, uint32_t place, uint64_t hash)
{
    hf_value_t kept = {.raw = {0}};
    if (place == HFI_NO_PLACE)
        return dict_add(call, table, hash, hf_arg(call, 0), hf_arg(call, 1));
    if (hf_keep(call, hf_arg(call, 1), &kept) != HF_OK)
        return HF_RAISED;
    hf_drop(call, &table->entries[place].value);
    table->entries[place].value = kept;
    return HF_OK;
}

static hf_err_t
dict_getitem(hf_call_t *call, void *state)
{
    const hfi_dict_t *self = state;
    uint32_t place = 0;
    if (hfi_dict_place(call, &self->table, hf_arg(call, 0), &place) != HF_OK)
        return HF_RAISED;
    return hf_return_value(call, &self->table.entries[place].value);
}

static hf_err_t
dict_setitem(hf_call_t *call, void *state)
{
    hfi_dict_t *self = state;
    uint64_t hash = 0;
    uint32_t place = 0;
    if (dict_look(call, self, &hash, &place) != HF_OK ||
        hfi_dict_set(call, &self->table, place, hash) != HF_OK)
        return HF_RAISED;
    return hf_return_nil(call);
}

static hf_err_t
dict_delitem(hf_call_t *call, void *state)
{
    hfi_dict_t *self = state;
    uint32_t place = 0;
    if (hfi_dict_place(call, &self->table, hf_arg(call, 0), &place) != HF_OK)
        return HF_RAISED;
    hfi_table_drop(call, &self->table, place);
    return hf_return_nil(call);
}

static hf_err_t
dict_contains(hf_call_t *call, void *state)
{
    uint64_t hash = 0;
    uint32_t place = 0;
    if (dict_look(call, state, &hash, &place) != HF_OK)
        return HF_RAISED;
    return hf_return_bool(call, place != HFI_NO_PLACE);
}

static hf_err_t
dict_get(hf_call_t *call, void *state)
{
    const hfi_dict_t *self = state;
    uint64_t hash = 0;
    uint32_t place = 0;
    if (dict_look(call, self, &hash, &place) != HF_OK)
        return HF_RAISED;
    if (place == HFI_NO_PLACE)
        return hf_return_value(call, hf_arg(call, 1));
    return hf_return_value(call, &self->table.entries[place].value);
}

static hf_err_t
dict_setdefault(hf_call_t *call, void *state)
{
    hfi_dict_t *self = state;
    uint64_t hash = 0;
    uint32_t place = 0;
    if (dict_look(call, self, &hash, &place) != HF_OK)
        return HF_RAISED;
    if (place != HFI_NO_PLACE)
        return hf_return_value(call, &self->table.entries[place].value);
    if (hf_return_value(call, hf_arg(call, 1)) != HF_OK)
        return HF_RAISED;
    return dict_add(call, &self->table, hash, hf_arg(call, 0), hf_arg(call, 1));
}

static hf_err_t
dict_pop(hf_call_t *call, void *state)
{
    hfi_dict_t *self = state;
    uint64_t hash = 0;
    uint32_t place = HFI_NO_PLACE;
    if (self->table.count > 0 &&
        dict_look(call, self, &hash, &place) != HF_OK) /* as CPython's: of an empty */
        return HF_RAISED;                              /* dict no key is hashed */
    if (place == HFI_NO_PLACE)
        return hf_arg_given(call, 1) ? hf_return_value(call, hf_arg(call, 1))
                                     : hfi_raise_key(call, hf_arg(call, 0));
    if (hf_return_value(call, &self->table.entries[place].value) != HF_OK)
        return HF_RAISED;
    hfi_table_drop(call, &self->table, place);
    return HF_OK;
}

/* Writes an entry as [key, value]. */
static void
dict_write_pair(const hfi_table_t *table, uint32_t place, hf_writer_t *w)
{
    hf_write_list(w, 2);
    hf_write_value(w, &table->entries[place].key);
    hf_write_value(w, &table->entries[place].value);
}

static hf_err_t
dict_popitem(hf_call_t *call, void *state)
{
    hfi_dict_t *self = state;
    uint32_t place = hfi_table_before(&self->table, self->table.used);
    if (place == HFI_NO_PLACE) {
        hf_value_t why;
        if (hf_build(call, &why, "s", "popitem(): dictionary is empty") != HF_OK)
            return HF_RAISED;
        return hfi_raise_key(call, &why);
    }
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    dict_write_pair(&self->table, place, w);
    if (hf_return_written(call) != HF_OK)
        return HF_RAISED;
    hfi_table_drop_last(call, &self->table);
    return HF_OK;
}

/* ---- all of it ------------------------------------------------------------------------- */

static hf_err_t
dict_len(hf_call_t *call, void *state)
{
    const hfi_dict_t *self = state;
    return hf_return_int(call, self->table.count);
}

static hf_err_t
dict_clear(hf_call_t *call, void *state)
{
    hfi_dict_t *self = state;
    if (self->table.count > 0) /* else nothing changes for who iterates */
        hfi_table_clear(call, &self->table);
    return hf_return_nil(call);
}

void
hfi_dict_write(const hfi_table_t *table, hf_writer_t *out)
{
    hf_write_map(out, table->count);
    for (uint32_t k = hfi_table_from(table, 0); k != HFI_NO_PLACE;
         k = hfi_table_from(table, k + 1)) {
        hf_write_value(out, &table->entries[k].key);
        hf_write_value(out, &table->entries[k].value);
    }
}

static hf_err_t
dict_getvalue(hf_call_t *call, void *state)
{
    const hfi_table_t *table = &((const hfi_dict_t *)state)->table;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hfi_dict_write(table, w);
    return hf_return_written(call);
}

static void
dict_write_keys(const hfi_table_t *table, hf_writer_t *w)
{
    hf_write_list(w, table->count);
    for (uint32_t k = hfi_table_from(table, 0); k != HFI_NO_PLACE; k = hfi_table_from(table, k + 1))
        hf_write_value(w, &table->entries[k].key);
}

static hf_err_t
dict_keys(hf_call_t *call, void *state)
{
    const hfi_dict_t *self = state;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    dict_write_keys(&self->table, w);
    return hf_return_written(call);
}

static hf_err_t
dict_values(hf_call_t *call, void *state)
{
    const hfi_table_t *table = &((const hfi_dict_t *)state)->table;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, table->count);
    for (uint32_t k = hfi_table_from(table, 0); k != HFI_NO_PLACE; k = hfi_table_from(table, k + 1))
        hf_write_value(w, &table->entries[k].value);
    return hf_return_written(call);
}

static hf_err_t
dict_items(hf_call_t *call, void *state)
{
    const hfi_table_t *table = &((const hfi_dict_t *)state)->table;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, table->count);
    for (uint32_t k = hfi_table_from(table, 0); k != HFI_NO_PLACE; k = hfi_table_from(table, k + 1))
        dict_write_pair(table, k, w);
    return hf_return_written(call);
}

static hf_err_t
dict_iter(hf_call_t *call, void *state)
{
    const hfi_dict_t *self = state;
    hf_value_t keys = {.raw = {0}};
    if (!self->is_inner)
        return hfi_iterator_return(call, HFI_THROUGH_DICT);
    hf_writer_t *w = hf_writer(call);
    if (w == NULL)
        return HF_RAISED;
    dict_write_keys(&self->table, w);
    if (hf_written(call, w, &keys) != HF_OK)
        return HF_RAISED;
    return hfi_iterator_return_values(call, &keys);
}

static hf_err_t
dict_reversed(hf_call_t *call, void *state)
{
    const hfi_table_t *table = &((const hfi_dict_t *)state)->table;
    hf_value_t keys = {.raw = {0}};
    if (!((const hfi_dict_t *)state)->is_inner)
        return hfi_iterator_return(call, HFI_THROUGH_DICT_BACK);
    hf_writer_t *w = hf_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, table->count);
    for (uint32_t k = hfi_table_before(table, table->used); k != HFI_NO_PLACE;
         k = hfi_table_before(table, k))
        hf_write_value(w, &table->entries[k].key);
    if (hf_written(call, w, &keys) != HF_OK)
        return HF_RAISED;
    return hfi_iterator_return_values(call, &keys);
}

static hf_err_t
dict_update(hf_call_t *call, void *state)
{
    hfi_dict_t *self = state;
    if (hfi_dict_merge(call, &self->table, hf_arg(call, 0), hf_arg(call, 1)) != HF_OK)
        return HF_RAISED;
    return hf_return_nil(call);
}

static hf_err_t
dict_ior(hf_call_t *call, void *state)
{
    hfi_dict_t *self = state;
    if (hfi_dict_merge(call, &self->table, hf_arg(call, 0), NULL) != HF_OK)
        return HF_RAISED;
    return hf_return_nil(call);
}

/* ---- several at once ------------------------------------------------------------------- */

static hf_err_t
dict_getitems(hf_call_t *call, void *state)
{
    const hfi_dict_t *self = state;
    hfi_walk_t walk;
    hf_value_t key = {.raw = {0}};
    uint32_t place = 0;
    if (hfi_walk_open(call, hf_arg(call, 0), &walk) != HF_OK)
        return HF_RAISED;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, walk.left);
    while (hfi_walk_next(&walk, &key)) {
        if (hfi_dict_place(call, &self->table, &key, &place) != HF_OK)
            return HF_RAISED;
        hf_write_value(w, &self->table.entries[place].value);
    }
    return hf_return_written(call);
}

static hf_err_t
dict_take(hf_call_t *call, void *state)
{
    hfi_table_t *table = &((hfi_dict_t *)state)->table;
    int64_t want = hf_arg_int(call, 0);
    if (want < 0)
        return HF_RAISE(call, "ValueError", "n must not be negative");
    uint32_t n = want < table->count ? (uint32_t)want : table->count;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, n);
    uint32_t place = 0;
    for (uint32_t k = 0; k < n; k++) {
        place = hfi_table_from(table, place);
        dict_write_pair(table, place, w);
        place++;
    }
    if (hf_return_written(call) != HF_OK)
        return HF_RAISED;
    for (uint32_t k = 0; k < n; k++)
        hfi_table_drop(call, table, hfi_table_from(table, 0));
    return HF_OK;
}

static hf_err_t
dict_update_at(hf_call_t *call, void *state)
{
    hfi_dict_t *self = state;
    hf_cursor_t path;
    hf_value_t key = {.raw = {0}};
    uint32_t place = 0;
    hf_open(&path, hf_arg(call, 0));
    if (!hf_next(&path, &key))
        return HF_RAISE(call, "ValueError", "the path is empty");
    if (hfi_dict_place(call, &self->table, &key, &place) != HF_OK)
        return HF_RAISED;
    return hfi_update_inside(call, &self->table.entries[place].value, &path, hf_arg(call, 1),
                             hf_arg(call, 2));
}

/* ---- the type -------------------------------------------------------------------------- */

static hf_err_t
dict_create(hf_call_t *call, void *state)
{
    hfi_dict_t *self = state;
    const hf_value_t *pairs = hf_arg(call, 0);
    hf_value_t none = {.raw = {0}};
    return hfi_dict_merge(call, &self->table, hf_kind(pairs) == HF_NIL ? &none : pairs,
                          hf_arg(call, 1));
}

static void
dict_destroy(hf_call_t *call, void *state)
{
    hfi_dict_t *self = state;
    hfi_table_clear(call, &self->table);
}

void
hfi_dict_visit(hf_call_t *call, const hfi_table_t *table, hf_visit_t *visit)
{
    for (uint32_t k = hfi_table_from(table, 0); k != HFI_NO_PLACE;
         k = hfi_table_from(table, k + 1)) {
        hf_visit_value(call, visit, &table->entries[k].key);
        hf_visit_value(call, visit, &table->entries[k].value);
    }
}

static void
dict_traverse(hf_call_t *call, const void *state, hf_visit_t *visit)
{
    const hfi_dict_t *self = state;
    hfi_dict_visit(call, &self->table, visit);
}

static hf_err_t
dict_save(hf_call_t *call, const void *state, hf_writer_t *out)
{
    const hfi_table_t *table = &((const hfi_dict_t *)state)->table;
    (void)call;
    hfi_dict_write(table, out);
    return HF_OK;
}

static hf_err_t
dict_load(hf_call_t *call, void *state, const hf_value_t *saved, uint32_t save_version)
{
    hfi_dict_t *self = state;
    (void)save_version;
    return hfi_dict_merge(call, &self->table, saved, NULL);
}

static const hf_method_t dict_methods[] = {
    HF_METHOD("clear", "", dict_clear, HF_WRITES, "Remove all keys."),
    HF_METHOD("contains", "key: any -> bool", dict_contains, HF_READS,
              "Tell whether the key is there."),
    HF_METHOD("copy", "-> map", dict_getvalue, HF_READS, "Give keys and values as a plain map."),
    HF_METHOD("delitem", "key: any", dict_delitem, HF_WRITES, "Remove a key."),
    HF_METHOD("fromkeys", "iterable: any, value: any = nil -> map", hfi_dict_fromkeys, HF_READS,
              "Give a plain map of the iterable's items as keys, all with one value."),
    HF_METHOD("get", "key: any, default: any = nil -> any", dict_get, HF_READS,
              "Give a key's value, or the default."),
    HF_METHOD("getitem", "key: any -> any", dict_getitem, HF_READS, "Give a key's value."),
    HF_METHOD("getitems", "keys: any -> list", dict_getitems, HF_READS,
              "Give the values of several keys at once."),
    HF_METHOD("ior", "other: any", dict_ior, HF_WRITES,
              "Put in the keys and values of a mapping or of pairs."),
    HF_METHOD("items", "-> list", dict_items, HF_READS,
              "Give a plain list of all [key, value], in the order the keys came."),
    HF_METHOD("iter", "-> handle[Iterator]", dict_iter, HF_READS,
              "Give an Iterator over the keys, live."),
    HF_METHOD("keys", "-> list", dict_keys, HF_READS,
              "Give a plain list of the keys, in the order they came."),
    HF_METHOD("len", "-> int", dict_len, HF_READS, "Tell how many keys there are."),
    HF_METHOD("or", "other: any -> map", hfi_dict_or, HF_READS,
              "Give a plain map of this dict's pairs and the other's, which go first."),
    HF_METHOD(
        "pop", "key: any, default: any = ... -> any", dict_pop, HF_WRITES,
        "Remove a key and give its value, or the default if it is given and there is no key."),
    HF_METHOD("popitem", "-> list", dict_popitem, HF_WRITES,
              "Remove the key that came last and give it and its value."),
    HF_METHOD("reversed", "-> handle[Iterator]", dict_reversed, HF_READS,
              "Give an Iterator over the keys from the last to the first, live."),
    HF_METHOD("ror", "other: any -> map", hfi_dict_ror, HF_READS,
              "Give a plain map of the other's pairs and this dict's, which go first."),
    HF_METHOD("setdefault", "key: any, default: any = nil -> any", dict_setdefault, HF_WRITES,
              "Give a key's value, which is the default from now on if there was no key."),
    HF_METHOD("setitem", "key: any, value: any", dict_setitem, HF_WRITES, "Set a key's value."),
    HF_METHOD("setitems", "pairs: any", dict_ior, HF_WRITES,
              "Set the values of several keys, given as [key, value] or a map, all or none."),
    HF_METHOD("take", "n: int -> list", dict_take, HF_WRITES,
              "Remove the n keys that came first, or as many as there are, and give [key, value] "
              "of each."),
    HF_METHOD("update", "mapping_or_pairs: any = ..., **kw", dict_update, HF_WRITES,
              "Put in the keys and values of a mapping or of pairs, then the named ones."),
    HF_METHOD(
        "update_at", "path: list, method: str, *args -> any", dict_update_at, HF_WRITES,
        "Call a list or dict method on the plain value that a path of keys and indices leads to."),
    HF_METHOD("values", "-> list", dict_values, HF_READS,
              "Give a plain list of the values, in the order the keys came."),
};

const hf_type_t hfi_dict_type = {
    HF_TYPE("dict", hfi_dict_t, dict_methods,
            "Python's dict: keys to values, in the order the keys came."),
    .signature = "mapping_or_pairs: any = nil, **kw",
    .save_version = 1,
    .create = dict_create,
    .destroy = dict_destroy,
    .getvalue = dict_getvalue,
    .traverse = dict_traverse,
    .save = dict_save,
    .load = dict_load,
};
