/* SPDX-License-Identifier: MPL-2.0 */
/* inside -- an engine's stream, for the audit: the client's and the machine's own headers do not go together. */
#ifndef SIM_INSIDE_H
#define SIM_INSIDE_H

#include <client/engine.h>
#include <stream/stream.h>

hfi_stream_t *sim_engine_stream(hfi_engine_t *engine);

/* The object space of the manager that welcomed it; false: none did. */
bool sim_engine_space(const hfi_engine_t *engine, hfi_secret_t *ret_space);

#endif
