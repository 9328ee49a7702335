/* SPDX-License-Identifier: MPL-2.0 */
/* session -- opening, resuming, detaching, leases, acknowledgements, windows and every end of a session. */
#include "rig.h"
#include "trial.h"

static hfi_secret_t
secret(uint8_t first)
{
    return (hfi_secret_t){.bytes = {first}};
}

static void
hellos(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, NULL);
    rig_up(rig, 1);
    /* resume of what there is not */
    rig_hello(
        rig, 1,
        &(hfi_hello_t){.session = secret(1), .attempt = 1, .has_manager = true, .resume = true});
    assert_string_equal(rig_said(rig, 1), "REJECT session_expired\n");
    rig_hello(rig, 1, &(hfi_hello_t){.session = secret(1), .attempt = 1, .received = 5});
    assert_string_equal(rig_said(rig, 1), "REJECT session_expired\n");
    rig_hello(rig, 1, &(hfi_hello_t){.session = secret(1), .attempt = 3});
    assert_string_equal(rig_said(rig, 1), "WELCOME new received=0\nREWIND after=0\n");
    /* stale ones and duplicates are not answered */
    rig_hello(rig, 1, &(hfi_hello_t){.session = secret(1), .attempt = 3});
    rig_hello(
        rig, 1,
        &(hfi_hello_t){.session = secret(1), .attempt = 2, .has_manager = true, .resume = true});
    assert_string_equal(rig_said(rig, 1), "");
    /* the WELCOME was lost: resume false attaches */
    rig_hello(rig, 1, &(hfi_hello_t){.session = secret(1), .attempt = 4});
    assert_string_equal(rig_said(rig, 1), "WELCOME resumed received=0\nREWIND after=0\n");
    /* another manager's session */
    hfi_secret_t other = {.bytes = {9}};
    rig_hello(rig, 1,
              &(hfi_hello_t){.session = secret(1),
                             .manager = other,
                             .attempt = 5,
                             .has_manager = true,
                             .resume = true});
    assert_string_equal(rig_said(rig, 1), "REJECT session_expired\n");
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 1);
    rig_destroy(&rig);
}

static const char *
hello_again(rig_t *rig, uint64_t attempt)
{
    rig_hello(rig, 9, &(hfi_hello_t){.session = secret(1), .attempt = attempt});
    return rig_said(rig, 9);
}

#define OPENED "WELCOME new received=0\nREWIND after=0\n"

/* What a lost connection delivers late opens nothing anew; who begins again counts on. */
static void
late_hellos(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, NULL);
    rig_client_t a;
    rig_connect(rig, &a, 1);
    (void)rig_resume(&a, 2);
    rig_bye(&a);
    rig_up(rig, 9);
    assert_string_equal(hello_again(rig, 1), "");
    assert_string_equal(hello_again(rig, 2), "");
    rig_pass(rig, 9.9);
    assert_string_equal(hello_again(rig, 2), "");
    assert_string_equal(hello_again(rig, 3), OPENED);
    rig_down(rig, 9, true);
    rig_up(rig, 9);
    assert_string_equal(hello_again(rig, 3), "");
    rig_pass(rig, 9.9);
    assert_string_equal(hello_again(rig, 3), "");
    rig_pass(rig, 0.2); /* the lease is over: nobody remembers */
    assert_string_equal(hello_again(rig, 1), OPENED);
    rig_close(&a);
    rig_destroy(&rig);
}

static void
the_oldest_end_is_forgotten_first(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, "{\"limits\": {\"ended\": 2}}");
    rig_client_t clients[3];
    for (size_t k = 0; k < 3; k++) {
        rig_connect(rig, &clients[k], k + 1);
        rig_bye(&clients[k]);
        rig_close(&clients[k]);
    }
    rig_up(rig, 9);
    for (size_t k = 3; k > 0; k--) {
        rig_hello(rig, 9, &(hfi_hello_t){.session = clients[k - 1].secret, .attempt = 1});
        assert_string_equal(rig_said(rig, 9), k > 1 ? "" : OPENED);
    }
    rig_destroy(&rig);
}

static void
versions(void **state)
{
    (void)state;
    /* [1, {"protocol": "HFP", "version": 2}] */
    static const uint8_t bad[] = "\x92\x01\x82\xa8protocol\xa3HFP\xa7version\x02";
    static const uint8_t other[] = "\x92\x01\x82\xa8protocol\xa3XXX\xa7version\x01";
    rig_t *rig = rig_new(NULL, NULL);
    rig_up(rig, 1);
    rig_frame(rig, 1, bad, sizeof bad - 1);
    rig_frame(rig, 1, other, sizeof other - 1);
    assert_string_equal(rig_said(rig, 1), "REJECT bad_version\nREJECT bad_version\n");
    rig_destroy(&rig);
}

