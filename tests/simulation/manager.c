/* SPDX-License-Identifier: MPL-2.0 */
/* manager -- the very machine of holdfastd, and the part of the shell between it and the wire. */
#include "manager.h"

#include <string.h>

#include <base/check.h>
#include <machine/state.h>
#include <value/writer.h>

#include "tamper.h"

enum { MANAGER_ROOM = 1 << 17, MANAGER_SMALL_ROOM = 2048 };

static const hf_plugin_t *
manager_find_image(void *context, hfi_span_t hash)
{
    const sim_plugins_t *plugins = context;
    for (size_t i = 0; i < SIM_PLUGINS; i++)
        if (hash.len == strlen(plugins->hashes[i]) &&
            memcmp(hash.at, plugins->hashes[i], hash.len) == 0)
            return plugins->descriptors[i];
    return NULL;
}

/* ---- settings ------------------------------------------------------------------------- */

static void
write_word(hf_writer_t *w, const char *word)
{
    hf_write_str(w, word, strlen(word));
}

static void
write_uint(hf_writer_t *w, const char *key, uint64_t number)
{
    write_word(w, key);
    hf_write_uint(w, number);
}

/* A list of that one word, where there is one. */
static void
write_list(hf_writer_t *w, const char *key, const char *word)
{
    if (word == NULL)
        return;
    write_word(w, key);
    hf_write_list(w, 1);
    write_word(w, word);
}

/* Small windows and short leases in some worlds, so that they are met. */
static void
write_settings(sim_manager_t *self, hf_writer_t *w)
{
    sim_t *sim = self->sim;
    self->window = sim_below(sim, 3) == 0 ? 56 + sim_below(sim, 32) : 16384;
    uint64_t window_bytes = sim_below(sim, 3) == 0 ? 12288 + sim_below(sim, 8192) : 1u << 24;
    uint64_t lease_ms = 2000 + sim_below(sim, 8000);
    self->lease_ns = (int64_t)lease_ms * SIM_MS;
    uint8_t space[16];
    for (size_t i = 0; i < sizeof space; i++)
        space[i] = (uint8_t)(sim_chance(sim) & 0xff);
    size_t n_more = self->site.is_alone ? 1 : 0;
    n_more += (self->site.endpoint == NULL ? 0u : 1u) + (self->site.far_allow == NULL ? 0u : 1u);
    hf_write_map(w, 6 + n_more);
    write_list(w, "endpoints", self->site.endpoint);
    write_list(w, "far_allow", self->site.far_allow);
    if (self->site.is_alone) {
        write_word(w, "far");
        hf_write_bool(w, false);
    }
    write_word(w, "space");
    hf_write_bytes(w, space, sizeof space);
    write_word(w, "limits");
    bool is_small_pool = sim_below(sim, 3) == 0;
    hf_write_map(w, is_small_pool ? 4 : 3);
    if (is_small_pool)
        write_uint(w, "offload_queue", 1 + sim_below(sim, 3));
    write_uint(w, "window", self->window);
    write_uint(w, "window_bytes", window_bytes);
    write_uint(w, "frame", 1u << 17);
    write_uint(w, "lease_ms", lease_ms);
    write_uint(w, "grace_ms", lease_ms / 2);
    write_uint(w, "probe_ms", 300 + sim_below(sim, 700));
    write_word(w, "server");
    write_word(w, "a simulation");
}

static void
manager_entropy(sim_manager_t *self)
{
    uint8_t bytes[32];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(sim_chance(self->sim) & 0xff);
    sim_manager_apply(self, &(hfi_event_t){.kind = HFI_EVENT_ENTROPY, .bytes = {bytes, 32}});
}

void
sim_manager_open(sim_manager_t *self, sim_t *sim, sim_wire_t *wire, const sim_plugins_t *plugins,
                 sim_records_t *records)
{
    hfi_bytes_t settings = {0};
    hfi_bytes_writer_t writer;
    *self = (sim_manager_t){.site = self->site};
    self->sim = sim;
    self->wire = wire;
    self->records = records;
    self->record = records == NULL ? NULL : sim_records_begin(records);
    self->plugins = *plugins;
    self->world = sim_manager_world(&self->plugins);
    self->machine = hfi_machine_new(&self->world);
    HF_ASSERT(self->machine != NULL);
    hfi_bytes_writer_open(&writer, &settings);
    write_settings(self, &writer.w);
    HF_ASSERT(hfi_bytes_writer_close(&writer));
    sim_manager_apply(self,
                      &(hfi_event_t){.kind = HFI_EVENT_BOOT, .bytes = hfi_bytes_span(&settings)});
    hfi_bytes_close(&settings);
    manager_entropy(self);
    for (size_t i = 0; i < SIM_PLUGINS; i++)
        sim_manager_apply(self, &(hfi_event_t){.kind = HFI_EVENT_IMAGE,
                                               .bytes = hfi_span_of(plugins->hashes[i])});
    sim_manager_tick(self);
    sim_manager_flush(self);
    self->used_at_first = hfi_machine_state(self->machine)->account.used;
}

