/* SPDX-License-Identifier: MPL-2.0 */
/* replay -- see replay.h */
#define _POSIX_C_SOURCE 200809L
#include "replay.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/check.h>

enum { REPLAY_PATH = 64, REPLAY_TEXT = 400, REPLAY_WORDS = 8 };

extern char **environ;

/* ---- this process -------------------------------------------------------------------- */

/* A byte of the longest life is turned. */
static void
replay_tamper(const sim_records_t *records)
{
    sim_record_t *longest = records->first;
    for (sim_record_t *record = longest; record != NULL; record = record->next)
        if (record->bytes.len > longest->bytes.len)
            longest = record;
    HF_ASSERT(longest != NULL && longest->bytes.at != NULL);
    longest->bytes.at[longest->bytes.len / 2] ^= 1;
}

/* The environment, and with it that memory given out is filled. */
static char **
replay_environment(void)
{
    static char fill[] = "MALLOC_PERTURB_=165";
    size_t n = 0;
    while (environ[n] != NULL)
        n++;
    char **all = calloc(n + 2, sizeof *all);
    HF_ASSERT(all != NULL);
    memcpy(all, environ, n * sizeof *all);
    all[n] = fill;
    return all;
}

/* Starts it, its output into a pipe of which the reading end is given. */
static FILE *
replay_start(char *path, const char *mutant, pid_t *ret_pid)
{
    static char program[] = "/proc/self/exe";
    static char replay[] = "--replay";
    static char off[] = "--mutant";
    char rule[REPLAY_PATH];
    char *words[REPLAY_WORDS] = {program, replay, path};
    char **environment = replay_environment();
    posix_spawn_file_actions_t actions;
    int ends[2];
    if (mutant != NULL) {
        words[3] = off;
        words[4] = rule;
        (void)snprintf(rule, sizeof rule, "%s", mutant);
    }
    HF_ASSERT(pipe(ends) == 0 && posix_spawn_file_actions_init(&actions) == 0);
    HF_ASSERT(posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) == 0 &&
              posix_spawn_file_actions_addclose(&actions, ends[0]) == 0);
    HF_ASSERT(posix_spawn(ret_pid, program, &actions, NULL, words, environment) == 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    free(environment);
    return fdopen(ends[0], "r");
}

void
sim_replay_elsewhere(sim_t *sim, sim_records_t *records, const char *mutant)
{
    char path[REPLAY_PATH];
    char text[REPLAY_TEXT];
    pid_t pid;
    int status;
    if (sim->fault == SIM_FAULT_RECORD)
        replay_tamper(records);
    FILE *file = tmpfile();
    HF_ASSERT(file != NULL && sim_records_write(records, file));
    (void)snprintf(path, sizeof path, "/dev/fd/%d", fileno(file));
    FILE *output = replay_start(path, mutant, &pid);
    HF_ASSERT(output != NULL);
    size_t n = fread(text, 1, sizeof text - 1, output);
    text[n] = '\0';
    text[strcspn(text, "\n")] = '\0';
    (void)fclose(output);
    HF_ASSERT(waitpid(pid, &status, 0) == pid);
    if (status != 0)
        sim_fail(sim, SIM_CHECK_REPLAY, "%s", n == 0 ? "the other process died" : text);
    (void)fclose(file);
}

/* ---- the other one ------------------------------------------------------------------- */

int
sim_replay_file(const char *path, const sim_plugins_t *plugins)
{
    sim_t sim = {0};
    sim_records_t records = {0};
    sim_plugins_t own = *plugins;
    hfi_machine_world_t world = sim_manager_world(&own);
    FILE *file = fopen(path, "r");
    if (file == NULL || !sim_records_read(&records, file))
        sim_fail(&sim, SIM_CHECK_REPLAY, "%s is no record", path);
    if (file != NULL)
        (void)fclose(file);
    uint64_t life = 1;
    for (const sim_record_t *record = records.first; record != NULL && !sim.has_failed;
         record = record->next, life++) {
        hfi_machine_t *machine = hfi_machine_new(&world);
        HF_ASSERT(machine != NULL);
        sim_record_replay(record, &sim, machine);
        hfi_machine_destroy(&machine);
    }
    sim_records_close(&records);
    if (sim.has_failed)
        (void)printf("life %llu: %s\n", (unsigned long long)life - 1, sim.failure);
    return sim.has_failed ? 1 : 0;
}
