/* SPDX-License-Identifier: MPL-2.0 */
/* exposure -- see exposure.h
 *
 * Two passes: the first finds each typeid's type, or makes it where it has an `is`, so that the second may name any of
 * them in `returns`. Rows are named as their plugin names them; only what a caller sees, roles and patterns have the
 * new names.
 */
#include "exposure.h"

#include <stdlib.h>
#include <string.h>

#include <base/check.h>
#include <value/value.h>
#include <value/writer.h>

#include "literal.h"
#include "text.h"

/* ---- names ------------------------------------------------------------------------------ */

const char *
hfi_pool_keep(hfi_pool_t *self, hfi_span_t name)
{
    for (size_t k = 0; k < self->n; k++) {
        if (hfi_reading_is(name, self->at[k]))
            return self->at[k];
    }
    self->at = hfi_reading_need(self->at, self->n + 1, sizeof *self->at);
    self->at[self->n] = hfi_reading_copy(name);
    return self->at[self->n++];
}

void
hfi_pool_close(hfi_pool_t *self)
{
    for (size_t k = 0; k < self->n; k++)
        free(self->at[k]);
    free(self->at);
    *self = (hfi_pool_t){0};
}

/* ---- finding ---------------------------------------------------------------------------- */

/* What one pass over the types needs. */
typedef struct exposing {
    hfi_exposures_t *all;
    hfi_reading_t *reading;
    hfi_plugins_t *plugins;
    hfi_pool_t *pool;
    uint32_t n_fresh;
} exposing_t;

const hfi_exposure_t *
hfi_exposures_find(const hfi_exposures_t *self, hfi_span_t name)
{
    for (uint32_t k = 0; k < self->n; k++) {
        if (hfi_reading_is(name, self->at[k].name))
            return &self->at[k];
    }
    return NULL;
}

/* A plugin's own type of that name. */
static hfi_type_t *
exposing_find_plain(const hfi_plugins_t *plugins, hfi_span_t name)
{
    hfi_type_t *type = hfi_plugins_find_type(plugins, (const char *)name.at, name.len);
    return type != NULL && type->base == NULL ? type : NULL;
}

/* What will be served under that name. */
static hfi_type_t *
exposing_find(const exposing_t *self, hfi_span_t name)
{
    const hfi_exposure_t *exposure = hfi_exposures_find(self->all, name);
    return exposure != NULL ? exposure->type : exposing_find_plain(self->plugins, name);
}

hfi_type_t *
hfi_exposures_type(const hfi_exposures_t *self, const hfi_plugins_t *plugins, uint32_t k)
{
    for (uint32_t i = 0; hfi_plugins_type(plugins, i) != NULL; i++) {
        hfi_type_t *type = hfi_plugins_type(plugins, i);
        if (type->base == NULL &&
            exposing_find_plain(plugins, hfi_span_of(type->row->name)) == type && k-- == 0)
            return type;
    }
    for (uint32_t i = 0; i < self->n; i++) {
        hfi_type_t *type = self->at[i].type;
        if (type != NULL && type->base != NULL && k-- == 0)
            return type;
    }
    return NULL;
}

/* ---- first pass: typeids ------------------------------------------------------------------ */

/* The one that served so before, retired or not, or a new one. NULL: complained. */
static hfi_type_t *
exposing_require_alias(exposing_t *self, hfi_exposure_t *exposure, hfi_span_t name,
                       const hfi_type_t *base)
{
    char why[HFI_COMPLAINT_ROOM];
    for (uint32_t i = 0; hfi_plugins_type(self->plugins, i) != NULL; i++) {
        hfi_type_t *type = hfi_plugins_type(self->plugins, i);
        if (type->base == base && hfi_reading_is(name, type->row->name))
            return type;
    }
    uint32_t number = hfi_plugins_n_types(self->plugins) + self->n_fresh;
    exposure->fresh = hfi_type_new_alias(base, name, number, why, sizeof why);
    if (exposure->fresh == NULL)
        (void)hfi_reading_complain(self->reading, "%s", why);
    else
        self->n_fresh++;
    return exposure->fresh;
}

