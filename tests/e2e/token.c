/* SPDX-License-Identifier: MPL-2.0 */
/* token -- handles that go from process to process as text: by every road, with exporters and adopters that die.
 *
 *     test.e2e.token                          the tests
 *     test.e2e.token append WORD TOKEN        a process that adopts by the token and appends WORD to that list
 *     test.e2e.token environment | file PATH | pipe FD | list NAME | handle NAME      the same, the token (or the
 *                                             handle) taken from there
 *     test.e2e.token die TOKEN                adopts, and is killed before it can have acknowledged that
 *     test.e2e.token export FD                exports a list to the pipe, and is killed
 *
 * All of them find the manager by $HOLDFAST.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <holdfast/types.h>

#include "figure.h"

enum { TOKEN = 1024, HANDOVERS = 20, PATIENCE_S = 20 };

static const char me[] = "/proc/self/exe";

/* ---- the other processes ----------------------------------------------------------------- */

static _Noreturn void
child_fails(const char *what)
{
    (void)fprintf(stderr, "child: %s: %s: %s\n", what, hf_errkind(), hf_errmsg());
    _exit(9);
}

/* A descriptor, as an argument names it. */
static int
number_of(const char *text)
{
    char *end;
    long number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || number < 0 || number > INT_MAX)
        child_fails("a descriptor");
    return (int)number;
}

static void
child_read(int fd, char *token)
{
    size_t len = 0;
    for (ssize_t n = 1; n > 0 && len<TOKEN - 1; len += n> 0 ? (size_t)n : 0)
        n = read(fd, token + len, TOKEN - 1 - len);
    token[len] = '\0';
}

static void
child_append(const hf_proxy_t *list, const char *word)
{
    if (list == NULL || hf_list_append(list, "s", word) != 0)
        child_fails(word);
}

/* The list that a road leads to. */
static hf_proxy_t *
child_take(hf_client_t *client, const char *road, const char *from)
{
    char token[TOKEN];
    if (strcmp(road, "append") == 0)
        return hf_adopt(client, from);
    if (strcmp(road, "environment") == 0)
        return hf_adopt(client, getenv("TOKEN")); // NOLINT(concurrency-mt-unsafe)
    if (strcmp(road, "file") == 0 || strcmp(road, "pipe") == 0) {
        int fd = road[0] == 'f' ? open(from, O_RDONLY | O_CLOEXEC) : number_of(from);
        child_read(fd, token);
        return hf_adopt(client, token);
    }
    HF_AUTO_PROXY hf_proxy_t *holder = hf_lookup(client, from);
    if (strcmp(road, "handle") == 0)
        return hf_call_proxy(holder, "getitem", "i", INT64_C(0));
    char *text = NULL;
    if (hf_call_into(holder, "getitem", "i", INT64_C(0), "s", &text) != 0)
        child_fails(from);
    hf_proxy_t *list = hf_adopt(client, text);
    free(text);
    return list;
}

static _Noreturn void
child_exports(hf_client_t *client, int fd)
{
    hf_proxy_t *list = hf_create(client, "list", "");
    child_append(list, "orphan");
    char *token = hf_export(list, HF_TTL_DEFAULT);
    if (token == NULL || write(fd, token, strlen(token)) != (ssize_t)strlen(token))
        child_fails("export");
    (void)raise(SIGKILL);
    _exit(9);
}

static int
child(char **argv)
{
    hf_client_t *client = e2e_connect(NULL);
    if (client == NULL)
        child_fails("connect");
    if (strcmp(argv[1], "export") == 0)
        child_exports(client, number_of(argv[2]));
    hf_proxy_t *list =
        child_take(client, strcmp(argv[1], "die") == 0 ? "append" : argv[1], argv[2]);
    if (list == NULL)
        child_fails("adopt");
    if (strcmp(argv[1], "die") == 0)
        (void)raise(SIGKILL);
    child_append(list, argv[1]);
    hf_release(&list);
    hf_disconnect(&client);
    return 0;
}

/* ---- the tests --------------------------------------------------------------------------- */

static hf_client_t *
begin(e2e_t *self)
{
    E2E_START(self, NULL);
    assert_int_equal(setenv("HOLDFAST", self->endpoint, 1), 0); // NOLINT(concurrency-mt-unsafe)
    hf_client_t *client = e2e_connect(self->endpoint);
    assert_non_null(client);
    return client;
}

