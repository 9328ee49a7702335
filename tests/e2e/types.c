/* SPDX-License-Identifier: MPL-2.0 */
/* types -- holdfast/types.h against a real manager: iteration in chunks, the common types' methods as functions. */
#define _GNU_SOURCE
#include "harness.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include <holdfast/types.h>

#include "figure.h"

static hf_client_t *
connect_to(const e2e_t *self)
{
    hf_client_t *client = e2e_connect(self->endpoint);
    if (client == NULL)
        fail_msg("%s: %s", hf_errkind(), hf_errmsg());
    return client;
}

static int64_t
n_objects(hf_client_t *client)
{
    int64_t n = -1;
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(client);
    assert_int_equal(hf_call_into(manager, "number_of_objects", "", "i", &n), 0);
    return n;
}

/* A list of 0 … n-1. */
static hf_proxy_t *
make_range(hf_client_t *client, int64_t n)
{
    hf_proxy_t *list = hf_create(client, "list", "");
    assert_non_null(list);
    for (int64_t k = 0; k < n; k++)
        assert_int_equal(hf_call_oneway(list, "append", "i", k), 0);
    return list;
}

#define RAISES(rc_, kind_)                                                                         \
    do {                                                                                           \
        assert_int_equal((rc_), -1);                                                               \
        assert_string_equal(hf_errkind(), (kind_));                                                \
    } while (0)

/* ---- iteration ------------------------------------------------------------------------ */

/* Reads ints up to the end, which then stays the end; they are first, first + 1 … */
static int64_t
count_rest(hf_iter_t *it, int64_t first)
{
    int64_t item = -1;
    int64_t n = 0;
    int more = hf_iter_next_into(it, "i", &item);
    for (; more == 1; more = hf_iter_next_into(it, "i", &item))
        assert_int_equal(item, first + n++);
    assert_int_equal(more, 0);
    assert_string_equal(hf_errkind(), "");
    item = -1;
    assert_int_equal(hf_iter_next_into(it, "i", &item), 0);
    assert_int_equal(item, -1);
    return n;
}

static void
all_items_come_whatever_the_chunk(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    hf_client_t *client = connect_to(self);
    static const int64_t lengths[] = {0, 1, 2, 9, 10, 11, 30};
    static const uint32_t chunks[] = {1, 2, 3, 10, 11, HF_ITER_CHUNK, UINT32_MAX};
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
        hf_proxy_t *list = make_range(client, lengths[k]);
        for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++) {
            HF_AUTO_ITER hf_iter_t *it = hf_iter_new(list, chunks[c]);
            assert_non_null(it);
            assert_int_equal(count_rest(it, 0), lengths[k]);
        }
        hf_release(&list);
    }
    assert_int_equal(n_objects(client), 0);
    hf_disconnect(&client);
}

static void
a_chunk_is_one_call(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    hf_client_t *client = connect_to(self);
    HF_AUTO_PROXY hf_proxy_t *list = make_range(client, 10);
    HF_AUTO_ITER hf_iter_t *it = hf_iter_new(list, 4);
    hf_value_t item;
    assert_int_equal(hf_iter_next(it, &item), 1);
    assert_int_equal(hf_as_int(&item), 0);
    assert_int_equal(hf_list_set(list, 1, "i", INT64_C(100)), 0); /* in the chunk */
    assert_int_equal(hf_list_set(list, 4, "i", INT64_C(400)), 0); /* ahead of it */
    static const int64_t expected[] = {1, 2, 3, 400, 5, 6, 7, 8, 9};
    for (size_t k = 0; k < sizeof expected / sizeof *expected; k++) {
        assert_int_equal(hf_iter_next(it, &item), 1);
        assert_int_equal(hf_as_int(&item), expected[k]);
    }
    assert_int_equal(hf_iter_next(it, &item), 0);
    hf_disconnect(&client);
}

static void
an_iterator_goes_on_from_where_it_is(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    hf_client_t *client = connect_to(self);
    hf_proxy_t *list = make_range(client, 10);
    hf_proxy_t *reversed = hf_call_proxy(list, "reversed", "");
    int64_t item;
    assert_int_equal(hf_call_into(reversed, "next", "", "i", &item), 0);
    assert_int_equal(item, 9);
    hf_iter_t *it = hf_iter_of(reversed, 3);
    hf_release(&reversed); /* the iteration holds it, and it holds the list */
    hf_release(&list);
    for (int64_t k = 8; k >= 0; k--) {
        assert_int_equal(hf_iter_next_into(it, "i", &item), 1);
        assert_int_equal(item, k);
    }
    assert_int_equal(hf_iter_next_into(it, "i", &item), 0);
    hf_iter_destroy(&it);
    assert_null(it);
    assert_int_equal(n_objects(client), 0);
    hf_disconnect(&client);
}

