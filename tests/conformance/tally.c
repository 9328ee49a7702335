/* SPDX-License-Identifier: MPL-2.0 */
/* tally -- see tally.h */
#define _POSIX_C_SOURCE 200809L

#include "tally.h"

#include "bed.h"

#include <stdlib.h>

/* ---- counting ---------------------------------------------------------------------------- */

void
tally_count(tally_t *self, const char *typeid_, const char *method, const char *kind)
{
    if (kind[0] == '=' || kind[0] == '~')
        kind = "answers";
    unsigned k = 0;
    while (k < self->n &&
           (strcmp(self->row[k].method, method) != 0 || strcmp(self->row[k].kind, kind) != 0 ||
            strcmp(self->row[k].typeid_, typeid_) != 0))
        k++;
    if (k == self->n) {
        assert_true(k < TALLY_ROWS);
        (void)snprintf(self->row[k].typeid_, TALLY_NAME, "%s", typeid_);
        (void)snprintf(self->row[k].method, TALLY_NAME, "%s", method);
        (void)snprintf(self->row[k].kind, TALLY_NAME, "%s", kind);
        self->n++;
    }
    self->row[k].n++;
}

static int
tally_compare(const void *one, const void *other)
{
    const tally_row_t *a = one, *b = other;
    int order = strcmp(a->typeid_, b->typeid_);
    if (order == 0)
        order = strcmp(a->method, b->method);
    return order != 0 ? order : strcmp(a->kind, b->kind);
}

void
tally_print(tally_t *self)
{
    qsort(self->row, self->n, sizeof self->row[0], tally_compare);
    for (unsigned k = 0; k < self->n; k++)
        printf("%7u  %s.%s %s\n", self->row[k].n, self->row[k].typeid_, self->row[k].method,
               self->row[k].kind);
}

/* How often a method was called, or, without a method, a kind of error was met. */
static unsigned
tally_of(const tally_t *self, const char *typeid_, const char *method, const char *kind)
{
    unsigned n = 0;
    for (unsigned k = 0; k < self->n; k++) {
        const tally_row_t *row = &self->row[k];
        if (strcmp(row->typeid_, typeid_) == 0 &&
            (method == NULL || strcmp(row->method, method) == 0) &&
            (kind == NULL || strcmp(row->kind, kind) == 0))
            n += row->n;
    }
    return n;
}

/* ---- enough? ----------------------------------------------------------------------------- */

/* A line of the rows: `TYPE: METHOD …` or `TYPE! KIND …`. Gives how many came up too seldom. */
static unsigned
tally_check(const tally_t *self, char *line)
{
    unsigned n_bad = 0;
    char *rest = NULL;
    size_t len = strcspn(line, ":!");
    bool is_kinds = line[len] == '!';
    line[len] = '\0';
    for (char *word = strtok_r(line + len + 1, " \n", &rest); word != NULL;
         word = strtok_r(NULL, " \n", &rest)) {
        unsigned n = is_kinds ? tally_of(self, line, NULL, word) : tally_of(self, line, word, NULL);
        if (n >= TALLY_LEAST)
            continue;
        print_error("%s%s%s: only %u times\n", line, is_kinds ? " raises " : ".", word, n);
        n_bad++;
    }
    return n_bad;
}

/* Whether some line that begins with `TYPE: ` has the method. */
static bool
tally_is_listed(char **lines, unsigned n_lines, const char *typeid_, const char *method)
{
    size_t typeid_len = strlen(typeid_), len = strlen(method);
    for (unsigned k = 0; k < n_lines; k++) {
        if (strncmp(lines[k], typeid_, typeid_len) != 0 || lines[k][typeid_len] != ':')
            continue;
        for (const char *at = lines[k]; (at = strstr(at, method)) != NULL; at += len) {
            if (at[-1] == ' ' && strchr(" \n", at[len]) != NULL)
                return true;
        }
    }
    return false;
}

static unsigned
tally_check_types(char **lines, unsigned n_lines)
{
    unsigned n_bad = 0;
    const hf_type_t *type;
    for (uint32_t t = 0; (type = bed_type(t)) != NULL; t++) {
        for (uint32_t m = 0; m < type->n_methods; m++) {
            if (tally_is_listed(lines, n_lines, type->name, type->methods[m].name))
                continue;
            print_error("the rows lack %s.%s\n", type->name, type->methods[m].name);
            n_bad++;
        }
    }
    return n_bad;
}

void
tally_audit(const tally_t *self, const char *rows, const char *family)
{
    enum { LINES = 512, ROOM = 256 };
    static char room[LINES][ROOM];
    char *lines[LINES];
    unsigned n_lines = 0, n_bad = 0;
    FILE *file = fopen(rows, "r");
    assert_non_null(file);
    while (n_lines < LINES && fgets(room[n_lines], ROOM, file) != NULL) {
        lines[n_lines] = room[n_lines];
        assert_non_null(strchr(lines[n_lines++], '\n'));
    }
    assert_true(feof(file));
    (void)fclose(file);
    n_bad += tally_check_types(lines, n_lines);
    bool is_family = false, was_family = false;
    for (unsigned k = 0; k < n_lines; k++) {
        if (lines[k][0] == '[')
            is_family = strncmp(lines[k] + 1, family, strlen(family)) == 0 &&
                        lines[k][strlen(family) + 1] == ']';
        else if (is_family && strchr("#\n", lines[k][0]) == NULL)
            n_bad += tally_check(self, lines[k]);
        was_family = was_family || is_family;
    }
    if (!was_family || n_bad > 0)
        fail_msg("%s: %u rows came up too seldom", family, n_bad);
}
