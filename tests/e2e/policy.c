/* SPDX-License-Identifier: MPL-2.0 */
/* policy -- a deployment's own: what is exposed, to whom, and how that changes while a manager serves. */
#define _GNU_SOURCE
#include "harness.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <holdfast/holdfast.h>

#include "figure.h"
#include <holdfast/types.h>

enum { OTHER_UID = 65534 };

static hf_client_t *
connect_to(const char *endpoint)
{
    hf_client_t *client = e2e_connect(endpoint);
    if (client == NULL)
        fail_msg("%s: %s", hf_errkind(), hf_errmsg());
    return client;
}

#define RAISES(kind_, rc_)                                                                         \
    do {                                                                                           \
        assert_int_equal((rc_), -1);                                                               \
        assert_string_equal(hf_errkind(), (kind_));                                                \
    } while (0)

#define NOT_MADE(kind_, proxy_)                                                                    \
    do {                                                                                           \
        assert_null((proxy_));                                                                     \
        assert_string_equal(hf_errkind(), (kind_));                                                \
    } while (0)

/* What a program has: a list, as its repr. */
static void
is_repr(hf_proxy_t *proxy, const char *want)
{
    char *text = NULL;
    assert_int_equal(hf_call_into(proxy, "repr", "", "s", &text), 0);
    assert_string_equal(text, want);
    free(text);
}

/* ---- exposure ------------------------------------------------------------------------- */

static const char exposure[] = "types\n"
                               "    audit_log\n"
                               "        is = list\n"
                               "        expose = \"append len\"\n"
                               "        limits\n"
                               "            instances = 2\n"
                               "    list\n"
                               "        rename\n"
                               "            append = add_item\n"
                               "        returns\n"
                               "            copy = list\n"
                               "            pop = bag\n"
                               "        limits\n"
                               "            memory = 20K\n"
                               "    bag\n"
                               "        is = list\n"
                               "        defaults\n"
                               "            iterable = []\n"
                               "    Queue\n"
                               "        defaults\n"
                               "            maxsize = 1\n"
                               "        hide = \"repr\"\n"
                               "    Lock\n"
                               "        hide = create\n";

static void
a_further_typeid_is_a_type(void **state)
{
    e2e_t *self = *state;
    e2e_start_configured(self, exposure);
    hf_client_t *client = connect_to(self->endpoint);
    HF_AUTO_PROXY hf_proxy_t *log = hf_create(client, "audit_log", "");
    HF_AUTO_PROXY hf_proxy_t *other = hf_create(client, "audit_log", "[i]", INT64_C(1));
    assert_string_equal(hf_proxy_typeid(log), "audit_log");
    assert_int_equal(hf_call(log, "append", "s", "it was so"), 0);
    RAISES("NotExposed", hf_call(log, "pop", ""));
    RAISES("NotExposed", hf_call(log, "repr", ""));
    RAISES("NoSuchMethod", hf_call(log, "forget", ""));
    int64_t n = 0;
    assert_int_equal(hf_call_into(log, "len", "", "i", &n), 0);
    assert_int_equal(n, 1);
    NOT_MADE("LimitExceeded", hf_create(client, "audit_log", ""));
    hf_release(&other);
    other = hf_create(client, "audit_log", "");
    assert_non_null(other);
    NOT_MADE("NotExposed", hf_create(client, "Lock", ""));
    const e2e_result_t *says = E2E_TOOL(self, "describe", "list");
    assert_non_null(strstr(says->out, "returns list"));
    assert_non_null(strstr(says->out, "add_item("));
    assert_null(strstr(says->out, " append("));
    says = E2E_TOOL(self, "types");
    assert_int_equal(says->status, 0);
    assert_non_null(strstr(says->out, "audit_log"));
    assert_null(strstr(says->out, "\nLock\n"));
    says = E2E_TOOL(self, "describe", "audit_log");
    assert_int_equal(says->status, 0);
    assert_non_null(strstr(says->out, "append"));
    assert_null(strstr(says->out, "insert"));
    says = E2E_TOOL(self, "stats");
    assert_int_equal(says->status, 0);
    assert_non_null(strstr(says->out, "audit_log"));
    hf_disconnect(&client);
}

