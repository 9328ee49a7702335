/* SPDX-License-Identifier: MPL-2.0 */
/* picture -- see picture.h
 *
 * A picture is looked through before an argument is touched: brackets, letters, depth, count. So the
 * passes behind it need no checks of the text, and a wrong picture never takes a wrong argument.
 */
#include "picture.h"

#include <inttypes.h>

#include <base/check.h>

#include "admit.h"
#include "compare.h"
#include "value.h"
#include "writer.h"

static bool
is_blank(char c)
{
    return c == ' ' || c == ',' || c == '\t' || c == '\n';
}

static const char *
skip_blank(const char *at)
{
    while (is_blank(*at))
        at++;
    return at;
}

static bool
is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Bytes of the name before a `=` at `at`; 0: there is none. */
static size_t
name_len(const char *at)
{
    size_t len = 0;
    while (is_name(at[len]))
        len++;
    return at[len] == '=' ? len : 0;
}

/* ---- looking through ------------------------------------------------------------------ */

static bool look_item(const char **at_p, uint32_t depth, hfi_failure_t *failure);

static bool
look_list(const char **at_p, uint32_t depth, hfi_failure_t *failure)
{
    *at_p = skip_blank(*at_p + 1);
    while (**at_p != ']') {
        if (!look_item(at_p, depth, failure))
            return false;
        *at_p = skip_blank(*at_p);
    }
    ++*at_p;
    return true;
}

static bool
look_map(const char **at_p, uint32_t depth, hfi_failure_t *failure)
{
    *at_p = skip_blank(*at_p + 1);
    while (**at_p != '}') {
        if (**at_p == '{')
            return hfi_fail(failure, "ValueError", "picture: a map cannot be a key: %.40s", *at_p);
        if (!look_item(at_p, depth, failure))
            return false;
        *at_p = skip_blank(*at_p);
        if (**at_p != ':')
            return hfi_fail(failure, "ValueError", "picture: a colon is missing before: %.40s",
                            *at_p);
        *at_p = skip_blank(*at_p + 1);
        if (!look_item(at_p, depth, failure))
            return false;
        *at_p = skip_blank(*at_p);
    }
    ++*at_p;
    return true;
}

static bool
look_item(const char **at_p, uint32_t depth, hfi_failure_t *failure)
{
    char letter = **at_p;
    if (letter == '\0')
        return hfi_fail(failure, "ValueError", "picture: it ends too early");
    if (depth == 0)
        return hfi_fail(failure, "ValueError", "picture: more than %d deep", HFI_PICTURE_DEPTH_MAX);
    if (letter == '[')
        return look_list(at_p, depth - 1, failure);
    if (letter == '{')
        return look_map(at_p, depth - 1, failure);
    if (strchr("iubfnsSBvhp", letter) == NULL)
        return hfi_fail(failure, "ValueError", "picture: '%c' is no letter of it: %.40s", letter,
                        *at_p);
    ++*at_p;
    return true;
}

bool
hfi_picture_open(hfi_picture_t *self, const char *text, hfi_failure_t *failure)
{
    if (text == NULL)
        return hfi_fail(failure, "ValueError", "picture: NULL");
    hfi_picture_t picture = {.args = text};
    const char *at = skip_blank(text);
    for (; *at != '\0' && name_len(at) == 0; at = skip_blank(at)) {
        if (!look_item(&at, HFI_PICTURE_DEPTH_MAX, failure))
            return false;
        picture.n_args++;
    }
    picture.kwargs = at;
    for (; *at != '\0'; at = skip_blank(at)) {
        if (name_len(at) == 0)
            return hfi_fail(failure, "ValueError",
                            "picture: behind a name=x only names follow: %.40s", at);
        at = skip_blank(at + name_len(at) + 1);
        if (!look_item(&at, HFI_PICTURE_DEPTH_MAX, failure))
            return false;
        picture.n_kwargs++;
    }
    *self = picture;
    return true;
}

/* ---- writing -------------------------------------------------------------------------- */

