/* SPDX-License-Identifier: MPL-2.0 */
/* hook -- see hook.h */
#include "hook.h"

#include <string.h>

#include <base/check.h>

enum { HOOK_DEPTH_MAX = 16 };

hfi_call_t *
hfi_hook_borrow(hfi_state_t *state, hfi_referent_t *referent, const char *name, hfi_sink_t sink)
{
    hfi_call_t *self = hfi_call_borrow(state);
    hfi_call_set_referent(self, referent);
    self->mark = hfi_arena_mark(&state->arena);
    self->name = name;
    self->sink = sink;
    if (state->running != NULL) { /* inside a call: on behalf of who calls */
        self->session = state->running->session;
        self->thread = state->running->thread;
    }
    return self;
}

static bool
hook_is_too_deep(hfi_call_t *outer)
{
    if (outer->state->depth < HOOK_DEPTH_MAX)
        return false;
    (void)hfi_answer_raise(outer, "LimitExceeded", NULL, "too many referents inside each other");
    return true;
}

/* Runs a function that answers on another referent, for the outer call. */
static bool
hook_inner(hfi_call_t *outer, hfi_referent_t *referent, const char *name, hf_method_f *run,
           hf_value_t *ret_value)
{
    if (hook_is_too_deep(outer))
        return false;
    if (referent->is_offloading) {
        (void)hfi_answer_raise(outer, "RuntimeError", NULL, "#%llu has an offloaded call under way",
                               (unsigned long long)referent->number);
        return false;
    }
    hfi_state_t *state = outer->state;
    hfi_call_t *self = hfi_hook_borrow(state, referent, name, HFI_SINK_INNER);
    hfi_call_enter(self);
    hf_err_t err = run(&self->head, hfi_referent_self(referent));
    hfi_call_leave(self);
    self->outer = outer; /* what it built lasts as long as the outer call */
    hfi_call_close(self, err);
    bool is_answered = self->stage == HFI_STAGE_ANSWERED;
    if (is_answered) {
        hf_value_t value = hfi_answer_inner(self);
        *ret_value = hfi_arena_copy(&state->arena, &value);
    } else {
        (void)hfi_answer_pass_on(outer, &self->failure);
    }
    hfi_call_return(&self);
    return is_answered;
}

bool
hfi_hook_value_of(hfi_call_t *outer, hfi_referent_t *referent, hf_value_t *ret_value)
{
    *ret_value = (hf_value_t){.raw = {0}};
    if (referent->type->row->getvalue == NULL)
        return true;
    return hook_inner(outer, referent, "getvalue", referent->type->row->getvalue, ret_value);
}

/* Whether the caller may call getvalue of that referent itself, however it is called here. */
static hfi_access_t
hook_getvalue_access(const hfi_call_t *self, const hfi_referent_t *referent)
{
    if (self->session == NULL || self->referent == referent)
        return HFI_CALLABLE;
    const hfi_view_t *view = hfi_roles_view(self->session->roles, referent->type);
    for (uint32_t k = 0; hfi_view_at(view, k) != NULL; k++) {
        const hfi_view_entry_t *entry = hfi_view_at(view, k);
        if (strcmp(entry->method->row->name, "getvalue") == 0)
            return entry->access;
    }
    return HFI_HIDDEN;
}

bool
hfi_hook_value_for(hfi_call_t *outer, hfi_referent_t *referent, hf_value_t *ret_value)
{
    const char *name = referent->type->row->name;
    switch (hook_getvalue_access(outer, referent)) {
    case HFI_CALLABLE:
        return hfi_hook_value_of(outer, referent, ret_value);
    case HFI_DENIED:
        (void)hfi_answer_raise(outer, "PermissionDenied", NULL,
                               "no role of this user grants %s.getvalue", name);
        return false;
    case HFI_HIDDEN:
        break;
    }
    (void)hfi_answer_raise(outer, "NotExposed", NULL, "'getvalue' of %s is not exposed here", name);
    return false;
}

bool
hfi_hook_repr_of(hfi_call_t *outer, hfi_referent_t *referent, hf_value_t *ret_value)
{
    return hook_inner(outer, referent, "repr", outer->state->universals[HFI_REPR], ret_value);
}

