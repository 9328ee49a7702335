/* SPDX-License-Identifier: MPL-2.0 */
/* array -- multiprocessing's Array: a fixed number of typed items, packed.
 *
 * A method that raises has changed nothing: new items are packed in a block of their own first.
 */
#include "array.h"
#include "containers.h"

#include <string.h>

#include <common/text.h>
#include <common/walk.h>
#include <common/words.h>

/* ---- items ----------------------------------------------------------------------------- */

static uint8_t *
array_slot(const hfi_array_t *self, uint32_t place)
{
    return self->items + (size_t)place * self->code->size;
}

static uint64_t
array_bits(const hfi_array_t *self, uint32_t place)
{
    return hfi_item_load(array_slot(self, place), self->code->size);
}

static void
array_store(hfi_array_t *self, uint32_t place, uint64_t bits)
{
    hfi_item_store(array_slot(self, place), self->code->size, bits);
}

static hf_err_t
array_place(hf_call_t *call, const hfi_array_t *self, const hf_value_t *index, const char *what,
            uint32_t *ret_place)
{
    int64_t at = 0;
    if (!hfi_is_index(index, &at))
        return HF_RAISE(call, "TypeError", "array indices must be integers");
    return hfi_list_place(call, index, self->count, what, ret_place);
}

/* Room for `count` zeros; the array has no items yet. */
static hf_err_t
array_reserve(hf_call_t *call, hfi_array_t *self, uint64_t count)
{
    if (count > HFI_RING_MOST || count > SIZE_MAX / self->code->size)
        return HF_RAISE(call, "LimitExceeded", "more than %d items in one place",
                        (int)HFI_RING_MOST);
    if (count > 0) {
        self->items = hf_alloc(call, (size_t)count * self->code->size);
        if (self->items == NULL)
            return HF_RAISED;
    }
    self->count = (uint32_t)count;
    return HF_OK;
}

static void
array_close(hf_call_t *call, hfi_array_t *self)
{
    if (self->items != NULL)
        hf_free(call, self->items);
    self->items = NULL;
    self->count = 0;
}

/* ---- from what iterates ---------------------------------------------------------------- */

/* As array.array takes them: the items' own bytes. */
static hf_err_t
array_read_bytes(hf_call_t *call, hfi_array_t *self, const hf_value_t *bytes)
{
    size_t len = 0;
    const uint8_t *at = hf_as_bytes(bytes, &len);
    if (len % self->code->size != 0)
        return HF_RAISE(call, "ValueError", "bytes length not a multiple of item size");
    if (array_reserve(call, self, len / self->code->size) != HF_OK)
        return HF_RAISED;
    if (len > 0)
        memcpy(self->items, at, len);
    return HF_OK;
}

/* Gives an array without items those of an iterable. On failure it may have some: it is to be closed. */
static hf_err_t
array_read(hf_call_t *call, hfi_array_t *self, const hf_value_t *iterable)
{
    hfi_walk_t walk;
    hf_value_t item = {.raw = {0}};
    uint64_t bits = 0;
    if (hfi_walk_open(call, iterable, &walk) != HF_OK)
        return HF_RAISED;
    if (walk.kind == HF_STR && self->code->kind != HFI_ITEM_CHARACTER)
        return HF_RAISE(call, "TypeError",
                        "cannot use a str to initialize an array with typecode '%c'",
                        self->code->letter);
    if (walk.kind == HF_BYTES && self->code->kind != HFI_ITEM_CHARACTER)
        return array_read_bytes(call, self, &walk.plain);
    if (array_reserve(call, self, walk.left) != HF_OK)
        return HF_RAISED;
    for (uint32_t k = 0; hfi_walk_next(&walk, &item); k++) {
        if (hfi_typecode_pack(call, self->code, &item, &bits) != HF_OK)
            return HF_RAISED;
        array_store(self, k, bits);
    }
    return HF_OK;
}

/* ---- slices ---------------------------------------------------------------------------- */

static void
array_write(const hfi_array_t *self, const hfi_slice_t *slice, hf_writer_t *out)
{
    hf_write_list(out, slice->count);
    for (uint32_t k = 0; k < slice->count; k++) {
        hf_value_t item = hfi_array_at(self, hfi_slice_place(slice, k));
        hf_write_value(out, &item);
    }
}

static hfi_slice_t
array_whole(const hfi_array_t *self)
{
    return (hfi_slice_t){0, self->count, 1, self->count};
}

static hf_err_t
array_return(hf_call_t *call, const hfi_array_t *self, const hfi_slice_t *slice)
{
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    array_write(self, slice, w);
    return hf_return_written(call);
}

