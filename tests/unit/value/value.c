/* SPDX-License-Identifier: MPL-2.0 */
/* value -- keeping, sharing, dropping; building with limits; small values in place; failures' texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <value/compare.h>
#include <value/failure.h>
#include <value/repr.h>
#include <value/value.h>
#include <value/writer.h>

static hf_value_t
text_value(const char *text)
{
    hfi_builder_t builder;
    hf_value_t value;
    hfi_builder_open(&builder, 0);
    hf_write_str(&builder.w, text, strlen(text));
    assert_true(hfi_builder_take(&builder, &value));
    return value;
}

static void
fifteen_bytes_are_inline(void **state)
{
    (void)state;
    for (size_t len = 0; len < 40; len++) {
        char text[64] = {0};
        memset(text, 'x', len);
        hf_value_t value = text_value(text);
        size_t item = len < 32 ? len + 1 : len + 2;
        assert_int_equal(hf_len_of(&value), item);
        bool is_inline = item <= 15;
        assert_int_equal(value.raw[15] & HF_TAG_COUNTED, is_inline ? 0 : HF_TAG_COUNTED);
        assert_int_equal(hfi_value_memory(&value), is_inline ? 0 : HFI_BLOB_HEAD + item);
        size_t read;
        assert_memory_equal(hf_as_str(&value, &read), text, len);
        assert_int_equal(read, len);
        hfi_value_drop(&value);
        assert_int_equal(hf_kind(&value), HF_NONE);
        hfi_value_drop(&value); /* none is fine */
    }
}

static void
what_is_kept_lasts(void **state)
{
    (void)state;
    uint8_t frame[64];
    frame[0] = 0xd9;
    frame[1] = 40;
    memset(frame + 2, 'y', 40);
    hf_value_t lent = hfi_value_view((hfi_span_t){frame, 42}, HF_TAG_HANDLES);
    assert_ptr_equal(hf_bytes_of(&lent), frame);
    hf_value_t kept;
    hf_value_t shared;
    assert_true(hfi_value_keep(&lent, &kept));
    assert_true(hfi_value_keep(&kept, &shared));
    memset(frame, 0, sizeof frame);
    assert_ptr_equal(hf_bytes_of(&kept), hf_bytes_of(&shared));
    assert_true(hf_has_handles(&kept));
    hfi_value_drop(&kept);
    size_t len;
    const char *text = hf_as_str(&shared, &len);
    assert_int_equal(len, 40);
    assert_int_equal(text == NULL ? 0 : text[39], 'y');
    assert_true(hfi_value_keep(&shared, &shared)); /* its own place: two shares in one variable */
    hf_value_t second = shared;
    hfi_value_drop(&second);
    hfi_value_drop(&shared);
    hfi_value_drop(&lent);
    assert_int_equal(hf_kind(&lent), HF_NONE);
}

static void
a_builder_keeps_its_limit(void **state)
{
    (void)state;
    for (size_t limit = 1; limit < 250; limit += 13) {
        hfi_builder_t builder;
        hf_value_t value = hf_int(5);
        char text[400] = {0};
        size_t fits = limit <= 32 ? limit - 1 : limit - 2;
        hfi_builder_open(&builder, limit);
        hf_write_str(&builder.w, text, fits);
        assert_true(hfi_builder_take(&builder, &value));
        assert_int_equal(hf_len_of(&value), limit);
        hfi_value_drop(&value);
        value = hf_int(5);
        hfi_builder_open(&builder, limit);
        hf_write_str(&builder.w, text, fits + 1);
        hf_write_nil(&builder.w);
        assert_true(builder.w.failed && builder.is_too_long);
        assert_false(hfi_builder_take(&builder, &value));
        assert_int_equal(hf_as_int(&value), 5); /* untouched */
        hfi_builder_close(&builder);
    }
    hfi_builder_t empty;
    hf_value_t value;
    hfi_builder_open(&empty, 0);
    assert_false(hfi_builder_take(&empty, &value)); /* nothing is no value */
}

static void
wrong_writes_fail_the_writer(void **state)
{
    (void)state;
    hfi_builder_t builder;
    for (int i = 0; i < 5; i++) {
        hfi_builder_open(&builder, 0);
        if (i == 0)
            hf_write_ext(&builder.w, 15, "", 0);
        else if (i == 1)
            hf_write_ext(&builder.w, 128, "", 0);
        else if (i == 2)
            hf_write_list(&builder.w, (size_t)1 << 32);
        else if (i == 3)
            hf_write_str(&builder.w, "", (size_t)1 << 32);
        else
            hf_write_handle(&builder.w, 1, "", 70000);
        assert_true(builder.w.failed);
        hfi_builder_close(&builder);
    }
}

