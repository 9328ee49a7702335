/* SPDX-License-Identifier: MPL-2.0 */
/* containers -- ports of CPython's WithManagerTestContainers (8): list, dict, Namespace, and what is put inside them. */
#include "ports.h"

/* ---- comparing with what Python writes --------------------------------------------------- */

/* A method's result, written as Python writes it. */
static void
value_is(hf_value_t *value, const char *expected)
{
    char *text = ports_repr(value);
    assert_string_equal(text, expected);
    free(text);
    hf_drop(NULL, value);
}

/* proxy[:] */
static void
items_are(const hf_proxy_t *list, const char *expected)
{
    hf_value_t items;
    assert_int_equal(hf_call_into(list, "getitem", "{s:[nnn]}", "slice", "v", &items), 0);
    value_is(&items, expected);
}

/* A method without arguments. */
static void
gives(const hf_proxy_t *proxy, const char *method, const char *expected)
{
    hf_value_t result;
    assert_int_equal(hf_call_into(proxy, method, "", "v", &result), 0);
    value_is(&result, expected);
}

/* list(it): all that is left of an iteration, which then stays at its end. */
static void
rest_is(hf_iter_t *it, const char *expected)
{
    hf_value_t item;
    hf_value_t rest;
    hf_value_t items[16];
    size_t n = 0;
    int more = hf_iter_next(it, &item);
    for (; more == 1 && n < sizeof items / sizeof *items; more = hf_iter_next(it, &item))
        assert_int_equal(hf_keep(NULL, &item, &items[n++]), HF_OK);
    assert_int_equal(more, 0);
    hf_writer_t *w = hf_writer(NULL);
    hf_write_list(w, n);
    for (size_t k = 0; k < n; k++) {
        hf_write_value(w, &items[k]);
        hf_drop(NULL, &items[k]);
    }
    assert_int_equal(hf_written(NULL, w, &rest), HF_OK);
    value_is(&rest, expected);
}

static void
extend_by_range(const hf_proxy_t *list, int64_t n)
{
    hf_writer_t *w = hf_writer(NULL);
    hf_value_t range;
    hf_write_list(w, (size_t)n);
    for (int64_t k = 0; k < n; k++)
        hf_write_int(w, k);
    assert_int_equal(hf_written(NULL, w, &range), HF_OK);
    assert_int_equal(hf_call(list, "extend", "v", &range), 0);
    hf_drop(NULL, &range);
}

static hf_proxy_t *
make_range(hf_client_t *client, int64_t n)
{
    hf_proxy_t *list = hf_create(client, "list", "");
    assert_non_null(list);
    extend_by_range(list, n);
    return list;
}

/* list[index], a proxy */
static hf_proxy_t *
inner_at(const hf_proxy_t *list, int64_t index)
{
    hf_proxy_t *inner = NULL;
    assert_int_equal(hf_list_get(list, index, "h", &inner), 0);
    return inner;
}

static hf_proxy_t *
inner_of(const hf_proxy_t *dict, const char *key)
{
    hf_proxy_t *inner = NULL;
    assert_int_equal(hf_dict_get(dict, "s", key, "h", &inner), 0);
    return inner;
}

#define RANGE_10 "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"

/* ---- list ------------------------------------------------------------------------------- */

/* [element[:] for element in list] */
static void
inner_items_are(const hf_proxy_t *list, const char *const *expected, size_t n)
{
    HF_AUTO_ITER hf_iter_t *it = hf_iter_new(list, HF_ITER_CHUNK);
    for (size_t k = 0; k < n; k++) {
        HF_AUTO_PROXY hf_proxy_t *inner = NULL;
        assert_int_equal(hf_iter_next_into(it, "h", &inner), 1);
        items_are(inner, expected[k]);
    }
    hf_value_t none;
    assert_int_equal(hf_iter_next(it, &none), 0);
}

