/* SPDX-License-Identifier: MPL-2.0 */
/* far -- two managers: what is handed from one to the other, how it is held there, and what its loss looks like.
 *
 * A has Cells; B is given handles of them. The frames between them go by a queue, so that a test can hold them up.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <stream/token.h>
#include <value/json.h>
#include <value/value.h>

#include "rig.h"
#include "trial.h"

enum { TEXT = 2048, FAR_LINK = 1000, QUEUE = 256, FRAME = 1 << 16 };

#define A_SPACE "AAECAwQFBgcICQoLDA0ODw=="
#define B_SPACE "EBESExQVFhcYGRobHB0eHw=="
#define A_NAME  "000102030405060708090a0b0c0d0e0f"

typedef struct queued {
    bool is_to_a;
    hfi_event_t event;
    uint8_t *bytes;
} queued_t;

typedef struct bench {
    rig_t *a;
    rig_t *b;
    rig_client_t ann; /* at A */
    rig_client_t bob; /* at B */
    rig_client_t bea; /* at B as well */
    queued_t queue[QUEUE];
    size_t n;
    uint64_t link;    /* B's connection, 0: none */
    uint64_t session; /* A's number of B's session */
    uint64_t sent;    /* of its messages */
    char opened[TEXT];
    char args[TEXT];
    bool is_deaf; /* B's connections never stand */
    bool is_held; /* the queue is not emptied */
} bench_t;

/* ---- between the two --------------------------------------------------------------------- */

static void
queue(bench_t *t, bool is_to_a, hfi_event_kind_t kind, uint64_t link, hfi_span_t bytes)
{
    assert_true(t->n < QUEUE);
    queued_t *item = &t->queue[t->n++];
    *item = (queued_t){.is_to_a = is_to_a, .event = {.kind = kind, .link = link}};
    item->bytes = malloc(bytes.len + 1);
    assert_non_null(item->bytes);
    memcpy(item->bytes, bytes.len == 0 ? (const uint8_t *)"" : bytes.at, bytes.len);
    item->event.bytes = (hfi_span_t){item->bytes, bytes.len};
    item->event.peer.uid = -1;
}

#define NOTHING ((hfi_span_t){NULL, 0})

static bool
from_b(void *context, rig_t *rig, const hfi_output_t *output)
{
    (void)rig;
    bench_t *t = context;
    size_t used = strlen(t->opened);
    if (output->kind == HFI_OUTPUT_FAR_OPEN) {
        (void)snprintf(t->opened + used, sizeof t->opened - used, "%.*s\n", (int)output->text.len,
                       (const char *)output->text.at);
        assert_true(t->link == 0);
        t->link = output->link;
        bool is_a = hfi_span_equal(output->text, hfi_span_of("ipc://a"));
        if (is_a && !t->is_deaf) {
            queue(t, true, HFI_EVENT_LINK_UP, FAR_LINK + output->link, NOTHING);
            queue(t, false, HFI_EVENT_FAR_UP, output->link, NOTHING);
        }
        return true;
    }
    if (output->kind == HFI_OUTPUT_FAR_SEND) {
        assert_true(output->link == t->link);
        if (!t->is_deaf)
            queue(t, true, HFI_EVENT_FRAME, FAR_LINK + output->link, output->bytes);
        return true;
    }
    if (output->kind == HFI_OUTPUT_FAR_CLOSE) {
        assert_true(output->link == t->link);
        t->link = 0;
        (void)snprintf(t->opened + used, sizeof t->opened - used, "close\n");
        queue(t, true, HFI_EVENT_LINK_DOWN, FAR_LINK + output->link, NOTHING);
        return true;
    }
    return false;
}

/* A's messages for B's session, as far as they are not sent. */
static void
fill(bench_t *t)
{
    static uint8_t frame[FRAME];
    uint64_t last = t->sent;
    size_t len = t->session == 0 ? 0
                                 : hfi_machine_fill(t->a->machine, t->session, t->sent, frame,
                                                    sizeof frame, &last);
    if (len == 0)
        return;
    assert_true(len <= sizeof frame);
    t->sent = last;
    queue(t, false, HFI_EVENT_FAR_FRAME, t->link, (hfi_span_t){frame, len});
}

