/* SPDX-License-Identifier: MPL-2.0 */
/* bind -- what the comparison with Python (bind_oracle) cannot ask: kinds, handles, scratch, what nothing allocates. */
#include "given.h"

#include <registry/bind.h>

typedef struct bound_case {
    hfi_binder_t binder;
    hfi_signature_t *signature;
    given_t args;
    given_t kwargs;
    hfi_bound_t bound;
} bound_case_t;

static void
case_open(bound_case_t *self, const char *text, uint32_t n_args, uint32_t n_kwargs)
{
    char why[256] = "";
    *self = (bound_case_t){.signature = hfi_signature_new(text, why, sizeof why)};
    if (self->signature == NULL)
        fail_msg("%s: %s", text, why);
    hf_write_list(given_open(&self->args), n_args);
    hf_write_map(given_open(&self->kwargs), n_kwargs);
}

static bool
case_bind(bound_case_t *self)
{
    hf_value_t args = given_value(&self->args);
    hf_value_t kwargs = given_value(&self->kwargs);
    return hfi_bind(&self->binder, self->signature, "f", &args, &kwargs, &self->bound);
}

static void
case_close(bound_case_t *self)
{
    hfi_signature_destroy(&self->signature);
    hfi_bytes_close(&self->binder.scratch);
}

static void
case_refused(bound_case_t *self, const char *kind, const char *text)
{
    assert_false(case_bind(self));
    assert_string_equal(self->binder.failure.kind, kind);
    assert_string_equal(self->binder.failure.text, text);
    assert_int_equal(self->bound.n, 0);
    case_close(self);
}

static void
a_wrong_kind_is_named_as_python_does(void **state)
{
    bound_case_t c;
    (void)state;
    case_open(&c, "x: int", 1, 0);
    given_text(&c.args, "one");
    case_refused(&c, "TypeError", "f() argument 'x' must be int, not str");
    case_open(&c, "x: int?", 1, 0);
    hf_write_float(&c.args.w, 1.0);
    case_refused(&c, "TypeError", "f() argument 'x' must be int or None, not float");
    case_open(&c, "x: int, y: str or bytes = ''", 2, 0);
    hf_write_int(&c.args.w, 1);
    hf_write_nil(&c.args.w);
    case_refused(&c, "TypeError", "f() argument 'y' must be str or bytes, not NoneType");
    case_open(&c, "*rest, k: bool", 0, 1);
    given_text(&c.kwargs, "k");
    hf_write_int(&c.kwargs.w, 1);
    case_refused(&c, "TypeError", "f() argument 'k' must be bool, not int");
    case_open(&c, "x: list", 1, 0);
    hf_write_map(&c.args.w, 0);
    case_refused(&c, "TypeError", "f() argument 'x' must be list, not dict");
    case_open(&c, "x: any", 1, 0);
    hf_write_promise(&c.args.w, 1);
    case_refused(&c, "TypeError", "f() argument 'x' must be any, not promise");
}

static void
the_number_of_arguments_comes_before_their_kinds(void **state)
{
    bound_case_t c;
    (void)state;
    case_open(&c, "x: int, y: int", 1, 0);
    given_text(&c.args, "one");
    case_refused(&c, "TypeError", "f() missing 1 required positional argument: 'y'");
}

static void
an_int_past_64_bits_overflows(void **state)
{
    bound_case_t c;
    (void)state;
    case_open(&c, "x: int?", 1, 0);
    hf_write_uint(&c.args.w, UINT64_C(1) << 63);
    case_refused(&c, "OverflowError", "f() argument 'x' is an int beyond 64 bits with sign");
    case_open(&c, "x: number, y: any, z: float, *rest", 4, 0);
    for (int k = 0; k < 4; k++)
        hf_write_uint(&c.args.w, UINT64_MAX);
    assert_true(case_bind(&c));
    assert_true(hf_as_uint(&c.bound.arg[0]) == UINT64_MAX);
    case_close(&c);
}

static const char *
world_typeid_of(void *context, uint64_t object, size_t *ret_len)
{
    static const char *const names[] = {NULL, "Lock", "list"};
    (*(int *)context)++;
    const char *name = object < 3 ? names[object] : NULL;
    *ret_len = name == NULL ? 0 : strlen(name);
    return name;
}