/* A further typeid: `is` names the type whose implementation it has. */
static hfi_type_t *
exposing_alias(exposing_t *self, hfi_exposure_t *exposure, hfi_span_t name, const hf_value_t *is)
{
    hfi_span_t of;
    hfi_type_t *type = NULL;
    size_t mark = hfi_reading_enter(self->reading, hfi_span_of("is"));
    if (!hfi_text_is_name(exposure->name))
        (void)hfi_reading_complain(self->reading,
                                   "a typeid is a word of at most %d letters, digits and _",
                                   HFI_MAX_NAME_BYTES);
    else if (exposing_find_plain(self->plugins, name) != NULL || hfi_reading_is(name, "manager") ||
             hfi_reading_is(name, "foreign"))
        (void)hfi_reading_complain(self->reading, "%s is a type of its own already",
                                   exposure->name);
    else if (hfi_reading_text(self->reading, is, &of)) {
        const hfi_type_t *base = exposing_find_plain(self->plugins, of);
        if (base == NULL)
            (void)hfi_reading_complain(self->reading, "no plugin brings a type '%.*s'",
                                       HFI_SHOWN(of));
        else if (base->is_internal)
            (void)hfi_reading_complain(self->reading, "%s is not made by clients", base->row->name);
        else
            type = exposing_require_alias(self, exposure, name, base);
    }
    hfi_reading_leave(self->reading, mark);
    return type;
}

static bool
exposing_find_is(const hf_value_t *section, hf_value_t *ret_is)
{
    hf_cursor_t items;
    hf_value_t key;
    size_t len;
    if (hf_kind(section) != HF_MAP)
        return false;
    hf_open(&items, section);
    while (hf_next(&items, &key) && hf_next(&items, ret_is)) {
        const char *text = hf_as_str(&key, &len);
        if (text != NULL && len == 2 && memcmp(text, "is", 2) == 0)
            return true;
    }
    return false;
}

static void
exposing_name(exposing_t *self, const hfi_section_t *section)
{
    hf_value_t is;
    hfi_exposures_t *all = self->all;
    all->at = hfi_reading_need(all->at, all->n + 1, sizeof *all->at);
    hfi_exposure_t *exposure = &all->at[all->n++];
    *exposure = (hfi_exposure_t){.name = hfi_reading_copy(section->key),
                                 .instances = UINT64_MAX,
                                 .memory_bytes = UINT64_MAX};
    if (exposing_find_is(&section->value, &is))
        exposure->type = exposing_alias(self, exposure, section->key, &is);
    else {
        exposure->type = exposing_find_plain(self->plugins, section->key);
        if (exposure->type == NULL)
            (void)hfi_reading_complain(
                self->reading,
                "unknown typeid '%.*s' (a further one says what it is: is = \"list\")",
                HFI_SHOWN(section->key));
    }
    const hfi_type_t *type = exposure->type;
    if (type == NULL)
        return;
    exposure->rows = hfi_reading_need(NULL, type->n_methods, sizeof *exposure->rows);
    for (uint32_t k = 0; k < type->n_methods; k++)
        exposure->rows[k] = (hfi_exposed_t){.is_exposed = true, .name = type->methods[k].row->name};
}

/* ---- second pass: methods ----------------------------------------------------------------- */

/* NULL: complained. */
static hfi_exposed_t *
exposing_row(const exposing_t *self, const hfi_exposure_t *exposure, hfi_span_t name)
{
    const hfi_method_t *method =
        hfi_type_find_method(exposure->type, (const char *)name.at, name.len);
    if (method != NULL)
        return &exposure->rows[method->number];
    (void)hfi_reading_complain(self->reading, "%s has no method '%.*s'", exposure->name,
                               HFI_SHOWN(name));
    return NULL;
}

static void
exposing_expose(const exposing_t *self, hfi_exposure_t *exposure, const hf_value_t *value)
{
    hfi_words_t words;
    exposure->has_expose = true;
    for (uint32_t k = 0; k < exposure->type->n_methods; k++)
        exposure->rows[k].is_exposed = false;
    hfi_words_open(&words, self->reading, value);
    while (hfi_words_next(&words)) {
        hfi_exposed_t *row = exposing_row(self, exposure, words.word);
        if (row != NULL)
            row->is_exposed = true;
    }
}

