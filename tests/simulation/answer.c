/* SPDX-License-Identifier: MPL-2.0 */
/* answer -- what may answer a call: the value that its kind gives, or one of the errors that it can meet. */
#include "op.h"

#include <string.h>

#include "token.h"
#include "witness.h"

static void
wrong_answer(sim_user_t *user, const sim_op_t *op, const char *what)
{
    sim_fail(user->sim, SIM_CHECK_ANSWER, "op %llu (%s, call %llu of session %llu): %s",
             (unsigned long long)op->id, sim_op_word(op), (unsigned long long)op->call,
             (unsigned long long)op->session, what);
}

/* ---- results -------------------------------------------------------------------------- */

static void
result_made(sim_user_t *user, const sim_op_t *op, const hf_value_t *value, bool is_new)
{
    size_t len;
    const char *typeid_ = hf_handle_typeid(value, &len);
    if (hf_kind(value) != HF_HANDLE || typeid_ == NULL) {
        wrong_answer(user, op, "not a handle with a typeid");
        return;
    }
    if (op->type < SIM_TYPES && sim_type_of(typeid_, len) != op->type)
        wrong_answer(user, op, "a handle of another type");
    if (is_new)
        sim_referee_made(user->referee, hf_as_handle(value));
}

static void
result_shared(sim_user_t *user, const sim_op_t *op, const hf_value_t *value)
{
    uint64_t *shared = &user->referee->shared[op->type];
    result_made(user, op, value, false);
    if (*shared == 0)
        *shared = hf_as_handle(value);
    if (*shared != hf_as_handle(value))
        wrong_answer(user, op, "get_or_create gave another referent");
}

/* An item, a handle, or nil that somebody stored; an item taken from a queue was got. */
static void
result_item(sim_user_t *user, const sim_op_t *op, const hf_value_t *value, bool is_taken)
{
    hf_kind_t kind = hf_kind(value);
    if (kind == HF_HANDLE || kind == HF_NIL)
        return;
    if (kind != HF_INT || hf_as_int(value) <= SIM_ITEM)
        wrong_answer(user, op, "not an item");
    else if (is_taken)
        sim_referee_got(user->referee, op, hf_as_int(value));
}

static void
result_seen(sim_user_t *user, const sim_op_t *op, const hf_value_t *value)
{
    hf_cursor_t cursor;
    hf_value_t item;
    if (hf_kind(value) != HF_LIST) {
        wrong_answer(user, op, "not a list");
        return;
    }
    hf_open(&cursor, value);
    while (hf_next(&cursor, &item))
        if (hf_kind(&item) == HF_INT && hf_as_int(&item) > SIM_ITEM)
            sim_referee_seen(user->referee, hf_as_int(&item));
}

/* What the witness answers is the op's own number. */
static void
result_own(sim_user_t *user, const sim_op_t *op, const hf_value_t *value)
{
    size_t len;
    const char *text = hf_as_str(value, &len);
    bool is_late = op->kind == SIM_OP_PARK && text != NULL && len == 4;
    if (!is_late && (hf_kind(value) != HF_INT || hf_as_uint(value) != op->id))
        wrong_answer(user, op, "another op's number");
    if (op->ran != 1)
        sim_fail(user->sim, SIM_CHECK_DONE, "op %llu was answered and ran %u times",
                 (unsigned long long)op->id, (unsigned)op->ran);
}

/* What the witness has worked out is a list that begins with the op's own number. */
static void
result_worked(sim_user_t *user, const sim_op_t *op, const hf_value_t *value)
{
    hf_cursor_t items;
    hf_value_t first = {.raw = {0}};
    if (hf_kind(value) == HF_LIST) {
        hf_open(&items, value);
        (void)hf_next(&items, &first);
    }
    if (op->kind == SIM_OP_MULL)
        result_own(user, op, &first);
    else if (hf_kind(&first) != HF_INT || hf_as_uint(&first) != op->id)
        wrong_answer(user, op, "another op's list");
    else if (op->id % SIM_PONDER_FAILS == 0)
        wrong_answer(user, op, "a result, where only an error can be");
}

static void
result_kind(sim_user_t *user, const sim_op_t *op, const hf_value_t *value, hf_kind_t kind)
{
    if (hf_kind(value) != kind)
        wrong_answer(user, op, "a value of another kind");
}

