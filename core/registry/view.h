/* SPDX-License-Identifier: MPL-2.0 */
/* view -- what a caller sees of a type: from a method's name to its row, or to why it may not be called.
 *
 * Made once for a type and a set of roles, then only read: one multiplication and one compare a call.
 */
#ifndef HFI_VIEW_H
#define HFI_VIEW_H

#include "type.h"

/* A universal beside each of a type's own rows. */
enum { HFI_MAX_ENTRIES = HFI_MAX_METHODS + 3 };

typedef enum hfi_access {
    HFI_CALLABLE = 0,
    HFI_DENIED, /* exposed, but none of the caller's roles grants it */
    HFI_HIDDEN, /* this deployment does not expose it */
} hfi_access_t;

typedef struct hfi_view_entry {
    const hfi_method_t *method;
    const char *name; /* under which it is called here; NULL, for hfi_view_new alone: under none */
    hfi_type_t *
        returns; /* its value goes to that type's constructor, and a proxy is the answer; NULL: no */
    hfi_access_t access;
} hfi_view_entry_t;

typedef struct hfi_view hfi_view_t;

/* Copies the entries, in their order; no two of one name. `create`: whether a referent of the type may be made. Ends
 * the process where there is no memory. */
hfi_view_t *hfi_view_new(const hfi_view_entry_t *entries, uint32_t n, hfi_access_t create);
void hfi_view_destroy(hfi_view_t **self_p);

/* NULL: no such method. */
const hfi_view_entry_t *hfi_view_find(const hfi_view_t *self, const uint8_t *name, size_t len);

/* The k-th entry, or NULL past the last. */
const hfi_view_entry_t *hfi_view_at(const hfi_view_t *self, uint32_t k);

hfi_access_t hfi_view_create(const hfi_view_t *self);

#endif
