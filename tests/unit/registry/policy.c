/* SPDX-License-Identifier: MPL-2.0 */
/* policy -- what a deployment exposes: each key of a type, and each refusal with its place. */
#include "deployed.h"

#include <unit/quoted.h>

static void
at_first_all_is_exposed(void **state)
{
    deployed_t *d = *state;
    SEEN("Cell", "+new +get +set +all +any +str +repr +getvalue");
    SEEN("Inside", "-new +add +items +str +repr +getvalue");
}

static void
expose_leaves_only_those(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'types': {'Cell': {'expose': 'get, repr'}}}");
    SEEN("Cell", "+new +get -set -all -any -str +repr -getvalue");
    deployed_set(d, "{'types': {'Cell': {'expose': ['get set', 'any']}}}");
    SEEN("Cell", "+new +get +set -all +any -str -repr -getvalue");
    deployed_set(d, "{'types': {'Cell': {'expose': ''}}}");
    SEEN("Cell", "+new -get -set -all -any -str -repr -getvalue");
}

static void
hide_wins_in_either_order(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'types': {'Cell': {'hide': 'set', 'expose': 'get set'}}}");
    SEEN("Cell", "+new +get -set -all -any -str -repr -getvalue");
    deployed_set(d, "{'types': {'Cell': {'expose': 'get set', 'hide': 'set'}}}");
    SEEN("Cell", "+new +get -set -all -any -str -repr -getvalue");
}

/* A method `create` of the type's own and the making of one are hidden together. */
static void
create_can_be_hidden(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'types': {'Cell': {'hide': 'create'}, 'Mail': {'hide': 'create'}}}");
    SEEN("Cell", "-new +get +set +all +any +str +repr +getvalue");
    SEEN("Mail", "-new +take -create +str +repr +getvalue");
    deployed_refused(d, "{'types': {'Inside': {'hide': 'create'}}}",
                     "types/Inside/hide: Inside has no method 'create'\n");
}

static void
settings_replace_those_before(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'types': {'Cell': {'hide': 'get'}}}");
    SEEN("Cell", "+new -get +set +all +any +str +repr +getvalue");
    deployed_set(d, "{}");
    SEEN("Cell", "+new +get +set +all +any +str +repr +getvalue");
    deployed_set(d, "{'types': {'Cell': {'hide': 'get'}}}");
    deployed_set(d, "null");
    SEEN("Cell", "+new +get +set +all +any +str +repr +getvalue");
    assert_true(hfi_policy_set(d->policy, NULL, d->why, sizeof d->why));
}

/* ---- renames ------------------------------------------------------------------------------ */

static void
a_renamed_method_has_one_name(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'types': {'Cell': {'rename': {'set': 'put', 'str': 'text'}}}}");
    SEEN("Cell", "+new +get +put +all +any +text +repr +getvalue");
    hfi_type_t *type = hfi_plugins_find_type(d->plugins, "Cell", 4);
    const hfi_view_t *view = hfi_roles_view(hfi_policy_roles(d->policy, HFI_EVERYTHING), type);
    assert_null(hfi_view_find(view, (const uint8_t *)"set", 3));
    const hfi_view_entry_t *put = hfi_view_find(view, (const uint8_t *)"put", 3);
    assert_string_equal(put->method->row->name, "set");
}

static void
names_can_change_places_and_take_a_hidden_ones(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'types': {'Cell': {'rename': {'set': 'get', 'get': 'set'}}}}");
    SEEN("Cell", "+new +set +get +all +any +str +repr +getvalue");
    deployed_set(d, "{'types': {'Cell': {'hide': 'get', 'rename': {'all': 'get'}}}}");
    SEEN("Cell", "+new +set +get +any +str +repr +getvalue");
    deployed_refused(d, "{'types': {'Cell': {'rename': {'all': 'get'}}}}",
                     "types/Cell/rename/all: Cell has two methods 'get' then\n");
    deployed_refused(
        d,
        "{'types': {'Cell': {'rename': {'all': 'a b', 'any': 'create', 'no': 'x', 'get': ['x']}}}}",
        "types/Cell/rename/all: a method's name is a word of at most 63 letters, digits and _\n"
        "types/Cell/rename/any: 'create' stands for making a referent of the type\n"
        "types/Cell/rename/no: Cell has no method 'no'\n"
        "types/Cell/rename/get: one text is wanted, given once\n");
}

