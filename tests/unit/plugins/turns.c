/* SPDX-License-Identifier: MPL-2.0 */
/* turns -- random programs of many sessions and threads on all types of sync, against a plain model of what each must
 * answer and when.
 *
 *     test.unit.plugins.turns [SEED]      that program alone, told call by call
 *
 * The model has lists where the plugin has the manager's, and knows nothing of it. After every call, cancellation, death
 * and timeout, every call that is not answered yet must be where the model has it, and what is answered must be what
 * the model says. No two deadlines are the same.
 */
#include "bed.h"

#include <stdlib.h>

enum {
    SEEDS = 80,
    STEPS = 300,
    CALLS = 1024,
    OPEN = 24, /* calls that wait at a time */
    SESSIONS = 6,
    LOCKS = 3,
    CONDITIONS = 3,
    SEMAPHORES = 2,
    PARTIES = 3,
};

typedef struct lock lock_t;

typedef enum kind { ACQUIRE, WAIT, TAKE, EVENT, BARRIER } kind_t;

typedef struct call {
    kind_t kind;
    void *of;   /* what it waits in: a lock, a condition, … */
    lock_t *at; /* of a WAIT: its lock */
    uint32_t session;
    uint64_t thread;
    uint64_t number;
    int depth; /* of a lock that it will have */
    bool is_late;
    int due_ms; /* NEVER */
    char said[64];
} call_t;

#define NEVER INT32_MAX

typedef struct list {
    call_t *at[OPEN];
    int n;
} list_t;

struct lock {
    uint64_t object;
    bool is_recursive;
    bool is_inside; /* a Condition's own: asked through it */
    uint32_t session;
    uint64_t thread;
    int depth, fence, deaths;
    list_t list;
};

typedef struct condition {
    uint64_t object;
    lock_t *lock;
    list_t list;
} condition_t;

typedef struct semaphore {
    uint64_t object;
    bool is_bounded;
    int value, initial;
    uint32_t holder[SESSIONS]; /* in the order in which they began to hold */
    int units[SESSIONS];
    int n_holders;
    list_t list;
} semaphore_t;

typedef struct world {
    bed_t *bed;
    unsigned seed;
    uint64_t luck;
    bool is_told;
    int now_ms;
    bool is_alive[SESSIONS];
    lock_t locks[LOCKS]; /* Lock, RLock, a Condition's own */
    condition_t conditions[CONDITIONS];
    semaphore_t semaphores[SEMAPHORES];
    uint64_t event, barrier;
    bool is_set, is_broken;
    list_t event_list, barrier_list;
    call_t calls[CALLS];
    int n_calls;
    list_t open; /* not seen to be answered yet */
} world_t;

/* ---- lists -------------------------------------------------------------------------------- */

static void
list_add(list_t *self, call_t *call)
{
    assert_true(self->n < OPEN);
    self->at[self->n++] = call;
}

static bool
list_remove(list_t *self, const call_t *call)
{
    int k = 0;
    while (k < self->n && self->at[k] != call)
        k++;
    if (k == self->n)
        return false;
    self->n--;
    for (; k < self->n; k++)
        self->at[k] = self->at[k + 1];
    return true;
}

/* The first, of a list that has one. */
static call_t *
list_take(list_t *self)
{
    call_t *call = self->at[0];
    (void)list_remove(self, call);
    return call;
}

static void
say(call_t *call, const char *text)
{
    (void)snprintf(call->said, sizeof call->said, "%s", text);
}

/* Puts it where it waits, up to a time or for ever. */
static void
leave_in(list_t *list, call_t *call)
{
    if (call->due_ms == 0) /* it does not wait */
        say(call, "False");
    else
        list_add(list, call);
}

/* ---- the model: locks, conditions --------------------------------------------------------- */

static bool
lock_is_held(const lock_t *self, const call_t *by)
{
    return self->depth > 0 &&
           (!self->is_recursive || (self->session == by->session && self->thread == by->thread));
}

static void
lock_give(lock_t *self, call_t *call)
{
    self->session = call->session;
    self->thread = call->thread;
    self->depth = call->depth;
    self->fence++;
    say(call, call->is_late ? "False" : "True");
}

static void
lock_pass_on(lock_t *self)
{
    self->depth = 0;
    if (self->list.n > 0)
        lock_give(self, list_take(&self->list));
}

