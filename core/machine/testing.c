/* SPDX-License-Identifier: MPL-2.0 */
/* testing -- see holdfast/testing.h
 *
 * The clients here are as plain as the protocol allows: frames arrive at once and none is lost. Two machines get the
 * same bytes; the second is only there to be compared with.
 */
#include <holdfast/testing.h>

#include <stdarg.h>
#include <stdlib.h>

#include <base/check.h>
#include <base/idtable.h>
#include <stream/frame.h>
#include <stream/message.h>
#include <value/json.h>
#include <value/picture.h>
#include <value/repr.h>
#include <value/value.h>
#include <value/writer.h>

#include "account.h"
#include "machine.h"
#include "rehearse.h"

enum {
    TESTING_FRAME = 8 << 20, /* what one frame may be, by default */
    TESTING_MACHINES = 2,
    TESTING_PLUGINS = 64,
    TESTING_DEPTH = 512,
};

#define TESTING_STEP_NS INT64_C(100000000)

typedef struct testing_text {
    struct testing_text *next;
    char text[];
} testing_text_t;

typedef struct testing_answer {
    uint64_t call;
    const char *text;
    const char *json;
    hf_value_t value; /* kept: the result, or the error's data */
    bool is_result;
} testing_answer_t;

struct hf_testing_session {
    hf_testing_t *testing;
    hf_testing_session_t *next;
    uint64_t link;
    uint64_t number;   /* the manager's own for it */
    uint64_t sent;     /* number of the last message to the manager */
    uint64_t received; /* … from it */
    uint64_t told;     /* the last acknowledgement sent */
    uint64_t last_call;
    uint64_t thread;
    double timeout;
    bool is_oneway;
    bool is_open;
    bool is_acknowledging;
    hfi_idtable_t answers; /* testing_answer_t */
};

struct hf_testing {
    hfi_machine_t *machines[TESTING_MACHINES];
    const hf_plugin_t *plugins[TESTING_PLUGINS];
    uint32_t n_plugins;
    int64_t now_ns;
    uint64_t links;
    hf_testing_session_t *sessions;
    testing_text_t *texts;
    hfi_bytes_t log;
    hfi_bytes_t bytes;
    bool is_late;
    hfi_bytes_t jobs; /* numbers of those that wait, uint64_t each */
    uint8_t *frames[TESTING_MACHINES];
};

/* ---- texts ------------------------------------------------------------------------------- */

static const char *
testing_keep_text(hf_testing_t *self, const void *at, size_t len)
{
    testing_text_t *text = hfi_need(sizeof *text + len + 1);
    if (len != 0)
        memcpy(text->text, at, len);
    text->next = self->texts;
    self->texts = text;
    return text->text;
}

static const char *
testing_repr(hf_testing_t *self, const hf_value_t *value)
{
    hfi_bytes_t out = {0};
    if (!hfi_repr(value, &out))
        HF_BUG("no memory");
    const char *text = testing_keep_text(self, out.at, out.len);
    hfi_bytes_close(&out);
    return text;
}

/* ---- two machines ------------------------------------------------------------------------ */

static void
testing_differ(const char *what)
{
    (void)fprintf(stderr,
                  "holdfast testing: two runs of the same events differ in %s: the type depends on "
                  "an address, a "
                  "global or chance of its own\n",
                  what);
    abort();
}

static void
testing_apply(hf_testing_t *self, const hfi_event_t *event)
{
    for (int i = 0; i < TESTING_MACHINES; i++)
        hfi_machine_apply(self->machines[i], event);
}

static bool
testing_take_output(hf_testing_t *self, hfi_output_t *ret_output)
{
    hfi_output_t other;
    bool is_one = hfi_machine_take_output(self->machines[0], ret_output);
    bool is_other = hfi_machine_take_output(self->machines[1], &other);
    if (is_one != is_other || (is_one && !hfi_output_equal(ret_output, &other)))
        testing_differ("an output");
    return is_one;
}

static size_t
testing_fill(hf_testing_t *self, hf_testing_session_t *session, uint64_t *ret_last)
{
    uint64_t last;
    size_t len[TESTING_MACHINES];
    for (int i = 0; i < TESTING_MACHINES; i++)
        len[i] = hfi_machine_fill(self->machines[i], session->number, session->received,
                                  self->frames[i], TESTING_FRAME, i == 0 ? ret_last : &last);
    if (len[0] != len[1] ||
        (len[0] <= TESTING_FRAME && memcmp(self->frames[0], self->frames[1], len[0]) != 0))
        testing_differ("an answer");
    HF_ASSERT(len[0] <= TESTING_FRAME);
    return len[0];
}

