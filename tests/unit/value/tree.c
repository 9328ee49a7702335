/* SPDX-License-Identifier: MPL-2.0 */
/* tree -- see tree.h */
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <value/writer.h>

uint64_t
tree_random(uint64_t *seed)
{
    *seed += 0x9e3779b97f4a7c15u;
    uint64_t z = *seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t
below(uint64_t *seed, uint64_t n)
{
    return tree_random(seed) % n;
}

static void *
allocate(size_t n)
{
    void *block = calloc(1, n == 0 ? 1 : n);
    if (block == NULL)
        abort();
    return block;
}

static node_t *
node_new(hf_kind_t kind)
{
    node_t *node = allocate(sizeof *node);
    node->kind = kind;
    return node;
}

static void
node_set_text(node_t *node, const char *text, size_t len)
{
    free(node->text);
    node->text = allocate(len + 1);
    memcpy(node->text, text, len);
    node->len = len;
}

/* Numbers around all the borders where an encoding changes. */
static uint64_t
random_bits(uint64_t *seed)
{
    uint64_t power = (uint64_t)1 << below(seed, 64);
    return power - 2 + below(seed, 4);
}

static node_t *
random_int(uint64_t *seed)
{
    node_t *node = node_new(HF_INT);
    node->bits = below(seed, 2) == 0 ? below(seed, 10) : random_bits(seed);
    if (below(seed, 2) == 0 && node->bits != 0) {
        node->is_negative = true;
        node->bits = ~(node->bits >> 1);
    }
    return node;
}

static node_t *
random_float(uint64_t *seed, bool with_nan)
{
    static const double some[] = {0.0,
                                  -0.0,
                                  1.0,
                                  1.5,
                                  0.1,
                                  1e15,
                                  1e16,
                                  1e17,
                                  1e-4,
                                  1e-5,
                                  5e-324,
                                  1e308,
                                  2.5e22,
                                  1e23,
                                  9.5e-7,
                                  123456.0,
                                  2.0,
                                  -1.0,
                                  4294967296.0,
                                  9007199254740993.0,
                                  9223372036854775808.0,
                                  18446744073709551616.0,
                                  1.7976931348623157e308,
                                  2.2250738585072014e-308};
    node_t *node = node_new(HF_FLOAT);
    uint64_t bits = tree_random(seed);
    switch (below(seed, 6)) {
    case 0:
        memcpy(&node->number, &bits, sizeof bits);
        break;
    case 1: /* a power of two: the doubles around it are not evenly spread */
        bits &= 0x7ff0000000000000u;
        memcpy(&node->number, &bits, sizeof bits);
        break;
    case 2:
        node->number = (double)(int64_t)random_bits(seed);
        break;
    case 3:
        node->number = (double)(bits % 100000) / 100.0;
        break;
    default:
        node->number = some[below(seed, sizeof some / sizeof some[0])];
        break;
    }
    if (node->number != node->number && !with_nan)
        node->number = 0.5;
    return node;
}

static node_t *
random_text(uint64_t *seed, hf_kind_t kind)
{
    static const char *const some[] = {"a",  "b",        "'",        "\"",       "\\", "\n", "\t",
                                       "\r", "\x01",     "\x7f",     " ",        "{",  "$",  "é",
                                       "ÿ",  "\xc2\x80", "\xc2\xa0", "\xc2\xad", "Ā",  "€",  "𝄞"};
    static const size_t lengths[] = {0, 1, 2, 3, 5, 7, 8, 14, 15, 16, 31, 32, 33, 255, 256, 300};
    size_t want = lengths[below(seed, below(seed, 8) == 0 ? 16 : 10)];
    char text[512];
    size_t len = 0;
    while (len < want) {
        const char *piece = some[below(seed, kind == HF_STR ? 21 : 11)];
        if (below(seed, 2) == 0)
            piece = "x";
        memcpy(text + len, piece, strlen(piece));
        len += strlen(piece);
        if (kind != HF_STR && below(seed, 4) == 0)
            text[len - 1] = (char)tree_random(seed);
        else if (below(seed, 50) == 0)
            text[len++] = '\0';
    }
    node_t *node = node_new(kind);
    node_set_text(node, text, len);
    return node;
}

static node_t *
random_handle(uint64_t *seed)
{
    node_t *node = node_new(HF_HANDLE);
    node->bits = below(seed, 3) == 0 ? random_bits(seed) : below(seed, 4);
    if (below(seed, 4) != 0)
        node_set_text(node, below(seed, 2) == 0 ? "list" : "Queue", below(seed, 2) == 0 ? 4 : 3);
    return node;
}

static node_t *random_node(uint64_t *seed, tree_options_t options);

/* Keys of one map differ: each has its number in it. */
static node_t *
random_key(uint64_t *seed, size_t number)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%zu%.*s", number, (int)below(seed, 20),
                       "'aaaaaaaaaaaaaaaaaaaaaa");
    node_t *key = node_new(HF_INT);
    switch (below(seed, 6)) {
    case 0:
        key->bits = number;
        return key;
    case 1:
        key->kind = HF_FLOAT;
        key->number = (double)number;
        return key;
    case 2:
        key->kind = HF_BYTES;
        node_set_text(key, text, (size_t)len);
        return key;
    case 3:
        key->kind = HF_LIST;
        key->n = below(seed, 3) + 1;
        key->child = allocate(key->n * sizeof(node_t *));
        for (size_t i = 0; i < key->n; i++) {
            key->child[i] = node_new(HF_INT);
            key->child[i]->bits = number;
        }
        return key;
    default:
        key->kind = HF_STR;
        node_set_text(key, text, (size_t)len);
        return key;
    }
}

