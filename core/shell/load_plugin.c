/* SPDX-License-Identifier: MPL-2.0 */
/* load_plugin -- see load_plugin.h */
#define _GNU_SOURCE
#include "load_plugin.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <registry/text.h>
#include <value/admit.h>
#include <value/writer.h>

enum { LOAD_MAPPED = 0, LOAD_DENIED = 1, LOAD_REFUSED = 2 };

bool
hfi_load_plugin_check(const hfi_settings_t *settings, hfi_complaints_t *complaints)
{
    bool is_fine = true;
    const hfi_texts_t *folders = &settings->plugin_dirs;
    for (size_t k = 0; k < folders->n; k++) {
        if (folders->at[k][0] != '/')
            is_fine = hfi_complaints_add(complaints, hfi_texts_line(folders, k),
                                         "plugin_dir %s: it must be absolute", folders->at[k]);
    }
    return is_fine;
}

/* Whether `path` lies in the folder or somewhere below it; both are real. */
static bool
load_plugin_is_below(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    while (len > 0 && folder[len - 1] == '/')
        len--;
    return strncmp(path, folder, len) == 0 && path[len] == '/';
}

/* A folder that is not there, or no longer, allows nothing. */
static bool
load_plugin_is_allowed(const hfi_settings_t *settings, const char *path)
{
    char folder[PATH_MAX];
    for (size_t k = 0; k < settings->plugin_dirs.n; k++) {
        if (realpath(settings->plugin_dirs.at[k], folder) != NULL &&
            load_plugin_is_below(path, folder))
            return true;
    }
    return false;
}

static int32_t
load_plugin_map(const hfi_settings_t *settings, hfi_loader_t *loader, const char *path, char *why,
                size_t why_room)
{
    char real[PATH_MAX];
    if (settings->plugin_dirs.n == 0) {
        (void)snprintf(why, why_room,
                       "this manager loads no plugin while it serves: its "
                       "configuration names no plugin_dir");
        return LOAD_DENIED;
    }
    /* what is not there is denied too: nobody learns which files there are elsewhere */
    if (realpath(path, real) == NULL || !load_plugin_is_allowed(settings, real)) {
        (void)snprintf(why, why_room, "%.*s is no file in a folder that plugin_dir names",
                       hfi_text_shown(path, strlen(path)), path);
        return LOAD_DENIED;
    }
    const hfi_image_t *image = hfi_loader_load(loader, real, why, why_room);
    if (image == NULL)
        return LOAD_REFUSED;
    (void)snprintf(why, why_room, "%s", image->hash);
    return LOAD_MAPPED;
}

int32_t
hfi_load_plugin(const hfi_settings_t *settings, hfi_loader_t *loader, hfi_span_t path_value,
                hfi_bytes_t *ret_value)
{
    char path[PATH_MAX];
    char why[HFI_WHY] = "the path cannot be read";
    size_t len = 0;
    hf_value_t value;
    hfi_bytes_t scratch = {0};
    hfi_bytes_writer_t out;
    int32_t status = LOAD_REFUSED;
    if (hfi_admit_value(path_value, 2, &scratch, &value, NULL) == HFI_ADMIT_OK) {
        const char *text = hf_as_str(&value, &len);
        if (text != NULL && len < sizeof path) {
            memcpy(path, text, len);
            path[len] = '\0';
            status = load_plugin_map(settings, loader, path, why, sizeof why);
        }
    }
    hfi_bytes_close(&scratch);
    for (len = strlen(why); len > 0 && !hfi_text_is_utf8(why); len--) /* cut inside a character */
        why[len - 1] = '\0';
    hfi_bytes_writer_open(&out, ret_value);
    hf_write_str(&out.w, why, strlen(why));
    return hfi_bytes_writer_close(&out) ? status : -1;
}
