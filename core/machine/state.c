/* SPDX-License-Identifier: MPL-2.0 */
/* state -- see state.h */
#include "state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <base/check.h>
#include <base/mutant.h>
#include <value/value.h>

enum {
    STATE_LOG_BYTES = 512,
    STATE_ARENA_CHUNK = 65536,
    STATE_BUFFER_KEEP =
        65536, /* a lent buffer that has grown past it is freed when it comes back */
    STATE_BUFFER_FIRST = 256,
};

/* An output until it is taken: its bytes lie in output_bytes, which moves as it grows. */
typedef struct hfi_stowed {
    hfi_output_t output;
    size_t text_at;
    size_t bytes_at;
} hfi_stowed_t;

typedef struct secret_row {
    uint64_t hash;
    hfi_session_t *session;
} secret_row_t;

/* What handle[Typeid] compares with: a further typeid counts as the type whose implementation it has. */
static const char *
state_typeid_of(void *context, uint64_t object, size_t *ret_len)
{
    const hfi_referent_t *referent = hfi_state_find(context, object);
    if (referent == NULL)
        return NULL;
    const hfi_type_t *type = referent->type->base != NULL ? referent->type->base : referent->type;
    *ret_len = strlen(type->row->name);
    return type->row->name;
}

/* ---- tables --------------------------------------------------------------------------- */

void
hfi_state_open(hfi_state_t *self, const hfi_machine_world_t *world, const hf_host_t *host)
{
    *self = (hfi_state_t){.world = *world, .host = host, .account = {.limit = UINT64_MAX}};
    hfi_machine_limits_default(&self->boot.limits);
    self->binder.typeid_of = state_typeid_of;
    self->binder.context = self;
    self->plugins = hfi_plugins_new();
    self->policy = self->plugins == NULL ? NULL : hfi_policy_new(self->plugins);
    self->deadlines = hfi_deadlines_new();
    if (self->policy == NULL || self->deadlines == NULL)
        HF_BUG("no memory");
    hfi_referents_open(&self->referents, &self->account);
    hfi_names_open(&self->names, &self->account);
    hfi_pins_open(&self->pins, &self->account, &self->referents, self->deadlines);
    hfi_jobs_open(&self->jobs);
    hfi_parks_open(&self->parks);
    hfi_idtable_open(&self->stalls, sizeof(hfi_stall_t));
    hfi_idtable_open(&self->watched, sizeof(hfi_watched_t));
    hfi_idtable_open(&self->links, sizeof(hfi_link_t));
    hfi_idtable_open(&self->sessions, sizeof(hfi_session_row_t));
    hfi_idtable_open(&self->secrets, sizeof(secret_row_t));
    hfi_ended_open(&self->ended);
    hfi_idtable_open(&self->timers, 2 * sizeof(uint64_t)); /* timer_row_t */
    self->drain_alarm.kind = HFI_ALARM_DRAIN;
    self->cycle.alarm.kind = HFI_ALARM_CYCLE;
    hfi_idtable_open(&self->cycle.rows, 2 * sizeof(uint64_t)); /* cycle_row_t */
}

static void
state_free_kept(hfi_state_t *self)
{
    while (self->buffers != NULL) {
        hfi_buffer_t *buffer = self->buffers;
        self->buffers = buffer->next;
        free(buffer->w.at);
        free(buffer);
    }
    hfi_arena_release(&self->arena, (hfi_arena_mark_t){NULL, 0});
    free(self->arena.chunk);
    hfi_bytes_close(&self->binder.scratch);
    hfi_bytes_close(&self->frame_scratch);
    hfi_bytes_close(&self->message_scratch);
    hfi_bytes_close(&self->output_bytes);
    for (uint32_t i = 0; i < self->n_images; i++)
        hfi_value_drop(&self->images[i]);
    free(self->images);
    free(self->messages);
    free(self->outputs);
    free(self->settled);
    free(self->ending);
}