static hf_err_t
array_set_slice(hf_call_t *call, hfi_array_t *self, const hfi_slice_t *slice,
                const hf_value_t *items)
{
    hfi_array_t other = {self->code, NULL, 0};
    hf_err_t err = array_read(call, &other, items);
    if (err == HF_OK && other.count != slice->count)
        err = HF_RAISE(call, "ValueError", "Can only assign sequence of same size");
    for (uint32_t k = 0; err == HF_OK && k < slice->count; k++)
        array_store(self, hfi_slice_place(slice, k), array_bits(&other, k));
    array_close(call, &other);
    return err == HF_OK ? hf_return_nil(call) : err;
}

/* ---- rows ------------------------------------------------------------------------------ */

static hf_err_t
array_len(hf_call_t *call, void *state)
{
    const hfi_array_t *self = state;
    return hf_return_int(call, self->count);
}

static hf_err_t
array_getitem(hf_call_t *call, void *state)
{
    const hfi_array_t *self = state;
    hfi_slice_t slice = {0, 0, 1, 0};
    uint32_t place = 0;
    if (hfi_is_slice(hf_arg(call, 0)))
        return hfi_slice_read(call, hf_arg(call, 0), self->count, &slice) == HF_OK
                   ? array_return(call, self, &slice)
                   : HF_RAISED;
    if (array_place(call, self, hf_arg(call, 0), "array index", &place) != HF_OK)
        return HF_RAISED;
    hf_value_t item = hfi_array_at(self, place);
    return hf_return_value(call, &item);
}

static hf_err_t
array_setitem(hf_call_t *call, void *state)
{
    hfi_array_t *self = state;
    hfi_slice_t slice = {0, 0, 1, 0};
    uint32_t place = 0;
    uint64_t bits = 0;
    if (hfi_is_slice(hf_arg(call, 0)))
        return hfi_slice_read(call, hf_arg(call, 0), self->count, &slice) == HF_OK
                   ? array_set_slice(call, self, &slice, hf_arg(call, 1))
                   : HF_RAISED;
    if (array_place(call, self, hf_arg(call, 0), "array assignment index", &place) != HF_OK ||
        hfi_typecode_pack(call, self->code, hf_arg(call, 1), &bits) != HF_OK)
        return HF_RAISED;
    array_store(self, place, bits);
    return hf_return_nil(call);
}

static hf_err_t
array_add(hf_call_t *call, void *state)
{
    hfi_array_t *self = state;
    uint32_t place = 0;
    uint64_t bits = 0;
    if (array_place(call, self, hf_arg(call, 0), "array index", &place) != HF_OK ||
        hfi_typecode_add(call, self->code, array_bits(self, place), hf_arg(call, 1), &bits) !=
            HF_OK)
        return HF_RAISED;
    array_store(self, place, bits);
    hf_value_t sum = hfi_array_at(self, place);
    return hf_return_value(call, &sum);
}

static hf_err_t
array_cas(hf_call_t *call, void *state)
{
    hfi_array_t *self = state;
    uint32_t place = 0;
    uint64_t bits = 0;
    if (array_place(call, self, hf_arg(call, 0), "array index", &place) != HF_OK ||
        hfi_typecode_pack(call, self->code, hf_arg(call, 2), &bits) != HF_OK)
        return HF_RAISED;
    bool is_expected = hfi_typecode_is(call, self->code, array_bits(self, place), hf_arg(call, 1));
    if (is_expected)
        array_store(self, place, bits);
    return hf_return_bool(call, is_expected);
}

static hf_err_t
array_iter(hf_call_t *call, void *state)
{
    (void)state;
    return hfi_iterator_return(call, HFI_THROUGH_ARRAY);
}

/* ---- the type -------------------------------------------------------------------------- */

static hf_err_t
array_create(hf_call_t *call, void *state)
{
    hfi_array_t *self = state;
    const hf_value_t *size = hf_arg(call, 1);
    int64_t n = 0;
    if (hfi_typecode_find(call, hf_arg(call, 0), &self->code) != HF_OK)
        return HF_RAISED;
    if (!hfi_is_index(size, &n)) {
        hf_err_t err = array_read(call, self, size);
        if (err != HF_OK)
            array_close(call, self);
        return err;
    }
    if (n < 0)
        return HF_RAISE(call, "ValueError", "Array length must be >= 0, not %lld", (long long)n);
    return array_reserve(call, self, (uint64_t)n);
}

