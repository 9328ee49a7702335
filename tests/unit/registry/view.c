/* SPDX-License-Identifier: MPL-2.0 */
/* view -- every name is found, and nothing else, however alike they are. */
#include "given.h"

#include <stdlib.h>

#include <registry/plugin.h>
#include <registry/view.h>

static hf_err_t
run(hf_call_t *call, void *self)
{
    (void)call;
    (void)self;
    return HF_OK;
}

static int
world_open(void **state)
{
    *state = hfi_plugins_new();
    return *state == NULL;
}

static int
world_close(void **state)
{
    hfi_plugins_t *plugins = *state;
    hfi_plugins_destroy(&plugins);
    return 0;
}

static const hfi_view_entry_t *
find(const hfi_view_t *view, const char *name)
{
    return hfi_view_find(view, (const uint8_t *)name, strlen(name));
}

/* Makes a type of these names and looks for each, and for what is almost each. */
static void
finds_all(hfi_plugins_t *plugins, const char *typeid_, char (*names)[40], uint32_t n)
{
    char why[256];
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
    hfi_type_t *type = hfi_plugins_add_own(plugins, &row, why, sizeof why);
    if (type == NULL)
        fail_msg("%s", why);
    hfi_view_entry_t entries[HFI_MAX_ENTRIES];
    for (uint32_t k = 0; k < type->n_methods; k++)
        entries[k] =
            (hfi_view_entry_t){.method = &type->methods[k], .name = type->methods[k].row->name};
    hfi_view_t *view = hfi_view_new(entries, type->n_methods, HFI_DENIED);
    for (uint32_t k = 0; k < n; k++) {
        char near[44];
        const hfi_view_entry_t *entry = find(view, names[k]);
        assert_non_null(entry);
        assert_int_equal(entry->method->number, k);
        assert_ptr_equal(entry, hfi_view_at(view, k));
        (void)snprintf(near, sizeof near, "%s%c", names[k], '!');
        assert_null(find(view, near));
        (void)snprintf(near, sizeof near, "%s", names[k]);
        near[strlen(near) - 1] = '!';
        assert_null(find(view, near));
    }
    assert_null(hfi_view_at(view, type->n_methods));
    assert_int_equal(hfi_view_create(view), HFI_DENIED);
    hfi_view_destroy(&view);
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

/* An entry without a name is no entry: what it was called is not found. */
static void
what_has_no_name_is_not_there(void **state)
{
    (void)state;
    const hfi_view_entry_t entries[] = {{.name = "shown", .access = HFI_HIDDEN},
                                        {.name = NULL},
                                        {.name = "granted", .access = HFI_DENIED}};
    hfi_view_t *view = hfi_view_new(entries, 3, HFI_CALLABLE);
    assert_int_equal(find(view, "shown")->access, HFI_HIDDEN);
    assert_int_equal(find(view, "granted")->access, HFI_DENIED);
    assert_null(find(view, ""));
    assert_non_null(hfi_view_at(view, 1));
    assert_null(hfi_view_at(view, 2));
    hfi_view_destroy(&view);
    assert_null(view);
    hfi_view_destroy(&view);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_alike_in_eight_bytes_are_told_apart, world_open,
                                        world_close),
        cmocka_unit_test_setup_teardown(names_of_every_length_are_found, world_open, world_close),
        cmocka_unit_test_setup_teardown(as_many_as_there_may_be_are_found, world_open, world_close),
        cmocka_unit_test(what_has_no_name_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