static void
testing_send(hf_testing_session_t *session, hfi_span_t frame)
{
    testing_apply(session->testing,
                  &(hfi_event_t){.kind = HFI_EVENT_FRAME, .link = session->link, .bytes = frame});
}

/* ---- what comes back --------------------------------------------------------------------- */

static hf_testing_session_t *
testing_by_link(hf_testing_t *self, uint64_t link)
{
    hf_testing_session_t *session = self->sessions;
    while (session != NULL && session->link != link)
        session = session->next;
    return session;
}

static void
testing_note(hf_testing_session_t *session, const hfi_message_t *message)
{
    hf_testing_t *self = session->testing;
    testing_answer_t *answer = hfi_idtable_add(&session->answers, message->call);
    HF_ASSERT(answer != NULL);
    if (!hfi_value_keep(&message->value, &answer->value))
        HF_BUG("no memory");
    answer->is_result = message->kind == HFI_MESSAGE_RESULT;
    if (answer->is_result) {
        answer->text = testing_repr(self, &answer->value);
        return;
    }
    hfi_bytes_t line = {0};
    if (!hfi_bytes_append(&line, message->error_kind.at, message->error_kind.len) ||
        !hfi_bytes_append(&line, ": ", 2) ||
        !hfi_bytes_append(&line, message->text.at, message->text.len))
        HF_BUG("no memory");
    answer->text = testing_keep_text(self, line.at, line.len);
    hfi_bytes_close(&line);
}

static void
testing_read(hf_testing_session_t *session, hfi_span_t bytes)
{
    hfi_frame_t frame;
    hfi_messages_t messages;
    hfi_message_t message;
    hfi_bytes_t scratch = {0};
    bool is_end = false;
    hfi_reject_t bad = hfi_frame_read(bytes, TESTING_DEPTH, &scratch, &frame);
    HF_ASSERT(bad == HFI_REJECT_NONE && frame.kind == HFI_FRAME_DATA &&
              frame.seq == session->received + 1);
    if (!hfi_messages_open(&messages, frame.messages, TESTING_DEPTH, true, &scratch))
        HF_BUG("no memory");
    for (;;) {
        hfi_reject_t wrong = hfi_messages_next(&messages, &message, &is_end);
        HF_ASSERT(wrong == HFI_REJECT_NONE && (is_end || message.bad_request == NULL));
        if (is_end)
            break;
        session->received++;
        testing_note(session, &message);
    }
    hfi_bytes_close(&scratch);
}

static void
testing_acknowledge(hf_testing_session_t *session)
{
    uint8_t raw[HFI_FRAME_HEADER_MAX];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    if (!session->is_acknowledging || session->told == session->received || !session->is_open)
        return;
    session->told = session->received;
    hfi_frame_write_data(&w, session->sent + 1, session->told);
    testing_send(session, (hfi_span_t){raw, w.len});
}

static void
testing_fetch(hf_testing_t *self, const hfi_output_t *output)
{
    uint64_t last;
    hf_testing_session_t *session = testing_by_link(self, output->link);
    if (session == NULL)
        return;
    session->number = output->session;
    for (size_t len = testing_fill(self, session, &last); len != 0;
         len = testing_fill(self, session, &last))
        testing_read(session, (hfi_span_t){self->frames[0], len});
    testing_acknowledge(session);
}

static void
testing_pong(hf_testing_session_t *session)
{
    uint8_t raw[HFI_FRAME_HEADER_MAX];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    hfi_frame_write_pong(&w, session->told, session->sent);
    testing_send(session, (hfi_span_t){raw, w.len});
}

static void
testing_control(hf_testing_t *self, const hfi_output_t *output)
{
    hfi_frame_t frame;
    hfi_bytes_t scratch = {0};
    hf_testing_session_t *session = testing_by_link(self, output->link);
    hfi_reject_t wrong = hfi_frame_read(output->bytes, TESTING_DEPTH, &scratch, &frame);
    HF_ASSERT(wrong == HFI_REJECT_NONE);
    hfi_bytes_close(&scratch);
    if (session == NULL)
        return;
    if (frame.kind == HFI_FRAME_WELCOME)
        session->is_open = true;
    else if (frame.kind == HFI_FRAME_REJECT)
        session->is_open = false;
    else if (frame.kind == HFI_FRAME_PING)
        testing_pong(session);
}

