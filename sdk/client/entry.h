/* SPDX-License-Identifier: MPL-2.0 */
/* entry -- what a session holds: referents, references received, and this program's holds on them.
 *
 * received: handles in answers, less what was given back; 0 is an entry whose references stayed behind, with another
 * process's session, and are still to be adopted. holds: proxies, and handles in answers that were taken.
 * An entry whose holds are 0 stands in the queue of what is to be given back, until it is taken from there or held
 * again. `count` and `digest` are PONG's figures of the whole table, kept up with every change.
 *
 * Thread: owned by one thread at a time; not shared.
 */
#ifndef HFI_ENTRY_H
#define HFI_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/idtable.h>
#include <holdfast/value.h>

typedef struct hfi_entry {
    uint64_t object; /* first: hfi_idtable's */
    uint64_t received;
    uint64_t holds;
    uint64_t next; /* in the queue: the next one's object, 0 at its end */
    bool is_queued;
} hfi_entry_t;

typedef struct hfi_entries {
    hfi_idtable_t table;
    uint64_t queue_first; /* objects that nobody holds here; 0: none */
    uint64_t queue_last;
    uint64_t digest;
    uint64_t n_missing; /* entries of which nothing was received in this session yet */
} hfi_entries_t;

void hfi_entries_open(hfi_entries_t *self);
void hfi_entries_close(hfi_entries_t *self);

/* One more reference came, and one more hold with it if `is_held`. False: no memory. Object 0 is not counted. */
bool hfi_entries_receive(hfi_entries_t *self, uint64_t object, bool is_held);

/* One more hold, one fewer. False: it is not held by this session. */
bool hfi_entries_hold(hfi_entries_t *self, uint64_t object);
void hfi_entries_let_go(hfi_entries_t *self, uint64_t object);

/* Takes the next one to give back out of queue and table. False: none. */
bool hfi_entries_take_unheld(hfi_entries_t *self, uint64_t *ret_object, uint64_t *ret_received);

/* Another session begins: nothing was received in it. What nobody holds is forgotten, the rest is missing. */
void hfi_entries_leave(hfi_entries_t *self);

/* Whether something waits to be given back. */
bool hfi_entries_has_unheld(const hfi_entries_t *self);

/* Calls `each` with the number of every handle in an admitted value (of another manager's: its stub's), at any depth, and
 * every promise's call number with is_promise; false from it ends the walk. A loop, however deep the value is. */
typedef bool(hfi_named_f)(void *context, uint64_t number, bool is_promise);
bool hfi_each_named(const hf_value_t *value, hfi_named_f *each, void *context);

#endif
