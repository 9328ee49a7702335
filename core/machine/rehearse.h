/* SPDX-License-Identifier: MPL-2.0 */
/* rehearse -- an offloaded call's work on machines that are tested: without a thread, and looked at closely. */
#ifndef HFI_REHEARSE_H
#define HFI_REHEARSE_H

#include "machine.h"
#include "work.h"

/* Runs the job's work on each of the machines, which are alike; a `work` that changes its referent's state is told of
 * as a fault, the state is as before. ret_status and ret_value are JOB_DONE's. False: they differ. */
bool hfi_rehearse(hfi_machine_t *const *machines, size_t n, uint64_t job, int32_t *ret_status,
                  hfi_bytes_t *ret_value);

#endif
