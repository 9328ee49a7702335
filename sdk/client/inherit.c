/* SPDX-License-Identifier: MPL-2.0 */
/* inherit -- see inherit.h
 *
 * Life of a claim
 *   prepare   the parent exports all that it holds, in the client's own stream, under secrets that it draws; `uses` 1,
 *             the lease as ttl. They are queued in front of every later release, so nothing is let go before.
 *   parent    sends them, and waits shortly for the manager to have them; it keeps no claim.
 *   child     has the secrets, and the engine's entries, which say what the program holds. Releases only count those
 *             down. The first call opens a session and adopts by each secret: then the entries are this session's.
 *   nobody    a child that never calls, execs or dies leaves a pin that runs out.
 *   grandchild  a child that has not called yet gives its claims on as they are: a token is good for whoever has it
 *             while its referents live. One that has called exports from its own session.
 *
 * Why adopting ends. The manager may see the child's `adopt` before the parent's `export`, and says NoSuchObject: it is
 * asked again, after pauses that grow to 50 ms. An export that is not executed within a lease of the fork never will be:
 * the parent has sent it, or its connection is gone; resumed within the lease it sends it again, and past the lease its
 * session is over and nothing of its stream is executed any more. So NoSuchObject at fork + lease is the last word, and
 * the client is lost for good: nothing is ever held in the name of what was not adopted.
 *
 * One thread inherits (is_inheriting), the others that call sleep on `inheritings` until the attempt has ended.
 */
#define _GNU_SOURCE
#include "inherit.h"

#include <sys/random.h>
#include <unistd.h>

#include <base/check.h>
#include <os/clock.h>
#include <value/value.h>

#include "fork.h"
#include "futex.h"
#include "future.h"
#include "keeper.h"
#include "lead.h"
#include "options.h"

#define INHERIT_PAUSE_NS     (1 * HFI_MS)
#define INHERIT_PAUSE_MAX_NS (50 * HFI_MS)
/* A manager that serves has answered long before; one that hangs must not hang fork for longer. */
#define INHERIT_HAND_OVER_NS (5000 * HFI_MS)

/* ---- around fork ---------------------------------------------------------------------- */

/* Room for one more claim; NULL: no memory. */
static hfi_claim_t *
inherit_room(hf_client_t *c)
{
    if (c->n_claims == c->claims_room) {
        uint32_t room = c->claims_room == 0 ? 4 : 2 * c->claims_room;
        hfi_claim_t *claims = realloc(c->claims, room * sizeof *claims);
        if (claims == NULL)
            return NULL;
        c->claims = claims;
        c->claims_room = room;
    }
    return &c->claims[c->n_claims];
}

bool
hfi_inherit_export(hf_client_t *c)
{
    c->n_claims_before = c->n_claims;
    if (c->engine == NULL || hfi_engine_state(c->engine) == HFI_ENGINE_ENDED ||
        !hfi_options_is_inherited(c->options))
        return false;
    hfi_client_drain(c);
    hfi_failure_t failure = {0};
    uint64_t object = 0;
    int64_t due_ns = hfi_now_ns() + hfi_engine_lease_ns(c->engine);
    /* What cannot be exported is missing in the child, which says so when it is used. */
    for (hfi_claim_t *claim = inherit_room(c); claim != NULL; claim = inherit_room(c)) {
        claim->due_ns = due_ns;
        if (getrandom(claim->secret, sizeof claim->secret, 0) != (ssize_t)sizeof claim->secret ||
            hfi_engine_export(c->engine, claim->secret, &object, &failure) <= 0)
            break;
        c->n_claims++;
    }
    return c->n_claims > c->n_claims_before;
}

void
hfi_inherit_keep(hf_client_t *c)
{
    c->n_claims = c->n_claims_before;
}

