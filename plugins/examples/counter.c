/* SPDX-License-Identifier: MPL-2.0 */
/* counter -- an integer that many processes count on. */
#include <holdfast/plugin.h>

struct counter {
    int64_t count;
};

static hf_err_t
counter_create(hf_call_t *call, void *self)
{
    struct counter *c = self;
    c->count = hf_arg_int(call, 0);
    return HF_OK;
}

static hf_err_t
counter_add(hf_call_t *call, void *self)
{
    struct counter *c = self;
    int64_t sum;
    if (__builtin_add_overflow(c->count, hf_arg_int(call, 0), &sum))
        return HF_RAISE(call, "OverflowError", "the count leaves 64 bits");
    c->count = sum;
    return hf_return_int(call, sum);
}

static const hf_method_t counter_methods[] = {
    HF_METHOD("add", "by: int = 1 -> int", counter_add, HF_WRITES,
              "Add `by` and return the new count."),
};

static const hf_type_t counter_type = {
    HF_TYPE("Counter", struct counter, counter_methods, "An integer that many processes count on."),
    .signature = "start: int = 0",
    .create = counter_create,
};

HF_PLUGIN("counter", "1.0.0", &counter_type);
