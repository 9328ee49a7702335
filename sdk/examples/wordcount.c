/* SPDX-License-Identifier: MPL-2.0 */
/* wordcount -- counts the words of a folder of texts with worker processes that share three referents.
 *
 *   tasks   a Queue of file names; an empty name tells a worker to stop
 *   counts  a dict from word to count, into which each worker merges all that it counted, in one batch
 *   done    a Queue of reports, one for each file and one for each merge, which draws the progress bar
 *   turn    a Queue with one item in it: whoever holds the item may merge
 *
 * The workers are this program again, told the names under which the referents are bound.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <holdfast/holdfast.h>

#include "wordtable.h"

enum { MAX_WORKERS = 64, TOP_WORDS = 10, REPORT_TIMEOUT_S = 60 };

struct shared {
    hf_client_t *client;
    hf_proxy_t *tasks, *counts, *done, *turn;
};

static _Noreturn void
give_up(const char *what)
{
    (void)fprintf(stderr, "wordcount: %s: %s: %s\n", what, hf_errkind(), hf_errmsg());
    exit(1);
}

static hf_proxy_t *
require_referent(hf_client_t *client, const char *job, const char *part, const char *typeid_)
{
    char name[128];
    (void)snprintf(name, sizeof name, "%s.%s", job, part);
    hf_proxy_t *proxy = hf_get_or_create(client, name, typeid_, "");
    if (proxy == NULL)
        give_up(name);
    return proxy;
}

static void
shared_open(struct shared *self, const char *endpoint, const char *job)
{
    self->client = hf_connect(endpoint, NULL);
    if (self->client == NULL)
        give_up("cannot connect");
    self->tasks = require_referent(self->client, job, "tasks", "Queue");
    self->counts = require_referent(self->client, job, "counts", "dict");
    self->done = require_referent(self->client, job, "done", "Queue");
    self->turn = require_referent(self->client, job, "turn", "Queue");
}

static void
shared_close(struct shared *self)
{
    hf_release(&self->tasks);
    hf_release(&self->counts);
    hf_release(&self->done);
    hf_release(&self->turn);
    hf_disconnect(&self->client);
}

/* ---- a worker ------------------------------------------------------------------------- */

/* Counts the words of one file; gives how many there were, -1 where it cannot be read. */
static int64_t
count_file(struct wordtable *words, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    char word[WORD_ROOM];
    size_t len = 0;
    int64_t n = 0;
    for (int c = getc(file);; c = getc(file)) {
        if (c != EOF && isascii(c) && isalpha(c)) {
            if (len < sizeof word)
                word[len++] = (char)tolower(c);
            continue;
        }
        if (len > 0) {
            wordtable_add(words, word, len, 1);
            n++;
        }
        len = 0;
        if (c == EOF)
            break;
    }
    (void)fclose(file);
    return n;
}

/* Adds what the dict holds to what this worker counted, and stores the sums in one call. */
static void
merge_counts(struct shared *shared, struct wordtable *words)
{
    hf_value_t counts;
    if (hf_call(shared->turn, "get", "") != 0)
        give_up("waiting for the turn to merge");
    if (hf_call_into(shared->counts, "getvalue", "", "v", &counts) != 0)
        give_up("reading the counts");
    hf_cursor_t cursor;
    hf_value_t key, n;
    hf_open(&cursor, &counts);
    while (hf_next(&cursor, &key) && hf_next(&cursor, &n)) {
        size_t len;
        const char *word = hf_as_str(&key, &len);
        wordtable_add_known(words, word, len, hf_as_int(&n));
    }
    hf_drop(NULL, &counts);
    hf_writer_t *writer = hf_writer(NULL);
    if (writer == NULL)
        give_up("building the counts");
    wordtable_write(words, writer);
    if (hf_written(NULL, writer, &counts) != HF_OK)
        give_up("building the counts");
    if (hf_call(shared->counts, "update", "v", &counts) != 0)
        give_up("storing the counts");
    hf_drop(NULL, &counts);
    if (hf_call(shared->turn, "put", "i", (int64_t)1) != 0)
        give_up("passing the turn on");
}

