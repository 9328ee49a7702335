/* SPDX-License-Identifier: MPL-2.0 */
/* condition -- ports of CPython's WithManagerTestCondition (7): processes and threads that wait to be notified.
 *
 * The originals give the woken some time before they count them. Here nobody guesses: the lock of a Condition is given
 * in order, so whoever was let go before this test asked for the lock has had it, and has said so, once the test has it.
 */
#include "ports.h"

enum { PAIRS = 3, SLEEPERS = 2 * PAIRS };

/* ---- sleepers ---------------------------------------------------------------------------- */

/* Where all of one test meet. */
typedef struct bedroom {
    hf_proxy_t *condition;
    hf_proxy_t *sleeping;
    hf_proxy_t *woken;
} bedroom_t;

static void
open_bedroom(ports_t *self, bedroom_t *ret_room)
{
    ret_room->condition = ports_share(self, "condition", hf_create(self->client, "Condition", ""));
    ret_room->sleeping =
        ports_share(self, "sleeping", hf_create(self->client, "Semaphore", "i", INT64_C(0)));
    ret_room->woken =
        ports_share(self, "woken", hf_create(self->client, "Semaphore", "i", INT64_C(0)));
}

static void
close_bedroom(bedroom_t *room)
{
    WANT(!ports_bool(room->condition, "locked"));
    hf_release(&room->condition);
    hf_release(&room->sleeping);
    hf_release(&room->woken);
}

static void
sleep_within(const ports_me_t *me, double timeout, bool expected)
{
    HF_AUTO_PROXY hf_proxy_t *condition = ports_lookup(me, "condition");
    HF_AUTO_PROXY hf_proxy_t *sleeping = ports_lookup(me, "sleeping");
    HF_AUTO_PROXY hf_proxy_t *woken = ports_lookup(me, "woken");
    WANT(ports_bool(condition, "acquire"));
    ports_do(sleeping, "release");
    double since = ports_now();
    if (timeout < 0)
        WANT(ports_bool(condition, "wait") == expected);
    else
        WANT(ports_within(condition, "wait", timeout) == expected);
    if (!expected)
        ports_took(since, timeout);
    ports_do(woken, "release");
    ports_do(condition, "release");
}

static void
sleeps(const ports_me_t *me)
{
    sleep_within(me, HF_FOREVER, true);
}

static void
sleeps_shortly(const ports_me_t *me)
{
    sleep_within(me, 0.82, false);
}

/* As many processes as threads. */
static void
start_sleepers(ports_t *self, const ports_role_t *role, int pairs)
{
    for (int k = 0; k < pairs; k++) {
        ports_process(self, role->name, 0);
        ports_thread(self, role->play, 0);
    }
}

static void
acquire_times(const hf_proxy_t *semaphore, int n)
{
    for (int k = 0; k < n; k++)
        WANT(ports_bool(semaphore, "acquire"));
}

/* Who was let go before has been counted; nobody else has. */
static void
woken_are(const bedroom_t *room, int64_t expected)
{
    WANT(ports_bool(room->condition, "acquire"));
    assert_int_equal(ports_int(room->woken, "get_value"), expected);
    ports_do(room->condition, "release");
}

static void
notify(const bedroom_t *room, int64_t n)
{
    WANT(ports_bool(room->condition, "acquire"));
    WANT(hf_call_into(room->condition, "notify", "n=i", n, "n") == 0);
    ports_do(room->condition, "release");
}

/* ---- notify ------------------------------------------------------------------------------ */

static void
test_notify(void **state)
{
    ports_t *self = *state;
    bedroom_t room;
    open_bedroom(self, &room);
    start_sleepers(self, &(ports_role_t){"sleeps", sleeps}, 1);
    acquire_times(room.sleeping, 2);
    woken_are(&room, 0);
    for (int64_t k = 1; k <= 2; k++) {
        WANT(ports_bool(room.condition, "acquire"));
        ports_do(room.condition, "notify"); /* n is 1 by default */
        ports_do(room.condition, "release");
        woken_are(&room, k);
    }
    ports_join(self);
    close_bedroom(&room);
}

