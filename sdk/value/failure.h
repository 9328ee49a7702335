/* SPDX-License-Identifier: MPL-2.0 */
/* failure -- an error on its way: kind, sentence, and a value with it perhaps. */
#ifndef HFI_FAILURE_H
#define HFI_FAILURE_H

#include <holdfast/value.h>

enum { HFI_FAILURE_TEXT = 256 };

typedef struct hfi_failure {
    char kind[48];
    char text[HFI_FAILURE_TEXT]; /* cut at a character's border where it is longer */
    hf_value_t data;             /* HF_NONE: none */
} hfi_failure_t;

/* Fills it in; always gives false, so that a check can `return hfi_fail(…)`. */
bool hfi_fail(hfi_failure_t *self, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
