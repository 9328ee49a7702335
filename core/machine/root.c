/* SPDX-License-Identifier: MPL-2.0 */
/* root -- see root.h
 *
 * Its methods are rows like any type's, so they are called, exposed, described and counted like any other's. Its
 * state is the machine's own, which they reach through the call.
 */
#include "root.h"

#include <stdlib.h>

#include <base/check.h>
#include <registry/text.h>
#include <value/repr.h>

#include "cycle.h"
#include "inspect.h"
#include "reap.h"

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
    return hfi_call_birth(self, type, hf_arg(call, k + 1), hf_arg(call, k + 2));
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
    HF_METHOD("collect", "-> int", root_collect, HF_WRITES,
              "Free the referents that only hold each other, now; how many they were."),
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
