/* SPDX-License-Identifier: MPL-2.0 */
/* trial -- types made for the machine's own tests: one uses what the host lends, each thing by a method of its own.
 *
 * A Gate is a queue of small things: `get` is run again when woken, `take` is answered by whoever puts. What happens
 * to it is noted in a list of words, which `notes` gives. A Cell holds one value.
 */
#include "trial.h"

enum { NOTES = 256 };

struct gate {
    hf_waiters_t getters;
    hf_waiters_t takers;
    hf_value_t items[16];
    int64_t n;
    int64_t runs;
    uint32_t n_notes;
    char notes[NOTES];
};

static const hf_type_t gate_type;
static const hf_type_t cell_type;

static void
note(struct gate *g, const char *word)
{
    if (g->n_notes > 0 && g->n_notes < NOTES - 1)
        g->notes[g->n_notes++] = ' ';
    for (; *word != '\0' && g->n_notes < NOTES - 1; word++)
        g->notes[g->n_notes++] = *word;
}

static hf_err_t
gate_notes(hf_call_t *call, void *self)
{
    struct gate *g = self;
    hf_err_t err = hf_return_str(call, g->notes, g->n_notes);
    g->n_notes = 0;
    return err;
}

static hf_err_t
give(hf_call_t *call, struct gate *g)
{
    hf_err_t err = hf_return_value(call, &g->items[0]);
    hf_drop(call, &g->items[0]);
    for (int64_t i = 1; i < g->n; i++)
        g->items[i - 1] = g->items[i];
    g->n--;
    g->items[g->n] = (hf_value_t){.raw = {0}};
    return err;
}

static hf_err_t
gate_get(hf_call_t *call, void *self)
{
    struct gate *g = self;
    g->runs++;
    if (g->n == 0)
        return hf_park(call, &g->getters, hf_arg_timeout(call, 0));
    hf_mind(call, 7);
    return give(call, g);
}

static hf_err_t
gate_get_timed_out(hf_call_t *call, void *self)
{
    note(self, "timed_out");
    return HF_RAISE(call, "Empty", "%s", "nothing came");
}

/* Waits for an item, and gives how often it has parked until then; the call itself has counted. */
static hf_err_t
gate_count_parks(hf_call_t *call, void *self)
{
    struct gate *g = self;
    if (g->n != 0)
        return hf_return_uint(call, call->note);
    call->note++;
    return hf_park(call, &g->getters, hf_arg_timeout(call, 0));
}

static hf_err_t
gate_count_parks_late(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_int(call, -(int64_t)call->note);
}

/* As get, but waits for `n` items and parks again with fewer. */
static hf_err_t
gate_get_when(hf_call_t *call, void *self)
{
    struct gate *g = self;
    g->runs++;
    if (g->n < hf_arg_int(call, 0))
        return hf_park(call, &g->getters, hf_arg_timeout(call, 1));
    return give(call, g);
}

static hf_err_t
gate_take(hf_call_t *call, void *self)
{
    struct gate *g = self;
    return hf_park(call, &g->takers, HF_FOREVER);
}

static hf_err_t
gate_put(hf_call_t *call, void *self)
{
    struct gate *g = self;
    if (g->n == 16)
        return HF_RAISE(call, "Full", "%s", "sixteen are there");
    hf_value_t kept;
    if (hf_keep(call, hf_arg(call, 0), &kept) != HF_OK)
        return HF_RAISED;
    g->items[g->n++] = kept;
    (void)hf_wake(call, &g->getters, (uint32_t)hf_arg_int(call, 1));
    return hf_return_nil(call);
}

/* Answers every taker with the value; the last may be sent to the getters instead. */
static hf_err_t
gate_hand(hf_call_t *call, void *self)
{
    struct gate *g = self;
    hf_call_t *other;
    int64_t n = 0;
    int64_t limit = hf_arg_int(call, 1);
    while (n < limit && hf_take_parked(call, &g->takers, &other)) {
        hf_mind(other, 9);
        if (hf_return_value(other, hf_arg(call, 0)) != HF_OK)
            note(g, "unreturned");
        n++;
    }
    return hf_return_int(call, n);
}

static hf_err_t
gate_divert(hf_call_t *call, void *self)
{
    struct gate *g = self;
    hf_call_t *other;
    if (!hf_take_parked(call, &g->takers, &other))
        return hf_return_bool(call, false);
    (void)hf_park(other, &g->getters, HF_FOREVER);
    return hf_return_bool(call, true);
}

static hf_err_t
gate_raise_to(hf_call_t *call, void *self)
{
    struct gate *g = self;
    hf_call_t *other;
    if (!hf_take_parked(call, &g->takers, &other))
        return hf_return_bool(call, false);
    (void)HF_RAISE(other, "Sent", "%s", "by another");
    return HF_RAISE(call, "Failed", "%s", "after it had answered another");
}

