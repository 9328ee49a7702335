/* SPDX-License-Identifier: MPL-2.0 */
/* tool -- every command of `holdfast`, and each of its exit codes, against a manager of the test's own. */
#include "harness.h"

enum { RAISED = 1, USAGE = 2, NO_MANAGER = 3 };

/* The tool's exit status, with what it must have printed. NULL: not looked at. */
static void
expect(const e2e_result_t *result, int status, const char *out, const char *err)
{
    if (result->status != status || (out != NULL && strcmp(result->out, out) != 0) ||
        (err != NULL && strstr(result->err, err) == NULL))
        fail_msg("status %d, wanted %d\nstdout: %s\nstderr: %s\nwanted: %s / %s", result->status,
                 status, result->out, result->err, out == NULL ? "anything" : out,
                 err == NULL ? "anything" : err);
    if (status == 0 && err == NULL)
        assert_string_equal(result->err, "");
}

#define DONE(self_, out_, ...)   expect(E2E_TOOL(self_, __VA_ARGS__), 0, out_, NULL)
#define RAISES(self_, err_, ...) expect(E2E_TOOL(self_, __VA_ARGS__), RAISED, "", err_)
#define MISUSE(self_, err_, ...) expect(E2E_TOOL(self_, __VA_ARGS__), USAGE, "", err_)

static void
has(const e2e_t *self, const char *text)
{
    if (strstr(self->result.out, text) == NULL)
        fail_msg("no \"%s\" in:\n%s", text, self->result.out);
}

static void
referents_are_made_called_and_read(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    DONE(self, "{\"$handle\": [1, \"list\"]}\n", "create", "list", "[1, 2]", "--name", "todo");
    DONE(self, "null\n", "call", "todo", "append", "-5");
    DONE(self, "null\n", "call", "@todo", "append", "two words");
    DONE(self, "null\n", "call", "todo", "append", "\"a=b\"");
    DONE(self, "null\n", "call", "todo", "append", "@todo");
    DONE(self, "null\n", "call", "todo", "append", "{\"$bytes\": \"AP8=\"}");
    DONE(self, "null\n", "call", "todo", "append", "18446744073709551615");
    DONE(self, "null\n", "call", "todo", "append", "--", "--json");
    DONE(self,
         "[1, 2, -5, \"two words\", \"a=b\", {\"$handle\": [1, \"list\"]}, {\"$bytes\": \"AP8=\"}, "
         "{\"$int\": \"18446744073709551615\"}, \"--json\"]\n",
         "get", "todo");
    DONE(self,
         "[1, 2, -5, 'two words', 'a=b', <list #1>, b'\\x00\\xff', 18446744073709551615, "
         "'--json']\n",
         "str", "todo");
    DONE(self, "9\n", "call", "todo", "len");
    DONE(self, "\"--json\"\n", "call", "todo", "pop");
    DONE(self, "{\"$handle\": [2, \"dict\"]}\n", "create", "dict", "a=1", "b=[1, 2.5]", "c=x y",
         "--name=d");
    DONE(self, "{\"a\": 1, \"b\": [1, 2.5], \"c\": \"x y\"}\n", "get", "d");
    DONE(self, "\"{'a': 1, 'b': [1, 2.5], 'c': 'x y'}\"\n", "str", "d", "--json");
    expect(E2E_TOOL(self, "create", "list"), 0, "{\"$handle\": [3, \"list\"]}\n", "--name");
    assert_int_equal(e2e_stop(self), 0);
}

