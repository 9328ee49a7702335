/* SPDX-License-Identifier: MPL-2.0 */
/* limit -- whatever a peer can make larger has an end, and the end has a name. */
#include <stdio.h>
#include <stdlib.h>

#include "rig.h"
#include "trial.h"

static void
leave(rig_alone_t *t)
{
    rig_bye(&t->a);
    assert_int_equal(hfi_machine_figures(t->rig->machine)->sessions, 0);
    rig_alone_close(t);
}

static void
sessions_and_links(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, "{\"limits\": {\"sessions\": 1, \"links\": 2}}");
    rig_client_t a;
    rig_connect(rig, &a, 1);
    rig_up(rig, 2);
    rig_hello(rig, 2, &(hfi_hello_t){.session = {.bytes = {9}}, .attempt = 1});
    assert_string_equal(rig_said(rig, 2), "REJECT limit\n");
    rig_up(rig, 3);
    assert_string_equal(rig_said(rig, 3), "REJECT limit\nKICK\n");
    rig_bye(&a);
    rig_hello(rig, 2, &(hfi_hello_t){.session = {.bytes = {9}}, .attempt = 1});
    assert_string_equal(rig_said(rig, 2), "WELCOME new received=0\nREWIND after=0\n");
    rig_close(&a);
    rig_destroy(&rig);
}

static void
referents(void **state)
{
    (void)state;
    rig_alone_t t = rig_alone_open(&hf_plugin, "{\"limits\": {\"referents\": 2}}");
    (void)rig_call(&t.a, 0, "create", "[\"Cell\"]");
    (void)rig_call(&t.a, 0, "create", "[\"Gate\"]");
    assert_string_equal(rig_call(&t.a, 0, "create", "[\"Cell\"]"),
                        "3! LimitExceeded: the manager has as many referents as it may\n");
    assert_string_equal(rig_call(&t.a, 2, "new_cell", "[1]"),
                        "4! LimitExceeded: the manager has as many referents as it may\n");
    (void)rig_put_release(&t.a, 1, 1);
    rig_send(&t.a);
    assert_string_equal(rig_call(&t.a, 0, "create", "[\"Cell\"]"),
                        "6: <Cell #3>\n"); /* 1 is never used again */
    leave(&t);
}

static void
holdings(void **state)
{
    (void)state;
    rig_alone_t t = rig_alone_open(&hf_plugin, "{\"limits\": {\"holdings\": 2}}");
    (void)rig_call(&t.a, 0, "create", "[\"Cell\"]");
    (void)rig_call(&t.a, 0, "create", "[\"Gate\"]");
    assert_string_equal(rig_call(&t.a, 0, "create", "[\"Cell\"]"),
                        "3! LimitExceeded: the session holds as many referents as it may\n");
    assert_int_equal(rig_referents(t.rig), 2); /* the newborn is gone */
    assert_string_equal(rig_call(&t.a, 2, "self", NULL),
                        "4: <Gate #2>\n"); /* one that it holds already */
    leave(&t);
}

static void
parked(void **state)
{
    (void)state;
    rig_alone_t t = rig_alone_open(&hf_plugin, "{\"limits\": {\"parked\": 2}}");
    (void)rig_call(&t.a, 0, "create", "[\"Gate\"]");
    (void)rig_call(&t.a, 1, "get", NULL);
    (void)rig_call(&t.a, 1, "take", NULL);
    assert_string_equal(rig_call(&t.a, 1, "get", NULL),
                        "4! LimitExceeded: the session has as many parked calls as it may\n");
    assert_string_equal(rig_call(&t.a, 1, "counts", NULL), "5: [1, 1, 0, 2]\n");
    leave(&t);
}

static void
parked_of_a_referent(void **state)
{
    (void)state;
    rig_alone_t t = rig_alone_open(&hf_plugin, "{\"limits\": {\"parked_referent\": 1}}");
    (void)rig_call(&t.a, 0, "create", "[\"Gate\"]");
    (void)rig_call(&t.a, 1, "get", NULL);
    assert_string_equal(rig_call(&t.a, 1, "get", NULL),
                        "3! LimitExceeded: the referent has as many parked calls as it may\n");
    leave(&t);
}

