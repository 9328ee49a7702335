/* SPDX-License-Identifier: MPL-2.0 */
/* policy -- see policy.h
 *
 * Settings are read whole into rules, with every complaint told, before anything of them is in force; so a bad file
 * changes nothing. Putting rules in force cannot fail: further typeids join the table of types, those that are no
 * longer configured retire (what is left of them is not exposed), each type gets its limits, and all views go, to be
 * made anew by whoever asks first.
 */
#include "policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/check.h>
#include <value/value.h>

enum { POLICY_MAGIC = 0x0011c4e5 };

/* Settings that were read. */
typedef struct policy_rules {
    hfi_exposures_t exposures;
    hfi_rolebook_t rolebook;
} policy_rules_t;

struct hfi_policy {
    uint32_t magic;
    hfi_plugins_t *plugins;
    policy_rules_t rules;
    hf_value_t settings; /* that the rules were read from */
    hfi_pool_t names;
    hfi_roles_t **sets; /* those that were asked for */
    uint32_t n_sets;
};

/* ---- reading ---------------------------------------------------------------------------- */

static void
rules_close(policy_rules_t *self)
{
    hfi_exposures_close(&self->exposures);
    hfi_rolebook_close(&self->rolebook);
}

/* The section of that name; HF_NONE where there is none. */
static hf_value_t
rules_section(const hf_value_t *settings, const char *name)
{
    hf_cursor_t items;
    hf_value_t key;
    hf_value_t value;
    hf_open(&items, settings);
    while (hf_next(&items, &key) && hf_next(&items, &value)) {
        hfi_span_t text;
        text.at = (const uint8_t *)hf_as_str(&key, &text.len);
        if (text.at != NULL && hfi_reading_is(text, name))
            return value;
    }
    return (hf_value_t){.raw = {0}};
}

static void
rules_check_keys(hfi_reading_t *reading, const hf_value_t *settings)
{
    static const char *const known[] = {"types", "roles", "users", "others", "limits"};
    hfi_section_t section;
    hfi_section_open(&section, reading, settings);
    while (hfi_section_next(&section)) {
        size_t k = 0;
        while (k < sizeof known / sizeof known[0] && !hfi_section_is(&section, known[k]))
            k++;
        if (k == sizeof known / sizeof known[0])
            (void)hfi_reading_complain(reading, "unknown section '%.*s'", HFI_SHOWN(section.key));
    }
}

/* The sections in the order in which they lean on each other. False: something was complained of. */
static bool
rules_read(policy_rules_t *self, hfi_policy_t *policy, hfi_reading_t *reading, hfi_pool_t *names,
           const hf_value_t *settings)
{
    hf_kind_t kind = settings == NULL ? HF_NONE : hf_kind(settings);
    if (kind == HF_NONE || kind == HF_NIL)
        return true;
    rules_check_keys(reading, settings);
    if (kind != HF_MAP)
        return false;
    hf_value_t types = rules_section(settings, "types");
    hf_value_t roles = rules_section(settings, "roles");
    hf_value_t users = rules_section(settings, "users");
    hf_value_t others = rules_section(settings, "others");
    size_t mark = hfi_reading_enter(reading, hfi_span_of("types"));
    if (hf_kind(&types) != HF_NONE)
        hfi_exposures_read(&self->exposures, reading, policy->plugins, names, &types);
    hfi_reading_leave(reading, mark);
    mark = hfi_reading_enter(reading, hfi_span_of("roles"));
    if (hf_kind(&roles) != HF_NONE)
        hfi_rolebook_read_roles(&self->rolebook, reading, &self->exposures, policy->plugins,
                                &roles);
    hfi_reading_leave(reading, mark);
    mark = hfi_reading_enter(reading, hfi_span_of("users"));
    if (hf_kind(&users) != HF_NONE)
        hfi_rolebook_read_users(&self->rolebook, reading, &users);
    hfi_reading_leave(reading, mark);
    mark = hfi_reading_enter(reading, hfi_span_of("others"));
    if (hf_kind(&others) != HF_NONE)
        hfi_rolebook_read_others(&self->rolebook, reading, &others);
    hfi_reading_leave(reading, mark);
    return reading->n_complaints == 0;
}

