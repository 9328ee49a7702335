/* SPDX-License-Identifier: MPL-2.0 */
/* lead -- which thread drives the socket, and how the others wait.
 *
 * Why not a thread for the socket. A call would cross to it and back: two wake-ups, 30 to 40 µs each where the other
 * CPU sleeps, as much again as the whole round trip. Here one thread alone sends, polls and receives itself and never
 * crosses another; many threads share frames, which is what makes many threads fast.
 *
 * Who leads. One thread at a time (is_led) may touch the link. A caller that must wait and finds nobody leading leads:
 * it sends all that is queued, waits for {frames, connection events, wake_fd}, receives, ends futures and wakes who waited
 * for them, until its own wait is over; then it appoints the waiter that has waited longest, or nobody. A caller that
 * finds a leader waits on a futex word of its own; where the leader sleeps in poll and there is something to send, it
 * writes wake_fd first, once for all that come meanwhile (is_woken).
 *
 *     word of a waiter   set by              the waiter then
 *     WAITING            itself              sleeps
 *     DONE               the leader          looks what became of it: ready, or interrupted
 *     LEAD               who leads no more   leads
 *
 * A waiter whose time is up finds out under the mutex whether it was appointed meanwhile; if so it leads for one round
 * and appoints the next. So a lead once given away is never lost.
 *
 * Packing. With nothing in flight a call leaves at once. While a frame is unanswered, calls that nobody waits for
 * gather: until there are LEAD_PACK bytes of them, until somebody waits, until an answer was received. Nothing waits
 * for company: what gathers could not have been answered earlier, as the manager works through the frame before it.
 * The keeper bounds it by 100 ms.
 *
 * Locking. The client's mutex is held at every entry and exit and is let go around every send, receive and poll. So
 * the state is looked at anew after each of them. Threads are woken after the mutex was let go (hfi_client_unlock),
 * so that they do not run into it.
 *
 * Readiness. libzmq's descriptor tells of changes only: it is asked after a receive has found nothing since the last
 * send, else a frame that came in the meantime would be slept through. Its monitor's is read to the end each time.
 */
#define _GNU_SOURCE
#include "lead.h"

#include <errno.h>
#include <unistd.h>

#include <base/check.h>
#include <os/clock.h>

#include "futex.h"
#include "future.h"
#include "keeper.h"

enum { LEAD_WAITING, LEAD_DONE, LEAD_LEAD };

enum { LEAD_DRAIN = 64 }; /* frames, before the state is looked at anew */

/* Bytes that are worth a frame: some 200 small calls. A whole window in one frame would have manager and program take
 * turns, each idle while the other works. */
enum { LEAD_PACK = 3072 };

#define LEAD_OWING_NS (100 * HFI_MS)

/* ---- waiters -------------------------------------------------------------------------- */

static void
lead_enlist(hf_client_t *c, hfi_waiter_t *w)
{
    w->previous = c->last_waiter;
    w->next = NULL;
    if (c->last_waiter != NULL)
        c->last_waiter->next = w;
    else
        c->first_waiter = w;
    c->last_waiter = w;
    w->is_enlisted = true;
}

static void
lead_delist(hf_client_t *c, hfi_waiter_t *w)
{
    if (!w->is_enlisted)
        return;
    if (w->previous != NULL)
        w->previous->next = w->next;
    else
        c->first_waiter = w->next;
    if (w->next != NULL)
        w->next->previous = w->previous;
    else
        c->last_waiter = w->previous;
    w->is_enlisted = false;
}

/* Its thread goes on when the mutex is let go. */
static void
lead_wake(hf_client_t *c, hfi_waiter_t *w, unsigned word)
{
    lead_delist(c, w);
    atomic_store_explicit(&w->word, word, memory_order_release);
    if (c->n_wakes < HFI_WAKES_MAX)
        c->wakes[c->n_wakes++] = &w->word;
    else
        hfi_futex_wake(&w->word);
}

