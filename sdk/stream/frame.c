/* SPDX-License-Identifier: MPL-2.0 */
/* frame -- the header that every frame begins with: hostile bytes to a checked struct, and back.
 *
 * Headers of numbers only are read byte by byte here, as a DATA header is read for every frame; those
 * with maps and texts go through admit, and are then read as values.
 */
#include "frame.h"

#include <string.h>

#include <value/admit.h>

/* ---- reading numbers ------------------------------------------------------------------ */

static bool
frame_take_byte(hfi_span_t *in, uint8_t *ret_byte)
{
    if (in->len == 0)
        return false;
    *ret_byte = in->at[0];
    in->at++;
    in->len--;
    return true;
}

static bool
frame_take_number(hfi_span_t *in, size_t n_bytes, uint64_t *ret_number)
{
    if (in->len < n_bytes)
        return false;
    uint64_t number = 0;
    for (size_t i = 0; i < n_bytes; i++)
        number = number << 8 | in->at[i];
    in->at += n_bytes;
    in->len -= n_bytes;
    *ret_number = number;
    return true;
}

/* An int that is not negative, in any of its forms. */
static bool
frame_take_uint(hfi_span_t *in, uint64_t *ret_number)
{
    uint8_t first;
    if (!frame_take_byte(in, &first))
        return false;
    if (first < 0x80) {
        *ret_number = first;
        return true;
    }
    if (first >= 0xcc && first <= 0xcf)
        return frame_take_number(in, (size_t)1 << (first - 0xcc), ret_number);
    if (first < 0xd0 || first > 0xd3)
        return false;
    unsigned n_bits = 8u << (first - 0xd0u);
    return frame_take_number(in, n_bits / 8, ret_number) && *ret_number >> (n_bits - 1) == 0;
}

static bool
frame_take_list(hfi_span_t *in, uint64_t *ret_n)
{
    uint8_t first;
    if (!frame_take_byte(in, &first))
        return false;
    if ((first & 0xf0) == 0x90) {
        *ret_n = first & 0x0f;
        return true;
    }
    return (first == 0xdc || first == 0xdd) && frame_take_number(in, first == 0xdc ? 2 : 4, ret_n);
}

/* ---- reading texts and maps ----------------------------------------------------------- */

static bool
frame_is_uint(const hf_value_t *value)
{
    return hf_kind(value) == HF_INT && (hf_int_fits(value) ? hf_as_int(value) >= 0 : true);
}

static bool
frame_read_uint(const hf_value_t *value, uint64_t *ret_number)
{
    *ret_number = hf_as_uint(value);
    return frame_is_uint(value);
}

static bool
frame_read_bool(const hf_value_t *value, bool *ret_bool)
{
    *ret_bool = hf_as_bool(value);
    return hf_kind(value) == HF_BOOL;
}

bool
hfi_secret_read(const hf_value_t *value, hfi_secret_t *ret_secret)
{
    size_t len;
    const uint8_t *bytes = hf_as_bytes(value, &len);
    if (bytes == NULL || len != sizeof ret_secret->bytes)
        return false;
    memcpy(ret_secret->bytes, bytes, len);
    return true;
}

/* The text of the item at `at`, where it lies: a view of it may be inline, and does not last. */
static bool
frame_read_text(const uint8_t *at, hfi_span_t *ret_text)
{
    hf_head_t head;
    hf_read_head(at, &head);
    *ret_text = (hfi_span_t){at + head.size, head.len};
    return head.kind == HF_STR;
}

static bool
frame_is_word(hfi_span_t text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.at, word, text.len) == 0;
}

/* One pair of a map; false: the value is of the wrong kind. */
typedef bool(frame_pair_f)(hfi_frame_t *frame, hfi_span_t key, const uint8_t *at,
                           const hf_value_t *value, uint32_t *seen);

enum { /* what of a map was there */
       SEEN_PROTOCOL = 1 << 0,
       SEEN_VERSION = 1 << 1,
       SEEN_SESSION = 1 << 2,
       SEEN_MANAGER = 1 << 3,
       SEEN_ATTEMPT = 1 << 4,
       SEEN_RECEIVED = 1 << 5,
       SEEN_RESUME = 1 << 6,
       SEEN_LEASE = 1 << 7,
       SEEN_LIMITS = 1 << 8,
       SEEN_OTHER_VERSION = 1 << 9,
};

