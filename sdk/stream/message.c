/* SPDX-License-Identifier: MPL-2.0 */
/* message -- CALL, CANCEL, RELEASE, RESULT, ERROR, EVENT: from the bytes behind a header, and back.
 *
 * A message that admit found to be no value (bad UTF-8, an ext that is none) may still be walked by heads
 * and lengths: its shape is checked all the same, and a oneway call is known as one, so that nobody
 * answers it. Nothing else of it is believed.
 */
#include "message.h"

#include <string.h>

#include <value/admit.h>

enum { MESSAGE_SCRATCH_KEPT = 64 * 1024 };

#define MESSAGE_NS 1e9

/* ---- walking an admitted item --------------------------------------------------------- */

typedef struct message_walk {
    const uint8_t *at;
    uint32_t left;
    uint8_t tag; /* what may be inside: without it, no item need be looked through */
} message_walk_t;

static void
message_head(const message_walk_t *walk, hf_head_t *ret_head)
{
    hf_read_head(walk->at, ret_head);
}

/* The next item as a view. */
static void
message_take(message_walk_t *walk, hf_value_t *ret_value)
{
    uint8_t flags = 0;
    size_t len = hf_skip(walk->at, walk->tag != 0 ? &flags : NULL);
    hfi_view(ret_value, walk->at, len, flags);
    walk->at += len;
    walk->left--;
}

static bool
message_take_uint(message_walk_t *walk, uint64_t *ret_number)
{
    hf_head_t head;
    message_head(walk, &head);
    walk->at += head.size;
    walk->left--;
    *ret_number = head.bits;
    return head.kind == HF_INT && !head.is_negative;
}

static bool
message_take_str(message_walk_t *walk, hfi_span_t *ret_text)
{
    hf_head_t head;
    message_head(walk, &head);
    *ret_text = (hfi_span_t){walk->at + head.size, head.len};
    walk->at += head.size + head.len;
    walk->left--;
    return head.kind == HF_STR;
}

static bool
message_is_word(const uint8_t *item, const char *word)
{
    hf_head_t head;
    hf_read_head(item, &head);
    return head.kind == HF_STR && head.len == strlen(word) &&
           memcmp(item + head.size, word, head.len) == 0;
}

/* ---- CALL ----------------------------------------------------------------------------- */

static bool
message_read_target(message_walk_t *walk, hfi_message_t *m)
{
    hf_head_t head;
    message_head(walk, &head);
    m->is_promise = head.kind == HF_PROMISE;
    if (!m->is_promise)
        return message_take_uint(walk, &m->target);
    const uint8_t *payload = walk->at + head.size;
    walk->at = payload + head.len;
    walk->left--;
    if (m->bad_request == NULL) {
        hf_read_head(payload, &head);
        m->target = head.bits;
    }
    return true;
}

static const char *
message_read_timeout(const hf_value_t *value, int64_t *ret_ns)
{
    hf_kind_t kind = hf_kind(value);
    double seconds = hf_as_float(value);
    if ((kind != HF_INT && kind != HF_FLOAT) || !(seconds >= 0))
        return "the option timeout must be a number not below 0";
    double ns = seconds * MESSAGE_NS;
    *ret_ns = ns < 9.2e18 ? (int64_t)ns : INT64_MAX;
    return NULL;
}

/* One option; what is wrong with it, or NULL. Unknown ones are ignored. */
static const char *
message_read_option(hfi_message_t *m, const uint8_t *key, const hf_value_t *value)
{
    hf_kind_t kind = hf_kind(value);
    if (message_is_word(key, "timeout"))
        return message_read_timeout(value, &m->timeout_ns);
    if (message_is_word(key, "thread")) {
        m->thread = hf_as_uint(value);
        bool is_negative = hf_int_fits(value) && hf_as_int(value) < 0;
        return kind == HF_INT && !is_negative ? NULL
                                              : "the option thread must be an int not below 0";
    }
    if (message_is_word(key, "oneway")) {
        m->oneway = hf_as_bool(value);
        return kind == HF_BOOL ? NULL : "the option oneway must be a bool";
    }
    return NULL;
}

/* The walk stands before a map: its pairs, by turns. */
static bool
message_open_map(message_walk_t *walk, message_walk_t *ret_pairs)
{
    hf_head_t head;
    message_head(walk, &head);
    *ret_pairs = (message_walk_t){walk->at + head.size, head.items, 0};
    return head.kind == HF_MAP;
}

