/* SPDX-License-Identifier: MPL-2.0 */
/* exposure -- what a deployment shows of each type, under which names, and how much of it there may be. */
#ifndef HFI_EXPOSURE_H
#define HFI_EXPOSURE_H

#include "plugin.h"
#include "reading.h"
#include "view.h"

/* Names that are kept for good: whoever watches a call may still show them. Zeroed is empty. */
typedef struct hfi_pool {
    char **at;
    size_t n;
} hfi_pool_t;

const char *hfi_pool_keep(hfi_pool_t *self, hfi_span_t name);
void hfi_pool_close(hfi_pool_t *self);

/* What is said of one row of a type. */
typedef struct hfi_exposed {
    bool is_exposed;
    bool is_hidden;      /* by name: stronger */
    const char *name;    /* it is shown under, in the pool or the row's own */
    bool has_returns;    /* else its row's own `returns` holds */
    hfi_type_t *returns; /* NULL: its result is the answer */
} hfi_exposed_t;

typedef struct hfi_exposure {
    char *name;        /* the typeid */
    hfi_type_t *type;  /* whose rows are meant; NULL: there is none of that name */
    hfi_type_t *fresh; /* the same, while it is not in the table of types */
    bool has_expose;
    bool is_create_hidden;
    hfi_exposed_t *rows; /* of type->methods */
    hf_value_t defaults; /* kept; a map, or none */
    uint64_t instances;  /* UINT64_MAX: no limit */
    uint64_t memory_bytes;
} hfi_exposure_t;

typedef struct hfi_exposures {
    hfi_exposure_t *at;
    uint32_t n;
} hfi_exposures_t;

/* Reads the section `types`. Whatever is wrong is complained of; then what was read is only to be closed. */
void hfi_exposures_read(hfi_exposures_t *self, hfi_reading_t *reading, hfi_plugins_t *plugins,
                        hfi_pool_t *pool, const hf_value_t *types);
void hfi_exposures_close(hfi_exposures_t *self);

/* What is said of that typeid, or NULL. */
const hfi_exposure_t *hfi_exposures_find(const hfi_exposures_t *self, hfi_span_t name);

/* The k-th of the types that are served while these are in force: those of plugins, then those with a base. NULL past
 * the last. */
hfi_type_t *hfi_exposures_type(const hfi_exposures_t *self, const hfi_plugins_t *plugins,
                               uint32_t k);

/* Writes the type's entries as this exposure (NULL: none) shows them, type->n_methods of them: callable or hidden. */
void hfi_exposure_show(const hfi_exposure_t *self, const hfi_type_t *type,
                       hfi_view_entry_t *ret_entries);

/* Whether a referent of the type may be made by a client at all. */
hfi_access_t hfi_exposure_create(const hfi_exposure_t *self, const hfi_type_t *type);

/* Writes the keyword arguments with the defaults that the creator has not given. */
void hfi_exposure_fill_in(const hfi_exposure_t *self, const hfi_type_t *type,
                          const hf_value_t *args, const hf_value_t *kwargs, hf_writer_t *to);

#endif