static void
testing_note_log(hf_testing_t *self, const hfi_output_t *output)
{
    if (!hfi_bytes_append(&self->log, output->text.at, output->text.len) ||
        !hfi_bytes_append(&self->log, ": ", 2) ||
        !hfi_bytes_append(&self->log, output->bytes.at, output->bytes.len) ||
        !hfi_bytes_append(&self->log, "\n", 2))
        HF_BUG("no memory");
    self->log.len--; /* the NUL is written over by the next line */
}

/* ---- offloaded calls --------------------------------------------------------------------- */

static void
testing_run_job(hf_testing_t *self, uint64_t job)
{
    hfi_bytes_t value;
    int32_t status;
    if (!hfi_rehearse(self->machines, TESTING_MACHINES, job, &status, &value))
        testing_differ("what a `work` answers");
    testing_apply(self, &(hfi_event_t){.kind = HFI_EVENT_JOB_DONE,
                                       .link = job,
                                       .status = status,
                                       .bytes = hfi_bytes_span(&value)});
    hfi_bytes_close(&value);
}

static void
testing_job(hf_testing_t *self, const hfi_output_t *output)
{
    static const uint8_t empty_map = 0x80;
    uint64_t number = output->number;
    if (!hfi_span_equal(output->text, hfi_span_of("offload")))
        testing_apply(
            self,
            &(hfi_event_t){.kind = HFI_EVENT_JOB_DONE, .link = number, .bytes = {&empty_map, 1}});
    else if (!self->is_late)
        testing_run_job(self, number);
    else if (!hfi_bytes_append(&self->jobs, &number, sizeof number))
        HF_BUG("no memory");
}

/* What the machines have to say, until they have nothing more to say. */
static void
testing_pump(hf_testing_t *self)
{
    hfi_output_t output;
    while (testing_take_output(self, &output)) {
        switch (output.kind) {
        case HFI_OUTPUT_SEND:
        case HFI_OUTPUT_REWIND:
            testing_fetch(self, &output);
            break;
        case HFI_OUTPUT_CONTROL:
            testing_control(self, &output);
            break;
        case HFI_OUTPUT_JOB:
            testing_job(self, &output);
            break;
        case HFI_OUTPUT_LOG:
            testing_note_log(self, &output);
            break;
        case HFI_OUTPUT_WATCH:
        case HFI_OUTPUT_KICK:
        case HFI_OUTPUT_STOPPED:
        case HFI_OUTPUT_FAR_OPEN: /* a plugin's tests have one manager */
        case HFI_OUTPUT_FAR_SEND:
        case HFI_OUTPUT_FAR_CLOSE:
            break;
        }
    }
}

/* Work that was left over, until there is none. */
static void
testing_run(hf_testing_t *self)
{
    testing_pump(self);
    while (hfi_machine_due_ns(self->machines[0]) <= self->now_ns) {
        testing_apply(self, &(hfi_event_t){.kind = HFI_EVENT_TICK, .now_ns = self->now_ns});
        testing_pump(self);
    }
}

/* ---- the manager ------------------------------------------------------------------------- */

/* An image's hash is its place here. */
static const hf_plugin_t *
testing_find_image(void *context, hfi_span_t hash)
{
    const hf_testing_t *self = context;
    return hash.len == 1 && hash.at[0] < self->n_plugins ? self->plugins[hash.at[0]] : NULL;
}

static void
testing_boot(hf_testing_t *self, const hf_value_t *settings)
{
    uint8_t entropy[32];
    for (size_t i = 0; i < sizeof entropy; i++)
        entropy[i] = (uint8_t)(i * 37 + 11);
    testing_apply(self, &(hfi_event_t){.kind = HFI_EVENT_BOOT,
                                       .bytes = {hf_bytes_of(settings), hf_len_of(settings)}});
    testing_apply(self,
                  &(hfi_event_t){.kind = HFI_EVENT_ENTROPY, .bytes = {entropy, sizeof entropy}});
    testing_run(self);
}

