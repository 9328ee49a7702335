/* SPDX-License-Identifier: MPL-2.0 */
/* log -- see log.h
 *
 * Locking: the ring and the counters belong to `lock`, a leaf: nothing is called under it. The writer copies a
 * batch out of the ring and writes it without the lock. It never sits in write(): it polls the descriptor first
 * and writes at most PIPE_BUF bytes, which a pipe that polls writable takes at once. So destroy can end it.
 */
#define _GNU_SOURCE
#include "log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include <base/check.h>
#include <os/thread.h>

#define LOG_MAGIC 0x4c06a11du

enum {
    LOG_RING = 256 * 1024, /* bytes of lines not written yet */
    LOG_STACK_BYTES = 128 * 1024,
    LOG_LINE = 1024,    /* bytes of one line; longer ones are cut */
    LOG_POLL_MS = 50,   /* how soon a writer at a blocked descriptor notices the end */
    LOG_LAST_MS = 1000, /* how long the end waits for the descriptor */
};

struct hfi_log {
    uint32_t magic;
    int fd;
    hfi_log_level_t level;
    bool is_terminal;
    pthread_t writer;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    _Atomic bool is_closing;
    uint64_t lost;         /* lock: dropped since the last line that could be written */
    hfi_log_figures_t sum; /* lock */
    size_t used;           /* lock: bytes in ring, whole lines from its beginning */
    uint32_t n_lines;      /* lock: lines in ring */
    char ring[LOG_RING];
    char out[LOG_RING]; /* the writer's own */
};

static const char *const log_names[] = {"error", "warning", "info", "debug"};
static const char *const log_colours[] = {"\033[31m", "\033[33m", "", "\033[2m"};

static int64_t
log_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Writes all of it, or says why not: EAGAIN where the end came first. */
static int
log_write_all(hfi_log_t *self, const char *at, size_t len)
{
    int64_t give_up_ms = -1;
    while (len > 0) {
        struct pollfd item = {.fd = self->fd, .events = POLLOUT};
        int ready = poll(&item, 1, LOG_POLL_MS);
        if (atomic_load(&self->is_closing) && give_up_ms < 0)
            give_up_ms = log_now_ms() + LOG_LAST_MS;
        if (ready == 0 || (ready < 0 && errno == EINTR)) {
            if (give_up_ms >= 0 && log_now_ms() >= give_up_ms)
                return EAGAIN;
            continue;
        }
        ssize_t n = write(self->fd, at, len < PIPE_BUF ? len : PIPE_BUF);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return errno;
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

static size_t
log_stamp(char *to, size_t room)
{
    struct timespec now;
    struct tm utc;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &utc) == NULL)
        return 0;
    size_t n = strftime(to, room, "%Y-%m-%dT%H:%M:%S", &utc);
    int more = snprintf(to + n, room - n, ".%03ldZ ", now.tv_nsec / 1000000);
    return more > 0 && (size_t)more < room - n ? n + (size_t)more : n;
}

/* Says how many lines were lost, in front of the first that can be written again. */
static int
log_say_lost(hfi_log_t *self, uint64_t lost, int why)
{
    char line[160];
    size_t n = log_stamp(line, sizeof line);
    char reason[64] = "the reader was blocked";
    if (why != 0)
        (void)snprintf(reason, sizeof reason, "%s", strerrordesc_np(why));
    int more =
        snprintf(line + n, sizeof line - n, "warning server: log: %llu lines were lost: %s\n",
                 (unsigned long long)lost, reason);
    HF_ASSERT(more > 0 && (size_t)more < sizeof line - n);
    return log_write_all(self, line, n + (size_t)more);
}

/* Writes one batch from self->out; what cannot be written counts as dropped. */
static int
log_write_batch(hfi_log_t *self, size_t len, uint32_t n_lines, uint64_t lost, int before)
{
    int why = lost > 0 ? log_say_lost(self, lost, before) : 0;
    if (why == 0) {
        lost = 0;
        why = log_write_all(self, self->out, len);
    }
    (void)pthread_mutex_lock(&self->lock);
    if (why == 0) {
        self->sum.written += n_lines;
    } else {
        self->sum.dropped += n_lines;
        self->lost += lost + n_lines;
    }
    (void)pthread_mutex_unlock(&self->lock);
    return why;
}

static void *
log_run(void *arg)
{
    hfi_log_t *self = arg;
    int why = 0;
    for (;;) {
        (void)pthread_mutex_lock(&self->lock);
        while (self->used == 0 && !atomic_load(&self->is_closing))
            (void)pthread_cond_wait(&self->filled, &self->lock);
        size_t len = self->used;
        uint32_t n_lines = self->n_lines;
        uint64_t lost = self->lost;
        memcpy(self->out, self->ring, len);
        self->used = 0;
        self->n_lines = 0;
        self->lost = 0;
        (void)pthread_mutex_unlock(&self->lock);
        if (len == 0)
            return NULL; /* closing, and all is written */
        why = log_write_batch(self, len, n_lines, lost, why);
        if (why == EAGAIN)
            return NULL;
    }
}

