/* SPDX-License-Identifier: MPL-2.0 */
/* message -- each message there and back; what ends the session, and what only its own call. */
#include "support.h"

#include <stdlib.h>

#include <stream/message.h>

enum { DEPTH = 8 };

static hfi_bytes_t scratch;
static hfi_bytes_t bytes;
static uint8_t *present; /* the bytes that the last read message borrows from */

static hfi_reject_t
read_bytes(const void *at, size_t len, bool from_manager, hfi_message_t *ret_message)
{
    hfi_messages_t messages;
    bool is_end = false;
    free(present);
    present = malloc(len + 1);
    assert_non_null(present);
    memcpy(present, at, len);
    assert_true(
        hfi_messages_open(&messages, (hfi_span_t){present, len}, DEPTH, from_manager, &scratch));
    hfi_reject_t reason = hfi_messages_next(&messages, ret_message, &is_end);
    if (reason == HFI_REJECT_NONE) {
        assert_int_equal(is_end, len == 0);
        hfi_message_t none;
        assert_int_equal(hfi_messages_next(&messages, &none, &is_end), HFI_REJECT_NONE);
        assert_true(is_end);
    }
    return reason;
}

/* ---- there and back ------------------------------------------------------------------- */

static void
close_and_read(hfi_bytes_writer_t *writer, bool from_manager, hfi_message_t *m)
{
    assert_true(hfi_bytes_writer_close(writer));
    assert_int_equal(read_bytes(bytes.at, bytes.len, from_manager, m), HFI_REJECT_NONE);
    assert_null(m->bad_request);
    assert_int_equal(m->len, bytes.len);
}

static void
call_there_and_back(void **state)
{
    (void)state;
    hfi_message_t m;
    WRITE(&bytes, writer);
    hf_writer_t *w = &writer.w;
    hfi_message_write_call(w, 6, UINT64_MAX, false, hfi_span_of("append"));
    hf_write_list(w, 2);
    hf_write_int(w, -3);
    hf_write_handle(w, 9, "list", 4);
    hf_write_map(w, 1);
    hf_write_str(w, "by", 2);
    hf_write_promise(w, 4);
    hfi_message_write_options(w, INT64_C(2500000000), 7, true);
    close_and_read(&writer, false, &m);
    assert_int_equal(m.kind, HFI_MESSAGE_CALL);
    assert_true(m.target == UINT64_MAX && !m.is_promise && m.oneway);
    assert_true(hfi_span_equal(m.method, hfi_span_of("append")));
    assert_int_equal(hf_count(&m.args), 2);
    assert_true(hf_has_handles(&m.args));
    assert_int_equal(hf_count(&m.kwargs), 1);
    assert_false(hf_has_handles(&m.kwargs));
    assert_int_equal(m.tag, HF_TAG_HANDLES | HF_TAG_PROMISES);
    assert_int_equal(m.timeout_ns, INT64_C(2500000000));
    assert_int_equal(m.thread, 7);
}

static void
a_call_may_leave_out_what_is_nil(void **state)
{
    (void)state;
    hfi_message_t m;
    for (unsigned n = 4; n <= 6; n++) {
        WRITE(&bytes, writer);
        hfi_message_write_call(&writer.w, n, 12, true, hfi_span_of("m"));
        hf_write_list(&writer.w, 0);
        if (n > 4)
            hf_write_nil(&writer.w);
        if (n > 5)
            hfi_message_write_options(&writer.w, INT64_MAX, 0, false);
        close_and_read(&writer, false, &m);
        assert_true(m.target == 12 && m.is_promise);
        assert_int_equal(hf_kind(&m.kwargs), HF_NONE);
        assert_true(m.timeout_ns == INT64_MAX && m.thread == 0 && !m.oneway);
    }
}