static hf_err_t
gate_wake(hf_call_t *call, void *self)
{
    struct gate *g = self;
    return hf_return_uint(call, hf_wake(call, &g->getters, UINT32_MAX));
}

static hf_err_t
gate_counts(hf_call_t *call, void *self)
{
    struct gate *g = self;
    hf_value_t value;
    if (hf_build(call, &value, "[uuii]", (uint64_t)hf_n_parked(&g->getters),
                 (uint64_t)hf_n_parked(&g->takers), g->n, g->runs) != HF_OK)
        return HF_RAISED;
    return hf_return_value(call, &value);
}

static hf_err_t
gate_own(hf_call_t *call, void *self)
{
    hf_err_t err = hf_own(call, self);
    return err == HF_OK ? hf_return_uint(call, hf_caller(call).session) : err;
}

static hf_err_t
gate_disown(hf_call_t *call, void *self)
{
    hf_disown(call, self, hf_caller(call).session);
    return hf_return_uint(call, hf_caller(call).thread);
}

static hf_err_t
gate_timer(hf_call_t *call, void *self)
{
    (void)self;
    hf_err_t err = hf_timer(call, (uint32_t)hf_arg_int(call, 0), hf_arg_float(call, 1));
    return err == HF_OK ? hf_return_float(call, hf_now(call)) : err;
}

static hf_err_t
gate_random(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_uint(call, hf_random(call));
}

static hf_err_t
gate_new_cell(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_new(call, &cell_type, "v", hf_arg(call, 0));
}

static hf_err_t
gate_self(hf_call_t *call, void *self)
{
    (void)self;
    hf_value_t handle;
    return hf_self(call, &handle) == HF_OK ? hf_return_value(call, &handle) : HF_RAISED;
}

static hf_err_t
gate_value_of(hf_call_t *call, void *self)
{
    (void)self;
    hf_value_t value;
    if (hf_value_of(call, hf_arg(call, 0), &value) != HF_OK)
        return HF_RAISED;
    return hf_kind(&value) == HF_NONE ? hf_return_str(call, "none", 4)
                                      : hf_return_value(call, &value);
}

/* Parks on another gate's list until that one has an item. */
static hf_err_t
gate_watch(hf_call_t *call, void *self)
{
    (void)self;
    struct gate *other = hf_deref(call, hf_arg(call, 0), &gate_type);
    if (other == NULL)
        return HF_RAISED;
    if (other->n == 0)
        return hf_park(call, &other->getters, HF_FOREVER);
    return hf_return_value(call, &other->items[0]);
}

/* Parks on a list that is in no referent's state. */
static hf_err_t
gate_park_nowhere(hf_call_t *call, void *self)
{
    (void)self;
    hf_waiters_t here = {0, 0, 0};
    return hf_park(call, &here, HF_FOREVER);
}

static void
gate_on_timer(hf_call_t *call, void *self, uint32_t number)
{
    (void)call;
    note(self, number == 1 ? "timer1" : "timer2");
}

static void
gate_session_died(hf_call_t *call, void *self, uint64_t session)
{
    (void)call;
    (void)session;
    note(self, "session_died");
}

static void
gate_gone(hf_call_t *call, void *self)
{
    (void)call;
    note(self, "gone");
}

static void
gate_undelivered(hf_call_t *call, void *self, const hf_value_t *value, uint64_t cookie)
{
    struct gate *g = self;
    note(g, cookie == 7 ? "undelivered7" : "undelivered9");
    if (g->n == 16)
        return;
    hf_value_t kept;
    if (hf_keep(call, value, &kept) != HF_OK)
        return;
    for (int64_t i = g->n; i > 0; i--)
        g->items[i] = g->items[i - 1];
    g->items[0] = kept;
    g->n++;
    (void)hf_wake(call, &g->getters, 1);
}

static void
gate_destroy(hf_call_t *call, void *self)
{
    struct gate *g = self;
    for (int64_t i = 0; i < g->n; i++)
        hf_drop(call, &g->items[i]);
}

