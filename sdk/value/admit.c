/* SPDX-License-Identifier: MPL-2.0 */
/* admit -- see admit.h
 *
 * Why a stack of levels and not recursion: the common item is a handful of bytes three arrays deep, and
 * a level is 8 bytes. Only an error's payload recurses (it must end where its ext ends); the levels are
 * shared, so max_depth bounds that too.
 */
#include "admit.h"

#include <base/check.h>

#include "value.h"
#include "writer.h"

/* What the first byte of an item says. */
enum {
    SMALL_INT,
    SIMPLE, /* nil, false, true */
    FIX_STR,
    FIX_ARRAY,
    ARRAY, /* with a count of 2, 4 bytes */
    FIX_MAP,
    MAP,
    NUMBER, /* int of 1, 2, 4, 8 bytes */
    FLOAT_32,
    FLOAT_64,
    STR, /* with a length of 1, 2, 4 bytes */
    BIN,
    NONE, /* 0xc1 */
    FIX_EXT,
    EXT, /* with a length of 1, 2, 4 bytes */
};

#define SIXTEEN(x_) x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_

static const uint8_t admit_class[256] = {SIXTEEN(SMALL_INT), SIXTEEN(SMALL_INT), SIXTEEN(SMALL_INT),
                                         SIXTEEN(SMALL_INT), SIXTEEN(SMALL_INT), SIXTEEN(SMALL_INT),
                                         SIXTEEN(SMALL_INT), SIXTEEN(SMALL_INT), SIXTEEN(FIX_MAP),
                                         SIXTEEN(FIX_ARRAY), SIXTEEN(FIX_STR), SIXTEEN(FIX_STR),
                                         /* 0xc0 */
                                         SIMPLE, NONE, SIMPLE, SIMPLE, BIN, BIN, BIN, EXT, EXT, EXT,
                                         FLOAT_32, FLOAT_64, NUMBER, NUMBER, NUMBER, NUMBER,
                                         /* 0xd0 */
                                         NUMBER, NUMBER, NUMBER, NUMBER, FIX_EXT, FIX_EXT, FIX_EXT,
                                         FIX_EXT, FIX_EXT, STR, STR, STR, ARRAY, ARRAY, MAP, MAP,
                                         /* 0xe0 */
                                         SIXTEEN(SMALL_INT), SIXTEEN(SMALL_INT)};

/* A level: how many items are still to come, times LEVEL_ITEM, and two bits. Of a map keys and values
 * count, so an even number is a key's turn. One number, so that loads never wait for two stores. */
enum {
    LEVEL_KEY = 1, /* an array that is (in) a map's key */
    LEVEL_MAP = 2,
    LEVEL_ITEM = 4,
};

typedef struct admit {
    uint32_t depth; /* levels open */
    uint32_t max_depth;
    uint8_t tag;
    bool is_long;      /* something is not in shortest form */
    const char *fault; /* the first reason why it is no value */
    const char *broken;
    uint64_t level[HFI_DEPTH_MAX + 1]; /* level[0] stands for what is around the item */
} admit_t;

/* ---- UTF-8 ---------------------------------------------------------------------------- */

/* Bytes of the character at `at`, 0 if it is none. */
static size_t
utf8_char(const uint8_t *at, size_t len)
{
    uint8_t first = at[0];
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    size_t n = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (n > len)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    bool is_overlong = (first == 0xe0 && at[1] < 0xa0) || (first == 0xf0 && at[1] < 0x90);
    bool is_surrogate = first == 0xed && at[1] > 0x9f;
    bool is_above = first == 0xf4 && at[1] > 0x8f;
    return is_overlong || is_surrogate || is_above ? 0 : n;
}

static bool
utf8_check(const uint8_t *at, size_t len)
{
    while (len > 0) {
        uint64_t eight;
        if (len >= sizeof eight) {
            memcpy(&eight, at, sizeof eight);
            if ((eight & 0x8080808080808080u) == 0) {
                at += sizeof eight;
                len -= sizeof eight;
                continue;
            }
        }
        size_t n = utf8_char(at, len);
        if (n == 0)
            return false;
        at += n;
        len -= n;
    }
    return true;
}

