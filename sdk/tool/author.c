/* SPDX-License-Identifier: MPL-2.0 */
/* author -- see author.h
 *
 * What new-plugin writes are the files of sdk/template, with @name@ and @Type@ filled in. They lie beside this program,
 * installed or in its build folder, as holdfastd does, which knows the rules for plugins: check-plugin is its work.
 */
#define _GNU_SOURCE
#include "author.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

#ifndef HFI_SHARE_FROM_BIN
#error "the build says where the templates are installed"
#endif

enum { AUTHOR_NAME_MAX = 40, AUTHOR_TEMPLATE_MAX = 65536 };

/* A template, and what it becomes; @name@ stands for the plugin's name there too. */
static const struct {
    const char *from;
    const char *to;
} author_files[] = {
    {"plugin.c.in", "@name@.c"},
    {"plugin_test.c.in", "@name@_test.c"},
    {"CMakeLists.txt.in", "CMakeLists.txt"},
    {"README.md.in", "README.md"},
};

enum { AUTHOR_FILES = sizeof author_files / sizeof author_files[0] };

static int
author_fail(const char *path, int error)
{
    (void)fprintf(stderr, "holdfast: %s: %s\n", path, strerrordesc_np(error));
    return TOOL_RAISED;
}

/* Where something lies that is installed with this program: as seen from its folder, installed or built. */
static bool
author_find(const char *installed, const char *built, char *to, size_t room)
{
    char self[PATH_MAX];
    const char *const places[] = {installed, built};
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
        int len = snprintf(to, room, "%s/%s", self, places[k]);
        if (len > 0 && (size_t)len < room && access(to, F_OK) == 0)
            return true;
    }
    return false;
}

/* ---- names ---------------------------------------------------------------------------- */

static bool
author_is_among(const char *word, const char *const *words)
{
    while (*words != NULL && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

/* Why that cannot be a plugin's name; NULL: it can. It becomes a C name, a file, and a target of CMake's. */
static const char *
author_refuse_name(const char *name)
{
    static const char *const keywords[] = {
        "auto",   "break",  "case",     "char",   "const",    "continue", "default", "do",
        "double", "else",   "enum",     "extern", "float",    "for",      "goto",    "if",
        "inline", "int",    "long",     "main",   "register", "restrict", "return",  "short",
        "signed", "sizeof", "static",   "struct", "switch",   "typedef",  "typeof",  "union",
        "asm",    "void",   "unsigned", "while",  "volatile", NULL};
    static const char *const targets[] = {
        "all",        "clean",         "help",     "install", "test", "package", "package_source",
        "edit_cache", "rebuild_cache", "holdfast", NULL};
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    if (name[0] < 'a' || name[0] > 'z' || name[strspn(name, letters)] != '\0')
        return "a plugin's name is a small letter, then small letters, digits and _";
    if (strlen(name) > AUTHOR_NAME_MAX)
        return "a plugin's name has at most 40 letters";
    if (author_is_among(name, keywords))
        return "that is a word of C";
    if (author_is_among(name, targets))
        return "CMake or Holdfast has a use of its own for that name";
    return NULL;
}

/* rate_limiter becomes RateLimiter. */
static void
author_type_name(const char *name, char to[AUTHOR_NAME_MAX + 1])
{
    static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    bool is_first = true;
    for (; *name != '\0'; name++) {
        bool is_small = *name >= 'a' && *name <= 'z';
        if (is_first && is_small)
            *to++ = capitals[*name - 'a'];
        else if (*name != '_')
            *to++ = *name;
        is_first = *name == '_';
    }
    *to = '\0';
}

/* ---- writing -------------------------------------------------------------------------- */

/* Writes the text with the two words filled in; false: `to` has the error. */
static bool
author_fill(const char *text, const char *name, const char *type, FILE *to)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, "@");
        if (fwrite(text, 1, plain, to) != plain)
            return false;
        text += plain;
        if (strncmp(text, "@name@", 6) == 0 || strncmp(text, "@Type@", 6) == 0) {
            if (fputs(text[1] == 'n' ? name : type, to) < 0)
                return false;
            text += 6;
        } else if (*text == '@' && fputc(*text++, to) == EOF) {
            return false;
        }
    }
    return true;
}

/* A template's text, to be freed; NULL: errno says why. */
static char *
author_read(const char *folder, const char *name)
{
    char path[PATH_MAX];
    char *text = NULL;
    int len = snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *from = len > 0 && (size_t)len < sizeof path ? fopen(path, "re") : NULL;
    if (from == NULL)
        return NULL;
    text = calloc(1, AUTHOR_TEMPLATE_MAX);
    if (text != NULL && (fread(text, 1, AUTHOR_TEMPLATE_MAX - 1, from) == 0 || ferror(from) != 0)) {
        free(text);
        text = NULL;
        errno = EIO;
    }
    (void)fclose(from);
    return text;
}