/* ---- further typeids ---------------------------------------------------------------------- */

static void
a_further_typeid_has_an_exposure_of_its_own(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'types': {'log': {'is': 'Cell', 'expose': 'set'}, 'Cell': {'hide': 'set'}}}");
    SEEN("log", "+new -get +set -all -any -str -repr -getvalue");
    SEEN("Cell", "+new +get -set +all +any +str +repr +getvalue");
    const hfi_type_t *log = hfi_plugins_find_type(d->plugins, "log", 3);
    const hfi_type_t *cell = hfi_plugins_find_type(d->plugins, "Cell", 4);
    assert_ptr_equal(log->base, cell);
    assert_string_equal(log->row->name, "log");
    assert_ptr_equal(log->declared, cell->declared);
    assert_ptr_equal(hfi_plugins_find_row(d->plugins, cell->declared), cell);
}

/* Taken out of the configuration it is not found, and what is left of it is closed; put back it is the same. */
static void
a_further_typeid_retires_and_comes_back(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'types': {'log': {'is': 'Cell'}}}");
    const hfi_type_t *log = hfi_plugins_find_type(d->plugins, "log", 3);
    deployed_set(d, "{}");
    assert_null(hfi_plugins_find_type(d->plugins, "log", 3));
    const hfi_view_t *view = hfi_roles_view(hfi_policy_roles(d->policy, HFI_EVERYTHING), log);
    for (uint32_t k = 0; hfi_view_at(view, k) != NULL; k++)
        assert_int_equal(hfi_view_at(view, k)->access, HFI_HIDDEN);
    assert_int_equal(hfi_view_create(view), HFI_HIDDEN);
    deployed_set(d, "{'types': {'log': {'is': 'Cell', 'hide': 'get'}}}");
    assert_ptr_equal(hfi_plugins_find_type(d->plugins, "log", 3), log);
    SEEN("log", "+new -get +set +all +any +str +repr +getvalue");
    deployed_set(d, "{'types': {'log': {'is': 'Bag'}}}"); /* another implementation */
    SEEN("log", "+new +add +items +str +repr +getvalue");
    assert_true(log->is_retired);
}

static void
a_further_typeid_is_refused(void **state)
{
    deployed_t *d = *state;
    uint32_t n = hfi_plugins_n_types(d->plugins);
    deployed_refused(d,
                     "{'types': {'a': {'is': 'Sell'}, 'b': {'is': 'Inside'}, 'Bag': {'is': "
                     "'Cell'}, 'manager': {'is': 'Cell'}, 'c-d': {'is': 'Cell'}, 'e': {'is': 'f'}, "
                     "'f': {'is': 'Cell'}, 'g': {'is': ['Cell']}, 'foreign': {'is': 'Cell'}}}",
                     "types/a/is: no plugin brings a type 'Sell'\n"
                     "types/b/is: Inside is not made by clients\n"
                     "types/Bag/is: Bag is a type of its own already\n"
                     "types/manager/is: manager is a type of its own already\n"
                     "types/c-d/is: a typeid is a word of at most 63 letters, digits and _\n"
                     "types/e/is: no plugin brings a type 'f'\n"
                     "types/g/is: one text is wanted, given once\n"
                     "types/foreign/is: foreign is a type of its own already\n");
    assert_int_equal(hfi_plugins_n_types(d->plugins), n);
}

/* ---- returns ------------------------------------------------------------------------------ */

static const hfi_type_t *
returned(deployed_t *d, const char *typeid_, const char *name)
{
    const hfi_type_t *type = hfi_plugins_find_type(d->plugins, typeid_, strlen(typeid_));
    const hfi_view_t *view = hfi_roles_view(hfi_policy_roles(d->policy, HFI_EVERYTHING), type);
    return hfi_view_find(view, (const uint8_t *)name, strlen(name))->returns;
}

