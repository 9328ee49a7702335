/* SPDX-License-Identifier: MPL-2.0 */
/* bounds -- what has an end: memory, disk, the patience with those who do not read. */
#define _GNU_SOURCE
#include "harness.h"

#include <fcntl.h>
#include <unistd.h>

#include "raw.h"

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

/* The most memory that the process has had, in bytes. */
static uint64_t
peak_of(pid_t pid)
{
    char path[64];
    char line[256];
    unsigned long kib = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *from = fopen(path, "re");
    assert_non_null(from);
    while (fgets(line, sizeof line, from) != NULL)
        (void)sscanf(line, "VmHWM: %lu", &kib); // NOLINT(cert-err34-c)
    (void)fclose(from);
    assert_true(kib > 0);
    return (uint64_t)kib * 1024;
}

/* Fills a list until it is refused; returns how many items went in. */
static int64_t
fill(raw_t *client, uint64_t list, uint32_t item_bytes)
{
    raw_answer_t answer;
    for (int64_t n = 0; n < 100000; n++) {
        raw_answer(client, raw_call(client, list, "append", "b", item_bytes), &answer);
        if (answer.is_error) {
            assert_string_equal(answer.kind, "LimitExceeded");
            return n;
        }
    }
    fail_msg("there was no end");
    return -1;
}

static void
memory_at_its_limit_fails_the_call_alone(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    raw_t other;
    raw_answer_t answer;
    e2e_start_configured(self, "memory_limit = 8M\n");
    raw_open(&client, self->endpoint, 1);
    (void)raw_begin(&client, false);
    raw_open(&other, self->endpoint, 2);
    (void)raw_begin(&other, false);
    uint64_t list = make_list(&client);
    uint64_t small = make_list(&other);
    int64_t n = fill(&client, list, 50000);
    assert_in_range(n, 50, 170);
    assert_int_equal(length_of(&client, list), n); /* the refused ones have changed nothing */
    assert_int_equal(length_of(&other, small), 0);
    raw_answer(&client, raw_call(&client, list, "clear", ""), &answer);
    assert_false(answer.is_error);
    assert_int_equal(fill(&client, list, 50000), n); /* nothing was lost on the way */
    raw_close(&client);
    raw_close(&other);
}

static void
address_space_at_its_limit_is_the_same(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    raw_answer_t answer;
    if (E2E_IS_SANITIZED || e2e_has_valgrind())
        skip();
    self->address_limit = UINT64_C(400) * 1024 * 1024;
    E2E_START(self, NULL);
    raw_open(&client, self->endpoint, 3);
    (void)raw_begin(&client, false);
    uint64_t list = make_list(&client);
    int64_t n = fill(&client, list, 500000);
    assert_true(n > 20);
    assert_int_equal(length_of(&client, list), n);
    raw_answer(&client, raw_call(&client, list, "clear", ""), &answer);
    assert_false(answer.is_error);
    raw_bye(&client);
    raw_close(&client);
    assert_int_equal(e2e_stop(self), 0);
}

static void
a_full_disk_under_the_record_is_said_once(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    raw_answer_t answer;
    self->file_limit = UINT64_C(4) * 1024 * 1024; /* the copies of plugins fit */
    E2E_START(self, NULL);
    raw_open(&client, self->endpoint, 4);
    (void)raw_begin(&client, false);
    uint64_t list = make_list(&client);
    for (int k = 0; k < 200; k++) {
        raw_answer(&client, raw_call(&client, list, "append", "b", (uint32_t)50000), &answer);
        assert_false(answer.is_error);
    }
    assert_int_equal(length_of(&client, list), 200);
    e2e_await_log(self, "the record stops here: File too large; serving goes on");
    raw_bye(&client);
    raw_close(&client);
    assert_int_equal(e2e_stop(self), 1); /* the record is not whole */
    e2e_await_log(self, "stopped");
    const char *first = strstr(self->logged, "the record stops");
    assert_null(strstr(first + 1, "the record stops"));
} /* and what was recorded replays */

static void
a_full_disk_under_the_log_is_outlived(void **state)
{
    e2e_t *self = *state;
    raw_t client;
    self->log_file = "/dev/full";
    E2E_START(self, NULL);
    raw_open(&client, self->endpoint, 5);
    (void)raw_begin(&client, false);
    assert_int_equal(length_of(&client, make_list(&client)), 0);
    raw_bye(&client);
    raw_close(&client);
    assert_int_equal(e2e_stop(self), 0);
}

static void
a_log_that_nobody_reads_holds_nobody_up(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    raw_t bad;
    raw_open(&bad, self->endpoint, 199);
    for (int k = 0; k < 4000; k++) { /* a line each: more than pipe and ring hold */
        (void)raw_begin(&bad, false);
        raw_send(&bad, "\xc1", 1);
        while (raw_receive(&bad, raw_patience_ms()) && bad.kind != RAW_REJECT)
            continue;
        assert_int_equal(bad.kind, RAW_REJECT);
    }
    raw_close(&bad);
    raw_t client;
    raw_open(&client, self->endpoint, 200);
    (void)raw_begin(&client, false);
    assert_int_equal(length_of(&client, make_list(&client)), 0);
    raw_close(&client);
}

