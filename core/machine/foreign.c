/* SPDX-License-Identifier: MPL-2.0 */
/* foreign -- see foreign.h */
#include "foreign.h"

#include <stdio.h>

#include <base/check.h>

#include "answer.h"
#include "stub.h"

enum { FOREIGN_TEXT = 192 };

/* <list #12 of manager 0123456789abcdef…>: whose it is, and whether that manager is still known. */
static hf_err_t
foreign_repr(hf_call_t *call, void *state)
{
    char text[FOREIGN_TEXT];
    char space[2 * HFI_SECRET_BYTES + 1];
    const hfi_stub_t *self = state;
    for (size_t i = 0; i < HFI_SECRET_BYTES; i++)
        (void)snprintf(space + 2 * i, 3, "%02x", (unsigned)self->space.bytes[i]);
    int len = snprintf(text, sizeof text, "<%.*s #%llu of manager %s%s>", (int)self->typeid_len,
                       self->typeid_, (unsigned long long)self->object, space,
                       self->far == 0 ? ", lost" : "");
    return hf_return_str(call, text, (size_t)len);
}

static void
foreign_destroy(hf_call_t *call, void *state)
{
    hfi_stub_end(hfi_call_of(call)->state, state);
}

static const hf_type_t foreign_type = {
    .size = sizeof(hf_type_t),
    .method_size = sizeof(hf_method_t),
    .name = "foreign",
    .doc = "What stands here for another manager's referent: call that one there.",
    .self_size = sizeof(hfi_stub_t),
    .flags = HF_INTERNAL,
    .repr = foreign_repr,
    .destroy = foreign_destroy,
};

void
hfi_foreign_open(hfi_state_t *state)
{
    char why[256];
    hfi_type_t *type = hfi_plugins_add_own(state->plugins, &foreign_type, why, sizeof why);
    if (type == NULL)
        HF_BUG(why);
    hfi_far_open(state, type);
}
