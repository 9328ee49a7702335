/* SPDX-License-Identifier: MPL-2.0 */
/* bind -- see bind.h.
 *
 * Two ways. Arguments by position alone, for a signature of plain parameters, take a straight loop that makes
 * nothing (bind_straight). Everything else, and every refusal, takes CPython's steps in CPython's order (bind_slowly),
 * so that the error is the one that Python would name first: places, keywords, too many, missing.
 */
#include "bind.h"

#include <stdio.h>
#include <string.h>

#include <base/check.h>

#include "text.h"

enum {
    NAME_ROOM = 100, /* of a peer's keyword in a sentence */
    MAX_HEAD = 5,    /* bytes of a list's or a map's head */
    SCRATCH_KEPT = 1 << 16,
};

typedef struct bind_work {
    hfi_binder_t *binder;
    const hfi_signature_t *signature;
    const char *function;
    hfi_bound_t *bound;
    uint32_t given; /* by position */
    uint32_t set;   /* one bit a parameter that got a value */
} bind_work_t;

/* ---- kinds ------------------------------------------------------------------------------ */

static const char *
kind_name(hf_kind_t kind)
{
    static const char *const names[] = {
        [HF_NONE] = "nothing",  [HF_NIL] = "NoneType",    [HF_BOOL] = "bool",
        [HF_INT] = "int",       [HF_FLOAT] = "float",     [HF_STR] = "str",
        [HF_BYTES] = "bytes",   [HF_LIST] = "list",       [HF_MAP] = "dict",
        [HF_HANDLE] = "handle", [HF_PROMISE] = "promise", [HF_ERROR] = "error",
        [HF_EXT] = "ext",
    };
    HF_ASSERT(kind >= HF_NONE && kind <= HF_EXT);
    return names[kind];
}

/* The typeid that counts: the manager's, or, without one to ask, the handle's own. */
static hfi_span_t
typeid_of(const hfi_binder_t *self, const hf_value_t *handle)
{
    size_t len = 0;
    const char *name = self->typeid_of != NULL
                           ? self->typeid_of(self->context, hf_as_handle(handle), &len)
                           : hf_handle_typeid(handle, &len);
    return (hfi_span_t){(const uint8_t *)name, name == NULL ? 0 : len};
}

static bool
fits(const hfi_binder_t *self, const hfi_signature_t *signature, const hfi_shape_t *shape,
     const hf_value_t *value)
{
    hf_kind_t kind = hf_kind(value);
    if (kind == HF_HANDLE && shape->n_typeids > 0)
        return hfi_shape_fits(shape, &signature->typeids, value, typeid_of(self, value));
    return ((shape->kinds >> kind) & 1u) != 0 &&
           (kind != HF_INT || !shape->is_int64 || hf_int_fits(value));
}

static bool
refuse_kind(const bind_work_t *w, const hfi_parameter_t *parameter, const hf_value_t *value)
{
    hf_kind_t kind = hf_kind(value);
    char wanted[128];
    char got[NAME_ROOM];
    hfi_shape_name(&parameter->shape, &w->signature->typeids, wanted, sizeof wanted);
    (void)snprintf(got, sizeof got, "%s", kind_name(kind));
    if (kind == HF_INT && ((parameter->shape.kinds >> kind) & 1u) != 0)
        return hfi_fail(&w->binder->failure, "OverflowError",
                        "%s() argument '%.*s' is an int beyond 64 bits with sign", w->function,
                        (int)parameter->name.len, (const char *)parameter->name.at);
    if (kind == HF_HANDLE) {
        hfi_span_t name = typeid_of(w->binder, value);
        if (name.len > 0 && name.len <= HFI_MAX_NAME_BYTES)
            (void)snprintf(got, sizeof got, "handle[%.*s]", (int)name.len, (const char *)name.at);
    }
    return hfi_fail(&w->binder->failure, "TypeError", "%s() argument '%.*s' must be %s, not %s",
                    w->function, (int)parameter->name.len, (const char *)parameter->name.at, wanted,
                    got);
}

/* ---- the straight way ------------------------------------------------------------------- */

