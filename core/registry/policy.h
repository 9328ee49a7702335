/* SPDX-License-Identifier: MPL-2.0 */
/* policy -- what a deployment exposes: for each type a view, from a method's name to its row or to "not exposed".
 *
 * The configuration arrives as one value:
 *   {"types": {TYPEID: {"expose": [method…], "hide": [method…]}}}
 * `expose` leaves only those, `hide` takes those away; both may name str, repr and getvalue; the root's typeid is
 * "manager". A later issue adds renames, roles and returns beside them: unknown keys are refused.
 */
#ifndef HFI_POLICY_H
#define HFI_POLICY_H

#include "plugin.h"

typedef struct hfi_policy hfi_policy_t;

typedef struct hfi_view_entry {
    const hfi_method_t *method;
    bool is_exposed;
} hfi_view_entry_t;

/* Perfect hash over (length, first 8 bytes) made when the view is; one compare to be sure. */
typedef struct hfi_view hfi_view_t;

/* Gives a policy that exposes everything. */
hfi_policy_t *hfi_policy_new(const hfi_plugins_t *plugins);
void hfi_policy_destroy(hfi_policy_t **self_p);

/* Puts the settings in force. All or nothing: false with a sentence naming the unknown typeid, method or key. A
 * typeid that no plugin has brought yet is unknown too: plugins come first; a type that comes later is exposed
 * whole until the next settings. NULL, HF_NONE, nil or an empty map: all is exposed. */
bool hfi_policy_set(hfi_policy_t *self, const hf_value_t *settings, char *why, size_t why_room);

/* The view of a type: borrowed until the next hfi_policy_set. Ends the process where there is no memory for it. */
const hfi_view_t *hfi_policy_view(hfi_policy_t *self, const hfi_type_t *type);

/* The type's method of that name in its view; NULL: there is none. */
const hfi_view_entry_t *hfi_policy_find(hfi_policy_t *self, const hfi_type_t *type,
                                        const uint8_t *name, size_t len);

/* NULL: no such method. */
const hfi_view_entry_t *hfi_view_find(const hfi_view_t *self, const uint8_t *name, size_t len);

#endif
