/* SPDX-License-Identifier: MPL-2.0 */
/* source -- see source.h
 *
 * zconfig keeps no line numbers, but each of its items was one line that is neither blank nor a comment, in the
 * file's order: so the n-th item of a walk is the n-th such line. What zconfig has to say about a line that it does
 * not understand it prints on stdout; source_parse catches that, and makes a comment of the line, with what stands
 * below it, so that the rest of the file can be looked at too.
 */
#define _GNU_SOURCE
#include "source.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <base/check.h>

enum { SOURCE_FILE_MAX = 1024 * 1024, SOURCE_SENTENCE = 256 };

/* ---- lines ---------------------------------------------------------------------------- */

static const char *
source_next_line(const char *at)
{
    const char *end = strchr(at, '\n');
    return end != NULL ? end + 1 : at + strlen(at);
}

unsigned
hfi_source_line(const hfi_source_t *self, unsigned item)
{
    unsigned line = 0;
    unsigned items = 0;
    for (const char *at = self->text; *at != '\0' && items < item; at = source_next_line(at)) {
        line++;
        const char *first = at + strspn(at, " \t\r");
        if (*first != '\n' && *first != '#' && *first != '\0')
            items++;
    }
    return line;
}

/* Makes comments of that line and of those below it that are further in. False: there is no such line. */
static bool
source_drop_line(hfi_source_t *self, unsigned line)
{
    char *at = self->text;
    for (unsigned k = 1; k < line && *at != '\0'; k++)
        at = self->text + (source_next_line(at) - self->text);
    if (*at == '\0' || *at == '#')
        return false;
    size_t depth = strspn(at, " \t");
    size_t inner;
    do {
        *at = '#';
        if (at[1] == '\0')
            break;
        at = self->text + (source_next_line(at) - self->text);
        inner = strspn(at, " \t");
    } while (*at != '\0' && inner > depth && at[inner] != '#' && at[inner] != '\n');
    return true;
}

/* ---- the file ------------------------------------------------------------------------- */

/* Turns what zconfig said, "DATE TIME E (zconfig): (LINE) REASON", into a complaint; 0: it did not name a line. */
static unsigned
source_complain(hfi_source_t *self, char *said)
{
    said[strcspn(said, "\r\n")] = '\0';
    char *at = strstr(said, "(zconfig): (");
    unsigned line = 0;
    char *reason = at != NULL ? strchr(at + 12, ')') : NULL;
    if (reason == NULL ||
        sscanf(at + 12, "%u", &line) != 1) { // NOLINT(cert-err34-c): checked by %u
        (void)hfi_complaints_add(self->complaints, 0, "%s: zconfig cannot read it",
                                 self->complaints->file);
        return 0;
    }
    (void)hfi_complaints_add(self->complaints, line, "%s", reason + 2);
    return line;
}

/* Parses the text, holding back what zconfig prints meanwhile: nothing else of a manager prints on stdout. */
static zconfig_t *
source_load(hfi_source_t *self, char *said, size_t room)
{
    said[0] = '\0';
    (void)fflush(stdout);
    int out = dup(STDOUT_FILENO);
    int catcher = memfd_create("zconfig", MFD_CLOEXEC);
    bool is_caught = out >= 0 && catcher >= 0 && dup2(catcher, STDOUT_FILENO) >= 0;
    zconfig_t *root = zconfig_str_load(self->text);
    (void)fflush(stdout);
    if (is_caught) {
        (void)dup2(out, STDOUT_FILENO);
        ssize_t n = pread(catcher, said, room - 1, 0);
        said[n > 0 ? n : 0] = '\0';
    }
    if (out >= 0)
        (void)close(out);
    if (catcher >= 0)
        (void)close(catcher);
    return root;
}

static bool
source_parse(hfi_source_t *self)
{
    char said[SOURCE_SENTENCE];
    for (int k = 0; k < HFI_COMPLAINTS; k++) {
        self->root = source_load(self, said, sizeof said);
        if (self->root != NULL)
            return true;
        unsigned line = source_complain(self, said);
        if (line == 0 || !source_drop_line(self, line))
            return false;
    }
    return false;
}

/* Gives the file's text; NULL: complained. */
static char *
source_slurp(const char *file, hfi_complaints_t *complaints)
{
    char *text = NULL;
    FILE *from = fopen(file, "re");
    size_t n = 0;
    if (from != NULL && (text = malloc(SOURCE_FILE_MAX + 1)) != NULL)
        n = fread(text, 1, SOURCE_FILE_MAX + 1, from);
    if (from == NULL || text == NULL || ferror(from))
        (void)hfi_complaints_add(complaints, 0, "%s: %s", file, strerrordesc_np(errno));
    else if (n > SOURCE_FILE_MAX)
        (void)hfi_complaints_add(complaints, 0, "%s is longer than %d bytes", file,
                                 SOURCE_FILE_MAX);
    else if (memchr(text, '\0', n) != NULL)
        (void)hfi_complaints_add(complaints, 0, "%s is no text", file);
    else {
        text[n] = '\0';
        (void)fclose(from);
        return text;
    }
    if (from != NULL)
        (void)fclose(from);
    free(text);
    return NULL;
}

bool
hfi_source_open(hfi_source_t *self, hfi_complaints_t *complaints)
{
    *self = (hfi_source_t){.complaints = complaints};
    self->text = source_slurp(complaints->file, complaints);
    if (self->text != NULL && source_parse(self))
        return true;
    hfi_source_close(self);
    return false;
}

void
hfi_source_close(hfi_source_t *self)
{
    zconfig_destroy(&self->root);
    free(self->text);
    self->text = NULL;
}

/* ---- the tree ------------------------------------------------------------------------- */

static int
source_count(zconfig_t *item, void *context, int level)
{
    unsigned *n = context;
    (void)item;
    (void)level;
    (*n)++;
    return 0;
}

unsigned
hfi_source_count_below(zconfig_t *item)
{
    unsigned n = 0;
    (void)zconfig_execute(item, source_count, &n);
    return n - 1;
}

const char *
hfi_source_value(zconfig_t *item)
{
    const char *value = zconfig_value(item);
    return value != NULL ? value : "";
}

bool
hfi_source_is_second(zconfig_t *first, zconfig_t *item)
{
    for (zconfig_t *it = first; it != item; it = zconfig_next(it)) {
        if (strcmp(zconfig_name(it), zconfig_name(item)) == 0)
            return true;
    }
    return false;
}
