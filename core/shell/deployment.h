/* SPDX-License-Identifier: MPL-2.0 */
/* deployment -- the sections types, roles, users and others: from the file to the policy's value, and back to lines.
 *
 * What may be in them is the registry's to say, which knows types and methods: here they become maps and texts as they
 * stand, and each place keeps its line, by which what the registry complains of is found again.
 *
 * Thread: one at a time.
 */
#ifndef HFI_DEPLOYMENT_H
#define HFI_DEPLOYMENT_H

#include <base/span.h>
#include <holdfast/value.h>
#include <registry/policy.h>

#include "complaint.h"

typedef struct hfi_place {
    char *path; /* "types/list/expose" */
    unsigned line;
} hfi_place_t;

/* Zeroed is empty. */
typedef struct hfi_deployment {
    uint32_t n_sections;
    hfi_bytes_t sections; /* name and map of each, behind each other */
    hfi_place_t *places;
    size_t n_places;
} hfi_deployment_t;

void hfi_deployment_close(hfi_deployment_t *self);

/* The line of the place, or of the nearest one around it; 0: none. */
unsigned hfi_deployment_line(const hfi_deployment_t *self, const char *path);

/* Asks the policy whether it could be put in force; adds a complaint for each that it has. */
bool hfi_deployment_check(const hfi_deployment_t *self, hfi_policy_t *policy,
                          const hf_value_t *settings, hfi_complaints_t *complaints);

#endif
