/* SPDX-License-Identifier: MPL-2.0 */
/* holdfast -- libholdfast: Counter.add as the small call. */
#include <stdlib.h>
#include <string.h>

#include <holdfast/holdfast.h>

#include "contender.h"

enum { MAX_WINDOW = 4096 };

struct holdfast {
    hf_client_t *client;
    hf_proxy_t *counter;
    hf_proxy_t *store;
    hf_future_t *future[MAX_WINDOW]; /* a ring: first is the oldest */
    uint32_t first, n;
    hf_value_t big;
};

static void *
holdfast_open(const char *endpoint)
{
    struct holdfast *self = calloc(1, sizeof *self);
    if (self == NULL)
        contender_fail("holdfast", "no memory");
    self->client = hf_connect(endpoint, NULL);
    if (self->client == NULL)
        contender_fail("holdfast: connect", hf_errmsg());
    self->counter = hf_get_or_create(self->client, "bench", "Counter", "");
    if (self->counter == NULL)
        contender_fail("holdfast: create", hf_errmsg());
    return self;
}

static void
holdfast_call(void *self_)
{
    struct holdfast *self = self_;
    int64_t sum;
    if (hf_call_into(self->counter, "add", "i", (int64_t)1, "i", &sum) != 0)
        contender_fail("holdfast: call", hf_errmsg());
}

static void
holdfast_send(void *self_)
{
    struct holdfast *self = self_;
    hf_future_t *future = hf_call_async(self->counter, "add", "i", (int64_t)1);
    if (future == NULL || self->n == MAX_WINDOW)
        contender_fail("holdfast: send", hf_errmsg());
    self->future[(self->first + self->n++) % MAX_WINDOW] = future;
}

static void
holdfast_receive(void *self_)
{
    struct holdfast *self = self_;
    hf_future_t **future = &self->future[self->first];
    if (hf_await(*future, HF_FOREVER) != 0)
        contender_fail("holdfast: receive", hf_errmsg());
    hf_future_destroy(future);
    self->first = (self->first + 1) % MAX_WINDOW;
    self->n--;
}

static void
holdfast_churn(void *self_, uint32_t batch)
{
    struct holdfast *self = self_;
    hf_future_t *future[MAX_WINDOW];
    for (uint32_t i = 0; i < batch; i++)
        future[i] = hf_create_async(self->client, "Counter", "");
    for (uint32_t i = 0; i < batch; i++) {
        hf_proxy_t *proxy = future[i] == NULL ? NULL : hf_await_proxy(future[i], HF_FOREVER);
        if (proxy == NULL)
            contender_fail("holdfast: create", hf_errmsg());
        hf_future_destroy(&future[i]);
        hf_release(&proxy);
    }
}

static void
holdfast_big(void *self_)
{
    struct holdfast *self = self_;
    if (self->store == NULL) {
        void *zeros = calloc(1, CONTENDER_BIG);
        self->store = hf_create(self->client, "dict", "");
        if (zeros == NULL || self->store == NULL ||
            hf_build(NULL, &self->big, "B", zeros, (size_t)CONTENDER_BIG) != HF_OK)
            contender_fail("holdfast: create", hf_errmsg());
        free(zeros);
    }
    hf_value_t back;
    if (hf_call(self->store, "setitem", "sv", "big", &self->big) != 0 ||
        hf_call_into(self->store, "getitem", "s", "big", "v", &back) != 0)
        contender_fail("holdfast: 1 MiB", hf_errmsg());
    hf_drop(NULL, &back);
}

static void
holdfast_close(void *self_)
{
    struct holdfast *self = self_;
    hf_drop(NULL, &self->big);
    hf_release(&self->store);
    hf_release(&self->counter);
    hf_disconnect(&self->client);
    free(self);
}

const struct contender contender_holdfast = {
    .name = "holdfast",
    .open = holdfast_open,
    .call = holdfast_call,
    .send = holdfast_send,
    .receive = holdfast_receive,
    .churn = holdfast_churn,
    .big = holdfast_big,
    .close = holdfast_close,
};
