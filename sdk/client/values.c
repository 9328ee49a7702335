/* SPDX-License-Identifier: MPL-2.0 */
/* values -- holdfast.h's functions of values: sdk/value's, with this thread's error. */
#define _DEFAULT_SOURCE
#include <pthread.h>
#include <stdarg.h>
#include <sys/random.h>

#include <base/check.h>
#include <base/siphash.h>
#include <holdfast/holdfast.h>
#include <value/admit.h>
#include <value/compare.h>
#include <value/json.h>
#include <value/picture.h>
#include <value/repr.h>
#include <value/value.h>
#include <value/writer.h>

#include "error.h"
#include "proxy.h"

static hf_err_t
values_raise(hfi_failure_t *failure)
{
    (void)hfi_error_take(failure);
    return HF_RAISED;
}

static hf_err_t
values_no_memory(void)
{
    (void)hfi_error_set("LimitExceeded", "there is no memory for the value");
    return HF_RAISED;
}

hf_err_t
hf_build(hf_call_t *call, hf_value_t *ret_value, const char *picture, ...)
{
    (void)call;
    va_list args;
    hfi_failure_t failure = {0};
    hfi_picture_hooks_t hooks;
    hfi_proxy_hooks(&hooks, NULL);
    va_start(args, picture);
    bool is_built = hfi_picture_build(picture, &args, &hooks, ret_value, &failure);
    va_end(args);
    if (!is_built)
        return values_raise(&failure);
    hfi_error_clear();
    return HF_OK;
}

hf_writer_t *
hf_writer(hf_call_t *call)
{
    (void)call;
    hfi_builder_t *self = malloc(sizeof *self);
    if (self == NULL) {
        (void)values_no_memory();
        return NULL;
    }
    hfi_builder_open(self, 0);
    hfi_error_clear();
    return &self->w;
}

/* What a program wrote is looked at as what a peer wrote: a list may lack its items. */
static hf_err_t
values_check(hf_value_t *value)
{
    hf_value_t view;
    hfi_bytes_t scratch = {0};
    const char *fault = NULL;
    hfi_admitted_t admitted =
        hfi_admit_value(hfi_value_span(value), HFI_DEPTH_MAX, &scratch, &view, &fault);
    hfi_bytes_close(&scratch);
    if (admitted == HFI_ADMIT_OK)
        return HF_OK;
    hfi_value_drop(value);
    if (admitted == HFI_ADMIT_NO_MEMORY)
        return values_no_memory();
    (void)hfi_error_set("ValueError", "what was written is no value: %s",
                        fault == NULL ? "" : fault);
    return HF_RAISED;
}

hf_err_t
hf_written(hf_call_t *call, hf_writer_t *writer, hf_value_t *ret_value)
{
    (void)call;
    hfi_builder_t *self = (hfi_builder_t *)writer;
    hf_value_t value;
    bool is_empty = self->w.len == 0 && !self->w.failed;
    bool is_built = ret_value != NULL && hfi_builder_take(self, &value);
    hfi_builder_close(self);
    free(self);
    hfi_error_clear();
    if (ret_value == NULL)
        return HF_OK;
    if (is_empty) {
        (void)hfi_error_set("ValueError", "nothing was written");
        return HF_RAISED;
    }
    if (!is_built)
        return values_no_memory();
    hf_err_t err = values_check(&value);
    if (err == HF_OK)
        *ret_value = value;
    return err;
}

bool
hf_equal(hf_call_t *call, const hf_value_t *a, const hf_value_t *b)
{
    (void)call;
    return hfi_equal(a, b);
}

/* One key a process: what peers send must not be able to collide. */
static hfi_siphash_key_t values_key;
static pthread_once_t values_once = PTHREAD_ONCE_INIT;

static void
values_make_key(void)
{
    HF_ASSERT(getrandom(values_key.bytes, sizeof values_key.bytes, 0) ==
              (ssize_t)sizeof values_key.bytes);
}

bool
hf_hash(hf_call_t *call, const hf_value_t *value, uint64_t *ret_hash)
{
    (void)call;
    (void)pthread_once(&values_once, values_make_key);
    return hfi_hash(&values_key, value, ret_hash);
}

bool
hf_compare(hf_call_t *call, const hf_value_t *a, const hf_value_t *b, int *ret_order)
{
    (void)call;
    return hfi_compare(a, b, ret_order);
}

hf_err_t
hf_repr(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_str)
{
    (void)call;
    hfi_bytes_t text = {0};
    hfi_builder_t builder;
    hfi_builder_open(&builder, 0);
    bool is_built = hfi_repr(value, &text);
    if (is_built)
        hf_write_str(&builder.w, (const char *)text.at, text.len);
    is_built = is_built && hfi_builder_take(&builder, ret_str);
    hfi_builder_close(&builder);
    hfi_bytes_close(&text);
    if (!is_built)
        return values_no_memory();
    hfi_error_clear();
    return HF_OK;
}

int
hf_from_json(const char *text, size_t len, hf_value_t *ret_value)
{
    hfi_failure_t failure = {0};
    hfi_span_t span = {(const uint8_t *)text, len};
    if (!hfi_json_read(span, ret_value, &failure))
        return hfi_error_take(&failure);
    hfi_error_clear();
    return 0;
}

char *
hf_to_json(const hf_value_t *value)
{
    hfi_bytes_t text = {0};
    if (!hfi_json_write(value, &text) || !hfi_bytes_append(&text, "", 1)) {
        hfi_bytes_close(&text);
        (void)hfi_error_set("LimitExceeded", "there is no memory for the text");
        return NULL;
    }
    hfi_error_clear();
    return (char *)text.at; /* bytes are malloc's */
}
