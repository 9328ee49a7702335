/* SPDX-License-Identifier: MPL-2.0 */
/* offload -- a type whose long methods are offloaded, and every rule of `work` broken once. */
#include <holdfast/plugin.h>

enum { KEPT = 64 };

struct bench {
    uint64_t total;       /* what finish has added up */
    hf_waiters_t waiters; /* of wait */
    uint32_t seen[KEPT];  /* what has happened, in order: EVENT_… and a number */
    uint32_t n_seen;
};

enum {
    EVENT_FINISH = 1,
    EVENT_TIMER = 2,
    EVENT_DIED = 3,
    EVENT_GONE = 4,
    EVENT_LATE = 5,
    EVENT_BACK = 6
};

static void
bench_note(struct bench *b, uint32_t event)
{
    if (b->n_seen < KEPT)
        b->seen[b->n_seen++] = event;
}

/* ---- work that is sound ----------------------------------------------------------------- */

/* FNV-1a over the text, again and again. */
static hf_err_t
bench_hash_work(hf_call_t *call, const void *self)
{
    size_t len;
    const char *text = hf_arg_str(call, 0, &len);
    int64_t rounds = hf_arg_int(call, 1);
    const struct bench *b = self;
    uint64_t hash = UINT64_C(0xcbf29ce484222325) + b->total;
    for (int64_t k = 0; k < rounds; k++) {
        for (size_t i = 0; i < len; i++)
            hash = (hash ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
        if ((k & 0xfff) == 0 && hf_is_cancelled(call))
            return HF_RAISE(call, "Cancelled", "nobody waits");
    }
    return hf_return_uint(call, hash >> 1);
}

/* The same, but it never asks whether somebody waits. */
static hf_err_t
bench_stubborn_work(hf_call_t *call, const void *self)
{
    volatile uint64_t n = ((const struct bench *)self)->total;
    for (int64_t k = hf_arg_int(call, 0); k > 0; k--)
        n = n * 3 + 1;
    return hf_return_uint(call, n >> 1);
}

/* Sorts a list of numbers with memory of its own, by merging. */
static hf_err_t
bench_sort_work(hf_call_t *call, const void *self)
{
    (void)self;
    const hf_value_t *list = hf_arg(call, 0);
    size_t n = hf_count(list);
    hf_value_t *from = hf_alloc(call, n * sizeof *from);
    hf_value_t *to = hf_alloc(call, n * sizeof *to);
    if (from == NULL || to == NULL)
        return HF_RAISED;
    hf_cursor_t items;
    hf_open(&items, list);
    for (size_t i = 0; i < n; i++)
        (void)hf_next(&items, &from[i]);
    for (size_t run = 1; run < n; run *= 2) {
        for (size_t at = 0; at < n; at += 2 * run) {
            size_t a = at;
            size_t a_end = at + run < n ? at + run : n;
            size_t b = a_end;
            size_t b_end = at + 2 * run < n ? at + 2 * run : n;
            for (size_t k = at; k < b_end; k++) {
                int order = 0;
                if (a < a_end && b < b_end && !hf_compare(call, &from[b], &from[a], &order))
                    return HF_RAISE(call, "TypeError", "the items have no order");
                to[k] = b >= b_end || (a < a_end && order >= 0) ? from[a++] : from[b++];
            }
        }
        hf_value_t *other = from;
        from = to;
        to = other;
    }
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, n);
    for (size_t i = 0; i < n; i++)
        hf_write_value(w, &from[i]);
    return hf_return_written(call);
}

static hf_err_t
bench_add_finish(hf_call_t *call, void *self, const hf_value_t *value)
{
    struct bench *b = self;
    bench_note(b, EVENT_FINISH);
    b->total += hf_as_uint(value) & 0xff;
    (void)hf_wake(call, &b->waiters, 1);
    return hf_return_uint(call, b->total);
}

