/* SPDX-License-Identifier: MPL-2.0 */
/* argument -- see argument.h */
#define _GNU_SOURCE
#include "argument.h"

#include <ctype.h>
#include <math.h>
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

/* Gives the value that a word stands for, to be dropped; -1 with this thread's error set. */
static int
read_word(const tool_context_t *context, const char *word, hf_value_t *ret_value)
{
    if (word[0] == '@' && word[1] != '\0') {
        HF_AUTO_PROXY hf_proxy_t *proxy = hf_lookup(context->client, word + 1);
        return proxy != NULL && hf_build(NULL, ret_value, "h", proxy) == HF_OK ? 0 : -1;
    }
    if (hf_from_json(word, strlen(word), ret_value) == 0)
        return 0;
    return hf_build(NULL, ret_value, "s", word) == HF_OK ? 0 : -1;
}

static int
write_word(const tool_context_t *context, const char *word, hf_writer_t *to)
{
    hf_value_t value;
    if (read_word(context, word, &value) != 0)
        return -1;
    hf_write_value(to, &value);
    hf_drop(NULL, &value);
    return 0;
}

/* Writes the words that are keyword arguments, or those that are not. */
static int
write_words(const tool_context_t *context, char **words, int n_words, bool is_keyword,
            hf_writer_t *to)
{
    for (int i = 0; i < n_words; i++) {
        const char *equals = find_equals(words[i]);
        if ((equals != NULL) != is_keyword)
            continue;
        if (is_keyword)
            hf_write_str(to, words[i], (size_t)(equals - words[i]));
        if (write_word(context, is_keyword ? equals + 1 : words[i], to) != 0)
            return -1;
    }
    return 0;
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

int
tool_arguments_open(tool_arguments_t *self, const tool_context_t *context, const char *first,
                    char **words, int n_words)
{
    *self = (tool_arguments_t){0};
    int n_keywords = count_keywords(words, n_words);
    if (n_keywords < 0)
        return tool_misused("a keyword argument is given twice");
    hf_writer_t *writer = hf_writer(NULL);
    if (writer == NULL)
        return tool_failed(context);
    hf_write_list(writer, (uint32_t)(n_words - n_keywords + (first != NULL ? 1 : 0)));
    if (first != NULL)
        hf_write_str(writer, first, strlen(first));
    int failed = write_words(context, words, n_words, false, writer);
    if (hf_written(NULL, writer, &self->args) != HF_OK || failed != 0)
        goto fail;
    writer = hf_writer(NULL);
    if (writer == NULL)
        goto fail;
    hf_write_map(writer, (uint32_t)n_keywords);
    failed = write_words(context, words, n_words, true, writer);
    if (hf_written(NULL, writer, &self->kwargs) != HF_OK || failed != 0)
        goto fail;
    return TOOL_DONE;
fail:
    tool_arguments_close(self);
    return tool_failed(context);
}

void
tool_arguments_close(tool_arguments_t *self)
{
    hf_drop(NULL, &self->args);
    hf_drop(NULL, &self->kwargs);
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
