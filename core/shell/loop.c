/* SPDX-License-Identifier: MPL-2.0 */
/* loop -- see loop.h
 *
 * Each round has the same six steps. Events are in the record before the machine sees them, and the record is kept
 * before anything that they cause leaves; so a journal that recovers a manager needs no other order.
 */
#define _GNU_SOURCE
#include "loop.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include <base/check.h>
#include <machine/machine.h>
#include <os/clock.h>
#include <os/poll.h>
#include <value/writer.h>

#include "boot.h"
#include "dealer.h"
#include "done.h"
#include "figures.h"
#include "front.h"
#include "journal.h"
#include "load_plugin.h"
#include "offload.h"
#include "pace.h"
#include "place.h"
#include "probe.h"
#include "reload.h"
#include "trim.h"

#define LOOP_MAGIC   0x100bf001u
#define LOOP_REST_NS INT64_C(50000000) /* sleeps from here on let the watchdog sleep too */
#define LOOP_WORK_NS                                                                               \
    INT64_C(200000000) /* cancelled work has so long to end; then it is abandoned */
#define LOOP_LINGER_NS INT64_C(500000000) /* the last frames have so long to leave */

enum { LOOP_JOBS = 64 /* finished jobs taken in a round */ };

/* What a wait is for, and has found. */
enum { LOOP_FRONT = 1, LOOP_PEERS = 2, LOOP_JOBS_DONE = 4, LOOP_SIGNALS = 8, LOOP_FAR = 16 };

struct hfi_loop {
    uint32_t magic;
    hfi_loop_world_t world;
    void *context;
    hfi_front_t *front;
    hfi_dealers_t *dealers;
    hfi_dones_t *dones;
    hfi_offload_pool_t *pool;
    hfi_watch_t *watch;
    hfi_journal_t *journal; /* NULL: nothing is recorded */
    hfi_machine_t *machine;
    hfi_boot_t boot;
    hfi_bytes_t policy; /* of this round's POLICY, which borrows it */
    hfi_pace_t pace;
    hfi_trim_t trim;
    int cpu; /* -1: anywhere */
    hfi_poll_t poll;
    unsigned called; /* what the last wait found */
    bool has_more;   /* the last round left something that can be done at once */
    bool is_stopping;
    bool is_stopped;
    int status;
    uint8_t entropy[32];
    hfi_done_t jobs[LOOP_JOBS]; /* of this round: their values are borrowed by events */
    size_t n_jobs;
    size_t n_images; /* of the loader's: what the machine has been told of */
    hfi_batch_t batch;
};

/* ---- making --------------------------------------------------------------------------- */

/* The CPU that loop and I/O thread are to share, if there are two to choose from; -1: none. The last one: interrupts
 * tend to the first. */
static int
loop_choose_cpu(hfi_placement_t placement)
{
    cpu_set_t mine;
    struct sched_param param = {0};
    if (placement != HFI_PLACEMENT_SHARED || sched_getaffinity(0, sizeof mine, &mine) != 0 ||
        CPU_COUNT(&mine) < 2 || pthread_setschedparam(pthread_self(), SCHED_BATCH, &param) != 0)
        return -1;
    int cpu = CPU_SETSIZE - 1;
    while (!CPU_ISSET((size_t)cpu, &mine))
        cpu--;
    return cpu;
}

static bool
loop_open_context(hfi_loop_t *self)
{
    self->context = zmq_ctx_new();
    if (self->context == NULL)
        return false;
    self->cpu = loop_choose_cpu(self->world.settings->placement);
    if (self->cpu >= 0) {
        (void)zmq_ctx_set(self->context, ZMQ_THREAD_AFFINITY_CPU_ADD, self->cpu);
        (void)zmq_ctx_set(self->context, ZMQ_THREAD_SCHED_POLICY, SCHED_BATCH);
    }
    return true;
}

/* Moves this thread to the chosen CPU; threads made before stay where they are. */
static void
loop_place(const hfi_loop_t *self)
{
    cpu_set_t one;
    if (self->cpu < 0)
        return;
    CPU_ZERO(&one);
    CPU_SET((size_t)self->cpu, &one);
    (void)sched_setaffinity(0, sizeof one, &one);
}

