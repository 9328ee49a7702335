/* SPDX-License-Identifier: MPL-2.0 */
/* alone -- the machine with nothing around it: one session on one link, frames in, frames out, no socket. */
#ifndef BENCH_ALONE_H
#define BENCH_ALONE_H

#include <base/span.h>
#include <machine/machine.h>

struct alone {
    hfi_machine_t *machine;
    hfi_bytes_t frame;  /* the next one in */
    hfi_bytes_t answer; /* room for one out */
    uint64_t sent;      /* number of the client's last message */
    uint64_t received;  /* number of the manager's last message */
    int64_t now_ns;
    uint64_t bytes_out;
};

/* A machine with the Counter plugin and a session that has said HELLO. Ends the process where it cannot. */
void alone_open(struct alone *self);
void alone_close(struct alone *self);

/* Puts `n` messages, all in `messages`, into one frame, runs it and takes every answer. */
void alone_run(struct alone *self, hfi_span_t messages, uint32_t n);

/* Appends a call of Counter's `add`, or of the manager's `create`, to `messages`. */
void alone_add_call(hfi_bytes_t *messages, uint64_t object);
void alone_create_call(hfi_bytes_t *messages);

#endif