/* The same for up to 31 bytes; looks at eight where so many are to be had before `end`. */
static bool
utf8_check_short(const uint8_t *at, size_t len, const uint8_t *end)
{
    if (len - 1 < 8 && end - at >= 8) {
        uint64_t high = hfi_load64(at) & 0x8080808080808080u;
        if (high >> (8 * (8 - len)) == 0)
            return true;
    }
    return utf8_check(at, len);
}

bool
hfi_is_utf8(const void *text, size_t len)
{
    return utf8_check(text, len);
}

/* ---- heads ---------------------------------------------------------------------------- */

/* Reads a big-endian number of 1, 2, 4 or 8 bytes behind the first one; false: past the end. */
static bool
admit_number(const uint8_t *at, const uint8_t *end, size_t size, uint64_t *ret_number)
{
    if (size >= (size_t)(end - at))
        return false;
    if (size == 1)
        *ret_number = at[1];
    else if (size == 2)
        *ret_number = hfi_load16(at + 1);
    else if (size == 4)
        *ret_number = hfi_load32(at + 1);
    else
        *ret_number = hfi_load64(at + 1);
    return true;
}

/* Is the int with that first byte in its shortest form? */
static bool
admit_is_short_int(uint8_t first, uint64_t number)
{
    switch (first) {
    case 0xcc:
        return number >= 0x80;
    case 0xcd:
        return number > 0xff;
    case 0xce:
        return number > 0xffff;
    case 0xcf:
        return number > 0xffffffffu;
    case 0xd0:
        return number >= 0x80 && (int8_t)number < -32;
    case 0xd1:
        return number >= 0x8000 && (int16_t)number < INT8_MIN;
    case 0xd2:
        return number >= 0x80000000u && (int32_t)number < INT16_MIN;
    default:
        return (int64_t)number < INT32_MIN;
    }
}

static bool
admit_break(admit_t *self, const char *why)
{
    self->broken = why;
    return false;
}

static void
admit_fault(admit_t *self, const char *why)
{
    if (self->fault == NULL)
        self->fault = why;
}

static const char past_the_end[] = "a length goes past the end";
static const char too_deep[] = "too deep";
static const char bad_text[] = "a str is not UTF-8";

static bool admit_items(admit_t *self, const uint8_t **at_p, const uint8_t *end);

/* ---- str, bin ------------------------------------------------------------------------- */

static bool
admit_text(admit_t *self, const uint8_t **at_p, const uint8_t *end, size_t head, uint64_t len,
           bool is_str)
{
    const uint8_t *at = *at_p + head;
    if (len > (size_t)(end - at))
        return admit_break(self, past_the_end);
    if (is_str && !utf8_check(at, (size_t)len))
        admit_fault(self, bad_text);
    *at_p = at + len;
    return true;
}

static bool
admit_long_text(admit_t *self, const uint8_t **at_p, const uint8_t *end)
{
    uint8_t first = **at_p;
    bool is_str = first >= 0xd9;
    size_t size = (size_t)1 << (first - (is_str ? 0xd9 : 0xc4));
    uint64_t len;
    if (!admit_number(*at_p, end, size, &len))
        return admit_break(self, past_the_end);
    if ((size == 1 && is_str && len < 32) || (size == 2 && len <= 0xff) ||
        (size == 4 && len <= 0xffff))
        self->is_long = true;
    return admit_text(self, at_p, end, 1 + size, len, is_str);
}

/* ---- ext ------------------------------------------------------------------------------ */