static bool
from_a(void *context, rig_t *rig, const hfi_output_t *output)
{
    (void)rig;
    bench_t *t = context;
    if (output->link < FAR_LINK || output->kind == HFI_OUTPUT_LOG)
        return false;
    if (output->kind == HFI_OUTPUT_CONTROL) {
        fill(t);
        queue(t, false, HFI_EVENT_FAR_FRAME, output->link - FAR_LINK, output->bytes);
    } else if (output->kind == HFI_OUTPUT_SEND || output->kind == HFI_OUTPUT_REWIND) {
        t->session = output->session;
        if (output->kind == HFI_OUTPUT_REWIND)
            t->sent = output->after;
        fill(t);
    }
    return true;
}

/* Until nothing is under way between them. */
static void
run(bench_t *t)
{
    while (t->n > 0 && !t->is_held) {
        queued_t item = t->queue[0];
        memmove(t->queue, t->queue + 1, --t->n * sizeof t->queue[0]);
        rig_apply(item.is_to_a ? t->a : t->b, &item.event);
        free(item.bytes);
    }
}

static void
pass(bench_t *t, double seconds)
{
    long steps = lround(seconds * 10);
    for (long k = 0; k < steps; k++) {
        rig_pass(t->a, 0.1);
        rig_pass(t->b, 0.1);
        run(t);
    }
}

static void
bench_open_with(bench_t *t, const char *b_settings)
{
    *t = (bench_t){.a = rig_new(&hf_plugin, "{\"space\": {\"$bytes\": \"" A_SPACE "\"}, "
                                            "\"endpoints\": [\"ipc://a\"]}")};
    t->b = rig_new(&hf_plugin, b_settings);
    uint8_t entropy[32] = {7};
    rig_apply(t->b, &(hfi_event_t){.kind = HFI_EVENT_ENTROPY, .bytes = {entropy, sizeof entropy}});
    t->a->on_output = from_a;
    t->b->on_output = from_b;
    t->a->context = t->b->context = t;
    rig_connect(t->a, &t->ann, 1);
    rig_connect(t->b, &t->bob, 2);
    rig_connect(t->b, &t->bea, 3);
    assert_string_equal(rig_call(&t->ann, 0, "create", "[\"Cell\", 5]"), "1: <Cell #1>\n");
    assert_string_equal(rig_call(&t->bob, 0, "create", "[\"Cell\"]"), "1: <Cell #1>\n");
    assert_string_equal(rig_call(&t->bob, 0, "bind", "[\"b\", {\"$handle\": [1]}]"), "2: None\n");
    assert_string_equal(rig_call(&t->bea, 0, "lookup", "[\"b\"]"), "1: <Cell #1>\n");
}

static void
bench_open(bench_t *t)
{
    bench_open_with(t, "{\"space\": {\"$bytes\": \"" B_SPACE "\"}}");
}

static void
bench_close(bench_t *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->queue[i].bytes);
    t->a->on_output = t->b->on_output = NULL;
    rig_close(&t->ann);
    rig_close(&t->bob);
    rig_close(&t->bea);
    rig_destroy(&t->a);
    rig_destroy(&t->b);
}

/* ---- what tests say ---------------------------------------------------------------------- */

static uint64_t
objects(rig_t *rig)
{
    return hfi_machine_figures(rig->machine)->referents;
}

/* A's Cell `object` as a client hands it on: five elements, with an exported token's secret; `before` and `after` are
 * the JSON around it. */
static const char *
handed(bench_t *t, uint64_t object, const char *before, const char *after)
{
    char args[TEXT];
    size_t len;
    hfi_bytes_t scratch = {0};
    hfi_bytes_t secret = {0};
    hfi_token_t token;
    (void)snprintf(args, sizeof args, "[{\"$handle\": [%" PRIu64 "]}]", object);
    (void)rig_call(&t->ann, 0, "export", args);
    hfi_span_t text;
    text.at = (const uint8_t *)hf_as_str(&t->a->last, &len);
    text.len = len;
    assert_true(hfi_token_read(text, &scratch, &token));
    hf_value_t item;
    hfi_bytes_writer_t writer;
    hfi_bytes_t raw = {0};
    hfi_bytes_writer_open(&writer, &raw);
    hf_write_bytes(&writer.w, token.secret.bytes, sizeof token.secret.bytes);
    assert_true(hfi_bytes_writer_close(&writer));
    item = hfi_value_view(hfi_bytes_span(&raw), 0);
    assert_true(hfi_json_write(&item, &secret));
    (void)snprintf(t->args, sizeof t->args,
                   "%s{\"$handle\": [%" PRIu64 ", \"Cell\", %.*s, {\"$bytes\": \"" A_SPACE
                   "\"}, [\"ipc://a\"]]}%s",
                   before, object, (int)secret.len, (const char *)secret.at, after);
    hfi_bytes_close(&raw);
    hfi_bytes_close(&secret);
    hfi_bytes_close(&scratch);
    return t->args;
}

