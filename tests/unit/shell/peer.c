/* SPDX-License-Identifier: MPL-2.0 */
/* peer -- what Peer-Address says, and processes whose end is told. */
#define _GNU_SOURCE
#include "shell_test.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <shell/peer.h>

static void
reads(const char *address, int64_t uid, int64_t pid)
{
    hfi_peer_t peer;
    hfi_peer_read(address, NULL, &peer);
    assert_int_equal(peer.uid, uid);
    assert_int_equal(peer.pid, pid);
    assert_int_equal(peer.user.len, 0);
    assert_int_equal(peer.address.len, address != NULL ? strlen(address) : 0);
}

static void
uid_and_pid_are_read_from_ipc_alone(void **state)
{
    (void)state;
    reads("localhost:1000:1001:4242", 1000, 4242);
    reads("localhost:0:0:0", 0, 0);
    reads("localhost:4294967294:0:7", 4294967294, 7);
    reads("127.0.0.1", -1, 0);
    reads("::1", -1, 0);
    reads("localhost", -1, 0);
    reads("localhost:1000:1001", -1, 0);
    reads("localhost:1000:1001:", -1, 0);
    reads("localhost::1001:5", -1, 0);
    reads("localhost:10x:1001:5", -1, 0);
    reads("localhost:1:2:3:4", -1, 0);
    reads("localhost:-1:2:3", -1, 0);
    reads("localhost:99999999999999999999:2:3", -1, 0);
    reads("", -1, 0);
    reads(NULL, -1, 0);
    hfi_peer_t peer;
    hfi_peer_read("127.0.0.1", "alice", &peer);
    assert_true(hfi_span_equal(peer.user, hfi_span_of("alice")));
}

/* A child that lives until the pipe's other end is closed. */
static pid_t
child_of(int *ret_hold)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char c;
        (void)close(ends[1]);
        (void)!read(ends[0], &c, 1);
        _exit(0);
    }
    (void)close(ends[0]);
    *ret_hold = ends[1];
    return pid;
}

static void
the_end_of_a_process_is_told_once(void **state)
{
    (void)state;
    hfi_peers_t *peers = hfi_peers_new();
    int hold;
    pid_t pid = child_of(&hold);
    assert_true(hfi_peers_watch(peers, 11, pid));
    assert_true(hfi_peers_watch(peers, 12, pid));
    assert_true(hfi_peers_watch(peers, 13, pid));
    assert_true(hfi_peers_watch(peers, 13, pid)); /* instead of before */
    hfi_peers_forget(peers, 12);
    hfi_peers_forget(peers, 12);
    assert_int_equal(hfi_peers_take_dead(peers), 0);
    (void)close(hold);
    struct pollfd item = {.fd = hfi_peers_fd(peers), .events = POLLIN};
    assert_int_equal(poll(&item, 1, 20000), 1);
    uint64_t sum = 0;
    for (uint64_t link = hfi_peers_take_dead(peers); link != 0; link = hfi_peers_take_dead(peers))
        sum += link;
    assert_int_equal(sum, 11 + 13);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_false(hfi_peers_watch(peers, 14, pid)); /* dead already */
    assert_true(hfi_peers_watch(peers, 14, 0));    /* unknown */
    hfi_peers_destroy(&peers);
    assert_null(peers);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uid_and_pid_are_read_from_ipc_alone),
        cmocka_unit_test(the_end_of_a_process_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