static bool
loop_open_poll(hfi_loop_t *self)
{
    return hfi_poll_open(&self->poll, self->world.settings->may_spin) &&
           hfi_poll_add(&self->poll, hfi_front_fd(self->front), LOOP_FRONT) &&
           hfi_poll_add(&self->poll, hfi_front_peers_fd(self->front), LOOP_PEERS) &&
           hfi_poll_add(&self->poll, hfi_dealers_fd(self->dealers), LOOP_FAR) &&
           hfi_poll_add(&self->poll, hfi_dones_fd(self->dones), LOOP_JOBS_DONE) &&
           (self->world.signals < 0 ||
            hfi_poll_add(&self->poll, self->world.signals, LOOP_SIGNALS));
}

/* Makes all but the machine's first events. */
static bool
loop_open(hfi_loop_t *self, char *why, size_t why_room)
{
    const hfi_settings_t *settings = self->world.settings;
    (void)snprintf(why, why_room, "no memory, or no descriptor");
    if (!loop_open_context(self))
        return false;
    self->dones = hfi_dones_new();
    self->watch = hfi_watch_new(self->world.log, settings->slow_ms);
    if (self->dones == NULL || self->watch == NULL)
        return false;
    self->pool = hfi_offload_pool_new(self->dones, self->watch, (size_t)settings->offload_threads);
    if (self->pool == NULL)
        return false;
    hfi_machine_world_t world = {.find_image = hfi_loader_find,
                                 .context = self->world.loader,
                                 .probe = hfi_watch_probe(self->watch)};
    self->machine = hfi_machine_new(&world);
    if (self->machine == NULL)
        return false;
    self->front =
        hfi_front_new(self->context, settings->limits.frame, self->world.log, why, why_room);
    if (self->front == NULL)
        return false;
    self->dealers = hfi_dealers_new(self->context, self->world.log, why, why_room);
    if (self->dealers == NULL)
        return false;
    if (!loop_open_poll(self)) {
        (void)snprintf(why, why_room, "no descriptor to wait with: %s", strerrordesc_np(errno));
        return false;
    }
    for (size_t k = 0; k < settings->binds.n; k++) {
        if (!hfi_front_bind(self->front, settings->binds.at[k], settings->folder, why, why_room))
            return false;
        if (settings->is_shared &&
            !hfi_place_share(hfi_front_endpoint(self->front, k), why, why_room))
            return false;
    }
    if (self->world.record == NULL)
        return true;
    self->journal = hfi_journal_new(self->world.record, self->world.loader, why, why_room);
    return self->journal != NULL;
}

static void loop_turn(hfi_loop_t *self);

hfi_loop_t *
hfi_loop_new(const hfi_loop_world_t *world, char *why, size_t why_room)
{
    hfi_loop_t *self = calloc(1, sizeof *self);
    if (self == NULL) {
        (void)snprintf(why, why_room, "no memory");
        return NULL;
    }
    self->magic = LOOP_MAGIC;
    self->world = *world;
    self->poll = HFI_POLL_NONE;
    hfi_pace_open(&self->pace, hfi_now_ns());
    if (!loop_open(self, why, why_room)) {
        hfi_loop_destroy(&self);
        return NULL;
    }
    if (!hfi_boot_write(&self->boot, world->settings, world->loader, self->front, &self->batch)) {
        (void)snprintf(why, why_room, "no memory, no random bytes, or too many plugins");
        hfi_loop_destroy(&self);
        return NULL;
    }
    while (hfi_loader_at(world->loader, self->n_images) != NULL)
        self->n_images++;
    loop_turn(self);
    return self;
}

void
hfi_loop_destroy(hfi_loop_t **self_p)
{
    HF_ASSERT(self_p != NULL);
    hfi_loop_t *self = *self_p;
    if (self == NULL)
        return;
    HF_CHECK(self, LOOP_MAGIC);
    hfi_poll_close(&self->poll);
    hfi_front_destroy(&self->front);
    hfi_dealers_destroy(&self->dealers);
    if (self->context != NULL) {
        while (zmq_ctx_term(self->context) != 0 && errno == EINTR)
            continue;
    }
    hfi_journal_destroy(&self->journal);
    if (hfi_offload_pool_close(&self->pool, LOOP_WORK_NS)) {
        hfi_machine_destroy(&self->machine);
        hfi_dones_destroy(&self->dones);
        hfi_watch_destroy(&self->watch);
    } else { /* a thread still reads referents; it ends with the process, which is about to */
        hfi_log_put(self->world.log, HFI_LOG_WARNING, "server",
                    "offloaded work that does not heed hf_is_cancelled is abandoned");
        hfi_watch_stop(self->watch);
    }
    hfi_boot_close(&self->boot);
    hfi_bytes_close(&self->policy);
    HF_BURY(self);
    free(self);
    *self_p = NULL;
}

