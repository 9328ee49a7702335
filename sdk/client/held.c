/* SPDX-License-Identifier: MPL-2.0 */
/* held -- see held.h */
#define _POSIX_C_SOURCE 200809L
#include "held.h"

#include <base/check.h>
#include <value/value.h>

#include "entry.h"
#include "error.h"
#include "keeper.h"

enum { HELD_MAGIC = 0x48464856, /* "HFHV" */ HELD_MARK = 1 /* in spare[0] */ };

typedef struct held {
    hfi_released_t released; /* first */
    uint32_t magic;
    uint32_t len;
    atomic_uint refs;
    hf_client_t *client;
    uint8_t bytes[];
} held_t;

static bool
held_is(const hf_value_t *value)
{
    return (value->raw[15] & HF_TAG_COUNTED) != 0 && value->outer.spare[0] == HELD_MARK;
}

static held_t *
held_of(const hf_value_t *value)
{
    uint8_t *bytes; /* the value lends it as const; its block is ours */
    memcpy(&bytes, &value->outer.at, sizeof bytes);
    void *block = bytes - offsetof(held_t, bytes);
    held_t *self = block;
    HF_CHECK(self, HELD_MAGIC);
    return self;
}

static bool
held_hold(void *context, uint64_t number, bool is_promise)
{
    hf_client_t *client = context;
    bool is_held = is_promise || hfi_engine_hold(client->engine, number);
    HF_ASSERT(is_held); /* whoever copies an answer holds it */
    return true;
}

/* The block with a copy of the bytes; nothing is held yet. */
static held_t *
held_new(hf_client_t *client, const hf_value_t *value)
{
    size_t len = hf_len_of(value);
    held_t *self = malloc(sizeof *self + len);
    if (self == NULL)
        return NULL;
    *self = (held_t){.released = {.is_value = true},
                     .magic = HELD_MAGIC,
                     .len = (uint32_t)len,
                     .client = client};
    atomic_init(&self->refs, 1);
    memcpy(self->bytes, hf_bytes_of(value), len);
    return self;
}

bool
hfi_held_copy(hf_client_t *client, const hf_value_t *value, hf_value_t *ret_copy,
              hfi_failure_t *ret_failure)
{
    if (!hf_has_handles(value))
        return hfi_value_keep(value, ret_copy) ||
               hfi_fail(ret_failure, "LimitExceeded", "there is no memory for the value");
    held_t *self = held_new(client, value);
    if (self == NULL)
        return hfi_fail(ret_failure, "LimitExceeded", "there is no memory for the value");
    hfi_client_lock(client);
    (void)hfi_each_named(value, held_hold, client);
    hfi_client_unlock(client);
    hfi_client_ref(client);
    uint8_t flags = value->raw[15] & (HF_TAG_HANDLES | HF_TAG_PROMISES);
    *ret_copy = (hf_value_t){.outer = {.at = self->bytes,
                                       .len = self->len,
                                       .spare = {HELD_MARK},
                                       .tag = (uint8_t)(flags | HF_TAG_COUNTED)}};
    return true;
}

void
hfi_held_drop(hf_value_t *value)
{
    if (!held_is(value)) {
        hfi_value_drop(value);
        return;
    }
    held_t *self = held_of(value);
    *value = (hf_value_t){0};
    if (atomic_fetch_sub_explicit(&self->refs, 1, memory_order_acq_rel) != 1)
        return;
    hfi_client_push(self->client, &self->released);
}

void
hfi_held_reap(hf_client_t *client, hfi_released_t *released)
{
    held_t *self = (held_t *)released;
    HF_CHECK(self, HELD_MAGIC);
    hf_value_t value;
    hfi_view(&value, self->bytes, self->len, HF_TAG_HANDLES);
    hfi_engine_let_go_value(client->engine, &value);
    HF_BURY(self);
    free(self);
}

hf_err_t
hf_keep(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_kept)
{
    (void)call;
    if (held_is(value)) {
        (void)atomic_fetch_add_explicit(&held_of(value)->refs, 1, memory_order_relaxed);
        *ret_kept = *value;
    } else if (!hfi_value_keep(value, ret_kept)) {
        (void)hfi_error_set("LimitExceeded", "there is no memory for the value");
        return HF_RAISED;
    }
    hfi_error_clear();
    return HF_OK;
}

void
hf_drop(hf_call_t *call, hf_value_t *value)
{
    (void)call;
    hfi_held_drop(value);
}