static void
lock_acquire(lock_t *self, call_t *call)
{
    call->kind = ACQUIRE;
    call->of = self;
    call->depth = 1;
    if (self->depth == 0) {
        lock_give(self, call);
    } else if (self->is_recursive && lock_is_held(self, call)) {
        self->depth++;
        say(call, "True");
    } else {
        leave_in(&self->list, call);
    }
}

static void
lock_release(lock_t *self, call_t *call)
{
    if (!lock_is_held(self, call)) {
        say(call, self->is_recursive ? "RuntimeError: cannot release un-acquired lock"
                                     : "RuntimeError: release unlocked lock");
        return;
    }
    say(call, "None");
    if (self->depth > 1)
        self->depth--;
    else
        lock_pass_on(self);
}

static void
condition_wait(condition_t *self, call_t *call)
{
    call->kind = WAIT;
    call->of = self;
    call->at = self->lock;
    call->depth = self->lock->depth;
    if (!lock_is_held(self->lock, call)) {
        say(call, "RuntimeError: cannot wait on un-acquired lock");
        return;
    }
    list_add(&self->list, call);
    lock_pass_on(self->lock);
}

/* A wait goes on, once it has the lock. */
static void
condition_resume(call_t *call)
{
    call->due_ms = NEVER;
    if (call->at->depth == 0)
        lock_give(call->at, call);
    else
        list_add(&call->at->list, call);
}

static void
condition_notify(condition_t *self, call_t *call, int n)
{
    if (!lock_is_held(self->lock, call)) {
        say(call, "RuntimeError: cannot notify on un-acquired lock");
        return;
    }
    for (; n > 0 && self->list.n > 0; n--)
        condition_resume(list_take(&self->list));
    say(call, "None");
}

/* ---- the model: semaphores, the event, the barrier ------------------------------------------ */

static void
semaphore_give(semaphore_t *self, call_t *call)
{
    int k = 0;
    while (k < self->n_holders && self->holder[k] != call->session)
        k++;
    if (k == self->n_holders) {
        self->holder[self->n_holders] = call->session;
        self->units[self->n_holders++] = 0;
    }
    self->units[k]++;
    self->value--;
    say(call, "True");
}

/* Takes a unit from that holder. */
static void
semaphore_take_off(semaphore_t *self, int k)
{
    self->units[k]--;
    if (self->units[k] > 0)
        return;
    self->n_holders--;
    for (; k < self->n_holders; k++) {
        self->holder[k] = self->holder[k + 1];
        self->units[k] = self->units[k + 1];
    }
}

static void
semaphore_serve(semaphore_t *self)
{
    while (self->value > 0 && self->list.n > 0)
        semaphore_give(self, list_take(&self->list));
}

static void
semaphore_acquire(semaphore_t *self, call_t *call)
{
    call->kind = TAKE;
    call->of = self;
    if (self->value > 0)
        semaphore_give(self, call);
    else
        leave_in(&self->list, call);
}

static void
semaphore_release(semaphore_t *self, call_t *call, int n)
{
    if (n < 1 || (self->is_bounded && self->value + n > self->initial)) {
        say(call, n < 1 ? "ValueError: n must be one or more"
                        : "ValueError: Semaphore released too many times");
        return;
    }
    for (int unit = 0; unit < n && self->n_holders > 0; unit++) {
        int k = 0;
        while (k < self->n_holders && self->holder[k] != call->session)
            k++;
        semaphore_take_off(self, k < self->n_holders ? k : 0);
    }
    self->value += n;
    say(call, "None");
    semaphore_serve(self);
}

static void
semaphore_died(semaphore_t *self, uint32_t session)
{
    for (int k = 0; k < self->n_holders; k++) {
        if (self->holder[k] != session)
            continue;
        self->value += self->units[k];
        self->units[k] = 1;
        semaphore_take_off(self, k);
        break;
    }
    semaphore_serve(self);
}

static void
barrier_break(world_t *w)
{
    while (w->barrier_list.n > 0)
        say(list_take(&w->barrier_list), "BrokenBarrierError: ");
}

static void
barrier_wait(world_t *w, call_t *call)
{
    call->kind = BARRIER;
    if (w->is_broken) {
        say(call, "BrokenBarrierError: ");
    } else if (w->barrier_list.n + 1 < PARTIES) {
        list_add(&w->barrier_list, call);
    } else {
        static const char *const index[] = {"0", "1", "2"};
        say(call, index[PARTIES - 1]);
        for (int k = 0; w->barrier_list.n > 0; k++)
            say(list_take(&w->barrier_list), index[k]);
    }
}