/* Runs create on the newborn; false: *outer has raised. */
static bool
hook_create(hfi_call_t *outer, hfi_referent_t *referent, const hf_value_t *args,
            const hf_value_t *kwargs)
{
    /* WALK plugin 6/8: a referent is born, and `create` begins its state */
    const hfi_type_t *type = referent->type;
    hfi_call_t *self = hfi_hook_borrow(outer->state, referent, "create", HFI_SINK_NONE);
    hf_err_t err = HF_RAISED;
    self->outer = outer;
    bool is_bound = hfi_call_bind(self, type->signature, type->row->name, args, kwargs);
    if (is_bound && type->row->create != NULL) {
        hfi_call_enter(self);
        err = type->row->create(&self->head, hfi_referent_self(referent));
        hfi_call_leave(self);
    } else if (is_bound) {
        err = HF_OK;
    }
    self->outer = outer;
    hfi_call_judge(self, err);
    hfi_call_settle_taken(self, true);
    bool is_born = self->stage == HFI_STAGE_OPEN;
    if (!is_born)
        (void)hfi_answer_pass_on(outer, &self->failure);
    hfi_call_return(&self);
    return is_born;
}

/* Whether the deployment allows no more of that type; then raised. */
static bool
hook_is_limited(hfi_call_t *outer, const hfi_type_t *type)
{
    const char *name = type->row->name;
    if (!hfi_type_has_place(type))
        (void)hfi_answer_raise(outer, "LimitExceeded", NULL,
                               "there may be %llu of %s, and there are",
                               (unsigned long long)type->max_referents, name);
    else if (!hfi_type_has_room(type, hfi_referent_size(type)))
        (void)hfi_answer_raise(outer, "LimitExceeded", NULL, "%s's memory is at its limit", name);
    else
        return false;
    return true;
}

hfi_referent_t *
hfi_hook_birth(hfi_call_t *outer, hfi_type_t *type, const hf_value_t *args,
               const hf_value_t *kwargs)
{
    hfi_state_t *state = outer->state;
    if (hook_is_too_deep(outer))
        return NULL;
    if (state->referents.table.live >= state->boot.limits.referents) {
        (void)hfi_answer_raise(outer, "LimitExceeded", NULL,
                               "the manager has as many referents as it may");
        return NULL;
    }
    if (hook_is_limited(outer, type))
        return NULL;
    hfi_referent_t *referent = hfi_referents_birth(&state->referents, type);
    if (referent == NULL) {
        (void)hfi_answer_raise(outer, "LimitExceeded", NULL,
                               "the manager's memory is at its limit");
        return NULL;
    }
    if (hook_create(outer, referent, args, kwargs))
        return referent;
    referent->is_stillborn = 1;
    return NULL;
}

hfi_referent_t *
hfi_hook_create(hfi_call_t *outer, hfi_type_t *type, const hf_value_t *args,
                const hf_value_t *kwargs)
{
    hfi_state_t *state = outer->state;
    const hfi_exposure_t *exposure = type->exposure;
    if (exposure == NULL || hf_kind(&exposure->defaults) != HF_MAP)
        return hfi_hook_birth(outer, type, args, kwargs);
    hfi_buffer_t *buffer = hfi_state_borrow(state, UINT32_MAX);
    hfi_exposure_fill_in(exposure, type, args, kwargs, &buffer->w);
    hf_value_t view = hfi_buffer_view(buffer);
    hf_value_t filled = hfi_arena_copy(&state->arena, &view);
    hfi_state_return(state, &buffer);
    return hfi_hook_birth(outer, type, args, &filled);
}

void
hfi_hook_return_proxy(hfi_call_t *self)
{
    static const hf_value_t none = {.raw = {0}};
    hfi_state_t *state = self->state;
    hf_value_t args;
    if (self->sink != HFI_SINK_SESSION)
        return;
    hfi_answer_as_arguments(self, &args);
    const hfi_method_t *method = self->method;
    hfi_call_t *running = state->running;
    self->method = NULL; /* its signature promises the value */
    state->running = self;
    const hfi_referent_t *referent = hfi_hook_create(self, self->returns, &args, &none);
    if (referent != NULL)
        (void)hfi_answer_handle(self, referent);
    state->running = running;
    self->method = method;
}
