/* SPDX-License-Identifier: MPL-2.0 */
/* set -- what set.c and set_ops.c share: the state, and tables of views that operands are read into. */
#ifndef HFI_SET_H
#define HFI_SET_H

#include "containers.h"

/* Adds what the iterable gives to a table of views, each element once; raises TypeError. */
hf_err_t hfi_set_view(hf_call_t *call, hfi_table_t *views, const hf_value_t *iterable);

/* Keeps the elements of the table of views that are not there yet, and adds them: all or nothing. */
hf_err_t hfi_set_take_in(hf_call_t *call, hfi_table_t *table, const hfi_table_t *views);

/* Whether the table has the entry's key. */
bool hfi_set_has(hf_call_t *call, const hfi_table_t *table, const hfi_entry_t *entry);

/* Writes the elements as a list. */
void hfi_set_write(const hfi_table_t *table, hf_writer_t *out);

/* Rows of the set's table: operators, named operations, operations in place, comparisons. */
hf_err_t hfi_set_and(hf_call_t *call, void *state);
hf_err_t hfi_set_or(hf_call_t *call, void *state);
hf_err_t hfi_set_sub(hf_call_t *call, void *state);
hf_err_t hfi_set_rsub(hf_call_t *call, void *state);
hf_err_t hfi_set_xor(hf_call_t *call, void *state);
hf_err_t hfi_set_rand(hf_call_t *call, void *state);
hf_err_t hfi_set_ror(hf_call_t *call, void *state);
hf_err_t hfi_set_rxor(hf_call_t *call, void *state);
hf_err_t hfi_set_union(hf_call_t *call, void *state);
hf_err_t hfi_set_intersection(hf_call_t *call, void *state);
hf_err_t hfi_set_difference(hf_call_t *call, void *state);
hf_err_t hfi_set_symmetric_difference(hf_call_t *call, void *state);
hf_err_t hfi_set_iand(hf_call_t *call, void *state);
hf_err_t hfi_set_ior(hf_call_t *call, void *state);
hf_err_t hfi_set_isub(hf_call_t *call, void *state);
hf_err_t hfi_set_ixor(hf_call_t *call, void *state);
hf_err_t hfi_set_update(hf_call_t *call, void *state);
hf_err_t hfi_set_intersection_update(hf_call_t *call, void *state);
hf_err_t hfi_set_difference_update(hf_call_t *call, void *state);
hf_err_t hfi_set_symmetric_difference_update(hf_call_t *call, void *state);
hf_err_t hfi_set_le(hf_call_t *call, void *state);
hf_err_t hfi_set_lt(hf_call_t *call, void *state);
hf_err_t hfi_set_ge(hf_call_t *call, void *state);
hf_err_t hfi_set_gt(hf_call_t *call, void *state);
hf_err_t hfi_set_issubset(hf_call_t *call, void *state);
hf_err_t hfi_set_issuperset(hf_call_t *call, void *state);
hf_err_t hfi_set_isdisjoint(hf_call_t *call, void *state);

#endif