static const hf_method_t gate_methods[] = {
    HF_METHOD("notes", "-> str", gate_notes, HF_WRITES, "What happened since."),
    HF_METHOD_PARKS("get", "timeout: number? = nil", gate_get, gate_get_timed_out, HF_WRITES,
                    "The first item; waits for one."),
    HF_METHOD_PARKS("get_when", "n: int, timeout: number? = nil", gate_get_when, NULL, HF_WRITES,
                    "The first item, once there are n."),
    HF_METHOD_PARKS("count_parks", "timeout: number? = nil -> int", gate_count_parks,
                    gate_count_parks_late, HF_WRITES, "How often it parked, waiting for an item."),
    HF_METHOD_PARKS("take", "", gate_take, NULL, HF_WRITES, "Waits to be handed something."),
    HF_METHOD("put", "item: any, wakes: int = 1", gate_put, HF_WRITES, "Adds an item."),
    HF_METHOD("hand", "item: any, limit: int = 1000000 -> int", gate_hand, HF_WRITES,
              "Answers takers."),
    HF_METHOD("divert", "-> bool", gate_divert, HF_WRITES, "Makes a taker a getter."),
    HF_METHOD("raise_to", "-> bool", gate_raise_to, HF_WRITES, "Raises in a taker, then itself."),
    HF_METHOD("wake", "-> int", gate_wake, HF_WRITES, "Wakes all getters."),
    HF_METHOD("counts", "-> list", gate_counts, HF_READS, "Getters, takers, items, runs."),
    HF_METHOD("own", "-> int", gate_own, HF_WRITES, "Hears of the caller's end."),
    HF_METHOD("disown", "-> int", gate_disown, HF_WRITES, "Hears no more of it."),
    HF_METHOD("timer", "number: int, seconds: number -> float", gate_timer, HF_WRITES,
              "Arms a timer."),
    HF_METHOD("random", "-> int", gate_random, HF_READS, "Chance."),
    HF_METHOD("new_cell", "value: any -> handle[Cell]", gate_new_cell, HF_WRITES, "A Cell."),
    HF_METHOD("self", "-> handle", gate_self, HF_READS, "Itself."),
    HF_METHOD_PARKS("watch", "gate: handle", gate_watch, NULL, HF_READS,
                    "Another gate's first item."),
    HF_METHOD_PARKS("park_nowhere", "", gate_park_nowhere, NULL, HF_READS, "Parks on its stack."),
    HF_METHOD("value_of", "handle: handle", gate_value_of, HF_READS, "Another's value."),
};

static const hf_type_t gate_type = {
    HF_TYPE("Gate", struct gate, gate_methods, "Items, and who waits for them."),
    .destroy = gate_destroy,
    .timer = gate_on_timer,
    .session_died = gate_session_died,
    .gone = gate_gone,
    .undelivered = gate_undelivered,
};

struct cell {
    hf_value_t value;
};

static hf_err_t
cell_create(hf_call_t *call, void *self)
{
    return hf_keep(call, hf_arg(call, 0), &((struct cell *)self)->value);
}

static hf_err_t
cell_get(hf_call_t *call, void *self)
{
    return hf_return_value(call, &((struct cell *)self)->value);
}

static hf_err_t
cell_set(hf_call_t *call, void *self)
{
    hf_value_t kept;
    struct cell *c = self;
    if (hf_keep(call, hf_arg(call, 0), &kept) != HF_OK)
        return HF_RAISED;
    hf_drop(call, &c->value);
    c->value = kept;
    return hf_return_nil(call);
}

static hf_err_t
cell_other(hf_call_t *call, void *self)
{
    (void)self;
    const struct cell *other = hf_deref(call, hf_arg(call, 0), &cell_type);
    return other == NULL ? HF_RAISED : hf_return_value(call, &other->value);
}

static hf_err_t
cell_key_error(hf_call_t *call, void *self)
{
    (void)self;
    return hf_raise_value(call, "KeyError", hf_arg(call, 0), "%s", "no such key");
}

static void
cell_destroy(hf_call_t *call, void *self)
{
    hf_drop(call, &((struct cell *)self)->value);
}

static hf_err_t
cell_echo(hf_call_t *call, void *self)
{
    (void)self;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, 2);
    hf_write_value(w, hf_arg(call, 0));
    hf_write_value(w, hf_arg(call, 1));
    return hf_return_written(call);
}

static const hf_method_t cell_methods[] = {
    HF_METHOD("get", "", cell_get, HF_READS, "The value."),
    HF_METHOD("set", "value: any", cell_set, HF_WRITES, "Another value."),
    HF_METHOD("other", "cell: handle", cell_other, HF_READS, "Another cell's value.",
              .since = "1.1", .deprecated = "Call get of it."),
    HF_METHOD("fail", "key: any", cell_key_error, HF_READS, "A KeyError."),
    HF_METHOD("echo", "*args, **kwargs -> list", cell_echo, HF_READS, "The arguments."),
};

static void
cell_traverse(hf_call_t *call, const void *self, hf_visit_t *visit)
{
    hf_visit_value(call, visit, &((const struct cell *)self)->value);
}

static const hf_type_t cell_type = {
    HF_TYPE("Cell", struct cell, cell_methods, "One value."),
    .signature = "value: any = nil",
    .create = cell_create,
    .destroy = cell_destroy,
    .traverse = cell_traverse,
    .getvalue = cell_get,
};

HF_PLUGIN("trial", "1.0.0", &gate_type, &cell_type);
