/* SPDX-License-Identifier: MPL-2.0 */
/* client -- connect, disconnect, flush, interrupt: a session and the life of its struct.
 *
 * Life of a client
 *   connected     engine, link, wake_fd stand; the keeper visits it
 *   disconnected  BYE is on its way, the link is closed, the keeper has let it go; the engine stays and says why
 *   freed         with the last proxy and future of it
 * In a fork's child it is memory at first, and begins anew with its first use: inherit.c.
 */
#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <base/check.h>
#include <base/endpoint.h>
#include <os/clock.h>

#include "error.h"
#include "far.h"
#include "fork.h"
#include "futex.h"
#include "future.h"
#include "held.h"
#include "inherit.h"
#include "keeper.h"
#include "lead.h"
#include "options.h"
#include "proxy.h"

enum {
    CLIENT_LINGER_MS = 1000,   /* for the BYE to reach the wire */
    CLIENT_GREETING_MS = 1000, /* for what came before it to be acknowledged */
    CLIENT_NAME = 200,
};

/* ---- time and references -------------------------------------------------------------- */

/* Seconds to nanoseconds; INT64_MAX: for ever. */
static int64_t
client_ns(double seconds)
{
    return seconds >= 0 && seconds < 4e9 ? (int64_t)(seconds * 1e9) : INT64_MAX;
}

int64_t
hfi_due_ns(double seconds)
{
    int64_t ns = client_ns(seconds);
    return ns == INT64_MAX ? INT64_MAX : hfi_now_ns() + ns;
}

int64_t
hfi_client_due_ns(hf_client_t *self)
{
    int64_t ns = atomic_load_explicit(&self->timeout_ns, memory_order_relaxed);
    return ns == INT64_MAX ? INT64_MAX : hfi_now_ns() + ns;
}

void
hfi_client_unlock(hf_client_t *self)
{
    atomic_uint *wakes[HFI_WAKES_MAX];
    uint32_t n = self->n_wakes;
    for (uint32_t i = 0; i < n; i++)
        wakes[i] = self->wakes[i];
    self->n_wakes = 0;
    (void)pthread_mutex_unlock(&self->mutex);
    for (uint32_t i = 0; i < n; i++)
        hfi_futex_wake(wakes[i]);
}

bool
hfi_client_is_usable(const hf_client_t *self)
{
    if (self == NULL) {
        (void)hfi_error_set("ValueError",
                            "the client or proxy is NULL: what should have made it had failed");
        return false;
    }
    HF_CHECK(self, HFI_CLIENT_MAGIC);
    return true;
}

bool
hfi_client_is_here(const hf_client_t *self)
{
    return atomic_load_explicit(&self->generation, memory_order_relaxed) == hfi_fork_generation();
}

void
hfi_client_ref(hf_client_t *self)
{
    (void)atomic_fetch_add_explicit(&self->refs, 1, memory_order_relaxed);
}

bool
hfi_client_ref_live(hf_client_t *self)
{
    unsigned refs = atomic_load_explicit(&self->refs, memory_order_relaxed);
    while (refs > 0 &&
           !atomic_compare_exchange_weak_explicit(&self->refs, &refs, refs + 1,
                                                  memory_order_relaxed, memory_order_relaxed))
        continue;
    return refs > 0;
}

static void
client_free_futures(hf_future_t *future)
{
    while (future != NULL) {
        hf_future_t *next = future->next;
        free(future);
        future = next;
    }
}

static void
client_free(hf_client_t *self)
{
    if (self->fork_previous_next != NULL)
        hfi_fork_remove(self);
    if (self->engine != NULL)
        hfi_client_drain(self);
    hfi_engine_destroy(&self->engine);
    hfi_link_forget(&self->link); /* the parent process's: ours was closed */
    client_free_futures(self->free_futures);
    client_free_futures(atomic_load_explicit(&self->pushed_futures, memory_order_acquire));
    int fd = atomic_load_explicit(&self->wake_fd, memory_order_relaxed);
    if (fd >= 0)
        (void)close(fd);
    (void)pthread_mutex_destroy(&self->mutex);
    hf_options_destroy(&self->options);
    free(self->endpoint);
    free(self->claims);
    free(self->owners);
    free(self->buffer);
    HF_BURY(self);
    free(self);
}

void
hfi_client_unref(hf_client_t *self)
{
    HF_CHECK(self, HFI_CLIENT_MAGIC);
    if (atomic_fetch_sub_explicit(&self->refs, 1, memory_order_acq_rel) == 1)
        client_free(self);
}