void
sim_op_result(sim_user_t *user, sim_op_t *op, const hf_value_t *value)
{
    switch (op->kind) {
    case SIM_OP_SHARE:
        result_shared(user, op, value);
        break;
    case SIM_OP_CREATE:
    case SIM_OP_CHILD:
    case SIM_OP_LIST_ITER:
        if (op->kind != SIM_OP_CREATE)
            op->type = op->kind == SIM_OP_CHILD ? SIM_WITNESS : SIM_OTHER;
        result_made(user, op, value, true);
        break;
    case SIM_OP_GET_OR_CREATE:
    case SIM_OP_LOOKUP:
        result_made(user, op, value, false);
        break;
    case SIM_OP_BIND:
    case SIM_OP_UNBIND:
    case SIM_OP_CLEAN:
    case SIM_OP_APPEND:
    case SIM_OP_APPEND_HANDLE:
    case SIM_OP_SET:
    case SIM_OP_SET_HANDLE:
    case SIM_OP_PUT:
    case SIM_OP_PUT_HANDLE:
        result_kind(user, op, value, HF_NIL);
        break;
    case SIM_OP_EXPORT:
        result_kind(user, op, value, HF_STR);
        sim_token_result(user->referee, op, value);
        break;
    case SIM_OP_REVOKE:
    case SIM_OP_UNPIN:
        result_kind(user, op, value, HF_BOOL);
        sim_token_result(user->referee, op, value);
        break;
    case SIM_OP_ADOPT:
        sim_token_result(user->referee, op, value);
        break;
    case SIM_OP_NAMES:
        result_kind(user, op, value, HF_LIST);
        break;
    case SIM_OP_COUNT:
    case SIM_OP_ADD:
        result_kind(user, op, value, HF_INT);
        break;
    case SIM_OP_SUM:
        result_kind(user, op, value, HF_INT);
        user->referee->counter_sum = hf_as_uint(value);
        user->referee->is_sum_known = true;
        break;
    case SIM_OP_LIST_POP:
    case SIM_OP_LIST_GET:
    case SIM_OP_ITER_NEXT:
    case SIM_OP_DICT_GET:
    case SIM_OP_DICT_POP:
        result_item(user, op, value, false);
        break;
    case SIM_OP_GIVE:
        break; /* whatever was kept */
    case SIM_OP_GET:
    case SIM_OP_GET_NOWAIT:
    case SIM_OP_DRAIN:
        result_item(user, op, value, true);
        break;
    case SIM_OP_MARK:
    case SIM_OP_KEEP:
    case SIM_OP_AFTER:
    case SIM_OP_PARK:
    case SIM_OP_WAKE:
    case SIM_OP_ANSWER:
    case SIM_OP_OWN:
    case SIM_OP_ARM:
        result_own(user, op, value);
        break;
    case SIM_OP_MULL:
    case SIM_OP_PONDER:
        result_worked(user, op, value);
        break;
    case SIM_OP_LIST_VALUE:
    case SIM_OP_DICT_VALUE:
        result_seen(user, op, value);
        break;
    case SIM_OP_FAIL:
    case SIM_OP_WRONG:
        wrong_answer(user, op, "a result, where only an error can be");
        break;
    default:
        break;
    }
}

/* ---- errors --------------------------------------------------------------------------- */

/* The errors that a kind of call can meet by itself, each between spaces. */
static const char *
error_own(const sim_op_t *op)
{
    switch (op->kind) {
    case SIM_OP_BIND:
        return " ValueError ";
    case SIM_OP_LOOKUP:
    case SIM_OP_UNBIND:
    case SIM_OP_CLEAN:
    case SIM_OP_DICT_GET:
    case SIM_OP_DICT_POP:
        return " KeyError ";
    case SIM_OP_ADOPT:
        return " NoSuchObject ";
    case SIM_OP_LIST_POP:
    case SIM_OP_LIST_GET:
        return " IndexError ";
    case SIM_OP_ITER_NEXT:
        return " StopIteration RuntimeError ";
    case SIM_OP_PUT:
    case SIM_OP_PUT_HANDLE:
        return " Full ";
    case SIM_OP_GET:
    case SIM_OP_GET_NOWAIT:
    case SIM_OP_DRAIN:
        return " Empty ";
    case SIM_OP_FAIL:
        return " Witnessed ";
    case SIM_OP_PONDER:
        return op->id % SIM_PONDER_FAILS == 0 ? " Witnessed " : " ";
    case SIM_OP_WRONG:
        return " NoSuchMethod NoSuchType TypeError KeyError ";
    default:
        return " ";
    }
}

static bool
error_is_among(const char *kinds, const char *kind, size_t len)
{
    for (const char *at = kinds; (at = strchr(at, ' ')) != NULL && at[1] != '\0'; at++)
        if (strncmp(at + 1, kind, len) == 0 && at[1 + len] == ' ')
            return true;
    return false;
}

static bool
error_may_be(const sim_op_t *op, const char *kind, size_t len)
{
    if (error_is_among(error_own(op), kind, len) || error_is_among(" Overloaded ", kind, len))
        return true;
    /* what it waited for may have been cancelled, or be late */
    if (op->is_promised && error_is_among(" Cancelled TimeoutError ", kind, len))
        return true;
    if (op->is_cancelled && error_is_among(" Cancelled ", kind, len))
        return true;
    return op->has_timeout && error_is_among(" TimeoutError ", kind, len);
}

void
sim_op_error(sim_user_t *user, sim_op_t *op, const hf_value_t *error)
{
    hf_cursor_t cursor;
    hf_value_t kind;
    hf_value_t text = {0};
    size_t len = 0;
    size_t text_len = 0;
    hf_open(&cursor, error);
    const char *word = hf_next(&cursor, &kind) ? hf_as_str(&kind, &len) : NULL;
    if (word == NULL || !hf_next(&cursor, &text)) {
        wrong_answer(user, op, "an error without kind and text");
        return;
    }
    const char *sentence = hf_as_str(&text, &text_len);
    if (op->kind == SIM_OP_ADOPT && error_is_among(" NoSuchObject ", word, len))
        sim_token_none(user->referee, op);
    if (!error_may_be(op, word, len))
        sim_fail(user->sim, SIM_CHECK_ANSWER, "op %llu (%s, call %llu of session %llu): %.*s: %.*s",
                 (unsigned long long)op->id, sim_op_word(op), (unsigned long long)op->call,
                 (unsigned long long)op->session, (int)len, word, (int)text_len,
                 sentence == NULL ? "" : sentence);
}
