/* SPDX-License-Identifier: MPL-2.0 */
/* golden_1_1 -- what ABI 1.1 has behind 1.0's: each member's place and type, each code's number. As golden_1_0. */
#include <stddef.h>
#include <stdint.h>

#include <holdfast/plugin.h>

#include "golden.h"

#if UINTPTR_MAX == UINT64_MAX

AT_LEAST(hf_method_t, 88);
MEMBER(hf_method_t, work, 48, hf_work_f **);
MEMBER(hf_method_t, finish, 56, hf_finish_f **);
MEMBER(hf_method_t, since, 64, const char **);
MEMBER(hf_method_t, deprecated, 72, const char **);
MEMBER(hf_method_t, returns, 80, const char **);
FUNCTION(hf_work_f, hf_err_t (*)(hf_call_t *call, const void *self));
FUNCTION(hf_finish_f, hf_err_t (*)(hf_call_t *call, void *self, const hf_value_t *value));

AT_LEAST(hf_host_t, 376);
MEMBER(hf_host_t, is_cancelled, 368, bool (**)(hf_call_t *call));

AT_LEAST(hf_memory_t, 24);
MEMBER(hf_memory_t, size, 0, uint32_t *);
MEMBER(hf_memory_t, spare, 4, uint32_t *);
MEMBER(hf_memory_t, left, 8, uint64_t (**)(hf_call_t *call));
MEMBER(hf_memory_t, own, 16, uint64_t (**)(hf_call_t *call));

AT_LEAST(hf_about_t, 40);
MEMBER(hf_about_t, size, 0, uint32_t *);
MEMBER(hf_about_t, spare, 4, uint32_t *);
MEMBER(hf_about_t, summary, 8, const char **);
MEMBER(hf_about_t, author, 16, const char **);
MEMBER(hf_about_t, licence, 24, const char **);
MEMBER(hf_about_t, home, 32, const char **);

#endif

CODE(HF_OFFLOAD, 16);
