/* SPDX-License-Identifier: MPL-2.0 */
/* handle -- the four forms, and which number the session knows each by. */
#include "support.h"

#include <stream/handle.h>
#include <value/admit.h>
#include <value/writer.h>

static const uint8_t sixteen[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/* A handle of that many elements into `raw`, admitted. */
static hf_value_t
handle_of(uint32_t n, hfi_bytes_t *raw)
{
    hf_value_t value;
    hfi_bytes_t scratch = {0};
    hfi_bytes_writer_t writer;
    raw->len = 0;
    hfi_bytes_writer_open(&writer, raw);
    hf_writer_t *w = &writer.w;
    size_t mark = hfi_ext_begin(w);
    hf_write_list(w, n);
    hf_write_uint(w, 300);
    if (n > 1)
        hf_write_str(w, "list", 4);
    if (n > 2) {
        hf_write_bytes(w, sixteen, sizeof sixteen);
        hf_write_bytes(w, "0123456789abcdef", 16);
        hf_write_list(w, 2);
        hf_write_str(w, "ipc://a", 7);
        hf_write_str(w, "tcp://b:1", 9);
    }
    if (n > 5)
        hf_write_uint(w, 7);
    hfi_ext_end(w, mark, 1);
    assert_true(hfi_bytes_writer_close(&writer));
    assert_int_equal(hfi_admit_value(hfi_bytes_span(raw), 8, &scratch, &value, NULL), HFI_ADMIT_OK);
    hfi_bytes_close(&scratch);
    return value;
}

static void
four_forms(void **state)
{
    (void)state;
    hfi_bytes_t raw = {0};
    for (uint32_t n = 1; n <= 6; n++) {
        if (n == 3 || n == 4)
            continue;
        uint64_t number = 0;
        hfi_handle_t far;
        hf_value_t handle = handle_of(n, &raw);
        assert_int_equal(hfi_handle_read(&handle, &far), n > 2);
        assert_int_equal(hfi_handle_number(&handle, &number), n != 5);
        if (n != 5)
            assert_int_equal(number, n == 6 ? 7 : 300);
        if (n <= 2)
            continue;
        size_t len;
        assert_int_equal(far.object, 300);
        assert_memory_equal(hf_as_str(&far.typeid_, &len), "list", 4);
        assert_memory_equal(far.secret.bytes, sixteen, 16);
        assert_memory_equal(far.manager.bytes, "0123456789abcdef", 16);
        assert_int_equal(hf_count(&far.endpoints), 2);
        assert_int_equal(far.has_stub, n == 6);
    }
    hfi_bytes_close(&raw);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
