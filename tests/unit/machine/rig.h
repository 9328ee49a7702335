/* SPDX-License-Identifier: MPL-2.0 */
/* rig -- a machine and clients that say exactly what a test wants them to say; what comes back is told as text.
 *
 * Answers, one a line:   "3: [1, 2]"   "4! KeyError: 'x'"
 * Frames of the manager's that are not numbered, one a line:   "WELCOME new received=0"   "REJECT bad_frame"
 * "PING ack=1 sent=2"   "PONG ack=1 sent=2 count=1"   "RESYNC 3"   "ACK seq=1 ack=5"
 * What the shell is asked for:   "REWIND after=3"   "WATCH 77"   "KICK"
 */
#ifndef RIG_H
#define RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <machine/machine.h>
#include <stream/frame.h>
#include <stream/message.h>
#include <value/writer.h>

enum { RIG_LINKS = 16, RIG_TEXT = 1 << 16 };

typedef struct rig {
    hfi_machine_t *machine;
    const hf_plugin_t *plugin;
    int64_t now_ns;
    char control[RIG_LINKS][RIG_TEXT / 8]; /* of each link, since it was looked at */
    char log[RIG_TEXT];
    char text[RIG_TEXT];         /* what the last function gave */
    uint64_t numbers[RIG_LINKS]; /* of the session on a link, as SEND or REWIND told it */
    bool is_sent[RIG_LINKS];
    uint64_t job; /* the last one asked for */
    bool is_stopped;
    bool is_job_held; /* jobs are not answered */
    hfi_bytes_t scratch;
    hf_value_t last; /* kept: of the last RESULT that was told */
    /* Hears of each output first; true: it is taken. NULL: nobody does. */
    bool (*on_output)(void *context, struct rig *self, const hfi_output_t *output);
    void *context;
} rig_t;

typedef struct rig_client {
    rig_t *rig;
    uint64_t link;
    hfi_secret_t secret;
    uint64_t attempt;
    uint64_t sent;
    uint64_t received;
    uint64_t acked;    /* what its frames say */
    hfi_bytes_t frame; /* being built */
} rig_client_t;

/* `settings` is JSON, NULL: none. In all JSON that is given to a rig ' may stand for ". */
rig_t *rig_new(const hf_plugin_t *plugin, const char *settings);
/* The same, and the probe hears of each run. */
rig_t *rig_new_probed(const hf_plugin_t *plugin, const char *settings, hfi_probe_t probe);
void rig_destroy(rig_t **self_p);

void rig_apply(rig_t *self, const hfi_event_t *event);
void rig_policy(rig_t *self,
                const char *policy);        /* JSON, put in force; the log is emptied before */
void rig_pass(rig_t *self, double seconds); /* in steps of 10 ms */
void rig_up(rig_t *self, uint64_t link);
void rig_down(rig_t *self, uint64_t link, bool is_certain);
void rig_frame(rig_t *self, uint64_t link, const void *at, size_t len);
void rig_hello(rig_t *self, uint64_t link, const hfi_hello_t *hello);
/* What was said on that link since; "" nothing. */
const char *rig_said(rig_t *self, uint64_t link);

/* A new client on a link of its own: LINK_UP, HELLO, WELCOME. `link` names its secret too. */
void rig_connect(rig_t *self, rig_client_t *client, uint64_t link);
/* The same session on another link; says what was told there. */
const char *rig_resume(rig_client_t *client, uint64_t link);
void rig_close(rig_client_t *client); /* frees what the client has; says nothing to the manager */

/* One message more in the frame being built. args and options are JSON; NULL: left out. Gives its number. */
uint64_t rig_put_call(rig_client_t *client, uint64_t target, const char *method, const char *args,
                      const char *options);
uint64_t rig_put_promised(rig_client_t *client, uint64_t call, const char *method,
                          const char *args);
uint64_t rig_put_cancel(rig_client_t *client, uint64_t call);
uint64_t rig_put_release(rig_client_t *client, uint64_t object, uint64_t count);
void rig_send(rig_client_t *client);

/* put and send at once; what came back. */
const char *rig_call(rig_client_t *client, uint64_t target, const char *method, const char *args);
/* What came back since; acknowledged by the client's next frame. */
const char *rig_answers(rig_client_t *client);
/* An acknowledgement of all that was read. */
void rig_acknowledge(rig_client_t *client);
void rig_bye(rig_client_t *client);

/* A machine and a client of it, on link 1. */
typedef struct rig_alone {
    rig_t *rig;
    rig_client_t a;
} rig_alone_t;

rig_alone_t rig_alone_open(const hf_plugin_t *plugin, const char *settings);
void rig_alone_close(rig_alone_t *self);

/* A machine and two clients of it. */
typedef struct rig_pair {
    rig_t *rig;
    rig_client_t a;
    rig_client_t b;
} rig_pair_t;

/* a has called create with `first`, JSON, and holds what it made: #1. */
rig_pair_t rig_pair_open(const hf_plugin_t *plugin, const char *settings, const char *first);
void rig_pair_close(rig_pair_t *self);

/* What the machine has just now. */
uint64_t rig_referents(const rig_t *self);
uint64_t rig_parked(const rig_t *self);

#endif
