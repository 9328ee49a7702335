/* SPDX-License-Identifier: MPL-2.0 */
/* walk -- go through whatever Python would iterate: a list, a map's keys, a str's characters, the bytes of a
 * bytes as ints, and through a handle of a container as through its value. */
#ifndef HFI_WALK_H
#define HFI_WALK_H

#include <holdfast/plugin.h>

/* Borrows what it was opened on; the items are views into that, or inline. It points into itself: not to be copied. */
typedef struct hfi_walk {
    hf_value_t plain;
    hf_cursor_t cursor;
    const uint8_t *at; /* the next character or byte */
    uint32_t left;     /* items still to come */
    hf_kind_t kind;
} hfi_walk_t;

/* Opens it for the call's life; raises TypeError where the value cannot be iterated. */
hf_err_t hfi_walk_open(hf_call_t *call, const hf_value_t *iterable, hfi_walk_t *ret_walk);

/* Gives the next item; false at the end. */
bool hfi_walk_next(hfi_walk_t *self, hf_value_t *ret_item);

#endif