static bool
lead_is_ready(const hf_client_t *c, const hfi_waiter_t *w)
{
    hfi_engine_state_t state;
    switch (w->what) {
    case HFI_WAIT_FUTURE:
        return hfi_future_is_done(w->future);
    case HFI_WAIT_ACK:
        return hfi_engine_acknowledged(c->engine) >= w->number ||
               hfi_engine_state(c->engine) == HFI_ENGINE_ENDED;
    case HFI_WAIT_ATTACHED:
        state = hfi_engine_state(c->engine);
        return state == HFI_ENGINE_ATTACHED || state == HFI_ENGINE_ENDED || c->is_refused;
    case HFI_WAIT_ENDED:
        return hfi_engine_state(c->engine) == HFI_ENGINE_ENDED;
    case HFI_WAIT_LEAD:
        break;
    }
    return false;
}

static bool
lead_is_interrupted(hf_client_t *c, const hfi_waiter_t *w)
{
    return w->what != HFI_WAIT_LEAD &&
           atomic_load_explicit(&c->interrupts, memory_order_relaxed) != w->interrupts;
}

/* Ends the futures whose calls have ended, and wakes who waits no longer. */
static void
lead_complete(hf_client_t *c)
{
    hfi_engine_done_t done;
    while (hfi_engine_take_done(c->engine, &done))
        hfi_future_finish(done.cookie, &done);
    for (hfi_waiter_t *w = c->first_waiter, *next; w != NULL; w = next) {
        next = w->next;
        if (lead_is_ready(c, w) || lead_is_interrupted(c, w))
            lead_wake(c, w, LEAD_DONE);
    }
}

/* ---- what the leader does ------------------------------------------------------------- */

static void
lead_on_event(hf_client_t *c, hfi_link_event_t event)
{
    int64_t now = hfi_now_ns();
    if (event == HFI_LINK_UP) {
        c->is_refused = false;
        hfi_engine_link_up(c->engine, now);
    } else if (event == HFI_LINK_DOWN) {
        hfi_engine_link_down(c->engine, now);
    } else if (hfi_engine_state(c->engine) == HFI_ENGINE_OPENING) {
        c->is_refused = true;
    }
}

/* Returns whether there were any. */
static bool
lead_events(hf_client_t *c)
{
    for (bool has_some = false;; has_some = true) {
        hfi_client_unlock(c);
        hfi_link_event_t event = hfi_link_next_event(c->link);
        hfi_client_lock(c);
        if (event == HFI_LINK_NOTHING)
            return has_some;
        lead_on_event(c, event);
    }
}

static void
lead_reconnect(hf_client_t *c)
{
    hfi_client_unlock(c);
    hfi_link_reconnect(c->link);
    hfi_client_lock(c);
}

/* A frame longer than the buffer goes straight into a message. Returns whether it was sent; false also where it
 * could not even be written. */
static bool
lead_send_long(hf_client_t *c, size_t len, int64_t now)
{
    uint8_t *at = hfi_link_begin(c->link, len);
    if (at == NULL)
        return false;
    size_t n = hfi_engine_fill(c->engine, now, at, len);
    HF_ASSERT(n <= len); /* nothing was put meanwhile: the mutex was not let go */
    hfi_client_unlock(c);
    bool is_sent =
        n == len ? hfi_link_send_begun(c->link) : hfi_link_send(c->link, (hfi_span_t){at, n});
    hfi_client_lock(c);
    return is_sent;
}

/* Sends all that is queued. What cannot be sent is lost with its connection, and sent again on the next one. */
static void
lead_send(hf_client_t *c)
{
    int64_t now = hfi_now_ns();
    hfi_client_drain(c);
    for (;;) {
        bool is_sent;
        size_t len = hfi_engine_fill(c->engine, now, c->buffer, HFI_ENGINE_ROOM);
        if (len == 0)
            return;
        if (len > HFI_ENGINE_ROOM) {
            is_sent = lead_send_long(c, len, now);
        } else {
            hfi_client_unlock(c);
            is_sent = hfi_link_send(c->link, (hfi_span_t){c->buffer, len});
            hfi_client_lock(c);
        }
        if (!is_sent) {
            hfi_engine_link_down(c->engine, now);
            if (!lead_events(c))
                lead_reconnect(
                    c); /* it was not the connection: there was no memory for the frame */
            return;
        }
    }
}

