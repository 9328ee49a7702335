/* SPDX-License-Identifier: MPL-2.0 */
/* hostile -- frames that mean harm or nothing: the error that PROTOCOL.md names, for that session alone; the manager
 * goes on and leaks nothing. */
#include <stdio.h>
#include <stdlib.h>

#include "rig.h"
#include "trial.h"

typedef struct bench {
    rig_t *rig;
    rig_client_t a;
    rig_client_t good;
    uint64_t memory; /* with both connected and nothing held */
} bench_t;

static bench_t
bench_open(const char *settings)
{
    bench_t t = {.rig = rig_new(&hf_plugin, settings)};
    rig_connect(t.rig, &t.good, 1);
    t.memory = hfi_machine_figures(t.rig->machine)->memory_bytes;
    rig_connect(t.rig, &t.a, 2);
    return t;
}

/* The well-behaved client still works, and nothing of the other is left. */
static void
bench_close(bench_t *t)
{
    assert_string_equal(rig_call(&t->good, 0, "number_of_objects", NULL), "1: 0\n");
    rig_acknowledge(&t->good);
    assert_int_equal(hfi_machine_figures(t->rig->machine)->sessions, 1);
    assert_int_equal(rig_parked(t->rig), 0);
    assert_int_equal(hfi_machine_figures(t->rig->machine)->memory_bytes, t->memory);
    rig_close(&t->a);
    rig_close(&t->good);
    rig_destroy(&t->rig);
}

typedef struct garbage {
    const char *bytes;
    size_t len;
} garbage_t;

#define ROW(text_)                                                                                 \
    {                                                                                              \
        text_, sizeof(text_) - 1                                                                   \
    }

static const garbage_t garbage[] = {
    ROW(""),
    ROW("\xc1"),
    ROW("hello, manager"),
    ROW("\x93\x00\x01"),                                  /* an element is missing */
    ROW("\x94\x00\x01\x00\x00"),                          /* one too many */
    ROW("\x93\x00\xa1x\x00"),                             /* of the wrong kind */
    ROW("\x93\x00\x00\x00"),                              /* seq 0 */
    ROW("\x93\x00\xff\x00"),                              /* seq below 0 */
    ROW("\x93\x00\x01\x05"),                              /* an ack of what was never sent */
    ROW("\x91\x63"),                                      /* an unknown header */
    ROW("\x92\x02\x80"),                                  /* WELCOME is the manager's to send */
    ROW("\x93\x03\xaano_session\xa0"),                    /* so is REJECT */
    ROW("\x93\x00\x01\x00\x91"),                          /* a message without its item */
    ROW("\x93\x00\x01\x00\x91\x09"),                      /* of an unknown kind */
    ROW("\x93\x00\x01\x00\x94\x01\x00\xa1m\x05"),         /* args are no array */
    ROW("\x93\x00\x01\x00\x93\x01\x00\xa1m"),             /* args are missing */
    ROW("\x93\x00\x01\x00\x94\x01\xff\xa1m\x90"),         /* a target below 0 */
    ROW("\x93\x00\x01\x00\x94\x01\x00\x05\x90"),          /* the method is no str */
    ROW("\x93\x00\x01\x00\x95\x01\x00\xa1m\x90\x91\x01"), /* kwargs are no map */
    ROW("\x93\x00\x01\x00\x94\x01\x00\xa1m\xdd\xff\xff\xff\xff"), /* a list past the frame */
    ROW("\x93\x00\x01\x00\x94\x01\x00\xa1m\xc6\x7f\xff\xff\xff"),
    ROW("\x93\x00\x01\x00\x92\x02\xa1x"),    /* CANCEL of no number */
    ROW("\x93\x00\x01\x00\x91\x03"),         /* RELEASE of nothing */
    ROW("\x93\x00\x01\x00\x92\x03\x01"),     /* half a pair */
    ROW("\x93\x00\x01\x00\x93\x03\x01\x00"), /* a count of 0 */
    ROW("\x93\x00\x01\x00\x93\x03\x01\x01"), /* of what is not held */
    ROW("\x93\x00\x01\x00\x93\x01\x01\xc0"), /* RESULT is the manager's to send */
    ROW("\x92\x04\x05"),                     /* RESYNC of what was never sent */
    ROW("\x92\x07\x09"),                     /* BYE with an ack of what was never sent */
};