/* The last RESULT's value as JSON. */
static const char *
last(bench_t *t, rig_t *rig)
{
    hfi_bytes_t out = {0};
    assert_true(hfi_json_write(&rig->last, &out));
    (void)snprintf(t->args, sizeof t->args, "%.*s", (int)out.len, (const char *)out.at);
    hfi_bytes_close(&out);
    return t->args;
}

static const char *
said(const char *says)
{
    return says + strspn(says, "0123456789");
}

#define SAID(says_, wanted_) assert_string_equal(said(says_), wanted_)

/* Bob calls, and all that B and A have to say to each other for it is said. */
static const char *
call(bench_t *t, rig_client_t *client, uint64_t target, const char *method, const char *args)
{
    (void)rig_put_call(client, target, method, args, NULL);
    rig_send(client);
    pass(t, 0.2);
    return rig_answers(client);
}

static void
release(rig_client_t *client, uint64_t object)
{
    (void)rig_put_release(client, object, 1);
    rig_send(client);
}

/* ---- tests ------------------------------------------------------------------------------- */

static void
it_is_stored_and_handed_out(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    SAID(call(&t, &t.bob, 1, "set", handed(&t, 1, "[", "]")), ": None\n");
    assert_string_equal(t.opened, "ipc://a\n");
    assert_int_equal(objects(t.b), 2);
    release(&t.ann, 1); /* B alone holds it now */
    pass(&t, 0.2);
    assert_int_equal(objects(t.a), 1);
    SAID(call(&t, &t.bea, 1, "get", NULL), ": <Cell #1>\n");
    const char *says = last(&t, t.b);
    assert_non_null(strstr(says, "{\"$handle\": [1, \"Cell\", {\"$bytes\": "));
    assert_non_null(strstr(says, "\"}, {\"$bytes\": \"" A_SPACE "\"}, [\"ipc://a\"], 2]}"));
    SAID(call(&t, &t.ann, 0, "number_of_objects", NULL), ": 1\n");
    /* the receiver adopts there by the secret that came, then gives the stub back here */
    char secret[64];
    const char *from = strstr(says, "{\"$bytes\": ");
    (void)snprintf(secret, sizeof secret, "[%.*s]", (int)(strchr(from, '}') - from + 1), from);
    SAID(call(&t, &t.ann, 0, "adopt", secret), ": <Cell #1>\n");
    release(&t.bea, 2);
    SAID(call(&t, &t.bob, 1, "set", "[null]"), ": None\n");
    assert_int_equal(objects(t.b), 1);
    pass(&t, 0.2);
    SAID(call(&t, &t.ann, 0, "adopt", secret),
         "! NoSuchObject: no such token, or what it named is gone\n");
    release(&t.ann, 1);
    assert_int_equal(objects(t.a), 0);
    bench_close(&t);
}

static void
there_is_one_stub_for_each(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    char args[TEXT];
    (void)snprintf(args, sizeof args, "%s", handed(&t, 1, "[[", ", "));
    size_t len = strlen(args);
    (void)snprintf(args + len, sizeof args - len, "%s", handed(&t, 1, "", "]]"));
    SAID(call(&t, &t.bob, 1, "set", args), ": None\n");
    assert_int_equal(objects(t.b), 2);
    SAID(call(&t, &t.bob, 1, "set", handed(&t, 1, "[", "]")), ": None\n");
    assert_int_equal(objects(t.b), 2);
    SAID(call(&t, &t.ann, 0, "refs", "[{\"$handle\": [1]}]"),
         ": [{'kind': 'session', 'count': 1, 'client': '', 'peer': None, 'user': None, 'idle': "
         "0.0}, "
         "{'kind': 'stub', 'count': 1, 'manager': b'\\x10\\x11\\x12\\x13\\x14\\x15\\x16\\x17\\x18"
         "\\x19\\x1a\\x1b\\x1c\\x1d\\x1e\\x1f'}]\n");
    /* two in one list are equal, and so is what comes again */
    SAID(call(&t, &t.bob, 1, "get", NULL), ": <Cell #1>\n");
    SAID(call(&t, &t.bob, 1, "set", "[[{\"$handle\": [2]}, {\"$handle\": [2, \"Cell\"]}]]"),
         ": None\n");
    SAID(call(&t, &t.bob, 1, "get", NULL), ": [<Cell #1>, <Cell #1>]\n");
    bench_close(&t);
}

