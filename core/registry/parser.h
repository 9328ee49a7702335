/* SPDX-License-Identifier: MPL-2.0 */
/* parser -- a signature's text, read word by word; the first refusal stands. */
#ifndef HFI_PARSER_H
#define HFI_PARSER_H

#include <stdbool.h>
#include <stddef.h>

#include <base/span.h>

enum { HFI_MAX_SIGNATURE_BYTES = 2048 };

typedef struct hfi_parser {
    const char *text; /* ASCII, NUL-terminated */
    size_t at;        /* the place, from 0 */
    char *why;        /* for the refusal */
    size_t why_room;
} hfi_parser_t;

/* Writes "at position N: …", N counted from 1, cut to the room; always false. */
bool hfi_parser_refuse(hfi_parser_t *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Passes blanks. */
void hfi_parser_skip(hfi_parser_t *self);

/* Passes blanks, and that punctuation if it is next; whether it was. */
bool hfi_parser_mark(hfi_parser_t *self, const char *mark);

/* Passes blanks and a name, its length 0 where there is none. Borrows from the text. */
hfi_span_t hfi_parser_name(hfi_parser_t *self);

/* Whether a name is that word. */
bool hfi_parser_is(hfi_span_t name, const char *word);

#endif
