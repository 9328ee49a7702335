/* SPDX-License-Identifier: MPL-2.0 */
/* check_plugin -- see check_plugin.h
 *
 * What the file itself says of its symbols is read here, from a copy in a private folder; the child maps that copy and
 * writes what it found as one value to a pipe. A file that others could write is a problem, but looked at all the same:
 * who asks for this trusts it as much as who serves it. What comes by the pipe is trusted no more than the file is.
 */
#define _GNU_SOURCE
#include "check_plugin.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <os/clock.h>
#include <registry/plugin.h>
#include <value/admit.h>
#include <value/value.h>
#include <value/writer.h>

#include "boot.h"
#include "loader.h"
#include "report.h"
#include "symbols.h"

#define CHECK_PLUGIN_NS INT64_C(5000000000)

enum {
    CHECK_PLUGIN_FILE_MAX = 256 * 1024 * 1024,
    CHECK_PLUGIN_ANSWER_MAX = 4 * 1024 * 1024,
    CHECK_PLUGIN_DEPTH = 16,
    CHECK_PLUGIN_PATH = PATH_MAX + 64,
};

typedef struct check_plugin {
    const hfi_settings_t *settings;
    const char *path;
    char folder[CHECK_PLUGIN_PATH]; /* private; "": none */
    char copy[CHECK_PLUGIN_PATH];   /* of the file, in it */
    hfi_bytes_t file;
    hfi_symbols_t symbols;
    hfi_report_t report;
    hfi_bytes_t answer; /* the child's */
    hfi_bytes_t scratch;
} check_plugin_t;

/* A sentence without the private folder, which says nothing to anybody. */
static const char *
check_plugin_plain(const check_plugin_t *self, char *why)
{
    size_t n = strlen(self->folder);
    for (char *at = strstr(why, self->folder); n > 0 && at != NULL; at = strstr(at, self->folder))
        memmove(at, at + n + 1, strlen(at + n + 1) + 1);
    return why;
}

/* ---- in the child --------------------------------------------------------------------- */

static void
child_word(hf_writer_t *w, const char *text)
{
    hf_write_str(w, text, strlen(text));
}

static void
child_pair(hf_writer_t *w, const char *key, const char *text)
{
    child_word(w, key);
    child_word(w, text == NULL ? "" : text);
}

/* nil, where it is not said. */
static void
child_said(hf_writer_t *w, const char *key, const char *text)
{
    child_word(w, key);
    if (text == NULL)
        hf_write_nil(w);
    else
        child_word(w, text);
}

static void
child_flags(hf_writer_t *w, uint32_t flags)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } words[] = {
        {HF_READS, "reads"},         {HF_WRITES, "writes"},   {HF_PARKS, "parks"},
        {HF_SENSITIVE, "sensitive"}, {HF_OFFLOAD, "offload"},
    };
    size_t n = 0;
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
        n += (flags & words[k].flag) != 0;
    hf_write_list(w, n);
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
        if ((flags & words[k].flag) != 0)
            child_word(w, words[k].name);
    }
}

/* A type as `describe` has it; what every referent answers, which comes after its own rows, stands aside. */
static void
child_write_type(hf_writer_t *w, const hfi_type_t *type)
{
    uint32_t n = type->row->n_methods;
    hf_write_map(w, 4);
    child_pair(w, "typeid", type->row->name);
    child_pair(w, "doc", type->row->doc);
    child_pair(w, "signature", hfi_signature_text(type->signature));
    child_word(w, "methods");
    hf_write_list(w, n);
    for (uint32_t k = 0; k < n; k++) {
        const hfi_method_t *method = &type->methods[k];
        hf_write_map(w, 7);
        child_pair(w, "name", method->row->name);
        child_pair(w, "signature", hfi_signature_text(method->signature));
        child_pair(w, "doc", method->row->doc);
        child_word(w, "flags");
        child_flags(w, method->row->flags);
        child_said(w, "returns", method->row->returns);
        child_said(w, "since", method->row->since);
        child_said(w, "deprecated", method->row->deprecated);
    }
}

/* What the table took in, and what else is wrong with the types that it refused as one. */
static void
child_write_types(hf_writer_t *w, const hf_plugin_t *plugin, hfi_report_t *report)
{
    hfi_type_t *types[HFI_MAX_PLUGIN_TYPES] = {NULL};
    uint32_t n = 0;
    for (uint32_t k = 0; k < HFI_MAX_PLUGIN_TYPES && plugin->types != NULL; k++) {
        char why[HFI_WHY] = "";
        if (plugin->types[k] == NULL)
            break;
        types[n] = hfi_type_new(plugin->types[k], plugin->name, n, why, sizeof why);
        if (types[n] != NULL)
            n++;
        else if (report->n_problems == 0 || strstr(report->problems[0], why) == NULL)
            hfi_report_problem(report, "plugin %s: %s", plugin->name, why);
    }
    child_word(w, "types");
    hf_write_list(w, n);
    for (uint32_t k = 0; k < n; k++) {
        child_write_type(w, types[k]);
        hfi_type_destroy(&types[k]);
    }
}