void
sim_manager_close(sim_manager_t *self)
{
    sim_jobs_close(&self->jobs);
    hfi_machine_destroy(&self->machine);
}

void
sim_manager_restart(sim_manager_t *self)
{
    sim_plugins_t plugins = self->plugins;
    uint64_t n_events = self->n_events;
    uint64_t digest = self->digest;
    sim_jobs_t jobs = {.n_begun = self->jobs.n_begun, .n_late = self->jobs.n_late};
    uint64_t n_behind = self->n_behind;
    sim_manager_close(self);
    sim_manager_open(self, self->sim, self->wire, &plugins, self->records);
    self->n_events += n_events;
    self->n_behind += n_behind;
    self->jobs = jobs;
    self->digest ^= digest;
}

hfi_machine_world_t
sim_manager_world(sim_plugins_t *plugins)
{
    return (hfi_machine_world_t){.find_image = manager_find_image, .context = plugins};
}

/* ---- in ------------------------------------------------------------------------------- */

void
sim_manager_apply(sim_manager_t *self, const hfi_event_t *event)
{
    self->n_events++;
    if (self->record != NULL)
        sim_record_event(self->record, event);
    hfi_machine_apply(self->machine, event);
}

void
sim_manager_tick(sim_manager_t *self)
{
    sim_manager_apply(self, &(hfi_event_t){.kind = HFI_EVENT_TICK, .now_ns = self->sim->now_ns});
    if (hfi_machine_wants_entropy(self->machine))
        manager_entropy(self);
}

void
sim_manager_frame(sim_manager_t *self, sim_link_t *link, const sim_frame_t *frame)
{
    if (!link->is_known) {
        link->is_known = true;
        sim_manager_apply(self,
                          &(hfi_event_t){.kind = HFI_EVENT_LINK_UP,
                                         .link = link->number,
                                         .peer = {.address = hfi_span_of("simulated"), .uid = -1}});
    }
    sim_manager_apply(self, &(hfi_event_t){.kind = HFI_EVENT_FRAME,
                                           .link = link->number,
                                           .bytes = {frame->at, frame->len}});
}

void
sim_manager_link_down(sim_manager_t *self, sim_link_t *link, bool is_certain)
{
    if (!link->is_known || link->is_told_down)
        return;
    link->is_told_down = true;
    sim_trace(self->sim, "the manager hears that link %llu is down",
              (unsigned long long)link->number);
    sim_manager_apply(self, &(hfi_event_t){.kind = HFI_EVENT_LINK_DOWN,
                                           .link = link->number,
                                           .is_certain = is_certain});
}

/* ---- out ------------------------------------------------------------------------------ */

static void
manager_digest(sim_manager_t *self, const uint8_t *at, size_t len)
{
    uint64_t h = self->digest ^ len;
    for (size_t i = 0; i < len; i++)
        h = (h ^ at[i]) * UINT64_C(0x100000001B3);
    self->digest = h;
}

/* A frame leaves; into a dead link it fails, as ROUTER_MANDATORY has it, and the machine is told. */
static bool
manager_send(sim_manager_t *self, uint64_t number, uint8_t *at, size_t len)
{
    manager_digest(self, at, len);
    sim_link_t *link = sim_wire_find(self->wire, number);
    hfi_span_t frame = {at, len};
    hfi_bytes_t changed = {0};
    bool is_sent = false;
    if (link != NULL) {
        if (sim_tamper_down(self->sim, &frame, &changed))
            frame = hfi_bytes_span(&changed);
        is_sent = sim_wire_send_down(self->wire, link, frame.at, frame.len);
    }
    hfi_bytes_close(&changed);
    if (!is_sent && link != NULL && self->n_down < sizeof self->down / sizeof self->down[0])
        self->down[self->n_down++] = number;
    return is_sent;
}

static sim_sending_t *
manager_sending(sim_manager_t *self, uint64_t session)
{
    for (uint32_t i = 0; i < self->n_sendings; i++)
        if (self->sendings[i].session == session)
            return &self->sendings[i];
    HF_ASSERT(self->n_sendings < SIM_MAX_SESSIONS);
    sim_sending_t *sending = &self->sendings[self->n_sendings++];
    *sending = (sim_sending_t){.session = session};
    return sending;
}

/* Sends what is behind `sent`, up to number `until`. */
static void
manager_fill(sim_manager_t *self, sim_sending_t *sending, uint64_t until)
{
    static uint8_t to[MANAGER_ROOM];
    while (sending->sent < until) {
        uint64_t last;
        size_t room = sim_below(self->sim, 2) == 0 ? sizeof to : MANAGER_SMALL_ROOM;
        size_t len =
            hfi_machine_fill(self->machine, sending->session, sending->sent, to, room, &last);
        if (self->record != NULL)
            sim_record_fill(self->record, sending->session, sending->sent, room, to, len);
        if (len > room)
            continue; /* the larger room comes sooner or later */
        if (len == 0)
            return;
        sending->sent = last;
        if (!manager_send(self, sending->link, to, len))
            return;
    }
}

