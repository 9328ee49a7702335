/* SPDX-License-Identifier: MPL-2.0 */
/* set_ops -- a set's operators, its named operations, in place and not, and its comparisons.
 *
 * An operator wants sets: a plain set, which is an array, or a handle of one. A named operation takes any iterable.
 * Operands are read into tables of views first, so that what raises has changed nothing.
 */
#include "set.h"

#include <common/walk.h>
#include <common/words.h>

typedef enum ops_kind {
    OPS_AND,
    OPS_OR,
    OPS_SUB,
    OPS_RSUB,
    OPS_XOR,
} ops_kind_t;

/* ---- operands -------------------------------------------------------------------------- */

/* Reads an operator's operand; raises TypeError where it is no set. `is_right`: the set itself is on the left. */
static hf_err_t
ops_operand(hf_call_t *call, const char *symbol, bool is_right, hfi_table_t *views)
{
    const hf_value_t *other = hf_arg(call, 0);
    hf_value_t plain = {.raw = {0}};
    if (hfi_plain(call, other, &plain) != HF_OK)
        return HF_RAISED;
    if (hf_kind(&plain) == HF_LIST)
        return hfi_set_view(call, views, &plain);
    hfi_word_t word = hfi_word_of(other);
    if (symbol[0] == '<' || symbol[0] == '>')
        return HF_RAISE(call, "TypeError",
                        "'%s' not supported between instances of 'set' and '%.*s'", symbol,
                        word.len, word.at);
    if (is_right)
        return HF_RAISE(call, "TypeError", "unsupported operand type(s) for %s: 'set' and '%.*s'",
                        symbol, word.len, word.at);
    return HF_RAISE(call, "TypeError", "unsupported operand type(s) for %s: '%.*s' and 'set'",
                    symbol, word.len, word.at);
}

/* Adds the entries of `from` that `in` has, or has not, to a table of views. */
static hf_err_t
ops_select(hf_call_t *call, hfi_table_t *to, const hfi_table_t *from, const hfi_table_t *in,
           bool has)
{
    if (hfi_table_reserve(call, to, from->count) != HF_OK)
        return HF_RAISED;
    for (uint32_t k = hfi_table_from(from, 0); k != HFI_NO_PLACE; k = hfi_table_from(from, k + 1)) {
        const hfi_entry_t *entry = &from->entries[k];
        if (hfi_set_has(call, in, entry) == has)
            hfi_table_add(to, entry->hash, entry->key, entry->value);
    }
    return HF_OK;
}

/* Reads all of *others into one table of views. */
static hf_err_t
ops_all_others(hf_call_t *call, hfi_table_t *views)
{
    hf_cursor_t others;
    hf_value_t other = {.raw = {0}};
    hf_open(&others, hf_arg(call, 0));
    while (hf_next(&others, &other)) {
        if (hfi_set_view(call, views, &other) != HF_OK)
            return HF_RAISED;
    }
    return HF_OK;
}

/* ---- plain sets ------------------------------------------------------------------------ */

static hf_err_t
ops_return(hf_call_t *call, hf_err_t err, hfi_table_t *result, hfi_table_t *views)
{
    hf_writer_t *w = err == HF_OK ? hf_return_writer(call) : NULL;
    if (err == HF_OK && w == NULL)
        err = HF_RAISED;
    if (err == HF_OK) {
        hfi_set_write(result, w);
        err = hf_return_written(call);
    }
    hfi_table_forget(call, result);
    hfi_table_forget(call, views);
    return err;
}

/* Puts into `result` what the operation makes of the set and the other one. */
static hf_err_t
ops_combine(hf_call_t *call, const hfi_table_t *table, ops_kind_t kind, const hfi_table_t *other,
            hfi_table_t *result)
{
    switch (kind) {
    case OPS_AND:
        return ops_select(call, result, table, other, true);
    case OPS_SUB:
        return ops_select(call, result, table, other, false);
    case OPS_RSUB:
        return ops_select(call, result, other, table, false);
    case OPS_OR: {
        static const hfi_table_t nothing = {.epoch = 0};
        hf_err_t err = ops_select(call, result, table, &nothing, false);
        return err == HF_OK ? ops_select(call, result, other, table, false) : err;
    }
    case OPS_XOR: {
        hf_err_t err = ops_select(call, result, table, other, false);
        return err == HF_OK ? ops_select(call, result, other, table, false) : err;
    }
    }
    return HF_RAISED;
}

