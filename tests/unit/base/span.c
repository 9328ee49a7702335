/* SPDX-License-Identifier: MPL-2.0 */
/* span -- borrowed and growing bytes, sizes that do not overflow, and siphash's published vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/siphash.h>
#include <base/span.h>

static void
bytes_grow_and_keep_what_they_have(void **state)
{
    (void)state;
    hfi_bytes_t bytes = {0};
    for (uint32_t i = 0; i < 100000; i++) {
        uint8_t byte = (uint8_t)(i * 7);
        assert_true(hfi_bytes_append(&bytes, &byte, 1));
    }
    assert_int_equal(bytes.len, 100000);
    for (uint32_t i = 0; i < 100000; i++)
        assert_int_equal(bytes.at[i], (uint8_t)(i * 7));
    assert_null(hfi_bytes_reserve(&bytes, SIZE_MAX)); /* refused, nothing lost */
    assert_int_equal(bytes.len, 100000);
    hfi_bytes_close(&bytes);
    assert_true(bytes.at == NULL && bytes.len == 0 && bytes.room == 0);
    assert_true(hfi_bytes_append(&bytes, NULL, 0));
    hfi_bytes_close(&bytes);
}

static void
spans_compare_their_bytes(void **state)
{
    (void)state;
    hfi_span_t empty = {NULL, 0};
    assert_true(hfi_span_equal(empty, hfi_span_of("")));
    assert_true(hfi_span_equal(hfi_span_of("abc"), hfi_span_of("abc")));
    assert_false(hfi_span_equal(hfi_span_of("abc"), hfi_span_of("abd")));
    assert_false(hfi_span_equal(hfi_span_of("abc"), hfi_span_of("ab")));
}

static void
sizes_do_not_overflow(void **state)
{
    (void)state;
    size_t size = 42;
    assert_false(hfi_mul_size(SIZE_MAX / 2 + 1, 2, &size));
    assert_false(hfi_add_size(SIZE_MAX, 1, &size));
    assert_int_equal(size, 42);
    assert_true(hfi_mul_size(SIZE_MAX, 1, &size) && size == SIZE_MAX);
    assert_true(hfi_mul_size(SIZE_MAX, 0, &size) && size == 0);
    assert_true(hfi_add_size(SIZE_MAX - 1, 1, &size) && size == SIZE_MAX);
}

/* From the authors' own table for SipHash-2-4: key 00 … 0f, input 00, 01, 02 … of that length. */
static void
siphash_is_the_published_one(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        uint64_t hash;
    } vectors[] = {{0, 0x726fdb47dd0e0e31u},
                   {1, 0x74f839c593dc67fdu},
                   {8, 0x93f5f5799a932462u},
                   {15, 0xa129ca6149be45e5u}};
    hfi_siphash_key_t key;
    uint8_t input[16];
    for (uint8_t i = 0; i < 16; i++)
        key.bytes[i] = input[i] = i;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        assert_true(hfi_siphash(&key, input, vectors[i].len) == vectors[i].hash);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_grow_and_keep_what_they_have),
        cmocka_unit_test(spans_compare_their_bytes),
        cmocka_unit_test(sizes_do_not_overflow),
        cmocka_unit_test(siphash_is_the_published_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
