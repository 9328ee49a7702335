/* SPDX-License-Identifier: MPL-2.0 */
/* managers -- ports of CPython's TestMyManager (3), TestRemoteManager (1), TestManagerRestart (1) and of
 * test_manager_initializer: managers with types of their own, found by address, started anew, initialized.
 */
#include "ports.h"

/* ---- MyManager ---------------------------------------------------------------------------- */

static void
start_my_manager(ports_t *self)
{
    e2e_start_configured(self->host, "plugin = \"" PORTS_FOOBAR "\"\n"
                                     "types\n"
                                     "    Foo\n"
                                     "        hide = \"_h\"\n"
                                     "    Bar\n"
                                     "        expose = \"f _h\"\n");
}

/* Of f, g and _h the type has exactly those that `expected` names, in this order. */
static void
has_methods(hf_client_t *client, const char *typeid_, const char *expected)
{
    static const char *const names[] = {"f", "g", "_h"};
    char found[16] = "";
    hf_value_t description;
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    WANT(hf_call_into(manager, "describe", "s", typeid_, "v", &description) == 0);
    char *text = ports_repr(&description);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        char row[24];
        (void)snprintf(row, sizeof row, "{'name': '%s',", names[k]);
        if (strstr(text, row) != NULL)
            (void)snprintf(found + strlen(found), sizeof found - strlen(found), "%s ", names[k]);
    }
    WANT(strcmp(found, expected) == 0);
    hf_drop(NULL, &description);
    free(text);
}

static void
says(const hf_proxy_t *proxy, const char *method, const char *expected)
{
    char *text = ports_text(proxy, method);
    WANT(strcmp(text, expected) == 0);
    free(text);
}

/* list(baz) == [i*i for i in range(10)] */
static void
gives_squares(const hf_proxy_t *baz)
{
    int64_t square = -1;
    WANT(strcmp(hf_proxy_typeid(baz), "baz") == 0);
    HF_AUTO_ITER hf_iter_t *it = hf_iter_of(baz, 1);
    for (int64_t i = 0; i < 10; i++)
        WANT(hf_iter_next_into(it, "i", &square) == 1 && square == i * i);
    WANT(hf_iter_next_into(it, "i", &square) == 0);
    WANT_RAISES(hf_call(baz, "next", ""), "StopIteration");
}

static void
use(hf_client_t *client)
{
    HF_AUTO_PROXY hf_proxy_t *foo = hf_create(client, "Foo", "");
    HF_AUTO_PROXY hf_proxy_t *bar = hf_create(client, "Bar", "");
    HF_AUTO_PROXY hf_proxy_t *baz = hf_create(client, "baz", "");
    has_methods(client, "Foo", "f g ");
    has_methods(client, "Bar", "f _h ");
    says(foo, "f", "f()");
    WANT_RAISES(hf_call(foo, "g", ""), "ValueError");
    WANT_RAISES(hf_call(foo, "_h", ""), "NotExposed");
    says(bar, "f", "f()");
    says(bar, "_h", "_h()");
    WANT_RAISES(hf_call(bar, "g", ""), "NotExposed");
    gives_squares(baz);
    HF_AUTO_PROXY hf_proxy_t *squares = hf_call_proxy(foo, "squares", "");
    gives_squares(squares);
    WANT(hf_call_proxy(bar, "squares", "") == NULL && strcmp(hf_errkind(), "NotExposed") == 0);
}

static void
uses(const ports_me_t *me)
{
    use(me->client);
}

/* start(), …, shutdown() */
static void
test_mymanager(void **state)
{
    ports_t *self = *state;
    start_my_manager(self);
    self->client = ports_connect(self->host->endpoint);
    use(self->client);
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(self->client);
    assert_int_equal(hf_call(manager, "shutdown", ""), 0);
    assert_int_equal(e2e_await_end(self->host), 0);
    hf_disconnect(&self->client);
}

/* `with MyManager()`: it lives as long as the scope of who started it. */
static void
test_mymanager_context(void **state)
{
    ports_t *self = *state;
    start_my_manager(self);
    hf_client_t *client = ports_connect(self->host->endpoint);
    use(client);
    hf_disconnect(&client);
    assert_int_equal(e2e_stop(self->host), 0);
}

