/* SPDX-License-Identifier: MPL-2.0 */
/* alone -- see alone.h */
#include "alone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stream/frame.h>
#include <stream/message.h>
#include <value/writer.h>

enum { LINK = 1, ANSWER_ROOM = 1 << 20, TICK_NS = 1000 };

extern const hf_plugin_t hf_plugin; /* counter.c, linked in */

static _Noreturn void
alone_fail(const char *why)
{
    (void)fprintf(stderr, "bench: the machine alone: %s\n", why);
    exit(1);
}

static const hf_plugin_t *
find_counter(void *context, hfi_span_t hash)
{
    (void)context;
    (void)hash;
    return &hf_plugin;
}

static void
take_outputs(struct alone *self)
{
    hfi_output_t output;
    while (hfi_machine_take_output(self->machine, &output)) {
        if (output.kind != HFI_OUTPUT_SEND)
            continue;
        for (;;) {
            uint64_t last = self->received;
            size_t len = hfi_machine_fill(self->machine, output.session, self->received,
                                          self->answer.at, self->answer.room, &last);
            if (len == 0 || last == self->received)
                break;
            self->received = last;
            self->bytes_out += len;
        }
    }
}

static void
apply(struct alone *self, const hfi_event_t *event)
{
    hfi_machine_apply(self->machine, event);
    take_outputs(self);
}

static void
apply_frame(struct alone *self)
{
    const hfi_event_t event = {
        .kind = HFI_EVENT_FRAME, .link = LINK, .bytes = hfi_bytes_span(&self->frame)};
    apply(self, &event);
}

static void
boot(struct alone *self)
{
    hfi_bytes_t settings = {0};
    hfi_bytes_writer_t writer;
    static const uint8_t space[HFI_SECRET_BYTES] = {1}, entropy[32] = {2};
    hfi_bytes_writer_open(&writer, &settings);
    hf_write_map(&writer.w, 1);
    hf_write_str(&writer.w, "space", 5);
    hf_write_bytes(&writer.w, space, sizeof space);
    if (!hfi_bytes_writer_close(&writer))
        alone_fail("no memory");
    apply(self, &(hfi_event_t){.kind = HFI_EVENT_BOOT, .bytes = hfi_bytes_span(&settings)});
    apply(self, &(hfi_event_t){.kind = HFI_EVENT_ENTROPY, .bytes = {entropy, sizeof entropy}});
    apply(self, &(hfi_event_t){.kind = HFI_EVENT_IMAGE, .bytes = {entropy, sizeof entropy}});
    hfi_bytes_close(&settings);
}

static void
say_hello(struct alone *self)
{
    const hfi_peer_t peer = {.uid = 1, .pid = 0};
    apply(self, &(hfi_event_t){.kind = HFI_EVENT_LINK_UP, .link = LINK, .peer = peer});
    hfi_bytes_writer_t writer;
    const hfi_hello_t hello = {.session = {{7}}, .attempt = 1};
    hfi_bytes_writer_open(&writer, &self->frame);
    hfi_frame_write_hello(&writer.w, &hello);
    if (!hfi_bytes_writer_close(&writer))
        alone_fail("no memory");
    apply_frame(self);
    if (hfi_machine_figures(self->machine)->sessions != 1)
        alone_fail("HELLO was refused");
}

void
alone_open(struct alone *self)
{
    static const hfi_machine_world_t world = {.find_image = find_counter};
    *self = (struct alone){.machine = hfi_machine_new(&world)};
    if (self->machine == NULL || hfi_bytes_reserve(&self->answer, ANSWER_ROOM) == NULL)
        alone_fail("no memory");
    boot(self);
    say_hello(self);
}

void
alone_close(struct alone *self)
{
    hfi_machine_destroy(&self->machine);
    hfi_bytes_close(&self->frame);
    hfi_bytes_close(&self->answer);
}

void
alone_run(struct alone *self, hfi_span_t messages, uint32_t n)
{
    hfi_bytes_writer_t writer;
    self->now_ns += TICK_NS;
    apply(self, &(hfi_event_t){.kind = HFI_EVENT_TICK, .now_ns = self->now_ns});
    self->frame.len = 0;
    hfi_bytes_writer_open(&writer, &self->frame);
    hfi_frame_write_data(&writer.w, self->sent + 1, self->received);
    if (!hfi_bytes_writer_close(&writer) ||
        !hfi_bytes_append(&self->frame, messages.at, messages.len))
        alone_fail("no memory");
    self->sent += n;
    apply_frame(self);
}

static void
append_call(hfi_bytes_t *messages, uint64_t object, const char *method, const hf_value_t *arg)
{
    hfi_bytes_writer_t writer;
    hfi_bytes_writer_open(&writer, messages);
    hfi_message_write_call(&writer.w, 4, object, false, hfi_span_of(method));
    hf_write_list(&writer.w, 1);
    hf_write_value(&writer.w, arg);
    if (!hfi_bytes_writer_close(&writer))
        alone_fail("no memory");
}

void
alone_add_call(hfi_bytes_t *messages, uint64_t object)
{
    const hf_value_t one = {.raw = {1, [15] = 1}};
    append_call(messages, object, "add", &one);
}

void
alone_create_call(hfi_bytes_t *messages)
{
    const hf_value_t counter = {.raw = {0xa7, 'C', 'o', 'u', 'n', 't', 'e', 'r', [15] = 8}};
    append_call(messages, 0, "create", &counter);
}
