/* SPDX-License-Identifier: MPL-2.0 */
/* complaint -- see complaint.h */
#include "complaint.h"

#include <stdarg.h>
#include <stdio.h>

#include <base/check.h>

bool
hfi_complaints_add(hfi_complaints_t *self, unsigned line, const char *format, ...)
{
    if (self->n < HFI_COMPLAINTS) {
        hfi_complaint_t *complaint = &self->at[self->n];
        va_list args;
        va_start(args, format);
        (void)vsnprintf(complaint->text, sizeof complaint->text, format, args);
        va_end(args);
        complaint->line = line;
    }
    self->n++;
    return false;
}

size_t
hfi_complaints_kept(const hfi_complaints_t *self)
{
    return self->n < HFI_COMPLAINTS ? self->n : HFI_COMPLAINTS;
}

void
hfi_complaints_sort(hfi_complaints_t *self)
{
    for (size_t k = 1; k < hfi_complaints_kept(self); k++) {
        hfi_complaint_t moved = self->at[k];
        size_t to = k;
        for (; to > 0 && self->at[to - 1].line > moved.line; to--)
            self->at[to] = self->at[to - 1];
        self->at[to] = moved;
    }
}

void
hfi_complaints_write(const hfi_complaints_t *self, size_t k, char *to, size_t room)
{
    HF_ASSERT(k < hfi_complaints_kept(self));
    const hfi_complaint_t *complaint = &self->at[k];
    if (self->file == NULL || complaint->line == 0)
        (void)snprintf(to, room, "%s", complaint->text);
    else
        (void)snprintf(to, room, "%s:%u: %s", self->file, complaint->line, complaint->text);
}
