/* SPDX-License-Identifier: MPL-2.0 */
/* namespace -- multiprocessing's Namespace: attributes, in a table by their names.
 *
 * Names with a leading _ are refused: in Python they are the proxy's own.
 */
#include "containers.h"

#include <string.h>

#include <common/text.h>
#include <common/words.h>

typedef struct name_space {
    hfi_table_t table;
} namespace_t;

/* ---- one attribute --------------------------------------------------------------------- */

static hf_err_t
namespace_refuse(hf_call_t *call, const hf_value_t *name)
{
    enum { MOST = 200 };
    size_t len = 0;
    const char *at = hf_as_str(name, &len);
    return HF_RAISE(call, "AttributeError", "'Namespace' object has no attribute '%.*s'",
                    len > MOST ? MOST : (int)len, at);
}

static bool
namespace_is_own(const hf_value_t *name)
{
    size_t len = 0;
    const char *at = hf_as_str(name, &len);
    return len > 0 && at[0] == '_';
}

/* The place of the attribute that the first argument names, HFI_NO_PLACE where there is none. */
static hf_err_t
namespace_look(hf_call_t *call, const namespace_t *self, uint64_t *ret_hash, uint32_t *ret_place)
{
    const hf_value_t *name = hf_arg(call, 0);
    if (namespace_is_own(name))
        return namespace_refuse(call, name);
    if (hfi_hash_key(call, name, ret_hash) != HF_OK)
        return HF_RAISED;
    *ret_place = hfi_table_find(call, &self->table, name, *ret_hash);
    return HF_OK;
}

static hf_err_t
namespace_getattr(hf_call_t *call, void *state)
{
    const namespace_t *self = state;
    uint64_t hash = 0;
    uint32_t place = 0;
    if (namespace_look(call, self, &hash, &place) != HF_OK)
        return HF_RAISED;
    if (place == HFI_NO_PLACE)
        return namespace_refuse(call, hf_arg(call, 0));
    return hf_return_value(call, &self->table.entries[place].value);
}

static hf_err_t
namespace_setattr(hf_call_t *call, void *state)
{
    namespace_t *self = state;
    uint64_t hash = 0;
    uint32_t place = 0;
    if (namespace_look(call, self, &hash, &place) != HF_OK ||
        hfi_dict_set(call, &self->table, place, hash) != HF_OK)
        return HF_RAISED;
    return hf_return_nil(call);
}

static hf_err_t
namespace_delattr(hf_call_t *call, void *state)
{
    namespace_t *self = state;
    uint64_t hash = 0;
    uint32_t place = 0;
    if (namespace_look(call, self, &hash, &place) != HF_OK)
        return HF_RAISED;
    if (place == HFI_NO_PLACE)
        return namespace_refuse(call, hf_arg(call, 0));
    hfi_table_drop(call, &self->table, place);
    return hf_return_nil(call);
}

/* ---- all of them, sorted --------------------------------------------------------------- */

/* A piece of the text of a listing. */
typedef struct piece {
    size_t start;
    size_t len;
} piece_t;

typedef struct listing {
    hfi_text_t text;
    piece_t *pieces;
    uint32_t n;
} listing_t;

/* The k-th piece; the text of an empty name alone is none at all. */
static const char *
listing_at(const listing_t *self, uint32_t k)
{
    return self->text.at == NULL ? "" : self->text.at + self->pieces[k].start;
}

/* By code point, as UTF-8 sorts. */
static bool
listing_is_less(const listing_t *self, uint32_t a, uint32_t b)
{
    const piece_t *x = &self->pieces[a];
    const piece_t *y = &self->pieces[b];
    size_t len = x->len < y->len ? x->len : y->len;
    int order = memcmp(listing_at(self, a), listing_at(self, b), len);
    return order < 0 || (order == 0 && x->len < y->len);
}

/* Lets the piece at `top` sink to its place in a heap of the first `n`, the greatest on top. */
static void
listing_sink(listing_t *self, uint32_t top, uint32_t n)
{
    while (top < n / 2) {
        uint32_t child = 2 * top + 1;
        if (child + 1 < n && listing_is_less(self, child, child + 1))
            child++;
        if (!listing_is_less(self, top, child))
            return;
        piece_t moved = self->pieces[top];
        self->pieces[top] = self->pieces[child];
        self->pieces[child] = moved;
        top = child;
    }
}

static void
listing_sort(listing_t *self)
{
    for (uint32_t k = self->n / 2; k > 0; k--)
        listing_sink(self, k - 1, self->n);
    for (uint32_t n = self->n; n > 1; n--) {
        piece_t greatest = self->pieces[0];
        self->pieces[0] = self->pieces[n - 1];
        self->pieces[n - 1] = greatest;
        listing_sink(self, 0, n - 1);
    }
}

