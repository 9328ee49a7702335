/* SPDX-License-Identifier: MPL-2.0 */
/* clock -- the one clock of programs and managers.
 *
 * Thread: any.
 */
#ifndef HFI_CLOCK_H
#define HFI_CLOCK_H

#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t hfi_now_ns(void);

#endif