static void
test_list(void **state)
{
    ports_t *self = *state;
    int64_t item = -1;
    hf_value_t value;
    HF_AUTO_PROXY hf_proxy_t *a = make_range(self->client, 10);
    items_are(a, RANGE_10);
    HF_AUTO_PROXY hf_proxy_t *b = hf_create(self->client, "list", "");
    items_are(b, "[]");
    extend_by_range(b, 5);
    items_are(b, "[0, 1, 2, 3, 4]");
    assert_int_equal(hf_list_get(b, 2, "i", &item), 0);
    assert_int_equal(item, 2);
    assert_int_equal(
        hf_call_into(b, "getitem", "{s:[iin]}", "slice", INT64_C(2), INT64_C(10), "v", &value), 0);
    value_is(&value, "[2, 3, 4]");
    assert_int_equal(hf_call(b, "imul", "i", INT64_C(2)), 0);
    items_are(b, "[0, 1, 2, 3, 4, 0, 1, 2, 3, 4]");
    assert_int_equal(hf_call_into(b, "add", "[ii]", INT64_C(5), INT64_C(6), "v", &value), 0);
    value_is(&value, "[0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 6]");
    items_are(a, RANGE_10);
    HF_AUTO_PROXY hf_proxy_t *e = hf_create(self->client, "list", "[hh]", a, b);
    const char *const both[] = {RANGE_10, "[0, 1, 2, 3, 4, 0, 1, 2, 3, 4]"};
    inner_items_are(e, both, 2);
    HF_AUTO_PROXY hf_proxy_t *f = hf_create(self->client, "list", "[h]", a);
    assert_int_equal(hf_list_append(a, "s", "hello"), 0);
    HF_AUTO_PROXY hf_proxy_t *f0 = inner_at(f, 0);
    items_are(f0, "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 'hello']");
}

static void
test_list_iter(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *a = make_range(self->client, 10);
    for (uint32_t chunk = 1; chunk <= 16; chunk *= 4) {
        HF_AUTO_ITER hf_iter_t *it = hf_iter_new(a, chunk);
        rest_is(it, RANGE_10);
        rest_is(it, "[]");
    }
    HF_AUTO_ITER hf_iter_t *it = hf_iter_new(a, HF_ITER_CHUNK);
    int64_t item = -1;
    assert_int_equal(hf_list_set(a, 0, "i", INT64_C(100)), 0); /* after its beginning */
    assert_int_equal(hf_iter_next_into(it, "i", &item), 1);
    assert_int_equal(item, 100);
}

static void
test_list_proxy_in_list(void **state)
{
    ports_t *self = *state;
    hf_proxy_t *a = hf_create(self->client, "list", "");
    for (int k = 0; k < 3; k++) {
        HF_AUTO_PROXY hf_proxy_t *inner = make_range(self->client, 3);
        assert_int_equal(hf_list_append(a, "h", inner), 0);
    }
    const char *const all[] = {"[0, 1, 2]", "[0, 1, 2]", "[0, 1, 2]"};
    inner_items_are(a, all, 3);
    hf_proxy_t *inner[3];
    for (int k = 0; k < 3; k++)
        inner[k] = inner_at(a, k);
    assert_int_equal(hf_list_set(inner[0], -1, "i", INT64_C(55)), 0);
    const char *const one_changed[] = {"[0, 1, 55]", "[0, 1, 2]", "[0, 1, 2]"};
    inner_items_are(a, one_changed, 3);
    int64_t popped = -1;
    assert_int_equal(hf_list_pop(inner[1], -1, "i", &popped), 0);
    assert_int_equal(popped, 2);
    for (int k = 0; k < 3; k++) {
        assert_int_equal(hf_list_len(inner[k]), k == 1 ? 2 : 3);
        hf_release(&inner[k]);
    }
    hf_release(&a);
    HF_AUTO_PROXY hf_proxy_t *manager = hf_manager(self->client);
    assert_int_equal(ports_int(manager, "number_of_objects"), 0);
    hf_proxy_t *b = hf_create(self->client, "list", "");
    assert_int_equal(hf_list_append(b, "h", b), 0); /* a list that has itself in it */
    assert_int_equal(hf_list_len(b), 1);
    HF_AUTO_PROXY hf_proxy_t *b0 = inner_at(b, 0);
    assert_true(hf_proxy_equal(b, b0));
    assert_int_equal(hf_list_pop(b, 0, ""), 0); /* or it would hold itself: cycles are for later */
    hf_release(&b);
}

/* ---- dict ------------------------------------------------------------------------------- */

/* {65: 'A', …, 69: 'E'} */
static hf_proxy_t *
make_letters(hf_client_t *client)
{
    hf_proxy_t *d = hf_create(client, "dict", "");
    for (int64_t k = 65; k < 70; k++) {
        char letter = (char)k;
        assert_int_equal(hf_dict_set(d, "iS", k, &letter, (size_t)1), 0);
    }
    return d;
}