/* Makes a sorted listing of the names, or of "name=repr"; to be closed, also on failure. */
static hf_err_t
listing_open(hf_call_t *call, listing_t *self, const hfi_table_t *table, bool has_values)
{
    *self = (listing_t){{NULL, 0, 0}, NULL, 0};
    if (table->count == 0)
        return HF_OK;
    self->pieces = hf_alloc(call, table->count * sizeof *self->pieces);
    if (self->pieces == NULL)
        return HF_RAISED;
    for (uint32_t k = hfi_table_from(table, 0); k != HFI_NO_PLACE;
         k = hfi_table_from(table, k + 1)) {
        piece_t *piece = &self->pieces[self->n++];
        size_t len = 0;
        const char *name = hf_as_str(&table->entries[k].key, &len);
        piece->start = self->text.len;
        hf_err_t err = hfi_text_add(call, &self->text, name, len);
        if (err == HF_OK && has_values)
            err = hfi_text_add(call, &self->text, "=", 1);
        if (err == HF_OK && has_values)
            err = hfi_text_add_repr(call, &self->text, &table->entries[k].value);
        if (err != HF_OK)
            return err;
        piece->len = self->text.len - piece->start;
    }
    listing_sort(self);
    return HF_OK;
}

static void
listing_close(hf_call_t *call, listing_t *self)
{
    if (self->pieces != NULL)
        hf_free(call, self->pieces);
    if (self->text.at != NULL)
        hf_free(call, self->text.at);
}

static hf_err_t
namespace_dir(hf_call_t *call, void *state)
{
    const namespace_t *self = state;
    listing_t names;
    hf_err_t err = listing_open(call, &names, &self->table, false);
    hf_writer_t *w = err == HF_OK ? hf_return_writer(call) : NULL;
    if (w != NULL) {
        hf_write_list(w, names.n);
        for (uint32_t k = 0; k < names.n; k++)
            hf_write_str(w, listing_at(&names, k), names.pieces[k].len);
        err = hf_return_written(call);
    } else {
        err = HF_RAISED;
    }
    listing_close(call, &names);
    return err;
}

static hf_err_t
namespace_repr(hf_call_t *call, void *state)
{
    const namespace_t *self = state;
    listing_t all;
    hfi_text_t text = {NULL, 0, 0};
    hf_err_t err = listing_open(call, &all, &self->table, true);
    if (err == HF_OK)
        err = hfi_text_add(call, &text, "Namespace(", 10);
    for (uint32_t k = 0; err == HF_OK && k < all.n; k++) {
        if (k > 0)
            err = hfi_text_add(call, &text, ", ", 2);
        if (err == HF_OK)
            err = hfi_text_add(call, &text, listing_at(&all, k), all.pieces[k].len);
    }
    if (err == HF_OK)
        err = hfi_text_add(call, &text, ")", 1);
    listing_close(call, &all);
    return hfi_text_return(call, &text, err);
}

/* ---- the type -------------------------------------------------------------------------- */

static hf_err_t
namespace_create(hf_call_t *call, void *state)
{
    static const hf_value_t none = {.raw = {0}};
    namespace_t *self = state;
    hf_cursor_t cursor;
    hf_value_t name = {.raw = {0}};
    hf_value_t value = {.raw = {0}};
    hf_open(&cursor, hf_arg(call, 0));
    while (hf_next(&cursor, &name) && hf_next(&cursor, &value)) {
        if (namespace_is_own(&name))
            return namespace_refuse(call, &name);
    }
    return hfi_dict_merge(call, &self->table, &none, hf_arg(call, 0));
}

static void
namespace_destroy(hf_call_t *call, void *state)
{
    namespace_t *self = state;
    hfi_table_clear(call, &self->table);
}

static hf_err_t
namespace_getvalue(hf_call_t *call, void *state)
{
    const namespace_t *self = state;
    hf_writer_t *w = hf_return_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hfi_dict_write(&self->table, w);
    return hf_return_written(call);
}

static void
namespace_traverse(hf_call_t *call, const void *state, hf_visit_t *visit)
{
    const namespace_t *self = state;
    hfi_dict_visit(call, &self->table, visit);
}

static hf_err_t
namespace_save(hf_call_t *call, const void *state, hf_writer_t *out)
{
    const namespace_t *self = state;
    (void)call;
    hfi_dict_write(&self->table, out);
    return HF_OK;
}

static hf_err_t
namespace_load(hf_call_t *call, void *state, const hf_value_t *saved, uint32_t save_version)
{
    namespace_t *self = state;
    (void)save_version;
    return hfi_dict_merge(call, &self->table, saved, NULL);
}

static const hf_method_t namespace_methods[] = {
    HF_METHOD("delattr", "name: str", namespace_delattr, HF_WRITES,
              "Remove an attribute; AttributeError where there is none."),
    HF_METHOD("dir", "-> list", namespace_dir, HF_READS, "Give the attributes' names, sorted."),
    HF_METHOD("getattr", "name: str -> any", namespace_getattr, HF_READS,
              "Give an attribute; AttributeError where there is none."),
    HF_METHOD("setattr", "name: str, value: any", namespace_setattr, HF_WRITES,
              "Set an attribute, whose name must not begin with _."),
};

const hf_type_t hfi_namespace_type = {
    HF_TYPE("Namespace", namespace_t, namespace_methods,
            "multiprocessing's Namespace: attributes that processes share."),
    .signature = "**kw",
    .save_version = 1,
    .create = namespace_create,
    .destroy = namespace_destroy,
    .getvalue = namespace_getvalue,
    .repr = namespace_repr,
    .traverse = namespace_traverse,
    .save = namespace_save,
    .load = namespace_load,
};