static void
lead_tick(hf_client_t *c)
{
    hfi_engine_tick(c->engine, hfi_now_ns());
    if (hfi_engine_wants_reconnect(c->engine))
        lead_reconnect(c);
}

/* Sleeps until a frame, an event, a nudge or due_ns; under no lock. Returns the bits of what there is. */
static unsigned
lead_wait(const hf_client_t *c, int64_t due_ns)
{
    int64_t left = due_ns == INT64_MAX ? INT64_MAX : due_ns - hfi_now_ns();
    unsigned bits = hfi_link_wait(c->link, left < 0 ? 0 : left);
    uint64_t count;
    if ((bits & HFI_LINK_WOKEN) != 0 && read(c->wake_fd, &count, sizeof count) < 0)
        HF_ASSERT(errno == EAGAIN || errno == EINTR);
    return bits;
}

/* Receives what is there; with nothing there, waits for it until due_ns (0: not at all). */
static void
lead_receive(hf_client_t *c, const hfi_waiter_t *w, int64_t due_ns)
{
    hfi_span_t frame;
    unsigned bits = 0;
    c->is_asleep = due_ns != 0;
    hfi_client_unlock(c);
    bool has_frame = hfi_link_receive(c->link, &frame);
    if (!has_frame && due_ns != 0) {
        bits = lead_wait(c, due_ns);
        has_frame = (bits & HFI_LINK_FRAMES) != 0 && hfi_link_receive(c->link, &frame);
    }
    hfi_client_lock(c);
    c->is_asleep = false;
    if ((bits & HFI_LINK_WOKEN) != 0)
        c->is_woken = false;
    for (int n = 0; has_frame; n++) {
        hfi_engine_receive(c->engine, frame, hfi_now_ns());
        lead_complete(c);
        if (n == LEAD_DRAIN || (w != NULL && lead_is_ready(c, w)))
            break;
        hfi_client_unlock(c);
        has_frame = hfi_link_receive(c->link, &frame);
        hfi_client_lock(c);
    }
    if ((bits & HFI_LINK_EVENTS) != 0)
        (void)lead_events(c);
}

/* One round without waiting. */
static void
lead_round(hf_client_t *c)
{
    lead_tick(c);
    lead_send(c);
    lead_receive(c, NULL, 0);
    lead_complete(c);
}

/* Appoints a waiter, or nobody. */
static void
lead_leave(hf_client_t *c)
{
    HF_ASSERT(c->is_led);
    hfi_keeper_poke(c);
    if (c->first_waiter != NULL)
        lead_wake(c, c->first_waiter, LEAD_LEAD);
    else
        c->is_led = false;
}

/* Leads until the waiter's wait is over. */
static hfi_wait_end_t
lead_until(hf_client_t *c, const hfi_waiter_t *w, int64_t due_ns)
{
    for (bool has_looked = false;; has_looked = true) {
        lead_tick(c);
        lead_send(c);
        lead_complete(c);
        if (lead_is_ready(c, w))
            return HFI_WAIT_READY;
        if (lead_is_interrupted(c, w))
            return HFI_WAIT_INTERRUPTED;
        if (has_looked && due_ns != INT64_MAX && hfi_now_ns() >= due_ns)
            return HFI_WAIT_TIMEOUT;
        int64_t engine_due = hfi_engine_due_ns(c->engine);
        lead_receive(c, w, engine_due < due_ns ? engine_due : due_ns);
        if (lead_is_ready(c, w))
            return HFI_WAIT_READY;
    }
}

/* ---- for all -------------------------------------------------------------------------- */