static void
no_frames(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        bench_t t = bench_open(NULL);
        rig_frame(t.rig, 2, garbage[i].bytes, garbage[i].len);
        assert_string_equal(rig_said(t.rig, 2), "REJECT bad_frame\n");
        /* and on a connection without a session */
        rig_frame(t.rig, 2, garbage[i].bytes, garbage[i].len);
        assert_true(strncmp(rig_said(t.rig, 2), "REJECT ", 7) == 0);
        bench_close(&t);
    }
}

/* A frame with one broken message does nothing at all, not even the sound ones before it. */
static void
all_or_nothing(void **state)
{
    (void)state;
    bench_t t = bench_open(NULL);
    (void)rig_put_call(&t.a, 0, "create", "[\"Cell\", 1]", NULL);
    assert_true(hfi_bytes_append(&t.a.frame, "\x91\x09", 2));
    rig_send(&t.a);
    assert_string_equal(rig_said(t.rig, 2), "REJECT bad_frame\n");
    bench_close(&t);
}

static void
unknown_links(void **state)
{
    (void)state;
    bench_t t = bench_open(NULL);
    rig_frame(t.rig, 9, "\x93\x00\x01\x00", 4);
    rig_down(t.rig, 9, true);
    rig_up(t.rig, 2); /* a link that is there already */
    assert_string_equal(rig_said(t.rig, 9), "");
    rig_bye(&t.a);
    bench_close(&t);
}

/* What is a message but no value or option is that call's alone. */
static void
bad_requests(void **state)
{
    (void)state;
    static const garbage_t rows[] = {
        ROW("\x94\x01\x00\xa5types\x91\xa1\xff"),                 /* no UTF-8 */
        ROW("\x94\x01\x00\xa5types\x91\xd4\x05\x00"),             /* an ext that there is not */
        ROW("\x94\x01\x00\xa5types\x91\xd4\x01\x00"),             /* a handle of another payload */
        ROW("\x94\x01\x00\xa5types\x91\x81\x80\x01"),             /* an unhashable key */
        ROW("\x95\x01\x00\xa5types\x90\x81\x01\x01"),             /* a keyword that is no str */
        ROW("\x96\x01\x00\xa5types\x90\xc0\x81\xa7timeout\xa1x"), /* options of the wrong kind */
        ROW("\x96\x01\x00\xa5types\x90\xc0\x81\xa7timeout\xff"),
        ROW("\x96\x01\x00\xa5types\x90\xc0\x81\xa6oneway\x01"),
        ROW("\x96\x01\x00\xa5types\x90\xc0\x81\xa6thread\xff"),
    };
    bench_t t = bench_open(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char frame[128] = "\x93\x00";
        frame[2] = (char)(i + 1);
        frame[3] = (char)i;
        memcpy(frame + 4, rows[i].bytes, rows[i].len);
        rig_frame(t.rig, 2, frame, 4 + rows[i].len);
        if (strstr(rig_answers(&t.a), "! BadRequest: ") == NULL)
            fail_msg("row %d: '%s' %s", (int)i, t.rig->text, t.rig->control[2]);
        assert_string_equal(rig_said(t.rig, 2), "");
    }
    rig_bye(&t.a);
    bench_close(&t);
}