static void
it_answers_str_and_repr_alone(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    (void)call(&t, &t.bob, 1, "set", handed(&t, 1, "[", "]"));
    (void)call(&t, &t.bob, 1, "get", NULL);
    SAID(call(&t, &t.bob, 2, "repr", NULL), ": '<Cell #1 of manager " A_NAME ">'\n");
    SAID(call(&t, &t.bob, 2, "get", NULL), "! NoSuchMethod: foreign has no method 'get'\n");
    SAID(call(&t, &t.bob, 2, "getvalue", NULL), "! Unserializable: foreign has no value form\n");
    SAID(call(&t, &t.bob, 0, "create", "[\"foreign\"]"), "! NoSuchType: no type 'foreign'\n");
    bench_close(&t);
}

static void
a_call_waits_and_those_behind_it(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    t.is_held = true;
    (void)rig_put_call(&t.bob, 1, "set", handed(&t, 1, "[", "]"), NULL);
    (void)rig_put_call(&t.bob, 1, "get", NULL, NULL);
    (void)rig_put_call(&t.bob, 0, "number_of_objects", NULL, NULL);
    rig_send(&t.bob);
    pass(&t, 0.5);
    assert_string_equal(rig_answers(&t.bob), "5: 1\n");
    t.is_held = false;
    pass(&t, 0.5);
    assert_string_equal(rig_answers(&t.bob), "3: None\n4: <Cell #1>\n");
    bench_close(&t);
}

static void
nobody_answers(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    t.is_deaf = true;
    (void)rig_put_call(&t.bob, 1, "set", handed(&t, 1, "[", "]"), NULL);
    rig_send(&t.bob);
    pass(&t, 4.5);
    assert_string_equal(rig_answers(&t.bob), "");
    pass(&t, 1);
    SAID(rig_answers(&t.bob), "! ReferentLost: the other manager was not to be reached in time\n");
    SAID(call(&t, &t.bob, 1, "get", NULL), ": None\n");
    assert_int_equal(objects(t.b), 1);
    assert_true(t.link == 0);
    bench_close(&t);
}

/* The number of a referent is easily guessed; what gives the right to it is the secret. */
static void
a_wrong_secret_gets_nothing(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    static const char guess[] = "[{\"$handle\": [1, \"Cell\", {\"$bytes\": \"" B_SPACE
                                "\"}, {\"$bytes\": \"" A_SPACE "\"}, [\"ipc://a\"]]}]";
    static const char lost[] = "! ReferentLost: NoSuchObject: no such token, or what it named is "
                               "gone\n";
    SAID(call(&t, &t.bea, 1, "set", guess), lost);
    SAID(call(&t, &t.bob, 1, "set", handed(&t, 1, "[", "]")), ": None\n");
    SAID(call(&t, &t.bea, 1, "set", guess), lost); /* though B holds a stub of it */
    release(&t.ann, 1);
    SAID(call(&t, &t.bob, 1, "set", "[null]"), ": None\n");
    pass(&t, 0.5);
    assert_int_equal(objects(t.a), 0);
    assert_int_equal(objects(t.b), 1);
    bench_close(&t);
}

static void
its_own_handle_is_its_own(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    static const char own[] = "[{\"$handle\": [1, \"Cell\", {\"$bytes\": \"" A_SPACE
                              "\"}, {\"$bytes\": \"" B_SPACE "\"}, []]}]";
    SAID(call(&t, &t.bob, 1, "echo", own), "! NoSuchObject: no object 1\n");
    (void)call(&t, &t.bob, 0, "export",
               "[{\"$handle\": [1]}, 60.0, 1, {\"$bytes\": \"" A_SPACE "\"}]");
    SAID(call(&t, &t.bob, 1, "set", own), ": None\n");
    SAID(call(&t, &t.bob, 0, "refs", "[{\"$handle\": [1]}]"),
         ": [{'kind': 'session', 'count': 1, 'client': '', 'peer': None, 'user': None, 'idle': "
         "0.0}, "
         "{'kind': 'session', 'count': 1, 'client': '', 'peer': None, 'user': None, 'idle': "
         "0.6}, {'kind': 'name', 'count': 1, 'name': 'b'}, "
         "{'kind': 'referent', 'count': 1, 'object': 1, 'typeid': 'Cell'}]\n");
    assert_int_equal(objects(t.b), 1);
    assert_string_equal(t.opened, "");
    bench_close(&t);
}

