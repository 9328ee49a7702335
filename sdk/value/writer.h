/* SPDX-License-Identifier: MPL-2.0 */
/* writer -- the two ordinary ends of a hf_writer_t: growing bytes, and a value of its own.
 *
 * Both begin with the hf_writer_t, so `&x.w` is what hf_write_… wants; neither may move while it is open.
 *
 * Thread: [any], one at a time.
 */
#ifndef HFI_WRITER_H
#define HFI_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/span.h>
#include <holdfast/value.h>

/* Writes behind what is in `bytes`. */
typedef struct hfi_bytes_writer {
    hf_writer_t w;
    hfi_bytes_t *bytes; /* borrowed; its len lags behind w.len until close */
} hfi_bytes_writer_t;

void hfi_bytes_writer_open(hfi_bytes_writer_t *self, hfi_bytes_t *bytes);
/* The bytes have what was written. False: it failed, and they are as they were before the open. */
bool hfi_bytes_writer_close(hfi_bytes_writer_t *self);

/* Builds one value, in the block that will keep it. */
typedef struct hfi_builder {
    hf_writer_t w;
    size_t max_bytes;
    bool is_too_long; /* why it failed: max_bytes, not memory */
} hfi_builder_t;

/* `max_bytes` of item at most; 0: as many as a value may have. Allocates nothing yet. */
void hfi_builder_open(hfi_builder_t *self, size_t max_bytes);
/* Gives the value and closes. False: it failed, or nothing was written; closed too, *ret_value untouched. */
bool hfi_builder_take(hfi_builder_t *self, hf_value_t *ret_value);
/* Lets go what was written. Closed already is fine. */
void hfi_builder_close(hfi_builder_t *self);

/* An ext whose payload's length is not known beforehand: begin gives a mark, write the payload, end with
 * the mark puts the head before it. For handles, promises, errors (codes 1, 2, 3) and 16 … 127. */
size_t hfi_ext_begin(hf_writer_t *w);
void hfi_ext_end(hf_writer_t *w, size_t mark, uint8_t code);

#endif
