/* SPDX-License-Identifier: MPL-2.0 */
/* leaderboard -- Leaderboard: order by score and name, and places that agree with a plain sort, whatever comes and goes. */
#include "bed.h"

#include <stdlib.h>

static void
test_plain(void **state)
{
    bed_t *bed = *state;
    uint64_t board = bed_new(bed, "Leaderboard", "[]");
    BED_STEPS(bed, board, {"top", "[]", "[]"}, {"rank", "[\"x\"]", "KeyError: 'x'"},
              {"add", "[\"b\", 5]", "True"}, {"add", "[\"a\", 5]", "True"},
              {"add", "[\"c\", 7.5]", "True"}, {"add", "[\"\\u00e9\", 5]", "True"},
              {"top", "[2]", "[['c', 7.5], ['a', 5.0]]"}, {"rank", "[\"b\"]", "2"},
              {"rank", "[\"\\u00e9\"]", "3"}, {"incr", "[\"b\", 3]", "8.0"},
              {"rank", "[\"b\"]", "0"}, {"incr", "[\"d\"]", "1.0"}, {"score", "[\"d\"]", "1.0"},
              {"range", "[1, 3]", "[['c', 7.5], ['a', 5.0]]"}, {"range", "[4, 99]", "[['d', 1.0]]"},
              {"range", "[3, 2]", "[]"}, {"range", "[-1, 2]", "ValueError: a place below 0"},
              {"add", "[\"c\", 0]", "False"}, {"len", "[]", "5"}, {"remove", "[\"b\"]", "True"},
              {"remove", "[\"b\"]", "False"}, {"score", "[\"b\"]", "KeyError: 'b'"},
              {"top", "[]", "[['a', 5.0], ['\u00e9', 5.0], ['d', 1.0], ['c', 0.0]]"},
              {"add", "[\"n\", {\"$float\": \"nan\"}]",
               "ValueError: a score that is no number has no rank"},
              {"incr", "[\"i\", {\"$float\": \"inf\"}]", "inf"},
              {"incr", "[\"i\", {\"$float\": \"-inf\"}]",
               "ValueError: a score that is no number has no rank"},
              {"rank", "[\"i\"]", "0"});
}

enum { NAMES = 300, ROUNDS = 4000 };

typedef struct one {
    int64_t score;
    int name;
    bool is_there;
} one_t;

static int
by_rank(const void *a, const void *b)
{
    const one_t *x = a;
    const one_t *y = b;
    if (x->is_there != y->is_there)
        return x->is_there ? -1 : 1;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->name - y->name;
}

/* Each name's place, and the name of each place. */
static void
compare(bed_t *bed, uint64_t board, const one_t *all)
{
    char name[16];
    char wanted[64];
    one_t sorted[NAMES];
    memcpy(sorted, all, sizeof sorted);
    qsort(sorted, NAMES, sizeof sorted[0], by_rank);
    for (int k = 0; k < NAMES && sorted[k].is_there; k++) {
        (void)snprintf(name, sizeof name, "n%03d", sorted[k].name);
        (void)snprintf(wanted, sizeof wanted, "%d", k);
        assert_string_equal(hf_testing_call(bed->session[0], board, "rank", "s", name), wanted);
        (void)snprintf(wanted, sizeof wanted, "[['%s', %lld.0]]", name, (long long)sorted[k].score);
        assert_string_equal(
            hf_testing_call(bed->session[0], board, "range", "ii", (int64_t)k, (int64_t)k + 1),
            wanted);
    }
}

static void
test_against_a_sort(void **state)
{
    bed_t *bed = *state;
    static one_t all[NAMES];
    char name[16];
    uint64_t seed = 7;
    uint64_t board = bed_new(bed, "Leaderboard", "[]");
    for (int k = 0; k < NAMES; k++)
        all[k].name = k;
    for (int round = 1; round <= ROUNDS; round++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        one_t *one = &all[(seed >> 33) % NAMES];
        (void)snprintf(name, sizeof name, "n%03d", one->name);
        if (one->is_there && (seed >> 20) % 3 == 0) {
            one->is_there = false;
            (void)hf_testing_call(bed->session[0], board, "remove", "s", name);
        } else {
            one->is_there = true;
            one->score = (int64_t)((seed >> 40) % 50) - 25; /* many are equal */
            (void)hf_testing_call(bed->session[0], board, "add", "si", name, one->score);
        }
        if (round % 1000 == 0)
            compare(bed, board, all);
    }
}

/* Names in order, the worst that a plain search tree can meet. */
static void
test_in_order(void **state)
{
    bed_t *bed = *state;
    char name[16];
    uint64_t board = bed_new(bed, "Leaderboard", "[]");
    for (int k = 0; k < 3000; k++) {
        (void)snprintf(name, sizeof name, "n%04d", k);
        (void)hf_testing_call(bed->session[0], board, "add", "si", name, (int64_t)k);
    }
    BED_STEPS(bed, board, {"rank", "[\"n0000\"]", "2999"}, {"rank", "[\"n2999\"]", "0"},
              {"range", "[1000, 1001]", "[['n1999', 1999.0]]"}, {"len", "[]", "3000"});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_against_a_sort, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_in_order, bed_setup, bed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
