/* SPDX-License-Identifier: MPL-2.0 */
/* pass -- see pass.h */
#include "pass.h"

#include <string.h>

#include <stream/handle.h>
#include <value/failure.h>

#include "scan.h"
#include "stub.h"

hfi_referent_t *
hfi_pass_named(const hfi_state_t *state, const hf_value_t *item)
{
    uint64_t number = 0;
    bool is_handle = hf_kind(item) == HF_HANDLE && hfi_handle_number(item, &number);
    return is_handle ? hfi_state_find(state, number) : NULL;
}

static bool
pass_is_own(const hfi_state_t *state, const hfi_handle_t *far)
{
    return memcmp(far->manager.bytes, state->boot.space.bytes, HFI_SECRET_BYTES) == 0;
}

/* Whether it comes back as this session was handed it: it holds the stub, and that stands for that very referent. */
static bool
pass_is_back(const hfi_state_t *state, const hfi_session_t *session, const hfi_handle_t *far)
{
    hfi_referent_t *referent = far->has_stub ? hfi_state_held(state, session, far->stub) : NULL;
    const hfi_stub_t *stub = referent == NULL ? NULL : hfi_stub_of(state, referent);
    return stub != NULL && stub->object == far->object &&
           memcmp(stub->space.bytes, far->manager.bytes, sizeof stub->space.bytes) == 0;
}

bool
hfi_pass_is_foreign(const hfi_state_t *state, const hfi_session_t *session,
                    const hf_value_t *handle)
{
    hfi_handle_t far;
    return hfi_handle_read(handle, &far) && !pass_is_own(state, &far) &&
           !pass_is_back(state, session, &far);
}

/* The token that a handle of this manager's space carries, where it is for that very object; else NULL. */
static hfi_pin_t *
pass_pin(const hfi_state_t *state, const hf_value_t *handle)
{
    hfi_handle_t far;
    bool is_carrier = hfi_handle_read(handle, &far) && pass_is_own(state, &far);
    hfi_pin_t *pin = is_carrier ? hfi_pins_find(&state->pins, &far.secret) : NULL;
    bool is_for = pin != NULL && !pin->is_list && pin->items[0].referent->number == far.object;
    return is_for ? pin : NULL;
}

/* One that is not foreign. */
static bool
pass_may(const hfi_state_t *state, const hfi_session_t *session, const hf_value_t *handle,
         hfi_failure_t *ret_failure)
{
    hfi_handle_t far;
    bool is_carrier = hfi_handle_read(handle, &far) && pass_is_own(state, &far);
    uint64_t number;
    bool may = is_carrier ? pass_pin(state, handle) != NULL
                          : hfi_handle_number(handle, &number) &&
                                hfi_state_held(state, session, number) != NULL;
    return may || hfi_fail(ret_failure, "NoSuchObject", "no object %llu",
                           (unsigned long long)hf_as_handle(handle));
}

bool
hfi_pass_check(const hfi_state_t *state, const hfi_session_t *session, const hf_value_t *value,
               uint64_t *n_foreign, hfi_failure_t *ret_failure)
{
    hfi_scan_t scan;
    hf_value_t item;
    if (!hf_has_handles(value))
        return true;
    hfi_scan_open(&scan, value);
    while (hfi_scan_next(&scan, &item)) {
        if (hf_kind(&item) != HF_HANDLE)
            continue;
        if (hfi_pass_is_foreign(state, session, &item))
            (*n_foreign)++;
        else if (!pass_may(state, session, &item, ret_failure))
            return false;
    }
    return true;
}

const hfi_referent_t *
hfi_pass_take(hfi_state_t *state, const hf_value_t *handle)
{
    hfi_pin_t *pin = pass_pin(state, handle);
    if (pin == NULL)
        return hfi_pass_named(state, handle);
    const hfi_referent_t *referent = pin->items[0].referent;
    hfi_pins_count_use(&state->pins, pin->number);
    return referent;
}
