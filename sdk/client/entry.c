/* SPDX-License-Identifier: MPL-2.0 */
/* entry -- see entry.h */
#include "entry.h"

#include <base/check.h>
#include <stream/frame.h>
#include <stream/handle.h>

_Static_assert(sizeof(hfi_entry_t) % 8 == 0, "a row of an idtable");

void
hfi_entries_open(hfi_entries_t *self)
{
    *self = (hfi_entries_t){0};
    hfi_idtable_open(&self->table, sizeof(hfi_entry_t));
}

void
hfi_entries_close(hfi_entries_t *self)
{
    hfi_idtable_close(&self->table);
}

/* Behind the last one to give back. One that is held again meanwhile stays, and is passed over when its turn comes. */
static void
entry_enqueue(hfi_entries_t *self, hfi_entry_t *entry)
{
    if (entry->is_queued)
        return;
    entry->is_queued = true;
    entry->next = 0;
    if (self->queue_last == 0) {
        self->queue_first = entry->object;
    } else {
        hfi_entry_t *last = hfi_idtable_find(&self->table, self->queue_last);
        HF_ASSERT(last != NULL && last->is_queued);
        last->next = entry->object;
    }
    self->queue_last = entry->object;
}

bool
hfi_entries_receive(hfi_entries_t *self, uint64_t object, bool is_held)
{
    if (object == 0)
        return true;
    hfi_entry_t *entry = hfi_idtable_find(&self->table, object);
    bool is_new = entry == NULL;
    if (is_new)
        entry = hfi_idtable_add(&self->table, object);
    if (entry == NULL)
        return false;
    if (entry->received > 0)
        self->digest ^= hfi_digest_of(object, entry->received);
    else if (!is_new)
        self->n_missing--;
    entry->received++;
    self->digest ^= hfi_digest_of(object, entry->received);
    entry->holds += is_held ? 1 : 0;
    if (entry->holds == 0)
        entry_enqueue(self, entry);
    return true;
}

bool
hfi_entries_hold(hfi_entries_t *self, uint64_t object)
{
    if (object == 0)
        return true;
    hfi_entry_t *entry = hfi_idtable_find(&self->table, object);
    if (entry == NULL)
        return false;
    entry->holds++;
    return true;
}

void
hfi_entries_let_go(hfi_entries_t *self, uint64_t object)
{
    if (object == 0)
        return;
    hfi_entry_t *entry = hfi_idtable_find(&self->table, object);
    HF_ASSERT(entry != NULL && entry->holds > 0);
    entry->holds--;
    if (entry->holds == 0)
        entry_enqueue(self, entry);
}

bool
hfi_entries_take_unheld(hfi_entries_t *self, uint64_t *ret_object, uint64_t *ret_received)
{
    while (self->queue_first != 0) {
        hfi_entry_t *entry = hfi_idtable_find(&self->table, self->queue_first);
        HF_ASSERT(entry != NULL && entry->is_queued);
        self->queue_first = entry->next;
        if (self->queue_first == 0)
            self->queue_last = 0;
        entry->is_queued = false;
        if (entry->holds > 0)
            continue;
        *ret_object = entry->object;
        *ret_received = entry->received;
        if (entry->received > 0)
            self->digest ^= hfi_digest_of(entry->object, entry->received);
        else
            self->n_missing--;
        hfi_idtable_remove(&self->table, entry);
        if (*ret_received > 0)
            return true;
    }
    return false;
}

void
hfi_entries_leave(hfi_entries_t *self)
{
    uint64_t object;
    uint64_t received;
    while (hfi_entries_take_unheld(self, &object, &received)) {
    }
    for (hfi_entry_t *entry = hfi_idtable_next(&self->table, NULL); entry != NULL;
         entry = hfi_idtable_next(&self->table, entry))
        entry->received = 0;
    self->digest = 0;
    self->n_missing = self->table.live;
}

bool
hfi_entries_has_unheld(const hfi_entries_t *self)
{
    return self->queue_first != 0;
}

bool
hfi_each_named(const hf_value_t *value, hfi_named_f *each, void *context)
{
    const uint8_t *at = hf_bytes_of(value);
    const uint8_t *end = at + hf_len_of(value);
    while (at < end) {
        hf_head_t head;
        hf_read_head(at, &head);
        size_t len = (size_t)head.size + head.len;
        if (head.kind == HF_ERROR) {
            len = head.size; /* its payload is items: go on inside */
        } else if (head.kind == HF_HANDLE || head.kind == HF_PROMISE) {
            hf_value_t item;
            hfi_view(&item, at, len, 0);
            uint64_t number = hf_as_promise(&item);
            bool is_promise = head.kind == HF_PROMISE;
            bool is_named = is_promise || hfi_handle_number(&item, &number);
            if (is_named && !each(context, number, is_promise))
                return false;
        }
        at += len;
    }
    return true;
}
