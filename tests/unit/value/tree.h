/* SPDX-License-Identifier: MPL-2.0 */
/* tree -- random values for tests, kept apart from the code under test: a tree of nodes that both our
 * writer and msgpack-c can write. */
#ifndef HFT_TREE_H
#define HFT_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <holdfast/value.h>

typedef struct node {
    hf_kind_t kind;
    bool is_negative; /* int */
    uint64_t bits;    /* int, bool; handle: object; promise: call; ext: code */
    double number;    /* float */
    char *text;       /* str, bytes, ext; handle: typeid */
    size_t len;
    struct node **child; /* list: n; map: 2n; error: 3 */
    size_t n;
} node_t;

typedef struct tree_options {
    bool with_ext; /* handles, promises, errors, ext */
    bool with_nan;
    unsigned depth;
} tree_options_t;

uint64_t tree_random(uint64_t *seed);

node_t *tree_new(uint64_t *seed, tree_options_t options);
void tree_destroy(node_t **self_p);

/* Another tree that is mostly, not always, equal: 1 for 1.0, maps in another order, a change here and there. */
node_t *tree_variant(const node_t *self, uint64_t *seed);

void tree_write(const node_t *self, hf_writer_t *w);

#endif
