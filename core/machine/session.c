/* SPDX-License-Identifier: MPL-2.0 */
/* session -- see session.h */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include <base/check.h>
#include <base/mutant.h>

enum { SESSION_SWEEP_FIRST = 64, SESSION_OWNING_BYTES = 16 };

hfi_session_t *
hfi_session_new(uint64_t number, const hfi_secret_t *secret, hfi_chunks_t *chunks,
                const hfi_limits_t *limits)
{
    hfi_session_t *self = hfi_need(sizeof *self);
    self->number = number;
    self->secret = *secret;
    self->uid = -1;
    self->alarm.kind = HFI_ALARM_SESSION;
    self->ack_alarm.kind = HFI_ALARM_ACK;
    self->owned_sweep = SESSION_SWEEP_FIRST;
    hfi_stream_open(&self->stream, chunks, limits);
    hfi_idtable_open(&self->held, sizeof(hfi_holding_t));
    hfi_idtable_open(&self->pending, sizeof(hfi_pending_t));
    hfi_idtable_open(&self->owned, sizeof(hfi_owning_t));
    return self;
}

void
hfi_session_destroy(hfi_session_t **self_p)
{
    hfi_session_t *self = *self_p;
    if (self == NULL)
        return;
    HF_ASSERT(self->held.live == 0 && self->pending.live == 0);
    HF_ASSERT(self->alarm.deadline.place == 0 && self->ack_alarm.deadline.place == 0);
    hfi_stream_close(&self->stream);
    hfi_idtable_close(&self->held);
    hfi_idtable_close(&self->pending);
    hfi_idtable_close(&self->owned);
    free(self->client);
    free(self->user);
    free(self);
    *self_p = NULL;
}

/* Puts the row's share of the digest in, or takes it out: it is its own inverse. */
static void
session_stir(hfi_session_t *self, const hfi_holding_t *row)
{
    self->digest ^= hfi_digest_of(row->number, row->count);
}

bool
hfi_session_take(hfi_session_t *self, hfi_account_t *account, hfi_referent_t *referent)
{
    /* WALK reference 4/8: that session is a holder as well */
    hfi_holding_t *row = hfi_idtable_find(&self->held, referent->number);
    if (row != NULL) {
        session_stir(self, row);
    } else {
        if (!hfi_account_take(account, HFI_HOLDING_BYTES))
            return false;
        row = hfi_idtable_add(&self->held, referent->number);
        if (row == NULL)
            HF_BUG("no memory");
        row->referent = referent;
        hfi_referents_hold(referent, HFI_HOLDER_SESSION);
    }
    row->count++;
    session_stir(self, row);
    return true;
}

static void
session_let_go(hfi_session_t *self, hfi_referents_t *referents, hfi_holding_t *row)
{
    hfi_referent_t *referent = row->referent;
    hfi_idtable_remove(&self->held, row);
    hfi_account_give(referents->account, HFI_HOLDING_BYTES);
    bool held = hfi_referents_unhold(referents, referent, HFI_HOLDER_SESSION);
    HF_ASSERT(held);
}

bool
hfi_session_give(hfi_session_t *self, hfi_referents_t *referents, uint64_t object, uint64_t count)
{
    /* WALK reference 6/8: never more than it holds */
    hfi_holding_t *row = hfi_idtable_find(&self->held, object);
    if (row == NULL || count > row->count)
        return false;
    session_stir(self, row);
    row->count -= HFI_MUTANT(m01_counted_release) ? row->count : count;
    if (row->count == 0)
        session_let_go(self, referents, row);
    else
        session_stir(self, row);
    return true;
}

void
hfi_session_give_all(hfi_session_t *self, hfi_referents_t *referents)
{
    for (hfi_holding_t *row = hfi_idtable_next(&self->held, NULL); row != NULL;
         row = hfi_idtable_next(&self->held, row))
        session_let_go(self, referents, row);
    self->digest = 0;
}

/* Forgets the owned that have died since. */
static void
session_sweep(hfi_session_t *self, const hfi_referents_t *referents, hfi_account_t *account)
{
    for (hfi_owning_t *row = hfi_idtable_next(&self->owned, NULL); row != NULL;
         row = hfi_idtable_next(&self->owned, row)) {
        if (hfi_referents_find(referents, row->object) != NULL)
            continue;
        hfi_idtable_remove(&self->owned, row);
        hfi_account_give(account, SESSION_OWNING_BYTES);
    }
    self->owned_sweep = 2 * self->owned.live + SESSION_SWEEP_FIRST;
}

bool
hfi_session_own(hfi_session_t *self, const hfi_referents_t *referents, hfi_account_t *account,
                uint64_t object)
{
    if (hfi_idtable_find(&self->owned, object) != NULL)
        return true;
    if (self->owned.live >= self->owned_sweep)
        session_sweep(self, referents, account);
    if (!hfi_account_take(account, SESSION_OWNING_BYTES))
        return false;
    if (hfi_idtable_add(&self->owned, object) == NULL)
        HF_BUG("no memory");
    return true;
}

void
hfi_session_disown(hfi_session_t *self, hfi_account_t *account, uint64_t object)
{
    hfi_owning_t *row = hfi_idtable_find(&self->owned, object);
    if (row == NULL)
        return;
    hfi_idtable_remove(&self->owned, row);
    hfi_account_give(account, SESSION_OWNING_BYTES);
}

static int64_t
session_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t
hfi_session_due_ns(const hfi_session_t *self, int64_t grace_ns, int64_t probe_ns)
{
    int64_t lease = self->heard_ns + self->lease_ns;
    if (self->link == 0)
        return session_least(lease, self->detached_ns + grace_ns);
    int64_t last = self->heard_ns > self->pinged_ns ? self->heard_ns : self->pinged_ns;
    return session_least(lease, last + session_least(probe_ns, self->lease_ns / 2));
}

bool
hfi_session_is_expired(const hfi_session_t *self, int64_t now_ns, int64_t grace_ns)
{
    return now_ns - self->heard_ns >= self->lease_ns ||
           (self->link == 0 && now_ns - self->detached_ns >= grace_ns);
}

bool
hfi_session_is_for(const hfi_session_t *self, hfi_span_t user, int64_t uid)
{
    if (self->user != NULL && !hfi_span_equal(user, hfi_span_of(self->user)))
        return false;
    return self->uid < 0 || self->uid == uid;
}

void
hfi_session_set_roles(hfi_session_t *self, hfi_policy_t *policy)
{
    hfi_span_t user = self->user == NULL ? (hfi_span_t){NULL, 0} : hfi_span_of(self->user);
    self->roles = hfi_policy_roles_of(policy, user, self->uid);
}
