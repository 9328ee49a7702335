/* SPDX-License-Identifier: MPL-2.0 */
/* fault -- a type that breaks each rule of plugin.h on purpose: what a manager must survive, and name. */
#include <holdfast/plugin.h>

enum { WAITERS = 2 };

struct fault {
    hf_waiters_t waiters[WAITERS];
    hf_value_t kept;
    hf_call_t *call; /* of another run: kept beyond its end */
    int64_t runs;    /* changed by those that may not */
};

static const hf_type_t fault_type; /* defined at the end */

static const hf_type_t stranger_type = {
    HF_TYPE("Stranger", struct fault, ((const hf_method_t[]){{.name = NULL}}), "In no descriptor."),
};

/* ---- answers ---------------------------------------------------------------------------- */

static hf_err_t
fault_answers_twice(hf_call_t *call, void *self)
{
    (void)self;
    (void)hf_return_int(call, 1);
    return hf_return_int(call, 2);
}

static hf_err_t
fault_answers_nothing(hf_call_t *call, void *self)
{
    (void)call;
    (void)self;
    return HF_OK;
}

static hf_err_t
fault_answers_then_raises(hf_call_t *call, void *self)
{
    (void)self;
    (void)hf_return_int(call, 1);
    return HF_RAISE(call, "ValueError", "after an answer");
}

static hf_err_t
fault_answers_then_says_raised(hf_call_t *call, void *self)
{
    (void)self;
    (void)hf_return_int(call, 1);
    return HF_RAISED;
}

static hf_err_t
fault_raises_then_says_ok(hf_call_t *call, void *self)
{
    (void)self;
    (void)HF_RAISE(call, "ValueError", "and then HF_OK");
    return HF_OK;
}

static hf_err_t
fault_says_raised(hf_call_t *call, void *self)
{
    (void)call;
    (void)self;
    return HF_RAISED;
}

static hf_err_t
fault_says_parked(hf_call_t *call, void *self)
{
    (void)call;
    (void)self;
    return HF_PARKED;
}

static hf_err_t
fault_unknown_code(hf_call_t *call, void *self)
{
    (void)call;
    (void)self;
    return 77;
}

static hf_err_t
fault_owns_astray(hf_call_t *call, void *self)
{
    uint64_t stray = 0;
    (void)self;
    hf_disown(call, &stray, 0);
    return hf_own(call, &stray);
}

static hf_err_t
fault_raises_null_kind(hf_call_t *call, void *self)
{
    (void)self;
    return HF_RAISE(call, NULL, "there is no kind");
}

static hf_err_t
fault_raises_odd_kind(hf_call_t *call, void *self)
{
    (void)self;
    return HF_RAISE(call, "not a kind\n\xff", "the kind is no word");
}

static hf_err_t
fault_raises_long_text(hf_call_t *call, void *self)
{
    (void)self;
    return HF_RAISE(call, "ValueError", "%0*d", 100000, 1);
}

/* ---- values ----------------------------------------------------------------------------- */

static hf_err_t
fault_wrong_result(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_str(call, "no int", 6);
}

static hf_err_t
fault_huge_value(hf_call_t *call, void *self)
{
    (void)self;
    hf_writer_t *writer = hf_return_writer(call);
    int64_t n = hf_arg_int(call, 0);
    if (writer == NULL)
        return HF_RAISED;
    hf_write_list(writer, (size_t)n);
    for (int64_t k = 0; k < n && !writer->failed; k++)
        hf_write_str(writer, "0123456789abcdef0123456789abcdef", 32);
    return hf_return_written(call);
}

static hf_err_t
fault_deep_value(hf_call_t *call, void *self)
{
    (void)self;
    hf_writer_t *writer = hf_return_writer(call);
    if (writer == NULL)
        return HF_RAISED;
    for (int64_t k = hf_arg_int(call, 0); k > 0 && !writer->failed; k--)
        hf_write_list(writer, 1);
    hf_write_nil(writer);
    return hf_return_written(call);
}

static hf_err_t
fault_bad_utf8(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_str(call, "\xff\xfe", 2);
}