void
hfi_client_push(hf_client_t *self, hfi_released_t *released)
{
    hfi_released_t *first = atomic_load_explicit(&self->released, memory_order_relaxed);
    do {
        released->next = first;
    } while (!atomic_compare_exchange_weak_explicit(&self->released, &first, released,
                                                    memory_order_release, memory_order_relaxed));
    if (first == NULL)
        hfi_keeper_poke(self);
    hfi_client_unref(self);
}

void
hfi_client_drain(hf_client_t *self)
{
    if (atomic_load_explicit(&self->released, memory_order_relaxed) == NULL)
        return;
    hfi_released_t *released =
        atomic_exchange_explicit(&self->released, NULL, memory_order_acquire);
    while (released != NULL) {
        hfi_released_t *next = released->next;
        if (released->is_value)
            hfi_held_reap(self, released);
        else
            hfi_proxy_reap(self, released);
        released = next;
    }
}

/* ---- where to ------------------------------------------------------------------------- */

/* A folder in which others may write could hold anybody's socket. */
static bool
client_trusts(const char *folder, hfi_failure_t *ret_failure)
{
    struct stat st;
    if (lstat(folder, &st) != 0)
        return errno == ENOENT; /* then there is no manager either, which is said later */
    bool is_ours = S_ISDIR(st.st_mode) && (st.st_uid == geteuid() || st.st_uid == 0) &&
                   (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    return is_ours || hfi_fail(ret_failure, "ConnectionError",
                               "%s is not a folder that only you can write in", folder);
}

/* The endpoint to use, in `to` where it is the default. NULL: *failure. */
static const char *
client_endpoint(const char *endpoint, char to[HFI_ENDPOINT_ROOM], hfi_failure_t *ret_failure)
{
    if (endpoint == NULL)
        endpoint = secure_getenv("HOLDFAST");
    if (endpoint != NULL && endpoint[0] != '\0')
        return endpoint;
    char folder[HFI_ENDPOINT_ROOM];
    const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
    if (!hfi_endpoint_folder(runtime, geteuid(), folder, sizeof folder) ||
        !hfi_endpoint_default(runtime, geteuid(), to, HFI_ENDPOINT_ROOM)) {
        (void)hfi_fail(ret_failure, "ConnectionError", "the default endpoint's path is too long");
        return NULL;
    }
    return client_trusts(folder, ret_failure) ? to : NULL;
}

/* Why nobody answers there: libzmq does not tell, so it is tried once more. */
static const char *
client_why_refused(const char *endpoint)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strncmp(endpoint, "ipc://", 6) != 0)
        return "connection refused, or no such host";
    const char *path = endpoint + 6;
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof address.sun_path)
        return "no such path";
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return "connection refused";
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] != '@'));
    bool is_there = connect(fd, (const struct sockaddr *)&address, size) == 0;
    int error = errno;
    (void)close(fd);
    if (is_there)
        return "it refused the connection at first";
    return error == ENOENT   ? "no such socket"
           : error == EACCES ? "permission denied"
                             : "connection refused";
}

/* ---- connecting ----------------------------------------------------------------------- */

static void
client_name(char to[CLIENT_NAME], const hf_options_t *options)
{
    char host[64] = "?";
    (void)gethostname(host, sizeof host - 1);
    const char *name = hfi_options_name(options);
    (void)snprintf(to, CLIENT_NAME, "%.96s pid %ld host %s C 1.0",
                   name == NULL ? program_invocation_short_name : name, (long)getpid(), host);
}

/* A session's secret is drawn in the process that opens it. */
static bool
client_setup(hf_client_t *self, char name[CLIENT_NAME], hfi_engine_setup_t *ret_setup)
{
    client_name(name, self->options);
    *ret_setup = (hfi_engine_setup_t){
        .client = name, .lease_ns = hfi_options_lease_ns(self->options), .is_far = self->is_far};
    return getrandom(ret_setup->session, sizeof ret_setup->session, 0) ==
           (ssize_t)sizeof ret_setup->session;
}

/* Takes back what hfi_client_start had made. */
static void
client_unstart(hf_client_t *self)
{
    hfi_client_lock(self);
    hfi_link_t *link = self->link;
    self->link = NULL;
    hfi_engine_leave(self->engine);
    hfi_client_unlock(self);
    int fd = atomic_exchange_explicit(&self->wake_fd, -1, memory_order_relaxed);
    hfi_link_close(&link, 0);
    (void)close(fd);
}

