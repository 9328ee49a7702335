/* SPDX-License-Identifier: MPL-2.0 */
/* fork -- a child never touches its parent's session: which process is this?
 *
 * Thread: [any].
 */
#ifndef HFI_FORK_H
#define HFI_FORK_H

#include <stdint.h>

/* Makes fork known to the library; before the first client. */
void hfi_fork_watch(void);

/* Counts forks on the way to this process; a client is good where it was made. */
uint32_t hfi_fork_generation(void);

#endif
