/* SPDX-License-Identifier: MPL-2.0 */
/* event -- the one encoding: there and back, and what is none. */
#include <stdlib.h>

#include "rig.h"

#define HERE(text_)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text_), sizeof(text_) - 1                                                \
    }

static const hfi_event_t events[] = {
    {.kind = HFI_EVENT_BOOT, .bytes = HERE("\x80")},
    {.kind = HFI_EVENT_TICK, .now_ns = 1234567890123},
    {.kind = HFI_EVENT_ENTROPY, .bytes = HERE("0123456789abcdef0123456789abcdef")},
    {.kind = HFI_EVENT_LINK_UP,
     .link = 7,
     .peer = {.user = HERE("ann"), .address = HERE("ipc"), .uid = -1, .pid = 1 << 20}},
    {.kind = HFI_EVENT_FRAME, .link = UINT64_MAX, .bytes = HERE("\x93\x00\x01\x00")},
    {.kind = HFI_EVENT_FRAME, .link = 1, .bytes = HERE("")},
    {.kind = HFI_EVENT_LINK_DOWN, .link = 7, .is_certain = true},
    {.kind = HFI_EVENT_LINK_DOWN, .link = 7, .is_certain = false},
    {.kind = HFI_EVENT_FAR_UP, .link = 9},
    {.kind = HFI_EVENT_FAR_FRAME, .link = 9, .bytes = HERE("\x93\x00\x01\x00")},
    {.kind = HFI_EVENT_FAR_DOWN, .link = 9, .is_certain = true},
    {.kind = HFI_EVENT_POLICY, .bytes = HERE("\x80")},
    {.kind = HFI_EVENT_IMAGE, .bytes = HERE("hash")},
    {.kind = HFI_EVENT_JOB_DONE, .link = 3, .status = -5, .bytes = HERE("\xc0")},
    {.kind = HFI_EVENT_STOP, .drain_s = 2.5},
};

enum { N_EVENTS = sizeof events / sizeof events[0] };

static void
there_and_back(void **state)
{
    (void)state;
    hfi_bytes_t bytes = {0};
    for (size_t i = 0; i < N_EVENTS; i++)
        assert_true(hfi_event_write(&events[i], &bytes));
    hfi_span_t from = hfi_bytes_span(&bytes);
    for (size_t i = 0; i < N_EVENTS; i++) {
        hfi_event_t e;
        assert_true(hfi_event_read(&from, &e));
        assert_int_equal(e.kind, events[i].kind);
        assert_true(e.link == events[i].link && e.now_ns == events[i].now_ns &&
                    e.status == events[i].status);
        assert_true(e.is_certain == events[i].is_certain && e.drain_s == events[i].drain_s);
        assert_true(hfi_span_equal(e.bytes, events[i].bytes));
        assert_true(e.bytes.len == 0 ||
                    (e.bytes.at >= bytes.at && e.bytes.at < bytes.at + bytes.len));
        assert_true(hfi_span_equal(e.peer.user, events[i].peer.user));
        assert_true(hfi_span_equal(e.peer.address, events[i].peer.address));
        assert_true(e.peer.uid == events[i].peer.uid && e.peer.pid == events[i].peer.pid);
    }
    assert_int_equal(from.len, 0);
    hfi_bytes_close(&bytes);
}

/* Cut anywhere, it is none; nothing is read past its end. */
static void
cut_short(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_EVENTS; i++) {
        hfi_bytes_t bytes = {0};
        assert_true(hfi_event_write(&events[i], &bytes));
        for (size_t len = 0; len < bytes.len; len++) {
            uint8_t *copy = malloc(len + 1);
            assert_non_null(copy);
            memcpy(copy, bytes.at, len);
            hfi_event_t e;
            hfi_span_t from = {copy, len};
            assert_false(hfi_event_read(&from, &e));
            assert_true(from.at == copy && from.len == len);
            free(copy);
        }
        hfi_bytes_close(&bytes);
    }
}

static void
no_events(void **state)
{
    (void)state;
    static const hfi_span_t rows[] = {
        HERE("\xc0"),
        HERE("\x90"),
        HERE("\x91\x01"),
        HERE("\x92\xa1x\x01"),
        HERE("\x92\x63\x01"),
        HERE("\x93\x02\x01\x01"),
        HERE("\x92\x02\xa1x"),
        HERE("\x92\x01\x80"),
        HERE("\x92\x0e\x01"),
        HERE("\x93\x07\x01\x01"),
        HERE("\x92\x08\x01"),
        HERE("\x93\x09\x01\x01"),
        HERE("\x97\x01\x01\x01\x01\x01\x01\x01"),
        HERE("\x93\x06\x01\x01"),
        HERE("\x92\x0d\x01"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        hfi_event_t e;
        hfi_span_t from = rows[i];
        assert_false(hfi_event_read(&from, &e));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(cut_short),
        cmocka_unit_test(no_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