static void
a_method_returns_a_referent(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'types': {'Cell': {'returns': {'all': 'box'}}, 'box': {'is': 'Bag', "
                    "'returns': {'add': 'Bag'}}}}");
    assert_string_equal(returned(d, "Cell", "all")->row->name, "box");
    assert_string_equal(returned(d, "box", "add")->row->name, "Bag");
    assert_null(returned(d, "Cell", "get"));
    assert_null(returned(d, "Bag", "add"));
}

static void
a_row_s_own_word_gives_way(void **state)
{
    deployed_t *d = *state;
    assert_string_equal(returned(d, "Bag", "items")->row->name, "Bag");
    assert_string_equal(returned(d, "Inside", "items")->row->name, "Bag");
    deployed_set(d, "{'types': {'Bag': {'returns': {'items': 'box'}}, 'box': {'is': 'Bag'}, 'bin': "
                    "{'is': 'Bag', 'returns': {'items': ''}}}}");
    assert_string_equal(returned(d, "Bag", "items")->row->name, "box");
    assert_string_equal(returned(d, "box", "items")->row->name, "Bag");
    assert_null(returned(d, "bin", "items"));
    deployed_set(d, "{}");
    assert_string_equal(returned(d, "Bag", "items")->row->name, "Bag");
}

static void
what_cannot_be_returned_is_refused(void **state)
{
    deployed_refused(
        *state,
        "{'types': {'Cell': {'returns': {'all': 'Inside', 'no': 'Bag', 'set': 'Bog', 'get': "
        "'Bag'}}, 'Mail': {'returns': {'take': 'Bag'}}, 'manager': {'returns': {'names': 'Bag'}}, "
        "'Bag': {'returns': {'items': 'Mail'}}}}",
        "types/Cell/returns/all: that type is not made by clients\n"
        "types/Cell/returns/no: Cell has no method 'no'\n"
        "types/Cell/returns/set: unknown typeid 'Bog'\n"
        "types/Cell/returns/get: that type's constructor does not take what this method answers\n"
        "types/Mail/returns/take: what this type answers can be taken back undelivered, a referent "
        "made of it not\n"
        "types/manager/returns/names: the manager's own methods answer what they answer\n"
        "types/Bag/returns/items: that type's constructor does not take one value\n");
}

/* ---- defaults and limits ------------------------------------------------------------------ */

/* The keyword arguments of a creation with these, as JSON in single quotes. */
static const char *
filled_in(deployed_t *d, const char *typeid_, const char *args, const char *kwargs)
{
    static char text[512];
    given_t given;
    hf_value_t a = quoted_json(args);
    hf_value_t k = quoted_json(kwargs);
    hfi_bytes_t out = {0};
    const hfi_type_t *type = hfi_plugins_find_type(d->plugins, typeid_, strlen(typeid_));
    hfi_exposure_fill_in(type->exposure, type, &a, &k, given_open(&given));
    hf_value_t filled = given_value(&given);
    assert_true(hfi_json_write(&filled, &out));
    (void)snprintf(text, sizeof text, "%.*s", (int)out.len, (const char *)out.at);
    for (char *at = strchr(text, '"'); at != NULL; at = strchr(at, '"'))
        *at = '\'';
    hfi_bytes_close(&out);
    hfi_value_drop(&a);
    hfi_value_drop(&k);
    return text;
}

static void
defaults_fill_in_what_is_not_given(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'types': {'Cell': {'defaults': {'value': '7', 'text': '12', 'many': '[]'}}, "
                    "'Bag': {'defaults': {'rest_of': 'a b', 'n': '-3'}}}}");
    assert_string_equal(filled_in(d, "Cell", "[]", "null"),
                        "{'value': 7, 'text': '12', 'many': []}");
    assert_string_equal(filled_in(d, "Cell", "[1]", "{'many': null}"),
                        "{'many': null, 'text': '12'}");
    assert_string_equal(filled_in(d, "Cell", "[1, \"a\"]", "{}"), "{'many': []}");
    assert_string_equal(filled_in(d, "Bag", "[[]]", "{'n': 1}"), "{'n': 1, 'rest_of': 'a b'}");
}

static void
defaults_are_checked_against_the_signature(void **state)
{
    deployed_refused(*state,
                     "{'types': {'Cell': {'defaults': {'valu': '7', 'value': 'x', 'many': '5', "
                     "'text': {}}}, 'Inside': {'defaults': {'x': '1'}}, 'Mail': {'defaults': {'x': "
                     "'1'}}, 'Bag': {'defaults': 'x'}}}",
                     "types/Cell/defaults/valu: the constructor has no parameter 'valu'\n"
                     "types/Cell/defaults/value: 'value' must be int, not 'x'\n"
                     "types/Cell/defaults/many: 'many' must be list or None, not '5'\n"
                     "types/Cell/defaults/text: one text is wanted, given once\n"
                     "types/Inside/defaults: Inside is not made by clients\n"
                     "types/Mail/defaults/x: the constructor has no parameter 'x'\n"
                     "types/Bag/defaults: a section is wanted: its keys stand below it\n");
}

static void
limits_are_the_types_own(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'types': {'Cell': {'limits': {'instances': '3', 'memory': '2K'}}, 'log': "
                    "{'is': 'Cell', 'limits': {'memory': 5}}}}");
    const hfi_type_t *cell = hfi_plugins_find_type(d->plugins, "Cell", 4);
    const hfi_type_t *log = hfi_plugins_find_type(d->plugins, "log", 3);
    assert_int_equal(cell->max_referents, 3);
    assert_int_equal(cell->max_memory_bytes, 2048);
    assert_true(log->max_referents == UINT64_MAX);
    assert_int_equal(log->max_memory_bytes, 5);
    deployed_set(d, "{}");
    assert_true(cell->max_referents == UINT64_MAX && cell->max_memory_bytes == UINT64_MAX);
    deployed_refused(
        d,
        "{'types': {'Cell': {'limits': {'instances': '0', 'memory': '3T', 'time': '1'}}, 'Bag': "
        "{'limits': {'instances': '99999999999999999999', 'memory': '99999999999G'}}}}",
        "types/Cell/limits/instances: it is at least 1\n"
        "types/Cell/limits/memory: a number (K, M or G may follow), not '3T'\n"
        "types/Cell/limits/time: unknown limit 'time': there are instances and memory\n"
        "types/Bag/limits/instances: a number (K, M or G may follow), not "
        "'99999999999999999999'\n"
        "types/Bag/limits/memory: a number (K, M or G may follow), not '99999999999G'\n");
}

/* ---- refusals ----------------------------------------------------------------------------- */

static void
what_is_unknown_is_refused_by_its_place(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'types': {'Cell': {'hide': 'get'}}}");
    deployed_refused(
        d,
        "{'types': {'cell': {'hide': 'get'}, 'Cell': {'hide': ['get', 'set sub'], 'expose': 'gat', "
        "'show': 'x'}}, 'type': {}}",
        "type: unknown section 'type'\n"
        "types/cell: unknown typeid 'cell' (a further one says what it is: is = \"list\")\n"
        "types/Cell/hide[1]: Cell has no method 'sub'\n"
        "types/Cell/expose: Cell has no method 'gat'\n"
        "types/Cell/show: unknown key 'show': a type has is, expose, hide, rename, returns, "
        "defaults and limits\n");
    SEEN("Cell", "+new -get +set +all +any +str +repr +getvalue"); /* what was in force is */
}

