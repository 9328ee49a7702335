/* SPDX-License-Identifier: MPL-2.0 */
/* front -- see front.h
 *
 * Life of a connection
 *
 * libzmq tells us nothing of connections: they show by their first message, which comes with a routing id in front,
 * and their end shows when a send answers EHOSTUNREACH. So the first frame makes a link (LINK_UP goes before it),
 * and the end is looked for: by sends, by the process's death (pidfd), and by a sweep that asks whether the
 * connection's descriptor is still the same socket (SO_COOKIE), as libzmq closes it at the end. Each of these only
 * says that the end has come, not that all is read: frames of the dead may wait in libzmq. By then its I/O thread
 * has handed over all of them, so LINK_DOWN is put behind the last when the socket has nothing more; or, where
 * others keep it busy, when it has given as many frames of theirs as there are links, and some: it serves the
 * pipes by turns. Where the process is watched, LINK_DOWN waits a moment longer: a process that ends closes its
 * connections before it is dead, and only then is the end certain.
 *
 * Why not a monitor: its events come by another queue, and one that is not drained freezes libzmq's I/O thread.
 *
 * What a peer can do
 *
 * A routing id of a peer's own choosing could squat on one that libzmq is going to give, which aborts the process
 * (the counter begins at random for that reason), or take another's name; nobody honest chooses one, so its frames
 * are ignored and the connection is closed. RCVHWM is 0, since a finite one lets a client abort the process: what is
 * poured in is bounded by the machine, which kicks whoever sends past its window. A message of one or two parts is a
 * frame; more parts are read and ignored. A peer that does not read fills its pipe: what is not sent yet stays in the
 * machine's outbox, which is bounded (sender.c).
 */
#define _GNU_SOURCE
#include "front.h"

#include <errno.h>
#include <limits.h>
#include <sys/random.h>
#include <unistd.h>
#include <zmq.h>

#include <base/check.h>

#include "link.h"
#include "peer.h"
#include "place.h"
#include "sender.h"

#define FRONT_MAGIC    0xf407e001u
#define FRONT_RETRY_NS INT64_C(5000000)   /* a full pipe, an end that is under way */
#define FRONT_KICK_NS  INT64_C(100000000) /* what a kicked peer is still sent has so long to leave */
#define FRONT_END_NS   INT64_C(2000000000) /* an end that nobody can see is believed then */
#define FRONT_SWEEP_NS INT64_C(1000000000)
#define FRONT_DIE_NS   INT64_C(200000000) /* between a process's last close and its death */

enum {
    FRONT_ROUTING = 5,  /* bytes of a routing id of libzmq's making: 0 and a counter */
    FRONT_SWEEP = 1024, /* links looked at in a sweep */
    FRONT_TURNS = 256,  /* frames beyond the number of links until a pipe is surely empty */
    FRONT_BINDS = 16,
};

typedef struct front_bind {
    char *endpoint;
    int lock;
} front_bind_t;

struct hfi_front {
    uint32_t magic;
    void *socket;
    hfi_log_t *log;
    hfi_peers_t *peers;
    hfi_links_t links;
    hfi_sender_t *sender;
    front_bind_t binds[FRONT_BINDS];
    size_t n_binds;
    zmq_msg_t frames[HFI_FRONT_FRAMES];
    size_t n_frames;
    int64_t sweep_ns;
    int64_t due_ns;
    bool has_warned; /* of peers that choose their routing id */
    hfi_front_figures_t figures;
};

hfi_event_t *
hfi_batch_add(hfi_batch_t *self, hfi_event_kind_t kind)
{
    if (self->n == HFI_BATCH_MAX)
        return NULL;
    hfi_event_t *event = &self->at[self->n++];
    *event = (hfi_event_t){.kind = kind, .peer.uid = -1};
    return event;
}

/* ---- making --------------------------------------------------------------------------- */