/* The handle in A's six elements as Bob was handed it, but for the stub's number. */
static const char *
elsewhere(bench_t *t, const char *stub)
{
    static char args[TEXT];
    SAID(call(t, &t->bob, 1, "get", NULL), ": <Cell #1>\n");
    const char *says = last(t, t->b);
    const char *end = strrchr(says, ',');
    (void)snprintf(args, sizeof args, "[%.*s, %s]}]", (int)(end - says), says, stub);
    return args;
}

/* A value that another manager gave, with a stub of that one's in it: the number says nothing here. */
static void
six_elements_from_elsewhere_are_five(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    SAID(call(&t, &t.bob, 1, "set", handed(&t, 1, "[", "]")), ": None\n");
    SAID(call(&t, &t.bea, 0, "create", "[\"Cell\"]"), ": <Cell #3>\n");
    SAID(call(&t, &t.bea, 3, "set", elsewhere(&t, "77")), ": None\n");
    SAID(call(&t, &t.bea, 3, "set", elsewhere(&t, "3")), ": None\n"); /* though she holds a 3 */
    SAID(call(&t, &t.bea, 3, "set", elsewhere(&t, "2")), ": None\n"); /* the stub, not hers */
    SAID(call(&t, &t.bea, 3, "get", NULL), ": <Cell #1>\n");
    assert_int_equal(objects(t.b), 3); /* one stub for all */
    SAID(call(&t, &t.bob, 1, "set", "[null]"), ": None\n");
    SAID(call(&t, &t.bea, 3, "set", "[null]"), ": None\n");
    bench_close(&t);
}

/* The same where it came from: B gave Ann's Cell back to her by a value, and she writes it to A. */
static void
six_elements_come_home(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    SAID(call(&t, &t.bob, 1, "set", handed(&t, 1, "[", "]")), ": None\n");
    char args[TEXT];
    (void)snprintf(args, sizeof args, "%s", elsewhere(&t, "2"));
    SAID(call(&t, &t.ann, 0, "create", "[\"Cell\"]"), ": <Cell #2>\n");
    SAID(call(&t, &t.ann, 2, "set", args), ": None\n");
    SAID(call(&t, &t.ann, 2, "get", NULL), ": <Cell #1>\n");
    args[strlen("[{\"$handle\": [")] = '2'; /* the secret is for another one */
    SAID(call(&t, &t.ann, 2, "set", args), "! NoSuchObject: no object 2\n");
    bench_close(&t);
}

static void
where_it_may_not_connect_to(void **state)
{
    (void)state;
    static const char *const bad[] = {"tcp://10.0.0.1:80",
                                      "tcp://127.0.0.1:80;10.0.0.1:80",
                                      "tcp://127.0.0.1.evil.org:80",
                                      "inproc://x",
                                      "ipc://",
                                      ""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bench_t t;
        char args[TEXT];
        bench_open(&t);
        (void)snprintf(args, sizeof args,
                       "[{\"$handle\": [1, \"Cell\", {\"$bytes\": \"" B_SPACE
                       "\"}, {\"$bytes\": \"" A_SPACE "\"}, [\"%s\"]]}]",
                       bad[i]);
        SAID(call(&t, &t.bob, 1, "set", args),
             "! ReferentLost: a handle of another manager, none of whose endpoints this one may "
             "connect to (far, far_allow)\n");
        assert_string_equal(t.opened, "");
        bench_close(&t);
    }
    bench_t t;
    bench_open_with(&t, "{\"space\": {\"$bytes\": \"" B_SPACE "\"}, \"far\": false}");
    SAID(call(&t, &t.bob, 1, "set", handed(&t, 1, "[", "]")),
         "! ReferentLost: a handle of another manager, none of whose endpoints this one may "
         "connect to (far, far_allow)\n");
    bench_close(&t);
}