/* Reads the head of an ext. */
static bool
admit_ext_head(admit_t *self, const uint8_t **at_p, const uint8_t *end, uint8_t *ret_code,
               size_t *ret_len)
{
    const uint8_t *at = *at_p;
    uint8_t first = at[0];
    uint64_t len = (uint64_t)1 << ((first - 0xd4) & 7);
    size_t size = first >= 0xd4 ? 0 : (size_t)1 << (first - 0xc7);
    if (size != 0 && !admit_number(at, end, size, &len))
        return admit_break(self, past_the_end);
    if (size + 2 > (size_t)(end - at) || len > (size_t)(end - at) - size - 2)
        return admit_break(self, past_the_end);
    if ((size == 1 && (len == 1 || len == 2 || len == 4 || len == 8 || len == 16)) ||
        (size == 2 && len <= 0xff) || (size == 4 && len <= 0xffff))
        self->is_long = true;
    *ret_code = at[size + 1];
    *ret_len = (size_t)len;
    *at_p = at + size + 2;
    return true;
}

/* Takes one item of a payload whose first byte is among the classes of `allowed`. */
static bool
admit_part(admit_t *self, const uint8_t **at_p, const uint8_t *end, uint32_t allowed)
{
    if (*at_p == end || (allowed >> admit_class[**at_p] & 1) == 0)
        return false;
    return admit_items(self, at_p, end);
}

enum {
    A_STR = 1 << FIX_STR | 1 << STR,
    A_BIN = 1 << BIN,
    A_INT = 1 << SMALL_INT | 1 << NUMBER,
    ANYTHING = -1,
};

static bool
admit_uint_part(admit_t *self, const uint8_t **at_p, const uint8_t *end, uint64_t *ret_number)
{
    const uint8_t *at = *at_p;
    if (!admit_part(self, at_p, end, A_INT) || at[0] >= 0xe0)
        return false;
    if (at[0] < 0x80) {
        *ret_number = at[0];
        return true;
    }
    hf_head_t head;
    hf_read_head(at, &head);
    *ret_number = head.bits;
    return !head.is_negative || (int64_t)head.bits >= 0;
}

/* Reads the count of an array that must be there, and opens no level for it. */
static bool
admit_array_part(admit_t *self, const uint8_t **at_p, const uint8_t *end, uint64_t *ret_n)
{
    const uint8_t *at = *at_p;
    if (at == end)
        return false;
    if (admit_class[at[0]] == FIX_ARRAY) {
        *ret_n = at[0] & 0x0fu;
        *at_p = at + 1;
        return true;
    }
    size_t size = at[0] == 0xdc ? 2 : 4;
    if (admit_class[at[0]] != ARRAY || !admit_number(at, end, size, ret_n))
        return false;
    if (*ret_n < 16 || (size == 4 && *ret_n <= 0xffff))
        self->is_long = true;
    *at_p = at + 1 + size;
    return true;
}

static bool
admit_secret_part(admit_t *self, const uint8_t **at_p, const uint8_t *end)
{
    const uint8_t *at = *at_p;
    return admit_part(self, at_p, end, A_BIN) && *at_p - at >= 16 && (*at_p)[-17] == 16;
}

/* [object], [object, typeid], or a foreign one's [object, typeid, secret, manager, endpoints(, stub)]. */
static bool
admit_handle(admit_t *self, const uint8_t **at_p, const uint8_t *end)
{
    uint64_t n;
    uint64_t number;
    if (!admit_array_part(self, at_p, end, &n) || !admit_uint_part(self, at_p, end, &number))
        return false;
    if (n == 1)
        return true;
    if ((n != 2 && n != 5 && n != 6) || !admit_part(self, at_p, end, A_STR))
        return false;
    if (n == 2)
        return true;
    uint64_t n_endpoints;
    for (int i = 0; i < 2; i++) { /* the secret, the manager */
        if (!admit_secret_part(self, at_p, end))
            return false;
    }
    if (!admit_array_part(self, at_p, end, &n_endpoints))
        return false;
    for (uint64_t i = 0; i < n_endpoints; i++) {
        if (!admit_part(self, at_p, end, A_STR))
            return false;
    }
    return n == 5 || admit_uint_part(self, at_p, end, &number);
}