static void
child_write_lines(hf_writer_t *w, const char *key, char *const *lines, size_t n)
{
    child_word(w, key);
    hf_write_list(w, n);
    for (size_t k = 0; k < n; k++)
        child_word(w, lines[k]);
}

/* What the manager's own libraries would give the plugin by chance, and no library that the plugin names. */
static void
child_check_needs(const check_plugin_t *self, hfi_report_t *report)
{
    hfi_symbol_t symbol;
    for (uint64_t k = 0; hfi_symbols_at(&self->symbols, k, &symbol); k++) {
        const char *library = NULL;
        if (symbol.name[0] == '\0' || symbol.is_defined || symbol.is_weak)
            continue;
        for (uint64_t i = 0; (library = hfi_symbols_needed(&self->symbols, i)) != NULL; i++) {
            if (hfi_loader_provides(library, symbol.name))
                break;
        }
        if (library == NULL)
            hfi_report_problem(report,
                               "it needs %s of nothing that it is linked with: only what the "
                               "manager happens to have loaded",
                               symbol.name);
    }
}

/* Adds the plugin to a table as a manager does; the shipped types may have what it wants to be called. */
static bool
child_try(const check_plugin_t *self, const hf_plugin_t *plugin, bool with_shipped, char *why,
          size_t why_room)
{
    hfi_complaints_t unheard = {0};
    hfi_plugins_t *table = hfi_plugins_new();
    hfi_loader_t *loader = hfi_loader_new(self->settings->run_dir);
    bool is_fine = table != NULL && loader != NULL;
    if (is_fine && with_shipped && hfi_boot_load(self->settings, loader, &unheard)) {
        for (size_t k = 0; hfi_loader_at(loader, k) != NULL; k++)
            (void)hfi_plugins_add(table, hfi_loader_at(loader, k)->descriptor, why, why_room);
    }
    is_fine = is_fine && hfi_plugins_add(table, plugin, why, why_room);
    hfi_plugins_destroy(&table);
    hfi_loader_destroy(&loader);
    return is_fine;
}

static void
child_look(const check_plugin_t *self, const hf_plugin_t *plugin, hf_writer_t *w)
{
    char why[HFI_WHY] = "";
    char why_beside[HFI_WHY] = "";
    char abi[32];
    hfi_report_t report = {0};
    bool is_ours = plugin->magic == HF_ABI_MAGIC && plugin->major == HF_ABI_MAJOR;
    bool is_fine = child_try(self, plugin, false, why, sizeof why);
    bool is_fine_beside = child_try(self, plugin, true, why_beside, sizeof why_beside);
    if (!is_fine && is_fine_beside)
        hfi_report_note(&report, "it needs the types that are served beside it: %s", why);
    else if (!is_fine)
        hfi_report_problem(&report, "%s", why);
    else if (!is_fine_beside && strstr(why_beside, "is here already") == NULL)
        hfi_report_note(&report, "beside the shipped types it is refused: %s", why_beside);
    child_check_needs(self, &report);
    (void)snprintf(abi, sizeof abi, "%u.%u", (unsigned)plugin->major, (unsigned)plugin->minor);
    hf_write_map(w, is_ours ? 6 : 3);
    child_pair(w, "abi", plugin->magic == HF_ABI_MAGIC ? abi : "none");
    if (is_ours) { /* else nothing behind the descriptor's first members is to be read */
        child_pair(w, "plugin", plugin->name);
        child_pair(w, "version", plugin->version);
        child_write_types(w, plugin, &report);
    }
    child_write_lines(w, "problems", report.problems, report.n_problems);
    child_write_lines(w, "notes", report.notes, report.n_notes);
    hfi_report_close(&report);
}

static void
child_send(int fd, const hfi_bytes_t *bytes)
{
    size_t sent = 0;
    while (sent < bytes->len) {
        ssize_t n = write(fd, bytes->at + sent, bytes->len - sent);
        if (n <= 0 && errno != EINTR)
            return;
        sent += n > 0 ? (size_t)n : 0;
    }
}

