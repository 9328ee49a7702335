/* SPDX-License-Identifier: MPL-2.0 */
/* counts -- see counts.h */
#include "counts.h"

#include <string.h>

#include <base/check.h>
#include <client/entry.h>
#include <stream/message.h>
#include <value/value.h>

enum { COUNTS_DEPTH = 64 };

sim_counts_t *
sim_counts_begin(void)
{
    static sim_counts_t table;
    for (; table.n_touched > 0; table.n_touched--) {
        uint64_t object = table.touched[table.n_touched - 1];
        memset(table.n[object], 0, sizeof table.n[object]);
        table.is_touched[object] = false;
    }
    return &table;
}

void
sim_counts_add(sim_counts_t *self, uint64_t object, size_t by, int64_t n)
{
    HF_ASSERT(object < SIM_MAX_OBJECTS);
    if (object == 0)
        return;
    if (!self->is_touched[object]) {
        self->is_touched[object] = true;
        self->touched[self->n_touched++] = object;
    }
    self->n[object][by] += n;
}

typedef struct counts_to {
    sim_counts_t *table;
    size_t by;
    const hfi_state_t *state; /* NULL: also what is not there */
} counts_to_t;

static bool
counts_named(void *context, uint64_t number, bool is_promise)
{
    const counts_to_t *to = context;
    bool is_there = to->state == NULL || hfi_state_find(to->state, number) != NULL;
    if (!is_promise && is_there)
        sim_counts_add(to->table, number, to->by, 1);
    return true;
}

void
sim_counts_value(sim_counts_t *self, const hf_value_t *value, size_t by)
{
    counts_to_t to = {.table = self, .by = by};
    if (hf_has_handles(value))
        (void)hfi_each_named(value, counts_named, &to);
}

void
sim_counts_living(sim_counts_t *self, const hfi_state_t *state, const hf_value_t *value, size_t by)
{
    counts_to_t to = {.table = self, .by = by, .state = state};
    if (hf_has_handles(value))
        (void)hfi_each_named(value, counts_named, &to);
}

/* ---- what is under way ---------------------------------------------------------------- */

static void
counts_message(sim_counts_t *self, hfi_span_t bytes, bool from_manager)
{
    static hfi_bytes_t scratch;
    hfi_messages_t messages;
    hfi_message_t m;
    bool is_end;
    HF_ASSERT(hfi_messages_open(&messages, bytes, COUNTS_DEPTH, from_manager, &scratch));
    HF_ASSERT(hfi_messages_next(&messages, &m, &is_end) == HFI_REJECT_NONE && !is_end);
    if (from_manager) {
        sim_counts_value(self, &m.value, 0);
    } else if (m.kind == HFI_MESSAGE_RELEASE) {
        hf_cursor_t pairs;
        uint64_t object;
        uint64_t count;
        hf_open(&pairs, &m.value);
        while (hfi_release_next(&pairs, &object, &count))
            sim_counts_add(self, object, 0, (int64_t)count);
    }
    hfi_messages_close(&messages);
    hfi_bytes_close(&scratch);
}

void
sim_counts_under_way(sim_counts_t *self, hfi_stream_t *from, const hfi_stream_t *to,
                     bool from_manager)
{
    hfi_kept_t kept;
    for (uint64_t number = to->received + 1; number <= hfi_stream_last(from); number++)
        if (hfi_outbox_get(&from->outbox, number, &kept))
            counts_message(self, kept.bytes, from_manager);
}

void
sim_counts_compare(sim_t *sim, const sim_counts_t *self, const hfi_session_t *session,
                   const char *who)
{
    for (const hfi_holding_t *row = NULL; (row = hfi_idtable_next(&session->held, row)) != NULL;) {
        int64_t want = self->n[row->number][0];
        if ((int64_t)row->count != want)
            sim_fail(sim, SIM_CHECK_COUNTS,
                     "%s: the manager counts %llu references to %llu, the client %lld", who,
                     (unsigned long long)row->count, (unsigned long long)row->number,
                     (long long)want);
    }
    for (size_t i = 0; i < self->n_touched; i++) {
        uint64_t object = self->touched[i];
        if (self->n[object][0] != 0 && hfi_idtable_find(&session->held, object) == NULL)
            sim_fail(sim, SIM_CHECK_COUNTS,
                     "%s: the client counts %lld references to %llu, the manager none", who,
                     (long long)self->n[object][0], (unsigned long long)object);
    }
}