/* It was started before and elsewhere: who enters only connects, and who leaves ends it all the same. */
static void
test_mymanager_context_prestarted(void **state)
{
    ports_t *self = *state;
    start_my_manager(self);
    hf_client_t *starter = ports_connect(self->host->endpoint);
    ports_process(self, "uses", 0);
    ports_join(self);
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(starter);
    assert_int_equal(ports_int(manager, "number_of_objects"), 0);
    hf_disconnect(&starter);
    assert_int_equal(e2e_stop(self->host), 0);
}

/* ---- RemoteManager ------------------------------------------------------------------------ */

/* get_queue(): one queue for all who ask. */
static hf_proxy_t *
get_queue(hf_client_t *client)
{
    hf_proxy_t *queue = hf_get_or_create(client, "get_queue", "Queue", "");
    WANT(queue != NULL);
    return queue;
}

static void
puts_values(const ports_me_t *me)
{
    HF_AUTO_PROXY hf_proxy_t *queue = get_queue(me->client);
    WANT(hf_queue_put(queue, HF_FOREVER, "[snbfssB]", "hello world", 1, 2.25,
                      "hall\xc3\xa5 v\xc3\xa4rlden",
                      "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd1\x96\xd1\x82 "
                      "\xd1\x81\xd0\xb2\xd1\x96\xd1\x82",
                      "hall\xe5 v\xe4rlden", (size_t)13) == 0);
}

/* Four of them are read here as kinds, the text and the bytes byte for byte. */
static void
values_are_back(const hf_proxy_t *queue)
{
    char *texts[3] = {NULL};
    void *bytes = NULL;
    size_t len = 0;
    bool is_true = false;
    double number = 0;
    assert_int_equal(hf_queue_get(queue, HF_FOREVER, "[snbfssB]", &texts[0], &is_true, &number,
                                  &texts[1], &texts[2], &bytes, &len),
                     0);
    assert_string_equal(texts[0], "hello world");
    assert_true(is_true);
    assert_true(number >= 2.25 && number <= 2.25);
    assert_string_equal(texts[1], "hall\xc3\xa5 v\xc3\xa4rlden");
    assert_string_equal(texts[2], "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd1\x96\xd1\x82 "
                                  "\xd1\x81\xd0\xb2\xd1\x96\xd1\x82");
    assert_int_equal(len, 13);
    assert_memory_equal(bytes, "hall\xe5 v\xe4rlden", 13);
    for (int k = 0; k < 3; k++)
        free(texts[k]);
    free(bytes);
}

/* By tcp, at a port that the system chose; keys are for a later release. */
static void
test_remote(void **state)
{
    ports_t *self = *state;
    E2E_START(self->host, "--bind", "tcp://127.0.0.1:*");
    assert_int_equal(strncmp(self->host->endpoint, "tcp://127.0.0.1:", 16), 0);
    ports_process(self, "puts_values", 0);
    self->client = ports_connect(self->host->endpoint);
    HF_AUTO_PROXY hf_proxy_t *queue = get_queue(self->client);
    values_are_back(queue);
    /* what cannot be sent is refused here, and nothing has been put */
    WANT_RAISES(hf_queue_put(queue, HF_FOREVER, "F", (void *)self), "ValueError");
    WANT_RAISES(hf_queue_put(queue, HF_FOREVER, "s", "hall\xe5"), "ValueError");
    WANT_RAISES(hf_queue_put(queue, HF_FOREVER, "{[{}]:n}"), "TypeError");
    assert_true(ports_bool(queue, "empty"));
    ports_join(self);
    hf_release(&queue);
    assert_int_equal(hf_unbind(self->client, "get_queue"), 0);
}

/* ---- ManagerRestart ------------------------------------------------------------------------ */

static void
puts_hello(const ports_me_t *me)
{
    HF_AUTO_PROXY hf_proxy_t *queue = get_queue(me->client);
    WANT(hf_queue_put(queue, HF_FOREVER, "s", "hello world") == 0);
}