static int
work(const char *endpoint, const char *job, int64_t number)
{
    struct shared shared;
    shared_open(&shared, endpoint, job);
    struct wordtable words;
    wordtable_open(&words);
    for (;;) {
        char *path;
        if (hf_call_into(shared.tasks, "get", "", "s", &path) != 0)
            give_up("waiting for a task");
        if (path[0] == '\0') {
            free(path);
            break;
        }
        int64_t n = count_file(&words, path);
        if (n < 0)
            (void)fprintf(stderr, "wordcount: %s: %s\n", path, strerror(errno));
        free(path);
        if (hf_call(shared.done, "put", "[ii]", number, n) != 0)
            give_up("reporting");
    }
    merge_counts(&shared, &words);
    if (hf_call(shared.done, "put", "[ii]", number, (int64_t)-2) != 0)
        give_up("reporting the merge");
    wordtable_close(&words);
    shared_close(&shared);
    return 0;
}

/* ---- the one who hands out ------------------------------------------------------------- */

struct job {
    struct shared shared;
    char *endpoint;
    char name[64];
    int n_workers;
    int64_t n_files;
    pid_t worker[MAX_WORKERS];
    int64_t files[MAX_WORKERS]; /* done by each */
    int64_t words[MAX_WORKERS];
    int64_t unread;
};

static int64_t
put_tasks(struct job *self, const char *folder)
{
    struct dirent **entry;
    int n = scandir(folder, &entry, NULL, alphasort);
    if (n < 0) {
        (void)fprintf(stderr, "wordcount: %s: %s\n", folder, strerror(errno));
        exit(1);
    }
    int64_t n_files = 0;
    for (int i = 0; i < n; i++) {
        char *path;
        struct stat st;
        if (asprintf(&path, "%s/%s", folder, entry[i]->d_name) < 0)
            abort();
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            if (hf_call(self->shared.tasks, "put", "s", path) != 0)
                give_up("queueing a task");
            n_files++;
        }
        free(path);
        free(entry[i]);
    }
    free(entry);
    for (int i = 0; i < self->n_workers; i++) {
        if (hf_call(self->shared.tasks, "put", "s", "") != 0)
            give_up("queueing the end");
    }
    return n_files;
}

static void
start_workers(struct job *self)
{
    for (int i = 0; i < self->n_workers; i++) {
        char number[16];
        (void)snprintf(number, sizeof number, "%d", i);
        char *argv[] = {(char[]){"wordcount"},
                        (char[]){"--worker"},
                        number,
                        (char[]){"--job"},
                        self->name,
                        self->endpoint == NULL ? NULL : (char[]){"-m"},
                        self->endpoint,
                        NULL};
        int error = posix_spawn(&self->worker[i], "/proc/self/exe", NULL, NULL, argv, environ);
        if (error != 0) {
            (void)fprintf(stderr, "wordcount: starting a worker: %s\n", strerror(error));
            exit(1);
        }
    }
}

static void
draw_progress(int64_t done, int64_t all)
{
    enum { WIDTH = 40 };
    if (!isatty(STDERR_FILENO) || all == 0)
        return;
    int filled = (int)(done * WIDTH / all);
    (void)fprintf(stderr, "\r[%.*s%*s] %" PRId64 "/%" PRId64 " files%s", filled,
                  "########################################", WIDTH - filled, "", done, all,
                  done == all ? "\n" : "");
}

/* A worker that died before its merge would leave us waiting: say so instead. */
static void
check_workers(struct job *self)
{
    for (int i = 0; i < self->n_workers; i++) {
        int status = 0;
        if (self->worker[i] > 0 && waitpid(self->worker[i], &status, WNOHANG) == self->worker[i]) {
            self->worker[i] = 0;
            if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
                (void)fprintf(stderr, "wordcount: worker %d failed\n", i);
                exit(1);
            }
        }
    }
}

static void
follow_workers(struct job *self)
{
    int64_t done = 0, merged = 0;
    draw_progress(0, self->n_files);
    while (done < self->n_files || merged < self->n_workers) {
        int64_t number, n;
        if (hf_call_into(self->shared.done, "get", "timeout=f", 1.0, "[ii]", &number, &n) != 0) {
            if (strcmp(hf_errkind(), "Empty") != 0)
                give_up("following the workers");
            check_workers(self);
            continue;
        }
        if (number < 0 || number >= self->n_workers)
            continue;
        if (n == -2) {
            merged++;
            continue;
        }
        done++;
        self->files[number]++;
        self->words[number] += n > 0 ? n : 0;
        self->unread += n < 0;
        draw_progress(done, self->n_files);
    }
    for (int i = 0; i < self->n_workers; i++) {
        if (self->worker[i] > 0)
            (void)waitpid(self->worker[i], NULL, 0);
    }
}

