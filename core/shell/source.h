/* SPDX-License-Identifier: MPL-2.0 */
/* source -- a configuration file's text, its tree, and on which line each item of the tree stands.
 *
 * Thread: one at a time.
 */
#ifndef HFI_SOURCE_H
#define HFI_SOURCE_H

#include <czmq.h>
#include <stdbool.h>

#include "complaint.h"

typedef struct hfi_source {
    char *text;
    zconfig_t *root;
    hfi_complaints_t *complaints; /* borrowed */
} hfi_source_t;

/* Reads and parses the file named in the complaints. False: there is no tree, and a complaint. With lines that zconfig
 * does not understand there are complaints and the tree of all others. */
bool hfi_source_open(hfi_source_t *self, hfi_complaints_t *complaints);
void hfi_source_close(hfi_source_t *self);

/* The line of the n-th item of a walk through the tree, from 1. */
unsigned hfi_source_line(const hfi_source_t *self, unsigned item);

/* How many items stand below one. */
unsigned hfi_source_count_below(zconfig_t *item);

/* Never NULL. */
const char *hfi_source_value(zconfig_t *item);

/* Whether an elder sibling, from the first child on, has the same name. */
bool hfi_source_is_second(zconfig_t *first, zconfig_t *item);

#endif
