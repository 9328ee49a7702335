/* SPDX-License-Identifier: MPL-2.0 */
/* check_plugin -- look at a plugin's file as a manager would, and say all that is wrong with it: `holdfastd --check-plugin`.
 *
 * It is mapped in a child process that has a few seconds, since mapping runs code of the file's. None of its functions
 * is called: no `open`, no instance. Thread: one at a time; the process has no other.
 */
#ifndef HFI_CHECK_PLUGIN_H
#define HFI_CHECK_PLUGIN_H

#include <stdio.h>

#include "config.h"

/* Writes what it found as JSON (report.h). Gives the exit status: 0, 1 where there are problems. */
int hfi_check_plugin(const hfi_settings_t *settings, const char *path, FILE *to);

#endif
