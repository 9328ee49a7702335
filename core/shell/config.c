/* SPDX-License-Identifier: MPL-2.0 */
/* config -- see config.h */
#define _GNU_SOURCE
#include "config.h"

#include <czmq.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <base/check.h>
#include <base/endpoint.h>
#include <holdfast/value.h>

#include "ceiling.h"
#include "deployment_read.h"
#include "source.h"

enum { CONFIG_SENTENCE = 256 };

#define CONFIG_SECONDS_MAX 1e6

typedef enum config_kind {
    CONFIG_ENDPOINTS,
    CONFIG_PLACES,
    CONFIG_TEXTS,
    CONFIG_TEXT,
    CONFIG_FLAG,
    CONFIG_PLACEMENT,
    CONFIG_LEVEL,
    CONFIG_SECONDS,
    CONFIG_BYTES,
} config_kind_t;

/* One file being read. */
typedef struct config {
    hfi_settings_t *settings;
    const hfi_source_t *source;
    unsigned item; /* of the walk, from 1 */
} config_t;

/* ---- refusing ------------------------------------------------------------------------- */

static bool __attribute__((format(printf, 3, 4)))
config_say(char *why, size_t why_room, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, why_room, format, args);
    va_end(args);
    return false;
}

static bool __attribute__((format(printf, 2, 3)))
config_refuse(config_t *self, const char *format, ...)
{
    char sentence[CONFIG_SENTENCE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    return hfi_complaints_add(self->source->complaints, hfi_source_line(self->source, self->item),
                              "%s", sentence);
}

/* ---- texts ---------------------------------------------------------------------------- */

static bool
config_add_text(hfi_texts_t *self, const char *text, unsigned line)
{
    char **at = realloc(self->at, (self->n + 1) * sizeof *at);
    if (at != NULL)
        self->at = at;
    unsigned *lines = realloc(self->lines, (self->n + 1) * sizeof *lines);
    if (lines != NULL)
        self->lines = lines;
    char *copy = at == NULL || lines == NULL ? NULL : strdup(text);
    if (copy == NULL)
        return false;
    at[self->n] = copy;
    lines[self->n++] = line;
    return true;
}

static void
config_close_texts(hfi_texts_t *self)
{
    for (size_t k = 0; k < self->n; k++)
        free(self->at[k]);
    free(self->at);
    free(self->lines);
    *self = (hfi_texts_t){0};
}

/* ---- values --------------------------------------------------------------------------- */

static bool
config_flag(const char *value, bool *ret_flag)
{
    static const char *const words[] = {"0", "1", "false", "true", "no", "yes"};
    for (int k = 0; k < 6; k++) {
        if (strcmp(value, words[k]) == 0) {
            *ret_flag = k % 2 == 1;
            return true;
        }
    }
    return false;
}

/* "90", "0.5": seconds, not below 0, not above CONFIG_SECONDS_MAX. */
static bool
config_seconds(const char *value, int64_t *ret_ms)
{
    char *end;
    if (*value < '0' || *value > '9' || strpbrk(value, "xXpPeE") != NULL)
        return false;
    double seconds = strtod(value, &end);
    if (*end != '\0' || !(seconds >= 0) || seconds > CONFIG_SECONDS_MAX)
        return false;
    *ret_ms = (int64_t)lround(seconds * 1000);
    return true;
}

/* "4096", "512K", "2G". */
static bool
config_bytes(const char *value, uint64_t *ret_bytes)
{
    char *end;
    if (*value < '0' || *value > '9')
        return false;
    errno = 0;
    unsigned long long n = strtoull(value, &end, 10);
    static const char units[] = "KMG";
    const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
    unsigned shift = unit != NULL ? (unsigned)(unit - units + 1) * 10 : 0;
    if (errno != 0 || (*end != '\0' && (unit == NULL || end[1] != '\0')) || n > UINT64_MAX >> shift)
        return false;
    *ret_bytes = (uint64_t)n << shift;
    return true;
}

static bool
config_put_text(config_t *self, char **place, const char *value)
{
    char *copy = strdup(value);
    if (copy == NULL)
        return config_refuse(self, "no memory");
    free(*place);
    *place = copy;
    return true;
}

static bool
config_put_list(config_t *self, config_kind_t kind, hfi_texts_t *place, const char *value)
{
    /* WALK plugin 1/8: a `plugin` line of the configuration; --plugin adds to the same list */
    char why[CONFIG_SENTENCE];
    if (*value == '\0')
        return config_refuse(self, "there is nothing behind =");
    if (kind == CONFIG_PLACES && !hfi_endpoint_is_sound(value, strlen(value)))
        return config_refuse(self, "'%s' is no endpoint: ipc://PATH or tcp://HOST:PORT", value);
    if (kind == CONFIG_ENDPOINTS && !hfi_settings_check_endpoint(value, true, why, sizeof why))
        return config_refuse(self, "%s", why);
    return config_add_text(place, value, hfi_source_line(self->source, self->item)) ||
           config_refuse(self, "no memory");
}

static bool
config_put_placement(hfi_placement_t *place, const char *value)
{
    if (strcmp(value, "shared") != 0 && strcmp(value, "free") != 0)
        return false;
    *place = value[0] == 's' ? HFI_PLACEMENT_SHARED : HFI_PLACEMENT_FREE;
    return true;
}

/* Puts one value where it belongs; `place` is the member of settings, of the type that goes with the kind. */
static bool
config_put(config_t *self, const char *name, config_kind_t kind, void *place, const char *value)
{
    switch (kind) {
    case CONFIG_ENDPOINTS:
    case CONFIG_PLACES:
    case CONFIG_TEXTS:
        return config_put_list(self, kind, place, value);
    case CONFIG_TEXT:
        return *value != '\0' ? config_put_text(self, place, value)
                              : config_refuse(self, "there is nothing behind =");
    case CONFIG_FLAG:
        return config_flag(value, place) ||
               config_refuse(self, "%s is 0 or 1, not '%s'", name, value);
    case CONFIG_PLACEMENT:
        return config_put_placement(place, value) ||
               config_refuse(self, "placement is shared or free, not '%s'", value);
    case CONFIG_LEVEL:
        return hfi_log_level_of(value, place) ||
               config_refuse(self, "log is error, warning, info or debug, not '%s'", value);
    case CONFIG_SECONDS:
        return config_seconds(value, place) ||
               config_refuse(self, "%s is a number of seconds up to a million, not '%s'", name,
                             value);
    case CONFIG_BYTES:
        return config_bytes(value, place) ||
               config_refuse(self, "%s is a number (K, M or G may follow), not '%s'", name, value);
    }
    HF_BUG("a kind without a parser");
}

/* ---- the tree ------------------------------------------------------------------------- */

typedef struct config_name {
    const char *name;
    size_t offset; /* of the member */
    config_kind_t kind;
} config_name_t;

static const config_name_t config_keys[] = {
#define HFI_CONFIG(key_, member_, kind_, default_, text_)                                          \
    {#key_, offsetof(hfi_settings_t, member_), CONFIG_##kind_},
#include "config.def"
#undef HFI_CONFIG
};

static const config_name_t config_limits[] = {
#define HFI_LIMIT(name_, default_, text_)                                                          \
    {#name_, offsetof(hfi_settings_limits_t, name_), CONFIG_BYTES},
#include <machine/limit.def>
#undef HFI_LIMIT
};

enum {
    CONFIG_KEYS = sizeof config_keys / sizeof config_keys[0],
    CONFIG_LIMITS = sizeof config_limits / sizeof config_limits[0],
};

/* Where a limit's value goes; NULL: there is none of that name. */
static uint64_t *
config_limit_of(hfi_settings_limits_t *limits, const char *name)
{
    for (size_t k = 0; k < CONFIG_LIMITS; k++) {
        if (strcmp(config_limits[k].name, name) == 0)
            return (uint64_t *)(void *)((char *)limits + config_limits[k].offset);
    }
    return NULL;
}

static void
config_read_limit(config_t *self, zconfig_t *first, zconfig_t *item)
{
    const char *name = zconfig_name(item);
    uint64_t *place = config_limit_of(&self->settings->limits, name);
    if (place == NULL)
        (void)config_refuse(self, "there is no limit '%s' (see --help-config)", name);
    else if (hfi_source_is_second(first, item))
        (void)config_refuse(self, "limits/%s is given twice", name);
    else if (zconfig_child(item) != NULL)
        (void)config_refuse(self, "a limit has no section");
    else if (config_put(self, name, CONFIG_BYTES, place, hfi_source_value(item)) && *place == 0)
        (void)config_refuse(self, "limits/%s is at least 1", name);
}

static void
config_read_limits(config_t *self, zconfig_t *section)
{
    zconfig_t *first = zconfig_child(section);
    for (zconfig_t *item = first; item != NULL; item = zconfig_next(item)) {
        self->item++;
        config_read_limit(self, first, item);
        self->item += hfi_source_count_below(item);
    }
}

/* Finds the key's place and kind; NULL: there is no such key. */
static void *
config_find(hfi_settings_t *settings, const char *name, config_kind_t *ret_kind)
{
    for (size_t k = 0; k < CONFIG_KEYS; k++) {
        if (strcmp(config_keys[k].name, name) == 0) {
            *ret_kind = config_keys[k].kind;
            return (char *)settings + config_keys[k].offset;
        }
    }
    return NULL;
}

static void
config_read_key(config_t *self, zconfig_t *first, zconfig_t *item)
{
    config_kind_t kind;
    const char *name = zconfig_name(item);
    void *place = config_find(self->settings, name, &kind);
    bool is_list = place != NULL &&
                   (kind == CONFIG_ENDPOINTS || kind == CONFIG_PLACES || kind == CONFIG_TEXTS);
    if (place == NULL)
        (void)config_refuse(self, "there is no key '%s' (see --help-config)", name);
    else if (!is_list && hfi_source_is_second(first, item))
        (void)config_refuse(self, "%s is given twice", name);
    else if (zconfig_child(item) != NULL)
        (void)config_refuse(self, "%s is a key, not a section", name);
    else
        (void)config_put(self, name, kind, place, hfi_source_value(item));
}

/* A section, to be kept or passed over. */
static void
config_read_section(config_t *self, zconfig_t *first, zconfig_t *item)
{
    const char *name = zconfig_name(item);
    unsigned below = self->item + hfi_source_count_below(item);
    if (hfi_source_is_second(first, item))
        (void)config_refuse(self, "%s is given twice", name);
    else if (*hfi_source_value(item) != '\0')
        (void)config_refuse(self, "%s is a section: what is in it stands below, four spaces in",
                            name);
    else if (strcmp(name, "limits") == 0)
        config_read_limits(self, item);
    else
        hfi_deployment_read(&self->settings->deployment, self->source, item, self->item);
    self->item = below;
}

static void
config_read_tree(config_t *self, zconfig_t *root)
{
    zconfig_t *first = zconfig_child(root);
    for (zconfig_t *item = first; item != NULL; item = zconfig_next(item)) {
        const char *name = zconfig_name(item);
        self->item++;
        if (strcmp(name, "limits") == 0 || hfi_deployment_is_section(name)) {
            config_read_section(self, first, item);
            continue;
        }
        config_read_key(self, first, item);
        self->item += hfi_source_count_below(item);
    }
}

bool
hfi_settings_read(hfi_settings_t *self, hfi_complaints_t *complaints)
{
    hfi_source_t source;
    size_t before = complaints->n;
    if (!hfi_source_open(&source, complaints))
        return false;
    config_t config = {.settings = self, .source = &source};
    config_read_tree(&config, source.root);
    hfi_source_close(&source);
    hfi_complaints_sort(complaints);
    return complaints->n == before;
}

/* ---- what differs --------------------------------------------------------------------- */

static bool
config_same_texts(const hfi_texts_t *a, const hfi_texts_t *b)
{
    bool is_same = a->n == b->n;
    for (size_t k = 0; is_same && k < a->n; k++)
        is_same = strcmp(a->at[k], b->at[k]) == 0;
    return is_same;
}

/* Whether two members of that kind are the same. */
static bool
config_same(config_kind_t kind, const void *a, const void *b)
{
    switch (kind) {
    case CONFIG_ENDPOINTS:
    case CONFIG_PLACES:
    case CONFIG_TEXTS:
        return config_same_texts(a, b);
    case CONFIG_TEXT: {
        const char *one = *(char *const *)a;
        const char *other = *(char *const *)b;
        return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
    }
    case CONFIG_FLAG:
        return *(const bool *)a == *(const bool *)b;
    case CONFIG_PLACEMENT:
        return *(const hfi_placement_t *)a == *(const hfi_placement_t *)b;
    case CONFIG_LEVEL:
        return *(const hfi_log_level_t *)a == *(const hfi_log_level_t *)b;
    case CONFIG_SECONDS:
        return *(const int64_t *)a == *(const int64_t *)b;
    case CONFIG_BYTES:
        return *(const uint64_t *)a == *(const uint64_t *)b;
    }
    HF_BUG("a kind that cannot be compared");
}

void
hfi_settings_compare(const hfi_settings_t *self, const hfi_settings_t *other,
                     void (*say)(void *context, const char *key), void *context)
{
    for (size_t k = 0; k < CONFIG_KEYS; k++) {
        const config_name_t *key = &config_keys[k];
        if (!config_same(key->kind, (const char *)self + key->offset,
                         (const char *)other + key->offset))
            say(context, key->name);
    }
    const hfi_settings_limits_t *a = &self->limits;
    const hfi_settings_limits_t *b = &other->limits;
    if (a->frame != b->frame || a->depth != b->depth || a->window != b->window ||
        a->window_bytes != b->window_bytes)
        say(context, "limits (frame, depth, window, window_bytes)");
}

/* ---- settings ------------------------------------------------------------------------- */

hfi_settings_t *
hfi_settings_new(void)
{
    hfi_settings_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->is_shipped = true;
    self->is_far = true;
    self->far_timeout_ms = 5000;
    self->may_spin = true;
    self->log_level = HFI_LOG_INFO;
    self->lease_ms = 10000;
    self->grace_ms = 5000;
    self->probe_ms = 1000;
    self->drain_ms = 5000;
    self->slow_ms = 1000;
#define HFI_LIMIT(name_, default_, text_) self->limits.name_ = (default_);
#include <machine/limit.def>
#undef HFI_LIMIT
    return self;
}

void
hfi_settings_destroy(hfi_settings_t **self_p)
{
    HF_ASSERT(self_p != NULL);
    hfi_settings_t *self = *self_p;
    if (self == NULL)
        return;
    hfi_deployment_close(&self->deployment);
    config_close_texts(&self->binds);
    config_close_texts(&self->plugins);
    config_close_texts(&self->plugin_dirs);
    config_close_texts(&self->endpoints);
    config_close_texts(&self->far_allow);
    free(self->run_dir);
    free(self->folder);
    free(self);
    *self_p = NULL;
}

bool
hfi_settings_add_plugin(hfi_settings_t *self, const char *path)
{
    return config_add_text(&self->plugins, path, 0);
}

bool
hfi_settings_add_bind(hfi_settings_t *self, const char *endpoint)
{
    return config_add_text(&self->binds, endpoint, 0);
}

void
hfi_settings_drop_binds(hfi_settings_t *self)
{
    config_close_texts(&self->binds);
}

/* ---- endpoints ------------------------------------------------------------------------ */

static bool
config_is_loopback(const char *host, size_t len)
{
    char text[64];
    if (len >= sizeof text)
        return false;
    memcpy(text, host, len);
    text[len] = '\0';
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, text, &four) == 1)
        return (ntohl(four.s_addr) >> 24) == 127;
    if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
        text[len - 1] = '\0';
        return inet_pton(AF_INET6, text + 1, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
    }
    return strcmp(text, "lo") == 0;
}

/* "5570", or "*" for any that is free; libzmq would cut off what is above 65535. */
static bool
config_is_port(const char *text)
{
    unsigned port = 0;
    if (strcmp(text, "*") == 0)
        return true;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && port <= UINT16_MAX; at++)
        port = port * 10 + (unsigned)(*at - '0');
    return at != text && *at == '\0' && port <= UINT16_MAX;
}

