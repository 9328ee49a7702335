/* SPDX-License-Identifier: MPL-2.0 */
/* branch -- a section of the file's tree, as deploy keeps it.
 *
 * Thread: one at a time.
 */
#ifndef HFI_BRANCH_H
#define HFI_BRANCH_H

#include "deploy.h"
#include "source.h"

/* Whether it is a section that deploy keeps. */
bool hfi_branch_is_kept(const char *name);

/* Adds a section whose own item has that number. */
void hfi_branch_keep(hfi_deploy_t *self, const hfi_source_t *source, zconfig_t *section,
                     unsigned item);

#endif
