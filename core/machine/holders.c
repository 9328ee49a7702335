/* SPDX-License-Identifier: MPL-2.0 */
/* holders -- see holders.h
 *
 * Nobody keeps a list of a referent's holders: it counts them, and that is enough to let it live and die. Who they
 * are is asked seldom, and then all that can hold is looked through.
 */
#include "holders.h"

#include <stdlib.h>
#include <string.h>

#include <base/check.h>
#include <value/value.h>

#include "cycle.h"
#include "inspect.h"
#include "scan.h"

enum { HOLDERS_MOST = 10000, HOLDERS_FIRST = 16 };

/* An answer that is a list of maps, being written; its length is known last. */
typedef struct holders_list {
    hfi_state_t *state;
    hfi_buffer_t *maps;
    uint64_t n;
} holders_list_t;

static hf_writer_t *
list_map(holders_list_t *list, size_t pairs)
{
    list->n++;
    hf_write_map(&list->maps->w, pairs);
    return &list->maps->w;
}

static void
list_open(holders_list_t *list, hfi_state_t *state)
{
    *list =
        (holders_list_t){.state = state, .maps = hfi_state_borrow(state, state->boot.limits.frame)};
}

/* The answer; closes the list. */
static hf_err_t
list_return(holders_list_t *list, hf_call_t *call)
{
    hf_err_t err = HF_RAISED;
    hf_writer_t *w = NULL;
    if (list->maps->w.failed)
        (void)HF_RAISE(call, "LimitExceeded", "the answer is longer than a frame may be");
    else
        w = hf_return_writer(call);
    if (w != NULL) {
        hf_write_list(w, list->n);
        hfi_write_raw(w, list->maps->w.at, list->maps->w.len);
        err = hf_return_written(call);
    }
    hfi_state_return(list->state, &list->maps);
    return err;
}

static void
list_kind(hf_writer_t *w, const char *kind, uint64_t count)
{
    hfi_inspect_word(w, "kind");
    hfi_inspect_word(w, kind);
    hfi_inspect_pair(w, "count", count);
}

/* Another manager's session holds for its stub. */
static void
list_stub(hf_writer_t *w, const hfi_session_t *session, uint64_t count)
{
    list_kind(w, "stub", count);
    hfi_inspect_word(w, "manager");
    hf_write_bytes(w, session->from.bytes, sizeof session->from.bytes);
}

static void
list_session(hf_writer_t *w, const hfi_state_t *state, const hfi_session_t *session, uint64_t count)
{
    list_kind(w, "session", count);
    hfi_inspect_who(w, session);
    hfi_inspect_seconds(w, "idle", state->now_ns - session->asked_ns);
}

static void
list_name(hf_writer_t *w, const hfi_name_t *name)
{
    list_kind(w, "name", 1);
    hfi_inspect_word(w, "name");
    hf_write_str(w, name->text, name->len);
}

/* ---- refs: sessions, names, pins ----------------------------------------------------------- */

static void
refs_sessions(holders_list_t *list, const hfi_referent_t *referent)
{
    const hfi_state_t *state = list->state;
    for (const hfi_session_row_t *row = hfi_idtable_next(&state->sessions, NULL); row != NULL;
         row = hfi_idtable_next(&state->sessions, row)) {
        const hfi_holding_t *held = hfi_idtable_find(&row->session->held, referent->number);
        if (held != NULL && row->session->is_manager)
            list_stub(list_map(list, 3), row->session, held->count);
        else if (held != NULL)
            list_session(list_map(list, 6), state, row->session, held->count);
    }
}

static void
refs_names(holders_list_t *list, const hfi_referent_t *referent)
{
    size_t n;
    if (referent->holders[HFI_HOLDER_NAME] == 0)
        return;
    hfi_name_t **names = hfi_names_sorted(&list->state->names, hfi_span_of(""), &n);
    for (size_t i = 0; i < n; i++) {
        if (names[i]->referent == referent)
            list_name(list_map(list, 3), names[i]);
    }
    free(names);
}

