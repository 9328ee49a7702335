/* SPDX-License-Identifier: MPL-2.0 */
/* inside -- an engine's stream, for the audit. */
#include "inside.h"

#include <client/engine_state.h>

hfi_stream_t *
sim_engine_stream(hfi_engine_t *engine)
{
    return &engine->stream;
}

bool
sim_engine_space(const hfi_engine_t *engine, hfi_secret_t *ret_space)
{
    if (engine->dial.was_welcomed)
        *ret_space = engine->dial.manager;
    return engine->dial.was_welcomed;
}
