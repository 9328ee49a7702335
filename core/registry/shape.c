/* SPDX-License-Identifier: MPL-2.0 */
/* shape -- see shape.h */
#include "shape.h"

#include <stdio.h>
#include <string.h>

#include <base/check.h>

#include "text.h"

/* The words of the grammar in the order of their bits in hfi_shape.words; `said` is Python's name. */
typedef struct shape_word {
    const char *word;
    const char *said;
    uint32_t kinds;
} shape_word_t;

#define IS(kind_) (1u << (kind_))

static const shape_word_t shape_words[] = {
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
    N_WORDS = sizeof shape_words / sizeof shape_words[0],
    WORD_INT = 1 << 1,
    WORD_FLOAT = 1 << 2,
    WORD_NUMBER = 1 << 3,
    WORD_HANDLE = 1 << 8,
    WORD_NIL = 1 << 9,
    WORD_ANY = 1 << 10,
};

/* ---- parsing ----------------------------------------------------------------------------- */

static bool
parse_typeid(hfi_parser_t *p, hfi_typeids_t *typeids, hfi_shape_t *shape)
{
    hfi_span_t name = hfi_parser_name(p);
    if (name.len == 0)
        return hfi_parser_refuse(p, "a typeid is expected inside handle[]");
    if (name.len > HFI_MAX_NAME_BYTES)
        return hfi_parser_refuse(p, "that typeid is longer than %d bytes", HFI_MAX_NAME_BYTES);
    if (!hfi_parser_mark(p, "]"))
        return hfi_parser_refuse(p, "']' is expected");
    if (typeids->n == HFI_MAX_TYPEIDS)
        return hfi_parser_refuse(p, "there are more than %d typeids", HFI_MAX_TYPEIDS);
    if (shape->n_typeids == 0)
        shape->typeid_at = (uint8_t)typeids->n;
    typeids->at[typeids->n++] = name;
    shape->n_typeids++;
    return true;
}

/* word, word?, handle[Typeid] */
static bool
parse_word(hfi_parser_t *p, hfi_typeids_t *typeids, hfi_shape_t *shape, bool *is_any_handle)
{
    size_t start = p->at;
    hfi_span_t name = hfi_parser_name(p);
    unsigned k = 0;
    while (k < N_WORDS && !hfi_parser_is(name, shape_words[k].word))
        k++;
    if (k == N_WORDS) {
        p->at = start;
        hfi_parser_skip(p);
        return name.len == 0
                   ? hfi_parser_refuse(p, "a type is expected")
                   : hfi_parser_refuse(p, "there is no type '%.*s'",
                                       (int)(name.len < 64 ? name.len : 64), (const char *)name.at);
    }
    shape->kinds |= shape_words[k].kinds;
    shape->words |= 1u << k;
    if ((1u << k) == WORD_HANDLE) {
        if (!hfi_parser_mark(p, "["))
            *is_any_handle = true;
        else if (!parse_typeid(p, typeids, shape))
            return false;
    }
    if (hfi_parser_mark(p, "?")) {
        shape->kinds |= IS(HF_NIL);
        shape->words |= WORD_NIL;
    }
    return true;
}

bool
hfi_shape_parse(hfi_parser_t *parser, hfi_typeids_t *typeids, hfi_shape_t *ret_shape)
{
    hfi_shape_t shape = {0};
    bool is_any_handle = false;
    for (;;) {
        if (!parse_word(parser, typeids, &shape, &is_any_handle))
            return false;
        size_t before = parser->at;
        if (!hfi_parser_is(hfi_parser_name(parser), "or")) {
            parser->at = before;
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

hfi_shape_t
hfi_shape_of(hf_kind_t kind)
{
    return (hfi_shape_t){.kinds = IS(kind)};
}

/* ---- comparing --------------------------------------------------------------------------- */

bool
hfi_shape_fits(const hfi_shape_t *self, const hfi_typeids_t *typeids, const hf_value_t *value,
               hfi_span_t typeid_)
{
    if (hf_kind(value) == HF_NONE || !hfi_shape_takes(self, hf_bytes_of(value)))
        return false;
    if (self->n_typeids == 0 || hf_kind(value) != HF_HANDLE)
        return true;
    for (uint32_t k = 0; k < self->n_typeids; k++) {
        if (hfi_span_equal(typeids->at[self->typeid_at + k], typeid_))
            return true;
    }
    return false;
}

/* ---- naming ------------------------------------------------------------------------------ */

typedef struct shape_names {
    char *to;
    size_t room;
    size_t len;
    uint32_t left; /* still to come: the last is joined by "or" */
    bool is_first;
} shape_names_t;

static void
add_name(shape_names_t *self, const char *name, hfi_span_t typeid_)
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
hfi_shape_name(const hfi_shape_t *self, const hfi_typeids_t *typeids, char *to, size_t room)
{
    hfi_span_t none = {NULL, 0};
    shape_names_t names = {.to = to, .room = room, .is_first = true};
    for (unsigned k = 0; k < N_WORDS; k++)
        names.left += (self->words >> k) & 1u;
    if (self->n_typeids > 1)
        names.left += self->n_typeids - 1u;
    for (unsigned k = 0; k < N_WORDS; k++) {
        if ((self->words & (1u << k)) == 0)
            continue;
        if ((1u << k) != WORD_HANDLE || self->n_typeids == 0)
            add_name(&names, shape_words[k].said, none);
        for (uint32_t i = 0; (1u << k) == WORD_HANDLE && i < self->n_typeids; i++)
            add_name(&names, "handle", typeids->at[self->typeid_at + i]);
    }
}
