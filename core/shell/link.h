/* SPDX-License-Identifier: MPL-2.0 */
/* link -- the connections: routing id to link number and back, and what each still has to be sent.
 *
 * A routing id belongs to libzmq and may come again; a link number is ours and never does. The rows hold no
 * socket: front sends, this remembers.
 *
 * | state  | the connection                               | left by                                    |
 * | LIVE   | is there, as far as is known                 | KICK, dead process → ENDING; gone → GONE   |
 * | ENDING | is to end: shut down, or its process is dead | its socket is closed, or time is up → GONE |
 * | GONE   | has ended; frames of it may still be unread  | nothing of it is left to read: removed     |
 *
 * Thread: the loop's.
 */
#ifndef HFI_LINK_H
#define HFI_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <base/idtable.h>
#include <base/span.h>

enum { HFI_LINK_CONTROLS_MAX = 64 * 1024 /* bytes of control frames that wait at one link */ };

typedef enum hfi_link_state {
    HFI_LINK_LIVE = 0,
    HFI_LINK_ENDING,
    HFI_LINK_GONE,
} hfi_link_state_t;

typedef struct hfi_link {
    uint64_t number;
    uint64_t session;     /* which is sent on it; 0: none yet */
    uint64_t sent;        /* its last message handed to libzmq on this connection */
    uint64_t cookie;      /* the socket's, so that a descriptor used again is noticed */
    int64_t until_ns;     /* ENDING: shut down or given up then */
    uint64_t heard;       /* links->n_heard at its last frame */
    void *longer;         /* front's: frames that libzmq holds without a copy */
    hfi_bytes_t controls; /* waiting: {after, length} and bytes, one behind the other */
    uint32_t routing;
    int32_t fd; /* libzmq's own; -1: unknown */
    uint8_t state;
    bool is_kicked;  /* its frames are not listened to any more */
    bool is_shut;    /* shutdown was called */
    bool is_certain; /* its process is dead */
    bool is_ready;   /* on the list of those with something to send */
    bool is_blocked; /* on the list of those whose pipe was full */
} hfi_link_t;

/* A list of link numbers; each link is on it once, by its own flag. */
typedef struct hfi_link_list {
    uint64_t *at;
    uint32_t n;
    uint32_t room;
} hfi_link_list_t;

typedef struct hfi_links {
    hfi_idtable_t by_number;
    hfi_idtable_t by_routing; /* routing + 1 → number */
    uint64_t last;            /* number given */
    uint64_t n_heard;         /* frames of all of them */
    uint64_t swept;           /* number of the link that the sweep looked at last */
    hfi_link_list_t ended;    /* links ENDING or GONE */
} hfi_links_t;

void hfi_links_open(hfi_links_t *self);
void hfi_links_close(hfi_links_t *self);

/* NULL: there is none. Rows move when one is added. */
hfi_link_t *hfi_links_find(const hfi_links_t *self, uint64_t number);
hfi_link_t *hfi_links_find_routing(const hfi_links_t *self, uint32_t routing);

/* A new link, LIVE; `fd` is its socket or -1. NULL: no memory. */
hfi_link_t *hfi_links_add(hfi_links_t *self, uint32_t routing, int fd);
void hfi_links_remove(hfi_links_t *self, hfi_link_t *link);

/* The row behind `link` (NULL: the first). */
hfi_link_t *hfi_links_next(const hfi_links_t *self, const hfi_link_t *link);

/* Moves the state on, never back. Where there is no memory to note it, it stays: the end is found again. */
void hfi_links_end(hfi_links_t *self, hfi_link_t *link, int64_t until_ns);
void hfi_links_gone(hfi_links_t *self, hfi_link_t *link);

/* Notes the socket that libzmq has for the connection; -1 or one that is closed already: unknown. */
void hfi_link_set_socket(hfi_link_t *self, int fd);

/* Whether libzmq still has the very socket that the link began with. */
bool hfi_link_has_socket(const hfi_link_t *self);

/* Ends the connection at the socket, in both directions; what came before can still be read. */
void hfi_link_shut(hfi_link_t *self);

/* Keeps a control frame until messages up to `after` have been sent. False: too many wait; it is lost, as any
 * frame may be. */
bool hfi_link_keep(hfi_link_t *self, uint64_t after, hfi_span_t bytes);

/* The first waiting frame, borrowed; false: none, or messages must go before it. */
bool hfi_link_first(const hfi_link_t *self, hfi_span_t *ret_bytes);
void hfi_link_drop_first(hfi_link_t *self);

/* Puts the link on the list; false: no memory. */
bool hfi_link_list_add(hfi_link_list_t *self, uint64_t number);

#endif