static hf_err_t
fault_too_few_items(hf_call_t *call, void *self)
{
    (void)self;
    hf_writer_t *writer = hf_return_writer(call);
    if (writer == NULL)
        return HF_RAISED;
    hf_write_list(writer, 3);
    hf_write_int(writer, 1);
    return hf_return_written(call);
}

static hf_err_t
fault_too_many_items(hf_call_t *call, void *self)
{
    (void)self;
    hf_writer_t *writer = hf_return_writer(call);
    if (writer == NULL)
        return HF_RAISED;
    hf_write_int(writer, 1);
    hf_write_int(writer, 2);
    return hf_return_written(call);
}

static hf_err_t
fault_nothing_written(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_writer(call) == NULL ? HF_RAISED : hf_return_written(call);
}

static hf_err_t
fault_writer_forgotten(hf_call_t *call, void *self)
{
    (void)self;
    hf_writer_t *writer = hf_return_writer(call);
    if (writer != NULL)
        hf_write_int(writer, 1);
    return HF_OK;
}

static hf_err_t
fault_foreign_handle(hf_call_t *call, void *self)
{
    (void)self;
    hf_writer_t *writer = hf_return_writer(call);
    if (writer == NULL)
        return HF_RAISED;
    hf_write_handle(writer, UINT64_C(0x7fffffffffff), "list", 4);
    return hf_return_written(call);
}

static hf_err_t
fault_return_none(hf_call_t *call, void *self)
{
    (void)self;
    static const hf_value_t none = {.raw = {0}};
    return hf_return_value(call, &none);
}

static hf_err_t
fault_wrong_index(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_int(call, hf_arg_int(call, 9));
}

static hf_err_t
fault_new_stranger(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_new(call, &stranger_type, "");
}

static hf_err_t
fault_bad_picture(hf_call_t *call, void *self)
{
    (void)self;
    hf_value_t value;
    hf_err_t err = hf_build(call, &value, "[i", 1);
    return err == HF_OK ? hf_return_value(call, &value) : err;
}

static hf_err_t
fault_deref_nothing(hf_call_t *call, void *self)
{
    (void)self;
    return hf_deref(call, hf_arg(call, 0), &stranger_type) == NULL ? HF_RAISED : HF_OK;
}

/* Breaks no rule: for handle[Typeid]. */
static hf_err_t
fault_meet(hf_call_t *call, void *self)
{
    (void)self;
    const struct fault *other = hf_deref(call, hf_arg(call, 0), &fault_type);
    return other == NULL ? HF_RAISED : hf_return_int(call, other->runs);
}

static hf_err_t
fault_alloc(hf_call_t *call, void *self)
{
    (void)self;
    void *block = hf_alloc(call, SIZE_MAX / 2);
    if (block == NULL)
        return HF_RAISED;
    hf_free(call, block);
    return HF_OK;
}

/* ---- parking ---------------------------------------------------------------------------- */

static hf_err_t
fault_park(hf_call_t *call, void *self)
{
    struct fault *f = self;
    return hf_park(call, &f->waiters[0], hf_arg_timeout(call, 0));
}

static hf_err_t
fault_park_after_change(hf_call_t *call, void *self)
{
    struct fault *f = self;
    f->runs++;
    return hf_park(call, &f->waiters[0], HF_FOREVER);
}

static hf_err_t
fault_park_twice(hf_call_t *call, void *self)
{
    struct fault *f = self;
    (void)hf_park(call, &f->waiters[0], HF_FOREVER);
    return hf_park(call, &f->waiters[1], HF_FOREVER);
}

static hf_err_t
fault_park_then_ok(hf_call_t *call, void *self)
{
    struct fault *f = self;
    (void)hf_park(call, &f->waiters[0], HF_FOREVER);
    return HF_OK;
}

static hf_err_t
fault_park_then_answer(hf_call_t *call, void *self)
{
    struct fault *f = self;
    (void)hf_park(call, &f->waiters[0], HF_FOREVER);
    return hf_return_int(call, 1);
}

static hf_err_t
fault_park_nan(hf_call_t *call, void *self)
{
    struct fault *f = self;
    return hf_park(call, &f->waiters[0], (double)__builtin_nanf(""));
}