static void
what_is_of_the_wrong_kind_is_refused(void **state)
{
    deployed_refused(*state, "[]", "a section is wanted: its keys stand below it\n");
    deployed_refused(*state, "{'$map': [[1, 2]]}", "a key is no str\n");
    deployed_refused(*state, "{'types': []}",
                     "types: a section is wanted: its keys stand below it\n");
    deployed_refused(*state, "{'types': {'$map': [[1, {}]]}}",
                     "types: a key is no str\ntypes: a key is no str\n");
    deployed_refused(*state, "{'types': {'Cell': null}}",
                     "types/Cell: a section is wanted: its keys stand below it\n");
    deployed_refused(*state, "{'types': {'Cell': {'hide': 7}}}",
                     "types/Cell/hide: words are wanted, parted by blanks\n");
    deployed_refused(*state, "{'types': {'Cell': {'hide': ['get', 7]}}}",
                     "types/Cell/hide[1]: words are wanted, parted by blanks\n");
}

/* A path is cut, never overrun. */
static void
a_path_has_an_end(void **state)
{
    char json[2048];
    char name[1500];
    deployed_t *d = *state;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    (void)snprintf(json, sizeof json, "{'types': {'%s': {'hide': 'get'}}}", name);
    hf_value_t settings = quoted_json(json);
    assert_false(hfi_policy_set(d->policy, &settings, d->why, sizeof d->why));
    assert_true(strlen(d->why) < HFI_PATH_ROOM + HFI_COMPLAINT_ROOM);
    assert_null(strstr(d->why, "\x80"));
    hfi_value_drop(&settings);
}

