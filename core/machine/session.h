/* SPDX-License-Identifier: MPL-2.0 */
/* session -- one client's standing: its two streams, what it holds, what it owns, its lease.
 *
 * A session is known by its secret and outlives its connections. Nothing here runs a call or sends a frame.
 */
#ifndef HFI_SESSION_H
#define HFI_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <base/idtable.h>
#include <base/siphash.h>
#include <holdfast/plugin.h>
#include <registry/policy.h>
#include <stream/stream.h>

#include "alarm.h"
#include "event.h"
#include "referent.h"

/* A row of what a session holds. It is a holder, so the address is good as long as the row is. */
typedef struct hfi_holding {
    uint64_t number;
    hfi_referent_t *referent;
    uint64_t count;
} hfi_holding_t;

/* A row of the calls that are neither answered nor given up. */
typedef struct hfi_pending {
    uint64_t call;
    uint32_t record;
    uint32_t spare;
} hfi_pending_t;

/* A row of the referents whose session_died wants to hear of this session's end. */
typedef struct hfi_owning {
    uint64_t object;
} hfi_owning_t;

typedef struct hfi_session {
    uint64_t number; /* this manager's own for it, never used twice */
    hfi_secret_t secret;
    uint64_t hash; /* its row among the secrets */
    hfi_stream_t stream;
    uint64_t link; /* 0: detached */
    uint64_t attempt;
    int64_t lease_ns;
    int64_t heard_ns;  /* a frame of it came */
    int64_t asked_ns;  /* a message of it came, or a call of its that waited has come to its end */
    int64_t pinged_ns; /* it was last PINGed */
    int64_t detached_ns; /* since, where link is 0 */
    hfi_alarm_t alarm;   /* lease, grace, probe: the soonest */
    hfi_alarm_t ack_alarm;
    hfi_idtable_t held;    /* hfi_holding_t, in the order taken */
    hfi_idtable_t pending; /* hfi_pending_t, in the order they parked */
    hfi_idtable_t owned;   /* hfi_owning_t */
    uint32_t owned_sweep;  /* rows of `owned` at which the dead are looked for */
    hf_waiters_t waiting;  /* records that wait for a promise or their turn, in the calls' order */
    uint64_t digest;
    hfi_secret_t from; /* where is_manager: the object space of the manager that is the client */
    int64_t uid;       /* the opener's; -1: it showed none */
    int64_t pid;       /* the opener's; 0: unknown */
    int64_t opened_ns;
    char *client;        /* HELLO's free text, NUL-terminated */
    hfi_roles_t *roles;  /* the opener's, by the policy in force */
    char *user;          /* the opener's, NUL-terminated; NULL: it showed none */
    bool is_manager;     /* what it holds, stubs hold there */
    bool is_send_out;    /* a SEND output for it is not taken yet */
    bool is_ending;      /* on the list of those to be ended */
    bool is_ended;       /* its end has begun: nothing goes to it any more */
    hfi_reject_t ending; /* why */
    uint32_t n_parked;
    uint64_t n_late; /* answers to calls that had waited, since the window was last not full */
} hfi_session_t;

/* Gives a session without a connection; charged to the account by the caller. */
hfi_session_t *hfi_session_new(uint64_t number, const hfi_secret_t *secret, hfi_chunks_t *chunks,
                               const hfi_limits_t *limits);
/* Takes; all that it held has been let go. */
void hfi_session_destroy(hfi_session_t **self_p);

/* Bytes a session is charged with. */
enum { HFI_SESSION_BYTES = 768, HFI_HOLDING_BYTES = 32 };

/* The referent where the session holds it, or NULL. */
static inline hfi_referent_t *
hfi_session_holds(const hfi_session_t *self, uint64_t object)
{
    const hfi_holding_t *row = hfi_idtable_find(&self->held, object);
    return row == NULL ? NULL : row->referent;
}

/* One reference more; false: the memory limit, nothing changed. */
bool hfi_session_take(hfi_session_t *self, hfi_account_t *account, hfi_referent_t *referent);

/* `count` references fewer; false: it has not so many, nothing changed. */
bool hfi_session_give(hfi_session_t *self, hfi_referents_t *referents, uint64_t object,
                      uint64_t count);

/* Gives back all, in the order taken. */
void hfi_session_give_all(hfi_session_t *self, hfi_referents_t *referents);

/* Notes that the referent wants to hear of this session's end; again changes nothing. False: the memory limit. */
bool hfi_session_own(hfi_session_t *self, const hfi_referents_t *referents, hfi_account_t *account,
                     uint64_t object);
void hfi_session_disown(hfi_session_t *self, hfi_account_t *account, uint64_t object);

/* When it must be looked at next, for its lease, its grace or a probe. */
int64_t hfi_session_due_ns(const hfi_session_t *self, int64_t grace_ns, int64_t probe_ns);

/* Whether its time is up. */
bool hfi_session_is_expired(const hfi_session_t *self, int64_t now_ns, int64_t grace_ns);

/* Looks up what its opener may do, anew. */
void hfi_session_set_roles(hfi_session_t *self, hfi_policy_t *policy);

/* Whether that peer may resume it: the same user and uid as the opener's, where it showed any. */
bool hfi_session_is_for(const hfi_session_t *self, hfi_span_t user, int64_t uid);

#endif
