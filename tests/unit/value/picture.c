/* SPDX-License-Identifier: MPL-2.0 */
/* picture -- building and reading by each letter, and wrong pictures, which touch nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <value/json.h>
#include <value/picture.h>
#include <value/value.h>
#include <value/writer.h>

/* ---- hooks: a "proxy" is a number's address ---- */

static int n_given;
static int n_undone;

static bool
hook_write(void *context, char letter, const void *argument, hf_writer_t *w, hfi_failure_t *failure)
{
    uint64_t number;
    assert_ptr_equal(context, &n_given);
    if (argument == NULL)
        return hfi_fail(failure, "ValueError", "NULL for %c", letter);
    memcpy(&number, argument, sizeof number);
    if (letter == 'h')
        hf_write_handle(w, number, "list", 4);
    else
        hf_write_promise(w, number);
    return true;
}

static bool
hook_read(void *context, const hf_value_t *handle, void **ret_proxy, hfi_failure_t *failure)
{
    (void)context;
    if (hf_as_handle(handle) == 666)
        return hfi_fail(failure, "ConnectionError", "no proxy");
    uint64_t *number = malloc(sizeof *number);
    assert_non_null(number);
    *number = hf_as_handle(handle);
    *ret_proxy = number;
    n_given++;
    return true;
}

static void
hook_undo(void *context, void **proxy_p)
{
    (void)context;
    free(*proxy_p);
    *proxy_p = NULL;
    n_undone++;
}

static const hfi_picture_hooks_t hooks = {
    .context = &n_given, .write = hook_write, .read = hook_read, .undo = hook_undo};

/* ---- building ---- */

static hfi_failure_t failure;

static bool
build(hf_value_t *ret_value, const hfi_picture_hooks_t *with, const char *picture, ...)
{
    va_list args;
    va_start(args, picture);
    bool is_built = hfi_picture_build(picture, &args, with, ret_value, &failure);
    va_end(args);
    return is_built;
}

static void
expect_json(hf_value_t *value, const char *want)
{
    hfi_bytes_t text = {0};
    assert_true(hfi_json_write(value, &text));
    assert_true(hfi_bytes_append(&text, "", 1));
    assert_string_equal((const char *)text.at, want);
    hfi_bytes_close(&text);
    hfi_value_drop(value);
}

static void
each_letter_builds(void **state)
{
    (void)state;
    hf_value_t value;
    hf_value_t inner = hf_int(77);
    uint64_t number = 12;
    assert_true(build(&value, NULL, "[iubfn]", INT64_C(-5), UINT64_MAX, 2, 0.5));
    expect_json(&value, "[-5, {\"$int\": \"18446744073709551615\"}, true, 0.5, null]");
    assert_true(
        build(&value, NULL, "[sSB v]", "ab", "cdef", (size_t)2, "\x00\xff", (size_t)2, &inner));
    expect_json(&value, "[\"ab\", \"cd\", {\"$bytes\": \"AP8=\"}, 77]");
    assert_true(build(&value, &hooks, " [ h, p ] ", &number, &number));
    assert_int_equal(value.raw[15] & (HF_TAG_HANDLES | HF_TAG_PROMISES),
                     HF_TAG_HANDLES | HF_TAG_PROMISES);
    expect_json(&value, "[{\"$handle\": [12, \"list\"]}, {\"$promise\": 12}]");
    assert_true(build(&value, NULL, "{s:i, s : [sv], [ii]:{}, i:[]}", "a", INT64_C(1), "b", "c",
                      &inner, INT64_C(1), INT64_C(2), INT64_C(3)));
    expect_json(&value, "{\"$map\": [[\"a\", 1], [\"b\", [\"c\", 77]], [[1, 2], {}], [3, []]]}");
    assert_true(build(&value, NULL, "S", NULL, (size_t)0));
    expect_json(&value, "\"\"");
    assert_true(build(&value, NULL, "[[[[i]]]]", INT64_C(1)));
    expect_json(&value, "[[[[1]]]]");
}

static void
wrong_pictures_build_nothing(void **state)
{
    (void)state;
    static const char *const pictures[] = {
        "",        "ii",
        "[",       "]",
        "[i",      "{",
        "{i",      "{i:",
        "{i:i",    "{i i}",
        "{{}:i}",  "i]",
        "x",       "[i:i]",
        "{i:i:i}", "a=i",
        "i a=i",   "%d",
        ":",       "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[n]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    };
    for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++) {
        hf_value_t value = hf_int(5);
        if (build(&value, NULL, pictures[i], INT64_C(1), INT64_C(1), INT64_C(1)))
            fail_msg("built: %s", pictures[i]);
        assert_int_equal(hf_as_int(&value), 5);
        assert_string_equal(failure.kind, "ValueError");
    }
    hf_value_t value;
    assert_false(build(&value, NULL, NULL));
}

