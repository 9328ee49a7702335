/* SPDX-License-Identifier: MPL-2.0 */
/* admit -- what the door lets in, what it refuses and how, and that no bytes make it look past their end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <value/admit.h>
#include <value/compare.h>
#include <value/repr.h>
#include <value/value.h>
#include <value/writer.h>

#include "tree.h"

/* A literal's bytes, NULs too. */
#define BYTES(text_) ((hfi_span_t){(const uint8_t *)(text_), sizeof(text_) - 1})

/* Admits from a block of exactly that size, so that the sanitizer sees a look past the end. */
static hfi_admitted_t
admit_exact(hfi_span_t bytes, uint64_t max_depth, hfi_item_t *ret_item, size_t *ret_rest)
{
    hfi_bytes_t scratch = {0};
    uint8_t *copy = malloc(bytes.len == 0 ? 1 : bytes.len);
    assert_non_null(copy);
    memcpy(copy, bytes.at, bytes.len);
    hfi_span_t rest = {copy, bytes.len};
    hfi_admitted_t admitted = hfi_admit(&rest, max_depth, &scratch, ret_item);
    *ret_rest = rest.len;
    assert_true(scratch.len <= 2 * bytes.len);
    if (admitted == HFI_ADMIT_OK || admitted == HFI_ADMIT_BAD_REQUEST) {
        assert_int_equal(ret_item->came, bytes.len - rest.len);
        assert_int_equal(hf_skip(ret_item->bytes.at, NULL), ret_item->bytes.len);
        assert_int_equal(admitted == HFI_ADMIT_OK, ret_item->fault == NULL);
    } else {
        assert_non_null(ret_item->fault);
        assert_int_equal(rest.len, bytes.len);
    }
    if (admitted == HFI_ADMIT_OK) { /* whatever reads values may now be let loose on it */
        hf_value_t value = hfi_value_view(ret_item->bytes, ret_item->tag);
        hfi_bytes_t text = {0};
        assert_true(hfi_repr(&value, &text));
        assert_true(hfi_is_utf8(text.at, text.len));
        (void)hfi_equal(&value, &value);
        uint8_t flags;
        (void)hf_skip(ret_item->bytes.at, &flags);
        assert_int_equal(flags, ret_item->tag);
        hfi_bytes_close(&text);
    }
    hfi_bytes_close(&scratch);
    free(copy);
    return admitted;
}

static hfi_admitted_t
verdict(hfi_span_t bytes)
{
    hfi_item_t item;
    size_t rest;
    hfi_admitted_t admitted = admit_exact(bytes, 64, &item, &rest);
    if (admitted != HFI_ADMIT_BAD_FRAME)
        assert_int_equal(rest, 0);
    return admitted;
}

/* ---- truncation and mutation ---- */

static void
every_truncation_is_a_bad_frame(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (int i = 0; i < 400; i++) {
        tree_options_t options = {.with_ext = true, .with_nan = true, .depth = 3};
        node_t *tree = tree_new(&seed, options);
        hfi_builder_t builder;
        hf_value_t value;
        hfi_builder_open(&builder, 0);
        tree_write(tree, &builder.w);
        assert_true(hfi_builder_take(&builder, &value));
        hfi_span_t whole = hfi_value_span(&value);
        hfi_item_t item;
        size_t rest;
        assert_int_equal(admit_exact(whole, 64, &item, &rest), HFI_ADMIT_OK);
        for (size_t len = 0; len < whole.len; len++)
            assert_int_equal(admit_exact((hfi_span_t){whole.at, len}, 64, &item, &rest),
                             HFI_ADMIT_BAD_FRAME);
        hfi_value_drop(&value);
        tree_destroy(&tree);
    }
}

