/* SPDX-License-Identifier: MPL-2.0 */
/* plugin -- a descriptor is taken in whole or not at all, and each of its rules refuses. */
#include "given.h"

#include <registry/plugin.h>
#include <registry/text.h>

extern const hf_plugin_t hf_plugin_counter;
extern const hf_plugin_t hf_plugin_fault;

static hf_err_t
run(hf_call_t *call, void *self)
{
    (void)call;
    (void)self;
    return HF_OK;
}

static const hf_method_t methods[] = {HF_METHOD("get", "-> int", run, HF_READS, "Get it.")};
static const hf_method_t bad_methods[] = {HF_METHOD("get", "-> int", run, 0, "Get it.")};
static const hf_type_t first = {HF_TYPE("First", int64_t, methods, "The first.")};
static const hf_type_t second = {HF_TYPE("Second", int64_t, methods, "The second.")};
static const hf_type_t bad = {HF_TYPE("Bad", int64_t, bad_methods, "Without flags.")};
static const hf_type_t manager = {HF_TYPE("manager", int64_t, methods, "Would be object 0.")};
static const hf_type_t foreign = {HF_TYPE("foreign", int64_t, methods, "Would be a stub.")};
static const hf_type_t *const both[] = {&first, &second, NULL};

static hf_plugin_t
sound(void)
{
    return (hf_plugin_t){.magic = HF_ABI_MAGIC,
                         .major = HF_ABI_MAJOR,
                         .minor = HF_ABI_MINOR,
                         .size = sizeof(hf_plugin_t),
                         .name = "pair",
                         .version = "1.2.3",
                         .types = both};
}

/* Nothing of it is left in the table. */
static void
refused(hfi_plugins_t *plugins, const hf_plugin_t *descriptor, const char *want)
{
    char why[512] = "";
    const char *name;
    const char *version;
    uint32_t n = 0;
    uint32_t n_plugins = 0;
    while (hfi_plugins_type(plugins, n) != NULL)
        n++;
    while (hfi_plugins_at(plugins, n_plugins, &name, &version))
        n_plugins++;
    assert_false(hfi_plugins_add(plugins, descriptor, why, sizeof why));
    assert_string_equal(why, want);
    assert_null(hfi_plugins_type(plugins, n));
    assert_false(hfi_plugins_at(plugins, n_plugins, &name, &version));
    assert_null(hfi_plugins_descriptor(plugins, n_plugins));
}

static void
taken(hfi_plugins_t *plugins, const hf_plugin_t *descriptor)
{
    char why[512] = "";
    if (!hfi_plugins_add(plugins, descriptor, why, sizeof why))
        fail_msg("refused: %s", why);
}

static void
a_plugin_is_taken_in(void **state)
{
    (void)state;
    const char *name = NULL;
    const char *version = NULL;
    hfi_plugins_t *plugins = hfi_plugins_new();
    hf_plugin_t descriptor = sound();
    taken(plugins, &descriptor);
    taken(plugins, &hf_plugin_counter);
    taken(plugins, &hf_plugin_fault);
    assert_true(hfi_plugins_at(plugins, 0, &name, &version));
    assert_string_equal(name, "pair");
    assert_string_equal(version, "1.2.3");
    assert_true(hfi_plugins_at(plugins, 1, &name, &version));
    assert_string_equal(name, "counter");
    hfi_type_t *type = hfi_plugins_find_type(plugins, "Second", 6);
    assert_non_null(type);
    assert_string_equal(type->plugin, "pair");
    assert_int_equal(type->number, 1);
    assert_ptr_equal(type, hfi_plugins_type(plugins, 1));
    assert_ptr_equal(type, hfi_plugins_find_row(plugins, &second));
    assert_null(hfi_plugins_find_row(plugins, &bad));
    assert_null(hfi_plugins_find_row(plugins, NULL));
    assert_null(hfi_plugins_find_type(plugins, "Secon", 5));
    assert_null(hfi_plugins_find_type(plugins, "Second2", 7));
    hfi_plugins_destroy(&plugins);
    assert_null(plugins);
    hfi_plugins_destroy(&plugins);
}

