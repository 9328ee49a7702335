/* SPDX-License-Identifier: MPL-2.0 */
/* call.h -- what a method calls: thin inlines over call->host. Comes with plugin.h, which an author includes.
 *
 * All of it is for the inside of a function of the plugin's, with the call that it was given: in the machine's thread
 * [machine], and where the tag says so in the `work` of an offloaded method, too [work]. What returns HF_RAISED
 * has set the error: `return HF_RAISED`. HF_RAISE, hf_raise_value, hf_return_new, hf_build and hf_log are macros onto
 * variadic members, so that no header of the C library is needed.
 */
#ifndef HF_CALL_H
#define HF_CALL_H

#include <holdfast/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- arguments ------------------------------------------------------------------------ */

/* hf_arg -- one argument.
 *
 * call   borrows   the call being served
 * k                the parameter's place in the signature, from 0
 *
 * Returns a borrowed value, for the call's life, parked or not; HF_NONE where it was left out and its default
 * is `...`. A place past the last gives HF_NONE, and the call ends in RemoteError.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline const hf_value_t *
hf_arg(hf_call_t *call, uint32_t k)
{
    return k < call->n_arg ? &call->arg[k] : call->host->no_arg(call, k);
}

/* hf_arg_given -- was an argument given, or does its default say what it is?
 *
 * call   borrows   the call being served
 * k                the parameter's place in the signature, from 0
 *
 * Returns false where it was left out and its default is `...`.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline bool
hf_arg_given(hf_call_t *call, uint32_t k)
{
    return hf_kind(hf_arg(call, k)) != HF_NONE;
}

/* hf_arg_bool -- a bool argument.
 *
 * call   borrows   the call being served
 * k                the parameter's place in the signature, from 0
 *
 * Returns it; false where it is no bool.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline bool
hf_arg_bool(hf_call_t *call, uint32_t k)
{
    return hf_as_bool(hf_arg(call, k));
}

/* hf_arg_int -- an int argument.
 *
 * call   borrows   the call being served
 * k                the parameter's place in the signature, from 0
 *
 * Returns it; 0 where it is no int of 64 bits (which `int` in the signature has ruled out).
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline int64_t
hf_arg_int(hf_call_t *call, uint32_t k)
{
    return hf_as_int(hf_arg(call, k));
}

/* hf_arg_float -- a float, int or bool argument as a double.
 *
 * call   borrows   the call being served
 * k                the parameter's place in the signature, from 0
 *
 * Returns it; 0.0 where it is no number.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline double
hf_arg_float(hf_call_t *call, uint32_t k)
{
    return hf_as_float(hf_arg(call, k));
}

/* hf_arg_str -- a str argument.
 *
 * call      borrows   the call being served
 * k                   the parameter's place in the signature, from 0
 * ret_len   gives     its bytes
 *
 * Returns borrowed UTF-8 without a NUL at its end, for the call's life; NULL where it is no str.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline const char *
hf_arg_str(hf_call_t *call, uint32_t k, size_t *ret_len)
{
    return hf_as_str(hf_arg(call, k), ret_len);
}

/* hf_arg_bytes -- a bytes argument.
 *
 * call      borrows   the call being served
 * k                   the parameter's place in the signature, from 0
 * ret_len   gives     their number
 *
 * Returns borrowed bytes for the call's life; NULL where it is no bytes.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline const uint8_t *
hf_arg_bytes(hf_call_t *call, uint32_t k, size_t *ret_len)
{
    return hf_as_bytes(hf_arg(call, k), ret_len);
}

/* hf_arg_timeout -- an argument `number? = nil` as hf_park takes it.
 *
 * call   borrows   the call being served
 * k                the parameter's place in the signature, from 0
 *
 * Returns seconds, >= 0 (below 0 counts as 0); HF_FOREVER for nil and where it was left out; NaN stays NaN.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline double
hf_arg_timeout(hf_call_t *call, uint32_t k)
{
    const hf_value_t *value = hf_arg(call, k);
    double seconds = hf_as_float(value);
    if (hf_kind(value) == HF_NIL || hf_kind(value) == HF_NONE)
        return HF_FOREVER;
    return seconds < 0.0 ? 0.0 : seconds;
}

/* ---- answers: one of these, once -------------------------------------------------------- */