static void
test_dict(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *d = make_letters(self->client);
    gives(d, "copy", "{65: 'A', 66: 'B', 67: 'C', 68: 'D', 69: 'E'}");
    gives(d, "keys", "[65, 66, 67, 68, 69]");
    gives(d, "values", "['A', 'B', 'C', 'D', 'E']");
    gives(d, "items", "[[65, 'A'], [66, 'B'], [67, 'C'], [68, 'D'], [69, 'E']]");
}

static void
test_dict_iter(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *d = make_letters(self->client);
    for (uint32_t chunk = 1; chunk <= 16; chunk *= 4) {
        HF_AUTO_ITER hf_iter_t *it = hf_iter_new(d, chunk);
        rest_is(it, "[65, 66, 67, 68, 69]");
        rest_is(it, "[]");
    }
    HF_AUTO_ITER hf_iter_t *it = hf_iter_new(d, HF_ITER_CHUNK);
    hf_value_t none;
    ports_do(d, "clear"); /* after its beginning */
    WANT_RAISES(hf_iter_next(it, &none), "RuntimeError");
}

static void
number_is(const hf_proxy_t *dict, const char *key, int64_t expected)
{
    int64_t number = -1;
    assert_int_equal(hf_dict_get(dict, "s", key, "i", &number), 0);
    assert_int_equal(number, expected);
}

/* d[outer][key], through the outer dict each time */
static void
nested_number_is(const hf_proxy_t *d, const char *outer, const char *key, int64_t expected)
{
    HF_AUTO_PROXY hf_proxy_t *inner = inner_of(d, outer);
    number_is(inner, key, expected);
}

static void
set_nested_number(const hf_proxy_t *d, const char *outer, const char *key, int64_t number)
{
    HF_AUTO_PROXY hf_proxy_t *inner = inner_of(d, outer);
    assert_int_equal(hf_dict_set(inner, "si", key, number), 0);
}

/* What the second half of test_dict_proxy_nested does with a list of the two dicts. Takes both. */
static void
nest_in_lists(ports_t *self, hf_proxy_t *pets, hf_proxy_t *supplies)
{
    HF_AUTO_PROXY hf_proxy_t *l = hf_create(self->client, "list", "[hh]", pets, supplies);
    HF_AUTO_PROXY hf_proxy_t *l0 = inner_at(l, 0);
    assert_int_equal(hf_dict_set(l0, "si", "marmots", INT64_C(1)), 0);
    number_is(pets, "marmots", 1);
    number_is(l0, "marmots", 1);
    hf_release(&l0);
    hf_release(&pets);
    hf_release(&supplies);
    l0 = inner_at(l, 0); /* the list alone has held it */
    number_is(l0, "marmots", 1);
    HF_AUTO_PROXY hf_proxy_t *outer =
        hf_create(self->client, "list", "[[ii]h]", INT64_C(88), INT64_C(99), l);
    hf_value_t plain;
    assert_int_equal(hf_list_get(outer, 0, "v", &plain), 0);
    assert_int_equal(hf_kind(&plain), HF_LIST); /* not a handle */
    value_is(&plain, "[88, 99]");
    HF_AUTO_PROXY hf_proxy_t *last = inner_at(outer, -1);
    HF_AUTO_PROXY hf_proxy_t *last_of_last = inner_at(last, -1);
    number_is(last_of_last, "feed", 3);
}

