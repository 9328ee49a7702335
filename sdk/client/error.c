/* SPDX-License-Identifier: MPL-2.0 */
/* error -- see error.h */
#define _POSIX_C_SOURCE 200809L
#include "error.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <base/check.h>
#include <holdfast/holdfast.h>
#include <value/value.h>

enum { ERROR_SCRATCH_KEEP = 65536 }; /* more is given back once a call needs less */

typedef struct error_thread {
    bool has_number;
    uint64_t number;
    hf_value_t data;
    hfi_bytes_t scratch;
    char kind[HFI_ERROR_KIND];
    char text[HFI_ERROR_TEXT];
} error_thread_t;

/* A pointer only, so that every call finds it without asking the loader. */
static _Thread_local error_thread_t *error_mine __attribute__((tls_model("initial-exec")));
static pthread_once_t error_once = PTHREAD_ONCE_INIT;
static pthread_key_t error_key;
static bool error_has_key;
static atomic_uint_fast64_t error_threads;

/* Shared by the threads for which there was no memory: what they say of an error may be another one's. */
static error_thread_t error_spare;

static void
error_end_thread(void *memory)
{
    error_thread_t *self = memory;
    hfi_value_drop(&self->data);
    hfi_bytes_close(&self->scratch);
    free(self);
    error_mine = NULL;
}

static void
error_make_key(void)
{
    error_has_key = pthread_key_create(&error_key, error_end_thread) == 0;
}

static error_thread_t *
error_make(void)
{
    (void)pthread_once(&error_once, error_make_key);
    error_thread_t *self = error_has_key ? calloc(1, sizeof *self) : NULL;
    if (self == NULL || pthread_setspecific(error_key, self) != 0) {
        free(self);
        return &error_spare;
    }
    error_mine = self;
    return self;
}

/* This thread's struct; freed at its end. */
static inline error_thread_t *
error_self(void)
{
    return error_mine != NULL ? error_mine : error_make();
}

/* Copies what fits, cut at a character's border. */
static void
error_copy(char *to, size_t room, const char *text, size_t len)
{
    size_t n = len < room ? len : room - 1;
    while (n < len && n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    memcpy(to, text, n);
    to[n] = '\0';
}

void
hfi_error_clear(void)
{
    error_thread_t *self = error_self();
    self->kind[0] = '\0';
    self->text[0] = '\0';
    if (self->data.raw[15] != 0)
        hfi_value_drop(&self->data);
}

int
hfi_error_set(const char *kind, const char *format, ...)
{
    error_thread_t *self = error_self();
    hfi_error_clear();
    error_copy(self->kind, sizeof self->kind, kind, strlen(kind));
    va_list args;
    va_start(args, format);
    (void)vsnprintf(self->text, sizeof self->text, format, args);
    va_end(args);
    return -1;
}

int
hfi_error_take(hfi_failure_t *failure)
{
    error_thread_t *self = error_self();
    hfi_error_clear();
    error_copy(self->kind, sizeof self->kind, failure->kind, strlen(failure->kind));
    error_copy(self->text, sizeof self->text, failure->text, strlen(failure->text));
    self->data = failure->data;
    failure->data = (hf_value_t){0};
    return -1;
}

int
hfi_error_read(const hf_value_t *error)
{
    error_thread_t *self = error_self();
    hf_cursor_t cursor;
    hf_value_t kind = {0};
    hf_value_t text = {0};
    hf_value_t data = {0};
    hfi_error_clear();
    if (hf_kind(error) != HF_LIST)
        return hfi_error_set("LimitExceeded", "there was no memory for the answer");
    hf_open(&cursor, error);
    if (hf_next(&cursor, &kind) && hf_next(&cursor, &text) && hf_next(&cursor, &data))
        (void)hfi_value_keep(&data, &self->data);
    size_t len;
    const char *at = hf_as_str(&kind, &len);
    error_copy(self->kind, sizeof self->kind, at == NULL ? "" : at, at == NULL ? 0 : len);
    at = hf_as_str(&text, &len);
    error_copy(self->text, sizeof self->text, at == NULL ? "" : at, at == NULL ? 0 : len);
    return -1;
}

void
hfi_error_put_aside(hfi_error_t *ret_error)
{
    error_thread_t *self = error_self();
    ret_error->data = self->data;
    memcpy(ret_error->kind, self->kind, sizeof self->kind);
    memcpy(ret_error->text, self->text, sizeof self->text);
    self->data = (hf_value_t){0};
}

int
hfi_error_put_back(hfi_error_t *error)
{
    error_thread_t *self = error_self();
    hfi_error_clear();
    self->data = error->data;
    memcpy(self->kind, error->kind, sizeof self->kind);
    memcpy(self->text, error->text, sizeof self->text);
    error->data = (hf_value_t){0};
    return -1;
}

hfi_bytes_t *
hfi_thread_scratch(void)
{
    error_thread_t *self = error_self();
    bool is_needed = self->scratch.len >= self->scratch.room / 4; /* by the call before */
    if (self->scratch.room > ERROR_SCRATCH_KEEP && !is_needed)
        hfi_bytes_close(&self->scratch);
    self->scratch.len = 0;
    return &self->scratch;
}

uint64_t
hfi_thread_number(void)
{
    error_thread_t *self = error_self();
    if (!self->has_number) {
        self->number = atomic_fetch_add_explicit(&error_threads, 1, memory_order_relaxed);
        self->has_number = true;
    }
    return self->number;
}

const char *
hf_errkind(void)
{
    return error_self()->kind;
}

const char *
hf_errmsg(void)
{
    return error_self()->text;
}

const hf_value_t *
hf_errdata(void)
{
    const error_thread_t *self = error_self();
    return self->data.raw[15] == 0 ? NULL : &self->data;
}
