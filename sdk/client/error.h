/* SPDX-License-Identifier: MPL-2.0 */
/* error -- what the library keeps for each thread: its last error, bytes to write arguments in, its number.
 *
 * Thread: each has its own; freed at its end.
 */
#ifndef HFI_ERROR_H
#define HFI_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include <base/span.h>
#include <holdfast/value.h>
#include <value/failure.h>

/* The last call of this thread went well. */
void hfi_error_clear(void);

/* Both give -1, so that a function can `return hfi_error_set(…)`. */
int hfi_error_set(const char *kind, const char *format, ...) __attribute__((format(printf, 2, 3)));
int hfi_error_take(hfi_failure_t *failure); /* takes its data */

/* From an ERROR's value, [kind, text] or [kind, text, data]; borrows. Gives -1. */
int hfi_error_read(const hf_value_t *error);

/* This thread's bytes for arguments, emptied; borrowed until the next call. */
hfi_bytes_t *hfi_thread_scratch(void);

/* 0 for the thread that asked first, then 1, 2 …; stays its own. */
uint64_t hfi_thread_number(void);

#endif
