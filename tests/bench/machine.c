/* SPDX-License-Identifier: MPL-2.0 */
/* machine SECONDS | machine --calls N [REFERENTS] -- small calls a second of the machine alone, fed with frames of 8 KiB.
 *
 * Prints `name TAB value TAB unit` lines: with one referent, with 1,000 and with 1,000,000 picked at random.
 * A second is one of this process's own processor time: the machine never waits, so on a quiet computer it is the same,
 * and on a busy one others do not count. --calls runs N calls of one referent (or of so many) and nothing else, for
 * counting instructions; it prints how often memory was allocated meanwhile (malloc, calloc and realloc are wrapped by
 * the linker).
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alone.h"

enum { FRAME_BYTES = 8192 };

static uint64_t n_allocations;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t n);

void *
__wrap_malloc(size_t n)
{
    n_allocations++;
    return __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
    n_allocations++;
    return __real_calloc(n, size);
}

void *
__wrap_realloc(void *block, size_t n)
{
    n_allocations++;
    return __real_realloc(block, n);
}

static double
now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The first object that a fresh machine makes has number 1, and so on. */
static void
make_referents(struct alone *alone, uint64_t n)
{
    enum { BATCH = 500 };
    hfi_bytes_t messages = {0};
    for (uint32_t i = 0; i < BATCH; i++)
        alone_create_call(&messages);
    hfi_bytes_t one = {0};
    alone_create_call(&one);
    for (uint64_t made = 0; made < n;) {
        bool is_batch = n - made >= BATCH;
        alone_run(alone, hfi_bytes_span(is_batch ? &messages : &one), is_batch ? BATCH : 1);
        made += is_batch ? BATCH : 1;
    }
    hfi_bytes_close(&messages);
    hfi_bytes_close(&one);
    if (hfi_machine_figures(alone->machine)->referents < n) {
        (void)fprintf(stderr,
                      "bench: %" PRIu64 " referents were asked for, there are %" PRIu64 "\n", n,
                      hfi_machine_figures(alone->machine)->referents);
        exit(1);
    }
}

/* Frames of calls; many where the targets are many, so that each frame touches others. */
struct frames {
    hfi_bytes_t *messages;
    uint32_t *n_calls;
    uint32_t n;
};

static struct frames
make_frames(uint64_t n_referents)
{
    struct frames self = {.n = n_referents == 1 ? 1 : 512};
    self.messages = calloc(self.n, sizeof *self.messages);
    self.n_calls = calloc(self.n, sizeof *self.n_calls);
    if (self.messages == NULL || self.n_calls == NULL)
        abort();
    uint64_t seed = 1;
    for (uint32_t i = 0; i < self.n; i++) {
        while (self.messages[i].len < FRAME_BYTES - 32) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            alone_add_call(&self.messages[i], 1 + (seed >> 20) % n_referents);
            self.n_calls[i]++;
        }
    }
    return self;
}

static void
free_frames(struct frames *self)
{
    for (uint32_t i = 0; i < self->n; i++)
        hfi_bytes_close(&self->messages[i]);
    free(self->messages);
    free(self->n_calls);
}

static uint64_t
run_frame(struct alone *alone, const struct frames *frames, uint64_t k)
{
    uint32_t i = (uint32_t)(k % frames->n);
    alone_run(alone, hfi_bytes_span(&frames->messages[i]), frames->n_calls[i]);
    return frames->n_calls[i];
}

static void
check_answers(const struct alone *alone)
{
    if (alone->received < alone->sent || hfi_machine_figures(alone->machine)->errors != 0) {
        (void)fprintf(stderr, "bench: %" PRIu64 " calls, %" PRIu64 " answers, %" PRIu64 " errors\n",
                      alone->sent, alone->received, hfi_machine_figures(alone->machine)->errors);
        exit(1);
    }
}

static void
measure(const char *name, uint64_t n_referents, double seconds)
{
    struct alone alone;
    alone_open(&alone);
    make_referents(&alone, n_referents);
    struct frames frames = make_frames(n_referents);
    uint64_t calls = 0, k = 0;
    for (; k < 2 * frames.n; k++)
        (void)run_frame(&alone, &frames, k);
    double begin = now(), passed = 0;
    while (passed < seconds) {
        for (int i = 0; i < 64; i++)
            calls += run_frame(&alone, &frames, k++);
        passed = now() - begin;
    }
    check_answers(&alone);
    (void)printf("%s\t%.0f\tcalls/s\n", name, (double)calls / passed);
    free_frames(&frames);
    alone_close(&alone);
}

static void
count(uint64_t n_calls, uint64_t n_referents)
{
    struct alone alone;
    alone_open(&alone);
    make_referents(&alone, n_referents);
    struct frames frames = make_frames(n_referents);
    for (uint64_t k = 0; k < 16; k++)
        (void)run_frame(&alone, &frames, k);
    uint64_t before = n_allocations, calls = 0;
    for (uint64_t k = 0; calls < n_calls; k++)
        calls += run_frame(&alone, &frames, k);
    (void)printf("calls\t%" PRIu64 "\tcalls\nallocations\t%" PRIu64 "\tallocations\n", calls,
                 n_allocations - before);
    check_answers(&alone);
    free_frames(&frames);
    alone_close(&alone);
}

int
main(int argc, char **argv)
{
    if ((argc == 3 || argc == 4) && strcmp(argv[1], "--calls") == 0) {
        uint64_t n_referents = argc == 4 ? strtoull(argv[3], NULL, 10) : 1;
        count(strtoull(argv[2], NULL, 10), n_referents == 0 ? 1 : n_referents);
        return 0;
    }
    double seconds = argc == 2 ? strtod(argv[1], NULL) : 0;
    if (seconds <= 0) {
        (void)fprintf(stderr, "usage: bench.machine SECONDS | --calls N [REFERENTS]\n");
        return 2;
    }
    measure("machine alone", 1, seconds);
    measure("machine alone, 10^3 referents", 1000, seconds);
    measure("machine alone, 10^6 referents", 1000000, seconds);
    return 0;
}
