/* SPDX-License-Identifier: MPL-2.0 */
/* reading -- see reading.h */
#include "reading.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/check.h>

bool
hfi_reading_complain(hfi_reading_t *self, const char *format, ...)
{
    char text[HFI_COMPLAINT_ROOM];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    self->n_complaints++;
    if (self->complain != NULL)
        self->complain(self->context, self->path, text);
    return false;
}

static void
reading_append(hfi_reading_t *self, const char *at, size_t len)
{
    size_t room = sizeof self->path - 1 - self->len;
    len = len < room ? len : room;
    memcpy(self->path + self->len, at, len);
    self->len += len;
    self->path[self->len] = '\0';
}

size_t
hfi_reading_enter(hfi_reading_t *self, hfi_span_t key)
{
    size_t mark = self->len;
    if (mark != 0)
        reading_append(self, "/", 1);
    reading_append(self, (const char *)key.at, key.len);
    return mark;
}

void
hfi_reading_leave(hfi_reading_t *self, size_t mark)
{
    HF_ASSERT(mark <= self->len);
    self->len = mark;
    self->path[mark] = '\0';
}

/* ---- maps ------------------------------------------------------------------------------- */

void
hfi_section_open(hfi_section_t *self, hfi_reading_t *reading, const hf_value_t *value)
{
    self->reading = reading;
    self->mark = reading->len;
    self->is_map = hf_kind(value) == HF_MAP;
    if (self->is_map)
        hf_open(&self->items, value);
    else
        (void)hfi_reading_complain(reading, "a section is wanted: its keys stand below it");
}

bool
hfi_section_next(hfi_section_t *self)
{
    hfi_reading_leave(self->reading, self->mark);
    while (self->is_map && hf_next(&self->items, &self->name) &&
           hf_next(&self->items, &self->value)) {
        self->key.at = (const uint8_t *)hf_as_str(&self->name, &self->key.len);
        if (self->key.at != NULL) {
            (void)hfi_reading_enter(self->reading, self->key);
            return true;
        }
        (void)hfi_reading_complain(self->reading, "a key is no str");
    }
    return false;
}

bool
hfi_section_is(const hfi_section_t *self, const char *key)
{
    return hfi_reading_is(self->key, key);
}

/* ---- leaves ----------------------------------------------------------------------------- */

void
hfi_words_open(hfi_words_t *self, hfi_reading_t *reading, const hf_value_t *value)
{
    *self = (hfi_words_t){.reading = reading, .mark = reading->len, .text = *value};
    self->is_list = hf_kind(value) == HF_LIST;
    if (self->is_list)
        hf_open(&self->items, value);
}

/* The next text, not yet looked into; false: there is none. */
static bool
words_next_text(hfi_words_t *self)
{
    char place[24];
    hfi_reading_leave(self->reading, self->mark);
    if (self->is_list ? !hf_next(&self->items, &self->text) : self->k != 0)
        return false;
    if (self->is_list) {
        int len = snprintf(place, sizeof place, "[%u]", (unsigned)self->k);
        reading_append(self->reading, place, (size_t)len);
    }
    self->k++;
    self->rest.at = (const uint8_t *)hf_as_str(&self->text, &self->rest.len);
    if (self->rest.at == NULL) {
        self->rest.len = 0;
        (void)hfi_reading_complain(self->reading, "words are wanted, parted by blanks");
    }
    return true;
}

static bool
words_is_between(uint8_t c)
{
    return c == ' ' || c == '\t' || c == ',';
}

bool
hfi_words_next(hfi_words_t *self)
{
    for (;;) {
        while (self->rest.len != 0 && words_is_between(self->rest.at[0])) {
            self->rest.at++;
            self->rest.len--;
        }
        if (self->rest.len != 0)
            break;
        if (!words_next_text(self))
            return false;
    }
    size_t len = 0;
    while (len < self->rest.len && !words_is_between(self->rest.at[len]))
        len++;
    self->word = (hfi_span_t){self->rest.at, len};
    self->rest.at += len;
    self->rest.len -= len;
    return true;
}

bool
hfi_reading_text(hfi_reading_t *self, const hf_value_t *value, hfi_span_t *ret_text)
{
    hfi_span_t text;
    text.at = (const uint8_t *)hf_as_str(value, &text.len);
    if (text.at == NULL)
        return hfi_reading_complain(self, "one text is wanted, given once");
    while (text.len != 0 && words_is_between(text.at[0])) {
        text.at++;
        text.len--;
    }
    while (text.len != 0 && words_is_between(text.at[text.len - 1]))
        text.len--;
    *ret_text = text;
    return true;
}

/* Digits, then K, M or G; false: it is none, or too large. */
static bool
reading_parse(hfi_span_t text, uint64_t *ret_number)
{
    static const char units[] = "KMG";
    uint64_t n = 0;
    size_t k = 0;
    for (; k < text.len && hfi_text_is_digit((char)text.at[k]); k++) {
        uint64_t digit = (uint64_t)(text.at[k] - '0');
        if (n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    const char *unit = k + 1 == text.len ? strchr(units, text.at[k]) : NULL;
    unsigned shift = unit != NULL && *unit != '\0' ? (unsigned)(unit - units + 1) * 10 : 0;
    if (k == 0 || (k < text.len && shift == 0) || n > UINT64_MAX >> shift)
        return false;
    *ret_number = n << shift;
    return true;
}

bool
hfi_reading_number(hfi_reading_t *self, const hf_value_t *value, uint64_t *ret_number)
{
    hfi_span_t text = {NULL, 0};
    uint64_t n = hf_kind(value) == HF_INT ? hf_as_uint(value) : 0;
    if (hf_kind(value) != HF_INT) {
        if (!hfi_reading_text(self, value, &text))
            return false;
        if (!reading_parse(text, &n))
            return hfi_reading_complain(self, "a number (K, M or G may follow), not '%.*s'",
                                        HFI_SHOWN(text));
    }
    if (n == 0)
        return hfi_reading_complain(self, "it is at least 1");
    *ret_number = n;
    return true;
}

/* ---- memory ----------------------------------------------------------------------------- */

void *
hfi_reading_need(void *block, size_t n, size_t size)
{
    size_t bytes = 0;
    void *more = NULL;
    if (hfi_mul_size(n, size, &bytes))
        more = realloc(block, bytes != 0 ? bytes : 1);
    if (more == NULL)
        HF_BUG("no memory for a policy");
    return more;
}

char *
hfi_reading_copy(hfi_span_t text)
{
    char *copy = hfi_reading_need(NULL, text.len + 1, 1);
    if (text.len != 0)
        memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    return copy;
}

bool
hfi_reading_is(hfi_span_t span, const char *word)
{
    return span.len == strlen(word) && memcmp(span.at, word, span.len) == 0;
}
