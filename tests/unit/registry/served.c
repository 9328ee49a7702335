/* SPDX-License-Identifier: MPL-2.0 */
/* served -- the registry behind a manager: what a client is told when it calls wrongly, or lies about a handle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <holdfast/testing.h>

extern const hf_plugin_t hf_plugin_counter;
extern const hf_plugin_t hf_plugin_fault;

typedef struct world {
    hf_testing_t *manager;
    hf_testing_session_t *client;
    uint64_t counter;
    uint64_t fault;
} world_t;

static world_t
world_open(void)
{
    world_t w = {.manager = hf_testing_new(&hf_plugin_counter)};
    assert_true(hf_testing_add(w.manager, &hf_plugin_fault));
    w.client = hf_testing_open(w.manager);
    w.counter = hf_testing_create(w.client, "Counter", "i", (int64_t)40);
    w.fault = hf_testing_create(w.client, "Fault", "");
    return w;
}

static hf_value_t
handle_of(uint64_t object, const char *typeid_, uint8_t *room, size_t n)
{
    hf_value_t value;
    hf_writer_t w = {.at = room, .room = n, .grow = hfi_grow_never};
    hf_write_handle(&w, object, typeid_, strlen(typeid_));
    assert_false(w.failed);
    hfi_view(&value, room, w.len, w.tag);
    return value;
}

static void
wrong_calls_are_told_as_python_tells_them(void **state)
{
    (void)state;
    world_t w = world_open();
    assert_string_equal(hf_testing_call(w.client, w.counter, "add", "s", "x"),
                        "TypeError: add() argument 'by' must be int, not str");
    assert_string_equal(hf_testing_call(w.client, w.counter, "add", "ii", (int64_t)1, (int64_t)2),
                        "TypeError: add() takes from 0 to 1 positional arguments but 2 were given");
    assert_string_equal(
        hf_testing_call(w.client, w.counter, "add", "i,by=i", (int64_t)1, (int64_t)2),
        "TypeError: add() got multiple values for argument 'by'");
    assert_string_equal(hf_testing_call(w.client, w.counter, "add", "to=i", (int64_t)1),
                        "TypeError: add() got an unexpected keyword argument 'to'");
    assert_string_equal(hf_testing_call(w.client, w.counter, "add", "u", UINT64_MAX),
                        "OverflowError: add() argument 'by' is an int beyond 64 bits with sign");
    assert_string_equal(hf_testing_call(w.client, w.counter, "add", "i", INT64_MAX),
                        "OverflowError: the count leaves 64 bits");
    assert_string_equal(hf_testing_call(w.client, w.counter, "str", ""), "'<Counter #1>'");
    hf_testing_destroy(&w.manager);
}

/* handle[Fault] asks what the object is, not what the client says it is. */
static void
a_handles_typeid_is_not_the_clients_to_say(void **state)
{
    uint8_t room[64];
    (void)state;
    world_t w = world_open();
    uint64_t other = hf_testing_create(w.client, "Fault", "");
    hf_value_t plain = hf_testing_handle(other);
    assert_string_equal(hf_testing_call(w.client, w.fault, "meet", "v", &plain), "0");
    hf_value_t wrong = handle_of(other, "Counter", room, sizeof room);
    assert_string_equal(hf_testing_call(w.client, w.fault, "meet", "v", &wrong), "0");
    hf_value_t lie = handle_of(w.counter, "Fault", room, sizeof room);
    assert_string_equal(
        hf_testing_call(w.client, w.fault, "meet", "v", &lie),
        "TypeError: meet() argument 'other' must be handle[Fault], not handle[Counter]");
    hf_value_t absent = handle_of(4711, "Fault", room, sizeof room);
    assert_memory_equal(hf_testing_call(w.client, w.fault, "meet", "v", &absent), "NoSuchObject",
                        12);
    hf_testing_destroy(&w.manager);
}

/* What a session does not hold is unknown to it: neither that it is there, nor of what type. */
static void
a_handle_that_is_not_held_tells_nothing(void **state)
{
    uint8_t room[64];
    (void)state;
    world_t w = world_open();
    hf_testing_session_t *stranger = hf_testing_open(w.manager);
    uint64_t own = hf_testing_create(stranger, "Fault", "");
    hf_value_t there = handle_of(w.counter, "Fault", room, sizeof room);
    char said[128];
    (void)strncpy(said, hf_testing_call(stranger, own, "meet", "v", &there), sizeof said - 1);
    said[sizeof said - 1] = '\0';
    assert_memory_equal(said, "NoSuchObject", 12);
    assert_null(strstr(said, "Counter"));
    hf_testing_destroy(&w.manager);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_calls_are_told_as_python_tells_them),
        cmocka_unit_test(a_handles_typeid_is_not_the_clients_to_say),
        cmocka_unit_test(a_handle_that_is_not_held_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
