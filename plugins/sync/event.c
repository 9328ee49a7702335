/* SPDX-License-Identifier: MPL-2.0 */
/* event -- the type Event: a flag that many wait for.
 *
 * They are woken, not answered one after the other: of a hundred thousand the manager runs so many a round, and others'
 * calls and acknowledgements come in between. Until all have run, the event is busy: nobody clears it before.
 */
#include "sync.h"

typedef struct event {
    hf_waiters_t waiters; /* none while it is set */
    bool is_set;
} event_t;

static hf_err_t
event_is_set(hf_call_t *call, void *state)
{
    const event_t *self = state;
    return hf_return_bool(call, self->is_set);
}

static hf_err_t
event_set(hf_call_t *call, void *state)
{
    event_t *self = state;
    self->is_set = true;
    (void)hf_wake(call, &self->waiters, UINT32_MAX);
    return hf_return_nil(call);
}

static hf_err_t
event_clear(hf_call_t *call, void *state)
{
    event_t *self = state;
    self->is_set = false;
    return hf_return_nil(call);
}

static hf_err_t
event_wait(hf_call_t *call, void *state)
{
    event_t *self = state;
    double seconds = 0.0;
    if (hfi_sync_timeout(call, hf_arg(call, 0), &seconds) != HF_OK)
        return HF_RAISED;
    if (self->is_set || seconds == 0.0)
        return hf_return_bool(call, self->is_set);
    return hf_park(call, &self->waiters, seconds);
}

static hf_err_t
event_save(hf_call_t *call, const void *state, hf_writer_t *out)
{
    const event_t *self = state;
    (void)call;
    hf_write_list(out, 2);
    hf_write_bool(out, self->is_set);
    hf_save_waiters(out, &self->waiters);
    return HF_OK;
}

static hf_err_t
event_load(hf_call_t *call, void *state, const hf_value_t *saved, uint32_t save_version)
{
    event_t *self = state;
    hf_value_t part[2] = {{.raw = {0}}};
    (void)save_version;
    if (!hfi_sync_parts(saved, part, 2))
        return HF_RAISE(call, "ValueError", "this is not what an Event saves");
    self->is_set = hf_as_bool(&part[0]);
    hf_load_waiters(&part[1], &self->waiters);
    return HF_OK;
}

static const hf_method_t event_methods[] = {
    HF_METHOD("clear", "", event_clear, HF_WRITES, "Make the flag false."),
    HF_METHOD("is_set", "-> bool", event_is_set, HF_READS, "Tell whether the flag is true."),
    HF_METHOD("set", "", event_set, HF_WRITES, "Make the flag true: all that wait go on."),
    HF_METHOD_PARKS("wait", "timeout: number? = nil -> bool", event_wait, hfi_lock_timed_out,
                    HF_READS,
                    "Wait until the flag is true; false where it did not become so in time."),
};

const hf_type_t hfi_event_type = {
    HF_TYPE("Event", event_t, event_methods, "Python's Event: a flag that many wait for."),
    .save_version = 1,
    .save = event_save,
    .load = event_load,
};
