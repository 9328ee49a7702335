/* SPDX-License-Identifier: MPL-2.0 */
/* trial -- types made for the machine's own tests. */
#ifndef TRIAL_H
#define TRIAL_H

#include <holdfast/plugin.h>

extern const hf_plugin_t hf_plugin; /* types Gate and Cell */

#endif
