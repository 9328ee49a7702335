/* SPDX-License-Identifier: MPL-2.0 */
/* barrier -- ports of CPython's WithManagerTestBarrier (10): five processes that wait for each other.
 *
 * As there, lists serve as counters: one appends, their length tells how many have.
 */
#include "ports.h"

enum { PARTIES = 5 };

/* ---- the barrier ------------------------------------------------------------------------- */

static int64_t
wait_at(const hf_proxy_t *barrier)
{
    return ports_int(barrier, "wait");
}

/* Waits, and it must break. */
static void
breaks(const hf_proxy_t *barrier)
{
    WANT_RAISES(hf_call(barrier, "wait", ""), "BrokenBarrierError");
}

static void
count(const hf_proxy_t *list)
{
    WANT(hf_list_append(list, "b", 1) == 0);
}

/* The barrier of setUp. */
static hf_proxy_t *
make_barrier(ports_t *self, double timeout)
{
    return ports_share(
        self, "barrier",
        hf_create(self->client, "Barrier", "i timeout=f", (int64_t)PARTIES, timeout));
}

static hf_proxy_t *
make_list(ports_t *self, const char *name)
{
    return ports_share(self, name, hf_create(self->client, "list", ""));
}

static void
leave_list(ports_t *self, const char *name)
{
    ports_leave(self, name, hf_create(self->client, "list", ""));
}

static void
leave_barrier(ports_t *self)
{
    hf_proxy_t *barrier = make_barrier(self, e2e_patience(30.0));
    hf_release(&barrier);
}

/* ---- lockstep ---------------------------------------------------------------------------- */

static void
passes(const ports_me_t *me, int64_t times)
{
    HF_AUTO_PROXY hf_proxy_t *barrier = ports_lookup(me, "barrier");
    HF_AUTO_PROXY hf_proxy_t *before = ports_lookup(me, "before");
    HF_AUTO_PROXY hf_proxy_t *after = ports_lookup(me, "after");
    int64_t parties = ports_int(barrier, "parties");
    WANT(parties == PARTIES);
    for (int64_t k = 0; k < times; k++) {
        count(before);
        WANT(hf_list_len(after) == k * parties);
        (void)wait_at(barrier);
        count(after);
        WANT(hf_list_len(before) == (k + 1) * parties);
        (void)wait_at(barrier);
    }
    WANT(ports_int(barrier, "n_waiting") == 0);
    WANT(!ports_bool(barrier, "broken"));
}

static void
passes_once(const ports_me_t *me)
{
    passes(me, 1);
}

static void
passes_ten_times(const ports_me_t *me)
{
    passes(me, 10);
}

static void
in_lockstep(ports_t *self, const ports_role_t *role)
{
    leave_barrier(self);
    leave_list(self, "before");
    leave_list(self, "after");
    ports_bunch(self, role, PARTIES);
}

static void
test_barrier(void **state)
{
    in_lockstep(*state, &(ports_role_t){"passes_once", passes_once});
}

static void
test_barrier_10(void **state)
{
    in_lockstep(*state, &(ports_role_t){"passes_ten_times", passes_ten_times});
}

/* ---- what wait gives --------------------------------------------------------------------- */

static void
tells_its_index(const ports_me_t *me)
{
    HF_AUTO_PROXY hf_proxy_t *barrier = ports_lookup(me, "barrier");
    HF_AUTO_PROXY hf_proxy_t *queue = ports_lookup(me, "queue");
    WANT(hf_queue_put(queue, HF_FOREVER, "i", wait_at(barrier)) == 0);
}

/* The original wants one 0 among the indices; here each of 0 … 4 is there once. */
static void
test_wait_return(void **state)
{
    ports_t *self = *state;
    bool is_seen[PARTIES] = {false};
    leave_barrier(self);
    HF_AUTO_PROXY hf_proxy_t *queue =
        ports_share(self, "queue", hf_create(self->client, "Queue", ""));
    ports_bunch(self, &(ports_role_t){"tells_its_index", tells_its_index}, PARTIES);
    for (int k = 0; k < PARTIES; k++) {
        int64_t index = -1;
        assert_int_equal(hf_queue_get(queue, 0, "i", &index), 0);
        assert_in_range(index, 0, PARTIES - 1);
        assert_false(is_seen[index]);
        is_seen[index] = true;
    }
    WANT_RAISES(hf_call(queue, "get_nowait", ""), "Empty");
}

