/* SPDX-License-Identifier: MPL-2.0 */
/* gc -- holdfast/gc.h against a real manager: what the program points to no more is gone there, what it points to lives. */
#define _GNU_SOURCE
#define GC_THREADS
#include "harness.h"

#include <holdfast/gc.h>

#include "figure.h"

enum { DROPPED = 10000, KEPT = 100, KEEP_EACH = 101, COLLECTIONS = 3, GONE_AT_LEAST = 9900 };

typedef struct bed {
    e2e_t *e2e;
    hf_client_t *client;
} bed_t;

static bed_t
bed_open(e2e_t *e2e)
{
    E2E_START(e2e, NULL);
    bed_t bed = {.e2e = e2e, .client = e2e_connect(e2e->endpoint)};
    if (bed.client == NULL)
        fail_msg("%s: %s", hf_errkind(), hf_errmsg());
    return bed;
}

static int64_t
bed_objects(const bed_t *bed)
{
    int64_t n = -1;
    assert_int_equal(hf_flush(bed->client, e2e_patience(10.0)), 0);
    assert_int_equal(hf_call_into(hf_manager(bed->client), "number_of_objects", "", "i", &n), 0);
    return n;
}

static hf_cell_t *
bed_new(const bed_t *bed, int64_t number)
{
    hf_proxy_t *proxy = hf_create(bed->client, "list", "[i]", number);
    assert_non_null(proxy);
    hf_cell_t *cell = hf_gc_bind(&proxy);
    assert_non_null(cell);
    assert_null(proxy);
    return cell;
}

static void
collect(void)
{
    for (int k = 0; k < COLLECTIONS; k++) {
        GC_gcollect();
        (void)GC_invoke_finalizers();
    }
}

/* Makes many and keeps a few; a frame of its own, so that no pointer of it is left on the stack. */
static __attribute__((noinline)) void
make_many(const bed_t *bed, hf_cell_t **kept)
{
    for (int64_t k = 0; k < DROPPED + KEPT; k++) {
        hf_cell_t *cell = bed_new(bed, k);
        if (k % KEEP_EACH == 0)
            kept[k / KEEP_EACH] = cell;
    }
}

static void
what_is_dropped_goes_what_is_kept_lives(void **state)
{
    bed_t bed = bed_open(*state);
    hf_cell_t **kept = GC_MALLOC_UNCOLLECTABLE(KEPT * sizeof(hf_cell_t *));
    assert_non_null(kept);
    make_many(&bed, kept);
    collect();
    int64_t left = bed_objects(&bed);
    print_message("of %d referents dropped, %d are gone\n", DROPPED, (int)(DROPPED + KEPT - left));
    assert_true(left >= KEPT);
    assert_true(left <= DROPPED - GONE_AT_LEAST + KEPT);
    for (int64_t k = 0; k < KEPT; k++) {
        int64_t number;
        assert_int_equal(hf_call_into(kept[k]->proxy, "pop", "", "i", &number), 0);
        assert_int_equal(number, k * KEEP_EACH);
        hf_gc_release(kept[k]);
        assert_null(kept[k]->proxy);
        hf_gc_release(kept[k]);
    }
    assert_int_equal(bed_objects(&bed), left - KEPT);
    GC_FREE(kept);
    hf_disconnect(&bed.client);
}

/* Allocates, so that collections and finalizers come in the middle of the other thread's calls. */
static void *
make_garbage(void *done)
{
    while (!__atomic_load_n((bool *)done, __ATOMIC_ACQUIRE)) {
        for (int k = 0; k < 1000; k++)
            (void)GC_MALLOC(256);
        (void)GC_invoke_finalizers();
    }
    return NULL;
}

static void
finalizers_run_in_another_thread(void **state)
{
    bed_t bed = bed_open(*state);
    bool is_done = false;
    pthread_t thread;
    assert_int_equal(GC_pthread_create(&thread, NULL, make_garbage, &is_done), 0);
    for (int64_t k = 0; k < DROPPED / 4; k++) {
        hf_cell_t *cell = bed_new(&bed, k);
        int64_t number;
        assert_int_equal(hf_call_into(cell->proxy, "getitem", "i", INT64_C(0), "i", &number), 0);
        assert_int_equal(number, k);
        GC_reachable_here(cell);
    }
    __atomic_store_n(&is_done, true, __ATOMIC_RELEASE);
    assert_int_equal(GC_pthread_join(thread, NULL), 0);
    collect();
    assert_true(bed_objects(&bed) <= DROPPED - GONE_AT_LEAST);
    hf_disconnect(&bed.client);
}

static void
a_failed_call_binds_to_nothing(void **state)
{
    bed_t bed = bed_open(*state);
    hf_proxy_t *none = hf_create(bed.client, "nonsense", "");
    assert_null(none);
    assert_null(hf_gc_bind(&none));
    hf_gc_release(NULL);
    hf_disconnect(&bed.client);
}

int
main(void)
{
    GC_INIT();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_dropped_goes_what_is_kept_lives, e2e_open,
                                        e2e_close),
        cmocka_unit_test_setup_teardown(finalizers_run_in_another_thread, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(a_failed_call_binds_to_nothing, e2e_open, e2e_close),
    };
    return cmocka_run_group_tests_name("e2e.gc", tests, NULL, NULL);
}
