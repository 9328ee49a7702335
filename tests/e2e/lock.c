/* SPDX-License-Identifier: MPL-2.0 */
/* lock -- hf_lock, HF_AUTO_LOCK, hf_condition_wait_for against a real manager: scopes, timeouts, interrupts, races. */
#define _GNU_SOURCE
#include "harness.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include <holdfast/holdfast.h>

#include "figure.h"

enum { RACES = E2E_IS_SANITIZED ? 60 : 300, PATIENCE_S = 20 };

/* Two clients: ours, and one that the other thread uses. */
typedef struct pair {
    hf_client_t *ours;
    hf_client_t *theirs;
} pair_t;

static hf_client_t *
connect_to(const e2e_t *self)
{
    hf_client_t *client = e2e_connect(self->endpoint);
    if (client == NULL)
        fail_msg("%s: %s", hf_errkind(), hf_errmsg());
    return client;
}

static void
pair_open(pair_t *self, e2e_t *e2e)
{
    E2E_START(e2e, NULL);
    self->ours = connect_to(e2e);
    self->theirs = connect_to(e2e);
}

static void
pair_close(pair_t *self)
{
    hf_disconnect(&self->ours);
    hf_disconnect(&self->theirs);
}

/* The same referent in both hands. */
static hf_proxy_t *
pair_new(const pair_t *self, const char *typeid_, hf_proxy_t **ret_theirs)
{
    hf_proxy_t *proxy = hf_get_or_create(self->ours, "it", typeid_, "");
    assert_non_null(proxy);
    *ret_theirs = hf_lookup(self->theirs, "it");
    assert_non_null(*ret_theirs);
    assert_int_equal(hf_unbind(self->ours, "it"), 0);
    return proxy;
}

#define RAISES(call_, kind_)                                                                       \
    do {                                                                                           \
        assert_true(call_);                                                                        \
        assert_string_equal(hf_errkind(), (kind_));                                                \
    } while (0)

static bool
is_locked(const hf_proxy_t *lock)
{
    bool is = false;
    assert_int_equal(hf_call_into(lock, "locked", "", "b", &is), 0);
    return is;
}

static int64_t
value_of(const hf_proxy_t *semaphore)
{
    int64_t n = -1;
    assert_int_equal(hf_call_into(semaphore, "get_value", "", "i", &n), 0);
    return n;
}

/* Waits until so many calls are parked, this question beside. */
static void
await_parked(hf_client_t *client, int64_t n)
{
    char parked[64];
    (void)snprintf(parked, sizeof parked, "\"parked\": %d,", (int)n + 1);
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    time_t end = time(NULL) + (time_t)e2e_patience(PATIENCE_S);
    bool is_so = false;
    while (!is_so) {
        hf_value_t stats = {.raw = {0}};
        assert_true(time(NULL) < end);
        assert_int_equal(
            hf_call_value(manager, "stats", NULL, NULL, e2e_patience(PATIENCE_S), &stats), 0);
        char *text = hf_to_json(&stats);
        assert_non_null(text);
        is_so = strstr(text, parked) != NULL;
        free(text);
        hf_drop(NULL, &stats);
    }
}

/* Interrupts the other thread until it says that it is done: it may not be in its wait yet. */
static void
interrupt_until(const pair_t *pair, const atomic_bool *is_done)
{
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(pair->ours);
    time_t end = time(NULL) + (time_t)e2e_patience(PATIENCE_S);
    while (!atomic_load(is_done)) {
        assert_true(time(NULL) < end);
        hf_interrupt(pair->theirs);
        assert_int_equal(hf_call(manager, "number_of_objects", ""), 0); /* gives it time */
    }
}

/* ---- scopes ------------------------------------------------------------------------------- */

/* Leaves its scope by an error, whose sentence is the caller's to read. */
static int
fail_inside(const hf_proxy_t *lock, const hf_proxy_t *dict)
{
    HF_AUTO_LOCK const hf_proxy_t *held = hf_lock(lock, HF_FOREVER);
    assert_ptr_equal(held, lock);
    return hf_call(dict, "getitem", "s", "nothing");
}

