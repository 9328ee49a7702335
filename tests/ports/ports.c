/* SPDX-License-Identifier: MPL-2.0 */
/* ports -- see ports.h */
#define _GNU_SOURCE
#include "ports.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool ports_is_worker;
static pthread_t ports_main_thread;

/* ---- what a role says ------------------------------------------------------------------- */

void
ports_fail(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "%s:%d: [%d] not so: %s (last error: %s: %s)\n", file, line,
                  (int)getpid(), what, hf_errkind(), hf_errmsg());
    if (ports_is_worker)
        _exit(1);
    if (pthread_equal(pthread_self(), ports_main_thread))
        fail();
    abort(); /* no other thread can end cmocka's test */
}

hf_proxy_t *
ports_lookup(const ports_me_t *me, const char *name)
{
    hf_proxy_t *proxy = hf_lookup(me->client, name);
    WANT(proxy != NULL);
    return proxy;
}

void
ports_do(const hf_proxy_t *proxy, const char *method)
{
    WANT(hf_call(proxy, method, "") == 0);
}

int64_t
ports_int(const hf_proxy_t *proxy, const char *method)
{
    int64_t result = -1;
    WANT(hf_call_into(proxy, method, "", "i", &result) == 0);
    return result;
}

bool
ports_bool(const hf_proxy_t *proxy, const char *method)
{
    bool result = false;
    WANT(hf_call_into(proxy, method, "", "b", &result) == 0);
    return result;
}

bool
ports_within(const hf_proxy_t *proxy, const char *method, double timeout)
{
    bool result = false;
    WANT(hf_call_into(proxy, method, "timeout=f", timeout, "b", &result) == 0);
    return result;
}

char *
ports_repr(const hf_value_t *value)
{
    hf_value_t text;
    size_t len;
    WANT(hf_repr(NULL, value, &text) == HF_OK);
    const char *at = hf_as_str(&text, &len);
    char *copy = malloc(len + 1);
    WANT(copy != NULL);
    memcpy(copy, at, len);
    copy[len] = '\0';
    hf_drop(NULL, &text);
    return copy;
}

char *
ports_text(const hf_proxy_t *proxy, const char *method)
{
    char *text = NULL;
    WANT(hf_call_into(proxy, method, "", "s", &text) == 0);
    return text;
}

double
ports_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void
ports_took(double since, double least)
{
    const double grain = 0.01;
    const double patience = e2e_patience(8.0); /* of a busy computer's, and of a sanitizer's */
    double seconds = ports_now() - since;
    WANT(seconds >= least - grain);
    WANT(seconds <= least + patience);
}

/* ---- workers ---------------------------------------------------------------------------- */

hf_client_t *
ports_connect(const char *endpoint)
{
    hf_options_t *options = hf_options_new();
    WANT(hf_options_set(options, "inherit", "0") == 0); /* workers are other programs */
    WANT(hf_options_set(options, "connect_timeout", e2e_patience_text(20)) == 0);
    hf_client_t *client = hf_connect(endpoint, options);
    hf_options_destroy(&options);
    WANT(client != NULL);
    return client;
}

static ports_worker_t *
ports_new_worker(ports_t *self)
{
    assert_true(self->n_crew < PORTS_CREW);
    ports_worker_t *worker = &self->crew[self->n_crew++];
    *worker = (ports_worker_t){.endpoint = self->host->endpoint};
    return worker;
}

void
ports_process(ports_t *self, const char *role, int64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, number);
    const char *argv[] = {"/proc/self/exe", role, self->host->endpoint, text, NULL};
    ports_new_worker(self)->pid = e2e_spawn(self->host, argv);
}

static void *
ports_run_thread(void *context)
{
    const ports_worker_t *worker = context;
    ports_me_t me = {.client = ports_connect(worker->endpoint), .number = worker->number};
    worker->play(&me);
    hf_disconnect(&me.client);
    return NULL;
}

