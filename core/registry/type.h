/* SPDX-License-Identifier: MPL-2.0 */
/* type -- a type as the manager knows it: the author's tables, checked, with signatures compiled.
 *
 * The author's structs are read once, as far as their own sizes go, into copies as large as ours: what an older
 * header did not have is zero in them. So nothing here looks past what the plugin was compiled with.
 */
#ifndef HFI_TYPE_H
#define HFI_TYPE_H

#include <holdfast/plugin.h>

#include "signature.h"

enum {
    HFI_MAX_METHODS = 256,
    HFI_MAX_DOC_BYTES = 1000,
};

/* Of a referent's state: a size past it is a mistake in the table. */
#define HFI_MAX_SELF_BYTES ((uint64_t)1 << 30)

/* What is run: the row's own function, or one of the machine's. str, repr and getvalue stand beside each type's own rows;
 * a row of the same name goes first. */
typedef enum hfi_universal {
    HFI_OWN = 0,
    HFI_STR,
    HFI_REPR,
    HFI_GETVALUE,
    HFI_OFFLOADED, /* a row with `work`: no universal, but the machine runs it, too */
} hfi_universal_t;

struct hfi_type;

typedef struct hfi_method {
    const hf_method_t
        *row; /* never NULL: a copy of the author's, or the registry's own for a universal */
    hfi_signature_t *signature;
    hfi_universal_t universal;
    uint32_t number; /* its place in hfi_type.methods: what state keeps instead of a pointer */
    struct hfi_type *returns; /* what its row's `returns` names, the table's to set; NULL: none */
} hfi_method_t;

/* What was called, the machine's to count. */
typedef struct hfi_method_figures {
    uint64_t calls;
    uint64_t errors;
} hfi_method_figures_t;

struct hfi_exposure;

typedef struct hfi_type {
    const hf_type_t *row; /* a copy of the author's; its `methods` are not to be used */
    const hf_type_t
        *declared;          /* the author's own, only to be compared: what hf_return_new is given */
    const char *plugin;     /* name of the plugin it came from */
    uint32_t plugin_number; /* its place among the plugins; UINT32_MAX: the manager's own */
    hfi_signature_t *signature;
    hfi_method_t *methods; /* the type's own in order, then the universals that it has not itself */
    uint32_t n_methods;
    hfi_method_figures_t *figures; /* of each method, in their order */
    uint32_t number;               /* of the type in this manager, from 0; never used twice */
    bool is_internal;
    bool
        is_retired; /* a newer one has its typeid, or it is no longer configured: none is made by name */
    uint64_t referents, calls, errors, memory_bytes; /* figures, the machine's to count */
    const struct hfi_type
        *base; /* the type whose implementation it serves under another typeid; NULL: its own */
    const struct hfi_exposure
        *exposure; /* the deployment's, policy's to set; NULL: it says nothing */
    uint64_t max_referents, max_memory_bytes; /* likewise; UINT64_MAX: no limit; of all versions */
    struct hfi_type *version;                 /* the next with its typeid, older or newer: a ring */
    char *name;                               /* of one with a base */
    hf_type_t *copy;                          /* what `row` and the rows of `methods` point to */
    hf_method_t *rows;
} hfi_type_t;

/* Checks the author's table by every rule of PLUGIN.md; NULL with a sentence naming type, row and rule. */
hfi_type_t *hfi_type_new(const hf_type_t *row, const char *plugin, uint32_t number, char *why,
                         size_t why_room);
void hfi_type_destroy(hfi_type_t **self_p);

/* The same implementation under another typeid, with figures and exposure of its own. */
hfi_type_t *hfi_type_new_alias(const hfi_type_t *base, hfi_span_t name, uint32_t number, char *why,
                               size_t why_room);

/* Puts it among the versions of that typeid, whose limits they share. Alone until then. */
void hfi_type_join(hfi_type_t *self, hfi_type_t *older);

/* Whether the deployment allows that typeid one more; so many bytes more. */
bool hfi_type_has_place(const hfi_type_t *self);
bool hfi_type_has_room(const hfi_type_t *self, uint64_t bytes);

/* The method of that name, or NULL. */
const hfi_method_t *hfi_type_find_method(const hfi_type_t *self, const char *name, size_t len);

/* Why what that method of the type answers cannot go to the constructor of `returns`; NULL: it can. */
const char *hfi_type_objection(const hfi_type_t *self, const hfi_method_t *method,
                               const hfi_type_t *returns);

#endif
