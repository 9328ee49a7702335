/* SPDX-License-Identifier: MPL-2.0 */
/* signature -- see signature.h. A hand-written parser, one function for each rule of the grammar; none of them
 * recurses, and the first refusal stands. */
#include "signature.h"

#include <stdarg.h>

#include <base/check.h>

enum { SIGNATURE_MAGIC = 0x51671a70 };

typedef struct signature_parser {
    const char *text;
    size_t at;
    hfi_signature_t *out;
    char *why;
    size_t why_room;
} signature_parser_t;

/* The words of the grammar in the order of their bits in hfi_shape.words; `said` is Python's name. */
typedef struct signature_word {
    const char *word;
    const char *said;
    uint32_t kinds;
} signature_word_t;

#define IS(kind_) (1u << (kind_))

static const signature_word_t signature_words[] = {
    {"bool", "bool", IS(HF_BOOL)},
    {"int", "int", IS(HF_INT) | IS(HF_BOOL)},
    {"float", "float", IS(HF_FLOAT) | IS(HF_INT) | IS(HF_BOOL)},
    {"number", "number", IS(HF_FLOAT) | IS(HF_INT) | IS(HF_BOOL)},
    {"str", "str", IS(HF_STR)},
    {"bytes", "bytes", IS(HF_BYTES)},
    {"list", "list", IS(HF_LIST)},
    {"map", "dict", IS(HF_MAP)},
    {"handle", "handle", IS(HF_HANDLE)},
    {"nil", "None", IS(HF_NIL)},
    {"any", "any",
     IS(HF_NIL) | IS(HF_BOOL) | IS(HF_INT) | IS(HF_FLOAT) | IS(HF_STR) | IS(HF_BYTES) |
         IS(HF_LIST) | IS(HF_MAP) | IS(HF_HANDLE) | IS(HF_ERROR) | IS(HF_EXT)},
};

enum {
    N_WORDS = sizeof signature_words / sizeof signature_words[0],
    WORD_INT = 1 << 1,
    WORD_FLOAT = 1 << 2,
    WORD_NUMBER = 1 << 3,
    WORD_HANDLE = 1 << 8,
    WORD_NIL = 1 << 9,
    WORD_ANY = 1 << 10,
};

/* ---- refusals and tokens ---------------------------------------------------------------- */