static void
exposing_hide(const exposing_t *self, hfi_exposure_t *exposure, const hf_value_t *value)
{
    hfi_words_t words;
    hfi_words_open(&words, self->reading, value);
    while (hfi_words_next(&words)) {
        bool is_create = hfi_reading_is(words.word, "create") && !exposure->type->is_internal;
        exposure->is_create_hidden = exposure->is_create_hidden || is_create;
        if (is_create && hfi_type_find_method(exposure->type, "create", 6) == NULL)
            continue;
        hfi_exposed_t *row = exposing_row(self, exposure, words.word);
        if (row != NULL)
            row->is_hidden = true;
    }
}

static void
exposing_rename(const exposing_t *self, const hfi_exposure_t *exposure, const hf_value_t *value)
{
    hfi_section_t section;
    hfi_section_open(&section, self->reading, value);
    while (hfi_section_next(&section)) {
        hfi_span_t to;
        hfi_exposed_t *row = exposing_row(self, exposure, section.key);
        if (row == NULL || !hfi_reading_text(self->reading, &section.value, &to))
            continue;
        const char *name = hfi_pool_keep(self->pool, to);
        if (!hfi_text_is_name(name))
            (void)hfi_reading_complain(self->reading,
                                       "a method's name is a word of at most %d letters, digits "
                                       "and _",
                                       HFI_MAX_NAME_BYTES);
        else if (strcmp(name, "create") == 0)
            (void)hfi_reading_complain(self->reading,
                                       "'create' stands for making a referent of the type");
        else
            row->name = name;
    }
}

static bool
exposed_is_seen(const hfi_exposed_t *self)
{
    return self->is_exposed && !self->is_hidden;
}

/* No two that can be called have one name; only a rename can have brought that about. */
static void
exposing_check_names(const exposing_t *self, const hfi_exposure_t *exposure)
{
    const hfi_type_t *type = exposure->type;
    for (uint32_t k = 0; k < type->n_methods; k++) {
        const hfi_exposed_t *row = &exposure->rows[k];
        for (uint32_t i = 0; i < type->n_methods && row->name != type->methods[k].row->name; i++) {
            if (i == k || !exposed_is_seen(row) || !exposed_is_seen(&exposure->rows[i]) ||
                strcmp(row->name, exposure->rows[i].name) != 0)
                continue;
            size_t mark = hfi_reading_enter(self->reading, hfi_span_of("rename"));
            (void)hfi_reading_enter(self->reading, hfi_span_of(type->methods[k].row->name));
            (void)hfi_reading_complain(self->reading, "%s has two methods '%s' then",
                                       exposure->name, row->name);
            hfi_reading_leave(self->reading, mark);
            break;
        }
    }
}

/* ---- second pass: constructors ------------------------------------------------------------ */

/* Why what the method answers cannot be given to that type's constructor; NULL: it can. */
static const char *
exposing_objection(const hfi_type_t *type, const hfi_method_t *method, const hfi_type_t *returns)
{
    if (returns->is_internal)
        return "that type is not made by clients";
    if (type->is_internal && strcmp(type->row->name, "manager") == 0)
        return "the manager's own methods answer what they answer";
    return hfi_type_objection(type, method, returns);
}

static void
exposing_returns(const exposing_t *self, const hfi_exposure_t *exposure, const hf_value_t *value)
{
    hfi_section_t section;
    hfi_section_open(&section, self->reading, value);
    while (hfi_section_next(&section)) {
        hfi_span_t name;
        hfi_exposed_t *row = exposing_row(self, exposure, section.key);
        if (row == NULL || !hfi_reading_text(self->reading, &section.value, &name))
            continue;
        if (name.len == 0) {
            row->has_returns = true;
            continue;
        }
        hfi_type_t *returns = exposing_find(self, name);
        if (returns == NULL) {
            (void)hfi_reading_complain(self->reading, "unknown typeid '%.*s'", HFI_SHOWN(name));
            continue;
        }
        const hfi_method_t *method = &exposure->type->methods[row - exposure->rows];
        const char *why = exposing_objection(exposure->type, method, returns);
        if (why != NULL)
            (void)hfi_reading_complain(self->reading, "%s", why);
        row->has_returns = true;
        row->returns = why == NULL ? returns : NULL;
    }
}

