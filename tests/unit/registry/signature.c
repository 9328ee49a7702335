/* SPDX-License-Identifier: MPL-2.0 */
/* signature -- the grammar: what it takes, what it compiles to, and each of its refusals. */
#include "given.h"

#include <stdlib.h>

#include <registry/signature.h>
#include <registry/text.h>

typedef struct refusal {
    const char *text;
    const char *why;
} refusal_t;

static hfi_signature_t *
taken(const char *text)
{
    char why[256] = "";
    hfi_signature_t *signature = hfi_signature_new(text, why, sizeof why);
    if (signature == NULL) {
        fail_msg("\"%s\" was refused: %s", text, why);
        abort(); /* never reached: cmocka's header does not say so */
    }
    return signature;
}

static void
each_rule_refuses(void **state)
{
    static const refusal_t refusals[] = {
        {"x", "at position 2: ':' and a type are expected"},
        {"x:", "at position 3: a type is expected"},
        {"x: ,", "at position 4: a type is expected"},
        {"x: integer", "at position 4: there is no type 'integer'"},
        {"x: int y: int", "at position 8: ',' or '->' is expected"},
        {"x: int,", "at position 8: a parameter's name is expected"},
        {", x: int", "at position 1: a parameter's name is expected"},
        {"1x: int", "at position 1: a parameter's name is expected"},
        {"x: int, x: int", "at position 9: there are two parameters of that name"},
        {"x: int, *x", "at position 10: there are two parameters of that name"},
        {"x: int = 1, y: int", "at position 13: a parameter without a default stands behind one"},
        {"x: int or", "at position 10: a type is expected"},
        {"x: int or or", "there is no type 'or'"},
        {"x: int??", "at position 8: ',' or '->' is expected"},
        {"x: handle[", "at position 11: a typeid is expected inside handle[]"},
        {"x: handle[]", "at position 11: a typeid is expected inside handle[]"},
        {"x: handle[A", "at position 12: ']' is expected"},
        {"x: int[A]", "at position 7: ',' or '->' is expected"},
        {"x: int = nil", "at position 10: the default is not of the parameter's type"},
        {"x: int = 1.5", "the default is not of the parameter's type"},
        {"x: int = 'one'", "the default is not of the parameter's type"},
        {"x: bool = 1", "the default is not of the parameter's type"},
        {"x: str = []", "the default is not of the parameter's type"},
        {"x: list = {}", "the default is not of the parameter's type"},
        {"x: handle[A] = nil", "the default is not of the parameter's type"},
        {"x: int = 9223372036854775808", "the default is not of the parameter's type"},
        {"x: number = 18446744073709551616", "that number has too many digits"},
        {"x: int = -9223372036854775809", "that int is below 64 bits"},
        {"x: float = 12345678901234567890.5", "that number has too many digits"},
        {"x: float = 1e100", "that exponent is too large"},
        {"x: float = 1e23", "that float has too many digits"},
        {"x: float = 1.", "at position 14: a digit is expected"},
        {"x: float = 1e", "a digit is expected"},
        {"x: int = -", "a digit is expected"},
        {"x: int = ", "a default is expected"},
        {"x: int = yes", "that is no default"},
        {"x: str = 'abc", "the text has no end"},
        {"x: str = 'a\\n'", "behind a backslash ' or \\ is expected"},
        {"x: str = 'a\\", "behind a backslash ' or \\ is expected"},
        {"x: list = [1]", "']' is expected: only [] is a default"},
        {"x: map = {1}", "'}' is expected: only {} is a default"},
        {"*", "behind * a parameter by keyword is expected"},
        {"*, **named", "behind * a parameter by keyword is expected"},
        {"* -> int", "behind * a parameter by keyword is expected"},
        {"*a, *b", "there is a second *"},
        {"*, *b", "there is a second *"},
        {"*, x: int, *", "there is a second *"},
        {"**", "at position 3: a parameter's name is expected"},
        {"**named, x: int", "nothing may stand behind **named"},
        {"**named, *rest", "nothing may stand behind **named"},
        {"*rest: int", "',' or '->' is expected"},
        {"->", "a type is expected"},
        {"-> int int", "nothing may stand behind the result's type"},
        {"-> int = 1", "nothing may stand behind the result's type"},
        {"x: int - > int", "',' or '->' is expected"},
        {"x: int; y: int", "',' or '->' is expected"},
        {"\xc3\xa9: int", "at position 1: only ASCII may stand in a signature"},
        {"a: any, b: any, c: any, d: any, e: any, f: any, g: any, h: any, i: any, j: any, k: any, "
         "l: any, m: any, n: any, o: any, p: any, q: any",
         "there are more than 16 parameters"},
        {"x: handle[A] or handle[B] or handle[C] or handle[D] or handle[E] or handle[F] or "
         "handle[G] "
         "or handle[H] or handle[I] or handle[J] or handle[K] or handle[L] or handle[M] or "
         "handle[N] or handle[O] or handle[P] or handle[Q]",
         "there are more than 16 typeids"},
        {"a234567890123456789012345678901234567890123456789012345678901234: int",
         "that name is longer than 63 bytes"},
        {"x: handle[a234567890123456789012345678901234567890123456789012345678901234]",
         "that typeid is longer than 63 bytes"},
    };
    (void)state;
    for (size_t k = 0; k < sizeof refusals / sizeof refusals[0]; k++) {
        char why[256] = "";
        hfi_signature_t *signature = hfi_signature_new(refusals[k].text, why, sizeof why);
        if (signature != NULL)
            fail_msg("\"%s\" was taken", refusals[k].text);
        if (strstr(why, refusals[k].why) == NULL)
            fail_msg("\"%s\": said \"%s\", not \"%s\"", refusals[k].text, why, refusals[k].why);
    }
}

