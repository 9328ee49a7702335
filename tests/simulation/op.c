/* SPDX-License-Identifier: MPL-2.0 */
/* op -- the calls that users make: how each is put, and what may answer it. */
#include "op.h"

#include <stdio.h>
#include <string.h>

#include <base/check.h>

#include "token.h"

enum { OP_ARGS = 512, OP_NAMES = 6, OP_KEYS = 5, OP_SMALL_KEY = 900000 };

static const char *const op_words[] = {
#define SIM_OP_KIND(name_, weight_) #name_,
    SIM_OP_KINDS(SIM_OP_KIND)
#undef SIM_OP_KIND
};

static const uint32_t op_weights[] = {
#define SIM_OP_KIND(name_, weight_) weight_,
    SIM_OP_KINDS(SIM_OP_KIND)
#undef SIM_OP_KIND
};

static const char *const op_typeids[SIM_TYPES] = {"Counter", "list", "dict", "Queue", "Witness"};

const char *
sim_op_word(const sim_op_t *op)
{
    return op_words[op->kind];
}

sim_type_t
sim_type_of(const char *typeid_, size_t len)
{
    for (sim_type_t type = SIM_COUNTER; type < SIM_TYPES; type++)
        if (strlen(op_typeids[type]) == len && memcmp(op_typeids[type], typeid_, len) == 0)
            return type;
    return SIM_OTHER;
}

sim_op_kind_t
sim_op_choose(sim_t *sim)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < SIM_OP_N_KINDS; i++)
        sum += op_weights[i];
    uint64_t luck = sim_below(sim, sum);
    size_t kind = 0;
    while (luck >= op_weights[kind])
        luck -= op_weights[kind++];
    return (sim_op_kind_t)kind;
}

/* ---- putting -------------------------------------------------------------------------- */

/* A call under way: the op, what the engine is given, its arguments as they are written. */
typedef struct op_put {
    sim_user_t *user;
    sim_op_t *op;
    hfi_engine_call_t call;
    uint8_t raw[OP_ARGS];
    hf_writer_t w;
    const char *method;
} op_put_t;

static void
put_args(op_put_t *put, const char *method, size_t n)
{
    put->method = method;
    put->w = (hf_writer_t){.at = put->raw, .room = sizeof put->raw, .grow = hfi_grow_never};
    hf_write_list(&put->w, n);
}

static void
put_word(op_put_t *put, const char *word)
{
    hf_write_str(&put->w, word, strlen(word));
}

static void
put_target(op_put_t *put, const sim_proxy_t *proxy)
{
    put->call.object = proxy->object;
    put->op->object = proxy->object;
    put->op->type = proxy->type;
}

static int64_t
put_item(const op_put_t *put)
{
    return SIM_ITEM + (int64_t)put->op->id;
}

static void
put_handle(op_put_t *put, uint64_t object)
{
    HF_ASSERT(put->op->n_handles < SIM_OP_HANDLES);
    put->op->handles[put->op->n_handles++] = object;
    hf_write_handle(&put->w, object, NULL, 0);
}

/* A handle to be stored in the target. Where the world has no cycles, only of a referent that is younger, and of none
 * that holds an older one itself. False: the user has none. */
static bool
put_stored(op_put_t *put)
{
    const sim_user_t *user = put->user;
    uint64_t start = sim_below(user->sim, user->n_proxies);
    for (uint32_t i = 0; i < user->n_proxies; i++) {
        const sim_proxy_t *proxy = &user->proxies[(start + i) % user->n_proxies];
        if (user->sim->has_cycles ||
            (proxy->object > put->call.object && proxy->type != SIM_OTHER)) {
            put_handle(put, proxy->object);
            return true;
        }
    }
    return false;
}

static void
put_name(op_put_t *put, uint64_t name)
{
    char text[16];
    (void)snprintf(text, sizeof text, "n%llu", (unsigned long long)name);
    put_word(put, text);
}

/* CALL's own timeout, sometimes, or one here. */
static void
put_times(op_put_t *put)
{
    sim_t *sim = put->user->sim;
    uint64_t luck = sim_below(sim, 8);
    if (luck == 0) {
        put->op->has_timeout = true;
        put->call.timeout = (double)(1 + sim_below(sim, 500)) / 1000.0;
    } else if (luck == 1 && !put->op->is_counted) {
        put->op->has_timeout = true;
        put->call.due_ns = sim->now_ns + (int64_t)(1 + sim_below(sim, 800)) * SIM_MS;
    }
    put->call.thread = sim_below(sim, 3);
}

