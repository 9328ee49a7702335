/* SPDX-License-Identifier: MPL-2.0 */
/* fork -- what a child inherits: proxies that go on, whatever becomes of the parent, and nothing where nobody uses them.
 *
 * A child tells what it saw by its exit status: 0, or the number of the step that failed.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include <holdfast/types.h>

#include "figure.h"

enum { MANY = 10000, ROUNDS = 20, THREADS = 4, FORKS = 30, APPENDS = 50, PATIENCE_S = 25 };

/* Leases, in seconds: what holds for a brief one's length alone is waited for. */
static const double brief_lease = 2.0;
static const double long_lease = 30.0;

typedef struct world {
    e2e_t *e2e;
    hf_client_t *client;
    hf_proxy_t *list;
    hf_future_t *future;
    hf_proxy_t *lock;
    int read; /* a pipe, from or to the child */
    int write;
} world_t;

typedef int child_f(world_t *world);

static hf_client_t *
join_manager(const e2e_t *e2e, double lease)
{
    hf_options_t *options = hf_options_new();
    assert_int_equal(hf_options_set(options, "lease", e2e_patience_text(lease)), 0);
    assert_int_equal(hf_options_set(options, "connect_timeout", e2e_patience_text(20)), 0);
    hf_client_t *client = hf_connect(e2e->endpoint, options);
    hf_options_destroy(&options);
    assert_non_null(client);
    return client;
}

static world_t
begin_leased(void **state, double lease)
{
    world_t world = {.e2e = *state};
    int ends[2];
    E2E_START(world.e2e, NULL);
    world.client = join_manager(world.e2e, lease);
    world.list = hf_create(world.client, "list", "");
    assert_non_null(world.list);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    world.read = ends[0];
    world.write = ends[1];
    return world;
}

static world_t
begin(void **state)
{
    return begin_leased(state, brief_lease);
}

static void
end(world_t *world)
{
    hf_release(&world->list);
    hf_release(&world->lock);
    hf_future_destroy(&world->future);
    hf_disconnect(&world->client);
    (void)close(world->read);
    (void)close(world->write);
}

static pid_t
start(child_f *run, world_t *world)
{
    (void)fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(run(world));
    return pid;
}

static int
run(child_f *child, world_t *world)
{
    return e2e_join(start(child, world));
}

static int64_t
number_of_objects(hf_client_t *client)
{
    int64_t n = -1;
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    assert_int_equal(hf_call_into(manager, "number_of_objects", "", "i", &n), 0);
    return n;
}

static int64_t
n_items(const hf_proxy_t *list)
{
    int64_t n = -1;
    return hf_call_into(list, "len", "", "i", &n) == 0 ? n : -1;
}

/* Waits until the pins have run out and dead sessions are gone: the event is the referent's end. */
static void
await_gone(world_t *world)
{
    hf_client_t *observer = join_manager(world->e2e, brief_lease);
    char *token = hf_export(world->list, HF_TTL_DEFAULT);
    hf_proxy_t *seen = hf_adopt(observer, token);
    assert_non_null(seen);
    assert_int_equal(hf_revoke(observer, token), 1);
    free(token);
    hf_proxy_t *manager = hf_manager(observer);
    hf_future_t *gone = hf_call_async(manager, "watch", "h", seen);
    hf_release(&seen);
    hf_release(&world->list);
    assert_int_equal(hf_await(gone, e2e_patience(PATIENCE_S)), 0);
    hf_future_destroy(&gone);
    hf_release(&manager);
    hf_disconnect(&observer);
}

static bool
has_failed_with(const char *kind)
{
    return strcmp(hf_errkind(), kind) == 0;
}

/* ---- both go on --------------------------------------------------------------------------- */

static int
child_appends(world_t *world)
{
    for (int i = 0; i < APPENDS; i++) {
        if (hf_list_append(world->list, "s", "child") != 0)
            return 1;
    }
    hf_release(&world->list);
    hf_disconnect(&world->client);
    return 0;
}

static void
test_both_use_it_at_once(void **state)
{
    world_t world = begin_leased(state, long_lease);
    pid_t pids[3];
    for (size_t k = 0; k < 3; k++)
        pids[k] = start(child_appends, &world);
    for (int i = 0; i < APPENDS; i++)
        assert_int_equal(hf_list_append(world.list, "s", "parent"), 0);
    for (size_t k = 0; k < 3; k++)
        assert_int_equal(e2e_join(pids[k]), 0);
    assert_int_equal(n_items(world.list), 4 * APPENDS);
    end(&world);
}

