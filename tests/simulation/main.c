/* SPDX-License-Identifier: MPL-2.0 */
/* main -- the whole manager and eight clients under a seed, seed after seed: the options, the plugins, the sums.
 *
 *     simulation [--seeds FIRST-LAST] [--seed N] [--trace] [--pair] [--record] [--twice] [--mutant RULE] [--fault NAME
 *                [--expect CHECK]]
 *     simulation --replay FILE
 *
 * With --pair the worlds have two managers, which are clients of each other. With --record all that went into machines
 * and came out is kept, and at a seed's end another process, --replay, lives through it and must find the same.
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
#include "replay.h"
#include "totals.h"
#include "witness.h"
#include "world.h"

typedef struct options {
    uint64_t first;
    uint64_t last;
    const char *expect;
    const char *fault;
    const char *replay;
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
static sim_totals_t totals;

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
            self->settings.mutant = argv[++i];
            choose_mutant(self->settings.mutant);
        } else if (value != NULL && strcmp(argv[i], "--replay") == 0) {
            self->replay = argv[++i];
        } else if (value != NULL && strcmp(argv[i], "--expect") == 0) {
            self->expect = argv[++i];
        } else {
            usage();
        }
    }
}

/* ---- runs ----------------------------------------------------------------------------- */

static const sim_t *
run_once(const options_t *options, uint64_t seed, const sim_settings_t *settings)
{
    if (options->is_pair)
        (void)sim_pair_run(&pair, seed, settings);
    else
        (void)sim_world_run(&world, seed, settings);
    return options->is_pair ? &pair.sim : &world.sim;
}

/* What two runs of a seed must have in common. */
typedef struct course {
    uint64_t digest;
    uint64_t n_events;
} course_t;

static course_t
course_of(const options_t *options)
{
    const sim_manager_t *first = options->is_pair ? &pair.managers[0] : &world.manager;
    course_t course = {first->digest, first->n_events};
    if (options->is_pair) {
        course.digest += 3 * pair.managers[1].digest;
        course.n_events += pair.managers[1].n_events;
    }
    return course;
}

static const sim_t *
run_twice(const options_t *options, uint64_t seed)
{
    const sim_t *sim = run_once(options, seed, &options->settings);
    if (sim->has_failed)
        return sim;
    course_t course = course_of(options);
    uint64_t other = options->settings.fault == SIM_FAULT_CHANCE ? seed + 1 : seed;
    sim = run_once(options, other, &options->settings);
    course_t second = course_of(options);
    if (!sim->has_failed && (second.digest != course.digest || second.n_events != course.n_events))
        sim_fail(options->is_pair ? &pair.sim : &world.sim, SIM_CHECK_REPEAT,
                 "%llu events, then %llu", (unsigned long long)course.n_events,
                 (unsigned long long)second.n_events);
    return sim;
}

static int
tell_failure(const options_t *options, const sim_t *sim, const char *program, uint64_t seed)
{
    const char *word = sim_check_word(sim->failed);
    bool is_expected = options->expect != NULL && strcmp(word, options->expect) == 0;
    (void)printf("seed %llu: %s: %s\n", (unsigned long long)seed, word, sim->failure);
    if (is_expected)
        return 0;
    (void)printf("again: %s%s --seed %llu --trace%s%s%s%s\n", program,
                 options->is_pair ? " --pair" : "", (unsigned long long)seed,
                 options->settings.is_recorded ? " --record" : "",
                 options->is_twice ? " --twice" : "", options->fault != NULL ? " --fault " : "",
                 options->fault != NULL ? options->fault : "");
    if (options->settings.mutant != NULL)
        (void)printf("       with --mutant %s\n", options->settings.mutant);
    return 1;
}

int
main(int argc, char **argv)
{
    options_t options;
    static char note[64];
    read_options(&options, argc, argv);
    options.settings.plugins = load_all();
    if (options.replay != NULL)
        return sim_replay_file(options.replay, options.settings.plugins);
    for (uint64_t seed = options.first; seed <= options.last; seed++) {
        (void)snprintf(note, sizeof note, "simulation%s --seed %llu",
                       options.is_pair ? " --pair" : "", (unsigned long long)seed);
        hfi_crash_note(note);
        const sim_t *sim = options.is_twice ? run_twice(&options, seed)
                                            : run_once(&options, seed, &options.settings);
        if (sim->has_failed)
            return tell_failure(&options, sim, argv[0], seed);
        if (options.is_pair)
            sim_totals_add_pair(&totals, &pair);
        else
            sim_totals_add_world(&totals, &world);
    }
    bool is_good = sim_totals_print(&totals);
    if (options.expect != NULL)
        (void)printf("no check saw the fault %s\n", options.fault);
    return is_good && options.expect == NULL ? 0 : 1;
}
