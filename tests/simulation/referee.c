/* SPDX-License-Identifier: MPL-2.0 */
/* referee -- every call that a user has made, what became of it, and whether that is right. */
#include "referee.h"

#include <string.h>

#include <base/check.h>

#include "op.h"

void
sim_referee_open(sim_referee_t *self, sim_t *sim)
{
    memset(self, 0, sizeof *self);
    self->sim = sim;
}

sim_op_t *
sim_referee_add(sim_referee_t *self)
{
    HF_ASSERT(self->n_ops < SIM_MAX_OPS);
    sim_op_t *op = &self->ops[++self->n_ops];
    *op = (sim_op_t){.id = self->n_ops};
    return op;
}

void
sim_referee_take_back(sim_referee_t *self, sim_op_t *op)
{
    HF_ASSERT(op->id == self->n_ops);
    self->n_ops--;
}

/* Calls of one session to one referent start in the order of their numbers. */
static void
referee_check_order(sim_referee_t *self, const sim_op_t *op)
{
    uint64_t place = op->session * UINT64_C(0x9E3779B97F4A7C15) + op->object * 31;
    sim_mark_t *mark = &self->marks[place % SIM_MARKS];
    while (mark->session != 0 && (mark->session != op->session || mark->object != op->object)) {
        place++;
        mark = &self->marks[place % SIM_MARKS];
    }
    if (mark->session != 0 && mark->call >= op->call)
        sim_fail(self->sim, SIM_CHECK_ORDER,
                 "session %llu: call %llu to referent %llu started behind call %llu",
                 (unsigned long long)op->session, (unsigned long long)op->call,
                 (unsigned long long)op->object, (unsigned long long)mark->call);
    *mark = (sim_mark_t){op->session, op->object, op->call};
}

void
sim_referee_heard(void *context, uint64_t id)
{
    sim_referee_t *self = context;
    if (id == 0 || id > self->n_ops) {
        sim_fail(self->sim, SIM_CHECK_ONCE, "op %llu ran, which nobody made",
                 (unsigned long long)id);
        return;
    }
    sim_op_t *op = &self->ops[id];
    if (++op->ran > 1)
        sim_fail(self->sim, SIM_CHECK_ONCE, "op %llu (%s, call %llu of session %llu) ran twice",
                 (unsigned long long)id, sim_op_word(op), (unsigned long long)op->call,
                 (unsigned long long)op->session);
    else if (op->is_ordered)
        referee_check_order(self, op);
}

void
sim_referee_made(sim_referee_t *self, uint64_t object)
{
    HF_ASSERT(object < SIM_MAX_OBJECTS);
    if (self->is_made[object])
        sim_fail(self->sim, SIM_CHECK_NUMBERS, "number %llu was given to a second referent",
                 (unsigned long long)object);
    self->is_made[object] = true;
}

static sim_op_t *
referee_putter(sim_referee_t *self, int64_t item)
{
    uint64_t id = item > SIM_ITEM ? (uint64_t)(item - SIM_ITEM) : 0;
    if (id != 0 && id <= self->n_ops)
        return &self->ops[id];
    sim_fail(self->sim, SIM_CHECK_ITEMS, "there is an item %lld, which nobody made",
             (long long)item);
    return NULL;
}

void
sim_referee_got(sim_referee_t *self, const sim_op_t *getter, int64_t item)
{
    sim_op_t *op = referee_putter(self, item);
    if (op == NULL)
        return;
    if (op->n_got == SIM_MAX_GETTERS)
        sim_fail(self->sim, SIM_CHECK_ITEMS, "item %lld was got %d times, and again by op %llu",
                 (long long)item, SIM_MAX_GETTERS, (unsigned long long)getter->id);
    else
        op->got_by[op->n_got++] = getter->session;
}

void
sim_referee_seen(sim_referee_t *self, int64_t item)
{
    sim_op_t *op = referee_putter(self, item);
    if (op != NULL)
        op->seen++;
}

void
sim_referee_lost(sim_referee_t *self, uint64_t session)
{
    self->is_lost[session] = true;
}

