/* SPDX-License-Identifier: MPL-2.0 */
/* golden_1_0 -- ABI 1.0 as it was published: each member's place and type, each code's number. Compiling it is the
 * test. One file a minor version, never edited once that version is released: what is appended later goes into the
 * next one. (abidiff does not see a renumbered code, nor members swapped behind an allowed one.)
 */
#include <stddef.h>
#include <stdint.h>

#include <holdfast/plugin.h>

#include "golden.h"

#if UINTPTR_MAX == UINT64_MAX

EXACTLY(hf_value_t, 16);

EXACTLY(hf_writer_t, 40);
MEMBER(hf_writer_t, at, 0, uint8_t **);
MEMBER(hf_writer_t, len, 8, size_t *);
MEMBER(hf_writer_t, room, 16, size_t *);
MEMBER(hf_writer_t, grow, 24, bool (**)(hf_writer_t *self, size_t more));
MEMBER(hf_writer_t, tag, 32, uint8_t *);
MEMBER(hf_writer_t, failed, 33, bool *);

EXACTLY(hf_cursor_t, 16);
MEMBER(hf_cursor_t, at, 0, const uint8_t **);
MEMBER(hf_cursor_t, left, 8, uint32_t *);
MEMBER(hf_cursor_t, tag, 12, uint8_t *);

EXACTLY(hf_head_t, 32);
MEMBER(hf_head_t, kind, 0, hf_kind_t *);
MEMBER(hf_head_t, size, 4, uint32_t *);
MEMBER(hf_head_t, len, 8, uint32_t *);
MEMBER(hf_head_t, items, 12, uint32_t *);
MEMBER(hf_head_t, bits, 16, uint64_t *);
MEMBER(hf_head_t, is_negative, 24, bool *);

AT_LEAST(hf_call_t, 32);
MEMBER(hf_call_t, host, 0, const hf_host_t **);
MEMBER(hf_call_t, arg, 8, const hf_value_t **);
MEMBER(hf_call_t, n_arg, 16, uint32_t *);
MEMBER(hf_call_t, row, 20, uint32_t *);
MEMBER(hf_call_t, note, 24, uint64_t *);

EXACTLY(hf_caller_t, 16);
MEMBER(hf_caller_t, session, 0, uint64_t *);
MEMBER(hf_caller_t, thread, 8, uint64_t *);

EXACTLY(hf_waiters_t, 12);
MEMBER(hf_waiters_t, first, 0, uint32_t *);
MEMBER(hf_waiters_t, last, 4, uint32_t *);
MEMBER(hf_waiters_t, count, 8, uint32_t *);

AT_LEAST(hf_method_t, 48);
MEMBER(hf_method_t, name, 0, const char **);
MEMBER(hf_method_t, signature, 8, const char **);
MEMBER(hf_method_t, doc, 16, const char **);
MEMBER(hf_method_t, run, 24, hf_method_f **);
MEMBER(hf_method_t, timed_out, 32, hf_timed_out_f **);
MEMBER(hf_method_t, flags, 40, uint32_t *);
MEMBER(hf_method_t, spare, 44, uint32_t *);

FUNCTION(hf_method_f, hf_err_t (*)(hf_call_t *call, void *self));
FUNCTION(hf_timed_out_f, hf_err_t (*)(hf_call_t *call, void *self));

AT_LEAST(hf_type_t, 160);
MEMBER(hf_type_t, size, 0, uint32_t *);
MEMBER(hf_type_t, method_size, 4, uint32_t *);
MEMBER(hf_type_t, name, 8, const char **);
MEMBER(hf_type_t, doc, 16, const char **);
MEMBER(hf_type_t, methods, 24, const hf_method_t **);
MEMBER(hf_type_t, n_methods, 32, uint32_t *);
MEMBER(hf_type_t, flags, 36, uint32_t *);
MEMBER(hf_type_t, self_size, 40, uint64_t *);
MEMBER(hf_type_t, signature, 48, const char **);
MEMBER(hf_type_t, save_version, 56, uint32_t *);
MEMBER(hf_type_t, spare, 60, uint32_t *);
MEMBER(hf_type_t, create, 64, hf_err_t (**)(hf_call_t *call, void *self));
MEMBER(hf_type_t, destroy, 72, void (**)(hf_call_t *call, void *self));
MEMBER(hf_type_t, getvalue, 80, hf_err_t (**)(hf_call_t *call, void *self));
MEMBER(hf_type_t, repr, 88, hf_err_t (**)(hf_call_t *call, void *self));
MEMBER(hf_type_t, traverse, 96, void (**)(hf_call_t *call, const void *self, hf_visit_t *visit));
MEMBER(hf_type_t, memory, 104, uint64_t (**)(hf_call_t *call, const void *self));
MEMBER(hf_type_t, save, 112, hf_err_t (**)(hf_call_t *call, const void *self, hf_writer_t *out));
MEMBER(hf_type_t, load, 120,
       hf_err_t (**)(hf_call_t *call, void *self, const hf_value_t *saved, uint32_t save_version));
