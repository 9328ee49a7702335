/* SPDX-License-Identifier: MPL-2.0 */
/* dealer -- see dealer.h
 *
 * Options, and why: as libholdfast's (sdk/client/link). IMMEDIATE, so that nothing is queued for a connection that is not
 * there; HWM 0 both ways, as windows bound what is under way; LINGER only at the end, for the BYE; the first connection
 * is tried again by libzmq, and whether that is worth while is the machine's to say: it hears of each attempt that failed.
 */
#define _POSIX_C_SOURCE 200809L
#include "dealer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include <base/check.h>
#include <os/poll.h>

#define DEALERS_MAGIC 0xdea1e500u

enum {
    DEALER_RECONNECT_MS = 50,
    DEALER_RECONNECT_MAX_MS = 1000,
    DEALER_CONNECT_MS = 3000,
    DEALER_TCP_MAXRT_MS = 15000,
    DEALER_LINGER_MS = 500,
    DEALER_ENDPOINT = 512, /* bytes of the longest endpoint that the machine asks for, and more */
    DEALERS_EVENTS = 64,   /* of a round */
    DEALER_EVENTS = 16,    /* of one of them in a round */
    DEALERS_FIRST = 4,
};

typedef struct dealer {
    uint64_t link;
    void *socket;
    void *monitor;
    bool is_up;
} dealer_t;

struct hfi_dealers {
    uint32_t magic;
    void *context;
    hfi_log_t *log;
    hfi_poll_t poll; /* all their descriptors; the loop waits for this one */
    dealer_t *at;
    size_t n;
    size_t room;
    uint64_t last_monitor;
    zmq_msg_t frames[DEALERS_EVENTS]; /* of this round, lent to events */
    size_t n_frames;
};

hfi_dealers_t *
hfi_dealers_new(void *context, hfi_log_t *log, char *why, size_t why_room)
{
    hfi_dealers_t *self = calloc(1, sizeof *self);
    if (self == NULL) {
        (void)snprintf(why, why_room, "no memory");
        return NULL;
    }
    self->magic = DEALERS_MAGIC;
    self->context = context;
    self->log = log;
    self->poll = HFI_POLL_NONE;
    if (!hfi_poll_open(&self->poll, false)) {
        (void)snprintf(why, why_room, "no descriptor to wait for other managers with");
        hfi_dealers_destroy(&self);
    }
    return self;
}

/* ---- one of them ------------------------------------------------------------------------ */