static void
a_scope_lets_go(void **state)
{
    pair_t pair;
    static const char *const types[] = {"Lock", "RLock", "Condition"};
    pair_open(&pair, *state);
    hf_proxy_t *dict = hf_create(pair.ours, "dict", "");
    for (int k = 0; k < 3; k++) {
        HF_AUTO_PROXY hf_proxy_t *lock = hf_create(pair.ours, types[k], "");
        {
            HF_AUTO_LOCK const hf_proxy_t *held = hf_lock(lock, HF_FOREVER);
            assert_ptr_equal(held, lock);
            assert_true(is_locked(lock));
        }
        assert_false(is_locked(lock));
        RAISES(fail_inside(lock, dict) == -1, "KeyError");
        size_t len = 0;
        assert_memory_equal(hf_as_str(hf_errdata(), &len), "nothing", 7);
        assert_string_equal(hf_errmsg(), "'nothing'");
        assert_false(is_locked(lock));
        HF_AUTO_LOCK const hf_proxy_t *held = hf_lock(lock, 0.0);
        assert_non_null(held);
        assert_int_equal(hf_unlock(&held), 0); /* before its end: the scope has nothing to do */
        assert_null(held);
        assert_false(is_locked(lock));
        assert_int_equal(hf_unlock(&held), 0);
        held = lock;
        RAISES(hf_unlock(&held) == -1, "RuntimeError");
    }
    hf_release(&dict);
    pair_close(&pair);
}

static void
units_of_semaphores(void **state)
{
    pair_t pair;
    static const char *const types[] = {"Semaphore", "BoundedSemaphore"};
    pair_open(&pair, *state);
    for (int k = 0; k < 2; k++) {
        HF_AUTO_PROXY hf_proxy_t *semaphore = hf_create(pair.ours, types[k], "i", INT64_C(2));
        {
            HF_AUTO_LOCK const hf_proxy_t *one = hf_lock(semaphore, HF_FOREVER);
            HF_AUTO_LOCK const hf_proxy_t *two = hf_lock(semaphore, 1.0);
            assert_true(one != NULL && two != NULL);
            assert_int_equal(value_of(semaphore), 0);
            RAISES(hf_lock(semaphore, 0.0) == NULL, "TimeoutError");
        }
        assert_int_equal(value_of(semaphore), 2);
    }
    pair_close(&pair);
}

static void
what_is_no_lock(void **state)
{
    pair_t pair;
    pair_open(&pair, *state);
    HF_AUTO_PROXY hf_proxy_t *list = hf_create(pair.ours, "list", "");
    HF_AUTO_PROXY hf_proxy_t *lock = hf_create(pair.ours, "Lock", "");
    RAISES(hf_lock(list, HF_FOREVER) == NULL, "NoSuchMethod");
    RAISES(hf_lock(NULL, HF_FOREVER) == NULL, "ValueError");
    RAISES(hf_lock(lock, (double)NAN) == NULL, "ValueError");
    assert_false(is_locked(lock));
    pair_close(&pair);
}

/* ---- giving up ---------------------------------------------------------------------------- */

static void
late_is_not_ours(void **state)
{
    pair_t pair;
    hf_proxy_t *theirs;
    pair_open(&pair, *state);
    hf_proxy_t *lock = pair_new(&pair, "Lock", &theirs);
    const hf_proxy_t *held = hf_lock(theirs, 0.0);
    assert_non_null(held);
    hf_set_timeout(pair.ours, 0.01); /* is not hf_lock's, which has its own */
    RAISES(hf_lock(lock, 0.0) == NULL, "TimeoutError");
    assert_string_equal(hf_errmsg(), "the lock was not to be had in time");
    RAISES(hf_lock(lock, 0.05) == NULL, "TimeoutError");
    assert_string_equal(hf_errmsg(), "the lock was not to be had in time");
    hf_set_timeout(pair.ours, HF_FOREVER);
    assert_int_equal(hf_unlock(&held), 0);
    assert_false(is_locked(lock));
    hf_release(&lock);
    hf_release(&theirs);
    pair_close(&pair);
}

typedef struct waiter {
    const hf_proxy_t *lock;
    atomic_bool is_done;
    bool was_held;
    char kind[32];
} waiter_t;

/* Waits for the lock, and gives it back if it has it. */
static void *
wait_for_lock(void *context)
{
    waiter_t *self = context;
    HF_AUTO_LOCK const hf_proxy_t *held = hf_lock(self->lock, HF_FOREVER);
    self->was_held = held != NULL;
    (void)snprintf(self->kind, sizeof self->kind, "%s", hf_errkind());
    atomic_store(&self->is_done, true);
    return NULL;
}