void
sim_referee_restarted(sim_referee_t *self)
{
    memset(self->is_made, 0, sizeof self->is_made);
    memset(self->shared, 0, sizeof self->shared);
    for (uint64_t i = 0; i < self->n_tokens; i++)
        self->tokens[i].is_revoking = self->tokens[i].is_revoked = true;
    for (uint64_t id = 1; id <= self->n_ops; id++)
        if (self->ops[id].effect != SIM_RAN && self->ops[id].effect != SIM_RAN_RAISE)
            self->ops[id].effect = SIM_NO_EFFECT;
}

bool
sim_referee_is_left(const sim_referee_t *self, uint64_t session, uint64_t call)
{
    for (uint64_t id = self->n_ops; id > 0; id--)
        if (self->ops[id].session == session && self->ops[id].call == call)
            return self->ops[id].is_left;
    return false;
}

/* ---- the end -------------------------------------------------------------------------- */

typedef struct referee_bounds {
    uint32_t least;
    uint32_t most;
} referee_bounds_t;

static referee_bounds_t
referee_bounds(const sim_referee_t *self, const sim_op_t *op)
{
    switch (op->end) {
    case SIM_RESULT:
        return (referee_bounds_t){1, 1};
    case SIM_ONEWAY:
        return (referee_bounds_t){self->is_lost[op->session] ? 0 : 1, 1};
    case SIM_ERROR:
        return op->effect == SIM_RAN_RAISE ? (referee_bounds_t){0, 1} : (referee_bounds_t){0, 0};
    case SIM_TIMED_OUT:
    case SIM_ABANDONED:
    case SIM_LOST:
    case SIM_PENDING:
        break;
    }
    return (referee_bounds_t){0, 1};
}

static void
referee_judge_op(sim_referee_t *self, const sim_op_t *op)
{
    uint32_t n = op->ran;
    sim_check_t check = SIM_CHECK_DONE;
    if (op->end == SIM_PENDING) {
        sim_fail(self->sim, SIM_CHECK_DONE, "op %llu (%s, call %llu of session %llu) has no end",
                 (unsigned long long)op->id, sim_op_word(op), (unsigned long long)op->call,
                 (unsigned long long)op->session);
        return;
    }
    if (op->effect == SIM_NO_EFFECT || op->effect == SIM_ADDED)
        return;
    if (op->effect == SIM_IN_LIST || op->effect == SIM_IN_DICT || op->effect == SIM_IN_QUEUE) {
        check = SIM_CHECK_ITEMS;
        n = op->seen;
        for (uint8_t i = 0; i < op->n_got; i++)
            n += self->is_lost[op->got_by[i]] ? 0 : 1;
        if (n == 0 && op->n_got > 0)
            return; /* whoever got it is gone with it */
    }
    referee_bounds_t bounds = referee_bounds(self, op);
    if (n < bounds.least || n > bounds.most)
        sim_fail(self->sim, check,
                 "op %llu (%s, call %llu of session %llu, end %d): %u effects, not %u to %u",
                 (unsigned long long)op->id, sim_op_word(op), (unsigned long long)op->call,
                 (unsigned long long)op->session, (int)op->end, n, bounds.least, bounds.most);
}

void
sim_referee_judge(sim_referee_t *self)
{
    uint64_t least = 0;
    uint64_t most = 0;
    for (uint64_t id = 1; id <= self->n_ops && !self->sim->has_failed; id++) {
        const sim_op_t *op = &self->ops[id];
        referee_judge_op(self, op);
        if (op->effect == SIM_ADDED) {
            referee_bounds_t bounds = referee_bounds(self, op);
            least += bounds.least;
            most += bounds.most;
        }
    }
    if (self->is_sum_known && (self->counter_sum < least || self->counter_sum > most))
        sim_fail(self->sim, SIM_CHECK_DONE, "the counter says %llu, not %llu to %llu",
                 (unsigned long long)self->counter_sum, (unsigned long long)least,
                 (unsigned long long)most);
}
