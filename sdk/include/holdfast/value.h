/* SPDX-License-Identifier: MPL-2.0 */
/* value.h -- values: what calls carry, what containers hold. One header, two ends.
 *
 * A value is an immutable MessagePack item in its shortest form: nil, bool, int, float, str,
 * bytes, list (array), map, handle, promise, error, or an application's own ext. hf_value_t is
 * 16 bytes: up to 15 bytes of the item lie inside it; a longer item is counted (shared by every
 * copy that was kept) or lent (borrowed from the call's frame or from another value).
 *
 * Reading is inline, allocates nothing and needs no checks: a value was admitted when it came in.
 * All that makes or compares values takes the call being served first: in a plugin it is inline
 * over call->host; in a program it is libholdfast's, and the call is NULL.
 *
 * Threads: [any] a value may be read by any thread while nobody drops it.
 *          [machine] the machine's thread. In a program both mean: any thread, one at a time a value.
 */
#ifndef HF_VALUE_H
#define HF_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hf_call hf_call_t;

typedef int32_t hf_err_t; /* HF_OK, HF_RAISED or HF_PARKED */
enum { HF_OK = 0, HF_RAISED = 1, HF_PARKED = 2 };

#define HF_FOREVER (-1.0) /* a timeout that never comes; seconds below 0 mean it everywhere */

/* 16 bytes. Zeroed: no value at all (HF_NONE). Copy it freely as a view; hf_keep makes it yours. */
typedef union hf_value {
    struct {
        const uint8_t *at; /* the item's bytes, where it is not inline */
#if UINTPTR_MAX <= 0xffffffffu
        uint32_t above_at; /* so that raw[15] is the tag here too */
#endif
        uint32_t len;
        uint8_t spare[3];
        uint8_t tag; /* low 4 bits: length where inline; the HF_TAG_ bits */
    } outer;
    uint8_t raw[16]; /* raw[15] is the tag */
} hf_value_t;

enum {
    HF_TAG_LEN = 0x0f,
    HF_TAG_COUNTED = 0x10,  /* `at` points into a counted blob */
    HF_TAG_LENT = 0x20,     /* `at` is somebody else's */
    HF_TAG_HANDLES = 0x40,  /* handles are inside, at any depth */
    HF_TAG_PROMISES = 0x80, /* promises are inside, at any depth */
};

typedef int32_t hf_kind_t;
enum {
    HF_NONE = 0,
    HF_NIL,
    HF_BOOL,
    HF_INT,
    HF_FLOAT,
    HF_STR,
    HF_BYTES,
    HF_LIST,
    HF_MAP,
    HF_HANDLE,
    HF_PROMISE,
    HF_ERROR,
    HF_EXT,
};

/* What stands at the beginning of an item. */
typedef struct hf_head {
    hf_kind_t kind;
    uint32_t size;    /* bytes of the head itself, numbers whole */
    uint32_t len;     /* bytes of payload behind it: str, bytes, handle … ext; 0 for the rest */
    uint32_t items;   /* items behind it: list n, map 2n; 0 for the rest */
    uint64_t bits;    /* int: two's complement; float: its bits; bool: 0 or 1; ext: its code */
    bool is_negative; /* an int below 0 (an int >= 2^63 is not negative) */
} hf_head_t;

/* ---- an item's bytes ------------------------------------------------------------------ */

/* hf_bytes_of -- the bytes of a value's item.
 *
 * value   borrows   any value but HF_NONE
 *
 * Returns borrowed bytes: they live as long as *value where it is inline, else as long as what it views.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline const uint8_t *
hf_bytes_of(const hf_value_t *value)
{
    return (value->raw[15] & (HF_TAG_COUNTED | HF_TAG_LENT)) != 0 ? value->outer.at : value->raw;
}

/* hf_len_of -- the length of a value's item.
 *
 * value   borrows   any value
 *
 * Returns bytes, 0 for HF_NONE.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline size_t
hf_len_of(const hf_value_t *value)
{
    uint8_t tag = value->raw[15];
    return (tag & (HF_TAG_COUNTED | HF_TAG_LENT)) != 0 ? value->outer.len
                                                       : (size_t)(tag & HF_TAG_LEN);
}

/* hf_has_handles -- are there handles in a value, at any depth?
 *
 * value   borrows   any value
 *
 * Returns true where there is at least one.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline bool
hf_has_handles(const hf_value_t *value)
{
    return (value->raw[15] & HF_TAG_HANDLES) != 0;
}

/* Numbers in an item are big-endian, at any alignment. */
static inline uint16_t
hfi_load16(const uint8_t *at)
{
    return (uint16_t)((uint32_t)at[0] << 8 | at[1]);
}

