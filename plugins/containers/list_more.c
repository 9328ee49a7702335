/* SPDX-License-Identifier: MPL-2.0 */
/* list_more -- a list's methods that CPython lacks: several items at once, and work on plain values inside. */
#include "containers.h"

#include <common/walk.h>
#include <common/words.h>

hf_err_t
hfi_list_getitems(hf_call_t *call, void *state)
{
    const hfi_list_t *self = state;
    hfi_walk_t walk;
    hf_value_t index = {.raw = {0}};
    uint32_t place = 0;
    if (hfi_walk_open(call, hf_arg(call, 0), &walk) != HF_OK)
        return HF_RAISED;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, walk.left);
    while (hfi_walk_next(&walk, &index)) {
        if (hfi_list_place(call, &index, self->ring.count, "list index", &place) != HF_OK)
            return HF_RAISED;
        hf_write_value(w, hfi_ring_at(&self->ring, place));
    }
    return hf_return_written(call);
}

/* One place and its new value. */
typedef struct more_pair {
    hf_value_t kept;
    uint32_t place;
} more_pair_t;

static hf_err_t
more_read_pair(hf_call_t *call, const hfi_list_t *self, const hf_value_t *item,
               more_pair_t *ret_pair)
{
    hfi_walk_t pair;
    hf_value_t index = {.raw = {0}};
    hf_value_t value = {.raw = {0}};
    if (hfi_walk_open(call, item, &pair) != HF_OK)
        return HF_RAISED;
    if (pair.left != 2)
        return HF_RAISE(call, "ValueError", "an [index, value] has 2 items, not %u",
                        (unsigned)pair.left);
    (void)hfi_walk_next(&pair, &index);
    (void)hfi_walk_next(&pair, &value);
    if (hfi_list_place(call, &index, self->ring.count, "list assignment index", &ret_pair->place) !=
        HF_OK)
        return HF_RAISED;
    return hf_keep(call, &value, &ret_pair->kept);
}

hf_err_t
hfi_list_setitems(hf_call_t *call, void *state)
{
    hfi_list_t *self = state;
    hfi_walk_t walk;
    hf_value_t item = {.raw = {0}};
    uint32_t n = 0;
    hf_err_t err = hfi_walk_open(call, hf_arg(call, 0), &walk);
    if (err != HF_OK || walk.left == 0)
        return err == HF_OK ? hf_return_nil(call) : err;
    more_pair_t *pairs = hf_alloc(call, walk.left * sizeof *pairs);
    if (pairs == NULL)
        return HF_RAISED;
    while (err == HF_OK && hfi_walk_next(&walk, &item)) {
        err = more_read_pair(call, self, &item, &pairs[n]);
        n += err == HF_OK;
    }
    for (uint32_t k = 0; k < n; k++) {
        hf_value_t *slot = err == HF_OK ? hfi_ring_at(&self->ring, pairs[k].place) : &pairs[k].kept;
        hf_drop(call, slot);
        if (err == HF_OK)
            *slot = pairs[k].kept;
    }
    hf_free(call, pairs);
    return err == HF_OK ? hf_return_nil(call) : err;
}

hf_err_t
hfi_list_take(hf_call_t *call, void *state)
{
    hfi_list_t *self = state;
    int64_t want = hf_arg_int(call, 0);
    if (want < 0)
        return HF_RAISE(call, "ValueError", "n must not be negative");
    uint32_t n = want < self->ring.count ? (uint32_t)want : self->ring.count;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hfi_ring_write(&self->ring, 0, n, w);
    if (hf_return_written(call) != HF_OK)
        return HF_RAISED;
    hfi_ring_drop(call, &self->ring, 0, n);
    return HF_OK;
}

hf_err_t
hfi_list_update_at(hf_call_t *call, void *state)
{
    hfi_list_t *self = state;
    hf_cursor_t path;
    hf_value_t index = {.raw = {0}};
    uint32_t place = 0;
    hf_open(&path, hf_arg(call, 0));
    if (!hf_next(&path, &index))
        return HF_RAISE(call, "ValueError", "the path is empty");
    if (hfi_list_place(call, &index, self->ring.count, "list index", &place) != HF_OK)
        return HF_RAISED;
    return hfi_update_inside(call, hfi_ring_at(&self->ring, place), &path, hf_arg(call, 1),
                             hf_arg(call, 2));
}
