/* SPDX-License-Identifier: MPL-2.0 */
/* witness -- a type for tests alone: it tells the referee of every run of its methods.
 *
 * Unlike a plugin it may have a global: whom it tells. It keeps one value, parks calls, wakes them both
 * ways, raises with a value, makes children, and minds what it gave away. It works on a thread of the pool, where there is
 * one: its `work` tells nobody, as nobody may wait for it any more.
 */
#include "witness.h"

static sim_heard_f *witness_heard;
static void *witness_context;

void
sim_witness_listen(sim_heard_f *heard, void *context)
{
    witness_heard = heard;
    witness_context = context;
}

struct witness {
    hf_value_t kept;
    hf_waiters_t waiters;
    uint64_t tickets; /* parked calls that were woken and have not run again */
};

static void
witness_tell(hf_call_t *call)
{
    if (witness_heard != NULL)
        witness_heard(witness_context, (uint64_t)hf_arg_int(call, 0));
}

static hf_err_t
witness_mark(hf_call_t *call, void *self)
{
    (void)self;
    witness_tell(call);
    return hf_return_int(call, hf_arg_int(call, 0));
}

static hf_err_t
witness_keep(hf_call_t *call, void *self)
{
    struct witness *w = self;
    hf_value_t kept;
    witness_tell(call);
    if (hf_keep(call, hf_arg(call, 1), &kept) != HF_OK)
        return HF_RAISED;
    hf_drop(call, &w->kept);
    w->kept = kept;
    return hf_return_int(call, hf_arg_int(call, 0));
}

static hf_err_t
witness_give(hf_call_t *call, void *self)
{
    struct witness *w = self;
    witness_tell(call);
    if (hf_kind(&w->kept) == HF_NONE)
        return hf_return_nil(call);
    if (hf_return_value(call, &w->kept) != HF_OK)
        return HF_RAISED;
    hf_mind(call, (uint64_t)hf_arg_int(call, 0));
    hf_drop(call, &w->kept);
    return HF_OK;
}

/* What was given and never acknowledged is kept again, unless something else is by now. */
static void
witness_undelivered(hf_call_t *call, void *self, const hf_value_t *value, uint64_t cookie)
{
    struct witness *w = self;
    (void)cookie;
    if (hf_kind(&w->kept) == HF_NONE)
        (void)hf_keep(call, value, &w->kept);
}

static hf_err_t
witness_park(hf_call_t *call, void *self)
{
    struct witness *w = self;
    if (w->tickets == 0)
        return hf_park(call, &w->waiters, hf_arg_timeout(call, 1));
    w->tickets--;
    witness_tell(call);
    return hf_return_int(call, hf_arg_int(call, 0));
}

static hf_err_t
witness_late(hf_call_t *call, void *self)
{
    (void)self;
    witness_tell(call);
    return hf_return_str(call, "late", 4);
}

static hf_err_t
witness_wake(hf_call_t *call, void *self)
{
    struct witness *w = self;
    witness_tell(call);
    uint32_t n = hf_wake(call, &w->waiters, 2);
    w->tickets += n;
    return hf_return_int(call, hf_arg_int(call, 0));
}

/* The call is parked no more; a ticket that was meant for it must not let another one through. */
static void
witness_gone(hf_call_t *call, void *self)
{
    struct witness *w = self;
    (void)call;
    if (w->tickets > 0)
        w->tickets--;
}

static hf_err_t
witness_answer(hf_call_t *call, void *self)
{
    struct witness *w = self;
    hf_call_t *other;
    witness_tell(call);
    if (hf_return_int(call, hf_arg_int(call, 0)) != HF_OK)
        return HF_RAISED;
    for (int i = 0; i < 2 && hf_take_parked(call, &w->waiters, &other); i++) {
        witness_tell(other);
        (void)hf_return_int(other, hf_arg_int(other, 0));
    }
    return HF_OK;
}

static hf_err_t
witness_fail(hf_call_t *call, void *self)
{
    (void)self;
    witness_tell(call);
    return hf_raise_value(call, "Witnessed", hf_arg(call, 1), "as asked");
}

static const hf_type_t witness_type;

static hf_err_t
witness_child(hf_call_t *call, void *self)
{
    (void)self;
    witness_tell(call);
    return hf_return_new(call, &witness_type, "");
}

/* [op, value, what is kept]; it stands still until finish. */
static hf_err_t
witness_mull_work(hf_call_t *call, const void *self)
{
    const struct witness *w = self;
    const hf_value_t nothing = hf_nil();
    hf_writer_t *to = hf_return_writer(call);
    if (to == NULL)
        return HF_RAISED;
    hf_write_list(to, 3);
    hf_write_value(to, hf_arg(call, 0));
    hf_write_value(to, hf_arg(call, 1));
    hf_write_value(to, hf_kind(&w->kept) == HF_NONE ? &nothing : &w->kept);
    return hf_return_written(call);
}