void
hfi_state_close(hfi_state_t *self)
{
    HF_ASSERT(self->sessions.live == 0 && self->running == NULL);
    for (hfi_link_t *link = hfi_idtable_next(&self->links, NULL); link != NULL;
         link = hfi_idtable_next(&self->links, link))
        free(link->user);
    hfi_state_arm(self, &self->drain_alarm, INT64_MAX);
    hfi_state_arm(self, &self->cycle.alarm, INT64_MAX);
    hfi_idtable_close(&self->cycle.rows);
    free(self->cycle.todo.at);
    free(self->cycle.garbage.at);
    hfi_names_close(&self->names);
    hfi_pins_close(&self->pins);
    hfi_jobs_close(&self->jobs);
    hfi_parks_close(&self->parks);
    hfi_idtable_close(&self->stalls);
    hfi_idtable_close(&self->watched);
    hfi_idtable_close(&self->links);
    hfi_idtable_close(&self->sessions);
    hfi_idtable_close(&self->secrets);
    hfi_ended_close(&self->ended);
    hfi_idtable_close(&self->timers);
    hfi_referents_close(&self->referents);
    hfi_chunks_close(&self->chunks);
    hfi_deadlines_destroy(&self->deadlines);
    hfi_value_drop(&self->boot.endpoints);
    hfi_value_drop(&self->boot.server);
    hfi_value_drop(&self->boot.far_allow);
    state_free_kept(self);
    free(self->root);
    hfi_policy_destroy(&self->policy);
    hfi_plugins_destroy(&self->plugins);
}

hfi_referent_t *
hfi_state_find(const hfi_state_t *self, uint64_t object)
{
    return object == 0 ? self->root : hfi_referents_find(&self->referents, object);
}

hfi_session_t *
hfi_state_session(const hfi_state_t *self, uint64_t number)
{
    const hfi_session_row_t *row = hfi_idtable_find(&self->sessions, number);
    return row == NULL ? NULL : row->session;
}

hfi_link_t *
hfi_state_link(const hfi_state_t *self, uint64_t number)
{
    return hfi_idtable_find(&self->links, number);
}

static uint64_t
state_secret_hash(const hfi_state_t *self, const hfi_secret_t *secret)
{
    uint64_t hash = hfi_siphash(&self->secrets_key, secret->bytes, sizeof secret->bytes);
    return hash == 0 ? 1 : hash;
}

hfi_session_t *
hfi_state_find_secret(const hfi_state_t *self, const hfi_secret_t *secret)
{
    const secret_row_t *row = hfi_idtable_find(&self->secrets, state_secret_hash(self, secret));
    if (row == NULL ||
        sodium_memcmp(row->session->secret.bytes, secret->bytes, sizeof secret->bytes) != 0)
        return NULL;
    return row->session;
}

bool
hfi_state_has_ended(const hfi_state_t *self, const hfi_secret_t *secret, uint64_t attempt)
{
    return !HFI_MUTANT(m19_stays_ended) &&
           hfi_ended_has_seen(&self->ended, state_secret_hash(self, secret), attempt);
}

hfi_session_t *
hfi_state_open_session(hfi_state_t *self, const hfi_secret_t *secret)
{
    uint64_t hash = state_secret_hash(self, secret);
    if (self->sessions.live >= self->boot.limits.sessions ||
        hfi_idtable_find(&self->secrets, hash) != NULL ||
        !hfi_account_take(&self->account, HFI_SESSION_BYTES))
        return NULL;
    hfi_session_t *session =
        hfi_session_new(++self->last_session, secret, &self->chunks, &self->wire);
    session->hash = hash;
    hfi_session_row_t *row = hfi_idtable_add(&self->sessions, session->number);
    secret_row_t *known = hfi_idtable_add(&self->secrets, hash);
    if (row == NULL || known == NULL)
        HF_BUG("no memory");
    row->session = session;
    known->session = session;
    self->figures.sessions++;
    return session;
}

/* What was under way when it ended must not open it anew. */
static void
state_note_end(hfi_state_t *self, const hfi_session_t *session)
{
    int64_t keep_ns =
        session->lease_ns > self->boot.lease_ns ? session->lease_ns : self->boot.lease_ns;
    hfi_ended_note(&self->ended, session->hash, session->attempt, self->now_ns + keep_ns,
                   self->boot.limits.ended);
}

void
hfi_state_close_session(hfi_state_t *self, hfi_session_t *session)
{
    state_note_end(self, session);
    hfi_state_arm(self, &session->alarm, INT64_MAX);
    hfi_state_arm(self, &session->ack_alarm, INT64_MAX);
    hfi_idtable_remove(&self->secrets, hfi_idtable_find(&self->secrets, session->hash));
    hfi_idtable_remove(&self->sessions, hfi_idtable_find(&self->sessions, session->number));
    hfi_account_give(&self->account, HFI_SESSION_BYTES);
    hfi_session_destroy(&session);
    self->n_ends++;
    hfi_state_charge_chunks(self);
    self->figures.sessions--;
}

void
hfi_state_arm(hfi_state_t *self, hfi_alarm_t *alarm, int64_t due_ns)
{
    hfi_deadlines_cancel(self->deadlines, &alarm->deadline);
    if (due_ns != INT64_MAX && !hfi_deadlines_arm(self->deadlines, &alarm->deadline, due_ns))
        HF_BUG("no memory");
}