static void
moves_to_a_new_connection(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, NULL);
    rig_client_t a;
    rig_connect(rig, &a, 1);
    assert_string_equal(rig_call(&a, 0, "create", "[\"Cell\", 1]"), "1: <Cell #1>\n");
    (void)rig_put_call(&a, 1, "get", NULL, NULL);
    rig_send(&a); /* its answer is not fetched */
    assert_string_equal(rig_resume(&a, 2), "WELCOME resumed received=2\nREWIND after=1\n");
    assert_string_equal(rig_call(&a, 1, "set", "[2]"), "2: 1\n3: None\n");
    /* whatever comes on the former one is no session's */
    a.link = 1;
    (void)rig_put_call(&a, 1, "set", "[3]", NULL);
    rig_send(&a);
    assert_string_equal(rig_said(rig, 1), "REJECT no_session\n");
    rig_down(rig, 1, true); /* nor does its end matter */
    a.link = 2;
    a.sent--;
    assert_string_equal(rig_call(&a, 1, "get", NULL), "4: 2\n");
    rig_close(&a);
    rig_destroy(&rig);
}

static void
another_session_on_the_connection(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, NULL);
    rig_client_t a;
    rig_connect(rig, &a, 1);
    rig_hello(rig, 1, &(hfi_hello_t){.session = secret(77), .attempt = 1});
    assert_string_equal(rig_said(rig, 1), "WELCOME new received=0\nREWIND after=0\n");
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 2);
    rig_pass(
        rig,
        5.1); /* the first was detached: its grace has run out; the second was silent, but has its lease */
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 1);
    rig_close(&a);
    rig_destroy(&rig);
}

static void
rig_up_as(rig_t *rig, uint64_t link, const char *user, int64_t uid, int64_t pid)
{
    rig_apply(rig, &(hfi_event_t){.kind = HFI_EVENT_LINK_UP,
                                  .link = link,
                                  .peer = {.user = hfi_span_of(user), .uid = uid, .pid = pid}});
}

static const char *
hello_as(rig_t *rig, uint64_t link, uint8_t first, uint64_t attempt)
{
    rig_hello(rig, link, &(hfi_hello_t){.session = secret(first), .attempt = attempt});
    return rig_said(rig, link);
}

static void
bound_to_the_peer(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, NULL);
    rig_up_as(rig, 1, "", 1000, 42);
    rig_up_as(rig, 2, "", 1001, 43);
    rig_up_as(rig, 3, "", -1, 0);
    rig_up_as(rig, 4, "", 1000, 44);
    assert_string_equal(hello_as(rig, 1, 1, 1),
                        "WELCOME new received=0\nREWIND after=0\nWATCH 42\n");
    assert_string_equal(hello_as(rig, 2, 1, 2), "REJECT denied\n");
    assert_string_equal(hello_as(rig, 3, 1, 3), "REJECT denied\n");
    assert_string_equal(hello_as(rig, 4, 1, 4),
                        "WELCOME resumed received=0\nREWIND after=0\nWATCH 44\n");
    rig_up_as(rig, 5, "ann", -1, 0);
    rig_up_as(rig, 6, "bob", -1, 0);
    rig_up_as(rig, 7, "", -1, 0);
    rig_up_as(rig, 8, "ann", 5, 0);
    assert_string_equal(hello_as(rig, 5, 2, 1), "WELCOME new received=0\nREWIND after=0\n");
    assert_string_equal(hello_as(rig, 6, 2, 2), "REJECT denied\n");
    assert_string_equal(hello_as(rig, 7, 2, 3), "REJECT denied\n");
    assert_string_equal(hello_as(rig, 8, 2, 4), "WELCOME resumed received=0\nREWIND after=0\n");
    rig_destroy(&rig);
}

static void
streams_that_do_not_fit(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, NULL);
    rig_client_t a;
    rig_connect(rig, &a, 1);
    (void)rig_call(&a, 0, "types", NULL);
    a.received = 9; /* more than was ever sent */
    assert_string_equal(rig_resume(&a, 2), "REJECT session_expired\n");
    assert_string_equal(rig_said(rig, 1), "REJECT session_expired\n");
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 0);
    rig_close(&a);
    rig_destroy(&rig);
}

