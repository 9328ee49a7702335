/* SPDX-License-Identifier: MPL-2.0 */
/* link -- see link.h
 *
 * Options, and why: IMMEDIATE, so that nothing is queued for a connection that is not there (the stream sends again
 * what was lost); HWM 0 both ways, as windows bound what is under way and a finite RCVHWM can be used to abort the
 * peer; LINGER only at the end, for the BYE; no heartbeats of libzmq's, the session has its own.
 *
 * The monitor is read to its end at every visit and its queue has no bound: a full one would stop libzmq's thread.
 */
#define _POSIX_C_SOURCE 200809L
#include "link.h"

#include <errno.h>
#include <pthread.h>

#include <zmq.h>

#include <base/check.h>
#include <os/poll.h>

enum {
    LINK_MAGIC = 0x48464c4b,  /* "HFLK" */
    LINK_SOCKETS_MAX = 16384, /* of the process; three a client */
    LINK_RECONNECT_MS = 50,
    LINK_RECONNECT_MAX_MS = 1000,
    LINK_CONNECT_MS = 3000,
    LINK_TCP_MAXRT_MS = 15000,
};

struct hfi_link {
    uint32_t magic;
    bool is_up;
    void *dealer;
    void *monitor;
    hfi_poll_t poll; /* frames, events, wake_fd */
    char *endpoint;
    zmq_msg_t received;
    zmq_msg_t begun;
};

/* One context a process: it costs two threads. */
static pthread_mutex_t link_mutex = PTHREAD_MUTEX_INITIALIZER;
static void *link_context;
static unsigned link_users;
static uint64_t link_number;

static void *
link_require_context(uint64_t *ret_number)
{
    (void)pthread_mutex_lock(&link_mutex);
    if (link_context == NULL) {
        link_context = zmq_ctx_new();
        if (link_context != NULL)
            (void)zmq_ctx_set(link_context, ZMQ_MAX_SOCKETS, LINK_SOCKETS_MAX);
    }
    void *context = link_context;
    link_users += context != NULL ? 1 : 0;
    *ret_number = ++link_number;
    (void)pthread_mutex_unlock(&link_mutex);
    return context;
}

/* The last user ends it, which waits for what lingers. */
static void
link_drop_context(void)
{
    void *ended = NULL;
    (void)pthread_mutex_lock(&link_mutex);
    if (--link_users == 0) {
        ended = link_context;
        link_context = NULL;
    }
    (void)pthread_mutex_unlock(&link_mutex);
    while (ended != NULL && zmq_ctx_term(ended) != 0 && zmq_errno() == EINTR) {
    }
}

void
hfi_link_forget_all(void)
{
    (void)pthread_mutex_init(&link_mutex, NULL);
    link_context = NULL;
    link_users = 0;
}