static bool
frame_walk_map(hfi_frame_t *frame, const uint8_t *map, frame_pair_f *pair, uint32_t *seen)
{
    hf_head_t head;
    hf_read_head(map, &head);
    if (head.kind != HF_MAP)
        return false;
    const uint8_t *at = map + head.size;
    for (uint32_t i = 0; i < head.items; i += 2) {
        const uint8_t *key = at;
        const uint8_t *item = key + hf_skip(key, NULL);
        size_t len = hf_skip(item, NULL);
        at = item + len;
        hfi_span_t name;
        if (!frame_read_text(key, &name))
            continue; /* an unknown key */
        hf_value_t value;
        hfi_view(&value, item, len, 0);
        if (!pair(frame, name, item, &value, seen))
            return false;
    }
    return true;
}

/* Looks for another protocol or version, before anything else in the map counts. */
static bool
frame_version_pair(hfi_frame_t *frame, hfi_span_t key, const uint8_t *at, const hf_value_t *value,
                   uint32_t *seen)
{
    (void)frame;
    hfi_span_t text;
    if (frame_is_word(key, "protocol")) {
        *seen |= SEEN_PROTOCOL;
        if (!frame_read_text(at, &text))
            return false;
        if (!frame_is_word(text, "HFP"))
            *seen |= SEEN_OTHER_VERSION;
    } else if (frame_is_word(key, "version")) {
        *seen |= SEEN_VERSION;
        if (!frame_is_uint(value))
            return false;
        if (hf_as_uint(value) != HFI_PROTOCOL_VERSION)
            *seen |= SEEN_OTHER_VERSION;
    }
    return true;
}

static bool
frame_hello_pair(hfi_frame_t *frame, hfi_span_t key, const uint8_t *at, const hf_value_t *value,
                 uint32_t *seen)
{
    hfi_hello_t *hello = &frame->hello;
    if (frame_is_word(key, "session")) {
        *seen |= SEEN_SESSION;
        return hfi_secret_read(value, &hello->session);
    }
    if (frame_is_word(key, "manager")) {
        hello->has_manager = true;
        return hfi_secret_read(value, &hello->manager);
    }
    if (frame_is_word(key, "from")) {
        hello->has_from = true;
        return hfi_secret_read(value, &hello->from);
    }
    if (frame_is_word(key, "attempt")) {
        *seen |= SEEN_ATTEMPT;
        return frame_read_uint(value, &hello->attempt);
    }
    if (frame_is_word(key, "received")) {
        *seen |= SEEN_RECEIVED;
        return frame_read_uint(value, &hello->received);
    }
    if (frame_is_word(key, "resume")) {
        *seen |= SEEN_RESUME;
        return frame_read_bool(value, &hello->resume);
    }
    if (frame_is_word(key, "lease_ms"))
        return frame_read_uint(value, &hello->lease_ms);
    if (frame_is_word(key, "client"))
        return frame_read_text(at, &hello->client);
    return true;
}

static bool
frame_limits_pair(hfi_frame_t *frame, hfi_span_t key, const uint8_t *at, const hf_value_t *value,
                  uint32_t *seen)
{
    (void)at;
    hfi_limits_t *limits = &frame->welcome.limits;
    static const char *const names[] = {"frame", "depth", "window", "window_bytes"};
    uint64_t *const numbers[] = {&limits->frame_bytes, &limits->depth, &limits->window,
                                 &limits->window_bytes};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (frame_is_word(key, names[i])) {
            *seen |= 1u << i;
            return frame_read_uint(value, numbers[i]);
        }
    }
    return true;
}

static bool
frame_read_endpoints(const hf_value_t *value, hf_value_t *ret_endpoints)
{
    if (hf_kind(value) != HF_LIST)
        return false;
    hf_cursor_t cursor;
    hf_value_t item;
    hf_open(&cursor, value);
    while (hf_next(&cursor, &item))
        if (hf_kind(&item) != HF_STR)
            return false;
    *ret_endpoints = *value;
    return true;
}

