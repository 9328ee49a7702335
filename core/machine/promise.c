/* SPDX-License-Identifier: MPL-2.0 */
/* promise -- see promise.h */
#include "promise.h"

#include <stdlib.h>

#include <base/check.h>
#include <value/value.h>

#include "account.h"

typedef struct promise_row {
    uint64_t call;
    hf_value_t value;
} promise_row_t;

hfi_promises_t *
hfi_promises_new(void)
{
    hfi_promises_t *self = hfi_need(sizeof *self);
    hfi_idtable_open(&self->table, sizeof(promise_row_t));
    return self;
}

void
hfi_promises_destroy(hfi_promises_t **self_p)
{
    hfi_promises_t *self = *self_p;
    if (self == NULL)
        return;
    for (promise_row_t *row = hfi_idtable_next(&self->table, NULL); row != NULL;
         row = hfi_idtable_next(&self->table, row))
        hfi_value_drop(&row->value);
    hfi_idtable_close(&self->table);
    free(self);
    *self_p = NULL;
}

void
hfi_promises_add(hfi_promises_t *self, uint64_t call)
{
    if (hfi_idtable_find(&self->table, call) != NULL)
        return;
    if (hfi_idtable_add(&self->table, call) == NULL)
        HF_BUG("no memory");
    self->n_unknown++;
}

uint64_t
hfi_promises_next(const hfi_promises_t *self, uint64_t after)
{
    const promise_row_t *row = hfi_idtable_find(&self->table, after);
    row = hfi_idtable_next(&self->table, row);
    return row == NULL ? 0 : row->call;
}

bool
hfi_promises_wants(const hfi_promises_t *self, uint64_t call)
{
    const promise_row_t *row = hfi_idtable_find(&self->table, call);
    return row != NULL && hf_kind(&row->value) == HF_NONE;
}

void
hfi_promises_set(hfi_promises_t *self, uint64_t call, hf_value_t *value)
{
    promise_row_t *row = hfi_idtable_find(&self->table, call);
    HF_ASSERT(row != NULL && hf_kind(&row->value) == HF_NONE && hf_kind(value) != HF_NONE);
    row->value = *value;
    *value = (hf_value_t){.raw = {0}};
    self->n_unknown--;
}

const hf_value_t *
hfi_promises_find(const hfi_promises_t *self, uint64_t call)
{
    const promise_row_t *row = hfi_idtable_find(&self->table, call);
    return row == NULL || hf_kind(&row->value) == HF_NONE ? NULL : &row->value;
}
