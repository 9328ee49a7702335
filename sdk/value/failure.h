/* SPDX-License-Identifier: MPL-2.0 */
/* failure -- an error on its way: kind, sentence, and a value with it perhaps. */
#ifndef HFI_FAILURE_H
#define HFI_FAILURE_H

#include <stdarg.h>

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

/* Whether it may be an error's kind: a word of ASCII that fits. NULL may not. */
bool hfi_is_kind(const char *kind);

/* Formats a sentence as a plugin gives it; what is no UTF-8 in it becomes '?'. */
void hfi_format_sentence(char *text, size_t room, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif
