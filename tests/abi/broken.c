/* SPDX-License-Identifier: MPL-2.0 */
/* broken -- plugins that must be refused, each with a sentence: HF_CASE chooses which. */
#include <holdfast/plugin.h>

static hf_err_t
nothing(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_nil(call);
}

static const hf_method_t rows[] = {
    HF_METHOD("nothing", HF_CASE == 6 ? "a: (" : "", nothing, HF_CASE == 7 ? 0 : HF_READS,
              "Answer nothing."),
};

static const hf_type_t type = {
    .size = HF_CASE == 3 ? 8 : sizeof(hf_type_t),
    .method_size = HF_CASE == 4 ? 24 : sizeof(hf_method_t),
    .name = HF_CASE == 5    ? "not a name"
            : HF_CASE == 14 ? "list" /* another plugin's */
                            : "Broken",
    .doc = "Never loaded.",
    .methods = rows,
    .n_methods = 1,
    .self_size = HF_CASE == 8 ? UINT64_MAX : 8,
};

#if HF_CASE != 9 /* no descriptor at all */
extern const hf_plugin_t hf_plugin;
__attribute__((visibility("default"))) const hf_plugin_t hf_plugin = {
    .magic = HF_CASE == 0 ? 0x464c457f : HF_ABI_MAGIC,
    .major = HF_CASE == 1 ? 2 : HF_ABI_MAJOR,
    .minor = HF_CASE == 2 ? HF_ABI_MINOR + 1 : HF_ABI_MINOR,
    .size = HF_CASE == 10   ? 16
            : HF_CASE == 11 ? 4294967288u
                            : sizeof(hf_plugin_t),
    .name = HF_CASE == 12 ? NULL : "broken",
    .version = "1.0.0",
    .types = HF_CASE == 13 ? NULL : (const hf_type_t *const[]){&type, NULL},
};
#endif