/* ---- the model: exits ----------------------------------------------------------------------- */

/* Wherever it waits, it does no more. */
static void
withdraw(world_t *w, const call_t *call)
{
    for (int k = 0; k < LOCKS; k++)
        (void)list_remove(&w->locks[k].list, call);
    for (int k = 0; k < CONDITIONS; k++)
        (void)list_remove(&w->conditions[k].list, call);
    for (int k = 0; k < SEMAPHORES; k++)
        (void)list_remove(&w->semaphores[k].list, call);
    (void)list_remove(&w->event_list, call);
    (void)list_remove(&w->barrier_list, call);
}

static void
time_up(world_t *w, call_t *call)
{
    call->due_ms = NEVER;
    if (call->kind == BARRIER) {
        w->is_broken = true;
        barrier_break(w);
        return;
    }
    withdraw(w, call);
    if (call->kind == WAIT) {
        call->is_late = true;
        condition_resume(call);
    } else {
        say(call, "False");
    }
}

static void
pass(world_t *w, int ms)
{
    w->now_ms += ms;
    for (;;) {
        call_t *first = NULL;
        for (int k = 0; k < w->open.n; k++) {
            call_t *call = w->open.at[k];
            if (call->said[0] == '\0' && (first == NULL || call->due_ms < first->due_ms))
                first = call;
        }
        if (first == NULL || first->due_ms > w->now_ms)
            return;
        time_up(w, first);
    }
}

static void
died(world_t *w, uint32_t session)
{
    w->is_alive[session] = false;
    for (int k = w->open.n; k > 0; k--) {
        call_t *call = w->open.at[k - 1];
        if (call->session != session)
            continue;
        withdraw(w, call);
        (void)list_remove(&w->open, call);
    }
    for (int k = 0; k < LOCKS; k++) {
        lock_t *lock = &w->locks[k];
        if (lock->depth == 0 || lock->session != session)
            continue;
        lock->deaths++;
        lock_pass_on(lock);
    }
    for (int k = 0; k < SEMAPHORES; k++)
        semaphore_died(&w->semaphores[k], session);
}

/* ---- both sides ----------------------------------------------------------------------------- */

static int
below(world_t *w, int n)
{
    w->luck = w->luck * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((w->luck >> 33) % (uint64_t)n);
}

/* A timeout whose end is nobody else's; sometimes for ever, sometimes none. As JSON's. */
static int
choose_due(world_t *w, char *text, size_t room)
{
    if (below(w, 3) == 0) {
        (void)snprintf(text, room, "null");
        return NEVER;
    }
    for (;;) {
        int ms = below(w, 100) * 20 + 5;
        bool is_taken = false;
        for (int k = 0; k < w->open.n; k++)
            is_taken = is_taken || w->open.at[k]->due_ms == w->now_ms + ms;
        (void)snprintf(text, room, "%d.%03d", ms / 1000, ms % 1000);
        if (!is_taken)
            return w->now_ms + ms;
    }
}

/* Makes the call in the manager; the model answers it, or leaves it somewhere. */
static void
begin(world_t *w, call_t *call, uint64_t object, const char *method, const char *args)
{
    hf_testing_set_thread(w->bed->session[call->session], call->thread);
    call->number = bed_begin(w->bed, call->session, object, method, args);
    list_add(&w->open, call);
    if (w->is_told)
        print_message("%6d ms  session %u thread %u: call %u: #%u.%s%s\n", w->now_ms, call->session,
                      (unsigned)call->thread, (unsigned)call->number, (unsigned)object, method,
                      args);
}

/* acquire's arguments, and until when it waits. */
static void
begin_acquire(world_t *w, call_t *call, uint64_t object)
{
    char due[16];
    char args[32] = "[false]";
    call->due_ms = below(w, 4) == 0 ? 0 : choose_due(w, due, sizeof due);
    if (call->due_ms != 0)
        (void)snprintf(args, sizeof args, "[true, %s]", due);
    begin(w, call, object, "acquire", args);
}

static void
begin_wait(world_t *w, call_t *call, uint64_t object)
{
    char due[16];
    char args[32];
    call->due_ms = choose_due(w, due, sizeof due);
    (void)snprintf(args, sizeof args, "[%s]", due);
    begin(w, call, object, "wait", args);
}

