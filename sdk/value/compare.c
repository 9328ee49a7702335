/* SPDX-License-Identifier: MPL-2.0 */
/* compare -- see compare.h
 *
 * One walk over both items decides everything: two items are EQUAL, or one is LESS, or they differ in a
 * way that has no order. The walk recurses into lists; values are at most HFI_DEPTH_MAX deep, and what is
 * deeper (a program's own making) differs.
 *
 * Maps are first taken pair by pair, as most equal maps have the same order. Where the orders part, both
 * rests are sorted by key: searching would take a hostile pair of long maps the square of their length.
 */
#include "compare.h"

#include <base/check.h>
#include <base/span.h>

#include "admit.h"

typedef enum relation {
    EQUAL,
    LESS,
    GREATER,
    NEITHER,   /* numbers of which one is NaN */
    UNORDERED, /* they differ, and Python would not say which is less */
} relation_t;

enum {
    PAIRS_SMALL = 8, /* up to here searching is faster than sorting */
    NEST_MAX =
        HFI_DEPTH_MAX + 64, /* a method's answer may be a little deeper than its arguments were */
};

/* ---- scalars -------------------------------------------------------------------------- */

static relation_t
relate_bytes(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    size_t len = a_len < b_len ? a_len : b_len;
    int order = len == 0 ? 0 : memcmp(a, b, len);
    if (order == 0)
        return a_len == b_len ? EQUAL : a_len < b_len ? LESS : GREATER;
    return order < 0 ? LESS : GREATER;
}

static relation_t
relate_ints(const hf_head_t *a, const hf_head_t *b)
{
    if (a->is_negative != b->is_negative)
        return a->is_negative ? LESS : GREATER;
    /* Two's complement: of numbers of one sign the order is that of the bits. */
    return a->bits == b->bits ? EQUAL : a->bits < b->bits ? LESS : GREATER;
}

static double
float_of(const hf_head_t *head)
{
    double number;
    memcpy(&number, &head->bits, sizeof number);
    return number;
}

/* Cuts a float to an int's head; false: it is NaN or beyond 64 bits. */
static bool
int_of(double number, hf_head_t *ret_head)
{
    *ret_head = (hf_head_t){.kind = HF_INT};
    if (!(number > -9223372036854777856.0 && number < 18446744073709551616.0))
        return false;
    if (number < 0.0) {
        int64_t cut = number < -9223372036854775808.0 ? INT64_MIN : (int64_t)number;
        ret_head->bits = (uint64_t)cut;
        ret_head->is_negative = cut < 0;
    } else {
        ret_head->bits = (uint64_t)number;
    }
    return true;
}

static double
cut_of(const hf_head_t *head)
{
    return head->is_negative ? (double)(int64_t)head->bits : (double)head->bits;
}

static relation_t
relate_int_float(const hf_head_t *a, double b)
{
    hf_head_t cut;
    if (b != b)
        return NEITHER;
    if (!int_of(b, &cut))
        return b > 0.0 ? LESS : GREATER;
    relation_t relation = relate_ints(a, &cut);
    if (relation != EQUAL)
        return relation;
    double whole = cut_of(&cut); /* exact: it was cut from a double */
    return whole == b ? EQUAL : whole < b ? LESS : GREATER;
}

static relation_t
turned(relation_t relation)
{
    return relation == LESS ? GREATER : relation == GREATER ? LESS : relation;
}

static relation_t
relate_numbers(const hf_head_t *a, const hf_head_t *b)
{
    if (a->kind != HF_FLOAT && b->kind != HF_FLOAT)
        return relate_ints(a, b);
    if (a->kind != HF_FLOAT)
        return relate_int_float(a, float_of(b));
    if (b->kind != HF_FLOAT)
        return turned(relate_int_float(b, float_of(a)));
    double x = float_of(a);
    double y = float_of(b);
    return x == y ? EQUAL : x < y ? LESS : x > y ? GREATER : NEITHER;
}

