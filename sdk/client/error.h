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

enum { HFI_ERROR_KIND = 64, HFI_ERROR_TEXT = 1024 };

/* A thread's error, put aside. */
typedef struct hfi_error {
    hf_value_t data;
    char kind[HFI_ERROR_KIND];
    char text[HFI_ERROR_TEXT];
} hfi_error_t;

/* What is done between the two says nothing of its own. The second gives -1. */
void hfi_error_put_aside(hfi_error_t *ret_error);
int hfi_error_put_back(hfi_error_t *error);

/* This thread's bytes for arguments, emptied; borrowed until the next call. */
hfi_bytes_t *hfi_thread_scratch(void);

/* 0 for the thread that asked first, then 1, 2 …; stays its own. */
uint64_t hfi_thread_number(void);

#endif