static void
probes_and_expires(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, NULL);
    rig_client_t a;
    rig_connect(rig, &a, 1);
    (void)rig_call(&a, 0, "create", "[\"Cell\", 1]");
    rig_pass(rig, 0.09);
    assert_string_equal(rig_said(rig, 1), ""); /* SEND told it */
    rig_pass(rig, 0.92);
    assert_string_equal(rig_said(rig, 1), "PING ack=1 sent=1\n");
    rig_pass(rig, 8.0);
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 1);
    (void)rig_said(rig, 1);
    rig_pass(rig, 1.0);
    assert_string_equal(rig_said(rig, 1), "REJECT session_expired\n");
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 0);
    assert_int_equal(rig_referents(rig), 0);
    rig_acknowledge(&a);
    assert_string_equal(rig_said(rig, 1), "REJECT no_session\n");
    rig_close(&a);
    rig_destroy(&rig);
}

static void
a_frame_keeps_the_lease(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, "{\"lease_ms\": 2000}");
    rig_client_t a;
    rig_connect(rig, &a, 1);
    for (int i = 0; i < 5; i++) {
        rig_pass(rig, 1.9);
        rig_acknowledge(&a);
    }
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 1);
    rig_close(&a);
    rig_destroy(&rig);
}

static void
leases_are_granted_within_bounds(void **state)
{
    (void)state;
    rig_t *rig =
        rig_new(&hf_plugin, "{\"lease_ms\": 3000, \"lease_min_ms\": 1000, \"lease_max_ms\": 4000}");
    static const struct {
        uint64_t wish;
        double lives;
    } rows[] = {{0, 3.0}, {1, 1.0}, {2000, 2.0}, {UINT64_MAX, 4.0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_up(rig, i + 1);
        rig_hello(rig, i + 1,
                  &(hfi_hello_t){
                      .session = secret((uint8_t)(i + 1)), .attempt = 1, .lease_ms = rows[i].wish});
        rig_pass(rig, rows[i].lives - 0.05);
        assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 1);
        rig_pass(rig, 0.1);
        assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 0);
    }
    rig_destroy(&rig);
}

static void
detached_has_its_grace(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, "{\"grace_ms\": 1000}");
    rig_client_t a;
    rig_connect(rig, &a, 1);
    (void)rig_call(&a, 0, "create", "[\"Gate\"]");
    (void)rig_call(&a, 1, "get", "[0.5]");
    rig_down(rig, 1, false);
    rig_pass(rig, 0.9);
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 1);
    assert_string_equal(rig_resume(&a, 2), "WELCOME resumed received=2\nREWIND after=1\n");
    rig->is_sent[2] = true; /* REWIND: go and fetch */
    assert_string_equal(rig_answers(&a),
                        "2! Empty: nothing came\n"); /* answered meanwhile, and kept */
    rig_down(rig, 2, false);
    rig_pass(rig, 1.1);
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 0);
    assert_string_equal(rig_resume(&a, 3), "REJECT session_expired\n");
    rig_close(&a);
    rig_destroy(&rig);
}

static void
grace_is_no_longer_than_the_lease(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, "{\"lease_ms\": 2000, \"grace_ms\": 5000}");
    rig_client_t a;
    rig_connect(rig, &a, 1);
    rig_pass(rig, 1.5);
    rig_down(rig, 1, false);
    rig_pass(rig, 0.6);
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 0);
    rig_close(&a);
    rig_destroy(&rig);
}

static void
pings_are_answered(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, NULL);
    rig_client_t a;
    uint8_t raw[64];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    rig_connect(rig, &a, 1);
    (void)rig_call(&a, 0, "create", "[\"Cell\", 1]");
    (void)rig_call(&a, 0, "create", "[\"Cell\", 1]");
    hfi_frame_write_ping(&w, 2, 2);
    rig_frame(rig, 1, raw, w.len);
    assert_string_equal(rig_said(rig, 1), "PONG ack=2 sent=2 count=2\n");
    w.len = 0;
    hfi_frame_write_ping(&w, 2, 5); /* three of its messages are missing here */
    rig_frame(rig, 1, raw, w.len);
    assert_string_equal(rig_said(rig, 1), "RESYNC 3\nPONG ack=2 sent=2 count=2\n");
    rig_frame(rig, 1, raw, w.len); /* the same gap: not asked again so soon */
    assert_string_equal(rig_said(rig, 1), "PONG ack=2 sent=2 count=2\n");
    rig_pass(rig, 0.1);
    (void)rig_said(rig, 1);
    rig_frame(rig, 1, raw, w.len);
    assert_string_equal(rig_said(rig, 1), "RESYNC 3\nPONG ack=2 sent=2 count=2\n");
    w.len = 0;
    hfi_frame_write_ping(&w, 3, 2); /* it acknowledges what was never sent */
    rig_frame(rig, 1, raw, w.len);
    assert_string_equal(rig_said(rig, 1), "REJECT bad_frame\n");
    rig_close(&a);
    rig_destroy(&rig);
}

