/* SPDX-License-Identifier: MPL-2.0 */
/* far -- A's referents through B, between clients that never met: by libholdfast, with managers that die.
 *
 * Ann is at A and B, Bob at B alone; what Bob has of A's he has by handles that B gave him. Both managers are recorded,
 * and replayed in the end.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <holdfast/types.h>

enum { PATIENCE_S = 25 };

typedef struct pair {
    e2e_t *a;
    e2e_t *b;
    hf_client_t *ann_a;
    hf_client_t *ann_b;
    hf_client_t *bob;
    hf_proxy_t *list;  /* Ann's, at A */
    hf_proxy_t *shelf; /* Ann's, at B, bound as "shelf" */
    hf_proxy_t *found; /* the same as Bob has it */
} pair_t;

static hf_client_t *
join_manager(const e2e_t *e2e, const char *option, const char *value)
{
    hf_options_t *options = hf_options_new();
    assert_int_equal(hf_options_set(options, "lease", e2e_has_valgrind() ? "20" : "5"), 0);
    assert_int_equal(hf_options_set(options, "connect_timeout", e2e_patience_text(20)), 0);
    assert_int_equal(hf_options_set(options, option, value), 0);
    hf_client_t *client = hf_connect(e2e->endpoint, options);
    hf_options_destroy(&options);
    assert_non_null(client);
    hf_set_timeout(client, e2e_patience(PATIENCE_S));
    return client;
}

static pair_t
begin(void **state)
{
    void *other = NULL;
    pair_t p = {.a = *state};
    assert_int_equal(e2e_open(&other), 0);
    p.b = other;
    E2E_START(p.a, NULL);
    E2E_START(p.b, NULL);
    p.ann_a = join_manager(p.a, "inherit", "1");
    p.ann_b = join_manager(p.b, "inherit", "1");
    p.list = hf_create(p.ann_a, "list", "[s]", "ann");
    p.shelf = hf_create(p.ann_b, "list", "");
    assert_int_equal(hf_bind(p.ann_b, "shelf", p.shelf, false), 0);
    return p;
}

static void
end(pair_t *p)
{
    void *other = p->b;
    hf_release(&p->list);
    hf_release(&p->shelf);
    hf_release(&p->found);
    hf_disconnect(&p->bob);
    hf_disconnect(&p->ann_a);
    hf_disconnect(&p->ann_b);
    assert_int_equal(e2e_close(&other), 0);
}

static void
ann_shelves(pair_t *p)
{
    assert_int_equal(hf_list_append(p->shelf, "h", p->list), 0);
}

static void
ann_leaves_a(pair_t *p)
{
    hf_release(&p->list);
    hf_disconnect(&p->ann_a);
}

/* Ann is gone, and so are her clients: nobody of this process is at A but through B. */
static void
ann_leaves(pair_t *p)
{
    ann_leaves_a(p);
    hf_release(&p->shelf);
    hf_disconnect(&p->ann_b);
}

/* Bob is at B, and knows the shelf by its name. */
static void
bob_joins(pair_t *p, const char *option, const char *value)
{
    p->bob = join_manager(p->b, option, value);
    p->found = hf_lookup(p->bob, "shelf");
    assert_non_null(p->found);
}

/* Ann has put her list on the shelf and is gone; Bob, who never met her, has come. */
static pair_t
begin_with_bob(void **state, const char *option, const char *value)
{
    pair_t p = begin(state);
    ann_shelves(&p);
    ann_leaves(&p);
    bob_joins(&p, option, value);
    return p;
}

/* What is at that place of a shelf; NULL: it failed. */
static hf_proxy_t *
take(const hf_proxy_t *shelf, int64_t place)
{
    return hf_call_proxy(shelf, "getitem", "i", place);
}

static void
clear(const hf_proxy_t *shelf)
{
    assert_int_equal(hf_call(shelf, "clear", ""), 0);
}

static int64_t
n_items(const hf_proxy_t *list)
{
    int64_t n = -1;
    return hf_call_into(list, "len", "", "i", &n) == 0 ? n : -1;
}

static void
expect_objects(hf_client_t *client, int64_t expected)
{
    int64_t n = -1;
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    assert_int_equal(hf_call_into(manager, "number_of_objects", "", "i", &n), 0);
    assert_int_equal(n, expected);
}

