/* SPDX-License-Identifier: MPL-2.0 */
/* contender -- what each system that is measured must be able to do; one table of functions each. */
#ifndef BENCH_CONTENDER_H
#define BENCH_CONTENDER_H

#include <stddef.h>
#include <stdint.h>

enum { CONTENDER_BIG = 1 << 20 }; /* bytes of the big value */

/* A connection of one client process. Every function ends the process with a sentence when it fails:
 * a benchmark that goes on after an error measures nothing. */
struct contender {
    const char *name;
    void *(*open)(const char *endpoint);
    void (*call)(void *self);    /* one small call, waited for */
    void (*send)(void *self);    /* starts a small call … */
    void (*receive)(void *self); /* … and this waits for the oldest one */
    void (*churn)(void *self,
                  uint32_t batch); /* makes `batch` objects and lets them go; waits at the end */
    void (*big)(void *self);       /* stores CONTENDER_BIG bytes and reads them back */
    void (*close)(void *self);
};

extern const struct contender contender_echo, contender_redis, contender_holdfast;

_Noreturn void contender_fail(const char *what, const char *why);

#endif
