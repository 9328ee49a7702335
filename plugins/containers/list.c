/* SPDX-License-Identifier: MPL-2.0 */
/* list -- Python's list: its methods, on a ring of kept values.
 *
 * A method that raises has changed nothing: what can fail (memory, an answer too long) comes first.
 */
#include "containers.h"

#include <string.h>

#include <common/walk.h>
#include <common/words.h>

/* ---- places ---------------------------------------------------------------------------- */

hf_err_t
hfi_list_place(hf_call_t *call, const hf_value_t *index, uint32_t count, const char *what,
               uint32_t *ret_place)
{
    int64_t at = 0;
    if (!hfi_is_index(index, &at)) {
        hfi_word_t word = hfi_word_of(index);
        return HF_RAISE(call, "TypeError", "list indices must be integers or slices, not %.*s",
                        word.len, word.at);
    }
    if (!hf_int_fits(index))
        return HF_RAISE(call, "IndexError", "cannot fit 'int' into an index-sized integer");
    if (at < 0)
        at += count;
    if (at < 0 || at >= count)
        return HF_RAISE(call, "IndexError", "%s out of range", what);
    *ret_place = (uint32_t)at;
    return HF_OK;
}

/* An index for insert, index: what lies outside is moved to the nearest end. */
static uint32_t
list_clip(int64_t at, uint32_t count)
{
    if (at < 0)
        at += count;
    return at < 0 ? 0 : at > count ? count : (uint32_t)at;
}

/* ---- one value ------------------------------------------------------------------------- */

static hf_err_t
list_append(hf_call_t *call, void *state)
{
    /* WALK reference 1/8: an argument with a handle inside is kept */
    /* WALK call 7/9: the function itself */
    hfi_list_t *self = state;
    hf_value_t kept = {.raw = {0}};
    if (hfi_ring_reserve(call, &self->ring, 1) != HF_OK ||
        hf_keep(call, hf_arg(call, 0), &kept) != HF_OK)
        return HF_RAISED;
    hfi_ring_push(&self->ring, kept);
    return hf_return_nil(call);
}

static hf_err_t
list_insert(hf_call_t *call, void *state)
{
    hfi_list_t *self = state;
    uint32_t place = list_clip(hf_arg_int(call, 0), self->ring.count);
    hf_value_t kept = {.raw = {0}};
    if (hfi_ring_reserve(call, &self->ring, 1) != HF_OK ||
        hf_keep(call, hf_arg(call, 1), &kept) != HF_OK)
        return HF_RAISED;
    hfi_ring_open_gap(&self->ring, place, 1);
    *hfi_ring_at(&self->ring, place) = kept;
    return hf_return_nil(call);
}

static hf_err_t
list_getitem(hf_call_t *call, void *state)
{
    const hfi_list_t *self = state;
    const hf_value_t *key = hf_arg(call, 0);
    uint32_t place = 0;
    if (hfi_is_slice(key))
        return hfi_slice_get(call, self, key);
    if (hfi_list_place(call, key, self->ring.count, "list index", &place) != HF_OK)
        return HF_RAISED;
    return hf_return_value(call, hfi_ring_at(&self->ring, place));
}

static hf_err_t
list_setitem(hf_call_t *call, void *state)
{
    hfi_list_t *self = state;
    const hf_value_t *key = hf_arg(call, 0);
    uint32_t place = 0;
    hf_value_t kept = {.raw = {0}};
    if (hfi_is_slice(key))
        return hfi_slice_set(call, self, key, hf_arg(call, 1));
    if (hfi_list_place(call, key, self->ring.count, "list assignment index", &place) != HF_OK ||
        hf_keep(call, hf_arg(call, 1), &kept) != HF_OK)
        return HF_RAISED;
    hf_drop(call, hfi_ring_at(&self->ring, place));
    *hfi_ring_at(&self->ring, place) = kept;
    return hf_return_nil(call);
}

static hf_err_t
list_delitem(hf_call_t *call, void *state)
{
    hfi_list_t *self = state;
    const hf_value_t *key = hf_arg(call, 0);
    uint32_t place = 0;
    if (hfi_is_slice(key))
        return hfi_slice_del(call, self, key);
    if (hfi_list_place(call, key, self->ring.count, "list assignment index", &place) != HF_OK)
        return HF_RAISED;
    hfi_ring_drop(call, &self->ring, place, 1);
    return hf_return_nil(call);
}

