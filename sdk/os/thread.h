/* SPDX-License-Identifier: MPL-2.0 */
/* thread -- threads beside a program's own: they take no signal, for all of them are the program's.
 *
 * Thread: any.
 */
#ifndef HFI_THREAD_H
#define HFI_THREAD_H

#include <pthread.h>
#include <stddef.h>

/* Starts run(argument) in a thread with `stack_bytes` of stack (0: what is usual), every signal blocked. Returns 0, or
 * the number of the error, pthread_create's; *ret_thread is then not set. */
int hfi_thread_start(pthread_t *ret_thread, size_t stack_bytes, void *(*run)(void *),
                     void *argument);

#endif
