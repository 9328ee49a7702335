/* SPDX-License-Identifier: MPL-2.0 */
/* parking -- a call that parks, wakes others, or asks the world: what the host lends to plugins for that. */
#ifndef HFI_PARKING_H
#define HFI_PARKING_H

#include "call.h"

/* The record of a call that parks; false: a limit, raised. */
bool hfi_call_require_record(hfi_call_t *self);
hf_err_t hfi_call_park(hfi_call_t *self, hf_waiters_t *waiters, double seconds);
uint32_t hfi_call_wake(hfi_call_t *self, hf_waiters_t *waiters, uint32_t n);
hfi_call_t *hfi_call_take_parked(hfi_call_t *self, hf_waiters_t *waiters);
/* The call waits as a record in that state, in no list of a referent's: HF_PARKED, or HF_RAISED. */
hf_err_t hfi_call_suspend(hfi_call_t *self, hfi_parked_state_t as);
/* Asks the world; the call runs again when the answer is there: self->record->is_job_done. */
hf_err_t hfi_call_ask(hfi_call_t *self, const char *kind, const hf_value_t *value);

#endif