/* ---- in force --------------------------------------------------------------------------- */

static void
roles_drop_views(hfi_roles_t *self)
{
    for (uint32_t k = 0; k < self->n_views; k++)
        hfi_view_destroy(&self->views[k]);
    free(self->views);
    self->views = NULL;
    self->n_views = 0;
}

static void
policy_drop_sets(hfi_policy_t *self)
{
    for (uint32_t k = 0; k < self->n_sets; k++) {
        roles_drop_views(self->sets[k]);
        free(self->sets[k]);
    }
    free(self->sets);
    self->sets = NULL;
    self->n_sets = 0;
}

/* Gives each type what is said of it, by its name. */
static void
policy_mark_types(hfi_policy_t *self)
{
    for (uint32_t k = 0; hfi_plugins_type(self->plugins, k) != NULL; k++) {
        hfi_type_t *type = hfi_plugins_type(self->plugins, k);
        const hfi_exposure_t *exposure =
            hfi_exposures_find(&self->rules.exposures, hfi_span_of(type->row->name));
        if (type->base != NULL)
            type->is_retired = exposure == NULL || exposure->type != type;
        type->exposure = exposure;
        type->max_referents = exposure == NULL ? UINT64_MAX : exposure->instances;
        type->max_memory_bytes = exposure == NULL ? UINT64_MAX : exposure->memory_bytes;
    }
}

/* Takes the rules. */
static void
policy_enact(hfi_policy_t *self, policy_rules_t *rules)
{
    for (uint32_t k = 0; k < rules->exposures.n; k++) {
        if (rules->exposures.at[k].fresh != NULL)
            hfi_plugins_adopt(self->plugins, &rules->exposures.at[k].fresh);
    }
    policy_drop_sets(self);
    rules_close(&self->rules);
    self->rules = *rules;
    policy_mark_types(self);
}

/* ---- public ----------------------------------------------------------------------------- */

hfi_policy_t *
hfi_policy_new(hfi_plugins_t *plugins)
{
    HF_ASSERT(plugins != NULL);
    hfi_policy_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->magic = POLICY_MAGIC;
    self->plugins = plugins;
    return self;
}

void
hfi_policy_destroy(hfi_policy_t **self_p)
{
    hfi_policy_t *self = *self_p;
    *self_p = NULL;
    if (self == NULL)
        return;
    HF_CHECK(self, POLICY_MAGIC);
    policy_drop_sets(self);
    rules_close(&self->rules);
    hfi_value_drop(&self->settings);
    hfi_pool_close(&self->names);
    HF_BURY(self);
    free(self);
}

/* The first complaint of a reading. */
typedef struct policy_why {
    char *text;
    size_t room;
    bool is_said;
} policy_why_t;

static void
policy_say(void *context, const char *path, const char *text)
{
    policy_why_t *self = context;
    if (self->is_said)
        return;
    self->is_said = true;
    (void)snprintf(self->text, self->room, "%s%s%s", path, path[0] == '\0' ? "" : ": ", text);
}

/* Reads them into rules, and these into force. False: the first complaint in why. */
static bool
policy_apply(hfi_policy_t *self, const hf_value_t *settings, char *why, size_t why_room)
{
    policy_rules_t rules = {0};
    policy_why_t says = {why, why_room, false};
    hfi_reading_t reading = {.complain = policy_say, .context = &says};
    if (!rules_read(&rules, self, &reading, &self->names, settings)) {
        rules_close(&rules);
        return false;
    }
    policy_enact(self, &rules);
    return true;
}

bool
hfi_policy_set(hfi_policy_t *self, const hf_value_t *settings, char *why, size_t why_room)
{
    hf_value_t kept = {.raw = {0}};
    HF_CHECK(self, POLICY_MAGIC);
    if (!policy_apply(self, settings, why, why_room))
        return false;
    if (settings != NULL && !hfi_value_keep(settings, &kept))
        HF_BUG("no memory for a policy");
    hfi_value_drop(&self->settings);
    self->settings = kept;
    return true;
}

