/* SPDX-License-Identifier: MPL-2.0 */
/* holders -- refs names every holder of a referent, leaks what only names and idle sessions hold. */
#include <stdio.h>

#include "rig.h"
#include "trial.h"

static rig_pair_t
opened(void)
{
    return rig_pair_open(&hf_plugin, NULL, "[\"Cell\", 5]");
}

#define SESSION(object_, count_, idle_)                                                            \
    object_ "{'kind': 'session', 'count': " count_                                                 \
            ", 'client': '', 'peer': None, 'user': None, 'idle': " idle_ "}"

static const char *
refs(rig_pair_t *t, uint64_t object)
{
    char args[64];
    (void)snprintf(args, sizeof args, "[{\"$handle\": [%llu]}]", (unsigned long long)object);
    const char *says = rig_call(&t->a, 0, "refs", args);
    return says + strspn(says, "0123456789: ");
}

static void
sessions_and_names(void **state)
{
    (void)state;
    rig_pair_t t = opened();
    (void)rig_call(&t.a, 0, "bind", "[\"y\", {\"$handle\": [1]}]");
    (void)rig_call(&t.a, 0, "bind", "[\"x\", {\"$handle\": [1]}]");
    (void)rig_call(&t.b, 0, "lookup", "[\"x\"]");
    (void)rig_call(&t.b, 0, "lookup", "[\"x\"]");
    rig_pass(t.rig, 1.5);
    assert_string_equal(
        refs(&t, 1),
        "[" SESSION("", "1", "0.0") ", " SESSION(
            "", "2",
            "1.5") ", {'kind': 'name', 'count': 1, 'name': 'x'}, {'kind': 'name', 'count': 1, "
                   "'name': 'y'}]\n");
    rig_pair_close(&t);
}

static void
pins(void **state)
{
    (void)state;
    rig_pair_t t = opened();
    (void)rig_call(&t.a, 0, "export", "[[{\"$handle\": [1]}, {\"$handle\": [1]}], 10, 3]");
    (void)rig_call(&t.a, 0, "export", "[{\"$handle\": [1]}, {\"$float\": \"inf\"}]");
    (void)rig_call(&t.a, 0, "export", "[{\"$handle\": [1]}, 0]"); /* weak: no holder */
    rig_pass(t.rig, 2.5);
    assert_string_equal(
        refs(&t, 1),
        "[" SESSION("", "1",
                    "0.0") ", {'kind': 'pin', 'count': 1, 'uses': None, 'expires': None}, {'kind': "
                           "'pin', 'count': 2, 'uses': 3, 'expires': 7.5}]\n");
    rig_pair_close(&t);
}

static void
referents(void **state)
{
    (void)state;
    rig_pair_t t = opened();
    (void)rig_call(&t.a, 0, "create", "[\"Cell\", [{\"$handle\": [1]}, {\"$handle\": [1]}]]");
    (void)rig_call(&t.a, 0, "create", "[\"Gate\"]");
    (void)rig_call(&t.a, 3, "put", "[{\"$handle\": [1]}]"); /* a Gate does not tell */
    (void)rig_call(&t.a, 0, "create", "[\"Cell\", 7]");
    assert_string_equal(
        refs(&t, 1),
        "[" SESSION("", "1",
                    "0.0") ", {'kind': 'referent', 'count': 2, 'object': 2, 'typeid': 'Cell'}, "
                           "{'kind': 'referent', 'count': 1, 'object': None, 'typeid': None}]\n");
    rig_pair_close(&t);
}

static void
calls(void **state)
{
    (void)state;
    rig_pair_t t = opened();
    (void)rig_call(&t.a, 0, "create", "[\"Gate\"]");
    (void)rig_call(&t.a, 0, "bind", "[\"g\", {\"$handle\": [2]}]");
    (void)rig_call(&t.b, 0, "lookup", "[\"g\"]");
    (void)rig_call(&t.a, 2, "take", NULL);
    (void)rig_call(&t.b, 2, "get", NULL);
    (void)rig_call(&t.a, 2, "get", NULL);
    (void)rig_put_promised(&t.a, 5, "frob",
                           "[{\"$handle\": [2]}]"); /* waits, names no method yet */
    rig_send(&t.a);
    (void)rig_call(&t.a, 0, "watch", "[{\"$handle\": [2]}]"); /* is none */
    assert_string_equal(refs(&t, 2),
                        "[" SESSION("", "1", "0.0") ", " SESSION(
                            "", "1", "0.0") ", {'kind': 'name', 'count': 1, 'name': 'g'}"
                                            ", {'kind': 'call', 'count': 1, 'method': 'frob'}"
                                            ", {'kind': 'call', 'count': 2, 'method': 'get'}"
                                            ", {'kind': 'call', 'count': 1, 'method': 'take'}]\n");
    rig_pair_close(&t);
}