static bool
frame_welcome_pair(hfi_frame_t *frame, hfi_span_t key, const uint8_t *at, const hf_value_t *value,
                   uint32_t *seen)
{
    hfi_welcome_t *welcome = &frame->welcome;
    if (frame_is_word(key, "manager")) {
        *seen |= SEEN_MANAGER;
        return hfi_secret_read(value, &welcome->manager);
    }
    if (frame_is_word(key, "resumed")) {
        *seen |= SEEN_RESUME;
        return frame_read_bool(value, &welcome->resumed);
    }
    if (frame_is_word(key, "received")) {
        *seen |= SEEN_RECEIVED;
        return frame_read_uint(value, &welcome->received);
    }
    if (frame_is_word(key, "lease_ms")) {
        *seen |= SEEN_LEASE;
        return frame_read_uint(value, &welcome->lease_ms);
    }
    if (frame_is_word(key, "grace_ms"))
        return frame_read_uint(value, &welcome->grace_ms);
    if (frame_is_word(key, "limits")) {
        uint32_t seen_limits = 0;
        *seen |= SEEN_LIMITS;
        return frame_walk_map(frame, at, frame_limits_pair, &seen_limits) && seen_limits == 0x0f;
    }
    if (frame_is_word(key, "endpoints"))
        return frame_read_endpoints(value, &welcome->endpoints);
    if (frame_is_word(key, "server"))
        return frame_read_text(at, &welcome->server);
    return true;
}

/* HELLO and WELCOME: first whether it is our protocol at all, then the rest. */
static hfi_reject_t
frame_read_map(hfi_frame_t *frame, const uint8_t *map, bool is_value)
{
    bool is_hello = frame->kind == HFI_FRAME_HELLO;
    uint32_t seen = 0;
    bool is_sound = frame_walk_map(frame, map, frame_version_pair, &seen) && is_value;
    if ((seen & SEEN_OTHER_VERSION) != 0)
        return HFI_REJECT_BAD_VERSION;
    if (!is_sound ||
        !frame_walk_map(frame, map, is_hello ? frame_hello_pair : frame_welcome_pair, &seen))
        return HFI_REJECT_BAD_FRAME;
    uint32_t need = SEEN_VERSION | SEEN_RECEIVED | SEEN_RESUME;
    need |= is_hello ? SEEN_PROTOCOL | SEEN_SESSION | SEEN_ATTEMPT
                     : SEEN_MANAGER | SEEN_LEASE | SEEN_LIMITS;
    if ((seen & need) != need || (is_hello && frame->hello.resume && !frame->hello.has_manager))
        return HFI_REJECT_BAD_FRAME;
    return HFI_REJECT_NONE;
}

static hfi_reject_t
frame_reason(hfi_span_t word)
{
    for (hfi_reject_t reason = HFI_REJECT_NO_SESSION; reason < HFI_REJECT_UNKNOWN; reason++)
        if (frame_is_word(word, hfi_reject_name(reason)))
            return reason;
    return HFI_REJECT_UNKNOWN;
}

/* ---- reading -------------------------------------------------------------------------- */

/* DATA, RESYNC, PING, PONG, BYE behind their kind; `n` items are left. */
static bool
frame_read_numbers(hfi_frame_t *frame, hfi_span_t *in, uint64_t n)
{
    switch (frame->kind) {
    case HFI_FRAME_DATA:
        return n == 2 && frame_take_uint(in, &frame->seq) && frame_take_uint(in, &frame->ack);
    case HFI_FRAME_RESYNC:
        return n == 1 && frame_take_uint(in, &frame->expected);
    case HFI_FRAME_PONG:
        frame->has_figures = n == 4;
        return (n == 2 || n == 4) && frame_take_uint(in, &frame->ack) &&
               frame_take_uint(in, &frame->sent) &&
               (n == 2 ||
                (frame_take_uint(in, &frame->count) && frame_take_uint(in, &frame->digest)));
    case HFI_FRAME_PING:
        return n == 2 && frame_take_uint(in, &frame->ack) && frame_take_uint(in, &frame->sent);
    case HFI_FRAME_BYE:
        return n == 1 && frame_take_uint(in, &frame->ack);
    case HFI_FRAME_HELLO:
    case HFI_FRAME_WELCOME:
    case HFI_FRAME_REJECT:
        break;
    }
    return false;
}

