/* SPDX-License-Identifier: MPL-2.0 */
/* probe -- see probe.h
 *
 * Locking: what runs now is published in `run`, a counter that is odd inside a plugin's function, and in the
 * members beside it, all relaxed atomics. The watchdog copies them and trusts the copy only if the counter is
 * the same before and after (release and acquire on the counter order the rest). It measures age by its own
 * clock, from the first look that met this run, so begin needs no clock. The texts are a type's and a method's
 * names, which live as long as the process. `lock` only serves to sleep and to end.
 *
 * An idle manager has no watchdog awake: one that finds the loop at rest says that it is asleep, looks at the
 * loop once more, and waits to be called. The loop stores its own flag before it reads the other's, so one of
 * the two sees the other; a busy loop never pays for a wake-up.
 */
#define _GNU_SOURCE
#include "probe.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include <base/check.h>
#include <os/clock.h>

#define PROBE_MAGIC 0x9a0be001u

enum { PROBE_SAMPLE = 64, PROBE_LOOKS = 4 /* a limit */ };

struct hfi_watch {
    uint32_t magic;
    hfi_log_t *log;
    int64_t limit_ns;

    /* the machine's thread writes, the watchdog reads */
    _Atomic uint64_t run;
    const char *_Atomic typeid_;
    const char *_Atomic method;
    _Atomic uint64_t object;
    _Atomic uint64_t slow; /* the other way round */

    /* the machine's thread's own */
    int64_t begun_ns; /* 0: this run is not sampled */
    uint64_t depth;   /* a hook may run inside a method's run */
    hfi_probe_figures_t figures;

    pthread_t watchdog;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    _Atomic bool is_resting; /* the loop's */
    _Atomic bool is_asleep;  /* the watchdog's */
    bool is_closing;         /* lock */
};

static void
probe_begin(void *context, const char *typeid_, const char *method, uint64_t object)
{
    hfi_watch_t *self = context;
    if (self->depth++ > 0)
        return;
    atomic_store_explicit(&self->typeid_, typeid_, memory_order_relaxed);
    atomic_store_explicit(&self->method, method, memory_order_relaxed);
    atomic_store_explicit(&self->object, object, memory_order_relaxed);
    uint64_t run = atomic_load_explicit(&self->run, memory_order_relaxed);
    atomic_store_explicit(&self->run, run + 1, memory_order_release);
    self->begun_ns = self->figures.runs++ % PROBE_SAMPLE == 0 ? hfi_now_ns() : 0;
}

static void
probe_end(void *context)
{
    hfi_watch_t *self = context;
    HF_ASSERT(self->depth > 0);
    if (--self->depth > 0)
        return;
    uint64_t run = atomic_load_explicit(&self->run, memory_order_relaxed);
    atomic_store_explicit(&self->run, run + 1, memory_order_release);
    if (self->begun_ns == 0)
        return;
    uint64_t took = (uint64_t)(hfi_now_ns() - self->begun_ns) | 1;
    size_t k = 63 - (size_t)__builtin_clzll(took);
    size_t last = sizeof self->figures.bucket / sizeof self->figures.bucket[0] - 1;
    self->figures.bucket[k < last ? k : last]++;
    self->figures.sampled++;
}

/* Names the run that is going on, if it is still the one met at `seen`. */
static void
probe_name(hfi_watch_t *self, uint64_t seen, int64_t age_ns)
{
    const char *typeid_ = atomic_load_explicit(&self->typeid_, memory_order_relaxed);
    const char *method = atomic_load_explicit(&self->method, memory_order_relaxed);
    uint64_t object = atomic_load_explicit(&self->object, memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load_explicit(&self->run, memory_order_relaxed) != seen)
        return;
    atomic_fetch_add_explicit(&self->slow, 1, memory_order_relaxed);
    hfi_log_put(
        self->log, HFI_LOG_WARNING, "server",
        "%s.%s of object %" PRIu64 " has held the machine for %" PRId64 " ms; all else waits",
        typeid_ != NULL ? typeid_ : "?", method != NULL ? method : "?", object, age_ns / 1000000);
}

