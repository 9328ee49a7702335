/* SPDX-License-Identifier: MPL-2.0 */
/* sync -- what the files of this plugin know of each other: the lock that Lock, RLock and Condition have in common.
 *
 * Who waits is served by whoever makes it possible, first come first served, before the function returns (an Event wakes
 * them): a lock that is free has no waiters. What a session holds is let go when it ends (hf_own, session_died).
 */
#ifndef HFI_SYNC_H
#define HFI_SYNC_H

#include <holdfast/plugin.h>

extern const hf_type_t hfi_lock_type;
extern const hf_type_t hfi_rlock_type;
extern const hf_type_t hfi_semaphore_type;
extern const hf_type_t hfi_bounded_semaphore_type;
extern const hf_type_t hfi_condition_type;
extern const hf_type_t hfi_event_type;
extern const hf_type_t hfi_barrier_type;

/* ---- locks ------------------------------------------------------------------------------ */

/* What a call that waits for a lock has in its note. 0: it is an acquire. Else it is a Condition's wait that goes on
 * once it has the lock: the lower half is how deep it owned the lock, a bit above that its time was up. */
#define HFI_WAIT_IS_LATE (UINT64_C(1) << 32)

/* A lock, in a Lock, an RLock or a Condition. */
typedef struct hfi_lock {
    hf_caller_t owner; /* while depth is not 0 */
    hf_waiters_t waiters;
    uint32_t depth;  /* how often its owner has acquired it; 0: it is free */
    uint64_t fence;  /* number of the present or last ownership */
    uint64_t deaths; /* owners that died holding it */
    bool is_recursive;
} hfi_lock_t;

/* Whether the caller may release it: an RLock's owner; anybody, of a Lock that is locked. */
bool hfi_lock_is_held(hf_call_t *call, const hfi_lock_t *self);

/* The methods of whatever is a lock; `lock` is a hfi_lock_t. acquire parks on it; timed_out is what it answers then. */
hf_err_t hfi_lock_acquire(hf_call_t *call, void *lock);
hf_err_t hfi_lock_timed_out(hf_call_t *call, void *lock);
hf_err_t hfi_lock_release(hf_call_t *call, void *lock);
hf_err_t hfi_lock_locked(hf_call_t *call, void *lock);
hf_err_t hfi_lock_holder(hf_call_t *call, void *lock);
hf_err_t hfi_lock_deaths(hf_call_t *call, void *lock);
hf_err_t hfi_lock_fence(hf_call_t *call, void *lock);

/* Makes a call the owner of a free lock and answers it, as its note says. HF_RAISED: it has an error instead. */
hf_err_t hfi_lock_give(hf_call_t *call, hfi_lock_t *self);

/* Takes the lock from its owner, wholly, and gives it to the first waiter. */
void hfi_lock_pass_on(hf_call_t *call, hfi_lock_t *self);

/* The session has ended: what it held is passed on. */
void hfi_lock_died(hf_call_t *call, hfi_lock_t *self, uint64_t session);

/* Writes the lock as one value, reads it. */
void hfi_lock_save(const hfi_lock_t *self, hf_writer_t *out);
bool hfi_lock_load(const hf_value_t *saved, hfi_lock_t *ret_lock);

/* ---- what all types do ------------------------------------------------------------------ */

/* A timeout of a wait: seconds, below 0 counts as 0, nil HF_FOREVER. Raises ValueError where it is NaN. */
hf_err_t hfi_sync_timeout(hf_call_t *call, const hf_value_t *timeout, double *ret_seconds);

/* Views of the n items of what was saved; false: there are more or fewer. */
bool hfi_sync_parts(const hf_value_t *saved, hf_value_t *ret_parts, uint32_t n);

#endif
