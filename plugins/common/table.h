/* SPDX-License-Identifier: MPL-2.0 */
/* table -- keys to values in the order the keys came: entries in a row, and an index of their places by hash.
 *
 * Zeroed it is empty and legal. The order never comes from a hash or an address, so a replay meets the same one. Up to
 * 8 entries there is no index. Removing leaves a hole; holes go when the table is made anew, which moves places and so
 * counts `epoch` up: whoever remembers a place remembers that too. Nothing fails but hfi_table_reserve, which is called
 * before anything changes.
 */
#ifndef HFI_TABLE_H
#define HFI_TABLE_H

#include <holdfast/plugin.h>

#define HFI_NO_PLACE UINT32_MAX

typedef struct hfi_entry {
    uint64_t hash;
    hf_value_t key; /* HF_NONE: a hole */
    hf_value_t value;
} hfi_entry_t;

typedef struct hfi_table {
    hfi_entry_t *entries;
    uint32_t *slots; /* an entry's place + 1, 0: free; NULL while `room` is at most 8 */
    uint32_t n_slots;
    uint32_t first; /* no live entry is before it */
    uint32_t used;  /* entries and holes */
    uint32_t count; /* entries */
    uint32_t room;
    uint32_t epoch;
} hfi_table_t;

/* The place of the key, or HFI_NO_PLACE. */
uint32_t hfi_table_find(hf_call_t *call, const hfi_table_t *self, const hf_value_t *key,
                        uint64_t hash);

/* Room for `more` entries; HF_RAISED (LimitExceeded): nothing changed but places. */
hf_err_t hfi_table_reserve(hf_call_t *call, hfi_table_t *self, uint64_t more);

/* Takes a kept key, which must not be there, and its value; there must be room. */
void hfi_table_add(hfi_table_t *self, uint64_t hash, hf_value_t key, hf_value_t value);

/* Drops key and value at a place. */
void hfi_table_drop(hf_call_t *call, hfi_table_t *self, uint32_t place);

/* Drops the last entry; its place is used again. */
void hfi_table_drop_last(hf_call_t *call, hfi_table_t *self);

/* Drops all and gives the memory back. */
void hfi_table_clear(hf_call_t *call, hfi_table_t *self);

/* Gives the memory back without dropping: for a table of views. */
void hfi_table_forget(hf_call_t *call, hfi_table_t *self);

/* The first live place at or behind `place`, the last one before it; HFI_NO_PLACE: there is none. */
uint32_t hfi_table_from(const hfi_table_t *self, uint32_t place);
uint32_t hfi_table_before(const hfi_table_t *self, uint32_t place);

#endif
