/* SPDX-License-Identifier: MPL-2.0 */
/* outbox -- messages kept until the peer has acknowledged them.
 *
 * A chunk: its head, then the messages' bytes growing upward, and from its far end the records
 * growing downward; a message begun writes between the two. The numbers in a chunk are `first`,
 * `first + 1`, …, so a message is found by its chunk and a subtraction. Acknowledged messages at
 * the front of a chunk are only counted (`n_gone`); a chunk leaves when its last one is.
 *
 * Lent room: while a message is begun in the tail (`is_lent`), whoever else begins gets a chunk
 * apart. Whoever commits behind another one's lent room is no longer at the end, and is copied there.
 */
#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include <base/check.h>

enum {
    OUTBOX_FREE_CHUNKS = 64,
    OUTBOX_INDEX_SLOTS = 128, /* the first index fits in a chunk */
    OUTBOX_LINEAR = 8,        /* so few messages are looked through without an index */
};

struct hfi_chunk {
    hfi_chunk_t *next;
    hfi_chunk_t *prev;
    uint64_t first;  /* number of record 0 */
    uint32_t size;   /* bytes of the whole block */
    uint32_t n;      /* records */
    uint32_t n_gone; /* of them acknowledged */
    uint32_t used;   /* bytes of messages */
    bool is_lent;
};

typedef struct outbox_record {
    uint64_t call;
    uint64_t referent;
    uint64_t cookie;
    uint32_t end; /* offset behind the message's last byte */
    bool is_minded;
    uint8_t flags;
} outbox_record_t;

typedef struct outbox_slot {
    uint64_t call; /* 0: empty */
    uint64_t number;
    hfi_chunk_t *chunk;
} outbox_slot_t;

struct hfi_outbox_index {
    uint32_t mask;
    uint32_t used;
    hfi_chunk_t *block; /* it lies in this chunk; NULL: it has a block of its own */
    size_t memory;
    outbox_slot_t slots[];
};

/* ---- chunks --------------------------------------------------------------------------- */

static uint8_t *
outbox_base(hfi_chunk_t *chunk)
{
    return (uint8_t *)(chunk + 1);
}

static outbox_record_t *
outbox_record(hfi_chunk_t *chunk, uint32_t i)
{
    /* the block's end is aligned, as its size is a multiple of 8 */
    void *end = (uint8_t *)chunk + chunk->size;
    return (outbox_record_t *)end - 1 - i;
}

/* Whether one more message of `len` bytes, and its record, go into the chunk. */
static bool
outbox_fits(const hfi_chunk_t *chunk, size_t len)
{
    size_t taken = sizeof *chunk + chunk->used + ((size_t)chunk->n + 1) * sizeof(outbox_record_t);
    return taken <= chunk->size && len <= chunk->size - taken;
}

/* What one more message may use of a chunk in which it fits. */
static size_t
outbox_space(const hfi_chunk_t *chunk)
{
    return chunk->size - sizeof *chunk - chunk->used -
           ((size_t)chunk->n + 1) * sizeof(outbox_record_t);
}

static size_t
outbox_block_size(size_t bytes)
{
    size_t need = sizeof(hfi_chunk_t) + sizeof(outbox_record_t) + bytes;
    return need <= HFI_CHUNK_BYTES ? (size_t)HFI_CHUNK_BYTES : (need + 63) & ~(size_t)63;
}

/* A chunk with room for a message of `bytes`; NULL: no memory. */
static hfi_chunk_t *
outbox_chunk_new(hfi_outbox_t *self, size_t bytes)
{
    hfi_chunks_t *pool = self->chunks;
    if (bytes > UINT32_MAX / 2)
        return NULL;
    size_t size = outbox_block_size(bytes);
    hfi_chunk_t *chunk = NULL;
    if (size == HFI_CHUNK_BYTES && pool->free != NULL) {
        chunk = pool->free;
        pool->free = chunk->next;
        pool->n_free--;
    } else {
        chunk = malloc(size);
        if (chunk == NULL)
            return NULL;
    }
    *chunk = (hfi_chunk_t){.size = (uint32_t)size};
    pool->lent_bytes += size;
    self->memory += size;
    return chunk;
}

static void
outbox_chunk_free(hfi_outbox_t *self, hfi_chunk_t *chunk)
{
    hfi_chunks_t *pool = self->chunks;
    pool->lent_bytes -= chunk->size;
    self->memory -= chunk->size;
    uint32_t max_free = pool->max_free != 0 ? pool->max_free : OUTBOX_FREE_CHUNKS;
    if (chunk->size != HFI_CHUNK_BYTES || pool->n_free >= max_free) {
        free(chunk);
        return;
    }
    chunk->next = pool->free;
    pool->free = chunk;
    pool->n_free++;
}

