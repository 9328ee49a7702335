/* SPDX-License-Identifier: MPL-2.0 */
/* world -- one machine, eight users, their wires and the clock, under one seed. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "audit.h"
#include "manager.h"
#include "user.h"

typedef struct sim_world {
    sim_t sim;
    sim_wire_t wire;
    sim_manager_t manager;
    sim_referee_t referee;
    sim_user_t users[SIM_USERS];
    sim_records_t records;
    uint64_t n_steps;
    uint64_t restart_at; /* this step; 0: by chance */
    uint64_t n_audits;
} sim_world_t;

/* Runs one seed to its end. False: a check failed; see world->sim.failure. */
bool sim_world_run(sim_world_t *self, uint64_t seed, const sim_settings_t *settings);

#endif
