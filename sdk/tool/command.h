/* SPDX-License-Identifier: MPL-2.0 */
/* command -- what the tool can do: a table, one row a command. */
#ifndef TOOL_COMMAND_H
#define TOOL_COMMAND_H

#include <stdio.h>

#include "context.h"

typedef struct tool_command {
    const char *name;
    const char *synopsis; /* of what follows the name */
    int min_words;
    int max_words;    /* -1: any number */
    const char *doc;  /* one line */
    const char *help; /* what --help behind the command says */
    int (*run)(const tool_context_t *context);
} tool_command_t;

/* The command of that name, or NULL. */
const tool_command_t *tool_command_find(const char *name);

/* It needs no manager: context->client is NULL. */
bool tool_command_is_alone(const tool_command_t *self);

/* Writes one line for each command. */
void tool_command_list(FILE *to);

#endif
