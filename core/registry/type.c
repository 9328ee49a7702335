/* SPDX-License-Identifier: MPL-2.0 */
/* type -- see type.h */
#include "type.h"

#include <stdarg.h>
#include <stddef.h>

#include <base/check.h>

#include "text.h"

/* What the oldest header that we load has at least: the members up to the first that may be absent. */
enum {
    TYPE_SIZE_LEAST = offsetof(hf_type_t, save_version),
    METHOD_SIZE_LEAST = offsetof(hf_method_t, work),
    STRUCT_SIZE_MOST = 4096,
    N_UNIVERSALS = 3,
};

static const hf_method_t universal_rows[N_UNIVERSALS] = {
    {.name = "str",
     .signature = "-> str",
     .doc = "Return it as text for people.",
     .flags = HF_READS},
    {.name = "repr",
     .signature = "-> str",
     .doc = "Return it as Python writes it.",
     .flags = HF_READS},
    {.name = "getvalue",
     .signature = "-> any",
     .doc = "Return a copy of its value.",
     .flags = HF_READS},
};

/* A check under way: where it is, for the sentence. */
typedef struct type_check {
    const char *type;
    const char *method; /* NULL: of the type itself */
    char number[32];    /* of a method without a name, in words */
    char *why;
    size_t why_room;
} type_check_t;