static bool
front_set(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

/* ZEROMQ.md, 1.8 says why each. */
static bool
front_set_options(void *socket, uint64_t frame_bytes)
{
    int64_t longest = frame_bytes <= INT64_MAX ? (int64_t)frame_bytes : INT64_MAX;
    return front_set(socket, ZMQ_ROUTER_MANDATORY, 1) &&
           front_set(socket, ZMQ_ROUTER_HANDOVER, 0) && front_set(socket, ZMQ_RCVHWM, 0) &&
           front_set(socket, ZMQ_SNDHWM, 1024) && front_set(socket, ZMQ_HANDSHAKE_IVL, 5000) &&
           front_set(socket, ZMQ_BACKLOG, 4096) && front_set(socket, ZMQ_LINGER, 500) &&
           front_set(socket, ZMQ_TCP_KEEPALIVE, 1) &&
           front_set(socket, ZMQ_TCP_KEEPALIVE_IDLE, 10) &&
           front_set(socket, ZMQ_TCP_KEEPALIVE_INTVL, 5) &&
           front_set(socket, ZMQ_TCP_KEEPALIVE_CNT, 3) && front_set(socket, ZMQ_TCP_MAXRT, 15000) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &longest, sizeof longest) == 0;
}

/* Routing ids are counted on from where rand() begins: from where nobody can know. */
static bool
front_seed(void)
{
    unsigned seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return false;
    srandom(seed);
    return true;
}

hfi_front_t *
hfi_front_new(void *context, uint64_t frame_bytes, hfi_log_t *log, char *why, size_t why_room)
{
    hfi_front_t *self = calloc(1, sizeof *self);
    if (self == NULL) {
        (void)snprintf(why, why_room, "no memory");
        return NULL;
    }
    self->magic = FRONT_MAGIC;
    self->log = log;
    hfi_links_open(&self->links);
    self->peers = hfi_peers_new();
    if (self->peers != NULL && front_seed())
        self->socket = zmq_socket(context, ZMQ_ROUTER);
    if (self->socket != NULL)
        self->sender = hfi_sender_new(self->socket, &self->links);
    if (self->sender != NULL && front_set_options(self->socket, frame_bytes))
        return self;
    (void)snprintf(why, why_room, "the socket cannot be made: %s", zmq_strerror(errno));
    hfi_front_destroy(&self);
    return NULL;
}

void
hfi_front_destroy(hfi_front_t **self_p)
{
    HF_ASSERT(self_p != NULL);
    hfi_front_t *self = *self_p;
    if (self == NULL)
        return;
    HF_CHECK(self, FRONT_MAGIC);
    hfi_front_drop_frames(self);
    if (self->socket != NULL)
        (void)zmq_close(self->socket);
    for (size_t k = 0; k < self->n_binds; k++) {
        free(self->binds[k].endpoint);
        if (self->binds[k].lock >= 0)
            (void)close(self->binds[k].lock);
    }
    for (hfi_link_t *link = hfi_links_next(&self->links, NULL); link != NULL;
         link = hfi_links_next(&self->links, link))
        hfi_sender_forget(link);
    hfi_sender_destroy(&self->sender);
    hfi_links_close(&self->links);
    hfi_peers_destroy(&self->peers);
    HF_BURY(self);
    free(self);
    *self_p = NULL;
}

bool
hfi_front_bind(hfi_front_t *self, const char *endpoint, const char *folder, char *why,
               size_t why_room)
{
    HF_CHECK(self, FRONT_MAGIC);
    char last[512];
    size_t len = sizeof last;
    int lock;
    if (self->n_binds == FRONT_BINDS) {
        (void)snprintf(why, why_room, "%s: at most %d endpoints", endpoint, FRONT_BINDS);
        return false;
    }
    if (!hfi_place_take(endpoint, folder, &lock, why, why_room))
        return false;
    front_bind_t *bind = &self->binds[self->n_binds];
    (void)front_set(self->socket, ZMQ_IPV6, strchr(endpoint, '[') != NULL);
    if (zmq_bind(self->socket, endpoint) != 0 ||
        zmq_getsockopt(self->socket, ZMQ_LAST_ENDPOINT, last, &len) != 0 ||
        (bind->endpoint = strdup(last)) == NULL) {
        (void)snprintf(why, why_room, "%s: %s", endpoint, zmq_strerror(errno));
        if (lock >= 0)
            (void)close(lock);
        return false;
    }
    bind->lock = lock;
    self->n_binds++;
    return true;
}