static int64_t
count(hf_client_t *client, const char *method)
{
    hf_value_t value;
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    assert_int_equal(hf_call_into(manager, method, "", "v", &value), 0);
    int64_t n = hf_kind(&value) == HF_INT ? hf_as_int(&value) : (int64_t)hf_count(&value);
    hf_drop(NULL, &value);
    return n;
}

/* Asks until it is so; whoever died is noticed by the manager, not by us. */
static void
await_count(hf_client_t *client, const char *method, int64_t wanted)
{
    struct timespec start;
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    do
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
    while (count(client, method) != wanted &&
           (double)(now.tv_sec - start.tv_sec) < e2e_patience(PATIENCE_S));
    assert_int_equal(count(client, method), wanted);
}

/* A list in nobody's hands but a token's. */
static char *
export_list(hf_client_t *client, double ttl)
{
    HF_AUTO_PROXY hf_proxy_t *list = hf_create(client, "list", "");
    char *token = hf_export(list, ttl);
    assert_non_null(token);
    return token;
}

static void
run_child(e2e_t *self, const char *road, const char *from)
{
    const char *const argv[] = {me, road, from, NULL};
    const e2e_result_t *result = e2e_run(self, argv);
    if (result->status != 0)
        fail_msg("%s: %s", road, result->err);
}

static void
assert_repr(const hf_proxy_t *proxy, const char *wanted)
{
    char *text = NULL;
    assert_int_equal(hf_call_into(proxy, "repr", "", "s", &text), 0);
    assert_string_equal(text, wanted);
    free(text);
}

static void
assert_gone(hf_client_t *client, const char *token)
{
    assert_null(hf_adopt(client, token));
    assert_string_equal(hf_errkind(), "NoSuchObject");
}

static void
end(e2e_t *self, hf_client_t *client, char *token)
{
    free(token);
    hf_disconnect(&client);
    assert_int_equal(e2e_stop(self), 0);
}

/* The child appends the road's name and is gone; `mine` holds the list all the while. */
static void
by_a_road(e2e_t *self, const char *road)
{
    char from[256] = "";
    int ends[2] = {-1, -1};
    hf_client_t *client = begin(self);
    hf_proxy_t *mine = hf_create(client, "list", "");
    hf_proxy_t *holder = hf_create(client, "list", "");
    char *token = hf_export(mine, HF_TTL_DEFAULT);
    assert_non_null(token);
    assert_int_equal(setenv("TOKEN", token, 1), 0); // NOLINT(concurrency-mt-unsafe)
    assert_int_equal(hf_bind(client, "holder", holder, false), 0);
    if (strcmp(road, "file") == 0) {
        e2e_write(self, "token", token);
        (void)snprintf(from, sizeof from, "%s", e2e_path(self, "token"));
    } else if (strcmp(road, "pipe") == 0) {
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], token, strlen(token)), strlen(token));
        (void)close(ends[1]);
        (void)snprintf(from, sizeof from, "%d", ends[0]);
    } else if (strcmp(road, "list") == 0) {
        assert_int_equal(hf_list_append(holder, "s", token), 0);
    } else if (strcmp(road, "handle") == 0) {
        assert_int_equal(hf_list_append(holder, "h", mine), 0);
    }
    bool is_named = strcmp(road, "list") == 0 || strcmp(road, "handle") == 0;
    run_child(self, road, is_named ? "holder" : strcmp(road, "append") == 0 ? token : from);
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "['%s']", road);
    assert_repr(mine, wanted);
    (void)close(ends[0]);
    hf_release(&mine);
    hf_release(&holder);
    end(self, client, token);
}

static void
by_argument(void **state)
{
    by_a_road(*state, "append");
}

static void
by_environment(void **state)
{
    by_a_road(*state, "environment");
}

static void
by_file(void **state)
{
    by_a_road(*state, "file");
}

static void
by_pipe(void **state)
{
    by_a_road(*state, "pipe");
}

static void
as_text_in_a_referent(void **state)
{
    by_a_road(*state, "list");
}

static void
as_a_handle_in_a_referent(void **state)
{
    by_a_road(*state, "handle");
}