static void
duplicates_and_gaps(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, NULL);
    rig_client_t a;
    rig_connect(rig, &a, 1);
    (void)rig_call(&a, 0, "create", "[\"Gate\"]");
    (void)rig_put_call(&a, 1, "put", "[1]", NULL);
    hfi_bytes_t copy = {0};
    assert_true(hfi_bytes_append(&copy, a.frame.at, a.frame.len));
    rig_send(&a);
    rig_frame(rig, 1, copy.at, copy.len); /* the same again: dropped */
    rig_frame(rig, 1, copy.at, copy.len);
    assert_string_equal(rig_answers(&a), "2: None\n");
    assert_string_equal(rig_call(&a, 1, "counts", NULL), "3: [0, 0, 1, 0]\n");
    a.sent++; /* one is lost on the way */
    (void)rig_put_call(&a, 1, "put", "[2]", NULL);
    rig_send(&a);
    assert_string_equal(rig_answers(&a), "");
    assert_string_equal(rig_said(rig, 1), "RESYNC 4\n");
    a.sent = 3;
    (void)rig_put_call(&a, 1, "counts", NULL, NULL);
    (void)rig_put_call(&a, 1, "put", "[2]", NULL);
    rig_send(&a);
    assert_string_equal(rig_answers(&a), "4: [0, 0, 1, 0]\n5: None\n");
    hfi_bytes_close(&copy);
    rig_close(&a);
    rig_destroy(&rig);
}

static void
sends_again(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, NULL);
    rig_client_t a;
    uint8_t raw[64];
    hf_writer_t w = {.at = raw, .room = sizeof raw, .grow = hfi_grow_never};
    rig_connect(rig, &a, 1);
    (void)rig_call(&a, 0, "create", "[\"Cell\", 1]");
    (void)rig_call(&a, 0, "create", "[\"Cell\", 1]");
    hfi_frame_write_resync(&w, 2);
    rig_frame(rig, 1, raw, w.len);
    assert_string_equal(rig_said(rig, 1), "REWIND after=1\n");
    w.len = 0;
    hfi_frame_write_resync(&w, 1); /* its second call acknowledged it */
    rig_frame(rig, 1, raw, w.len);
    assert_string_equal(rig_said(rig, 1), "REJECT bad_frame\n");
    rig_close(&a);
    rig_destroy(&rig);
}

static void
acknowledges_in_time(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, "{\"limits\": {\"window\": 16}}");
    rig_client_t a;
    rig_connect(rig, &a, 1);
    (void)rig_put_call(&a, 0, "types", NULL, "{\"oneway\": true}");
    rig_send(&a); /* no answer carries its acknowledgement */
    rig_pass(rig, 0.09);
    assert_string_equal(rig_said(rig, 1), "");
    rig_pass(rig, 0.02);
    assert_string_equal(rig_said(rig, 1), "ACK seq=1 ack=1\n");
    rig_pass(rig, 0.3);
    assert_string_equal(rig_said(rig, 1), ""); /* it is never acknowledged itself, nor sent twice */
    for (int i = 0; i < 4; i++)                /* a quarter of the window: at once */
        (void)rig_put_call(&a, 0, "types", NULL, "{\"oneway\": true}");
    rig_send(&a);
    assert_string_equal(rig_said(rig, 1), "ACK seq=1 ack=5\n");
    (void)rig_put_call(&a, 0, "number_of_objects", NULL, NULL);
    rig_send(&a); /* the answer's frame says it */
    assert_string_equal(rig_answers(&a), "6: 0\n");
    rig_pass(rig, 0.2);
    assert_string_equal(rig_said(rig, 1), "");
    rig_close(&a);
    rig_destroy(&rig);
}