const char *
hfi_front_endpoint(const hfi_front_t *self, size_t k)
{
    HF_CHECK(self, FRONT_MAGIC);
    return k < self->n_binds ? self->binds[k].endpoint : NULL;
}

int
hfi_front_fd(const hfi_front_t *self)
{
    HF_CHECK(self, FRONT_MAGIC);
    int fd;
    size_t size = sizeof fd;
    return zmq_getsockopt(self->socket, ZMQ_FD, &fd, &size) == 0 ? fd : -1;
}

bool
hfi_front_is_readable(const hfi_front_t *self)
{
    HF_CHECK(self, FRONT_MAGIC);
    int events;
    size_t size = sizeof events;
    while (zmq_getsockopt(self->socket, ZMQ_EVENTS, &events, &size) != 0) {
        if (zmq_errno() != EINTR)
            return false;
    }
    return (events & ZMQ_POLLIN) != 0;
}

int
hfi_front_peers_fd(const hfi_front_t *self)
{
    HF_CHECK(self, FRONT_MAGIC);
    return hfi_peers_fd(self->peers);
}

/* ---- receiving ------------------------------------------------------------------------ */

/* Reads the parts of a message that are left. */
static void
front_skip_parts(hfi_front_t *self)
{
    int more = 1;
    while (more != 0) {
        zmq_msg_t part;
        (void)zmq_msg_init(&part);
        more = zmq_msg_recv(&part, self->socket, ZMQ_DONTWAIT) >= 0 && zmq_msg_more(&part);
        (void)zmq_msg_close(&part);
    }
    self->figures.ignored++;
}

static int
front_source(zmq_msg_t *body)
{
    return zmq_msg_get(body, ZMQ_SRCFD);
}

/* A peer that has chosen its own routing id is closed: no client of ours does that. */
static void
front_refuse_routing(hfi_front_t *self, zmq_msg_t *body)
{
    hfi_link_t stranger = {0};
    self->figures.ignored++;
    hfi_link_set_socket(&stranger, front_source(body));
    hfi_link_shut(&stranger);
    if (!self->has_warned)
        hfi_log_put(self->log, HFI_LOG_WARNING, "peer",
                    "a connection was closed: it chose its own routing id (said once)");
    self->has_warned = true;
}

/* The link of the connection that `body` came on, a new one at its first frame. NULL: none, ignore the frame. */
static hfi_link_t *
front_link(hfi_front_t *self, zmq_msg_t *id, zmq_msg_t *body, hfi_batch_t *batch)
{
    const uint8_t *at = zmq_msg_data(id);
    if (zmq_msg_size(id) != FRONT_ROUTING || at[0] != 0) {
        front_refuse_routing(self, body);
        return NULL;
    }
    uint32_t routing = (uint32_t)at[1] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 8 | at[4];
    hfi_link_t *link = hfi_links_find_routing(&self->links, routing);
    if (link != NULL)
        return link;
    link = hfi_links_add(&self->links, routing, front_source(body));
    hfi_event_t *event = link != NULL ? hfi_batch_add(batch, HFI_EVENT_LINK_UP) : NULL;
    if (event == NULL)
        return NULL;
    event->link = link->number;
    if (link->fd < 0 && front_source(body) >= 0)
        hfi_links_gone(&self->links, link); /* has sent and left */
    hfi_peer_read(zmq_msg_gets(body, "Peer-Address"), zmq_msg_gets(body, "User-Id"), &event->peer);
    self->figures.links_ever++;
    return link;
}