static hf_err_t
ops_operator(hf_call_t *call, const hfi_set_t *self, ops_kind_t kind, const char *symbol,
             bool is_right)
{
    hfi_table_t views = {.epoch = 0};
    hfi_table_t result = {.epoch = 0};
    hf_err_t err = ops_operand(call, symbol, is_right, &views);
    if (err == HF_OK)
        err = ops_combine(call, &self->table, kind, &views, &result);
    return ops_return(call, err, &result, &views);
}

hf_err_t
hfi_set_and(hf_call_t *call, void *state)
{
    return ops_operator(call, state, OPS_AND, "&", true);
}

hf_err_t
hfi_set_rand(hf_call_t *call, void *state)
{
    return ops_operator(call, state, OPS_AND, "&", false);
}

hf_err_t
hfi_set_or(hf_call_t *call, void *state)
{
    return ops_operator(call, state, OPS_OR, "|", true);
}

hf_err_t
hfi_set_ror(hf_call_t *call, void *state)
{
    return ops_operator(call, state, OPS_OR, "|", false);
}

hf_err_t
hfi_set_sub(hf_call_t *call, void *state)
{
    return ops_operator(call, state, OPS_SUB, "-", true);
}

hf_err_t
hfi_set_rsub(hf_call_t *call, void *state)
{
    return ops_operator(call, state, OPS_RSUB, "-", false);
}

hf_err_t
hfi_set_xor(hf_call_t *call, void *state)
{
    return ops_operator(call, state, OPS_XOR, "^", true);
}

hf_err_t
hfi_set_rxor(hf_call_t *call, void *state)
{
    return ops_operator(call, state, OPS_XOR, "^", false);
}

hf_err_t
hfi_set_union(hf_call_t *call, void *state)
{
    const hfi_set_t *self = state;
    hfi_table_t views = {.epoch = 0};
    hfi_table_t result = {.epoch = 0};
    hf_err_t err = ops_all_others(call, &views);
    if (err == HF_OK)
        err = ops_combine(call, &self->table, OPS_OR, &views, &result);
    return ops_return(call, err, &result, &views);
}

hf_err_t
hfi_set_difference(hf_call_t *call, void *state)
{
    const hfi_set_t *self = state;
    hfi_table_t views = {.epoch = 0};
    hfi_table_t result = {.epoch = 0};
    hf_err_t err = ops_all_others(call, &views);
    if (err == HF_OK)
        err = ops_combine(call, &self->table, OPS_SUB, &views, &result);
    return ops_return(call, err, &result, &views);
}

/* Puts into `result` the elements that every one of *others gives. */
static hf_err_t
ops_intersect(hf_call_t *call, const hfi_table_t *table, hfi_table_t *result)
{
    static const hfi_table_t nothing = {.epoch = 0};
    hf_cursor_t others;
    hf_value_t other = {.raw = {0}};
    hf_err_t err = ops_select(call, result, table, &nothing, false);
    hf_open(&others, hf_arg(call, 0));
    while (err == HF_OK && hf_next(&others, &other)) {
        hfi_table_t views = {.epoch = 0};
        hfi_table_t fewer = {.epoch = 0};
        err = hfi_set_view(call, &views, &other);
        if (err == HF_OK)
            err = ops_select(call, &fewer, result, &views, true);
        hfi_table_forget(call, &views);
        hfi_table_forget(call, result);
        *result = fewer;
    }
    return err;
}

hf_err_t
hfi_set_intersection(hf_call_t *call, void *state)
{
    const hfi_set_t *self = state;
    hfi_table_t nothing = {.epoch = 0};
    hfi_table_t result = {.epoch = 0};
    hf_err_t err = ops_intersect(call, &self->table, &result);
    return ops_return(call, err, &result, &nothing);
}

