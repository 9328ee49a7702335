/* SPDX-License-Identifier: MPL-2.0 */
/* event -- what goes into the machine and what comes out of it, and the one encoding of both.
 *
 * An event is bytes: it has no pointer in it that outlives the apply, and one encoding (a MessagePack
 * array), which is what the record holds and what a journal will hold. Routing ids never enter: the
 * shell gives each connection a link number, never used twice.
 *
 * BOOT's settings are a map; what is left out has its default, an unknown key is ignored:
 *   "space"         bytes, 16 of them: this manager's object space
 *   "limits"        {name: uint}, names and defaults in limit.def
 *   "memory_limit"  uint, bytes; 0 or left out: none
 *   "lease_ms"      uint, 10000: of a client that wishes for none
 *   "lease_min_ms"  uint, 1000, and "lease_max_ms", 600000: what a wish is cut to
 *   "grace_ms"      uint, 5000
 *   "probe_ms"      uint, 1000
 *   "endpoints"     list of str: where others can reach this manager
 *   "server"        str, for people
 *   "far"           bool, true: connect to other managers whose handles come in, at ipc and loopback endpoints
 *   "far_allow"     list of str: endpoints that begin so may be connected to as well
 *   "far_timeout_ms" uint, 5000: how long a call waits until another manager's handle is adopted
 * POLICY's value is policy.h's. A JOB "figures" (bytes: nil) is answered by a map, which stats() shows beside its own.
 */
#ifndef HFI_EVENT_H
#define HFI_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include <base/span.h>

typedef enum hfi_event_kind {
    HFI_EVENT_BOOT = 1,      /* bytes: settings, one value (a map): first event of all */
    HFI_EVENT_TICK = 2,      /* now_ns */
    HFI_EVENT_ENTROPY = 3,   /* bytes: 32 of them */
    HFI_EVENT_LINK_UP = 4,   /* link, peer */
    HFI_EVENT_FRAME = 5,     /* link, bytes */
    HFI_EVENT_LINK_DOWN = 6, /* link, is_certain: the peer's process is dead, or its socket is */
    HFI_EVENT_FAR_UP = 7,    /* link: the connection that FAR_OPEN asked for stands */
    HFI_EVENT_FAR_FRAME = 8, /* link, bytes */
    HFI_EVENT_FAR_DOWN = 9,  /* link, is_certain: it could not be made; else it stood and is gone */
    HFI_EVENT_POLICY = 10,   /* bytes: exposure, one value (a map) */
    HFI_EVENT_IMAGE =
        11, /* bytes: the content's hash, hexadecimal digits, by which the machine finds the descriptor */
    HFI_EVENT_JOB_DONE = 12, /* job, status, bytes: one value */
    HFI_EVENT_STOP = 13,     /* drain_s */
} hfi_event_kind_t;

/* Who is at the other end of a link, as the transport has verified it. */
typedef struct hfi_peer {
    hfi_span_t user;    /* CURVE user, empty: none */
    hfi_span_t address; /* for people */
    int64_t uid;        /* -1: unknown */
    int64_t pid;        /* 0: unknown */
} hfi_peer_t;

typedef struct hfi_event {
    hfi_event_kind_t kind;
    uint64_t
        link; /* or the job's number; FAR_…: as in the FAR_OPEN, which has numbers of its own */
    int64_t now_ns;
    hfi_span_t bytes;
    hfi_peer_t peer;
    double drain_s;
    int32_t status;
    bool is_certain;
} hfi_event_t;

typedef enum hfi_output_kind {
    HFI_OUTPUT_SEND =
        1, /* session, link: its outgoing stream has grown; fetch with hfi_machine_fill */
    HFI_OUTPUT_CONTROL =
        2, /* link, bytes: an unnumbered frame; session and `after`: messages up to that number go first */
    HFI_OUTPUT_REWIND = 3,  /* session, link, after: go on sending behind that number */
    HFI_OUTPUT_WATCH = 4,   /* link, number: a pid to watch */
    HFI_OUTPUT_KICK = 5,    /* link: close the connection, after its frames have gone */
    HFI_OUTPUT_JOB = 6,     /* number, text: kind, bytes: one value */
    HFI_OUTPUT_LOG = 7,     /* number: HF_LOG_…, text: blame, bytes: the line */
    HFI_OUTPUT_STOPPED = 8, /* number: exit status */
    HFI_OUTPUT_FAR_OPEN =
        9, /* link, never used twice; text: connect to that endpoint, and again whenever it breaks */
    HFI_OUTPUT_FAR_SEND = 10,  /* link, bytes: a frame; it may get lost */
    HFI_OUTPUT_FAR_CLOSE = 11, /* link: for good, after its frames have gone */
} hfi_output_kind_t;

typedef struct hfi_output {
    hfi_output_kind_t kind;
    uint64_t session; /* the machine's own number for it, never used twice */
    uint64_t link;
    uint64_t after;
    uint64_t number;
    hfi_span_t text;
    hfi_span_t bytes; /* borrowed from the machine until the next take or apply */
} hfi_output_t;

/* Appends the event's one encoding to `to`. False: no memory. */
bool hfi_event_write(const hfi_event_t *self, hfi_bytes_t *to);

/* Reads one event from the front of `from` and moves it on; spans borrow from it. False: not an event. */
bool hfi_event_read(hfi_span_t *from, hfi_event_t *ret_event);

/* Whether they say the same, byte for byte. */
bool hfi_output_equal(const hfi_output_t *a, const hfi_output_t *b);

#endif
