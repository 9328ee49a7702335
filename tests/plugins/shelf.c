/* SPDX-License-Identifier: MPL-2.0 */
/* shelf -- a type whose rows say what is made of their results: itself, a type of its own that no client makes, one of
 * another plugin. */
#include <holdfast/plugin.h>

struct shelf {
    hf_value_t items; /* a list, kept */
    hf_waiters_t waiters;
    int64_t filled; /* how often */
};

static hf_err_t
shelf_create(hf_call_t *call, void *self)
{
    struct shelf *s = self;
    return hf_keep(call, hf_arg(call, 0), &s->items);
}

static void
shelf_destroy(hf_call_t *call, void *self)
{
    struct shelf *s = self;
    hf_drop(call, &s->items);
}

static void
shelf_traverse(hf_call_t *call, const void *self, hf_visit_t *visit)
{
    const struct shelf *s = self;
    hf_visit_value(call, visit, &s->items);
}

static hf_err_t
shelf_items(hf_call_t *call, void *self)
{
    const struct shelf *s = self;
    return hf_return_value(call, &s->items);
}

static hf_err_t
shelf_items_work(hf_call_t *call, const void *self)
{
    const struct shelf *s = self;
    return hf_return_value(call, &s->items);
}

static hf_err_t
shelf_fill(hf_call_t *call, void *self)
{
    struct shelf *s = self;
    hf_drop(call, &s->items);
    if (hf_keep(call, hf_arg(call, 0), &s->items) != HF_OK)
        return HF_RAISED;
    s->filled++;
    (void)hf_wake(call, &s->waiters, UINT32_MAX);
    return hf_return_nil(call);
}

static hf_err_t
shelf_await(hf_call_t *call, void *self)
{
    struct shelf *s = self;
    if (s->filled < hf_arg_int(call, 0))
        return hf_park(call, &s->waiters, HF_FOREVER);
    return hf_return_value(call, &s->items);
}

#define SHELF_ROWS                                                                                 \
    HF_METHOD("items", "-> list", shelf_items, HF_READS, "Give what is on it."),                   \
        HF_METHOD("copy", "-> list", shelf_items, HF_READS, "Make another.", .returns = "Shelf"),  \
        HF_METHOD("view", "-> list", shelf_items, HF_READS, "Make one to look at.",                \
                  .returns = "View", .since = "1.1")

static const hf_method_t shelf_methods[] = {
    SHELF_ROWS,
    HF_METHOD("as_list", "-> list", shelf_items, HF_READS, "Make a list.", .returns = "list"),
    HF_METHOD_OFFLOAD("slowly", "-> list", shelf_items_work, NULL, HF_READS,
                      "Make another, on a thread.", .returns = "Shelf"),
    HF_METHOD("fill", "items: list", shelf_fill, HF_WRITES, "Put these on it instead."),
    HF_METHOD_PARKS("await", "n: int -> list", shelf_await, NULL, HF_READS,
                    "Make another, once it was filled n times.", .returns = "Shelf"),
};

static const hf_method_t view_methods[] = {SHELF_ROWS};

static const hf_type_t shelf_type = {
    HF_TYPE("Shelf", struct shelf, shelf_methods, "A shelf."),
    .signature = "items: list",
    .create = shelf_create,
    .destroy = shelf_destroy,
    .traverse = shelf_traverse,
};

static const hf_type_t view_type = {
    HF_TYPE("View", struct shelf, view_methods, "What was on a shelf."),
    .flags = HF_INTERNAL,
    .signature = "items: list",
    .create = shelf_create,
    .destroy = shelf_destroy,
    .traverse = shelf_traverse,
};

HF_PLUGIN("shelf", "1.1.0", &shelf_type, &view_type);