static bool
is_number(hf_kind_t kind)
{
    return kind == HF_BOOL || kind == HF_INT || kind == HF_FLOAT;
}

/* Which referent a handle names: object, and of a foreign one the manager's 16 bytes. */
static hfi_span_t
handle_manager(const uint8_t *payload, uint64_t *ret_object)
{
    hf_head_t head;
    bool is_foreign = payload[0] > 0x92;
    const uint8_t *at = payload + 1;
    hf_read_head(at, &head);
    *ret_object = head.bits;
    if (!is_foreign)
        return (hfi_span_t){NULL, 0};
    for (int i = 0; i < 3; i++) /* past object, typeid, secret */
        at += hf_skip(at, NULL);
    hf_read_head(at, &head);
    return (hfi_span_t){at + head.size, head.len};
}

static bool
is_same_referent(const uint8_t *a, const uint8_t *b)
{
    uint64_t a_object;
    uint64_t b_object;
    hfi_span_t a_manager = handle_manager(a, &a_object);
    hfi_span_t b_manager = handle_manager(b, &b_object);
    return a_object == b_object && hfi_span_equal(a_manager, b_manager);
}

/* ---- items ---------------------------------------------------------------------------- */

static relation_t relate(const uint8_t **a_p, const uint8_t **b_p, uint32_t nest);

static relation_t
relate_lists(const uint8_t **a_p, uint32_t n_a, const uint8_t **b_p, uint32_t n_b, uint32_t nest)
{
    uint32_t n = n_a < n_b ? n_a : n_b;
    for (uint32_t i = 0; i < n; i++) {
        relation_t relation = relate(a_p, b_p, nest);
        if (relation != EQUAL)
            return relation;
    }
    return n_a == n_b ? EQUAL : n_a < n_b ? LESS : GREATER;
}

/* ---- maps ----------------------------------------------------------------------------- */

/* An order over all that may be a key, whatever its kind; equal keys are equal in it. */
static int total(const uint8_t **a_p, const uint8_t **b_p, uint32_t nest);

static int
rank(hf_kind_t kind)
{
    return is_number(kind) ? HF_INT : (int)kind;
}

static int
total_of(relation_t relation, const hf_head_t *a, const hf_head_t *b)
{
    if (relation == NEITHER) { /* NaN: behind all numbers, and beside itself */
        bool is_a = a->kind == HF_FLOAT && float_of(a) != float_of(a);
        bool is_b = b->kind == HF_FLOAT && float_of(b) != float_of(b);
        return (int)is_a - (int)is_b;
    }
    return relation == LESS ? -1 : relation == GREATER;
}

static int
total_handles(const uint8_t *a, const uint8_t *b)
{
    uint64_t a_object;
    uint64_t b_object;
    hfi_span_t a_manager = handle_manager(a, &a_object);
    hfi_span_t b_manager = handle_manager(b, &b_object);
    if (a_object != b_object)
        return a_object < b_object ? -1 : 1;
    relation_t relation = relate_bytes(a_manager.at, a_manager.len, b_manager.at, b_manager.len);
    return relation == LESS ? -1 : relation == GREATER;
}

static int
total(const uint8_t **a_p, const uint8_t **b_p, uint32_t nest)
{
    hf_head_t a;
    hf_head_t b;
    hf_read_head(*a_p, &a);
    hf_read_head(*b_p, &b);
    const uint8_t *a_at = *a_p + a.size;
    const uint8_t *b_at = *b_p + b.size;
    *a_p = a_at + a.len;
    *b_p = b_at + b.len;
    if (rank(a.kind) != rank(b.kind) || nest == 0)
        return rank(a.kind) - rank(b.kind);
    if (is_number(a.kind))
        return total_of(relate_numbers(&a, &b), &a, &b);
    if (a.kind == HF_HANDLE)
        return total_handles(a_at, b_at);
    if (a.kind != HF_LIST)
        return total_of(relate_bytes(a_at, a.len, b_at, b.len), &a, &b);
    for (uint32_t i = 0; i < a.items && i < b.items; i++) {
        int order = total(a_p, b_p, nest - 1);
        if (order != 0)
            return order;
    }
    return a.items < b.items ? -1 : a.items > b.items;
}

