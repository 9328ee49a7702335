/* SPDX-License-Identifier: MPL-2.0 */
/* poll -- what is told of descriptors, when a wait ends, with and without looking first. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include <os/clock.h>
#include <os/poll.h>

#define MS INT64_C(1000000)

typedef struct bed {
    hfi_poll_t poll;
    int a;
    int b;
} bed_t;

static bed_t
bed_open(bool may_spin)
{
    bed_t bed = {.a = eventfd(0, EFD_NONBLOCK), .b = eventfd(0, EFD_NONBLOCK)};
    assert_true(hfi_poll_open(&bed.poll, may_spin));
    assert_true(hfi_poll_add(&bed.poll, bed.a, 1));
    assert_true(hfi_poll_add(&bed.poll, bed.b, 4));
    return bed;
}

static void
bed_close(bed_t *bed)
{
    hfi_poll_close(&bed->poll);
    assert_int_equal(bed->poll.fd, -1);
    hfi_poll_close(&bed->poll);
    assert_int_equal(close(bed->a), 0);
    assert_int_equal(close(bed->b), 0);
}

static void
ring(int fd)
{
    uint64_t one = 1;
    assert_int_equal(write(fd, &one, sizeof one), sizeof one);
}

static void
hush(int fd)
{
    uint64_t count;
    assert_int_equal(read(fd, &count, sizeof count), sizeof count);
}

static void
tells_what_is_readable_as_long_as_it_is(void **state)
{
    (void)state;
    for (int may_spin = 0; may_spin < 2; may_spin++) {
        bed_t bed = bed_open(may_spin != 0);
        assert_int_equal(hfi_poll_wait(&bed.poll, 0), 0);
        ring(bed.b);
        assert_int_equal(hfi_poll_wait(&bed.poll, INT64_MAX), 4);
        assert_int_equal(hfi_poll_wait(&bed.poll, 0), 4);
        ring(bed.a);
        assert_int_equal(hfi_poll_wait(&bed.poll, 50 * MS), 5);
        hush(bed.b);
        assert_int_equal(hfi_poll_wait(&bed.poll, INT64_MAX), 1);
        bed_close(&bed);
    }
}

static void
a_wait_is_never_too_short(void **state)
{
    (void)state;
    for (int may_spin = 0; may_spin < 2; may_spin++) {
        bed_t bed = bed_open(may_spin != 0);
        static const int64_t waits[] = {1, MS - 1, MS, MS + 1, 20 * MS};
        for (size_t k = 0; k < sizeof waits / sizeof waits[0]; k++) {
            int64_t start = hfi_now_ns();
            assert_int_equal(hfi_poll_wait(&bed.poll, waits[k]), 0);
            assert_true(hfi_now_ns() - start >= waits[k]);
        }
        bed_close(&bed);
    }
}

static void *
ring_it(void *fd)
{
    ring(*(int *)fd);
    return NULL;
}

static void
another_thread_ends_a_wait(void **state)
{
    (void)state;
    for (int may_spin = 0; may_spin < 2; may_spin++) {
        bed_t bed = bed_open(may_spin != 0);
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, ring_it, &bed.a), 0);
        assert_int_equal(hfi_poll_wait(&bed.poll, INT64_MAX), 1);
        assert_int_equal(pthread_join(thread, NULL), 0);
        bed_close(&bed);
    }
}

static void
alone_on_one_cpu_it_does_not_spin(void **state)
{
    (void)state;
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    bed_t bed = bed_open(true);
    assert_int_equal(bed.poll.spins, CPU_COUNT(&all) > 1);
    bed_close(&bed);
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &all))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    bed = bed_open(true);
    assert_false(bed.poll.spins);
    bed_close(&bed);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    bed = bed_open(false);
    assert_false(bed.poll.spins);
    bed_close(&bed);
}

static void
what_was_in_vain_pauses(void **state)
{
    (void)state;
    bed_t bed = bed_open(true);
    bed.poll.spins = true; /* on one CPU too */
    for (int k = 0; k < 4; k++) {
        assert_int_equal(bed.poll.pause, 0);
        assert_int_equal(hfi_poll_wait(&bed.poll, MS), 0);
    }
    for (unsigned left = 8; left > 0; left--) {
        assert_int_equal(bed.poll.pause, left);
        assert_int_equal(hfi_poll_wait(&bed.poll, MS), 0);
    }
    ring(bed.a);
    bed.poll.vain = 3;
    assert_int_equal(hfi_poll_wait(&bed.poll, MS), 1);
    assert_int_equal(bed.poll.vain, 0);
    bed_close(&bed);
}

/* Notes four looks in vain; how long the pause is that follows. */
static unsigned
look_in_vain(hfi_poll_t *poll, unsigned n_looks)
{
    for (int k = 0; k < 4; k++)
        hfi_poll_note(poll, false, n_looks);
    return poll->pause;
}

static void
where_others_take_the_time_pauses_grow(void **state)
{
    (void)state;
    bed_t bed = bed_open(true);
    static const unsigned crowded[] = {8, 16, 32, 64, 128, 256, 256};
    for (size_t k = 0; k < sizeof crowded / sizeof crowded[0]; k++)
        assert_int_equal(look_in_vain(&bed.poll, 3), crowded[k]);
    hfi_poll_note(&bed.poll, true, 3);
    assert_int_equal(look_in_vain(&bed.poll, 60), 8);
    assert_int_equal(look_in_vain(&bed.poll, 60), 8); /* nobody else wanted the CPU */
    assert_int_equal(look_in_vain(&bed.poll, 3), 8);
    assert_int_equal(look_in_vain(&bed.poll, 60), 16);
    assert_int_equal(look_in_vain(&bed.poll, 3), 8);
    bed_close(&bed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_is_readable_as_long_as_it_is),
        cmocka_unit_test(a_wait_is_never_too_short),
        cmocka_unit_test(another_thread_ends_a_wait),
        cmocka_unit_test(what_was_in_vain_pauses),
        cmocka_unit_test(where_others_take_the_time_pauses_grow),
        cmocka_unit_test(alone_on_one_cpu_it_does_not_spin),
    };
    return cmocka_run_group_tests_name("os.poll", tests, NULL, NULL);
}
