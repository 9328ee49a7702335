/* SPDX-License-Identifier: MPL-2.0 */
/* pin -- tokens: what they hold and for how long, who may adopt, and what they say to whom they are none of. */
#include <stdio.h>

#include <stream/token.h>
#include <value/value.h>

#include "rig.h"
#include "trial.h"

enum { TOKEN = 512 };

typedef struct passing {
    rig_pair_t pair;
    char token[TOKEN];
    char args[TOKEN + 64];
} passing_t;

static void
open_with(passing_t *t, const char *settings)
{
    *t = (passing_t){.pair = rig_pair_open(&hf_plugin, settings, "[\"Cell\", 5]")};
}

static void
opened(passing_t *t)
{
    open_with(t, "{\"space\": {\"$bytes\": \"AAECAwQFBgcICQoLDA0ODw==\"}, "
                 "\"endpoints\": [\"ipc://x\", \"tcp://h:1\"]}");
}

/* What stands between the quotes of an answer that is a token. */
static void
keep_token(passing_t *t, const char *says)
{
    const char *from = strstr(says, ": 'hf1.");
    assert_non_null(from);
    from += 3;
    size_t len = strcspn(from, "'");
    assert_true(len < TOKEN);
    memcpy(t->token, from, len);
    t->token[len] = '\0';
}

/* Exports by the first client; the token is t->token. */
static void
exported(passing_t *t, const char *args)
{
    keep_token(t, rig_call(&t->pair.a, 0, "export", args));
}

static const char *
with_token(passing_t *t, rig_client_t *client, const char *method)
{
    (void)snprintf(t->args, sizeof t->args, "[\"%s\"]", t->token);
    return rig_call(client, 0, method, t->args);
}

/* What is behind the call's number. */
static const char *
said(const char *says)
{
    return says + strspn(says, "0123456789");
}

#define SAID(says_, wanted_) assert_string_equal(said(says_), wanted_)
#define GONE                 "! NoSuchObject: no such token, or what it named is gone\n"
#define LET_GO(t_, count_)                                                                         \
    do {                                                                                           \
        (void)rig_put_release(&(t_)->pair.a, 1, count_);                                           \
        rig_send(&(t_)->pair.a);                                                                   \
    } while (0)