/* Never returns. What the plugin's code prints goes to stderr. */
static void
child_run(const check_plugin_t *self, int fd)
{
    char why[HFI_WHY] = "";
    hfi_bytes_t bytes = {0};
    hfi_bytes_writer_t out;
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    hfi_loader_t *loader = hfi_loader_new(self->folder);
    const hfi_image_t *image =
        loader == NULL ? NULL : hfi_loader_load(loader, self->copy, why, sizeof why);
    hfi_bytes_writer_open(&out, &bytes);
    if (image != NULL) {
        child_look(self, image->descriptor, &out.w);
    } else {
        char *problem[] = {why};
        (void)check_plugin_plain(self, why);
        hf_write_map(&out.w, 1);
        child_write_lines(&out.w, "problems", problem, 1);
    }
    if (hfi_bytes_writer_close(&out))
        child_send(fd, &bytes);
    _exit(EXIT_SUCCESS);
}

/* ---- around it ------------------------------------------------------------------------ */

/* What the child writes until its end; false: its time is up. */
static bool
check_plugin_listen(check_plugin_t *self, int fd)
{
    int64_t until_ns = hfi_now_ns() + CHECK_PLUGIN_NS;
    for (;;) {
        int64_t left_ns = until_ns - hfi_now_ns();
        struct pollfd at = {.fd = fd, .events = POLLIN};
        if (left_ns <= 0 || (poll(&at, 1, (int)(left_ns / 1000000) + 1) <= 0 && errno != EINTR))
            return false;
        uint8_t *to = hfi_bytes_reserve(&self->answer, 65536);
        if (to == NULL || self->answer.len > CHECK_PLUGIN_ANSWER_MAX)
            return false;
        ssize_t n = read(fd, to, 65536);
        if (n > 0)
            self->answer.len += (size_t)n;
        else if (n == 0 || errno != EINTR)
            return n == 0;
    }
}

/* Takes over the lines of a list that the child wrote. */
static void
check_plugin_take_lines(hfi_report_t *report, const hf_value_t *lines, bool is_problem)
{
    hf_cursor_t cursor;
    hf_value_t line;
    hf_open(&cursor, lines);
    while (hf_kind(lines) == HF_LIST && hf_next(&cursor, &line)) {
        size_t len = 0;
        const char *text = hf_as_str(&line, &len);
        if (text != NULL && is_problem)
            hfi_report_problem(report, "%.*s", (int)len, text);
        else if (text != NULL)
            hfi_report_note(report, "%.*s", (int)len, text);
    }
}

static void
check_plugin_take(check_plugin_t *self, int status, bool was_in_time)
{
    hfi_report_t *report = &self->report;
    if (!was_in_time) {
        hfi_report_problem(report,
                           "after %d s it was still not loaded: code of its own runs when "
                           "it is mapped, and does not end",
                           (int)(CHECK_PLUGIN_NS / 1000000000));
    } else if (WIFSIGNALED(status)) {
        hfi_report_problem(report, "it crashed while it was loaded or its tables were read: %s",
                           sigdescr_np(WTERMSIG(status)));
    } else if (self->answer.len == 0 ||
               hfi_admit_value(hfi_bytes_span(&self->answer), CHECK_PLUGIN_DEPTH, &self->scratch,
                               &report->found, NULL) != HFI_ADMIT_OK) {
        report->found = (hf_value_t){.raw = {0}};
        hfi_report_problem(report, "it ended the process that loaded it (status %d)",
                           WEXITSTATUS(status));
    } else {
        hf_value_t problems = hfi_report_member(&report->found, "problems");
        hf_value_t notes = hfi_report_member(&report->found, "notes");
        check_plugin_take_lines(report, &problems, true);
        check_plugin_take_lines(report, &notes, false);
    }
}

static void
check_plugin_in_child(check_plugin_t *self)
{
    int ends[2];
    int status = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        hfi_report_problem(&self->report, "it cannot be tried: %s", strerrordesc_np(errno));
        return;
    }
    pid_t child = fork();
    if (child == 0)
        child_run(self, ends[1]);
    (void)close(ends[1]);
    bool was_in_time = child > 0 && check_plugin_listen(self, ends[0]);
    (void)close(ends[0]);
    if (child > 0) {
        if (!was_in_time)
            (void)kill(child, SIGKILL);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            continue;
        check_plugin_take(self, status, was_in_time);
    } else {
        hfi_report_problem(&self->report, "it cannot be tried: %s", strerrordesc_np(errno));
    }
}

