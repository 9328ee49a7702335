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

bool
hfi_pass_is_foreign(const hfi_state_t *state, const hf_value_t *handle)
{
    hfi_handle_t far;
    return hfi_handle_read(handle, &far) && !far.has_stub &&
           memcmp(far.manager.bytes, state->boot.space.bytes, HFI_SECRET_BYTES) != 0;
}

/* The token of this manager's that a handle of five elements carries, where it is for that very object; else NULL. */
static hfi_pin_t *
pass_pin(const hfi_state_t *state, const hf_value_t *handle)
{
    hfi_handle_t far;
    bool is_carrier = hfi_handle_read(handle, &far) && !far.has_stub;
    hfi_pin_t *pin = is_carrier ? hfi_pins_find(&state->pins, &far.secret) : NULL;
    bool is_for = pin != NULL && !pin->is_list && pin->items[0].referent->number == far.object;
    return is_for ? pin : NULL;
}

/* Whether the handle's six elements, if it has so many, name the stub of that very referent. */
static bool
pass_is_stubs(const hfi_state_t *state, const hf_value_t *handle, hfi_referent_t *referent)
{
    hfi_handle_t far;
    if (!hfi_handle_read(handle, &far))
        return true;
    const hfi_stub_t *stub = hfi_stub_of(state, referent);
    return stub != NULL && stub->object == far.object &&
           memcmp(stub->space.bytes, far.manager.bytes, sizeof stub->space.bytes) == 0;
}

static bool
pass_may(const hfi_state_t *state, const hfi_session_t *session, const hf_value_t *handle,
         hfi_failure_t *ret_failure)
{
    uint64_t object;
    if (pass_pin(state, handle) != NULL)
        return true;
    bool is_known = hfi_handle_number(handle, &object);
    hfi_referent_t *referent = is_known ? hfi_state_held(state, session, object) : NULL;
    if (referent != NULL && pass_is_stubs(state, handle, referent))
        return true;
    return hfi_fail(ret_failure, "NoSuchObject", "no object %llu",
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
        if (hfi_pass_is_foreign(state, &item))
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