static void
wrong_calls(void **state)
{
    (void)state;
    bench_t t = bench_open(NULL);
    rig_client_t *a = &t.a;
    assert_string_equal(rig_call(a, 0, "create", "[\"Cell\"]"), "1: <Cell #1>\n");
    assert_string_equal(rig_call(a, 77, "get", NULL), "2! NoSuchObject: no object 77\n");
    assert_string_equal(rig_call(a, UINT64_MAX, "get", NULL),
                        "3! NoSuchObject: no object 18446744073709551615\n");
    assert_string_equal(rig_call(a, 1, "gett", NULL),
                        "4! NoSuchMethod: Cell has no method 'gett'\n");
    assert_string_equal(rig_call(a, 1, "", NULL), "5! NoSuchMethod: Cell has no method ''\n");
    assert_non_null(strstr(rig_call(a, 1, "get", "[1]"), "6! TypeError: "));
    assert_non_null(strstr(rig_call(a, 1, "set", "[]"), "7! TypeError: "));
    assert_string_equal(rig_call(a, 0, "create", "[\"Nothing\"]"),
                        "8! NoSuchType: no type 'Nothing'\n");
    assert_string_equal(rig_call(a, 0, "create", "[\"manager\"]"),
                        "9! NoSuchType: no type 'manager'\n");
    assert_string_equal(rig_call(a, 1, "set", "[{\"$handle\": [50]}]"),
                        "10! NoSuchObject: no object 50\n");
    /* objects of others are no objects: the same answer */
    assert_string_equal(rig_call(a, 1, "set", "[[{\"a\": {\"$handle\": [2, \"Cell\"]}}]]"),
                        "11! NoSuchObject: no object 2\n");
    assert_non_null(
        strstr(rig_call(a, 1, "set",
                        "[{\"$handle\": [1, \"x\", {\"$bytes\": \"AAAAAAAAAAAAAAAAAAAAAA==\"}, "
                        "{\"$bytes\": \"AQAAAAAAAAAAAAAAAAAAAA==\"}, [\"tcp://10.0.0.1:1\"]]}]"),
               "12! ReferentLost: "));
    rig_bye(a);
    bench_close(&t);
}

/* What a client writes as a handle's typeid is not believed. */
static void
lying_handles(void **state)
{
    (void)state;
    bench_t t = bench_open(NULL);
    rig_client_t *a = &t.a;
    (void)rig_call(a, 0, "create", "[\"Cell\"]");
    (void)rig_call(a, 0, "create", "[\"Cell\"]");
    (void)rig_call(a, 1, "set",
                   "[[{\"$handle\": [2, \"list\"]}, {\"$handle\": [2]}, "
                   "{\"$error\": [\"E\", \"t\", {\"$handle\": [2, \"dict\"]}]}]]");
    assert_string_equal(rig_call(a, 1, "get", NULL), "4: [<Cell #2>, <Cell #2>, <error E: t>]\n");
    rig_bye(a);
    bench_close(&t);
}

static void
too_deep(void **state)
{
    (void)state;
    bench_t t = bench_open("{\"limits\": {\"depth\": 6}}");
    assert_string_equal(rig_call(&t.a, 0, "create", "[\"Cell\", [[[[1]]]]]"), "1: <Cell #1>\n");
    (void)rig_put_call(&t.a, 1, "set", "[[[[[[1]]]]]]", NULL);
    rig_send(&t.a);
    assert_string_equal(rig_said(t.rig, 2), "REJECT bad_frame\n");
    bench_close(&t);
}

static void
too_long(void **state)
{
    (void)state;
    bench_t t = bench_open("{\"limits\": {\"frame\": 2000}}");
    char *args = malloc(4096);
    assert_non_null(args);
    (void)snprintf(args, 4096, "[\"Cell\", \"%0900d\"]", 7);
    assert_string_equal(rig_call(&t.a, 0, "create", args), "1: <Cell #1>\n");
    (void)snprintf(args, 4096, "[\"%0900d\"]", 7);
    /* an answer that is too long is its call's error: [[value], {}] with the value twice */
    char *twice = malloc(4096);
    assert_non_null(twice);
    (void)snprintf(twice, 4096, "[\"%0900d\", \"%0900d\"]", 7, 8);
    assert_non_null(strstr(rig_call(&t.a, 1, "echo", args), "2: [["));
    (void)rig_put_call(&t.a, 1, "echo", twice, NULL);
    assert_true(t.a.frame.len < 2000);
    rig_send(&t.a);
    assert_non_null(strstr(rig_answers(&t.a), "3: [["));
    (void)snprintf(twice, 4096, "[[\"%0950d\", \"%0950d\"]]", 7, 8);
    (void)rig_put_call(&t.a, 1, "set", twice, NULL);
    rig_send(&t.a);
    assert_string_equal(rig_answers(&t.a), "4: None\n");
    (void)rig_put_call(&t.a, 1, "echo", "[{\"$handle\": [1]}]",
                       NULL); /* its repr is short, its value is not */
    rig_send(&t.a);
    assert_string_equal(rig_answers(&t.a), "5: [[<Cell #1>], {}]\n");
    (void)rig_put_call(&t.a, 0, "get_or_create", "[\"n\", \"Gate\"]", NULL);
    (void)rig_put_call(&t.a, 0, "unbind", "[\"n\"]", NULL);
    rig_send(&t.a);
    (void)rig_answers(&t.a);
    (void)snprintf(twice, 4096, "[\"%02100d\"]", 7);
    (void)rig_put_call(&t.a, 1, "set", twice, NULL);
    rig_send(&t.a); /* past the limit of frames */
    assert_string_equal(rig_said(t.rig, 2), "REJECT bad_frame\n");
    free(args);
    free(twice);
    bench_close(&t);
}

