/* SPDX-License-Identifier: MPL-2.0 */
/* refuse -- see refuse.h. Each says its own name, and gives what says "no" where it is called. */
#include "refuse.h"

#include "work.h"

const void *
hfi_refuse_extension(hf_call_t *call, const char *name)
{
    (void)name;
    (void)hfi_work_refuse(call, "hf_extension");
    return NULL;
}

hf_err_t
hfi_refuse_new(hf_call_t *call, const hf_type_t *type, const char *picture, ...)
{
    (void)type;
    (void)picture;
    return hfi_work_refuse(call, "hf_return_new");
}

hf_err_t
hfi_refuse_park(hf_call_t *call, hf_waiters_t *waiters, double seconds)
{
    (void)waiters;
    (void)seconds;
    return hfi_work_refuse(call, "hf_park");
}

uint32_t
hfi_refuse_wake(hf_call_t *call, hf_waiters_t *waiters, uint32_t n)
{
    (void)waiters;
    (void)n;
    (void)hfi_work_refuse(call, "hf_wake");
    return 0;
}

hf_call_t *
hfi_refuse_take_parked(hf_call_t *call, hf_waiters_t *waiters)
{
    (void)waiters;
    (void)hfi_work_refuse(call, "hf_take_parked");
    return NULL;
}

hf_err_t
hfi_refuse_keep(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_kept)
{
    (void)value;
    (void)ret_kept;
    return hfi_work_refuse(call, "hf_keep");
}

void
hfi_refuse_drop(hf_call_t *call, hf_value_t *value)
{
    (void)value;
    (void)hfi_work_refuse(call, "hf_drop");
}

hf_err_t
hfi_refuse_hold(hf_call_t *call, const hf_value_t *value)
{
    (void)value;
    return hfi_work_refuse(call, "hf_hold");
}

void
hfi_refuse_unhold(hf_call_t *call, const hf_value_t *value)
{
    (void)value;
    (void)hfi_work_refuse(call, "hf_unhold");
}

hf_err_t
hfi_refuse_value_of(hf_call_t *call, const hf_value_t *handle, hf_value_t *ret_value)
{
    (void)handle;
    (void)ret_value;
    return hfi_work_refuse(call, "hf_value_of");
}

void *
hfi_refuse_deref(hf_call_t *call, const hf_value_t *handle, const hf_type_t *type)
{
    (void)handle;
    (void)type;
    (void)hfi_work_refuse(call, "hf_deref");
    return NULL;
}

hf_err_t
hfi_refuse_self(hf_call_t *call, hf_value_t *ret_handle)
{
    (void)ret_handle;
    return hfi_work_refuse(call, "hf_self");
}

hf_err_t
hfi_refuse_run(hf_call_t *call, const hf_type_t *type, uint32_t row, void *state,
               const hf_value_t *args)
{
    (void)type;
    (void)row;
    (void)state;
    (void)args;
    return hfi_work_refuse(call, "hf_run");
}

void
hfi_refuse_visit(hf_visit_t *visit, const hf_value_t *value)
{
    (void)visit; /* it has none: traverse never runs here */
    (void)value;
}

void
hfi_refuse_mind(hf_call_t *call, uint64_t cookie)
{
    (void)cookie;
    (void)hfi_work_refuse(call, "hf_mind");
}

hf_caller_t
hfi_refuse_caller(hf_call_t *call)
{
    (void)hfi_work_refuse(call, "hf_caller");
    return (hf_caller_t){0, 0};
}

hf_err_t
hfi_refuse_own(hf_call_t *call, const void *state)
{
    (void)state;
    return hfi_work_refuse(call, "hf_own");
}

void
hfi_refuse_disown(hf_call_t *call, const void *state, uint64_t session)
{
    (void)state;
    (void)session;
    (void)hfi_work_refuse(call, "hf_disown");
}

double
hfi_refuse_now(hf_call_t *call)
{
    (void)hfi_work_refuse(call, "hf_now");
    return 0.0;
}

uint64_t
hfi_refuse_random(hf_call_t *call)
{
    (void)hfi_work_refuse(call, "hf_random");
    return 0;
}

hf_err_t
hfi_refuse_timer(hf_call_t *call, uint32_t number, double seconds)
{
    (void)number;
    (void)seconds;
    return hfi_work_refuse(call, "hf_timer");
}

void
hfi_refuse_log(hf_call_t *call, int32_t level, const char *format, ...)
{
    (void)level;
    (void)format;
    (void)hfi_work_refuse(call, "hf_log");
}

hf_err_t
hfi_refuse_client(hf_call_t *call, uint64_t session, hf_value_t *ret_text)
{
    (void)session;
    (void)ret_text;
    return hfi_work_refuse(call, "hf_client");
}
