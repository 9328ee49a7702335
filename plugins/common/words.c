/* SPDX-License-Identifier: MPL-2.0 */
/* words -- Python's names for the kinds of values, and the errors that more than one type raises. */
#include "words.h"

#include <limits.h>

static hfi_word_t
words_typeid(const hf_value_t *handle)
{
    size_t len = 0;
    const char *at = hf_handle_typeid(handle, &len);
    if (at == NULL || len > INT_MAX)
        return (hfi_word_t){"proxy", 5};
    return (hfi_word_t){at, (int)len};
}

hfi_word_t
hfi_word_of(const hf_value_t *value)
{
    switch (hf_kind(value)) {
    case HF_NIL:
        return (hfi_word_t){"NoneType", 8};
    case HF_BOOL:
        return (hfi_word_t){"bool", 4};
    case HF_INT:
        return (hfi_word_t){"int", 3};
    case HF_FLOAT:
        return (hfi_word_t){"float", 5};
    case HF_STR:
        return (hfi_word_t){"str", 3};
    case HF_BYTES:
        return (hfi_word_t){"bytes", 5};
    case HF_LIST:
        return (hfi_word_t){"list", 4};
    case HF_MAP:
        return (hfi_word_t){"dict", 4};
    case HF_HANDLE:
        return words_typeid(value);
    case HF_ERROR:
        return (hfi_word_t){"error", 5};
    default:
        return (hfi_word_t){"ext", 3};
    }
}

bool
hfi_is_index(const hf_value_t *value, int64_t *ret_index)
{
    hf_kind_t kind = hf_kind(value);
    if (kind != HF_INT && kind != HF_BOOL)
        return false;
    *ret_index = hf_int_fits(value) ? hf_as_int(value) : INT64_MAX;
    return true;
}

hf_err_t
hfi_plain(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_plain)
{
    if (hf_kind(value) == HF_HANDLE)
        return hf_value_of(call, value, ret_plain);
    *ret_plain = *value;
    return HF_OK;
}

static hf_err_t
words_plain_text(hf_call_t *call, const hf_value_t *value, hf_value_t *ret_room,
                 hfi_word_t *ret_text)
{
    size_t len = 0;
    if (hf_repr(call, value, ret_room) != HF_OK)
        return HF_RAISED;
    const char *at = hf_as_str(ret_room, &len);
    *ret_text = (hfi_word_t){at, len > INT_MAX ? INT_MAX : (int)len};
    return HF_OK;
}

hf_err_t
hfi_key_text(hf_call_t *call, const hf_value_t *key, hf_value_t *ret_room, hfi_word_t *ret_text)
{
    /* An array shows as a tuple only where it is a key, so the key is shown inside a map. */
    enum { HEAD = 1, TAIL = 7 }; /* of "{" and ": None}" */
    hf_value_t map = {.raw = {0}};
    uint64_t hash = 0;
    if (!hf_hash(call, key, &hash))
        return words_plain_text(call, key, ret_room, ret_text);
    hf_writer_t *w = hf_writer(call);
    if (w == NULL)
        return HF_RAISED;
    hf_write_map(w, 1);
    hf_write_value(w, key);
    hf_write_nil(w);
    hf_err_t err = hf_written(call, w, &map);
    if (err == HF_OK)
        err = hf_repr(call, &map, ret_room);
    if (err != HF_OK)
        return err;
    size_t len = 0;
    const char *at = hf_as_str(ret_room, &len);
    if (at == NULL || len < HEAD + TAIL || len - HEAD - TAIL > INT_MAX)
        *ret_text = (hfi_word_t){"?", 1};
    else
        *ret_text = (hfi_word_t){at + HEAD, (int)(len - HEAD - TAIL)};
    return HF_OK;
}

hf_err_t
hfi_raise_key(hf_call_t *call, const hf_value_t *key)
{
    hf_value_t room = {.raw = {0}};
    hfi_word_t text;
    if (hfi_key_text(call, key, &room, &text) != HF_OK)
        return HF_RAISED;
    return hf_raise_value(call, "KeyError", key, "%.*s", text.len, text.at);
}

hf_err_t
hfi_hash_key(hf_call_t *call, const hf_value_t *key, uint64_t *ret_hash)
{
    if (!hf_hash(call, key, ret_hash))
        return HF_RAISE(call, "TypeError", "unhashable type: 'dict'");
    return HF_OK;
}

hf_err_t
hfi_raise_unordered(hf_call_t *call, const hf_value_t *a, const hf_value_t *b)
{
    hf_value_t x = *a;
    hf_value_t y = *b;
    while (hf_kind(&x) == HF_LIST && hf_kind(&y) == HF_LIST) {
        hf_value_t outer_x = x;
        hf_value_t outer_y = y;
        hf_cursor_t in_x;
        hf_cursor_t in_y;
        bool differ = false;
        hf_open(&in_x, &outer_x);
        hf_open(&in_y, &outer_y);
        while (!differ && hf_next(&in_x, &x) && hf_next(&in_y, &y))
            differ = !hf_equal(call, &x, &y);
        if (!differ)
            break;
    }
    hfi_word_t p = hfi_word_of(&x);
    hfi_word_t q = hfi_word_of(&y);
    return HF_RAISE(call, "TypeError", "'<' not supported between instances of '%.*s' and '%.*s'",
                    p.len, p.at, q.len, q.at);
}
