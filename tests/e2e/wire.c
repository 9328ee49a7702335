/* SPDX-License-Identifier: MPL-2.0 */
/* wire -- the protocol as a stranger speaks it: from PROTOCOL.md alone, well and badly. */
#define _GNU_SOURCE
#include "harness.h"

#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "raw.h"

/* ---- well ----------------------------------------------------------------------------- */

static uint64_t
make_list(raw_t *client)
{
    raw_answer_t answer;
    raw_answer(client, raw_call(client, 0, "create", "s", "list"), &answer);
    return raw_handle_of(&answer);
}

static int64_t
length_of(raw_t *client, uint64_t list)
{
    raw_answer_t answer;
    raw_answer(client, raw_call(client, list, "len", ""), &answer);
    return raw_int_of(&answer);
}

static void
calls_are_answered(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    raw_answer_t answer;
    E2E_START(self, "--plugin", E2E_COUNTER);
    raw_open(&client, self->endpoint, 1);
    assert_int_equal(raw_begin(&client, false), 0);
    raw_answer(&client, raw_call(&client, 0, "create", "si", "Counter", (int64_t)40), &answer);
    uint64_t counter = raw_handle_of(&answer);
    raw_answer(&client, raw_call(&client, counter, "add", "i", (int64_t)2), &answer);
    assert_int_equal(raw_int_of(&answer), 42);
    raw_answer(&client, raw_call(&client, counter, "nothing", ""), &answer);
    assert_string_equal(answer.kind, "NoSuchMethod");
    raw_answer(&client, raw_call(&client, counter, "add", "s", "x"), &answer);
    assert_string_equal(answer.kind, "TypeError");
    raw_answer(&client, raw_call(&client, 4711, "add", ""), &answer);
    assert_string_equal(answer.kind, "NoSuchObject");
    raw_answer(&client, raw_call(&client, 0, "create", "s", "Nothing"), &answer);
    assert_string_equal(answer.kind, "NoSuchType");
    raw_release(&client, counter, 1);
    raw_answer(&client, raw_call(&client, counter, "add", ""), &answer);
    assert_string_equal(answer.kind, "NoSuchObject");
    raw_bye(&client);
    raw_close(&client);
}

static void
an_answer_lost_with_its_connection_comes_again(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    raw_answer_t answer;
    E2E_START(self, NULL);
    raw_open(&client, self->endpoint, 2);
    (void)raw_begin(&client, false);
    uint64_t list = make_list(&client);
    for (int round = 0; round < 5; round++) {
        uint64_t call = raw_call(&client, list, "append", "i", (int64_t)round);
        assert_true(raw_receive(
            &client, raw_patience_ms())); /* the manager has it; we forget that we saw the answer */
        raw_reconnect(&client, self->endpoint);
        assert_int_equal(raw_begin(&client, true), call);
        client.kind = -1;
        raw_answer(&client, call, &answer);
        assert_false(answer.is_error);
    }
    assert_int_equal(length_of(&client, list), 5);
    raw_close(&client);
}

static void
a_call_sent_twice_runs_once(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    E2E_START(self, NULL);
    raw_open(&client, self->endpoint, 3);
    (void)raw_begin(&client, false);
    uint64_t list = make_list(&client);
    for (int k = 0; k < 10; k++) {
        uint64_t call = raw_call(&client, list, "append", "i", (int64_t)k);
        client.next = call; /* as if it had been lost */
        assert_int_equal(raw_call(&client, list, "append", "i", (int64_t)k), call);
    }
    assert_int_equal(length_of(&client, list), 10);
    raw_close(&client);
}