/* Answers what it was given: *args and **kwargs. */
static hf_err_t
bench_echo_work(hf_call_t *call, const void *self)
{
    hf_value_t all;
    hf_value_t text;
    (void)self;
    if (hf_build(call, &all, "[vv]", hf_arg(call, 0), hf_arg(call, 1)) != HF_OK ||
        hf_repr(call, &all, &text) != HF_OK)
        return HF_RAISED;
    return hf_return_value(call, &text);
}

static hf_err_t
bench_nothing_work(hf_call_t *call, const void *self)
{
    (void)call;
    (void)self;
    return HF_OK;
}

static hf_err_t
bench_fail_work(hf_call_t *call, const void *self)
{
    (void)self;
    return hf_raise_value(call, "ValueError", hf_arg(call, 0), "no %s", "good");
}

/* finish refuses what work found */
static hf_err_t
bench_refuse_finish(hf_call_t *call, void *self, const hf_value_t *value)
{
    (void)self;
    return HF_RAISE(call, "LookupError", "not %lld", (long long)hf_as_int(value));
}

static hf_err_t
bench_seven_work(hf_call_t *call, const void *self)
{
    (void)self;
    return hf_return_int(call, 7);
}

/* ---- work that breaks a rule ------------------------------------------------------------ */

static hf_err_t
bench_twice_work(hf_call_t *call, const void *self)
{
    (void)self;
    (void)hf_return_int(call, 1);
    return hf_return_int(call, 2);
}

static hf_err_t
bench_code_work(hf_call_t *call, const void *self)
{
    (void)call;
    (void)self;
    return 77;
}

static hf_err_t
bench_parked_work(hf_call_t *call, const void *self)
{
    (void)call;
    (void)self;
    return HF_PARKED;
}

static hf_err_t
bench_half_work(hf_call_t *call, const void *self)
{
    (void)self;
    hf_writer_t *w = hf_return_writer(call);
    if (w != NULL)
        hf_write_list(w, 2);
    return HF_OK;
}

static hf_err_t
bench_short_work(hf_call_t *call, const void *self)
{
    (void)self;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, 2);
    hf_write_nil(w);
    return hf_return_written(call);
}

/* A str that is no UTF-8, by the writer. */
static hf_err_t
bench_garbled_work(hf_call_t *call, const void *self)
{
    (void)self;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_str(w, "\xff\xfe", 2);
    return hf_return_written(call);
}

static hf_err_t
bench_deep_work(hf_call_t *call, const void *self)
{
    (void)self;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    for (int depth = 0; depth < 600; depth++)
        hf_write_list(w, 1);
    hf_write_nil(w);
    return hf_return_written(call);
}

/* A view of bytes of its own, which are no value. */
static void
bench_lie(hf_value_t *ret_value)
{
    static const uint8_t raw[] = {0xa2, 0xff, 0xfe};
    hfi_view(ret_value, raw, sizeof raw, 0);
}

static hf_err_t
bench_lying_work(hf_call_t *call, const void *self)
{
    (void)self;
    hf_value_t value;
    bench_lie(&value);
    return hf_return_value(call, &value);
}

static hf_err_t
bench_lying_error_work(hf_call_t *call, const void *self)
{
    (void)self;
    hf_value_t value;
    bench_lie(&value);
    return hf_raise_value(call, "ValueError", &value, "no good");
}

/* A handle of what is not there yet, and finish makes it. */
static hf_err_t
bench_stray_work(hf_call_t *call, const void *self)
{
    (void)self;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_handle(w, 3, NULL, 0);
    return hf_return_written(call);
}

static const hf_type_t bench_type;

static hf_err_t
bench_stray_finish(hf_call_t *call, void *self, const hf_value_t *value)
{
    (void)self;
    (void)value;
    return hf_return_new(call, &bench_type, "");
}

static hf_err_t
bench_promised_work(hf_call_t *call, const void *self)
{
    static const uint8_t promise[] = {0xd4, 2, 1};
    (void)self;
    hf_value_t value;
    hfi_view(&value, promise, sizeof promise, HF_TAG_PROMISES);
    return hf_return_value(call, &value);
}

static hf_err_t
bench_hungry_work(hf_call_t *call, const void *self)
{
    (void)self;
    for (;;) {
        if (hf_alloc(call, 1 << 20) == NULL)
            return HF_RAISED;
    }
}

