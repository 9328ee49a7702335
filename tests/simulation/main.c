/* SPDX-License-Identifier: MPL-2.0 */
/* main -- the whole manager and eight clients under a seed, seed after seed: the options, the plugins, the sums.
 *
 *     simulation [--seeds FIRST-LAST] [--seed N] [--trace] [--pair] [--record] [--twice] [--mutant RULE] [--fault NAME
 *                [--expect CHECK]]
 *
 * With --pair the worlds have two managers, which are clients of each other.
 *
 * Exit 0: all was as it must be (with --expect: the check saw the fault). 1: not; the one command that shows the
 * failing seed again is printed. 2: usage.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/check.h>
#include <base/mutant.h>

#include "pair.h"
#include "witness.h"
#include "world.h"

typedef struct options {
    uint64_t first;
    uint64_t last;
    const char *expect;
    const char *fault;
    const char *mutant;
    bool is_twice;
    bool is_pair;
    sim_settings_t settings;
} options_t;

static const char *const fault_words[] = {"none",
#define SIM_FAULT(name_, word_, check_, text_) word_,
                                          SIM_FAULTS(SIM_FAULT)
#undef SIM_FAULT
};

static sim_world_t world;
static sim_pair_t pair;

/* ---- plugins -------------------------------------------------------------------------- */

static const hf_plugin_t *
load(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const hf_plugin_t *plugin = handle == NULL ? NULL : dlsym(handle, "hf_plugin");
    if (plugin == NULL) {
        (void)fprintf(stderr, "simulation: %s\n", dlerror());
        exit(1);
    }
    return plugin;
}

static const sim_plugins_t *
load_all(void)
{
    static sim_plugins_t plugins = {.hashes = {"counter", "containers", "queues", "witness"}};
    plugins.descriptors[0] = load(SIM_PLUGIN_COUNTER);
    plugins.descriptors[1] = load(SIM_PLUGIN_CONTAINERS);
    plugins.descriptors[2] = load(SIM_PLUGIN_QUEUES);
    plugins.descriptors[3] = sim_witness_plugin();
    return &plugins;
}

/* ---- options -------------------------------------------------------------------------- */

static _Noreturn void
usage(void)
{
    (void)fprintf(stderr,
                  "usage: simulation [--seeds FIRST-LAST] [--seed N] [--trace] [--pair] [--record] "
                  "[--twice] [--mutant RULE] [--fault NAME [--expect CHECK]]\nfaults:\n");
#define SIM_FAULT(name_, word_, check_, text_)                                                     \
    (void)fprintf(stderr, "  %-16s %s (seen by %s)\n", word_, text_,                               \
                  sim_check_word(SIM_CHECK_##check_));
    SIM_FAULTS(SIM_FAULT)
#undef SIM_FAULT
    exit(2);
}

static uint64_t
number(const char *text, char end)
{
    char *rest;
    errno = 0;
    uint64_t n = strtoull(text, &rest, 10);
    if (errno != 0 || rest == text || *rest != end)
        usage();
    return n;
}

static sim_fault_t
fault_of(const char *word)
{
    for (int i = 1; i < SIM_N_FAULTS; i++)
        if (strcmp(fault_words[i], word) == 0)
            return (sim_fault_t)i;
    usage();
}

/* Switches a rule off. Only a build with -DHF_MUTANTS=ON has such rules. */
static void
choose_mutant(const char *name)
{
#ifdef HF_MUTANTS
    static const char *const names[] = {
#define HFI_RULE(name_, rule_, why_not_) #name_,
#include "mutants.def"
#undef HFI_RULE
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            hfi_mutant_choose(names[i]);
            return;
        }
    }
#endif
    (void)fprintf(stderr, "simulation: there is no rule %s to switch off in this build\n", name);
    exit(2);
}

static void
read_options(options_t *self, int argc, char **argv)
{
    *self = (options_t){.first = 1, .last = 100};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--trace") == 0) {
            self->settings.is_traced = true;
        } else if (strcmp(argv[i], "--record") == 0) {
            self->settings.is_recorded = true;
        } else if (strcmp(argv[i], "--pair") == 0) {
            self->is_pair = true;
        } else if (strcmp(argv[i], "--twice") == 0) {
            self->is_twice = true;
        } else if (value != NULL && strcmp(argv[i], "--seed") == 0) {
            self->first = self->last = number(argv[++i], '\0');
        } else if (value != NULL && strcmp(argv[i], "--seeds") == 0) {
            const char *dash = strchr(value, '-');
            if (dash == NULL)
                usage();
            self->first = number(value, '-');
            self->last = number(dash + 1, '\0');
            i++;
        } else if (value != NULL && strcmp(argv[i], "--fault") == 0) {
            self->fault = argv[++i];
            self->settings.fault = fault_of(self->fault);
        } else if (value != NULL && strcmp(argv[i], "--mutant") == 0) {
            self->mutant = argv[++i];
            choose_mutant(self->mutant);
        } else if (value != NULL && strcmp(argv[i], "--expect") == 0) {
            self->expect = argv[++i];
        } else {
            usage();
        }
    }
}

/* ---- runs ----------------------------------------------------------------------------- */

typedef struct totals {
    uint64_t n_seeds, n_steps, n_audits, n_events, n_frames, n_lost_frames, n_cuts;
    uint64_t n_results, n_errors, n_lost, n_sessions;
    uint64_t n_pins, n_pins_unsure;
    uint64_t n_jobs, n_late, n_behind;
} totals_t;

