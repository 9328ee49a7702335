/* SPDX-License-Identifier: MPL-2.0 */
/* outbox -- messages kept until the peer has acknowledged them.
 *
 * Messages are numbered from 1 and lie one behind the other in 4 KiB chunks; a record for each lies
 * at the chunk's other end. A message is written in place through a hf_writer_t: begin, write, then
 * commit (it gets its number) or rollback. One too long for what is left of its chunk moves to a
 * bigger chunk of its own. Chunks come from a pool that many outboxes share, and go back to it when
 * all in them is acknowledged: an idle outbox owns no memory at all, a busy one allocates nothing
 * for a message.
 *
 * Several messages may be begun at once (a method that answers others while its own answer is
 * half-written); numbers are given in the order of commits. Nothing may be acknowledged meanwhile.
 *
 * Thread: one at a time, with its pool.
 */
#ifndef HFI_OUTBOX_H
#define HFI_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/span.h>
#include <holdfast/value.h>

enum { HFI_CHUNK_BYTES = 4096 };

typedef struct hfi_chunk hfi_chunk_t;

/* Chunks that wait to be used. Zeroed is empty and legal; keeps up to `max_free` of them. */
typedef struct hfi_chunks {
    hfi_chunk_t *free;
    uint32_t n_free;
    uint32_t max_free; /* 0: keeps 64 */
    size_t lent_bytes; /* in use by outboxes: what an account charges */
} hfi_chunks_t;

/* Frees the waiting ones. All outboxes on it are closed before. */
void hfi_chunks_close(hfi_chunks_t *self);

typedef struct hfi_outbox_index hfi_outbox_index_t;

/* 80 bytes; no heap while empty. */
typedef struct hfi_outbox {
    hfi_chunks_t *chunks;
    hfi_chunk_t *head;
    hfi_chunk_t *tail;
    hfi_chunk_t *hint;         /* where the last walk was */
    hfi_outbox_index_t *index; /* call number to message, from the first hfi_outbox_find on */
    uint64_t first;   /* number of the oldest message kept; of the next one where none is */
    uint64_t n_bytes; /* of messages kept */
    size_t memory;    /* of chunks and index */
    uint32_t n_messages;
    uint32_t n_begun;
} hfi_outbox_t;

/* A message kept, as a walk or a callback shows it; borrowed until the outbox changes. */
typedef struct hfi_kept {
    uint64_t number;
    uint64_t call;     /* as given at commit */
    uint64_t referent; /* of hf_mind, where is_minded */
    uint64_t cookie;
    hfi_span_t bytes;
    bool is_minded;
    uint8_t flags; /* as given at commit */
} hfi_kept_t;

/* What is said of a message at its commit; zeroed says nothing. */
typedef struct hfi_label {
    uint64_t call; /* the call that it answers; 0: none, it is not to be found */
    uint64_t referent;
    uint64_t cookie;
    bool is_minded;
    uint8_t flags; /* the owner's own */
} hfi_label_t;

/* A message under way. Write through `w` (its address is handed to hf_write_…). */
typedef struct hfi_begun {
    hf_writer_t w; /* first: grow() finds the rest behind it */
    hfi_outbox_t *outbox;
    hfi_chunk_t *chunk; /* written in */
    bool is_apart;      /* chunk is not in the outbox yet */
    size_t max_bytes;   /* a longer message sets w.failed and is_too_long */
    bool is_too_long;
} hfi_begun_t;

typedef void(hfi_dropped_f)(void *context, const hfi_kept_t *kept);

/* `chunks` is borrowed and must outlive it. */
void hfi_outbox_open(hfi_outbox_t *self, hfi_chunks_t *chunks);
/* Gives all back; nothing is under way. */
void hfi_outbox_close(hfi_outbox_t *self);

/* Begins a message of at most max_bytes. False: no memory. Borrows ret_begun till commit or rollback. */
bool hfi_outbox_begin(hfi_outbox_t *self, size_t max_bytes, hfi_begun_t *ret_begun);
/* Gives the message its number and returns it; 0: the writer had failed or there is no memory, and
 * it is rolled back. `label` NULL says nothing. */
uint64_t hfi_outbox_commit(hfi_begun_t *begun, const hfi_label_t *label);
void hfi_outbox_rollback(hfi_begun_t *begun);

/* Number of the last message ever committed; 0: none. */
static inline uint64_t
hfi_outbox_last(const hfi_outbox_t *self)
{
    return self->first + self->n_messages - 1;
}

/* Drops messages up to `ack` (at most the last), oldest first; `dropped` hears of the minded ones
 * only, and may be NULL. It must not touch this outbox. */
void hfi_outbox_acknowledge(hfi_outbox_t *self, uint64_t ack, hfi_dropped_f *dropped,
                            void *context);

/* Copies whole messages behind number `after` to `to`, as many as fit in `room`. Returns their bytes;
 * *ret_last is the last one's number (`after` where there is none). Where already the first is longer
 * than `room`, returns its length, which is > room, and copies nothing. */
size_t hfi_outbox_copy(hfi_outbox_t *self, uint64_t after, uint8_t *to, size_t room,
                       uint64_t *ret_last);

/* Bytes of the messages behind number `after`. */
uint64_t hfi_outbox_bytes_after(hfi_outbox_t *self, uint64_t after);

/* The message with that number; false: it is not kept. */
bool hfi_outbox_get(hfi_outbox_t *self, uint64_t number, hfi_kept_t *ret_kept);

/* The message that was labelled with that call (the latest), O(1) amortised; false: none is kept. */
bool hfi_outbox_find(hfi_outbox_t *self, uint64_t call, hfi_kept_t *ret_kept);

/* Takes off the last message, for an ended session that takes back what was never acknowledged,
 * last first. False: none is left. The span is good until the outbox changes. */
bool hfi_outbox_take_last(hfi_outbox_t *self, hfi_kept_t *ret_kept);

#endif