void
ports_thread(ports_t *self, ports_role_f *play, int64_t number)
{
    ports_worker_t *worker = ports_new_worker(self);
    worker->play = play;
    worker->number = number;
    assert_int_equal(pthread_create(&worker->thread, NULL, ports_run_thread, worker), 0);
}

void
ports_join(ports_t *self)
{
    while (self->n_crew > 0) {
        ports_worker_t worker = self->crew[--self->n_crew];
        if (worker.pid == 0)
            assert_int_equal(pthread_join(worker.thread, NULL), 0);
        else
            assert_int_equal(e2e_join(worker.pid), 0);
    }
}

void
ports_bunch(ports_t *self, const ports_role_t *role, unsigned n)
{
    for (unsigned k = 1; k < n; k++)
        ports_process(self, role->name, k);
    ports_me_t me = {.client = self->client};
    role->play(&me);
    ports_join(self);
}

int
ports_play(char **argv, const ports_role_t *roles, const struct CMUnitTest *tests, size_t n)
{
    ports_is_worker = true;
    if (strcmp(argv[1], "--list") == 0) {
        for (size_t k = 0; k < n; k++)
            (void)puts(tests[k].name);
        return 0;
    }
    while (roles->name != NULL && strcmp(roles->name, argv[1]) != 0)
        roles++;
    WANT(roles->name != NULL && argv[2] != NULL && argv[3] != NULL);
    ports_me_t me = {.client = ports_connect(argv[2]), .number = strtoll(argv[3], NULL, 10)};
    roles->play(&me);
    hf_disconnect(&me.client);
    return 0;
}

/* ---- setup, teardown -------------------------------------------------------------------- */

hf_proxy_t *
ports_share(ports_t *self, const char *name, hf_proxy_t *proxy)
{
    WANT(proxy != NULL);
    assert_true(self->n_names < PORTS_NAMES && strlen(name) < PORTS_NAME_ROOM);
    WANT(hf_bind(self->client, name, proxy, false) == 0);
    memcpy(self->names[self->n_names++], name, strlen(name) + 1);
    return proxy;
}

void
ports_leave(ports_t *self, const char *name, hf_proxy_t *proxy)
{
    proxy = ports_share(self, name, proxy);
    hf_release(&proxy);
}

int
ports_open_bare(void **state)
{
    ports_t *self = calloc(1, sizeof *self);
    void *host = NULL;
    if (self == NULL || e2e_open(&host) != 0) {
        free(self);
        return -1;
    }
    self->host = host;
    ports_main_thread = pthread_self();
    *state = self;
    return 0;
}

int
ports_open(void **state)
{
    if (ports_open_bare(state) != 0)
        return -1;
    ports_t *self = *state;
    E2E_START(self->host, NULL);
    self->client = ports_connect(self->host->endpoint);
    return 0;
}

/* Whether a test that went well has left nothing behind. */
static bool
ports_is_clean(ports_t *self)
{
    for (unsigned k = 0; k < self->n_names; k++)
        WANT(hf_unbind(self->client, self->names[k]) == 0);
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(self->client);
    int64_t left = ports_int(manager, "number_of_objects");
    if (left == 0)
        return true;
    HF_AUTO_PROXY hf_proxy_t *again = hf_manager(self->client);
    char *info = ports_text(again, "debug_info");
    (void)fprintf(stderr, "%" PRId64 " referents are left:\n%s", left, info);
    free(info);
    return false;
}

int
ports_close(void **state)
{
    ports_t *self = *state;
    bool is_clean = self->n_crew == 0;
    for (unsigned k = 0; k < self->n_crew; k++) { /* the test has failed in their midst */
        if (self->crew[k].pid == 0)
            abort();
        (void)kill(self->crew[k].pid, SIGKILL);
        (void)waitpid(self->crew[k].pid, NULL, 0);
    }
    if (is_clean && self->client != NULL)
        is_clean = ports_is_clean(self);
    hf_disconnect(&self->client);
    void *host = self->host;
    int rc = e2e_close(&host);
    free(self);
    *state = NULL;
    return rc == 0 && is_clean ? 0 : -1;
}