static void
cancel_and_release_there_and_back(void **state)
{
    (void)state;
    hfi_message_t m;
    {
        WRITE(&bytes, writer);
        hfi_message_write_cancel(&writer.w, 70000);
        close_and_read(&writer, false, &m);
        assert_true(m.kind == HFI_MESSAGE_CANCEL && m.call == 70000);
    }
    for (uint32_t n = 1; n < 40; n++) {
        WRITE(&bytes, writer);
        hfi_message_write_release(&writer.w, n);
        for (uint64_t i = 0; i < n; i++) {
            hf_write_uint(&writer.w, 100 + i);
            hf_write_uint(&writer.w, i + 1);
        }
        close_and_read(&writer, false, &m);
        assert_int_equal(m.kind, HFI_MESSAGE_RELEASE);
        hf_cursor_t pairs;
        uint64_t object;
        uint64_t count;
        hf_open(&pairs, &m.value);
        for (uint64_t i = 0; i < n; i++) {
            assert_true(hfi_release_next(&pairs, &object, &count));
            assert_true(object == 100 + i && count == i + 1);
        }
        assert_false(hfi_release_next(&pairs, &object, &count));
    }
}

static void
answers_there_and_back(void **state)
{
    (void)state;
    hfi_message_t m;
    hf_value_t data = hf_int(5);
    for (int has_data = 0; has_data < 2; has_data++) {
        WRITE(&bytes, writer);
        hfi_message_write_error(&writer.w, 3, hfi_span_of("KeyError"), hfi_span_of("'x'"),
                                has_data ? &data : NULL);
        close_and_read(&writer, true, &m);
        assert_true(m.kind == HFI_MESSAGE_ERROR && m.call == 3);
        assert_true(hfi_span_equal(m.error_kind, hfi_span_of("KeyError")));
        assert_true(hfi_span_equal(m.text, hfi_span_of("'x'")));
        assert_int_equal(hf_kind(&m.value), has_data ? HF_INT : HF_NONE);
    }
    {
        WRITE(&bytes, writer);
        hfi_message_write_result(&writer.w, 300);
        hf_write_handle(&writer.w, 17, "a typeid of some length", 23);
        close_and_read(&writer, true, &m);
        assert_true(m.kind == HFI_MESSAGE_RESULT && m.call == 300);
        assert_int_equal(hf_as_handle(&m.value), 17);
        assert_true(hf_has_handles(&m.value));
    }
    {
        WRITE(&bytes, writer);
        hfi_message_write_event(&writer.w, 4);
        hf_write_nil(&writer.w);
        close_and_read(&writer, true, &m);
        assert_true(m.kind == HFI_MESSAGE_EVENT && m.call == 4);
    }
}

/* ---- what ends the session ------------------------------------------------------------ */

typedef struct row {
    const char *what;
    const char *at;
    size_t len;
} row_t;

#define ROW(what_, bytes_)                                                                         \
    {                                                                                              \
        what_, bytes_, sizeof(bytes_) - 1                                                          \
    }

