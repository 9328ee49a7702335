/* SPDX-License-Identifier: MPL-2.0 */
/* dealer -- connections to other managers: what comes of them is told as events, what cannot leave is lost. */
#define _GNU_SOURCE
#include "shell_test.h"

#include <poll.h>
#include <unistd.h>

#include <zmq.h>

#include <shell/dealer.h>

enum { DEADLINE_MS = 20000 };

typedef struct bench {
    char folder[64];
    char endpoint[128];
    void *context;
    void *router;
    hfi_log_t *log;
    hfi_dealers_t *dealers;
    hfi_batch_t batch;
    size_t at; /* of the batch, what was not looked at yet */
} bench_t;

static void
serve(bench_t *t)
{
    int linger = 0;
    t->router = zmq_socket(t->context, ZMQ_ROUTER);
    assert_non_null(t->router);
    assert_int_equal(zmq_setsockopt(t->router, ZMQ_LINGER, &linger, sizeof linger), 0);
    assert_int_equal(zmq_bind(t->router, t->endpoint), 0);
}

static void
serve_no_more(bench_t *t)
{
    assert_int_equal(zmq_unbind(t->router, t->endpoint), 0);
    assert_int_equal(zmq_close(t->router), 0);
    t->router = NULL;
}

static void
bench_open(bench_t *t)
{
    char why[256];
    memset(t, 0, sizeof *t);
    shell_test_folder(t->folder, sizeof t->folder);
    (void)snprintf(t->endpoint, sizeof t->endpoint, "ipc://%s/x.sock", t->folder);
    t->context = zmq_ctx_new();
    t->log = hfi_log_new(STDERR_FILENO, HFI_LOG_ERROR);
    assert_non_null(t->log);
    t->dealers = hfi_dealers_new(t->context, t->log, why, sizeof why);
    assert_non_null(t->dealers);
}

static void
bench_close(bench_t *t)
{
    hfi_dealers_destroy(&t->dealers);
    if (t->router != NULL)
        assert_int_equal(zmq_close(t->router), 0);
    assert_int_equal(zmq_ctx_term(t->context), 0);
    hfi_log_destroy(&t->log);
    char path[160];
    (void)snprintf(path, sizeof path, "%s", t->endpoint + strlen("ipc://"));
    (void)unlink(path);
    assert_int_equal(rmdir(t->folder), 0);
}

static void
take(bench_t *t, hfi_output_kind_t kind, uint64_t link, const char *text)
{
    hfi_output_t output = {.kind = kind, .link = link};
    if (kind == HFI_OUTPUT_FAR_OPEN)
        output.text = hfi_span_of(text);
    else if (kind == HFI_OUTPUT_FAR_SEND)
        output.bytes = hfi_span_of(text);
    hfi_dealers_take(t->dealers, &output);
}

/* The next event, which must be of that link. */
static const hfi_event_t *
await_event(bench_t *t, uint64_t link)
{
    while (t->at == t->batch.n) {
        hfi_dealers_drop_frames(t->dealers);
        t->at = t->batch.n = 0;
        (void)hfi_dealers_gather(t->dealers, &t->batch);
        if (t->batch.n != 0)
            break;
        if (hfi_dealers_is_readable(t->dealers))
            continue;
        struct pollfd fd = {.fd = hfi_dealers_fd(t->dealers), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, DEADLINE_MS), 1);
    }
    assert_int_equal(t->batch.at[t->at].link, link);
    return &t->batch.at[t->at++];
}

static void
frames_go_both_ways(void **state)
{
    (void)state;
    bench_t t;
    uint8_t id[64];
    char frame[64];
    bench_open(&t);
    serve(&t);
    take(&t, HFI_OUTPUT_FAR_OPEN, 3, t.endpoint);
    assert_int_equal(hfi_dealers_count(t.dealers), 1);
    assert_int_equal(await_event(&t, 3)->kind, HFI_EVENT_FAR_UP);
    take(&t, HFI_OUTPUT_FAR_SEND, 3, "hello");
    take(&t, HFI_OUTPUT_FAR_SEND, 4, "nobody"); /* of no connection: nothing */
    int n = zmq_recv(t.router, id, sizeof id, 0);
    assert_true(n > 0);
    assert_int_equal(zmq_recv(t.router, frame, sizeof frame, 0), 5);
    assert_memory_equal(frame, "hello", 5);
    assert_int_equal(zmq_send(t.router, id, (size_t)n, ZMQ_SNDMORE), n);
    assert_int_equal(zmq_send(t.router, "answer", 6, 0), 6);
    const hfi_event_t *event = await_event(&t, 3);
    assert_int_equal(event->kind, HFI_EVENT_FAR_FRAME);
    assert_true(hfi_span_equal(event->bytes, hfi_span_of("answer")));
    take(&t, HFI_OUTPUT_FAR_SEND, 3, "bye"); /* leaves, though the connection is closed at once */
    take(&t, HFI_OUTPUT_FAR_CLOSE, 3, NULL);
    assert_int_equal(hfi_dealers_count(t.dealers), 0);
    assert_true(zmq_recv(t.router, id, sizeof id, 0) > 0);
    assert_int_equal(zmq_recv(t.router, frame, sizeof frame, 0), 3);
    bench_close(&t);
}

static void
its_end_and_its_return_are_told(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    serve(&t);
    take(&t, HFI_OUTPUT_FAR_OPEN, 5, t.endpoint);
    assert_int_equal(await_event(&t, 5)->kind, HFI_EVENT_FAR_UP);
    serve_no_more(&t);
    const hfi_event_t *event = await_event(&t, 5);
    assert_int_equal(event->kind, HFI_EVENT_FAR_DOWN);
    assert_false(event->is_certain);
    take(&t, HFI_OUTPUT_FAR_SEND, 5, "lost");
    serve(&t);
    do
        event = await_event(&t, 5);
    while (event->kind == HFI_EVENT_FAR_DOWN &&
           event->is_certain); /* attempts before it was back */
    assert_int_equal(event->kind, HFI_EVENT_FAR_UP);
    bench_close(&t);
}

static void
nobody_is_there(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    take(&t, HFI_OUTPUT_FAR_OPEN, 6, t.endpoint);
    const hfi_event_t *event = await_event(&t, 6);
    assert_int_equal(event->kind, HFI_EVENT_FAR_DOWN);
    assert_true(event->is_certain);
    take(&t, HFI_OUTPUT_FAR_OPEN, 7,
         "tcp://no endpoint"); /* a line in the log, and no connection */
    assert_int_equal(hfi_dealers_count(t.dealers), 1);
    bench_close(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_go_both_ways),
        cmocka_unit_test(its_end_and_its_return_are_told),
        cmocka_unit_test(nobody_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
