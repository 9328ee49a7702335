/* SPDX-License-Identifier: MPL-2.0 */
/* limit -- what the types do where memory is at its limit, and where a session may hold no more: they say so, and have
 * changed nothing.
 *
 * Each operation is tried with 0, 32, 64, … bytes left, later in longer steps, until it succeeds: so every place in it
 * that asks for memory is refused in turn. What is left is set by a ballast, a list with one bytes of the right length.
 */
#include "bed.h"

#include <stdlib.h>

enum { LIMIT = 400000, STEP = 32, FINE = 1536, LONG_STEP = 160, MOST = 100000, BIG = 5000 };

/* A container, an operation on it; $ stands for a str of BIG characters. */
typedef struct row {
    const char *typeid_;
    const char *start;
    const char *method;
    const char *args;
} row_t;

typedef struct limited {
    bed_t *bed;
    uint64_t ballast;
    uint8_t *bytes; /* LIMIT of them */
    char args[4 * BIG];
} limited_t;

static void
clear_ballast(limited_t *self)
{
    assert_string_equal(bed_call(self->bed, self->ballast, "clear", "[]"), "None");
}

static uint64_t
load_ballast(limited_t *self, size_t len)
{
    clear_ballast(self);
    assert_string_equal(
        hf_testing_call(self->bed->session[0], self->ballast, "append", "B", self->bytes, len),
        "None");
    return hf_testing_memory(self->bed->manager);
}

/* Leaves that many bytes free. */
static void
leave(limited_t *self, uint64_t left)
{
    clear_ballast(self);
    size_t len = (size_t)(LIMIT - hf_testing_memory(self->bed->manager) - left - 1000);
    uint64_t used = load_ballast(self, len);
    used = load_ballast(self, len + (size_t)(LIMIT - left - used));
    assert_int_equal(used, LIMIT - left);
}

/* The text with each $ made a long str. */
static const char *
expand(limited_t *self, const char *text)
{
    size_t at = 0;
    for (; *text != '\0'; text++) {
        assert_true(at + BIG + 3 < sizeof self->args);
        if (*text != '$') {
            self->args[at++] = *text;
            continue;
        }
        self->args[at++] = '"';
        memset(self->args + at, 'x', BIG);
        at += BIG;
        self->args[at++] = '"';
    }
    self->args[at] = '\0';
    return self->args;
}

/* What the referent is, for a comparison. */
static char *
look(limited_t *self, const row_t *row, uint64_t object)
{
    bool is_queue = strstr(row->typeid_, "Queue") != NULL;
    const char *text = bed_call(self->bed, object, is_queue ? "qsize" : "getvalue", "[]");
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    assert_non_null(copy);
    return memcpy(copy, text, size);
}

static void
try_row(limited_t *self, const row_t *row)
{
    bool is_array = strcmp(row->typeid_, "Array") == 0;
    uint64_t object = bed_new(self->bed, row->typeid_, is_array ? "[\"i\", 9]" : "[]");
    const char *fill = is_array                                 ? "setitem"
                       : strstr(row->typeid_, "Queue") != NULL  ? "put_many"
                       : strcmp(row->typeid_, "Namespace") == 0 ? "setattr"
                       : strcmp(row->typeid_, "list") == 0      ? "extend"
                                                                : "update";
    assert_string_equal(bed_call(self->bed, object, fill, expand(self, row->start)), "None");
    if (strcmp(row->method, "next") == 0) {
        assert_string_equal(bed_call(self->bed, object, "iter", "[]"), "<Iterator>");
        object = self->bed->handle;
    }
    char *before = look(self, row, object);
    (void)expand(self, row->args);
    unsigned n_refused = 0;
    bool is_refused = true;
    for (uint64_t left = 0; left < MOST && is_refused; left += left < FINE ? STEP : LONG_STEP) {
        leave(self, left);
        const char *answer = bed_call(self->bed, object, row->method, self->args);
        is_refused = strncmp(answer, "LimitExceeded: ", 15) == 0;
        if (strncmp(answer, "RemoteError: ", 13) == 0)
            fail_msg("%s.%s: %s", row->typeid_, row->method, answer);
        clear_ballast(self);
        if (!is_refused)
            break;
        n_refused++;
        char *after = look(self, row, object);
        if (strcmp(before, after) != 0)
            fail_msg("%s.%s changed %s to %s with %llu bytes left", row->typeid_, row->method,
                     before, after, (unsigned long long)left);
        free(after);
    }
    if (n_refused == 0 || is_refused)
        fail_msg("%s.%s was refused %u times", row->typeid_, row->method, n_refused);
    free(before);
}

static void
open_limited(limited_t *self, const char *settings)
{
    memset(self, 0, sizeof *self);
    self->bed = bed_open(settings);
    self->bytes = calloc(1, LIMIT);
    assert_non_null(self->bytes);
    self->ballast = bed_new(self->bed, "list", "[]");
}

static void
close_limited(limited_t *self)
{
    free(self->bytes);
    bed_close(&self->bed);
}

