/* SPDX-License-Identifier: MPL-2.0 */
/* queues -- the plugin of Python's queues: the types, their small methods and their hooks. */
#include "queue.h"

/* ---- asking ---------------------------------------------------------------------------- */

/* What is in the queue; while a put_many is in front, the queue is full. */
static uint64_t
queue_size(const hfi_queue_t *self)
{
    uint64_t count = hfi_queue_count(self);
    return hf_n_parked(&self->front) > 0 && (uint64_t)self->maxsize > count
               ? (uint64_t)self->maxsize
               : count;
}

static hf_err_t
queue_qsize(hf_call_t *call, void *state)
{
    return hf_return_uint(call, queue_size(state));
}

static hf_err_t
queue_empty(hf_call_t *call, void *state)
{
    return hf_return_bool(call, queue_size(state) == 0);
}

static hf_err_t
queue_full(hf_call_t *call, void *state)
{
    const hfi_queue_t *self = state;
    return hf_return_bool(call, self->maxsize > 0 && queue_size(self) >= (uint64_t)self->maxsize);
}

/* ---- tasks ----------------------------------------------------------------------------- */

static void
queue_release_joiners(hf_call_t *call, hfi_queue_t *self)
{
    hf_call_t *other;
    while (self->unfinished == 0 && hf_take_parked(call, &self->joiners, &other))
        (void)hf_return_nil(other);
}

static hf_err_t
queue_task_done(hf_call_t *call, void *state)
{
    hfi_queue_t *self = state;
    if (self->unfinished == 0)
        return HF_RAISE(call, "ValueError", "task_done() called too many times");
    self->unfinished--;
    queue_release_joiners(call, self);
    return hf_return_nil(call);
}

static hf_err_t
queue_join(hf_call_t *call, void *state)
{
    hfi_queue_t *self = state;
    return self->unfinished == 0 ? hf_return_nil(call) : hf_park(call, &self->joiners, HF_FOREVER);
}

static hf_err_t
queue_shutdown(hf_call_t *call, void *state)
{
    hfi_queue_t *self = state;
    self->is_shut = true;
    hfi_queue_refuse(call, &self->front);
    hfi_queue_refuse(call, &self->putters);
    hfi_queue_tidy(call, self);
    if (hf_arg_int(call, 0) != 0) {
        uint32_t n = hfi_queue_count(self);
        self->unfinished -= self->unfinished < n ? self->unfinished : n;
        hfi_ring_clear(call, &self->store.ring);
        queue_release_joiners(call, self);
    }
    if (hfi_queue_count(self) == 0)
        hfi_queue_refuse(call, &self->getters);
    return hf_return_nil(call);
}

/* ---- the type -------------------------------------------------------------------------- */

static hf_err_t
queue_begin(hf_call_t *call, hfi_queue_t *self, hfi_store_kind_t kind)
{
    self->maxsize = hf_arg_int(call, 0);
    self->store.kind = kind;
    return HF_OK;
}

static hf_err_t
queue_create(hf_call_t *call, void *state)
{
    return queue_begin(call, state, HFI_FIRST_OUT);
}

static hf_err_t
queue_create_lifo(hf_call_t *call, void *state)
{
    return queue_begin(call, state, HFI_LAST_OUT);
}

static hf_err_t
queue_create_priority(hf_call_t *call, void *state)
{
    return queue_begin(call, state, HFI_LEAST_OUT);
}

static void
queue_destroy(hf_call_t *call, void *state)
{
    hfi_queue_t *self = state;
    hfi_ring_clear(call, &self->store.ring);
    hf_drop(call, &self->front_items.plain);
}

static void
queue_gone(hf_call_t *call, void *state)
{
    hfi_queue_t *self = state;
    hfi_queue_fill(call, self,
                   0); /* what was in front may have held up others for whom there is room */
    hfi_queue_wake(call, self);
}

static void
queue_traverse(hf_call_t *call, const void *state, hf_visit_t *visit)
{
    const hfi_queue_t *self = state;
    hfi_ring_visit(call, &self->store.ring, visit);
    hf_visit_value(call, visit, &self->front_items.plain);
}

static hf_err_t
queue_save(hf_call_t *call, const void *state, hf_writer_t *out)
{
    const hfi_queue_t *self = state;
    (void)call;
    hf_write_list(out, 10);
    hf_write_int(out, self->maxsize);
    hf_write_uint(out, self->unfinished);
    hf_write_bool(out, self->is_shut);
    hfi_ring_write(&self->store.ring, 0, hfi_queue_count(self), out);
    hf_save_waiters(out, &self->getters);
    hf_save_waiters(out, &self->putters);
    hf_save_waiters(out, &self->front);
    hf_save_waiters(out, &self->joiners);
    hf_write_uint(out, self->front_passed);
    if (hf_kind(&self->front_items.plain) == HF_NONE)
        hf_write_nil(out);
    else
        hf_write_value(out, &self->front_items.plain);
    return HF_OK;
}

static hf_err_t
queue_load_front(hf_call_t *call, hfi_queue_t *self, const hf_value_t *items)
{
    hf_value_t kept = {.raw = {0}};
    hf_value_t passed = {.raw = {0}};
    if (hf_kind(items) == HF_NIL)
        return HF_OK;
    if (hf_keep(call, items, &kept) != HF_OK)
        return HF_RAISED;
    if (hfi_walk_open(call, &kept, &self->front_items) != HF_OK) {
        hf_drop(call, &kept);
        return HF_RAISED;
    }
    for (uint32_t k = 0; k < self->front_passed; k++)
        (void)hfi_walk_next(&self->front_items, &passed);
    return HF_OK;
}

