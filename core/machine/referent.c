/* SPDX-License-Identifier: MPL-2.0 */
/* referent -- see referent.h
 *
 * Life of a referent
 *
 *   born      by create or hf_return_new; held by nobody, on the list at once: a oneway create, or one whose answer
 *             could not be written, leaves nothing behind
 *   held      by what its four counts say; each count is kept by the table that holds (a session's holdings, the
 *             names, the calls' records), and for `referent` by the plugin, through hf_keep and hf_hold
 *   listed    a count fell and all are zero: its number goes on a list. It may be held again before the list is
 *             looked at (moved from one container to another within one call)
 *   dying     `reap` met it on the list and nobody holds it: destroy runs, with it no longer to be found, so that
 *             nothing can hold it again; what it held is let go and may go on the list behind it. So a chain of a
 *             million is a loop, not a recursion
 *   buried    out of the table, freed. Its number is never given again, so a stale number finds nothing
 *
 * The list holds numbers, never addresses: what it names may be gone.
 */
#include "referent.h"

#include <stdlib.h>

#include <base/check.h>
#include <base/mutant.h>

enum {
    REFERENT_ROW_BYTES = 24, /* what a row of the table is charged with */
    REFERENT_LIST_FIRST = 64,
};

typedef struct referent_row {
    uint64_t number;
    hfi_referent_t *referent;
} referent_row_t;

uint64_t
hfi_referent_size(const hfi_type_t *type)
{
    return sizeof(hfi_referent_t) + type->row->self_size + REFERENT_ROW_BYTES;
}

void
hfi_referents_open(hfi_referents_t *self, hfi_account_t *account)
{
    *self = (hfi_referents_t){.account = account};
    hfi_idtable_open(&self->table, sizeof(referent_row_t));
}

void
hfi_referents_close(hfi_referents_t *self)
{
    HF_ASSERT(self->table.live == 0);
    hfi_idtable_close(&self->table);
    free(self->listed);
    self->listed = NULL;
    free(self->suspects);
    self->suspects = NULL;
}

static void
referent_list(hfi_referents_t *self, hfi_referent_t *referent)
{
    if (referent->is_listed || referent->is_dying)
        return;
    if (self->n_listed == self->listed_room) {
        if (self->listed_at > self->listed_room / 2) {
            memmove(self->listed, self->listed + self->listed_at,
                    (self->n_listed - self->listed_at) * sizeof *self->listed);
            self->n_listed -= self->listed_at;
            self->listed_at = 0;
        } else {
            uint32_t room = self->listed_room == 0 ? REFERENT_LIST_FIRST : 2 * self->listed_room;
            self->listed = hfi_need_more(self->listed, (size_t)room * sizeof *self->listed);
            self->listed_room = room;
        }
    }
    self->listed[self->n_listed++] = referent->number;
    referent->is_listed = 1;
}

static void
referent_suspect(hfi_referents_t *self, hfi_referent_t *referent)
{
    if (referent->is_suspect || referent->is_dying)
        return;
    uint32_t end = self->suspects_at + self->n_suspects;
    if (end == self->suspects_room && self->suspects_at > self->suspects_room / 2) {
        memmove(self->suspects, self->suspects + self->suspects_at,
                self->n_suspects * sizeof *self->suspects);
        self->suspects_at = 0;
        end = self->n_suspects;
    } else if (end == self->suspects_room) {
        uint32_t room = end == 0 ? REFERENT_LIST_FIRST : 2 * end;
        self->suspects = hfi_need_more(self->suspects, (size_t)room * sizeof *self->suspects);
        self->suspects_room = room;
    }
    self->suspects[end] = referent->number;
    self->n_suspects++;
    referent->is_suspect = 1;
}

bool
hfi_referents_take_suspect(hfi_referents_t *self, uint64_t *ret_number)
{
    while (self->n_suspects > 0) {
        uint64_t number = self->suspects[self->suspects_at++];
        self->n_suspects--;
        const referent_row_t *row = hfi_idtable_find(&self->table, number);
        if (row == NULL)
            continue;
        row->referent->is_suspect = 0;
        if (!hfi_referent_is_only_held_by_referents(row->referent))
            continue;
        *ret_number = number;
        return true;
    }
    free(self->suspects);
    self->suspects = NULL;
    self->suspects_at = 0;
    self->suspects_room = 0;
    return false;
}

