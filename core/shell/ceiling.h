/* SPDX-License-Identifier: MPL-2.0 */
/* ceiling -- how much memory this process can hope for: the least of its cgroup's, RLIMIT_AS's and the computer's.
 *
 * Of RLIMIT_AS, which counts addresses, what is mapped already and what threads will map is taken off.
 */
#ifndef HFI_CEILING_H
#define HFI_CEILING_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes, never 0. */
uint64_t hfi_ceiling(void);

/* Whether addresses are free: no RLIMIT_AS. */
bool hfi_ceiling_has_addresses(void);

#endif