static void
the_text(void **state)
{
    (void)state;
    passing_t t;
    opened(&t);
    exported(&t, "[{\"$handle\": [1]}]");
    hfi_bytes_t scratch = {0};
    hfi_token_t token;
    assert_true(hfi_token_read(hfi_span_of(t.token), &scratch, &token));
    assert_int_equal(hf_as_uint(&token.object), 1);
    size_t len;
    const char *name = hf_as_str(&token.typeid_, &len);
    assert_true(len == 4 && memcmp(name, "Cell", 4) == 0);
    assert_memory_equal(token.manager.bytes, "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 16);
    assert_int_equal(hf_count(&token.endpoints), 2);
    assert_int_equal(strspn(t.token + 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789-_"),
                     strlen(t.token) - 4);
    char first[TOKEN];
    memcpy(first, t.token, sizeof first);
    exported(&t, "[{\"$handle\": [1]}]"); /* each export makes its own */
    assert_string_not_equal(first, t.token);
    hfi_bytes_close(&scratch);
    rig_pair_close(&t.pair);
}

static void
a_pin_holds_until_its_time_is_up(void **state)
{
    (void)state;
    passing_t t;
    opened(&t);
    exported(&t, "[{\"$handle\": [1]}, 5]");
    LET_GO(&t, 1);
    assert_int_equal(rig_referents(t.pair.rig), 1);
    rig_bye(&t.pair.a); /* the exporter is gone: the pin is not */
    assert_int_equal(rig_referents(t.pair.rig), 1);
    rig_pass(t.pair.rig, 4.9);
    assert_int_equal(rig_referents(t.pair.rig), 1);
    assert_non_null(strstr(rig_call(&t.pair.b, 0, "objects", NULL), "'holders': {'pin': 1}}"));
    rig_pass(t.pair.rig, 0.2);
    assert_int_equal(rig_referents(t.pair.rig), 0);
    SAID(with_token(&t, &t.pair.b, "adopt"), GONE);
    SAID(with_token(&t, &t.pair.b, "revoke"), ": False\n");
    rig_pair_close(&t.pair);
}

static void
the_time_is_sixty_seconds(void **state)
{
    (void)state;
    passing_t t;
    open_with(&t, "{\"lease_ms\": 600000}");
    exported(&t, "[{\"$handle\": [1]}]");
    LET_GO(&t, 1);
    rig_pass(t.pair.rig, 59.9);
    assert_int_equal(rig_referents(t.pair.rig), 1);
    rig_pass(t.pair.rig, 0.2);
    assert_int_equal(rig_referents(t.pair.rig), 0);
    rig_pair_close(&t.pair);
}

static void
a_use_counts_once_it_is_acknowledged(void **state)
{
    (void)state;
    passing_t t;
    opened(&t);
    exported(&t, "[{\"$handle\": [1]}, 60, 2]");
    LET_GO(&t, 1);
    SAID(with_token(&t, &t.pair.b, "adopt"), ": <Cell #1>\n");
    (void)rig_put_release(&t.pair.b, 1, 1); /* and acknowledges */
    rig_send(&t.pair.b);
    assert_int_equal(rig_referents(t.pair.rig), 1);
    SAID(with_token(&t, &t.pair.b, "adopt"), ": <Cell #1>\n");
    assert_non_null(strstr(rig_call(&t.pair.a, 0, "objects", NULL), "{'session': 1, 'pin': 1}"));
    rig_acknowledge(&t.pair.b);
    assert_non_null(strstr(rig_call(&t.pair.a, 0, "objects", NULL), "{'session': 1}"));
    /* the session that adopted holds it now, and the token is weak */
    SAID(with_token(&t, &t.pair.a, "adopt"), ": <Cell #1>\n");
    (void)rig_put_release(&t.pair.b, 1, 1);
    rig_send(&t.pair.b);
    assert_int_equal(rig_referents(t.pair.rig), 1);
    LET_GO(&t, 1);
    assert_int_equal(rig_referents(t.pair.rig), 0);
    SAID(with_token(&t, &t.pair.b, "adopt"), GONE);
    rig_pair_close(&t.pair);
}

static void
a_use_is_given_back_by_who_dies_with_it(void **state)
{
    (void)state;
    passing_t t;
    opened(&t);
    exported(&t, "[{\"$handle\": [1]}]");
    LET_GO(&t, 1);
    SAID(with_token(&t, &t.pair.b, "adopt"), ": <Cell #1>\n");
    t.pair.b.acked = 0; /* it never said that it has it */
    rig_bye(&t.pair.b);
    assert_int_equal(rig_referents(t.pair.rig), 1);
    SAID(with_token(&t, &t.pair.a, "adopt"), ": <Cell #1>\n");
    LET_GO(&t, 1); /* acknowledges: that was the one use */
    assert_int_equal(rig_referents(t.pair.rig), 0);
    rig_pair_close(&t.pair);
}

static void
a_bye_acknowledges_an_adoption(void **state)
{
    (void)state;
    passing_t t;
    opened(&t);
    exported(&t, "[{\"$handle\": [1]}]");
    LET_GO(&t, 1);
    SAID(with_token(&t, &t.pair.b, "adopt"), ": <Cell #1>\n");
    rig_bye(&t.pair.b);
    assert_int_equal(rig_referents(t.pair.rig), 0);
    rig_pair_close(&t.pair);
}

static void
two_at_once_both_adopt(void **state)
{
    (void)state;
    passing_t t;
    opened(&t);
    exported(&t, "[{\"$handle\": [1]}]");
    LET_GO(&t, 1);
    SAID(with_token(&t, &t.pair.b, "adopt"), ": <Cell #1>\n");
    SAID(with_token(&t, &t.pair.a, "adopt"), ": <Cell #1>\n");
    rig_acknowledge(&t.pair.b);
    rig_acknowledge(&t.pair.a); /* of a use that is spent already: nothing */
    rig_bye(&t.pair.b);
    assert_int_equal(rig_referents(t.pair.rig), 1);
    SAID(with_token(&t, &t.pair.a, "adopt"), ": <Cell #1>\n");
    LET_GO(&t, 2);
    assert_int_equal(rig_referents(t.pair.rig), 0);
    rig_pair_close(&t.pair);
}

static void
an_unheard_adoption_is_none(void **state)
{
    (void)state;
    passing_t t;
    opened(&t);
    exported(&t, "[{\"$handle\": [1]}]");
    LET_GO(&t, 1);
    (void)snprintf(t.args, sizeof t.args, "[\"%s\"]", t.token);
    (void)rig_put_call(&t.pair.b, 0, "adopt", t.args, "{\"oneway\": true}");
    rig_send(&t.pair.b);
    assert_int_equal(rig_referents(t.pair.rig), 1); /* no answer, no use; what it gave is dropped */
    SAID(with_token(&t, &t.pair.b, "adopt"), ": <Cell #1>\n");
    rig_pair_close(&t.pair);
}

static void
weak_and_durable(void **state)
{
    (void)state;
    passing_t t;
    open_with(&t, "{\"lease_ms\": 600000}");
    exported(&t, "[{\"$handle\": [1]}, 0]");
    SAID(with_token(&t, &t.pair.b, "adopt"), ": <Cell #1>\n");
    (void)rig_put_release(&t.pair.b, 1, 1);
    rig_send(&t.pair.b);
    SAID(with_token(&t, &t.pair.b, "adopt"), ": <Cell #1>\n"); /* as often as it likes */
    (void)rig_put_release(&t.pair.b, 1, 1);
    rig_send(&t.pair.b);
    LET_GO(&t, 1);
    assert_int_equal(rig_referents(t.pair.rig), 0);
    SAID(with_token(&t, &t.pair.b, "adopt"), GONE);
    SAID(rig_call(&t.pair.a, 0, "create", "[\"Cell\", 6]"), ": <Cell #2>\n");
    exported(&t, "[{\"$handle\": [2]}, {\"$float\": \"inf\"}]");
    (void)rig_put_release(&t.pair.a, 2, 1);
    rig_send(&t.pair.a);
    for (int i = 0; i < 3; i++) {
        SAID(with_token(&t, &t.pair.b, "adopt"), ": <Cell #2>\n");
        (void)rig_put_release(&t.pair.b, 2, 1);
        rig_send(&t.pair.b);
        rig_pass(t.pair.rig, 100);
    }
    assert_int_equal(rig_referents(t.pair.rig), 1);
    SAID(with_token(&t, &t.pair.b, "revoke"), ": True\n");
    assert_int_equal(rig_referents(t.pair.rig), 0);
    SAID(with_token(&t, &t.pair.b, "revoke"), ": False\n");
    rig_pair_close(&t.pair);
}

static void
revoked_for_good(void **state)
{
    (void)state;
    passing_t t;
    opened(&t);
    exported(&t, "[{\"$handle\": [1]}]");
    char first[TOKEN];
    memcpy(first, t.token, sizeof first);
    exported(&t, "[{\"$handle\": [1]}]");
    SAID(with_token(&t, &t.pair.a, "revoke"), ": True\n");
    SAID(with_token(&t, &t.pair.b, "adopt"), GONE); /* though the referent lives */
    memcpy(t.token, first, sizeof first);
    LET_GO(&t, 1);
    SAID(with_token(&t, &t.pair.b, "adopt"), ": <Cell #1>\n"); /* the other one is another */
    SAID(with_token(&t, &t.pair.a, "revoke"),
         ": True\n"); /* while an adoption is not acknowledged */
    rig_acknowledge(&t.pair.b);
    assert_int_equal(rig_referents(t.pair.rig), 1); /* it holds for itself */
    rig_bye(&t.pair.b);
    assert_int_equal(rig_referents(t.pair.rig), 0);
    rig_pair_close(&t.pair);
}

static void
one_token_for_several(void **state)
{
    (void)state;
    passing_t t;
    opened(&t);
    SAID(rig_call(&t.pair.a, 0, "create", "[\"Gate\"]"), ": <Gate #2>\n");
    exported(&t, "[[{\"$handle\": [2]}, {\"$handle\": [1]}, {\"$handle\": [2]}]]");
    (void)rig_put_release(&t.pair.a, 2, 1);
    LET_GO(&t, 1);
    assert_non_null(strstr(rig_call(&t.pair.b, 0, "objects", "[1, 1]"), "'holders': {'pin': 2}}"));
    SAID(with_token(&t, &t.pair.b, "adopt"), ": [<Gate #2>, <Cell #1>, <Gate #2>]\n");
    rig_acknowledge(&t.pair.b);
    (void)rig_put_release(&t.pair.b, 2, 1);
    rig_send(&t.pair.b);
    assert_int_equal(rig_referents(t.pair.rig), 2);
    (void)rig_put_release(&t.pair.b, 2, 1); /* one of them dies: the token is dead */
    rig_send(&t.pair.b);
    assert_int_equal(rig_referents(t.pair.rig), 1);
    SAID(with_token(&t, &t.pair.b, "adopt"), GONE);
    exported(&t, "[[]]");
    SAID(with_token(&t, &t.pair.b, "adopt"), ": []\n");
    SAID(rig_call(&t.pair.a, 0, "export", "[[1]]"),
         "! TypeError: item 0 of the list is no handle\n");
    SAID(rig_call(&t.pair.a, 0, "export", "[[{\"$handle\": [2]}]]"),
         "! NoSuchObject: no object 2\n");
    rig_pair_close(&t.pair);
}

static void
a_chosen_secret(void **state)
{
    (void)state;
    static const char *const secret = "[{\"$bytes\": \"MTIzNDU2Nzg5MDEyMzQ1Ng==\"}]";
    passing_t t;
    opened(&t);
    SAID(rig_call(&t.pair.b, 0, "adopt", secret), GONE);
    exported(&t, "[{\"$handle\": [1]}, 60, 1, {\"$bytes\": \"MTIzNDU2Nzg5MDEyMzQ1Ng==\"}]");
    SAID(rig_call(&t.pair.b, 0, "adopt", secret), ": <Cell #1>\n"); /* by the bytes alone */
    SAID(with_token(&t, &t.pair.b, "adopt"), ": <Cell #1>\n");
    SAID(rig_call(&t.pair.b, 0, "adopt", "[{\"$bytes\": \"MTIzNDU2Nzg5MDEyMzQ1Nw==\"}]"), GONE);
    SAID(rig_call(&t.pair.a, 0, "export",
                  "[{\"$handle\": [1]}, 60, 1, {\"$bytes\": \"MTIzNDU2Nzg5MDEyMzQ1Ng==\"}]"),
         "! ValueError: that secret is another token's\n");
    SAID(rig_call(&t.pair.a, 0, "export", "[{\"$handle\": [1]}, 60, 1, {\"$bytes\": \"MTIz\"}]"),
         "! ValueError: a secret has 16 bytes\n");
    SAID(rig_call(&t.pair.b, 0, "revoke", secret), ": True\n");
    SAID(rig_call(&t.pair.b, 0, "adopt", secret), GONE);
    rig_pair_close(&t.pair);
}

/* The manager's token with its array changed by `change`, as text. */
static void
forge(passing_t *t, void (*change)(uint8_t *at, size_t len))
{
    hfi_bytes_t payload = {0};
    hfi_bytes_t text = {0};
    hfi_token_t token;
    assert_true(hfi_token_read(hfi_span_of(t->token), &payload, &token));
    change(payload.at, payload.len);
    assert_true(hfi_token_write(hfi_bytes_span(&payload), &text));
    assert_true(text.len < TOKEN);
    memcpy(t->token, text.at, text.len);
    t->token[text.len] = '\0';
    hfi_bytes_close(&payload);
    hfi_bytes_close(&text);
}

/* [1, "Cell", secret, manager, …]: 95 01 a4 Cell c4 10 … c4 10 … */
static void
another_object(uint8_t *at, size_t len)
{
    assert_true(len > 1 && at[1] == 1);
    at[1] = 2;
}

static void
another_secret(uint8_t *at, size_t len)
{
    assert_true(len > 25 && at[7] == 0xc4 && at[8] == 16);
    at[24] ^= 1;
}

static void
another_manager(uint8_t *at, size_t len)
{
    assert_true(len > 43 && at[25] == 0xc4 && at[26] == 16);
    at[27] ^= 1;
}

static void
what_is_none_of_ours_is_told_nothing(void **state)
{
    (void)state;
    void (*const changes[])(uint8_t *, size_t) = {another_object, another_secret, another_manager};
    passing_t t;
    opened(&t);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        exported(&t, "[{\"$handle\": [1]}]");
        SAID(with_token(&t, &t.pair.b, "adopt"), ": <Cell #1>\n");
        forge(&t, changes[i]);
        SAID(with_token(&t, &t.pair.b, "adopt"), GONE);
        SAID(with_token(&t, &t.pair.b, "revoke"), ": False\n");
    }
    rig_pair_close(&t.pair);
}

static void
what_is_no_token(void **state)
{
    (void)state;
    static const char *const none[] = {
        "\"\"",
        "\"hf1.\"",
        "\"hf2.lQ\"",
        "\"hf1.lQ\"",         /* an array's head, and nothing */
        "\"hf1.wA\"",         /* nil */
        "\"hf1.wA==\"",       /* padded */
        "\"hf1.w A\"",        /* a space */
        "\"hf1.lQGhYcQBAQ\"", /* no five items */
        "\"hf1.lQHAxBAxMjM0NTY3ODkwMTIzNDU2xBAxMjM0NTY3ODkwMTIzNDU2kA\"", /* an object of no typeid */
        "\"hf1.lf-hYcQQMTIzNDU2Nzg5MDEyMzQ1NsQQMTIzNDU2Nzg5MDEyMzQ1NpA\"",  /* below 0 */
        "\"hf1.lQGhYcQQMTIzNDU2Nzg5MDEyMzQ1NsQQMTIzNDU2Nzg5MDEyMzQ1NpEB\"", /* an endpoint 1 */
        "{\"$bytes\": \"MTIz\"}",
    };
    passing_t t;
    opened(&t);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        (void)snprintf(t.args, sizeof t.args, "[%s]", none[i]);
        SAID(rig_call(&t.pair.b, 0, "adopt", t.args), "! ValueError: that is no token\n");
        SAID(rig_call(&t.pair.b, 0, "revoke", t.args), "! ValueError: that is no token\n");
    }
    /* one that could be */
    SAID(rig_call(&t.pair.b, 0, "adopt",
                  "[\"hf1.lQGhYcQQMTIzNDU2Nzg5MDEyMzQ1NsQQMTIzNDU2Nzg5MDEyMzQ1NpA\"]"),
         GONE);
    SAID(rig_call(&t.pair.b, 0, "adopt", "[3]"),
         "! TypeError: adopt() argument 'token' must be str or bytes, not int\n");
    exported(&t, "[{\"$handle\": [1]}]");
    t.token[strlen(t.token) - 2] = '\0'; /* cut on its way */
    SAID(with_token(&t, &t.pair.b, "adopt"), "! ValueError: that is no token\n");
    rig_pair_close(&t.pair);
}