static void
a_long_text_is_refused(void **state)
{
    char text[HFI_MAX_SIGNATURE_BYTES + 1];
    char why[128] = "";
    (void)state;
    memset(text, ' ', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_null(hfi_signature_new(text, why, sizeof why));
    assert_non_null(strstr(why, "longer than 2047 bytes"));
    text[sizeof text - 2] = '\0';
    hfi_signature_t *signature = taken(text);
    hfi_signature_destroy(&signature);
}

static void
a_refusal_fits_any_room(void **state)
{
    char why[8];
    (void)state;
    memset(why, 'x', sizeof why);
    assert_null(hfi_signature_new("x", why, 0));
    assert_int_equal(why[0], 'x');
    assert_null(hfi_signature_new("x", why, 4));
    assert_string_equal(why, "at ");
    assert_int_equal(why[4], 'x');
}

static void
nothing_is_a_signature(void **state)
{
    (void)state;
    static const char *const texts[] = {NULL, "", "  ", "\n"};
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        hf_value_t nil = hf_nil();
        hfi_signature_t *signature = taken(texts[k]);
        assert_int_equal(signature->n, 0);
        assert_true(signature->is_plain);
        assert_true(hfi_signature_returns(signature, &nil));
        assert_string_equal(hfi_signature_text(signature), texts[k] == NULL ? "" : texts[k]);
        hfi_signature_destroy(&signature);
        assert_null(signature);
    }
    hfi_signature_t *none = NULL;
    hfi_signature_destroy(&none);
}

static void
every_part_compiles(void **state)
{
    (void)state;
    hfi_signature_t *s = taken(
        "a: any, by: int = -1, *rest, block: bool=true , late: number? = ..., **named -> int?");
    assert_int_equal(s->n, 6);
    assert_int_equal(s->n_plain, 2);
    assert_int_equal(s->n_required, 1);
    assert_false(s->is_plain);
    assert_true(s->has_rest && s->has_named && s->has_result);
    static const hfi_parameter_kind_t kinds[] = {HFI_PLAIN,        HFI_PLAIN,        HFI_REST,
                                                 HFI_KEYWORD_ONLY, HFI_KEYWORD_ONLY, HFI_NAMED};
    for (uint32_t k = 0; k < s->n; k++)
        assert_int_equal(s->parameters[k].kind, kinds[k]);
    assert_memory_equal(s->parameters[4].name.at, "late", s->parameters[4].name.len);
    assert_int_equal(hf_as_int(&s->parameters[1].fallback), -1);
    assert_true(hf_as_bool(&s->parameters[3].fallback));
    assert_true(s->parameters[4].has_default);
    assert_int_equal(hf_kind(&s->parameters[4].fallback), HF_NONE);
    assert_false(s->parameters[0].has_default);
    hfi_signature_destroy(&s);
    s = taken("a: int, *, k: int, l: int = 2");
    assert_int_equal(s->n, 3);
    assert_false(s->is_plain || s->has_rest);
    assert_int_equal(s->parameters[1].kind, HFI_KEYWORD_ONLY);
    hfi_signature_destroy(&s);
}

