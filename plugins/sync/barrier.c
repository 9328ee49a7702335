/* SPDX-License-Identifier: MPL-2.0 */
/* barrier -- the type Barrier: parties that wait for each other. */
#include "sync.h"

typedef struct barrier {
    hf_waiters_t waiters; /* fewer than parties */
    uint32_t parties;
    double timeout; /* of a wait that says none; HF_FOREVER */
    bool is_broken;
} barrier_t;

static hf_err_t
barrier_raise(hf_call_t *call)
{
    return HF_RAISE(call, "BrokenBarrierError", "%s", "");
}

/* Sends all that wait away. */
static void
barrier_refuse(hf_call_t *call, barrier_t *self)
{
    hf_call_t *other = NULL;
    while (hf_take_parked(call, &self->waiters, &other))
        (void)barrier_raise(other);
}

static hf_err_t
barrier_wait(hf_call_t *call, void *state)
{
    barrier_t *self = state;
    hf_call_t *other = NULL;
    double seconds = self->timeout;
    if (hf_kind(hf_arg(call, 0)) != HF_NIL &&
        hfi_sync_timeout(call, hf_arg(call, 0), &seconds) != HF_OK)
        return HF_RAISED;
    if (self->is_broken)
        return barrier_raise(call);
    if (hf_n_parked(&self->waiters) + 1 < self->parties) {
        if (seconds != 0.0)
            return hf_park(call, &self->waiters, seconds);
        self->is_broken = true;
        barrier_refuse(call, self);
        return barrier_raise(call);
    }
    for (int64_t index = 0; hf_take_parked(call, &self->waiters, &other); index++)
        (void)hf_return_int(other, index);
    return hf_return_int(call, (int64_t)self->parties - 1);
}

static hf_err_t
barrier_timed_out(hf_call_t *call, void *state)
{
    barrier_t *self = state;
    self->is_broken = true;
    barrier_refuse(call, self);
    return barrier_raise(call);
}

static hf_err_t
barrier_abort(hf_call_t *call, void *state)
{
    barrier_t *self = state;
    self->is_broken = true;
    barrier_refuse(call, self);
    return hf_return_nil(call);
}

static hf_err_t
barrier_reset(hf_call_t *call, void *state)
{
    barrier_t *self = state;
    self->is_broken = false;
    barrier_refuse(call, self);
    return hf_return_nil(call);
}

static hf_err_t
barrier_parties(hf_call_t *call, void *state)
{
    const barrier_t *self = state;
    return hf_return_uint(call, self->parties);
}

static hf_err_t
barrier_n_waiting(hf_call_t *call, void *state)
{
    const barrier_t *self = state;
    return hf_return_uint(call, hf_n_parked(&self->waiters));
}

static hf_err_t
barrier_broken(hf_call_t *call, void *state)
{
    const barrier_t *self = state;
    return hf_return_bool(call, self->is_broken);
}

static hf_err_t
barrier_create(hf_call_t *call, void *state)
{
    barrier_t *self = state;
    int64_t parties = hf_arg_int(call, 0);
    if (parties < 1)
        return HF_RAISE(call, "ValueError", "parties must be >= 1");
    if (parties > UINT32_MAX)
        return HF_RAISE(call, "OverflowError", "more parties than there can be sessions");
    self->parties = (uint32_t)parties;
    return hfi_sync_timeout(call, hf_arg(call, 1), &self->timeout);
}

static hf_err_t
barrier_save(hf_call_t *call, const void *state, hf_writer_t *out)
{
    const barrier_t *self = state;
    (void)call;
    hf_write_list(out, 4);
    hf_write_uint(out, self->parties);
    hf_write_float(out, self->timeout);
    hf_write_bool(out, self->is_broken);
    hf_save_waiters(out, &self->waiters);
    return HF_OK;
}

static hf_err_t
barrier_load(hf_call_t *call, void *state, const hf_value_t *saved, uint32_t save_version)
{
    enum { PARTS = 4 };
    barrier_t *self = state;
    hf_value_t part[PARTS] = {{.raw = {0}}};
    (void)save_version;
    if (!hfi_sync_parts(saved, part, PARTS))
        return HF_RAISE(call, "ValueError", "this is not what a Barrier saves");
    self->parties = (uint32_t)hf_as_uint(&part[0]);
    self->timeout = hf_as_float(&part[1]);
    self->is_broken = hf_as_bool(&part[2]);
    hf_load_waiters(&part[3], &self->waiters);
    return HF_OK;
}

static const hf_method_t barrier_methods[] = {
    HF_METHOD("abort", "", barrier_abort, HF_WRITES,
              "Break the barrier: all that wait, and all that will, have BrokenBarrierError."),
    HF_METHOD("broken", "-> bool", barrier_broken, HF_READS, "Tell whether the barrier is broken."),
    HF_METHOD("n_waiting", "-> int", barrier_n_waiting, HF_READS, "Tell how many wait."),
    HF_METHOD("parties", "-> int", barrier_parties, HF_READS, "Tell how many it takes."),
    HF_METHOD("reset", "", barrier_reset, HF_WRITES,
              "Make the barrier whole and empty: all that wait have BrokenBarrierError."),
    HF_METHOD_PARKS(
        "wait", "timeout: number? = nil -> int", barrier_wait, barrier_timed_out, HF_WRITES,
        "Wait until all parties do; gives 0 to the first that came, parties - 1 to the last."),
};

const hf_type_t hfi_barrier_type = {
    HF_TYPE("Barrier", barrier_t, barrier_methods,
            "Python's Barrier: parties that wait for each other."),
    .signature = "parties: int, timeout: number? = nil",
    .save_version = 1,
    .create = barrier_create,
    .save = barrier_save,
    .load = barrier_load,
};