static void
random_children(node_t *node, uint64_t *seed, tree_options_t options)
{
    static const size_t lengths[] = {0, 1, 2, 3, 4, 5, 9, 15, 16, 17};
    size_t n = lengths[below(seed, options.depth > 2 ? 6 : 10)];
    options.depth--;
    node->n = node->kind == HF_MAP ? 2 * n : node->kind == HF_ERROR ? 3 : n;
    node->child = allocate(node->n * sizeof(node_t *));
    for (size_t i = 0; i < node->n; i++) {
        if (node->kind == HF_MAP && i % 2 == 0)
            node->child[i] = random_key(seed, i / 2 + 2);
        else if (node->kind == HF_ERROR && i < 2)
            node->child[i] = random_text(seed, HF_STR);
        else
            node->child[i] = random_node(seed, options);
    }
}

static node_t *
random_node(uint64_t *seed, tree_options_t options)
{
    node_t *node;
    uint64_t kind = below(seed, options.with_ext ? 14 : 10);
    if (options.depth == 0 && (kind == 7 || kind == 8 || kind == 9 || kind == 13))
        kind = 1;
    switch (kind) {
    case 0:
        return node_new(HF_NIL);
    case 1:
        node = node_new(HF_BOOL);
        node->bits = below(seed, 2);
        return node;
    case 2:
    case 3:
        return random_int(seed);
    case 4:
        return random_float(seed, options.with_nan);
    case 5:
        return random_text(seed, HF_STR);
    case 6:
        return random_text(seed, HF_BYTES);
    case 10:
        return random_handle(seed);
    case 11:
        node = node_new(HF_PROMISE);
        node->bits = below(seed, 2) == 0 ? below(seed, 9) + 1 : random_bits(seed) | 1;
        return node;
    case 12:
        node = random_text(seed, HF_BYTES);
        node->kind = HF_EXT;
        node->bits = 16 + below(seed, 112);
        return node;
    default:
        node = node_new(kind == 13 ? HF_ERROR : kind == 9 ? HF_MAP : HF_LIST);
        random_children(node, seed, options);
        return node;
    }
}

node_t *
tree_new(uint64_t *seed, tree_options_t options)
{
    return random_node(seed, options);
}

