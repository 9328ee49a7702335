/* SPDX-License-Identifier: MPL-2.0 */
/* surface -- a plugin from which the whole contract hangs, for abidw: all of it is reached from hf_plugin, but for what
 * the two variables below reach. */
#include <holdfast/plugin.h>

/* Structs that only pass through a function's pointer to void, or that nothing points to. */
extern const hf_writer_t hf_surface_writer;
extern const hf_cursor_t hf_surface_cursor;
extern const hf_head_t hf_surface_head;
#if HF_ABI_MINOR >= 1
extern const hf_memory_t hf_surface_memory;
extern const hf_about_t hf_surface_about;
#endif
extern hf_call_t *const hf_surface_call;

#define SHOWN __attribute__((visibility("default")))
SHOWN const hf_writer_t hf_surface_writer = {.at = NULL};
SHOWN const hf_cursor_t hf_surface_cursor = {.at = NULL};
SHOWN const hf_head_t hf_surface_head = {.size = 0};
#if HF_ABI_MINOR >= 1
SHOWN const hf_memory_t hf_surface_memory = {.size = sizeof(hf_memory_t)};
SHOWN const hf_about_t hf_surface_about = {.size = sizeof(hf_about_t)};
#endif
SHOWN hf_call_t *const hf_surface_call = NULL;

static const hf_method_t surface_methods[] = {{.name = "none"}};

static const hf_type_t surface_type = {
    HF_TYPE("Surface", int, surface_methods, "Never loaded."),
};

HF_PLUGIN("surface", "1.0.0", &surface_type);
