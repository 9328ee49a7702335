/* SPDX-License-Identifier: MPL-2.0 */
/* ring -- a growing ring of kept values: both ends in O(1), any place in O(1), a gap by moving the shorter side.
 *
 * Zeroed it is empty and legal. It grows by powers of two and gives memory back as it empties. Places are
 * counted from the first value. Nothing fails but hfi_ring_reserve, which is called before anything changes.
 */
#ifndef HFI_RING_H
#define HFI_RING_H

#include <holdfast/plugin.h>

enum { HFI_RING_MOST = 0x40000000 }; /* values in one ring */

typedef struct hfi_ring {
    hf_value_t *at;
    uint32_t first; /* slot of the first value */
    uint32_t count;
    uint32_t room; /* slots: 0 or a power of two */
} hfi_ring_t;

/* The value at a place, which must be below `count`. */
static inline hf_value_t *
hfi_ring_at(const hfi_ring_t *self, uint32_t place)
{
    return &self->at[(self->first + place) & (self->room - 1)];
}

/* Room for `more` values behind those there are; HF_RAISED (LimitExceeded): nothing changed. */
hf_err_t hfi_ring_reserve(hf_call_t *call, hfi_ring_t *self, uint64_t more);

/* Takes the kept value; there must be room for it. */
void hfi_ring_push(hfi_ring_t *self, hf_value_t kept);
void hfi_ring_push_first(hfi_ring_t *self, hf_value_t kept);

/* Makes `n` slots at `place`, to be filled before anything else; there must be room for them. */
void hfi_ring_open_gap(hfi_ring_t *self, uint32_t place, uint32_t n);

/* Takes away `n` slots at `place`, whose values were taken or dropped before. */
void hfi_ring_close_gap(hf_call_t *call, hfi_ring_t *self, uint32_t place, uint32_t n);

/* Gives memory back where values were taken off the end. */
void hfi_ring_fit(hf_call_t *call, hfi_ring_t *self);

/* Drops `n` values at `place` and closes the gap. */
void hfi_ring_drop(hf_call_t *call, hfi_ring_t *self, uint32_t place, uint32_t n);

/* Drops all and gives the memory back. */
void hfi_ring_clear(hf_call_t *call, hfi_ring_t *self);

/* Writes the values as one list. */
void hfi_ring_write(const hfi_ring_t *self, uint32_t place, uint32_t n, hf_writer_t *out);

/* Keeps what `values` has (a list) behind what is there: all or nothing. */
hf_err_t hfi_ring_load(hf_call_t *call, hfi_ring_t *self, const hf_value_t *values);

/* Tells traverse of each value. */
void hfi_ring_visit(hf_call_t *call, const hfi_ring_t *self, hf_visit_t *visit);

#endif
