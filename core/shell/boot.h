/* SPDX-License-Identifier: MPL-2.0 */
/* boot -- a machine's first events, made of the settings: BOOT, ENTROPY, an IMAGE a plugin, POLICY.
 *
 * Thread: one at a time.
 */
#ifndef HFI_BOOT_H
#define HFI_BOOT_H

#include <machine/machine.h>

#include "config.h"
#include "front.h"
#include "loader.h"

/* What the events borrow; zeroed is closed. */
typedef struct hfi_boot {
    hfi_bytes_t settings;
    hfi_bytes_t policy;
    uint8_t entropy[32];
} hfi_boot_t;

/* Loads the shipped plugins and those that the settings name, as many of them as can be loaded. False: there are
 * complaints, each with the line that names the file. */
bool hfi_boot_load(const hfi_settings_t *settings, hfi_loader_t *loader,
                   hfi_complaints_t *complaints);

/* Puts the first events into the batch; front NULL: there is no endpoint. They borrow self and the loader. False:
 * no memory, no chance, or more plugins than a batch holds. */
bool hfi_boot_write(hfi_boot_t *self, const hfi_settings_t *settings, const hfi_loader_t *loader,
                    const hfi_front_t *front, hfi_batch_t *batch);
void hfi_boot_close(hfi_boot_t *self);

/* Boots a machine to see whether it has anything against the plugins and the policy, which is then in force. NULL:
 * there are complaints. */
hfi_machine_t *hfi_boot_trial(const hfi_settings_t *settings, hfi_loader_t *loader,
                              hfi_complaints_t *complaints);

/* Asks the machine's policy whether the settings would do, and writes what POLICY is to carry. False: there are
 * complaints. */
bool hfi_boot_write_policy(const hfi_settings_t *settings, hfi_machine_t *machine, hfi_bytes_t *to,
                           hfi_complaints_t *complaints);

#endif
