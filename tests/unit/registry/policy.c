/* SPDX-License-Identifier: MPL-2.0 */
/* policy -- what a deployment exposes, each refusal of its settings, and views that find every name. */
#include "given.h"

#include <stdlib.h>

#include <registry/policy.h>

extern const hf_plugin_t hf_plugin_counter;

static hf_err_t
run(hf_call_t *call, void *self)
{
    (void)call;
    (void)self;
    return HF_OK;
}

typedef struct world {
    hfi_plugins_t *plugins;
    hfi_policy_t *policy;
    hfi_type_t *type; /* Counter: add, and the three universals */
    char why[256];
} world_t;

static int
world_open(void **state)
{
    world_t *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->plugins = hfi_plugins_new();
    assert_true(hfi_plugins_add(w->plugins, &hf_plugin_counter, w->why, sizeof w->why));
    w->policy = hfi_policy_new(w->plugins);
    w->type = hfi_plugins_find_type(w->plugins, "Counter", 7);
    *state = w;
    return 0;
}

static int
world_close(void **state)
{
    world_t *w = *state;
    hfi_policy_destroy(&w->policy);
    hfi_policy_destroy(&w->policy);
    hfi_plugins_destroy(&w->plugins);
    free(w);
    return 0;
}

static const hfi_view_entry_t *
find(const hfi_view_t *view, const char *name)
{
    return hfi_view_find(view, (const uint8_t *)name, strlen(name));
}

/* Which of add, str, repr, getvalue are exposed, a letter each. */
static void
exposes(world_t *w, const char *want)
{
    static const char *const names[] = {"add", "str", "repr", "getvalue"};
    char got[5] = "";
    const hfi_view_t *view = hfi_policy_view(w->policy, w->type);
    for (int k = 0; k < 4; k++) {
        const hfi_view_entry_t *entry = find(view, names[k]);
        assert_non_null(entry);
        assert_ptr_equal(entry->method, hfi_type_find_method(w->type, names[k], strlen(names[k])));
        if (entry->is_exposed)
            got[strlen(got)] = names[k][0];
    }
    assert_string_equal(got, want);
    assert_null(find(view, "sub"));
    assert_null(find(view, ""));
}

/* {"types": {TYPEID: {KEY: [NAME…]}}}: NULL names end the list, "" a list of none. */
static void
give_setting(given_t *given, const char *typeid_, const char *key, const char *const *names,
             size_t n)
{
    hf_writer_t *w = given_open(given);
    hf_write_map(w, 1);
    given_text(given, "types");
    hf_write_map(w, 1);
    given_text(given, typeid_);
    hf_write_map(w, 1);
    given_text(given, key);
    hf_write_list(w, n);
    for (size_t k = 0; k < n; k++)
        given_text(given, names[k]);
}

static void
set(world_t *w, given_t *given)
{
    hf_value_t settings = given_value(given);
    if (!hfi_policy_set(w->policy, &settings, w->why, sizeof w->why))
        fail_msg("refused: %s", w->why);
}

static void
refused(world_t *w, given_t *given, const char *want)
{
    hf_value_t settings = given_value(given);
    assert_false(hfi_policy_set(w->policy, &settings, w->why, sizeof w->why));
    assert_string_equal(w->why, want);
}

static void
at_first_all_is_exposed(void **state)
{
    exposes(*state, "asrg");
}

static void
expose_leaves_only_those(void **state)
{
    static const char *const names[] = {"add", "repr"};
    given_t given;
    give_setting(&given, "Counter", "expose", names, 2);
    set(*state, &given);
    exposes(*state, "ar");
    give_setting(&given, "Counter", "expose", NULL, 0);
    set(*state, &given);
    exposes(*state, "");
}

static void
hide_takes_those_away(void **state)
{
    static const char *const names[] = {"add", "getvalue"};
    given_t given;
    give_setting(&given, "Counter", "hide", names, 2);
    set(*state, &given);
    exposes(*state, "sr");
}

static void
hide_wins_in_either_order(void **state)
{
    for (int first = 0; first < 2; first++) {
        given_t given;
        hf_writer_t *w = given_open(&given);
        hf_write_map(w, 1);
        given_text(&given, "types");
        hf_write_map(w, 1);
        given_text(&given, "Counter");
        hf_write_map(w, 2);
        for (int k = 0; k < 2; k++) {
            given_text(&given, k == first ? "hide" : "expose");
            hf_write_list(w, k == first ? 1 : 2);
            given_text(&given, "add");
            if (k != first)
                given_text(&given, "str");
        }
        set(*state, &given);
        exposes(*state, "s");
    }
}

static void
settings_replace_those_before(void **state)
{
    static const char *const names[] = {"add"};
    world_t *world = *state;
    given_t given;
    give_setting(&given, "Counter", "hide", names, 1);
    set(world, &given);
    exposes(world, "srg");
    hf_write_map(given_open(&given), 0);
    set(world, &given);
    exposes(world, "asrg");
    give_setting(&given, "Counter", "hide", names, 1);
    set(world, &given);
    hf_value_t nil = hf_nil();
    assert_true(hfi_policy_set(world->policy, &nil, world->why, sizeof world->why));
    exposes(world, "asrg");
    assert_true(hfi_policy_set(world->policy, NULL, world->why, sizeof world->why));
}

