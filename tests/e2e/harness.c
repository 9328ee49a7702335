/* SPDX-License-Identifier: MPL-2.0 */
/* harness -- see harness.h */
#define _GNU_SOURCE
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- time, files ---------------------------------------------------------------------- */

static int64_t
harness_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool
e2e_has_valgrind(void)
{
    return getenv("E2E_VALGRIND") != NULL; // NOLINT(concurrency-mt-unsafe)
}

/* Until when it is waited. */
static int64_t
harness_deadline_ms(void)
{
    return harness_now_ms() + (int64_t)(e2e_patience(E2E_DEADLINE_S) * 1e3);
}

double
e2e_patience(double seconds)
{
    return e2e_has_valgrind() ? seconds * 10 : seconds;
}

const char *
e2e_patience_text(double seconds)
{
    static char texts[8][32];
    static unsigned turn;
    char *to = texts[turn++ % 8];
    (void)snprintf(to, sizeof texts[0], "%g", e2e_patience(seconds));
    return to;
}

int
e2e_rounds(int usual)
{
    return e2e_has_valgrind() ? (usual + 4) / 5 : usual;
}

const char *
e2e_path(const e2e_t *self, const char *name)
{
    static char paths[4][192];
    static unsigned turn;
    char *to = paths[turn++ % 4];
    (void)snprintf(to, sizeof paths[0], "%s/%s", self->folder, name);
    return to;
}

void
e2e_write(const e2e_t *self, const char *name, const char *text)
{
    FILE *to = fopen(e2e_path(self, name), "we");
    assert_non_null(to);
    assert_true(fputs(text, to) >= 0);
    assert_int_equal(fclose(to), 0);
}

static int
harness_remove(const char *path, const struct stat *at, int type, struct FTW *where)
{
    (void)at;
    (void)type;
    (void)where;
    return remove(path);
}

/* ---- processes ------------------------------------------------------------------------ */

typedef struct harness_child {
    const char *const *argv;
    int out; /* -1: as ours */
    int err;
    int ready;           /* becomes descriptor 3; -1: none */
    const char *perturb; /* MALLOC_PERTURB_ */
} harness_child_t;

static void
harness_limit(int resource, uint64_t to)
{
    struct rlimit limit = {.rlim_cur = to, .rlim_max = to};
    if (to != 0 && setrlimit((__rlimit_resource_t)resource, &limit) != 0)
        _exit(126);
}

/* The link to the program's own file, as the file: valgrind has its own there for all but who reads the link. */
static void
harness_follow(char **path_p)
{
    static const char self_link[] = "/proc/self/exe";
    static char path[PATH_MAX];
    ssize_t len = strcmp(*path_p, self_link) == 0 ? readlink(self_link, path, sizeof path - 1) : 0;
    if (len > 0)
        *path_p = path; /* static: its end is 0 */
}

static _Noreturn void
harness_become(const e2e_t *self, const harness_child_t *child)
{
    if ((child->out >= 0 && dup2(child->out, STDOUT_FILENO) < 0) ||
        (child->err >= 0 && dup2(child->err, STDERR_FILENO) < 0) ||
        (child->ready >= 0 && dup2(child->ready, 3) < 0))
        _exit(126);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that aborts leaves nobody behind */
    (void)setenv("XDG_RUNTIME_DIR", self->folder, 1);
    (void)unsetenv("HOLDFAST");
    if (self->notify[0] != '\0')
        (void)setenv("NOTIFY_SOCKET", self->notify, 1);
    else
        (void)unsetenv("NOTIFY_SOCKET");
    if (child->perturb != NULL)
        (void)setenv("MALLOC_PERTURB_", child->perturb, 1);
    harness_limit(RLIMIT_AS, self->address_limit);
    harness_limit(RLIMIT_FSIZE, self->file_limit);
    char *argv[E2E_ARGS + 16];
    size_t n = 0;
    if (e2e_has_valgrind() && strcmp(child->argv[0], E2E_HOLDFASTD_PATH) == 0)
        argv[n++] = strdup("valgrind"); /* its options are in VALGRIND_OPTS */
    for (const char *const *arg = child->argv; *arg != NULL; arg++) {
        if (n < sizeof argv / sizeof argv[0] - 1)
            argv[n++] = strdup(*arg);
    }
    argv[n] = NULL;
    harness_follow(&argv[0]);
    (void)execvp(argv[0], argv);
    _exit(127);
}