/* ---- what comes later --------------------------------------------------------------------- */

/* A type that a plugin brings after the settings: exposed whole, and granted to nobody who is not named. */
static void
a_type_that_comes_later_is_seen(void **state)
{
    deployed_t *d = *state;
    deployed_set(d, "{'roles': {'r': {'reads': '*'}}}");
    static const hf_type_t late = {.size = sizeof(hf_type_t),
                                   .method_size = sizeof(hf_method_t),
                                   .name = "Late",
                                   .doc = "Late."};
    assert_non_null(hfi_plugins_add_own(d->plugins, &late, d->why, sizeof d->why));
    assert_true(hfi_policy_renew(d->policy, d->why, sizeof d->why));
    SEEN("Late", "+new +str +repr +getvalue");
    assert_string_equal(deployed_seen(d, 1, "Late"), "~new +str +repr +getvalue");
    assert_string_equal(deployed_seen(d, 0, "Late"), "~new ~str ~repr ~getvalue");
}

/* ---- newer versions ------------------------------------------------------------------------- */

static hf_err_t
pot_run(hf_call_t *call, void *self)
{
    (void)call;
    (void)self;
    return HF_OK;
}

static const hf_method_t pot_methods[] = {
    HF_METHOD("fill", "", pot_run, HF_WRITES, "Fill it."),
    HF_METHOD("look", "", pot_run, HF_READS, "Look."),
};
static const hf_method_t newer_pot_methods[] = {
    HF_METHOD("stir", "", pot_run, HF_WRITES, "Stir it."),
    HF_METHOD("fill", "", pot_run, HF_WRITES, "Fill it."),
};
static const hf_type_t pot_type = {HF_TYPE("Pot", int64_t, pot_methods, "A pot.")};
static const hf_type_t newer_pot_type = {HF_TYPE("Pot", int64_t, newer_pot_methods, "A newer.")};

static void
take_pots(deployed_t *d, const hf_type_t *type, const char *version)
{
    const hf_type_t *const types[] = {type, NULL};
    const hf_plugin_t plugin = {.magic = HF_ABI_MAGIC,
                                .major = HF_ABI_MAJOR,
                                .minor = HF_ABI_MINOR,
                                .size = sizeof plugin,
                                .name = "pots",
                                .version = version,
                                .types = types};
    if (!hfi_plugins_add(d->plugins, &plugin, d->why, sizeof d->why))
        fail_msg("%s", d->why);
}

static const hf_type_t *
served_by(const deployed_t *d, const char *typeid_)
{
    const hfi_type_t *type = hfi_plugins_find_type(d->plugins, typeid_, strlen(typeid_));
    assert_non_null(type);
    return type->base == NULL ? type->declared : type->base->declared;
}

static void
a_further_typeid_goes_on_to_the_newer_version(void **state)
{
    deployed_t *d = *state;
    take_pots(d, &pot_type, "1.0");
    deployed_set(d, "{'types': {'Jar': {'is': 'Pot', 'expose': 'fill'}}}");
    assert_ptr_equal(served_by(d, "Jar"), &pot_type);
    const hfi_type_t *older = hfi_plugins_find_type(d->plugins, "Jar", 3);
    take_pots(d, &newer_pot_type, "1.1");
    assert_true(hfi_policy_renew(d->policy, d->why, sizeof d->why));
    assert_ptr_equal(served_by(d, "Jar"), &newer_pot_type);
    assert_true(older->is_retired);
    SEEN("Jar", "+new -stir +fill -str -repr -getvalue");
}