void
hfi_inherit_hand_over(hf_client_t *c)
{
    hfi_client_lock(c);
    if (hfi_engine_state(c->engine) == HFI_ENGINE_ATTACHED) {
        hfi_waiter_t w = {.what = HFI_WAIT_ACK, .number = hfi_engine_probe(c->engine)};
        (void)hfi_lead_wait(c, &w, hfi_now_ns() + INHERIT_HAND_OVER_NS);
    }
    hfi_client_unlock(c);
    hfi_keeper_poke(c);
}

void
hfi_inherit_take(hf_client_t *c)
{
    hfi_engine_done_t done;
    hfi_lead_forget(c);
    c->is_inheriting = false;
    if (c->engine == NULL)
        return;
    hfi_engine_leave(c->engine);
    while (hfi_engine_take_done(c->engine, &done))
        hfi_future_finish(done.cookie, &done);
    if (!hfi_options_is_inherited(c->options))
        hfi_engine_give_up(c->engine, "SessionLost", "the client was not to be inherited");
    atomic_store_explicit(&c->is_inherited, hfi_engine_is_left(c->engine), memory_order_relaxed);
    int fd = atomic_exchange_explicit(&c->wake_fd, -1, memory_order_relaxed);
    if (fd >= 0)
        (void)close(fd);
}

/* ---- adopting ------------------------------------------------------------------------- */

/* For good: nobody takes it over any more. */
static bool
inherit_lose(hf_client_t *c, hfi_failure_t *failure, const char *text)
{
    hfi_engine_give_up(c->engine, "SessionLost", text);
    atomic_store_explicit(&c->is_inherited, false, memory_order_release);
    if (!hfi_engine_reason(c->engine, failure))
        HF_BUG("it was given up");
    return false;
}

/* Why a wait ended before what was waited for. */
static bool
inherit_fail(hf_client_t *c, hfi_wait_end_t end, hfi_failure_t *failure)
{
    if (hfi_engine_state(c->engine) == HFI_ENGINE_ENDED)
        return inherit_lose(c, failure, "the session has ended");
    if (end == HFI_WAIT_INTERRUPTED)
        return hfi_fail(failure, "Interrupted", "hf_interrupt");
    return hfi_fail(failure, "TimeoutError", "what the parent held is not adopted yet");
}

typedef enum inherit_answer {
    INHERIT_ADOPTED,
    INHERIT_UNKNOWN, /* NoSuchObject */
    INHERIT_FAILED,  /* *failure */
} inherit_answer_t;

/* [secret], as adopt's arguments. */
static void
inherit_write(const hfi_claim_t *claim, uint8_t to[32], hf_value_t *ret_args)
{
    hf_writer_t w = {.at = to, .room = 32, .grow = hfi_grow_never};
    hf_write_list(&w, 1);
    hf_write_bytes(&w, claim->secret, sizeof claim->secret);
    HF_ASSERT(!w.failed);
    *ret_args = hfi_value_view((hfi_span_t){to, w.len}, 0);
}

/* Takes the answer: the handles in it are counted in their entries by now. */
static inherit_answer_t
inherit_read(hf_client_t *c, hf_future_t *future, hfi_failure_t *failure)
{
    unsigned state = atomic_load_explicit(&future->state, memory_order_relaxed);
    if (state == HFI_FUTURE_RESULT) {
        hfi_engine_let_go_value(c->engine, &future->value);
    } else if (state == HFI_FUTURE_ERROR) {
        hfi_failure_t answer = {0};
        hfi_future_failure(future, &answer);
        if (strcmp(answer.kind, "NoSuchObject") != 0) {
            char text[HFI_FAILURE_TEXT];
            (void)snprintf(text, sizeof text, "what the parent held is not to be adopted: %.200s",
                           answer.text);
            (void)inherit_lose(c, failure, text);
            state = HFI_FUTURE_LOST;
        }
        hfi_value_drop(&answer.data);
    } else {
        (void)inherit_fail(c, HFI_WAIT_TIMEOUT, failure);
    }
    hfi_value_drop(&future->value);
    hfi_future_recycle(future);
    return state == HFI_FUTURE_RESULT  ? INHERIT_ADOPTED
           : state == HFI_FUTURE_ERROR ? INHERIT_UNKNOWN
                                       : INHERIT_FAILED;
}