static void
names_returns_defaults_and_limits_are_the_deployments(void **state)
{
    e2e_t *self = *state;
    e2e_start_configured(self, exposure);
    hf_client_t *client = connect_to(self->endpoint);
    HF_AUTO_PROXY hf_proxy_t *list = hf_create(client, "list", "[i]", INT64_C(1));
    RAISES("NoSuchMethod", hf_call(list, "append", "i", INT64_C(2)));
    assert_int_equal(hf_call(list, "add_item", "[ii]", INT64_C(2), INT64_C(3)), 0);
    RAISES("TypeError", hf_call(list, "add_item", ""));
    assert_non_null(strstr(hf_errmsg(), "add_item()"));
    HF_AUTO_PROXY hf_proxy_t *copy = hf_call_proxy(list, "copy", "");
    assert_non_null(copy);
    assert_string_equal(hf_proxy_typeid(copy), "list");
    assert_int_equal(hf_call(copy, "add_item", "i", INT64_C(4)), 0);
    is_repr(copy, "[1, [2, 3], 4]");
    is_repr(list, "[1, [2, 3]]");
    HF_AUTO_PROXY hf_proxy_t *item = hf_call_proxy(list, "pop", "");
    assert_string_equal(hf_proxy_typeid(item), "bag");
    is_repr(item, "[2, 3]");
    RAISES("TypeError", hf_call(list, "pop", "")); /* 1 is nothing that a list is made of */
    HF_AUTO_PROXY hf_proxy_t *queue = hf_create(client, "Queue", "");
    assert_int_equal(hf_call(queue, "put_nowait", "i", INT64_C(1)), 0);
    RAISES("Full", hf_call(queue, "put_nowait", "i", INT64_C(2)));
    HF_AUTO_PROXY hf_proxy_t *wide = hf_create(client, "Queue", "i", INT64_C(2));
    assert_int_equal(hf_call(wide, "put_nowait", "i", INT64_C(1)), 0);
    assert_int_equal(hf_call(wide, "put_nowait", "i", INT64_C(2)), 0);
    RAISES("NotExposed", hf_call(wide, "repr", ""));
    char large[12000];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    assert_int_equal(hf_call(list, "add_item", "s", large), 0);
    RAISES("LimitExceeded", hf_call(copy, "add_item", "s", large));
    hf_release(&list);
    assert_int_equal(hf_call(copy, "add_item", "s", large), 0);
    hf_disconnect(&client);
}

/* ---- what a plugin's rows return ------------------------------------------------------ */

static hf_client_t *
start_with_shelf(e2e_t *self, const char *more)
{
    char config[1024];
    (void)snprintf(config, sizeof config, "plugin = %s\n%s", E2E_SHELF, more);
    e2e_start_configured(self, config);
    return connect_to(self->endpoint);
}

/* The method answers a proxy of that typeid, which has what the shelf has. */
static void
gives(hf_proxy_t *shelf, const char *method, const char *typeid_)
{
    hf_value_t items = {.raw = {0}};
    HF_AUTO_PROXY hf_proxy_t *made = hf_call_proxy(shelf, method, "");
    if (made == NULL)
        fail_msg("%s: %s: %s", method, hf_errkind(), hf_errmsg());
    assert_string_equal(hf_proxy_typeid(made), typeid_);
    if (strcmp(typeid_, "list") == 0) {
        is_repr(made, "[1, 2]");
        return;
    }
    assert_int_equal(hf_call_value(made, "items", NULL, NULL, HF_FOREVER, &items), 0);
    assert_int_equal(hf_count(&items), 2);
    hf_drop(NULL, &items);
}

/* So does check-plugin, of the file alone. */
static void
check_plugin_says_so(e2e_t *self)
{
    const e2e_result_t *says = E2E_TOOL(self, "check-plugin", E2E_SHELF);
    assert_int_equal(says->status, 0);
    assert_non_null(strstr(says->out, "slowly()"));
    assert_non_null(strstr(says->out, "returns View\n        since 1.1\n"));
    assert_non_null(strstr(says->out, "it needs the types that are served beside it: plugin shelf: "
                                      "type Shelf, method as_list: returns 'list': "));
}