/* Waits until A has only so many objects: whoever holds them lets go by and by. */
static void
await_objects(const e2e_t *e2e, int64_t expected)
{
    int64_t n = -1;
    hf_client_t *observer = join_manager(e2e, "inherit", "0");
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(observer);
    HF_AUTO_PROXY hf_proxy_t *event = hf_create(observer, "Event", "");
    for (int tries = 0; n != expected + 1 && tries < e2e_patience(PATIENCE_S * 20); tries++) {
        bool is_set = true;
        assert_int_equal(hf_call_into(event, "wait", "f", 0.05, "b", &is_set), 0);
        assert_int_equal(hf_call_into(manager, "number_of_objects", "", "i", &n), 0);
    }
    assert_int_equal(n, expected + 1);
    hf_release(&event);
    hf_release(&manager);
    hf_disconnect(&observer);
}

/* Waits until so many hold it: B has acknowledged that it has adopted, and the token's use is counted. */
static void
await_holders(const hf_proxy_t *list, size_t expected)
{
    size_t n = SIZE_MAX;
    hf_value_t refs;
    hf_client_t *client = hf_proxy_client(list);
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    HF_AUTO_PROXY hf_proxy_t *event = hf_create(client, "Event", "");
    for (int tries = 0; n != expected && tries < e2e_patience(PATIENCE_S * 20); tries++) {
        bool is_set = true;
        assert_int_equal(hf_call_into(event, "wait", "f", 0.05, "b", &is_set), 0);
        assert_int_equal(hf_call_into(manager, "refs", "h", list, "v", &refs), 0);
        n = hf_count(&refs);
        hf_drop(NULL, &refs);
    }
    assert_int_equal(n, expected);
}

static bool
has_failed_with(const char *kind)
{
    if (strcmp(hf_errkind(), kind) == 0)
        return true;
    print_message("%s: %s\n", hf_errkind(), hf_errmsg());
    return false;
}

static void
expect_mute(const hf_proxy_t *list, const char *kind)
{
    assert_int_equal(n_items(list), -1);
    assert_true(has_failed_with(kind));
}

static void
expect_lost(const hf_proxy_t *shelf)
{
    assert_null(take(shelf, 0));
    assert_true(has_failed_with("ReferentLost"));
}

static void
stop_a(const pair_t *p)
{
    assert_int_equal(kill(p->a->pid, SIGSTOP), 0);
}

static void
continue_a(const pair_t *p)
{
    assert_int_equal(kill(p->a->pid, SIGCONT), 0);
}

/* ---- through B ---------------------------------------------------------------------------- */

static void
test_clients_that_never_met(void **state)
{
    pair_t p = begin_with_bob(state, "inherit", "1");
    hf_proxy_t *list = take(p.found, 0);
    assert_non_null(list);
    assert_string_equal(hf_proxy_typeid(list), "list");
    assert_ptr_not_equal(hf_proxy_client(list), p.bob);
    assert_int_equal(n_items(list), 1);
    assert_int_equal(hf_list_append(list, "s", "bob"), 0);
    hf_proxy_t *again = NULL; /* once more, by a picture: the same client */
    assert_int_equal(hf_call_into(p.found, "getitem", "i", INT64_C(0), "h", &again), 0);
    assert_true(hf_proxy_equal(list, again));
    assert_int_equal(n_items(again), 2);
    hf_release(&again);
    clear(p.found);
    assert_int_equal(n_items(list), 2); /* Bob holds it himself */
    await_objects(p.b, 1);              /* the stub is gone */
    hf_release(&list);
    await_objects(p.a, 0);
    end(&p);
}

