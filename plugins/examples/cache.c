/* SPDX-License-Identifier: MPL-2.0 */
/* cache -- so many items and no more: the one that was used longest ago makes room, and each has its time. */
#include <holdfast/plugin.h>

#include <common/recent.h>
#include <math.h>

static hf_err_t
cache_create(hf_call_t *call, void *state)
{
    hfi_recent_t *self = state;
    self->ttl = hf_kind(hf_arg(call, 1)) == HF_NIL ? (double)INFINITY : hf_arg_float(call, 1);
    if (hf_arg_int(call, 0) < 1 || !(self->ttl > 0))
        return HF_RAISE(call, "ValueError", "capacity and ttl must be above 0");
    self->capacity = (uint64_t)hf_arg_int(call, 0);
    self->soonest = (double)INFINITY;
    return HF_OK;
}

static void
cache_destroy(hf_call_t *call, void *state)
{
    hfi_table_clear(call, &((hfi_recent_t *)state)->items);
}

/* Has the timer look at all items when the first of them ends, but not before a second is over. */
static void
cache_arm(hf_call_t *call, const hfi_recent_t *self)
{
    double wait = self->soonest - hf_now(call);
    if (wait < (double)INFINITY)
        (void)hf_timer(call, 0, wait > 1.0 ? wait : 1.0);
}

static void
cache_timer(hf_call_t *call, void *state, uint32_t number)
{
    (void)number;
    hfi_recent_sweep(call, state);
    cache_arm(call, state);
}

static hf_err_t
cache_get(hf_call_t *call, void *state)
{
    hf_value_t value;
    if (hfi_recent_use(call, state, hf_arg(call, 0), &value) != HF_OK)
        return HF_RAISED;
    return hf_return_value(call, hf_kind(&value) != HF_NONE ? &value : hf_arg(call, 1));
}

static hf_err_t
cache_set(hf_call_t *call, void *state)
{
    hfi_recent_t *self = state;
    double soonest = self->soonest;
    double ttl = hf_kind(hf_arg(call, 2)) == HF_NIL ? self->ttl : hf_arg_float(call, 2);
    if (!(ttl > 0))
        return HF_RAISE(call, "ValueError", "ttl must be above 0");
    if (hfi_recent_put(call, self, hf_arg(call, 0), hf_arg(call, 1), hf_now(call) + ttl) != HF_OK)
        return HF_RAISED;
    if (self->soonest < soonest)
        cache_arm(call, self);
    return hf_return_nil(call);
}

static hf_err_t
cache_delete(hf_call_t *call, void *state)
{
    bool was_there;
    if (hfi_recent_remove(call, state, hf_arg(call, 0), &was_there) != HF_OK)
        return HF_RAISED;
    return hf_return_bool(call, was_there);
}

static hf_err_t
cache_len(hf_call_t *call, void *state)
{
    hfi_recent_sweep(call, state);
    return hf_return_uint(call, ((const hfi_recent_t *)state)->items.count);
}

static hf_err_t
cache_stats(hf_call_t *call, void *state)
{
    hf_value_t figures;
    const hfi_recent_t *items = state;
    if (hf_build(call, &figures, "{s:u,s:u,s:u,s:u}", "hits", items->hits, "misses", items->misses,
                 "evicted", items->evicted, "expired", items->expired) != HF_OK)
        return HF_RAISED;
    return hf_return_value(call, &figures);
}

static void
cache_traverse(hf_call_t *call, const void *state, hf_visit_t *visit)
{
    hfi_recent_visit(call, state, visit);
}

static hf_err_t
cache_save(hf_call_t *call, const void *state, hf_writer_t *out)
{
    (void)call;
    hfi_recent_save(state, out);
    return HF_OK;
}

static hf_err_t
cache_load(hf_call_t *call, void *state, const hf_value_t *saved, uint32_t save_version)
{
    (void)save_version;
    return hfi_recent_load(call, state, saved);
}

static const hf_method_t cache_methods[] = {
    HF_METHOD("delete", "key: any -> bool", cache_delete, HF_WRITES,
              "Drop an item; false where it was not there."),
    HF_METHOD("get", "key: any, default: any = nil -> any", cache_get, HF_WRITES,
              "Give a key's value, which so is the one used last."),
    HF_METHOD("len", "-> int", cache_len, HF_READS, "Tell how many items there are."),
    HF_METHOD("set", "key: any, value: any, ttl: number? = nil", cache_set, HF_WRITES,
              "Keep a value for ttl seconds, or for as long as the cache keeps all."),
    HF_METHOD("stats", "-> map", cache_stats, HF_READS,
              "Tell hits and misses, and how many items made room or came to their end."),
};

static const hf_type_t cache_type = {
    HF_TYPE("Cache", hfi_recent_t, cache_methods,
            "At most capacity items, each for ttl seconds; the one used longest ago makes room."),
    .signature = "capacity: int, ttl: number? = nil",
    .create = cache_create,
    .destroy = cache_destroy,
    .traverse = cache_traverse,
    .save_version = 1,
    .save = cache_save,
    .load = cache_load,
    .timer = cache_timer,
};

HF_PLUGIN("cache", "1.0.0", &cache_type);