/* The whole of what can hold: proxies, one twice, an answer kept as a value, a future's answer. */
typedef struct holdings {
    world_t world;
    hf_proxy_t *twice;
    hf_value_t value;
    hf_future_t *future;
} holdings_t;

static int
child_of_holdings(world_t *world)
{
    holdings_t *held = (holdings_t *)(void *)world;
    hf_cursor_t items;
    hf_value_t item;
    hf_release(&world->list); /* before the first use: the other proxy of it holds it still */
    if (n_items(held->twice) != 0)
        return 1;
    hf_open(&items, &held->value);
    if (!hf_next(&items, &item))
        return 2;
    HF_AUTO_PROXY hf_proxy_t *in_value = hf_proxy_of(world->client, &item);
    HF_AUTO_PROXY hf_proxy_t *in_future = hf_await_proxy(held->future, 0.0);
    if (n_items(in_value) != 1 || n_items(in_future) != 0)
        return 3;
    hf_drop(NULL, &held->value);
    hf_future_destroy(&held->future);
    if (n_items(in_value) != 1 || n_items(in_future) != 0)
        return 4;
    hf_release(&held->twice);
    return hf_flush(world->client, e2e_patience(PATIENCE_S)) == 0 ? 0 : 5;
}

static void
test_all_kinds_of_holders(void **state)
{
    holdings_t held = {.world = begin_leased(state, long_lease)};
    world_t *world = &held.world;
    held.twice = hf_dup(world->list);
    HF_AUTO_PROXY hf_proxy_t *outer = hf_create(world->client, "list", "");
    hf_proxy_t *inner = hf_create(world->client, "list", "[i]", INT64_C(1));
    assert_int_equal(hf_list_append(outer, "h", inner), 0);
    hf_release(&inner);
    assert_int_equal(hf_call_into(outer, "getitems", "[i]", INT64_C(0), "v", &held.value), 0);
    held.future = hf_create_async(world->client, "list", "");
    assert_int_equal(hf_await(held.future, HF_FOREVER), 0);
    assert_int_equal(run(child_of_holdings, world), 0);
    assert_int_equal(n_items(held.twice), 0); /* all of it is the parent's still */
    assert_int_equal(number_of_objects(world->client), 4);
    hf_release(&held.twice);
    hf_drop(NULL, &held.value);
    hf_future_destroy(&held.future);
    end(world);
}

static hf_proxy_t *many[MANY];

static int
child_of_many(world_t *world)
{
    if (hf_list_append(many[0], "s", "child") != 0 ||
        hf_list_append(many[MANY - 1], "s", "child") != 0)
        return 1;
    for (size_t i = 0; i < MANY; i++)
        hf_release(&many[i]);
    hf_release(&world->list);
    hf_disconnect(&world->client);
    return 0;
}

static void
test_thousands_of_handles(void **state)
{
    world_t world = begin_leased(state, long_lease);
    hf_future_t *future;
    for (size_t i = 0; i < MANY; i++) {
        future = hf_create_async(world.client, "list", "");
        many[i] = hf_future_proxy(future);
        assert_non_null(many[i]);
        hf_future_destroy(&future);
    }
    assert_int_equal(n_items(many[MANY - 1]), 0);
    for (size_t i = 0; i < MANY; i++) /* promised: their answers are here, the last one's too */
        assert_true(hf_proxy_object(many[i]) != 0);
    assert_int_equal(run(child_of_many, &world), 0);
    assert_int_equal(number_of_objects(world.client), MANY + 1);
    assert_int_equal(n_items(many[MANY - 1]), 1);
    for (size_t i = 0; i < MANY; i++)
        hf_release(&many[i]);
    assert_int_equal(hf_flush(world.client, e2e_patience(PATIENCE_S)), 0);
    assert_int_equal(number_of_objects(world.client), 1);
    end(&world);
}

/* ---- nobody uses it ----------------------------------------------------------------------- */

static int
n_in(const char *folder)
{
    int n = 0;
    DIR *dir = opendir(folder);
    while (dir != NULL && readdir(dir) != NULL) // NOLINT(concurrency-mt-unsafe)
        n++;
    (void)closedir(dir);
    return n;
}

