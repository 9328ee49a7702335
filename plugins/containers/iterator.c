/* SPDX-License-Identifier: MPL-2.0 */
/* iterator -- goes through a container item by item, live, as CPython's list and dict iterators do.
 *
 * Made by a container's iter and reversed only. It holds its container until its end, and remembers a place, not an
 * item: what is put behind the place will be met, what was taken away will not. A dict whose size changed cannot be
 * gone through any further.
 */
#include "array.h"
#include "containers.h"

#include <limits.h>

typedef struct iterator {
    hf_value_t source; /* the container's handle, or a plain list; HF_NONE: at its end */
    uint64_t
        place; /* next: index from the front, or 1 + index from the back; in a plain list, bytes passed */
    uint32_t through; /* hfi_through_t */
    uint32_t left;    /* keys still to come; items of a plain list */
    uint32_t count;   /* of the dict, when it began */
    uint32_t epoch;
    bool is_broken; /* the dict's size has changed */
} iterator_t;

/* ---- beginning ------------------------------------------------------------------------- */

hf_err_t
hfi_iterator_return(hf_call_t *call, hfi_through_t through)
{
    hf_value_t source = {.raw = {0}};
    hf_value_t how = hf_int((int64_t)through);
    if (hf_self(call, &source) != HF_OK)
        return HF_RAISED;
    return hf_return_new(call, &hfi_iterator_type, "vv", &source, &how);
}

hf_err_t
hfi_iterator_return_values(hf_call_t *call, const hf_value_t *list)
{
    hf_value_t how = hf_int(HFI_THROUGH_VALUES);
    return hf_return_new(call, &hfi_iterator_type, "vv", list, &how);
}

/* The table of the dict or set that is gone through; NULL: raised. */
static const hfi_table_t *
iterator_table(hf_call_t *call, const iterator_t *self, const hf_value_t *source)
{
    if (self->through == HFI_THROUGH_SET) {
        const hfi_set_t *set = hf_deref(call, source, &hfi_set_type);
        return set == NULL ? NULL : &set->table;
    }
    const hfi_dict_t *dict = hf_deref(call, source, &hfi_dict_type);
    return dict == NULL ? NULL : &dict->table;
}

static hf_err_t
iterator_create(hf_call_t *call, void *state)
{
    iterator_t *self = state;
    const hf_value_t *source = hf_arg(call, 0);
    self->through = (uint32_t)hf_arg_int(call, 1);
    if (self->through == HFI_THROUGH_LIST_BACK) {
        const hfi_list_t *list = hf_deref(call, source, &hfi_list_type);
        if (list == NULL)
            return HF_RAISED;
        self->place = list->ring.count;
    } else if (self->through == HFI_THROUGH_VALUES) {
        self->left = hf_count(source);
    } else if (self->through != HFI_THROUGH_LIST && self->through != HFI_THROUGH_ARRAY) {
        const hfi_table_t *table = iterator_table(call, self, source);
        if (table == NULL)
            return HF_RAISED;
        self->place = self->through == HFI_THROUGH_DICT_BACK ? table->used : 0;
        self->left = self->count = table->count;
        self->epoch = table->epoch;
    }
    return hf_keep(call, source, &self->source);
}

/* ---- going on -------------------------------------------------------------------------- */

static void
iterator_end(hf_call_t *call, iterator_t *self)
{
    hf_drop(call, &self->source);
}

/* The next item of a list, or NULL at its end. */
static const hf_value_t *
iterator_list_item(hf_call_t *call, iterator_t *self, hf_err_t *ret_err)
{
    const hfi_list_t *list = hf_deref(call, &self->source, &hfi_list_type);
    *ret_err = list == NULL ? HF_RAISED : HF_OK;
    if (list == NULL)
        return NULL;
    if (self->through == HFI_THROUGH_LIST)
        return self->place < list->ring.count ? hfi_ring_at(&list->ring, (uint32_t)self->place++)
                                              : NULL;
    if (self->place == 0 || self->place > list->ring.count)
        return NULL;
    return hfi_ring_at(&list->ring, (uint32_t)--self->place);
}

/* The next key of a dict or element of a set, or NULL at its end. */
static const hf_value_t *
iterator_key(hf_call_t *call, iterator_t *self, hf_err_t *ret_err)
{
    const hfi_table_t *table = iterator_table(call, self, &self->source);
    bool is_set = self->through == HFI_THROUGH_SET;
    bool is_back = self->through == HFI_THROUGH_DICT_BACK;
    *ret_err = HF_RAISED;
    if (table == NULL)
        return NULL;
    self->is_broken = self->is_broken || table->count != self->count;
    if (self->is_broken) {
        (void)HF_RAISE(call, "RuntimeError", "%s changed size during iteration",
                       is_set ? "Set" : "dictionary");
        return NULL;
    }
    uint32_t place = is_back ? hfi_table_before(table, (uint32_t)self->place)
                             : hfi_table_from(table, (uint32_t)self->place);
    if (table->epoch != self->epoch || (place != HFI_NO_PLACE && self->left == 0)) {
        (void)HF_RAISE(call, "RuntimeError", "%s during iteration",
                       is_set ? "Set elements changed" : "dictionary keys changed");
        return NULL;
    }
    *ret_err = HF_OK;
    if (place == HFI_NO_PLACE)
        return NULL;
    self->left--;
    self->place = is_back ? place : place + 1;
    return &table->entries[place].key;
}

