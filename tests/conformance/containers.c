/* SPDX-License-Identifier: MPL-2.0 */
/* containers -- what oracle.py did to CPython's own list, dict, set and queue.Queue, done to referents: the same results,
 * error kinds, texts and reprs.
 *
 *     test.conformance.containers oracle.py FIRST_SEED LAST_SEED OPERATIONS
 *
 * Where the texts differ is said in differs_by_right. At the end it prints how often each method gave what, and fails
 * where a row of a type was never called.
 */
#define _POSIX_C_SOURCE 200809L

#include "bed.h"

#include <stdlib.h>

#include <base/span.h>
#include <value/repr.h>

enum { FIELDS = 8, SLOTS = 4096, KINDS = 512 };

/* How often a method of a type gave a kind of answer. */
typedef struct tally {
    char what[96];
    unsigned n;
} tally_t;

typedef struct run {
    bed_t *bed;
    char typeid_[SLOTS][16];
    uint64_t object[SLOTS];
    tally_t tally[KINDS];
    unsigned n_tally;
    unsigned n_lines;
    unsigned seed;
    const char *line;
} run_t;

static void
run_count(run_t *self, const char *typeid_, const char *method, const char *kind)
{
    char what[sizeof self->tally[0].what];
    (void)snprintf(what, sizeof what, "%s.%s %s", typeid_, method,
                   kind[0] == '=' || kind[0] == '~' ? "answers" : kind);
    unsigned k = 0;
    while (k < self->n_tally && strcmp(self->tally[k].what, what) != 0)
        k++;
    if (k == KINDS)
        fail_msg("more than %d kinds of answers", KINDS);
    if (k == self->n_tally) {
        memcpy(self->tally[k].what, what, sizeof what);
        self->n_tally++;
    }
    self->tally[k].n++;
}

/* Texts that need not be CPython's: the signature's TypeErrors and OverflowErrors, what a sort could not compare
 * (which two are met first is the algorithm's own), and texts that a frame cuts. */
static bool
differs_by_right(const char *method, const char *kind, const char *got)
{
    char own[64];
    if (kind[0] == '=')
        return false; /* a result, no error */
    size_t len = strlen(kind);
    if (strncmp(got, kind, len) != 0 || got[len] != ':')
        return false;
    (void)snprintf(own, sizeof own, ": %s() ", method);
    if (strncmp(got + len, own, strlen(own)) == 0)
        return true;
    if (strlen(got) > 180)
        return true;
    return strstr(got, ": '<' not supported between instances of") != NULL;
}

/* Whether what was got is "text", or "kind: text". */
static bool
is_said(const char *kind, const char *text, const char *got)
{
    size_t len = strlen(kind);
    if (kind[0] == '=')
        return strcmp(text, got) == 0;
    return strncmp(got, kind, len) == 0 && strncmp(got + len, ": ", 2) == 0 &&
           strcmp(got + len + 2, text) == 0;
}

static int
text_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The reprs of the last result's items, sorted: what a set gives has no order. */
static void
run_sort(const run_t *self, char *to, size_t room)
{
    char *text[1024];
    uint32_t n = 0;
    hf_cursor_t cursor;
    hf_value_t item;
    hf_testing_session_t *session = self->bed->session[0];
    const hf_value_t *value = hf_testing_value(session, hf_testing_last(session));
    to[0] = '\0';
    if (value == NULL || hf_kind(value) != HF_LIST)
        return;
    hf_open(&cursor, value);
    while (n < 1024 && hf_next(&cursor, &item)) {
        hfi_bytes_t repr = {0};
        assert_true(hfi_repr(&item, &repr) && hfi_bytes_append(&repr, "", 1));
        text[n++] = (char *)repr.at;
    }
    qsort(text, n, sizeof text[0], text_compare);
    for (uint32_t k = 0; k < n; k++) {
        size_t at = strlen(to);
        (void)snprintf(to + at, room - at, "%s%s", k > 0 ? ", " : "", text[k]);
        free(text[k]);
    }
}

static void
run_compare(run_t *self, const char *method, const char *kind, const char *text, const char *got)
{
    char sorted[65536];
    if (kind[0] == '~') {
        run_sort(self, sorted, sizeof sorted);
        kind = "=";
        got = sorted;
    }
    if (is_said(kind, text, got) || differs_by_right(method, kind, got))
        return;
    print_error("seed %u: %s\n  gave %s\n  not  %s %s\n", self->seed, self->line, got, kind, text);
    fail();
}

/* new SLOT TYPEID ARGS KWARGS KIND TEXT */
static void
run_new(run_t *self, char **field)
{
    unsigned long slot = strtoul(field[1], NULL, 10);
    assert_true(slot < SLOTS);
    self->object[slot] = bed_new(self->bed, field[2], field[3]);
    (void)snprintf(self->typeid_[slot], sizeof self->typeid_[slot], "%s", field[2]);
}

