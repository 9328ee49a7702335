/* SPDX-License-Identifier: MPL-2.0 */
/* state -- the machine's tables in one struct, what leaves it, and its chance.
 *
 * All that decides is in here, in order, without a function's address: what a journal rebuilds.
 */
#ifndef HFI_STATE_H
#define HFI_STATE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <base/deadline.h>
#include <base/idtable.h>
#include <base/siphash.h>
#include <registry/bind.h>
#include <registry/plugin.h>
#include <registry/policy.h>
#include <stream/message.h>
#include <stream/stream.h>

#include "account.h"
#include "ended.h"
#include "event.h"
#include "job.h"
#include "name.h"
#include "park.h"
#include "pin.h"
#include "referent.h"
#include "session.h"
#include "world.h"

typedef struct hfi_call hfi_call_t;
typedef struct hfi_fars hfi_fars_t; /* far.h */
typedef struct hfi_machine hfi_machine_t;

/* A connection, as LINK_UP told of it. */
typedef struct hfi_link {
    uint64_t number;
    hfi_session_t *session; /* NULL: none */
    char *user;             /* NUL-terminated; NULL: none */
    int64_t uid;
    int64_t pid;
} hfi_link_t;

/* Bytes that last as long as the call that runs; given back in the order of a stack. */
typedef struct hfi_arena_chunk {
    struct hfi_arena_chunk *below;
    size_t used;
    size_t room;
    _Alignas(16) uint8_t bytes[];
} hfi_arena_chunk_t;

typedef struct hfi_arena {
    hfi_arena_chunk_t *chunk;
} hfi_arena_t;

typedef struct hfi_arena_mark {
    hfi_arena_chunk_t *chunk;
    size_t used;
} hfi_arena_mark_t;

/* Growing bytes that are lent to whoever builds a value. */
typedef struct hfi_buffer {
    hf_writer_t w; /* first: grow() finds the rest behind it */
    struct hfi_buffer *next;
    uint64_t max_bytes;
    bool is_too_long;
} hfi_buffer_t;

/* An answered call whose session has others waiting; or an adoption that one waits for. */
typedef struct hfi_settled {
    uint64_t session;
    uint64_t call;
} hfi_settled_t;

/* A referent that calls watch, none of which holds it. */
typedef struct hfi_watched {
    uint64_t key; /* its number + 1: object 0 may be watched as well */
    hfi_referent_t *referent;
    hf_waiters_t calls;
    uint32_t spare;
} hfi_watched_t;

typedef struct hfi_work hfi_work_t;

/* A referent whose offloaded call is on its way. */
typedef struct hfi_stall {
    uint64_t object;
    uint64_t job;
    hfi_referent_t *referent; /* held */
    hfi_work_t *work;         /* NULL: it is done */
    hf_waiters_t calls;       /* records that wait for its end, in order */
    uint32_t spare;
} hfi_stall_t;

/* BOOT's settings; event.h says what each is. */
typedef struct hfi_boot {
    hfi_secret_t space;
    hfi_machine_limits_t limits;
    int64_t lease_ns, lease_min_ns, lease_max_ns, grace_ns, probe_ns;
    hf_value_t endpoints; /* kept; a list of str */
    hf_value_t server;    /* kept; a str */
    bool is_far;          /* other managers may be connected to */
    hf_value_t far_allow; /* kept; a list of str, or HF_NONE */
    int64_t far_timeout_ns;
} hfi_boot_t;

/* Numbers of referents, in order. */
typedef struct hfi_cycle_list {
    uint64_t *at;
    uint32_t n;
    uint32_t room;
} hfi_cycle_list_t;

typedef enum hfi_cycle_stage {
    HFI_CYCLE_IDLE = 0,
    HFI_CYCLE_COUNT,
    HFI_CYCLE_SPARE,
} hfi_cycle_stage_t;

/* The search for what only holds itself; cycle.c. */
typedef struct hfi_cycle {
    hfi_alarm_t alarm;
    hfi_cycle_stage_t stage;
    hfi_idtable_t rows;
    hfi_cycle_list_t todo;
    hfi_cycle_list_t garbage; /* found, to be destroyed between two calls */
} hfi_cycle_t;