static void
test_values_futures_and_promises(void **state)
{
    pair_t p = begin_with_bob(state, "inherit", "1");
    hf_value_t value;
    assert_int_equal(hf_call_into(p.found, "getitem", "i", INT64_C(0), "v", &value), 0);
    HF_AUTO_PROXY hf_proxy_t *of_value = hf_proxy_of(p.bob, &value);
    assert_int_equal(n_items(of_value), 1);
    hf_future_t *future = hf_call_async(p.found, "getitem", "i", INT64_C(0));
    HF_AUTO_PROXY hf_proxy_t *promised = hf_future_proxy(future);
    assert_int_equal(hf_await(future, e2e_patience(PATIENCE_S)), 0);
    assert_int_equal(hf_list_append(promised, "s", "bob"), 0);
    assert_int_equal(n_items(promised), 2);
    hf_future_destroy(&future);
    assert_int_equal(n_items(promised), 2);
    /* The value goes back to B as it came; so does the proxy, by a token of its own. */
    assert_int_equal(hf_list_append(p.found, "v", &value), 0);
    assert_int_equal(hf_list_append(p.found, "h", of_value), 0);
    assert_int_equal(n_items(p.found), 3);
    hf_drop(NULL, &value);
    HF_AUTO_PROXY hf_proxy_t *last = hf_call_proxy(p.found, "pop", "");
    assert_true(hf_proxy_equal(last, of_value));
    clear(p.found);
    hf_release(&promised); /* its future holds the stub */
    await_objects(p.b, 1);
    hf_release(&last);
    hf_release(&of_value);
    await_objects(p.a, 0);
    end(&p);
}

static void
test_arguments_of_other_clients(void **state)
{
    pair_t p = begin(state);
    hf_client_t *second = join_manager(p.b, "inherit", "0");
    HF_AUTO_PROXY hf_proxy_t *own = hf_create(second, "list", "[i]", INT64_C(7));
    assert_int_equal(hf_list_append(p.shelf, "h", own),
                     0); /* another session with the same manager */
    hf_release(&own);
    hf_disconnect(&second);
    HF_AUTO_PROXY hf_proxy_t *same = take(p.shelf, 0);
    assert_int_equal(n_items(same), 1);
    hf_future_t *made = hf_create_async(p.ann_a, "list", "");
    assert_int_equal(hf_list_append(p.shelf, "p", made), 0); /* what A is going to give */
    hf_future_destroy(&made);
    hf_future_t *plain = hf_call_async(p.list, "len", "");
    assert_int_equal(hf_list_append(p.shelf, "p", plain), 0);
    hf_future_destroy(&plain);
    HF_AUTO_PROXY hf_proxy_t *far = take(p.shelf, 1);
    assert_ptr_equal(hf_proxy_client(far), p.ann_a); /* she is there herself */
    assert_int_equal(hf_bind(p.ann_b, "far", far, false), 0);
    assert_int_equal(n_items(far), 0);
    assert_int_equal(hf_unbind(p.ann_b, "far"), 0);
    clear(p.shelf);
    hf_release(&far);
    hf_release(&same);
    await_objects(p.b, 1);
    await_objects(p.a, 1);
    end(&p);
}

/* A value that B gave goes to a third manager as it is. */
static void
test_values_to_a_third_manager(void **state)
{
    hf_value_t value;
    void *third = NULL;
    pair_t p = begin_with_bob(state, "inherit", "1");
    assert_int_equal(e2e_open(&third), 0);
    e2e_t *c = third;
    E2E_START(c, NULL);
    hf_client_t *at_c = join_manager(c, "inherit", "0");
    HF_AUTO_PROXY hf_proxy_t *list = hf_create(at_c, "list", "");
    assert_int_equal(hf_call_into(p.found, "getitem", "i", INT64_C(0), "v", &value), 0);
    assert_int_equal(hf_list_append(list, "v", &value), 0);
    hf_drop(NULL, &value);
    clear(p.found); /* C holds it now */
    await_objects(p.b, 1);
    HF_AUTO_PROXY hf_proxy_t *found = take(list, 0);
    assert_int_equal(n_items(found), 1);
    assert_int_equal(hf_list_append(found, "s", "by way of C"), 0);
    assert_int_equal(n_items(found), 2);
    hf_release(&found);
    clear(list);
    await_objects(p.a, 0);
    hf_release(&list);
    hf_disconnect(&at_c);
    assert_int_equal(e2e_close(&third), 0);
    end(&p);
}

/* ---- who dies ----------------------------------------------------------------------------- */

