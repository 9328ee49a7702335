/* SPDX-License-Identifier: MPL-2.0 */
/* echo_server ENDPOINT free|shared -- a ROUTER that sends back what it gets: poll, then drain. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

enum { DRAIN = 64 };

/* The manager's own placement: this thread and libzmq's on one CPU, both SCHED_BATCH. */
static void
share_one_cpu(void *context)
{
    cpu_set_t mask;
    if (sched_getaffinity(0, sizeof mask, &mask) != 0 || CPU_COUNT(&mask) < 2)
        return;
    size_t cpu = 0;
    for (size_t i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, &mask))
            cpu = i;
    }
    CPU_ZERO(&mask);
    CPU_SET(cpu, &mask);
    struct sched_param none = {0};
    (void)sched_setaffinity(0, sizeof mask, &mask);
    (void)sched_setscheduler(0, SCHED_BATCH, &none);
    (void)zmq_ctx_set(context, ZMQ_THREAD_AFFINITY_CPU_ADD, (int)cpu);
    (void)zmq_ctx_set(context, ZMQ_THREAD_SCHED_POLICY, SCHED_BATCH);
    (void)zmq_ctx_set(context, ZMQ_THREAD_PRIORITY, 0);
}

static void
echo_all(void *router)
{
    zmq_msg_t id, body;
    (void)zmq_msg_init(&id);
    (void)zmq_msg_init(&body);
    for (int i = 0; i < DRAIN && zmq_msg_recv(&id, router, ZMQ_DONTWAIT) >= 0; i++) {
        if (zmq_msg_recv(&body, router, 0) < 0 || zmq_msg_send(&id, router, ZMQ_SNDMORE) < 0 ||
            zmq_msg_send(&body, router, 0) < 0)
            break;
    }
    (void)zmq_msg_close(&id);
    (void)zmq_msg_close(&body);
}

int
main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: bench.echo_server ENDPOINT free|shared\n");
        return 2;
    }
    void *context = zmq_ctx_new();
    if (strcmp(argv[2], "shared") == 0)
        share_one_cpu(context);
    void *router = zmq_socket(context, ZMQ_ROUTER);
    int zero = 0;
    (void)zmq_setsockopt(router, ZMQ_RCVHWM, &zero, sizeof zero);
    (void)zmq_setsockopt(router, ZMQ_SNDHWM, &zero, sizeof zero);
    if (zmq_bind(router, argv[1]) != 0) {
        (void)fprintf(stderr, "bench.echo_server: %s: %s\n", argv[1], zmq_strerror(zmq_errno()));
        return 1;
    }
    (void)printf("ready\n");
    (void)fflush(stdout);
    for (;;) {
        zmq_pollitem_t item = {.socket = router, .events = ZMQ_POLLIN};
        if (zmq_poll(&item, 1, -1) < 0)
            return 1;
        echo_all(router);
    }
}
