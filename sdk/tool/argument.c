/* SPDX-License-Identifier: MPL-2.0 */
/* argument -- see argument.h */
#define _GNU_SOURCE
#include "argument.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The `=` of KEY=VALUE, KEY being a name; NULL where the word is none. */
static const char *
find_equals(const char *word)
{
    const char *at = word;
    while (isascii((unsigned char)*at) && (isalnum((unsigned char)*at) || *at == '_'))
        at++;
    return *at == '=' && at > word && !isdigit((unsigned char)word[0]) ? at : NULL;
}

/* Looks like JSON, so that it is a mistake and no string where it cannot be read. */
static bool
is_like_json(const char *word)
{
    const char *digits = word[0] == '-' ? word + 1 : word;
    return strchr("{[\"", word[0]) != NULL ||
           (digits[0] != '\0' && digits[strspn(digits, "0123456789")] == '\0');
}

/* An int above jansson's: 2**63 to 2**64 - 1. */
static bool
write_uint(const char *word, hf_writer_t *to)
{
    char *end;
    errno = 0;
    uint64_t number = strtoull(word, &end, 10);
    if (!isdigit((unsigned char)word[0]) || *end != '\0' || errno != 0)
        return false;
    hf_write_uint(to, number);
    return true;
}

hf_proxy_t *
tool_find(const tool_context_t *context, const char *word)
{
    static const char token[] = "hf1.";
    return strncmp(word, token, sizeof token - 1) == 0 ? hf_adopt(context->client, word)
                                                       : hf_lookup(context->client, word);
}

/* Writes what a word stands for; gives an exit code. */
static int
write_word(tool_arguments_t *self, const tool_context_t *context, const char *word, hf_writer_t *to)
{
    hf_value_t value;
    if (word[0] == '@' && word[1] != '\0') {
        hf_proxy_t *proxy = tool_find(context, word + 1);
        if (proxy == NULL)
            return tool_failed(context);
        self->held[self->n_held++] = proxy;
        if (hf_build(NULL, &value, "h", proxy) != HF_OK)
            return tool_failed(context);
    } else if (word[0] == '\0') {
        hf_write_str(to, "", 0);
        return TOOL_DONE;
    } else if (hf_from_json(word, strlen(word), &value) != 0) {
        if (write_uint(word, to))
            return TOOL_DONE;
        if (is_like_json(word))
            return tool_misused("%s: %s", word, hf_errmsg());
        if (hf_build(NULL, &value, "s", word) != HF_OK)
            return tool_misused("%s: %s", word, hf_errmsg());
    }
    hf_write_value(to, &value);
    hf_drop(NULL, &value);
    return TOOL_DONE;
}

/* Writes the words that are keyword arguments, or those that are not; gives an exit code. */
static int
write_words(tool_arguments_t *self, const tool_context_t *context, char **words, int n_words,
            bool is_keyword, hf_writer_t *to)
{
    int status = TOOL_DONE;
    for (int i = 0; i < n_words && status == TOOL_DONE; i++) {
        const char *equals = find_equals(words[i]);
        if ((equals != NULL) != is_keyword)
            continue;
        if (is_keyword)
            hf_write_str(to, words[i], (size_t)(equals - words[i]));
        status = write_word(self, context, is_keyword ? equals + 1 : words[i], to);
    }
    return status;
}

/* -1: KEY is given twice. Otherwise how many words are keyword arguments. */
static int
count_keywords(char **words, int n_words)
{
    int n = 0;
    for (int i = 0; i < n_words; i++) {
        const char *equals = find_equals(words[i]);
        if (equals == NULL)
            continue;
        n++;
        for (int k = 0; k < i; k++) {
            if (strncmp(words[k], words[i], (size_t)(equals - words[i]) + 1) == 0)
                return -1;
        }
    }
    return n;
}

/* Gives the value that was written, if the words were right; gives an exit code. */
static int
finish(const tool_context_t *context, hf_writer_t *writer, int status, hf_value_t *ret_value)
{
    if (hf_written(NULL, writer, status == TOOL_DONE ? ret_value : NULL) != HF_OK)
        return tool_failed(context);
    return status;
}

int
tool_arguments_open(tool_arguments_t *self, const tool_context_t *context, const char *first,
                    char **words, int n_words)
{
    *self = (tool_arguments_t){0};
    int n_keywords = count_keywords(words, n_words);
    if (n_keywords < 0)
        return tool_misused("a keyword argument is given twice");
    self->held = calloc((size_t)n_words + 1, sizeof(hf_proxy_t *));
    hf_writer_t *args = hf_writer(NULL);
    hf_writer_t *kwargs = hf_writer(NULL);
    if (self->held == NULL || args == NULL || kwargs == NULL) {
        (void)fprintf(stderr, "holdfast: no memory\n");
        exit(TOOL_RAISED); // NOLINT(concurrency-mt-unsafe): nothing to go on with
    }
    hf_write_list(args, (size_t)n_words - (size_t)n_keywords + (first != NULL));
    if (first != NULL)
        hf_write_str(args, first, strlen(first));
    int status = write_words(self, context, words, n_words, false, args);
    status = finish(context, args, status, &self->args);
    hf_write_map(kwargs, (size_t)n_keywords);
    if (status == TOOL_DONE)
        status = write_words(self, context, words, n_words, true, kwargs);
    status = finish(context, kwargs, status, &self->kwargs);
    if (status != TOOL_DONE)
        tool_arguments_close(self);
    return status;
}

void
tool_arguments_close(tool_arguments_t *self)
{
    hf_drop(NULL, &self->args);
    hf_drop(NULL, &self->kwargs);
    while (self->n_held > 0)
        hf_release(&self->held[--self->n_held]);
    free(self->held);
    self->held = NULL;
}

bool
tool_read_seconds(const char *word, double *ret_seconds)
{
    char *end;
    double seconds = strtod(word, &end);
    if (end == word || *end != '\0' || !isfinite(seconds) || seconds < 0)
        return false;
    *ret_seconds = seconds;
    return true;
}

double
tool_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
