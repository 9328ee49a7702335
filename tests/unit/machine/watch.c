/* SPDX-License-Identifier: MPL-2.0 */
/* watch -- calls that wait for a referent's end: they hear of it, however it comes, and are no holder. */
#include "rig.h"
#include "trial.h"

static rig_pair_t
opened(void)
{
    return rig_pair_open(&hf_plugin, NULL, "[\"Cell\", 5]");
}

static void
release(rig_pair_t *t, uint64_t object)
{
    (void)rig_put_release(&t->a, object, 1);
    rig_send(&t->a);
}

static void
it_does_not_hold(void **state)
{
    (void)state;
    rig_pair_t t = opened();
    uint64_t memory = hfi_machine_figures(t.rig->machine)->memory_bytes;
    assert_string_equal(rig_call(&t.a, 0, "watch", "[{\"$handle\": [1]}]"), "");
    assert_string_equal(rig_call(&t.a, 0, "watch", "[{\"$handle\": [1]}]"), "");
    assert_int_equal(rig_parked(t.rig), 2);
    release(&t, 1);
    assert_int_equal(rig_referents(t.rig), 0);
    assert_string_equal(rig_answers(&t.a), "2: 'unreferenced'\n3: 'unreferenced'\n");
    assert_int_equal(rig_parked(t.rig), 0);
    rig_acknowledge(&t.a);
    assert_true(hfi_machine_figures(t.rig->machine)->memory_bytes < memory);
    rig_pair_close(&t);
}

static void
each_hears_of_its_own(void **state)
{
    (void)state;
    rig_pair_t t = opened();
    (void)rig_call(&t.a, 0, "create", "[\"Cell\", {\"$handle\": [1]}]");
    (void)rig_call(&t.a, 0, "bind", "[\"n\", {\"$handle\": [2]}]");
    assert_string_equal(rig_call(&t.b, 0, "lookup", "[\"n\"]"), "1: <Cell #2>\n");
    assert_string_equal(rig_call(&t.b, 0, "watch", "[{\"$handle\": [2]}]"), "");
    assert_string_equal(rig_call(&t.a, 0, "watch", "[{\"$handle\": [1]}]"), "");
    (void)rig_put_release(&t.b, 2, 1);
    rig_send(&t.b);
    (void)rig_call(&t.a, 0, "unbind", "[\"n\"]");
    release(&t, 1);
    assert_int_equal(rig_referents(t.rig), 2); /* 2 holds 1 */
    assert_string_equal(rig_answers(&t.b), "");
    release(&t, 2);
    assert_string_equal(rig_answers(&t.b), "2: 'unreferenced'\n");
    assert_string_equal(rig_answers(&t.a), "4: 'unreferenced'\n");
    rig_pair_close(&t);
}

static void
its_other_ends(void **state)
{
    (void)state;
    rig_pair_t t = opened();
    (void)rig_put_call(&t.a, 0, "watch", "[{\"$handle\": [1]}]", "{\"timeout\": 1}");
    (void)rig_put_call(&t.a, 0, "watch", "[{\"$handle\": [1]}]", NULL);
    (void)rig_put_call(&t.a, 0, "watch", "[{\"$handle\": [1]}]", NULL);
    (void)rig_put_cancel(&t.a, 3);
    rig_send(&t.a);
    assert_string_equal(rig_answers(&t.a), "3! Cancelled: the call was cancelled\n");
    rig_pass(t.rig, 1.5);
    assert_string_equal(rig_answers(&t.a), "2! TimeoutError: the call's time is up\n");
    assert_int_equal(rig_parked(t.rig), 1);
    rig_bye(&t.a); /* and its session ends, which was the last to hold it */
    assert_int_equal(rig_parked(t.rig), 0);
    assert_int_equal(rig_referents(t.rig), 0);
    rig_pair_close(&t);
}

static void
a_promised_handle(void **state)
{
    (void)state;
    rig_pair_t t = opened();
    (void)rig_call(&t.a, 0, "create", "[\"Gate\"]");
    assert_string_equal(rig_call(&t.a, 2, "get", NULL), ""); /* call 3 */
    (void)rig_put_call(&t.a, 0, "watch", "[{\"$promise\": 3}]", NULL);
    rig_send(&t.a);
    assert_string_equal(rig_call(&t.a, 2, "put", "[{\"$handle\": [1]}]"),
                        "5: None\n3: <Cell #1>\n");
    release(&t, 1);
    assert_int_equal(rig_referents(t.rig), 2);
    release(&t, 1); /* what the get gave: the watch, which waited for it, holds nothing */
    assert_int_equal(rig_referents(t.rig), 1);
    assert_string_equal(rig_answers(&t.a), "4: 'unreferenced'\n");
    rig_pair_close(&t);
}

