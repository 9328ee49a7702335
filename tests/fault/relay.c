/* SPDX-License-Identifier: MPL-2.0 */
/* relay -- see relay.h
 *
 * A connection has two ways: 0 up, from the client to the manager, and 1 down. A way reads from its own socket and
 * writes to the other one's. It reads only when all that it read is written, so one that is slow is slow for the sender.
 * The way knows where ZMTP's frames begin (64 bytes of greeting; then flags, length, body), to lose whole ones alone.
 */
#define _GNU_SOURCE
#include "relay.h"

#include "rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    PAIRS = 128,
    BITE = 16 * 1024,
    GREETING = 64,
    HEADER = 9,      /* of a ZMTP frame, at most */
    EARLY = 200,     /* bytes: in the handshake */
    SOON = 6000,     /* bytes until a fault, at most */
    AWHILE_MS = 400, /* how long one lasts, at most */
    TRICKLED = 400,  /* bytes */
    FOREVER_MS = -1,
};

enum { ZMTP_MORE = 1, ZMTP_LONG = 2, ZMTP_COMMAND = 4 };

typedef struct way {
    uint8_t held[BITE + HEADER];
    size_t at; /* what of `held` is written */
    size_t n_held;
    bool is_at_end;    /* nothing more to read */
    bool is_shut;      /* and that is said */
    bool is_swallowed; /* a hole */
    unsigned to_lose;  /* frames */
    size_t greeting;   /* bytes that passed of it */
    uint8_t header[HEADER];
    size_t n_header;
    uint64_t body; /* bytes left */
    bool is_lost;  /* this frame */
} way_t;

typedef struct pair {
    int fd[2]; /* of the client, of the manager; -1: free */
    way_t way[2];
    uint64_t chance;
    uint64_t budget;  /* bytes until the next fault */
    int64_t late_ms;  /* nothing is written before; 0 */
    int64_t end_ms;   /* it is cut then; 0: it is not */
    size_t trickling; /* bytes yet to go in drops */
} pair_t;

struct relay {
    int listener;
    int wake;
    struct sockaddr_in to;
    char endpoint[64];
    uint64_t seed;
    pthread_t thread;
    pair_t *pairs; /* PAIRS */
    atomic_bool is_calm;
    atomic_bool is_ending;
    atomic_bool is_to_cut;
    atomic_uint n_connections;
    atomic_uint n_faults[RELAY_FAULTS];
};

static int64_t
relay_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- a way: what passes ------------------------------------------------------------------- */

static void
way_keep(way_t *self, const uint8_t *at, size_t len)
{
    if (len > sizeof self->held - self->n_held)
        abort(); /* in the thread no check of the test's can fail */
    memcpy(self->held + self->n_held, at, len);
    self->n_held += len;
}

/* One byte of a frame's header; at its last one it is decided whether the frame is lost. */
static void
way_take_header(way_t *self, uint8_t byte)
{
    self->header[self->n_header++] = byte;
    bool is_long = (self->header[0] & ZMTP_LONG) != 0;
    if (self->n_header != (is_long ? HEADER : 2))
        return;
    self->body = 0;
    for (size_t k = 1; k < self->n_header; k++)
        self->body = self->body << 8 | self->header[k];
    self->is_lost = self->to_lose > 0 && (self->header[0] & (ZMTP_MORE | ZMTP_COMMAND)) == 0;
    self->to_lose -= self->is_lost ? 1 : 0;
    if (!self->is_lost)
        way_keep(self, self->header, self->n_header);
    self->n_header = 0;
}

static void
way_take(way_t *self, const uint8_t *at, size_t len)
{
    while (len > 0) {
        size_t n = 1;
        if (self->greeting < GREETING) {
            self->greeting++;
            way_keep(self, at, n);
        } else if (self->body == 0) {
            way_take_header(self, *at);
        } else {
            n = self->body < len ? (size_t)self->body : len;
            if (!self->is_lost)
                way_keep(self, at, n);
            self->body -= n;
        }
        at += n;
        len -= n;
    }
}