static inline uint32_t
hfi_load32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline uint64_t
hfi_load64(const uint8_t *at)
{
    return (uint64_t)hfi_load32(at) << 32 | hfi_load32(at + 4);
}

static inline void
hfi_store16(uint8_t *at, uint16_t number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)(number & 0xff);
}

static inline void
hfi_store32(uint8_t *at, uint32_t number)
{
    hfi_store16(at, (uint16_t)(number >> 16));
    hfi_store16(at + 2, (uint16_t)(number & 0xffff));
}

static inline void
hfi_store64(uint8_t *at, uint64_t number)
{
    hfi_store32(at, (uint32_t)(number >> 32));
    hfi_store32(at + 4, (uint32_t)(number & 0xffffffffu));
}

/* A number as it lies in memory, the first byte the lowest. */
static inline uint64_t
hfi_word(uint64_t word)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(word);
#else
    return word;
#endif
}

static inline uint64_t
hfi_load_word(const uint8_t *at)
{
    uint64_t word;
    __builtin_memcpy(&word, at, sizeof word);
    return hfi_word(word);
}

static inline void
hfi_store_word(uint8_t *at, uint64_t word)
{
    word = hfi_word(word);
    __builtin_memcpy(at, &word, sizeof word);
}

/* Four bytes, the first the lowest. */
static inline uint64_t
hfi_load_half(const uint8_t *at)
{
    uint32_t half;
    __builtin_memcpy(&half, at, sizeof half);
    return hfi_word(half) >> (hfi_word(1) == 1 ? 0 : 32);
}

/* The first 8 of `len` bytes as one number, and those behind them as another; len is at most 15. */
static inline void
hfi_load_short(const uint8_t *at, size_t len, uint64_t *ret_low, uint64_t *ret_high)
{
    *ret_high = 0;
    if (len >= 8) {
        *ret_low = hfi_load_word(at);
        *ret_high = hfi_load_word(at + len - 8) >> 8 >> (8 * (15 - len));
    } else if (len >= 4) {
        *ret_low = hfi_load_half(at) | hfi_load_half(at + len - 4) << (8 * (len - 4));
    } else if (len > 0) {
        *ret_low = (uint64_t)at[0] | (uint64_t)at[len / 2] << (8 * (len / 2)) |
                   (uint64_t)at[len - 1] << (8 * (len - 1));
    } else {
        *ret_low = 0;
    }
}

/* A view of the admitted item of `len` bytes at `at`: copied in where it is short, else lent. Two words are stored, no
 * bytes: what copies the value next reads it whole, and would wait for each of them. */
static inline void
hfi_view(hf_value_t *ret_value, const uint8_t *at, size_t len, uint8_t flags)
{
    uint64_t low;
    uint64_t high;
    if (len > HF_TAG_LEN) {
        ret_value->outer.at = at;
        ret_value->outer.len = (uint32_t)len;
        ret_value->outer.spare[0] = ret_value->outer.spare[1] = ret_value->outer.spare[2] = 0;
        ret_value->raw[15] = (uint8_t)(flags | HF_TAG_LENT);
        return;
    }
    hfi_load_short(at, len, &low, &high);
    hfi_store_word(ret_value->raw, low);
    hfi_store_word(ret_value->raw + 8, high | (uint64_t)(flags | len) << 56);
}

/* ---- reading: kinds and scalars ------------------------------------------------------- */

static inline hf_kind_t
hfi_ext_kind(uint8_t code)
{
    return code == 1 ? HF_HANDLE : code == 2 ? HF_PROMISE : code == 3 ? HF_ERROR : HF_EXT;
}

/* A number of 1, 2, 4 or 8 bytes. */
static inline uint64_t
hfi_load_number(const uint8_t *at, uint32_t size)
{
    return size == 1   ? at[0]
           : size == 2 ? hfi_load16(at)
           : size == 4 ? hfi_load32(at)
                       : hfi_load64(at);
}

/* str, bytes and ext whose length stands in `size` bytes behind the first. */
static inline void
hfi_read_sized_head(const uint8_t *at, uint32_t size, hf_head_t *head)
{
    head->size = 1 + size;
    head->len = (uint32_t)hfi_load_number(at + 1, size);
    if (at[0] >= 0xd9) {
        head->kind = HF_STR;
    } else if (at[0] <= 0xc6) {
        head->kind = HF_BYTES;
    } else {
        head->bits = at[head->size];
        head->kind = hfi_ext_kind(at[head->size]);
        head->size++;
    }
}

/* An int of `size` bytes. */
static inline void
hfi_read_int_head(const uint8_t *at, uint32_t size, hf_head_t *head)
{
    uint64_t sign = (uint64_t)1 << (8 * size - 1);
    head->kind = HF_INT;
    head->size = 1 + size;
    head->bits = hfi_load_number(at + 1, size);
    head->is_negative = at[0] >= 0xd0; /* in shortest form nothing else is written so */
    if (head->is_negative)
        head->bits = (head->bits ^ sign) - sign;
}

