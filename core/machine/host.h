/* SPDX-License-Identifier: MPL-2.0 */
/* host -- the table of functions that plugins are lent. */
#ifndef HFI_HOST_H
#define HFI_HOST_H

#include <holdfast/plugin.h>

/* A constant of the process. */
extern const hf_host_t hfi_host;

#endif