/* A manager runs nobody's code, so there is no `action`: who arrived first does it, between two passes. As in the
 * original, it is done once, and before anybody goes on. */
static void
acts(const ports_me_t *me)
{
    HF_AUTO_PROXY hf_proxy_t *barrier = ports_lookup(me, "barrier");
    HF_AUTO_PROXY hf_proxy_t *results = ports_lookup(me, "results");
    if (wait_at(barrier) == 0)
        count(results);
    (void)wait_at(barrier);
    WANT(hf_list_len(results) == 1);
}

static void
test_action(void **state)
{
    ports_t *self = *state;
    leave_barrier(self);
    HF_AUTO_PROXY hf_proxy_t *results = make_list(self, "results");
    ports_bunch(self, &(ports_role_t){"acts", acts}, PARTIES);
    assert_int_equal(hf_list_len(results), 1);
}

/* ---- abort, reset ------------------------------------------------------------------------ */

/* The one in the middle aborts, the others wait and see it break. */
static void
aborts_in_the_midst(const hf_proxy_t *barrier, const hf_proxy_t *passed, const hf_proxy_t *broken)
{
    if (wait_at(barrier) == PARTIES / 2) {
        ports_do(barrier, "abort");
    } else if (hf_call(barrier, "wait", "") == 0) {
        count(passed);
    } else {
        WANT(strcmp(hf_errkind(), "BrokenBarrierError") == 0);
        count(broken);
    }
}

static void
aborts(const ports_me_t *me)
{
    HF_AUTO_PROXY hf_proxy_t *barrier = ports_lookup(me, "barrier");
    HF_AUTO_PROXY hf_proxy_t *passed = ports_lookup(me, "passed");
    HF_AUTO_PROXY hf_proxy_t *broken = ports_lookup(me, "broken");
    aborts_in_the_midst(barrier, passed, broken);
}

static void
test_abort(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *barrier = make_barrier(self, e2e_patience(30.0));
    HF_AUTO_PROXY hf_proxy_t *passed = make_list(self, "passed");
    HF_AUTO_PROXY hf_proxy_t *broken = make_list(self, "broken");
    ports_bunch(self, &(ports_role_t){"aborts", aborts}, PARTIES);
    assert_int_equal(hf_list_len(passed), 0);
    assert_int_equal(hf_list_len(broken), PARTIES - 1);
    assert_true(ports_bool(barrier, "broken"));
    breaks(barrier);
}

static void
resets(const ports_me_t *me)
{
    HF_AUTO_PROXY hf_proxy_t *barrier = ports_lookup(me, "barrier");
    HF_AUTO_PROXY hf_proxy_t *passed = ports_lookup(me, "passed");
    HF_AUTO_PROXY hf_proxy_t *broken = ports_lookup(me, "broken");
    HF_AUTO_PROXY hf_proxy_t *again = ports_lookup(me, "again");
    if (wait_at(barrier) == PARTIES / 2) {
        while (ports_int(barrier, "n_waiting") < PARTIES - 1)
            continue; /* the asking is what waits */
        ports_do(barrier, "reset");
    } else if (hf_call(barrier, "wait", "") == 0) {
        count(passed);
    } else {
        WANT(strcmp(hf_errkind(), "BrokenBarrierError") == 0);
        count(broken);
    }
    (void)wait_at(barrier);
    count(again);
}

static void
test_reset(void **state)
{
    ports_t *self = *state;
    leave_barrier(self);
    HF_AUTO_PROXY hf_proxy_t *passed = make_list(self, "passed");
    HF_AUTO_PROXY hf_proxy_t *broken = make_list(self, "broken");
    HF_AUTO_PROXY hf_proxy_t *again = make_list(self, "again");
    ports_bunch(self, &(ports_role_t){"resets", resets}, PARTIES);
    assert_int_equal(hf_list_len(passed), 0);
    assert_int_equal(hf_list_len(broken), PARTIES - 1);
    assert_int_equal(hf_list_len(again), PARTIES);
}

static void
aborts_and_resets(const ports_me_t *me)
{
    HF_AUTO_PROXY hf_proxy_t *barrier = ports_lookup(me, "barrier");
    HF_AUTO_PROXY hf_proxy_t *second = ports_lookup(me, "second");
    HF_AUTO_PROXY hf_proxy_t *passed = ports_lookup(me, "passed");
    HF_AUTO_PROXY hf_proxy_t *broken = ports_lookup(me, "broken");
    HF_AUTO_PROXY hf_proxy_t *again = ports_lookup(me, "again");
    aborts_in_the_midst(barrier, passed, broken);
    if (wait_at(second) == PARTIES / 2) /* all have left the first one */
        ports_do(barrier, "reset");
    (void)wait_at(second);
    (void)wait_at(barrier);
    count(again);
}