static void
hello_comes(ports_t *self, hf_client_t *client)
{
    char *text = NULL;
    ports_process(self, "puts_hello", 0);
    ports_join(self);
    HF_AUTO_PROXY hf_proxy_t *queue = get_queue(client);
    assert_int_equal(hf_queue_get(queue, 0, "s", &text), 0);
    assert_string_equal(text, "hello world");
    free(text);
    assert_true(ports_bool(queue, "empty"));
}

/* At the same address, at once and without a second try, while a client of the first still has its connection. */
static void
test_rapid_restart(void **state)
{
    ports_t *self = *state;
    char address[sizeof self->host->endpoint];
    E2E_START(self->host, "--bind", "tcp://127.0.0.1:*");
    memcpy(address, self->host->endpoint, sizeof address);
    hf_client_t *first = ports_connect(address);
    hello_comes(self, first);
    assert_int_equal(e2e_stop(self->host), 0);
    E2E_START(self->host, "--bind", address);
    assert_string_equal(self->host->endpoint, address);
    self->client = ports_connect(address);
    hello_comes(self, self->client);
    HF_AUTO_PROXY hf_proxy_t *gone = hf_lookup(first, "get_queue");
    assert_null(gone); /* nothing opens a new session silently */
    assert_string_equal(hf_errkind(), "SessionLost");
    hf_disconnect(&first);
    assert_int_equal(hf_unbind(self->client, "get_queue"), 0);
}

/* ---- initializer --------------------------------------------------------------------------- */

/* CPython's initializer is a function that the new manager's process runs, here a plugin's `open`; theirs reaches
 * another manager's Namespace by itself, here the test carries over what the plugin has counted. What is asserted is
 * the same: once `start` is back it has run, once; and what cannot be run is refused before anything starts. */
static void
test_manager_initializer(void **state)
{
    ports_t *self = *state;
    int64_t count = 0;
    int64_t test = -1;
    void *second_state = NULL;
    E2E_START(self->host, NULL);
    self->client = ports_connect(self->host->endpoint);
    HF_AUTO_PROXY hf_proxy_t *ns = hf_create(self->client, "Namespace", "test=i", INT64_C(0));
    assert_int_equal(e2e_open(&second_state), 0);
    e2e_t *second = second_state;
    e2e_write(second, "one", "1\n"); /* which is no plugin */
    const e2e_result_t *refused = E2E_HOLDFASTD(second, "--plugin", e2e_path(second, "one"));
    assert_int_equal(refused->status, 1);
    assert_non_null(strstr(refused->err, "/one"));
    E2E_START(second, "--plugin", PORTS_INITIALIZER);
    hf_client_t *client = ports_connect(second->endpoint);
    hf_proxy_t *initialized = hf_create(client, "Initialized", "");
    assert_int_equal(hf_call_into(initialized, "count", "", "i", &count), 0);
    assert_int_equal(hf_call(ns, "setattr", "si", "test", count), 0);
    assert_int_equal(hf_call_into(ns, "getattr", "s", "test", "i", &test), 0);
    assert_int_equal(test, 1);
    e2e_await_log(second, "the initializer has run");
    const char *at = strstr(second->logged, "the initializer has run");
    assert_null(strstr(at + 1, "the initializer has run"));
    hf_release(&initialized);
    hf_disconnect(&client);
    assert_int_equal(e2e_stop(second), 0);
    assert_int_equal(e2e_close(&second_state), 0);
}

static const ports_role_t roles[] = {
    {"uses", uses},
    {"puts_values", puts_values},
    {"puts_hello", puts_hello},
    {NULL, NULL},
};
static const struct CMUnitTest tests[] = {
    PORT_BARE(MyManager, test_mymanager),
    PORT_BARE(MyManager, test_mymanager_context),
    PORT_BARE(MyManager, test_mymanager_context_prestarted),
    PORT_BARE(RemoteManager, test_remote),
    PORT_BARE(ManagerRestart, test_rapid_restart),
    PORT_BARE(Initializers, test_manager_initializer),
};

PORTS_MAIN(roles, tests)