static void
another_abi_is_refused_by_both_numbers(void **state)
{
    (void)state;
    hfi_plugins_t *plugins = hfi_plugins_new();
    hf_plugin_t d = sound();
    refused(plugins, NULL, "there is no descriptor");
    d.magic = 0x464c457f;
    refused(plugins, &d, "its magic is 0x464c457f, a plugin's is 0x48464c44: it is no plugin");
    d = sound();
    d.major = 2;
    refused(plugins, &d, "it is made for ABI 2.1, this manager has 1.1: another major version");
    d.major = 0;
    refused(plugins, &d, "it is made for ABI 0.1, this manager has 1.1: another major version");
    d = sound();
    d.minor = HF_ABI_MINOR + 1;
    refused(plugins, &d, "it is made for ABI 1.2, this manager has only 1.1");
    static const uint32_t sizes[] = {0, 16, offsetof(hf_plugin_t, open) - 8,
                                     sizeof(hf_plugin_t) - 4, 1 << 20};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        char want[128];
        d = sound();
        d.size = sizes[k];
        (void)snprintf(want, sizeof want,
                       "its descriptor's size is %u, this manager's is %u, at least %u is needed",
                       (unsigned)sizes[k], (unsigned)sizeof d,
                       (unsigned)offsetof(hf_plugin_t, open));
        refused(plugins, &d, want);
    }
    hfi_plugins_destroy(&plugins);
}

static void
a_smaller_descriptor_is_read_as_far_as_its_size(void **state)
{
    (void)state;
    hfi_plugins_t *plugins = hfi_plugins_new();
    hf_plugin_t d = sound();
    memset(&d.open, 0xee, sizeof d - offsetof(hf_plugin_t, open));
    d.size = offsetof(hf_plugin_t, open);
    taken(plugins, &d);
    assert_true(hfi_plugins_descriptor(plugins, 0)->open == NULL);
    assert_true(hfi_plugins_descriptor(plugins, 0)->close == NULL);
    hfi_plugins_destroy(&plugins);
}

static void
each_rule_of_a_descriptor_refuses(void **state)
{
    static const hf_type_t *const none[] = {NULL};
    static const hf_type_t *endless[HFI_MAX_PLUGIN_TYPES + 1];
    (void)state;
    hfi_plugins_t *plugins = hfi_plugins_new();
    hf_plugin_t d = sound();
    d.name = NULL;
    refused(plugins, &d, "its name is not a word of at most 63 letters, digits and _.-+");
    d.name = "a b";
    refused(plugins, &d, "its name is not a word of at most 63 letters, digits and _.-+");
    d.name = "";
    refused(plugins, &d, "its name is not a word of at most 63 letters, digits and _.-+");
    d.name = "holdfast";
    refused(plugins, &d, "plugin holdfast: that name is the manager's own");
    d = sound();
    d.version = NULL;
    refused(plugins, &d,
            "plugin pair: its version is not a word of at most 63 letters, digits and _.-+");
    d.version = "1.0\n";
    refused(plugins, &d,
            "plugin pair: its version is not a word of at most 63 letters, digits and _.-+");
    d = sound();
    d.types = NULL;
    refused(plugins, &d, "plugin pair: it has no types");
    d.types = none;
    refused(plugins, &d, "plugin pair: it has no types");
    for (size_t k = 0; k < sizeof endless / sizeof endless[0]; k++)
        endless[k] = &first;
    d.types = endless;
    refused(plugins, &d,
            "plugin pair: it has more than 256 types, or their list no NULL at its end");
    hfi_plugins_destroy(&plugins);
}

static void
a_typeid_is_taken_once(void **state)
{
    static const hf_type_t *const twice[] = {&first, &second, &first, NULL};
    static const hf_type_t *const root[] = {&manager, NULL};
    static const hf_type_t *const stub[] = {&first, &foreign, NULL};
    (void)state;
    hfi_plugins_t *plugins = hfi_plugins_new();
    hf_plugin_t d = sound();
    d.types = twice;
    refused(plugins, &d, "plugin pair: typeid First is taken by plugin pair");
    d.types = root;
    refused(plugins, &d, "plugin pair: typeid manager is the manager's own");
    d.types = stub;
    refused(plugins, &d, "plugin pair: typeid foreign is the manager's own");
    d = sound();
    taken(plugins, &d);
    hf_plugin_t again = sound();
    again.name = "other";
    refused(plugins, &again, "plugin other: typeid First is taken by plugin pair");
    hfi_plugins_destroy(&plugins);
}

