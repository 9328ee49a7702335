/* SPDX-License-Identifier: MPL-2.0 */
/* value -- multiprocessing's Value: one typed item, with steps that nobody can come between. */
#include "containers.h"
#include "typecode.h"

#include <common/text.h>

typedef struct value {
    const hfi_typecode_t *code;
    uint64_t bits;
} value_t;

static hf_err_t
value_get(hf_call_t *call, void *state)
{
    const value_t *self = state;
    hf_value_t value = hfi_typecode_value(self->code, self->bits);
    return hf_return_value(call, &value);
}

static hf_err_t
value_set(hf_call_t *call, void *state)
{
    value_t *self = state;
    uint64_t bits = 0;
    if (hfi_typecode_pack(call, self->code, hf_arg(call, 0), &bits) != HF_OK)
        return HF_RAISED;
    self->bits = bits;
    return hf_return_nil(call);
}

static hf_err_t
value_add(hf_call_t *call, void *state)
{
    value_t *self = state;
    uint64_t bits = 0;
    if (hfi_typecode_add(call, self->code, self->bits, hf_arg(call, 0), &bits) != HF_OK)
        return HF_RAISED;
    self->bits = bits;
    return value_get(call, state);
}

static hf_err_t
value_cas(hf_call_t *call, void *state)
{
    value_t *self = state;
    uint64_t bits = 0;
    if (hfi_typecode_pack(call, self->code, hf_arg(call, 1), &bits) != HF_OK)
        return HF_RAISED;
    bool is_expected = hfi_typecode_is(call, self->code, self->bits, hf_arg(call, 0));
    if (is_expected)
        self->bits = bits;
    return hf_return_bool(call, is_expected);
}

/* ---- the type -------------------------------------------------------------------------- */

static hf_err_t
value_create(hf_call_t *call, void *state)
{
    value_t *self = state;
    if (hfi_typecode_find(call, hf_arg(call, 0), &self->code) != HF_OK)
        return HF_RAISED;
    return hf_arg_given(call, 1) ? hfi_typecode_pack(call, self->code, hf_arg(call, 1), &self->bits)
                                 : HF_OK;
}

static hf_err_t
value_repr(hf_call_t *call, void *state)
{
    const value_t *self = state;
    const char head[] = {'V', 'a', 'l', 'u', 'e', '(', '\'', self->code->letter, '\'', ',', ' '};
    hf_value_t value = hfi_typecode_value(self->code, self->bits);
    hfi_text_t text = {NULL, 0, 0};
    hf_err_t err = hfi_text_add(call, &text, head, sizeof head);
    if (err == HF_OK)
        err = hfi_text_add_repr(call, &text, &value);
    if (err == HF_OK)
        err = hfi_text_add(call, &text, ")", 1);
    return hfi_text_return(call, &text, err);
}

static hf_err_t
value_save(hf_call_t *call, const void *state, hf_writer_t *out)
{
    const value_t *self = state;
    hf_value_t value = hfi_typecode_value(self->code, self->bits);
    (void)call;
    hf_write_list(out, 2);
    hf_write_str(out, &self->code->letter, 1);
    hf_write_value(out, &value);
    return HF_OK;
}

static hf_err_t
value_load(hf_call_t *call, void *state, const hf_value_t *saved, uint32_t save_version)
{
    value_t *self = state;
    hf_cursor_t cursor;
    hf_value_t letter = {.raw = {0}};
    hf_value_t value = {.raw = {0}};
    (void)save_version;
    hf_open(&cursor, saved);
    if (!hf_next(&cursor, &letter) || !hf_next(&cursor, &value))
        return HF_RAISE(call, "ValueError", "this is not what a Value saves");
    if (hfi_typecode_find(call, &letter, &self->code) != HF_OK)
        return HF_RAISED;
    return hfi_typecode_pack(call, self->code, &value, &self->bits);
}

static const hf_method_t value_methods[] = {
    HF_METHOD("add", "n: number -> number", value_add, HF_WRITES,
              "Add n to the value and give the sum."),
    HF_METHOD("cas", "expected: any, new: any -> bool", value_cas, HF_WRITES,
              "Replace the value if it is the expected one, and tell whether it was."),
    HF_METHOD("get", "-> any", value_get, HF_READS, "Give the value."),
    HF_METHOD("set", "value: any", value_set, HF_WRITES, "Replace the value."),
};

const hf_type_t hfi_value_type = {
    HF_TYPE("Value", value_t, value_methods,
            "multiprocessing's Value: one item of a typecode, which is one of b B h H i I l L q Q "
            "f d c u."),
    .signature = "typecode: str, value: any = ...",
    .save_version = 1,
    .create = value_create,
    .getvalue = value_get,
    .repr = value_repr,
    .save = value_save,
    .load = value_load,
};
