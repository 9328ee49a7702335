/* SPDX-License-Identifier: MPL-2.0 */
/* root -- see root.h
 *
 * Its methods are rows like any type's, so they are called, exposed, described and counted like any other's. Its
 * state is the machine's own, which they reach through the call.
 */
#include "root.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <base/check.h>
#include <base/mutant.h>
#include <registry/text.h>
#include <stream/token.h>
#include <value/repr.h>
#include <value/value.h>

#include "cycle.h"
#include "holders.h"
#include "hook.h"
#include "image.h"
#include "inspect.h"
#include "reap.h"
#include "stub.h"
#include "watch.h"

typedef struct root_state {
    uint64_t nothing; /* all of it is in hfi_state_t */
} root_state_t;

static hfi_span_t
root_text(hf_call_t *call, uint32_t k)
{
    hfi_span_t span;
    span.at = (const uint8_t *)hf_arg_str(call, k, &span.len);
    return span;
}

static hf_err_t
root_return_handle(hf_call_t *call, const hfi_referent_t *referent)
{
    const char *name = referent->type->row->name;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_handle(w, referent->number, name, strlen(name));
    return hf_return_written(call);
}

/* Whether the deployment, and a role of the caller's, let it make such a referent; false: raised. */
static bool
root_may_create(hfi_call_t *self, const hfi_type_t *type)
{
    const char *name = type->row->name;
    hfi_access_t access = self->session == NULL
                              ? HFI_CALLABLE
                              : hfi_view_create(hfi_roles_view(self->session->roles, type));
    if (access == HFI_HIDDEN)
        (void)hfi_answer_raise(self, "NotExposed", NULL, "no %s can be created here", name);
    else if (access == HFI_DENIED)
        (void)hfi_answer_raise(self, "PermissionDenied", NULL,
                               "no role of this user grants %s.create", name);
    return access == HFI_CALLABLE;
}

/* Makes a referent of the typeid in argument k; the two behind it are the constructor's *args and **kwargs. */
static hfi_referent_t *
root_make(hf_call_t *call, uint32_t k)
{
    hfi_call_t *self = hfi_call_of(call);
    hfi_span_t name = root_text(call, k);
    hfi_type_t *type = hfi_plugins_find_type(self->state->plugins, (const char *)name.at, name.len);
    if (type == NULL || type->is_internal) {
        int len = name.len > HFI_MAX_NAME_BYTES ? HFI_MAX_NAME_BYTES : (int)name.len;
        (void)HF_RAISE(call, "NoSuchType", "no type '%.*s'", len, (const char *)name.at);
        return NULL;
    }
    if (!root_may_create(self, type))
        return NULL;
    return hfi_hook_create(self, type, hf_arg(call, k + 1), hf_arg(call, k + 2));
}

static hf_err_t
root_create(hf_call_t *call, void *state)
{
    (void)state;
    const hfi_referent_t *referent = root_make(call, 0);
    return referent == NULL ? HF_RAISED : root_return_handle(call, referent);
}

/* ---- names ------------------------------------------------------------------------------- */

static hf_err_t
root_no_name(hf_call_t *call)
{
    hf_value_t text;
    size_t len;
    if (hf_repr(call, hf_arg(call, 0), &text) != HF_OK)
        return HF_RAISED;
    const char *repr = hf_as_str(&text, &len);
    return hf_raise_value(call, "KeyError", hf_arg(call, 0), "%.*s", len > 200 ? 200 : (int)len,
                          repr);
}

/* Binds a new name; false: raised. */
static bool
root_add_name(hf_call_t *call, hfi_span_t text, hfi_referent_t *referent)
{
    hfi_state_t *state = hfi_call_of(call)->state;
    const hfi_machine_limits_t *limits = &state->boot.limits;
    if (text.len > limits->name_bytes)
        (void)HF_RAISE(call, "LimitExceeded", "a name has at most %llu bytes",
                       (unsigned long long)limits->name_bytes);
    else if (state->names.n >= limits->names)
        (void)HF_RAISE(call, "LimitExceeded", "the manager has as many names as it may");
    else if (hfi_names_add(&state->names, text, referent) == NULL)
        (void)HF_RAISE(call, "LimitExceeded", "the manager's memory is at its limit");
    else
        return true;
    return false;
}

