/* SPDX-License-Identifier: MPL-2.0 */
/* world -- what the machine is lent at birth, and the figures that it lends. */
#ifndef HFI_WORLD_H
#define HFI_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include <base/span.h>
#include <holdfast/plugin.h>

/* Called around each of a plugin's functions; returns nothing, and the machine never reads it. Of the `call` given to
 * end, probed.h's functions tell more, there and then. */
typedef struct hfi_probe {
    void (*begin)(void *context, const char *typeid_, const char *method, uint64_t object);
    void (*end)(void *context, const void *call);
    void *context;
} hfi_probe_t;

/* Must outlive the machine. */
typedef struct hfi_machine_world {
    const hf_plugin_t *(*find_image)(void *context,
                                     hfi_span_t hash); /* a mapped plugin's descriptor, or NULL */
    void *context;
    hfi_probe_t probe; /* members may be NULL */
    bool
        is_strict; /* a method that parks after it has changed its own state is refused: for tests, it costs a copy */
} hfi_machine_world_t;

/* Plain figures, read between two applies. */
typedef struct hfi_machine_figures {
    uint64_t calls, errors, frames_in, bytes_in, bytes_out;
    uint64_t sessions, referents, parked, memory_bytes;
} hfi_machine_figures_t;

#endif