static void
names(void **state)
{
    (void)state;
    rig_alone_t t = rig_alone_open(&hf_plugin, "{\"limits\": {\"names\": 1, \"name_bytes\": 4}}");
    (void)rig_call(&t.a, 0, "create", "[\"Cell\"]");
    assert_string_equal(rig_call(&t.a, 0, "bind", "[\"abcde\", {\"$handle\": [1]}]"),
                        "2! LimitExceeded: a name has at most 4 bytes\n");
    assert_string_equal(rig_call(&t.a, 0, "bind", "[\"abcd\", {\"$handle\": [1]}]"), "3: None\n");
    assert_string_equal(rig_call(&t.a, 0, "bind", "[\"b\", {\"$handle\": [1]}]"),
                        "4! LimitExceeded: the manager has as many names as it may\n");
    assert_string_equal(rig_call(&t.a, 0, "get_or_create", "[\"b\", \"Cell\"]"),
                        "5! LimitExceeded: the manager has as many names as it may\n");
    assert_int_equal(rig_referents(t.rig), 1);
    leave(&t);
}

static void
timers(void **state)
{
    (void)state;
    rig_alone_t t = rig_alone_open(&hf_plugin, "{\"limits\": {\"timers\": 1}}");
    (void)rig_call(&t.a, 0, "create", "[\"Gate\"]");
    assert_string_equal(rig_call(&t.a, 1, "timer", "[1, 5]"), "2: 0.0\n");
    assert_string_equal(rig_call(&t.a, 1, "timer", "[2, 5]"),
                        "3! LimitExceeded: the referent has as many timers as it may\n");
    assert_string_equal(rig_call(&t.a, 1, "timer", "[1, 6]"), "4: 0.0\n");
    leave(&t);
}

/* Memory at its limit: each way to it is LimitExceeded, and what was given back can be had again. */
static void
memory(void **state)
{
    (void)state;
    rig_alone_t t = rig_alone_open(&hf_plugin, "{\"memory_limit\": 60000}");
    char args[4096];
    (void)snprintf(args, sizeof args, "[\"Cell\", \"%03000d\"]", 7);
    uint64_t made = 0;
    while (strstr(rig_call(&t.a, 0, "create", args), "<Cell #") != NULL)
        made++;
    assert_non_null(strstr(t.rig->text, "! LimitExceeded: the manager's memory is at its limit"));
    assert_in_range(made, 5, 25);
    assert_int_equal(rig_referents(t.rig), made);
    for (uint64_t i = 1; i <= made; i++)
        (void)rig_put_release(&t.a, i, 1);
    rig_send(&t.a);
    assert_int_equal(rig_referents(t.rig), 0);
    assert_non_null(strstr(rig_call(&t.a, 0, "create", args), "<Cell #"));
    leave(&t);
}

static void
memory_of_parked_calls(void **state)
{
    (void)state;
    rig_alone_t t = rig_alone_open(&hf_plugin, "{\"memory_limit\": 40000}");
    (void)rig_call(&t.a, 0, "create", "[\"Gate\"]");
    for (int i = 0; i < 200; i++)
        (void)rig_put_call(&t.a, 1, "get", NULL, NULL);
    rig_send(&t.a);
    assert_non_null(
        strstr(rig_answers(&t.a), "! LimitExceeded: the manager's memory is at its limit"));
    uint64_t n = rig_parked(t.rig);
    assert_in_range(n, 10, 150);
    leave(&t);
}

static void
unknown_settings_are_ignored(void **state)
{
    (void)state;
    rig_alone_t t = rig_alone_open(
        &hf_plugin,
        "{\"nonsense\": 1, \"limits\": {\"nonsense\": 2, \"window\": 0}, \"lease_ms\": 0}");
    assert_string_equal(rig_call(&t.a, 0, "number_of_objects", NULL), "1: 0\n");
    leave(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_and_links),
        cmocka_unit_test(referents),
        cmocka_unit_test(holdings),
        cmocka_unit_test(parked),
        cmocka_unit_test(parked_of_a_referent),
        cmocka_unit_test(names),
        cmocka_unit_test(timers),
        cmocka_unit_test(memory),
        cmocka_unit_test(memory_of_parked_calls),
        cmocka_unit_test(unknown_settings_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