static const row_t bad_frames[] = {
    ROW("no MessagePack", "\xc1"),
    ROW("an int", "\x01"),
    ROW("a map", "\x81\x01\x02"),
    ROW("an empty array", "\x90"),
    ROW("an unknown kind", "\x92\x04\x01"),
    ROW("kind 0", "\x92\x00\x01"),
    ROW("a kind that is a str", "\x92\xa1x\x01"),
    ROW("a kind below zero", "\x92\xff\x01"),
    ROW("CALL without args", "\x93\x01\x05\xa1m"),
    ROW("CALL without a method", "\x92\x01\x05"),
    ROW("CALL with too many", "\x97\x01\x05\xa1m\x90\xc0\xc0\xc0"),
    ROW("CALL of a target below zero", "\x94\x01\xff\xa1m\x90"),
    ROW("CALL of a str", "\x94\x01\xa1x\xa1m\x90"),
    ROW("CALL of nil", "\x94\x01\xc0\xa1m\x90"),
    ROW("CALL of a float", "\x94\x01\xcb\x3f\xf0\0\0\0\0\0\0\xa1m\x90"),
    ROW("CALL of a handle", "\x94\x01\xd5\x01\x91\x05\xa1m\x90"),
    ROW("CALL with an int for a method", "\x94\x01\x05\x06\x90"),
    ROW("CALL with bytes for a method", "\x94\x01\x05\xc4\x01m\x90"),
    ROW("CALL with nil for args", "\x94\x01\x05\xa1m\xc0"),
    ROW("CALL with a map for args", "\x94\x01\x05\xa1m\x80"),
    ROW("CALL with an array for kwargs", "\x95\x01\x05\xa1m\x90\x90"),
    ROW("CALL with an int for kwargs", "\x95\x01\x05\xa1m\x90\x00"),
    ROW("CALL with an array for options", "\x96\x01\x05\xa1m\x90\xc0\x90"),
    ROW("CALL with a bool for options", "\x96\x01\x05\xa1m\x90\xc0\xc2"),
    ROW("CALL too deep", "\x94\x01\x05\xa1m\x91\x91\x91\x91\x91\x91\x91\x90"),
    ROW("bad UTF-8, and then a wrong element", "\x95\x01\x05\xa1\xff\x90\x90"),
    ROW("CANCEL without a call", "\x91\x02"),
    ROW("CANCEL with too many", "\x93\x02\x01\x01"),
    ROW("CANCEL of a str", "\x92\x02\xa1x"),
    ROW("CANCEL below zero", "\x92\x02\xff"),
    ROW("RELEASE of nothing", "\x91\x03"),
    ROW("RELEASE without a count", "\x92\x03\x05"),
    ROW("RELEASE with a half pair", "\x94\x03\x05\x01\x06"),
    ROW("RELEASE of 0 references", "\x93\x03\x05\x00"),
    ROW("RELEASE of 0 in the second pair", "\x95\x03\x05\x01\x06\x00"),
    ROW("RELEASE of a count below zero", "\x93\x03\x05\xff"),
    ROW("RELEASE of a str", "\x93\x03\xa1x\x01"),
    ROW("RELEASE of nil", "\x93\x03\xc0\x01"),
};

static const row_t bad_answers[] = {
    ROW("RESULT without a value", "\x92\x01\x05"),
    ROW("RESULT with too many", "\x94\x01\x05\xc0\xc0"),
    ROW("RESULT of a str", "\x93\x01\xa1x\xc0"),
    ROW("ERROR without text", "\x93\x02\x05\xa1k"),
    ROW("ERROR with too many", "\x96\x02\x05\xa1k\xa1t\xc0\xc0"),
    ROW("ERROR with an int for a kind", "\x94\x02\x05\x05\xa1t"),
    ROW("ERROR with nil for a text", "\x94\x02\x05\xa1k\xc0"),
    ROW("EVENT without a value", "\x92\x03\x05"),
};

static void
what_is_no_message_is_bad_frame(void **state)
{
    (void)state;
    hfi_message_t m;
    for (size_t i = 0; i < sizeof bad_frames / sizeof bad_frames[0]; i++)
        if (read_bytes(bad_frames[i].at, bad_frames[i].len, false, &m) != HFI_REJECT_BAD_FRAME)
            fail_msg("%s was let in", bad_frames[i].what);
    for (size_t i = 0; i < sizeof bad_answers / sizeof bad_answers[0]; i++)
        if (read_bytes(bad_answers[i].at, bad_answers[i].len, true, &m) != HFI_REJECT_BAD_FRAME)
            fail_msg("%s was let in", bad_answers[i].what);
}

/* ---- what is the call's own fault ----------------------------------------------------- */