static void
test_notify_all(void **state)
{
    ports_t *self = *state;
    bedroom_t room;
    open_bedroom(self, &room);
    start_sleepers(self, &(ports_role_t){"sleeps_shortly", sleeps_shortly}, PAIRS);
    acquire_times(room.sleeping, SLEEPERS);
    acquire_times(room.woken, SLEEPERS); /* all by themselves: their time was up */
    ports_join(self);
    assert_int_equal(ports_int(room.woken, "get_value"), 0);
    start_sleepers(self, &(ports_role_t){"sleeps", sleeps}, PAIRS);
    acquire_times(room.sleeping, SLEEPERS);
    woken_are(&room, 0);
    WANT(ports_bool(room.condition, "acquire"));
    ports_do(room.condition, "notify_all");
    ports_do(room.condition, "release");
    woken_are(&room, SLEEPERS);
    ports_join(self);
    close_bedroom(&room);
}

static void
test_notify_n(void **state)
{
    ports_t *self = *state;
    bedroom_t room;
    open_bedroom(self, &room);
    start_sleepers(self, &(ports_role_t){"sleeps", sleeps}, PAIRS);
    acquire_times(room.sleeping, SLEEPERS);
    woken_are(&room, 0);
    notify(&room, 2);
    woken_are(&room, 2);
    notify(&room, 4);
    woken_are(&room, 6);
    ports_join(self);
    notify(&room, 3); /* nobody is left */
    woken_are(&room, 6);
    close_bedroom(&room);
}

/* ---- time -------------------------------------------------------------------------------- */

static void
test_timeout(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *condition = hf_create(self->client, "Condition", "");
    assert_true(ports_bool(condition, "acquire"));
    double since = ports_now();
    assert_false(ports_within(condition, "wait", 0.82));
    ports_took(since, 0.82);
    ports_do(condition, "release");
    WANT_RAISES(hf_call(condition, "release", ""), "RuntimeError");
}

/* ---- wait_for ---------------------------------------------------------------------------- */

static int64_t
value_of(const hf_proxy_t *value)
{
    int64_t number = -1;
    WANT(hf_value_get(value, "i", &number) == 0);
    return number;
}

/* lambda: value.value == expected */
typedef struct lambda {
    const hf_proxy_t *value;
    int64_t expected;
} lambda_t;

static int
is_as_expected(void *context)
{
    const lambda_t *self = context;
    return value_of(self->value) == self->expected;
}

static bool
wait_for(const hf_proxy_t *condition, const hf_proxy_t *value, int64_t expected, double timeout)
{
    lambda_t lambda = {value, expected};
    int is_so = hf_condition_wait_for(condition, is_as_expected, &lambda, timeout);
    WANT(is_so >= 0);
    return is_so > 0;
}

/* with condition: value += 1; notify */
static void
step(const hf_proxy_t *condition, const hf_proxy_t *value)
{
    HF_AUTO_LOCK const hf_proxy_t *held = hf_lock(condition, HF_FOREVER);
    WANT(held != NULL);
    WANT(hf_value_set(value, "i", value_of(value) + 1) == 0);
    ports_do(condition, "notify");
}

static void
waits_for_four(const ports_me_t *me)
{
    HF_AUTO_PROXY hf_proxy_t *condition = ports_lookup(me, "condition");
    HF_AUTO_PROXY hf_proxy_t *value = ports_lookup(me, "value");
    HF_AUTO_LOCK const hf_proxy_t *held = hf_lock(condition, HF_FOREVER);
    WANT(held != NULL);
    WANT(hf_value_set(value, "i", INT64_C(0)) == 0);
    ports_do(condition, "notify");
    WANT(wait_for(condition, value, 4, HF_FOREVER));
    WANT(value_of(value) == 4);
}