/* A client that does not read: Overloaded at the window, the end at twice. Nobody else is slowed. */
static void
does_not_read(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, "{\"limits\": {\"window\": 8}}");
    rig_client_t a;
    rig_client_t b;
    rig_connect(rig, &a, 1);
    rig_connect(rig, &b, 2);
    (void)rig_call(&b, 0, "create", "[\"Gate\"]");
    (void)rig_call(&b, 0, "bind", "[\"g\", {\"$handle\": [1]}]");
    (void)rig_call(&a, 0, "lookup", "[\"g\"]");
    a.acked = 1;
    rig_acknowledge(&a);
    for (int i = 0; i < 8; i++)
        (void)rig_put_call(&a, 1, "put", "[1]", NULL);
    rig_send(&a);
    (void)rig_put_call(&a, 1, "put", "[1]", NULL);                 /* not run */
    (void)rig_put_call(&a, 1, "put", "[1]", "{\"oneway\": true}"); /* run */
    rig_send(&a);
    assert_string_equal(rig_call(&b, 1, "counts", NULL), "3: [0, 0, 9, 0]\n");
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 2);
    for (int i = 0; i < 7; i++)
        (void)rig_put_call(&a, 1, "put", "[1]", NULL);
    rig_send(&a);
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 1);
    assert_non_null(strstr(rig_said(rig, 1), "REJECT limit\n"));
    assert_string_equal(rig_call(&b, 1, "counts", NULL), "4: [0, 0, 9, 0]\n");
    rig_close(&a);
    rig_close(&b);
    rig_destroy(&rig);
}

/* Many calls that waited are answered at once: that is not the client's doing. What it asks for then is. */
static void
a_burst_of_what_waited(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, "{\"limits\": {\"window\": 8}}");
    rig_client_t a;
    rig_client_t b;
    rig_connect(rig, &a, 1);
    rig_connect(rig, &b, 2);
    (void)rig_call(&b, 0, "create", "[\"Gate\"]");
    (void)rig_call(&b, 0, "bind", "[\"g\", {\"$handle\": [1]}]");
    (void)rig_call(&a, 0, "lookup", "[\"g\"]");
    for (int i = 0; i < 40; i++)
        (void)rig_call(&a, 1, i % 2 == 0 ? "take" : "get", NULL);
    (void)rig_call(&a, 1, "counts", NULL);
    rig_acknowledge(&a);
    assert_int_equal(rig_parked(rig), 40);
    assert_string_equal(rig_call(&b, 1, "hand", "[7]"), "3: 20\n");
    (void)rig_call(&b, 1, "put", "[8, 20]");
    for (int i = 0; i < 19; i++)
        (void)rig_call(&b, 1, "put", "[8]");
    assert_int_equal(rig_parked(rig), 0);
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 2);
    for (int i = 0; i < 15; i++)
        (void)rig_put_call(&a, 1, "put", "[1]", NULL);
    rig_send(&a);
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 2);
    (void)rig_put_call(&a, 1, "put", "[1]", NULL);
    rig_send(&a);
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 1);
    rig_close(&a);
    rig_close(&b);
    rig_destroy(&rig);
}

static void
overloaded_in_words(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, "{\"limits\": {\"window\": 2}}");
    rig_client_t a;
    rig_connect(rig, &a, 1);
    for (int i = 0; i < 3; i++)
        (void)rig_put_call(&a, 0, "number_of_objects", NULL, NULL);
    rig_send(&a);
    assert_string_equal(rig_answers(&a),
                        "1: 0\n2: 0\n3! Overloaded: the client does not read its answers\n");
    rig_close(&a);
    rig_destroy(&rig);
}

/* More than twice the window past the manager's last acknowledgement, in one frame. */
static void
floods(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, "{\"limits\": {\"window\": 8}}");
    rig_client_t a;
    rig_connect(rig, &a, 1);
    for (int i = 0; i < 17; i++)
        (void)rig_put_call(&a, 0, "types", NULL, "{\"oneway\": true}");
    rig_send(&a);
    assert_string_equal(rig_said(rig, 1), "REJECT limit\nKICK\n");
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 0);
    rig_close(&a);
    rig_destroy(&rig);
}

static void
says_bye(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, NULL);
    rig_client_t a;
    rig_connect(rig, &a, 1);
    (void)rig_call(&a, 0, "create", "[\"Cell\", 1]");
    rig_bye(&a);
    assert_string_equal(rig_said(rig, 1), "");
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 0);
    assert_int_equal(rig_referents(rig), 0);
    rig_bye(&a);
    assert_string_equal(rig_said(rig, 1), "REJECT no_session\n");
    rig_close(&a);
    rig_destroy(&rig);
}