bool
hfi_policy_check(hfi_policy_t *self, const hf_value_t *settings, hfi_complain_f *complain,
                 void *context)
{
    HF_CHECK(self, POLICY_MAGIC);
    policy_rules_t rules = {0};
    hfi_pool_t names = {0};
    hfi_reading_t reading = {.complain = complain, .context = context};
    bool is_sound = rules_read(&rules, self, &reading, &names, settings);
    rules_close(&rules);
    hfi_pool_close(&names);
    return is_sound;
}

bool
hfi_policy_renew(hfi_policy_t *self, char *why, size_t why_room)
{
    HF_CHECK(self, POLICY_MAGIC);
    if (policy_apply(self, &self->settings, why, why_room))
        return true;
    policy_drop_sets(self);
    policy_mark_types(self);
    return false;
}

hfi_roles_t *
hfi_policy_roles(hfi_policy_t *self, hfi_role_bits_t bits)
{
    HF_CHECK(self, POLICY_MAGIC);
    for (uint32_t k = 0; k < self->n_sets; k++) {
        if (self->sets[k]->bits == bits)
            return self->sets[k];
    }
    self->sets = hfi_reading_need(self->sets, self->n_sets + 1, sizeof(hfi_roles_t *));
    hfi_roles_t *roles = hfi_reading_need(NULL, 1, sizeof *roles);
    *roles = (hfi_roles_t){.policy = self, .bits = bits};
    self->sets[self->n_sets++] = roles;
    return roles;
}

hfi_roles_t *
hfi_policy_roles_of(hfi_policy_t *self, hfi_span_t user, int64_t uid)
{
    return hfi_policy_roles(self, hfi_rolebook_of(&self->rules.rolebook, user, uid));
}

const hfi_rolebook_t *
hfi_policy_rolebook(const hfi_policy_t *self)
{
    HF_CHECK(self, POLICY_MAGIC);
    return &self->rules.rolebook;
}

hfi_type_t *
hfi_policy_type(const hfi_policy_t *self, uint32_t k)
{
    HF_CHECK(self, POLICY_MAGIC);
    return hfi_exposures_type(&self->rules.exposures, self->plugins, k);
}

/* ---- views ------------------------------------------------------------------------------ */

static hfi_access_t
roles_create(const hfi_roles_t *self, const hfi_type_t *type)
{
    hfi_access_t access = hfi_exposure_create(type->exposure, type);
    if (access == HFI_CALLABLE && !hfi_rolebook_grants(&self->policy->rules.rolebook, self->bits,
                                                       type->row->name, "create", 0))
        return HFI_DENIED;
    return access;
}

/* The manager's own create is for whoever may make anything. */
static bool
roles_may_create_some(const hfi_roles_t *self)
{
    for (uint32_t k = 0;; k++) {
        const hfi_type_t *type = hfi_policy_type(self->policy, k);
        if (type == NULL || roles_create(self, type) == HFI_CALLABLE)
            return type != NULL;
    }
}

static bool
roles_may_call(const hfi_roles_t *self, const hfi_type_t *type, const hfi_view_entry_t *entry)
{
    const char *typeid_ = type->row->name;
    if (strcmp(typeid_, "manager") == 0 && strcmp(entry->method->row->name, "create") == 0)
        return roles_may_create_some(self);
    return hfi_rolebook_grants(&self->policy->rules.rolebook, self->bits, typeid_, entry->name,
                               entry->method->row->flags);
}

const hfi_view_t *
hfi_roles_make(hfi_roles_t *self, const hfi_type_t *type)
{
    hfi_view_entry_t entries[HFI_MAX_ENTRIES];
    HF_ASSERT(type->n_methods <= HFI_MAX_ENTRIES);
    if (type->number >= self->n_views) {
        self->views = hfi_reading_need(self->views, type->number + 1, sizeof(hfi_view_t *));
        while (self->n_views <= type->number)
            self->views[self->n_views++] = NULL;
    }
    hfi_exposure_show(type->exposure, type, entries);
    for (uint32_t k = 0; k < type->n_methods; k++) {
        hfi_view_entry_t *entry = &entries[k];
        if (entry->name != NULL && entry->access == HFI_CALLABLE &&
            !roles_may_call(self, type, entry))
            entry->access = HFI_DENIED;
    }
    self->views[type->number] = hfi_view_new(entries, type->n_methods, roles_create(self, type));
    return self->views[type->number];
}
