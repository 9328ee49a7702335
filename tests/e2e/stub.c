/* SPDX-License-Identifier: MPL-2.0 */
/* stub -- two managers that know each other by what clients hand on: written from PROTOCOL.md alone.
 *
 * A has the lists; B is handed their handles. Both are recorded, and replayed in the end.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <time.h>

#include "raw.h"

enum { SECRET = 16, PATIENCE_S = 30 };

typedef struct pair {
    e2e_t *a;
    e2e_t *b;
    raw_t ann;               /* at A */
    raw_t bob;               /* at B */
    uint8_t manager[SECRET]; /* A's */
    char endpoint[128];      /* A's */
} pair_t;

static void
pair_open(pair_t *p, void **state, const char *a_config, const char *b_config)
{
    void *other = NULL;
    memset(p, 0, sizeof *p);
    p->a = *state;
    assert_int_equal(e2e_open(&other), 0);
    p->b = other;
    if (a_config == NULL)
        E2E_START(p->a, NULL);
    else
        e2e_start_configured(p->a, a_config);
    if (b_config == NULL)
        E2E_START(p->b, NULL);
    else
        e2e_start_configured(p->b, b_config);
    raw_open(&p->ann, p->a->endpoint, 1);
    raw_open(&p->bob, p->b->endpoint, 2);
    (void)raw_begin(&p->ann, false);
    (void)raw_begin(&p->bob, false);
    memcpy(p->manager, p->ann.manager, SECRET);
    (void)snprintf(p->endpoint, sizeof p->endpoint, "%s", p->a->endpoint);
}

static void
pair_close(pair_t *p)
{
    void *other = p->b;
    raw_close(&p->ann);
    raw_close(&p->bob);
    assert_int_equal(e2e_close(&other), 0);
}

static uint64_t
create(raw_t *client, const char *typeid_)
{
    raw_answer_t answer;
    raw_answer(client, raw_call(client, 0, "create", "s", typeid_), &answer);
    return raw_handle_of(&answer);
}

static void
pack_bytes(msgpack_packer *pk, const void *at, size_t len)
{
    (void)msgpack_pack_bin(pk, len);
    (void)msgpack_pack_bin_body(pk, at, len);
}

/* Exports under a secret of ours, uses 1; `secret_byte` tells them apart. */
static void
export_as(pair_t *p, uint64_t object, uint8_t secret_byte, uint8_t *secret)
{
    raw_answer_t answer;
    msgpack_sbuffer item;
    msgpack_packer pk;
    memset(secret, secret_byte, SECRET);
    msgpack_sbuffer_init(&item);
    msgpack_packer_init(&pk, &item, msgpack_sbuffer_write);
    pack_bytes(&pk, secret, SECRET);
    raw_answer(&p->ann, raw_call(&p->ann, 0, "export", "hfix", object, 60.0, INT64_C(1), &item),
               &answer);
    assert_false(answer.is_error);
    msgpack_sbuffer_destroy(&item);
}

/* [object, typeid, secret, manager, [endpoint]] */
static void
pack_handle(const pair_t *p, uint64_t object, const uint8_t *secret, msgpack_sbuffer *to)
{
    msgpack_sbuffer payload;
    msgpack_packer pk;
    msgpack_sbuffer_init(&payload);
    msgpack_packer_init(&pk, &payload, msgpack_sbuffer_write);
    (void)msgpack_pack_array(&pk, 5);
    (void)msgpack_pack_uint64(&pk, object);
    (void)msgpack_pack_str(&pk, 4);
    (void)msgpack_pack_str_body(&pk, "list", 4);
    pack_bytes(&pk, secret, SECRET);
    pack_bytes(&pk, p->manager, SECRET);
    (void)msgpack_pack_array(&pk, 1);
    (void)msgpack_pack_str(&pk, strlen(p->endpoint));
    (void)msgpack_pack_str_body(&pk, p->endpoint, strlen(p->endpoint));
    msgpack_sbuffer_init(to);
    msgpack_packer_init(&pk, to, msgpack_sbuffer_write);
    (void)msgpack_pack_ext(&pk, payload.size, 1);
    (void)msgpack_pack_ext_body(&pk, payload.data, payload.size);
    msgpack_sbuffer_destroy(&payload);
}

/* Two lists: Ann's, and Bob's that is to hold it. */
typedef struct lists {
    uint64_t ann;
    uint64_t bob;
} lists_t;

static lists_t
create_lists(pair_t *p)
{
    return (lists_t){.ann = create(&p->ann, "list"), .bob = create(&p->bob, "list")};
}

