/* SPDX-License-Identifier: MPL-2.0 */
/* value -- see value.h */
#include "value.h"

#include <base/check.h>

typedef struct blob {
    uint32_t refs;
    uint32_t len;
} blob_t;

_Static_assert(sizeof(blob_t) == HFI_BLOB_HEAD, "what an account charges");
_Static_assert(sizeof(hf_value_t) == 16, "the ABI says so");

static blob_t *
blob_of(const hf_value_t *value)
{
    uint8_t *item; /* the value lends it as const; its block is ours */
    memcpy(&item, &value->outer.at, sizeof item);
    void *block = item - sizeof(blob_t);
    blob_t *blob = block;
    HF_ASSERT(blob->refs > 0 && blob->len == value->outer.len);
    return blob;
}

bool
hfi_value_keep(const hf_value_t *value, hf_value_t *ret_kept)
{
    uint8_t tag = value->raw[15];
    if ((tag & HF_TAG_LENT) != 0) {
        size_t len = value->outer.len;
        uint8_t *item = hfi_blob_new(len);
        if (item == NULL)
            return false;
        memcpy(item, value->outer.at, len);
        hfi_blob_finish(item, len, tag & (HF_TAG_HANDLES | HF_TAG_PROMISES), ret_kept);
        return true;
    }
    if ((tag & HF_TAG_COUNTED) != 0)
        (void)__atomic_add_fetch(&blob_of(value)->refs, 1, __ATOMIC_RELAXED);
    *ret_kept = *value;
    return true;
}

void
hfi_value_drop(hf_value_t *value)
{
    if ((value->raw[15] & HF_TAG_COUNTED) != 0) {
        blob_t *blob = blob_of(value);
        /* The only owner need not lock the bus: nobody else can take a share of it. */
        if (__atomic_load_n(&blob->refs, __ATOMIC_ACQUIRE) == 1 ||
            __atomic_sub_fetch(&blob->refs, 1, __ATOMIC_ACQ_REL) == 0)
            free(blob);
    }
    *value = (hf_value_t){0};
}

size_t
hfi_value_memory(const hf_value_t *value)
{
    bool is_outer = (value->raw[15] & (HF_TAG_COUNTED | HF_TAG_LENT)) != 0;
    return is_outer ? HFI_BLOB_HEAD + (size_t)value->outer.len : 0;
}

uint8_t *
hfi_blob_new(size_t room)
{
    uint8_t *block = room > UINT32_MAX ? NULL : malloc(HFI_BLOB_HEAD + room);
    return block == NULL ? NULL : block + HFI_BLOB_HEAD;
}

uint8_t *
hfi_blob_resize(uint8_t *item, size_t room)
{
    if (room > UINT32_MAX)
        return NULL;
    uint8_t *block = realloc(item - HFI_BLOB_HEAD, HFI_BLOB_HEAD + room);
    return block == NULL ? NULL : block + HFI_BLOB_HEAD;
}

void
hfi_blob_destroy(uint8_t *item)
{
    if (item != NULL)
        free(item - HFI_BLOB_HEAD);
}

void
hfi_blob_finish(uint8_t *item, size_t len, uint8_t flags, hf_value_t *ret_value)
{
    HF_ASSERT(item != NULL && len > 0 && len <= UINT32_MAX);
    if (len <= HF_TAG_LEN) {
        hfi_view(ret_value, item, len, flags);
        hfi_blob_destroy(item);
        return;
    }
    blob_t blob = {1, (uint32_t)len};
    memcpy(item - HFI_BLOB_HEAD, &blob, sizeof blob);
    hfi_view(ret_value, item, len, flags);
    ret_value->raw[15] = (uint8_t)(flags | HF_TAG_COUNTED);
}