static const hfi_parameter_t *
exposing_parameter(const hfi_signature_t *signature, hfi_span_t name)
{
    for (uint32_t k = 0; k < signature->n; k++) {
        const hfi_parameter_t *parameter = &signature->parameters[k];
        bool is_named = parameter->kind == HFI_PLAIN || parameter->kind == HFI_KEYWORD_ONLY;
        if (is_named && hfi_span_equal(parameter->name, name))
            return parameter;
    }
    return NULL;
}

/* What a text of the configuration stands for: nil, true, 5, 'x', [], as in a signature; else the text itself. */
static bool
exposing_literal(hfi_span_t text, hf_value_t *ret_value)
{
    char why[HFI_COMPLAINT_ROOM];
    hfi_builder_t built;
    char *copy = hfi_reading_copy(text);
    hfi_parser_t parser = {.text = copy, .why = why, .why_room = sizeof why};
    hfi_builder_open(&built, 0);
    bool is_literal = hfi_literal_parse(&parser, &built.w);
    hfi_parser_skip(&parser);
    is_literal = is_literal && copy[parser.at] == '\0' && hfi_builder_take(&built, ret_value);
    hfi_builder_close(&built);
    free(copy);
    return is_literal;
}

static hf_value_t
exposing_text_value(hfi_span_t text)
{
    hf_value_t value = {.raw = {0}};
    hfi_builder_t built;
    hfi_builder_open(&built, 0);
    hf_write_str(&built.w, (const char *)text.at, text.len);
    if (!hfi_builder_take(&built, &value))
        HF_BUG("no memory for a policy");
    return value;
}

static bool
exposing_fits(const hfi_signature_t *signature, const hfi_parameter_t *parameter,
              const hf_value_t *value)
{
    return parameter == NULL || hfi_shape_fits(&parameter->shape, &signature->typeids, value,
                                               (hfi_span_t){(const uint8_t *)"", 0});
}

/* Writes the value of one default, or nil where it is complained of. */
static void
exposing_default(const exposing_t *self, const hfi_signature_t *signature,
                 const hfi_section_t *section, hf_writer_t *to)
{
    hfi_span_t text = {NULL, 0};
    hf_value_t value;
    char wanted[128];
    const hfi_parameter_t *parameter = exposing_parameter(signature, section->key);
    bool is_sound = parameter != NULL || signature->has_named;
    if (!is_sound)
        (void)hfi_reading_complain(self->reading, "the constructor has no parameter '%.*s'",
                                   HFI_SHOWN(section->key));
    is_sound = is_sound && hfi_reading_text(self->reading, &section->value, &text);
    if (!is_sound) {
        hf_write_nil(to);
        return;
    }
    bool is_literal = exposing_literal(text, &value);
    if (!is_literal || !exposing_fits(signature, parameter, &value)) {
        if (is_literal)
            hfi_value_drop(&value);
        value = exposing_text_value(text);
    }
    if (!exposing_fits(signature, parameter, &value)) {
        hfi_shape_name(&parameter->shape, &signature->typeids, wanted, sizeof wanted);
        (void)hfi_reading_complain(self->reading, "'%.*s' must be %s, not '%.*s'",
                                   HFI_SHOWN(section->key), wanted, HFI_SHOWN(text));
    }
    hf_write_value(to, &value);
    hfi_value_drop(&value);
}

static void
exposing_defaults(const exposing_t *self, hfi_exposure_t *exposure, const hf_value_t *value)
{
    hfi_section_t section;
    hfi_builder_t built;
    hfi_section_open(&section, self->reading, value);
    if (!section.is_map)
        return;
    if (exposure->type->is_internal) {
        (void)hfi_reading_complain(self->reading, "%s is not made by clients", exposure->name);
        return;
    }
    hfi_builder_open(&built, 0);
    hf_write_map(&built.w, hf_count(value));
    while (hfi_section_next(&section)) {
        hf_write_str(&built.w, (const char *)section.key.at, section.key.len);
        exposing_default(self, exposure->type->signature, &section, &built.w);
    }
    hfi_value_drop(&exposure->defaults);
    if (self->reading->n_complaints == 0 && !hfi_builder_take(&built, &exposure->defaults))
        HF_BUG("no memory for a policy");
    hfi_builder_close(&built);
}

