/* SPDX-License-Identifier: MPL-2.0 */
/* work -- see work.h
 *
 * The host that `work` is lent is another table than the machine's: reading, comparing and building values, memory
 * for as long as it runs, one answer. Every other function of it says which rule was broken. So nothing here looks at
 * the machine, and the machine's own functions need not ask which thread they are on.
 */
#include "work.h"

#include <stdlib.h>

#include <base/check.h>
#include <value/admit.h>
#include <value/compare.h>
#include <value/failure.h>
#include <value/picture.h>
#include <value/repr.h>
#include <value/value.h>
#include <value/writer.h>

#include "account.h"
#include "allowance.h"
#include "probed.h"
#include "refuse.h"

enum { WORK_CLIENT = 64 };

typedef enum work_stage {
    WORK_OPEN = 0,
    WORK_WRITING,
    WORK_ANSWERED,
    WORK_RAISED,
} work_stage_t;

/* A writer lent by hf_writer, in a block of its own. */
typedef struct work_buffer {
    hfi_allowance_writer_t writer; /* first: what is lent is its `w` */
    struct work_buffer *next;
} work_buffer_t;

struct hfi_work {
    hf_call_t head;
    uint32_t is_cancelled; /* atomic */
    hf_work_f *function;
    const void *self;
    const char *typeid_;
    const char *method;
    char client[WORK_CLIENT];
    bool is_sensitive;
    const hfi_signature_t *signature;
    uint64_t object;
    hfi_allowance_t allowance;
    hfi_siphash_key_t key;
    hf_value_t args;
    hf_value_t kwargs;
    work_stage_t stage;
    bool is_faulty; /* failure.text says how */
    hfi_failure_t failure;
    work_buffer_t *buffers;
    hfi_allowance_writer_t answer;
    hf_value_t arg[HFI_MAX_PARAMETERS];
};

static hfi_work_t *
work_of(hf_call_t *call)
{
    return (hfi_work_t *)(void *)call;
}

static const hf_host_t work_host;

/* ---- made and unmade by the machine ----------------------------------------------------- */

static bool
work_is_kept(const hfi_work_t *self, uint32_t k)
{
    hfi_parameter_kind_t kind = self->signature->parameters[k].kind;
    return kind == HFI_REST || kind == HFI_NAMED; /* bind made it; the others are views of args */
}

hfi_work_t *
hfi_work_new(const hfi_work_terms_t *terms)
{
    hfi_work_t *self = hfi_need(sizeof *self);
    self->head = (hf_call_t){.host = &work_host, .arg = self->arg, .n_arg = terms->bound->n};
    self->head.row = terms->row;
    self->function = terms->function;
    self->self = terms->self;
    self->typeid_ = terms->typeid_;
    self->method = terms->method;
    self->is_sensitive = terms->is_sensitive;
    (void)snprintf(self->client, sizeof self->client, "%s",
                   terms->client == NULL ? "" : terms->client);
    self->signature = terms->signature;
    self->object = terms->object;
    self->allowance.max_bytes = terms->max_bytes;
    self->key = *terms->key;
    if (!hfi_value_keep(terms->args, &self->args) || !hfi_value_keep(terms->kwargs, &self->kwargs))
        HF_BUG("no memory");
    for (uint32_t k = 0; k < terms->bound->n; k++) {
        self->arg[k] = terms->bound->arg[k];
        if (work_is_kept(self, k) && !hfi_value_keep(&terms->bound->arg[k], &self->arg[k]))
            HF_BUG("no memory");
    }
    return self;
}

void
hfi_work_destroy(hfi_work_t **self_p)
{
    hfi_work_t *self = *self_p;
    *self_p = NULL;
    if (self == NULL)
        return;
    for (uint32_t k = 0; k < self->head.n_arg; k++) {
        if (work_is_kept(self, k))
            hfi_value_drop(&self->arg[k]);
    }
    hfi_value_drop(&self->args);
    hfi_value_drop(&self->kwargs);
    free(self);
}

uint64_t
hfi_work_memory(const hfi_work_t *self)
{
    uint64_t bytes = sizeof *self + hfi_value_memory(&self->args) + hfi_value_memory(&self->kwargs);
    for (uint32_t k = 0; k < self->head.n_arg; k++)
        bytes += work_is_kept(self, k) ? hfi_value_memory(&self->arg[k]) : 0;
    return bytes;
}

void
hfi_work_cancel(hfi_work_t *self)
{
    __atomic_store_n(&self->is_cancelled, 1, __ATOMIC_RELAXED);
}

