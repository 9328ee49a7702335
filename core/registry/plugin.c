/* SPDX-License-Identifier: MPL-2.0 */
/* plugin -- see plugin.h
 *
 * A descriptor's first four members protect the rest: nothing behind them is read before they agree. A plugin's types
 * are made first and put into the table only when all of them, and the plugin itself, passed: all or nothing.
 */
#include "plugin.h"

#include <stdarg.h>
#include <stddef.h>

#include <base/check.h>

#include "text.h"

enum {
    PLUGINS_MAGIC = 0x9109145,
    DESCRIPTOR_SIZE_LEAST = offsetof(hf_plugin_t, open),
    DESCRIPTOR_SIZE_MOST = 4096,
};

static const char own_name[] = "holdfast";

/* Typeids that are the manager's: what a handle names must not be what a plugin says it is. */
static const char *const reserved[] = {"manager", "foreign"};

struct hfi_plugins {
    uint32_t magic;
    hfi_type_t **types; /* by number */
    uint32_t n_types;
    hf_plugin_t **plugins; /* copies, in the order they came */
    uint32_t n_plugins;
};

static bool plugin_refuse(char *why, size_t why_room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool
plugin_refuse(char *why, size_t why_room, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (why_room > 0)
        (void)vsnprintf(why, why_room, format, args);
    va_end(args);
    return false;
}

/* ---- the table -------------------------------------------------------------------------- */

hfi_plugins_t *
hfi_plugins_new(void)
{
    hfi_plugins_t *self = calloc(1, sizeof *self);
    if (self != NULL)
        self->magic = PLUGINS_MAGIC;
    return self;
}

void
hfi_plugins_destroy(hfi_plugins_t **self_p)
{
    hfi_plugins_t *self = *self_p;
    *self_p = NULL;
    if (self == NULL)
        return;
    HF_CHECK(self, PLUGINS_MAGIC);
    for (uint32_t k = 0; k < self->n_types; k++)
        hfi_type_destroy(&self->types[k]);
    for (uint32_t k = 0; k < self->n_plugins; k++)
        free(self->plugins[k]);
    free(self->types);
    free(self->plugins);
    HF_BURY(self);
    free(self);
}

/* Room for so many more types and plugins, so that taking them in cannot fail half way. */
static bool
reserve(hfi_plugins_t *self, uint32_t types, uint32_t plugins)
{
    hfi_type_t **more_types =
        realloc(self->types, (self->n_types + (size_t)types) * sizeof(hfi_type_t *));
    if (more_types == NULL)
        return false;
    self->types = more_types;
    if (plugins == 0)
        return true;
    hf_plugin_t **more_plugins =
        realloc(self->plugins, (self->n_plugins + (size_t)plugins) * sizeof(hf_plugin_t *));
    if (more_plugins == NULL)
        return false;
    self->plugins = more_plugins;
    return true;
}

/* ---- taking a plugin in ----------------------------------------------------------------- */

static bool
check_version(const hf_plugin_t *from, char *why, size_t why_room)
{
    if (from == NULL)
        return plugin_refuse(why, why_room, "there is no descriptor");
    if (from->magic != HF_ABI_MAGIC)
        return plugin_refuse(why, why_room,
                             "its magic is 0x%08x, a plugin's is 0x%08x: it is no plugin",
                             (unsigned)from->magic, (unsigned)HF_ABI_MAGIC);
    if (from->major != HF_ABI_MAJOR)
        return plugin_refuse(
            why, why_room,
            "it is made for ABI %u.%u, this manager has %u.%u: another major version",
            (unsigned)from->major, (unsigned)from->minor, HF_ABI_MAJOR, HF_ABI_MINOR);
    if (from->minor > HF_ABI_MINOR)
        return plugin_refuse(why, why_room, "it is made for ABI %u.%u, this manager has only %u.%u",
                             (unsigned)from->major, (unsigned)from->minor, HF_ABI_MAJOR,
                             HF_ABI_MINOR);
    if (from->size < DESCRIPTOR_SIZE_LEAST || from->size > DESCRIPTOR_SIZE_MOST ||
        from->size % 8 != 0)
        return plugin_refuse(
            why, why_room,
            "its descriptor's size is %u, this manager's is %u, at least %u is needed",
            (unsigned)from->size, (unsigned)sizeof *from, (unsigned)DESCRIPTOR_SIZE_LEAST);
    return true;
}

/* A newer version may come beside those that are here. */
static bool
check_newer(const hfi_plugins_t *self, const hf_plugin_t *copy, char *why, size_t why_room)
{
    for (uint32_t k = 0; k < self->n_plugins; k++) {
        if (strcmp(self->plugins[k]->name, copy->name) != 0)
            continue;
        int order = hfi_text_compare_versions(copy->version, self->plugins[k]->version);
        if (order <= 0)
            return plugin_refuse(
                why, why_room, "plugin %s: version %s of it is here already, this is %s: %s",
                copy->name, self->plugins[k]->version, copy->version,
                order < 0 ? "an older one" : "what is changed needs a higher version");
    }
    return true;
}

static bool
check_names(const hfi_plugins_t *self, const hf_plugin_t *copy, char *why, size_t why_room)
{
    if (!hfi_text_is_label(copy->name))
        return plugin_refuse(why, why_room,
                             "its name is not a word of at most %d letters, digits and _.-+",
                             HFI_MAX_NAME_BYTES);
    if (!hfi_text_is_label(copy->version))
        return plugin_refuse(
            why, why_room,
            "plugin %s: its version is not a word of at most %d letters, digits and _.-+",
            copy->name, HFI_MAX_NAME_BYTES);
    if (strcmp(copy->name, own_name) == 0)
        return plugin_refuse(why, why_room, "plugin %s: that name is the manager's own",
                             copy->name);
    return check_newer(self, copy, why, why_room);
}

/* How many types it has; false: none, or the list has no end. */
static bool
count_types(const hf_plugin_t *copy, uint32_t *ret_n, char *why, size_t why_room)
{
    uint32_t n = 0;
    while (copy->types != NULL && n <= HFI_MAX_PLUGIN_TYPES && copy->types[n] != NULL)
        n++;
    if (n == 0)
        return plugin_refuse(why, why_room, "plugin %s: it has no types", copy->name);
    if (n > HFI_MAX_PLUGIN_TYPES)
        return plugin_refuse(
            why, why_room, "plugin %s: it has more than %d types, or their list no NULL at its end",
            copy->name, HFI_MAX_PLUGIN_TYPES);
    *ret_n = n;
    return true;
}

static bool
check_typeid(const hfi_plugins_t *self, const hfi_type_t *type, char *why, size_t why_room)
{
    const char *name = type->row->name;
    const hfi_type_t *taken = hfi_plugins_find_type(self, name, strlen(name));
    bool is_older = taken != NULL && taken->plugin_number < self->n_plugins &&
                    strcmp(taken->plugin, type->plugin) == 0;
    if (taken != NULL && !is_older)
        return plugin_refuse(why, why_room, "plugin %s: typeid %s is taken by plugin %s",
                             type->plugin, name, taken->plugin);
    for (size_t k = 0; k < sizeof reserved / sizeof reserved[0]; k++) {
        if (strcmp(reserved[k], name) == 0 && strcmp(type->plugin, own_name) != 0)
            return plugin_refuse(why, why_room, "plugin %s: typeid %s is the manager's own",
                                 type->plugin, name);
    }
    return true;
}

/* One more type at the end of the table, for which there is room. */
static bool
add_type(hfi_plugins_t *self, const hf_type_t *row, const char *plugin, char *why, size_t why_room)
{
    char said[512];
    hfi_type_t *type = hfi_type_new(row, plugin, self->n_types, said, sizeof said);
    if (type == NULL)
        return plugin_refuse(why, why_room, "plugin %s: %s", plugin, said);
    if (!check_typeid(self, type, why, why_room)) {
        hfi_type_destroy(&type);
        return false;
    }
    type->plugin_number = strcmp(plugin, own_name) == 0 ? UINT32_MAX : self->n_plugins;
    self->types[self->n_types++] = type;
    return true;
}

/* A type by the typeid in a row: of a plugin being added or, before that, of those that are here. */
static hfi_type_t *
find_named(const hfi_plugins_t *self, const char *name)
{
    for (uint32_t k = self->n_types; k-- > 0;) {
        hfi_type_t *type = self->types[k];
        if (type->base == NULL && !type->is_retired && strcmp(type->row->name, name) == 0)
            return type;
    }
    return NULL;
}

/* Why a row cannot name that type in `returns`; NULL: it can. */
static const char *
object_to_returns(const hfi_type_t *type, const hfi_method_t *method, const hfi_type_t *returns)
{
    if (returns == NULL)
        return "neither this plugin nor one loaded before it brings that typeid";
    if (returns->is_internal && strcmp(returns->plugin, type->plugin) != 0)
        return "that type is made by its own plugin alone";
    return hfi_type_objection(type, method, returns);
}

/* Finds what the rows of the types from `first` on name in `returns`. */
static bool
link_returns(const hfi_plugins_t *self, uint32_t first, char *why, size_t why_room)
{
    for (uint32_t i = first; i < self->n_types; i++) {
        const hfi_type_t *type = self->types[i];
        for (uint32_t k = 0; k < type->n_methods; k++) {
            hfi_method_t *method = &type->methods[k];
            if (method->row->returns == NULL)
                continue;
            hfi_type_t *returns = find_named(self, method->row->returns);
            const char *objection = object_to_returns(type, method, returns);
            if (objection != NULL)
                return plugin_refuse(
                    why, why_room, "plugin %s: type %s, method %s: returns '%s': %s", type->plugin,
                    type->row->name, method->row->name, method->row->returns, objection);
            method->returns = returns;
        }
    }
    return true;
}

static void
drop_types(hfi_plugins_t *self, uint32_t before)
{
    while (self->n_types > before)
        hfi_type_destroy(&self->types[--self->n_types]);
}

static bool
add_types(hfi_plugins_t *self, const hf_plugin_t *copy, char *why, size_t why_room)
{
    uint32_t n = 0;
    if (!count_types(copy, &n, why, why_room))
        return false;
    if (!reserve(self, n, 1))
        return plugin_refuse(why, why_room, "plugin %s: no memory", copy->name);
    uint32_t before = self->n_types;
    bool is_fine = true;
    for (uint32_t k = 0; k < n && is_fine; k++)
        is_fine = add_type(self, copy->types[k], copy->name, why, why_room);
    is_fine = is_fine && link_returns(self, before, why, why_room);
    if (!is_fine)
        drop_types(self, before);
    return is_fine;
}

/* Rows of other plugins that name the older type in `returns` mean the newer one, unless it cannot be made of what they
 * answer any more. */
static void
relink_returns(const hfi_plugins_t *self, const hfi_type_t *older, hfi_type_t *newer)
{
    for (uint32_t i = 0; i < self->n_types; i++) {
        const hfi_type_t *type = self->types[i];
        for (uint32_t k = 0; k < type->n_methods && strcmp(type->plugin, newer->plugin) != 0; k++) {
            hfi_method_t *method = &type->methods[k];
            if (method->returns == older && object_to_returns(type, method, newer) == NULL)
                method->returns = newer;
        }
    }
}

/* The typeids of the plugin that is about to be counted are its own now; what older versions made lives on. */
static void
retire_older(hfi_plugins_t *self, const char *plugin)
{
    for (uint32_t k = 0; k < self->n_types; k++) {
        hfi_type_t *older = self->types[k];
        for (uint32_t i = k + 1; i < self->n_types && strcmp(older->plugin, plugin) == 0; i++) {
            hfi_type_t *newer = self->types[i];
            if (newer->plugin_number != self->n_plugins ||
                older->plugin_number >= self->n_plugins ||
                strcmp(older->row->name, newer->row->name) != 0)
                continue;
            older->is_retired = true;
            if (newer->version == newer)
                hfi_type_join(newer, older);
            relink_returns(self, older, newer);
        }
    }
}

/* Adds all its types and gives a copy of the descriptor; NULL: refused, nothing was added. */
static hf_plugin_t *
take_in(hfi_plugins_t *self, const hf_plugin_t *descriptor, char *why, size_t why_room)
{
    if (!check_version(descriptor, why, why_room))
        return NULL;
    hf_plugin_t *copy = calloc(1, sizeof *copy);
    if (copy == NULL) {
        (void)plugin_refuse(why, why_room, "no memory");
        return NULL;
    }
    memcpy(copy, descriptor, descriptor->size < sizeof *copy ? descriptor->size : sizeof *copy);
    if (!check_names(self, copy, why, why_room) || !add_types(self, copy, why, why_room)) {
        free(copy);
        return NULL;
    }
    return copy;
}

bool
hfi_plugins_check(hfi_plugins_t *self, const hf_plugin_t *descriptor, char *why, size_t why_room)
{
    HF_CHECK(self, PLUGINS_MAGIC);
    uint32_t before = self->n_types;
    hf_plugin_t *copy = take_in(self, descriptor, why, why_room);
    drop_types(self, before);
    bool is_fine = copy != NULL;
    free(copy);
    return is_fine;
}

bool
hfi_plugins_add(hfi_plugins_t *self, const hf_plugin_t *descriptor, char *why, size_t why_room)
{
    /* WALK plugin 4/8: versions first, then names, then every type: all or nothing */
    HF_CHECK(self, PLUGINS_MAGIC);
    hf_plugin_t *copy = take_in(self, descriptor, why, why_room);
    if (copy == NULL)
        return false;
    retire_older(self, copy->name);
    self->plugins[self->n_plugins++] = copy;
    return true;
}

hfi_type_t *
hfi_plugins_add_own(hfi_plugins_t *self, const hf_type_t *row, char *why, size_t why_room)
{
    HF_CHECK(self, PLUGINS_MAGIC);
    if (!reserve(self, 1, 0)) {
        (void)plugin_refuse(why, why_room, "no memory");
        return NULL;
    }
    uint32_t before = self->n_types;
    if (!add_type(self, row, own_name, why, why_room))
        return NULL;
    if (link_returns(self, before, why, why_room))
        return self->types[before];
    drop_types(self, before);
    return NULL;
}

void
hfi_plugins_adopt(hfi_plugins_t *self, hfi_type_t **alias_p)
{
    HF_CHECK(self, PLUGINS_MAGIC);
    HF_ASSERT((*alias_p)->base != NULL && (*alias_p)->number == self->n_types);
    if (!reserve(self, 1, 0))
        HF_BUG("no memory for a type");
    for (uint32_t k = 0; k < self->n_types; k++) {
        hfi_type_t *type = self->types[k];
        if (type->base != NULL && strcmp(type->row->name, (*alias_p)->row->name) == 0) {
            hfi_type_join(*alias_p, type);
            break;
        }
    }
    self->types[self->n_types++] = *alias_p;
    *alias_p = NULL;
}

uint32_t
hfi_plugins_n_types(const hfi_plugins_t *self)
{
    HF_CHECK(self, PLUGINS_MAGIC);
    return self->n_types;
}

/* ---- looking up ------------------------------------------------------------------------- */

hfi_type_t *
hfi_plugins_find_type(const hfi_plugins_t *self, const char *name, size_t len)
{
    HF_CHECK(self, PLUGINS_MAGIC);
    for (uint32_t k = 0; k < self->n_types; k++) {
        const char *mine = self->types[k]->row->name;
        if (strlen(mine) == len && memcmp(mine, name, len) == 0 && !self->types[k]->is_retired)
            return self->types[k];
    }
    return NULL;
}

hfi_type_t *
hfi_plugins_find_row(const hfi_plugins_t *self, const hf_type_t *row)
{
    HF_CHECK(self, PLUGINS_MAGIC);
    for (uint32_t k = 0; k < self->n_types; k++) {
        if (self->types[k]->declared == row && self->types[k]->base == NULL)
            return self->types[k];
    }
    return NULL;
}

hfi_type_t *
hfi_plugins_type(const hfi_plugins_t *self, uint32_t number)
{
    HF_CHECK(self, PLUGINS_MAGIC);
    return number < self->n_types ? self->types[number] : NULL;
}

bool
hfi_plugins_at(const hfi_plugins_t *self, uint32_t k, const char **ret_name,
               const char **ret_version)
{
    const hf_plugin_t *plugin = hfi_plugins_descriptor(self, k);
    if (plugin == NULL)
        return false;
    *ret_name = plugin->name;
    *ret_version = plugin->version;
    return true;
}

const hf_plugin_t *
hfi_plugins_descriptor(const hfi_plugins_t *self, uint32_t k)
{
    HF_CHECK(self, PLUGINS_MAGIC);
    return k < self->n_plugins ? self->plugins[k] : NULL;
}

static void
plugin_check_text(const char **text)
{
    if (*text != NULL &&
        (memchr(*text, '\0', HFI_MAX_DOC_BYTES + 1) == NULL || !hfi_text_is_utf8(*text)))
        *text = NULL;
}

hf_about_t
hfi_plugins_about(const hfi_plugins_t *self, uint32_t k)
{
    hf_about_t about = {0};
    const hf_plugin_t *plugin = hfi_plugins_descriptor(self, k);
    const hf_about_t *said = plugin == NULL || plugin->get_extension == NULL
                                 ? NULL
                                 : plugin->get_extension(HF_EXTENSION_ABOUT);
    if (said == NULL || said->size < 2 * sizeof(uint32_t))
        return about;
    memcpy(&about, said, said->size < sizeof about ? said->size : sizeof about);
    plugin_check_text(&about.summary);
    plugin_check_text(&about.author);
    plugin_check_text(&about.licence);
    plugin_check_text(&about.home);
    return about;
}