static pid_t
harness_spawn(const e2e_t *self, const harness_child_t *child)
{
    (void)fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        harness_become(self, child);
    return pid;
}

static void
harness_pipe(int *ends)
{
    int low[2];
    assert_int_equal(pipe2(low, O_CLOEXEC), 0);
    for (int k = 0; k < 2; k++) { /* out of the way of a child's 0 to 3 */
        ends[k] = fcntl(low[k], F_DUPFD_CLOEXEC, 10);
        assert_true(ends[k] >= 10);
        (void)close(low[k]);
    }
}

typedef struct harness_watch {
    pid_t pid;
    int end; /* closed when it has ended */
} harness_watch_t;

static void *
harness_watch(void *context)
{
    harness_watch_t watch = *(harness_watch_t *)context;
    siginfo_t info;
    free(context);
    while (waitid(P_PID, (id_t)watch.pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
        continue;
    (void)close(watch.end);
    return NULL;
}

int
e2e_life(pid_t pid)
{
    int ends[2];
    pthread_t thread;
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd >= 0 || errno != ENOSYS) {
        assert_true(fd >= 0);
        return fd;
    }
    harness_pipe(ends); /* the test itself is under valgrind: a thread has to wait */
    harness_watch_t *watch = malloc(sizeof *watch);
    assert_non_null(watch);
    *watch = (harness_watch_t){.pid = pid, .end = ends[1]};
    assert_int_equal(pthread_create(&thread, NULL, harness_watch, watch), 0);
    assert_int_equal(pthread_detach(thread), 0);
    return ends[0];
}

/* Waits for the end of a child; kills it past the deadline and fails. */
static int
harness_reap(pid_t pid, int64_t deadline_ms)
{
    int status = 0;
    struct pollfd item = {.fd = e2e_life(pid), .events = POLLIN};
    int64_t left = deadline_ms - harness_now_ms();
    int n = poll(&item, 1, left > 0 ? (int)left : 0);
    (void)close(item.fd);
    if (n != 1)
        (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (n != 1)
        fail_msg("process %d did not end in time", (int)pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Reads two pipes to their ends. */
static void
harness_drain(int *fds, char **texts, int64_t deadline_ms)
{
    size_t used[2] = {0, 0};
    while (fds[0] >= 0 || fds[1] >= 0) {
        struct pollfd items[2] = {{.fd = fds[0], .events = POLLIN},
                                  {.fd = fds[1], .events = POLLIN}};
        int64_t left = deadline_ms - harness_now_ms();
        if (left <= 0 || poll(items, 2, (int)left) <= 0)
            return; /* the reaper says that it is late */
        for (int k = 0; k < 2; k++) {
            if (fds[k] < 0 || items[k].revents == 0)
                continue;
            char waste[4096];
            bool is_full = used[k] == E2E_TEXT - 1;
            ssize_t got = is_full ? read(fds[k], waste, sizeof waste)
                                  : read(fds[k], texts[k] + used[k], E2E_TEXT - 1 - used[k]);
            if (got <= 0) {
                (void)close(fds[k]);
                fds[k] = -1;
            } else if (!is_full) {
                used[k] += (size_t)got;
                texts[k][used[k]] = '\0';
            }
        }
    }
}

static const e2e_result_t *
harness_run(e2e_t *self, const char *const *argv, const char *perturb)
{
    int out[2];
    int err[2];
    int64_t deadline_ms = harness_deadline_ms();
    harness_pipe(out);
    harness_pipe(err);
    harness_child_t child = {
        .argv = argv, .out = out[1], .err = err[1], .ready = -1, .perturb = perturb};
    pid_t pid = harness_spawn(self, &child);
    (void)close(out[1]);
    (void)close(err[1]);
    self->result = (e2e_result_t){0};
    harness_drain((int[]){out[0], err[0]}, (char *[]){self->result.out, self->result.err},
                  deadline_ms);
    self->result.status = harness_reap(pid, deadline_ms);
    return &self->result;
}

const e2e_result_t *
e2e_run(e2e_t *self, const char *const *argv)
{
    return harness_run(self, argv, NULL);
}

pid_t
e2e_spawn(e2e_t *self, const char *const *argv)
{
    harness_child_t child = {.argv = argv, .out = -1, .err = -1, .ready = -1};
    return harness_spawn(self, &child);
}

int
e2e_join(pid_t pid)
{
    return harness_reap(pid, harness_deadline_ms());
}

static const e2e_result_t *
harness_run_with(e2e_t *self, const char *const *first, size_t n_first, const char *const *rest)
{
    const char *argv[E2E_ARGS + 8];
    size_t n = n_first;
    memcpy(argv, first, n_first * sizeof *first);
    for (; *rest != NULL; rest++) {
        assert_true(n < sizeof argv / sizeof argv[0] - 1);
        argv[n++] = *rest;
    }
    argv[n] = NULL;
    return e2e_run(self, argv);
}

const e2e_result_t *
e2e_holdfastd(e2e_t *self, const char *const *args)
{
    return harness_run_with(self, (const char *const[]){E2E_HOLDFASTD_PATH}, 1, args);
}

const e2e_result_t *
e2e_tool(e2e_t *self, const char *const *args)
{
    return harness_run_with(self, (const char *const[]){E2E_TOOL_PATH, "-m", self->endpoint}, 3,
                            args);
}

/* ---- the manager ---------------------------------------------------------------------- */

/* Reads the log for at most this long; false: nothing came. */
static bool
harness_read_log(e2e_t *self, int64_t wait_ms)
{
    struct pollfd item = {.fd = self->log, .events = POLLIN};
    if (self->log < 0 || poll(&item, 1, wait_ms > 0 ? (int)wait_ms : 0) <= 0)
        return false;
    if (self->n_logged == E2E_TEXT - 1) { /* keep the later half */
        size_t half = E2E_TEXT / 2;
        memmove(self->logged, self->logged + half, self->n_logged - half);
        self->n_logged -= half;
    }
    ssize_t n = read(self->log, self->logged + self->n_logged, E2E_TEXT - 1 - self->n_logged);
    if (n <= 0)
        return false;
    self->n_logged += (size_t)n;
    self->logged[self->n_logged] = '\0';
    return true;
}

bool
e2e_has_logged(e2e_t *self, const char *text)
{
    while (harness_read_log(self, 0))
        continue;
    return strstr(self->logged, text) != NULL;
}

void
e2e_await_log(e2e_t *self, const char *text)
{
    int64_t deadline_ms = harness_deadline_ms();
    while (strstr(self->logged, text) == NULL) {
        if (!harness_read_log(self, deadline_ms - harness_now_ms()))
            fail_msg("the log never said '%s':\n%s", text, self->logged);
    }
}

/* Reads the one line that says that it serves. */
static void
harness_await_ready(e2e_t *self, int fd)
{
    char line[512];
    size_t used = 0;
    int64_t deadline_ms = harness_deadline_ms();
    for (;;) {
        struct pollfd item = {.fd = fd, .events = POLLIN};
        int64_t left = deadline_ms - harness_now_ms();
        ssize_t n = left > 0 && poll(&item, 1, (int)left) == 1
                        ? read(fd, line + used, sizeof line - 1 - used)
                        : 0;
        if (n <= 0)
            break;
        used += (size_t)n;
        line[used] = '\0';
        if (strchr(line, '\n') != NULL)
            break;
    }
    (void)close(fd);
    if (used == 0 || strncmp(line, "ready ", 6) != 0) {
        (void)harness_read_log(self, 1000);
        fail_msg("the manager did not start:\n%s", self->logged);
    }
    size_t len = strcspn(line + 6, " \n");
    assert_true(len < sizeof self->endpoint);
    memcpy(self->endpoint, line + 6, len);
    self->endpoint[len] = '\0';
}

/* Starts it with these arguments, whatever they are. */
static void
harness_start(e2e_t *self, const char *const *args)
{
    const char *argv[E2E_ARGS + 16] = {E2E_HOLDFASTD_PATH, "--ready-fd", "3"};
    size_t n = 3;
    int err[2];
    int ready[2];
    assert_int_equal(self->pid, 0);
    if (!self->has_no_record) {
        assert_true(self->n_records < E2E_RECORDS);
        char *record = self->records[self->n_records];
        char name[32];
        (void)snprintf(name, sizeof name, "record.%u", self->n_records);
        const char *path = e2e_path(self, name);
        assert_true(strlen(path) < sizeof self->records[0]);
        memcpy(record, path, strlen(path) + 1);
        self->n_records++;
        argv[n++] = "--record";
        argv[n++] = record;
    }
    for (; *args != NULL; args++) {
        assert_true(n < sizeof argv / sizeof argv[0] - 1);
        argv[n++] = *args;
    }
    argv[n] = NULL;
    harness_pipe(err);
    if (self->log_file != NULL) {
        (void)close(err[1]);
        err[1] = open(self->log_file, O_WRONLY | O_CLOEXEC);
        assert_true(err[1] >= 0);
    }
    harness_pipe(ready);
    harness_child_t child = {.argv = argv, .out = -1, .err = err[1], .ready = ready[1]};
    self->pid = harness_spawn(self, &child);
    (void)close(err[1]);
    (void)close(ready[1]);
    if (self->log >= 0)
        (void)close(self->log);
    self->log = err[0];
    self->n_logged = 0;
    self->logged[0] = '\0';
    harness_await_ready(self, ready[0]);
}

/* With a configuration and arguments. */
static void
harness_start_both(e2e_t *self, const char *config, const char *const *args)
{
    static const char no_pidfd[] = "grace = 2\n"; /* after it a death is believed */
    char text[4096];
    const char *argv[E2E_ARGS] = {"-c", e2e_path(self, "holdfastd.conf")};
    size_t n = 2;
    bool is_short = !e2e_has_valgrind() || strstr(config, "grace") != NULL;
    (void)snprintf(text, sizeof text, "%s%s", config, is_short ? "" : no_pidfd);
    e2e_write(self, "holdfastd.conf", text);
    for (; *args != NULL; args++) {
        assert_true(n < E2E_ARGS - 1);
        argv[n++] = *args;
    }
    harness_start(self, argv);
}

void
e2e_start(e2e_t *self, const char *const *args)
{
    if (e2e_has_valgrind())
        harness_start_both(self, "", args);
    else
        harness_start(self, args);
}

void
e2e_start_configured(e2e_t *self, const char *config)
{
    harness_start_both(self, config, (const char *const[]){NULL});
}

int
e2e_await_end(e2e_t *self)
{
    assert_true(self->pid > 0);
    pid_t pid = self->pid;
    self->pid = 0;
    return harness_reap(pid, harness_deadline_ms());
}

int
e2e_stop(e2e_t *self)
{
    assert_true(self->pid > 0);
    assert_int_equal(kill(self->pid, SIGTERM), 0);
    return e2e_await_end(self);
}

void
e2e_kill(e2e_t *self)
{
    assert_true(self->pid > 0);
    assert_int_equal(kill(self->pid, SIGKILL), 0);
    assert_int_equal(e2e_await_end(self), 128 + SIGKILL);
}

/* ---- setup, teardown ------------------------------------------------------------------ */

int
e2e_open(void **state)
{
    e2e_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -1;
    self->log = -1;
    (void)snprintf(self->folder, sizeof self->folder, "/tmp/hf-e2e-XXXXXX");
    if (mkdtemp(self->folder) == NULL) {
        free(self);
        return -1;
    }
    *state = self;
    return 0;
}

static int
harness_replay(e2e_t *self, const char *record)
{
    const char *argv[] = {E2E_HOLDFASTD_PATH, "--replay", record, NULL};
    self->address_limit = 0;
    self->file_limit = 0;
    const e2e_result_t *result = harness_run(self, argv, "165");
    if (result->status != 0)
        (void)fprintf(stderr, "replay of %s: %s%s", record, result->out, result->err);
    return result->status;
}

int
e2e_close(void **state)
{
    e2e_t *self = *state;
    int failed = 0;
    if (self->pid >
        0) { /* a second signal does not wait for sessions that tests have left lying about */
        (void)kill(self->pid, SIGTERM);
        (void)kill(self->pid, SIGINT);
        failed = e2e_await_end(self);
    }
    if (failed != 0)
        (void)fprintf(stderr, "the manager ended with %d:\n%s", failed,
                      e2e_has_logged(self, "") ? self->logged : "");
    for (unsigned k = 0; k < self->n_records; k++)
        failed = harness_replay(self, self->records[k]) != 0 ? 1 : failed;
    if (self->log >= 0)
        (void)close(self->log);
    if (failed == 0)
        (void)nftw(self->folder, harness_remove, 16, FTW_DEPTH | FTW_PHYS);
    free(self);
    *state = NULL;
    return failed == 0 ? 0 : -1;
}
