/* SPDX-License-Identifier: MPL-2.0 */
/* load_plugin -- the job "load_plugin": a plugin's file is mapped while the manager serves, if it lies where it may.
 *
 * Thread: the loop's.
 */
#ifndef HFI_LOAD_PLUGIN_H
#define HFI_LOAD_PLUGIN_H

#include <base/span.h>

#include "config.h"
#include "loader.h"

/* Whether each plugin_dir of the settings is absolute. False: there are complaints. */
bool hfi_load_plugin_check(const hfi_settings_t *settings, hfi_complaints_t *complaints);

/* Does it; gives JOB_DONE's status, and its value (machine/image.c says what they mean) in *ret_value, to be closed. The
 * file's real path must be below a folder that the settings name as plugin_dir. */
int32_t hfi_load_plugin(const hfi_settings_t *settings, hfi_loader_t *loader, hfi_span_t path_value,
                        hfi_bytes_t *ret_value);

#endif