static void
print_counts(struct job *self, bool all)
{
    hf_value_t counts;
    if (hf_call_into(self->shared.counts, "getvalue", "", "v", &counts) != 0)
        give_up("reading the counts");
    struct wordtable words;
    wordtable_open(&words);
    hf_cursor_t cursor;
    hf_value_t key, n;
    hf_open(&cursor, &counts);
    while (hf_next(&cursor, &key) && hf_next(&cursor, &n)) {
        size_t len;
        const char *word = hf_as_str(&key, &len);
        wordtable_add(&words, word, len, hf_as_int(&n));
    }
    hf_drop(NULL, &counts);
    if (all) {
        wordtable_print_all(&words, stdout);
    } else {
        int64_t total = 0;
        for (int i = 0; i < self->n_workers; i++)
            total += self->words[i];
        (void)printf("the most frequent words:\n");
        wordtable_print_top(&words, TOP_WORDS, stdout);
        (void)printf("%" PRId64 " words, %zu different, in %" PRId64 " files\n", total,
                     wordtable_len(&words), self->n_files - self->unread);
        for (int i = 0; i < self->n_workers; i++)
            (void)printf("  worker %d: %3" PRId64 " files %8" PRId64 " words\n", i, self->files[i],
                         self->words[i]);
    }
    wordtable_close(&words);
}

static void
unbind_all(struct job *self)
{
    static const char *const part[] = {"tasks", "counts", "done", "turn"};
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        char name[128];
        (void)snprintf(name, sizeof name, "%s.%s", self->name, part[i]);
        if (hf_unbind(self->shared.client, name) != 0)
            give_up(name);
    }
}

static int
count_folder(char *endpoint, int n_workers, const char *folder, bool all)
{
    struct job self = {.endpoint = endpoint, .n_workers = n_workers};
    (void)snprintf(self.name, sizeof self.name, "wordcount-%ld", (long)getpid());
    shared_open(&self.shared, endpoint, self.name);
    if (hf_call(self.shared.turn, "put", "i", (int64_t)1) != 0)
        give_up("starting the turn");
    self.n_files = put_tasks(&self, folder);
    start_workers(&self);
    follow_workers(&self);
    print_counts(&self, all);
    unbind_all(&self);
    shared_close(&self.shared);
    return self.unread == 0 ? 0 : 1;
}

static int
usage(FILE *to)
{
    (void)fprintf(
        to,
        "usage: wordcount [-m ENDPOINT] [-j WORKERS] [--all] FOLDER\n\n"
        "Counts the words of the files in FOLDER with WORKERS processes (default 4) that share\n"
        "a Queue and a dict of a Holdfast manager (default: $HOLDFAST, else the local one).\n"
        "--all prints every word with its count, instead of the most frequent ones.\n");
    return to == stdout ? 0 : 2;
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {{"worker", required_argument, NULL, 'w'},
                                            {"job", required_argument, NULL, 'J'},
                                            {"all", no_argument, NULL, 'a'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    char *endpoint = NULL;
    const char *job = NULL;
    long n_workers = 4, number = -1;
    bool all = false;
    for (int c = getopt_long(argc, argv, "m:j:h", options, NULL); c != -1;
         c = getopt_long(argc, argv, "m:j:h", options, NULL)) {
        switch (c) {
        case 'm':
            endpoint = optarg;
            break;
        case 'j':
            n_workers = strtol(optarg, NULL, 10);
            break;
        case 'w':
            number = strtol(optarg, NULL, 10);
            break;
        case 'J':
            job = optarg;
            break;
        case 'a':
            all = true;
            break;
        case 'h':
            return usage(stdout);
        default:
            return usage(stderr);
        }
    }
    if (number >= 0 && job != NULL && optind == argc)
        return work(endpoint, job, number);
    if (optind + 1 != argc || n_workers < 1 || n_workers > MAX_WORKERS)
        return usage(stderr);
    return count_folder(endpoint, (int)n_workers, argv[optind], all);
}