static int
child_lets_go(world_t *world)
{
    int fds = n_in("/proc/self/fd");
    hf_release(&world->list);
    hf_future_destroy(&world->future);
    hf_disconnect(&world->client);
    return n_in("/proc/self/fd") > fds || n_in("/proc/self/task") != 2 + 1 ? 1 : 0;
}

static int
child_exits(world_t *world)
{
    (void)world;
    return 0;
}

static int
child_execs(world_t *world)
{
    (void)world;
    (void)execl("/bin/true", "true", (char *)NULL);
    return 9;
}

static void
test_unused_it_runs_out(void **state)
{
    static child_f *const children[] = {child_lets_go, child_exits, child_execs};
    for (size_t k = 0; k < sizeof children / sizeof children[0]; k++) {
        world_t world = begin(state);
        assert_int_equal(run(children[k], &world), 0);
        assert_int_equal(n_items(world.list), 0);
        await_gone(&world);
        assert_int_equal(number_of_objects(world.client), 0);
        end(&world);
        assert_int_equal(e2e_stop(world.e2e), 0);
    }
}

static int
child_of_one_that_is_not_inherited(world_t *world)
{
    if (n_items(world->list) != -1 || !has_failed_with("SessionLost"))
        return 1;
    return child_lets_go(world);
}

static void
test_option_inherit(void **state)
{
    world_t world = begin_leased(state, long_lease);
    hf_options_t *options = hf_options_new();
    assert_int_equal(hf_options_set(options, "inherit", "0"), 0);
    hf_release(&world.list);
    hf_disconnect(&world.client);
    world.client = hf_connect(world.e2e->endpoint, options);
    hf_options_destroy(&options);
    world.list = hf_create(world.client, "list", "");
    assert_int_equal(run(child_of_one_that_is_not_inherited, &world), 0);
    assert_int_equal(number_of_objects(world.client), 1);
    hf_release(&world.list);
    assert_int_equal(number_of_objects(world.client), 0); /* at once: nothing was exported */
    end(&world);
}

/* ---- who dies ----------------------------------------------------------------------------- */

/* Reads until all writers are gone. */
static void
await_end_of(int fd)
{
    char byte;
    while (read(fd, &byte, 1) > 0) {
    }
}

/* The child of a parent that is dead already: gives the test a token of what it has. */
static int
orphan(world_t *world, const int *parent)
{
    (void)close(parent[1]);
    await_end_of(parent[0]);
    if (hf_list_append(world->list, "s", "orphan") != 0)
        return 1;
    char *token = hf_export(world->list, HF_TTL_DEFAULT);
    if (token == NULL || write(world->write, token, strlen(token)) != (ssize_t)strlen(token))
        return 2;
    free(token);
    hf_release(&world->list);
    hf_disconnect(&world->client);
    return 0;
}

