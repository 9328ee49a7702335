/* SPDX-License-Identifier: MPL-2.0 */
/* python_oracle -- the C half of python_oracle.py: random values, and what we say of them.
 *
 * Arguments: how many, seed. Out, one line each, bytes in hex:
 *   R value repr
 *   C a b equal order hashable_a hashable_b same_hash     (order: -1, 0, 1, or x: not ordered)
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <value/compare.h>
#include <value/repr.h>
#include <value/value.h>
#include <value/writer.h>

#include "tree.h"

static void
say_hex(const uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        (void)printf("%02x", at[i]);
    (void)putchar(' ');
}

static hf_value_t
value_of(const node_t *tree)
{
    hfi_builder_t builder;
    hf_value_t value;
    hfi_builder_open(&builder, 0);
    tree_write(tree, &builder.w);
    if (!hfi_builder_take(&builder, &value))
        abort();
    return value;
}

static void
say_repr(const hf_value_t *value)
{
    hfi_bytes_t text = {0};
    if (!hfi_repr(value, &text))
        abort();
    (void)printf("R ");
    say_hex(hf_bytes_of(value), hf_len_of(value));
    say_hex(text.at, text.len);
    (void)putchar('\n');
    hfi_bytes_close(&text);
}

static void
say_pair(const hf_value_t *a, const hf_value_t *b)
{
    static const hfi_siphash_key_t key = {"0123456789abcde"};
    int order = 0;
    uint64_t a_hash = 0;
    uint64_t b_hash = 0;
    bool is_ordered = hfi_compare(a, b, &order);
    bool is_a = hfi_hash(&key, a, &a_hash);
    bool is_b = hfi_hash(&key, b, &b_hash);
    if (is_a != hfi_is_hashable(a))
        abort();
    (void)printf("C ");
    say_hex(hf_bytes_of(a), hf_len_of(a));
    say_hex(hf_bytes_of(b), hf_len_of(b));
    (void)printf("%d ", hfi_equal(a, b));
    (void)printf(is_ordered ? "%d " : "x ", order);
    (void)printf("%d %d %d\n", is_a, is_b, is_a && is_b && a_hash == b_hash);
}

int
main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    long n = strtol(argv[1], NULL, 10);
    uint64_t seed = strtoull(argv[2], NULL, 10);
    for (long i = 0; i < n; i++) {
        tree_options_t options = {
            .with_ext = i % 3 == 0, .with_nan = i % 4 == 0, .depth = (unsigned)(i % 4)};
        node_t *tree = tree_new(&seed, options);
        node_t *other = i % 5 == 0 ? tree_new(&seed, options) : tree_variant(tree, &seed);
        hf_value_t a = value_of(tree);
        hf_value_t b = value_of(other);
        say_repr(&a);
        say_pair(&a, &b);
        hfi_value_drop(&a);
        hfi_value_drop(&b);
        tree_destroy(&tree);
        tree_destroy(&other);
    }
    return 0;
}