static void
the_pin_alone_holds(void **state)
{
    e2e_t *self = *state;
    hf_client_t *client = begin(self);
    char *token = export_list(client, e2e_patience(HF_TTL_DEFAULT));
    assert_int_equal(count(client, "number_of_objects"), 1);
    run_child(self, "append", token); /* the one use, and its BYE */
    await_count(client, "number_of_objects", 0);
    assert_gone(client, token);
    end(self, client, token);
}

static void
the_exporter_dies_first(void **state)
{
    e2e_t *self = *state;
    int ends[2];
    char fd[16];
    char token[TOKEN];
    hf_client_t *client = begin(self);
    assert_int_equal(pipe(ends), 0);
    (void)snprintf(fd, sizeof fd, "%d", ends[1]);
    const char *const argv[] = {me, "export", fd, NULL};
    assert_int_equal(e2e_run(self, argv)->status, 128 + SIGKILL);
    (void)close(ends[1]);
    child_read(ends[0], token);
    (void)close(ends[0]);
    await_count(client, "sessions", 1); /* its session is gone, the pin is not */
    hf_proxy_t *list = hf_adopt(client, token);
    assert_repr(list, "['orphan']");
    hf_release(&list);
    end(self, client, NULL);
}

static void
the_adopter_dies_in_the_hand_over(void **state)
{
    e2e_t *self = *state;
    hf_client_t *client = begin(self);
    char *token = export_list(client, e2e_patience(HF_TTL_DEFAULT));
    for (int i = 0; i < e2e_rounds(HANDOVERS); i++) {
        const char *const argv[] = {me, "die", token, NULL};
        assert_int_equal(e2e_run(self, argv)->status, 128 + SIGKILL);
        await_count(client, "sessions", 1);
        assert_int_equal(count(client, "number_of_objects"), 1);
    }
    hf_proxy_t *list = hf_adopt(client, token);
    assert_repr(list, "[]");
    hf_release(&list);
    await_count(client, "number_of_objects", 0); /* that was its one use */
    end(self, client, token);
}

static void
what_is_revoked(void **state)
{
    e2e_t *self = *state;
    hf_client_t *client = begin(self);
    char *token = export_list(client, HF_FOREVER);
    run_child(self, "append", token);
    run_child(self, "append", token); /* however often */
    hf_proxy_t *list = hf_adopt(client, token);
    assert_repr(list, "['append', 'append']");
    assert_int_equal(hf_revoke(client, token), 1);
    assert_int_equal(hf_revoke(client, token), 0);
    assert_gone(client, token);
    assert_repr(list, "['append', 'append']");
    hf_release(&list);
    await_count(client, "number_of_objects", 0);
    end(self, client, token);
}

static void
what_expires(void **state)
{
    e2e_t *self = *state;
    hf_client_t *client = begin(self);
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    hf_proxy_t *list = hf_create(client, "list", "");
    char *token = hf_export(list, 0.3);
    char *weak = hf_export(list, 0.0);
    hf_future_t *watch = hf_call_async(manager, "watch", "h", list);
    assert_non_null(watch);
    hf_release(&list);
    char *why = NULL;
    assert_int_equal(hf_await_into(watch, e2e_patience(PATIENCE_S), "s", &why), 0);
    assert_string_equal(why, "unreferenced");
    free(why);
    hf_future_destroy(&watch);
    assert_gone(client, token);
    assert_gone(client, weak);
    free(weak);
    end(self, client, token);
}

static void
another_managers(void **state)
{
    e2e_t *self = *state;
    hf_client_t *client = begin(self);
    char *token = export_list(client, HF_FOREVER);
    hf_disconnect(&client);
    assert_int_equal(e2e_stop(self), 0);
    client = begin(self); /* the next one at the same endpoint is another */
    char *other = export_list(client, HF_FOREVER);
    assert_gone(client, token);
    assert_int_equal(hf_revoke(client, token), 0);
    free(other);
    end(self, client, token);
}

