/* SPDX-License-Identifier: MPL-2.0 */
/* shape -- the types of a signature: parsed, compared with values, named. */
#ifndef HFI_SHAPE_H
#define HFI_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/span.h>
#include <holdfast/value.h>

#include "parser.h"

enum { HFI_MAX_TYPEIDS = 16 }; /* handle[…] in one signature */

/* The typeids that one signature names, borrowed from its text. */
typedef struct hfi_typeids {
    uint32_t n;
    hfi_span_t at[HFI_MAX_TYPEIDS];
} hfi_typeids_t;

/* A type of the grammar. The bits of both masks are 1 << HF_NIL … 1 << HF_EXT. */
typedef struct hfi_shape {
    uint32_t kinds;    /* that fit */
    uint32_t words;    /* that were written, HFI_WORD_…: for the error's text */
    uint8_t typeid_at; /* handle[Typeid]: the first in the signature's typeids */
    uint8_t n_typeids; /* 0: any handle fits, if a handle does */
    bool is_int64;     /* an int past int64 does not fit */
} hfi_shape_t;

/* Parses  word, word?, handle[Typeid], A or B  and adds to the typeids; false: refused. */
bool hfi_shape_parse(hfi_parser_t *parser, hfi_typeids_t *typeids, hfi_shape_t *ret_shape);

/* What the manager itself makes: *rest is a list, **named a map. */
hfi_shape_t hfi_shape_of(hf_kind_t kind);

/* Whether a value is of that type; handle[Typeid] compares with the typeid given (len 0: unknown, does not fit). */
bool hfi_shape_fits(const hfi_shape_t *self, const hfi_typeids_t *typeids, const hf_value_t *value,
                    hfi_span_t typeid_);

/* The same for an item that no typeid need be asked for. */
static inline bool
hfi_shape_takes(const hfi_shape_t *self, const uint8_t *item)
{
    hf_kind_t kind = hfi_kind_at(item);
    return (self->kinds >> kind & 1u) != 0 &&
           (kind != HF_INT || !self->is_int64 || hfi_int_fits_at(item));
}

/* Writes the type as Python would name it, "int or None", cut to the room. */
void hfi_shape_name(const hfi_shape_t *self, const hfi_typeids_t *typeids, char *to, size_t room);

#endif
