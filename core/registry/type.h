/* type -- a type as the manager knows it: the author's tables, checked, with signatures compiled. */
#ifndef HFI_TYPE_H
#define HFI_TYPE_H

#include <holdfast/plugin.h>

#include "signature.h"

/* str, repr and getvalue stand beside each type's own rows; a row of the same name goes first. */
typedef enum hfi_universal {
    HFI_OWN = 0,
    HFI_STR,
    HFI_REPR,
    HFI_GETVALUE,
} hfi_universal_t;

typedef struct hfi_method {
    const hf_method_t *row; /* never NULL; a universal's is the registry's own */
    hfi_signature_t *signature;
    hfi_universal_t universal;
    uint32_t number; /* its place in hfi_type.methods: what state keeps instead of a pointer */
} hfi_method_t;

typedef struct hfi_type {
    const hf_type_t *row;
    const char *plugin; /* name of the plugin it came from */
    hfi_signature_t *signature;
    hfi_method_t *methods; /* the type's own in order, then the universals */
    uint32_t n_methods;
    uint32_t number; /* of the type in this manager, from 0; never used twice */
    bool is_internal;
    uint64_t referents, calls, errors, memory_bytes; /* figures, the machine's to count */
} hfi_type_t;

/* Checks the author's table by every rule of PLUGIN.md; NULL with a sentence naming type, row and rule. */
hfi_type_t *hfi_type_new(const hf_type_t *row, const char *plugin, uint32_t number, char *why,
                         size_t why_room);
void hfi_type_destroy(hfi_type_t **self_p);

/* The method of that name, or NULL. */
const hfi_method_t *hfi_type_find_method(const hfi_type_t *self, const char *name, size_t len);

#endif