/* The heads 0xc0 … 0xdf; those around them are one byte with everything in it. */
static inline void
hfi_read_long_head(const uint8_t *at, hf_head_t *head)
{
    uint8_t first = at[0];
    if (first >= 0xcc && first <= 0xd3) {
        hfi_read_int_head(at, 1u << (first & 3), head);
    } else if (first >= 0xdc) {
        head->size = 3 + 2 * (first & 1u);
        head->kind = first < 0xde ? HF_LIST : HF_MAP;
        head->items = (uint32_t)hfi_load_number(at + 1, head->size - 1) * (first < 0xde ? 1 : 2);
    } else if (first >= 0xd9) {
        hfi_read_sized_head(at, 1u << (first - 0xd9), head);
    } else if (first >= 0xd4) {
        head->size = 2;
        head->len = 1u << (first - 0xd4);
        head->bits = at[1];
        head->kind = hfi_ext_kind(at[1]);
    } else if (first == 0xcb) {
        head->kind = HF_FLOAT;
        head->size = 9;
        head->bits = hfi_load64(at + 1);
    } else if (first >= 0xc4 && first <= 0xc9) {
        hfi_read_sized_head(at, 1u << (first < 0xc7 ? first - 0xc4 : first - 0xc7), head);
    } else if (first == 0xc2 || first == 0xc3) {
        head->kind = HF_BOOL;
        head->bits = first & 1u;
    } else if (first == 0xc0) {
        head->kind = HF_NIL;
    } /* 0xc1 is nothing, 0xca (float 32) is never admitted: HF_NONE */
}

/* hf_read_head -- read what stands at the beginning of an admitted item.
 *
 * at         borrows   the item
 * ret_head   gives     its head
 *
 * Returns nothing: an admitted item always has a head.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline void
hf_read_head(const uint8_t *at, hf_head_t *ret_head)
{
    hf_head_t head = {HF_NONE, 1, 0, 0, 0, false};
    uint8_t first = at[0];
    if (first < 0x80) {
        head.kind = HF_INT;
        head.bits = first;
    } else if (first >= 0xe0) {
        head.kind = HF_INT;
        head.bits = (uint64_t)(int64_t)(int8_t)first;
        head.is_negative = true;
    } else if (first >= 0xc0) {
        hfi_read_long_head(at, &head);
    } else if (first >= 0xa0) {
        head.kind = HF_STR;
        head.len = first & 0x1fu;
    } else if (first >= 0x90) {
        head.kind = HF_LIST;
        head.items = first & 0x0fu;
    } else {
        head.kind = HF_MAP;
        head.items = 2u * (first & 0x0fu);
    }
    *ret_head = head;
}

/* The kind of an admitted item. */
static inline hf_kind_t
hfi_kind_at(const uint8_t *at)
{
    static const uint8_t kinds[] = {
        HF_NIL, HF_NONE, HF_BOOL, HF_BOOL,  HF_BYTES, HF_BYTES, HF_BYTES, HF_EXT, /* 0xc0 */
        HF_EXT, HF_EXT,  HF_NONE, HF_FLOAT, HF_INT,   HF_INT,   HF_INT,   HF_INT, /* 0xc8 */
        HF_INT, HF_INT,  HF_INT,  HF_INT,   HF_EXT,   HF_EXT,   HF_EXT,   HF_EXT, /* 0xd0 */
        HF_EXT, HF_STR,  HF_STR,  HF_STR,   HF_LIST,  HF_LIST,  HF_MAP,   HF_MAP, /* 0xd8 */
    };
    hf_head_t head;
    uint8_t first = at[0];
    if (first < 0x80 || first >= 0xe0)
        return HF_INT;
    if (first < 0xc0)
        return first >= 0xa0 ? HF_STR : first >= 0x90 ? HF_LIST : HF_MAP;
    if (kinds[first - 0xc0] != HF_EXT)
        return kinds[first - 0xc0];
    hf_read_head(at, &head); /* the code tells */
    return head.kind;
}

/* Whether an admitted int is one below 2^63: in shortest form only 0xcf may be above. */
static inline bool
hfi_int_fits_at(const uint8_t *at)
{
    return at[0] != 0xcf || at[1] < 0x80;
}

