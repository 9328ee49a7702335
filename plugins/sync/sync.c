/* SPDX-License-Identifier: MPL-2.0 */
/* sync -- the plugin of Python's locks, semaphores, conditions, events and barriers; and what all of them do. */
#include "sync.h"

#include <math.h>

hf_err_t
hfi_sync_timeout(hf_call_t *call, const hf_value_t *timeout, double *ret_seconds)
{
    double seconds = hf_as_float(timeout);
    *ret_seconds = HF_FOREVER;
    if (hf_kind(timeout) == HF_NIL)
        return HF_OK;
    if (isnan(seconds))
        return HF_RAISE(call, "ValueError", "Invalid value NaN (not a number)");
    *ret_seconds = seconds < 0.0 ? 0.0 : seconds;
    return HF_OK;
}

bool
hfi_sync_parts(const hf_value_t *saved, hf_value_t *ret_parts, uint32_t n)
{
    hf_cursor_t cursor;
    hf_open(&cursor, saved);
    for (uint32_t k = 0; k < n; k++) {
        if (!hf_next(&cursor, &ret_parts[k]))
            return false;
    }
    return cursor.left == 0;
}

HF_PLUGIN("sync", "1.0.0", &hfi_lock_type, &hfi_rlock_type, &hfi_semaphore_type,
          &hfi_bounded_semaphore_type, &hfi_condition_type, &hfi_event_type, &hfi_barrier_type);
