/* SPDX-License-Identifier: MPL-2.0 */
/* queue -- ports of CPython's WithManagerTestQueue (5): Queue and JoinableQueue between processes. */
#include "ports.h"

enum { ROOM = 6, WORKERS = 4, TASKS = 10 };

/* Long, so that "at once" is told from "in time" on any computer. */
static const double never_this_long = 60.0;

static void
item_is(const hf_proxy_t *queue, double timeout, int64_t expected)
{
    int64_t item = -1;
    WANT(hf_queue_get(queue, timeout, "i", &item) == 0);
    WANT(item == expected);
}

/* Empty or Full, with exactly these arguments, after at least so many seconds. */
#define RAISES_AFTER(seconds_, kind_, ...)                                                         \
    do {                                                                                           \
        double since_ = ports_now();                                                               \
        WANT_RAISES(hf_call(__VA_ARGS__), (kind_));                                                \
        ports_took(since_, (seconds_));                                                            \
    } while (0)

/* ---- test_put --------------------------------------------------------------------------- */

static void
takes_all(const ports_me_t *me)
{
    HF_AUTO_PROXY hf_proxy_t *queue = ports_lookup(me, "queue");
    HF_AUTO_PROXY hf_proxy_t *may_start = ports_lookup(me, "child_can_start");
    HF_AUTO_PROXY hf_proxy_t *may_continue = ports_lookup(me, "parent_can_continue");
    WANT(ports_bool(may_start, "wait"));
    for (int64_t k = 1; k <= ROOM; k++)
        item_is(queue, HF_FOREVER, k);
    ports_do(may_continue, "set");
}

static void
puts_time_out(const hf_proxy_t *queue)
{
    RAISES_AFTER(0.0, "Full", queue, "put", "ib", INT64_C(7), 0);
    RAISES_AFTER(0.0, "Full", queue, "put", "ibn", INT64_C(7), 0);
    RAISES_AFTER(0.0, "Full", queue, "put_nowait", "i", INT64_C(7));
    RAISES_AFTER(0.82, "Full", queue, "put", "ibf", INT64_C(7), 1, 0.82);
    RAISES_AFTER(0.0, "Full", queue, "put", "ibf", INT64_C(7), 0, never_this_long);
    RAISES_AFTER(1.4, "Full", queue, "put", "ib timeout=f", INT64_C(7), 1, 1.4);
}

static void
test_put(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *queue =
        ports_share(self, "queue", hf_create(self->client, "Queue", "maxsize=i", (int64_t)ROOM));
    HF_AUTO_PROXY hf_proxy_t *may_start =
        ports_share(self, "child_can_start", hf_create(self->client, "Event", ""));
    HF_AUTO_PROXY hf_proxy_t *may_continue =
        ports_share(self, "parent_can_continue", hf_create(self->client, "Event", ""));
    ports_process(self, "takes_all", 0);
    assert_true(ports_bool(queue, "empty"));
    assert_false(ports_bool(queue, "full"));
    assert_int_equal(hf_call(queue, "put", "i", INT64_C(1)), 0);
    assert_int_equal(hf_call(queue, "put", "ib", INT64_C(2), 1), 0);
    assert_int_equal(hf_call(queue, "put", "ibn", INT64_C(3), 1), 0);
    assert_int_equal(hf_call(queue, "put", "ib", INT64_C(4), 0), 0);
    assert_int_equal(hf_call(queue, "put", "ibn", INT64_C(5), 0), 0);
    assert_int_equal(hf_call(queue, "put_nowait", "i", INT64_C(6)), 0);
    assert_false(ports_bool(queue, "empty"));
    assert_true(ports_bool(queue, "full"));
    puts_time_out(queue);
    ports_do(may_start, "set");
    assert_true(ports_bool(may_continue, "wait"));
    assert_true(ports_bool(queue, "empty"));
    assert_false(ports_bool(queue, "full"));
    ports_join(self);
}

/* ---- test_get --------------------------------------------------------------------------- */

static void
puts_four(const ports_me_t *me)
{
    HF_AUTO_PROXY hf_proxy_t *queue = ports_lookup(me, "queue");
    HF_AUTO_PROXY hf_proxy_t *may_start = ports_lookup(me, "child_can_start");
    HF_AUTO_PROXY hf_proxy_t *may_continue = ports_lookup(me, "parent_can_continue");
    WANT(ports_bool(may_start, "wait"));
    for (int64_t k = 2; k <= 5; k++)
        WANT(hf_queue_put(queue, HF_FOREVER, "i", k) == 0);
    ports_do(may_continue, "set");
}

static void
gets_time_out(const hf_proxy_t *queue)
{
    RAISES_AFTER(0.0, "Empty", queue, "get", "b", 0);
    RAISES_AFTER(0.0, "Empty", queue, "get", "bn", 0);
    RAISES_AFTER(0.0, "Empty", queue, "get_nowait", "");
    RAISES_AFTER(0.82, "Empty", queue, "get", "bf", 1, 0.82);
    RAISES_AFTER(0.0, "Empty", queue, "get", "bf", 0, never_this_long);
    RAISES_AFTER(1.4, "Empty", queue, "get", "timeout=f", 1.4);
}

