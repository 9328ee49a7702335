/* SPDX-License-Identifier: MPL-2.0 */
/* frame -- each header there and back; each wrong one, and what it gets. */
#include "support.h"

#include <stdlib.h>

#include <stream/frame.h>

enum { DEPTH = 16 };

static hfi_bytes_t scratch;
static hfi_bytes_t bytes;

static hfi_reject_t
read_bytes(const void *at, size_t len, hfi_frame_t *ret_frame)
{
    uint8_t *copy =
        malloc(len + 1); /* of its own, so that a sanitizer sees each step past the end */
    assert_non_null(copy);
    memcpy(copy, at, len);
    hfi_reject_t reason = hfi_frame_read((hfi_span_t){copy, len}, DEPTH, &scratch, ret_frame);
    free(copy);
    return reason;
}

static hfi_reject_t
read_it(hfi_frame_t *ret_frame)
{
    return hfi_frame_read(hfi_bytes_span(&bytes), DEPTH, &scratch, ret_frame);
}

static const uint64_t numbers[] = {
    0, 1, 127, 128, 255, 256, 65535, 65536, UINT32_MAX, (uint64_t)UINT32_MAX + 1, UINT64_MAX};
enum { N_NUMBERS = sizeof numbers / sizeof numbers[0] };

/* ---- there and back ------------------------------------------------------------------- */

static void
write_numbered(hfi_frame_kind_t kind, uint64_t a, uint64_t b)
{
    WRITE(&bytes, writer);
    hf_writer_t *w = &writer.w;
    if (kind == HFI_FRAME_DATA)
        hfi_frame_write_data(w, a, b);
    else if (kind == HFI_FRAME_RESYNC)
        hfi_frame_write_resync(w, a);
    else if (kind == HFI_FRAME_PING)
        hfi_frame_write_ping(w, a, b);
    else if (kind == HFI_FRAME_PONG)
        hfi_frame_write_pong(w, a, b);
    else
        hfi_frame_write_bye(w, a);
    assert_true(hfi_bytes_writer_close(&writer));
}

static void
numbers_there_and_back(void **state)
{
    (void)state;
    hfi_frame_t frame;
    for (size_t i = 0; i < N_NUMBERS; i++) {
        for (size_t j = 0; j < N_NUMBERS; j++) {
            uint64_t a = numbers[i];
            uint64_t b = numbers[j];
            write_numbered(HFI_FRAME_DATA, a, b);
            assert_true(bytes.len <= HFI_FRAME_HEADER_MAX);
            assert_int_equal(read_it(&frame), HFI_REJECT_NONE);
            assert_true(frame.kind == HFI_FRAME_DATA && frame.seq == a && frame.ack == b);
            assert_int_equal(frame.messages.len, 0);
            write_numbered(HFI_FRAME_RESYNC, a, 0);
            assert_int_equal(read_it(&frame), HFI_REJECT_NONE);
            assert_true(frame.kind == HFI_FRAME_RESYNC && frame.expected == a);
            write_numbered(HFI_FRAME_PING, a, b);
            memset(&frame, 0xff, sizeof frame); /* what was in it before must not show */
            assert_int_equal(read_it(&frame), HFI_REJECT_NONE);
            assert_true(!frame.has_figures && frame.messages.len == 0);
            assert_true(frame.kind == HFI_FRAME_PING && frame.ack == a && frame.sent == b);
            write_numbered(HFI_FRAME_PONG, a, b);
            assert_int_equal(read_it(&frame), HFI_REJECT_NONE);
            assert_true(frame.kind == HFI_FRAME_PONG && frame.ack == a && frame.sent == b);
            assert_false(frame.has_figures);
            write_numbered(HFI_FRAME_BYE, a, 0);
            assert_int_equal(read_it(&frame), HFI_REJECT_NONE);
            assert_true(frame.kind == HFI_FRAME_BYE && frame.ack == a);
        }
    }
}