static bool
admit_error(admit_t *self, const uint8_t **at_p, const uint8_t *end)
{
    uint64_t n;
    if (self->depth >= self->max_depth)
        return admit_break(self, too_deep);
    self->level[++self->depth] = 0;
    bool is_fine = admit_array_part(self, at_p, end, &n) && n == 3 &&
                   admit_part(self, at_p, end, A_STR) && admit_part(self, at_p, end, A_STR) &&
                   admit_part(self, at_p, end, (uint32_t)ANYTHING);
    self->depth--;
    return is_fine;
}

/* An ext: its payload's own faults are BadRequest, as its end is known; depth alone breaks the frame. */
static bool
admit_ext(admit_t *self, const uint8_t **at_p, const uint8_t *end)
{
    uint8_t code;
    size_t len;
    if (!admit_ext_head(self, at_p, end, &code, &len))
        return false;
    const uint8_t *at = *at_p;
    const uint8_t *stop = at + len;
    *at_p = stop;
    if (code >= 16 && code <= 127)
        return true;
    bool is_fine = false;
    uint64_t call = 0;
    if (code == 1) {
        self->tag |= HF_TAG_HANDLES;
        is_fine = admit_handle(self, &at, stop);
    } else if (code == 2) {
        self->tag |= HF_TAG_PROMISES;
        is_fine = admit_uint_part(self, &at, stop, &call) && call != 0;
    } else if (code == 3) {
        is_fine = admit_error(self, &at, stop);
    }
    if (self->broken == too_deep)
        return false;
    self->broken = NULL;
    if (!is_fine || at != stop)
        admit_fault(self, code == 0 || code > 3 ? "an ext of an unknown code"
                                                : "a handle, promise or error of another form");
    return true;
}

/* ---- items ---------------------------------------------------------------------------- */

static const char unhashable[] = "a map's key is not hashable";

static bool
admit_is_key(uint64_t level)
{
    return (level & LEVEL_MAP) != 0 ? (level & LEVEL_ITEM) == 0 : (level & LEVEL_KEY) != 0;
}

/* Opens a level for an array or map of `n`, which is not 0. */
static bool
admit_open(admit_t *self, uint64_t n, bool is_map, size_t rest)
{
    if (self->depth >= self->max_depth)
        return admit_break(self, too_deep);
    if (n > rest / (is_map ? 2 : 1))
        return admit_break(self, past_the_end);
    bool is_key = admit_is_key(self->level[self->depth]);
    if (is_key && is_map)
        admit_fault(self, unhashable);
    uint64_t bits = is_map ? LEVEL_MAP : is_key ? LEVEL_KEY : 0;
    self->level[++self->depth] = (is_map ? 2 * n : n) * LEVEL_ITEM | bits;
    return true;
}

/* An empty array or map: counts for depth, opens nothing. */
static bool
admit_empty(admit_t *self, bool is_map)
{
    if (self->depth >= self->max_depth)
        return admit_break(self, too_deep);
    if (is_map && admit_is_key(self->level[self->depth]))
        admit_fault(self, unhashable);
    return true;
}

static bool
admit_container(admit_t *self, const uint8_t **at_p, const uint8_t *end)
{
    const uint8_t *at = *at_p;
    uint8_t first = at[0];
    bool is_map = first < 0x90 || first >= 0xde;
    size_t size = first < 0xc0 ? 0 : (first & 1) == 0 ? 2 : 4;
    uint64_t n = first & 0x0fu;
    if (size != 0 && !admit_number(at, end, size, &n))
        return admit_break(self, past_the_end);
    if ((size != 0 && n < 16) || (size == 4 && n <= 0xffff))
        self->is_long = true;
    *at_p = at + 1 + size;
    return n == 0 ? admit_empty(self, is_map) : admit_open(self, n, is_map, (size_t)(end - *at_p));
}

