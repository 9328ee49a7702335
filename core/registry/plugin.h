/* SPDX-License-Identifier: MPL-2.0 */
/* plugin -- the descriptors that this manager has taken in, and the types by name. */
#ifndef HFI_PLUGIN_TABLE_H
#define HFI_PLUGIN_TABLE_H

#include "type.h"

enum { HFI_MAX_PLUGIN_TYPES = 256 };

typedef struct hfi_plugins hfi_plugins_t;

hfi_plugins_t *hfi_plugins_new(void);
void hfi_plugins_destroy(hfi_plugins_t **self_p);

/* Takes the descriptor in: magic, major, minor, sizes, then every type. All or nothing: false with a
 * sentence in why, naming both values where versions differ. A newer version of a plugin that is here takes over the
 * typeids that both have: those types are retired. The descriptor is borrowed for ever. */
bool hfi_plugins_add(hfi_plugins_t *self, const hf_plugin_t *descriptor, char *why,
                     size_t why_room);

/* Whether it would be taken in. False as hfi_plugins_add's; nothing changes. */
bool hfi_plugins_check(hfi_plugins_t *self, const hf_plugin_t *descriptor, char *why,
                       size_t why_room);

/* Adds one type that is the manager's own (the root's), under the plugin name "holdfast". */
hfi_type_t *hfi_plugins_add_own(hfi_plugins_t *self, const hf_type_t *row, char *why,
                                size_t why_room);

/* Takes a type that has a base, whose number is the next. Ends the process where there is no memory. */
void hfi_plugins_adopt(hfi_plugins_t *self, hfi_type_t **alias_p);

/* How many types there are: the next one's number. */
uint32_t hfi_plugins_n_types(const hfi_plugins_t *self);

/* The type of that typeid, or NULL; a retired one is not found. */
hfi_type_t *hfi_plugins_find_type(const hfi_plugins_t *self, const char *name, size_t len);

/* The type made from that row, or NULL: what hf_return_new and hf_deref are given. */
hfi_type_t *hfi_plugins_find_row(const hfi_plugins_t *self, const hf_type_t *row);

/* By number, in the order they came; NULL past the last. */
hfi_type_t *hfi_plugins_type(const hfi_plugins_t *self, uint32_t number);

/* Plugins in the order they came: name and version, false past the last. */
bool hfi_plugins_at(const hfi_plugins_t *self, uint32_t k, const char **ret_name,
                    const char **ret_version);

/* What the k-th plugin says of itself, by its extension holdfast.about; members that are no sentence are NULL, all of
 * them where it has none. */
hf_about_t hfi_plugins_about(const hfi_plugins_t *self, uint32_t k);

/* The k-th plugin's descriptor, a copy as large as ours (its open and close), or NULL past the last. */
const hf_plugin_t *hfi_plugins_descriptor(const hfi_plugins_t *self, uint32_t k);

#endif
