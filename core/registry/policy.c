/* SPDX-License-Identifier: MPL-2.0 */
/* policy -- see policy.h
 *
 * A view's hash. What the hash sees of a name is its length and its first 8 bytes, two numbers; a multiplier is
 * searched, in a fixed order, for which no two methods of the type fall on one place. Names that agree in both (or a
 * table for which none was found) share a place and are told apart by a chain, so that the search is only about
 * speed. The whole name is compared either way.
 */
#include "policy.h"

#include <stdarg.h>

#include <base/check.h>

#include "text.h"

enum {
    POLICY_MAGIC = 0x0011c4e5,
    MULTIPLIERS = 2048, /* to try */
    NO_SLOT = UINT16_MAX,
};

typedef struct view_slot {
    hfi_view_entry_t entry; /* first: what find gives */
    const char *name;
    uint64_t head; /* of the name */
    uint32_t len;
    uint16_t next; /* of the same place, or NO_SLOT */
} view_slot_t;

struct hfi_view {
    uint64_t multiplier;
    uint32_t shift;
    uint32_t n;
    uint16_t *places; /* 1 << (64 - shift) of them: the first slot, or NO_SLOT */
    view_slot_t slots[];
};

struct hfi_policy {
    uint32_t magic;
    const hfi_plugins_t *plugins;
    hfi_view_t **views; /* by the type's number; NULL: not made yet */
    uint32_t n_views;
};

/* ---- views ------------------------------------------------------------------------------ */

/* The first 8 bytes as one number, or fewer so that no two names of one length give the same. */
static inline uint64_t
view_head(const uint8_t *name, size_t len)
{
    uint64_t head = 0;
    if (len >= 8) {
        memcpy(&head, name, 8);
    } else if (len >= 4) {
        uint32_t first;
        uint32_t last;
        memcpy(&first, name, 4);
        memcpy(&last, name + len - 4, 4);
        head = (uint64_t)last << 32 | first;
    } else if (len > 0) {
        head = name[0] | (uint64_t)name[len / 2] << 8 | (uint64_t)name[len - 1] << 16;
    }
    return head;
}

static inline uint64_t
view_place(uint64_t head, size_t len, uint64_t multiplier, uint32_t shift)
{
    uint64_t key = head ^ (uint64_t)len * UINT64_C(0x9e3779b97f4a7c15);
    key ^= key >> 32;
    return (key * multiplier) >> shift;
}

static inline bool
slot_is(const view_slot_t *slot, const uint8_t *name, size_t len, uint64_t head)
{
    return slot->head == head && slot->len == len &&
           (len <= 8 || memcmp(slot->name, name, len) == 0);
}

static inline const hfi_view_entry_t *
view_find(const hfi_view_t *self, const uint8_t *name, size_t len)
{
    uint64_t head = view_head(name, len);
    uint16_t k = self->places[view_place(head, len, self->multiplier, self->shift)];
    while (k != NO_SLOT) {
        const view_slot_t *slot = &self->slots[k];
        if (slot_is(slot, name, len, head))
            return &slot->entry;
        k = slot->next;
    }
    return NULL;
}

/* Puts every slot on its place; gives how many places are shared by names that the hash could tell apart. */
static uint32_t
view_settle(hfi_view_t *self, uint64_t multiplier)
{
    uint32_t shared = 0;
    self->multiplier = multiplier;
    memset(self->places, 0xff, sizeof *self->places << (64 - self->shift));
    for (uint32_t k = 0; k < self->n; k++) {
        view_slot_t *slot = &self->slots[k];
        uint16_t *place = &self->places[view_place(slot->head, slot->len, multiplier, self->shift)];
        if (*place != NO_SLOT)
            shared +=
                self->slots[*place].head != slot->head || self->slots[*place].len != slot->len;
        slot->next = *place;
        *place = (uint16_t)k;
    }
    return shared;
}

/* The first multiplier of a fixed sequence that shares no place, else the one that shares fewest. */
static void
view_search(hfi_view_t *self)
{
    uint64_t multiplier = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t best = multiplier;
    uint32_t fewest = UINT32_MAX;
    for (int k = 0; k < MULTIPLIERS && fewest > 0; k++) {
        uint32_t shared = view_settle(self, multiplier | 1);
        if (shared < fewest) {
            fewest = shared;
            best = multiplier | 1;
        }
        multiplier = multiplier * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    }
    (void)view_settle(self, best);
}

static void
view_destroy(hfi_view_t **self_p)
{
    hfi_view_t *self = *self_p;
    *self_p = NULL;
    if (self != NULL)
        free(self->places);
    free(self);
}

