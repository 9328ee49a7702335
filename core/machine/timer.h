/* SPDX-License-Identifier: MPL-2.0 */
/* timer -- the times at which a referent's `timer` hook wants to be called. */
#ifndef HFI_TIMER_H
#define HFI_TIMER_H

#include "state.h"

typedef struct hfi_timer {
    hfi_alarm_t alarm;
    hfi_referent_t *referent; /* which ends its timers first */
    struct hfi_timer *next;
    uint32_t number;
} hfi_timer_t;

/* Arms or moves the referent's timer of that number; INT64_MAX stops it. False: a limit. */
bool hfi_timer_set(hfi_state_t *state, hfi_referent_t *referent, uint32_t number, int64_t due_ns);

/* Stops all of them. */
void hfi_timer_clear(hfi_state_t *state, hfi_referent_t *referent);

#endif