static void
the_manager_itself(void **state)
{
    (void)state;
    rig_pair_t t = opened();
    assert_string_equal(refs(&t, 0), "[]\n");
    assert_string_equal(rig_call(&t.b, 0, "refs", "[{\"$handle\": [1]}]"),
                        "1! NoSuchObject: no object 1\n");
    rig_pair_close(&t);
}

/* Both sessions say that they are there; only `a` is asked for something. */
static void
stay(rig_pair_t *t, int seconds)
{
    for (int i = 0; i < seconds; i++) {
        rig_pass(t->rig, 1.0);
        rig_acknowledge(&t->a);
        rig_acknowledge(&t->b);
    }
}

static void
leaks(void **state)
{
    (void)state;
    rig_pair_t t = opened();
    assert_string_equal(rig_call(&t.b, 0, "create", "[\"Cell\", 6]"), "1: <Cell #2>\n");
    (void)rig_call(&t.b, 0, "create", "[\"Cell\", {\"$handle\": [2]}]");
    (void)rig_call(&t.b, 0, "create", "[\"Cell\", 8]"); /* 4 */
    (void)rig_call(&t.b, 0, "bind", "[\"n\", {\"$handle\": [4]}]");
    (void)rig_call(&t.b, 0, "create", "[\"Cell\", 9]"); /* 5 */
    (void)rig_call(&t.b, 0, "export", "[{\"$handle\": [5]}]");
    (void)rig_call(&t.a, 0, "create", "[\"Cell\", 9]"); /* 6 */
    (void)rig_call(&t.a, 0, "bind", "[\"o\", {\"$handle\": [6]}]");
    stay(&t, 20);
    assert_string_equal(rig_call(&t.a, 0, "leaks", NULL), "4: []\n"); /* not 600 s yet */
    /* 2 is held by 3, 5 by a pin, 6 by a session that is not idle */
    assert_string_equal(
        rig_call(&t.a, 0, "leaks", "[20]"),
        "5: [{'object': 4, 'typeid': 'Cell', 'kind': 'name', 'count': 1, 'name': 'n'}, "
        "{'object': 3, 'typeid': 'Cell', 'kind': 'session', 'count': 1, 'client': '', 'peer': "
        "None, 'user': None, 'idle': 20.0}, {'object': 4, 'typeid': 'Cell', 'kind': 'session', "
        "'count': 1, 'client': '', 'peer': None, 'user': None, 'idle': 20.0}]\n");
    assert_string_equal(rig_call(&t.a, 0, "leaks", "[20.1]"), "6: []\n");
    assert_string_equal(rig_call(&t.a, 0, "leaks", "[{\"$float\": \"inf\"}]"), "7: []\n");
    (void)rig_put_release(&t.a, 6, 1);
    rig_send(&t.a);
    assert_string_equal(rig_call(&t.a, 0, "leaks", "[30]"),
                        "9: [{'object': 6, 'typeid': 'Cell', 'kind': 'name', 'count': 1, 'name': "
                        "'o'}]\n");
    assert_string_equal(rig_call(&t.a, 0, "leaks", "[-1]"), "10! ValueError: idle is below 0\n");
    rig_pair_close(&t);
}

static void
who_waits_is_not_idle(void **state)
{
    (void)state;
    rig_pair_t t = opened();
    assert_string_equal(rig_call(&t.b, 0, "create", "[\"Gate\"]"), "1: <Gate #2>\n");
    (void)rig_call(&t.b, 0, "create", "[\"Cell\", 6]");
    assert_string_equal(rig_call(&t.b, 2, "get", NULL), "");
    stay(&t, 20);
    assert_string_equal(rig_call(&t.a, 0, "leaks", "[10]"), "2: []\n");
    (void)rig_put_cancel(&t.b, 3);
    rig_send(&t.b);
    (void)rig_answers(&t.b);
    stay(&t, 9);
    assert_string_equal(rig_call(&t.a, 0, "leaks", "[10]"), "3: []\n");
    stay(&t, 1);
    assert_non_null(strstr(rig_call(&t.a, 0, "leaks", "[10]"), "4: [{'object': 2, "));
    rig_pair_close(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_and_names),
        cmocka_unit_test(pins),
        cmocka_unit_test(referents),
        cmocka_unit_test(calls),
        cmocka_unit_test(the_manager_itself),
        cmocka_unit_test(leaks),
        cmocka_unit_test(who_waits_is_not_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
