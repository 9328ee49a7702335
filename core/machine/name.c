/* SPDX-License-Identifier: MPL-2.0 */
/* name -- see name.h
 *
 * Peers choose the names, so the table's numbers are their keyed hashes; the few of one hash are a chain.
 */
#include "name.h"

#include <stdlib.h>
#include <string.h>

#include <base/check.h>

enum { NAME_ROW_BYTES = 24 };

typedef struct name_row {
    uint64_t hash;
    hfi_name_t *first;
} name_row_t;

static uint64_t
name_hash(const hfi_names_t *self, hfi_span_t text)
{
    uint64_t hash = hfi_siphash(&self->key, text.at, text.len);
    return hash == 0 ? 1 : hash;
}

static uint64_t
name_size(const hfi_name_t *name)
{
    return sizeof *name + name->len + NAME_ROW_BYTES;
}

void
hfi_names_open(hfi_names_t *self, hfi_account_t *account)
{
    *self = (hfi_names_t){.account = account};
    hfi_idtable_open(&self->table, sizeof(name_row_t));
}

void
hfi_names_close(hfi_names_t *self)
{
    for (name_row_t *row = hfi_idtable_next(&self->table, NULL); row != NULL;
         row = hfi_idtable_next(&self->table, row)) {
        while (row->first != NULL) {
            hfi_name_t *name = row->first;
            row->first = name->next;
            hfi_account_give(self->account, name_size(name));
            free(name);
        }
    }
    hfi_idtable_close(&self->table);
    self->n = 0;
}

static bool
name_is(const hfi_name_t *name, hfi_span_t text)
{
    return name->len == text.len && memcmp(name->text, text.at, text.len) == 0;
}

hfi_name_t *
hfi_names_find(const hfi_names_t *self, hfi_span_t text)
{
    const name_row_t *row = hfi_idtable_find(&self->table, name_hash(self, text));
    hfi_name_t *name = row == NULL ? NULL : row->first;
    while (name != NULL && !name_is(name, text))
        name = name->next;
    return name;
}

hfi_name_t *
hfi_names_add(hfi_names_t *self, hfi_span_t text, hfi_referent_t *referent)
{
    HF_ASSERT(text.len <= UINT32_MAX && hfi_names_find(self, text) == NULL);
    if (!hfi_account_take(self->account, sizeof(hfi_name_t) + text.len + NAME_ROW_BYTES))
        return NULL;
    hfi_name_t *name = hfi_need(sizeof *name + text.len);
    name->hash = name_hash(self, text);
    name->len = (uint32_t)text.len;
    memcpy(name->text, text.at, text.len);
    name->referent = referent;
    name_row_t *row = hfi_idtable_find(&self->table, name->hash);
    if (row == NULL)
        row = hfi_idtable_add(&self->table, name->hash);
    if (row == NULL)
        HF_BUG("no memory");
    name->next = row->first;
    row->first = name;
    self->n++;
    hfi_referents_hold(referent, HFI_HOLDER_NAME);
    return name;
}

void
hfi_names_move(hfi_names_t *self, hfi_referents_t *referents, hfi_name_t *name, hfi_referent_t *to)
{
    (void)self;
    hfi_referent_t *from = name->referent;
    hfi_referents_hold(to, HFI_HOLDER_NAME);
    name->referent = to;
    bool held = hfi_referents_unhold(referents, from, HFI_HOLDER_NAME);
    HF_ASSERT(held);
}

void
hfi_names_remove(hfi_names_t *self, hfi_referents_t *referents, hfi_name_t *name)
{
    name_row_t *row = hfi_idtable_find(&self->table, name->hash);
    HF_ASSERT(row != NULL);
    hfi_name_t **at = &row->first;
    while (*at != name)
        at = &(*at)->next;
    *at = name->next;
    if (row->first == NULL)
        hfi_idtable_remove(&self->table, row);
    self->n--;
    bool held = hfi_referents_unhold(referents, name->referent, HFI_HOLDER_NAME);
    HF_ASSERT(held);
    hfi_account_give(self->account, name_size(name));
    free(name);
}

static int
name_order(const void *a, const void *b)
{
    const hfi_name_t *x = *(hfi_name_t *const *)a;
    const hfi_name_t *y = *(hfi_name_t *const *)b;
    int order = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);
    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

hfi_name_t **
hfi_names_sorted(const hfi_names_t *self, hfi_span_t prefix, size_t *ret_n)
{
    hfi_name_t **names = hfi_need(self->n * sizeof(hfi_name_t *));
    size_t n = 0;
    for (const name_row_t *row = hfi_idtable_next(&self->table, NULL); row != NULL;
         row = hfi_idtable_next(&self->table, row)) {
        for (hfi_name_t *name = row->first; name != NULL; name = name->next) {
            if (name->len >= prefix.len && memcmp(name->text, prefix.at, prefix.len) == 0)
                names[n++] = name;
        }
    }
    qsort(names, n, sizeof(hfi_name_t *), name_order);
    *ret_n = n;
    return names;
}
