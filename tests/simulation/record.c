/* SPDX-License-Identifier: MPL-2.0 */
/* record -- what went into machines and what came out, as bytes; and others that must do the same.
 *
 * A life: eight bytes of length, and its entries. An entry: one byte ('E' an event, 'O' an output, 'N' no output is left, 'F' a fill), four bytes of length,
 * and its bytes. A fill's begin with session, after and room, eight bytes each.
 */
#include "record.h"

#include <stdlib.h>
#include <string.h>

#include <base/check.h>
#include <holdfast/value.h>

enum { LIFE_HEAD = 8, FILL_HEAD = 24, ENTRY_HEAD = 5 };

static void
record_raw(hfi_bytes_t *bytes, const void *at, size_t len)
{
    HF_ASSERT(hfi_bytes_append(bytes, at, len));
}

static void
record_number(hfi_bytes_t *bytes, uint64_t number)
{
    uint8_t raw[8];
    hfi_store64(raw, number);
    record_raw(bytes, raw, sizeof raw);
}

/* Begins an entry; its length is put in by record_end. */
static size_t
record_begin(hfi_bytes_t *bytes, char what)
{
    const uint8_t head[ENTRY_HEAD] = {(uint8_t)what};
    record_raw(bytes, head, sizeof head);
    return bytes->len;
}

static void
record_end(hfi_bytes_t *bytes, size_t mark)
{
    hfi_store32(bytes->at + mark - 4, (uint32_t)(bytes->len - mark));
}

/* ---- lives ---------------------------------------------------------------------------- */

sim_record_t *
sim_records_begin(sim_records_t *self)
{
    sim_record_t *record = calloc(1, sizeof *record);
    HF_ASSERT(record != NULL);
    if (self->last == NULL)
        self->first = record;
    else
        self->last->next = record;
    self->last = record;
    return record;
}

void
sim_records_close(sim_records_t *self)
{
    while (self->first != NULL) {
        sim_record_t *record = self->first;
        self->first = record->next;
        hfi_bytes_close(&record->bytes);
        free(record);
    }
    self->last = NULL;
}

bool
sim_records_write(const sim_records_t *self, FILE *file)
{
    for (const sim_record_t *record = self->first; record != NULL; record = record->next) {
        uint8_t head[LIFE_HEAD];
        hfi_store64(head, record->bytes.len);
        if (fwrite(head, 1, sizeof head, file) != sizeof head ||
            fwrite(record->bytes.at, 1, record->bytes.len, file) != record->bytes.len)
            return false;
    }
    return fflush(file) == 0;
}

bool
sim_records_read(sim_records_t *self, FILE *file)
{
    uint8_t head[LIFE_HEAD];
    size_t n;
    while ((n = fread(head, 1, sizeof head, file)) == sizeof head) {
        uint8_t piece[4096];
        hfi_bytes_t *bytes = &sim_records_begin(self)->bytes;
        for (uint64_t left = hfi_load64(head); left > 0; left -= n) {
            n = fread(piece, 1, left < sizeof piece ? (size_t)left : sizeof piece, file);
            if (n == 0)
                return false;
            record_raw(bytes, piece, n);
        }
    }
    return n == 0 && self->first != NULL && ferror(file) == 0;
}

void
sim_record_event(sim_record_t *self, const hfi_event_t *event)
{
    size_t mark = record_begin(&self->bytes, 'E');
    HF_ASSERT(hfi_event_write(event, &self->bytes));
    record_end(&self->bytes, mark);
}

static void
record_output(hfi_bytes_t *bytes, const hfi_output_t *output)
{
    if (output == NULL) {
        record_end(bytes, record_begin(bytes, 'N'));
        return;
    }
    size_t mark = record_begin(bytes, 'O');
    record_number(bytes, (uint64_t)output->kind);
    record_number(bytes, output->session);
    record_number(bytes, output->link);
    record_number(bytes, output->after);
    record_number(bytes, output->number);
    record_number(bytes, output->text.len);
    record_raw(bytes, output->text.at, output->text.len);
    record_raw(bytes, output->bytes.at, output->bytes.len);
    record_end(bytes, mark);
}

void
sim_record_output(sim_record_t *self, const hfi_output_t *output)
{
    record_output(&self->bytes, output);
}

static void
record_fill(hfi_bytes_t *bytes, uint64_t session, uint64_t after, uint64_t room, const uint8_t *at,
            size_t len)
{
    size_t mark = record_begin(bytes, 'F');
    record_number(bytes, session);
    record_number(bytes, after);
    record_number(bytes, room);
    record_raw(bytes, at, len <= room ? len : 0);
    record_end(bytes, mark);
}

void
sim_record_fill(sim_record_t *self, uint64_t session, uint64_t after, uint64_t room,
                const uint8_t *at, size_t len)
{
    record_fill(&self->bytes, session, after, room, at, len);
}

/* ---- the second machine --------------------------------------------------------------- */

static bool
replay_event(hfi_machine_t *machine, hfi_span_t entry)
{
    hfi_event_t event;
    if (!hfi_event_read(&entry, &event) || entry.len != 0)
        return false;
    hfi_machine_apply(machine, &event);
    return true;
}

/* What the machine says now, as an entry in `said`. */
static void
replay_answer(hfi_machine_t *machine, char what, hfi_span_t entry, hfi_bytes_t *said)
{
    hfi_output_t output;
    said->len = 0;
    if (what != 'F') {
        bool has_one = hfi_machine_take_output(machine, &output);
        record_output(said, has_one ? &output : NULL);
        return;
    }
    uint64_t session = hfi_load64(entry.at);
    uint64_t after = hfi_load64(entry.at + 8);
    size_t room = hfi_load64(entry.at + 16);
    uint64_t last;
    uint8_t *to = malloc(room);
    HF_ASSERT(to != NULL);
    size_t len = hfi_machine_fill(machine, session, after, to, room, &last);
    record_fill(said, session, after, room, to, len);
    free(to);
}

void
sim_record_replay(const sim_record_t *self, sim_t *sim, hfi_machine_t *machine)
{
    hfi_bytes_t said = {0};
    size_t at = 0;
    for (uint64_t n = 1; at < self->bytes.len && !sim->has_failed; n++) {
        const uint8_t *entry = self->bytes.at + at;
        size_t left = self->bytes.len - at;
        hfi_span_t body = {entry + ENTRY_HEAD, left < ENTRY_HEAD ? 0 : hfi_load32(entry + 1)};
        if (left < ENTRY_HEAD || body.len > left - ENTRY_HEAD ||
            (entry[0] == 'F' && body.len < FILL_HEAD)) {
            sim_fail(sim, SIM_CHECK_REPLAY, "entry %llu is cut off", (unsigned long long)n);
            break;
        }
        at += ENTRY_HEAD + body.len;
        if (entry[0] == 'E') {
            if (!replay_event(machine, body))
                sim_fail(sim, SIM_CHECK_REPLAY, "entry %llu is no event", (unsigned long long)n);
            continue;
        }
        replay_answer(machine, (char)entry[0], body, &said);
        if (said.len != ENTRY_HEAD + body.len || memcmp(said.at, entry, said.len) != 0)
            sim_fail(sim, SIM_CHECK_REPLAY,
                     "entry %llu, kind %c and %zu bytes, is kind %c and %zu bytes: output %u",
                     (unsigned long long)n, entry[0], body.len, said.at[0], said.len - ENTRY_HEAD,
                     said.len > ENTRY_HEAD + 7 ? said.at[ENTRY_HEAD + 7] : 0u);
    }
    hfi_bytes_close(&said);
}
