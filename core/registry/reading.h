/* SPDX-License-Identifier: MPL-2.0 */
/* reading -- settings taken apart: where in them one is, what is wrong there, words and numbers.
 *
 * Settings are maps of maps whose leaves are texts, as an operator writes them. A complaint names its place by a path
 * ("types/list/expose", or "types/list/expose[1]" where the key was given as a list), by which whoever has the file
 * finds the line. A complaint ends nothing: all that is wrong is said in one reading.
 */
#ifndef HFI_READING_H
#define HFI_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/span.h>
#include <holdfast/value.h>

#include "text.h"

enum { HFI_PATH_ROOM = 512, HFI_COMPLAINT_ROOM = 384 };

/* Hears of one complaint; borrows. */
typedef void hfi_complain_f(void *context, const char *path, const char *text);

typedef struct hfi_reading {
    hfi_complain_f *complain; /* NULL: they are only counted */
    void *context;
    uint32_t n_complaints;
    size_t len;
    char path[HFI_PATH_ROOM]; /* cut where it is longer */
} hfi_reading_t;

/* Complains at the present place; always false. */
bool hfi_reading_complain(hfi_reading_t *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Goes down to a key; gives the mark by which to leave it. */
size_t hfi_reading_enter(hfi_reading_t *self, hfi_span_t key);
void hfi_reading_leave(hfi_reading_t *self, size_t mark);

/* A map, key by key; the reading is at the key that is open. Not to be moved. */
typedef struct hfi_section {
    hfi_reading_t *reading;
    hf_cursor_t items;
    bool is_map;
    size_t mark;
    hf_value_t name;
    hfi_span_t key;   /* of the open one */
    hf_value_t value; /* of the open one */
} hfi_section_t;

/* Complains where the value is no map; then there are no keys in it. */
void hfi_section_open(hfi_section_t *self, hfi_reading_t *reading, const hf_value_t *value);
/* Opens the next key, closing the one before; false: there is none. */
bool hfi_section_next(hfi_section_t *self);
bool hfi_section_is(const hfi_section_t *self, const char *key);

/* The words of a text, or of a list of texts, parted by blanks and commas. Not to be moved. */
typedef struct hfi_words {
    hfi_reading_t *reading;
    hf_cursor_t items;
    hf_value_t text;
    bool is_list;
    uint32_t k; /* texts opened so far */
    size_t mark;
    hfi_span_t rest;
    hfi_span_t word;
} hfi_words_t;

void hfi_words_open(hfi_words_t *self, hfi_reading_t *reading, const hf_value_t *value);
/* Finds the next; the reading is at its text. False: there is none, and the reading is back. */
bool hfi_words_next(hfi_words_t *self);

/* The text of a leaf, blanks around it left out. The value must outlive it. False: complained. */
bool hfi_reading_text(hfi_reading_t *self, const hf_value_t *value, hfi_span_t *ret_text);

/* "4096", "512K", "2G", or an int; at least 1. False: complained. */
bool hfi_reading_number(hfi_reading_t *self, const hf_value_t *value, uint64_t *ret_number);

/* A text of a complaint: as %.*s takes it. */
#define HFI_SHOWN(span_)                                                                           \
    hfi_text_shown((const char *)(span_).at, (span_).len), (const char *)(span_).at

/* What ends the process where there is no memory: a policy cannot be half in force. */
void *hfi_reading_need(void *block, size_t n, size_t size);
/* A copy, NUL-terminated, to be freed. */
char *hfi_reading_copy(hfi_span_t text);

/* Whether the span is that word. */
bool hfi_reading_is(hfi_span_t span, const char *word);

#endif
