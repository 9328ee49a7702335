/* SPDX-License-Identifier: MPL-2.0 */
/* wire -- connections as libzmq's are. */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include <base/check.h>

void
sim_wire_open(sim_wire_t *self, sim_t *sim)
{
    *self = (sim_wire_t){.sim = sim};
}

static void
wire_empty(sim_queue_t *queue)
{
    sim_frame_t *frame;
    while ((frame = sim_wire_take(queue)) != NULL)
        free(frame);
}

void
sim_wire_close(sim_wire_t *self)
{
    sim_wire_reset(self);
}

sim_link_t *
sim_wire_connect(sim_wire_t *self, uint32_t user)
{
    sim_link_t **end = &self->links;
    while (*end != NULL)
        end = &(*end)->next;
    sim_link_t *link = calloc(1, sizeof *link);
    HF_ASSERT(link != NULL);
    link->number = ++self->last;
    link->user = user;
    *end = link;
    self->n_links++;
    return link;
}

sim_link_t *
sim_wire_find(const sim_wire_t *self, uint64_t number)
{
    sim_link_t *link = self->links;
    while (link != NULL && link->number != number)
        link = link->next;
    return link;
}

/* Keeps the first `n` frames. */
static void
wire_shorten(sim_wire_t *self, sim_queue_t *queue, size_t n)
{
    sim_queue_t rest = {0};
    sim_frame_t *last = NULL;
    for (size_t i = 0; i < n && (last == NULL || last->next != NULL); i++)
        last = last == NULL ? queue->first : last->next;
    rest.first = last == NULL ? queue->first : last->next;
    self->n_lost += queue->n - n;
    if (last != NULL)
        last->next = NULL;
    else
        queue->first = NULL;
    queue->last = last;
    queue->n = n;
    wire_empty(&rest);
}

void
sim_wire_cut(sim_wire_t *self, sim_link_t *link, bool keeps_down)
{
    if (link->is_cut)
        return;
    link->is_cut = true;
    self->n_cuts++;
    wire_shorten(self, &link->up, sim_below(self->sim, link->up.n + 1));
    if (sim_below(self->sim, 4) == 0)
        link->late_ns = self->sim->now_ns + (int64_t)sim_below(self->sim, (uint64_t)self->late_ns);
    if (!keeps_down)
        wire_shorten(self, &link->down, sim_below(self->sim, link->down.n + 1));
    sim_trace(self->sim, "link %llu of user %u is cut; %zu up and %zu down still arrive",
              (unsigned long long)link->number, link->user, link->up.n, link->down.n);
}

static const char *
wire_kind(const uint8_t *at)
{
    static const char *const words[] = {"DATA",   "HELLO", "WELCOME", "REJECT",
                                        "RESYNC", "PING",  "PONG",    "BYE"};
    return at[1] < 8 ? words[at[1]] : "?";
}

static bool
wire_send(sim_wire_t *self, sim_link_t *link, sim_queue_t *queue, const uint8_t *at, size_t len)
{
    if (link->is_cut) {
        self->n_lost++;
        return false;
    }
    self->n_frames++;
    if (!self->sim->is_calm && sim_below(self->sim, 200) == 0) {
        self->n_lost++;
        sim_trace(self->sim, "link %llu loses a frame", (unsigned long long)link->number);
        return true;
    }
    if (len > 1)
        sim_trace(self->sim, "link %llu %s: %s, %zu bytes", (unsigned long long)link->number,
                  queue == &link->up ? "up" : "down", wire_kind(at), len);
    sim_frame_t *frame = malloc(sizeof *frame + len);
    HF_ASSERT(frame != NULL);
    frame->next = NULL;
    frame->len = len;
    memcpy(frame->at, at, len);
    if (queue->last != NULL)
        queue->last->next = frame;
    else
        queue->first = frame;
    queue->last = frame;
    queue->n++;
    return true;
}

bool
sim_wire_send_up(sim_wire_t *self, sim_link_t *link, const uint8_t *at, size_t len)
{
    return wire_send(self, link, &link->up, at, len);
}

bool
sim_wire_send_down(sim_wire_t *self, sim_link_t *link, const uint8_t *at, size_t len)
{
    return wire_send(self, link, &link->down, at, len);
}

sim_frame_t *
sim_wire_take(sim_queue_t *queue)
{
    sim_frame_t *frame = queue->first;
    if (frame == NULL)
        return NULL;
    queue->first = frame->next;
    if (queue->first == NULL)
        queue->last = NULL;
    queue->n--;
    return frame;
}

void
sim_wire_reset(sim_wire_t *self)
{
    while (self->links != NULL) {
        sim_link_t *link = self->links;
        self->links = link->next;
        self->n_lost += link->up.n + link->down.n;
        self->n_cuts += !link->is_cut;
        wire_empty(&link->up);
        wire_empty(&link->down);
        free(link);
    }
    self->n_links = 0;
}

void
sim_wire_sweep(sim_wire_t *self)
{
    for (sim_link_t **at = &self->links; *at != NULL;) {
        sim_link_t *link = *at;
        bool is_done = link->is_cut && (link->is_told_down || !link->is_known) && link->up.n == 0 &&
                       link->down.n == 0;
        if (!is_done) {
            at = &link->next;
            continue;
        }
        *at = link->next;
        self->n_links--;
        free(link);
    }
}
