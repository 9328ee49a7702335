/* SPDX-License-Identifier: MPL-2.0 */
/* wire -- connections as libzmq's are: each keeps its own order; a cut loses the end of what is under way;
 * what is left of an old one still arrives, between the frames of the new one.
 *
 * Now and then a frame is lost on its own as well, which libzmq does not do; the stream must not mind.
 */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include <base/span.h>

#include "sim.h"

typedef struct sim_frame {
    struct sim_frame *next;
    size_t len;
    uint8_t at[];
} sim_frame_t;

typedef struct sim_queue {
    sim_frame_t *first;
    sim_frame_t *last;
    size_t n;
} sim_queue_t;

typedef struct sim_link {
    struct sim_link *next;
    uint64_t number; /* never used twice */
    uint32_t user;
    bool is_cut;       /* nothing enters it any more */
    bool is_known;     /* the machine was told LINK_UP */
    bool is_told_down; /* and LINK_DOWN */
    bool is_dead;      /* so is the program at its other end */
    int64_t late_ns;   /* what is left of it is not delivered to the manager before that */
    sim_queue_t up;    /* to the manager */
    sim_queue_t down;  /* to the user */
} sim_link_t;

typedef struct sim_wire {
    sim_t *sim;
    sim_link_t *links; /* oldest first */
    uint64_t last;
    uint32_t n_links;
    int64_t late_ns; /* the longest time for which a cut link keeps something back */
    uint64_t n_frames, n_lost, n_cuts;
} sim_wire_t;

void sim_wire_open(sim_wire_t *self, sim_t *sim);
void sim_wire_close(sim_wire_t *self);

sim_link_t *sim_wire_connect(sim_wire_t *self, uint32_t user);
sim_link_t *sim_wire_find(const sim_wire_t *self, uint64_t number);

/* Ends the connection: the end of what is under way in each direction is lost. `keeps_down`: the manager
 * closed it after its frames had gone. */
void sim_wire_cut(sim_wire_t *self, sim_link_t *link, bool keeps_down);

/* A frame enters; into a link that is cut it is lost. False: it is cut. */
bool sim_wire_send_up(sim_wire_t *self, sim_link_t *link, const uint8_t *at, size_t len);
bool sim_wire_send_down(sim_wire_t *self, sim_link_t *link, const uint8_t *at, size_t len);

/* The next frame, to be freed; NULL: none. */
sim_frame_t *sim_wire_take(sim_queue_t *queue);

/* The manager's end of all of them is gone, with all that was under way. */
void sim_wire_reset(sim_wire_t *self);

/* Forgets links that are cut, told of, and empty. */
void sim_wire_sweep(sim_wire_t *self);

#endif
