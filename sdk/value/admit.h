/* SPDX-License-Identifier: MPL-2.0 */
/* admit -- the only door from bytes to values.
 *
 * One pass over the bytes checks all that PROTOCOL.md, section 4 demands: lengths, depth, UTF-8, the
 * ext that are allowed and their payloads, hashable keys. It notes whether handles or promises are
 * inside. What is not in shortest form, or holds a float 32, is written again into `scratch` (rare).
 * Past this door nobody checks a length again.
 *
 * Thread: [any]; no state.
 */
#ifndef HFI_ADMIT_H
#define HFI_ADMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/span.h>
#include <holdfast/value.h>

/* No limit of depth may be above this: what walks values recursively has a stack for so much. */
enum { HFI_DEPTH_MAX = 512 };

typedef enum hfi_admitted {
    HFI_ADMIT_OK = 0,
    HFI_ADMIT_BAD_REQUEST, /* well-formed MessagePack, but no value; where it ends is known */
    HFI_ADMIT_BAD_FRAME,   /* no MessagePack, too deep, or past the end */
    HFI_ADMIT_NO_MEMORY,   /* to write it again in shortest form */
} hfi_admitted_t;

typedef struct hfi_item {
    hfi_span_t bytes;  /* in shortest form: in the input, or in scratch */
    size_t came;       /* bytes of it as it came */
    uint8_t tag;       /* HF_TAG_HANDLES, HF_TAG_PROMISES */
    const char *fault; /* what is wrong with it, a literal; NULL: nothing */
} hfi_item_t;

/* Admits the item at the beginning of *rest and moves *rest behind it; so items that lie one behind the
 * other are admitted one by one. Arrays, maps and error payloads count for `max_depth`, the item's
 * own array being 1.
 *
 * scratch   borrows   is appended to where the item is written again, by at most twice the bytes as
 *                     they came: where so much is reserved, what is in it does not move
 * ret_item  gives     the item, borrowed from *rest or scratch. BAD_REQUEST: its heads and lengths
 *                     may be read (hf_read_head; hf_skip without flags; hf_next), but no str, key or
 *                     ext of it believed, and `tag` may lack something. BAD_FRAME: only `fault`;
 *                     *rest stays
 */
hfi_admitted_t hfi_admit(hfi_span_t *rest, uint64_t max_depth, hfi_bytes_t *scratch,
                         hfi_item_t *ret_item);

/* The same for bytes that must be one whole value (a file, a token, what a plugin wrote): trailing bytes
 * are BAD_FRAME. Gives a view; ret_fault (may be NULL) gives the sentence where it is not OK. */
hfi_admitted_t hfi_admit_value(hfi_span_t bytes, uint64_t max_depth, hfi_bytes_t *scratch,
                               hf_value_t *ret_value, const char **ret_fault);

/* Bytes of the item at `at` where it is one that needs no more than a look to be admitted: nil, a bool, an int in
 * shortest form below 2^32, a short str of ASCII. 0: it may be anything, take the door. For the lanes that most
 * messages of most programs take. */
static inline size_t
hfi_admit_plain(const uint8_t *at, const uint8_t *end)
{
    size_t left = (size_t)(end - at);
    if (left == 0)
        return 0;
    uint8_t first = *at;
    if (first < 0x80 || first >= 0xe0 || first == 0xc0 || first == 0xc2 || first == 0xc3)
        return 1;
    if ((first & 0xe0) == 0xa0) {
        size_t len = first & 0x1fu;
        if (len > 8 || left < 9)
            return 0;
        uint64_t high = hfi_load64(at + 1) & 0x8080808080808080u;
        return len == 0 || high >> (8 * (8 - len)) == 0 ? 1 + len : 0;
    }
    if (first == 0xcc)
        return left >= 2 && at[1] >= 0x80 ? 2 : 0;
    if (first == 0xcd)
        return left >= 3 && at[1] != 0 ? 3 : 0;
    if (first == 0xce)
        return left >= 5 && (at[1] | at[2]) != 0 ? 5 : 0;
    return 0;
}

/* Strict UTF-8: no surrogate, nothing above U+10FFFF, nothing longer than it need be. */
bool hfi_is_utf8(const void *text, size_t len);

#endif
