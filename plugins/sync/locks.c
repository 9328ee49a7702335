/* SPDX-License-Identifier: MPL-2.0 */
/* locks -- the types Lock and RLock. */
#include "sync.h"

static hf_err_t
locks_create_recursive(hf_call_t *call, void *state)
{
    hfi_lock_t *self = state;
    (void)call;
    self->is_recursive = true;
    return HF_OK;
}

static void
locks_session_died(hf_call_t *call, void *state, uint64_t session)
{
    hfi_lock_died(call, state, session);
}

static hf_err_t
locks_save(hf_call_t *call, const void *state, hf_writer_t *out)
{
    (void)call;
    hfi_lock_save(state, out);
    return HF_OK;
}

static hf_err_t
locks_load(hf_call_t *call, void *state, const hf_value_t *saved, uint32_t save_version)
{
    (void)save_version;
    if (!hfi_lock_load(saved, state))
        return HF_RAISE(call, "ValueError", "this is not what a lock saves");
    return HF_OK;
}

static const hf_method_t locks_methods[] = {
    HF_METHOD_PARKS(
        "acquire", "block: int = true, timeout: number? = nil -> bool", hfi_lock_acquire,
        hfi_lock_timed_out, HF_WRITES,
        "Acquire the lock, waiting for it if need be; false where it was not to be had in time."),
    HF_METHOD("deaths", "-> int", hfi_lock_deaths, HF_READS,
              "Tell how many owners died holding the lock."),
    HF_METHOD("fence", "-> int", hfi_lock_fence, HF_READS,
              "Give the number of the present or last ownership: a token against a stale owner."),
    HF_METHOD("holder", "-> map?", hfi_lock_holder, HF_READS, "Tell who holds the lock."),
    HF_METHOD("locked", "-> bool", hfi_lock_locked, HF_READS,
              "Tell whether somebody holds the lock."),
    HF_METHOD("release", "", hfi_lock_release, HF_WRITES,
              "Release the lock: the first who waits has it."),
};

const hf_type_t hfi_lock_type = {
    HF_TYPE("Lock", hfi_lock_t, locks_methods,
            "Python's Lock: one holder, whom any client may release."),
    .save_version = 1,
    .save = locks_save,
    .load = locks_load,
    .session_died = locks_session_died,
};

const hf_type_t hfi_rlock_type = {
    HF_TYPE("RLock", hfi_lock_t, locks_methods,
            "Python's RLock: its owner, a thread of a session, may acquire it again."),
    .save_version = 1,
    .create = locks_create_recursive,
    .save = locks_save,
    .load = locks_load,
    .session_died = locks_session_died,
};
