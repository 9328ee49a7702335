/* SPDX-License-Identifier: MPL-2.0 */
/* text -- a text that grows, for a repr that is put together. */
#include "text.h"

#include <string.h>

#include "words.h"

hf_err_t
hfi_text_add(hf_call_t *call, hfi_text_t *self, const char *at, size_t len)
{
    if (len == 0)
        return HF_OK;
    if (len > self->room - self->len) {
        size_t room = 2 * self->room + len + 64;
        char *grown = hf_realloc(call, self->at, room);
        if (grown == NULL)
            return HF_RAISED;
        self->at = grown;
        self->room = room;
    }
    memcpy(self->at + self->len, at, len);
    self->len += len;
    return HF_OK;
}

hf_err_t
hfi_text_add_repr(hf_call_t *call, hfi_text_t *self, const hf_value_t *value)
{
    hf_value_t text = {.raw = {0}};
    size_t len = 0;
    if (hf_repr(call, value, &text) != HF_OK)
        return HF_RAISED;
    const char *at = hf_as_str(&text, &len);
    return at == NULL ? HF_OK : hfi_text_add(call, self, at, len);
}

hf_err_t
hfi_text_add_key(hf_call_t *call, hfi_text_t *self, const hf_value_t *key)
{
    hf_value_t room = {.raw = {0}};
    hfi_word_t text;
    if (hfi_key_text(call, key, &room, &text) != HF_OK)
        return HF_RAISED;
    return hfi_text_add(call, self, text.at, (size_t)text.len);
}

hf_err_t
hfi_text_return(hf_call_t *call, hfi_text_t *self, hf_err_t err)
{
    if (err == HF_OK)
        err = hf_return_str(call, self->at == NULL ? "" : self->at, self->len);
    if (self->at != NULL)
        hf_free(call, self->at);
    *self = (hfi_text_t){NULL, 0, 0};
    return err;
}