static hf_err_t
bench_writes_work(hf_call_t *call, const void *self)
{
    struct bench *b;
    __builtin_memcpy((void *)&b, (const void *)&self, sizeof self);
    b->total++;
    return hf_return_nil(call);
}

/* Each function of the host's that only the machine's thread may call, by number. */
static hf_err_t
bench_forbidden_work(hf_call_t *call, const void *self)
{
    const struct bench *b = self;
    hf_waiters_t waiters = b->waiters;
    static const hf_type_t *const no_type = NULL;
    hf_value_t long_text;
    hf_value_t value;
    hf_caller_t caller;
    hf_call_t *other;
    if (hf_build(call, &long_text, "s", "a text that is too long to be inline") != HF_OK)
        return HF_RAISED;
    switch (hf_arg_int(call, 0)) {
    case 0:
        return hf_park(call, &waiters, 1.0);
    case 1:
        (void)call->host->wake(call, &waiters, 1);
        break;
    case 2:
        (void)call->host->take_parked(call, &waiters);
        break;
    case 3:
        return hf_keep(call, &long_text, &value);
    case 4:
        (void)hf_now(call);
        break;
    case 5:
        (void)hf_random(call);
        break;
    case 6:
        return hf_timer(call, 1, 1.0);
    case 7:
        hf_log(call, HF_LOG_INFO, "from a thread of the pool");
        break;
    case 8:
        return hf_return_new(call, no_type, "");
    case 9:
        return hf_self(call, &value);
    case 10:
        caller = hf_caller(call);
        return hf_return_uint(call, caller.session);
    case 11:
        return hf_own(call, self);
    case 12:
        hf_disown(call, self, 1);
        break;
    case 13:
        hf_mind(call, 1);
        break;
    case 14:
        return hf_deref(call, &long_text, no_type) == NULL ? HF_RAISED : HF_OK;
    case 15:
        return hf_value_of(call, &long_text, &value);
    case 16:
        return call->host->run(call, no_type, 0, NULL, &long_text);
    case 17:
        return hf_extension(call, HF_EXTENSION_MEMORY) == NULL ? HF_RAISED : HF_OK;
    case 18:
        return hf_client(call, 1, &value);
    case 19:
        return call->host->hold(call, &long_text);
    case 20:
        call->host->unhold(call, &long_text);
        break;
    case 21:
        call->host->drop(call, &long_text);
        break;
    default:
        (void)other;
        break;
    }
    return hf_return_nil(call);
}

/* ---- in the machine --------------------------------------------------------------------- */

static hf_err_t
bench_seen(hf_call_t *call, void *self)
{
    struct bench *b = self;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_list(w, b->n_seen);
    for (uint32_t i = 0; i < b->n_seen; i++)
        hf_write_uint(w, b->seen[i]);
    return hf_return_written(call);
}

static hf_err_t
bench_total(hf_call_t *call, void *self)
{
    return hf_return_uint(call, ((const struct bench *)self)->total);
}

/* Once `total` has reached 1. */
static hf_err_t
bench_wait(hf_call_t *call, void *self)
{
    struct bench *b = self;
    if (b->total != 0)
        return hf_return_uint(call, b->total);
    return hf_park(call, &b->waiters, hf_arg_timeout(call, 0));
}

static hf_err_t
bench_wait_timed_out(hf_call_t *call, void *self)
{
    bench_note(self, EVENT_LATE);
    return hf_return_str(call, "late", 4);
}

static hf_err_t
bench_own(hf_call_t *call, void *self)
{
    return hf_own(call, self);
}

static hf_err_t
bench_arm(hf_call_t *call, void *self)
{
    (void)self;
    return hf_timer(call, 7, hf_arg_float(call, 0));
}

static hf_err_t
bench_minded(hf_call_t *call, void *self)
{
    (void)self;
    hf_mind(call, 9);
    return hf_return_str(call, "an answer that is longer than fifteen bytes", 43);
}

