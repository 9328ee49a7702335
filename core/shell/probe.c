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
 * the two sees the other; a busy loop never pays for a wake-up. While work runs on a thread of the pool that was not
 * named yet, it sleeps until that is due and no longer: those are in a list under `lock`.
 */
#define _GNU_SOURCE
#include "probe.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <base/check.h>
#include <machine/probed.h>
#include <os/clock.h>
#include <os/thread.h>

#define PROBE_MAGIC 0x9a0be001u

enum {
    PROBE_STACK_BYTES = 128 * 1024,
    PROBE_GAP = 64,     /* runs between two samples, about */
    PROBE_LOOK_MS = 10, /* between two looks of the watchdog while the machine is busy */
};

#define PROBE_SLOW_NS INT64_C(1000000) /* a sampled run from here on is listed */

struct hfi_watch {
    uint32_t magic;
    hfi_log_t *log;
    int64_t limit_ns;

    /* the machine's thread writes, the watchdog reads */
    _Atomic uint64_t run;
    const char *_Atomic typeid_;
    const char *_Atomic method;
    _Atomic uint64_t object;
    _Atomic uint64_t slow;  /* the other way round, as the next two */
    _Atomic uint64_t met;   /* the run that it has met */
    _Atomic int64_t met_ns; /* when it first did */

    /* the machine's thread's own */
    int64_t begun_ns; /* 0: this run is not sampled */
    uint64_t depth;   /* a hook may run inside a method's run */
    uint64_t gap;     /* runs until the next sample */
    uint64_t
        chance; /* what the next gap is made of: even a steady pattern of calls is sampled evenly */
    hfi_probe_figures_t figures;
    hfi_durations_t *durations;
    hfi_bytes_t arguments;

    pthread_t watchdog;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    _Atomic bool is_resting; /* the loop's */
    _Atomic bool is_asleep;  /* the watchdog's */
    bool is_closing;         /* lock, as the next */
    bool is_stopped;         /* the machine's thread's own */
    hfi_watched_work_t *works;
};

/* This run is timed; the next one after a gap of half to one and a half PROBE_GAP runs. */
static void
probe_sample(hfi_watch_t *self)
{
    self->begun_ns = hfi_now_ns();
    self->chance ^= self->chance << 13; /* xorshift64 */
    self->chance ^= self->chance >> 7;
    self->chance ^= self->chance << 17;
    self->gap = PROBE_GAP / 2 + self->chance % PROBE_GAP;
}

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
    self->figures.runs++;
    self->begun_ns = 0;
    if (self->gap-- == 0)
        probe_sample(self);
}

/* NULL leaves the place empty. */
static void
probe_text(char *to, size_t room, const char *text)
{
    if (text != NULL)
        hfi_durations_text(to, room, text, strlen(text));
}

/* Puts a run that has just ended on the list of the slow. */
static void
probe_list(hfi_watch_t *self, const void *call, int64_t took_ns, int64_t now_ns)
{
    hfi_slow_run_t *slow = hfi_durations_add_slow(self->durations);
    slow->object = atomic_load_explicit(&self->object, memory_order_relaxed);
    slow->took_ns = took_ns;
    slow->ended_ns = now_ns;
    probe_text(slow->typeid_, sizeof slow->typeid_,
               atomic_load_explicit(&self->typeid_, memory_order_relaxed));
    probe_text(slow->method, sizeof slow->method,
               atomic_load_explicit(&self->method, memory_order_relaxed));
    probe_text(slow->client, sizeof slow->client, call == NULL ? NULL : hfi_probed_client(call));
    self->arguments.len = 0;
    if (call != NULL && hfi_probed_arguments(call, &self->arguments))
        hfi_durations_text(slow->arguments, sizeof slow->arguments,
                           (const char *)self->arguments.at, self->arguments.len);
}

/* A run that was timed, or that the watchdog has met; of that one, what is known is how long it went on. */
static void
probe_measure(hfi_watch_t *self, const void *call)
{
    int64_t now_ns = hfi_now_ns();
    bool is_sampled = self->begun_ns != 0;
    int64_t took_ns =
        now_ns -
        (is_sampled ? self->begun_ns : atomic_load_explicit(&self->met_ns, memory_order_relaxed));
    if (is_sampled) {
        self->figures.sampled++;
        hfi_durations_count(self->durations,
                            atomic_load_explicit(&self->typeid_, memory_order_relaxed),
                            atomic_load_explicit(&self->method, memory_order_relaxed), took_ns);
    }
    if (took_ns >= PROBE_SLOW_NS)
        probe_list(self, call, took_ns, now_ns);
}