/* What both have is made by the newer one from then on; what it has not, by the older. */
static void
a_newer_version_stands_beside_the_older(void **state)
{
    static const hf_type_t third = {HF_TYPE("Third", int64_t, methods, "The third.")};
    static const hf_type_t newer_first = {HF_TYPE("First", int64_t, methods, "The first, newer.")};
    static const hf_type_t *const newer[] = {&third, &newer_first, NULL};
    static const hf_type_t *const spoilt[] = {&newer_first, &bad, NULL};
    (void)state;
    hfi_plugins_t *plugins = hfi_plugins_new();
    hf_plugin_t d = sound();
    taken(plugins, &d);
    taken(plugins, &hf_plugin_counter);
    refused(
        plugins, &d,
        "plugin pair: version 1.2.3 of it is here already, this is 1.2.3: what is changed needs "
        "a higher version");
    d.version = "1.2.2";
    refused(plugins, &d,
            "plugin pair: version 1.2.3 of it is here already, this is 1.2.2: an older one");
    d.version = "1.10.0";
    d.types = spoilt;
    refused(
        plugins, &d,
        "plugin pair: type Bad, method get: neither HF_READS nor HF_WRITES: exactly one is needed");
    assert_ptr_equal(hfi_plugins_find_type(plugins, "First", 5)->declared, &first);
    d.types = newer;
    taken(plugins, &d);
    assert_ptr_equal(hfi_plugins_find_type(plugins, "First", 5)->declared, &newer_first);
    assert_ptr_equal(hfi_plugins_find_type(plugins, "Second", 6)->declared, &second);
    assert_ptr_equal(hfi_plugins_find_type(plugins, "Third", 5)->declared, &third);
    assert_true(hfi_plugins_find_row(plugins, &first)->is_retired);
    assert_false(hfi_plugins_find_row(plugins, &second)->is_retired);
    assert_int_equal(hfi_plugins_find_row(plugins, &first)->plugin_number, 0);
    assert_int_equal(hfi_plugins_find_row(plugins, &newer_first)->plugin_number, 2);
    hf_plugin_t between = sound();
    between.version = "1.9.9";
    refused(plugins, &between,
            "plugin pair: version 1.10.0 of it is here already, this is 1.9.9: an older one");
    hfi_plugins_destroy(&plugins);
}

/* ---- returns ---------------------------------------------------------------------------- */

static hf_err_t
fill(hf_call_t *call, void *self)
{
    (void)call;
    (void)self;
    return HF_OK;
}

static void
back(hf_call_t *call, void *self, const hf_value_t *value, uint64_t cookie)
{
    (void)call;
    (void)self;
    (void)value;
    (void)cookie;
}

/* A type Page, and the rows of one of which nothing matters but what its method returns. */
#define PAGE(signature_, flags_)                                                                   \
    {                                                                                              \
        HF_TYPE("Page", int64_t, methods, "A page."), .signature = (signature_), .create = fill,   \
                                                      .flags = (flags_)                            \
    }
#define ROW(typeid_)                                                                               \
    {                                                                                              \
        HF_METHOD("get", "-> int", run, HF_READS, "Get it.", .returns = (typeid_))                 \
    }

static const hf_type_t page = PAGE("n: int", 0);
static const hf_type_t own_page = PAGE("n: int", HF_INTERNAL);

static const hf_type_t *
returned(hfi_plugins_t *plugins, const char *typeid_)
{
    const hfi_type_t *type = hfi_plugins_find_type(plugins, typeid_, strlen(typeid_));
    assert_non_null(type);
    return type->methods[0].returns == NULL ? NULL : type->methods[0].returns->declared;
}

static hf_plugin_t
plugin_of(const char *name, const hf_type_t *const *types)
{
    hf_plugin_t plugin = sound();
    plugin.name = name;
    plugin.types = types;
    return plugin;
}

