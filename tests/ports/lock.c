/* SPDX-License-Identifier: MPL-2.0 */
/* lock -- ports of CPython's WithManagerTestLock (3): Lock and RLock. */
#include "ports.h"

static bool
acquire(const hf_proxy_t *lock, bool is_blocking)
{
    bool is_mine = false;
    WANT(hf_call_into(lock, "acquire", "b", (int)is_blocking, "b", &is_mine) == 0);
    return is_mine;
}

/* release() gives nothing */
static void
release(const hf_proxy_t *lock)
{
    WANT(hf_call_into(lock, "release", "", "n") == 0);
}

static void
test_lock(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *lock = hf_create(self->client, "Lock", "");
    assert_true(ports_bool(lock, "acquire"));
    assert_false(acquire(lock, false));
    release(lock);
    WANT_RAISES(hf_call(lock, "release", ""), "RuntimeError");
}

static void
test_rlock(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *lock = hf_create(self->client, "RLock", "");
    for (int k = 0; k < 3; k++)
        assert_true(ports_bool(lock, "acquire"));
    for (int k = 0; k < 3; k++)
        release(lock);
    WANT_RAISES(hf_call(lock, "release", ""), "RuntimeError");
}

/* `with lock: pass`, and what it is for: within it is locked, behind it is not. */
static void
test_lock_context(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *lock = hf_create(self->client, "Lock", "");
    {
        HF_AUTO_LOCK const hf_proxy_t *held = hf_lock(lock, HF_FOREVER);
        assert_non_null(held);
        assert_true(ports_bool(lock, "locked"));
    }
    assert_false(ports_bool(lock, "locked"));
    assert_true(acquire(lock, false));
    release(lock);
}

static const ports_role_t roles[] = {{NULL, NULL}};
static const struct CMUnitTest tests[] = {
    PORT(Lock, test_lock),
    PORT(Lock, test_rlock),
    PORT(Lock, test_lock_context),
};

PORTS_MAIN(roles, tests)
