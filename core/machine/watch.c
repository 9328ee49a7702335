/* SPDX-License-Identifier: MPL-2.0 */
/* watch -- see watch.h
 *
 * A watching call is a record like any other that waits, but for its arguments, which it lets go: their handle would
 * keep alive what it waits to see die. So it is never run again from the top; whoever ends the referent answers it.
 */
#include "watch.h"
#include "parking.h"

#include <string.h>

#include <base/check.h>
#include <value/value.h>
#include <value/writer.h>

enum { WATCH_WORD = 32 };

static hfi_watched_t *
watch_require_row(hfi_state_t *state, hfi_referent_t *referent)
{
    hfi_watched_t *row = hfi_idtable_find(&state->watched, referent->number + 1);
    if (row == NULL)
        row = hfi_idtable_add(&state->watched, referent->number + 1);
    if (row == NULL)
        HF_BUG("no memory");
    row->referent = referent;
    referent->is_watched = 1;
    return row;
}

hf_err_t
hfi_watch(hf_call_t *call, void *self)
{
    (void)self;
    static const char stops[] = "shutdown";
    hfi_call_t *me = hfi_call_of(call);
    hfi_state_t *state = me->state;
    hfi_referent_t *referent = hfi_state_find(state, hf_as_handle(hf_arg(call, 0)));
    if (referent == NULL)
        return HF_RAISE(call, "NoSuchObject", "no such object");
    if (state->is_stopping)
        return hf_return_str(call, stops, sizeof stops - 1);
    hf_err_t err = hfi_call_suspend(me, HFI_PARKED_WATCHING);
    if (err != HF_PARKED)
        return err;
    hfi_watched_t *row = watch_require_row(state, referent);
    me->record->note = row->key;
    hfi_waiters_append(&state->parks, &row->calls, me->record);
    hfi_record_forget_arguments(state, me->record);
    return HF_PARKED;
}

static void
watch_tell(hfi_state_t *state, hfi_parked_t *record, const char *why)
{
    uint8_t raw[WATCH_WORD];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    hfi_session_t *session = record->session;
    uint64_t number = record->number;
    bool is_oneway = record->is_oneway;
    hf_write_str(&w, why, strlen(why));
    HF_ASSERT(!w.failed);
    hfi_record_unlist(state, record);
    hfi_record_free(state, record);
    if (is_oneway)
        return;
    hf_value_t word = hfi_value_view((hfi_span_t){raw, w.len}, 0);
    hfi_answer_tell(state, session, number, &word);
}

void
hfi_watch_tell(hfi_state_t *state, hfi_referent_t *referent, const char *why)
{
    while (referent->is_watched) {
        const hfi_watched_t *row = hfi_idtable_find(&state->watched, referent->number + 1);
        watch_tell(state, hfi_parks_at(&state->parks, row->calls.first), why);
    }
}

void
hfi_watch_tell_all(hfi_state_t *state, const char *why)
{
    for (const hfi_watched_t *row = hfi_idtable_next(&state->watched, NULL); row != NULL;
         row = hfi_idtable_next(&state->watched, NULL))
        hfi_watch_tell(state, row->referent, why);
}
