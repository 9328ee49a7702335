/* SPDX-License-Identifier: MPL-2.0 */
/* stub -- what stands here for another manager's referent, and how it comes to be.
 *
 * A stub is a referent of typeid `foreign`, one for each object of each other manager. It holds one reference there,
 * through the session of `far`, and an unpinned token of its own, which it hands out; its end gives both back. Its
 * manager's loss makes it a lost one: it can still be handed out, but nobody can store it any more.
 *
 * Life of an adoption
 *
 *   begun      a handle of another manager is in the arguments of a call, which waits for it as for a promise
 *   asked      adopt (its secret) and export (a secret of ours, ttl 0) are on the way there
 *   told       both are answered, and a stub has the reference; or there is one already: then what came once more is
 *              given back. Or it has failed, or its time is up. The waiting call is told once
 *
 * Why every handle is adopted, though a stub for its object may be there: the secret is what gives the right to it, and
 * only the owner can tell whether it is one. Numbers are easily guessed.
 *
 * In a waiting call's arguments the handle is a promise, whose number is the adoption's with HFI_STUB_PROMISE: no
 * client can write such a one, as it names no call of its session.
 */
#ifndef HFI_STUB_H
#define HFI_STUB_H

#include <stream/handle.h>

#include "far.h"

#define HFI_STUB_PROMISE (UINT64_C(1) << 63)

enum { HFI_STUB_TYPEID = 63 /* bytes of a longer typeid are no plugin's */ };

/* A stub's state. */
typedef struct hfi_stub {
    uint64_t far; /* 0: its manager is lost */
    uint64_t object;
    hfi_secret_t space;
    hfi_secret_t secret;
    hf_value_t endpoints; /* kept */
    uint8_t typeid_len;
    char typeid_[HFI_STUB_TYPEID];
} hfi_stub_t;

struct hfi_adoption {
    uint64_t number;
    hfi_alarm_t alarm;
    hfi_far_t *far; /* NULL: it has ended */
    hfi_adoption_t *next_unasked;
    uint64_t object;
    hfi_secret_t secret;
    hfi_secret_t own;
    uint64_t session;  /* whose call waits */
    uint64_t referent; /* the stub, where it has succeeded */
    uint32_t n_asked;  /* of its two calls */
    uint32_t n_answered;
    bool is_unasked; /* in the list of those */
    bool is_adopted;
    bool is_exported;
    bool is_told;
    bool is_taken; /* whoever was told knows */
    uint8_t typeid_len;
    char typeid_[HFI_STUB_TYPEID];
    hfi_failure_t failure;
};

/* Of hfi_fars_t.adoptions. */
typedef struct hfi_adoption_row {
    uint64_t number;
    hfi_adoption_t *adoption;
} hfi_adoption_row_t;

/* The stub's state; NULL: it is no stub. */
static inline hfi_stub_t *
hfi_stub_of(const hfi_state_t *state, hfi_referent_t *referent)
{
    return referent->type == state->fars->type ? hfi_referent_self(referent) : NULL;
}

/* Whether it stands for a referent whose manager is lost. */
static inline bool
hfi_stub_is_lost(const hfi_state_t *state, hfi_referent_t *referent)
{
    const hfi_stub_t *stub = hfi_stub_of(state, referent);
    return stub != NULL && stub->far == 0;
}

/* Whether there are any: without, no handle needs to be looked at for being one's. */
static inline bool
hfi_stub_is_any(const hfi_state_t *state)
{
    return state->fars->type->referents != 0;
}

/* Begins to adopt; gives the adoption's number, 0 with the failure. */
uint64_t hfi_stub_adopt(hfi_state_t *state, const hfi_handle_t *handle, uint64_t session,
                        hfi_failure_t *ret_failure);

/* What has become of it, once it was told: the stub, or NULL with the failure. */
hfi_referent_t *hfi_stub_outcome(const hfi_state_t *state, uint64_t number, uint64_t *ret_session,
                                 hfi_failure_t *ret_failure);
/* The outcome is known to all who waited. */
void hfi_stub_forget(hfi_state_t *state, uint64_t number);

/* Its time is up. */
void hfi_stub_time(hfi_state_t *state, hfi_adoption_t *self);

/* The stub's referent ends. */
void hfi_stub_end(hfi_state_t *state, hfi_stub_t *stub);

/* Writes the handle that is handed out: six elements. */
void hfi_stub_write(const hfi_stub_t *stub, uint64_t number, hf_writer_t *w);

/* Writes the value with each stub's handle in that form; with `is_back` from that form to [stub, typeid] again. */
void hfi_stub_rewrite(const hfi_state_t *state, const hf_value_t *value, bool is_back,
                      hf_writer_t *w);

/* Frees what is left of adoptions; their managers are left. */
void hfi_stub_close(hfi_state_t *state);

/* ---- for far ---------------------------------------------------------------------------- */

/* Asks there what has not been asked. */
void hfi_stub_ask(hfi_state_t *state, hfi_far_t *far);
/* An answer of the far manager's to the call that was asked for that adoption. */
void hfi_stub_answer(hfi_state_t *state, hfi_far_t *far, uint64_t adoption,
                     const hfi_message_t *message);
/* The far has ended: who waits fails, what stands for its referents is lost. */
void hfi_stub_lose(hfi_state_t *state, hfi_far_t *far, const char *why);

#endif
