/* SPDX-License-Identifier: MPL-2.0 */
/* cycle -- see cycle.h
 *
 * A search has a table of the referents that it has met (rows) and a list of those still to be looked into (todo).
 *
 *   stage   looks into                       what it finds there
 *   COUNT   suspects, and what they hold     is met, and counted once more; not so what has a holder that is no
 *                                            referent: it is alive, and what it holds is so by the count
 *   SPARE   rows with more holders than      is spared too
 *           were counted, and so alive
 *   then    rows that are not spared are garbage
 *
 * Events come between two steps, and change who holds whom. Each holding and letting go takes is_traced off the
 * referent held. At the end a row without it was in somebody's hands meanwhile: it is alive, is spared with all that
 * it holds now, and is a suspect again if it fell to referents alone. What truly holds only itself nobody can touch,
 * so it is found however busy the manager is.
 *
 * The search and its lists are empty between two searches and decide nothing but when garbage goes; they are no part
 * of what is saved.
 */
#include "cycle.h"

#include <stdlib.h>

#include <base/check.h>

#include "hook.h"
#include "reap.h"
#include "scan.h"
#include "watch.h"

#define CYCLE_DELAY_NS INT64_C(100000000) /* most suspects are held again, or dead, by then */
#define CYCLE_PAUSE_NS INT64_C(1000000)   /* between two steps */

enum {
    CYCLE_STEP = 1000, /* referents looked into, in a step */
    CYCLE_LIST_FIRST = 64,
};

typedef struct cycle_row {
    uint64_t number;
    uint32_t counted; /* of its holders, those met */
    bool is_spared;
} cycle_row_t;

_Static_assert(sizeof(cycle_row_t) == 2 * sizeof(uint64_t), "as state.c opens the table");

/* ---- lists ------------------------------------------------------------------------------- */

static void
cycle_push(hfi_cycle_list_t *list, uint64_t number)
{
    if (list->n == list->room) {
        uint32_t room = list->room == 0 ? CYCLE_LIST_FIRST : 2 * list->room;
        list->at = hfi_need_more(list->at, (size_t)room * sizeof *list->at);
        list->room = room;
    }
    list->at[list->n++] = number;
}

/* Gives its memory back; most of the time there is nothing to search. */
static void
cycle_empty(hfi_cycle_list_t *list)
{
    free(list->at);
    *list = (hfi_cycle_list_t){0};
}

/* ---- looking into a referent -------------------------------------------------------------- */

void
hfi_cycle_visit(hf_visit_t *visit, const hf_value_t *value)
{
    hfi_scan_t scan;
    hf_value_t item;
    hfi_scan_open(&scan, value);
    while (hfi_scan_next(&scan, &item))
        visit->found(visit, hf_as_handle(&item));
}

void
hfi_cycle_look_into(hfi_referent_t *referent, hf_visit_t *visit)
{
    hfi_state_t *state = visit->state;
    if (referent->type->row->traverse == NULL)
        return;
    hfi_call_t *call = hfi_hook_borrow(state, referent, "traverse", HFI_SINK_NONE);
    hfi_call_enter(call);
    referent->type->row->traverse(&call->head, hfi_referent_self(referent), visit);
    hfi_call_leave(call);
    hfi_call_close(call, HF_OK);
}

/* Looks into at most `budget` of those to be looked into. Returns what is left of the budget. */
static uint32_t
cycle_work_off(hfi_state_t *state, uint32_t budget, hfi_found_f *found)
{
    hfi_cycle_list_t *todo = &state->cycle.todo;
    hf_visit_t visit = {.state = state, .found = found};
    for (; todo->n > 0 && budget > 0; budget--) {
        hfi_referent_t *referent = hfi_state_find(state, todo->at[--todo->n]);
        if (referent != NULL)
            hfi_cycle_look_into(referent, &visit);
    }
    return budget;
}

/* ---- counting ----------------------------------------------------------------------------- */

/* Its row, new where there was none; NULL: it is gone, or has holders that are no referents. */
static cycle_row_t *
cycle_meet(hfi_state_t *state, uint64_t number)
{
    cycle_row_t *row = hfi_idtable_find(&state->cycle.rows, number);
    if (row != NULL)
        return row;
    hfi_referent_t *referent = hfi_state_find(state, number);
    if (referent == NULL || !hfi_referent_is_only_held_by_referents(referent))
        return NULL;
    row = hfi_idtable_add(&state->cycle.rows, number);
    if (row == NULL)
        HF_BUG("no memory");
    referent->is_traced = 1;
    cycle_push(&state->cycle.todo, number);
    return row;
}

static void
cycle_count(hf_visit_t *visit, uint64_t number)
{
    cycle_row_t *row = cycle_meet(visit->state, number);
    if (row != NULL)
        row->counted++;
}

/* ---- sparing ------------------------------------------------------------------------------ */

static void
cycle_spare_row(hfi_state_t *state, cycle_row_t *row)
{
    if (row->is_spared)
        return;
    row->is_spared = true;
    cycle_push(&state->cycle.todo, row->number);
}

static void
cycle_spare(hf_visit_t *visit, uint64_t number)
{
    cycle_row_t *row = hfi_idtable_find(&visit->state->cycle.rows, number);
    if (row != NULL)
        cycle_spare_row(visit->state, row);
}

