/* SPDX-License-Identifier: MPL-2.0 */
/* limiter -- a token bucket that many processes share: so much a second, and so much at once. */
#include <holdfast/plugin.h>

#include <math.h>

#define LIMITER_LATE                                                                               \
    1e-6 /* s; a timer that is never early, however the bucket's level is rounded */

typedef struct limiter {
    double rate;          /* tokens a second */
    double burst;         /* tokens that the bucket holds */
    double level;         /* tokens that were in it … */
    double at;            /* … at that time */
    hf_waiters_t waiters; /* the first is the next to be served, however little the others want */
} limiter_t;

static hf_err_t
limiter_create(hf_call_t *call, void *state)
{
    limiter_t *self = state;
    self->rate = hf_arg_float(call, 0);
    self->burst = hf_arg_float(call, 1);
    if (!isfinite(self->rate) || self->rate <= 0 || !isfinite(self->burst) || self->burst <= 0)
        return HF_RAISE(call, "ValueError", "rate and burst must be numbers above 0");
    self->level = self->burst;
    self->at = hf_now(call);
    return HF_OK;
}

/* Tokens that are in it now. Nothing is written before some are taken: a call that parks has changed nothing. */
static double
limiter_now(hf_call_t *call, const limiter_t *self)
{
    double level = self->level + (hf_now(call) - self->at) * self->rate;
    return level < self->burst ? level : self->burst;
}

static void
limiter_take(hf_call_t *call, limiter_t *self, double n)
{
    self->level = limiter_now(call, self) - n;
    self->at = hf_now(call);
}

/* Reads how much is wanted. */
static hf_err_t
limiter_read(hf_call_t *call, const limiter_t *self, double *ret_n)
{
    *ret_n = hf_arg_float(call, 0);
    if (*ret_n > 0 && *ret_n <= self->burst)
        return HF_OK;
    return HF_RAISE(call, "ValueError", "n must be above 0 and at most %g", self->burst);
}

static hf_err_t
limiter_try_acquire(hf_call_t *call, void *state)
{
    limiter_t *self = state;
    double n;
    if (limiter_read(call, self, &n) != HF_OK)
        return HF_RAISED;
    bool is_given = hf_n_parked(&self->waiters) == 0 && n <= limiter_now(call, self);
    if (is_given)
        limiter_take(call, self, n);
    return hf_return_bool(call, is_given);
}

/* What the first wanted is in the bucket; or the first has gone, and the next may want less. */
static void
limiter_wake(hf_call_t *call, void *state)
{
    (void)hf_wake(call, &((limiter_t *)state)->waiters, 1);
}

static hf_err_t
limiter_timed_out(hf_call_t *call, void *state)
{
    limiter_wake(call, state);
    return hf_return_bool(call, false);
}

/* Runs again from the top when it is woken: the note, not 0 then, is when its time is up, in microseconds. */
static hf_err_t
limiter_acquire(hf_call_t *call, void *state)
{
    limiter_t *self = state;
    double n;
    double seconds = (double)INFINITY;
    if (limiter_read(call, self, &n) != HF_OK)
        return HF_RAISED;
    bool is_first = call->note != 0 || hf_n_parked(&self->waiters) == 0;
    if (is_first && n <= limiter_now(call, self)) {
        limiter_take(call, self, n);
        limiter_wake(call, state);
        return hf_return_bool(call, true);
    }
    if (call->note > 1)
        seconds = (double)(call->note - 2) / 1e6 - hf_now(call);
    else if (call->note == 0 && hf_kind(hf_arg(call, 1)) != HF_NIL)
        seconds = hf_arg_float(call, 1);
    if (seconds <= 0)
        return limiter_timed_out(call, state);
    if (call->note == 0) /* 1: for ever, or so */
        call->note = seconds < 1e9 ? (uint64_t)((hf_now(call) + seconds) * 1e6) + 2 : 1;
    double wait = (n - limiter_now(call, self)) / self->rate + LIMITER_LATE;
    if (is_first && hf_timer(call, 0, wait) != HF_OK)
        return HF_RAISED;
    return hf_park(call, &self->waiters, seconds);
}

static void
limiter_timer(hf_call_t *call, void *state, uint32_t number)
{
    (void)number;
    limiter_wake(call, state);
}

static hf_err_t
limiter_level(hf_call_t *call, void *state)
{
    return hf_return_float(call, limiter_now(call, state));
}

static hf_err_t
limiter_waiting(hf_call_t *call, void *state)
{
    return hf_return_uint(call, ((const limiter_t *)state)->waiters.count);
}

static const hf_method_t limiter_methods[] = {
    HF_METHOD("try_acquire", "n: number = 1 -> bool", limiter_try_acquire, HF_WRITES,
              "Take n tokens if they are there and nobody waits; false where not."),
    HF_METHOD_PARKS(
        "acquire", "n: number = 1, timeout: number? = nil -> bool", limiter_acquire,
        limiter_timed_out, HF_WRITES,
        "Take n tokens, waiting in turn until they are there; false where time was up."),
    HF_METHOD("level", "-> float", limiter_level, HF_READS, "Tell how many tokens are there."),
    HF_METHOD("waiting", "-> int", limiter_waiting, HF_READS, "Tell how many calls wait."),
};

static const hf_type_t limiter_type = {
    HF_TYPE("RateLimiter", limiter_t, limiter_methods,
            "A token bucket: rate tokens a second, at most burst at once."),
    .signature = "rate: number, burst: number",
    .create = limiter_create,
    .gone = limiter_wake,
    .timer = limiter_timer,
};

HF_PLUGIN("limiter", "1.0.0", &limiter_type);
