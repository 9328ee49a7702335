/* SPDX-License-Identifier: MPL-2.0 */
/* allowance -- the memory that one `work` may use: blocks, and what it writes, up to a number of bytes in all. What is
 * left of it when the work has returned goes at once.
 *
 * Thread: one at a time.
 */
#ifndef HFI_ALLOWANCE_H
#define HFI_ALLOWANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <holdfast/value.h>

typedef struct hfi_allowance {
    uint64_t max_bytes;
    uint64_t used;
    struct allowance_block *blocks;
} hfi_allowance_t;

/* Frees all blocks. */
void hfi_allowance_close(hfi_allowance_t *self);

/* Gives zeroed bytes, aligned for anything, to be freed here. NULL: they would pass the limit, or there is no
 * memory. */
void *hfi_allowance_alloc(hfi_allowance_t *self, size_t n);

/* The bytes of a block; false: it was not allocated here, as far as one can see. */
bool hfi_allowance_size(const void *at, size_t *ret_n);

/* Takes a block that hfi_allowance_size knows. */
void hfi_allowance_free(hfi_allowance_t *self, void *at);

/* What is being written; its bytes count as well. */
typedef struct hfi_allowance_writer {
    hf_writer_t w; /* first: grow finds the rest behind it */
    hfi_allowance_t *allowance;
    bool is_too_long; /* why it failed: the limit, or no memory */
} hfi_allowance_writer_t;

void hfi_allowance_writer_open(hfi_allowance_writer_t *self, hfi_allowance_t *allowance);
/* Frees what was written, unless the caller has taken it away and zeroed `w.at`. Closed already is fine. */
void hfi_allowance_writer_close(hfi_allowance_writer_t *self);

#endif