/* ---- a pair ------------------------------------------------------------------------------- */

static void
pair_close(pair_t *self, bool is_reset)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    for (int k = 0; k < 2; k++) {
        if (is_reset)
            (void)setsockopt(self->fd[k], SOL_SOCKET, SO_LINGER, &now, sizeof now);
        (void)close(self->fd[k]);
        self->fd[k] = -1;
    }
}

/* Nothing more is read from that side, and the other one is told when all before it is written. */
static void
pair_end_way(pair_t *self, int k)
{
    way_t *way = &self->way[k];
    way->is_at_end = true;
    if (way->n_held == 0 && !way->is_shut) {
        (void)shutdown(self->fd[1 - k], SHUT_WR);
        way->is_shut = true;
    }
}

static uint64_t
pair_draw_budget(pair_t *self)
{
    return rig_below(&self->chance, rig_below(&self->chance, 8) == 0 ? EARLY : SOON);
}

static void
pair_fail(pair_t *self, relay_fault_t fault, int64_t now_ms)
{
    int64_t until_ms = now_ms + 1 + (int64_t)rig_below(&self->chance, AWHILE_MS);
    switch (fault) {
    case RELAY_CUT:
    case RELAY_RESET:
        pair_close(self, fault == RELAY_RESET);
        break;
    case RELAY_HALF_UP:
    case RELAY_HALF_DOWN:
        pair_end_way(self, fault == RELAY_HALF_UP ? 0 : 1);
        self->end_ms = until_ms;
        break;
    case RELAY_HOLE_UP:
    case RELAY_HOLE_DOWN:
    case RELAY_HOLE_BOTH:
        self->way[0].is_swallowed = fault != RELAY_HOLE_DOWN;
        self->way[1].is_swallowed = fault != RELAY_HOLE_UP;
        self->end_ms = until_ms;
        break;
    case RELAY_LATE:
        self->late_ms = until_ms;
        break;
    case RELAY_TRICKLE:
        self->trickling = TRICKLED;
        break;
    case RELAY_LOSE_UP:
    case RELAY_LOSE_DOWN:
        self->way[fault == RELAY_LOSE_UP ? 0 : 1].to_lose =
            1 + (unsigned)rig_below(&self->chance, 3);
        break;
    case RELAY_FAULTS:
        break;
    }
}

/* So many bytes have come; it may be time. */
static void
pair_spend(pair_t *self, relay_t *relay, size_t bytes, int64_t now_ms)
{
    if (bytes < self->budget) {
        self->budget -= bytes;
        return;
    }
    self->budget = pair_draw_budget(self);
    relay_fault_t fault = (relay_fault_t)rig_below(&self->chance, RELAY_FAULTS);
    if (atomic_load(&relay->is_calm) || self->end_ms != 0)
        return;
    atomic_fetch_add(&relay->n_faults[fault], 1);
    pair_fail(self, fault, now_ms);
}

static void
pair_read(pair_t *self, int k, relay_t *relay, int64_t now_ms)
{
    uint8_t bytes[BITE];
    way_t *way = &self->way[k];
    ssize_t n = recv(self->fd[k], bytes, sizeof bytes, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        pair_close(self, true);
        return;
    }
    if (n == 0) {
        pair_end_way(self, k);
        return;
    }
    if (!way->is_swallowed)
        way_take(way, bytes, (size_t)n);
    pair_spend(self, relay, (size_t)n, now_ms);
}

static void
pair_write(pair_t *self, int k)
{
    way_t *way = &self->way[k];
    size_t len = way->n_held - way->at;
    if (self->trickling > 0) {
        size_t drop = 1 + (size_t)rig_below(&self->chance, 7);
        len = drop < len ? drop : len;
        self->trickling -= len < self->trickling ? len : self->trickling;
    }
    ssize_t n = send(self->fd[1 - k], way->held + way->at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        pair_close(self, true);
        return;
    }
    way->at += (size_t)n;
    if (way->at == way->n_held) {
        way->at = way->n_held = 0;
        if (way->is_at_end)
            pair_end_way(self, k);
    }
}