static void
what_export_refuses(void **state)
{
    (void)state;
    passing_t t;
    opened(&t);
    SAID(rig_call(&t.pair.a, 0, "export", "[{\"$handle\": [1]}, -1]"),
         "! ValueError: ttl is below 0\n");
    SAID(rig_call(&t.pair.a, 0, "export", "[{\"$handle\": [1]}, {\"$float\": \"nan\"}]"),
         "! ValueError: ttl is below 0\n");
    SAID(rig_call(&t.pair.a, 0, "export", "[{\"$handle\": [1]}, 1, 0]"),
         "! ValueError: uses is below 1\n");
    SAID(rig_call(&t.pair.b, 0, "export", "[{\"$handle\": [1]}]"), "! NoSuchObject: no object 1\n");
    LET_GO(&t, 1);
    assert_int_equal(rig_referents(t.pair.rig), 0);
    rig_pair_close(&t.pair);
}

static void
no_more_tokens_than_may_be(void **state)
{
    (void)state;
    passing_t t;
    open_with(&t, "{\"limits\": {\"tokens\": 2}}");
    exported(&t, "[{\"$handle\": [1]}, 1]");
    char first[TOKEN];
    memcpy(first, t.token, sizeof first);
    exported(&t, "[{\"$handle\": [1]}, 2]");
    SAID(rig_call(&t.pair.a, 0, "export", "[{\"$handle\": [1]}]"),
         "! LimitExceeded: the manager has as many tokens as it may\n");
    rig_pass(t.pair.rig, 1.5); /* the first one's pin has ended: it makes room */
    rig_acknowledge(&t.pair.a);
    exported(&t, "[{\"$handle\": [1]}]");
    SAID(with_token(&t, &t.pair.b, "adopt"), ": <Cell #1>\n");
    memcpy(t.token, first, sizeof first);
    SAID(with_token(&t, &t.pair.b, "adopt"), GONE);
    rig_pair_close(&t.pair);
}