static bool
dealer_set(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool
dealer_set_all(void *socket)
{
    return dealer_set(socket, ZMQ_IMMEDIATE, 1) && dealer_set(socket, ZMQ_RCVHWM, 0) &&
           dealer_set(socket, ZMQ_SNDHWM, 0) && dealer_set(socket, ZMQ_LINGER, 0) &&
           dealer_set(socket, ZMQ_RECONNECT_IVL, DEALER_RECONNECT_MS) &&
           dealer_set(socket, ZMQ_RECONNECT_IVL_MAX, DEALER_RECONNECT_MAX_MS) &&
           dealer_set(socket, ZMQ_CONNECT_TIMEOUT, DEALER_CONNECT_MS) &&
           dealer_set(socket, ZMQ_TCP_KEEPALIVE, 1) &&
           dealer_set(socket, ZMQ_TCP_KEEPALIVE_IDLE, 10) &&
           dealer_set(socket, ZMQ_TCP_KEEPALIVE_INTVL, 5) &&
           dealer_set(socket, ZMQ_TCP_KEEPALIVE_CNT, 3) &&
           dealer_set(socket, ZMQ_TCP_MAXRT, DEALER_TCP_MAXRT_MS);
}

static int
dealer_fd(void *socket)
{
    int fd = -1;
    size_t size = sizeof fd;
    return zmq_getsockopt(socket, ZMQ_FD, &fd, &size) == 0 ? fd : -1;
}

static bool
dealer_poll(const hfi_dealers_t *self, void *socket)
{
    int fd = dealer_fd(socket);
    return fd >= 0 && hfi_poll_add(&self->poll, fd, 1);
}

static bool
dealer_watch(hfi_dealers_t *self, dealer_t *dealer)
{
    char name[64];
    int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED;
    (void)snprintf(name, sizeof name, "inproc://holdfast-far-%" PRIu64, ++self->last_monitor);
    if (zmq_socket_monitor(dealer->socket, name, events) != 0)
        return false;
    dealer->monitor = zmq_socket(self->context, ZMQ_PAIR);
    return dealer->monitor != NULL && dealer_set(dealer->monitor, ZMQ_RCVHWM, 0) &&
           dealer_set(dealer->monitor, ZMQ_LINGER, 0) && zmq_connect(dealer->monitor, name) == 0 &&
           dealer_poll(self, dealer->monitor);
}

static void
dealer_close_socket(const hfi_dealers_t *self, void **socket_p)
{
    if (*socket_p == NULL)
        return;
    hfi_poll_remove(&self->poll, dealer_fd(*socket_p));
    (void)zmq_close(*socket_p);
    *socket_p = NULL;
}

static void
dealer_close(const hfi_dealers_t *self, dealer_t *dealer)
{
    if (dealer->socket != NULL) {
        (void)zmq_socket_monitor(dealer->socket, NULL, 0);
        (void)dealer_set(dealer->socket, ZMQ_LINGER, DEALER_LINGER_MS);
    }
    dealer_close_socket(self, &dealer->socket);
    dealer_close_socket(self, &dealer->monitor);
}

/* A new connection's pipe may wait in the socket's mailbox, which a send looks into only now and then. */
static bool
dealer_settle(void *socket)
{
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

/* An event is two parts: number and value, then the endpoint. 0: there is none. */
static unsigned
dealer_read_event(const dealer_t *dealer)
{
    zmq_msg_t part;
    unsigned event = 0;
    (void)zmq_msg_init(&part);
    int rc;
    do {
        rc = zmq_msg_recv(&part, dealer->monitor, ZMQ_DONTWAIT);
    } while (rc < 0 && zmq_errno() == EINTR);
    if (rc >= 2) {
        uint16_t word;
        memcpy(&word, zmq_msg_data(&part), sizeof word);
        event = word;
    }
    while (rc >= 0 && zmq_msg_more(&part) != 0)
        rc = zmq_msg_recv(&part, dealer->monitor, 0);
    (void)zmq_msg_close(&part);
    return event;
}

/* ---- in --------------------------------------------------------------------------------- */

int
hfi_dealers_fd(const hfi_dealers_t *self)
{
    HF_CHECK(self, DEALERS_MAGIC);
    return self->poll.fd;
}

bool
hfi_dealers_is_readable(const hfi_dealers_t *self)
{
    HF_CHECK(self, DEALERS_MAGIC);
    for (size_t k = 0; k < self->n; k++) {
        if (dealer_settle(self->at[k].socket) || dealer_settle(self->at[k].monitor))
            return true;
    }
    return false;
}

static bool
dealers_put(const dealer_t *dealer, hfi_batch_t *batch, hfi_event_kind_t kind, bool is_certain)
{
    hfi_event_t *event = hfi_batch_add(batch, kind);
    if (event == NULL)
        return false;
    event->link = dealer->link;
    event->is_certain = is_certain;
    return true;
}

/* What the monitor tells. True: there may be more. */
static bool
dealer_gather_events(dealer_t *dealer, hfi_batch_t *batch)
{
    for (unsigned k = 0; k < DEALER_EVENTS; k++) {
        unsigned event = dealer_read_event(dealer);
        if (event == 0)
            return false;
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
            dealer->is_up = true;
            (void)dealer_settle(dealer->socket);
            (void)dealers_put(dealer, batch, HFI_EVENT_FAR_UP, false);
        } else if (event == ZMQ_EVENT_CONNECT_RETRIED && !dealer->is_up) {
            (void)dealers_put(dealer, batch, HFI_EVENT_FAR_DOWN, true);
        } else if (event == ZMQ_EVENT_DISCONNECTED && dealer->is_up) {
            dealer->is_up = false;
            (void)dealers_put(dealer, batch, HFI_EVENT_FAR_DOWN, false);
        }
    }
    return true;
}

/* The next frame into frame; what has several parts is no manager's, and its last alone is looked at, and refused. */
static bool
dealer_receive(const dealer_t *dealer, zmq_msg_t *frame)
{
    (void)zmq_msg_init(frame);
    for (;;) {
        if (zmq_msg_recv(frame, dealer->socket, ZMQ_DONTWAIT) >= 0) {
            if (zmq_msg_more(frame) == 0)
                return true;
        } else if (zmq_errno() != EINTR) {
            (void)zmq_msg_close(frame);
            return false;
        }
    }
}

static bool
dealer_gather_frames(hfi_dealers_t *self, const dealer_t *dealer, hfi_batch_t *batch)
{
    for (unsigned k = 0; k < DEALER_EVENTS && self->n_frames < DEALERS_EVENTS; k++) {
        zmq_msg_t *frame = &self->frames[self->n_frames];
        if (!dealer_receive(dealer, frame))
            return false;
        self->n_frames++;
        hfi_event_t *event = hfi_batch_add(batch, HFI_EVENT_FAR_FRAME);
        if (event == NULL) /* lost: the stream asks for it again */
            return true;
        event->link = dealer->link;
        event->bytes = (hfi_span_t){zmq_msg_data(frame), zmq_msg_size(frame)};
    }
    return true;
}

bool
hfi_dealers_gather(hfi_dealers_t *self, hfi_batch_t *batch)
{
    HF_CHECK(self, DEALERS_MAGIC);
    bool has_more = false;
    for (size_t k = 0; k < self->n; k++) {
        has_more |= dealer_gather_events(&self->at[k], batch);
        has_more |= dealer_gather_frames(self, &self->at[k], batch);
    }
    return has_more;
}

void
hfi_dealers_drop_frames(hfi_dealers_t *self)
{
    HF_CHECK(self, DEALERS_MAGIC);
    while (self->n_frames > 0)
        (void)zmq_msg_close(&self->frames[--self->n_frames]);
}

/* ---- out -------------------------------------------------------------------------------- */

static dealer_t *
dealers_find(const hfi_dealers_t *self, uint64_t link)
{
    for (size_t k = 0; k < self->n; k++) {
        if (self->at[k].link == link)
            return &self->at[k];
    }
    return NULL;
}

/* Room for one more; NULL: no memory. */
static dealer_t *
dealers_add(hfi_dealers_t *self)
{
    if (self->n == self->room) {
        size_t room = self->room == 0 ? DEALERS_FIRST : 2 * self->room;
        dealer_t *at = realloc(self->at, room * sizeof *at);
        if (at == NULL)
            return NULL;
        self->at = at;
        self->room = room;
    }
    dealer_t *dealer = &self->at[self->n++];
    *dealer = (dealer_t){0};
    return dealer;
}

/* What could not be made is a connection that never stands: the machine gives it up in its own time. */
static void
dealers_open(hfi_dealers_t *self, const hfi_output_t *output)
{
    char endpoint[DEALER_ENDPOINT];
    dealer_t *dealer = output->text.len < sizeof endpoint ? dealers_add(self) : NULL;
    if (dealer == NULL) {
        hfi_log_put(self->log, HFI_LOG_ERROR, "server", "no memory to connect to another manager");
        return;
    }
    memcpy(endpoint, output->text.at, output->text.len);
    endpoint[output->text.len] = '\0';
    dealer->link = output->link;
    dealer->socket = zmq_socket(self->context, ZMQ_DEALER);
    if (dealer->socket != NULL && dealer_set_all(dealer->socket) && dealer_watch(self, dealer) &&
        dealer_poll(self, dealer->socket)) {
        (void)dealer_read_event(dealer); /* a pipe that was never read tells nobody of its first */
        if (zmq_connect(dealer->socket, endpoint) == 0)
            return;
    }
    hfi_log_put(self->log, HFI_LOG_WARNING, "server", "%s: cannot be connected to: %s", endpoint,
                zmq_strerror(zmq_errno()));
    dealer_close(self, dealer);
    self->n--;
}

static void
dealers_send(const dealer_t *dealer, hfi_span_t frame)
{
    bool is_settled = false;
    while (zmq_send(dealer->socket, frame.at, frame.len, ZMQ_DONTWAIT) < 0) {
        if (zmq_errno() == EINTR)
            continue;
        if (is_settled)
            return; /* no connection: it is lost, and the stream sends it again */
        (void)dealer_settle(dealer->socket);
        is_settled = true;
    }
}

void
hfi_dealers_take(hfi_dealers_t *self, const hfi_output_t *output)
{
    HF_CHECK(self, DEALERS_MAGIC);
    if (output->kind == HFI_OUTPUT_FAR_OPEN) {
        dealers_open(self, output);
        return;
    }
    dealer_t *dealer = dealers_find(self, output->link);
    if (dealer == NULL)
        return;
    if (output->kind == HFI_OUTPUT_FAR_SEND) {
        dealers_send(dealer, output->bytes);
        return;
    }
    dealer_close(self, dealer);
    *dealer = self->at[--self->n];
}

size_t
hfi_dealers_count(const hfi_dealers_t *self)
{
    HF_CHECK(self, DEALERS_MAGIC);
    return self->n;
}

void
hfi_dealers_destroy(hfi_dealers_t **self_p)
{
    hfi_dealers_t *self = *self_p;
    *self_p = NULL;
    if (self == NULL)
        return;
    HF_CHECK(self, DEALERS_MAGIC);
    hfi_dealers_drop_frames(self);
    for (size_t k = 0; k < self->n; k++)
        dealer_close(self, &self->at[k]);
    hfi_poll_close(&self->poll);
    free(self->at);
    HF_BURY(self);
    free(self);
}
