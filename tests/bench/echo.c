/* SPDX-License-Identifier: MPL-2.0 */
/* echo -- raw libzmq: a DEALER that sends 32 bytes and gets them back. The floor under every ZeroMQ server. */
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "contender.h"

enum { ECHO_BYTES = 32 };

struct echo {
    void *context;
    void *socket;
    uint8_t *big;
};

static void *
echo_open(const char *endpoint)
{
    struct echo *self = calloc(1, sizeof *self);
    if (self == NULL)
        contender_fail("echo", "no memory");
    self->context = zmq_ctx_new();
    self->socket = zmq_socket(self->context, ZMQ_DEALER);
    int zero = 0;
    (void)zmq_setsockopt(self->socket, ZMQ_RCVHWM, &zero, sizeof zero);
    (void)zmq_setsockopt(self->socket, ZMQ_SNDHWM, &zero, sizeof zero);
    (void)zmq_setsockopt(self->socket, ZMQ_LINGER, &zero, sizeof zero);
    if (zmq_connect(self->socket, endpoint) != 0)
        contender_fail("echo", zmq_strerror(zmq_errno()));
    return self;
}

static void
echo_send(void *self_)
{
    struct echo *self = self_;
    static const uint8_t bytes[ECHO_BYTES] = {1};
    if (zmq_send(self->socket, bytes, sizeof bytes, 0) != ECHO_BYTES)
        contender_fail("echo: send", zmq_strerror(zmq_errno()));
}

static void
echo_receive(void *self_)
{
    struct echo *self = self_;
    uint8_t bytes[ECHO_BYTES];
    if (zmq_recv(self->socket, bytes, sizeof bytes, 0) != ECHO_BYTES)
        contender_fail("echo: receive", zmq_strerror(zmq_errno()));
}

static void
echo_call(void *self)
{
    echo_send(self);
    echo_receive(self);
}

static void
echo_big(void *self_)
{
    struct echo *self = self_;
    if (self->big == NULL)
        self->big = calloc(1, CONTENDER_BIG);
    if (self->big == NULL || zmq_send(self->socket, self->big, CONTENDER_BIG, 0) != CONTENDER_BIG ||
        zmq_recv(self->socket, self->big, CONTENDER_BIG, 0) != CONTENDER_BIG)
        contender_fail("echo: 1 MiB", zmq_strerror(zmq_errno()));
}

static void
echo_close(void *self_)
{
    struct echo *self = self_;
    (void)zmq_close(self->socket);
    (void)zmq_ctx_term(self->context);
    free(self->big);
    free(self);
}

const struct contender contender_echo = {
    .name = "echo",
    .open = echo_open,
    .call = echo_call,
    .send = echo_send,
    .receive = echo_receive,
    .big = echo_big,
    .close = echo_close,
};