/* call SLOT METHOD ARGS KWARGS KIND TEXT SLOT_OF_RESULT */
static void
run_call(run_t *self, char **field)
{
    unsigned long slot = strtoul(field[1], NULL, 10);
    assert_true(slot < SLOTS);
    const char *got = bed_call_named(self->bed, self->object[slot], field[2], field[3], field[4]);
    run_count(self, self->typeid_[slot], field[2], field[5]);
    if (field[7][0] == '\0') {
        run_compare(self, field[2], field[5], field[6], got);
        return;
    }
    assert_string_equal(got, "<Iterator>");
    slot = strtoul(field[7], NULL, 10);
    assert_true(slot < SLOTS);
    self->object[slot] = self->bed->handle;
    (void)snprintf(self->typeid_[slot], sizeof self->typeid_[slot], "Iterator");
}

static void
run_line(run_t *self, char *line)
{
    char *field[FIELDS] = {line, line, line, line, line, line, line, line};
    char whole[65536];
    unsigned n = 0;
    (void)snprintf(whole, sizeof whole, "%s", line);
    self->line = whole;
    for (char *at = line; at != NULL && n < FIELDS; n++) {
        field[n] = at;
        at = strchr(at, '\t');
        if (at != NULL)
            *at++ = '\0';
    }
    self->n_lines++;
    if (strcmp(field[0], "new") == 0)
        run_new(self, field);
    else if (strcmp(field[0], "call") == 0)
        run_call(self, field);
    else if (strcmp(field[0], "value") == 0)
        run_compare(
            self, "getvalue", field[2], field[3],
            bed_call(self->bed, self->object[strtoul(field[1], NULL, 10)], "getvalue", "[]"));
    else
        fail_msg("the oracle says %s", whole);
    self->line = NULL;
}

static int
tally_compare(const void *a, const void *b)
{
    return strcmp(((const tally_t *)a)->what, ((const tally_t *)b)->what);
}

/* Rows that are called in other tests only: they wait, CPython 3.11 lacks them, or the oracle has no such type yet. */
static bool
is_elsewhere(const char *what)
{
    static const char *const others[] = {"Queue.join ",
                                         "Queue.shutdown ",
                                         "Lock.",
                                         "RLock.",
                                         "Semaphore.",
                                         "Condition.",
                                         "BoundedSemaphore.",
                                         "Event.",
                                         "Barrier.",
                                         "Namespace.",
                                         "Value.",
                                         "Array."};
    for (size_t k = 0; k < sizeof others / sizeof others[0]; k++) {
        if (strncmp(what, others[k], strlen(others[k])) == 0)
            return true;
    }
    return false;
}

/* Prints what was counted; every row of the types has been called. */
static void
run_audit(run_t *self)
{
    const hf_type_t *type;
    qsort(self->tally, self->n_tally, sizeof self->tally[0], tally_compare);
    for (unsigned k = 0; k < self->n_tally; k++)
        printf("%7u  %s\n", self->tally[k].n, self->tally[k].what);
    printf("%u operations\n", self->n_lines);
    for (uint32_t t = 0; (type = bed_type(t)) != NULL; t++) {
        for (uint32_t m = 0; m < type->n_methods; m++) {
            char what[sizeof self->tally[0].what];
            (void)snprintf(what, sizeof what, "%s.%s ", type->name, type->methods[m].name);
            unsigned k = 0;
            while (k < self->n_tally && strncmp(self->tally[k].what, what, strlen(what)) != 0)
                k++;
            if (k == self->n_tally && !is_elsewhere(what))
                fail_msg("%s was never called", what);
        }
    }
}

static const char *oracle[4];

static void
test_like_cpython(void **state)
{
    static run_t run;
    static char line[65536];
    char command[1024];
    (void)state;
    (void)snprintf(command, sizeof command, "python3 '%s' %s %s %s", oracle[0], oracle[1],
                   oracle[2], oracle[3]);
    FILE *lines = popen(command, "r");
    assert_non_null(lines);
    while (fgets(line, sizeof line, lines) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "seed\t", 5) != 0) {
            run_line(&run, line);
            continue;
        }
        run.seed = (unsigned)strtoul(line + 5, NULL, 10);
        if (run.bed != NULL)
            (void)bed_teardown((void **)&run.bed);
        (void)bed_setup((void **)&run.bed);
    }
    assert_int_equal(pclose(lines), 0);
    assert_non_null(run.bed);
    (void)bed_teardown((void **)&run.bed);
    run_audit(&run);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_like_cpython)};
    if (argc != 5) {
        (void)fprintf(stderr, "usage: %s oracle.py FIRST_SEED LAST_SEED OPERATIONS\n", argv[0]);
        return 2;
    }
    for (int k = 0; k < 4; k++)
        oracle[k] = argv[k + 1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