static void
who_never_reads_is_bounded_and_ended(void **state)
{
    e2e_t *self = *state;
    raw_t deaf;
    raw_t other;
    raw_answer_t answer;
    e2e_start_configured(self, "limits\n    window_bytes = 1M\n    window = 2000\n");
    raw_open_unread(&deaf, self->endpoint, 6);
    (void)raw_begin(&deaf, false);
    raw_open(&other, self->endpoint, 7);
    (void)raw_begin(&other, false);
    uint64_t mine = make_list(&other);
    uint64_t list = make_list(&deaf);
    for (int k = 0; k < 10; k++)
        raw_answer(&deaf, raw_call(&deaf, list, "append", "b", (uint32_t)10000), &answer);
    for (int k = 0; k < 6000; k++) { /* 600 MB of answers, if they were given */
        (void)raw_call(&deaf, list, "copy", "");
        if (k % 500 == 0)
            assert_int_equal(length_of(&other, mine), 0);
    }
    e2e_await_log(self, "ends: limit");
    assert_int_equal(length_of(&other, mine), 0);
    if (!E2E_IS_SANITIZED)
        assert_true(peak_of(self->pid) < UINT64_C(150) * 1024 * 1024);
    raw_close(&deaf);
    raw_close(&other);
}

/* What its pipe did not take waits in the stream, and comes in order once it reads. */
static void
who_reads_late_gets_everything_in_order(void **state)
{
    e2e_t *self = *state;
    raw_t late;
    raw_t other;
    raw_answer_t answer;
    uint64_t calls[600];
    e2e_start_configured(self, "limits\n    window_bytes = 64M\n    frame = 4M\n");
    raw_open_unread(&late, self->endpoint, 8);
    (void)raw_begin(&late, false);
    uint64_t list = make_list(&late);
    raw_answer(&late, raw_call(&late, list, "append", "b", (uint32_t)100000), &answer);
    for (int k = 0; k < 600; k++) /* 60 MB, most of it in frames too long for a common one */
        calls[k] = raw_call(&late, list, k % 3 == 0 ? "len" : "copy", "");
    raw_open(&other, self->endpoint, 11);
    (void)raw_begin(&other, false);
    uint64_t mine = make_list(&other);
    for (int k = 0; k < 2000; k++) /* rounds enough for the pipe to be full */
        assert_int_equal(length_of(&other, mine), 0);
    raw_close(&other);
    for (int k = 0; k < 600; k++) {
        raw_next_answer(&late, &answer);
        assert_false(answer.is_error);
        assert_int_equal(answer.call, calls[k]);
        assert_int_equal(answer.value.type,
                         k % 3 == 0 ? MSGPACK_OBJECT_POSITIVE_INTEGER : MSGPACK_OBJECT_ARRAY);
    }
    raw_close(&late);
}

/* A client that asks for the same again and again without reading cannot make the manager hold it many times. */
static void
repeated_resyncs_do_not_multiply(void **state)
{
    e2e_t *self = *state;
    raw_t deaf;
    raw_t other;
    raw_answer_t answer;
    E2E_START(self, NULL);
    raw_open(&other, self->endpoint, 9);
    (void)raw_begin(&other, false);
    uint64_t mine = make_list(&other);
    raw_open_unread(&deaf, self->endpoint, 10);
    (void)raw_begin(&deaf, false);
    uint64_t list = make_list(&deaf);
    raw_answer(&deaf, raw_call(&deaf, list, "append", "b", (uint32_t)1000000), &answer);
    uint64_t next = deaf.received + 1;
    for (int k = 0; k < 10; k++)
        (void)raw_call(&deaf, list, "copy", "");
    for (int k = 0; k < 300; k++) {
        uint8_t resync[] = {0x92, 0x04, (uint8_t)next};
        assert_true(next < 128);
        raw_send(&deaf, resync, sizeof resync);
        assert_int_equal(length_of(&other, mine), 0);
    }
    if (!E2E_IS_SANITIZED)
        assert_true(peak_of(self->pid) < UINT64_C(150) * 1024 * 1024);
    raw_close(&deaf);
    raw_close(&other);
}

static void
links_are_limited(void **state)
{
    e2e_t *self = *state;
    raw_t client[4];
    char reason[64];
    e2e_start_configured(self, "limits\n    links = 3\n");
    for (uint8_t k = 0; k < 3; k++) {
        raw_open(&client[k], self->endpoint, (uint8_t)(10 + k));
        (void)raw_begin(&client[k], false);
    }
    raw_open(&client[3], self->endpoint, 13);
    raw_hello(&client[3], false);
    do
        assert_true(raw_receive(&client[3], raw_patience_ms()));
    while (client[3].kind != RAW_REJECT);
    raw_reason(&client[3], reason, sizeof reason);
    assert_string_equal(reason, "limit");
    for (int k = 0; k < 4; k++)
        raw_close(&client[k]);
}

int
main(void)
{
#define IT(name_) cmocka_unit_test_setup_teardown(name_, e2e_open, e2e_close)
    const struct CMUnitTest tests[] = {
        IT(memory_at_its_limit_fails_the_call_alone),
        IT(address_space_at_its_limit_is_the_same),
        IT(a_full_disk_under_the_record_is_said_once),
        IT(a_full_disk_under_the_log_is_outlived),
        IT(a_log_that_nobody_reads_holds_nobody_up),
        IT(who_never_reads_is_bounded_and_ended),
        IT(who_reads_late_gets_everything_in_order),
        IT(repeated_resyncs_do_not_multiply),
        IT(links_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
