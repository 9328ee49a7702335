/* SPDX-License-Identifier: MPL-2.0 */
/* witness -- a type for tests alone: it tells the referee of every run of its methods. */
#ifndef SIM_WITNESS_H
#define SIM_WITNESS_H

#include <stdint.h>

#include <holdfast/plugin.h>

/* Who hears of runs: op is the caller's own number for what it asked. NULL: nobody. */
typedef void(sim_heard_f)(void *context, uint64_t op);
void sim_witness_listen(sim_heard_f *heard, void *context);

/* ponder() of such an op raises. */
enum { SIM_PONDER_FAILS = 4 };

const hf_plugin_t *sim_witness_plugin(void);

#endif
