/* SPDX-License-Identifier: MPL-2.0 */
/* author -- what the tool does for whoever writes a type, without a manager. */
#ifndef TOOL_AUTHOR_H
#define TOOL_AUTHOR_H

#include "context.h"

/* new-plugin NAME [--dir FOLDER]: writes a plugin of that name, its test, CMakeLists.txt and README.md. */
int tool_new_plugin(const tool_context_t *context);

/* check-plugin FILE: has the holdfastd beside this program look at it. */
int tool_check_plugin(const tool_context_t *context);

#endif
