/* SPDX-License-Identifier: MPL-2.0 */
/* root -- object 0's methods, the universal ones, exposure, and that the same events give the same outputs. */
#include <stdio.h>

#include <holdfast/testing.h>
#include <value/json.h>
#include <value/value.h>

#include "rig.h"
#include "trial.h"

static rig_alone_t
alone(void)
{
    return rig_alone_open(&hf_plugin, "{'server': 'tests', 'endpoints': ['ipc://x']}");
}

static void
names(void **state)
{
    (void)state;
    rig_alone_t t = alone();
    rig_client_t *a = &t.a;
    assert_string_equal(rig_call(a, 0, "create", "['Cell', 1]"), "1: <Cell #1>\n");
    assert_string_equal(rig_call(a, 0, "bind", "['b', {'$handle': [1]}]"), "2: None\n");
    assert_string_equal(rig_call(a, 0, "bind", "['b', {'$handle': [1]}]"),
                        "3! ValueError: 'b' is bound\n");
    assert_string_equal(rig_call(a, 0, "bind", "['\\u00e9', {'$handle': [1]}]"), "4: None\n");
    assert_string_equal(rig_call(a, 0, "bind", "['a', {'$handle': [1]}]"), "5: None\n");
    assert_string_equal(rig_call(a, 0, "bind", "['ab', {'$handle': [1]}]"), "6: None\n");
    assert_string_equal(rig_call(a, 0, "names", NULL), "7: ['a', 'ab', 'b', '\xc3\xa9']\n");
    assert_string_equal(rig_call(a, 0, "names", "['a']"), "8: ['a', 'ab']\n");
    assert_string_equal(rig_call(a, 0, "lookup", "['x']"), "9! KeyError: 'x'\n");
    assert_string_equal(rig_call(a, 0, "unbind", "['x']"), "10! KeyError: 'x'\n");
    assert_string_equal(rig_call(a, 0, "lookup", "['ab']"), "11: <Cell #1>\n");
    /* names hold */
    (void)rig_put_release(a, 1, 2);
    rig_send(a);
    assert_string_equal(rig_call(a, 0, "number_of_objects", NULL), "13: 1\n");
    assert_string_equal(rig_call(a, 0, "create", "['Gate']"), "14: <Gate #2>\n");
    (void)rig_put_call(a, 0, "bind", "['a', {'$handle': [2]}, true]", NULL); /* replaced */
    (void)rig_put_call(a, 0, "unbind", "['b']", NULL);
    (void)rig_put_call(a, 0, "unbind", "['ab']", NULL);
    (void)rig_put_call(a, 0, "unbind", "['\\u00e9']", NULL);
    (void)rig_put_call(a, 0, "number_of_objects", NULL,
                       NULL); /* what earlier messages freed is gone from it */
    rig_send(a);
    assert_string_equal(rig_answers(a), "15: None\n16: None\n17: None\n18: None\n19: 1\n");
    assert_string_equal(rig_call(a, 0, "get_or_create", "['a', 'Cell', 5]"), "20: <Gate #2>\n");
    assert_string_equal(rig_call(a, 0, "get_or_create", "['c', 'Cell', 5]"), "21: <Cell #3>\n");
    assert_string_equal(rig_call(a, 3, "get", NULL), "22: 5\n");
    rig_alone_close(&t);
}

static void
describes(void **state)
{
    (void)state;
    rig_alone_t t = alone();
    rig_client_t *a = &t.a;
    assert_string_equal(rig_call(a, 0, "types", NULL), "1: ['Cell', 'Gate']\n");
    const char *says = rig_call(a, 0, "describe", "['Cell']");
    assert_non_null(
        strstr(says, "'typeid': 'Cell', 'doc': 'One value.', 'signature': 'value: any = nil'"));
    assert_non_null(
        strstr(says, "{'name': 'set', 'signature': 'value: any', 'doc': 'Another value.', "
                     "'flags': ['writes'], 'returns': None, 'since': None, 'deprecated': None}"));
    assert_non_null(strstr(
        says,
        "'flags': ['reads'], 'returns': None, 'since': '1.1', 'deprecated': 'Call get of it.'}"));
    assert_non_null(strstr(says, "'getvalue'"));
    says = rig_call(a, 0, "describe", "['manager']");
    assert_non_null(strstr(says, "'get_or_create'"));
    assert_non_null(strstr(says, "'flags': ['reads', 'parks']"));
    assert_string_equal(rig_call(a, 0, "describe", "['x']"), "4! NoSuchType: no type 'x'\n");
    rig_alone_close(&t);
}