static void
every_default_compiles(void **state)
{
    (void)state;
    hfi_signature_t *s = taken("a: nil = nil, b: bool = false, c: int = 9223372036854775807, "
                               "d: int = -9223372036854775808, e: number = 18446744073709551615, "
                               "f: float = 2.5, g: float = -1e-3, h: float = 3, i: str = '', "
                               "j: str = 'it\\'s \\\\', k: list = [ ], l: map = {}, m: any = 1E22, "
                               "n: str = 'longer than fifteen bytes, so lent', o: any = 'x'");
    hfi_parameter_t *p = s->parameters;
    size_t len;
    assert_int_equal(hf_kind(&p[0].fallback), HF_NIL);
    assert_int_equal(hf_kind(&p[1].fallback), HF_BOOL);
    assert_true(hf_as_int(&p[2].fallback) == INT64_MAX);
    assert_true(hf_as_int(&p[3].fallback) == INT64_MIN);
    assert_true(hf_as_uint(&p[4].fallback) == UINT64_MAX);
    assert_true(hf_as_float(&p[5].fallback) >= 2.5 && hf_as_float(&p[5].fallback) <= 2.5);
    assert_true(hf_as_float(&p[6].fallback) >= -1e-3 && hf_as_float(&p[6].fallback) <= -1e-3);
    assert_int_equal(hf_kind(&p[7].fallback), HF_INT);
    assert_non_null(hf_as_str(&p[8].fallback, &len));
    assert_int_equal(len, 0);
    assert_memory_equal(hf_as_str(&p[9].fallback, &len), "it's \\", 6);
    assert_int_equal(len, 6);
    assert_int_equal(hf_kind(&p[10].fallback), HF_LIST);
    assert_int_equal(hf_kind(&p[11].fallback), HF_MAP);
    assert_true(hf_as_float(&p[12].fallback) >= 1e22 && hf_as_float(&p[12].fallback) <= 1e22);
    assert_memory_equal(hf_as_str(&p[13].fallback, &len), "longer than fifteen bytes, so lent", 34);
    assert_int_equal(len, 34);
    assert_memory_equal(hf_as_str(&p[14].fallback, &len), "x", 1);
    hfi_signature_destroy(&s);
}

/* Sixteen long texts: the store must have room for all of them and their heads without moving. */
static void
many_long_defaults_keep_their_place(void **state)
{
    char text[HFI_MAX_SIGNATURE_BYTES] = "";
    size_t len = 0;
    (void)state;
    for (int k = 0; k < 16; k++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%sp%d: str = '%090d'",
                                k > 0 ? ", " : "", k, k);
    hfi_signature_t *s = taken(text);
    for (int k = 0; k < 16; k++) {
        char want[91];
        (void)snprintf(want, sizeof want, "%090d", k);
        assert_memory_equal(hf_as_str(&s->parameters[k].fallback, &len), want, 90);
        assert_int_equal(len, 90);
    }
    hfi_signature_destroy(&s);
}

/* ---- types ------------------------------------------------------------------------------ */

