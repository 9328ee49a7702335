/* SPDX-License-Identifier: MPL-2.0 */
/* json -- values as JSON and back, without loss (but for a NaN's bits).
 *
 * | value                              | JSON                                              |
 * | nil, bool, str, list               | null, true and false, string, array               |
 * | int up to 2^63 - 1                 | number                                            |
 * | int above                          | {"$int": "18446744073709551615"}                  |
 * | float                              | number with a point or an exponent: 1.0, 1e+300   |
 * | inf, -inf, NaN                     | {"$float": "inf"}, "-inf", "nan"                  |
 * | bytes                              | {"$bytes": base64}                                |
 * | map whose keys are all str         | object, in its order                              |
 * | any other map                      | {"$map": [[key, value], …]}                       |
 * | handle                             | {"$handle": [12, "list"]}, its payload            |
 * | promise                            | {"$promise": 7}                                   |
 * | error                              | {"$error": ["ValueError", "text", null]}          |
 * | an application's ext               | {"$ext": [42, base64]}                            |
 * A map with one key that begins with `$` is written as $map, so that the way back is certain.
 *
 * Thread: [any]; no state.
 */
#ifndef HFI_JSON_H
#define HFI_JSON_H

#include <stdbool.h>

#include <base/span.h>
#include <holdfast/value.h>

#include "failure.h"

/* Appends JSON on one line. False: no memory, or deeper than anything that was admitted; then some of it
 * may have been appended. */
bool hfi_json_write(const hf_value_t *value, hfi_bytes_t *out);

/* Reads one JSON text. Gives the value, to be dropped. False: *failure has ValueError and where, or
 * LimitExceeded where memory is short; *ret_value untouched. */
bool hfi_json_read(hfi_span_t text, hf_value_t *ret_value, hfi_failure_t *failure);

#endif