static void
exposing_limits(const exposing_t *self, hfi_exposure_t *exposure, const hf_value_t *value)
{
    hfi_section_t section;
    hfi_section_open(&section, self->reading, value);
    while (hfi_section_next(&section)) {
        if (hfi_section_is(&section, "instances"))
            (void)hfi_reading_number(self->reading, &section.value, &exposure->instances);
        else if (hfi_section_is(&section, "memory"))
            (void)hfi_reading_number(self->reading, &section.value, &exposure->memory_bytes);
        else
            (void)hfi_reading_complain(self->reading,
                                       "unknown limit '%.*s': there are instances and memory",
                                       HFI_SHOWN(section.key));
    }
}

/* ---- both passes -------------------------------------------------------------------------- */

static void
exposing_key(exposing_t *self, hfi_exposure_t *exposure, const hfi_section_t *section)
{
    const hf_value_t *value = &section->value;
    if (hfi_section_is(section, "is"))
        return; /* the first pass has seen it */
    if (hfi_section_is(section, "expose"))
        exposing_expose(self, exposure, value);
    else if (hfi_section_is(section, "hide"))
        exposing_hide(self, exposure, value);
    else if (hfi_section_is(section, "rename"))
        exposing_rename(self, exposure, value);
    else if (hfi_section_is(section, "returns"))
        exposing_returns(self, exposure, value);
    else if (hfi_section_is(section, "defaults"))
        exposing_defaults(self, exposure, value);
    else if (hfi_section_is(section, "limits"))
        exposing_limits(self, exposure, value);
    else
        (void)hfi_reading_complain(self->reading,
                                   "unknown key '%.*s': a type has is, expose, hide, rename, "
                                   "returns, defaults and limits",
                                   HFI_SHOWN(section->key));
}

void
hfi_exposures_read(hfi_exposures_t *self, hfi_reading_t *reading, hfi_plugins_t *plugins,
                   hfi_pool_t *pool, const hf_value_t *types)
{
    hfi_section_t section;
    exposing_t pass = {.all = self, .reading = reading, .plugins = plugins, .pool = pool};
    hfi_section_open(&section, reading, types);
    while (hfi_section_next(&section))
        exposing_name(&pass, &section);
    if (!section.is_map)
        return;
    uint32_t k = 0;
    hfi_section_open(&section, reading, types);
    while (hfi_section_next(&section)) {
        hfi_section_t keys;
        hfi_exposure_t *exposure = &self->at[k++];
        if (exposure->type == NULL)
            continue;
        hfi_section_open(&keys, reading, &section.value);
        while (hfi_section_next(&keys))
            exposing_key(&pass, exposure, &keys);
        exposing_check_names(&pass, exposure);
    }
}

void
hfi_exposures_close(hfi_exposures_t *self)
{
    for (uint32_t k = 0; k < self->n; k++) {
        hfi_exposure_t *exposure = &self->at[k];
        hfi_type_destroy(&exposure->fresh);
        hfi_value_drop(&exposure->defaults);
        free(exposure->rows);
        free(exposure->name);
    }
    free(self->at);
    *self = (hfi_exposures_t){0};
}

/* ---- what follows from it ------------------------------------------------------------------ */

/* What is said of a row, by its name where the type is another version than the one that was meant. NULL: nothing. */
static const hfi_exposed_t *
exposure_row(const hfi_exposure_t *self, const hfi_type_t *type, uint32_t k)
{
    if (self == NULL || self->type == type)
        return self == NULL ? NULL : &self->rows[k];
    const char *name = type->methods[k].row->name;
    const hfi_method_t *method = hfi_type_find_method(self->type, name, strlen(name));
    return method == NULL ? NULL : &self->rows[method->number];
}