static void
the_holdings_limit_refuses_an_adoption(void **state)
{
    (void)state;
    passing_t t;
    open_with(&t, "{\"limits\": {\"holdings\": 1}}");
    SAID(rig_call(&t.pair.b, 0, "create", "[\"Cell\"]"), ": <Cell #2>\n");
    exported(&t, "[{\"$handle\": [1]}]");
    LET_GO(&t, 1);
    SAID(with_token(&t, &t.pair.b, "adopt"),
         "! LimitExceeded: the session holds as many referents as it may\n");
    rig_acknowledge(&t.pair.b);
    assert_int_equal(rig_referents(t.pair.rig), 2); /* that was no use */
    SAID(with_token(&t, &t.pair.a, "adopt"), ": <Cell #1>\n");
    rig_pair_close(&t.pair);
}

static void
memory_comes_back(void **state)
{
    (void)state;
    passing_t t;
    opened(&t);
    rig_acknowledge(&t.pair.a);
    uint64_t before = hfi_machine_figures(t.pair.rig->machine)->memory_bytes;
    for (int i = 0; i < 20; i++) {
        exported(&t, i % 2 == 0 ? "[{\"$handle\": [1]}, 1]" : "[{\"$handle\": [1]}, 0]");
        rig_acknowledge(&t.pair.a);
    }
    assert_true(hfi_machine_figures(t.pair.rig->machine)->memory_bytes >
                before + UINT64_C(20) * 100);
    rig_pass(t.pair.rig, 1.5);
    LET_GO(&t, 1);
    assert_int_equal(rig_referents(t.pair.rig), 0);
    assert_true(hfi_machine_figures(t.pair.rig->machine)->memory_bytes < before);
    /* what is exported when the manager ends goes with it */
    SAID(rig_call(&t.pair.a, 0, "create", "[\"Cell\", 6]"), ": <Cell #2>\n");
    exported(&t, "[{\"$handle\": [2]}]");
    exported(&t, "[{\"$handle\": [2]}, 0]");
    exported(&t, "[{\"$handle\": [0]}]"); /* the manager itself */
    SAID(with_token(&t, &t.pair.b, "adopt"), ": <manager #0>\n");
    rig_pair_close(&t.pair);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text),
        cmocka_unit_test(a_pin_holds_until_its_time_is_up),
        cmocka_unit_test(the_time_is_sixty_seconds),
        cmocka_unit_test(a_use_counts_once_it_is_acknowledged),
        cmocka_unit_test(a_use_is_given_back_by_who_dies_with_it),
        cmocka_unit_test(a_bye_acknowledges_an_adoption),
        cmocka_unit_test(two_at_once_both_adopt),
        cmocka_unit_test(an_unheard_adoption_is_none),
        cmocka_unit_test(weak_and_durable),
        cmocka_unit_test(revoked_for_good),
        cmocka_unit_test(one_token_for_several),
        cmocka_unit_test(a_chosen_secret),
        cmocka_unit_test(what_is_none_of_ours_is_told_nothing),
        cmocka_unit_test(what_is_no_token),
        cmocka_unit_test(what_export_refuses),
        cmocka_unit_test(no_more_tokens_than_may_be),
        cmocka_unit_test(the_holdings_limit_refuses_an_adoption),
        cmocka_unit_test(memory_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
