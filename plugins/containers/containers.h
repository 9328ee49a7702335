/* SPDX-License-Identifier: MPL-2.0 */
/* containers -- what the files of this plugin know of each other: the states, the types, the slices. */
#ifndef HFI_CONTAINERS_H
#define HFI_CONTAINERS_H

#include <common/ring.h>
#include <common/table.h>
#include <holdfast/plugin.h>

extern const hf_type_t hfi_list_type;
extern const hf_type_t hfi_dict_type;
extern const hf_type_t hfi_set_type;
extern const hf_type_t hfi_namespace_type;
extern const hf_type_t hfi_value_type;
extern const hf_type_t hfi_array_type;
extern const hf_type_t hfi_iterator_type;

/* A list's state, or a plain list being worked on by update_at (is_inner): that one has no handle. */
typedef struct hfi_list {
    hfi_ring_t ring;
    bool is_inner;
} hfi_list_t;

/* A dict's state, or a plain map being worked on. */
typedef struct hfi_dict {
    hfi_table_t table;
    bool is_inner;
} hfi_dict_t;

/* A set's state: the elements are keys. */
typedef struct hfi_set {
    hfi_table_t table;
} hfi_set_t;

/* ---- slices ---------------------------------------------------------------------------- */

/* A slice of a list of known length, as CPython's PySlice_AdjustIndices leaves it. */
typedef struct hfi_slice {
    int64_t start;
    int64_t stop;
    int64_t step;
    uint32_t count; /* places that it names */
} hfi_slice_t;

/* Whether the key is a slice, {"slice": [start, stop, step]}. */
bool hfi_is_slice(const hf_value_t *key);

/* Reads a slice for a list of `count` values; raises TypeError, ValueError. */
hf_err_t hfi_slice_read(hf_call_t *call, const hf_value_t *key, uint32_t count,
                        hfi_slice_t *ret_slice);

/* The k-th place that the slice names. */
static inline uint32_t
hfi_slice_place(const hfi_slice_t *self, uint32_t k)
{
    return (uint32_t)(self->start + (int64_t)k * self->step);
}

/* A list's getitem, setitem and delitem of a slice; they answer. */
hf_err_t hfi_slice_get(hf_call_t *call, const hfi_list_t *self, const hf_value_t *key);
hf_err_t hfi_slice_set(hf_call_t *call, hfi_list_t *self, const hf_value_t *key,
                       const hf_value_t *values);
hf_err_t hfi_slice_del(hf_call_t *call, hfi_list_t *self, const hf_value_t *key);

/* ---- lists ----------------------------------------------------------------------------- */

/* The place that an index names in something of `count` values. `what` is for the errors: "list index". */
hf_err_t hfi_list_place(hf_call_t *call, const hf_value_t *index, uint32_t count, const char *what,
                        uint32_t *ret_place);

/* Rows of the list's table that live elsewhere. sort is stable; it raises TypeError and changes nothing where two
 * values are unordered. The others are what CPython lacks. */
hf_err_t hfi_list_sort(hf_call_t *call, void *state);
hf_err_t hfi_list_getitems(hf_call_t *call, void *state);
hf_err_t hfi_list_setitems(hf_call_t *call, void *state);
hf_err_t hfi_list_take(hf_call_t *call, void *state);
hf_err_t hfi_list_update_at(hf_call_t *call, void *state);

/* ---- dicts ----------------------------------------------------------------------------- */

/* Puts pairs in, from a map or from what iterates as pairs (HF_NONE: none), then from the map `named` (NULL:
 * none): all or nothing. */
hf_err_t hfi_dict_merge(hf_call_t *call, hfi_table_t *table, const hf_value_t *pairs,
                        const hf_value_t *named);

/* Rows of the dict's table that live elsewhere: they give plain maps. */
hf_err_t hfi_dict_or(hf_call_t *call, void *state);
hf_err_t hfi_dict_ror(hf_call_t *call, void *state);
hf_err_t hfi_dict_fromkeys(hf_call_t *call, void *state);

/* The place of a key in the table; raises KeyError, or TypeError where it is unhashable. */
hf_err_t hfi_dict_place(hf_call_t *call, const hfi_table_t *table, const hf_value_t *key,
                        uint32_t *ret_place);

/* Sets the first argument, a key whose place and hash were looked up, to the second. */
hf_err_t hfi_dict_set(hf_call_t *call, hfi_table_t *table, uint32_t place, uint64_t hash);

/* Writes keys and values as one map; tells traverse of them. */
void hfi_dict_write(const hfi_table_t *table, hf_writer_t *out);
void hfi_dict_visit(hf_call_t *call, const hfi_table_t *table, hf_visit_t *visit);

/* ---- iterators ------------------------------------------------------------------------- */

/* What an Iterator goes through, and how. */
typedef enum hfi_through {
    HFI_THROUGH_LIST = 0,
    HFI_THROUGH_LIST_BACK = 1,
    HFI_THROUGH_DICT = 2,
    HFI_THROUGH_DICT_BACK = 3,
    HFI_THROUGH_VALUES = 4, /* a plain list, forwards */
    HFI_THROUGH_SET = 5,
    HFI_THROUGH_ARRAY = 6,
} hfi_through_t;

/* Answers the handle of a new Iterator over the referent being called. */
hf_err_t hfi_iterator_return(hf_call_t *call, hfi_through_t through);

/* Answers the handle of a new Iterator over a plain list. */
hf_err_t hfi_iterator_return_values(hf_call_t *call, const hf_value_t *list);

/* ---- plain values inside --------------------------------------------------------------- */

/* update_at's second half: runs `method` with the list `args` on the plain value that the rest of `path` leads to
 * inside *element, and puts the changed element in its place. Answers. */
hf_err_t hfi_update_inside(hf_call_t *call, hf_value_t *element, hf_cursor_t *path,
                           const hf_value_t *method, const hf_value_t *args);

#endif