static void
a_gap_is_asked_for(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    E2E_START(self, NULL);
    raw_open(&client, self->endpoint, 4);
    (void)raw_begin(&client, false);
    uint64_t list = make_list(&client);
    uint64_t lost = client.next;
    client.next++; /* this one never leaves */
    (void)raw_call(&client, list, "append", "i", (int64_t)2);
    raw_await(&client, RAW_RESYNC);
    assert_int_equal(client.frame.data.via.array.ptr[1].via.u64, lost);
    client.next = lost;
    (void)raw_call(&client, list, "append", "i", (int64_t)1);
    (void)raw_call(&client, list, "append", "i", (int64_t)2);
    assert_int_equal(length_of(&client, list), 2);
    raw_close(&client);
}

static void
a_session_moves_and_the_old_connection_is_told(void **state)
{
    e2e_t *self = *state;
    raw_t first;
    raw_t second;
    E2E_START(self, NULL);
    raw_open(&first, self->endpoint, 5);
    (void)raw_begin(&first, false);
    uint64_t list = make_list(&first);
    raw_open(&second, self->endpoint, 5);
    memcpy(second.secret, first.secret, sizeof second.secret);
    second.attempt = first.attempt;
    second.received = first.received;
    second.next = first.next;
    memcpy(second.manager, first.manager, sizeof first.manager);
    (void)raw_begin(&second, true);
    assert_int_equal(length_of(&second, list), 0);
    (void)raw_call(&first, list, "append", "i", (int64_t)1);
    char reason[64];
    do
        assert_true(raw_receive(&first, raw_patience_ms()));
    while (first.kind != RAW_REJECT);
    raw_reason(&first, reason, sizeof reason);
    assert_string_equal(reason, "no_session");
    assert_int_equal(length_of(&second, list), 0);
    raw_close(&first);
    raw_close(&second);
}

static void
a_parked_call_waits_for_another_session(void **state)
{
    e2e_t *self = *state;
    raw_t getter;
    raw_t putter;
    raw_answer_t answer;
    E2E_START(self, NULL);
    raw_open(&getter, self->endpoint, 6);
    (void)raw_begin(&getter, false);
    raw_answer(&getter, raw_call(&getter, 0, "create", "s", "Queue"), &answer);
    uint64_t queue = raw_handle_of(&answer);
    raw_answer(&getter, raw_call(&getter, 0, "bind", "sh", "jobs", queue), &answer);
    assert_false(answer.is_error);
    uint64_t get = raw_call(&getter, queue, "get", "");
    uint64_t cancelled = raw_call(&getter, queue, "get", "");
    raw_cancel(&getter, cancelled);
    raw_answer(&getter, cancelled, &answer);
    assert_string_equal(answer.kind, "Cancelled");
    raw_open(&putter, self->endpoint, 7);
    (void)raw_begin(&putter, false);
    raw_answer(&putter, raw_call(&putter, 0, "lookup", "s", "jobs"), &answer);
    (void)raw_call(&putter, raw_handle_of(&answer), "put", "i", (int64_t)99);
    raw_answer(&getter, get, &answer);
    assert_int_equal(raw_int_of(&answer), 99);
    raw_close(&getter);
    raw_close(&putter);
}

/* ---- ends ----------------------------------------------------------------------------- */

/* Asks until as many objects are left; the asking is what waits. */
static void
await_objects(raw_t *client, int64_t n)
{
    raw_answer_t answer;
    int64_t now = -1;
    for (int k = 0; k < 1000000 && now != n; k++) {
        raw_answer(client, raw_call(client, 0, "number_of_objects", ""), &answer);
        now = raw_int_of(&answer);
    }
    assert_int_equal(now, n);
}