hf_testing_t *
hf_testing_boot(const hf_plugin_t *plugin, const char *settings)
{
    hf_value_t map = {.raw = {0}};
    hfi_failure_t failure;
    if (!hfi_json_read(hfi_span_of(settings), &map, &failure)) {
        (void)fprintf(stderr, "%s: %s\n", settings, failure.text);
        return NULL;
    }
    hf_testing_t *self = hfi_need(sizeof *self);
    hfi_machine_world_t world = {
        .find_image = testing_find_image, .context = self, .is_strict = true};
    for (int i = 0; i < TESTING_MACHINES; i++) {
        self->machines[i] = hfi_machine_new(&world);
        self->frames[i] = hfi_need(TESTING_FRAME);
        if (self->machines[i] == NULL)
            HF_BUG("no memory");
    }
    testing_boot(self, &map);
    hfi_value_drop(&map);
    if (plugin != NULL && !hf_testing_add(self, plugin)) {
        (void)fprintf(stderr, "%s", hf_testing_log(self));
        hf_testing_destroy(&self);
    }
    return self;
}

hf_testing_t *
hf_testing_new(const hf_plugin_t *plugin)
{
    return hf_testing_boot(plugin, "{}");
}

bool
hf_testing_add(hf_testing_t *self, const hf_plugin_t *plugin)
{
    HF_ASSERT(self->n_plugins < TESTING_PLUGINS);
    size_t said = self->log.len;
    uint8_t hash = (uint8_t)self->n_plugins;
    self->plugins[self->n_plugins++] = plugin;
    testing_apply(self, &(hfi_event_t){.kind = HFI_EVENT_IMAGE, .bytes = {&hash, 1}});
    testing_run(self);
    return self->log.len == said;
}

static void
testing_free_session(hf_testing_session_t *session)
{
    for (testing_answer_t *answer = hfi_idtable_next(&session->answers, NULL); answer != NULL;
         answer = hfi_idtable_next(&session->answers, answer))
        hfi_value_drop(&answer->value);
    hfi_idtable_close(&session->answers);
    free(session);
}

void
hf_testing_destroy(hf_testing_t **self_p)
{
    hf_testing_t *self = *self_p;
    if (self == NULL)
        return;
    for (int i = 0; i < TESTING_MACHINES; i++) {
        hfi_machine_destroy(&self->machines[i]);
        free(self->frames[i]);
    }
    while (self->sessions != NULL) {
        hf_testing_session_t *session = self->sessions;
        self->sessions = session->next;
        testing_free_session(session);
    }
    while (self->texts != NULL) {
        testing_text_t *text = self->texts;
        self->texts = text->next;
        free(text);
    }
    hfi_bytes_close(&self->log);
    hfi_bytes_close(&self->bytes);
    hfi_bytes_close(&self->jobs);
    free(self);
    *self_p = NULL;
}

void
hf_testing_set_late(hf_testing_t *self, bool is_late)
{
    self->is_late = is_late;
}

uint32_t
hf_testing_run_jobs(hf_testing_t *self, uint32_t n)
{
    uint32_t run = 0;
    for (; run < n && self->jobs.len != 0; run++) {
        uint64_t job;
        memcpy(&job, self->jobs.at, sizeof job);
        self->jobs.len -= sizeof job;
        memmove(self->jobs.at, self->jobs.at + sizeof job, self->jobs.len);
        testing_run_job(self, job);
        testing_run(self);
    }
    return run;
}

uint64_t
hf_testing_referents(const hf_testing_t *self)
{
    return hfi_machine_figures(self->machines[0])->referents;
}

uint64_t
hf_testing_parked(const hf_testing_t *self)
{
    return hfi_machine_figures(self->machines[0])->parked;
}

uint64_t
hf_testing_memory(const hf_testing_t *self)
{
    return hfi_machine_figures(self->machines[0])->memory_bytes;
}

const char *
hf_testing_log(const hf_testing_t *self)
{
    return self->log.len == 0 ? "" : (const char *)self->log.at;
}

/* Every lease/3 each client says that it is there. */
static void
testing_stay_in_touch(hf_testing_t *self)
{
    for (hf_testing_session_t *session = self->sessions; session != NULL; session = session->next) {
        if (session->is_open)
            testing_pong(session);
    }
}

void
hf_testing_pass(hf_testing_t *self, double seconds)
{
    int64_t until = self->now_ns + (int64_t)(seconds * 1e9);
    do {
        int64_t due = hfi_machine_due_ns(self->machines[0]);
        int64_t next =
            self->now_ns + TESTING_STEP_NS < until ? self->now_ns + TESTING_STEP_NS : until;
        self->now_ns = due > self->now_ns && due < next ? due : next;
        testing_stay_in_touch(self);
        testing_apply(self, &(hfi_event_t){.kind = HFI_EVENT_TICK, .now_ns = self->now_ns});
        testing_run(self);
    } while (self->now_ns < until);
}

/* ---- sessions ---------------------------------------------------------------------------- */

