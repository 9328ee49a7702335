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

/* 16 bytes. Zeroed: no value at all (HF_NONE). Copy it freely as a view; hf_keep makes it yours. */
typedef union hf_value {
    struct {
        const uint8_t *at; /* the item's bytes, where it is not inline */
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
    uint32_t size;   /* bytes of the head itself */
    uint32_t len;    /* bytes of payload behind it: str, bytes, ext; 0 for the rest */
    uint32_t items;  /* items behind it: list n, map 2n; 0 for the rest */
    uint64_t bits;   /* int: two's complement; float: its bits; bool: 0 or 1; ext: its code */
    bool is_negative; /* an int below 0 (an int >= 2^63 is not negative) */
} hf_head_t;

/* ---- an item's bytes ------------------------------------------------------------------ */

static inline const uint8_t *
hf_bytes_of(const hf_value_t *value)
{
    return (value->raw[15] & (HF_TAG_COUNTED | HF_TAG_LENT)) != 0 ? value->outer.at : value->raw;
}

static inline size_t
hf_len_of(const hf_value_t *value)
{
    return (value->raw[15] & (HF_TAG_COUNTED | HF_TAG_LENT)) != 0 ? value->outer.len
                                                                  : (size_t)(value->raw[15] & HF_TAG_LEN);
}

static inline bool
hf_has_handles(const hf_value_t *value)
{
    return (value->raw[15] & HF_TAG_HANDLES) != 0;
}

/* ---- reading: kinds and scalars ------------------------------------------------------- */
/* hf_read_head (at, &head)            the head of the admitted item at `at`
 * hf_kind (value)                     HF_NONE … HF_EXT
 * hf_as_bool (value)                  false unless it is true
 * hf_as_int (value)                   an int or bool in int64's range, else 0; see hf_int_fits
 * hf_as_uint (value)                  an int or bool in uint64's range, else 0
 * hf_as_float (value)                 a float, int or bool as double, else 0.0
 * hf_as_str (value, &len)             borrows: UTF-8, not NUL-terminated; NULL if it is none
 * hf_as_bytes (value, &len)           borrows; NULL if it is none
 * hf_as_handle (value)                the object's number, 0 if it is none
 * hf_handle_typeid (value, &len)      borrows: the handle's typeid, NULL where it has none
 * hf_as_promise (value)               the call's number, 0 if it is none
 * hf_count (value)                    items of a list, pairs of a map, else 0
 */

/* ---- reading: what is inside ---------------------------------------------------------- */
/* A cursor walks the items of a list, the keys and values of a map by turns, the payload of a
 * handle or an error. It borrows the value that it was opened on; the items are views into it. */
typedef struct hf_cursor {
    const uint8_t *at;
    const uint8_t *end;
    uint32_t left; /* items still to come */
    uint8_t tag;   /* the opened value's HF_TAG_HANDLES and HF_TAG_PROMISES */
} hf_cursor_t;

/* hf_open (&cursor, value)            at the first item; a scalar has none
 * hf_next (&cursor, &ret_item)        the next item as a view; false at the end
 * hf_skip (at, &ret_flags)            bytes of the item at `at`, never recursing
 */

/* ---- writing -------------------------------------------------------------------------- */
/* A writer builds one item after the other at the end of a growing buffer. What it writes is in
 * shortest form and counts as admitted. It fails once (`failed`: no memory, or over its limit)
 * and then ignores what follows; whoever finishes it looks. */
typedef struct hf_writer hf_writer_t;
struct hf_writer {
    uint8_t *at;  /* the buffer */
    size_t len;   /* written */
    size_t room;  /* of the buffer */
    bool (*grow)(hf_writer_t *self, size_t more); /* makes room for `more`; false sets `failed` */
    uint8_t tag;  /* HF_TAG_HANDLES, HF_TAG_PROMISES of what was written */
    bool failed;
};

/* hf_write_nil (w), hf_write_bool (w, b), hf_write_int (w, i), hf_write_uint (w, u),
 * hf_write_float (w, f), hf_write_str (w, text, len), hf_write_bytes (w, at, len),
 * hf_write_list (w, n)                then n items
 * hf_write_map (w, n)                 then n times key, value
 * hf_write_handle (w, object, typeid, len)
 * hf_write_value (w, value)           a copy of its bytes
 */

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