typedef struct drawing {
    va_list *args;
    const hfi_picture_hooks_t *hooks;
    hf_writer_t *w;
    hfi_failure_t *failure;
} drawing_t;

static bool draw_item(drawing_t *self, const char **at_p);

/* How many items are there up to the closing bracket? */
static uint32_t
count_items(const char *at, char close)
{
    uint32_t n = 0;
    hfi_failure_t failure;
    for (at = skip_blank(at); *at != close; at = skip_blank(at)) {
        if (*at == ':') {
            at++;
            continue;
        }
        bool is_fine = look_item(&at, HFI_PICTURE_DEPTH_MAX, &failure);
        HF_ASSERT(is_fine);
        n++;
    }
    return n;
}

static bool
draw_list(drawing_t *self, const char **at_p)
{
    ++*at_p;
    hf_write_list(self->w, count_items(*at_p, ']'));
    for (*at_p = skip_blank(*at_p); **at_p != ']'; *at_p = skip_blank(*at_p)) {
        if (!draw_item(self, at_p))
            return false;
    }
    ++*at_p;
    return true;
}

static bool
draw_key(drawing_t *self, const char **at_p)
{
    size_t start = self->w->len;
    if (!draw_item(self, at_p))
        return false;
    if (self->w->failed)
        return true;
    hf_value_t key;
    hfi_view(&key, self->w->at + start, self->w->len - start, 0);
    return hfi_is_hashable(&key) ||
           hfi_fail(self->failure, "TypeError", "picture: a key is not hashable");
}

static bool
draw_map(drawing_t *self, const char **at_p)
{
    ++*at_p;
    hf_write_map(self->w, count_items(*at_p, '}') / 2);
    for (*at_p = skip_blank(*at_p); **at_p != '}'; *at_p = skip_blank(*at_p)) {
        if (!draw_key(self, at_p))
            return false;
        *at_p = skip_blank(skip_blank(*at_p) + 1); /* the colon */
        if (!draw_item(self, at_p))
            return false;
    }
    ++*at_p;
    return true;
}

static bool
draw_text(drawing_t *self, const char *text, size_t len)
{
    if (text == NULL && len != 0)
        return hfi_fail(self->failure, "ValueError", "picture: a text is NULL");
    if (!hfi_is_utf8(text, len))
        return hfi_fail(self->failure, "ValueError", "picture: a text is not UTF-8");
    hf_write_str(self->w, text, len);
    return true;
}

static bool
draw_bytes(drawing_t *self, const void *at, size_t len)
{
    if (at == NULL && len != 0)
        return hfi_fail(self->failure, "ValueError", "picture: bytes are NULL");
    hf_write_bytes(self->w, at, len);
    return true;
}

static bool
draw_value(drawing_t *self, const hf_value_t *value)
{
    if (value == NULL || hf_kind(value) == HF_NONE)
        return hfi_fail(self->failure, "ValueError", "picture: a value is none");
    hf_write_value(self->w, value);
    return true;
}

static bool
draw_hooked(drawing_t *self, char letter, const void *argument)
{
    if (self->hooks == NULL || self->hooks->write == NULL)
        return hfi_fail(self->failure, "ValueError", "picture: '%c' is for a client's calls",
                        letter);
    return self->hooks->write(self->hooks->context, letter, argument, self->w, self->failure);
}