static void
names_come_and_go(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    DONE(self, NULL, "create", "list", "--name", "b");
    DONE(self, NULL, "create", "dict", "--name", "a");
    DONE(self, "a\nb\n", "names");
    DONE(self, "b\n", "names", "b");
    DONE(self, "[\"a\", \"b\"]\n", "names", "--json");
    DONE(self, "", "bind", "c", "b");
    RAISES(self, "ValueError: ", "bind", "c", "a");
    DONE(self, "[]\n", "get", "c");
    DONE(self, "", "bind", "c", "@a", "--replace");
    DONE(self, "{}\n", "get", "c");
    RAISES(self, "ValueError: ", "create", "list", "--name", "c");
    DONE(self, NULL, "create", "list", "[7]", "--name", "c", "--replace");
    DONE(self, "[7]\n", "get", "c");
    DONE(self, "", "unbind", "c");
    RAISES(self, "KeyError: 'c'", "unbind", "c");
    RAISES(self, "KeyError: 'c'", "get", "c");
    DONE(self, "a\nb\n", "names");
    assert_int_equal(e2e_stop(self), 0);
}

static void
the_manager_describes_itself(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    DONE(self, NULL, "types");
    has(self, "dict\nlist\n");
    DONE(self, NULL, "types", "--json");
    has(self, "\"dict\", \"list\"");
    DONE(self, NULL, "describe", "list");
    has(self, "list(iterable: any = nil)\n");
    has(self, "\n  append(item: any)\n");
    has(self, ") -> ");
    DONE(self, NULL, "describe", "--json", "list");
    has(self, "{\"typeid\": \"list\"");
    RAISES(self, "NoSuchType: ", "describe", "nothing");
    DONE(self, NULL, "create", "Queue", "--name", "q");
    DONE(self, NULL, "objects");
    has(self, "object  typeid");
    has(self, "1  Queue");
    has(self, "name 1");
    DONE(self, NULL, "objects", "--json");
    has(self, "[{\"object\": 1, \"typeid\": \"Queue\"");
    DONE(self, NULL, "stats");
    has(self, "\nreferents           1\n");
    has(self, "\n  queues            version ");
    DONE(self, NULL, "--json", "stats");
    has(self, "\"referents\": 1");
    DONE(self, NULL, "ping");
    has(self, " and has 1 objects\n");
    DONE(self, NULL, "ping", "--json");
    has(self, "\"objects\": 1}");
    assert_int_equal(e2e_stop(self), 0);
}

static void
who_holds_what_is_told(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    DONE(self, NULL, "create", "list", "--name", "l");
    DONE(self, NULL, "call", "l", "append", "@l"); /* it holds itself */
    DONE(self, NULL, "leaks", "0");
    has(self, "object  typeid");
    DONE(self, "[]\n", "--json", "leaks", "0"); /* for it is held by a referent: itself */
    MISUSE(self, "leaks: soon is not a number of seconds", "leaks", "soon");
    RAISES(self, "TimeoutError: ", "watch", "l", "-t", "0.05");
    RAISES(self, "KeyError: 'nobody'\n", "watch", "nobody");
    DONE(self, NULL, "unbind", "l");
    DONE(self, "1\n", "collect");
    DONE(self, "0\n", "collect");
    DONE(self, NULL, "create", "dict", "--name", "d");
    DONE(self, NULL, "leaks");
    has(self, "2  dict             name d\n");
    DONE(self, NULL, "leaks", "--json");
    has(self, "\"kind\": \"name\"");
    DONE(self, NULL, "sessions");
    has(self, "open for   idle for    holds  waiting  client\n");
    has(self, "        0        0  holdfast pid ");
    DONE(self, NULL, "sessions", "--json");
    has(self, "\"parked\": ");
    assert_int_equal(e2e_stop(self), 0);
}

static void
what_a_call_raises_is_exit_1(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    DONE(self, NULL, "create", "dict", "--name", "d");
    DONE(self, NULL, "create", "Queue", "--name", "q");
    RAISES(self, "KeyError: 'x'\n", "call", "d", "getitem", "x");
    RAISES(self, "KeyError: 'nobody'\n", "call", "nobody", "len");
    RAISES(self, "KeyError: 'nobody'\n", "call", "d", "get", "@nobody");
    RAISES(self, "NoSuchMethod: ", "call", "d", "fly");
    RAISES(self, "TypeError: ", "call", "d", "getitem");
    RAISES(self, "TypeError: ", "call", "d", "getitem", "key=1", "what=2");
    RAISES(self, "NoSuchType: ", "create", "nothing");
    RAISES(self, "Empty\n", "call", "q", "get", "timeout=0.05");
    RAISES(self, "TimeoutError: ", "call", "q", "get", "-t", "0.05");
    assert_int_equal(e2e_stop(self), 0);
}