static void
a_row_says_what_it_returns(void **state)
{
    e2e_t *self = *state;
    hf_client_t *client = start_with_shelf(self, "");
    HF_AUTO_PROXY hf_proxy_t *shelf = hf_create(client, "Shelf", "[ii]", INT64_C(1), INT64_C(2));
    assert_non_null(shelf);
    gives(shelf, "copy", "Shelf");
    gives(shelf, "view", "View");
    gives(shelf, "as_list", "list");
    gives(shelf, "slowly", "Shelf");
    NOT_MADE("NoSuchType", hf_create(client, "View", "[]"));
    hf_future_t *parked = hf_call_async(shelf, "await", "i", INT64_C(1));
    assert_int_equal(hf_call(shelf, "fill", "[i]", INT64_C(3)), 0);
    HF_AUTO_PROXY hf_proxy_t *filled = hf_await_proxy(parked, HF_FOREVER);
    assert_non_null(filled);
    assert_string_equal(hf_proxy_typeid(filled), "Shelf");
    hf_future_destroy(&parked);
    const e2e_result_t *says = E2E_TOOL(self, "describe", "Shelf");
    assert_non_null(strstr(says->out, "Make another. [reads]\n        returns Shelf\n"));
    assert_non_null(strstr(says->out, "returns View\n        since 1.1\n"));
    if (!E2E_IS_SANITIZED) /* else it finds their symbols, rightly */
        check_plugin_says_so(self);
    hf_disconnect(&client);
}

static void
the_configuration_goes_before_the_row(void **state)
{
    e2e_t *self = *state;
    hf_client_t *client = start_with_shelf(self, "types\n"
                                                 "    Shelf\n"
                                                 "        hide = view\n"
                                                 "        returns\n"
                                                 "            copy = list\n"
                                                 "            as_list = \"\"\n"
                                                 "    box\n"
                                                 "        is = Shelf\n");
    HF_AUTO_PROXY hf_proxy_t *shelf = hf_create(client, "Shelf", "[ii]", INT64_C(1), INT64_C(2));
    HF_AUTO_PROXY hf_proxy_t *box = hf_create(client, "box", "[ii]", INT64_C(1), INT64_C(2));
    gives(shelf, "copy", "list");
    gives(shelf, "slowly", "Shelf");
    gives(box, "copy", "Shelf");
    gives(box, "as_list", "list");
    RAISES("NotExposed", hf_call(shelf, "view", ""));
    hf_value_t items = {.raw = {0}};
    assert_int_equal(hf_call_value(shelf, "as_list", NULL, NULL, HF_FOREVER, &items), 0);
    assert_int_equal(hf_kind(&items), HF_LIST);
    hf_drop(NULL, &items);
    hf_disconnect(&client);
}

static void
without_the_other_plugin_it_is_refused(void **state)
{
    e2e_t *self = *state;
    char path[192];
    e2e_write(self, "holdfastd.conf", "shipped = 0\nplugin = " E2E_SHELF "\n");
    (void)snprintf(path, sizeof path, "%s", e2e_path(self, "holdfastd.conf"));
    const e2e_result_t *says = E2E_HOLDFASTD(self, "-c", path);
    assert_int_equal(says->status, 1);
    assert_non_null(strstr(says->err, "plugin shelf: type Shelf, method as_list: returns 'list': "
                                      "neither this plugin nor one loaded before it brings that "
                                      "typeid"));
}

/* ---- roles ---------------------------------------------------------------------------- */