static void
what_is_misused(void **state)
{
    e2e_t *self = *state;
    hf_client_t *client = begin(self);
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    hf_proxy_t *list = hf_create(client, "list", "");
    assert_null(hf_adopt(client, "a name"));
    assert_string_equal(hf_errkind(), "ValueError");
    assert_null(hf_adopt(client, NULL));
    assert_string_equal(hf_errkind(), "ValueError");
    assert_null(hf_adopt(NULL, "a name"));
    assert_null(hf_export(NULL, HF_TTL_DEFAULT));
    assert_string_equal(hf_errkind(), "ValueError");
    assert_int_equal(hf_revoke(client, "a name"), -1);
    char *several = NULL;
    assert_int_equal(hf_call_into(manager, "export", "[hh]", list, list, "s", &several), 0);
    assert_null(hf_adopt(client, several));
    assert_string_equal(hf_errkind(), "TypeError");
    hf_proxy_t *a = NULL;
    hf_proxy_t *b = NULL;
    assert_int_equal(hf_call_into(manager, "adopt", "s", several, "[hh]", &a, &b), 0);
    assert_true(hf_proxy_equal(a, b) && hf_proxy_equal(a, list));
    hf_release(&a);
    hf_release(&b);
    hf_release(&list);
    await_count(client, "number_of_objects", 0);
    end(self, client, several);
}

/* What the tool printed, without the newline. */
static const char *
printed(e2e_t *self, char *to)
{
    assert_int_equal(self->result.status, 0);
    (void)snprintf(to, TOKEN, "%.*s", (int)strcspn(self->result.out, "\n"), self->result.out);
    return to;
}

static void
the_tool(void **state)
{
    e2e_t *self = *state;
    char token[TOKEN];
    char at[TOKEN + 1];
    hf_client_t *client = begin(self);
    (void)E2E_TOOL(self, "create", "list", "[1]", "--name", "x");
    (void)E2E_TOOL(self, "export", "x", "--ttl", e2e_patience_text(30), "--uses=5");
    (void)printed(self, token);
    assert_int_equal(strncmp(token, "hf1.", 4), 0);
    assert_non_null(strstr(E2E_TOOL(self, "refs", "x")->out, "\"uses\": 5"));
    assert_int_equal(E2E_TOOL(self, "unbind", "x")->status, 0);
    assert_int_equal(E2E_TOOL(self, "call", token, "append", "2")->status, 0);
    assert_string_equal(E2E_TOOL(self, "get", token)->out, "[1, 2]\n");
    (void)snprintf(at, sizeof at, "@%s", token);
    (void)E2E_TOOL(self, "create", "list", "--name", "y");
    assert_int_equal(E2E_TOOL(self, "call", "y", "append", at)->status, 0);
    assert_string_equal(E2E_TOOL(self, "call", "y", "len")->out, "1\n");
    assert_int_equal(E2E_TOOL(self, "revoke", token)->status, 0);
    assert_int_equal(E2E_TOOL(self, "revoke", token)->status, 1);
    assert_int_equal(E2E_TOOL(self, "get", token)->status, 1);
    assert_non_null(strstr(self->result.err, "NoSuchObject"));
    assert_int_equal(E2E_TOOL(self, "export", "y", "--ttl", "-1")->status, 2);
    assert_int_equal(E2E_TOOL(self, "export", "y", "--uses", "0")->status, 2);
    assert_int_equal(E2E_TOOL(self, "get", "y", "--ttl", "1")->status, 2);
    assert_int_equal(E2E_TOOL(self, "export", "z")->status, 1);
    (void)E2E_TOOL(self, "export", "y", "--ttl", "inf", "--json");
    assert_int_equal(strncmp(printed(self, token), "\"hf1.", 5), 0);
    end(self, client, NULL);
}

int
main(int argc, char **argv)
{
    if (argc > 2)
        return child(argv);
#define TEST(name_) cmocka_unit_test_setup_teardown(name_, e2e_open, e2e_close)
    const struct CMUnitTest tests[] = {
        TEST(by_argument),
        TEST(by_environment),
        TEST(by_file),
        TEST(by_pipe),
        TEST(as_text_in_a_referent),
        TEST(as_a_handle_in_a_referent),
        TEST(the_pin_alone_holds),
        TEST(the_exporter_dies_first),
        TEST(the_adopter_dies_in_the_hand_over),
        TEST(what_is_revoked),
        TEST(what_expires),
        TEST(another_managers),
        TEST(what_is_misused),
        TEST(the_tool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