static bool
message_read_options(message_walk_t *walk, hfi_message_t *m)
{
    message_walk_t pairs;
    hf_value_t value;
    if (*walk->at == 0xc0) {
        message_take(walk, &value);
        return true;
    }
    if (!message_open_map(walk, &pairs))
        return false;
    while (pairs.left > 0) {
        const uint8_t *key = pairs.at;
        pairs.at += hf_skip(key, NULL);
        pairs.left--;
        message_take(&pairs, &value);
        const char *wrong = message_read_option(m, key, &value);
        if (m->bad_request == NULL)
            m->bad_request = wrong;
    }
    walk->at = pairs.at;
    walk->left--;
    return true;
}

static bool
message_read_kwargs(message_walk_t *walk, hfi_message_t *m)
{
    message_walk_t pairs;
    if (*walk->at == 0xc0) {
        message_take(walk, &m->kwargs);
        m->kwargs = (hf_value_t){0};
        return true;
    }
    if (!message_open_map(walk, &pairs))
        return false;
    while (pairs.left > 0) {
        hf_head_t head;
        message_head(&pairs, &head);
        if (head.kind != HF_STR && m->bad_request == NULL)
            m->bad_request = "a keyword must be a str";
        pairs.at += hf_skip(pairs.at, NULL);
        pairs.at += hf_skip(pairs.at, NULL);
        pairs.left -= 2;
    }
    message_take(walk, &m->kwargs);
    return true;
}

static bool
message_read_call(message_walk_t *walk, hfi_message_t *m)
{
    hf_head_t head;
    m->timeout_ns = INT64_MAX;
    if (walk->left < 3 || walk->left > 5 || !message_read_target(walk, m) ||
        !message_take_str(walk, &m->method))
        return false;
    message_head(walk, &head);
    if (head.kind != HF_LIST)
        return false;
    message_take(walk, &m->args);
    if (walk->left > 0 && !message_read_kwargs(walk, m))
        return false;
    return walk->left == 0 || message_read_options(walk, m);
}

/* ---- the others ----------------------------------------------------------------------- */

static bool
message_read_release(message_walk_t *walk)
{
    if (walk->left < 2 || walk->left % 2 != 0)
        return false;
    while (walk->left > 0) {
        uint64_t object;
        uint64_t count;
        if (!message_take_uint(walk, &object) || !message_take_uint(walk, &count) || count == 0)
            return false;
    }
    return true;
}

static bool
message_read_error(message_walk_t *walk, hfi_message_t *m)
{
    if (walk->left < 3 || walk->left > 4 || !message_take_uint(walk, &m->call) ||
        !message_take_str(walk, &m->error_kind) || !message_take_str(walk, &m->text))
        return false;
    if (walk->left > 0)
        message_take(walk, &m->value);
    return true;
}

static bool
message_read_value(message_walk_t *walk, hfi_message_t *m)
{
    if (walk->left != 2 || !message_take_uint(walk, &m->call))
        return false;
    message_take(walk, &m->value);
    return true;
}

static bool
message_read(message_walk_t *walk, hfi_message_t *m)
{
    switch (m->kind) {
    case HFI_MESSAGE_CALL:
        return message_read_call(walk, m);
    case HFI_MESSAGE_CANCEL:
        return walk->left == 1 && message_take_uint(walk, &m->call);
    case HFI_MESSAGE_RELEASE:
        return message_read_release(walk);
    case HFI_MESSAGE_ERROR:
        return message_read_error(walk, m);
    case HFI_MESSAGE_RESULT:
    case HFI_MESSAGE_EVENT:
        return message_read_value(walk, m);
    }
    return false;
}

/* ---- a frame's messages --------------------------------------------------------------- */

bool
hfi_messages_open(hfi_messages_t *self, hfi_span_t messages, uint64_t max_depth, bool from_manager,
                  hfi_bytes_t *scratch)
{
    *self = (hfi_messages_t){messages, max_depth, scratch, from_manager};
    scratch->len = 0;
    size_t twice;
    return messages.len == 0 ||
           (hfi_mul_size(messages.len, 2, &twice) && hfi_bytes_reserve(scratch, twice) != NULL);
}

void
hfi_messages_close(hfi_messages_t *self)
{
    if (self->scratch != NULL && self->scratch->room > MESSAGE_SCRATCH_KEPT)
        hfi_bytes_close(self->scratch);
    *self = (hfi_messages_t){0};
}

/* ---- the express lane: [1, number, method, [plain, ...]] and [1, number, plain] -------- */