typedef struct hfi_state {
    hfi_machine_world_t world;
    const hf_host_t *host;          /* what plugins are lent; given at construction */
    hf_method_f *const *universals; /* by hfi_universal_t; given at construction */
    hfi_boot_t boot;
    hfi_limits_t wire; /* the settings' limits as the stream has them */
    hfi_account_t account;
    uint64_t chunks_charged;
    hfi_machine_figures_t figures;
    int64_t now_ns;
    bool is_booted;
    bool is_stopping; /* drains: no new sessions */
    bool is_stopped;
    bool has_chance; /* chance_key is there */
    hfi_alarm_t drain_alarm;

    uint8_t chance_key[32]; /* the last ENTROPY */
    uint64_t chance_count;  /* blocks drawn from it */
    hfi_siphash_key_t secrets_key;

    hfi_plugins_t *plugins;
    hf_value_t
        *images; /* kept: the hash of each plugin's content, in hex, in the order they came */
    uint32_t n_images;
    hfi_policy_t *policy;
    hfi_referents_t referents;
    hfi_referent_t *root; /* object 0, in no table */
    hfi_cycle_t cycle;
    hfi_fars_t *fars;
    hfi_names_t names;
    hfi_pins_t pins;
    hfi_jobs_t jobs;
    hfi_idtable_t links;    /* hfi_link_t */
    hfi_idtable_t sessions; /* number, address; in the order opened */
    hfi_idtable_t secrets;  /* keyed hash of the secret, address */
    hfi_ended_t ended;
    uint64_t last_session;
    uint64_t n_ends; /* of sessions, so far */
    hfi_chunks_t chunks;
    hfi_deadlines_t *deadlines;
    hfi_idtable_t timers; /* object, its first hfi_timer_t */

    hfi_parks_t parks;
    hfi_idtable_t watched; /* hfi_watched_t */
    hfi_idtable_t stalls;  /* hfi_stall_t, in the order begun */
    hf_waiters_t woken;    /* records that run again */
    hf_waiters_t queued;   /* records whose turn comes */
    uint32_t runs_left;    /* of this apply */
    hfi_settled_t *settled;
    uint32_t n_settled, settled_room, settled_at;
    uint64_t *ending; /* sessions to be ended between two calls */
    uint32_t n_ending, ending_room;

    struct hfi_stowed *outputs;
    uint32_t n_outputs, outputs_room, outputs_at;
    hfi_bytes_t output_bytes;

    /* not state, but kept to allocate nothing: empty between two applies */
    hfi_call_t *calls;   /* free ones */
    hfi_call_t *running; /* the one that runs now, innermost */
    uint32_t depth;      /* of functions inside each other */
    hfi_buffer_t *buffers;
    hfi_arena_t arena;
    hfi_binder_t binder;
    hfi_bytes_t frame_scratch;
    hfi_bytes_t message_scratch;
    hfi_message_t *messages;
    uint32_t messages_room;
} hfi_state_t;

typedef struct hfi_session_row {
    uint64_t number;
    hfi_session_t *session;
} hfi_session_row_t;

/* ---- tables --------------------------------------------------------------------------- */

void hfi_state_open(hfi_state_t *self, const hfi_machine_world_t *world, const hf_host_t *host);
/* All sessions, names and referents are gone. */
void hfi_state_close(hfi_state_t *self);

/* A referent by number, the root too; NULL: none. */
hfi_referent_t *hfi_state_find(const hfi_state_t *self, uint64_t object);

/* What the session holds, the root too; NULL: nothing of that number. */
static inline hfi_referent_t *
hfi_state_held(const hfi_state_t *self, const hfi_session_t *session, uint64_t object)
{
    return object == 0 ? self->root : hfi_session_holds(session, object);
}

hfi_session_t *hfi_state_session(const hfi_state_t *self, uint64_t number);
hfi_link_t *hfi_state_link(const hfi_state_t *self, uint64_t number);
hfi_session_t *hfi_state_find_secret(const hfi_state_t *self, const hfi_secret_t *secret);

/* Whether a session of that secret ended lately and had seen that attempt or a later one. */
bool hfi_state_has_ended(const hfi_state_t *self, const hfi_secret_t *secret, uint64_t attempt);