static void
another_manager_is_there(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    static const char other[] = "[{\"$handle\": [1, \"Cell\", {\"$bytes\": \"" B_SPACE
                                "\"}, {\"$bytes\": \"AAAAAAAAAAAAAAAAAAAAAA==\"}, "
                                "[\"ipc://a\"]]}]";
    SAID(call(&t, &t.bob, 1, "set", other),
         "! ReferentLost: another manager answers at its endpoints\n");
    pass(&t, 1);
    assert_string_equal(t.opened, "ipc://a\nclose\n");
    bench_close(&t);
}

static void
its_manager_is_lost(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    (void)call(&t, &t.bob, 1, "set", handed(&t, 1, "[", "]"));
    (void)call(&t, &t.bob, 1, "get", NULL);
    t.is_deaf = true;
    rig_apply(t.b, &(hfi_event_t){.kind = HFI_EVENT_FAR_DOWN, .link = t.link});
    for (int i = 0; i < 12; i++) { /* a lease of 30 s, while Bob goes on */
        rig_pass(t.b, 4);
        run(&t);
        SAID(rig_call(&t.bob, 1, "echo", "[]"), ": [[], {}]\n");
    }
    SAID(rig_call(&t.bob, 2, "repr", NULL), ": '<Cell #1 of manager " A_NAME ", lost>'\n");
    SAID(rig_call(&t.bob, 2, "get", NULL),
         "! ReferentLost: #2 stands for another manager's referent, which is lost\n");
    SAID(rig_call(&t.bob, 1, "get", NULL), ": <Cell #1>\n");
    SAID(rig_call(&t.bob, 1, "set", "[{\"$handle\": [2]}]"),
         "! ReferentLost: #2 stands for another manager's referent, which is lost\n");
    SAID(rig_call(&t.bob, 0, "bind", "[\"x\", {\"$handle\": [2]}]"),
         "! ReferentLost: #2 stands for another manager's referent, which is lost\n");
    SAID(rig_call(&t.bob, 1, "set", "[1]"), ": None\n");
    bench_close(&t);
}

static void
it_leaves_what_it_does_not_hold(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    (void)call(&t, &t.bob, 1, "set", handed(&t, 1, "[", "]"));
    (void)call(&t, &t.bob, 1, "set", "[null]");
    pass(&t, 4);
    assert_true(t.link != 0);
    pass(&t, 2);
    assert_true(t.link == 0);
    bench_close(&t);
}

static void
what_is_promised_may_be_one(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    SAID(call(&t, &t.bob, 1, "set", handed(&t, 1, "[", "]")), ": None\n");
    char args[64];
    uint64_t first = rig_put_call(&t.bob, 1, "get", NULL, NULL);
    (void)snprintf(args, sizeof args, "[[{\"$promise\": %" PRIu64 "}]]", first);
    (void)rig_put_call(&t.bob, 1, "set", args, NULL);
    (void)rig_put_promised(&t.bob, first, "repr", NULL);
    rig_send(&t.bob);
    assert_string_equal(rig_answers(&t.bob),
                        "4: <Cell #1>\n5: None\n6: '<Cell #1 of manager " A_NAME ">'\n");
    SAID(call(&t, &t.bob, 1, "get", NULL), ": [<Cell #1>]\n");
    assert_int_equal(objects(t.b), 2);
    /* what came twice is held twice: three times is too often */
    release(&t.bob, 2);
    release(&t.bob, 2);
    assert_null(strstr(rig_said(t.b, 2), "REJECT"));
    release(&t.bob, 2);
    assert_non_null(strstr(rig_said(t.b, 2), "REJECT bad_frame"));
    bench_close(&t);
}

static void
an_error_hands_it_out_as_well(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    SAID(call(&t, &t.bob, 1, "fail", handed(&t, 1, "[[", "]]")), "! KeyError: no such key\n");
    release(&t.bob, 2);
    assert_null(strstr(rig_said(t.b, 2), "REJECT"));
    pass(&t, 0.5);
    assert_int_equal(objects(t.b), 1);
    bench_close(&t);
}