static void
do_lock(world_t *w, call_t *call)
{
    lock_t *lock = &w->locks[below(w, LOCKS)];
    if (below(w, 2) == 0) {
        begin_acquire(w, call, lock->object);
        lock_acquire(lock, call);
    } else {
        begin(w, call, lock->object, "release", "[]");
        lock_release(lock, call);
    }
}

static void
do_condition(world_t *w, call_t *call)
{
    condition_t *condition = &w->conditions[below(w, CONDITIONS)];
    switch (below(w, 6)) {
    case 0:
        begin_acquire(w, call, condition->object);
        lock_acquire(condition->lock, call);
        break;
    case 1:
        begin(w, call, condition->object, "release", "[]");
        lock_release(condition->lock, call);
        break;
    case 2:
        begin(w, call, condition->object, "notify", "[2]");
        condition_notify(condition, call, 2);
        break;
    case 3:
        begin(w, call, condition->object, "notify_all", "[]");
        condition_notify(condition, call, OPEN);
        break;
    default:
        begin_wait(w, call, condition->object);
        condition_wait(condition, call);
    }
}

static void
do_semaphore(world_t *w, call_t *call)
{
    char args[8];
    semaphore_t *semaphore = &w->semaphores[below(w, SEMAPHORES)];
    int n = below(w, 4);
    if (below(w, 5) < 3) {
        begin_acquire(w, call, semaphore->object);
        semaphore_acquire(semaphore, call);
        return;
    }
    (void)snprintf(args, sizeof args, "[%d]", n);
    begin(w, call, semaphore->object, "release", args);
    semaphore_release(semaphore, call, n);
}

static void
do_event(world_t *w, call_t *call)
{
    int luck = below(w, 6);
    call->kind = EVENT;
    if (luck > 1) {
        begin_wait(w, call, w->event);
        if (w->is_set)
            say(call, "True");
        else
            list_add(&w->event_list, call);
        return;
    }
    w->is_set = luck == 1;
    begin(w, call, w->event, w->is_set ? "set" : "clear", "[]");
    say(call, "None");
    while (w->is_set && w->event_list.n > 0)
        say(list_take(&w->event_list), "True");
}

static void
do_barrier(world_t *w, call_t *call)
{
    int luck = below(w, 10);
    if (luck > 2 || (luck == 2 && !w->is_broken)) {
        begin_wait(w, call, w->barrier);
        barrier_wait(w, call);
        return;
    }
    w->is_broken = luck == 0;
    begin(w, call, w->barrier, luck == 0 ? "abort" : "reset", "[]");
    say(call, "None");
    barrier_break(w);
}

/* ---- what is seen ---------------------------------------------------------------------------- */

/* Every call that was not answered before is now as the model has it. */
static void
look_at_calls(world_t *w)
{
    for (int k = w->open.n; k > 0; k--) {
        call_t *call = w->open.at[k - 1];
        const char *is = bed_answer(w->bed, call->session, call->number);
        const char *should_be = call->said[0] == '\0' ? "parked" : call->said;
        if (strcmp(is, should_be) != 0)
            fail_msg("seed %u: call %u of session %u: '%s', but it should be '%s'", w->seed,
                     (unsigned)call->number, call->session, is, should_be);
        if (call->said[0] != '\0')
            (void)list_remove(&w->open, call);
    }
}

static void
expect(world_t *w, uint64_t object, const char *method, int n)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%d", n);
    assert_string_equal(bed_call(w->bed, object, method, "[]"), text);
}

static void
look_at_states(world_t *w)
{
    for (int k = 0; k < LOCKS; k++) {
        const lock_t *lock = &w->locks[k];
        assert_string_equal(bed_call(w->bed, lock->object, "locked", "[]"),
                            lock->depth > 0 ? "True" : "False");
        expect(w, lock->object, "fence", lock->fence);
        expect(w, lock->object, "deaths", lock->deaths);
    }
    for (int k = 0; k < SEMAPHORES; k++)
        expect(w, w->semaphores[k].object, "get_value", w->semaphores[k].value);
    expect(w, w->barrier, "n_waiting", w->barrier_list.n);
}

/* ---- programs -------------------------------------------------------------------------------- */

