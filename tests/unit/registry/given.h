/* SPDX-License-Identifier: MPL-2.0 */
/* given -- values for the registry's tests: a writer over a buffer, and what it wrote as a value. */
#ifndef TEST_GIVEN_H
#define TEST_GIVEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <holdfast/value.h>

typedef struct given {
    hf_writer_t w;
    uint8_t room[4096];
} given_t;

/* Empties it; then write one item by the hf_write_ functions on &self->w. */
static inline hf_writer_t *
given_open(given_t *self)
{
    self->w = (hf_writer_t){.at = self->room, .room = sizeof self->room, .grow = hfi_grow_never};
    return &self->w;
}

/* What was written, as a view. */
static inline hf_value_t
given_value(given_t *self)
{
    hf_value_t value;
    assert_false(self->w.failed);
    hfi_view(&value, self->room, self->w.len, self->w.tag);
    return value;
}

static inline void
given_text(given_t *self, const char *text)
{
    hf_write_str(&self->w, text, strlen(text));
}

#endif
