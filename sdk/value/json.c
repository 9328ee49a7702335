/* SPDX-License-Identifier: MPL-2.0 */
/* json -- see json.h
 *
 * JSON is read by jansson and written here: jansson knows no int above 2^63 - 1, writes 0.1 as
 * 0.10000000000000001, and would need a tree of the whole value.
 */
#include "json.h"

#include <inttypes.h>

#include <jansson.h>
#include <sodium.h>

#include <base/check.h>

#include "admit.h"
#include "repr.h"
#include "value.h"
#include "writer.h"

enum { NEST_MAX = HFI_DEPTH_MAX + 64 }; /* deeper than what is admitted: a program's own making */

/* ---- writing -------------------------------------------------------------------------- */

static bool write_item(const uint8_t **at_p, uint32_t nest, hfi_bytes_t *out);

static bool
put(hfi_bytes_t *out, const char *text)
{
    return hfi_bytes_append(out, text, strlen(text));
}

static const char *
escape_for(uint8_t byte, char buffer[8])
{
    static const char letter[] = "btn_fr"; /* of 0x08 … 0x0d */
    if (byte == '"' || byte == '\\')
        (void)snprintf(buffer, 8, "\\%c", byte);
    else if (byte >= 0x08 && byte <= 0x0d && byte != 0x0b)
        (void)snprintf(buffer, 8, "\\%c", letter[byte - 0x08]);
    else if (byte < 0x20 || byte == 0x7f)
        (void)snprintf(buffer, 8, "\\u%04x", byte);
    else
        return NULL;
    return buffer;
}

static bool
write_text(const uint8_t *at, size_t len, hfi_bytes_t *out)
{
    size_t plain = 0; /* bytes before `i` not yet written */
    bool is_fine = put(out, "\"");
    for (size_t i = 0; i < len && is_fine; i++) {
        char buffer[8];
        const char *escape = escape_for(at[i], buffer);
        if (escape == NULL)
            continue;
        is_fine = hfi_bytes_append(out, at + plain, i - plain) && put(out, escape);
        plain = i + 1;
    }
    return is_fine && hfi_bytes_append(out, at + plain, len - plain) && put(out, "\"");
}

static bool
write_base64(const uint8_t *at, size_t len, hfi_bytes_t *out)
{
    size_t room = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
    char *to = (char *)hfi_bytes_reserve(out, room + 1);
    if (to == NULL)
        return false;
    to[0] = '"';
    (void)sodium_bin2base64(to + 1, room, at, len, sodium_base64_VARIANT_ORIGINAL);
    out->len += room; /* `room` counts the NUL, which the quotation mark before makes good */
    return put(out, "\"");
}

static bool
write_number(const hf_head_t *head, hfi_bytes_t *out)
{
    char text[48];
    if (head->is_negative)
        (void)snprintf(text, sizeof text, "%" PRId64, (int64_t)head->bits);
    else if (head->bits <= INT64_MAX)
        (void)snprintf(text, sizeof text, "%" PRIu64, head->bits);
    else
        (void)snprintf(text, sizeof text, "{\"$int\": \"%" PRIu64 "\"}", head->bits);
    return put(out, text);
}

static bool
write_float(const hf_head_t *head, hfi_bytes_t *out)
{
    char text[HFI_FLOAT_TEXT];
    double number;
    memcpy(&number, &head->bits, sizeof number);
    (void)hfi_float_text(number, text);
    if (strpbrk(text, "in") == NULL) /* neither inf nor nan */
        return put(out, text);
    return put(out, "{\"$float\": \"") && put(out, text) && put(out, "\"}");
}

static bool
write_items(const uint8_t **at_p, uint32_t n, uint32_t nest, hfi_bytes_t *out)
{
    if (!put(out, "["))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if ((i > 0 && !put(out, ", ")) || !write_item(at_p, nest, out))
            return false;
    }
    return put(out, "]");
}

/* May the map of `n` pairs be a JSON object: all keys str, and not one alone that looks like ours? */
static bool
is_object(const uint8_t *at, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        hf_head_t head;
        hf_read_head(at, &head);
        if (head.kind != HF_STR || (n == 1 && head.len > 0 && at[head.size] == '$'))
            return false;
        at += hf_skip(at, NULL);
        at += hf_skip(at, NULL);
    }
    return true;
}

static bool
write_map(const uint8_t **at_p, uint32_t n, uint32_t nest, hfi_bytes_t *out)
{
    bool is_plain = is_object(*at_p, n);
    if (!put(out, is_plain ? "{" : "{\"$map\": ["))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0 && !put(out, ", "))
            return false;
        bool is_fine =
            is_plain ? write_item(at_p, nest, out) && put(out, ": ") && write_item(at_p, nest, out)
                     : write_items(at_p, 2, nest, out);
        if (!is_fine)
            return false;
    }
    return put(out, is_plain ? "}" : "]}");
}

