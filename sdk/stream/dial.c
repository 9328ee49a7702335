/* SPDX-License-Identifier: MPL-2.0 */
/* dial -- the connecting end of a session: HELLO, resume, PING, lease.
 *
 * Times, as parts of the lease L that was granted: silent for L/3: PING. Nothing heard for L/2 since an
 * asking: the connection is replaced, once, as the transport may not have noticed its death. Nothing
 * for L: lost. A HELLO without an answer is said again after 250 ms, 500 ms, 1 s, then every 2 s;
 * the fourth in vain replaces the connection as well.
 */
#include "dial.h"

#include <string.h>

#include <base/check.h>
#include <base/mutant.h>

enum {
    DIAL_HELLO_MS = 250,
    DIAL_HELLO_MAX_DOUBLED = 3,
    DIAL_HELLOS = 4,
};

#define DIAL_MS     INT64_C(1000000)
#define DIAL_DAY_MS UINT64_C(86400000)

/* Until WELCOME grants more: no manager grants less. */
static const hfi_limits_t dial_limits = {
    .frame_bytes = 64u << 10,
    .depth = 16,
    .window = 1,
    .window_bytes = 64u << 10,
};

static int64_t
dial_lease_ns(const hfi_dial_t *self)
{
    return (int64_t)self->lease_ms * DIAL_MS;
}

static bool
dial_is_alive(const hfi_dial_t *self)
{
    return self->state == HFI_DIAL_WAITING || self->state == HFI_DIAL_ASKED ||
           self->state == HFI_DIAL_OPEN;
}

void
hfi_dial_open(hfi_dial_t *self, const hfi_secret_t *session, uint64_t lease_ms, hfi_span_t client,
              int64_t now_ns)
{
    *self = (hfi_dial_t){
        .state = HFI_DIAL_WAITING,
        .session = *session,
        .client = client,
        .limits = dial_limits,
        .lease_ms = lease_ms < DIAL_DAY_MS ? lease_ms : DIAL_DAY_MS,
        .sent_ns = now_ns,
        .asked_ns = INT64_MAX,
    };
}

void
hfi_dial_end(hfi_dial_t *self, hfi_reject_t reason)
{
    self->state = HFI_DIAL_ENDED;
    self->reason = reason;
    self->asked_ns = INT64_MAX;
}

/* ---- the connection ------------------------------------------------------------------- */

static void
dial_ask(hfi_dial_t *self)
{
    self->state = HFI_DIAL_ASKED;
    self->is_hello_due = true;
    self->n_hellos = 0;
}

void
hfi_dial_on_up(hfi_dial_t *self, int64_t now_ns)
{
    (void)now_ns;
    if (dial_is_alive(self))
        dial_ask(self);
}

void
hfi_dial_on_down(hfi_dial_t *self, int64_t now_ns)
{
    if (!dial_is_alive(self))
        return;
    self->state = HFI_DIAL_WAITING;
    if (self->asked_ns == INT64_MAX)
        self->asked_ns = now_ns;
}

void
hfi_dial_on_heard(hfi_dial_t *self)
{
    self->asked_ns = INT64_MAX;
    self->is_reconnected = false;
}

void
hfi_dial_on_sent(hfi_dial_t *self, bool asks, int64_t now_ns)
{
    self->sent_ns = now_ns;
    if (asks && self->asked_ns == INT64_MAX)
        self->asked_ns = now_ns;
}

/* ---- what is due ---------------------------------------------------------------------- */

