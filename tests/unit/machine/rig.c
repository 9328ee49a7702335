/* SPDX-License-Identifier: MPL-2.0 */
/* rig -- see rig.h */
#include "rig.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <unit/quoted.h>
#include <value/json.h>
#include <value/repr.h>
#include <value/value.h>

enum { RIG_ROOM = 1 << 24, RIG_DEPTH = 512 };

static void rig_pump(rig_t *self);

static const hf_plugin_t *
rig_find_image(void *context, hfi_span_t hash)
{
    (void)hash;
    return ((const rig_t *)context)->plugin;
}

/* The bytes of a JSON text's value, in rig->scratch. */
static hfi_span_t
rig_json(rig_t *self, const char *text)
{
    hf_value_t value = quoted_json(text);
    self->scratch.len = 0;
    assert_true(hfi_bytes_append(&self->scratch, hf_bytes_of(&value), hf_len_of(&value)));
    hfi_value_drop(&value);
    return hfi_bytes_span(&self->scratch);
}

void
rig_apply(rig_t *self, const hfi_event_t *event)
{
    hfi_bytes_t bytes = {0};
    hfi_event_t read;
    assert_true(hfi_event_write(event, &bytes)); /* through its bytes, as a replay would */
    hfi_span_t from = hfi_bytes_span(&bytes);
    assert_true(hfi_event_read(&from, &read));
    assert_int_equal(from.len, 0);
    hfi_machine_apply(self->machine, &read);
    hfi_bytes_close(&bytes);
    rig_pump(self);
}

rig_t *
rig_new(const hf_plugin_t *plugin, const char *settings)
{
    return rig_new_probed(plugin, settings, (hfi_probe_t){.begin = NULL});
}

rig_t *
rig_new_probed(const hf_plugin_t *plugin, const char *settings, hfi_probe_t probe)
{
    uint8_t entropy[32] = {1, 2, 3};
    rig_t *self = calloc(1, sizeof *self);
    assert_non_null(self);
    hfi_machine_world_t world = {.find_image = rig_find_image, .context = self, .probe = probe};
    self->plugin = plugin;
    self->machine = hfi_machine_new(&world);
    assert_non_null(self->machine);
    rig_apply(self, &(hfi_event_t){.kind = HFI_EVENT_BOOT,
                                   .bytes = rig_json(self, settings == NULL ? "{}" : settings)});
    assert_true(hfi_machine_wants_entropy(self->machine));
    rig_apply(self, &(hfi_event_t){.kind = HFI_EVENT_ENTROPY, .bytes = {entropy, sizeof entropy}});
    assert_false(hfi_machine_wants_entropy(self->machine));
    if (plugin != NULL)
        rig_apply(self, &(hfi_event_t){.kind = HFI_EVENT_IMAGE, .bytes = hfi_span_of("01")});
    assert_string_equal(self->log, "");
    return self;
}

void
rig_destroy(rig_t **self_p)
{
    hfi_machine_destroy(&(*self_p)->machine);
    hfi_bytes_close(&(*self_p)->scratch);
    hfi_value_drop(&(*self_p)->last);
    free(*self_p);
    *self_p = NULL;
}

/* ---- what comes back --------------------------------------------------------------------- */