/* hf_kind -- what kind of value is it?
 *
 * value   borrows   any value
 *
 * Returns HF_NONE (no value at all) … HF_EXT.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline hf_kind_t
hf_kind(const hf_value_t *value)
{
    return value->raw[15] == 0 ? HF_NONE : hfi_kind_at(hf_bytes_of(value));
}

/* The value's head, of kind HF_NONE where there is no value. */
static inline void
hfi_head_of(const hf_value_t *value, hf_head_t *ret_head)
{
    static const uint8_t none = 0xc1;
    hf_read_head(value->raw[15] == 0 ? &none : hf_bytes_of(value), ret_head);
}

/* hf_as_bool -- read a bool.
 *
 * value   borrows   any value
 *
 * Returns true where it is true itself; false for everything else.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline bool
hf_as_bool(const hf_value_t *value)
{
    return value->raw[15] == 1 && value->raw[0] == 0xc3;
}

/* hf_int_fits -- is it an int (or a bool) between INT64_MIN and INT64_MAX?
 *
 * value   borrows   any value
 *
 * Returns whether hf_as_int gives it unchanged.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline bool
hf_int_fits(const hf_value_t *value)
{
    hf_head_t head;
    hfi_head_of(value, &head);
    if (head.kind != HF_INT)
        return head.kind == HF_BOOL;
    return head.is_negative || head.bits <= (uint64_t)INT64_MAX;
}

/* hf_as_int -- read an int.
 *
 * value   borrows   any value
 *
 * Returns the number; true is 1; 0 for all that hf_int_fits denies.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline int64_t
hf_as_int(const hf_value_t *value)
{
    hf_head_t head;
    hfi_head_of(value, &head);
    bool fits = head.kind == HF_BOOL ||
                (head.kind == HF_INT && (head.is_negative || head.bits <= (uint64_t)INT64_MAX));
    return fits ? (int64_t)head.bits : 0;
}

/* hf_as_uint -- read an int that is not negative.
 *
 * value   borrows   any value
 *
 * Returns the number, up to UINT64_MAX; true is 1; 0 for everything else.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline uint64_t
hf_as_uint(const hf_value_t *value)
{
    hf_head_t head;
    hfi_head_of(value, &head);
    return head.kind == HF_BOOL || (head.kind == HF_INT && !head.is_negative) ? head.bits : 0;
}

/* hf_as_float -- read a number as a double.
 *
 * value   borrows   any value
 *
 * Returns a float as it is, an int or bool as the nearest double, 0.0 for everything else.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline double
hf_as_float(const hf_value_t *value)
{
    hf_head_t head;
    double number = 0.0;
    hfi_head_of(value, &head);
    if (head.kind == HF_FLOAT)
        __builtin_memcpy(&number, &head.bits, sizeof number);
    else if (head.kind == HF_INT && head.is_negative)
        number = (double)(int64_t)head.bits;
    else if (head.kind == HF_INT || head.kind == HF_BOOL)
        number = (double)head.bits;
    return number;
}

/* The payload of a value of that kind, or NULL. */
static inline const uint8_t *
hfi_payload_of(const hf_value_t *value, hf_kind_t kind, size_t *ret_len)
{
    hf_head_t head;
    hfi_head_of(value, &head);
    if (head.kind != kind) {
        *ret_len = 0;
        return NULL;
    }
    *ret_len = head.len;
    return hf_bytes_of(value) + head.size;
}

/* hf_as_str -- read a str.
 *
 * value     borrows   any value; an inline one must outlive the text
 * ret_len   gives     bytes of the text, 0 if it is none
 *
 * Returns borrowed UTF-8, not NUL-terminated (and NUL may be in it), or NULL if it is no str.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline const char *
hf_as_str(const hf_value_t *value, size_t *ret_len)
{
    return (const char *)hfi_payload_of(value, HF_STR, ret_len);
}

/* hf_as_bytes -- read bytes.
 *
 * value     borrows   any value; an inline one must outlive the bytes
 * ret_len   gives     how many, 0 if it is none
 *
 * Returns borrowed bytes, or NULL if it is no bytes.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline const uint8_t *
hf_as_bytes(const hf_value_t *value, size_t *ret_len)
{
    return hfi_payload_of(value, HF_BYTES, ret_len);
}

/* hf_as_ext -- read an application's own ext.
 *
 * value      borrows   any value; an inline one must outlive the bytes
 * ret_code   gives     16 … 127, 0 if it is none
 * ret_len    gives     bytes of payload, 0 if it is none
 *
 * Returns the borrowed payload, or NULL if it is no such ext.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline const uint8_t *
hf_as_ext(const hf_value_t *value, uint8_t *ret_code, size_t *ret_len)
{
    hf_head_t head;
    hfi_head_of(value, &head);
    *ret_code = head.kind == HF_EXT ? (uint8_t)(head.bits & 0xff) : 0;
    return hfi_payload_of(value, HF_EXT, ret_len);
}

/* hf_as_handle -- read whose handle it is.
 *
 * value   borrows   any value
 *
 * Returns the object's number, 0 if it is no handle (hf_kind tells that from object 0, the manager).
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline uint64_t
hf_as_handle(const hf_value_t *value)
{
    size_t len;
    hf_head_t head;
    const uint8_t *payload = hfi_payload_of(value, HF_HANDLE, &len);
    if (payload == NULL)
        return 0;
    hf_read_head(payload + 1, &head); /* behind the array's head, always one byte */
    return head.bits;
}