static void
test_dict_proxy_nested(void **state)
{
    ports_t *self = *state;
    hf_proxy_t *pets =
        hf_create(self->client, "dict", "ferrets=i hamsters=i", INT64_C(2), INT64_C(4));
    hf_proxy_t *supplies =
        hf_create(self->client, "dict", "water=i feed=i", INT64_C(10), INT64_C(3));
    HF_AUTO_PROXY hf_proxy_t *d =
        hf_create(self->client, "dict", "pets=h supplies=h", pets, supplies);
    number_is(supplies, "water", 10);
    nested_number_is(d, "supplies", "water", 10);
    set_nested_number(d, "supplies", "blankets", 5);
    number_is(supplies, "blankets", 5);
    nested_number_is(d, "supplies", "blankets", 5);
    set_nested_number(d, "supplies", "water", 7);
    number_is(supplies, "water", 7);
    nested_number_is(d, "supplies", "water", 7);
    hf_release(&pets);
    hf_release(&supplies);
    nested_number_is(d, "pets", "ferrets", 2);
    set_nested_number(d, "supplies", "blankets", 11);
    nested_number_is(d, "supplies", "blankets", 11);
    pets = inner_of(d, "pets");
    supplies = inner_of(d, "supplies");
    assert_int_equal(hf_dict_set(supplies, "si", "water", INT64_C(7)), 0);
    number_is(supplies, "water", 7);
    nested_number_is(d, "supplies", "water", 7);
    ports_do(d, "clear");
    assert_int_equal(hf_dict_len(d), 0);
    number_is(supplies, "water", 7);
    number_is(pets, "hamsters", 4);
    nest_in_lists(self, pets, supplies);
}

/* ---- others inside ---------------------------------------------------------------------- */

static void
test_nested_queue(void **state)
{
    ports_t *self = *state;
    int64_t item = -1;
    HF_AUTO_PROXY hf_proxy_t *a = hf_create(self->client, "list", "");
    hf_proxy_t *queue = hf_create(self->client, "Queue", "");
    assert_int_equal(hf_list_append(a, "h", queue), 0);
    hf_release(&queue);
    queue = inner_at(a, 0);
    assert_int_equal(hf_queue_put(queue, HF_FOREVER, "i", INT64_C(123)), 0);
    hf_release(&queue);
    queue = inner_at(a, 0);
    assert_int_equal(hf_queue_get(queue, HF_FOREVER, "i", &item), 0);
    assert_int_equal(item, 123);
    hf_release(&queue);
    HF_AUTO_PROXY hf_proxy_t *b = hf_create(self->client, "dict", "");
    queue = hf_create(self->client, "Queue", "");
    assert_int_equal(hf_dict_set(b, "ih", INT64_C(0), queue), 0);
    hf_release(&queue);
    assert_int_equal(hf_dict_get(b, "i", INT64_C(0), "h", &queue), 0);
    assert_int_equal(hf_queue_put(queue, HF_FOREVER, "i", INT64_C(456)), 0);
    hf_release(&queue);
    assert_int_equal(hf_dict_get(b, "i", INT64_C(0), "h", &queue), 0);
    assert_int_equal(hf_queue_get(queue, HF_FOREVER, "i", &item), 0);
    assert_int_equal(item, 456);
    hf_release(&queue);
}

static void
attribute_is(const hf_proxy_t *n, const char *name, const char *expected)
{
    char *text = NULL;
    assert_int_equal(hf_call_into(n, "getattr", "s", name, "s", &text), 0);
    assert_string_equal(text, expected);
    free(text);
}

/* CPython's proxy keeps `_hidden` to itself; here it is refused, so that nobody takes it for shared. */
static void
test_namespace(void **state)
{
    ports_t *self = *state;
    HF_AUTO_PROXY hf_proxy_t *n = hf_create(self->client, "Namespace", "");
    assert_int_equal(hf_call(n, "setattr", "ss", "name", "Bob"), 0);
    assert_int_equal(hf_call(n, "setattr", "ss", "job", "Builder"), 0);
    WANT_RAISES(hf_call(n, "setattr", "ss", "_hidden", "hidden"), "AttributeError");
    attribute_is(n, "name", "Bob");
    attribute_is(n, "job", "Builder");
    assert_int_equal(hf_call(n, "delattr", "s", "job"), 0);
    char *text = ports_text(n, "str");
    assert_string_equal(text, "Namespace(name='Bob')");
    free(text);
    gives(n, "dir", "['name']");
    attribute_is(n, "name", "Bob");
    WANT_RAISES(hf_call(n, "getattr", "s", "job"), "AttributeError");
}

static const ports_role_t roles[] = {{NULL, NULL}};
static const struct CMUnitTest tests[] = {
    PORT(Containers, test_list),
    PORT(Containers, test_list_iter),
    PORT(Containers, test_list_proxy_in_list),
    PORT(Containers, test_dict),
    PORT(Containers, test_dict_iter),
    PORT(Containers, test_dict_proxy_nested),
    PORT(Containers, test_nested_queue),
    PORT(Containers, test_namespace),
};

PORTS_MAIN(roles, tests)
