/* SPDX-License-Identifier: MPL-2.0 */
/* parser -- see parser.h */
#include "parser.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

bool
hfi_parser_refuse(hfi_parser_t *self, const char *format, ...)
{
    char said[128];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(said, sizeof said, format, args);
    va_end(args);
    if (self->why_room > 0)
        (void)snprintf(self->why, self->why_room, "at position %zu: %s", self->at + 1, said);
    return false;
}

void
hfi_parser_skip(hfi_parser_t *self)
{
    while (self->text[self->at] == ' ' || self->text[self->at] == '\t' ||
           self->text[self->at] == '\n')
        self->at++;
}

bool
hfi_parser_mark(hfi_parser_t *self, const char *mark)
{
    hfi_parser_skip(self);
    size_t len = strlen(mark);
    if (strncmp(self->text + self->at, mark, len) != 0)
        return false;
    self->at += len;
    return true;
}

hfi_span_t
hfi_parser_name(hfi_parser_t *self)
{
    hfi_parser_skip(self);
    size_t from = self->at;
    if (hfi_text_is_letter(self->text[from])) {
        while (hfi_text_is_letter(self->text[self->at]) || hfi_text_is_digit(self->text[self->at]))
            self->at++;
    }
    return (hfi_span_t){(const uint8_t *)self->text + from, self->at - from};
}

bool
hfi_parser_is(hfi_span_t name, const char *word)
{
    return name.len == strlen(word) && memcmp(name.at, word, name.len) == 0;
}