/* hf_handle_typeid -- read of what type a handle's referent is.
 *
 * value     borrows   any value; an inline one must outlive the text
 * ret_len   gives     bytes of the typeid, 0 if there is none
 *
 * Returns the borrowed typeid, not NUL-terminated; NULL where the handle says none or it is no handle.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline const char *
hf_handle_typeid(const hf_value_t *value, size_t *ret_len)
{
    size_t len;
    hf_head_t head;
    const uint8_t *payload = hfi_payload_of(value, HF_HANDLE, &len);
    *ret_len = 0;
    if (payload == NULL || payload[0] < 0x92)
        return NULL;
    const uint8_t *at = payload + 1;
    hf_read_head(at, &head);
    at += head.size;
    hf_read_head(at, &head);
    *ret_len = head.len;
    return (const char *)at + head.size;
}

/* hf_as_promise -- read whose result a promise stands for.
 *
 * value   borrows   any value
 *
 * Returns the call's number, 0 if it is no promise.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline uint64_t
hf_as_promise(const hf_value_t *value)
{
    size_t len;
    hf_head_t head;
    const uint8_t *payload = hfi_payload_of(value, HF_PROMISE, &len);
    if (payload == NULL)
        return 0;
    hf_read_head(payload, &head);
    return head.bits;
}

/* hf_count -- how much is in a list or map?
 *
 * value   borrows   any value
 *
 * Returns the items of a list, the pairs of a map, 0 for everything else.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline uint32_t
hf_count(const hf_value_t *value)
{
    hf_head_t head;
    hfi_head_of(value, &head);
    return head.kind == HF_MAP ? head.items / 2 : head.items;
}

/* ---- reading: what is inside ---------------------------------------------------------- */

/* A cursor walks the items of a list, the keys and values of a map by turns, the payload of a
 * handle or an error. It borrows the value that it was opened on; the items are views into it. */
typedef struct hf_cursor {
    const uint8_t *at;
    uint32_t left; /* items still to come */
    uint8_t tag;   /* the opened value's HF_TAG_HANDLES and HF_TAG_PROMISES */
} hf_cursor_t;

/* hf_skip -- measure an admitted item; a loop, however deep it is.
 *
 * at          borrows   the item
 * ret_flags   gives     HF_TAG_HANDLES, HF_TAG_PROMISES where such are inside; NULL: not wanted
 *
 * Returns the item's bytes.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline size_t
hf_skip(const uint8_t *at, uint8_t *ret_flags)
{
    const uint8_t *end = at;
    uint8_t flags = 0;
    for (uint64_t left = 1; left > 0; left--) {
        hf_head_t head;
        hf_read_head(end, &head);
        end += head.size;
        left += head.items;
        if (head.kind == HF_ERROR && ret_flags != NULL) {
            left++; /* its payload is an item that may have some inside */
            continue;
        }
        end += head.len;
        if (head.kind == HF_HANDLE)
            flags |= HF_TAG_HANDLES;
        else if (head.kind == HF_PROMISE)
            flags |= HF_TAG_PROMISES;
    }
    if (ret_flags != NULL)
        *ret_flags = flags;
    return (size_t)(end - at);
}

/* hf_open -- put a cursor before the first item of a value.
 *
 * self    gives     the cursor; nothing to close
 * value   borrows   any value, until the cursor's last use; a scalar has no items
 *
 * Returns nothing.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline void
hf_open(hf_cursor_t *self, const hf_value_t *value)
{
    hf_head_t head;
    hfi_head_of(value, &head);
    self->at = hf_bytes_of(value) + head.size;
    self->tag = (uint8_t)(value->raw[15] & (HF_TAG_HANDLES | HF_TAG_PROMISES));
    if (head.kind == HF_HANDLE || head.kind == HF_ERROR) {
        hf_read_head(self->at, &head);
        self->at += head.size;
    }
    self->left = head.items;
}

/* hf_next -- take the next item.
 *
 * self       borrows   a cursor that was opened
 * ret_item   gives     a view, valid as long as the opened value; untouched at the end
 *
 * Returns false at the end.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline bool
hf_next(hf_cursor_t *self, hf_value_t *ret_item)
{
    uint8_t flags = 0;
    if (self->left == 0)
        return false;
    size_t len = hf_skip(self->at, self->tag != 0 ? &flags : NULL);
    hfi_view(ret_item, self->at, len, flags);
    self->at += len;
    self->left--;
    return true;
}

/* ---- writing -------------------------------------------------------------------------- */

