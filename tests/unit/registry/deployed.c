/* SPDX-License-Identifier: MPL-2.0 */
/* deployed -- see deployed.h */
#include "deployed.h"

#include <unit/quoted.h>

static hf_err_t
run(hf_call_t *call, void *self)
{
    (void)call;
    (void)self;
    return HF_OK;
}

static void
undelivered(hf_call_t *call, void *self, const hf_value_t *value, uint64_t cookie)
{
    (void)call;
    (void)self;
    (void)value;
    (void)cookie;
}

struct cell {
    uint64_t n;
};

static const hf_method_t cell_methods[] = {
    HF_METHOD("get", "-> int", run, HF_READS, "What is in it."),
    HF_METHOD("set", "value: int", run, HF_WRITES, "Put it in."),
    HF_METHOD("all", "-> list", run, HF_READS, "All of it."),
    HF_METHOD("any", "", run, HF_READS, "Anything."),
};

/* A cell takes an int, and as keywords what to do and how. */
static const hf_type_t cell_type = {
    HF_TYPE("Cell", struct cell, cell_methods, "A cell."),
    .signature = "value: int = 0, text: str = 'x', *, many: list? = nil",
    .create = run,
};

static const hf_method_t bag_methods[] = {
    HF_METHOD("add", "item: any", run, HF_WRITES, "Put one in."),
    HF_METHOD("items", "-> list", run, HF_READS, "What is in it.", .returns = "Bag"),
};

static const hf_type_t bag_type = {
    HF_TYPE("Bag", struct cell, bag_methods, "A bag."),
    .signature = "items: list, **rest",
    .create = run,
};

static const hf_method_t mail_methods[] = {
    HF_METHOD("take", "-> list", run, HF_WRITES, "Take one."),
    HF_METHOD("create", "-> int", run, HF_WRITES, "A method of that name."),
};

static const hf_type_t mail_type = {
    HF_TYPE("Mail", struct cell, mail_methods, "What comes back undelivered."),
    .undelivered = undelivered,
};

static const hf_type_t inside_type = {
    HF_TYPE("Inside", struct cell, bag_methods, "Made by others."),
    .flags = HF_INTERNAL,
};

/* The manager's own, as far as roles look at it. */
static const hf_method_t root_methods[] = {
    HF_METHOD("create", "typeid: str, *args, **kwargs -> handle", run, HF_WRITES, "Make one."),
    HF_METHOD("names", "-> list", run, HF_READS, "Names."),
    HF_METHOD("shutdown", "", run, HF_WRITES, "Stop."),
};

static const hf_type_t root_type = {
    HF_TYPE("manager", struct cell, root_methods, "The manager."),
    .flags = HF_INTERNAL,
};

int
deployed_open(void **state)
{
    static const hf_type_t *const types[] = {&cell_type,   &bag_type,  &mail_type,
                                             &inside_type, &root_type, NULL};
    deployed_t *self = calloc(1, sizeof *self);
    assert_non_null(self);
    self->plugins = hfi_plugins_new();
    for (int k = 0; types[k] != NULL; k++) {
        if (hfi_plugins_add_own(self->plugins, types[k], self->why, sizeof self->why) == NULL)
            fail_msg("%s", self->why);
    }
    self->policy = hfi_policy_new(self->plugins);
    *state = self;
    return 0;
}

int
deployed_close(void **state)
{
    deployed_t *self = *state;
    hfi_policy_destroy(&self->policy);
    hfi_policy_destroy(&self->policy);
    hfi_plugins_destroy(&self->plugins);
    free(self);
    return 0;
}

void
deployed_set(deployed_t *self, const char *json)
{
    hf_value_t settings = quoted_json(json);
    if (!hfi_policy_set(self->policy, &settings, self->why, sizeof self->why))
        fail_msg("refused: %s", self->why);
    hfi_value_drop(&settings);
}

static void
say(void *context, const char *path, const char *text)
{
    deployed_t *self = context;
    size_t len = strlen(self->said);
    (void)snprintf(self->said + len, sizeof self->said - len, "%s%s%s\n", path,
                   path[0] == '\0' ? "" : ": ", text);
}

void
deployed_refused(deployed_t *self, const char *json, const char *want)
{
    hf_value_t settings = quoted_json(json);
    self->said[0] = '\0';
    assert_false(hfi_policy_check(self->policy, &settings, say, self));
    assert_string_equal(self->said, want);
    assert_false(hfi_policy_set(self->policy, &settings, self->why, sizeof self->why));
    assert_memory_equal(self->why, want, strcspn(want, "\n"));
    hfi_value_drop(&settings);
}

static const char *
deployed_show(deployed_t *self, hfi_roles_t *roles, const char *typeid_)
{
    static const char marks[] = {[HFI_CALLABLE] = '+', [HFI_DENIED] = '~', [HFI_HIDDEN] = '-'};
    const hfi_type_t *type = hfi_plugins_find_type(self->plugins, typeid_, strlen(typeid_));
    if (type == NULL)
        fail_msg("no type %s", typeid_);
    const hfi_view_t *view = hfi_roles_view(roles, type);
    size_t len =
        (size_t)snprintf(self->seen, sizeof self->seen, "%cnew", marks[hfi_view_create(view)]);
    for (uint32_t k = 0; hfi_view_at(view, k) != NULL; k++) {
        const hfi_view_entry_t *entry = hfi_view_at(view, k);
        assert_ptr_equal(entry,
                         hfi_view_find(view, (const uint8_t *)entry->name, strlen(entry->name)));
        len += (size_t)snprintf(self->seen + len, sizeof self->seen - len, " %c%s",
                                marks[entry->access], entry->name);
    }
    return self->seen;
}

const char *
deployed_seen(deployed_t *self, int role, const char *typeid_)
{
    hfi_role_bits_t bits = role < 0 ? HFI_EVERYTHING : role == 0 ? 0 : UINT64_C(1) << (role - 1);
    return deployed_show(self, hfi_policy_roles(self->policy, bits), typeid_);
}

const char *
deployed_seen_by(deployed_t *self, int64_t uid, const char *typeid_)
{
    return deployed_show(self, hfi_policy_roles_of(self->policy, (hfi_span_t){NULL, 0}, uid),
                         typeid_);
}