static void
a_managers_pong_has_figures(void **state)
{
    (void)state;
    hfi_frame_t frame;
    WRITE(&bytes, writer);
    hfi_frame_write_pong_figures(&writer.w, 1, UINT64_MAX, 3, UINT64_MAX);
    assert_true(hfi_bytes_writer_close(&writer));
    assert_true(bytes.len <= HFI_FRAME_HEADER_MAX);
    assert_int_equal(read_it(&frame), HFI_REJECT_NONE);
    assert_true(frame.has_figures && frame.ack == 1 && frame.sent == UINT64_MAX);
    assert_true(frame.count == 3 && frame.digest == UINT64_MAX);
}

static void
every_reason_there_and_back(void **state)
{
    (void)state;
    hfi_frame_t frame;
    for (hfi_reject_t reason = HFI_REJECT_NO_SESSION; reason < HFI_REJECT_UNKNOWN; reason++) {
        WRITE(&bytes, writer);
        hfi_frame_write_reject(&writer.w, reason, hfi_span_of("why"));
        assert_true(hfi_bytes_writer_close(&writer));
        assert_int_equal(read_it(&frame), HFI_REJECT_NONE);
        assert_int_equal(frame.kind, HFI_FRAME_REJECT);
        assert_int_equal(frame.reason, reason);
        assert_true(hfi_span_equal(frame.text, hfi_span_of("why")));
    }
    static const uint8_t later[] = "\x93\x03\xa5later\xa0";
    assert_int_equal(hfi_frame_read((hfi_span_t){later, sizeof later - 1}, DEPTH, &scratch, &frame),
                     HFI_REJECT_NONE);
    assert_int_equal(frame.reason, HFI_REJECT_UNKNOWN);
}

static const hfi_hello_t hello_full = {
    .session = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
    .manager = {{16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}},
    .attempt = 3,
    .received = UINT64_MAX,
    .lease_ms = 12345,
    .client = {(const uint8_t *)"a program", 9},
    .has_manager = true,
    .resume = true,
};

static void
hello_there_and_back(void **state)
{
    (void)state;
    hfi_frame_t frame;
    WRITE(&bytes, writer);
    hfi_frame_write_hello(&writer.w, &hello_full);
    assert_true(hfi_bytes_writer_close(&writer));
    assert_int_equal(read_it(&frame), HFI_REJECT_NONE);
    assert_int_equal(frame.kind, HFI_FRAME_HELLO);
    assert_memory_equal(&frame.hello.session, &hello_full.session, 16);
    assert_memory_equal(&frame.hello.manager, &hello_full.manager, 16);
    assert_true(frame.hello.has_manager && frame.hello.resume);
    assert_true(frame.hello.attempt == 3 && frame.hello.received == UINT64_MAX);
    assert_int_equal(frame.hello.lease_ms, 12345);
    assert_true(hfi_span_equal(frame.hello.client, hello_full.client));
}

static void
a_first_hello_names_no_manager_and_no_lease(void **state)
{
    (void)state;
    hfi_frame_t frame;
    hfi_hello_t hello = {.attempt = 1};
    WRITE(&bytes, writer);
    hfi_frame_write_hello(&writer.w, &hello);
    assert_true(hfi_bytes_writer_close(&writer));
    assert_int_equal(read_it(&frame), HFI_REJECT_NONE);
    assert_false(frame.hello.has_manager || frame.hello.resume);
    assert_int_equal(frame.hello.lease_ms, 0);
    assert_int_equal(frame.hello.client.len, 0);
}

static hfi_welcome_t
full_welcome(void)
{
    static const uint8_t endpoints[] = "\x92\xa3one\xa3two";
    hfi_welcome_t welcome = {
        .manager = hello_full.manager,
        .received = 77,
        .lease_ms = 10000,
        .grace_ms = 5000,
        .limits = {1 << 23, 64, 16384, 1 << 24},
        .server = hfi_span_of("holdfastd"),
        .resumed = true,
    };
    hfi_view(&welcome.endpoints, endpoints, sizeof endpoints - 1, 0);
    return welcome;
}

