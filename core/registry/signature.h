/* SPDX-License-Identifier: MPL-2.0 */
/* signature -- "by: int = 1, *rest, **named -> int" checked and compiled when a plugin is loaded.
 *
 *   signature  parameters, separated by commas, then optionally  -> type
 *   parameter  name: type [= default] | *name | * (those behind it by keyword only) | **name
 *   type       any nil bool int float number str bytes list map handle handle[Typeid], T?, A or B
 *   default    nil true false int float 'text' [] {} or ... (may be left out: hf_arg_given tells)
 *
 * int is what int64 holds, bool included (beyond it: OverflowError); float takes ints too; number is
 * int or float as it came. `T = nil` without `?` is refused: the default must fit the type. In 'text'
 * a backslash stands before ' or \.
 */
#ifndef HFI_SIGNATURE_H
#define HFI_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/span.h>
#include <holdfast/value.h>

#include "shape.h"

enum {
    HFI_MAX_PARAMETERS = 16,
};

typedef enum hfi_parameter_kind {
    HFI_PLAIN = 0,    /* by position or keyword */
    HFI_KEYWORD_ONLY, /* behind * or *name */
    HFI_REST,         /* *name */
    HFI_NAMED,        /* **name */
} hfi_parameter_kind_t;

typedef struct hfi_parameter {
    hfi_span_t name;
    hf_value_t fallback; /* its default; HF_NONE: `...`, or none */
    hfi_shape_t shape;
    hfi_parameter_kind_t kind;
    bool has_default;
} hfi_parameter_t;

typedef struct hfi_signature {
    uint32_t magic;
    uint32_t n;          /* parameters, in the order written */
    uint32_t n_plain;    /* the first so many are HFI_PLAIN */
    uint32_t n_required; /* the first so many of those have no default */
    bool is_plain;       /* all are HFI_PLAIN: bind's straight loop will do */
    bool has_rest;
    bool has_named;
    bool has_result; /* "->" was written */
    hfi_shape_t result;
    hfi_parameter_t parameters[HFI_MAX_PARAMETERS];
    hfi_typeids_t typeids;
    char *text;        /* a copy; names point into it */
    hfi_bytes_t store; /* the defaults that are not inline */
} hfi_signature_t;

/* Gives the compiled form (NULL text: no parameters, any result), or NULL with a sentence in why that
 * names the position, counted from 1. */
hfi_signature_t *hfi_signature_new(const char *text, char *why, size_t why_room);
void hfi_signature_destroy(hfi_signature_t **self_p);

/* The text as describe shows it; borrowed. */
const char *hfi_signature_text(const hfi_signature_t *self);

/* Whether an item surely does: no typeid need be asked for. */
static inline bool
hfi_signature_takes(const hfi_signature_t *self, const uint8_t *item)
{
    return !self->has_result ||
           (self->result.n_typeids == 0 && hfi_shape_takes(&self->result, item));
}

/* Whether a result fits what the signature promises. */
bool hfi_signature_returns(const hfi_signature_t *self, const hf_value_t *result);

#endif