/* HELLO, WELCOME, REJECT: the header as an admitted item. */
static hfi_reject_t
frame_read_texts(hfi_frame_t *frame, hfi_span_t bytes, uint64_t max_depth, hfi_bytes_t *scratch)
{
    hfi_item_t item;
    scratch->len = 0;
    hfi_admitted_t admitted = hfi_admit(&bytes, max_depth, scratch, &item);
    if (admitted == HFI_ADMIT_NO_MEMORY)
        return HFI_REJECT_LIMIT;
    if (admitted == HFI_ADMIT_BAD_FRAME || bytes.len != 0)
        return HFI_REJECT_BAD_FRAME;
    bool is_value = admitted == HFI_ADMIT_OK;
    hf_head_t head;
    const uint8_t *at = item.bytes.at;
    hf_read_head(at, &head);
    at += head.size;
    at += hf_skip(at, NULL); /* the kind */
    if (frame->kind != HFI_FRAME_REJECT)
        return head.items == 2 ? frame_read_map(frame, at, is_value) : HFI_REJECT_BAD_FRAME;
    hfi_span_t reason;
    if (!is_value || head.items != 3 || !frame_read_text(at, &reason) ||
        !frame_read_text(at + hf_skip(at, NULL), &frame->text))
        return HFI_REJECT_BAD_FRAME;
    frame->reason = frame_reason(reason);
    return HFI_REJECT_NONE;
}

hfi_reject_t
hfi_frame_read(hfi_span_t bytes, uint64_t max_depth, hfi_bytes_t *scratch, hfi_frame_t *ret_frame)
{
    hfi_span_t in = bytes;
    uint64_t n = 0;
    uint64_t kind = 0;
    if (!frame_take_list(&in, &n) || n < 2 || !frame_take_uint(&in, &kind) || kind > HFI_FRAME_BYE)
        return HFI_REJECT_BAD_FRAME;
    ret_frame->kind = (hfi_frame_kind_t)kind;
    ret_frame->messages = (hfi_span_t){NULL, 0};
    ret_frame->has_figures = false;
    if (kind >= HFI_FRAME_HELLO && kind <= HFI_FRAME_REJECT) {
        *ret_frame = (hfi_frame_t){.kind = (hfi_frame_kind_t)kind};
        return frame_read_texts(ret_frame, bytes, max_depth, scratch);
    }
    if (!frame_read_numbers(ret_frame, &in, n - 1))
        return HFI_REJECT_BAD_FRAME;
    if (kind == HFI_FRAME_DATA)
        ret_frame->messages = in;
    else if (in.len != 0)
        return HFI_REJECT_BAD_FRAME;
    return HFI_REJECT_NONE;
}

/* ---- writing -------------------------------------------------------------------------- */

static void
frame_write_numbers(hf_writer_t *w, hfi_frame_kind_t kind, const uint64_t *numbers, size_t n)
{
    hf_write_list(w, n + 1);
    hf_write_uint(w, (uint64_t)kind);
    for (size_t i = 0; i < n; i++)
        hf_write_uint(w, numbers[i]);
}

void
hfi_frame_write_data(hf_writer_t *w, uint64_t seq, uint64_t ack)
{
    frame_write_numbers(w, HFI_FRAME_DATA, (const uint64_t[]){seq, ack}, 2);
}

void
hfi_frame_write_resync(hf_writer_t *w, uint64_t expected)
{
    frame_write_numbers(w, HFI_FRAME_RESYNC, &expected, 1);
}

void
hfi_frame_write_ping(hf_writer_t *w, uint64_t ack, uint64_t sent)
{
    frame_write_numbers(w, HFI_FRAME_PING, (const uint64_t[]){ack, sent}, 2);
}

void
hfi_frame_write_pong(hf_writer_t *w, uint64_t ack, uint64_t sent)
{
    frame_write_numbers(w, HFI_FRAME_PONG, (const uint64_t[]){ack, sent}, 2);
}

void
hfi_frame_write_pong_figures(hf_writer_t *w, uint64_t ack, uint64_t sent, uint64_t count,
                             uint64_t digest)
{
    frame_write_numbers(w, HFI_FRAME_PONG, (const uint64_t[]){ack, sent, count, digest}, 4);
}

void
hfi_frame_write_bye(hf_writer_t *w, uint64_t ack)
{
    frame_write_numbers(w, HFI_FRAME_BYE, &ack, 1);
}

static void
frame_write_word(hf_writer_t *w, const char *word)
{
    hf_write_str(w, word, strlen(word));
}

static void
frame_write_text(hf_writer_t *w, hfi_span_t text)
{
    const void *at = text.at != NULL ? (const void *)text.at : "";
    hf_write_str(w, at, text.len);
}

