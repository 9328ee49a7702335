/* SPDX-License-Identifier: MPL-2.0 */
/* siphash -- SipHash-2-4: the hash for whatever a peer can choose. Without the key nobody finds collisions. */
#ifndef HFI_SIPHASH_H
#define HFI_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct hfi_siphash_key {
    uint8_t bytes[16];
} hfi_siphash_key_t;

/* The same on every machine for the same key and bytes. */
uint64_t hfi_siphash(const hfi_siphash_key_t *key, const void *at, size_t len);

#endif