/* a + b, where b is not negative; INT64_MAX is never. */
static int64_t
dial_later(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static int64_t
dial_lost_ns(const hfi_dial_t *self)
{
    return self->was_welcomed ? dial_later(self->asked_ns, dial_lease_ns(self)) : INT64_MAX;
}

static int64_t
dial_hello_again_ns(const hfi_dial_t *self)
{
    if (self->is_hello_due)
        return INT64_MIN;
    uint32_t doubled = self->n_hellos - 1;
    if (doubled > DIAL_HELLO_MAX_DOUBLED)
        doubled = DIAL_HELLO_MAX_DOUBLED;
    return dial_later(self->hello_ns, ((int64_t)DIAL_HELLO_MS << doubled) * DIAL_MS);
}

static int64_t
dial_ping_ns(const hfi_dial_t *self)
{
    return dial_later(self->sent_ns, dial_lease_ns(self) / 3);
}

static int64_t
dial_reconnect_ns(const hfi_dial_t *self)
{
    return self->is_reconnected ? INT64_MAX : dial_later(self->asked_ns, dial_lease_ns(self) / 2);
}

static hfi_dial_step_t
dial_reconnect(hfi_dial_t *self, int64_t now_ns)
{
    self->is_reconnected = true;
    hfi_dial_on_down(self, now_ns);
    return HFI_DIAL_RECONNECT;
}

hfi_dial_step_t
hfi_dial_step(hfi_dial_t *self, int64_t now_ns)
{
    if (!dial_is_alive(self))
        return HFI_DIAL_NOTHING;
    if (now_ns >= dial_lost_ns(self)) {
        hfi_dial_end(self, HFI_REJECT_SESSION_EXPIRED);
        return HFI_DIAL_LOST;
    }
    if (self->state == HFI_DIAL_ASKED && now_ns >= dial_hello_again_ns(self))
        return self->n_hellos < DIAL_HELLOS ? HFI_DIAL_SEND_HELLO : dial_reconnect(self, now_ns);
    if (self->state == HFI_DIAL_OPEN && now_ns >= dial_reconnect_ns(self))
        return dial_reconnect(self, now_ns);
    if (self->state == HFI_DIAL_OPEN && now_ns >= dial_ping_ns(self))
        return HFI_DIAL_SEND_PING;
    return HFI_DIAL_NOTHING;
}

int64_t
hfi_dial_due_ns(const hfi_dial_t *self)
{
    if (!dial_is_alive(self))
        return INT64_MAX;
    int64_t due = dial_lost_ns(self);
    if (self->state == HFI_DIAL_ASKED && dial_hello_again_ns(self) < due)
        due = dial_hello_again_ns(self);
    if (self->state == HFI_DIAL_OPEN && dial_ping_ns(self) < due)
        due = dial_ping_ns(self);
    if (self->state == HFI_DIAL_OPEN && dial_reconnect_ns(self) < due)
        due = dial_reconnect_ns(self);
    return due;
}

/* ---- HELLO and what answers it -------------------------------------------------------- */

void
hfi_dial_hello(hfi_dial_t *self, uint64_t received, int64_t now_ns, hfi_hello_t *ret_hello)
{
    HF_ASSERT(self->state == HFI_DIAL_ASKED);
    self->attempt++;
    self->n_hellos++;
    self->is_hello_due = false;
    self->hello_ns = now_ns;
    hfi_dial_on_sent(self, true, now_ns);
    *ret_hello = (hfi_hello_t){
        .session = self->session,
        .manager = self->manager,
        .attempt = self->attempt,
        .received = received,
        .lease_ms = self->lease_ms,
        .client = self->client,
        .has_manager = self->was_welcomed,
        .resume = self->was_welcomed,
    };
}

/* A manager that grants nothing usable is none. */
static bool
dial_is_usable(const hfi_welcome_t *welcome)
{
    return welcome->lease_ms != 0 && welcome->limits.window != 0 &&
           welcome->limits.window_bytes != 0 && welcome->limits.depth != 0 &&
           welcome->limits.frame_bytes > HFI_FRAME_HEADER_MAX;
}

static bool
dial_is_same_session(const hfi_dial_t *self, const hfi_welcome_t *welcome)
{
    if (!self->was_welcomed || HFI_MUTANT(m11_epoch))
        return true;
    return welcome->resumed && memcmp(&self->manager, &welcome->manager, sizeof self->manager) == 0;
}

bool
hfi_dial_on_welcome(hfi_dial_t *self, const hfi_welcome_t *welcome, hfi_stream_t *stream,
                    int64_t now_ns)
{
    bool is_echo = self->state == HFI_DIAL_ASKED && self->n_hellos == 0;
    if (is_echo || (self->state != HFI_DIAL_ASKED && self->state != HFI_DIAL_OPEN))
        return false;
    if (!dial_is_usable(welcome)) {
        hfi_dial_end(self, HFI_REJECT_BAD_FRAME);
        return false;
    }
    if (!dial_is_same_session(self, welcome) || !hfi_stream_fits(stream, welcome->received)) {
        hfi_dial_end(self, HFI_REJECT_SESSION_EXPIRED);
        return false;
    }
    self->state = HFI_DIAL_OPEN;
    self->was_welcomed = true;
    self->manager = welcome->manager;
    self->limits = welcome->limits;
    self->lease_ms = welcome->lease_ms < DIAL_DAY_MS ? welcome->lease_ms : DIAL_DAY_MS;
    self->grace_ms = welcome->grace_ms;
    self->n_hellos = 0;
    hfi_dial_on_heard(self);
    hfi_stream_attach(stream, welcome->received, now_ns);
    return true;
}

bool
hfi_dial_on_reject(hfi_dial_t *self, hfi_reject_t reason)
{
    if (!dial_is_alive(self))
        return false;
    if (reason == HFI_REJECT_NO_SESSION) {
        if (self->state == HFI_DIAL_OPEN)
            dial_ask(self);
        return false;
    }
    if (reason == HFI_REJECT_SESSION_EXPIRED && !self->was_welcomed)
        return false; /* no session of ours can have expired: said to an earlier one */
    hfi_dial_end(self, reason);
    return true;
}