/* Bob appends to his list what Ann exported. */
static void
store(pair_t *p, const lists_t *lists, uint8_t secret_byte, raw_answer_t *ret_answer)
{
    uint8_t secret[SECRET];
    msgpack_sbuffer handle;
    export_as(p, lists->ann, secret_byte, secret);
    pack_handle(p, lists->ann, secret, &handle);
    raw_answer(&p->bob, raw_call(&p->bob, lists->bob, "append", "x", &handle), ret_answer);
    msgpack_sbuffer_destroy(&handle);
}

/* Both, and Ann's stored in Bob's. */
static lists_t
store_lists(pair_t *p, uint8_t secret_byte)
{
    raw_answer_t answer;
    lists_t lists = create_lists(p);
    store(p, &lists, secret_byte, &answer);
    assert_false(answer.is_error);
    return lists;
}

static void
expect_refused(pair_t *p, const lists_t *lists, uint8_t secret_byte, const char *kind,
               const char *word)
{
    raw_answer_t answer;
    store(p, lists, secret_byte, &answer);
    assert_string_equal(answer.kind, kind);
    assert_non_null(strstr(answer.text, word));
}

/* What B hands out for Ann's list. */
typedef struct handed {
    uint64_t object;
    uint8_t secret[SECRET];
    uint64_t stub;
} handed_t;