static void
wrong_arguments_build_nothing(void **state)
{
    (void)state;
    hf_value_t value;
    hf_value_t none = {{0}};
    hf_value_t map;
    assert_false(build(&value, NULL, "[s]", (const char *)NULL));
    assert_false(build(&value, NULL, "[S]", (const char *)NULL, (size_t)1));
    assert_false(build(&value, NULL, "[B]", (const char *)NULL, (size_t)1));
    assert_false(build(&value, NULL, "s", "\xff"));
    assert_false(build(&value, NULL, "S", "\xc3", (size_t)1));
    assert_false(build(&value, NULL, "v", (const hf_value_t *)NULL));
    assert_false(build(&value, NULL, "v", &none));
    assert_false(build(&value, NULL, "h", &none));
    assert_string_equal(failure.kind, "ValueError");
    assert_false(build(&value, &hooks, "[h]", NULL));
    assert_string_equal(failure.text, "NULL for h");
    assert_true(build(&map, NULL, "{}"));
    assert_false(build(&value, NULL, "{v:i}", &map, INT64_C(1)));
    assert_string_equal(failure.kind, "TypeError");
    assert_false(build(&value, NULL, "{[iv]:i}", INT64_C(1), &map, INT64_C(1)));
    assert_false(build(&value, &hooks, "{p:i}", &(uint64_t){5}, INT64_C(1)));
}

static bool
build_call(hf_value_t *ret_args, hf_value_t *ret_kwargs, const char *text, ...)
{
    hfi_picture_t picture;
    hfi_builder_t args;
    hfi_builder_t kwargs;
    if (!hfi_picture_open(&picture, text, &failure))
        return false;
    va_list list;
    va_start(list, text);
    hfi_builder_open(&args, 0);
    hfi_builder_open(&kwargs, 0);
    assert_true(hfi_picture_write_args(&picture, &list, NULL, &args.w, &failure));
    assert_true(hfi_picture_write_kwargs(&picture, &list, NULL, &kwargs.w, &failure));
    va_end(list);
    return hfi_builder_take(&args, ret_args) && hfi_builder_take(&kwargs, ret_kwargs);
}

static void
a_call_has_args_and_kwargs(void **state)
{
    (void)state;
    hf_value_t args;
    hf_value_t kwargs;
    assert_true(build_call(&args, &kwargs, ""));
    expect_json(&args, "[]");
    expect_json(&kwargs, "{}");
    assert_true(build_call(&args, &kwargs, "[ii] s", INT64_C(1), INT64_C(2), "a"));
    expect_json(&args, "[[1, 2], \"a\"]");
    expect_json(&kwargs, "{}");
    assert_true(build_call(&args, &kwargs, "i, timeout=f block = b", INT64_C(1), 1.5, 0) == false);
    assert_true(
        build_call(&args, &kwargs, "i, timeout=f, block= b s=[s]", INT64_C(1), 1.5, 0, "x"));
    expect_json(&args, "[1]");
    expect_json(&kwargs, "{\"timeout\": 1.5, \"block\": false, \"s\": [\"x\"]}");
    assert_true(build_call(&args, &kwargs, "timeout=n"));
    expect_json(&args, "[]");
    expect_json(&kwargs, "{\"timeout\": null}");
    assert_false(build_call(&args, &kwargs, "a=i i", INT64_C(1), INT64_C(1)));
    assert_false(build_call(&args, &kwargs, "a="));
}

/* ---- reading ---- */

static bool
read_by(const hf_value_t *value, const char *picture, ...)
{
    va_list outs;
    va_start(outs, picture);
    bool is_read = hfi_picture_read(picture, value, &outs, &hooks, &failure);
    va_end(outs);
    return is_read;
}

static hf_value_t
json(const char *text)
{
    hf_value_t value;
    if (!hfi_json_read(hfi_span_of(text), &value, &failure))
        fail_msg("%s: %s", text, failure.text);
    return value;
}

