/* SPDX-License-Identifier: MPL-2.0 */
/* harness -- real processes for the end-to-end tests: a manager with a folder of its own, programs run to their end.
 *
 * Every manager records what comes in, and every record is replayed in a new process, with other addresses and
 * MALLOC_PERTURB_, when the test closes the harness: each session must be sent the same bytes. Nothing sleeps;
 * what is waited for has a deadline, and missing it fails the test.
 */
#ifndef E2E_HARNESS_H
#define E2E_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

enum { E2E_ARGS = 16, E2E_TEXT = 64 * 1024, E2E_RECORDS = 8, E2E_DEADLINE_S = 30 };

/* Sanitizers take address space as they like. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define E2E_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define E2E_IS_SANITIZED 1
#endif
#endif
#ifndef E2E_IS_SANITIZED
#define E2E_IS_SANITIZED 0
#endif

/* Whether managers run under valgrind (E2E_VALGRIND is set). It takes address space as it likes, and knows no pidfds: such
 * a manager hears of a death by the connection's end alone, after the grace, which is short then. */
bool e2e_has_valgrind(void);

/* It is tens of times slower: what is waited for, and a lease, may take so much longer, and what a test does often it
 * does a few times. Without it these give back what they are given. */
double e2e_patience(double seconds);
int e2e_rounds(int usual);

/* The same as an option's or an argument's text; good until the eighth next call. */
const char *e2e_patience_text(double seconds);

/* What a program left behind. */
typedef struct e2e_result {
    int status; /* exit status; 128 + signal where it was killed */
    char out[E2E_TEXT];
    char err[E2E_TEXT];
} e2e_result_t;

/* A folder, and at most one manager at a time in it. */
typedef struct e2e {
    char folder[64];
    char endpoint[128]; /* of the running manager */
    pid_t pid;          /* 0: none runs */
    int log;            /* read end of its stderr */
    char logged[E2E_TEXT];
    size_t n_logged;
    char records[E2E_RECORDS][96]; /* to be replayed */
    unsigned n_records;
    uint64_t address_limit; /* RLIMIT_AS of what is started next; 0: none */
    uint64_t file_limit;    /* RLIMIT_FSIZE likewise */
    char notify[128];       /* NOTIFY_SOCKET of what is started next; empty: none */
    const char *
        log_file; /* where what is started next logs, e.g. /dev/full; NULL: a pipe that the test reads */
    bool has_no_record;  /* what is started next records nothing */
    e2e_result_t result; /* of the last e2e_run */
} e2e_t;

/* cmocka's setup and teardown: *state is the e2e_t. Teardown replays. */
int e2e_open(void **state);
int e2e_close(void **state);

/* A path in the folder; good until the fourth next call. */
const char *e2e_path(const e2e_t *self, const char *name);
void e2e_write(const e2e_t *self, const char *name, const char *text);

/* Starts a manager with these arguments (NULL ends them) beside endpoint, record and ready-fd, and waits until it
 * serves. The test fails where it does not. */
void e2e_start(e2e_t *self, const char *const *args);

/* The same with a configuration's text. */
void e2e_start_configured(e2e_t *self, const char *config);

/* SIGTERM, then its end; returns the exit status. */
int e2e_stop(e2e_t *self);

/* kill -9, then its end. The record stays to be replayed. */
void e2e_kill(e2e_t *self);

/* Waits for its end by itself; returns the exit status. */
int e2e_await_end(e2e_t *self);

/* Waits until the manager's log has the text. */
void e2e_await_log(e2e_t *self, const char *text);

/* Reads what the log has so far; whether the text is in it. */
bool e2e_has_logged(e2e_t *self, const char *text);

/* Runs a program to its end; argv[0] is its path, NULL ends. The result is in self->result too. */
const e2e_result_t *e2e_run(e2e_t *self, const char *const *argv);

/* Starts a program that goes on by itself, its output as ours; argv[0] is its path, NULL ends. */
pid_t e2e_spawn(e2e_t *self, const char *const *argv);

/* A descriptor that can be read when the child has ended; to be closed. */
int e2e_life(pid_t pid);

/* Waits for its end; returns the exit status, 128 + signal where it was killed. */
int e2e_join(pid_t pid);

/* Runs holdfastd, or the tool with -m ENDPOINT, with these arguments (NULL ends them). */
const e2e_result_t *e2e_holdfastd(e2e_t *self, const char *const *args);
const e2e_result_t *e2e_tool(e2e_t *self, const char *const *args);

#define E2E_HOLDFASTD(self_, ...) e2e_holdfastd((self_), (const char *const[]){__VA_ARGS__, NULL})
#define E2E_TOOL(self_, ...)      e2e_tool((self_), (const char *const[]){__VA_ARGS__, NULL})
#define E2E_START(self_, ...)     e2e_start((self_), (const char *const[]){__VA_ARGS__, NULL})

#endif