static int
key_order(const void *a, const void *b)
{
    const uint8_t *x;
    const uint8_t *y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    const uint8_t *x_place = x;
    const uint8_t *y_place = y;
    int order = total(&x, &y, NEST_MAX);
    return order != 0 ? order : x_place < y_place ? -1 : x_place > y_place;
}

/* Notes where each key of `n` pairs begins; gives where they end. */
static const uint8_t *
map_keys(const uint8_t *at, uint32_t n, const uint8_t **keys)
{
    for (uint32_t i = 0; i < n; i++) {
        keys[i] = at;
        at += hf_skip(at, NULL);
        at += hf_skip(at, NULL);
    }
    return at;
}

static bool
equal_pairs(const uint8_t *a, const uint8_t *b, uint32_t nest)
{
    if (relate(&a, &b, nest) != EQUAL) /* the keys */
        return false;
    return relate(&a, &b, nest) == EQUAL;
}

/* Pairs of the same number, in any order; `keys` has room for both sides' keys. */
static bool
equal_sorted(const uint8_t **a_p, const uint8_t **b_p, uint32_t n, const uint8_t **keys,
             uint32_t nest)
{
    *a_p = map_keys(*a_p, n, keys);
    *b_p = map_keys(*b_p, n, keys + n);
    qsort(keys, n, sizeof *keys, key_order);
    qsort(keys + n, n, sizeof *keys, key_order);
    for (uint32_t i = 0; i < n; i++) {
        if (!equal_pairs(keys[i], keys[n + i], nest))
            return false;
    }
    return true;
}

/* The same without memory: slow, and as right. */
static bool
equal_searched(const uint8_t **a_p, const uint8_t **b_p, uint32_t n, uint32_t nest)
{
    const uint8_t *b_end = *b_p;
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *a_key = *a_p;
        const uint8_t *b_key = NULL;
        const uint8_t *at = *b_p;
        for (uint32_t k = 0; k < n; k++) {
            const uint8_t *x = a_key;
            const uint8_t *y = at;
            if (b_key == NULL && relate(&x, &y, nest) == EQUAL)
                b_key = at;
            at += hf_skip(at, NULL);
            at += hf_skip(at, NULL);
        }
        b_end = at;
        if (b_key == NULL || !equal_pairs(a_key, b_key, nest))
            return false;
        *a_p = a_key + hf_skip(a_key, NULL);
        *a_p += hf_skip(*a_p, NULL);
    }
    *b_p = b_end;
    return true;
}

/* Maps of `n` pairs each. No value is compared twice, or nested maps would take 2^depth. */
static relation_t
relate_maps(const uint8_t **a_p, const uint8_t **b_p, uint32_t n, uint32_t nest)
{
    const uint8_t *few[2 * PAIRS_SMALL];
    for (; n > 0; n--) {
        const uint8_t *a = *a_p;
        const uint8_t *b = *b_p;
        if (relate(&a, &b, nest) != EQUAL)
            break; /* the orders part here */
        if (relate(&a, &b, nest) != EQUAL)
            return UNORDERED;
        *a_p = a;
        *b_p = b;
    }
    if (n == 0)
        return EQUAL;
    const uint8_t **keys = few;
    if (n > PAIRS_SMALL) {
        keys = malloc((size_t)n * 2 * sizeof *keys);
        if (keys == NULL)
            return equal_searched(a_p, b_p, n, nest) ? EQUAL : UNORDERED;
    }
    bool is_equal = equal_sorted(a_p, b_p, n, keys, nest);
    if (keys != few)
        free(keys);
    return is_equal ? EQUAL : UNORDERED;
}

