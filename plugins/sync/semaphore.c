/* SPDX-License-Identifier: MPL-2.0 */
/* semaphore -- the types Semaphore and BoundedSemaphore.
 *
 * Who holds how many units is counted by session, in the order in which sessions began to hold: a unit that is released
 * is the releasing session's own if it has one, else of the session that has held one longest. A session's units come
 * back when it ends.
 */
#include <common/table.h>

#include "sync.h"

typedef struct semaphore {
    uint64_t value; /* units that are free */
    uint64_t initial;
    hf_waiters_t waiters; /* none while value is not 0 */
    hfi_table_t held;     /* session to units */
    bool is_bounded;
} semaphore_t;

/* ---- who holds what --------------------------------------------------------------------- */

/* Session numbers are the manager's own: whom it helps to spread them is no question. */
static uint64_t
semaphore_hash(uint64_t session)
{
    session ^= session >> 31;
    session *= UINT64_C(0x9e3779b97f4a7c15);
    return session ^ (session >> 29);
}

static uint32_t
semaphore_find(hf_call_t *call, const semaphore_t *self, uint64_t session)
{
    hf_value_t key = hf_uint(session);
    return hfi_table_find(call, &self->held, &key, semaphore_hash(session));
}

/* Gives a free unit to a call. HF_RAISED: it has an error instead. */
static hf_err_t
semaphore_give(hf_call_t *call, semaphore_t *self, hf_call_t *other)
{
    uint64_t session = hf_caller(other).session;
    uint32_t place = semaphore_find(call, self, session);
    if (place == HFI_NO_PLACE) {
        if (hfi_table_reserve(other, &self->held, 1) != HF_OK || hf_own(other, self) != HF_OK)
            return HF_RAISED;
        hfi_table_add(&self->held, semaphore_hash(session), hf_uint(session), hf_uint(1));
    } else {
        hf_value_t *units = &self->held.entries[place].value;
        *units = hf_uint(hf_as_uint(units) + 1);
    }
    self->value--;
    return HF_OK;
}

/* Takes up to `n` units off a session's; gives how many. */
static uint64_t
semaphore_take_off(hf_call_t *call, semaphore_t *self, uint32_t place, uint64_t n)
{
    hfi_entry_t *entry = &self->held.entries[place];
    uint64_t units = hf_as_uint(&entry->value);
    if (units > n) {
        entry->value = hf_uint(units - n);
        return n;
    }
    hf_disown(call, self, hf_as_uint(&entry->key));
    hfi_table_drop(call, &self->held, place);
    return units;
}

static void
semaphore_serve(hf_call_t *call, semaphore_t *self)
{
    hf_call_t *other = NULL;
    while (self->value > 0 && hf_take_parked(call, &self->waiters, &other)) {
        if (semaphore_give(call, self, other) == HF_OK)
            (void)hf_return_bool(other, true);
    }
}

/* ---- rows ------------------------------------------------------------------------------- */

static hf_err_t
semaphore_acquire(hf_call_t *call, void *state)
{
    semaphore_t *self = state;
    double seconds = 0.0;
    bool is_blocking = hf_arg_int(call, 0) != 0;
    if (!is_blocking && hf_kind(hf_arg(call, 1)) != HF_NIL)
        return HF_RAISE(call, "ValueError", "can't specify timeout for non-blocking acquire");
    if (is_blocking && hfi_sync_timeout(call, hf_arg(call, 1), &seconds) != HF_OK)
        return HF_RAISED;
    if (self->value > 0)
        return semaphore_give(call, self, call) == HF_OK ? hf_return_bool(call, true) : HF_RAISED;
    return seconds == 0.0 ? hf_return_bool(call, false) : hf_park(call, &self->waiters, seconds);
}

static hf_err_t
semaphore_release(hf_call_t *call, void *state)
{
    semaphore_t *self = state;
    int64_t n = hf_arg_int(call, 0);
    if (n < 1)
        return HF_RAISE(call, "ValueError", "n must be one or more");
    if (self->is_bounded && (uint64_t)n > self->initial - self->value)
        return HF_RAISE(call, "ValueError", "Semaphore released too many times");
    if ((uint64_t)n > INT64_MAX - self->value)
        return HF_RAISE(call, "OverflowError", "the semaphore's value leaves 64 bits");
    uint64_t left = (uint64_t)n;
    uint32_t place = semaphore_find(call, self, hf_caller(call).session);
    while (left > 0 && (place != HFI_NO_PLACE || self->held.count > 0)) {
        if (place == HFI_NO_PLACE)
            place = hfi_table_from(&self->held, 0);
        left -= semaphore_take_off(call, self, place, left);
        place = HFI_NO_PLACE;
    }
    self->value += (uint64_t)n;
    semaphore_serve(call, self);
    return hf_return_nil(call);
}

