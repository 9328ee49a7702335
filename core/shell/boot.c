/* SPDX-License-Identifier: MPL-2.0 */
/* boot -- see boot.h */
#define _GNU_SOURCE
#include "boot.h"

#include <limits.h>
#include <sys/random.h>

#include <base/check.h>
#include <value/admit.h>
#include <value/writer.h>

#include "load_plugin.h"

enum { BOOT_SPACE = 16 };

static void
boot_text(hf_writer_t *w, const char *text)
{
    hf_write_str(w, text, strlen(text));
}

static void
boot_number(hf_writer_t *w, const char *key, uint64_t number)
{
    boot_text(w, key);
    hf_write_uint(w, number);
}

static void
boot_write_limits(hf_writer_t *w, const hfi_settings_limits_t *limits)
{
    size_t n = 0;
#define HFI_LIMIT(name_, default_, text_) n++;
#include <machine/limit.def>
#undef HFI_LIMIT
    boot_text(w, "limits");
    hf_write_map(w, n);
#define HFI_LIMIT(name_, default_, text_) boot_number(w, #name_, limits->name_);
#include <machine/limit.def>
#undef HFI_LIMIT
}

static void
boot_write_texts(hf_writer_t *w, const char *key, const hfi_texts_t *texts)
{
    boot_text(w, key);
    hf_write_list(w, texts->n);
    for (size_t k = 0; k < texts->n; k++)
        boot_text(w, texts->at[k]);
}

static void
boot_write_bound(hf_writer_t *w, const hfi_front_t *front)
{
    size_t n = 0;
    while (front != NULL && hfi_front_endpoint(front, n) != NULL)
        n++;
    boot_text(w, "endpoints");
    hf_write_list(w, n);
    for (size_t k = 0; k < n; k++)
        boot_text(w, hfi_front_endpoint(front, k));
}

/* event.h says what each key means. */
static bool
boot_write_settings(hfi_bytes_t *to, const hfi_settings_t *settings, const hfi_front_t *front)
{
    uint8_t space[BOOT_SPACE];
    hfi_bytes_writer_t out;
    if (getrandom(space, sizeof space, 0) != (ssize_t)sizeof space)
        return false;
    hfi_bytes_writer_open(&out, to);
    hf_write_map(&out.w, 11);
    boot_text(&out.w, "space");
    hf_write_bytes(&out.w, space, sizeof space);
    boot_write_limits(&out.w, &settings->limits);
    boot_number(&out.w, "memory_limit", settings->memory_limit);
    boot_number(&out.w, "lease_ms", (uint64_t)settings->lease_ms);
    boot_number(&out.w, "grace_ms", (uint64_t)settings->grace_ms);
    boot_number(&out.w, "probe_ms", (uint64_t)settings->probe_ms);
    if (settings->endpoints.n != 0)
        boot_write_texts(&out.w, "endpoints", &settings->endpoints);
    else
        boot_write_bound(&out.w, front);
    boot_text(&out.w, "far");
    hf_write_bool(&out.w, settings->is_far);
    boot_write_texts(&out.w, "far_allow", &settings->far_allow);
    boot_number(&out.w, "far_timeout_ms", (uint64_t)settings->far_timeout_ms);
    boot_text(&out.w, "server");
    boot_text(&out.w, "holdfastd " HF_VERSION);
    return hfi_bytes_writer_close(&out);
}

static bool
boot_write_policy(hfi_bytes_t *to, const hfi_settings_t *settings)
{
    hfi_bytes_writer_t out;
    hfi_bytes_writer_open(&out, to);
    hfi_settings_policy(settings, &out.w);
    return hfi_bytes_writer_close(&out);
}

/* The names of the shipped plugins, parted by blanks. */
static bool
boot_load_shipped(hfi_loader_t *loader, char *why, size_t why_room)
{
    char name[64];
    char path[PATH_MAX];
    const char *at = HFI_SHIPPED_PLUGINS;
    for (at += strspn(at, " "); *at != '\0'; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        HF_ASSERT(len < sizeof name);
        memcpy(name, at, len);
        name[len] = '\0';
        at += len;
        if (!hfi_loader_shipped(name, path, sizeof path)) {
            (void)snprintf(why, why_room,
                           "the shipped plugin %s.so is not where this program looks for it "
                           "(shipped = 0 serves without)",
                           name);
            return false;
        }
        if (hfi_loader_load(loader, path, why, why_room) == NULL)
            return false;
    }
    return true;
}

bool
hfi_boot_load(const hfi_settings_t *settings, hfi_loader_t *loader, hfi_complaints_t *complaints)
{
    /* WALK plugin 2/8: all of them are mapped before the machine begins */
    char why[HFI_WHY];
    if (!hfi_loader_own_folder(settings->run_dir, false, why, sizeof why))
        return hfi_complaints_add(complaints, 0, "%s", why);
    bool is_fine = hfi_load_plugin_check(settings, complaints);
    if (settings->is_shipped && !boot_load_shipped(loader, why, sizeof why))
        is_fine = hfi_complaints_add(complaints, 0, "%s", why);
    for (size_t k = 0; k < settings->plugins.n; k++) {
        if (hfi_loader_load(loader, settings->plugins.at[k], why, sizeof why) == NULL)
            is_fine =
                hfi_complaints_add(complaints, hfi_texts_line(&settings->plugins, k), "%s", why);
    }
    return is_fine;
}

