/* SPDX-License-Identifier: MPL-2.0 */
/* policy -- what a POLICY does to a manager at work: figures, answers, sessions that are open. */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <holdfast/plugin.h>
#include <value/json.h>
#include <value/value.h>

extern const hf_plugin_t hf_plugin;

static void
a_further_typeid_has_figures_of_its_own(void **state)
{
    (void)state;
    rig_alone_t t = rig_alone_open(&hf_plugin, NULL);
    rig_client_t *a = &t.a;
    rig_policy(t.rig, "{'types': {'Box': {'is': 'Cell', 'hide': 'repr'}}}");
    assert_string_equal(t.rig->log, "");
    assert_string_equal(rig_call(a, 0, "types", NULL), "1: ['Box', 'Cell', 'Gate']\n");
    assert_string_equal(rig_call(a, 0, "create", "['Box', 5]"), "2: <Box #1>\n");
    assert_string_equal(rig_call(a, 1, "get", NULL), "3: 5\n");
    assert_string_equal(rig_call(a, 1, "repr", NULL),
                        "4! NotExposed: 'repr' of Box is not exposed here\n");
    const char *says = rig_call(a, 0, "stats", NULL);
    assert_non_null(strstr(says, "'Box': {'plugin': 'trial', 'referents': 1, 'calls': 2"));
    assert_non_null(strstr(says, "'Cell': {'plugin': 'trial', 'referents': 0, 'calls': 0"));
    assert_non_null(strstr(rig_call(a, 0, "describe", "['Box']"), "'typeid': 'Box'"));
    rig_policy(t.rig, "{}");
    assert_string_equal(rig_call(a, 1, "get", NULL),
                        "7! NotExposed: 'get' of Box is not exposed here\n");
    assert_string_equal(rig_call(a, 0, "create", "['Box']"), "8! NoSuchType: no type 'Box'\n");
    assert_null(strstr(rig_call(a, 0, "stats", NULL), "'Box'"));
    rig_alone_close(&t);
}

static void
an_answer_becomes_a_referent(void **state)
{
    (void)state;
    rig_alone_t t = rig_alone_open(&hf_plugin, NULL);
    rig_client_t *a = &t.a;
    rig_policy(t.rig, "{'types': {'Cell': {'returns': {'echo': 'Cell'}}}}");
    assert_string_equal(rig_call(a, 0, "create", "['Cell', 5]"), "1: <Cell #1>\n");
    assert_string_equal(rig_call(a, 1, "echo", "[1, 2]"), "2: <Cell #2>\n");
    assert_string_equal(rig_call(a, 2, "get", NULL), "3: [[1, 2], {}]\n");
    /* a handle in it is held by what was made, and no more by the session */
    assert_string_equal(rig_call(a, 1, "echo", "[{'$handle': [2]}]"), "4: <Cell #3>\n");
    (void)rig_put_release(a, 2, 1);
    rig_send(a);
    assert_string_equal(rig_call(a, 2, "get", NULL), "6! NoSuchObject: no object 2\n");
    assert_string_equal(rig_call(a, 0, "number_of_objects", NULL), "7: 3\n");
    (void)rig_put_release(a, 3, 1);
    rig_send(a);
    assert_string_equal(rig_call(a, 0, "number_of_objects", NULL), "9: 1\n");
    /* whoever wants no answer gets no referent */
    (void)rig_put_call(a, 1, "echo", "[1]", "{'oneway': true}");
    rig_send(a);
    assert_string_equal(rig_call(a, 0, "number_of_objects", NULL), "11: 1\n");
    rig_alone_close(&t);
}

static void
defaults_and_limits_hold_at_once(void **state)
{
    (void)state;
    rig_alone_t t = rig_alone_open(&hf_plugin, NULL);
    rig_client_t *a = &t.a;
    rig_policy(t.rig,
               "{'types': {'Cell': {'defaults': {'value': '7'}, 'limits': {'instances': '2'}}}}");
    assert_string_equal(rig_call(a, 0, "create", "['Cell']"), "1: <Cell #1>\n");
    assert_string_equal(rig_call(a, 1, "get", NULL), "2: 7\n");
    assert_string_equal(rig_call(a, 0, "create", "['Cell', 8]"), "3: <Cell #2>\n");
    assert_string_equal(rig_call(a, 2, "get", NULL), "4: 8\n");
    assert_string_equal(rig_call(a, 0, "create", "['Cell']"),
                        "5! LimitExceeded: there may be 2 of Cell, and there are\n");
    assert_non_null(strstr(rig_call(a, 0, "describe", "['Cell']"), "'defaults': {'value': 7}"));
    rig_policy(
        t.rig,
        "{'types': {'Cell': {'limits': {'memory': '300'}}}, 'limits': {'names': 1, 'window': 1}}");
    assert_string_equal(rig_call(a, 0, "create", "['Cell']"), "7: <Cell #3>\n");
    assert_string_equal(
        rig_call(
            a, 3, "set",
            "['a text that is longer than a cell may have, at least as long as there is a limit: a "
            "text that is longer than a cell may have, at least as long as there is a limit, and "
            "then some more of it, so that it is not to be kept whatever else is kept']"),
        "8! LimitExceeded: Cell's memory is at its limit\n");
    assert_string_equal(rig_call(a, 0, "bind", "['a', {'$handle': [1]}]"), "9: None\n");
    assert_string_equal(rig_call(a, 0, "bind", "['b', {'$handle': [1]}]"),
                        "10! LimitExceeded: the manager has as many names as it may\n");
    rig_alone_close(&t);
}