static void
referents_come_as_proxies(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    hf_client_t *client = connect_to(self);
    hf_proxy_t *outer = hf_create(client, "list", "");
    for (int64_t k = 0; k < 7; k++) {
        HF_AUTO_PROXY hf_proxy_t *inner = make_range(client, k);
        assert_int_equal(hf_list_append(outer, "h", inner), 0);
    }
    int64_t n = 0;
    hf_iter_t *it = hf_iter_new(outer, 3);
    hf_proxy_t *inner = NULL;
    while (hf_iter_next_into(it, "h", &inner) == 1) {
        assert_int_equal(hf_list_len(inner), n++);
        hf_release(&inner);
    }
    assert_int_equal(n, 7);
    hf_iter_destroy(&it);
    it = hf_iter_new(outer, 3);
    hf_value_t view;
    assert_int_equal(hf_iter_next(it, &view), 1);
    inner = hf_proxy_of(client, &view);
    hf_release(&outer);
    hf_iter_destroy(&it); /* in its midst: what it had brought goes, but for what a proxy has */
    assert_int_equal(n_objects(client), 1);
    assert_int_equal(hf_list_len(inner), 0);
    hf_release(&inner);
    assert_int_equal(n_objects(client), 0);
    hf_disconnect(&client);
}

static void
keys_and_elements_are_gone_through(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    hf_client_t *client = connect_to(self);
    HF_AUTO_PROXY hf_proxy_t *dict = hf_create(client, "dict", "{s:i,s:i,s:i}", "a", INT64_C(1),
                                               "b", INT64_C(2), "c", INT64_C(3));
    HF_AUTO_ITER hf_iter_t *keys = hf_iter_new(dict, 2);
    char *key = NULL;
    for (const char *expected = "abc"; *expected != '\0'; expected++) {
        assert_int_equal(hf_iter_next_into(keys, "s", &key), 1);
        assert_memory_equal(key, ((const char[]){*expected, '\0'}), 2);
        free(key);
    }
    assert_int_equal(hf_iter_next_into(keys, "s", &key), 0);
    HF_AUTO_PROXY hf_proxy_t *set =
        hf_create(client, "set", "[iiii]", INT64_C(1), INT64_C(2), INT64_C(4), INT64_C(2));
    HF_AUTO_ITER hf_iter_t *elements = hf_iter_new(set, HF_ITER_CHUNK);
    int64_t element;
    int64_t sum = 0;
    while (hf_iter_next_into(elements, "i", &element) == 1)
        sum += element;
    assert_int_equal(sum, 7);
    hf_disconnect(&client);
}

static void
a_changed_dict_ends_it(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    hf_client_t *client = connect_to(self);
    HF_AUTO_PROXY hf_proxy_t *dict =
        hf_create(client, "dict", "{i:n,i:n,i:n}", INT64_C(1), INT64_C(2), INT64_C(3));
    for (uint32_t chunk = 1; chunk <= 2; chunk++) {
        HF_AUTO_ITER hf_iter_t *it = hf_iter_new(dict, chunk);
        hf_value_t item;
        for (uint32_t k = 0; k < chunk; k++)
            assert_int_equal(hf_iter_next(it, &item), 1);
        assert_int_equal(hf_dict_set(dict, "in", (int64_t)(10 + chunk)), 0);
        RAISES(hf_iter_next(it, &item), "RuntimeError");
        RAISES(hf_iter_next(it, &item), "RuntimeError");
    }
    hf_disconnect(&client);
}

static void
an_item_of_another_kind_is_passed(void **state)
{
    e2e_t *self = *state;
    E2E_START(self, NULL);
    hf_client_t *client = connect_to(self);
    HF_AUTO_PROXY hf_proxy_t *list =
        hf_create(client, "list", "[isi]", INT64_C(1), "two", INT64_C(3));
    HF_AUTO_ITER hf_iter_t *it = hf_iter_new(list, HF_ITER_CHUNK);
    int64_t item = 0;
    assert_int_equal(hf_iter_next_into(it, "i", &item), 1);
    RAISES(hf_iter_next_into(it, "i", &item), "TypeError");
    assert_int_equal(item, 1);
    assert_int_equal(hf_iter_next_into(it, "i", &item), 1);
    assert_int_equal(item, 3);
    hf_disconnect(&client);
}

