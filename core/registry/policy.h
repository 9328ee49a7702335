/* SPDX-License-Identifier: MPL-2.0 */
/* policy -- what a deployment exposes and to whom: for each type and set of roles a view.
 *
 * The configuration arrives as one value, a map of the file's sections; their leaves are texts, or lists of texts
 * where a key was given several times:
 *   types   {TYPEID: {is, expose, hide: words; rename: {method: name}; returns: {method: TYPEID};
 *                     defaults: {parameter: text}; limits: {instances, memory: number}}}
 *   roles   {ROLE: {grant: TYPE.METHOD…, reads: TYPE…}}
 *   users   {uid: ROLE…}      others  {ipc, tcp: ROLE…}
 *   limits  {name: uint}: the machine's, not looked at here
 * `expose` leaves only those, `hide` takes those away; both may name str, repr and getvalue, and `hide` may name
 * create; `returns` goes before a row's own, and "" says that the result itself is the answer; the root's typeid is
 * "manager". Methods are named as their plugin names them, in roles as callers see them.
 * Without roles, users and others everybody may do everything; with any of them, what no role grants is denied.
 */
#ifndef HFI_POLICY_H
#define HFI_POLICY_H

#include "plugin.h"
#include "reading.h"
#include "role.h"
#include "view.h"

typedef struct hfi_policy hfi_policy_t;

/* What one set of roles sees: borrowed until the next hfi_policy_set or hfi_policy_renew. */
typedef struct hfi_roles {
    hfi_policy_t *policy;
    hfi_role_bits_t bits;
    uint32_t n_views;
    hfi_view_t **views; /* by the type's number; NULL: nobody has asked yet */
} hfi_roles_t;

/* Gives a policy that exposes everything to everybody. It gives types to `plugins`, which must outlive it. */
hfi_policy_t *hfi_policy_new(hfi_plugins_t *plugins);
void hfi_policy_destroy(hfi_policy_t **self_p);

/* Puts the settings in force. All or nothing: false with the first complaint, "PATH: SENTENCE". A typeid that no
 * plugin has brought yet is unknown: plugins come first. NULL, HF_NONE, nil or an empty map: all is exposed. */
bool hfi_policy_set(hfi_policy_t *self, const hf_value_t *settings, char *why, size_t why_room);

/* Whether they could be put in force; tells every complaint. Nothing changes. */
bool hfi_policy_check(hfi_policy_t *self, const hf_value_t *settings, hfi_complain_f *complain,
                      void *context);

/* After a plugin has come: the settings in force are read again, so that they hold for its types, and further typeids
 * serve its newer implementations. False with the first complaint where they do not fit what has come: then the rules
 * stay as they were, and hold for newer types as far as their methods have the same names. */
bool hfi_policy_renew(hfi_policy_t *self, char *why, size_t why_room);

/* The roles of a peer; those of a set. */
hfi_roles_t *hfi_policy_roles_of(hfi_policy_t *self, hfi_span_t user, int64_t uid);
hfi_roles_t *hfi_policy_roles(hfi_policy_t *self, hfi_role_bits_t bits);

/* Roles, users and others in force. */
const hfi_rolebook_t *hfi_policy_rolebook(const hfi_policy_t *self);

/* The k-th type that is served, NULL past the last. */
hfi_type_t *hfi_policy_type(const hfi_policy_t *self, uint32_t k);

/* Makes the view of a type of which nobody with these roles has asked yet. */
const hfi_view_t *hfi_roles_make(hfi_roles_t *self, const hfi_type_t *type);

static inline const hfi_view_t *
hfi_roles_view(hfi_roles_t *self, const hfi_type_t *type)
{
    const hfi_view_t *view = type->number < self->n_views ? self->views[type->number] : NULL;
    return view != NULL ? view : hfi_roles_make(self, type);
}

#endif