static hf_err_t
witness_mull_finish(hf_call_t *call, void *self, const hf_value_t *value)
{
    struct witness *w = self;
    const hf_value_t nothing = hf_nil();
    hf_value_t item = {.raw = {0}};
    hf_value_t kept;
    hf_cursor_t items;
    hf_open(&items, value);
    while (hf_next(&items, &item)) /* to the last */
        continue;
    if (!hf_equal(call, &item, hf_kind(&w->kept) == HF_NONE ? &nothing : &w->kept))
        return HF_RAISE(call, "Moved", "it did not stand still");
    if (hf_keep(call, hf_arg(call, 1), &kept) != HF_OK)
        return HF_RAISED;
    witness_tell(call);
    hf_drop(call, &w->kept);
    w->kept = kept;
    w->tickets += hf_wake(call, &w->waiters, 1);
    return hf_return_value(call, value);
}

static hf_err_t
witness_ponder_work(hf_call_t *call, const void *self)
{
    hf_value_t value;
    (void)self;
    if (hf_arg_int(call, 0) % SIM_PONDER_FAILS == 0)
        return hf_raise_value(call, "Witnessed", hf_arg(call, 1), "as asked");
    if (hf_build(call, &value, "[vv]", hf_arg(call, 0), hf_arg(call, 1)) != HF_OK)
        return HF_RAISED;
    return hf_return_value(call, &value);
}

static hf_err_t
witness_own(hf_call_t *call, void *self)
{
    witness_tell(call);
    if (hf_own(call, self) != HF_OK)
        return HF_RAISED;
    return hf_return_int(call, hf_arg_int(call, 0));
}

/* What is kept goes with whoever owned something here. */
static void
witness_died(hf_call_t *call, void *self, uint64_t session)
{
    struct witness *w = self;
    (void)session;
    hf_drop(call, &w->kept);
}

static hf_err_t
witness_arm(hf_call_t *call, void *self)
{
    (void)self;
    witness_tell(call);
    double timeout = hf_arg_timeout(call, 1);
    if (hf_timer(call, 1, timeout < 0.0 ? 0.5 : timeout) != HF_OK)
        return HF_RAISED;
    return hf_return_int(call, hf_arg_int(call, 0));
}

static void
witness_timer(hf_call_t *call, void *self, uint32_t number)
{
    struct witness *w = self;
    (void)number;
    hf_drop(call, &w->kept);
}

static void
witness_destroy(hf_call_t *call, void *self)
{
    struct witness *w = self;
    hf_drop(call, &w->kept);
}

static void
witness_traverse(hf_call_t *call, const void *self, hf_visit_t *visit)
{
    const struct witness *w = self;
    hf_visit_value(call, visit, &w->kept);
}

static const hf_method_t witness_methods[] = {
    HF_METHOD("mark", "op: int -> int", witness_mark, HF_WRITES, "Tell of it and answer op."),
    HF_METHOD("keep", "op: int, value: any -> int", witness_keep, HF_WRITES, "Keep one value."),
    HF_METHOD("give", "op: int -> any", witness_give, HF_WRITES, "Give away what is kept."),
    HF_METHOD_PARKS("park", "op: int, timeout: number? = nil -> any", witness_park, witness_late,
                    HF_WRITES, "Wait to be woken or answered."),
    HF_METHOD("wake", "op: int -> int", witness_wake, HF_WRITES, "Run two parked calls again."),
    HF_METHOD("answer", "op: int -> int", witness_answer, HF_WRITES, "Answer two parked calls."),
    HF_METHOD("fail", "op: int, value: any", witness_fail, HF_READS, "Raise with a value."),
    HF_METHOD_OFFLOAD("mull", "op: int, value: any -> list", witness_mull_work, witness_mull_finish,
                      HF_WRITES, "Work, then keep the value and wake a parked call."),
    HF_METHOD_OFFLOAD("ponder", "op: int, value: any -> list", witness_ponder_work, NULL, HF_READS,
                      "Work, and answer or raise with the value."),
    HF_METHOD("own", "op: int -> int", witness_own, HF_WRITES, "Hear of the caller's end."),
    HF_METHOD("arm", "op: int, timeout: number? = nil -> int", witness_arm, HF_WRITES,
              "Hear of a time."),
    HF_METHOD("child", "op: int -> handle[Witness]", witness_child, HF_WRITES, "Make another one."),
};

static const hf_type_t witness_type = {
    HF_TYPE("Witness", struct witness, witness_methods, "Tells the referee of every run."),
    .destroy = witness_destroy,
    .traverse = witness_traverse,
    .session_died = witness_died,
    .timer = witness_timer,
    .gone = witness_gone,
    .undelivered = witness_undelivered,
};

HF_PLUGIN("witness", "1.0.0", &witness_type);

const hf_plugin_t *
sim_witness_plugin(void)
{
    return &hf_plugin;
}
