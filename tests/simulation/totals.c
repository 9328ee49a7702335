/* SPDX-License-Identifier: MPL-2.0 */
/* totals -- see totals.h */
#include "totals.h"

#include <stdio.h>

enum { TOTALS_ENOUGH = 1000 /* pairs come to everything */ };

void
sim_totals_add_world(sim_totals_t *self, const sim_world_t *world)
{
    self->n_seeds++;
    self->n_steps += world->n_steps;
    self->n_audits += world->n_audits;
    self->n_events += world->manager.n_events;
    self->n_frames += world->wire.n_frames;
    self->n_lost_frames += world->wire.n_lost;
    self->n_cuts += world->wire.n_cuts;
    self->n_results += world->referee.n_results;
    self->n_errors += world->referee.n_errors;
    self->n_lost += world->referee.n_lost;
    self->n_sessions += world->referee.n_sessions;
    self->n_pins += world->referee.n_pins;
    self->n_pins_unsure += world->referee.n_pins_unsure;
    self->n_jobs += world->manager.jobs.n_begun;
    self->n_late += world->manager.jobs.n_late;
    self->n_behind += world->manager.n_behind;
}

void
sim_totals_add_pair(sim_totals_t *self, const sim_pair_t *pair)
{
    self->n_pairs++;
#define PAIR_COUNT(name_, word_, must_) self->pairs.name_ += pair->n.name_;
    PAIR_COUNTS(PAIR_COUNT)
#undef PAIR_COUNT
}

/* What no seed has come to says nothing; false: it should have come. */
static bool
totals_print_pairs(const sim_totals_t *self)
{
    bool is_good = true;
    (void)printf("%llu pairs", (unsigned long long)self->n_pairs);
#define PAIR_COUNT(name_, word_, must_)                                                            \
    (void)printf(", %s %llu", word_, (unsigned long long)self->pairs.name_);                       \
    if ((must_) && self->n_pairs >= TOTALS_ENOUGH && self->pairs.name_ == 0)                       \
        is_good = false;
    PAIR_COUNTS(PAIR_COUNT)
#undef PAIR_COUNT
    (void)printf("\n");
    if (!is_good)
        (void)printf("something of this never came up, and so was not tested\n");
    return is_good;
}

bool
sim_totals_print(const sim_totals_t *self)
{
    if (self->n_pairs > 0)
        return totals_print_pairs(self);
    (void)printf(
        "%llu seeds, %llu steps, %llu audits, %llu events; frames %llu, lost %llu, cuts %llu; "
        "sessions %llu; results %llu, errors %llu, lost %llu; pins audited %llu, unsure %llu; "
        "jobs %llu, late %llu, calls audited behind them %llu\n",
        (unsigned long long)self->n_seeds, (unsigned long long)self->n_steps,
        (unsigned long long)self->n_audits, (unsigned long long)self->n_events,
        (unsigned long long)self->n_frames, (unsigned long long)self->n_lost_frames,
        (unsigned long long)self->n_cuts, (unsigned long long)self->n_sessions,
        (unsigned long long)self->n_results, (unsigned long long)self->n_errors,
        (unsigned long long)self->n_lost, (unsigned long long)self->n_pins,
        (unsigned long long)self->n_pins_unsure, (unsigned long long)self->n_jobs,
        (unsigned long long)self->n_late, (unsigned long long)self->n_behind);
    return true;
}
