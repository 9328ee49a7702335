/* SPDX-License-Identifier: MPL-2.0 */
/* ranking -- see ranking.h */
#include "ranking.h"

#include <string.h>

enum { RANKING_LEAST = 16, RANKING_MOST = 0x10000000 };

/* Whether the node ranks before that score and name. */
static bool
ranking_is_before(const hfi_ranked_t *node, double score, const hf_value_t *name)
{
    if (node->score > score || node->score < score)
        return node->score > score;
    size_t len = 0;
    size_t other_len = 0;
    const char *text = hf_as_str(&node->name, &len);
    const char *other = hf_as_str(name, &other_len);
    int order = memcmp(text, other, len < other_len ? len : other_len);
    return order != 0 ? order < 0 : len < other_len;
}

static hf_err_t
ranking_reserve(hf_call_t *call, hfi_ranking_t *self)
{
    if (self->free != 0 || self->used < self->room)
        return HF_OK;
    if (self->room >= RANKING_MOST)
        return HF_RAISE(call, "LimitExceeded", "more than %d names in one place",
                        (int)RANKING_MOST);
    uint32_t room = self->room == 0 ? RANKING_LEAST : self->room * 2;
    hfi_ranked_t *nodes = hf_realloc(call, self->nodes, room * sizeof *nodes);
    if (nodes == NULL)
        return HF_RAISED;
    if (self->used == 0)
        memset(&nodes[self->used++], 0, sizeof *nodes);
    self->nodes = nodes;
    self->room = room;
    return HF_OK;
}

static uint32_t
ranking_take_node(hfi_ranking_t *self)
{
    uint32_t k = self->free;
    if (k == 0)
        return self->used++;
    self->free = self->nodes[k].side[0];
    return k;
}

/* How many below the node `k` (itself included) rank before that. */
static uint32_t
ranking_before(const hfi_ranking_t *self, uint32_t k, double score, const hf_value_t *name)
{
    uint32_t n = 0;
    while (k != 0) {
        const hfi_ranked_t *node = &self->nodes[k];
        bool is_before = ranking_is_before(node, score, name);
        if (is_before)
            n += 1 + self->nodes[node->side[0]].count;
        k = node->side[is_before];
    }
    return n;
}

/* Parts what is below `k` into what ranks before the node `by` and what ranks behind it, as its two sides. What hangs
 * on the way down has as many below it as are not yet handed out on its side. */
static void
ranking_part(hfi_ranking_t *self, uint32_t k, uint32_t by)
{
    hfi_ranked_t *middle = &self->nodes[by];
    uint32_t left[2];
    uint32_t *link[2] = {&middle->side[0], &middle->side[1]};
    left[0] = ranking_before(self, k, middle->score, &middle->name);
    left[1] = self->nodes[k].count - left[0];
    middle->count = self->nodes[k].count + 1;
    while (k != 0) {
        hfi_ranked_t *node = &self->nodes[k];
        int side = ranking_is_before(node, middle->score, &middle->name) ? 0 : 1;
        node->count = left[side];
        left[side] -= 1 + self->nodes[node->side[side]].count;
        *link[side] = k;
        link[side] = &node->side[1 - side];
        k = node->side[1 - side];
    }
    *link[0] = 0;
    *link[1] = 0;
}

static void
ranking_add(hf_call_t *call, hfi_ranking_t *self, double score, hf_value_t name)
{
    uint32_t *link = &self->root;
    uint32_t by = ranking_take_node(self);
    uint64_t chance = hf_random(call);
    self->nodes[by] = (hfi_ranked_t){.score = score, .name = name, .chance = chance};
    while (*link != 0 && self->nodes[*link].chance >= chance) {
        hfi_ranked_t *node = &self->nodes[*link];
        node->count++;
        link = &node->side[ranking_is_before(node, score, &name)];
    }
    ranking_part(self, *link, by);
    *link = by;
}

/* Hangs two subtrees, all of the one before all of the other, where `link` is. */
static void
ranking_join(hfi_ranking_t *self, uint32_t *link, uint32_t before, uint32_t behind)
{
    while (before != 0 && behind != 0) {
        hfi_ranked_t *first = &self->nodes[before];
        hfi_ranked_t *second = &self->nodes[behind];
        if (first->chance >= second->chance) {
            first->count += second->count;
            *link = before;
            link = &first->side[1];
            before = *link;
        } else {
            second->count += first->count;
            *link = behind;
            link = &second->side[0];
            behind = *link;
        }
    }
    *link = before != 0 ? before : behind;
}