/* As hf_next, for a cursor that has one: what most arguments are, a scalar, has no items to be skipped. */
static inline void
next_argument(hf_cursor_t *cursor, hf_value_t *ret_item)
{
    hf_head_t head;
    size_t len = 1;
    if (*cursor->at >= 0x80 && *cursor->at < 0xe0) {
        hf_read_head(cursor->at, &head);
        if (head.kind > HF_BYTES) {
            (void)hf_next(cursor, ret_item);
            return;
        }
        len = (size_t)head.size + head.len;
    }
    hfi_view(ret_item, cursor->at, len, 0);
    cursor->at += len;
    cursor->left--;
}

/* Between n_required and n_plain arguments by position; false: one is of the wrong kind. */
static bool
bind_straight(const hfi_binder_t *self, const hfi_signature_t *signature, hf_cursor_t *args,
              hfi_bound_t *bound)
{
    uint32_t k = 0;
    for (; args->left > 0; k++) {
        const hfi_shape_t *shape = &signature->parameters[k].shape;
        const uint8_t *item = args->at;
        next_argument(args, &bound->arg[k]);
        if (!hfi_shape_takes(shape, item) ||
            (shape->n_typeids > 0 && !fits(self, signature, shape, &bound->arg[k])))
            return false;
    }
    for (; k < signature->n; k++)
        bound->arg[k] = signature->parameters[k].fallback;
    bound->n = signature->n;
    return true;
}

/* ---- Python's way: places --------------------------------------------------------------- */

static void
set_argument(bind_work_t *w, uint32_t k, hf_value_t value)
{
    w->bound->arg[k] = value;
    w->set |= UINT32_C(1) << k;
}

static bool
is_set(const bind_work_t *w, uint32_t k)
{
    return ((w->set >> k) & 1u) != 0;
}

static uint32_t
find_kind(const hfi_signature_t *signature, hfi_parameter_kind_t kind)
{
    uint32_t k = 0;
    while (k < signature->n && signature->parameters[k].kind != kind)
        k++;
    return k;
}

/* Makes one value of a head and the items that `scratch` holds from `from` on, MAX_HEAD bytes left free before them. */
static hf_value_t
finish_items(hfi_bytes_t *scratch, size_t from, uint32_t n, bool is_map, uint8_t tag)
{
    uint8_t head[MAX_HEAD] = {0};
    hf_writer_t writer = {.at = head, .room = sizeof head};
    if (is_map)
        hf_write_map(&writer, n);
    else
        hf_write_list(&writer, n);
    HF_ASSERT(!writer.failed);
    uint8_t *at = scratch->at + from + (MAX_HEAD - writer.len);
    memcpy(at, head, writer.len);
    return (hf_value_t){.outer = {.at = at,
                                  .len = (uint32_t)(scratch->at + scratch->len - at),
                                  .tag = (uint8_t)(HF_TAG_LENT | tag)}};
}

static void
put_item(hfi_bytes_t *scratch, const hf_value_t *item, uint8_t *tag)
{
    HF_ASSERT(hfi_bytes_append(scratch, hf_bytes_of(item), hf_len_of(item)));
    *tag |= item->raw[15] & (HF_TAG_HANDLES | HF_TAG_PROMISES);
}

/* The first arguments go to the plain parameters, what is left over to *rest if there is one. */
static void
bind_places(bind_work_t *w, const hf_value_t *args)
{
    hfi_bytes_t *scratch = &w->binder->scratch;
    const hfi_signature_t *signature = w->signature;
    hf_cursor_t cursor;
    hf_value_t item;
    hf_open(&cursor, args);
    for (uint32_t k = 0; k < signature->n_plain && k < w->given; k++) {
        (void)hf_next(&cursor, &item);
        set_argument(w, k, item);
    }
    if (!signature->has_rest)
        return;
    size_t from = scratch->len;
    uint8_t tag = 0;
    uint32_t n = 0;
    scratch->len += MAX_HEAD;
    for (; hf_next(&cursor, &item); n++)
        put_item(scratch, &item, &tag);
    set_argument(w, find_kind(signature, HFI_REST), finish_items(scratch, from, n, false, tag));
}

/* ---- Python's way: keywords ------------------------------------------------------------- */