static void
frame_write_secret(hf_writer_t *w, const char *key, const hfi_secret_t *secret)
{
    frame_write_word(w, key);
    hf_write_bytes(w, secret->bytes, sizeof secret->bytes);
}

static void
frame_write_uint(hf_writer_t *w, const char *key, uint64_t number)
{
    frame_write_word(w, key);
    hf_write_uint(w, number);
}

static void
frame_write_bool(hf_writer_t *w, const char *key, bool truth)
{
    frame_write_word(w, key);
    hf_write_bool(w, truth);
}

void
hfi_frame_write_reject(hf_writer_t *w, hfi_reject_t reason, hfi_span_t text)
{
    hf_write_list(w, 3);
    hf_write_uint(w, HFI_FRAME_REJECT);
    frame_write_word(w, hfi_reject_name(reason));
    frame_write_text(w, text);
}

void
hfi_frame_write_hello(hf_writer_t *w, const hfi_hello_t *hello)
{
    hf_write_list(w, 2);
    hf_write_uint(w, HFI_FRAME_HELLO);
    hf_write_map(w, 7 + (hello->has_manager ? 1u : 0u) + (hello->has_from ? 1u : 0u) +
                        (hello->lease_ms != 0 ? 1u : 0u));
    frame_write_word(w, "protocol");
    frame_write_word(w, "HFP");
    frame_write_uint(w, "version", HFI_PROTOCOL_VERSION);
    frame_write_secret(w, "session", &hello->session);
    frame_write_bool(w, "resume", hello->resume);
    frame_write_uint(w, "attempt", hello->attempt);
    frame_write_uint(w, "received", hello->received);
    if (hello->has_manager)
        frame_write_secret(w, "manager", &hello->manager);
    if (hello->has_from)
        frame_write_secret(w, "from", &hello->from);
    if (hello->lease_ms != 0)
        frame_write_uint(w, "lease_ms", hello->lease_ms);
    frame_write_word(w, "client");
    frame_write_text(w, hello->client);
}

void
hfi_frame_write_welcome(hf_writer_t *w, const hfi_welcome_t *welcome)
{
    hf_write_list(w, 2);
    hf_write_uint(w, HFI_FRAME_WELCOME);
    hf_write_map(w, 9);
    frame_write_uint(w, "version", HFI_PROTOCOL_VERSION);
    frame_write_secret(w, "manager", &welcome->manager);
    frame_write_bool(w, "resumed", welcome->resumed);
    frame_write_uint(w, "received", welcome->received);
    frame_write_uint(w, "lease_ms", welcome->lease_ms);
    frame_write_uint(w, "grace_ms", welcome->grace_ms);
    frame_write_word(w, "limits");
    hf_write_map(w, 4);
    frame_write_uint(w, "frame", welcome->limits.frame_bytes);
    frame_write_uint(w, "depth", welcome->limits.depth);
    frame_write_uint(w, "window", welcome->limits.window);
    frame_write_uint(w, "window_bytes", welcome->limits.window_bytes);
    frame_write_word(w, "endpoints");
    if (hf_kind(&welcome->endpoints) == HF_LIST)
        hf_write_value(w, &welcome->endpoints);
    else
        hf_write_list(w, 0);
    frame_write_word(w, "server");
    frame_write_text(w, welcome->server);
}

/* ---- words and figures ---------------------------------------------------------------- */

const char *
hfi_reject_name(hfi_reject_t reason)
{
    switch (reason) {
    case HFI_REJECT_NO_SESSION:
        return "no_session";
    case HFI_REJECT_SESSION_EXPIRED:
        return "session_expired";
    case HFI_REJECT_BAD_FRAME:
        return "bad_frame";
    case HFI_REJECT_BAD_VERSION:
        return "bad_version";
    case HFI_REJECT_DENIED:
        return "denied";
    case HFI_REJECT_LIMIT:
        return "limit";
    case HFI_REJECT_SHUTDOWN:
        return "shutdown";
    case HFI_REJECT_NONE:
    case HFI_REJECT_UNKNOWN:
        break;
    }
    return "unknown";
}

uint64_t
hfi_digest_of(uint64_t object, uint64_t n)
{
    uint64_t z = object + n * UINT64_C(0x9E3779B97F4A7C15);
    z ^= z >> 30;
    z *= UINT64_C(0xBF58476D1CE4E5B9);
    z ^= z >> 27;
    z *= UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}