void
hfi_exposure_show(const hfi_exposure_t *self, const hfi_type_t *type, hfi_view_entry_t *ret_entries)
{
    bool is_closed = self == NULL ? type->base != NULL : self->has_expose;
    for (uint32_t k = 0; k < type->n_methods; k++) {
        const hfi_method_t *method = &type->methods[k];
        const hfi_exposed_t *row = exposure_row(self, type, k);
        bool is_seen = row == NULL ? !is_closed : exposed_is_seen(row);
        bool has_returns = row != NULL && row->has_returns;
        ret_entries[k] = (hfi_view_entry_t){.method = method,
                                            .name = row == NULL ? method->row->name : row->name,
                                            .returns = has_returns ? row->returns : method->returns,
                                            .access = is_seen ? HFI_CALLABLE : HFI_HIDDEN};
    }
    for (uint32_t k = 0; k < type->n_methods; k++) { /* a hidden one gives way to a renamed one */
        for (uint32_t i = 0; i < type->n_methods && self != NULL; i++) {
            if (i != k && ret_entries[k].access == HFI_HIDDEN && ret_entries[k].name != NULL &&
                ret_entries[i].name != NULL && (i < k || ret_entries[i].access != HFI_HIDDEN) &&
                strcmp(ret_entries[k].name, ret_entries[i].name) == 0)
                ret_entries[k].name = NULL;
        }
    }
}

hfi_access_t
hfi_exposure_create(const hfi_exposure_t *self, const hfi_type_t *type)
{
    bool is_hidden = self == NULL ? type->base != NULL : self->is_create_hidden;
    return is_hidden || type->is_internal || type->is_retired ? HFI_HIDDEN : HFI_CALLABLE;
}

/* Whether the creator gave that argument. */
static bool
exposure_is_given(const hfi_type_t *type, hfi_span_t name, const hf_value_t *args,
                  const hf_value_t *kwargs)
{
    hf_cursor_t items;
    hf_value_t key;
    hf_value_t value;
    const hfi_signature_t *signature = type->signature;
    const hfi_parameter_t *parameter = exposing_parameter(signature, name);
    if (parameter != NULL && parameter->kind == HFI_PLAIN &&
        (size_t)(parameter - signature->parameters) < hf_count(args))
        return true;
    if (hf_kind(kwargs) != HF_MAP)
        return false;
    hf_open(&items, kwargs);
    while (hf_next(&items, &key) && hf_next(&items, &value)) {
        hfi_span_t given;
        given.at = (const uint8_t *)hf_as_str(&key, &given.len);
        if (given.at != NULL && hfi_span_equal(given, name))
            return true;
    }
    return false;
}

/* Writes the defaults that apply, where there is somewhere to write; how many they are. */
static uint32_t
exposure_write_defaults(const hfi_exposure_t *self, const hfi_type_t *type, const hf_value_t *args,
                        const hf_value_t *kwargs, hf_writer_t *to)
{
    hf_cursor_t items;
    hf_value_t key;
    hf_value_t value;
    uint32_t n = 0;
    hf_open(&items, &self->defaults);
    while (hf_next(&items, &key) && hf_next(&items, &value)) {
        hfi_span_t name;
        name.at = (const uint8_t *)hf_as_str(&key, &name.len);
        if (exposure_is_given(type, name, args, kwargs))
            continue;
        n++;
        if (to == NULL)
            continue;
        hf_write_value(to, &key);
        hf_write_value(to, &value);
    }
    return n;
}

void
hfi_exposure_fill_in(const hfi_exposure_t *self, const hfi_type_t *type, const hf_value_t *args,
                     const hf_value_t *kwargs, hf_writer_t *to)
{
    hf_cursor_t items;
    hf_value_t item;
    bool has_kwargs = hf_kind(kwargs) == HF_MAP;
    HF_ASSERT(hf_kind(&self->defaults) == HF_MAP);
    hf_write_map(to, exposure_write_defaults(self, type, args, kwargs, NULL) +
                         (has_kwargs ? hf_count(kwargs) : 0));
    if (has_kwargs) {
        hf_open(&items, kwargs);
        while (hf_next(&items, &item))
            hf_write_value(to, &item);
    }
    (void)exposure_write_defaults(self, type, args, kwargs, to);
}