static void
welcome_there_and_back(void **state)
{
    (void)state;
    hfi_frame_t frame;
    hfi_welcome_t welcome = full_welcome();
    WRITE(&bytes, writer);
    hfi_frame_write_welcome(&writer.w, &welcome);
    assert_true(hfi_bytes_writer_close(&writer));
    assert_int_equal(read_it(&frame), HFI_REJECT_NONE);
    const hfi_welcome_t *w = &frame.welcome;
    assert_memory_equal(&w->manager, &welcome.manager, 16);
    assert_true(w->resumed && w->received == 77 && w->lease_ms == 10000 && w->grace_ms == 5000);
    assert_memory_equal(&w->limits, &welcome.limits, sizeof w->limits);
    assert_int_equal(hf_count(&w->endpoints), 2);
    assert_true(hfi_span_equal(w->server, welcome.server));
}

static void
longer_forms_are_read(void **state)
{
    (void)state;
    hfi_frame_t frame;
    /* [0, 5, 6] as array 32, uint 64, int 8 and uint 16, and a message behind */
    static const uint8_t data[] = "\xdd\0\0\0\x03\xcf\0\0\0\0\0\0\0\0\xd0\x05\xcd\0\x06\xc0";
    assert_int_equal(hfi_frame_read((hfi_span_t){data, sizeof data - 1}, DEPTH, &scratch, &frame),
                     HFI_REJECT_NONE);
    assert_true(frame.kind == HFI_FRAME_DATA && frame.seq == 5 && frame.ack == 6);
    assert_int_equal(frame.messages.len, 1);
    static const uint8_t reject[] = "\xdc\0\x03\xcc\x03\xd9\x05limit\xdb\0\0\0\x01x";
    assert_int_equal(
        hfi_frame_read((hfi_span_t){reject, sizeof reject - 1}, DEPTH, &scratch, &frame),
        HFI_REJECT_NONE);
    assert_int_equal(frame.reason, HFI_REJECT_LIMIT);
    assert_true(hfi_span_equal(frame.text, hfi_span_of("x")));
}

/* ---- wrong headers of numbers --------------------------------------------------------- */

typedef struct wrong {
    const char *what;
    const char *at;
    size_t len;
} wrong_t;

#define WRONG(what_, bytes_)                                                                       \
    {                                                                                              \
        what_, bytes_, sizeof(bytes_) - 1                                                          \
    }

