/* SPDX-License-Identifier: MPL-2.0 */
/* account -- see account.h */
#include "account.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <base/check.h>

void
hfi_machine_limits_default(hfi_machine_limits_t *self)
{
#define HFI_LIMIT(name_, default_, text_) self->name_ = (default_);
#include "limit.def"
#undef HFI_LIMIT
}

bool
hfi_machine_limits_set(hfi_machine_limits_t *self, hfi_span_t name, uint64_t value)
{
    static const struct {
        const char *name;
        size_t offset;
    } known[] = {
#define HFI_LIMIT(name_, default_, text_) {#name_, offsetof(hfi_machine_limits_t, name_)},
#include "limit.def"
#undef HFI_LIMIT
    };
    for (size_t k = 0; value != 0 && k < sizeof known / sizeof known[0]; k++) {
        if (hfi_span_equal(name, hfi_span_of(known[k].name))) {
            memcpy((char *)self + known[k].offset, &value, sizeof value);
            return true;
        }
    }
    return false;
}

bool
hfi_account_take(hfi_account_t *self, uint64_t bytes)
{
    if (self->used > self->limit || bytes > self->limit - self->used)
        return false;
    self->used += bytes;
    return true;
}

void
hfi_account_force(hfi_account_t *self, uint64_t bytes)
{
    HF_ASSERT(bytes <= UINT64_MAX - self->used);
    self->used += bytes;
}

void
hfi_account_give(hfi_account_t *self, uint64_t bytes)
{
    HF_ASSERT(bytes <= self->used);
    self->used -= bytes;
}

void *
hfi_need(size_t bytes)
{
    void *block = calloc(1, bytes == 0 ? 1 : bytes);
    if (block == NULL)
        HF_BUG("no memory");
    return block;
}

void *
hfi_need_more(void *block, size_t bytes)
{
    void *grown = realloc(block, bytes == 0 ? 1 : bytes);
    if (grown == NULL)
        HF_BUG("no memory");
    return grown;
}