hf_err_t
hfi_set_symmetric_difference(hf_call_t *call, void *state)
{
    const hfi_set_t *self = state;
    hfi_table_t views = {.epoch = 0};
    hfi_table_t result = {.epoch = 0};
    hf_err_t err = hfi_set_view(call, &views, hf_arg(call, 0));
    if (err == HF_OK)
        err = ops_combine(call, &self->table, OPS_XOR, &views, &result);
    return ops_return(call, err, &result, &views);
}

/* ---- in place -------------------------------------------------------------------------- */

/* Drops the elements that `in` has, or has not. */
static void
ops_drop(hf_call_t *call, hfi_table_t *table, const hfi_table_t *in, bool has)
{
    uint32_t place = hfi_table_from(table, 0);
    while (place != HFI_NO_PLACE) {
        uint32_t epoch = table->epoch;
        if (hfi_set_has(call, in, &table->entries[place]) == has)
            hfi_table_drop(call, table, place);
        /* Where dropping has made the table anew, those passed are met again: they are not dropped again. */
        place = hfi_table_from(table, table->epoch == epoch ? place + 1 : 0);
    }
}

/* Ends an operation in place: nil, or what went wrong. */
static hf_err_t
ops_done(hf_call_t *call, hf_err_t err, hfi_table_t *views)
{
    hfi_table_forget(call, views);
    return err == HF_OK ? hf_return_nil(call) : err;
}

static hf_err_t
ops_ixor(hf_call_t *call, hfi_table_t *table, const hfi_table_t *views)
{
    hfi_table_t both = {.epoch = 0};
    hf_err_t err = ops_select(call, &both, views, table, true);
    if (err == HF_OK)
        err = hfi_set_take_in(call, table, views);
    if (err == HF_OK)
        ops_drop(call, table, &both, true);
    hfi_table_forget(call, &both);
    return err;
}

hf_err_t
hfi_set_iand(hf_call_t *call, void *state)
{
    hfi_table_t views = {.epoch = 0};
    hf_err_t err = ops_operand(call, "&=", true, &views);
    if (err == HF_OK)
        ops_drop(call, &((hfi_set_t *)state)->table, &views, false);
    return ops_done(call, err, &views);
}

hf_err_t
hfi_set_ior(hf_call_t *call, void *state)
{
    hfi_table_t views = {.epoch = 0};
    hf_err_t err = ops_operand(call, "|=", true, &views);
    if (err == HF_OK)
        err = hfi_set_take_in(call, &((hfi_set_t *)state)->table, &views);
    return ops_done(call, err, &views);
}

hf_err_t
hfi_set_isub(hf_call_t *call, void *state)
{
    hfi_table_t views = {.epoch = 0};
    hf_err_t err = ops_operand(call, "-=", true, &views);
    if (err == HF_OK)
        ops_drop(call, &((hfi_set_t *)state)->table, &views, true);
    return ops_done(call, err, &views);
}

hf_err_t
hfi_set_ixor(hf_call_t *call, void *state)
{
    hfi_table_t views = {.epoch = 0};
    hf_err_t err = ops_operand(call, "^=", true, &views);
    if (err == HF_OK)
        err = ops_ixor(call, &((hfi_set_t *)state)->table, &views);
    return ops_done(call, err, &views);
}

hf_err_t
hfi_set_update(hf_call_t *call, void *state)
{
    hfi_table_t views = {.epoch = 0};
    hf_err_t err = ops_all_others(call, &views);
    if (err == HF_OK)
        err = hfi_set_take_in(call, &((hfi_set_t *)state)->table, &views);
    return ops_done(call, err, &views);
}

hf_err_t
hfi_set_difference_update(hf_call_t *call, void *state)
{
    hfi_table_t views = {.epoch = 0};
    hf_err_t err = ops_all_others(call, &views);
    if (err == HF_OK)
        ops_drop(call, &((hfi_set_t *)state)->table, &views, true);
    return ops_done(call, err, &views);
}

hf_err_t
hfi_set_intersection_update(hf_call_t *call, void *state)
{
    hfi_table_t *table = &((hfi_set_t *)state)->table;
    hfi_table_t left = {.epoch = 0};
    hf_err_t err = ops_intersect(call, table, &left);
    if (err == HF_OK)
        ops_drop(call, table, &left, false);
    return ops_done(call, err, &left);
}