static void
interrupted_is_not_ours(void **state)
{
    pair_t pair;
    pthread_t thread;
    hf_proxy_t *theirs;
    pair_open(&pair, *state);
    hf_proxy_t *lock = pair_new(&pair, "Lock", &theirs);
    const hf_proxy_t *held = hf_lock(lock, 0.0);
    assert_non_null(held);
    waiter_t waiter = {.lock = theirs};
    assert_int_equal(pthread_create(&thread, NULL, wait_for_lock, &waiter), 0);
    await_parked(pair.ours, 1);
    interrupt_until(&pair, &waiter.is_done);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(waiter.was_held);
    assert_string_equal(waiter.kind, "Interrupted");
    await_parked(pair.ours, 0);
    assert_int_equal(hf_unlock(&held), 0);
    assert_false(is_locked(lock));
    hf_release(&lock);
    hf_release(&theirs);
    pair_close(&pair);
}

/* The lock is given away while the wait is given up: whoever comes first, it is nobody's afterwards. */
static void
nothing_is_lost_between(void **state)
{
    pair_t pair;
    pthread_t thread;
    hf_proxy_t *theirs;
    unsigned n_held = 0;
    int n_races = e2e_rounds(RACES);
    pair_open(&pair, *state);
    hf_proxy_t *lock = pair_new(&pair, "Lock", &theirs);
    for (int k = 0; k < n_races; k++) {
        const hf_proxy_t *held = hf_lock(lock, e2e_patience(PATIENCE_S));
        assert_non_null(held);
        waiter_t waiter = {.lock = theirs};
        assert_int_equal(pthread_create(&thread, NULL, wait_for_lock, &waiter), 0);
        await_parked(pair.ours, 1);
        hf_future_t *release = hf_call_async(held, "release", "");
        for (volatile int pause = (k % 50) * 400; pause > 0; pause--)
            continue;
        hf_interrupt(pair.theirs);
        assert_int_equal(hf_await(release, e2e_patience(PATIENCE_S)), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_string_equal(waiter.kind, waiter.was_held ? "" : "Interrupted");
        n_held += waiter.was_held ? 1 : 0;
        hf_future_destroy(&release);
        assert_false(is_locked(lock));
    }
    print_message("%u of %d had it\n", n_held, n_races);
    hf_release(&lock);
    hf_release(&theirs);
    pair_close(&pair);
}

/* ---- wait_for ----------------------------------------------------------------------------- */

typedef struct wanted {
    const hf_proxy_t *list;
    int64_t n;
    unsigned n_looks;
} wanted_t;

static int
has_so_many(void *context)
{
    wanted_t *self = context;
    int64_t n = 0;
    self->n_looks++;
    if (hf_call_into(self->list, "len", "", "i", &n) != 0)
        return -2;
    return n >= self->n ? (int)n : 0;
}

typedef struct maker {
    hf_client_t *client;
    const hf_proxy_t *condition;
    const hf_proxy_t *list;
    int n;
} maker_t;

/* Appends an item and says so, again and again. */
static void *
make(void *context)
{
    const maker_t *self = context;
    for (int k = 0; k < self->n; k++) {
        HF_AUTO_LOCK const hf_proxy_t *held = hf_lock(self->condition, HF_FOREVER);
        if (held == NULL || hf_call(self->list, "append", "i", INT64_C(1)) != 0 ||
            hf_call(held, "notify", "") != 0)
            return context;
    }
    return NULL;
}

static void
a_predicate_comes_true(void **state)
{
    pair_t pair;
    void *fault = NULL;
    pthread_t thread;
    hf_proxy_t *their_list;
    hf_proxy_t *their_condition;
    pair_open(&pair, *state);
    hf_proxy_t *list = pair_new(&pair, "list", &their_list);
    hf_proxy_t *condition = pair_new(&pair, "Condition", &their_condition);
    maker_t maker = {pair.theirs, their_condition, their_list, 20};
    wanted_t wanted = {list, 20, 0};
    {
        HF_AUTO_LOCK const hf_proxy_t *held = hf_lock(condition, HF_FOREVER);
        assert_non_null(held);
        assert_int_equal(pthread_create(&thread, NULL, make, &maker), 0);
        assert_int_equal(
            hf_condition_wait_for(condition, has_so_many, &wanted, e2e_patience(PATIENCE_S)), 20);
        assert_string_equal(hf_errkind(), "");
        assert_true(is_locked(condition));
        assert_true(wanted.n_looks >= 2);
        assert_int_equal(pthread_join(thread, &fault), 0);
        assert_null(fault);
        wanted.n_looks = 0; /* what is so already is not waited for */
        assert_int_equal(hf_condition_wait_for(condition, has_so_many, &wanted, 0.0), 20);
        assert_int_equal(wanted.n_looks, 1);
    }
    assert_false(is_locked(condition));
    hf_release(&list);
    hf_release(&condition);
    hf_release(&their_list);
    hf_release(&their_condition);
    pair_close(&pair);
}

static void
a_predicate_stays_false_or_fails(void **state)
{
    pair_t pair;
    pair_open(&pair, *state);
    HF_AUTO_PROXY hf_proxy_t *list = hf_create(pair.ours, "list", "");
    HF_AUTO_PROXY hf_proxy_t *lock = hf_create(pair.ours, "RLock", "");
    HF_AUTO_PROXY hf_proxy_t *condition = hf_create(pair.ours, "Condition", "h", lock);
    wanted_t wanted = {list, 1, 0};
    wanted_t absurd = {lock, 1, 0};
    RAISES(hf_condition_wait_for(condition, has_so_many, &wanted, 1.0) == -1, "RuntimeError");
    RAISES(hf_condition_wait_for(condition, NULL, NULL, 1.0) == -1, "ValueError");
    HF_AUTO_LOCK const hf_proxy_t *held = hf_lock(lock, HF_FOREVER);
    HF_AUTO_LOCK const hf_proxy_t *again = hf_lock(condition, HF_FOREVER);
    wanted.n_looks = 0;
    assert_int_equal(hf_condition_wait_for(condition, has_so_many, &wanted, 0.05), 0);
    assert_string_equal(hf_errkind(), "");
    assert_int_equal(wanted.n_looks, 2); /* once more when the time was up */
    assert_int_equal(hf_condition_wait_for(condition, has_so_many, &wanted, 0.0), 0);
    assert_int_equal(wanted.n_looks, 3);
    RAISES(hf_condition_wait_for(condition, has_so_many, &absurd, 1.0) == -2, "NoSuchMethod");
    assert_int_equal(hf_unlock(&again), 0); /* as deep as before */
    assert_true(is_locked(lock));
    assert_int_equal(hf_unlock(&held), 0);
    assert_false(is_locked(lock));
    pair_close(&pair);
}

typedef struct sleeper {
    const hf_proxy_t *condition;
    atomic_bool is_done;
    int result;
    char kind[32];
    bool was_ours;
} sleeper_t;

static int
never(void *context)
{
    (void)context;
    return 0;
}

static void *
wait_for_never(void *context)
{
    sleeper_t *self = context;
    const hf_proxy_t *held = hf_lock(self->condition, HF_FOREVER);
    self->result = hf_condition_wait_for(held, never, NULL, HF_FOREVER);
    (void)snprintf(self->kind, sizeof self->kind, "%s", hf_errkind());
    self->was_ours = hf_unlock(&held) == 0;
    atomic_store(&self->is_done, true);
    return NULL;
}

/* Notified or not, the lock free or not: the one that was interrupted has it when it comes back. */
static void
an_interrupted_wait_has_the_lock(void **state)
{
    pair_t pair;
    pthread_t thread;
    hf_proxy_t *theirs;
    pair_open(&pair, *state);
    hf_proxy_t *condition = pair_new(&pair, "Condition", &theirs);
    for (int k = 0; k < 3; k++) {
        const hf_proxy_t *held = NULL;
        sleeper_t sleeper = {.condition = theirs};
        assert_int_equal(pthread_create(&thread, NULL, wait_for_never, &sleeper), 0);
        await_parked(pair.ours, 1);
        if (k > 0) {
            held = hf_lock(condition, e2e_patience(PATIENCE_S));
            assert_non_null(held);
        }
        if (k == 2)
            assert_int_equal(hf_call(condition, "notify", ""), 0);
        hf_interrupt(pair.theirs);
        if (held != NULL) { /* by now or soon it waits for the lock, and is given it */
            await_parked(pair.ours, 1);
            assert_int_equal(hf_unlock(&held), 0);
        }
        interrupt_until(&pair, &sleeper.is_done);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(sleeper.result, -1);
        assert_string_equal(sleeper.kind, "Interrupted");
        assert_true(sleeper.was_ours);
        assert_false(is_locked(condition));
    }
    hf_release(&condition);
    hf_release(&theirs);
    pair_close(&pair);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_scope_lets_go, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(units_of_semaphores, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(what_is_no_lock, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(late_is_not_ours, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(interrupted_is_not_ours, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(nothing_is_lost_between, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(a_predicate_comes_true, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(a_predicate_stays_false_or_fails, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(an_interrupted_wait_has_the_lock, e2e_open, e2e_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