static void
test_rows(void **state)
{
    static const row_t rows[] = {
        {"list", "[[1, 2]]", "append", "[$]"},
        {"list", "[[1, 2, 3, 4]]", "append", "[5]"},
        {"list", "[[1, 2]]", "insert", "[1, $]"},
        {"list", "[[1, 2]]", "setitem", "[0, $]"},
        {"list", "[[1, 2]]", "extend", "[[1, $, 2, $]]"},
        {"list", "[[1, 2]]", "setitem", "[{\"slice\": [0, 1, null]}, [1, $, 2, $, 3]]"},
        {"list", "[[1, 2, 3]]", "setitem", "[{\"slice\": [null, null, 2]}, [$, $]]"},
        {"list", "[[1, 2, 3]]", "imul", "[9]"},
        {"list", "[[3, 2, 1]]", "sort", "[]"},
        {"list", "[[3, 2, 1]]", "setitems", "[[[0, $], [1, $]]]"},
        {"list", "[[[1], {\"k\": [1]}]]", "update_at", "[[1, \"k\"], \"extend\", [$, $]]"},
        {"list", "[[[1], {\"k\": [1]}]]", "update_at", "[[1], \"update\", {\"a\": $, \"k\": $}]"},
        {"list", "[[1, $]]", "mul", "[3]"},
        {"list", "[[1, $]]", "add", "[[$]]"},
        {"list", "[[1, $]]", "pop", "[]"},
        {"list", "[[$, 1]]", "take", "[2]"},
        {"list", "[[$, 1]]", "next", "[]"},
        {"dict", "[{\"a\": 1}]", "setitem", "[$, $]"},
        {"dict", "[{\"a\": 1}]", "setitem", "[\"a\", $]"},
        {"dict", "[{\"a\": 1, \"b\": 2, \"c\": 3, \"d\": 4}]", "setitem", "[\"e\", 5]"},
        {"dict", "[{\"a\": 1}]", "setdefault", "[\"b\", $]"},
        {"dict", "[{\"a\": 1}]", "update", "[{\"b\": $, \"a\": $}]"},
        {"dict", "[{\"a\": 1}]", "ior", "[[[\"b\", $], [$, 1]]]"},
        {"dict", "[{\"a\": {}}]", "update_at", "[[\"a\"], \"setitem\", $, $]"},
        {"dict", "[{\"a\": 1}]", "or", "[{\"b\": $}]"},
        {"dict", "[{\"a\": 1}]", "fromkeys", "[[1, 2], $]"},
        {"dict", "[{\"a\": $}]", "pop", "[\"a\"]"},
        {"dict", "[{\"a\": $}]", "popitem", "[]"},
        {"dict", "[{\"a\": $}]", "take", "[1]"},
        {"set", "[[1]]", "add", "[$]"},
        {"set", "[[1, 2]]", "update", "[[3, $], [4, 5]]"},
        {"set", "[[1, 2]]", "ixor", "[[3, $, 1]]"},
        {"set", "[[1, 2]]", "xor", "[[3, $, 1]]"},
        {"set", "[[$]]", "pop", "[]"},
        {"Namespace", "[\"a\", 1]", "setattr", "[\"b\", $]"},
        {"Namespace", "[\"a\", 1]", "setattr", "[$, 2]"},
        {"Namespace", "[\"a\", 1]", "setattr", "[\"a\", $]"},
        {"Namespace", "[\"a\", $]", "repr", "[]"},
        {"Namespace", "[$, 1]", "dir", "[]"},
        {"Array", "[0, 5]", "setitem", "[{\"slice\": [0, 3, null]}, [1, 2, 3]]"},
        {"Array", "[0, 5]", "repr", "[]"},
        {"Queue", "[[1]]", "put", "[$]"},
        {"Queue", "[[1]]", "put_many", "[[1, $, 2, $, 3]]"},
        {"Queue", "[[$]]", "get", "[]"},
        {"Queue", "[[$, 1]]", "get_many", "[2]"},
        {"LifoQueue", "[[1]]", "put", "[$]"},
        {"LifoQueue", "[[1]]", "put_many", "[[1, $, 2, $, 3]]"},
        {"LifoQueue", "[[1, $]]", "get", "[]"},
        {"LifoQueue", "[[1, $]]", "get_many", "[2]"},
        {"PriorityQueue", "[[\"z\"]]", "put", "[$]"},
        {"PriorityQueue", "[[\"z\"]]", "put_many", "[[\"a\", $, \"b\", $, \"c\"]]"},
        {"PriorityQueue", "[[\"z\", $]]", "get", "[]"},
        {"PriorityQueue", "[[\"z\", $]]", "get_many", "[2]"},
    };
    limited_t limited;
    (void)state;
    open_limited(&limited, "{\"memory_limit\": 400000}");
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
        try_row(&limited, &rows[k]);
    close_limited(&limited);
}