static void
what_was_not_delivered_comes_back_as_it_was(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    SAID(call(&t, &t.bob, 0, "create", "[\"Gate\"]"), ": <Gate #2>\n");
    SAID(call(&t, &t.bob, 0, "bind", "[\"gate\", {\"$handle\": [2]}]"), ": None\n");
    SAID(call(&t, &t.bea, 0, "lookup", "[\"gate\"]"), ": <Gate #2>\n");
    SAID(call(&t, &t.bob, 2, "put", handed(&t, 1, "[", "]")), ": None\n");
    (void)rig_put_call(&t.bea, 2, "get", NULL, NULL);
    rig_send(&t.bea);
    rig_down(t.b, 3, true); /* it has not read it */
    SAID(call(&t, &t.bob, 2, "get", NULL), ": <Cell #1>\n");
    assert_non_null(strstr(last(&t, t.b), "[\"ipc://a\"], 3]}"));
    bench_close(&t);
}

static void
who_gives_up_holds_nothing(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    t.is_held = true;
    uint64_t n = rig_put_call(&t.bob, 1, "set", handed(&t, 1, "[", "]"), NULL);
    (void)rig_put_call(&t.bea, 1, "set", handed(&t, 1, "[", "]"), NULL);
    rig_send(&t.bob);
    rig_send(&t.bea);
    (void)rig_put_cancel(&t.bob, n);
    rig_send(&t.bob);
    SAID(rig_answers(&t.bob), "! Cancelled: the call was cancelled\n");
    rig_down(t.b, 3, true);
    t.is_held = false;
    pass(&t, 0.5);
    SAID(call(&t, &t.bob, 1, "get", NULL), ": None\n");
    assert_int_equal(objects(t.b), 1);
    release(&t.ann, 1);
    pass(&t, 0.5);
    assert_int_equal(objects(t.a), 0);
    bench_close(&t);
}

static void
the_next_endpoint_is_tried(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    char args[TEXT];
    const char *text = handed(&t, 1, "[", "]");
    const char *at = strstr(text, "[\"ipc://a\"]");
    (void)snprintf(args, sizeof args,
                   "%.*s[\"tcp://10.0.0.1:1\", \"ipc://x\", \"ipc://y\", \"ipc://a\"]]}]",
                   (int)(at - text), text);
    (void)rig_put_call(&t.bob, 1, "set", args, NULL);
    rig_send(&t.bob);
    rig_apply(t.b, &(hfi_event_t){.kind = HFI_EVENT_TICK, .now_ns = t.b->now_ns});
    assert_string_equal(t.opened, "ipc://x\n");
    rig_apply(t.b, &(hfi_event_t){.kind = HFI_EVENT_FAR_DOWN, .link = t.link, .is_certain = true});
    assert_string_equal(t.opened, "ipc://x\nclose\nipc://y\n"); /* refused: the next at once */
    pass(&t, 1.5);                                              /* silent: after a second */
    assert_string_equal(t.opened, "ipc://x\nclose\nipc://y\nclose\nipc://a\n");
    SAID(rig_answers(&t.bob), ": None\n");
    bench_close(&t);
}

static void
its_bounds(void **state)
{
    (void)state;
    bench_t t;
    bench_open_with(&t,
                    "{\"space\": {\"$bytes\": \"" B_SPACE "\"}, \"limits\": {\"far_waiting\": 1, "
                    "\"far_managers\": 1, \"stubs\": 1}}");
    static const char other[] = "[{\"$handle\": [1, \"Cell\", {\"$bytes\": \"" B_SPACE
                                "\"}, {\"$bytes\": \"AAAAAAAAAAAAAAAAAAAAAA==\"}, [\"ipc://a\"]]}]";
    t.is_held = true;
    uint64_t n = rig_put_call(&t.bob, 1, "set", handed(&t, 1, "[", "]"), NULL);
    (void)rig_put_call(&t.bob, 1, "set", handed(&t, 1, "[", "]"), NULL);
    (void)rig_put_call(&t.bob, 1, "set", other, NULL);
    rig_send(&t.bob);
    char wanted[TEXT];
    (void)snprintf(wanted, sizeof wanted,
                   "%" PRIu64 "! LimitExceeded: as many calls wait for that other manager as may\n"
                   "%" PRIu64
                   "! LimitExceeded: the manager is a client of as many others as it may\n",
                   n + 1, n + 2);
    assert_string_equal(rig_answers(&t.bob), wanted);
    t.is_held = false;
    pass(&t, 0.5);
    SAID(rig_answers(&t.bob), ": None\n");
    SAID(call(&t, &t.ann, 0, "create", "[\"Cell\"]"), ": <Cell #2>\n");
    SAID(call(&t, &t.bob, 1, "set", handed(&t, 2, "[", "]")),
         "! LimitExceeded: the manager holds as many stubs as it may\n");
    release(&t.ann, 2);
    pass(&t, 0.5);
    assert_int_equal(objects(t.a), 1); /* what was adopted in vain went back */
    SAID(call(&t, &t.bob, 1, "get", NULL), ": <Cell #1>\n");
    bench_close(&t);
}