static void
bytes_are_as_before_where_writing_failed(void **state)
{
    (void)state;
    hfi_bytes_t bytes = {0};
    hfi_bytes_writer_t writer;
    assert_true(hfi_bytes_append(&bytes, "head", 4));
    hfi_bytes_writer_open(&writer, &bytes);
    for (int i = 0; i < 1000; i++)
        hf_write_int(&writer.w, i);
    hf_write_ext(&writer.w, 1, NULL, 0);
    assert_false(hfi_bytes_writer_close(&writer));
    assert_int_equal(bytes.len, 4);
    hfi_bytes_writer_open(&writer, &bytes);
    hf_write_nil(&writer.w);
    assert_true(hfi_bytes_writer_close(&writer));
    assert_memory_equal(bytes.at, "head\xc0", 5);
    hfi_bytes_close(&bytes);
}

static void
small_values_are_what_they_say(void **state)
{
    (void)state;
    static const int64_t ints[] = {0, 1, -1, 127, 128, -32, -33, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof ints / sizeof ints[0]; i++) {
        hf_value_t value = hf_int(ints[i]);
        assert_true(hf_kind(&value) == HF_INT && hf_int_fits(&value) &&
                    hf_as_int(&value) == ints[i]);
        assert_true(hf_as_uint(&value) == (ints[i] < 0 ? 0 : (uint64_t)ints[i]));
    }
    hf_value_t big = hf_uint(UINT64_MAX);
    assert_true(!hf_int_fits(&big) && hf_as_int(&big) == 0 && hf_as_uint(&big) == UINT64_MAX);
    assert_true(hf_as_float(&big) >= 18446744073709551615.0);
    hf_value_t half = hf_float(0.5);
    assert_true(hf_kind(&half) == HF_FLOAT && hf_as_float(&half) >= 0.5 &&
                hf_as_float(&half) <= 0.5);
    assert_int_equal(hf_as_int(&half), 0);
    hf_value_t yes = hf_bool(true);
    hf_value_t no = hf_bool(false);
    assert_true(hf_as_bool(&yes) && !hf_as_bool(&no) && hf_as_int(&yes) == 1 &&
                hf_as_uint(&yes) == 1);
    hf_value_t nil = hf_nil();
    assert_int_equal(hf_kind(&nil), HF_NIL);
    hf_value_t one = hf_int(1);
    assert_false(hf_as_bool(&one));
    assert_true(hfi_equal(&one, &yes));
}

static void
reading_the_wrong_kind_gives_nothing(void **state)
{
    (void)state;
    hf_value_t none = {{0}};
    hf_value_t text = text_value("abc");
    hf_value_t one = hf_int(1);
    size_t len = 99;
    uint8_t code = 99;
    assert_null(hf_as_str(&one, &len));
    assert_int_equal(len, 0);
    assert_null(hf_as_bytes(&text, &len));
    assert_null(hf_as_ext(&text, &code, &len));
    assert_int_equal(code, 0);
    assert_null(hf_handle_typeid(&text, &len));
    assert_true(hf_as_handle(&text) == 0 && hf_as_promise(&text) == 0 && hf_count(&text) == 0);
    assert_true(hf_kind(&none) == HF_NONE && hf_len_of(&none) == 0 && hf_as_int(&none) == 0);
    assert_true(hf_as_float(&none) <= 0.0 && hf_count(&none) == 0 && !hf_int_fits(&none));
    hf_cursor_t cursor;
    hf_value_t item;
    hf_open(&cursor, &none);
    assert_false(hf_next(&cursor, &item));
    hf_open(&cursor, &text);
    assert_false(hf_next(&cursor, &item));
    assert_true(hfi_equal(&none, &none) && !hfi_equal(&none, &one));
    uint64_t hash;
    int order;
    static const hfi_siphash_key_t key;
    assert_false(hfi_hash(&key, &none, &hash));
    assert_false(hfi_compare(&none, &none, &order));
}

/* Two maps of many equal pairs in opposite orders: sorted, not searched; and nested maps are compared
 * once a level. Either would take hours if it were not so. */