static void
write_kind(given_t *given, hf_kind_t kind)
{
    hf_writer_t *w = given_open(given);
    if (kind == HF_NIL)
        hf_write_nil(w);
    else if (kind == HF_BOOL)
        hf_write_bool(w, true);
    else if (kind == HF_INT)
        hf_write_int(w, 7);
    else if (kind == HF_FLOAT)
        hf_write_float(w, 0.5);
    else if (kind == HF_STR)
        hf_write_str(w, "s", 1);
    else if (kind == HF_BYTES)
        hf_write_bytes(w, "b", 1);
    else if (kind == HF_LIST)
        hf_write_list(w, 0);
    else if (kind == HF_MAP)
        hf_write_map(w, 0);
    else if (kind == HF_HANDLE)
        hf_write_handle(w, 12, "Lock", 4);
    else
        hf_write_ext(w, 42, "x", 1);
}

static void
each_type_takes_its_kinds(void **state)
{
    static const struct {
        const char *type;
        const char *said;
        uint32_t fits; /* one bit a kind */
    } rows[] = {
        {"any", "any", 0xfffe & ~(1u << HF_PROMISE)},
        {"nil", "None", 1u << HF_NIL},
        {"bool", "bool", 1u << HF_BOOL},
        {"int", "int", 1u << HF_INT | 1u << HF_BOOL},
        {"float", "float", 1u << HF_INT | 1u << HF_BOOL | 1u << HF_FLOAT},
        {"number", "number", 1u << HF_INT | 1u << HF_BOOL | 1u << HF_FLOAT},
        {"str", "str", 1u << HF_STR},
        {"bytes", "bytes", 1u << HF_BYTES},
        {"list", "list", 1u << HF_LIST},
        {"map", "dict", 1u << HF_MAP},
        {"handle", "handle", 1u << HF_HANDLE},
        {"handle[Lock]", "handle[Lock]", 1u << HF_HANDLE},
        {"handle[list]", "handle[list]", 0},
        {"handle[list] or handle[Lock]?", "handle[list], handle[Lock] or None",
         1u << HF_HANDLE | 1u << HF_NIL},
        {"handle or handle[list]", "handle", 1u << HF_HANDLE},
        {"handle[list] or any", "handle or any", 0xfffe & ~(1u << HF_PROMISE)},
        {"str or int?", "int, str or None",
         1u << HF_STR | 1u << HF_INT | 1u << HF_BOOL | 1u << HF_NIL},
        {"list or map", "list or dict", 1u << HF_LIST | 1u << HF_MAP},
    };
    given_t given;
    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        char text[64];
        char said[64];
        (void)snprintf(text, sizeof text, "-> %s", rows[k].type);
        hfi_signature_t *s = taken(text);
        static const hf_kind_t kinds[] = {HF_NIL,   HF_BOOL, HF_INT, HF_FLOAT,  HF_STR,
                                          HF_BYTES, HF_LIST, HF_MAP, HF_HANDLE, HF_EXT};
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
            write_kind(&given, kinds[i]);
            hf_value_t value = given_value(&given);
            if (hfi_signature_returns(s, &value) != ((rows[k].fits >> kinds[i] & 1u) != 0))
                fail_msg("%s and kind %d", rows[k].type, (int)kinds[i]);
        }
        hfi_shape_name(&s->result, &s->typeids, said, sizeof said);
        assert_string_equal(said, rows[k].said);
        hfi_signature_destroy(&s);
    }
}

static void
an_int_is_64_bits_with_sign(void **state)
{
    (void)state;
    hf_value_t big = hf_uint(UINT64_C(1) << 63);
    hf_value_t most = hf_int(INT64_MAX);
    static const struct {
        const char *text;
        bool takes_big;
    } rows[] = {{"-> int", false},   {"-> int?", false},         {"-> int or str", false},
                {"-> number", true}, {"-> int or number", true}, {"-> float", true},
                {"-> any", true}};
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        hfi_signature_t *s = taken(rows[k].text);
        assert_int_equal(hfi_signature_returns(s, &big), rows[k].takes_big);
        assert_true(hfi_signature_returns(s, &most));
        hfi_signature_destroy(&s);
    }
}

static void
a_types_name_is_cut_to_its_room(void **state)
{
    char said[8] = "1234567";
    (void)state;
    hfi_signature_t *s = taken("-> bool or int or str or bytes or list");
    hfi_shape_name(&s->result, &s->typeids, said, 7);
    assert_string_equal(said, "bool, ");
    hfi_signature_destroy(&s);
}