static void
a_dead_process(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, NULL);
    rig_client_t a;
    rig_connect(rig, &a, 1);
    (void)rig_call(&a, 0, "create", "[\"Cell\", 1]");
    rig_down(rig, 1, true);
    assert_int_equal(hfi_machine_figures(rig->machine)->sessions, 0);
    assert_int_equal(rig_referents(rig), 0);
    rig_down(rig, 1, true); /* and again: nothing */
    rig_close(&a);
    rig_destroy(&rig);
}

/* A referent that only the dead session's unacknowledged answer named is gone too. */
static void
references_count(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, NULL);
    rig_client_t a;
    rig_connect(rig, &a, 1);
    (void)rig_call(&a, 0, "create", "[\"Gate\"]");
    (void)rig_call(&a, 1, "self", NULL); /* two references now */
    (void)rig_put_release(&a, 1, 1);
    rig_send(&a);
    assert_int_equal(rig_referents(rig), 1);
    (void)rig_put_call(&a, 1, "self", NULL, "{\"oneway\": true}"); /* dropped with its handle */
    (void)rig_put_call(&a, 0, "create", "[\"Cell\", 1]", "{\"oneway\": true}");
    (void)rig_put_release(&a, 1, 1);
    rig_send(&a);
    assert_int_equal(rig_referents(rig), 0);
    (void)rig_put_release(&a, 1, 1);                            /* below zero */
    (void)rig_put_call(&a, 0, "create", "[\"Cell\", 1]", NULL); /* does not run */
    rig_send(&a);
    assert_string_equal(rig_said(rig, 1), "REJECT bad_frame\n");
    assert_int_equal(rig_referents(rig), 0);
    rig_close(&a);
    rig_destroy(&rig);
}

static void
the_manager_cannot_be_released(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, NULL);
    rig_client_t a;
    rig_connect(rig, &a, 1);
    assert_string_equal(rig_call(&a, 0, "create", "[\"Cell\", {\"$handle\": [0]}]"),
                        "1: <Cell #1>\n");
    assert_string_equal(rig_call(&a, 1, "get", NULL), "2: <manager #0>\n");
    (void)rig_put_release(&a, 0, 1);
    rig_send(&a);
    assert_string_equal(rig_said(rig, 1), "REJECT bad_frame\n");
    rig_close(&a);
    rig_destroy(&rig);
}

static void
stops(void **state)
{
    (void)state;
    rig_t *rig = rig_new(&hf_plugin, NULL);
    rig_client_t a;
    rig_connect(rig, &a, 1);
    assert_string_equal(rig_call(&a, 0, "shutdown", "[5.0]"), "1: None\n");
    assert_false(rig->is_stopped); /* the answer is not acknowledged yet */
    rig_up(rig, 2);
    assert_string_equal(hello_as(rig, 2, 50, 1), "REJECT shutdown\n");
    rig_acknowledge(&a);
    assert_true(rig->is_stopped);
    assert_string_equal(rig_said(rig, 1), "REJECT shutdown\n");
    rig_close(&a);
    rig_destroy(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hellos),
        cmocka_unit_test(late_hellos),
        cmocka_unit_test(the_oldest_end_is_forgotten_first),
        cmocka_unit_test(versions),
        cmocka_unit_test(moves_to_a_new_connection),
        cmocka_unit_test(another_session_on_the_connection),
        cmocka_unit_test(bound_to_the_peer),
        cmocka_unit_test(streams_that_do_not_fit),
        cmocka_unit_test(probes_and_expires),
        cmocka_unit_test(a_frame_keeps_the_lease),
        cmocka_unit_test(leases_are_granted_within_bounds),
        cmocka_unit_test(detached_has_its_grace),
        cmocka_unit_test(grace_is_no_longer_than_the_lease),
        cmocka_unit_test(pings_are_answered),
        cmocka_unit_test(duplicates_and_gaps),
        cmocka_unit_test(sends_again),
        cmocka_unit_test(acknowledges_in_time),
        cmocka_unit_test(does_not_read),
        cmocka_unit_test(overloaded_in_words),
        cmocka_unit_test(a_burst_of_what_waited),
        cmocka_unit_test(floods),
        cmocka_unit_test(says_bye),
        cmocka_unit_test(a_dead_process),
        cmocka_unit_test(references_count),
        cmocka_unit_test(the_manager_cannot_be_released),
        cmocka_unit_test(stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