static void
shutdown_ends_it(void **state)
{
    (void)state;
    rig_pair_t t = opened();
    assert_string_equal(rig_call(&t.a, 0, "watch", "[{\"$handle\": [1]}]"), "");
    assert_string_equal(rig_call(&t.a, 0, "watch", "[{\"$handle\": [0]}]"), "");
    assert_string_equal(rig_call(&t.b, 0, "shutdown", NULL), "1: None\n");
    assert_string_equal(rig_answers(&t.a), "2: 'shutdown'\n3: 'shutdown'\n");
    assert_string_equal(rig_call(&t.a, 0, "watch", "[{\"$handle\": [1]}]"), "4: 'shutdown'\n");
    assert_false(t.rig->is_stopped);
    rig_acknowledge(&t.b);
    rig_acknowledge(&t.a); /* nothing waits any more: it need not wait for the 5 s */
    assert_true(t.rig->is_stopped);
    rig_pair_close(&t);
}

/* Two that hold each other and one that the second holds: all three were found and freed. */
static void
a_cycle_is_destroyed(void **state)
{
    (void)state;
    rig_pair_t t = opened();
    (void)rig_call(&t.a, 0, "create", "[\"Cell\", {\"$handle\": [1]}]");
    (void)rig_call(&t.a, 0, "create", "[\"Cell\", 7]");
    (void)rig_call(&t.a, 1, "set", "[[{\"$handle\": [2]}, {\"$handle\": [3]}]]");
    (void)rig_call(&t.a, 0, "create", "[\"Cell\", 8]");
    for (uint64_t object = 1; object <= 4; object++) {
        static const char *const args[] = {"[{\"$handle\": [1]}]", "[{\"$handle\": [2]}]",
                                           "[{\"$handle\": [3]}]", "[{\"$handle\": [4]}]"};
        assert_string_equal(rig_call(&t.a, 0, "watch", args[object - 1]), "");
    }
    for (uint64_t object = 1; object <= 4; object++)
        release(&t, object);
    assert_string_equal(rig_answers(&t.a), "9: 'unreferenced'\n");
    assert_int_equal(rig_referents(t.rig), 3);
    rig_pass(t.rig, 0.2);
    assert_string_equal(rig_answers(&t.a), "6: 'destroyed'\n7: 'destroyed'\n8: 'destroyed'\n");
    assert_int_equal(rig_referents(t.rig), 0);
    rig_pair_close(&t);
}

/* A cycle that falls apart by itself was not found: its last holder let go. */
static void
a_cycle_that_is_cut_is_unreferenced(void **state)
{
    (void)state;
    rig_pair_t t = opened();
    (void)rig_call(&t.a, 0, "create", "[\"Cell\", {\"$handle\": [1]}]");
    (void)rig_call(&t.a, 1, "set", "[{\"$handle\": [2]}]");
    assert_string_equal(rig_call(&t.a, 0, "watch", "[{\"$handle\": [1]}]"), "");
    assert_string_equal(rig_call(&t.a, 0, "watch", "[{\"$handle\": [2]}]"), "");
    assert_string_equal(rig_call(&t.a, 1, "set", "[0]"), "6: None\n");
    release(&t, 1);
    release(&t, 2);
    assert_string_equal(rig_answers(&t.a), "5: 'unreferenced'\n4: 'unreferenced'\n");
    rig_pair_close(&t);
}

static void
what_is_refused(void **state)
{
    (void)state;
    rig_pair_t t = opened();
    assert_string_equal(rig_call(&t.b, 0, "watch", "[{\"$handle\": [1]}]"),
                        "1! NoSuchObject: no object 1\n");
    assert_string_equal(rig_call(&t.b, 0, "watch", "[1]"),
                        "2! TypeError: watch() argument 'handle' must be handle, not int\n");
    (void)rig_put_call(&t.a, 0, "watch", "[{\"$handle\": [1]}]", "{\"oneway\": true}");
    rig_send(&t.a);
    release(&t, 1);
    assert_int_equal(rig_referents(t.rig), 0);
    assert_int_equal(rig_parked(t.rig), 0);
    assert_string_equal(rig_answers(&t.a), "");
    rig_pair_close(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_does_not_hold),
        cmocka_unit_test(each_hears_of_its_own),
        cmocka_unit_test(its_other_ends),
        cmocka_unit_test(a_promised_handle),
        cmocka_unit_test(shutdown_ends_it),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(a_cycle_is_destroyed),
        cmocka_unit_test(a_cycle_that_is_cut_is_unreferenced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
