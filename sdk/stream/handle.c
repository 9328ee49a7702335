/* SPDX-License-Identifier: MPL-2.0 */
/* handle -- see handle.h */
#include "handle.h"

#include <string.h>

enum { HANDLE_OWN = 2 /* items of a handle that says no more */ };

bool
hfi_handle_read(const hf_value_t *handle, hfi_handle_t *ret_handle)
{
    size_t len;
    hf_cursor_t items;
    hf_value_t item = {.raw = {0}};
    hf_value_t secret = {.raw = {0}};
    hf_value_t manager = {.raw = {0}};
    hf_open(&items, handle);
    if (items.left <= HANDLE_OWN)
        return false;
    (void)hf_next(&items, &item);
    ret_handle->object = hf_as_uint(&item);
    (void)hf_next(&items, &ret_handle->typeid_);
    (void)hf_next(&items, &secret);
    (void)hf_next(&items, &manager);
    (void)hf_next(&items, &ret_handle->endpoints);
    const uint8_t *secret_bytes = hf_as_bytes(&secret, &len);
    const uint8_t *manager_bytes = hf_as_bytes(&manager, &len);
    if (secret_bytes == NULL || manager_bytes == NULL) /* not where it was admitted */
        return false;
    memcpy(ret_handle->secret.bytes, secret_bytes, sizeof ret_handle->secret.bytes);
    memcpy(ret_handle->manager.bytes, manager_bytes, sizeof ret_handle->manager.bytes);
    ret_handle->has_stub = hf_next(&items, &item);
    ret_handle->stub = ret_handle->has_stub ? hf_as_uint(&item) : 0;
    return true;
}

bool
hfi_handle_number(const hf_value_t *handle, uint64_t *ret_number)
{
    hfi_handle_t far;
    if (!hfi_handle_read(handle, &far)) {
        *ret_number = hf_as_handle(handle);
        return true;
    }
    *ret_number = far.stub;
    return far.has_stub;
}
