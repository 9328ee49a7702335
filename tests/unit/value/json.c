/* SPDX-License-Identifier: MPL-2.0 */
/* json -- there and back without loss, each form by hand, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <value/json.h>
#include <value/value.h>
#include <value/writer.h>

#include "tree.h"

static void
random_values_come_back(void **state)
{
    (void)state;
    uint64_t seed = 6;
    for (int i = 0; i < 2000; i++) {
        tree_options_t options = {.with_ext = true, .with_nan = false, .depth = 4};
        node_t *tree = tree_new(&seed, options);
        hfi_builder_t builder;
        hf_value_t value;
        hf_value_t back;
        hfi_bytes_t text = {0};
        hfi_failure_t failure;
        hfi_builder_open(&builder, 0);
        tree_write(tree, &builder.w);
        assert_true(hfi_builder_take(&builder, &value));
        assert_true(hfi_json_write(&value, &text));
        if (!hfi_json_read(hfi_bytes_span(&text), &back, &failure))
            fail_msg("%.*s: %s", (int)text.len, (const char *)text.at, failure.text);
        assert_true(hfi_span_equal(hfi_value_span(&value), hfi_value_span(&back)));
        assert_int_equal(value.raw[15], back.raw[15]);
        hfi_value_drop(&value);
        hfi_value_drop(&back);
        hfi_bytes_close(&text);
        tree_destroy(&tree);
    }
}

/* Reads JSON, writes it again: the same text. */
static void
each_form_by_hand(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "null",
        "true",
        "false",
        "0",
        "-5",
        "9223372036854775807",
        "-9223372036854775808",
        "{\"$int\": \"18446744073709551615\"}",
        "1.0",
        "0.1",
        "-0.0",
        "1e+300",
        "1e-05",
        "{\"$float\": \"nan\"}",
        "{\"$float\": \"inf\"}",
        "{\"$float\": \"-inf\"}",
        "\"\"",
        "\"é€𝄞\"",
        "\"\\\"\\\\\\n\\u0000\\u001f\\u007f\"",
        "[]",
        "[1, [2, []]]",
        "{}",
        "{\"b\": 1, \"a\": {\"c\": null}}",
        "{\"$bytes\": \"\"}",
        "{\"$bytes\": \"AP8=\"}",
        "{\"$map\": [[1, 2], [\"a\", 3]]}",
        "{\"$map\": [[[1, 2], 3]]}",
        "{\"$map\": [[\"$bytes\", 1]]}",
        "{\"$a\": 1, \"$b\": 2}",
        "{\"$handle\": [12, \"list\"]}",
        "{\"$handle\": [12]}",
        "{\"$promise\": 7}",
        "{\"$error\": [\"KeyError\", \"'a'\", \"a\"]}",
        "{\"$ext\": [42, \"eA==\"]}",
        "{\"\": 1}",
        "{\"$map\": [[{\"$bytes\": \"eA==\"}, {\"$handle\": [1]}]]}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        hf_value_t value;
        hfi_failure_t failure;
        hfi_bytes_t text = {0};
        if (!hfi_json_read(hfi_span_of(texts[i]), &value, &failure))
            fail_msg("%s: %s", texts[i], failure.text);
        assert_true(hfi_json_write(&value, &text));
        assert_true(hfi_bytes_append(&text, "", 1));
        assert_string_equal((const char *)text.at, texts[i]);
        hfi_value_drop(&value);
        hfi_bytes_close(&text);
    }
}

static void
kinds_are_those_that_were_meant(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        hf_kind_t kind;
    } cases[] = {
        {"1", HF_INT},
        {"1.0", HF_FLOAT},
        {"1e2", HF_FLOAT},
        {"{\"$int\": \"7\"}", HF_INT},
        {"{\"$bytes\": \"eA==\"}", HF_BYTES},
        {"{\"$handle\": [0]}", HF_HANDLE},
        {"{\"$promise\": 1}", HF_PROMISE},
        {"{\"$error\": [\"a\", \"b\", 1]}", HF_ERROR},
        {"{\"$ext\": [16, \"\"]}", HF_EXT},
        {"{\"$map\": []}", HF_MAP},
        {" [ 1 ] ", HF_LIST},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hf_value_t value;
        hfi_failure_t failure;
        assert_true(hfi_json_read(hfi_span_of(cases[i].text), &value, &failure));
        assert_int_equal(hf_kind(&value), cases[i].kind);
        hfi_value_drop(&value);
    }
}

static void
nonsense_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{",
        "nul",
        "[1,]",
        "1 2",
        "{\"a\":1,\"a\":2}",
        "{\"$what\": 1}",
        "{\"$bytes\": 1}",
        "{\"$bytes\": \"?\"}",
        "{\"$bytes\": \"eA=\"}",
        "{\"$int\": 5}",
        "{\"$int\": \"\"}",
        "{\"$int\": \"-1\"}",
        "{\"$int\": \"18446744073709551616\"}",
        "{\"$float\": 1}",
        "{\"$float\": \"infinity\"}",
        "{\"$map\": 1}",
        "{\"$map\": [1]}",
        "{\"$map\": [[1]]}",
        "{\"$map\": [[{\"a\": 1}, 2]]}",
        "{\"$map\": [[[{\"a\": 1}], 2]]}",
        "{\"$handle\": 1}",
        "{\"$handle\": []}",
        "{\"$handle\": [-1]}",
        "{\"$handle\": [1, 2]}",
        "{\"$handle\": [1, \"list\", 3]}",
        "{\"$promise\": 0}",
        "{\"$promise\": \"a\"}",
        "{\"$error\": [1, 2, 3]}",
        "{\"$error\": [\"a\", \"b\"]}",
        "{\"$ext\": [1, \"\"]}",
        "{\"$ext\": [128, \"\"]}",
        "{\"$ext\": [16]}",
        "99999999999999999999",
        "1e999",
        "\"\\ud800\"",
        "\"\xff\"",
        "\x01",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        hf_value_t value = hf_int(5);
        hfi_failure_t failure = {.kind = ""};
        if (hfi_json_read(hfi_span_of(texts[i]), &value, &failure))
            fail_msg("accepted: %s", texts[i]);
        assert_int_equal(hf_as_int(&value), 5);
        assert_true(strcmp(failure.kind, "ValueError") == 0 ||
                    strcmp(failure.kind, "OverflowError") == 0);
        assert_true(failure.text[0] != '\0');
    }
}

static void
depth_is_bounded(void **state)
{
    (void)state;
    static char text[400001];
    memset(text, '[', 200000);
    memset(text + 200000, ']', 200000);
    hf_value_t value;
    hfi_failure_t failure;
    assert_false(hfi_json_read(hfi_span_of(text), &value, &failure));
    memset(text + 600, ']', 600);
    text[1200] = '\0';
    assert_false(
        hfi_json_read(hfi_span_of(text), &value, &failure)); /* jansson would; no manager would */
    hfi_builder_t builder;
    hfi_builder_open(&builder, 0);
    for (int i = 0; i < 200000; i++)
        hf_write_list(&builder.w, 1);
    hf_write_nil(&builder.w);
    assert_true(hfi_builder_take(&builder, &value));
    hfi_bytes_t out = {0};
    assert_false(hfi_json_write(&value, &out));
    hfi_bytes_close(&out);
    hfi_value_drop(&value);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_values_come_back),
        cmocka_unit_test(each_form_by_hand),
        cmocka_unit_test(kinds_are_those_that_were_meant),
        cmocka_unit_test(nonsense_is_refused_with_a_reason),
        cmocka_unit_test(depth_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