static hf_err_t
root_bind(hf_call_t *call, void *state)
{
    (void)state;
    hfi_state_t *machine = hfi_call_of(call)->state;
    hfi_span_t text = root_text(call, 0);
    hfi_referent_t *referent = hfi_state_find(machine, hf_as_handle(hf_arg(call, 1)));
    if (referent == NULL)
        return HF_RAISE(call, "NoSuchObject", "no such object");
    if (hfi_stub_is_lost(machine, referent))
        return hfi_answer_lost(hfi_call_of(call), referent);
    hfi_name_t *name = hfi_names_find(&machine->names, text);
    if (name != NULL && !hf_arg_bool(call, 2)) {
        hf_value_t repr;
        size_t len;
        if (hf_repr(call, hf_arg(call, 0), &repr) != HF_OK)
            return HF_RAISED;
        const char *shown = hf_as_str(&repr, &len);
        return HF_RAISE(call, "ValueError", "%.*s is bound", len > 200 ? 200 : (int)len, shown);
    }
    if (name != NULL)
        hfi_names_move(&machine->names, &machine->referents, name, referent);
    else if (!root_add_name(call, text, referent))
        return HF_RAISED;
    return hf_return_nil(call);
}

static hf_err_t
root_lookup(hf_call_t *call, void *state)
{
    (void)state;
    const hfi_name_t *name = hfi_names_find(&hfi_call_of(call)->state->names, root_text(call, 0));
    return name == NULL ? root_no_name(call) : root_return_handle(call, name->referent);
}

static hf_err_t
root_unbind(hf_call_t *call, void *state)
{
    (void)state;
    hfi_state_t *machine = hfi_call_of(call)->state;
    hfi_name_t *name = hfi_names_find(&machine->names, root_text(call, 0));
    if (name == NULL)
        return root_no_name(call);
    hfi_names_remove(&machine->names, &machine->referents, name);
    return hf_return_nil(call);
}

static hf_err_t
root_names(hf_call_t *call, void *state)
{
    (void)state;
    size_t n;
    hfi_name_t **names = hfi_names_sorted(&hfi_call_of(call)->state->names, root_text(call, 0), &n);
    hf_writer_t *w = hf_return_writer(call);
    if (w != NULL) {
        hf_write_list(w, n);
        for (size_t i = 0; i < n; i++)
            hf_write_str(w, names[i]->text, names[i]->len);
    }
    free(names);
    return w == NULL ? HF_RAISED : hf_return_written(call);
}

static hf_err_t
root_get_or_create(hf_call_t *call, void *state)
{
    (void)state;
    hfi_span_t text = root_text(call, 0);
    const hfi_name_t *name = hfi_names_find(&hfi_call_of(call)->state->names, text);
    if (name != NULL)
        return root_return_handle(call, name->referent);
    hfi_referent_t *referent = root_make(call, 1);
    if (referent == NULL || !root_add_name(call, text, referent))
        return HF_RAISED;
    return root_return_handle(call, referent);
}

/* ---- tokens ------------------------------------------------------------------------------ */

/* The referents of an export's first argument; false: raised. */
static bool
root_exported(hf_call_t *call, hfi_referent_t ***ret_referents, uint32_t *ret_n)
{
    hfi_state_t *state = hfi_call_of(call)->state;
    const hf_value_t *what = hf_arg(call, 0);
    bool is_list = hf_kind(what) == HF_LIST;
    uint32_t n = is_list ? hf_count(what) : 1;
    hfi_referent_t **referents = hfi_arena_take(&state->arena, n * sizeof(hfi_referent_t *));
    hf_value_t item = *what;
    hf_cursor_t items;
    if (is_list)
        hf_open(&items, what);
    for (uint32_t i = 0; i < n; i++) {
        if (is_list)
            (void)hf_next(&items, &item);
        if (hf_kind(&item) != HF_HANDLE) {
            (void)HF_RAISE(call, "TypeError", "item %u of the list is no handle", i);
            return false;
        }
        referents[i] = hfi_state_find(state, hf_as_handle(&item));
        if (referents[i] == NULL) {
            (void)HF_RAISE(call, "NoSuchObject", "no such object");
            return false;
        }
    }
    *ret_referents = referents;
    *ret_n = n;
    return true;
}

/* The secret that was chosen, or a new one; false: raised. */
static bool
root_secret(hf_call_t *call, hfi_secret_t *ret_secret)
{
    hfi_state_t *state = hfi_call_of(call)->state;
    if (hf_kind(hf_arg(call, 3)) == HF_NIL) {
        do
            hfi_state_draw(state, ret_secret->bytes, sizeof ret_secret->bytes);
        while (hfi_pins_is_taken(&state->pins, ret_secret));
        return true;
    }
    size_t len;
    const uint8_t *bytes = hf_as_bytes(hf_arg(call, 3), &len);
    if (len != sizeof ret_secret->bytes) {
        (void)HF_RAISE(call, "ValueError", "a secret has 16 bytes");
        return false;
    }
    memcpy(ret_secret->bytes, bytes, len);
    if (!hfi_pins_is_taken(&state->pins, ret_secret))
        return true;
    (void)HF_RAISE(call, "ValueError", "that secret is another token's");
    return false;
}