/* Whether somebody beside those counted holds it, or held it since it was met; or it is gone. */
static bool
cycle_is_alive(const hfi_state_t *state, const cycle_row_t *row)
{
    const hfi_referent_t *referent = hfi_state_find(state, row->number);
    return referent == NULL || !referent->is_traced ||
           referent->holders[HFI_HOLDER_REFERENT] != row->counted;
}

/* Spares those that are alive; what they hold is still to be spared. */
static void
cycle_spare_living(hfi_state_t *state)
{
    for (cycle_row_t *row = hfi_idtable_next(&state->cycle.rows, NULL); row != NULL;
         row = hfi_idtable_next(&state->cycle.rows, row)) {
        if (cycle_is_alive(state, row))
            cycle_spare_row(state, row);
    }
}

/* ---- the search --------------------------------------------------------------------------- */

/* The search is over, or given up. */
static void
cycle_forget(hfi_state_t *state)
{
    hfi_cycle_t *self = &state->cycle;
    for (const cycle_row_t *row = hfi_idtable_next(&self->rows, NULL); row != NULL;
         row = hfi_idtable_next(&self->rows, row)) {
        hfi_referent_t *referent = hfi_state_find(state, row->number);
        if (referent != NULL)
            referent->is_traced = 0;
    }
    hfi_idtable_close(&self->rows);
    hfi_idtable_open(&self->rows, sizeof(cycle_row_t));
    cycle_empty(&self->todo);
    self->stage = HFI_CYCLE_IDLE;
}

/* Those not spared are garbage; events may have come since the living were spared. */
static void
cycle_end(hfi_state_t *state)
{
    hfi_cycle_t *self = &state->cycle;
    cycle_spare_living(state);
    (void)cycle_work_off(state, UINT32_MAX, cycle_spare);
    for (const cycle_row_t *row = hfi_idtable_next(&self->rows, NULL); row != NULL;
         row = hfi_idtable_next(&self->rows, row)) {
        if (!row->is_spared)
            cycle_push(&self->garbage, row->number);
    }
    cycle_forget(state);
}

/* Takes suspects to begin with; they are so no longer. */
static void
cycle_begin(hfi_state_t *state, uint32_t most)
{
    for (uint64_t number = 0; most > 0 && hfi_referents_take_suspect(&state->referents, &number);
         most--)
        (void)cycle_meet(state, number);
    state->cycle.stage = HFI_CYCLE_COUNT;
}

static void
cycle_advance(hfi_state_t *state, uint32_t budget)
{
    hfi_cycle_t *self = &state->cycle;
    if (self->stage == HFI_CYCLE_COUNT) {
        budget = cycle_work_off(state, budget, cycle_count);
        if (self->todo.n > 0)
            return;
        self->stage = HFI_CYCLE_SPARE;
        cycle_spare_living(state);
    }
    (void)cycle_work_off(state, budget, cycle_spare);
    if (self->todo.n == 0)
        cycle_end(state);
}

void
hfi_cycle_watch(hfi_state_t *state)
{
    hfi_cycle_t *self = &state->cycle;
    if (self->alarm.deadline.place == 0 && state->referents.n_suspects != 0)
        hfi_state_arm(state, &self->alarm, state->now_ns + CYCLE_DELAY_NS);
}

void
hfi_cycle_step(hfi_state_t *state)
{
    hfi_cycle_t *self = &state->cycle;
    if (self->stage == HFI_CYCLE_IDLE)
        cycle_begin(state, CYCLE_STEP);
    cycle_advance(state, CYCLE_STEP);
    if (self->stage != HFI_CYCLE_IDLE || state->referents.n_suspects != 0)
        hfi_state_arm(state, &self->alarm, state->now_ns + CYCLE_PAUSE_NS);
}

uint32_t
hfi_cycle_collect(hfi_state_t *state)
{
    hfi_cycle_t *self = &state->cycle;
    uint32_t before = self->garbage.n;
    cycle_forget(state);
    for (hfi_referent_t *next = hfi_referents_next(&state->referents, 0); next != NULL;
         next = hfi_referents_next(&state->referents, next->number))
        (void)cycle_meet(state, next->number);
    self->stage = HFI_CYCLE_COUNT;
    cycle_advance(state, UINT32_MAX);
    HF_ASSERT(self->stage == HFI_CYCLE_IDLE);
    return self->garbage.n - before;
}

/* All of them hear the same: the first one's end lets go of the others, which then look unreferenced. */
static void
cycle_tell(hfi_state_t *state, uint64_t number)
{
    hfi_referent_t *referent = hfi_state_find(state, number);
    if (referent != NULL && !referent->is_listed)
        hfi_watch_tell(state, referent, "destroyed");
}

void
hfi_cycle_free(hfi_state_t *state)
{
    hfi_cycle_t *self = &state->cycle;
    for (uint32_t k = 0; k < self->garbage.n; k++)
        cycle_tell(state, self->garbage.at[k]);
    for (uint32_t k = 0; k < self->garbage.n; k++)
        hfi_reap_garbage(state, self->garbage.at[k]);
    cycle_empty(&self->garbage);
    hfi_reap_dead(state);
}