const char *
hfi_work_typeid(const hfi_work_t *self)
{
    return self->typeid_;
}

const char *
hfi_work_method(const hfi_work_t *self)
{
    return self->method;
}

uint64_t
hfi_work_object(const hfi_work_t *self)
{
    return self->object;
}

const char *
hfi_work_client(const hfi_work_t *self)
{
    return self->client;
}

bool
hfi_work_show(const hfi_work_t *self, hfi_bytes_t *to)
{
    return hfi_probed_show(&self->args, &self->kwargs, self->is_sensitive, to);
}

/* ---- failing ---------------------------------------------------------------------------- */

static hf_err_t work_fault(hfi_work_t *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* It broke a rule: the first one counts, and it is not heard any more. */
static hf_err_t
work_fault(hfi_work_t *self, const char *format, ...)
{
    char text[HFI_FAILURE_TEXT];
    va_list args;
    if (self->is_faulty)
        return HF_RAISED;
    va_start(args, format);
    hfi_format_sentence(text, sizeof text, format, args);
    va_end(args);
    (void)hfi_fail(&self->failure, "RemoteError", "%s", text);
    self->is_faulty = true;
    return HF_RAISED;
}

static hf_err_t work_raise(hfi_work_t *self, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static hf_err_t
work_raise(hfi_work_t *self, const char *kind, const char *format, ...)
{
    char text[HFI_FAILURE_TEXT];
    va_list args;
    if (self->is_faulty)
        return HF_RAISED;
    va_start(args, format);
    hfi_format_sentence(text, sizeof text, format, args);
    va_end(args);
    (void)hfi_fail(&self->failure, kind, "%s", text);
    self->answer.w.len = 0;
    self->answer.w.tag = 0;
    self->stage = WORK_RAISED;
    return HF_RAISED;
}

hf_err_t
hfi_work_refuse(hf_call_t *call, const char *what)
{
    return work_fault(work_of(call), "it called %s in `work`, where only values may be had", what);
}

/* ---- memory, while it runs -------------------------------------------------------------- */

static hf_err_t
work_is_full(hfi_work_t *self)
{
    return work_raise(self, "LimitExceeded", "it needs more than %llu bytes (offload_memory)",
                      (unsigned long long)self->allowance.max_bytes);
}

static void *
work_alloc(hf_call_t *call, size_t n)
{
    hfi_work_t *self = work_of(call);
    void *at = hfi_allowance_alloc(&self->allowance, n);
    if (at == NULL)
        (void)work_is_full(self);
    return at;
}

static bool
work_has_block(hfi_work_t *self, const void *at, size_t *ret_n)
{
    if (hfi_allowance_size(at, ret_n))
        return true;
    (void)work_fault(self, "it freed a block in `work` that it had not allocated there");
    return false;
}

static void
work_free(hf_call_t *call, void *at)
{
    size_t n;
    hfi_work_t *self = work_of(call);
    if (at != NULL && work_has_block(self, at, &n))
        hfi_allowance_free(&self->allowance, at);
}

static void *
work_realloc(hf_call_t *call, void *at, size_t n)
{
    size_t had;
    if (at == NULL)
        return work_alloc(call, n);
    if (!work_has_block(work_of(call), at, &had))
        return NULL;
    void *to = work_alloc(call, n);
    if (to == NULL)
        return NULL;
    memcpy(to, at, had < n ? had : n);
    work_free(call, at);
    return to;
}

/* A copy of the item that lasts until `work` returns; false: raised. */
static bool
work_copy(hfi_work_t *self, const hf_value_t *value, hf_value_t *ret_value)
{
    hfi_span_t item = hfi_value_span(value);
    void *to = item.len <= HF_TAG_LEN ? NULL : work_alloc(&self->head, item.len);
    if (item.len > HF_TAG_LEN && to == NULL)
        return false;
    if (to != NULL)
        item.at = memcpy(to, item.at, item.len);
    *ret_value = hfi_value_view(item, value->raw[15] & (HF_TAG_HANDLES | HF_TAG_PROMISES));
    return true;
}

/* Whether what was written is one value; a view of it, in the writer or in scratch. */
static hf_err_t
work_admit(hfi_work_t *self, const hf_writer_t *w, hfi_bytes_t *scratch, hf_value_t *ret_value)
{
    const char *why = NULL;
    if (hfi_admit_value((hfi_span_t){w->at, w->len}, HFI_DEPTH_MAX, scratch, ret_value, &why) ==
        HFI_ADMIT_OK)
        return HF_OK;
    return work_fault(self, "what it wrote is no value: %s", why == NULL ? "?" : why);
}

/* ---- answering -------------------------------------------------------------------------- */

static hf_writer_t *
work_begin(hf_call_t *call)
{
    hfi_work_t *self = work_of(call);
    if (self->is_faulty)
        return NULL;
    if (self->stage == WORK_WRITING || self->stage == WORK_ANSWERED) {
        (void)work_fault(self, "it answered a second time");
        return NULL;
    }
    self->answer.w.len = 0;
    self->answer.w.tag = 0;
    self->answer.w.failed = false;
    self->stage = WORK_WRITING;
    return &self->answer.w;
}

/* Whether an answer was written, and how it failed if it was not. */
static hf_err_t
work_end(hf_call_t *call)
{
    hfi_work_t *self = work_of(call);
    if (self->is_faulty)
        return HF_RAISED;
    if (self->stage != WORK_WRITING)
        return work_fault(self, "it ended an answer that it had not begun");
    if (self->answer.is_too_long)
        return work_is_full(self);
    if (self->answer.w.failed)
        return work_fault(self, "its answer could not be written");
    if (self->answer.w.len == 0)
        return work_fault(self, "it answered with no value");
    self->stage = WORK_ANSWERED;
    return HF_OK;
}

/* The same of one that it wrote itself: it must be a value, in shortest form. */
static hf_err_t
work_end_written(hf_call_t *call)
{
    hf_value_t value;
    hfi_bytes_t scratch = {0};
    hfi_work_t *self = work_of(call);
    hf_err_t err = work_end(call);
    if (err == HF_OK)
        err = work_admit(self, &self->answer.w, &scratch, &value);
    if (err == HF_OK && scratch.len != 0) {
        self->answer.w.len = 0;
        hfi_write_raw(&self->answer.w, scratch.at, scratch.len);
        err = self->answer.is_too_long ? work_is_full(self) : HF_OK;
    }
    hfi_bytes_close(&scratch);
    return err;
}

static hf_err_t
work_return_value(hf_call_t *call, const hf_value_t *value)
{
    hf_writer_t *w = work_begin(call);
    if (w == NULL)
        return HF_RAISED;
    if (hf_kind(value) != HF_NONE) /* none: it is told that it answered with no value */
        hf_write_value(w, value);
    return work_end(call);
}

static hf_err_t
work_return_nil(hf_call_t *call)
{
    hf_value_t item = hf_nil();
    return work_return_value(call, &item);
}

static hf_err_t
work_return_bool(hf_call_t *call, bool value)
{
    hf_value_t item = hf_bool(value);
    return work_return_value(call, &item);
}

static hf_err_t
work_return_int(hf_call_t *call, int64_t value)
{
    hf_value_t item = hf_int(value);
    return work_return_value(call, &item);
}

static hf_err_t
work_return_uint(hf_call_t *call, uint64_t value)
{
    hf_value_t item = hf_uint(value);
    return work_return_value(call, &item);
}

static hf_err_t
work_return_float(hf_call_t *call, double value)
{
    hf_value_t item = hf_float(value);
    return work_return_value(call, &item);
}

static hf_err_t
work_return_str(hf_call_t *call, const char *text, size_t len)
{
    if (!hfi_is_utf8(text, len))
        return work_fault(work_of(call), "it answered with a str that is no UTF-8");
    hf_writer_t *w = work_begin(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_str(w, text, len);
    return work_end(call);
}

static hf_err_t
work_return_bytes(hf_call_t *call, const void *at, size_t len)
{
    hf_writer_t *w = work_begin(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_bytes(w, at, len);
    return work_end(call);
}

static hf_err_t work_host_raise(hf_call_t *call, const char *kind, const hf_value_t *data,
                                const char *format, ...) HF_FORMAT(4, 5);

static hf_err_t
work_host_raise(hf_call_t *call, const char *kind, const hf_value_t *data, const char *format, ...)
{
    hfi_work_t *self = work_of(call);
    char text[HFI_FAILURE_TEXT];
    va_list args;
    hf_value_t copy = {.raw = {0}};
    if (!hfi_is_kind(kind))
        return work_fault(self, "it raised an error of no kind");
    va_start(args, format);
    hfi_format_sentence(text, sizeof text, format, args);
    va_end(args);
    if (data != NULL && hf_kind(data) != HF_NONE && !work_copy(self, data, &copy))
        return HF_RAISED;
    (void)work_raise(self, kind, "%s", text);
    self->failure.data = copy;
    return HF_RAISED;
}

static const hf_value_t *
work_no_arg(hf_call_t *call, uint32_t k)
{
    static const hf_value_t none = {.raw = {0}};
    (void)work_fault(work_of(call), "it asked for argument %u of %u", k, call->n_arg);
    return &none;
}

/* ---- values ----------------------------------------------------------------------------- */

static bool
work_equal(hf_call_t *call, const hf_value_t *a, const hf_value_t *b)
{
    (void)call;
    return hfi_equal(a, b);
}

static bool
work_hash(hf_call_t *call, const hf_value_t *value, uint64_t *ret_hash)
{
    return hfi_hash(&work_of(call)->key, value, ret_hash);
}

static bool
work_compare(hf_call_t *call, const hf_value_t *a, const hf_value_t *b, int *ret_order)
{
    (void)call;
    return hfi_compare(a, b, ret_order);
}

static hf_writer_t *
work_writer(hf_call_t *call)
{
    hfi_work_t *self = work_of(call);
    work_buffer_t *buffer = work_alloc(call, sizeof *buffer);
    if (buffer == NULL)
        return NULL;
    hfi_allowance_writer_open(&buffer->writer, &self->allowance);
    buffer->next = self->buffers;
    self->buffers = buffer;
    return &buffer->writer.w;
}

/* What was written, looked through, as a value that lasts until `work` returns; closes the writer. */
static hf_err_t
work_take(hfi_work_t *self, hfi_allowance_writer_t *writer, hf_value_t *ret_value)
{
    hf_value_t value = {.raw = {0}};
    hfi_bytes_t scratch = {0};
    hf_err_t err = HF_OK;
    if (writer->is_too_long)
        err = work_is_full(self);
    else if (writer->w.failed)
        err = work_fault(self, "it wrote what cannot be written");
    else
        err = work_admit(self, &writer->w, &scratch, &value);
    if (err == HF_OK && !work_copy(self, &value, ret_value))
        err = HF_RAISED;
    hfi_bytes_close(&scratch);
    hfi_allowance_writer_close(writer);
    return err;
}

static hf_err_t
work_written(hf_call_t *call, hf_writer_t *writer, hf_value_t *ret_value)
{
    hfi_work_t *self = work_of(call);
    work_buffer_t **at = &self->buffers;
    while (*at != NULL && &(*at)->writer.w != writer)
        at = &(*at)->next;
    work_buffer_t *buffer = *at;
    if (buffer == NULL)
        return work_fault(self, "it finished a writer that it had not begun");
    *at = buffer->next;
    hf_err_t err = work_take(self, &buffer->writer, ret_value);
    work_free(call, buffer);
    return err;
}

static hf_err_t
work_build(hf_call_t *call, hf_value_t *ret_value, const char *picture, ...)
{
    va_list args;
    hfi_failure_t failure;
    hfi_work_t *self = work_of(call);
    hfi_allowance_writer_t writer;
    hfi_allowance_writer_open(&writer, &self->allowance);
    va_start(args, picture);
    bool is_written = hfi_picture_write_value(picture, &args, NULL, &writer.w, &failure);
    va_end(args);
    if (is_written)
        return work_take(self, &writer, ret_value);
    hfi_allowance_writer_close(&writer);
    return work_raise(self, failure.kind, "%s", failure.text);
}

static hf_err_t
work_repr(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_str)
{
    hfi_bytes_t text = {0};
    hfi_work_t *self = work_of(call);
    hfi_allowance_writer_t writer;
    hfi_allowance_writer_open(&writer, &self->allowance);
    if (hfi_repr(value, &text))
        hf_write_str(&writer.w, (const char *)text.at, text.len);
    else
        writer.is_too_long = true;
    hfi_bytes_close(&text);
    return work_take(self, &writer, ret_str);
}

static bool
work_is_cancelled(hf_call_t *call)
{
    return __atomic_load_n(&work_of(call)->is_cancelled, __ATOMIC_RELAXED) != 0;
}

static const hf_host_t work_host = {
    .size = sizeof(hf_host_t),
    .get_extension = hfi_refuse_extension,
    .return_nil = work_return_nil,
    .return_bool = work_return_bool,
    .return_int = work_return_int,
    .return_uint = work_return_uint,
    .return_float = work_return_float,
    .return_str = work_return_str,
    .return_bytes = work_return_bytes,
    .return_value = work_return_value,
    .return_writer = work_begin,
    .return_written = work_end_written,
    .return_new = hfi_refuse_new,
    .raise = work_host_raise,
    .no_arg = work_no_arg,
    .park = hfi_refuse_park,
    .wake = hfi_refuse_wake,
    .take_parked = hfi_refuse_take_parked,
    .keep = hfi_refuse_keep,
    .drop = hfi_refuse_drop,
    .hold = hfi_refuse_hold,
    .unhold = hfi_refuse_unhold,
    .equal = work_equal,
    .hash = work_hash,
    .compare = work_compare,
    .repr = work_repr,
    .build = work_build,
    .writer = work_writer,
    .written = work_written,
    .value_of = hfi_refuse_value_of,
    .deref = hfi_refuse_deref,
    .self = hfi_refuse_self,
    .run = hfi_refuse_run,
    .visit = hfi_refuse_visit,
    .alloc = work_alloc,
    .realloc = work_realloc,
    .free = work_free,
    .mind = hfi_refuse_mind,
    .caller = hfi_refuse_caller,
    .own = hfi_refuse_own,
    .disown = hfi_refuse_disown,
    .now = hfi_refuse_now,
    .random = hfi_refuse_random,
    .timer = hfi_refuse_timer,
    .log = hfi_refuse_log,
    .client = hfi_refuse_client,
    .is_cancelled = work_is_cancelled,
};

/* ---- running ---------------------------------------------------------------------------- */

/* What the function returned against what it did. */
static void
work_judge(hfi_work_t *self, hf_err_t err)
{
    if (self->is_faulty)
        return;
    if (self->stage == WORK_WRITING)
        (void)work_fault(self, "it left its answer half written");
    else if (err == HF_PARKED)
        (void)work_fault(self, "it returned HF_PARKED and had not parked");
    else if (err == HF_RAISED && self->stage != WORK_RAISED)
        (void)work_fault(self, "it returned HF_RAISED and had raised nothing");
    else if (err != HF_OK && err != HF_RAISED)
        (void)work_fault(self, "it returned %d, which is nothing", (int)err);
    else if (err == HF_OK && self->stage == WORK_RAISED)
        (void)work_fault(self, "it returned HF_OK and had raised %s", self->failure.kind);
    else if (err == HF_OK && self->stage == WORK_OPEN)
        (void)work_return_nil(&self->head);
}

static void
work_write_text(hf_writer_t *w, const char *text)
{
    hf_write_str(w, text, strlen(text));
}

/* What it raised, or which rule it broke. */
static int32_t
work_write_failure(const hfi_work_t *self, hfi_bytes_t *to)
{
    hfi_bytes_writer_t out;
    bool has_data = hf_kind(&self->failure.data) != HF_NONE;
    hfi_bytes_writer_open(&out, to);
    if (self->is_faulty) {
        work_write_text(&out.w, self->failure.text);
    } else {
        hf_write_list(&out.w, has_data ? 3 : 2);
        work_write_text(&out.w, self->failure.kind);
        work_write_text(&out.w, self->failure.text);
    }
    if (has_data && !self->is_faulty)
        hf_write_value(&out.w, &self->failure.data);
    if (!hfi_bytes_writer_close(&out))
        HF_BUG("no memory");
    return self->is_faulty ? HFI_WORK_FAULT : HFI_WORK_RAISED;
}

int32_t
hfi_work_run(hfi_work_t *self, hfi_bytes_t *ret_value)
{
    hf_err_t err = HF_RAISED;
    hfi_allowance_writer_open(&self->answer, &self->allowance);
    if (work_is_cancelled(&self->head)) /* nobody will read why */
        (void)work_raise(self, "Cancelled", "the call was cancelled");
    else
        err = self->function(&self->head, self->self);
    work_judge(self, err);
    *ret_value = (hfi_bytes_t){0};
    int32_t status = HFI_WORK_DONE;
    if (self->is_faulty || self->stage == WORK_RAISED) {
        status = work_write_failure(self, ret_value);
        hfi_allowance_writer_close(&self->answer);
    } else {
        *ret_value = (hfi_bytes_t){self->answer.w.at, self->answer.w.len, self->answer.w.room};
    }
    for (; self->buffers != NULL; self->buffers = self->buffers->next)
        hfi_allowance_writer_close(&self->buffers->writer); /* the buffer itself is a block */
    hfi_allowance_close(&self->allowance);
    return status;
}
