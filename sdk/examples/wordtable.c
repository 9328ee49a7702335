/* SPDX-License-Identifier: MPL-2.0 */
/* wordtable -- see wordtable.h */
#include "wordtable.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HASH_FUNCTION HASH_OAT /* the default one falls through its cases, which clang reports */
#include <uthash.h>

struct word {
    int64_t n;
    UT_hash_handle hh;
    size_t len;
    char text[WORD_ROOM];
};

void
wordtable_open(struct wordtable *self)
{
    self->words = NULL;
}

void
wordtable_close(struct wordtable *self)
{
    struct word *word, *next;
    HASH_ITER(hh, self->words, word, next)
    {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): word is the head, and leaves the table here */
        HASH_DEL(self->words, word);
        free(word);
    }
}

size_t
wordtable_len(const struct wordtable *self)
{
    return HASH_COUNT(self->words);
}

static struct word *
wordtable_find(struct wordtable *self, const char *text, size_t len)
{
    struct word *word;
    HASH_FIND(hh, self->words, text, len, word);
    return word;
}

void
wordtable_add(struct wordtable *self, const char *text, size_t len, int64_t n)
{
    if (len > WORD_ROOM)
        len = WORD_ROOM;
    struct word *word = wordtable_find(self, text, len);
    if (word == NULL) {
        word = calloc(1, sizeof *word);
        if (word == NULL)
            abort();
        memcpy(word->text, text, len);
        word->len = len;
        HASH_ADD_KEYPTR(hh, self->words, word->text, word->len, word);
    }
    word->n += n;
}

void
wordtable_add_known(struct wordtable *self, const char *text, size_t len, int64_t n)
{
    struct word *word = wordtable_find(self, text, len);
    if (word != NULL)
        word->n += n;
}

void
wordtable_write(const struct wordtable *self, hf_writer_t *writer)
{
    hf_write_map(writer, HASH_COUNT(self->words));
    for (const struct word *word = self->words; word != NULL; word = word->hh.next) {
        hf_write_str(writer, word->text, word->len);
        hf_write_int(writer, word->n);
    }
}

static int
by_word(const struct word *a, const struct word *b)
{
    size_t len = a->len < b->len ? a->len : b->len;
    int order = memcmp(a->text, b->text, len);
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static int
by_count(const struct word *a, const struct word *b)
{
    return a->n != b->n ? (a->n < b->n) - (a->n > b->n) : by_word(a, b);
}

static void
wordtable_print(const struct wordtable *self, size_t n, FILE *to)
{
    for (const struct word *word = self->words; word != NULL && n > 0; word = word->hh.next, n--)
        (void)fprintf(to, "%7" PRId64 " %.*s\n", word->n, (int)word->len, word->text);
}

void
wordtable_print_top(struct wordtable *self, size_t n, FILE *to)
{
    HASH_SORT(self->words, by_count);
    wordtable_print(self, n, to);
}

void
wordtable_print_all(struct wordtable *self, FILE *to)
{
    HASH_SORT(self->words, by_word);
    wordtable_print(self, SIZE_MAX, to);
}
