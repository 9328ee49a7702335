/* SPDX-License-Identifier: MPL-2.0 */
/* config -- what the operator wants: a zconfig file, checked key by key, to settings and the machine's values.
 *
 * The file is ZPL: `key = value` lines, sections by four spaces. Whatever is unknown, doubled or out of range is
 * refused with its file and line, all of it in one reading; nothing is guessed. What may be in types, roles, users and
 * others is for the policy to say.
 *
 * Thread: one at a time.
 */
#ifndef HFI_CONFIG_H
#define HFI_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <holdfast/value.h>

#include "complaint.h"
#include "deployment.h"
#include "log.h"

typedef enum hfi_placement {
    HFI_PLACEMENT_SHARED = 0, /* the loop and libzmq's I/O thread share one CPU */
    HFI_PLACEMENT_FREE,
} hfi_placement_t;

typedef struct hfi_texts {
    char **at;
    unsigned
        *lines; /* on which each stands in the file; 0: the command line has it. NULL: all are 0 */
    size_t n;
} hfi_texts_t;

/* The line of the k-th, or 0. */
static inline unsigned
hfi_texts_line(const hfi_texts_t *self, size_t k)
{
    return self->lines == NULL ? 0 : self->lines[k];
}

typedef struct hfi_settings_limits {
#define HFI_LIMIT(name_, default_, text_) uint64_t name_;
#include <machine/limit.def>
#undef HFI_LIMIT
} hfi_settings_limits_t;

/* What a value of each kind becomes. */
typedef hfi_texts_t hfi_config_ENDPOINTS_t;
typedef hfi_texts_t hfi_config_PLACES_t; /* where others serve, or reach this manager */
typedef hfi_texts_t hfi_config_TEXTS_t;
typedef char *hfi_config_TEXT_t;
typedef bool hfi_config_FLAG_t;
typedef hfi_placement_t hfi_config_PLACEMENT_t;
typedef hfi_log_level_t hfi_config_LEVEL_t;
typedef int64_t hfi_config_SECONDS_t; /* in milliseconds */
typedef uint64_t hfi_config_BYTES_t;

typedef struct hfi_settings {
#define HFI_CONFIG(key_, member_, kind_, default_, text_) hfi_config_##kind_##_t member_;
#include "config.def"
#undef HFI_CONFIG
    char *folder; /* of the default endpoint; hfi_settings_complete finds it */
    hfi_settings_limits_t limits;
    hfi_deployment_t deployment;
} hfi_settings_t;

/* Gives the defaults, but for the endpoint and the run_dir: hfi_settings_complete. NULL: no memory. */
hfi_settings_t *hfi_settings_new(void);
void hfi_settings_destroy(hfi_settings_t **self_p);

/* Reads the file that the complaints name on top of what is there, as far as it can be read. False: there are
 * complaints. */
bool hfi_settings_read(hfi_settings_t *self, hfi_complaints_t *complaints);

/* Calls `say` for each key that differs and cannot be changed while a manager serves. */
void hfi_settings_compare(const hfi_settings_t *self, const hfi_settings_t *other,
                          void (*say)(void *context, const char *key), void *context);

/* As the command line gives them. False: no memory. */
bool hfi_settings_add_plugin(hfi_settings_t *self, const char *path);
bool hfi_settings_add_bind(hfi_settings_t *self, const char *endpoint);
void hfi_settings_drop_binds(hfi_settings_t *self);

/* Fills in what nobody said and checks what hangs together: endpoints and `insecure`. False: there are complaints. */
bool hfi_settings_complete(hfi_settings_t *self, hfi_complaints_t *complaints);

/* Whether the endpoint is one to serve on, and loopback or local unless is_insecure. False with why. */
bool hfi_settings_check_endpoint(const char *endpoint, bool is_insecure, char *why,
                                 size_t why_room);

/* Writes what POLICY carries as one value (registry/policy.h). */
void hfi_settings_policy(const hfi_settings_t *self, hf_writer_t *to);

/* What --help-config prints. */
void hfi_settings_help(FILE *to);

#endif
