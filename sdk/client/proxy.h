/* SPDX-License-Identifier: MPL-2.0 */
/* proxy -- what stands for a referent in this program.
 *
 * A proxy names an object, or the future whose result will be its handle. It holds one hold of the object in the
 * engine (or a reference to the future) and one reference of the client.
 *
 * Thread: [any], but where the client's mutex is asked for.
 */
#ifndef HFI_PROXY_H
#define HFI_PROXY_H

#include <value/picture.h>

#include "client.h"

/* A proxy from a handle of this client; it takes a hold of its own, of another manager's referent there. NULL: *failure.
 * The mutex is not held. */
hf_proxy_t *hfi_proxy_from(hf_client_t *client, const hf_value_t *handle,
                           hfi_failure_t *ret_failure);

/* The proxy that an answer is; takes the answer, and its hold goes to the proxy. NULL: this thread's error says why. */
hf_proxy_t *hfi_proxy_take(hf_client_t *client, hf_value_t *answer);

/* One that was pushed by hf_release. Under the mutex. */
void hfi_proxy_reap(hf_client_t *client, hfi_released_t *released);

/* Fills in a call's target. Under the mutex. False: the promised one has failed. */
bool hfi_proxy_target(const hf_proxy_t *self, hfi_engine_call_t *call, hfi_failure_t *ret_failure);

/* A word of lock.c's on each proxy. */
atomic_uint_least64_t *hfi_proxy_locked(const hf_proxy_t *self);

/* The proxy that is to be called in its place: of a promised one whose promise was another manager's referent, the one
 * at its owner; as a rule itself. False: there is none (NULL), and this thread's error says why. */
bool hfi_proxy_settle(const hf_proxy_t **self_p);

/* Reads an answer by a picture (NULL: "") into the pointers of *outs, and takes the answer. 0 or -1. */
int hfi_proxy_read(hf_client_t *client, hf_value_t *answer, const char *picture, va_list *outs);

/* What h, p and v mean in the pictures of this client's calls; NULL: of values that are for no call yet. */
void hfi_proxy_hooks(hfi_picture_hooks_t *ret_hooks, hf_client_t *client);

#endif