/* The parameter of that name that may be given by keyword, or n. */
static uint32_t
find_keyword(const hfi_signature_t *signature, const char *name, size_t len)
{
    uint32_t k = 0;
    for (; k < signature->n; k++) {
        const hfi_parameter_t *parameter = &signature->parameters[k];
        if (parameter->kind <= HFI_KEYWORD_ONLY && parameter->name.len == len &&
            memcmp(parameter->name.at, name, len) == 0)
            break;
    }
    return k;
}

/* One keyword argument to its parameter; false with *ret_found false: there is none of that name. */
static bool
bind_keyword(bind_work_t *w, const hf_value_t *key, const hf_value_t *value, bool *ret_found)
{
    size_t len = 0;
    const char *name = hf_as_str(key, &len);
    if (name == NULL)
        return hfi_fail(&w->binder->failure, "TypeError", "%s() keywords must be strings",
                        w->function);
    uint32_t k = find_keyword(w->signature, name, len);
    *ret_found = k < w->signature->n;
    if (!*ret_found) {
        return w->signature->has_named || hfi_fail(&w->binder->failure, "TypeError",
                                                   "%s() got an unexpected keyword argument '%.*s'",
                                                   w->function, hfi_text_shown(name, len), name);
    }
    if (is_set(w, k))
        return hfi_fail(&w->binder->failure, "TypeError",
                        "%s() got multiple values for argument '%.*s'", w->function,
                        hfi_text_shown(name, len), name);
    set_argument(w, k, *value);
    return true;
}

static bool
bind_keywords(bind_work_t *w, const hf_value_t *kwargs)
{
    hfi_bytes_t *scratch = &w->binder->scratch;
    size_t from = scratch->len;
    uint8_t tag = 0;
    uint32_t n = 0;
    if (w->signature->has_named)
        scratch->len += MAX_HEAD;
    if (kwargs != NULL && hf_kind(kwargs) == HF_MAP) {
        hf_cursor_t cursor;
        hf_value_t key;
        hf_value_t value;
        hf_open(&cursor, kwargs);
        while (hf_next(&cursor, &key) && hf_next(&cursor, &value)) {
            bool is_found = false;
            if (!bind_keyword(w, &key, &value, &is_found))
                return false;
            if (is_found)
                continue;
            put_item(scratch, &key, &tag);
            put_item(scratch, &value, &tag);
            n++;
        }
    }
    if (w->signature->has_named)
        set_argument(w, find_kind(w->signature, HFI_NAMED),
                     finish_items(scratch, from, n, true, tag));
    return true;
}

/* ---- Python's way: refusals ------------------------------------------------------------- */

static const char *
plural(uint32_t n)
{
    return n == 1 ? "" : "s";
}

static bool
refuse_too_many(const bind_work_t *w)
{
    const hfi_signature_t *signature = w->signature;
    uint32_t by_keyword = 0;
    for (uint32_t k = signature->n_plain; k < signature->n; k++)
        by_keyword += signature->parameters[k].kind == HFI_KEYWORD_ONLY && is_set(w, k);
    char takes[64];
    char given[96];
    if (signature->n_required < signature->n_plain)
        (void)snprintf(takes, sizeof takes, "from %u to %u positional arguments",
                       (unsigned)signature->n_required, (unsigned)signature->n_plain);
    else
        (void)snprintf(takes, sizeof takes, "%u positional argument%s",
                       (unsigned)signature->n_plain, plural(signature->n_plain));
    if (by_keyword > 0)
        (void)snprintf(
            given, sizeof given, "%u positional argument%s (and %u keyword-only argument%s) were",
            (unsigned)w->given, plural(w->given), (unsigned)by_keyword, plural(by_keyword));
    else
        (void)snprintf(given, sizeof given, "%u %s", (unsigned)w->given,
                       w->given == 1 ? "was" : "were");
    return hfi_fail(&w->binder->failure, "TypeError", "%s() takes %s but %s given", w->function,
                    takes, given);
}

static bool
is_missing(const bind_work_t *w, uint32_t k, hfi_parameter_kind_t kind)
{
    const hfi_parameter_t *parameter = &w->signature->parameters[k];
    return parameter->kind == kind && !parameter->has_default && !is_set(w, k);
}