static void
probe_end(void *context, const void *call)
{
    hfi_watch_t *self = context;
    HF_ASSERT(self->depth > 0);
    if (--self->depth > 0)
        return;
    uint64_t run = atomic_load_explicit(&self->run, memory_order_relaxed);
    atomic_store_explicit(&self->run, run + 1, memory_order_release);
    bool is_met = atomic_load_explicit(&self->met, memory_order_acquire) == run;
    if (is_met || self->begun_ns != 0)
        probe_measure(self, call);
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

/* ---- threads of the pool ---------------------------------------------------------------- */

/* The work that runs longest of those that were not named, with `lock` held; NULL: none. */
static hfi_watched_work_t *
probe_oldest(const hfi_watch_t *self)
{
    hfi_watched_work_t *oldest = NULL;
    for (hfi_watched_work_t *at = self->works; at != NULL; at = at->next) {
        if (!at->is_named && (oldest == NULL || at->begun_ns < oldest->begun_ns))
            oldest = at;
    }
    return oldest;
}

/* Names the work that is over the limit; what it is called lives as long as the process. False: none is. */
static bool
probe_name_work(hfi_watch_t *self)
{
    const char *typeid_ = NULL;
    const char *method = NULL;
    uint64_t object = 0;
    int64_t age_ns = 0;
    (void)pthread_mutex_lock(&self->lock);
    hfi_watched_work_t *oldest = probe_oldest(self);
    if (oldest != NULL)
        age_ns = hfi_now_ns() - oldest->begun_ns;
    bool is_over = oldest != NULL && age_ns >= self->limit_ns;
    if (is_over) {
        typeid_ = hfi_work_typeid(oldest->work);
        method = hfi_work_method(oldest->work);
        object = hfi_work_object(oldest->work);
        oldest->is_named = true;
    }
    (void)pthread_mutex_unlock(&self->lock);
    if (!is_over)
        return false;
    atomic_fetch_add_explicit(&self->slow, 1, memory_order_relaxed);
    hfi_log_put(self->log, HFI_LOG_WARNING, "server",
                "%s.%s of object %" PRIu64 " has run on a thread of the pool for %" PRId64
                " ms; all else for that object waits",
                typeid_, method, object, age_ns / 1000000);
    return true;
}

void
hfi_watch_begin_work(hfi_watch_t *self, hfi_watched_work_t *place, const hfi_work_t *work)
{
    HF_CHECK(self, PROBE_MAGIC);
    *place = (hfi_watched_work_t){.work = work, .begun_ns = hfi_now_ns()};
    (void)pthread_mutex_lock(&self->lock);
    place->next = self->works;
    place->self_p = &self->works;
    if (place->next != NULL)
        place->next->self_p = &place->next;
    self->works = place;
    if (atomic_load(&self->is_asleep))
        (void)pthread_cond_signal(&self->changed);
    (void)pthread_mutex_unlock(&self->lock);
}

int64_t
hfi_watch_end_work(hfi_watch_t *self, hfi_watched_work_t *place)
{
    HF_CHECK(self, PROBE_MAGIC);
    int64_t took_ns = hfi_now_ns() - place->begun_ns;
    (void)pthread_mutex_lock(&self->lock);
    *place->self_p = place->next;
    if (place->next != NULL)
        place->next->self_p = place->self_p;
    (void)pthread_mutex_unlock(&self->lock);
    return took_ns;
}

void
hfi_watch_list_work(hfi_watch_t *self, const hfi_work_t *work, int64_t took_ns)
{
    HF_CHECK(self, PROBE_MAGIC);
    if (took_ns < PROBE_SLOW_NS)
        return;
    hfi_slow_run_t *slow = hfi_durations_add_slow(self->durations);
    slow->object = hfi_work_object(work);
    slow->took_ns = took_ns;
    slow->ended_ns = hfi_now_ns();
    probe_text(slow->typeid_, sizeof slow->typeid_, hfi_work_typeid(work));
    probe_text(slow->method, sizeof slow->method, hfi_work_method(work));
    probe_text(slow->client, sizeof slow->client, hfi_work_client(work));
    self->arguments.len = 0;
    if (hfi_work_show(work, &self->arguments))
        hfi_durations_text(slow->arguments, sizeof slow->arguments,
                           (const char *)self->arguments.at, self->arguments.len);
}

/* ---- the watchdog ----------------------------------------------------------------------- */

/* Sleeps until then with `lock` held, or until something has changed; 0: the latter. */
static int
probe_wait_until(hfi_watch_t *self, int64_t wake_ns)
{
    struct timespec wake = {.tv_sec = wake_ns / 1000000000, .tv_nsec = wake_ns % 1000000000};
    return pthread_cond_timedwait(&self->changed, &self->lock, &wake);
}

/* Sleeps for one look, and on while the loop rests and no work is to be named; false at the end. */
static bool
probe_sleep(hfi_watch_t *self)
{
    int64_t look_ns = hfi_now_ns() + (int64_t)PROBE_LOOK_MS * 1000000;
    (void)pthread_mutex_lock(&self->lock);
    int late = 0;
    while (!self->is_closing && late == 0)
        late = probe_wait_until(self, look_ns);
    atomic_store(&self->is_asleep, true);
    late = 0;
    while (!self->is_closing && atomic_load(&self->is_resting) && late == 0) {
        const hfi_watched_work_t *oldest = probe_oldest(self);
        if (oldest == NULL)
            (void)pthread_cond_wait(&self->changed, &self->lock);
        else
            late = probe_wait_until(self, oldest->begun_ns + self->limit_ns);
    }
    atomic_store(&self->is_asleep, false);
    bool goes_on = !self->is_closing;
    (void)pthread_mutex_unlock(&self->lock);
    return goes_on;
}

static void *
probe_watch(void *arg)
{
    hfi_watch_t *self = arg;
    uint64_t named = 0;
    while (probe_sleep(self)) {
        uint64_t run = atomic_load_explicit(&self->run, memory_order_acquire);
        int64_t now_ns = hfi_now_ns();
        while (probe_name_work(self))
            continue;
        if (run % 2 == 0)
            continue;
        if (run != atomic_load_explicit(&self->met, memory_order_relaxed)) {
            atomic_store_explicit(&self->met_ns, now_ns, memory_order_relaxed);
            atomic_store_explicit(&self->met, run, memory_order_release);
            continue;
        }
        int64_t age_ns = now_ns - atomic_load_explicit(&self->met_ns, memory_order_relaxed);
        if (named != run && age_ns >= self->limit_ns) {
            named = run;
            probe_name(self, run, age_ns);
        }
    }
    return NULL;
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
    self->chance = 1;
    self->durations = hfi_durations_new();
    if (self->durations == NULL)
        goto fail_durations;
    if (pthread_mutex_init(&self->lock, NULL) != 0)
        goto fail_lock;
    if (probe_open_condition(&self->changed) != 0)
        goto fail_condition;
    if (self->limit_ns > 0 &&
        hfi_thread_start(&self->watchdog, PROBE_STACK_BYTES, probe_watch, self) != 0)
        goto fail_thread;
    return self;
fail_thread:
    (void)pthread_cond_destroy(&self->changed);
fail_condition:
    (void)pthread_mutex_destroy(&self->lock);
fail_lock:
    hfi_durations_destroy(&self->durations);
fail_durations:
    HF_BURY(self);
    free(self);
    return NULL;
}

void
hfi_watch_stop(hfi_watch_t *self)
{
    HF_CHECK(self, PROBE_MAGIC);
    if (self->is_stopped)
        return;
    self->is_stopped = true;
    (void)pthread_mutex_lock(&self->lock);
    self->is_closing = true;
    (void)pthread_cond_signal(&self->changed);
    (void)pthread_mutex_unlock(&self->lock);
    if (self->limit_ns > 0)
        (void)pthread_join(self->watchdog, NULL);
}

void
hfi_watch_destroy(hfi_watch_t **self_p)
{
    HF_ASSERT(self_p != NULL);
    hfi_watch_t *self = *self_p;
    if (self == NULL)
        return;
    HF_CHECK(self, PROBE_MAGIC);
    HF_ASSERT(self->works == NULL);
    hfi_watch_stop(self);
    (void)pthread_cond_destroy(&self->changed);
    (void)pthread_mutex_destroy(&self->lock);
    hfi_durations_destroy(&self->durations);
    hfi_bytes_close(&self->arguments);
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

const hfi_durations_t *
hfi_watch_durations(const hfi_watch_t *self)
{
    HF_CHECK(self, PROBE_MAGIC);
    return self->durations;
}

void
hfi_watch_read(const hfi_watch_t *self, hfi_probe_figures_t *ret_figures)
{
    HF_CHECK(self, PROBE_MAGIC);
    *ret_figures = self->figures;
    ret_figures->slow = atomic_load_explicit(&self->slow, memory_order_relaxed);
}