/* A putter that cannot be let in is told so; the getter that made the room is not troubled. */
static void
test_putter_refused(void **state)
{
    limited_t limited;
    bed_t *bed;
    (void)state;
    open_limited(&limited, "{\"memory_limit\": 400000}");
    bed = limited.bed;
    uint64_t list = bed_new(bed, "list", "[[]]");
    uint64_t queue = bed_new(bed, "Queue", "[1]");
    assert_string_equal(bed_call(bed, list, "extend", expand(&limited, "[[1, $]]")), "None");
    BED_STEPS(bed, queue, {"put", "[0]", "None"});
    char args[64];
    (void)snprintf(args, sizeof args, "[{\"$handle\": [%llu]}]", (unsigned long long)list);
    uint64_t many = bed_begin(bed, 0, queue, "put_many", args);
    leave(&limited, 4000);
    BED_STEPS(bed, queue, {"get", "[]", "0"});
    assert_string_equal(bed_answer(bed, 0, many),
                        "LimitExceeded: the queue has no memory for the item");
    clear_ballast(&limited);
    BED_STEPS(bed, queue, {"put", "[5]", "None"}, {"get", "[]", "5"}, {"empty", "[]", "True"});
    close_limited(&limited);
}

/* Who cannot be noted as an owner does not become one: the lock stays free, the unit stays there. */
static void
test_owner_refused(void **state)
{
    static const char *const rows[][3] = {{"Lock", "locked", "False"},
                                          {"RLock", "locked", "False"},
                                          {"Condition", "locked", "False"},
                                          {"Semaphore", "get_value", "1"},
                                          {"BoundedSemaphore", "get_value", "1"}};
    limited_t limited;
    (void)state;
    open_limited(&limited, "{\"memory_limit\": 400000}");
    bed_t *bed = limited.bed;
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        uint64_t object = bed_new(bed, rows[k][0], "[]");
        unsigned n_refused = 0;
        const char *answer = "LimitExceeded: ";
        for (uint64_t left = 0; strncmp(answer, "LimitExceeded: ", 15) == 0; left += 8) {
            BED_STEPS(bed, object, {rows[k][1], "[]", rows[k][2]});
            leave(&limited, left);
            answer = bed_call(bed, object, "acquire", "[]");
            n_refused++;
            clear_ballast(&limited);
        }
        assert_string_equal(answer, "True");
        assert_true(n_refused > 1);
        BED_STEPS(bed, object, {"release", "[]", "None"}, {rows[k][1], "[]", rows[k][2]});
    }
    close_limited(&limited);
}

/* A lock changes hands where there is no memory left: what the one owner's note weighed is there for the next. */
static void
test_hand_over(void **state)
{
    limited_t limited;
    (void)state;
    open_limited(&limited, "{\"memory_limit\": 400000}");
    bed_t *bed = limited.bed;
    uint64_t lock = bed_new(bed, "Lock", "[]");
    uint32_t other = bed_session(bed);
    bed_share(bed, lock, other);
    BED_STEPS(bed, lock, {"acquire", "[]", "True"});
    uint64_t theirs = bed_begin(bed, other, lock, "acquire", "[]");
    uint64_t ours = bed_begin(bed, 0, lock, "acquire", "[]");
    leave(&limited, 0);
    BED_STEPS(bed, lock, {"release", "[]", "None"});
    assert_string_equal(bed_answer(bed, other, theirs), "True");
    assert_string_equal(hf_testing_call(bed->session[other], lock, "release", ""), "None");
    assert_string_equal(bed_answer(bed, 0, ours), "True");
    clear_ballast(&limited);
    BED_STEPS(bed, lock, {"release", "[]", "None"}, {"locked", "[]", "False"});
    close_limited(&limited);
}

/* An item whose handle the session cannot hold stays where it is. */
static void
test_holdings(void **state)
{
    char args[64];
    (void)state;
    bed_t *bed = bed_open("{\"limits\": {\"holdings\": 3}}");
    uint64_t item = bed_new(bed, "list", "[]");
    uint64_t queue = bed_new(bed, "Queue", "[]");
    uint64_t list = bed_new(bed, "list", "[]");
    (void)snprintf(args, sizeof args, "[{\"$handle\": [%llu]}]", (unsigned long long)item);
    BED_STEPS(bed, queue, {"put", args, "None"});
    BED_STEPS(bed, list, {"append", args, "None"});
    hf_testing_release(bed->session[0], item);
    uint64_t other = bed_new(bed, "list", "[]");
    BED_STEPS(bed, queue,
              {"get", "[]", "LimitExceeded: the session holds as many referents as it may"},
              {"qsize", "[]", "1"});
    BED_STEPS(bed, list,
              {"pop", "[]", "LimitExceeded: the session holds as many referents as it may"},
              {"len", "[]", "1"});
    hf_testing_release(bed->session[0], other);
    BED_STEPS(bed, queue, {"get", "[]", "<list>"}, {"qsize", "[]", "0"});
    BED_STEPS(bed, list, {"pop", "[]", "<list>"});
    bed_close(&bed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),          cmocka_unit_test(test_putter_refused),
        cmocka_unit_test(test_owner_refused), cmocka_unit_test(test_hand_over),
        cmocka_unit_test(test_holdings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