static void
test_waitfor(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *condition =
        ports_share(self, "condition", hf_create(self->client, "Condition", ""));
    HF_AUTO_PROXY hf_proxy_t *value =
        ports_share(self, "value", hf_create(self->client, "Value", "si", "i", INT64_C(-1)));
    ports_process(self, "waits_for_four", 0);
    assert_true(ports_bool(condition, "acquire"));
    assert_true(wait_for(condition, value, 0, HF_FOREVER));
    assert_int_equal(value_of(value), 0);
    ports_do(condition, "release");
    for (int k = 0; k < 4; k++)
        step(condition, value);
    ports_join(self);
}

static void
waits_in_vain(const ports_me_t *me)
{
    const double timeout = 0.5;
    HF_AUTO_PROXY hf_proxy_t *condition = ports_lookup(me, "condition");
    HF_AUTO_PROXY hf_proxy_t *value = ports_lookup(me, "value");
    HF_AUTO_PROXY hf_proxy_t *success = ports_lookup(me, "success");
    HF_AUTO_PROXY hf_proxy_t *ready = ports_lookup(me, "ready");
    ports_do(ready, "release");
    WANT(ports_bool(condition, "acquire"));
    double since = ports_now();
    bool is_four = wait_for(condition, value, 4, timeout);
    ports_took(since, timeout);
    if (!is_four)
        WANT(hf_value_set(success, "i", INT64_C(1)) == 0);
    ports_do(condition, "release");
}

static void
test_waitfor_timeout(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *condition =
        ports_share(self, "condition", hf_create(self->client, "Condition", ""));
    HF_AUTO_PROXY hf_proxy_t *value =
        ports_share(self, "value", hf_create(self->client, "Value", "si", "i", INT64_C(0)));
    HF_AUTO_PROXY hf_proxy_t *success =
        ports_share(self, "success", hf_create(self->client, "Value", "si", "i", INT64_C(0)));
    HF_AUTO_PROXY hf_proxy_t *ready =
        ports_share(self, "ready", hf_create(self->client, "Semaphore", "i", INT64_C(0)));
    ports_process(self, "waits_in_vain", 0);
    assert_true(ports_within(ready, "acquire", e2e_patience(30.0)));
    for (int k = 0; k < 3; k++) /* so it is never 4 */
        step(condition, value);
    ports_join(self);
    assert_int_equal(value_of(success), 1);
}

/* ---- what wait gives --------------------------------------------------------------------- */

static void
notifies(const ports_me_t *me)
{
    HF_AUTO_PROXY hf_proxy_t *condition = ports_lookup(me, "condition");
    WANT(ports_bool(condition, "acquire"));
    ports_do(condition, "notify");
    ports_do(condition, "release");
}

static void
test_wait_result(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *condition =
        ports_share(self, "condition", hf_create(self->client, "Condition", ""));
    assert_true(ports_bool(condition, "acquire"));
    assert_false(ports_within(condition, "wait", 0.0));
    assert_false(ports_within(condition, "wait", 0.1));
    ports_process(self, "notifies", 0);
    assert_true(ports_within(condition, "wait", e2e_patience(60.0)));
    ports_join(self);
    ports_do(condition, "release");
}

static const ports_role_t roles[] = {
    {"sleeps", sleeps},
    {"sleeps_shortly", sleeps_shortly},
    {"waits_for_four", waits_for_four},
    {"waits_in_vain", waits_in_vain},
    {"notifies", notifies},
    {NULL, NULL},
};
static const struct CMUnitTest tests[] = {
    PORT(Condition, test_notify),      PORT(Condition, test_notify_all),
    PORT(Condition, test_notify_n),    PORT(Condition, test_timeout),
    PORT(Condition, test_waitfor),     PORT(Condition, test_waitfor_timeout),
    PORT(Condition, test_wait_result),
};

PORTS_MAIN(roles, tests)