bool
hfi_settings_check_endpoint(const char *endpoint, bool is_insecure, char *why, size_t why_room)
{
    static const char ipc[] = "ipc://";
    static const char tcp[] = "tcp://";
    if (strncmp(endpoint, ipc, sizeof ipc - 1) == 0) {
        size_t len = strlen(endpoint) - (sizeof ipc - 1);
        if (len == 0)
            return config_say(why, why_room, "%s names no path", endpoint);
        if (len >= HFI_SOCKET_PATH)
            return config_say(why, why_room, "%s: a socket's path has at most %d bytes", endpoint,
                              HFI_SOCKET_PATH - 1);
        return true;
    }
    if (strncmp(endpoint, tcp, sizeof tcp - 1) != 0)
        return config_say(why, why_room, "'%s' is no endpoint: ipc://PATH or tcp://ADDRESS:PORT",
                          endpoint);
    const char *host = endpoint + sizeof tcp - 1;
    const char *colon = strrchr(host, ':');
    if (colon == NULL || colon == host || !config_is_port(colon + 1))
        return config_say(why, why_room, "'%s' names no address and port", endpoint);
    if (!is_insecure && !config_is_loopback(host, (size_t)(colon - host)))
        return config_say(why, why_room,
                          "%s can be reached by other machines, without keys: refused unless the "
                          "configuration says insecure = 1",
                          endpoint);
    return true;
}