static void
objects(void **state)
{
    (void)state;
    rig_alone_t t = alone();
    rig_client_t *a = &t.a;
    (void)rig_call(a, 0, "create", "['Cell', 1]");
    (void)rig_call(a, 0, "create", "['Cell', [{'$handle': [1]}, {'$handle': [1]}]]");
    (void)rig_call(a, 0, "bind", "['n', {'$handle': [2]}]");
    (void)rig_call(a, 0, "create", "['Gate']");
    (void)rig_call(a, 3, "get", NULL);
    const char *says = rig_call(a, 0, "objects", NULL);
    assert_non_null(strstr(
        says,
        "[{'object': 1, 'typeid': 'Cell', 'size': 88, 'holders': {'session': 1, 'referent': 2}}"));
    assert_non_null(strstr(says, "{'object': 2, 'typeid': 'Cell', "));
    assert_non_null(strstr(says, "'holders': {'session': 1, 'name': 1}}"));
    assert_non_null(strstr(says, "'holders': {'session': 1, 'call': 1}}"));
    assert_non_null(strstr(rig_call(a, 0, "objects", "[1, 1]"), "7: [{'object': 2, "));
    assert_string_equal(rig_call(a, 0, "objects", "[0]"), "8: []\n");
    assert_string_equal(rig_call(a, 0, "objects", "[5, 3]"), "9: []\n");
    assert_string_equal(rig_call(a, 0, "objects", "[-1]"), "10! ValueError: limit is below 0\n");
    assert_string_equal(rig_call(a, 0, "objects", "[1, -1]"), "11! ValueError: after is below 0\n");
    assert_string_equal(rig_call(a, 0, "debug_info", NULL),
                        "12: '  1:       refcount=3\\n    1\\n  2:       refcount=2\\n    "
                        "[<Cell #1>, <Cell #1>]\\n  3:       refcount=2\\n    <Gate #3>'\n");
    rig_alone_close(&t);
}

static void
universals(void **state)
{
    (void)state;
    rig_alone_t t = alone();
    rig_client_t *a = &t.a;
    (void)rig_call(a, 0, "create", "['Cell', ['x', null]]");
    (void)rig_call(a, 0, "create", "['Gate']");
    assert_string_equal(rig_call(a, 1, "repr", NULL), "3: \"['x', None]\"\n");
    assert_string_equal(rig_call(a, 1, "str", NULL), "4: \"['x', None]\"\n");
    assert_string_equal(rig_call(a, 1, "getvalue", NULL), "5: ['x', None]\n");
    assert_string_equal(rig_call(a, 2, "repr", NULL), "6: '<Gate #2>'\n");
    assert_string_equal(rig_call(a, 2, "getvalue", NULL),
                        "7! Unserializable: Gate has no value form\n");
    assert_string_equal(rig_call(a, 0, "repr", NULL), "8: '<manager #0>'\n");
    assert_string_equal(rig_call(a, 2, "value_of", "[{'$handle': [1]}]"), "9: ['x', None]\n");
    assert_string_equal(rig_call(a, 2, "value_of", "[{'$handle': [2]}]"), "10: 'none'\n");
    rig_alone_close(&t);
}

