/* SPDX-License-Identifier: MPL-2.0 */
/* span -- bytes that are borrowed, and bytes that grow. */
#ifndef HFI_SPAN_H
#define HFI_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes from outside or inside; says nothing about what is in them. */
typedef struct hfi_span {
    const uint8_t *at;
    size_t len;
} hfi_span_t;

/* Growing bytes; zeroed is empty and legal. */
typedef struct hfi_bytes {
    uint8_t *at;
    size_t len;
    size_t room;
} hfi_bytes_t;

/* A span of a NUL-terminated text. */
hfi_span_t hfi_span_of(const char *text);
bool hfi_span_equal(hfi_span_t a, hfi_span_t b);

/* Room for `more` bytes behind what is there, or NULL: no memory, nothing changed. */
uint8_t *hfi_bytes_reserve(hfi_bytes_t *self, size_t more);
bool hfi_bytes_append(hfi_bytes_t *self, const void *at, size_t len);
hfi_span_t hfi_bytes_span(const hfi_bytes_t *self);
/* Frees; zeroed again. */
void hfi_bytes_close(hfi_bytes_t *self);

/* a * b and a + b, false where it would overflow. */
bool hfi_mul_size(size_t a, size_t b, size_t *ret_product);
bool hfi_add_size(size_t a, size_t b, size_t *ret_sum);

#endif