/* Gives a view of all the type's methods, each exposed or not as `is_exposed` says by number (NULL: all are). */
static hfi_view_t *
view_new(const hfi_type_t *type, const bool *is_exposed)
{
    uint32_t bits = 2;
    while ((UINT32_C(1) << bits) < 4 * type->n_methods)
        bits++;
    hfi_view_t *self = calloc(1, sizeof *self + type->n_methods * sizeof self->slots[0]);
    uint16_t *places = calloc((size_t)1 << bits, sizeof *places);
    if (self == NULL || places == NULL) {
        free(places);
        free(self);
        return NULL;
    }
    self->places = places;
    self->shift = 64 - bits;
    self->n = type->n_methods;
    for (uint32_t k = 0; k < self->n; k++) {
        view_slot_t *slot = &self->slots[k];
        slot->entry.method = &type->methods[k];
        slot->entry.is_exposed = is_exposed == NULL || is_exposed[k];
        slot->name = type->methods[k].row->name;
        slot->len = (uint32_t)strlen(slot->name);
        slot->head = view_head((const uint8_t *)slot->name, slot->len);
    }
    view_search(self);
    return self;
}

/* ---- settings --------------------------------------------------------------------------- */

typedef struct policy_setting {
    const hfi_policy_t *policy;
    hfi_view_t **views; /* in the making */
    uint32_t n_views;
    char *why;
    size_t why_room;
} policy_setting_t;

static bool policy_refuse(const policy_setting_t *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool
policy_refuse(const policy_setting_t *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (s->why_room > 0)
        (void)vsnprintf(s->why, s->why_room, format, args);
    va_end(args);
    return false;
}

static bool
key_is(const hf_value_t *key, const char *word)
{
    size_t len = 0;
    const char *text = hf_as_str(key, &len);
    return text != NULL && len == strlen(word) && memcmp(text, word, len) == 0;
}

static bool
refuse_key(const policy_setting_t *s, const char *where, const hf_value_t *key)
{
    size_t len = 0;
    const char *text = hf_as_str(key, &len);
    if (text == NULL)
        return policy_refuse(s, "exposure: a key of %s is no str", where);
    return policy_refuse(s, "exposure: unknown key '%.*s' in %s", hfi_text_shown(text, len), text,
                         where);
}

/* The methods that a list names are set to `is_exposed`. */
static bool
set_methods(const policy_setting_t *s, const hfi_type_t *type, const hf_value_t *names,
            bool is_exposed, bool *exposed)
{
    hf_cursor_t cursor;
    hf_value_t item;
    if (hf_kind(names) != HF_LIST)
        return policy_refuse(s, "exposure of %s: '%s' is no list of methods", type->row->name,
                             is_exposed ? "expose" : "hide");
    hf_open(&cursor, names);
    while (hf_next(&cursor, &item)) {
        size_t len = 0;
        const char *name = hf_as_str(&item, &len);
        if (name == NULL)
            return policy_refuse(s, "exposure of %s: a method's name is no str", type->row->name);
        const hfi_method_t *method = hfi_type_find_method(type, name, len);
        if (method == NULL)
            return policy_refuse(s, "exposure of %s: it has no method '%.*s'", type->row->name,
                                 hfi_text_shown(name, len), name);
        exposed[method->number] = is_exposed;
    }
    return true;
}

/* {"expose": […], "hide": […]}: first what is left, then what is taken away, in whatever order they are written. */
static bool
read_exposure(const policy_setting_t *s, const hfi_type_t *type, const hf_value_t *setting,
              bool *exposed)
{
    hf_cursor_t cursor;
    hf_value_t key;
    hf_value_t value;
    hf_value_t expose = {.raw = {0}};
    hf_value_t hide = {.raw = {0}};
    if (hf_kind(setting) != HF_MAP)
        return policy_refuse(s, "exposure of %s: it is no map", type->row->name);
    hf_open(&cursor, setting);
    while (hf_next(&cursor, &key) && hf_next(&cursor, &value)) {
        if (key_is(&key, "expose"))
            expose = value;
        else if (key_is(&key, "hide"))
            hide = value;
        else
            return refuse_key(s, type->row->name, &key);
    }
    for (uint32_t k = 0; k < type->n_methods; k++)
        exposed[k] = hf_kind(&expose) == HF_NONE;
    return (hf_kind(&expose) == HF_NONE || set_methods(s, type, &expose, true, exposed)) &&
           (hf_kind(&hide) == HF_NONE || set_methods(s, type, &hide, false, exposed));
}

/* One typeid and its setting: makes the view. */
static bool
set_type(const policy_setting_t *s, const hf_value_t *key, const hf_value_t *setting)
{
    bool exposed[HFI_MAX_METHODS + 3];
    size_t len = 0;
    const char *name = hf_as_str(key, &len);
    if (name == NULL)
        return policy_refuse(s, "exposure: a typeid is no str");
    const hfi_type_t *type = hfi_plugins_find_type(s->policy->plugins, name, len);
    if (type == NULL)
        return policy_refuse(s, "exposure: unknown typeid '%.*s'", hfi_text_shown(name, len), name);
    HF_ASSERT(type->n_methods <= sizeof exposed && type->number < s->n_views);
    if (!read_exposure(s, type, setting, exposed))
        return false;
    view_destroy(&s->views[type->number]);
    s->views[type->number] = view_new(type, exposed);
    return s->views[type->number] != NULL || policy_refuse(s, "exposure: no memory");
}

static bool
set_types(const policy_setting_t *s, const hf_value_t *types)
{
    hf_cursor_t cursor;
    hf_value_t key;
    hf_value_t value;
    if (hf_kind(types) != HF_MAP)
        return policy_refuse(s, "exposure: 'types' is no map");
    hf_open(&cursor, types);
    while (hf_next(&cursor, &key) && hf_next(&cursor, &value)) {
        if (!set_type(s, &key, &value))
            return false;
    }
    return true;
}

static bool
read_settings(const policy_setting_t *s, const hf_value_t *settings)
{
    hf_cursor_t cursor;
    hf_value_t key;
    hf_value_t value;
    if (settings == NULL || hf_kind(settings) == HF_NONE || hf_kind(settings) == HF_NIL)
        return true;
    if (hf_kind(settings) != HF_MAP)
        return policy_refuse(s, "exposure: the settings are no map");
    hf_open(&cursor, settings);
    while (hf_next(&cursor, &key) && hf_next(&cursor, &value)) {
        if (!key_is(&key, "types"))
            return refuse_key(s, "the settings", &key);
        if (!set_types(s, &value))
            return false;
    }
    return true;
}

/* ---- public ----------------------------------------------------------------------------- */

static void
views_destroy(hfi_view_t **views, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        view_destroy(&views[k]);
    free(views);
}

static uint32_t
n_types(const hfi_plugins_t *plugins)
{
    uint32_t n = 0;
    while (hfi_plugins_type(plugins, n) != NULL)
        n++;
    return n;
}

hfi_policy_t *
hfi_policy_new(const hfi_plugins_t *plugins)
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
    views_destroy(self->views, self->n_views);
    HF_BURY(self);
    free(self);
}