/* What the file says of itself, unmapped. */
static bool
check_plugin_symbols(check_plugin_t *self)
{
    static const char *const world[] = {
        "malloc", "calloc", "realloc", "free",      "time",   "clock_gettime", "gettimeofday",
        "rand",   "random", "srand",   "getrandom", "printf", "fopen",         "puts",
        "open",   "read",   "write",   "socket",    "sleep",  "usleep",        "nanosleep",
        "getenv", "fork",   "exit",    "abort",     "signal", "pthread_create"};
    char why[HFI_WHY];
    hfi_symbol_t symbol;
    if (!hfi_symbols_open(&self->symbols, hfi_bytes_span(&self->file), why, sizeof why)) {
        hfi_report_problem(&self->report, "%s: %s", self->path, why);
        return false;
    }
    for (uint64_t k = 0; hfi_symbols_at(&self->symbols, k, &symbol); k++) {
        if (symbol.is_defined && symbol.name[0] != '\0' && strcmp(symbol.name, "hf_plugin") != 0)
            hfi_report_problem(&self->report,
                               "it exports %s: a plugin exports hf_plugin and nothing else "
                               "(-fvisibility=hidden)",
                               symbol.name);
        for (size_t i = 0; !symbol.is_defined && i < sizeof world / sizeof world[0]; i++) {
            if (strcmp(symbol.name, world[i]) == 0)
                hfi_report_note(&self->report,
                                "it uses %s: memory, time, chance and logging are lent by the "
                                "manager (call.h), or a replay differs",
                                symbol.name);
        }
    }
    return true;
}

/* Reads the file and copies it to where nobody else can write. */
static bool
check_plugin_copy(check_plugin_t *self, char *why, size_t why_room)
{
    const char *name = strrchr(self->path, '/') != NULL ? strrchr(self->path, '/') + 1 : self->path;
    struct stat at;
    if (!hfi_loader_own_folder(self->settings->run_dir, false, why, why_room))
        return false;
    (void)snprintf(self->folder, sizeof self->folder, "%s/check.XXXXXX", self->settings->run_dir);
    if (mkdtemp(self->folder) == NULL) {
        (void)snprintf(why, why_room, "%s: %s", self->folder, strerrordesc_np(errno));
        self->folder[0] = '\0';
        return false;
    }
    (void)snprintf(self->copy, sizeof self->copy, "%.*s/%s", PATH_MAX, self->folder, name);
    FILE *from = fopen(self->path, "re");
    FILE *to = fopen(self->copy, "wxe");
    bool is_done = from != NULL && to != NULL && fstat(fileno(from), &at) == 0;
    (void)snprintf(why, why_room, "%s: %s", self->path, strerrordesc_np(errno));
    if (is_done && (!S_ISREG(at.st_mode) || at.st_size > CHECK_PLUGIN_FILE_MAX)) {
        (void)snprintf(why, why_room, "%s is no file, or a very long one", self->path);
        is_done = false;
    }
    size_t room = is_done ? (size_t)at.st_size : 0;
    uint8_t *bytes = is_done ? hfi_bytes_reserve(&self->file, room + 1) : NULL;
    is_done = bytes != NULL && fread(bytes, 1, room, from) == room;
    self->file.len = is_done ? room : 0;
    is_done = is_done && fwrite(bytes, 1, room, to) == room;
    if (from != NULL)
        (void)fclose(from);
    return to != NULL && fclose(to) == 0 && is_done;
}

/* Takes away the private folder: the copy, and in `plugins` the loader's own. */
static void
check_plugin_tidy(const check_plugin_t *self)
{
    char path[CHECK_PLUGIN_PATH + 512];
    if (self->folder[0] == '\0')
        return;
    (void)unlink(self->copy);
    (void)snprintf(path, sizeof path, "%s/plugins", self->folder);
    DIR *plugins = opendir(path);
    const struct dirent *one = NULL;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): of a stream of our own */
    while (plugins != NULL && (one = readdir(plugins)) != NULL)
        (void)unlinkat(dirfd(plugins), one->d_name, 0);
    if (plugins != NULL)
        (void)closedir(plugins);
    (void)rmdir(path);
    (void)rmdir(self->folder);
}

int
hfi_check_plugin(const hfi_settings_t *settings, const char *path, FILE *to)
{
    char why[HFI_WHY] = "";
    check_plugin_t self = {.settings = settings, .path = path};
    if (!hfi_loader_check(path, why, sizeof why))
        hfi_report_problem(&self.report, "%s", why);
    if (access(path, R_OK) == 0) {
        if (!check_plugin_copy(&self, why, sizeof why))
            hfi_report_problem(&self.report, "%s", why);
        else if (check_plugin_symbols(&self))
            check_plugin_in_child(&self);
    }
    bool is_clean = self.report.n_problems == 0;
    bool is_written = hfi_report_write(&self.report, path, to);
    check_plugin_tidy(&self);
    hfi_report_close(&self.report);
    hfi_bytes_close(&self.file);
    hfi_bytes_close(&self.answer);
    hfi_bytes_close(&self.scratch);
    return is_clean && is_written ? EXIT_SUCCESS : EXIT_FAILURE;
}
