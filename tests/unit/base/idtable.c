/* SPDX-License-Identifier: MPL-2.0 */
/* idtable -- against the slow, obvious answer: an array in the order of insertion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/idtable.h>

typedef struct row {
    uint64_t number;
    uint64_t payload;
    uint64_t more;
} row_t;

enum { MOST = 600 };

/* The obvious table. */
typedef struct model {
    row_t row[MOST];
    uint32_t n;
} model_t;

static uint64_t
next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static uint32_t
model_find(const model_t *self, uint64_t number)
{
    uint32_t i = 0;
    while (i < self->n && self->row[i].number != number)
        i++;
    return i;
}

static void
compare(const hfi_idtable_t *table, const model_t *model)
{
    const row_t *row = NULL;
    assert_int_equal(table->live, model->n);
    for (uint32_t i = 0; i < model->n; i++) {
        row = hfi_idtable_next(table, row);
        assert_non_null(row);
        assert_memory_equal(row, &model->row[i], sizeof *row);
        assert_ptr_equal(hfi_idtable_find(table, row->number), row);
        hfi_idtable_prefetch_slot(table, row->number);
        hfi_idtable_prefetch_row(table, row->number);
        const row_t *peeked = hfi_idtable_peek(table, row->number);
        assert_true(peeked == NULL || peeked == row);
    }
    assert_null(hfi_idtable_next(table, row));
}

static void
add(hfi_idtable_t *table, model_t *model, uint64_t number, uint64_t payload)
{
    row_t *row = hfi_idtable_add(table, number);
    assert_non_null(row);
    assert_int_equal(row->number, number);
    assert_true(row->payload == 0 && row->more == 0);
    row->payload = payload;
    model->row[model->n++] = *row;
}

static void
drop(hfi_idtable_t *table, model_t *model, uint32_t at)
{
    hfi_idtable_remove(table, hfi_idtable_find(table, model->row[at].number));
    model->n--;
    memmove(&model->row[at], &model->row[at + 1], (model->n - at) * sizeof model->row[0]);
}

/* How numbers come: one after the other, at random, or all with the same low bits. */
static uint64_t
number_of(int manner, uint64_t count, uint64_t *seed)
{
    return manner == 0 ? count : manner == 1 ? next_random(seed) + 1 : count << 40;
}

static void
random_steps(int manner, uint32_t want, uint64_t seed)
{
    static model_t model;
    hfi_idtable_t table;
    uint64_t count = 0;
    model.n = 0;
    hfi_idtable_open(&table, sizeof(row_t));
    for (int step = 0; step < 4000; step++) {
        uint64_t number = number_of(manner, ++count, &seed);
        bool is_add = next_random(&seed) % ((uint64_t)want * 2) >= model.n;
        if (is_add && model.n < MOST && model_find(&model, number) == model.n)
            add(&table, &model, number, next_random(&seed));
        else if (model.n > 0)
            drop(&table, &model,
                 next_random(&seed) % 2 == 0 ? 0 : (uint32_t)(next_random(&seed) % model.n));
        assert_null(
            hfi_idtable_find(&table, number_of(manner, count + 1, &seed) | (uint64_t)1 << 63));
        if (step % 50 == 0)
            compare(&table, &model);
    }
    compare(&table, &model);
    assert_true(hfi_idtable_memory(&table) <= sizeof(row_t) * 4096);
    while (model.n > 0)
        drop(&table, &model, model.n - 1);
    compare(&table, &model);
    hfi_idtable_close(&table);
    assert_int_equal(hfi_idtable_memory(&table), 0);
}

static void
random_adds_and_removes(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 3, 8, 9, 40, 250};
    for (int manner = 0; manner < 3; manner++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            random_steps(manner, sizes[i], 11 + i);
    }
}

static void
an_empty_table_costs_nothing(void **state)
{
    (void)state;
    hfi_idtable_t table;
    hfi_idtable_open(&table, sizeof(row_t));
    assert_int_equal(hfi_idtable_memory(&table), 0);
    assert_null(hfi_idtable_find(&table, 1));
    assert_null(hfi_idtable_find(&table, 0));
    assert_null(hfi_idtable_next(&table, NULL));
    hfi_idtable_prefetch_slot(&table, 1);
    hfi_idtable_prefetch_row(&table, 1);
    assert_null(hfi_idtable_peek(&table, 1));
    for (uint64_t number = 1; number <= 8; number++)
        assert_non_null(hfi_idtable_add(&table, number));
    assert_null(table.index); /* a look over eight rows is the index */
    assert_non_null(hfi_idtable_add(&table, 9));
    assert_non_null(table.index);
    assert_null(hfi_idtable_find(&table, 0)); /* holes have number 0 */
    hfi_idtable_close(&table);
}

static void
rows_may_go_during_a_walk(void **state)
{
    (void)state;
    hfi_idtable_t table;
    hfi_idtable_open(&table, sizeof(row_t));
    for (uint64_t number = 1; number <= 100; number++)
        assert_non_null(hfi_idtable_add(&table, number));
    uint64_t seen = 0;
    for (row_t *row = hfi_idtable_next(&table, NULL); row != NULL;
         row = hfi_idtable_next(&table, row)) {
        assert_int_equal(row->number, ++seen);
        hfi_idtable_remove(&table, row);
    }
    assert_int_equal(seen, 100);
    assert_int_equal(table.live, 0);
    hfi_idtable_close(&table);
}

/* First in, first out for ever: the room stays what the few need; and an emptied table shrinks. */
static void
a_passing_stream_needs_no_more_room(void **state)
{
    (void)state;
    hfi_idtable_t table;
    hfi_idtable_open(&table, sizeof(row_t));
    for (uint64_t number = 1; number <= 100000; number++) {
        assert_non_null(hfi_idtable_add(&table, number));
        if (number > 20)
            hfi_idtable_remove(&table, hfi_idtable_next(&table, NULL));
    }
    assert_true(table.room <= 64);
    for (uint64_t number = 200000; number < 210000; number++)
        assert_non_null(hfi_idtable_add(&table, number));
    for (row_t *row = hfi_idtable_next(&table, NULL); row != NULL;
         row = hfi_idtable_next(&table, row))
        hfi_idtable_remove(&table, row);
    assert_non_null(hfi_idtable_add(&table, 7));
    assert_true(table.room <= 64);
    hfi_idtable_close(&table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_adds_and_removes),
        cmocka_unit_test(an_empty_table_costs_nothing),
        cmocka_unit_test(rows_may_go_during_a_walk),
        cmocka_unit_test(a_passing_stream_needs_no_more_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