/* A child that connects, does `work` and is gone. Its exit status is 0, or its asserts have failed. */
static void
run_child(e2e_t *self, void (*work)(e2e_t *self, raw_t *client))
{
    int status;
    (void)fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        raw_t child;
        raw_open(&child, self->endpoint, 9);
        (void)raw_begin(&child, false);
        work(self, &child);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void
holds_a_list(e2e_t *self, raw_t *client)
{
    (void)self;
    (void)make_list(client);
} /* and exits with its socket open */

static void
a_dead_process_ends_its_session_at_once(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    e2e_start_configured(self, e2e_has_valgrind() ? "lease = 600\n" : "lease = 600\ngrace = 600\n");
    raw_open(&client, self->endpoint, 8);
    (void)raw_begin(&client, false);
    for (int k = 0; k < 10; k++) {
        run_child(self, holds_a_list);
        await_objects(&client, 0); /* long before lease and grace */
    }
    raw_close(&client);
}

static void
appends_and_leaves(e2e_t *self, raw_t *client)
{
    raw_answer_t answer;
    int linger = -1;
    (void)self;
    raw_answer(client, raw_call(client, 0, "lookup", "s", "log"), &answer);
    uint64_t log = raw_handle_of(&answer);
    for (int k = 0; k < 100; k++)
        (void)raw_call(client, log, "append", "i", (int64_t)k);
    (void)zmq_setsockopt(client->socket, ZMQ_LINGER, &linger, sizeof linger);
    (void)zmq_close(client->socket);
    (void)zmq_ctx_term(client->context); /* all has left us: it is with the kernel */
}

static void
what_the_dead_had_sent_is_done(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    raw_answer_t answer;
    E2E_START(self, NULL);
    raw_open(&client, self->endpoint, 8);
    (void)raw_begin(&client, false);
    uint64_t list = make_list(&client);
    raw_answer(&client, raw_call(&client, 0, "bind", "sh", "log", list), &answer);
    run_child(self, appends_and_leaves);
    int64_t length = 0;
    for (int k = 0; k < 1000000 && length < 100; k++)
        length = length_of(&client, list);
    assert_int_equal(length, 100);
    raw_close(&client);
}

static void
bye_gives_all_back(void **state)
{
    e2e_t *self = *state;
    raw_t stayer;
    raw_t leaver;
    E2E_START(self, NULL);
    raw_open(&stayer, self->endpoint, 10);
    (void)raw_begin(&stayer, false);
    raw_open(&leaver, self->endpoint, 11);
    (void)raw_begin(&leaver, false);
    for (int k = 0; k < 5; k++)
        (void)make_list(&leaver);
    await_objects(&stayer, 5);
    raw_bye(&leaver);
    await_objects(&stayer, 0);
    raw_close(&leaver);
    raw_close(&stayer);
}

static void
a_silent_session_expires(void **state)
{
    e2e_t *self = *state;
    raw_t stayer;
    raw_t silent;
    e2e_start_configured(self, "lease = 1\nprobe = 0.2\n");
    raw_open(&stayer, self->endpoint, 12);
    (void)raw_begin(&stayer, false);
    raw_open(&silent, self->endpoint, 13);
    (void)raw_begin(&silent, false);
    (void)make_list(&silent);
    await_objects(&stayer, 1);
    e2e_await_log(self, "has expired"); /* nobody answers for it */
    raw_close(&stayer);
    raw_close(&silent);
}

/* ---- badly ---------------------------------------------------------------------------- */

static void
rejected(raw_t *client, const char *expected)
{
    char reason[64];
    do {
        if (!raw_receive(client, raw_patience_ms()))
            fail_msg("no REJECT %s came", expected);
    } while (client->kind != RAW_REJECT);
    raw_reason(client, reason, sizeof reason);
    assert_string_equal(reason, expected);
}

static void
who_has_said_no_hello_is_told(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    E2E_START(self, NULL);
    raw_open(&client, self->endpoint, 14);
    (void)raw_call(&client, 0, "names", "");
    rejected(&client, "no_session");
    raw_ping(&client);
    rejected(&client, "no_session");
    client.next = 1;
    (void)raw_begin(&client, false);
    assert_int_equal(length_of(&client, make_list(&client)), 0);
    raw_close(&client);
}

static void
another_version_is_refused(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    static const char hello[] = "\x92\x01\x82\xa8protocol\xa3HFP\xa7version\x02";
    E2E_START(self, NULL);
    raw_open(&client, self->endpoint, 15);
    raw_send(&client, hello, sizeof hello - 1);
    rejected(&client, "bad_version");
    raw_close(&client);
}

static void
an_unknown_session_cannot_be_resumed(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    E2E_START(self, NULL);
    raw_open(&client, self->endpoint, 16);
    raw_hello(&client, true);
    rejected(&client, "session_expired");
    raw_close(&client);
}

/* Each of these ends the session of whoever sends it, and nobody else's. */
static void
a_broken_frame_ends_its_session_alone(void **state)
{
    e2e_t *self = *state;
    static const struct {
        const char *bytes;
        size_t len;
    } broken[] = {
        {"", 0},
        {"\xc1", 1},
        {"\xff\xff\xff", 3},
        {"\x93\x00\x01", 3},
        {"\x93\x00\x01\x00\x94\x01\x00", 7},
        {"\x93\x00\x00\x00", 4},
        {"\x93\x00\x01\x7f\x94\x01\x00\xa1x\x90", 10},
        {"\x92\x09\x01", 3},
        {"\x93\x00\x01\x00\x94\x09\x00\xa1x\x90", 10},
        {"\x93\x00\x01\x00\x93\x03\x00\x01", 8},
        {"\x93\x00\x01\x00\xdd\xff\xff\xff\xff", 9},
        {"\x93\x00\x01\x00\x94\x01\x00\xdb\xff\xff\xff\xff", 12},
        {"\x93\x00\x01\x00\xc1", 5},
    };
    raw_t witness;
    E2E_START(self, NULL);
    raw_open(&witness, self->endpoint, 100);
    (void)raw_begin(&witness, false);
    uint64_t list = make_list(&witness);
    for (size_t k = 0; k < sizeof broken / sizeof broken[0]; k++) {
        raw_t client;
        raw_open(&client, self->endpoint, (uint8_t)(20 + k));
        (void)raw_begin(&client, false);
        raw_send(&client, broken[k].bytes, broken[k].len);
        rejected(&client, "bad_frame");
        raw_close(&client);
        assert_int_equal(length_of(&witness, list), 0);
    }
    raw_close(&witness);
}

static void
what_is_too_deep_is_refused(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    char bytes[4 + 200] = "\x93\x00\x01\x00";
    E2E_START(self, NULL);
    raw_open(&client, self->endpoint, 17);
    (void)raw_begin(&client, false);
    memset(bytes + 4, '\x91', 200);
    raw_send(&client, bytes, sizeof bytes);
    rejected(&client, "bad_frame");
    raw_close(&client);
}

static void
garbage_is_outlived(void **state)
{
    e2e_t *self = *state;
    raw_t witness;
    uint32_t random = 12345;
    E2E_START(self, NULL);
    raw_open(&witness, self->endpoint, 101);
    (void)raw_begin(&witness, false);
    uint64_t list = make_list(&witness);
    for (int k = 0; k < 40; k++) {
        raw_t client;
        uint8_t bytes[300];
        raw_open(&client, self->endpoint, (uint8_t)(128 + k));
        if (k % 2 == 0)
            (void)raw_begin(&client, false);
        for (int frame = 0; frame < 20; frame++) {
            size_t len = (size_t)(random >> 8) % sizeof bytes;
            for (size_t at = 0; at < len; at++) {
                random = random * 1664525u + 1013904223u;
                bytes[at] = (uint8_t)(random >> 24);
            }
            if (frame % 3 == 0 && len > 4)
                memcpy(bytes, (const uint8_t[]){0x93, 0, 1, 0}, 4);
            raw_send(&client, bytes, len);
        }
        assert_true(raw_receive(&client, raw_patience_ms())); /* some REJECT: it has been read */
        raw_close(&client);
    }
    assert_int_equal(length_of(&witness, list), 0);
    raw_close(&witness);
}

static void
more_parts_than_one_are_ignored(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    E2E_START(self, NULL);
    raw_open(&client, self->endpoint, 18);
    (void)raw_begin(&client, false);
    for (int k = 0; k < 10; k++)
        assert_int_equal(zmq_send(client.socket, "\xc1", 1, ZMQ_SNDMORE), 1);
    raw_send(&client, "\xc1", 1);
    assert_int_equal(length_of(&client, make_list(&client)), 0); /* nothing has happened */
    raw_close(&client);
}

static void
a_routing_id_of_ones_own_is_refused(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    raw_t honest;
    E2E_START(self, NULL);
    raw_open(&client, self->endpoint, 19);
    raw_open(&honest, self->endpoint, 20);
    (void)zmq_disconnect(client.socket, self->endpoint);
    assert_int_equal(zmq_setsockopt(client.socket, ZMQ_ROUTING_ID, "me", 2), 0);
    assert_int_equal(zmq_connect(client.socket, self->endpoint), 0);
    raw_hello(&client, false);
    e2e_await_log(self, "it chose its own routing id");
    (void)raw_begin(&honest, false);
    assert_false(raw_receive(&client, 0));
    raw_close(&client);
    raw_close(&honest);
}

static void
a_frame_too_long_ends_the_connection_alone(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    e2e_start_configured(self, "limits\n    frame = 64K\n");
    raw_open(&client, self->endpoint, 21);
    (void)raw_begin(&client, false);
    uint64_t list = make_list(&client);
    uint64_t lost = raw_call(&client, list, "append", "b", (uint32_t)100000);
    raw_reconnect(&client, self->endpoint); /* as a client of the library never would have to */
    assert_int_equal(raw_begin(&client, true), lost - 1);
    client.next = lost;
    assert_int_equal(length_of(&client, list), 0);
    raw_close(&client);
}

/* ---- exposure ------------------------------------------------------------------------- */

static void
what_is_hidden_is_not_exposed(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    raw_answer_t answer;
    e2e_start_configured(self, "types\n    list\n        expose = \"append len\"\n"
                               "    manager\n        hide = shutdown\n");
    raw_open(&client, self->endpoint, 22);
    (void)raw_begin(&client, false);
    uint64_t list = make_list(&client);
    assert_int_equal(length_of(&client, list), 0);
    raw_answer(&client, raw_call(&client, list, "pop", ""), &answer);
    assert_string_equal(answer.kind, "NotExposed");
    raw_answer(&client, raw_call(&client, list, "str", ""), &answer);
    assert_string_equal(answer.kind, "NotExposed");
    raw_answer(&client, raw_call(&client, list, "nonsense", ""), &answer);
    assert_string_equal(answer.kind, "NoSuchMethod");
    raw_answer(&client, raw_call(&client, 0, "shutdown", ""), &answer);
    assert_string_equal(answer.kind, "NotExposed");
    raw_close(&client);
}

int
main(void)
{
#define IT(name_) cmocka_unit_test_setup_teardown(name_, e2e_open, e2e_close)
    const struct CMUnitTest tests[] = {
        IT(calls_are_answered),
        IT(an_answer_lost_with_its_connection_comes_again),
        IT(a_call_sent_twice_runs_once),
        IT(a_gap_is_asked_for),
        IT(a_session_moves_and_the_old_connection_is_told),
        IT(a_parked_call_waits_for_another_session),
        IT(a_dead_process_ends_its_session_at_once),
        IT(what_the_dead_had_sent_is_done),
        IT(bye_gives_all_back),
        IT(a_silent_session_expires),
        IT(who_has_said_no_hello_is_told),
        IT(another_version_is_refused),
        IT(an_unknown_session_cannot_be_resumed),
        IT(a_broken_frame_ends_its_session_alone),
        IT(what_is_too_deep_is_refused),
        IT(garbage_is_outlived),
        IT(more_parts_than_one_are_ignored),
        IT(a_routing_id_of_ones_own_is_refused),
        IT(a_frame_too_long_ends_the_connection_alone),
        IT(what_is_hidden_is_not_exposed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