/* Compares two items. Only where they are EQUAL are both pointers behind them. */
static relation_t
relate(const uint8_t **a_p, const uint8_t **b_p, uint32_t nest)
{
    hf_head_t a;
    hf_head_t b;
    hf_read_head(*a_p, &a);
    hf_read_head(*b_p, &b);
    const uint8_t *a_at = *a_p + a.size;
    const uint8_t *b_at = *b_p + b.size;
    *a_p = a_at + a.len;
    *b_p = b_at + b.len;
    if (is_number(a.kind) && is_number(b.kind))
        return relate_numbers(&a, &b);
    if (a.kind != b.kind || nest == 0)
        return UNORDERED;
    relation_t relation = UNORDERED;
    switch (a.kind) {
    case HF_NIL:
        return EQUAL;
    case HF_STR:
    case HF_BYTES:
        return relate_bytes(a_at, a.len, b_at, b.len);
    case HF_LIST:
        return relate_lists(a_p, a.items, b_p, b.items, nest - 1);
    case HF_MAP:
        return a.items == b.items ? relate_maps(a_p, b_p, a.items / 2, nest - 1) : UNORDERED;
    case HF_HANDLE:
        return is_same_referent(a_at, b_at) ? EQUAL : UNORDERED;
    case HF_ERROR:
        relation = relate(&a_at, &b_at, nest - 1);
        return relation == EQUAL ? EQUAL : UNORDERED;
    default: /* a promise, an application's ext: equal if their bytes are */
        if (a.bits == b.bits)
            relation = relate_bytes(a_at, a.len, b_at, b.len);
        return relation == EQUAL ? EQUAL : UNORDERED;
    }
}

/* ---- hash ----------------------------------------------------------------------------- */

static bool hash_item(const hfi_siphash_key_t *key, const uint8_t **at_p, uint32_t nest,
                      uint64_t *ret_hash);

static uint64_t
hash_numbers(const hfi_siphash_key_t *key, uint8_t tag, const uint64_t *numbers, size_t n)
{
    uint8_t bytes[1 + 4 * sizeof(uint64_t)];
    HF_ASSERT(n <= 4);
    bytes[0] = tag;
    for (size_t i = 0; i < n; i++)
        hfi_store64(bytes + 1 + 8 * i, numbers[i]);
    return hfi_siphash(key, bytes, 1 + 8 * n);
}

/* A float that is whole hashes as the int that it equals, any other as its bits. */
static uint64_t
hash_float(const hfi_siphash_key_t *key, const hf_head_t *head)
{
    hf_head_t cut;
    double number = float_of(head);
    if (!int_of(number, &cut) || cut_of(&cut) != number)
        return hash_numbers(key, 0xcb, &head->bits, 1);
    hf_value_t value = cut.is_negative ? hf_int((int64_t)cut.bits) : hf_uint(cut.bits);
    return hfi_siphash(key, hf_bytes_of(&value), hf_len_of(&value));
}

static uint64_t
hash_handle(const hfi_siphash_key_t *key, const uint8_t *payload)
{
    uint64_t numbers[3] = {0};
    hfi_span_t manager = handle_manager(payload, &numbers[0]);
    if (manager.len != 16)
        return hash_numbers(key, 0xc7, numbers, 1);
    numbers[1] = hfi_load64(manager.at);
    numbers[2] = hfi_load64(manager.at + 8);
    return hash_numbers(key, 0xc7, numbers, 3);
}

static bool
hash_list(const hfi_siphash_key_t *key, const uint8_t **at_p, uint32_t n, uint32_t nest,
          uint64_t *ret_hash)
{
    uint64_t numbers[2] = {n, 0};
    for (uint32_t i = 0; i < n; i++) {
        if (!hash_item(key, at_p, nest - 1, &numbers[1]))
            return false;
        numbers[0] = hash_numbers(key, 0xdd, numbers, 2);
    }
    *ret_hash = n == 0 ? hash_numbers(key, 0xdd, numbers, 1) : numbers[0];
    return true;
}