/* One `adopt`, and its answer. */
static inherit_answer_t
inherit_ask(hf_client_t *c, const hfi_claim_t *claim, int64_t due_ns, hfi_failure_t *failure)
{
    uint8_t room[32];
    hf_value_t args;
    inherit_write(claim, room, &args);
    hfi_engine_call_t call = {
        .method = hfi_span_of("adopt"), .args = &args, .timeout = -1.0, .due_ns = HFI_ENGINE_NEVER};
    hf_future_t *future = hfi_future_new(c);
    call.cookie = future;
    if (future == NULL) {
        (void)hfi_fail(failure, "LimitExceeded", "there is no memory for a call");
        return INHERIT_FAILED;
    }
    hfi_engine_put_t put = hfi_engine_put(c->engine, &call, &future->call, failure);
    if (put != HFI_PUT_OK) {
        hfi_future_recycle(future);
        if (hfi_engine_state(c->engine) == HFI_ENGINE_ENDED)
            (void)inherit_lose(c, failure, "the session has ended");
        return put == HFI_PUT_WINDOW ? INHERIT_UNKNOWN : INHERIT_FAILED;
    }
    hfi_waiter_t w = {.what = HFI_WAIT_FUTURE, .future = future};
    hfi_wait_end_t end = hfi_lead_wait(c, &w, due_ns);
    if (end == HFI_WAIT_READY)
        return inherit_read(c, future, failure);
    hfi_engine_abandon(c->engine, future->call, false);
    hfi_future_recycle(future);
    (void)inherit_fail(c, end, failure);
    return INHERIT_FAILED;
}

/* Adopts by one claim, asking again while the parent's export may still come. */
static bool
inherit_adopt(hf_client_t *c, const hfi_claim_t *claim, int64_t due_ns, hfi_failure_t *failure)
{
    int64_t pause_ns = INHERIT_PAUSE_NS;
    for (int asked = 1;; asked++) {
        inherit_answer_t answer = inherit_ask(c, claim, due_ns, failure);
        if (answer != INHERIT_UNKNOWN)
            return answer == INHERIT_ADOPTED;
        int64_t now_ns = hfi_now_ns();
        if (asked > 1 && now_ns >= claim->due_ns)
            return inherit_lose(c, failure,
                                "what the parent exported for this process has run out");
        int64_t again_ns = now_ns + pause_ns;
        hfi_waiter_t w = {.what = HFI_WAIT_ENDED};
        hfi_wait_end_t end = hfi_lead_wait(c, &w, again_ns < due_ns ? again_ns : due_ns);
        if (end != HFI_WAIT_TIMEOUT || hfi_now_ns() >= due_ns)
            return inherit_fail(c, end, failure);
        pause_ns = 2 * pause_ns < INHERIT_PAUSE_MAX_NS ? 2 * pause_ns : INHERIT_PAUSE_MAX_NS;
    }
}

static bool
inherit_adopt_all(hf_client_t *c, int64_t due_ns, hfi_failure_t *failure)
{
    while (c->n_claims > 0) {
        hfi_claim_t claim = c->claims[c->n_claims - 1];
        if (!inherit_adopt(c, &claim, due_ns, failure))
            return false;
        c->n_claims--;
    }
    hfi_client_drain(c);
    if (hfi_engine_n_missing(c->engine) > 0)
        return inherit_lose(c, failure, "not all that the parent held could be exported");
    atomic_store_explicit(&c->is_inherited, false, memory_order_release);
    return true;
}

/* ---- the session ---------------------------------------------------------------------- */

