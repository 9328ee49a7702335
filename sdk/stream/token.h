/* SPDX-License-Identifier: MPL-2.0 */
/* token -- the text of a token, PROTOCOL.md section 7: "hf1." and base64url of one MessagePack array.
 *
 * Thread: [any]; no state.
 */
#ifndef HFI_TOKEN_H
#define HFI_TOKEN_H

#include <stdbool.h>

#include <base/span.h>
#include <holdfast/value.h>

#include "frame.h"

/* What a token says. The values are views into what hfi_token_read was lent. */
typedef struct hfi_token {
    hf_value_t object;  /* an int; a list of ints where one token is for several */
    hf_value_t typeid_; /* a str; nil beside a list */
    hfi_secret_t secret;
    hfi_secret_t manager;
    hf_value_t endpoints; /* a list of str */
} hfi_token_t;

/* Appends the text of the token whose array is `payload`. False: no memory, nothing changed. */
bool hfi_token_write(hfi_span_t payload, hfi_bytes_t *to);

/* Reads a token's text; `scratch` is emptied and holds what ret_token's values view. False: it is no token. */
bool hfi_token_read(hfi_span_t text, hfi_bytes_t *scratch, hfi_token_t *ret_token);

/* Whether the text begins as a token does: a name or an object's number does not. */
bool hfi_token_is_like(hfi_span_t text);

#endif