/* ---- by mutation ------------------------------------------------------------------------ */

static uint32_t
next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void
mutate(char *text, size_t room, uint32_t *seed)
{
    static const char marks[] = "*:=,->?[]{}'\\. \tabinto0129e_\xff";
    size_t len = strlen(text);
    size_t at = len == 0 ? 0 : next_random(seed) % len;
    switch (next_random(seed) % 4) {
    case 0: /* change */
        if (len > 0)
            text[at] = marks[next_random(seed) % (sizeof marks - 1)];
        break;
    case 1: /* put in */
        if (len + 2 < room) {
            memmove(text + at + 1, text + at, len - at + 1);
            text[at] = marks[next_random(seed) % (sizeof marks - 1)];
        }
        break;
    case 2: /* take out */
        if (len > 0)
            memmove(text + at, text + at + 1, len - at);
        break;
    default: /* twice */
        if (len > at && 2 * len - at + 1 < room) {
            memmove(text + len + (len - at), text + len, 1);
            memmove(text + len, text + at, len - at);
        }
        break;
    }
}

/* Whatever is taken holds what the others rely on. */
static void
check_taken(const hfi_signature_t *s)
{
    assert_true(s->n <= HFI_MAX_PARAMETERS && s->n_required <= s->n_plain && s->n_plain <= s->n);
    for (uint32_t k = 0; k < s->n; k++) {
        const hfi_parameter_t *p = &s->parameters[k];
        assert_true(p->name.len > 0 && p->name.len <= HFI_MAX_NAME_BYTES);
        assert_true((p->kind == HFI_PLAIN) == (k < s->n_plain));
        assert_true(p->shape.typeid_at + p->shape.n_typeids <= s->typeids.n);
        if (hf_kind(&p->fallback) != HF_NONE)
            assert_true(
                hfi_shape_fits(&p->shape, &s->typeids, &p->fallback, (hfi_span_t){NULL, 0}));
        char said[32];
        if (p->shape.words != 0)
            hfi_shape_name(&p->shape, &s->typeids, said, sizeof said);
    }
}

static void
mutants_are_taken_or_refused_in_words(void **state)
{
    static const char *const seeds[] = {
        "a: any, by: int = -1, *rest, block: bool=true, late: number? = ..., **named -> int?",
        "item: any, block: bool = true, timeout: number? = nil -> any",
        "x: handle[Lock] or handle[RLock]?, *, y: str = 'it\\'s', z: float = 1.5e3 -> list or map",
        "start: int = 0",
    };
    uint32_t seed = 1;
    uint32_t n_taken = 0;
    (void)state;
    for (int round = 0; round < 40000; round++) {
        char text[512];
        char why[256] = "";
        (void)snprintf(text, sizeof text, "%s", seeds[round % 4]);
        for (uint32_t k = next_random(&seed) % 6; k > 0; k--)
            mutate(text, sizeof text, &seed);
        hfi_signature_t *s = hfi_signature_new(text, why, sizeof why);
        if (s == NULL) {
            if (strncmp(why, "at position ", 12) != 0)
                fail_msg("\"%s\": said \"%s\"", text, why);
            continue;
        }
        n_taken++;
        check_taken(s);
        hfi_signature_destroy(&s);
    }
    assert_true(n_taken > 1000 && n_taken < 39000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_refuses),
        cmocka_unit_test(a_long_text_is_refused),
        cmocka_unit_test(a_refusal_fits_any_room),
        cmocka_unit_test(nothing_is_a_signature),
        cmocka_unit_test(every_part_compiles),
        cmocka_unit_test(every_default_compiles),
        cmocka_unit_test(many_long_defaults_keep_their_place),
        cmocka_unit_test(each_type_takes_its_kinds),
        cmocka_unit_test(an_int_is_64_bits_with_sign),
        cmocka_unit_test(a_types_name_is_cut_to_its_room),
        cmocka_unit_test(mutants_are_taken_or_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