static void
ranking_remove(hfi_ranking_t *self, double score, const hf_value_t *name)
{
    uint32_t *link = &self->root;
    uint32_t place = ranking_before(self, self->root, score, name);
    for (;;) {
        hfi_ranked_t *node = &self->nodes[*link];
        uint32_t before = self->nodes[node->side[0]].count;
        if (place == before)
            break;
        node->count--;
        link = &node->side[place > before];
        place -= place > before ? before + 1 : 0;
    }
    uint32_t k = *link;
    ranking_join(self, link, self->nodes[k].side[0], self->nodes[k].side[1]);
    self->nodes[k] = (hfi_ranked_t){.side = {self->free, 0}};
    self->free = k;
}

uint32_t
hfi_ranking_place(const hfi_ranking_t *self, double score, const hf_value_t *name)
{
    return ranking_before(self, self->root, score, name);
}

const hfi_ranked_t *
hfi_ranking_at(const hfi_ranking_t *self, uint32_t place)
{
    const hfi_ranked_t *node = &self->nodes[self->root];
    for (;;) {
        uint32_t before = self->nodes[node->side[0]].count;
        if (place == before)
            return node;
        node = &self->nodes[node->side[place > before]];
        place -= place > before ? before + 1 : 0;
    }
}

/* ---- by name --------------------------------------------------------------------------- */

static uint32_t
ranking_find(hf_call_t *call, const hfi_ranking_t *self, const hf_value_t *name, uint64_t *ret_hash)
{
    *ret_hash = 0;
    (void)hf_hash(call, name, ret_hash); /* a str always has one */
    return hfi_table_find(call, &self->scores, name, *ret_hash);
}

bool
hfi_ranking_find(hf_call_t *call, const hfi_ranking_t *self, const hf_value_t *name,
                 double *ret_score)
{
    uint64_t hash;
    uint32_t place = ranking_find(call, self, name, &hash);
    if (place == HFI_NO_PLACE)
        return false;
    *ret_score = hf_as_float(&self->scores.entries[place].value);
    return true;
}

hf_err_t
hfi_ranking_put(hf_call_t *call, hfi_ranking_t *self, const hf_value_t *name, double score)
{
    uint64_t hash;
    hf_value_t kept;
    if (hfi_table_reserve(call, &self->scores, 1) != HF_OK || ranking_reserve(call, self) != HF_OK)
        return HF_RAISED;
    uint32_t place = ranking_find(call, self, name, &hash);
    if (place == HFI_NO_PLACE) {
        if (hf_keep(call, name, &kept) != HF_OK)
            return HF_RAISED;
        hfi_table_add(&self->scores, hash, kept, hf_float(score));
    } else {
        hfi_entry_t *entry = &self->scores.entries[place];
        kept = entry->key;
        ranking_remove(self, hf_as_float(&entry->value), &kept);
        entry->value = hf_float(score);
    }
    ranking_add(call, self, score, kept);
    return HF_OK;
}

bool
hfi_ranking_drop(hf_call_t *call, hfi_ranking_t *self, const hf_value_t *name)
{
    uint64_t hash;
    uint32_t place = ranking_find(call, self, name, &hash);
    if (place == HFI_NO_PLACE)
        return false;
    ranking_remove(self, hf_as_float(&self->scores.entries[place].value), name);
    hfi_table_drop(call, &self->scores, place);
    return true;
}

void
hfi_ranking_clear(hf_call_t *call, hfi_ranking_t *self)
{
    hfi_table_clear(call, &self->scores);
    if (self->nodes != NULL)
        hf_free(call, self->nodes);
    *self = (hfi_ranking_t){.root = 0};
}

void
hfi_ranking_write(const hfi_ranking_t *self, uint32_t start, uint32_t stop, hf_writer_t *out)
{
    hf_write_list(out, stop - start);
    for (; start < stop && !out->failed; start++) {
        const hfi_ranked_t *one = hfi_ranking_at(self, start);
        hf_write_list(out, 2);
        hf_write_value(out, &one->name);
        hf_write_float(out, one->score);
    }
}

hf_err_t
hfi_ranking_load(hf_call_t *call, hfi_ranking_t *self, const hf_value_t *saved)
{
    hf_cursor_t rows;
    hf_cursor_t row;
    hf_value_t pair;
    hf_value_t name;
    hf_value_t score;
    if (hf_kind(saved) != HF_LIST)
        return HF_RAISE(call, "ValueError", "that was not saved here");
    hf_open(&rows, saved);
    while (hf_next(&rows, &pair)) {
        hf_open(&row, &pair);
        if (hf_kind(&pair) != HF_LIST || !hf_next(&row, &name) || !hf_next(&row, &score) ||
            hf_kind(&name) != HF_STR || hf_kind(&score) != HF_FLOAT)
            return HF_RAISE(call, "ValueError", "that was not saved here");
        if (hfi_ranking_put(call, self, &name, hf_as_float(&score)) != HF_OK)
            return HF_RAISED;
    }
    return HF_OK;
}