/* Into the engine. False: the op is taken back. */
static bool
put_commit(op_put_t *put)
{
    sim_user_t *user = put->user;
    sim_op_t *op = put->op;
    hfi_failure_t failure;
    uint64_t number = 0;
    HF_ASSERT(!put->w.failed);
    hf_value_t args;
    hfi_view(&args, put->raw, put->w.len, put->w.tag);
    put->call.args = &args;
    put->call.method = hfi_span_of(put->method);
    put->call.cookie = op;
    hfi_engine_put_t how = hfi_engine_put(user->engine, &put->call, &number, &failure);
    put->call.args = NULL; /* they were copied */
    if (how == HFI_PUT_FAILED && hfi_engine_state(user->engine) != HFI_ENGINE_ENDED)
        sim_fail(user->sim, SIM_CHECK_SESSION, "user %u: %s refused: %s: %s", user->index,
                 sim_op_word(op), failure.kind, failure.text);
    if (how != HFI_PUT_OK) {
        sim_referee_take_back(user->referee, op);
        return false;
    }
    op->call = number;
    if (op->token != NULL)
        sim_token_put(op);
    if (put->call.is_oneway) {
        op->end = SIM_ONEWAY;
    } else {
        HF_ASSERT(user->n_pending < SIM_MAX_PENDING);
        user->pending[user->n_pending++] = op;
    }
    sim_trace(user->sim, "user %u puts op %llu: %s on %llu as call %llu%s", user->index,
              (unsigned long long)op->id, sim_op_word(op), (unsigned long long)put->call.object,
              (unsigned long long)number, put->call.is_oneway ? ", oneway" : "");
    return true;
}

static void
put_open(op_put_t *put, sim_user_t *user, sim_op_kind_t kind)
{
    put->user = user;
    put->op = sim_referee_add(user->referee);
    put->op->kind = kind;
    put->op->user = user->index;
    put->op->session = user->session;
    put->op->type = SIM_OTHER;
    put->call = (hfi_engine_call_t){.timeout = -1.0, .due_ns = HFI_ENGINE_NEVER};
}

/* ---- tokens --------------------------------------------------------------------------- */

/* One proxy, or a list of two. */
static bool
put_export(op_put_t *put)
{
    sim_user_t *user = put->user;
    if (user->n_proxies == 0)
        return false;
    sim_token_t *token = sim_token_add(user->referee, put->op);
    if (token == NULL)
        return false;
    put->op->token = token;
    token->n = sim_below(user->sim, 4) == 0 ? 2 : 1;
    put_args(put, "export", 4);
    if (token->n > 1)
        hf_write_list(&put->w, token->n);
    for (uint32_t i = 0; i < token->n; i++) {
        token->objects[i] = user->proxies[sim_below(user->sim, user->n_proxies)].object;
        put_handle(put, token->objects[i]);
    }
    hf_write_float(&put->w, token->ttl);
    hf_write_uint(&put->w, token->uses);
    sim_token_write_secret(user->referee, token, &put->w);
    put->call.is_oneway = sim_below(user->sim, 6) == 0;
    return true;
}

static bool
put_with_token(op_put_t *put, uint64_t which)
{
    sim_referee_t *referee = put->user->referee;
    bool is_last = put->op->kind == SIM_OP_UNPIN;
    sim_token_t *token = is_last ? sim_token_endless(referee, which) : sim_token_pick(referee);
    if (token == NULL)
        return false;
    put_args(put, put->op->kind == SIM_OP_ADOPT ? "adopt" : "revoke", 1);
    sim_token_write_secret(referee, token, &put->w);
    if (put->op->kind == SIM_OP_ADOPT)
        sim_token_adopt(token, put->op);
    else
        sim_token_revoke(token, put->op);
    return true;
}

/* ---- the root's methods --------------------------------------------------------------- */

static bool
put_create(op_put_t *put, sim_type_t type)
{
    put_args(put, "create", type == SIM_QUEUE ? 2 : 1);
    put_word(put, op_typeids[type]);
    if (type == SIM_QUEUE)
        hf_write_uint(&put->w, sim_below(put->user->sim, 4));
    put->op->type = type;
    return true;
}

