/* SPDX-License-Identifier: MPL-2.0 */
/* extension -- see extension.h */
#include "extension.h"

#include <string.h>

/* ---- holdfast.memory -------------------------------------------------------------------- */

static uint64_t
extension_left(hf_call_t *call)
{
    const hfi_account_t *account = &hfi_call_of(call)->state->account;
    return account->used < account->limit ? account->limit - account->used : 0;
}

static uint64_t
extension_own(hf_call_t *call)
{
    const hfi_referent_t *referent = hfi_call_of(call)->referent;
    return referent == NULL ? 0 : hfi_referent_size(referent->type) + referent->memory_bytes;
}

static const hf_memory_t extension_memory = {
    .size = sizeof(hf_memory_t), .left = extension_left, .own = extension_own};

/* ---- by name ---------------------------------------------------------------------------- */

const void *
hfi_extension_find(hf_call_t *call, const char *name)
{
    (void)call;
    return name != NULL && strcmp(name, HF_EXTENSION_MEMORY) == 0 ? &extension_memory : NULL;
}