static hf_err_t
list_pop(hf_call_t *call, void *state)
{
    hfi_list_t *self = state;
    uint32_t place = 0;
    if (self->ring.count == 0)
        return HF_RAISE(call, "IndexError", "pop from empty list");
    if (hfi_list_place(call, hf_arg(call, 0), self->ring.count, "pop index", &place) != HF_OK ||
        hf_return_value(call, hfi_ring_at(&self->ring, place)) != HF_OK)
        return HF_RAISED;
    hfi_ring_drop(call, &self->ring, place, 1);
    return HF_OK;
}

/* ---- searching ------------------------------------------------------------------------- */

/* The first place in [from, to) whose value equals `value`, or `to`. */
static uint32_t
list_find(hf_call_t *call, const hfi_list_t *self, const hf_value_t *value, uint32_t from,
          uint32_t to)
{
    while (from < to && !hf_equal(call, hfi_ring_at(&self->ring, from), value))
        from++;
    return from;
}

static hf_err_t
list_contains(hf_call_t *call, void *state)
{
    const hfi_list_t *self = state;
    uint32_t count = self->ring.count;
    return hf_return_bool(call, list_find(call, self, hf_arg(call, 0), 0, count) < count);
}

static hf_err_t
list_count(hf_call_t *call, void *state)
{
    const hfi_list_t *self = state;
    int64_t n = 0;
    for (uint32_t k = 0; k < self->ring.count; k++)
        n += hf_equal(call, hfi_ring_at(&self->ring, k), hf_arg(call, 0));
    return hf_return_int(call, n);
}

static hf_err_t
list_index(hf_call_t *call, void *state)
{
    const hfi_list_t *self = state;
    int64_t start = 0;
    int64_t stop = 0;
    if (!hfi_is_index(hf_arg(call, 1), &start) || !hfi_is_index(hf_arg(call, 2), &stop))
        return HF_RAISE(call, "TypeError",
                        "slice indices must be integers or have an __index__ method");
    uint32_t from = list_clip(start, self->ring.count);
    uint32_t to = list_clip(stop, self->ring.count);
    uint32_t place = list_find(call, self, hf_arg(call, 0), from, to);
    if (place < to)
        return hf_return_int(call, place);
    hf_value_t text = {.raw = {0}};
    if (hf_repr(call, hf_arg(call, 0), &text) != HF_OK)
        return HF_RAISED;
    size_t len = 0;
    const char *at = hf_as_str(&text, &len);
    return HF_RAISE(call, "ValueError", "%.*s is not in list", len > 200 ? 200 : (int)len, at);
}

static hf_err_t
list_remove(hf_call_t *call, void *state)
{
    hfi_list_t *self = state;
    uint32_t place = list_find(call, self, hf_arg(call, 0), 0, self->ring.count);
    if (place == self->ring.count)
        return HF_RAISE(call, "ValueError", "list.remove(x): x not in list");
    hfi_ring_drop(call, &self->ring, place, 1);
    return hf_return_nil(call);
}

/* ---- all of it ------------------------------------------------------------------------- */

static hf_err_t
list_len(hf_call_t *call, void *state)
{
    const hfi_list_t *self = state;
    return hf_return_int(call, self->ring.count);
}

static hf_err_t
list_getvalue(hf_call_t *call, void *state)
{
    const hfi_list_t *self = state;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hfi_ring_write(&self->ring, 0, self->ring.count, w);
    return hf_return_written(call);
}

static hf_err_t
list_clear(hf_call_t *call, void *state)
{
    hfi_list_t *self = state;
    hfi_ring_clear(call, &self->ring);
    return hf_return_nil(call);
}

static hf_err_t
list_reverse(hf_call_t *call, void *state)
{
    hfi_list_t *self = state;
    for (uint32_t a = 0, b = self->ring.count; a + 1 < b; a++) {
        b--;
        hf_value_t moved = *hfi_ring_at(&self->ring, a);
        *hfi_ring_at(&self->ring, a) = *hfi_ring_at(&self->ring, b);
        *hfi_ring_at(&self->ring, b) = moved;
    }
    return hf_return_nil(call);
}

/* Keeps all that the iterable gives behind what is there: all or nothing. */
static hf_err_t
list_take_in(hf_call_t *call, hfi_list_t *self, const hf_value_t *iterable)
{
    hfi_walk_t walk;
    hf_value_t item = {.raw = {0}};
    uint32_t before = self->ring.count;
    if (hfi_walk_open(call, iterable, &walk) != HF_OK ||
        hfi_ring_reserve(call, &self->ring, walk.left) != HF_OK)
        return HF_RAISED;
    while (hfi_walk_next(&walk, &item)) {
        hf_value_t kept;
        if (hf_keep(call, &item, &kept) != HF_OK) {
            hfi_ring_drop(call, &self->ring, before, self->ring.count - before);
            return HF_RAISED;
        }
        hfi_ring_push(&self->ring, kept);
    }
    return HF_OK;
}