static bool
pair_is_writing(const pair_t *self, int k)
{
    return self->way[k].n_held > 0 && self->late_ms == 0;
}

/* What poll is to look for, on socket k. */
static short
pair_wants(const pair_t *self, int k)
{
    short wants = 0;
    if (self->way[k].n_held == 0 && !self->way[k].is_at_end)
        wants |= POLLIN;
    if (pair_is_writing(self, 1 - k))
        wants |= POLLOUT;
    return wants;
}

static void
pair_step(pair_t *self, relay_t *relay, const struct pollfd *items, int64_t now_ms)
{
    for (int k = 0; k < 2; k++) {
        if (self->fd[0] >= 0 && (items[k].revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
            (pair_wants(self, k) & POLLIN) != 0)
            pair_read(self, k, relay, now_ms);
        if (self->fd[0] >= 0 && (items[1 - k].revents & (POLLOUT | POLLHUP | POLLERR)) != 0 &&
            pair_is_writing(self, k))
            pair_write(self, k);
    }
    if (self->fd[0] >= 0 && self->way[0].is_shut && self->way[1].is_shut)
        pair_close(self, false);
}

/* What has come due; returns when the next thing is. */
static int64_t
pair_tick(pair_t *self, relay_t *relay, int64_t now_ms)
{
    if (self->end_ms != 0 && (now_ms >= self->end_ms || atomic_load(&relay->is_calm))) {
        pair_close(self, false);
        return INT64_MAX;
    }
    if (now_ms >= self->late_ms || atomic_load(&relay->is_calm))
        self->late_ms = 0;
    if (atomic_load(&relay->is_calm))
        self->way[0].to_lose = self->way[1].to_lose = 0;
    int64_t late_ms = self->late_ms != 0 ? self->late_ms : INT64_MAX;
    return self->end_ms != 0 && self->end_ms < late_ms ? self->end_ms : late_ms;
}

/* ---- the thread --------------------------------------------------------------------------- */

static void
relay_accept(relay_t *self)
{
    int one = 1;
    int client = accept4(self->listener, NULL, NULL, SOCK_CLOEXEC);
    int manager = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pair_t *pair = self->pairs;
    while (pair < self->pairs + PAIRS && pair->fd[0] >= 0)
        pair++;
    if (client < 0 || manager < 0 || pair == self->pairs + PAIRS ||
        connect(manager, (const struct sockaddr *)&self->to, sizeof self->to) != 0) {
        (void)close(client);
        (void)close(manager);
        return;
    }
    (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)setsockopt(manager, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    unsigned number = atomic_fetch_add(&self->n_connections, 1);
    memset(pair, 0, sizeof *pair);
    pair->fd[0] = client;
    pair->fd[1] = manager;
    pair->chance = self->seed * 1000003 + number;
    pair->budget = pair_draw_budget(pair);
}

/* Looks at all connections and waits for the next thing; returns how many there are, in order in `at`. */
static size_t
relay_wait(relay_t *self, struct pollfd *items, pair_t **at)
{
    size_t n = 0;
    int64_t now_ms = relay_now_ms();
    int64_t due_ms = INT64_MAX;
    bool cuts = atomic_exchange(&self->is_to_cut, false);
    items[0] = (struct pollfd){.fd = self->wake, .events = POLLIN};
    items[1] = (struct pollfd){.fd = self->listener, .events = POLLIN};
    for (pair_t *pair = self->pairs; pair < self->pairs + PAIRS; pair++) {
        if (pair->fd[0] >= 0 && cuts)
            pair_close(pair, true);
        if (pair->fd[0] < 0)
            continue;
        int64_t due = pair_tick(pair, self, now_ms);
        due_ms = due < due_ms ? due : due_ms;
        for (int k = 0; k < 2 && pair->fd[0] >= 0; k++) {
            short wants = pair_wants(pair, k);
            items[2 + 2 * n + (size_t)k] =
                (struct pollfd){.fd = wants != 0 ? pair->fd[k] : -1, .events = wants};
        }
        if (pair->fd[0] >= 0)
            at[n++] = pair;
    }
    int left = due_ms == INT64_MAX ? FOREVER_MS : (int)(due_ms > now_ms ? due_ms - now_ms : 0);
    (void)poll(items, (nfds_t)(2 + 2 * n), left);
    return n;
}

static void *
relay_run(void *context)
{
    relay_t *self = context;
    struct pollfd items[2 + 2 * PAIRS];
    pair_t *at[PAIRS];
    uint64_t waste;
    while (!atomic_load(&self->is_ending)) {
        memset(items, 0, sizeof items);
        size_t n = relay_wait(self, items, at);
        int64_t now_ms = relay_now_ms();
        for (size_t k = 0; k < n; k++)
            pair_step(at[k], self, &items[2 + 2 * k], now_ms);
        if (items[0].revents != 0)
            (void)!read(self->wake, &waste, sizeof waste);
        if (items[1].revents != 0)
            relay_accept(self);
    }
    return NULL;
}

/* ---- outside ------------------------------------------------------------------------------ */

static void
relay_listen(relay_t *self)
{
    socklen_t len = sizeof(struct sockaddr_in);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    self->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(self->listener >= 0);
    assert_int_equal(bind(self->listener, (const struct sockaddr *)&here, len), 0);
    assert_int_equal(listen(self->listener, PAIRS), 0);
    assert_int_equal(getsockname(self->listener, (struct sockaddr *)&here, &len), 0);
    (void)snprintf(self->endpoint, sizeof self->endpoint, "tcp://127.0.0.1:%u",
                   (unsigned)ntohs(here.sin_port));
}

relay_t *
relay_new(const char *to, uint64_t seed)
{
    static const char head[] = "tcp://127.0.0.1:";
    relay_t *self = calloc(1, sizeof *self);
    assert_non_null(self);
    self->pairs = calloc(PAIRS, sizeof *self->pairs);
    assert_non_null(self->pairs);
    for (size_t k = 0; k < PAIRS; k++)
        self->pairs[k].fd[0] = self->pairs[k].fd[1] = -1;
    assert_int_equal(strncmp(to, head, sizeof head - 1), 0);
    self->to =
        (struct sockaddr_in){.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)strtoul(to + sizeof head - 1, NULL, 10))};
    self->seed = seed;
    self->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_true(self->wake >= 0);
    relay_listen(self);
    assert_int_equal(pthread_create(&self->thread, NULL, relay_run, self), 0);
    return self;
}

