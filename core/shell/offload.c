/* SPDX-License-Identifier: MPL-2.0 */
/* offload -- see offload.h
 *
 * Locking
 *
 * `lock` guards all that changes, and is a leaf: no work runs under it, and a finished job is put away without it.
 */
#define _GNU_SOURCE
#include "offload.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include <base/check.h>
#include <os/thread.h>

#define POOL_MAGIC 0x9001f0adu
#define POOL_S     INT64_C(1000000000)

typedef struct pool_job {
    struct pool_job *next;
    uint64_t number;
    hfi_work_t *work;
} pool_job_t;

typedef struct pool_thread {
    hfi_offload_pool_t *pool;
    pthread_t thread;
    hfi_work_t *work; /* that it runs; NULL: none */
    hfi_watched_work_t seen;
} pool_thread_t;

struct hfi_offload_pool {
    uint32_t magic;
    hfi_dones_t *dones;
    hfi_watch_t *watch;
    cpu_set_t cpus;
    size_t max;
    pthread_mutex_t lock;
    pthread_cond_t more;  /* a job is there, or the end */
    pthread_cond_t fewer; /* a thread has ended */
    pool_job_t *first;
    pool_job_t **last_p;
    size_t n_queued;
    size_t n_threads; /* ever started */
    size_t n_idle;
    size_t n_ended;
    bool is_closing;
    pool_thread_t threads[];
};

static void
pool_free(hfi_offload_pool_t *self)
{
    (void)pthread_cond_destroy(&self->more);
    (void)pthread_cond_destroy(&self->fewer);
    (void)pthread_mutex_destroy(&self->lock);
    HF_BURY(self);
    free(self);
}

hfi_offload_pool_t *
hfi_offload_pool_new(hfi_dones_t *dones, hfi_watch_t *watch, size_t threads)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    bool is_known = sched_getaffinity(0, sizeof cpus, &cpus) == 0;
    if (threads == 0)
        threads = is_known ? (size_t)CPU_COUNT(&cpus) : 1;
    if (threads > HFI_OFFLOAD_POOL_THREADS_MAX)
        threads = HFI_OFFLOAD_POOL_THREADS_MAX;
    hfi_offload_pool_t *self = calloc(1, sizeof *self + threads * sizeof self->threads[0]);
    if (self == NULL)
        return NULL;
    pthread_condattr_t monotonic;
    self->magic = POOL_MAGIC;
    self->dones = dones;
    self->watch = watch;
    self->cpus = cpus;
    self->max = threads;
    self->last_p = &self->first;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&self->lock, NULL);
    (void)pthread_cond_init(&self->more, NULL);
    (void)pthread_cond_init(&self->fewer, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return self;
}

/* ---- a thread --------------------------------------------------------------------------- */

/* Waits for the next job; false: the end. */
static bool
pool_take(pool_thread_t *self, uint64_t *ret_number)
{
    hfi_offload_pool_t *pool = self->pool;
    (void)pthread_mutex_lock(&pool->lock);
    self->work = NULL;
    pool->n_idle++;
    while (pool->first == NULL && !pool->is_closing)
        (void)pthread_cond_wait(&pool->more, &pool->lock);
    pool->n_idle--;
    pool_job_t *job = pool->is_closing ? NULL : pool->first;
    if (job != NULL) {
        pool->first = job->next;
        pool->n_queued--;
        if (pool->first == NULL)
            pool->last_p = &pool->first;
        self->work = job->work;
        *ret_number = job->number;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    free(job);
    return job != NULL;
}

static void *
pool_main(void *context)
{
    pool_thread_t *self = context;
    hfi_offload_pool_t *pool = self->pool;
    hfi_done_t done = {.job = 0};
    if (CPU_COUNT(&pool->cpus) > 0)
        (void)pthread_setaffinity_np(pthread_self(), sizeof pool->cpus, &pool->cpus);
    while (pool_take(self, &done.job)) {
        hfi_watch_begin_work(pool->watch, &self->seen, self->work);
        done.status = hfi_work_run(self->work, &done.value);
        done.took_ns = hfi_watch_end_work(pool->watch, &self->seen);
        (void)pthread_mutex_lock(&pool->lock);
        self->work = NULL; /* once it is put away, the machine frees it */
        (void)pthread_mutex_unlock(&pool->lock);
        if (!hfi_dones_put(pool->dones, &done))
            HF_BUG("no memory"); /* its referent would stand still for ever */
    }
    (void)pthread_mutex_lock(&pool->lock);
    pool->n_ended++;
    (void)pthread_cond_signal(&pool->fewer);
    (void)pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* One more, with `lock` held. */
static bool
pool_start(hfi_offload_pool_t *self)
{
    pool_thread_t *thread = &self->threads[self->n_threads];
    thread->pool = self;
    bool is_started = hfi_thread_start(&thread->thread, 0, pool_main, thread) == 0;
    self->n_threads += is_started ? 1 : 0;
    return is_started;
}

/* ---- the loop's side -------------------------------------------------------------------- */

bool
hfi_offload_pool_put(hfi_offload_pool_t *self, uint64_t number, hfi_work_t *work)
{
    HF_CHECK(self, POOL_MAGIC);
    pool_job_t *job = calloc(1, sizeof *job);
    if (job == NULL)
        return false;
    *job = (pool_job_t){.number = number, .work = work};
    (void)pthread_mutex_lock(&self->lock);
    if (self->n_queued >= self->n_idle && self->n_threads < self->max)
        (void)pool_start(self);
    bool has_thread = self->n_threads != 0;
    if (has_thread) {
        *self->last_p = job;
        self->last_p = &job->next;
        self->n_queued++;
        (void)pthread_cond_signal(&self->more);
    }
    (void)pthread_mutex_unlock(&self->lock);
    if (!has_thread)
        free(job);
    return has_thread;
}

/* With `lock` held: nothing more begins, and what runs hears of it. */
static void
pool_begin_close(hfi_offload_pool_t *self)
{
    self->is_closing = true;
    while (self->first != NULL) {
        pool_job_t *job = self->first;
        self->first = job->next;
        free(job);
    }
    self->last_p = &self->first;
    self->n_queued = 0;
    for (size_t i = 0; i < self->n_threads; i++) {
        if (self->threads[i].work != NULL)
            hfi_work_cancel(self->threads[i].work);
    }
    (void)pthread_cond_broadcast(&self->more);
}

bool
hfi_offload_pool_close(hfi_offload_pool_t **self_p, int64_t wait_ns)
{
    HF_ASSERT(self_p != NULL);
    hfi_offload_pool_t *self = *self_p;
    *self_p = NULL;
    if (self == NULL)
        return true;
    HF_CHECK(self, POOL_MAGIC);
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + wait_ns;
    until.tv_sec += (time_t)(ns / POOL_S);
    until.tv_nsec = (long)(ns % POOL_S);
    (void)pthread_mutex_lock(&self->lock);
    pool_begin_close(self);
    while (self->n_ended < self->n_threads &&
           pthread_cond_timedwait(&self->fewer, &self->lock, &until) != ETIMEDOUT)
        continue;
    bool is_ended = self->n_ended == self->n_threads;
    size_t n = self->n_threads;
    (void)pthread_mutex_unlock(&self->lock);
    for (size_t i = 0; i < n; i++) {
        if (is_ended)
            (void)pthread_join(self->threads[i].thread, NULL);
        else
            (void)pthread_detach(self->threads[i].thread);
    }
    if (is_ended)
        pool_free(self);
    return is_ended;
}