static void rig_tell(char *to, size_t room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
rig_tell(char *to, size_t room, const char *format, ...)
{
    size_t len = strlen(to);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(to + len, room - len, format, args);
    va_end(args);
}

#define SAY(self_, link_, ...)                                                                     \
    rig_tell((self_)->control[(link_) % RIG_LINKS], sizeof(self_)->control[0], __VA_ARGS__)

static void
rig_control(rig_t *self, const hfi_output_t *output)
{
    hfi_frame_t f;
    hfi_bytes_t scratch = {0};
    uint64_t link = output->link;
    assert_int_equal(hfi_frame_read(output->bytes, RIG_DEPTH, &scratch, &f), HFI_REJECT_NONE);
    switch (f.kind) {
    case HFI_FRAME_WELCOME:
        SAY(self, link, "WELCOME %s received=%" PRIu64 "\n", f.welcome.resumed ? "resumed" : "new",
            f.welcome.received);
        break;
    case HFI_FRAME_REJECT:
        SAY(self, link, "REJECT %s\n", hfi_reject_name(f.reason));
        break;
    case HFI_FRAME_PING:
        SAY(self, link, "PING ack=%" PRIu64 " sent=%" PRIu64 "\n", f.ack, f.sent);
        break;
    case HFI_FRAME_PONG:
        assert_true(f.has_figures);
        SAY(self, link, "PONG ack=%" PRIu64 " sent=%" PRIu64 " count=%" PRIu64 "\n", f.ack, f.sent,
            f.count);
        break;
    case HFI_FRAME_RESYNC:
        SAY(self, link, "RESYNC %" PRIu64 "\n", f.expected);
        break;
    case HFI_FRAME_DATA:
        assert_int_equal(f.messages.len, 0);
        SAY(self, link, "ACK seq=%" PRIu64 " ack=%" PRIu64 "\n", f.seq, f.ack);
        break;
    case HFI_FRAME_HELLO:
    case HFI_FRAME_BYE:
        fail_msg("a frame that is a client's to send");
        break;
    }
    hfi_bytes_close(&scratch);
}

static void
rig_job(rig_t *self, const hfi_output_t *output)
{
    self->job = output->number;
    assert_true(hfi_span_equal(output->text, hfi_span_of("figures")));
    if (!self->is_job_held) {
        hfi_event_t done = {.kind = HFI_EVENT_JOB_DONE,
                            .link = output->number,
                            .bytes = rig_json(self, "{\"pid\": 7}")};
        hfi_machine_apply(self->machine, &done);
    }
}

static void
rig_pump(rig_t *self)
{
    hfi_output_t out;
    while (hfi_machine_take_output(self->machine, &out)) {
        if (self->on_output != NULL && self->on_output(self->context, self, &out))
            continue;
        switch (out.kind) {
        case HFI_OUTPUT_SEND:
            self->numbers[out.link % RIG_LINKS] = out.session;
            self->is_sent[out.link % RIG_LINKS] = true;
            break;
        case HFI_OUTPUT_CONTROL:
            rig_control(self, &out);
            break;
        case HFI_OUTPUT_REWIND:
            self->numbers[out.link % RIG_LINKS] = out.session;
            SAY(self, out.link, "REWIND after=%" PRIu64 "\n", out.after);
            break;
        case HFI_OUTPUT_WATCH:
            SAY(self, out.link, "WATCH %" PRIu64 "\n", out.number);
            break;
        case HFI_OUTPUT_KICK:
            SAY(self, out.link, "KICK\n");
            break;
        case HFI_OUTPUT_JOB:
            rig_job(self, &out);
            break;
        case HFI_OUTPUT_LOG:
            rig_tell(self->log, sizeof self->log, "%.*s: %.*s\n", (int)out.text.len,
                     (const char *)out.text.at, (int)out.bytes.len, (const char *)out.bytes.at);
            break;
        case HFI_OUTPUT_STOPPED:
            self->is_stopped = true;
            break;
        case HFI_OUTPUT_FAR_OPEN: /* of no test that does not listen */
        case HFI_OUTPUT_FAR_SEND:
        case HFI_OUTPUT_FAR_CLOSE:
            break;
        }
    }
}

const char *
rig_said(rig_t *self, uint64_t link)
{
    char *said = self->control[link % RIG_LINKS];
    (void)snprintf(self->text, sizeof self->text, "%s", said);
    said[0] = '\0';
    return self->text;
}

/* ---- the world --------------------------------------------------------------------------- */

void
rig_policy(rig_t *self, const char *policy)
{
    self->log[0] = '\0';
    rig_apply(self, &(hfi_event_t){.kind = HFI_EVENT_POLICY, .bytes = rig_json(self, policy)});
}

void
rig_pass(rig_t *self, double seconds)
{
    int64_t until = self->now_ns + (int64_t)(seconds * 1e9);
    do {
        self->now_ns = until - self->now_ns < 10000000 ? until : self->now_ns + 10000000;
        rig_apply(self, &(hfi_event_t){.kind = HFI_EVENT_TICK, .now_ns = self->now_ns});
    } while (self->now_ns < until);
}

void
rig_up(rig_t *self, uint64_t link)
{
    rig_apply(self, &(hfi_event_t){.kind = HFI_EVENT_LINK_UP, .link = link, .peer = {.uid = -1}});
}

void
rig_down(rig_t *self, uint64_t link, bool is_certain)
{
    rig_apply(self,
              &(hfi_event_t){.kind = HFI_EVENT_LINK_DOWN, .link = link, .is_certain = is_certain});
}

void
rig_frame(rig_t *self, uint64_t link, const void *at, size_t len)
{
    rig_apply(self, &(hfi_event_t){.kind = HFI_EVENT_FRAME, .link = link, .bytes = {at, len}});
}

void
rig_hello(rig_t *self, uint64_t link, const hfi_hello_t *hello)
{
    hfi_bytes_t bytes = {0};
    hfi_bytes_writer_t writer;
    hfi_bytes_writer_open(&writer, &bytes);
    hfi_frame_write_hello(&writer.w, hello);
    assert_true(hfi_bytes_writer_close(&writer));
    rig_frame(self, link, bytes.at, bytes.len);
    hfi_bytes_close(&bytes);
}

/* ---- clients ----------------------------------------------------------------------------- */

void
rig_connect(rig_t *self, rig_client_t *client, uint64_t link)
{
    *client = (rig_client_t){.rig = self, .link = link, .attempt = 1};
    client->secret.bytes[0] = (uint8_t)link;
    rig_up(self, link);
    rig_hello(self, link, &(hfi_hello_t){.session = client->secret, .attempt = 1});
    assert_string_equal(rig_said(self, link), "WELCOME new received=0\nREWIND after=0\n");
}

const char *
rig_resume(rig_client_t *client, uint64_t link)
{
    rig_up(client->rig, link);
    client->link = link;
    rig_hello(client->rig, link,
              &(hfi_hello_t){.session = client->secret,
                             .attempt = ++client->attempt,
                             .received = client->received,
                             .has_manager = true,
                             .resume = true});
    return rig_said(client->rig, link);
}

void
rig_close(rig_client_t *client)
{
    hfi_bytes_close(&client->frame);
}

static hf_writer_t *
rig_begin(rig_client_t *client, hfi_bytes_writer_t *writer)
{
    hfi_bytes_writer_open(writer, &client->frame);
    if (client->frame.len == 0)
        hfi_frame_write_data(&writer->w, client->sent + 1, client->acked);
    return &writer->w;
}

static uint64_t
rig_end(rig_client_t *client, hfi_bytes_writer_t *writer)
{
    assert_true(hfi_bytes_writer_close(writer));
    return ++client->sent;
}

static void
rig_write_json(rig_client_t *client, hf_writer_t *w, const char *text)
{
    hfi_span_t item = rig_json(client->rig, text);
    hfi_write_raw(w, item.at, item.len);
}

static uint64_t
rig_write_call(rig_client_t *client, uint64_t target, bool is_promise, const char *method,
               const char *args, const char *options)
{
    hfi_bytes_writer_t writer;
    hf_writer_t *w = rig_begin(client, &writer);
    hfi_message_write_call(w, options == NULL ? 4 : 6, target, is_promise, hfi_span_of(method));
    rig_write_json(client, w, args == NULL ? "[]" : args);
    if (options != NULL) {
        hf_write_nil(w);
        rig_write_json(client, w, options);
    }
    return rig_end(client, &writer);
}

uint64_t
rig_put_call(rig_client_t *client, uint64_t target, const char *method, const char *args,
             const char *options)
{
    return rig_write_call(client, target, false, method, args, options);
}

uint64_t
rig_put_promised(rig_client_t *client, uint64_t call, const char *method, const char *args)
{
    return rig_write_call(client, call, true, method, args, NULL);
}

uint64_t
rig_put_cancel(rig_client_t *client, uint64_t call)
{
    hfi_bytes_writer_t writer;
    hfi_message_write_cancel(rig_begin(client, &writer), call);
    return rig_end(client, &writer);
}

uint64_t
rig_put_release(rig_client_t *client, uint64_t object, uint64_t count)
{
    hfi_bytes_writer_t writer;
    hf_writer_t *w = rig_begin(client, &writer);
    hfi_message_write_release(w, 1);
    hf_write_uint(w, object);
    hf_write_uint(w, count);
    return rig_end(client, &writer);
}

void
rig_send(rig_client_t *client)
{
    rig_frame(client->rig, client->link, client->frame.at, client->frame.len);
    client->frame.len = 0;
}

static void
rig_tell_message(rig_t *self, const hfi_message_t *m)
{
    hfi_bytes_t out = {0};
    if (m->kind == HFI_MESSAGE_RESULT) {
        hfi_value_drop(&self->last);
        assert_true(hfi_value_keep(&m->value, &self->last));
        assert_true(hfi_repr(&m->value, &out));
        rig_tell(self->text, sizeof self->text, "%" PRIu64 ": %.*s\n", m->call, (int)out.len,
                 (const char *)out.at);
    } else {
        assert_int_equal(m->kind, HFI_MESSAGE_ERROR);
        rig_tell(self->text, sizeof self->text, "%" PRIu64 "! %.*s: %.*s\n", m->call,
                 (int)m->error_kind.len, (const char *)m->error_kind.at, (int)m->text.len,
                 (const char *)m->text.at);
    }
    hfi_bytes_close(&out);
}

static void
rig_read(rig_client_t *client, hfi_span_t bytes)
{
    hfi_frame_t f;
    hfi_messages_t messages;
    hfi_message_t m;
    bool is_end = false;
    hfi_bytes_t scratch = {0};
    assert_int_equal(hfi_frame_read(bytes, RIG_DEPTH, &scratch, &f), HFI_REJECT_NONE);
    assert_int_equal(f.kind, HFI_FRAME_DATA);
    assert_int_equal(f.seq, client->received + 1);
    assert_true(hfi_messages_open(&messages, f.messages, RIG_DEPTH, true, &scratch));
    for (;;) {
        assert_int_equal(hfi_messages_next(&messages, &m, &is_end), HFI_REJECT_NONE);
        if (is_end)
            break;
        assert_null(m.bad_request);
        client->received++;
        rig_tell_message(client->rig, &m);
    }
    hfi_bytes_close(&scratch);
}

const char *
rig_answers(rig_client_t *client)
{
    static uint8_t frame[RIG_ROOM];
    rig_t *self = client->rig;
    uint64_t last;
    uint64_t number = self->numbers[client->link % RIG_LINKS];
    self->text[0] = '\0';
    if (!self->is_sent[client->link % RIG_LINKS])
        return self->text;
    self->is_sent[client->link % RIG_LINKS] = false;
    for (;;) {
        size_t len =
            hfi_machine_fill(self->machine, number, client->received, frame, sizeof frame, &last);
        if (len == 0)
            break;
        assert_true(len <= sizeof frame);
        rig_read(client, (hfi_span_t){frame, len});
        assert_int_equal(client->received, last);
    }
    client->acked = client->received;
    return self->text;
}

const char *
rig_call(rig_client_t *client, uint64_t target, const char *method, const char *args)
{
    (void)rig_put_call(client, target, method, args, NULL);
    rig_send(client);
    return rig_answers(client);
}

void
rig_acknowledge(rig_client_t *client)
{
    uint8_t raw[HFI_FRAME_HEADER_MAX];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    hfi_frame_write_data(&w, client->sent + 1, client->acked);
    rig_frame(client->rig, client->link, raw, w.len);
}

void
rig_bye(rig_client_t *client)
{
    uint8_t raw[HFI_FRAME_HEADER_MAX];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    hfi_frame_write_bye(&w, client->acked);
    rig_frame(client->rig, client->link, raw, w.len);
}

/* ---- one or two of them ------------------------------------------------------------------ */

rig_alone_t
rig_alone_open(const hf_plugin_t *plugin, const char *settings)
{
    rig_alone_t self = {.rig = rig_new(plugin, settings)};
    rig_connect(self.rig, &self.a, 1);
    return self;
}

void
rig_alone_close(rig_alone_t *self)
{
    rig_close(&self->a);
    rig_destroy(&self->rig);
}

rig_pair_t
rig_pair_open(const hf_plugin_t *plugin, const char *settings, const char *first)
{
    rig_pair_t self = {.rig = rig_new(plugin, settings)};
    rig_connect(self.rig, &self.a, 1);
    rig_connect(self.rig, &self.b, 2);
    assert_memory_equal(rig_call(&self.a, 0, "create", first), "1: <", 4);
    assert_int_equal(rig_referents(self.rig), 1);
    return self;
}

void
rig_pair_close(rig_pair_t *self)
{
    rig_close(&self->a);
    rig_close(&self->b);
    rig_destroy(&self->rig);
}

uint64_t
rig_referents(const rig_t *self)
{
    return hfi_machine_figures(self->machine)->referents;
}

uint64_t
rig_parked(const rig_t *self)
{
    return hfi_machine_figures(self->machine)->parked;
}
