/* SPDX-License-Identifier: MPL-2.0 */
/* set -- Python's set: its elements in a table's keys, in the order they came; plain sets travel as arrays.
 *
 * A method that raises has changed nothing: what can fail comes first.
 */
#include "set.h"

#include <common/text.h>
#include <common/walk.h>
#include <common/words.h>

/* ---- shared with the operations -------------------------------------------------------- */

bool
hfi_set_has(hf_call_t *call, const hfi_table_t *table, const hfi_entry_t *entry)
{
    return hfi_table_find(call, table, &entry->key, entry->hash) != HFI_NO_PLACE;
}

hf_err_t
hfi_set_view(hf_call_t *call, hfi_table_t *views, const hf_value_t *iterable)
{
    static const hf_value_t none = {.raw = {0}};
    hfi_walk_t walk;
    hf_value_t item = {.raw = {0}};
    uint64_t hash = 0;
    if (hfi_walk_open(call, iterable, &walk) != HF_OK ||
        hfi_table_reserve(call, views, walk.left) != HF_OK)
        return HF_RAISED;
    while (hfi_walk_next(&walk, &item)) {
        if (hfi_hash_key(call, &item, &hash) != HF_OK)
            return HF_RAISED;
        if (hfi_table_find(call, views, &item, hash) == HFI_NO_PLACE)
            hfi_table_add(views, hash, item, none);
    }
    return HF_OK;
}

/* Drops the entries of `kept`, a table of kept keys that is not to be used after all. */
static hf_err_t
set_undo(hf_call_t *call, hfi_table_t *kept)
{
    hfi_table_clear(call, kept);
    return HF_RAISED;
}

hf_err_t
hfi_set_take_in(hf_call_t *call, hfi_table_t *table, const hfi_table_t *views)
{
    static const hf_value_t none = {.raw = {0}};
    hfi_table_t kept = {.epoch = 0};
    if (hfi_table_reserve(call, &kept, views->count) != HF_OK)
        return HF_RAISED;
    for (uint32_t k = hfi_table_from(views, 0); k != HFI_NO_PLACE;
         k = hfi_table_from(views, k + 1)) {
        const hfi_entry_t *entry = &views->entries[k];
        hf_value_t key;
        if (hfi_set_has(call, table, entry))
            continue;
        if (hf_keep(call, &entry->key, &key) != HF_OK)
            return set_undo(call, &kept);
        hfi_table_add(&kept, entry->hash, key, none);
    }
    if (hfi_table_reserve(call, table, kept.count) != HF_OK)
        return set_undo(call, &kept);
    for (uint32_t k = hfi_table_from(&kept, 0); k != HFI_NO_PLACE; k = hfi_table_from(&kept, k + 1))
        hfi_table_add(table, kept.entries[k].hash, kept.entries[k].key, none);
    hfi_table_forget(call, &kept);
    return HF_OK;
}

void
hfi_set_write(const hfi_table_t *table, hf_writer_t *out)
{
    hf_write_list(out, table->count);
    for (uint32_t k = hfi_table_from(table, 0); k != HFI_NO_PLACE; k = hfi_table_from(table, k + 1))
        hf_write_value(out, &table->entries[k].key);
}

/* ---- one element ----------------------------------------------------------------------- */

static hf_err_t
set_look(hf_call_t *call, const hfi_set_t *self, uint64_t *ret_hash, uint32_t *ret_place)
{
    const hf_value_t *item = hf_arg(call, 0);
    if (hfi_hash_key(call, item, ret_hash) != HF_OK)
        return HF_RAISED;
    *ret_place = hfi_table_find(call, &self->table, item, *ret_hash);
    return HF_OK;
}