/* A writer builds one item after the other at the end of a growing buffer. What it writes is in
 * shortest form; str must be UTF-8, and a list's or map's items must follow in their number.
 * It fails once (`failed`: no memory, over its limit, a text or bytes of 4 GiB), and what follows
 * is of no account; whoever finishes it looks. */
typedef struct hf_writer hf_writer_t;
struct hf_writer {
    uint8_t *at; /* the buffer */
    size_t len;  /* written */
    size_t room; /* of the buffer */
    bool (*grow)(hf_writer_t *self,
                 size_t more); /* [any] room for `more` behind len; false: not to be had */
    uint8_t tag;               /* HF_TAG_HANDLES, HF_TAG_PROMISES of what was written */
    bool failed;
};

/* Where `more` bytes may be written, or NULL: failed. The caller adds to len. */
static inline uint8_t *
hfi_write_room(hf_writer_t *self, size_t more)
{
    if (more > self->room - self->len) {
        if (self->failed || !self->grow(self, more)) {
            self->failed = true;
            return NULL;
        }
    }
    return self->at + self->len;
}

static inline void
hfi_write_byte(hf_writer_t *self, uint8_t byte)
{
    uint8_t *to = hfi_write_room(self, 1);
    if (to == NULL)
        return;
    to[0] = byte;
    self->len += 1;
}

static inline void
hfi_write_raw(hf_writer_t *self, const void *at, size_t len)
{
    uint8_t *to = hfi_write_room(self, len);
    if (to == NULL || len == 0)
        return;
    __builtin_memcpy(to, at, len);
    self->len += len;
}

/* One byte of kind, then `number` in 1 << log2 bytes. */
static inline void
hfi_write_number(hf_writer_t *self, uint8_t first, uint32_t log2, uint64_t number)
{
    uint8_t *to = hfi_write_room(self, 1 + ((size_t)1 << log2));
    if (to == NULL)
        return;
    to[0] = first;
    if (log2 == 0)
        to[1] = (uint8_t)(number & 0xff);
    else if (log2 == 1)
        hfi_store16(to + 1, (uint16_t)(number & 0xffff));
    else if (log2 == 2)
        hfi_store32(to + 1, (uint32_t)(number & 0xffffffffu));
    else
        hfi_store64(to + 1, number);
    self->len += 1 + ((size_t)1 << log2);
}

/* A head with a length: `fix` | n below `n_fix`, else `first` + 0, 1, 2 and 1, 2, 4 bytes.
 * Where the 8-bit form does not exist, `first` is one below the 16-bit one. */
static inline bool
hfi_write_length(hf_writer_t *self, uint8_t fix, size_t n_fix, uint8_t first, bool has_8, size_t n)
{
    if (n > 0xffffffffu) {
        self->failed = true;
        return false;
    }
    if (n < n_fix)
        hfi_write_byte(self, (uint8_t)(fix | n));
    else if (n <= 0xff && has_8)
        hfi_write_number(self, first, 0, n);
    else if (n <= 0xffff)
        hfi_write_number(self, (uint8_t)(first + 1), 1, n);
    else
        hfi_write_number(self, (uint8_t)(first + 2), 2, n);
    return true;
}