static hf_err_t
fault_park_after_answer(hf_call_t *call, void *self)
{
    struct fault *f = self;
    (void)hf_return_int(call, 1);
    return hf_park(call, &f->waiters[0], HF_FOREVER);
}

static hf_err_t
fault_park_after_wake(hf_call_t *call, void *self)
{
    struct fault *f = self;
    (void)hf_wake(call, &f->waiters[0], 1);
    return hf_park(call, &f->waiters[1], HF_FOREVER);
}

static hf_err_t
fault_park_after_hold(hf_call_t *call, void *self)
{
    struct fault *f = self;
    hf_value_t kept;
    if (hf_keep(call, hf_arg(call, 0), &kept) != HF_OK)
        return HF_RAISED;
    hf_drop(call, &f->kept);
    f->kept = kept;
    return hf_park(call, &f->waiters[0], HF_FOREVER);
}

static hf_err_t
fault_wake(hf_call_t *call, void *self)
{
    struct fault *f = self;
    return hf_return_uint(call, hf_wake(call, &f->waiters[0], UINT32_MAX));
}

static hf_err_t
fault_take_and_forget(hf_call_t *call, void *self)
{
    struct fault *f = self;
    hf_call_t *other = NULL;
    return hf_return_bool(call, hf_take_parked(call, &f->waiters[0], &other));
}

static hf_err_t
fault_take_and_answer_twice(hf_call_t *call, void *self)
{
    struct fault *f = self;
    hf_call_t *other = NULL;
    if (!hf_take_parked(call, &f->waiters[0], &other))
        return hf_return_bool(call, false);
    (void)hf_return_int(other, 1);
    (void)hf_return_int(other, 2);
    return hf_return_bool(call, true);
}

static hf_err_t
fault_spoil_waiters(hf_call_t *call, void *self)
{
    struct fault *f = self;
    (void)call;
    f->waiters[0].first = f->waiters[0].last = f->waiters[0].count = 0x7fffffff;
    return HF_OK;
}

/* Waits for what is woken never again: the list is forgotten. */
static hf_err_t
fault_forget_waiters(hf_call_t *call, void *self)
{
    struct fault *f = self;
    (void)call;
    f->waiters[0] = (hf_waiters_t){0, 0, 0};
    return HF_OK;
}

/* A list that nobody parked on, though it looks like one. */
static hf_err_t
fault_wake_copy(hf_call_t *call, void *self)
{
    hf_waiters_t copy = ((struct fault *)self)->waiters[0];
    return hf_return_uint(call, hf_wake(call, &copy, UINT32_MAX));
}

static hf_err_t
fault_take_copy(hf_call_t *call, void *self)
{
    hf_waiters_t copy = ((struct fault *)self)->waiters[0];
    hf_call_t *other = NULL;
    return hf_return_bool(call, hf_take_parked(call, &copy, &other));
}

/* ---- what outlives the answer ------------------------------------------------------------ */

static hf_err_t
fault_writes_on(hf_call_t *call, void *self)
{
    (void)self;
    hf_writer_t *writer = hf_return_writer(call);
    if (writer == NULL)
        return HF_RAISED;
    hf_write_int(writer, 1);
    hf_err_t err = hf_return_written(call);
    hf_write_int(writer, 2);
    return err;
}

/* Its answer is what it was when it was given. */
static hf_err_t
fault_answers_then_changes(hf_call_t *call, void *self)
{
    struct fault *f = self;
    hf_err_t err = hf_return_value(call, &f->kept);
    hf_drop(call, &f->kept);
    f->runs = 0;
    return err;
}

static hf_err_t
fault_keep_call(hf_call_t *call, void *self)
{
    ((struct fault *)self)->call = call;
    return HF_OK;
}

/* The kept call has ended; a second one is made, so that it is not this very one. */
static hf_err_t
fault_use_call(hf_call_t *call, void *self)
{
    struct fault *f = self;
    if (f->call == call || f->call == NULL)
        return hf_return_bool(call, false);
    (void)hf_return_int(f->call, 1);
    (void)HF_RAISE(f->call, "ValueError", "too late");
    (void)hf_park(f->call, &f->waiters[0], 1.0);
    return hf_return_bool(call, true);
}

