/* SPDX-License-Identifier: MPL-2.0 */
/* codec -- our writer, admit and cursor against msgpack-c: the same bytes from the same value, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <msgpack.h>

#include <value/admit.h>
#include <value/value.h>
#include <value/writer.h>

#include "tree.h"

enum { N_TREES = 3000 };

static void oracle_write(const node_t *node, msgpack_packer *packer);

static void
oracle_write_ext(const node_t *node, msgpack_packer *packer)
{
    msgpack_sbuffer inner;
    msgpack_packer payload;
    msgpack_sbuffer_init(&inner);
    msgpack_packer_init(&payload, &inner, msgpack_sbuffer_write);
    if (node->kind == HF_PROMISE) {
        msgpack_pack_uint64(&payload, node->bits);
    } else if (node->kind == HF_ERROR) {
        msgpack_pack_array(&payload, node->n);
        for (size_t i = 0; i < node->n; i++)
            oracle_write(node->child[i], &payload);
    } else {
        msgpack_pack_array(&payload, node->text == NULL ? 1 : 2);
        msgpack_pack_uint64(&payload, node->bits);
        if (node->text != NULL)
            msgpack_pack_str_with_body(&payload, node->text, node->len);
    }
    int code = node->kind == HF_HANDLE ? 1 : node->kind == HF_PROMISE ? 2 : 3;
    msgpack_pack_ext_with_body(packer, inner.data, inner.size, (int8_t)code);
    msgpack_sbuffer_destroy(&inner);
}

static void
oracle_write(const node_t *node, msgpack_packer *packer)
{
    switch (node->kind) {
    case HF_BOOL:
        if (node->bits != 0)
            msgpack_pack_true(packer);
        else
            msgpack_pack_false(packer);
        return;
    case HF_INT:
        if (node->is_negative)
            msgpack_pack_int64(packer, (int64_t)node->bits);
        else
            msgpack_pack_uint64(packer, node->bits);
        return;
    case HF_FLOAT:
        msgpack_pack_double(packer, node->number);
        return;
    case HF_STR:
        msgpack_pack_str_with_body(packer, node->text, node->len);
        return;
    case HF_BYTES:
        msgpack_pack_bin_with_body(packer, node->text, node->len);
        return;
    case HF_EXT:
        msgpack_pack_ext_with_body(packer, node->text, node->len, (int8_t)(node->bits & 0x7f));
        return;
    case HF_LIST:
    case HF_MAP:
        if (node->kind == HF_MAP)
            msgpack_pack_map(packer, node->n / 2);
        else
            msgpack_pack_array(packer, node->n);
        for (size_t i = 0; i < node->n; i++)
            oracle_write(node->child[i], packer);
        return;
    case HF_HANDLE:
    case HF_PROMISE:
    case HF_ERROR:
        oracle_write_ext(node, packer);
        return;
    default:
        msgpack_pack_nil(packer);
        return;
    }
}

/* Reads a value by cursor and writes what was read. */
static void
copy_by_reading(const hf_value_t *value, hf_writer_t *w)
{
    hf_cursor_t cursor;
    hf_value_t item;
    size_t len;
    uint8_t code;
    const void *at;
    switch (hf_kind(value)) {
    case HF_BOOL:
        hf_write_bool(w, hf_as_bool(value));
        return;
    case HF_INT:
        if (hf_int_fits(value))
            hf_write_int(w, hf_as_int(value));
        else
            hf_write_uint(w, hf_as_uint(value));
        return;
    case HF_FLOAT:
        hf_write_float(w, hf_as_float(value));
        return;
    case HF_STR:
        at = hf_as_str(value, &len);
        hf_write_str(w, at, len);
        return;
    case HF_BYTES:
        at = hf_as_bytes(value, &len);
        hf_write_bytes(w, at, len);
        return;
    case HF_EXT:
        at = hf_as_ext(value, &code, &len);
        hf_write_ext(w, code, at, len);
        return;
    case HF_HANDLE:
        at = hf_handle_typeid(value, &len);
        hf_write_handle(w, hf_as_handle(value), at, len);
        return;
    case HF_PROMISE:
        hf_write_promise(w, hf_as_promise(value));
        return;
    case HF_ERROR: {
        size_t mark = hfi_ext_begin(w);
        hf_write_list(w, 3);
        for (hf_open(&cursor, value); hf_next(&cursor, &item);)
            copy_by_reading(&item, w);
        hfi_ext_end(w, mark, 3);
        return;
    }
    case HF_LIST:
    case HF_MAP:
        if (hf_kind(value) == HF_MAP)
            hf_write_map(w, hf_count(value));
        else
            hf_write_list(w, hf_count(value));
        for (hf_open(&cursor, value); hf_next(&cursor, &item);)
            copy_by_reading(&item, w);
        return;
    default:
        hf_write_nil(w);
        return;
    }
}

static uint8_t
flags_of(const node_t *node)
{
    uint8_t flags = node->kind == HF_HANDLE    ? HF_TAG_HANDLES
                    : node->kind == HF_PROMISE ? HF_TAG_PROMISES
                                               : 0;
    for (size_t i = 0; i < node->n; i++)
        flags |= flags_of(node->child[i]);
    return flags;
}

