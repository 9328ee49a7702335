/* bind -- a call's arguments to a method's parameters, or Python's TypeError. */
#ifndef HFI_BIND_H
#define HFI_BIND_H

#include <base/span.h>
#include <value/failure.h>

#include "signature.h"

/* The bound arguments: views into the call's own, but for *args and **kwargs, which are built in
 * `scratch` (kept across calls, so that binding allocates nothing once it has grown). */
typedef struct hfi_bound {
    uint32_t n;
    hf_value_t arg[HFI_MAX_PARAMETERS];
} hfi_bound_t;

/* `function` is the name for the error's text ("append"). args: a list; kwargs: a map, nil or HF_NONE.
 * False: nothing is bound, *ret_failure says TypeError or OverflowError in Python's words. */
bool hfi_bind(const hfi_signature_t *signature, const char *function, const hf_value_t *args,
              const hf_value_t *kwargs, hfi_bytes_t *scratch, hfi_bound_t *ret_bound,
              hfi_failure_t *ret_failure);

#endif