static void
no_mutation_breaks_it(void **state)
{
    (void)state;
    uint64_t seed = 3;
    unsigned seen[4] = {0};
    for (int i = 0; i < 3000; i++) {
        tree_options_t options = {.with_ext = true, .with_nan = true, .depth = 3};
        node_t *tree = tree_new(&seed, options);
        hfi_bytes_t bytes = {0};
        hfi_bytes_writer_t writer;
        hfi_bytes_writer_open(&writer, &bytes);
        tree_write(tree, &writer.w);
        assert_true(hfi_bytes_writer_close(&writer));
        for (int k = 0; k < 10; k++) {
            size_t at = tree_random(&seed) % bytes.len;
            uint8_t kept = bytes.at[at];
            uint64_t how = tree_random(&seed);
            bytes.at[at] = how % 3 == 0 ? (uint8_t)(0xc0 + (how >> 8) % 32) : (uint8_t)(how >> 8);
            hfi_item_t item;
            size_t rest;
            seen[admit_exact(hfi_bytes_span(&bytes), 8, &item, &rest)]++;
            if (k % 2 == 0)
                bytes.at[at] = kept;
        }
        hfi_bytes_close(&bytes);
        tree_destroy(&tree);
    }
    assert_true(seen[HFI_ADMIT_OK] > 1000 && seen[HFI_ADMIT_BAD_REQUEST] > 1000 &&
                seen[HFI_ADMIT_BAD_FRAME] > 1000);
}

static void
random_bytes_do_not_break_it(void **state)
{
    (void)state;
    uint64_t seed = 4;
    for (int i = 0; i < 20000; i++) {
        uint8_t bytes[24];
        size_t len = tree_random(&seed) % sizeof bytes;
        for (size_t k = 0; k < len; k++)
            bytes[k] = (uint8_t)(tree_random(&seed) % 3 == 0 ? 0x80 + tree_random(&seed) % 96
                                                             : tree_random(&seed) % 256);
        hfi_item_t item;
        size_t rest;
        (void)admit_exact((hfi_span_t){bytes, len}, 8, &item, &rest);
    }
}

/* ---- rules one by one ---- */

static void
depth_counts_arrays_maps_and_errors(void **state)
{
    (void)state;
    hfi_item_t item;
    size_t rest;
    uint8_t nested[600];
    memset(nested, 0x91, sizeof nested);
    for (size_t depth = 1; depth < 600; depth++) {
        nested[depth - 1] = 0x90;
        hfi_span_t bytes = {nested, depth};
        bool is_fine = depth <= 64;
        assert_int_equal(admit_exact(bytes, 64, &item, &rest),
                         is_fine ? HFI_ADMIT_OK : HFI_ADMIT_BAD_FRAME);
        is_fine = depth <= HFI_DEPTH_MAX;
        assert_int_equal(admit_exact(bytes, UINT64_MAX, &item, &rest),
                         is_fine ? HFI_ADMIT_OK : HFI_ADMIT_BAD_FRAME);
        nested[depth - 1] = 0x91;
    }
    static const struct {
        const char *bytes;
        size_t len;
        uint64_t depth;
    } cases[] = {
        {"\x01", 1, 0},
        {"\x90", 1, 1},
        {"\x80", 1, 1},
        {"\x81\x01\x90", 3, 2},
        {"\xd6\x03\x93\xa1k\xa0", 6, 0}, /* a short payload is looked at after its depth */
        {"\xc7\x05\x03\x93\xa1k\xa0\xc0", 8, 1},
        {"\x91\xc7\x05\x03\x93\xa1k\xa0\xc0", 9, 2},
        {"\xc7\x05\x03\x93\xa1k\xa0\x90", 8, 2},
        {"\xd6\x01\x92\x07\xa1l", 6, 0}, /* a handle's payload does not count */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hfi_span_t bytes = {(const uint8_t *)cases[i].bytes, cases[i].len};
        bool is_error = i == 4;
        if (!is_error)
            assert_int_equal(admit_exact(bytes, cases[i].depth, &item, &rest), HFI_ADMIT_OK);
        if (cases[i].depth > 0 || is_error)
            assert_int_equal(admit_exact(bytes, is_error ? 0 : cases[i].depth - 1, &item, &rest),
                             HFI_ADMIT_BAD_FRAME);
    }
}

