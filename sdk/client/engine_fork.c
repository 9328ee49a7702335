/* SPDX-License-Identifier: MPL-2.0 */
/* engine_fork -- the engine over fork: what the parent exports, and a child's engine in another session.
 *
 * The child's engine is the parent's, copied by the fork. Of it only the entries are of use: they say what this
 * program holds and how often. So the child leaves the session (nothing is ever sent or received in it again), and
 * begins another one over the same entries, whose references it has still to adopt.
 */
#include "engine_state.h"

#include <base/check.h>
#include <value/value.h>
#include <value/writer.h>

enum {
    EXPORT_HANDLES = 4096,     /* in one export: some 400 KB of an answer to `adopt` */
    EXPORT_HANDLE_BYTES = 160, /* of one in that answer, at most: its number, and a typeid */
    EXPORT_OWED_MAX = 1024,    /* that wait for room in the window */
    EXPORT_OVERHEAD = 128,     /* of a CALL beside its arguments, at most */
};

/* ---- the parent ----------------------------------------------------------------------- */

/* How many go into one export, whose adoption must be answered in one frame. */
static uint32_t
export_most(const hfi_engine_t *self)
{
    uint64_t most = self->dial.limits.frame_bytes / EXPORT_HANDLE_BYTES;
    return most == 0 ? 1 : most < EXPORT_HANDLES ? (uint32_t)most : EXPORT_HANDLES;
}

/* The entry behind `entry` that is worth an export; NULL: there is none. One whose references are missing is another
 * process's to export. */
static const hfi_entry_t *
export_next(const hfi_engine_t *self, const hfi_entry_t *entry)
{
    do
        entry = hfi_idtable_next(&self->entries.table, entry);
    while (entry != NULL && (entry->holds == 0 || entry->received == 0));
    return entry;
}

/* [[handle, …], ttl, 1, secret]. */
static void
export_write(const hfi_engine_t *self, const hfi_entry_t *from, uint32_t n,
             const uint8_t secret[16], hf_writer_t *w)
{
    hf_write_list(w, 4);
    hf_write_list(w, n);
    for (uint32_t i = 0; i < n; i++, from = export_next(self, from))
        hf_write_handle(w, from->object, NULL, 0);
    hf_write_float(w, (double)hfi_engine_lease_ns(self) / 1e9);
    hf_write_uint(w, 1);
    hf_write_bytes(w, secret, 16);
}

/* Takes the arguments. */
static bool
export_owe(hfi_engine_t *self, hf_value_t *args, hfi_failure_t *ret_failure)
{
    if (self->n_owed == self->owed_room && self->owed_room < EXPORT_OWED_MAX) {
        uint32_t room = self->owed_room == 0 ? 4 : 2 * self->owed_room;
        hf_value_t *owed = realloc(self->owed, room * sizeof *owed);
        if (owed != NULL) {
            self->owed = owed;
            self->owed_room = room;
        }
    }
    if (self->n_owed < self->owed_room) {
        self->owed[self->n_owed++] = *args;
        return true;
    }
    hfi_value_drop(args);
    return hfi_fail(ret_failure, "LimitExceeded", "too many forks wait for room in the window");
}

bool
hfi_engine_send_owed(hfi_engine_t *self)
{
    uint32_t n = 0;
    hfi_failure_t failure = {0};
    while (n < self->n_owed &&
           hfi_stream_has_room(&self->stream, hf_len_of(&self->owed[n]) + EXPORT_OVERHEAD)) {
        if (!hfi_engine_commit_oneway(self, "export", &self->owed[n], &failure))
            hfi_engine_end(self, "SessionLost", "there was no memory to export what is held");
        hfi_value_drop(&self->owed[n++]);
    }
    if (n > 0) {
        self->n_owed -= n;
        memmove(self->owed, self->owed + n, self->n_owed * sizeof *self->owed);
    }
    return self->n_owed == 0;
}

void
hfi_engine_drop_owed(hfi_engine_t *self)
{
    while (self->n_owed > 0)
        hfi_value_drop(&self->owed[--self->n_owed]);
}

int
hfi_engine_export(hfi_engine_t *self, const uint8_t secret[16], uint64_t *object_p,
                  hfi_failure_t *ret_failure)
{
    HF_CHECK(self, ENGINE_MAGIC);
    const hfi_entry_t *before =
        *object_p == 0 ? NULL : hfi_idtable_find(&self->entries.table, *object_p);
    const hfi_entry_t *first = export_next(self, before);
    uint32_t n = 0;
    for (const hfi_entry_t *at = first; at != NULL && n < export_most(self);
         at = export_next(self, at)) {
        *object_p = at->object;
        n++;
    }
    if (n == 0)
        return 0;
    hfi_builder_t builder;
    hf_value_t args;
    hfi_builder_open(&builder, 0);
    export_write(self, first, n, secret, &builder.w);
    if (self->is_ended || self->wants_bye) {
        (void)hfi_fail(ret_failure, "SessionLost", "the session has ended");
    } else if (!hfi_builder_take(&builder, &args)) {
        (void)hfi_fail(ret_failure, "LimitExceeded", "there is no memory to export what is held");
    } else if (export_owe(self, &args, ret_failure)) {
        (void)hfi_engine_send_owed(self);
        return (int)n;
    }
    hfi_builder_close(&builder);
    return -1;
}

/* ---- the child ------------------------------------------------------------------------ */

void
hfi_engine_leave(hfi_engine_t *self)
{
    HF_CHECK(self, ENGINE_MAGIC);
    if (self->is_ended)
        return;
    self->is_left = !self->wants_bye; /* what was being disconnected is not begun anew */
    hfi_engine_end(self, "SessionLost", "the session is the parent process's");
}

bool
hfi_engine_is_left(const hfi_engine_t *self)
{
    return self->is_left;
}

void
hfi_engine_begin_anew(hfi_engine_t *self, const hfi_engine_setup_t *setup, int64_t now_ns)
{
    HF_CHECK(self, ENGINE_MAGIC);
    HF_ASSERT(self->is_left && self->n_done == 0 && self->pendings.n == 0);
    hfi_stream_close(&self->stream);
    hfi_engine_drop_owed(self);
    hfi_entries_leave(&self->entries);
    self->wants_reconnect = self->wants_resync = self->wants_ping = self->wants_pong = false;
    self->is_ended = self->is_left = false;
    self->n_cancels = 0;
    self->lost_hint = 0;
    self->gathered = 0;
    self->last_promise = self->gap_end = self->last_release = 0;
    self->reason = (hfi_failure_t){0};
    hfi_engine_open_session(self, setup, now_ns);
}

uint64_t
hfi_engine_n_missing(const hfi_engine_t *self)
{
    uint64_t n = 0;
    if (self->entries.n_missing == 0)
        return 0;
    for (const hfi_entry_t *entry = hfi_idtable_next(&self->entries.table, NULL); entry != NULL;
         entry = hfi_idtable_next(&self->entries.table, entry))
        n += entry->received == 0 && entry->holds > 0 ? 1 : 0;
    return n;
}
