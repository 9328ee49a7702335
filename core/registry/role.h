/* SPDX-License-Identifier: MPL-2.0 */
/* role -- who may call what: roles that grant patterns, and users that have roles.
 *
 * A pattern is TYPE.METHOD, with * for any part of either; TYPE.create is the making of referents of that type, by
 * manager.create and get_or_create. `*` stands for every type but the manager, whose methods are granted by its name:
 * nobody gives away `shutdown` by a star. Names are those that callers see.
 */
#ifndef HFI_ROLE_H
#define HFI_ROLE_H

#include "exposure.h"

enum { HFI_MAX_ROLES = 63 };

/* A set of roles, by their numbers; HFI_EVERYTHING is not asked for any pattern. */
typedef uint64_t hfi_role_bits_t;
#define HFI_EVERYTHING (UINT64_C(1) << 63)

typedef struct hfi_grant {
    char *type;   /* pattern */
    char *method; /* pattern; NULL: all that are flagged HF_READS */
} hfi_grant_t;

typedef struct hfi_role {
    char *name;
    hfi_grant_t *grants;
    uint32_t n;
} hfi_role_t;

typedef struct hfi_user {
    int64_t uid;
    hfi_role_bits_t roles;
} hfi_user_t;

typedef struct hfi_rolebook {
    hfi_role_t *roles;
    uint32_t n_roles;
    hfi_user_t *users;
    uint32_t n_users;
    hfi_role_bits_t ipc; /* of those on ipc whom `users` does not name */
    hfi_role_bits_t tcp; /* of those of whom no uid is known */
    bool is_configured;  /* otherwise everybody may do everything */
} hfi_rolebook_t;

/* Read the sections; `roles` comes first. Whatever is wrong is complained of. */
void hfi_rolebook_read_roles(hfi_rolebook_t *self, hfi_reading_t *reading,
                             const hfi_exposures_t *exposures, const hfi_plugins_t *plugins,
                             const hf_value_t *roles);
void hfi_rolebook_read_users(hfi_rolebook_t *self, hfi_reading_t *reading, const hf_value_t *users);
void hfi_rolebook_read_others(hfi_rolebook_t *self, hfi_reading_t *reading,
                              const hf_value_t *others);
void hfi_rolebook_close(hfi_rolebook_t *self);

/* The roles of a peer. `user` is what a key has proved, empty: nothing; uid -1: unknown. */
hfi_role_bits_t hfi_rolebook_of(const hfi_rolebook_t *self, hfi_span_t user, int64_t uid);

/* Whether one of the roles grants that method, as it is called, with these flags; "create", 0: making one. */
bool hfi_rolebook_grants(const hfi_rolebook_t *self, hfi_role_bits_t roles, const char *typeid_,
                         const char *method, uint32_t flags);

#endif