/* What a handle of six elements says. */
static void
take_apart(const raw_answer_t *answer, handed_t *ret_handed)
{
    msgpack_unpacked out;
    size_t at = 0;
    assert_false(answer->is_error);
    assert_int_equal(answer->value.type, MSGPACK_OBJECT_EXT);
    msgpack_unpacked_init(&out);
    assert_int_equal(
        msgpack_unpack_next(&out, answer->value.via.ext.ptr, answer->value.via.ext.size, &at),
        MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(out.data.type, MSGPACK_OBJECT_ARRAY);
    assert_int_equal(out.data.via.array.size, 6);
    const msgpack_object *items = out.data.via.array.ptr;
    ret_handed->object = items[0].via.u64;
    assert_int_equal(items[2].via.bin.size, SECRET);
    memcpy(ret_handed->secret, items[2].via.bin.ptr, SECRET);
    assert_int_equal(items[4].via.array.size, 1);
    ret_handed->stub = items[5].via.u64;
    msgpack_unpacked_destroy(&out);
}

static void
get_item(pair_t *p, const lists_t *lists, raw_answer_t *ret_answer)
{
    raw_answer(&p->bob, raw_call(&p->bob, lists->bob, "getitem", "i", INT64_C(0)), ret_answer);
}

static handed_t
hand_out(pair_t *p, const lists_t *lists)
{
    handed_t handed;
    raw_answer_t answer;
    get_item(p, lists, &answer);
    take_apart(&answer, &handed);
    assert_int_equal(handed.object, lists->ann);
    return handed;
}

/* Ann adopts what B handed out. */
static void
adopt(pair_t *p, const handed_t *handed)
{
    raw_answer_t answer;
    msgpack_sbuffer item;
    msgpack_packer pk;
    msgpack_sbuffer_init(&item);
    msgpack_packer_init(&pk, &item, msgpack_sbuffer_write);
    pack_bytes(&pk, handed->secret, SECRET);
    raw_answer(&p->ann, raw_call(&p->ann, 0, "adopt", "x", &item), &answer);
    assert_int_equal(raw_handle_of(&answer), handed->object);
    msgpack_sbuffer_destroy(&item);
}

/* Bob calls the stub itself. */
static void
expect_stub_says(pair_t *p, const handed_t *handed, const char *kind)
{
    raw_answer_t answer;
    raw_answer(&p->bob, raw_call(&p->bob, handed->stub, "append", "i", INT64_C(1)), &answer);
    assert_string_equal(answer.kind, kind);
}

static int64_t
objects(raw_t *client)
{
    raw_answer_t answer;
    raw_answer(client, raw_call(client, 0, "number_of_objects", ""), &answer);
    return raw_int_of(&answer);
}

/* Asks again until there are so many. */
static void
await_objects(raw_t *client, int64_t wanted)
{
    time_t until = time(NULL) + (time_t)e2e_patience(PATIENCE_S);
    while (objects(client) != wanted)
        assert_true(time(NULL) < until);
}

static void
await_repr(raw_t *client, uint64_t object, const char *word)
{
    time_t until = time(NULL) + (time_t)e2e_patience(PATIENCE_S);
    for (;;) {
        raw_answer_t answer;
        raw_answer(client, raw_call(client, object, "repr", ""), &answer);
        assert_int_equal(answer.value.type, MSGPACK_OBJECT_STR);
        char text[256];
        (void)snprintf(text, sizeof text, "%.*s", (int)answer.value.via.str.size,
                       answer.value.via.str.ptr);
        if (strstr(text, word) != NULL)
            return;
        assert_true(time(NULL) < until);
    }
}

/* ---- tests ------------------------------------------------------------------------------- */

static void
a_list_here_keeps_one_there(void **state)
{
    pair_t p;
    raw_answer_t answer;
    pair_open(&p, state, NULL, NULL);
    lists_t lists = store_lists(&p, 7);
    raw_release(&p.ann, lists.ann, 1);
    assert_int_equal(objects(&p.ann), 1); /* B holds it */
    handed_t handed = hand_out(&p, &lists);
    adopt(&p, &handed); /* there, and then it is given back here */
    raw_release(&p.bob, handed.stub, 1);
    raw_answer(&p.bob, raw_call(&p.bob, lists.bob, "clear", ""), &answer);
    assert_int_equal(objects(&p.bob), 1);
    assert_int_equal(objects(&p.ann), 1); /* Ann's own hold */
    raw_release(&p.ann, lists.ann, 1);
    await_objects(&p.ann, 0);
    pair_close(&p);
}

static void
its_manager_stops(void **state)
{
    pair_t p;
    raw_answer_t answer;
    pair_open(&p, state, NULL, NULL);
    lists_t lists = store_lists(&p, 8);
    handed_t handed = hand_out(&p, &lists);
    expect_stub_says(&p, &handed, "NoSuchMethod");
    assert_int_equal(e2e_stop(p.a), 0);
    /* its last word may be lost with the connection: then it is missed for a lease */
    await_repr(&p.bob, handed.stub, ", lost>");
    raw_answer(&p.bob, raw_call(&p.bob, lists.bob, "append", "h", handed.stub), &answer);
    assert_string_equal(answer.kind, "ReferentLost");
    expect_stub_says(&p, &handed, "ReferentLost");
    pair_close(&p);
}

static void
its_manager_begins_anew(void **state)
{
    pair_t p;
    pair_open(&p, state, NULL, NULL);
    lists_t lists = store_lists(&p, 9);
    handed_t handed = hand_out(&p, &lists);
    e2e_kill(p.a);
    E2E_START(p.a, NULL);
    await_repr(&p.bob, handed.stub, ", lost>");
    pair_close(&p);
}

static void
nobody_is_there(void **state)
{
    pair_t p;
    raw_answer_t answer;
    pair_open(&p, state, NULL, "far_timeout = 2\n"); /* less than the lease of who waits */
    lists_t lists = create_lists(&p);
    (void)snprintf(p.endpoint, sizeof p.endpoint, "ipc://%s", e2e_path(p.a, "nobody.sock"));
    expect_refused(&p, &lists, 10, "ReferentLost", "in time");
    (void)snprintf(p.endpoint, sizeof p.endpoint, "tcp://192.0.2.1:5570");
    expect_refused(&p, &lists, 11, "ReferentLost", "far_allow");
    (void)snprintf(p.endpoint, sizeof p.endpoint, "%s", p.b->endpoint);
    expect_refused(&p, &lists, 12, "ReferentLost", "another manager answers at its endpoints");
    raw_answer(&p.bob, raw_call(&p.bob, lists.bob, "len", ""), &answer);
    assert_int_equal(raw_int_of(&answer), 0);
    pair_close(&p);
}

/* What a manager says of itself goes with every handle of its own that another one hands out. */
static void
where_others_reach_it(void **state)
{
    static const char elsewhere[] = "tcp://db.internal:5570";
    pair_t p;
    raw_answer_t answer;
    pair_open(&p, state, "endpoints = \"tcp://db.internal:5570\"\n", NULL);
    lists_t lists = store_lists(&p, 13);
    get_item(&p, &lists, &answer);
    assert_int_equal(answer.value.type, MSGPACK_OBJECT_EXT);
    assert_non_null(memmem(answer.value.via.ext.ptr, answer.value.via.ext.size, elsewhere,
                           sizeof elsewhere - 1));
    assert_null(memmem(answer.value.via.ext.ptr, answer.value.via.ext.size, p.endpoint,
                       strlen(p.endpoint)));
    pair_close(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_list_here_keeps_one_there, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(its_manager_stops, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(its_manager_begins_anew, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(nobody_is_there, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(where_others_reach_it, e2e_open, e2e_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
