/* SPDX-License-Identifier: MPL-2.0 */
/* list_slice -- a list's getitem, setitem and delitem with a slice, {"slice": [start, stop, step]}. */
#include "containers.h"

#include <string.h>

#include <common/walk.h>
#include <common/words.h>

/* ---- which places ---------------------------------------------------------------------- */

/* Gives the three parts where the key is a slice. */
static bool
slice_parts(const hf_value_t *key, hf_value_t *ret_list)
{
    hf_cursor_t cursor;
    hf_value_t name = {.raw = {0}};
    size_t len = 0;
    if (hf_kind(key) != HF_MAP || hf_count(key) != 1)
        return false;
    hf_open(&cursor, key);
    if (!hf_next(&cursor, &name) || !hf_next(&cursor, ret_list))
        return false;
    const char *text = hf_as_str(&name, &len);
    return text != NULL && len == 5 && memcmp(text, "slice", 5) == 0 &&
           hf_kind(ret_list) == HF_LIST && hf_count(ret_list) == 3;
}

bool
hfi_is_slice(const hf_value_t *key)
{
    hf_value_t parts = {.raw = {0}};
    return slice_parts(key, &parts);
}

/* One end of the slice, as an index from `low` to `high`; `left_out` where it is nil. */
static int64_t
slice_end(const hf_value_t *part, uint32_t count, int64_t step, int64_t left_out)
{
    int64_t at = 0;
    int64_t low = step < 0 ? -1 : 0;
    int64_t high = step < 0 ? (int64_t)count - 1 : count;
    if (hf_kind(part) == HF_NIL)
        return left_out;
    (void)hfi_is_index(part, &at);
    if (at < 0)
        at += count;
    return at < low ? low : at > high ? high : at;
}

static uint32_t
slice_count(const hfi_slice_t *self)
{
    if (self->step < 0 && self->stop < self->start)
        return (uint32_t)((self->start - self->stop - 1) / -self->step + 1);
    if (self->step > 0 && self->start < self->stop)
        return (uint32_t)((self->stop - self->start - 1) / self->step + 1);
    return 0;
}

hf_err_t
hfi_slice_read(hf_call_t *call, const hf_value_t *key, uint32_t count, hfi_slice_t *ret_slice)
{
    hf_value_t list = {.raw = {0}};
    hf_value_t part[3] = {{.raw = {0}}};
    hf_cursor_t cursor;
    int64_t at = 1;
    if (!slice_parts(key, &list))
        return HF_RAISE(call, "TypeError", "list indices must be integers or slices, not dict");
    hf_open(&cursor, &list);
    for (int k = 0; k < 3; k++) {
        (void)hf_next(&cursor, &part[k]);
        if (hf_kind(&part[k]) != HF_NIL && !hfi_is_index(&part[k], &at))
            return HF_RAISE(call, "TypeError",
                            "slice indices must be integers or None or have an __index__ method");
    }
    at = 1;
    (void)hfi_is_index(&part[2], &at);
    if (at == 0)
        return HF_RAISE(call, "ValueError", "slice step cannot be zero");
    if (at < -INT64_MAX)
        at = -INT64_MAX;
    ret_slice->step = at;
    ret_slice->start = slice_end(&part[0], count, at, at < 0 ? (int64_t)count - 1 : 0);
    ret_slice->stop = slice_end(&part[1], count, at, at < 0 ? -1 : (int64_t)count);
    ret_slice->count = slice_count(ret_slice);
    return HF_OK;
}

/* ---- get, delete ----------------------------------------------------------------------- */

hf_err_t
hfi_slice_get(hf_call_t *call, const hfi_list_t *self, const hf_value_t *key)
{
    hfi_slice_t slice = {0, 0, 1, 0};
    if (hfi_slice_read(call, key, self->ring.count, &slice) != HF_OK)
        return HF_RAISED;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, slice.count);
    for (uint32_t k = 0; k < slice.count; k++)
        hf_write_value(w, hfi_ring_at(&self->ring, hfi_slice_place(&slice, k)));
    return hf_return_written(call);
}