static hf_err_t
set_add(hf_call_t *call, void *state)
{
    static const hf_value_t none = {.raw = {0}};
    hfi_set_t *self = state;
    uint64_t hash = 0;
    uint32_t place = 0;
    hf_value_t kept = {.raw = {0}};
    if (set_look(call, self, &hash, &place) != HF_OK)
        return HF_RAISED;
    if (place != HFI_NO_PLACE)
        return hf_return_nil(call);
    if (hfi_table_reserve(call, &self->table, 1) != HF_OK ||
        hf_keep(call, hf_arg(call, 0), &kept) != HF_OK)
        return HF_RAISED;
    hfi_table_add(&self->table, hash, kept, none);
    return hf_return_nil(call);
}

static hf_err_t
set_contains(hf_call_t *call, void *state)
{
    uint64_t hash = 0;
    uint32_t place = 0;
    if (set_look(call, state, &hash, &place) != HF_OK)
        return HF_RAISED;
    return hf_return_bool(call, place != HFI_NO_PLACE);
}

static hf_err_t
set_discard(hf_call_t *call, void *state)
{
    hfi_set_t *self = state;
    uint64_t hash = 0;
    uint32_t place = 0;
    if (set_look(call, self, &hash, &place) != HF_OK)
        return HF_RAISED;
    if (place != HFI_NO_PLACE)
        hfi_table_drop(call, &self->table, place);
    return hf_return_nil(call);
}

static hf_err_t
set_remove(hf_call_t *call, void *state)
{
    hfi_set_t *self = state;
    uint32_t place = 0;
    if (hfi_dict_place(call, &self->table, hf_arg(call, 0), &place) != HF_OK)
        return HF_RAISED;
    hfi_table_drop(call, &self->table, place);
    return hf_return_nil(call);
}

static hf_err_t
set_pop(hf_call_t *call, void *state)
{
    hfi_set_t *self = state;
    uint32_t place = hfi_table_from(&self->table, 0);
    if (place == HFI_NO_PLACE) {
        hf_value_t why;
        if (hf_build(call, &why, "s", "pop from an empty set") != HF_OK)
            return HF_RAISED;
        return hfi_raise_key(call, &why);
    }
    if (hf_return_value(call, &self->table.entries[place].key) != HF_OK)
        return HF_RAISED;
    hfi_table_drop(call, &self->table, place);
    return HF_OK;
}

/* ---- all of it ------------------------------------------------------------------------- */

static hf_err_t
set_len(hf_call_t *call, void *state)
{
    const hfi_set_t *self = state;
    return hf_return_int(call, self->table.count);
}

static hf_err_t
set_clear(hf_call_t *call, void *state)
{
    hfi_set_t *self = state;
    if (self->table.count > 0) /* else nothing changes for who iterates */
        hfi_table_clear(call, &self->table);
    return hf_return_nil(call);
}

static hf_err_t
set_getvalue(hf_call_t *call, void *state)
{
    const hfi_set_t *self = state;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hfi_set_write(&self->table, w);
    return hf_return_written(call);
}

static hf_err_t
set_iter(hf_call_t *call, void *state)
{
    (void)state;
    return hfi_iterator_return(call, HFI_THROUGH_SET);
}

static hf_err_t
set_take(hf_call_t *call, void *state)
{
    hfi_table_t *table = &((hfi_set_t *)state)->table;
    int64_t want = hf_arg_int(call, 0);
    if (want < 0)
        return HF_RAISE(call, "ValueError", "n must not be negative");
    uint32_t n = want < table->count ? (uint32_t)want : table->count;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, n);
    uint32_t place = 0;
    for (uint32_t k = 0; k < n; k++, place++) {
        place = hfi_table_from(table, place);
        hf_write_value(w, &table->entries[place].key);
    }
    if (hf_return_written(call) != HF_OK)
        return HF_RAISED;
    for (uint32_t k = 0; k < n; k++)
        hfi_table_drop(call, table, hfi_table_from(table, 0));
    return HF_OK;
}

/* ---- the type -------------------------------------------------------------------------- */