/* A shortest form is the only one, so most items hash as their bytes. */
static bool
hash_item(const hfi_siphash_key_t *key, const uint8_t **at_p, uint32_t nest, uint64_t *ret_hash)
{
    hf_head_t head;
    const uint8_t *at = *at_p;
    hf_read_head(at, &head);
    *at_p = at + head.size + head.len;
    switch (head.kind) {
    case HF_NIL:
    case HF_INT:
    case HF_STR:
    case HF_BYTES:
        *ret_hash = hfi_siphash(key, at, (size_t)head.size + head.len);
        return true;
    case HF_BOOL: {
        uint8_t number = head.bits != 0;
        *ret_hash = hfi_siphash(key, &number, 1);
        return true;
    }
    case HF_FLOAT:
        *ret_hash = hash_float(key, &head);
        return true;
    case HF_HANDLE:
        *ret_hash = hash_handle(key, at + head.size);
        return true;
    case HF_LIST:
        return nest > 0 && hash_list(key, at_p, head.items, nest, ret_hash);
    default:
        return false;
    }
}

/* ---- the doors ------------------------------------------------------------------------ */

/* Does an item that begins so equal nothing but its own bytes: nil, int, str, bytes? (Of two such, a bool or
 * float that equals an int is none.) */
static bool
is_plain(uint8_t first)
{
    if (first < 0x80 || first >= 0xe0)
        return true;
    if (first < 0xc0)
        return first >= 0xa0;
    return (0x0e0ff071u >> (first - 0xc0) & 1) != 0; /* c0, c4 … c6, cc … d3, d9 … db */
}

bool
hfi_equal(const hf_value_t *a, const hf_value_t *b)
{
    if (a->raw[15] == 0 || b->raw[15] == 0)
        return a->raw[15] == b->raw[15];
    const uint8_t *a_at = hf_bytes_of(a);
    const uint8_t *b_at = hf_bytes_of(b);
    if (is_plain(a_at[0]) && is_plain(b_at[0])) {
        size_t len = hf_len_of(a);
        return len == hf_len_of(b) && memcmp(a_at, b_at, len) == 0;
    }
    return relate(&a_at, &b_at, NEST_MAX) == EQUAL;
}

bool
hfi_hash(const hfi_siphash_key_t *key, const hf_value_t *value, uint64_t *ret_hash)
{
    if (value->raw[15] == 0)
        return false;
    const uint8_t *at = hf_bytes_of(value);
    uint64_t hash;
    if (!hash_item(key, &at, NEST_MAX, &hash))
        return false;
    *ret_hash = hash;
    return true;
}

bool
hfi_is_hashable(const hf_value_t *value)
{
    if (value->raw[15] == 0)
        return false;
    const uint8_t *at = hf_bytes_of(value);
    for (uint64_t left = 1; left > 0; left--) {
        hf_head_t head;
        hf_read_head(at, &head);
        if (head.kind > HF_HANDLE || head.kind == HF_MAP || head.kind == HF_NONE)
            return false;
        left += head.items;
        at += head.size + head.len;
    }
    return true;
}

bool
hfi_compare(const hf_value_t *a, const hf_value_t *b, int *ret_order)
{
    if (a->raw[15] == 0 || b->raw[15] == 0)
        return false;
    const uint8_t *a_at = hf_bytes_of(a);
    const uint8_t *b_at = hf_bytes_of(b);
    hf_kind_t kind = hf_kind(a);
    relation_t relation = relate(&a_at, &b_at, NEST_MAX);
    bool is_ordered = is_number(kind) || kind == HF_STR || kind == HF_BYTES || kind == HF_LIST;
    if (relation == UNORDERED ||
        !is_ordered) /* None < None is a TypeError, [None] < [None] is not */
        return false;
    *ret_order = relation == LESS ? -1 : relation == GREATER ? 1 : 0;
    return true;
}
