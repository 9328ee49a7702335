/* SPDX-License-Identifier: MPL-2.0 */
/* symbols -- what a shared object exports and what it needs, read from its bytes without mapping it.
 *
 * The file may be anything: every offset and length is checked before it is used. Thread: one at a time.
 */
#ifndef HFI_SYMBOLS_H
#define HFI_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/span.h>

/* Borrows the bytes, which outlive it. */
typedef struct hfi_symbols {
    hfi_span_t file;
    const uint8_t *table; /* of dynamic symbols */
    uint64_t n;
    const uint8_t *dynamic;
    uint64_t n_dynamic;
    hfi_span_t names;         /* the symbols' */
    hfi_span_t dynamic_names; /* the libraries' */
} hfi_symbols_t;

typedef struct hfi_symbol {
    const char *name;
    bool is_defined;
    bool is_weak;
} hfi_symbol_t;

/* False with a sentence in why: no shared object for this machine, or none that is whole. */
bool hfi_symbols_open(hfi_symbols_t *self, hfi_span_t file, char *why, size_t why_room);

/* The k-th name that others may see; false past the last. What has no name, or belongs to the file alone, has "". */
bool hfi_symbols_at(const hfi_symbols_t *self, uint64_t k, hfi_symbol_t *ret_symbol);

/* The k-th library that the file names as needed; NULL past the last. */
const char *hfi_symbols_needed(const hfi_symbols_t *self, uint64_t k);

#endif
