/* SPDX-License-Identifier: MPL-2.0 */
/* siphash -- see siphash.h; the work is libsodium's, here only its eight bytes become a number. */
#include "siphash.h"

#include <sodium.h>

_Static_assert(crypto_shorthash_siphash24_KEYBYTES == sizeof(hfi_siphash_key_t), "another key");
_Static_assert(crypto_shorthash_siphash24_BYTES == 8, "another hash");

uint64_t
hfi_siphash(const hfi_siphash_key_t *key, const void *at, size_t len)
{
    unsigned char out[crypto_shorthash_siphash24_BYTES];
    (void)crypto_shorthash_siphash24(out, at, len, key->bytes);
    uint64_t hash = 0;
    for (size_t i = sizeof out; i-- > 0;)
        hash = hash << 8 | out[i];
    return hash;
}