/* hf_return_nil -- answer nil; what a method that answers nothing does.
 *
 * call   borrows   the call being served
 *
 * Returns HF_OK, or HF_RAISED where the call was answered before.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_return_nil(hf_call_t *call)
{
    return call->host->return_nil(call);
}

/* hf_return_bool -- answer a bool.
 *
 * call    borrows   the call being served
 * value             the answer
 *
 * Returns HF_OK, or HF_RAISED where the call was answered before.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_return_bool(hf_call_t *call, bool value)
{
    return call->host->return_bool(call, value);
}

/* hf_return_int -- answer an int.
 *
 * call    borrows   the call being served
 * value             the answer
 *
 * Returns HF_OK, or HF_RAISED where the call was answered before.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_return_int(hf_call_t *call, int64_t value)
{
    return call->host->return_int(call, value);
}

/* hf_return_uint -- answer an int that is not negative.
 *
 * call    borrows   the call being served
 * value             the answer
 *
 * Returns HF_OK, or HF_RAISED where the call was answered before.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_return_uint(hf_call_t *call, uint64_t value)
{
    return call->host->return_uint(call, value);
}

/* hf_return_float -- answer a float.
 *
 * call    borrows   the call being served
 * value             the answer
 *
 * Returns HF_OK, or HF_RAISED where the call was answered before.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_return_float(hf_call_t *call, double value)
{
    return call->host->return_float(call, value);
}

/* hf_return_str -- answer a str.
 *
 * call   borrows   the call being served
 * text   borrows   UTF-8; copied
 * len              bytes
 *
 * Returns HF_OK, or HF_RAISED: no UTF-8, LimitExceeded, or the call was answered before.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_return_str(hf_call_t *call, const char *text, size_t len)
{
    return call->host->return_str(call, text, len);
}

/* hf_return_bytes -- answer bytes.
 *
 * call   borrows   the call being served
 * at     borrows   the bytes; copied
 * len              their number
 *
 * Returns HF_OK, or HF_RAISED: LimitExceeded, or the call was answered before.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_return_bytes(hf_call_t *call, const void *at, size_t len)
{
    return call->host->return_bytes(call, at, len);
}

/* hf_return_value -- answer a value.
 *
 * call    borrows   the call being served
 * value   borrows   any; copied, and handles inside it are given to the caller
 *
 * Returns HF_OK, or HF_RAISED: LimitExceeded, or the call was answered before.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_return_value(hf_call_t *call, const hf_value_t *value)
{
    return call->host->return_value(call, value);
}

/* hf_return_writer -- a writer straight into the answer.
 *
 * call   borrows   the call being served
 *
 * Returns a borrowed writer for exactly one item, to be finished by hf_return_written; NULL: raised, return HF_RAISED.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline hf_writer_t *
hf_return_writer(hf_call_t *call)
{
    return call->host->return_writer(call);
}

/* hf_return_written -- finish the answer that hf_return_writer began.
 *
 * call   borrows   the call being served
 *
 * Returns HF_OK, or HF_RAISED: LimitExceeded, or what was written is not one item.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_return_written(hf_call_t *call)
{
    return call->host->return_written(call);
}

/* hf_return_new (call, type, picture, …) -- answer a handle of a new referent, made by this one.
 *
 * call      borrows   the call being served
 * type      borrows   its table; one of this plugin
 * picture   borrows   of the arguments that follow, as hf_build's, a list; bound by the type's signature
 *
 * Returns HF_OK, or HF_RAISED: its create raised, LimitExceeded, or the call was answered before.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
#define hf_return_new(call_, type_, ...) ((call_)->host->return_new((call_), (type_), __VA_ARGS__))

/* HF_RAISE (call, kind, format, …) -- answer an error; `return HF_RAISE (…)`.
 *
 * call     borrows   the call being served
 * kind     borrows   "ValueError", or a kind of the plugin's own: letters and digits
 * format   borrows   printf's, a sentence for people, with its arguments behind it
 *
 * Returns HF_RAISED.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
#define HF_RAISE(call_, kind_, ...)      ((call_)->host->raise((call_), (kind_), NULL, __VA_ARGS__))

/* hf_raise_value (call, kind, data, format, …) -- answer an error that carries a value.
 *
 * call     borrows   the call being served
 * kind     borrows   "KeyError"
 * data     borrows   what the kind's declarer says, a KeyError's key; copied
 * format   borrows   printf's, with its arguments behind it
 *
 * Returns HF_RAISED.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
#define hf_raise_value(call_, kind_, data_, ...)                                                   \
    ((call_)->host->raise((call_), (kind_), (data_), __VA_ARGS__))

/* ---- parking ---------------------------------------------------------------------------- */

