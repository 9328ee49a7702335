/* SPDX-License-Identifier: MPL-2.0 */
/* reload -- SIGHUP: the configuration is read again, for what of it can change while a manager serves.
 *
 * Thread: the loop's.
 */
#ifndef HFI_RELOAD_H
#define HFI_RELOAD_H

#include <machine/machine.h>

#include "config.h"
#include "log.h"

/* Reads the file again and gives what POLICY is to carry. What cannot change, against the settings that it gave at
 * the start, is said in the log. False: nothing is to change, and the log says why, with lines. */
bool hfi_reload(const char *file, const hfi_settings_t *first, hfi_machine_t *machine,
                hfi_log_t *log, hfi_bytes_t *ret_policy);

#endif
