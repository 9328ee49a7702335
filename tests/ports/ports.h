/* SPDX-License-Identifier: MPL-2.0 */
/* ports -- what the ports of CPython's manager tests share: a manager, a client, workers that are real processes.
 *
 * A test file has roles, functions that a worker plays: `ports_process` runs the test's own program again in that
 * role, `ports_thread` a thread of it; each has a client of its own and finds what is shared by its name. What a role
 * asserts ends it (WANT); `ports_join` wants every worker to have ended well.
 *
 * The manager is begun and ended by each test (see e2e/harness.h: its record is replayed). After a test all workers
 * have ended, all names are taken away, and no referent is left, or the test fails.
 */
#ifndef PORTS_PORTS_H
#define PORTS_PORTS_H

#include <e2e/harness.h>
#include <pthread.h>

#include <holdfast/holdfast.h>
#include <holdfast/types.h>

enum { PORTS_CREW = 16, PORTS_NAMES = 8, PORTS_NAME_ROOM = 32 };

/* A worker as its role sees it. */
typedef struct ports_me {
    hf_client_t *client;
    int64_t number; /* what it was given */
} ports_me_t;

typedef void ports_role_f(const ports_me_t *me);

typedef struct ports_role {
    const char *name;
    ports_role_f *play;
} ports_role_t;

typedef struct ports_worker {
    pid_t pid; /* 0: a thread */
    pthread_t thread;
    ports_role_f *play;
    const char *endpoint;
    int64_t number;
} ports_worker_t;

typedef struct ports {
    e2e_t *host;
    hf_client_t *client;
    ports_worker_t crew[PORTS_CREW];
    unsigned n_crew;
    char names[PORTS_NAMES][PORTS_NAME_ROOM];
    unsigned n_names;
} ports_t;

/* cmocka's setup and teardown: *state is the ports_t, with a manager and a client; `bare`: with neither. */
int ports_open(void **state);
int ports_open_bare(void **state);
int ports_close(void **state);

/* A client of the manager that serves there; the test fails where there is none. */
hf_client_t *ports_connect(const char *endpoint);

/* Gives a referent a name until the test ends; gives the proxy back. The test fails where it is NULL. */
hf_proxy_t *ports_share(ports_t *self, const char *name, hf_proxy_t *proxy);
/* The same for one that the test itself does not use: takes the proxy, the name alone holds the referent. */
void ports_leave(ports_t *self, const char *name, hf_proxy_t *proxy);

void ports_process(ports_t *self, const char *role, int64_t number);
void ports_thread(ports_t *self, ports_role_f *play, int64_t number);
/* Waits for the end of all that were begun; each must have ended well. */
void ports_join(ports_t *self);
/* n - 1 processes and the test itself play the role; then all are joined. CPython's Bunch. */
void ports_bunch(ports_t *self, const ports_role_t *role, unsigned n);

/* For roles and tests; what fails says why and ends a worker, or the test's program. */
_Noreturn void ports_fail(const char *file, int line, const char *what);
#define WANT(is_so_) ((is_so_) ? (void)0 : ports_fail(__FILE__, __LINE__, #is_so_))
/* A call that raises. */
#define WANT_RAISES(rc_, kind_)                                                                    \
    do {                                                                                           \
        WANT((rc_) == -1);                                                                         \
        WANT(strcmp(hf_errkind(), (kind_)) == 0);                                                  \
    } while (0)

hf_proxy_t *ports_lookup(const ports_me_t *me, const char *name);
/* A method without arguments: of no account, an int, a bool. */
void ports_do(const hf_proxy_t *proxy, const char *method);
int64_t ports_int(const hf_proxy_t *proxy, const char *method);
bool ports_bool(const hf_proxy_t *proxy, const char *method);
/* wait or acquire with a timeout in seconds: what it gives. */
bool ports_within(const hf_proxy_t *proxy, const char *method, double timeout);
/* A value as text, to be freed. */
char *ports_repr(const hf_value_t *value);
/* The universal methods: `str` or `repr` of a referent. To be freed. */
char *ports_text(const hf_proxy_t *proxy, const char *method);

/* Seconds, monotonic. */
double ports_now(void);
/* From `since` on: at least `least` seconds (a clock's grain less), at most a few more than that. */
void ports_took(double since, double least);

/* ---- the table of a file ---------------------------------------------------------------- */

/* main() of a test file: `program --list` says which tests it has, `program ROLE ENDPOINT NUMBER` is a worker. */
int ports_play(char **argv, const ports_role_t *roles, const struct CMUnitTest *tests, size_t n);

#define PORT(of_, test_)                                                                           \
    {                                                                                              \
#of_ "." #test_, test_, ports_open, ports_close, NULL                                      \
    }
#define PORT_BARE(of_, test_)                                                                      \
    {                                                                                              \
#of_ "." #test_, test_, ports_open_bare, ports_close, NULL                                 \
    }
#define PORTS_MAIN(roles_, tests_)                                                                 \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        if (argc > 1)                                                                              \
            return ports_play(argv, (roles_), (tests_), sizeof(tests_) / sizeof *(tests_));        \
        return cmocka_run_group_tests((tests_), NULL, NULL);                                       \
    }

#endif