int64_t
hfi_state_due_in(const hfi_state_t *self, double seconds)
{
    if (isnan(seconds) || seconds < 0.0 || seconds >= 9.0e9)
        return INT64_MAX;
    int64_t wait = (int64_t)(seconds * 1e9);
    return wait > INT64_MAX - 1 - self->now_ns ? INT64_MAX : self->now_ns + wait;
}

void
hfi_state_charge_chunks(hfi_state_t *self)
{
    uint64_t lent = self->chunks.lent_bytes;
    if (lent > self->chunks_charged)
        hfi_account_force(&self->account, lent - self->chunks_charged);
    else
        hfi_account_give(&self->account, self->chunks_charged - lent);
    self->chunks_charged = lent;
}

/* ---- what leaves ---------------------------------------------------------------------- */

static size_t
state_stow(hfi_state_t *self, hfi_span_t span)
{
    size_t at = self->output_bytes.len;
    if (span.len != 0 && !hfi_bytes_append(&self->output_bytes, span.at, span.len))
        HF_BUG("no memory");
    return at;
}

void
hfi_state_output(hfi_state_t *self, const hfi_output_t *output)
{
    if (self->outputs_at == self->n_outputs) {
        self->outputs_at = 0;
        self->n_outputs = 0;
        self->output_bytes.len = 0;
    }
    if (self->n_outputs == self->outputs_room) {
        uint32_t room = self->outputs_room == 0 ? 64 : 2 * self->outputs_room;
        self->outputs = hfi_need_more(self->outputs, (size_t)room * sizeof *self->outputs);
        self->outputs_room = room;
    }
    hfi_stowed_t *to = &self->outputs[self->n_outputs++];
    to->output = *output;
    to->text_at = state_stow(self, output->text);
    to->bytes_at = state_stow(self, output->bytes);
}

void
hfi_state_control(hfi_state_t *self, uint64_t link, const hfi_session_t *session, uint64_t after,
                  hfi_span_t frame)
{
    self->figures.bytes_out += frame.len;
    hfi_state_output(self, &(hfi_output_t){.kind = HFI_OUTPUT_CONTROL,
                                           .link = link,
                                           .session = session == NULL ? 0 : session->number,
                                           .after = after,
                                           .bytes = frame});
}

void
hfi_state_logv(hfi_state_t *self, int32_t level, const char *blame, const char *format,
               va_list args)
{
    char line[STATE_LOG_BYTES];
    (void)vsnprintf(line, sizeof line, format, args);
    hfi_state_output(self, &(hfi_output_t){.kind = HFI_OUTPUT_LOG,
                                           .number = (uint64_t)level,
                                           .text = hfi_span_of(blame),
                                           .bytes = hfi_span_of(line)});
}

void
hfi_state_log(hfi_state_t *self, int32_t level, const char *blame, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    hfi_state_logv(self, level, blame, format, args);
    va_end(args);
}

bool
hfi_state_take_output(hfi_state_t *self, hfi_output_t *ret_output)
{
    while (self->outputs_at < self->n_outputs) {
        const hfi_stowed_t *stowed = &self->outputs[self->outputs_at++];
        *ret_output = stowed->output;
        if (ret_output->text.len != 0)
            ret_output->text.at = self->output_bytes.at + stowed->text_at;
        if (ret_output->bytes.len != 0)
            ret_output->bytes.at = self->output_bytes.at + stowed->bytes_at;
        if (ret_output->kind != HFI_OUTPUT_SEND)
            return true;
        hfi_session_t *session = hfi_state_session(self, ret_output->session);
        if (session == NULL)
            continue;
        session->is_send_out = false;
        ret_output->link = session->link;
        if (session->link != 0)
            return true;
    }
    return false;
}

/* ---- chance --------------------------------------------------------------------------- */

void
hfi_state_seed(hfi_state_t *self, const uint8_t *bytes)
{
    bool is_first = !self->has_chance;
    memcpy(self->chance_key, bytes, sizeof self->chance_key);
    self->chance_count = 0;
    self->has_chance = true;
    if (is_first) {
        hfi_state_draw(self, self->secrets_key.bytes, sizeof self->secrets_key.bytes);
        hfi_state_draw(self, self->names.key.bytes, sizeof self->names.key.bytes);
        self->pins.key = self->secrets_key; /* both are of secrets that peers choose */
    }
}

void
hfi_state_draw(hfi_state_t *self, void *to, size_t len)
{
    uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
    for (size_t i = 0; i < sizeof nonce; i++)
        nonce[i] = (uint8_t)(self->chance_count >> (8 * i) & 0xff);
    self->chance_count++;
    (void)crypto_stream_chacha20(to, len, nonce, self->chance_key);
}