/* hf_park -- park this call until somebody wakes or answers it; `return hf_park (…)`.
 *
 * call      borrows   the call being served
 * waiters   borrows   a list in the referent's state, to whose end the call goes
 * seconds             then the row's timed_out answers (none: TimeoutError); HF_FOREVER: never
 *
 * Returns HF_PARKED, or HF_RAISED: the row lacks HF_PARKS, a change was made in this run before (hf_keep, hf_hold,
 * hf_wake, an answer), too many are parked, or seconds are NaN. It stays at its place if it was woken from there.
 * call->note goes with it: whoever has the call in hand next (this row again, its timed_out, who took it, `gone`) finds
 * there what was left there.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_park(hf_call_t *call, hf_waiters_t *waiters, double seconds)
{
    return call->host->park(call, waiters, seconds);
}

/* hf_wake -- run parked calls again, from the top, as soon as this one has ended.
 *
 * call      borrows   the call being served
 * waiters   borrows   a list in the referent's state
 * n                   how many, the first first; UINT32_MAX: all
 *
 * Returns how many will run. One that parks again keeps its place at the head.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline uint32_t
hf_wake(hf_call_t *call, hf_waiters_t *waiters, uint32_t n)
{
    return waiters->count == 0 ? 0 : call->host->wake(call, waiters, n);
}

/* hf_take_parked -- take the first parked call, to answer it in its stead.
 *
 * call        borrows   the call being served
 * waiters     borrows   a list in the referent's state
 * ret_other   gives     the call; answer it (or park it again) before this function returns; untouched on false
 *
 * Returns false where none is parked.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline bool
hf_take_parked(hf_call_t *call, hf_waiters_t *waiters, hf_call_t **ret_other)
{
    hf_call_t *other = waiters->count == 0 ? NULL : call->host->take_parked(call, waiters);
    if (other == NULL)
        return false;
    *ret_other = other;
    return true;
}

/* hf_n_parked -- how many calls are parked.
 *
 * waiters   borrows   a list in the referent's state
 *
 * Returns their number.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline uint32_t
hf_n_parked(const hf_waiters_t *waiters)
{
    return waiters->count;
}

/* hf_save_waiters -- write a list of parked calls into what a `save` hook writes: one value.
 *
 * out       borrows   the hook's writer
 * waiters   borrows   a list in the referent's state
 *
 * Returns nothing; see `failed`.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline void
hf_save_waiters(hf_writer_t *out, const hf_waiters_t *waiters)
{
    hf_write_list(out, 3);
    hf_write_uint(out, waiters->first);
    hf_write_uint(out, waiters->last);
    hf_write_uint(out, waiters->count);
}

/* hf_load_waiters -- read in a `load` hook what hf_save_waiters wrote; the manager brings the calls themselves back.
 *
 * saved         borrows   that value
 * ret_waiters   gives     the list; empty where the value is something else
 *
 * Returns nothing.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline void
hf_load_waiters(const hf_value_t *saved, hf_waiters_t *ret_waiters)
{
    uint32_t number[3] = {0, 0, 0};
    hf_cursor_t cursor;
    hf_value_t item;
    hf_open(&cursor, saved);
    for (int k = 0; k < 3 && hf_next(&cursor, &item); k++)
        number[k] = (uint32_t)hf_as_uint(&item);
    ret_waiters->first = number[0];
    ret_waiters->last = number[1];
    ret_waiters->count = number[2];
}

/* ---- values ----------------------------------------------------------------------------- */