/* A plain item that is an uint: its number. Bytes of it; 0: it is none. */
static size_t
message_plain_uint(const uint8_t *at, const uint8_t *end, uint64_t *ret_number)
{
    size_t size = hfi_admit_plain(at, end);
    if (size == 1 && *at < 0x80)
        *ret_number = *at;
    else if (size == 2 && *at == 0xcc)
        *ret_number = at[1];
    else if (size == 3 && *at == 0xcd)
        *ret_number = hfi_load16(at + 1);
    else if (size == 5 && *at == 0xce)
        *ret_number = hfi_load32(at + 1);
    else
        return 0;
    return size;
}

/* The list at `at` where all in it is plain. Bytes of it; 0: it is none. */
static size_t
message_plain_list(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *here = at + 1;
    if (at == end || (*at & 0xf0) != 0x90)
        return 0;
    for (unsigned n = *at & 0x0fu; n > 0; n--) {
        size_t size = hfi_admit_plain(here, end);
        if (size == 0)
            return 0;
        here += size;
    }
    return (size_t)(here - at);
}

/* Only what message_read_call would set; a struct that is cleared whole costs as much as the rest of this lane. */
static bool
message_plain_call(const uint8_t *at, const uint8_t *end, hfi_message_t *m)
{
    size_t size = hfi_admit_plain(at, end);
    if (size == 0 || (*at & 0xe0) != 0xa0)
        return false;
    m->method = (hfi_span_t){at + 1, size - 1};
    at += size;
    size = message_plain_list(at, end);
    if (size == 0)
        return false;
    hfi_view(&m->args, at, size, 0);
    m->kind = HFI_MESSAGE_CALL;
    m->kwargs = (hf_value_t){0};
    m->timeout_ns = INT64_MAX;
    m->thread = 0;
    m->is_promise = false;
    m->oneway = false;
    m->len = (uint32_t)(size_t)(at + size - m->method.at);
    return true;
}

static bool
message_plain_result(const uint8_t *at, const uint8_t *end, hfi_message_t *m)
{
    size_t size = hfi_admit_plain(at, end);
    if (size == 0)
        return false;
    hfi_view(&m->value, at, size, 0);
    m->kind = HFI_MESSAGE_RESULT;
    m->len = (uint32_t)size;
    return true;
}

/* Reads the next message where it takes this lane. False: it does not, and nothing of *m may be believed. */
static bool
messages_next_plain(hfi_messages_t *self, hfi_message_t *m)
{
    const uint8_t *at = self->rest.at;
    const uint8_t *end = at + self->rest.len;
    uint64_t number;
    if (self->rest.len < 4 || self->max_depth < 2 || at[0] != (self->from_manager ? 0x93 : 0x94) ||
        at[1] != 1)
        return false;
    size_t head = message_plain_uint(at + 2, end, &number);
    if (head == 0)
        return false;
    head += 2;
    if (!(self->from_manager ? message_plain_result(at + head, end, m)
                             : message_plain_call(at + head, end, m)))
        return false;
    if (self->from_manager)
        m->call = number;
    else
        m->target = number;
    m->tag = 0;
    m->bad_request = NULL;
    m->len += (uint32_t)(self->from_manager ? head : head + 1);
    self->rest = (hfi_span_t){at + m->len, self->rest.len - m->len};
    return true;
}

hfi_reject_t
hfi_messages_next(hfi_messages_t *self, hfi_message_t *ret_message, bool *ret_is_end)
{
    hfi_item_t item;
    uint64_t kind;
    *ret_is_end = self->rest.len == 0;
    if (*ret_is_end || messages_next_plain(self, ret_message))
        return HFI_REJECT_NONE;
    hfi_admitted_t admitted = hfi_admit(&self->rest, self->max_depth, self->scratch, &item);
    if (admitted == HFI_ADMIT_NO_MEMORY)
        return HFI_REJECT_LIMIT;
    if (admitted == HFI_ADMIT_BAD_FRAME)
        return HFI_REJECT_BAD_FRAME;
    hf_head_t head;
    hf_read_head(item.bytes.at, &head);
    if (head.kind != HF_LIST || head.items == 0 || item.bytes.len > UINT32_MAX)
        return HFI_REJECT_BAD_FRAME;
    bool is_value = admitted == HFI_ADMIT_OK;
    message_walk_t walk = {item.bytes.at + head.size, head.items, is_value ? item.tag : (uint8_t)0};
    if (!message_take_uint(&walk, &kind) || kind < 1 || kind > 3)
        return HFI_REJECT_BAD_FRAME;
    *ret_message = (hfi_message_t){
        .kind = (hfi_message_kind_t)(self->from_manager ? kind + 10 : kind),
        .tag = item.tag,
        .len = (uint32_t)item.came,
        .bad_request = is_value ? NULL : item.fault,
    };
    if (ret_message->kind == HFI_MESSAGE_RELEASE)
        hfi_view(&ret_message->value, item.bytes.at, item.bytes.len, 0);
    return message_read(&walk, ret_message) ? HFI_REJECT_NONE : HFI_REJECT_BAD_FRAME;
}