static bool
put_on_root(op_put_t *put, uint64_t which)
{
    sim_t *sim = put->user->sim;
    char shared[32];
    switch (put->op->kind) {
    case SIM_OP_SHARE:
        put_args(put, "get_or_create", 2);
        (void)snprintf(shared, sizeof shared, "shared %s", op_typeids[which]);
        put_word(put, shared);
        put_word(put, op_typeids[which]);
        put->op->type = (sim_type_t)which;
        return true;
    case SIM_OP_CREATE:
        return put_create(put, (sim_type_t)sim_below(sim, SIM_TYPES));
    case SIM_OP_GET_OR_CREATE:
        put_args(put, "get_or_create", 2);
        put_name(put, sim_below(sim, OP_NAMES));
        put_word(put, op_typeids[sim_below(sim, SIM_TYPES)]);
        return true;
    case SIM_OP_BIND: {
        if (put->user->n_proxies == 0)
            return false;
        put_args(put, "bind", 3);
        put_name(put, sim_below(sim, OP_NAMES));
        put_handle(put, put->user->proxies[sim_below(sim, put->user->n_proxies)].object);
        hf_write_bool(&put->w, sim_below(sim, 2) == 0);
        return true;
    }
    case SIM_OP_LOOKUP:
    case SIM_OP_UNBIND:
        put_args(put, put->op->kind == SIM_OP_LOOKUP ? "lookup" : "unbind", 1);
        put_name(put, sim_below(sim, OP_NAMES));
        return true;
    case SIM_OP_CLEAN:
        put_args(put, "unbind", 1);
        if (which < OP_NAMES) {
            put_name(put, which);
        } else {
            (void)snprintf(shared, sizeof shared, "shared %s", op_typeids[which - OP_NAMES]);
            put_word(put, shared);
        }
        return true;
    case SIM_OP_EXPORT:
        return put_export(put);
    case SIM_OP_ADOPT:
    case SIM_OP_REVOKE:
    case SIM_OP_UNPIN:
        return put_with_token(put, which);
    case SIM_OP_NAMES:
        put_args(put, "names", 0);
        return true;
    case SIM_OP_COUNT:
        put_args(put, "number_of_objects", 0);
        return true;
    default:
        return false;
    }
}

/* ---- the referents' methods ----------------------------------------------------------- */

static bool
put_on_counter(op_put_t *put, const sim_proxy_t *proxy)
{
    put_target(put, proxy);
    put->op->effect =
        put->user->referee->shared[SIM_COUNTER] == proxy->object ? SIM_ADDED : SIM_NO_EFFECT;
    put_args(put, "add", put->op->kind == SIM_OP_SUM ? 1 : 0);
    if (put->op->kind == SIM_OP_SUM) {
        put->op->effect = SIM_NO_EFFECT;
        hf_write_uint(&put->w, 0);
    }
    put->call.is_oneway = put->op->kind == SIM_OP_ADD && sim_below(put->user->sim, 10) == 0;
    return true;
}

static bool
put_on_list(op_put_t *put, const sim_proxy_t *proxy)
{
    sim_user_t *user = put->user;
    put_target(put, proxy);
    switch (put->op->kind) {
    case SIM_OP_APPEND:
        put_args(put, "append", 1);
        hf_write_int(&put->w, put_item(put));
        put->op->effect =
            user->referee->shared[SIM_LIST] == proxy->object ? SIM_IN_LIST : SIM_NO_EFFECT;
        put->call.is_oneway = sim_below(user->sim, 6) == 0;
        return true;
    case SIM_OP_APPEND_HANDLE:
        put_args(put, "append", 1);
        return put_stored(put);
    case SIM_OP_LIST_POP:
        put_args(put, "pop", 0);
        return user->referee->shared[SIM_LIST] != proxy->object;
    case SIM_OP_LIST_GET:
        put_args(put, "getitem", 1);
        hf_write_int(&put->w, (int64_t)sim_below(user->sim, 6) - 3);
        return true;
    case SIM_OP_LIST_ITER:
        put_args(put, "iter", 0);
        return true;
    case SIM_OP_LIST_VALUE:
        put_args(put, "getvalue", 0);
        return true;
    default:
        return false;
    }
}

static bool
put_on_dict(op_put_t *put, const sim_proxy_t *proxy)
{
    sim_user_t *user = put->user;
    put_target(put, proxy);
    uint64_t key = OP_SMALL_KEY + sim_below(user->sim, OP_KEYS);
    switch (put->op->kind) {
    case SIM_OP_SET:
        put_args(put, "setitem", 2);
        hf_write_int(&put->w, put_item(put));
        hf_write_nil(&put->w);
        put->op->effect =
            user->referee->shared[SIM_DICT] == proxy->object ? SIM_IN_DICT : SIM_NO_EFFECT;
        return true;
    case SIM_OP_SET_HANDLE:
        put_args(put, "setitem", 2);
        hf_write_uint(&put->w, key);
        return put_stored(put);
    case SIM_OP_DICT_GET:
    case SIM_OP_DICT_POP:
        put_args(put, put->op->kind == SIM_OP_DICT_GET ? "getitem" : "pop", 1);
        hf_write_uint(&put->w, key);
        return true;
    case SIM_OP_DICT_VALUE:
        put_args(put, "keys", 0);
        return true;
    default:
        return false;
    }
}

