/* SPDX-License-Identifier: MPL-2.0 */
/* universal -- see universal.h */
#include "universal.h"

#include <base/check.h>
#include <value/repr.h>

#include "offload.h"

static hf_err_t
universal_getvalue(hf_call_t *call, void *state)
{
    hfi_call_t *self = hfi_call_of(call);
    if (self->type->row->getvalue == NULL)
        return hfi_answer_raise(self, "Unserializable", NULL, "%s has no value form",
                                self->type->row->name);
    return self->type->row->getvalue(call, state);
}

/* <Type #12>: what has no value form. */
static hf_err_t
universal_plain(hfi_call_t *self)
{
    char text[HFI_FAILURE_TEXT];
    int len = snprintf(text, sizeof text, "<%s #%llu>", self->type->row->name,
                       (unsigned long long)self->referent->number);
    return self->head.host->return_str(&self->head, text, (size_t)len);
}

static hf_err_t
universal_repr(hf_call_t *call, void *state)
{
    hfi_call_t *self = hfi_call_of(call);
    if (self->type->row->repr != NULL)
        return self->type->row->repr(call, state);
    hf_value_t value;
    if (!hfi_hook_value_of(self, self->referent, &value))
        return HF_RAISED;
    if (hf_kind(&value) == HF_NONE)
        return universal_plain(self);
    hf_value_t text;
    if (call->host->repr(call, &value, &text) != HF_OK)
        return HF_RAISED;
    return call->host->return_value(call, &text);
}

hf_method_f *const hfi_universals[] = {
    [HFI_OWN] = NULL,
    [HFI_STR] = universal_repr,
    [HFI_REPR] = universal_repr,
    [HFI_GETVALUE] = universal_getvalue,
    [HFI_OFFLOADED] = hfi_offload_run,
};