/* Names those of that kind that got no value; true: there are none. */
static bool
check_missing(const bind_work_t *w, hfi_parameter_kind_t kind)
{
    uint32_t n = 0;
    for (uint32_t k = 0; k < w->signature->n; k++)
        n += is_missing(w, k, kind);
    if (n == 0)
        return true;
    char names[HFI_FAILURE_TEXT] = "";
    size_t len = 0;
    uint32_t left = n;
    for (uint32_t k = 0; k < w->signature->n && len < sizeof names; k++) {
        if (!is_missing(w, k, kind))
            continue;
        const char *join = left == n ? "" : left > 1 ? ", " : n == 2 ? " and " : ", and ";
        const hfi_span_t *name = &w->signature->parameters[k].name;
        int more = snprintf(names + len, sizeof names - len, "%s'%.*s'", join, (int)name->len,
                            (const char *)name->at);
        HF_ASSERT(more >= 0);
        len += (size_t)more;
        left--;
    }
    return hfi_fail(&w->binder->failure, "TypeError", "%s() missing %u required %s argument%s: %s",
                    w->function, (unsigned)n, kind == HFI_PLAIN ? "positional" : "keyword-only",
                    plural(n), names);
}

/* ---- Python's way ----------------------------------------------------------------------- */

static void
bind_defaults(const bind_work_t *w)
{
    for (uint32_t k = 0; k < w->signature->n; k++) {
        if (!is_set(w, k))
            w->bound->arg[k] = w->signature->parameters[k].fallback;
    }
    w->bound->n = w->signature->n;
}

static bool
check_kinds(const bind_work_t *w)
{
    for (uint32_t k = 0; k < w->signature->n; k++) {
        const hfi_parameter_t *parameter = &w->signature->parameters[k];
        if (parameter->kind <= HFI_KEYWORD_ONLY && is_set(w, k) &&
            !fits(w->binder, w->signature, &parameter->shape, &w->bound->arg[k]))
            return refuse_kind(w, parameter, &w->bound->arg[k]);
    }
    return true;
}

/* All that *rest and **named may need, at once: views into the scratch would not survive its growing. What one large
 * call made of it is given back at the next small one. */
static bool
open_scratch(hfi_binder_t *self, const hf_value_t *args, const hf_value_t *kwargs)
{
    size_t room = (size_t)2 * MAX_HEAD + hf_len_of(args) + (kwargs == NULL ? 0 : hf_len_of(kwargs));
    if (self->scratch.room > SCRATCH_KEPT && room <= SCRATCH_KEPT)
        hfi_bytes_close(&self->scratch);
    self->scratch.len = 0;
    return hfi_bytes_reserve(&self->scratch, room) != NULL ||
           hfi_fail(&self->failure, "LimitExceeded", "no memory for the arguments");
}

static bool
bind_slowly(bind_work_t *w, const hf_value_t *args, const hf_value_t *kwargs)
{
    const hfi_signature_t *signature = w->signature;
    if ((signature->has_rest || signature->has_named) && !open_scratch(w->binder, args, kwargs))
        return false;
    bind_places(w, args);
    if (!bind_keywords(w, kwargs))
        return false;
    if (w->given > signature->n_plain && !signature->has_rest)
        return refuse_too_many(w);
    if (!check_missing(w, HFI_PLAIN) || !check_missing(w, HFI_KEYWORD_ONLY))
        return false;
    bind_defaults(w);
    return check_kinds(w);
}

bool
hfi_bind(hfi_binder_t *self, const hfi_signature_t *signature, const char *function,
         const hf_value_t *args, const hf_value_t *kwargs, hfi_bound_t *ret_bound)
{
    /* WALK call 6/9: arguments to parameters, or the TypeError */
    hf_cursor_t cursor;
    hf_open(&cursor, args);
    uint32_t given = cursor.left;
    bool is_positional = kwargs == NULL || hf_count(kwargs) == 0;
    if (is_positional && signature->is_plain && given >= signature->n_required &&
        given <= signature->n_plain && bind_straight(self, signature, &cursor, ret_bound))
        return true;
    bind_work_t w = {self, signature, function, ret_bound, given, 0};
    if (bind_slowly(&w, args, kwargs))
        return true;
    ret_bound->n = 0;
    return false;
}
