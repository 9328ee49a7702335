/* SPDX-License-Identifier: MPL-2.0 */
/* leaderboard -- names by score, the highest first: a sorted set. */
#include <holdfast/plugin.h>

#include <common/ranking.h>
#include <common/words.h>

static hf_err_t
board_put(hf_call_t *call, hfi_ranking_t *self, double score)
{
    if (score != score) // NOLINT(misc-redundant-expression): NaN alone is not itself
        return HF_RAISE(call, "ValueError", "a score that is no number has no rank");
    return hfi_ranking_put(call, self, hf_arg(call, 0), score);
}

static hf_err_t
board_add(hf_call_t *call, void *state)
{
    hfi_ranking_t *self = state;
    uint32_t before = self->scores.count;
    if (board_put(call, self, hf_arg_float(call, 1)) != HF_OK)
        return HF_RAISED;
    return hf_return_bool(call, self->scores.count > before);
}

static hf_err_t
board_incr(hf_call_t *call, void *state)
{
    double score = 0;
    (void)hfi_ranking_find(call, state, hf_arg(call, 0), &score);
    score += hf_arg_float(call, 1);
    if (board_put(call, state, score) != HF_OK)
        return HF_RAISED;
    return hf_return_float(call, score);
}

static hf_err_t
board_score(hf_call_t *call, void *state)
{
    double score;
    if (!hfi_ranking_find(call, state, hf_arg(call, 0), &score))
        return hfi_raise_key(call, hf_arg(call, 0));
    return hf_return_float(call, score);
}

static hf_err_t
board_rank(hf_call_t *call, void *state)
{
    double score;
    if (!hfi_ranking_find(call, state, hf_arg(call, 0), &score))
        return hfi_raise_key(call, hf_arg(call, 0));
    return hf_return_uint(call, hfi_ranking_place(state, score, hf_arg(call, 0)));
}

static hf_err_t
board_remove(hf_call_t *call, void *state)
{
    return hf_return_bool(call, hfi_ranking_drop(call, state, hf_arg(call, 0)));
}

static hf_err_t
board_len(hf_call_t *call, void *state)
{
    return hf_return_uint(call, ((const hfi_ranking_t *)state)->scores.count);
}

/* top(n) and range(start, stop). */
static hf_err_t
board_range(hf_call_t *call, void *state)
{
    int64_t n = ((const hfi_ranking_t *)state)->scores.count;
    int64_t start = call->n_arg == 2 ? hf_arg_int(call, 0) : 0;
    int64_t stop = hf_arg_int(call, call->n_arg - 1);
    if (start < 0 || stop < 0)
        return HF_RAISE(call, "ValueError", "a place below 0");
    stop = stop < n ? stop : n;
    hf_writer_t *out = hf_return_writer(call);
    if (out == NULL)
        return HF_RAISED;
    hfi_ranking_write(state, (uint32_t)(start < stop ? start : stop), (uint32_t)stop, out);
    return hf_return_written(call);
}

static void
board_destroy(hf_call_t *call, void *state)
{
    hfi_ranking_clear(call, state);
}

static hf_err_t
board_save(hf_call_t *call, const void *state, hf_writer_t *out)
{
    (void)call;
    hfi_ranking_write(state, 0, ((const hfi_ranking_t *)state)->scores.count, out);
    return HF_OK;
}

static hf_err_t
board_load(hf_call_t *call, void *state, const hf_value_t *saved, uint32_t save_version)
{
    (void)save_version;
    return hfi_ranking_load(call, state, saved);
}

static const hf_method_t board_methods[] = {
    HF_METHOD("add", "name: str, score: number -> bool", board_add, HF_WRITES,
              "Give a name that score; true where it is new."),
    HF_METHOD("incr", "name: str, by: number = 1 -> float", board_incr, HF_WRITES,
              "Add to a name's score, 0 where it has none; gives the new one."),
    HF_METHOD("len", "-> int", board_len, HF_READS, "Tell how many names there are."),
    HF_METHOD("range", "start: int, stop: int -> list", board_range, HF_READS,
              "Give [name, score] of the places from start up to stop, the first being 0."),
    HF_METHOD("rank", "name: str -> int", board_rank, HF_READS,
              "Tell a name's place: 0 has the highest score, equal scores go by name."),
    HF_METHOD("remove", "name: str -> bool", board_remove, HF_WRITES,
              "Take a name away; false where it was not there."),
    HF_METHOD("score", "name: str -> float", board_score, HF_READS, "Tell a name's score."),
    HF_METHOD("top", "n: int = 10 -> list", board_range, HF_READS,
              "Give [name, score] of the first n."),
};

static const hf_type_t board_type = {
    HF_TYPE("Leaderboard", hfi_ranking_t, board_methods, "Names by score, the highest first."),
    .save_version = 1,
    .destroy = board_destroy,
    .save = board_save,
    .load = board_load,
};

HF_PLUGIN("leaderboard", "1.0.0", &board_type);