hf_testing_session_t *
hf_testing_open(hf_testing_t *self)
{
    hf_testing_session_t *session = hfi_need(sizeof *session);
    session->testing = self;
    session->next = self->sessions;
    session->link = ++self->links;
    session->timeout = HF_FOREVER;
    session->is_acknowledging = true;
    hfi_idtable_open(&session->answers, sizeof(testing_answer_t));
    self->sessions = session;
    testing_apply(self, &(hfi_event_t){
                            .kind = HFI_EVENT_LINK_UP, .link = session->link, .peer = {.uid = -1}});
    hfi_hello_t hello = {.attempt = 1, .client = hfi_span_of("testing")};
    hello.session.bytes[0] = (uint8_t)(session->link & 0xff);
    hello.session.bytes[1] = (uint8_t)(session->link >> 8 & 0xff);
    hfi_bytes_writer_t writer;
    self->bytes.len = 0;
    hfi_bytes_writer_open(&writer, &self->bytes);
    hfi_frame_write_hello(&writer.w, &hello);
    if (!hfi_bytes_writer_close(&writer))
        HF_BUG("no memory");
    testing_send(session, hfi_bytes_span(&self->bytes));
    testing_run(self);
    HF_ASSERT(session->is_open);
    return session;
}

void
hf_testing_bye(hf_testing_session_t *session)
{
    uint8_t raw[HFI_FRAME_HEADER_MAX];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    hfi_frame_write_bye(&w, session->told);
    testing_send(session, (hfi_span_t){raw, w.len});
    session->is_open = false;
    testing_run(session->testing);
}

void
hf_testing_die(hf_testing_session_t *session)
{
    session->is_open = false;
    testing_apply(
        session->testing,
        &(hfi_event_t){.kind = HFI_EVENT_LINK_DOWN, .link = session->link, .is_certain = true});
    testing_run(session->testing);
}

bool
hf_testing_is_open(const hf_testing_session_t *session)
{
    return session->is_open;
}

uint64_t
hf_testing_number(const hf_testing_session_t *session)
{
    return session->number;
}

uint64_t
hf_testing_last(const hf_testing_session_t *session)
{
    return session->last_call;
}

void
hf_testing_set_thread(hf_testing_session_t *session, uint64_t thread)
{
    session->thread = thread;
}

void
hf_testing_set_timeout(hf_testing_session_t *session, double seconds)
{
    session->timeout = seconds;
}

void
hf_testing_set_oneway(hf_testing_session_t *session, bool is_oneway)
{
    session->is_oneway = is_oneway;
}

void
hf_testing_set_acknowledging(hf_testing_session_t *session, bool is_acknowledging)
{
    session->is_acknowledging = is_acknowledging;
    testing_acknowledge(session);
    testing_run(session->testing);
}

/* ---- calls ------------------------------------------------------------------------------- */

/* A DATA frame's head with the session's next number, in testing->bytes. */
static hf_writer_t *
testing_begin(hf_testing_session_t *session, hfi_bytes_writer_t *writer)
{
    session->testing->bytes.len = 0;
    hfi_bytes_writer_open(writer, &session->testing->bytes);
    hfi_frame_write_data(&writer->w, ++session->sent, session->told);
    return &writer->w;
}

static void
testing_end(hf_testing_session_t *session, hfi_bytes_writer_t *writer)
{
    if (!hfi_bytes_writer_close(writer))
        HF_BUG("no memory");
    testing_send(session, hfi_bytes_span(&session->testing->bytes));
    testing_run(session->testing);
}

/* `typeid_` not NULL: it goes before the picture's own arguments. */
static const char *
testing_call(hf_testing_session_t *session, uint64_t object, const char *method,
             const char *typeid_, const char *picture, va_list *args)
{
    hfi_picture_t shape;
    hfi_failure_t failure;
    hfi_bytes_writer_t writer;
    if (!session->is_open)
        return "";
    hf_writer_t *w = testing_begin(session, &writer);
    session->last_call = session->sent;
    bool is_sound = hfi_picture_open(&shape, picture == NULL ? "" : picture, &failure);
    hfi_message_write_call(w, 6, object, false, hfi_span_of(method));
    hfi_bytes_t list = {0};
    hfi_bytes_writer_t inner;
    hfi_bytes_writer_open(&inner, &list);
    is_sound = is_sound && hfi_picture_write_args(&shape, args, NULL, &inner.w, &failure) &&
               hfi_bytes_writer_close(&inner);
    hf_head_t head = {.size = 0};
    if (is_sound)
        hf_read_head(list.at, &head);
    hf_write_list(w, shape.n_args + (typeid_ != NULL));
    if (typeid_ != NULL)
        hf_write_str(w, typeid_, strlen(typeid_));
    hfi_write_raw(w, list.at + head.size, list.len - head.size);
    hfi_bytes_close(&list);
    is_sound = is_sound && hfi_picture_write_kwargs(&shape, args, NULL, w, &failure);
    if (!is_sound) {
        (void)fprintf(stderr, "holdfast testing: %s: %s\n", failure.kind, failure.text);
        abort();
    }
    int64_t timeout_ns = session->timeout < 0.0 ? INT64_MAX : (int64_t)(session->timeout * 1e9);
    hfi_message_write_options(w, timeout_ns, session->thread, session->is_oneway);
    testing_end(session, &writer);
    return session->is_oneway ? "" : hf_testing_answer(session, session->last_call);
}