static void
outbox_link(hfi_outbox_t *self, hfi_chunk_t *chunk)
{
    chunk->first = self->first + self->n_messages;
    chunk->next = NULL;
    chunk->prev = self->tail;
    if (self->tail != NULL)
        self->tail->next = chunk;
    else
        self->head = chunk;
    self->tail = chunk;
}

static void
outbox_unlink(hfi_outbox_t *self, hfi_chunk_t *chunk)
{
    if (self->head == chunk)
        self->head = chunk->next;
    else
        chunk->prev->next = chunk->next;
    if (self->tail == chunk)
        self->tail = chunk->prev;
    else
        chunk->next->prev = chunk->prev;
    if (self->hint == chunk)
        self->hint = NULL;
    outbox_chunk_free(self, chunk);
}

void
hfi_chunks_close(hfi_chunks_t *self)
{
    while (self->free != NULL) {
        hfi_chunk_t *chunk = self->free;
        self->free = chunk->next;
        free(chunk);
    }
    self->n_free = 0;
}

/* ---- the index of calls --------------------------------------------------------------- */

static uint32_t
outbox_place(const hfi_outbox_index_t *index, uint64_t call)
{
    return (uint32_t)((call * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & index->mask;
}

static void
outbox_index_free(hfi_outbox_t *self)
{
    hfi_outbox_index_t *index = self->index;
    if (index == NULL)
        return;
    self->index = NULL;
    if (index->block != NULL) {
        outbox_chunk_free(self, index->block);
        return;
    }
    self->memory -= index->memory;
    self->chunks->lent_bytes -= index->memory;
    free(index);
}

static hfi_outbox_index_t *
outbox_index_new(hfi_outbox_t *self, size_t n_slots)
{
    size_t size = sizeof(hfi_outbox_index_t) + n_slots * sizeof(outbox_slot_t);
    hfi_outbox_index_t *index;
    hfi_chunk_t *block = NULL;
    if (n_slots <= OUTBOX_INDEX_SLOTS) {
        block = outbox_chunk_new(self, size);
        index = block != NULL ? (void *)outbox_base(block) : NULL;
    } else {
        index = malloc(size);
        self->memory += index != NULL ? size : 0;
        self->chunks->lent_bytes += index != NULL ? size : 0;
    }
    if (index == NULL)
        return NULL;
    memset(index, 0, size);
    index->mask = (uint32_t)n_slots - 1;
    index->block = block;
    index->memory = size;
    return index;
}

static void
outbox_index_put(hfi_outbox_index_t *index, uint64_t call, uint64_t number, hfi_chunk_t *chunk)
{
    uint32_t place = outbox_place(index, call);
    while (index->slots[place].call != 0 && index->slots[place].call != call)
        place = (place + 1) & index->mask;
    if (index->slots[place].call == 0)
        index->used++;
    index->slots[place] = (outbox_slot_t){.call = call, .number = number, .chunk = chunk};
}

/* Removes one entry and moves up those that were pushed past it, so that no tombstone stays. */
static void
outbox_index_cut(hfi_outbox_index_t *index, uint64_t call, uint64_t number)
{
    uint32_t hole = outbox_place(index, call);
    while (index->slots[hole].call != call) {
        if (index->slots[hole].call == 0)
            return;
        hole = (hole + 1) & index->mask;
    }
    if (index->slots[hole].number != number)
        return; /* a later message has that label */
    index->used--;
    for (uint32_t i = (hole + 1) & index->mask; index->slots[i].call != 0;
         i = (i + 1) & index->mask) {
        uint32_t home = outbox_place(index, index->slots[i].call);
        if (((i - home) & index->mask) < ((i - hole) & index->mask))
            continue;
        index->slots[hole] = index->slots[i];
        hole = i;
    }
    index->slots[hole].call = 0;
}

/* Makes an index of all that is kept; NULL: no memory. */
static hfi_outbox_index_t *
outbox_index_build(hfi_outbox_t *self)
{
    size_t n_slots = OUTBOX_INDEX_SLOTS;
    while (n_slots / 2 <= self->n_messages)
        n_slots *= 2;
    hfi_outbox_index_t *index = outbox_index_new(self, n_slots);
    if (index == NULL)
        return NULL;
    for (hfi_chunk_t *chunk = self->head; chunk != NULL; chunk = chunk->next)
        for (uint32_t i = chunk->n_gone; i < chunk->n; i++)
            if (outbox_record(chunk, i)->call != 0)
                outbox_index_put(index, outbox_record(chunk, i)->call, chunk->first + i, chunk);
    outbox_index_free(self);
    self->index = index;
    return index;
}

/* A new message's label goes into the index, if there is one. */
static void
outbox_index_note(hfi_outbox_t *self, uint64_t call, uint64_t number, hfi_chunk_t *chunk)
{
    if (self->index == NULL || call == 0)
        return;
    if (self->index->used + 1 > (self->index->mask + 1) / 2) {
        /* without memory for a larger one there is none: finds look through the messages */
        if (outbox_index_build(self) == NULL)
            outbox_index_free(self);
        return;
    }
    outbox_index_put(self->index, call, number, chunk);
}

/* ---- open, close ---------------------------------------------------------------------- */

void
hfi_outbox_open(hfi_outbox_t *self, hfi_chunks_t *chunks)
{
    *self = (hfi_outbox_t){.chunks = chunks, .first = 1};
}

void
hfi_outbox_close(hfi_outbox_t *self)
{
    if (self->chunks == NULL)
        return;
    HF_ASSERT(self->n_begun == 0);
    while (self->head != NULL)
        outbox_unlink(self, self->head);
    outbox_index_free(self);
    HF_ASSERT(self->memory == 0);
    self->first += self->n_messages;
    self->n_messages = 0;
    self->n_bytes = 0;
}

/* ---- writing -------------------------------------------------------------------------- */

/* Called by a writer that needs room: the message moves to a larger chunk of its own. */
static bool
outbox_grow(hf_writer_t *w, size_t more)
{
    hfi_begun_t *begun = (hfi_begun_t *)(void *)w;
    if (w->failed)
        return false;
    if (more > begun->max_bytes - w->len) { /* len never passes max_bytes, as room does not */
        begun->is_too_long = true;
        w->failed = true;
        return false;
    }
    size_t want = w->len + more;
    if (want < w->len + w->len / 2)
        want = w->len + w->len / 2;
    if (want > begun->max_bytes)
        want = begun->max_bytes;
    hfi_chunk_t *chunk = outbox_chunk_new(begun->outbox, want);
    if (chunk == NULL) {
        w->failed = true;
        return false;
    }
    memcpy(outbox_base(chunk), w->at, w->len);
    if (begun->is_apart)
        outbox_chunk_free(begun->outbox, begun->chunk);
    else
        begun->chunk->is_lent = false;
    begun->chunk = chunk;
    begun->is_apart = true;
    w->at = outbox_base(chunk);
    size_t space = outbox_space(chunk);
    w->room = space < begun->max_bytes ? space : begun->max_bytes;
    return true;
}

bool
hfi_outbox_begin(hfi_outbox_t *self, size_t max_bytes, hfi_begun_t *ret_begun)
{
    hfi_chunk_t *chunk = self->tail;
    bool is_apart = chunk == NULL || chunk->is_lent || !outbox_fits(chunk, 16);
    if (is_apart) {
        chunk = outbox_chunk_new(self, 0);
        if (chunk == NULL)
            return false;
    } else {
        chunk->is_lent = true;
    }
    size_t space = outbox_space(chunk);
    self->n_begun++;
    ret_begun->w = (hf_writer_t){.at = outbox_base(chunk) + chunk->used,
                                 .room = space < max_bytes ? space : max_bytes,
                                 .grow = outbox_grow};
    ret_begun->outbox = self;
    ret_begun->chunk = chunk;
    ret_begun->is_apart = is_apart;
    ret_begun->max_bytes = max_bytes;
    ret_begun->is_too_long = false;
    return true;
}

void
hfi_outbox_rollback(hfi_begun_t *begun)
{
    HF_ASSERT(begun->outbox->n_begun > 0);
    begun->outbox->n_begun--;
    if (begun->is_apart)
        outbox_chunk_free(begun->outbox, begun->chunk);
    else
        begun->chunk->is_lent = false;
    begun->w.failed = true;
}

/* Puts at the outbox's end what was begun elsewhere: it is copied behind the tail's messages, or brings
 * its chunk along. False: no memory. */
static bool
outbox_settle(hfi_outbox_t *self, hfi_begun_t *begun)
{
    size_t len = begun->w.len;
    hfi_chunk_t *tail = self->tail;
    if (!begun->is_apart) {
        begun->chunk->is_lent = false;
        hfi_chunk_t *copy = NULL;
        if (tail->is_lent || !outbox_fits(tail, len)) {
            copy = outbox_chunk_new(self, len);
            if (copy == NULL)
                return false;
            outbox_link(self, copy);
            tail = copy;
        }
        memcpy(outbox_base(tail) + tail->used, begun->w.at, len);
        return true;
    }
    if (tail != NULL && !tail->is_lent && outbox_fits(tail, len)) {
        memcpy(outbox_base(tail) + tail->used, begun->w.at, len);
        outbox_chunk_free(self, begun->chunk);
        return true;
    }
    outbox_link(self, begun->chunk);
    return true;
}

uint64_t
hfi_outbox_commit(hfi_begun_t *begun, const hfi_label_t *label)
{
    static const hfi_label_t none;
    hfi_outbox_t *self = begun->outbox;
    bool is_there = !begun->is_apart && begun->chunk == self->tail;
    if (begun->w.failed || self->n_messages == UINT32_MAX ||
        (!is_there && !outbox_settle(self, begun))) {
        hfi_outbox_rollback(begun);
        return 0;
    }
    HF_ASSERT(self->n_begun > 0);
    self->n_begun--;
    if (label == NULL)
        label = &none;
    hfi_chunk_t *chunk = self->tail;
    if (is_there)
        chunk->is_lent = false;
    chunk->used += (uint32_t)begun->w.len;
    *outbox_record(chunk, chunk->n) = (outbox_record_t){
        .call = label->call,
        .referent = label->referent,
        .cookie = label->cookie,
        .end = chunk->used,
        .is_minded = label->is_minded,
        .flags = label->flags,
    };
    uint64_t number = chunk->first + chunk->n;
    chunk->n++;
    self->n_messages++;
    self->n_bytes += begun->w.len;
    outbox_index_note(self, label->call, number, chunk);
    return number;
}

/* ---- reading -------------------------------------------------------------------------- */

static uint32_t
outbox_begin_of(hfi_chunk_t *chunk, uint32_t i)
{
    return i == 0 ? 0 : outbox_record(chunk, i - 1)->end;
}

static void
outbox_show(hfi_chunk_t *chunk, uint32_t i, hfi_kept_t *ret_kept)
{
    const outbox_record_t *record = outbox_record(chunk, i);
    uint32_t begin = outbox_begin_of(chunk, i);
    *ret_kept = (hfi_kept_t){
        .number = chunk->first + i,
        .call = record->call,
        .referent = record->referent,
        .cookie = record->cookie,
        .bytes = {.at = outbox_base(chunk) + begin, .len = record->end - begin},
        .is_minded = record->is_minded,
        .flags = record->flags,
    };
}

/* The chunk that holds the message with that number, which is kept. Walks from where it was last. */
static hfi_chunk_t *
outbox_chunk_of(hfi_outbox_t *self, uint64_t number)
{
    hfi_chunk_t *chunk = self->hint != NULL ? self->hint : self->head;
    if (self->tail->first <= number)
        chunk = self->tail;
    while (chunk->first > number)
        chunk = chunk->prev;
    while (number - chunk->first >= chunk->n)
        chunk = chunk->next;
    self->hint = chunk;
    return chunk;
}

static bool
outbox_is_kept(const hfi_outbox_t *self, uint64_t number)
{
    return number >= self->first && number - self->first < self->n_messages;
}

size_t
hfi_outbox_copy(hfi_outbox_t *self, uint64_t after, uint8_t *to, size_t room, uint64_t *ret_last)
{
    uint64_t number = after + 1 > self->first ? after + 1 : self->first;
    *ret_last = after;
    if (!outbox_is_kept(self, number))
        return 0;
    size_t len = 0;
    for (hfi_chunk_t *chunk = outbox_chunk_of(self, number); chunk != NULL; chunk = chunk->next) {
        uint32_t i = (uint32_t)(number - chunk->first);
        uint32_t begin = outbox_begin_of(chunk, i);
        uint32_t end = chunk->used;
        uint32_t n = chunk->n;
        if (end - begin > room - len) { /* not the whole rest of the chunk: find the border */
            n = i;
            while (n < chunk->n && outbox_record(chunk, n)->end - begin <= room - len)
                n++;
            end = outbox_begin_of(chunk, n);
        }
        if (n == i)
            return len != 0 ? len : outbox_record(chunk, i)->end - begin;
        memcpy(to + len, outbox_base(chunk) + begin, end - begin);
        len += end - begin;
        number = chunk->first + n;
        *ret_last = number - 1;
        if (n < chunk->n)
            break;
    }
    return len;
}

uint64_t
hfi_outbox_bytes_after(hfi_outbox_t *self, uint64_t after)
{
    uint64_t number = after + 1 > self->first ? after + 1 : self->first;
    if (!outbox_is_kept(self, number))
        return 0;
    uint64_t len = 0;
    for (hfi_chunk_t *chunk = outbox_chunk_of(self, number); chunk != NULL; chunk = chunk->next) {
        len += chunk->used - outbox_begin_of(chunk, (uint32_t)(number - chunk->first));
        number = chunk->first + chunk->n;
    }
    return len;
}

bool
hfi_outbox_get(hfi_outbox_t *self, uint64_t number, hfi_kept_t *ret_kept)
{
    if (!outbox_is_kept(self, number))
        return false;
    hfi_chunk_t *chunk = outbox_chunk_of(self, number);
    outbox_show(chunk, (uint32_t)(number - chunk->first), ret_kept);
    return true;
}

static bool
outbox_look_through(hfi_outbox_t *self, uint64_t call, hfi_kept_t *ret_kept)
{
    for (hfi_chunk_t *chunk = self->tail; chunk != NULL; chunk = chunk->prev) {
        for (uint32_t i = chunk->n; i > chunk->n_gone; i--) {
            if (outbox_record(chunk, i - 1)->call == call) {
                outbox_show(chunk, i - 1, ret_kept);
                return true;
            }
        }
    }
    return false;
}

bool
hfi_outbox_find(hfi_outbox_t *self, uint64_t call, hfi_kept_t *ret_kept)
{
    if (call == 0)
        return false;
    if (self->index == NULL && self->n_messages > OUTBOX_LINEAR)
        (void)outbox_index_build(self);
    hfi_outbox_index_t *index = self->index;
    if (index == NULL)
        return outbox_look_through(self, call, ret_kept);
    uint32_t place = outbox_place(index, call);
    while (index->slots[place].call != call) {
        if (index->slots[place].call == 0)
            return false;
        place = (place + 1) & index->mask;
    }
    hfi_chunk_t *chunk = index->slots[place].chunk;
    outbox_show(chunk, (uint32_t)(index->slots[place].number - chunk->first), ret_kept);
    return true;
}

/* ---- dropping ------------------------------------------------------------------------- */

void
hfi_outbox_acknowledge(hfi_outbox_t *self, uint64_t ack, hfi_dropped_f *dropped, void *context)
{
    HF_ASSERT(self->n_begun == 0);
    HF_ASSERT(ack <= hfi_outbox_last(self));
    while (self->n_messages != 0 && self->first <= ack) {
        hfi_chunk_t *chunk = self->head;
        uint64_t left = ack - self->first;
        uint32_t until = chunk->n;
        if (left < chunk->n - chunk->n_gone)
            until = chunk->n_gone + (uint32_t)left + 1;
        uint32_t begin = outbox_begin_of(chunk, chunk->n_gone);
        for (uint32_t i = chunk->n_gone; i < until; i++) {
            const outbox_record_t *record = outbox_record(chunk, i);
            if (self->index != NULL && record->call != 0)
                outbox_index_cut(self->index, record->call, chunk->first + i);
            if (record->is_minded && dropped != NULL) {
                hfi_kept_t kept;
                outbox_show(chunk, i, &kept);
                dropped(context, &kept);
            }
        }
        self->n_bytes -= outbox_begin_of(chunk, until) - begin;
        self->n_messages -= until - chunk->n_gone;
        self->first = chunk->first + until;
        chunk->n_gone = until;
        if (until == chunk->n)
            outbox_unlink(self, chunk);
    }
    if (self->n_messages == 0)
        outbox_index_free(self);
}

bool
hfi_outbox_take_last(hfi_outbox_t *self, hfi_kept_t *ret_kept)
{
    HF_ASSERT(self->n_begun == 0);
    outbox_index_free(self);
    hfi_chunk_t *chunk = self->tail;
    if (chunk != NULL && chunk->n_gone == chunk->n) {
        outbox_unlink(self, chunk); /* emptied by the takes before; kept till now for its span */
        chunk = self->tail;
    }
    if (chunk == NULL)
        return false;
    outbox_show(chunk, chunk->n - 1, ret_kept);
    chunk->n--;
    chunk->used = outbox_begin_of(chunk, chunk->n);
    self->n_messages--;
    self->n_bytes -= ret_kept->bytes.len;
    return true;
}