hf_err_t
hfi_set_symmetric_difference_update(hf_call_t *call, void *state)
{
    hfi_table_t views = {.epoch = 0};
    hf_err_t err = hfi_set_view(call, &views, hf_arg(call, 0));
    if (err == HF_OK)
        err = ops_ixor(call, &((hfi_set_t *)state)->table, &views);
    return ops_done(call, err, &views);
}

/* ---- comparisons ----------------------------------------------------------------------- */

/* How many of the table's elements the other has. */
static uint32_t
ops_n_shared(hf_call_t *call, const hfi_table_t *table, const hfi_table_t *other)
{
    uint32_t n = 0;
    for (uint32_t k = hfi_table_from(table, 0); k != HFI_NO_PLACE; k = hfi_table_from(table, k + 1))
        n += hfi_set_has(call, other, &table->entries[k]);
    return n;
}

/* Reads the operand (of an operator, or any iterable where symbol is NULL) and counts. */
static hf_err_t
ops_count(hf_call_t *call, const hfi_set_t *self, const char *symbol, uint32_t *ret_other,
          uint32_t *ret_shared)
{
    hfi_table_t views = {.epoch = 0};
    hf_err_t err = symbol == NULL ? hfi_set_view(call, &views, hf_arg(call, 0))
                                  : ops_operand(call, symbol, true, &views);
    *ret_other = views.count;
    *ret_shared = err == HF_OK ? ops_n_shared(call, &self->table, &views) : 0;
    hfi_table_forget(call, &views);
    return err;
}

static hf_err_t
ops_is_subset(hf_call_t *call, const hfi_set_t *self, const char *symbol, bool is_proper)
{
    uint32_t other = 0;
    uint32_t shared = 0;
    if (ops_count(call, self, symbol, &other, &shared) != HF_OK)
        return HF_RAISED;
    return hf_return_bool(call, shared == self->table.count &&
                                    !(is_proper && other == self->table.count));
}

static hf_err_t
ops_is_superset(hf_call_t *call, const hfi_set_t *self, const char *symbol, bool is_proper)
{
    uint32_t other = 0;
    uint32_t shared = 0;
    if (ops_count(call, self, symbol, &other, &shared) != HF_OK)
        return HF_RAISED;
    return hf_return_bool(call, shared == other && !(is_proper && other == self->table.count));
}

hf_err_t
hfi_set_le(hf_call_t *call, void *state)
{
    return ops_is_subset(call, state, "<=", false);
}

hf_err_t
hfi_set_lt(hf_call_t *call, void *state)
{
    return ops_is_subset(call, state, "<", true);
}

hf_err_t
hfi_set_ge(hf_call_t *call, void *state)
{
    return ops_is_superset(call, state, ">=", false);
}

hf_err_t
hfi_set_gt(hf_call_t *call, void *state)
{
    return ops_is_superset(call, state, ">", true);
}

hf_err_t
hfi_set_issubset(hf_call_t *call, void *state)
{
    return ops_is_subset(call, state, NULL, false);
}

/* Answers false at the first item of the iterable that is there, or is not, else true: as CPython's, no further. */
static hf_err_t
ops_until(hf_call_t *call, const hfi_set_t *self, bool is_there)
{
    hfi_walk_t walk;
    hf_value_t item = {.raw = {0}};
    uint64_t hash = 0;
    if (hfi_walk_open(call, hf_arg(call, 0), &walk) != HF_OK)
        return HF_RAISED;
    while (hfi_walk_next(&walk, &item)) {
        if (hfi_hash_key(call, &item, &hash) != HF_OK)
            return HF_RAISED;
        if ((hfi_table_find(call, &self->table, &item, hash) != HFI_NO_PLACE) == is_there)
            return hf_return_bool(call, false);
    }
    return hf_return_bool(call, true);
}

hf_err_t
hfi_set_issuperset(hf_call_t *call, void *state)
{
    return ops_until(call, state, false);
}

hf_err_t
hfi_set_isdisjoint(hf_call_t *call, void *state)
{
    return ops_until(call, state, true);
}