/* When the last claim has run out; INT64_MAX: there is none. */
static int64_t
inherit_last_ns(const hf_client_t *c)
{
    int64_t last_ns = c->n_claims == 0 ? INT64_MAX : 0;
    for (uint32_t i = 0; i < c->n_claims; i++)
        last_ns = c->claims[i].due_ns > last_ns ? c->claims[i].due_ns : last_ns;
    return last_ns;
}

/* Under the mutex, which is let go meanwhile. */
static bool
inherit_open(hf_client_t *c, int64_t due_ns, hfi_failure_t *failure)
{
    if (!hfi_client_is_here(c)) {
        hfi_client_unlock(c);
        bool is_started = hfi_client_start(c, failure);
        hfi_client_lock(c);
        if (!is_started)
            return false;
    }
    int64_t patient_ns = hfi_now_ns() + hfi_options_connect_ns(c->options);
    c->is_refused = false;
    (void)hfi_client_attach(c, patient_ns < due_ns ? patient_ns : due_ns, failure);
    if (hfi_engine_state(c->engine) == HFI_ENGINE_ENDED)
        return inherit_lose(c, failure, "the session has ended");
    if (failure->kind[0] == '\0')
        return true;
    if (hfi_now_ns() >= inherit_last_ns(c))
        return inherit_lose(c, failure, "what the parent exported for this process has run out");
    return false;
}

/* Waits while another thread inherits. False: *failure. */
static bool
inherit_await(hf_client_t *c, int64_t due_ns, hfi_failure_t *failure)
{
    uint32_t interrupts = atomic_load_explicit(&c->interrupts, memory_order_relaxed);
    while (hfi_inherit_is_due(c) && c->is_inheriting) {
        unsigned word = atomic_load_explicit(&c->inheritings, memory_order_relaxed);
        hfi_client_unlock(c);
        hfi_futex_wait(&c->inheritings, word, due_ns);
        hfi_client_lock(c);
        if (atomic_load_explicit(&c->interrupts, memory_order_relaxed) != interrupts)
            return inherit_fail(c, HFI_WAIT_INTERRUPTED, failure);
        if (due_ns != INT64_MAX && hfi_now_ns() >= due_ns)
            return inherit_fail(c, HFI_WAIT_TIMEOUT, failure);
    }
    return true;
}

bool
hfi_inherit(hf_client_t *c, int64_t due_ns, hfi_failure_t *ret_failure)
{
    hfi_client_lock(c);
    bool is_there = inherit_await(c, due_ns, ret_failure);
    if (is_there && hfi_inherit_is_due(c)) {
        hfi_client_ref(c);
        c->is_inheriting = true;
        is_there =
            inherit_open(c, due_ns, ret_failure) && inherit_adopt_all(c, due_ns, ret_failure);
        c->is_inheriting = false;
        atomic_fetch_add_explicit(&c->inheritings, 1, memory_order_release);
        hfi_client_unlock(c);
        hfi_futex_wake_all(&c->inheritings);
        hfi_client_unref(c);
        return is_there;
    }
    hfi_client_unlock(c);
    return is_there;
}

void
hfi_inherit_withdraw(hf_client_t *c)
{
    hfi_client_lock(c);
    while (c->is_inheriting) {
        unsigned word = atomic_load_explicit(&c->inheritings, memory_order_relaxed);
        hfi_engine_give_up(c->engine, "SessionLost", "the client was disconnected");
        if (hfi_client_is_here(c))
            hfi_lead_send(c); /* who leads looks again */
        hfi_client_unlock(c);
        hfi_futex_wait(&c->inheritings, word, hfi_now_ns() + INHERIT_PAUSE_MAX_NS);
        hfi_client_lock(c);
    }
    if (hfi_inherit_is_due(c)) {
        hfi_engine_give_up(c->engine, "SessionLost", "the client was disconnected");
        atomic_store_explicit(&c->is_inherited, false, memory_order_release);
    }
    hfi_client_unlock(c);
}