/* hf_keep -- keep a value in the referent's state.
 *
 * call       borrows   the call being served
 * value      borrows   any
 * ret_kept   gives     a copy that lasts until hf_drop; its handles are held for the referent; untouched on failure
 *
 * Returns HF_OK, or HF_RAISED: LimitExceeded.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_keep(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_kept)
{
    if ((value->raw[15] & ~HF_TAG_LEN) == 0) {
        *ret_kept = *value;
        return HF_OK;
    }
    return call->host->keep(call, value, ret_kept);
}

/* hf_drop -- let go of a value that hf_keep gave.
 *
 * call    borrows   the call being served
 * value   takes     zeroed; its handles are let go; HF_NONE is dropped too
 *
 * Returns nothing.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline void
hf_drop(hf_call_t *call, hf_value_t *value)
{
    static const hf_value_t none = {{NULL, 0, {0, 0, 0}, 0}};
    if ((value->raw[15] & ~HF_TAG_LEN) != 0)
        call->host->drop(call, value);
    *value = none;
}

/* hf_hold -- hold the handles in a value for the referent being called, once more.
 *
 * call    borrows   the call being served
 * value   borrows   any; without handles nothing happens
 *
 * Returns HF_OK, or HF_RAISED: LimitExceeded.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_hold(hf_call_t *call, const hf_value_t *value)
{
    return hf_has_handles(value) ? call->host->hold(call, value) : HF_OK;
}

/* hf_unhold -- let go of what hf_hold held.
 *
 * call    borrows   the call being served
 * value   borrows   a value as held before
 *
 * Returns nothing.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline void
hf_unhold(hf_call_t *call, const hf_value_t *value)
{
    if (hf_has_handles(value))
        call->host->unhold(call, value);
}

/* hf_build (call, ret_value, picture, …) -- build a value by a picture, as "{s:i,s:[sv]}".
 *
 * call        borrows   the call being served
 * ret_value   gives     the value, for the call's life (hf_keep keeps it longer); untouched on failure
 * picture     borrows   i int64_t, u uint64_t, b int as bool, f double, s const char *, S const char * and size_t,
 *                       B const void * and size_t, n nil, v const hf_value_t *, [..] a list, {k:v,..} a map
 *
 * Returns HF_OK, or HF_RAISED: the picture is broken, or LimitExceeded.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
#define hf_build(call_, ret_value_, ...) ((call_)->host->build((call_), (ret_value_), __VA_ARGS__))

/* hf_equal -- Python's ==.
 *
 * call   borrows   the call being served
 * a      borrows   any
 * b      borrows   any
 *
 * Returns true where they are equal: 1 == 1.0 == True; NaN equals nothing.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline bool
hf_equal(hf_call_t *call, const hf_value_t *a, const hf_value_t *b)
{
    return call->host->equal(call, a, b);
}

/* hf_hash -- a number that is the same for equal values.
 *
 * call       borrows   the call being served
 * value      borrows   any
 * ret_hash   gives     it; untouched on false
 *
 * Returns false where the value is unhashable: a map, or a list with one inside.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline bool
hf_hash(hf_call_t *call, const hf_value_t *value, uint64_t *ret_hash)
{
    return call->host->hash(call, value, ret_hash);
}

/* hf_compare -- Python's < and >.
 *
 * call        borrows   the call being served
 * a           borrows   any
 * b           borrows   any
 * ret_order   gives     -1, 0 or 1; untouched on false
 *
 * Returns false where the two have no order.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline bool
hf_compare(hf_call_t *call, const hf_value_t *a, const hf_value_t *b, int *ret_order)
{
    return call->host->compare(call, a, b, ret_order);
}

/* hf_repr -- Python's repr of a value.
 *
 * call      borrows   the call being served
 * value     borrows   any
 * ret_str   gives     a str for the call's life; untouched on failure
 *
 * Returns HF_OK, or HF_RAISED: LimitExceeded.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_repr(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_str)
{
    return call->host->repr(call, value, ret_str);
}

/* hf_writer -- a writer of the call's own, for a value to be built.
 *
 * call   borrows   the call being served
 *
 * Returns a borrowed writer for exactly one item, to be finished by hf_written; NULL: raised, return HF_RAISED.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline hf_writer_t *
hf_writer(hf_call_t *call)
{
    return call->host->writer(call);
}

/* hf_written -- finish what hf_writer began.
 *
 * call        borrows   the call being served
 * writer      borrows   what hf_writer gave
 * ret_value   gives     the value, for the call's life (hf_keep keeps it longer); untouched on failure
 *
 * Returns HF_OK, or HF_RAISED: LimitExceeded, or what was written is not one item.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_written(hf_call_t *call, hf_writer_t *writer, hf_value_t *ret_value)
{
    return call->host->written(call, writer, ret_value);
}

/* hf_value_of -- another referent's getvalue.
 *
 * call        borrows   the call being served
 * handle      borrows   the referent
 * ret_value   gives     its value, for the call's life; HF_NONE where its type has none
 *
 * Returns HF_OK, or HF_RAISED: it is gone, its getvalue raised, or RuntimeError: an offloaded call of it is under way.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_value_of(hf_call_t *call, const hf_value_t *handle, hf_value_t *ret_value)
{
    return call->host->value_of(call, handle, ret_value);
}

/* hf_deref -- the state of another referent of this plugin.
 *
 * call     borrows   the call being served
 * handle   borrows   the referent
 * type     borrows   the table that it must have been made from
 *
 * Returns a borrowed state, until this function returns; NULL: raised, return HF_RAISED: no handle, of another type,
 * gone, or RuntimeError: an offloaded call of it is under way.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline void *
hf_deref(hf_call_t *call, const hf_value_t *handle, const hf_type_t *type)
{
    return call->host->deref(call, handle, type);
}

/* hf_self -- a handle of the referent being called.
 *
 * call         borrows   the call being served
 * ret_handle   gives     it, for the call's life
 *
 * Returns HF_OK, or HF_RAISED: there is none (in `create`, whose referent is not born yet, there is).
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_self(hf_call_t *call, hf_value_t *ret_handle)
{
    return call->host->self(call, ret_handle);
}

/* hf_run -- run another row on a state of the caller's own; it answers this call.
 *
 * call   borrows   the call being served
 * type   borrows   whose row it is
 * row              its place in the table
 * self   borrows   the state that it gets
 * args   borrows   a list, bound by that row's signature
 *
 * Returns what the row returned, or HF_RAISED: the arguments do not bind.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_run(hf_call_t *call, const hf_type_t *type, uint32_t row, void *self, const hf_value_t *args)
{
    return call->host->run(call, type, row, self, args);
}

/* hf_visit_value -- in `traverse`: tell of one value that is kept.
 *
 * call    borrows   the call being served
 * visit   borrows   what traverse was given
 * value   borrows   any; without handles nothing happens
 *
 * Returns nothing.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline void
hf_visit_value(hf_call_t *call, hf_visit_t *visit, const hf_value_t *value)
{
    if (hf_has_handles(value))
        call->host->visit(visit, value);
}

/* ---- memory ----------------------------------------------------------------------------- */