static hf_err_t
set_create(hf_call_t *call, void *state)
{
    hfi_set_t *self = state;
    hfi_table_t views = {.epoch = 0};
    if (hf_kind(hf_arg(call, 0)) == HF_NIL)
        return HF_OK;
    hf_err_t err = hfi_set_view(call, &views, hf_arg(call, 0));
    if (err == HF_OK)
        err = hfi_set_take_in(call, &self->table, &views);
    hfi_table_forget(call, &views);
    return err;
}

static void
set_destroy(hf_call_t *call, void *state)
{
    hfi_set_t *self = state;
    hfi_table_clear(call, &self->table);
}

/* "set()", or the elements in braces, each shown as what is hashed. */
static hf_err_t
set_repr(hf_call_t *call, void *state)
{
    const hfi_table_t *table = &((const hfi_set_t *)state)->table;
    hfi_text_t text = {NULL, 0, 0};
    hf_err_t err =
        hfi_text_add(call, &text, table->count == 0 ? "set()" : "{", table->count == 0 ? 5 : 1);
    for (uint32_t k = hfi_table_from(table, 0), n = 0; k != HFI_NO_PLACE && err == HF_OK;
         k = hfi_table_from(table, k + 1), n++) {
        if (n > 0)
            err = hfi_text_add(call, &text, ", ", 2);
        if (err == HF_OK)
            err = hfi_text_add_key(call, &text, &table->entries[k].key);
    }
    if (err == HF_OK && table->count > 0)
        err = hfi_text_add(call, &text, "}", 1);
    return hfi_text_return(call, &text, err);
}

static void
set_traverse(hf_call_t *call, const void *state, hf_visit_t *visit)
{
    const hfi_table_t *table = &((const hfi_set_t *)state)->table;
    for (uint32_t k = hfi_table_from(table, 0); k != HFI_NO_PLACE; k = hfi_table_from(table, k + 1))
        hf_visit_value(call, visit, &table->entries[k].key);
}

static hf_err_t
set_save(hf_call_t *call, const void *state, hf_writer_t *out)
{
    const hfi_set_t *self = state;
    (void)call;
    hfi_set_write(&self->table, out);
    return HF_OK;
}

static hf_err_t
set_load(hf_call_t *call, void *state, const hf_value_t *saved, uint32_t save_version)
{
    hfi_set_t *self = state;
    hfi_table_t views = {.epoch = 0};
    (void)save_version;
    hf_err_t err = hfi_set_view(call, &views, saved);
    if (err == HF_OK)
        err = hfi_set_take_in(call, &self->table, &views);
    hfi_table_forget(call, &views);
    return err;
}