static void
relay_wake(const relay_t *self)
{
    uint64_t one = 1;
    assert_int_equal(write(self->wake, &one, sizeof one), sizeof one);
}

void
relay_destroy(relay_t **self_p)
{
    relay_t *self = *self_p;
    *self_p = NULL;
    if (self == NULL)
        return;
    atomic_store(&self->is_ending, true);
    relay_wake(self);
    (void)pthread_join(self->thread, NULL);
    for (pair_t *pair = self->pairs; pair < self->pairs + PAIRS; pair++) {
        if (pair->fd[0] >= 0)
            pair_close(pair, false);
    }
    (void)close(self->listener);
    (void)close(self->wake);
    free(self->pairs);
    free(self);
}

const char *
relay_endpoint(const relay_t *self)
{
    return self->endpoint;
}

void
relay_calm(relay_t *self)
{
    atomic_store(&self->is_calm, true);
    relay_wake(self);
}

void
relay_cut(relay_t *self)
{
    atomic_store(&self->is_to_cut, true);
    relay_wake(self);
}

unsigned
relay_n_connections(const relay_t *self)
{
    return atomic_load(&self->n_connections);
}

unsigned
relay_n_faults(const relay_t *self, relay_fault_t fault)
{
    return atomic_load(&self->n_faults[fault]);
}

const char *
relay_fault_name(relay_fault_t fault)
{
    static const char *const names[RELAY_FAULTS] = {"cut",     "reset",     "half up",  "half down",
                                                    "hole up", "hole down", "hole",     "late",
                                                    "trickle", "lose up",   "lose down"};
    return names[fault];
}
