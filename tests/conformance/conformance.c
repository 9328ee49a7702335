/* SPDX-License-Identifier: MPL-2.0 */
/* conformance -- what the oracle did to CPython's own objects, done to referents: the same results, error kinds, texts
 * and reprs.
 *
 *     test.conformance ORACLE ROWS FAMILY FIRST_SEED LAST_SEED OPERATIONS
 *
 * Where the texts differ is said in differs_by_right. At the end it prints how often each method gave what, and fails
 * where a method or a kind of error of the family's ROWS came up too seldom.
 */
#define _POSIX_C_SOURCE 200809L

#include "bed.h"

#include <stdlib.h>

#include "said.h"
#include "tally.h"

enum { FIELDS = 10, SLOTS = 4096, TYPEID = 24, LINE = 1 << 18 };

/* A call that has parked. */
typedef struct waiting {
    unsigned long slot;
    char method[TALLY_NAME];
    uint32_t who;
    uint64_t call;
} waiting_t;

typedef struct run {
    bed_t *bed;
    waiting_t waiting[SLOTS];
    char typeid_[SLOTS][TYPEID];
    uint64_t object[SLOTS]; /* 0: none yet */
    tally_t tally;
    unsigned n_lines;
    unsigned seed;
    const char *line;
} run_t;

static unsigned long
run_slot(const char *field)
{
    unsigned long slot = strtoul(field, NULL, 10);
    assert_true(slot < SLOTS);
    return slot;
}

static void
run_set(run_t *self, unsigned long slot, const char *typeid_, uint64_t object)
{
    (void)snprintf(self->typeid_[slot], TYPEID, "%s", typeid_);
    self->object[slot] = object;
}

static void
run_fail(const run_t *self, const char *got)
{
    print_error("seed %u: %s\n  gave %s\n", self->seed, self->line, got);
    fail();
}

/* new SLOT TYPEID ARGS KWARGS KIND TEXT */
static void
run_new(run_t *self, char **field)
{
    char got[SAID_ROOM];
    uint64_t object = bed_try_named(self->bed, field[2], field[3], field[4]);
    tally_count(&self->tally, field[2], "create", field[5]);
    if (object != 0) {
        if (field[5][0] != '=')
            run_fail(self, "a referent");
        run_set(self, run_slot(field[1]), field[2], object);
        return;
    }
    hf_testing_session_t *session = self->bed->session[0];
    (void)snprintf(got, sizeof got, "%s", hf_testing_answer(session, hf_testing_last(session)));
    if (!said_alike(field[5], field[6], got))
        run_fail(self, got);
}

/* The result is the handle of the referent in that slot, which may be a new one. */
static void
run_handle(run_t *self, unsigned long slot, const char *text)
{
    char typeid_[TYPEID];
    (void)snprintf(typeid_, sizeof typeid_, "%.*s", (int)strcspn(text + 1, ">"), text + 1);
    if (self->object[slot] == 0)
        run_set(self, slot, typeid_, self->bed->handle);
    else if (self->object[slot] != self->bed->handle)
        run_fail(self, "the handle of another referent");
}

static void
run_wait(run_t *self, unsigned long number, char **field, uint64_t call)
{
    waiting_t *waiting = &self->waiting[number];
    waiting->who = (uint32_t)strtoul(field[1], NULL, 10);
    waiting->slot = run_slot(field[2]);
    (void)snprintf(waiting->method, sizeof waiting->method, "%s", field[3]);
    waiting->call = call;
}

/* call WHO SLOT METHOD ARGS KWARGS KIND TEXT AT */
static void
run_call(run_t *self, char **field)
{
    char unordered[SAID_ROOM];
    unsigned long slot = run_slot(field[2]);
    const char *kind = field[6];
    char *point = NULL;
    uint32_t who = (uint32_t)strtoul(field[1], &point, 10);
    hf_testing_set_thread(self->bed->session[who],
                          *point == '.' ? strtoul(point + 1, NULL, 10) : 0);
    uint64_t call =
        bed_begin_named(self->bed, who, self->object[slot], field[3], field[4], field[5]);
    const char *got = bed_answer(self->bed, who, call);
    tally_count(&self->tally, self->typeid_[slot], field[3], kind);
    if (kind[0] == '~') {
        said_items(hf_testing_value(self->bed->session[who], call), unordered, sizeof unordered);
        said_sort(field[7]);
        got = unordered;
    }
    if (!said_alike(kind, field[7], got))
        run_fail(self, got);
    if (strcmp(kind, "parked") == 0)
        run_wait(self, run_slot(field[8]), field, call);
    else if (field[8][0] != '\0')
        run_handle(self, run_slot(field[8]), field[7]);
}

