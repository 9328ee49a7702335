/* SPDX-License-Identifier: MPL-2.0 */
/* slow -- a call that holds the manager is listed with who made it, and methods' durations are in stats. */
#define _GNU_SOURCE
#include "harness.h"

#include <holdfast/holdfast.h>

#include "figure.h"

enum { ITEMS = 20000, ROUNDS = E2E_IS_SANITIZED ? 2 : 15 };

/* The member of a map, a view. */
static hf_value_t
member(const hf_value_t *map, const char *name)
{
    hf_cursor_t cursor;
    hf_value_t key;
    hf_value_t value;
    hf_open(&cursor, map);
    while (hf_next(&cursor, &key) && hf_next(&cursor, &value)) {
        size_t len;
        const char *text = hf_as_str(&key, &len);
        if (text != NULL && len == strlen(name) && memcmp(text, name, len) == 0)
            return value;
    }
    fail_msg("no %s", name);
    return hf_nil();
}

static bool
says(const hf_value_t *map, const char *name, const char *what)
{
    size_t len;
    hf_value_t value = member(map, name);
    const char *text = hf_as_str(&value, &len);
    return text != NULL && len >= strlen(what) && memcmp(text, what, strlen(what)) == 0;
}

/* A list of numbers in no order, which takes far more than 11 ms to sort. */
static hf_proxy_t *
make_unsorted(hf_client_t *client)
{
    hf_proxy_t *list = hf_create(client, "list", "");
    assert_non_null(list);
    uint32_t chance = 1;
    for (int round = 0; round < e2e_rounds(ROUNDS); round++) {
        hf_value_t items;
        hf_writer_t *w = hf_writer(NULL);
        assert_non_null(w);
        hf_write_list(w, ITEMS);
        for (int k = 0; k < ITEMS; k++) {
            chance = chance * 1664525u + 1013904223u;
            hf_write_uint(w, chance >> 8);
        }
        assert_int_equal(hf_written(NULL, w, &items), HF_OK);
        assert_int_equal(hf_call(list, "extend", "v", &items), 0);
        hf_drop(NULL, &items);
    }
    return list;
}

static void
a_slow_call_is_listed_with_its_client(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    hf_options_t *options = hf_options_new();
    assert_int_equal(hf_options_set(options, "name", "sorter"), 0);
    hf_client_t *client = hf_connect(self->endpoint, options);
    assert_non_null(client);
    hf_options_destroy(&options);
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    HF_AUTO_PROXY hf_proxy_t *list = make_unsorted(client);
    assert_int_equal(hf_call(list, "sort", "reverse=b", true), 0);
    hf_value_t calls;
    assert_int_equal(hf_call_into(manager, "slow_calls", "", "v", &calls), 0);
    hf_cursor_t cursor;
    hf_value_t call;
    bool is_found = false;
    double before = 1e9;
    hf_open(&cursor, &calls);
    while (hf_next(&cursor, &call)) {
        hf_value_t seconds = member(&call, "seconds");
        assert_true(hf_as_float(&seconds) <= before); /* slowest first */
        before = hf_as_float(&seconds);
        is_found = is_found ||
                   (says(&call, "method", "sort") && says(&call, "typeid", "list") &&
                    says(&call, "client", "sorter") && says(&call, "arguments", "(reverse=True)"));
    }
    assert_true(is_found);
    hf_drop(NULL, &calls);
    const e2e_result_t *shown = E2E_TOOL(self, "slow");
    assert_int_equal(shown->status, 0);
    if (strstr(shown->out, "list.sort(reverse=True), sorter") == NULL)
        fail_msg("not told with its client:\n%s", shown->out);
    hf_disconnect(&client);
}

static void
durations_of_methods_are_in_stats(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    hf_client_t *client = e2e_connect(self->endpoint);
    assert_non_null(client);
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    HF_AUTO_PROXY hf_proxy_t *list = hf_create(client, "list", "");
    for (int64_t k = 0; k < 1000; k++)
        assert_int_equal(hf_call(list, k % 2 == 0 ? "append" : "pop", k % 2 == 0 ? "i" : "", k), 0);
    assert_int_equal(hf_call(list, "pop", ""), -1);
    hf_value_t stats;
    assert_int_equal(hf_call_into(manager, "stats", "", "v", &stats), 0);
    hf_value_t latency = member(&stats, "latency");
    hf_value_t types = member(&stats, "types");
    hf_value_t figures = member(&types, "list");
    hf_value_t methods = member(&figures, "methods");
    assert_int_equal(hf_count(&methods), 2); /* no other was called */
    static const char *const names[] = {"list.append", "list.pop"};
    for (size_t k = 0; k < 2; k++) {
        hf_value_t method = member(&latency, names[k]);
        hf_value_t sampled = member(&method, "sampled");
        hf_value_t p50 = member(&method, "p50");
        hf_value_t longest = member(&method, "longest");
        hf_value_t histogram = member(&method, "histogram");
        assert_true(hf_as_uint(&sampled) >= 1 && hf_as_uint(&sampled) <= 32);
        assert_true(hf_as_float(&p50) > 0 && hf_as_float(&p50) <= hf_as_float(&longest));
        assert_true(hf_count(&histogram) >= 1);
        hf_value_t counts = member(&methods, strchr(names[k], '.') + 1);
        hf_value_t calls = member(&counts, "calls");
        hf_value_t errors = member(&counts, "errors");
        assert_int_equal(hf_as_uint(&calls), 500 + k);
        assert_int_equal(hf_as_uint(&errors), k); /* one pop too many */
    }
    hf_drop(NULL, &stats);
    hf_disconnect(&client);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_slow_call_is_listed_with_its_client, e2e_open, e2e_close),
        cmocka_unit_test_setup_teardown(durations_of_methods_are_in_stats, e2e_open, e2e_close),
    };
    return cmocka_run_group_tests_name("slow", tests, NULL, NULL);
}