static void
put_patience(op_put_t *put)
{
    if (sim_below(put->user->sim, 3) == 0)
        hf_write_nil(&put->w);
    else
        hf_write_float(&put->w, (double)(1 + sim_below(put->user->sim, 1500)) / 1000.0);
}

static bool
put_on_queue(op_put_t *put, const sim_proxy_t *proxy)
{
    sim_user_t *user = put->user;
    put_target(put, proxy);
    switch (put->op->kind) {
    case SIM_OP_PUT:
    case SIM_OP_PUT_HANDLE:
        put_args(put, "put", 3);
        if (put->op->kind == SIM_OP_PUT)
            hf_write_int(&put->w, put_item(put));
        else if (!put_stored(put))
            return false;
        hf_write_bool(&put->w, true);
        put_patience(put);
        if (put->op->kind == SIM_OP_PUT && user->referee->shared[SIM_QUEUE] == proxy->object)
            put->op->effect = SIM_IN_QUEUE;
        return true;
    case SIM_OP_GET:
        put->op->is_counted = user->referee->shared[SIM_QUEUE] == proxy->object;
        put_args(put, "get", 2);
        hf_write_bool(&put->w, true);
        put_patience(put);
        return true;
    case SIM_OP_GET_NOWAIT:
    case SIM_OP_DRAIN:
        put->op->is_counted = user->referee->shared[SIM_QUEUE] == proxy->object;
        put_args(put, "get_nowait", 0);
        return true;
    default:
        return false;
    }
}

static const char *
witness_method(sim_op_kind_t kind)
{
    switch ((uint32_t)kind) {
    case SIM_OP_MARK:
        return "mark";
    case SIM_OP_KEEP:
        return "keep";
    case SIM_OP_GIVE:
        return "give";
    case SIM_OP_PARK:
        return "park";
    case SIM_OP_WAKE:
        return "wake";
    case SIM_OP_ANSWER:
        return "answer";
    case SIM_OP_FAIL:
        return "fail";
    case SIM_OP_CHILD:
        return "child";
    case SIM_OP_MULL:
        return "mull";
    case SIM_OP_PONDER:
        return "ponder";
    case SIM_OP_OWN:
        return "own";
    case SIM_OP_ARM:
        return "arm";
    default:
        return NULL;
    }
}

static bool
put_on_witness(op_put_t *put, const sim_proxy_t *proxy)
{
    sim_user_t *user = put->user;
    sim_op_kind_t kind = (sim_op_kind_t)put->op->kind;
    put_target(put, proxy);
    bool is_stored = kind == SIM_OP_KEEP || kind == SIM_OP_MULL;
    bool is_any = kind == SIM_OP_FAIL || kind == SIM_OP_PONDER;
    bool has_time = kind == SIM_OP_PARK || kind == SIM_OP_ARM;
    put->op->effect = kind == SIM_OP_FAIL ? SIM_RAN_RAISE
                      : kind == SIM_OP_PONDER
                          ? SIM_NO_EFFECT /* the pool may run it, and nobody wait */
                          : SIM_RAN;
    put_args(put, witness_method(kind), is_stored || is_any || has_time ? 2 : 1);
    hf_write_uint(&put->w, put->op->id);
    if (has_time)
        put_patience(put);
    if (is_stored && !put_stored(put))
        return false;
    if (is_any)
        put_handle(put, user->proxies[sim_below(user->sim, user->n_proxies)].object);
    put->op->is_ordered = kind == SIM_OP_MULL; /* its finish, before all that comes behind it */
    if (kind == SIM_OP_MARK) {
        put->call.is_oneway = sim_below(user->sim, 3) == 0;
        put->op->is_ordered = true;
    }
    return true;
}

/* A call that cannot be right; it must get its error, and nothing else. */
static bool
put_wrong(op_put_t *put)
{
    static const char *const methods[] = {"no_such_method", "lookup", "create", "describe"};
    const char *method = methods[sim_below(put->user->sim, 4)];
    put_args(put, method, 2);
    put_word(put, "no such type");
    hf_write_nil(&put->w);
    return true;
}