static const row_t bad_requests[] = {
    ROW("a method that is no UTF-8", "\x94\x01\x05\xa1\xff\x90"),
    ROW("a str that is no UTF-8", "\x94\x01\x05\xa1m\x91\xa2\xc3\x28"),
    ROW("an ext not listed", "\x94\x01\x05\xa1m\x91\xd4\x07\x00"),
    ROW("a handle with another payload", "\x94\x01\x05\xa1m\x91\xd4\x01\x05"),
    ROW("a promise with another payload", "\x94\x01\x05\xa1m\x91\xd4\x02\xc0"),
    ROW("a target promised with another payload", "\x94\x01\xd4\x02\xc0\xa1m\x90"),
    ROW("a map as a map's key", "\x94\x01\x05\xa1m\x91\x81\x80\xc0"),
    ROW("a keyword that is an int", "\x95\x01\x05\xa1m\x90\x81\x05\x06"),
    ROW("a second keyword that is nil", "\x95\x01\x05\xa1m\x90\x82\xa1k\x06\xc0\x06"),
    ROW("a timeout that is a str", "\x96\x01\x05\xa1m\x90\xc0\x81\xa7timeout\xa1x"),
    ROW("a timeout that is a bool", "\x96\x01\x05\xa1m\x90\xc0\x81\xa7timeout\xc3"),
    ROW("a timeout that is nil", "\x96\x01\x05\xa1m\x90\xc0\x81\xa7timeout\xc0"),
    ROW("a timeout below 0", "\x96\x01\x05\xa1m\x90\xc0\x81\xa7timeout\xff"),
    ROW("a timeout that is NaN",
        "\x96\x01\x05\xa1m\x90\xc0\x81\xa7timeout\xcb\x7f\xf8\0\0\0\0\0\0"),
    ROW("a thread below 0", "\x96\x01\x05\xa1m\x90\xc0\x81\xa6thread\xff"),
    ROW("a thread that is a float",
        "\x96\x01\x05\xa1m\x90\xc0\x81\xa6thread\xcb\x3f\xf0\0\0\0\0\0\0"),
    ROW("a oneway that is an int", "\x96\x01\x05\xa1m\x90\xc0\x81\xa6oneway\x01"),
    ROW("bad UTF-8 behind a float 32 and a long form",
        "\xdc\x00\x04\xcc\x01\x05\xa1m\x93\xca\x3f\x80\0\0\xcd\0\x01\xa1\xff"),
};

static void
what_is_no_value_is_bad_request(void **state)
{
    (void)state;
    hfi_message_t m;
    for (size_t i = 0; i < sizeof bad_requests / sizeof bad_requests[0]; i++) {
        const row_t *row = &bad_requests[i];
        if (read_bytes(row->at, row->len, false, &m) != HFI_REJECT_NONE)
            fail_msg("%s ended the session", row->what);
        if (m.bad_request == NULL || m.kind != HFI_MESSAGE_CALL)
            fail_msg("%s was let in", row->what);
    }
}

static void
a_bad_oneway_call_is_known_as_oneway(void **state)
{
    (void)state;
    hfi_message_t m;
    static const char call[] =
        "\x96\x01\x05\xa1m\x92\xca\x3f\x80\0\0\xa1\xff\xc0\x81\xa6oneway\xc3";
    assert_int_equal(read_bytes(call, sizeof call - 1, false, &m), HFI_REJECT_NONE);
    assert_non_null(m.bad_request);
    assert_true(m.oneway);
}

static void
options_are_read(void **state)
{
    (void)state;
    hfi_message_t m;
    static const char unknown[] =
        "\x96\x01\x05\xa1m\x90\xc0\x85\xa1x\x90\x07\xc0\xa7timeout\x00\xa6oneway\xc2\xa6thread\xcf"
        "\xff\xff\xff\xff\xff\xff\xff\xff";
    assert_int_equal(read_bytes(unknown, sizeof unknown - 1, false, &m), HFI_REJECT_NONE);
    assert_null(m.bad_request);
    assert_true(m.timeout_ns == 0 && !m.oneway && m.thread == UINT64_MAX);
    static const char forever[] =
        "\x96\x01\x05\xa1m\x90\xc0\x81\xa7timeout\xcb\x7f\xf0\0\0\0\0\0\0";
    assert_int_equal(read_bytes(forever, sizeof forever - 1, false, &m), HFI_REJECT_NONE);
    assert_null(m.bad_request);
    assert_int_equal(m.timeout_ns, INT64_MAX);
    static const char half[] =
        "\x96\x01\x05\xa1m\x90\xc0\x81\xa7timeout\xca\x3f\0\0\0"; /* float 32 */
    assert_int_equal(read_bytes(half, sizeof half - 1, false, &m), HFI_REJECT_NONE);
    assert_null(m.bad_request);
    assert_int_equal(m.timeout_ns, 500000000);
}

