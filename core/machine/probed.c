/* SPDX-License-Identifier: MPL-2.0 */
/* probed -- see probed.h */
#include "probed.h"

#include <stdio.h>
#include <string.h>

#include <value/repr.h>

#include "answer.h"
#include "session.h"

enum {
    PROBED_LONG = 64,  /* bytes of an argument that is shown */
    PROBED_SHOWN = 16, /* arguments that are */
};

static bool
probed_append(hfi_bytes_t *to, const char *text)
{
    return hfi_bytes_append(to, text, strlen(text));
}

static bool
probed_value(const hf_value_t *value, hfi_bytes_t *to)
{
    char size[48];
    if (hf_len_of(value) <= PROBED_LONG)
        return hfi_repr(value, to);
    (void)snprintf(size, sizeof size, "<%zu bytes>", hf_len_of(value));
    return probed_append(to, size);
}

/* The items of `args`, or of a map as NAME=VALUE, behind `n_before` others. */
static bool
probed_items(const hf_value_t *items, size_t n_before, hfi_bytes_t *to)
{
    hf_cursor_t cursor;
    hf_value_t item;
    bool is_map = hf_kind(items) == HF_MAP;
    hf_open(&cursor, items);
    for (size_t n = n_before; hf_next(&cursor, &item); n++) {
        if (n > 0 && !probed_append(to, ", "))
            return false;
        if (n >= PROBED_SHOWN)
            return probed_append(to, "...");
        if (is_map && (!hfi_str(&item, to) || !probed_append(to, "=") || !hf_next(&cursor, &item)))
            return false;
        if (!probed_value(&item, to))
            return false;
    }
    return true;
}

const char *
hfi_probed_client(const void *call)
{
    const hfi_call_t *self = call;
    return self->session == NULL ? NULL : self->session->client;
}

bool
hfi_probed_show(const hf_value_t *args, const hf_value_t *kwargs, bool is_sensitive,
                hfi_bytes_t *to)
{
    if (is_sensitive)
        return probed_append(to, "(...)");
    bool has_args = hf_kind(args) == HF_LIST;
    return probed_append(to, "(") && (!has_args || probed_items(args, 0, to)) &&
           (hf_kind(kwargs) != HF_MAP || probed_items(kwargs, has_args ? hf_count(args) : 0, to)) &&
           probed_append(to, ")");
}

bool
hfi_probed_arguments(const void *call, hfi_bytes_t *to)
{
    const hfi_call_t *self = call;
    if (self->method == NULL)
        return probed_append(to, "()");
    return hfi_probed_show(&self->args, &self->kwargs,
                           (self->method->row->flags & HF_SENSITIVE) != 0, to);
}
