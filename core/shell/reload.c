/* SPDX-License-Identifier: MPL-2.0 */
/* reload -- see reload.h */
#include "reload.h"

#include <base/check.h>

#include "boot.h"
#include "load_plugin.h"
#include "loader.h"

enum { RELOAD_LINE = 1024 };

static void
reload_say_unchanged(void *context, const char *key)
{
    hfi_log_put(context, HFI_LOG_WARNING, "server",
                "reload: %s cannot change while the manager serves: restart it", key);
}

/* A plugin's file is not looked for again, but by the next start. */
static void
reload_look_for_plugins(const hfi_settings_t *settings, const char *file, hfi_log_t *log)
{
    char why[HFI_WHY];
    for (size_t k = 0; k < settings->plugins.n; k++) {
        if (!hfi_loader_check(settings->plugins.at[k], why, sizeof why))
            hfi_log_put(log, HFI_LOG_WARNING, "server", "reload: %s:%u: %s: the next start fails",
                        file, hfi_texts_line(&settings->plugins, k), why);
    }
}

static void
reload_complain(const hfi_complaints_t *complaints, hfi_log_t *log)
{
    char line[RELOAD_LINE];
    for (size_t k = 0; k < hfi_complaints_kept(complaints); k++) {
        hfi_complaints_write(complaints, k, line, sizeof line);
        hfi_log_put(log, HFI_LOG_ERROR, "server", "reload: %s", line);
    }
    hfi_log_put(log, HFI_LOG_ERROR, "server", "reload: nothing has changed, for %zu reason%s",
                complaints->n, complaints->n == 1 ? "" : "s");
}

bool
hfi_reload(const char *file, const hfi_settings_t *first, hfi_machine_t *machine, hfi_log_t *log,
           hfi_bytes_t *ret_policy)
{
    hfi_settings_t *settings = hfi_settings_new();
    hfi_complaints_t *complaints = calloc(1, sizeof *complaints);
    hfi_bytes_t policy = {0};
    bool is_sound = settings != NULL && complaints != NULL;
    if (is_sound) {
        complaints->file = file;
        (void)hfi_settings_read(settings, complaints);
        (void)hfi_load_plugin_check(settings, complaints);
        (void)hfi_boot_write_policy(settings, machine, &policy, complaints);
        is_sound = complaints->n == 0;
        if (!is_sound)
            reload_complain(complaints, log);
    } else {
        hfi_log_put(log, HFI_LOG_ERROR, "server", "reload: no memory");
    }
    if (is_sound) {
        hfi_settings_compare(first, settings, reload_say_unchanged, log);
        reload_look_for_plugins(settings, file, log);
        hfi_log_put(log, HFI_LOG_INFO, "server", "reload: %s is in force", file);
        *ret_policy = policy;
        policy = (hfi_bytes_t){0};
    }
    hfi_bytes_close(&policy);
    free(complaints);
    hfi_settings_destroy(&settings);
    return is_sound;
}