static void
a_row_names_a_type_of_its_own_plugin_or_an_earlier_one(void **state)
{
    static const hf_method_t rows[] = ROW("Page");
    static const hf_type_t book = {HF_TYPE("Book", int64_t, rows, "A book.")};
    static const hf_type_t newer_page = PAGE("n: int", 0);
    static const hf_type_t other_page = PAGE("a: int, b: int", 0);
    static const hf_type_t *const books[] = {&book, NULL};
    static const hf_type_t *const pages[] = {&page, NULL};
    static const hf_type_t *const newer[] = {&newer_page, NULL};
    static const hf_type_t *const other[] = {&other_page, NULL};
    static const hf_type_t *const all[] = {&book, &own_page, NULL};
    (void)state;
    hfi_plugins_t *plugins = hfi_plugins_new();
    hf_plugin_t d = plugin_of("books", books);
    refused(plugins, &d,
            "plugin books: type Book, method get: returns 'Page': neither this plugin nor one "
            "loaded before it brings that typeid");
    hf_plugin_t p = plugin_of("pages", pages);
    taken(plugins, &p);
    taken(plugins, &d);
    assert_ptr_equal(returned(plugins, "Book"), &page);
    /* a newer version is meant from then on, if it can be made of what the row answers */
    p = plugin_of("pages", newer);
    p.version = "1.3";
    taken(plugins, &p);
    assert_ptr_equal(returned(plugins, "Book"), &newer_page);
    p = plugin_of("pages", other);
    p.version = "1.4";
    taken(plugins, &p);
    assert_ptr_equal(returned(plugins, "Book"), &newer_page);
    hfi_plugins_destroy(&plugins);
    /* the plugin's own, which only it may make */
    plugins = hfi_plugins_new();
    d = plugin_of("books", all);
    taken(plugins, &d);
    assert_ptr_equal(returned(plugins, "Book"), &own_page);
    d.version = "2.0";
    taken(plugins, &d);
    assert_int_equal(hfi_plugins_find_row(plugins, &book)->methods[0].returns->plugin_number, 0);
    hfi_plugins_destroy(&plugins);
}

static void
what_cannot_be_returned_is_refused(void **state)
{
    static const hf_method_t inner[] = ROW("Page");
    static const hf_method_t none[] = ROW("First");
    static const hf_method_t words[] = ROW("a page");
    static const hf_method_t root[] = ROW("manager");
    static const hf_method_t text[] = {
        HF_METHOD("get", "-> str", run, HF_READS, "Get it.", .returns = "Other")};
    static const hf_type_t other = {HF_TYPE("Other", int64_t, methods, "Another."),
                                    .signature = "n: int", .create = fill};
    static const struct {
        hf_type_t type;
        const char *why;
    } cases[] = {
        {{HF_TYPE("Bad", int64_t, inner, "Bad.")},
         "returns 'Page': that type is made by its own plugin alone"},
        {{HF_TYPE("Bad", int64_t, root, "Bad.")},
         "returns 'manager': neither this plugin nor one loaded before it brings that typeid"},
        {{HF_TYPE("Bad", int64_t, none, "Bad.")},
         "returns 'First': that type's constructor does not take one value"},
        {{HF_TYPE("Bad", int64_t, words, "Bad.")},
         "its `returns` is not a word of at most 63 letters, digits and _"},
        {{HF_TYPE("Bad", int64_t, text, "Bad.")},
         "returns 'Other': that type's constructor does not take what this method answers"},
        {{HF_TYPE("Bad", int64_t, text, "Bad."), .undelivered = back},
         "returns 'Other': what this type answers can be taken back undelivered, a referent made "
         "of it not"},
    };
    static const hf_type_t *const before[] = {&first, &own_page, &other, NULL};
    (void)state;
    hfi_plugins_t *plugins = hfi_plugins_new();
    hf_plugin_t d = plugin_of("pages", before);
    taken(plugins, &d);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        char want[256];
        const hf_type_t *const types[] = {&cases[k].type, NULL};
        d = plugin_of("bad", types);
        (void)snprintf(want, sizeof want, "plugin bad: type Bad, method get: %s", cases[k].why);
        refused(plugins, &d, want);
    }
    hfi_plugins_destroy(&plugins);
}

