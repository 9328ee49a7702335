/* SPDX-License-Identifier: MPL-2.0 */
/* wire -- see wire.h */
#define _GNU_SOURCE
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { WIRE_PAIRS = 8, WIRE_BYTES = 65536 };

struct wire {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t done;
    struct sockaddr_un to;
    int listener;
    int event;
    int ends[WIRE_PAIRS][2]; /* -1: free */
    bool wants_cut;          /* these two under the mutex */
    bool is_ended;
};

static struct sockaddr_un
wire_address(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        abort();
    memcpy(address.sun_path, path, strlen(path) + 1);
    return address;
}

static void
wire_end(wire_t *self, int i)
{
    for (int k = 0; k < 2; k++) {
        if (self->ends[i][k] >= 0)
            (void)close(self->ends[i][k]);
        self->ends[i][k] = -1;
    }
}

static void
wire_accept(wire_t *self)
{
    int from = accept4(self->listener, NULL, NULL, SOCK_CLOEXEC);
    int to = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int i = 0;
    while (i < WIRE_PAIRS && self->ends[i][0] >= 0)
        i++;
    if (i == WIRE_PAIRS || from < 0 || to < 0)
        abort();
    self->ends[i][0] = from;
    self->ends[i][1] = to;
    if (connect(to, (const struct sockaddr *)&self->to, sizeof self->to) != 0)
        wire_end(self, i);
}

/* Hands on what end k of pair i has; false: it has ended. */
static bool
wire_hand_on(const wire_t *self, int i, int k)
{
    static uint8_t bytes[WIRE_BYTES];
    ssize_t n = read(self->ends[i][k], bytes, sizeof bytes);
    for (ssize_t at = 0; at < n;) {
        ssize_t m = send(self->ends[i][1 - k], bytes + at, (size_t)(n - at), MSG_NOSIGNAL);
        if (m < 0 && errno != EINTR)
            return false;
        at += m > 0 ? m : 0;
    }
    return n > 0 || (n < 0 && errno == EINTR);
}

static bool
wire_obey(wire_t *self)
{
    (void)pthread_mutex_lock(&self->mutex);
    for (int i = 0; self->wants_cut && i < WIRE_PAIRS; i++)
        wire_end(self, i);
    self->wants_cut = false;
    bool goes_on = !self->is_ended;
    (void)pthread_cond_broadcast(&self->done);
    (void)pthread_mutex_unlock(&self->mutex);
    return goes_on;
}

static void *
wire_main(void *context)
{
    wire_t *self = context;
    while (wire_obey(self)) {
        struct pollfd fds[2 + 2 * WIRE_PAIRS];
        fds[0] = (struct pollfd){.fd = self->listener, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = self->event, .events = POLLIN};
        for (int i = 0; i < 2 * WIRE_PAIRS; i++)
            fds[2 + i] = (struct pollfd){.fd = self->ends[i / 2][i % 2], .events = POLLIN};
        if (poll(fds, 2 + 2 * WIRE_PAIRS, -1) < 0)
            continue;
        uint64_t count;
        if (fds[1].revents != 0 && read(self->event, &count, sizeof count) < 0)
            continue;
        for (int i = 0; i < 2 * WIRE_PAIRS; i++) {
            if (fds[2 + i].revents != 0 && self->ends[i / 2][i % 2] >= 0 &&
                !wire_hand_on(self, i / 2, i % 2))
                wire_end(self, i / 2);
        }
        if (fds[0].revents != 0)
            wire_accept(self);
    }
    return NULL;
}

wire_t *
wire_open(const char *from, const char *to)
{
    wire_t *self = calloc(1, sizeof *self);
    struct sockaddr_un address = wire_address(from);
    if (self == NULL)
        abort();
    self->to = wire_address(to);
    memset(self->ends, 0xff, sizeof self->ends);
    self->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    self->event = eventfd(0, EFD_CLOEXEC);
    (void)pthread_mutex_init(&self->mutex, NULL);
    (void)pthread_cond_init(&self->done, NULL);
    if (self->event < 0 ||
        bind(self->listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(self->listener, WIRE_PAIRS) != 0 ||
        pthread_create(&self->thread, NULL, wire_main, self) != 0)
        abort();
    return self;
}

static void
wire_tell(wire_t *self, bool *wish)
{
    uint64_t one = 1;
    (void)pthread_mutex_lock(&self->mutex);
    *wish = true;
    if (write(self->event, &one, sizeof one) < 0)
        abort();
    while (self->wants_cut)
        (void)pthread_cond_wait(&self->done, &self->mutex);
    (void)pthread_mutex_unlock(&self->mutex);
}

void
wire_cut(wire_t *self)
{
    wire_tell(self, &self->wants_cut);
}

void
wire_close(wire_t **self_p)
{
    wire_t *self = *self_p;
    *self_p = NULL;
    wire_tell(self, &self->is_ended);
    (void)pthread_join(self->thread, NULL);
    for (int i = 0; i < WIRE_PAIRS; i++)
        wire_end(self, i);
    (void)close(self->listener);
    (void)close(self->event);
    (void)pthread_mutex_destroy(&self->mutex);
    (void)pthread_cond_destroy(&self->done);
    free(self);
}