/* The next item of an array, in *ret_item; NULL at its end. */
static const hf_value_t *
iterator_array_item(hf_call_t *call, iterator_t *self, hf_value_t *ret_item, hf_err_t *ret_err)
{
    const hfi_array_t *array = hf_deref(call, &self->source, &hfi_array_type);
    *ret_err = array == NULL ? HF_RAISED : HF_OK;
    if (array == NULL || self->place >= array->count)
        return NULL;
    *ret_item = hfi_array_at(array, (uint32_t)self->place++);
    return ret_item;
}

/* The next item of the plain list, as a view in *ret_item; NULL at its end. */
static const hf_value_t *
iterator_value(iterator_t *self, hf_value_t *ret_item)
{
    hf_cursor_t cursor;
    hf_open(&cursor, &self->source);
    const uint8_t *start = cursor.at;
    cursor.at += self->place;
    cursor.left = self->left;
    if (!hf_next(&cursor, ret_item))
        return NULL;
    self->place = (uint64_t)(cursor.at - start);
    self->left = cursor.left;
    return ret_item;
}

/* The next item, NULL at the end. *ret_err: HF_RAISED where it cannot go on. */
static const hf_value_t *
iterator_item(hf_call_t *call, iterator_t *self, hf_value_t *room, hf_err_t *ret_err)
{
    *ret_err = HF_OK;
    if (hf_kind(&self->source) == HF_NONE)
        return NULL;
    if (self->through == HFI_THROUGH_LIST || self->through == HFI_THROUGH_LIST_BACK)
        return iterator_list_item(call, self, ret_err);
    if (self->through == HFI_THROUGH_VALUES)
        return iterator_value(self, room);
    if (self->through == HFI_THROUGH_ARRAY)
        return iterator_array_item(call, self, room, ret_err);
    return iterator_key(call, self, ret_err);
}

static hf_err_t
iterator_next(hf_call_t *call, void *state)
{
    iterator_t *self = state;
    iterator_t before = *self;
    hf_value_t room = {.raw = {0}};
    hf_err_t err = HF_OK;
    const hf_value_t *item = iterator_item(call, self, &room, &err);
    if (item != NULL)
        err = hf_return_value(call, item);
    else if (err == HF_OK) {
        iterator_end(call, self);
        return HF_RAISE(call, "StopIteration", "%s", "");
    }
    if (err != HF_OK && !self->is_broken)
        *self = before; /* an item that could not be given has not been passed */
    return err;
}

static hf_err_t
iterator_send(hf_call_t *call, void *state)
{
    if (hf_kind(hf_arg(call, 0)) != HF_NIL)
        return HF_RAISE(call, "TypeError", "can't send non-None value to a just-started generator");
    return iterator_next(call, state);
}

/* How many items are left, at most `most`; the iterator itself stays where it is. */
static hf_err_t
iterator_count(hf_call_t *call, iterator_t *self, int64_t most, uint32_t *ret_n)
{
    iterator_t ahead = *self;
    hf_value_t room = {.raw = {0}};
    hf_err_t err = HF_OK;
    uint32_t n = 0;
    while (n < most && n < UINT32_MAX && iterator_item(call, &ahead, &room, &err) != NULL)
        n++;
    self->is_broken = ahead.is_broken;
    *ret_n = n;
    return err;
}

/* Answers the next `n` items and passes them. */
static hf_err_t
iterator_give(hf_call_t *call, iterator_t *self, uint32_t n)
{
    hf_value_t room = {.raw = {0}};
    hf_err_t err = HF_OK;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, n);
    for (uint32_t k = 0; k < n; k++)
        hf_write_value(w, iterator_item(call, self, &room, &err));
    return hf_return_written(call);
}

static hf_err_t
iterator_take(hf_call_t *call, void *state)
{
    iterator_t *self = state;
    iterator_t before = *self;
    uint32_t n = 0;
    int64_t want = hf_arg_int(call, 0);
    if (want < 0)
        return HF_RAISE(call, "ValueError", "n must not be negative");
    if (iterator_count(call, self, want, &n) != HF_OK)
        return HF_RAISED;
    if (iterator_give(call, self, n) != HF_OK) {
        *self = before;
        return HF_RAISED;
    }
    if (n < want)
        iterator_end(call, self);
    return HF_OK;
}