static bool
link_set(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool
link_set_all(void *dealer)
{
    return link_set(dealer, ZMQ_IMMEDIATE, 1) && link_set(dealer, ZMQ_RCVHWM, 0) &&
           link_set(dealer, ZMQ_SNDHWM, 0) && link_set(dealer, ZMQ_LINGER, 0) &&
           link_set(dealer, ZMQ_RECONNECT_IVL, LINK_RECONNECT_MS) &&
           link_set(dealer, ZMQ_RECONNECT_IVL_MAX, LINK_RECONNECT_MAX_MS) &&
           link_set(dealer, ZMQ_CONNECT_TIMEOUT, LINK_CONNECT_MS) &&
           link_set(dealer, ZMQ_TCP_KEEPALIVE, 1) && link_set(dealer, ZMQ_TCP_KEEPALIVE_IDLE, 10) &&
           link_set(dealer, ZMQ_TCP_KEEPALIVE_INTVL, 5) &&
           link_set(dealer, ZMQ_TCP_KEEPALIVE_CNT, 3) &&
           link_set(dealer, ZMQ_TCP_MAXRT, LINK_TCP_MAXRT_MS);
}

/* The monitor's PAIR; it hears of connections alone. */
static bool
link_watch(hfi_link_t *self, void *context, uint64_t number)
{
    char name[64];
    (void)snprintf(name, sizeof name, "inproc://holdfast-monitor-%llu", (unsigned long long)number);
    int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED;
    if (zmq_socket_monitor(self->dealer, name, events) != 0)
        return false;
    self->monitor = zmq_socket(context, ZMQ_PAIR);
    return self->monitor != NULL && link_set(self->monitor, ZMQ_RCVHWM, 0) &&
           link_set(self->monitor, ZMQ_LINGER, 0) && zmq_connect(self->monitor, name) == 0;
}

static bool
link_poll(const hfi_link_t *self, void *socket, uint32_t bit)
{
    int fd;
    size_t size = sizeof fd;
    return zmq_getsockopt(socket, ZMQ_FD, &fd, &size) == 0 && hfi_poll_add(&self->poll, fd, bit);
}

static bool
link_make(hfi_link_t *self, void *context, uint64_t number, int wake_fd)
{
    self->dealer = zmq_socket(context, ZMQ_DEALER);
    return self->dealer != NULL && link_set_all(self->dealer) &&
           link_watch(self, context, number) && link_poll(self, self->dealer, HFI_LINK_FRAMES) &&
           link_poll(self, self->monitor, HFI_LINK_EVENTS) &&
           hfi_poll_add(&self->poll, wake_fd, HFI_LINK_WOKEN);
}

/* An event is two parts: number and value, then the endpoint. 0: there is none. */
static unsigned
link_read_event(hfi_link_t *self)
{
    zmq_msg_t part;
    unsigned event = 0;
    (void)zmq_msg_init(&part);
    int rc;
    do {
        rc = zmq_msg_recv(&part, self->monitor, ZMQ_DONTWAIT);
    } while (rc < 0 && zmq_errno() == EINTR);
    if (rc >= 2) {
        const uint8_t *at = zmq_msg_data(&part);
        uint16_t word;
        memcpy(&word, at, sizeof word);
        event = word;
    }
    while (rc >= 0 && zmq_msg_more(&part) != 0)
        rc = zmq_msg_recv(&part, self->monitor, 0);
    (void)zmq_msg_close(&part);
    return event;
}

static bool
link_is_sane(const char *endpoint)
{
    return strncmp(endpoint, "ipc://", 6) == 0 || strncmp(endpoint, "tcp://", 6) == 0;
}

hfi_link_t *
hfi_link_open(const char *endpoint, int wake_fd, bool may_spin, hfi_failure_t *ret_failure)
{
    if (!link_is_sane(endpoint)) {
        (void)hfi_fail(ret_failure, "ValueError",
                       "\"%s\" is no endpoint: ipc://PATH or tcp://HOST:PORT", endpoint);
        return NULL;
    }
    hfi_link_t *self = calloc(1, sizeof *self);
    size_t len = strlen(endpoint) + 1;
    char *copy = malloc(len);
    uint64_t number = 0;
    void *context = self == NULL || copy == NULL ? NULL : link_require_context(&number);
    if (context == NULL) {
        (void)hfi_fail(ret_failure, "LimitExceeded", "there is no memory for a connection");
        free(copy);
        free(self);
        return NULL;
    }
    self->magic = LINK_MAGIC;
    memcpy(copy, endpoint, len);
    self->endpoint = copy;
    self->poll = HFI_POLL_NONE;
    (void)zmq_msg_init(&self->received);
    (void)zmq_msg_init(&self->begun);
    if (!hfi_poll_open(&self->poll, may_spin) || !link_make(self, context, number, wake_fd)) {
        (void)hfi_fail(ret_failure, "LimitExceeded", "no socket for a connection: %s",
                       zmq_strerror(zmq_errno()));
    } else if (link_read_event(self) != 0) {
        HF_BUG(
            "nothing was connected yet"); /* the read: a pipe that was never read tells nobody of its first */
    } else if (zmq_connect(self->dealer, endpoint) != 0) {
        (void)hfi_fail(ret_failure, "ValueError", "\"%s\" is no endpoint: %s", endpoint,
                       zmq_strerror(zmq_errno()));
    } else {
        return self;
    }
    hfi_link_close(&self, 0);
    return NULL;
}

/* All but the sockets. */
static void
link_free(hfi_link_t *self)
{
    (void)zmq_msg_close(&self->received);
    (void)zmq_msg_close(&self->begun);
    hfi_poll_close(&self->poll);
    free(self->endpoint);
    HF_BURY(self);
    free(self);
}

void
hfi_link_forget(hfi_link_t **self_p)
{
    hfi_link_t *self = *self_p;
    *self_p = NULL;
    if (self == NULL)
        return;
    HF_CHECK(self, LINK_MAGIC);
    link_free(self);
}

void
hfi_link_close(hfi_link_t **self_p, int linger_ms)
{
    hfi_link_t *self = *self_p;
    *self_p = NULL;
    if (self == NULL)
        return;
    HF_CHECK(self, LINK_MAGIC);
    if (self->dealer != NULL) {
        (void)zmq_socket_monitor(self->dealer, NULL, 0);
        (void)link_set(self->dealer, ZMQ_LINGER, linger_ms);
        (void)zmq_close(self->dealer);
    }
    if (self->monitor != NULL)
        (void)zmq_close(self->monitor);
    link_free(self);
    link_drop_context();
}

/* A new connection's pipe may wait in the socket's mailbox, which a send looks into only now and then. */
static void
link_settle(hfi_link_t *self)
{
    int events;
    size_t size = sizeof events;
    (void)zmq_getsockopt(self->dealer, ZMQ_EVENTS, &events, &size);
}

bool
hfi_link_send(hfi_link_t *self, hfi_span_t frame)
{
    HF_CHECK(self, LINK_MAGIC);
    bool is_settled = false;
    while (zmq_send(self->dealer, frame.at, frame.len, ZMQ_DONTWAIT) < 0) {
        if (zmq_errno() == EINTR)
            continue;
        if (is_settled)
            return false;
        link_settle(self);
        is_settled = true;
    }
    return true;
}

uint8_t *
hfi_link_begin(hfi_link_t *self, size_t len)
{
    HF_CHECK(self, LINK_MAGIC);
    (void)zmq_msg_close(&self->begun);
    if (zmq_msg_init_size(&self->begun, len) != 0) {
        (void)zmq_msg_init(&self->begun);
        return NULL;
    }
    return zmq_msg_data(&self->begun);
}

bool
hfi_link_send_begun(hfi_link_t *self)
{
    HF_CHECK(self, LINK_MAGIC);
    bool is_settled = false;
    while (zmq_msg_send(&self->begun, self->dealer, ZMQ_DONTWAIT) < 0) {
        if (zmq_errno() == EINTR)
            continue;
        if (is_settled)
            return false;
        link_settle(self);
        is_settled = true;
    }
    return true;
}

bool
hfi_link_receive(hfi_link_t *self, hfi_span_t *ret_frame)
{
    HF_CHECK(self, LINK_MAGIC);
    for (;;) {
        if (zmq_msg_recv(&self->received, self->dealer, ZMQ_DONTWAIT) < 0) {
            if (zmq_errno() == EINTR)
                continue;
            return false;
        }
        if (zmq_msg_more(&self->received) == 0)
            break;
        /* A frame is one part; what has more is no manager's. The last part alone is looked at, and refused there. */
    }
    *ret_frame = (hfi_span_t){zmq_msg_data(&self->received), zmq_msg_size(&self->received)};
    return true;
}

hfi_link_event_t
hfi_link_next_event(hfi_link_t *self)
{
    HF_CHECK(self, LINK_MAGIC);
    for (;;) {
        switch (link_read_event(self)) {
        case 0:
            return HFI_LINK_NOTHING;
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
            self->is_up = true;
            link_settle(self);
            return HFI_LINK_UP;
        case ZMQ_EVENT_CONNECT_RETRIED:
            return HFI_LINK_REFUSED;
        case ZMQ_EVENT_DISCONNECTED:
            if (self->is_up) {
                self->is_up = false;
                return HFI_LINK_DOWN;
            }
            break;
        default:
            break;
        }
    }
}

unsigned
hfi_link_wait(hfi_link_t *self, int64_t wait_ns)
{
    HF_CHECK(self, LINK_MAGIC);
    return hfi_poll_wait(&self->poll, wait_ns);
}

void
hfi_link_reconnect(hfi_link_t *self)
{
    HF_CHECK(self, LINK_MAGIC);
    (void)zmq_disconnect(self->dealer, self->endpoint);
    (void)zmq_connect(self->dealer, self->endpoint);
}