static void
an_answer_that_is_no_value_is_told(void **state)
{
    (void)state;
    hfi_message_t m;
    static const char result[] = "\x93\x01\x05\xa1\xff";
    assert_int_equal(read_bytes(result, sizeof result - 1, true, &m), HFI_REJECT_NONE);
    assert_non_null(m.bad_request);
    assert_int_equal(m.call, 5);
}

/* ---- frames --------------------------------------------------------------------------- */

static void
write_some(hf_writer_t *w)
{
    hfi_message_write_call(w, 5, 5, false, hfi_span_of("method"));
    hf_write_list(w, 1);
    hf_write_bytes(w, "0123456789012345678901234567890123456789", 40);
    hf_write_map(w, 1);
    hf_write_str(w, "k", 1);
    hf_write_float(w, 0.5);
    hfi_message_write_cancel(w, 1000);
    hfi_message_write_release(w, 1);
    hf_write_uint(w, 70000);
    hf_write_uint(w, 2);
}

static void
each_truncation_is_bad_frame(void **state)
{
    (void)state;
    hfi_message_t m;
    WRITE(&bytes, writer);
    size_t borders[3];
    write_some(&writer.w);
    assert_true(hfi_bytes_writer_close(&writer));
    hfi_messages_t all;
    bool is_end;
    assert_true(hfi_messages_open(&all, hfi_bytes_span(&bytes), DEPTH, false, &scratch));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(hfi_messages_next(&all, &m, &is_end), HFI_REJECT_NONE);
        borders[i] = bytes.len - all.rest.len;
    }
    for (size_t len = 1; len < bytes.len; len++) {
        uint8_t *cut = malloc(len);
        assert_non_null(cut);
        memcpy(cut, bytes.at, len);
        hfi_messages_t part;
        hfi_reject_t reason = HFI_REJECT_NONE;
        assert_true(hfi_messages_open(&part, (hfi_span_t){cut, len}, DEPTH, false, &scratch));
        for (is_end = false; !is_end && reason == HFI_REJECT_NONE;)
            reason = hfi_messages_next(&part, &m, &is_end);
        bool is_border = len == borders[0] || len == borders[1];
        assert_int_equal(reason, is_border ? HFI_REJECT_NONE : HFI_REJECT_BAD_FRAME);
        free(cut);
    }
}

/* Views of earlier messages stay good while later ones are written again into scratch. */
static void
a_frame_of_long_forms_keeps_its_views(void **state)
{
    (void)state;
    enum { N = 500 };
    static hfi_message_t m[N];
    static const char one[] =
        "\xdc\x00\x04\xcc\x01\xcd\x00\x05\xd9\x06method\xdc\x00\x01\xda\x00\x14"
        "twenty bytes of text";
    static uint8_t frame[N * (sizeof one - 1)];
    hfi_messages_t messages;
    bool is_end;
    for (size_t i = 0; i < N; i++)
        memcpy(frame + i * (sizeof one - 1), one, sizeof one - 1);
    hfi_bytes_close(&scratch);
    assert_true(
        hfi_messages_open(&messages, (hfi_span_t){frame, sizeof frame}, DEPTH, false, &scratch));
    for (size_t i = 0; i < N; i++)
        assert_int_equal(hfi_messages_next(&messages, &m[i], &is_end), HFI_REJECT_NONE);
    for (size_t i = 0; i < N; i++) {
        hf_cursor_t cursor;
        hf_value_t item;
        size_t len;
        assert_int_equal(m[i].len, sizeof one - 1);
        assert_true(hfi_span_equal(m[i].method, hfi_span_of("method")));
        hf_open(&cursor, &m[i].args);
        assert_true(hf_next(&cursor, &item));
        assert_memory_equal(hf_as_str(&item, &len), "twenty bytes of text", 20);
    }
    hfi_messages_close(&messages);
}