static void
manager_on_control(sim_manager_t *self, const hfi_output_t *output)
{
    uint8_t frame[1024];
    HF_ASSERT(output->bytes.len <= sizeof frame);
    memcpy(frame, output->bytes.at, output->bytes.len);
    size_t len = output->bytes.len;
    uint64_t link = output->link;
    if (output->session != 0 && output->after != 0) {
        sim_sending_t *sending = manager_sending(self, output->session);
        if (sending->link == link)
            manager_fill(self, sending, output->after);
    }
    (void)manager_send(self, link, frame, len);
}

static void
manager_job_done(sim_manager_t *self, sim_job_t *job)
{
    sim_trace(self->sim, "job %llu is done: %d", (unsigned long long)job->number, (int)job->status);
    sim_manager_apply(self, &(hfi_event_t){.kind = HFI_EVENT_JOB_DONE,
                                           .link = job->number,
                                           .status = job->status,
                                           .bytes = hfi_bytes_span(&job->value)});
    sim_job_drop(job);
}

void
sim_manager_work(sim_manager_t *self)
{
    sim_job_t done;
    if (sim_jobs_turn(&self->jobs, self->sim, self->machine, &done))
        manager_job_done(self, &done);
}

static void
manager_on_job(sim_manager_t *self, const hfi_output_t *output)
{
    static const uint8_t figures[] = {0x80};
    sim_job_t done;
    if (!hfi_span_equal(output->text, hfi_span_of("offload")))
        sim_manager_apply(self, &(hfi_event_t){.kind = HFI_EVENT_JOB_DONE,
                                               .link = output->number,
                                               .bytes = {figures, sizeof figures}});
    else if (sim_jobs_begin(&self->jobs, self->sim, self->machine, output->number, &done))
        manager_job_done(self, &done);
}

static void
manager_on_output(sim_manager_t *self, const hfi_output_t *output)
{
    sim_link_t *link = sim_wire_find(self->wire, output->link);
    switch (output->kind) {
    case HFI_OUTPUT_SEND:
    case HFI_OUTPUT_REWIND: {
        sim_sending_t *sending = manager_sending(self, output->session);
        sending->link = output->link;
        sending->is_due = true;
        if (output->kind == HFI_OUTPUT_REWIND)
            sending->sent = output->after;
        break;
    }
    case HFI_OUTPUT_CONTROL:
        manager_on_control(self, output);
        break;
    case HFI_OUTPUT_KICK:
        if (link != NULL)
            sim_wire_cut(self->wire, link, true);
        break;
    case HFI_OUTPUT_JOB:
        manager_on_job(self, output);
        break;
    case HFI_OUTPUT_LOG:
        sim_trace(self->sim, "log %llu %.*s: %.*s", (unsigned long long)output->number,
                  (int)output->text.len, (const char *)output->text.at, (int)output->bytes.len,
                  (const char *)output->bytes.at);
        break;
    case HFI_OUTPUT_STOPPED:
        self->is_stopped = true;
        break;
    case HFI_OUTPUT_FAR_OPEN:
    case HFI_OUTPUT_FAR_SEND:
    case HFI_OUTPUT_FAR_CLOSE:
        manager_digest(self, output->bytes.at, output->bytes.len);
        if (self->site.on_far != NULL)
            self->site.on_far(self->site.context, self, output);
        break;
    case HFI_OUTPUT_WATCH:
        break;
    }
}

static bool
manager_take(sim_manager_t *self, hfi_output_t *ret_output)
{
    bool has_one = hfi_machine_take_output(self->machine, ret_output);
    if (self->record != NULL)
        sim_record_output(self->record, has_one ? ret_output : NULL);
    return has_one;
}

void
sim_manager_flush(sim_manager_t *self)
{
    hfi_output_t output;
    while (manager_take(self, &output))
        manager_on_output(self, &output);
    for (uint32_t i = 0; i < self->n_sendings; i++) {
        sim_sending_t *sending = &self->sendings[i];
        if (!sending->is_due)
            continue;
        sending->is_due = false;
        manager_fill(self, sending, UINT64_MAX);
    }
    for (uint32_t i = 0; i < self->n_down; i++) {
        sim_link_t *link = sim_wire_find(self->wire, self->down[i]);
        if (link != NULL)
            sim_manager_link_down(self, link, false);
    }
    self->n_down = 0;
}

int64_t
sim_manager_due_ns(const sim_manager_t *self)
{
    return hfi_machine_due_ns(self->machine);
}
