/* SPDX-License-Identifier: MPL-2.0 */
/* server -- see server.h */
#define _POSIX_C_SOURCE 200809L
#include "server.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <zmq.h>

enum { SERVER_ID = 32, SERVER_ROOM = 1 << 23, SERVER_LINKS = 64 };

typedef struct server_link {
    uint8_t id[SERVER_ID];
    size_t id_len;
    int fd;
    int session; /* -1: none */
} server_link_t;

struct server {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t done;
    void *context;
    void *router;
    peer_t peers[SERVER_SESSIONS_MAX];
    unsigned n_peers;
    server_link_t links[SERVER_LINKS];
    unsigned n_links;
    uint8_t *room;
    /* under the mutex */
    bool is_ended;
    bool is_held;
    bool is_hold_new;
    void (*work)(peer_t *peer, void *context);
    void *work_context;
    unsigned work_session;
    bool wants_cut;
    bool wants_forget;
};

static int64_t
server_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static const hfi_limits_t server_limits = {
    .frame_bytes = 8 << 20, .depth = 64, .window = 1024, .window_bytes = 1 << 22};

static server_link_t *
server_link(server_t *self, const uint8_t *id, size_t len, int fd)
{
    for (unsigned i = 0; i < self->n_links; i++) {
        if (self->links[i].id_len == len && memcmp(self->links[i].id, id, len) == 0)
            return &self->links[i];
    }
    if (self->n_links == SERVER_LINKS)
        abort();
    server_link_t *link = &self->links[self->n_links++];
    *link = (server_link_t){.id_len = len, .fd = fd, .session = -1};
    memcpy(link->id, id, len);
    return link;
}

/* HELLO chooses the session; a new one gets a peer of its own. */
static void
server_choose(server_t *self, server_link_t *link, hfi_span_t bytes)
{
    hfi_frame_t frame;
    hfi_bytes_t scratch = {0};
    if (hfi_frame_read(bytes, 64, &scratch, &frame) == HFI_REJECT_NONE &&
        frame.kind == HFI_FRAME_HELLO) {
        int found = -1;
        for (unsigned i = 0; i < self->n_peers; i++) {
            if (memcmp(&self->peers[i].session, &frame.hello.session, sizeof frame.hello.session) ==
                0)
                found = (int)i;
        }
        if (found < 0 && self->n_peers < SERVER_SESSIONS_MAX) {
            found = (int)self->n_peers++;
            peer_open(&self->peers[found], &server_limits);
        }
        for (unsigned i = 0; i < self->n_links; i++) {
            if (self->links[i].session == found)
                self->links[i].session = -1;
        }
        link->session = found;
    }
    hfi_bytes_close(&scratch);
}

