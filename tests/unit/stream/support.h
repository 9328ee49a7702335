/* SPDX-License-Identifier: MPL-2.0 */
/* support -- what the stream's tests share: cmocka, chance under a seed, bytes written by hand. */
#ifndef STREAM_SUPPORT_H
#define STREAM_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <base/span.h>
#include <value/writer.h>

/* splitmix64: the same numbers for the same seed, everywhere. */
static inline uint64_t
chance(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static inline uint64_t
below(uint64_t *seed, uint64_t n)
{
    return chance(seed) % n;
}

/* A writer on growing bytes, emptied first. */
/* NOLINTBEGIN(bugprone-macro-parentheses): writer_ is a name that is declared */
#define WRITE(bytes_, writer_)                                                                     \
    hfi_bytes_writer_t writer_;                                                                    \
    (bytes_)->len = 0;                                                                             \
    hfi_bytes_writer_open(&writer_, (bytes_))
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
