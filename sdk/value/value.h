/* SPDX-License-Identifier: MPL-2.0 */
/* value -- the 16 bytes: inline, counted, lent. Who keeps a value has a copy or a share of its bytes.
 *
 * A counted item lies in one block, its count and length before it. The count is atomic, so that two
 * threads of a program may drop their own copies of one value at once.
 *
 * Thread: [any]; one hf_value_t is one thread's at a time.
 */
#ifndef HFI_VALUE_H
#define HFI_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/span.h>
#include <holdfast/value.h>

/* Bytes of heap before a counted item. */
enum { HFI_BLOB_HEAD = 8 };

/* A view of what hfi_admit let in, or of what a hf_writer_t wrote: copied in if short, else lent. */
static inline hf_value_t
hfi_value_view(hfi_span_t item, uint8_t flags)
{
    hf_value_t value;
    hfi_view(&value, item.at, item.len, flags);
    return value;
}

static inline hfi_span_t
hfi_value_span(const hf_value_t *value)
{
    return (hfi_span_t){hf_bytes_of(value), hf_len_of(value)};
}

/* Gives a copy that lasts by itself: inline as it is, counted shared, lent copied. False: no memory,
 * *ret_kept untouched. HF_NONE gives HF_NONE. `value` and `ret_kept` may be the same. */
bool hfi_value_keep(const hf_value_t *value, hf_value_t *ret_kept);

/* Takes what hfi_value_keep gave; zeroes it. Views are only zeroed. */
void hfi_value_drop(hf_value_t *value);

/* Bytes of heap that keeping the value costs if nobody shares it: what an account charges. */
size_t hfi_value_memory(const hf_value_t *value);

/* An unfinished blob for `room` bytes of item, or a larger one; NULL: no memory. Gives where the item is to
 * be written. */
uint8_t *hfi_blob_new(size_t room);
uint8_t *hfi_blob_resize(uint8_t *item, size_t room); /* NULL: no memory, nothing changed */
void hfi_blob_destroy(uint8_t *item);
/* Takes a blob with its `len` bytes of one item written; gives the value, whose only owner is the caller. */
void hfi_blob_finish(uint8_t *item, size_t len, uint8_t flags, hf_value_t *ret_value);

#endif