/* create or lookup, and at once a call of what it will have given. */
static bool
put_chain(sim_user_t *user)
{
    op_put_t put;
    put_open(&put, user, SIM_OP_CREATE);
    (void)put_create(&put, SIM_WITNESS);
    if (!put_commit(&put))
        return false;
    uint64_t call = put.op->call;
    sim_op_t *create = put.op;
    for (uint64_t n = 1 + sim_below(user->sim, 2); n > 0; n--) {
        put_open(&put, user, SIM_OP_MARK);
        put.op->is_promised = true;
        put.op->type = SIM_WITNESS;
        put.op->effect = SIM_RAN;
        put.call.promise = call;
        put_args(&put, "mark", 1);
        hf_write_uint(&put.w, put.op->id);
        if (!put_commit(&put))
            return true;
    }
    const sim_proxy_t *list = sim_user_pick(user, SIM_LIST);
    if (list == NULL || create->end != SIM_PENDING)
        return true;
    put_open(&put, user, SIM_OP_APPEND_HANDLE);
    put.op->is_promised = true;
    put_target(&put, list);
    put_args(&put, "append", 1);
    hf_write_promise(&put.w, call);
    (void)put_commit(&put);
    return true;
}

/* A call that waits for what a parked call of the same session will have given. */
static bool
put_after(op_put_t *put, const sim_proxy_t *witness)
{
    const sim_user_t *user = put->user;
    for (uint32_t i = 0; i < user->n_pending; i++) {
        if (user->pending[i]->kind != SIM_OP_PARK)
            continue;
        put_target(put, witness);
        put->op->effect = SIM_RAN;
        put->op->is_promised = true;
        put_args(put, "keep", 2);
        hf_write_uint(&put->w, put->op->id);
        hf_write_promise(&put->w, user->pending[i]->call);
        return true;
    }
    return false;
}

static bool
put_build(op_put_t *put, uint64_t which)
{
    sim_op_kind_t kind = (sim_op_kind_t)put->op->kind;
    sim_user_t *user = put->user;
    bool is_last = kind >= SIM_OP_SUM;
    const sim_proxy_t *proxy = NULL;
    if (kind <= SIM_OP_COUNT || kind >= SIM_OP_CLEAN)
        return put_on_root(put, which);
    if (kind == SIM_OP_WRONG)
        return put_wrong(put);
    sim_type_t type = kind == SIM_OP_ADD || kind == SIM_OP_SUM                ? SIM_COUNTER
                      : kind <= SIM_OP_LIST_ITER || kind == SIM_OP_LIST_VALUE ? SIM_LIST
                      : kind == SIM_OP_ITER_NEXT                              ? SIM_OTHER
                      : kind <= SIM_OP_DICT_POP || kind == SIM_OP_DICT_VALUE  ? SIM_DICT
                      : kind <= SIM_OP_GET_NOWAIT || kind == SIM_OP_DRAIN     ? SIM_QUEUE
                                                                              : SIM_WITNESS;
    proxy = is_last ? sim_user_shared(user, type) : sim_user_pick(user, type);
    if (proxy == NULL)
        return false;
    switch (type) {
    case SIM_COUNTER:
        return put_on_counter(put, proxy);
    case SIM_LIST:
        return put_on_list(put, proxy);
    case SIM_DICT:
        return put_on_dict(put, proxy);
    case SIM_QUEUE:
        return put_on_queue(put, proxy);
    case SIM_WITNESS:
        return kind == SIM_OP_AFTER ? put_after(put, proxy) : put_on_witness(put, proxy);
    case SIM_TYPES:
    case SIM_OTHER:
        break;
    }
    put_target(put, proxy);
    put_args(put, "next", 0);
    return true;
}

bool
sim_op_put_with(sim_user_t *user, sim_op_kind_t kind, uint64_t which)
{
    op_put_t put;
    put_open(&put, user, kind);
    if (!put_build(&put, which)) {
        sim_referee_take_back(user->referee, put.op);
        return false;
    }
    if (kind < SIM_OP_SUM && kind != SIM_OP_SHARE && !put.call.is_oneway)
        put_times(&put);
    return put_commit(&put);
}

bool
sim_op_put(sim_user_t *user, sim_op_kind_t kind)
{
    return kind == SIM_OP_CHAIN ? put_chain(user) : sim_op_put_with(user, kind, 0);
}
