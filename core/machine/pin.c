/* SPDX-License-Identifier: MPL-2.0 */
/* pin -- see pin.h */
#include "pin.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <base/check.h>
#include <base/mutant.h>

enum { PIN_ROW_BYTES = 48, PIN_OF_BYTES = 32 };

/* Of both tables of tokens. */
typedef struct pin_row {
    uint64_t number;
    hfi_pin_t *pin;
} pin_row_t;

typedef struct of_row {
    uint64_t object;
    hfi_pinned_t *first;
} of_row_t;

static uint64_t
pin_size(uint32_t n)
{
    return sizeof(hfi_pin_t) + PIN_ROW_BYTES + (uint64_t)n * (sizeof(hfi_pinned_t) + PIN_OF_BYTES);
}

static uint64_t
pin_hash(const hfi_pins_t *self, const hfi_secret_t *secret)
{
    uint64_t hash = hfi_siphash(&self->key, secret->bytes, sizeof secret->bytes);
    return hash == 0 ? 1 : hash;
}

void
hfi_pins_open(hfi_pins_t *self, hfi_account_t *account, hfi_referents_t *referents,
              hfi_deadlines_t *deadlines)
{
    *self = (hfi_pins_t){.account = account, .referents = referents, .deadlines = deadlines};
    hfi_idtable_open(&self->table, sizeof(pin_row_t));
    hfi_idtable_open(&self->secrets, sizeof(pin_row_t));
    hfi_idtable_open(&self->of, sizeof(of_row_t));
}

void
hfi_pins_close(hfi_pins_t *self)
{
    HF_ASSERT(self->table.live == 0 && self->of.live == 0);
    hfi_idtable_close(&self->table);
    hfi_idtable_close(&self->secrets);
    hfi_idtable_close(&self->of);
}

/* ---- the tokens of a referent ------------------------------------------------------------ */

static void
pin_list(hfi_pins_t *self, hfi_pinned_t *item)
{
    of_row_t *row = hfi_idtable_find(&self->of, item->referent->number);
    if (item->referent->number == 0) /* the manager itself, which never dies */
        return;
    if (row == NULL)
        row = hfi_idtable_add(&self->of, item->referent->number);
    if (row == NULL)
        HF_BUG("no memory");
    item->next = row->first;
    if (row->first != NULL)
        row->first->prev = item;
    row->first = item;
    item->referent->has_tokens = 1;
}

static void
pin_unlist(hfi_pins_t *self, hfi_pinned_t *item)
{
    if (item->referent->number == 0)
        return;
    if (item->next != NULL)
        item->next->prev = item->prev;
    if (item->prev != NULL) {
        item->prev->next = item->next;
        return;
    }
    of_row_t *row = hfi_idtable_find(&self->of, item->referent->number);
    HF_ASSERT(row != NULL && row->first == item);
    row->first = item->next;
    if (row->first != NULL)
        return;
    hfi_idtable_remove(&self->of, row);
    item->referent->has_tokens = 0;
}

const hfi_pinned_t *
hfi_pins_of(const hfi_pins_t *self, const hfi_referent_t *referent)
{
    const of_row_t *row =
        referent->has_tokens ? hfi_idtable_find(&self->of, referent->number) : NULL;
    return row == NULL ? NULL : row->first;
}

/* ---- a token's life ---------------------------------------------------------------------- */

static void
pin_add_row(hfi_idtable_t *table, uint64_t number, hfi_pin_t *pin)
{
    pin_row_t *row = hfi_idtable_add(table, number);
    if (row == NULL)
        HF_BUG("no memory");
    row->pin = pin;
}

hfi_pin_t *
hfi_pins_add(hfi_pins_t *self, const hfi_export_t *what)
{
    HF_ASSERT(!hfi_pins_is_taken(self, &what->secret));
    if (!hfi_account_take(self->account, pin_size(what->n)))
        return NULL;
    hfi_pin_t *pin = hfi_need(sizeof *pin + what->n * sizeof pin->items[0]);
    pin->alarm.kind = HFI_ALARM_PIN;
    pin->number = ++self->last;
    pin->hash = pin_hash(self, &what->secret);
    pin->secret = what->secret;
    pin->uses = what->uses;
    pin->is_list = what->is_list;
    pin->is_holding = what->is_holding && !HFI_MUTANT(m08_pin_holds);
    pin->n = what->n;
    for (uint32_t i = 0; i < what->n; i++) {
        pin->items[i].pin = pin;
        pin->items[i].referent = what->referents[i];
        pin_list(self, &pin->items[i]);
        if (pin->is_holding)
            hfi_referents_hold(what->referents[i], HFI_HOLDER_PIN);
    }
    pin_add_row(&self->table, pin->number, pin);
    pin_add_row(&self->secrets, pin->hash, pin);
    return pin;
}

