/* SPDX-License-Identifier: MPL-2.0 */
/* hook -- functions of types that are no calls: create, getvalue, repr, and a call lent for any other. */
#ifndef HFI_HOOK_H
#define HFI_HOOK_H

#include "call.h"

/* Lends a call for a hook of a referent's type. `name` is a literal. */
hfi_call_t *hfi_hook_borrow(hfi_state_t *state, hfi_referent_t *referent, const char *name,
                            hfi_sink_t sink);

/* The referent's value, for as long as the outer call runs: HF_NONE where its type has none. False: *outer has
 * raised. */
bool hfi_hook_value_of(hfi_call_t *outer, hfi_referent_t *referent, hf_value_t *ret_value);

/* The same where the outer call's caller may call getvalue of it; otherwise raised as that call would be. */
bool hfi_hook_value_for(hfi_call_t *outer, hfi_referent_t *referent, hf_value_t *ret_value);

/* The referent's repr, a str, for as long as the outer call runs. False: *outer has raised. */
bool hfi_hook_repr_of(hfi_call_t *outer, hfi_referent_t *referent, hf_value_t *ret_value);

/* Makes a referent, held by nobody yet; NULL: *outer has raised. args a list, kwargs a map or HF_NONE. */
hfi_referent_t *hfi_hook_birth(hfi_call_t *outer, hfi_type_t *type, const hf_value_t *args,
                               const hf_value_t *kwargs);

/* The same for a client: with the defaults that the deployment has for the type. */
hfi_referent_t *hfi_hook_create(hfi_call_t *outer, hfi_type_t *type, const hf_value_t *args,
                                const hf_value_t *kwargs);

/* The value that was answered goes to the constructor of self->returns, and the answer is a proxy; or it raises. */
void hfi_hook_return_proxy(hfi_call_t *self);

#endif