static void
stats(void **state)
{
    (void)state;
    rig_alone_t t = alone();
    rig_pass(t.rig, 1.5);
    t.rig->is_job_held = true;
    assert_string_equal(rig_call(&t.a, 0, "stats", NULL),
                        ""); /* parked, until the world has answered */
    assert_string_equal(rig_call(&t.a, 0, "number_of_objects", NULL), "2: 0\n");
    uint64_t job = t.rig->job;
    rig_apply(t.rig, &(hfi_event_t){.kind = HFI_EVENT_JOB_DONE,
                                    .link = job + 1,
                                    .bytes = {(const uint8_t *)"\x80", 1}});
    rig_apply(t.rig, &(hfi_event_t){.kind = HFI_EVENT_JOB_DONE,
                                    .link = job,
                                    .bytes = {(const uint8_t *)"\x81\xa3pid\x07", 6}});
    const char *says = rig_answers(&t.a);
    assert_non_null(strstr(says, "1: {'uptime': 1.5, 'referents': 0, 'sessions': 1, "));
    assert_non_null(strstr(says, "'plugins': {'trial': {'version': '1.0.0', 'hash': '01', 'live': "
                                 "0, 'retired': False, 'about': {}, 'older': []}}"));
    assert_non_null(strstr(says, "'pid': 7}"));
    /* nobody waits for it any more */
    (void)rig_call(&t.a, 0, "stats", NULL);
    (void)rig_put_cancel(&t.a, 3);
    rig_send(&t.a);
    assert_string_equal(rig_answers(&t.a), "3! Cancelled: the call was cancelled\n");
    rig_apply(t.rig, &(hfi_event_t){.kind = HFI_EVENT_JOB_DONE,
                                    .link = t.rig->job,
                                    .bytes = {(const uint8_t *)"\x80", 1}});
    assert_string_equal(rig_answers(&t.a), "");
    rig_alone_close(&t);
}

static void
sessions(void **state)
{
    (void)state;
    rig_alone_t t = alone();
    rig_apply(t.rig, &(hfi_event_t){.kind = HFI_EVENT_LINK_UP,
                                    .link = 2,
                                    .peer = {.user = hfi_span_of("ann"), .uid = 1000, .pid = 42}});
    rig_hello(
        t.rig, 2,
        &(hfi_hello_t){.session = {.bytes = {2}}, .attempt = 1, .client = hfi_span_of("demo 42")});
    rig_pass(t.rig, 0.5);
    (void)rig_call(&t.a, 0, "create", "['Gate']");
    (void)rig_call(&t.a, 1, "get", NULL);
    rig_down(t.rig, 2, false);
    assert_string_equal(
        rig_call(&t.a, 0, "sessions", NULL),
        "3: [{'client': '', 'peer': None, 'user': None, 'age': 0.5, 'idle': 0.0, 'detached': "
        "False, "
        "'holds': 1, 'parked': 1, 'unacknowledged': 0}, {'client': 'demo 42', 'peer': 'uid 1000 "
        "pid "
        "42', 'user': 'ann', 'age': 0.5, 'idle': 0.5, 'detached': True, 'holds': 0, 'parked': 0, "
        "'unacknowledged': 0}]\n");
    rig_alone_close(&t);
}

static void
exposure(void **state)
{
    (void)state;
    rig_alone_t t = alone();
    rig_client_t *a = &t.a;
    (void)rig_call(a, 0, "create", "['Cell', 1]");
    rig_policy(t.rig,
               "{'types': {'Cell': {'hide': ['set', 'repr']}, 'manager': {'hide': ['shutdown']}}}");
    assert_string_equal(rig_call(a, 1, "set", "[2]"),
                        "2! NotExposed: 'set' of Cell is not exposed here\n");
    assert_string_equal(rig_call(a, 1, "repr", NULL),
                        "3! NotExposed: 'repr' of Cell is not exposed here\n");
    assert_string_equal(rig_call(a, 0, "shutdown", NULL),
                        "4! NotExposed: 'shutdown' of manager is not exposed here\n");
    assert_string_equal(rig_call(a, 1, "get", NULL), "5: 1\n");
    assert_null(strstr(rig_call(a, 0, "describe", "['Cell']"), "'set'"));
    /* a policy that is none: said, and the former stays */
    rig_apply(t.rig, &(hfi_event_t){.kind = HFI_EVENT_POLICY,
                                    .bytes = {(const uint8_t *)"\x81\xa1x\x01", 4}});
    assert_true(t.rig->log[0] != '\0');
    assert_string_equal(rig_call(a, 1, "set", "[2]"),
                        "7! NotExposed: 'set' of Cell is not exposed here\n");
    rig_alone_close(&t);
}

static void
images(void **state)
{
    (void)state;
    rig_alone_t t = alone();
    const hf_plugin_t *plugin = t.rig->plugin;
    t.rig->plugin = NULL;
    rig_apply(t.rig, &(hfi_event_t){.kind = HFI_EVENT_IMAGE, .bytes = {(const uint8_t *)"x", 1}});
    assert_string_equal(t.rig->log, "server: an image that was never mapped\n");
    t.rig->log[0] = '\0';
    t.rig->plugin = plugin;
    rig_apply(t.rig, &(hfi_event_t){.kind = HFI_EVENT_IMAGE, .bytes = {(const uint8_t *)"y", 1}});
    assert_true(t.rig->log[0] != '\0'); /* its version is here */
    assert_string_equal(rig_call(&t.a, 0, "types", NULL), "1: ['Cell', 'Gate']\n");
    rig_alone_close(&t);
}

