/* SPDX-License-Identifier: MPL-2.0 */
/* ended -- see ended.h */
#include "ended.h"

#include <stddef.h>

#include <base/check.h>

typedef struct ended_row {
    uint64_t hash;
    uint64_t attempt;
    int64_t forget_ns;
} ended_row_t;

void
hfi_ended_open(hfi_ended_t *self)
{
    hfi_idtable_open(&self->rows, sizeof(ended_row_t));
}

void
hfi_ended_close(hfi_ended_t *self)
{
    hfi_idtable_close(&self->rows);
}

void
hfi_ended_note(hfi_ended_t *self, uint64_t hash, uint64_t attempt, int64_t forget_ns, uint64_t max)
{
    ended_row_t *former = hfi_idtable_find(&self->rows, hash);
    if (former != NULL)
        hfi_idtable_remove(&self->rows, former);
    while (self->rows.live >= max)
        hfi_idtable_remove(&self->rows, hfi_idtable_next(&self->rows, NULL));
    ended_row_t *row = hfi_idtable_add(&self->rows, hash);
    if (row == NULL)
        HF_BUG("no memory");
    row->attempt = attempt;
    row->forget_ns = forget_ns;
}

bool
hfi_ended_has_seen(const hfi_ended_t *self, uint64_t hash, uint64_t attempt)
{
    const ended_row_t *row = hfi_idtable_find(&self->rows, hash);
    return row != NULL && attempt <= row->attempt;
}

void
hfi_ended_forget(hfi_ended_t *self, int64_t now_ns)
{
    for (ended_row_t *row = hfi_idtable_next(&self->rows, NULL);
         row != NULL && row->forget_ns <= now_ns; row = hfi_idtable_next(&self->rows, NULL))
        hfi_idtable_remove(&self->rows, row);
}
