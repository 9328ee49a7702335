/* SPDX-License-Identifier: MPL-2.0 */
/* list_sort -- a list's sort: stable, by Python's <, and nothing changed where two values are unordered.
 *
 * A merge sort over natural runs, bottom up: sorted input costs n - 1 comparisons, r runs cost n log r more. The values
 * are sorted as views in a block of their own, and come back when all is well.
 */
#include "containers.h"

#include <string.h>

#include <common/words.h>

typedef struct sort {
    hf_call_t *call;
    hf_value_t *from;
    hf_value_t *to;
    uint32_t *end; /* of each run */
    uint32_t n_runs;
    uint32_t n;
} sort_t;

/* Whether a < b. */
static hf_err_t
sort_less(const sort_t *self, const hf_value_t *a, const hf_value_t *b, bool *ret_less)
{
    int order = 0;
    if (!hf_compare(self->call, a, b, &order))
        return hfi_raise_unordered(self->call, a, b);
    *ret_less = order < 0;
    return HF_OK;
}

/* Finds the runs: values none of which is below the one before it. */
static hf_err_t
sort_find_runs(sort_t *self)
{
    for (uint32_t k = 1; k < self->n; k++) {
        bool less = false;
        if (sort_less(self, &self->from[k], &self->from[k - 1], &less) != HF_OK)
            return HF_RAISED;
        if (less)
            self->end[self->n_runs++] = k;
    }
    self->end[self->n_runs++] = self->n;
    return HF_OK;
}

/* Merges [a, b) and [b, c) of `from` into `to`; of equal values the left one goes first. */
static hf_err_t
sort_merge(const sort_t *self, uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t left = a;
    uint32_t right = b;
    for (uint32_t k = a; k < c; k++) {
        bool take_right = left == b;
        if (left < b && right < c &&
            sort_less(self, &self->from[right], &self->from[left], &take_right) != HF_OK)
            return HF_RAISED;
        self->to[k] = take_right ? self->from[right++] : self->from[left++];
    }
    return HF_OK;
}

/* Merges neighbouring runs once over: half as many are left. */
static hf_err_t
sort_pass(sort_t *self)
{
    uint32_t a = 0;
    uint32_t n_left = 0;
    for (uint32_t k = 0; k < self->n_runs; k += 2) {
        uint32_t b = self->end[k];
        uint32_t c = k + 1 < self->n_runs ? self->end[k + 1] : b;
        if (sort_merge(self, a, b, c) != HF_OK)
            return HF_RAISED;
        self->end[n_left++] = c;
        a = c;
    }
    self->n_runs = n_left;
    hf_value_t *swap = self->from;
    self->from = self->to;
    self->to = swap;
    return HF_OK;
}

static hf_err_t
sort_all(sort_t *self)
{
    hf_err_t err = sort_find_runs(self);
    while (err == HF_OK && self->n_runs > 1)
        err = sort_pass(self);
    return err;
}

hf_err_t
hfi_list_sort(hf_call_t *call, void *state)
{
    hfi_list_t *self = state;
    uint32_t n = self->ring.count;
    bool is_reverse = hf_arg_int(call, 0) != 0;
    if (n < 2)
        return hf_return_nil(call);
    size_t room = (size_t)n * sizeof(hf_value_t);
    uint8_t *block = hf_alloc(call, 2 * room + (size_t)n * sizeof(uint32_t));
    if (block == NULL)
        return HF_RAISED;
    sort_t sort = {
        .call = call,
        .from = (void *)block,
        .to = (void *)(block + room),
        .end = (void *)(block + 2 * room),
        .n = n,
    };
    for (uint32_t k = 0; k < n;
         k++) /* turned round before and after, equal values keep their order */
        sort.from[is_reverse ? n - 1 - k : k] = *hfi_ring_at(&self->ring, k);
    hf_err_t err = sort_all(&sort);
    for (uint32_t k = 0; k < n && err == HF_OK; k++)
        *hfi_ring_at(&self->ring, k) = sort.from[is_reverse ? n - 1 - k : k];
    hf_free(call, block);
    return err == HF_OK ? hf_return_nil(call) : err;
}