static bool
write_ext(const hf_head_t *head, const uint8_t *payload, uint32_t nest, hfi_bytes_t *out)
{
    char text[24];
    if (head->kind == HF_EXT) {
        (void)snprintf(text, sizeof text, "{\"$ext\": [%u, ", (unsigned)head->bits);
        return put(out, text) && write_base64(payload, head->len, out) && put(out, "]}");
    }
    const char *name = head->kind == HF_HANDLE  ? "handle"
                       : head->kind == HF_ERROR ? "error"
                                                : "promise";
    return put(out, "{\"$") && put(out, name) && put(out, "\": ") &&
           write_item(&payload, nest, out) && put(out, "}");
}

/* Writes the item at *at_p and moves behind it. */
static bool
write_item(const uint8_t **at_p, uint32_t nest, hfi_bytes_t *out)
{
    hf_head_t head;
    const uint8_t *at = *at_p;
    hf_read_head(at, &head);
    const uint8_t *payload = at + head.size;
    *at_p = payload + head.len;
    if (nest == 0)
        return false;
    switch (head.kind) {
    case HF_BOOL:
        return put(out, head.bits != 0 ? "true" : "false");
    case HF_INT:
        return write_number(&head, out);
    case HF_FLOAT:
        return write_float(&head, out);
    case HF_STR:
        return write_text(payload, head.len, out);
    case HF_BYTES:
        return put(out, "{\"$bytes\": ") && write_base64(payload, head.len, out) && put(out, "}");
    case HF_LIST:
        return write_items(at_p, head.items, nest - 1, out);
    case HF_MAP:
        return write_map(at_p, head.items / 2, nest - 1, out);
    case HF_HANDLE:
    case HF_PROMISE:
    case HF_ERROR:
    case HF_EXT:
        return write_ext(&head, payload, nest - 1, out);
    default:
        return put(out, "null");
    }
}

bool
hfi_json_write(const hf_value_t *value, hfi_bytes_t *out)
{
    static const uint8_t nil = 0xc0;
    const uint8_t *at = value->raw[15] == 0 ? &nil : hf_bytes_of(value);
    return write_item(&at, NEST_MAX, out);
}

/* ---- reading -------------------------------------------------------------------------- */

static bool read_item(hf_writer_t *w, json_t *json, hfi_failure_t *failure);

static bool
read_items(hf_writer_t *w, json_t *array, hfi_failure_t *failure)
{
    size_t n = json_array_size(array);
    hf_write_list(w, n);
    for (size_t i = 0; i < n; i++) {
        if (!read_item(w, json_array_get(array, i), failure))
            return false;
    }
    return true;
}

static bool
read_map(hf_writer_t *w, json_t *pairs, hfi_failure_t *failure)
{
    size_t n = json_array_size(pairs);
    if (!json_is_array(pairs))
        return hfi_fail(failure, "ValueError", "$map wants an array of pairs");
    hf_write_map(w, n);
    for (size_t i = 0; i < n; i++) {
        json_t *pair = json_array_get(pairs, i);
        if (json_array_size(pair) != 2)
            return hfi_fail(failure, "ValueError", "$map wants pairs, [key, value]");
        if (!read_item(w, json_array_get(pair, 0), failure) ||
            !read_item(w, json_array_get(pair, 1), failure))
            return false;
    }
    return true;
}