static void
what_cannot_be_gone_through_says_so(void **state)
{
    e2e_t *self = *state;
    hf_value_t item;
    E2E_START(self, NULL);
    hf_client_t *client = connect_to(self);
    HF_AUTO_PROXY hf_proxy_t *queue = hf_create(client, "Queue", "");
    assert_null(hf_iter_new(queue, 1));
    assert_string_equal(hf_errkind(), "NoSuchMethod");
    assert_null(hf_iter_new(queue, 0));
    assert_string_equal(hf_errkind(), "ValueError");
    assert_null(hf_iter_new(NULL, 1));
    assert_string_equal(hf_errkind(), "ValueError");
    HF_AUTO_ITER hf_iter_t *it = hf_iter_of(queue, 2);
    RAISES(hf_iter_next(it, &item), "NoSuchMethod");
    RAISES(hf_iter_next(it, &item), "NoSuchMethod");
    RAISES(hf_iter_next(NULL, &item), "ValueError");
    HF_AUTO_PROXY hf_proxy_t *list = make_range(client, 3);
    HF_AUTO_ITER hf_iter_t *not_an_iterator = hf_iter_of(list, 2);
    int64_t first;
    assert_int_equal(hf_iter_next_into(not_an_iterator, "i", &first), 1); /* a list has `take` */
    assert_int_equal(hf_iter_next_into(not_an_iterator, "i", &first), 1);
    hf_disconnect(&client);
    RAISES(hf_iter_next(not_an_iterator, &item), "SessionLost");
}

static void
chunks_longer_than_a_frame_become_smaller(void **state)
{
    enum { ITEMS = 40, BYTES = 60000 };
    static char bytes[BYTES];
    e2e_t *self = *state;
    e2e_start_configured(self, "limits\n    frame = 128K\n");
    hf_client_t *client = connect_to(self);
    HF_AUTO_PROXY hf_proxy_t *list = hf_create(client, "list", "");
    for (size_t k = 0; k < ITEMS; k++)
        assert_int_equal(hf_list_append(list, "B", bytes, (size_t)BYTES - k), 0);
    HF_AUTO_ITER hf_iter_t *it = hf_iter_new(list, HF_ITER_CHUNK);
    for (size_t k = 0; k < ITEMS; k++) {
        void *item;
        size_t len;
        assert_int_equal(hf_iter_next_into(it, "B", &item, &len), 1);
        assert_int_equal(len, BYTES - k);
        free(item);
    }
    hf_value_t none;
    assert_int_equal(hf_iter_next(it, &none), 0);
    hf_disconnect(&client);
}

/* ---- iteration with a manager that does not answer -------------------------------------- */

typedef struct nagger {
    hf_client_t *client;
    atomic_bool is_done;
} nagger_t;

static void *
nag(void *context)
{
    nagger_t *nagger = context;
    while (!atomic_load(&nagger->is_done))
        hf_interrupt(nagger->client);
    return NULL;
}

