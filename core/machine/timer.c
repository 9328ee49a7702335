/* SPDX-License-Identifier: MPL-2.0 */
/* timer -- see timer.h */
#include "timer.h"

#include <stdlib.h>

#include <base/check.h>

enum { TIMER_BYTES = 64 };

typedef struct timer_row {
    uint64_t object;
    hfi_timer_t *first;
} timer_row_t;

static void
timer_free(hfi_state_t *state, hfi_timer_t *timer)
{
    hfi_state_arm(state, &timer->alarm, INT64_MAX);
    hfi_account_give(&state->account, TIMER_BYTES);
    free(timer);
}

static timer_row_t *
timer_require_row(hfi_state_t *state, hfi_referent_t *referent)
{
    timer_row_t *row = hfi_idtable_find(&state->timers, referent->number);
    if (row == NULL)
        row = hfi_idtable_add(&state->timers, referent->number);
    if (row == NULL)
        HF_BUG("no memory");
    referent->has_timers = 1;
    return row;
}

bool
hfi_timer_set(hfi_state_t *state, hfi_referent_t *referent, uint32_t number, int64_t due_ns)
{
    uint64_t n = 0;
    timer_row_t *row = timer_require_row(state, referent);
    hfi_timer_t **at = &row->first;
    for (; *at != NULL && (*at)->number != number; at = &(*at)->next)
        n++;
    hfi_timer_t *timer = *at;
    if (timer == NULL && due_ns == INT64_MAX)
        return true;
    if (timer == NULL) {
        if (n >= state->boot.limits.timers || !hfi_account_take(&state->account, TIMER_BYTES))
            return false;
        timer = hfi_need(sizeof *timer);
        timer->alarm.kind = HFI_ALARM_TIMER;
        timer->referent = referent;
        timer->number = number;
        *at = timer;
    }
    if (due_ns == INT64_MAX) {
        *at = timer->next;
        timer_free(state, timer);
        return true;
    }
    hfi_state_arm(state, &timer->alarm, due_ns);
    return true;
}

void
hfi_timer_clear(hfi_state_t *state, hfi_referent_t *referent)
{
    if (!referent->has_timers)
        return;
    timer_row_t *row = hfi_idtable_find(&state->timers, referent->number);
    while (row->first != NULL) {
        hfi_timer_t *timer = row->first;
        row->first = timer->next;
        timer_free(state, timer);
    }
    hfi_idtable_remove(&state->timers, row);
    referent->has_timers = 0;
}