MEMBER(hf_type_t, timer, 128, void (**)(hf_call_t *call, void *self, uint32_t number));
MEMBER(hf_type_t, session_died, 136, void (**)(hf_call_t *call, void *self, uint64_t session));
MEMBER(hf_type_t, gone, 144, void (**)(hf_call_t *call, void *self));
MEMBER(hf_type_t, undelivered, 152,
       void (**)(hf_call_t *call, void *self, const hf_value_t *value, uint64_t cookie));

AT_LEAST(hf_plugin_t, 64);
MEMBER(hf_plugin_t, magic, 0, uint32_t *);
MEMBER(hf_plugin_t, major, 4, uint32_t *);
MEMBER(hf_plugin_t, minor, 8, uint32_t *);
MEMBER(hf_plugin_t, size, 12, uint32_t *);
MEMBER(hf_plugin_t, name, 16, const char **);
MEMBER(hf_plugin_t, version, 24, const char **);
MEMBER(hf_plugin_t, types, 32, const hf_type_t *const **);
MEMBER(hf_plugin_t, open, 40, hf_err_t (**)(hf_call_t *call));
MEMBER(hf_plugin_t, close, 48, void (**)(hf_call_t *call));
MEMBER(hf_plugin_t, get_extension, 56, const void *(**)(const char *name));

AT_LEAST(hf_host_t, 368);
MEMBER(hf_host_t, size, 0, uint32_t *);
MEMBER(hf_host_t, spare, 4, uint32_t *);
MEMBER(hf_host_t, get_extension, 8, const void *(**)(hf_call_t *call, const char *name));
MEMBER(hf_host_t, return_nil, 16, hf_err_t (**)(hf_call_t *call));
MEMBER(hf_host_t, return_bool, 24, hf_err_t (**)(hf_call_t *call, bool value));
MEMBER(hf_host_t, return_int, 32, hf_err_t (**)(hf_call_t *call, int64_t value));
MEMBER(hf_host_t, return_uint, 40, hf_err_t (**)(hf_call_t *call, uint64_t value));
MEMBER(hf_host_t, return_float, 48, hf_err_t (**)(hf_call_t *call, double value));
MEMBER(hf_host_t, return_str, 56, hf_err_t (**)(hf_call_t *call, const char *text, size_t len));
MEMBER(hf_host_t, return_bytes, 64, hf_err_t (**)(hf_call_t *call, const void *at, size_t len));
MEMBER(hf_host_t, return_value, 72, hf_err_t (**)(hf_call_t *call, const hf_value_t *value));
MEMBER(hf_host_t, return_writer, 80, hf_writer_t *(**)(hf_call_t *call));
MEMBER(hf_host_t, return_written, 88, hf_err_t (**)(hf_call_t *call));
MEMBER(hf_host_t, return_new, 96,
       hf_err_t (**)(hf_call_t *call, const hf_type_t *type, const char *picture, ...));
MEMBER(hf_host_t, raise, 104,
       hf_err_t (**)(hf_call_t *call, const char *kind, const hf_value_t *data, const char *format,
                     ...));
MEMBER(hf_host_t, no_arg, 112, const hf_value_t *(**)(hf_call_t *call, uint32_t k));
MEMBER(hf_host_t, park, 120, hf_err_t (**)(hf_call_t *call, hf_waiters_t *waiters, double seconds));
MEMBER(hf_host_t, wake, 128, uint32_t (**)(hf_call_t *call, hf_waiters_t *waiters, uint32_t n));
MEMBER(hf_host_t, take_parked, 136, hf_call_t *(**)(hf_call_t *call, hf_waiters_t *waiters));
MEMBER(hf_host_t, keep, 144,
       hf_err_t (**)(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_kept));