static bool
admit_scalar(admit_t *self, const uint8_t **at_p, const uint8_t *end)
{
    const uint8_t *at = *at_p;
    uint8_t first = at[0];
    uint64_t number;
    switch (admit_class[first]) {
    case NUMBER:
        if (!admit_number(at, end, (size_t)1 << (first & 3), &number))
            return admit_break(self, past_the_end);
        if (!admit_is_short_int(first, number))
            self->is_long = true;
        *at_p = at + 1 + ((size_t)1 << (first & 3));
        return true;
    case FLOAT_32:
    case FLOAT_64:
        if ((size_t)(end - at) < (first == 0xca ? 5u : 9u))
            return admit_break(self, past_the_end);
        if (first == 0xca)
            self->is_long = true;
        *at_p = at + (first == 0xca ? 5 : 9);
        return true;
    case STR:
    case BIN:
        return admit_long_text(self, at_p, end);
    case FIX_EXT:
    case EXT:
        if (!admit_ext(self, at_p, end))
            return false;
        if (admit_is_key(self->level[self->depth]) &&
            hfi_ext_kind(at[first >= 0xd4 ? 1 : 1 + (1 << (first - 0xc7))]) != HF_HANDLE)
            admit_fault(self, unhashable);
        return true;
    default:
        return admit_break(self, "0xc1 begins no item");
    }
}

/* Items until the one that `base` waits for is done. The commonest are done on the spot; `level` is the
 * open level's number, in memory whenever another function looks. */
static const uint8_t *
admit_run(admit_t *self, const uint8_t *at, const uint8_t *end, uint32_t base)
{
    uint64_t level = self->level[base];
    while (at < end) {
        uint8_t first = *at;
        uint8_t class = admit_class[first];
        if (class <= SIMPLE) {
            at++;
        } else if (class == FIX_STR) {
            size_t len = first & 0x1fu;
            if (len >= (size_t)(end - at))
                break;
            if (!utf8_check_short(at + 1, len, end))
                admit_fault(self, bad_text);
            at += 1 + len;
        } else {
            uint32_t depth = self->depth;
            self->level[depth] = level;
            bool is_sound =
                class <= MAP ? admit_container(self, &at, end) : admit_scalar(self, &at, end);
            if (!is_sound)
                return NULL;
            if (self->depth != depth) {
                level = self->level[self->depth];
                continue;
            }
        }
        /* That item is done, and what it was the last of. */
        level -= LEVEL_ITEM;
        while (level < LEVEL_ITEM) {
            if (self->depth == base)
                return at;
            level = self->level[--self->depth] - LEVEL_ITEM;
        }
    }
    self->broken = past_the_end;
    return NULL;
}

/* One item with all that is inside it. The level that it is met in is lent to it and comes back. */
static bool
admit_items(admit_t *self, const uint8_t **at_p, const uint8_t *end)
{
    uint32_t base = self->depth;
    uint64_t saved = self->level[base];
    self->level[base] = LEVEL_ITEM | (saved & LEVEL_KEY);
    const uint8_t *at = admit_run(self, *at_p, end, base);
    self->depth = base;
    self->level[base] = saved;
    if (at == NULL)
        return false;
    *at_p = at;
    return true;
}

/* ---- writing again -------------------------------------------------------------------- */

static double
rewrite_float32(const uint8_t *at)
{
    uint32_t bits = hfi_load32(at);
    float narrow;
    memcpy(&narrow, &bits, sizeof narrow);
    return (double)narrow;
}

static void rewrite(hf_writer_t *w, const uint8_t *at, const uint8_t *end, bool is_value);

/* Writes an ext again, its payload too where the item is a value and the payload is items. */
static void
rewrite_ext(hf_writer_t *w, const uint8_t *payload, const hf_head_t *head, bool is_value)
{
    uint8_t code = (uint8_t)(head->bits & 0xff);
    if (!is_value || head->kind == HF_EXT) {
        if (hfi_write_ext_head(w, code, head->len))
            hfi_write_raw(w, payload, head->len);
        return;
    }
    size_t mark = hfi_ext_begin(w);
    rewrite(w, payload, payload + head->len, true);
    hfi_ext_end(w, mark, code);
}

/* Writes checked items again in shortest form: heads say counts, not bytes, so what is nested needs no
 * stack; only an ext recurses, and only into what admit_items recursed into. */