/* hf_write_nil -- write nil.
 *
 * self   borrows   the writer
 *
 * Returns nothing; see `failed`.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline void
hf_write_nil(hf_writer_t *self)
{
    hfi_write_byte(self, 0xc0);
}

/* hf_write_bool -- write a bool.
 *
 * self     borrows   the writer
 * number             true or false
 *
 * Returns nothing; see `failed`.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline void
hf_write_bool(hf_writer_t *self, bool number)
{
    hfi_write_byte(self, number ? 0xc3 : 0xc2);
}

/* hf_write_uint -- write an int that is not negative.
 *
 * self     borrows   the writer
 * number             0 … UINT64_MAX
 *
 * Returns nothing; see `failed`.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline void
hf_write_uint(hf_writer_t *self, uint64_t number)
{
    if (number < 0x80)
        hfi_write_byte(self, (uint8_t)number);
    else if (number <= 0xff)
        hfi_write_number(self, 0xcc, 0, number);
    else if (number <= 0xffff)
        hfi_write_number(self, 0xcd, 1, number);
    else if (number <= 0xffffffffu)
        hfi_write_number(self, 0xce, 2, number);
    else
        hfi_write_number(self, 0xcf, 3, number);
}

/* hf_write_int -- write an int.
 *
 * self     borrows   the writer
 * number             any
 *
 * Returns nothing; see `failed`.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline void
hf_write_int(hf_writer_t *self, int64_t number)
{
    if (number >= 0)
        hf_write_uint(self, (uint64_t)number);
    else if (number >= -32)
        hfi_write_byte(self, (uint8_t)(number & 0xff));
    else if (number >= INT8_MIN)
        hfi_write_number(self, 0xd0, 0, (uint64_t)number);
    else if (number >= INT16_MIN)
        hfi_write_number(self, 0xd1, 1, (uint64_t)number);
    else if (number >= INT32_MIN)
        hfi_write_number(self, 0xd2, 2, (uint64_t)number);
    else
        hfi_write_number(self, 0xd3, 3, (uint64_t)number);
}

/* hf_write_float -- write a float.
 *
 * self     borrows   the writer
 * number             any; NaN and infinity too
 *
 * Returns nothing; see `failed`.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline void
hf_write_float(hf_writer_t *self, double number)
{
    uint64_t bits;
    __builtin_memcpy(&bits, &number, sizeof bits);
    hfi_write_number(self, 0xcb, 3, bits);
}

/* hf_write_str -- write a str.
 *
 * self   borrows   the writer
 * text   borrows   UTF-8; NULL is fine where len is 0
 * len              bytes
 *
 * Returns nothing; see `failed`.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline void
hf_write_str(hf_writer_t *self, const char *text, size_t len)
{
    if (hfi_write_length(self, 0xa0, 32, 0xd9, true, len))
        hfi_write_raw(self, text, len);
}

/* hf_write_bytes -- write bytes.
 *
 * self   borrows   the writer
 * at     borrows   the bytes; NULL is fine where len is 0
 * len              how many
 *
 * Returns nothing; see `failed`.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline void
hf_write_bytes(hf_writer_t *self, const void *at, size_t len)
{
    if (hfi_write_length(self, 0, 0, 0xc4, true, len))
        hfi_write_raw(self, at, len);
}

/* hf_write_list -- write the head of a list; its items follow.
 *
 * self   borrows   the writer
 * n                items, to be written next
 *
 * Returns nothing; see `failed`.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline void
hf_write_list(hf_writer_t *self, size_t n)
{
    (void)hfi_write_length(self, 0x90, 16, 0xdb, false, n);
}

/* hf_write_map -- write the head of a map; its keys and values follow by turns.
 *
 * self   borrows   the writer
 * n                pairs, to be written next; a key is hashable, no two are equal
 *
 * Returns nothing; see `failed`.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline void
hf_write_map(hf_writer_t *self, size_t n)
{
    (void)hfi_write_length(self, 0x80, 16, 0xdd, false, n);
}

/* The head of an ext whose payload of `len` bytes follows. */
static inline bool
hfi_write_ext_head(hf_writer_t *self, uint8_t code, size_t len)
{
    if (len == 1 || len == 2 || len == 4 || len == 8 || len == 16) {
        uint32_t log2 = len == 1 ? 0 : len == 2 ? 1 : len == 4 ? 2 : len == 8 ? 3 : 4;
        hfi_write_number(self, (uint8_t)(0xd4 + log2), 0, code);
        return true;
    }
    if (!hfi_write_length(self, 0, 0, 0xc7, true, len))
        return false;
    hfi_write_byte(self, code);
    return true;
}

/* Bytes that hf_write_uint writes. */
static inline size_t
hfi_uint_size(uint64_t number)
{
    return number < 0x80           ? 1
           : number <= 0xff        ? 2
           : number <= 0xffff      ? 3
           : number <= 0xffffffffu ? 5
                                   : 9;
}

/* Bytes that hf_write_str writes before the text. */
static inline size_t
hfi_str_head_size(size_t len)
{
    return len < 32 ? 1 : len <= 0xff ? 2 : len <= 0xffff ? 3 : 5;
}

/* hf_write_handle -- write a handle of a referent of this manager.
 *
 * self      borrows   the writer
 * object              the referent's number
 * typeid_   borrows   its typeid, NULL: left out
 * len                 bytes of the typeid
 *
 * Returns nothing; see `failed`.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline void
hf_write_handle(hf_writer_t *self, uint64_t object, const char *typeid_, size_t len)
{
    if (len > 0xffff) {
        self->failed = true; /* no typeid is that long */
        return;
    }
    size_t more = typeid_ == NULL ? 0 : hfi_str_head_size(len) + len;
    (void)hfi_write_ext_head(self, 1, 1 + hfi_uint_size(object) + more);
    hf_write_list(self, typeid_ == NULL ? 1 : 2);
    hf_write_uint(self, object);
    if (typeid_ != NULL)
        hf_write_str(self, typeid_, len);
    self->tag |= HF_TAG_HANDLES;
}

