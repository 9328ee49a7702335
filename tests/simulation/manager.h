/* SPDX-License-Identifier: MPL-2.0 */
/* manager -- the very machine of holdfastd, and the part of the shell between it and the wire.
 *
 * Like the shell it keeps how far it has sent for each session, fetches a frame when the input is drained, and
 * tells the machine of a connection's end when a send fails.
 */
#ifndef SIM_MANAGER_H
#define SIM_MANAGER_H

#include <machine/machine.h>

#include "job.h"
#include "record.h"
#include "sim.h"
#include "wire.h"

enum { SIM_PLUGINS = 4, SIM_MAX_SESSIONS = 512 };

/* Plugins by what an IMAGE event calls them; loaded once for the whole program. */
typedef struct sim_plugins {
    const char *hashes[SIM_PLUGINS];
    const hf_plugin_t *descriptors[SIM_PLUGINS];
} sim_plugins_t;

/* What a run is to be. */
typedef struct sim_settings {
    const sim_plugins_t *plugins;
    sim_fault_t fault;
    const char *mutant; /* the rule that is off; NULL: none */
    bool is_traced;
    bool is_recorded; /* and another process lives through the record */
} sim_settings_t;

/* How far a session's messages have been sent. */
typedef struct sim_sending {
    uint64_t session;
    uint64_t link;
    uint64_t sent;
    bool is_due; /* a SEND or REWIND was not followed yet */
} sim_sending_t;

typedef struct sim_manager sim_manager_t;

/* What it asks for of its connections to other managers. */
typedef void(sim_far_f)(void *context, sim_manager_t *manager, const hfi_output_t *output);

/* Where it serves, and which others it may be a client of; lasts over a restart. */
typedef struct sim_site {
    const char *endpoint;  /* of WELCOME; NULL: it says none */
    const char *far_allow; /* endpoints that begin so are allowed as well; NULL: none */
    bool is_alone;         /* no other at all */
    sim_far_f *on_far;     /* NULL: it has no other managers */
    void *context;
} sim_site_t;

struct sim_manager {
    sim_site_t site; /* set before the open */
    sim_t *sim;
    sim_wire_t *wire;
    hfi_machine_t *machine;
    hfi_machine_world_t world;
    sim_plugins_t plugins;
    sim_records_t *records; /* NULL: nothing is recorded */
    sim_record_t *record;   /* of this life */
    sim_sending_t sendings[SIM_MAX_SESSIONS];
    uint32_t n_sendings;
    uint64_t down[256]; /* links whose end the machine is to be told */
    uint32_t n_down;
    sim_jobs_t jobs;        /* of the pool of threads */
    uint64_t n_behind;      /* calls that audits found behind one whose work was under way */
    uint64_t used_at_first; /* bytes charged before the first link */
    uint64_t window;        /* of this seed */
    int64_t lease_ns;
    bool is_stopped;
    uint64_t n_events;
    uint64_t digest; /* of all that came out: a second run must have the same */
};

void sim_manager_open(sim_manager_t *self, sim_t *sim, sim_wire_t *wire,
                      const sim_plugins_t *plugins, sim_records_t *records);
void sim_manager_close(sim_manager_t *self);

/* It dies where it stands, and another begins with nothing: its object space is its own, and so is its record. */
void sim_manager_restart(sim_manager_t *self);

/* The world of a machine that has those plugins, which are borrowed. */
hfi_machine_world_t sim_manager_world(sim_plugins_t *plugins);

/* One event in; its outputs stay inside until the flush. */
void sim_manager_apply(sim_manager_t *self, const hfi_event_t *event);
void sim_manager_tick(sim_manager_t *self);

/* A frame of a link arrives. */
void sim_manager_frame(sim_manager_t *self, sim_link_t *link, const sim_frame_t *frame);

/* The pool's next turn: a job may be done. */
void sim_manager_work(sim_manager_t *self);

/* The end of a link, certain or not. */
void sim_manager_link_down(sim_manager_t *self, sim_link_t *link, bool is_certain);

/* Takes the outputs and follows them: control frames, one or more DATA frames for each session. */
void sim_manager_flush(sim_manager_t *self);

/* When the machine wants a TICK. */
int64_t sim_manager_due_ns(const sim_manager_t *self);

#endif