static void
array_destroy(hf_call_t *call, void *state)
{
    array_close(call, state);
}

static hf_err_t
array_getvalue(hf_call_t *call, void *state)
{
    const hfi_slice_t whole = array_whole(state);
    return array_return(call, state, &whole);
}

/* The items as array.array shows them: a list, but characters a str. */
static hf_err_t
array_add_items(hf_call_t *call, const hfi_array_t *self, hfi_text_t *text)
{
    const hfi_slice_t whole = array_whole(self);
    hf_value_t items = {.raw = {0}};
    hfi_text_t plain = {NULL, 0, 0};
    hf_err_t err = HF_OK;
    hf_writer_t *w = hf_writer(call);
    if (w == NULL)
        return HF_RAISED;
    if (self->code->kind != HFI_ITEM_CHARACTER)
        array_write(self, &whole, w);
    for (uint32_t k = 0; self->code->kind == HFI_ITEM_CHARACTER && k < self->count; k++) {
        hf_value_t item = hfi_array_at(self, k);
        size_t len = 0;
        const char *at = hf_as_str(&item, &len);
        err = err == HF_OK ? hfi_text_add(call, &plain, at, len) : err;
    }
    if (plain.at != NULL) {
        hf_write_str(w, plain.at, plain.len);
        hf_free(call, plain.at);
    }
    if (err != HF_OK || hf_written(call, w, &items) != HF_OK)
        return HF_RAISED;
    return hfi_text_add_repr(call, text, &items);
}

static hf_err_t
array_repr(hf_call_t *call, void *state)
{
    const hfi_array_t *self = state;
    const char head[] = {'A', 'r', 'r', 'a', 'y', '(', '\'', self->code->letter, '\'', ',', ' '};
    hfi_text_t text = {NULL, 0, 0};
    hf_err_t err = hfi_text_add(call, &text, head, sizeof head - (self->count == 0 ? 2 : 0));
    if (err == HF_OK && self->count > 0)
        err = array_add_items(call, self, &text);
    if (err == HF_OK)
        err = hfi_text_add(call, &text, ")", 1);
    return hfi_text_return(call, &text, err);
}

static hf_err_t
array_save(hf_call_t *call, const void *state, hf_writer_t *out)
{
    const hfi_array_t *self = state;
    const hfi_slice_t whole = array_whole(self);
    (void)call;
    hf_write_list(out, 2);
    hf_write_str(out, &self->code->letter, 1);
    array_write(self, &whole, out);
    return HF_OK;
}

static hf_err_t
array_load(hf_call_t *call, void *state, const hf_value_t *saved, uint32_t save_version)
{
    hfi_array_t *self = state;
    hf_cursor_t cursor;
    hf_value_t letter = {.raw = {0}};
    hf_value_t items = {.raw = {0}};
    (void)save_version;
    hf_open(&cursor, saved);
    if (!hf_next(&cursor, &letter) || !hf_next(&cursor, &items))
        return HF_RAISE(call, "ValueError", "this is not what an Array saves");
    if (hfi_typecode_find(call, &letter, &self->code) != HF_OK)
        return HF_RAISED;
    hf_err_t err = array_read(call, self, &items);
    if (err != HF_OK)
        array_close(call, self);
    return err;
}

static const hf_method_t array_methods[] = {
    HF_METHOD("add", "index: any, n: number -> number", array_add, HF_WRITES,
              "Add n to the item at an index and give the sum."),
    HF_METHOD("cas", "index: any, expected: any, new: any -> bool", array_cas, HF_WRITES,
              "Replace the item at an index if it is the expected one, and tell whether it was."),
    HF_METHOD("getitem", "index: any -> any", array_getitem, HF_READS,
              "Give the item at an index, or a plain list of those of a slice."),
    HF_METHOD("iter", "-> handle[Iterator]", array_iter, HF_READS,
              "Give an Iterator over the items, live."),
    HF_METHOD("len", "-> int", array_len, HF_READS, "Tell how many items there are."),
    HF_METHOD("setitem", "index: any, value: any", array_setitem, HF_WRITES,
              "Replace the item at an index, or those of a slice by as many others."),
};

const hf_type_t hfi_array_type = {
    HF_TYPE("Array", hfi_array_t, array_methods,
            "multiprocessing's Array: a fixed number of items of a typecode, as Value's, packed."),
    .signature = "typecode: str, size_or_sequence: any",
    .save_version = 1,
    .create = array_create,
    .destroy = array_destroy,
    .getvalue = array_getvalue,
    .repr = array_repr,
    .save = array_save,
    .load = array_load,
};
