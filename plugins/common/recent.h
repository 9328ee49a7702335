/* SPDX-License-Identifier: MPL-2.0 */
/* recent -- keys to values, at most so many: the one used longest ago makes room for a new one, and each may have an end.
 *
 * A table whose order is the order of use: what is used goes to its end. An item whose end has come is not found any
 * more; `sweep` drops all such.
 */
#ifndef HFI_RECENT_H
#define HFI_RECENT_H

#include "table.h"

typedef struct hfi_recent {
    hfi_table_t items; /* key to [end, value]; the one used longest ago first */
    uint64_t capacity;
    uint64_t hits;
    uint64_t misses;
    uint64_t evicted;
    uint64_t expired;
    double ttl;     /* of an item for which nothing else is said */
    double soonest; /* no item ends before; infinity at first */
} hfi_recent_t;

/* Uses an item: its value, for the call's life, HF_NONE: there is none. HF_RAISED: that is no key, or LimitExceeded. */
hf_err_t hfi_recent_use(hf_call_t *call, hfi_recent_t *self, const hf_value_t *key,
                        hf_value_t *ret_value);

/* Keeps key and value until `end`, by hf_now. HF_RAISED: that is no key, or LimitExceeded; the key is as it was. */
hf_err_t hfi_recent_put(hf_call_t *call, hfi_recent_t *self, const hf_value_t *key,
                        const hf_value_t *value, double end);

/* Drops an item; *ret_was: it was there. HF_RAISED: that is no key. */
hf_err_t hfi_recent_remove(hf_call_t *call, hfi_recent_t *self, const hf_value_t *key,
                           bool *ret_was);

/* Drops all whose end has come, if there may be one. */
void hfi_recent_sweep(hf_call_t *call, hfi_recent_t *self);

/* Tells traverse of each key and value. */
void hfi_recent_visit(hf_call_t *call, const hfi_recent_t *self, hf_visit_t *visit);

/* Writes all of it as one list; an empty one keeps what such a list has. */
void hfi_recent_save(const hfi_recent_t *self, hf_writer_t *out);
hf_err_t hfi_recent_load(hf_call_t *call, hfi_recent_t *self, const hf_value_t *saved);

#endif
