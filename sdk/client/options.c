/* SPDX-License-Identifier: MPL-2.0 */
/* options -- see options.h */
#include "options.h"

#include <errno.h>
#include <math.h>

#include <base/check.h>

#include "error.h"

enum { OPTIONS_MAGIC = 0x4846434f, /* "HFCO" */ OPTIONS_NAME = 96 };

#define OPTIONS_LEASE   10.0
#define OPTIONS_CONNECT 5.0
#define OPTIONS_MAX     1e9 /* seconds */

struct hf_options {
    uint32_t magic;
    char name[OPTIONS_NAME + 1]; /* "": not set */
    double lease;
    double connect_timeout;
    double wait;
    bool may_spin;
    bool is_inherited;
    hfi_far_mode_t far;
};

hf_options_t *
hf_options_new(void)
{
    hf_options_t *self = calloc(1, sizeof *self);
    if (self == NULL) {
        (void)hfi_error_set("LimitExceeded", "there is no memory for options");
        return NULL;
    }
    self->magic = OPTIONS_MAGIC;
    self->lease = OPTIONS_LEASE;
    self->connect_timeout = OPTIONS_CONNECT;
    self->may_spin = true;
    self->is_inherited = true;
    self->far = HFI_FAR_NEAR;
    hfi_error_clear();
    return self;
}

hf_options_t *
hfi_options_copy(const hf_options_t *self)
{
    hf_options_t *copy = hf_options_new();
    if (copy != NULL && self != NULL)
        *copy = *self;
    return copy;
}

void
hf_options_destroy(hf_options_t **self_p)
{
    hf_options_t *self = *self_p;
    *self_p = NULL;
    if (self == NULL)
        return;
    HF_CHECK(self, OPTIONS_MAGIC);
    HF_BURY(self);
    free(self);
}

static int
options_set_seconds(double *seconds, const char *name, const char *value, double least)
{
    char *end;
    double number = strtod(value, &end);
    if (end == value || *end != '\0' || !(number >= least) || number > OPTIONS_MAX)
        return hfi_error_set("ValueError", "%s: \"%s\" is no number of seconds, at least %g", name,
                             value, least);
    *seconds = number;
    hfi_error_clear();
    return 0;
}

static int
options_set_flag(bool *flag, const char *name, const char *value)
{
    if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
        return hfi_error_set("ValueError", "%s: \"%s\" is neither 0 nor 1", name, value);
    *flag = value[0] == '1';
    hfi_error_clear();
    return 0;
}

static int
options_set_far(hfi_far_mode_t *far, const char *value)
{
    static const char *const modes[] = {
        [HFI_FAR_NONE] = "none", [HFI_FAR_NEAR] = "near", [HFI_FAR_ANY] = "any"};
    for (unsigned k = 0; k < sizeof modes / sizeof modes[0]; k++) {
        if (strcmp(value, modes[k]) == 0) {
            *far = (hfi_far_mode_t)k;
            hfi_error_clear();
            return 0;
        }
    }
    return hfi_error_set("ValueError", "far: \"%s\" is neither none, near nor any", value);
}

int
hf_options_set(hf_options_t *self, const char *name, const char *value)
{
    HF_CHECK(self, OPTIONS_MAGIC);
    if (name == NULL || value == NULL)
        return hfi_error_set("ValueError", "an option has a name and a value");
    if (strcmp(name, "lease") == 0)
        return options_set_seconds(&self->lease, name, value, 1.0);
    if (strcmp(name, "connect_timeout") == 0)
        return options_set_seconds(&self->connect_timeout, name, value, 0.0);
    if (strcmp(name, "wait") == 0)
        return options_set_seconds(&self->wait, name, value, 0.0);
    if (strcmp(name, "spin") == 0)
        return options_set_flag(&self->may_spin, name, value);
    if (strcmp(name, "far") == 0)
        return options_set_far(&self->far, value);
    if (strcmp(name, "inherit") == 0)
        return options_set_flag(&self->is_inherited, name, value);
    if (strcmp(name, "name") != 0)
        return hfi_error_set("KeyError",
                             "there is no option \"%s\": name, lease, connect_timeout, wait, "
                             "spin, inherit, far",
                             name);
    size_t len = strlen(value);
    if (len == 0 || len > OPTIONS_NAME)
        return hfi_error_set("ValueError", "name: 1 to %d bytes", OPTIONS_NAME);
    memcpy(self->name, value, len + 1);
    hfi_error_clear();
    return 0;
}

hfi_far_mode_t
hfi_options_far(const hf_options_t *self)
{
    return self == NULL ? HFI_FAR_NEAR : self->far;
}

static int64_t
options_ns(double seconds)
{
    return (int64_t)(seconds * 1e9);
}

const char *
hfi_options_name(const hf_options_t *self)
{
    return self == NULL || self->name[0] == '\0' ? NULL : self->name;
}

int64_t
hfi_options_lease_ns(const hf_options_t *self)
{
    return options_ns(self == NULL ? OPTIONS_LEASE : self->lease);
}

int64_t
hfi_options_connect_ns(const hf_options_t *self)
{
    return options_ns(self == NULL ? OPTIONS_CONNECT : self->connect_timeout);
}

int64_t
hfi_options_wait_ns(const hf_options_t *self)
{
    return options_ns(self == NULL ? 0.0 : self->wait);
}

bool
hfi_options_may_spin(const hf_options_t *self)
{
    return self == NULL || self->may_spin;
}

bool
hfi_options_is_inherited(const hf_options_t *self)
{
    return self == NULL || self->is_inherited;
}