/* Adds a token in place of the one that was spent first, where there are as many as may be. NULL: raised. */
static hfi_pin_t *
root_add_token(hf_call_t *call, const hfi_export_t *what, double ttl)
{
    hfi_state_t *state = hfi_call_of(call)->state;
    hfi_pins_t *pins = &state->pins;
    if (pins->table.live >= state->boot.limits.tokens && !hfi_pins_forget_spent(pins)) {
        (void)HF_RAISE(call, "LimitExceeded", "the manager has as many tokens as it may");
        return NULL;
    }
    hfi_pin_t *pin = hfi_pins_add(pins, what);
    if (pin == NULL)
        (void)HF_RAISE(call, "LimitExceeded", "the manager's memory is at its limit");
    else if (what->is_holding)
        hfi_state_arm(state, &pin->alarm, hfi_state_due_in(state, ttl));
    return pin;
}

static void
root_write_token(hf_writer_t *w, const hfi_boot_t *boot, const hfi_pin_t *pin)
{
    hf_write_list(w, 5);
    if (pin->is_list) {
        hf_write_list(w, pin->n);
        for (uint32_t i = 0; i < pin->n; i++)
            hf_write_uint(w, pin->items[i].referent->number);
        hf_write_nil(w);
    } else {
        const char *name = pin->items[0].referent->type->row->name;
        hf_write_uint(w, pin->items[0].referent->number);
        hf_write_str(w, name, strlen(name));
    }
    hf_write_bytes(w, pin->secret.bytes, sizeof pin->secret.bytes);
    hf_write_bytes(w, boot->space.bytes, sizeof boot->space.bytes);
    if (hf_kind(&boot->endpoints) == HF_LIST)
        hf_write_value(w, &boot->endpoints);
    else
        hf_write_list(w, 0);
}

static hf_err_t
root_return_token(hf_call_t *call, const hfi_pin_t *pin)
{
    hfi_state_t *state = hfi_call_of(call)->state;
    hfi_buffer_t *payload = hfi_state_borrow(state, UINT32_MAX);
    hfi_bytes_t text = {0};
    root_write_token(&payload->w, &state->boot, pin);
    if (!hfi_token_write((hfi_span_t){payload->w.at, payload->w.len}, &text))
        HF_BUG("no memory");
    hf_err_t err = hf_return_str(call, (const char *)text.at, text.len);
    hfi_bytes_close(&text);
    hfi_state_return(state, &payload);
    return err;
}

static hf_err_t
root_export(hf_call_t *call, void *state)
{
    (void)state;
    double ttl = hf_arg_float(call, 1);
    int64_t uses = hf_arg_int(call, 2);
    hfi_export_t what = {.is_list = hf_kind(hf_arg(call, 0)) == HF_LIST, .is_holding = ttl > 0.0};
    hfi_referent_t **referents;
    if (!(ttl >= 0.0))
        return HF_RAISE(call, "ValueError", "ttl is below 0");
    if (uses < 1)
        return HF_RAISE(call, "ValueError", "uses is below 1");
    if (!root_secret(call, &what.secret) || !root_exported(call, &referents, &what.n))
        return HF_RAISED;
    what.referents = referents;
    what.uses = isinf(ttl) || !what.is_holding ? 0 : (uint64_t)uses;
    hfi_pin_t *pin = root_add_token(call, &what, ttl);
    if (pin == NULL)
        return HF_RAISED;
    if (root_return_token(call, pin) == HF_OK)
        return HF_OK;
    hfi_pins_forget(&hfi_call_of(call)->state->pins, pin);
    return HF_RAISED;
}

/* Whether the token names what its secret does. */
static bool
root_is_of(const hfi_token_t *token, const hfi_pin_t *pin)
{
    hf_cursor_t items;
    hf_value_t item;
    if (!pin->is_list)
        return hf_kind(&token->object) == HF_INT &&
               hf_as_uint(&token->object) == pin->items[0].referent->number;
    if (hf_kind(&token->object) != HF_LIST || hf_count(&token->object) != pin->n)
        return false;
    hf_open(&items, &token->object);
    for (uint32_t i = 0; hf_next(&items, &item); i++) {
        if (hf_as_uint(&item) != pin->items[i].referent->number)
            return false;
    }
    return true;
}

