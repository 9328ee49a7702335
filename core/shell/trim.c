/* SPDX-License-Identifier: MPL-2.0 */
/* trim -- see trim.h */
#include "trim.h"

#include <malloc.h>
#include <stdbool.h>

int64_t
hfi_trim_note(hfi_trim_t *self, uint64_t memory_bytes, uint64_t n_sessions, int64_t now_ns)
{
    uint64_t used = memory_bytes + n_sessions * HFI_TRIM_SESSION_BYTES;
    if (used > self->most)
        self->most = used;
    bool has_gone = self->most - used >= HFI_TRIM_BYTES;
    if (!has_gone)
        self->due_ns = 0;
    else if (self->due_ns == 0)
        self->due_ns = now_ns + HFI_TRIM_DELAY_NS;
    return has_gone ? self->due_ns : INT64_MAX;
}

void
hfi_trim_rest(hfi_trim_t *self)
{
    (void)malloc_trim(0);
    *self = (hfi_trim_t){0};
}
