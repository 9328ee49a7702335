/* SPDX-License-Identifier: MPL-2.0 */
/* thread -- a thread of ours runs, takes no signal, and leaves its starter's mask as it was. */
#define _POSIX_C_SOURCE 200809L
#include <os/thread.h>

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void *
ask_mask(void *mask)
{
    (void)pthread_sigmask(SIG_SETMASK, NULL, mask);
    return mask;
}

static void
test_takes_no_signal(void **state)
{
    (void)state;
    pthread_t thread;
    sigset_t its;
    sigset_t own;
    void *returned = NULL;
    assert_int_equal(hfi_thread_start(&thread, 0, ask_mask, &its), 0);
    assert_int_equal(pthread_join(thread, &returned), 0);
    assert_ptr_equal(returned, &its);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &own), 0);
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGCHLD, SIGUSR1, SIGPIPE};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        assert_int_equal(sigismember(&its, signals[i]), 1);
        assert_int_equal(sigismember(&own, signals[i]), 0);
    }
}

static void
test_refuses_a_stack_too_small(void **state)
{
    (void)state;
    pthread_t thread;
    sigset_t own;
    assert_int_equal(hfi_thread_start(&thread, 1, ask_mask, NULL), EINVAL);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &own), 0);
    assert_int_equal(sigismember(&own, SIGTERM), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_no_signal),
        cmocka_unit_test(test_refuses_a_stack_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