/* The token in argument 0, *ret_pin NULL where this manager has none of it; false: it is none at all, raised. */
static bool
root_token(hf_call_t *call, hfi_pin_t **ret_pin)
{
    hfi_state_t *state = hfi_call_of(call)->state;
    const hf_value_t *arg = hf_arg(call, 0);
    hfi_token_t token;
    *ret_pin = NULL;
    if (hfi_secret_read(arg, &token.secret)) {
        *ret_pin = hfi_pins_find(&state->pins, &token.secret);
        return true;
    }
    hfi_bytes_t scratch = {0};
    bool is_token =
        hf_kind(arg) != HF_BYTES && hfi_token_read(root_text(call, 0), &scratch, &token);
    if (is_token &&
        memcmp(token.manager.bytes, state->boot.space.bytes, sizeof token.manager.bytes) == 0) {
        hfi_pin_t *pin = hfi_pins_find(&state->pins, &token.secret);
        *ret_pin = pin != NULL && root_is_of(&token, pin) ? pin : NULL;
    }
    hfi_bytes_close(&scratch);
    if (!is_token)
        (void)HF_RAISE(call, "ValueError", "that is no token");
    return is_token;
}

/* The last use is counted before the adopter holds anything: true where nobody did then. For a mutant alone. */
static bool
root_is_dropped_first(hf_call_t *call, hfi_pin_t *pin)
{
    const hfi_referent_t *first = pin->items[0].referent;
    if (pin->uses != 1)
        return false;
    hfi_pins_spend(&hfi_call_of(call)->state->pins, pin);
    return !hfi_referent_is_held(first);
}

static hf_err_t
root_adopt(hf_call_t *call, void *state)
{
    (void)state;
    hfi_pin_t *pin;
    if (!root_token(call, &pin))
        return HF_RAISED;
    if (pin == NULL)
        return HF_RAISE(call, "NoSuchObject", "no such token, or what it named is gone");
    if (HFI_MUTANT(m09_add_before_drop) && root_is_dropped_first(call, pin))
        return HF_RAISE(call, "NoSuchObject", "what the token named is gone");
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    if (pin->is_list)
        hf_write_list(w, pin->n);
    for (uint32_t i = 0; i < pin->n; i++) {
        const hfi_referent_t *referent = pin->items[i].referent;
        const char *name = referent->type->row->name;
        hf_write_handle(w, referent->number, name, strlen(name));
    }
    if (hf_return_written(call) != HF_OK)
        return HF_RAISED;
    if (pin->uses != 0 && HFI_MUTANT(m10_provisional_use))
        hfi_pins_count_use(&hfi_call_of(call)->state->pins, pin->number);
    else if (pin->uses != 0) /* counted once this answer is acknowledged: link hears of it */
        hfi_answer_mind(hfi_call_of(call), pin->number);
    return HF_OK;
}

static hf_err_t
root_revoke(hf_call_t *call, void *state)
{
    (void)state;
    hfi_pin_t *pin;
    if (!root_token(call, &pin))
        return HF_RAISED;
    if (pin != NULL && !HFI_MUTANT(m22_revoke))
        hfi_pins_forget(&hfi_call_of(call)->state->pins, pin);
    return hf_return_bool(call, pin != NULL);
}

static hf_err_t
root_collect(hf_call_t *call, void *state)
{
    (void)state;
    return hf_return_int(call, hfi_cycle_collect(hfi_call_of(call)->state));
}

static hf_err_t
root_shutdown(hf_call_t *call, void *state)
{
    (void)state;
    double drain = hf_arg_float(call, 0);
    if (!(drain >= 0.0))
        return HF_RAISE(call, "ValueError", "drain is below 0");
    hfi_reap_stop(hfi_call_of(call)->state, drain);
    return hf_return_nil(call);
}

static hf_err_t
root_repr(hf_call_t *call, void *state)
{
    (void)state;
    return hf_return_str(call, "<manager #0>", sizeof "<manager #0>" - 1);
}