/* answer CALL KIND TEXT */
static void
run_answer(run_t *self, char **field)
{
    const waiting_t *waiting = &self->waiting[run_slot(field[1])];
    const char *got = bed_answer(self->bed, waiting->who, waiting->call);
    tally_count(&self->tally, self->typeid_[waiting->slot], waiting->method, field[2]);
    if (!said_alike(field[2], field[3], got))
        run_fail(self, got);
}

static void
run_cancel(run_t *self, const char *number)
{
    const waiting_t *waiting = &self->waiting[run_slot(number)];
    hf_testing_cancel(self->bed->session[waiting->who], waiting->call);
}

static void
run_parked(run_t *self, const char *number)
{
    unsigned long n = (unsigned long)hf_testing_parked(self->bed->manager);
    char got[32];
    (void)snprintf(got, sizeof got, "%lu", n);
    if (n != strtoul(number, NULL, 10))
        run_fail(self, got);
}

/* share SLOT WHO */
static void
run_share(run_t *self, char **field)
{
    uint32_t who = (uint32_t)strtoul(field[2], NULL, 10);
    while (self->bed->n_sessions <= who)
        (void)bed_session(self->bed);
    bed_share(self->bed, self->object[run_slot(field[1])], who);
}

static void
run_seed(run_t *self, const char *number)
{
    self->seed = (unsigned)strtoul(number, NULL, 10);
    if (self->bed != NULL)
        (void)bed_teardown((void **)&self->bed);
    (void)bed_setup((void **)&self->bed);
    memset(self->object, 0, sizeof self->object);
}

/* Puts the numbers of objects where the oracle has the numbers of slots, between two \x1a. */
static void
run_expand(const run_t *self, const char *from, char *to)
{
    const char *end = to + LINE - 32;
    while (*from != '\0' && to < end) {
        if (*from != '\x1a') {
            *to++ = *from++;
            continue;
        }
        unsigned long slot = run_slot(from + 1);
        assert_int_not_equal(self->object[slot], 0);
        to += snprintf(to, 32, "%llu", (unsigned long long)self->object[slot]);
        from = strchr(from + 1, '\x1a') + 1;
    }
    assert_true(to < end);
    *to = '\0';
}

/* What a line says; false: nothing that is known. */
static bool
run_field(run_t *self, char **field, unsigned n)
{
    if (n == 2 && strcmp(field[0], "seed") == 0)
        run_seed(self, field[1]);
    else if (n == 7 && strcmp(field[0], "new") == 0)
        run_new(self, field);
    else if (n == 9 && strcmp(field[0], "call") == 0)
        run_call(self, field);
    else if (n == 3 && strcmp(field[0], "share") == 0)
        run_share(self, field);
    else if (n == 2 && strcmp(field[0], "cancel") == 0)
        run_cancel(self, field[1]);
    else if (n == 2 && strcmp(field[0], "pass") == 0)
        hf_testing_pass(self->bed->manager, strtod(field[1], NULL));
    else if (n == 4 && strcmp(field[0], "answer") == 0)
        run_answer(self, field);
    else if (n == 2 && strcmp(field[0], "parked") == 0)
        run_parked(self, field[1]);
    else
        return false;
    return true;
}

static void
run_line(run_t *self, const char *line)
{
    static char expanded[LINE], whole[LINE];
    char *field[FIELDS];
    unsigned n = 0;
    run_expand(self, line, expanded);
    memcpy(whole, expanded, strlen(expanded) + 1);
    self->line = whole;
    for (char *at = expanded; at != NULL && n < FIELDS; n++) {
        field[n] = at;
        at = strchr(at, '\t');
        if (at != NULL)
            *at++ = '\0';
    }
    self->n_lines++;
    if (!run_field(self, field, n))
        fail_msg("the oracle says %s", whole);
    self->line = NULL;
}

static const char *const *arguments;

static void
test_like_cpython(void **state)
{
    static run_t run;
    static char line[LINE];
    char command[1024];
    (void)state;
    int len = snprintf(command, sizeof command, "/usr/bin/python3 -B '%s' %s %s %s %s",
                       arguments[1], arguments[3], arguments[4], arguments[5], arguments[6]);
    assert_true(len > 0 && (size_t)len < sizeof command);
    FILE *lines = popen(command, "r");
    assert_non_null(lines);
    while (fgets(line, sizeof line, lines) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        run_line(&run, line);
    }
    assert_int_equal(pclose(lines), 0);
    assert_non_null(run.bed);
    (void)bed_teardown((void **)&run.bed);
    printf("%u operations\n", run.n_lines);
    tally_print(&run.tally);
    tally_audit(&run.tally, arguments[2], arguments[3]);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_like_cpython)};
    if (argc != 7) {
        (void)fprintf(stderr, "usage: %s ORACLE ROWS FAMILY FIRST_SEED LAST_SEED OPERATIONS\n",
                      argv[0]);
        return 2;
    }
    arguments = (const char *const *)argv;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