bool
hfi_client_start(hf_client_t *self, hfi_failure_t *ret_failure)
{
    char name[CLIENT_NAME];
    hfi_engine_setup_t setup;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0 || !client_setup(self, name, &setup)) {
        if (fd >= 0)
            (void)close(fd);
        return hfi_fail(ret_failure, "LimitExceeded", "no descriptor or chance for a client");
    }
    bool may_spin = hfi_options_may_spin(self->options);
    hfi_link_t *link = hfi_link_open(self->endpoint, fd, may_spin, ret_failure);
    if (link == NULL) {
        (void)close(fd);
        return false;
    }
    hfi_client_lock(self);
    hfi_engine_begin_anew(self->engine, &setup, hfi_now_ns());
    hfi_link_forget(&self->link);
    self->link = link;
    atomic_store_explicit(&self->wake_fd, fd, memory_order_relaxed);
    hfi_client_unlock(self);
    if (hfi_keeper_add(self)) {
        atomic_store_explicit(&self->generation, hfi_fork_generation(), memory_order_relaxed);
        return true;
    }
    client_unstart(self);
    return hfi_fail(ret_failure, "LimitExceeded", "there is no thread for a client");
}

/* All that is memory. */
static hf_client_t *
client_make(const char *endpoint, const hf_options_t *options, bool is_far)
{
    hf_client_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->magic = HFI_CLIENT_MAGIC;
    atomic_init(&self->generation, HFI_NO_GENERATION);
    atomic_init(&self->refs, 1);
    atomic_init(&self->timeout_ns, INT64_MAX);
    atomic_init(&self->wake_fd, -1);
    (void)pthread_mutex_init(&self->mutex, NULL);
    self->is_far = is_far;
    self->endpoint = strdup(endpoint);
    self->options = hfi_options_copy(options);
    self->buffer = malloc(HFI_ENGINE_ROOM);
    self->engine = hfi_engine_new(&(hfi_engine_setup_t){.client = ""}, hfi_now_ns());
    if (self->endpoint != NULL && self->options != NULL && self->buffer != NULL &&
        self->engine != NULL) {
        hfi_engine_leave(self->engine); /* it is begun where it is opened */
        hfi_fork_add(self);
        return self;
    }
    hfi_client_unref(self);
    return NULL;
}

static hf_client_t *
client_new(const char *endpoint, const hf_options_t *options, bool is_far,
           hfi_failure_t *ret_failure)
{
    hf_client_t *self = client_make(endpoint, options, is_far);
    if (self == NULL) {
        (void)hfi_fail(ret_failure, "LimitExceeded", "there is no memory for a client");
        return NULL;
    }
    if (hfi_client_start(self, ret_failure))
        return self;
    hfi_client_unref(self);
    return NULL;
}

/* Ends it where it stands: `linger_ms` for what was sent. */
static void
client_close(hf_client_t *self, int linger_ms)
{
    hfi_keeper_remove(self);
    hfi_client_lock(self);
    hfi_engine_give_up(self->engine, "SessionLost", "the client was disconnected");
    hfi_lead_retire(self);
    hfi_client_unlock(self);
    hfi_link_close(&self->link, linger_ms);
}

bool
hfi_client_attach(hf_client_t *self, int64_t due_ns, hfi_failure_t *ret_failure)
{
    hfi_waiter_t w = {.what = HFI_WAIT_ATTACHED};
    hfi_wait_end_t end = hfi_lead_wait(self, &w, due_ns);
    if (hfi_engine_state(self->engine) == HFI_ENGINE_ATTACHED)
        return true;
    if (hfi_engine_reason(self->engine, ret_failure))
        return true;
    if (end == HFI_WAIT_INTERRUPTED)
        return !hfi_fail(ret_failure, "Interrupted", "hf_interrupt");
    if (end == HFI_WAIT_TIMEOUT)
        return !hfi_fail(ret_failure, "ConnectionError", "the manager at %s does not answer",
                         self->endpoint);
    (void)hfi_fail(ret_failure, "ConnectionError", "no manager at %s: %s", self->endpoint,
                   client_why_refused(self->endpoint));
    return false;
}

/* Until it is open, or shall not be. */
static bool
client_open(hf_client_t *self, const hf_options_t *options, hfi_failure_t *ret_failure)
{
    int64_t patient_ns = hfi_now_ns() + (self->is_far ? 0 : hfi_options_wait_ns(options));
    hfi_client_lock(self);
    for (;;) {
        int64_t due_ns = hfi_now_ns() + hfi_options_connect_ns(options);
        *ret_failure = (hfi_failure_t){0};
        if (hfi_client_attach(self, due_ns, ret_failure) || hfi_now_ns() >= patient_ns)
            break;
        self->is_refused = false; /* libzmq tries again, and says so */
    }
    hfi_client_unlock(self);
    return ret_failure->kind[0] == '\0';
}