static hf_err_t
queue_load_kind(hf_call_t *call, hfi_queue_t *self, const hf_value_t *saved, hfi_store_kind_t kind)
{
    enum { PARTS = 10 };
    hf_cursor_t cursor;
    hf_value_t part[PARTS];
    bool is_whole = true;
    self->store.kind = kind;
    hf_open(&cursor, saved);
    for (int k = 0; k < PARTS && is_whole; k++)
        is_whole = hf_next(&cursor, &part[k]);
    if (!is_whole)
        return HF_RAISE(call, "ValueError", "this is not what a queue saves");
    self->maxsize = hf_as_int(&part[0]);
    self->unfinished = hf_as_uint(&part[1]);
    self->is_shut = hf_as_bool(&part[2]);
    hf_load_waiters(&part[4], &self->getters);
    hf_load_waiters(&part[5], &self->putters);
    hf_load_waiters(&part[6], &self->front);
    hf_load_waiters(&part[7], &self->joiners);
    self->front_passed = (uint32_t)hf_as_uint(&part[8]);
    if (hfi_ring_load(call, &self->store.ring, &part[3]) != HF_OK)
        return HF_RAISED;
    return queue_load_front(call, self, &part[9]);
}

static hf_err_t
queue_load(hf_call_t *call, void *state, const hf_value_t *saved, uint32_t save_version)
{
    (void)save_version;
    return queue_load_kind(call, state, saved, HFI_FIRST_OUT);
}

static hf_err_t
queue_load_lifo(hf_call_t *call, void *state, const hf_value_t *saved, uint32_t save_version)
{
    (void)save_version;
    return queue_load_kind(call, state, saved, HFI_LAST_OUT);
}

/* The ring was saved as it is: a heap. */
static hf_err_t
queue_load_priority(hf_call_t *call, void *state, const hf_value_t *saved, uint32_t save_version)
{
    (void)save_version;
    return queue_load_kind(call, state, saved, HFI_LEAST_OUT);
}

enum { QUEUE_ROWS = 12 };

const hf_method_t hfi_queue_methods[QUEUE_ROWS] = {
    HF_METHOD("empty", "-> bool", queue_empty, HF_READS, "Tell whether there is no item."),
    HF_METHOD("full", "-> bool", queue_full, HF_READS, "Tell whether there are maxsize items."),
    HF_METHOD_PARKS("get", "block: int = true, timeout: number? = nil -> any", hfi_queue_get,
                    hfi_queue_get_timed_out, HF_WRITES,
                    "Remove the next item and give it, waiting for one if need be."),
    HF_METHOD_PARKS("get_many", "n: int, timeout: number? = nil -> list", hfi_queue_get_many,
                    hfi_queue_get_timed_out, HF_WRITES,
                    "Wait for an item, then remove up to n of them and give them."),
    HF_METHOD("get_nowait", "-> any", hfi_queue_get_nowait, HF_WRITES,
              "Remove the next item and give it; Empty where there is none."),
    HF_METHOD_PARKS("join", "", queue_join, NULL, HF_READS,
                    "Wait until every item that was put has had its task_done."),
    HF_METHOD_PARKS("put", "item: any, block: int = true, timeout: number? = nil", hfi_queue_put,
                    hfi_queue_put_timed_out, HF_WRITES,
                    "Put an item in, waiting for room if need be."),
    HF_METHOD_PARKS("put_many", "items: any", hfi_queue_put_many, NULL, HF_WRITES,
                    "Put all items in, in their order, waiting for room if need be."),
    HF_METHOD("put_nowait", "item: any", hfi_queue_put_nowait, HF_WRITES,
              "Put an item in; Full where there is no room."),
    HF_METHOD("qsize", "-> int", queue_qsize, HF_READS, "Tell how many items there are."),
    HF_METHOD("shutdown", "immediate: int = false", queue_shutdown, HF_WRITES,
              "Refuse every put from now on, and every get once there is no item."),
    HF_METHOD("task_done", "", queue_task_done, HF_WRITES,
              "Say that the work on an item that was got is done."),
};

/* What all kinds of queues have alike; they are told apart by create and load. */
#define QUEUE_TYPE(name_, create_, load_, doc_)                                                    \
    {                                                                                              \
        HF_TYPE(name_, hfi_queue_t, hfi_queue_methods, doc_),                                      \
            .signature = "maxsize: int = 0", .save_version = 1, .create = (create_),               \
            .destroy = queue_destroy, .traverse = queue_traverse, .save = queue_save,              \
            .load = (load_), .gone = queue_gone, .undelivered = hfi_queue_undelivered,             \
    }

static const hf_type_t queue_type =
    QUEUE_TYPE("Queue", queue_create, queue_load,
               "Python's queue.Queue: the first item in is the first out; many may wait.");
static const hf_type_t joinable_type =
    QUEUE_TYPE("JoinableQueue", queue_create, queue_load,
               "A Queue by the name that multiprocessing gives it.");
static const hf_type_t lifo_type =
    QUEUE_TYPE("LifoQueue", queue_create_lifo, queue_load_lifo,
               "Python's queue.LifoQueue: the last item in is the first out.");
static const hf_type_t priority_type = QUEUE_TYPE(
    "PriorityQueue", queue_create_priority, queue_load_priority,
    "Python's queue.PriorityQueue: the least item is the first out; what has no order with "
    "those that are in cannot be put.");

HF_PLUGIN("queues", "1.0.0", &queue_type, &joinable_type, &lifo_type, &priority_type);
