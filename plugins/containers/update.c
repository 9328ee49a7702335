/* SPDX-License-Identifier: MPL-2.0 */
/* update -- update_at: a list or dict method on a plain value inside a container, in place.
 *
 * The path leads to the value's bytes inside the container's item. The value is unpacked into a list or dict of its own,
 * the method's row runs on that, and if the row may change it, the item is written anew: the bytes before, the value
 * packed again, the bytes behind. Heads of what is around it stay, as they count items and not bytes.
 */
#include "containers.h"

#include <string.h>

#include <common/words.h>

enum {
    UPDATE_DEPTH = 60, /* of an item: what is given back must not be deeper than what may come in */
    UPDATE_NO_ROW = UINT16_MAX,
};

/* What an update works on. */
typedef struct update {
    const hf_value_t *element; /* the container's item */
    hf_value_t target;         /* what the path led to: a view into it */
    const uint8_t *at;         /* the target's bytes inside the element */
    const hf_type_t *type;     /* the list's or the dict's */
    uint32_t row;
    union {
        hfi_list_t list;
        hfi_dict_t dict;
    } inner;
} update_t;

/* ---- the path -------------------------------------------------------------------------- */

/* Moves `at` to the item of the list at `at` that an index names. */
static hf_err_t
update_step_list(hf_call_t *call, const hf_value_t *list, const hf_value_t *index,
                 const uint8_t **at)
{
    hf_head_t head;
    uint32_t place = 0;
    if (hfi_list_place(call, index, hf_count(list), "list index", &place) != HF_OK)
        return HF_RAISED;
    hf_read_head(*at, &head);
    *at += head.size;
    for (uint32_t k = 0; k < place; k++)
        *at += hf_skip(*at, NULL);
    return HF_OK;
}

/* Moves `at` to the value that the map at `at` has for a key: of equal ones the last, as a dict would have it. */
static hf_err_t
update_step_map(hf_call_t *call, const hf_value_t *key, uint8_t flags, const uint8_t **at)
{
    hf_head_t head;
    uint64_t hash = 0;
    const uint8_t *found = NULL;
    if (hfi_hash_key(call, key, &hash) != HF_OK)
        return HF_RAISED;
    hf_read_head(*at, &head);
    const uint8_t *next = *at + head.size;
    for (uint32_t k = 0; k < head.items / 2; k++) {
        hf_value_t other;
        size_t len = hf_skip(next, NULL);
        hfi_view(&other, next, len, flags);
        next += len;
        if (hf_equal(call, &other, key))
            found = next;
        next += hf_skip(next, NULL);
    }
    if (found == NULL)
        return hfi_raise_key(call, key);
    *at = found;
    return HF_OK;
}

/* Goes the path from the element to the target. */
static hf_err_t
update_go(hf_call_t *call, update_t *self, hf_cursor_t *path)
{
    hf_value_t step;
    const uint8_t flags = self->element->raw[15] & (HF_TAG_HANDLES | HF_TAG_PROMISES);
    self->at = hf_bytes_of(self->element);
    self->target = *self->element;
    while (hf_next(path, &step)) {
        hf_kind_t kind = hf_kind(&self->target);
        hf_err_t err = HF_RAISED;
        if (kind == HF_LIST)
            err = update_step_list(call, &self->target, &step, &self->at);
        else if (kind == HF_MAP)
            err = update_step_map(call, &step, flags, &self->at);
        else if (kind == HF_HANDLE)
            err = HF_RAISE(call, "TypeError", "the path goes through a handle");
        else {
            hfi_word_t word = hfi_word_of(&self->target);
            err = HF_RAISE(call, "TypeError", "'%.*s' object is not subscriptable", word.len,
                           word.at);
        }
        if (err != HF_OK)
            return err;
        hfi_view(&self->target, self->at, hf_skip(self->at, NULL), flags);
    }
    return HF_OK;
}

/* ---- the method ------------------------------------------------------------------------ */