static const wrong_t wrongs[] = {
    WRONG("nothing at all", ""),
    WRONG("no MessagePack", "\xc1"),
    WRONG("an int", "\x05"),
    WRONG("a map", "\x80"),
    WRONG("an empty array", "\x90"),
    WRONG("a kind alone", "\x91\x00"),
    WRONG("a kind that is a str", "\x93\xa1x\x01\x00"),
    WRONG("a kind below zero", "\x93\xff\x01\x00"),
    WRONG("an unknown kind", "\x93\x08\x01\x00"),
    WRONG("a far unknown kind", "\x93\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00"),
    WRONG("DATA without ack", "\x92\x00\x01"),
    WRONG("DATA with too many", "\x94\x00\x01\x00\x00"),
    WRONG("DATA with seq below zero", "\x93\x00\xff\x00"),
    WRONG("DATA with seq as int 8 below zero", "\x93\x00\xd0\x80\x00"),
    WRONG("DATA with seq a float", "\x93\x00\xcb\x3f\xf0\0\0\0\0\0\0\x00"),
    WRONG("DATA with ack nil", "\x93\x00\x01\xc0"),
    WRONG("DATA with ack a bool", "\x93\x00\x01\xc2"),
    WRONG("RESYNC without expected", "\x91\x04"),
    WRONG("RESYNC with too many", "\x93\x04\x01\x01"),
    WRONG("RESYNC with a str", "\x92\x04\xa1x"),
    WRONG("RESYNC with something behind", "\x92\x04\x01\xc0"),
    WRONG("PING without sent", "\x92\x05\x01"),
    WRONG("PING with too many", "\x94\x05\x01\x01\x01"),
    WRONG("PING with something behind", "\x93\x05\x01\x01\xc0"),
    WRONG("PONG with one figure", "\x94\x06\x01\x01\x01"),
    WRONG("PONG with three figures", "\x96\x06\x01\x01\x01\x01\x01"),
    WRONG("PONG with a digest below zero", "\x95\x06\x01\x01\x01\xff"),
    WRONG("BYE without ack", "\x91\x07"),
    WRONG("BYE with too many", "\x93\x07\x01\x01"),
    WRONG("BYE with something behind", "\x92\x07\x01\x07"),
    WRONG("HELLO without a map", "\x91\x01"),
    WRONG("HELLO with an array", "\x92\x01\x90"),
    WRONG("HELLO with too many", "\x93\x01\x80\x80"),
    WRONG("HELLO with an empty map", "\x92\x01\x80"),
    WRONG("WELCOME with an empty map", "\x92\x02\x80"),
    WRONG("REJECT without text", "\x92\x03\xa5limit"),
    WRONG("REJECT with too many", "\x94\x03\xa5limit\xa0\xa0"),
    WRONG("REJECT with an int as its reason", "\x93\x03\x01\xa0"),
    WRONG("REJECT with nil as its text", "\x93\x03\xa5limit\xc0"),
    WRONG("REJECT with a text that is no UTF-8", "\x93\x03\xa5limit\xa1\xff"),
    WRONG("an array that promises more than there is", "\xdd\xff\xff\xff\xff\x00\x01\x00"),
};

static void
wrong_headers_are_bad_frame(void **state)
{
    (void)state;
    hfi_frame_t frame;
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++)
        if (read_bytes(wrongs[i].at, wrongs[i].len, &frame) != HFI_REJECT_BAD_FRAME)
            fail_msg("%s was let in", wrongs[i].what);
}

static void
each_truncation_is_bad_frame(void **state)
{
    (void)state;
    hfi_frame_t frame;
    hfi_welcome_t welcome = full_welcome();
    for (int kind = 0; kind <= HFI_FRAME_BYE; kind++) {
        if (kind == HFI_FRAME_HELLO || kind == HFI_FRAME_WELCOME || kind == HFI_FRAME_REJECT) {
            WRITE(&bytes, writer);
            if (kind == HFI_FRAME_HELLO)
                hfi_frame_write_hello(&writer.w, &hello_full);
            else if (kind == HFI_FRAME_WELCOME)
                hfi_frame_write_welcome(&writer.w, &welcome);
            else
                hfi_frame_write_reject(&writer.w, HFI_REJECT_LIMIT, hfi_span_of("text"));
            assert_true(hfi_bytes_writer_close(&writer));
        } else {
            write_numbered((hfi_frame_kind_t)kind, 70000, 1u << 31);
        }
        assert_int_equal(read_bytes(bytes.at, bytes.len, &frame), HFI_REJECT_NONE);
        for (size_t len = 0; len < bytes.len; len++)
            if (read_bytes(bytes.at, len, &frame) != HFI_REJECT_BAD_FRAME)
                fail_msg("kind %d cut to %zu bytes was let in", kind, len);
    }
}

/* ---- maps with one thing wrong -------------------------------------------------------- */

typedef enum form {
    GOOD,
    ABSENT,
    AS_NIL,
    AS_STR,
    AS_NEGATIVE,
    AS_SHORT_BYTES,
    N_FORMS,
} form_t;