static bool
draw_item(drawing_t *self, const char **at_p)
{
    char letter = **at_p;
    if (letter == '[')
        return draw_list(self, at_p);
    if (letter == '{')
        return draw_map(self, at_p);
    ++*at_p;
    const void *at;
    switch (letter) {
    case 'i':
        hf_write_int(self->w, va_arg(*self->args, int64_t));
        return true;
    case 'u':
        hf_write_uint(self->w, va_arg(*self->args, uint64_t));
        return true;
    case 'b':
        hf_write_bool(self->w, va_arg(*self->args, int) != 0);
        return true;
    case 'f':
        hf_write_float(self->w, va_arg(*self->args, double));
        return true;
    case 'n':
        hf_write_nil(self->w);
        return true;
    case 's':
        at = va_arg(*self->args, const char *);
        return draw_text(self, at, at == NULL ? 1 : strlen(at));
    case 'S':
        at = va_arg(*self->args, const char *);
        return draw_text(self, at, va_arg(*self->args, size_t));
    case 'B':
        at = va_arg(*self->args, const void *);
        return draw_bytes(self, at, va_arg(*self->args, size_t));
    case 'v':
        return draw_value(self, va_arg(*self->args, const hf_value_t *));
    default:
        return draw_hooked(self, letter, va_arg(*self->args, const void *));
    }
}

bool
hfi_picture_write_args(const hfi_picture_t *self, va_list *args, const hfi_picture_hooks_t *hooks,
                       hf_writer_t *w, hfi_failure_t *failure)
{
    drawing_t drawing = {args, hooks, w, failure};
    const char *at = skip_blank(self->args);
    hf_write_list(w, self->n_args);
    for (uint32_t i = 0; i < self->n_args; i++, at = skip_blank(at)) {
        if (!draw_item(&drawing, &at))
            return false;
    }
    return true;
}

bool
hfi_picture_write_kwargs(const hfi_picture_t *self, va_list *args, const hfi_picture_hooks_t *hooks,
                         hf_writer_t *w, hfi_failure_t *failure)
{
    drawing_t drawing = {args, hooks, w, failure};
    const char *at = self->kwargs;
    hf_write_map(w, self->n_kwargs);
    for (uint32_t i = 0; i < self->n_kwargs; i++, at = skip_blank(at)) {
        size_t len = name_len(at);
        hf_write_str(w, at, len);
        at = skip_blank(at + len + 1);
        if (!draw_item(&drawing, &at))
            return false;
    }
    return true;
}

bool
hfi_picture_write_value(const char *text, va_list *args, const hfi_picture_hooks_t *hooks,
                        hf_writer_t *w, hfi_failure_t *failure)
{
    hfi_picture_t picture = {0};
    if (!hfi_picture_open(&picture, text, failure))
        return false;
    if (picture.n_args != 1 || picture.n_kwargs != 0)
        return hfi_fail(failure, "ValueError",
                        "picture: one value is wanted, this is for %" PRIu32 ": %.40s",
                        picture.n_args + picture.n_kwargs, text);
    drawing_t drawing = {args, hooks, w, failure};
    const char *at = skip_blank(picture.args);
    return draw_item(&drawing, &at);
}

bool
hfi_picture_build(const char *text, va_list *args, const hfi_picture_hooks_t *hooks,
                  hf_value_t *ret_value, hfi_failure_t *failure)
{
    hfi_builder_t builder;
    hfi_builder_open(&builder, 0);
    if (!hfi_picture_write_value(text, args, hooks, &builder.w, failure)) {
        hfi_builder_close(&builder);
        return false;
    }
    return hfi_builder_take(&builder, ret_value) ||
           hfi_fail(failure, "LimitExceeded", "no memory for the value");
}

/* ---- reading -------------------------------------------------------------------------- */

/* What is to be written through a pointer once all has fitted. */
typedef struct out {
    char letter;
    void *to;
    size_t *to_len; /* S, B */
    size_t len;
    union {
        int64_t i;
        uint64_t u;
        bool b;
        double f;
        void *p; /* s, S, B, h */
        hf_value_t v;
    } as;
} out_t;

typedef struct reading {
    va_list *outs;
    const hfi_picture_hooks_t *hooks;
    hfi_failure_t *failure;
    uint32_t n;
    out_t out[HFI_PICTURE_OUTS_MAX];
} reading_t;

static const char *
kind_name(const hf_value_t *value)
{
    static const char *const name[] = {"nothing", "nil",   "bool", "int", "float",
                                       "str",     "bytes", "list", "map", "handle",
                                       "promise", "error", "ext"};
    return name[hf_kind(value)];
}