/* The lowest number that nothing has; for a mutant alone. */
static uint64_t
referent_first_free(const hfi_referents_t *self)
{
    uint64_t number = 1;
    while (hfi_idtable_find(&self->table, number) != NULL)
        number++;
    return number;
}

hfi_referent_t *
hfi_referents_birth(hfi_referents_t *self, hfi_type_t *type)
{
    uint64_t size = hfi_referent_size(type);
    if (!hfi_account_take(self->account, size))
        return NULL;
    hfi_referent_t *referent = hfi_need(sizeof *referent + type->row->self_size);
    referent->number = ++self->last;
    if (HFI_MUTANT(m17_ids_never_reused))
        referent->number = referent_first_free(self);
    referent->type = type;
    referent_row_t *row = hfi_idtable_add(&self->table, referent->number);
    if (row == NULL)
        HF_BUG("no memory");
    row->referent = referent;
    type->referents++;
    type->memory_bytes += size;
    referent_list(self, referent);
    return referent;
}

hfi_referent_t *
hfi_referents_find(const hfi_referents_t *self, uint64_t number)
{
    const referent_row_t *row = hfi_idtable_find(&self->table, number);
    return row == NULL || row->referent->is_dying ? NULL : row->referent;
}

hfi_referent_t *
hfi_referents_next(const hfi_referents_t *self, uint64_t number)
{
    const referent_row_t *row = hfi_idtable_find(&self->table, number);
    do
        row = hfi_idtable_next(&self->table, row);
    while (row != NULL && row->number <= number);
    return row == NULL ? NULL : row->referent;
}

void
hfi_referents_hold(hfi_referent_t *referent, hfi_holder_t by)
{
    HF_ASSERT(referent->holders[by] != UINT32_MAX);
    referent->holders[by]++;
    referent->is_traced = 0;
}

bool
hfi_referent_is_held(const hfi_referent_t *self)
{
    return (self->holders[HFI_HOLDER_SESSION] | self->holders[HFI_HOLDER_NAME] |
            self->holders[HFI_HOLDER_REFERENT] | self->holders[HFI_HOLDER_CALL] |
            self->holders[HFI_HOLDER_PIN]) != 0;
}

bool
hfi_referent_is_only_held_by_referents(const hfi_referent_t *self)
{
    return self->holders[HFI_HOLDER_REFERENT] != 0 &&
           (self->holders[HFI_HOLDER_SESSION] | self->holders[HFI_HOLDER_NAME] |
            self->holders[HFI_HOLDER_CALL] | self->holders[HFI_HOLDER_PIN]) == 0;
}

bool
hfi_referents_unhold(hfi_referents_t *self, hfi_referent_t *referent, hfi_holder_t by)
{
    /* WALK reference 7/8: the last holder: the referent is dead */
    if (referent->holders[by] == 0)
        return false;
    referent->holders[by]--;
    referent->is_traced = 0;
    if (!hfi_referent_is_held(referent))
        referent_list(self, referent);
    else if (hfi_referent_is_only_held_by_referents(referent))
        referent_suspect(self, referent);
    return true;
}

hfi_referent_t *
hfi_referents_take_dead(hfi_referents_t *self)
{
    while (self->listed_at < self->n_listed) {
        const referent_row_t *row = hfi_idtable_find(&self->table, self->listed[self->listed_at++]);
        HF_ASSERT(row != NULL); /* only a listed one is buried, and only from here */
        row->referent->is_listed = 0;
        if (hfi_referent_is_held(row->referent))
            continue;
        row->referent->is_dying = 1;
        return row->referent;
    }
    self->listed_at = 0;
    self->n_listed = 0;
    return NULL;
}

void
hfi_referents_bury(hfi_referents_t *self, hfi_referent_t **referent_p)
{
    hfi_referent_t *referent = *referent_p;
    HF_ASSERT(referent->is_dying && !referent->is_listed);
    uint64_t size = hfi_referent_size(referent->type);
    hfi_account_give(self->account, size);
    referent->type->memory_bytes -= size;
    referent->type->referents--;
    hfi_idtable_remove(&self->table, hfi_idtable_find(&self->table, referent->number));
    free(referent);
    *referent_p = NULL;
}