/* Sleeps for one look, and on while the loop rests; false at the end. */
static bool
probe_sleep(hfi_watch_t *self)
{
    int64_t wake_ns = hfi_now_ns() + self->limit_ns / PROBE_LOOKS;
    struct timespec wake = {.tv_sec = wake_ns / 1000000000, .tv_nsec = wake_ns % 1000000000};
    (void)pthread_mutex_lock(&self->lock);
    int late = 0;
    while (!self->is_closing && late == 0)
        late = pthread_cond_timedwait(&self->changed, &self->lock, &wake);
    atomic_store(&self->is_asleep, true);
    while (!self->is_closing && atomic_load(&self->is_resting))
        (void)pthread_cond_wait(&self->changed, &self->lock);
    atomic_store(&self->is_asleep, false);
    bool goes_on = !self->is_closing;
    (void)pthread_mutex_unlock(&self->lock);
    return goes_on;
}

static void *
probe_watch(void *arg)
{
    hfi_watch_t *self = arg;
    uint64_t met = 0;
    uint64_t named = 0;
    int64_t met_ns = 0;
    while (probe_sleep(self)) {
        uint64_t run = atomic_load_explicit(&self->run, memory_order_acquire);
        int64_t now_ns = hfi_now_ns();
        if (run != met) {
            met = run;
            met_ns = now_ns;
        } else if (run % 2 == 1 && named != run && now_ns - met_ns >= self->limit_ns) {
            named = run;
            probe_name(self, run, now_ns - met_ns);
        }
    }
    return NULL;
}

static int
probe_start(hfi_watch_t *self)
{
    sigset_t all;
    sigset_t before;
    pthread_attr_t attr;
    (void)sigfillset(&all);
    if (pthread_attr_init(&attr) != 0)
        return -1;
    (void)pthread_attr_setstacksize(&attr, (size_t)128 * 1024);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&self->watchdog, &attr, probe_watch, self);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attr);
    return failed;
}

/* A condition that is waited for by the monotonic clock. */
static int
probe_open_condition(pthread_cond_t *changed)
{
    pthread_condattr_t attr;
    int failed = pthread_condattr_init(&attr);
    if (failed != 0)
        return failed;
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    failed = pthread_cond_init(changed, &attr);
    (void)pthread_condattr_destroy(&attr);
    return failed;
}

hfi_watch_t *
hfi_watch_new(hfi_log_t *log, int64_t limit_ms)
{
    HF_ASSERT(limit_ms >= 0 && limit_ms <= INT64_MAX / 1000000);
    hfi_watch_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->magic = PROBE_MAGIC;
    self->log = log;
    self->limit_ns = limit_ms * 1000000;
    if (pthread_mutex_init(&self->lock, NULL) != 0)
        goto fail_lock;
    if (probe_open_condition(&self->changed) != 0)
        goto fail_condition;
    if (self->limit_ns > 0 && probe_start(self) != 0)
        goto fail_thread;
    return self;
fail_thread:
    (void)pthread_cond_destroy(&self->changed);
fail_condition:
    (void)pthread_mutex_destroy(&self->lock);
fail_lock:
    HF_BURY(self);
    free(self);
    return NULL;
}

void
hfi_watch_destroy(hfi_watch_t **self_p)
{
    HF_ASSERT(self_p != NULL);
    hfi_watch_t *self = *self_p;
    if (self == NULL)
        return;
    HF_CHECK(self, PROBE_MAGIC);
    (void)pthread_mutex_lock(&self->lock);
    self->is_closing = true;
    (void)pthread_cond_signal(&self->changed);
    (void)pthread_mutex_unlock(&self->lock);
    if (self->limit_ns > 0)
        (void)pthread_join(self->watchdog, NULL);
    (void)pthread_cond_destroy(&self->changed);
    (void)pthread_mutex_destroy(&self->lock);
    HF_BURY(self);
    free(self);
    *self_p = NULL;
}

hfi_probe_t
hfi_watch_probe(hfi_watch_t *self)
{
    HF_CHECK(self, PROBE_MAGIC);
    return (hfi_probe_t){.begin = probe_begin, .end = probe_end, .context = self};
}

void
hfi_watch_rest(hfi_watch_t *self, bool is_resting)
{
    HF_CHECK(self, PROBE_MAGIC);
    atomic_store(&self->is_resting, is_resting);
    if (is_resting || !atomic_load(&self->is_asleep))
        return;
    (void)pthread_mutex_lock(&self->lock);
    (void)pthread_cond_signal(&self->changed);
    (void)pthread_mutex_unlock(&self->lock);
}

void
hfi_watch_read(hfi_watch_t *self, hfi_probe_figures_t *ret_figures)
{
    HF_CHECK(self, PROBE_MAGIC);
    *ret_figures = self->figures;
    ret_figures->slow = atomic_load_explicit(&self->slow, memory_order_relaxed);
}
