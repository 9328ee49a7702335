/* SPDX-License-Identifier: MPL-2.0 */
/* iter -- iteration over a referent: an Iterator in the manager, whose items are brought a chunk at a time.
 *
 * The future of the last `take` keeps the chunk, and the referents in it, until the next one is asked for. A call
 * whose waiting was interrupted stays as that future, so that its items are not lost. A chunk that was longer than
 * the manager's frame was not taken (methods are atomic), and is asked for again by halves.
 */
#define _POSIX_C_SOURCE 200809L
#include <holdfast/types.h>

#include <base/check.h>

#include "ask.h"
#include "error.h"
#include "future.h"
#include "proxy.h"

enum { ITER_MAGIC = 0x48464954 /* "HFIT" */ };

struct hf_iter {
    uint32_t magic;
    uint32_t chunk;
    hf_proxy_t *iterator;
    hf_future_t *future; /* of the chunk that is gone through, or that was asked for; NULL: ask */
    hf_cursor_t cursor;
    bool is_open; /* the cursor goes through the future's list */
    bool is_last; /* nothing is behind it */
};

static hf_iter_t *
iter_no_memory(void)
{
    (void)hfi_error_set("LimitExceeded", "there is no memory for an iteration");
    return NULL;
}

/* Takes the proxy, which may be NULL: this thread's error says why. */
static hf_iter_t *
iter_make(hf_proxy_t *iterator, uint32_t chunk)
{
    if (iterator == NULL)
        return NULL;
    hf_iter_t *self = malloc(sizeof *self);
    if (self == NULL) {
        hf_release(&iterator);
        return iter_no_memory();
    }
    *self = (hf_iter_t){.magic = ITER_MAGIC, .chunk = chunk, .iterator = iterator};
    return self;
}

static bool
iter_is_sound(uint32_t chunk)
{
    if (chunk > 0)
        return true;
    (void)hfi_error_set("ValueError", "a chunk has at least one item");
    return false;
}

hf_iter_t *
hf_iter_new(const hf_proxy_t *proxy, uint32_t chunk)
{
    return iter_is_sound(chunk) ? iter_make(hf_call_proxy(proxy, "iter", ""), chunk) : NULL;
}

hf_iter_t *
hf_iter_of(const hf_proxy_t *iterator, uint32_t chunk)
{
    return iter_is_sound(chunk) ? iter_make(hf_dup(iterator), chunk) : NULL;
}

void
hf_iter_destroy(hf_iter_t **self_p)
{
    hf_iter_t *self = *self_p;
    *self_p = NULL;
    if (self == NULL)
        return;
    HF_CHECK(self, ITER_MAGIC);
    hf_future_destroy(&self->future);
    hf_release(&self->iterator);
    HF_BURY(self);
    free(self);
}

/* ---- going on -------------------------------------------------------------------------- */

/* The end, once and for all. */
static int
iter_end(hf_iter_t *self)
{
    hf_future_destroy(&self->future);
    self->is_open = false;
    self->is_last = true;
    hfi_error_clear();
    return 0;
}

/* What a failed call means. 1: ask again, for less; 0: the end; -1: this thread's error. */
static int
iter_fail(hf_iter_t *self)
{
    if (!hfi_future_is_done(self->future))
        return -1; /* interrupted: it is waited for again */
    if (strcmp(hf_errkind(), "StopIteration") == 0)
        return iter_end(self);
    bool is_answer = hf_kind(&self->future->value) == HF_LIST; /* the manager's, not ours */
    if (self->chunk == 1 || !is_answer || strcmp(hf_errkind(), "LimitExceeded") != 0)
        return -1; /* and the future says so again */
    self->chunk /= 2;
    hf_future_destroy(&self->future);
    return 1;
}

static hf_future_t *
iter_ask(const hf_iter_t *self)
{
    return self->chunk == 1 ? hf_call_async(self->iterator, "next", "")
                            : hf_call_async(self->iterator, "take", "i", (int64_t)self->chunk);
}

/* Brings the next chunk. 1: it is there; 0: the end; -1: this thread's error. */
static int
iter_fill(hf_iter_t *self)
{
    for (;;) {
        if (self->future == NULL)
            self->future = iter_ask(self);
        if (self->future == NULL)
            return -1;
        if (hf_await(self->future, HF_FOREVER) == 0)
            return 1;
        int how = iter_fail(self);
        if (how != 1)
            return how;
    }
}

/* The next item as a view in *ret_item. 1, 0 or -1 as hf_iter_next. */
static int
iter_step(hf_iter_t *self, hf_value_t *ret_item)
{
    if (self->is_open && hf_next(&self->cursor, ret_item)) {
        hfi_error_clear();
        return 1;
    }
    if (self->is_last)
        return iter_end(self);
    if (self->is_open)
        hf_future_destroy(&self->future);
    self->is_open = false;
    int how = iter_fill(self);
    if (how != 1)
        return how;
    const hf_value_t *answer = &self->future->value;
    if (self->chunk == 1) { /* the item itself: a cursor that has nothing left */
        self->is_open = true;
        self->cursor = (hf_cursor_t){0};
        *ret_item = *answer;
        return 1;
    }
    if (hf_kind(answer) != HF_LIST)
        return hfi_error_set("TypeError", "`take` has given no list");
    self->is_open = true;
    hf_open(&self->cursor, answer);
    self->is_last = hf_count(answer) < self->chunk;
    return hf_next(&self->cursor, ret_item) ? 1 : iter_end(self);
}

static bool
iter_is_there(const hf_iter_t *self)
{
    if (self == NULL) {
        (void)hfi_error_set("ValueError", "the iteration is NULL: what should have made it failed");
        return false;
    }
    HF_CHECK(self, ITER_MAGIC);
    return true;
}

int
hf_iter_next(hf_iter_t *self, hf_value_t *ret_item)
{
    return iter_is_there(self) ? iter_step(self, ret_item) : -1;
}

int
hf_iter_next_into(hf_iter_t *self, const char *ret_picture, ...)
{
    hf_value_t item;
    int how = iter_is_there(self) ? iter_step(self, &item) : -1;
    if (how != 1)
        return how;
    va_list outs;
    hfi_failure_t failure = {0};
    hfi_picture_hooks_t hooks;
    hfi_proxy_hooks(&hooks, hf_proxy_client(self->iterator));
    va_start(outs, ret_picture);
    bool is_read =
        hfi_picture_read(ret_picture == NULL ? "" : ret_picture, &item, &outs, &hooks, &failure);
    va_end(outs);
    return is_read ? 1 : hfi_error_take(&failure);
}
