/* SPDX-License-Identifier: MPL-2.0 */
/* handle -- what a handle says beyond its number: PROTOCOL.md section 4, for both ends.
 *
 *   [object], [object, typeid]                                     a referent of the manager that the session is with
 *   [object, typeid, secret, manager, endpoints]                   as a client hands on another manager's
 *   [object, typeid, secret, manager, endpoints, stub]             as a manager hands it out
 *
 * Thread: [any]; no state.
 */
#ifndef HFI_HANDLE_H
#define HFI_HANDLE_H

#include <stdbool.h>
#include <stdint.h>

#include <holdfast/value.h>

#include "frame.h"

/* A handle that says where its referent is: five elements, or six. */
typedef struct hfi_handle {
    uint64_t object;
    hf_value_t typeid_; /* views into the handle */
    hf_value_t endpoints;
    hfi_secret_t secret;
    hfi_secret_t manager;
    uint64_t stub;
    bool has_stub;
} hfi_handle_t;

/* False: it is one of [object] or [object, typeid]. The handle must not move meanwhile. */
bool hfi_handle_read(const hf_value_t *handle, hfi_handle_t *ret_handle);

/* The number by which the session's manager knows it, and by which the session holds it: the referent's own, or the
 * stub's where it has one. False: another manager's, without a stub. */
bool hfi_handle_number(const hf_value_t *handle, uint64_t *ret_number);

#endif