/* Receives one message. False: there is none. */
static bool
front_receive(hfi_front_t *self, hfi_batch_t *batch)
{
    /* WALK call 1/9: a frame from a socket becomes an event */
    zmq_msg_t id;
    zmq_msg_t *body = &self->frames[self->n_frames];
    (void)zmq_msg_init(&id);
    int n;
    do
        n = zmq_msg_recv(&id, self->socket, ZMQ_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0 || !zmq_msg_more(&id)) {
        HF_ASSERT(n >= 0 || errno == EAGAIN);
        (void)zmq_msg_close(&id);
        return n >= 0;
    }
    (void)zmq_msg_init(body);
    n = zmq_msg_recv(body, self->socket, ZMQ_DONTWAIT);
    HF_ASSERT(n >= 0); /* a message's parts come together */
    hfi_link_t *link = NULL;
    if (zmq_msg_more(body))
        front_skip_parts(self);
    else
        link = front_link(self, &id, body, batch);
    (void)zmq_msg_close(&id);
    self->links.n_heard++;
    if (link != NULL)
        link->heard = self->links.n_heard;
    hfi_event_t *event =
        link != NULL && !link->is_kicked ? hfi_batch_add(batch, HFI_EVENT_FRAME) : NULL;
    if (event == NULL) {
        (void)zmq_msg_close(body);
        return true;
    }
    event->link = link->number;
    event->bytes = (hfi_span_t){.at = zmq_msg_data(body), .len = zmq_msg_size(body)};
    self->figures.frames_in++;
    self->figures.bytes_in += event->bytes.len;
    self->n_frames++;
    return true;
}

void
hfi_front_drop_frames(hfi_front_t *self)
{
    HF_CHECK(self, FRONT_MAGIC);
    for (size_t k = 0; k < self->n_frames; k++)
        (void)zmq_msg_close(&self->frames[k]);
    self->n_frames = 0;
}

/* ---- ends ----------------------------------------------------------------------------- */

/* Asks some links whether they are still there. */
static void
front_sweep(hfi_front_t *self, int64_t now_ns)
{
    if (now_ns < self->sweep_ns)
        return;
    self->sweep_ns = now_ns + FRONT_SWEEP_NS;
    hfi_link_t *link = hfi_links_find(&self->links, self->links.swept);
    for (int k = 0; k < FRONT_SWEEP; k++) {
        link = hfi_links_next(&self->links, link);
        self->links.swept = link != NULL ? link->number : 0;
        if (link == NULL)
            return;
        if (link->state == HFI_LINK_LIVE && link->fd >= 0 && !hfi_link_has_socket(link))
            hfi_links_gone(&self->links, link);
    }
}

/* Whether nothing of the link can be left in the socket. */
static bool
front_is_read(const hfi_front_t *self, const hfi_link_t *link, bool is_drained)
{
    return is_drained ||
           self->links.n_heard - link->heard > self->links.by_number.live + FRONT_TURNS;
}

/* Whether it may be told that the link has gone: certainly, or after a while in which its process has not died. */
static bool
front_is_settled(const hfi_front_t *self, hfi_link_t *link, int64_t now_ns)
{
    if (link->until_ns == 0)
        link->until_ns =
            now_ns + (hfi_peers_is_watched(self->peers, link->number) ? FRONT_DIE_NS : 0);
    return link->is_certain || now_ns >= link->until_ns;
}

/* Moves an end on. */
static void
front_end_link(hfi_front_t *self, hfi_link_t *link, int64_t now_ns)
{
    if (link->state != HFI_LINK_ENDING)
        return;
    if (!link->is_shut && now_ns >= link->until_ns) {
        hfi_link_shut(link);
        link->until_ns = now_ns + FRONT_END_NS;
    }
    if (link->is_shut &&
        (now_ns >= link->until_ns || (link->fd >= 0 && !hfi_link_has_socket(link))))
        hfi_links_gone(&self->links, link);
}

/* Links that are gone and read leave with LINK_DOWN. */
static void
front_end_links(hfi_front_t *self, hfi_batch_t *batch, bool is_drained, int64_t now_ns)
{
    hfi_link_list_t *ended = &self->links.ended;
    uint32_t kept = 0;
    for (uint32_t k = 0; k < ended->n; k++) {
        hfi_link_t *link = hfi_links_find(&self->links, ended->at[k]);
        HF_ASSERT(link != NULL);
        bool was_gone = link->state == HFI_LINK_GONE; /* before the last look into the socket */
        front_end_link(self, link, now_ns);
        hfi_event_t *event = was_gone && front_is_settled(self, link, now_ns) &&
                                     front_is_read(self, link, is_drained)
                                 ? hfi_batch_add(batch, HFI_EVENT_LINK_DOWN)
                                 : NULL;
        if (event == NULL) {
            ended->at[kept++] = link->number;
            continue;
        }
        event->link = link->number;
        event->is_certain = link->is_certain;
        hfi_peers_forget(self->peers, link->number);
        hfi_sender_forget(link);
        hfi_links_remove(&self->links, link);
    }
    ended->n = kept;
}

