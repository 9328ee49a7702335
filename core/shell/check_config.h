/* SPDX-License-Identifier: MPL-2.0 */
/* check_config -- what holdfastd --check prints: each complaint, or who sees what.
 *
 * Thread: one at a time.
 */
#ifndef HFI_CHECK_CONFIG_H
#define HFI_CHECK_CONFIG_H

#include <stdio.h>

#include <registry/policy.h>

#include "complaint.h"

/* A table of what each role sees, and of who has which roles. False: it could not be written. */
bool hfi_check_config_print(hfi_policy_t *policy, FILE *to);

/* The same as JSON on one line:
 *   {"everybody": TYPES} or {"roles": {ROLE: TYPES}, "users": {UID: [ROLE]}, "others": {"ipc": [ROLE], "tcp": [ROLE]}}
 *   TYPES: {TYPEID: {"create": bool, "methods": [NAME]}}, those of which something is seen */
bool hfi_check_config_print_json(hfi_policy_t *policy, FILE *to);

/* {"complaints": [{"file", "line", "text"}]} on one line; line null where there is none. */
bool hfi_check_config_complain_json(const hfi_complaints_t *complaints, FILE *to);

#endif