static void
test_a_dies(void **state)
{
    pair_t p = begin(state);
    ann_shelves(&p);
    ann_leaves_a(&p);
    bob_joins(&p, "inherit", "1");
    HF_AUTO_PROXY hf_proxy_t *list = take(p.found, 0);
    assert_int_equal(n_items(list), 1);
    e2e_kill(p.a);
    expect_mute(list, "ReferentLost");
    expect_lost(p.found);
    assert_int_equal(n_items(p.found), 1); /* Bob's own session is well */
    clear(p.found);
    hf_release(&list);
    await_objects(p.b, 1);
    end(&p);
}

static void
test_a_does_not_answer(void **state)
{
    pair_t p = begin_with_bob(state, "connect_timeout", e2e_patience_text(0.5));
    stop_a(&p);
    expect_lost(p.found);
    continue_a(&p);
    HF_AUTO_PROXY hf_proxy_t *list = take(p.found, 0);
    assert_int_equal(n_items(list), 1);
    stop_a(&p); /* with a session that stands, too */
    expect_lost(p.found);
    continue_a(&p);
    assert_int_equal(n_items(list), 1);
    hf_release(&list);
    end(&p);
}

static void
test_referent_is_gone(void **state)
{
    pair_t p = begin(state);
    ann_shelves(&p);
    bob_joins(&p, "inherit", "1");
    e2e_kill(p.a);
    E2E_START(p.a, NULL); /* another object space at the same endpoint */
    expect_lost(p.found);
    HF_AUTO_PROXY hf_proxy_t *new_list = NULL;
    hf_client_t *anew = join_manager(p.a, "inherit", "0");
    new_list = hf_create(anew, "list", "");
    assert_int_equal(hf_list_append(p.shelf, "h", new_list), 0);
    HF_AUTO_PROXY hf_proxy_t *found = take(p.found, 1);
    assert_int_equal(n_items(found), 0);
    hf_release(&new_list);
    hf_release(&found);
    hf_disconnect(&anew);
    end(&p);
}

static void
test_b_dies(void **state)
{
    pair_t p = begin_with_bob(state, "inherit", "1");
    HF_AUTO_PROXY hf_proxy_t *list = take(p.found, 0);
    await_holders(list, 2); /* Bob's session and B's */
    e2e_kill(p.b);
    assert_int_equal(n_items(list), 1); /* it has no part in it */
    expect_mute(p.found, "SessionLost");
    assert_int_equal(hf_list_append(list, "s", "bob"), 0);
    hf_release(&list);
    await_objects(p.a, 0); /* what B held goes with its session */
    end(&p);
}

/* ---- where nobody may connect to, and fork ------------------------------------------------ */

static void
test_option_far(void **state)
{
    pair_t p = begin_with_bob(state, "far", "none");
    expect_lost(p.found);
    hf_client_t *at_a = join_manager(p.a, "far", "none"); /* a session of one's own does */
    hf_proxy_t *list = take(p.found, 0);
    assert_ptr_equal(hf_proxy_client(list), at_a);
    assert_int_equal(n_items(list), 1);
    hf_release(&list);
    hf_disconnect(&at_a);
    end(&p);
}

static int
child_of_bob(pair_t *p, hf_proxy_t *list)
{
    if (hf_list_append(list, "s", "child") != 0)
        return 1;
    hf_release(&list);
    hf_disconnect(&p->bob);
    return 0;
}

static void
test_fork_goes_far_too(void **state)
{
    pair_t p = begin_with_bob(state, "inherit", "1");
    HF_AUTO_PROXY hf_proxy_t *list = take(p.found, 0);
    assert_non_null(list);
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(child_of_bob(&p, list));
    assert_int_equal(e2e_join(pid), 0);
    assert_int_equal(n_items(list), 2);
    expect_objects(hf_proxy_client(list), 1);
    hf_release(&list);
    end(&p);
}

int
main(void)
{
#define TEST(name_) cmocka_unit_test_setup_teardown(name_, e2e_open, e2e_close)
    const struct CMUnitTest tests[] = {
        TEST(test_clients_that_never_met),
        TEST(test_values_futures_and_promises),
        TEST(test_arguments_of_other_clients),
        TEST(test_values_to_a_third_manager),
        TEST(test_a_dies),
        TEST(test_a_does_not_answer),
        TEST(test_referent_is_gone),
        TEST(test_b_dies),
        TEST(test_option_far),
        TEST(test_fork_goes_far_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