static void
refs_pins(holders_list_t *list, const hfi_referent_t *referent)
{
    const hfi_pinned_t *item = hfi_pins_of(&list->state->pins, referent);
    while (item != NULL) {
        const hfi_pin_t *pin = item->pin;
        uint64_t count = 0;
        for (; item != NULL && item->pin == pin; item = item->next) /* one token's are together */
            count++;
        if (!pin->is_holding)
            continue;
        hf_writer_t *w = list_map(list, 4);
        list_kind(w, "pin", count);
        hfi_inspect_word(w, "uses");
        if (pin->uses == 0)
            hf_write_nil(w);
        else
            hf_write_uint(w, pin->uses);
        if (pin->alarm.deadline.place != 0) {
            hfi_inspect_seconds(w, "expires", pin->alarm.deadline.due_ns - list->state->now_ns);
        } else {
            hfi_inspect_word(w, "expires");
            hf_write_nil(w);
        }
    }
}

/* ---- refs: other referents ----------------------------------------------------------------- */

typedef struct refs_visit {
    hf_visit_t visit; /* first: found() has its address */
    uint64_t wanted;
    uint64_t count;
} refs_visit_t;

static void
refs_found(hf_visit_t *visit, uint64_t number)
{
    refs_visit_t *self = (refs_visit_t *)(void *)visit;
    self->count += number == self->wanted;
}

static void
refs_referents(holders_list_t *list, const hfi_referent_t *referent)
{
    hfi_state_t *state = list->state;
    uint64_t left = referent->holders[HFI_HOLDER_REFERENT];
    for (hfi_referent_t *at = left == 0 ? NULL : hfi_referents_next(&state->referents, 0);
         at != NULL && left > 0; at = hfi_referents_next(&state->referents, at->number)) {
        refs_visit_t visit = {.visit = {.state = state, .found = refs_found},
                              .wanted = referent->number};
        hfi_cycle_look_into(at, &visit.visit);
        if (visit.count == 0)
            continue;
        hf_writer_t *w = list_map(list, 4);
        list_kind(w, "referent", visit.count);
        hfi_inspect_pair(w, "object", at->number);
        hfi_inspect_word(w, "typeid");
        hfi_inspect_word(w, at->type->row->name);
        left = visit.count < left ? left - visit.count : 0;
    }
    if (left == 0)
        return;
    hf_writer_t *w = list_map(list, 4); /* held by a type that does not tell what it holds */
    list_kind(w, "referent", left);
    hfi_inspect_word(w, "object");
    hf_write_nil(w);
    hfi_inspect_word(w, "typeid");
    hf_write_nil(w);
}

/* ---- refs: calls --------------------------------------------------------------------------- */

/* What calls of one method hold. */
typedef struct refs_call {
    const char *method;
    size_t len;
    uint64_t count;
} refs_call_t;

typedef struct refs_calls {
    refs_call_t *at;
    size_t n;
    size_t room;
} refs_calls_t;

static uint64_t
refs_in_value(const hf_value_t *value, uint64_t number)
{
    hfi_scan_t scan;
    hf_value_t item;
    uint64_t n = 0;
    if (!hf_has_handles(value))
        return 0;
    hfi_scan_open(&scan, value);
    while (hfi_scan_next(&scan, &item))
        n += hf_kind(&item) == HF_HANDLE && hf_as_handle(&item) == number;
    return n;
}

static uint64_t
refs_in_record(const hfi_parked_t *record, const hfi_referent_t *referent)
{
    uint64_t n = record->referent == referent;
    n += record->home == referent && record->home != record->referent;
    n += refs_in_value(&record->args, referent->number);
    n += refs_in_value(&record->kwargs, referent->number);
    n += refs_in_value(&record->job_value, referent->number);
    for (uint64_t call = record->promises == NULL ? 0 : hfi_promises_next(record->promises, 0);
         call != 0; call = hfi_promises_next(record->promises, call)) {
        const hf_value_t *value = hfi_promises_find(record->promises, call);
        n += value == NULL ? 0 : refs_in_value(value, referent->number);
    }
    return n;
}