static const hf_method_t set_methods[] = {
    HF_METHOD("add", "item: any", set_add, HF_WRITES, "Put an element in."),
    HF_METHOD("and", "other: any -> list", hfi_set_and, HF_READS,
              "Give a plain set of the elements that the other set has too."),
    HF_METHOD("clear", "", set_clear, HF_WRITES, "Remove all elements."),
    HF_METHOD("contains", "item: any -> bool", set_contains, HF_READS,
              "Tell whether the element is there."),
    HF_METHOD("copy", "-> list", set_getvalue, HF_READS, "Give the elements as a plain set."),
    HF_METHOD("difference", "*others -> list", hfi_set_difference, HF_READS,
              "Give a plain set of the elements that none of the iterables gives."),
    HF_METHOD("difference_update", "*others", hfi_set_difference_update, HF_WRITES,
              "Remove the elements that the iterables give."),
    HF_METHOD("discard", "item: any", set_discard, HF_WRITES, "Remove an element if it is there."),
    HF_METHOD("ge", "other: any -> bool", hfi_set_ge, HF_READS,
              "Tell whether every element of the other set is there."),
    HF_METHOD("gt", "other: any -> bool", hfi_set_gt, HF_READS,
              "Tell whether every element of the other set is there, and more."),
    HF_METHOD("iand", "other: any", hfi_set_iand, HF_WRITES,
              "Remove the elements that the other set does not have."),
    HF_METHOD("intersection", "*others -> list", hfi_set_intersection, HF_READS,
              "Give a plain set of the elements that all of the iterables give."),
    HF_METHOD("intersection_update", "*others", hfi_set_intersection_update, HF_WRITES,
              "Remove the elements that not all of the iterables give."),
    HF_METHOD("ior", "other: any", hfi_set_ior, HF_WRITES, "Put in the other set's elements."),
    HF_METHOD("isdisjoint", "other: any -> bool", hfi_set_isdisjoint, HF_READS,
              "Tell whether the iterable gives none of the elements."),
    HF_METHOD("issubset", "other: any -> bool", hfi_set_issubset, HF_READS,
              "Tell whether the iterable gives every element."),
    HF_METHOD("issuperset", "other: any -> bool", hfi_set_issuperset, HF_READS,
              "Tell whether all that the iterable gives is there."),
    HF_METHOD("isub", "other: any", hfi_set_isub, HF_WRITES, "Remove the other set's elements."),
    HF_METHOD("iter", "-> handle[Iterator]", set_iter, HF_READS,
              "Give an Iterator over the elements, live."),
    HF_METHOD("ixor", "other: any", hfi_set_ixor, HF_WRITES,
              "Remove the elements that the other set has, put in those that only it has."),
    HF_METHOD("le", "other: any -> bool", hfi_set_le, HF_READS,
              "Tell whether the other set has every element."),
    HF_METHOD("len", "-> int", set_len, HF_READS, "Tell how many elements there are."),
    HF_METHOD("lt", "other: any -> bool", hfi_set_lt, HF_READS,
              "Tell whether the other set has every element, and more."),
    HF_METHOD("or", "other: any -> list", hfi_set_or, HF_READS,
              "Give a plain set of this set's elements and the other's."),
    HF_METHOD("pop", "-> any", set_pop, HF_WRITES, "Remove an element and give it."),
    HF_METHOD("rand", "other: any -> list", hfi_set_rand, HF_READS,
              "Give a plain set of the elements that the other set has too."),
    HF_METHOD("remove", "item: any", set_remove, HF_WRITES,
              "Remove an element; KeyError where there is none."),
    HF_METHOD("ror", "other: any -> list", hfi_set_ror, HF_READS,
              "Give a plain set of the other set's elements and this one's."),
    HF_METHOD("rsub", "other: any -> list", hfi_set_rsub, HF_READS,
              "Give a plain set of the other set's elements that are not here."),
    HF_METHOD("rxor", "other: any -> list", hfi_set_rxor, HF_READS,
              "Give a plain set of the elements that only one of the two sets has."),
    HF_METHOD("sub", "other: any -> list", hfi_set_sub, HF_READS,
              "Give a plain set of the elements that the other set does not have."),
    HF_METHOD("symmetric_difference", "other: any -> list", hfi_set_symmetric_difference, HF_READS,
              "Give a plain set of what is either an element or given by the iterable."),
    HF_METHOD("symmetric_difference_update", "other: any", hfi_set_symmetric_difference_update,
              HF_WRITES, "Remove the elements that the iterable gives, put in what else it gives."),
    HF_METHOD("take", "n: int -> list", set_take, HF_WRITES,
              "Remove n elements, or as many as there are, and give them."),
    HF_METHOD("union", "*others -> list", hfi_set_union, HF_READS,
              "Give a plain set of the elements and all that the iterables give."),
    HF_METHOD("update", "*others", hfi_set_update, HF_WRITES,
              "Put in all that the iterables give."),
    HF_METHOD("xor", "other: any -> list", hfi_set_xor, HF_READS,
              "Give a plain set of the elements that only one of the two sets has."),
};

const hf_type_t hfi_set_type = {
    HF_TYPE("set", hfi_set_t, set_methods, "Python's set: each element once."),
    .signature = "iterable: any = nil",
    .save_version = 1,
    .create = set_create,
    .destroy = set_destroy,
    .getvalue = set_getvalue,
    .repr = set_repr,
    .traverse = set_traverse,
    .save = set_save,
    .load = set_load,
};
