/* SPDX-License-Identifier: MPL-2.0 */
/* link -- numbers never come again, control frames wait for their moment, a socket used again is noticed. */
#define _GNU_SOURCE
#include "shell_test.h"

#include <sys/socket.h>
#include <unistd.h>

#include <shell/link.h>

static void
a_routing_id_comes_again_a_number_never(void **state)
{
    (void)state;
    hfi_links_t links;
    hfi_links_open(&links);
    uint64_t seen = 0;
    for (int round = 0; round < 100; round++) {
        for (uint32_t routing = 0; routing < 20; routing++) {
            hfi_link_t *link = hfi_links_add(&links, routing, -1);
            assert_non_null(link);
            assert_true(link->number > seen);
            seen = link->number;
            assert_ptr_equal(hfi_links_find_routing(&links, routing), link);
            assert_ptr_equal(hfi_links_find(&links, seen), link);
        }
        for (uint32_t routing = 0; routing < 20; routing++)
            hfi_links_remove(&links, hfi_links_find_routing(&links, routing));
        assert_null(hfi_links_find(&links, seen));
        assert_null(hfi_links_next(&links, NULL));
    }
    assert_null(hfi_links_find(&links, 0));
    assert_non_null(hfi_links_add(&links, UINT32_MAX, -1));
    assert_non_null(hfi_links_find_routing(&links, UINT32_MAX));
    hfi_links_close(&links);
}

static void
control_frames_wait_for_their_moment_in_order(void **state)
{
    (void)state;
    hfi_link_t link = {.sent = 4};
    hfi_span_t bytes;
    assert_false(hfi_link_first(&link, &bytes));
    assert_true(hfi_link_keep(&link, 4, hfi_span_of("now")));
    assert_true(hfi_link_keep(&link, 6, hfi_span_of("later")));
    assert_true(hfi_link_keep(&link, 0, hfi_span_of("behind")));
    assert_true(hfi_link_first(&link, &bytes));
    assert_true(hfi_span_equal(bytes, hfi_span_of("now")));
    hfi_link_drop_first(&link);
    assert_false(hfi_link_first(&link, &bytes));
    link.sent = 6;
    assert_true(hfi_link_first(&link, &bytes));
    assert_true(hfi_span_equal(bytes, hfi_span_of("later")));
    hfi_link_drop_first(&link);
    assert_true(hfi_link_first(&link, &bytes));
    assert_true(hfi_span_equal(bytes, hfi_span_of("behind")));
    hfi_link_drop_first(&link);
    assert_null(link.controls.at); /* an idle link owns no memory */
}

static void
waiting_control_frames_are_bounded(void **state)
{
    (void)state;
    hfi_link_t link = {0};
    static const uint8_t frame[1000];
    uint32_t n = 0;
    while (hfi_link_keep(&link, 9, (hfi_span_t){.at = frame, .len = sizeof frame}))
        n++;
    assert_true(n >= 60 && n <= 66);
    assert_false(hfi_link_keep(&link, 9, (hfi_span_t){.at = frame, .len = sizeof frame}));
    hfi_bytes_close(&link.controls);
}

static void
a_descriptor_used_again_is_another_socket(void **state)
{
    (void)state;
    int pair[2];
    int other[2];
    hfi_link_t link;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, other), 0);
    hfi_link_set_socket(&link, pair[0]);
    assert_true(hfi_link_has_socket(&link));
    assert_int_equal(dup2(other[0], pair[0]), pair[0]);
    assert_false(hfi_link_has_socket(&link));
    link.is_shut = false;
    hfi_link_shut(&link); /* must not touch the other one */
    assert_int_equal(write(other[1], "x", 1), 1);
    (void)close(pair[0]);
    assert_false(hfi_link_has_socket(&link));
    hfi_link_set_socket(&link, STDERR_FILENO);
    hfi_link_set_socket(&link, -1);
    assert_int_equal(link.fd, -1);
    (void)close(pair[1]);
    (void)close(other[0]);
    (void)close(other[1]);
}

static void
what_was_sent_before_a_shutdown_can_be_read(void **state)
{
    (void)state;
    int pair[2];
    char text[8];
    hfi_link_t link = {0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    hfi_link_set_socket(&link, pair[0]);
    assert_int_equal(write(pair[1], "last", 4), 4);
    hfi_link_shut(&link);
    assert_int_equal(read(pair[0], text, sizeof text), 4);
    assert_int_equal(read(pair[0], text, sizeof text), 0);
    assert_int_equal(read(pair[1], text, sizeof text), 0);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

static void
ends_are_listed_once(void **state)
{
    (void)state;
    hfi_links_t links;
    hfi_links_open(&links);
    hfi_link_t *link = hfi_links_add(&links, 5, -1);
    hfi_links_end(&links, link, 7);
    hfi_links_end(&links, link, 9);
    assert_int_equal(link->until_ns, 7);
    hfi_links_gone(&links, link);
    hfi_links_gone(&links, link);
    hfi_links_end(&links, link, 9);
    assert_int_equal(link->state, HFI_LINK_GONE);
    assert_int_equal(links.ended.n, 1);
    hfi_links_close(&links);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_routing_id_comes_again_a_number_never),
        cmocka_unit_test(control_frames_wait_for_their_moment_in_order),
        cmocka_unit_test(waiting_control_frames_are_bounded),
        cmocka_unit_test(a_descriptor_used_again_is_another_socket),
        cmocka_unit_test(what_was_sent_before_a_shutdown_can_be_read),
        cmocka_unit_test(ends_are_listed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