static const hf_method_t root_methods[] = {
    HF_METHOD("create", "typeid: str, *args, **kwargs -> handle", root_create, HF_WRITES,
              "Make a referent of that type; its constructor gets the other arguments."),
    HF_METHOD(
        "bind", "name: str, handle: handle, replace: bool = false", root_bind, HF_WRITES,
        "Give a referent a name, which holds it; ValueError if there is one and not `replace`."),
    HF_METHOD("lookup", "name: str -> handle", root_lookup, HF_READS,
              "The referent of that name; KeyError if there is none."),
    HF_METHOD("unbind", "name: str", root_unbind, HF_WRITES,
              "Take a name away; KeyError if there is none."),
    HF_METHOD("names", "prefix: str = '' -> list", root_names, HF_READS,
              "The names that begin with `prefix`, sorted by code point."),
    HF_METHOD("get_or_create", "name: str, typeid: str, *args, **kwargs -> handle",
              root_get_or_create, HF_WRITES,
              "The referent of that name, made and bound if there was none."),
    HF_METHOD(
        "export",
        "handle: handle or list, ttl: number = 60.0, uses: int = 1, secret: bytes? = nil -> str",
        root_export, HF_WRITES | HF_SENSITIVE,
        "A token for a handle, or one for a list of them; it pins them for `ttl` seconds or until "
        "`uses` "
        "adoptions (ttl 0: it does not; inf: until revoked)."),
    HF_METHOD("adopt", "token: str or bytes -> handle or list", root_adopt,
              HF_WRITES | HF_SENSITIVE, "What a token, or its chosen secret alone, stands for."),
    HF_METHOD("revoke", "token: str or bytes -> bool", root_revoke, HF_WRITES | HF_SENSITIVE,
              "End a token for good; whether there was one."),
    HF_METHOD_PARKS(
        "watch", "handle: handle -> str", hfi_watch, NULL, HF_READS,
        "Wait until a referent is gone, without keeping it alive; why it went: 'unreferenced', "
        "'destroyed', 'shutdown'."),
    HF_METHOD("refs", "handle: handle -> list", hfi_holders_refs, HF_READS,
              "Who holds a referent: sessions, names, pins, referents, calls."),
    HF_METHOD(
        "leaks", "idle: number = 600.0 -> list", hfi_holders_leaks, HF_READS,
        "As refs, of the referents held only by names and by sessions that have asked nothing for "
        "`idle` seconds; 10,000 at most."),
    HF_METHOD("types", "-> list", hfi_inspect_types, HF_READS,
              "The typeids that can be created here, sorted."),
    HF_METHOD("describe", "typeid: str -> map", hfi_inspect_describe, HF_READS,
              "A type's sentence and its methods, as this caller sees them."),
    HF_METHOD("number_of_objects", "-> int", hfi_inspect_number_of_objects, HF_READS,
              "How many referents there are, the manager itself not counted."),
    HF_METHOD("objects", "limit: int = 100, after: int = 0 -> list", hfi_inspect_objects, HF_READS,
              "Referents by number, those above `after`: object, typeid, size, holders."),
    HF_METHOD("debug_info", "-> str", hfi_inspect_debug_info, HF_READS,
              "Referents with their holders and what they look like, for people."),
    HF_METHOD("sessions", "-> list", hfi_inspect_sessions, HF_READS,
              "Who is connected: client, peer, user, how long, what each holds."),
    HF_METHOD_PARKS("stats", "-> map", hfi_inspect_stats, NULL, HF_READS,
                    "Figures of the manager, its plugins and its types."),
    HF_METHOD_PARKS("slow_calls", "-> list", hfi_inspect_slow_calls, NULL, HF_READS,
                    "The runs that held the manager longest of late, slowest first: typeid, "
                    "method, object, seconds, "
                    "ago, client, arguments."),
    HF_METHOD("collect", "-> int", root_collect, HF_WRITES,
              "Free the referents that only hold each other, now; how many they were."),
    HF_METHOD_PARKS("load_plugin", "path: str -> map", hfi_image_load, NULL, HF_WRITES,
                    "Load a plugin's file while serving, from where the configuration allows it; "
                    "what it is."),
    HF_METHOD("shutdown", "drain: number = 5.0", root_shutdown, HF_WRITES,
              "Stop the manager, once all is answered or `drain` seconds have passed."),
};

static const hf_type_t root_type = {
    HF_TYPE("manager", root_state_t, root_methods,
            "The manager itself: object 0, held by every session."),
    .flags = HF_INTERNAL,
    .repr = root_repr,
};

void
hfi_root_open(hfi_state_t *state)
{
    char why[256];
    hfi_type_t *type = hfi_plugins_add_own(state->plugins, &root_type, why, sizeof why);
    if (type == NULL)
        HF_BUG(why);
    state->root = hfi_need(sizeof *state->root + type->row->self_size);
    state->root->type = type;
    hfi_referents_hold(state->root, HFI_HOLDER_NAME); /* for good */
}
