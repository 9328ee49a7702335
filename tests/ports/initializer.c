/* SPDX-License-Identifier: MPL-2.0 */
/* initializer -- a plugin that does something when its manager starts: it counts that.
 *
 * holdfastd tries its plugins on a machine that it throws away before it begins with the one that serves: what `open`
 * does there, `close` undoes.
 */
#include <holdfast/plugin.h>

static int64_t initializer_runs; /* of this process; a referent's state would begin too late */

static hf_err_t
initializer_open(hf_call_t *call)
{
    initializer_runs++;
    hf_log(call, HF_LOG_INFO, "the initializer has run");
    return HF_OK;
}

static void
initializer_close(hf_call_t *call)
{
    (void)call;
    initializer_runs--;
}

static hf_err_t
initializer_count(hf_call_t *call, void *self)
{
    (void)self;
    return hf_return_int(call, initializer_runs);
}

typedef struct initialized {
    uint32_t nothing;
} initialized_t;

static const hf_method_t initialized_methods[] = {
    HF_METHOD("count", "-> int", initializer_count, HF_READS,
              "Tell how often the manager has been initialized."),
};

static const hf_type_t initialized_type = {
    HF_TYPE("Initialized", initialized_t, initialized_methods, "Knows what was done at the start."),
};

extern const hf_plugin_t hf_plugin;
__attribute__((visibility("default"))) const hf_plugin_t hf_plugin = {
    .magic = HF_ABI_MAGIC,
    .major = HF_ABI_MAJOR,
    .minor = HF_ABI_MINOR,
    .size = sizeof(hf_plugin_t),
    .name = "initializer",
    .version = "1.0.0",
    .types = (const hf_type_t *const[]){&initialized_type, NULL},
    .open = initializer_open,
    .close = initializer_close,
};
