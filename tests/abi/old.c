/* SPDX-License-Identifier: MPL-2.0 */
/* old -- plugins as binary files, built from the header of ABI 1.0 (README.md): they load here and answer. And those
 * that must be refused: other versions, broken descriptors, each with its sentence.
 *
 *     test.abi.old FOLDER BROKEN     the kept files, and the folder of those that are built broken
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <holdfast/testing.h>

static const char *kept_folder;
static const char *broken_folder;

/* Mapped for ever, as the loader does. */
static const hf_plugin_t *
mapped(const char *folder, const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s.so", folder, name);
    void *image = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (image == NULL)
        fail_msg("%s", dlerror()); // NOLINT(concurrency-mt-unsafe): one thread
    return dlsym(image, "hf_plugin");
}

static const hf_plugin_t *
kept(const char *name)
{
#if defined(__x86_64__) && defined(__linux__)
    return mapped(kept_folder, name);
#else
    (void)name;
    print_message("the kept files are for x86-64: skipped here\n");
    skip();
    return NULL;
#endif
}

static void
the_counter_of_1_0(void **state)
{
    (void)state;
    const hf_plugin_t *plugin = kept("counter-1.0");
    assert_int_equal(plugin->major, 1);
    assert_int_equal(plugin->minor, 0);
    hf_testing_t *manager = hf_testing_new(plugin);
    assert_non_null(manager);
    hf_testing_session_t *a = hf_testing_open(manager);
    uint64_t counter = hf_testing_create(a, "Counter", "i", (int64_t)40);
    assert_string_equal(hf_testing_call(a, counter, "add", "by=i", (int64_t)2), "42");
    assert_string_equal(hf_testing_call(a, counter, "add", ""), "43");
    hf_testing_destroy(&manager);
}

static void
the_ledger_of_1_0(void **state)
{
    (void)state;
    hf_testing_t *manager = hf_testing_new(kept("ledger-1.0"));
    assert_non_null(manager);
    hf_testing_session_t *a = hf_testing_open(manager);
    hf_testing_session_t *b = hf_testing_open(manager);
    uint64_t before = hf_testing_memory(manager);
    uint64_t ledger = hf_testing_create(a, "Ledger", "i", (int64_t)3);
    assert_int_not_equal(ledger, 0);
    assert_string_equal(hf_testing_call(a, ledger, "add", "ii", (int64_t)1, (int64_t)5), "5");
    assert_string_equal(hf_testing_call(a, ledger, "add", "ii", (int64_t)9, (int64_t)5),
                        "IndexError: no sum 9");
    assert_string_equal(hf_testing_call(a, ledger, "await", "i", (int64_t)3), "parked");
    uint64_t waits = hf_testing_last(a);
    assert_string_equal(hf_testing_call(a, ledger, "await", "if", (int64_t)9, 1.0), "parked");
    uint64_t late = hf_testing_last(a);
    assert_string_equal(hf_testing_call(a, ledger, "add", "ii", (int64_t)0, (int64_t)4), "4");
    assert_string_equal(hf_testing_answer(a, waits), "4");
    hf_testing_pass(manager, 2.0);
    assert_string_equal(hf_testing_answer(a, late), "-1");
    assert_string_equal(hf_testing_call(a, ledger, "keep", "s", "a text of more than 15 bytes"),
                        "'a text of more than 15 bytes'");
    (void)hf_testing_call(a, ledger, "page", "i", (int64_t)7);
    uint64_t page = hf_testing_object(a, hf_testing_last(a));
    assert_string_equal(hf_testing_call(a, page, "number", ""), "7");
    assert_string_equal(hf_testing_call(a, ledger, "getvalue", ""), "[4, 5, 0]");
    hf_value_t handle = hf_testing_handle(ledger);
    assert_string_equal(hf_testing_call(a, 0, "bind", "sv", "it", &handle), "None");
    assert_string_equal(hf_testing_call(b, 0, "lookup", "s", "it"), "<Ledger #1>");
    hf_testing_set_acknowledging(b, false);
    assert_string_equal(hf_testing_call(b, ledger, "watch", ""), "None");
    hf_testing_die(b);
    hf_testing_pass(manager, 2.0);
    assert_string_equal(hf_testing_call(a, ledger, "state", "s", "x"),
                        "{'ticks': 1, 'died': 1, 'back': 5, 'args': ['x']}");
    assert_string_equal(hf_testing_call(a, 0, "unbind", "s", "it"), "None");
    hf_testing_release(a, page);
    hf_testing_release(a, ledger);
    assert_int_equal(hf_testing_referents(manager), 0);
    assert_string_equal(hf_testing_log(manager), "");
    assert_true(hf_testing_memory(manager) <= before);
    hf_testing_destroy(&manager);
}