static void
utf8_is_strict(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "a",
                                       "é",
                                       "€",
                                       "𝄞",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xf4\x8f\xbf\xbf",
                                       "12345678é",
                                       "1234567é",
                                       "\x7f"};
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc3",
                                      "\xc3(",
                                      "\xe0\x80\x80",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xe2\x82",
                                      "\xe2(\x82",
                                      "\xf0\x80\x80\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xf0\x9d\x84",
                                      "\xff",
                                      "\xfe",
                                      "12345678\xff",
                                      "1234567\xff",
                                      "a\xc3"};
    for (int is_long = 0; is_long < 2; is_long++) {
        for (size_t i = 0; i < 11 + 22; i++) {
            const char *text = i < 11 ? good[i] : bad[i - 11];
            uint8_t bytes[64] = {0};
            size_t len = strlen(text);
            size_t before = is_long != 0 ? 40 : 0;
            size_t head = is_long != 0 ? 2 : 1;
            bytes[0] = is_long != 0 ? 0xd9 : (uint8_t)(0xa0 | len);
            if (is_long != 0)
                bytes[1] = (uint8_t)(before + len);
            memset(bytes + head, 'x', before);
            memcpy(bytes + head + before, text, len); // NOLINT(bugprone-not-null-terminated-result)
            assert_int_equal(verdict((hfi_span_t){bytes, head + before + len}),
                             i < 11 ? HFI_ADMIT_OK : HFI_ADMIT_BAD_REQUEST);
            assert_int_equal(hfi_is_utf8(text, len), i < 11);
        }
    }
}

static void
ext_have_their_form(void **state)
{
    (void)state;
    const struct {
        hfi_span_t bytes;
        hfi_admitted_t want;
    } cases[] = {
        {BYTES("\xd5\x01\x91\x07"), HFI_ADMIT_OK}, /* typeid left out */
        {BYTES("\xd6\x01\x92\x07\xa1l"), HFI_ADMIT_OK},
        {BYTES("\xd6\x01\x92\xff\xa1l"), HFI_ADMIT_BAD_REQUEST}, /* object -1 */
        {BYTES("\xc7\x07\x01\x92\xd1\xff\xff\xa2ls"), HFI_ADMIT_BAD_REQUEST},
        {BYTES("\xd6\x01\x92\x07\xa1\xff"), HFI_ADMIT_BAD_REQUEST}, /* not UTF-8 */
        {BYTES("\xd6\x01\x92\x07\xc4\x00"), HFI_ADMIT_BAD_REQUEST}, /* bytes as typeid */
        {BYTES("\xd4\x01\x90"), HFI_ADMIT_BAD_REQUEST},
        {BYTES("\xd4\x01\x07"), HFI_ADMIT_BAD_REQUEST},
        {BYTES("\xd7\x01\x92\x07\xa1l\xc0\xc0\xc0\xc0"), HFI_ADMIT_BAD_REQUEST}, /* bytes behind */
        {BYTES("\xd6\x01\x93\x07\xa0\x01"), HFI_ADMIT_BAD_REQUEST}, /* three elements */
        {BYTES("\xd4\x01\x92"), HFI_ADMIT_BAD_REQUEST},             /* payload cut */
        {BYTES("\xd4\x02\x05"), HFI_ADMIT_OK},
        {BYTES("\xd4\x02\x00"), HFI_ADMIT_BAD_REQUEST}, /* no call has number 0 */
        {BYTES("\xd4\x02\xff"), HFI_ADMIT_BAD_REQUEST},
        {BYTES("\xd4\x02\xc0"), HFI_ADMIT_BAD_REQUEST},
        {BYTES("\xd5\x02\x05\x05"), HFI_ADMIT_BAD_REQUEST},
        {BYTES("\xc7\x05\x03\x93\xa1k\xa0\xc0"), HFI_ADMIT_OK},
        {BYTES("\xd6\x03\x92\xa1k\xa0"), HFI_ADMIT_BAD_REQUEST}, /* without data */
        {BYTES("\xc7\x05\x03\x93\xa1k\x01\xc0"), HFI_ADMIT_BAD_REQUEST},
        {BYTES("\xc7\x05\x03\x93\xa1k\xa0\x91"), HFI_ADMIT_BAD_REQUEST}, /* data cut */
        {BYTES("\xc7\x00\x03"), HFI_ADMIT_BAD_REQUEST},
        {BYTES("\xc7\x00\x10"), HFI_ADMIT_OK},
        {BYTES("\xd4\x7f\x00"), HFI_ADMIT_OK},
        {BYTES("\xd4\x0f\x00"), HFI_ADMIT_BAD_REQUEST},
        {BYTES("\xd4\x00\x00"), HFI_ADMIT_BAD_REQUEST},
        {BYTES("\xd4\x04\x00"), HFI_ADMIT_BAD_REQUEST},
        {BYTES("\xd4\x80\x00"), HFI_ADMIT_BAD_REQUEST},
        {BYTES("\xd6\xff\x00\x00\x00\x00"),
         HFI_ADMIT_BAD_REQUEST}, /* a timestamp is none of ours */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (verdict(cases[i].bytes) != cases[i].want)
            fail_msg("case %zu", i);
    }
}

