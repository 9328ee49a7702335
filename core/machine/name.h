/* SPDX-License-Identifier: MPL-2.0 */
/* name -- names that hold a referent. */
#ifndef HFI_NAME_H
#define HFI_NAME_H

#include <base/idtable.h>
#include <base/siphash.h>

#include "referent.h"

typedef struct hfi_name {
    uint64_t hash;
    struct hfi_name *next; /* of the same hash */
    hfi_referent_t *referent;
    uint32_t len;
    char text[]; /* not NUL-terminated */
} hfi_name_t;

typedef struct hfi_names {
    hfi_idtable_t table; /* hash, first of that hash */
    hfi_siphash_key_t key;
    hfi_account_t *account;
    uint64_t n;
} hfi_names_t;

void hfi_names_open(hfi_names_t *self, hfi_account_t *account);
/* Frees the names; does not count what they held: the referents are gone by then. */
void hfi_names_close(hfi_names_t *self);

/* Borrows, or NULL. */
hfi_name_t *hfi_names_find(const hfi_names_t *self, hfi_span_t text);

/* Binds a name that is not there yet; it holds. NULL: the memory limit. */
hfi_name_t *hfi_names_add(hfi_names_t *self, hfi_span_t text, hfi_referent_t *referent);

/* Another referent for a name that is there: holds it, then lets the former go. */
void hfi_names_move(hfi_names_t *self, hfi_referents_t *referents, hfi_name_t *name,
                    hfi_referent_t *to);

/* Takes the name away; what it held is let go. */
void hfi_names_remove(hfi_names_t *self, hfi_referents_t *referents, hfi_name_t *name);

/* All names that begin with `prefix`, by code point: gives an array of *ret_n borrowed names; free() it. */
hfi_name_t **hfi_names_sorted(const hfi_names_t *self, hfi_span_t prefix, size_t *ret_n);

#endif