static hf_err_t
list_extend(hf_call_t *call, void *state)
{
    if (list_take_in(call, state, hf_arg(call, 0)) != HF_OK)
        return HF_RAISED;
    return hf_return_nil(call);
}

static hf_err_t
list_add(hf_call_t *call, void *state)
{
    const hfi_list_t *self = state;
    const hf_value_t *arg = hf_arg(call, 0);
    hf_value_t other = {.raw = {0}};
    hf_value_t item = {.raw = {0}};
    hf_cursor_t cursor;
    if (hfi_plain(call, arg, &other) != HF_OK)
        return HF_RAISED;
    if (hf_kind(&other) != HF_LIST) {
        hfi_word_t word = hfi_word_of(arg);
        return HF_RAISE(call, "TypeError", "can only concatenate list (not \"%.*s\") to list",
                        word.len, word.at);
    }
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, (size_t)self->ring.count + hf_count(&other));
    for (uint32_t k = 0; k < self->ring.count; k++)
        hf_write_value(w, hfi_ring_at(&self->ring, k));
    hf_open(&cursor, &other);
    while (hf_next(&cursor, &item))
        hf_write_value(w, &item);
    return hf_return_written(call);
}

/* How many values `n` times the list has; raises where no list could have as many. */
static hf_err_t
list_times(hf_call_t *call, const hfi_list_t *self, int64_t n, uint32_t *ret_count)
{
    *ret_count = 0;
    if (n <= 0 || self->ring.count == 0)
        return HF_OK;
    if (n > HFI_RING_MOST / self->ring.count)
        return HF_RAISE(call, "LimitExceeded", "more than %d items in one place",
                        (int)HFI_RING_MOST);
    *ret_count = (uint32_t)n * self->ring.count;
    return HF_OK;
}

static hf_err_t
list_mul(hf_call_t *call, void *state)
{
    const hfi_list_t *self = state;
    uint32_t total = 0;
    if (list_times(call, self, hf_arg_int(call, 0), &total) != HF_OK)
        return HF_RAISED;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, total);
    for (uint32_t k = 0; k < total && !w->failed; k++)
        hf_write_value(w, hfi_ring_at(&self->ring, k % self->ring.count));
    return hf_return_written(call);
}

static hf_err_t
list_imul(hf_call_t *call, void *state)
{
    hfi_list_t *self = state;
    uint32_t before = self->ring.count;
    uint32_t total = 0;
    if (list_times(call, self, hf_arg_int(call, 0), &total) != HF_OK)
        return HF_RAISED;
    if (total == 0)
        return list_clear(call, state);
    if (hfi_ring_reserve(call, &self->ring, total - before) != HF_OK)
        return HF_RAISED;
    for (uint32_t k = before; k < total; k++) {
        hf_value_t kept;
        if (hf_keep(call, hfi_ring_at(&self->ring, k - before), &kept) != HF_OK) {
            hfi_ring_drop(call, &self->ring, before, k - before);
            return HF_RAISED;
        }
        hfi_ring_push(&self->ring, kept);
    }
    return hf_return_nil(call);
}

static hf_err_t
list_iter(hf_call_t *call, void *state)
{
    const hfi_list_t *self = state;
    hf_value_t values = {.raw = {0}};
    if (!self->is_inner)
        return hfi_iterator_return(call, HFI_THROUGH_LIST);
    hf_writer_t *w = hf_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hfi_ring_write(&self->ring, 0, self->ring.count, w);
    if (hf_written(call, w, &values) != HF_OK)
        return HF_RAISED;
    return hfi_iterator_return_values(call, &values);
}

static hf_err_t
list_reversed(hf_call_t *call, void *state)
{
    const hfi_list_t *self = state;
    hf_value_t values = {.raw = {0}};
    if (!self->is_inner)
        return hfi_iterator_return(call, HFI_THROUGH_LIST_BACK);
    hf_writer_t *w = hf_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, self->ring.count);
    for (uint32_t k = self->ring.count; k > 0; k--)
        hf_write_value(w, hfi_ring_at(&self->ring, k - 1));
    if (hf_written(call, w, &values) != HF_OK)
        return HF_RAISED;
    return hfi_iterator_return_values(call, &values);
}

/* ---- the type -------------------------------------------------------------------------- */

static hf_err_t
list_create(hf_call_t *call, void *state)
{
    if (hf_kind(hf_arg(call, 0)) == HF_NIL)
        return HF_OK;
    return list_take_in(call, state, hf_arg(call, 0));
}

static void
list_destroy(hf_call_t *call, void *state)
{
    hfi_list_t *self = state;
    hfi_ring_clear(call, &self->ring);
}

