/* SPDX-License-Identifier: MPL-2.0 */
/* refuse -- the host's functions that `work` may not call: the members of its table that only say so. */
#ifndef HFI_REFUSE_H
#define HFI_REFUSE_H

#include <holdfast/plugin.h>

const void *hfi_refuse_extension(hf_call_t *call, const char *name);
hf_err_t hfi_refuse_new(hf_call_t *call, const hf_type_t *type, const char *picture, ...);
hf_err_t hfi_refuse_park(hf_call_t *call, hf_waiters_t *waiters, double seconds);
uint32_t hfi_refuse_wake(hf_call_t *call, hf_waiters_t *waiters, uint32_t n);
hf_call_t *hfi_refuse_take_parked(hf_call_t *call, hf_waiters_t *waiters);
hf_err_t hfi_refuse_keep(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_kept);
void hfi_refuse_drop(hf_call_t *call, hf_value_t *value);
hf_err_t hfi_refuse_hold(hf_call_t *call, const hf_value_t *value);
void hfi_refuse_unhold(hf_call_t *call, const hf_value_t *value);
hf_err_t hfi_refuse_value_of(hf_call_t *call, const hf_value_t *handle, hf_value_t *ret_value);
void *hfi_refuse_deref(hf_call_t *call, const hf_value_t *handle, const hf_type_t *type);
hf_err_t hfi_refuse_self(hf_call_t *call, hf_value_t *ret_handle);
hf_err_t hfi_refuse_run(hf_call_t *call, const hf_type_t *type, uint32_t row, void *state,
                        const hf_value_t *args);
void hfi_refuse_visit(hf_visit_t *visit, const hf_value_t *value);
void hfi_refuse_mind(hf_call_t *call, uint64_t cookie);
hf_caller_t hfi_refuse_caller(hf_call_t *call);
hf_err_t hfi_refuse_own(hf_call_t *call, const void *state);
void hfi_refuse_disown(hf_call_t *call, const void *state, uint64_t session);
double hfi_refuse_now(hf_call_t *call);
uint64_t hfi_refuse_random(hf_call_t *call);
hf_err_t hfi_refuse_timer(hf_call_t *call, uint32_t number, double seconds);
void hfi_refuse_log(hf_call_t *call, int32_t level, const char *format, ...) HF_FORMAT(3, 4);
hf_err_t hfi_refuse_client(hf_call_t *call, uint64_t session, hf_value_t *ret_text);

#endif