void
hfi_front_bury_dead(hfi_front_t *self, int64_t now_ns)
{
    HF_CHECK(self, FRONT_MAGIC);
    for (uint64_t number = hfi_peers_take_dead(self->peers); number != 0;
         number = hfi_peers_take_dead(self->peers)) {
        hfi_link_t *link = hfi_links_find(&self->links, number);
        if (link == NULL)
            continue;
        link->is_certain = true;
        hfi_links_end(&self->links, link, now_ns);
    }
}

bool
hfi_front_gather(hfi_front_t *self, hfi_batch_t *batch, int64_t now_ns)
{
    HF_CHECK(self, FRONT_MAGIC);
    HF_ASSERT(self->n_frames == 0);
    front_sweep(self, now_ns);
    bool is_drained = false;
    for (int k = 0; k < HFI_FRONT_FRAMES && !is_drained; k++) {
        if (HFI_BATCH_MAX - batch->n < 2)
            break;
        is_drained = !front_receive(self, batch);
    }
    if (self->links.ended.n > 0)
        front_end_links(self, batch, is_drained, now_ns);
    return !is_drained;
}

/* ---- outputs -------------------------------------------------------------------------- */

/* What it is still sent has FRONT_KICK_NS to leave libzmq, which does not say when it has. */
static void
front_kick(hfi_front_t *self, hfi_link_t *link, int64_t now_ns)
{
    link->is_kicked = true;
    hfi_links_end(&self->links, link, now_ns + FRONT_KICK_NS);
}

static void
front_watch(hfi_front_t *self, hfi_link_t *link, uint64_t pid, int64_t now_ns)
{
    if (hfi_peers_watch(self->peers, link->number, (int64_t)pid))
        return;
    link->is_certain = true;
    hfi_links_end(&self->links, link, now_ns);
}

void
hfi_front_take(hfi_front_t *self, const hfi_output_t *output, int64_t now_ns)
{
    HF_CHECK(self, FRONT_MAGIC);
    hfi_link_t *link = hfi_links_find(&self->links, output->link);
    if (link == NULL)
        return; /* has gone meanwhile: the stream keeps what matters */
    if (output->kind == HFI_OUTPUT_KICK)
        front_kick(self, link, now_ns);
    else if (output->kind == HFI_OUTPUT_WATCH)
        front_watch(self, link, output->number, now_ns);
    else
        hfi_sender_take(self->sender, output, link);
}

bool
hfi_front_flush(hfi_front_t *self, hfi_machine_t *machine, int64_t now_ns)
{
    /* WALK call 9/9: one frame a session and round */
    HF_CHECK(self, FRONT_MAGIC);
    bool has_more = hfi_sender_flush(self->sender, machine, now_ns);
    bool is_waiting = hfi_sender_has_waiting(self->sender) || self->links.ended.n > 0;
    self->due_ns = self->links.by_number.live > 0 ? self->sweep_ns : INT64_MAX;
    if (is_waiting && self->due_ns > now_ns + FRONT_RETRY_NS)
        self->due_ns = now_ns + FRONT_RETRY_NS;
    return has_more;
}

int64_t
hfi_front_due_ns(const hfi_front_t *self)
{
    HF_CHECK(self, FRONT_MAGIC);
    return self->due_ns;
}

bool
hfi_front_has_waiting(const hfi_front_t *self)
{
    HF_CHECK(self, FRONT_MAGIC);
    return hfi_sender_has_waiting(self->sender);
}

void
hfi_front_read(const hfi_front_t *self, hfi_front_figures_t *ret_figures)
{
    HF_CHECK(self, FRONT_MAGIC);
    const hfi_sender_figures_t *sender = hfi_sender_figures(self->sender);
    *ret_figures = self->figures;
    ret_figures->links = self->links.by_number.live;
    ret_figures->frames_out = sender->frames;
    ret_figures->bytes_out = sender->bytes;
    ret_figures->lost = sender->lost;
}