/* Three of them and 100 bytes, whichever version they are of, and for each typeid by itself. */
static void
limits_are_of_all_versions_together(void **state)
{
    static const char *const typeids[] = {"Pot", "Jar"};
    deployed_t *d = *state;
    take_pots(d, &pot_type, "1.0");
    deployed_set(d, "{'types': {'Pot': {'limits': {'instances': '3', 'memory': '100'}}, 'Jar': "
                    "{'is': 'Pot', 'limits': {'instances': '3', 'memory': '100'}}}}");
    for (size_t k = 0; k < 2; k++) {
        hfi_type_t *older = hfi_plugins_find_type(d->plugins, typeids[k], 3);
        older->referents = 2; /* as the machine counts them */
        older->memory_bytes = 60;
    }
    take_pots(d, &newer_pot_type, "1.1");
    assert_true(hfi_policy_renew(d->policy, d->why, sizeof d->why));
    for (size_t k = 0; k < 2; k++) {
        hfi_type_t *newer = hfi_plugins_find_type(d->plugins, typeids[k], 3);
        assert_int_equal(newer->referents, 0);
        assert_true(hfi_type_has_place(newer));
        newer->referents = 1;
        assert_false(hfi_type_has_place(newer));
        assert_false(hfi_type_has_place(newer->version)); /* the older */
        assert_true(hfi_type_has_room(newer, 40));
        assert_false(hfi_type_has_room(newer, 41));
        newer->memory_bytes = 41; /* over it: the limit is lower than it was */
        assert_false(hfi_type_has_room(newer->version, 0));
    }
}

/* It names a method that the newer one has no more: said, and served as before. */
static void
settings_that_do_not_fit_a_newer_version_stay_as_they_were(void **state)
{
    deployed_t *d = *state;
    take_pots(d, &pot_type, "1.0");
    deployed_set(d, "{'types': {'Jar': {'is': 'Pot', 'expose': 'look'}, 'Pot': {'hide': 'fill'}}}");
    take_pots(d, &newer_pot_type, "1.1");
    assert_false(hfi_policy_renew(d->policy, d->why, sizeof d->why));
    assert_string_equal(d->why, "types/Jar/expose: Jar has no method 'look'");
    assert_ptr_equal(served_by(d, "Jar"), &pot_type);
    SEEN("Jar", "+new -fill +look -str -repr -getvalue");
    SEEN("Pot", "+new +stir -fill +str +repr +getvalue");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        DEPLOYED_TEST(at_first_all_is_exposed),
        DEPLOYED_TEST(expose_leaves_only_those),
        DEPLOYED_TEST(hide_wins_in_either_order),
        DEPLOYED_TEST(create_can_be_hidden),
        DEPLOYED_TEST(settings_replace_those_before),
        DEPLOYED_TEST(a_renamed_method_has_one_name),
        DEPLOYED_TEST(names_can_change_places_and_take_a_hidden_ones),
        DEPLOYED_TEST(a_further_typeid_has_an_exposure_of_its_own),
        DEPLOYED_TEST(a_further_typeid_retires_and_comes_back),
        DEPLOYED_TEST(a_further_typeid_is_refused),
        DEPLOYED_TEST(a_method_returns_a_referent),
        DEPLOYED_TEST(a_row_s_own_word_gives_way),
        DEPLOYED_TEST(what_cannot_be_returned_is_refused),
        DEPLOYED_TEST(defaults_fill_in_what_is_not_given),
        DEPLOYED_TEST(defaults_are_checked_against_the_signature),
        DEPLOYED_TEST(limits_are_the_types_own),
        DEPLOYED_TEST(what_is_unknown_is_refused_by_its_place),
        DEPLOYED_TEST(what_is_of_the_wrong_kind_is_refused),
        DEPLOYED_TEST(a_path_has_an_end),
        DEPLOYED_TEST(a_type_that_comes_later_is_seen),
        DEPLOYED_TEST(a_further_typeid_goes_on_to_the_newer_version),
        DEPLOYED_TEST(limits_are_of_all_versions_together),
        DEPLOYED_TEST(settings_that_do_not_fit_a_newer_version_stay_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
