/* SPDX-License-Identifier: MPL-2.0 */
/* sender -- see sender.h
 *
 * The machine numbers and keeps the messages; a link remembers which session it sends and how far it is. SEND says
 * that there is more, REWIND where to go on. All outputs of a round are taken first, then each link with something
 * to send gets one frame of it (or several, if it is much). A control frame that stands for a moment in the stream
 * (its `after`) waits until the messages up to there have gone; others leave at once. EAGAIN leaves a link where
 * it is: it is tried again some milliseconds later. So there is no second queue, and a peer that does not read costs
 * its pipe (SNDHWM frames), nothing that grows: a frame too long for the common buffer is counted until libzmq lets
 * it go, so that repeated RESYNCs cannot multiply it.
 */
#define _GNU_SOURCE
#include "sender.h"

#include <errno.h>
#include <stdatomic.h>
#include <zmq.h>

#include <base/check.h>

#define SENDER_MAGIC    0x5e4de001u
#define SENDER_RETRY_NS INT64_C(1000000) /* between two attempts at pipes that were full */

enum {
    SENDER_ROUTING = 5,         /* bytes of a routing id of libzmq's making: 0 and a counter */
    SENDER_FILL = 64 * 1024,    /* bytes of an ordinary DATA frame; longer ones hold one message */
    SENDER_ROUND = 1024 * 1024, /* bytes for one link in a round */
    /* bytes of longer frames that libzmq may hold for a link; one it may always */
    SENDER_LONG = 16 * 1024 * 1024,
};

/* What longer frames libzmq holds of a link: shared with its thread, which lets them go, perhaps after the link. */
typedef struct sender_long {
    atomic_size_t bytes;
    atomic_size_t holders;
} sender_long_t;

struct hfi_sender {
    uint32_t magic;
    void *socket;
    hfi_links_t *links;
    hfi_link_list_t ready;
    hfi_link_list_t blocked;
    int64_t retry_ns;
    hfi_sender_figures_t figures;
    uint8_t buffer[SENDER_FILL];
};

static void
sender_let_go(sender_long_t *longer)
{
    if (longer != NULL && atomic_fetch_sub(&longer->holders, 1) == 1)
        free(longer);
}

hfi_sender_t *
hfi_sender_new(void *socket, hfi_links_t *links)
{
    hfi_sender_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->magic = SENDER_MAGIC;
    self->socket = socket;
    self->links = links;
    return self;
}

void
hfi_sender_destroy(hfi_sender_t **self_p)
{
    HF_ASSERT(self_p != NULL);
    hfi_sender_t *self = *self_p;
    if (self == NULL)
        return;
    HF_CHECK(self, SENDER_MAGIC);
    free(self->ready.at);
    free(self->blocked.at);
    HF_BURY(self);
    free(self);
    *self_p = NULL;
}

void
hfi_sender_forget(hfi_link_t *link)
{
    sender_let_go(link->longer);
    link->longer = NULL;
}

/* ---- frames --------------------------------------------------------------------------- */

static void
sender_put_ready(hfi_sender_t *self, hfi_link_t *link)
{
    if (!link->is_ready && !link->is_blocked)
        link->is_ready = hfi_link_list_add(&self->ready, link->number);
}

/* A send failed: the pipe is full, or the connection has gone. */
static bool
sender_failed(hfi_sender_t *self, hfi_link_t *link)
{
    if (errno != EAGAIN)
        hfi_links_gone(self->links, link);
    else if (!link->is_blocked)
        link->is_blocked = hfi_link_list_add(&self->blocked, link->number);
    return false;
}

