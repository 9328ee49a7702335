/* SPDX-License-Identifier: MPL-2.0 */
/* span -- see span.h */
#include "span.h"

#include "check.h"

#define BYTES_FIRST 64u /* room at the start; doubled when full */

hfi_span_t
hfi_span_of(const char *text)
{
    HF_ASSERT(text != NULL);
    return (hfi_span_t){(const uint8_t *)text, strlen(text)};
}

bool
hfi_span_equal(hfi_span_t a, hfi_span_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

uint8_t *
hfi_bytes_reserve(hfi_bytes_t *self, size_t more)
{
    HF_ASSERT(self != NULL && self->len <= self->room);
    if (self->at != NULL && more <= self->room - self->len)
        return self->at + self->len;
    size_t need;
    if (!hfi_add_size(self->len, more, &need))
        return NULL;
    size_t room = self->room < BYTES_FIRST ? BYTES_FIRST : self->room;
    while (room < need)
        room = room > SIZE_MAX / 2 ? need : room * 2;
    uint8_t *at = realloc(self->at, room);
    if (at == NULL)
        return NULL;
    self->at = at;
    self->room = room;
    return at + self->len;
}

bool
hfi_bytes_append(hfi_bytes_t *self, const void *at, size_t len)
{
    uint8_t *to = hfi_bytes_reserve(self, len);
    if (to == NULL)
        return false;
    if (len != 0)
        memcpy(to, at, len);
    self->len += len;
    return true;
}

hfi_span_t
hfi_bytes_span(const hfi_bytes_t *self)
{
    return (hfi_span_t){self->at, self->len};
}

void
hfi_bytes_close(hfi_bytes_t *self)
{
    HF_ASSERT(self != NULL);
    free(self->at);
    *self = (hfi_bytes_t){0};
}

bool
hfi_mul_size(size_t a, size_t b, size_t *ret_product)
{
    if (b != 0 && a > SIZE_MAX / b)
        return false;
    *ret_product = a * b;
    return true;
}

bool
hfi_add_size(size_t a, size_t b, size_t *ret_sum)
{
    if (a > SIZE_MAX - b)
        return false;
    *ret_sum = a + b;
    return true;
}