const char *
hfi_loop_endpoint(const hfi_loop_t *self, size_t k)
{
    HF_CHECK(self, LOOP_MAGIC);
    return hfi_front_endpoint(self->front, k);
}

/* ---- 1: wait -------------------------------------------------------------------------- */

static int64_t
loop_sleep_ns(hfi_loop_t *self, int64_t now_ns)
{
    int64_t sleep_ns = hfi_pace_plan(&self->pace, hfi_machine_due_ns(self->machine), now_ns);
    int64_t front_ns = hfi_front_due_ns(self->front);
    if (front_ns != INT64_MAX && (front_ns <= now_ns || front_ns - now_ns < sleep_ns))
        sleep_ns = front_ns > now_ns ? front_ns - now_ns : 0;
    return self->has_more || hfi_machine_wants_entropy(self->machine) ? 0 : sleep_ns;
}

/* In a rest that is long enough, memory goes back. Returns how long to sleep. */
static int64_t
loop_trim(hfi_loop_t *self, int64_t sleep_ns, int64_t now_ns)
{
    const hfi_machine_figures_t *figures = hfi_machine_figures(self->machine);
    int64_t due_ns = hfi_trim_note(&self->trim, figures->memory_bytes, figures->sessions, now_ns);
    if (due_ns > now_ns)
        return due_ns - now_ns < sleep_ns ? due_ns - now_ns : sleep_ns;
    if (sleep_ns >= LOOP_REST_NS)
        hfi_trim_rest(&self->trim);
    return sleep_ns;
}

/* Until something comes or is due. libzmq's descriptor tells of changes only: the socket itself is asked first. */
static void
loop_wait(hfi_loop_t *self)
{
    int64_t now_ns = hfi_now_ns();
    int64_t sleep_ns = loop_trim(self, loop_sleep_ns(self, now_ns), now_ns);
    if (sleep_ns > 0 &&
        (hfi_front_is_readable(self->front) || hfi_dealers_is_readable(self->dealers)))
        sleep_ns = 0;
    bool is_resting = sleep_ns >= LOOP_REST_NS;
    if (is_resting)
        hfi_watch_rest(self->watch, true);
    self->called = hfi_poll_wait(&self->poll, sleep_ns);
    if (is_resting)
        hfi_watch_rest(self->watch, false);
}

/* ---- 2: gather ------------------------------------------------------------------------ */

/* What a file says now goes to the machine like all that comes from outside. */
static void
loop_reload(hfi_loop_t *self)
{
    const hfi_loop_world_t *world = &self->world;
    hfi_bytes_close(&self->policy);
    if (!hfi_reload(world->config, world->configured, self->machine, world->log, &self->policy))
        return;
    hfi_event_t *event = hfi_batch_add(&self->batch, HFI_EVENT_POLICY);
    HF_ASSERT(event != NULL); /* signals are gathered early in the batch, and this is one a round */
    event->bytes = hfi_bytes_span(&self->policy);
}