static void
add_up(totals_t *totals)
{
    totals->n_seeds++;
    totals->n_steps += world.n_steps;
    totals->n_audits += world.n_audits;
    totals->n_events += world.manager.n_events;
    totals->n_frames += world.wire.n_frames;
    totals->n_lost_frames += world.wire.n_lost;
    totals->n_cuts += world.wire.n_cuts;
    totals->n_results += world.referee.n_results;
    totals->n_errors += world.referee.n_errors;
    totals->n_lost += world.referee.n_lost;
    totals->n_sessions += world.referee.n_sessions;
    totals->n_pins += world.referee.n_pins;
    totals->n_pins_unsure += world.referee.n_pins_unsure;
    totals->n_jobs += world.manager.jobs.n_begun;
    totals->n_late += world.manager.jobs.n_late;
    totals->n_behind += world.manager.n_behind;
}

static bool
run_twice(const options_t *options, uint64_t seed)
{
    if (!sim_world_run(&world, seed, &options->settings))
        return false;
    uint64_t digest = world.manager.digest;
    uint64_t n_events = world.manager.n_events;
    sim_settings_t second = options->settings;
    uint64_t other = options->settings.fault == SIM_FAULT_CHANCE ? seed + 1 : seed;
    if (!sim_world_run(&world, other, &second))
        return false;
    if (world.manager.digest != digest || world.manager.n_events != n_events)
        sim_fail(&world.sim, SIM_CHECK_REPEAT, "%llu events, then %llu",
                 (unsigned long long)n_events, (unsigned long long)world.manager.n_events);
    return !world.sim.has_failed;
}

static int
tell_failure(const options_t *options, const char *program, uint64_t seed)
{
    const char *word = sim_check_word(world.sim.failed);
    bool is_expected = options->expect != NULL && strcmp(word, options->expect) == 0;
    (void)printf("seed %llu: %s: %s\n", (unsigned long long)seed, word, world.sim.failure);
    if (is_expected)
        return 0;
    (void)printf("again: %s --seed %llu --trace%s%s%s%s\n", program, (unsigned long long)seed,
                 options->settings.is_recorded ? " --record" : "",
                 options->is_twice ? " --twice" : "", options->fault != NULL ? " --fault " : "",
                 options->fault != NULL ? options->fault : "");
    if (options->mutant != NULL)
        (void)printf("       with --mutant %s\n", options->mutant);
    return 1;
}

/* The worlds of two managers. */
static int
run_pairs(const options_t *options, const char *program)
{
    uint64_t n_steps = 0, n_audits = 0, n_stubs = 0, n_stored = 0, n_refused = 0, n_adopted = 0;
    uint64_t n_missed = 0, n_restarts = 0;
    for (uint64_t seed = options->first; seed <= options->last; seed++) {
        if (!sim_pair_run(&pair, seed, options->settings.plugins, options->settings.is_traced)) {
            (void)printf("seed %llu: %s: %s\nagain: %s --pair --seed %llu --trace\n",
                         (unsigned long long)seed, sim_check_word(pair.sim.failed),
                         pair.sim.failure, program, (unsigned long long)seed);
            if (options->mutant != NULL)
                (void)printf("       with --mutant %s\n", options->mutant);
            return 1;
        }
        n_steps += pair.n_steps;
        n_audits += pair.n_audits;
        n_stubs += pair.n_stubs;
        n_stored += pair.n_stored;
        n_refused += pair.n_refused;
        n_adopted += pair.n_adopted;
        n_missed += pair.n_missed;
        n_restarts += pair.n_restarts[0] + pair.n_restarts[1];
    }
    (void)printf("%llu pairs, %llu steps, %llu audits of %llu stubs; stored %llu, refused %llu; "
                 "adopted %llu, missed %llu; restarts %llu\n",
                 (unsigned long long)options->last - options->first + 1,
                 (unsigned long long)n_steps, (unsigned long long)n_audits,
                 (unsigned long long)n_stubs, (unsigned long long)n_stored,
                 (unsigned long long)n_refused, (unsigned long long)n_adopted,
                 (unsigned long long)n_missed, (unsigned long long)n_restarts);
    return 0;
}

int
main(int argc, char **argv)
{
    options_t options;
    totals_t t = {0};
    static char note[64];
    read_options(&options, argc, argv);
    options.settings.plugins = load_all();
    if (options.is_pair)
        return run_pairs(&options, argv[0]);
    for (uint64_t seed = options.first; seed <= options.last; seed++) {
        (void)snprintf(note, sizeof note, "simulation --seed %llu", (unsigned long long)seed);
        hfi_crash_note(note);
        bool is_sound = options.is_twice ? run_twice(&options, seed)
                                         : sim_world_run(&world, seed, &options.settings);
        if (!is_sound)
            return tell_failure(&options, argv[0], seed);
        add_up(&t);
    }
    (void)printf(
        "%llu seeds, %llu steps, %llu audits, %llu events; frames %llu, lost %llu, cuts %llu; "
        "sessions %llu; results %llu, errors %llu, lost %llu; pins audited %llu, unsure %llu; "
        "jobs %llu, late %llu, calls audited behind them %llu\n",
        (unsigned long long)t.n_seeds, (unsigned long long)t.n_steps,
        (unsigned long long)t.n_audits, (unsigned long long)t.n_events,
        (unsigned long long)t.n_frames, (unsigned long long)t.n_lost_frames,
        (unsigned long long)t.n_cuts, (unsigned long long)t.n_sessions,
        (unsigned long long)t.n_results, (unsigned long long)t.n_errors,
        (unsigned long long)t.n_lost, (unsigned long long)t.n_pins,
        (unsigned long long)t.n_pins_unsure, (unsigned long long)t.n_jobs,
        (unsigned long long)t.n_late, (unsigned long long)t.n_behind);
    if (options.expect != NULL)
        (void)printf("no check saw the fault %s\n", options.fault);
    return options.expect != NULL ? 1 : 0;
}
