/* SPDX-License-Identifier: MPL-2.0 */
/* replay -- recorded lives, lived again in another process: with other addresses and other garbage in its memory, the
 * machines must say the same, byte for byte. That is the proof that they are pure. */
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include "manager.h"

/* Runs this program with --replay; fails the check where it finds a difference, or dies. `mutant` as in the settings. */
void sim_replay_elsewhere(sim_t *sim, sim_records_t *records, const char *mutant);

/* What that process does: prints the first difference and returns 1, or 0. */
int sim_replay_file(const char *path, const sim_plugins_t *plugins);

#endif
