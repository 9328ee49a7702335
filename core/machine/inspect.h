/* SPDX-License-Identifier: MPL-2.0 */
/* inspect -- object 0's rows that only look: types, objects, figures. */
#ifndef HFI_INSPECT_H
#define HFI_INSPECT_H

#include <holdfast/plugin.h>

#include "session.h"

hf_method_f hfi_inspect_types;
hf_method_f hfi_inspect_describe;
hf_method_f hfi_inspect_number_of_objects;
hf_method_f hfi_inspect_objects;
hf_method_f hfi_inspect_debug_info;
hf_method_f hfi_inspect_sessions;
hf_method_f hfi_inspect_slow_calls;
hf_method_f hfi_inspect_stats;

/* ---- pairs of a map, for rows elsewhere ---------------------------------------------------- */

void hfi_inspect_word(hf_writer_t *w, const char *text);
void hfi_inspect_pair(hf_writer_t *w, const char *key, uint64_t number);
void hfi_inspect_seconds(hf_writer_t *w, const char *key, int64_t ns);
/* client, peer, user: three pairs. */
void hfi_inspect_who(hf_writer_t *w, const hfi_session_t *session);

#endif