static hf_err_t
fault_repr_keeps(hf_call_t *call, void *self)
{
    hf_value_t me;
    hf_value_t value;
    (void)self;
    if (hf_self(call, &me) != HF_OK || hf_value_of(call, &me, &value) != HF_OK)
        return HF_RAISED;
    return fault_use_call(call, self);
}

/* ---- the type --------------------------------------------------------------------------- */

static hf_err_t
fault_create(hf_call_t *call, void *self)
{
    (void)self;
    size_t len;
    const char *how = hf_arg_str(call, 0, &len);
    if (len == 6 && __builtin_memcmp(how, "raises", 6) == 0)
        return HF_RAISE(call, "ValueError", "not born");
    if (len == 5 && __builtin_memcmp(how, "parks", 5) == 0)
        return hf_park(call, &((struct fault *)self)->waiters[0], HF_FOREVER);
    if (len == 7 && __builtin_memcmp(how, "answers", 7) == 0)
        return hf_return_int(call, 1);
    return len == 7 && __builtin_memcmp(how, "unknown", 7) == 0 ? 77 : HF_OK;
}

/* In `destroy` nobody waits for an answer. */
static void
fault_destroy(hf_call_t *call, void *self)
{
    struct fault *f = self;
    hf_drop(call, &f->kept);
    (void)hf_return_int(call, 1);
    (void)HF_RAISE(call, "ValueError", "out of destroy");
}

static hf_err_t
fault_getvalue(hf_call_t *call, void *self)
{
    ((struct fault *)self)->call = call;
    return hf_return_int(call, ((struct fault *)self)->runs);
}

static hf_err_t
fault_repr(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_int(call, 1); /* a str is due */
}