/* Another one's value, whose `work` may be running. */
static hf_err_t
bench_look_at(hf_call_t *call, void *self)
{
    (void)self;
    hf_value_t value;
    if (hf_value_of(call, hf_arg(call, 0), &value) != HF_OK)
        return HF_RAISED;
    return hf_return_value(call, &value);
}

static hf_err_t
bench_reach(hf_call_t *call, void *self)
{
    (void)self;
    const struct bench *other = hf_deref(call, hf_arg(call, 0), &bench_type);
    return other == NULL ? HF_RAISED : hf_return_uint(call, other->total);
}

static hf_err_t
bench_run_offloaded(hf_call_t *call, void *self)
{
    hf_value_t args;
    if (hf_build(call, &args, "[]") != HF_OK)
        return HF_RAISED;
    return hf_run(call, &bench_type, (uint32_t)hf_arg_int(call, 0), self, &args);
}

/* What there is of memory, by the host's extension. */
static hf_err_t
bench_memory(hf_call_t *call, void *self)
{
    (void)self;
    const hf_memory_t *memory = hf_extension(call, HF_EXTENSION_MEMORY);
    if (memory == NULL || hf_extension(call, "holdfast.none") != NULL)
        return HF_RAISE(call, "RuntimeError", "no such extension");
    void *block = hf_alloc(call, 100000);
    if (block == NULL)
        return HF_RAISED;
    uint64_t own = memory->own(call);
    uint64_t left = memory->left(call);
    hf_free(call, block);
    hf_value_t value;
    if (hf_build(call, &value, "[bb]", own >= 100000 && memory->own(call) + 100000 <= own,
                 memory->left(call) >= left + 100000) != HF_OK)
        return HF_RAISED;
    return hf_return_value(call, &value);
}

static hf_err_t
bench_getvalue(hf_call_t *call, void *self)
{
    return bench_total(call, self);
}

static void
bench_timer(hf_call_t *call, void *self, uint32_t number)
{
    (void)call;
    bench_note(self, number == 7 ? EVENT_TIMER : 0);
}

static void
bench_died(hf_call_t *call, void *self, uint64_t session)
{
    (void)call;
    bench_note(self, session != 0 ? EVENT_DIED : 0);
}

static void
bench_gone(hf_call_t *call, void *self)
{
    bench_note(self, hf_caller(call).session != 0 ? EVENT_GONE : 0);
}

static void
bench_undelivered(hf_call_t *call, void *self, const hf_value_t *value, uint64_t cookie)
{
    size_t len;
    (void)call;
    bench_note(self, cookie == 9 && hf_as_str(value, &len) != NULL && len == 43 ? EVENT_BACK : 0);
}