/* The folder of the default endpoint, for its socket and for run_dir. */
static bool
config_complete_places(hfi_settings_t *self, char *why, size_t why_room)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR"); // NOLINT(concurrency-mt-unsafe): at the start
    char text[HFI_ENDPOINT_ROOM];
    if (self->binds.n == 0) {
        if (!hfi_endpoint_default(runtime, geteuid(), text, sizeof text))
            return config_say(why, why_room, "XDG_RUNTIME_DIR is too long for a socket's path");
        if (!hfi_settings_add_bind(self, text))
            return config_say(why, why_room, "no memory");
    }
    if (!hfi_endpoint_folder(runtime, geteuid(), text, sizeof text))
        return config_say(why, why_room, "XDG_RUNTIME_DIR is too long for a socket's path");
    if (self->folder == NULL)
        self->folder = strdup(text);
    if (self->run_dir == NULL)
        self->run_dir = strdup(text);
    return (self->folder != NULL && self->run_dir != NULL) ||
           config_say(why, why_room, "no memory");
}

bool
hfi_settings_complete(hfi_settings_t *self, hfi_complaints_t *complaints)
{
    char why[CONFIG_SENTENCE];
    bool is_sound = config_complete_places(self, why, sizeof why) ||
                    hfi_complaints_add(complaints, 0, "%s", why);
    for (size_t k = 0; k < self->binds.n; k++) {
        if (!hfi_settings_check_endpoint(self->binds.at[k], self->is_insecure, why, sizeof why))
            is_sound = hfi_complaints_add(complaints, hfi_texts_line(&self->binds, k), "%s", why);
    }
    if (self->memory_limit == 0)
        self->memory_limit = hfi_ceiling() / 5 * 4;
    return is_sound;
}