/* Gives bytes, to be freed; NULL with the failure set. */
static uint8_t *
read_base64(json_t *json, size_t *ret_len, hfi_failure_t *failure)
{
    const char *text = json_string_value(json);
    size_t len = json_string_length(json);
    const char *end = NULL;
    if (text == NULL) {
        (void)hfi_fail(failure, "ValueError", "$bytes and $ext want base64 as a string");
        return NULL;
    }
    uint8_t *bytes = malloc(len + 1);
    if (bytes == NULL) {
        (void)hfi_fail(failure, "LimitExceeded", "no memory for %zu bytes", len);
        return NULL;
    }
    if (sodium_base642bin(bytes, len + 1, text, len, NULL, ret_len, &end,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        end != text + len) {
        free(bytes);
        (void)hfi_fail(failure, "ValueError", "not base64: %.40s", text);
        return NULL;
    }
    return bytes;
}

static bool
read_bytes(hf_writer_t *w, json_t *json, hfi_failure_t *failure)
{
    size_t len = 0;
    uint8_t *bytes = read_base64(json, &len, failure);
    if (bytes == NULL)
        return false;
    hf_write_bytes(w, bytes, len);
    free(bytes);
    return true;
}

static bool
read_ext(hf_writer_t *w, json_t *json, hfi_failure_t *failure)
{
    size_t len = 0;
    json_int_t code = json_integer_value(json_array_get(json, 0));
    if (json_array_size(json) != 2 || code < 16 || code > 127)
        return hfi_fail(failure, "ValueError", "$ext wants [code, base64], the code 16 to 127");
    uint8_t *bytes = read_base64(json_array_get(json, 1), &len, failure);
    if (bytes == NULL)
        return false;
    hf_write_ext(w, (uint8_t)code, bytes, len);
    free(bytes);
    return true;
}

static bool
read_float(hf_writer_t *w, json_t *json, hfi_failure_t *failure)
{
    const char *text = json_is_string(json) ? json_string_value(json) : "";
    if (strcmp(text, "nan") == 0)
        hf_write_float(w, __builtin_nan(""));
    else if (strcmp(text, "inf") == 0)
        hf_write_float(w, __builtin_inf());
    else if (strcmp(text, "-inf") == 0)
        hf_write_float(w, -__builtin_inf());
    else
        return hfi_fail(failure, "ValueError", "$float wants \"inf\", \"-inf\" or \"nan\"");
    return true;
}

static bool
read_int(hf_writer_t *w, json_t *json, hfi_failure_t *failure)
{
    const char *text = json_is_string(json) ? json_string_value(json) : "";
    uint64_t number = 0;
    size_t i = 0;
    for (; text[i] >= '0' && text[i] <= '9'; i++) {
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return hfi_fail(failure, "OverflowError", "$int: %.40s is above 2**64 - 1", text);
        number = number * 10 + digit;
    }
    if (i == 0 || text[i] != '\0')
        return hfi_fail(failure, "ValueError", "$int wants digits in a string");
    hf_write_uint(w, number);
    return true;
}

/* An object of one key that begins with `$`. */
static bool
read_special(hf_writer_t *w, const char *name, json_t *json, hfi_failure_t *failure)
{
    static const char *const payload[] = {"$handle", "$promise", "$error"};
    for (size_t i = 0; i < sizeof payload / sizeof payload[0]; i++) {
        if (strcmp(name, payload[i]) != 0)
            continue;
        size_t mark = hfi_ext_begin(w);
        if (!read_item(w, json, failure))
            return false;
        hfi_ext_end(w, mark, (uint8_t)(i + 1));
        return true;
    }
    if (strcmp(name, "$bytes") == 0)
        return read_bytes(w, json, failure);
    if (strcmp(name, "$map") == 0)
        return read_map(w, json, failure);
    if (strcmp(name, "$float") == 0)
        return read_float(w, json, failure);
    if (strcmp(name, "$int") == 0)
        return read_int(w, json, failure);
    if (strcmp(name, "$ext") == 0)
        return read_ext(w, json, failure);
    return hfi_fail(failure, "ValueError",
                    "%.40s is none of $bytes $error $ext $float $handle $int $map $promise; a map "
                    "with such a key is written {\"$map\": [[key, value]]}",
                    name);
}

static bool
read_object(hf_writer_t *w, json_t *object, hfi_failure_t *failure)
{
    void *at = json_object_iter(object);
    if (json_object_size(object) == 1 && json_object_iter_key(at)[0] == '$')
        return read_special(w, json_object_iter_key(at), json_object_iter_value(at), failure);
    bool is_fine = true;
    hf_write_map(w, json_object_size(object));
    for (; at != NULL && is_fine; at = json_object_iter_next(object, at)) {
        hf_write_str(w, json_object_iter_key(at), json_object_iter_key_len(at));
        is_fine = read_item(w, json_object_iter_value(at), failure);
    }
    return is_fine;
}

/* jansson's parser bounds the depth (2048). */
static bool
read_item(hf_writer_t *w, json_t *json, hfi_failure_t *failure)
{
    switch (json_typeof(json)) {
    case JSON_NULL:
        hf_write_nil(w);
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        hf_write_bool(w, json_is_true(json));
        return true;
    case JSON_INTEGER:
        hf_write_int(w, json_integer_value(json));
        return true;
    case JSON_REAL:
        hf_write_float(w, json_real_value(json));
        return true;
    case JSON_STRING:
        hf_write_str(w, json_string_value(json), json_string_length(json));
        return true;
    case JSON_ARRAY:
        return read_items(w, json, failure);
    case JSON_OBJECT:
        return read_object(w, json, failure);
    }
    return hfi_fail(failure, "ValueError", "no JSON");
}

/* The parts were given, the whole must be a value: keys hashable, payloads of the right form. */
static bool
read_admit(hf_value_t *value, hfi_failure_t *failure)
{
    hfi_bytes_t scratch = {0};
    const char *why = "";
    hf_value_t view;
    hfi_admitted_t admitted =
        hfi_admit_value(hfi_value_span(value), HFI_DEPTH_MAX, &scratch, &view, &why);
    hfi_bytes_close(&scratch);
    if (admitted == HFI_ADMIT_OK)
        return true;
    return hfi_fail(failure, "ValueError", "the JSON is no value: %s", why);
}

bool
hfi_json_read(hfi_span_t text, hf_value_t *ret_value, hfi_failure_t *failure)
{
    json_error_t error;
    json_t *json = json_loadb((const char *)text.at, text.len,
                              JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (json == NULL)
        return hfi_fail(failure, "ValueError", "JSON, line %d column %d: %s", error.line,
                        error.column, error.text);
    hfi_builder_t builder;
    hf_value_t value;
    hfi_builder_open(&builder, 0);
    bool is_read = read_item(&builder.w, json, failure);
    json_decref(json);
    if (!is_read) {
        hfi_builder_close(&builder);
        return false;
    }
    if (!hfi_builder_take(&builder, &value))
        return hfi_fail(failure, "LimitExceeded", "no memory for the value");
    if (!read_admit(&value, failure)) {
        hfi_value_drop(&value);
        return false;
    }
    *ret_value = value;
    return true;
}
