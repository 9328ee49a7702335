/* SPDX-License-Identifier: MPL-2.0 */
/* thread -- see thread.h */
#define _POSIX_C_SOURCE 200809L
#include "thread.h"

#include <signal.h>

int
hfi_thread_start(pthread_t *ret_thread, size_t stack_bytes, void *(*run)(void *), void *argument)
{
    sigset_t all;
    sigset_t before;
    pthread_attr_t attributes;
    int failed = pthread_attr_init(&attributes);
    if (failed != 0)
        return failed;
    if (stack_bytes != 0)
        failed = pthread_attr_setstacksize(&attributes, stack_bytes);
    (void)sigfillset(&all);
    if (failed == 0)
        failed = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (failed == 0) { /* the thread inherits the mask */
        failed = pthread_create(ret_thread, &attributes, run, argument);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    (void)pthread_attr_destroy(&attributes);
    return failed;
}
