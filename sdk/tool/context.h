/* SPDX-License-Identifier: MPL-2.0 */
/* context -- what every command of the tool works with, and how each of them ends. */
#ifndef TOOL_CONTEXT_H
#define TOOL_CONTEXT_H

#include <stdbool.h>

#include <holdfast/holdfast.h>

/* The exit codes that scripts rely on. */
enum {
    TOOL_DONE = 0,
    TOOL_RAISED = 1,     /* the call raised */
    TOOL_USAGE = 2,      /* the command line is wrong */
    TOOL_NO_MANAGER = 3, /* nobody answers at the endpoint */
};

typedef struct tool_context {
    hf_client_t *client;
    const char *endpoint; /* as people read it */
    const char *name;     /* --name; NULL: none */
    const char *ttl;      /* --ttl; NULL: none */
    const char *uses;     /* --uses; NULL: none */
    const char *folder;   /* --dir; NULL: none */
    double timeout;       /* of each call; HF_FOREVER: none */
    bool as_json;
    bool is_replacing;
    int n_words; /* what follows the command's own name */
    char **words;
} tool_context_t;

/* Says on stderr why this thread's last call failed, as Python would ("KeyError: 'x'"); gives the exit code. */
int tool_failed(const tool_context_t *self);

/* Says on stderr what is wrong with the command line; gives TOOL_USAGE. */
int tool_misused(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
