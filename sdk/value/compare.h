/* SPDX-License-Identifier: MPL-2.0 */
/* compare -- Python's equality, hash and order over encoded values.
 *
 * 1 == 1.0 == True, exactly (2**62 + 1 is not 2.0**62); NaN equals nothing; a map's order does not count;
 * handles are equal if they are of one referent. All values are admitted (or a writer's).
 *
 * Thread: [any]; no state.
 */
#ifndef HFI_COMPARE_H
#define HFI_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include <base/siphash.h>
#include <holdfast/value.h>

/* Python's ==. HF_NONE equals HF_NONE only. */
bool hfi_equal(const hf_value_t *a, const hf_value_t *b);

/* Equal values have equal hashes under the same key. False: unhashable (a map, promise, error or
 * application's ext, or a list with one inside); *ret_hash is then untouched. */
bool hfi_hash(const hfi_siphash_key_t *key, const hf_value_t *value, uint64_t *ret_hash);

/* May it be a map's key, a set's element? */
bool hfi_is_hashable(const hf_value_t *value);

/* Python's < and >: numbers, str by code point, bytes, lists item by item. Gives -1, 0, 1; 0 too where
 * neither is less (NaN). False: not ordered, *ret_order untouched. */
bool hfi_compare(const hf_value_t *a, const hf_value_t *b, int *ret_order);

#endif