static void
server_send(server_t *self, const server_link_t *link)
{
    if (link->session < 0)
        return;
    size_t len;
    while ((len = peer_fill(&self->peers[link->session], server_now_ns(), self->room,
                            SERVER_ROOM)) > 0) {
        if (zmq_send(self->router, link->id, link->id_len, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
            return; /* it is gone: the stream sends again */
        (void)zmq_send(self->router, self->room, len, ZMQ_DONTWAIT);
    }
}

static void
server_say_no_session(server_t *self, const server_link_t *link)
{
    uint8_t raw[128];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    hfi_frame_write_reject(&w, HFI_REJECT_NO_SESSION, hfi_span_of(""));
    if (zmq_send(self->router, link->id, link->id_len, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
        (void)zmq_send(self->router, raw, w.len, ZMQ_DONTWAIT);
}

static void
server_receive(server_t *self)
{
    zmq_msg_t id;
    zmq_msg_t body;
    (void)zmq_msg_init(&id);
    (void)zmq_msg_init(&body);
    while (zmq_msg_recv(&id, self->router, ZMQ_DONTWAIT) >= 0) {
        if (zmq_msg_recv(&body, self->router, 0) < 0)
            abort();
        server_link_t *link =
            server_link(self, zmq_msg_data(&id), zmq_msg_size(&id), zmq_msg_get(&body, ZMQ_SRCFD));
        hfi_span_t frame = {zmq_msg_data(&body), zmq_msg_size(&body)};
        server_choose(self, link, frame);
        if (link->session < 0)
            server_say_no_session(self, link);
        else
            peer_receive(&self->peers[link->session], frame, server_now_ns());
    }
    (void)zmq_msg_close(&id);
    (void)zmq_msg_close(&body);
}

static void
server_cut_all(server_t *self)
{
    for (unsigned i = 0; i < self->n_links; i++) {
        if (self->links[i].fd >= 0)
            (void)shutdown(self->links[i].fd, SHUT_RDWR);
        self->links[i].fd = -1;
        if (self->links[i].session >= 0)
            peer_cut(&self->peers[self->links[i].session]);
        self->links[i].session = -1;
    }
}

/* What the test wants done. Returns false at the end. */
static bool
server_obey(server_t *self, bool *ret_is_held)
{
    (void)pthread_mutex_lock(&self->mutex);
    if (self->wants_cut || self->wants_forget)
        server_cut_all(self);
    for (unsigned i = 0; self->wants_forget && i < self->n_peers; i++)
        peer_close(&self->peers[i]);
    if (self->wants_forget)
        self->n_peers = 0;
    if (self->work != NULL) {
        self->work(&self->peers[self->work_session], self->work_context);
        self->work = NULL;
    }
    self->wants_cut = self->wants_forget = self->is_hold_new = false;
    *ret_is_held = self->is_held;
    bool goes_on = !self->is_ended;
    (void)pthread_cond_broadcast(&self->done);
    (void)pthread_mutex_unlock(&self->mutex);
    return goes_on;
}

static void *
server_main(void *context)
{
    server_t *self = context;
    bool is_held;
    while (server_obey(self, &is_held)) {
        zmq_pollitem_t item = {.socket = self->router, .events = ZMQ_POLLIN};
        (void)zmq_poll(&item, is_held ? 0 : 1, 2);
        if (!is_held)
            server_receive(self);
        for (unsigned i = 0; i < self->n_links && !is_held; i++)
            server_send(self, &self->links[i]);
    }
    return NULL;
}

server_t *
server_start(const char *endpoint)
{
    server_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        abort();
    int one = 1;
    int none = 0;
    self->room = malloc(SERVER_ROOM);
    self->context = zmq_ctx_new();
    self->router = zmq_socket(self->context, ZMQ_ROUTER);
    (void)zmq_setsockopt(self->router, ZMQ_ROUTER_MANDATORY, &one, sizeof one);
    (void)zmq_setsockopt(self->router, ZMQ_LINGER, &none, sizeof none);
    (void)zmq_setsockopt(self->router, ZMQ_RCVHWM, &none, sizeof none);
    (void)zmq_setsockopt(self->router, ZMQ_SNDHWM, &none, sizeof none);
    (void)pthread_mutex_init(&self->mutex, NULL);
    (void)pthread_cond_init(&self->done, NULL);
    if (self->room == NULL || zmq_bind(self->router, endpoint) != 0 ||
        pthread_create(&self->thread, NULL, server_main, self) != 0)
        abort();
    return self;
}

void
server_stop(server_t **self_p)
{
    server_t *self = *self_p;
    *self_p = NULL;
    (void)pthread_mutex_lock(&self->mutex);
    self->is_ended = true;
    (void)pthread_mutex_unlock(&self->mutex);
    (void)pthread_join(self->thread, NULL);
    (void)zmq_close(self->router);
    (void)zmq_ctx_term(self->context);
    for (unsigned i = 0; i < self->n_peers; i++)
        peer_close(&self->peers[i]);
    (void)pthread_mutex_destroy(&self->mutex);
    (void)pthread_cond_destroy(&self->done);
    free(self->room);
    free(self);
}

/* Under the mutex, until the thread has seen it. */
static void
server_wait(server_t *self)
{
    while (self->work != NULL || self->wants_cut || self->wants_forget)
        (void)pthread_cond_wait(&self->done, &self->mutex);
    (void)pthread_mutex_unlock(&self->mutex);
}

void
server_with(server_t *self, unsigned k, void (*work)(peer_t *peer, void *context), void *context)
{
    (void)pthread_mutex_lock(&self->mutex);
    self->work = work;
    self->work_context = context;
    self->work_session = k;
    server_wait(self);
}

void
server_cut(server_t *self)
{
    (void)pthread_mutex_lock(&self->mutex);
    self->wants_cut = true;
    server_wait(self);
}

void
server_forget(server_t *self)
{
    (void)pthread_mutex_lock(&self->mutex);
    self->wants_forget = true;
    server_wait(self);
}

void
server_hold(server_t *self, bool is_held)
{
    (void)pthread_mutex_lock(&self->mutex);
    self->is_held = is_held;
    self->is_hold_new = true;
    while (self->is_hold_new)
        (void)pthread_cond_wait(&self->done, &self->mutex);
    (void)pthread_mutex_unlock(&self->mutex);
}

static void
server_count(peer_t *peer, void *context)
{
    (void)peer;
    (void)context;
}

unsigned
server_n_sessions(server_t *self)
{
    server_with(self, 0, server_count, NULL);
    (void)pthread_mutex_lock(&self->mutex);
    unsigned n = self->n_peers;
    (void)pthread_mutex_unlock(&self->mutex);
    return n;
}

unsigned
server_n_links(server_t *self)
{
    server_with(self, 0, server_count, NULL);
    (void)pthread_mutex_lock(&self->mutex);
    unsigned n = self->n_links;
    (void)pthread_mutex_unlock(&self->mutex);
    return n;
}