hf_client_t *
hfi_client_connect(const char *endpoint, const hf_options_t *options, bool is_far,
                   hfi_failure_t *ret_failure)
{
    hf_client_t *self = client_new(endpoint, options, is_far, ret_failure);
    if (self == NULL || client_open(self, options, ret_failure))
        return self;
    client_close(self, 0);
    hfi_client_unref(self);
    return NULL;
}

hf_client_t *
hf_connect(const char *endpoint, const hf_options_t *options)
{
    char room[HFI_ENDPOINT_ROOM];
    hfi_failure_t failure = {0};
    hfi_fork_watch();
    const char *where = client_endpoint(endpoint, room, &failure);
    hf_client_t *self = where == NULL ? NULL : hfi_client_connect(where, options, false, &failure);
    if (self == NULL)
        (void)hfi_error_take(&failure);
    else
        hfi_error_clear();
    return self;
}

/* ---- leaving -------------------------------------------------------------------------- */

/* What was put before reaches the manager, then BYE. Returns whether BYE was sent. */
static bool
client_say_bye(hf_client_t *self)
{
    hfi_client_lock(self);
    hfi_client_drain(self);
    if (hfi_engine_state(self->engine) == HFI_ENGINE_ATTACHED &&
        hfi_engine_probe(self->engine) > hfi_engine_acknowledged(self->engine)) {
        hfi_waiter_t acked = {.what = HFI_WAIT_ACK, .number = hfi_engine_last(self->engine)};
        (void)hfi_lead_wait(self, &acked, hfi_now_ns() + CLIENT_GREETING_MS * HFI_MS);
    }
    bool is_attached = hfi_engine_state(self->engine) == HFI_ENGINE_ATTACHED;
    hfi_engine_bye(self->engine, hfi_now_ns());
    hfi_waiter_t ended = {.what = HFI_WAIT_ENDED};
    hfi_wait_end_t end = hfi_lead_wait(self, &ended, hfi_now_ns() + CLIENT_GREETING_MS * HFI_MS);
    hfi_client_unlock(self);
    return is_attached && end == HFI_WAIT_READY;
}

void
hfi_client_end(hf_client_t **client_p)
{
    hf_client_t *self = *client_p;
    *client_p = NULL;
    HF_CHECK(self, HFI_CLIENT_MAGIC);
    hfi_inherit_withdraw(self);
    if (hfi_client_is_here(self))
        client_close(self, client_say_bye(self) ? CLIENT_LINGER_MS : 0);
    hfi_client_unref(self);
}

void
hf_disconnect(hf_client_t **client_p)
{
    if (*client_p == NULL)
        return;
    hfi_far_leave(*client_p);
    hfi_client_end(client_p);
}

int
hf_flush(hf_client_t *self, double timeout)
{
    if (!hfi_client_is_usable(self))
        return -1;
    hfi_failure_t failure = {0};
    int64_t due_ns = hfi_due_ns(timeout);
    hfi_wait_end_t end = HFI_WAIT_READY;
    if (hfi_inherit_is_due(self)) { /* nothing was sent in this process */
        hfi_error_clear();
        return 0;
    }
    hfi_client_ref(self);
    hfi_client_lock(self);
    hfi_client_drain(self);
    hfi_waiter_t w = {.what = HFI_WAIT_ACK, .number = hfi_engine_probe(self->engine)};
    if (hfi_engine_state(self->engine) != HFI_ENGINE_ENDED)
        end = hfi_lead_wait(self, &w, due_ns);
    bool is_lost = hfi_engine_acknowledged(self->engine) < w.number &&
                   hfi_engine_reason(self->engine, &failure);
    hfi_client_unlock(self);
    hfi_client_unref(self);
    if (is_lost)
        return hfi_error_take(&failure);
    if (end == HFI_WAIT_TIMEOUT)
        return hfi_error_set("TimeoutError", "the manager has not acknowledged in time");
    if (end == HFI_WAIT_INTERRUPTED)
        return hfi_error_set("Interrupted", "hf_interrupt");
    hfi_error_clear();
    return 0;
}

void
hf_interrupt(hf_client_t *self)
{
    int error = errno;
    uint64_t one = 1;
    (void)atomic_fetch_add_explicit(&self->interrupts, 1, memory_order_relaxed);
    int fd = atomic_load_explicit(&self->wake_fd, memory_order_relaxed);
    while (fd >= 0 && write(fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
    errno = error;
}

void
hf_set_timeout(hf_client_t *self, double timeout)
{
    if (hfi_client_is_usable(self))
        atomic_store_explicit(&self->timeout_ns, client_ns(timeout), memory_order_relaxed);
}