static void
write_form(hf_writer_t *w, const char *key, form_t form, void (*good)(hf_writer_t *w))
{
    if (form == ABSENT) {
        hf_write_str(w, "other", 5); /* an unknown key in its place: ignored */
        hf_write_list(w, 0);
        return;
    }
    hf_write_str(w, key, strlen(key));
    if (form == AS_NIL)
        hf_write_nil(w);
    else if (form == AS_STR)
        hf_write_str(w, "text", 4);
    else if (form == AS_NEGATIVE)
        hf_write_int(w, -1);
    else if (form == AS_SHORT_BYTES)
        hf_write_bytes(w, "fifteen bytes..", 15);
    else
        good(w);
}

static void
good_hfp(hf_writer_t *w)
{
    hf_write_str(w, "HFP", 3);
}
static void
good_one(hf_writer_t *w)
{
    hf_write_uint(w, 1);
}
static void
good_secret(hf_writer_t *w)
{
    hf_write_bytes(w, "sixteen bytes...", 16);
}
static void
good_true(hf_writer_t *w)
{
    hf_write_bool(w, true);
}
static void
good_text(hf_writer_t *w)
{
    hf_write_str(w, "x", 1);
}
static void
good_endpoints(hf_writer_t *w)
{
    hf_write_list(w, 1);
    hf_write_str(w, "x", 1);
}
static void
good_limits(hf_writer_t *w)
{
    static const char *const keys[] = {"frame", "depth", "window", "window_bytes"};
    hf_write_map(w, 4);
    for (size_t i = 0; i < 4; i++) {
        hf_write_str(w, keys[i], strlen(keys[i]));
        hf_write_uint(w, 1000);
    }
}

typedef struct pair_row {
    const char *key;
    void (*good)(hf_writer_t *w);
    bool is_optional;
    form_t other; /* a form that is good as well */
} pair_row_t;

static const pair_row_t hello_rows[] = {
    {"protocol", good_hfp, false, GOOD},   {"version", good_one, false, GOOD},
    {"session", good_secret, false, GOOD}, {"resume", good_true, false, GOOD},
    {"attempt", good_one, false, GOOD},    {"received", good_one, false, GOOD},
    {"manager", good_secret, false, GOOD}, {"lease_ms", good_one, true, GOOD},
    {"client", good_text, true, AS_STR},
};

static const pair_row_t welcome_rows[] = {
    {"version", good_one, false, GOOD},   {"manager", good_secret, false, GOOD},
    {"resumed", good_true, false, GOOD},  {"received", good_one, false, GOOD},
    {"lease_ms", good_one, false, GOOD},  {"grace_ms", good_one, true, GOOD},
    {"limits", good_limits, false, GOOD}, {"endpoints", good_endpoints, true, GOOD},
    {"server", good_text, true, AS_STR},
};
enum { N_ROWS = 9 };

static hfi_reject_t
read_map_with(uint64_t kind, const pair_row_t *rows, size_t wrong, form_t form)
{
    hfi_frame_t frame;
    WRITE(&bytes, writer);
    hf_write_list(&writer.w, 2);
    hf_write_uint(&writer.w, kind);
    hf_write_map(&writer.w, N_ROWS + 1);
    hf_write_uint(&writer.w, 99); /* a key that is no str is an unknown one */
    hf_write_nil(&writer.w);
    for (size_t i = 0; i < N_ROWS; i++)
        write_form(&writer.w, rows[i].key, i == wrong ? form : GOOD, rows[i].good);
    assert_true(hfi_bytes_writer_close(&writer));
    return read_bytes(bytes.at, bytes.len, &frame);
}

static void
check_map(uint64_t kind, const pair_row_t *rows)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        for (form_t form = GOOD; form < N_FORMS; form++) {
            bool is_good =
                form == GOOD || (form == ABSENT && rows[i].is_optional) || form == rows[i].other;
            hfi_reject_t want = is_good ? HFI_REJECT_NONE : HFI_REJECT_BAD_FRAME;
            if (form == AS_STR && strcmp(rows[i].key, "protocol") == 0)
                want = HFI_REJECT_BAD_VERSION;
            hfi_reject_t got = read_map_with(kind, rows, i, form);
            if (got != want)
                fail_msg("%s in form %d: %s", rows[i].key, (int)form, hfi_reject_name(got));
        }
    }
}