static void
author_path(const char *folder, size_t k, const char *name, char to[PATH_MAX])
{
    const char *form = author_files[k].to;
    const char *rest = strncmp(form, "@name@", 6) == 0 ? form + 6 : form;
    int len = snprintf(to, PATH_MAX, "%s/%s%s", folder, rest == form ? "" : name, rest);
    if (len < 0 || len >= PATH_MAX)
        to[0] = '\0'; /* no file has that name; tool_new_plugin has seen to it that it is shorter */
}

/* Writes one file, which must not be there; gives an exit code. */
static int
author_write(const char *templates, const char *folder, size_t k, const char *name)
{
    char path[PATH_MAX];
    char type[AUTHOR_NAME_MAX + 1];
    author_path(folder, k, name, path);
    author_type_name(name, type);
    char *text = author_read(templates, author_files[k].from);
    if (text == NULL)
        return author_fail(author_files[k].from, errno);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
    bool is_written = to != NULL && author_fill(text, name, type, to);
    int error = errno;
    is_written = to != NULL && fclose(to) == 0 && is_written;
    free(text);
    return is_written ? TOOL_DONE : author_fail(path, error != 0 ? error : EIO);
}

/* Takes away what was written of a plugin that could not be finished. */
static void
author_undo(const char *folder, const char *name)
{
    char path[PATH_MAX];
    for (size_t k = 0; k < AUTHOR_FILES; k++) {
        author_path(folder, k, name, path);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

int
tool_new_plugin(const tool_context_t *context)
{
    char templates[PATH_MAX];
    char path[PATH_MAX];
    const char *name = context->words[0];
    const char *folder = context->folder != NULL ? context->folder : name;
    const char *why = author_refuse_name(name);
    if (why != NULL)
        return tool_misused("%s: %s", name, why);
    if (strlen(folder) > PATH_MAX - 2 * AUTHOR_NAME_MAX)
        return author_fail(folder, ENAMETOOLONG);
    if (!author_find(HFI_SHARE_FROM_BIN "/template", "../template", templates, sizeof templates))
        return author_fail("the SDK's template folder", ENOENT);
    if (mkdir(folder, 0777) != 0)
        return author_fail(folder, errno);
    for (size_t k = 0; k < AUTHOR_FILES; k++) {
        int status = author_write(templates, folder, k, name);
        if (status != TOOL_DONE) {
            author_undo(folder, name);
            return status;
        }
    }
    for (size_t k = 0; k < AUTHOR_FILES; k++) {
        author_path(folder, k, name, path);
        (void)puts(path);
    }
    return TOOL_DONE;
}

/* ---- checking ------------------------------------------------------------------------- */

/* Runs holdfastd and gives what it wrote, to be freed; NULL: errno says why. */
static char *
author_ask(const char *program, const char *file, size_t *ret_len, int *ret_status)
{
    int ends[2];
    size_t room = 0;
    char *text = NULL;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return NULL;
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)execl(program, program, "--check-plugin", file, (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    FILE *from = child < 0 ? NULL : fdopen(ends[0], "r");
    ssize_t n = from == NULL ? -1 : getdelim(&text, &room, '\n', from);
    *ret_len = n > 0 ? (size_t)n : 0;
    if (from != NULL)
        (void)fclose(from);
    while (child > 0 && waitpid(child, ret_status, 0) < 0 && errno == EINTR)
        continue;
    if (n > 0)
        return text;
    free(text);
    errno = EIO;
    return NULL;
}

int
tool_check_plugin(const tool_context_t *context)
{
    char program[PATH_MAX];
    size_t len = 0;
    int status = 0;
    hf_value_t report;
    if (!author_find("holdfastd", "../../core/holdfastd", program, sizeof program)) {
        (void)fprintf(stderr, "holdfast: there is no holdfastd beside this program\n");
        return TOOL_RAISED;
    }
    char *text = author_ask(program, context->words[0], &len, &status);
    if (text == NULL)
        return author_fail(program, errno);
    if (hf_from_json(text, len, &report) != 0) {
        free(text);
        return tool_failed(context);
    }
    free(text);
    if (context->as_json)
        show_json(&report);
    else
        show_report(&report);
    hf_drop(NULL, &report);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? TOOL_DONE : TOOL_RAISED;
}
