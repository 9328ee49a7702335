/* SPDX-License-Identifier: MPL-2.0 */
/* pass -- the handles that a session writes: which it may pass on, and whose they are.
 *
 *   [object], [object, typeid]      what the session holds, a stub too
 *   six elements                    as they were handed out here: the stub, which it holds, of that very referent
 *   five, of this manager's space   this manager's own, by a token's secret; its use is counted
 *   five, of another's              to be adopted there first (stub.h)
 *
 * Six that were handed out elsewhere, by another manager, are their first five: a value goes from manager to manager
 * as it is, and the secret gives the right to what is in it, not the stub's number.
 */
#ifndef HFI_PASS_H
#define HFI_PASS_H

#include "state.h"

/* The referent of this manager's that the item is a handle of by its number; NULL: it is none, or none that has one. */
hfi_referent_t *hfi_pass_named(const hfi_state_t *state, const hf_value_t *item);

/* Whether the handle is another manager's, to be adopted there. */
bool hfi_pass_is_foreign(const hfi_state_t *state, const hfi_session_t *session,
                         const hf_value_t *handle);

/* Whether the session may pass on every handle in the value; counts those that are to be adopted first. */
bool hfi_pass_check(const hfi_state_t *state, const hfi_session_t *session, const hf_value_t *value,
                    uint64_t *n_foreign, hfi_failure_t *ret_failure);

/* The referent of a handle that was checked and is not foreign; one that came with a token has had a use of it. */
const hfi_referent_t *hfi_pass_take(hfi_state_t *state, const hf_value_t *handle);

#endif