static bool
sender_send_routing(hfi_sender_t *self, hfi_link_t *link)
{
    uint8_t id[SENDER_ROUTING] = {0, (uint8_t)(link->routing >> 24), (uint8_t)(link->routing >> 16),
                                  (uint8_t)(link->routing >> 8), (uint8_t)link->routing};
    int n;
    do
        n = zmq_send(self->socket, id, sizeof id, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    while (n < 0 && errno == EINTR);
    return n >= 0 || sender_failed(self, link);
}

/* Sends a copy. False: not now, or never. */
static bool
sender_send(hfi_sender_t *self, hfi_link_t *link, hfi_span_t bytes)
{
    if (!sender_send_routing(self, link))
        return false;
    /* past the routing id this fails only where the connection has just gone: then nothing matters */
    (void)zmq_send(self->socket, bytes.at, bytes.len, ZMQ_DONTWAIT);
    self->figures.frames++;
    self->figures.bytes += bytes.len;
    return true;
}

/* In front of a longer frame's bytes. */
typedef struct sender_block {
    sender_long_t *longer;
    size_t len;
} sender_block_t;

static void
sender_free_block(void *data, void *hint)
{
    (void)data;
    sender_block_t *block = hint;
    atomic_fetch_sub(&block->longer->bytes, block->len);
    sender_let_go(block->longer);
    free(block);
}

/* Whether libzmq may hold `len` bytes more for the link. */
static bool
sender_may_hold(hfi_link_t *link, size_t len)
{
    if (link->longer == NULL) {
        sender_long_t *longer = calloc(1, sizeof *longer);
        if (longer == NULL)
            return false;
        atomic_store(&longer->holders, 1);
        link->longer = longer;
    }
    sender_long_t *longer = link->longer;
    size_t held = atomic_load(&longer->bytes);
    return held == 0 || (held <= SENDER_LONG && len <= SENDER_LONG - held);
}

/* Gives a message of `len` bytes, filled; false: not now. */
static bool
sender_fill_long(hfi_machine_t *machine, hfi_link_t *link, size_t len, zmq_msg_t *ret_body,
                 uint64_t *ret_last)
{
    sender_block_t *block = sender_may_hold(link, len) ? malloc(sizeof *block + len) : NULL;
    if (block == NULL)
        return false;
    *block = (sender_block_t){.longer = link->longer, .len = len};
    uint8_t *at = (uint8_t *)(block + 1);
    size_t n = hfi_machine_fill(machine, link->session, link->sent, at, len, ret_last);
    HF_ASSERT(n > 0 && n <= len);
    atomic_fetch_add(&block->longer->bytes, len);
    atomic_fetch_add(&block->longer->holders, 1);
    if (zmq_msg_init_data(ret_body, at, n, sender_free_block, block) == 0)
        return true;
    sender_free_block(at, block);
    return false;
}

/* Sends one frame of `len` bytes, longer than the buffer, without copying it again. */
static bool
sender_send_long(hfi_sender_t *self, hfi_machine_t *machine, hfi_link_t *link, size_t len)
{
    uint64_t last;
    zmq_msg_t body;
    if (!sender_fill_long(machine, link, len, &body, &last)) {
        errno = EAGAIN; /* too much is held, or no memory: the message stays where it is */
        return sender_failed(self, link);
    }
    size_t n = zmq_msg_size(&body);
    if (!sender_send_routing(self, link)) {
        (void)zmq_msg_close(&body);
        return false;
    }
    if (zmq_msg_send(&body, self->socket, ZMQ_DONTWAIT) < 0)
        (void)zmq_msg_close(&body);
    self->figures.frames++;
    self->figures.bytes += n;
    link->sent = last;
    return true;
}

/* The control frames whose moment has come. False: the pipe is full. */
static bool
sender_send_controls(hfi_sender_t *self, hfi_link_t *link)
{
    hfi_span_t bytes;
    while (hfi_link_first(link, &bytes)) {
        if (!sender_send(self, link, bytes))
            return false;
        hfi_link_drop_first(link);
    }
    return true;
}

/* Sends what the link has to send. True: it has had its share, and there is more. */
static bool
sender_send_link(hfi_sender_t *self, hfi_machine_t *machine, hfi_link_t *link)
{
    for (size_t sent = 0; sent < SENDER_ROUND;) {
        if (link->state == HFI_LINK_GONE || !sender_send_controls(self, link) || link->session == 0)
            return false;
        uint64_t last;
        size_t n = hfi_machine_fill(machine, link->session, link->sent, self->buffer,
                                    sizeof self->buffer, &last);
        if (n == 0)
            return false;
        if (n > sizeof self->buffer) {
            if (!sender_send_long(self, machine, link, n))
                return false;
        } else {
            if (!sender_send(self, link, (hfi_span_t){.at = self->buffer, .len = n}))
                return false;
            link->sent = last;
        }
        sent += n;
    }
    return true;
}

/* Sends on the links of the ready list; those with more to send stay on it. */
static bool
sender_flush_ready(hfi_sender_t *self, hfi_machine_t *machine)
{
    uint32_t kept = 0;
    for (uint32_t k = 0; k < self->ready.n; k++) {
        hfi_link_t *link = hfi_links_find(self->links, self->ready.at[k]);
        if (link == NULL)
            continue;
        link->is_ready = sender_send_link(self, machine, link);
        if (link->is_ready)
            self->ready.at[kept++] = link->number;
    }
    self->ready.n = kept;
    return kept > 0;
}

/* Those whose pipe was full are ready again, to be tried. */
static void
sender_unblock(hfi_sender_t *self)
{
    for (uint32_t k = 0; k < self->blocked.n; k++) {
        hfi_link_t *link = hfi_links_find(self->links, self->blocked.at[k]);
        if (link == NULL)
            continue;
        link->is_blocked = false;
        sender_put_ready(self, link);
    }
    self->blocked.n = 0;
}

/* ---- outputs -------------------------------------------------------------------------- */

/* The session that the link sends; another one than before begins anew. */
static void
sender_set_session(hfi_link_t *link, uint64_t session)
{
    if (session == 0 || link->session == session)
        return;
    link->session = session;
    link->sent = 0;
}

static void
sender_control(hfi_sender_t *self, hfi_link_t *link, const hfi_output_t *output)
{
    sender_set_session(link, output->session);
    bool is_first = link->controls.len == 0 && !link->is_blocked;
    if (is_first && output->after <= link->sent && sender_send(self, link, output->bytes))
        return;
    if (link->state == HFI_LINK_GONE)
        return;
    if (!hfi_link_keep(link, output->after, output->bytes))
        self->figures.lost++;
    sender_put_ready(self, link);
}

void
hfi_sender_take(hfi_sender_t *self, const hfi_output_t *output, hfi_link_t *link)
{
    HF_CHECK(self, SENDER_MAGIC);
    if (output->kind == HFI_OUTPUT_CONTROL) {
        sender_control(self, link, output);
        return;
    }
    sender_set_session(link, output->session);
    if (output->kind == HFI_OUTPUT_REWIND)
        link->sent = output->after;
    sender_put_ready(self, link);
}

bool
hfi_sender_flush(hfi_sender_t *self, hfi_machine_t *machine, int64_t now_ns)
{
    HF_CHECK(self, SENDER_MAGIC);
    if (self->blocked.n > 0 && now_ns >= self->retry_ns) {
        sender_unblock(self);
        self->retry_ns = now_ns + SENDER_RETRY_NS;
    }
    return sender_flush_ready(self, machine);
}

bool
hfi_sender_has_waiting(const hfi_sender_t *self)
{
    HF_CHECK(self, SENDER_MAGIC);
    return self->blocked.n > 0;
}

const hfi_sender_figures_t *
hfi_sender_figures(const hfi_sender_t *self)
{
    HF_CHECK(self, SENDER_MAGIC);
    return &self->figures;
}