/* The connection breaks in the middle: the session is resumed, and nothing is adopted twice. */
static void
a_broken_connection_is_resumed(void **state)
{
    (void)state;
    bench_t t;
    bench_open(&t);
    SAID(call(&t, &t.bob, 1, "set", handed(&t, 1, "[", "]")), ": None\n");
    rig_apply(t.b, &(hfi_event_t){.kind = HFI_EVENT_FAR_DOWN, .link = t.link});
    rig_down(t.a, FAR_LINK + t.link, false);
    (void)rig_put_call(&t.bea, 1, "echo", handed(&t, 1, "[", "]"), NULL);
    rig_send(&t.bea);
    pass(&t, 0.5);
    assert_string_equal(rig_answers(&t.bea), "");
    rig_up(t.a, FAR_LINK + t.link);
    rig_apply(t.b, &(hfi_event_t){.kind = HFI_EVENT_FAR_UP, .link = t.link});
    pass(&t, 0.5);
    SAID(rig_answers(&t.bea), ": [[<Cell #1>], {}]\n");
    assert_string_equal(t.opened, "ipc://a\n");
    assert_int_equal(objects(t.b), 2);
    bench_close(&t);
}

/* Frames of its manager's with some bytes changed: the call ends all the same, and whatever was done can be undone. */
static void
its_words_may_be_anything(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int round = 0; round < 300; round++) {
        bench_t t;
        bench_open(&t);
        t.is_held = true;
        (void)rig_put_call(&t.bob, 1, "set", handed(&t, 1, "[", "]"), NULL);
        rig_send(&t.bob);
        rig_apply(t.b, &(hfi_event_t){.kind = HFI_EVENT_TICK, .now_ns = t.b->now_ns});
        while (t.n > 0) {
            queued_t item = t.queue[0];
            memmove(t.queue, t.queue + 1, --t.n * sizeof t.queue[0]);
            bool is_changed = !item.is_to_a && item.event.bytes.len > 0;
            for (uint64_t k = is_changed ? (seed >> 33) % 4 : 0; k > 0; k--) {
                seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
                item.bytes[(seed >> 40) % item.event.bytes.len] = (uint8_t)(seed >> 32 & 0xff);
            }
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            rig_apply(item.is_to_a ? t.a : t.b, &item.event);
            free(item.bytes);
        }
        t.is_held = false;
        pass(&t, 5.5);
        assert_string_not_equal(rig_answers(&t.bob), "");
        SAID(call(&t, &t.bob, 1, "set", "[null]"), ": None\n");
        pass(&t, 0.2);
        assert_int_equal(objects(t.b), 1);
        bench_close(&t);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_stored_and_handed_out),
        cmocka_unit_test(there_is_one_stub_for_each),
        cmocka_unit_test(it_answers_str_and_repr_alone),
        cmocka_unit_test(a_call_waits_and_those_behind_it),
        cmocka_unit_test(nobody_answers),
        cmocka_unit_test(a_wrong_secret_gets_nothing),
        cmocka_unit_test(its_own_handle_is_its_own),
        cmocka_unit_test(six_elements_from_elsewhere_are_five),
        cmocka_unit_test(six_elements_come_home),
        cmocka_unit_test(where_it_may_not_connect_to),
        cmocka_unit_test(another_manager_is_there),
        cmocka_unit_test(its_manager_is_lost),
        cmocka_unit_test(it_leaves_what_it_does_not_hold),
        cmocka_unit_test(what_is_promised_may_be_one),
        cmocka_unit_test(an_error_hands_it_out_as_well),
        cmocka_unit_test(what_was_not_delivered_comes_back_as_it_was),
        cmocka_unit_test(who_gives_up_holds_nothing),
        cmocka_unit_test(the_next_endpoint_is_tried),
        cmocka_unit_test(its_bounds),
        cmocka_unit_test(a_broken_connection_is_resumed),
        cmocka_unit_test(its_words_may_be_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