static void
rewrite(hf_writer_t *w, const uint8_t *at, const uint8_t *end, bool is_value)
{
    while (at < end) {
        hf_head_t head;
        hf_read_head(at, &head);
        const uint8_t *payload = at + head.size;
        if (at[0] == 0xca) {
            hf_write_float(w, rewrite_float32(at + 1));
            head.size = 5;
        } else if (head.kind == HF_INT && head.is_negative)
            hf_write_int(w, (int64_t)head.bits);
        else if (head.kind == HF_INT)
            hf_write_uint(w, head.bits);
        else if (head.kind == HF_STR)
            hf_write_str(w, (const char *)payload, head.len);
        else if (head.kind == HF_BYTES)
            hf_write_bytes(w, payload, head.len);
        else if (head.kind == HF_LIST)
            hf_write_list(w, head.items);
        else if (head.kind == HF_MAP)
            hf_write_map(w, head.items / 2);
        else if (head.kind >= HF_HANDLE)
            rewrite_ext(w, payload, &head, is_value);
        else
            hfi_write_raw(w, at, head.size);
        at += head.size + head.len;
    }
}

static bool
admit_rewrite(hfi_span_t bytes, bool is_value, hfi_bytes_t *scratch, hfi_span_t *ret_bytes)
{
    hfi_bytes_writer_t writer;
    hfi_bytes_writer_open(&writer, scratch);
    size_t start = scratch->len;
    rewrite(&writer.w, bytes.at, bytes.at + bytes.len, is_value);
    if (!hfi_bytes_writer_close(&writer))
        return false;
    *ret_bytes = (hfi_span_t){scratch->at + start, scratch->len - start};
    return true;
}

/* ---- the door ------------------------------------------------------------------------- */

hfi_admitted_t
hfi_admit(hfi_span_t *rest, uint64_t max_depth, hfi_bytes_t *scratch, hfi_item_t *ret_item)
{
    /* WALK call 4/9: bytes from outside become a value, or are refused */
    admit_t self;
    self.depth = 0;
    self.max_depth = max_depth > HFI_DEPTH_MAX ? HFI_DEPTH_MAX : (uint32_t)max_depth;
    self.tag = 0;
    self.is_long = false;
    self.fault = NULL;
    self.broken = NULL;
    self.level[0] = 0;
    const uint8_t *at = rest->at;
    if (rest->len > UINT32_MAX) {
        ret_item->fault = "4 GiB or more";
        return HFI_ADMIT_BAD_FRAME;
    }
    if (!admit_items(&self, &at, rest->at + rest->len)) {
        ret_item->fault = self.broken;
        return HFI_ADMIT_BAD_FRAME;
    }
    size_t len = (size_t)(at - rest->at);
    *ret_item = (hfi_item_t){{rest->at, len}, len, self.tag, self.fault};
    if (self.is_long &&
        !admit_rewrite(ret_item->bytes, self.fault == NULL, scratch, &ret_item->bytes)) {
        ret_item->fault = "no memory";
        return HFI_ADMIT_NO_MEMORY;
    }
    *rest = (hfi_span_t){at, rest->len - len};
    return self.fault == NULL ? HFI_ADMIT_OK : HFI_ADMIT_BAD_REQUEST;
}

hfi_admitted_t
hfi_admit_value(hfi_span_t bytes, uint64_t max_depth, hfi_bytes_t *scratch, hf_value_t *ret_value,
                const char **ret_fault)
{
    hfi_item_t item;
    hfi_span_t rest = bytes;
    hfi_admitted_t admitted = hfi_admit(&rest, max_depth, scratch, &item);
    if ((admitted == HFI_ADMIT_OK || admitted == HFI_ADMIT_BAD_REQUEST) && rest.len != 0) {
        admitted = HFI_ADMIT_BAD_FRAME;
        item.fault = "bytes behind the value";
    }
    if (admitted == HFI_ADMIT_OK)
        *ret_value = hfi_value_view(item.bytes, item.tag);
    else if (ret_fault != NULL)
        *ret_fault = item.fault;
    return admitted;
}