static bool type_refuse(const type_check_t *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool
type_refuse(const type_check_t *c, const char *format, ...)
{
    char said[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(said, sizeof said, format, args);
    va_end(args);
    if (c->why_room > 0)
        (void)snprintf(c->why, c->why_room, "type %s%s%s: %s", c->type,
                       c->method == NULL ? "" : ", method ", c->method == NULL ? "" : c->method,
                       said);
    return false;
}

static size_t
least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A text of people's, member `name`: short enough, and sound. */
static bool
check_text(const type_check_t *c, const char *name, const char *text)
{
    if (memchr(text, '\0', HFI_MAX_DOC_BYTES + 1) == NULL)
        return type_refuse(c, "its `%s` is longer than %d bytes", name, HFI_MAX_DOC_BYTES);
    if (!hfi_text_is_utf8(text))
        return type_refuse(c, "its `%s` is not UTF-8", name);
    return true;
}

static bool
check_doc(const type_check_t *c, const char *doc)
{
    if (doc == NULL || doc[0] == '\0')
        return type_refuse(c, "a sentence in `doc` is missing");
    return check_text(c, "doc", doc);
}

/* What describe tells of a row's age. */
static bool
check_age(const type_check_t *c, const hf_method_t *row)
{
    if (row->deprecated != NULL && row->deprecated[0] == '\0')
        return type_refuse(c, "`deprecated` does not say what to call instead");
    return (row->since == NULL || check_text(c, "since", row->since)) &&
           (row->deprecated == NULL || check_text(c, "deprecated", row->deprecated));
}

/* ---- methods ---------------------------------------------------------------------------- */

static bool
check_flags(const type_check_t *c, const hf_method_t *row)
{
    const uint32_t known = HF_READS | HF_WRITES | HF_PARKS | HF_SENSITIVE | HF_OFFLOAD;
    uint32_t both = row->flags & (HF_READS | HF_WRITES);
    if ((row->flags & ~known) != 0)
        return type_refuse(c, "unknown flags 0x%x", (unsigned)(row->flags & ~known));
    if (both == 0)
        return type_refuse(c, "neither HF_READS nor HF_WRITES: exactly one is needed");
    if (both == (HF_READS | HF_WRITES))
        return type_refuse(c, "both HF_READS and HF_WRITES: exactly one is needed");
    if ((row->flags & HF_OFFLOAD) != 0 && (row->flags & HF_PARKS) != 0)
        return type_refuse(c, "both HF_OFFLOAD and HF_PARKS: an offloaded method never parks");
    if (row->timed_out != NULL && (row->flags & HF_PARKS) == 0)
        return type_refuse(c, "a timed_out function without HF_PARKS");
    return true;
}

static bool
check_functions(const type_check_t *c, const hf_method_t *row)
{
    bool is_offloaded = (row->flags & HF_OFFLOAD) != 0;
    if (is_offloaded && row->run != NULL)
        return type_refuse(c, "HF_OFFLOAD with a `run`: it has `work` and `finish` instead");
    if (is_offloaded && row->work == NULL)
        return type_refuse(c, "HF_OFFLOAD without a `work`");
    if (!is_offloaded && (row->work != NULL || row->finish != NULL))
        return type_refuse(c, "`work` or `finish` without HF_OFFLOAD");
    if (!is_offloaded && row->run == NULL)
        return type_refuse(c, "there is no function");
    return true;
}

/* One row and its place; fills the method in. */
static bool
check_method(type_check_t *c, const hfi_type_t *type, const hf_method_t *row,
             hfi_method_t *ret_method)
{
    /* WALK plugin 5/8: each row by each rule */
    char why[192];
    (void)snprintf(c->number, sizeof c->number, "number %u", (unsigned)(ret_method->number + 1));
    c->method = c->number;
    if (!hfi_text_is_name(row->name))
        return type_refuse(c, "its name is not a word of at most %d letters, digits and _",
                           HFI_MAX_NAME_BYTES);
    c->method = row->name;
    for (uint32_t k = 0; k < ret_method->number; k++) {
        if (strcmp(type->rows[k].name, row->name) == 0)
            return type_refuse(c, "there are two rows of that name");
    }
    if (!check_functions(c, row) || !check_flags(c, row))
        return false;
    if (!check_doc(c, row->doc) || !check_age(c, row))
        return false;
    if (row->returns != NULL && !hfi_text_is_name(row->returns))
        return type_refuse(c, "its `returns` is not a word of at most %d letters, digits and _",
                           HFI_MAX_NAME_BYTES);
    ret_method->row = row;
    ret_method->universal = (row->flags & HF_OFFLOAD) != 0 ? HFI_OFFLOADED : HFI_OWN;
    ret_method->signature = hfi_signature_new(row->signature, why, sizeof why);
    if (ret_method->signature == NULL)
        return type_refuse(c, "signature \"%.80s\" %s", row->signature, why);
    return true;
}

static bool
has_own(const hfi_type_t *self, const char *name)
{
    for (uint32_t k = 0; k < self->row->n_methods; k++) {
        if (strcmp(self->rows[k].name, name) == 0)
            return true;
    }
    return false;
}

/* str, repr and getvalue, but those that the type has itself. */
static bool
add_universals(type_check_t *c, hfi_type_t *self)
{
    for (uint32_t k = 0; k < N_UNIVERSALS; k++) {
        char why[192];
        const hf_method_t *row = &universal_rows[k];
        if (has_own(self, row->name))
            continue;
        hfi_method_t *method = &self->methods[self->n_methods];
        *method = (hfi_method_t){.row = row,
                                 .signature = hfi_signature_new(row->signature, why, sizeof why),
                                 .universal = (hfi_universal_t)(HFI_STR + k),
                                 .number = self->n_methods};
        if (method->signature == NULL)
            return type_refuse(c, "no memory");
        self->n_methods++;
    }
    return true;
}

/* The author's rows lie `method_size` apart, whatever our own size is. */
static bool
add_methods(type_check_t *c, hfi_type_t *self, const hf_type_t *row)
{
    self->methods = calloc(row->n_methods + (size_t)N_UNIVERSALS, sizeof *self->methods);
    hf_method_t *rows = calloc(row->n_methods + (size_t)1, sizeof *rows);
    self->figures = calloc(row->n_methods + (size_t)N_UNIVERSALS, sizeof *self->figures);
    if (self->methods == NULL || self->figures == NULL || rows == NULL) {
        free(rows);
        return type_refuse(c, "no memory");
    }
    self->rows = rows;
    for (uint32_t k = 0; k < row->n_methods; k++) {
        const char *from = (const char *)row->methods + (size_t)k * row->method_size;
        memcpy(&rows[k], from, least_of(row->method_size, sizeof rows[k]));
        self->methods[k].number = k;
        if (!check_method(c, self, &rows[k], &self->methods[k]))
            return false;
        self->n_methods++;
    }
    c->method = NULL;
    return add_universals(c, self);
}

/* ---- the type itself -------------------------------------------------------------------- */

static bool
check_sizes(const type_check_t *c, const hf_type_t *row)
{
    if (row->size < TYPE_SIZE_LEAST || row->size > STRUCT_SIZE_MOST || row->size % 8 != 0)
        return type_refuse(c, "its `size` is %u; this manager's is %u, at least %u is needed",
                           (unsigned)row->size, (unsigned)sizeof *row, (unsigned)TYPE_SIZE_LEAST);
    if (row->method_size < METHOD_SIZE_LEAST || row->method_size > STRUCT_SIZE_MOST ||
        row->method_size % 8 != 0)
        return type_refuse(
            c, "its `method_size` is %u; this manager's is %u, at least %u is needed",
            (unsigned)row->method_size, (unsigned)sizeof(hf_method_t), (unsigned)METHOD_SIZE_LEAST);
    return true;
}

static bool
check_hooks(const type_check_t *c, const hf_type_t *row)
{
    if ((row->flags & ~(uint32_t)HF_INTERNAL) != 0)
        return type_refuse(c, "unknown flags 0x%x",
                           (unsigned)(row->flags & ~(uint32_t)HF_INTERNAL));
    if ((row->methods == NULL) != (row->n_methods == 0))
        return type_refuse(c, "its `methods` and `n_methods` do not agree");
    if (row->n_methods > HFI_MAX_METHODS)
        return type_refuse(c, "it has %u methods, more than %d", (unsigned)row->n_methods,
                           HFI_MAX_METHODS);
    if (row->self_size > HFI_MAX_SELF_BYTES)
        return type_refuse(c, "its state of %llu bytes is larger than %llu",
                           (unsigned long long)row->self_size,
                           (unsigned long long)HFI_MAX_SELF_BYTES);
    if (row->signature != NULL && row->signature[0] != '\0' && row->create == NULL)
        return type_refuse(c,
                           "a constructor's signature without a `create` that reads the arguments");
    if ((row->save == NULL) != (row->load == NULL))
        return type_refuse(c, "`save` and `load` belong together");
    return true;
}

static bool
add_constructor(const type_check_t *c, hfi_type_t *self, const hf_type_t *row)
{
    char why[192];
    self->signature = hfi_signature_new(row->signature, why, sizeof why);
    if (self->signature == NULL)
        return type_refuse(c, "signature \"%.80s\" %s", row->signature, why);
    if (self->signature->has_result)
        return type_refuse(c, "a constructor's signature has no result");
    return true;
}

static bool
fill(type_check_t *c, hfi_type_t *self, const hf_type_t *copy)
{
    return check_hooks(c, copy) && check_doc(c, copy->doc) && add_constructor(c, self, copy) &&
           add_methods(c, self, copy);
}

hfi_type_t *
hfi_type_new(const hf_type_t *row, const char *plugin, uint32_t number, char *why, size_t why_room)
{
    HF_ASSERT(plugin != NULL);
    type_check_t c = {.type = "(nameless)", .why = why, .why_room = why_room};
    if (row == NULL) {
        (void)type_refuse(&c, "there is no table");
        return NULL;
    }
    if (!check_sizes(&c, row))
        return NULL;
    if (!hfi_text_is_name(row->name)) {
        (void)type_refuse(&c, "its name is not a word of at most %d letters, digits and _",
                          HFI_MAX_NAME_BYTES);
        return NULL;
    }
    c.type = row->name;
    hfi_type_t *self = calloc(1, sizeof *self);
    hf_type_t *copy = calloc(1, sizeof *copy);
    if (self == NULL || copy == NULL) {
        (void)type_refuse(&c, "no memory");
        free(copy);
        free(self);
        return NULL;
    }
    memcpy(copy, row, least_of(row->size, sizeof *copy));
    self->row = self->copy = copy;
    self->declared = row;
    self->plugin = plugin;
    self->number = number;
    self->is_internal = (copy->flags & HF_INTERNAL) != 0;
    self->max_referents = UINT64_MAX;
    self->max_memory_bytes = UINT64_MAX;
    self->version = self;
    if (!fill(&c, self, copy))
        hfi_type_destroy(&self);
    return self;
}

hfi_type_t *
hfi_type_new_alias(const hfi_type_t *base, hfi_span_t name, uint32_t number, char *why,
                   size_t why_room)
{
    HF_ASSERT(base->base == NULL && name.len <= HFI_MAX_NAME_BYTES);
    hfi_type_t *self = hfi_type_new(base->declared, base->plugin, number, why, why_room);
    if (self == NULL)
        return NULL;
    self->base = base;
    self->plugin_number = base->plugin_number;
    for (uint32_t k = 0; k < self->n_methods; k++)
        self->methods[k].returns = base->methods[k].returns;
    self->name = calloc(1, name.len + 1);
    if (self->name == NULL) {
        (void)snprintf(why, why_room, "no memory");
        hfi_type_destroy(&self);
        return NULL;
    }
    memcpy(self->name, name.at, name.len);
    self->copy->name = self->name;
    return self;
}

void
hfi_type_destroy(hfi_type_t **self_p)
{
    hfi_type_t *self = *self_p;
    *self_p = NULL;
    if (self == NULL)
        return;
    for (uint32_t k = 0; self->methods != NULL && k < self->n_methods; k++)
        hfi_signature_destroy(&self->methods[k].signature);
    hfi_signature_destroy(&self->signature);
    free(self->methods);
    free(self->figures);
    free(self->rows);
    free(self->copy);
    free(self->name);
    free(self);
}

/* ---- versions ------------------------------------------------------------------------------ */

void
hfi_type_join(hfi_type_t *self, hfi_type_t *older)
{
    HF_ASSERT(self->version == self);
    self->version = older->version;
    older->version = self;
}

bool
hfi_type_has_place(const hfi_type_t *self)
{
    uint64_t n = self->referents;
    for (const hfi_type_t *other = self->version; other != self; other = other->version)
        n += other->referents;
    return n < self->max_referents;
}

bool
hfi_type_has_room(const hfi_type_t *self, uint64_t bytes)
{
    uint64_t n = self->memory_bytes;
    for (const hfi_type_t *other = self->version; other != self; other = other->version)
        n += other->memory_bytes;
    return n <= self->max_memory_bytes && bytes <= self->max_memory_bytes - n;
}

/* ---- looking up ---------------------------------------------------------------------------- */

const hfi_method_t *
hfi_type_find_method(const hfi_type_t *self, const char *name, size_t len)
{
    for (uint32_t k = 0; k < self->n_methods; k++) {
        const char *mine = self->methods[k].row->name;
        if (strlen(mine) == len && memcmp(mine, name, len) == 0)
            return &self->methods[k];
    }
    return NULL;
}

/* ---- what is made of a result ------------------------------------------------------------- */

/* The parameter that a sole positional argument binds to; NULL: none takes it. */
static const hfi_parameter_t *
type_sole_parameter(const hfi_signature_t *signature)
{
    if (signature->n_required > 1)
        return NULL;
    for (uint32_t k = 0; k < signature->n; k++) {
        const hfi_parameter_t *parameter = &signature->parameters[k];
        if (parameter->kind == HFI_PLAIN || parameter->kind == HFI_REST)
            return parameter;
    }
    return NULL;
}

const char *
hfi_type_objection(const hfi_type_t *self, const hfi_method_t *method, const hfi_type_t *returns)
{
    const hfi_signature_t *from = method->signature;
    const hfi_parameter_t *to = type_sole_parameter(returns->signature);
    if (self->row->undelivered != NULL)
        return "what this type answers can be taken back undelivered, a referent made of it not";
    if (to == NULL)
        return "that type's constructor does not take one value";
    if (to->kind == HFI_PLAIN && from->has_result && (from->result.kinds & to->shape.kinds) == 0)
        return "that type's constructor does not take what this method answers";
    return NULL;
}