static void
each_letter_reads(void **state)
{
    (void)state;
    int64_t i = 0;
    uint64_t u = 0;
    bool b = false;
    double f = 0;
    double g = 0;
    hf_value_t value = json("[-5, {\"$int\": \"18446744073709551615\"}, true, 0.5, 3, null]");
    assert_true(read_by(&value, "[iubffn]", &i, &u, &b, &f, &g));
    assert_true(i == -5 && u == UINT64_MAX && b && f >= 0.5 && f <= 0.5 && g >= 3.0 && g <= 3.0);
    hfi_value_drop(&value);

    char *s = NULL;
    char *text = NULL;
    void *bytes = NULL;
    size_t text_len = 0;
    size_t bytes_len = 0;
    hf_value_t inner;
    uint64_t *proxy = NULL;
    value = json("[\"ab\", \"c\\u0000d\", {\"$bytes\": \"AP8=\"}, [1, \"a rather long text\"], "
                 "{\"$handle\": [9]}]");
    assert_true(
        read_by(&value, "[sSBvh]", &s, &text, &text_len, &bytes, &bytes_len, &inner, &proxy));
    hfi_value_drop(&value);
    assert_string_equal(s, "ab");
    assert_int_equal(text_len, 3);
    assert_memory_equal(text, "c\0d", 4);
    assert_int_equal(bytes_len, 2);
    assert_memory_equal(bytes, "\x00\xff", 2);
    assert_int_equal(*proxy, 9);
    expect_json(&inner, "[1, \"a rather long text\"]");
    free(s);
    free(text);
    free(bytes);
    free(proxy);

    value = json("{\"a\": 1, \"b\": [2, 3]}");
    char *key[2] = {NULL, NULL};
    int64_t number[3] = {0};
    assert_true(
        read_by(&value, "{s:i, s:[ii]}", &key[0], &number[0], &key[1], &number[1], &number[2]));
    assert_string_equal(key[1], "b");
    assert_true(number[0] == 1 && number[1] == 2 && number[2] == 3);
    free(key[0]);
    free(key[1]);
    hfi_value_drop(&value);
}

static void
nothing_is_touched_where_it_does_not_fit(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *picture;
        const char *kind;
    } cases[] = {
        {"\"a\"", "i", "TypeError"},
        {"1.5", "i", "TypeError"},
        {"1", "b", "TypeError"},
        {"\"a\"", "f", "TypeError"},
        {"1", "s", "TypeError"},
        {"\"a\"", "B", "TypeError"},
        {"1", "n", "TypeError"},
        {"1", "h", "TypeError"},
        {"1", "[i]", "TypeError"},
        {"[1]", "{s:i}", "TypeError"},
        {"[1]", "[ii]", "ValueError"},
        {"[1, 2]", "[i]", "ValueError"},
        {"{\"$int\": \"9223372036854775808\"}", "i", "OverflowError"},
        {"-1", "u", "OverflowError"},
        {"\"a\\u0000\"", "s", "ValueError"},
        {"1", "p", "ValueError"},
        {"1", "ii", "ValueError"},
        {"1", "a=i", "ValueError"},
        {"{\"$handle\": [666]}", "h", "ConnectionError"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *out[4] = {NULL, NULL, NULL, NULL};
        size_t len = 99;
        hf_value_t value = json(cases[i].json);
        assert_false(read_by(&value, cases[i].picture, &out[0],
                             strcmp(cases[i].picture, "B") == 0 ? (void *)&len : &out[1], &out[2],
                             &out[3]));
        if (strcmp(failure.kind, cases[i].kind) != 0)
            fail_msg("%s by %s: %s: %s", cases[i].json, cases[i].picture, failure.kind,
                     failure.text);
        assert_true(out[0] == NULL && out[1] == NULL && len == 99);
        hfi_value_drop(&value);
    }
    /* what was given before the misfit goes back */
    hf_value_t value =
        json("[\"a\", {\"$handle\": [1]}, [\"long enough to be counted\"], {\"$bytes\": \"\"}, 1]");
    char *s = NULL;
    void *proxy = NULL;
    void *bytes = NULL;
    size_t len = 0;
    hf_value_t inner = hf_int(5);
    n_given = n_undone = 0;
    assert_false(read_by(&value, "[shvBs]", &s, &proxy, &inner, &bytes, &len, &s));
    assert_true(s == NULL && proxy == NULL && bytes == NULL && hf_as_int(&inner) == 5);
    assert_true(n_given == 1 && n_undone == 1);
    assert_true(read_by(&value, ""));
    hfi_value_drop(&value);
}

static void
too_many_to_read_is_refused(void **state)
{
    (void)state;
    char picture[80] = "[";
    char text[300] = "[0";
    for (int i = 0; i < 65; i++)
        strncat(picture, "n", sizeof picture - strlen(picture) - 1);
    strncat(picture, "]", sizeof picture - strlen(picture) - 1);
    for (int i = 0; i < 64; i++)
        strncat(text, ",0", sizeof text - strlen(text) - 1);
    strncat(text, "]", sizeof text - strlen(text) - 1);
    hf_value_t value = json(text);
    for (size_t i = 1; i < 66; i++)
        picture[i] = 'i';
    int64_t n[8];
    /* all 65 pointers are needed only if the 64 before fit: they are the same one */
    assert_false(read_by(&value, picture, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n,
                         n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n,
                         n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n));
    assert_string_equal(failure.kind, "ValueError");
    hfi_value_drop(&value);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_letter_builds),
        cmocka_unit_test(wrong_pictures_build_nothing),
        cmocka_unit_test(wrong_arguments_build_nothing),
        cmocka_unit_test(a_call_has_args_and_kwargs),
        cmocka_unit_test(each_letter_reads),
        cmocka_unit_test(nothing_is_touched_where_it_does_not_fit),
        cmocka_unit_test(too_many_to_read_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
