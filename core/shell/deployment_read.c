/* SPDX-License-Identifier: MPL-2.0 */
/* deployment_read -- see deployment_read.h
 *
 * A key that holds words may be given several times; it becomes a list of its texts. Users are named as people name
 * them, and become numbers here: the machine knows no names.
 */
#define _GNU_SOURCE
#include "deployment_read.h"

#include <pwd.h>

#include <base/check.h>
#include <value/value.h>
#include <value/writer.h>

enum { READ_DEPTH = 8, READ_PASSWD = 16384 };

/* One section on its way. */
typedef struct read_walk {
    hfi_deployment_t *deployment;
    const hfi_source_t *source;
    hf_writer_t *w;
    hfi_reading_t path;
    unsigned item;
    unsigned depth;
    bool is_users;
} read_walk_t;

static unsigned
read_line(const read_walk_t *self)
{
    return hfi_source_line(self->source, self->item);
}

static void
read_note_place(read_walk_t *self)
{
    hfi_deployment_t *deployment = self->deployment;
    deployment->places =
        hfi_reading_need(deployment->places, deployment->n_places + 1, sizeof *deployment->places);
    deployment->places[deployment->n_places++] =
        (hfi_place_t){hfi_reading_copy(hfi_span_of(self->path.path)), read_line(self)};
}

static bool
read_is_one_of(const char *name, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(name, *words) == 0)
            return true;
    }
    return false;
}

/* Whether something stands below such a key, so that nothing below it is an empty section and no empty text. */
static bool
read_has_keys(const char *parent, const char *name)
{
    static const char *const sections[] = {"rename", "returns", "defaults", "limits", NULL};
    return strcmp(parent, "types") == 0 || strcmp(parent, "roles") == 0 ||
           read_is_one_of(name, sections);
}

static bool
read_may_repeat(const char *name)
{
    static const char *const lists[] = {"expose", "hide", "grant", "reads", NULL};
    return read_is_one_of(name, lists);
}

/* "1000", or the name of a user of this computer. False: complained. */
static bool
read_uid(const read_walk_t *self, const char *name, char *to, size_t room)
{
    char buffer[READ_PASSWD];
    struct passwd entry;
    struct passwd *found = NULL;
    if (strspn(name, "0123456789") == strlen(name)) {
        (void)snprintf(to, room, "%s", name);
        return true;
    }
    if (getpwnam_r(name, &entry, buffer, sizeof buffer, &found) != 0 || found == NULL)
        return hfi_complaints_add(self->source->complaints, read_line(self),
                                  "this computer has no user '%s'", name);
    (void)snprintf(to, room, "%u", (unsigned)found->pw_uid);
    return true;
}

static void
read_text(hf_writer_t *w, const char *text)
{
    hf_write_str(w, text, strlen(text));
}

/* How many of the children become keys: those that are not more of the same. */
static uint32_t
read_count(zconfig_t *first)
{
    uint32_t n = 0;
    for (zconfig_t *it = first; it != NULL; it = zconfig_next(it))
        n += !hfi_source_is_second(first, it);
    return n;
}

static void read_children(read_walk_t *self, zconfig_t *section);

/* All texts of the key that is first given here; the walk stays at this item. */
static void
read_leaf(read_walk_t *self, zconfig_t *item)
{
    const char *name = zconfig_name(item);
    uint32_t n = 0;
    for (zconfig_t *it = item; it != NULL; it = zconfig_next(it))
        n += strcmp(zconfig_name(it), name) == 0;
    if (n == 1 || !read_may_repeat(name)) {
        read_text(self->w, hfi_source_value(item));
        return;
    }
    hf_write_list(self->w, n);
    for (zconfig_t *it = item; it != NULL; it = zconfig_next(it)) {
        if (strcmp(zconfig_name(it), name) == 0)
            read_text(self->w, hfi_source_value(it));
    }
}

/* The place of a text among those of one key, where there are several: "…/expose[1]". */
static void
read_note_text(read_walk_t *self, zconfig_t *first, zconfig_t *item)
{
    char key[HFI_PATH_ROOM];
    unsigned before = 0;
    for (zconfig_t *it = first; it != item; it = zconfig_next(it))
        before += strcmp(zconfig_name(it), zconfig_name(item)) == 0;
    (void)snprintf(key, sizeof key, "%s[%u]", zconfig_name(item), before);
    size_t mark = hfi_reading_enter(&self->path, hfi_span_of(key));
    read_note_place(self);
    hfi_reading_leave(&self->path, mark);
}

/* One key that stands here for the first time. */
static void
read_key(read_walk_t *self, const char *parent, zconfig_t *item)
{
    char uid[32] = "0";
    const char *name = zconfig_name(item);
    const char *key = name;
    if (self->is_users) {
        (void)read_uid(self, name, uid, sizeof uid);
        key = uid;
    }
    read_text(self->w, key);
    size_t mark = hfi_reading_enter(&self->path, hfi_span_of(key));
    read_note_place(self);
    bool has_text = *hfi_source_value(item) != '\0';
    bool is_section = zconfig_child(item) != NULL || (!has_text && read_has_keys(parent, name));
    if (is_section && has_text)
        (void)hfi_complaints_add(self->source->complaints, read_line(self),
                                 "%s is a section: what is in it stands below, four spaces in",
                                 name);
    if (is_section)
        read_children(self, item);
    else
        read_leaf(self, item);
    hfi_reading_leave(&self->path, mark);
}

/* Writes the map of what stands below; no deeper than READ_DEPTH. */
static void
read_children(read_walk_t *self, zconfig_t *section)
{
    zconfig_t *first = zconfig_child(section);
    if (self->depth == READ_DEPTH) {
        (void)hfi_complaints_add(self->source->complaints, read_line(self),
                                 "it is too deep inside");
        hf_write_nil(self->w);
        return;
    }
    self->depth++;
    hf_write_map(self->w, read_count(first));
    for (zconfig_t *item = first; item != NULL; item = zconfig_next(item)) {
        unsigned below = ++self->item + hfi_source_count_below(item);
        bool is_second = hfi_source_is_second(first, item);
        if (read_may_repeat(zconfig_name(item)))
            read_note_text(self, first, item);
        else if (is_second)
            (void)hfi_complaints_add(self->source->complaints, read_line(self),
                                     "%s/%s is given twice", self->path.path, zconfig_name(item));
        if (!is_second)
            read_key(self, zconfig_name(section), item);
        self->item = below;
    }
    self->depth--;
}

bool
hfi_deployment_is_section(const char *name)
{
    static const char *const kept[] = {"types", "roles", "users", "others", NULL};
    return read_is_one_of(name, kept);
}

void
hfi_deployment_read(hfi_deployment_t *self, const hfi_source_t *source, zconfig_t *section,
                    unsigned item)
{
    hfi_bytes_writer_t out;
    const char *name = zconfig_name(section);
    read_walk_t walk = {.deployment = self,
                        .source = source,
                        .w = &out.w,
                        .item = item,
                        .is_users = strcmp(name, "users") == 0};
    hfi_bytes_writer_open(&out, &self->sections);
    (void)hfi_reading_enter(&walk.path, hfi_span_of(name));
    read_note_place(&walk);
    read_text(walk.w, name);
    read_children(&walk, section);
    if (hfi_bytes_writer_close(&out))
        self->n_sections++;
    else
        (void)hfi_complaints_add(source->complaints, hfi_source_line(source, item), "no memory");
}