/* ---- the machine's values ------------------------------------------------------------- */

static void
config_write_key(hf_writer_t *w, const char *key)
{
    hf_write_str(w, key, strlen(key));
}

void
hfi_settings_policy(const hfi_settings_t *self, hf_writer_t *to)
{
    hf_write_map(to, self->deployment.n_sections + (size_t)1);
    hfi_write_raw(to, self->deployment.sections.at, self->deployment.sections.len);
    config_write_key(to, "limits");
    hf_write_map(to, CONFIG_LIMITS);
    for (size_t k = 0; k < CONFIG_LIMITS; k++) {
        const char *limits = (const char *)&self->limits;
        config_write_key(to, config_limits[k].name);
        hf_write_uint(to, *(const uint64_t *)(const void *)(limits + config_limits[k].offset));
    }
}

/* ---- help ----------------------------------------------------------------------------- */

static const char config_deploy_help[] =
    "\ntypes\n"
    "#   TYPEID\n"
    "#       is = \"TYPEID\"         a further typeid, with that one's implementation\n"
    "#       expose = \"METHOD …\"   only these can be called\n"
    "#       hide = \"METHOD …\"     these cannot; str, repr, getvalue and create may be named "
    "too\n"
    "#       rename\n"
    "#           METHOD = NAME     called so, and no longer as before\n"
    "#       returns\n"
    "#           METHOD = TYPEID   what it answers goes to that type's constructor, and the answer "
    "is a proxy\n"
    "#                             (\"\": not so, whatever the plugin says)\n"
    "#       defaults\n"
    "#           PARAMETER = VALUE of the constructor, where the creator gives none\n"
    "#       limits\n"
    "#           instances = N     referents of the type\n"
    "#           memory = BYTES    of all of them\n"
    "\nroles\n"
    "#   ROLE\n"
    "#       grant = \"TYPEID.METHOD …\"  with * in either; TYPEID.create is making one\n"
    "#       reads = \"TYPEID …\"         its methods that only read\n"
    "#   A * stands for every typeid but the manager's own, `manager`. Without roles, users and "
    "others\n"
    "#   everybody may do everything; with any of them, what no role grants is denied.\n"
    "\nusers\n"
    "#   USER = \"ROLE …\"           on ipc, by name or number\n"
    "\nothers\n"
    "#   ipc = \"ROLE …\"            of whom users does not name\n"
    "#   tcp = \"ROLE …\"\n";

void
hfi_settings_help(FILE *to)
{
    (void)fprintf(
        to, "# The configuration is a ZPL file: `key = value` lines; sections by four spaces.\n"
            "# Times are seconds; numbers may end in K, M or G. These are the keys and their "
            "defaults:\n\n");
#define HFI_CONFIG(key_, member_, kind_, default_, text_)                                          \
    (void)fprintf(to, "# %s\n#   %s = %s\n", text_, #key_, default_);
#include "config.def"
#undef HFI_CONFIG
    (void)fprintf(to, "\nlimits\n");
#define HFI_LIMIT(name_, default_, text_)                                                          \
    (void)fprintf(to, "#   %-16s = %-10llu %s\n", #name_, (unsigned long long)(default_), text_);
#include <machine/limit.def>
#undef HFI_LIMIT
    (void)fputs(config_deploy_help, to);
}
