/* SPDX-License-Identifier: MPL-2.0 */
/* signature -- see signature.h. A hand-written parser, one function for each rule of the grammar; none of them
 * recurses, and the first refusal stands. */
#include "signature.h"

#include <base/check.h>

#include "literal.h"
#include "parser.h"
#include "text.h"

enum { SIGNATURE_MAGIC = 0x51671a70 };

typedef struct signature_parser {
    hfi_parser_t place;
    hfi_signature_t *out;
} signature_parser_t;

/* ---- parameters ------------------------------------------------------------------------- */

/* The default's bytes go behind the others in the store, where they stay (it has room for all from the start). */
static bool
parse_default(signature_parser_t *p, hfi_parameter_t *parameter)
{
    parameter->has_default = true;
    if (hfi_parser_mark(&p->place, "..."))
        return true;
    hfi_bytes_t *store = &p->out->store;
    hf_writer_t out = {
        .at = store->at + store->len, .room = store->room - store->len, .grow = hfi_grow_never};
    size_t start = p->place.at;
    if (!hfi_literal_parse(&p->place, &out))
        return false;
    HF_ASSERT(!out.failed);
    hf_value_t *value = &parameter->fallback;
    hfi_view(value, out.at, out.len, 0);
    store->len += out.len;
    if (!hfi_shape_fits(&parameter->shape, &p->out->typeids, value, (hfi_span_t){NULL, 0})) {
        p->place.at = start;
        return hfi_parser_refuse(&p->place, "the default is not of the parameter's type");
    }
    return true;
}

static bool
parse_parameter_name(signature_parser_t *p, hfi_parameter_t *parameter)
{
    hfi_parser_skip(&p->place);
    size_t start = p->place.at;
    parameter->name = hfi_parser_name(&p->place);
    size_t end = p->place.at;
    p->place.at = start;
    if (parameter->name.len == 0)
        return hfi_parser_refuse(&p->place, "a parameter's name is expected");
    if (parameter->name.len > HFI_MAX_NAME_BYTES)
        return hfi_parser_refuse(&p->place, "that name is longer than %d bytes",
                                 HFI_MAX_NAME_BYTES);
    for (uint32_t k = 0; k < p->out->n; k++) {
        if (hfi_span_equal(p->out->parameters[k].name, parameter->name))
            return hfi_parser_refuse(&p->place, "there are two parameters of that name");
    }
    p->place.at = end;
    return true;
}

static hfi_parameter_t *
add_parameter(signature_parser_t *p, hfi_parameter_kind_t kind)
{
    hfi_signature_t *out = p->out;
    if (out->n == HFI_MAX_PARAMETERS) {
        (void)hfi_parser_refuse(&p->place, "there are more than %d parameters", HFI_MAX_PARAMETERS);
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
    parameter->shape = hfi_shape_of(kind == HFI_REST ? HF_LIST : HF_MAP);
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
    hfi_parser_skip(&p->place);
    size_t start = p->place.at;
    hfi_parameter_t *parameter = add_parameter(p, kind);
    if (parameter == NULL)
        return false;
    if (!hfi_parser_mark(&p->place, ":"))
        return hfi_parser_refuse(&p->place, "':' and a type are expected");
    if (!hfi_shape_parse(&p->place, &p->out->typeids, &parameter->shape))
        return false;
    if (hfi_parser_mark(&p->place, "=") && !parse_default(p, parameter))
        return false;
    if (kind == HFI_PLAIN && !parameter->has_default && out->n_required < out->n_plain) {
        p->place.at = start;
        return hfi_parser_refuse(&p->place,
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
        return hfi_parser_refuse(&p->place, "nothing may stand behind **%.*s",
                                 (int)p->out->parameters[p->out->n - 1].name.len,
                                 (const char *)p->out->parameters[p->out->n - 1].name.at);
    if (hfi_parser_mark(&p->place, "**")) {
        if (stars->wants_name)
            return hfi_parser_refuse(&p->place, "behind * a parameter by keyword is expected");
        return parse_starred(p, HFI_NAMED);
    }
    if (!hfi_parser_mark(&p->place, "*")) {
        stars->wants_name = false;
        return parse_plain(p, stars->is_behind ? HFI_KEYWORD_ONLY : HFI_PLAIN);
    }
    if (stars->is_behind)
        return hfi_parser_refuse(&p->place, "there is a second *");
    stars->is_behind = true;
    hfi_parser_skip(&p->place);
    if (hfi_text_is_letter(p->place.text[p->place.at]))
        return parse_starred(p, HFI_REST);
    stars->wants_name = true;
    return true;
}

static bool
is_at_end(signature_parser_t *p)
{
    hfi_parser_skip(&p->place);
    return p->place.text[p->place.at] == '\0' || strncmp(p->place.text + p->place.at, "->", 2) == 0;
}

static bool
parse_signature(signature_parser_t *p)
{
    signature_stars_t stars = {false, false};
    if (!is_at_end(p)) {
        do {
            if (!parse_parameter(p, &stars))
                return false;
        } while (hfi_parser_mark(&p->place, ","));
    }
    if (stars.wants_name)
        return hfi_parser_refuse(&p->place, "behind * a parameter by keyword is expected");
    if (hfi_parser_mark(&p->place, "->")) {
        p->out->has_result = true;
        if (!hfi_shape_parse(&p->place, &p->out->typeids, &p->out->result))
            return false;
    }
    hfi_parser_skip(&p->place);
    if (p->place.text[p->place.at] != '\0')
        return hfi_parser_refuse(&p->place, p->out->has_result
                                                ? "nothing may stand behind the result's type"
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
    for (p->place.at = 0; p->place.at < len; p->place.at++) {
        if ((unsigned char)p->place.text[p->place.at] >= 0x80)
            return hfi_parser_refuse(&p->place, "only ASCII may stand in a signature");
    }
    p->place.at = 0;
    return true;
}

hfi_signature_t *
hfi_signature_new(const char *text, char *why, size_t why_room)
{
    if (text == NULL)
        text = "";
    signature_parser_t p = {.place = {.text = text, .why = why, .why_room = why_room}};
    const char *end = memchr(text, '\0', HFI_MAX_SIGNATURE_BYTES);
    if (end == NULL) {
        (void)hfi_parser_refuse(&p.place, "the signature is longer than %d bytes",
                                HFI_MAX_SIGNATURE_BYTES - 1);
        return NULL;
    }
    size_t len = (size_t)(end - text);
    if (!is_ascii(&p, len))
        return NULL;
    hfi_signature_t *self = calloc(1, sizeof *self);
    if (self == NULL || !open_store(self, text, len)) {
        (void)hfi_parser_refuse(&p.place, "no memory");
        hfi_signature_destroy(&self);
        return NULL;
    }
    self->magic = SIGNATURE_MAGIC;
    p.place.text = self->text;
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
    if (self->result.n_typeids == 0)
        return hf_kind(result) != HF_NONE && hfi_shape_takes(&self->result, hf_bytes_of(result));
    size_t len = 0;
    const char *name = hf_handle_typeid(result, &len);
    return hfi_shape_fits(&self->result, &self->typeids, result,
                          (hfi_span_t){(const uint8_t *)name, name == NULL ? 0 : len});
}