/* The manager's books of a type, right after alloc, free and destroy. */
static uint64_t
type_memory(hf_testing_session_t *a)
{
    (void)hf_testing_call(a, 0, "stats", "");
    const char *json = hf_testing_json(a, hf_testing_last(a));
    assert_non_null(json);
    const char *type = strstr(json, "\"Ledger\":");
    const char *memory = type == NULL ? NULL : strstr(type, "\"memory\":");
    assert_non_null(memory);
    uint64_t bytes = 0;
    for (memory += strlen("\"memory\":"); *memory == ' '; memory++)
        continue;
    for (; *memory >= '0' && *memory <= '9'; memory++)
        bytes = bytes * 10 + (uint64_t)(*memory - '0');
    return bytes;
}

static void
memory_is_its_types(void **state)
{
    (void)state;
    hf_testing_t *manager = hf_testing_new(kept("ledger-1.0"));
    hf_testing_session_t *a = hf_testing_open(manager);
    uint64_t none = type_memory(a);
    uint64_t small = hf_testing_create(a, "Ledger", "i", (int64_t)1);
    uint64_t with_one = type_memory(a);
    uint64_t large = hf_testing_create(a, "Ledger", "i", (int64_t)100001);
    assert_int_equal(type_memory(a) - 2 * with_one + none, 100000 * 8);
    hf_testing_release(a, large);
    assert_int_equal(type_memory(a), with_one);
    assert_string_equal(hf_testing_call(a, small, "keep", "s", "a text of more than 15 bytes"),
                        "'a text of more than 15 bytes'");
    assert_true(type_memory(a) >= with_one + 28);
    assert_string_equal(hf_testing_call(a, small, "keep", "s", "short"), "'short'");
    assert_int_equal(type_memory(a), with_one);
    hf_testing_release(a, small);
    assert_int_equal(type_memory(a), none);
    hf_testing_destroy(&manager);
}

/* ---- refused ----------------------------------------------------------------------------- */

typedef struct refused {
    int number; /* HF_CASE of broken.c */
    const char *why;
} refused_t;

static const refused_t refused[] = {
    {0, "its magic is 0x464c457f, a plugin's is 0x48464c44: it is no plugin"},
    {1, "it is made for ABI 2.1, this manager has 1.1: another major version"},
    {2, "it is made for ABI 1.2, this manager has only 1.1"},
    {3, "plugin broken: type (nameless): its `size` is 8; "},
    {4, "plugin broken: type (nameless): its `method_size` is 24; "},
    {5, "plugin broken: type (nameless): its name is not a word"},
    {6, "plugin broken: type Broken, method nothing: signature \"a: (\" "},
    {7, "plugin broken: type Broken, method nothing: neither HF_READS nor HF_WRITES"},
    {8, "plugin broken: type Broken: its state of 18446744073709551615 bytes is larger than "},
    {9, "there is no descriptor"},
    {10, "its descriptor's size is 16, "},
    {11, "its descriptor's size is 4294967288, "},
    {12, "its name is not a word"},
    {13, "plugin broken: it has no types"},
};

static void
each_says_why(void **state)
{
    (void)state;
    char name[32];
    char want[256];
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        hf_testing_t *manager = hf_testing_new(NULL);
        (void)snprintf(name, sizeof name, "broken_%d", refused[i].number);
        const hf_plugin_t *plugin = mapped(broken_folder, name);
        if (refused[i].number == 9) {
            assert_null(plugin); /* the loader says so; tests/unit/shell/loader */
        } else {
            assert_false(hf_testing_add(manager, plugin));
            (void)snprintf(want, sizeof want, "server: %s", refused[i].why);
            if (strncmp(hf_testing_log(manager), want, strlen(want)) != 0)
                fail_msg("'%s' does not begin with '%s'", hf_testing_log(manager), want);
        }
        assert_true(hf_testing_is_open(hf_testing_open(manager)));
        hf_testing_destroy(&manager);
    }
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_counter_of_1_0),
        cmocka_unit_test(the_ledger_of_1_0),
        cmocka_unit_test(memory_is_its_types),
        cmocka_unit_test(each_says_why),
    };
    if (argc != 3)
        return 2;
    kept_folder = argv[1];
    broken_folder = argv[2];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