static const hf_method_t fault_methods[] = {
    HF_METHOD("answers_twice", "-> int", fault_answers_twice, HF_READS, "Answer 1, then 2."),
    HF_METHOD("answers_nothing", "-> int", fault_answers_nothing, HF_READS,
              "Promise an int, give nil."),
    HF_METHOD("answers_then_raises", "", fault_answers_then_raises, HF_READS,
              "Answer, then raise."),
    HF_METHOD("answers_then_says_raised", "", fault_answers_then_says_raised, HF_READS,
              "Answer, then return HF_RAISED."),
    HF_METHOD("raises_then_says_ok", "", fault_raises_then_says_ok, HF_READS,
              "Raise, then return HF_OK."),
    HF_METHOD("says_raised", "", fault_says_raised, HF_READS, "Return HF_RAISED without a raise."),
    HF_METHOD("says_parked", "", fault_says_parked, HF_READS | HF_PARKS,
              "Return HF_PARKED, not parked."),
    HF_METHOD("unknown_code", "", fault_unknown_code, HF_READS, "Return a code that there is not."),
    HF_METHOD("owns_astray", "", fault_owns_astray, HF_WRITES, "Own with what is no state."),
    HF_METHOD("raises_null_kind", "", fault_raises_null_kind, HF_READS, "Raise with kind NULL."),
    HF_METHOD("raises_odd_kind", "", fault_raises_odd_kind, HF_READS,
              "Raise a kind that is no word."),
    HF_METHOD("raises_long_text", "", fault_raises_long_text, HF_READS,
              "Raise with 100,000 characters."),
    HF_METHOD("wrong_result", "-> int", fault_wrong_result, HF_READS,
              "Promise an int, give a str."),
    HF_METHOD("huge_value", "n: int", fault_huge_value, HF_READS, "Answer n texts of 32 bytes."),
    HF_METHOD("deep_value", "n: int", fault_deep_value, HF_READS,
              "Answer n lists inside each other."),
    HF_METHOD("bad_utf8", "", fault_bad_utf8, HF_READS, "Answer a str that is not UTF-8."),
    HF_METHOD("too_few_items", "", fault_too_few_items, HF_READS,
              "Write a list of 3 with 1 in it."),
    HF_METHOD("too_many_items", "", fault_too_many_items, HF_READS,
              "Write two items as one answer."),
    HF_METHOD("nothing_written", "", fault_nothing_written, HF_READS, "Finish a writer unused."),
    HF_METHOD("writer_forgotten", "", fault_writer_forgotten, HF_READS,
              "Write, but never finish it."),
    HF_METHOD("foreign_handle", "", fault_foreign_handle, HF_READS, "Answer a handle of nothing."),
    HF_METHOD("return_none", "", fault_return_none, HF_READS, "Answer a zeroed value."),
    HF_METHOD("wrong_index", "", fault_wrong_index, HF_READS, "Read an argument that it has not."),
    HF_METHOD("new_stranger", "", fault_new_stranger, HF_WRITES, "Make one of a type unknown."),
    HF_METHOD("bad_picture", "", fault_bad_picture, HF_READS, "Build by a broken picture."),
    HF_METHOD("deref_nothing", "what: any", fault_deref_nothing, HF_READS, "Reach into anything."),
    HF_METHOD("meet", "other: handle[Fault] -> int", fault_meet, HF_READS,
              "Look into another one."),
    HF_METHOD("alloc", "", fault_alloc, HF_WRITES, "Ask for half of all memory."),
    HF_METHOD("park", "timeout: number? = nil", fault_park, HF_WRITES | HF_PARKS,
              "Park until woken."),
    HF_METHOD("park_unflagged", "timeout: number? = nil", fault_park, HF_WRITES,
              "Park without HF_PARKS."),
    HF_METHOD("park_twice", "", fault_park_twice, HF_WRITES | HF_PARKS, "Park on two lists."),
    HF_METHOD("park_then_ok", "", fault_park_then_ok, HF_WRITES | HF_PARKS,
              "Park, then return HF_OK."),
    HF_METHOD("park_then_answer", "", fault_park_then_answer, HF_WRITES | HF_PARKS,
              "Park, then answer."),
    HF_METHOD("park_nan", "", fault_park_nan, HF_WRITES | HF_PARKS, "Park for NaN seconds."),
    HF_METHOD("park_after_answer", "", fault_park_after_answer, HF_WRITES | HF_PARKS,
              "Answer, park."),
    HF_METHOD("park_after_change", "", fault_park_after_change, HF_WRITES | HF_PARKS,
              "Change the state, then park."),
    HF_METHOD("park_after_wake", "", fault_park_after_wake, HF_WRITES | HF_PARKS,
              "Wake, then park."),
    HF_METHOD("park_after_hold", "what: any", fault_park_after_hold, HF_WRITES | HF_PARKS,
              "Keep a value, then park."),
    HF_METHOD("forget_waiters", "", fault_forget_waiters, HF_WRITES, "Lose the list of waiters."),
    HF_METHOD("wake_copy", "-> int", fault_wake_copy, HF_WRITES, "Wake a copy of the list."),
    HF_METHOD("take_copy", "-> bool", fault_take_copy, HF_WRITES, "Take from a copy of the list."),
    HF_METHOD("writes_on", "-> int", fault_writes_on, HF_READS, "Write on behind the answer."),
    HF_METHOD("answers_then_changes", "", fault_answers_then_changes, HF_WRITES,
              "Answer what it keeps, then let it go."),
    HF_METHOD("keep_call", "", fault_keep_call, HF_WRITES, "Keep the call's address."),
    HF_METHOD("use_call", "-> bool", fault_repr_keeps, HF_WRITES, "Answer the kept call."),
    HF_METHOD("wake", "-> int", fault_wake, HF_WRITES, "Wake all that park."),
    HF_METHOD("take_and_forget", "-> bool", fault_take_and_forget, HF_WRITES,
              "Take one, answer it not."),
    HF_METHOD("take_and_answer_twice", "-> bool", fault_take_and_answer_twice, HF_WRITES,
              "Take one, answer it 1, then 2."),
    HF_METHOD("spoil_waiters", "", fault_spoil_waiters, HF_WRITES,
              "Write over the list of waiters."),
};

static const hf_type_t fault_type = {
    HF_TYPE("Fault", struct fault, fault_methods, "A type that breaks every rule on purpose."),
    .signature = "how: str = ''",
    .create = fault_create,
    .destroy = fault_destroy,
    .getvalue = fault_getvalue,
    .repr = fault_repr,
};

HF_PLUGIN("fault", "1.0.0", &fault_type);