static bool
misfit(reading_t *self, const hf_value_t *value, const char *wanted)
{
    return hfi_fail(self->failure, "TypeError", "the result is %s where the picture wants %s",
                    kind_name(value), wanted);
}

/* ---- one letter each: fills in `out`, whose pointers are there already ---- */

static bool
read_number(reading_t *self, const hf_value_t *value, out_t *out)
{
    hf_kind_t kind = hf_kind(value);
    bool is_int = kind == HF_INT || kind == HF_BOOL;
    if (out->letter == 'f') {
        out->as.f = hf_as_float(value);
        return is_int || kind == HF_FLOAT || misfit(self, value, "a float");
    }
    if (!is_int)
        return misfit(self, value, "an int");
    if (out->letter == 'i') {
        out->as.i = hf_as_int(value);
        return hf_int_fits(value) || hfi_fail(self->failure, "OverflowError",
                                              "the result is above 2**63 - 1: read it by u");
    }
    out->as.u = hf_as_uint(value);
    return !hf_int_fits(value) || hf_as_int(value) >= 0 ||
           hfi_fail(self->failure, "OverflowError", "the result is below 0: read it by i");
}

/* A copy with a NUL behind it. */
static bool
read_copy(reading_t *self, const void *at, size_t len, out_t *out)
{
    char *copy = malloc(len + 1);
    if (copy == NULL)
        return hfi_fail(self->failure, "LimitExceeded", "no memory for %zu bytes", len);
    if (len != 0)
        memcpy(copy, at, len);
    copy[len] = '\0';
    out->as.p = copy;
    out->len = len;
    return true;
}

static bool
read_text(reading_t *self, const hf_value_t *value, out_t *out)
{
    size_t len;
    const void *at =
        out->letter == 'B' ? (const void *)hf_as_bytes(value, &len) : hf_as_str(value, &len);
    if (at == NULL)
        return misfit(self, value, out->letter == 'B' ? "bytes" : "a str");
    if (out->letter == 's' && memchr(at, '\0', len) != NULL)
        return hfi_fail(self->failure, "ValueError", "the result has a NUL in it: read it by S");
    return read_copy(self, at, len, out);
}

static bool
read_handle(reading_t *self, const hf_value_t *value, out_t *out)
{
    if (hf_kind(value) != HF_HANDLE)
        return misfit(self, value, "a handle");
    if (self->hooks == NULL || self->hooks->read == NULL)
        return hfi_fail(self->failure, "ValueError", "picture: 'h' is for a client's calls");
    return self->hooks->read(self->hooks->context, value, &out->as.p, self->failure);
}

static bool
read_value(const reading_t *self, const hf_value_t *value, out_t *out)
{
    if (self->hooks != NULL && self->hooks->keep != NULL)
        return self->hooks->keep(self->hooks->context, value, &out->as.v, self->failure);
    return hfi_value_keep(value, &out->as.v) ||
           hfi_fail(self->failure, "LimitExceeded", "no memory for the value");
}

static bool
read_letter(reading_t *self, char letter, const hf_value_t *value)
{
    if (letter == 'n')
        return hf_kind(value) == HF_NIL || misfit(self, value, "nil");
    if (letter == 'p')
        return hfi_fail(self->failure, "ValueError", "picture: no result can be read by 'p'");
    if (self->n == HFI_PICTURE_OUTS_MAX)
        return hfi_fail(self->failure, "ValueError", "picture: more than %d to read",
                        HFI_PICTURE_OUTS_MAX);
    out_t out = {.letter = letter, .to = va_arg(*self->outs, void *)};
    if (letter == 'S' || letter == 'B')
        out.to_len = va_arg(*self->outs, size_t *);
    bool is_read;
    if (letter == 'b') {
        out.as.b = hf_as_bool(value);
        is_read = hf_kind(value) == HF_BOOL || misfit(self, value, "a bool");
    } else if (letter == 'v') {
        is_read = read_value(self, value, &out);
    } else if (letter == 'h') {
        is_read = read_handle(self, value, &out);
    } else if (strchr("iuf", letter) != NULL) {
        is_read = read_number(self, value, &out);
    } else {
        is_read = read_text(self, value, &out);
    }
    if (is_read)
        self->out[self->n++] = out;
    return is_read;
}

