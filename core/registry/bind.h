/* SPDX-License-Identifier: MPL-2.0 */
/* bind -- a call's arguments to a method's parameters, or Python's TypeError. */
#ifndef HFI_BIND_H
#define HFI_BIND_H

#include <base/span.h>
#include <value/failure.h>

#include "signature.h"

/* What binding needs beside the call; one serves all calls. Zeroed, it is ready, and then believes the
 * typeid that a handle names. */
typedef struct hfi_binder {
    hfi_bytes_t scratch; /* of *args and **kwargs; kept across calls, so that binding allocates
                          * nothing once it has grown; hfi_bytes_close it at the end */
    /* The typeid of an object, for handle[Typeid]: what a client wrote there is not believed. Gives
     * NULL where there is none. */
    const char *(*typeid_of)(void *context, uint64_t object, size_t *ret_len);
    void *context;
    hfi_failure_t failure; /* of the last hfi_bind that gave false: TypeError, OverflowError */
} hfi_binder_t;

/* The bound arguments, in the signature's order: views into the call's own, into the signature's defaults
 * (as long as the signature lives) and, for *args and **kwargs, into the binder's scratch (until its next
 * use). A parameter left out whose default is `...` is HF_NONE. */
typedef struct hfi_bound {
    uint32_t n;
    hf_value_t arg[HFI_MAX_PARAMETERS];
} hfi_bound_t;

/* `function` is the name for the error's text ("append"). args: a list; kwargs: a map, nil, HF_NONE or NULL.
 * False: nothing is bound, self->failure says TypeError or OverflowError in Python's words. */
bool hfi_bind(hfi_binder_t *self, const hfi_signature_t *signature, const char *function,
              const hf_value_t *args, const hf_value_t *kwargs, hfi_bound_t *ret_bound);

#endif