hf_err_t
hfi_slice_del(hf_call_t *call, hfi_list_t *self, const hf_value_t *key)
{
    hfi_ring_t *ring = &self->ring;
    hfi_slice_t slice = {0, 0, 1, 0};
    if (hfi_slice_read(call, key, ring->count, &slice) != HF_OK)
        return HF_RAISED;
    if (slice.count == 0)
        return hf_return_nil(call);
    if (slice.step == 1) {
        hfi_ring_drop(call, ring, (uint32_t)slice.start, slice.count);
        return hf_return_nil(call);
    }
    for (uint32_t k = 0; k < slice.count; k++)
        hf_drop(call, hfi_ring_at(ring, hfi_slice_place(&slice, k)));
    uint32_t to = 0; /* dropped slots are HF_NONE: the others move up over them */
    for (uint32_t k = 0; k < ring->count; k++) {
        hf_value_t value = *hfi_ring_at(ring, k);
        if (hf_kind(&value) != HF_NONE)
            *hfi_ring_at(ring, to++) = value;
    }
    hfi_ring_close_gap(call, ring, to, ring->count - to);
    return hf_return_nil(call);
}

/* ---- set ------------------------------------------------------------------------------- */

/* Keeps all that the walk gives in a block of its own; NULL: raised, or nothing to keep. */
static hf_err_t
slice_keep(hf_call_t *call, hfi_walk_t *walk, hf_value_t **ret_kept)
{
    uint32_t n = walk->left;
    hf_value_t item = {.raw = {0}};
    *ret_kept = NULL;
    if (n == 0)
        return HF_OK;
    hf_value_t *kept = hf_alloc(call, n * sizeof *kept);
    if (kept == NULL)
        return HF_RAISED;
    for (uint32_t k = 0; k < n; k++) {
        if (hfi_walk_next(walk, &item) && hf_keep(call, &item, &kept[k]) == HF_OK)
            continue;
        while (k > 0)
            hf_drop(call, &kept[--k]);
        hf_free(call, kept);
        return HF_RAISED;
    }
    *ret_kept = kept;
    return HF_OK;
}

static hf_err_t
slice_replace(hf_call_t *call, hfi_list_t *self, const hfi_slice_t *slice, hfi_walk_t *walk)
{
    hfi_ring_t *ring = &self->ring;
    uint32_t n = walk->left;
    uint32_t place = (uint32_t)slice->start;
    hf_value_t *kept = NULL;
    if (hfi_ring_reserve(call, ring, n > slice->count ? n - slice->count : 0) != HF_OK ||
        slice_keep(call, walk, &kept) != HF_OK)
        return HF_RAISED;
    for (uint32_t k = 0; k < slice->count; k++)
        hf_drop(call, hfi_ring_at(ring, place + k));
    if (n > slice->count)
        hfi_ring_open_gap(ring, place + slice->count, n - slice->count);
    for (uint32_t k = 0; k < n; k++)
        *hfi_ring_at(ring, place + k) = kept[k];
    if (n < slice->count)
        hfi_ring_close_gap(call, ring, place + n, slice->count - n);
    if (kept != NULL)
        hf_free(call, kept);
    return hf_return_nil(call);
}

static hf_err_t
slice_assign(hf_call_t *call, hfi_list_t *self, const hfi_slice_t *slice, hfi_walk_t *walk)
{
    hf_value_t *kept = NULL;
    if (walk->left != slice->count)
        return HF_RAISE(call, "ValueError",
                        "attempt to assign sequence of size %u to extended slice of size %u",
                        (unsigned)walk->left, (unsigned)slice->count);
    if (slice_keep(call, walk, &kept) != HF_OK)
        return HF_RAISED;
    for (uint32_t k = 0; k < slice->count; k++) {
        hf_value_t *slot = hfi_ring_at(&self->ring, hfi_slice_place(slice, k));
        hf_drop(call, slot);
        *slot = kept[k];
    }
    if (kept != NULL)
        hf_free(call, kept);
    return hf_return_nil(call);
}

hf_err_t
hfi_slice_set(hf_call_t *call, hfi_list_t *self, const hf_value_t *key, const hf_value_t *values)
{
    hfi_slice_t slice = {0, 0, 1, 0};
    hfi_walk_t walk;
    hf_value_t plain = {.raw = {0}};
    if (hfi_slice_read(call, key, self->ring.count, &slice) != HF_OK ||
        hfi_plain(call, values, &plain) != HF_OK)
        return HF_RAISED;
    if (hf_kind(&plain) != HF_LIST && hf_kind(&plain) != HF_MAP && hf_kind(&plain) != HF_STR &&
        hf_kind(&plain) != HF_BYTES)
        return HF_RAISE(call, "TypeError",
                        slice.step == 1 ? "can only assign an iterable"
                                        : "must assign iterable to extended slice");
    if (hfi_walk_open(call, &plain, &walk) != HF_OK)
        return HF_RAISED;
    if (slice.step == 1)
        return slice_replace(call, self, &slice, &walk);
    return slice_assign(call, self, &slice, &walk);
}