static bool read_item(reading_t *self, const char **at_p, const hf_value_t *value);

/* The items of a list, or the keys and values of a map. */
static bool
read_inside(reading_t *self, const char **at_p, const hf_value_t *value)
{
    bool is_map = **at_p == '{';
    char close = is_map ? '}' : ']';
    ++*at_p;
    uint32_t n = count_items(*at_p, close) / (is_map ? 2 : 1);
    if (hf_kind(value) != (is_map ? HF_MAP : HF_LIST))
        return misfit(self, value, is_map ? "a map" : "a list");
    if (hf_count(value) != n)
        return hfi_fail(self->failure, "ValueError",
                        "the result has %" PRIu32 " %s where the picture wants %" PRIu32,
                        hf_count(value), is_map ? "pairs" : "items", n);
    hf_cursor_t cursor;
    hf_value_t item;
    hf_open(&cursor, value);
    for (*at_p = skip_blank(*at_p); **at_p != close; *at_p = skip_blank(*at_p)) {
        if (**at_p == ':') {
            ++*at_p;
            continue;
        }
        if (!hf_next(&cursor, &item) || !read_item(self, at_p, &item))
            return false;
    }
    ++*at_p;
    return true;
}

static bool
read_item(reading_t *self, const char **at_p, const hf_value_t *value)
{
    char letter = **at_p;
    if (letter == '[' || letter == '{')
        return read_inside(self, at_p, value);
    ++*at_p;
    return read_letter(self, letter, value);
}

static void
out_commit(const out_t *out)
{
    switch (out->letter) {
    case 'i':
        memcpy(out->to, &out->as.i, sizeof out->as.i);
        break;
    case 'u':
        memcpy(out->to, &out->as.u, sizeof out->as.u);
        break;
    case 'b':
        memcpy(out->to, &out->as.b, sizeof out->as.b);
        break;
    case 'f':
        memcpy(out->to, &out->as.f, sizeof out->as.f);
        break;
    case 'v':
        memcpy(out->to, &out->as.v, sizeof out->as.v);
        break;
    default:
        memcpy(out->to, &out->as.p, sizeof out->as.p);
        if (out->to_len != NULL)
            *out->to_len = out->len;
        break;
    }
}

static void
out_undo(const reading_t *self, out_t *out)
{
    if (out->letter == 'v' && self->hooks != NULL && self->hooks->drop != NULL)
        self->hooks->drop(self->hooks->context, &out->as.v);
    else if (out->letter == 'v')
        hfi_value_drop(&out->as.v);
    else if (out->letter == 'h')
        self->hooks->undo(self->hooks->context, &out->as.p);
    else if (strchr("sSB", out->letter) != NULL)
        free(out->as.p);
}

bool
hfi_picture_read(const char *text, const hf_value_t *value, va_list *outs,
                 const hfi_picture_hooks_t *hooks, hfi_failure_t *failure)
{
    hfi_picture_t picture = {0};
    if (!hfi_picture_open(&picture, text, failure))
        return false;
    if (picture.n_args > 1 || picture.n_kwargs != 0)
        return hfi_fail(failure, "ValueError", "picture: a result is one value: %.40s", text);
    if (picture.n_args == 0)
        return true;
    reading_t reading;
    reading.outs = outs;
    reading.hooks = hooks;
    reading.failure = failure;
    reading.n = 0;
    const char *at = skip_blank(picture.args);
    bool is_read = read_item(&reading, &at, value);
    for (uint32_t i = 0; i < reading.n; i++) {
        if (is_read)
            out_commit(&reading.out[i]);
        else
            out_undo(&reading, &reading.out[i]);
    }
    return is_read;
}