/* A program that forks and is gone at once, as a daemon's first process is. */
static int
parent_dies(world_t *world)
{
    int ends[2]; /* the parent holds one end as long as it lives */
    world_t own = *world;
    own.client = e2e_connect(world->e2e->endpoint);
    own.list = hf_create(own.client, "list", "");
    if (own.list == NULL || pipe(ends) != 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(orphan(&own, ends));
    (void)raise(SIGKILL);
    return 9;
}

static void
test_parent_dies_right_after_fork(void **state)
{
    world_t world = begin(state);
    for (int round = 0; round < e2e_rounds(ROUNDS); round++) {
        char token[1024];
        struct pollfd item = {.fd = world.read, .events = POLLIN};
        assert_int_equal(run(parent_dies, &world), 128 + SIGKILL);
        if (poll(&item, 1, (int)e2e_patience(PATIENCE_S * 1e3)) != 1)
            fail_msg("the orphan has lost its list");
        ssize_t len = read(world.read, token, sizeof token - 1);
        assert_true(len > 0);
        token[len] = '\0';
        HF_AUTO_PROXY hf_proxy_t *list = hf_adopt(world.client, token);
        assert_int_equal(n_items(list), 1);
    }
    await_gone(&world);
    end(&world);
}

static void
test_killed_at_any_moment(void **state)
{
    world_t world = begin(state);
    for (int round = 0; round < e2e_rounds(ROUNDS); round++) {
        pid_t pid = start(child_appends, &world);
        for (int k = 0; k < round; k++) /* later by as many round trips */
            assert_true(n_items(world.list) >= 0);
        (void)kill(pid, SIGKILL);
        int status = e2e_join(pid);
        assert_true(status == 0 || status == 128 + SIGKILL);
        assert_true(n_items(world.list) >= 0);
    }
    await_gone(&world);
    assert_int_equal(number_of_objects(world.client), 0);
    end(&world);
}

/* ---- fork in fork ------------------------------------------------------------------------- */

static int
child_forks_after_use(world_t *world)
{
    if (hf_list_append(world->list, "s", "child") != 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(child_appends(world));
    if (hf_list_append(world->list, "s", "child") != 0)
        return 2;
    return e2e_join(pid) == 0 ? child_appends(world) : 3;
}

static int
child_forks_before_use(world_t *world)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(child_appends(world));
    return e2e_join(pid) == 0 ? child_appends(world) : 3;
}

static void
test_fork_in_fork(void **state)
{
    world_t world = begin_leased(state, long_lease);
    assert_int_equal(run(child_forks_after_use, &world), 0);
    assert_int_equal(n_items(world.list), 2 * APPENDS + 2);
    assert_int_equal(run(child_forks_before_use, &world), 0);
    assert_int_equal(n_items(world.list), 4 * APPENDS + 2);
    end(&world);
}

/* ---- what does not go over ---------------------------------------------------------------- */

static int
child_of_pending(world_t *world)
{
    if (!hf_future_is_done(world->future) || hf_await(world->future, HF_FOREVER) != -1 ||
        !has_failed_with("SessionLost"))
        return 1;
    HF_AUTO_PROXY hf_proxy_t *promised = hf_future_proxy(world->future);
    if (hf_call(promised, "len", "") != -1 || !has_failed_with("SessionLost"))
        return 2;
    return child_appends(world);
}

static void
test_pending_future_is_lost_in_the_child(void **state)
{
    world_t world = begin_leased(state, long_lease);
    HF_AUTO_PROXY hf_proxy_t *queue = hf_create(world.client, "Queue", "");
    world.future = hf_call_async(queue, "get", "");
    assert_int_equal(hf_flush(world.client, e2e_patience(PATIENCE_S)), 0);
    assert_int_equal(run(child_of_pending, &world), 0);
    assert_false(hf_future_is_done(world.future));
    assert_int_equal(hf_call(queue, "put", "i", INT64_C(1)), 0);
    assert_int_equal(hf_await(world.future, e2e_patience(PATIENCE_S)), 0);
    assert_int_equal(n_items(world.list), APPENDS);
    end(&world);
}

/* Called where the referents of the parent are gone: nothing is begun anew in their name. */
static int
child_comes_late(world_t *world)
{
    (void)close(world->write);
    await_end_of(world->read);
    for (int k = 0; k < 2; k++) {
        if (hf_list_append(world->list, "s", "late") != -1 || !has_failed_with("SessionLost"))
            return 1;
    }
    if (hf_create(world->client, "list", "") != NULL || !has_failed_with("SessionLost"))
        return 2;
    hf_release(&world->list);
    hf_disconnect(&world->client);
    HF_AUTO_PROXY hf_proxy_t *own = NULL;
    world->client = e2e_connect(world->e2e->endpoint);
    own = hf_create(world->client, "list", "");
    int status = own == NULL ? 3 : 0;
    hf_release(&own);
    hf_disconnect(&world->client);
    return status;
}

static void
test_late_child_has_lost_it(void **state)
{
    world_t world = begin(state);
    pid_t pid = start(child_comes_late, &world);
    await_gone(&world);
    (void)close(world.write);
    assert_int_equal(e2e_join(pid), 0);
    world.write = dup(world.read);
    end(&world);
}

static int
child_of_holder(world_t *world)
{
    HF_AUTO_PROXY hf_proxy_t *other = hf_dup(world->lock);
    const hf_proxy_t *held = world->lock;
    if (hf_unlock(&held) != -1 || !has_failed_with("RuntimeError"))
        return 1;
    bool is_locked = false;
    if (hf_call_into(world->lock, "locked", "", "b", &is_locked) != 0 || !is_locked)
        return 2;
    if (hf_lock(other, 0.0) != NULL || !has_failed_with("TimeoutError"))
        return 3;
    return 0;
}

static int
child_locks(world_t *world)
{
    const hf_proxy_t *held = hf_lock(world->lock, 0.0);
    if (held == NULL || hf_unlock(&held) != 0)
        return 1;
    return 0;
}

static void
test_lock_stays_the_parents(void **state)
{
    static const char *const types[] = {"Lock", "RLock", "BoundedSemaphore"};
    for (size_t k = 0; k < 3; k++) {
        world_t world = begin_leased(state, long_lease);
        world.lock = hf_create(world.client, types[k], "");
        const hf_proxy_t *held = hf_lock(world.lock, 0.0);
        assert_non_null(held);
        assert_int_equal(run(k < 2 ? child_of_holder : child_exits, &world), 0);
        assert_int_equal(hf_unlock(&held), 0);
        assert_int_equal(run(child_locks, &world), 0);
        end(&world);
        assert_int_equal(e2e_stop(world.e2e), 0);
    }
}

/* ---- threads ------------------------------------------------------------------------------ */

typedef struct worker {
    const world_t *world;
    atomic_bool *ends;
    int64_t n;
    bool has_failed;
} worker_t;

static void *
work(void *context)
{
    worker_t *self = context;
    while (!atomic_load(self->ends)) {
        HF_AUTO_PROXY hf_proxy_t *list = hf_create(self->world->client, "list", "");
        self->has_failed |= hf_list_append(self->world->list, "h", list) != 0;
        self->n++;
    }
    return NULL;
}

/* Two threads of the child race for the first use. */
static void *
first_use(void *context)
{
    worker_t *self = context;
    self->has_failed = hf_list_append(self->world->list, "s", "child") != 0;
    return NULL;
}

static int
child_of_threads(world_t *world)
{
    pthread_t threads[2];
    worker_t workers[2] = {{.world = world}, {.world = world}};
    for (size_t k = 0; k < 2; k++) {
        if (pthread_create(&threads[k], NULL, first_use, &workers[k]) != 0)
            return 1;
    }
    for (size_t k = 0; k < 2; k++)
        (void)pthread_join(threads[k], NULL);
    hf_release(&world->list);
    hf_disconnect(&world->client);
    return workers[0].has_failed || workers[1].has_failed ? 2 : 0;
}

static void
test_forks_while_threads_call(void **state)
{
    /* The sanitizers do not see to it that a child finds their own allocator's locks open. */
    child_f *const child = E2E_IS_SANITIZED ? child_exits : child_of_threads;
    world_t world = begin(state);
    int n_forks = e2e_rounds(FORKS);
    atomic_bool ends = false;
    pthread_t threads[THREADS];
    worker_t workers[THREADS];
    int64_t n = 0;
    for (size_t k = 0; k < THREADS; k++) {
        workers[k] = (worker_t){.world = &world, .ends = &ends};
        assert_int_equal(pthread_create(&threads[k], NULL, work, &workers[k]), 0);
    }
    for (int k = 0; k < n_forks; k++)
        assert_int_equal(run(child, &world), 0);
    atomic_store(&ends, true);
    for (size_t k = 0; k < THREADS; k++) {
        (void)pthread_join(threads[k], NULL);
        assert_false(workers[k].has_failed);
        n += workers[k].n;
    }
    assert_int_equal(n_items(world.list), n + (E2E_IS_SANITIZED ? 0 : INT64_C(2) * n_forks));
    await_gone(&world);
    assert_int_equal(number_of_objects(world.client), 0);
    end(&world);
}

int
main(void)
{
#define TEST(name_) cmocka_unit_test_setup_teardown(name_, e2e_open, e2e_close)
    const struct CMUnitTest tests[] = {
        TEST(test_both_use_it_at_once),
        TEST(test_all_kinds_of_holders),
        TEST(test_thousands_of_handles),
        TEST(test_unused_it_runs_out),
        TEST(test_option_inherit),
        TEST(test_parent_dies_right_after_fork),
        TEST(test_killed_at_any_moment),
        TEST(test_fork_in_fork),
        TEST(test_pending_future_is_lost_in_the_child),
        TEST(test_late_child_has_lost_it),
        TEST(test_lock_stays_the_parents),
        TEST(test_forks_while_threads_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
