/* SPDX-License-Identifier: MPL-2.0 */
/* report -- see report.h */
#define _GNU_SOURCE
#include "report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <value/json.h>
#include <value/value.h>
#include <value/writer.h>

static void __attribute__((format(printf, 3, 0)))
report_add(char **lines, size_t *n, const char *format, va_list args)
{
    char *line;
    if (*n < HFI_REPORT_LINES && vasprintf(&line, format, args) >= 0)
        lines[(*n)++] = line;
}

void
hfi_report_problem(hfi_report_t *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report_add(self->problems, &self->n_problems, format, args);
    va_end(args);
}

void
hfi_report_note(hfi_report_t *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report_add(self->notes, &self->n_notes, format, args);
    va_end(args);
}

void
hfi_report_close(hfi_report_t *self)
{
    while (self->n_problems > 0)
        free(self->problems[--self->n_problems]);
    while (self->n_notes > 0)
        free(self->notes[--self->n_notes]);
}

hf_value_t
hfi_report_member(const hf_value_t *map, const char *key)
{
    hf_cursor_t items;
    hf_value_t name;
    hf_value_t value;
    const hf_value_t none = {.raw = {0}};
    if (hf_kind(map) != HF_MAP)
        return none;
    hf_open(&items, map);
    while (hf_next(&items, &name) && hf_next(&items, &value)) {
        size_t len = 0;
        const char *text = hf_as_str(&name, &len);
        if (text != NULL && len == strlen(key) && memcmp(text, key, len) == 0)
            return value;
    }
    return none;
}

static void
report_word(hf_writer_t *w, const char *text)
{
    hf_write_str(w, text, strlen(text));
}

static void
report_lines(hf_writer_t *w, const char *key, char *const *lines, size_t n)
{
    report_word(w, key);
    hf_write_list(w, n);
    for (size_t k = 0; k < n; k++)
        report_word(w, lines[k]);
}

bool
hfi_report_write(const hfi_report_t *self, const char *path, FILE *to)
{
    static const char *const members[] = {"plugin", "version", "abi", "types"};
    hfi_builder_t builder;
    hfi_bytes_t text = {0};
    hf_value_t whole;
    hfi_builder_open(&builder, 0);
    hf_write_map(&builder.w, 3 + sizeof members / sizeof members[0]);
    report_word(&builder.w, "file");
    report_word(&builder.w, path);
    for (size_t k = 0; k < sizeof members / sizeof members[0]; k++) {
        hf_value_t value = hfi_report_member(&self->found, members[k]);
        report_word(&builder.w, members[k]);
        if (hf_kind(&value) == HF_NONE)
            value = hf_nil();
        hf_write_value(&builder.w, &value);
    }
    report_lines(&builder.w, "problems", self->problems, self->n_problems);
    report_lines(&builder.w, "notes", self->notes, self->n_notes);
    if (!hfi_builder_take(&builder, &whole))
        return false;
    bool is_written = hfi_json_write(&whole, &text) &&
                      fprintf(to, "%.*s\n", (int)text.len, (const char *)text.at) > 0;
    hfi_bytes_close(&text);
    hfi_value_drop(&whole);
    return is_written;
}
