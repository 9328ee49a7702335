/* SPDX-License-Identifier: MPL-2.0 */
/* ledger -- what ABI 1.0 offers, in one type: memory, parking, a timer, a child, an owner, delivery, kept values. Built
 * once, from the header of that version, and kept as binary files (README.md): it is never built again. */
#include <holdfast/plugin.h>

struct ledger {
    hf_waiters_t waiters;
    hf_value_t last;
    int64_t *sums;
    int64_t n;
    uint32_t ticks;
    uint32_t died;
    uint32_t back;
};

struct page {
    int64_t number;
};

static const hf_type_t page_type;

static hf_err_t
ledger_create(hf_call_t *call, void *self)
{
    struct ledger *l = self;
    l->sums = hf_alloc(call, (size_t)hf_arg_int(call, 0) * sizeof *l->sums);
    if (l->sums == NULL)
        return HF_RAISED;
    l->n = hf_arg_int(call, 0);
    return HF_OK;
}

static void
ledger_destroy(hf_call_t *call, void *self)
{
    struct ledger *l = self;
    hf_drop(call, &l->last);
    hf_free(call, l->sums);
}

static hf_err_t
ledger_add(hf_call_t *call, void *self)
{
    struct ledger *l = self;
    int64_t k = hf_arg_int(call, 0);
    if (k < 0 || k >= l->n)
        return HF_RAISE(call, "IndexError", "no sum %lld", (long long)k);
    l->sums[k] += hf_arg_int(call, 1);
    (void)hf_wake(call, &l->waiters, UINT32_MAX);
    return hf_return_int(call, l->sums[k]);
}

static hf_err_t
ledger_await(hf_call_t *call, void *self)
{
    struct ledger *l = self;
    if (l->sums[0] >= hf_arg_int(call, 0))
        return hf_return_int(call, l->sums[0]);
    return hf_park(call, &l->waiters, hf_arg_timeout(call, 1));
}

static hf_err_t
ledger_late(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_int(call, -1);
}

static hf_err_t
ledger_keep(hf_call_t *call, void *self)
{
    struct ledger *l = self;
    hf_value_t kept;
    if (hf_keep(call, hf_arg(call, 0), &kept) != HF_OK)
        return HF_RAISED;
    hf_drop(call, &l->last);
    l->last = kept;
    return hf_return_value(call, &l->last);
}

static hf_err_t
ledger_page(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_new(call, &page_type, "i", hf_arg_int(call, 0));
}

static hf_err_t
ledger_watch(hf_call_t *call, void *self)
{
    hf_mind(call, 5);
    if (hf_own(call, self) != HF_OK || hf_timer(call, 1, 1.0) != HF_OK)
        return HF_RAISED;
    return hf_return_nil(call);
}

static hf_err_t
ledger_state(hf_call_t *call, void *self)
{
    const struct ledger *l = self;
    hf_value_t state;
    if (hf_build(call, &state, "{s:i,s:i,s:i,s:v}", "ticks", (int64_t)l->ticks, "died",
                 (int64_t)l->died, "back", (int64_t)l->back, "args", hf_arg(call, 0)) != HF_OK)
        return HF_RAISED;
    return hf_return_value(call, &state);
}

static void
ledger_timer(hf_call_t *call, void *self, uint32_t number)
{
    (void)call;
    ((struct ledger *)self)->ticks += number;
}

static void
ledger_session_died(hf_call_t *call, void *self, uint64_t session)
{
    (void)call;
    ((struct ledger *)self)->died += session != 0;
}

static void
ledger_undelivered(hf_call_t *call, void *self, const hf_value_t *value, uint64_t cookie)
{
    (void)call;
    (void)value;
    ((struct ledger *)self)->back += (uint32_t)cookie;
}

static hf_err_t
ledger_getvalue(hf_call_t *call, void *self)
{
    const struct ledger *l = self;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, (size_t)l->n);
    for (int64_t k = 0; k < l->n; k++)
        hf_write_int(w, l->sums[k]);
    return hf_return_written(call);
}

static void
ledger_traverse(hf_call_t *call, const void *self, hf_visit_t *visit)
{
    hf_visit_value(call, visit, &((const struct ledger *)self)->last);
}

static const hf_method_t ledger_methods[] = {
    HF_METHOD("add", "k: int, by: int = 1 -> int", ledger_add, HF_WRITES, "Add to a sum."),
    HF_METHOD_PARKS("await", "least: int, timeout: number? = nil -> int", ledger_await, ledger_late,
                    HF_READS, "Wait for the first sum."),
    HF_METHOD("keep", "what: any -> any", ledger_keep, HF_WRITES, "Keep a value."),
    HF_METHOD("page", "number: int -> handle[Page]", ledger_page, HF_WRITES, "Make a page."),
    HF_METHOD("watch", "", ledger_watch, HF_WRITES, "Own, mind, and arm the timer."),
    HF_METHOD("state", "*args -> map", ledger_state, HF_READS, "Tell what was heard."),
};

static const hf_type_t ledger_type = {
    HF_TYPE("Ledger", struct ledger, ledger_methods, "Sums, as ABI 1.0 could keep them."),
    .signature = "n: int = 2",
    .create = ledger_create,
    .destroy = ledger_destroy,
    .getvalue = ledger_getvalue,
    .traverse = ledger_traverse,
    .timer = ledger_timer,
    .session_died = ledger_session_died,
    .undelivered = ledger_undelivered,
};

static hf_err_t
page_create(hf_call_t *call, void *self)
{
    ((struct page *)self)->number = hf_arg_int(call, 0);
    return HF_OK;
}

static hf_err_t
page_number(hf_call_t *call, void *self)
{
    return hf_return_int(call, ((const struct page *)self)->number);
}

static const hf_method_t page_methods[] = {
    HF_METHOD("number", "-> int", page_number, HF_READS, "Return its number."),
};

static const hf_type_t page_type = {
    HF_TYPE("Page", struct page, page_methods, "A page of a ledger."),
    .signature = "number: int",
    .create = page_create,
    .flags = HF_INTERNAL,
};

HF_PLUGIN("ledger", "1.0.0", &ledger_type, &page_type);
