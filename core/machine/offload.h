/* SPDX-License-Identifier: MPL-2.0 */
/* offload -- calls whose `work` runs on a thread of the pool: begun here, finished here. And the order of what runs
 * between two messages, in which they take part. */
#ifndef HFI_OFFLOAD_H
#define HFI_OFFLOAD_H

#include "hook.h"
#include "stall.h"

/* Runs the next woken call, or the next whose turn comes, or the next hook. False: there is none. */
bool hfi_offload_run_next(hfi_state_t *state);

/* The row's function of every offloaded method: asks the pool, and later finishes. */
hf_err_t hfi_offload_run(hf_call_t *call, void *self);

/* A job is done, offloaded or asked of the world. What it brought is from outside, so it passes the door first. */
void hfi_offload_done(hfi_state_t *state, uint64_t number, int32_t status, hfi_span_t bytes);

/* What the pool is to run for that job; NULL: it is no offloaded one, or is done. Lent until its JOB_DONE. */
hfi_work_t *hfi_offload_work(const hfi_state_t *state, uint64_t number);

/* No work runs any more, nor ever will: what waited for it goes on without. No session is left. */
void hfi_offload_abandon(hfi_state_t *state);

#endif