/* The path that the world is asked for is absolute; what the world says of it is the answer. */
static void
a_plugin_is_asked_for(void **state)
{
    (void)state;
    char path[5000] = "/";
    hf_testing_t *manager = hf_testing_new(NULL);
    hf_testing_session_t *a = hf_testing_open(manager);
    const char *const wrong[] = {"", "a.so", "./a.so", path};
    memset(path + 1, 'x', sizeof path - 2);
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++)
        assert_string_equal(hf_testing_call(a, 0, "load_plugin", "s", wrong[k]),
                            "ValueError: path must be absolute, and at most 4095 bytes long");
    assert_string_equal(hf_testing_call(a, 0, "load_plugin", "S", "/a\0b", (size_t)4),
                        "ValueError: path must be absolute, and at most 4095 bytes long");
    assert_string_equal(hf_testing_call(a, 0, "load_plugin", "s", "/a.so"), /* there is no world */
                        "RuntimeError: the manager could not try to load it");
    hf_testing_destroy(&manager);
}

static void
chance(void **state)
{
    (void)state;
    rig_alone_t t = alone();
    rig_alone_t u = alone();
    uint8_t entropy[32] = {7};
    (void)rig_call(&t.a, 0, "create", "['Gate']");
    (void)rig_call(&u.a, 0, "create", "['Gate']");
    char first[64];
    (void)snprintf(first, sizeof first, "%s", rig_call(&t.a, 1, "random", NULL));
    assert_string_equal(rig_call(&u.a, 1, "random", NULL),
                        first); /* the same entropy, the same numbers */
    assert_string_not_equal(rig_call(&t.a, 1, "random", NULL) + 1, first + 1);
    rig_apply(t.rig, &(hfi_event_t){.kind = HFI_EVENT_ENTROPY, .bytes = {entropy, sizeof entropy}});
    (void)snprintf(first, sizeof first, "%s", rig_call(&t.a, 1, "random", NULL));
    (void)rig_call(&u.a, 1, "random", NULL);
    assert_string_not_equal(rig_call(&u.a, 1, "random", NULL), first);
    rig_alone_close(&t);
    rig_alone_close(&u);
}

static void
between_referents(void **state)
{
    (void)state;
    rig_alone_t t = alone();
    rig_client_t *a = &t.a;
    (void)rig_call(a, 0, "create", "['Gate']");
    (void)rig_call(a, 0, "create", "['Cell', 7]");
    assert_string_equal(rig_call(a, 1, "new_cell", "['child']"), "3: <Cell #3>\n");
    assert_string_equal(rig_call(a, 2, "other", "[{'$handle': [3]}]"), "4: 'child'\n");
    assert_string_equal(rig_call(a, 2, "other", "[{'$handle': [1]}]"),
                        "5! TypeError: a handle of Cell is wanted, not of Gate\n");
    assert_string_equal(rig_call(a, 2, "echo", "[1, [2]]"), "6: [[1, [2]], {}]\n");
    /* a chain falls whole: each cell holds the next */
    for (int i = 3; i < 50; i++) {
        char args[64];
        (void)snprintf(args, sizeof args, "['Cell', {'$handle': [%d]}]", i);
        (void)rig_put_call(a, 0, "create", args, NULL);
    }
    rig_send(a);
    (void)rig_answers(a);
    for (uint64_t i = 1; i < 50; i++)
        (void)rig_put_release(a, i, 1);
    rig_send(a);
    assert_int_equal(rig_referents(t.rig), 48);
    (void)rig_put_release(a, 50, 1);
    rig_send(a);
    assert_int_equal(rig_referents(t.rig), 0);
    rig_alone_close(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(describes),
        cmocka_unit_test(objects),
        cmocka_unit_test(universals),
        cmocka_unit_test(stats),
        cmocka_unit_test(sessions),
        cmocka_unit_test(exposure),
        cmocka_unit_test(images),
        cmocka_unit_test(a_plugin_is_asked_for),
        cmocka_unit_test(chance),
        cmocka_unit_test(between_referents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