static bool signature_refuse(signature_parser_t *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says where and why; always false. */
static bool
signature_refuse(signature_parser_t *p, const char *format, ...)
{
    char said[128];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(said, sizeof said, format, args);
    va_end(args);
    if (p->why_room > 0)
        (void)snprintf(p->why, p->why_room, "at position %zu: %s", p->at + 1, said);
    return false;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void
skip_space(signature_parser_t *p)
{
    while (p->text[p->at] == ' ' || p->text[p->at] == '\t' || p->text[p->at] == '\n')
        p->at++;
}

/* The next token is that punctuation: passes it. */
static bool
take_mark(signature_parser_t *p, const char *mark)
{
    skip_space(p);
    size_t len = strlen(mark);
    if (strncmp(p->text + p->at, mark, len) != 0)
        return false;
    p->at += len;
    return true;
}

/* A name at this place, its length 0 where there is none; passes it. */
static hfi_span_t
take_name(signature_parser_t *p)
{
    skip_space(p);
    size_t from = p->at;
    if (is_letter(p->text[from])) {
        while (is_letter(p->text[p->at]) || is_digit(p->text[p->at]))
            p->at++;
    }
    return (hfi_span_t){(const uint8_t *)p->text + from, p->at - from};
}

static bool
span_is(hfi_span_t name, const char *word)
{
    return name.len == strlen(word) && memcmp(name.at, word, name.len) == 0;
}

/* ---- types ------------------------------------------------------------------------------ */

static bool
parse_typeid(signature_parser_t *p, hfi_shape_t *shape)
{
    hfi_span_t name = take_name(p);
    if (name.len == 0)
        return signature_refuse(p, "a typeid is expected inside handle[]");
    if (name.len > HFI_MAX_NAME_BYTES)
        return signature_refuse(p, "that typeid is longer than %d bytes", HFI_MAX_NAME_BYTES);
    if (!take_mark(p, "]"))
        return signature_refuse(p, "']' is expected");
    if (p->out->n_typeids == HFI_MAX_TYPEIDS)
        return signature_refuse(p, "there are more than %d typeids", HFI_MAX_TYPEIDS);
    if (shape->n_typeids == 0)
        shape->typeid_at = (uint8_t)p->out->n_typeids;
    p->out->typeids[p->out->n_typeids++] = name;
    shape->n_typeids++;
    return true;
}

/* word, word?, handle[Typeid] */
static bool
parse_word(signature_parser_t *p, hfi_shape_t *shape, bool *is_any_handle)
{
    size_t start = p->at;
    hfi_span_t name = take_name(p);
    unsigned k = 0;
    while (k < N_WORDS && !span_is(name, signature_words[k].word))
        k++;
    if (k == N_WORDS) {
        p->at = start;
        skip_space(p);
        return name.len == 0
                   ? signature_refuse(p, "a type is expected")
                   : signature_refuse(p, "there is no type '%.*s'",
                                      (int)(name.len < 64 ? name.len : 64), (const char *)name.at);
    }
    shape->kinds |= signature_words[k].kinds;
    shape->words |= 1u << k;
    if ((1u << k) == WORD_HANDLE) {
        if (!take_mark(p, "["))
            *is_any_handle = true;
        else if (!parse_typeid(p, shape))
            return false;
    }
    if (take_mark(p, "?")) {
        shape->kinds |= IS(HF_NIL);
        shape->words |= WORD_NIL;
    }
    return true;
}

/* A or B or … */
static bool
parse_type(signature_parser_t *p, hfi_shape_t *ret_shape)
{
    hfi_shape_t shape = {0};
    bool is_any_handle = false;
    for (;;) {
        if (!parse_word(p, &shape, &is_any_handle))
            return false;
        size_t before = p->at;
        if (!span_is(take_name(p), "or")) {
            p->at = before;
            break;
        }
    }
    shape.is_int64 =
        (shape.words & WORD_INT) != 0 && (shape.words & (WORD_NUMBER | WORD_FLOAT | WORD_ANY)) == 0;
    if (is_any_handle || (shape.words & WORD_ANY) != 0)
        shape.n_typeids = 0;
    *ret_shape = shape;
    return true;
}

/* ---- defaults --------------------------------------------------------------------------- */

/* 'text', with \' and \\. */
static bool
parse_text(signature_parser_t *p, hf_writer_t *out)
{
    char text[HFI_MAX_SIGNATURE_BYTES];
    size_t len = 0;
    while (p->text[p->at] != '\'') {
        if (p->text[p->at] == '\\') {
            p->at++;
            if (p->text[p->at] != '\'' && p->text[p->at] != '\\')
                return signature_refuse(p, "behind a backslash ' or \\ is expected");
        }
        if (p->text[p->at] == '\0')
            return signature_refuse(p, "the text has no end");
        text[len++] = p->text[p->at++];
    }
    p->at++;
    hf_write_str(out, text, len);
    return true;
}

/* What a number's text says, digit by digit: no locale, and exact or refused. */
typedef struct signature_number {
    uint64_t digits;
    int32_t exponent; /* of ten */
    bool is_negative;
    bool is_float;
} signature_number_t;

static bool
take_digits(signature_parser_t *p, signature_number_t *number, int32_t step)
{
    if (!is_digit(p->text[p->at]))
        return signature_refuse(p, "a digit is expected");
    for (; is_digit(p->text[p->at]); p->at++) {
        uint64_t digit = (uint64_t)(p->text[p->at] - '0');
        if (number->digits > (UINT64_MAX - digit) / 10)
            return signature_refuse(p, "that number has too many digits");
        number->digits = number->digits * 10 + digit;
        number->exponent += step;
    }
    return true;
}

static bool
take_exponent(signature_parser_t *p, signature_number_t *number)
{
    bool is_negative = p->text[p->at] == '-';
    if (p->text[p->at] == '-' || p->text[p->at] == '+')
        p->at++;
    signature_number_t exponent = {0};
    if (!take_digits(p, &exponent, 0))
        return false;
    if (exponent.digits > 99)
        return signature_refuse(p, "that exponent is too large");
    number->exponent += is_negative ? -(int32_t)exponent.digits : (int32_t)exponent.digits;
    return true;
}

static bool
write_number(signature_parser_t *p, const signature_number_t *number, hf_writer_t *out)
{
    if (!number->is_float) {
        if (!number->is_negative)
            hf_write_uint(out, number->digits);
        else if (number->digits <= (uint64_t)INT64_MAX + 1)
            hf_write_int(out, (int64_t)(0 - number->digits));
        else
            return signature_refuse(p, "that int is below 64 bits");
        return true;
    }
    /* Both are exact in a double, so that their product or quotient is the nearest one. */
    int32_t n = number->exponent < 0 ? -number->exponent : number->exponent;
    if (number->digits > (UINT64_C(1) << 53) || n > 22)
        return signature_refuse(p, "that float has too many digits");
    double value = (double)number->digits;
    double power = 1.0;
    for (int32_t k = 0; k < n; k++)
        power *= 10.0;
    value = number->exponent < 0 ? value / power : value * power;
    hf_write_float(out, number->is_negative ? -value : value);
    return true;
}

static bool
parse_number(signature_parser_t *p, hf_writer_t *out)
{
    signature_number_t number = {0};
    number.is_negative = take_mark(p, "-");
    if (!take_digits(p, &number, 0))
        return false;
    if (p->text[p->at] == '.') {
        p->at++;
        number.is_float = true;
        if (!take_digits(p, &number, -1))
            return false;
    }
    if (p->text[p->at] == 'e' || p->text[p->at] == 'E') {
        p->at++;
        number.is_float = true;
        if (!take_exponent(p, &number))
            return false;
    }
    return write_number(p, &number, out);
}

/* nil true false [] {} int float 'text' */
static bool
parse_literal(signature_parser_t *p, hf_writer_t *out)
{
    size_t start = p->at;
    hfi_span_t name = take_name(p);
    if (span_is(name, "nil")) {
        hf_write_nil(out);
        return true;
    }
    if (span_is(name, "true") || span_is(name, "false")) {
        hf_write_bool(out, span_is(name, "true"));
        return true;
    }
    if (name.len > 0) {
        p->at = start;
        skip_space(p);
        return signature_refuse(p, "that is no default");
    }
    if (take_mark(p, "'"))
        return parse_text(p, out);
    if (take_mark(p, "[")) {
        hf_write_list(out, 0);
        return take_mark(p, "]") || signature_refuse(p, "']' is expected: only [] is a default");
    }
    if (take_mark(p, "{")) {
        hf_write_map(out, 0);
        return take_mark(p, "}") || signature_refuse(p, "'}' is expected: only {} is a default");
    }
    if (p->text[p->at] == '-' || is_digit(p->text[p->at]))
        return parse_number(p, out);
    return signature_refuse(p, "a default is expected");
}

/* The default's bytes go behind the others in the store, where they stay (it has room for all from the start). */
static bool
parse_default(signature_parser_t *p, hfi_parameter_t *parameter)
{
    parameter->has_default = true;
    if (take_mark(p, "..."))
        return true;
    hfi_bytes_t *store = &p->out->store;
    hf_writer_t out = {
        .at = store->at + store->len, .room = store->room - store->len, .grow = hfi_grow_never};
    size_t start = p->at;
    if (!parse_literal(p, &out))
        return false;
    HF_ASSERT(!out.failed);
    hf_value_t *value = &parameter->fallback;
    hfi_view(value, out.at, out.len, 0);
    store->len += out.len;
    if (!hfi_shape_fits(p->out, &parameter->shape, value, (hfi_span_t){NULL, 0})) {
        p->at = start;
        return signature_refuse(p, "the default is not of the parameter's type");
    }
    return true;
}

/* ---- parameters ------------------------------------------------------------------------- */

static bool
parse_parameter_name(signature_parser_t *p, hfi_parameter_t *parameter)
{
    skip_space(p);
    size_t start = p->at;
    parameter->name = take_name(p);
    size_t end = p->at;
    p->at = start;
    if (parameter->name.len == 0)
        return signature_refuse(p, "a parameter's name is expected");
    if (parameter->name.len > HFI_MAX_NAME_BYTES)
        return signature_refuse(p, "that name is longer than %d bytes", HFI_MAX_NAME_BYTES);
    for (uint32_t k = 0; k < p->out->n; k++) {
        if (hfi_span_equal(p->out->parameters[k].name, parameter->name))
            return signature_refuse(p, "there are two parameters of that name");
    }
    p->at = end;
    return true;
}

static hfi_parameter_t *
add_parameter(signature_parser_t *p, hfi_parameter_kind_t kind)
{
    hfi_signature_t *out = p->out;
    if (out->n == HFI_MAX_PARAMETERS) {
        (void)signature_refuse(p, "there are more than %d parameters", HFI_MAX_PARAMETERS);
        return NULL;
    }
    hfi_parameter_t *parameter = &out->parameters[out->n];
    parameter->kind = kind;
    return parse_parameter_name(p, parameter) ? parameter : NULL;
}

/* *name and **name */
static bool
parse_starred(signature_parser_t *p, hfi_parameter_kind_t kind)
{
    hfi_signature_t *out = p->out;
    hfi_parameter_t *parameter = add_parameter(p, kind);
    if (parameter == NULL)
        return false;
    parameter->shape.kinds = kind == HFI_REST ? IS(HF_LIST) : IS(HF_MAP);
    out->n++;
    out->has_rest = out->has_rest || kind == HFI_REST;
    out->has_named = kind == HFI_NAMED;
    return true;
}

/* name: type [= default] */
static bool
parse_plain(signature_parser_t *p, hfi_parameter_kind_t kind)
{
    hfi_signature_t *out = p->out;
    skip_space(p);
    size_t start = p->at;
    hfi_parameter_t *parameter = add_parameter(p, kind);
    if (parameter == NULL)
        return false;
    if (!take_mark(p, ":"))
        return signature_refuse(p, "':' and a type are expected");
    if (!parse_type(p, &parameter->shape))
        return false;
    if (take_mark(p, "=") && !parse_default(p, parameter))
        return false;
    if (kind == HFI_PLAIN && !parameter->has_default && out->n_required < out->n_plain) {
        p->at = start;
        return signature_refuse(p,
                                "a parameter without a default stands behind one with a default");
    }
    if (kind == HFI_PLAIN) {
        out->n_plain++;
        out->n_required += parameter->has_default ? 0 : 1;
    }
    out->n++;
    return true;
}

/* What stands between two commas. *state: whether a star was passed, and whether it still wants a name behind it. */
typedef struct signature_stars {
    bool is_behind;
    bool wants_name;
} signature_stars_t;

static bool
parse_parameter(signature_parser_t *p, signature_stars_t *stars)
{
    if (p->out->has_named)
        return signature_refuse(p, "nothing may stand behind **%.*s",
                                (int)p->out->parameters[p->out->n - 1].name.len,
                                (const char *)p->out->parameters[p->out->n - 1].name.at);
    if (take_mark(p, "**")) {
        if (stars->wants_name)
            return signature_refuse(p, "behind * a parameter by keyword is expected");
        return parse_starred(p, HFI_NAMED);
    }
    if (!take_mark(p, "*")) {
        stars->wants_name = false;
        return parse_plain(p, stars->is_behind ? HFI_KEYWORD_ONLY : HFI_PLAIN);
    }
    if (stars->is_behind)
        return signature_refuse(p, "there is a second *");
    stars->is_behind = true;
    skip_space(p);
    if (is_letter(p->text[p->at]))
        return parse_starred(p, HFI_REST);
    stars->wants_name = true;
    return true;
}

static bool
is_at_end(signature_parser_t *p)
{
    skip_space(p);
    return p->text[p->at] == '\0' || strncmp(p->text + p->at, "->", 2) == 0;
}

static bool
parse_signature(signature_parser_t *p)
{
    signature_stars_t stars = {false, false};
    if (!is_at_end(p)) {
        do {
            if (!parse_parameter(p, &stars))
                return false;
        } while (take_mark(p, ","));
    }
    if (stars.wants_name)
        return signature_refuse(p, "behind * a parameter by keyword is expected");
    if (take_mark(p, "->")) {
        p->out->has_result = true;
        if (!parse_type(p, &p->out->result))
            return false;
    }
    skip_space(p);
    if (p->text[p->at] != '\0')
        return signature_refuse(p, p->out->has_result ? "nothing may stand behind the result's type"
                                                      : "',' or '->' is expected");
    p->out->is_plain = p->out->n_plain == p->out->n;
    return true;
}

/* ---- public ----------------------------------------------------------------------------- */

/* Room for the copy of the text and for every default: none is longer than its own text and a head. */
static bool
open_store(hfi_signature_t *self, const char *text, size_t len)
{
    enum { HEADS = HFI_MAX_PARAMETERS * 9 };
    self->text = calloc(1, len + 1);
    if (self->text == NULL || hfi_bytes_reserve(&self->store, len + HEADS) == NULL)
        return false;
    memcpy(self->text, text, len);
    return true;
}

static bool
is_ascii(signature_parser_t *p, size_t len)
{
    for (p->at = 0; p->at < len; p->at++) {
        if ((unsigned char)p->text[p->at] >= 0x80)
            return signature_refuse(p, "only ASCII may stand in a signature");
    }
    p->at = 0;
    return true;
}

hfi_signature_t *
hfi_signature_new(const char *text, char *why, size_t why_room)
{
    if (text == NULL)
        text = "";
    signature_parser_t p = {.text = text, .why = why, .why_room = why_room};
    const char *end = memchr(text, '\0', HFI_MAX_SIGNATURE_BYTES);
    if (end == NULL) {
        (void)signature_refuse(&p, "the signature is longer than %d bytes",
                               HFI_MAX_SIGNATURE_BYTES - 1);
        return NULL;
    }
    size_t len = (size_t)(end - text);
    if (!is_ascii(&p, len))
        return NULL;
    hfi_signature_t *self = calloc(1, sizeof *self);
    if (self == NULL || !open_store(self, text, len)) {
        (void)signature_refuse(&p, "no memory");
        hfi_signature_destroy(&self);
        return NULL;
    }
    self->magic = SIGNATURE_MAGIC;
    p.text = self->text;
    p.out = self;
    if (!parse_signature(&p))
        hfi_signature_destroy(&self);
    return self;
}

void
hfi_signature_destroy(hfi_signature_t **self_p)
{
    hfi_signature_t *self = *self_p;
    *self_p = NULL;
    if (self == NULL)
        return;
    free(self->text);
    hfi_bytes_close(&self->store);
    HF_BURY(self);
    free(self);
}

const char *
hfi_signature_text(const hfi_signature_t *self)
{
    HF_CHECK(self, SIGNATURE_MAGIC);
    return self->text;
}

bool
hfi_signature_returns(const hfi_signature_t *self, const hf_value_t *result)
{
    HF_CHECK(self, SIGNATURE_MAGIC);
    if (!self->has_result)
        return true;
    size_t len = 0;
    const char *name = hf_handle_typeid(result, &len);
    return hfi_shape_fits(self, &self->result, result,
                          (hfi_span_t){(const uint8_t *)name, name == NULL ? 0 : len});
}

bool
hfi_shape_fits(const hfi_signature_t *self, const hfi_shape_t *shape, const hf_value_t *value,
               hfi_span_t typeid_)
{
    hf_kind_t kind = hf_kind(value);
    if ((shape->kinds & IS(kind)) == 0)
        return false;
    if (kind == HF_INT && shape->is_int64)
        return hf_int_fits(value);
    if (kind != HF_HANDLE || shape->n_typeids == 0)
        return true;
    for (uint32_t k = 0; k < shape->n_typeids; k++) {
        if (hfi_span_equal(self->typeids[shape->typeid_at + k], typeid_))
            return true;
    }
    return false;
}

/* ---- a type's name ---------------------------------------------------------------------- */

typedef struct signature_names {
    char *to;
    size_t room;
    size_t len;
    uint32_t left; /* still to come: the last is joined by "or" */
    bool is_first;
} signature_names_t;

static void
add_name(signature_names_t *self, const char *name, hfi_span_t typeid_)
{
    const char *join = self->is_first ? "" : self->left == 1 ? " or " : ", ";
    self->is_first = false;
    self->left--;
    if (self->len >= self->room)
        return;
    int n = snprintf(self->to + self->len, self->room - self->len,
                     typeid_.len > 0 ? "%s%s[%.*s]" : "%s%s", join, name, (int)typeid_.len,
                     (const char *)typeid_.at);
    HF_ASSERT(n >= 0);
    self->len += (size_t)n;
}

void
hfi_shape_name(const hfi_signature_t *self, const hfi_shape_t *shape, char *to, size_t room)
{
    hfi_span_t none = {NULL, 0};
    signature_names_t names = {.to = to, .room = room, .is_first = true};
    for (unsigned k = 0; k < N_WORDS; k++)
        names.left += (shape->words >> k) & 1u;
    if (shape->n_typeids > 1)
        names.left += shape->n_typeids - 1u;
    for (unsigned k = 0; k < N_WORDS; k++) {
        if ((shape->words & (1u << k)) == 0)
            continue;
        if ((1u << k) != WORD_HANDLE || shape->n_typeids == 0)
            add_name(&names, signature_words[k].said, none);
        for (uint32_t i = 0; (1u << k) == WORD_HANDLE && i < shape->n_typeids; i++)
            add_name(&names, "handle", self->typeids[shape->typeid_at + i]);
    }
}