/* [object, typeid, secret, manager, endpoints(, stub)] */
static hfi_admitted_t
verdict_of_foreign(uint32_t n, size_t secret_len, bool is_endpoint_text, bool has_stub)
{
    hfi_builder_t builder;
    hf_value_t value;
    hfi_builder_open(&builder, 0);
    size_t mark = hfi_ext_begin(&builder.w);
    hf_write_list(&builder.w, n);
    hf_write_uint(&builder.w, 12);
    hf_write_str(&builder.w, "list", 4);
    hf_write_bytes(&builder.w, "0123456789abcdef", secret_len);
    hf_write_bytes(&builder.w, "fedcba9876543210", 16);
    hf_write_list(&builder.w, 2);
    hf_write_str(&builder.w, "tcp://a:1", 9);
    if (is_endpoint_text)
        hf_write_str(&builder.w, "tcp://b:1", 9);
    else
        hf_write_int(&builder.w, 1);
    if (has_stub)
        hf_write_uint(&builder.w, 99);
    hfi_ext_end(&builder.w, mark, 1);
    assert_true(hfi_builder_take(&builder, &value));
    hfi_admitted_t admitted = verdict(hfi_value_span(&value));
    if (admitted == HFI_ADMIT_OK)
        assert_int_equal(hf_as_handle(&value), 12);
    hfi_value_drop(&value);
    return admitted;
}

static void
foreign_handles_have_their_form(void **state)
{
    (void)state;
    assert_int_equal(verdict_of_foreign(6, 16, true, true), HFI_ADMIT_OK);
    assert_int_equal(verdict_of_foreign(5, 16, true, false), HFI_ADMIT_OK);
    assert_int_equal(verdict_of_foreign(5, 16, true, true), HFI_ADMIT_BAD_REQUEST);
    assert_int_equal(verdict_of_foreign(6, 16, true, false), HFI_ADMIT_BAD_REQUEST);
    assert_int_equal(verdict_of_foreign(6, 15, true, true), HFI_ADMIT_BAD_REQUEST);
    assert_int_equal(verdict_of_foreign(6, 16, false, true), HFI_ADMIT_BAD_REQUEST);
    assert_int_equal(verdict_of_foreign(4, 16, true, false), HFI_ADMIT_BAD_REQUEST);
    assert_int_equal(verdict_of_foreign(7, 16, true, true), HFI_ADMIT_BAD_REQUEST);
}