/* A row of ABI 1.0 ends before it; what lies behind is another row's. */
static void
a_shorter_row_returns_nothing(void **state)
{
    static struct {
        uint8_t rows[2][offsetof(hf_method_t, work)];
        const char *behind[8];
    } old = {.behind = {"Page", "Page", "Page", "Page", "Page", "Page", "Page", "Page"}};
    static const hf_method_t names[] = {HF_METHOD("a", "", run, HF_READS, "A."),
                                        HF_METHOD("b", "", run, HF_READS, "B.")};
    (void)state;
    for (int k = 0; k < 2; k++)
        memcpy(old.rows[k], &names[k], sizeof old.rows[k]);
    hf_type_t type = {HF_TYPE("Old", int64_t, names, "From 1.0.")};
    type.method_size = sizeof old.rows[0];
    type.methods = (const hf_method_t *)(const void *)old.rows;
    const hf_type_t *const types[] = {&type, &page, NULL};
    hf_plugin_t d = plugin_of("old", types);
    hfi_plugins_t *plugins = hfi_plugins_new();
    taken(plugins, &d);
    for (int k = 0; k < 2; k++)
        assert_null(hfi_plugins_find_type(plugins, "Old", 3)->methods[k].returns);
    hfi_plugins_destroy(&plugins);
}

/* ---- versions --------------------------------------------------------------------------- */

static void
versions_have_an_order(void **state)
{
    static const char *const rising[] = {
        "0.9",        "1.0.0-1",      "1.0.0-alpha",   "1.0.0-alpha.1", "1.0.0-alpha.beta",
        "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",    "1.0.0",
        "1.0.1",      "1.2",          "1.10",          "1.10.1",        "2",
        "10"};
    static const char *const equal[][2] = {{"1.0", "1.0.0"},
                                           {"1", "1.0.0"},
                                           {"1.0.0+a", "1.0.0+b"},
                                           {"01.2", "1.02"},
                                           {"1.0-a+x", "1-a"}};
    (void)state;
    for (size_t i = 0; i < sizeof rising / sizeof rising[0]; i++) {
        for (size_t k = 0; k < sizeof rising / sizeof rising[0]; k++) {
            int order = hfi_text_compare_versions(rising[i], rising[k]);
            if ((order > 0) - (order < 0) != (i > k) - (i < k))
                fail_msg("%s against %s: %d", rising[i], rising[k], order);
        }
    }
    for (size_t i = 0; i < sizeof equal / sizeof equal[0]; i++)
        assert_int_equal(hfi_text_compare_versions(equal[i][0], equal[i][1]), 0);
}

static void
one_bad_type_refuses_all(void **state)
{
    static const hf_type_t *const spoilt[] = {&first, &second, &bad, NULL};
    (void)state;
    hfi_plugins_t *plugins = hfi_plugins_new();
    taken(plugins, &hf_plugin_counter);
    hf_plugin_t d = sound();
    d.types = spoilt;
    refused(
        plugins, &d,
        "plugin pair: type Bad, method get: neither HF_READS nor HF_WRITES: exactly one is needed");
    assert_null(hfi_plugins_find_type(plugins, "First", 5));
    d.types = both;
    taken(plugins, &d);
    assert_int_equal(hfi_plugins_find_type(plugins, "First", 5)->number, 1);
    hfi_plugins_destroy(&plugins);
}

static void
the_managers_own_types_are_its_own(void **state)
{
    char why[256] = "";
    (void)state;
    hfi_plugins_t *plugins = hfi_plugins_new();
    hfi_type_t *type = hfi_plugins_add_own(plugins, &manager, why, sizeof why);
    assert_non_null(type);
    assert_string_equal(type->plugin, "holdfast");
    assert_null(hfi_plugins_add_own(plugins, &manager, why, sizeof why));
    assert_string_equal(why, "plugin holdfast: typeid manager is taken by plugin holdfast");
    assert_null(hfi_plugins_add_own(plugins, &bad, why, sizeof why));
    assert_null(hfi_plugins_descriptor(plugins, 0));
    hfi_plugins_destroy(&plugins);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plugin_is_taken_in),
        cmocka_unit_test(another_abi_is_refused_by_both_numbers),
        cmocka_unit_test(a_smaller_descriptor_is_read_as_far_as_its_size),
        cmocka_unit_test(each_rule_of_a_descriptor_refuses),
        cmocka_unit_test(a_typeid_is_taken_once),
        cmocka_unit_test(a_newer_version_stands_beside_the_older),
        cmocka_unit_test(a_row_names_a_type_of_its_own_plugin_or_an_earlier_one),
        cmocka_unit_test(what_cannot_be_returned_is_refused),
        cmocka_unit_test(a_shorter_row_returns_nothing),
        cmocka_unit_test(versions_have_an_order),
        cmocka_unit_test(one_bad_type_refuses_all),
        cmocka_unit_test(the_managers_own_types_are_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
