/* SPDX-License-Identifier: MPL-2.0 */
/* role -- see role.h
 *
 * A pattern without a star that names nothing is a slip of the pen, and so is one with a star that fits nothing:
 * both are refused, as an operator would rather hear it now than from a user.
 */
#include "role.h"

#include <stdlib.h>
#include <string.h>

#include <base/check.h>

#include "text.h"

static const char manager[] = "manager";
static const char create[] = "create";

/* ---- patterns --------------------------------------------------------------------------- */

/* Whether the text is what the pattern stands for. Goes back to the last star alone, so it takes no longer than the
 * product of the two lengths. */
static bool
pattern_fits(const char *pattern, const char *text)
{
    const char *star = NULL;
    const char *from = NULL; /* where in the text what stands behind the star was tried */
    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            from = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool
pattern_fits_type(const char *pattern, const char *typeid_)
{
    bool is_star = strchr(pattern, '*') != NULL;
    return pattern_fits(pattern, typeid_) && (!is_star || strcmp(typeid_, manager) != 0);
}

static bool
pattern_is_sound(hfi_span_t text)
{
    for (size_t k = 0; k < text.len; k++) {
        char c = (char)text.at[k];
        if (!hfi_text_is_letter(c) && !hfi_text_is_digit(c) && c != '*')
            return false;
    }
    return text.len > 0;
}

static bool
grant_fits(const hfi_grant_t *self, const char *typeid_, const char *method, uint32_t flags)
{
    if (!pattern_fits_type(self->type, typeid_))
        return false;
    return self->method == NULL ? (flags & HF_READS) != 0 : pattern_fits(self->method, method);
}

/* ---- reading roles ------------------------------------------------------------------------ */

typedef struct granting {
    hfi_reading_t *reading;
    const hfi_exposures_t *exposures;
    const hfi_plugins_t *plugins;
} granting_t;

/* Whether the grant fits something of that type. */
static bool
granting_fits(const granting_t *self, const hfi_grant_t *grant, const hfi_type_t *type)
{
    hfi_view_entry_t entries[HFI_MAX_ENTRIES];
    const hfi_exposure_t *exposure =
        hfi_exposures_find(self->exposures, hfi_span_of(type->row->name));
    if (!type->is_internal && grant_fits(grant, type->row->name, create, 0))
        return true;
    hfi_exposure_show(exposure, type, entries);
    for (uint32_t k = 0; k < type->n_methods; k++) {
        if (entries[k].name != NULL &&
            grant_fits(grant, type->row->name, entries[k].name, entries[k].method->row->flags))
            return true;
    }
    return false;
}

/* Complains of a grant that says nothing. */
static void
granting_check(const granting_t *self, const hfi_grant_t *grant)
{
    bool is_known = false;
    if (strcmp(grant->type, manager) == 0 && grant->method != NULL &&
        strcmp(grant->method, create) == 0) {
        (void)hfi_reading_complain(
            self->reading, "creating is granted by type: list.create, or *.create for all of them");
        return;
    }
    for (uint32_t k = 0;; k++) {
        const hfi_type_t *type = hfi_exposures_type(self->exposures, self->plugins, k);
        if (type == NULL)
            break;
        if (!pattern_fits_type(grant->type, type->row->name))
            continue;
        is_known = true;
        if (granting_fits(self, grant, type))
            return;
    }
    if (!is_known)
        (void)hfi_reading_complain(self->reading, "unknown typeid '%s'", grant->type);
    else if (grant->method == NULL)
        (void)hfi_reading_complain(self->reading, "%s has no method that only reads", grant->type);
    else
        (void)hfi_reading_complain(self->reading, "%s has no method '%s'", grant->type,
                                   grant->method);
}

static void
granting_add(const granting_t *self, hfi_role_t *role, hfi_span_t type, const hfi_span_t *method)
{
    role->grants = hfi_reading_need(role->grants, role->n + 1, sizeof *role->grants);
    hfi_grant_t *grant = &role->grants[role->n++];
    grant->type = hfi_reading_copy(type);
    grant->method = method == NULL ? NULL : hfi_reading_copy(*method);
    granting_check(self, grant);
}

static void
granting_grant(const granting_t *self, hfi_role_t *role, hfi_span_t word)
{
    const uint8_t *dot = memchr(word.at, '.', word.len);
    if (dot == NULL) {
        (void)hfi_reading_complain(self->reading, "'%.*s' is no TYPE.METHOD", HFI_SHOWN(word));
        return;
    }
    hfi_span_t type = {word.at, (size_t)(dot - word.at)};
    hfi_span_t method = {dot + 1, word.len - type.len - 1};
    if (pattern_is_sound(type) && pattern_is_sound(method))
        granting_add(self, role, type, &method);
    else
        (void)hfi_reading_complain(self->reading, "'%.*s' is no TYPE.METHOD", HFI_SHOWN(word));
}

static void
granting_reads(const granting_t *self, hfi_role_t *role, hfi_span_t word)
{
    if (pattern_is_sound(word))
        granting_add(self, role, word, NULL);
    else
        (void)hfi_reading_complain(self->reading, "'%.*s' is no typeid", HFI_SHOWN(word));
}

static void
granting_role(const granting_t *self, hfi_role_t *role, const hf_value_t *value)
{
    hfi_section_t section;
    hfi_section_open(&section, self->reading, value);
    while (hfi_section_next(&section)) {
        hfi_words_t words;
        bool is_reads = hfi_section_is(&section, "reads");
        if (!is_reads && !hfi_section_is(&section, "grant")) {
            (void)hfi_reading_complain(self->reading,
                                       "unknown key '%.*s': a role has grant and reads",
                                       HFI_SHOWN(section.key));
            continue;
        }
        hfi_words_open(&words, self->reading, &section.value);
        while (hfi_words_next(&words)) {
            if (is_reads)
                granting_reads(self, role, words.word);
            else
                granting_grant(self, role, words.word);
        }
    }
}

void
hfi_rolebook_read_roles(hfi_rolebook_t *self, hfi_reading_t *reading,
                        const hfi_exposures_t *exposures, const hfi_plugins_t *plugins,
                        const hf_value_t *roles)
{
    hfi_section_t section;
    granting_t granting = {reading, exposures, plugins};
    self->is_configured = true;
    hfi_section_open(&section, reading, roles);
    while (hfi_section_next(&section)) {
        if (self->n_roles == HFI_MAX_ROLES) {
            (void)hfi_reading_complain(reading, "there are at most %d roles", HFI_MAX_ROLES);
            continue;
        }
        self->roles = hfi_reading_need(self->roles, self->n_roles + 1, sizeof *self->roles);
        hfi_role_t *role = &self->roles[self->n_roles++];
        *role = (hfi_role_t){.name = hfi_reading_copy(section.key)};
        if (!hfi_text_is_label(role->name))
            (void)hfi_reading_complain(reading,
                                       "a role's name is a word of at most %d letters, "
                                       "digits and _.-+",
                                       HFI_MAX_NAME_BYTES);
        granting_role(&granting, role, &section.value);
    }
}

/* ---- reading users ------------------------------------------------------------------------ */

static hfi_role_bits_t
rolebook_read_bits(const hfi_rolebook_t *self, hfi_reading_t *reading, const hf_value_t *value)
{
    hfi_words_t words;
    hfi_role_bits_t bits = 0;
    hfi_words_open(&words, reading, value);
    while (hfi_words_next(&words)) {
        uint32_t k = 0;
        while (k < self->n_roles && !hfi_reading_is(words.word, self->roles[k].name))
            k++;
        if (k < self->n_roles)
            bits |= UINT64_C(1) << k;
        else
            (void)hfi_reading_complain(reading, "there is no role '%.*s'", HFI_SHOWN(words.word));
    }
    return bits;
}

/* -1: it is none. */
static int64_t
rolebook_uid(hfi_span_t text)
{
    int64_t uid = 0;
    for (size_t k = 0; k < text.len; k++) {
        if (!hfi_text_is_digit((char)text.at[k]))
            return -1;
        uid = uid * 10 + (text.at[k] - '0');
        if (uid > UINT32_MAX - INT64_C(1)) /* the last one is nobody's */
            return -1;
    }
    return text.len == 0 ? -1 : uid;
}

void
hfi_rolebook_read_users(hfi_rolebook_t *self, hfi_reading_t *reading, const hf_value_t *users)
{
    hfi_section_t section;
    self->is_configured = true;
    hfi_section_open(&section, reading, users);
    while (hfi_section_next(&section)) {
        int64_t uid = rolebook_uid(section.key);
        if (uid < 0) {
            (void)hfi_reading_complain(reading, "'%.*s' is no user id", HFI_SHOWN(section.key));
            continue;
        }
        for (uint32_t k = 0; k < self->n_users; k++) {
            if (self->users[k].uid == uid)
                (void)hfi_reading_complain(reading, "user id %lld is given twice", (long long)uid);
        }
        self->users = hfi_reading_need(self->users, self->n_users + 1, sizeof *self->users);
        self->users[self->n_users++] =
            (hfi_user_t){uid, rolebook_read_bits(self, reading, &section.value)};
    }
}

void
hfi_rolebook_read_others(hfi_rolebook_t *self, hfi_reading_t *reading, const hf_value_t *others)
{
    hfi_section_t section;
    self->is_configured = true;
    hfi_section_open(&section, reading, others);
    while (hfi_section_next(&section)) {
        if (hfi_section_is(&section, "ipc"))
            self->ipc = rolebook_read_bits(self, reading, &section.value);
        else if (hfi_section_is(&section, "tcp"))
            self->tcp = rolebook_read_bits(self, reading, &section.value);
        else
            (void)hfi_reading_complain(reading, "unknown key '%.*s': there are ipc and tcp",
                                       HFI_SHOWN(section.key));
    }
}

void
hfi_rolebook_close(hfi_rolebook_t *self)
{
    for (uint32_t k = 0; k < self->n_roles; k++) {
        hfi_role_t *role = &self->roles[k];
        for (uint32_t i = 0; i < role->n; i++) {
            free(role->grants[i].type);
            free(role->grants[i].method);
        }
        free(role->grants);
        free(role->name);
    }
    free(self->roles);
    free(self->users);
    *self = (hfi_rolebook_t){0};
}

/* ---- asking ------------------------------------------------------------------------------- */

hfi_role_bits_t
hfi_rolebook_of(const hfi_rolebook_t *self, hfi_span_t user, int64_t uid)
{
    (void)
        user; /* no user is configured by a key's name yet, so a key gives nothing more than its connection */
    if (!self->is_configured)
        return HFI_EVERYTHING;
    for (uint32_t k = 0; k < self->n_users; k++) {
        if (uid >= 0 && self->users[k].uid == uid)
            return self->users[k].roles;
    }
    return uid >= 0 ? self->ipc : self->tcp;
}

bool
hfi_rolebook_grants(const hfi_rolebook_t *self, hfi_role_bits_t roles, const char *typeid_,
                    const char *method, uint32_t flags)
{
    if ((roles & HFI_EVERYTHING) != 0)
        return true;
    for (uint32_t k = 0; k < self->n_roles; k++) {
        const hfi_role_t *role = &self->roles[k];
        for (uint32_t i = 0; i < role->n && (roles >> k & 1) != 0; i++) {
            if (grant_fits(&role->grants[i], typeid_, method, flags))
                return true;
        }
    }
    return false;
}