static void
wrong_usage_is_exit_2(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    DONE(self, NULL, "create", "list", "--name", "l");
    MISUSE(self, "usage: ", NULL);
    MISUSE(self, "no command fly", "fly");
    MISUSE(self, "usage: holdfast get NAME", "get");
    MISUSE(self, "usage: holdfast get NAME", "get", "a", "b");
    MISUSE(self, "no option --fly", "names", "--fly");
    MISUSE(self, "wants a value", "create", "list", "--name");
    MISUSE(self, "takes no value", "names", "--json=yes");
    MISUSE(self, "takes no --name", "names", "--name", "x");
    MISUSE(self, "takes no --replace", "names", "--replace");
    MISUSE(self, "--replace", "create", "list", "--replace");
    MISUSE(self, "seconds", "-t", "soon", "names");
    MISUSE(self, "line 1", "call", "l", "append", "[1,");
    MISUSE(self, "too big", "call", "l", "append", "99999999999999999999");
    MISUSE(self, "$what", "call", "l", "append", "{\"$what\": 1}");
    MISUSE(self, "twice", "call", "l", "append", "item=1", "item=2");
    MISUSE(self, "no endpoint", "-m", "nonsense", "names");
    MISUSE(self, "seconds", "shutdown", "soon");
    DONE(self, "[]\n", "get", "l"); /* none of it was done */
    assert_int_equal(e2e_stop(self), 0);
}

static void
no_manager_is_exit_3(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    const char *nowhere = e2e_path(self, "nobody.sock");
    char endpoint[160];
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s", nowhere);
    expect(E2E_TOOL(self, "-m", endpoint, "ping"), NO_MANAGER, "", "no manager at ");
    expect(E2E_TOOL(self, "ping", "--manager", endpoint), NO_MANAGER, "", "nobody.sock");
    assert_int_equal(e2e_stop(self), 0);
    expect(E2E_TOOL(self, "names"), NO_MANAGER, "", "holdfast: ");
}

static void
help_and_version_need_no_manager(void **state)
{
    e2e_t *self = *state;
    (void)snprintf(self->endpoint, sizeof self->endpoint, "ipc:///nowhere/at/all");
    DONE(self, "holdfast " HF_VERSION "\n", "--version");
    DONE(self, NULL, "help");
    has(self, "usage: holdfast [");
    MISUSE(self, "there is no command nonsense", "help", "nonsense");
    static const char *const commands[] = {
        "types",   "describe", "create", "call",   "get",      "str",     "names",
        "objects", "stats",    "bind",   "unbind", "shutdown", "ping",    "export",
        "revoke",  "refs",     "slow",   "watch",  "leaks",    "collect", "sessions"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char line[64];
        DONE(self, NULL, "--help");
        (void)snprintf(line, sizeof line, "\n  %s", commands[i]);
        has(self, line);
        DONE(self, NULL, commands[i], "--help");
        (void)snprintf(line, sizeof line, "usage: holdfast %s", commands[i]);
        has(self, line);
        DONE(self, NULL, "help", commands[i]);
        has(self, line);
    }
}

static void
shutdown_stops_it(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    DONE(self, "", "shutdown");
    assert_int_equal(e2e_await_end(self), 0);
    E2E_START(self, NULL);
    DONE(self, "", "shutdown", "0.1");
    assert_int_equal(e2e_await_end(self), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(referents_are_made_called_and_read, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(names_come_and_go, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(the_manager_describes_itself, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(who_holds_what_is_told, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(what_a_call_raises_is_exit_1, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(wrong_usage_is_exit_2, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(no_manager_is_exit_3, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(help_and_version_need_no_manager, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(shutdown_stops_it, e2e_open, e2e_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