static void
refs_note_call(refs_calls_t *calls, const hfi_parked_t *record, uint64_t count)
{
    if (calls->n == calls->room) {
        calls->room = calls->room == 0 ? HOLDERS_FIRST : 2 * calls->room;
        calls->at = hfi_need_more(calls->at, calls->room * sizeof *calls->at);
    }
    refs_call_t *to = &calls->at[calls->n++];
    to->count = count;
    to->method = hf_as_str(&record->method_name, &to->len);
    if (to->method != NULL) /* it has not started */
        return;
    to->method = record->referent->type->methods[record->method].row->name;
    to->len = strlen(to->method);
}

static int
refs_order(const void *a, const void *b)
{
    const refs_call_t *x = a;
    const refs_call_t *y = b;
    int order = memcmp(x->method, y->method, x->len < y->len ? x->len : y->len);
    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static void
refs_write_calls(holders_list_t *list, const refs_calls_t *calls)
{
    for (size_t i = 0; i < calls->n;) {
        const refs_call_t *first = &calls->at[i];
        uint64_t count = 0;
        for (; i < calls->n && refs_order(first, &calls->at[i]) == 0; i++)
            count += calls->at[i].count;
        hf_writer_t *w = list_map(list, 3);
        list_kind(w, "call", count);
        hfi_inspect_word(w, "method");
        hf_write_str(w, first->method, first->len);
    }
}

static void
refs_calls(holders_list_t *list, const hfi_referent_t *referent)
{
    refs_calls_t calls = {0};
    const hfi_state_t *state = list->state;
    if (referent->holders[HFI_HOLDER_CALL] == 0)
        return;
    for (const hfi_session_row_t *row = hfi_idtable_next(&state->sessions, NULL); row != NULL;
         row = hfi_idtable_next(&state->sessions, row)) {
        const hfi_idtable_t *pending = &row->session->pending;
        for (const hfi_pending_t *at = hfi_idtable_next(pending, NULL); at != NULL;
             at = hfi_idtable_next(pending, at)) {
            const hfi_parked_t *record = hfi_parks_at(&state->parks, at->record);
            uint64_t count = refs_in_record(record, referent);
            if (count != 0)
                refs_note_call(&calls, record, count);
        }
    }
    if (calls.n != 0)
        qsort(calls.at, calls.n, sizeof *calls.at, refs_order);
    refs_write_calls(list, &calls);
    free(calls.at);
}

hf_err_t
hfi_holders_refs(hf_call_t *call, void *self)
{
    (void)self;
    holders_list_t list;
    hfi_state_t *state = hfi_call_of(call)->state;
    const hfi_referent_t *referent = hfi_state_find(state, hf_as_handle(hf_arg(call, 0)));
    if (referent == NULL)
        return HF_RAISE(call, "NoSuchObject", "no such object");
    list_open(&list, state);
    refs_sessions(&list, referent);
    refs_names(&list, referent);
    refs_pins(&list, referent);
    refs_referents(&list, referent);
    refs_calls(&list, referent);
    return list_return(&list, call);
}

/* ---- leaks --------------------------------------------------------------------------------- */

typedef struct leaks_row {
    uint64_t object;
    uint64_t sessions; /* idle ones that hold it */
} leaks_row_t;

typedef struct leaks {
    holders_list_t list;
    hfi_idtable_t held; /* leaks_row_t */
    int64_t since_ns;
} leaks_t;

/* One that waits for an answer is not idle, however long it waits; nor is another manager's, whose stubs are held by
 * somebody there. */
static bool
leaks_is_idle(const leaks_t *self, const hfi_session_t *session)
{
    return session->n_parked == 0 && !session->is_manager && session->asked_ns <= self->since_ns;
}

static void
leaks_count(leaks_t *self, const hfi_session_t *session)
{
    for (const hfi_holding_t *held = hfi_idtable_next(&session->held, NULL); held != NULL;
         held = hfi_idtable_next(&session->held, held)) {
        leaks_row_t *row = hfi_idtable_find(&self->held, held->number);
        if (row == NULL)
            row = hfi_idtable_add(&self->held, held->number);
        if (row == NULL)
            HF_BUG("no memory");
        row->sessions++;
    }
}

/* Whether nobody but names and idle sessions holds it. */
static bool
leaks_is_one(const leaks_t *self, const hfi_referent_t *referent)
{
    const leaks_row_t *row = hfi_idtable_find(&self->held, referent->number);
    uint64_t idle = row == NULL ? 0 : row->sessions;
    return (referent->holders[HFI_HOLDER_REFERENT] | referent->holders[HFI_HOLDER_CALL] |
            referent->holders[HFI_HOLDER_PIN]) == 0 &&
           referent->holders[HFI_HOLDER_SESSION] == idle;
}

static hf_writer_t *
leaks_map(leaks_t *self, const hfi_referent_t *referent, size_t pairs)
{
    hf_writer_t *w = list_map(&self->list, pairs + 2);
    hfi_inspect_pair(w, "object", referent->number);
    hfi_inspect_word(w, "typeid");
    hfi_inspect_word(w, referent->type->row->name);
    return w;
}

static void
leaks_names(leaks_t *self)
{
    size_t n;
    hfi_name_t **names = hfi_names_sorted(&self->list.state->names, hfi_span_of(""), &n);
    for (size_t i = 0; i < n && self->list.n < HOLDERS_MOST; i++) {
        const hfi_referent_t *referent = names[i]->referent;
        if (referent->number != 0 && leaks_is_one(self, referent))
            list_name(leaks_map(self, referent, 3), names[i]);
    }
    free(names);
}

static void
leaks_sessions(leaks_t *self)
{
    const hfi_state_t *state = self->list.state;
    for (const hfi_session_row_t *row = hfi_idtable_next(&state->sessions, NULL); row != NULL;
         row = hfi_idtable_next(&state->sessions, row)) {
        if (!leaks_is_idle(self, row->session))
            continue;
        const hfi_idtable_t *all = &row->session->held;
        for (const hfi_holding_t *held = hfi_idtable_next(all, NULL);
             held != NULL && self->list.n < HOLDERS_MOST; held = hfi_idtable_next(all, held)) {
            if (leaks_is_one(self, held->referent))
                list_session(leaks_map(self, held->referent, 6), state, row->session, held->count);
        }
    }
}

hf_err_t
hfi_holders_leaks(hf_call_t *call, void *self)
{
    (void)self;
    hfi_state_t *state = hfi_call_of(call)->state;
    double idle = hf_arg_float(call, 0);
    if (!(idle >= 0.0))
        return HF_RAISE(call, "ValueError", "idle is below 0");
    int64_t until = hfi_state_due_in(state, idle);
    leaks_t leaks = {.since_ns = until == INT64_MAX ? INT64_MIN : 2 * state->now_ns - until};
    hfi_idtable_open(&leaks.held, sizeof(leaks_row_t));
    list_open(&leaks.list, state);
    for (const hfi_session_row_t *row = hfi_idtable_next(&state->sessions, NULL); row != NULL;
         row = hfi_idtable_next(&state->sessions, row)) {
        if (leaks_is_idle(&leaks, row->session))
            leaks_count(&leaks, row->session);
    }
    leaks_names(&leaks);
    leaks_sessions(&leaks);
    hfi_idtable_close(&leaks.held);
    return list_return(&leaks.list, call);
}
