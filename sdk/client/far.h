/* SPDX-License-Identifier: MPL-2.0 */
/* far -- referents of other managers: what a handle of one becomes here, and how a proxy is handed on to another one.
 *
 * Thread: [any]; no mutex of a client is held by who calls, and all of it may wait.
 */
#ifndef HFI_FAR_H
#define HFI_FAR_H

#include "client.h"

/* Whether the handle is of another manager's referent. */
bool hfi_far_is(const hf_value_t *handle);

/* A proxy at its owner of the referent that such a handle, of an answer of `client`, names. NULL: *failure, as a rule
 * ReferentLost. The handle stays the caller's, and with it the stub. */
hf_proxy_t *hfi_far_proxy(hf_client_t *client, const hf_value_t *handle,
                          hfi_failure_t *ret_failure);

/* Writes the handle of a referent that `holder` holds as another manager, or another session, is to have it: with a
 * token that is good for one adoption. False: *failure. */
bool hfi_far_write(hf_client_t *holder, uint64_t object, hfi_span_t typeid_, hf_writer_t *w,
                   hfi_failure_t *ret_failure);

/* Waits for the answer of another client's call. False: *failure. */
bool hfi_far_await(const hf_future_t *future, hfi_failure_t *ret_failure);

/* The program disconnects a client: those that were opened for it alone end. */
void hfi_far_leave(hf_client_t *client);

#endif