static void
open_sessions_obey_roles(void **state)
{
    (void)state;
    rig_alone_t t = rig_alone_open(&hf_plugin, NULL);
    rig_client_t *a = &t.a;
    assert_string_equal(rig_call(a, 0, "create", "['Cell', 5]"), "1: <Cell #1>\n");
    rig_policy(t.rig,
               "{'roles': {'r': {'grant': 'Cell.get Gate.create manager.types manager.describe'}}, "
               "'others': {'tcp': 'r'}}");
    assert_string_equal(rig_call(a, 1, "get", NULL), "2: 5\n");
    assert_string_equal(rig_call(a, 1, "set", "[1]"),
                        "3! PermissionDenied: no role of this user grants Cell.set\n");
    assert_string_equal(rig_call(a, 1, "sat", "[1]"),
                        "4! NoSuchMethod: Cell has no method 'sat'\n");
    assert_string_equal(rig_call(a, 0, "create", "['Cell']"),
                        "5! PermissionDenied: no role of this user grants Cell.create\n");
    assert_string_equal(rig_call(a, 0, "create", "['Gate']"), "6: <Gate #2>\n");
    assert_string_equal(rig_call(a, 0, "types", NULL), "7: ['Gate']\n");
    const char *says = rig_call(a, 0, "describe", "['Cell']");
    assert_non_null(strstr(says, "'get'"));
    assert_null(strstr(says, "'set'"));
    assert_string_equal(rig_call(a, 0, "shutdown", NULL),
                        "9! PermissionDenied: no role of this user grants manager.shutdown\n");
    rig_client_t b; /* who comes later, and who comes back, is the same */
    rig_connect(t.rig, &b, 2);
    assert_string_equal(rig_call(&b, 0, "sessions", NULL),
                        "1! PermissionDenied: no role of this user grants manager.sessions\n");
    rig_close(&b);
    rig_policy(t.rig, "{'others': {'ipc': ''}}");
    assert_string_equal(rig_call(a, 1, "get", NULL),
                        "10! PermissionDenied: no role of this user grants Cell.get\n");
    rig_policy(t.rig, "{}");
    assert_string_equal(rig_call(a, 1, "set", "[1]"), "11: None\n");
    rig_alone_close(&t);
}

/* What is hidden of a referent is not to be had through another one. */
static void
a_value_is_not_read_behind_its_back(void **state)
{
    (void)state;
    rig_alone_t t = rig_alone_open(&hf_plugin, NULL);
    rig_client_t *a = &t.a;
    assert_string_equal(rig_call(a, 0, "create", "['Cell', 5]"), "1: <Cell #1>\n");
    assert_string_equal(rig_call(a, 0, "create", "['Gate']"), "2: <Gate #2>\n");
    assert_string_equal(rig_call(a, 2, "value_of", "[{'$handle': [1]}]"), "3: 5\n");
    rig_policy(t.rig, "{'types': {'Cell': {'hide': 'getvalue'}}}");
    assert_string_equal(rig_call(a, 2, "value_of", "[{'$handle': [1]}]"),
                        "4! NotExposed: 'getvalue' of Cell is not exposed here\n");
    rig_policy(t.rig, "{'types': {'Cell': {'rename': {'getvalue': 'all'}}}}");
    assert_string_equal(rig_call(a, 2, "value_of", "[{'$handle': [1]}]"), "5: 5\n");
    rig_policy(t.rig, "{'roles': {'r': {'grant': 'Gate.* Cell.get'}}, 'others': {'tcp': 'r'}}");
    assert_string_equal(rig_call(a, 2, "value_of", "[{'$handle': [1]}]"),
                        "6! PermissionDenied: no role of this user grants Cell.getvalue\n");
    rig_alone_close(&t);
}

static void
what_is_wrong_changes_nothing(void **state)
{
    (void)state;
    rig_alone_t t = rig_alone_open(&hf_plugin, NULL);
    rig_client_t *a = &t.a;
    rig_policy(t.rig, "{'types': {'Cell': {'hide': 'set'}}}");
    rig_policy(t.rig, "{'types': {'Cell': {'hide': 'get sat'}, 'Box': {'is': 'Cell'}}}");
    assert_non_null(strstr(t.rig->log, "policy: types/Cell/hide: Cell has no method 'sat'"));
    assert_string_equal(rig_call(a, 0, "create", "['Cell', 5]"), "1: <Cell #1>\n");
    assert_string_equal(rig_call(a, 1, "get", NULL), "2: 5\n");
    assert_string_equal(rig_call(a, 1, "set", "[1]"),
                        "3! NotExposed: 'set' of Cell is not exposed here\n");
    assert_string_equal(rig_call(a, 0, "create", "['Box']"), "4! NoSuchType: no type 'Box'\n");
    rig_alone_close(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_further_typeid_has_figures_of_its_own),
        cmocka_unit_test(an_answer_becomes_a_referent),
        cmocka_unit_test(defaults_and_limits_hold_at_once),
        cmocka_unit_test(open_sessions_obey_roles),
        cmocka_unit_test(a_value_is_not_read_behind_its_back),
        cmocka_unit_test(what_is_wrong_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
