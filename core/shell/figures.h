/* SPDX-License-Identifier: MPL-2.0 */
/* figures -- what the machine cannot know of itself, as the values that answer its jobs "figures" and "slow_calls". */
#ifndef HFI_FIGURES_H
#define HFI_FIGURES_H

#include <stdbool.h>

#include <base/span.h>

#include "front.h"
#include "log.h"
#include "probe.h"

/* Appends a map: rss, pid, links, …, and latency by "TYPE.METHOD". False: no memory. */
bool hfi_figures_write(const hfi_front_t *front, const hfi_watch_t *watch, hfi_log_t *log,
                       hfi_bytes_t *to);

/* Appends a list of maps, the slowest run first. False: no memory. */
bool hfi_figures_write_slow(const hfi_watch_t *watch, hfi_bytes_t *to);

#endif
