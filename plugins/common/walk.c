/* SPDX-License-Identifier: MPL-2.0 */
/* walk -- go through whatever Python would iterate. */
#include "walk.h"

#include <string.h>

#include "words.h"

static uint32_t
walk_n_characters(const uint8_t *at, size_t len)
{
    uint32_t n = 0;
    for (size_t k = 0; k < len; k++)
        n += (at[k] & 0xc0u) != 0x80u;
    return n;
}

hf_err_t
hfi_walk_open(hf_call_t *call, const hf_value_t *iterable, hfi_walk_t *ret_walk)
{
    hfi_walk_t *self = ret_walk;
    size_t len = 0;
    hf_err_t err = hfi_plain(call, iterable, &self->plain);
    if (err != HF_OK)
        return err;
    self->kind = hf_kind(&self->plain);
    switch (self->kind) {
    case HF_LIST:
    case HF_MAP:
        hf_open(&self->cursor, &self->plain);
        self->left = hf_count(&self->plain);
        return HF_OK;
    case HF_STR:
        self->at = (const uint8_t *)hf_as_str(&self->plain, &len);
        self->left = walk_n_characters(self->at, len);
        return HF_OK;
    case HF_BYTES:
        self->at = hf_as_bytes(&self->plain, &len);
        self->left = (uint32_t)len;
        return HF_OK;
    default:
        break;
    }
    hfi_word_t word = hfi_word_of(iterable);
    return HF_RAISE(call, "TypeError", "'%.*s' object is not iterable", word.len, word.at);
}

/* A character is at most 4 bytes, so the item is always inline. */
static hf_value_t
walk_character(hfi_walk_t *self)
{
    uint8_t item[5];
    uint8_t first = self->at[0];
    uint8_t n = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    hf_value_t value = {.raw = {0}};
    item[0] = (uint8_t)(0xa0 | n);
    memcpy(&item[1], self->at, n);
    hfi_view(&value, item, n + 1u, 0);
    self->at += n;
    return value;
}

bool
hfi_walk_next(hfi_walk_t *self, hf_value_t *ret_item)
{
    if (self->left == 0)
        return false;
    self->left--;
    if (self->kind == HF_STR) {
        *ret_item = walk_character(self);
        return true;
    }
    if (self->kind == HF_BYTES) {
        *ret_item = hf_int(*self->at++);
        return true;
    }
    if (!hf_next(&self->cursor, ret_item))
        return false;
    hf_value_t passed = {.raw = {0}};
    return self->kind == HF_LIST || hf_next(&self->cursor, &passed);
}
