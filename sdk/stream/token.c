/* SPDX-License-Identifier: MPL-2.0 */
/* token -- see token.h */
#include "token.h"

#include <string.h>

#include <sodium.h>

#include <value/admit.h>

enum { TOKEN_HEAD = 4, TOKEN_ITEMS = 5, TOKEN_DEPTH = 2 };

static const char token_head[] = "hf1.";

bool
hfi_token_is_like(hfi_span_t text)
{
    return text.len > TOKEN_HEAD && memcmp(text.at, token_head, TOKEN_HEAD) == 0;
}

bool
hfi_token_write(hfi_span_t payload, hfi_bytes_t *to)
{
    if (payload.len > SIZE_MAX / 4)
        return false;
    size_t room = sodium_base64_encoded_len(payload.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    uint8_t *at = hfi_bytes_reserve(to, TOKEN_HEAD + room);
    if (at == NULL)
        return false;
    memcpy(at, token_head, TOKEN_HEAD);
    (void)sodium_bin2base64((char *)at + TOKEN_HEAD, room, payload.at, payload.len,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    to->len += TOKEN_HEAD + room - 1; /* without the NUL */
    return true;
}

/* A list whose items are all of that kind, ints not below 0. */
static bool
token_is_list_of(const hf_value_t *list, hf_kind_t kind)
{
    hf_cursor_t items;
    hf_value_t item;
    if (hf_kind(list) != HF_LIST)
        return false;
    hf_open(&items, list);
    while (hf_next(&items, &item)) {
        if (hf_kind(&item) != kind ||
            (kind == HF_INT && hf_int_fits(&item) && hf_as_int(&item) < 0))
            return false;
    }
    return true;
}

static bool
token_is_object(const hf_value_t *object, const hf_value_t *typeid_)
{
    if (hf_kind(object) == HF_LIST)
        return token_is_list_of(object, HF_INT) && hf_kind(typeid_) == HF_NIL;
    return hf_kind(object) == HF_INT && (!hf_int_fits(object) || hf_as_int(object) >= 0) &&
           hf_kind(typeid_) == HF_STR;
}

static bool
token_take_apart(const hf_value_t *payload, hfi_token_t *token)
{
    hf_cursor_t items;
    hf_value_t secret;
    hf_value_t manager;
    if (hf_kind(payload) != HF_LIST || hf_count(payload) != TOKEN_ITEMS)
        return false;
    hf_open(&items, payload);
    return hf_next(&items, &token->object) && hf_next(&items, &token->typeid_) &&
           hf_next(&items, &secret) && hf_next(&items, &manager) &&
           hf_next(&items, &token->endpoints) && token_is_object(&token->object, &token->typeid_) &&
           hfi_secret_read(&secret, &token->secret) && hfi_secret_read(&manager, &token->manager) &&
           token_is_list_of(&token->endpoints, HF_STR);
}

bool
hfi_token_read(hfi_span_t text, hfi_bytes_t *scratch, hfi_token_t *ret_token)
{
    size_t len = 0;
    hf_value_t payload;
    hfi_bytes_t rewritten = {0};
    scratch->len = 0;
    if (!hfi_token_is_like(text))
        return false;
    uint8_t *at = hfi_bytes_reserve(scratch, text.len);
    if (at == NULL ||
        sodium_base642bin(at, text.len, (const char *)text.at + TOKEN_HEAD, text.len - TOKEN_HEAD,
                          NULL, &len, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return false;
    scratch->len = len;
    bool is_value = hfi_admit_value((hfi_span_t){at, len}, TOKEN_DEPTH, &rewritten, &payload,
                                    NULL) == HFI_ADMIT_OK &&
                    rewritten.len == 0; /* a manager writes the shortest form */
    hfi_bytes_close(&rewritten);
    return is_value && token_take_apart(&payload, ret_token);
}