static void
test_abort_and_reset(void **state)
{
    ports_t *self = *state;
    leave_barrier(self);
    ports_leave(self, "second", hf_create(self->client, "Barrier", "i", (int64_t)PARTIES));
    HF_AUTO_PROXY hf_proxy_t *passed = make_list(self, "passed");
    HF_AUTO_PROXY hf_proxy_t *broken = make_list(self, "broken");
    HF_AUTO_PROXY hf_proxy_t *again = make_list(self, "again");
    ports_bunch(self, &(ports_role_t){"aborts_and_resets", aborts_and_resets}, PARTIES);
    assert_int_equal(hf_list_len(passed), 0);
    assert_int_equal(hf_list_len(broken), PARTIES - 1);
    assert_int_equal(hf_list_len(again), PARTIES);
}

/* ---- time -------------------------------------------------------------------------------- */

/* One of them is late: it comes when the others' time is up, and finds the barrier broken. Their wait lasts as long
 * as it was to; that of the first to wait, that is: with it, all break. */
static void
is_late(const ports_me_t *me, const char *picture, double timeout)
{
    HF_AUTO_PROXY hf_proxy_t *barrier = ports_lookup(me, "barrier");
    HF_AUTO_PROXY hf_proxy_t *results = ports_lookup(me, "results");
    HF_AUTO_PROXY hf_proxy_t *is_over = ports_lookup(me, "is_over");
    double since = ports_now();
    int64_t index = -1;
    WANT(hf_call_into(barrier, "wait", "f", e2e_patience(30.0), "i", &index) == 0);
    if (index == PARTIES / 2) {
        WANT(ports_bool(is_over, "wait"));
        ports_took(since, 0.5);
    }
    WANT_RAISES(hf_call(barrier, "wait", picture, timeout), "BrokenBarrierError");
    count(results);
    ports_do(is_over, "set");
}

static void
is_late_for_its_own(const ports_me_t *me)
{
    is_late(me, "f", 0.5);
}

static void
is_late_for_the_default(const ports_me_t *me)
{
    is_late(me, "", 0.0);
}

static void
one_is_late(ports_t *self, double timeout, const ports_role_t *role)
{
    HF_AUTO_PROXY hf_proxy_t *barrier = make_barrier(self, timeout);
    HF_AUTO_PROXY hf_proxy_t *results = make_list(self, "results");
    ports_leave(self, "is_over", hf_create(self->client, "Event", ""));
    ports_bunch(self, role, PARTIES);
    assert_int_equal(hf_list_len(results), ports_int(barrier, "parties"));
}

static void
test_timeout(void **state)
{
    one_is_late(*state, e2e_patience(30.0),
                &(ports_role_t){"is_late_for_its_own", is_late_for_its_own});
}

static void
test_default_timeout(void **state)
{
    one_is_late(*state, 0.5, &(ports_role_t){"is_late_for_the_default", is_late_for_the_default});
}

static void
test_single_thread(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *barrier = hf_create(self->client, "Barrier", "i", INT64_C(1));
    assert_int_equal(wait_at(barrier), 0);
    assert_int_equal(wait_at(barrier), 0);
}

static const ports_role_t roles[] = {
    {"passes_once", passes_once},
    {"passes_ten_times", passes_ten_times},
    {"tells_its_index", tells_its_index},
    {"acts", acts},
    {"aborts", aborts},
    {"resets", resets},
    {"aborts_and_resets", aborts_and_resets},
    {"is_late_for_its_own", is_late_for_its_own},
    {"is_late_for_the_default", is_late_for_the_default},
    {NULL, NULL},
};
static const struct CMUnitTest tests[] = {
    PORT(Barrier, test_barrier),         PORT(Barrier, test_barrier_10),
    PORT(Barrier, test_wait_return),     PORT(Barrier, test_action),
    PORT(Barrier, test_abort),           PORT(Barrier, test_reset),
    PORT(Barrier, test_abort_and_reset), PORT(Barrier, test_timeout),
    PORT(Barrier, test_default_timeout), PORT(Barrier, test_single_thread),
};

PORTS_MAIN(roles, tests)
