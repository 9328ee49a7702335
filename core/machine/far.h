/* SPDX-License-Identifier: MPL-2.0 */
/* far -- other managers that this one is a client of: a session with each, what it says, hears and owes there.
 *
 * Life of a far
 *
 *   dialling   the first handle of that manager has come in. Its endpoints are tried in turn, each with a session of
 *              its own, until one answers WELCOME as the manager that the handle names
 *   open       its session is a client's like any other: numbered, resumed, PINGed (stream and dial are libholdfast's)
 *   ended      lost, refused, or left with BYE since nothing of that manager's is held here any more. All its stubs are
 *              lost, all who wait for it fail; the next handle of that manager begins anew
 *
 * Whatever makes one say something ends with hfi_far_settle: it puts out frames, arms the alarm, buries the ended.
 */
#ifndef HFI_FAR_H
#define HFI_FAR_H

#include <stream/dial.h>

#include "state.h"

typedef struct hfi_adoption hfi_adoption_t;

/* What is to be said there when the window has room. */
typedef struct hfi_owed {
    uint64_t object;
    hfi_secret_t secret; /* of the token to be revoked; where has_token */
    bool has_token;
    bool has_reference; /* one reference is to be given back */
} hfi_owed_t;

enum { HFI_FAR_NAME = 48 };

typedef struct hfi_far {
    uint64_t number; /* never used twice */
    hfi_secret_t space;
    hfi_alarm_t alarm;
    hfi_dial_t dial;
    hfi_stream_t stream;
    uint64_t link;     /* its connection's number; 0: none */
    hf_value_t *tried; /* kept: endpoints, in the order they came */
    uint32_t n_tried;
    uint32_t at;       /* the one that is connected to */
    uint32_t n_failed; /* in a row */
    int64_t tried_ns;
    hf_value_t endpoints;        /* kept: where it says that others reach it */
    char own_name[HFI_FAR_NAME]; /* this manager's, for HELLO */
    char name[HFI_FAR_NAME];     /* the other one's, for people */
    hfi_idtable_t stubs;         /* object there + 1, its stub */
    hfi_idtable_t asked;         /* call there, the adoption's number */
    hfi_adoption_t *first_unasked;
    hfi_adoption_t *last_unasked;
    uint32_t n_adoptions;
    hfi_owed_t *owed;
    uint32_t n_owed, owed_at, owed_room;
    int64_t idle_ns; /* since then nothing is held or asked there; INT64_MAX: something is */
    bool wants_ping;
    bool wants_pong;
    bool wants_resync;
    bool is_ended;
} hfi_far_t;

/* Of hfi_far_t.stubs. */
typedef struct hfi_far_stub {
    uint64_t key;
    hfi_referent_t *referent;
} hfi_far_stub_t;

struct hfi_fars {
    hfi_type_t *type;    /* foreign */
    hfi_idtable_t table; /* number, address; in the order made */
    hfi_idtable_t adoptions;
    uint64_t last;
    uint64_t last_link;
    uint64_t last_adoption;
    uint64_t n_stubs; /* whose manager is there */
};

typedef struct hfi_far_row {
    uint64_t number;
    hfi_far_t *far;
} hfi_far_row_t;

/* Puts the tables in place; `type` is borrowed. */
void hfi_far_open(hfi_state_t *state, hfi_type_t *type);
/* All referents are gone. */
void hfi_far_close(hfi_state_t *state);

/* The session with the manager of that object space, made at need: its endpoints are a list of str. NULL with the
 * failure. It is to be settled afterwards, now or later. */
hfi_far_t *hfi_far_require(hfi_state_t *state, const hfi_secret_t *space,
                           const hf_value_t *endpoints, hfi_failure_t *ret_failure);

/* The one of that number, or NULL. */
hfi_far_t *hfi_far_at(const hfi_state_t *state, uint64_t number);

/* It is to be settled with the next TICK: many may want that in one apply. */
void hfi_far_later(hfi_state_t *state, hfi_far_t *far);

/* Says what is to be said now, arms the alarm; an ended one goes. */
void hfi_far_settle(hfi_state_t *state, hfi_far_t *far);

/* The events of its connection; the numbers of connections that are no more are nobody's. */
void hfi_far_up(hfi_state_t *state, uint64_t link);
void hfi_far_frame(hfi_state_t *state, uint64_t link, hfi_span_t bytes);
void hfi_far_down(hfi_state_t *state, uint64_t link, bool is_refused);
void hfi_far_time(hfi_state_t *state, hfi_far_t *far);

/* The manager stops: BYE to all. */
void hfi_far_leave(hfi_state_t *state);

#endif