/* hf_write_promise -- write a promise: the result that an earlier call of the same session will have.
 *
 * self   borrows   the writer
 * call             the call's number, not 0
 *
 * Returns nothing; see `failed`.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline void
hf_write_promise(hf_writer_t *self, uint64_t call)
{
    (void)hfi_write_ext_head(self, 2, hfi_uint_size(call));
    hf_write_uint(self, call);
    self->tag |= HF_TAG_PROMISES;
}

/* hf_write_ext -- write an application's own ext.
 *
 * self   borrows   the writer
 * code             16 … 127
 * at     borrows   the payload; NULL is fine where len is 0
 * len              its bytes
 *
 * Returns nothing; see `failed`.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline void
hf_write_ext(hf_writer_t *self, uint8_t code, const void *at, size_t len)
{
    if (code < 16 || code > 127) {
        self->failed = true;
        return;
    }
    if (hfi_write_ext_head(self, code, len))
        hfi_write_raw(self, at, len);
}

/* hf_write_value -- write a copy of a value.
 *
 * self    borrows   the writer
 * value   borrows   any value but HF_NONE
 *
 * Returns nothing; see `failed`.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline void
hf_write_value(hf_writer_t *self, const hf_value_t *value)
{
    hfi_write_raw(self, hf_bytes_of(value), hf_len_of(value));
    self->tag |= (uint8_t)(value->raw[15] & (HF_TAG_HANDLES | HF_TAG_PROMISES));
}

/* ---- small values, made in place ------------------------------------------------------ */

static inline bool
hfi_grow_never(hf_writer_t *self, size_t more)
{
    (void)self;
    (void)more;
    return false;
}

/* A writer into `raw`, whose 16 bytes hold any number. */
static inline hf_writer_t
hfi_small_writer(uint8_t *raw)
{
    hf_writer_t writer = {raw, 0, 16, hfi_grow_never, 0, false};
    return writer;
}

/* hf_nil -- nil as a value.
 *
 * Returns it; there is nothing to drop.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline hf_value_t
hf_nil(void)
{
    const uint8_t nil = 0xc0;
    hf_value_t value;
    hfi_view(&value, &nil, 1, 0);
    return value;
}

/* hf_bool -- a bool as a value.
 *
 * number   true or false
 *
 * Returns it; there is nothing to drop.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline hf_value_t
hf_bool(bool number)
{
    const uint8_t raw = number ? 0xc3 : 0xc2;
    hf_value_t value;
    hfi_view(&value, &raw, 1, 0);
    return value;
}

/* hf_int -- an int as a value.
 *
 * number   any
 *
 * Returns it; there is nothing to drop.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline hf_value_t
hf_int(int64_t number)
{
    uint8_t raw[16];
    hf_value_t value;
    hf_writer_t writer = hfi_small_writer(raw);
    hf_write_int(&writer, number);
    hfi_view(&value, raw, writer.len, 0);
    return value;
}

/* hf_uint -- an int that is not negative as a value.
 *
 * number   0 … UINT64_MAX
 *
 * Returns it; there is nothing to drop.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline hf_value_t
hf_uint(uint64_t number)
{
    uint8_t raw[16];
    hf_value_t value;
    hf_writer_t writer = hfi_small_writer(raw);
    hf_write_uint(&writer, number);
    hfi_view(&value, raw, writer.len, 0);
    return value;
}

/* hf_float -- a float as a value.
 *
 * number   any; NaN and infinity too
 *
 * Returns it; there is nothing to drop.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
static inline hf_value_t
hf_float(double number)
{
    uint8_t raw[16];
    hf_value_t value;
    hf_writer_t writer = hfi_small_writer(raw);
    hf_write_float(&writer, number);
    hfi_view(&value, raw, writer.len, 0);
    return value;
}

/* ---- with the host: keep, build, compare ---------------------------------------------- */
/* hf_keep (call, value, &ret_kept)    gives a copy that lasts, and holds the handles inside for the
 *                                     referent being called; HF_OK, or HF_RAISED (LimitExceeded)
 * hf_drop (call, &value)              takes what hf_keep gave: lets its handles go, zeroes it
 * hf_build (call, &ret_value, picture, …)  builds by picture, "{s:i,s:[sv]}"; the value lasts as long
 *                                     as the call (in a program: until hf_drop)
 * hf_equal (call, a, b)               Python's ==
 * hf_hash (call, value, &ret_hash)    false: unhashable (a map inside)
 * hf_compare (call, a, b, &ret_order) Python's < and >: -1, 0, 1; false: not ordered
 * hf_repr (call, value, &ret_str)     Python's repr as a str
 */

#ifdef __cplusplus
}
#endif

#endif
