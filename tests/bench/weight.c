/* SPDX-License-Identifier: MPL-2.0 */
/* weight ENDPOINT PID N -- what the manager with that process id pays for N things, in bytes of resident memory each.
 *
 *     bench.weight ENDPOINT PID N [TYPE METHOD]
 *
 * Prints `name TAB value TAB unit` lines: a small referent, an idle session, a parked call. The sessions are opened on
 * one connection, each HELLO detaching the one before it, so that no connection is weighed with them. With a type and
 * a method, only its parked calls are weighed (Lock acquire, Condition wait, Event wait), as what earlier ones have had
 * is used again.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zmq.h>

#include <holdfast/holdfast.h>

#include <stream/frame.h>
#include <value/writer.h>

enum { WINDOW = 1000, HELLO_WINDOW = 64 };

static _Noreturn void
weight_fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench: weight: %s: %s\n", what, why);
    exit(1);
}

static double
resident_bytes(long pid)
{
    char path[64];
    unsigned long all, resident;
    (void)snprintf(path, sizeof path, "/proc/%ld/statm", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL || fscanf(file, "%lu %lu", &all, &resident) != 2)
        weight_fail(path, "cannot be read");
    (void)fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static void
report(const char *name, double before, double after, uint32_t n)
{
    (void)printf("%s\t%.1f\tbytes\n", name, (after - before) / n);
}

/* ---- referents ------------------------------------------------------------------------- */

static void
weigh_referents(hf_client_t *client, long pid, uint32_t n)
{
    hf_proxy_t **proxy = calloc(n, sizeof(hf_proxy_t *));
    hf_future_t *future[WINDOW];
    if (proxy == NULL)
        weight_fail("referents", "no memory");
    double before = resident_bytes(pid);
    for (uint32_t i = 0; i < n;) {
        uint32_t batch = n - i < WINDOW ? n - i : WINDOW;
        for (uint32_t k = 0; k < batch; k++)
            future[k] = hf_create_async(client, "Counter", "");
        for (uint32_t k = 0; k < batch; k++, i++) {
            proxy[i] = future[k] == NULL ? NULL : hf_await_proxy(future[k], HF_FOREVER);
            if (proxy[i] == NULL)
                weight_fail("referents", hf_errmsg());
            hf_future_destroy(&future[k]);
        }
    }
    report("small referent, held", before, resident_bytes(pid), n);
    for (uint32_t i = 0; i < n; i++)
        hf_release(&proxy[i]);
    free(proxy);
    if (hf_flush(client, HF_FOREVER) != 0)
        weight_fail("referents", hf_errmsg());
}

/* ---- parked calls ------------------------------------------------------------------------ */

/* A call that is not waited for; its answer is dropped. */
static void
begin(const hf_proxy_t *proxy, const char *method)
{
    hf_future_t *future = hf_call_async(proxy, method, "");
    if (future == NULL)
        weight_fail(method, hf_errmsg());
    hf_future_destroy(&future);
}

static void
weigh_parked(hf_client_t *client, long pid, uint32_t n, const char *typeid_, const char *method)
{
    hf_future_t **future = calloc(n, sizeof(hf_future_t *));
    hf_proxy_t *target = hf_create(client, typeid_, "");
    bool is_condition = strcmp(typeid_, "Condition") == 0;
    if (future == NULL || target == NULL)
        weight_fail("parked calls", hf_errmsg());
    if (strcmp(method, "acquire") == 0)
        begin(target, "acquire");
    double before = resident_bytes(pid);
    for (uint32_t i = 0; i < n; i++) {
        if (is_condition)
            begin(target, "acquire"); /* which each wait lets go */
        future[i] = hf_call_async(target, method, "");
        if (future[i] == NULL)
            weight_fail("parked calls", hf_errmsg());
    }
    if (hf_flush(client, HF_FOREVER) != 0)
        weight_fail("parked calls", hf_errmsg());
    report("parked call", before, resident_bytes(pid), n);
    for (uint32_t i = 0; i < n; i++)
        hf_future_destroy(&future[i]);
    free(future);
    hf_release(&target);
}

/* ---- sessions ---------------------------------------------------------------------------- */

static void
send_hello(void *socket, uint32_t number, hfi_bytes_t *frame)
{
    hfi_bytes_writer_t writer;
    hfi_hello_t hello = {.attempt = 1, .lease_ms = 600000};
    memcpy(hello.session.bytes, &number, sizeof number);
    frame->len = 0;
    hfi_bytes_writer_open(&writer, frame);
    hfi_frame_write_hello(&writer.w, &hello);
    if (!hfi_bytes_writer_close(&writer) || zmq_send(socket, frame->at, frame->len, 0) < 0)
        weight_fail("sessions", "HELLO cannot be sent");
}

/* Waits for a WELCOME; whatever else comes is passed over. */
static void
await_welcome(void *socket, hfi_bytes_t *scratch)
{
    for (;;) {
        uint8_t bytes[4096];
        int len = zmq_recv(socket, bytes, sizeof bytes, 0);
        hfi_frame_t frame;
        if (len < 0 || (size_t)len > sizeof bytes)
            weight_fail("sessions", "no WELCOME came");
        if (hfi_frame_read((hfi_span_t){bytes, (size_t)len}, 64, scratch, &frame) !=
            HFI_REJECT_NONE)
            weight_fail("sessions", "no frame of the protocol came");
        if (frame.kind == HFI_FRAME_WELCOME)
            return;
        if (frame.kind == HFI_FRAME_REJECT)
            weight_fail("sessions", hfi_reject_name(frame.reason));
    }
}

static void
weigh_sessions(const char *endpoint, long pid, uint32_t n)
{
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_DEALER);
    int zero = 0, patience_ms = 10000;
    (void)zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof zero);
    (void)zmq_setsockopt(socket, ZMQ_RCVTIMEO, &patience_ms, sizeof patience_ms);
    if (zmq_connect(socket, endpoint) != 0)
        weight_fail("sessions", zmq_strerror(zmq_errno()));
    hfi_bytes_t frame = {0}, scratch = {0};
    double before = resident_bytes(pid);
    for (uint32_t i = 0; i < n + HELLO_WINDOW; i++) {
        if (i < n)
            send_hello(socket, i + 1, &frame);
        if (i >= HELLO_WINDOW)
            await_welcome(socket, &scratch);
    }
    report("idle session", before, resident_bytes(pid), n);
    hfi_bytes_close(&frame);
    hfi_bytes_close(&scratch);
    (void)zmq_close(socket);
    (void)zmq_ctx_term(context);
}

int
main(int argc, char **argv)
{
    uint32_t n = argc == 4 || argc == 6 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
    if (n == 0) {
        (void)fprintf(stderr, "usage: bench.weight ENDPOINT PID N [TYPE METHOD]\n");
        return 2;
    }
    long pid = strtol(argv[2], NULL, 10);
    hf_client_t *client = hf_connect(argv[1], NULL);
    if (client == NULL)
        weight_fail("connecting", hf_errmsg());
    if (argc == 6) {
        weigh_parked(client, pid, n, argv[4], argv[5]);
        hf_disconnect(&client);
        return 0;
    }
    weigh_referents(client, pid, n);
    weigh_parked(client, pid, n, "Queue", "get");
    hf_disconnect(&client);
    weigh_sessions(argv[1], pid, n);
    return 0;
}