/* ---- random damage ------------------------------------------------------------------------ */

static uint32_t
next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* A conversation's frame with calls of every sort. */
static void
put_something(rig_client_t *a, uint32_t *seed)
{
    static const char *const methods[] = {"create", "get", "put",   "take", "hand",    "set",
                                          "echo",   "own", "names", "wake", "new_cell"};
    static const char *const args[] = {"[\"Cell\", 1]",
                                       "[]",
                                       "[[1, 2, {\"a\": 1.5}]]",
                                       "[{\"$handle\": [1]}]",
                                       "[{\"$promise\": 3}]",
                                       "[\"Gate\"]",
                                       "[\"name\", {\"$handle\": [2]}]"};
    uint32_t dice = next_random(seed) % 12;
    if (dice == 0)
        (void)rig_put_cancel(a, next_random(seed) % 8);
    else if (dice == 1)
        (void)rig_put_release(a, next_random(seed) % 4, 1);
    else if (dice == 2)
        (void)rig_put_promised(a, next_random(seed) % 8, "get", NULL);
    else
        (void)rig_put_call(a, next_random(seed) % 4, methods[next_random(seed) % 11],
                           args[next_random(seed) % 7],
                           next_random(seed) % 4 == 0 ? "{\"timeout\": 0.01}" : NULL);
}

static void
damaged(void **state)
{
    (void)state;
    uint32_t seed = 20;
    bench_t t = bench_open(NULL);
    for (uint64_t round = 0; round < 3000; round++) {
        rig_client_t c;
        uint64_t link = 100 + round * RIG_LINKS + 3;
        t.rig->control[3][0] = '\0';
        c = (rig_client_t){.rig = t.rig, .link = link};
        memcpy(c.secret.bytes, &link, sizeof link);
        rig_up(t.rig, link);
        rig_hello(t.rig, link, &(hfi_hello_t){.session = c.secret, .attempt = 1});
        for (int frame = 0; frame < 4; frame++) {
            for (uint32_t n = 1 + next_random(&seed) % 5; n > 0; n--)
                put_something(&c, &seed);
            bool is_damaged = frame == 3;
            for (uint32_t n = next_random(&seed) % 4; is_damaged && n > 0; n--)
                c.frame.at[next_random(&seed) % c.frame.len] = (uint8_t)(next_random(&seed) & 0xff);
            if (is_damaged && next_random(&seed) % 4 == 0)
                c.frame.len = next_random(&seed) % (c.frame.len + 1);
            rig_send(&c);
            t.rig->control[3][0] = '\0';
        }
        if (next_random(&seed) % 2 == 0)
            rig_pass(t.rig, 0.02);
        rig_acknowledge(&t.good);
        rig_down(t.rig, link, true);
        rig_close(&c);
        t.rig->log[0] = '\0';
        t.rig->control[1][0] = '\0';
    }
    rig_bye(&t.a);
    bench_close(&t); /* names that were bound hold their referents: none was, or it says so */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_frames),     cmocka_unit_test(all_or_nothing),
        cmocka_unit_test(unknown_links), cmocka_unit_test(bad_requests),
        cmocka_unit_test(wrong_calls),   cmocka_unit_test(lying_handles),
        cmocka_unit_test(too_deep),      cmocka_unit_test(too_long),
        cmocka_unit_test(damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