static hf_err_t
iterator_throw(hf_call_t *call, void *state)
{
    enum { KIND_ROOM = 48 };
    char kind[KIND_ROOM];
    size_t kind_len = 0;
    size_t len = 0;
    const char *given = hf_arg_str(call, 0, &kind_len);
    const char *text = hf_arg_str(call, 1, &len);
    if (kind_len == 0 || kind_len >= KIND_ROOM)
        return HF_RAISE(call, "ValueError", "an error's kind has 1 to %d characters",
                        KIND_ROOM - 1);
    for (size_t k = 0; k < kind_len; k++) {
        if (given[k] <= ' ' || given[k] >= 0x7f)
            return HF_RAISE(call, "ValueError", "an error's kind has no blanks, and ASCII only");
        kind[k] = given[k];
    }
    kind[kind_len] = '\0';
    iterator_end(call, state);
    return HF_RAISE(call, kind, "%.*s", len > INT_MAX ? INT_MAX : (int)len, text);
}

static hf_err_t
iterator_close(hf_call_t *call, void *state)
{
    iterator_end(call, state);
    return hf_return_nil(call);
}

/* ---- the type -------------------------------------------------------------------------- */

static void
iterator_destroy(hf_call_t *call, void *state)
{
    iterator_end(call, state);
}

static hf_err_t
iterator_getvalue(hf_call_t *call, void *state)
{
    iterator_t ahead = *(iterator_t *)state;
    uint32_t n = 0;
    if (iterator_count(call, state, UINT32_MAX, &n) != HF_OK)
        return HF_RAISED;
    return iterator_give(call, &ahead, n);
}

static hf_err_t
iterator_repr(hf_call_t *call, void *state)
{
    hf_value_t self = {.raw = {0}};
    hf_value_t text = {.raw = {0}};
    (void)state;
    if (hf_self(call, &self) != HF_OK || hf_repr(call, &self, &text) != HF_OK)
        return HF_RAISED;
    return hf_return_value(call, &text);
}

static void
iterator_traverse(hf_call_t *call, const void *state, hf_visit_t *visit)
{
    const iterator_t *self = state;
    hf_visit_value(call, visit, &self->source);
}

static hf_err_t
iterator_save(hf_call_t *call, const void *state, hf_writer_t *out)
{
    const iterator_t *self = state;
    (void)call;
    hf_write_list(out, 7);
    if (hf_kind(&self->source) == HF_NONE)
        hf_write_nil(out);
    else
        hf_write_value(out, &self->source);
    hf_write_uint(out, self->through);
    hf_write_uint(out, self->place);
    hf_write_uint(out, self->left);
    hf_write_uint(out, self->count);
    hf_write_uint(out, self->epoch);
    hf_write_bool(out, self->is_broken);
    return HF_OK;
}

static hf_err_t
iterator_load(hf_call_t *call, void *state, const hf_value_t *saved, uint32_t save_version)
{
    iterator_t *self = state;
    hf_cursor_t cursor;
    hf_value_t source = {.raw = {0}};
    hf_value_t number[6];
    (void)save_version;
    hf_open(&cursor, saved);
    bool is_whole = hf_next(&cursor, &source);
    for (int k = 0; k < 6 && is_whole; k++)
        is_whole = hf_next(&cursor, &number[k]);
    if (!is_whole)
        return HF_RAISE(call, "ValueError", "this is not what an Iterator saves");
    self->through = (uint32_t)hf_as_uint(&number[0]);
    self->place = hf_as_uint(&number[1]);
    self->left = (uint32_t)hf_as_uint(&number[2]);
    self->count = (uint32_t)hf_as_uint(&number[3]);
    self->epoch = (uint32_t)hf_as_uint(&number[4]);
    self->is_broken = hf_as_bool(&number[5]);
    return hf_kind(&source) == HF_NIL ? HF_OK : hf_keep(call, &source, &self->source);
}

static const hf_method_t iterator_methods[] = {
    HF_METHOD("close", "", iterator_close, HF_WRITES, "End it: there is no next item."),
    HF_METHOD("next", "-> any", iterator_next, HF_WRITES,
              "Give the next item; StopIteration at the end."),
    HF_METHOD("send", "value: any -> any", iterator_send, HF_WRITES,
              "Give the next item; the value must be nil."),
    HF_METHOD("take", "n: int -> list", iterator_take, HF_WRITES,
              "Give the next n items, or as many as there are."),
    HF_METHOD("throw", "kind: str, text: str = '' -> any", iterator_throw, HF_WRITES,
              "End it and raise that error."),
};

const hf_type_t hfi_iterator_type = {
    HF_TYPE("Iterator", iterator_t, iterator_methods,
            "Goes through a container item by item, live; made by iter and reversed."),
    .flags = HF_INTERNAL,
    .signature = "source: any, through: int",
    .save_version = 1,
    .create = iterator_create,
    .destroy = iterator_destroy,
    .getvalue = iterator_getvalue,
    .repr = iterator_repr,
    .traverse = iterator_traverse,
    .save = iterator_save,
    .load = iterator_load,
};
