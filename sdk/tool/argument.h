/* SPDX-License-Identifier: MPL-2.0 */
/* argument -- words of the command line become arguments of a call.
 *
 * A word is JSON; what is no JSON is a string; @NAME is the handle of a named referent, or of a token's. KEY=VALUE is a keyword
 * argument, its value read by the same rule; a string that looks like one is written as JSON: '"a=b"'.
 */
#ifndef TOOL_ARGUMENT_H
#define TOOL_ARGUMENT_H

#include "context.h"

typedef struct tool_arguments {
    hf_value_t args;   /* a list */
    hf_value_t kwargs; /* a map */
    hf_proxy_t **held; /* what @NAME named: held until the call that passes it is done */
    int n_held;
} tool_arguments_t;

/* `first` goes before the words as a str, where it is not NULL. Gives an exit code; TOOL_DONE: to be closed. */
int tool_arguments_open(tool_arguments_t *self, const tool_context_t *context, const char *first,
                        char **words, int n_words);
void tool_arguments_close(tool_arguments_t *self);

/* The referent that a word names, or that a token stands for; NULL: this thread's error. */
hf_proxy_t *tool_find(const tool_context_t *context, const char *word);

/* A number of seconds, not below 0. */
bool tool_read_seconds(const char *word, double *ret_seconds);

/* Seconds on a clock that only goes forward. */
double tool_now(void);

#endif