static const hf_method_t bench_methods[] = {
    HF_METHOD_OFFLOAD("hash", "text: str, rounds: int -> int", bench_hash_work, NULL, HF_READS,
                      "Hash a text, rounds times."),
    HF_METHOD_OFFLOAD("add", "text: str, rounds: int -> int", bench_hash_work, bench_add_finish,
                      HF_WRITES, "Hash a text, and add the last byte to the total."),
    HF_METHOD_OFFLOAD("sort", "items: list -> list", bench_sort_work, NULL, HF_READS,
                      "Return the items in order."),
    HF_METHOD_OFFLOAD("stubborn", "rounds: int -> int", bench_stubborn_work, NULL, HF_READS,
                      "Compute, rounds times, whoever waits."),
    HF_METHOD_OFFLOAD("echo", "*args, **kwargs -> str", bench_echo_work, NULL, HF_READS,
                      "Return the repr of what it was given."),
    HF_METHOD_OFFLOAD("nothing", "", bench_nothing_work, NULL, HF_READS, "Answer nothing."),
    HF_METHOD_OFFLOAD("fail", "data: any", bench_fail_work, NULL, HF_READS, "Raise ValueError."),
    HF_METHOD_OFFLOAD("refuse", "", bench_seven_work, bench_refuse_finish, HF_WRITES,
                      "Raise in finish."),
    HF_METHOD_OFFLOAD("wrong", "-> str", bench_seven_work, NULL, HF_READS,
                      "Promise a str, give 7."),
    HF_METHOD_OFFLOAD("twice", "", bench_twice_work, NULL, HF_READS, "Answer twice."),
    HF_METHOD_OFFLOAD("code", "", bench_code_work, NULL, HF_READS, "Return 77."),
    HF_METHOD_OFFLOAD("parked", "", bench_parked_work, NULL, HF_READS, "Return HF_PARKED."),
    HF_METHOD_OFFLOAD("half", "", bench_half_work, NULL, HF_READS, "Write half an answer."),
    HF_METHOD_OFFLOAD("short", "", bench_short_work, NULL, HF_READS, "Write a list with too few."),
    HF_METHOD_OFFLOAD("garbled", "", bench_garbled_work, NULL, HF_READS, "Write no UTF-8."),
    HF_METHOD_OFFLOAD("deep", "", bench_deep_work, NULL, HF_READS, "Write 600 lists in another."),
    HF_METHOD_OFFLOAD("lying", "", bench_lying_work, NULL, HF_READS, "Return no value."),
    HF_METHOD_OFFLOAD("lying_error", "", bench_lying_error_work, NULL, HF_READS,
                      "Raise with no value."),
    HF_METHOD_OFFLOAD("stray", "-> any", bench_stray_work, bench_stray_finish, HF_WRITES,
                      "Answer a handle of nothing, then make what it names."),
    HF_METHOD_OFFLOAD("promised", "-> any", bench_promised_work, NULL, HF_READS,
                      "Answer a promise."),
    HF_METHOD_OFFLOAD("hungry", "", bench_hungry_work, NULL, HF_READS, "Allocate without end."),
    HF_METHOD_OFFLOAD("writes", "", bench_writes_work, NULL, HF_READS, "Write to the referent."),
    HF_METHOD_OFFLOAD("forbidden", "which: int", bench_forbidden_work, NULL, HF_READS,
                      "Call what is not to be called."),
    HF_METHOD("seen", "-> list", bench_seen, HF_READS, "Return what has happened, in order."),
    HF_METHOD("total", "-> int", bench_total, HF_READS, "Return the total."),
    HF_METHOD_PARKS("wait", "timeout: number? = nil", bench_wait, bench_wait_timed_out, HF_WRITES,
                    "Wait for a total."),
    HF_METHOD("own", "", bench_own, HF_WRITES, "Hear of the end of the caller's session."),
    HF_METHOD("arm", "seconds: number", bench_arm, HF_WRITES, "Arm the timer."),
    HF_METHOD("minded", "-> str", bench_minded, HF_WRITES, "Answer, and mind whether it arrives."),
    HF_METHOD("look_at", "other: handle", bench_look_at, HF_READS, "Return another one's value."),
    HF_METHOD("reach", "other: handle", bench_reach, HF_READS, "Look into another one."),
    HF_METHOD("run_offloaded", "row: int", bench_run_offloaded, HF_READS, "Run a row by hf_run."),
    HF_METHOD("memory", "-> list", bench_memory, HF_WRITES, "Ask the memory extension."),
};

static const hf_type_t bench_type = {
    HF_TYPE("Bench", struct bench, bench_methods, "Works long, on a thread of the pool."),
    .getvalue = bench_getvalue,
    .timer = bench_timer,
    .session_died = bench_died,
    .gone = bench_gone,
    .undelivered = bench_undelivered,
};

static const hf_about_t offload_about = {.size = sizeof(hf_about_t),
                                         .summary = "Works long, on a thread of the pool.",
                                         .author = "the Holdfast authors",
                                         .licence = "MPL-2.0"};

static const void *
offload_extension(const char *name)
{
    static const char about[] = HF_EXTENSION_ABOUT;
    for (size_t i = 0; i < sizeof about; i++) {
        if (name[i] != about[i])
            return NULL;
    }
    return &offload_about;
}

HF_PLUGIN_WITH("offload", "1.0.0", NULL, NULL, offload_extension, &bench_type);