/* hf_alloc -- memory, zeroed, charged to the type.
 *
 * call   borrows   the call being served
 * n                bytes
 *
 * Returns a block to be freed by hf_free; NULL: raised (LimitExceeded), return HF_RAISED. What `work` allocates lasts
 * until it returns, and is freed then.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline void *
hf_alloc(hf_call_t *call, size_t n)
{
    return call->host->alloc(call, n);
}

/* hf_realloc -- another size for a block.
 *
 * call    borrows   the call being served
 * block   takes     what hf_alloc gave, or NULL; stays as it is on failure
 * n                 bytes; what is new is not zeroed
 *
 * Returns the block, moved perhaps; NULL: raised (LimitExceeded), return HF_RAISED.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline void *
hf_realloc(hf_call_t *call, void *block, size_t n)
{
    return call->host->realloc(call, block, n);
}

/* hf_free -- give a block back.
 *
 * call    borrows   the call being served
 * block   takes     what hf_alloc gave, or NULL
 *
 * Returns nothing.
 * Thread: [machine], [work]. Blocks: no. Since: 1.0.
 */
static inline void
hf_free(hf_call_t *call, void *block)
{
    call->host->free(call, block);
}

/* ---- delivery, owners, world ------------------------------------------------------------ */

/* hf_mind -- hear of it if this answer never arrives.
 *
 * call     borrows   the call being served
 * cookie             what `undelivered` will be told
 *
 * Returns nothing. `undelivered` runs if the caller's session ends before it acknowledged the answer.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline void
hf_mind(hf_call_t *call, uint64_t cookie)
{
    call->host->mind(call, cookie);
}

/* hf_caller -- who calls.
 *
 * call   borrows   the call being served
 *
 * Returns session and thread, equal for two calls of one thread of one session.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline hf_caller_t
hf_caller(hf_call_t *call)
{
    return call->host->caller(call);
}

/* hf_client -- what a session's client says of itself: its program, process, host; for people.
 *
 * call       borrows   the call being served
 * session              as hf_caller told it
 * ret_text   gives     a str, for the call's life; "" where it said nothing or has ended; untouched on failure
 *
 * Returns HF_OK, or HF_RAISED: LimitExceeded.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_client(hf_call_t *call, uint64_t session, hf_value_t *ret_text)
{
    return call->host->client(call, session, ret_text);
}

/* hf_own -- have a referent hear of the end of the caller's session.
 *
 * call    borrows   the call being served
 * state   borrows   anything in the referent's state: of the one being called, or as hf_deref gave it
 *
 * Returns HF_OK, its `session_died` will run then, once; or HF_RAISED: LimitExceeded.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_own(hf_call_t *call, const void *state)
{
    return call->host->own(call, state);
}

/* hf_disown -- have a referent hear no more of a session's end.
 *
 * call      borrows   the call being served
 * state     borrows   as hf_own's
 * session             as hf_caller told it
 *
 * Returns nothing.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline void
hf_disown(hf_call_t *call, const void *state, uint64_t session)
{
    call->host->disown(call, state, session);
}

/* hf_now -- the manager's own monotonic time.
 *
 * call   borrows   the call being served
 *
 * Returns seconds; the same throughout one call, and in a replay.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline double
hf_now(hf_call_t *call)
{
    return call->host->now(call);
}

/* hf_random -- chance, the same in a replay.
 *
 * call   borrows   the call being served
 *
 * Returns 64 random bits.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline uint64_t
hf_random(hf_call_t *call)
{
    return call->host->random(call);
}

/* hf_timer -- arm, move or stop one of the referent's timers.
 *
 * call      borrows   the call being served
 * number              which one: the `timer` hook is told it
 * seconds             from now; HF_FOREVER stops it
 *
 * Returns HF_OK, or HF_RAISED: LimitExceeded, the type has no `timer` hook, or seconds are NaN.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
static inline hf_err_t
hf_timer(hf_call_t *call, uint32_t number, double seconds)
{
    return call->host->timer(call, number, seconds);
}

/* hf_log (call, level, format, …) -- a line in the manager's log, blamed on the plugin.
 *
 * call     borrows   the call being served
 * level              HF_LOG_ERROR … HF_LOG_DEBUG
 * format   borrows   printf's, with its arguments behind it
 *
 * Returns nothing.
 * Thread: [machine]. Blocks: no. Since: 1.0.
 */
#define hf_log(call_, level_, ...) ((call_)->host->log((call_), (level_), __VA_ARGS__))

/* hf_is_cancelled -- does nobody wait any more for what `work` does?
 *
 * call   borrows   the call being served
 *
 * Returns true in `work` once the call was cancelled, its time is up or its session has ended: what `work` answers
 * will be dropped; elsewhere false.
 * Thread: [machine], [work]. Blocks: no. Since: 1.1.
 */
static inline bool
hf_is_cancelled(hf_call_t *call)
{
    return call->host->is_cancelled(call);
}

/* hf_extension -- what a manager may have beyond its table.
 *
 * call   borrows   the call being served
 * name   borrows   HF_EXTENSION_…
 *
 * Returns a borrowed struct of that extension's type, for ever; NULL: this manager has it not.
 * Thread: [machine]. Blocks: no. Since: 1.1.
 */
static inline const void *
hf_extension(hf_call_t *call, const char *name)
{
    return call->host->get_extension(call, name);
}

#ifdef __cplusplus
}
#endif

#endif