static void
world_open(world_t *w, unsigned seed)
{
    char over[32];
    *w = (world_t){.bed = bed_open("{}"), .seed = seed, .luck = seed};
    w->locks[0].object = bed_new(w->bed, "Lock", "[]");
    w->locks[1].object = bed_new(w->bed, "RLock", "[]");
    w->locks[2].object = bed_new(w->bed, "Condition", "[]");
    w->conditions[2].object = w->locks[2].object;
    for (int k = 0; k < CONDITIONS; k++) {
        (void)snprintf(over, sizeof over, "[{\"$handle\": [%u]}]", (unsigned)w->locks[k].object);
        w->locks[k].is_recursive = k > 0;
        w->conditions[k].lock = &w->locks[k];
        if (k < 2)
            w->conditions[k].object = bed_new(w->bed, "Condition", over);
    }
    w->semaphores[0] =
        (semaphore_t){.object = bed_new(w->bed, "Semaphore", "[2]"), .value = 2, .initial = 2};
    w->semaphores[1] = (semaphore_t){.object = bed_new(w->bed, "BoundedSemaphore", "[3]"),
                                     .is_bounded = true,
                                     .value = 3,
                                     .initial = 3};
    w->event = bed_new(w->bed, "Event", "[]");
    w->barrier = bed_new(w->bed, "Barrier", "[3]");
    w->is_alive[0] = true;
    for (uint32_t k = 1; k < SESSIONS; k++) {
        assert_int_equal(bed_session(w->bed), k);
        w->is_alive[k] = true;
        for (uint64_t object = 1; object <= w->barrier; object++)
            bed_share(w->bed, object, k);
    }
}

/* A death, seldom, but never the first session's, which looks at what is. */
static void
do_death(world_t *w)
{
    uint32_t session = 1 + (uint32_t)below(w, SESSIONS - 1);
    if (!w->is_alive[session])
        return;
    if (w->is_told)
        print_message("%6d ms  session %u ends\n", w->now_ms, session);
    if (below(w, 2) == 0)
        hf_testing_die(w->bed->session[session]);
    else
        hf_testing_bye(w->bed->session[session]);
    died(w, session);
}

static void
do_cancel(world_t *w)
{
    if (w->open.n == 0)
        return;
    call_t *call = w->open.at[below(w, w->open.n)];
    if (w->is_told)
        print_message("%6d ms  session %u cancels call %u\n", w->now_ms, call->session,
                      (unsigned)call->number);
    hf_testing_cancel(w->bed->session[call->session], call->number);
    withdraw(w, call);
    say(call, "Cancelled: the call was cancelled");
}

static void
do_pass(world_t *w)
{
    int ms = 10 + 20 * below(w, 30);
    hf_testing_pass(w->bed->manager, ms / 1e3);
    pass(w, ms);
}

static void
do_call(world_t *w)
{
    static void (*const what[])(world_t *, call_t *) = {do_lock,      do_condition, do_condition,
                                                        do_semaphore, do_event,     do_barrier};
    uint32_t session = (uint32_t)below(w, SESSIONS);
    uint64_t thread = (uint64_t)below(w, 2);
    const lock_t *lock = &w->locks[below(w, LOCKS)];
    if (lock->depth > 0 && below(w, 2) == 0) { /* who has a lock has more to do */
        session = lock->session;
        thread = lock->thread;
    }
    if (!w->is_alive[session] || w->open.n == OPEN)
        return;
    call_t *call = &w->calls[w->n_calls++];
    *call = (call_t){.session = session, .thread = thread, .due_ms = NEVER};
    what[below(w, 6)](w, call);
}

static void
run(unsigned seed, bool is_told)
{
    static world_t w;
    world_open(&w, seed);
    w.is_told = is_told;
    for (int step = 0; step < STEPS; step++) {
        int luck = below(&w, 100);
        if (luck < 1)
            do_death(&w);
        else if (luck < 6)
            do_cancel(&w);
        else if (luck < 14)
            do_pass(&w);
        else
            do_call(&w);
        look_at_calls(&w);
        if (step % 16 == 0)
            look_at_states(&w);
    }
    look_at_states(&w);
    bed_close(&w.bed);
}

static unsigned only;

static void
test_as_the_model_says(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        if (only == 0 || seed == only)
            run(seed, only != 0);
    }
}

int
main(int argc, char **argv)
{
    only = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_the_model_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