/* The leader, if it sleeps, looks again. */
static void
lead_nudge(hf_client_t *c)
{
    if (!c->is_asleep || c->is_woken)
        return;
    c->is_woken = true;
    uint64_t one = 1;
    while (write(c->wake_fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

/* Sleeps until the leader says so. True: it is this thread's turn to lead. */
static bool
lead_follow(hf_client_t *c, hfi_waiter_t *w, int64_t due_ns, hfi_wait_end_t *ret_end)
{
    lead_enlist(c, w);
    lead_nudge(c);
    for (;;) {
        hfi_client_unlock(c);
        hfi_futex_wait(&w->word, LEAD_WAITING, due_ns);
        hfi_client_lock(c);
        if (atomic_load_explicit(&w->word, memory_order_acquire) == LEAD_LEAD)
            return true;
        bool is_over = true;
        if (lead_is_ready(c, w))
            *ret_end = HFI_WAIT_READY;
        else if (lead_is_interrupted(c, w))
            *ret_end = HFI_WAIT_INTERRUPTED;
        else if (due_ns != INT64_MAX && hfi_now_ns() >= due_ns)
            *ret_end = HFI_WAIT_TIMEOUT;
        else
            is_over = false;
        if (is_over) {
            lead_delist(c, w);
            return false;
        }
    }
}

hfi_wait_end_t
hfi_lead_wait(hf_client_t *c, hfi_waiter_t *w, int64_t due_ns)
{
    HF_CHECK(c, HFI_CLIENT_MAGIC);
    hfi_wait_end_t end = HFI_WAIT_READY;
    w->interrupts = atomic_load_explicit(&c->interrupts, memory_order_relaxed);
    if (lead_is_ready(c, w))
        return HFI_WAIT_READY;
    HF_ASSERT(!c->is_closed); /* the session has ended: all are ready */
    if (c->is_led && !lead_follow(c, w, due_ns, &end))
        return end;
    c->is_led = true;
    end = lead_until(c, w, due_ns);
    lead_leave(c);
    return end;
}

void
hfi_lead_put(hf_client_t *c)
{
    size_t unsent = hfi_engine_unsent(c->engine);
    if (hfi_engine_is_waiting(c->engine) && unsent < LEAD_PACK) {
        hfi_keeper_poke(c); /* it gathers */
    } else if (c->is_led) {
        lead_nudge(c);
    } else {
        c->is_led = true;
        lead_send(c);
        if (unsent >= LEAD_PACK)
            lead_receive(c, NULL, 0); /* what is answered meanwhile is not left to pile up */
        lead_leave(c);
    }
}

void
hfi_lead_send(hf_client_t *c)
{
    if (c->is_led) {
        lead_nudge(c);
        return;
    }
    c->is_led = true;
    lead_send(c);
    lead_leave(c);
}

int64_t
hfi_lead_visit(hf_client_t *c, bool *ret_is_owing)
{
    *ret_is_owing = false;
    if (c->is_closed)
        return INT64_MAX;
    int64_t now = hfi_now_ns();
    int64_t idle = hfi_engine_grace_ns(c->engine) / 3;
    idle = idle > LEAD_OWING_NS ? idle : LEAD_OWING_NS;
    if (c->is_led)
        return now + idle; /* who leads does it all, and pokes when it leaves */
    c->is_led = true;
    (void)lead_events(c);
    lead_round(c);
    lead_send(c);
    bool is_idle = hfi_engine_state(c->engine) == HFI_ENGINE_ATTACHED &&
                   hfi_engine_n_pending(c->engine) == 0 && hfi_engine_unsent(c->engine) == 0;
    int64_t due = hfi_engine_due_ns(c->engine);
    if (c->first_waiter != NULL)
        lead_wake(c, c->first_waiter, LEAD_LEAD);
    else
        c->is_led = false;
    if (hfi_engine_state(c->engine) == HFI_ENGINE_ENDED)
        return INT64_MAX;
    int64_t latest = now + (is_idle ? idle : LEAD_OWING_NS);
    due = due < latest ? due : latest;
    *ret_is_owing = due <= now + LEAD_OWING_NS;
    return due > now ? due : now + HFI_MS;
}

void
hfi_lead_forget(hf_client_t *c)
{
    c->is_led = c->is_closed; /* one that was closed is never led again */
    c->is_asleep = c->is_woken = c->is_refused = false;
    c->first_waiter = c->last_waiter = NULL;
    c->n_wakes = 0;
}

void
hfi_lead_retire(hf_client_t *c)
{
    hfi_waiter_t w = {.what = HFI_WAIT_LEAD};
    hfi_wait_end_t end;
    if (c->is_led && !lead_follow(c, &w, INT64_MAX, &end))
        HF_BUG("a wait for the lead ends with the lead");
    c->is_led = true;
    c->is_closed = true;
    lead_complete(c);
}