/* A new session in all tables; NULL: a limit. */
hfi_session_t *hfi_state_open_session(hfi_state_t *self, const hfi_secret_t *secret);
/* Out of all tables and freed; its end has been told to everybody. */
void hfi_state_close_session(hfi_state_t *self, hfi_session_t *session);

/* Arms an alarm; an armed one is moved. INT64_MAX only stops it. */
void hfi_state_arm(hfi_state_t *self, hfi_alarm_t *alarm, int64_t due_ns);

/* now + seconds, cut at what fits; HF_FOREVER and NaN: INT64_MAX. */
int64_t hfi_state_due_in(const hfi_state_t *self, double seconds);

/* Charges what the outboxes have taken since. */
void hfi_state_charge_chunks(hfi_state_t *self);

/* Whether something is to be done between two messages. */
static inline bool
hfi_state_has_chores(const hfi_state_t *self)
{
    return (self->n_settled | self->n_ending | self->referents.n_listed | self->woken.count |
            self->queued.count) != 0;
}

/* ---- what leaves ---------------------------------------------------------------------- */

/* Puts an output at the end; copies its text and bytes. */
void hfi_state_output(hfi_state_t *self, const hfi_output_t *output);
/* One SEND a session until it is taken. */
static inline void
hfi_state_send(hfi_state_t *self, hfi_session_t *session)
{
    if (session->is_send_out || session->link == 0)
        return;
    session->is_send_out = true;
    hfi_state_output(self, &(hfi_output_t){.kind = HFI_OUTPUT_SEND, .session = session->number});
}
/* An unnumbered frame; `after`: messages of `session` (may be NULL) up to it go first. */
void hfi_state_control(hfi_state_t *self, uint64_t link, const hfi_session_t *session,
                       uint64_t after, hfi_span_t frame);
void hfi_state_log(hfi_state_t *self, int32_t level, const char *blame, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void hfi_state_logv(hfi_state_t *self, int32_t level, const char *blame, const char *format,
                    va_list args) __attribute__((format(printf, 4, 0)));
bool hfi_state_take_output(hfi_state_t *self, hfi_output_t *ret_output);

/* ---- chance --------------------------------------------------------------------------- */

/* Keys the generator with 32 bytes. */
void hfi_state_seed(hfi_state_t *self, const uint8_t *bytes);
void hfi_state_draw(hfi_state_t *self, void *to, size_t len);

/* ---- bytes for a while ---------------------------------------------------------------- */

static inline hfi_arena_mark_t
hfi_arena_mark(const hfi_arena_t *self)
{
    return (hfi_arena_mark_t){self->chunk, self->chunk == NULL ? 0 : self->chunk->used};
}

/* Frees the chunks above the mark's. */
void hfi_arena_unstack(hfi_arena_t *self, hfi_arena_mark_t mark);

/* Frees all that was taken since. */
static inline void
hfi_arena_release(hfi_arena_t *self, hfi_arena_mark_t mark)
{
    if (self->chunk != mark.chunk)
        hfi_arena_unstack(self, mark);
    else if (self->chunk != NULL)
        self->chunk->used = mark.used;
}

/* Borrowed until the release. */
void *hfi_arena_take(hfi_arena_t *self, size_t bytes);
/* A copy of the value that lasts until the release. */
hf_value_t hfi_arena_copy(hfi_arena_t *self, const hf_value_t *value);

/* Lends an empty buffer of at most max_bytes; give it back. */
hfi_buffer_t *hfi_state_borrow(hfi_state_t *self, uint64_t max_bytes);
void hfi_state_return(hfi_state_t *self, hfi_buffer_t **buffer_p);
/* What is in the buffer, as a view. */
hf_value_t hfi_buffer_view(const hfi_buffer_t *self);

/* A call of that session was answered, and others of it wait; or an adoption has come to its end (stub.h). */
void hfi_state_settled(hfi_state_t *self, uint64_t session, uint64_t call);
/* A machine's tables, for tests that recompute them. */
hfi_state_t *hfi_machine_state(hfi_machine_t *machine);

/* The session is to be ended for that reason, as soon as no function runs. */
void hfi_state_end_later(hfi_state_t *self, hfi_session_t *session, hfi_reject_t reason);

#endif