static void
each_key_of_hello(void **state)
{
    (void)state;
    check_map(HFI_FRAME_HELLO, hello_rows);
}

static void
each_key_of_welcome(void **state)
{
    (void)state;
    check_map(HFI_FRAME_WELCOME, welcome_rows);
}

static void
another_version_is_told_whatever_else_is_wrong(void **state)
{
    (void)state;
    hfi_frame_t frame;
    static const char two[] = "\x92\x01\x82\xa7version\x02\xa8protocol\xa3HFP";
    assert_int_equal(read_bytes(two, sizeof two - 1, &frame), HFI_REJECT_BAD_VERSION);
    static const char other[] = "\x92\x01\x82\xa8protocol\xa4MQTT\xa6"
                                "client\xa1\xff";
    assert_int_equal(read_bytes(other, sizeof other - 1, &frame), HFI_REJECT_BAD_VERSION);
    static const char welcome[] = "\x92\x02\x81\xa7version\x07";
    assert_int_equal(read_bytes(welcome, sizeof welcome - 1, &frame), HFI_REJECT_BAD_VERSION);
    static const char ours[] = "\x92\x01\x82\xa8protocol\xa3HFP\xa7version\x01";
    assert_int_equal(read_bytes(ours, sizeof ours - 1, &frame), HFI_REJECT_BAD_FRAME);
}

/* A good frame with some bytes changed never does worse than to be refused. */
static void
mutations_do_no_harm(void **state)
{
    (void)state;
    hfi_frame_t frame;
    hfi_welcome_t welcome = full_welcome();
    uint64_t seed = 11;
    uint64_t n_good = 0;
    for (int i = 0; i < 30000; i++) {
        WRITE(&bytes, writer);
        if (i % 2 == 0)
            hfi_frame_write_hello(&writer.w, &hello_full);
        else
            hfi_frame_write_welcome(&writer.w, &welcome);
        assert_true(hfi_bytes_writer_close(&writer));
        for (uint64_t n = below(&seed, 4); n > 0; n--)
            bytes.at[below(&seed, bytes.len)] = (uint8_t)chance(&seed);
        n_good += read_bytes(bytes.at, bytes.len, &frame) == HFI_REJECT_NONE;
    }
    assert_true(n_good > 7000);
}

static void
digest_is_the_pages(void **state)
{
    (void)state;
    assert_int_equal(hfi_digest_of(0, 0), 0);
    assert_int_equal(hfi_digest_of(0, 1), UINT64_C(0xE220A8397B1DCDAF)); /* splitmix64's first */
    assert_int_equal(hfi_digest_of(0, 2), UINT64_C(0x6E789E6AA1B965F4)); /* and its second */
}

static int
free_buffers(void **state)
{
    (void)state;
    hfi_bytes_close(&bytes);
    hfi_bytes_close(&scratch);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_there_and_back),
        cmocka_unit_test(a_managers_pong_has_figures),
        cmocka_unit_test(every_reason_there_and_back),
        cmocka_unit_test(hello_there_and_back),
        cmocka_unit_test(a_first_hello_names_no_manager_and_no_lease),
        cmocka_unit_test(welcome_there_and_back),
        cmocka_unit_test(longer_forms_are_read),
        cmocka_unit_test(wrong_headers_are_bad_frame),
        cmocka_unit_test(each_truncation_is_bad_frame),
        cmocka_unit_test(each_key_of_hello),
        cmocka_unit_test(each_key_of_welcome),
        cmocka_unit_test(another_version_is_told_whatever_else_is_wrong),
        cmocka_unit_test(mutations_do_no_harm),
        cmocka_unit_test(digest_is_the_pages),
    };
    return cmocka_run_group_tests_name("frame", tests, NULL, free_buffers);
}
