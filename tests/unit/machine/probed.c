/* SPDX-License-Identifier: MPL-2.0 */
/* probed -- what a probe is told of calls, and that sensitive arguments are not among it. */
#include "rig.h"

#include <stdio.h>

#include <base/span.h>
#include <machine/probed.h>
#include <value/writer.h>

static hf_err_t
safe_open(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_nil(call);
}

static const hf_method_t safe_methods[] = {
    HF_METHOD("open", "*args, **kwargs", safe_open, HF_READS, "Open it."),
    HF_METHOD("unlock", "secret: str, by: int = 1", safe_open, HF_READS | HF_SENSITIVE, "Open it."),
};

static const hf_type_t safe_type = {HF_TYPE("Safe", int, safe_methods, "What is locked.")};

static const hf_plugin_t *
safe_plugin(void)
{
    static const hf_type_t *const types[] = {&safe_type, NULL};
    static const hf_plugin_t plugin = {.magic = HF_ABI_MAGIC,
                                       .major = HF_ABI_MAJOR,
                                       .minor = HF_ABI_MINOR,
                                       .size = sizeof(hf_plugin_t),
                                       .name = "safe",
                                       .version = "1.0.0",
                                       .types = types};
    return &plugin;
}

typedef struct told {
    char method[64];
    char client[64];
    hfi_bytes_t arguments; /* NUL behind them */
} told_t;

static void
told_begin(void *context, const char *typeid_, const char *method, uint64_t object)
{
    (void)typeid_;
    (void)object;
    told_t *self = context;
    (void)snprintf(self->method, sizeof self->method, "%s", method);
}

static void
told_end(void *context, const void *call)
{
    told_t *self = context;
    const char *client = hfi_probed_client(call);
    (void)snprintf(self->client, sizeof self->client, "%s", client == NULL ? "nobody" : client);
    self->arguments.len = 0;
    assert_true(hfi_probed_arguments(call, &self->arguments));
    assert_true(hfi_bytes_append(&self->arguments, "", 1));
}

static void
says(const told_t *self, const char *method, const char *arguments)
{
    assert_string_equal(self->method, method);
    assert_string_equal((const char *)self->arguments.at, arguments);
}

static void
arguments_are_shown_unless_sensitive(void **state)
{
    (void)state;
    told_t told = {.arguments = {0}};
    rig_t *rig = rig_new_probed(
        safe_plugin(), NULL, (hfi_probe_t){.begin = told_begin, .end = told_end, .context = &told});
    rig_client_t a;
    rig_connect(rig, &a, 1);
    (void)rig_call(&a, 0, "create", "[\"Safe\"]");
    (void)rig_call(&a, 1, "open", "[1, \"x\", [2, {\"k\": null}]]");
    says(&told, "open", "(1, 'x', [2, {'k': None}])");
    assert_string_not_equal(told.client, "nobody");
    (void)rig_call(&a, 1, "open", NULL);
    says(&told, "open", "()");
    (void)rig_call(
        &a, 1, "open",
        "[\"0123456789012345678901234567890123456789012345678901234567890123456789\", 5]");
    says(&told, "open", "(<72 bytes>, 5)");
    (void)rig_call(&a, 1, "open", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18]");
    says(&told, "open", "(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, ...)");
    (void)rig_call(&a, 1, "unlock", "[\"sesame\", 2]");
    says(&told, "unlock", "(...)");
    rig_close(&a);
    rig_destroy(&rig);
    hfi_bytes_close(&told.arguments);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_are_shown_unless_sensitive),
    };
    return cmocka_run_group_tests_name("probed", tests, NULL, NULL);
}