bool
hfi_boot_write(hfi_boot_t *self, const hfi_settings_t *settings, const hfi_loader_t *loader,
               const hfi_front_t *front, hfi_batch_t *batch)
{
    if (!boot_write_settings(&self->settings, settings, front) ||
        !boot_write_policy(&self->policy, settings) ||
        getrandom(self->entropy, sizeof self->entropy, 0) != (ssize_t)sizeof self->entropy)
        return false;
    hfi_event_t *event = hfi_batch_add(batch, HFI_EVENT_BOOT);
    if (event == NULL)
        return false;
    event->bytes = hfi_bytes_span(&self->settings);
    event = hfi_batch_add(batch, HFI_EVENT_ENTROPY);
    if (event == NULL)
        return false;
    event->bytes = (hfi_span_t){.at = self->entropy, .len = sizeof self->entropy};
    for (size_t k = 0; hfi_loader_at(loader, k) != NULL; k++) {
        event = hfi_batch_add(batch, HFI_EVENT_IMAGE);
        if (event == NULL)
            return false;
        event->bytes = hfi_span_of(hfi_loader_at(loader, k)->hash);
    }
    event = hfi_batch_add(batch, HFI_EVENT_POLICY);
    if (event == NULL)
        return false;
    event->bytes = hfi_bytes_span(&self->policy);
    return true;
}

void
hfi_boot_close(hfi_boot_t *self)
{
    hfi_bytes_close(&self->settings);
    hfi_bytes_close(&self->policy);
}

/* Where an event comes from that the machine may refuse. */
typedef struct boot_origin {
    const char *path; /* of a plugin's file; NULL: it is no plugin */
    unsigned line;    /* that names it; 0: none does */
} boot_origin_t;

static boot_origin_t
boot_origin_of(const hfi_event_t *event, const hfi_settings_t *settings, const hfi_loader_t *loader)
{
    boot_origin_t origin = {0};
    char real[PATH_MAX];
    const hfi_image_t *image = NULL;
    for (size_t k = 0; event->kind == HFI_EVENT_IMAGE; k++) {
        image = hfi_loader_at(loader, k);
        if (image == NULL || hfi_span_equal(event->bytes, hfi_span_of(image->hash)))
            break;
    }
    if (image == NULL)
        return origin;
    origin.path = image->path;
    for (size_t k = 0; k < settings->plugins.n && origin.line == 0; k++) {
        if (realpath(settings->plugins.at[k], real) != NULL && strcmp(real, image->path) == 0)
            origin.line = hfi_texts_line(&settings->plugins, k);
    }
    return origin;
}

/* What the machine logs as an error becomes a complaint. */
static void
boot_apply(hfi_machine_t *machine, const hfi_event_t *event, boot_origin_t origin,
           hfi_complaints_t *complaints)
{
    hfi_output_t output;
    hfi_machine_apply(machine, event);
    while (hfi_machine_take_output(machine, &output)) {
        if (output.kind != HFI_OUTPUT_LOG || output.number > HF_LOG_ERROR)
            continue;
        hfi_span_t from = origin.path == NULL ? output.text : hfi_span_of(origin.path);
        (void)hfi_complaints_add(complaints, origin.line, "%.*s: %.*s", (int)from.len,
                                 (const char *)from.at, (int)output.bytes.len,
                                 (const char *)output.bytes.at);
    }
}

bool
hfi_boot_write_policy(const hfi_settings_t *settings, hfi_machine_t *machine, hfi_bytes_t *to,
                      hfi_complaints_t *complaints)
{
    hf_value_t policy;
    hfi_bytes_t scratch = {0};
    if (!boot_write_policy(to, settings) ||
        hfi_admit_value(hfi_bytes_span(to), HFI_DEPTH_MAX, &scratch, &policy, NULL) !=
            HFI_ADMIT_OK) {
        hfi_bytes_close(&scratch);
        return hfi_complaints_add(complaints, 0, "the configuration is no text in UTF-8");
    }
    bool is_sound = hfi_deployment_check(&settings->deployment, hfi_machine_policy(machine),
                                         &policy, complaints);
    hfi_bytes_close(&scratch);
    hfi_complaints_sort(complaints);
    return is_sound;
}

/* Everything but the policy goes into the machine; then the policy is looked at, and put in force. */
static void
boot_try(hfi_machine_t *machine, const hfi_settings_t *settings, const hfi_loader_t *loader,
         const hfi_batch_t *batch, hfi_complaints_t *complaints)
{
    hfi_bytes_t policy = {0};
    for (size_t k = 0; k < batch->n; k++) {
        const hfi_event_t *event = &batch->at[k];
        if (event->kind != HFI_EVENT_POLICY)
            boot_apply(machine, event, boot_origin_of(event, settings, loader), complaints);
    }
    if (hfi_boot_write_policy(settings, machine, &policy, complaints))
        boot_apply(machine,
                   &(hfi_event_t){.kind = HFI_EVENT_POLICY, .bytes = hfi_bytes_span(&policy)},
                   (boot_origin_t){0}, complaints);
    hfi_bytes_close(&policy);
}

hfi_machine_t *
hfi_boot_trial(const hfi_settings_t *settings, hfi_loader_t *loader, hfi_complaints_t *complaints)
{
    hfi_machine_world_t world = {.find_image = hfi_loader_find, .context = loader};
    hfi_boot_t boot = {0};
    size_t before = complaints->n;
    hfi_batch_t *batch = calloc(1, sizeof *batch);
    hfi_machine_t *machine = hfi_machine_new(&world);
    if (batch == NULL || machine == NULL || !hfi_boot_write(&boot, settings, loader, NULL, batch))
        (void)hfi_complaints_add(complaints, 0,
                                 "the manager cannot begin: no memory, or too many plugins");
    else
        boot_try(machine, settings, loader, batch, complaints);
    hfi_boot_close(&boot);
    free(batch);
    if (complaints->n != before)
        hfi_machine_destroy(&machine);
    return machine;
}