/* A first signal drains; a second one does not wait. */
static void
loop_gather_signals(hfi_loop_t *self)
{
    struct signalfd_siginfo signal;
    bool is_reload = false;
    while ((self->called & LOOP_SIGNALS) != 0 &&
           read(self->world.signals, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        if (signal.ssi_signo == SIGHUP && self->world.config != NULL) {
            is_reload = true;
            continue;
        }
        hfi_event_t *event = hfi_batch_add(&self->batch, HFI_EVENT_STOP);
        if (event == NULL)
            return;
        event->drain_s = self->is_stopping ? 0.0 : (double)self->world.settings->drain_ms / 1000.0;
        self->is_stopping = true;
    }
    if (is_reload)
        loop_reload(self);
}

/* What was loaded while serving. False: there is more than goes into this round. */
static bool
loop_gather_images(hfi_loop_t *self)
{
    const hfi_image_t *image;
    while ((image = hfi_loader_at(self->world.loader, self->n_images)) != NULL) {
        hfi_event_t *event =
            self->batch.n < HFI_BATCH_MAX / 2 ? hfi_batch_add(&self->batch, HFI_EVENT_IMAGE) : NULL;
        if (event == NULL)
            return false;
        event->bytes = hfi_span_of(image->hash);
        self->n_images++;
    }
    return true;
}

static void
loop_gather_jobs(hfi_loop_t *self)
{
    while (self->n_jobs < LOOP_JOBS && hfi_dones_take(self->dones, &self->jobs[self->n_jobs])) {
        const hfi_done_t *job = &self->jobs[self->n_jobs++];
        hfi_event_t *event = hfi_batch_add(&self->batch, HFI_EVENT_JOB_DONE);
        HF_ASSERT(event != NULL); /* jobs are gathered early in the batch */
        event->link = job->job;
        event->status = job->status;
        event->bytes = hfi_bytes_span(&job->value);
        const hfi_work_t *work = hfi_machine_work(self->machine, job->job);
        if (work != NULL) /* until the machine hears that it is done */
            hfi_watch_list_work(self->watch, work, job->took_ns);
    }
}

static void
loop_gather_entropy(hfi_loop_t *self)
{
    if (!hfi_machine_wants_entropy(self->machine) ||
        getrandom(self->entropy, sizeof self->entropy, 0) != (ssize_t)sizeof self->entropy)
        return;
    hfi_event_t *event = hfi_batch_add(&self->batch, HFI_EVENT_ENTROPY);
    HF_ASSERT(event != NULL);
    event->bytes = (hfi_span_t){.at = self->entropy, .len = sizeof self->entropy};
}

static void
loop_gather(hfi_loop_t *self)
{
    int64_t now_ns = hfi_now_ns();
    hfi_event_t *tick = hfi_batch_add(&self->batch, HFI_EVENT_TICK);
    HF_ASSERT(tick != NULL);
    tick->now_ns = hfi_pace_tick(&self->pace, now_ns);
    loop_gather_entropy(self);
    /* who asked for an image is answered after it; the jobs' descriptor calls again */
    if (loop_gather_images(self) && (self->called & LOOP_JOBS_DONE) != 0)
        loop_gather_jobs(self);
    loop_gather_signals(self);
    if ((self->called & LOOP_PEERS) != 0)
        hfi_front_bury_dead(self->front, now_ns);
    bool has_more = hfi_dealers_gather(self->dealers, &self->batch);
    self->has_more = hfi_front_gather(self->front, &self->batch, now_ns) || has_more;
}

/* ---- 6: flush ------------------------------------------------------------------------- */

static hfi_log_level_t
loop_level(uint64_t level)
{
    return level <= HF_LOG_ERROR     ? HFI_LOG_ERROR
           : level <= HF_LOG_WARNING ? HFI_LOG_WARNING
           : level <= HF_LOG_INFO    ? HFI_LOG_INFO
                                     : HFI_LOG_DEBUG;
}

/* The record says which file each image was before the event that names it. */
static int32_t
loop_load_plugin(hfi_loop_t *self, hfi_span_t path, hfi_bytes_t *ret_value)
{
    size_t before = self->n_images;
    int32_t status = hfi_load_plugin(self->world.settings, self->world.loader, path, ret_value);
    const hfi_image_t *image = hfi_loader_at(self->world.loader, before);
    for (; image != NULL; image = hfi_loader_at(self->world.loader, ++before)) {
        if (self->journal != NULL)
            hfi_journal_plugin(self->journal, image);
    }
    return status;
}

/* An offloaded call's; what cannot even be queued is done at once. */
static void
loop_offload(hfi_loop_t *self, uint64_t job)
{
    static const uint8_t nil = 0xc0;
    hfi_done_t done = {.job = job, .status = -1};
    hfi_work_t *work = hfi_machine_work(self->machine, job);
    if (work == NULL || hfi_offload_pool_put(self->pool, job, work))
        return;
    (void)hfi_bytes_append(&done.value, &nil, 1);
    if (!hfi_dones_put(self->dones, &done))
        hfi_log_put(self->world.log, HFI_LOG_ERROR, "server", "no memory to offload a call");
}

/* A job that is done here and now comes back as an event like any other. */
static void
loop_job(hfi_loop_t *self, const hfi_output_t *output)
{
    static const uint8_t nil = 0xc0;
    hfi_done_t done = {.job = output->number, .status = -1};
    hfi_bytes_t *value = &done.value;
    if (hfi_span_equal(output->text, hfi_span_of("load_plugin")))
        done.status = loop_load_plugin(self, output->bytes, value);
    else if (hfi_span_equal(output->text, hfi_span_of("figures")))
        done.status = hfi_figures_write(self->front, self->watch, self->world.log, value) ? 0 : -1;
    else if (hfi_span_equal(output->text, hfi_span_of("slow_calls")))
        done.status = hfi_figures_write_slow(self->watch, value) ? 0 : -1;
    if (done.status < 0) {
        hfi_bytes_close(value);
        (void)hfi_bytes_append(value, &nil, 1);
    }
    if (!hfi_dones_put(self->dones, &done))
        hfi_log_put(self->world.log, HFI_LOG_ERROR, "server",
                    "no memory to answer a job of the machine's");
}

static void
loop_take(hfi_loop_t *self, const hfi_output_t *output, int64_t now_ns)
{
    switch (output->kind) {
    case HFI_OUTPUT_SEND:
    case HFI_OUTPUT_CONTROL:
    case HFI_OUTPUT_REWIND:
    case HFI_OUTPUT_WATCH:
    case HFI_OUTPUT_KICK:
        hfi_front_take(self->front, output, now_ns);
        return;
    case HFI_OUTPUT_FAR_OPEN:
    case HFI_OUTPUT_FAR_SEND:
    case HFI_OUTPUT_FAR_CLOSE:
        hfi_dealers_take(self->dealers, output);
        return;
    case HFI_OUTPUT_JOB:
        if (hfi_span_equal(output->text, hfi_span_of("offload")))
            loop_offload(self, output->number);
        else
            loop_job(self, output);
        return;
    case HFI_OUTPUT_LOG:
        hfi_log_span(self->world.log, loop_level(output->number), output->text, output->bytes);
        return;
    case HFI_OUTPUT_STOPPED:
        self->is_stopped = true;
        self->status = (int)output->number;
        return;
    }
    HF_BUG("an output that the shell does not know");
}

static void
loop_flush(hfi_loop_t *self)
{
    int64_t now_ns = hfi_now_ns();
    hfi_output_t output;
    while (hfi_machine_take_output(self->machine, &output)) {
        if (self->journal != NULL)
            hfi_journal_output(self->journal, self->machine, &output);
        loop_take(self, &output, now_ns);
    }
    if (hfi_front_flush(self->front, self->machine, now_ns))
        self->has_more = true;
}

/* ---- the round ------------------------------------------------------------------------ */

static void
loop_commit(hfi_loop_t *self)
{
    char why[HFI_WHY];
    if (self->journal != NULL && !hfi_journal_commit(self->journal, why, sizeof why))
        hfi_log_put(self->world.log, HFI_LOG_ERROR, "server", "%s", why);
}

/* Steps 3 to 6, with what the batch borrows given back at the end. */
static void
loop_turn(hfi_loop_t *self)
{
    if (self->journal != NULL)
        hfi_journal_append(self->journal, self->batch.at, self->batch.n);
    for (size_t k = 0; k < self->batch.n; k++)
        hfi_machine_apply(self->machine, &self->batch.at[k]);
    loop_commit(self);
    hfi_front_drop_frames(self->front);
    hfi_dealers_drop_frames(self->dealers);
    for (size_t k = 0; k < self->n_jobs; k++)
        hfi_bytes_close(&self->jobs[k].value);
    self->n_jobs = 0;
    self->batch.n = 0;
    loop_flush(self);
}

/* What was put out last may still wait for slow readers: some more rounds of sending, nothing else. */
static void
loop_linger(hfi_loop_t *self)
{
    int64_t until_ns = hfi_now_ns() + LOOP_LINGER_NS;
    struct timespec pause = {.tv_nsec = 5000000};
    while (hfi_front_has_waiting(self->front) && hfi_now_ns() < until_ns) {
        (void)nanosleep(&pause, NULL);
        (void)hfi_front_flush(self->front, self->machine, hfi_now_ns());
    }
}

int
hfi_loop_run(hfi_loop_t *self)
{
    HF_CHECK(self, LOOP_MAGIC);
    loop_place(self);
    while (!self->is_stopped) {
        loop_wait(self);
        loop_gather(self);
        loop_turn(self);
    }
    loop_linger(self);
    if (self->journal != NULL && !hfi_journal_is_whole(self->journal))
        return self->status != 0 ? self->status : 1;
    return self->status;
}