bool
hfi_release_next(hf_cursor_t *pairs, uint64_t *ret_object, uint64_t *ret_count)
{
    hf_value_t item;
    if (pairs->left % 2 != 0)
        (void)hf_next(pairs, &item); /* the message's kind, before the pairs */
    if (!hf_next(pairs, &item))
        return false;
    *ret_object = hf_as_uint(&item);
    (void)hf_next(pairs, &item);
    *ret_count = hf_as_uint(&item);
    return true;
}

/* ---- writing -------------------------------------------------------------------------- */

static void
message_write_text(hf_writer_t *w, hfi_span_t text)
{
    const void *at = text.at != NULL ? (const void *)text.at : "";
    hf_write_str(w, at, text.len);
}

static void
message_write_head(hf_writer_t *w, size_t n_items, unsigned kind)
{
    hf_write_list(w, n_items);
    hf_write_uint(w, kind);
}

void
hfi_message_write_call(hf_writer_t *w, unsigned n_items, uint64_t target, bool is_promise,
                       hfi_span_t method)
{
    message_write_head(w, n_items, 1);
    if (is_promise)
        hf_write_promise(w, target);
    else
        hf_write_uint(w, target);
    message_write_text(w, method);
}

void
hfi_message_write_options(hf_writer_t *w, int64_t timeout_ns, uint64_t thread, bool oneway)
{
    bool has_timeout = timeout_ns != INT64_MAX;
    size_t n = (has_timeout ? 1u : 0u) + (thread != 0 ? 1u : 0u) + (oneway ? 1u : 0u);
    if (n == 0) {
        hf_write_nil(w);
        return;
    }
    hf_write_map(w, n);
    if (has_timeout) {
        hf_write_str(w, "timeout", 7);
        hf_write_float(w, (double)timeout_ns / MESSAGE_NS);
    }
    if (thread != 0) {
        hf_write_str(w, "thread", 6);
        hf_write_uint(w, thread);
    }
    if (oneway) {
        hf_write_str(w, "oneway", 6);
        hf_write_bool(w, true);
    }
}

void
hfi_message_write_cancel(hf_writer_t *w, uint64_t call)
{
    message_write_head(w, 2, 2);
    hf_write_uint(w, call);
}

void
hfi_message_write_release(hf_writer_t *w, uint32_t n_pairs)
{
    message_write_head(w, 1 + 2 * (size_t)n_pairs, 3);
}

/* hf_write_uint, where there is room for all 5 bytes that it may take. Gives how many it took. */
static inline size_t
message_put_uint(uint8_t *to, uint32_t number)
{
    if (number < 0x80) {
        to[0] = (uint8_t)number;
        return 1;
    }
    if (number <= 0xff) {
        to[0] = 0xcc;
        to[1] = (uint8_t)number;
        return 2;
    }
    bool is_long = number > 0xffff;
    to[0] = is_long ? 0xce : 0xcd;
    if (is_long)
        hfi_store32(to + 1, number);
    else
        hfi_store16(to + 1, (uint16_t)number);
    return is_long ? 5 : 3;
}

void
hfi_message_write_result(hf_writer_t *w, uint64_t call)
{
    if (call > UINT32_MAX || w->room - w->len < 7) {
        message_write_head(w, 3, 1);
        hf_write_uint(w, call);
        return;
    }
    uint8_t *to = w->at + w->len; /* what most answers begin with, at once */
    to[0] = 0x93;
    to[1] = 1;
    w->len += 2 + message_put_uint(to + 2, (uint32_t)call);
}

void
hfi_message_write_error(hf_writer_t *w, uint64_t call, hfi_span_t kind, hfi_span_t text,
                        const hf_value_t *data)
{
    bool has_data = data != NULL && hf_kind(data) != HF_NONE;
    message_write_head(w, has_data ? 5 : 4, 2);
    hf_write_uint(w, call);
    message_write_text(w, kind);
    message_write_text(w, text);
    if (has_data)
        hf_write_value(w, data);
}

void
hfi_message_write_event(hf_writer_t *w, uint64_t subscription)
{
    message_write_head(w, 3, 3);
    hf_write_uint(w, subscription);
}