static void
a_handles_typeid_is_the_managers(void **state)
{
    bound_case_t c;
    int asked = 0;
    (void)state;
    case_open(&c, "x: handle[Lock]", 1, 0);
    c.binder.typeid_of = world_typeid_of;
    c.binder.context = &asked;
    hf_write_handle(&c.args.w, 1, NULL, 0); /* a client may leave it out */
    assert_true(case_bind(&c));
    assert_true(asked > 0);
    hf_write_list(given_open(&c.args), 1);
    hf_write_handle(&c.args.w, 1, "list", 4); /* or be wrong about it */
    assert_true(case_bind(&c));
    hf_write_list(given_open(&c.args), 1);
    hf_write_handle(&c.args.w, 2, "Lock", 4); /* or lie */
    case_refused(&c, "TypeError", "f() argument 'x' must be handle[Lock], not handle[list]");
    case_open(&c, "x: handle[Lock]", 1, 0);
    c.binder.typeid_of = world_typeid_of;
    c.binder.context = &asked;
    hf_write_handle(&c.args.w, 9, "Lock", 4); /* or be late */
    case_refused(&c, "TypeError", "f() argument 'x' must be handle[Lock], not handle");
}

static void
without_a_manager_the_handle_is_believed(void **state)
{
    bound_case_t c;
    (void)state;
    case_open(&c, "x: handle[Lock] or handle[RLock]", 1, 0);
    hf_write_handle(&c.args.w, 1, "RLock", 5);
    assert_true(case_bind(&c));
    hf_write_list(given_open(&c.args), 1);
    hf_write_handle(&c.args.w, 1, "list", 4);
    case_refused(&c, "TypeError",
                 "f() argument 'x' must be handle[Lock] or handle[RLock], not handle[list]");
}

static void
kwargs_may_be_absent(void **state)
{
    bound_case_t c;
    hf_value_t nil = hf_nil();
    hf_value_t none = {.raw = {0}};
    (void)state;
    case_open(&c, "x: int = 3, **named", 0, 0);
    hf_value_t args = given_value(&c.args);
    const hf_value_t *const kwargs[] = {NULL, &nil, &none};
    for (size_t k = 0; k < 3; k++) {
        assert_true(hfi_bind(&c.binder, c.signature, "f", &args, kwargs[k], &c.bound));
        assert_int_equal(hf_as_int(&c.bound.arg[0]), 3);
        assert_int_equal(hf_kind(&c.bound.arg[1]), HF_MAP);
        assert_int_equal(hf_count(&c.bound.arg[1]), 0);
    }
    case_close(&c);
}

static void
a_keyword_that_is_no_str_is_refused(void **state)
{
    bound_case_t c;
    (void)state;
    case_open(&c, "**named", 0, 1);
    hf_write_int(&c.kwargs.w, 1);
    hf_write_int(&c.kwargs.w, 1);
    case_refused(&c, "TypeError", "f() keywords must be strings");
}

static void
a_keyword_twice_is_refused(void **state)
{
    bound_case_t c;
    (void)state;
    case_open(&c, "x: int", 0, 2);
    for (int k = 0; k < 2; k++) {
        given_text(&c.kwargs, "x");
        hf_write_int(&c.kwargs.w, k);
    }
    case_refused(&c, "TypeError", "f() got multiple values for argument 'x'");
}

static void
a_long_keyword_is_cut_between_characters(void **state)
{
    char name[202];
    bound_case_t c;
    (void)state;
    case_open(&c, "x: int", 0, 1);
    for (size_t k = 1; k < 201; k++)
        name[k] = k % 2 == 1 ? '\xc3' : '\xa9';
    name[0] = 'a';
    hf_write_str(&c.kwargs.w, name, 201);
    hf_write_nil(&c.kwargs.w);
    assert_false(case_bind(&c));
    char want[200];
    (void)snprintf(want, sizeof want, "f() got an unexpected keyword argument '%.99s'", name);
    assert_string_equal(c.binder.failure.text, want);
    case_close(&c);
}