static void
what_is_unknown_is_refused_by_name(void **state)
{
    static const char *const names[] = {"add", "sub"};
    static const char *const known[] = {"add"};
    world_t *world = *state;
    given_t given;
    give_setting(&given, "Counter", "hide", known, 1);
    set(world, &given);
    give_setting(&given, "counter", "hide", known, 1);
    refused(world, &given, "exposure: unknown typeid 'counter'");
    give_setting(&given, "Counter", "hide", names, 2);
    refused(world, &given, "exposure of Counter: it has no method 'sub'");
    give_setting(&given, "Counter", "roles", known, 1);
    refused(world, &given, "exposure: unknown key 'roles' in Counter");
    hf_write_map(given_open(&given), 1);
    given_text(&given, "type");
    hf_write_nil(&given.w);
    refused(world, &given, "exposure: unknown key 'type' in the settings");
    exposes(world, "srg"); /* all or nothing: what was in force is */
}

static void
write_three(given_t *given, int wrong)
{
    hf_writer_t *w = given_open(given);
    if (wrong == 0) {
        hf_write_list(w, 0);
        return;
    }
    hf_write_map(w, 1);
    wrong == 1 ? hf_write_int(w, 1) : given_text(given, "types");
    if (wrong == 2) {
        hf_write_list(w, 0);
        return;
    }
    hf_write_map(w, 1);
    wrong == 3 ? hf_write_int(w, 1) : given_text(given, "Counter");
    if (wrong == 4) {
        hf_write_nil(w);
        return;
    }
    hf_write_map(w, 1);
    wrong == 5 ? hf_write_int(w, 1) : given_text(given, "hide");
    if (wrong == 6) {
        given_text(given, "add");
        return;
    }
    hf_write_list(w, 1);
    hf_write_int(w, 7);
}

static void
what_is_of_the_wrong_kind_is_refused(void **state)
{
    static const char *const wants[] = {
        "exposure: the settings are no map",
        "exposure: a key of the settings is no str",
        "exposure: 'types' is no map",
        "exposure: a typeid is no str",
        "exposure of Counter: it is no map",
        "exposure: a key of Counter is no str",
        "exposure of Counter: 'hide' is no list of methods",
        "exposure of Counter: a method's name is no str",
    };
    for (int k = 0; k < 8; k++) {
        given_t given;
        write_three(&given, k);
        if (k == 1)
            hf_write_nil(&given.w);
        refused(*state, &given, wants[k]);
    }
}

/* ---- views ------------------------------------------------------------------------------ */

/* Makes a type of these names and looks for each, and for what is almost each. */
static void
finds_all(world_t *w, const char *typeid_, char (*names)[40], uint32_t n)
{
    hf_method_t *rows = calloc(n, sizeof *rows);
    assert_non_null(rows);
    for (uint32_t k = 0; k < n; k++) {
        const hf_method_t row = HF_METHOD(names[k], "", run, HF_READS, "One of many.");
        memcpy(&rows[k], &row, sizeof row);
    }
    const hf_type_t row = {.size = sizeof(hf_type_t),
                           .method_size = sizeof(hf_method_t),
                           .name = typeid_,
                           .doc = "Many.",
                           .methods = rows,
                           .n_methods = n};
    hfi_type_t *type = hfi_plugins_add_own(w->plugins, &row, w->why, sizeof w->why);
    if (type == NULL)
        fail_msg("%s", w->why);
    const hfi_view_t *view = hfi_policy_view(w->policy, type);
    for (uint32_t k = 0; k < n; k++) {
        char near[44];
        const hfi_view_entry_t *entry = find(view, names[k]);
        assert_non_null(entry);
        assert_int_equal(entry->method->number, k);
        assert_true(entry->is_exposed);
        (void)snprintf(near, sizeof near, "%s%c", names[k], '!');
        assert_null(find(view, near));
        (void)snprintf(near, sizeof near, "%s", names[k]);
        near[strlen(near) - 1] = '!';
        assert_null(find(view, near));
    }
    free(rows);
}

static void
names_alike_in_eight_bytes_are_told_apart(void **state)
{
    static char names[200][40];
    for (int k = 0; k < 200; k++)
        (void)snprintf(names[k], sizeof names[k], "the_same_beginning_and_length_%03d", k);
    finds_all(*state, "Alike", names, 200);
}

static void
names_of_every_length_are_found(void **state)
{
    static char names[35][40];
    for (int k = 0; k < 35; k++)
        memcpy(names[k], "abcdefghijklmnopqrstuvwxyz0123456789", (size_t)k + 1);
    finds_all(*state, "Lengths", names, 35);
}

static void
as_many_as_there_may_be_are_found(void **state)
{
    static char names[HFI_MAX_METHODS][40];
    for (int k = 0; k < HFI_MAX_METHODS; k++)
        (void)snprintf(names[k], sizeof names[k], "%c%x", 'g' + k % 20, (unsigned)k * 7919);
    finds_all(*state, "Many", names, HFI_MAX_METHODS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(at_first_all_is_exposed, world_open, world_close),
        cmocka_unit_test_setup_teardown(expose_leaves_only_those, world_open, world_close),
        cmocka_unit_test_setup_teardown(hide_takes_those_away, world_open, world_close),
        cmocka_unit_test_setup_teardown(hide_wins_in_either_order, world_open, world_close),
        cmocka_unit_test_setup_teardown(settings_replace_those_before, world_open, world_close),
        cmocka_unit_test_setup_teardown(what_is_unknown_is_refused_by_name, world_open,
                                        world_close),
        cmocka_unit_test_setup_teardown(what_is_of_the_wrong_kind_is_refused, world_open,
                                        world_close),
        cmocka_unit_test_setup_teardown(names_alike_in_eight_bytes_are_told_apart, world_open,
                                        world_close),
        cmocka_unit_test_setup_teardown(names_of_every_length_are_found, world_open, world_close),
        cmocka_unit_test_setup_teardown(as_many_as_there_may_be_are_found, world_open, world_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
