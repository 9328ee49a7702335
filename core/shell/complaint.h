/* SPDX-License-Identifier: MPL-2.0 */
/* complaint -- what is wrong with a configuration: all of it, each with its line.
 *
 * Thread: one at a time.
 */
#ifndef HFI_COMPLAINT_H
#define HFI_COMPLAINT_H

#include <stdbool.h>
#include <stddef.h>

enum { HFI_COMPLAINTS = 64, HFI_COMPLAINT_TEXT = 384 };

typedef struct hfi_complaint {
    unsigned line; /* 0: it is of no line */
    char text[HFI_COMPLAINT_TEXT];
} hfi_complaint_t;

/* Zeroed, with a file, it is empty. */
typedef struct hfi_complaints {
    const char *file; /* borrowed; NULL: there is none */
    size_t n;         /* the first HFI_COMPLAINTS of them are kept */
    hfi_complaint_t at[HFI_COMPLAINTS];
} hfi_complaints_t;

/* Always false, so that it can be returned. */
bool hfi_complaints_add(hfi_complaints_t *self, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* By line; those of one line as they came. */
void hfi_complaints_sort(hfi_complaints_t *self);

/* How many are kept. */
size_t hfi_complaints_kept(const hfi_complaints_t *self);

/* "FILE:LINE: TEXT" of the k-th that is kept, cut to the room. */
void hfi_complaints_write(const hfi_complaints_t *self, size_t k, char *to, size_t room);

#endif