/* Finds the row; update_at itself is none, so that there is no end of it inside itself. */
static hf_err_t
update_find_row(hf_call_t *call, update_t *self, const hf_value_t *method)
{
    size_t len = 0;
    const char *name = hf_as_str(method, &len);
    hf_kind_t kind = hf_kind(&self->target);
    if (kind == HF_HANDLE)
        return HF_RAISE(call, "TypeError", "the path leads to a handle: call that");
    self->type = kind == HF_LIST ? &hfi_list_type : kind == HF_MAP ? &hfi_dict_type : NULL;
    self->row = UPDATE_NO_ROW;
    for (uint32_t k = 0; self->type != NULL && k < self->type->n_methods; k++) {
        const char *row = self->type->methods[k].name;
        if (strlen(row) == len && memcmp(row, name, len) == 0 && strcmp(row, "update_at") != 0)
            self->row = k;
    }
    if (self->row != UPDATE_NO_ROW)
        return HF_OK;
    hfi_word_t word = hfi_word_of(&self->target);
    return HF_RAISE(call, "AttributeError", "'%.*s' object has no attribute '%.*s'", word.len,
                    word.at, len > 64 ? 64 : (int)len, name);
}

/* Unpacks the target; what there is of it is to be closed, also on failure. */
static hf_err_t
update_unpack(hf_call_t *call, update_t *self)
{
    memset(&self->inner, 0, sizeof self->inner);
    if (self->type == &hfi_list_type) {
        self->inner.list.is_inner = true;
        return hfi_ring_load(call, &self->inner.list.ring, &self->target);
    }
    self->inner.dict.is_inner = true;
    return hfi_dict_merge(call, &self->inner.dict.table, &self->target, NULL);
}

static void
update_close(hf_call_t *call, update_t *self)
{
    if (self->type == &hfi_list_type)
        hfi_ring_clear(call, &self->inner.list.ring);
    else
        hfi_table_clear(call, &self->inner.dict.table);
}

/* ---- putting it back ------------------------------------------------------------------- */

/* Whether the item's lists and maps stand inside each other more than UPDATE_DEPTH deep. A loop, as it may be. */
static bool
update_is_too_deep(const hf_value_t *item)
{
    uint64_t left[UPDATE_DEPTH];
    uint32_t depth = 0;
    const uint8_t *at = hf_bytes_of(item);
    const uint8_t *end = at + hf_len_of(item);
    while (at < end) {
        hf_head_t head;
        hf_read_head(at, &head);
        at += head.size + head.len;
        while (depth > 0 && left[depth - 1] == 0)
            depth--;
        if (depth > 0)
            left[depth - 1]--;
        if (head.kind != HF_LIST && head.kind != HF_MAP)
            continue;
        if (depth == UPDATE_DEPTH)
            return true;
        left[depth++] = head.items;
    }
    return false;
}

/* Gives the element as it is with the target changed, kept. */
static hf_err_t
update_pack(hf_call_t *call, update_t *self, hf_value_t *ret_kept)
{
    hf_value_t changed;
    const uint8_t *start = hf_bytes_of(self->element);
    const uint8_t *behind = self->at + hf_len_of(&self->target);
    hf_writer_t *w = hf_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hfi_write_raw(w, start, (size_t)(self->at - start));
    hf_err_t err = self->type->save(call, &self->inner, w);
    hfi_write_raw(w, behind, (size_t)(start + hf_len_of(self->element) - behind));
    w->tag |= self->element->raw[15] & (HF_TAG_HANDLES | HF_TAG_PROMISES);
    if (err != HF_OK || hf_written(call, w, &changed) != HF_OK)
        return HF_RAISED;
    if (update_is_too_deep(&changed))
        return HF_RAISE(call, "LimitExceeded",
                        "lists and dicts inside each other more than %d deep", (int)UPDATE_DEPTH);
    return hf_keep(call, &changed, ret_kept);
}

hf_err_t
hfi_update_inside(hf_call_t *call, hf_value_t *element, hf_cursor_t *path, const hf_value_t *method,
                  const hf_value_t *args)
{
    update_t update = {.element = element};
    hf_value_t kept = {.raw = {0}};
    if (update_go(call, &update, path) != HF_OK ||
        update_find_row(call, &update, method) != HF_OK || update.type == NULL)
        return HF_RAISED;
    bool is_write = (update.type->methods[update.row].flags & HF_WRITES) != 0;
    hf_err_t err = update_unpack(call, &update);
    if (err == HF_OK)
        err = hf_run(call, update.type, update.row, &update.inner, args);
    if (err == HF_OK && is_write)
        err = update_pack(call, &update, &kept);
    if (err == HF_OK && is_write) {
        hf_drop(call, element);
        *element = kept;
    }
    update_close(call, &update);
    return err;
}