static void
list_traverse(hf_call_t *call, const void *state, hf_visit_t *visit)
{
    const hfi_list_t *self = state;
    hfi_ring_visit(call, &self->ring, visit);
}

static hf_err_t
list_save(hf_call_t *call, const void *state, hf_writer_t *out)
{
    const hfi_list_t *self = state;
    (void)call;
    hfi_ring_write(&self->ring, 0, self->ring.count, out);
    return HF_OK;
}

static hf_err_t
list_load(hf_call_t *call, void *state, const hf_value_t *saved, uint32_t save_version)
{
    hfi_list_t *self = state;
    (void)save_version;
    return hfi_ring_load(call, &self->ring, saved);
}

static const hf_method_t list_methods[] = {
    HF_METHOD("add", "other: any -> list", list_add, HF_READS,
              "Give a plain list of this list's items and the other's."),
    HF_METHOD("append", "item: any", list_append, HF_WRITES, "Put an item at the end."),
    HF_METHOD("clear", "", list_clear, HF_WRITES, "Remove all items."),
    HF_METHOD("contains", "value: any -> bool", list_contains, HF_READS,
              "Tell whether an item equals the value."),
    HF_METHOD("copy", "-> list", list_getvalue, HF_READS, "Give the items as a plain list."),
    HF_METHOD("count", "value: any -> int", list_count, HF_READS,
              "Tell how many items equal the value."),
    HF_METHOD("delitem", "index: any", list_delitem, HF_WRITES,
              "Remove the item at an index, or those of a slice."),
    HF_METHOD("extend", "iterable: any", list_extend, HF_WRITES,
              "Put all that the iterable gives at the end."),
    HF_METHOD("getitem", "index: any -> any", list_getitem, HF_READS,
              "Give the item at an index, or a plain list of those of a slice."),
    HF_METHOD("getitems", "indices: any -> list", hfi_list_getitems, HF_READS,
              "Give the items at several indices at once."),
    HF_METHOD("iadd", "iterable: any", list_extend, HF_WRITES,
              "Put all that the iterable gives at the end."),
    HF_METHOD("imul", "n: int", list_imul, HF_WRITES, "Repeat the items in place, n times in all."),
    HF_METHOD("index", "value: any, start: number = 0, stop: number = 9223372036854775807 -> int",
              list_index, HF_READS, "Give the first index whose item equals the value."),
    HF_METHOD("insert", "index: int, item: any", list_insert, HF_WRITES,
              "Put an item before the one at an index."),
    HF_METHOD("iter", "-> handle[Iterator]", list_iter, HF_READS,
              "Give an Iterator over the items, live."),
    HF_METHOD("len", "-> int", list_len, HF_READS, "Tell how many items there are."),
    HF_METHOD("mul", "n: int -> list", list_mul, HF_READS,
              "Give a plain list of the items repeated n times."),
    HF_METHOD("pop", "index: int = -1 -> any", list_pop, HF_WRITES,
              "Remove the item at an index, by default the last, and give it."),
    HF_METHOD("remove", "value: any", list_remove, HF_WRITES,
              "Remove the first item that equals the value."),
    HF_METHOD("reverse", "", list_reverse, HF_WRITES, "Reverse the items in place."),
    HF_METHOD("reversed", "-> handle[Iterator]", list_reversed, HF_READS,
              "Give an Iterator over the items from the last to the first, live."),
    HF_METHOD("rmul", "n: int -> list", list_mul, HF_READS,
              "Give a plain list of the items repeated n times."),
    HF_METHOD("setitem", "index: any, value: any", list_setitem, HF_WRITES,
              "Replace the item at an index, or those of a slice by what an iterable gives."),
    HF_METHOD("setitems", "pairs: any", hfi_list_setitems, HF_WRITES,
              "Replace the items at several indices, given as [index, value], all or none."),
    HF_METHOD("sort", "*, reverse: int = false", hfi_list_sort, HF_WRITES,
              "Sort the items in place; equal ones keep their order."),
    HF_METHOD("take", "n: int -> list", hfi_list_take, HF_WRITES,
              "Remove the first n items, or as many as there are, and give them."),
    HF_METHOD(
        "update_at", "path: list, method: str, *args -> any", hfi_list_update_at, HF_WRITES,
        "Call a list or dict method on the plain value that a path of indices and keys leads to."),
};

const hf_type_t hfi_list_type = {
    HF_TYPE("list", hfi_list_t, list_methods, "Python's list: items in order, changed in place."),
    .signature = "iterable: any = nil",
    .save_version = 1,
    .create = list_create,
    .destroy = list_destroy,
    .getvalue = list_getvalue,
    .traverse = list_traverse,
    .save = list_save,
    .load = list_load,
};