/* Items that a cursor lends must have the flags of what is in them, no more and no less. */
static void
check_flags(const node_t *node, const hf_value_t *value)
{
    hf_cursor_t cursor;
    hf_value_t item = hf_nil();
    assert_int_equal(value->raw[15] & (HF_TAG_HANDLES | HF_TAG_PROMISES), flags_of(node));
    if (node->kind == HF_HANDLE)
        return;
    hf_open(&cursor, value);
    for (size_t i = 0; i < node->n; i++) {
        assert_true(hf_next(&cursor, &item));
        check_flags(node->child[i], &item);
    }
    assert_false(hf_next(&cursor, &item));
}

static void
check_tree(const node_t *tree)
{
    hfi_bytes_t ours = {0};
    hfi_bytes_t again = {0};
    hfi_bytes_t scratch = {0};
    hfi_bytes_writer_t writer;
    hfi_bytes_writer_open(&writer, &ours);
    tree_write(tree, &writer.w);
    assert_true(hfi_bytes_writer_close(&writer));
    assert_int_equal(writer.w.tag, flags_of(tree));

    msgpack_sbuffer theirs;
    msgpack_packer packer;
    msgpack_sbuffer_init(&theirs);
    msgpack_packer_init(&packer, &theirs, msgpack_sbuffer_write);
    oracle_write(tree, &packer);
    assert_int_equal(theirs.size, ours.len);
    assert_memory_equal(theirs.data, ours.at, ours.len);

    hf_value_t value = hf_nil();
    const char *why = "";
    assert_int_equal(hfi_admit_value(hfi_bytes_span(&ours), 64, &scratch, &value, &why),
                     HFI_ADMIT_OK);
    assert_int_equal(scratch.len, 0); /* shortest already */
    assert_int_equal(hf_len_of(&value), ours.len);
    check_flags(tree, &value);
    hfi_bytes_writer_open(&writer, &again);
    copy_by_reading(&value, &writer.w);
    assert_true(hfi_bytes_writer_close(&writer));
    assert_true(hfi_span_equal(hfi_bytes_span(&again), hfi_bytes_span(&ours)));

    msgpack_unpacked unpacked;
    size_t offset = 0;
    msgpack_unpacked_init(&unpacked);
    assert_int_equal(msgpack_unpack_next(&unpacked, (const char *)ours.at, ours.len, &offset),
                     MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(offset, ours.len);
    msgpack_unpacked_destroy(&unpacked);
    msgpack_sbuffer_destroy(&theirs);
    hfi_bytes_close(&ours);
    hfi_bytes_close(&again);
    hfi_bytes_close(&scratch);
}

static void
random_values_agree_byte_for_byte(void **state)
{
    (void)state;
    uint64_t seed = 1;
    tree_options_t options = {.with_ext = true, .with_nan = true, .depth = 4};
    for (int i = 0; i < N_TREES; i++) {
        node_t *tree = tree_new(&seed, options);
        check_tree(tree);
        tree_destroy(&tree);
    }
}

/* Lengths on both sides of every border between two forms. */
static void
each_length_has_its_shortest_form(void **state)
{
    (void)state;
    static const size_t lengths[] = {0,  1,  2,  3,   4,   5,   8,     9,     15,   16,
                                     17, 31, 32, 255, 256, 257, 65535, 65536, 70000};
    char *text = malloc(70000);
    assert_non_null(text);
    memset(text, 'x', 70000);
    static const hf_kind_t kinds[] = {HF_STR, HF_BYTES, HF_EXT};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (size_t k = 0; k < 3; k++) {
            node_t node = {.kind = kinds[k], .text = text, .len = lengths[i], .bits = 16};
            check_tree(&node);
        }
        node_t nil = {.kind = HF_NIL};
        node_t **child = malloc((lengths[i] + 1) * 2 * sizeof(node_t *));
        assert_non_null(child);
        node_t *keys = calloc(lengths[i] + 1, sizeof *keys);
        assert_non_null(keys);
        for (size_t k = 0; k < 2 * lengths[i]; k++) {
            keys[k / 2] = (node_t){.kind = HF_INT, .bits = k / 2};
            child[k] = k % 2 == 0 ? &keys[k / 2] : &nil;
        }
        node_t list = {.kind = HF_LIST, .child = child, .n = lengths[i]};
        node_t map = {.kind = HF_MAP, .child = child, .n = 2 * lengths[i]};
        check_tree(&list);
        check_tree(&map);
        free(child);
        free(keys);
    }
    free(text);
}

static void
each_int_has_its_shortest_form(void **state)
{
    (void)state;
    for (int power = 0; power < 64; power++) {
        for (int64_t around = -2; around <= 2; around++) {
            uint64_t bits = ((uint64_t)1 << power) + (uint64_t)around;
            node_t plus = {.kind = HF_INT, .bits = bits};
            check_tree(&plus);
            node_t minus = {.kind = HF_INT, .bits = ~bits, .is_negative = (int64_t)~bits < 0};
            check_tree(&minus);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_values_agree_byte_for_byte),
        cmocka_unit_test(each_length_has_its_shortest_form),
        cmocka_unit_test(each_int_has_its_shortest_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
