/* SPDX-License-Identifier: MPL-2.0 */
/* deployment_read -- a section of the file's tree becomes a part of the deployment.
 *
 * Thread: one at a time.
 */
#ifndef HFI_DEPLOYMENT_READ_H
#define HFI_DEPLOYMENT_READ_H

#include "deployment.h"
#include "source.h"

/* Whether it is a section of the deployment's. */
bool hfi_deployment_is_section(const char *name);

/* Adds a section whose own item has that number. */
void hfi_deployment_read(hfi_deployment_t *self, const hfi_source_t *source, zconfig_t *section,
                         unsigned item);

#endif