bool
hfi_policy_set(hfi_policy_t *self, const hf_value_t *settings, char *why, size_t why_room)
{
    HF_CHECK(self, POLICY_MAGIC);
    policy_setting_t s = {self, NULL, n_types(self->plugins), why, why_room};
    s.views = calloc(s.n_views + (size_t)1, sizeof(hfi_view_t *));
    if (s.views == NULL)
        return policy_refuse(&s, "exposure: no memory");
    if (!read_settings(&s, settings)) {
        views_destroy(s.views, s.n_views);
        return false;
    }
    views_destroy(self->views, self->n_views);
    self->views = s.views;
    self->n_views = s.n_views;
    return true;
}

/* Room for the views of the types that have come since. */
static void
grow(hfi_policy_t *self, uint32_t n)
{
    hfi_view_t **views = realloc(self->views, n * sizeof(hfi_view_t *));
    if (views == NULL)
        HF_BUG("no memory for a type's view");
    for (uint32_t k = self->n_views; k < n; k++)
        views[k] = NULL;
    self->views = views;
    self->n_views = n;
}

/* A type of which nobody has asked yet. */
static const hfi_view_t *
view_first(hfi_policy_t *self, const hfi_type_t *type)
{
    if (type->number >= self->n_views)
        grow(self, type->number + 1);
    hfi_view_t **view = &self->views[type->number];
    if (*view == NULL)
        *view = view_new(type, NULL);
    if (*view == NULL)
        HF_BUG("no memory for a type's view");
    return *view;
}

static inline const hfi_view_t *
view_of(hfi_policy_t *self, const hfi_type_t *type)
{
    HF_CHECK(self, POLICY_MAGIC);
    const hfi_view_t *view = type->number < self->n_views ? self->views[type->number] : NULL;
    return view != NULL ? view : view_first(self, type);
}

const hfi_view_t *
hfi_policy_view(hfi_policy_t *self, const hfi_type_t *type)
{
    return view_of(self, type);
}

const hfi_view_entry_t *
hfi_policy_find(hfi_policy_t *self, const hfi_type_t *type, const uint8_t *name, size_t len)
{
    return view_find(view_of(self, type), name, len);
}

const hfi_view_entry_t *
hfi_view_find(const hfi_view_t *self, const uint8_t *name, size_t len)
{
    return view_find(self, name, len);
}