static void
mutations_do_no_harm(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int i = 0; i < 30000; i++) {
        WRITE(&bytes, writer);
        write_some(&writer.w);
        assert_true(hfi_bytes_writer_close(&writer));
        for (uint64_t n = 1 + below(&seed, 4); n > 0; n--)
            bytes.at[below(&seed, bytes.len)] = (uint8_t)chance(&seed);
        uint8_t *copy = malloc(bytes.len);
        assert_non_null(copy);
        memcpy(copy, bytes.at, bytes.len);
        hfi_messages_t messages;
        hfi_message_t m;
        hfi_reject_t reason = HFI_REJECT_NONE;
        bool is_end = false;
        assert_true(hfi_messages_open(&messages, (hfi_span_t){copy, bytes.len}, DEPTH, i % 2 == 0,
                                      &scratch));
        while (reason == HFI_REJECT_NONE && !is_end)
            reason = hfi_messages_next(&messages, &m, &is_end);
        free(copy);
    }
}

/* ---- the express lane ----------------------------------------------------------------- */

static bool
values_agree(const hf_value_t *a, const hf_value_t *b)
{
    return a->raw[15] == b->raw[15] && hf_len_of(a) == hf_len_of(b) &&
           memcmp(hf_bytes_of(a), hf_bytes_of(b), hf_len_of(a)) == 0;
}

static bool
calls_agree(const hfi_message_t *a, const hfi_message_t *b)
{
    return a->target == b->target && a->is_promise == b->is_promise && a->oneway == b->oneway &&
           a->timeout_ns == b->timeout_ns && a->thread == b->thread &&
           hfi_span_equal(a->method, b->method) && values_agree(&a->args, &b->args) &&
           values_agree(&a->kwargs, &b->kwargs);
}

/* What counts for its kind; `b` came in `more` bytes more. */
static bool
messages_agree(const hfi_message_t *a, const hfi_message_t *b, uint32_t more)
{
    bool is_same_fault = a->bad_request == NULL || b->bad_request == NULL
                             ? a->bad_request == b->bad_request
                             : strcmp(a->bad_request, b->bad_request) == 0;
    if (a->kind != b->kind || a->tag != b->tag || a->len + more != b->len || !is_same_fault)
        return false;
    if (a->kind == HFI_MESSAGE_CALL)
        return calls_agree(a, b);
    if (a->kind == HFI_MESSAGE_RESULT)
        return a->call == b->call && values_agree(&a->value, &b->value);
    return true;
}

/* Mostly what the lane takes, sometimes what it just does not. */
static void
write_scalar(hf_writer_t *w, uint64_t *seed)
{
    static const char text[] = "a text that is longer than 31 bytes";
    switch (below(seed, 8)) {
    case 0:
        hf_write_nil(w);
        return;
    case 1:
        hf_write_bool(w, below(seed, 2) == 0);
        return;
    case 2:
        hf_write_int(w, -(int64_t)below(seed, 300));
        return;
    case 3:
        hf_write_str(w, "\xc3\xa9", 2);
        return;
    case 4:
        hf_write_str(w, text, below(seed, sizeof text));
        return;
    default:
        hf_write_uint(w, chance(seed) >> below(seed, 64));
        return;
    }
}