void
tree_destroy(node_t **self_p)
{
    node_t *self = *self_p;
    if (self == NULL)
        return;
    for (size_t i = 0; i < self->n; i++)
        tree_destroy(&self->child[i]);
    free(self->child);
    free(self->text);
    free(self);
    *self_p = NULL;
}

/* The same number in another kind, where there is one. */
static void
vary_number(node_t *node, uint64_t *seed)
{
    if (node->kind == HF_BOOL) {
        node->kind = HF_INT;
    } else if (node->kind == HF_INT && node->bits < 2 && below(seed, 2) == 0) {
        node->kind = HF_BOOL;
    } else if (node->kind == HF_INT) {
        node->kind = HF_FLOAT;
        node->number = node->is_negative ? (double)(int64_t)node->bits : (double)node->bits;
    } else if (node->kind == HF_FLOAT && node->number >= 0.0 && node->number < 1e18) {
        node->kind = HF_INT;
        node->bits = (uint64_t)node->number;
    }
}

static void
shuffle_pairs(node_t *node, uint64_t *seed)
{
    for (size_t i = node->n / 2; i > 1; i--) {
        size_t k = below(seed, i);
        for (size_t side = 0; side < 2; side++) {
            node_t *kept = node->child[2 * (i - 1) + side];
            node->child[2 * (i - 1) + side] = node->child[2 * k + side];
            node->child[2 * k + side] = kept;
        }
    }
}

/* A key is not changed, lest it equal another: only its kind of number. */
static node_t *
variant(const node_t *self, bool is_key, uint64_t *seed)
{
    node_t *node = node_new(self->kind);
    *node = *self;
    node->text = NULL;
    if (self->text != NULL)
        node_set_text(node, self->text, self->len);
    node->child = allocate(self->n * sizeof(node_t *));
    for (size_t i = 0; i < self->n; i++)
        node->child[i] =
            variant(self->child[i], is_key || (node->kind == HF_MAP && i % 2 == 0), seed);
    if (below(seed, 4) == 0)
        vary_number(node, seed);
    if (node->kind == HF_MAP && below(seed, 2) == 0)
        shuffle_pairs(node, seed);
    if (is_key)
        return node;
    if (node->kind == HF_STR && node->text != NULL && node->len > 0 &&
        (uint8_t)node->text[0] < 0x80 && below(seed, 60) == 0)
        node->text[0] = 'z';
    if (node->kind == HF_INT && below(seed, 60) == 0)
        node->bits ^= 1;
    return node;
}

node_t *
tree_variant(const node_t *self, uint64_t *seed)
{
    return variant(self, false, seed);
}

void
tree_write(const node_t *self, hf_writer_t *w)
{
    size_t mark;
    switch (self->kind) {
    case HF_BOOL:
        hf_write_bool(w, self->bits != 0);
        return;
    case HF_INT:
        if (self->is_negative)
            hf_write_int(w, (int64_t)self->bits);
        else
            hf_write_uint(w, self->bits);
        return;
    case HF_FLOAT:
        hf_write_float(w, self->number);
        return;
    case HF_STR:
        hf_write_str(w, self->text, self->len);
        return;
    case HF_BYTES:
        hf_write_bytes(w, self->text, self->len);
        return;
    case HF_HANDLE:
        hf_write_handle(w, self->bits, self->text, self->len);
        return;
    case HF_PROMISE:
        hf_write_promise(w, self->bits);
        return;
    case HF_EXT:
        hf_write_ext(w, (uint8_t)self->bits, self->text, self->len);
        return;
    case HF_ERROR:
        mark = hfi_ext_begin(w);
        hf_write_list(w, 3);
        for (size_t i = 0; i < self->n; i++)
            tree_write(self->child[i], w);
        hfi_ext_end(w, mark, 3);
        return;
    case HF_LIST:
    case HF_MAP:
        if (self->kind == HF_MAP)
            hf_write_map(w, self->n / 2);
        else
            hf_write_list(w, self->n);
        for (size_t i = 0; i < self->n; i++)
            tree_write(self->child[i], w);
        return;
    default:
        hf_write_nil(w);
        return;
    }
}
