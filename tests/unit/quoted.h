/* SPDX-License-Identifier: MPL-2.0 */
/* quoted -- JSON as tests write it: ' stands for ", so that nothing need be escaped. */
#ifndef TEST_QUOTED_H
#define TEST_QUOTED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/span.h>
#include <value/json.h>

/* The value, to be dropped; a text that has " of its own is taken as it is. The test fails where it is no JSON. */
static inline hf_value_t
quoted_json(const char *text)
{
    hf_value_t value = {.raw = {0}};
    hfi_failure_t failure;
    size_t len = strlen(text);
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, text, len + 1);
    bool is_quoted = strchr(text, '"') == NULL;
    for (char *at = copy; is_quoted && *at != '\0'; at++) {
        if (*at == '\'')
            *at = '"';
    }
    if (!hfi_json_read(hfi_span_of(copy), &value, &failure))
        fail_msg("%s: %s", text, failure.text);
    free(copy);
    return value;
}

#endif