static void
keys_are_hashable(void **state)
{
    (void)state;
    const hfi_span_t good[] = {
        BYTES("\x81\xc0\x01"),
        BYTES("\x81\xc3\x80"),
        BYTES("\x81\x92\x01\x91\x02\x81\x01\x02"),
        BYTES("\x81\xd5\x01\x91\x07\x80"),
        BYTES("\x81\xc4\x01x\x80"),
        BYTES("\x81\x90\x80"),
        BYTES("\x82\x01\x81\x02\x80\x03\xd4\x02\x01"),
        BYTES("\x81\xcb\0\0\0\0\0\0\0\0\x01"),
    };
    const hfi_span_t bad[] = {
        BYTES("\x81\x80\x01"),
        BYTES("\x81\x91\x80\x01"),
        BYTES("\x81\x92\x01\x91\x81\x01\x01\x02"),
        BYTES("\x81\xd4\x02\x01\x01"),
        BYTES("\x81\xd4\x10\x01\x01"),
        BYTES("\x81\x91\xd4\x10\x01\x01"),
        BYTES("\x81\xc7\x05\x03\x93\xa1k\xa0\xc0\x01"),
        BYTES("\x82\x01\x02\x80\x01"),
        BYTES("\x91\x81\x01\x81\x80\x01"),
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(verdict(good[i]), HFI_ADMIT_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(verdict(bad[i]), HFI_ADMIT_BAD_REQUEST);
}

static void
long_forms_are_written_again(void **state)
{
    (void)state;
    const struct {
        hfi_span_t from;
        hfi_span_t to;
    } cases[] = {
        {BYTES("\xcc\x01"), BYTES("\x01")},
        {BYTES("\xcd\x00\x80"), BYTES("\xcc\x80")},
        {BYTES("\xcf\0\0\0\0\0\0\0\x05"), BYTES("\x05")},
        {BYTES("\xd0\x05"), BYTES("\x05")},
        {BYTES("\xd0\xff"), BYTES("\xff")},
        {BYTES("\xd1\xff\x80"), BYTES("\xd0\x80")},
        {BYTES("\xd1\x12\x34"), BYTES("\xcd\x12\x34")},
        {BYTES("\xd2\xff\xff\x80\x00"), BYTES("\xd1\x80\x00")},
        {BYTES("\xd3\xff\xff\xff\xff\x80\x00\x00\x00"), BYTES("\xd2\x80\x00\x00\x00")},
        {BYTES("\xd3\x7f\xff\xff\xff\xff\xff\xff\xff"),
         BYTES("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff")},
        {BYTES("\xca\x3f\x80\x00\x00"), BYTES("\xcb\x3f\xf0\0\0\0\0\0\0")},
        {BYTES("\xd9\x02hi"), BYTES("\xa2hi")},
        {BYTES("\xda\x00\x02hi"), BYTES("\xa2hi")},
        {BYTES("\xdb\x00\x00\x00\x02hi"), BYTES("\xa2hi")},
        {BYTES("\xc5\x00\x01x"), BYTES("\xc4\x01x")},
        {BYTES("\xc6\x00\x00\x00\x01x"), BYTES("\xc4\x01x")},
        {BYTES("\xdc\x00\x01\xc0"), BYTES("\x91\xc0")},
        {BYTES("\xdd\x00\x00\x00\x00"), BYTES("\x90")},
        {BYTES("\xde\x00\x01\x01\x02"), BYTES("\x81\x01\x02")},
        {BYTES("\xdf\x00\x00\x00\x01\x01\xdc\x00\x00"), BYTES("\x81\x01\x90")},
        {BYTES("\xc7\x01\x10x"), BYTES("\xd4\x10x")},
        {BYTES("\xc8\x00\x03\x10xyz"), BYTES("\xc7\x03\x10xyz")},
        {BYTES("\xc9\x00\x00\x00\x02\x10xy"), BYTES("\xd5\x10xy")},
        {BYTES("\xc7\x01\x02\x05"), BYTES("\xd4\x02\x05")},
        {BYTES("\xd5\x02\xcc\x05"), BYTES("\xd4\x02\x05")},
        {BYTES("\xc7\x08\x01\xdc\x00\x02\xcc\x07\xd9\x01l"), BYTES("\xd6\x01\x92\x07\xa1l")},
        {BYTES("\xc7\x06\x03\x93\xa1k\xa0\xcc\x01"), BYTES("\xc7\x05\x03\x93\xa1k\xa0\x01")},
        {BYTES("\xc7\x09\x03\x93\xa1k\xa0\xca\0\0\0\0"),
         BYTES("\xc7\x0d\x03\x93\xa1k\xa0\xcb\0\0\0\0\0\0\0\0")},
        /* no value, but its heads are in shortest form all the same */
        {BYTES("\xdc\x00\x01\xd9\x01\xff"), BYTES("\x91\xa1\xff")},
        {BYTES("\xdc\x00\x01\xc7\x02\x05\xcc\x05"), BYTES("\x91\xd5\x05\xcc\x05")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hfi_bytes_t scratch = {0};
        assert_true(hfi_bytes_append(&scratch, "before", 6));
        hfi_item_t item;
        hfi_span_t rest = cases[i].from;
        hfi_admitted_t admitted = hfi_admit(&rest, 8, &scratch, &item);
        bool is_value = i + 2 < sizeof cases / sizeof cases[0];
        assert_int_equal(admitted, is_value ? HFI_ADMIT_OK : HFI_ADMIT_BAD_REQUEST);
        if (!hfi_span_equal(item.bytes, cases[i].to))
            fail_msg("case %zu", i);
        assert_int_equal(item.came, cases[i].from.len);
        assert_memory_equal(scratch.at, "before", 6);
        hfi_bytes_close(&scratch);
    }
}

/* Writes a tree's bytes again with every head longer than it need be. */
static void
lengthen(hfi_bytes_t *out, const uint8_t *at, const uint8_t *end)
{
    hfi_bytes_writer_t writer;
    hfi_bytes_writer_open(&writer, out);
    hf_writer_t *w = &writer.w;
    while (at < end) {
        hf_head_t head;
        hf_read_head(at, &head);
        if (head.kind == HF_INT)
            hfi_write_number(w, head.is_negative ? 0xd3 : 0xcf, 3, head.bits);
        else if (head.kind == HF_STR || head.kind == HF_BYTES)
            hfi_write_number(w, head.kind == HF_STR ? 0xdb : 0xc6, 2, head.len);
        else if (head.kind == HF_LIST || head.kind == HF_MAP)
            hfi_write_number(w, head.kind == HF_LIST ? 0xdd : 0xdf, 2,
                             head.kind == HF_LIST ? head.items : head.items / 2);
        else if (head.kind == HF_EXT) {
            hfi_write_number(w, 0xc9, 2, head.len);
            hfi_write_byte(w, (uint8_t)head.bits);
        } else if (head.kind >= HF_HANDLE) {
            hfi_bytes_t inner = {0};
            lengthen(&inner, at + head.size, at + head.size + head.len);
            hfi_write_number(w, 0xc9, 2, inner.len);
            hfi_write_byte(w, (uint8_t)head.bits);
            hfi_write_raw(w, inner.at, inner.len);
            hfi_bytes_close(&inner);
        } else {
            hfi_write_raw(w, at, head.size);
        }
        if (head.kind == HF_STR || head.kind == HF_BYTES || head.kind == HF_EXT)
            hfi_write_raw(w, at + head.size, head.len);
        at += head.size + head.len;
    }
    assert_true(hfi_bytes_writer_close(&writer));
}

static void
whatever_was_lengthened_comes_back(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int i = 0; i < 1000; i++) {
        tree_options_t options = {.with_ext = true, .with_nan = true, .depth = 4};
        node_t *tree = tree_new(&seed, options);
        hfi_bytes_t bytes = {0};
        hfi_bytes_t longer = {0};
        hfi_bytes_t scratch = {0};
        hfi_bytes_writer_t writer;
        hfi_bytes_writer_open(&writer, &bytes);
        tree_write(tree, &writer.w);
        assert_true(hfi_bytes_writer_close(&writer));
        lengthen(&longer, bytes.at, bytes.at + bytes.len);
        hfi_span_t rest = hfi_bytes_span(&longer);
        hfi_item_t item;
        assert_non_null(hfi_bytes_reserve(&scratch, 2 * longer.len));
        const uint8_t *room = scratch.at;
        assert_int_equal(hfi_admit(&rest, 64, &scratch, &item), HFI_ADMIT_OK);
        assert_ptr_equal(scratch.at, room);
        assert_int_equal(item.tag, writer.w.tag);
        assert_true(hfi_span_equal(item.bytes, hfi_bytes_span(&bytes)));
        hfi_bytes_close(&bytes);
        hfi_bytes_close(&longer);
        hfi_bytes_close(&scratch);
        tree_destroy(&tree);
    }
}

/* `number` written in `form` comes out as our writer writes it. */
static void
check_form(uint8_t form, uint32_t log2, uint64_t number, bool is_negative)
{
    uint8_t bytes[16];
    hf_writer_t w = {.at = bytes, .room = sizeof bytes, .grow = hfi_grow_never};
    hfi_bytes_t scratch = {0};
    hfi_item_t item;
    hfi_write_number(&w, form, log2, number);
    hfi_span_t rest = {bytes, w.len};
    assert_int_equal(hfi_admit(&rest, 8, &scratch, &item), HFI_ADMIT_OK);
    hf_value_t want = is_negative ? hf_int((int64_t)number) : hf_uint(number);
    assert_true(hfi_span_equal(item.bytes, hfi_value_span(&want)));
    bool is_same = hfi_span_equal((hfi_span_t){bytes, w.len}, hfi_value_span(&want));
    assert_int_equal(scratch.len == 0, is_same); /* written again only at need */
    hfi_bytes_close(&scratch);
}

static void
each_int_may_come_in_each_form(void **state)
{
    (void)state;
    for (uint32_t power = 0; power < 64; power++) {
        for (uint64_t around = 0; around < 4; around++) {
            uint64_t number = ((uint64_t)1 << power) + around - 2;
            int64_t below = (int64_t) ~(number >> 1);
            for (uint32_t log2 = 0; log2 < 4; log2++) {
                uint32_t bits = 8u << log2;
                if (bits == 64 || number >> bits == 0)
                    check_form((uint8_t)(0xcc + log2), log2, number, false);
                if (number >> (bits - 1) == 0)
                    check_form((uint8_t)(0xd0 + log2), log2, number, false);
                if (bits == 64 || below >= -((int64_t)1 << (bits - 1)))
                    check_form((uint8_t)(0xd0 + log2), log2, (uint64_t)below, true);
            }
        }
    }
}

/* Lengths around each border, in each form that can say them. */
static void
each_length_may_come_in_each_form(void **state)
{
    (void)state;
    static const size_t lengths[] = {0,  1,  2,  3,  4,   5,   8,     9,    15,
                                     16, 17, 31, 32, 255, 256, 65535, 65536};
    static const struct {
        uint8_t form;
        uint32_t log2;
    } forms[] = {{0xd9, 0}, {0xda, 1}, {0xdb, 2}, {0xc4, 0}, {0xc5, 1}, {0xc6, 2}, {0xc7, 0},
                 {0xc8, 1}, {0xc9, 2}, {0xdc, 1}, {0xdd, 2}, {0xde, 1}, {0xdf, 2}};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (size_t k = 0; k < sizeof forms / sizeof forms[0]; k++) {
            size_t len = lengths[i];
            bool is_ext = forms[k].form >= 0xc7 && forms[k].form <= 0xc9;
            if (len >> (8u << forms[k].log2) != 0)
                continue;
            hfi_bytes_t bytes = {0};
            hfi_bytes_t want = {0};
            hfi_bytes_t scratch = {0};
            hfi_bytes_writer_t writer;
            hfi_bytes_writer_open(&writer, &bytes);
            hfi_write_number(&writer.w, forms[k].form, forms[k].log2, len);
            if (is_ext)
                hfi_write_byte(&writer.w, 16);
            for (size_t n = 0; n < (forms[k].form >= 0xde ? 2 * len : len); n++)
                hfi_write_byte(&writer.w, 7);
            assert_true(hfi_bytes_writer_close(&writer));
            const uint8_t *payload = bytes.at + 1 + ((size_t)1 << forms[k].log2) + is_ext;
            hfi_bytes_writer_open(&writer, &want);
            if (is_ext)
                hf_write_ext(&writer.w, 16, payload, len);
            else if (forms[k].form < 0xd9)
                hf_write_bytes(&writer.w, payload, len);
            else if (forms[k].form < 0xdc)
                hf_write_str(&writer.w, (const char *)payload, len);
            else if (forms[k].form < 0xde)
                hf_write_list(&writer.w, len);
            else
                hf_write_map(&writer.w, len);
            if (forms[k].form >= 0xdc)
                hfi_write_raw(&writer.w, payload, forms[k].form >= 0xde ? 2 * len : len);
            assert_true(hfi_bytes_writer_close(&writer));
            hfi_span_t rest = hfi_bytes_span(&bytes);
            hfi_item_t item;
            assert_int_equal(hfi_admit(&rest, 8, &scratch, &item), HFI_ADMIT_OK);
            assert_true(hfi_span_equal(item.bytes, hfi_bytes_span(&want)));
            hfi_bytes_close(&bytes);
            hfi_bytes_close(&want);
            hfi_bytes_close(&scratch);
        }
    }
}

static void
items_are_taken_one_by_one(void **state)
{
    (void)state;
    hfi_span_t rest = BYTES("\x01\xa1\xff\x91\x02\xc1\x03");
    hfi_bytes_t scratch = {0};
    hfi_item_t item;
    assert_int_equal(hfi_admit(&rest, 8, &scratch, &item), HFI_ADMIT_OK);
    assert_int_equal(item.came, 1);
    assert_int_equal(hfi_admit(&rest, 8, &scratch, &item), HFI_ADMIT_BAD_REQUEST);
    assert_int_equal(item.came, 2);
    assert_non_null(item.fault);
    assert_int_equal(hfi_admit(&rest, 8, &scratch, &item), HFI_ADMIT_OK);
    assert_int_equal(item.came, 2);
    assert_int_equal(hfi_admit(&rest, 8, &scratch, &item), HFI_ADMIT_BAD_FRAME);
    assert_int_equal(rest.len, 2);
    hf_value_t value = hf_int(7);
    const char *why = NULL;
    assert_int_equal(hfi_admit_value(BYTES("\x01\x02"), 8, &scratch, &value, &why),
                     HFI_ADMIT_BAD_FRAME);
    assert_string_equal(why, "bytes behind the value");
    assert_int_equal(hf_as_int(&value), 7);
    assert_int_equal(hfi_admit_value(BYTES(""), 8, &scratch, &value, NULL), HFI_ADMIT_BAD_FRAME);
    assert_int_equal(hfi_admit_value(BYTES("\x08"), 8, &scratch, &value, &why), HFI_ADMIT_OK);
    assert_int_equal(hf_as_int(&value), 8);
    hfi_bytes_close(&scratch);
}

/* A count of 4 billion in five bytes must cost nothing. */
static void
counts_are_believed_only_with_bytes(void **state)
{
    (void)state;
    const hfi_span_t cases[] = {
        BYTES("\xdd\xff\xff\xff\xff"),
        BYTES("\xdf\xff\xff\xff\xff\x01"),
        BYTES("\xdf\x80\x00\x00\x00\x01"),
        BYTES("\xdb\xff\xff\xff\xff"),
        BYTES("\xc6\xff\xff\xff\xff"),
        BYTES("\xc9\xff\xff\xff\xff\x10"),
        BYTES("\xdc\x00\x02\x01"),
        BYTES("\xc1"),
        BYTES("\x91\xc1"),
        BYTES("\xd8\x10"),
        BYTES("\xc7\x01"),
        BYTES("\xc8\x00"),
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(verdict(cases[i]), HFI_ADMIT_BAD_FRAME);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_truncation_is_a_bad_frame),
        cmocka_unit_test(no_mutation_breaks_it),
        cmocka_unit_test(random_bytes_do_not_break_it),
        cmocka_unit_test(depth_counts_arrays_maps_and_errors),
        cmocka_unit_test(utf8_is_strict),
        cmocka_unit_test(ext_have_their_form),
        cmocka_unit_test(foreign_handles_have_their_form),
        cmocka_unit_test(keys_are_hashable),
        cmocka_unit_test(long_forms_are_written_again),
        cmocka_unit_test(whatever_was_lengthened_comes_back),
        cmocka_unit_test(each_int_may_come_in_each_form),
        cmocka_unit_test(each_length_may_come_in_each_form),
        cmocka_unit_test(items_are_taken_one_by_one),
        cmocka_unit_test(counts_are_believed_only_with_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
