/* SPDX-License-Identifier: MPL-2.0 */
/* report -- what was found in a plugin's file, as it grows, and as it is shown. Thread: one at a time. */
#ifndef HFI_REPORT_H
#define HFI_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <base/span.h>
#include <holdfast/value.h>

enum { HFI_REPORT_LINES = 64 };

/* Zeroed it is empty and legal. */
typedef struct hfi_report {
    char *problems[HFI_REPORT_LINES]; /* any of them: the manager would refuse it, or should */
    size_t n_problems;
    char *notes[HFI_REPORT_LINES]; /* what its author should know */
    size_t n_notes;
    hf_value_t
        found; /* {"plugin", "version", "abi", "types"}; HF_NONE: it was not found out. Borrows. */
} hfi_report_t;

void hfi_report_problem(hfi_report_t *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void hfi_report_note(hfi_report_t *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void hfi_report_close(hfi_report_t *self);

/* A member of a map; HF_NONE: there is none. */
hf_value_t hfi_report_member(const hf_value_t *map, const char *key);

/* Writes it as JSON in one line, a map of file, plugin, version, abi, types (as `describe` has them), problems, notes; false: no memory, or `to` cannot be written. */
bool hfi_report_write(const hfi_report_t *self, const char *path, FILE *to);

#endif