static hf_err_t
semaphore_get_value(hf_call_t *call, void *state)
{
    const semaphore_t *self = state;
    return hf_return_uint(call, self->value);
}

/* ---- the types -------------------------------------------------------------------------- */

static hf_err_t
semaphore_create(hf_call_t *call, void *state)
{
    semaphore_t *self = state;
    if (hf_arg_int(call, 0) < 0)
        return HF_RAISE(call, "ValueError", "semaphore initial value must be >= 0");
    self->value = (uint64_t)hf_arg_int(call, 0);
    self->initial = self->value;
    return HF_OK;
}

static hf_err_t
semaphore_create_bounded(hf_call_t *call, void *state)
{
    semaphore_t *self = state;
    self->is_bounded = true;
    return semaphore_create(call, state);
}

static void
semaphore_destroy(hf_call_t *call, void *state)
{
    semaphore_t *self = state;
    hfi_table_clear(call, &self->held);
}

static void
semaphore_session_died(hf_call_t *call, void *state, uint64_t session)
{
    semaphore_t *self = state;
    uint32_t place = semaphore_find(call, self, session);
    if (place == HFI_NO_PLACE)
        return;
    self->value += semaphore_take_off(call, self, place, UINT64_MAX);
    semaphore_serve(call, self);
}

static hf_err_t
semaphore_save(hf_call_t *call, const void *state, hf_writer_t *out)
{
    const semaphore_t *self = state;
    const hfi_table_t *held = &self->held;
    (void)call;
    hf_write_list(out, 5);
    hf_write_uint(out, self->value);
    hf_write_uint(out, self->initial);
    hf_write_bool(out, self->is_bounded);
    hf_save_waiters(out, &self->waiters);
    hf_write_map(out, held->count);
    for (uint32_t k = hfi_table_from(held, 0); k != HFI_NO_PLACE; k = hfi_table_from(held, k + 1)) {
        hf_write_value(out, &held->entries[k].key);
        hf_write_value(out, &held->entries[k].value);
    }
    return HF_OK;
}

static hf_err_t
semaphore_load(hf_call_t *call, void *state, const hf_value_t *saved, uint32_t save_version)
{
    enum { PARTS = 5 };
    semaphore_t *self = state;
    hf_cursor_t cursor;
    hf_value_t part[PARTS] = {{.raw = {0}}};
    (void)save_version;
    if (!hfi_sync_parts(saved, part, PARTS))
        return HF_RAISE(call, "ValueError", "this is not what a Semaphore saves");
    self->value = hf_as_uint(&part[0]);
    self->initial = hf_as_uint(&part[1]);
    self->is_bounded = hf_as_bool(&part[2]);
    hf_load_waiters(&part[3], &self->waiters);
    if (hfi_table_reserve(call, &self->held, hf_count(&part[4])) != HF_OK)
        return HF_RAISED;
    hf_open(&cursor, &part[4]);
    hf_value_t session = {.raw = {0}};
    hf_value_t units = {.raw = {0}};
    while (hf_next(&cursor, &session) && hf_next(&cursor, &units))
        hfi_table_add(&self->held, semaphore_hash(hf_as_uint(&session)),
                      hf_uint(hf_as_uint(&session)), hf_uint(hf_as_uint(&units)));
    return HF_OK;
}

static const hf_method_t semaphore_methods[] = {
    HF_METHOD_PARKS("acquire", "block: int = true, timeout: number? = nil -> bool",
                    semaphore_acquire, hfi_lock_timed_out, HF_WRITES,
                    "Take a unit, waiting for one if need be; false where there was none in time."),
    HF_METHOD("get_value", "-> int", semaphore_get_value, HF_READS,
              "Tell how many units are free."),
    HF_METHOD("release", "n: int = 1", semaphore_release, HF_WRITES,
              "Give units back: the first who wait have them."),
};

const hf_type_t hfi_semaphore_type = {
    HF_TYPE("Semaphore", semaphore_t, semaphore_methods,
            "Python's Semaphore: units that are taken and given back."),
    .signature = "value: int = 1",
    .save_version = 1,
    .create = semaphore_create,
    .destroy = semaphore_destroy,
    .save = semaphore_save,
    .load = semaphore_load,
    .session_died = semaphore_session_died,
};

const hf_type_t hfi_bounded_semaphore_type = {
    HF_TYPE("BoundedSemaphore", semaphore_t, semaphore_methods,
            "Python's BoundedSemaphore: a Semaphore that never has more units than at first."),
    .signature = "value: int = 1",
    .save_version = 1,
    .create = semaphore_create_bounded,
    .destroy = semaphore_destroy,
    .save = semaphore_save,
    .load = semaphore_load,
    .session_died = semaphore_session_died,
};
