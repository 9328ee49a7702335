/* SPDX-License-Identifier: MPL-2.0 */
/* figure -- see figure.h */
#include "figure.h"

#include "harness.h"

hf_client_t *
e2e_connect(const char *endpoint)
{
    hf_options_t *options = hf_options_new();
    assert_int_equal(hf_options_set(options, "connect_timeout", e2e_patience_text(20)), 0);
    hf_client_t *client = hf_connect(endpoint, options);
    hf_options_destroy(&options);
    return client;
}

int64_t
e2e_figure(hf_client_t *client, const char *name)
{
    hf_cursor_t cursor;
    hf_value_t stats = {.raw = {0}};
    hf_value_t key = {.raw = {0}};
    hf_value_t value = {.raw = {0}};
    int64_t figure = -1;
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    if (hf_call_value(manager, "stats", NULL, NULL, e2e_patience(20.0), &stats) != 0)
        fail_msg("stats: %s: %s", hf_errkind(), hf_errmsg());
    hf_open(&cursor, &stats);
    while (hf_next(&cursor, &key) && hf_next(&cursor, &value)) {
        size_t len = 0;
        const char *text = hf_as_str(&key, &len);
        if (len == strlen(name) && memcmp(text, name, len) == 0)
            figure = hf_as_int(&value);
    }
    hf_drop(NULL, &stats);
    return figure;
}

int64_t
e2e_count_names(hf_client_t *client)
{
    hf_cursor_t cursor;
    hf_value_t names = {.raw = {0}};
    hf_value_t name = {.raw = {0}};
    int64_t count = 0;
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    assert_int_equal(hf_call_value(manager, "names", NULL, NULL, e2e_patience(20.0), &names), 0);
    for (hf_open(&cursor, &names); hf_next(&cursor, &name);)
        count++;
    hf_drop(NULL, &names);
    return count;
}

int64_t
e2e_count_objects(hf_client_t *client)
{
    int64_t count = -1;
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    assert_int_equal(hf_call_into(manager, "number_of_objects", "", "i", &count), 0);
    return count;
}