/* ---- bytes for a while ---------------------------------------------------------------- */

void
hfi_arena_unstack(hfi_arena_t *self, hfi_arena_mark_t mark)
{
    while (self->chunk != mark.chunk) {
        hfi_arena_chunk_t *chunk = self->chunk;
        if (chunk->below == NULL && chunk->room == STATE_ARENA_CHUNK) {
            chunk->used = 0; /* kept: a call that builds a little allocates nothing */
            return;
        }
        self->chunk = chunk->below;
        free(chunk);
    }
    if (self->chunk != NULL)
        self->chunk->used = mark.used;
}

void *
hfi_arena_take(hfi_arena_t *self, size_t bytes)
{
    size_t need = (bytes + 15) & ~(size_t)15;
    HF_ASSERT(need >= bytes);
    hfi_arena_chunk_t *chunk = self->chunk;
    if (chunk == NULL || need > chunk->room - chunk->used) {
        size_t room = need > STATE_ARENA_CHUNK ? need : STATE_ARENA_CHUNK;
        chunk = hfi_need(sizeof *chunk + room);
        chunk->below = self->chunk;
        chunk->room = room;
        self->chunk = chunk;
    }
    void *block = chunk->bytes + chunk->used;
    chunk->used += need;
    return block;
}

hf_value_t
hfi_arena_copy(hfi_arena_t *self, const hf_value_t *value)
{
    if ((value->raw[15] & (HF_TAG_COUNTED | HF_TAG_LENT)) == 0)
        return *value;
    size_t len = hf_len_of(value);
    void *bytes = hfi_arena_take(self, len);
    memcpy(bytes, hf_bytes_of(value), len);
    return hfi_value_view((hfi_span_t){bytes, len},
                          value->raw[15] & (HF_TAG_HANDLES | HF_TAG_PROMISES));
}

static bool
buffer_grow(hf_writer_t *w, size_t more)
{
    hfi_buffer_t *self = (hfi_buffer_t *)(void *)w;
    if (more > self->max_bytes || w->len > self->max_bytes - more) {
        self->is_too_long = true;
        return false;
    }
    size_t room = w->room < STATE_BUFFER_FIRST ? STATE_BUFFER_FIRST : w->room;
    while (room < w->len + more)
        room = 2 * room;
    w->at = hfi_need_more(w->at, room);
    w->room = room;
    return true;
}

hfi_buffer_t *
hfi_state_borrow(hfi_state_t *self, uint64_t max_bytes)
{
    hfi_buffer_t *buffer = self->buffers;
    if (buffer == NULL)
        buffer = hfi_need(sizeof *buffer);
    else
        self->buffers = buffer->next;
    buffer->w = (hf_writer_t){buffer->w.at, 0, buffer->w.room, buffer_grow, 0, false};
    buffer->next = NULL;
    buffer->max_bytes = max_bytes < UINT32_MAX ? max_bytes : UINT32_MAX;
    buffer->is_too_long = false;
    return buffer;
}

void
hfi_state_return(hfi_state_t *self, hfi_buffer_t **buffer_p)
{
    hfi_buffer_t *buffer = *buffer_p;
    if (buffer->w.room > STATE_BUFFER_KEEP) {
        free(buffer->w.at);
        buffer->w.at = NULL;
        buffer->w.room = 0;
    }
    buffer->next = self->buffers;
    self->buffers = buffer;
    *buffer_p = NULL;
}

hf_value_t
hfi_buffer_view(const hfi_buffer_t *self)
{
    HF_ASSERT(self->w.at != NULL || self->w.len == 0);
    return hfi_value_view((hfi_span_t){self->w.at, self->w.len}, self->w.tag);
}

/* ---- lists of what is to be done between two calls ------------------------------------- */

void
hfi_state_settled(hfi_state_t *self, uint64_t session, uint64_t call)
{
    if (self->n_settled == self->settled_room) {
        uint32_t room = self->settled_room == 0 ? 16 : 2 * self->settled_room;
        self->settled = hfi_need_more(self->settled, (size_t)room * sizeof *self->settled);
        self->settled_room = room;
    }
    self->settled[self->n_settled++] = (hfi_settled_t){session, call};
}

void
hfi_state_end_later(hfi_state_t *self, hfi_session_t *session, hfi_reject_t reason)
{
    if (session->is_ending)
        return;
    session->is_ending = true;
    session->ending = reason;
    if (self->n_ending == self->ending_room) {
        uint32_t room = self->ending_room == 0 ? 16 : 2 * self->ending_room;
        self->ending = hfi_need_more(self->ending, (size_t)room * sizeof *self->ending);
        self->ending_room = room;
    }
    self->ending[self->n_ending++] = session->number;
}