static void
rest_and_named_know_their_handles(void **state)
{
    bound_case_t c;
    (void)state;
    case_open(&c, "x: any, *rest, **named", 3, 1);
    hf_write_handle(&c.args.w, 1, "Lock", 4);
    hf_write_int(&c.args.w, 1);
    hf_write_int(&c.args.w, 2);
    given_text(&c.kwargs, "k");
    hf_write_handle(&c.kwargs.w, 2, "Lock", 4);
    assert_true(case_bind(&c));
    assert_true(hf_has_handles(&c.bound.arg[0]));
    assert_false(hf_has_handles(&c.bound.arg[1])); /* the handle is not among these */
    assert_true(hf_has_handles(&c.bound.arg[2]));
    assert_int_equal(hf_count(&c.bound.arg[1]), 2);
    case_close(&c);
}

/* 70,000 arguments: a head of every length, and views that do not move. */
static void
many_arguments_are_gathered(void **state)
{
    static const uint32_t numbers[] = {0, 1, 15, 16, 65535, 65536, 70000};
    static uint8_t bytes[70000 + 8];
    bound_case_t c;
    (void)state;
    case_open(&c, "*rest, **named", 0, 0);
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
        hf_writer_t w = {.at = bytes, .room = sizeof bytes, .grow = hfi_grow_never};
        hf_value_t args;
        hf_write_list(&w, numbers[k]);
        for (uint32_t i = 0; i < numbers[k]; i++)
            hf_write_int(&w, i & 127);
        assert_false(w.failed);
        hfi_view(&args, bytes, w.len, 0);
        assert_true(hfi_bind(&c.binder, c.signature, "f", &args, NULL, &c.bound));
        assert_int_equal(hf_len_of(&c.bound.arg[0]), w.len);
        assert_memory_equal(hf_bytes_of(&c.bound.arg[0]), bytes, w.len);
    }
    assert_true(c.binder.scratch.room > 65536);
    assert_true(case_bind(&c)); /* a small one gives it back */
    assert_true(c.binder.scratch.room <= 65536);
    case_close(&c);
}

static void
the_scratch_is_used_again(void **state)
{
    bound_case_t c;
    (void)state;
    case_open(&c, "*rest", 3, 0);
    for (int k = 0; k < 3; k++)
        hf_write_int(&c.args.w, k);
    assert_true(case_bind(&c));
    const uint8_t *before = c.binder.scratch.at;
    for (int k = 0; k < 100; k++)
        assert_true(case_bind(&c));
    assert_ptr_equal(c.binder.scratch.at, before);
    case_close(&c);
}

static void
a_straight_call_makes_nothing(void **state)
{
    bound_case_t c;
    (void)state;
    case_open(&c, "x: int, y: str = 'a default longer than fifteen', z: any = ...", 1, 0);
    hf_write_int(&c.args.w, 5);
    assert_true(case_bind(&c));
    assert_null(c.binder.scratch.at);
    assert_int_equal(c.bound.n, 3);
    assert_int_equal(hf_as_int(&c.bound.arg[0]), 5);
    assert_int_equal(hf_kind(&c.bound.arg[1]), HF_STR);
    assert_int_equal(hf_kind(&c.bound.arg[2]), HF_NONE);
    case_close(&c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_kind_is_named_as_python_does),
        cmocka_unit_test(the_number_of_arguments_comes_before_their_kinds),
        cmocka_unit_test(an_int_past_64_bits_overflows),
        cmocka_unit_test(a_handles_typeid_is_the_managers),
        cmocka_unit_test(without_a_manager_the_handle_is_believed),
        cmocka_unit_test(kwargs_may_be_absent),
        cmocka_unit_test(a_keyword_that_is_no_str_is_refused),
        cmocka_unit_test(a_keyword_twice_is_refused),
        cmocka_unit_test(a_long_keyword_is_cut_between_characters),
        cmocka_unit_test(rest_and_named_know_their_handles),
        cmocka_unit_test(many_arguments_are_gathered),
        cmocka_unit_test(the_scratch_is_used_again),
        cmocka_unit_test(a_straight_call_makes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
