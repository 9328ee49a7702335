/* SPDX-License-Identifier: MPL-2.0 */
/* wordtable -- words and how often each occurred, in this process's own memory. */
#ifndef WORDTABLE_H
#define WORDTABLE_H

#include <stdint.h>
#include <stdio.h>

#include <holdfast/value.h>

enum { WORD_ROOM = 64 }; /* a longer run of letters is cut there */

struct word;
struct wordtable {
    struct word *words; /* a uthash table */
};

void wordtable_open(struct wordtable *self);
void wordtable_close(struct wordtable *self);
size_t wordtable_len(const struct wordtable *self);

/* Counts `n` more of a word. */
void wordtable_add(struct wordtable *self, const char *text, size_t len, int64_t n);

/* The same, for a word that is there already; another is left alone. */
void wordtable_add_known(struct wordtable *self, const char *text, size_t len, int64_t n);

/* Writes the table as a map from word to count. */
void wordtable_write(const struct wordtable *self, hf_writer_t *writer);

/* Prints `count word` lines: the n most frequent, equal ones by word; or all, by word. */
void wordtable_print_top(struct wordtable *self, size_t n, FILE *to);
void wordtable_print_all(struct wordtable *self, FILE *to);

#endif
