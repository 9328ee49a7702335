/* SPDX-License-Identifier: MPL-2.0 */
/* ranking -- names by score: the highest first, equal ones in the order of their names; any place in O(log n).
 *
 * A table finds a name's score; a treap has the order: a search tree that is a heap by `chance`, which comes from
 * hf_random, so no choice of names or scores makes it deep. Each node knows how many are below it, so that places are
 * counted on the way down. Zeroed it is empty and legal.
 */
#ifndef HFI_RANKING_H
#define HFI_RANKING_H

#include "table.h"

typedef struct hfi_ranked {
    double score;
    hf_value_t name; /* the table's */
    uint64_t chance;
    uint32_t side[2]; /* what ranks before, what ranks behind; 0: nothing */
    uint32_t count;   /* of this one and all below it */
} hfi_ranked_t;

typedef struct hfi_ranking {
    hfi_table_t scores;
    hfi_ranked_t *nodes; /* the first stands for nothing */
    uint32_t root;
    uint32_t used; /* nodes ever used, that first one included */
    uint32_t room;
    uint32_t free; /* the first free one, linked by side[0] */
} hfi_ranking_t;

/* The score of a name, a str; false: it has none. */
bool hfi_ranking_find(hf_call_t *call, const hfi_ranking_t *self, const hf_value_t *name,
                      double *ret_score);

/* Gives a name that score, which is a number; HF_RAISED (LimitExceeded): nothing changed. */
hf_err_t hfi_ranking_put(hf_call_t *call, hfi_ranking_t *self, const hf_value_t *name,
                         double score);

/* Drops a name; false: it was not there. */
bool hfi_ranking_drop(hf_call_t *call, hfi_ranking_t *self, const hf_value_t *name);

/* How many rank before that; the one of that place, which must be below scores.count. */
uint32_t hfi_ranking_place(const hfi_ranking_t *self, double score, const hf_value_t *name);
const hfi_ranked_t *hfi_ranking_at(const hfi_ranking_t *self, uint32_t place);

/* Writes [[name, score], …] of the places from `start` up to `stop`; keeps what was so written. */
void hfi_ranking_write(const hfi_ranking_t *self, uint32_t start, uint32_t stop, hf_writer_t *out);
hf_err_t hfi_ranking_load(hf_call_t *call, hfi_ranking_t *self, const hf_value_t *saved);

/* Drops all and gives the memory back. */
void hfi_ranking_clear(hf_call_t *call, hfi_ranking_t *self);

#endif