static void
an_interrupt_loses_no_item(void **state)
{
    e2e_t *self = *state;
    pthread_t thread;
    int64_t item = -1;
    E2E_START(self, NULL);
    nagger_t nagger = {.client = connect_to(self)};
    HF_AUTO_PROXY hf_proxy_t *list = make_range(nagger.client, 10);
    HF_AUTO_ITER hf_iter_t *it = hf_iter_new(list, 4);
    for (int64_t k = 0; k < 4; k++)
        assert_int_equal(hf_iter_next_into(it, "i", &item), 1);
    assert_int_equal(kill(self->pid, SIGSTOP), 0);
    assert_int_equal(pthread_create(&thread, NULL, nag, &nagger), 0);
    RAISES(hf_iter_next_into(it, "i", &item), "Interrupted");
    RAISES(hf_iter_next_into(it, "i", &item), "Interrupted");
    atomic_store(&nagger.is_done, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(kill(self->pid, SIGCONT), 0);
    assert_int_equal(count_rest(it, 4), 6);
    hf_disconnect(&nagger.client);
}

static void
a_deadline_ends_it(void **state)
{
    e2e_t *self = *state;
    int64_t item = -1;
    E2E_START(self, NULL);
    hf_client_t *client = connect_to(self);
    HF_AUTO_PROXY hf_proxy_t *list = make_range(client, 10);
    HF_AUTO_ITER hf_iter_t *it = hf_iter_new(list, 4);
    for (int64_t k = 0; k < 4; k++)
        assert_int_equal(hf_iter_next_into(it, "i", &item), 1);
    assert_int_equal(kill(self->pid, SIGSTOP), 0);
    hf_set_timeout(client, 0.05);
    RAISES(hf_iter_next_into(it, "i", &item), "TimeoutError");
    assert_int_equal(kill(self->pid, SIGCONT), 0);
    hf_set_timeout(client, HF_FOREVER);
    RAISES(hf_iter_next_into(it, "i", &item), "TimeoutError"); /* four items are lost */
    assert_int_equal(hf_list_len(list), 10);
    hf_disconnect(&client);
}

/* ---- types ---------------------------------------------------------------------------- */

static void
lists(void **state)
{
    e2e_t *self = *state;
    int64_t n = 0;
    char *text = NULL;
    E2E_START(self, NULL);
    hf_client_t *client = connect_to(self);
    HF_AUTO_PROXY hf_proxy_t *list = hf_create(client, "list", "[ii]", INT64_C(1), INT64_C(2));
    hf_value_t value = hf_int(3);
    assert_int_equal(hf_list_append(list, "v", &value), 0);
    assert_int_equal(hf_list_append(list, "s", "four"), 0);
    assert_int_equal(hf_list_insert(list, 0, "i", INT64_C(0)), 0);
    assert_int_equal(hf_list_insert(list, 100, "[n]"), 0);
    assert_int_equal(hf_list_len(list), 6);
    assert_int_equal(hf_list_get(list, 3, "i", &n), 0);
    assert_int_equal(n, 3);
    assert_int_equal(hf_list_set(list, -2, "s", "vier"), 0);
    assert_int_equal(hf_list_pop(list, -1, "[n]"), 0);
    assert_int_equal(hf_list_pop(list, -1, "s", &text), 0);
    assert_string_equal(text, "vier");
    free(text);
    assert_int_equal(hf_list_pop(list, 0, ""), 0);
    RAISES(hf_list_get(list, 3, "i", &n), "IndexError");
    RAISES(hf_list_get(list, 0, "s", &text), "TypeError");
    RAISES(hf_list_set(list, 3, "i", INT64_C(0)), "IndexError");
    RAISES(hf_list_append(list, ""), "TypeError");
    RAISES(hf_list_append(list, "i?", INT64_C(0)), "ValueError");
    RAISES((int)hf_list_len(NULL), "ValueError");
    assert_int_equal(hf_list_len(list), 3);
    hf_disconnect(&client);
    RAISES((int)hf_list_len(list), "SessionLost");
}

static void
dicts_and_sets(void **state)
{
    e2e_t *self = *state;
    int64_t n = 0;
    E2E_START(self, NULL);
    hf_client_t *client = connect_to(self);
    HF_AUTO_PROXY hf_proxy_t *dict = hf_create(client, "dict", "");
    assert_int_equal(hf_dict_set(dict, "si", "water", INT64_C(10)), 0);
    assert_int_equal(hf_dict_set(dict, "[ii]s", INT64_C(1), INT64_C(2), "pair"), 0);
    assert_int_equal(hf_dict_len(dict), 2);
    assert_int_equal(hf_dict_get(dict, "s", "water", "i", &n), 0);
    assert_int_equal(n, 10);
    assert_int_equal(hf_dict_has(dict, "s", "water"), 1);
    assert_int_equal(hf_dict_has(dict, "s", "feed"), 0);
    RAISES(hf_dict_get(dict, "s", "feed", "i", &n), "KeyError");
    assert_int_equal(hf_kind(hf_errdata()), HF_STR);
    RAISES(hf_dict_has(dict, "{}"), "TypeError");
    assert_int_equal(hf_dict_pop(dict, "s", "water", "i", &n), 0);
    assert_int_equal(hf_dict_pop(dict, "[ii]", INT64_C(1), INT64_C(2), ""), 0);
    RAISES(hf_dict_pop(dict, "s", "water", ""), "KeyError");
    assert_int_equal(hf_dict_len(dict), 0);
    HF_AUTO_PROXY hf_proxy_t *set = hf_create(client, "set", "");
    assert_int_equal(hf_set_add(set, "i", INT64_C(1)), 0);
    assert_int_equal(hf_set_add(set, "f", 1.0), 0);
    assert_int_equal(hf_set_len(set), 1);
    assert_int_equal(hf_set_has(set, "b", 1), 1);
    assert_int_equal(hf_set_discard(set, "i", INT64_C(2)), 0);
    assert_int_equal(hf_set_discard(set, "i", INT64_C(1)), 0);
    assert_int_equal(hf_set_has(set, "i", INT64_C(1)), 0);
    RAISES(hf_set_add(set, "{}"), "TypeError");
    hf_disconnect(&client);
}

static void
queues(void **state)
{
    e2e_t *self = *state;
    int64_t n = 0;
    E2E_START(self, NULL);
    hf_client_t *client = connect_to(self);
    HF_AUTO_PROXY hf_proxy_t *queue = hf_create(client, "Queue", "i", INT64_C(3));
    assert_int_equal(hf_queue_put(queue, 0, "i", INT64_C(1)), 0);
    assert_int_equal(hf_queue_put(queue, e2e_patience(5.0), "i", INT64_C(2)), 0);
    assert_int_equal(hf_queue_put(queue, HF_FOREVER, "[iii]", INT64_C(1), INT64_C(2), INT64_C(3)),
                     0);
    assert_int_equal(hf_queue_len(queue), 3);
    RAISES(hf_queue_put(queue, 0, "n"), "Full");
    RAISES(hf_queue_put(queue, 0.01, "n"), "Full");
    RAISES(hf_queue_put(queue, 0.01, "n block=b", 1), "ValueError");
    assert_int_equal(hf_queue_get(queue, 0, "i", &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(hf_queue_get(queue, e2e_patience(5.0), "i", &n), 0);
    int64_t items[3];
    assert_int_equal(hf_queue_get(queue, HF_FOREVER, "[iii]", &items[0], &items[1], &items[2]), 0);
    assert_int_equal(items[2], 3);
    RAISES(hf_queue_get(queue, 0, "i", &n), "Empty");
    RAISES(hf_queue_get(queue, 0.01, "i", &n), "Empty");
    RAISES(hf_queue_join(queue, 0.01), "TimeoutError");
    for (int k = 0; k < 3; k++)
        assert_int_equal(hf_queue_task_done(queue), 0);
    RAISES(hf_queue_task_done(queue), "ValueError");
    assert_int_equal(hf_queue_join(queue, HF_FOREVER), 0);
    hf_disconnect(&client);
}

static void
values(void **state)
{
    e2e_t *self = *state;
    int64_t n = 0;
    double number = 0;
    E2E_START(self, NULL);
    hf_client_t *client = connect_to(self);
    HF_AUTO_PROXY hf_proxy_t *value = hf_create(client, "Value", "si", "b", INT64_C(1));
    assert_int_equal(hf_value_get(value, "i", &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(hf_value_set(value, "i", INT64_C(100)), 0);
    assert_int_equal(hf_value_add(value, 27, &n), 0);
    assert_int_equal(n, 127);
    RAISES(hf_value_add(value, 1, &n), "OverflowError");
    RAISES(hf_value_set(value, "i", INT64_C(128)), "OverflowError");
    RAISES(hf_value_set(value, "s", "x"), "TypeError");
    assert_int_equal(hf_value_add(value, -7, NULL), 0);
    assert_int_equal(hf_value_cas(value, 127, 0), 0);
    assert_int_equal(hf_value_cas(value, 120, 5), 1);
    RAISES(hf_value_cas(value, 5, 1000), "OverflowError");
    assert_int_equal(hf_value_get(value, "i", &n), 0);
    assert_int_equal(n, 5);
    HF_AUTO_PROXY hf_proxy_t *real = hf_create(client, "Value", "sf", "d", 0.5);
    assert_int_equal(hf_value_get(real, "f", &number), 0);
    assert_true(number >= 0.5 && number <= 0.5);
    RAISES(hf_value_get(real, "s", &(char *){NULL}), "TypeError");
    hf_disconnect(&client);
}

#define IT(test_) cmocka_unit_test_setup_teardown((test_), e2e_open, e2e_close)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IT(all_items_come_whatever_the_chunk),
        IT(a_chunk_is_one_call),
        IT(an_iterator_goes_on_from_where_it_is),
        IT(referents_come_as_proxies),
        IT(keys_and_elements_are_gone_through),
        IT(a_changed_dict_ends_it),
        IT(an_item_of_another_kind_is_passed),
        IT(what_cannot_be_gone_through_says_so),
        IT(chunks_longer_than_a_frame_become_smaller),
        IT(an_interrupt_loses_no_item),
        IT(a_deadline_ends_it),
        IT(lists),
        IT(dicts_and_sets),
        IT(queues),
        IT(values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