static void
test_get(void **state)
{
    ports_t *self = *state;
    int64_t item = -1;
    HF_AUTO_PROXY hf_proxy_t *queue =
        ports_share(self, "queue", hf_create(self->client, "Queue", ""));
    HF_AUTO_PROXY hf_proxy_t *may_start =
        ports_share(self, "child_can_start", hf_create(self->client, "Event", ""));
    HF_AUTO_PROXY hf_proxy_t *may_continue =
        ports_share(self, "parent_can_continue", hf_create(self->client, "Event", ""));
    ports_process(self, "puts_four", 0);
    assert_true(ports_bool(queue, "empty"));
    ports_do(may_start, "set");
    assert_true(ports_bool(may_continue, "wait"));
    assert_false(ports_bool(queue, "empty"));
    assert_int_equal(hf_call_into(queue, "get", "bn", 1, "i", &item), 0);
    assert_int_equal(item, 2);
    assert_int_equal(hf_call_into(queue, "get", "b", 1, "i", &item), 0);
    assert_int_equal(item, 3);
    assert_int_equal(hf_call_into(queue, "get", "timeout=i", INT64_C(1), "i", &item), 0);
    assert_int_equal(item, 4);
    assert_int_equal(hf_call_into(queue, "get_nowait", "", "i", &item), 0);
    assert_int_equal(item, 5);
    assert_true(ports_bool(queue, "empty"));
    gets_time_out(queue);
    ports_join(self);
}

/* ---- the others ------------------------------------------------------------------------- */

static void
puts_ten_more(const ports_me_t *me)
{
    HF_AUTO_PROXY hf_proxy_t *queue = ports_lookup(me, "queue");
    for (int64_t k = 10; k < 20; k++)
        WANT(hf_call_oneway(queue, "put", "i", k) == 0);
} /* hf_disconnect sees them off */

static void
test_fork(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *queue =
        ports_share(self, "queue", hf_create(self->client, "Queue", ""));
    for (int64_t k = 0; k < 10; k++)
        assert_int_equal(hf_queue_put(queue, HF_FOREVER, "i", k), 0);
    ports_process(self, "puts_ten_more", 0);
    for (int64_t k = 0; k < 20; k++)
        item_is(queue, HF_FOREVER, k);
    WANT_RAISES(hf_call(queue, "get", "b", 0), "Empty");
    ports_join(self);
    WANT_RAISES(hf_call(queue, "get", "b", 0), "Empty");
}

static void
test_qsize(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *queue = hf_create(self->client, "Queue", "");
    assert_int_equal(hf_queue_len(queue), 0);
    assert_int_equal(hf_queue_put(queue, HF_FOREVER, "i", INT64_C(1)), 0);
    assert_int_equal(hf_queue_len(queue), 1);
    assert_int_equal(hf_queue_put(queue, HF_FOREVER, "i", INT64_C(5)), 0);
    assert_int_equal(hf_queue_len(queue), 2);
    item_is(queue, HF_FOREVER, 1);
    assert_int_equal(hf_queue_len(queue), 1);
    item_is(queue, HF_FOREVER, 5);
    assert_int_equal(hf_queue_len(queue), 0);
}

/* Counts what is done before it says so: `join` must not have returned earlier. */
static void
works(const ports_me_t *me)
{
    HF_AUTO_PROXY hf_proxy_t *queue = ports_lookup(me, "queue");
    HF_AUTO_PROXY hf_proxy_t *done = ports_lookup(me, "done");
    for (;;) {
        hf_value_t task;
        WANT(hf_queue_get(queue, HF_FOREVER, "v", &task) == 0);
        if (hf_kind(&task) == HF_NIL)
            break;
        WANT(hf_list_append(done, "v", &task) == 0);
        hf_drop(NULL, &task);
        WANT(hf_queue_task_done(queue) == 0);
    }
}

static void
test_task_done(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *queue =
        ports_share(self, "queue", hf_create(self->client, "JoinableQueue", ""));
    HF_AUTO_PROXY hf_proxy_t *done = ports_share(self, "done", hf_create(self->client, "list", ""));
    for (int k = 0; k < WORKERS; k++)
        ports_process(self, "works", k);
    for (int64_t k = 0; k < TASKS; k++)
        assert_int_equal(hf_queue_put(queue, HF_FOREVER, "i", k), 0);
    assert_int_equal(hf_queue_join(queue, HF_FOREVER), 0);
    assert_int_equal(hf_list_len(done), TASKS);
    for (int k = 0; k < WORKERS; k++)
        assert_int_equal(hf_queue_put(queue, HF_FOREVER, "n"), 0);
    ports_join(self);
    assert_true(ports_bool(queue, "empty"));
}

static const ports_role_t roles[] = {
    {"takes_all", takes_all},
    {"puts_four", puts_four},
    {"puts_ten_more", puts_ten_more},
    {"works", works},
    {NULL, NULL},
};
static const struct CMUnitTest tests[] = {
    PORT(Queue, test_put),   PORT(Queue, test_get),       PORT(Queue, test_fork),
    PORT(Queue, test_qsize), PORT(Queue, test_task_done),
};

PORTS_MAIN(roles, tests)