bool
hfi_pins_is_taken(const hfi_pins_t *self, const hfi_secret_t *secret)
{
    return hfi_idtable_find(&self->secrets, pin_hash(self, secret)) != NULL;
}

hfi_pin_t *
hfi_pins_find(const hfi_pins_t *self, const hfi_secret_t *secret)
{
    const pin_row_t *row = hfi_idtable_find(&self->secrets, pin_hash(self, secret));
    if (row == NULL ||
        sodium_memcmp(row->pin->secret.bytes, secret->bytes, sizeof secret->bytes) != 0)
        return NULL;
    return row->pin;
}

hfi_pin_t *
hfi_pins_at(const hfi_pins_t *self, uint64_t number)
{
    const pin_row_t *row = hfi_idtable_find(&self->table, number);
    return row == NULL ? NULL : row->pin;
}

static void
pin_let_go(hfi_pins_t *self, hfi_pin_t *pin)
{
    hfi_deadlines_cancel(self->deadlines, &pin->alarm.deadline);
    if (!pin->is_holding)
        return;
    pin->is_holding = false;
    for (uint32_t i = 0; i < pin->n; i++) {
        bool held = hfi_referents_unhold(self->referents, pin->items[i].referent, HFI_HOLDER_PIN);
        HF_ASSERT(held);
    }
}

void
hfi_pins_spend(hfi_pins_t *self, hfi_pin_t *pin)
{
    if (!pin->is_holding)
        return;
    pin_let_go(self, pin);
    pin->is_spent = true;
    pin->older = self->newest_spent;
    if (pin->older == NULL)
        self->oldest_spent = pin;
    else
        pin->older->newer = pin;
    self->newest_spent = pin;
}

void
hfi_pins_count_use(hfi_pins_t *self, uint64_t number)
{
    hfi_pin_t *pin = hfi_pins_at(self, number);
    if (pin == NULL || pin->uses == 0)
        return;
    if (--pin->uses == 0 || HFI_MUTANT(m20_all_uses))
        hfi_pins_spend(self, pin);
}

static void
pin_leave_spent(hfi_pins_t *self, hfi_pin_t *pin)
{
    if (pin->older == NULL)
        self->oldest_spent = pin->newer;
    else
        pin->older->newer = pin->newer;
    if (pin->newer == NULL)
        self->newest_spent = pin->older;
    else
        pin->newer->older = pin->older;
}

void
hfi_pins_forget(hfi_pins_t *self, hfi_pin_t *pin)
{
    pin_let_go(self, pin);
    if (pin->is_spent)
        pin_leave_spent(self, pin);
    for (uint32_t i = 0; i < pin->n; i++)
        pin_unlist(self, &pin->items[i]);
    hfi_idtable_remove(&self->table, hfi_idtable_find(&self->table, pin->number));
    hfi_idtable_remove(&self->secrets, hfi_idtable_find(&self->secrets, pin->hash));
    hfi_account_give(self->account, pin_size(pin->n));
    sodium_memzero(&pin->secret, sizeof pin->secret);
    free(pin);
}

bool
hfi_pins_forget_spent(hfi_pins_t *self)
{
    if (self->oldest_spent == NULL)
        return false;
    hfi_pins_forget(self, self->oldest_spent);
    return true;
}

void
hfi_pins_forget_of(hfi_pins_t *self, hfi_referent_t *referent)
{
    while (referent->has_tokens) {
        const hfi_pinned_t *first = hfi_pins_of(self, referent);
        HF_ASSERT(first != NULL && !first->pin->is_holding);
        hfi_pins_forget(self, first->pin);
    }
}

void
hfi_pins_forget_all(hfi_pins_t *self)
{
    for (const pin_row_t *row = hfi_idtable_next(&self->table, NULL); row != NULL;
         row = hfi_idtable_next(&self->table, row))
        hfi_pins_forget(self, row->pin);
}