static void
hostile_maps_compare_quickly(void **state)
{
    (void)state;
    enum { N = 100000, DEEP = 60 };
    hfi_builder_t a;
    hfi_builder_t b;
    hf_value_t x;
    hf_value_t y;
    hfi_builder_open(&a, 0);
    hfi_builder_open(&b, 0);
    hf_write_map(&a.w, N);
    hf_write_map(&b.w, N);
    for (int64_t i = 0; i < N; i++) {
        hf_write_int(&a.w, i);
        hf_write_int(&a.w, i);
        hf_write_float(&b.w, (double)(N - 1 - i));
        hf_write_int(&b.w, N - 1 - i);
    }
    assert_true(hfi_builder_take(&a, &x) && hfi_builder_take(&b, &y));
    assert_true(hfi_equal(&x, &y));
    hfi_value_drop(&x);
    hfi_value_drop(&y);
    hfi_builder_open(&a, 0);
    hfi_builder_open(&b, 0);
    for (int i = 0; i < DEEP; i++) { /* {0: {…}, 1: 1, 2: 2} and {0: {…}, 2: 2, 1: 1} */
        hf_write_map(&a.w, 3);
        hf_write_map(&b.w, 3);
        hf_write_int(&a.w, 0);
        hf_write_int(&b.w, 0);
    }
    hf_write_nil(&a.w);
    hf_write_nil(&b.w);
    for (int i = 0; i < DEEP; i++) {
        for (int64_t k = 0; k < 4; k++) {
            hf_write_int(&a.w, 1 + k / 2);
            hf_write_int(&b.w, 2 - k / 2);
        }
    }
    assert_true(hfi_builder_take(&a, &x) && hfi_builder_take(&b, &y));
    assert_true(hfi_equal(&x, &y));
    hfi_value_drop(&x);
    hfi_value_drop(&y);
}

/* A program can build deeper than a manager admits: then things differ, but nothing falls over. */
static void
depth_is_bounded_everywhere(void **state)
{
    (void)state;
    hfi_builder_t builder;
    hf_value_t value;
    hfi_builder_open(&builder, 0);
    for (int i = 0; i < 200000; i++)
        hf_write_list(&builder.w, 1);
    hf_write_nil(&builder.w);
    assert_true(hfi_builder_take(&builder, &value));
    uint64_t hash;
    int order;
    hfi_bytes_t text = {0};
    static const hfi_siphash_key_t key;
    assert_false(hfi_equal(&value, &value));
    assert_false(hfi_hash(&key, &value, &hash));
    assert_false(hfi_compare(&value, &value, &order));
    assert_true(hfi_repr(&value, &text));
    assert_true(hfi_is_hashable(&value));
    hfi_bytes_close(&text);
    hfi_value_drop(&value);
}

static void
a_handle_is_its_referent(void **state)
{
    (void)state;
    hfi_builder_t builder;
    hf_value_t with;
    hf_value_t without;
    hf_value_t other;
    hfi_builder_open(&builder, 0);
    hf_write_handle(&builder.w, 12, "list", 4);
    assert_true(hfi_builder_take(&builder, &with));
    hfi_builder_open(&builder, 0);
    hf_write_handle(&builder.w, 12, NULL, 0);
    assert_true(hfi_builder_take(&builder, &without));
    hfi_builder_open(&builder, 0);
    hf_write_handle(&builder.w, 13, "list", 4);
    assert_true(hfi_builder_take(&builder, &other));
    static const hfi_siphash_key_t key;
    uint64_t hash[2] = {1, 2};
    assert_true(hfi_equal(&with, &without) && !hfi_equal(&with, &other));
    assert_true(hfi_hash(&key, &with, &hash[0]) && hfi_hash(&key, &without, &hash[1]));
    assert_true(hash[0] == hash[1]);
    assert_true(hf_has_handles(&with) && hf_as_handle(&without) == 12);
}

static void
failures_are_cut_between_characters(void **state)
{
    (void)state;
    hfi_failure_t failure;
    assert_false(hfi_fail(&failure, "ValueError", "%d is %s", 5, "odd"));
    assert_string_equal(failure.kind, "ValueError");
    assert_string_equal(failure.text, "5 is odd");
    for (size_t shift = 0; shift < 5; shift++) {
        char text[400] = {0};
        size_t len = shift;
        memset(text, 'a', shift);
        for (; len < 380; len += 4)
            memcpy(text + len, "𝄞", 4); // NOLINT(bugprone-not-null-terminated-result): zeroed
        (void)hfi_fail(&failure, "A kind that is far longer than any kind ever ought to be, really",
                       "%s", text);
        assert_true(strlen(failure.text) < sizeof failure.text && strlen(failure.text) > 248);
        assert_int_equal((strlen(failure.text) - shift) % 4, 0);
        assert_int_equal(strlen(failure.kind), sizeof failure.kind - 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifteen_bytes_are_inline),
        cmocka_unit_test(what_is_kept_lasts),
        cmocka_unit_test(a_builder_keeps_its_limit),
        cmocka_unit_test(wrong_writes_fail_the_writer),
        cmocka_unit_test(bytes_are_as_before_where_writing_failed),
        cmocka_unit_test(small_values_are_what_they_say),
        cmocka_unit_test(reading_the_wrong_kind_gives_nothing),
        cmocka_unit_test(hostile_maps_compare_quickly),
        cmocka_unit_test(depth_is_bounded_everywhere),
        cmocka_unit_test(a_handle_is_its_referent),
        cmocka_unit_test(failures_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