const char *
hf_testing_call(hf_testing_session_t *session, uint64_t object, const char *method,
                const char *picture, ...)
{
    va_list args;
    va_start(args, picture);
    const char *text = testing_call(session, object, method, NULL, picture, &args);
    va_end(args);
    return text;
}

uint64_t
hf_testing_create(hf_testing_session_t *session, const char *typeid_, const char *picture, ...)
{
    va_list args;
    va_start(args, picture);
    (void)testing_call(session, 0, "create", typeid_, picture, &args);
    va_end(args);
    return hf_testing_object(session, session->last_call);
}

static testing_answer_t *
testing_find(hf_testing_session_t *session, uint64_t call)
{
    return hfi_idtable_find(&session->answers, call);
}

const char *
hf_testing_answer(hf_testing_session_t *session, uint64_t call)
{
    const testing_answer_t *answer = testing_find(session, call);
    return answer == NULL ? "parked" : answer->text;
}

const hf_value_t *
hf_testing_value(hf_testing_session_t *session, uint64_t call)
{
    const testing_answer_t *answer = testing_find(session, call);
    return answer == NULL || !answer->is_result ? NULL : &answer->value;
}

const hf_value_t *
hf_testing_data(hf_testing_session_t *session, uint64_t call)
{
    const testing_answer_t *answer = testing_find(session, call);
    bool has_data = answer != NULL && !answer->is_result && hf_kind(&answer->value) != HF_NONE;
    return has_data ? &answer->value : NULL;
}

const char *
hf_testing_json(hf_testing_session_t *session, uint64_t call)
{
    testing_answer_t *answer = testing_find(session, call);
    if (answer == NULL || !answer->is_result)
        return NULL;
    if (answer->json == NULL) {
        hfi_bytes_t out = {0};
        if (!hfi_json_write(&answer->value, &out))
            HF_BUG("no memory");
        answer->json = testing_keep_text(session->testing, out.at, out.len);
        hfi_bytes_close(&out);
    }
    return answer->json;
}

uint64_t
hf_testing_object(hf_testing_session_t *session, uint64_t call)
{
    const hf_value_t *value = hf_testing_value(session, call);
    return value == NULL ? 0 : hf_as_handle(value);
}

/* Any handle or promise of ours fits in a value without a blob. */
static hf_value_t
testing_small(void (*write)(hf_writer_t *w, uint64_t number), uint64_t number)
{
    uint8_t raw[32];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    write(&w, number);
    HF_ASSERT(!w.failed && w.len <= HF_TAG_LEN);
    return hfi_value_view((hfi_span_t){raw, w.len}, w.tag);
}

static void
testing_write_handle(hf_writer_t *w, uint64_t object)
{
    hf_write_handle(w, object, NULL, 0);
}

hf_value_t
hf_testing_handle(uint64_t object)
{
    return testing_small(testing_write_handle, object);
}

hf_value_t
hf_testing_promise(uint64_t call)
{
    return testing_small(hf_write_promise, call);
}

void
hf_testing_cancel(hf_testing_session_t *session, uint64_t call)
{
    hfi_bytes_writer_t writer;
    hfi_message_write_cancel(testing_begin(session, &writer), call);
    testing_end(session, &writer);
}

void
hf_testing_release(hf_testing_session_t *session, uint64_t object)
{
    hfi_bytes_writer_t writer;
    hf_writer_t *w = testing_begin(session, &writer);
    hfi_message_write_release(w, 1);
    hf_write_uint(w, object);
    hf_write_uint(w, 1);
    testing_end(session, &writer);
}