MEMBER(hf_host_t, drop, 152, void (**)(hf_call_t *call, hf_value_t *value));
MEMBER(hf_host_t, hold, 160, hf_err_t (**)(hf_call_t *call, const hf_value_t *value));
MEMBER(hf_host_t, unhold, 168, void (**)(hf_call_t *call, const hf_value_t *value));
MEMBER(hf_host_t, equal, 176, bool (**)(hf_call_t *call, const hf_value_t *a, const hf_value_t *b));
MEMBER(hf_host_t, hash, 184,
       bool (**)(hf_call_t *call, const hf_value_t *value, uint64_t *ret_hash));
MEMBER(hf_host_t, compare, 192,
       bool (**)(hf_call_t *call, const hf_value_t *a, const hf_value_t *b, int *ret_order));
MEMBER(hf_host_t, repr, 200,
       hf_err_t (**)(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_str));
MEMBER(hf_host_t, build, 208,
       hf_err_t (**)(hf_call_t *call, hf_value_t *ret_value, const char *picture, ...));
MEMBER(hf_host_t, writer, 216, hf_writer_t *(**)(hf_call_t *call));
MEMBER(hf_host_t, written, 224,
       hf_err_t (**)(hf_call_t *call, hf_writer_t *writer, hf_value_t *ret_value));
MEMBER(hf_host_t, value_of, 232,
       hf_err_t (**)(hf_call_t *call, const hf_value_t *handle, hf_value_t *ret_value));
MEMBER(hf_host_t, deref, 240,
       void *(**)(hf_call_t *call, const hf_value_t *handle, const hf_type_t *type));
MEMBER(hf_host_t, self, 248, hf_err_t (**)(hf_call_t *call, hf_value_t *ret_handle));
MEMBER(hf_host_t, run, 256,
       hf_err_t (**)(hf_call_t *call, const hf_type_t *type, uint32_t row, void *self,
                     const hf_value_t *args));
MEMBER(hf_host_t, visit, 264, void (**)(hf_visit_t *visit, const hf_value_t *value));
MEMBER(hf_host_t, alloc, 272, void *(**)(hf_call_t *call, size_t n));
MEMBER(hf_host_t, realloc, 280, void *(**)(hf_call_t *call, void *block, size_t n));
MEMBER(hf_host_t, free, 288, void (**)(hf_call_t *call, void *block));
MEMBER(hf_host_t, mind, 296, void (**)(hf_call_t *call, uint64_t cookie));
MEMBER(hf_host_t, caller, 304, hf_caller_t (**)(hf_call_t *call));
MEMBER(hf_host_t, own, 312, hf_err_t (**)(hf_call_t *call, const void *state));
MEMBER(hf_host_t, disown, 320, void (**)(hf_call_t *call, const void *state, uint64_t session));
MEMBER(hf_host_t, now, 328, double (**)(hf_call_t *call));
MEMBER(hf_host_t, random, 336, uint64_t (**)(hf_call_t *call));
MEMBER(hf_host_t, timer, 344, hf_err_t (**)(hf_call_t *call, uint32_t number, double seconds));
MEMBER(hf_host_t, log, 352, void (**)(hf_call_t *call, int32_t level, const char *format, ...));
MEMBER(hf_host_t, client, 360,
       hf_err_t (**)(hf_call_t *call, uint64_t session, hf_value_t *ret_text));

#endif

CODE(HF_READS, 1);
CODE(HF_WRITES, 2);
CODE(HF_PARKS, 4);
CODE(HF_SENSITIVE, 8);
CODE(HF_LOG_ERROR, 3);
CODE(HF_LOG_WARNING, 4);
CODE(HF_LOG_INFO, 6);
CODE(HF_LOG_DEBUG, 7);
CODE(HF_INTERNAL, 1);
CODE(HF_OK, 0);
CODE(HF_RAISED, 1);
CODE(HF_PARKED, 2);
CODE(HF_TAG_LEN, 15);
CODE(HF_TAG_COUNTED, 16);
CODE(HF_TAG_LENT, 32);
CODE(HF_TAG_HANDLES, 64);
CODE(HF_TAG_PROMISES, 128);
CODE(HF_NONE, 0);
CODE(HF_NIL, 1);
CODE(HF_BOOL, 2);
CODE(HF_INT, 3);
CODE(HF_FLOAT, 4);
CODE(HF_STR, 5);
CODE(HF_BYTES, 6);
CODE(HF_LIST, 7);
CODE(HF_MAP, 8);
CODE(HF_HANDLE, 9);
CODE(HF_PROMISE, 10);
CODE(HF_ERROR, 11);
CODE(HF_EXT, 12);