hfi_log_t *
hfi_log_new(int fd, hfi_log_level_t level)
{
    hfi_log_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->magic = LOG_MAGIC;
    self->fd = fd;
    self->level = level;
    self->is_terminal = isatty(fd) == 1;
    if (pthread_mutex_init(&self->lock, NULL) != 0)
        goto fail_lock;
    if (pthread_cond_init(&self->filled, NULL) != 0)
        goto fail_cond;
    if (hfi_thread_start(&self->writer, LOG_STACK_BYTES, log_run, self) != 0)
        goto fail_thread;
    return self;
fail_thread:
    (void)pthread_cond_destroy(&self->filled);
fail_cond:
    (void)pthread_mutex_destroy(&self->lock);
fail_lock:
    HF_BURY(self);
    free(self);
    return NULL;
}

void
hfi_log_destroy(hfi_log_t **self_p)
{
    HF_ASSERT(self_p != NULL);
    hfi_log_t *self = *self_p;
    if (self == NULL)
        return;
    HF_CHECK(self, LOG_MAGIC);
    (void)pthread_mutex_lock(&self->lock);
    atomic_store(&self->is_closing, true);
    (void)pthread_cond_signal(&self->filled);
    (void)pthread_mutex_unlock(&self->lock);
    (void)pthread_join(self->writer, NULL);
    (void)pthread_cond_destroy(&self->filled);
    (void)pthread_mutex_destroy(&self->lock);
    HF_BURY(self);
    free(self);
    *self_p = NULL;
}

/* Bytes of the well-formed UTF-8 sequence at the front, 0 where there is none that is fit for a terminal. */
static size_t
log_sequence(const uint8_t *at, size_t len)
{
    uint8_t c = at[0];
    if (c < 0x80)
        return c >= 0x20 && c != 0x7f ? 1 : 0;
    size_t n = c >= 0xc2 && c <= 0xdf ? 2 : (c & 0xf0) == 0xe0 ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
    if (n == 0 || n > len)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((c == 0xc2 && at[1] < 0xa0) || (c == 0xe0 && at[1] < 0xa0) || (c == 0xed && at[1] > 0x9f) ||
        (c == 0xf0 && at[1] < 0x90) || (c == 0xf4 && at[1] > 0x8f))
        return 0; /* C1 controls, overlong forms, surrogates, beyond Unicode */
    return n;
}

/* Appends the text, escaping what is not fit for a terminal; cuts it where the line is full. */
static size_t
log_append(char *line, size_t used, size_t room, hfi_span_t text)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < text.len;) {
        size_t n = log_sequence(text.at + i, text.len - i);
        if ((n == 0 ? 4 : n) > room - used)
            break;
        if (n == 0) {
            char escape[] = {'\\', 'x', hex[text.at[i] >> 4], hex[text.at[i] & 15]};
            memcpy(line + used, escape, sizeof escape);
            used += sizeof escape;
            i++;
        } else {
            memcpy(line + used, text.at + i, n);
            used += n;
            i += n;
        }
    }
    return used;
}

static size_t
log_literal(char *line, size_t used, const char *text)
{
    size_t n = strlen(text);
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): a line is `used` bytes, no string */
    memcpy(line + used, text, n);
    return used + n;
}

static void
log_enter(hfi_log_t *self, const char *line, size_t len)
{
    (void)pthread_mutex_lock(&self->lock);
    if (len > LOG_RING - self->used) {
        self->lost++;
        self->sum.dropped++;
    } else {
        memcpy(self->ring + self->used, line, len);
        self->used += len;
        self->n_lines++;
        (void)pthread_cond_signal(&self->filled);
    }
    (void)pthread_mutex_unlock(&self->lock);
}

void
hfi_log_span(hfi_log_t *self, hfi_log_level_t level, hfi_span_t blame, hfi_span_t line)
{
    HF_CHECK(self, LOG_MAGIC);
    HF_ASSERT(level >= HFI_LOG_ERROR && level <= HFI_LOG_DEBUG);
    if (level > self->level)
        return;
    char text[LOG_LINE];
    size_t room = sizeof text - 8; /* the colour's end and the newline */
    size_t n = log_stamp(text, 64);
    const char *colour = self->is_terminal ? log_colours[level] : "";
    n = log_literal(text, n, colour);
    n = log_literal(text, n, log_names[level]);
    n = log_literal(text, n, " ");
    n = log_append(text, n, 256, blame);
    n = log_literal(text, n, ": ");
    n = log_append(text, n, room, line);
    if (colour[0] != '\0')
        n = log_literal(text, n, "\033[0m");
    text[n++] = '\n';
    log_enter(self, text, n);
}

void
hfi_log_put(hfi_log_t *self, hfi_log_level_t level, const char *blame, const char *format, ...)
{
    char line[LOG_LINE];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0)
        return;
    size_t len = (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    hfi_log_span(self, level, hfi_span_of(blame),
                 (hfi_span_t){.at = (const uint8_t *)line, .len = len});
}

hfi_log_figures_t
hfi_log_read(hfi_log_t *self)
{
    HF_CHECK(self, LOG_MAGIC);
    (void)pthread_mutex_lock(&self->lock);
    hfi_log_figures_t sum = self->sum;
    (void)pthread_mutex_unlock(&self->lock);
    return sum;
}

bool
hfi_log_level_of(const char *name, hfi_log_level_t *ret_level)
{
    for (int i = 0; i < (int)(sizeof log_names / sizeof log_names[0]); i++) {
        if (strcmp(name, log_names[i]) == 0) {
            *ret_level = (hfi_log_level_t)i;
            return true;
        }
    }
    return false;
}