static void
write_plain(hf_writer_t *w, uint64_t *seed, bool from_manager)
{
    uint64_t number = chance(seed) >> below(seed, 64);
    if (from_manager) {
        hfi_message_write_result(w, number);
        write_scalar(w, seed);
        return;
    }
    hfi_message_write_call(w, 4, number, false,
                           (hfi_span_t){(const uint8_t *)"a_method_", below(seed, 10)});
    uint64_t n = below(seed, 18);
    hf_write_list(w, n);
    for (; n > 0; n--)
        write_scalar(w, seed);
}

/* The only message in bytes that end where their block ends. */
static hfi_reject_t
read_alone(const uint8_t *at, size_t len, bool from_manager, hfi_bytes_t *to, hfi_message_t *ret_m)
{
    hfi_messages_t messages;
    bool is_end;
    assert_true(hfi_messages_open(&messages, (hfi_span_t){at, len}, DEPTH, from_manager, to));
    hfi_reject_t reason = hfi_messages_next(&messages, ret_m, &is_end);
    return reason == HFI_REJECT_NONE && messages.rest.len != 0 ? HFI_REJECT_BAD_FRAME : reason;
}

/* The same message with its head in a longer form is none for the lane: what the two ways make of it must agree, whatever
 * is behind the head. Gives whether it is a message. */
static bool
both_ways_agree(hfi_span_t message, bool from_manager, hfi_bytes_t *others)
{
    enum { LONG_HEAD = 3 };
    size_t len = message.len + LONG_HEAD - 1;
    uint8_t *here = malloc(message.len);
    uint8_t *there = malloc(len);
    if (here == NULL || there == NULL)
        abort();
    memcpy(here, message.at, message.len);
    memcpy(there + LONG_HEAD, message.at + 1, message.len - 1);
    there[0] = 0xdc;
    hfi_store16(there + 1, message.at[0] & 0x0f);
    hfi_message_t a;
    hfi_message_t b;
    hfi_reject_t reason = read_alone(here, message.len, from_manager, &scratch, &a);
    assert_int_equal(read_alone(there, len, from_manager, others, &b), reason);
    if (reason == HFI_REJECT_NONE)
        assert_true(messages_agree(&a, &b, LONG_HEAD - 1));
    free(here);
    free(there);
    return reason == HFI_REJECT_NONE;
}

static void
the_express_lane_reads_what_the_other_way_reads(void **state)
{
    (void)state;
    uint64_t seed = 11;
    uint32_t n_read = 0;
    hfi_bytes_t others = {0};
    for (int i = 0; i < 60000; i++) {
        bool from_manager = i % 2 == 0;
        WRITE(&bytes, writer);
        write_plain(&writer.w, &seed, from_manager);
        assert_true(hfi_bytes_writer_close(&writer));
        for (uint64_t n = i % 3 == 0 ? 0 : below(&seed, 4); n > 0; n--)
            bytes.at[1 + below(&seed, bytes.len - 1)] = (uint8_t)chance(&seed);
        n_read += both_ways_agree(hfi_bytes_span(&bytes), from_manager, &others);
    }
    hfi_bytes_close(&others);
    assert_true(n_read > 20000 && n_read < 60000);
}

static int
free_buffers(void **state)
{
    (void)state;
    free(present);
    hfi_bytes_close(&bytes);
    hfi_bytes_close(&scratch);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(call_there_and_back),
        cmocka_unit_test(a_call_may_leave_out_what_is_nil),
        cmocka_unit_test(cancel_and_release_there_and_back),
        cmocka_unit_test(answers_there_and_back),
        cmocka_unit_test(what_is_no_message_is_bad_frame),
        cmocka_unit_test(what_is_no_value_is_bad_request),
        cmocka_unit_test(a_bad_oneway_call_is_known_as_oneway),
        cmocka_unit_test(options_are_read),
        cmocka_unit_test(an_answer_that_is_no_value_is_told),
        cmocka_unit_test(each_truncation_is_bad_frame),
        cmocka_unit_test(a_frame_of_long_forms_keeps_its_views),
        cmocka_unit_test(mutations_do_no_harm),
        cmocka_unit_test(the_express_lane_reads_what_the_other_way_reads),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, free_buffers);
}
