/* SPDX-License-Identifier: MPL-2.0 */
/* tally -- see tally.h */
#include "tally.h"

#include <base/check.h>
#include <base/idtable.h>
#include <base/siphash.h>
#include <holdfast/value.h>

#define TALLY_MAGIC 0x7a11f001u

enum { TALLY_ROOM = 64 * 1024 };

struct hfi_tally {
    uint32_t magic;
    hfi_idtable_t sessions; /* hfi_tally_session_t */
    hfi_bytes_t frame;
};

static const hfi_siphash_key_t tally_key = {{0}};

/* What was, and what comes behind it. */
static uint64_t
tally_chain(uint64_t before, uint64_t more)
{
    uint64_t both[2] = {before, more};
    return hfi_siphash(&tally_key, both, sizeof both);
}

static uint64_t
tally_members(const hfi_output_t *output)
{
    uint64_t hash = tally_chain((uint64_t)output->kind, output->session);
    hash = tally_chain(hash, output->link);
    hash = tally_chain(hash, output->after);
    hash = tally_chain(hash, output->number);
    hash = tally_chain(hash, hfi_siphash(&tally_key, output->text.at, output->text.len));
    return tally_chain(hash, hfi_siphash(&tally_key, output->bytes.at, output->bytes.len));
}

hfi_tally_t *
hfi_tally_new(void)
{
    hfi_tally_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->magic = TALLY_MAGIC;
    hfi_idtable_open(&self->sessions, sizeof(hfi_tally_session_t));
    if (hfi_bytes_reserve(&self->frame, TALLY_ROOM) == NULL)
        hfi_tally_destroy(&self);
    return self;
}

void
hfi_tally_destroy(hfi_tally_t **self_p)
{
    HF_ASSERT(self_p != NULL);
    hfi_tally_t *self = *self_p;
    if (self == NULL)
        return;
    HF_CHECK(self, TALLY_MAGIC);
    hfi_idtable_close(&self->sessions);
    hfi_bytes_close(&self->frame);
    HF_BURY(self);
    free(self);
    *self_p = NULL;
}

/* Hashes the messages behind session->messages; false: no memory. */
static bool
tally_messages(hfi_tally_t *self, hfi_machine_t *machine, hfi_tally_session_t *session)
{
    for (;;) {
        uint64_t last;
        size_t n = hfi_machine_fill(machine, session->session, session->messages, self->frame.at,
                                    self->frame.room, &last);
        if (n == 0)
            return true;
        if (n > self->frame.room) {
            if (hfi_bytes_reserve(&self->frame, n) == NULL)
                return false;
            continue;
        }
        uint8_t flags;
        size_t header = hf_skip(self->frame.at, &flags);
        HF_ASSERT(header < n && last > session->messages);
        for (size_t at = header; at < n;) {
            size_t len = hf_skip(self->frame.at + at, &flags);
            HF_ASSERT(len > 0 && len <= n - at);
            session->hash =
                tally_chain(session->hash, hfi_siphash(&tally_key, self->frame.at + at, len));
            at += len;
        }
        session->bytes += n - header;
        session->messages = last;
    }
}

bool
hfi_tally_count(hfi_tally_t *self, hfi_machine_t *machine, const hfi_output_t *output,
                hfi_tally_entry_t *ret_entry)
{
    HF_CHECK(self, TALLY_MAGIC);
    *ret_entry = (hfi_tally_entry_t){.kind = (uint32_t)output->kind, .id = output->link};
    if (output->kind != HFI_OUTPUT_SEND) {
        ret_entry->hash = tally_members(output);
        return true;
    }
    hfi_tally_session_t *session = hfi_idtable_find(&self->sessions, output->session);
    if (session == NULL)
        session = hfi_idtable_add(&self->sessions, output->session);
    if (session == NULL || !tally_messages(self, machine, session))
        return false;
    ret_entry->id = output->session;
    ret_entry->number = session->messages;
    ret_entry->hash = session->hash;
    return true;
}

const hfi_tally_session_t *
hfi_tally_next(const hfi_tally_t *self, const hfi_tally_session_t *session)
{
    HF_CHECK(self, TALLY_MAGIC);
    return hfi_idtable_next(&self->sessions, session);
}

bool
hfi_tally_equal(const hfi_tally_entry_t *a, const hfi_tally_entry_t *b)
{
    return a->kind == b->kind && a->id == b->id && a->number == b->number && a->hash == b->hash;
}