/* A manager whose configuration is `format` with this process's uid for %u. */
static void start_with_uid(e2e_t *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
start_with_uid(e2e_t *self, const char *format, ...)
{
    char config[2048];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(config, sizeof config, format, args);
    va_end(args);
    e2e_start_configured(self, config);
}

static void
a_user_may_do_what_its_roles_grant(void **state)
{
    e2e_t *self = *state;
    start_with_uid(self,
                   "roles\n"
                   "    reader\n"
                   "        reads = list\n"
                   "        grant = \"manager.types manager.describe manager.get_or_create\"\n"
                   "    maker\n"
                   "        grant = \"list.create list.append\"\n"
                   "users\n"
                   "    %u = \"reader maker\"\n",
                   (unsigned)geteuid());
    hf_client_t *client = connect_to(self->endpoint);
    HF_AUTO_PROXY hf_proxy_t *list = hf_create(client, "list", "[i]", INT64_C(7));
    assert_non_null(list);
    assert_int_equal(hf_call(list, "append", "i", INT64_C(8)), 0);
    is_repr(list, "[7, 8]");
    RAISES("PermissionDenied", hf_call(list, "pop", ""));
    RAISES("NoSuchMethod", hf_call(list, "popp", ""));
    NOT_MADE("PermissionDenied", hf_create(client, "dict", ""));
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    RAISES("PermissionDenied", hf_call(manager, "shutdown", ""));
    RAISES("PermissionDenied", hf_call(manager, "sessions", ""));
    RAISES("PermissionDenied", hf_call(manager, "lookup", "s", "x"));
    RAISES("PermissionDenied", hf_call(manager, "get_or_create", "ss", "x", "dict"));
    assert_int_equal(hf_call(manager, "get_or_create", "ss", "x", "list"), 0);
    const e2e_result_t *says = E2E_TOOL(self, "types");
    assert_string_equal(says->out, "list\n");
    says = E2E_TOOL(self, "describe", "list");
    assert_non_null(strstr(says->out, "append"));
    assert_non_null(strstr(says->out, "getitem"));
    assert_null(strstr(says->out, "pop"));
    assert_null(strstr(says->out, "setitem"));
    says = E2E_TOOL(self, "describe", "manager");
    assert_non_null(strstr(says->out, "get_or_create"));
    assert_null(strstr(says->out, "shutdown"));
    hf_disconnect(&client);
}

static void
who_comes_by_tcp_is_another(void **state)
{
    e2e_t *self = *state;
    start_with_uid(self,
                   "bind = tcp://127.0.0.1:*\n"
                   "roles\n"
                   "    all\n"
                   "        grant = \"*.* manager.*\"\n"
                   "    guest\n"
                   "        grant = Event.*\n"
                   "users\n"
                   "    %u = all\n"
                   "others\n"
                   "    tcp = guest\n",
                   (unsigned)geteuid());
    assert_memory_equal(self->endpoint, "tcp://", 6);
    hf_client_t *client = connect_to(self->endpoint);
    NOT_MADE("PermissionDenied", hf_create(client, "list", ""));
    HF_AUTO_PROXY hf_proxy_t *event = hf_create(client, "Event", "");
    assert_int_equal(hf_call(event, "set", ""), 0);
    hf_disconnect(&client);
}

/* What a process of another user finds, a letter each: connected, made, called, denied. */
static void
as_other(const char *endpoint, int to)
{
    if (setgroups(0, NULL) != 0 || setgid(OTHER_UID) != 0 || setuid(OTHER_UID) != 0)
        _exit(2);
    hf_client_t *client = e2e_connect(endpoint);
    hf_proxy_t *list = client == NULL ? NULL : hf_create(client, "list", "");
    char said[256];
    int len = snprintf(said, sizeof said, "%s", client == NULL ? hf_errmsg() : "connected");
    if (client != NULL)
        len += snprintf(said + len, sizeof said - (size_t)len, " %s",
                        list == NULL ? hf_errkind() : "made");
    hf_proxy_t *named = client == NULL ? NULL : hf_lookup(client, "shared");
    if (named != NULL) {
        len += snprintf(said + len, sizeof said - (size_t)len, " %s",
                        hf_call(named, "len", "") == 0 ? "read" : hf_errkind());
        len += snprintf(said + len, sizeof said - (size_t)len, " %s",
                        hf_call(named, "append", "i", INT64_C(1)) == 0 ? "wrote" : hf_errkind());
    }
    _exit(write(to, said, (size_t)len) == len ? 0 : 3);
}

/* Runs it in a child; what it said. */
static const char *
said_by_other(const char *endpoint)
{
    static char said[256];
    int pipes[2];
    int status = 0;
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0)
        as_other(endpoint, pipes[1]);
    (void)close(pipes[1]);
    ssize_t n = read(pipes[0], said, sizeof said - 1);
    said[n > 0 ? n : 0] = '\0';
    (void)close(pipes[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    return said;
}

static void
two_users_have_two_roles(void **state)
{
    e2e_t *self = *state;
    char config[1024];
    if (geteuid() != 0) {
        print_message("only root can be two users: skipped\n");
        skip();
    }
    assert_int_equal(chmod(self->folder, 0755), 0);
    static const char format[] = "bind = \"ipc://%s/shared.sock\"\n"
                                 "shared = 1\n"
                                 "roles\n"
                                 "    owner\n"
                                 "        grant = \"*.* manager.*\"\n"
                                 "    reader\n"
                                 "        reads = list\n"
                                 "        grant = manager.lookup\n"
                                 "users\n"
                                 "    root = owner\n"
                                 "others\n"
                                 "    ipc = %s\n";
    (void)snprintf(config, sizeof config, format, self->folder, "reader");
    e2e_start_configured(self, config);
    hf_client_t *client = connect_to(self->endpoint);
    HF_AUTO_PROXY hf_proxy_t *list = hf_create(client, "list", "");
    assert_int_equal(hf_bind(client, "shared", list, false), 0);
    assert_int_equal(hf_flush(client, e2e_patience(10.0)), 0);
    assert_string_equal(said_by_other(self->endpoint),
                        "connected PermissionDenied read PermissionDenied");
    (void)snprintf(config, sizeof config, format, self->folder, "owner");
    e2e_write(self, "holdfastd.conf", config);
    assert_int_equal(kill(self->pid, SIGHUP), 0);
    e2e_await_log(self, "holdfastd.conf is in force");
    assert_string_equal(said_by_other(self->endpoint), "connected made read wrote");
    hf_disconnect(&client);
}

/* ---- SIGHUP --------------------------------------------------------------------------- */

/* Waits until the log says so often that the file is in force. */
static void
await_reload(e2e_t *self, int times)
{
    static const char said[] = "holdfastd.conf is in force";
    int n = 0;
    for (e2e_await_log(self, said); n < times;) {
        n = 0;
        (void)e2e_has_logged(self, said);
        for (const char *at = strstr(self->logged, said); at != NULL; at = strstr(at + 1, said))
            n++;
    }
}

static void
reload(e2e_t *self, const char *config, const char *logged)
{
    e2e_write(self, "holdfastd.conf", config);
    assert_int_equal(kill(self->pid, SIGHUP), 0);
    e2e_await_log(self, logged);
}

static void
new_calls_obey_and_parked_ones_finish(void **state)
{
    e2e_t *self = *state;
    e2e_start_configured(self, "types\n    list\n        hide = pop\n    Event\n        returns\n"
                               "            wait = Semaphore\n");
    hf_client_t *client = connect_to(self->endpoint);
    HF_AUTO_PROXY hf_proxy_t *list = hf_create(client, "list", "[ii]", INT64_C(1), INT64_C(2));
    HF_AUTO_PROXY hf_proxy_t *event = hf_create(client, "Event", "");
    hf_future_t *waiting = hf_call_async(event, "wait", "");
    HF_AUTO_PROXY hf_proxy_t *queue = hf_create(client, "Queue", "");
    RAISES("NotExposed", hf_call(list, "pop", ""));
    hf_future_t *parked = hf_call_async(queue, "get", "");
    assert_int_equal(hf_flush(client, e2e_patience(10.0)), 0);
    reload(self,
           "types\n    list\n        hide = append\n    Queue\n        hide = get\n"
           "    log\n        is = list\n        expose = append\n",
           "holdfastd.conf is in force");
    assert_int_equal(hf_call(list, "pop", ""), 0);
    RAISES("NotExposed", hf_call(list, "append", "i", INT64_C(1)));
    RAISES("NotExposed", hf_call(queue, "get", ""));
    HF_AUTO_PROXY hf_proxy_t *log = hf_create(client, "log", "");
    assert_int_equal(hf_call(log, "append", "i", INT64_C(1)), 0);
    assert_int_equal(hf_call(queue, "put", "i", INT64_C(5)), 0);
    int64_t item = 0;
    assert_int_equal(hf_await_into(parked, HF_FOREVER, "i", &item), 0);
    assert_int_equal(item, 5);
    hf_future_destroy(&parked);
    /* as it was begun */
    assert_int_equal(hf_call(event, "set", ""), 0);
    HF_AUTO_PROXY hf_proxy_t *semaphore = hf_await_proxy(waiting, HF_FOREVER);
    assert_non_null(semaphore);
    assert_string_equal(hf_proxy_typeid(semaphore), "Semaphore");
    hf_future_destroy(&waiting);
    bool is_set = false;
    assert_int_equal(hf_call_into(event, "wait", "", "b", &is_set), 0);
    assert_true(is_set);
    /* out of the configuration: what is left of it is closed, and none is made */
    reload(self, "# nothing\nlease = 11\n", "reload: lease cannot change");
    await_reload(self, 2);
    RAISES("NotExposed", hf_call(log, "append", "i", INT64_C(1)));
    NOT_MADE("NoSuchType", hf_create(client, "log", ""));
    hf_disconnect(&client);
}

static void
a_bad_file_changes_nothing_and_says_why(void **state)
{
    e2e_t *self = *state;
    e2e_start_configured(self, "types\n    list\n        hide = pop\n");
    hf_client_t *client = connect_to(self->endpoint);
    HF_AUTO_PROXY hf_proxy_t *list = hf_create(client, "list", "");
    reload(self,
           "lease = soon\ntypes\n    list\n        hide = \"append\"\n        hide = puup\n"
           "roles\n    r\n        grant = list.pup\n",
           "reload: nothing has changed, for 3 reasons");
    assert_true(e2e_has_logged(self, "holdfastd.conf:1: lease is a number"));
    assert_true(e2e_has_logged(self, "holdfastd.conf:5: list has no method 'puup'"));
    assert_true(e2e_has_logged(self, "holdfastd.conf:8: list has no method 'pup'"));
    RAISES("NotExposed", hf_call(list, "pop", ""));
    assert_int_equal(hf_call(list, "append", "i", INT64_C(1)), 0);
    hf_disconnect(&client);
}

static void
what_cannot_change_is_said(void **state)
{
    e2e_t *self = *state;
    e2e_start_configured(self, "lease = 20\n");
    reload(self, "lease = 30\nbind = tcp://127.0.0.1:*\nlimits\n    names = 1\n",
           "holdfastd.conf is in force");
    assert_true(e2e_has_logged(self, "reload: lease cannot change"));
    assert_true(e2e_has_logged(self, "reload: bind cannot change"));
    assert_false(e2e_has_logged(self, "reload: spin"));
    hf_client_t *client = connect_to(self->endpoint);
    HF_AUTO_PROXY hf_proxy_t *list = hf_create(client, "list", "");
    assert_int_equal(hf_bind(client, "a", list, false), 0);
    RAISES("LimitExceeded", hf_bind(client, "b", list, false));
    hf_disconnect(&client);
}

static void
roles_change_for_who_is_connected(void **state)
{
    e2e_t *self = *state;
    char config[512];
    static const char format[] = "roles\n    r\n        grant = \"list.create list.%s\"\nusers\n"
                                 "    %u = r\n";
    (void)snprintf(config, sizeof config, format, "append", (unsigned)geteuid());
    e2e_start_configured(self, config);
    hf_client_t *client = connect_to(self->endpoint);
    HF_AUTO_PROXY hf_proxy_t *list = hf_create(client, "list", "");
    assert_int_equal(hf_call(list, "append", "i", INT64_C(1)), 0);
    RAISES("PermissionDenied", hf_call(list, "len", ""));
    (void)snprintf(config, sizeof config, format, "len", (unsigned)geteuid());
    reload(self, config, "is in force");
    assert_int_equal(hf_call(list, "len", ""), 0);
    RAISES("PermissionDenied", hf_call(list, "append", "i", INT64_C(1)));
    hf_disconnect(&client);
}

/* ---- --check -------------------------------------------------------------------------- */

static void
every_file_of_conf_is_fine(void **state)
{
    e2e_t *self = *state;
    int n = 0;
    DIR *folder = opendir(E2E_CONF);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[512];
        size_t len = strlen(entry->d_name);
        if (len < 5 || strcmp(entry->d_name + len - 5, ".conf") != 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", E2E_CONF, entry->d_name);
        const e2e_result_t *says = E2E_HOLDFASTD(self, "--check", "-c", path);
        if (says->status != 0)
            fail_msg("%s", says->err);
        n++;
    }
    (void)closedir(folder);
    assert_true(n >= 4);
}

/* The mistakes of a file, with the lines on which they are said to be. */
static void
finds(e2e_t *self, const char *config, const char *format, int a, int b, int c)
{
    char want[1024];
    char path[192];
    char line[512];
    e2e_write(self, "bad.conf", config);
    (void)snprintf(path, sizeof path, "%s", e2e_path(self, "bad.conf"));
    const e2e_result_t *says = E2E_HOLDFASTD(self, "--check", "-c", path);
    assert_int_equal(says->status, 1);
    assert_string_equal(says->out, "");
    want[0] = '\0';
    const int lines[] = {a, b, c};
    for (int k = 0; k < 3; k++) {
        size_t len = strcspn(format, "\n");
        (void)snprintf(line, sizeof line, "holdfastd: %s:%d: %.*s\n", path, lines[k], (int)len,
                       format);
        (void)strncat(want, line, sizeof want - strlen(want) - 1);
        format += len + 1;
    }
    assert_string_equal(says->err, want);
}

static void
three_mistakes_are_three_lines_and_move_with_them(void **state)
{
    static const char config[] = "log = info\n"
                                 "types\n"
                                 "    lst\n"
                                 "        hide = pop\n"
                                 "    dict\n"
                                 "        expose = \"get sett\"\n"
                                 "roles\n"
                                 "    r\n"
                                 "        grants = list.pop\n";
    static const char mistakes[] =
        "unknown typeid 'lst' (a further one says what it is: is = \"list\")\n"
        "dict has no method 'sett'\n"
        "unknown key 'grants': a role has grant and reads\n";
    char moved[512];
    finds(*state, config, mistakes, 3, 6, 9);
    (void)snprintf(moved, sizeof moved, "# a comment\n\n%s", config);
    finds(*state, moved, mistakes, 5, 8, 11);
}

/* Mistakes of plugins: files, which are all that is looked at then, and what is in them. */
static void
a_plugin_s_mistake_has_its_line(void **state)
{
    e2e_t *self = *state;
    char open[192];
    char config[1024];
    char mistakes[1024];
    char moved[1100];
    e2e_write(self, "open.so", "this is no library\n");
    (void)snprintf(open, sizeof open, "%s", e2e_path(self, "open.so"));
    assert_int_equal(chmod(open, 0666), 0);
    (void)snprintf(config, sizeof config,
                   "plugin = /nowhere/missing.so\nplugin = %s\ngrace = 1\nplugin = %s\n", E2E_SHELF,
                   open);
    (void)snprintf(config + strlen(config), sizeof config - strlen(config),
                   "plugin_dir = relative\n");
    (void)snprintf(mistakes, sizeof mistakes,
                   "/nowhere/missing.so: No such file or directory\n"
                   "%s can be written by others (mode 0666): chmod go-w it\n"
                   "plugin_dir relative: it must be absolute\n",
                   open);
    finds(self, config, mistakes, 1, 4, 5);
    (void)snprintf(moved, sizeof moved, "# a comment\n\n%s", config);
    finds(self, moved, mistakes, 3, 6, 7);
    (void)snprintf(config, sizeof config,
                   "plugin = %s/broken_1.so\nplugin = %s\nplugin = %s/broken_14.so\n"
                   "types\n    Shelf\n        hide = paint\n",
                   E2E_BROKEN, E2E_SHELF, E2E_BROKEN);
    (void)snprintf(mistakes, sizeof mistakes,
                   "%s/broken_1.so: it is made for ABI 2.1, this manager has 1.1: another major "
                   "version\n"
                   "%s/broken_14.so: plugin broken: typeid list is taken by plugin containers\n"
                   "Shelf has no method 'paint'\n",
                   E2E_BROKEN, E2E_BROKEN);
    finds(self, config, mistakes, 1, 3, 6);
    (void)snprintf(moved, sizeof moved, "# a comment\n%s", config);
    finds(self, moved, mistakes, 2, 4, 7);
}

static void
a_plugin_s_mistake_is_said_in_json_and_by_sighup(void **state)
{
    e2e_t *self = *state;
    char path[192];
    char want[512];
    e2e_write(self, "bad.conf", "\nplugin = /nowhere/missing.so\n");
    (void)snprintf(path, sizeof path, "%s", e2e_path(self, "bad.conf"));
    const e2e_result_t *says = E2E_HOLDFASTD(self, "--check", "--json", "-c", path);
    assert_int_equal(says->status, 1);
    (void)snprintf(want, sizeof want,
                   "{\"complaints\": [{\"file\": \"%s\", \"line\": 2, \"text\": "
                   "\"/nowhere/missing.so: No such file or directory\"}]}\n",
                   path);
    assert_string_equal(says->out, want);
    e2e_start_configured(self, "grace = 1\n");
    reload(self, "grace = 1\nplugin_dir = here\n", "nothing has changed, for 1 reason");
    assert_true(e2e_has_logged(self, "holdfastd.conf:2: plugin_dir here: it must be absolute"));
    reload(self, "grace = 1\n\nplugin = /nowhere/missing.so\n", "the next start fails");
    assert_true(e2e_has_logged(self, "reload: plugin cannot change"));
    assert_true(e2e_has_logged(self, "holdfastd.conf:3: /nowhere/missing.so: No such file"));
}

static void
check_prints_what_each_role_sees(void **state)
{
    e2e_t *self = *state;
    char path[192];
    e2e_write(self, "holdfastd.conf",
              "types\n"
              "    audit_log\n"
              "        is = list\n"
              "        expose = \"append len copy\"\n"
              "        returns\n"
              "            copy = list\n"
              "roles\n"
              "    auditor\n"
              "        reads = audit_log\n"
              "        grant = manager.lookup\n"
              "    clerk\n"
              "        grant = \"audit_log.* Event.set\"\n"
              "users\n"
              "    0 = \"auditor clerk\"\n"
              "others\n"
              "    ipc = auditor\n");
    (void)snprintf(path, sizeof path, "%s", e2e_path(self, "holdfastd.conf"));
    const e2e_result_t *says = E2E_HOLDFASTD(self, "--check", "-c", path);
    assert_int_equal(says->status, 0);
    assert_string_equal(says->out, "holdfastd: configuration and plugins are fine\n"
                                   "role auditor\n"
                                   "  TYPE               CREATE METHODS\n"
                                   "  manager            -      lookup\n"
                                   "  audit_log          -      copy->list len\n"
                                   "role clerk\n"
                                   "  TYPE               CREATE METHODS\n"
                                   "  manager            -      create\n"
                                   "  Event              -      set\n"
                                   "  audit_log          yes    append copy->list len\n"
                                   "user 0: auditor clerk\n"
                                   "others on ipc: auditor\n"
                                   "others on tcp: nothing\n");
    says = E2E_HOLDFASTD(self, "--check", "--json", "-c", path);
    assert_int_equal(says->status, 0);
    assert_string_equal(
        says->out,
        "{\"roles\": {\"auditor\": {\"manager\": {\"create\": false, \"methods\": [\"lookup\"]}, "
        "\"audit_log\": {\"create\": false, \"methods\": [\"copy\", \"len\"]}}, \"clerk\": "
        "{\"manager\": {\"create\": false, \"methods\": [\"create\"]}, \"Event\": {\"create\": "
        "false, \"methods\": [\"set\"]}, \"audit_log\": {\"create\": true, \"methods\": "
        "[\"append\", \"copy\", \"len\"]}}}, \"users\": {\"0\": [\"auditor\", \"clerk\"]}, "
        "\"others\": {\"ipc\": [\"auditor\"], \"tcp\": []}}\n");
}

static void
check_says_in_json_what_is_wrong(void **state)
{
    e2e_t *self = *state;
    char path[192];
    char want[512];
    e2e_write(self, "bad.conf", "types\n    list\n        hide = popp\n");
    (void)snprintf(path, sizeof path, "%s", e2e_path(self, "bad.conf"));
    const e2e_result_t *says = E2E_HOLDFASTD(self, "--check", "--json", "-c", path);
    assert_int_equal(says->status, 1);
    (void)snprintf(want, sizeof want,
                   "{\"complaints\": [{\"file\": \"%s\", \"line\": 3, \"text\": \"list has no "
                   "method 'popp'\"}]}\n",
                   path);
    assert_string_equal(says->out, want);
    assert_string_equal(says->err, "");
    says = E2E_HOLDFASTD(self, "--json", "-c", path);
    assert_int_equal(says->status, 2);
    says = E2E_HOLDFASTD(self, "--check", "--plugin", "/nowhere/at/all.so");
    assert_int_equal(says->status, 1);
    assert_non_null(strstr(says->err, "/nowhere/at/all.so"));
}

int
main(void)
{
#define IT(name_) cmocka_unit_test_setup_teardown(name_, e2e_open, e2e_close)
    const struct CMUnitTest tests[] = {
        IT(a_further_typeid_is_a_type),
        IT(names_returns_defaults_and_limits_are_the_deployments),
        IT(a_row_says_what_it_returns),
        IT(the_configuration_goes_before_the_row),
        IT(without_the_other_plugin_it_is_refused),
        IT(a_user_may_do_what_its_roles_grant),
        IT(who_comes_by_tcp_is_another),
        IT(two_users_have_two_roles),
        IT(new_calls_obey_and_parked_ones_finish),
        IT(a_bad_file_changes_nothing_and_says_why),
        IT(what_cannot_change_is_said),
        IT(roles_change_for_who_is_connected),
        IT(every_file_of_conf_is_fine),
        IT(three_mistakes_are_three_lines_and_move_with_them),
        IT(a_plugin_s_mistake_has_its_line),
        IT(a_plugin_s_mistake_is_said_in_json_and_by_sighup),
        IT(check_prints_what_each_role_sees),
        IT(check_says_in_json_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
